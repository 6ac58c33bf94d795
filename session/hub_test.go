package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"tandem/session/jar"
	"tandem/session/secret"
	"tandem/session/state"
)

func TestCreateChecksItsRequest(t *testing.T) {
	r := newRig(t)
	for _, test := range []struct {
		req  Request
		want string
	}{
		{Request{URL: "https://other.example/"}, ErrOriginNotAllowed.Error()},
		{Request{URL: "javascript:alert(1)"}, "not an http"},
		{Request{URL: "shop.example"}, "not an http"},
		{Request{URL: startURL, Mode: "all"}, "mode"},
		{Request{URL: startURL, TTL: 25 * time.Hour}, "at most"},
		{Request{URL: startURL, TTL: -1}, "at most"},
	} {
		if _, err := r.hub.Create(t.Context(), test.req); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Create(%+v): %v, want %q", test.req, err, test.want)
		}
	}
	if got := r.hub.Sessions(); len(got) != 0 {
		t.Errorf("%d sessions were created", len(got))
	}
}

func TestVisitorsLinkIsForOneBrowser(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	first, second := r.browser(), r.browser()
	a := first.join(inv.ID, inv.VisitorURL)
	if a.status != 200 || a.Role != Visitor || a.State != Waiting || a.Agent != "Ada" || a.Origin != "https://shop.example" || len(a.Masked) == 0 {
		t.Errorf("first browser: %+v", a)
	}
	if a := second.join(inv.ID, inv.VisitorURL); a.status != 409 || a.Error.Code != "link_used" {
		t.Errorf("second browser: %+v", a)
	}
	for _, body := range []string{
		fmt.Sprintf(`{"session":%q,"secret":%q}`, inv.ID, secretOf(inv.VisitorURL)),
		fmt.Sprintf(`{"session":%q,"role":"visitor"}`, inv.ID),
		fmt.Sprintf(`{"session":%q,"role":"visitor","secret":"forgotten"}`, inv.ID),
		fmt.Sprintf(`{"code":%q}`, inv.Code),
	} {
		if a := first.post("/api/join", body); a.status != 200 || a.Role != Visitor {
			t.Errorf("first browser again, with %s: %+v", body, a)
		}
	}
	if a := second.post("/api/join", fmt.Sprintf(`{"code":%q}`, inv.Code)); a.status != 404 {
		t.Errorf("second browser with the code: %+v", a)
	}
}

// TestLostAnswerIsAskedForAgain has the answer that lets the visitor in get lost:
// the same page may ask again, nobody else, and only until the visitor decides.
func TestLostAnswerIsAskedForAgain(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	attempt := secret.New()
	body := fmt.Sprintf(`{"session":%q,"secret":%q,"attempt":%q}`, inv.ID, secretOf(inv.VisitorURL), attempt)
	lost, again := r.browser(), r.browser()
	if a := lost.post("/api/join", body); a.status != 200 {
		t.Fatalf("the first time: %+v", a)
	}
	for _, other := range []string{secret.New(), ""} {
		if a := r.browser().post("/api/join", strings.Replace(body, attempt, other, 1)); a.status != 409 {
			t.Errorf("another page: %+v", a)
		}
	}
	if a := again.post("/api/join", body); a.status != 200 || a.Role != Visitor {
		t.Fatalf("the same page again: %+v", a)
	}
	if a := lost.accept(inv.ID); a.status == 200 {
		t.Errorf("the lost cookie still opens: %+v", a)
	}
	if a := again.accept(inv.ID); a.status != 200 {
		t.Fatalf("accepting: %+v", a)
	}
	if a := r.browser().post("/api/join", body); a.status != 409 {
		t.Errorf("after the decision: %+v", a)
	}
}

func TestAgentsLinkWorksOnEveryDevice(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	for range 3 {
		if a := r.browser().join(inv.ID, inv.AgentURL); a.status != 200 || a.Role != Agent {
			t.Fatalf("%+v", a)
		}
	}
}

