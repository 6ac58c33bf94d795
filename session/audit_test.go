package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/session/agents"
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

// TestS54TheAuditLogIsReadByTheAPI page by page: all pages are a log that can be
// verified. Only supervisors and admins read it.
func TestS54TheAuditLogIsReadByTheAPI(t *testing.T) {
	r := newRig(t)
	ada, sam, amy := r.agent("ada", agents.Member), r.agent("sam", agents.Supervisor), r.agent("amy", agents.Admin)
	inv := r.createBy(ada)
	r.clock.add(time.Minute)
	later := r.clock.now()
	if err := r.hub.End(t.Context(), inv.ID, "<&>"); err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]struct {
		key  string
		want int
	}{
		"nobody": {"", 401}, "an agent": {ada, 403}, "a supervisor": {sam, 200}, "an admin": {amy, 200},
		"a key for something else": {r.key("sam", agents.ReadSessions), 403}, "a key for this": {r.key("sam", agents.ReadAudit), 200},
	} {
		if got := r.rest(c.key, "GET", "/api/v1/audit", "", nil); got != c.want {
			t.Errorf("%s: %d, want %d", who, got, c.want)
		}
	}
	type page struct {
		Entries []json.RawMessage
		More    bool
	}
	var log bytes.Buffer
	for since, more := int64(0), true; more; {
		var p page
		if status := r.rest(amy, "GET", fmt.Sprintf("/api/v1/audit?limit=3&since=%d", since), "", &p); status != 200 || len(p.Entries) > 3 || len(p.Entries) == 0 {
			t.Fatalf("after %d: %d, %s", since, status, p.Entries)
		}
		for _, e := range p.Entries {
			log.Write(append(e, '\n'))
			since++
		}
		more = p.More
	}
	whole, err := r.hub.audit.Contents()
	if err != nil || !bytes.Equal(log.Bytes(), whole) {
		t.Errorf("the pages are not the log (%v):\n%s\n%s", err, &log, whole)
	}
	for query, want := range map[string]int{"?session=" + inv.ID: 3, "?session=" + inv.ID + "&since=" + later.UTC().Format(time.RFC3339): 1, "?session=aaaaaaaaaaaa": 0} {
		var p page
		if status := r.rest(amy, "GET", "/api/v1/audit"+query, "", &p); status != 200 || len(p.Entries) != want || p.More {
			t.Errorf("%s: %d, %s, want %d entries", query, status, p.Entries, want)
		}
	}
	for _, query := range []string{"?since=now", "?limit=0", "?limit=1001", "?limit=x"} {
		if status := r.rest(amy, "GET", "/api/v1/audit"+query, "", nil); status != 400 {
			t.Errorf("%s: %d", query, status)
		}
	}
}

// TestS28WrongGuessesAreRecorded: the first of an address at once, how many more
// there were later. Many addresses take no more lines than a few.
func TestS28WrongGuessesAreRecorded(t *testing.T) {
	r := newRig(t)
	inv := r.create(View)
	b := r.browser()
	guesses := func() (list []string) {
		t.Helper()
		for _, e := range r.recorded("") {
			if strings.HasPrefix(e, "somebody") {
				list = append(list, e)
			}
		}
		return list
	}
	for range 7 { // of which two are refused unseen
		b.post("/api/join", `{"code":"AAAA BBBB"}`)
	}
	b.post("/api/join", `{"session":"`+inv.ID+`","secret":"`+strings.Repeat("x", 22)+`"}`)
	b.post("/api/sign-in", `{"key":"tandem_x"}`)
	r.rest("tandem_0123_x", "GET", "/api/v1/me", "", nil)
	b.do("GET", "/api/v1/me", "") // no guess: nothing is shown
	want := []string{"somebody session.join refused 127.0.0.1", "somebody agents.sign-in refused 127.0.0.1", "somebody api.key refused 127.0.0.1"}
	if got := guesses(); !slices.Equal(got, want) {
		t.Errorf("recorded at once: %q, want %q", got, want)
	}
	r.clock.add(refusalWindow)
	r.hub.sweep()
	if got := guesses()[3:]; !slices.Equal(got, []string{"somebody session.join refused 127.0.0.1, 7 more times"}) {
		t.Errorf("recorded after a while: %q", got)
	}
	// A right secret is no guess, whatever it opens.
	visitor := r.browser()
	visitor.join(inv.ID, inv.VisitorURL)
	visitor.post("/api/sessions/"+inv.ID+"/visitor/decline", "{}")
	visitor.join(inv.ID, inv.VisitorURL)
	if got := len(guesses()); got != 4 {
		t.Errorf("recorded: %q", guesses())
	}

	var lines int
	for i := range 10_000 {
		if _, due := r.hub.refusals.add(refused{"session.join", fmt.Sprintf("192.0.2.%d", i)}, r.clock.now()); due {
			lines++
		}
	}
	lines += len(r.hub.refusals.over(r.clock.now()))
	if lines > maxRefused+2 || len(r.hub.refusals.seen) != 0 {
		t.Errorf("10,000 guesses from as many addresses take %d lines", lines)
	}
}
