package session

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tandem/session/agents"
	"tandem/session/audit"
	"tandem/session/secret"
)

// apiError is what strangers are told when something did not work.
type apiError struct {
	status  int
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e apiError) Error() string { return e.Message }

var (
	errBadRequest   = apiError{400, "bad_request", "The request was not understood."}
	errNotJoined    = apiError{401, "not_joined", "Open the link you were given in this browser."}
	errNotSignedIn  = apiError{401, "not_signed_in", "Sign in, or send a key that works: Authorization: Bearer tandem_…"}
	errRefused      = apiError{401, "refused", "This key or link opens nothing. It may be used, out of time, or taken back."}
	errScope        = apiError{403, "scope", "You may not do this."}
	errSelf         = apiError{403, "yourself", "You cannot do this to yourself."}
	errForbidden    = apiError{403, "forbidden", "This request did not come from a page of this server."}
	errNoSession    = apiError{404, "not_found", "This link or code does not exist."}
	errNothing      = apiError{404, "not_found", "There is no such thing."}
	errMethod       = apiError{405, "method", "This cannot be done here."}
	errExists       = apiError{409, "exists", "There is an agent of that name already."}
	errDisabled     = apiError{409, "disabled", "The agent is disabled."}
	errPending      = apiError{409, "pending", "Say yes in the browser where the session is."}
	errLinkUsed     = apiError{409, "link_used", "This link was already used in another browser. Ask for a new one."}
	errNotActive    = apiError{409, "not_active", "The session has not begun."}
	errTermsChanged = apiError{409, "terms_changed", "What you are asked has changed meanwhile. Read it again."}
	errHasBegun     = apiError{409, "already_active", "The session has begun: end it instead."}
	errLinkExpired  = apiError{410, "link_expired", "This link is out of time. Ask for a new one."}
	errRevoked      = apiError{410, "link_revoked", "This invitation was taken back. Ask for a new one."}
	errDeclined     = apiError{410, "declined", "The invitation was declined."}
	errEnded        = apiError{410, "session_ended", "The session has ended."}
	errBadType      = apiError{415, "bad_request", "The request must be JSON."}
	errOrigin       = apiError{422, "origin_not_allowed", "The site's origin is not allowed on this server."}
	errTooMany      = apiError{429, "too_many_tries", "Too many tries. Wait a few minutes."}
	errInternal     = apiError{500, "internal", "Something went wrong at our end. Try again."}
	errGoing        = apiError{503, "unavailable", "The server is restarting. Try again in a moment."}
)

// maxBody is more than any request of ours needs: the words of a consent page
// are the most.
const maxBody = 2 * maxWords

// routes is the API of the control host. Nothing changes by GET, except that a
// socket opens, which checks its origin itself.
func (h *Hub) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/join", h.join)
	mux.HandleFunc("GET /api/sessions/{id}/{role}", h.info)
	mux.HandleFunc("POST /api/sessions/{id}/visitor/accept", h.accept)
	mux.HandleFunc("POST /api/sessions/{id}/visitor/decline", h.decline)
	mux.HandleFunc("POST /api/sessions/{id}/visitor/enter", h.enter)
	mux.HandleFunc("GET /api/sessions/{id}/agent/socket", h.agentSocket)
	mux.HandleFunc("POST /api/sessions/{id}/agent/socket", h.agentSocket)
	mux.HandleFunc("POST /api/sessions/{id}/agent/invitation", h.followerInvites)
	mux.HandleFunc("DELETE /api/sessions/{id}/agent/invitation", h.followerRevokes)
	mux.HandleFunc("POST /api/sessions/{id}/agent/copies/{n}", h.followerFetches)
	h.signInRoutes(mux)
	h.restRoutes(mux)
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			// Browsers say where a request comes from; others send no cookies
			// unasked. A page elsewhere is refused by either header.
			if protection.Check(r) != nil || !h.ownOrigin(r) {
				fail(w, errForbidden)
				return
			}
			if !strings.HasSuffix(r.URL.Path, "/socket") { // which has a limit of its own
				r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			}
		}
		if handler, pattern := mux.Handler(r); pattern == "" {
			unrouted(w, r, handler)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// unrouted answers in our form what the mux would say in its own.
func unrouted(w http.ResponseWriter, r *http.Request, mux http.Handler) {
	says := refusal{header: http.Header{}}
	mux.ServeHTTP(&says, r)
	if says.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", says.header.Get("Allow"))
		fail(w, errMethod)
		return
	}
	fail(w, errNothing)
}

