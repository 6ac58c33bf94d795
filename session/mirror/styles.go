package mirror

import "strings"

func (a *applier) sheetProperty(id int32, p prop) {
	if p != propDisabledSheet && p != propSheetMedia {
		a.fail(errSyntax)
		return
	}
	value := strings.Clone(a.propValue(p))
	if !a.end() {
		return
	}
	switch c := a.constructed(id); {
	case c == nil:
	case p == propDisabledSheet:
		c.disabled = value == "true"
	case len(value) > maxName:
		a.fail(ErrLimit)
	default:
		c.media = value
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

// forgetSheet drops a constructed sheet that nothing adopts any more.
func (a *applier) forgetSheet(id int32) {
	c := a.constructed(id)
	if a.end() {
		a.charge(-c.bytes)
		delete(a.tree.sheets, id)
	}
}

// maxIndex is more rules than a sheet can have.
const maxIndex = 1 << 24

func (a *applier) rule() {
	a.item()
	id := a.integer()
	what := a.strItem()
	var path []int32
	nested := false
	if what == "x" {
		a.forgetSheet(id)
		return
	}
	if what != "r" {
		path, nested = a.path()
	}
	details := a.i
	text := a.ruleText(what)
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
	a.spend(len(s.parts))
	before := s.bytes
	switch {
	case what == "r":
		s.replace(strings.Clone(text))
	case nested || len(s.edits) > 0:
		s.edit(what, path, nested, a.s[details:a.i-1], text)
	case what == "i":
		s.insert(int(path[0]), strings.Clone(text))
	default:
		s.remove(int(path[0]))
	}
	a.charge(s.bytes - before)
	if len(s.parts)+s.deleted+len(s.edits) > a.limits.Rules {
		a.fail(ErrLimit)
	}
	a.refs = append(a.refs, ref{refCSS, text})
}

// maxNesting bounds how deep rules are within rules.
const maxNesting = 32

// path reads where a rule is: its index in the sheet, or the indexes from
// there down in a list.
func (a *applier) path() (path []int32, nested bool) {
	a.item()
	if nested = a.peek() == '['; !nested {
		path = append(path, a.integer())
	} else {
		a.open()
		for a.next() {
			path = append(path, a.integer())
		}
	}
	for _, index := range path {
		if index < 0 || index > maxIndex {
			a.fail(errValue)
		}
	}
	if len(path) == 0 || len(path) > maxNesting {
		a.fail(errSyntax)
	}
	return path, nested
}

// ruleText reads what comes after the rule's place and returns what may have
// URLs in it.
func (a *applier) ruleText(what string) (text string) {
	switch what {
	case "d":
	case "i", "r", "s", "c":
		text = a.shortItem()
	case "p":
		a.strItem()
		text = a.shortItem()
		if priority := a.strItem(); priority != "" && priority != "important" {
			a.fail(errValue)
		}
	default:
		a.fail(errSyntax)
	}
	return text
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
