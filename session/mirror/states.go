package mirror

import (
	"slices"
	"strings"
	"time"
)

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
	case propValue, propValidity, propSheetMedia:
		return string(appendString(nil, a.str()))
	case propUserValidity:
		s := a.str()
		if s != "" && s != "valid" && s != "invalid" {
			a.fail(errValue)
		}
		return string(appendString(nil, s))
	case propSelected:
		a.open()
		for a.next() {
			if a.integer() < 0 {
				a.fail(errValue)
			}
		}
	case propFiles, propStates:
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
	case value == "false" && p != propChecked, value == "[]" && (p == propFiles || p == propStates), value == `""` && (p == propValidity || p == propUserValidity):
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

func (a *applier) canvas(start int) {
	at := a.elementItem()
	picture := a.strItem()
	if a.err != nil {
		return
	}
	if len(picture) > a.limits.Value || !isPicture(picture) || !shows(a.tree.nodes[at].name) || a.tree.masked(at) {
		a.dropOp(start)
		return
	}
	if a.end() {
		a.change(at, func(n *node) { n.needState().canvas = strings.Clone(picture) })
	}
}

// shows tells the elements that may be told what they show.
func shows(name string) bool { return name == "canvas" || name == "video" }

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
	m := medium{
		clock:  newClock(a.now(), state["paused"], state["time"], state["rate"], state["paused"] == "false"),
		volume: strings.Clone(state["volume"]), muted: strings.Clone(state["muted"]),
	}
	if clean := m.append(nil, a.now()); string(clean) != a.s[from:to] {
		a.edit(from, to, clean)
	}
	a.change(at, func(n *node) { n.needState().media = m })
}

// medium is what an audio or video element does; its clock's state says
// whether it is paused, and its time is in seconds.
type medium struct {
	clock
	volume, muted string
}

func (m medium) append(b []byte, now time.Time) []byte {
	b = append(append(b, `{"paused":`...), m.state...)
	b = m.clock.append(append(b, `,"time":`...), now, 0.001)
	b = append(append(b, `,"rate":`...), m.rate...)
	b = append(append(b, `,"volume":`...), m.volume...)
	b = append(append(b, `,"muted":`...), m.muted...)
	return append(b, '}')
}

// maxDefined bounds the custom elements of a document.
const maxDefined = 5000

func (a *applier) define(start int) {
	var names []string
	valid := true
	for a.next() {
		name := a.str()
		names = append(names, name)
		valid = valid && isCustomName(strings.TrimPrefix(name, "form:"))
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
