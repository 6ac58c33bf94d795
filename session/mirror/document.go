package mirror

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// ErrResync is wrapped by every error of Apply: the leader must send a new
// snapshot, and nothing else is accepted before it.
var ErrResync = errors.New("mirror: needs a new snapshot")

// ErrLimit is wrapped, beside ErrResync, when the document outgrew its limits,
// so that a new snapshot would probably fail as well.
var ErrLimit = errors.New("mirror: document over its limits")

// What can be wrong with an operation. None of these quotes the page.
var (
	errSyntax  = errors.New("not of the grammar")
	errValue   = errors.New("value out of range")
	errUnknown = errors.New("unknown node")
	errTaken   = errors.New("id already taken")
	errPlace   = errors.New("node can't be there")
	errWaiting = errors.New("no snapshot yet")
	errUTF8    = errors.New("not UTF-8")
)

// Limits bounds one document. A zero field means its default.
type Limits struct {
	Message int // bytes of one Apply; default 16 MiB
	Bytes   int // text, attributes and properties kept; default 48 MiB
	Nodes   int // default 200 000
	Depth   int // default 1 000
	Ops     int // operations of one Apply; default 50 000
	Attrs   int // attributes of one element; default 256, more are dropped
	Value   int // bytes of one attribute value, property or rule; default 4 MiB
	Sheets  int // constructed style sheets; default 4 096
	Rules   int // rules put into or taken from one sheet; default 50 000
}

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		field *int
		value int
	}{
		{&l.Message, 16 << 20}, {&l.Bytes, 48 << 20}, {&l.Nodes, 200_000}, {&l.Depth, 1000}, {&l.Ops, 50_000},
		{&l.Attrs, 256}, {&l.Value, 4 << 20}, {&l.Sheets, 4096}, {&l.Rules, 50_000},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return l
}

// maxWork bounds the steps that one Apply may spend on walking the tree beyond
// reading its input, so that no operation can be made quadratic.
const maxWork = 50_000_000

// Counts tells what Apply had to correct so far.
type Counts struct {
	// Masked counts values that should have been masked and were not. Our own
	// recorder leaves none.
	Masked int
	// Dropped counts attributes, tags, properties and operations that were not
	// allowed. Ordinary pages have some, such as javascript: URLs.
	Dropped int
}

// Document is the server's copy of one mirrored document. It is not safe for
// concurrent use.
type Document struct {
	limits Limits
	onURL  func(string)
	now    func() time.Time
	counts Counts

	url     address
	tree    *tree
	waiting bool    // for a snapshot: at first and after an error
	base    address // what references were relative to when last reported
	stale   bool    // base may have changed

	differing []Difference // see Differing
}

// NewDocument returns a document that waits for its first snapshot. onURL, if
// not nil, is called during Apply with each absolute http(s) URL, without
// fragment, that a follower's renderer will want from the response store.
func NewDocument(limits Limits, onURL func(absURL string)) *Document {
	return &Document{limits: limits.withDefaults(), onURL: onURL, now: time.Now, tree: newTree(0), waiting: true}
}

// SetURL tells the document's address at the real site, against which
// relative URLs are resolved. Call it before the first Apply and after
// history.pushState.
func (d *Document) SetURL(url string) {
	parsed, _ := parseAddress(url)
	d.url, d.stale = parsed, true
}

// Apply validates and performs ops, an array of operations, and returns what
// followers get: ops itself when nothing had to be corrected. On an error,
// which always wraps ErrResync, followers get nothing; the document then is
// somewhere between, whole enough for Snapshot, and waits for a snapshot.
func (d *Document) Apply(ops json.RawMessage) (clean json.RawMessage, err error) {
	a := applier{Document: d}
	switch {
	case len(ops) > d.limits.Message:
		err = ErrLimit
	case !utf8.Valid(ops):
		err = errUTF8
	default:
		a.s = string(ops)
		err = a.run()
	}
	d.differing = a.differing
	if err != nil {
		d.waiting, d.differing = true, nil
		return nil, fmt.Errorf("%w: %w", ErrResync, err)
	}
	d.reportURLs(a.refs)
	if len(a.edits) == 0 {
		return ops, nil
	}
	return a.edited(), nil
}

// Has reports whether node id exists; 0, the document, always does.
func (d *Document) Has(id int) bool {
	_, ok := d.tree.slot(id)
	return ok
}

// Masked reports whether node id, or an element around it, is masked, so that
// nobody but the leader sees what is in it. Unknown nodes are.
func (d *Document) Masked(id int) bool {
	at, ok := d.tree.slot(id)
	if !ok {
		return true
	}
	for ; at != 0; at = d.tree.nodes[at].parent {
		if d.tree.masked(at) {
			return true
		}
	}
	return false
}

