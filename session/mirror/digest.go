package mirror

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Digests are compared by the leader's browser, here and by followers, none of
// which keeps quite the same: so only what all three have alike goes into one.
// That is ids, tags, the order of children, texts but those of style sheets,
// scripts and fields, the attributes that are not rewritten, and what was told
// of fields and of scrolling. The twin
// of this file is static/src/digest.ts.

// maxDigested bounds what one Apply spends on digests; those beyond are left
// out.
const maxDigested = 4 << 20

// fnv is FNV-1a of 32 bits over UTF-16 units. It finds accidents; whoever
// wants to can make two trees look alike, to be shown what they made.
type fnv uint32

const newFNV fnv = 2166136261

func (h *fnv) unit(u rune) { *h = (*h ^ fnv(u)) * 16777619 }

func (h *fnv) number(n int32) {
	for _, digit := range strconv.Itoa(int(n)) {
		h.unit(digit)
	}
}

// text leaves out surrogates, which are not kept alike everywhere.
func (h *fnv) text(s string) {
	for _, r := range s {
		if r != utf8.RuneError && r <= 0xffff {
			h.unit(r)
		}
	}
}

// digest returns the digest of an element: with what is below it or ("s") only
// with its texts and the ids of its other children. It is "" when that is too much work.
func (t *tree) digest(at int32, deep bool, work *int) string {
	h := newFNV
	t.digestElement(&h, at, work)
	for kid := t.seen(at); kid != 0; kid = t.nodes[kid].next {
		if !deep && t.nodes[kid].kind != textKind {
			h.number(t.nodes[kid].id)
			h.unit(' ')
			*work++
		} else if t.digestBelow(&h, kid, work); *work > maxDigested {
			return ""
		}
	}
	if deep {
		return "d" + strconv.FormatUint(uint64(h), 36)
	}
	return "s" + strconv.FormatUint(uint64(h), 36)
}

// seen returns an element's first child; what is in templates nobody sees.
func (t *tree) seen(at int32) int32 {
	if n := &t.nodes[at]; n.kind != elementKind || n.name != "template" {
		return n.first
	}
	return 0
}

// digestBelow adds a node with all below it. Limits.Depth bounds the recursion.
func (t *tree) digestBelow(h *fnv, at int32, work *int) {
	n := &t.nodes[at]
	switch *work++; n.kind {
	case textKind:
		h.unit('"')
		h.number(n.id)
		if !opaqueText[t.nodes[n.parent].name] {
			*work += len(n.name)
			h.text(n.name)
		}
		return
	case shadowKind:
		h.unit('#')
		h.number(n.id)
	default:
		t.digestElement(h, at, work)
	}
	for kid := t.seen(at); kid != 0 && *work <= maxDigested; kid = t.nodes[kid].next {
		t.digestBelow(h, kid, work)
	}
	h.unit('>')
}

// opaqueText are the elements whose text somebody keeps otherwise.
var opaqueText = map[string]bool{"style": true, "script": true, "noscript": true, "textarea": true, "template": true, "iframe": true, "input": true}

func (t *tree) digestElement(h *fnv, at int32, work *int) {
	n := &t.nodes[at]
	h.unit('<')
	h.number(n.id)
	h.text(digestTag(n.name))
	attrs := fnv(0)
	for _, a := range n.attrs {
		if digestible(n.name, a.name, a.value) {
			one := newFNV
			one.text(a.name)
			one.unit('=')
			one.text(a.value)
			attrs += one
			*work += len(a.value)
		}
	}
	h.number(int32(attrs >> 1))
	for _, p := range []prop{propValue, propChecked, propSelected} {
		if n.state == nil {
			break
		}
		if value := n.state.props[p]; value != "" {
			h.text(propNames[p])
			h.unit('=')
			h.text(spelt(value))
			*work += len(value)
		}
	}
	if at := t.scrolled(at); at[0] != "" {
		h.text("scroll=" + at[0] + "," + at[1])
	}
}

// scrolled returns where an element was scrolled to. The window's place is the
// root element's.
func (t *tree) scrolled(at int32) [2]string {
	if t.nodes[t.nodes[at].parent].kind == documentKind {
		at = t.nodes[at].parent
	}
	if s := t.nodes[at].state; s != nil {
		return s.scroll
	}
	return [2]string{}
}

// spelt is a property's value as digests have it.
func spelt(value string) string {
	var s string
	if value[0] == '"' && json.Unmarshal([]byte(value), &s) == nil {
		return s
	}
	return strings.Join(strings.Fields(value), "") // a list may be written with spaces
}

// digestTag is a name that everybody could give an element.
func digestTag(name string) string {
	for i := range len(name) {
		if c := name[i]; !(c >= 'a' && c <= 'z' || i > 0 && (isDigit(c) || c == '-')) {
			return "?"
		}
	}
	if name == "tandem-odd" {
		return "?"
	}
	return name
}

