package session

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestMatrix writes down who may send what, in which mode, and which right an
// agent needs for it. A change of it has to be meant.
func TestMatrix(t *testing.T) {
	const file = "testdata/rights.golden"
	var out bytes.Buffer
	fmt.Fprintf(&out, "%-16s %-14s %-14s %s\n", "message", "visitor", "agent", "right")
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(&out, "%-16s %-14s %-14s %s\n", name, words(Visitor, name), words(Agent, name), needs[name])
		if name != "input" {
			continue
		}
		for _, kind := range slices.Sorted(maps.Keys(inputKinds)) {
			fmt.Fprintf(&out, "  %-14s %-14s %-14s %s\n", kind, words(Visitor, name), words(Agent, name), enough(kind))
		}
	}
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(want, out.Bytes()) {
		t.Errorf("the rights are not those of %s (%v); go test -update writes it anew:\n%s", file, err, out.Bytes())
	}
}

// words says when a role may send a kind of message, as mayNot judges it.
func words(role Role, name string) string {
	paused := going(Shared)
	paused.Paused = true
	waiting := going(Shared)
	waiting.State = Waiting
	switch may := func(now record) bool { return mayNot(role, name, now) == "" }; {
	case may(waiting):
		return "always"
	case may(paused):
		return "active"
	case may(going(View)):
		return "not paused"
	case may(going(Shared)):
		return "shared"
	}
	return "never"
}

func enough(kind string) string {
	if kind == "key" {
		return "fill in fields, click elsewhere"
	}
	names := []string{}
	for _, r := range inputNeeds[kind] {
		names = append(names, string(r))
	}
	return strings.Join(names, " or ")
}

// replays are messages of an agent's, each with the right it takes.
var replays = []struct {
	need Right
	text string
}{
	{Point, examples["pointer"]},
	{Point, examples["mark"]},
	{Point, examples["select"]},
	{Draw, examples["draw"]},
	{Draw, examples["erase"]},
	{Scroll, examples["scroll"]},
	{Navigate, examples["navigate"]},
	{Navigate, examples["go"]},
	{Tabs, examples["activate"]},
	{Tabs, examples["open"]},
	{Tabs, `{"type":"close","tab":2}`},
	{Click, `{"kind":"click","node":3,"fx":0.5,"fy":0.5,"button":0,"detail":1,"mods":0}`},
	{Click, `{"kind":"press","node":3,"fx":0.5,"fy":0.5,"mods":0}`},
	{Click, `{"kind":"drag","node":3,"dx":1,"dy":1}`},
	{Click, `{"kind":"release","node":3,"dx":1,"dy":1,"mods":0}`},
	{Click, `{"kind":"hover","node":3,"fx":0.5,"fy":0.5}`},
	{Click, `{"kind":"key","node":3,"key":"Enter","code":"Enter","mods":0}`},
	{Click, `{"kind":"key","node":3,"key":"x","code":"KeyX","mods":0}`},
	{Click, `{"kind":"key","node":6,"key":"Enter","code":"Enter","mods":0}`},
	{Fill, `{"kind":"key","node":6,"key":"x","code":"KeyX","mods":0}`},
	{Fill, `{"kind":"key","node":7,"key":"Enter","code":"Enter","mods":0}`},
	{Fill, `{"kind":"text","node":6,"edit":[0,0,"x"],"base":1}`},
	{Fill, `{"kind":"edit","node":6,"inputType":"insertText","data":"x"}`},
	{Fill, `{"kind":"select","node":6,"options":[0]}`},
	{Fill, `{"kind":"value","node":6,"value":"1"}`},
	{Fill, `{"kind":"selection","node":6}`},
}

// TestEachRightIsRefusedAndGivenBack replays what an agent's browser might send,
// over a real socket, while the visitor takes the right for it away, and then
// when they gave it back. Whoever is refused is told.
func TestEachRightIsRefusedAndGivenBack(t *testing.T) {
	c := newCouple(t, Shared)
	c.vis.send(`{"type":"tab","tab":2,"url":"https://shop.example/2","title":""}`)
	c.vis.send(`{"type":"ops","doc":1,"ops":` + strings.TrimSuffix(snapshot, `]]]]`) + `,["input",0],["textarea",0]]]]]}`)
	c.vis.settle()
	c.ag.settle()
	for _, right := range AllRights {
		c.leave(slices.DeleteFunc(slices.Clone(AllRights), func(r Right) bool { return r == right }))
		for _, replay := range replays {
			refused, told := c.replay(replay.text)
			quiet := strings.Contains(replay.text, `"pointer"`) || strings.Contains(replay.text, `"hover"`)
			switch {
			case replay.need == right && told != "":
				t.Errorf("without %s the visitor's browser was told %s", right, told)
			case replay.need == right && !quiet && !strings.Contains(refused, whyNot(right)):
				t.Errorf("without %s the agent who sent %s was told %q", right, replay.text, refused)
			case replay.need != right && strings.Contains(refused, "may-not-"):
				t.Errorf("without %s the agent who sent %s was told %q", right, replay.text, refused)
			case replay.need != right && told == "":
				t.Errorf("without %s the visitor's browser was not told of %s", right, replay.text)
			}
			c.clock.add(10e9) // none of this is about how fast it comes
		}
	}
}

