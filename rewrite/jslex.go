package rewrite

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// tokenKind is the kind of a JavaScript token (ECMA-262 §12).
type tokenKind byte

const (
	tokEOF     tokenKind = iota
	tokName              // identifiers and keywords
	tokPrivate           // #name
	tokNumber
	tokString
	tokTemplate // only the opening backquote; the parser asks for the rest
	tokRegExp   // only when the parser asks for it
	tokPunct
)

// token is a token and where it lies.
type token struct {
	kind       tokenKind
	newline    bool   // a line end stands before it
	escaped    bool   // a name with an escape: never a keyword
	word       word   // of names
	op         uint32 // of punctuators: their bytes, packed
	start, end int
}

// lexer reads tokens. It never decides whether a slash divides or begins a
// regular expression: the parser, which knows, calls regExp.
type lexer struct {
	src    []byte
	pos    int
	module bool // in which "<!--" is no comment
	token
	prevEnd int // of the token before

	onRegExp func(start int) // if set, is told of them
}

// syntaxError is what lexer and parser panic with. Only their callers in this
// package see it.
type syntaxError struct{ pos int }

func (l *lexer) fail() { panic(syntaxError{l.pos}) }

// byteClass sorts bytes by what they can be part of.
type byteClass byte

const (
	classOther byteClass = iota
	className
	classDigit
	classSpace
	classNewline
	classHigh // of a character beyond ASCII
)

var jsClass = func() (t [256]byteClass) {
	for c := range t {
		switch {
		case isLetter(byte(c)), c == '_', c == '$':
			t[c] = className
		case c >= '0' && c <= '9':
			t[c] = classDigit
		case c == ' ', c == '\t', c == '\v', c == '\f':
			t[c] = classSpace
		case c == '\n', c == '\r':
			t[c] = classNewline
		case c >= 0x80:
			t[c] = classHigh
		}
	}
	return t
}()

// next reads the next token.
func (l *lexer) next() {
	l.prevEnd = l.end
	l.token = token{}
	l.skipSpace()
	l.start = l.pos
	if l.pos >= len(l.src) {
		l.end = l.pos
		return
	}
	c := l.src[l.pos]
	switch jsClass[c] {
	case className, classHigh:
		l.name()
	case classDigit:
		l.number()
	default:
		l.other(c)
	}
	l.end = l.pos
}

func (l *lexer) other(c byte) {
	switch c {
	case '"', '\'':
		l.str(c)
	case '`':
		l.kind = tokTemplate
		l.pos++
	case '\\':
		l.name()
	case '#':
		l.pos++
		l.name()
		l.kind, l.word = tokPrivate, 0
	case '.':
		if l.pos+1 < len(l.src) && jsClass[l.src[l.pos+1]] == classDigit {
			l.number()
			return
		}
		l.punct()
	default:
		l.punct()
	}
}

// skipSpace passes white space and comments. Those like HTML's exist in scripts
// (Annex B.1.1).
func (l *lexer) skipSpace() {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch jsClass[c] {
		case classSpace:
			l.pos++
			continue
		case classNewline:
			l.newline = true
			l.pos++
			continue
		case classHigh:
			r, n := utf8.DecodeRune(l.src[l.pos:])
			switch {
			case r == '\u2028' || r == '\u2029':
				l.newline = true
			case r != '\uFEFF' && !unicode.Is(unicode.Zs, r):
				return
			}
			l.pos += n
			continue
		}
		rest := l.src[l.pos:]
		switch {
		case c == '/' && len(rest) > 1 && rest[1] == '/':
			l.skipLine()
		case c == '/' && len(rest) > 1 && rest[1] == '*':
			n := bytes.Index(rest[2:], []byte("*/"))
			if n < 0 {
				l.fail()
			}
			comment := rest[2 : 2+n]
			l.newline = l.newline || holdsNewline(comment)
			l.pos += n + 4
		case c == '<' && !l.module && bytes.HasPrefix(rest, []byte("<!--")):
			l.skipLine()
		case c == '-' && !l.module && (l.newline || l.pos == 0) && bytes.HasPrefix(rest, []byte("-->")):
			l.skipLine()
		case c == '#' && l.pos == 0 && bytes.HasPrefix(rest, []byte("#!")):
			l.skipLine()
		default:
			return
		}
	}
}