// refusal takes an answer of which only the status counts.
type refusal struct {
	header http.Header
	status int
}

func (r *refusal) Header() http.Header         { return r.header }
func (r *refusal) WriteHeader(status int)      { r.status = status }
func (r *refusal) Write(p []byte) (int, error) { return len(p), nil }

func (h *Hub) ownOrigin(r *http.Request) bool {
	got := r.Header.Values("Origin")
	return len(got) == 0 || len(got) == 1 && got[0] == originOf(h.cfg.Control)
}

type joinRequest struct {
	Session string `json:"session"`
	Secret  string `json:"secret"`
	Code    string `json:"code"`
	Role    Role   `json:"role"`
	// Attempt is a secret of the page that asks. When the answer is lost, who
	// has it may ask again.
	Attempt string `json:"attempt"`
}

// joined is what a person is told about the session. The visitor decides on
// this whether to accept.
type joined struct {
	Session string   `json:"session"`
	Role    Role     `json:"role"`
	State   State    `json:"state"`
	Mode    Mode     `json:"mode"`
	Rights  Rights   `json:"rights"` // of the agent, as far as the mode lets them
	URL     string   `json:"url"`
	Origin  string   `json:"origin"`
	Agent   string   `json:"agent"`
	Visitor string   `json:"visitor"`
	Masked  []string `json:"masked"`
	// Treated says what the operator's rules do on the site.
	Treated   []Treatment `json:"treated"`
	Terms     string      `json:"terms"` // names all of this, but for what passes
	ExpiresAt string      `json:"expires_at"`
	Check     string      `json:"check,omitempty"` // shown until the visitor agrees to move here
	// Showing says that who is asked leads a showing, and has nothing to agree to.
	Showing bool `json:"showing,omitempty"`
	// Colleague says that who follows takes part and decides nothing, see [Session.manages].
	Colleague bool `json:"colleague,omitempty"`
}

// join lets a browser in by the secret of a link or by a spoken code. Every
// way of not being let in costs the same and looks the same, unless the secret
// was right.
func (h *Hub) join(w http.ResponseWriter, r *http.Request) {
	var req joinRequest
	if err := readJSON(r, &req); err != nil {
		fail(w, err)
		return
	}
	s, role, cookie, err := h.admit(r, req)
	if err != nil {
		if guess := req.Secret != "" || req.Code != ""; guess && (err == errNoSession || err == errTooMany) {
			h.refused(r, "session.join")
		}
		h.fail(w, err)
		return
	}
	if cookie != "" {
		http.SetCookie(w, h.cookie(role, s.id, cookie))
	}
	info := s.info(role)
	if info.Check = s.moveCheck(cookie); info.Check != "" {
		info.URL = info.Origin // where the visitor is now is not yet this browser's business
	}
	reply(w, info)
}

