package session

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/session/agents"
)

const guideURL = "https://shop.example/guide"

// shows has the agent ask to show a page, and returns the id of the showing.
func (c *couple) shows() string {
	c.t.Helper()
	c.ag.send(fmt.Sprintf(`{"type":"show","url":%q}`, guideURL))
	return c.showing(Waiting)
}

// showing waits until both are told that it is so with a showing.
func (c *couple) showing(want State) (id string) {
	c.t.Helper()
	for _, p := range []*peer{c.vis, c.ag} {
		var m showingMessage
		if err := json.Unmarshal([]byte(p.expectAny("showing")), &m); err != nil || m.State != want || m.By != "agent" {
			c.t.Fatalf("told of a showing: %+v (%v), want it %s", m, err, want)
		}
		id = m.Session
	}
	return id
}

// watched brings a showing to where both follow it, and returns its id, who leads
// and who follows there, and the leader's cookie for the shell.
func (c *couple) watched() (id string, leader, follower *peer, cookie string) {
	c.t.Helper()
	id = c.shows()
	c.vis.send(`{"type":"watch","yes":true}`)
	c.showing(Active)
	a := c.browser.post("/api/sessions/"+id+"/visitor/enter", "{}")
	u, err := url.Parse(a.Enter)
	if a.status != 200 || err != nil {
		c.t.Fatalf("the agent enters what they show: %+v, %v", a, err)
	}
	t, _ := c.hub.Session(id)
	if cookie, err = t.Redeem(a.Ticket, u.Host); err != nil {
		c.t.Fatal(err)
	}
	leader = c.connectVisitor(id, cookie, nil)
	follower = greet(c.t, c.shownSocket(c.cookie), nil, nil)
	return id, leader, follower, cookie
}

// shownSocket opens the socket of who watches.
func (c *couple) shownSocket(cookie string) *websocket.Conn {
	c.t.Helper()
	ws, _, err := c.open("ws"+strings.TrimPrefix(shellURL(c.inv.ID), "http")+"/.tandem/shown", shellURL(c.inv.ID),
		http.Header{"Cookie": {"participant=" + cookie}})
	if err != nil {
		c.t.Fatal(err)
	}
	return ws
}

func (c *couple) turnedAway(ws *websocket.Conn, code int) {
	c.t.Helper()
	(&peer{t: c.t, ws: ws}).expectClose(code)
}

// TestTheAgentShowsAPage has the visitor follow what the agent leads, in view
// mode, until the agent ends it.
func TestTheAgentShowsAPage(t *testing.T) {
	c := newCouple(t, View)
	id, leader, follower, _ := c.watched()
	if w := leader.welcome; !w.Showing || w.You.Name != "Ada" || w.You.Color != colors[Agent] || w.URL != guideURL {
		t.Errorf("who leads is welcomed with %+v", w)
	}
	if w := follower.welcome; w.You.Name != "Vera" || w.You.Color != colors[Visitor] || w.Mode != View || w.Key == "" || w.Session != id {
		t.Errorf("who follows is welcomed with %+v", w)
	}
	leader.show()
	for !strings.Contains(follower.expectAny("doc")+string(first(follower.next())), `"Go"`) {
	}
	follower.send(`{"type":"input","n":1,"doc":1,"input":{"kind":"focus","node":4}}`)
	if got := follower.expectAny("refused"); !strings.Contains(got, whyLookOnly) {
		t.Errorf("the visitor who clicks there is told %s", got)
	}
	follower.send(examples["draw"])
	if got := leader.expectAny("draw"); !strings.Contains(got, `"from":"`+follower.welcome.You.ID+`"`) {
		t.Errorf("a stroke of the visitor's comes as %s", got)
	}
	leader.send(`{"type":"mode","mode":"shared","paused":false,"rights":["point","click","fill"]}`)
	leader.settle()
	follower.send(`{"type":"input","n":2,"doc":1,"input":{"kind":"click","node":4,"fx":0.5,"fy":0.5,"button":0,"detail":1,"mods":0}}`)
	if got := follower.expectAny("refused"); !strings.Contains(got, whyLookOnly) {
		t.Errorf("the visitor who clicks in shared mode is told %s", got)
	}
	for _, text := range []string{`{"type":"chat","text":"Hello"}`, `{"type":"move"}`, `{"type":"hand-over","yes":true}`} {
		leader.send(text)
		if got := leader.expectAny("refused"); !strings.Contains(got, whyNotYours) {
			t.Errorf("who leads and sends %s is told %s", text, got)
		}
	}
	for _, s := range c.hub.Sessions() {
		if s.ID == id {
			t.Error("a showing is listed as a session of its own")
		}
	}
	c.ag.send(`{"type":"unshow"}`)
	c.showing(Ended)
	leader.expectClose(4403)
	follower.expectClose(4403)
}

