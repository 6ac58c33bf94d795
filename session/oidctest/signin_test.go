package oidctest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"tandem/session"
	"tandem/session/agents"
)

// people are those the provider knows.
const people = `{
	"s-ada": {"ID": "s-ada", "Username": "ada", "Password": "pw", "FirstName": "Ada", "LastName": "Ames", "Email": "Ada@shop.example", "EmailVerified": true},
	"s-bob": {"ID": "s-bob", "Username": "bob", "Password": "pw", "FirstName": "Bob", "LastName": "Bell", "Email": "bob@shop.example", "EmailVerified": true},
	"s-eve": {"ID": "s-eve", "Username": "eve", "Password": "pw", "FirstName": "Eve", "LastName": "Ames", "Email": "ada@shop.example", "EmailVerified": false}
}`

// groups adds groups to what the provider tells of somebody.
type groups struct {
	*storage.Storage
	mu sync.Mutex
	of map[string][]string // by subject
}

func (g *groups) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, origin string) error {
	g.mu.Lock()
	info.AppendClaims("groups", g.of[subject])
	g.mu.Unlock()
	return g.Storage.SetUserinfoFromToken(ctx, info, tokenID, subject, origin)
}

func (g *groups) set(subject string, names ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.of[subject] = names
}

var _ op.Storage = (*groups)(nil)

// place is a hub whose agents sign in at a provider.
type place struct {
	t       *testing.T
	hub     *session.Hub
	control string
	groups  *groups
}

