package session

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// settle has a peer wait until the server has handled all it was sent, and
// returns what it was told until then, by kind, the last of each.
func (p *peer) settle() map[string]string {
	p.t.Helper()
	told := map[string]string{}
	p.send(`{"type":"no-such-kind"}`)
	for {
		kind, text := p.next()
		if kind == "refused" && strings.Contains(string(text), `"what":""`) {
			return told
		}
		told[kind] = string(text)
	}
}

func (c *couple) decide(mode Mode, paused bool) {
	c.t.Helper()
	text := fmt.Sprintf(`{"type":"mode","mode":%q,"paused":%v}`, mode, paused)
	c.vis.send(text)
	text = strings.TrimSuffix(text, "}") + `,"rights":["point","draw","scroll","navigate","tabs","click","fill","upload","lead"]}`
	for _, p := range []*peer{c.vis, c.ag} {
		if got := p.expectAny("mode"); !sameJSON([]byte(got), []byte(text)) {
			c.t.Fatalf("told %s, want %s", got, text)
		}
	}
}

// TestTheVisitorDecidesWhatTheAgentMayDo changes the mode both ways while the
// session goes on. What the agent may do follows at once.
func TestTheVisitorDecidesWhatTheAgentMayDo(t *testing.T) {
	c := newCouple(t, View)
	n := c.input(`{"kind":"focus","node":4}`)
	c.ag.expectText(fmt.Sprintf(`{"type":"refused","n":%d,"what":"input","why":"look-only"}`, n))

	c.ag.send(`{"type":"ask"}`)
	c.vis.expectText(`{"type":"ask","from":"agent"}`)
	c.vis.send(`{"type":"deny"}`)
	c.ag.expectText(`{"type":"refused","what":"ask","why":"not-now"}`)

	c.decide(Shared, false)
	c.input(`{"kind":"focus","node":4}`)
	c.vis.expect("input")

	c.decide(View, false)
	n = c.input(`{"kind":"focus","node":4}`)
	c.ag.expectText(fmt.Sprintf(`{"type":"refused","n":%d,"what":"input","why":"look-only"}`, n))
	if told := c.vis.settle(); told["input"] != "" {
		t.Errorf("the visitor's browser was asked for %s", told["input"])
	}
}

// TestPausing has the visitor show nothing for a while: the agent can neither act
// nor point.
func TestPausing(t *testing.T) {
	c := newCouple(t, Shared)
	c.decide(Shared, true)
	for _, name := range []string{"input", "navigate", "go", "activate", "scroll", "mark", "ask"} {
		text := examples[name]
		if name == "input" {
			text = strings.Replace(text, `"n":1`, `"n":100`, 1)
		}
		c.ag.send(text)
		if got := c.ag.settle()["refused"]; !strings.Contains(got, "paused") {
			t.Errorf("%s: %q", name, got)
		}
	}
	c.ag.send(examples["pointer"])
	c.ag.settle()
	told := c.vis.settle()
	delete(told, "people")
	if len(told) > 0 {
		t.Errorf("the visitor's browser was told %v", told)
	}
	c.ag.send(`{"type":"resync","doc":1}`)
	second := c.rig.browser()
	second.join(c.inv.ID, c.inv.AgentURL)
	late := second.connectAgent(c.inv.ID, nil)
	late.send(`{"type":"resync","doc":1}`)
	for _, ag := range []*peer{c.ag, late} {
		shown := ag.settle()
		for _, kind := range []string{"tabs", "view", "doc", "ops"} {
			if shown[kind] != "" {
				t.Errorf("in a pause an agent is told %s", shown[kind])
			}
		}
	}
	c.decide(Shared, false)
	late.expectAny("tabs")
	late.expectAny("doc")
	c.lastInput = 100
	c.input(`{"kind":"focus","node":4}`)
	c.vis.expect("input")
}

// TestDecisionsOutliveTheServer restarts it: the visitor need not say again what
// they do not want.
func TestDecisionsOutliveTheServer(t *testing.T) {
	c := newCouple(t, Shared)
	c.decide(View, true)
	c.restart()
	for _, p := range []*peer{c.connectVisitor(c.inv.ID, c.cookie, c.vis), c.browser.connectAgent(c.inv.ID, c.ag)} {
		if p.welcome.Mode != View || !p.welcome.Paused {
			t.Errorf("welcomed with %s, paused %v", p.welcome.Mode, p.welcome.Paused)
		}
	}
}

// TestLessIsSharedAtOnceAndMoreOnlyOnceRecorded has a store that fails.
func TestLessIsSharedAtOnceAndMoreOnlyOnceRecorded(t *testing.T) {
	c := newCouple(t, Shared)
	s := c.session(c.inv)
	failing, stop := failed(t.Context())
	defer stop()
	if err := s.share(failing, decision{View, true, AllRights}); err == nil {
		t.Error("nobody was told that it could not be recorded")
	}
	if s.Mode() != View || !s.Paused() {
		t.Error("it is still shared")
	}
	if err := s.share(failing, decision{Shared, false, AllRights}); err == nil || s.Mode() != View || !s.Paused() {
		t.Errorf("more is shared than was recorded (%v)", err)
	}
	if err := s.share(t.Context(), decision{Shared, false, AllRights}); err != nil || s.Mode() != Shared || s.Paused() {
		t.Errorf("it cannot be shared again (%v)", err)
	}
}

