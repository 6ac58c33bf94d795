package rewrite

import "bytes"

// parser is a recursive-descent parser of ECMAScript that builds no tree: it
// follows the grammar just so far that it knows which slash is a division, which
// names are bound where, and where the expressions begin and end that have to be
// edited. It accepts more than the language does and panics with syntaxError on
// what it cannot follow.
type parser struct {
	lexer
	script Script
	edits  []edit

	refs   []ref
	scopes []scope
	depth  int

	navigations [][2]int // values of global variables named location

	imports bool // an import or export declaration was seen: it is a module
	mode
}

// mode is what the surroundings say about the expression at hand.
type mode struct {
	async, generator bool // await and yield are operators
	fixed            bool // in the callee of new, or a decorator: a call put there would change the meaning
}

// maxDepth bounds the recursion. No program of people or bundlers comes near it.
const maxDepth = 3000

// scope is a block or function. Its refs are those from refs on.
type scope struct {
	declared uint // bits of words
	refs     int
	function bool // var declarations end here
	dynamic  bool // the body of with: names may mean properties
}

// ref is a use of one of the names the rewriter looks for, not yet known to be
// free. Uses of other names are not recorded.
type ref struct {
	word       word
	start, end int
	shorthand  bool // {location}
	write      bool // assigned to, or deleted
	target     bool // stands where a binding would, should this be a pattern
	dynamic    bool

	call       bool // of eval, with arguments at open up to last
	open, last int
}

// expr is what an expression turned out to be.
type expr struct {
	start    int
	kind     exprKind
	ref      int  // of exprName: index in refs, or -1
	optional bool // a chain with "?." that is not in parentheses
	hasKey   bool // of exprObject: has a key that a pattern could take from a window
}

type exprKind byte

const (
	exprOther exprKind = iota
	exprName
	exprObject
	exprArray
	exprLiteral // of a type that has no location
	exprSuper
)

// parse goes over the whole source and leaves the edits.
func (p *parser) parse() {
	kind := p.script.Kind
	p.module = kind == ScriptModule
	p.open(scope{function: true})
	p.next()
	for p.kind != tokEOF {
		p.statement()
	}
	if kind == ScriptClassic && !p.imports || kind == ScriptEval {
		p.scopes[0].declared = 0 // var location at the top of a script is the window's
		for _, v := range p.navigations {
			p.wrap("$tandem.url(", v[0], v[1])
		}
	}
	p.close()
	for i := range p.refs {
		p.resolve(&p.refs[i])
	}
}

// ---- tokens

func (p *parser) is(s uint32) bool { return p.kind == tokPunct && p.op == s }

func (p *parser) at(c byte) bool { return p.kind == tokPunct && p.op == uint32(c) }

