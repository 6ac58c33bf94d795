package session

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"tandem/session/agents"
)

// TestS28GuessingFromManyAddresses tries 100,000 codes from 200 addresses
// against 1,000 that live. Few are looked at, and all answers are the same.
func TestS28GuessingFromManyAddresses(t *testing.T) {
	r := newRig(t)
	s := r.session(r.create(Shared))
	r.hub.mu.Lock()
	for range 1000 {
		r.hub.codes[digestOfCode(newCode())] = s
	}
	r.hub.mu.Unlock()
	bodies := map[string]int{}
	for i := range 100_000 {
		req := httptest.NewRequest("POST", controlURL+"/api/join", strings.NewReader(fmt.Sprintf(`{"code":%q}`, newCode())))
		req.Header.Set("Content-Type", "application/json")
		req.RemoteAddr = fmt.Sprintf("203.0.113.%d:%d", i%200, 1024+i%60000)
		w := httptest.NewRecorder()
		r.hub.API().ServeHTTP(w, req)
		bodies[fmt.Sprint(w.Code, " ", w.Body)]++
	}
	looked := 0
	for body, n := range bodies {
		switch {
		case strings.HasPrefix(body, "404 "):
			looked = n
		case !strings.HasPrefix(body, "429 "):
			t.Errorf("%d answers %s", n, body)
		}
	}
	if len(bodies) != 2 || looked != r.hub.allGuesses.limit {
		t.Errorf("%d codes were looked at, %d kinds of answers; want the budget of all, %d, and 2", looked, len(bodies), r.hub.allGuesses.limit)
	}
}

func digestOfCode(code string) (d digest) {
	if err := d.UnmarshalText([]byte(code)); err != nil {
		panic(err)
	}
	return d
}