func first(_ string, text []byte) []byte { return text }

// TestS36AShowingIsRefused tries to show without what it takes: replays over real
// sockets, each answered.
func TestS36AShowingIsRefused(t *testing.T) {
	c := newCouple(t, Shared)
	refused := func(p *peer, text, why string) {
		t.Helper()
		p.send(text)
		if got := p.expectAny("refused"); !strings.Contains(got, why) {
			t.Errorf("%s: told %s, want %q", text, got, why)
		}
		c.clock.add(10 * time.Second) // none of this is about how fast it comes
		if told := c.vis.settle(); told["showing"] != "" {
			t.Errorf("%s: the visitor was asked all the same: %s", text, told["showing"])
		}
	}
	show := fmt.Sprintf(`{"type":"show","url":%q}`, guideURL)
	refused(c.ag, `{"type":"show","url":"https://other.example/"}`, whySite)
	refused(c.ag, `{"type":"show","url":"javascript:alert(1)"}`, whyUnclear)
	refused(c.vis, show, whyNotYours)
	refused(c.ag, `{"type":"watch","yes":true}`, whyNotYours)
	c.leave(Rights{Point, Navigate})
	refused(c.ag, show, whyNot(Lead))
	c.leave(AllRights)
	c.decide(Shared, true)
	refused(c.ag, show, whyPaused)
	c.decide(Shared, false)

	_, second := c.meetAgain()
	c.shows()
	refused(second, show, whyShowing)
	refused(second, `{"type":"unshow"}`, whyNotYours)
	refused(c.ag, show, whyShowing)
}

// meetAgain lets a second agent in.
func (c *couple) meetAgain() (*browser, *peer) {
	c.t.Helper()
	b := c.rig.browser()
	if a := b.join(c.inv.ID, c.inv.AgentURL); a.status != 200 {
		c.t.Fatalf("a second agent joins: %+v", a)
	}
	return b, b.connectAgent(c.inv.ID, nil)
}

// TestS36NobodyIsInAShowingUnasked tries every way in before the visitor agreed,
// those of others while it goes on, and all of them after.
func TestS36NobodyIsInAShowingUnasked(t *testing.T) {
	c := newCouple(t, Shared)
	second, _ := c.meetAgain()
	id := c.shows()
	path := "/api/sessions/" + id
	closed := func(when string, b *browser) {
		t.Helper()
		for _, call := range []struct{ method, path string }{
			{"GET", path + "/visitor"}, {"GET", path + "/agent"},
			{"POST", path + "/visitor/enter"}, {"POST", path + "/visitor/accept"}, {"POST", path + "/visitor/decline"},
			{"POST", path + "/agent/invitation"},
		} {
			if a := b.do(call.method, call.path, "{}"); a.status < 400 {
				t.Errorf("%s, %s %s is answered with %d", when, call.method, call.path, a.status)
			}
		}
		ws, _, err := b.agentSocket(id, controlURL)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = ws.ReadMessage()
		if err == nil {
			t.Errorf("%s, the agent's socket of a showing is open", when)
		}
	}
	closed("before the visitor agreed", c.browser)
	c.turnedAway(c.shownSocket(c.cookie), 4401)
	if s, _ := c.hub.Session(id); s.State() != Waiting || s.Ticket("shell") != "" {
		t.Errorf("before the visitor agreed it is %s", s.State())
	}

	c.vis.send(`{"type":"watch","yes":true}`)
	c.showing(Active)
	closed("a second agent", second)
	sam := c.rig.agent("sam", agents.Supervisor)
	closed("who sees all sessions", c.rig.console(sam))
	if got := c.rig.rest(sam, "GET", "/api/v1/sessions/"+id, "", nil); got != 404 {
		t.Errorf("who sees all sessions is shown a showing: %d", got)
	}
	c.turnedAway(c.shownSocket("of-somebody-else"), 4401)

	c.vis.send(`{"type":"watch","yes":false}`)
	c.showing(Ended)
	closed("after the end", c.browser)
	c.turnedAway(c.shownSocket(c.cookie), 4401)
	if s, _ := c.hub.Session(id); s.StartURL() != "" || s.current().Leader != "" {
		t.Errorf("after the end there is %+v", s.current())
	}
}

// TestS34TheJarsOfAShowingAreApart has cookies set on both sides: each browser has
// those of its own session only, and neither cookie opens a host of the other.
func TestS34TheJarsOfAShowingAreApart(t *testing.T) {
	c := newCouple(t, Shared)
	id, _, _, cookie := c.watched()
	around, shown := c.session(c.inv), c.hub.sessions[id]
	setCookie(t, around, "login=vera", c.clock.now())
	setCookie(t, shown, "login=ada", c.clock.now())
	for s, want := range map[*Session]string{around: "vera", shown: "ada"} {
		if got := cookies(t, s.Jar(), c.clock.now()); got != "login="+want {
			t.Errorf("the jar of %s has %q", want, got)
		}
	}
	host := func(id string) string { return strings.TrimPrefix(shellURL(id), "http://") }
	if shown.Visitor(host(id), c.cookie) || around.Visitor(host(c.inv.ID), cookie) || around.Visitor(host(id), cookie) || shown.Visitor(host(c.inv.ID), c.cookie) {
		t.Error("a cookie of one opens the other")
	}
	if shown.AssetKey(around.key) || around.AssetKey(shown.key) {
		t.Error("the key to one's assets opens the other's")
	}
}

