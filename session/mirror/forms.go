package mirror

import (
	"math"
	"slices"
	"strings"
)

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
	if !slices.Contains(shadowModes, mode) {
		a.fail(errSyntax)
	}
	if a.err != nil || a.tree.nodes[host].kind != elementKind || !a.tree.nodes[host].mayHost(mode) || a.tree.shadow(host) != 0 {
		a.fail(errPlace)
		return
	}
	at := a.put(node{id: id, kind: shadowKind, name: a.keep(mode)}, host, a.tree.nodes[host].first)
	for a.next() {
		a.form(at, 0, depth+1)
	}
}

// shadowModes are the kinds of shadow roots: as attachShadow has them, with
// slots assigned by script, and the content of a <template>.
var shadowModes = []string{"open", "closed", "open manual", "closed manual", "template"}

// mayHost tells the elements that attachShadow takes (DOM §4.9), or that have
// content of their own.
func (n *node) mayHost(mode string) bool {
	if n.ns != nsHTML {
		return false
	}
	if mode == "template" || n.name == "template" {
		return mode == "template" && n.name == "template"
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
		a.tree.hides = a.tree.hides || kept == maskedAttr && safe != ""
	}
	a.scratch = list
	if a.err != nil {
		return
	}
	n.attrs = list
	if a.tree.hides {
		changed = a.strip(at) || changed
	}
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

// strip takes away what a hidden element may not have, and reports whether
// there was any.
func (a *applier) strip(at int32) bool {
	n := &a.tree.nodes[at]
	before := len(n.attrs)
	n.attrs = slices.DeleteFunc(n.attrs, func(b attr) bool { return !a.tree.keeps(at, b.name) })
	a.counts.Masked += before - len(n.attrs)
	return len(n.attrs) != before
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
