package mirror

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
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
		a.digest()
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

// fits makes sure that a document has at most one doctype and, behind it, at
// most one element.
func (a *applier) fits(k kind, parent int32) bool {
	if parent != 0 {
		return true
	}
	for at := a.tree.nodes[0].first; at != 0; at = a.tree.nodes[at].next {
		if other := a.tree.nodes[at].kind; other == k || other == elementKind {
			a.fail(errPlace)
			return false
		}
	}
	return true
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
		kept == "value" && n.hidesValue() || kept == "selected" && a.tree.inMaskedSelect(at) {
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

func (n *node) hasAttr(name string) bool {
	_, ok := n.attr(name)
	return ok
}

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
	case "textarea", "input":
		if !isMask(data) && a.tree.masked(parent) {
			a.counts.Masked++
			return Mask
		}
	}
	return data
}

func (a *applier) property(start int) {
	a.item()
	id := a.integer()
	name := a.strItem()
	a.item()
	p := prop(slices.Index(propNames[:], name))
	if id < 0 {
		a.sheetProperty(id, p)
		return
	}
	at := a.lookup(id)
	if a.err == nil && a.tree.nodes[at].kind != elementKind {
		a.fail(errPlace)
	}
	from := a.i
	value := a.propValue(p)
	to := a.i
	if a.err != nil {
		return
	}
	n := &a.tree.nodes[at]
	if p < 0 || len(value) > a.limits.Value || p == propValue && n.hidesValue() {
		a.dropOp(start)
		return
	}
	if !a.end() {
		return
	}
	if a.tree.masked(at) {
		if safe := maskedProp(p, value); safe != value {
			a.counts.Masked++
			value = safe
			a.edit(from, to, []byte(value))
		}
	}
	a.setProp(at, p, value)
}

// propValue reads a property's value and returns it as JSON. For an unknown
// property that is any scalar or array of such.
func (a *applier) propValue(p prop) string {
	from := a.i
	switch p {
	case propValue, propValidity:
		return string(appendString(nil, a.str()))
	case propSelected:
		a.open()
		for a.next() {
			if a.integer() < 0 {
				a.fail(errValue)
			}
		}
	case propFiles:
		a.open()
		for a.next() {
			a.str()
		}
	case -1:
		if a.peek() != '[' {
			a.scalar()
			break
		}
		a.open()
		for a.next() {
			a.scalar()
		}
	default:
		a.boolean()
	}
	if a.err != nil {
		return ""
	}
	return a.s[from:a.i]
}

func (a *applier) scalar() {
	switch c := a.peek(); {
	case c == '"':
		a.str()
	case c == 'n':
		a.word("null")
	case c == 't' || c == 'f':
		a.boolean()
	default:
		a.number()
	}
}

func (a *applier) setProp(at int32, p prop, value string) {
	switch {
	case value == "false" && p != propChecked, value == "[]" && p == propFiles, value == `""` && p == propValidity:
		value = "" // as it is from the start
	}
	if value == "" && a.tree.nodes[at].state == nil {
		return
	}
	a.change(at, func(n *node) {
		s := n.needState()
		if (p == propModal || p == propPopover) && value != "" && s.props[p] == "" {
			a.tree.opened++
			s.opened[p-propModal] = a.tree.opened
		}
		s.props[p] = strings.Clone(value)
	})
}

func (a *applier) sheetProperty(id int32, p prop) {
	disabled := a.boolean()
	if !a.end() {
		return
	}
	if p != propDisabledSheet {
		a.fail(errSyntax)
		return
	}
	if c := a.constructed(id); c != nil {
		c.disabled = disabled
	}
}

// constructed returns a constructed sheet, which "r" must have made.
func (a *applier) constructed(id int32) *constructed {
	c := a.tree.sheets[id]
	if c == nil {
		a.fail(errUnknown)
	}
	return c
}

// construct makes a constructed sheet if there is none of that id.
func (a *applier) construct(id int32) {
	if a.tree.sheets[id] != nil {
		return
	}
	if len(a.tree.sheets) >= a.limits.Sheets {
		a.fail(ErrLimit)
		return
	}
	a.tree.sheets[id] = &constructed{sheet: *newSheet()}
}

func (a *applier) scroll() {
	at := a.nodeItem()
	a.item()
	x := a.finite()
	a.item()
	y := a.finite()
	if !a.end() {
		return
	}
	if k := a.tree.nodes[at].kind; k != documentKind && k != elementKind {
		a.fail(errPlace)
		return
	}
	a.change(at, func(n *node) {
		n.needState().scroll = [2]string{strings.Clone(x), strings.Clone(y)}
	})
}

