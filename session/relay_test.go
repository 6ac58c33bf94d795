package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/session/wire"
)

// couple is a session with both people connected and a page shown.
type couple struct {
	*rig
	inv       Invitation
	browser   *browser // the agent's
	cookie    string   // the visitor's
	vis, ag   *peer
	lastInput int
}

func newCouple(t *testing.T, mode Mode) *couple {
	t.Helper()
	r := newRig(t)
	c := &couple{rig: r, inv: r.create(mode)}
	_, c.browser, c.cookie = r.meet(c.inv)
	c.vis = r.connectVisitor(c.inv.ID, c.cookie, nil)
	c.ag = c.browser.connectAgent(c.inv.ID, nil)
	c.vis.show()
	if doc := c.ag.expect("doc"); !strings.Contains(doc, `"html"`) {
		c.ag.expect("ops")
	}
	return c
}

// input sends an input of the agent and returns its number.
func (c *couple) input(text string) int {
	c.t.Helper()
	c.lastInput++
	c.ag.send(fmt.Sprintf(`{"type":"input","n":%d,"doc":1,"input":%s}`, c.lastInput, text))
	return c.lastInput
}

// examples is a message of each kind that would be acted on.
var examples = map[string]string{
	"doc":        `{"type":"doc","doc":9,"tab":1,"url":"about:blank"}`,
	"ops":        `{"type":"ops","doc":1,"ops":[[7,0,0,1]]}`,
	"gone":       `{"type":"gone","doc":8}`,
	"tab":        `{"type":"tab","tab":1,"url":"https://shop.example/2","title":""}`,
	"tab-closed": `{"type":"tab-closed","tab":7}`,
	"activate":   `{"type":"activate","tab":1}`,
	"open":       `{"type":"open","url":"https://shop.example/"}`,
	"close":      `{"type":"close","tab":1}`,
	"view":       `{"type":"view","width":100,"height":100,"dpr":1}`,
	"pointer":    `{"type":"pointer","doc":1,"node":4,"fx":0.5,"fy":0.5,"x":1,"y":2}`,
	"mark":       `{"type":"mark","doc":1,"node":4,"fx":0.5,"fy":0.5,"x":1,"y":2}`,
	"select":     `{"type":"select","doc":1,"sel":[4,0,4,2]}`,
	"editing":    `{"type":"editing","doc":1,"node":4}`,
	"draw":       `{"type":"draw","doc":1,"kind":"ink","points":[0,0,10,10],"fade":false}`,
	"erase":      `{"type":"erase"}`,
	"chat":       `{"type":"chat","text":"Hello"}`,
	"typing":     `{"type":"typing","on":true}`,
	"beat":       `{"type":"beat"}`,
	"done":       `{"type":"done","n":1,"ok":true}`,
	"blob":       `{"type":"blob","id":"b","mime":"image/png","data":""}`,
	"dialog":     `{"type":"dialog","doc":1,"kind":"alert","text":"x"}`,
	"answered":   `{"type":"answered","doc":1,"ok":true}`,
	"download":   `{"type":"download","name":"x"}`,
	"pass":       `{"type":"pass","n":1}`,
	"notice":     `{"type":"notice","what":"print"}`,
	"input":      `{"type":"input","n":1,"doc":1,"input":{"kind":"focus","node":4}}`,
	"offer":      `{"type":"offer","n":1,"doc":1,"node":4,"fx":0.5,"fy":0.5,"files":[{"name":"a.txt","size":2,"mime":"text/plain"}]}`,
	"piece":      `{"type":"piece","n":1,"data":"aGk="}`,
	"want":       `{"type":"want","to":"agent","doc":1,"want":1}`,
	"take":       `{"type":"take","n":1,"ok":true}`,
	"got":        `{"type":"got","n":1,"bytes":2}`,
	"placed":     `{"type":"placed","n":1,"ok":true}`,
	"copied":     `{"type":"copied","to":"agent","text":"x"}`,
	"scroll":     `{"type":"scroll","doc":1,"node":0,"x":0,"y":1}`,
	"navigate":   `{"type":"navigate","tab":1,"url":"https://shop.example/"}`,
	"resync":     `{"type":"resync","doc":1,"node":3}`,
	"go":         `{"type":"go","tab":1,"action":"reload"}`,
	"mode":       `{"type":"mode","mode":"%MODE","paused":false}`,
	"ask":        `{"type":"ask"}`,
	"deny":       `{"type":"deny"}`,
	"move":       `{"type":"move"}`,
	"hand-over":  `{"type":"hand-over","yes":false}`,
	"end":        `{"type":"end"}`,
	"show":       `{"type":"show","url":"https://shop.example/guide"}`,
	"unshow":     `{"type":"unshow"}`,
	"watch":      `{"type":"watch","yes":false}`,
}

