package session

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"tandem/session/agents"
	"tandem/session/secret"
)

// Provider is an OpenID Connect provider at which agents sign in. Who does has
// to be an agent already, by subject or verified e-mail address, or be in a
// group that has a role here.
type Provider struct {
	Name         string // as the console's button has it
	Issuer       string // https, or http on this machine
	ClientID     string
	ClientSecret string   // "" for a public client
	Scopes       []string // beside openid, email and profile
	Claim        string   // that lists the groups
	Roles        []GroupRole
}

// GroupRole gives those in a group a role.
type GroupRole struct {
	Group string
	Role  agents.Role
}

// Check reports what is wrong with the provider's settings.
func (p *Provider) Check() error {
	u, err := url.Parse(p.Issuer)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("%q is not the address of an OpenID Connect provider", p.Issuer)
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return fmt.Errorf("the provider %s must be reached by https", p.Issuer)
	case p.ClientID == "":
		return errors.New("an OpenID Connect provider needs a client ID")
	}
	for _, r := range p.Roles {
		if r.Group == "" || r.Role.Scopes() == nil {
			return fmt.Errorf("there is no role %q for the group %q", r.Role, r.Group)
		}
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// roleOf returns the greatest role that somebody's groups give, "" for none.
func (p *Provider) roleOf(groups []string) agents.Role {
	greatest := -1
	for _, r := range p.Roles {
		if slices.Contains(groups, r.Group) {
			greatest = max(greatest, slices.Index(rolesUpwards, r.Role))
		}
	}
	if greatest < 0 {
		return ""
	}
	return rolesUpwards[greatest]
}

var rolesUpwards = []agents.Role{agents.Member, agents.Supervisor, agents.Admin}

// relyingParty is our side of the provider. What the provider says of itself is
// asked for when somebody signs in first, so that either may start first.
type relyingParty struct {
	Provider
	redirect string
	client   *http.Client

	mu    sync.Mutex
	found *oidc.Provider
}

const (
	callbackPath   = "/api/sign-in/callback"
	attemptSeconds = 600
)

func newRelyingParty(p Provider, control string) *relyingParty {
	return &relyingParty{
		Provider: p,
		redirect: strings.TrimSuffix(control, "/") + callbackPath,
		client: &http.Client{
			Timeout:   10 * time.Second,
			Transport: &http.Transport{TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true},
		},
	}
}

func (p *relyingParty) discover(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found == nil {
		// The keys are fetched again later, with the client but not the context of now.
		found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.client), p.Issuer)
		if err != nil {
			return nil, nil, err
		}
		p.found = found
	}
	return p.found, &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.ClientSecret, RedirectURL: p.redirect, Endpoint: p.found.Endpoint(),
		Scopes: append([]string{oidc.ScopeOpenID, "email", "profile"}, p.Scopes...),
	}, nil
}

// attempt is what a browser keeps between leaving for the provider and coming
// back. It ties the answer to the browser that asked.
type attempt struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	To       string `json:"t,omitempty"`
}

// goals are where a sign-in may lead: the page of a session.
var goals = regexp.MustCompile(`^/a/[a-z2-7]{12}$`)

// leaveForProvider sends the browser to the provider.
func (h *Hub) leaveForProvider(w http.ResponseWriter, r *http.Request) {
	if h.provider == nil {
		fail(w, errNothing)
		return
	}
	if !h.joins.take(clientKey(r.RemoteAddr), h.now()) {
		fail(w, errTooMany)
		return
	}
	_, config, err := h.provider.discover(r.Context())
	if err != nil {
		h.signInFailed(w, r, "failed", err)
		return
	}
	a := attempt{State: secret.New(), Nonce: secret.New(), Verifier: oauth2.GenerateVerifier()}
	if to := r.FormValue("to"); goals.MatchString(to) {
		a.To = to
	}
	value, err := json.Marshal(a)
	if err != nil {
		h.fail(w, err)
		return
	}
	http.SetCookie(w, h.attemptCookie(base64.RawURLEncoding.EncodeToString(value), attemptSeconds))
	http.Redirect(w, r, config.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), http.StatusSeeOther)
}