// undigested are the attributes that followers do not have as the leader has
// them: they load, act, or are told otherwise.
var undigested = func() map[string]bool {
	names := map[string]bool{}
	for name := range strings.FieldsSeq(`src href poster rel content popover preload value srcdoc srcset sizes imagesrcset imagesizes nonce
		integrity autofocus autoplay ping target action formaction http-equiv is download accesskey crossorigin referrerpolicy loading manifest
		autocomplete attributionsrc sandbox allow csp data codebase archive classid longdesc cite profile popovertarget command commandfor
		xmlns shadowrootmode background`) {
		names[name] = true
	}
	return names
}()

// digestible tells the attributes that followers have as the leader has them.
func digestible(tag, name, value string) bool {
	if digestTag(name) != name || strings.HasPrefix(name, "on") || strings.HasPrefix(name, "data-tandem") || undigested[name] {
		return false
	}
	switch tag {
	case "script", "base":
		return false
	case "canvas", "body":
		if name == "style" {
			return false
		}
	case "dialog":
		if name == "open" {
			return false
		}
	case "embed", "object":
		if name == "type" {
			return false
		}
	}
	value = strings.ToLower(value)
	return !strings.Contains(value, "url(") && !strings.Contains(value, "image-set(")
}

func (a *applier) digest(start int) {
	a.item()
	id := a.integer()
	a.item()
	if a.peek() != '"' {
		a.lookup(id)
		a.finite()
		a.end()
		return
	}
	told := a.str()
	if !isToken(told) {
		a.fail(errValue)
	}
	if a.err == nil && told[0] == 'r' { // of a sheet's rules, which only browsers know
		a.end()
		return
	}
	at := a.lookup(id)
	if a.err != nil || a.tree.nodes[at].kind != elementKind || told[0] != 'd' && told[0] != 's' {
		a.end()
		return
	}
	own := ""
	if a.digested <= maxDigested {
		own = a.tree.digest(at, told[0] == 'd', &a.digested)
	}
	if own == told {
		a.end()
		return
	}
	if own != "" && len(a.differing) < maxDiffering {
		a.differing = append(a.differing, Difference{int(a.tree.nodes[at].id), told[0] == 'd'})
	}
	if a.end() { // followers differ likewise, and are told when we know better
		a.edit(start, a.i, []byte(nothing))
	}
}

const maxDiffering = 64

// Differing returns the elements of which the last Apply was told digests that
// are not ours. Something was missed there, and the leader should tell them
// again, by operation 23.
func (d *Document) Differing() []Difference { return d.differing }

// Narrow returns digests by which somebody can find out what below an element
// differs; nil when the element is so small, or built so, that it should be told
// again as it is.
func (d *Document) Narrow(id int) json.RawMessage {
	t := d.tree
	at, ok := t.slot(id)
	if !ok || t.nodes[at].kind != elementKind || t.shadow(at) != 0 {
		return nil
	}
	work, kids := 0, 0
	b := t.appendDigest([]byte("["), at, false, &work)
	for kid := t.seen(at); kid != 0; kid = t.nodes[kid].next {
		if t.nodes[kid].kind == elementKind {
			kids++
			b = t.appendDigest(append(b, ','), kid, true, &work)
		}
	}
	if kids == 0 || kids > maxDiffering || work > maxDigested {
		return nil
	}
	return append(b, ']')
}

func (t *tree) appendDigest(b []byte, at int32, deep bool, work *int) []byte {
	b = append(appendInt(append(b, "[15,"...), int(t.nodes[at].id)), ',')
	return append(appendString(b, t.digest(at, deep, work)), ']')
}

// Difference is an element of which a digest was told that is not ours.
type Difference struct {
	Element int
	Deep    bool // something in it differs
}

// again replaces what an element has and is around.
func (a *applier) again() {
	at := a.elementItem()
	a.item()
	if a.err != nil {
		return
	}
	t := a.tree
	for kid := t.nodes[at].first; kid != 0; kid = t.nodes[at].first {
		t.unlink(kid)
		t.drop(kid)
	}
	a.change(at, func(n *node) { n.attrs, n.state = nil, nil })
	a.attrForms(at)
	a.readIDs()
	depth := t.depth(at) + 1
	a.spend(depth)
	for a.next() {
		a.form(at, 0, depth)
	}
	a.finishForms()
	a.stale = true
}

// Element returns the operations that tell an element again, with all below
// it; nil when there is no such element.
func (d *Document) Element(id int) json.RawMessage {
	at, ok := d.tree.slot(id)
	if !ok || d.tree.nodes[at].kind != elementKind {
		return nil
	}
	e := encoder{tree: d.tree, now: d.now(), b: []byte("[")}
	n := &d.tree.nodes[at]
	if root := &d.tree.nodes[n.parent]; root.kind == documentKind && root.state != nil {
		e.stateOf = append(e.stateOf, n.parent)
	}
	if n.state != nil {
		e.stateOf = append(e.stateOf, at)
	}
	e.b = append(append(e.b, appendHead(nil, opAgain, n.id)[1:]...), ',')
	e.b = append(appendAttrs(e.b, n.attrs), ',')
	e.ids(at)
	for kid := n.first; kid != 0; kid = d.tree.nodes[kid].next {
		e.b = append(e.b, ',')
		e.node(kid)
	}
	e.b = append(e.b, ']')
	e.elementStyles()
	e.writeStates()
	e.writeExtras()
	e.b = append(e.b, ']')
	return e.b
}
