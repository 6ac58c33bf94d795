package mirror

import "strings"

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
