package rewrite

import "bytes"

// Expressions (ECMA-262 §13).

func (p *parser) expression(noIn bool) expr {
	e := p.assignment(noIn)
	for p.eat(',') {
		e = p.assignment(noIn)
		e.kind = exprOther
	}
	return e
}

func (p *parser) assignment(noIn bool) expr {
	p.enter()
	e := p.assignment1(noIn)
	p.leave()
	return e
}

func (p *parser) assignment1(noIn bool) expr {
	first, taken, edits := len(p.refs), len(p.taken), len(p.edits)
	if p.keyword(wYield) && p.generator {
		return p.yield(noIn)
	}
	async := p.keyword(wAsync)
	if async {
		if t := p.peek(); t.kind == tokName && !t.newline && t.word != wFunction && (!isOperatorWord(t) || p.arrowFollows(t)) {
			p.next() // async x => …
		}
	}
	e := p.conditional(noIn)
	named := e.kind == exprName && e.ref >= 0
	switch {
	case p.is(opArrow):
		if named {
			p.refs[e.ref].target = true
		}
		p.uncover(edits)
		p.arrow(first, taken, async, noIn)
		return expr{start: e.start}
	case p.isAssignment():
		p.assigned(e, first, edits)
		plain := p.at('=')
		p.next()
		start := p.start
		p.initializer(plain && e.kind == exprObject && e.hasKey, false, noIn)
		if plain && named {
			p.refs[e.ref].open, p.refs[e.ref].last = start, p.prevEnd
		}
		if plain && (e.kind == exprObject || e.kind == exprArray) {
			p.replaceAssigned(e.start, p.takenFrom(taken, p.depth, true))
		}
		e.kind, e.global = exprOther, false
	}
	if named {
		p.refs[e.ref].target = true
	}
	return e
}

// arrowFollows tells "async of => 1" from "for await (async of x)".
func (p *parser) arrowFollows(t token) bool {
	return bytes.HasPrefix(bytes.TrimLeft(p.src[t.end:], " \t\r\n"), []byte("=>"))
}

func isOperatorWord(t token) bool {
	return !t.escaped && (t.word == wIn || t.word == wInstanceof || t.word == wOf)
}

// isAssignment reports whether the token is = or one of the likes of +=.
func (p *parser) isAssignment() bool {
	if p.kind != tokPunct || p.op&0xff != '=' {
		return false
	}
	switch p.op {
	case opEqual, opSame, opUnequal, opUnsame, opLessEqual, opMoreEqual:
		return false
	}
	return true
}

// replaceAssigned replaces what patterns in the pattern of an assignment took.
func (p *parser) replaceAssigned(start int, names []string) {
	if len(names) == 0 {
		return
	}
	first := len(p.edits)
	p.wrap("$tandem.f(", start, p.prevEnd)
	p.edits[first+1].text = markBody + "," + replacing(names, ",") + markBodyEnd + closing
	p.edits[first].cover, p.edits[first+1].cover = true, true
}

// assigned marks the uses in e as targets of an assignment. The edits from edits
// on are of e.
func (p *parser) assigned(e expr, first, edits int) {
	switch e.kind {
	case exprName:
		if e.ref >= 0 {
			p.refs[e.ref].write = true
		}
	case exprArray, exprObject:
		p.uncover(edits)
		for i := first; i < len(p.refs); i++ {
			if p.refs[i].target {
				p.refs[i].write = true
			}
		}
	}
}

func (p *parser) notTargets(first int) {
	for i := first; i < len(p.refs); i++ {
		p.refs[i].target = false
	}
}

func (p *parser) yield(noIn bool) expr {
	e := expr{start: p.start}
	p.next()
	if p.newline {
		return e
	}
	if !p.eat('*') {
		switch {
		case p.kind == tokEOF, p.kind == tokPunct && bytes.IndexByte([]byte(")]},;:"), byte(p.op)) >= 0 && p.op < 0x80,
			p.keyword(wIn), p.keyword(wOf):
			return e
		}
	}
	p.assignment(noIn)
	return e
}

func (p *parser) conditional(noIn bool) expr {
	e := p.binary(noIn)
	if p.eat('?') {
		e.kind, e.global = exprOther, false
		p.assignment(false)
		p.expect(':')
		p.assignment(noIn)
	}
	return e
}

// binary parses unary expressions and the operators between them. Which binds
// tighter makes no difference here.
func (p *parser) binary(noIn bool) expr {
	e := p.unary()
	for p.isBinary(noIn) {
		e.kind, e.global = exprOther, false
		p.next()
		p.unary()
	}
	return e
}

