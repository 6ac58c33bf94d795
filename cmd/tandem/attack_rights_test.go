package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem/session"
)

// rightsPage has what an agent might get at by a way around.
const rightsPage = `<title>rights</title><body id=body>
<input id=field value=field><input id=fixed readonly value=fixed><input id=hidden type=hidden value=hidden><input id=gone value=gone style="display:none">
<input id=box type=checkbox value=box><input id=kept data-tandem-protect value=kept><select id=choice><option>a<option disabled>b</select>
<div id=host contenteditable><p id=p>host</p></div><div id=bare contenteditable>bare<button id=inner type=button contenteditable=false>x</button></div>
<div id=other contenteditable data-tandem-protect>other</div>
<div id=around style="padding:9px"><button id=veiled type=button data-tandem-block style="width:200px;height:60px">x</button></div>
<form id=form><input id=line value=line><button id=pay data-tandem-protect>pay</button></form>
<div id=zone data-tandem-protect style="height:40px">zone</div><p id=away>away</p>
<script>
const log = [];
for (const type of ['click', 'mouseup']) addEventListener(type, (event) => log.push(type + ' ' + event.target.id), true);
addEventListener('keydown', (event) => log.push('key ' + (event.target.id || event.target.localName)), true);
addEventListener('submit', (event) => { event.preventDefault(); log.push('submit'); });
const editors = () => [p.textContent, host.textContent];
const state = () => [field.value, fixed.value, hidden.value, gone.value, box.value, kept.value, choice.value, other.textContent, line.value].join(' ');
</script>`

// named returns the ids that a document's nodes have by their names in the page.
func named(t *testing.T, ops json.RawMessage) map[string]int {
	t.Helper()
	var all [][]json.RawMessage
	var next int
	if json.Unmarshal(ops, &all) != nil || len(all) == 0 || len(all[0]) < 4 || json.Unmarshal(all[0][1], &next) != nil {
		t.Fatalf("not a snapshot with running ids: %.200s", ops)
	}
	names := map[string]int{}
	var count func(form json.RawMessage)
	count = func(form json.RawMessage) {
		id := next
		next++
		var parts []json.RawMessage
		if json.Unmarshal(form, &parts) != nil {
			return // a text
		}
		var attrs []string
		if json.Unmarshal(parts[1], &attrs) == nil {
			for i := 0; i+1 < len(attrs); i += 2 {
				if attrs[i] == "id" {
					names[attrs[i+1]] = id
				}
			}
		}
		if string(parts[0]) != "0" {
			for _, kid := range parts[2:] {
				count(kid)
			}
		}
	}
	for _, form := range all[0][3:] {
		count(form)
	}
	return names
}

