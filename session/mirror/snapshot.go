package mirror

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Snapshot returns the operations that rebuild the document as it is now;
// "[]" before the first snapshot.
func (d *Document) Snapshot() json.RawMessage {
	t := d.tree
	if t.count() == 0 && d.waiting {
		return json.RawMessage("[]")
	}
	e := encoder{tree: t, now: d.now(), b: make([]byte, 0, 256+t.bytes+t.bytes/4+24*t.count())}
	e.snapshot()
	return e.b
}

// encoder writes a tree as operations.
type encoder struct {
	*tree
	now     time.Time
	b       []byte
	stateOf []int32 // nodes with a state, in tree order
}

func (e *encoder) snapshot() {
	e.b = append(e.b, "[[0,"...)
	e.ids(0)
	e.b = append(e.b, ',')
	e.b = appendString(e.b, e.mode)
	if e.nodes[0].state != nil {
		e.stateOf = append(e.stateOf, 0)
	}
	for at := e.nodes[0].first; at != 0; at = e.nodes[at].next {
		e.b = append(e.b, ',')
		e.node(at)
	}
	e.b = append(e.b, ']')
	e.defines()
	e.styles()
	e.writeStates()
	e.writeExtras()
	if e.focus.id != 0 {
		e.focused()
	}
	e.b = append(e.b, ']')
}

// ids writes the first id of the nodes below top when the rest follows from
// it, or else all.
func (e *encoder) ids(top int32) {
	first, running := e.nodes[e.nodes[top].first].id, true
	next := first
	for at := range e.below(top) {
		if at != top {
			running = running && e.nodes[at].id == next
			next++
		}
	}
	if running {
		e.b = appendInt(e.b, max(int(first), 1))
		return
	}
	comma := byte('[')
	for at := range e.below(top) {
		if at != top {
			e.b = appendInt(append(e.b, comma), int(e.nodes[at].id))
			comma = ','
		}
	}
	e.b = append(e.b, ']')
}

// node writes a node and what is below it. Limits.Depth bounds the recursion.
func (e *encoder) node(at int32) {
	n := &e.nodes[at]
	if n.state != nil {
		e.stateOf = append(e.stateOf, at)
	}
	switch n.kind {
	case textKind:
		e.b = appendString(e.b, n.name)
		return
	case doctypeKind:
		e.b = append(e.b, `[0,"!",`...)
		e.b = appendString(e.b, n.name)
		for _, a := range n.attrs {
			e.b = appendString(append(e.b, ','), a.value)
		}
	case shadowKind:
		e.b = append(e.b, `[0,"#",`...)
		e.b = appendString(e.b, n.name)
	case elementKind:
		e.b = append(e.b, '[')
		e.b = appendTag(e.b, n)
		e.b = append(e.b, ',')
		e.b = appendAttrs(e.b, n.attrs)
	}
	for kid := n.first; kid != 0; kid = e.nodes[kid].next {
		e.b = append(e.b, ',')
		e.node(kid)
	}
	e.b = append(e.b, ']')
}

func appendTag(b []byte, n *node) []byte {
	switch n.ns {
	case nsSVG:
		return appendString(b, "svg:"+n.name)
	case nsMath:
		return appendString(b, "math:"+n.name)
	}
	return appendString(b, n.name)
}

func appendAttrs(b []byte, attrs []attr) []byte {
	if len(attrs) == 0 {
		return append(b, '0')
	}
	comma := byte('[')
	for _, a := range attrs {
		b = appendString(append(b, comma), a.name)
		b = appendString(append(b, ','), a.value)
		comma = ','
	}
	return append(b, ']')
}

func (e *encoder) defines() {
	if len(e.defined) == 0 {
		return
	}
	e.b = append(e.b, `,[14`...)
	for _, name := range e.defined {
		e.b = appendString(append(e.b, ','), name)
	}
	e.b = append(e.b, ']')
}

// styles writes constructed sheets, then what was done to those of elements,
// then who adopts what.
func (e *encoder) styles() {
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(e.sheets))) {
		c := e.sheets[id]
		e.b = c.append(e.b, id)
		if c.disabled {
			e.b = append(appendHead(e.b, 6, id), `,"disabledSheet",true]`...)
		}
		e.prop(id, propSheetMedia, c.media)
	}
	e.elementStyles()
}

// elementStyles is styles without the constructed sheets.
func (e *encoder) elementStyles() {
	for _, at := range e.stateOf {
		if n := &e.nodes[at]; n.state.sheet != nil {
			e.b = n.state.sheet.append(e.b, n.id)
		}
	}
	for _, at := range e.stateOf {
		n := &e.nodes[at]
		if len(n.state.adopted) == 0 {
			continue
		}
		e.b = appendHead(e.b, 9, n.id)
		for _, id := range n.state.adopted {
			if e.sheets[id] != nil { // else forgotten, though a leader that means well forgets none in use
				e.b = appendInt(append(e.b, ','), int(id))
			}
		}
		e.b = append(e.b, ']')
	}
}

// writeStates writes properties and whatever else nodes have; the top layer in the
// order in which it was opened, and scrolling last, when everything is there.
func (e *encoder) writeStates() {
	type open struct {
		at int32
		p  prop
		no int
	}
	var opened []open
	for _, at := range e.stateOf {
		n := &e.nodes[at]
		s := n.state
		for p, value := range s.props {
			switch p := prop(p); {
			case p != propModal && p != propPopover:
				e.prop(n.id, p, value)
			case value != "":
				opened = append(opened, open{at, p, s.opened[p-propModal]})
			}
		}
		if s.canvas != "" {
			e.b = appendString(append(appendHead(e.b, 10, n.id), ','), s.canvas)
			e.b = append(e.b, ']')
		}
		e.value(11, n.id, s.frame)
		if s.media.state != "" {
			e.value(13, n.id, string(s.media.append(nil, e.now)))
		}
	}
	slices.SortFunc(opened, func(a, b open) int { return cmp.Compare(a.no, b.no) })
	for _, o := range opened {
		n := &e.nodes[o.at]
		e.prop(n.id, o.p, n.state.props[o.p])
	}
	for _, at := range e.stateOf {
		n := &e.nodes[at]
		if s := n.state.scroll; s[0] != "" {
			e.value(7, n.id, s[0]+","+s[1])
		}
	}
}

func (e *encoder) prop(id int32, p prop, value string) {
	if value == "" {
		return
	}
	e.b = append(appendHead(e.b, 6, id), `,"`...)
	e.b = append(append(e.b, propNames[p]...), `",`...)
	e.b = append(append(e.b, value...), ']')
}

// value writes an operation whose operands after the id are JSON already.
func (e *encoder) value(op int, id int32, value string) {
	if value == "" {
		return
	}
	e.b = append(append(appendHead(e.b, op, id), ','), value...)
	e.b = append(e.b, ']')
}

func (e *encoder) focused() {
	e.b = appendHead(e.b, 12, e.focus.id)
	if e.focus.start != "" {
		e.b = append(append(e.b, ','), e.focus.start...)
	}
	if e.focus.end != "" {
		e.b = append(append(e.b, ','), e.focus.end...)
	}
	e.b = append(e.b, ']')
}

// appendHead writes ",[op,id".
func appendHead(b []byte, op int, id int32) []byte {
	b = append(b, ',', '[')
	b = append(appendInt(b, op), ',')
	return appendInt(b, int(id))
}

func appendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }
