package session

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"tandem/session/audit"
)

// recorded returns what the audit log says of a session, without "begun".
func (r *rig) recorded(id string) (acts []string) {
	r.t.Helper()
	all, err := r.hub.audit.Contents()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := audit.Verify(bytes.NewReader(all), audit.Head{}); err != nil {
		r.t.Fatal(err)
	}
	if _, err := audit.Read(bytes.NewReader(all), func(e audit.Entry) error {
		if e.Session == id && e.Result != audit.Begun {
			acts = append(acts, strings.TrimSpace(strings.Join([]string{e.Who, e.Act, string(e.Result), e.What}, " ")))
		}
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	return acts
}

// S54: whatever gives or takes rights in a session is in the audit log.
func TestS54TheLifeOfASessionIsRecorded(t *testing.T) {
	c := newCouple(t, View)
	id := c.inv.ID
	c.rig.browser().join(id, c.inv.VisitorURL)
	c.decide(Shared, false)
	c.decide(Shared, true)
	c.decide(Shared, false)
	for range 3 {
		c.ag.send(`{"type":"mode","mode":"shared","paused":false}`)
		c.ag.settle()
	}
	if err := c.hub.End(t.Context(), id, "visitor"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"server session.create ok view https://shop.example",
		"agent session.join ok", "visitor session.join ok", "visitor session.accept ok the words " + hexDigest("Ada invites you") + " in en",
		"somebody session.join refused the visitor's link, in another browser",
		"visitor session.mode ok shared", "visitor session.pause ok shared", "visitor session.resume ok shared",
		"agent session.send refused mode", "agent session.send refused",
		"visitor session.end ok",
	}
	if got := c.recorded(id); !slices.Equal(got, want) {
		t.Errorf("recorded:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestS54DeclinedAndExpiredInvitationsAreRecorded(t *testing.T) {
	r := newRig(t)
	declined, expired := r.create(View), r.create(View)
	visitor := r.browser()
	visitor.join(declined.ID, declined.VisitorURL)
	visitor.post("/api/sessions/"+declined.ID+"/visitor/decline", "{}")
	r.clock.add(maxTTL)
	r.hub.sweep()
	for id, want := range map[string]string{declined.ID: "visitor session.decline ok", expired.ID: "server session.expire ok"} {
		if got := r.recorded(id); got[len(got)-1] != want {
			t.Errorf("recorded: %q, want %q at the end", got, want)
		}
	}
}

// Rights that can't be recorded are not given; what is taken away is gone in
// any case.
func TestS54NothingIsGivenUnrecorded(t *testing.T) {
	c := newCouple(t, Shared)
	inv := c.create(View)
	waiting := c.rig.browser()
	waiting.join(inv.ID, inv.VisitorURL)
	c.hub.audit.Close()
	if a := waiting.accept(inv.ID); a.status != 500 || c.session(inv).State() != Waiting {
		t.Errorf("accepting: %d, and then the session is %s", a.status, c.session(inv).State())
	}
	if _, err := c.hub.Create(t.Context(), Request{URL: startURL}); err == nil {
		t.Error("a session was created")
	}
	if err := c.hub.Origins().Allow(t.Context(), "https://new.example", false); err == nil {
		t.Error("an origin was allowed")
	}
	if _, ok := c.hub.Origins().Allowed("https://new.example"); ok {
		t.Error("the refused origin is in force")
	}
	s := c.session(c.inv)
	if err := s.share(t.Context(), decision{View, true, AllRights}); err == nil || !s.Paused() || s.Mode() != View {
		t.Errorf("taking away: %v, mode %s, paused %v", err, s.Mode(), s.Paused())
	}
	if err := s.share(t.Context(), decision{Shared, false, AllRights}); err == nil || !s.Paused() {
		t.Errorf("giving: %v, paused %v", err, s.Paused())
	}
	if err := s.End(t.Context(), "visitor"); err == nil || !s.State().Over() {
		t.Errorf("ending: %v, state %s", err, s.State())
	}
}