// maxIndex is more rules than a sheet can have.
const maxIndex = 1 << 24

func (a *applier) rule() {
	a.item()
	id := a.integer()
	what := a.strItem()
	var index int32
	var text string
	if what == "i" || what == "d" {
		a.item()
		index = a.integer()
	}
	if what == "i" || what == "r" {
		text = a.strItem()
	}
	if !a.end() {
		return
	}
	if id < 0 && what == "r" {
		a.construct(id)
	}
	s := a.sheet(id)
	if a.err != nil {
		return
	}
	if index < 0 || index > maxIndex {
		a.fail(errValue)
		return
	}
	a.spend(len(s.parts))
	before := s.bytes
	switch what {
	case "i":
		s.insert(int(index), strings.Clone(text))
	case "d":
		s.remove(int(index))
	case "r":
		s.replace(strings.Clone(text))
	default:
		a.fail(errSyntax)
	}
	a.charge(s.bytes - before)
	if len(s.parts)+s.deleted > a.limits.Rules {
		a.fail(ErrLimit)
	}
	a.refs = append(a.refs, ref{refCSS, text})
}

// sheet returns the sheet of an element, or with a negative id one that was
// constructed.
func (a *applier) sheet(id int32) *sheet {
	if id < 0 {
		if c := a.constructed(id); c != nil {
			return &c.sheet
		}
		return nil
	}
	at := a.lookup(id)
	if a.err != nil {
		return nil
	}
	n := &a.tree.nodes[at]
	if n.kind != elementKind {
		a.fail(errPlace)
		return nil
	}
	if n.state == nil || n.state.sheet == nil {
		a.change(at, func(n *node) { n.needState().sheet = newSheet() })
	}
	return n.state.sheet
}

func (a *applier) adopt() {
	at := a.nodeItem()
	var list []int32
	for a.next() {
		id := a.integer()
		a.constructed(id)
		list = append(list, id)
	}
	if a.err != nil {
		return
	}
	if k := a.tree.nodes[at].kind; k != documentKind && k != shadowKind {
		a.fail(errPlace)
		return
	}
	a.change(at, func(n *node) { n.needState().adopted = list })
}

func (a *applier) canvas(start int) {
	at := a.elementItem()
	picture := a.strItem()
	if a.err != nil {
		return
	}
	if len(picture) > a.limits.Value || !isPicture(picture) || a.tree.nodes[at].name != "canvas" {
		a.dropOp(start)
		return
	}
	if a.end() {
		a.change(at, func(n *node) { n.needState().canvas = strings.Clone(picture) })
	}
}

// isPicture accepts a bitmap as a data: URL, or "blob:" and a blob's id.
func isPicture(s string) bool {
	if id, ok := strings.CutPrefix(s, "blob:"); ok {
		return isToken(id)
	}
	rest, ok := strings.CutPrefix(s, "data:image/")
	format, data, found := strings.Cut(rest, ";base64,")
	return ok && found && (format == "png" || format == "jpeg" || format == "webp") &&
		strings.Trim(data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") == ""
}

// isToken accepts the ids that our own programs make.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlpha(c) && !isDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func (a *applier) frame() {
	at := a.elementItem()
	a.item()
	from := a.i
	switch {
	case a.peek() == '"':
		if !isToken(a.str()) {
			a.fail(errValue)
		}
	case a.peek() == 'n':
		a.word("null")
	default:
		a.integer()
	}
	to := a.i
	if !a.end() {
		return
	}
	a.change(at, func(n *node) {
		n.needState().frame = strings.Clone(a.s[from:to])
		if n.state.frame == "null" {
			n.state.frame = ""
		}
	})
}

func (a *applier) focus(start int) {
	at := a.nodeItem()
	var ends [2]string
	for i := range ends {
		if !a.next() {
			break
		}
		ends[i] = strings.Clone(a.finite())
		if i == 1 {
			a.close()
		}
	}
	if a.err != nil {
		return
	}
	id := a.tree.nodes[at].id
	if ends[0] != "" && a.Masked(int(id)) && id != 0 { // the caret tells how long the secret is
		a.counts.Masked++
		ends = [2]string{}
		a.edit(start, a.i, append(appendHead(nil, 12, id)[1:], ']'))
	}
	a.tree.focus = focus{id: id, start: ends[0], end: ends[1]}
}

