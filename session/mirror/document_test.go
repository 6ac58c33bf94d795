package mirror

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// page is a small document: doctype 1, html 2, head 3, style 4, "p{}" 5,
// body 6, h1 7, "Shop" 8, input 9, p 10, "one" 11, div 12, its shadow root 13,
// b 14, "x" 15.
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

// TestApply performs operations on page and looks at what they leave of the
// body, and at the operations after the snapshot.
func TestApply(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, ops, body, rest string }{
		{"nothing", `[1]`, `["class","a"],["h1",0,"Shop"],["input",["type","text","value","v"]],["p",0,"one"],["div",0,[0,"#","open",["b",0,"x"]]]`, ``},
		{"remove", `[1,7,10,12]`, `["class","a"],["input",["type","text","value","v"]]`, ``},
		{"attribute", `[1,9,10,12],[4,6,"class","b"],[4,6,"id","x"],[4,7,"lang","en"]`, `["class","b","id","x"],["h1",["lang","en"],"Shop"]`, ``},
		{"attribute removed", `[1,9,10,12],[4,6,"class",null],[4,6,"none",null]`, `0,["h1",0,"Shop"]`, ``},
		{"text", `[1,9,10,12],[5,8,"Market"]`, `["class","a"],["h1",0,"Market"]`, ``},
		{"text spliced", `[1,9,10,12],[5,8,1,2,"to"]`, `["class","a"],["h1",0,"Stop"]`, ``},
		{"text spliced by UTF-16 units", `[1,9,10,12],[5,8,"a😀b"],[5,8,1,1,"x"]`, `["class","a"],["h1",0,"ax\ude00b"]`, ``},
		{"halves join", `[1,9,10,12],[5,8,"\ud83d-\ude00"],[5,8,1,1,""]`, `["class","a"],["h1",0,"😀"]`, ``},
		{"insert", `[1,9,10,12],[2,6,7,20,["i",0,"a","b"],"c"],[2,6,0,[31,30],["u",0,"d"]]`,
			`["class","a"],["i",0,"a","b"],"c",["h1",0,"Shop"],["u",0,"d"]`, ``},
		{"move", `[1,9],[3,6,7,10],[3,7,8,11]`, `["class","a"],["p",0],["h1",0,"one","Shop"],["div",0,[0,"#","open",["b",0,"x"]]]`, ``},
		{"move into a shadow root", `[1,9,10],[3,13,14,7]`, `["class","a"],["div",0,[0,"#","open",["h1",0,"Shop"],["b",0,"x"]]]`, ``},
		{"late shadow root comes first", `[1,9,10,7,14],[2,6,12,20,["x-a",0,"light"]],[2,20,0,30,[0,"#","closed",["i",0]],"more"]`,
			`["class","a"],["x-a",0,[0,"#","closed",["i",0]],"light","more"],["div",0,[0,"#","open"]]`, ``},
		{"properties", `[1,7,10,12],[6,9,"value","typed"],[6,9,"checked",true],[6,9,"selected",[0,2]],[6,9,"modal",true],[6,9,"indeterminate",false]`,
			`["class","a"],["input",["type","text","value","v"]]`,
			`,[6,9,"value","typed"],[6,9,"checked",true],[6,9,"selected",[0,2]],[6,9,"modal",true]`},
		{"scroll", `[1,7,9,12],[7,0,0,10.5],[7,10,3,4]`, `["class","a"],["p",0,"one"]`, `,[7,0,0,10.5],[7,10,3,4]`},
		{"focus", `[1,7,10,12],[12,9,1,2]`, `["class","a"],["input",["type","text","value","v"]]`, `,[12,9,1,2]`},
		{"focus lost", `[12,9,1,2],[1,7,9,10,12]`, `["class","a"]`, ``},
		{"rules", `[1,7,9,10,12],[8,4,"i",0,"a{}"],[8,4,"i",2,"b{}"],[8,4,"d",0],[8,4,"d",0]`, `["class","a"]`, `,[8,4,"d",0],[8,4,"i",0,"b{}"]`},
		{"rules of a changed style", `[1,7,9,10,12],[8,4,"i",0,"a{}"],[5,5,"q{}"]`, `["class","a"]`, ``},
		{"constructed sheets", `[1,7,9,10],[8,-2,"r","a{}"],[8,-1,"r",""],[9,13,-2,-1],[9,0,-1],[9,0],[6,-1,"disabledSheet",true]`,
			`["class","a"],["div",0,[0,"#","open",["b",0,"x"]]]`,
			`,[8,-1,"r",""],[6,-1,"disabledSheet",true],[8,-2,"r","a{}"],[9,13,-2,-1]`},
		{"canvas", `[1,7,9,10,12],[2,6,0,20,["canvas",0],["video",0]],[10,20,"blob:a1"],[10,21,"data:image/webp;base64,AA=="]`, `["class","a"],["canvas",0],["video",0]`,
			`,[10,20,"blob:a1"],[10,21,"data:image/webp;base64,AA=="]`},
		{"frame, media, names", `[1,7,9,12],[11,10,7],[13,10,{"time":3,"paused":false}],[14,"x-a"],[14,"x-b","x-a"]`,
			`["class","a"],["p",0,"one"]`,
			`,[14,"x-a","x-b"],[11,10,7],[13,10,{"paused":false,"time":3,"rate":1,"volume":1,"muted":false}]`},
		{"digest", `[1,7,9,10,12],[15,6,"abc"],[15,0,12]`, `["class","a"]`, ``},
		{"space", " [1, 7 ,9,\t10,12 ] , [ 4 , 6 , \"class\" , null ]\n", `0`, ``},
	}
	for _, tt := range tests {
		d := open(t, "["+tt.ops+"]")
		got := string(d.Snapshot())
		got = got[strings.Index(got, `"standards"`):]
		style := `"p{}"`
		if strings.Contains(tt.ops, "[5,5") {
			style = `"q{}"`
		}
		want := `"standards",[0,"!","html","",""],["html",0,["head",0,["style",0,` + style + `]],["body",` + tt.body + `]]]` + tt.rest + `]`
		if text(decoded(t, "["+got)) != text(decoded(t, "["+want)) {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, want)
		}
	}
}