// failed returns a context that is over, so that nothing can be stored with it.
func failed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx, cancel
}

// TestDrawing keeps what does not fade for who comes later, until it is erased
// or its page is gone.
func TestDrawing(t *testing.T) {
	c := newCouple(t, View)
	stroke := func(x int, fade bool) string {
		return fmt.Sprintf(`{"type":"draw","doc":1,"kind":"ink","points":[%d,0,5,5],"fade":%v}`, x, fade)
	}
	c.ag.send(stroke(1, true))
	c.ag.send(stroke(2, false))
	for _, x := range []int{1, 2} {
		if got := c.vis.expect("draw"); !strings.Contains(got, fmt.Sprintf(`"from":"agent","doc":1,"kind":"ink","points":[%d,`, x)) {
			t.Errorf("the visitor was told %s", got)
		}
	}
	c.vis.send(stroke(3, false))
	c.ag.expect("draw")
	late := c.browser.connectAgent(c.inv.ID, nil)
	for _, from := range []string{"agent", "visitor"} {
		if got := late.expectAny("draw"); !strings.Contains(got, `"from":"`+from+`"`) {
			t.Errorf("who came late was told %s", got)
		}
	}
	late.send(strings.Replace(stroke(4, false), `"doc":1`, `"doc":99`, 1))
	if got := late.settle()["refused"]; !strings.Contains(got, "gone") {
		t.Errorf("a stroke over no page: %q", got)
	}
	c.vis.send(`{"type":"gone","doc":1}`)
	c.vis.show()
	late.settle()
	if told := c.browser.connectAgent(c.inv.ID, nil).settle(); told["draw"] != "" {
		t.Errorf("after the page went, told %s", told["draw"])
	}
}

// TestSelectionsInHiddenFieldsAreNotShown points out no text that is masked.
func TestSelectionsInHiddenFieldsAreNotShown(t *testing.T) {
	c := newCouple(t, View)
	c.vis.send(`{"type":"select","doc":1,"sel":[4,0,4,2]}`)
	c.ag.expectText(`{"type":"select","from":"visitor","doc":1,"sel":[4,0,4,2]}`)
	c.vis.send(`{"type":"select","doc":1,"sel":[5,0,5,2]}`)
	c.ag.expectText(`{"type":"select","from":"visitor","doc":1}`)
}

// TestChat tells everybody the same in the same order, who comes late included,
// and nothing once the session is over.
func TestChat(t *testing.T) {
	c := newCouple(t, View)
	c.ag.send(`{"type":"chat","text":" Do you\nsee it? "}`)
	c.vis.expect("chat")
	c.vis.send(`{"type":"chat","text":"Yes."}`)
	c.vis.send(`{"type":"chat","text":" "}`)
	c.vis.expect("chat")
	want := []string{`"n":1,"from":"agent"`, `"n":2,"from":"visitor"`}
	for _, w := range want {
		if got := c.ag.expect("chat"); !strings.Contains(got, w) {
			t.Errorf("got %s, want %s", got, w)
		}
	}
	for _, late := range []*peer{c.browser.connectAgent(c.inv.ID, nil), c.connectVisitor(c.inv.ID, c.cookie, nil)} {
		for i, text := range []string{"Do you see it?", "Yes."} {
			if got := late.expectAny("chat"); !strings.Contains(got, text) || !strings.Contains(got, want[i]) {
				t.Errorf("got %s, want %s", got, text)
			}
		}
		if told := late.settle(); told["chat"] != "" {
			t.Errorf("told of %s", told["chat"])
		}
	}
}

// TestWhatASiteKeepsForItsVisitor refuses what the agent does to it, whatever
// the agent's browser sends; pointing at it is no use of it.
func TestWhatASiteKeepsForItsVisitor(t *testing.T) {
	c := newCouple(t, Shared)
	c.vis.send(`{"type":"ops","doc":1,"ops":[[4,3,"data-tandem-protect",""]]}`)
	c.ag.expect("ops")
	n := c.input(`{"kind":"click","node":3,"fx":0.5,"fy":0.5,"button":0,"detail":1,"mods":0}`)
	c.ag.expectText(fmt.Sprintf(`{"type":"refused","n":%d,"what":"input","why":"protected"}`, n))
	c.input(`{"kind":"hover","node":3,"fx":0.5,"fy":0.5}`)
	c.vis.expect("input")
	c.vis.send(`{"type":"ops","doc":1,"ops":[[4,3,"data-tandem-protect",null]]}`)
	c.ag.expect("ops")
	c.input(`{"kind":"click","node":3,"fx":0.5,"fy":0.5,"button":0,"detail":1,"mods":0}`)
	c.vis.expect("input")
}