func (a *applier) media(start int) {
	at := a.elementItem()
	a.item()
	from := a.i
	state := map[string]string{"paused": "true", "time": "0", "rate": "1", "volume": "1", "muted": "false"}
	a.expect('{')
	a.first = true
	for a.step('}') {
		key := a.str()
		a.space()
		a.expect(':')
		a.space()
		value := a.i
		switch key {
		case "paused", "muted":
			a.boolean()
		case "time", "rate", "volume":
			a.finite()
		default:
			a.fail(errSyntax)
		}
		if a.err == nil {
			state[key] = a.s[value:a.i]
		}
	}
	to := a.i
	if !a.end() {
		return
	}
	clean := fmt.Sprintf(`{"paused":%s,"time":%s,"rate":%s,"volume":%s,"muted":%s}`,
		state["paused"], state["time"], state["rate"], state["volume"], state["muted"])
	if clean != a.s[from:to] {
		a.edit(from, to, []byte(clean))
	}
	a.change(at, func(n *node) { n.needState().media = clean })
}

// maxDefined bounds the custom elements of a document.
const maxDefined = 5000

func (a *applier) define(start int) {
	var names []string
	valid := true
	for a.next() {
		name := a.str()
		names = append(names, name)
		valid = valid && isCustomName(name)
	}
	if a.err != nil {
		return
	}
	if !valid {
		a.counts.Dropped++
		a.edit(start, a.i, []byte(nothing))
		return
	}
	t := a.tree
	for _, name := range names {
		if _, known := t.names[name]; known {
			continue
		}
		if len(t.defined) >= maxDefined {
			a.fail(ErrLimit)
			return
		}
		name = strings.Clone(name)
		t.names[name] = struct{}{}
		t.defined = append(t.defined, name)
	}
}

func isCustomName(s string) bool {
	return isTagName(s) && strings.Contains(s, "-") && !hasUpper(s) && 'a' <= s[0] && s[0] <= 'z'
}

// digest checks the form only: digests are between the two browsers.
func (a *applier) digest() {
	a.nodeItem()
	a.item()
	if a.peek() == '"' {
		if !isToken(a.str()) {
			a.fail(errValue)
		}
	} else {
		a.finite()
	}
	a.end()
}

// readIDs reads the ids of the nodes to come.
func (a *applier) readIDs() {
	a.item()
	a.ids, a.listed = a.ids[:0], a.peek() == '['
	if !a.listed {
		a.nextID = a.integer()
		return
	}
	a.open()
	for a.next() {
		a.ids = append(a.ids, a.integer())
	}
	slices.Reverse(a.ids) // taken from the end
}

// takeID returns the next node's id.
func (a *applier) takeID() int32 {
	id := a.nextID
	if a.listed {
		if len(a.ids) == 0 {
			a.fail(errSyntax)
			return 0
		}
		id = a.ids[len(a.ids)-1]
		a.ids = a.ids[:len(a.ids)-1]
	} else if id < math.MaxInt32 {
		a.nextID++
	}
	if id < 1 {
		a.fail(errValue)
	} else if _, taken := a.tree.slots[id]; taken {
		a.fail(errTaken)
	}
	return id
}

// finishForms checks that there were as many nodes as ids.
func (a *applier) finishForms() {
	if a.listed && len(a.ids) > 0 {
		a.fail(errSyntax)
	}
}

// form reads one node with what is below it and puts it in its place.
func (a *applier) form(parent, before int32, depth int) {
	if depth > a.limits.Depth || a.tree.count() >= a.limits.Nodes {
		a.fail(ErrLimit)
		return
	}
	id := a.takeID()
	if a.peek() == '"' {
		a.textForm(id, parent, before)
		return
	}
	a.open()
	a.item()
	if a.peek() == '0' {
		a.integer()
		switch a.strItem() {
		case "!":
			a.doctypeForm(id, parent, before)
		case "#":
			a.shadowForm(id, parent, depth)
		default:
			a.fail(errSyntax)
		}
		return
	}
	a.elementForm(id, parent, before, depth)
}

func (a *applier) put(n node, parent, before int32) int32 {
	if a.err != nil || !a.fits(n.kind, parent) {
		return 0
	}
	at := a.tree.add(n)
	a.tree.link(at, parent, before)
	a.charge(n.cost())
	return at
}

func (a *applier) textForm(id, parent, before int32) {
	from := a.i
	data := a.str()
	if a.err != nil {
		return
	}
	if parent == 0 {
		a.fail(errPlace)
		return
	}
	if safe := a.safeText(parent, data); safe != data {
		data = safe
		a.edit(from, a.i, appendString(nil, data))
	}
	at := a.put(node{id: id, kind: textKind, name: a.keep(data)}, parent, before)
	if a.tree.nodes[parent].name == "style" && a.err == nil {
		a.tree.refs(at, func(r ref) { a.refs = append(a.refs, r) })
	}
}