// Sealed is Masked but for what followers may fill in unseen.
func (d *Document) Sealed(id int) bool {
	at, ok := d.tree.slot(id)
	if !ok {
		return true
	}
	for ; at != 0; at = d.tree.nodes[at].parent {
		if d.tree.masked(at) {
			return !d.tree.nodes[at].marked("type")
		}
	}
	return false
}

// protectAttr is how a site keeps an element, and all in it, for its visitor.
const protectAttr = "data-tandem-protect"

// Protected reports whether node id is, or is in, an element that only the
// leader may use.
func (d *Document) Protected(id int) bool {
	at, ok := d.tree.slot(id)
	for ; ok && at != 0; at = d.tree.nodes[at].parent {
		if _, found := d.tree.nodes[at].attr(protectAttr); found {
			return true
		}
	}
	return false
}

// Typing reports whether keys that are pressed at node id are typed into a text,
// and whether that has more than one line.
func (d *Document) Typing(id int) (typing, lines bool) {
	at, ok := d.tree.slot(id)
	for first := true; ok && at != 0; first, at = false, d.tree.nodes[at].parent {
		n := &d.tree.nodes[at]
		if first && n.is(nsHTML, "textarea") {
			return true, true
		}
		if first && n.is(nsHTML, "input") {
			return n.typed(), false
		}
		if value, found := n.attr("contenteditable"); found && n.ns == nsHTML {
			editable := asciiLower(value) != "false"
			return editable, editable
		}
	}
	return false, false
}

// typed reports whether an input takes text.
func (n *node) typed() bool {
	switch n.inputType() {
	case "text", "search", "tel", "url", "email", "password", "number":
		return true
	}
	return false
}

// Size returns about how many bytes of memory the document takes.
func (d *Document) Size() int { return d.tree.bytes + nodeBytes*len(d.tree.nodes) }

// nodeBytes is what a node takes beside its text: its place in the table and
// in the index.
const nodeBytes = 160

// Counts returns what had to be corrected so far.
func (d *Document) Counts() Counts { return d.counts }

type kind uint8

const (
	documentKind kind = iota
	doctypeKind
	elementKind
	textKind
	shadowKind
)

type namespace uint8

const (
	nsHTML namespace = iota
	nsSVG
	nsMath
)

// node is one entry of the table. Nodes refer to each other by their places in
// it, where 0 is the document and, as that is nobody's sibling or child, none.
type node struct {
	id                              int32
	parent, prev, next, first, last int32
	kind                            kind
	ns                              namespace
	secret                          bool   // was a password field once
	name                            string // local name, doctype's name, shadow root's mode, or the text
	attrs                           []attr // of a doctype: its public and system ids
	state                           *state
}

type attr struct{ name, value string }

// tree is everything a snapshot replaces.
type tree struct {
	mode  string
	nodes []node // [0] is the document
	slots map[int32]int32
	free  int32 // head of the list of unused entries, linked by next
	bytes int

	sheets     map[int32]*constructed
	defined    []string
	states     [6]int32 // which element is in each of states
	extras     map[extraKey]*extra
	order      map[extraKey]int // of extras, as they were told
	extraCount int
	names      map[string]struct{} // of defined
	secrets    map[string]struct{} // names and ids of password fields
	hides      bool                // some element is masked with what is in it
	bases      int                 // <base> elements
	opened     int                 // counts what was put into the top layer
	focus      focus
}

type focus struct {
	id         int32
	start, end string
}

// constructed is a style sheet made by new CSSStyleSheet.
type constructed struct {
	sheet
	disabled bool
	media    string // as JSON, or "" when it was not set
}

func newTree(nodes int) *tree {
	return &tree{
		mode:    "standards",
		nodes:   make([]node, 1, nodes+1),
		slots:   make(map[int32]int32, nodes),
		sheets:  make(map[int32]*constructed),
		names:   make(map[string]struct{}),
		secrets: make(map[string]struct{}),
		extras:  make(map[extraKey]*extra),
		order:   make(map[extraKey]int),
	}
}

func (t *tree) slot(id int) (int32, bool) {
	if id == 0 {
		return 0, true
	}
	if id != int(int32(id)) {
		return 0, false
	}
	at, ok := t.slots[int32(id)]
	return at, ok
}

// count is the number of nodes beside the document.
func (t *tree) count() int { return len(t.slots) }

// add enters a node that has no place yet.
func (t *tree) add(n node) int32 {
	at := t.free
	if at != 0 {
		t.free = t.nodes[at].next
		t.nodes[at] = n
	} else {
		at = int32(len(t.nodes))
		t.nodes = append(t.nodes, n)
	}
	t.slots[n.id] = at
	return at
}

