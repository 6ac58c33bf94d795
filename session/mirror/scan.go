package mirror

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON in the order in which an operation's grammar expects it,
// without building values. The first error sticks: from then on every method
// returns zero values and next returns false, so that callers look at err once
// per operation.
//
// Strings may hold lone surrogates, which JSON can write and DOM text can
// contain. They are kept in the generalised UTF-8 of three bytes (WTF-8).
type scanner struct {
	s     string
	i     int
	first bool // the next next is the first of its list
	err   error
}

func (sc *scanner) fail(err error) {
	if sc.err == nil {
		sc.err = err
	}
	sc.i = len(sc.s)
}

func (sc *scanner) space() {
	for sc.i < len(sc.s) {
		switch sc.s[sc.i] {
		case ' ', '\t', '\n', '\r':
			sc.i++
		default:
			return
		}
	}
}

// peek returns the first byte of the next value; 0 at the end.
func (sc *scanner) peek() byte {
	if sc.i < len(sc.s) {
		return sc.s[sc.i]
	}
	return 0
}

func (sc *scanner) expect(c byte) {
	if sc.peek() != c {
		sc.fail(errSyntax)
		return
	}
	sc.i++
}

// open enters an array; next then steps from item to item.
func (sc *scanner) open() {
	sc.expect('[')
	sc.first = true
}

// next goes to the next item of the array and reports whether there is one;
// if not it has left the array.
func (sc *scanner) next() bool { return sc.step(']') }

func (sc *scanner) step(end byte) bool {
	sc.space()
	if sc.err != nil {
		return false
	}
	if sc.peek() == end {
		sc.i++
		sc.first = false
		return false
	}
	if !sc.first {
		sc.expect(',')
		sc.space()
		if sc.peek() == end {
			sc.fail(errSyntax)
		}
	}
	sc.first = false
	return sc.err == nil
}

// item goes to an item that must be there.
func (sc *scanner) item() {
	if !sc.next() {
		sc.fail(errSyntax)
	}
}

// close leaves an array that must have no more items.
func (sc *scanner) close() {
	if sc.next() {
		sc.fail(errSyntax)
	}
}

// word reads one of the literals.
func (sc *scanner) word(w string) {
	if !strings.HasPrefix(sc.s[sc.i:], w) {
		sc.fail(errSyntax)
		return
	}
	sc.i += len(w)
}

func (sc *scanner) boolean() bool {
	if sc.peek() == 't' {
		sc.word("true")
		return sc.err == nil
	}
	sc.word("false")
	return false
}

// integer reads a number without fraction or exponent that fits 32 bits.
func (sc *scanner) integer() int32 {
	start := sc.i
	if sc.peek() == '-' {
		sc.i++
	}
	digits := sc.i
	var n int64
	for sc.i < len(sc.s) && sc.i-digits <= 10 && isDigit(sc.s[sc.i]) {
		n = n*10 + int64(sc.s[sc.i]-'0')
		sc.i++
	}
	length := sc.i - digits
	if sc.s[start:digits] == "-" {
		n = -n
	}
	if length == 0 || length > 1 && sc.s[digits] == '0' || n != int64(int32(n)) || isNumberTail(sc.peek()) {
		sc.fail(errSyntax)
		return 0
	}
	return int32(n)
}

// number reads any number and returns it as it is written.
func (sc *scanner) number() string {
	start := sc.i
	if sc.peek() == '-' {
		sc.i++
	}
	zero := sc.peek() == '0'
	if n := sc.digits(); n == 0 || zero && n > 1 {
		sc.fail(errSyntax)
	}
	if sc.peek() == '.' {
		sc.i++
		if sc.digits() == 0 {
			sc.fail(errSyntax)
		}
	}
	if c := sc.peek(); c == 'e' || c == 'E' {
		sc.i++
		if c := sc.peek(); c == '+' || c == '-' {
			sc.i++
		}
		if sc.digits() == 0 {
			sc.fail(errSyntax)
		}
	}
	if sc.err != nil {
		return ""
	}
	return sc.s[start:sc.i]
}

// finite reads a number of a size that a page can have, as it is written.
func (sc *scanner) finite() string {
	s := sc.number()
	if len(s) > 32 {
		sc.fail(errValue)
		return ""
	}
	if f, err := strconv.ParseFloat(s, 64); sc.err == nil && (err != nil || f > 1e12 || f < -1e12) {
		sc.fail(errValue)
		return ""
	}
	return s
}

func (sc *scanner) digits() int {
	start := sc.i
	for sc.i < len(sc.s) && isDigit(sc.s[sc.i]) {
		sc.i++
	}
	return sc.i - start
}

