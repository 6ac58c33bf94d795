package rewrite

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// CSS appends the style sheet, declaration list or value src to dst, with every
// URL passed through mapURL: those in url(), @import, image-set() and src()
// (CSS Values 4 §4.5, CSS Images 4 §5). All other bytes are kept, in names of
// namespaces and in strings too. Selectors of attributes that are or hold an
// address match the mapped one as well (selector.go). Comments that name a source
// map, for development tools to fetch, lose their meaning.
func CSS(dst, src []byte, mapURL func(dst, url []byte) []byte) []byte {
	s := cssScanner{src: src, dst: dst, mapURL: mapURL, sheet: true}
	s.scan()
	return append(s.dst, src[s.copied:]...)
}

// appendCSS is CSS for a mapURL that leaves relative URLs alone, but that it
// appends nothing if nothing changes.
func appendCSS(dst, src []byte, mapURL func(dst, url []byte) []byte) (_ []byte, changed bool) {
	if !mayHoldHost(src) {
		return dst, false
	}
	return scanCSS(dst, src, mapURL)
}

func scanCSS(dst, src []byte, mapURL func(dst, url []byte) []byte) (_ []byte, changed bool) {
	s := cssScanner{src: src, dst: dst, mapURL: mapURL}
	s.scan()
	if s.copied == 0 {
		return dst, false
	}
	return append(s.dst, src[s.copied:]...), true
}

// mayHoldHost turns away sheets in which no URL can name a host.
func mayHoldHost(src []byte) bool {
	return bytes.Contains(src, []byte("//")) || bytes.IndexByte(src, '\\') >= 0 || bytes.Contains(src, []byte("*=")) ||
		bytes.Contains(src, []byte("http")) || bytes.Contains(src, []byte("HTTP"))
}

// cssScanner finds URLs without making tokens of the rest. It stops only at the
// bytes that can begin one or hide one.
type cssScanner struct {
	src, dst []byte
	copied   int // of src to dst
	mapURL   func(dst, url []byte) []byte
	tmp      []byte
	sheet    bool // a whole sheet, which may name a source map

	floor  int    // end of the last string, comment or escaped name: no name reaches over it
	nested []bool // for every open parenthesis: are strings in it URLs?
}

const maxNested = 1 << 10 // deeper parentheses are not told apart

var cssStops = [256]bool{'"': true, '\'': true, '/': true, '\\': true, '(': true, ')': true, '@': true, '[': true}

func (s *cssScanner) scan() {
	src := s.src
	for i := 0; i < len(src); {
		c := src[i]
		if !cssStops[c] {
			i++
			continue
		}
		switch c {
		case '"', '\'':
			i = s.str(i, len(s.nested) > 0 && s.nested[len(s.nested)-1])
		case '/':
			i = s.skipComment(i)
		case '\\':
			i = s.escapedName(i)
		case '@':
			i = s.atRule(i)
		case '[':
			i = s.attribute(i)
		case '(':
			i = s.function(s.nameBefore(i), i)
		case ')':
			if len(s.nested) > 0 {
				s.nested = s.nested[:len(s.nested)-1]
			}
			i++
		}
	}
}

// str passes the string that begins at i, mapping it if it is a URL, and returns
// its end. A line end breaks a string off.
func (s *cssScanner) str(i int, isURL bool) int {
	quote := s.src[i]
	end := i + 1
	for end < len(s.src) && s.src[end] != quote && !isNewline(s.src[end]) {
		if s.src[end] == '\\' {
			end++
		}
		end++
	}
	end = min(end, len(s.src))
	if isURL {
		s.mapSpan(i+1, end, quote)
	}
	if end < len(s.src) {
		end++
	}
	s.floor = end
	return end
}

func (s *cssScanner) skipComment(i int) int {
	if i+1 >= len(s.src) || s.src[i+1] != '*' {
		return i + 1
	}
	n := bytes.Index(s.src[i+2:], []byte("*/"))
	if n < 0 {
		return len(s.src)
	}
	if s.sheet && bytes.HasPrefix(s.src[i+2:], []byte("# sourceMappingURL=")) {
		s.dst = append(append(s.dst, s.src[s.copied:i+2]...), markMap...)
		s.copied = i + 2
	}
	s.floor = i + 2 + n + 2
	return s.floor
}

// nameBefore returns the name that ends at i, or nothing if it is a hash.
func (s *cssScanner) nameBefore(i int) []byte {
	start := s.nameStart(i)
	if start > 0 && s.src[start-1] == '#' {
		return nil
	}
	return s.src[start:i]
}

func (s *cssScanner) nameStart(i int) int {
	for i > s.floor && isNameByte(s.src[i-1]) {
		i--
	}
	return i
}

func isNameByte(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '_' || c >= 0x80
}

// escapedName passes a name with an escape in it, such as u\72l.
func (s *cssScanner) escapedName(i int) int {
	start := s.nameStart(i)
	name, end := cssName(s.src, start)
	if end <= i {
		return i + 1 // a backslash before a line end is no escape
	}
	hash := start > 0 && s.src[start-1] == '#'
	s.floor = end
	if end < len(s.src) && s.src[end] == '(' && !hash {
		return s.function([]byte(name), end)
	}
	return end
}

// cssName reads the name at src[i:] and decodes it.
func cssName(src []byte, i int) (name string, end int) {
	start := i
	for i < len(src) {
		switch {
		case isNameByte(src[i]):
			i++
		case src[i] == '\\' && i+1 < len(src) && !isNewline(src[i+1]):
			_, n := cssEscape(src[i:])
			i += n
		default:
			return string(cssUnescape(src[start:i])), i
		}
	}
	return string(cssUnescape(src[start:i])), i
}