func (h *Hub) admit(r *http.Request, req joinRequest) (s *Session, role Role, cookie string, err error) {
	client, now := clientKey(r.RemoteAddr), h.now()
	if !h.joins.take(client, now) {
		return nil, "", "", errTooMany
	}
	if req.Code == "" {
		s, _ := h.Session(req.Session)
		role, cookie, err := s.admit(r, req)
		return s, role, cookie, err
	}
	// What was guessed is paid for before it is looked up, so that many
	// guesses at once do not slip through.
	if !h.guesses.take(client, now) {
		return nil, "", "", errTooMany
	}
	if !h.allGuesses.take("", now) {
		h.guesses.refund(client)
		return nil, "", "", errTooMany
	}
	code := readCode(req.Code)
	s, ok := h.byCode(code)
	if !ok {
		return nil, "", "", errNoSession
	}
	cookie, err = s.admitVisitor(r, req.Attempt, func(rec record) bool { return rec.Code.Is(code) })
	if err != nil {
		return nil, "", "", errNoSession // a code that was used is no code
	}
	h.guesses.refund(client)
	h.allGuesses.refund("")
	return s, Visitor, cookie, nil
}

// admit checks a link's secret, or the cookie of a browser that showed it
// before. s may be nil: then the answer takes as long as for a wrong secret.
func (s *Session) admit(r *http.Request, req joinRequest) (role Role, cookie string, err error) {
	rec := record{}
	if s != nil {
		rec = s.current()
	}
	isVisitor, isAgent := rec.Visitor.Secret.Is(req.Secret), rec.Agent.Secret.Is(req.Secret)
	switch {
	case isAgent && req.Role != Visitor:
		cookie, err := s.admitAgent(r)
		return Agent, cookie, err
	case isVisitor && req.Role != Agent:
		cookie, err := s.admitVisitor(r, req.Attempt, func(rec record) bool { return rec.Visitor.Secret.Is(req.Secret) })
		return Visitor, cookie, err
	case req.Role != Agent && s.offersMove(req.Secret):
		cookie, err := s.admitMove(r)
		return Visitor, cookie, err
	case rec.withdrew(req.Secret):
		return "", "", errRevoked
	case s != nil && (req.Role == Visitor || req.Role == Agent) && s.present(r, req.Role):
		return req.Role, "", rec.refusal()
	}
	return "", "", errNoSession
}

// admitVisitor binds the visitor's invitation to the browser that shows it
// first, or to as many as it is for. It returns a new cookie, or none for a
// browser that has one. Until the visitor decides, the page that came last gets
// another cookie when it asks again: the answer may never have reached it.
// invited looks again, when nothing else can change.
func (s *Session) admitVisitor(r *http.Request, attempt string, invited func(record) bool) (cookie string, err error) {
	err = s.update(r.Context(), audit.Entry{Who: string(Visitor), Act: "session.join"}, func(rec *record) error {
		if err := s.lateness(*rec); err != nil {
			return err
		}
		if !invited(*rec) {
			return errRevoked
		}
		if s.shows(r, Visitor, *rec) {
			return errUnchanged
		}
		if last := len(rec.Visitor.Browsers) - 1; last >= 0 && rec.State == Waiting && rec.Visitor.Attempt.Is(attempt) {
			rec.Visitor.Browsers = rec.Visitor.Browsers[:last]
		}
		if len(rec.Visitor.Browsers) >= max(1, rec.Uses) || len(rec.Visitor.Browsers) > 0 && rec.State == Active {
			s.audit(r.Context(), audit.Entry{Who: "somebody", Act: "session.join", What: "the visitor's link, in another browser", Result: audit.Refused})
			return errLinkUsed
		}
		cookie = secret.New()
		rec.Visitor.Browsers = append(rec.Visitor.Browsers, secret.DigestOf(cookie))
		rec.Visitor.Attempt = secret.DigestOf(attempt)
		if len(attempt) != secret.Len {
			rec.Visitor.Attempt = secret.Digest{}
		}
		if rec.Opened.IsZero() {
			rec.Opened = s.hub.now()
		}
		return nil
	})
	if cookie != "" && err == nil {
		s.invitationChanged()
	}
	return cookie, err
}

