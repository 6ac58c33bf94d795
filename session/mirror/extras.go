package mirror

import (
	"slices"
	"strconv"
	"strings"
)

// What documents have beside their tree and its sheets: each is told whole and
// replaced whole, so all there is to keep of it is the last operation.

// extra is one animation, highlight, registered property, font or assigned
// slot.
type extra struct {
	op    string  // as it came
	nodes []int32 // ids it refers to; without one of them it is nothing
	clock clock   // of an animation
}

// extraKey names an extra: its operation's code and first operand.
type extraKey struct {
	code int
	name string
}

const (
	opState     = 16
	opAnimation = 17
	opClock     = 18
	opHighlight = 19
	opProperty  = 20
	opFont      = 21
	opSlot      = 22
	opAgain     = 23
)

// maxExtras bounds the extras of one document.
const maxExtras = 10_000

// states are what CSS asks about an element and only the leader's browser
// knows. At most one element of a document is in each, with those around it.
var states = []string{"hover", "active", "focus-visible", "target", "fullscreen", "editing"}

// stateOp reads which element is in a state.
func (a *applier) stateOp(start int) {
	name := a.strItem()
	at := a.nodeItem()
	if !slices.Contains(states, name) {
		if a.err == nil {
			a.dropOp(start)
		}
		return
	}
	if !a.end() {
		return
	}
	if k := a.tree.nodes[at].kind; k != documentKind && k != elementKind {
		a.fail(errPlace)
		return
	}
	a.tree.states[slices.Index(states, name)] = a.tree.nodes[at].id
}

// more reports whether the operation has another operand, and reads its start.
func (a *applier) more() bool { return a.err == nil && a.next() }

// keepExtra stores the operation that began at start, or forgets the extra when
// nothing was told of it.
func (a *applier) keepExtra(start int, key extraKey, told bool, nodes []int32) {
	if a.err != nil {
		return
	}
	t := a.tree
	before, known := t.extras[key]
	if known {
		t.bytes -= len(before.op)
	}
	if !told {
		delete(t.extras, key)
		delete(t.order, key)
		return
	}
	if !known && len(t.extras) >= maxExtras {
		t.forgetLost()
		if len(t.extras) >= maxExtras {
			a.fail(ErrLimit)
			return
		}
	}
	key.name = strings.Clone(key.name)
	t.extraCount++
	kept := &extra{op: strings.Clone(a.s[start:a.i]), nodes: nodes}
	t.extras[key] = kept
	t.order[key] = t.extraCount
	a.charge(len(kept.op))
}

// forgetLost drops what refers to nodes that are gone.
func (t *tree) forgetLost() {
	for key, e := range t.extras {
		if t.lost(e) {
			t.bytes -= len(e.op)
			delete(t.extras, key)
			delete(t.order, key)
		}
	}
}

func (t *tree) lost(e *extra) bool {
	return slices.ContainsFunc(e.nodes, func(id int32) bool { _, ok := t.slot(int(id)); return !ok })
}

// shortItem reads a string no longer than a value may be.
func (a *applier) shortItem() string {
	s := a.strItem()
	if len(s) > a.limits.Value {
		a.fail(ErrLimit)
	}
	return s
}

var playbackDirections = []string{"normal", "reverse", "alternate", "alternate-reverse"}
var fills = []string{"none", "forwards", "backwards", "both", "auto"}
var composites = []string{"replace", "add", "accumulate", "auto"}

func (a *applier) oneOf(list []string) {
	if s := a.strItem(); a.err == nil && !slices.Contains(list, s) {
		a.fail(errValue)
	}
}

// finiteItem reads a number, or null where that is allowed.
func (a *applier) finiteItem(null bool) {
	a.item()
	if null && a.peek() == 'n' {
		a.word("null")
		return
	}
	a.finite()
}

// animation reads [17, animation, element, pseudo, name, frames?, timing?].
func (a *applier) animation(start int) {
	a.item()
	id := a.integer()
	key := extraKey{opAnimation, strconv.Itoa(int(id))}
	if !a.more() {
		a.keepExtra(start, key, false, nil)
		return
	}
	at := a.lookup(a.integer())
	if a.err == nil && a.tree.nodes[at].kind != elementKind {
		a.fail(errPlace)
	}
	if pseudo := a.strItem(); pseudo != "" && (!strings.HasPrefix(pseudo, "::") || len(pseudo) > maxName) {
		a.fail(errValue)
	}
	if name := a.shortItem(); name == "" { // made by a script: CSS does not say what it does
		a.keyframes()
		a.timing()
	}
	a.close()
	if a.err == nil {
		a.keepExtra(start, key, true, []int32{a.tree.nodes[at].id})
	}
}

