package rewrite

import (
	"bytes"
	"math"
	"unicode"
	"unicode/utf8"
)

// skimmer finds text that is of no concern. A function in which none of our
// names stands can neither use nor bind them, and most of a script is like that.
// The skimmer runs ahead of the parser, several times as fast, and finds the pairs
// of brackets around such text, which the parser then passes like one token.
//
// Brackets can be matched without a grammar as long as it is certain what each
// slash means. Where it is not, the skimmer stops. What it has found by then is
// right, and the parser, which knows more, has it go on behind that place.
type skimmer struct {
	skimmed int    // up to here
	cold    []span // the outermost pairs of no concern, in order
	passed  int    // of cold: these are behind the parser
	stack   []skimFrame
	indexed bool // self, parent and frames are of interest, too
}

// span is a bracket and where the text after its counterpart begins.
type span struct{ start, end int32 }

// skimFrame is a bracket that is open.
type skimFrame struct {
	start    int32
	cold     int32 // how many pairs were found before
	bracket  byte  // '(', '[', '{', or '$' for that of a template
	before   prevKind
	hot      bool // something in it concerns us
	function bool // this is that of a function
}

// prevKind is what a token says about a slash or brace after it.
type prevKind byte

const (
	prevUnsure     prevKind = iota // nothing
	prevOperator                   // an operand follows
	prevComma                      // likewise
	prevOperand                    // an operator follows
	prevDot                        // a name that is no keyword follows
	prevExpression                 // return, typeof and the like
	prevStatement                  // else, do, try, finally
	prevControl                    // if, while, for, with: a parenthesis and a statement follow
	prevClause                     // switch, catch: a parenthesis and a brace
	prevParen                      // ")", which depends on what it closes
	prevBrace                      // "}", likewise
	prevOpen                       // "{"
	prevArrow
	prevColon
	prevSemicolon
)

// minCold is the length from which a pair of brackets is worth remembering.
const minCold = 6

// wordLengths has, by first byte, a bit for each length a word of interest has.
type wordLengths [256]uint32

// isPart has the bytes of names and numbers in ASCII.
var isPart = func() (t [256]bool) {
	for c := range t {
		t[c] = isNamePart(byte(c))
	}
	return t
}()

var skimLengths = func() (t wordLengths) {
	for _, w := range []string{
		"location", "top", "eval", "postMessage", "import", "export",
		"if", "while", "for", "with", "switch", "catch", "else", "do", "try", "finally",
		"self", "parent", "frames", "window", "document", "globalThis", "this",
		"return", "typeof", "case", "delete", "void", "throw", "new", "in", "instanceof", "of", "yield", "await",
	} {
		t[w[0]] |= 1 << len(w)
	}
	return t
}()

// skimWord returns what a name that is not behind a dot says about what follows, and
// whether it concerns us. rest is what follows.
func (s *skimmer) skimWord(name, rest []byte, function bool) (prev prevKind, hot bool) {
	switch string(name) {
	case "location", "top", "eval", "postMessage", "export":
		return prevOperand, true
	case "import":
		return prevOperand, true
	case "self", "parent", "frames":
		return prevOperand, s.indexed
	case "window", "document", "globalThis":
		return prevOperand, indexFollows(rest)
	case "this":
		return prevOperand, !function && indexFollows(rest)
	case "if", "while", "for", "with":
		return prevControl, false
	case "switch", "catch":
		return prevClause, false
	case "else", "do", "try", "finally":
		return prevStatement, false
	case "return", "typeof", "case", "delete", "void", "throw", "new", "in", "instanceof":
		return prevExpression, false
	case "of", "yield", "await":
		return prevUnsure, false
	}
	return prevOperand, false
}

// run skims src from the bracket at from. function says whether that is inside
// one.
func (s *skimmer) run(src []byte, from int, function bool) {
	s.cold, s.passed, s.stack = s.cold[:0], 0, s.stack[:0]
	s.skimmed = len(src)
	if len(src) <= math.MaxInt32 {
		s.skimmed = s.skim(src, from, function)
	}
}

