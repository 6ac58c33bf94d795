package mirror

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// extrasPage has a body of id 4, a p of id 5 with the text 6, and a style of id 7.
const extrasPage = `[[0,2,"standards",["html",0,["head",0],["body",0,["p",0,"text"],["style",0],["x-a",0]]]]]`

func extrasDocument(t *testing.T) *Document {
	t.Helper()
	d := NewDocument(Limits{}, nil)
	if _, err := d.Apply(json.RawMessage(extrasPage)); err != nil {
		t.Fatal(err)
	}
	return d
}

const timing = `[0,0,"both",0,null,100,"normal","linear","replace"]`

// TestExtrasAreToldToLateFollowers also makes sure that nothing else is told.
func TestExtrasAreToldToLateFollowers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, ops, want string }{
		{"state", `[[16,"hover",5]]`, `[16,"hover",5]`},
		{"state left", `[[16,"hover",5],[16,"hover",0]]`, ``},
		{"state of a node that went", `[[16,"hover",5],[1,5]]`, ``},
		{"animation", `[[17,1,5,"","",[[0,"linear","auto","color","red"]],` + timing + `],[18,1,"paused",5,-1]]`,
			`[17,1,5,"","",[[0,"linear","auto","color","red"]],` + timing + `],[18,1,"paused",5,-1]`},
		{"animation gone", `[[17,1,5,"","spin"],[17,1]]`, ``},
		{"animation of a node that went", `[[17,1,5,"::before","spin"],[1,5]]`, ``},
		{"highlight replaced", `[[19,"h",0,"highlight",6,0,6,2],[19,"h",1,"highlight",6,1,6,2]]`, `[19,"h",1,"highlight",6,1,6,2]`},
		{"registered property", `[[20,"--a","<color>",true,"red"]]`, `[20,"--a","<color>",true,"red"]`},
		{"fonts in order", `[[21,2,"B","url(b)"],[21,1,"A","url(a)","weight","400"]]`, `[21,2,"B","url(b)"],[21,1,"A","url(a)","weight","400"]`},
		{"states of a custom element", `[[6,8,"states",["on"]]]`, `[6,8,"states",["on"]]`},
		{"validity as shown", `[[6,5,"userValidity","invalid"],[6,5,"autofilled",true]]`, `[6,5,"userValidity","invalid"],[6,5,"autofilled",true]`},
		{"media of a sheet", `[[6,7,"sheetMedia","print"]]`, `[6,7,"sheetMedia","print"]`},
		{"within rules", `[[8,7,"i",0,"@media all{}"],[8,7,"i",[0,0],"a{}"],[8,7,"p",[0,0],"top","1px",""]]`,
			`[8,7,"i",0,"@media all{}"],[8,7,"i",[0,0],"a{}"],[8,7,"p",[0,0],"top","1px",""]`},
		{"the last of many", `[[8,7,"p",[0],"top","1px",""],[8,7,"p",[0],"left","1px",""],[8,7,"p",[0],"top","2px",""]]`,
			`[8,7,"p",[0],"left","1px",""],[8,7,"p",[0],"top","2px",""]`},
		{"rules have moved", `[[8,7,"p",[0],"top","1px",""],[8,7,"i",0,"b{}"],[8,7,"p",[0],"top","2px",""]]`,
			`[8,7,"p",[0],"top","1px",""],[8,7,"i",0,"b{}"],[8,7,"p",[0],"top","2px",""]`},
	} {
		d := extrasDocument(t)
		if _, err := d.Apply(json.RawMessage(tt.ops)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		_, got, _ := strings.Cut(string(d.Snapshot()), `["x-a",0]]]]`)
		if got = strings.Trim(strings.TrimSuffix(got, "]"), ","); strings.Count(got, "[") != strings.Count(got, "]") {
			got += "]"
		}
		if got != tt.want {
			t.Errorf("%s: a late follower is told %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestExtrasThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, op := range []string{
		`[16,"hover",6]`, `[16,"hover",99]`, `[17,1,6,"","x"]`, `[17,1,5,"before","x"]`, `[17,1,5,"","",[[0,"linear","odd"]],` + timing + `]`,
		`[17,1,5,"","",[],[0,0,"both"]]`, `[17,1,5,"",""]`, `[18,1,"dancing",0,1]`, `[19,"h",0,"other"]`, `[19,"h",0,"highlight",6,0,6]`,
		`[19,"h",0,"highlight",99,0,6,1]`, `[19,"h",0,"highlight",6,-1,6,1]`, `[20,"color","*",true]`, `[20,"--a","*",1]`, `[21,"a","b","c"]`,
		`[21,1,"F","url(f)","weight"]`, `[22,6]`, `[22,5,99]`, `[8,7,"p",[0],"top","1px","very"]`, `[8,7,"i",[],"a{}"]`, `[8,7,"d",[-1]]`,
		`[8,7,"x",[0],"a"]`, `[2,4,0,20,["div",0,[0,"#","template"]]]`, `[2,4,0,20,["template",0,[0,"#","open"]]]`, `[6,5,"userValidity","odd"]`,
	} {
		if _, err := extrasDocument(t).Apply(json.RawMessage("[" + op + "]")); !errors.Is(err, ErrResync) {
			t.Errorf("%s was let in (%v)", op, err)
		}
	}
}

func TestExtrasAreBounded(t *testing.T) {
	t.Parallel()
	d := extrasDocument(t)
	var ops []string
	for i := range maxExtras {
		ops = append(ops, fmt.Sprintf(`[20,"--p%d","*",true]`, i))
	}
	if _, err := d.Apply(json.RawMessage("[" + strings.Join(ops, ",") + "]")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Apply(json.RawMessage(`[[20,"--more","*",true]]`)); !errors.Is(err, ErrLimit) {
		t.Errorf("one more than there may be: %v", err)
	}
}

// TestClocksRunOn tells a late follower where things are by now.
func TestClocksRunOn(t *testing.T) {
	t.Parallel()
	d := extrasDocument(t)
	now := time.Unix(1000, 0)
	d.now = func() time.Time { return now }
	ops := `[[17,1,5,"","",[],` + timing + `],[18,1,"running",100,2],[17,2,5,"","spin"],[18,2,"paused",100,2],` +
		`[2,4,0,20,["video",0],["audio",0]],[13,20,{"paused":false,"time":1.5,"rate":2}],[13,21,{"paused":true,"time":1.5}]]`
	if _, err := d.Apply(json.RawMessage(ops)); err != nil {
		t.Fatal(err)
	}
	now = now.Add(3 * time.Second)
	got := string(d.Snapshot())
	for _, want := range []string{`[18,1,"running",6100,2]`, `[18,2,"paused",100,2]`, `"time":7.5,"rate":2`, `"paused":true,"time":1.5,`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}