// decoded reads the end of a snapshot's text. It is compared as Go sees it,
// except that it keeps lone surrogates apart from other replaced characters.
func decoded(tb testing.TB, s string) any {
	tb.Helper()
	var v any
	if err := json.Unmarshal([]byte("["+strings.ReplaceAll(s, `\ud`, `\\ud`)), &v); err != nil {
		tb.Fatalf("%s: %v", s, err)
	}
	return v
}

// TestCorrections looks at what followers get instead of what was sent.
func TestCorrections(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		// Attributes.
		{`[2,6,0,20,["a",["href","/x","onclick","evil()","ONLOAD","x","srcdoc","x","nonce","n","integrity","i"]]]`, `[2,6,0,20,["a",["href","/x"]]]`},
		{`[2,6,0,20,["a",["onclick","evil()"],"text"]]`, `[2,6,0,20,["a",0,"text"]]`},
		{`[4,7,"onclick","evil()"]`, `[1]`},
		{`[4,7,"OnClick","evil()"]`, `[1]`},
		{`[4,7,"srcdoc","x"]`, `[1]`},
		{`[4,7,"onclick",null]`, `[4,7,"onclick",null]`},
		{`[4,7,"a b","x"]`, `[1]`},
		{`[4,7,"a>b","x"]`, `[1]`},
		{`[4,7,"","x"]`, `[1]`},
		{`[4,7,"a=",null]`, `[1]`},
		{`[4,7,"@click","x"]`, `[4,7,"@click","x"]`},
		{`[2,6,0,20,["p",["[x]","1",":y","2","a\"","3","a/b","4"]]]`, `[2,6,0,20,["p",["[x]","1",":y","2","a\"","3"]]]`},
		{`[2,6,0,20,["p",["id","1","id","2","ID","3"]]]`, `[2,6,0,20,["p",["id","1"]]]`},
		{`[2,6,0,20,["svg:svg",["viewBox","0 0 1 1","onLoad","x"]]]`, `[2,6,0,20,["svg:svg",["viewBox","0 0 1 1"]]]`},

		// URLs that run script.
		{`[2,6,0,20,["a",["href","javascript:alert(1)"]]]`, `[2,6,0,20,["a",["href",""]]]`},
		{`[2,6,0,20,["a",["href"," \u0001 JaVa\tScr\nipt:alert(1)","title","javascript: the good parts"]]]`, `[2,6,0,20,["a",["href","","title","javascript: the good parts"]]]`},
		{`[4,7,"href","vbscript:x"]`, `[4,7,"href",""]`},
		{`[4,7,"formaction","javascript:x"]`, `[4,7,"formaction",""]`},
		{`[2,6,0,20,["svg:a",["xlink:href","javascript:x"],["svg:set",["to","javascript:x"]],["svg:animate",["values","a; javascript:x"]]]]`,
			`[2,6,0,20,["svg:a",["xlink:href",""],["svg:set",["to",""]],["svg:animate",["values",""]]]]`},
		{`[4,7,"href","/javascript:x"]`, `[4,7,"href","/javascript:x"]`},

		// Elements.
		{`[2,6,0,20,["script",["src","/x.js","type","module"],"evil()"],["noscript",0,"<img>"]]`, `[2,6,0,20,["script",["type","module"],""],["noscript",0,""]]`},
		{`[2,6,0,20,["svg:script",["href","/x.js"],"evil()"]]`, `[2,6,0,20,["svg:script",0,""]]`},
		{`[2,6,0,20,["script",0]],[2,20,0,21,"evil()"]`, `[2,6,0,20,["script",0]],[2,20,0,21,""]`},
		{`[2,6,0,20,["script",0,""]],[5,21,"evil()"]`, `[2,6,0,20,["script",0,""]],[5,21,""]`},
		{`[2,6,0,20,["meta",["http-equiv","refresh","content","0;url=/"]],["meta",["http-equiv","X-UA-Compatible"]]]`,
			`[2,6,0,20,["meta",["content","0;url=/"]],["meta",["http-equiv","X-UA-Compatible"]]]`},
		{`[2,6,0,20,["DIV",0],["svg:linearGradient",0],["a b",0],["svg:\"",["id","x"]],["o:p",0],["größe",0]]`,
			`[2,6,0,20,["div",0],["svg:linearGradient",0],["tandem-odd",0],["svg:tandem-odd",["id","x"]],["o:p",0],["größe",0]]`},
		{`[2,6,0,20,["input",["type","hidden","name","csrf","value","token"]]]`, `[2,6,0,20,["input",["type","hidden","name","csrf"]]]`},
		{`[2,6,0,20,["input",["type","hidden"]]],[4,20,"value","token"],[6,20,"value","token"]`, `[2,6,0,20,["input",["type","hidden"]]],[1],[1]`},

		// Other operations.
		{`[6,7,"outerHTML","<img>"]`, `[1]`},
		{`[6,7,"__proto__",[1,"x",null,true]]`, `[1]`},
		{`[2,6,0,20,["canvas",0]],[10,20,"data:text/html,x"],[10,20,"data:image/svg+xml;base64,AA"],[10,20,"data:image/png;base64,A\"A"],[10,20,"https://e.org/"],[10,20,"blob:https://e.org/"],[10,20,""],[10,7,"blob:a"]`,
			`[2,6,0,20,["canvas",0]],[1],[1],[1],[1],[1],[1],[1]`},
		{`[14,"x-a","div"]`, `[1]`},
		{`[14,"X-a"]`, `[1]`},
		{`[13,7,{"time":1}]`, `[13,7,{"paused":true,"time":1,"rate":1,"volume":1,"muted":false}]`},
		{`[4,7,"onclick","x"],[4,7,"id","y"],[4,7,"onclick","x"]`, `[1],[4,7,"id","y"],[1]`},
	}
	for _, tt := range tests {
		d := open(t)
		clean, err := d.Apply(json.RawMessage("[" + tt.in + "]"))
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if got, want := string(clean), "["+tt.want+"]"; got != want {
			t.Errorf("%s:\n got %s\nwant %s", tt.in, got, want)
		}
		if got, want := d.Counts().Dropped > 0, tt.in != tt.want; got != want && !strings.Contains(tt.in, "[13") {
			t.Errorf("%s: dropped %v, want %v", tt.in, got, want)
		}
		if again, err := open(t).Apply(clean); err != nil || string(again) != string(clean) {
			t.Errorf("%s: what followers get is corrected again to %s (%v)", tt.in, again, err)
		}
		snapshot := d.Snapshot()
		if again, err := NewDocument(Limits{}, nil).Apply(snapshot); err != nil || string(again) != string(snapshot) {
			t.Errorf("%s: the snapshot is corrected to %s (%v)", tt.in, again, err)
		}
	}
}

