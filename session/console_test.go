package session

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tandem/session/agents"
)

func (r *rig) agent(name string, role agents.Role) (key string) {
	r.t.Helper()
	if _, err := r.hub.Agents().Add(r.t.Context(), agents.Agent{Name: name, FullName: strings.ToUpper(name[:1]) + name[1:], Role: role}); err != nil {
		r.t.Fatal(err)
	}
	return r.key(name)
}

func (r *rig) key(name string, scopes ...agents.Scope) string {
	r.t.Helper()
	key, _, err := r.hub.Agents().NewKey(r.t.Context(), name, scopes, 24*time.Hour)
	if err != nil {
		r.t.Fatal(err)
	}
	return key
}

// console returns a browser that is signed in.
func (r *rig) console(key string) *browser {
	r.t.Helper()
	b := r.browser()
	if a := b.post("/api/sign-in", fmt.Sprintf(`{"key":%q}`, key)); a.status != 200 {
		r.t.Fatalf("signing in: %+v", a)
	}
	return b
}

// rest asks the API as a program does, and reads the answer into out.
func (r *rig) rest(key, method, path, body string, out any) int {
	r.t.Helper()
	b := r.browser()
	req, err := http.NewRequestWithContext(r.t.Context(), method, controlURL+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := b.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			r.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, text)
		}
	}
	return resp.StatusCode
}

type listed struct {
	Version  uint64
	Sessions []Summary
}

// ids are the sessions that a key sees.
func (r *rig) ids(key, query string) (ids []string, version uint64) {
	r.t.Helper()
	var l listed
	if status := r.rest(key, "GET", "/api/v1/sessions"+query, "", &l); status != 200 {
		r.t.Fatalf("listing: %d", status)
	}
	for _, s := range l.Sessions {
		ids = append(ids, s.ID)
	}
	return ids, l.Version
}

func (r *rig) createBy(key string) (inv Invitation) {
	r.t.Helper()
	if status := r.rest(key, "POST", "/api/v1/sessions", `{"url":"`+startURL+`","visitor_name":"Vera"}`, &inv); status != 200 {
		r.t.Fatalf("creating: %d", status)
	}
	return inv
}

