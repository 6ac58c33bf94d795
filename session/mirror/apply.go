package mirror

import (
	"encoding/json"
	"fmt"
	"strings"
)

// applier performs one array of operations: it scans, checks and changes the
// tree in one pass. Where followers must get something else than was sent it
// notes an edit, so that an array with nothing wrong is passed on as it came.
type applier struct {
	*Document
	scanner

	edits []edit
	refs  []ref
	work  int

	digested  int // spent on digests
	differing []Difference

	// What a node form needs, set by the operation it is part of.
	nextID int32   // when ids are consecutive
	ids    []int32 // else those left
	listed bool
	share  bool // strings may be parts of s

	// Set when a password field was met, whose twins are to be masked.
	secrets int
	scratch []attr
	arena   []attr
}

// edit replaces s[from:to] in what followers get. Edits are made in order.
type edit struct {
	from, to int
	text     []byte
}

// nothing is an operation without effect, put in the place of a dropped one.
const nothing = "[1]"

func (a *applier) edit(from, to int, text []byte) {
	a.edits = append(a.edits, edit{from, to, text})
}

// edited returns s with the edits made.
func (a *applier) edited() json.RawMessage {
	size := len(a.s)
	for _, e := range a.edits {
		size += len(e.text)
	}
	b := make([]byte, 0, size)
	at := 0
	for _, e := range a.edits {
		b = append(append(b, a.s[at:e.from]...), e.text...)
		at = e.to
	}
	return append(b, a.s[at:]...)
}

func (a *applier) run() error {
	a.secrets = len(a.tree.secrets)
	a.space()
	a.open()
	n := 0
	for a.next() {
		a.op()
		if a.err != nil {
			return fmt.Errorf("operation %d: %w", n, a.err)
		}
		if n++; n > a.limits.Ops {
			return ErrLimit
		}
	}
	if a.err != nil {
		return a.err
	}
	end := a.i - 1
	a.space()
	if a.i != len(a.s) {
		return errSyntax
	}
	if len(a.tree.secrets) != a.secrets {
		a.maskTwins(end)
	}
	return nil
}

// maskTwins masks what fields hold that only now turned out to be masked.
func (a *applier) maskTwins(end int) {
	t := a.tree
	for at := range t.below(0) {
		if t.nodes[at].is(nsHTML, "input") && t.masked(at) {
			if ops := a.scrub(at); len(ops) > 0 {
				a.edit(end, end, ops)
			}
		}
	}
}

func (a *applier) op() {
	start := a.i
	a.open()
	a.item()
	code := a.integer()
	if a.waiting && code != 0 {
		a.fail(errWaiting)
	}
	if a.err != nil {
		return
	}
	switch code {
	case 0:
		a.snapshot()
	case 1:
		a.remove()
	case 2:
		a.insert()
	case 3:
		a.move()
	case 4:
		a.attribute(start)
	case 5:
		a.text(start)
	case 6:
		a.property(start)
	case 7:
		a.scroll()
	case 8:
		a.rule()
	case 9:
		a.adopt()
	case 10:
		a.canvas(start)
	case 11:
		a.frame()
	case 12:
		a.focus(start)
	case 13:
		a.media(start)
	case 14:
		a.define(start)
	case 15:
		a.digest(start)
	case opState:
		a.stateOp(start)
	case opAnimation:
		a.animation(start)
	case opClock:
		a.animationClock(start)
	case opHighlight:
		a.highlight(start)
	case opProperty:
		a.registration(start)
	case opFont:
		a.font(start)
	case opSlot:
		a.slot(start)
	case opAgain:
		a.again()
	default:
		a.fail(errSyntax)
	}
}

// end leaves the operation.
func (a *applier) end() bool {
	a.close()
	return a.err == nil
}

// dropOp leaves the operation that began at start and keeps it from followers.
func (a *applier) dropOp(start int) {
	if a.end() {
		a.counts.Dropped++
		a.edit(start, a.i, []byte(nothing))
	}
}

// spend counts steps of work beyond reading.
func (a *applier) spend(n int) {
	if a.work += n; a.work > maxWork {
		a.fail(ErrLimit)
	}
}

// nodeItem reads the id of a node, 0 being the document.
func (a *applier) nodeItem() int32 {
	a.item()
	return a.lookup(a.integer())
}

func (a *applier) lookup(id int32) int32 {
	at, ok := a.tree.slot(int(id))
	if !ok {
		a.fail(errUnknown)
	}
	return at
}

// elementItem reads the id of an element.
func (a *applier) elementItem() int32 {
	at := a.nodeItem()
	if a.err == nil && a.tree.nodes[at].kind != elementKind {
		a.fail(errPlace)
	}
	return at
}

func (a *applier) strItem() string {
	a.item()
	return a.str()
}

// keep returns s for storing. Only a snapshot's strings, which mostly stay
// together, may hold on to the message they are parts of.
func (a *applier) keep(s string) string {
	if a.share {
		return s
	}
	return strings.Clone(s)
}