// TestMasks sends a canary through every channel of a masked field.
func TestMasks(t *testing.T) {
	t.Parallel()
	const canary, mask = "canary", `"••••••••"`
	masked := []string{
		`["input",["type","password"%s]]`, `["input",["type","PassWord"%s]]`, `["input",["autocomplete","cc-number"%s]]`,
		`["input",["autocomplete","section-a billing CC-CSC"%s]]`, `["input",["autocomplete","one-time-code"%s]]`,
		`["input",["autocomplete","username new-password"%s]]`, `["input",["data-tandem-masked",""%s]]`,
		`["textarea",["autocomplete","current-password"%s]]`, `["select",["autocomplete","cc-exp-month"%s]]`,
	}
	for _, form := range masked {
		for _, ops := range []string{
			`[2,6,0,20,` + fmt.Sprintf(form, `,"value","canary"`) + `]`,
			`[2,6,0,20,` + fmt.Sprintf(form, ``) + `],[4,20,"value","canary"]`,
			`[2,6,0,20,` + fmt.Sprintf(form, ``) + `],[4,20,"VALUE","canary"]`,
			`[2,6,0,20,` + fmt.Sprintf(form, ``) + `],[6,20,"value","canary"]`,
			`[2,6,0,20,` + fmt.Sprintf(form, ``) + `],[6,20,"customValidity","canary is wrong"]`,
		} {
			d := open(t)
			clean, err := d.Apply(json.RawMessage("[" + ops + "]"))
			if err != nil {
				t.Errorf("%s: %v", ops, err)
				continue
			}
			if strings.Contains(string(clean), canary) || !strings.Contains(string(clean), mask) || strings.Contains(string(d.Snapshot()), canary) {
				t.Errorf("%s:\n followers get %s\n late ones %s", ops, clean, d.Snapshot())
			}
			if !d.Masked(20) || d.Counts().Masked != 1 {
				t.Errorf("%s: masked %v, %d times", ops, d.Masked(20), d.Counts().Masked)
			}
		}
	}
	for _, tt := range []struct{ name, ops, want string }{
		{"honest", `[2,6,0,20,["input",["type","password","value","••••••••"]]],[6,20,"value",""],[6,20,"value","••••••••"],[6,20,"customValidity",""]`, ``},
		{"password shown", `[2,6,0,20,["input",["type","password"]]],[4,20,"type","text"],[6,20,"value","canary"]`,
			`[2,6,0,20,["input",["type","password"]]],[4,20,"type","text"],[6,20,"value","••••••••"]`},
		{"password swapped for a text field", `[2,6,0,20,["input",["type","password","name","pw"]]],[1,20],[2,6,0,21,["input",["name","pw","value","canary"]]]`,
			`[2,6,0,20,["input",["type","password","name","pw"]]],[1,20],[2,6,0,21,["input",["name","pw","value","••••••••"]]]`},
		{"text field beside its password", `[2,6,0,20,["input",["id","pw","value","canary"]],["input",["type","password","id","pw"]]]`,
			`[2,6,0,20,["input",["id","pw","value","canary"]],["input",["type","password","id","pw"]]],[4,20,"value","••••••••"]`},
		{"becomes a password", `[2,6,0,20,["input",["value","canary"]]],[6,20,"value","canary!"],[4,20,"type","password"]`,
			`[2,6,0,20,["input",["value","canary"]]],[6,20,"value","canary!"],[4,20,"type","password"],[4,20,"value","••••••••"],[6,20,"value","••••••••"]`},
		{"mask comes later", `[6,9,"value","canary"],[4,9,"data-tandem-masked",""]`,
			`[6,9,"value","canary"],[4,9,"data-tandem-masked",""],[4,9,"value","••••••••"],[6,9,"value","••••••••"]`},
		{"default value of a text area", `[2,6,0,20,["textarea",["autocomplete","one-time-code"],"canary"]]`,
			`[2,6,0,20,["textarea",["autocomplete","one-time-code"],"••••••••"]]`},
		{"text area's text changes", `[2,6,0,20,["textarea",["autocomplete","one-time-code"],"••••••••"]],[5,21,8,0,"c"]`,
			`[2,6,0,20,["textarea",["autocomplete","one-time-code"],"••••••••"]],[5,21,"••••••••"]`},
		{"choice", `[2,6,0,20,["select",["autocomplete","cc-exp-month"],["option",["selected","","value","3"]],["optgroup",0,["option",0]]]],[6,20,"selected",[3]],[4,23,"selected",""]`,
			`[2,6,0,20,["select",["autocomplete","cc-exp-month"],["option",["value","3"]],["optgroup",0,["option",0]]]],[6,20,"selected",[]],[1]`},
		{"selection", `[4,9,"autocomplete","cc-csc"],[12,9,0,3]`, `[4,9,"autocomplete","cc-csc"],[4,9,"value","••••••••"],[12,9]`},
		{"not masked", `[2,6,0,20,["input",["type","search","name","q","autocomplete","username","value","shoes"]],["p",["autocomplete","cc-number"],"text"]],[12,20,1,2]`, ``},
	} {
		clean, err := open(t).Apply(json.RawMessage("[" + tt.ops + "]"))
		if tt.want == "" {
			tt.want = tt.ops
		}
		if err != nil || string(clean) != "["+tt.want+"]" {
			t.Errorf("%s: %v\n got %s\nwant [%s]", tt.name, err, clean, tt.want)
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	d := open(t, `[[2,6,0,20,["select",["autocomplete","cc-type"],["option",0,"Visa"]],["textarea",["autocomplete","one-time-code"],""],["div",["data-tandem-masked",""],["p",0]]]]`)
	for id, want := range map[int]bool{0: false, 6: false, 9: false, 15: false, 20: true, 21: true, 22: true, 23: true, 24: true, 25: true, 26: true, 27: true, -1: true, 1 << 40: true} {
		if got := d.Masked(id); got != want {
			t.Errorf("Masked(%d) = %v, want %v", id, got, want)
		}
	}
	for id, want := range map[int]bool{0: true, 1: true, 15: true, 16: false, 20: true, -1: false, 1<<32 + 1: false} {
		if got := d.Has(id); got != want {
			t.Errorf("Has(%d) = %v, want %v", id, got, want)
		}
	}
}

// TestRefusals applies what can't be right. Whatever it is, the document stays
// whole and takes the next snapshot.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for ops, want := range map[string]error{
		// Not JSON, or not of the grammar.
		``: errSyntax, `[`: errSyntax, `{}`: errSyntax, `[]]`: errSyntax, `[] x`: errSyntax, `[1]`: errSyntax, `[[1],]`: errSyntax, `[,[1]]`: errSyntax,
		`[[1]`: errSyntax, `[[]]`: errSyntax, `["1"]`: errSyntax, `[[1 7]]`: errSyntax, `[[1,7,]]`: errSyntax, `[[01,7]]`: errSyntax, `[[1,7.0]]`: errSyntax,
		`[[1,7e0]]`: errSyntax, `[[1,99999999999]]`: errSyntax, `[[1,4294967303]]`: errSyntax, `[[1,-]]`: errSyntax, `[[24,1]]`: errSyntax, `[[-1]]`: errSyntax,
		"[[5,8,\"a\nb\"]]": errSyntax, `[[5,8,"\x"]]`: errSyntax, `[[5,8,"\u12"]]`: errSyntax, `[[5,8,"\u12g4"]]`: errSyntax, `[[5,8,"abc]]`: errSyntax, `[[5,8,"\`: errSyntax,
		"[[5,8,\"\xff\"]]": errUTF8, "[[5,8,\"\xed\xa0\x80\"]]": errUTF8, `[[5,8]]`: errSyntax, `[[5,8,"a","b"]]`: errSyntax, `[[5,8,1,"b"]]`: errSyntax,
		`[[4,7,"id"]]`: errSyntax, `[[4,7,"id",3]]`: errSyntax, `[[4,7,"id","x",0]]`: errSyntax, `[[4,7,"id",nul]]`: errSyntax,
		`[[6,9,"value",3]]`: errSyntax, `[[6,9,"checked","x"]]`: errSyntax, `[[6,9,"checked",tru]]`: errSyntax, `[[6,9,"selected",["a"]]]`: errSyntax,
		`[[6,9,"selected",[-1]]]`: errValue, `[[6,9,"nope",{}]]`: errSyntax, `[[8,-1,"r",""],[6,-1,"checked",true]]`: errSyntax, `[[7,0,1]]`: errSyntax, `[[7,0,"1",2]]`: errSyntax,
		`[[7,0,1e400,2]]`: errValue, `[[7,0,1.,2]]`: errSyntax, `[[7,0,1e,2]]`: errSyntax, `[[7,0,00,2]]`: errSyntax, `[[8,4,"y",0]]`: errSyntax, `[[8,4,"i",0]]`: errSyntax,
		`[[8,4,"i",-1,"a{}"]]`: errValue, `[[8,4,"d",99999999]]`: errValue, `[[9,0,4]]`: errUnknown, `[[9,0,-1]]`: errUnknown, `[[8,-1,"d",0]]`: errUnknown, `[[6,-1,"disabledSheet",true]]`: errUnknown, `[[11,7,"a b"]]`: errValue, `[[11,7,{}]]`: errSyntax,
		`[[13,7,{"src":"x"}]]`: errSyntax, `[[13,7,{"time":"x"}]]`: errSyntax, `[[13,7,[]]]`: errSyntax, `[[13,7,{"time":1,}]]`: errSyntax, `[[14,3]]`: errSyntax, `[[15,6,"a b"]]`: errValue,
		`[[12,9,1,2,3]]`: errSyntax, `[[2,6,0,20,["p"]]]`: errSyntax, `[[2,6,0,20,["p",["id"]]]]`: errSyntax, `[[2,6,0,20,["p",{}]]]`: errSyntax, `[[2,6,0,20,[0,"?"]]]`: errSyntax,
		`[[2,6,0,20,["p",1]]]`: errSyntax, `[[2,6,0,20,true]]`: errSyntax, `[[2,6,0,20,[0,"#","both"]]]`: errSyntax, `[[2,6,0,[20,21],["p",0]]]`: errSyntax,
		`[[2,6,0,[20],["p",0,"x"]]]`: errSyntax, `[[0,1,"odd"]]`: errSyntax,

		// Nodes that do not exist, or do already.
		`[[1,99]]`: errUnknown, `[[1,7,7]]`: errUnknown, `[[1,6,7]]`: errUnknown, `[[2,99,0,20,"x"]]`: errUnknown, `[[2,6,99,20,"x"]]`: errUnknown,
		`[[3,6,0,99]]`: errUnknown, `[[4,99,"id","x"]]`: errUnknown, `[[5,99,"x"]]`: errUnknown, `[[6,99,"checked",true]]`: errUnknown, `[[7,99,0,0]]`: errUnknown,
		`[[8,99,"d",0]]`: errUnknown, `[[9,99]]`: errUnknown, `[[10,99,"a"]]`: errUnknown, `[[12,99]]`: errUnknown, `[[15,99,"a"]]`: errUnknown,
		`[[2,6,0,7,"x"]]`: errTaken, `[[2,6,0,[20,20],"x","y"]]`: errTaken, `[[2,6,0,0,"x"]]`: errValue, `[[2,6,0,-5,"x"]]`: errValue, `[[2,6,0,2147483647,"x","y"]]`: errTaken,

		// Places that can't be.
		`[[1,0]]`: errPlace, `[[1,13]]`: errPlace, `[[2,8,0,20,"x"]]`: errPlace, `[[2,1,0,20,"x"]]`: errPlace, `[[2,6,11,20,"x"]]`: errPlace, `[[2,12,13,20,"x"]]`: errPlace,
		`[[2,0,0,20,"x"]]`: errPlace, `[[2,0,0,20,["html",0]]]`: errPlace, `[[2,0,2,20,[0,"!","html","",""]]]`: errPlace, `[[1,1]]`: errPlace, `[[1,2]]`: errPlace, `[[0,1,"quirks",["html",0],["html",0]]]`: errPlace, `[[0,1,"quirks",["html",0],[0,"!","html","",""]]]`: errPlace, `[[0,1,"quirks","x"]]`: errPlace, `[[2,6,0,20,[0,"!","html","",""]]]`: errPlace,
		`[[2,12,0,20,[0,"#","open"]]]`: errPlace, `[[2,9,0,20,[0,"#","open"]]]`: errPlace, `[[2,0,0,20,[0,"#","open"]]]`: errPlace, `[[2,13,0,20,[0,"#","open"]]]`: errPlace,
		`[[3,7,0,6]]`: errPlace, `[[3,7,0,7]]`: errPlace, `[[3,13,0,12]]`: errPlace, `[[3,6,0,13]]`: errPlace, `[[3,6,0,0]]`: errPlace, `[[3,6,0,1]]`: errPlace, `[[3,0,0,8]]`: errPlace,
		`[[3,6,0,7,7]]`: errPlace, `[[3,6,7,7]]`: errPlace, `[[3,6,7,9,7]]`: errPlace, `[[3,0,0,6]]`: errPlace, `[[3,0,2,2]]`: errPlace, `[[3,0,0,1]]`: errPlace, `[[3,8,0,7]]`: errPlace,
		`[[4,8,"id","x"]]`: errPlace, `[[4,0,"id","x"]]`: errPlace, `[[4,13,"id","x"]]`: errPlace, `[[5,7,"x"]]`: errPlace, `[[5,1,"x"]]`: errPlace, `[[6,8,"checked",true]]`: errPlace,
		`[[7,8,0,0]]`: errPlace, `[[8,8,"d",0]]`: errPlace, `[[9,7]]`: errPlace, `[[10,8,"a"]]`: errPlace, `[[11,0,1]]`: errPlace, `[[13,8,{}]]`: errPlace,
		`[[5,8,5,0,"x"]]`: errValue, `[[5,8,0,5,"x"]]`: errValue, `[[5,8,2147483647,2147483647,"x"]]`: errValue, `[[5,8,0,-1,"x"]]`: errValue,
	} {
		d := open(t)
		clean, err := d.Apply(json.RawMessage(ops))
		if !errors.Is(err, ErrResync) || !errors.Is(err, want) || clean != nil {
			t.Errorf("%s: got %s, %v, want %v", ops, clean, err, want)
		}
		checkWhole(t, d, ops)
		if _, err := d.Apply(json.RawMessage(`[[1]]`)); !errors.Is(err, errWaiting) {
			t.Errorf("%s: the next operation was let in (%v)", ops, err)
		}
		if _, err := d.Apply(json.RawMessage(page)); err != nil {
			t.Errorf("%s: the next snapshot was refused: %v", ops, err)
		}
	}
}

// checkWhole makes sure that the table's links agree with each other and that
// the document's snapshot is acceptable.
func checkWhole(tb testing.TB, d *Document, context string) {
	tb.Helper()
	t, seen := d.tree, 0
	for at := range t.below(0) {
		n := &t.nodes[at]
		seen++
		if got, ok := t.slot(int(n.id)); !ok || got != at {
			tb.Errorf("%s: node %d is not in the table", context, n.id)
		}
		var last int32
		for kid := n.first; kid != 0; kid = t.nodes[kid].next {
			if t.nodes[kid].parent != at || t.nodes[kid].prev != last {
				tb.Errorf("%s: node %d is badly linked", context, t.nodes[kid].id)
			}
			last = kid
		}
		if n.last != last {
			tb.Errorf("%s: node %d has another last child", context, n.id)
		}
	}
	if seen-1 != t.count() {
		tb.Errorf("%s: %d nodes in the tree, %d in the table", context, seen-1, t.count())
	}
	if got := t.cost(); t.bytes != got {
		tb.Errorf("%s: %d bytes counted, there are %d", context, t.bytes, got)
	}
}

func TestFirstSnapshot(t *testing.T) {
	t.Parallel()
	d := NewDocument(Limits{}, nil)
	if got := string(d.Snapshot()); got != "[]" {
		t.Errorf("before the first snapshot: %s", got)
	}
	if _, err := d.Apply(json.RawMessage(`[[14,"x-a"]]`)); !errors.Is(err, ErrResync) {
		t.Errorf("an operation before the first snapshot: %v", err)
	}
	if _, err := d.Apply(json.RawMessage(`[[0,1,"quirks"]]`)); err != nil {
		t.Error(err)
	}
	if got, want := string(d.Snapshot()), `[[0,1,"quirks"]]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := d.Apply(json.RawMessage(`[[0,5,"quirks",["html",0]]]`)); err != nil {
		t.Error(err)
	}
	if _, err := d.Apply(json.RawMessage(`[[0,1,"standards",["html",0],["html",0]]]`)); !errors.Is(err, errPlace) {
		t.Errorf("two roots: %v", err)
	}
	if got, want := string(d.Snapshot()), `[[0,5,"quirks",["html",0]]]`; got != want {
		t.Errorf("after a refused snapshot: %s, want %s", got, want)
	}
}

func TestS46Limits(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat(`["p",0,`, n-1) + `["p",0]` + strings.Repeat(`]`, n-1) }
	small := Limits{Message: 4096, Bytes: 2000, Nodes: 20, Depth: 10, Ops: 10, Attrs: 3, Value: 100, Sheets: 2, Rules: 5}
	start := `[[0,1,"standards",["html",0,["body",0,"x"]]]]`
	for _, tt := range []struct {
		name, ops string
		over      bool
	}{
		{"message", `[[1]` + strings.Repeat(" ", 4096) + `]`, true},
		{"bytes", `[[5,3,"` + strings.Repeat("x", 1900) + `"],[14,"x-a"]]`, false},
		{"bytes", `[[5,3,"` + strings.Repeat("x", 2001) + `"]]`, true},
		{"bytes of rules", `[[8,-1,"r","` + strings.Repeat("x", 2001) + `"]]`, true},
		{"nodes", `[[2,2,0,10,` + strings.Repeat(`"x",`, 16) + `"x"]]`, false},
		{"nodes", `[[2,2,0,10,` + strings.Repeat(`"x",`, 17) + `"x"]]`, true},
		{"depth", `[[2,2,0,10,` + deep(8) + `]]`, false},
		{"depth", `[[2,2,0,10,` + deep(9) + `]]`, true},
		{"depth after a move", `[[2,2,0,10,` + deep(4) + `,` + deep(4) + `],[3,13,0,14]]`, false},
		{"depth after a move", `[[2,2,0,10,` + deep(5) + `,` + deep(4) + `],[3,14,0,15]]`, true},
		{"operations", `[` + strings.Repeat(`[1],`, 9) + `[1]]`, false},
		{"operations", `[` + strings.Repeat(`[1],`, 10) + `[1]]`, true},
		{"sheets", `[[8,-1,"r",""],[8,-2,"r",""]]`, false},
		{"sheets", `[[8,-1,"r",""],[8,-2,"r",""],[8,-3,"r",""]]`, true},
		{"rules", `[[8,-1,"r",""],` + strings.Repeat(`[8,-1,"i",0,"a"],`, 4) + `[1]]`, false},
		{"rules", `[[8,-1,"r",""],` + strings.Repeat(`[8,-1,"i",0,"a"],`, 5) + `[1]]`, true},
		{"deleted rules", `[[8,-1,"r",""],` + strings.Repeat(`[8,-1,"d",0],`, 5) + `[1]]`, true},
	} {
		d := NewDocument(small, nil)
		if _, err := d.Apply(json.RawMessage(start)); err != nil {
			t.Fatal(err)
		}
		_, err := d.Apply(json.RawMessage(tt.ops))
		if got := errors.Is(err, ErrLimit) && errors.Is(err, ErrResync); got != tt.over || err != nil && !got {
			t.Errorf("%s: got %v, want over the limit: %v", tt.name, err, tt.over)
		}
	}

	// Attributes over the limit are dropped.
	d := NewDocument(small, nil)
	long := strings.Repeat("x", 101)
	clean, err := d.Apply(json.RawMessage(`[[0,1,"standards",["html",["a","1","b","` + long + `","c","3","d","4","e","5"]]],[4,1,"f","6"],[4,1,"a","` + long + `"],[4,1,"a","7"],[6,1,"value","` + long + `"]]`))
	want := `[[0,1,"standards",["html",["a","1","c","3","d","4"]]],[1],[1],[4,1,"a","7"],[1]]`
	if err != nil || string(clean) != want {
		t.Errorf("got %s (%v), want %s", clean, err, want)
	}
}

