package mirror

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

const digested = `[[0,1,"standards",["html",0,["head",0,["style",0,"p{}"]],["body",["class","a b","onclick","x"],["p",["id","p","style","color: red"],"näh 😀"],` +
	`["div",0,[0,"#","open",["b",["data-x","1","title","t"],"deep"]],["canvas",["style","x: y"]],["my_tag",0]]]]]]`

func digestDocument(t *testing.T) *Document {
	t.Helper()
	d := NewDocument(Limits{}, nil)
	if _, err := d.Apply(json.RawMessage(digested)); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDigestsGolden compares with digests that the browser's side also
// computes.
func TestDigestsGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/digests.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Ops     json.RawMessage
		Digests [][3]any
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	d := NewDocument(Limits{}, nil)
	if _, err := d.Apply(golden.Ops); err != nil {
		t.Fatal(err)
	}
	for _, want := range golden.Digests {
		at, _ := d.tree.slot(int(want[0].(float64)))
		work := 0
		deep, shallow := d.tree.digest(at, true, &work), d.tree.digest(at, false, &work)
		if deep != want[1] || shallow != want[2] {
			t.Errorf("digests of %v are %s and %s, want %s and %s", want[0], deep, shallow, want[1], want[2])
		}
	}
}

// TestDigestsDiffer changes what counts and what does not.
func TestDigestsDiffer(t *testing.T) {
	for ops, differs := range map[string]bool{
		`[[4,6,"class","x"]]`:                    true,
		`[[4,6,"data-x","x"]]`:                   true,
		`[[5,7,"nah"]]`:                          true,
		`[[5,4,"p{color:red}"]]`:                 false,
		`[[4,6,"title","x"]]`:                    true,
		`[[4,6,"x_y","x"]]`:                      false,
		`[[4,6,"href","x"]]`:                     false,
		`[[6,6,"value","x"]]`:                    true,
		`[[6,6,"checked",false]]`:                true,
		`[[6,6,"indeterminate",true]]`:           false,
		`[[4,6,"data-tandem-x",""]]`:             false,
		`[[4,6,"style","a: url(x)"]]`:            true, // what was there is gone
		`[[4,12,"style","a: b"]]`:                false,
		`[[4,8,"style","a: image-set('x' 1x)"]]`: false,
		`[[3,5,6,8]]`:                            true,
		`[[1,13]]`:                               true,
		`[[2,5,0,30,["b",0]]]`:                   true,
		`[[23,6,["id","p","style","color: red"],40,"näh 😀"]]`: true, // another id
		`[[23,6,["style","color: red","id","p"],7,"näh 😀"]]`:  false,
		`[[6,6,"customValidity","x"]]`:                        false,
		`[[7,6,0,1]]`:                                         true,
		`[[7,0,0,1]]`:                                         true,
	} {
		d := digestDocument(t)
		work := 0
		root, _ := d.tree.slot(1)
		before := d.tree.digest(root, true, &work)
		if _, err := d.Apply(json.RawMessage(ops)); err != nil {
			t.Fatalf("%s: %v", ops, err)
		}
		root, _ = d.tree.slot(1)
		if after := d.tree.digest(root, true, &work); (after != before) != differs {
			t.Errorf("after %s the digest is %s, before it was %s", ops, after, before)
		}
	}
}

// TestDigestsAreCompared tells right and wrong digests.
func TestDigestsAreCompared(t *testing.T) {
	d := digestDocument(t)
	at, _ := d.tree.slot(8)
	work := 0
	right := d.tree.digest(at, true, &work)
	clean, err := d.Apply(json.RawMessage(`[[15,8,"` + right + `"],[15,6,"d0"],[15,8,"s0"]]`))
	if want := `[[15,8,"` + right + `"],[1],[1]]`; err != nil || string(clean) != want {
		t.Errorf("got %s, %v, want %s", clean, err, want)
	}
	if got := fmt.Sprint(d.Differing()); got != "[{6 true} {8 false}]" {
		t.Errorf("differing are %s", got)
	}
	again := d.Element(8)
	other := digestDocument(t)
	if _, err := other.Apply(json.RawMessage(`[[1,13],[4,8,"id","x"]]`)); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Apply(again); err != nil {
		t.Fatalf("%s: %v", again, err)
	}
	if got, want := string(other.Snapshot()), string(d.Snapshot()); got != want {
		t.Errorf("after %s it is\n%s\nwant\n%s", again, got, want)
	}
	if _, err := d.Apply(json.RawMessage(`[[7,0,3,40]]`)); err != nil || !strings.Contains(string(d.Element(1)), "[7,0,3,40]") {
		t.Errorf("%v: the root element is told as %s", err, d.Element(1))
	}
	if d.Element(7) != nil || d.Element(99) != nil || d.Element(0) != nil {
		t.Error("a text or nothing is told as an element")
	}
}

// TestRulesDigests are passed on to who can compare them.
func TestRulesDigests(t *testing.T) {
	d := digestDocument(t)
	const ops = `[[8,-1,"r","p{}"],[15,3,"rabc1"],[15,-1,"rabc2"],[15,99,"rabc3"]]`
	clean, err := d.Apply(json.RawMessage(ops))
	if err != nil || string(clean) != ops || len(d.Differing()) != 0 {
		t.Errorf("got %s, %v, %v", clean, err, d.Differing())
	}
	for _, bad := range []string{`[[15,-1,"dabc"]]`, `[[15,-1,5]]`, `[[15,3,"r\"x"]]`} {
		if _, err := digestDocument(t).Apply(json.RawMessage(bad)); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

// TestForgottenSheets makes and drops more sheets than a document may have.
func TestForgottenSheets(t *testing.T) {
	d := NewDocument(Limits{Sheets: 2}, nil)
	apply := func(ops string) error { _, err := d.Apply(json.RawMessage(ops)); return err }
	if err := apply(`[[0,1,"standards",["html",0]]]`); err != nil {
		t.Fatal(err)
	}
	size := d.Size()
	for i := 1; i < 100; i++ {
		if err := apply(fmt.Sprintf(`[[8,-%d,"r","p{color:red}"],[9,0,-%d],[9,0],[8,-%d,"x"]]`, i, i, i)); err != nil {
			t.Fatalf("sheet %d: %v", i, err)
		}
	}
	if d.Size() > size+512 {
		t.Errorf("%d bytes are kept of them", d.Size()-size)
	}
	if err := apply(`[[8,-100,"r","p{}"],[9,0,-100],[8,-100,"x"]]`); err != nil {
		t.Fatal(err)
	}
	if got := string(d.Snapshot()); strings.Contains(got, "-100") {
		t.Errorf("a forgotten sheet is told in %s", got)
	}
	if err := apply(`[[8,1,"x"]]`); err == nil {
		t.Error("an element's sheet is forgotten")
	}
}

// TestDigestsAreBounded asks for the digest of a large document again and
// again.
func TestDigestsAreBounded(t *testing.T) {
	d := NewDocument(Limits{}, nil)
	big := strings.Repeat(`,["p",["class","`+strings.Repeat("x", 200)+`"]]`, 10_000)
	if _, err := d.Apply(json.RawMessage(`[[0,1,"standards",["html",0` + big + `]]]`)); err != nil {
		t.Fatal(err)
	}
	ops := strings.Repeat(`,[15,1,"d0"]`, 1000)
	if _, err := d.Apply(json.RawMessage("[" + ops[1:] + "]")); err != nil {
		t.Fatal(err)
	}
	if n := len(d.Differing()); n == 0 || n > maxDiffering {
		t.Errorf("%d differ", n)
	}
}
