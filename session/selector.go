package session

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	maxSelector  = 300 // bytes
	maxCompounds = 16  // elements a selector speaks of, over all its alternatives
	maxNested    = 2   // functions such as :not() in each other
)

// checkSelector accepts a list of CSS selectors that every browser reads the
// same way and matches quickly. It is stricter than browsers are: what it
// accepts they accept.
func checkSelector(selector string) error {
	if len(selector) > maxSelector {
		return fmt.Errorf("the selector is longer than %d bytes", maxSelector)
	}
	p := selectorParser{rest: selector}
	p.list(0)
	if p.err == nil && p.rest != "" {
		p.fail("%q does not belong in a selector", p.rest[:1])
	}
	return p.err
}

// selectorParser reads a selector from the left. The first error stays.
type selectorParser struct {
	rest      string
	compounds int
	relative  int // :has() so far
	err       error
}

func (p *selectorParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.rest = ""
}

func (p *selectorParser) take(prefix string) bool {
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *selectorParser) space() bool {
	rest := strings.TrimLeft(p.rest, " \t\n\r\f")
	found := rest != p.rest
	p.rest = rest
	return found
}

// list reads selectors between commas.
func (p *selectorParser) list(depth int) {
	for {
		p.complex(depth)
		if p.err != nil || !p.take(",") {
			return
		}
	}
}

// complex reads compounds with combinators between them.
func (p *selectorParser) complex(depth int) {
	p.space()
	for {
		p.compound(depth)
		if p.err != nil {
			return
		}
		spaced := p.space()
		switch {
		case p.take(">"), p.take("+"), p.take("~"):
			p.space()
		case p.rest == "", p.rest[0] == ',', p.rest[0] == ')', !spaced:
			return
		}
	}
}

// compound reads what is said of one element.
func (p *selectorParser) compound(depth int) {
	if p.compounds++; p.compounds > maxCompounds {
		p.fail("the selector speaks of more than %d elements", maxCompounds)
		return
	}
	before := p.rest
	if !p.take("*") {
		p.name()
	}
	for p.err == nil {
		switch {
		case p.take("#"), p.take("."):
			if !p.name() {
				p.fail("a name is missing after # or .")
			}
		case p.take("["):
			p.attribute()
		case strings.HasPrefix(p.rest, "::"):
			p.fail("pseudo-elements cannot be selected, only elements")
		case p.take(":"):
			p.pseudo(depth)
		default:
			if p.rest == before {
				p.fail("an element is missing in the selector")
			}
			return
		}
	}
}

// name takes an identifier, with backslashes before what is not ordinary.
func (p *selectorParser) name() bool {
	i := 0
	for i < len(p.rest) {
		c := p.rest[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z', c == '_', c >= 0x80:
		case c == '-' && i+1 < len(p.rest), '0' <= c && c <= '9' && i > 0 && p.rest[:i] != "-":
		case c == '\\' && i+1 < len(p.rest) && strings.IndexByte("\n\r\f", p.rest[i+1]) < 0:
			i += escaped(p.rest[i+1:])
		default:
			return p.cut(i)
		}
		i++
	}
	return p.cut(i)
}

// escaped is how much belongs to a backslash before s: a character, or a
// number of it with a blank behind.
func escaped(s string) int {
	digits := min(6, len(s)-len(strings.TrimLeft(s, "0123456789abcdefABCDEF")))
	switch {
	case digits == 0:
		return 1
	case digits < len(s) && strings.IndexByte(" \t\n\r\f", s[digits]) >= 0:
		return digits + 1
	}
	return digits
}

func (p *selectorParser) cut(n int) bool {
	p.rest = p.rest[n:]
	return n > 0
}

func (p *selectorParser) attribute() {
	p.space()
	if !p.name() {
		p.fail("the name of an attribute is missing after [")
		return
	}
	p.space()
	if p.take("]") {
		return
	}
	if strings.IndexByte("~|^$*", p.peek()) >= 0 {
		p.rest = p.rest[1:]
	}
	if !p.take("=") {
		p.fail("= or ] is missing after the name of an attribute")
		return
	}
	p.space()
	if !p.quoted() && !p.name() {
		p.fail("an attribute's value is missing; put it in quotes")
		return
	}
	if p.space(); strings.IndexByte("iIsS", p.peek()) >= 0 {
		p.rest = p.rest[1:]
		p.space()
	}
	if !p.take("]") {
		p.fail("] is missing")
	}
}

func (p *selectorParser) peek() byte {
	if p.rest == "" {
		return ' '
	}
	return p.rest[0]
}

func (p *selectorParser) quoted() bool {
	quote := p.peek()
	if quote != '"' && quote != '\'' {
		return false
	}
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '\n', '\r', '\f':
			p.fail("a quote is not closed")
			return true
		case '\\':
			i++
		case quote:
			return p.cut(i + 1)
		}
	}
	p.fail("a quote is not closed")
	return true
}

// What may follow a colon: the states and places that all browsers know.
var (
	plainPseudos = []string{
		"root", "empty", "first-child", "last-child", "only-child", "first-of-type", "last-of-type", "only-of-type",
		"enabled", "disabled", "checked", "required", "optional", "read-only", "read-write", "defined", "link", "any-link",
	}
	listPseudos    = []string{"not", "is", "where"}
	countedPseudos = []string{"nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"}
)

func (p *selectorParser) pseudo(depth int) {
	from := p.rest
	p.name()
	name := strings.ToLower(from[:len(from)-len(p.rest)])
	if !p.take("(") {
		if !slices.Contains(plainPseudos, name) {
			p.fail(":%s cannot be used here", name)
		}
		return
	}
	switch {
	case slices.Contains(countedPseudos, name):
		p.counted()
	case depth >= maxNested:
		p.fail("more than %d functions are in each other", maxNested)
	case slices.Contains(listPseudos, name):
		p.list(depth + 1)
	case name == "has":
		// A browser tries it for every element: one is enough, and none in another.
		if p.relative++; p.relative > 1 || depth > 0 {
			p.fail(":has() can be used once, and not in another function")
			return
		}
		p.space()
		_ = p.take(">") || p.take("+") || p.take("~")
		p.list(depth + 1)
	default:
		p.fail(":%s() cannot be used here", name)
	}
	if p.space(); p.err == nil && !p.take(")") {
		p.fail(") is missing")
	}
}

var errCounted = errors.New("only a formula such as 2n+1, or odd or even, can be counted by")

func (p *selectorParser) counted() {
	end := strings.IndexByte(p.rest, ')')
	if end < 0 {
		p.fail(") is missing")
		return
	}
	formula := strings.ToLower(strings.TrimSpace(p.rest[:end]))
	p.rest = p.rest[end:]
	if formula == "odd" || formula == "even" {
		return
	}
	step, offset, isStep := strings.Cut(formula, "n")
	if isStep {
		if !isCount(step, true) || offset != "" && !(isCount(offset, false) && (offset[0] == '+' || offset[0] == '-')) {
			p.fail("%w", errCounted)
		}
	} else if !isCount(step, false) {
		p.fail("%w", errCounted)
	}
}

// isCount accepts a whole number with a sign; alone says that its digits may
// be missing.
func isCount(s string, alone bool) bool {
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || len(digits) > 6 || digits == "" && !alone {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}