func (p *parser) eat(c byte) bool {
	if p.at(c) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(c byte) {
	if !p.eat(c) {
		p.fail()
	}
}

// keyword reports whether the token is that reserved word.
func (p *parser) keyword(w word) bool {
	return p.word == w && p.kind == tokName && !p.escaped
}

func (p *parser) eatWord(w word) bool {
	if p.keyword(w) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expectWord(w word) {
	if !p.eatWord(w) {
		p.fail()
	}
}

func (p *parser) semicolon() {
	if p.eat(';') || p.at('}') || p.kind == tokEOF || p.newline {
		return
	}
	p.fail()
}

// peek returns the token after the current one.
func (p *parser) peek() token {
	saved := p.lexer
	p.next()
	t := p.token
	p.lexer = saved
	return t
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail()
	}
}

func (p *parser) leave() { p.depth-- }

// inside sets the mode for what is in brackets, which only functions change
// otherwise, and returns the mode to go back to.
func (p *parser) inside() mode {
	saved := p.mode
	p.fixed = false
	return saved
}

// ---- scopes

func (p *parser) open(s scope) {
	s.refs = len(p.refs)
	p.scopes = append(p.scopes, s)
}

// close ends the innermost scope. What it does not declare its parent may.
func (p *parser) close() {
	s := p.scopes[len(p.scopes)-1]
	p.scopes = p.scopes[:len(p.scopes)-1]
	kept := p.refs[:s.refs]
	for _, r := range p.refs[s.refs:] {
		if s.declared&(1<<r.word) == 0 {
			r.dynamic = r.dynamic || s.dynamic
			r.target = false
			kept = append(kept, r)
		}
	}
	p.refs = kept
}

// declare binds a name in the block at hand, or if it is a var in the function.
func (p *parser) declare(w word, isVar bool) {
	if w == wordOther || w > wPostMessage {
		return
	}
	i := len(p.scopes) - 1
	for isVar && !p.scopes[i].function {
		i--
	}
	p.scopes[i].declared |= 1 << w
}

// reference records a use of a name and returns its index, or -1.
func (p *parser) reference(name token) int {
	if name.word != wLocation && name.word != wTop && name.word != wEval {
		return -1
	}
	p.refs = append(p.refs, ref{word: name.word, start: name.start, end: name.end})
	return len(p.refs) - 1
}

// ---- statements (ECMA-262 §14)

func (p *parser) block() {
	p.open(scope{})
	p.braces()
	p.close()
}

func (p *parser) braces() {
	p.expect('{')
	for !p.at('}') {
		if p.kind == tokEOF {
			p.fail()
		}
		p.statement()
	}
	p.next()
}

func (p *parser) statement() {
	p.enter()
	switch {
	case p.at('{'):
		p.block()
	case p.at(';'):
		p.next()
	case p.at('@'):
		p.decorated()
	case p.kind == tokName && !p.escaped && p.word > wPostMessage && p.keywordStatement():
	default:
		p.expressionStatement()
	}
	p.leave()
}

// keywordStatement parses a statement that begins with a keyword, and reports
// false if the word is a mere name here.
func (p *parser) keywordStatement() bool {
	switch p.word {
	case wVar, wConst:
		p.declaration(p.word == wVar, false)
		p.semicolon()
	case wLet, wUsing, wAwait:
		if !p.beginsLexical() {
			return false
		}
		p.declaration(false, false)
		p.semicolon()
	case wFunction:
		p.functionDeclaration(false)
	case wAsync:
		if t := p.peek(); t.kind != tokName || t.word != wFunction || t.newline {
			return false
		}
		p.next()
		p.functionDeclaration(true)
	case wClass:
		p.class(true)
	case wIf:
		p.ifStatement()
	case wFor:
		p.forStatement()
	case wWhile:
		p.next()
		p.parens()
		p.statement()
	case wDo:
		p.next()
		p.statement()
		p.expectWord(wWhile)
		p.parens()
		p.eat(';')
	case wWith:
		p.next()
		p.parens()
		p.open(scope{dynamic: true})
		p.statement()
		p.close()
	case wReturn, wThrow:
		p.next()
		if !p.newline && !p.at(';') && !p.at('}') && p.kind != tokEOF {
			p.expression(false)
		}
		p.semicolon()
	case wBreak, wContinue:
		p.next()
		if p.kind == tokName && !p.newline {
			p.next() // a label, even if its name is top
		}
		p.semicolon()
	case wDebugger:
		p.next()
		p.semicolon()
	case wSwitch:
		p.switchStatement()
	case wTry:
		p.tryStatement()
	case wImport:
		if t := p.peek(); t.kind == tokPunct && (t.op == '(' || t.op == '.') {
			return false
		}
		p.importDeclaration()
	case wExport:
		p.exportDeclaration()
	default:
		return false
	}
	return true
}

// beginsLexical reports whether let, using or await using declares something here
// and is not a name.
func (p *parser) beginsLexical() bool {
	t := p.peek()
	switch p.word {
	case wLet:
		return t.kind == tokPunct && (t.op == '[' || t.op == '{') ||
			t.kind == tokName && (t.word != wIn && t.word != wInstanceof && t.word != wOf || t.escaped)
	case wUsing:
		return t.kind == tokName && !t.newline && t.word != wIn && t.word != wInstanceof && t.word != wOf
	}
	if t.kind != tokName || t.word != wUsing || t.newline {
		return false
	}
	saved := p.lexer
	p.next()
	using := p.beginsLexical()
	p.lexer = saved
	return using
}

func (p *parser) parens() {
	p.expect('(')
	p.expression(false)
	p.expect(')')
}

func (p *parser) expressionStatement() {
	first := len(p.refs)
	e := p.expression(false)
	if e.kind == exprName && p.eat(':') { // it was a label
		p.refs = p.refs[:first]
		p.statement()
		return
	}
	p.semicolon()
}

func (p *parser) ifStatement() {
	for {
		p.next()
		p.parens()
		p.statement()
		if !p.eatWord(wElse) {
			return
		}
		if !p.keyword(wIf) { // else if in a loop: generated code has thousands
			p.statement()
			return
		}
	}
}

func (p *parser) forStatement() {
	p.next()
	p.eatWord(wAwait)
	p.expect('(')
	p.open(scope{})
	switch {
	case p.at(';'):
	case p.keyword(wVar), p.keyword(wConst), (p.keyword(wLet) || p.keyword(wUsing) || p.keyword(wAwait)) && p.beginsLexical():
		p.declaration(p.keyword(wVar), true)
	default:
		first := len(p.refs)
		e := p.expression(true)
		if p.keyword(wOf) || p.keyword(wIn) {
			p.assigned(e, first)
		}
	}
	if p.eatWord(wOf) || p.eatWord(wIn) {
		p.expression(false)
	} else {
		p.expect(';')
		if !p.at(';') {
			p.expression(false)
		}
		p.expect(';')
		if !p.at(')') {
			p.expression(false)
		}
	}
	p.expect(')')
	p.statement()
	p.close()
}

func (p *parser) switchStatement() {
	p.next()
	p.parens()
	p.expect('{')
	p.open(scope{})
	for !p.eat('}') {
		if p.eatWord(wDefault) {
			p.expect(':')
		} else if p.eatWord(wCase) {
			p.expression(false)
			p.expect(':')
		} else {
			if p.kind == tokEOF {
				p.fail()
			}
			p.statement()
		}
	}
	p.close()
}

func (p *parser) tryStatement() {
	p.next()
	p.block()
	if p.eatWord(wCatch) {
		p.open(scope{})
		if p.eat('(') {
			p.binding(false)
			p.expect(')')
		}
		p.block()
		p.close()
	}
	if p.eatWord(wFinally) {
		p.block()
	}
}

// declaration parses var, let, const, using or await using and its bindings.
func (p *parser) declaration(isVar, noIn bool) {
	p.eatWord(wAwait)
	p.next()
	global := isVar && p.script.Kind == ScriptClassic && p.isTop()
	for {
		location := global && p.kind == tokName && p.word == wLocation
		hasKey := p.binding(isVar)
		if p.at('=') {
			p.next()
			p.initializer(hasKey, location, noIn)
		}
		if !p.eat(',') {
			return
		}
	}
}

// isTop reports whether a var here belongs to the script itself.
func (p *parser) isTop() bool {
	for _, s := range p.scopes[1:] {
		if s.function {
			return false
		}
	}
	return true
}

// initializer parses the value of a binding or assignment. A pattern takes
// location and top out of what $tandem.o makes of the value; a global var named
// location navigates, as in the site.
func (p *parser) initializer(hasKey, location, noIn bool) {
	start := p.start
	first := len(p.refs)
	p.assignment(noIn)
	p.notTargets(first)
	switch {
	case hasKey:
		p.wrap("$tandem.o(", start, p.prevEnd)
	case location:
		p.navigations = append(p.navigations, [2]int{start, p.prevEnd})
	}
}

// binding parses a binding identifier or pattern and reports whether it is an
// object pattern that takes one of our names.
func (p *parser) binding(isVar bool) (hasKey bool) {
	p.enter()
	switch {
	case p.kind == tokName:
		p.declare(p.word, isVar)
		p.next()
	case p.at('['):
		p.next()
		for !p.eat(']') {
			if p.eat(',') {
				continue
			}
			if p.is(opEllipsis) {
				p.next()
			}
			p.bindingElement(isVar)
			if !p.at(']') {
				p.expect(',')
			}
		}
	case p.at('{'):
		hasKey = p.objectBinding(isVar)
	default:
		p.fail()
	}
	p.leave()
	return hasKey
}

func (p *parser) bindingElement(isVar bool) {
	hasKey := p.binding(isVar)
	if p.eat('=') {
		p.initializer(hasKey, false, false)
	}
}

func (p *parser) objectBinding(isVar bool) (hasKey bool) {
	p.next()
	for !p.eat('}') {
		if p.is(opEllipsis) {
			p.next()
			p.binding(isVar)
		} else {
			w, isName := p.word, p.kind == tokName
			hasKey = p.propertyName() || hasKey
			if p.eat(':') {
				p.bindingElement(isVar)
			} else if isName {
				p.declare(w, isVar)
				if p.eat('=') {
					p.initializer(false, false, false)
				}
			} else {
				p.fail()
			}
		}
		if !p.at('}') {
			p.expect(',')
		}
	}
	return hasKey
}

// propertyName parses the name of a property and reports whether it is one that a
// window or document has and we stand in for.
func (p *parser) propertyName() (ours bool) {
	switch p.kind {
	case tokName:
		ours = p.word.isOurs()
	case tokString:
		ours = p.isOurString(p.token)
	case tokNumber, tokPrivate:
	default:
		p.expect('[')
		first := len(p.refs)
		p.assignment(false)
		p.notTargets(first)
		p.expect(']')
		return false
	}
	p.next()
	return ours
}

// isOurString reports whether a string spells a name we stand in for.
func (p *parser) isOurString(t token) bool {
	text := p.src[t.start+1 : t.end-1]
	return len(text) <= maxWord && words[string(text)].isOurs()
}

func (w word) isOurs() bool { return w >= wLocation && w <= wPostMessage }

// ---- functions and classes (§15)

func (p *parser) functionDeclaration(async bool) {
	p.next()
	generator := p.eat('*')
	if p.kind == tokName {
		p.declare(p.word, false)
		p.declare(p.word, true) // in sloppy mode it is a var too (Annex B.3.2)
		p.next()
	}
	p.function(async, generator, wordOther)
}

// function parses parameters and body.
func (p *parser) function(async, generator bool, name word) {
	p.open(scope{function: true})
	p.declare(name, true)
	saved := p.mode
	p.mode = mode{async: async, generator: generator}
	p.expect('(')
	for !p.eat(')') {
		p.decorators()
		if p.is(opEllipsis) {
			p.next()
		}
		p.bindingElement(true)
		if !p.at(')') {
			p.expect(',')
		}
	}
	p.braces()
	p.mode = saved
	p.close()
}

// arrow parses "=>" and the body. The refs from first on were recorded in what
// turned out to be its parameters.
func (p *parser) arrow(first int, async, noIn bool) {
	p.open(scope{function: true})
	s := &p.scopes[len(p.scopes)-1]
	s.refs = first
	kept := p.refs[:first]
	for _, r := range p.refs[first:] {
		if r.target {
			s.declared |= 1 << r.word
		} else {
			kept = append(kept, r)
		}
	}
	p.refs = kept
	saved := p.mode
	p.mode = mode{async: async}
	p.next()
	if p.at('{') {
		p.braces()
	} else {
		p.assignment(noIn)
	}
	p.mode = saved
	p.close()
}

// decorated parses a class behind its decorators.
func (p *parser) decorated() {
	p.decorators()
	switch {
	case p.keyword(wExport):
		p.exportDeclaration()
	case p.keyword(wClass):
		p.class(true)
	default:
		p.fail()
	}
}

func (p *parser) decorators() {
	for p.at('@') {
		p.next()
		saved := p.mode
		p.fixed = true
		p.leftHandSide()
		p.mode = saved
	}
}

func (p *parser) class(declaration bool) {
	p.next()
	p.open(scope{})
	if p.kind == tokName && !p.keyword(wExtends) {
		if declaration {
			p.scopes[len(p.scopes)-2].declared |= p.bit(p.word)
		}
		p.declare(p.word, false)
		p.next()
	}
	if p.eatWord(wExtends) {
		p.leftHandSide()
	}
	p.expect('{')
	for !p.eat('}') {
		p.member()
	}
	p.close()
}

func (p *parser) bit(w word) uint {
	if w > wPostMessage || w == wordOther {
		return 0
	}
	return 1 << w
}

func (p *parser) member() {
	if p.eat(';') {
		return
	}
	p.decorators()
	if p.keyword(wStatic) {
		t := p.peek()
		if t.kind == tokPunct && t.op == '{' {
			p.next()
			p.open(scope{function: true})
			saved := p.mode
			p.mode = mode{}
			p.braces()
			p.mode = saved
			p.close()
			return
		}
		if !endsName(t) {
			p.next()
		}
	}
	if p.keyword(wAccessor) {
		if t := p.peek(); !endsName(t) && !t.newline {
			p.next()
		}
	}
	if p.method() {
		return
	}
	if p.eat('=') {
		p.open(scope{function: true})
		saved := p.mode
		p.mode = mode{}
		p.assignment(false)
		p.mode = saved
		p.close()
	}
	p.semicolon()
}

// endsName reports whether a word before t is itself the name of a member.
func endsName(t token) bool {
	if t.kind == tokEOF {
		return true
	}
	if t.kind != tokPunct {
		return false
	}
	switch t.op {
	case '(', '=', ';', '}', ',', ':':
		return true
	}
	return false
}

// method parses the modifiers and the name of a member of a class or object, and
// the rest if it is a method.
func (p *parser) method() bool {
	async, generator, accessor := false, false, false
	if p.keyword(wAsync) {
		if t := p.peek(); !endsName(t) && !t.newline {
			async = true
			p.next()
		}
	} else if p.keyword(wGet) || p.keyword(wSet) {
		if t := p.peek(); !endsName(t) && !(t.kind == tokPunct && t.op == '*') {
			accessor = true
			p.next()
		}
	}
	if p.eat('*') {
		generator = true
	}
	p.propertyName()
	if p.at('(') {
		p.function(async, generator, wordOther)
		return true
	}
	if async || generator || accessor {
		p.fail()
	}
	return false
}

// ---- modules (§16.2)

func (p *parser) importDeclaration() {
	p.imports = true
	p.next()
	if p.kind != tokString {
		p.importClause()
		p.expectWord(wFrom)
	}
	p.specifier()
}

func (p *parser) importClause() {
	for !p.keyword(wFrom) || p.isImportedName() {
		switch {
		case p.eat('*'):
			p.expectWord(wAs)
			p.binding(false)
		case p.eat('{'):
			for !p.eat('}') {
				w := p.word
				p.next()
				if p.eatWord(wAs) {
					w = p.word
					p.next()
				}
				p.declare(w, false)
				if !p.at('}') {
					p.expect(',')
				}
			}
		case p.kind == tokName: // a default import, or defer or source before one
			p.declare(p.word, false)
			p.next()
		default:
			p.fail()
		}
		p.eat(',')
	}
}

// isImportedName tells "import from from 'x'".
func (p *parser) isImportedName() bool {
	t := p.peek()
	return t.kind == tokName && t.word == wFrom || t.kind == tokPunct && t.op == ','
}

// specifier parses a module's address and its attributes.
func (p *parser) specifier() {
	if p.kind != tokString {
		p.fail()
	}
	p.mapSpecifier()
	p.next()
	if p.keyword(wWith) || !p.newline && p.kind == tokName && string(p.src[p.start:p.end]) == "assert" {
		p.next()
		p.primary()
	}
	p.semicolon()
}

func (p *parser) exportDeclaration() {
	p.imports = true
	p.next()
	switch {
	case p.eatWord(wDefault):
		p.exportDefault()
		return
	case p.eat('*'):
		if p.eatWord(wAs) {
			p.next()
		}
		p.expectWord(wFrom)
		p.specifier()
	case p.eat('{'):
		for !p.eat('}') {
			p.next() // a name bound in this module, or a string
			if p.eatWord(wAs) {
				p.next()
			}
			if !p.at('}') {
				p.expect(',')
			}
		}
		if p.eatWord(wFrom) {
			p.specifier()
		} else {
			p.semicolon()
		}
	default:
		p.statement()
	}
}

func (p *parser) exportDefault() {
	switch {
	case p.keyword(wFunction), p.keyword(wClass), p.at('@'):
		p.statement()
	case p.keyword(wAsync):
		if t := p.peek(); t.kind == tokName && t.word == wFunction && !t.newline {
			p.statement()
			return
		}
		fallthrough
	default:
		p.assignment(false)
		p.semicolon()
	}
}

// ---- expressions (§13)

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
	first := len(p.refs)
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
		p.arrow(first, async, noIn)
		return expr{start: e.start}
	case p.isAssignment():
		p.assigned(e, first)
		hasKey := e.kind == exprObject && e.hasKey && p.at('=')
		p.next()
		p.initializer(hasKey, false, noIn)
		e.kind = exprOther
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

// assigned marks the uses in e as targets of an assignment.
func (p *parser) assigned(e expr, first int) {
	switch e.kind {
	case exprName:
		if e.ref >= 0 {
			p.refs[e.ref].write = true
		}
	case exprArray, exprObject:
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
		e.kind = exprOther
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
		e.kind = exprOther
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
			p.assigned(e, len(p.refs))
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
			return p.module
		}
		return false
	}
	return !isOperatorWord(t) && !t.newline
}