func (a *applier) doctypeForm(id, parent, before int32) {
	name, public, system := a.strItem(), a.strItem(), a.strItem()
	a.close()
	if parent != 0 || len(name)+len(public)+len(system) > a.limits.Value {
		a.fail(errPlace)
	}
	a.put(node{id: id, kind: doctypeKind, name: a.keep(name),
		attrs: []attr{{"public", a.keep(public)}, {"system", a.keep(system)}}}, parent, before)
}

// shadowForm reads a shadow root, which comes before its host's children.
func (a *applier) shadowForm(id, host int32, depth int) {
	mode := a.strItem()
	if mode != "open" && mode != "closed" {
		a.fail(errSyntax)
	}
	if a.err != nil || a.tree.nodes[host].kind != elementKind || !a.tree.nodes[host].mayHost() || a.tree.shadow(host) != 0 {
		a.fail(errPlace)
		return
	}
	at := a.put(node{id: id, kind: shadowKind, name: a.keep(mode)}, host, a.tree.nodes[host].first)
	for a.next() {
		a.form(at, 0, depth+1)
	}
}

// mayHost tells the elements that attachShadow takes (DOM §4.9).
func (n *node) mayHost() bool {
	if n.ns != nsHTML {
		return false
	}
	switch n.name {
	case "article", "aside", "blockquote", "body", "div", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
		"header", "main", "nav", "p", "section", "span":
		return true
	}
	return strings.Contains(n.name, "-")
}

func (a *applier) elementForm(id, parent, before int32, depth int) {
	from := a.i
	ns, name, ok := tagForm(a.str())
	if a.err != nil {
		return
	}
	n := node{id: id, kind: elementKind, ns: ns, name: a.keep(name)}
	if !ok {
		a.counts.Dropped++
		a.edit(from, a.i, appendTag(nil, &n))
	}
	a.item()
	at := a.put(n, parent, before)
	a.attrForms(at)
	if a.err == nil && n.isBase() {
		a.tree.bases++
		a.stale = true
	}
	for a.next() {
		a.form(at, 0, depth+1)
	}
}

// attrForms reads the attributes of an element form.
func (a *applier) attrForms(at int32) {
	if a.peek() == '0' {
		a.integer()
		return
	}
	from := a.i
	n := &a.tree.nodes[at]
	list, changed := a.scratch[:0], false
	a.open()
	for a.next() {
		name := a.str()
		value := a.strItem()
		if a.err != nil {
			return
		}
		kept, safe, ok := n.allowedAttr(name, value)
		if !ok || len(value) > a.limits.Value || len(list) >= a.limits.Attrs || hasAttr(list, kept) {
			a.counts.Dropped++
			changed = true
			continue
		}
		if kept != name || safe != value {
			a.counts.Dropped++
			changed = true
		}
		list = append(list, attr{a.keep(kept), a.keep(safe)})
	}
	a.scratch = list
	if a.err != nil {
		return
	}
	n.attrs = list
	if n.ns == nsHTML {
		changed = a.maskForm(at) || changed
	}
	n.attrs = a.own(n.attrs)
	a.charge(n.cost() - len(n.name))
	if changed {
		a.edit(from, a.i, appendAttrs(nil, n.attrs))
	}
	for _, at := range n.attrs {
		if at.name != "type" && at.name != "rel" {
			n.attrRefs(at, func(r ref) { a.refs = append(a.refs, r) })
		}
	}
}

func hasAttr(list []attr, name string) bool {
	for i := range list {
		if list[i].name == name {
			return true
		}
	}
	return false
}

// maskForm masks the attributes of a new element and reports whether it had to.
func (a *applier) maskForm(at int32) bool {
	n := &a.tree.nodes[at]
	if n.name == "option" && n.hasAttr("selected") && a.tree.inMaskedSelect(at) {
		a.counts.Masked++
		n.removeAttr("selected")
		return true
	}
	a.tree.remember(n)
	value, ok := n.attr("value")
	switch {
	case !ok:
		return false
	case n.hidesValue():
		a.counts.Dropped++
		n.removeAttr("value")
		return true
	case isMask(value) || !a.tree.masked(at):
		return false
	}
	a.counts.Masked++
	n.setAttr("value", Mask)
	return true
}

// own copies a list of attributes out of the scratch space, during a snapshot
// many to an array.
func (a *applier) own(list []attr) []attr {
	if !a.share {
		return slices.Clone(list)
	}
	if cap(a.arena)-len(a.arena) < len(list) {
		a.arena = make([]attr, 0, max(256, len(list)))
	}
	start := len(a.arena)
	a.arena = append(a.arena, list...)
	return a.arena[start:len(a.arena):len(a.arena)]
}
