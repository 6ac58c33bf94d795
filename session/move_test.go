package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// offer has the visitor ask for a link to another device, and returns it.
func (c *couple) offer() string {
	c.t.Helper()
	c.vis.send(`{"type":"move"}`)
	var m movingMessage
	if err := json.Unmarshal([]byte(c.vis.expectAny("moving")), &m); err != nil || m.Size == 0 || m.Path == "" {
		c.t.Fatalf("offered %+v, %v", m, err)
	}
	return m.URL
}

// TestMovingToAnotherDevice goes on in a browser that opened the link, once the
// visitor said so; the browser before is let in nowhere.
func TestMovingToAnotherDevice(t *testing.T) {
	c := newCouple(t, Shared)
	before := c.vis
	link := c.offer()
	phone := c.rig.browser()
	a := phone.join(c.inv.ID, link)
	if a.status != 200 || a.Role != Visitor || len(a.Check) != 4 || a.URL != a.Origin {
		t.Fatalf("the phone joins: %+v", a)
	}
	c.vis.expectText(fmt.Sprintf(`{"type":"move-asks","check":%q,"hosts":[%q]}`, a.Check, strings.TrimPrefix(shellURL(c.inv.ID), "http://")))
	path := "/api/sessions/" + c.inv.ID + "/visitor"
	if a := phone.do("GET", path, ""); a.status != 409 || a.Error.Code != "pending" {
		t.Errorf("before the visitor agrees the phone is told %+v", a)
	}
	if a := phone.post(path+"/enter", "{}"); a.status != 409 {
		t.Errorf("before the visitor agrees the phone enters: %+v", a)
	}
	if a := c.rig.browser().join(c.inv.ID, link); a.status != 409 || a.Error.Code != "link_used" {
		t.Errorf("a second browser opens the link: %+v", a)
	}
	c.vis.send(`{"type":"hand-over","yes":true}`)
	before.expectClose(4410)
	entered := phone.post(path+"/enter", "{}")
	if entered.status != 200 {
		t.Fatalf("the phone enters: %+v", entered)
	}
	u, err := url.Parse(entered.Enter)
	if err != nil {
		t.Fatal(err)
	}
	cookie, err := c.session(c.inv).Redeem(entered.Ticket, u.Host)
	if err != nil {
		t.Fatal(err)
	}
	after := c.connectVisitor(c.inv.ID, cookie, nil)
	if len(after.welcome.Tabs) != 1 || after.welcome.Tabs[0].URL != startURL {
		t.Errorf("the phone is to open %+v", after.welcome.Tabs)
	}
	if c.session(c.inv).Visitor(u.Host, c.cookie) {
		t.Error("the first browser still has the shell's cookie")
	}
	ws, _, err := c.visitorSocket(c.inv.ID, c.cookie, shellURL(c.inv.ID))
	if err != nil {
		t.Fatal(err)
	}
	(&peer{t: t, ws: ws}).expectClose(4401)
	after.show()
	after.settle()
}

// TestMovingIsUpToTheVisitor says no, lets the link grow old, and offers another.
func TestMovingIsUpToTheVisitor(t *testing.T) {
	c := newCouple(t, Shared)
	path := "/api/sessions/" + c.inv.ID + "/visitor"
	refused := c.rig.browser()
	refused.join(c.inv.ID, c.offer())
	c.vis.expectAny("move-asks")
	c.vis.send(`{"type":"hand-over","yes":false}`)
	c.vis.settle()
	if a := refused.do("GET", path, ""); a.status != 401 {
		t.Errorf("who was refused is told %+v", a)
	}
	old := c.offer()
	c.clock.add(moveTTL)
	if a := c.rig.browser().join(c.inv.ID, old); a.status != 404 {
		t.Errorf("an old link: %+v", a)
	}
	first, second := c.offer(), c.offer()
	if a := c.rig.browser().join(c.inv.ID, first); a.status != 404 {
		t.Errorf("a link that another took the place of: %+v", a)
	}
	late := c.rig.browser()
	if a := late.join(c.inv.ID, second); a.status != 200 {
		t.Errorf("the newest link: %+v", a)
	}
	c.clock.add(moveTTL)
	c.vis.send(`{"type":"hand-over","yes":true}`)
	c.vis.settle()
	if a := late.do("GET", path, ""); a.status != 401 {
		t.Errorf("an answer that comes too late lets in: %+v", a)
	}
	c.ag.send(`{"type":"move"}`)
	c.ag.expectText(`{"type":"refused","what":"move","why":"not-yours"}`)
}

// TestWhatPagesKeepMovesOnce hands it in as the visitor's shell does, when it may
// and when it may not.
func TestWhatPagesKeepMovesOnce(t *testing.T) {
	c := newCouple(t, Shared)
	s := c.session(c.inv)
	host := strings.TrimPrefix(shellURL(c.inv.ID), "http://")
	kept := fmt.Sprintf(`{%q:{"local":[["CANARY","1"]],"session":[]}}`, host)
	handIn := func(text string, want error) {
		t.Helper()
		if err := s.HandInStorage([]byte(text)); !errors.Is(err, want) {
			t.Errorf("handing %.60q in: %v, want %v", text, err, want)
		}
	}
	handIn(kept, ErrNotMoving)
	link := c.offer()
	handIn(kept, ErrNotMoving) // nobody has come yet
	phone := c.rig.browser()
	phone.join(c.inv.ID, link)
	if asks := c.vis.expectAny("move-asks"); !strings.Contains(asks, host) {
		t.Errorf("the shell is told of no host: %s", asks)
	}
	handIn(`{"elsewhere.example":{}}`, errUnfit)
	handIn(`[]`, errUnfit)
	handIn(fmt.Sprintf(`{%q:"%s"}`, host, strings.Repeat("x", maxKeptHost)), errUnfit)
	handIn(kept, nil)
	c.keepsNothing("CANARY")
	c.vis.send(`{"type":"hand-over","yes":true}`)
	c.vis.expectClose(4410)
	handIn(kept, ErrNotMoving)
	if got := s.TakeStorage(); string(got) != kept {
		t.Errorf("the phone gets %s", got)
	}
	if got := s.TakeStorage(); got != nil {
		t.Errorf("it is given out twice: %s", got)
	}
	if strings.Contains(c.logs.String(), "CANARY") {
		t.Error("the log has it")
	}
}

// TestWhatPagesKeepIsForgotten leaves it: the visitor says no, nobody comes, the
// session ends.
func TestWhatPagesKeepIsForgotten(t *testing.T) {
	for name, leave := range map[string]func(*couple){
		"no":     func(c *couple) { c.vis.send(`{"type":"hand-over","yes":false}`); c.vis.settle() },
		"late":   func(c *couple) { c.clock.add(2 * carriedTTL); c.hub.sweep() },
		"ending": func(c *couple) { c.hub.End(t.Context(), c.inv.ID, "visitor") },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCouple(t, Shared)
			s := c.session(c.inv)
			c.rig.browser().join(c.inv.ID, c.offer())
			if err := s.HandInStorage([]byte(`{}`)); err != nil {
				t.Fatal(err)
			}
			leave(c)
			if got := s.TakeStorage(); got != nil {
				t.Errorf("it is still there: %s", got)
			}
		})
	}
}
