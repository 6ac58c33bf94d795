package mirror

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// model is the grammar of doc.go interpreted the simplest way, as a follower
// might, to compare Document with.
type model struct {
	mode    string
	root    *modelNode
	nodes   map[int]*modelNode
	sheets  map[int]*modelSheet
	defined []string
	focus   string
	top     []string // the top layer, in order
}

type modelNode struct {
	id    int
	form  string // "div", "#text", "!", "#open"
	attrs []string
	text  []uint16
	kids  []*modelNode
	up    *modelNode
	state map[string]string // all that is not in the tree
	sheet *modelSheet
}

// modelSheet has 30 rules of its own, which are more than the test deletes.
type modelSheet struct {
	rules    []string
	disabled string
}

func newModelSheet(text string) *modelSheet {
	s := &modelSheet{}
	for i := range 30 {
		s.rules = append(s.rules, fmt.Sprintf("%s%d", text, i))
	}
	return s
}

func number(v any) int { return int(v.(float64)) }

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func (m *model) apply(tb testing.TB, ops []byte) {
	tb.Helper()
	var list [][]any
	if err := json.Unmarshal(ops, &list); err != nil {
		tb.Fatalf("%s: %v", ops, err)
	}
	for _, op := range list {
		m.op(number(op[0]), op[1:])
	}
}

func (m *model) op(code int, op []any) {
	switch code {
	case 0:
		*m = model{mode: op[1].(string), nodes: map[int]*modelNode{}, sheets: map[int]*modelSheet{}}
		m.root = &modelNode{form: "#document", state: map[string]string{}}
		m.nodes[0] = m.root
		m.insert(m.root, 0, op[0], op[2:])
	case 1:
		for _, id := range op {
			n := m.nodes[number(id)]
			m.disturb(n.up)
			n.cut()
			m.forget(n)
		}
	case 2:
		m.insert(m.nodes[number(op[0])], number(op[1]), op[2], op[3:])
		m.disturb(m.nodes[number(op[0])])
	case 3:
		parent := m.nodes[number(op[0])]
		var moved []*modelNode
		for _, id := range op[2:] {
			n := m.nodes[number(id)]
			m.disturb(n.up)
			n.cut()
			moved = append(moved, n)
		}
		m.disturb(parent)
		parent.put(number(op[1]), moved)
	case 4:
		m.nodes[number(op[0])].attribute(op[1].(string), op[2])
	case 5:
		n := m.nodes[number(op[0])]
		if len(op) == 2 {
			n.text = units(op[1])
		} else {
			from, del := number(op[1]), number(op[2])
			n.text = slices.Concat(n.text[:from], units(op[3]), n.text[from+del:])
		}
		m.disturb(n.up)
	case 6:
		m.property(number(op[0]), op[1].(string), op[2])
	case 7, 10, 11, 13:
		m.nodes[number(op[0])].set(fmt.Sprint(code), text(op[1:]))
	case 8:
		m.rule(m.sheet(number(op[0])), op)
	case 9:
		for _, id := range op[1:] {
			m.sheet(number(id))
		}
		m.nodes[number(op[0])].set("adopted", text(op[1:]))
		if len(op) == 1 {
			delete(m.nodes[number(op[0])].state, "adopted")
		}
	case 12:
		m.focus = text(op)
		if number(op[0]) == 0 {
			m.focus = ""
		}
	case 14:
		for _, name := range op {
			if !slices.Contains(m.defined, name.(string)) {
				m.defined = append(m.defined, name.(string))
			}
		}
	}
}

func (m *model) sheet(id int) *modelSheet {
	if id < 0 {
		if m.sheets[id] == nil {
			m.sheets[id] = newModelSheet("")
		}
		return m.sheets[id]
	}
	n := m.nodes[id]
	if n.sheet == nil {
		n.sheet = newModelSheet("own")
	}
	return n.sheet
}

func (m *model) rule(s *modelSheet, op []any) {
	switch op[1] {
	case "i":
		s.rules = slices.Insert(s.rules, number(op[2]), op[3].(string))
	case "d":
		s.rules = slices.Delete(s.rules, number(op[2]), number(op[2])+1)
	case "r":
		*s = modelSheet{rules: newModelSheet(op[2].(string)).rules, disabled: s.disabled}
	}
}