// leave has the visitor leave the agent these rights.
func (c *couple) leave(rights Rights) {
	c.t.Helper()
	names := strings.ReplaceAll(fmt.Sprintf("%q", []Right(rights)), " ", ",")
	text := `{"type":"mode","mode":"shared","paused":false,"rights":` + names + `}`
	c.vis.send(text)
	for _, p := range []*peer{c.vis, c.ag} {
		for !sameJSON([]byte(p.expectAny("mode")), []byte(text)) { // what is taken away is told before what is given
		}
	}
}

// replay sends a message of the agent's, and returns how it was refused and what
// the visitor's browser was told.
func (c *couple) replay(text string) (refused, told string) {
	c.t.Helper()
	if !strings.HasPrefix(text, `{"type"`) {
		c.input(text)
	} else {
		c.ag.send(text)
	}
	refused = c.ag.settle()["refused"]
	for kind, text := range c.vis.settle() {
		if kind != "people" {
			told += text
		}
	}
	return refused, told
}

// TestRightsOfASession creates one with few rights: the visitor can take of
// them, and give back no others. It outlives the server.
func TestRightsOfASession(t *testing.T) {
	c := newCouple(t, Shared)
	inv, err := c.hub.Create(t.Context(), Request{URL: startURL, Rights: Rights{Fill, Point, Point}})
	if err != nil {
		t.Fatal(err)
	}
	c.inv = inv
	_, c.browser, c.cookie = c.meet(inv)
	check := func(want ...Right) {
		t.Helper()
		vis := c.connectVisitor(inv.ID, c.cookie, nil)
		ag := c.browser.connectAgent(inv.ID, nil)
		if !slices.Equal(ag.welcome.Rights, want) || !slices.Equal(vis.welcome.Rights, want) {
			t.Errorf("welcomed with %v and %v, want %v", vis.welcome.Rights, ag.welcome.Rights, want)
		}
		if !slices.Equal(vis.welcome.Offered, Rights{Point, Fill}) {
			t.Errorf("the visitor may choose from %v", vis.welcome.Offered)
		}
		c.vis, c.ag = vis, ag
	}
	check(Point, Fill)
	c.leave(Rights{Fill})
	c.restart()
	check(Fill)
	c.vis.send(`{"type":"mode","mode":"shared","paused":false,"rights":["point","click","fill"]}`)
	if got := c.ag.expectAny("mode"); !strings.Contains(got, `"rights":["point","fill"]`) {
		t.Errorf("more was given than there is: %s", got)
	}
	c.vis.send(`{"type":"mode","mode":"shared","paused":false,"rights":[]}`)
	if got := c.ag.expectAny("mode"); !strings.Contains(got, `"rights":[]`) {
		t.Errorf("not all was taken away: %s", got)
	}
	c.vis.send(`{"type":"mode","mode":"shared","paused":false,"rights":["fly"]}`)
	if got := c.vis.expectAny("refused"); !strings.Contains(got, `"what":"mode","why":"unclear"`) {
		t.Errorf("told %s", got)
	}
}

// TestATakenRightIsGoneAtOnce takes one and gives another in one decision, which
// then cannot be recorded.
func TestATakenRightIsGoneAtOnce(t *testing.T) {
	c := newCouple(t, Shared)
	s := c.session(c.inv)
	if err := s.share(t.Context(), decision{Shared, false, Rights{Click}}); err != nil {
		t.Fatal(err)
	}
	failing, stop := failed(t.Context())
	defer stop()
	if err := s.share(failing, decision{Shared, false, Rights{Fill}}); err == nil {
		t.Error("nobody was told that it could not be recorded")
	}
	if now := s.current().Rights; len(now) != 0 {
		t.Errorf("the agent has %v", now)
	}
}