// TestS36NoWayAroundARight has an agent write messages of their own against a real page: what a right, a mask, the
// site or the field itself withholds stays withheld when another element is named, or another kind of input.
func TestS36NoWayAroundARight(t *testing.T) {
	b := newBattle(t)
	b.site.on(func(w http.ResponseWriter, r *http.Request) { page(w, rightsPage) })
	invited := b.invite(b.site.URL+"/", session.Shared)
	agent := b.client()
	agent.join(invited.ID, invited.AgentURL)
	a := agent.wire(b.agentSocket(invited.ID))
	visitor := b.visit(invited)
	a.sees(`"away"`)
	a = agent.wire(b.agentSocket(invited.ID)) // is told all as one
	told := a.expect("doc")
	var doc struct {
		Doc int
		Ops json.RawMessage
	}
	if err := json.Unmarshal([]byte(told[len(told)-1]), &doc); err != nil {
		t.Fatal(err)
	}
	ids := named(t, doc.Ops)
	n := 0
	input := func(what string) (answer string) {
		n++
		for name, id := range ids {
			what = strings.ReplaceAll(what, `"#`+name+`"`, fmt.Sprint(id))
		}
		a.say(fmt.Sprintf(`{"type":"input","n":%d,"doc":%d,"input":%s}`, n, doc.Doc, what))
		for {
			if kind, text := a.message(); kind == "done" || kind == "refused" {
				return text
			}
		}
	}
	found := func(writes bool) (state []string) { // writes: also in what may be written with the right to
		if err := visitor.eval(content, `[state(), ...(`+strconv.FormatBool(writes)+` ? editors() : []), ...log]`, &state); err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(state, meansNothing)
	}
	turn := func(right string) {
		if err := visitor.eval(top, `document.querySelector('[data-right=`+right+`]').click()`, nil); err != nil {
			t.Fatal(err)
		}
		a.expect("mode")
	}
	focus := func(name string) string { return `{"kind":"focus","node":"#` + name + `"}` }
	key := func(name, key string) string {
		return `{"kind":"key","node":"#` + name + `","key":"` + key + `","code":"","mods":0}`
	}
	click := func(name string) string {
		return `{"kind":"click","node":"#` + name + `","fx":0.5,"fy":0.5,"button":0,"detail":1,"mods":0}`
	}
	for _, test := range []struct {
		what, without string
		first         []string // is allowed
		then          []string // leaves the page as it is
	}{
		{"types in the field with the focus", "fill", []string{click("field")}, []string{key("body", "x")}},
		{"types in the editor with the focus", "fill", []string{click("p")}, []string{key("body", "x"), key("body", "Enter")}},
		{"presses a button that has the focus in an editor", "click", []string{focus("inner")}, []string{key("bare", " "), key("bare", "Enter")}},
		{"sends Enter along with a text", "click", []string{focus("line")}, []string{
			`{"kind":"text","node":"#line","edit":[0,0,""],"base":0,"key":"Enter","code":"Enter","mods":0}`,
			`{"kind":"text","node":"#line","edit":[0,0,""],"base":0,"key":"x","code":"Enter","mods":0}`,
			`{"kind":"edit","node":"#away","inputType":"insertText","data":"x","key":"Delete","code":"Delete","mods":0}`,
			`{"kind":"edit","node":"#away","inputType":"insertText","data":"x","key":"","code":"Enter","mods":0}`}},
		{"types in what is the visitor's", "", []string{focus("kept")}, []string{key("body", "x")}},
		{"edits what is the visitor's", "", []string{focus("other")}, []string{`{"kind":"edit","node":"#p","inputType":"insertText","data":"x"}`}},
		{"presses what is hidden, by what is around it", "", nil, []string{
			`{"kind":"click","node":"#around","fx":0.1,"fy":0.5,"button":0,"detail":1,"mods":0}`, `{"kind":"press","node":"#around","fx":0.1,"fy":0.5,"mods":0}`}},
		{"drops on what is the visitor's", "", []string{`{"kind":"press","node":"#away","fx":0.5,"fy":0.5,"mods":0}`}, []string{`{"kind":"release","node":"#away","dx":0,"dy":-45,"mods":0}`}},
		{"submits what only the visitor may", "", nil, []string{`{"kind":"submit","node":"#form"}`}},
		{"writes what no hand can", "", nil, []string{
			`{"kind":"text","node":"#fixed","edit":[0,0,"x"],"base":0}`, `{"kind":"value","node":"#fixed","value":"x"}`, `{"kind":"value","node":"#hidden","value":"x"}`,
			`{"kind":"value","node":"#box","value":"x"}`, `{"kind":"text","node":"#gone","edit":[0,0,"x"],"base":0}`, `{"kind":"value","node":"#gone","value":"x"}`,
			`{"kind":"select","node":"#choice","options":[1]}`}},
	} {
		if test.without != "" {
			turn(test.without)
		}
		for _, what := range test.first {
			if answer := input(what); !strings.Contains(answer, `"ok":true`) {
				t.Fatalf("%s: %s: %s", test.what, what, answer)
			}
		}
		for _, what := range test.then {
			before := found(test.without == "fill")
			answer := input(what)
			if now := found(test.without == "fill"); !slices.Equal(now, before) {
				t.Errorf("an agent who %s, by %s: answered %s, and the page went from %q to %q", test.what, what, answer, before, now)
			}
		}
		if test.without != "" {
			turn(test.without)
		}
	}
}

// meansNothing reports of keys for the page as a whole, and of a button let go where it was pressed.
func meansNothing(event string) bool {
	return event == "key body" || event == "key bare" || event == "mouseup away"
}