// str reads a string. Without escapes it is a part of s, not a copy.
func (sc *scanner) str() string {
	sc.expect('"')
	start := sc.i
	for i := start; i < len(sc.s); i++ {
		switch c := sc.s[i]; {
		case c == '"':
			sc.i = i + 1
			return sc.s[start:i]
		case c == '\\':
			return sc.escaped(start, i)
		case c < ' ':
			sc.fail(errSyntax)
			return ""
		}
	}
	sc.fail(errSyntax)
	return ""
}

// escaped reads a string from start whose first escape is at i.
func (sc *scanner) escaped(start, i int) string {
	var b strings.Builder
	for i < len(sc.s) {
		switch c := sc.s[i]; {
		case c == '"':
			b.WriteString(sc.s[start:i])
			sc.i = i + 1
			return b.String()
		case c < ' ':
			i = len(sc.s)
		case c == '\\' && i+1 < len(sc.s):
			b.WriteString(sc.s[start:i])
			n := sc.escape(&b, sc.s[i+1:])
			if n == 0 {
				sc.fail(errSyntax)
				return ""
			}
			i += 1 + n
			start = i
		default:
			i++
		}
	}
	sc.fail(errSyntax)
	return ""
}

// escape decodes the escape whose text after the backslash begins s and
// returns its length; 0 when it is none.
func (sc *scanner) escape(b *strings.Builder, s string) int {
	switch c := s[0]; c {
	case '"', '\\', '/':
		b.WriteByte(c)
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'u':
		r, ok := hex4(s[1:])
		if !ok {
			return 0
		}
		if utf16.IsSurrogate(r) && strings.HasPrefix(s[5:], `\u`) {
			if low, ok := hex4(s[7:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
				b.WriteRune(utf16.DecodeRune(r, low))
				return 11
			}
		}
		writeUnit(b, r)
		return 5
	default:
		return 0
	}
	return 1
}

func hex4(s string) (rune, bool) {
	if len(s) < 4 {
		return 0, false
	}
	var r rune
	for i := range 4 {
		c, ok := hex1(s[i])
		if !ok {
			return 0, false
		}
		r = r<<4 | c
	}
	return r, true
}

func hex1(c byte) (rune, bool) {
	switch {
	case isDigit(c):
		return rune(c - '0'), true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10, true
	}
	return 0, false
}

// writeUnit writes a code point below 0x10000, also a surrogate.
func writeUnit(b *strings.Builder, r rune) {
	if !utf16.IsSurrogate(r) {
		b.WriteRune(r)
		return
	}
	b.WriteByte(0xe0 | byte(r>>12))
	b.WriteByte(0x80 | byte(r>>6)&0x3f)
	b.WriteByte(0x80 | byte(r)&0x3f)
}

// surrogate decodes a lone surrogate at the beginning of s, if there is one.
func surrogate(s string) (rune, bool) {
	if len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 {
		return rune(0xd000) | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), true
	}
	return 0, false
}

// splice replaces del UTF-16 units of s at from, as CharacterData.replaceData
// counts them.
func splice(s string, from, del int, ins string) (string, bool) {
	left, rest, ok := cut(s, from)
	if !ok {
		return "", false
	}
	_, right, ok := cut(rest, del)
	return join(join(left, ins), right), ok
}

// cut splits s after n UTF-16 units, if need be between two surrogates.
func cut(s string, n int) (left, right string, ok bool) {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		if _, lone := surrogate(s[i:]); lone {
			i += 3
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if high, low := utf16.EncodeRune(r); r >= 0x10000 {
			if n == 1 {
				var b strings.Builder
				writeUnit(&b, high)
				writeUnit(&b, low)
				return s[:i] + b.String()[:3], b.String()[3:] + s[i+size:], true
			}
			n--
		}
		i += size
	}
	return s[:i], s[i:], n == 0
}

// join concatenates and makes one character of two surrogates that meet.
func join(a, b string) string {
	if len(a) >= 3 && len(b) >= 3 {
		high, _ := surrogate(a[len(a)-3:])
		low, _ := surrogate(b)
		if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
			return a[:len(a)-3] + string(r) + b[3:]
		}
	}
	return a + b
}

// appendString writes s as a JSON string.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0xed {
			i++
			continue
		}
		if c == 0xed {
			r, ok := surrogate(s[i:])
			if !ok {
				i++
				continue
			}
			b = append(b, s[start:i]...)
			b = append(b, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
			i += 3
			start = i
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNumberTail(c byte) bool { return isDigit(c) || c == '.' || c == 'e' || c == 'E' }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