// link puts a node below parent, before another child or, if that is 0, last.
func (t *tree) link(at, parent, before int32) {
	n, p := &t.nodes[at], &t.nodes[parent]
	n.parent, n.next = parent, before
	if before == 0 {
		n.prev, p.last = p.last, at
	} else {
		n.prev, t.nodes[before].prev = t.nodes[before].prev, at
	}
	if n.prev == 0 {
		p.first = at
	} else {
		t.nodes[n.prev].next = at
	}
}

// detached is the parent of a node under way from one place to another.
const detached = -1

func (t *tree) unlink(at int32) {
	n := &t.nodes[at]
	p := &t.nodes[n.parent]
	if n.prev == 0 {
		p.first = n.next
	} else {
		t.nodes[n.prev].next = n.next
	}
	if n.next == 0 {
		p.last = n.prev
	} else {
		t.nodes[n.next].prev = n.prev
	}
	n.parent, n.prev, n.next = detached, 0, 0
}

// drop forgets an unlinked node and all below it.
func (t *tree) drop(top int32) {
	var all []int32
	for at := range t.below(top) {
		all = append(all, at)
	}
	for _, at := range all {
		n := &t.nodes[at]
		if t.focus.id == n.id {
			t.focus = focus{}
		}
		if n.isBase() {
			t.bases--
		}
		delete(t.slots, n.id)
		t.bytes -= n.cost()
		clear(n.attrs) // they may share an array with those of other nodes
		*n = node{next: t.free}
		t.free = at
	}
}

// below visits top and everything below it in preorder.
func (t *tree) below(top int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for at := top; ; {
			if !yield(at) {
				return
			}
			if t.nodes[at].first != 0 {
				at = t.nodes[at].first
				continue
			}
			for at != top && t.nodes[at].next == 0 {
				at = t.nodes[at].parent
			}
			if at == top {
				return
			}
			at = t.nodes[at].next
		}
	}
}

// depth is the number of nodes above at.
func (t *tree) depth(at int32) int {
	n := 0
	for ; at != 0; at = t.nodes[at].parent {
		n++
	}
	return n
}

func (t *tree) shadow(host int32) int32 {
	if first := t.nodes[host].first; first != 0 && t.nodes[first].kind == shadowKind {
		return first
	}
	return 0
}

func (n *node) is(ns namespace, name string) bool {
	return n.kind == elementKind && n.ns == ns && n.name == name
}

func (n *node) isBase() bool { return n.is(nsHTML, "base") }

// attr returns an attribute's value.
func (n *node) attr(name string) (string, bool) {
	for _, a := range n.attrs {
		if a.name == name {
			return a.value, true
		}
	}
	return "", false
}

func (n *node) hasAttr(name string) bool {
	_, ok := n.attr(name)
	return ok
}

func (n *node) setAttr(name, value string) {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			n.attrs[i].value = value
			return
		}
	}
	n.attrs = append(slices.Clip(n.attrs), attr{name, value})
}

func (n *node) removeAttr(name string) {
	n.attrs = slices.DeleteFunc(n.attrs, func(a attr) bool { return a.name == name })
}

// cost is what the node counts against Limits.Bytes.
func (n *node) cost() int {
	bytes := len(n.name)
	for _, a := range n.attrs {
		bytes += len(a.name) + len(a.value) + 32
	}
	if n.state != nil {
		bytes += n.state.cost()
	}
	return bytes
}

// state is what few nodes have. Values are kept as JSON.
type state struct {
	props   [propCount]string
	opened  [2]int // places of modal and popover in the order of the top layer
	scroll  [2]string
	sheet   *sheet
	adopted []int32
	canvas  string
	frame   string
	media   medium
}

func (n *node) needState() *state {
	if n.state == nil {
		n.state = &state{}
	}
	return n.state
}

func (s *state) cost() int {
	bytes := 256 + len(s.canvas) + 4*len(s.adopted)
	for _, p := range s.props {
		bytes += len(p)
	}
	if s.sheet != nil {
		bytes += s.sheet.bytes
	}
	return bytes
}

type prop int

const (
	propValue prop = iota
	propChecked
	propIndeterminate
	propSelected
	propFiles
	propModal
	propPopover
	propValidity
	propDisabledSheet
	propSheetMedia
	propUserValidity
	propAutofilled
	propStates
	propCount
)

var propNames = [propCount]string{
	"value", "checked", "indeterminate", "selected", "files", "modal", "popover", "customValidity", "disabledSheet",
	"sheetMedia", "userValidity", "autofilled", "states",
}