// comeBack takes the provider's answer. The attempt is used up, whatever it is.
func (h *Hub) comeBack(w http.ResponseWriter, r *http.Request) {
	if h.provider == nil {
		fail(w, errNothing)
		return
	}
	// Each answer has us ask the provider, and the browser made up what it answers, perhaps.
	if !h.joins.take(clientKey(r.RemoteAddr), h.now()) {
		fail(w, errTooMany)
		return
	}
	a, ok := h.attemptOf(r)
	http.SetCookie(w, h.attemptCookie("", -1))
	if !ok {
		h.signInFailed(w, r, "failed", errors.New("the answer is to nothing this browser asked"))
		return
	}
	who, err := h.provider.identify(r, a)
	if err != nil {
		h.signInFailed(w, r, "failed", err)
		return
	}
	known, err := h.agents.Identify(r.Context(), who)
	var cookie string
	if err == nil {
		_, cookie, err = h.agents.SignIn(r.Context(), known.Name)
	}
	switch {
	case errors.Is(err, agents.ErrDisabled), errors.Is(err, agents.ErrRefused):
		h.signInFailed(w, r, "disabled", err)
	case errors.Is(err, agents.ErrNotFound):
		h.signInFailed(w, r, "unknown", err)
	case err != nil:
		h.signInFailed(w, r, "failed", err)
	default:
		http.SetCookie(w, h.consoleCookie(cookie))
		to := "/console"
		if goals.MatchString(a.To) {
			to = a.To
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
}

func (h *Hub) signInFailed(w http.ResponseWriter, r *http.Request, code string, err error) {
	// What the provider wrote may hold anything; of its answers only the code is logged.
	var answered *oauth2.RetrieveError
	if errors.As(err, &answered) {
		err = fmt.Errorf("the provider answered %q", cut(answered.ErrorCode, 60))
	}
	h.log.Warn("sign-in at the provider", "error", err)
	h.refused(r, signInAct)
	http.Redirect(w, r, "/console?error="+code, http.StatusSeeOther)
}

// identify exchanges the answer for what the provider says about somebody.
func (p *relyingParty) identify(r *http.Request, a attempt) (who agents.Identity, err error) {
	query := r.URL.Query()
	if iss := query["iss"]; len(iss) > 0 && (len(iss) > 1 || iss[0] != p.Issuer) {
		return who, errors.New("the answer is another provider's") // RFC 9207
	}
	if query.Has("error") {
		return who, fmt.Errorf("the provider refused: %q", cut(query.Get("error"), 60))
	}
	provider, config, err := p.discover(r.Context())
	if err != nil {
		return who, err
	}
	ctx := oidc.ClientContext(r.Context(), p.client)
	token, err := config.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return who, err
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: p.ClientID}).Verify(ctx, raw)
	if err != nil {
		return who, err
	}
	if !same(id.Nonce, a.Nonce) {
		return who, errors.New("the identity was made for another sign-in")
	}
	claims := map[string]any{}
	if err := id.Claims(&claims); err != nil {
		return who, err
	}
	if provider.UserInfoEndpoint() != "" {
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
		if err != nil {
			return who, err
		}
		if info.Subject != id.Subject {
			return who, errors.New("the provider told of somebody else")
		}
		if err := info.Claims(&claims); err != nil {
			return who, err
		}
	}
	return p.read(id.Subject, claims), nil
}

// read takes from the claims what we know somebody by.
func (p *relyingParty) read(subject string, claims map[string]any) agents.Identity {
	text := func(name string) string {
		s, _ := claims[name].(string)
		return s
	}
	who := agents.Identity{Subject: subject, FullName: cut(text("name"), maxName)}
	if verified, _ := claims["email_verified"].(bool); verified {
		who.Email = text("email")
	}
	var groups []string
	switch claim := claims[p.Claim].(type) {
	case string:
		groups = append(groups, claim)
	case []any:
		for _, group := range claim {
			if s, ok := group.(string); ok {
				groups = append(groups, s)
			}
		}
	}
	who.Role = p.roleOf(groups)
	return who
}

func same(a, b string) bool { return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// attemptOf returns the attempt that the request answers.
func (h *Hub) attemptOf(r *http.Request) (a attempt, ok bool) {
	state := r.URL.Query()["state"]
	for _, c := range r.CookiesNamed(h.attemptCookieName()) {
		value, err := base64.RawURLEncoding.DecodeString(c.Value)
		if err == nil && json.Unmarshal(value, &a) == nil && len(state) == 1 && same(state[0], a.State) && a.Nonce != "" && a.Verifier != "" {
			return a, true
		}
	}
	return attempt{}, false
}

func (h *Hub) attemptCookieName() string {
	return strings.Replace(h.consoleCookieName(), "console", "sign-in", 1)
}

func (h *Hub) attemptCookie(value string, maxAge int) *http.Cookie {
	c := h.consoleCookie(value)
	c.Name, c.MaxAge = h.attemptCookieName(), maxAge
	return c
}
