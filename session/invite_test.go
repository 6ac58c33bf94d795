package session

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// became is what the list says of a session's invitation.
func (r *rig) became(id string) Status {
	r.t.Helper()
	for _, s := range r.hub.Sessions() {
		if s.ID == id {
			return s.Invitation
		}
	}
	r.t.Fatal("the session is not listed")
	return ""
}

// told reads until the agent is told of the invitation.
func (p *peer) told(want Status) {
	p.t.Helper()
	if got := p.expectAny("invitation"); !strings.Contains(got, `"status":"`+string(want)+`"`) {
		p.t.Errorf("told %s, want %s", got, want)
	}
}

// TestScenario03InvitationsAreFollowed is scenario 3: what becomes of an invitation is
// known at once, where the agent waits and in the list.
func TestScenario03InvitationsAreFollowed(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	agent, visitor := r.browser(), r.browser()
	agent.join(inv.ID, inv.AgentURL)
	waiting := agent.connectAgent(inv.ID, nil)
	waiting.told(Sent)
	visitor.join(inv.ID, inv.VisitorURL)
	waiting.told(Opened)
	if got := r.became(inv.ID); got != Opened {
		t.Errorf("listed as %s", got)
	}

	path := "/api/sessions/" + inv.ID + "/agent/invitation"
	if a := visitor.do("DELETE", path, "{}", "Content-Type", "application/json", "Origin", controlURL); a.status != 401 {
		t.Errorf("the visitor takes the invitation back: %+v", a)
	}
	if a := agent.do("DELETE", path, "{}", "Content-Type", "application/json", "Origin", controlURL); a.status != 200 {
		t.Fatalf("taking it back: %+v", a)
	}
	waiting.told(Withdrawn)
	revoked := func(what string, a answer) {
		t.Helper()
		if a.status != 410 || a.Error.Code != "link_revoked" {
			t.Errorf("%s: %+v", what, a)
		}
	}
	revoked("the page that shows it", visitor.do("GET", "/api/sessions/"+inv.ID+"/visitor", ""))
	revoked("accepting it", visitor.post("/api/sessions/"+inv.ID+"/visitor/accept", "{}"))
	revoked("its link", r.browser().join(inv.ID, inv.VisitorURL))
	if a := r.browser().post("/api/join", fmt.Sprintf(`{"code":%q}`, inv.Code)); a.status != 404 {
		t.Errorf("its code: %+v", a)
	}

	again, err := r.session(inv).Invite(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	waiting.told(Sent)
	r.restart()
	revoked("the first link, after a restart", r.browser().join(inv.ID, inv.VisitorURL))
	if a := visitor.post("/api/join", fmt.Sprintf(`{"code":%q}`, again.Code)); a.status != 200 {
		t.Errorf("the new code: %+v", a)
	}
	if a := r.browser().join(inv.ID, again.VisitorURL); a.Error.Code != "link_used" {
		t.Errorf("the new link after its code: %+v", a)
	}
	if a := visitor.accept(inv.ID); a.status != 200 {
		t.Errorf("accepting the new one: %+v", a)
	}
	if got := r.became(inv.ID); got != Accepted {
		t.Errorf("listed as %s", got)
	}
	if _, err := r.session(inv).Invite(t.Context(), 0); !errors.Is(err, errTooLate) {
		t.Errorf("inviting when the session has begun: %v", err)
	}

	declined, expired := r.create(View), r.create(View)
	refusing := r.browser()
	refusing.join(declined.ID, declined.VisitorURL)
	refusing.post("/api/sessions/"+declined.ID+"/visitor/decline", "{}")
	r.clock.add(defaultTTL + time.Second)
	r.hub.sweep()
	for id, want := range map[string]Status{declined.ID: Refused, expired.ID: Late} {
		if got := r.became(id); got != want {
			t.Errorf("listed as %s, want %s", got, want)
		}
	}
	if _, err := r.session(expired).Invite(t.Context(), 0); !errors.Is(err, ErrOver) {
		t.Errorf("inviting again when it is over: %v", err)
	}
}

func TestAnInvitationIsForSoManyBrowsers(t *testing.T) {
	r := newRig(t)
	if _, err := r.hub.Create(t.Context(), Request{URL: startURL, Uses: 6}); err == nil {
		t.Error("an invitation for six browsers")
	}
	inv, err := r.hub.Create(t.Context(), Request{URL: startURL, Uses: 2})
	if err != nil {
		t.Fatal(err)
	}
	phone, desk := r.browser(), r.browser()
	for _, b := range []*browser{phone, desk} {
		if a := b.join(inv.ID, inv.VisitorURL); a.status != 200 {
			t.Fatalf("%+v", a)
		}
	}
	if a := r.browser().join(inv.ID, inv.VisitorURL); a.Error.Code != "link_used" {
		t.Errorf("a third browser: %+v", a)
	}
	if a := desk.accept(inv.ID); a.status != 200 {
		t.Errorf("the second browser accepts: %+v", a)
	}

	// After that nobody comes in by it, whatever is left.
	left, err := r.hub.Create(t.Context(), Request{URL: startURL, Uses: 2})
	if err != nil {
		t.Fatal(err)
	}
	phone.join(left.ID, left.VisitorURL)
	phone.accept(left.ID)
	if a := r.browser().join(left.ID, left.VisitorURL); a.Error.Code != "link_used" {
		t.Errorf("a browser after the start: %+v", a)
	}
}

// TestConsentIsRecordedAsItWasRead keeps a digest of the words, and takes
// consent only to what the server would ask for now.
func TestConsentIsRecordedAsItWasRead(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	b := r.browser()
	asked := b.join(inv.ID, inv.VisitorURL)
	accept := "/api/sessions/" + inv.ID + "/visitor/accept"
	for body, want := range map[string]string{
		`{}`:                                     "terms_changed",
		`{"terms":"","words":"x"}`:               "terms_changed",
		`{"terms":"of before","words":"x"}`:      "terms_changed",
		fmt.Sprintf(`{"terms":%q}`, asked.Terms): "bad_request",
		fmt.Sprintf(`{"terms":%q,"words":"x","language":"<b>"}`, asked.Terms):                        "bad_request",
		fmt.Sprintf(`{"terms":%q,"words":" "}`, asked.Terms):                                         "bad_request",
		fmt.Sprintf(`{"terms":%q,"words":%q}`, asked.Terms, strings.Repeat("x", maxWords+1)):         "bad_request",
		fmt.Sprintf(`{"terms":%q,"words":%q}`, r.create(View).ID, "the terms of another invitation"): "terms_changed",
	} {
		if a := b.post(accept, body); a.Error.Code != want {
			t.Errorf("%.60s: %+v, want %s", body, a.Error, want)
		}
	}
	if got := r.session(inv).State(); got != Waiting {
		t.Fatalf("the session is %s", got)
	}
	r.clock.add(time.Minute)
	if a := b.post(accept, fmt.Sprintf(`{"terms":%q,"words":"Ada invites you","language":"de-AT"}`, asked.Terms)); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	check := func(when string) {
		t.Helper()
		c := r.session(inv).summary().Consent
		if c == nil || !c.At.Equal(r.clock.now()) || c.Terms != asked.Terms || c.Language.String() != "de-AT" || c.Words != "e949fda092a40b51bbe9a920fd6367afcc73f57c472865ef29e3f489c07db65d" {
			t.Errorf("%s: recorded %+v", when, c)
		}
	}
	check("at once")
	r.restart()
	check("after a restart")
	if err := r.hub.End(t.Context(), inv.ID, "admin"); err != nil {
		t.Fatal(err)
	}
	check("after the end")
}