// TestRolesAndScopes asks for everything in every role, with keys that may all
// their agent may and keys that may one thing.
func TestRolesAndScopes(t *testing.T) {
	r := newRig(t)
	keys := map[string]string{
		"": "", "ada": r.agent("ada", agents.Member), "bob": r.agent("bob", agents.Member),
		"sam": r.agent("sam", agents.Supervisor), "amy": r.agent("amy", agents.Admin),
	}
	keys["ada creates"] = r.key("ada", agents.CreateSessions)
	keys["ada reads"] = r.key("ada", agents.ReadSessions)
	inv := r.createBy(keys["ada"])
	unowned := r.create(View)
	one := "/api/v1/sessions/" + inv.ID
	for _, test := range []struct{ method, path, body, who, want string }{
		{"GET", "/api/v1/me", "", "", "401"},
		{"GET", "/api/v1/sessions", "", "", "401"},
		{"POST", "/api/v1/sessions", "{}", "", "401"},
		{"GET", one, "", "", "401"},
		{"GET", one, "", "ada", "200"},
		{"GET", one, "", "ada reads", "200"},
		{"GET", one, "", "ada creates", "403"},
		{"GET", one, "", "bob", "404"},
		{"GET", one, "", "sam", "200"},
		{"GET", "/api/v1/sessions/" + unowned.ID, "", "ada", "404"},
		{"GET", "/api/v1/sessions/" + unowned.ID, "", "sam", "200"},
		{"GET", "/api/v1/sessions/aaaaaaaaaaaa", "", "sam", "404"},
		{"POST", one + "/invitation", "{}", "bob", "404"},
		{"POST", one + "/invitation", "{}", "ada reads", "403"},
		{"POST", one + "/invitation", `{"minutes":100000000000000}`, "ada", "400"},
		{"POST", one + "/invitation", "{}", "ada", "200"},
		{"DELETE", one + "/invitation", "", "bob", "404"},
		{"DELETE", one + "/invitation", "", "ada creates", "403"},
		{"DELETE", one + "/invitation", "", "sam", "200"},
		{"POST", "/api/v1/sessions", `{"url":"` + startURL + `","agent":"ada"}`, "bob", "403"},
		{"POST", "/api/v1/sessions", `{"url":"` + startURL + `","agent":"ada"}`, "sam", "200"},
		{"POST", "/api/v1/sessions", `{"url":"` + startURL + `","agent":"eve"}`, "sam", "404"},
		{"POST", "/api/v1/sessions", `{"url":"https://other.example/"}`, "ada", "422"},
		{"POST", "/api/v1/sessions", `{"url":"javascript:1"}`, "ada", "400"},
		{"POST", "/api/v1/sessions", `{"url":"` + startURL + `","mode":"all"}`, "ada", "400"},
		{"POST", "/api/v1/sessions", `[]`, "ada", "400"},
		{"GET", "/api/v1/agents", "", "sam", "403"},
		{"GET", "/api/v1/agents", "", "amy", "200"},
		{"POST", "/api/v1/agents", `{"name":"cat"}`, "sam", "403"},
		{"POST", "/api/v1/agents", `{"name":"cat"}`, "amy", "200"},
		{"POST", "/api/v1/agents", `{"name":"cat"}`, "amy", "409"},
		{"POST", "/api/v1/agents", `{"name":"Cat"}`, "amy", "400"},
		{"POST", "/api/v1/agents/cat/keys", `{"days":1}`, "amy", "200"},
		{"POST", "/api/v1/agents/cat/keys", `{"days":1,"scopes":["audit:read"]}`, "amy", "400"},
		{"POST", "/api/v1/agents/cat/keys", `{"days":1000000000000000}`, "amy", "400"},
		{"POST", "/api/v1/agents/dog/keys", `{"days":1}`, "amy", "404"},
		{"PATCH", "/api/v1/agents/cat", `{"role":"admin"}`, "sam", "403"},
		{"PATCH", "/api/v1/agents/cat", `{"role":"boss"}`, "amy", "400"},
		{"PATCH", "/api/v1/agents/cat", `{"role":"supervisor","disabled":true}`, "amy", "200"},
		{"PATCH", "/api/v1/agents/amy", `{"disabled":true}`, "amy", "403"},
		{"DELETE", "/api/v1/agents/amy", "", "amy", "403"},
		{"DELETE", "/api/v1/agents/cat", "", "amy", "200"},
		{"DELETE", "/api/v1/agents/cat", "", "amy", "404"},
		{"PUT", one, "", "ada", "405"},
		{"GET", "/api/v1/nothing", "", "ada", "404"},
		{"GET", "/api/nothing", "", "", "404"},
		{"DELETE", one, "", "bob", "404"},
		{"DELETE", one, "", "ada reads", "403"},
		{"DELETE", one, "", "ada", "200"},
	} {
		var answer struct {
			Error struct{ Code, Message string }
		}
		status := r.rest(keys[test.who], test.method, test.path, test.body, &answer)
		if fmt.Sprint(status) != test.want || (status >= 400) != (answer.Error.Code != "" && answer.Error.Message != "") {
			t.Errorf("%s %s %s by %q: %d %+v, want %s", test.method, test.path, test.body, test.who, status, answer.Error, test.want)
		}
	}
	if got := r.session(inv).State(); got != Ended {
		t.Errorf("the session is %s", got)
	}
}