// keyframes reads [[offset, easing, composite, …names and values], …].
func (a *applier) keyframes() {
	a.item()
	a.open()
	for a.more() {
		a.open()
		a.finiteItem(true)
		a.shortItem()
		a.oneOf(composites)
		for a.more() {
			a.str()
			a.refs = append(a.refs, ref{refCSS, a.shortItem()})
		}
	}
}

// timing reads [delay, end delay, fill, iteration start, iterations, duration,
// direction, easing, composite]; iterations are null when they never end.
func (a *applier) timing() {
	a.item()
	a.open()
	a.finiteItem(false)
	a.finiteItem(false)
	a.oneOf(fills)
	a.finiteItem(false)
	a.finiteItem(true)
	a.finiteItem(true)
	a.oneOf(playbackDirections)
	a.shortItem()
	a.oneOf(composites)
	a.close()
}

var playStates = []string{"running", "paused", "finished", "idle"}

// animationClock reads [18, animation, state, time, rate].
func (a *applier) animationClock(start int) {
	a.item()
	id := a.integer()
	state := a.strItem()
	a.item()
	null := a.peek() == 'n'
	var time string
	if null {
		a.word("null")
	} else {
		time = a.finite()
	}
	a.item()
	rate := a.finite()
	if a.err == nil && !slices.Contains(playStates, state) {
		a.fail(errValue)
	}
	if !a.end() {
		return
	}
	e := a.tree.extras[extraKey{opAnimation, strconv.Itoa(int(id))}]
	if e == nil {
		a.counts.Dropped++
		a.edit(start, a.i, []byte(nothing))
		return
	}
	e.clock = newClock(a.now(), state, time, rate, state == "running")
}

// highlight reads [19, name, priority, type, …ranges], each range being two
// nodes with their offsets.
func (a *applier) highlight(start int) {
	key := extraKey{opHighlight, a.shortItem()}
	if !a.more() {
		a.keepExtra(start, key, false, nil)
		return
	}
	a.finite()
	a.oneOf([]string{"highlight", "spelling-error", "grammar-error"})
	var nodes []int32
	for a.more() {
		at := a.lookup(a.integer())
		if a.err == nil {
			nodes = append(nodes, a.tree.nodes[at].id)
		}
		a.item()
		if a.integer() < 0 {
			a.fail(errValue)
		}
	}
	if len(nodes)%2 != 0 {
		a.fail(errSyntax)
	}
	a.keepExtra(start, key, true, nodes)
}

// registration reads [20, name, syntax, inherits, initial value?].
func (a *applier) registration(start int) {
	name := a.shortItem()
	a.shortItem()
	a.item()
	a.boolean()
	if a.more() {
		a.str()
		a.close()
	}
	if a.err == nil && !strings.HasPrefix(name, "--") {
		a.fail(errValue)
	}
	a.keepExtra(start, extraKey{opProperty, name}, true, nil)
}

// font reads [21, face, family, source, …descriptors and values].
func (a *applier) font(start int) {
	a.item()
	key := extraKey{opFont, strconv.Itoa(int(a.integer()))}
	if !a.more() {
		a.keepExtra(start, key, false, nil)
		return
	}
	a.str()
	a.refs = append(a.refs, ref{refCSS, a.shortItem()})
	for a.more() {
		a.str()
		a.shortItem()
	}
	a.keepExtra(start, key, true, nil)
}

// slot reads [22, slot, …nodes].
func (a *applier) slot(start int) {
	at := a.elementItem()
	if a.err != nil {
		return
	}
	id := a.tree.nodes[at].id
	nodes := []int32{id}
	for a.more() {
		to := a.lookup(a.integer())
		if a.err == nil {
			nodes = append(nodes, a.tree.nodes[to].id)
		}
	}
	a.keepExtra(start, extraKey{opSlot, strconv.Itoa(int(id))}, true, nodes)
}

// writeExtras writes them in the order in which they were told, and then who is in
// which state.
func (e *encoder) writeExtras() {
	keys := make([]extraKey, 0, len(e.tree.extras))
	for key, x := range e.tree.extras {
		if !e.tree.lost(x) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b extraKey) int { return e.order[a] - e.order[b] })
	for _, key := range keys {
		x := e.tree.extras[key]
		e.b = append(append(e.b, ','), x.op...)
		if key.code == opAnimation && x.clock.state != "" {
			e.b = append(append(e.b, `,[18,`...), key.name...)
			e.b = appendString(append(e.b, ','), x.clock.state)
			e.b = append(x.clock.appendTime(append(e.b, ','), e.now), ',')
			e.b = append(append(e.b, x.clock.rate...), ']')
		}
	}
	for i, id := range e.tree.states {
		if _, ok := e.slots[id]; ok {
			e.b = appendString(append(e.b, `,[16,`...), states[i])
			e.b = append(appendInt(append(e.b, ','), int(id)), ']')
		}
	}
}