func (m *model) property(id int, name string, value any) {
	if id < 0 {
		m.sheet(id).disabled = text(value)
		return
	}
	n := m.nodes[id]
	if name == "modal" || name == "popover" {
		entry := fmt.Sprint(id, " ", name)
		if value == true && !slices.Contains(m.top, entry) {
			m.top = append(m.top, entry)
		} else if value == false {
			m.top = slices.DeleteFunc(m.top, func(s string) bool { return s == entry })
		}
		return
	}
	n.set(name, text(value))
	switch text(value) { // what everything is from the start
	case "false":
		if name != "checked" {
			delete(n.state, name)
		}
	case "[]":
		if name == "files" {
			delete(n.state, name)
		}
	case `""`:
		if name == "customValidity" {
			delete(n.state, name)
		}
	}
}

func (n *modelNode) set(name, value string) { n.state[name] = value }

func units(v any) []uint16 { return utf16.Encode([]rune(v.(string))) }

func (n *modelNode) attribute(name string, value any) {
	for i := 0; i < len(n.attrs); i += 2 {
		if n.attrs[i] == name {
			if value == nil {
				n.attrs = slices.Delete(n.attrs, i, i+2)
			} else {
				n.attrs[i+1] = value.(string)
			}
			return
		}
	}
	if value != nil {
		n.attrs = append(n.attrs, name, value.(string))
	}
}

func (n *modelNode) cut() {
	n.up.kids = slices.DeleteFunc(n.up.kids, func(k *modelNode) bool { return k == n })
}

func (n *modelNode) put(before int, kids []*modelNode) {
	for _, k := range kids {
		k.up = n
		at := slices.IndexFunc(n.kids, func(k *modelNode) bool { return k.id == before })
		if before == 0 {
			at = len(n.kids)
		}
		if strings.HasPrefix(k.form, "#open") {
			at = 0
		}
		n.kids = slices.Insert(n.kids, at, k)
	}
}

func (m *model) disturb(n *modelNode) {
	if n.form == "style" {
		n.sheet = nil
	}
}

func (m *model) forget(n *modelNode) {
	delete(m.nodes, n.id)
	if strings.HasPrefix(m.focus, fmt.Sprintf("[%d]", n.id)) || strings.HasPrefix(m.focus, fmt.Sprintf("[%d,", n.id)) {
		m.focus = ""
	}
	m.top = slices.DeleteFunc(m.top, func(s string) bool { return strings.HasPrefix(s, fmt.Sprint(n.id, " ")) })
	for _, k := range n.kids {
		m.forget(k)
	}
}

func (m *model) insert(parent *modelNode, before int, ids any, forms []any) {
	next := 0
	take := func() int {
		next++
		if list, ok := ids.([]any); ok {
			return number(list[next-1])
		}
		return number(ids) + next - 1
	}
	for _, form := range forms {
		parent.put(before, []*modelNode{m.form(form, take)})
	}
}

func (m *model) form(form any, take func() int) *modelNode {
	n := &modelNode{id: take(), state: map[string]string{}}
	m.nodes[n.id] = n
	if s, ok := form.(string); ok {
		n.form, n.text = "#text", units(s)
		return n
	}
	list := form.([]any)
	kids := list[2:]
	switch {
	case list[0] == 0.0 && list[1] == "!":
		n.form, kids = text(list), nil
	case list[0] == 0.0:
		n.form, kids = "#"+list[2].(string), list[3:]
	default:
		n.form = list[0].(string)
		if attrs, ok := list[1].([]any); ok {
			for _, a := range attrs {
				n.attrs = append(n.attrs, a.(string))
			}
		}
	}
	for _, k := range kids {
		n.put(0, []*modelNode{m.form(k, take)})
	}
	return n
}

// dump writes everything the model knows.
func (m *model) dump() string {
	var b strings.Builder
	fmt.Fprintln(&b, m.mode, m.defined, m.focus, m.top)
	m.root.dump(&b, "")
	for id := -1; id > -100; id-- {
		if s := m.sheets[id]; s != nil {
			fmt.Fprintln(&b, id, s.disabled == "true", s.rules)
		}
	}
	return b.String()
}

