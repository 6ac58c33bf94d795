package rewrite

import "math"

// parser is a recursive-descent parser of ECMAScript that builds no tree: it
// follows the grammar just so far that it knows which slash is a division, which
// names are bound where, and where the expressions begin and end that have to be
// edited. It accepts more than the language does and panics with syntaxError on
// what it cannot follow.
type parser struct {
	lexer
	skimmer
	script Script
	edits  []edit

	refs   []ref
	scopes []scope
	depth  int

	navigations [][2]int // values of global variables named location

	functions int // around the token at hand, and classes

	// The variables that patterns have taken location and top into, of the
	// bindings at hand and of what may turn out to be some.
	taken     []taken
	inBinding bool

	variable bool // self, parent or frames was met in front of a bracket, while p.indexed is not set
	awaits   bool // await was taken for a name in front of what may be an operand

	imports bool // an import or export declaration was seen: it is a module
	mode
}

// mode is what the surroundings say about the expression at hand.
type mode struct {
	async, generator bool // await and yield are operators
	fixed            bool // in the callee of new: a call put there would change the meaning
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
	open, last int  // or of the value assigned

	member string // not "": used for a member by a computed name, by way of that
}

// taken is a variable that a pattern takes location or top into.
type taken struct {
	name  string
	depth int // of the pattern, which says whether it is in another
}

// expr is what an expression turned out to be.
type expr struct {
	start    int
	kind     exprKind
	ref      int  // of exprName: index in refs, or -1
	optional bool // a chain with "?." that is not in parentheses
	global   bool // a name that windows or documents have
	variable bool // and variables, often
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
	p.module = p.module || kind == ScriptModule
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

// skip passes the bracket at hand and what is in it if nothing there concerns
// us. It reports false for other tokens.
func (p *parser) skip() bool {
	if p.kind != tokPunct || p.op != '(' && p.op != '[' && p.op != '{' {
		return false
	}
	if !p.passes(p.start) {
		return false
	}
	p.pos = int(p.cold[p.passed].end)
	p.end = p.pos
	p.next()
	return true
}

// passes reports whether p.cold[p.passed] is the pair of brackets that begins at
// start.
func (p *parser) passes(start int) bool {
	s := &p.skimmer
	if start >= s.skimmed {
		s.run(p.src, start, p.functions > 0)
	}
	for s.passed < len(s.cold) && int(s.cold[s.passed].start) < start {
		s.passed++
	}
	return s.passed < len(s.cold) && int(s.cold[s.passed].start) == start
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
	if w == wordOther || w > wFrames {
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
	switch w := name.word; {
	case w == wLocation, w == wTop, w == wEval:
	case p.indexed && w >= wSelf && w <= wFrames:
	default:
		return -1
	}
	p.refs = append(p.refs, ref{word: name.word, start: name.start, end: name.end})
	return len(p.refs) - 1
}

// ---- statements (ECMA-262 §14)

func (p *parser) block() {
	if p.skip() {
		return
	}
	p.open(scope{})
	p.braces()
	p.close()
}

func (p *parser) braces() {
	if p.skip() {
		return
	}
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
	taken := len(p.taken)
	switch {
	case p.at('{'):
		p.block()
	case p.at(';'):
		p.next()
	case p.at('@'):
		p.decorated()
	case p.kind == tokName && !p.escaped && p.word >= wAs && p.keywordStatement():
	default:
		p.expressionStatement()
	}
	p.taken = p.taken[:taken]
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
	if p.skip() {
		return
	}
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
	var names []string
	switch {
	case p.at(';'):
	case p.keyword(wVar), p.keyword(wConst), (p.keyword(wLet) || p.keyword(wUsing) || p.keyword(wAwait)) && p.beginsLexical():
		names = p.declaration(p.keyword(wVar), true)
	default:
		first, taken, edits := len(p.refs), len(p.taken), len(p.edits)
		e := p.expression(true)
		if p.keyword(wOf) || p.keyword(wIn) {
			p.assigned(e, first, edits)
			names = p.takenFrom(taken, 0, true)
		}
		p.taken = p.taken[:taken]
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
	start := p.start
	p.statement()
	if len(names) > 0 { // in braces of its own: the body may bind the same names
		p.edits = append(p.edits,
			edit{start: start, end: start, kind: editOpen, order: math.MinInt, text: markBody + "{" + replacing(names, ";") + markBodyEnd},
			edit{start: p.prevEnd, end: p.prevEnd, kind: editClose, order: math.MaxInt, text: closingBody})
	}
	p.close()
}

func (p *parser) switchStatement() {
	p.next()
	p.parens()
	if p.skip() {
		return
	}
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
		if p.at('(') && !p.skip() {
			p.next()
			first, within := len(p.taken), p.inBinding
			p.inBinding = true
			p.binding(false)
			p.inBinding = within
			p.expect(')')
			p.replaceTaken(first)
		}
		p.block()
		p.close()
	}
	if p.eatWord(wFinally) {
		p.block()
	}
}

// declaration parses var, let, const, using or await using and its bindings. What
// patterns in patterns take is replaced at once, by one more binding that binds
// nothing; in the head of a loop that goes over values it has to be replaced in
// the body, and is returned.
func (p *parser) declaration(isVar, noIn bool) (names []string) {
	p.eatWord(wAwait)
	keyword := p.token
	p.next()
	global := isVar && (p.script.Kind == ScriptClassic || p.script.Kind == ScriptEval) && p.isTop()
	first, replaced, within := len(p.taken), false, p.inBinding
	for {
		location := global && p.kind == tokName && p.word == wLocation
		p.inBinding = !global
		hasKey := p.binding(isVar)
		p.inBinding = within
		if p.at('=') {
			p.next()
			p.initializer(hasKey, location, noIn)
			if names := p.takenFrom(first, p.depth+1, false); len(names) > 0 {
				p.insertAfter(p.prevEnd, markBody+",{}=["+replacing(names, ",")+"]"+markBodyEnd)
				replaced = true
			}
		} else if names = p.takenFrom(first, 0, false); len(names) > 0 {
			replaced = true
		}
		p.taken = p.taken[:first]
		if !p.eat(',') {
			break
		}
	}
	if replaced && keyword.word == wConst {
		p.edit(keyword.start, keyword.end, markConst)
	}
	return names
}

// insertAfter puts text behind what ends there.
func (p *parser) insertAfter(at int, text string) {
	p.edits = append(p.edits, edit{start: at, end: at, kind: editClose, order: math.MaxInt, text: text})
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
	first, taken := len(p.refs), len(p.taken)
	p.assignment(noIn)
	p.notTargets(first)
	p.taken = p.taken[:taken]
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
	case p.skip():
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
			key := p.token
			hasKey = p.propertyName() || hasKey
			target := key
			if p.eat(':') {
				target = p.token
				p.bindingElement(isVar)
			} else if key.kind == tokName {
				p.declare(key.word, isVar)
				if p.eat('=') {
					p.initializer(false, false, false)
				}
			} else {
				p.fail()
			}
			if p.inBinding {
				p.take(key, target)
			}
		}
		if !p.at('}') {
			p.expect(',')
		}
	}
	return hasKey
}

