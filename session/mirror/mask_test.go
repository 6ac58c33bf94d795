package mirror

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestS35WhatIsHiddenStaysHidden sends a canary through every channel of an
// element that is hidden with all in it, as a recorder that forgot to mask would.
func TestS35WhatIsHiddenStaysHidden(t *testing.T) {
	t.Parallel()
	const canary = "CANARY"
	hide := func(mark string) string {
		return `[2,6,0,20,["div",["data-tandem-masked","` + mark + `"],["p",["title","` + mark + `"],"x"],["canvas",0]]]`
	}
	for _, mark := range []string{"all", "box", "all type", "private"} {
		for _, op := range []string{
			`[2,20,0,30,"CANARY"]`, `[2,20,0,30,["b",["title","CANARY","aria-label","CANARY","data-x","CANARY","alt","CANARY"],"CANARY"]]`,
			`[2,20,0,30,["input",["value","CANARY","placeholder","CANARY"]]]`, `[2,20,0,30,["img",["src","https://x.example/CANARY"]]]`,
			`[5,22,"CANARY"]`, `[5,22,0,1,"CANARY"]`, `[4,21,"title","CANARY"]`, `[4,20,"aria-description","CANARY"]`, `[4,20,"placeholder","CANARY"]`,
			`[10,23,"data:image/png;base64,CANARY"]`, `[6,20,"value","CANARY"]`, `[23,20,["data-tandem-masked","` + mark + `","title","CANARY"],30,["i",0,"CANARY"]]`,
		} {
			if mark == "private" && (strings.HasPrefix(op, "[2,20,0,30,[") || strings.Contains(op, ",21,") || strings.Contains(op, ",22,") || strings.HasPrefix(op, "[10") || strings.HasPrefix(op, "[23")) {
				continue // what is inside has a mark of its own, or is allowed
			}
			d := open(t, `[`+hide(mark)+`]`)
			clean, err := d.Apply(json.RawMessage("[" + op + "]"))
			if err != nil {
				t.Fatalf("%s: %v", op, err)
			}
			if strings.Contains(string(clean), canary) || strings.Contains(string(d.Snapshot()), canary) {
				t.Errorf("%s: after %s followers get %s and %s", mark, op, clean, d.Snapshot())
			}
			if got, want := d.Sealed(20), mark != "all type"; got != want {
				t.Errorf("%s: sealed %v, want %v", mark, got, want)
			}
		}
	}
	// And without the mark it would be told.
	d := open(t, `[[2,6,0,20,["div",0,"CANARY"]]]`)
	if !strings.Contains(string(d.Snapshot()), canary) {
		t.Error("the canary is not seen where nothing is hidden")
	}
}