// admitAgent lets in any browser that shows the agent's secret.
func (s *Session) admitAgent(r *http.Request) (cookie string, err error) {
	err = s.update(r.Context(), audit.Entry{Who: string(Agent), Act: "session.join"}, func(rec *record) error {
		if err := s.lateness(*rec); err != nil {
			return err
		}
		if s.shows(r, Agent, *rec) {
			return errUnchanged
		}
		cookie = secret.New()
		all := append(rec.Agent.Browsers, secret.DigestOf(cookie))
		rec.Agent.Browsers = all[max(0, len(all)-maxAgentBrowsers):]
		return nil
	})
	return cookie, err
}

// lateness is why somebody with the right secret comes too late.
func (s *Session) lateness(rec record) error {
	if rec.State == Waiting && s.hub.now().After(rec.Expires) {
		return errLinkExpired
	}
	return rec.refusal()
}

// refusal is why nobody gets in any more, nil while they do.
func (r record) refusal() error {
	switch r.State {
	case Declined:
		return errDeclined
	case Expired:
		return errLinkExpired
	case Ended:
		return errEnded
	}
	return nil
}

// present reports whether a request comes from somebody who is in the session
// in that role.
func (s *Session) present(r *http.Request, role Role) bool {
	if rec := s.current(); rec.In != "" {
		return role == Visitor && s.leads(r, rec)
	}
	if role == Agent {
		_, ok := s.follower(r)
		return ok
	}
	return s.shows(r, role, s.current())
}

// shows reports whether a request has the cookie of a browser that was let in
// by a link.
func (s *Session) shows(r *http.Request, role Role, rec record) bool {
	return s.browserOf(r, role, rec) != ""
}

// browserOf returns the digest of that cookie, "" when there is none.
func (s *Session) browserOf(r *http.Request, role Role, rec record) string {
	for _, c := range r.CookiesNamed(s.hub.cookieName(role, s.id)) {
		if rec.credential(role).holds(c.Value) {
			d := secret.DigestOf(c.Value)
			return base64.RawStdEncoding.EncodeToString(d[:])
		}
	}
	return ""
}

// guest is who comes to follow a session.
type guest struct {
	who   string      // names the seat: a browser, or an agent who is signed in
	name  string      // for people; "" is the session's name for its agent
	still func() bool // whether they may be there; nil means while the session lasts
	// manages says whether they decide about the session; nil means yes, as who has its link does.
	manages func() bool
}

func (g guest) decides() bool { return g.manages == nil || g.manages() }

// follower returns who asks to follow: a browser that the agent's link let in,
// or an agent who is signed in and whose session it is, or who sees all.
func (s *Session) follower(r *http.Request) (guest, bool) {
	if browser := s.browserOf(r, Agent, s.current()); browser != "" {
		return guest{who: browser}, true
	}
	for _, c := range r.CookiesNamed(s.hub.consoleCookieName()) {
		if a, ok := s.signedIn(c.Value); ok {
			still := func() bool { _, ok := s.signedIn(c.Value); return ok }
			manages := func() bool { a, ok := s.signedIn(c.Value); return ok && s.manages(a) }
			return guest{"agent:" + a.Name, cut(a.FullName, maxName), still, manages}, true
		}
	}
	return guest{}, false
}

// signedIn returns whose console a cookie is, if they may be in the session:
// who is there acts and may end it, so that a key which may only read is not
// enough.
func (s *Session) signedIn(cookie string) (agents.Agent, bool) {
	a, scopes, ok := s.hub.agents.ByCookie(cookie)
	for _, needed := range agents.Member.Scopes() {
		ok = ok && slices.Contains(scopes, needed)
	}
	return a, ok && s.belongsTo(a)
}

func (h *Hub) secure() bool { return strings.HasPrefix(h.cfg.Control, "https:") }

// cookieName keeps the roles apart: both may be tried in one browser. With
// https the prefix keeps other hosts of our domain from setting it.
func (h *Hub) cookieName(role Role, id string) string {
	name := "tandem-" + string(role[0]) + "-" + id
	if h.secure() {
		name = "__Host-" + name
	}
	return name
}