// charge notes that the tree's size changed by n bytes.
func (a *applier) charge(n int) {
	if a.tree.bytes += n; a.tree.bytes > a.limits.Bytes {
		a.fail(ErrLimit)
	}
}

// change lets f change a node and charges for the difference.
func (a *applier) change(at int32, f func(n *node)) {
	n := &a.tree.nodes[at]
	before := n.cost()
	f(n)
	a.charge(n.cost() - before)
}

func (a *applier) snapshot() {
	old := a.tree
	a.tree = newTree(min(len(a.s)/40+16, a.limits.Nodes))
	a.secrets = 0
	a.refs, a.stale, a.share = nil, true, true
	a.readIDs()
	switch a.strItem() {
	case "standards":
	case "quirks":
		a.tree.mode = "quirks"
	default:
		a.fail(errSyntax)
	}
	for a.next() {
		a.form(0, 0, 1)
	}
	a.finishForms()
	a.share = false
	if a.err != nil {
		a.tree = old
		return
	}
	a.waiting = false
}

func (a *applier) remove() {
	for a.next() {
		at := a.lookup(a.integer())
		parent := a.tree.nodes[at].parent
		if a.err != nil || parent == 0 || a.tree.nodes[at].kind == shadowKind {
			a.fail(errPlace)
			return
		}
		a.disturb(parent)
		bases := a.tree.bases
		a.tree.unlink(at)
		a.tree.drop(at)
		a.stale = a.stale || a.tree.bases != bases
	}
}

func (a *applier) insert() {
	parent, before := a.place()
	a.readIDs()
	depth := 1
	if a.err == nil {
		depth += a.tree.depth(parent)
		a.spend(depth)
	}
	for a.next() {
		a.form(parent, before, depth)
	}
	a.finishForms()
	if a.err == nil {
		a.disturb(parent)
	}
}

// place reads where an insertion or a move goes.
func (a *applier) place() (parent, before int32) {
	parent, before = a.nodeItem(), a.nodeItem()
	if a.err != nil {
		return 0, 0
	}
	t := a.tree
	if k := t.nodes[parent].kind; k != elementKind && k != shadowKind {
		a.fail(errPlace)
	}
	if before != 0 && (t.nodes[before].parent != parent || t.nodes[before].kind == shadowKind) {
		a.fail(errPlace)
	}
	return parent, before
}

func (a *applier) move() {
	parent, before := a.place()
	t := a.tree
	var moved []int32
	for a.next() {
		at := a.lookup(a.integer())
		if a.err != nil || !a.movable(at, parent) {
			a.fail(errPlace)
			return
		}
		moved = append(moved, at)
	}
	if a.err != nil {
		return
	}
	for _, at := range moved {
		if t.nodes[at].parent == detached { // named twice
			a.fail(errPlace)
			continue
		}
		a.disturb(t.nodes[at].parent)
		t.unlink(at)
		a.stale = a.stale || t.bases > 0
	}
	if before != 0 && t.nodes[before].parent != parent { // one of those that move
		a.fail(errPlace)
	}
	for _, at := range moved {
		switch {
		case t.nodes[at].parent != detached:
		case a.err == nil:
			t.link(at, parent, before)
		default: // it has no place any more
			t.drop(at)
		}
	}
	if a.err == nil {
		a.disturb(parent)
	}
}

// movable reports whether a node may go below parent.
func (a *applier) movable(at, parent int32) bool {
	t := a.tree
	n := &t.nodes[at]
	if n.parent == 0 || n.kind == shadowKind {
		return false
	}
	above := 0
	for up := parent; up != 0; up = t.nodes[up].parent {
		if up == at {
			return false
		}
		above++
	}
	a.spend(above)
	if n.first == 0 {
		return above < a.limits.Depth
	}
	top := t.depth(at)
	for down := range t.below(at) {
		a.spend(1)
		if t.nodes[down].first == 0 && t.depth(down)-top+above+1 > a.limits.Depth {
			a.fail(ErrLimit)
		}
	}
	return a.err == nil
}

// disturb does what follows when parent's children or their text change: a
// <style> is read anew, without what scripts did to its sheet.
func (a *applier) disturb(parent int32) {
	p := &a.tree.nodes[parent]
	if p.kind == elementKind && p.name == "style" && p.state != nil && p.state.sheet != nil {
		a.change(parent, func(n *node) { n.state.sheet = nil })
	}
}

