package session

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"tandem/session/agents"
)

// signInRoutes are how an agent's browser gets the cookie of the console.
func (h *Hub) signInRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/sign-in", h.signInWays)
	mux.HandleFunc("POST /api/sign-in", h.signIn)
	mux.HandleFunc("POST /api/sign-out", h.signOut)
	mux.HandleFunc("GET /api/sign-in/provider", h.leaveForProvider)
	mux.HandleFunc("GET "+callbackPath, h.comeBack)
}

// signInWays tells the page what it can offer.
func (h *Hub) signInWays(w http.ResponseWriter, _ *http.Request) {
	name := ""
	if h.provider != nil {
		name = h.provider.Name
	}
	reply(w, struct {
		Provider string `json:"provider"`
	}{name})
}

// signInAct is what the audit log calls it.
const signInAct = "agents.sign-in"

type signInRequest struct {
	Key  string `json:"key"`
	Link string `json:"link"`
}

// signIn exchanges a key or the secret of a link for the console's cookie. The
// value is always a new one: what the browser showed is never taken over.
func (h *Hub) signIn(w http.ResponseWriter, r *http.Request) {
	if !h.joins.take(clientKey(r.RemoteAddr), h.now()) {
		h.refused(r, signInAct)
		fail(w, errTooMany)
		return
	}
	var req signInRequest
	if err := readJSON(r, &req); err != nil {
		fail(w, err)
		return
	}
	var a agents.Agent
	var cookie string
	var err error
	if req.Link != "" {
		a, cookie, err = h.agents.SignInByLink(r.Context(), req.Link)
	} else {
		a, cookie, err = h.agents.SignInByKey(r.Context(), req.Key)
	}
	if err != nil {
		if errors.Is(err, agents.ErrRefused) {
			h.refused(r, signInAct)
		}
		h.fail(w, err)
		return
	}
	http.SetCookie(w, h.consoleCookie(cookie))
	reply(w, describeCaller(caller{Agent: a}))
}

// signOut makes the cookie worthless and takes it away.
func (h *Hub) signOut(w http.ResponseWriter, r *http.Request) {
	if err := readJSON(r, &struct{}{}); err != nil {
		fail(w, err)
		return
	}
	var err error
	for _, c := range r.CookiesNamed(h.consoleCookieName()) {
		err = errors.Join(err, h.agents.SignOut(r.Context(), c.Value))
	}
	gone := h.consoleCookie("")
	gone.MaxAge = -1
	http.SetCookie(w, gone)
	h.answer(w, struct{}{}, err)
}

// SignInLink makes an address that signs an agent in, once.
func (h *Hub) SignInLink(ctx context.Context, name string) (address string, expires time.Time, err error) {
	secret, expires, err := h.agents.NewLink(ctx, name)
	return strings.TrimSuffix(h.cfg.Control, "/") + "/console#" + secret, expires, err
}

func (h *Hub) consoleCookieName() string {
	if h.secure() {
		return "__Host-tandem-console"
	}
	return "tandem-console"
}

func (h *Hub) consoleCookie(value string) *http.Cookie {
	return &http.Cookie{
		Name:     h.consoleCookieName(),
		Value:    value,
		Path:     "/",
		MaxAge:   int(agents.SignInTTL.Seconds()),
		Secure:   h.secure(),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
}