func (h *Hub) cookie(role Role, id, value string) *http.Cookie {
	return &http.Cookie{
		Name:     h.cookieName(role, id),
		Value:    value,
		Path:     "/",
		Secure:   h.secure(),
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
}

func (s *Session) info(role Role) joined {
	rec := s.current()
	j := s.describe(role, rec)
	j.Terms = termsOf(j)
	return j
}

func (s *Session) describe(role Role, rec record) joined {
	return joined{
		Session:   s.id,
		Role:      role,
		State:     rec.State,
		Mode:      rec.Mode,
		Rights:    rec.Rights,
		URL:       rec.URL,
		Origin:    siteOf(rec.URL),
		Agent:     rec.AgentName,
		Visitor:   rec.VisitorName,
		Masked:    masked,
		Treated:   s.hub.rules.Treatments(rec.URL),
		ExpiresAt: rec.Expires.UTC().Format("2006-01-02T15:04:05Z"),
		Showing:   rec.In != "",
	}
}

// masked names what the mirror hides from followers, always.
var masked = []string{
	"passwords",
	"cards", // numbers, expiry dates and security codes
	"codes", // that are good for one time
}

// participant returns the session of the path if the request has the cookie of
// that role and the session is not over.
func (h *Hub) participant(r *http.Request, role Role) (*Session, error) {
	s, ok := h.Session(r.PathValue("id"))
	if !ok || !s.present(r, role) {
		if ok && role == Visitor && s.wasWithdrawn(r) {
			return nil, errRevoked
		}
		if ok && role == Visitor && s.awaitsMove(r) {
			return nil, errPending
		}
		return nil, errNotJoined
	}
	return s, s.lateness(s.current())
}

// wasWithdrawn reports whether the visitor's browser had opened an invitation
// that was taken back.
func (s *Session) wasWithdrawn(r *http.Request) bool {
	rec := s.current()
	return slices.ContainsFunc(r.CookiesNamed(s.hub.cookieName(Visitor, s.id)), func(c *http.Cookie) bool { return rec.withdrew(c.Value) })
}

func (h *Hub) info(w http.ResponseWriter, r *http.Request) {
	role := Role(r.PathValue("role"))
	if role != Visitor && role != Agent {
		fail(w, errNoSession)
		return
	}
	s, err := h.participant(r, role)
	if err != nil {
		h.fail(w, err)
		return
	}
	j := s.info(role)
	if g, ok := s.follower(r); ok && role == Agent {
		j.Colleague = !g.decides()
	}
	reply(w, j)
}

// entrance tells a page of the control host where to send the visitor.
type entrance struct {
	Enter  string `json:"enter"`
	Ticket string `json:"ticket"`
}

func (h *Hub) accept(w http.ResponseWriter, r *http.Request) {
	var said acceptance
	s, err := h.visitorAsks(r, &said)
	if err == nil {
		err = s.accept(r, said)
	}
	h.letIn(w, s, err)
}

func (h *Hub) enter(w http.ResponseWriter, r *http.Request) {
	s, err := h.visitorAsks(r, &struct{}{})
	if err == nil && s.State() != Active {
		err = errNotActive
	}
	h.letIn(w, s, err)
}

func (h *Hub) decline(w http.ResponseWriter, r *http.Request) {
	s, err := h.visitorAsks(r, &struct{}{})
	if err == nil {
		err = s.decline(r.Context())
	}
	if err != nil {
		h.fail(w, err)
		return
	}
	reply(w, struct{}{})
}

func (h *Hub) visitorAsks(r *http.Request, body any) (*Session, error) {
	if err := readJSON(r, body); err != nil {
		return nil, err
	}
	return h.participant(r, Visitor)
}

func (h *Hub) letIn(w http.ResponseWriter, s *Session, err error) {
	if err != nil {
		h.fail(w, err)
		return
	}
	shell, _ := h.cfg.Links(s.id)
	u, err := url.Parse(shell)
	if err != nil {
		h.fail(w, err)
		return
	}
	ticket := s.Ticket(u.Host)
	if ticket == "" {
		h.fail(w, errTooMany)
		return
	}
	reply(w, entrance{strings.TrimSuffix(shell, "/") + "/.tandem/enter", ticket})
}

func (h *Hub) agentSocket(w http.ResponseWriter, r *http.Request) {
	s, ok := h.Session(r.PathValue("id"))
	var g guest
	if ok {
		g, ok = s.follower(r)
	}
	h.socket(w, r, s, Agent, h.cfg.Control, g, ok)
}

// followerInvites makes a new invitation for who waits for the visitor.
func (h *Hub) followerInvites(w http.ResponseWriter, r *http.Request) {
	s, ctx, err := h.followerAsks(r)
	if err != nil {
		h.fail(w, err)
		return
	}
	inv, err := s.Invite(ctx, 0)
	h.answer(w, inv, err)
}

// followerRevokes takes it back.
func (h *Hub) followerRevokes(w http.ResponseWriter, r *http.Request) {
	s, ctx, err := h.followerAsks(r)
	if err == nil {
		err = s.Revoke(ctx)
	}
	h.answer(w, struct{}{}, err)
}

// followerAsks returns the session of the path, and a context that says who acts.
func (h *Hub) followerAsks(r *http.Request) (*Session, context.Context, error) {
	if err := readJSON(r, &struct{}{}); err != nil {
		return nil, nil, err
	}
	s, err := h.participant(r, Agent)
	if err != nil {
		return nil, nil, err
	}
	g, _ := s.follower(r)
	if !g.decides() {
		return nil, nil, errScope
	}
	who := string(Agent)
	if g.still != nil {
		who = g.who
	}
	return s, audit.As(r.Context(), who), nil
}

func (h *Hub) answer(w http.ResponseWriter, body any, err error) {
	if err != nil {
		h.fail(w, err)
		return
	}
	reply(w, body)
}

// readJSON reads a request's body. An empty one counts as {}.
func readJSON(r *http.Request, into any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return errBadType
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return errBadRequest
	}
	if len(body) == 0 {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return errBadRequest
	}
	return nil
}