func (a *applier) attribute(start int) {
	at := a.elementItem()
	name := a.strItem()
	a.item()
	from, null := a.i, a.peek() == 'n'
	var value string
	if null {
		a.word("null")
	} else {
		value = a.str()
	}
	if a.err != nil {
		return
	}
	n := &a.tree.nodes[at]
	kept, safe, ok := n.allowedAttr(name, value)
	if null { // whatever followers can't have they can be told to remove
		kept, ok = n.attrName(name), isAttrName(name)
	} else if len(n.attrs) >= a.limits.Attrs && !n.hasAttr(kept) || len(value) > a.limits.Value ||
		!a.tree.keeps(at, kept) || kept == "value" && n.hidesValue() || kept == "selected" && a.tree.inMaskedSelect(at) {
		ok = false
	}
	if !ok {
		a.dropOp(start)
		return
	}
	to := a.i
	if !a.end() {
		return
	}
	if safe != value && !null {
		a.counts.Dropped++
		value = safe
		a.edit(from, to, appendString(nil, value))
	}
	wasMasked := a.tree.masked(at)
	if kept == "value" && wasMasked && !isMask(value) {
		a.counts.Masked++
		value = hidden(value)
		a.edit(from, to, appendString(nil, value))
	}
	if kept == "type" {
		a.tree.remember(n)
	}
	a.tree.hides = a.tree.hides || kept == maskedAttr && value != ""
	a.change(at, func(n *node) {
		if null {
			n.removeAttr(kept)
		} else {
			n.setAttr(a.keep(kept), a.keep(value))
		}
	})
	a.attributeChanged(at, kept, value, wasMasked)
}

// attributeChanged does what follows from a changed attribute.
func (a *applier) attributeChanged(at int32, name, value string, wasMasked bool) {
	n := &a.tree.nodes[at]
	n.attrRefs(attr{name, value}, func(r ref) { a.refs = append(a.refs, r) })
	if n.isBase() && name == "href" {
		a.stale = true
	}
	if (n.name == "link" && (name == "href" || name == "rel") || n.name == "style" && name == "type") &&
		n.state != nil && n.state.sheet != nil {
		a.change(at, func(n *node) { n.state.sheet = nil })
	}
	if !judgesMask(name) || wasMasked {
		return
	}
	a.tree.remember(n)
	if a.tree.masked(at) {
		if ops := a.scrub(at); len(ops) > 0 {
			a.edit(a.i, a.i, ops)
		}
	}
}

// scrub masks what is kept of an element that has become masked and returns
// the operations, each after a comma, that tell followers.
func (a *applier) scrub(at int32) []byte {
	var ops []byte
	a.change(at, func(n *node) {
		if value, ok := n.attr("value"); ok && !isMask(value) {
			n.setAttr("value", Mask)
			ops = append(appendString(append(appendHead(ops, 4, n.id), `,"value",`...), Mask), ']')
		}
		if n.state == nil {
			return
		}
		for p, value := range n.state.props {
			if safe := maskedProp(prop(p), value); safe != value {
				n.state.props[p] = safe
				e := encoder{b: ops}
				e.prop(n.id, prop(p), safe)
				ops = e.b
			}
		}
	})
	return ops
}

// maskedProp is what may be known of a masked element's property, all as JSON.
func maskedProp(p prop, value string) string {
	switch p {
	case propValue, propValidity:
		if value != "" && value != `""` && value != quotedMask {
			return quotedMask
		}
	case propSelected:
		if value != "" {
			return "[]"
		}
	}
	return value
}

const quotedMask = `"` + Mask + `"`

// hidesValue reports whether the node is a hidden input, whose value nobody
// sees and which often is a token.
func (n *node) hidesValue() bool { return n.is(nsHTML, "input") && n.inputType() == "hidden" }

func (a *applier) text(start int) {
	at := a.nodeItem()
	a.item()
	from, del := int32(-1), int32(0)
	if a.peek() != '"' {
		from = a.integer()
		a.item()
		del = a.integer()
		a.item()
	}
	data := a.str()
	if !a.end() {
		return
	}
	n := &a.tree.nodes[at]
	if n.kind != textKind {
		a.fail(errPlace)
		return
	}
	if from >= 0 {
		a.spend(len(n.name) + len(data))
		var ok bool
		if data, ok = splice(n.name, int(from), int(del), data); !ok {
			a.fail(errValue)
			return
		}
	}
	if safe := a.safeText(n.parent, data); safe != data {
		data = safe
		a.edit(start, a.i, append(appendString(append(appendHead(nil, 5, n.id)[1:], ','), data), ']'))
	}
	a.change(at, func(n *node) { n.name = strings.Clone(data) })
	a.disturb(n.parent)
	a.tree.refs(at, func(r ref) { a.refs = append(a.refs, r) })
}

// safeText is what may be told of text below parent, and counts where that is
// not all: nothing of scripts, nothing of masked fields.
func (a *applier) safeText(parent int32, data string) string {
	p := &a.tree.nodes[parent]
	if p.kind != elementKind || data == "" {
		return data
	}
	switch p.name {
	case "script", "noscript":
		a.counts.Dropped++
		return ""
	case "style":
		return data
	case "textarea", "input":
		if !isMask(data) && a.tree.masked(parent) {
			a.counts.Masked++
			return Mask
		}
	}
	if a.tree.hides && data != Mask && strings.TrimSpace(data) != "" && a.tree.hidden(parent) {
		a.counts.Masked++
		return Mask
	}
	return data
}