func newPlace(t *testing.T) *place {
	t.Helper()
	file := filepath.Join(t.TempDir(), "people.json")
	if err := os.WriteFile(file, []byte(people), 0o600); err != nil {
		t.Fatal(err)
	}
	users, err := storage.StoreFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	p := &place{t: t}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			p.hub.API().ServeHTTP(w, r)
		}
	}))
	t.Cleanup(front.Close)
	p.control = front.URL

	var provider http.Handler
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { provider.ServeHTTP(w, r) }))
	t.Cleanup(idp.Close)
	p.groups = &groups{Storage: storage.NewStorageWithClients(users, map[string]*storage.Client{
		"tandem": storage.WebClient("tandem", "s3cret", p.control+"/api/sign-in/callback"),
	}), of: map[string][]string{}}
	provider = exampleop.SetupServer(idp.URL, p.groups, nil, false)

	p.hub, err = session.Open(t.Context(), session.Config{
		Dir: t.TempDir(), Control: p.control, Logger: slog.New(slog.DiscardHandler),
		Links: func(id string) (shell, view string) {
			return "http://shell--" + id + ".test", "http://view--" + id + ".test"
		},
		Provider: &session.Provider{
			Name: "Shop ID", Issuer: idp.URL, ClientID: "tandem", ClientSecret: "s3cret", Claim: "groups",
			Roles: []session.GroupRole{{Group: "helpdesk", Role: agents.Member}, {Group: "leads", Role: agents.Supervisor}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		p.hub.Close(ctx)
	})
	return p
}

// browser follows one redirect at a time.
type browser struct {
	*place
	http.Client
}

func (p *place) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return &browser{p, http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) get(address string) (location, text string) {
	b.t.Helper()
	resp, err := b.Get(address)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(resp)
}

func (b *browser) read(resp *http.Response) (location, text string) {
	b.t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if to, err := resp.Location(); err == nil {
		location = to.String()
	}
	return location, string(body)
}

// leave goes to the provider, and returns its authorization request.
func (b *browser) leave() string {
	b.t.Helper()
	to, text := b.get(b.control + "/api/sign-in/provider")
	if to == "" {
		b.t.Fatalf("not sent to the provider: %s", text)
	}
	return to
}

// password signs in at the provider and returns the address it sends back to.
func (b *browser) password(request, who string) (callback string) {
	b.t.Helper()
	form, _ := b.get(request)
	u, err := url.Parse(form)
	if err != nil || u.Query().Get("authRequestID") == "" {
		b.t.Fatalf("the provider does not ask for a password: %s", form)
	}
	resp, err := b.PostForm(form, url.Values{"username": {who}, "password": {"pw"}, "id": {u.Query().Get("authRequestID")}})
	if err != nil {
		b.t.Fatal(err)
	}
	at, text := b.read(resp)
	if at == "" {
		b.t.Fatalf("the provider refuses %s: %s", who, text)
	}
	callback, text = b.get(at)
	if !strings.HasPrefix(callback, b.control+"/api/sign-in/callback?") {
		b.t.Fatalf("sent back to %q: %s", callback, text)
	}
	return callback
}

// me is who the console takes the browser for, "" for nobody.
func (b *browser) me() string {
	b.t.Helper()
	_, text := b.get(b.control + "/api/v1/me")
	var me struct{ Name, Role string }
	if err := json.Unmarshal([]byte(text), &me); err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(me.Name + " " + me.Role)
}

// arrive expects where the callback leads, and who is signed in then.
func (b *browser) arrive(callback, want, who string) {
	b.t.Helper()
	to, text := b.get(callback)
	if to != b.control+want {
		b.t.Errorf("the callback leads to %q, want %s: %s", to, want, text)
	}
	if got := b.me(); got != who {
		b.t.Errorf("signed in is %q, want %q", got, who)
	}
}

func (p *place) add(a agents.Agent) {
	p.t.Helper()
	if _, err := p.hub.Agents().Add(p.t.Context(), a); err != nil {
		p.t.Fatal(err)
	}
}

func TestSignInAtAProvider(t *testing.T) {
	p := newPlace(t)
	p.add(agents.Agent{Name: "ada", Email: "ada@shop.example"})

	b := p.browser()
	request := b.leave()
	u, err := url.Parse(request)
	if err != nil {
		t.Fatal(err)
	}
	asked := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "tandem", "redirect_uri": p.control + "/api/sign-in/callback", "code_challenge_method": "S256", "scope": "openid email profile",
	} {
		if got := asked.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(asked.Get(name)) < 22 {
			t.Errorf("%s is %q", name, asked.Get(name))
		}
	}
	callback := b.password(request, "ada")
	b.arrive(callback, "/console", "ada agent")

	t.Log("the answer works once, and in the browser that asked")
	again := p.browser()
	again.arrive(callback, "/console?error=failed", "")
	again.leave()
	again.arrive(callback, "/console?error=failed", "")
	b.arrive(callback, "/console?error=failed", "ada agent")

	t.Log("who is no agent, and who only claims an address, is refused")
	for _, who := range []string{"bob", "eve"} {
		b := p.browser()
		b.arrive(b.password(b.leave(), who), "/console?error=unknown", "")
	}

	t.Log("who is disabled is refused, and signed out at once")
	if err := p.hub.Agents().Disable(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if got := b.me(); got != "" {
		t.Errorf("still signed in: %q", got)
	}
	b.arrive(b.password(b.leave(), "ada"), "/console?error=disabled", "")
}

func TestGroupsLetIn(t *testing.T) {
	p := newPlace(t)
	in := func(want, who string) {
		t.Helper()
		b := p.browser()
		b.arrive(b.password(b.leave(), "bob"), want, who)
	}
	p.groups.set("s-bob", "cooks")
	in("/console?error=unknown", "")
	p.groups.set("s-bob", "helpdesk", "leads")
	in("/console", "bob supervisor")
	p.groups.set("s-bob", "helpdesk")
	in("/console", "bob agent")
	p.groups.set("s-bob")
	in("/console?error=unknown", "")
	p.groups.set("s-bob", "helpdesk")
	if err := p.hub.Agents().Disable(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	in("/console?error=disabled", "")
}

// TestAForgedAnswerIsRefused changes what the browser keeps between the two.
func TestAForgedAnswerIsRefused(t *testing.T) {
	p := newPlace(t)
	p.add(agents.Agent{Name: "ada", Email: "ada@shop.example"})
	home, err := url.Parse(p.control)
	if err != nil {
		t.Fatal(err)
	}
	for name, forge := range map[string]map[string]string{
		"nonce": {"n": "another-nonce-of-22-ch"}, "verifier": {"v": strings.Repeat("v", 43)}, "state": {"s": "another-state-of-22-ch"},
	} {
		b := p.browser()
		callback := b.password(b.leave(), "ada")
		for _, c := range b.Jar.Cookies(home) {
			value, err := base64.RawURLEncoding.DecodeString(c.Value)
			var kept map[string]string
			if err != nil || json.Unmarshal(value, &kept) != nil {
				t.Fatalf("the cookie %s is not what it was", c.Name)
			}
			maps.Copy(kept, forge)
			value, _ = json.Marshal(kept)
			c.Value, c.Path = base64.RawURLEncoding.EncodeToString(value), "/"
			b.Jar.SetCookies(home, []*http.Cookie{c})
		}
		t.Log("with another", name)
		b.arrive(callback, "/console?error=failed", "")
	}
	b := p.browser()
	callback := b.password(b.leave(), "ada")
	b.arrive(callback+"&iss=https%3A%2F%2Fevil.example", "/console?error=failed", "")
}