// TestS36Rights asks for everything, in every role and mode, over real sockets.
// What is allowed is written down here once more, on purpose.
func TestS36Rights(t *testing.T) {
	allowed := map[Role]map[Mode]string{
		Visitor: {
			Shared: "doc ops gone tab tab-closed activate view pointer mark select draw erase chat typing done beat blob dialog answered download notice mode deny move hand-over want take got placed copied editing watch",
			View:   "doc ops gone tab tab-closed activate view pointer mark select draw erase chat typing done beat blob dialog answered download notice mode deny move hand-over want take got placed copied editing watch",
		},
		Agent: {
			Shared: "activate open pointer mark select draw erase chat typing input scroll navigate go resync ask offer piece editing show unshow",
			View:   "pointer mark select draw erase chat typing scroll resync ask show unshow",
		},
	}
	for _, mode := range []Mode{Shared, View} {
		c := newCouple(t, mode)
		for role, p := range map[Role]*peer{Visitor: c.vis, Agent: c.ag} {
			p.settle() // what the other one did may have been refused to both
			for name, text := range examples {
				if name == "end" || name == "pointer" { // the one ends all, the other is never answered
					continue
				}
				p.send(strings.Replace(text, "%MODE", string(mode), 1))
				refused := false
				p.send(`{"type":"grant-control"}`) // always refused: the answer after ours
				for {
					answer := p.expectAny("refused")
					if strings.Contains(answer, `"what":""`) {
						break
					}
					refused = strings.Contains(answer, `"what":"`+name+`"`)
				}
				may := strings.Contains(" "+allowed[role][mode]+" ", " "+name+" ")
				if refused == may {
					t.Errorf("%s in %s mode: %s was refused: %v", role, mode, name, refused)
				}
			}
		}
	}
}

// expectAny reads until a message of that kind comes, whatever comes before.
func (p *peer) expectAny(want string) string {
	p.t.Helper()
	for {
		if kind, text := p.next(); kind == want {
			return string(text)
		}
	}
}

func TestEveryKindHasRightsAndLimits(t *testing.T) {
	for name := range kinds {
		if rights[name] == nil || examples[name] == "" {
			t.Errorf("%s has no rights or no example", name)
		}
		if k := kinds[name]; k.bytes <= 0 || k.rate <= 0 || k.burst < k.rate {
			t.Errorf("%s has no limits", name)
		}
	}
	for name, roles := range rights {
		if _, ok := kinds[name]; !ok {
			t.Errorf("%s is no kind of message", name)
		}
		for role := range roles {
			now := going(Shared)
			for _, state := range []State{Declined, Expired, Ended} {
				now.State = state
				if mayNot(role, name, now) == "" {
					t.Errorf("%s may send %s when the session is %s", role, name, state)
				}
			}
			now.State = Waiting
			if ok := mayNot(role, name, now) == ""; ok != (role == Agent && name == "end") {
				t.Errorf("%s may send %s while waiting: %v", role, name, ok)
			}
		}
	}
}

func TestBothSeeEachOther(t *testing.T) {
	c := newCouple(t, View)
	c.vis.send(examples["mark"])
	c.ag.expectText(`{"type":"mark","from":"visitor","doc":1,"node":4,"fx":0.5,"fy":0.5,"x":1,"y":2}`)
	c.ag.send(examples["mark"])
	c.vis.expectText(`{"type":"mark","from":"agent","doc":1,"node":4,"fx":0.5,"fy":0.5,"x":1,"y":2}`)
	c.vis.write(fmt.Sprintf("[0,%d,%s]", c.vis.received, examples["pointer"]))
	c.ag.expectText(`{"type":"pointer","from":"visitor","doc":1,"node":4,"fx":0.5,"fy":0.5,"x":1,"y":2}`)
	c.ag.write(fmt.Sprintf("[0,%d,%s]", c.ag.received, examples["scroll"]))
	c.vis.expectText(`{"type":"scroll","from":"agent","doc":1,"node":0,"x":0,"y":1}`)
	c.vis.send(`{"type":"dialog","doc":1,"kind":"alert","text":"Sold out\u202e"}`)
	c.ag.expectText(`{"type":"dialog","doc":1,"kind":"alert","text":"Sold out"}`)
	c.ag.drop()
	for !strings.Contains(c.vis.expect("people"), `"name":"Ada","color":"#c04f00","online":false`) {
	}
}