// TestNewsAreWaitedFor: an answer comes when something has changed, and no
// sooner; it says no more than its reader may know.
func TestNewsAreWaitedFor(t *testing.T) {
	r := newRig(t)
	ada, bob := r.agent("ada", agents.Member), r.agent("bob", agents.Member)
	inv := r.createBy(ada)
	_, version := r.ids(ada, "")
	type news struct {
		ids     []string
		version uint64
	}
	wait := func(key string, since uint64) chan news {
		came := make(chan news, 1)
		go func() {
			ids, version := r.ids(key, fmt.Sprintf("?since=%d", since))
			came <- news{ids, version}
		}()
		return came
	}
	came := wait(ada, version)
	visitor := r.browser()
	visitor.join(inv.ID, inv.VisitorURL)
	if got := <-came; got.version == version || len(got.ids) != 1 {
		t.Errorf("after the invitation was opened: %+v", got)
	}
	if ids, _ := r.ids(bob, "?since=0"); len(ids) != 0 {
		t.Errorf("another agent sees %v", ids)
	}

	_, version = r.ids(ada, "")
	waiting := make(chan int, 1)
	go func() { waiting <- r.rest(ada, "GET", fmt.Sprintf("/api/v1/sessions?since=%d", version), "", nil) }()
	until(t, "it waits", func() bool {
		r.hub.changes.mu.Lock()
		defer r.hub.changes.mu.Unlock()
		return r.hub.changes.next != nil
	})
	if err := r.hub.Agents().Disable(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if status := <-waiting; status != 401 {
		t.Errorf("an agent who is disabled while waiting: %d", status)
	}

	_, version = r.ids(bob, "")
	go func() { waiting <- r.rest(bob, "GET", fmt.Sprintf("/api/v1/sessions?since=%d", version), "", nil) }()
	until(t, "it waits", func() bool {
		r.hub.changes.mu.Lock()
		defer r.hub.changes.mu.Unlock()
		return r.hub.changes.next != nil
	})
	r.hub.Drain()
	if status := <-waiting; status != 503 {
		t.Errorf("while the server stops: %d", status)
	}
}

// TestSignedInAgentsFollow opens sessions that belong to an agent: for them and
// for who sees all, by their own names.
func TestSignedInAgentsFollow(t *testing.T) {
	r := newRig(t)
	ada, bob, sam := r.agent("ada", agents.Member), r.agent("bob", agents.Member), r.agent("sam", agents.Supervisor)
	inv := r.createBy(ada)
	if strings.Contains(inv.AgentURL, "#") {
		t.Errorf("the agent's link has a secret: %s", inv.AgentURL)
	}
	info := "/api/sessions/" + inv.ID + "/agent"
	for name, b := range map[string]*browser{"nobody": r.browser(), "another agent": r.console(bob), "a key that may not read": r.console(r.key("ada", agents.CreateSessions)),
		"a key that may only read": r.console(r.key("ada", agents.ReadSessions)), "a key that may not create": r.console(r.key("ada", agents.ReadSessions, agents.EndSessions)),
	} {
		if a := b.do("GET", info, ""); a.status != 401 {
			t.Errorf("%s: %+v", name, a)
		}
		ws, _, err := b.agentSocket(inv.ID, controlURL)
		if err != nil {
			t.Fatal(err)
		}
		(&peer{t: t, ws: ws}).expectClose(4401)
	}
	desk, phone, boss := r.console(ada), r.console(ada), r.console(sam)
	if a := desk.do("GET", info, ""); a.status != 200 || a.Agent != "Ada" {
		t.Errorf("the agent: %+v", a)
	}
	first := desk.connectAgent(inv.ID, nil)
	second := boss.connectAgent(inv.ID, nil)
	if first.welcome.You.Name != "Ada" || second.welcome.You.Name != "Sam" || first.welcome.You.Color == second.welcome.You.Color {
		t.Errorf("welcomed as %+v and %+v", first.welcome.You, second.welcome.You)
	}
	// On another device they have the same seat, and colour.
	moved := phone.connectAgent(inv.ID, nil)
	first.expectClose(4409)
	if moved.welcome.You != first.welcome.You {
		t.Errorf("on another device: %+v, was %+v", moved.welcome.You, first.welcome.You)
	}
	if a := phone.post("/api/sign-out", "{}"); a.status != 200 {
		t.Errorf("signing out: %+v", a)
	}
	moved.expectClose(4401)
	if a := phone.do("GET", info, ""); a.status != 401 {
		t.Errorf("after signing out: %+v", a)
	}
	if err := r.hub.Agents().SetRole(t.Context(), "sam", agents.Member); err != nil {
		t.Fatal(err)
	}
	second.expectClose(4401)
}

// TestS37DisablingAnAgentEndsWhatIsTheirs closes sockets, links and sign-ins at
// once.
func TestS37DisablingAnAgentEndsWhatIsTheirs(t *testing.T) {
	r := newRig(t)
	ada, sam := r.agent("ada", agents.Member), r.agent("sam", agents.Supervisor)
	running, waits := r.createBy(ada), r.createBy(ada)
	desk, boss := r.console(ada), r.console(sam)
	visitor, opener := r.browser(), r.browser()
	visitor.join(running.ID, running.VisitorURL)
	a := visitor.accept(running.ID)
	cookie, err := r.session(running).Redeem(a.Ticket, "shell--"+running.ID+".pages.test")
	if err != nil {
		t.Fatal(err)
	}
	opener.join(waits.ID, waits.VisitorURL)
	vis, ag, other := r.connectVisitor(running.ID, cookie, nil), desk.connectAgent(running.ID, nil), boss.connectAgent(running.ID, nil)
	unowned := r.create(Shared)
	elsewhere := boss.connectAgent(unowned.ID, nil)

	if err := r.hub.Agents().Disable(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*peer{vis, ag, other} {
		p.expectClose(4403)
	}
	for what, status := range map[string]int{
		"the key":                    r.rest(ada, "GET", "/api/v1/me", "", nil),
		"the console":                desk.do("GET", "/api/v1/me", "").status,
		"accepting their invitation": 401 + opener.accept(waits.ID).status - 410,
		"their invitation":           401 + r.browser().join(waits.ID, waits.VisitorURL).status - 410,
	} {
		if status != 401 {
			t.Errorf("%s: %d", what, status)
		}
	}
	room := r.session(unowned).room
	room.mu.Lock()
	socket := room.seat(Agent).conn
	room.mu.Unlock()
	if err := r.hub.Agents().Disable(t.Context(), "sam"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-socket.closed:
	default:
		t.Error("it is left for later to close the supervisor's socket")
	}
	elsewhere.expectClose(4401)
	if got := r.session(unowned).State(); got != Waiting {
		t.Errorf("a session of nobody's is %s", got)
	}
}