func holdsNewline(s []byte) bool {
	return bytes.IndexByte(s, '\n') >= 0 || bytes.IndexByte(s, '\r') >= 0 ||
		bytes.Contains(s, []byte("\u2028")) || bytes.Contains(s, []byte("\u2029"))
}

func (l *lexer) skipLine() {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		if c == '\n' || c == '\r' {
			return
		}
		if c == 0xE2 && (bytes.HasPrefix(l.src[l.pos:], []byte("\u2028")) || bytes.HasPrefix(l.src[l.pos:], []byte("\u2029"))) {
			return
		}
		l.pos++
	}
}

// name reads an identifier. Bytes beyond ASCII are taken for parts of names,
// unless they are white space: nothing else there can be one.
func (l *lexer) name() {
	l.kind = tokName
	start := l.pos
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch jsClass[c] {
		case className, classDigit:
			l.pos++
			continue
		case classHigh:
			r, n := utf8.DecodeRune(l.src[l.pos:])
			if r != '\u2028' && r != '\u2029' && r != '\uFEFF' && !unicode.Is(unicode.Zs, r) {
				l.pos += n
				continue
			}
		}
		if c != '\\' {
			break
		}
		l.escape()
	}
	if l.pos == start {
		l.fail()
	}
	if text := l.src[start:l.pos]; l.escaped {
		l.word = wordOf([]byte(decodeName(text)))
	} else if len(text) <= maxWord && wordSieve[text[0]]&(1<<len(text)) != 0 {
		l.word = wordOf(text)
	}
}

// escape passes \uXXXX or \u{X…}.
func (l *lexer) escape() {
	l.escaped = true
	rest := l.src[l.pos:]
	if len(rest) < 5 || rest[1] != 'u' {
		l.fail()
	}
	if rest[2] != '{' {
		l.pos += 6
	} else {
		n := bytes.IndexByte(rest, '}')
		if n < 0 || n > 12 {
			l.fail()
		}
		l.pos += n + 1
	}
	if l.pos > len(l.src) {
		l.pos = len(l.src)
		l.fail()
	}
}

// decodeName returns the identifier that text, whose escapes are complete, spells.
func decodeName(text []byte) string {
	var out []byte
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			out = append(out, text[i])
			i++
			continue
		}
		digits := text[i+2 : min(i+6, len(text))]
		i += 6
		if digits[0] == '{' {
			end := bytes.IndexByte(text[i-4:], '}') + i - 4
			digits = text[i-3 : end]
			i = end + 1
		}
		var r rune
		for _, c := range digits {
			r = r<<4 | hexValue(c)&15
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

func (l *lexer) number() {
	l.kind = tokNumber
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case jsClass[c] == classDigit || c == '.' || c == '_' || isLetter(c):
			l.pos++
			decimal := l.src[l.start] != '0' || l.start+1 >= len(l.src) || l.src[l.start+1]|0x20 != 'x'
			if c|0x20 == 'e' && decimal && l.pos < len(l.src) && (l.src[l.pos] == '+' || l.src[l.pos] == '-') {
				l.pos++
			}
			if c == '.' && !l.fraction() {
				l.pos--
				return
			}
		default:
			return
		}
	}
}

// fraction reports whether the dot just read belongs to the number: the second
// one in "1..x" and the one in "0x1.x" do not.
func (l *lexer) fraction() bool {
	before := l.src[l.start : l.pos-1]
	if bytes.ContainsAny(before, ".n") || len(before) > 1 && before[0] == '0' && isLetter(before[1]) && before[1]|0x20 != 'e' {
		return false
	}
	if bytes.ContainsAny(before, "eE") {
		return false
	}
	// Legacy octals have no fraction, but 08.5 is decimal.
	return !(len(before) > 1 && before[0] == '0' && !bytes.ContainsAny(before, "89"))
}

func (l *lexer) str(quote byte) {
	l.kind = tokString
	for l.pos++; l.pos < len(l.src); l.pos++ {
		switch c := l.src[l.pos]; c {
		case quote:
			l.pos++
			return
		case '\\':
			l.pos++
			if l.pos+1 < len(l.src) && l.src[l.pos] == '\r' && l.src[l.pos+1] == '\n' {
				l.pos++
			}
		case '\n', '\r':
			l.fail()
		}
	}
	l.pos = len(l.src)
	l.fail()
}

