package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/session"
	"tandem/session/agents"
)

// agent adds an agent and returns a key of theirs.
func (b *battle) agent(name string, role agents.Role) string {
	b.t.Helper()
	if _, err := b.Hub.Agents().Add(b.t.Context(), agents.Agent{Name: name, Role: role}); err != nil {
		b.t.Fatal(err)
	}
	key, _, err := b.Hub.Agents().NewKey(b.t.Context(), name, nil, time.Hour)
	if err != nil {
		b.t.Fatal(err)
	}
	return key
}

// signIn signs a browser in to the console.
func (c *client) signIn(key string) {
	c.b.t.Helper()
	if resp, text := c.api(http.MethodPost, "/api/sign-in", fmt.Sprintf(`{"key":%q}`, key)); resp.StatusCode != http.StatusOK {
		c.b.t.Fatalf("signing in: %s", text)
	}
}

// TestS30NobodyIsDrawnIntoAnothersSession tries to have a victim's browser enter
// a session that the attacker has joined and accepted.
func TestS30NobodyIsDrawnIntoAnothersSession(t *testing.T) {
	b := newBattle(t)
	invited, attacker, _ := b.meet(session.Shared)
	attacker.follow(b.at(invited.ID, b.site.URL+"/"))
	shell, content := b.domain().Shell(invited.ID), b.at(invited.ID, b.site.URL)
	victim := b.client()
	clean := func(what string) {
		t.Helper()
		for _, host := range []string{shell, content} {
			for _, c := range victim.http.Jar.Cookies(mustParse(t, host)) {
				if c.Name != "tandem-state" {
					t.Errorf("%s: the victim's browser has the cookie %s", what, c.Name)
				}
			}
		}
	}

	ticket := func() string {
		_, text := attacker.api(http.MethodPost, "/api/sessions/"+invited.ID+"/visitor/enter", "{}")
		var way struct{ Ticket string }
		if json.Unmarshal([]byte(text), &way); way.Ticket == "" {
			t.Fatalf("no ticket: %s", text)
		}
		return way.Ticket
	}
	for _, origin := range []string{"http://evil.example", "null", content, shell} {
		resp, _ := victim.ask(http.MethodPost, shell+"/.tandem/enter", "ticket="+ticket(),
			header{"Content-Type": "application/x-www-form-urlencoded", "Origin": origin})
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("a ticket posted by a page of %s: %d", origin, resp.StatusCode)
		}
	}
	clean("a ticket posted by another page")

	// The attacker's way into a content host, stopped before its last step.
	fresh := b.client()
	fresh.http.Jar.SetCookies(mustParse(t, shell), attacker.http.Jar.Cookies(mustParse(t, shell)))
	address := content + "/"
	for range 2 {
		resp, _ := fresh.ask(http.MethodGet, address, "", navigation)
		to, err := resp.Location()
		if err != nil {
			t.Fatalf("%s leads nowhere: %d", address, resp.StatusCode)
		}
		address = to.String()
	}
	if !strings.Contains(address, "/.tandem/enter?") {
		t.Fatalf("the last step is %s", address)
	}
	before := len(b.site.requests())
	victim.ask(http.MethodGet, address, "", navigation)
	victim.ask(http.MethodGet, content+"/", "", navigation) // gets a state of its own
	victim.ask(http.MethodGet, address, "", navigation)
	clean("the attacker's last step")

	// A link is an invitation, and no more, until its reader agrees.
	open := b.invite(b.site.URL+"/", session.Shared)
	victim.join(open.ID, open.VisitorURL)
	for _, path := range []string{b.at(open.ID, b.site.URL+"/"), b.domain().Shell(open.ID) + "/"} {
		if resp, text := victim.follow(path); resp.StatusCode != http.StatusForbidden || strings.Contains(text, "c4nary") {
			t.Errorf("%s before consent: %d", path, resp.StatusCode)
		}
	}
	if resp, _ := victim.api(http.MethodPost, "/api/sessions/"+open.ID+"/visitor/enter", "{}"); resp.StatusCode != http.StatusConflict {
		t.Errorf("a ticket before consent: %d", resp.StatusCode)
	}
	// A page of ours from before a change, or a program that skipped it, agrees to nothing.
	if resp, _ := victim.api(http.MethodPost, "/api/sessions/"+open.ID+"/visitor/accept", `{"terms":"","words":"x"}`); resp.StatusCode != http.StatusConflict {
		t.Errorf("agreeing without having read: %d", resp.StatusCode)
	}
	if n := len(b.site.requests()) - before; n != 0 {
		t.Errorf("%d requests reached the site", n)
	}
}