func reply(w http.ResponseWriter, body any) { write(w, http.StatusOK, body) }

// fail maps errors to answers; what is not meant for strangers goes to the log.
func (h *Hub) fail(w http.ResponseWriter, err error) {
	var known apiError
	switch {
	case errors.As(err, &known):
	case errors.Is(err, ErrOver):
		known = errEnded
	case errors.Is(err, errExpired):
		known = errLinkExpired
	case errors.Is(err, errTooLate):
		known = errHasBegun
	case errors.Is(err, errUnfit), errors.Is(err, agents.ErrInvalid):
		known = errBadRequest
		known.Message = err.Error()
	case errors.Is(err, ErrOriginNotAllowed):
		known = errOrigin
	case errors.Is(err, agents.ErrNotFound), errors.Is(err, agents.ErrNoKey):
		known = errNothing
	case errors.Is(err, agents.ErrExists):
		known = errExists
	case errors.Is(err, agents.ErrDisabled):
		known = errDisabled
	case errors.Is(err, agents.ErrRefused):
		known = errRefused
	default:
		h.log.Error("answering a request", "error", err)
		known = errInternal
	}
	fail(w, known)
}

func fail(w http.ResponseWriter, err error) {
	known, ok := err.(apiError)
	if !ok {
		known = errInternal
	}
	if known.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "300")
	}
	write(w, known.status, map[string]apiError{"error": known})
}

func write(w http.ResponseWriter, status int, body any) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // it is no HTML, and entries of the audit log have to stay as they are
	if err := e.Encode(body); err != nil {
		panic(err) // our own fields
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(text.Bytes())
}