func TestInputIsPerformedOnceAndAnswered(t *testing.T) {
	c := newCouple(t, Shared)
	n := c.input(`{"kind":"click","node":4,"fx":0.5,"fy":0.5,"button":0,"detail":1,"mods":0}`)
	var asked struct {
		N     uint64
		From  string
		Doc   int
		Input json.RawMessage
	}
	if err := json.Unmarshal([]byte(c.vis.expect("input")), &asked); err != nil || asked.From != "agent" || asked.Doc != 1 {
		t.Fatalf("%+v, %v", asked, err)
	}
	c.lastInput-- // the agent's page repeats itself
	c.input(`{"kind":"click","node":4,"fx":0.5,"fy":0.5,"button":0,"detail":1,"mods":0}`)
	next := c.input(`{"kind":"focus","node":4}`)
	if text := c.vis.expect("input"); !strings.Contains(text, "focus") {
		t.Errorf("the click came twice: %s", text)
	}
	c.vis.send(fmt.Sprintf(`{"type":"done","n":%d,"ok":true}`, asked.N))
	c.ag.expectText(fmt.Sprintf(`{"type":"done","n":%d,"ok":true}`, n))
	c.vis.send(fmt.Sprintf(`{"type":"done","n":%d,"ok":true}`, asked.N)) // answered already
	c.vis.send(`{"type":"done","n":5,"ok":true}`)                        // never asked
	c.vis.send(fmt.Sprintf(`{"type":"done","n":%d,"ok":false,"why":"It is gone."}`, asked.N+1))
	c.ag.expectText(fmt.Sprintf(`{"type":"done","n":%d,"ok":false,"why":"It is gone."}`, next))
}

func TestInputIsRefused(t *testing.T) {
	c := newCouple(t, Shared)
	for _, test := range []struct{ input, why string }{
		{`{"kind":"text","node":5,"edit":[0,0,"x"],"base":1}`, "masked"},
		{`{"kind":"key","node":5,"key":"a","code":"KeyA","mods":0}`, "masked"},
		{`{"kind":"selection","node":4,"sel":[4,0,5,1]}`, "masked"},
		{`{"kind":"focus","node":77}`, "gone"},
		{`{"kind":"selection","node":4,"sel":[77,0,77,0]}`, "gone"},
		{`{"kind":"selection","node":77,"sel":[4,0,4,0],"at":[0,1,7]}`, "gone"},
		{`{"kind":"selection","node":4,"sel":[4,0,5,1],"at":[0,1,7]}`, "masked"},
		{`{"kind":"selection","node":4,"sel":[4,0,4,1],"at":[0,1]}`, "unclear"},
		{`{"kind":"format-disk","node":4}`, "unclear"},
	} {
		n := c.input(test.input)
		c.ag.expectText(fmt.Sprintf(`{"type":"refused","n":%d,"what":"input","why":%q}`, n, test.why))
	}
	c.ag.send(`{"type":"navigate","tab":1,"url":"https://other.example/"}`)
	c.ag.expectText(`{"type":"refused","what":"navigate","why":"site"}`)
	c.ag.send(`{"type":"navigate","tab":1,"url":"javascript:alert(1)"}`)
	c.ag.expectText(`{"type":"refused","what":"navigate","why":"unclear"}`)
	c.ag.send(`{"type":"go","tab":2,"action":"back"}`)
	c.ag.expectText(`{"type":"refused","what":"go","why":"no-tab"}`)
	// Of all this nothing reached the visitor.
	c.ag.send(`{"type":"go","tab":1,"action":"back"}`)
	c.vis.expectText(`{"type":"go","tab":1,"action":"back"}`)
	// A caret in a text that has just been made anew is for the leader to find.
	c.input(`{"kind":"selection","node":4,"sel":[77,0,77,0],"at":[0,1,7]}`)
	if text := c.vis.expect("input"); !strings.Contains(text, `"at":[0,1,7]`) {
		t.Errorf("the leader is asked for %s", text)
	}
}

func TestS46TooFast(t *testing.T) {
	c := newCouple(t, Shared)
	for range int(kinds["navigate"].burst) + 1 {
		c.ag.send(examples["navigate"])
	}
	c.ag.expectText(`{"type":"refused","what":"navigate","why":"too-fast"}`)
	c.clock.add(time.Second)
	c.ag.send(`{"type":"navigate","tab":1,"url":"https://shop.example/last"}`)
	for !strings.Contains(c.vis.expect("navigate"), "/last") {
	}
}