// TestS33TheAPIIsForItsOwnPages sends what changes something from elsewhere, with
// the cookie of an admin's console.
func TestS33TheAPIIsForItsOwnPages(t *testing.T) {
	b := newBattle(t)
	admin := b.client()
	admin.signIn(b.agent("amy", agents.Admin))
	b.agent("ada", agents.Member)
	invited := b.invite(b.site.URL+"/", session.Shared)
	content := b.at(invited.ID, b.site.URL)
	acts := []struct{ method, path, body string }{
		{"POST", "/api/v1/sessions", `{"url":"` + b.site.URL + `/"}`},
		{"DELETE", "/api/v1/sessions/" + invited.ID, ""},
		{"POST", "/api/v1/sessions/" + invited.ID + "/invitation", "{}"},
		{"DELETE", "/api/v1/sessions/" + invited.ID + "/invitation", ""},
		{"POST", "/api/v1/agents", `{"name":"eve","role":"admin"}`},
		{"PATCH", "/api/v1/agents/ada", `{"role":"admin"}`},
		{"DELETE", "/api/v1/agents/ada", ""},
		{"POST", "/api/v1/agents/ada/keys", `{"days":1}`},
		{"POST", "/api/sign-out", "{}"},
		{"POST", "/api/sign-in", `{"key":"x"}`},
	}
	elsewhere := []header{
		{"Origin": content, "Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
		{"Origin": "http://evil.example", "Content-Type": "application/json"},
		{"Origin": "null", "Content-Type": "application/json"},
		{"Sec-Fetch-Site": "same-site", "Content-Type": "application/json"},
	}
	forms := []header{
		{"Origin": b.Control.String(), "Content-Type": "text/plain"},
		{"Origin": b.Control.String(), "Content-Type": "application/x-www-form-urlencoded"},
		{"Origin": b.Control.String()},
	}
	for _, act := range acts {
		for _, h := range elsewhere {
			if resp, text := admin.ask(act.method, b.Control.String()+act.path, act.body, maps.Clone(h)); resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s from %v: %d %s", act.method, act.path, h, resp.StatusCode, text)
			}
		}
		if act.body != "" {
			for _, h := range forms {
				if resp, text := admin.ask(act.method, b.Control.String()+act.path, act.body, maps.Clone(h)); resp.StatusCode != http.StatusUnsupportedMediaType {
					t.Errorf("%s %s as %v: %d %s", act.method, act.path, h, resp.StatusCode, text)
				}
			}
		}
	}
	// Nothing of it was done, and no GET does anything.
	for _, act := range acts {
		admin.api(http.MethodGet, act.path+"?_method="+act.method, act.body)
	}
	if list := b.Hub.Sessions(); len(list) != 1 || list[0].State != session.Waiting || list[0].Invitation != session.Sent {
		t.Errorf("the sessions are %+v", list)
	}
	if ada, _ := b.Hub.Agents().Get("ada"); len(b.Hub.Agents().List()) != 2 || ada.Role != agents.Member || len(ada.Keys) != 1 {
		t.Errorf("the agents are %+v", b.Hub.Agents().List())
	}
	if resp, _ := admin.api(http.MethodGet, "/api/v1/me", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("signed out: %d", resp.StatusCode)
	}
	resp, _ := b.client().api(http.MethodPost, "/api/sign-in", fmt.Sprintf(`{"key":%q}`, b.agent("sam", agents.Supervisor)))
	if c := resp.Header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Path=/") {
		t.Errorf("the console's cookie is %q", c)
	}
}