func TestCodeDoesWhatTheLinkDoes(t *testing.T) {
	r := newRig(t)
	inv := r.create(View)
	b := r.browser()
	typed := strings.ToLower(inv.Code[:4] + " - " + inv.Code[4:])
	if a := b.post("/api/join", fmt.Sprintf(`{"code":%q}`, typed)); a.status != 200 || a.joined.Session != inv.ID || a.Role != Visitor || a.Mode != View {
		t.Errorf("%+v", a)
	}
	if a := r.browser().join(inv.ID, inv.VisitorURL); a.Error.Code != "link_used" {
		t.Errorf("the link after the code: %+v", a)
	}
	late := r.create(View)
	r.clock.add(codeTTL + time.Second)
	if a := b.post("/api/join", fmt.Sprintf(`{"code":%q}`, late.Code)); a.status != 404 {
		t.Errorf("an old code: %+v", a)
	}
	if a := r.browser().join(late.ID, late.VisitorURL); a.status != 200 {
		t.Errorf("the link lives longer than the code: %+v", a)
	}
}

func TestS28GuessesAreFew(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	b := r.browser()
	var statuses []int
	for i := range 7 {
		statuses = append(statuses, b.post("/api/join", fmt.Sprintf(`{"code":"0000000%d"}`, i)).status)
	}
	if got, want := fmt.Sprint(statuses), "[404 404 404 404 404 429 429]"; got != want {
		t.Errorf("answers %s, want %s", got, want)
	}
	if a := b.post("/api/join", fmt.Sprintf(`{"code":%q}`, inv.Code)); a.status != 429 {
		t.Errorf("even the right code: %+v", a)
	}
	r.clock.add(2 * time.Minute)
	if a := b.post("/api/join", fmt.Sprintf(`{"code":%q}`, inv.Code)); a.status != 200 {
		t.Errorf("the right code after a while: %+v", a)
	}
	// Everybody together has a budget too.
	for r.hub.allGuesses.take("", r.clock.now()) {
	}
	r.clock.add(500 * time.Millisecond)
	if a := b.post("/api/join", `{"code":"00000000"}`); a.status != 404 {
		t.Errorf("one more guess of all: %+v", a)
	}
	if a := b.post("/api/join", `{"code":"00000000"}`); a.status != 429 {
		t.Errorf("one guess too many of all: %+v", a)
	}
}

func TestS28WrongSecretsLookAlike(t *testing.T) {
	r := newRig(t)
	inv, other := r.create(Shared), r.create(Shared)
	b := r.browser()
	for _, body := range []string{
		`{}`,
		`{"session":"aaaaaaaaaaaa","secret":"x"}`,
		fmt.Sprintf(`{"session":%q}`, inv.ID),
		fmt.Sprintf(`{"session":%q,"secret":""}`, inv.ID),
		fmt.Sprintf(`{"session":%q,"secret":%q}`, inv.ID, inv.ID),
		fmt.Sprintf(`{"session":%q,"secret":%q}`, inv.ID, secretOf(other.VisitorURL)),
		fmt.Sprintf(`{"session":%q,"role":"visitor"}`, inv.ID),
		fmt.Sprintf(`{"session":%q,"role":"agent","secret":%q}`, inv.ID, secretOf(inv.VisitorURL)),
	} {
		if a := b.post("/api/join", body); a.status != 404 || a.Error != (apiError{Code: "not_found", Message: errNoSession.Message}) {
			t.Errorf("%s: %+v", body, a)
		}
	}
}