// function enters the function of that name whose parenthesis is at i.
func (s *cssScanner) function(name []byte, i int) int {
	switch strings.ToLower(string(name)) {
	case "url":
		return s.url(i + 1)
	case "image-set", "-webkit-image-set", "image", "src":
		s.nest(true)
	default:
		s.nest(false)
	}
	return i + 1
}

func (s *cssScanner) nest(urls bool) {
	if len(s.nested) < maxNested {
		s.nested = append(s.nested, urls)
	}
}

// url passes what is in the parentheses of url(): a string, or the URL as it is
// (CSS Syntax 3 §4.3.6).
func (s *cssScanner) url(i int) int {
	for i < len(s.src) && isSpace(s.src[i]) {
		i++
	}
	if i < len(s.src) && (s.src[i] == '"' || s.src[i] == '\'') {
		s.nest(false)
		return s.str(i, true)
	}
	start := i
	for i < len(s.src) && s.src[i] != ')' && !isSpace(s.src[i]) {
		switch c := s.src[i]; {
		case c == '"' || c == '\'' || c == '(' || c < ' ' || c == 0x7f:
			return s.skipBadURL(i)
		case c == '\\':
			i++
			if i < len(s.src) && (s.src[i] == '\n' || s.src[i] == '\r' || s.src[i] == '\f') {
				return s.skipBadURL(i)
			}
		}
		i++
	}
	end := min(i, len(s.src))
	for i < len(s.src) && isSpace(s.src[i]) {
		i++
	}
	if i < len(s.src) && s.src[i] != ')' {
		return s.skipBadURL(i)
	}
	s.mapSpan(start, end, 0)
	return min(i+1, len(s.src))
}

func (s *cssScanner) skipBadURL(i int) int {
	for ; i < len(s.src); i++ {
		switch s.src[i] {
		case ')':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(s.src)
}

// atRule passes the at-keyword at i. The string after @import is a URL; those
// after @namespace are names, whatever they look like.
func (s *cssScanner) atRule(i int) int {
	name, end := cssName(s.src, i+1)
	s.floor = end
	switch strings.ToLower(name) {
	case "import":
		if end = s.skipSpace(end); end < len(s.src) && (s.src[end] == '"' || s.src[end] == '\'') {
			return s.str(end, true)
		}
	case "namespace":
		return s.skipNamespace(end)
	}
	return end
}

func (s *cssScanner) skipSpace(i int) int {
	for i < len(s.src) {
		switch {
		case isSpace(s.src[i]):
			i++
		case bytes.HasPrefix(s.src[i:], []byte("/*")):
			i = s.skipComment(i)
		default:
			return i
		}
	}
	return i
}

func (s *cssScanner) skipNamespace(i int) int {
	for i < len(s.src) {
		switch s.src[i] {
		case ';', '{', '}':
			return i
		case '"', '\'':
			i = s.str(i, false)
		case '(':
			i = s.skipBadURL(i)
		case '/':
			i = s.skipComment(i)
		default:
			i++
		}
	}
	return i
}

// mapSpan maps the URL in src[start:end], which stands in quotes, or bare if
// quote is 0. What has no escapes is mapped as it is written.
func (s *cssScanner) mapSpan(start, end int, quote byte) {
	raw := s.src[start:end]
	url := raw
	if bytes.IndexByte(raw, '\\') >= 0 {
		url = cssUnescape(raw)
	}
	s.tmp = s.mapURL(s.tmp[:0], url)
	if bytes.Equal(s.tmp, url) {
		return
	}
	s.dst = append(s.dst, s.src[s.copied:start]...)
	if len(url) == len(raw) {
		s.dst = append(s.dst, s.tmp...)
	} else {
		s.dst = appendCSSEscaped(s.dst, s.tmp, quote)
	}
	s.copied = end
}

func isNewline(c byte) bool { return c == '\n' || c == '\r' || c == '\f' }

// cssUnescape decodes the escapes of a name, string or URL (CSS Syntax 3 §4.3.7).
func cssUnescape(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			i++
			continue
		}
		r, n := cssEscape(raw[i:])
		if r >= 0 {
			out = utf8.AppendRune(out, r)
		} else if r == literal {
			out = append(out, raw[i+1])
		}
		i += n
	}
	return out
}

const (
	literal = -1 // the byte after the backslash
	nothing = -2 // a line continued, or the end of the input
)

// cssEscape reads the escape at the beginning of s and returns its length.
func cssEscape(s []byte) (r rune, n int) {
	if len(s) < 2 {
		return nothing, len(s)
	}
	if s[1] == '\r' && len(s) > 2 && s[2] == '\n' {
		return nothing, 3
	}
	if isNewline(s[1]) {
		return nothing, 2
	}
	for n = 1; n < len(s) && n <= 6 && isHex(s[n]); n++ {
		r = r<<4 | hexValue(s[n])
	}
	if n == 1 {
		return literal, 2
	}
	if r == 0 || r > utf8.MaxRune || r >= 0xd800 && r < 0xe000 {
		r = utf8.RuneError
	}
	if n+1 < len(s) && s[n] == '\r' && s[n+1] == '\n' {
		return r, n + 2
	}
	if n < len(s) && isSpace(s[n]) {
		n++
	}
	return r, n
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func hexValue(c byte) rune {
	if c <= '9' {
		return rune(c - '0')
	}
	return rune(c|0x20) - 'a' + 10
}

func appendCSSEscaped(dst, url []byte, quote byte) []byte {
	for _, c := range url {
		switch {
		case isNewline(c) || c < ' ' || c == 0x7f:
			dst = append(dst, '\\', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15], ' ')
		case c == '\\', quote != 0 && c == quote, quote == 0 && strings.IndexByte(" \"'()", c) >= 0:
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