// TestS34AConsoleOpensNoContent replays what a signed-in agent has to every kind
// of content address.
func TestS34AConsoleOpensNoContent(t *testing.T) {
	b := newBattle(t)
	key := b.agent("sam", agents.Supervisor)
	invited, visitor, _ := b.meet(session.Shared)
	visitor.follow(b.at(invited.ID, b.site.URL+"/"))
	supervisor := b.client()
	supervisor.signIn(key)
	before := len(b.site.requests())
	cookie := supervisor.http.Jar.Cookies(b.Control)[0].Value
	content, shell := b.at(invited.ID, b.site.URL), b.domain().Shell(invited.ID)
	for _, credential := range []string{cookie, key} {
		for _, host := range []string{content, shell} {
			for _, path := range []string{"/", "/.tandem/cookie?path=/", "/.tandem/socket", "/pixel.png"} {
				h := header{"Cookie": "tandem=" + credential + "; tandem-console=" + credential, "Authorization": "Bearer " + credential}.with(navigation)
				if resp, text := b.client().ask("GET", host+path, "", h); resp.StatusCode < 300 || strings.Contains(text, "c4nary") {
					t.Errorf("%s%s: %d %.80s", host, path, resp.StatusCode, text)
				}
			}
		}
	}
	if ws, _, err := supervisor.open(b.shellSocket(invited.ID)); err == nil {
		ws.Close()
		t.Error("the supervisor opened the visitor's socket")
	}
	for _, path := range []string{"jar", "cookies", "content", "visitor"} {
		if resp, _ := supervisor.api(http.MethodGet, "/api/v1/sessions/"+invited.ID+"/"+path, ""); resp.StatusCode != http.StatusNotFound {
			t.Errorf("the API has %s: %d", path, resp.StatusCode)
		}
	}
	if _, text := supervisor.api(http.MethodGet, "/api/v1/sessions/"+invited.ID, ""); strings.Contains(text, "c4nary") {
		t.Errorf("the API tells of cookies: %s", text)
	}
	if n := len(b.site.requests()) - before; n != 0 {
		t.Errorf("%d requests reached the site", n)
	}
}

// TestS39NamesStayText has names with markup, terminal codes and marks of
// direction in the lists of the command line.
func TestS39NamesStayText(t *testing.T) {
	const evil = "\x1b]0;owned\x07\x1b[31m<script>alert(1)</script>\u202e\u2066moc.live\n"
	rows := agentRows([]agents.Agent{{Name: "ada", FullName: evil, Role: agents.Member, Keys: []agents.Key{}}})
	var out strings.Builder
	cmd := newRoot()
	cmd.SetOut(&out)
	if err := printTable(cmd, rows); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\u202e\u2066") || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("printed %q", out.String())
	}
}

