package session

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/session/agents"
	"tandem/session/audit"
)

// The REST API, for programs with an agent's key and for the console. Errors
// have the form of all our API: {"error":{"code","message"}}.
func (h *Hub) restRoutes(mux *http.ServeMux) {
	handle := func(pattern string, scope agents.Scope, f func(*http.Request, caller) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			by, err := h.caller(r, scope)
			if err != nil {
				fail(w, err)
				return
			}
			v, err := f(r.WithContext(audit.As(r.Context(), "agent:"+by.Name)), by)
			h.answer(w, v, err)
		})
	}
	handle("GET /api/v1/me", "", func(_ *http.Request, by caller) (any, error) { return describeCaller(by), nil })
	handle("GET /api/v1/sessions", agents.ReadSessions, h.listSessions)
	handle("POST /api/v1/sessions", agents.CreateSessions, h.createSession)
	handle("GET /api/v1/sessions/{id}", agents.ReadSessions, h.showSession)
	handle("DELETE /api/v1/sessions/{id}", agents.EndSessions, h.endSession)
	handle("POST /api/v1/sessions/{id}/invitation", agents.CreateSessions, h.inviteAgain)
	handle("DELETE /api/v1/sessions/{id}/invitation", agents.EndSessions, h.revokeInvitation)
	handle("PUT /api/v1/sessions/{id}/agents/{name}", agents.CreateSessions, h.addColleague)
	handle("DELETE /api/v1/sessions/{id}/agents/{name}", agents.EndSessions, h.removeColleague)
	handle("GET /api/v1/audit", agents.ReadAudit, h.readAudit)
	handle("GET /api/v1/agents", agents.ManageAgents, h.listAgents)
	handle("POST /api/v1/agents", agents.ManageAgents, h.addAgent)
	handle("PATCH /api/v1/agents/{name}", agents.ManageAgents, h.changeAgent)
	handle("DELETE /api/v1/agents/{name}", agents.ManageAgents, h.removeAgent)
	handle("POST /api/v1/agents/{name}/keys", agents.ManageAgents, h.addKey)
	handle("DELETE /api/v1/agents/{name}/keys/{key}", agents.ManageAgents, h.revokeKey)
}

// caller is who uses the API.
type caller struct {
	agents.Agent
	scopes []agents.Scope
}

// caller finds out who asks, by the key in the Authorization header, or
// without one by the console's cookie, and whether they have the scope.
func (h *Hub) caller(r *http.Request, scope agents.Scope) (caller, error) {
	by, ok := caller{}, false
	if given := r.Header.Values("Authorization"); len(given) > 0 {
		scheme, key, _ := strings.Cut(given[0], " ")
		if len(given) == 1 && strings.EqualFold(scheme, "Bearer") {
			by.Agent, by.scopes, ok = h.agents.ByKey(r.Context(), key)
		}
	} else {
		for _, c := range r.CookiesNamed(h.consoleCookieName()) {
			if by.Agent, by.scopes, ok = h.agents.ByCookie(c.Value); ok {
				break
			}
		}
	}
	switch {
	case !ok:
		if r.Header.Get("Authorization") != "" {
			h.refused(r, "api.key")
		}
		return caller{}, errNotSignedIn
	case scope != "" && !slices.Contains(by.scopes, scope):
		return caller{}, errScope
	}
	return by, nil
}

type callerAnswer struct {
	Name     string         `json:"name"`
	FullName string         `json:"full_name"`
	Role     agents.Role    `json:"role"`
	Scopes   []agents.Scope `json:"scopes,omitempty"`
}

func describeCaller(by caller) callerAnswer {
	return callerAnswer{by.Name, by.FullName, by.Role, by.scopes}
}

// sessionOf returns the session of the path. One that the caller may not see
// looks as if there were none.
func (h *Hub) sessionOf(r *http.Request, by caller) (*Session, error) {
	s, ok := h.Session(r.PathValue("id"))
	if !ok || !s.belongsTo(by.Agent) {
		return nil, errNothing
	}
	return s, nil
}

