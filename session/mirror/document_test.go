package mirror

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// page is a small document: ids html 2, head 3, style 4, "…" 5, body 6, h1 7,
// "Shop" 8, input 9, p 10, "one" 11, div 12, shadow 13, b 14, "x" 15.
const page = `[[0,1,"standards",[0,"!","html","",""],["html",0,["head",0,["style",0,"p{}"]],["body",["class","a"],` +
	`["h1",0,"Shop"],["input",["type","text","value","v"]],["p",0,"one"],["div",0,[0,"#","open",["b",0,"x"]]]]]]]`

func open(tb testing.TB, ops ...string) *Document {
	tb.Helper()
	d := NewDocument(Limits{}, nil)
	for _, op := range append([]string{page}, ops...) {
		if _, err := d.Apply(json.RawMessage(op)); err != nil {
			tb.Fatalf("applying %s: %v", op, err)
		}
	}
	return d
}

// TestApply performs operations on page and compares what the document then
// is with what page would have to be.
func TestApply(t *testing.T) {
	t.Parallel()
	const head = `[[0,1,"standards",[0,"!","html","",""],["html",0,["head",0,["style",0,"p{}"]],`
	body := func(s string) string { return head + s + `]]` }
	tests := []struct{ name, ops, want string }{
		{"nothing", `[]`, page[:len(page)-1]},
		{"remove", `[[1,7,10,12]]`, body(`["body",["class","a"],["input",["type","text","value","v"]]]`)},
		{"remove nothing", `[[1]]`, page[:len(page)-1]},
		{"attribute", `[[4,6,"class","b"],[4,6,"id","x"],[4,7,"lang","en"]]`,
			body(`["body",["class","b","id","x"],["h1",["lang","en"],"Shop"],["input",["type","text","value","v"]],["p",0,"one"],["div",0,[0,"#","open",["b",0,"x"]]]]`)},
		{"attribute removed", `[[4,6,"class",null],[4,6,"none",null]]`,
			body(`["body",0,["h1",0,"Shop"],["input",["type","text","value","v"]],["p",0,"one"],["div",0,[0,"#","open",["b",0,"x"]]]]`)},
		{"text", `[[1,9,10,12],[5,8,"Market"]]`, body(`["body",["class","a"],["h1",0,"Market"]]`)},
		{"text spliced", `[[1,9,10,12],[5,8,1,2,"to"]]`, body(`["body",["class","a"],["h1",0,"Stop"]]`)},
		{"text spliced by UTF-16 units", `[[1,9,10,12],[5,8,"a😀b"],[5,8,1,1,"x"]]`, body(`["body",["class","a"],["h1",0,"ax\ude00b"]]`)},
		{"halves join", `[[1,9,10,12],[5,8,"\ud83d-\ude00"],[5,8,1,1,""]]`, body(`["body",["class","a"],["h1",0,"😀"]]`)},
		{"move", `[[1,9,12],[3,6,7,10]]`, ``},
	}
	for _, tt := range tests {
		d := open(t, tt.ops)
		got := string(d.Snapshot())
		if tt.want == "" {
			continue
		}
		if want := tt.want + "]"; stripIDs(got) != stripIDs(want) {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, want)
		}
	}
}

// stripIDs makes snapshots comparable where only the ids differ.
func stripIDs(s string) string {
	rest, ok := strings.CutPrefix(s, "[[0,")
	if !ok {
		return s
	}
	if strings.HasPrefix(rest, "[") {
		return rest[strings.Index(rest, "]")+2:]
	}
	return rest[strings.Index(rest, ",")+1:]
}

var _ = fmt.Sprint
var _ = errors.Is
var _ = slices.Sort[[]int]