func TestLateAgentGetsEverything(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	_, b, cookie := r.meet(inv)
	v := r.connectVisitor(inv.ID, cookie, nil)
	v.send(examples["view"])
	v.show()
	v.send(`{"type":"doc","doc":2,"tab":1,"parent":[1,4],"url":"https://shop.example/frame"}`)
	v.send(`{"type":"ops","doc":2,"ops":[[0,1,"standards",["html",0,"frame"]]]}`)
	v.send(`{"type":"ops","doc":1,"ops":[[5,4,"x"],[4,4,"href","/y"]]}`) // a text has no attributes
	v.send(`{"type":"ops","doc":1,"ops":` + strings.Replace(snapshot, "Go", "Went", 1) + `}`)
	v.send(`{"type":"end-of-news"}`)
	v.expectAny("refused") // all that was taken

	a := b.connectAgent(inv.ID, nil)
	if w := a.welcome; w.You.ID != "agent" || w.Session != inv.ID || w.View == "" || w.Key == "" || len(w.People) != 2 || w.State != Active {
		t.Errorf("welcomed with %+v", w)
	}
	var kinds []string
	var docs string
	for len(kinds) < 7 {
		kind, text := a.next()
		kinds = append(kinds, kind)
		if kind == "doc" {
			docs += string(text)
		}
	}
	if got, want := strings.Join(kinds, " "), "people leader state tabs view doc doc"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	for _, want := range []string{`"doc":1`, `Went`, `"doc":2`, `"parent":[1,4]`, `frame`} {
		if !strings.Contains(docs, want) {
			t.Errorf("%s is missing in %s", want, docs)
		}
	}
	v.send(`{"type":"ops","doc":1,"ops":[[7,0,0,33]]}`)
	a.expectText(`{"type":"ops","doc":1,"ops":[[7,0,0,33]]}`)
	// Told of again, a document keeps its tree.
	v.send(`{"type":"doc","doc":2,"tab":1,"parent":[1,3],"url":"https://shop.example/moved"}`)
	if text := a.expect("doc"); !strings.Contains(text, "/moved") || !strings.Contains(text, `"frame"`) {
		t.Errorf("got %s", text)
	}
	// A parent takes its frames along.
	v.send(`{"type":"gone","doc":1}`)
	a.expectText(`{"type":"gone","doc":2}`)
	a.expectText(`{"type":"gone","doc":1}`)
}

func TestInvalidOpsAreNotPassedOn(t *testing.T) {
	c := newCouple(t, Shared)
	c.vis.send(`{"type":"ops","doc":1,"ops":[[1,999]]}`)
	c.vis.expectText(`{"type":"resync","doc":1}`)
	c.vis.send(`{"type":"ops","doc":1,"ops":[[4,3,"href","/lost"]]}`) // under way before the question came
	c.vis.send(`{"type":"ops","doc":1,"ops":` + strings.Replace(snapshot, "Go", "Again", 1) + `}`)
	if text := c.ag.expect("ops"); !strings.Contains(text, "Again") {
		t.Errorf("got %s", text)
	}
	c.vis.send(`{"type":"ops","doc":6,"ops":[[1,1]]}`) // of a document that is gone: nobody is bothered
	// A page that never sends anything valid is not asked without end.
	questions := 0
	for range 20 {
		c.vis.send(`{"type":"ops","doc":1,"ops":[[0,1,"no such mode"]]}`)
	}
	c.vis.send(`{"type":"end-of-news"}`)
	for {
		kind, _ := c.vis.next()
		if kind == "refused" {
			break
		}
		if kind == "resync" {
			questions++
		}
	}
	if questions == 0 || questions > 5 {
		t.Errorf("%d questions", questions)
	}
}

func TestResume(t *testing.T) {
	c := newCouple(t, Shared)
	c.vis.send(`{"type":"mark","doc":1,"node":4,"fx":0.1,"fy":0,"x":0,"y":0}`)
	room := c.session(c.inv).room
	until(t, "the mark is under way", func() bool {
		room.mu.Lock()
		defer room.mu.Unlock()
		l := room.seat(Agent).link
		return l.sent > c.ag.received
	})
	c.ag.drop() // not having read it
	until(t, "the agent is gone", func() bool { return !c.session(c.inv).room.online(Agent) })
	c.vis.send(`{"type":"mark","doc":1,"node":4,"fx":0.2,"fy":0,"x":0,"y":0}`)
	c.vis.send(`{"type":"end-of-news"}`)
	c.vis.expectAny("refused")

	again := c.browser.connectAgent(c.inv.ID, c.ag)
	if !again.welcome.Resumed || again.stream != c.ag.stream {
		t.Fatalf("not resumed: %+v", again.welcome)
	}
	for _, fx := range []string{`"fx":0.1`, `"fx":0.2`} {
		if text := again.expect("mark"); !strings.Contains(text, fx) {
			t.Errorf("got %s, want %s", text, fx)
		}
	}
	// What was sent and not acknowledged may come twice and counts once.
	again.write(fmt.Sprintf(`[1,%d,%s]`, again.received, examples["mark"]))
	again.write(fmt.Sprintf(`[1,%d,%s]`, again.received, examples["mark"]))
	again.write(fmt.Sprintf(`[2,%d,%s]`, again.received, strings.Replace(examples["mark"], "0.5", "0.9", 1)))
	c.vis.expect("mark")
	if text := c.vis.expect("mark"); !strings.Contains(text, "0.9") {
		t.Errorf("a repeated message was taken for a new one: %s", text)
	}
}

