package mirror

import (
	"slices"
	"strings"
)

// Mask stands for every masked value that is not empty. It is as long for a
// short secret as for a long one.
const Mask = "••••••••"

// maskedAttr marks masked elements in the mirror. Its words say how: none for
// a field whose value is hidden; "all" and "box" for an element and all in it,
// "private" for an element whose children may be shown; "type" if followers may
// write where they cannot read.
const maskedAttr = "data-tandem-masked"

// laidOut are the attributes that a hidden element keeps: those that say how it
// is laid out and what it is (twin: static/src/record/mask.ts).
var laidOut = wordSet(`id class slot part dir type role hidden disabled readonly required multiple open rows cols size colspan
	rowspan span width height align valign for form tabindex contenteditable inert popover reversed start wrap exportparts xmlns
	value style ` + maskedAttr + ` ` + protectAttr)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// marked reports whether an element's mark has a word.
func (n *node) marked(word string) bool {
	words, _ := n.attr(maskedAttr)
	return words != "" && slices.Contains(strings.Fields(words), word)
}

// hidden reports whether nothing of what is directly in a node may be told.
func (t *tree) hidden(at int32) bool {
	if !t.hides {
		return false
	}
	if t.nodes[at].marked("private") {
		return true
	}
	for ; at != 0; at = t.nodes[at].parent {
		if n := &t.nodes[at]; n.marked("all") || n.marked("box") {
			return true
		}
	}
	return false
}

// keeps reports whether an element may have an attribute.
func (t *tree) keeps(at int32, name string) bool {
	if !t.hides || laidOut[name] {
		return true
	}
	switch n := &t.nodes[at]; {
	case n.ns == nsHTML && (n.name == "link" || n.name == "style" || n.name == "base"):
		return true // how the page looks, not what it says
	}
	return !t.hidden(at)
}

// maxSecrets bounds how many names of password fields are remembered.
const maxSecrets = 1000

// masked reports whether the element itself is masked: because it is or was a
// password field, has the name or id of one, takes a card number, a code or a
// password, or because the recorder says so.
func (t *tree) masked(at int32) bool {
	n := &t.nodes[at]
	if n.kind != elementKind {
		return false
	}
	if _, ok := n.attr(maskedAttr); ok || n.secret || t.hidden(at) {
		return true
	}
	if n.ns != nsHTML {
		return false
	}
	switch n.name {
	case "input":
		return n.inputType() == "password" || n.inputType() == "text" && t.twin(n) || n.secretPurpose()
	case "textarea", "select":
		return n.secretPurpose()
	}
	return false
}

// remember makes a password field masked for good, and with it those that
// pages put in its place to show the password.
func (t *tree) remember(n *node) {
	if !n.is(nsHTML, "input") || n.secret || n.inputType() != "password" {
		return
	}
	n.secret = true
	for _, key := range n.keys() {
		if len(t.secrets) < maxSecrets {
			t.secrets[strings.Clone(key)] = struct{}{}
		}
	}
}

// inMaskedSelect reports whether an option is of a masked <select>.
func (t *tree) inMaskedSelect(option int32) bool {
	at := t.nodes[option].parent
	for range 3 { // past <optgroup> and what a customised <select> has in between
		if t.nodes[at].is(nsHTML, "select") {
			return t.masked(at)
		}
		at = t.nodes[at].parent
	}
	return false
}

func (t *tree) twin(n *node) bool {
	if len(t.secrets) == 0 {
		return false
	}
	for _, key := range n.keys() {
		if _, ok := t.secrets[key]; ok {
			return true
		}
	}
	return false
}

func (n *node) keys() []string {
	var keys []string
	for _, name := range []string{"name", "id"} {
		if value, _ := n.attr(name); value != "" && len(value) <= maxName {
			keys = append(keys, name+"="+value)
		}
	}
	return keys
}

// inputType is the type of an input as the browser understands it; types that
// do not matter here are returned as they are.
func (n *node) inputType() string {
	t, _ := n.attr("type")
	switch t = asciiLower(t); t {
	case "hidden", "search", "tel", "url", "email", "password", "date", "month", "week", "time", "datetime-local",
		"number", "range", "color", "checkbox", "radio", "file", "submit", "image", "reset", "button":
		return t
	}
	return "text"
}

func (n *node) secretPurpose() bool {
	value, _ := n.attr("autocomplete")
	for token := range strings.FieldsSeq(asciiLower(value)) {
		if strings.HasPrefix(token, "cc-") || token == "one-time-code" || strings.HasSuffix(token, "-password") {
			return true
		}
	}
	return false
}

// judgesMask reports whether an attribute takes part in masked.
func judgesMask(name string) bool {
	switch name {
	case "type", "autocomplete", "name", "id", maskedAttr:
		return true
	}
	return false
}

func isMask(value string) bool { return value == "" || value == Mask }

// hidden is what may be told of a masked value.
func hidden(value string) string {
	if value == "" {
		return ""
	}
	return Mask
}
