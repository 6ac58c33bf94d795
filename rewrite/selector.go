package rewrite

import "bytes"

// Style sheets are matched against the tree, whose addresses are mapped. A
// selector of an attribute by a string that is an address, or for *= may be part
// of a host, gets an alternative:
//
//	[href^="https://shop.example"]   :is([href^="https://shop.example"],[href^="https://shop-example--<session>.<domain>"])
//	[href*="shop.example"]           :is([href*="shop.example"],[href*="shop-example"])
//
// which is as specific. The hooks take it away again where scripts read
// selectors; their twin is static/src/selectors.ts.

// attribute passes the selector of an attribute that begins at i, and returns
// its end; or just the bracket, if it is none by a string.
func (s *cssScanner) attribute(i int) int {
	sel, ok := parseAttribute(s.src[i:])
	if !ok {
		return i + 1
	}
	raw := s.src[i+sel.start : i+sel.end]
	value := cssUnescape(raw)
	s.tmp = s.mapAddress(s.tmp[:0], value, sel.part)
	end := i + sel.length
	s.floor = end
	if !bytes.Equal(s.tmp, value) {
		s.dst = append(append(s.dst, s.src[s.copied:i]...), ":is("...)
		s.dst = append(append(s.dst, s.src[i:end]...), ',')
		s.dst = append(s.dst, s.src[i:i+sel.start]...)
		s.dst = appendCSSEscaped(s.dst, s.tmp, s.src[i+sel.start-1])
		s.dst = append(append(s.dst, s.src[i+sel.end:end]...), ')')
		s.copied = end
	}
	return end
}

// mapAddress appends the mapped form of an address, or of a part of one that
// begins in its host.
func (s *cssScanner) mapAddress(dst, value []byte, part bool) []byte {
	if bytes.Contains(value, []byte("//")) {
		return s.mapURL(dst, value)
	}
	host, _, whole := bytes.Cut(value, []byte("/"))
	if !part || !isHostPart(host) {
		return append(dst, value...)
	}
	if whole { // to its end
		dst = s.mapURL(dst, append([]byte("//"), value...))
		return dst[:copy(dst, bytes.TrimPrefix(dst, []byte("//")))]
	}
	for _, c := range host {
		switch c {
		case '.':
			dst = append(dst, '-')
		case '-':
			dst = append(dst, "--"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// isHostPart reports whether s may be part of the name of a host. What has but
// one dot, in front, is rather the end of a file's name.
func isHostPart(s []byte) bool {
	for _, c := range s {
		if c != '.' && c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return bytes.LastIndexByte(s, '.') > 0 && !bytes.Contains(s, []byte(".."))
}

// attributeSelector is [name op "value" flag].
type attributeSelector struct {
	start, end int // of the value, within the quotes
	length     int
	part       bool // the operator is *=
}

// parseAttribute reads the selector that src begins with.
func parseAttribute(src []byte) (a attributeSelector, ok bool) {
	i := 1
	for i < len(src) && (isNameByte(src[i]) || isSpace(src[i]) || src[i] == '|' || src[i] == '*') {
		i++
	}
	for i < len(src) && (src[i] == '~' || src[i] == '^' || src[i] == '$') {
		i++
	}
	if i >= len(src) || src[i] != '=' {
		return a, false
	}
	a.part = src[i-1] == '*'
	i++
	for i < len(src) && isSpace(src[i]) {
		i++
	}
	if i >= len(src) || src[i] != '"' && src[i] != '\'' {
		return a, false
	}
	quote := src[i]
	i++
	a.start = i
	for i < len(src) && src[i] != quote && !isNewline(src[i]) {
		if src[i] == '\\' {
			i++
		}
		i++
	}
	if i >= len(src) || src[i] != quote {
		return a, false
	}
	a.end = i
	i++
	for i < len(src) && (isSpace(src[i]) || isLetter(src[i])) {
		i++
	}
	if i >= len(src) || src[i] != ']' {
		return a, false
	}
	a.length = i + 1
	return a, true
}