func (n *modelNode) dump(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%d %s %q %q", indent, n.id, n.form, n.attrs, string(utf16.Decode(n.text)))
	fmt.Fprint(b, n.state) // in the order of the keys
	if n.sheet != nil && !slices.Equal(n.sheet.rules, newModelSheet("own").rules) {
		fmt.Fprint(b, n.sheet.rules)
	}
	b.WriteByte('\n')
	for _, k := range n.kids {
		k.dump(b, indent+" ")
	}
}

// generator makes random operations that fit a model.
type generator struct {
	*rand.Rand
	m      *model
	nextID int
}

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

// node returns a random node for which ok.
func (g *generator) node(ok func(n *modelNode) bool) *modelNode {
	var list []*modelNode
	for _, n := range g.m.nodes {
		if ok(n) {
			list = append(list, n)
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b *modelNode) int { return a.id - b.id })
	return list[g.IntN(len(list))]
}

func isElementNode(n *modelNode) bool { return n.form[0] != '#' && n.form[0] != '[' }

func isParent(n *modelNode) bool { return isElementNode(n) || strings.HasPrefix(n.form, "#open") }

func isMovable(n *modelNode) bool { return n.id > 3 && (isElementNode(n) || n.form == "#text") }

func (n *modelNode) inside(other *modelNode) bool {
	for ; n != nil; n = n.up {
		if n == other {
			return true
		}
	}
	return false
}

func (g *generator) text() string {
	return g.pick(`"plain"`, `""`, `"\"quoted\\\n\u0007"`, `"größer"`, `"😀a"`, `"<b>&amp;"`, `"a much longer text \u00e9"`)
}

func (g *generator) attrs() string {
	return g.pick("0", "0", `["class","a"]`, `["id","x","style","color:red"]`, `["data-x",`+g.text()+`]`)
}

// form returns a random form and how many nodes it has.
func (g *generator) form(depth int) (string, int) {
	if g.IntN(3) == 0 {
		return g.text(), 1
	}
	tag, count := g.pick("div", "p", "style", "span", "x-card", "svg:g", "input", "dialog", "ul"), 1
	form := `["` + tag + `",` + g.attrs()
	if (tag == "div" || tag == "x-card") && g.IntN(4) == 0 {
		form += `,[0,"#","open"`
		count++
		if g.IntN(2) == 0 {
			kid, n := g.form(depth + 1)
			form += "," + kid
			count += n
		}
		form += "]"
	}
	for range g.IntN(max(1, 4-depth)) {
		kid, n := g.form(depth + 1)
		form += "," + kid
		count += n
	}
	return form + "]", count
}

func (g *generator) ids(count int) string {
	if g.IntN(2) == 0 {
		first := g.nextID
		g.nextID += count
		return fmt.Sprint(first)
	}
	list := make([]int, count)
	for i := range list {
		list[i] = g.nextID + i*2
	}
	g.nextID += 2 * count
	g.Shuffle(count, func(i, j int) { list[i], list[j] = list[j], list[i] })
	return strings.ReplaceAll(fmt.Sprint(list), " ", ",")
}

func (g *generator) before(parent *modelNode, not func(n *modelNode) bool) int {
	if k := g.node(func(n *modelNode) bool { return n.up == parent && n.form[0] != '#' && !not(n) }); k != nil && g.IntN(3) > 0 {
		return k.id
	}
	return 0
}