// managedBy is sessionOf for those who decide about it.
func (h *Hub) managedBy(r *http.Request, by caller) (*Session, error) {
	s, err := h.sessionOf(r, by)
	if err == nil && !s.manages(by.Agent) {
		err = errScope
	}
	return s, err
}

// maxWait is how long a request may wait for news.
const maxWait = 25 * time.Second

// listSessions answers with what the caller may see; with "since", the number
// of an earlier answer, once anything has changed.
func (h *Hub) listSessions(r *http.Request, by caller) (any, error) {
	version := h.changes.wait(ended, 0)
	if since := r.FormValue("since"); since != "" {
		n, err := strconv.ParseUint(since, 10, 64)
		if err != nil {
			return nil, errBadRequest
		}
		if version, err = h.waitForNews(r, n); err != nil {
			return nil, err
		}
		if by, err = h.caller(r, agents.ReadSessions); err != nil {
			return nil, err // meanwhile
		}
	}
	state, agent := r.FormValue("state"), r.FormValue("agent")
	list := slices.DeleteFunc(h.Sessions(), func(s Summary) bool {
		mine := by.Role.SeesAll() || s.Owner == by.Name || slices.Contains(s.Colleagues, by.Name)
		return !mine || state != "" && string(s.State) != state || agent != "" && s.Owner != agent
	})
	return struct {
		Version  uint64    `json:"version"`
		Sessions []Summary `json:"sessions"`
	}{version, list}, nil
}

// ended is a context of which nothing is waited for.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

func (h *Hub) waitForNews(r *http.Request, since uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(r.Context(), maxWait)
	defer cancel()
	defer context.AfterFunc(h.draining, cancel)()
	n := h.changes.wait(ctx, since)
	if h.draining.Err() != nil {
		return 0, errGoing
	}
	return n, nil
}

type createRequest struct {
	URL         string `json:"url"`
	Mode        Mode   `json:"mode"`
	Rights      Rights `json:"rights"` // none given means all
	Agent       string `json:"agent"`  // whose it shall be; supervisors may name others
	VisitorName string `json:"visitor_name"`
	Minutes     int    `json:"minutes"` // the invitation is good for
	Uses        int    `json:"uses"`
}

// span is a number of units. One that is out of all bounds stays so.
func span(n int, unit time.Duration) time.Duration {
	const most = 1 << 20
	return time.Duration(max(-1, min(n, most))) * unit
}

func (h *Hub) createSession(r *http.Request, by caller) (any, error) {
	var req createRequest
	if err := readJSON(r, &req); err != nil {
		return nil, err
	}
	owner := by.Name
	if req.Agent != "" {
		owner = req.Agent
	}
	if owner != by.Name && !by.Role.SeesAll() {
		return nil, errScope
	}
	inv, err := h.Create(r.Context(), Request{
		URL: req.URL, Mode: req.Mode, Rights: req.Rights, Agent: owner, VisitorName: req.VisitorName,
		TTL: span(req.Minutes, time.Minute), Uses: req.Uses,
	})
	return inv, err
}

func (h *Hub) showSession(r *http.Request, by caller) (any, error) {
	s, err := h.sessionOf(r, by)
	if err != nil {
		return nil, err
	}
	return s.summary(), nil
}

func (h *Hub) endSession(r *http.Request, by caller) (any, error) {
	s, err := h.managedBy(r, by)
	if err == nil {
		err = s.End(r.Context(), by.FullName)
	}
	return struct{}{}, err
}

func (h *Hub) inviteAgain(r *http.Request, by caller) (any, error) {
	var req struct {
		Minutes int `json:"minutes"`
	}
	if err := readJSON(r, &req); err != nil {
		return nil, err
	}
	s, err := h.managedBy(r, by)
	if err != nil {
		return nil, err
	}
	return h.InviteAgain(r.Context(), s.id, span(req.Minutes, time.Minute))
}

func (h *Hub) revokeInvitation(r *http.Request, by caller) (any, error) {
	s, err := h.managedBy(r, by)
	if err == nil {
		err = s.Revoke(r.Context())
	}
	return struct{}{}, err
}

