package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tandem/session"
)

// outage is how long a network or a browser is away: longer than any of the
// three waits for another before it gives a connection up.
const outage = 30 * time.Second

// TestScenario27Outages loses the network of either person, hides the visitor's tab, puts
// their browser to sleep, and restarts the server, while the page goes on
// changing. Each time both come back by themselves, to the same page.
func TestScenario27Outages(t *testing.T) {
	if thorough() == 0 {
		t.Skip("takes minutes: make test-mirror")
	}
	b := sharedBrowser(t)
	data := t.TempDir()
	m := &meeting{t: t}
	var stop func()
	m.server, stop = launch(t, data, "127.0.0.1:0")
	site := httptest.NewServer(http.HandlerFunc(serveOperations))
	t.Cleanup(site.Close)
	m.allow(site.URL)
	m.invite(site.URL+"/random.html?1", session.Shared)
	visitors, agents := startLine(t, 0, 0, 0), startLine(t, 0, 0, 0)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100, agents.through)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900, visitors.through)
	m.accept()
	get[any](m.visitor, content, "shake(7); window.marked = true")
	status := `document.querySelector('[data-tandem=status]').textContent`
	live := status + ` === 'Live' && !document.querySelector('.veil')`

	// during has something go wrong while the page does what it does, and then come right.
	during := func(what, seen, page string, begin, end func()) {
		t.Helper()
		m.agent.wait(top, live)
		m.sameRandom("before " + what)
		begin()
		began := time.Now()
		if seen != "" {
			m.agent.wait(top, seen)
			t.Logf("%s: the agent is told after %.1f s", what, time.Since(began).Seconds())
		}
		for time.Since(began) < outage {
			if page != "" {
				get[any](m.visitor, content, page)
			}
			time.Sleep(500 * time.Millisecond)
		}
		end()
		began = time.Now()
		m.agent.wait(top, live)
		m.sameRandom("after " + what)
		t.Logf("%s: right again after %.1f s", what, time.Since(began).Seconds())
		get[any](m.visitor, content, "batch()")
		m.sameRandom("some time after " + what)
		if !get[bool](m.visitor, content, "window.marked === true") {
			t.Errorf("after %s the page was loaded anew", what)
		}
	}
	notLive := status + ` !== 'Live'`
	during("the visitor without network", notLive, "batch()", func() { visitors.cut(true) }, func() { visitors.cut(false) })
	during("the agent without network", notLive, "batch()", func() { agents.cut(true) }, func() { agents.cut(false) })
	during("the visitor's browser asleep", notLive, "", func() {
		m.visitor.call("Page.setWebLifecycleState", map[string]any{"state": "frozen"}, nil)
		visitors.cut(true)
	}, func() {
		visitors.cut(false)
		m.visitor.call("Page.setWebLifecycleState", map[string]any{"state": "active"}, nil)
	})
	during("the visitor's tab hidden", "", "batch()", func() { m.visitor.hide(true) }, func() { m.visitor.hide(false) })
	during("the server stopped", notLive, `document.body.append('more')`, stop, func() { m.server, _ = launch(t, data, m.server.cfg.Listen) }) // a frame could not load
	m.noErrors()
}

// sameRandom waits until both have the same tree.
func (m *meeting) sameRandom(when string) {
	m.t.Helper()
	js := fmt.Sprintf(`(() => { %s; return tandemTest.digest(document, {frames: true}); })()`, digestScript())
	var visitor, agent string
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		errV, errA := m.visitor.eval(content, js, &visitor), m.agent.eval(mirror, js, &agent)
		if errV == nil && errA == nil && visitor == agent {
			return
		}
		if time.Now().After(end) {
			m.t.Fatalf("%s the trees differ (%v, %v):\n%s", when, errV, errA, firstDifference(visitor, agent))
		}
	}
}

// hide minimizes the window, or brings it back.
func (w *window) hide(on bool) {
	w.t.Helper()
	var res struct {
		WindowID int `json:"windowId"`
	}
	w.call("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": !on}, nil) // else it never counts as hidden
	w.call("Browser.getWindowForTarget", map[string]any{}, &res)
	state := map[bool]string{true: "minimized", false: "normal"}[on]
	w.call("Browser.setWindowBounds", map[string]any{"windowId": res.WindowID, "bounds": map[string]any{"windowState": state}}, nil)
	w.wait(top, fmt.Sprintf("document.hidden === %v", on))
}