// templateChars passes template characters from l.pos on and reports whether a
// substitution follows. l.pos is then behind "${" or the closing backquote.
func (l *lexer) templateChars() (substitution bool) {
	for ; l.pos < len(l.src); l.pos++ {
		switch l.src[l.pos] {
		case '`':
			l.pos++
			return false
		case '\\':
			l.pos++
		case '$':
			if l.pos+1 < len(l.src) && l.src[l.pos+1] == '{' {
				l.pos += 2
				return true
			}
		}
	}
	l.pos = len(l.src)
	l.fail()
	return false
}

// regExp reads the regular expression that begins at the current token, a slash.
func (l *lexer) regExp() {
	if l.onRegExp != nil {
		l.onRegExp(l.start)
	}
	class := false
	for l.pos = l.start + 1; l.pos < len(l.src); l.pos++ {
		switch l.src[l.pos] {
		case '\\':
			l.pos++
		case '[':
			class = true
		case ']':
			class = false
		case '\n', '\r':
			l.fail()
		case '/':
			if class {
				continue
			}
			l.pos++
			for l.pos < len(l.src) && (jsClass[l.src[l.pos]] == className || jsClass[l.src[l.pos]] == classDigit) {
				l.pos++
			}
			l.kind, l.op, l.end = tokRegExp, 0, l.pos
			return
		}
	}
	l.pos = len(l.src)
	l.fail()
}

// pack is a punctuator as it stands in token.op.
func pack(s []byte) (op uint32) {
	for _, c := range s {
		op = op<<8 | uint32(c)
	}
	return op
}

const (
	opArrow     = '='<<8 | '>'
	opEllipsis  = '.'<<16 | '.'<<8 | '.'
	opOptional  = '?'<<8 | '.'
	opInc       = '+'<<8 | '+'
	opDec       = '-'<<8 | '-'
	opDivSet    = '/'<<8 | '='
	opEqual     = '='<<8 | '='
	opSame      = '='<<16 | '='<<8 | '='
	opUnequal   = '!'<<8 | '='
	opUnsame    = '!'<<16 | '='<<8 | '='
	opLessEqual = '<'<<8 | '='
	opMoreEqual = '>'<<8 | '='
)

// punct reads the longest punctuator.
func (l *lexer) punct() {
	l.kind = tokPunct
	rest := l.src[l.pos:]
	switch c := rest[0]; c {
	case '(', ')', ',', ';', '{', '}', '[', ']', ':':
		l.op = uint32(c)
		l.pos++
		return
	}
	n := punctLen(rest)
	if n == 0 {
		l.fail()
	}
	l.op = pack(rest[:n])
	l.pos += n
}

func punctLen(s []byte) int {
	c := s[0]
	repeat := 1 // how often c stands there
	for repeat < 3 && repeat < len(s) && s[repeat] == c {
		repeat++
	}
	follows := func(i int, c byte) bool { return i < len(s) && s[i] == c }
	switch c {
	case '~', '@':
		return 1
	case '.':
		if repeat == 3 {
			return 3
		}
		return 1
	case '?':
		switch {
		case follows(1, '.') && !(len(s) > 2 && jsClass[s[2]] == classDigit):
			return 2
		case follows(1, '?') && follows(2, '='):
			return 3
		case follows(1, '?'):
			return 2
		}
		return 1
	case '+', '-':
		if repeat >= 2 || follows(1, '=') {
			return 2
		}
		return 1
	case '=', '!':
		switch {
		case c == '=' && follows(1, '>'):
			return 2
		case follows(1, '=') && follows(2, '='):
			return 3
		case follows(1, '='):
			return 2
		}
		return 1
	case '*', '&', '|', '<':
		n := min(repeat, 2)
		if follows(n, '=') {
			n++
		}
		return n
	case '>':
		if follows(repeat, '=') {
			repeat++
		}
		return repeat
	case '%', '^', '/':
		if follows(1, '=') {
			return 2
		}
		return 1
	}
	return 0
}