// TestWork lets operations that cost most for their size run into the limit of
// work, which keeps one Apply well below a second or two.
func TestWork(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`[[5,8,"` + strings.Repeat("é", 1<<20) + `"]`)
	for range 40_000 {
		b.WriteString(`,[5,8,0,1,"x"]`)
	}
	b.WriteString("]")
	if _, err := open(t).Apply(json.RawMessage(b.String())); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v", err)
	}
}

// TestReuse churns nodes and rules and checks that nothing piles up.
func TestReuse(t *testing.T) {
	t.Parallel()
	d := open(t)
	before, slots := d.tree.bytes, 0
	for i := range 2000 {
		id := 1000 + i*10
		ops := fmt.Sprintf(`[[2,6,0,%d,["div",["id","%d"],["p",0,"text %d"],["input",0]]],[6,%d,"value","v"],[8,4,"i",0,"a%d{}"],[8,4,"d",0],[1,%d]]`, id, i, i, id+3, i, id)
		if _, err := d.Apply(json.RawMessage(ops)); err != nil {
			t.Fatal(err)
		}
		if i == 10 {
			before, slots = d.tree.bytes, len(d.tree.nodes)
		}
	}
	if d.tree.bytes != before || len(d.tree.nodes) != slots {
		t.Errorf("grew from %d bytes in %d entries to %d in %d", before, slots, d.tree.bytes, len(d.tree.nodes))
	}
	checkWhole(t, d, "after churning")
}

