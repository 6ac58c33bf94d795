package session

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files of messages the server sends")

const messageDir = "testdata/messages"

// TestMessagesRead reads one example of each message a participant sends. The
// browser side makes the same ones.
func TestMessagesRead(t *testing.T) {
	seen := map[string]bool{}
	files, err := filepath.Glob(messageDir + "/from-*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		base := filepath.Base(file)
		from, rest, _ := strings.Cut(strings.TrimPrefix(base, "from-"), ".")
		name, m, err := decode(text)
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		if want, _, _ := strings.Cut(rest, "."); name != want {
			t.Errorf("%s is a %q", base, name)
		}
		if why := mayNot(Role(from), name, going(Shared)); why != "" {
			t.Errorf("%s: %s", base, why)
		}
		seen[name] = true
		if in, ok := m.(*inputMessage); ok {
			seen["input "+in.kind] = true
		}
		if name != "blob" && !sameJSON(encode(name, m), text) {
			t.Errorf("%s is passed on as %s", base, encode(name, m))
		}
	}
	for name := range kinds {
		if !seen[name] {
			t.Errorf("no example of %s", name)
		}
	}
	for kind := range inputKinds {
		if !seen["input "+kind] {
			t.Errorf("no example of input %s", kind)
		}
	}
}

// going is the record of a session that goes on, with all rights.
func going(mode Mode) record {
	return record{State: Active, Offered: AllRights, decision: decision{Mode: mode, Rights: AllRights}}
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// TestMessagesWritten keeps one example of each message the server sends, for
// the browser side to read.
func TestMessagesWritten(t *testing.T) {
	people := []Person{
		{ID: "visitor", Role: Visitor, Name: "Vera", Color: colors[Visitor], Online: true, Delay: 40},
		{ID: "agent", Role: Agent, Name: "Ada", Color: colors[Agent]},
	}
	place := pointedMessage{"agent", pointMessage{Doc: 3, Node: 17, FX: 0.5, FY: 0.25, X: 120.5, Y: 64}}
	mark := markedMessage{"agent", markMessage{place.pointMessage, "wiggle"}}
	tabs := []Tab{{Tab: 1, URL: "https://shop.example/cart", Title: "Your cart", Icon: "https://shop.example/favicon.ico", Active: true}}
	n := uint64(7)
	refused := refusedMessage{&n, "input", "masked"}
	ended := endedMessage{"agent", "agent"}
	welcome := welcomeMessage{
		Stream: "GJ9zlRk4Bv6pNkqFqg0pXQ", Received: 4, Resumed: true, People: people,
		Mode: Shared, Rights: AllRights, State: Active, Session: "abcdefgh2345",
	}
	toVisitor, toAgent := welcome, welcome
	toVisitor.Offered = AllRights
	toVisitor.You, toVisitor.URL, toVisitor.Tabs = people[0], "https://shop.example/", tabs
	toAgent.You, toAgent.Key, toAgent.View = people[1], "s9zlRk4Bv6pNkqFqg0pXQg", "http://view--abcdefgh2345.tandem-pages.localhost:7070"
	all := map[string][]byte{
		"to-visitor.welcome":   mustJSON(t, map[string]any{"welcome": toVisitor}),
		"to-visitor.people":    encode("people", peopleMessage{people}),
		"to-visitor.input":     encode("input", performMessage{1700000000001, "agent", 3, json.RawMessage(`{"kind":"focus","node":17}`), Fill}),
		"to-visitor.scroll":    encode("scroll", scrolledMessage{"agent", scrollMessage{3, 0, 0, 480.5}}),
		"to-visitor.navigate":  encode("navigate", navigatedMessage{"agent", navigateMessage{1, "https://shop.example/"}}),
		"to-visitor.go":        encode("go", goMessage{1, "back"}),
		"to-visitor.activate":  encode("activate", tabMessage{2}),
		"to-visitor.open":      encode("open", openedMessage{"agent", openMessage{"https://shop.example/"}}),
		"to-visitor.showing":   encode("showing", showingMessage{"bcdefgh23456", "agent", "https://docs.example", Waiting}),
		"to-agent.showing":     encode("showing", showingMessage{"bcdefgh23456", "agent", "https://docs.example", Active}),
		"to-visitor.moving":    encode("moving", movingMessage{"https://tandem.example/j/abcdefgh2345#GJ9zlRk4Bv6pNkqFqg0pXQ", 29, "M0 0h7v1h-7z"}),
		"to-visitor.move-asks": encode("move-asks", moveAsksMessage{"0471", []string{"shop-example--abcdefgh2345.tandem-pages.localhost:7070"}}),
		"to-visitor.copy":      encode("copy", copyMessage{9, "report.csv", 2800}),
		"to-agent.passed":      encode("passed", copyMessage{9, "report.csv", 2800}),
		"to-visitor.close":     encode("close", tabMessage{2}),
		"to-visitor.pointer":   encode("pointer", place),
		"to-visitor.mark":      encode("mark", mark),
		"to-visitor.select":    encode("select", selectedMessage{"agent", selectMessage{3, []number{17, 0, 18, 4}}}),
		"to-visitor.draw":      encode("draw", drawnMessage{"agent", drawMessage{3, "ink", []float64{10, 20.5, 14, 26}, true}}),
		"to-visitor.erase":     encode("erase", erasedMessage{"agent"}),
		"to-visitor.chat":      encode("chat", saidMessage{1, "agent", 1700000000000, "Do you see it?"}),
		"to-agent.typing":      encode("typing", wroteMessage{"visitor", typingMessage{false}}),
		"to-visitor.typing":    encode("typing", wroteMessage{"agent", typingMessage{true}}),
		"to-visitor.resync":    encode("resync", resyncMessage{Doc: 3, Node: 17, Deep: true}),
		"to-visitor.mode":      encode("mode", modeMessage{View, true, Rights{Point, Scroll}}),
		"to-visitor.rules":     encode("rules", rulesMessage{[]PageRule{{Treatment: Mask, Pages: "https://shop.example/account/*", Selector: ".iban", AgentMayType: true}}}),
		"to-visitor.ask":       encode("ask", askedMessage{"agent"}),
		"to-visitor.offer":     encode("offer", offeredMessage{"agent", offerMessage{9, 3, 0, 17, 0.5, 0.25, []fileMessage{{"photo.png", 68, "image/png"}}}}),
		"to-visitor.piece":     encode("piece", pieceMessage{N: 9, Data: "aGk="}),
		"to-visitor.withdrawn": encode("withdrawn", withdrawnMessage{9}),
		"to-visitor.beat":      encode("beat", struct{}{}),
		"to-visitor.cookies":   encode("cookies", struct{}{}),
		"to-visitor.refused":   encode("refused", refusedMessage{nil, "tab", "tabs"}),
		"to-visitor.ended":     encode("ended", ended),
		"to-agent.welcome":     mustJSON(t, map[string]any{"welcome": toAgent}),
		"to-agent.state":       encode("state", stateMessage{Active}),
		"to-agent.people":      encode("people", peopleMessage{people}),
		"to-agent.tabs":        encode("tabs", tabsMessage{tabs}),
		"to-agent.view":        encode("view", viewMessage{Width: 1280, Height: 720, DPR: 1.5, Media: []string{"prefers-color-scheme:dark"}, Seen: []float64{10, 20, 300, 200}}),
		"to-agent.doc":         encodeDoc(docMessage{Doc: 4, Tab: 1, Parent: []number{3, 88}, URL: "https://pay.example/"}, []byte(`[[0,1,"standards",["html",0]]]`)),
		"to-agent.ops":         encodeOps(3, []byte(`[[7,0,0,120]]`)),
		"to-agent.gone":        encode("gone", goneMessage{4}),
		"to-agent.pointer":     encode("pointer", place),
		"to-agent.mark":        encode("mark", mark),
		"to-agent.select":      encode("select", selectedMessage{"visitor", selectMessage{3, nil}}),
		"to-visitor.editing":   encode("editing", editorMessage{"agent", editingMessage{3, 17}}),
		"to-agent.editing":     encode("editing", editorMessage{"visitor", editingMessage{3, 17}}),
		"to-agent.draw":        encode("draw", drawnMessage{"visitor", drawMessage{3, "arrow", []float64{10, 20, 14, 26}, false}}),
		"to-agent.erase":       encode("erase", erasedMessage{"visitor"}),
		"to-agent.chat":        encode("chat", saidMessage{2, "visitor", 1700000001000, "Yes."}),
		"to-agent.beat":        encode("beat", beatMessage{true}),
		"to-agent.done":        encode("done", doneMessage{7, false, "gone", []number{18, 4, 18, 4}}),
		"to-agent.dialog":      encode("dialog", dialogMessage{3, "confirm", "Remove this item?"}),
		"to-agent.answered":    encode("answered", answeredMessage{3, new(false)}),
		"to-agent.download":    encode("download", downloadMessage{"invoice.pdf", 48213}),
		"to-visitor.download":  encode("download", downloadMessage{"report.csv", 0}),
		"to-agent.notice":      encode("notice", noticeMessage{What: "print"}),
		"to-agent.refused":     encode("refused", refused),
		"to-agent.mode":        encode("mode", modeMessage{Shared, false, AllRights}),
		"to-agent.loading":     encode("loading", loadingMessage{true}),
		"to-agent.leader":      encode("leader", leaderMessage{false, 1700000000000}),
		"to-agent.invitation":  encode("invitation", invitationMessage{Opened, 1700000000000}),
		"to-agent.ended":       encode("ended", ended),
		"to-agent.want":        encode("want", wantMessage{"agent", 3, 5, "image/*", true}),
		"to-agent.take":        encode("take", takeMessage{7, true}),
		"to-agent.got":         encode("got", gotMessage{7, 2}),
		"to-agent.placed":      encode("placed", placedMessage{7, false, "gone"}),
		"to-agent.copied":      encode("copied", copiedMessage{"agent", "SAVE10"}),
	}
	for name, got := range all {
		file := filepath.Join(messageDir, name+".json")
		if *update {
			if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || strings.TrimSpace(string(want)) != string(got) {
			t.Errorf("%s: got %s, want %s (%v)", name, got, want, err)
		}
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestMessagesRefused(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	for _, test := range []struct {
		text string
		want error
	}{
		{`{"type":"grant-control"}`, errUnknownKind},
		{`{}`, errUnknownKind},
		{`[]`, errInvalid},
		{`{"type":"gone","doc":1}{}`, errInvalid},
		{`{"type":"gone","doc":-1}`, errInvalid},
		{`{"type":"gone","doc":1.5}`, errInvalid},
		{`{"type":"gone","doc":"1"}`, errInvalid},
		{`{"type":"gone","doc":9007199254740992}`, errInvalid},
		{`{"type":"doc","doc":1,"tab":1,"url":"javascript:alert(1)"}`, errInvalid},
		{`{"type":"doc","doc":1,"tab":1,"url":"https://a.example/","parent":[1]}`, errInvalid},
		{`{"type":"ops","doc":1,"ops":{}}`, errInvalid},
		{`{"type":"ops","doc":1}`, errInvalid},
		{`{"type":"view","width":1e9,"height":1,"dpr":1}`, errInvalid},
		{`{"type":"view","width":100,"height":100,"dpr":0}`, errInvalid},
		{`{"type":"view","width":100,"height":100,"dpr":1,"seen":[1,2]}`, errInvalid},
		{`{"type":"view","width":100,"height":100,"dpr":1,"media":["hover:none;}"]}`, errInvalid},
		{`{"type":"pointer","doc":1,"node":1,"x":1e300}`, errInvalid},
		{`{"type":"pointer","doc":1,"node":1,"pad":"` + long + `"}`, errTooLarge},
		{`{"type":"blob","id":"../x","mime":"image/png","data":""}`, errInvalid},
		{`{"type":"blob","id":"x","mime":"image/png","data":"%"}`, errInvalid},
		{`{"type":"dialog","doc":1,"kind":"<b>","text":""}`, errInvalid},
		{`{"type":"navigate","tab":1,"url":"javascript:alert(1)"}`, errInvalid},
		{`{"type":"navigate","tab":1,"url":"data:text/html,x"}`, errInvalid},
		{`{"type":"navigate","tab":1,"url":"/path"}`, errInvalid},
		{`{"type":"go","tab":1,"action":"close"}`, errInvalid},
		{`{"type":"input","n":1,"doc":1,"input":{"kind":"eval","node":1}}`, errInvalid},
		{`{"type":"input","n":1,"doc":1,"input":{"kind":"click","node":1}}`, errInvalid},
		{`{"type":"input","n":1,"doc":1,"input":{"kind":"focus","node":-1}}`, errInvalid},
		{`{"type":"input","n":1,"doc":1,"input":{"kind":"focus"}}`, errInvalid},
		{`{"type":"input","n":1,"doc":1,"input":null}`, errInvalid},
		{`{"type":"input","n":-1,"doc":1,"input":{"kind":"focus","node":1}}`, errInvalid},
		{`{"type":"input","n":1,"doc":1,"input":{"kind":"text","node":1,"edit":[3,2,""]}}`, errInvalid},
		{`{"type":"input","n":1,"doc":1,"input":{"kind":"select","node":1,"options":null}}`, errInvalid},
		{`{"type":"input","n":1,"doc":1,"input":{"kind":"edit","node":1,"inputType":"insertText","sel":[1,2,3]}}`, errInvalid},
	} {
		if _, _, err := decode([]byte(test.text)); !errors.Is(err, test.want) {
			t.Errorf("decode(%.80s): %v, want %v", test.text, err, test.want)
		}
	}
}

// TestKindIsSaidAnywhere has messages that do not say their kind first, as our
// pages do, or not plainly.
func TestKindIsSaidAnywhere(t *testing.T) {
	for _, text := range []string{
		`{"type":"gone","doc":7}`,
		`{"doc":7,"type":"gone"}`,
		` { "type" : "gone", "doc" : 7 }`,
		`{"type":"g\u006fne","doc":7}`,
	} {
		name, m, err := decode([]byte(text))
		if gone, ok := m.(*goneMessage); err != nil || name != "gone" || !ok || gone.Doc != 7 {
			t.Errorf("%s: %q %+v %v", text, name, m, err)
		}
	}
}

func TestOnlyKnownFieldsTravel(t *testing.T) {
	_, m, err := decode([]byte(`{"type":"input","n":1,"doc":2,"secret":1,"input":{"kind":"focus","node":3,"html":"<b>","value":"x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(encode("input", m)), `{"type":"input","n":1,"doc":2,"input":{"kind":"focus","node":3}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFileNamesHaveNoDirectory(t *testing.T) {
	for name, want := range map[string]string{"a.txt": "a.txt", "../../etc/passwd": "passwd", `C:\a\b.txt`: "b.txt", "a/": "", "..": "", "x/..": ""} {
		m := offerMessage{Files: []fileMessage{{Name: name}}}
		if err := m.check(); want == "" && err == nil || want != "" && (err != nil || m.Files[0].Name != want) {
			t.Errorf("%q is offered as %q (%v), want %q", name, m.Files[0].Name, err, want)
		}
	}
}

func TestCut(t *testing.T) {
	if got, want := cut("Z"+strings.Repeat("\u0301", 500)+"a\u0301", 1000), "Z"+strings.Repeat("\u0301", maxMarks)+"a\u0301"; got != want {
		t.Errorf("of 500 marks on a character %d bytes are left", len(got))
	}
	for _, test := range []struct{ in, want string }{
		{"plain", "plain"},
		{"two\nlines", "two lines"},
		{"\x1b[31mred\u202e", "[31mred"},
		{"\u200fa\u2066b\x00c\u009b", "abc"},
		{"\u061ca\u200bb\u2060c\u206ad\ufffbe", "abcde"},
		{"a\u200db", "a\u200db"}, // joins emoji, and letters in Persian
		{"a\xffb", "a\uFFFDb"},
		{"0123456789abc", "012345678…"},
	} {
		if got := cut(test.in, 10); got != test.want {
			t.Errorf("cut(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob(messageDir + "/*.json")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		name, m, err := decode(text)
		if err != nil || name == "blob" {
			return
		}
		again := encode(name, m)
		name2, m2, err := decode(again)
		if err != nil || name2 != name || !sameJSON(encode(name2, m2), again) {
			t.Errorf("%s was read, passed on as %s and then read as %s (%v)", text, again, encode(name2, m2), err)
		}
	})
}

func FuzzSplitFrame(f *testing.F) {
	for _, s := range []string{`[1,2,{"type":"end"}]`, `[0,7]`, `[0,0,[]]`, `[1,2]`, `[,]`, `[]`, `[1,2,]`, `[-1,2,3]`, `[9007199254740992,0,1]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		f, err := splitFrame(frame)
		if err != nil {
			return
		}
		again, err := splitFrame(appendFrame(nil, f))
		if err != nil || !reflect.DeepEqual(again, f) {
			t.Errorf("%s: %v and then %v (%v)", frame, f, again, err)
		}
	})
}