func (s *skimmer) skim(src []byte, pos int, function bool) int {
	prev := prevUnsure
	var last skimFrame // the one closed last
	top := skimFrame{function: function}
	for pos < len(src) {
		c := src[pos]
		if isPart[c] {
			start := pos
			pos++
			for pos < len(src) && isPart[src[pos]] {
				pos++
			}
			if pos < len(src) && (src[pos] >= utf8.RuneSelf || src[pos] == '\\') && jsClass[c] != classDigit {
				if end := nameEnd(src, pos); end < 0 {
					return start
				} else if end > pos {
					pos, prev = end, prevOperand
					continue
				}
			}
			was := prev
			prev = prevOperand
			if skimLengths[c]>>(pos-start)&1 != 0 {
				next, hot := s.skimWord(src[start:pos], src[pos:], top.function)
				if was != prevDot {
					prev = next
				}
				top.hot = top.hot || hot
			} else if jsClass[c] == classDigit && pos < len(src) && src[pos] == '.' && was != prevDot {
				for pos++; pos < len(src) && isPart[src[pos]]; pos++ {
				}
			}
			continue
		}
		switch c {
		case ' ', '\t', '\n', '\r', '\v', '\f':
			pos++
		case '(', '[', '{':
			f := skimFrame{start: int32(pos), cold: int32(len(s.cold)), bracket: c, before: prev, function: top.function}
			prev = prevOperator
			if c == '{' {
				if f.before == prevParen && last.before != prevControl && last.before != prevClause && last.before != prevUnsure {
					f.function = true
				}
				prev = prevOpen
			}
			s.stack = append(s.stack, top)
			top = f
			pos++
		case ')', ']', '}':
			n := len(s.stack) - 1
			if n < 0 {
				return pos
			}
			pos++
			if top.hot {
				s.stack[n].hot = true
			} else if pos-int(top.start) >= minCold {
				s.cold = append(s.cold[:top.cold], span{top.start, int32(pos)})
			}
			last = top
			top = s.stack[n]
			s.stack = s.stack[:n]
			switch c {
			case ')':
				prev = prevParen
				if last.bracket != '(' {
					return pos
				}
			case ']':
				prev = prevOperand
				if last.bracket != '[' {
					return pos
				}
			default:
				prev = prevBrace
				if last.bracket == '$' {
					if pos = s.template(src, pos, &top); pos < 0 {
						return len(src)
					}
					prev = prevOperand
					if src[pos-1] == '{' {
						prev = prevOperator
					}
				} else if last.bracket != '{' {
					return pos
				}
			}
		case '"', '\'':
			start := pos
			pos++
			for {
				if pos >= len(src) {
					return start
				}
				d := src[pos]
				pos++
				if d == c {
					break
				}
				if d == '\\' {
					pos++
				} else if d == '\n' || d == '\r' {
					return start
				}
			}
			prev = prevOperand
			if skimLengths[src[start+1]]>>(pos-start-2)&1 != 0 {
				_, hot := s.skimWord(src[start+1:pos-1], nil, true)
				top.hot = top.hot || hot
			}
		case '`':
			if pos = s.template(src, pos+1, &top); pos < 0 {
				return len(src)
			}
			prev = prevOperand
			if src[pos-1] == '{' {
				prev = prevOperator
			}
		case '/':
			if pos+1 < len(src) && (src[pos+1] == '/' || src[pos+1] == '*') {
				if pos = skipComment(src, pos); pos < 0 {
					return len(src)
				}
				continue
			}
			switch slashAfter(prev, last.before) {
			case slashUnsure:
				return pos
			case slashDivides:
				prev = prevOperator
				pos++
			default:
				end := regExpEnd(src, pos)
				if end < 0 {
					return pos
				}
				pos, prev = end, prevOperand
			}
		case '.':
			pos++
			prev = prevDot
			if pos+1 < len(src) && src[pos] == '.' && src[pos+1] == '.' {
				pos += 2
				prev = prevOperator
			}
		case '#':
			pos++
			prev = prevDot
		case ',':
			pos++
			prev = prevComma
		case ';':
			pos++
			prev = prevSemicolon
		case ':':
			pos++
			prev = prevColon
		case '=':
			pos++
			prev = prevOperator
			if pos < len(src) && src[pos] == '>' {
				pos++
				prev = prevArrow
			}
		case '+', '-':
			pos++
			prev = prevOperator
			if pos < len(src) && src[pos] == c {
				if c == '-' && pos+1 < len(src) && src[pos+1] == '>' && beginsLine(src[:pos-1]) {
					return pos - 1 // "-->", a comment perhaps
				}
				pos++
				prev = prevUnsure
			}
		case '<':
			if bytes.HasPrefix(src[pos:], []byte("<!--")) {
				return pos // a comment perhaps
			}
			pos++
			prev = prevOperator
		case '\\':
			return pos
		default:
			if c < utf8.RuneSelf {
				pos++
				prev = prevOperator
				continue
			}
			r, n := utf8.DecodeRune(src[pos:])
			if isSpaceRune(r) {
				pos += n
				continue
			}
			if pos = nameEnd(src, pos); pos < 0 {
				return len(src)
			}
			prev = prevOperand
		}
	}
	return pos
}