func (g *generator) op() string {
	element := g.node(isElementNode)
	switch g.IntN(16) {
	case 0:
		if n := g.node(isMovable); n != nil && g.IntN(2) == 0 {
			return fmt.Sprintf("[1,%d]", n.id)
		}
	case 1, 2, 3:
		parent := g.node(isParent)
		form, n := g.form(0)
		ids := g.ids(n)
		return fmt.Sprintf("[2,%d,%d,%s,%s]", parent.id, g.before(parent, func(*modelNode) bool { return false }), ids, form)
	case 4, 5:
		parent := g.node(isParent)
		if n := g.node(func(n *modelNode) bool { return isMovable(n) && !parent.inside(n) }); n != nil {
			other := g.node(func(o *modelNode) bool {
				return isMovable(o) && o != n && !parent.inside(o) && !o.inside(n) && !n.inside(o)
			})
			before := g.before(parent, func(k *modelNode) bool { return k == n || k == other })
			if other == nil {
				return fmt.Sprintf("[3,%d,%d,%d]", parent.id, before, n.id)
			}
			return fmt.Sprintf("[3,%d,%d,%d,%d]", parent.id, before, n.id, other.id)
		}
	case 6:
		return fmt.Sprintf(`[4,%d,"%s",%s]`, element.id, g.pick("class", "id", "title", "data-x"), g.pick("null", g.text(), g.text()))
	case 7:
		if n := g.node(func(n *modelNode) bool { return n.form == "#text" }); n != nil {
			if from := g.IntN(len(n.text) + 1); g.IntN(2) == 0 && !slices.ContainsFunc(n.text, func(u uint16) bool { return utf16.IsSurrogate(rune(u)) }) {
				return fmt.Sprintf("[5,%d,%d,%d,%s]", n.id, from, g.IntN(len(n.text)-from+1), g.text())
			}
			return fmt.Sprintf("[5,%d,%s]", n.id, g.text())
		}
	case 8:
		return fmt.Sprintf("[6,%d,%s]", element.id, g.pick(`"value",`+g.text(), `"checked",true`, `"checked",false`, `"indeterminate",true`,
			`"indeterminate",false`, `"selected",[1,2]`, `"files",["a.png"]`, `"files",[]`, `"customValidity",`+g.text()))
	case 9:
		return fmt.Sprintf(`[6,%d,"%s",%s]`, element.id, g.pick("modal", "popover"), g.pick("true", "true", "false"))
	case 10:
		return fmt.Sprintf("[7,%d,%d,%d.5]", g.node(func(n *modelNode) bool { return n.id == 0 || isElementNode(n) }).id, g.IntN(99), g.IntN(99))
	case 11, 12:
		id, rules := -1-g.IntN(3), 30
		if n := g.node(func(n *modelNode) bool { return n.form == "style" }); n != nil && g.IntN(2) == 0 {
			id = n.id
			if n.sheet != nil {
				rules = len(n.sheet.rules)
			}
		} else if s := g.m.sheets[id]; s != nil {
			rules = len(s.rules)
		}
		if g.IntN(8) == 0 {
			return fmt.Sprintf(`[8,%d,"r","new"]`, id)
		}
		if rules > 5 && g.IntN(2) == 0 {
			return fmt.Sprintf(`[8,%d,"d",%d]`, id, g.IntN(rules))
		}
		return fmt.Sprintf(`[8,%d,"i",%d,"rule %d{}"]`, id, g.IntN(rules+1), g.IntN(1000))
	case 13:
		root := g.node(func(n *modelNode) bool { return n.id == 0 || strings.HasPrefix(n.form, "#open") })
		return fmt.Sprintf("[9,%d%s]", root.id, g.pick("", ",-1", ",-2,-1", ",-3"))
	case 14:
		return fmt.Sprintf("[%s]", g.pick(
			g.canvas(), fmt.Sprintf("11,%d,%d", element.id, g.IntN(9)),
			fmt.Sprintf("12,%d,%d,%d", element.id, g.IntN(9), g.IntN(9)), fmt.Sprintf("12,%d", element.id), "12,0",
			fmt.Sprintf(`13,%d,{"paused":true,"time":1.5,"rate":1,"volume":0.5,"muted":false}`, element.id), `14,"x-a"`, `14,"x-b","x-a"`))
	case 15:
		return fmt.Sprintf(`[6,%d,"disabledSheet",%s]`, -1-g.IntN(3), g.pick("true", "false"))
	}
	return "[1]"
}

func (g *generator) canvas() string {
	canvas := g.node(func(n *modelNode) bool { return n.form == "canvas" })
	if canvas == nil {
		return "1"
	}
	return fmt.Sprintf(`10,%d,"%s"`, canvas.id, g.pick("blob:a1", "data:image/png;base64,AA=="))
}

const modelStart = `[[0,1,"standards",["html",0,["head",0],["body",0,["div",0,"text"],["style",0],["canvas",0]]]],[8,-1,"r","a"],[8,-2,"r","b"],[8,-3,"r","c"]]`