func (p *parser) isBinary(noIn bool) bool {
	switch p.kind {
	case tokName:
		return p.keyword(wIn) && !noIn || p.keyword(wInstanceof)
	case tokPunct:
		switch p.op {
		case '+', '-', '*', '/', '%', '<', '>', '&', '|', '^':
			return true
		case '!', '~', '?', ':', ';', ',', ')', ']', '}', '(', '[', '{', '=', '.', '@', opArrow, opInc, opDec, opOptional, opEllipsis:
			return false
		}
		return !p.isAssignment()
	}
	return false
}

func (p *parser) unary() expr {
	start, prefixed := p.start, false
	for p.isPrefix() {
		write := p.is(opInc) || p.is(opDec) || p.keyword(wDelete)
		p.next()
		prefixed = true
		if write && !p.isPrefix() {
			e := p.postfix()
			p.assigned(e, len(p.refs), len(p.edits))
			return expr{start: start}
		}
	}
	e := p.postfix()
	if prefixed {
		return expr{start: start}
	}
	return e
}

func (p *parser) isPrefix() bool {
	switch p.kind {
	case tokPunct:
		switch p.op {
		case '!', '~', '+', '-', opInc, opDec:
			return true
		}
	case tokName:
		if p.escaped {
			return false
		}
		switch p.word {
		case wTypeof, wVoid, wDelete:
			return true
		case wAwait:
			return p.async || p.beginsOperand()
		}
	}
	return false
}

// beginsOperand tells await at the top of a module from uses of it as a name.
// Whether a script is a module is not always known.
func (p *parser) beginsOperand() bool {
	t := p.peek()
	switch t.kind {
	case tokEOF, tokTemplate:
		return false
	case tokPunct:
		switch t.op {
		case '!', '~', '{':
			return true
		case '(', '[', '+', '-', '/', opInc, opDec, opDivSet:
			p.awaits = true
			return p.module
		}
		return false
	}
	return !isOperatorWord(t) && !t.newline
}

func (p *parser) postfix() expr {
	e := p.leftHandSide()
	if (p.is(opInc) || p.is(opDec)) && !p.newline {
		p.assigned(e, len(p.refs), len(p.edits))
		p.next()
		e.kind = exprOther
	}
	return e
}

// leftHandSide parses a primary expression and the members and calls after it.
func (p *parser) leftHandSide() expr {
	if p.keyword(wNew) {
		return p.chain(p.newExpression())
	}
	return p.chain(p.primary())
}

func (p *parser) newExpression() expr {
	e := expr{start: p.start}
	p.next()
	if p.eat('.') {
		p.next() // new.target
		return e
	}
	saved := p.mode
	p.fixed = true
	callee := expr{start: p.start}
	if p.keyword(wNew) {
		p.newExpression()
	} else if p.keyword(wImport) {
		p.importExpression()
	} else {
		callee = p.primary()
	}
	if p.members(callee) {
		p.wrap(mark+"(", callee.start, p.prevEnd)
	}
	p.mode = saved
	if p.at('(') {
		p.arguments()
	}
	return e
}

// members parses what may follow in the callee of new: no calls. It reports
// whether some were put there, which takes parentheses around it.
func (p *parser) members(e expr) (wrapped bool) {
	for {
		end := p.prevEnd
		switch {
		case p.eat('.'):
			wrapped = p.kind == tokName && p.word.isOurs() && p.wrapObject(e, end) || wrapped
			p.next()
		case p.at('['):
			if p.isOurIndex() {
				wrapped = p.wrapObject(e, end) || wrapped
				p.index()
			} else {
				wrapped = p.computed(e, end) || wrapped
			}
		case p.kind == tokTemplate:
			p.template()
		default:
			return wrapped
		}
		e.kind, e.global = exprOther, false
	}
}

// computed parses an index that may spell one of our names. If e may be a window or
// document, the member is taken from what $tandem.o makes of it; one that is
// called by way of $tandem.c, which sees to it that it is called on the window.
// It reports whether a call was put there for certain.
func (p *parser) computed(e expr, end int) bool {
	literal := p.isLiteralIndex()
	p.index()
	if literal || !e.global {
		return false
	}
	call := "$tandem.o("
	if p.at('(') && !p.fixed || p.is(opOptional) && p.peekAt('(') {
		call = "$tandem.c("
	}
	return p.wrapGlobal(call, e, end)
}

// wrapGlobal puts a window or document into a call, and reports true, or has that
// done if its name turns out to be free.
func (p *parser) wrapGlobal(call string, e expr, end int) bool {
	if e.variable && !p.indexed {
		p.variable = true
		p.fail()
	}
	if e.ref >= 0 {
		p.refs[e.ref].member = call
		return false
	}
	p.wrap(call, e.start, end)
	return true
}

// isLiteralIndex reports whether a string or number and nothing else is in the
// brackets that follow.
func (p *parser) isLiteralIndex() bool {
	t := p.peek()
	if t.kind != tokString && t.kind != tokNumber {
		return false
	}
	rest := bytes.TrimLeft(p.src[t.end:], " \t\r\n")
	return len(rest) > 0 && rest[0] == ']'
}

