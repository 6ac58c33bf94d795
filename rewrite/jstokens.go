package rewrite

// tokenEdits is the last resort, for scripts the parser does not understand: most
// likely broken ones, which no browser runs either, or syntax that is newer than
// the parser. It edits only what is safe to edit without knowing scopes: reads
// whose surroundings show that they are values, through $tandem.v and $tandem.o,
// which leave everything alone that is not the window's.
func tokenEdits(src []byte) []edit {
	p := &parser{lexer: lexer{src: src}}
	p.tokens()
	return p.edits
}

// tokens goes over the tokens as far as the lexer gets.
func (p *parser) tokens() {
	defer func() {
		if r := recover(); r != nil {
			if _, isSyntax := r.(syntaxError); !isSyntax {
				panic(r)
			}
		}
	}()
	var d slashRule
	var before token // the one before prev
	var prev token
	chain := -1 // where a plain chain of names, a.b.c, begins
	for {
		p.next()
		if p.kind == tokPunct && (p.op == '/' || p.op == opDivSet) && d.regExpAllowed(prev) {
			p.regExp()
		}
		if p.kind == tokPunct && p.op == '}' && d.endsSubstitution() || p.kind == tokTemplate {
			if p.templateChars() {
				d.push(braceTemplate, prev)
			}
			p.kind, p.op, p.end = tokString, 0, p.pos
		} else {
			d.follow(p.token, prev, before)
		}
		chain = p.tokenEdit(before, prev, chain)
		if p.kind == tokEOF {
			return
		}
		before, prev = prev, p.token
	}
}

// tokenEdit edits the name at hand if it is a value and returns where the chain of
// names it belongs to begins.
func (p *parser) tokenEdit(before, prev token, chain int) int {
	isDot := prev.kind == tokPunct && (prev.op == '.' || prev.op == opOptional)
	if p.kind != tokName {
		if p.at('.') || p.is(opOptional) {
			return chain
		}
		return -1
	}
	if isDot {
		if chain >= 0 && p.word.isOurs() && prev.op == '.' {
			p.wrap("$tandem.o(", chain, before.end)
		}
		return chain
	}
	if prev.kind == tokName && prev.word == wNew || prev.kind == tokPunct && prev.op == '@' {
		return -1
	}
	if next := p.peekSafe(); (p.word == wLocation || p.word == wTop) && next.kind == tokPunct && next.op == '.' {
		p.wrap("$tandem.v(", p.start, p.end)
		return -1
	}
	if p.word >= wAs && p.word != wThis {
		return -1
	}
	return p.start
}

// peekSafe is peek where the next token may be one the lexer cannot read alone.
func (p *parser) peekSafe() (t token) {
	saved := p.lexer
	defer func() {
		p.lexer = saved
		if r := recover(); r != nil {
			if _, isSyntax := r.(syntaxError); !isSyntax {
				panic(r)
			}
			t = token{}
		}
	}()
	p.next()
	return p.token
}

// slashRule tells division from regular expressions by the tokens before, without
// a grammar.
type slashRule struct {
	open []bracket
	last bracket // the one closed last
}

type bracket struct {
	kind    bracketKind
	control bool // "(" after if, while, for or with
}

type bracketKind byte

const (
	paren bracketKind = iota
	square
	braceBlock
	braceValue
	braceTemplate
)

func (d *slashRule) push(kind bracketKind, prev token) {
	control := false
	if kind == paren && prev.kind == tokName && !prev.escaped {
		switch prev.word {
		case wIf, wWhile, wFor, wWith:
			control = true
		}
	}
	d.open = append(d.open, bracket{kind, control})
}

func (d *slashRule) endsSubstitution() bool {
	n := len(d.open)
	if n == 0 || d.open[n-1].kind != braceTemplate {
		return false
	}
	d.open = d.open[:n-1]
	return true
}

func (d *slashRule) follow(t, prev, before token) {
	if t.kind != tokPunct {
		return
	}
	switch t.op {
	case '(':
		d.push(paren, prev)
	case '[':
		d.push(square, prev)
	case '{':
		kind := braceBlock
		if prev.kind == tokPunct && prev.op != ')' && prev.op != ';' && prev.op != '{' && prev.op != '}' && prev.op != opArrow && prev.op != ':' ||
			prev.kind == tokName && (prev.word == wReturn || prev.word == wTypeof || prev.word == wIn || prev.word == wOf) {
			kind = braceValue
		}
		d.push(kind, prev)
	case ')', ']', '}':
		if n := len(d.open); n > 0 {
			d.last = d.open[n-1]
			d.open = d.open[:n-1]
		}
	}
}

func (d *slashRule) regExpAllowed(prev token) bool {
	switch prev.kind {
	case tokEOF:
		return true
	case tokName:
		switch prev.word {
		case wReturn, wTypeof, wCase, wDelete, wVoid, wThrow, wNew, wIn, wOf, wInstanceof, wDo, wElse, wAwait, wYield:
			return !prev.escaped
		}
		return false
	case tokPunct:
		switch prev.op {
		case ')':
			return d.last.control
		case '}':
			return d.last.kind == braceBlock
		case ']', opInc, opDec:
			return false
		}
		return true
	}
	return false
}
