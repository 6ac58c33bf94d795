package rewrite

import (
	"bytes"
	"html"
	"regexp"
)

// Playlist maps the absolute URLs of an HLS playlist (RFC 8216) or of a DASH
// manifest (ISO/IEC 23009-1). Anything else comes back as it is.
func Playlist(src []byte, m *Mapper) []byte {
	if bytes.HasPrefix(bytes.TrimPrefix(src, []byte("\xEF\xBB\xBF")), []byte("#EXTM3U")) {
		return hls(src, m)
	}
	if bytes.Contains(src, []byte("<MPD")) {
		return dash(src, m)
	}
	return src
}

// uriAttribute finds the one attribute of HLS tags that holds a URL.
var uriAttribute = regexp.MustCompile(`([:,]URI=")([^"\r\n]*)`)

func hls(src []byte, m *Mapper) []byte {
	var out []byte
	for line := range bytes.Lines(src) {
		if line[0] == '#' {
			out = append(out, replaceURLs(uriAttribute, line, m.Map)...)
		} else {
			out = m.AppendMap(out, line)
		}
	}
	return out
}

// dashURL finds the elements and attributes of a manifest that hold URLs.
var dashURL = regexp.MustCompile(`(<(?:\w+:)?(?:BaseURL|Location|PatchLocation)(?:\s[^<>]*)?>\s*|\s(?:media|initialization|index|sourceURL|xlink:href|bitstreamSwitching)\s*=\s*["'])([^<>"']*)`)

func dash(src []byte, m *Mapper) []byte {
	return replaceURLs(dashURL, src, func(url string) string {
		plain := html.UnescapeString(url)
		if mapped := m.Map(plain); mapped != plain {
			return html.EscapeString(mapped)
		}
		return url
	})
}

// replaceURLs replaces the second group of every match.
func replaceURLs(re *regexp.Regexp, src []byte, mapURL func(string) string) []byte {
	var out []byte
	copied := 0
	for _, at := range re.FindAllSubmatchIndex(src, -1) {
		out = append(out, src[copied:at[4]]...)
		out = append(out, mapURL(string(src[at[4]:at[5]]))...)
		copied = at[5]
	}
	return append(out, src[copied:]...)
}