func TestS33RequestsFromElsewhereAreRefused(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	b := r.browser()
	b.join(inv.ID, inv.VisitorURL)
	accept := "/api/sessions/" + inv.ID + "/visitor/accept"
	for _, test := range []struct {
		name, method string
		header       []string
		want         int
	}{
		{"another site", "POST", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{"a content host", "POST", []string{"Origin", shellURL(inv.ID), "Sec-Fetch-Site", "same-site"}, 403},
		{"an old browser at another site", "POST", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", ""}, 403},
		{"an opaque origin", "POST", []string{"Origin", "null", "Sec-Fetch-Site", ""}, 403},
		{"our name without TLS, or with", "POST", []string{"Origin", "https://control.test", "Sec-Fetch-Site", ""}, 403},
		{"two origins", "POST", []string{"Origin", controlURL + ", " + controlURL, "Sec-Fetch-Site", "same-origin"}, 403},
		{"another site, unnamed", "POST", []string{"Origin", "", "Sec-Fetch-Site", "cross-site"}, 403},
		{"a form", "POST", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		{"JSON called text", "POST", []string{"Content-Type", "text/plain"}, 415},
		{"no type", "POST", []string{"Content-Type", ""}, 415},
		{"GET", "GET", nil, 405},
	} {
		if a := b.do(test.method, accept, "{}", test.header...); a.status != test.want {
			t.Errorf("%s: %d, want %d", test.name, a.status, test.want)
		}
	}
	if got := r.session(inv).State(); got != Waiting {
		t.Errorf("the session is %s", got)
	}
	if a := r.browser().post(accept, "{}"); a.status != 401 {
		t.Errorf("a stranger accepts: %+v", a)
	}
	agent := r.browser()
	agent.join(inv.ID, inv.AgentURL)
	if a := agent.post(accept, "{}"); a.status != 401 {
		t.Errorf("the agent accepts: %+v", a)
	}
	if a := b.post("/api/join", `{"session":"`+strings.Repeat("x", maxBody)+`"}`); a.status != 400 {
		t.Errorf("a large body: %+v", a)
	}
}

func TestAcceptAndEnter(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	s := r.session(inv)
	b := r.browser()
	b.join(inv.ID, inv.VisitorURL)
	enter := "/api/sessions/" + inv.ID + "/visitor/enter"
	if a := b.post(enter, "{}"); a.status != 409 || a.Error.Code != "not_active" {
		t.Errorf("entering before accepting: %+v", a)
	}
	if s.Ticket("h") != "" {
		t.Error("a ticket before the visitor accepted")
	}
	for _, path := range []string{"accept", "accept", "enter"} {
		a := b.accept(inv.ID)
		if path == "enter" {
			a = b.post(enter, "{}")
		}
		if a.status != 200 || a.Enter != shellURL(inv.ID)+"/.tandem/enter" || len(a.Ticket) != secret.Len {
			t.Errorf("%s: %+v", path, a)
		}
		host := "shell--" + inv.ID + ".pages.test"
		cookie, err := s.Redeem(a.Ticket, host)
		if err != nil || !s.Visitor(host, cookie) || s.Visitor("shop-example--"+inv.ID+".pages.test", cookie) {
			t.Errorf("%s: redeeming: %v", path, err)
		}
		if _, err := s.Redeem(a.Ticket, host); !errors.Is(err, ErrTicket) {
			t.Errorf("%s: redeeming twice: %v", path, err)
		}
	}
	if a := b.post("/api/sessions/"+inv.ID+"/visitor/decline", "{}"); a.status != 409 {
		t.Errorf("declining after accepting: %+v", a)
	}
	if a := b.do("GET", "/api/sessions/"+inv.ID+"/visitor", ""); a.status != 200 || a.State != Active {
		t.Errorf("info: %+v", a)
	}
	if a := b.do("GET", "/api/sessions/"+inv.ID+"/agent", ""); a.status != 401 {
		t.Errorf("the agent's info: %+v", a)
	}
}

func TestDecline(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	visitor, agent := r.browser(), r.browser()
	visitor.join(inv.ID, inv.VisitorURL)
	agent.join(inv.ID, inv.AgentURL)
	p := agent.connectAgent(inv.ID, nil)
	if p.welcome.State != Waiting {
		t.Errorf("welcomed to a session that is %s", p.welcome.State)
	}
	if a := visitor.post("/api/sessions/"+inv.ID+"/visitor/decline", "{}"); a.status != 200 {
		t.Fatalf("%+v", a)
	}
	for p.expect("state") != `{"type":"state","state":"declined"}` {
	}
	p.expectText(`{"type":"ended","by":"visitor","reason":"declined"}`)
	p.expectClose(4403)
	for _, b := range []*browser{visitor, r.browser()} {
		if a := b.join(inv.ID, inv.VisitorURL); a.status != 410 || a.Error.Code != "declined" {
			t.Errorf("the visitor's link: %+v", a)
		}
	}
	if a := agent.join(inv.ID, inv.AgentURL); a.Error.Code != "declined" {
		t.Errorf("the agent's link: %+v", a)
	}
}

func TestInvitationExpires(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	agent := r.browser()
	agent.join(inv.ID, inv.AgentURL)
	p := agent.connectAgent(inv.ID, nil)
	r.clock.add(defaultTTL + time.Second)
	if a := r.browser().join(inv.ID, inv.VisitorURL); a.status != 410 || a.Error.Code != "link_expired" {
		t.Errorf("before the sweep: %+v", a)
	}
	r.hub.sweep()
	p.expect("ended")
	p.expectClose(4403)
	if a := r.browser().join(inv.ID, inv.VisitorURL); a.Error.Code != "link_expired" {
		t.Errorf("after the sweep: %+v", a)
	}
}

func TestIdleSessionEnds(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	_, agent, _ := r.meet(inv)
	p := agent.connectAgent(inv.ID, nil)
	r.clock.add(idleTTL + time.Second)
	r.hub.sweep()
	if got := r.session(inv).State(); got != Active {
		t.Fatalf("%s although the agent is there", got)
	}
	p.drop()
	until(t, "the agent is gone", func() bool { return !r.session(inv).room.online(Agent) })
	r.hub.sweep()
	if got := r.session(inv).State(); got != Active {
		t.Fatalf("%s although the agent just left", got)
	}
	r.clock.add(idleTTL + time.Second)
	r.hub.sweep()
	if s := r.session(inv); s.State() != Ended || s.EndReason() != "Nobody was here for an hour." {
		t.Errorf("%s: %s", s.State(), s.EndReason())
	}
}

func setCookie(t *testing.T, s *Session, line string, now time.Time) {
	t.Helper()
	u, err := url.Parse(startURL)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Jar().SetCookies(jar.Context{URL: u, SameSite: jar.Same, HTTP: true, Now: now}, []string{line}) {
		t.Fatal("the cookie was not taken")
	}
	s.CookiesChanged()
}

func cookies(t *testing.T, of *jar.Jar, now time.Time) string {
	t.Helper()
	u, err := url.Parse(startURL)
	if err != nil {
		t.Fatal(err)
	}
	return of.Header(jar.Context{URL: u, SameSite: jar.Same, HTTP: true, Now: now})
}

func TestRestart(t *testing.T) {
	r := newRig(t)
	waits, meets := r.create(Shared), r.create(View)
	visitor, agent, cookie := r.meet(meets)
	vp := r.connectVisitor(meets.ID, cookie, nil)
	vp.show()
	ap := agent.connectAgent(meets.ID, nil)
	ap.expect("doc")
	s := r.session(meets)
	setCookie(t, s, "cart=CANARY-COOKIE", r.clock.now())
	s.Alias("tok", "https://very.long.example")
	key := ap.welcome.Key
	if !s.AssetKey(key) || s.AssetKey("") || s.AssetKey(key+"x") {
		t.Error("the asset store opens to the wrong key")
	}

	r.restart()
	ap.expectClose(1001)
	vp.expectClose(1001)
	s = r.session(meets)
	if s.State() != Active || s.Mode() != View || s.StartURL() != startURL {
		t.Errorf("the session came back as %s, %s, %s", s.State(), s.Mode(), s.StartURL())
	}
	if got := cookies(t, s.Jar(), r.clock.now()); got != "cart=CANARY-COOKIE" {
		t.Errorf("the jar came back with %q", got)
	}
	if got, ok := s.Aliased(t.Context(), "tok"); !ok || got != "https://very.long.example" {
		t.Errorf("the alias came back as %q, %v", got, ok)
	}
	if !s.AssetKey(key) {
		t.Error("followers' addresses changed")
	}
	if _, ok := r.hub.Origins().Allowed(startURL); !ok {
		t.Error("the origin is forgotten")
	}
	vp = r.connectVisitor(meets.ID, cookie, vp)
	if vp.welcome.Resumed || len(vp.welcome.Tabs) != 1 || vp.welcome.Tabs[0].URL != startURL {
		t.Errorf("the visitor is welcomed with %+v", vp.welcome)
	}
	vp.show()
	ap = agent.connectAgent(meets.ID, ap)
	if ap.welcome.Resumed {
		t.Error("resumed a stream of another life")
	}
	if doc := ap.expect("doc"); !strings.Contains(doc, `"html"`) {
		ap.expect("ops")
	}
	if a := visitor.post("/api/sessions/"+meets.ID+"/visitor/enter", "{}"); a.status != 200 {
		t.Errorf("the visitor enters again: %+v", a)
	}
	if a := r.browser().join(waits.ID, waits.VisitorURL); a.status != 200 {
		t.Errorf("an invitation: %+v", a)
	}
	if a := r.browser().post("/api/join", fmt.Sprintf(`{"code":%q}`, waits.Code)); a.status != 404 {
		t.Errorf("the code of a link that was just used: %+v", a)
	}
}

// TestCookiesAreKeptBeforeTheyAreTold checks that a power cut right after a
// response takes none of its cookies.
func TestCookiesAreKeptBeforeTheyAreTold(t *testing.T) {
	c := newCouple(t, Shared)
	s := c.session(c.inv)
	setCookie(t, s, "cart=full", c.clock.now())
	var kept content
	value, err := c.hub.contents.Get(t.Context(), s.id)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(value, &kept); err != nil {
		t.Fatal(err)
	}
	var saved jar.Jar
	if err := saved.UnmarshalBinary(kept.Jar); err != nil {
		t.Fatal(err)
	}
	if got := cookies(t, &saved, c.clock.now()); got != "cart=full" {
		t.Errorf("kept %q", got)
	}
}

func TestSecondServerIsTurnedAway(t *testing.T) {
	r := newRig(t)
	_, err := Open(t.Context(), Config{Dir: r.dir, Control: controlURL, Links: func(string) (string, string) { return "", "" }})
	if !errors.Is(err, state.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
}

// TestEnd ends a session in each way and looks at what is left.
func TestEnd(t *testing.T) {
	for _, test := range []struct {
		by, reason string
		end        func(r *rig, inv Invitation, visitor, agent *peer)
	}{
		{"visitor", "Vera ended the session.", func(_ *rig, _ Invitation, v, _ *peer) { v.send(`{"type":"end"}`) }},
		{"agent", "Ada ended the session.", func(_ *rig, _ Invitation, _, a *peer) { a.send(`{"type":"end"}`) }},
		{"admin", "The session was ended by an administrator.", func(r *rig, inv Invitation, _, _ *peer) {
			if err := r.hub.End(r.t.Context(), inv.ID, "admin"); err != nil {
				r.t.Error(err)
			}
		}},
	} {
		t.Run(test.by, func(t *testing.T) {
			r := newRig(t)
			inv := r.create(Shared)
			visitor, agent, cookie := r.meet(inv)
			vp, ap := r.connectVisitor(inv.ID, cookie, nil), agent.connectAgent(inv.ID, nil)
			vp.show()
			ap.expect("doc")
			ap.send(`{"type":"chat","text":"CANARY-CHAT"}`)
			ap.send(`{"type":"draw","doc":1,"kind":"box","points":[1,2,3,4]}`)
			vp.expect("chat")
			vp.expect("draw")
			vp.send(`{"type":"dialog","doc":1,"kind":"alert","text":"CANARY-DIALOG"}`)
			vp.send(`{"type":"download","name":"CANARY-FILE"}`)
			for kind := ""; kind != "download"; {
				kind, _ = ap.next()
			}
			s := r.session(inv)
			setCookie(t, s, "login=CANARY-COOKIE", r.clock.now())
			ticket := s.Ticket("h")
			start := time.Now()
			test.end(r, inv, vp, ap)
			want := fmt.Sprintf(`{"type":"ended","by":%q,"reason":%q}`, test.by, test.by)
			for _, p := range []*peer{vp, ap} {
				for {
					kind, text := p.next()
					if kind == "ended" {
						if string(text) != want {
							t.Errorf("told %s, want %s", text, want)
						}
						break
					}
				}
				p.expectClose(4403)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %v", took)
			}
			if s.State() != Ended || s.EndReason() != test.reason || s.StartURL() != "" {
				t.Errorf("%s, %q, %q", s.State(), s.EndReason(), s.StartURL())
			}
			until(t, "nothing of the session is in memory", func() bool {
				s.room.mu.Lock()
				defer s.room.mu.Unlock()
				kept := len(s.room.said) + len(s.room.drawn) + len(s.room.dialogs)
				for _, st := range s.room.seats {
					kept += len(st.link.ring) + len(st.link.queue) + len(st.rates)
				}
				return kept == 0
			})
			if s.Visitor("shell--"+inv.ID+".pages.test", cookie) || s.AssetKey(ap.welcome.Key) || cookies(t, s.Jar(), r.clock.now()) != "" || s.Ticket("h") != "" {
				t.Error("something still opens")
			}
			if _, err := s.Redeem(ticket, "h"); !errors.Is(err, ErrOver) {
				t.Errorf("redeeming an old ticket: %v", err)
			}
			for _, b := range []*browser{visitor, agent, r.browser()} {
				for _, link := range []string{inv.VisitorURL, inv.AgentURL} {
					if a := b.join(inv.ID, link); a.status != 410 || a.Error.Code != "session_ended" {
						t.Errorf("a dead link: %+v", a)
					}
				}
			}
			ws, _, err := agent.agentSocket(inv.ID, controlURL)
			if err != nil {
				t.Fatal(err)
			}
			(&peer{t: t, ws: ws}).expectClose(4403)

			until(t, "the content is erased", func() bool {
				_, err := r.hub.contents.Get(t.Context(), inv.ID)
				return errors.Is(err, state.ErrNotFound)
			})
			r.restart()
			if s := r.session(inv); s.State() != Ended || s.EndReason() != test.reason {
				t.Errorf("after a restart: %s, %q", s.State(), s.EndReason())
			}
			shell := "shell--" + inv.ID + ".pages.test"
			if s := r.session(inv); !s.Left(shell, cookie) || s.Left(shell, ticket) || s.Left("h", cookie) || s.Visitor(shell, cookie) {
				t.Error("it is not the visitor, and nobody else, who is told that it is over")
			}
			r.clock.add(tombstoneTTL + time.Second)
			r.hub.sweep()
			if _, ok := r.hub.Session(inv.ID); ok {
				t.Error("the tombstone stays")
			}
		})
	}
}

// keepsNothing searches the log and the disk for what must be in neither.
func (r *rig) keepsNothing(secrets ...string) {
	r.t.Helper()
	files := onDisk(r.t, r.dir)
	files["the log"] = r.logs.String()
	for name, text := range files {
		for i, secret := range secrets {
			if strings.Contains(text, secret) {
				r.t.Errorf("%s holds secret %d", name, i)
			}
		}
	}
}

// TestS53NothingSecretIsKept searches store and log for what must not be there.
func TestS53NothingSecretIsKept(t *testing.T) {
	r := newRig(t)
	inv := r.create(Shared)
	_, agent, cookie := r.meet(inv)
	vp, ap := r.connectVisitor(inv.ID, cookie, nil), agent.connectAgent(inv.ID, nil)
	vp.send(`{"type":"tab","tab":1,"url":"https://shop.example/CANARY-PATH","title":"CANARY-TITLE"}`)
	vp.send(`{"type":"doc","doc":1,"tab":1,"url":"https://shop.example/CANARY-PATH"}`)
	vp.send(`{"type":"ops","doc":1,"ops":[[0,1,"standards",["html",0,"CANARY-TEXT"]]]}`)
	vp.send(`{"type":"ops","doc":1,"ops":[[1,999],"CANARY-OP"]}`)
	ap.expect("doc")
	setCookie(t, r.session(inv), "login=CANARY-COOKIE", r.clock.now())
	ap.send(`{"type":"chat","text":"CANARY-CHAT"}`)
	vp.send(`{"type":"dialog","doc":1,"kind":"prompt","text":"CANARY-DIALOG"}`)
	vp.send(`{"type":"download","name":"CANARY-FILE"}`)
	ap.expectAny("dialog")
	ap.expectAny("download")
	ticket := r.session(inv).Ticket("CANARY-HOST")
	u, _ := url.Parse(controlURL)
	secrets := []string{"CANARY", secretOf(inv.VisitorURL), secretOf(inv.AgentURL), inv.Code, cookie, ticket, vp.stream, ap.welcome.Key}
	for _, c := range agent.Jar.Cookies(u) {
		secrets = append(secrets, c.Value)
	}
	r.stop()
	r.keepsNothing(secrets...)
	if !strings.Contains(r.logs.String(), inv.ID) {
		t.Error("the log says nothing at all")
	}
	r.start()
}

func TestS32SocketOrigins(t *testing.T) {
	r := newRig(t)
	inv, other := r.create(Shared), r.create(Shared)
	_, agent, cookie := r.meet(inv)
	shell := shellURL(inv.ID)
	for _, origin := range []string{
		"", "null", "http://shop-example--" + inv.ID + ".pages.test", shellURL(other.ID), shell + ".evil", strings.ToUpper(shell),
		shell + ":8080", strings.Replace(shell, "http", "https", 1), controlURL,
	} {
		if _, resp, err := r.visitorSocket(inv.ID, cookie, origin); err == nil || resp == nil || resp.StatusCode != 403 {
			t.Errorf("the visitor's socket opens to %q: %v", origin, err)
		}
	}
	for _, origin := range []string{"", "null", shell, "http://evil.test", controlURL + ":8080"} {
		if _, resp, err := agent.agentSocket(inv.ID, origin); err == nil || resp == nil || resp.StatusCode != 403 {
			t.Errorf("the agent's socket opens to %q: %v", origin, err)
		}
	}
	for name, open := range map[string]func() (*peer, error){
		"no cookie": func() (*peer, error) {
			ws, _, err := r.visitorSocket(inv.ID, "", shell)
			return &peer{t: t, ws: ws}, err
		},
		"wrong cookie": func() (*peer, error) {
			ws, _, err := r.visitorSocket(inv.ID, secret.New(), shell)
			return &peer{t: t, ws: ws}, err
		},
		"stranger": func() (*peer, error) {
			ws, _, err := r.browser().agentSocket(inv.ID, controlURL)
			return &peer{t: t, ws: ws}, err
		},
		"other session": func() (*peer, error) {
			ws, _, err := agent.agentSocket(other.ID, controlURL)
			return &peer{t: t, ws: ws}, err
		},
		"unknown session": func() (*peer, error) {
			ws, _, err := agent.agentSocket("aaaaaaaaaaaa", controlURL)
			return &peer{t: t, ws: ws}, err
		},
	} {
		p, err := open()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p.expectClose(4401)
	}
}

func TestCookieAttributes(t *testing.T) {
	h := &Hub{cfg: Config{Control: "https://tandem.example"}}
	c := h.cookie(Visitor, "abcdefgh2345", "v")
	if got, want := c.String(), "__Host-tandem-v-abcdefgh2345=v; Path=/; HttpOnly; Secure; SameSite=Lax"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	h.cfg.Control = controlURL
	if got, want := h.cookie(Agent, "abcdefgh2345", "v").String(), "tandem-a-abcdefgh2345=v; Path=/; HttpOnly; SameSite=Lax"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSessionsAreListed(t *testing.T) {
	c := newCouple(t, View)
	c.clock.add(time.Minute)
	c.create(Shared)
	s := c.session(c.inv)
	s.Blocked("img-src")
	s.Blocked("img-src")
	for i := range 2 * maxBlockedKinds {
		s.Blocked(fmt.Sprint("kind ", i))
	}
	list := c.hub.Sessions()
	if len(list) != 2 || list[0].State != Waiting || list[1].ID != c.inv.ID {
		t.Fatalf("got %+v", list)
	}
	got := list[1]
	if !got.AgentOnline || !got.VisitorOnline || got.Agent != "Ada" || got.Mode != View || got.Blocked["img-src"] != 2 || len(got.Blocked) > maxBlockedKinds+1 {
		t.Errorf("got %+v", got)
	}
}

// TestStoreFails checks that without the store nobody gets in, and that an end
// is an end.
func TestStoreFails(t *testing.T) {
	c := newCouple(t, Shared)
	waits := c.create(Shared)
	visitor := c.rig.browser()
	visitor.join(waits.ID, waits.VisitorURL)
	c.hub.store.Close()
	if a := visitor.accept(waits.ID); a.status != 500 || a.Error.Code != "internal" {
		t.Errorf("accepting: %+v", a)
	}
	if got := c.session(waits).State(); got != Waiting {
		t.Errorf("the session is %s", got)
	}
	if a := c.rig.browser().join(waits.ID, waits.AgentURL); a.status != 500 {
		t.Errorf("joining: %+v", a)
	}
	if err := c.hub.End(t.Context(), c.inv.ID, "admin"); err == nil {
		t.Error("the end was not recorded, and nobody said so")
	}
	c.vis.expectAny("ended")
	c.vis.expectClose(4403)
	if s := c.session(c.inv); s.State() != Ended || s.AssetKey(c.ag.welcome.Key) {
		t.Error("the session goes on")
	}
}