func TestInputWaitsForTheVisitor(t *testing.T) {
	c := newCouple(t, Shared)
	r := c.session(c.inv).room
	away := func() {
		c.vis.drop()
		until(t, "the visitor is gone", func() bool { return !r.online(Visitor) })
	}
	away()
	n := c.input(`{"kind":"focus","node":4}`)
	until(t, "the input waits", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.asked) == 1 })
	c.vis = c.connectVisitor(c.inv.ID, c.cookie, c.vis)
	if !c.vis.welcome.Resumed {
		t.Fatal("not resumed")
	}
	var asked struct{ N uint64 }
	json.Unmarshal([]byte(c.vis.expect("input")), &asked)
	c.vis.send(fmt.Sprintf(`{"type":"done","n":%d,"ok":true}`, asked.N))
	c.ag.expectText(fmt.Sprintf(`{"type":"done","n":%d,"ok":true}`, n))

	away()
	n = c.input(`{"kind":"focus","node":4}`)
	until(t, "the input waits", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.asked) == 1 })
	c.clock.add(patience + time.Second)
	late := c.input(`{"kind":"focus","node":4}`)
	c.ag.expectText(fmt.Sprintf(`{"type":"refused","n":%d,"what":"input","why":"away"}`, late))
	c.clock.add(resumeWindow)
	c.hub.sweep()
	c.ag.expectText(fmt.Sprintf(`{"type":"refused","n":%d,"what":"input","why":"away"}`, n))

	// Starting again, the visitor's page tells everything anew.
	c.vis = c.connectVisitor(c.inv.ID, c.cookie, c.vis)
	if c.vis.welcome.Resumed {
		t.Error("resumed after the window")
	}
	c.ag.expectText(`{"type":"gone","doc":1}`)
	c.vis.show()
	c.ag.expect("doc")
}

func TestNewerConnectionReplacesOlder(t *testing.T) {
	c := newCouple(t, Shared)
	second := c.browser.connectAgent(c.inv.ID, nil)
	c.ag.expectClose(4409)
	second.expect("doc")
	if !c.session(c.inv).room.online(Agent) {
		t.Error("the agent counts as gone")
	}
	vis := c.connectVisitor(c.inv.ID, c.cookie, c.vis)
	c.vis.expectClose(4409)
	if !vis.welcome.Resumed {
		t.Error("not resumed")
	}
	vis.send(examples["mark"])
	second.expect("mark")
}

func TestS48ProtocolErrorsClose(t *testing.T) {
	c := newCouple(t, Shared)
	agent := func() *peer { return c.browser.connectAgent(c.inv.ID, nil) }
	for name, test := range map[string]struct {
		frame string
		code  int
	}{
		"not a frame":             {`{"type":"end"}`, 4400},
		"a gap":                   {`[2,0,{"type":"end"}]`, 4400},
		"a false acknowledgement": {`[0,999999]`, 4400},
		"numberless":              {`[0,0,{"type":"end"}]`, 4400},
		"negative":                {`[-1,0,{"type":"end"}]`, 4400},
		"no text":                 {"[1,0,{\"type\":\"chat\",\"text\":\"\xff\xfe\"}]", 1007},
		"too-large":               {`[1,0,"` + strings.Repeat("x", 600<<10) + `"]`, 4413},
	} {
		p := agent()
		p.write(test.frame)
		t.Log(name)
		p.expectClose(test.code)
	}
	for _, hello := range []string{`{}`, `[1,0,{}]`, `{"hello":{"received":-1}}`, `{"hello":7}`} {
		ws, _, err := c.browser.agentSocket(c.inv.ID, controlURL)
		if err != nil {
			t.Fatal(err)
		}
		p := &peer{t: t, ws: ws}
		p.write(hello)
		p.expectClose(4400)
	}
}