func (h *Hub) addColleague(r *http.Request, by caller) (any, error) {
	if err := readJSON(r, &struct{}{}); err != nil {
		return nil, err
	}
	s, err := h.managedBy(r, by)
	if err == nil {
		err = s.LetIn(r.Context(), r.PathValue("name"))
	}
	return struct{}{}, err
}

func (h *Hub) removeColleague(r *http.Request, by caller) (any, error) {
	s, err := h.managedBy(r, by)
	if err == nil {
		err = s.LetOut(r.Context(), r.PathValue("name"))
	}
	return struct{}{}, err
}

const (
	auditPage    = 100
	maxAuditPage = 1000
)

// readAudit answers with entries as they are in the log, so that whoever has all
// can verify them.
func (h *Hub) readAudit(r *http.Request, _ caller) (any, error) {
	q, err := auditQuery(r)
	if err != nil {
		return nil, err
	}
	list, more, err := audit.Find(h.cfg.Dir, q)
	return struct {
		Entries []audit.Entry `json:"entries"`
		More    bool          `json:"more"`
	}{append([]audit.Entry{}, list...), more}, err
}

func auditQuery(r *http.Request) (q audit.Query, err error) {
	q = audit.Query{Session: r.FormValue("session"), Most: auditPage}
	if limit := r.FormValue("limit"); limit != "" {
		if q.Most, err = strconv.Atoi(limit); err != nil || q.Most < 1 || q.Most > maxAuditPage {
			return q, errBadRequest
		}
	}
	if since := r.FormValue("since"); since != "" {
		if q.After, err = strconv.ParseInt(since, 10, 64); err == nil {
			return q, nil
		}
		if q.From, err = time.Parse(time.RFC3339, since); err != nil {
			return q, errBadRequest
		}
	}
	return q, nil
}

func (h *Hub) listAgents(*http.Request, caller) (any, error) {
	return struct {
		Agents []agents.Agent `json:"agents"`
	}{h.agents.List()}, nil
}

func (h *Hub) addAgent(r *http.Request, _ caller) (any, error) {
	var req struct {
		Name     string      `json:"name"`
		FullName string      `json:"full_name"`
		Email    string      `json:"email"`
		Subject  string      `json:"subject"`
		Role     agents.Role `json:"role"`
	}
	if err := readJSON(r, &req); err != nil {
		return nil, err
	}
	a, err := h.agents.Add(r.Context(), agents.Agent{Name: req.Name, FullName: req.FullName, Email: req.Email, Subject: req.Subject, Role: req.Role})
	return a, err
}

// changeAgent sets what the request names. Nobody can disable themselves or
// give themselves another role, so that an admin is left.
func (h *Hub) changeAgent(r *http.Request, by caller) (any, error) {
	var req struct {
		Role     *agents.Role `json:"role"`
		Disabled *bool        `json:"disabled"`
	}
	if err := readJSON(r, &req); err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if name == by.Name {
		return nil, errSelf
	}
	var err error
	if req.Role != nil {
		err = h.agents.SetRole(r.Context(), name, *req.Role)
	}
	switch {
	case err != nil || req.Disabled == nil:
	case *req.Disabled:
		err = h.agents.Disable(r.Context(), name)
	default:
		err = h.agents.Enable(r.Context(), name)
	}
	return struct{}{}, err
}

func (h *Hub) removeAgent(r *http.Request, by caller) (any, error) {
	name := r.PathValue("name")
	if name == by.Name {
		return nil, errSelf
	}
	return struct{}{}, h.agents.Remove(r.Context(), name)
}

func (h *Hub) addKey(r *http.Request, _ caller) (any, error) {
	var req struct {
		Scopes []agents.Scope `json:"scopes"`
		Days   int            `json:"days"`
	}
	if err := readJSON(r, &req); err != nil {
		return nil, err
	}
	key, made, err := h.agents.NewKey(r.Context(), r.PathValue("name"), req.Scopes, span(req.Days, 24*time.Hour))
	return struct {
		Secret string `json:"key"`
		agents.Key
	}{key, made}, err
}

func (h *Hub) revokeKey(r *http.Request, _ caller) (any, error) {
	return struct{}{}, h.agents.RevokeKey(r.Context(), r.PathValue("name"), r.PathValue("key"))
}
