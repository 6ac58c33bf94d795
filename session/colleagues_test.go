package session

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/session/agents"
)

// TestAColleagueFollowsWhenLetIn: an agent lets another one into their session,
// who takes part and decides nothing; the visitor is told; what is taken back is
// gone at once.
func TestAColleagueFollowsWhenLetIn(t *testing.T) {
	r := newRig(t)
	ada, bob, cat := r.agent("ada", agents.Member), r.agent("bob", agents.Member), r.agent("cat", agents.Member)
	inv := r.createBy(ada)
	one := "/api/v1/sessions/" + inv.ID
	ask := func(what, key, method, path, body string, want int) {
		t.Helper()
		if got := r.rest(key, method, path, body, nil); got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	visitor := r.browser()
	visitor.join(inv.ID, inv.VisitorURL)
	a := visitor.accept(inv.ID)
	cookie, err := r.session(inv).Redeem(a.Ticket, "shell--"+inv.ID+".pages.test")
	if err != nil {
		t.Fatal(err)
	}
	desk := r.console(bob)

	ask("who is not let in lets themselves in", bob, "PUT", one+"/agents/bob", "{}", 404)
	ask("letting in nobody", ada, "PUT", one+"/agents/eve", "{}", 404)
	ask("letting in", ada, "PUT", one+"/agents/bob", "{}", 200)
	ask("letting in again", ada, "PUT", one+"/agents/bob", "{}", 200)
	r.restart() // it is on disk
	vis, first := r.connectVisitor(inv.ID, cookie, nil), r.console(ada).connectAgent(inv.ID, nil)
	second := desk.connectAgent(inv.ID, nil)
	if second.welcome.You.Name != "Bob" || first.welcome.You.Color == second.welcome.You.Color {
		t.Errorf("welcomed as %+v and %+v", first.welcome.You, second.welcome.You)
	}
	for told := ""; !strings.Contains(told, `"Bob"`); { // comes to the visitor
		if kind, text := vis.next(); kind == "people" {
			told = string(text)
		}
	}
	if ids, _ := r.ids(bob, ""); !slices.Equal(ids, []string{inv.ID}) {
		t.Errorf("a colleague sees the sessions %v", ids)
	}
	ask("a colleague looks", bob, "GET", one, "", 200)
	ask("a colleague ends", bob, "DELETE", one, "", 403)
	ask("a colleague invites", bob, "POST", one+"/invitation", "{}", 403)
	ask("a colleague lets in another", bob, "PUT", one+"/agents/cat", "{}", 403)
	ask("another looks", cat, "GET", one, "", 404)
	// Nor from the page where they follow; see [Session.manages].
	for _, method := range []string{"POST", "DELETE"} {
		a := desk.do(method, "/api/sessions/"+inv.ID+"/agent/invitation", "{}", "Content-Type", "application/json", "Origin", controlURL, "Sec-Fetch-Site", "same-origin")
		if a.status != 403 || a.Error.Code != "scope" {
			t.Errorf("a colleague changes the invitation by %s: %+v", method, a)
		}
	}
	if j := desk.do("GET", "/api/sessions/"+inv.ID+"/agent", ""); !j.Colleague {
		t.Error("a colleague's page is not told what they may not do")
	}
	second.send(`{"type":"end"}`)
	if told := second.expect("refused"); !strings.Contains(told, whyNotYours) {
		t.Errorf("a colleague who ends is told %s", told)
	}
	if got := r.session(inv).State(); got != Active {
		t.Errorf("a colleague ended the session: it is %s", got)
	}

	ask("taking it back", ada, "DELETE", one+"/agents/bob", "", 200)
	second.expectClose(4401)
	ask("looking then", bob, "GET", one, "", 404)
	unowned := r.create(View)
	sam := r.agent("sam", agents.Supervisor)
	ask("letting into a session that is nobody's", sam, "PUT", "/api/v1/sessions/"+unowned.ID+"/agents/bob", "{}", 400)
	got := r.recorded(inv.ID)
	if !slices.Contains(got, "agent:ada session.let-in ok bob") || !slices.Contains(got, "agent:ada session.let-out ok bob") {
		t.Errorf("recorded: %q", got)
	}
}

// TestExpiredInvitationsAreMadeAgain: with the settings of the session, in a new
// one.
func TestExpiredInvitationsAreMadeAgain(t *testing.T) {
	r := newRig(t)
	ada, bob := r.agent("ada", agents.Member), r.agent("bob", agents.Member)
	var inv Invitation
	create := func(rights string) int {
		return r.rest(ada, "POST", "/api/v1/sessions", `{"url":"`+startURL+`","visitor_name":"Vera","mode":"view","uses":2,"rights":`+rights+`}`, &inv)
	}
	if status := create(`["point","fly"]`); status != 400 {
		t.Errorf("a right that there is not: %d", status)
	}
	if status := create(`["scroll","point"]`); status != 200 {
		t.Fatal(status)
	}
	if err := r.session(inv).LetIn(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	before := r.session(inv).summary()
	r.clock.add(2 * time.Hour)
	r.hub.sweep()
	r.restart()
	if got := r.session(inv).State(); got != Expired {
		t.Fatalf("the session is %s", got)
	}
	if status := r.rest(bob, "POST", "/api/v1/sessions/"+inv.ID+"/invitation", "{}", nil); status != 403 {
		t.Errorf("a colleague invites again: %d", status)
	}
	var again Invitation
	if status := r.rest(ada, "POST", "/api/v1/sessions/"+inv.ID+"/invitation", `{"minutes":5}`, &again); status != 200 || again.ID == inv.ID {
		t.Fatalf("inviting again: %d, %+v", status, again)
	}
	after := r.session(again).summary()
	want := before
	want.ID, want.CreatedAt, want.ExpiresAt = again.ID, r.clock.now(), r.clock.now().Add(5*time.Minute)
	if !sameJSON(encode("x", after), encode("x", want)) {
		t.Errorf("the new session is %+v, want %+v", after, want)
	}
	if got := r.session(again).current(); !slices.Equal(got.Offered, Rights{Point, Scroll}) || !slices.Equal(got.Rights, got.Offered) {
		t.Errorf("the new session has the rights %v of %v", got.Rights, got.Offered)
	}
	if a := r.browser().join(inv.ID, inv.VisitorURL); a.status != 410 || a.Error.Code != "link_expired" {
		t.Errorf("the old link: %+v", a)
	}
	visitor := r.browser()
	visitor.join(again.ID, again.VisitorURL)
	if a := visitor.accept(again.ID); a.status != 200 {
		t.Errorf("accepting the new one: %+v", a)
	}
	// What ended otherwise is not invited to again.
	if err := r.session(again).End(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if status := r.rest(ada, "POST", "/api/v1/sessions/"+again.ID+"/invitation", "{}", nil); status != 410 {
		t.Errorf("inviting to a session that ended: %d", status)
	}
}