// TestS37WhatEndsAShowing does each thing that ends one, and finds nothing left.
func TestS37WhatEndsAShowing(t *testing.T) {
	for name, end := range map[string]func(*couple, *peer){
		"the visitor pauses":          func(c *couple, _ *peer) { c.decide(Shared, true) },
		"the visitor takes the right": func(c *couple, _ *peer) { c.leave(Rights{Point}) },
		"the visitor has seen enough": func(c *couple, _ *peer) { c.vis.send(`{"type":"watch","yes":false}`) },
		"the session ends":            func(c *couple, _ *peer) { c.vis.send(`{"type":"end"}`) },
		"the agent closes the page":   func(c *couple, leader *peer) { leader.drop(); c.unled(); c.clock.add(2 * resumeWindow); c.hub.sweep() },
		"the agent leaves":            func(c *couple, _ *peer) { c.ag.drop(); c.left(Agent); c.clock.add(2 * resumeWindow); c.hub.sweep() },
		"the visitor's device is moved": func(c *couple, _ *peer) {
			c.rig.browser().join(c.inv.ID, c.offer())
			c.vis.send(`{"type":"hand-over","yes":true}`)
		},
		"the server starts again": func(c *couple, _ *peer) { c.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCouple(t, Shared)
			id, leader, _, cookie := c.watched()
			setCookie(t, c.hub.sessions[id], "login=ada", c.clock.now())
			end(c, leader)
			until(t, "it is over", func() bool { s, ok := c.hub.Session(id); return ok && s.State() == Ended })
			s, _ := c.hub.Session(id)
			if got := cookies(t, s.Jar(), c.clock.now()); got != "" || s.Visitor(strings.TrimPrefix(shellURL(id), "http://"), cookie) {
				t.Errorf("after the end there are cookies %q", got)
			}
			for _, act := range []string{"agent showing.ask ok https://shop.example", "visitor showing.watch ok https://shop.example", "showing.end ok"} {
				until(t, "the audit log has "+act, func() bool { return strings.Contains(fmt.Sprint(c.recorded(c.inv.ID)), act) })
			}
		})
	}
}

// S37: what a signed-in agent shows ends when they are disabled, or sign out, also
// when their console is closed.
func TestS37AShowingEndsWithItsAgent(t *testing.T) {
	for name, end := range map[string]func(*couple, *browser){
		"disabled":   func(c *couple, _ *browser) { c.hub.Agents().Disable(t.Context(), "sam") },
		"signed out": func(c *couple, desk *browser) { desk.post("/api/sign-out", "{}"); c.hub.sweep() },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCouple(t, Shared)
			desk := c.rig.console(c.rig.agent("sam", agents.Supervisor))
			sam := desk.connectAgent(c.inv.ID, nil)
			sam.send(fmt.Sprintf(`{"type":"show","url":%q}`, guideURL))
			c.vis.expectAny("showing")
			c.vis.send(`{"type":"watch","yes":true}`)
			c.vis.expectAny("showing")
			id := c.session(c.inv).showing().ID()
			sam.drop()
			end(c, desk)
			until(t, "it is over", func() bool { s, ok := c.hub.Session(id); return ok && s.State() == Ended })
		})
	}
}

// TestAnOfferToShowGrowsOld lets nobody answer, and then has the visitor decline.
func TestAnOfferToShowGrowsOld(t *testing.T) {
	c := newCouple(t, Shared)
	c.shows()
	c.clock.add(2 * showingTTL)
	c.hub.sweep()
	c.showing(Expired)
	c.vis.send(`{"type":"watch","yes":true}`)
	if told := c.vis.settle(); told["showing"] != "" {
		t.Errorf("an answer that comes too late has %s", told["showing"])
	}
	c.shows()
	c.vis.send(`{"type":"watch","yes":false}`)
	c.showing(Declined)
}

// left waits until the server knows that somebody has gone.
func (c *couple) left(role Role) {
	until(c.t, "nobody is there", func() bool { return !c.session(c.inv).room.online(role) })
}

// unled waits until the server knows that who leads the showing has gone.
func (c *couple) unled() {
	shown := c.session(c.inv).showing()
	until(c.t, "nobody leads", func() bool { return !shown.room.online(Visitor) })
}
