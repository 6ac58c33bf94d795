package mirror

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// address is a parsed http(s) URL, kept apart by hand because a renderer in a
// browser resolves by the URL Standard, from which net/url differs: it refuses
// what browsers repair.
type address struct{ scheme, host, path, query string }

func (a address) String() string { return a.scheme + "://" + a.host + a.path + a.query }

// parseAddress parses an absolute URL.
func parseAddress(s string) (address, bool) { return address{}.resolve(s) }

// resolve parses a reference relative to a as a browser does and drops its
// fragment. ok is false for other schemes, for references to the document
// itself, and where there is nothing to be relative to.
func (a address) resolve(ref string) (address, bool) {
	ref = stripBreaks(strings.TrimFunc(ref, func(r rune) bool { return r <= ' ' }))
	ref, _, _ = strings.Cut(ref, "#")
	if ref == "" {
		return address{}, false
	}
	scheme, rest, absolute := cutScheme(ref)
	if absolute {
		if scheme != "http" && scheme != "https" {
			return address{}, false
		}
		slashes := strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, `\`)
		if slashes || scheme != a.scheme {
			return parseAuthority(scheme, strings.TrimLeft(rest, `/\`))
		}
	}
	if a.scheme == "" {
		return address{}, false
	}
	path, query, hasQuery := strings.Cut(rest, "?")
	path = strings.ReplaceAll(path, `\`, "/")
	if hasQuery {
		query = "?" + query
	}
	if strings.HasPrefix(path, "//") {
		return parseAuthority(a.scheme, strings.TrimLeft(path, "/")+query)
	}
	out := address{scheme: a.scheme, host: a.host, path: a.path, query: escape(query, " \"<>'")}
	switch {
	case strings.HasPrefix(path, "/"):
		out.path = cleanPath(path)
	case path != "":
		out.path = cleanPath(a.path[:strings.LastIndexByte(a.path, '/')+1] + path)
	case !hasQuery:
		out.query = a.query
	}
	return out, true
}

// cutScheme splits "scheme:rest".
func cutScheme(s string) (scheme, rest string, ok bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':' && i > 0:
			return asciiLower(s[:i]), s[i+1:], true
		case isAlpha(c), i > 0 && (isDigit(c) || c == '+' || c == '-' || c == '.'):
		default:
			return "", s, false
		}
	}
	return "", s, false
}

func parseAuthority(scheme, s string) (address, bool) {
	end := strings.IndexAny(s, `/\?`)
	if end < 0 {
		end = len(s)
	}
	authority, rest := s[:end], s[end:]
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	host, ok := cleanHost(scheme, authority)
	if !ok {
		return address{}, false
	}
	path, query, hasQuery := strings.Cut(rest, "?")
	if hasQuery {
		query = "?" + query
	}
	path = strings.ReplaceAll(path, `\`, "/")
	return address{scheme: scheme, host: host, path: cleanPath(path), query: escape(query, " \"<>'")}, true
}

// cleanHost canonicalises host[:port].
func cleanHost(scheme, s string) (string, bool) {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
	}
	host = asciiLower(host)
	if !isASCII(host) {
		if !utf8.ValidString(host) {
			return "", false // a lone surrogate
		}
		var err error
		if host, err = idna.Lookup.ToASCII(host); err != nil {
			return "", false
		}
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" || host[0] == '.' || host[len(host)-1] == '.' || strings.Contains(host, "..") || strings.ContainsFunc(host, isForbiddenInHost) {
		return "", false
	}
	if port == "" {
		return host, true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil:
		return "", false
	case scheme == "http" && n == 80, scheme == "https" && n == 443:
		return host, true
	}
	return host + ":" + strconv.FormatUint(n, 10), true
}

// isForbiddenInHost tells the forbidden domain code points of the URL
// Standard that the callers leave. IPv6 addresses have brackets and colons.
func isForbiddenInHost(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"#%/<>?@\\^`{|}", r)
}

// cleanPath removes dot segments and escapes what a path may not have.
func cleanPath(path string) string {
	path = escape(path, " \"<>`{}")
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if !strings.Contains(path, "/.") && !strings.Contains(path, "/%2") {
		return path
	}
	var out []string
	segments := strings.Split(path[1:], "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(asciiLower(segment), "%2e", ".") {
		case "..":
			out = out[:max(0, len(out)-1)]
			if last {
				out = append(out, "")
			}
		case ".":
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, segment)
		}
	}
	return "/" + strings.Join(out, "/")
}

// escape percent-encodes the characters of set, controls and all beyond ASCII.
func escape(s, set string) string {
	const hex = "0123456789ABCDEF"
	plain := func(c byte) bool { return c > 0x1f && c < 0x7f && strings.IndexByte(set, c) < 0 }
	start := 0
	for start < len(s) && plain(s[start]) {
		start++
	}
	if start == len(s) {
		return s
	}
	s = s[:start] + strings.ToValidUTF8(s[start:], string(utf8.RuneError))
	b := []byte(s[:start])
	for i := start; i < len(s); i++ {
		if plain(s[i]) {
			b = append(b, s[i])
		} else {
			b = append(b, '%', hex[s[i]>>4], hex[s[i]&15])
		}
	}
	return string(b)
}