func (p *parser) postfix() expr {
	e := p.leftHandSide()
	if (p.is(opInc) || p.is(opDec)) && !p.newline {
		p.assigned(e, len(p.refs))
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
	if p.keyword(wNew) {
		p.newExpression()
	} else if p.keyword(wImport) {
		p.importExpression()
	} else {
		p.primary()
	}
	p.members()
	p.mode = saved
	if p.at('(') {
		p.list()
	}
	return e
}

// members parses what may follow in the callee of new: no calls.
func (p *parser) members() {
	for {
		switch {
		case p.eat('.'):
			p.next()
		case p.at('['):
			p.index()
		case p.kind == tokTemplate:
			p.template()
		default:
			return
		}
	}
}

func (p *parser) index() {
	p.expect('[')
	first := len(p.refs)
	saved := p.inside()
	p.expression(false)
	p.mode = saved
	p.notTargets(first)
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
				p.edit(dot, dot+1, "?.")
			}
			p.next()
		case p.is(opOptional):
			p.next()
			p.optional(e, end)
			e.optional = true
		case p.at('['):
			if bracket := p.start; p.isOurIndex() && p.wrapObject(e, end) && e.optional {
				p.edit(bracket, bracket, "?.")
			}
			p.index()
		case p.at('('):
			p.call(e)
		case p.kind == tokTemplate:
			p.template()
		default:
			return e
		}
		e.kind = exprOther
	}
}

