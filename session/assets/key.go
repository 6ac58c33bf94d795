package assets

import "strings"

func blobKey(id string) string { return "blob:" + id }

// key is the one spelling by which URLs are compared: without fragment, with
// letters, digits and "-._~" never escaped and with everything else that some
// parsers escape and others do not always escaped. Characters whose escaped
// form means something else, such as "/" and "+", stay as they are.
func key(url string) string {
	url, _, _ = strings.Cut(url, "#")
	if !strings.ContainsAny(url, "%!'()*[]^`{|}\\\" <>") && isASCII(url) {
		return url
	}
	const hex = "0123456789ABCDEF"
	_, host, _ := strings.Cut(url, "://")
	path := strings.IndexAny(host, "/?")
	if path < 0 {
		return url
	}
	path += len(url) - len(host)
	b := make([]byte, 0, len(url)+16)
	b = append(b, url[:path]...)
	for i := path; i < len(url); i++ {
		c := url[i]
		escaped := false
		if c == '%' && i+2 < len(url) {
			if high, low := unhex(url[i+1]), unhex(url[i+2]); high >= 0 && low >= 0 {
				c, escaped = byte(high<<4|low), true
				i += 2
			}
		}
		if isUnreserved(c) || !escaped && strings.IndexByte("%$&+,/:;=@?", c) >= 0 {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

func isUnreserved(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
