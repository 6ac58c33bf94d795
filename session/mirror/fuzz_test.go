package mirror

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// FuzzApply gives anything to a document and what comes out of it to another,
// which must take it as it is and come to the same.
func FuzzApply(f *testing.F) {
	for _, ops := range []string{
		`[[2,6,0,20,["p",["id","x","onclick","y"],"text"],["input",["type","password","value","secret"]]]]`,
		`[[3,6,7,10],[1,9],[4,6,"class",null],[5,8,1,2,"\ud83d"]]`,
		`[[6,9,"value","x"],[6,9,"selected",[1]],[6,9,"modal",true],[6,-1,"disabledSheet",true],[6,9,"files",["a"]]]`,
		`[[7,0,1,2.5e1],[8,4,"i",3,"a{}"],[8,4,"d",1],[8,-1,"r",""],[9,13,-1],[10,7,"data:image/png;base64,AA=="],[11,7,3]]`,
		`[[12,9,1,2],[13,7,{"paused":true}],[14,"x-a"],[15,6,"d"],[2,12,0,[40,30],["svg:a",["href","javascript:x"],"y"]]]`,
		`[[16,"hover",9],[17,1,9,"","",[[0,"linear","replace","color","red"]],[0,0,"both",0,null,100,"normal","linear","replace"]],[18,1,"paused",5,1]]`,
		`[[19,"h",0,"highlight",8,0,8,3],[20,"--a","<color>",true,"red"],[21,1,"F","url(/f.woff)","weight","400"],[22,9,8],[17,2,9,"::before","spin"]]`,
		`[[8,4,"i",[0,1],"a{}"],[8,4,"p",[0,1],"color","red",""],[8,4,"s",2,"b"],[8,4,"c",[3],"top:0"],[8,4,"p",[0,1],"color","blue","important"],[8,4,"d",1]]`,
		`[[2,7,0,40,["template",0,[0,"#","template",["b",0]]],["div",0,[0,"#","open manual",["slot",0]]]],[6,9,"userValidity","invalid"],[6,9,"states",["on"]]]`,
		`[[0,[5,3,9],"quirks",[0,"!","html","",""],["html",0,["x-a",0]]],[2,9,0,20,[0,"#","open",["script",0,"evil()"]]]]`,
	} {
		f.Add([]byte(ops))
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		var urls int
		leader := NewDocument(Limits{}, func(url string) {
			urls++
			if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") || strings.ContainsAny(url, "# \n") {
				t.Errorf("reported %q", url)
			}
		})
		leader.SetURL("https://e.org/d/page")
		if _, err := leader.Apply(json.RawMessage(page)); err != nil {
			t.Fatal(err)
		}
		clean, err := leader.Apply(ops)
		checkWhole(t, leader, string(ops))
		if err == nil {
			follower := open(t)
			again, err := follower.Apply(clean)
			if err != nil || string(again) != string(clean) {
				t.Errorf("%s\nbecame %s\nbecame %s (%v)", ops, clean, again, err)
			}
			if !json.Valid(clean) {
				t.Errorf("%s became %s", ops, clean)
			}
		}
		snapshot := leader.Snapshot()
		late := NewDocument(Limits{}, nil)
		if clean, err := late.Apply(snapshot); err != nil || string(clean) != string(snapshot) {
			t.Errorf("%s\nleaves %s\nwhich is corrected to %s (%v)", ops, snapshot, clean, err)
		}
		for at := range late.tree.below(0) {
			n := &late.tree.nodes[at]
			if value, _ := n.attr("value"); late.tree.masked(at) && !isMask(value) {
				t.Errorf("%s: %q in a masked field", ops, value)
			}
		}
	})
}

// FuzzSheet compares a sheet with a list of rules.
func FuzzSheet(f *testing.F) {
	f.Add([]byte{0, 3, 1, 200, 0, 7, 1, 9, 1, 3, 1, 3})
	f.Fuzz(func(t *testing.T, steps []byte) {
		const originals = 300
		var rules []string
		for i := range originals {
			rules = append(rules, fmt.Sprint("original ", i))
		}
		want, s := slices.Clone(rules), newSheet()
		for i := 0; i+1 < min(len(steps), 400); i += 2 {
			if index := int(steps[i+1]); steps[i]%2 == 0 {
				want = slices.Insert(want, min(index, len(want)), fmt.Sprint("rule ", i))
				s.insert(min(index, len(want)-1), fmt.Sprint("rule ", i))
			} else if index < len(want) {
				want = slices.Delete(want, index, index+1)
				s.remove(index)
			}
		}
		var ops [][]any
		if out := s.append(nil, 4); len(out) > 0 {
			if err := json.Unmarshal([]byte("["+string(out[1:])+"]"), &ops); err != nil {
				t.Fatal(err)
			}
		}
		for _, op := range ops {
			if index := number(op[3]); op[2] == "i" {
				rules = slices.Insert(rules, index, op[4].(string))
			} else {
				rules = slices.Delete(rules, index, index+1)
			}
		}
		if !slices.Equal(rules, want) {
			t.Errorf("%v: got %q, want %q", steps, rules, want)
		}
		for i, p := range s.parts[1:] {
			if last := s.parts[i]; !p.inserted && !last.inserted && last.to == p.from {
				t.Errorf("%v: neighbours left apart: %+v", steps, s.parts)
			}
		}
	})
}