// TestModel performs random operations on a document and on the model, and
// compares the model with what a follower makes of the document's snapshot.
func TestModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 7)), m: &model{}, nextID: 100}
		d := NewDocument(Limits{}, nil)
		step := func(ops string) {
			clean, err := d.Apply(json.RawMessage(ops))
			if err != nil {
				t.Fatalf("seed %d: %s: %v\n%s", seed, ops, err, g.m.dump())
			}
			if string(clean) != ops {
				t.Fatalf("seed %d: %s was changed to %s", seed, ops, clean)
			}
			g.m.apply(t, clean)
		}
		step(modelStart)
		for range 80 {
			for range 5 {
				step("[" + g.op() + "]")
			}
			snapshot := d.Snapshot()
			var follower model
			follower.apply(t, snapshot)
			if got, want := follower.dump(), g.m.dump(); got != want {
				t.Fatalf("seed %d: a follower has, instead of what it should:\n%s", seed, difference(got, want))
			}
			again := NewDocument(Limits{}, nil)
			if clean, err := again.Apply(snapshot); err != nil || string(clean) != string(snapshot) {
				t.Fatalf("seed %d: snapshot refused (%v) or changed: %s", seed, err, snapshot)
			}
			if got := again.Snapshot(); string(got) != string(snapshot) {
				t.Fatalf("seed %d: snapshot of a snapshot is\n%s\nwant\n%s", seed, got, snapshot)
			}
			for _, tree := range []*tree{d.tree, again.tree} {
				if got := tree.cost(); tree.bytes != got {
					t.Fatalf("seed %d: %d bytes counted, there are %d", seed, tree.bytes, got)
				}
			}
		}
	}
}

// TestMangled changes a number in each of many random operations. What is
// taken must be understood alike by leader's and follower's documents, and
// what is not must leave a whole one.
func TestMangled(t *testing.T) {
	t.Parallel()
	taken, refused := 0, 0
	for seed := range uint64(20) {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 11)), m: &model{}, nextID: 100}
		d, follower := NewDocument(Limits{}, nil), NewDocument(Limits{}, nil)
		both := func(ops string) error {
			clean, err := d.Apply(json.RawMessage(ops))
			if err == nil {
				if again, err := follower.Apply(clean); err != nil || string(again) != string(clean) {
					t.Fatalf("seed %d: %s: a follower refuses %s: %v", seed, ops, clean, err)
				}
			}
			return err
		}
		restart := func() {
			if err := both(modelStart); err != nil {
				t.Fatal(err)
			}
			g.m.apply(t, []byte(modelStart))
		}
		restart()
		for range 300 {
			if g.node(isElementNode) == nil {
				restart()
			}
			ops := "[" + g.op() + "]"
			mangled := g.mangle(ops)
			if strings.HasPrefix(mangled, "[[8,") {
				continue // the model does not know how many rules a sheet has
			}
			if err := both(mangled); err == nil {
				taken++
				if got, want := string(d.Snapshot()), string(follower.Snapshot()); got != want {
					t.Fatalf("seed %d: %s: %s\na follower has %s", seed, mangled, got, want)
				}
				g.m = &model{}
				g.m.apply(t, d.Snapshot())
				continue
			}
			refused++
			checkWhole(t, d, mangled)
			if _, err := NewDocument(Limits{}, nil).Apply(d.Snapshot()); err != nil {
				t.Fatalf("seed %d: %s leaves %s: %v", seed, mangled, d.Snapshot(), err)
			}
			restart()
		}
	}
	if taken < 1000 || refused < 1000 {
		t.Errorf("%d taken, %d refused: too few of one", taken, refused)
	}
}

// mangle replaces one of the numbers in ops.
func (g *generator) mangle(ops string) string {
	at := regexp.MustCompile(`\d+`).FindAllStringIndex(ops, -1)
	m := at[g.IntN(len(at))]
	with := fmt.Sprint(g.IntN(20) - 2)
	if n := g.node(func(*modelNode) bool { return true }); g.IntN(2) == 0 {
		with = fmt.Sprint(n.id)
	}
	return ops[:m[0]] + with + ops[m[1]:]
}

// cost counts anew what bytes should be.
func (t *tree) cost() int {
	bytes := 0
	for at := range t.below(0) {
		bytes += t.nodes[at].cost()
	}
	for _, c := range t.sheets {
		bytes += c.bytes
	}
	for _, e := range t.extras {
		bytes += len(e.op)
	}
	return bytes
}

// difference returns the lines in which two dumps differ first.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\n" + b[i]
		}
	}
	return fmt.Sprint(len(a), " lines instead of ", len(b))
}
