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
	prevSpread                     // likewise, "..."
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

// isPart has the bytes of names and numbers in ASCII.
var isPart = func() (t [256]bool) {
	for c := range t {
		t[c] = isNamePart(byte(c))
	}
	return t
}()

// skimWords says about names that are not behind a dot what they say about what
// follows, and whether they concern us.
var skimWords = func() (t [wYield + 1]struct {
	prev prevKind
	hot  hotness
}) {
	for w := range t {
		t[w].prev = prevOperand
	}
	set := func(prev prevKind, words ...word) {
		for _, w := range words {
			t[w].prev = prev
		}
	}
	set(prevControl, wIf, wWhile, wFor, wWith)
	set(prevClause, wSwitch, wCatch)
	set(prevStatement, wElse, wDo, wTry, wFinally)
	set(prevExpression, wReturn, wTypeof, wCase, wDelete, wVoid, wThrow, wNew, wIn, wInstanceof)
	set(prevUnsure, wOf, wYield, wAwait)
	for _, w := range []word{wLocation, wTop, wEval, wPostMessage, wImport, wExport} {
		t[w].hot = hotAlways
	}
	for _, w := range []word{wSelf, wParent, wFrames} {
		t[w].hot = hotVariable
	}
	for _, w := range []word{wWindow, wDocument, wGlobalThis} {
		t[w].hot = hotIndexed
	}
	t[wThis].hot = hotThis
	return t
}()

// hotness says when a name concerns us.
type hotness byte

const (
	hotNever hotness = iota
	hotAlways
	hotIndexed  // before a bracket, or behind "..."
	hotVariable // likewise, and everywhere in scripts in which it is before a bracket anywhere
	hotThis     // before a bracket, outside functions
)

// concerns reports whether a name of that hotness concerns us, rest being what
// follows it, and spread whether it is all there is behind "...".
func (s *skimmer) concerns(h hotness, rest []byte, function, spread bool) bool {
	switch h {
	case hotAlways:
		return true
	case hotIndexed:
		return spread || indexFollows(rest)
	case hotVariable:
		return spread || s.indexed || indexFollows(rest)
	case hotThis:
		return !function && (spread || indexFollows(rest))
	}
	return false
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
	stack, cold := s.stack, s.cold
scan:
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
					pos = start
					break scan
				} else if end > pos {
					pos, prev = end, prevOperand
					continue
				}
			}
			was := prev
			prev = prevOperand
			if wordSieve[c]>>(pos-start)&1 != 0 {
				w := &skimWords[wordOf(src[start:pos])]
				if was != prevDot {
					prev = w.prev
				}
				if w.hot != hotNever && s.concerns(w.hot, src[pos:], top.function, was == prevSpread && endsSpread(src[pos:])) {
					top.hot = true
				}
			} else if jsClass[c] == classDigit && pos < len(src) && src[pos] == '.' && was != prevDot {
				for pos++; pos < len(src) && isPart[src[pos]]; pos++ {
				}
			}
			continue
		}
		template := false
		switch c {
		case ' ', '\t', '\n', '\r', '\v', '\f':
			pos++
		case '(', '[', '{':
			f := skimFrame{start: int32(pos), cold: int32(len(cold)), bracket: c, before: prev, function: top.function}
			prev = prevOperator
			if c == '{' {
				if f.before == prevParen && last.before != prevControl && last.before != prevClause && last.before != prevUnsure {
					f.function = true
				}
				prev = prevOpen
			}
			stack = append(stack, top)
			top = f
			pos++
		case ')', ']', '}':
			n := len(stack) - 1
			if n < 0 {
				break scan
			}
			pos++
			if top.hot {
				stack[n].hot = true
			} else if pos-int(top.start) >= minCold {
				cold = append(cold[:top.cold], span{top.start, int32(pos)})
			}
			last = top
			top = stack[n]
			stack = stack[:n]
			switch c {
			case ')':
				prev = prevParen
				if last.bracket != '(' {
					break scan
				}
			case ']':
				prev = prevOperand
				if last.bracket != '[' {
					break scan
				}
			default:
				prev = prevBrace
				if last.bracket == '$' {
					template = true
				} else if last.bracket != '{' {
					break scan
				}
			}
		case '"', '\'':
			start := pos
			pos++
			for pos < len(src) && src[pos] != c {
				if src[pos] == '\\' {
					pos++
				} else if src[pos] == '\n' || src[pos] == '\r' {
					break
				}
				pos++
			}
			if pos >= len(src) || src[pos] != c {
				pos = start
				break scan
			}
			pos++
			prev = prevOperand
			if text := src[start+1 : pos-1]; wordSieve[src[start+1]]>>len(text)&1 != 0 {
				top.hot = top.hot || wordOf(text).isOurs()
			}
		case '`':
			pos++
			template = true
		case '/':
			if pos+1 < len(src) && (src[pos+1] == '/' || src[pos+1] == '*') {
				end := skipComment(src, pos)
				if end < 0 {
					break scan
				}
				pos = end
				continue
			}
			switch slashAfter(prev, last.before) {
			case slashUnsure:
				break scan
			case slashDivides:
				prev = prevOperator
				pos++
			default:
				end := regExpEnd(src, pos)
				if end < 0 {
					break scan
				}
				pos, prev = end, prevOperand
			}
		case '.':
			pos++
			prev = prevDot
			if pos+1 < len(src) && src[pos] == '.' && src[pos+1] == '.' {
				pos += 2
				prev = prevSpread
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
					break scan // "-->", a comment perhaps
				}
				pos++
				prev = prevUnsure
			}
		case '<':
			if bytes.HasPrefix(src[pos:], []byte("<!--")) {
				break scan // a comment perhaps
			}
			pos++
			prev = prevOperator
		case '\\':
			break scan
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
			end := nameEnd(src, pos)
			if end < 0 {
				break scan
			}
			pos, prev = end, prevOperand
		}
		if template {
			end := templateEnd(src, pos)
			if end < 0 {
				break
			}
			pos, prev = end, prevOperand
			if src[pos-1] == '{' {
				prev = prevOperator
				stack = append(stack, top)
				top = skimFrame{start: int32(pos - 1), cold: int32(len(cold)), bracket: '$', function: top.function}
			}
		}
	}
	s.stack, s.cold = stack[:0], cold
	return pos
}

// templateEnd passes characters of a template and returns where they end: behind
// the backquote, or behind the "${" of a substitution. It returns -1 if they do not.
func templateEnd(src []byte, pos int) int {
	for pos < len(src) {
		c := src[pos]
		pos++
		switch {
		case c == '`':
			return pos
		case c == '\\':
			pos++
		case c == '$' && pos < len(src) && src[pos] == '{':
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

// endsSpread reports whether what is before src may be all of what is spread.
func endsSpread(src []byte) bool {
	src = bytes.TrimLeft(src, " \t\n\r\v\f")
	return len(src) > 0 && (src[0] == ',' || src[0] == '}' || src[0] == '/' || src[0] >= utf8.RuneSelf)
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
	case prevOperator, prevComma, prevSpread, prevExpression, prevStatement, prevOpen, prevArrow, prevColon, prevSemicolon:
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
		case prevOperator, prevComma, prevSpread:
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