// TestS41HeadersAndSpellingsOpenNothing claims to be somebody, or somewhere,
// that needs no credential, as has worked against proxies that authenticate.
func TestS41HeadersAndSpellingsOpenNothing(t *testing.T) {
	b := newBattle(t)
	b.agent("amy", agents.Admin)
	invited, visitor, _ := b.meet(session.Shared)
	visitor.follow(b.at(invited.ID, b.site.URL+"/"))
	before := len(b.site.requests())
	control := b.Control.String()
	claims := []header{
		{}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-Ip": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1;host=" + b.Control.Host},
		{"X-Forwarded-User": "amy"}, {"X-Forwarded-Email": "amy@shop.example"}, {"X-Forwarded-Preferred-Username": "amy"}, {"X_Forwarded_User": "amy"},
		{"X-Remote-User": "amy"}, {"Remote-User": "amy"}, {"X-Auth-Request-User": "amy"}, {"X-Auth-Request-Email": "amy@shop.example"}, {"X-Webauth-User": "amy"},
		{"X-Original-Url": "/healthz"}, {"X-Rewrite-Url": "/healthz"}, {"X-Forwarded-Uri": "/healthz"}, {"X-Original-Uri": "/healthz"},
		{"X-Forwarded-Host": b.Control.Host}, {"X-Http-Method-Override": "GET"}, {"X-Forwarded-Proto": "https"},
		{"User-Agent": "GoogleHC/1.0"}, {"User-Agent": "kube-probe/1.31"}, {"User-Agent": "ELB-HealthChecker/2.0"},
		{"Authorization": "Basic YW15OmFteQ=="}, {"Authorization": "Bearer"}, {"Authorization": "Bearer amy"}, {"Authorization": "bearer null"},
		{"Cookie": "tandem-console="}, {"Cookie": "tandem-console=amy"}, {"Cookie": "tandem-console=undefined; tandem-console=null"},
	}
	paths := []string{
		"/api/v1/sessions", "/api/v1/agents", "/api/sessions/" + invited.ID + "/agent", "/api/sessions/" + invited.ID + "/visitor",
	}
	for _, path := range paths {
		for _, h := range claims {
			if resp, text := b.client().ask("GET", control+path, "", maps.Clone(h)); resp.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s with %v: %d %.80s", path, h, resp.StatusCode, text)
			}
		}
		for _, spelling := range []string{
			path + "?/healthz", path + "%23/healthz", path + ";/healthz", path + "/", "/" + path, path + "/.", path + "%2f", path + "%00", "/healthz/.." + path,
			"/healthz%2f.." + path, "/healthz/%2e%2e" + path, "/.tandem/static/.." + path, `/.tandem/static/..%5c` + path, strings.ToUpper(path), path + "?access_token=amy",
			"//healthz/.." + path, "/./" + path, path + "%20", path + ".json",
		} {
			if resp, text := b.client().ask("GET", control+spelling, "", nil); resp.StatusCode == http.StatusOK {
				t.Errorf("%s: %d %.80s", spelling, resp.StatusCode, text)
			}
		}
	}
	for _, host := range []string{b.at(invited.ID, b.site.URL), b.domain().Shell(invited.ID)} {
		for _, h := range claims {
			if resp, text := b.client().ask("GET", host+"/", "", maps.Clone(h).with(navigation)); resp.StatusCode == http.StatusOK || strings.Contains(text, "c4nary") {
				t.Errorf("%s with %v: %d %.80s", host, h, resp.StatusCode, text)
			}
		}
	}
	if n := len(b.site.requests()) - before; n != 0 {
		t.Errorf("%d requests reached the site", n)
	}
	// Nor does another address by name get another budget.
	last := 0
	for i := range 7 {
		resp, _ := b.client().ask("POST", control+"/api/join", fmt.Sprintf(`{"code":"0000000%d"}`, i),
			header{"Content-Type": "application/json", "X-Forwarded-For": fmt.Sprintf("203.0.113.%d", i), "Forwarded": fmt.Sprintf("for=203.0.113.%d", i)})
		last = resp.StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the seventh guess from one address under seven names: %d", last)
	}
}

// TestS42OneListener looks for what is for the operator only on every host, and
// counts the ports that the server opens.
func TestS42OneListener(t *testing.T) {
	before := listening(t)
	b := newBattle(t)
	opened := listening(t)
	for port := range before {
		delete(opened, port)
	}
	want := []string{b.Control.Port(), mustParse(t, b.site.URL).Port()}
	if got := slices.Sorted(maps.Keys(opened)); len(got) > 0 && !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("ports %v are open, want the server's and the site's %v", got, want)
	}
	invited, visitor, _ := b.meet(session.Shared)
	visitor.follow(b.at(invited.ID, b.site.URL+"/"))
	hosts := []string{b.Control.String(), "http://" + b.cfg.Listen, b.domain().Shell(invited.ID), b.domain().View(invited.ID), b.at(invited.ID, b.site.URL)}
	for _, host := range hosts {
		for _, path := range []string{
			"/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/debug/requests", "/metrics", "/varz", "/connz", "/jsz", "/status", "/server-status",
			"/origins", "/sessions", "/agents", "/test?url=" + url.QueryEscape(b.site.URL), "/admin", "/api/v1/audit", "/.git/config", "/tandem.sock",
		} {
			resp, text := b.client().ask("GET", host+path, "", nil)
			if resp.StatusCode == http.StatusOK || strings.Contains(text, "goroutine") {
				t.Errorf("%s%s: %d %.80s", host, path, resp.StatusCode, text)
			}
		}
	}
	info, err := os.Stat(filepath.Join(b.cfg.Data, "tandem.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the operator's socket: %v, %v", info.Mode(), err)
	}
}