func TestURLs(t *testing.T) {
	t.Parallel()
	const start = `[[0,1,"standards",["html",0,["head",0],["body",0]]]]`
	for _, tt := range []struct{ name, ops, want string }{
		{"images", `[2,3,0,10,["img",["src","a.png","srcset","b.png 1x, /c.png 2x","alt","x.png"]],["input",["type","image","src","d.png"]],["input",["src","no.png"]]]`,
			"http://e.org/d/a.png http://e.org/d/b.png http://e.org/c.png http://e.org/d/d.png"},
		{"type after src", `[2,3,0,10,["input",["src","d.png","type","IMAGE"]]]`, "http://e.org/d/d.png"},
		{"pictures and media", `[2,3,0,10,["picture",0,["source",["srcset","a.webp"]]],["video",["poster","p.jpg","src","v.mp4"],["source",["src","v.webm"]],["track",["src","t.vtt"]]],["audio",["src","a.ogg"]]]`,
			"http://e.org/d/a.webp http://e.org/d/p.jpg http://e.org/d/v.mp4 http://e.org/d/v.webm http://e.org/d/t.vtt http://e.org/d/a.ogg"},
		{"links", `[2,2,0,10,["link",["rel","stylesheet","href","//cdn.org/a.css"]],["link",["href","/i.ico","rel","shortcut ICON"]],["link",["rel","canonical","href","/no"]],["link",["rel","preload","href","/no"]]]`,
			"http://cdn.org/a.css http://e.org/i.ico"},
		{"SVG", `[2,3,0,10,["svg:svg",0,["svg:image",["href","a.png"]],["svg:use",["xlink:href","s.svg#b"]],["svg:use",["href","#local"]],["svg:rect",["fill","url(s.svg#c)"]],["svg:a",["href","/no"]]]]`,
			"http://e.org/d/a.png http://e.org/d/s.svg http://e.org/d/s.svg"},
		{"backgrounds", `[4,3,"background","b.png"],[2,3,0,10,["table",["background","t.png"],["td",["background","d.png"]]],["p",["background","no.png"]]]`,
			"http://e.org/d/b.png http://e.org/d/t.png http://e.org/d/d.png"},
		{"style attributes", `[2,3,0,10,["p",["style","background:url( 'a.png' ),url(b.png)"]]],[4,10,"style","background:url(\"c\\2e png\")"]`,
			"http://e.org/d/a.png http://e.org/d/b.png http://e.org/d/c.png"},
		{"style sheets", `[2,2,0,10,["style",0,"@import 'a.css';@import url(b.css);p{background:image-set('c.png' 1x, url(d.png) 2x);content:'no.png'}"]],[5,11,"/*url(no)*/ q{background:URL(e.png)}"]`,
			"http://e.org/d/a.css http://e.org/d/b.css http://e.org/d/c.png http://e.org/d/d.png http://e.org/d/e.png"},
		{"rules", `[8,-1,"r","p{background:url(a.png)}"],[2,2,0,10,["style",0]],[8,10,"i",0,"@font-face{src:url(b.woff2) format('woff2')}"],[8,10,"d",0]`,
			"http://e.org/d/a.png http://e.org/d/b.woff2"},
		{"later attributes", `[2,3,0,10,["img",0],["link",["href","a.css"]],["a",["href","/no"]]],[4,10,"src","a.png"],[4,11,"rel","stylesheet"],[4,12,"href","/no2"],[4,10,"src",null]`,
			"http://e.org/d/a.png http://e.org/d/a.css"},
		{"other schemes", `[2,3,0,10,["img",["src","data:image/png;base64,AA"]],["img",["src","blob:https://e.org/1"]],["img",["src","about:blank"]],["img",["src",""]],["img",["src","#x"]],["img",["src","ftp://e.org/x"]]]`, ""},
		{"not loaded", `[2,3,0,10,["script",["src","no.js"]],["iframe",["src","no.html"]],["object",["data","no"]],["embed",["src","no"]],["a",["href","no"]],["form",["action","no"]]]`, ""},
		{"refused", `[2,3,0,10,["img",["src","a.png"]]],[1,99]`, ""},
		{"base", `[2,2,0,10,["base",["href","/b/"]],["base",["href","/no/"]]],[2,3,0,20,["img",["src","a.png"]]]`, "http://e.org/b/a.png"},
		{"base for what was there", `[2,3,0,20,["img",["src","a.png"]]],[2,2,0,10,["base",["href","http://cdn.org/"]]]`, "http://cdn.org/a.png"},
	} {
		var got []string
		d := NewDocument(Limits{}, func(url string) { got = append(got, url) })
		d.SetURL("http://e.org/d/page?q#f")
		if _, err := d.Apply(json.RawMessage(start)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Apply(json.RawMessage("[" + tt.ops + "]")); err != nil && tt.name != "refused" {
			t.Fatal(err)
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestBaseChanges removes, changes and moves <base>, and the document's URL.
func TestBaseChanges(t *testing.T) {
	t.Parallel()
	var got []string
	d := NewDocument(Limits{}, func(url string) { got = append(got, url) })
	d.SetURL("http://e.org/d/page")
	for _, tt := range []struct{ ops, want string }{
		{`[[0,1,"standards",["html",0,["head",0,["base",["href","b/"]],["base",["href","c/"]]],["body",0,["img",["src","a.png"]]]]],[8,-1,"r","p{background:url(x)}"]]`,
			"http://e.org/d/b/a.png http://e.org/d/b/x"},
		{`[[4,3,"href","/z/"]]`, "http://e.org/z/a.png http://e.org/z/x"},
		{`[[3,2,3,4]]`, "http://e.org/d/c/a.png http://e.org/d/c/x"},
		{`[[1,4]]`, "http://e.org/z/a.png http://e.org/z/x"},
		{`[[4,3,"target","_top"]]`, ""},
		{`[[1,3]]`, "http://e.org/d/a.png http://e.org/d/x"},
		{`[[2,1,5,10,["head",0,["base",["href","javascript:x"]]]]]`, ""},
	} {
		got = nil
		clean, err := d.Apply(json.RawMessage(tt.ops))
		if err != nil {
			t.Fatalf("%s: %v (%s)", tt.ops, err, clean)
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.ops, got, tt.want)
		}
	}
	got = nil
	d.SetURL("http://e.org/other/")
	if _, err := d.Apply(json.RawMessage(`[]`)); err != nil {
		t.Fatal(err)
	}
	if want := []string{"http://e.org/other/a.png", "http://e.org/other/x"}; !slices.Equal(got, want) {
		t.Errorf("after another URL: got %q, want %q", got, want)
	}
}
