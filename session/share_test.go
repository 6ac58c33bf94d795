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
	c.ag.expectText(fmt.Sprintf(`{"type":"refused","n":%d,"what":"input","why":"You can look and point, but not click or type."}`, n))

	c.ag.send(`{"type":"ask"}`)
	c.vis.expectText(`{"type":"ask","from":"agent"}`)
	c.vis.send(`{"type":"deny"}`)
	c.ag.expectText(`{"type":"refused","what":"ask","why":"Vera would rather not now."}`)

	c.decide(Shared, false)
	c.input(`{"kind":"focus","node":4}`)
	c.vis.expect("input")

	c.decide(View, false)
	n = c.input(`{"kind":"focus","node":4}`)
	c.ag.expectText(fmt.Sprintf(`{"type":"refused","n":%d,"what":"input","why":"You can look and point, but not click or type."}`, n))
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
		if got := c.ag.settle()["refused"]; !strings.Contains(got, "Sharing is paused.") {
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
	c.decide(Shared, false)
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
	if err := s.share(failing, View, true); err == nil {
		t.Error("nobody was told that it could not be recorded")
	}
	if s.Mode() != View || !s.Paused() {
		t.Error("it is still shared")
	}
	if err := s.share(failing, Shared, false); err == nil || s.Mode() != View || !s.Paused() {
		t.Errorf("more is shared than was recorded (%v)", err)
	}
	if err := s.share(t.Context(), Shared, false); err != nil || s.Mode() != Shared || s.Paused() {
		t.Errorf("it cannot be shared again (%v)", err)
	}
}

// failed returns a context that is over, so that nothing can be stored with it.
func failed(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx, cancel
}