func (p *parser) peekAt(c byte) bool {
	t := p.peek()
	return t.kind == tokPunct && t.op == uint32(c)
}

func (p *parser) index() {
	if p.skip() {
		return
	}
	p.expect('[')
	first, taken := len(p.refs), len(p.taken)
	saved := p.inside()
	p.expression(false)
	p.mode = saved
	p.notTargets(first)
	p.taken = p.taken[:taken]
	p.expect(']')
}

func (p *parser) chain(e expr) expr {
	for {
		end := p.prevEnd
		switch {
		case p.at('.'):
			dot := p.start
			p.next()
			if p.kind != tokName && p.kind != tokPrivate {
				p.fail()
			}
			if p.kind == tokName && p.word.isOurs() && p.wrapObject(e, end) && e.optional {
				p.insert(dot, markDot)
			}
			p.next()
		case p.is(opOptional):
			p.next()
			p.optional(e, end)
			e.optional = true
		case p.at('['):
			if bracket := p.start; !p.isOurIndex() {
				p.computed(e, end)
			} else if p.index(); p.wrapObject(e, end) && e.optional {
				p.insert(bracket, mark+"?.")
			}
		case p.at('('):
			p.call(e)
		case p.kind == tokTemplate:
			p.template()
		default:
			return e
		}
		e.kind, e.global = exprOther, false
	}
}

// optional parses what follows "?.".
func (p *parser) optional(e expr, end int) {
	switch {
	case p.at('('):
		p.arguments()
	case p.at('['):
		if p.isOurIndex() {
			p.wrapObject(e, end)
			p.index()
		} else {
			p.computed(e, end)
		}
	case p.kind == tokTemplate:
		p.fail()
	default:
		if p.kind == tokName && p.word.isOurs() {
			p.wrapObject(e, end)
		}
		p.next()
	}
}

// isOurIndex reports whether ["location"], or the like, follows.
func (p *parser) isOurIndex() bool {
	t := p.peek()
	if t.kind != tokString || !p.isOurString(t) {
		return false
	}
	rest := bytes.TrimLeft(p.src[t.end:], " \t\r\n")
	return len(rest) > 0 && rest[0] == ']'
}

// wrapObject has a member of e, whose text ends at end, taken from what
// $tandem.o makes of it: e itself, unless that is a window or document. It
// reports false where that cannot be, or is in vain.
func (p *parser) wrapObject(e expr, end int) bool {
	switch e.kind {
	case exprSuper, exprLiteral, exprObject, exprArray:
		return false
	}
	p.wrap("$tandem.o(", e.start, end)
	return true
}

func (p *parser) call(e expr) {
	open, end := p.start, p.prevEnd
	if string(p.src[e.start:end]) == "async" {
		p.list() // the parameters of an arrow function, perhaps
	} else {
		p.arguments()
	}
	if e.kind != exprName || e.ref < 0 {
		return
	}
	if r := &p.refs[e.ref]; r.word == wEval {
		r.call, r.open, r.last = true, open+1, p.prevEnd-1
	}
}

// arguments parses "(…)": nothing in it is a target of what is around it.
func (p *parser) arguments() {
	first, taken := len(p.refs), len(p.taken)
	p.list()
	p.notTargets(first)
	p.taken = p.taken[:taken]
}

// list parses "(…)": arguments, an expression in parentheses, or the parameters of
// what turns out to be an arrow function.
func (p *parser) list() {
	if p.skip() {
		return
	}
	p.expect('(')
	saved := p.inside()
	for !p.eat(')') {
		if p.is(opEllipsis) {
			p.next()
		}
		p.assignment(false)
		if !p.at(')') {
			p.expect(',')
		}
	}
	p.mode = saved
}

func (p *parser) primary() expr {
	e := expr{start: p.start, ref: -1}
	switch p.kind {
	case tokName:
		return p.nameExpression(e)
	case tokNumber, tokString:
		e.kind = exprLiteral
		p.next()
	case tokPrivate:
		p.next() // #x in object
	case tokTemplate:
		e.kind = exprLiteral
		p.template()
	case tokPunct:
		switch p.op {
		case '(':
			p.list()
		case '[':
			e.kind = exprArray
			p.array()
		case '{':
			e.kind = exprObject
			e.hasKey = p.object()
		case '/', opDivSet:
			e.kind = exprLiteral
			p.regExp()
			p.next()
		case '@':
			p.decorators()
			p.class(false)
		default:
			p.fail()
		}
	default:
		p.fail()
	}
	return e
}