// optional parses what follows "?.".
func (p *parser) optional(e expr, end int) {
	switch {
	case p.at('('):
		p.list()
	case p.at('['):
		if p.isOurIndex() {
			p.wrapObject(e, end)
		}
		p.index()
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
	if p.fixed {
		return false
	}
	p.wrap("$tandem.o(", e.start, end)
	return true
}

func (p *parser) call(e expr) {
	open := p.start
	p.list()
	if e.kind != exprName || e.ref < 0 || p.fixed {
		return
	}
	if r := &p.refs[e.ref]; r.word == wEval {
		r.call, r.open, r.last = true, open+1, p.prevEnd-1
	}
}

// list parses "(…)": arguments, an expression in parentheses, or the parameters of
// what turns out to be an arrow function.
func (p *parser) list() {
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
		p.assignment(false)
		return false
	}
	name := p.token
	if p.method() {
		return false
	}
	hasKey = name.kind == tokName && name.word.isOurs() || name.kind == tokString && p.isOurString(name)
	if p.eat(':') {
		p.assignment(false)
		return hasKey
	}
	if name.kind != tokName {
		p.fail()
	}
	p.shorthand(name)
	return hasKey
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
		first := len(p.refs)
		p.next()
		p.expression(false)
		p.notTargets(first)
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