// TestS30NoSecretOfSomebodyElsesIsTakenOver plants cookies before each change of
// what a browser may: what it gets is always new.
func TestS30NoSecretOfSomebodyElsesIsTakenOver(t *testing.T) {
	r := newRig(t)
	key := r.agent("ada", agents.Member)
	inv := r.create(Shared)
	const planted = "planted-by-the-attacke" // as long as a secret
	names := []string{r.hub.cookieName(Visitor, inv.ID), r.hub.cookieName(Agent, inv.ID), r.hub.consoleCookieName()}
	ask := func(method, path, body string, cookies ...string) *http.Response {
		req := httptest.NewRequest(method, controlURL+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Origin", controlURL)
		for _, name := range names {
			for _, value := range append([]string{planted}, cookies...) {
				req.AddCookie(&http.Cookie{Name: name, Value: value})
			}
		}
		w := httptest.NewRecorder()
		r.hub.API().ServeHTTP(w, req)
		return w.Result()
	}
	for path, body := range map[string]string{
		"/api/join":    fmt.Sprintf(`{"session":%q,"secret":%q}`, inv.ID, secretOf(inv.VisitorURL)),
		"/api/sign-in": fmt.Sprintf(`{"key":%q}`, key),
	} {
		got := ask("POST", path, body)
		if got.StatusCode != 200 || len(got.Cookies()) != 1 || len(got.Cookies()[0].Value) != 22 || got.Cookies()[0].Value == planted {
			t.Errorf("%s: %d, cookies %v", path, got.StatusCode, got.Cookies())
		}
	}
	again := ask("POST", "/api/sign-in", fmt.Sprintf(`{"key":%q}`, key)).Cookies()[0].Value
	second := ask("POST", "/api/sign-in", fmt.Sprintf(`{"key":%q}`, key), again).Cookies()[0].Value
	if again == second {
		t.Error("signing in again keeps the cookie")
	}
	for _, path := range []string{"/api/sessions/" + inv.ID + "/visitor", "/api/sessions/" + inv.ID + "/agent", "/api/v1/me"} {
		if got := ask("GET", path, ""); got.StatusCode != 401 {
			t.Errorf("%s with what was planted: %d", path, got.StatusCode)
		}
	}
}

// TestS37NothingIsDoneAfterARevocation has an agent send inputs without pause
// while the visitor takes the right away: after the visitor's browser has the
// answer, nothing more comes.
func TestS37NothingIsDoneAfterARevocation(t *testing.T) {
	c := newCouple(t, Shared)
	var sending sync.WaitGroup
	sending.Go(func() {
		for n := range 1000 {
			text := fmt.Sprintf(`[%d,0,{"type":"input","n":%d,"doc":1,"input":{"kind":"focus","node":4}}]`, c.ag.sent+uint64(n)+1, n+1)
			if c.ag.ws.WriteMessage(1, []byte(text)) != nil {
				return
			}
		}
	})
	c.vis.expectAny("input")
	c.vis.send(`{"type":"mode","mode":"view","paused":false}`)
	c.vis.expectAny("mode")
	sending.Wait()
	c.ag.sent += 1000
	c.ag.send(`{"type":"chat","text":"all were sent"}`)
	for {
		kind, text := c.vis.next()
		if kind == "input" {
			t.Fatalf("after the revocation: %s", text)
		}
		if kind == "chat" {
			return
		}
	}
}

// TestS40PublicNamesOpenNothing uses every word of the audit log, the server's
// log and the lists as a secret, wherever one is asked for.
func TestS40PublicNamesOpenNothing(t *testing.T) {
	r := newRig(t)
	key := r.agent("ada", agents.Supervisor)
	inv := r.createBy(key)
	unowned := r.create(Shared)
	visitor, _, _ := r.meet(unowned)
	visitor.join(inv.ID, inv.VisitorURL)
	var list, all any
	r.rest(key, "GET", "/api/v1/sessions", "", &list)
	r.rest(r.agent("amy", agents.Admin), "GET", "/api/v1/agents", "", &all)
	log, err := os.ReadFile(filepath.Join(r.dir, "audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	r.logMu.Lock()
	text := fmt.Sprint(list, all, string(log), r.logs.String())
	r.logMu.Unlock()
	words := map[string]bool{}
	for _, word := range regexp.MustCompile(`[A-Za-z0-9_-]{3,}`).FindAllString(text, -1) {
		words[word] = true
	}
	a, _ := r.hub.Agents().Get("ada")
	if !words[inv.ID] || !words[unowned.ID] || !words[a.Keys[0].ID] || !words["ada"] {
		t.Fatalf("the test does not see the public names: %d words", len(words))
	}
	// The same words again and again are no guessing here.
	r.hub.joins.limit, r.hub.guesses.limit, r.hub.allGuesses.limit = 1<<30, 1<<30, 1<<30
	for word := range words {
		for _, test := range []struct{ path, body string }{
			{"/api/join", fmt.Sprintf(`{"session":%q,"secret":%q}`, inv.ID, word)},
			{"/api/join", fmt.Sprintf(`{"session":%q,"secret":%q,"role":"agent"}`, unowned.ID, word)},
			{"/api/join", fmt.Sprintf(`{"code":%q}`, word)},
			{"/api/sign-in", fmt.Sprintf(`{"key":%q}`, word)},
			{"/api/sign-in", fmt.Sprintf(`{"link":%q}`, word)},
			{"GET /api/v1/me", ""},
			{"GET /api/sessions/" + inv.ID + "/visitor", ""},
			{"GET /api/sessions/" + unowned.ID + "/agent", ""},
		} {
			method, path, isGet := strings.Cut(test.path, " ")
			if !isGet {
				method, path = "POST", test.path
			}
			req := httptest.NewRequest(method, controlURL+path, strings.NewReader(test.body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Origin", controlURL)
			if isGet {
				for _, name := range []string{r.hub.consoleCookieName(), r.hub.cookieName(Visitor, inv.ID), r.hub.cookieName(Agent, unowned.ID)} {
					req.AddCookie(&http.Cookie{Name: name, Value: word})
				}
			}
			w := httptest.NewRecorder()
			r.hub.API().ServeHTTP(w, req)
			if w.Code < 400 {
				t.Errorf("%q opens %s: %s", word, path, w.Body)
			}
		}
		s := r.session(unowned)
		if s.AssetKey(word) || s.Visitor("shell--"+unowned.ID+".pages.test", word) {
			t.Errorf("%q opens a host", word)
		}
		if _, _, ok := r.hub.Agents().ByKey(t.Context(), word); ok {
			t.Errorf("%q is a key", word)
		}
	}
}