func TestS48DeflatedFrames(t *testing.T) {
	c := newCouple(t, Shared)
	page := strings.Repeat("All work and no play. ", 5000)
	frame, err := deflate(fmt.Appendf(nil, `[%d,0,{"type":"ops","doc":1,"ops":[[0,1,"standards",["html",0,%q]]]}]`, c.vis.sent+1, page))
	if err != nil {
		t.Fatal(err)
	}
	c.vis.sent++
	if err := c.vis.ws.WriteMessage(websocket.BinaryMessage, frame); err != nil {
		t.Fatal(err)
	}
	c.ag.expectText(fmt.Sprintf(`{"type":"ops","doc":1,"ops":[[0,1,"standards",["html",0,%q]]]}`, page))

	bomb, err := deflate(bytes.Repeat([]byte{' '}, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.vis.ws.WriteMessage(websocket.BinaryMessage, bomb); err != nil {
		t.Fatal(err)
	}
	c.vis.expectClose(4413)
	c.vis = c.connectVisitor(c.inv.ID, c.cookie, nil)
	if err := c.vis.ws.WriteMessage(websocket.BinaryMessage, []byte("not deflated")); err != nil {
		t.Fatal(err)
	}
	c.vis.expectClose(4400)
	c.vis = c.connectVisitor(c.inv.ID, c.cookie, nil)
	if frame, err = deflate([]byte("[1,0,{\"type\":\"chat\",\"text\":\"\xff\"}]")); err != nil {
		t.Fatal(err)
	}
	if err := c.vis.ws.WriteMessage(websocket.BinaryMessage, frame); err != nil {
		t.Fatal(err)
	}
	c.vis.expectClose(1007)
}

// TestSlowFollower lets an agent read nothing while the page changes by far
// more than may wait, and then read on.
func TestSlowFollower(t *testing.T) {
	c := newCouple(t, Shared)
	room := c.session(c.inv).room
	noise := strings.Repeat("0123456789abcdef", 4096)
	const changes = 200
	for i := range changes {
		if i%10 == 0 {
			c.clock.add(time.Second)
		}
		c.vis.send(fmt.Sprintf(`{"type":"ops","doc":1,"ops":[[4,3,"title","%d %s"]]}`, i, scramble(noise, i)))
		room.mu.Lock()
		if queued := room.seat(Agent).link.queued; queued > backlogBytes+(128<<10) {
			t.Errorf("%d bytes wait", queued)
		}
		room.mu.Unlock()
	}
	c.vis.send(`{"type":"end-of-news"}`)
	c.vis.expectAny("refused")
	last, messages := "", 0
	for !strings.Contains(last, fmt.Sprintf(`"%d `, changes-1)) {
		_, text := c.ag.next()
		last = string(text)
		messages++
		c.ag.write(fmt.Sprintf("[0,%d]", c.ag.received))
	}
	if messages >= changes {
		t.Errorf("read %d messages for %d changes: nothing was left out", messages, changes)
	}
}

// scramble makes text that hardly deflates.
func scramble(text string, seed int) string {
	b := []byte(text)
	x := uint32(seed)*2654435761 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = 'A' + byte(x>>8)%58
		if b[i] == '\\' {
			b[i] = '!'
		}
	}
	return string(b)
}

// TestS48TooSlow has an agent that neither reads nor acknowledges while things
// happen that cannot be left out.
func TestS48TooSlow(t *testing.T) {
	c := newCouple(t, Shared)
	room := c.session(c.inv).room
	for i := 0; ; i++ {
		if i > 10_000 {
			t.Fatal("an agent that reads nothing is never given up")
		}
		c.vis.send(fmt.Sprintf(`{"type":"notice","what":"left-out","about":%q}`, strings.Repeat("näh ", 500)))
		if i%10 == 0 { // not faster than the visitor may
			c.vis.send(`{"type":"end-of-news"}`)
			c.vis.expectAny("refused")
			c.clock.add(5 * time.Second)
		}
		room.mu.Lock()
		given := room.seat(Agent).link.stream == ""
		room.mu.Unlock()
		if given {
			break
		}
	}
	again := c.browser.connectAgent(c.inv.ID, c.ag)
	if again.welcome.Resumed {
		t.Error("resumed what was given up")
	}
	again.expect("doc")
}

// TestS48Stalled has an agent whose network takes everything and acknowledges
// nothing.
func TestS48Stalled(t *testing.T) {
	c := newCouple(t, Shared)
	room := c.session(c.inv).room
	room.mu.Lock()
	conn := room.seat(Agent).conn
	room.mu.Unlock()
	if room.stalled(conn) {
		t.Error("stalled at once")
	}
	c.clock.add(ackTimeout + time.Second)
	if !room.stalled(conn) {
		t.Error("not stalled after all that time")
	}
	c.ag.write(fmt.Sprintf("[0,%d]", c.ag.received))
	until(t, "the acknowledgement arrived", func() bool { return !room.stalled(conn) })
}

func TestCloseDisconnects(t *testing.T) {
	c := newCouple(t, Shared)
	c.restart()
	c.vis.expectClose(1001)
	c.ag.expectClose(1001)
}

// TestAcknowledgements counts what a silent participant is sent for what it
// says: one acknowledgement, soon.
func TestAcknowledgements(t *testing.T) {
	c := newCouple(t, Shared)
	start := time.Now()
	for range 5 {
		c.vis.send(examples["mark"])
	}
	for {
		f, err := splitFrame(c.vis.frame())
		if err != nil {
			t.Fatal(err)
		}
		if f.Ack == c.vis.sent {
			break
		}
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
}

// TestEndWithStalledReader checks that a peer which stops reading cannot hold up a
// session that ends.
func TestEndWithStalledReader(t *testing.T) {
	c := newCouple(t, Shared)
	if tcp, ok := c.ag.ws.UnderlyingConn().(*net.TCPConn); ok {
		tcp.SetReadBuffer(4 << 10)
	}
	for i := range 40 {
		c.vis.send(fmt.Sprintf(`{"type":"ops","doc":1,"ops":[[4,3,"title",%q]]}`, scramble(strings.Repeat("x", 200<<10), i)))
	}
	start := time.Now()
	if err := c.hub.End(t.Context(), c.inv.ID, "admin"); err != nil {
		t.Fatal(err)
	}
	c.vis.expectAny("ended")
	c.vis.expectClose(4403)
	if took := time.Since(start); took > time.Second {
		t.Errorf("the visitor waited %v", took)
	}
}

// TestPackedFrames has both pack what they say, over connections that break.
func TestPackedFrames(t *testing.T) {
	c := newCouple(t, Shared)
	connect := func(visitor, agent *peer) (*peer, *peer) {
		ws, _, err := c.visitorSocket(c.inv.ID, c.cookie, shellURL(c.inv.ID))
		if err != nil {
			t.Fatal(err)
		}
		v := greetAs(t, ws, visitor, true)
		if ws, _, err = c.browser.agentSocket(c.inv.ID, controlURL); err != nil {
			t.Fatal(err)
		}
		return v, greetAs(t, ws, agent, true)
	}
	vis, ag := connect(c.vis, c.ag)
	long := strings.Repeat("0123456789 ", 1000)
	for round := range 3 {
		for i := range 5 {
			title := fmt.Sprintf("%d.%d%s", round, i, long[:i/4*len(long)])
			vis.send(fmt.Sprintf(`{"type":"ops","doc":1,"ops":[[4,3,"title",%q]]}`, title))
			ag.expectText(fmt.Sprintf(`{"type":"ops","doc":1,"ops":[[4,3,"title",%q]]}`, title))
		}
		packed, err := vis.packer.Pack(wire.Frame{Text: []byte(`{"type":"pointer","doc":1,"node":3,"fx":1,"fy":0,"x":0,"y":0}`)}, deflate)
		if err != nil {
			t.Fatal(err)
		}
		if err := vis.ws.WriteMessage(websocket.BinaryMessage, packed); err != nil {
			t.Fatal(err)
		}
		ag.expectText(`{"type":"pointer","from":"visitor","doc":1,"node":3,"fx":1,"fy":0,"x":0,"y":0}`)
		ag.send(examples["mark"])
		vis.expect("mark")
		vis.drop()
		ag.drop()
		if vis, ag = connect(vis, ag); !vis.welcome.Resumed || !ag.welcome.Resumed {
			t.Fatal("the streams do not go on")
		}
	}
	if err := ag.ws.WriteMessage(websocket.BinaryMessage, []byte{0, 1, 1}); err != nil {
		t.Fatal(err)
	}
	ag.expectClose(4400)
}

// TestDigestsHeal has the leader notice that something was missed here, and a
// follower that it was missed there. Each is told one element again.
func TestDigestsHeal(t *testing.T) {
	c := newCouple(t, Shared)
	room := c.session(c.inv).room
	room.mu.Lock()
	before := string(room.docs[1].tree.Element(3))
	room.mu.Unlock()
	c.vis.send(`{"type":"ops","doc":1,"ops":[[15,3,"dnot0it"],[4,3,"id","x"]]}`)
	c.ag.expectText(`{"type":"ops","doc":1,"ops":[[1],[4,3,"id","x"]]}`)
	c.vis.expectText(`{"type":"resync","doc":1,"node":3,"deep":true}`)
	again := `[[23,3,["href","/y"],20,"Went",["b",0]]]`
	c.vis.send(`{"type":"ops","doc":1,"ops":` + again + `}`)
	c.ag.expectText(`{"type":"ops","doc":1,"ops":` + again + `}`)

	c.ag.send(`{"type":"resync","doc":1,"node":3}`)
	c.ag.expectText(`{"type":"ops","doc":1,"ops":` + again + `}`)
	if before == again {
		t.Error("nothing was changed")
	}
	c.ag.send(`{"type":"resync","doc":1,"node":2,"deep":true}`)
	if text := c.ag.expect("ops"); strings.Count(text, "[15,") != 3 || !strings.Contains(text, `[15,3,"d`) {
		t.Errorf("to find out what in the body differs there are %s", text)
	}
	c.ag.send(`{"type":"resync","doc":1}`)
	if doc := c.ag.expect("doc"); !strings.Contains(doc, "Went") {
		t.Errorf("the whole document is %s", doc)
	}
	c.ag.send(`{"type":"resync","doc":77}`) // gone meanwhile
	c.ag.send(examples["mark"])
	c.vis.expect("mark")
}

// TestFollowersAskTheLeader for what the server does not have, and not without
// end.
func TestFollowersAskTheLeader(t *testing.T) {
	c := newCouple(t, View)
	c.ag.send(`{"type":"resync","doc":1,"sheet":-3}`)
	c.vis.expectText(`{"type":"resync","doc":1,"sheet":-3}`)
	c.ag.send(`{"type":"resync","doc":1,"node":3,"film":true}`)
	c.vis.expectText(`{"type":"resync","doc":1,"node":3,"film":true}`)
	for i := range 100 {
		c.ag.send(fmt.Sprintf(`{"type":"resync","doc":%d,"sheet":%d}`, 1+i%2, i+1))
	}
	c.ag.send(examples["mark"])
	asked := 0
	for {
		kind, _ := c.vis.next()
		if kind == "mark" {
			break
		}
		if kind == "resync" {
			asked++
		}
	}
	if asked == 0 || asked > 30 {
		t.Errorf("the leader was asked %d times", asked)
	}
}

// TestSlowPages tells followers, also one who comes meanwhile, and only of those
// that are slow.
func TestSlowPages(t *testing.T) {
	c := newCouple(t, View)
	s := c.session(c.inv)
	s.Awaits()()
	one, other := s.Awaits(), s.Awaits()
	c.ag.expectText(`{"type":"loading","on":true}`)
	c.another().connectAgent(c.inv.ID, nil).expectText(`{"type":"loading","on":true}`)
	one()
	one()
	c.vis.send(examples["mark"])
	c.ag.expect("mark")
	other()
	c.ag.expectText(`{"type":"loading","on":false}`)
}

// TestS46DigestsOfAHostilePage has a page say without end that nothing is right.
func TestS46DigestsOfAHostilePage(t *testing.T) {
	c := newCouple(t, Shared)
	for range 100 {
		c.vis.send(`{"type":"ops","doc":1,"ops":[[15,1,"s0"],[15,2,"d0"],[15,3,"d0"]]}`)
	}
	c.vis.send(`{"type":"end-of-news"}`)
	asked := 0
	for {
		kind, _ := c.vis.next()
		if kind == "refused" {
			break
		}
		if kind == "resync" {
			asked++
		}
	}
	if asked == 0 || asked > 30 {
		t.Errorf("the page was asked %d times", asked)
	}
	if text := c.ag.expectAny("notice"); !strings.Contains(text, "unsafe") {
		t.Errorf("followers are told %s", text)
	}
}

// TestMemoryOfASession has a page open frame after frame, each as large as a
// document may be, until the session has no room for another.
func TestMemoryOfASession(t *testing.T) {
	c := newCouple(t, Shared)
	room := c.session(c.inv).room
	room.mu.Lock()
	room.budget = 1 << 20
	room.mu.Unlock()
	large := scramble(strings.Repeat("x", 300<<10), 1)
	for doc := 2; doc < 8; doc++ {
		c.vis.send(fmt.Sprintf(`{"type":"doc","doc":%d,"tab":1,"url":"about:blank","parent":[1,3]}`, doc))
		c.vis.send(fmt.Sprintf(`{"type":"ops","doc":%d,"ops":[[0,1,"standards",["html",["title",%q]]]]}`, doc, large))
	}
	c.vis.send(`{"type":"end-of-news"}`)
	c.vis.expectAny("refused")
	if text := c.ag.expectAny("notice"); !strings.Contains(text, "too-large") {
		t.Errorf("followers are told %s", text)
	}
	room.mu.Lock()
	if room.kept > 1<<20 || room.kept < 1<<19 {
		t.Errorf("%d bytes are kept", room.kept)
	}
	room.mu.Unlock()
	for doc := 2; doc < 8; doc++ {
		c.vis.send(fmt.Sprintf(`{"type":"gone","doc":%d}`, doc))
	}
	c.vis.send(`{"type":"end-of-news"}`)
	c.vis.expectAny("refused")
	room.mu.Lock()
	defer room.mu.Unlock()
	if room.kept != room.docs[1].tree.Size() {
		t.Errorf("%d bytes are kept for one document of %d", room.kept, room.docs[1].tree.Size())
	}
}