// template passes characters of a template, pushing a frame if a substitution
// follows, and returns where it ends, or -1.
func (s *skimmer) template(src []byte, pos int, top *skimFrame) int {
	for pos < len(src) {
		c := src[pos]
		pos++
		switch {
		case c == '`':
			return pos
		case c == '\\':
			pos++
		case c == '$' && pos < len(src) && src[pos] == '{':
			s.stack = append(s.stack, *top)
			*top = skimFrame{start: int32(pos), cold: int32(len(s.cold)), bracket: '$', function: top.function}
			return pos + 1
		}
	}
	return -1
}

// indexFollows reports whether a bracket or "?." follows, or a comment before one.
func indexFollows(src []byte) bool {
	for i, c := range src {
		switch c {
		case ' ', '\t', '\n', '\r', '\v', '\f':
			continue
		case '?':
			return i+1 < len(src) && src[i+1] == '.'
		}
		return c == '[' || c == '/' || c >= utf8.RuneSelf
	}
	return false
}

type slashKind byte

const (
	slashUnsure slashKind = iota
	slashDivides
	slashBegins // a regular expression
)

// slashAfter tells what a slash means behind prev. before is what stood before
// the bracket if prev closes one.
func slashAfter(prev, before prevKind) slashKind {
	switch prev {
	case prevOperand, prevDot:
		return slashDivides
	case prevOperator, prevComma, prevExpression, prevStatement, prevOpen, prevArrow, prevColon, prevSemicolon:
		return slashBegins
	case prevParen:
		switch before {
		case prevControl:
			return slashBegins
		case prevUnsure:
			return slashUnsure
		}
		return slashDivides
	case prevBrace:
		switch before {
		case prevSemicolon, prevStatement, prevOpen:
			return slashBegins
		case prevOperator, prevComma:
			return slashDivides
		}
	}
	return slashUnsure
}

func isSpaceRune(r rune) bool {
	return r == '\u2028' || r == '\u2029' || r == '\uFEFF' || unicode.Is(unicode.Zs, r)
}

// nameEnd returns where the name ends in whose middle pos is, before a byte
// beyond ASCII or a backslash. It returns -1 if there is an escape in it.
func nameEnd(src []byte, pos int) int {
	for pos < len(src) {
		switch c := src[pos]; {
		case isPart[c]:
			pos++
		case c == '\\':
			return -1
		case c < utf8.RuneSelf:
			return pos
		default:
			r, n := utf8.DecodeRune(src[pos:])
			if isSpaceRune(r) {
				return pos
			}
			pos += n
		}
	}
	return pos
}

// skipComment returns where the comment at pos ends, or -1.
func skipComment(src []byte, pos int) int {
	if src[pos+1] == '*' {
		n := bytes.Index(src[pos+2:], []byte("*/"))
		if n < 0 {
			return -1
		}
		return pos + n + 4
	}
	return lineEnd(src, pos)
}

// lineEnd returns where the line ends that pos is in.
func lineEnd(src []byte, pos int) int {
	for ; pos < len(src); pos++ {
		switch c := src[pos]; {
		case c == '\n' || c == '\r':
			return pos
		case c == 0xE2 && pos+2 < len(src) && src[pos+1] == 0x80 && src[pos+2]&^1 == 0xA8:
			return pos // U+2028 and U+2029
		}
	}
	return pos
}

// regExpEnd returns where the regular expression at pos ends, flags included, or
// -1.
func regExpEnd(src []byte, pos int) int {
	class := false
	for pos++; pos < len(src); pos++ {
		switch src[pos] {
		case '\\':
			pos++
		case '[':
			class = true
		case ']':
			class = false
		case '\n', '\r':
			return -1
		case '/':
			if class {
				continue
			}
			for pos++; pos < len(src) && isPart[src[pos]]; pos++ {
			}
			return pos
		}
	}
	return -1
}

// beginsLine reports whether nothing but white space or comments may stand
// between the end of src and the line end before.
func beginsLine(src []byte) bool {
	src = bytes.TrimRight(src, " \t\v\f")
	if len(src) == 0 {
		return true
	}
	switch c := src[len(src)-1]; {
	case c == '\n', c == '\r', c == '/', c >= utf8.RuneSelf:
		return true
	}
	return false
}