func (p *parser) nameExpression(e expr) expr {
	if !p.escaped {
		switch p.word {
		case wFunction:
			p.functionExpression(false)
			return e
		case wClass:
			p.class(false)
			return e
		case wAsync:
			if t := p.peek(); t.kind == tokName && t.word == wFunction && !t.newline {
				p.next()
				p.functionExpression(true)
				return e
			}
		case wImport:
			p.importExpression()
			return e
		case wSuper:
			e.kind = exprSuper
			p.next()
			return e
		case wThis:
			e.global = p.functions == 0 && p.script.Kind == ScriptClassic
			p.next()
			return e
		case wNew:
			return p.newExpression()
		case wBreak, wCase, wCatch, wConst, wContinue, wDebugger, wDefault, wDelete, wDo, wElse, wExport, wExtends,
			wFinally, wFor, wIf, wIn, wInstanceof, wReturn, wSwitch, wThrow, wTry, wTypeof, wVar, wVoid, wWhile, wWith:
			p.fail()
		}
	}
	e.kind = exprName
	e.ref = p.reference(p.token)
	e.global = p.word == wTop || p.word >= wSelf && p.word <= wGlobalThis
	e.variable = p.word >= wSelf && p.word <= wFrames
	p.next()
	return e
}

func (p *parser) functionExpression(async bool) {
	p.next()
	generator := p.eat('*')
	name := wordOther
	if p.kind == tokName {
		name = p.word
		p.next()
	}
	p.function(async, generator, name)
}

func (p *parser) array() {
	if p.skip() {
		return
	}
	p.expect('[')
	saved := p.inside()
	for !p.eat(']') {
		if p.eat(',') {
			continue
		}
		if p.is(opEllipsis) {
			p.next()
		}
		p.assignment(false)
		if !p.at(']') {
			p.expect(',')
		}
	}
	p.mode = saved
}

func (p *parser) object() (hasKey bool) {
	if p.skip() {
		return false
	}
	p.expect('{')
	saved := p.inside()
	for !p.eat('}') {
		hasKey = p.property() || hasKey
		if !p.at('}') {
			p.expect(',')
		}
	}
	p.mode = saved
	return hasKey
}

func (p *parser) property() (hasKey bool) {
	if p.is(opEllipsis) {
		p.next()
		first := len(p.edits)
		if e := p.assignment(false); e.global && p.wrapGlobal("$tandem.o(", e, p.prevEnd) {
			p.edits[first].cover, p.edits[first+1].cover = true, true
		}
		return false
	}
	name := p.token
	if p.method() {
		return false
	}
	hasKey = name.kind == tokName && name.word.isOurs() || name.kind == tokString && p.isOurString(name)
	if p.eat(':') {
		target := p.token
		p.assignment(false)
		if hasKey && p.endsTarget(target) {
			p.take(name, target)
		}
		return hasKey
	}
	if name.kind != tokName {
		p.fail()
	}
	p.take(name, name)
	p.shorthand(name)
	return hasKey
}

// endsTarget reports whether t is all there is of a target in a pattern, but for a
// default.
func (p *parser) endsTarget(t token) bool {
	rest := bytes.TrimLeft(p.src[t.end:], " \t\r\n")
	return len(rest) > 0 && (rest[0] == ',' || rest[0] == '}' || rest[0] == '=' && !bytes.HasPrefix(rest, []byte("=>")))
}

// shorthand parses {x} or, in a pattern, {x = value}.
func (p *parser) shorthand(name token) {
	if i := p.reference(name); i >= 0 {
		p.refs[i].shorthand, p.refs[i].target = true, true
	}
	if p.eat('=') {
		p.initializer(false, false, false)
	}
}

func (p *parser) template() {
	saved := p.inside()
	for p.templateChars() {
		if p.passes(p.pos - 1) {
			p.pos = int(p.cold[p.passed].end)
			continue
		}
		first, taken := len(p.refs), len(p.taken)
		p.next()
		p.expression(false)
		p.notTargets(first)
		p.taken = p.taken[:taken]
		if !p.at('}') {
			p.fail()
		}
	}
	p.mode = saved
	p.end = p.pos
	p.next()
}

// importExpression parses import(x), import.defer(x), import.source(x) and import.meta.
func (p *parser) importExpression() {
	start := p.start
	p.next()
	if p.eat('.') {
		if string(p.src[p.start:p.end]) == "meta" {
			if !p.fixed {
				p.wrap("$tandem.meta(", start, p.end)
			}
			p.next()
			return
		}
		p.next()
	}
	p.expect('(')
	saved := p.inside()
	arg, t := p.start, p.token
	first := len(p.refs)
	p.assignment(false)
	p.notTargets(first)
	if last := p.prevEnd; t.kind != tokString || t.end != last || mayHaveAuthority(p.src[t.start+1:t.end-1]) {
		p.wrap("$tandem.url(", arg, last)
	}
	for p.eat(',') && !p.at(')') {
		p.assignment(false)
	}
	p.mode = saved
	p.expect(')')
}