// listening returns the TCP ports that this process listens on, none where
// /proc does not tell.
func listening(t *testing.T) map[string]bool {
	t.Helper()
	mine := map[string]bool{}
	files, _ := os.ReadDir("/proc/self/fd")
	for _, f := range files {
		to, _ := os.Readlink("/proc/self/fd/" + f.Name())
		if inode, ok := strings.CutPrefix(to, "socket:["); ok {
			mine[strings.TrimSuffix(inode, "]")] = true
		}
	}
	ports := map[string]bool{}
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) < 10 || fields[3] != "0A" || !mine[fields[9]] {
				continue
			}
			_, hex, _ := strings.Cut(fields[1], ":")
			var port int
			if _, err := fmt.Sscanf(hex, "%X", &port); err != nil {
				t.Fatal(err)
			}
			ports[fmt.Sprint(port)] = true
		}
	}
	return ports
}

// TestS43StrangersLearnNothing asks for content of sessions that are live, over,
// waiting and never were: all answers are one, and nothing reaches the site. Not
// asked for here is what documents without an origin load in a live session: it
// comes without cookies and is served without the session's (see S34).
func TestS43StrangersLearnNothing(t *testing.T) {
	b := newBattle(t)
	live, visitor, _ := b.meet(session.Shared)
	visitor.follow(b.at(live.ID, b.site.URL+"/"))
	over, _, _ := b.meet(session.Shared)
	if err := b.Hub.End(t.Context(), over.ID, "admin"); err != nil {
		t.Fatal(err)
	}
	waiting := b.invite(b.site.URL+"/", session.Shared)
	ids := map[string]string{"live": live.ID, "over": over.ID, "waiting": waiting.ID, "never": "aaaaaaaaaaaa"}
	before := len(b.site.requests())
	state := regexp.MustCompile(`state=[A-Z0-9]+`)
	answer := func(id, host, path string, h header) string {
		t.Helper()
		text := ""
		address := host + path
		for range 3 { // and where it is sent
			resp, body := b.client().ask("GET", address, "", maps.Clone(h))
			for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
				if name != "Date" {
					text += name + ": " + strings.Join(resp.Header[name], ", ") + "\n"
				}
			}
			text = fmt.Sprintf("%s%d\n%s\n", text, resp.StatusCode, body)
			to, err := resp.Location()
			if err != nil {
				break
			}
			address = to.String()
		}
		text = strings.ReplaceAll(text, url.QueryEscape(id), "ID")
		text = regexp.MustCompile(`tandem-state=[A-Z0-9]+`).ReplaceAllString(text, "tandem-state=S")
		return state.ReplaceAllString(strings.ReplaceAll(text, id, "ID"), "state=S")
	}
	for _, h := range []header{
		{}, navigation,
		{"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"},
		{"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site", "Referer": "http://phish.example/"},
		{"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
		{"Cookie": "tandem=c4naryc4naryc4naryc4na"}, // as a site may set it, below http
	} {
		for _, path := range []string{"/", "/login", "/.tandem/cookie?path=/", "/robots.txt"} {
			answers := map[string]string{}
			for state, id := range ids {
				answers[state] = answer(id, b.at(id, b.site.URL), path, h)
				if !strings.Contains(answers[state], "X-Robots-Tag: noindex") && !strings.Contains(answers[state], "403") {
					t.Errorf("%s of a session that is %s, %v:\n%s", path, state, h, answers[state])
				}
			}
			for state, text := range answers {
				if text != answers["never"] || strings.Contains(text, "c4nary") {
					t.Errorf("%s, %v: a session that is %s answers\n%s\nand one that never was\n%s", path, h, state, text, answers["never"])
				}
			}
		}
		for state, id := range ids {
			if text := answer(id, b.domain().Shell(id), "/", h); text != answer(ids["never"], b.domain().Shell(ids["never"]), "/", h) {
				t.Errorf("the shell of a session that is %s answers %s", state, text)
			}
		}
	}
	if n := len(b.site.requests()) - before; n != 0 {
		t.Errorf("%d requests reached the site", n)
	}
}