// take notes that a pattern takes location or top into the variable target.
func (p *parser) take(key, target token) {
	w := key.word
	if key.kind == tokString {
		w = wordOf(p.src[key.start+1 : key.end-1])
	}
	if target.kind == tokName && (w == wLocation || w == wTop) {
		p.taken = append(p.taken, taken{string(p.src[target.start:target.end]), p.depth})
	}
}

// takenFrom returns the variables that were taken since first by patterns deeper
// than depth. In an assignment those of our names are perhaps the window's, and
// left out.
func (p *parser) takenFrom(first, depth int, assignment bool) (names []string) {
	for _, t := range p.taken[first:] {
		if t.depth > depth && !(assignment && (t.name == "location" || t.name == "top")) {
			names = append(names, t.name)
		}
	}
	return names
}

// replacing is code that replaces what variables hold.
func replacing(names []string, separator string) string {
	text := ""
	for i, name := range names {
		if i > 0 {
			text += separator
		}
		text += name + "=$tandem.v(" + name + ")"
	}
	if separator == ";" {
		text += ";"
	}
	return text
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
		first, taken := len(p.refs), len(p.taken)
		p.assignment(false)
		p.notTargets(first)
		p.taken = p.taken[:taken]
		p.expect(']')
		return false
	}
	p.next()
	return ours
}

// isOurString reports whether a string spells a name we stand in for.
func (p *parser) isOurString(t token) bool {
	text := p.src[t.start+1 : t.end-1]
	return len(text) <= maxWord && wordOf(text).isOurs()
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
	p.functions++
	first, within := len(p.taken), p.inBinding
	p.inBinding = true
	p.parameters()
	p.replaceTaken(first)
	p.inBinding = false
	p.braces()
	p.inBinding = within
	p.functions--
	p.mode = saved
	p.close()
}

// replaceTaken has the body at hand begin by replacing what came out of a window
// or document that was passed as an argument. It reports whether that has to be
// closed.
func (p *parser) replaceTaken(first int) (open bool) {
	names := p.takenFrom(first, 0, false)
	p.taken = p.taken[:first]
	if len(names) == 0 {
		return false
	}
	text, at := "("+replacing(names, ",")+",", p.start
	block := p.at('{')
	if block {
		text, at = replacing(names, ";"), p.end
	}
	p.edits = append(p.edits, edit{start: at, end: at, kind: editOpen, order: math.MinInt, text: markBody + text + markBodyEnd})
	return !block
}

func (p *parser) parameters() {
	if p.skip() {
		return
	}
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
}

// arrow parses "=>" and the body. The refs from first on were recorded in what
// turned out to be its parameters.
func (p *parser) arrow(first, taken int, async, noIn bool) {
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
	open := p.replaceTaken(taken)
	within := p.inBinding
	p.inBinding = false
	if p.at('{') {
		p.braces()
	} else {
		p.assignment(noIn)
	}
	p.inBinding = within
	if open {
		p.edits = append(p.edits, edit{start: p.prevEnd, end: p.prevEnd, kind: editClose, text: closing})
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
		start, before := p.start, len(p.edits)
		p.leftHandSide()
		if len(p.edits) > before {
			p.wrap(mark+"(", start, p.prevEnd) // no calls in the middle of a decorator
		}
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
	if !p.skip() {
		p.expect('{')
		p.functions++
		for !p.eat('}') {
			p.member()
		}
		p.functions--
	}
	p.close()
}

func (p *parser) bit(w word) uint {
	if w > wFrames || w == wordOther {
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
