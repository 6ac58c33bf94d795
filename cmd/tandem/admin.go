package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"tandem/proxy"
	"tandem/session"
	"tandem/session/agents"
)

// An admin is what the commands can do with a server's state.
type admin interface {
	Put(ctx context.Context, rule session.Rule) error
	Remove(ctx context.Context, pattern string) error
	Rules(ctx context.Context) ([]session.Rule, error)
	Test(ctx context.Context, address string, dry bool) (proxy.Report, error)
	AddPageRule(ctx context.Context, rule session.PageRule) error
	RemovePageRule(ctx context.Context, rule session.PageRule) error
	PageRules(ctx context.Context) ([]session.PageRule, error)
	Preview(ctx context.Context, address string) (proxy.Preview, error)
	Create(ctx context.Context, req session.Request) (session.Invitation, error)
	Sessions(ctx context.Context) ([]session.Summary, error)
	Invite(ctx context.Context, id string, ttl time.Duration) (session.Invitation, error)
	Revoke(ctx context.Context, id string) error
	LetIn(ctx context.Context, id, agent string) error
	LetOut(ctx context.Context, id, agent string) error
	End(ctx context.Context, id string) error
	Erase(ctx context.Context, id string) error
	agentsAdmin
	Settings(ctx context.Context) (settings, error)
	Backup(ctx context.Context) (session.Backup, error)
}

// local is an admin of the state this process has open.
type local struct {
	hub      *session.Hub
	proxy    *proxy.Proxy
	settings func() settings
}

func (l local) Put(ctx context.Context, rule session.Rule) error {
	return l.hub.Origins().Put(ctx, rule)
}

func (l local) Remove(ctx context.Context, pattern string) error {
	return l.hub.Origins().Remove(ctx, pattern)
}

func (l local) Rules(context.Context) ([]session.Rule, error) {
	return l.hub.Origins().List(), nil
}

func (l local) Test(ctx context.Context, address string, dry bool) (proxy.Report, error) {
	if dry {
		return l.proxy.Foretell(address), nil
	}
	return l.proxy.Check(ctx, address), nil
}

func (l local) AddPageRule(ctx context.Context, rule session.PageRule) error {
	return l.hub.PageRules().Add(ctx, rule)
}

func (l local) RemovePageRule(ctx context.Context, rule session.PageRule) error {
	return l.hub.PageRules().Remove(ctx, rule)
}

func (l local) PageRules(context.Context) ([]session.PageRule, error) {
	return l.hub.PageRules().List(), nil
}

func (l local) Preview(ctx context.Context, address string) (proxy.Preview, error) {
	return l.proxy.Preview(ctx, address)
}

func (l local) Create(ctx context.Context, req session.Request) (session.Invitation, error) {
	return l.hub.Create(ctx, req)
}

func (l local) Sessions(context.Context) ([]session.Summary, error) {
	return l.hub.Sessions(), nil
}

func (l local) Invite(ctx context.Context, id string, ttl time.Duration) (session.Invitation, error) {
	return l.hub.InviteAgain(ctx, id, ttl)
}

func (l local) Revoke(ctx context.Context, id string) error {
	s, ok := l.hub.Session(id)
	if !ok {
		return session.ErrNotFound
	}
	return s.Revoke(ctx)
}

func (l local) LetIn(ctx context.Context, id, agent string) error {
	s, ok := l.hub.Session(id)
	if !ok {
		return session.ErrNotFound
	}
	return s.LetIn(ctx, agent)
}

func (l local) LetOut(ctx context.Context, id, agent string) error {
	s, ok := l.hub.Session(id)
	if !ok {
		return session.ErrNotFound
	}
	return s.LetOut(ctx, agent)
}

func (l local) End(ctx context.Context, id string) error {
	return l.hub.End(ctx, id, "the operator")
}

func (l local) Erase(ctx context.Context, id string) error { return l.hub.Erase(ctx, id) }

func (l local) Settings(context.Context) (settings, error) { return l.settings(), nil }

func (l local) Backup(ctx context.Context) (session.Backup, error) { return l.hub.Backup(ctx) }

// The codes of errors that keep their meaning across the socket.
var adminErrors = map[string]error{
	"not_found":          session.ErrNotFound,
	"origin_not_allowed": session.ErrOriginNotAllowed,
	"agent_not_found":    agents.ErrNotFound,
}

// A remoteError is an error of the server's; it is one of adminErrors, too.
type remoteError struct{ Code, Message string }

func (e *remoteError) Error() string { return e.Message }

func (e *remoteError) Is(target error) bool { return adminErrors[e.Code] == target }

// adminHandler answers for a on the socket, in JSON:
//
//	GET, POST, DELETE /origins    rules; a rule; ?pattern=
//	GET               /test?url=  a report; &dry=1: without asking the site
//	GET, POST, DELETE /rules      rules for pages; one in the body
//	GET               /preview?url=  what they select in a page
//	GET, POST         /sessions   summaries; a request
//	DELETE            /sessions/{id}: ends it; ?erase=1: and forgets it
//	POST, DELETE      /sessions/{id}/invitation  a number of nanoseconds
//	PUT, DELETE       /sessions/{id}/agents/{name}
//	GET               /settings   what the server runs with
//	GET               /backup     a backup
//
// and what handleAgents does.
func adminHandler(a admin) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
			v, err := f(r)
			answer(w, v, err)
		})
	}
	handle("GET /origins", func(r *http.Request) (any, error) { return a.Rules(r.Context()) })
	handle("POST /origins", func(r *http.Request) (any, error) {
		rule, err := decode[session.Rule](r.Body)
		if err != nil {
			return nil, err
		}
		return nil, a.Put(r.Context(), rule)
	})
	handle("DELETE /origins", func(r *http.Request) (any, error) { return nil, a.Remove(r.Context(), r.FormValue("pattern")) })
	handle("GET /test", func(r *http.Request) (any, error) {
		return a.Test(r.Context(), r.FormValue("url"), r.FormValue("dry") != "")
	})
	handle("GET /rules", func(r *http.Request) (any, error) { return a.PageRules(r.Context()) })
	handle("POST /rules", func(r *http.Request) (any, error) {
		rule, err := decode[session.PageRule](r.Body)
		if err != nil {
			return nil, err
		}
		return nil, a.AddPageRule(r.Context(), rule)
	})
	handle("DELETE /rules", func(r *http.Request) (any, error) {
		rule, err := decode[session.PageRule](r.Body)
		if err != nil {
			return nil, err
		}
		return nil, a.RemovePageRule(r.Context(), rule)
	})
	handle("GET /preview", func(r *http.Request) (any, error) { return a.Preview(r.Context(), r.FormValue("url")) })
	handle("GET /sessions", func(r *http.Request) (any, error) { return a.Sessions(r.Context()) })
	handle("POST /sessions", func(r *http.Request) (any, error) {
		req, err := decode[session.Request](r.Body)
		if err != nil {
			return nil, err
		}
		return a.Create(r.Context(), req)
	})
	handle("POST /sessions/{id}/invitation", func(r *http.Request) (any, error) {
		ttl, err := decode[time.Duration](r.Body)
		if err != nil {
			return nil, err
		}
		return a.Invite(r.Context(), r.PathValue("id"), ttl)
	})
	handle("DELETE /sessions/{id}/invitation", func(r *http.Request) (any, error) { return nil, a.Revoke(r.Context(), r.PathValue("id")) })
	handle("PUT /sessions/{id}/agents/{name}", func(r *http.Request) (any, error) {
		return nil, a.LetIn(r.Context(), r.PathValue("id"), r.PathValue("name"))
	})
	handle("DELETE /sessions/{id}/agents/{name}", func(r *http.Request) (any, error) {
		return nil, a.LetOut(r.Context(), r.PathValue("id"), r.PathValue("name"))
	})
	handleAgents(handle, a)
	handle("DELETE /sessions/{id}", func(r *http.Request) (any, error) {
		if r.FormValue("erase") != "" {
			return nil, a.Erase(r.Context(), r.PathValue("id"))
		}
		return nil, a.End(r.Context(), r.PathValue("id"))
	})
	handle("GET /backup", func(r *http.Request) (any, error) { return a.Backup(r.Context()) })
	handle("GET /settings", func(r *http.Request) (any, error) { return a.Settings(r.Context()) })
	return mux
}

func decode[T any](r io.Reader) (v T, err error) {
	if err := json.NewDecoder(r).Decode(&v); err != nil {
		return v, fmt.Errorf("reading the request: %w", err)
	}
	return v, nil
}

func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err == nil {
		json.NewEncoder(w).Encode(v)
		return
	}
	failure := remoteError{"failed", err.Error()}
	for code, known := range adminErrors {
		if errors.Is(err, known) {
			failure.Code = code
		}
	}
	w.WriteHeader(http.StatusUnprocessableEntity)
	json.NewEncoder(w).Encode(failure)
}

// maxSocketPath is what a Unix socket's address holds on the strictest system.
const maxSocketPath = 103

// listenAdmin opens the socket below dir, replacing one that a server left
// behind: the caller owns dir. The socket is never reachable by others, not
// even for the moment between its creation and the change of its mode.
func listenAdmin(dir string) (net.Listener, error) {
	path := filepath.Join(dir, "tandem.sock")
	nursery, err := os.MkdirTemp(dir, ".s")
	if err != nil {
		return nil, fmt.Errorf("making the control socket: %w", err)
	}
	defer os.RemoveAll(nursery)
	temporary := filepath.Join(nursery, "s")
	if max(len(temporary), len(path)) > maxSocketPath {
		return nil, hinted{fmt.Errorf("the data directory's path is too long for a socket: %s", dir), "choose a shorter one with --data"}
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: temporary, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("making the control socket: %w", err)
	}
	listener.SetUnlinkOnClose(false)
	if err = os.Chmod(temporary, 0o600); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("making the control socket: %w", err)
	}
	return adminListener{listener, path}, nil
}

// adminListener takes its socket away when it closes.
type adminListener struct {
	net.Listener
	path string
}

func (l adminListener) Close() error {
	os.Remove(l.path)
	return l.Listener.Close()
}

// remote is an admin of a running server.
type remote struct{ client *http.Client }

// dialAdmin finds the server that runs on dir; ok is false when none does.
func dialAdmin(dir string) (r remote, ok bool) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, "tandem.sock"))
	}
	conn, err := dial(context.Background(), "", "")
	if err != nil {
		return remote{}, false
	}
	conn.Close()
	return remote{&http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: time.Minute}}, true
}

// call sends in, unless it is nil, and reads the answer into out, unless that is.
func (r remote) call(ctx context.Context, method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://tandem"+path, &body)
	if err != nil {
		return err
	}
	res, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking the running server: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		failure := new(remoteError)
		if err := json.NewDecoder(res.Body).Decode(failure); err != nil || failure.Message == "" {
			return fmt.Errorf("the running server answered %s", res.Status)
		}
		return failure
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(out)
}

func (r remote) Put(ctx context.Context, rule session.Rule) error {
	return r.call(ctx, "POST", "/origins", rule, nil)
}

func (r remote) Remove(ctx context.Context, pattern string) error {
	return r.call(ctx, "DELETE", "/origins?pattern="+url.QueryEscape(pattern), nil, nil)
}

func (r remote) Rules(ctx context.Context) (list []session.Rule, err error) {
	return list, r.call(ctx, "GET", "/origins", nil, &list)
}

func (r remote) Test(ctx context.Context, address string, dry bool) (report proxy.Report, err error) {
	query := url.Values{"url": {address}}
	if dry {
		query.Set("dry", "1")
	}
	return report, r.call(ctx, "GET", "/test?"+query.Encode(), nil, &report)
}

func (r remote) AddPageRule(ctx context.Context, rule session.PageRule) error {
	return r.call(ctx, "POST", "/rules", rule, nil)
}

func (r remote) RemovePageRule(ctx context.Context, rule session.PageRule) error {
	return r.call(ctx, "DELETE", "/rules", rule, nil)
}

func (r remote) PageRules(ctx context.Context) (list []session.PageRule, err error) {
	return list, r.call(ctx, "GET", "/rules", nil, &list)
}

func (r remote) Preview(ctx context.Context, address string) (preview proxy.Preview, err error) {
	return preview, r.call(ctx, "GET", "/preview?url="+url.QueryEscape(address), nil, &preview)
}

func (r remote) Create(ctx context.Context, req session.Request) (inv session.Invitation, err error) {
	return inv, r.call(ctx, "POST", "/sessions", req, &inv)
}

func (r remote) Sessions(ctx context.Context) (list []session.Summary, err error) {
	return list, r.call(ctx, "GET", "/sessions", nil, &list)
}

func (r remote) Invite(ctx context.Context, id string, ttl time.Duration) (inv session.Invitation, err error) {
	return inv, r.call(ctx, "POST", "/sessions/"+url.PathEscape(id)+"/invitation", ttl, &inv)
}

func (r remote) Revoke(ctx context.Context, id string) error {
	return r.call(ctx, "DELETE", "/sessions/"+url.PathEscape(id)+"/invitation", nil, nil)
}

func (r remote) LetIn(ctx context.Context, id, agent string) error {
	return r.call(ctx, "PUT", "/sessions/"+url.PathEscape(id)+"/agents/"+url.PathEscape(agent), nil, nil)
}

func (r remote) LetOut(ctx context.Context, id, agent string) error {
	return r.call(ctx, "DELETE", "/sessions/"+url.PathEscape(id)+"/agents/"+url.PathEscape(agent), nil, nil)
}

func (r remote) End(ctx context.Context, id string) error {
	return r.call(ctx, "DELETE", "/sessions/"+url.PathEscape(id), nil, nil)
}

func (r remote) Erase(ctx context.Context, id string) error {
	return r.call(ctx, "DELETE", "/sessions/"+url.PathEscape(id)+"?erase=1", nil, nil)
}

func (r remote) Settings(ctx context.Context) (s settings, err error) {
	return s, r.call(ctx, "GET", "/settings", nil, &s)
}

func (r remote) Backup(ctx context.Context) (b session.Backup, err error) {
	return b, r.call(ctx, "GET", "/backup", nil, &b)
}

// withAdmin gives use the running server of dir, or the state itself when
// there is none.
func withAdmin(ctx context.Context, dir string, use func(admin) error) error {
	if r, ok := dialAdmin(dir); ok {
		return use(r)
	}
	quiet := slog.New(slog.DiscardHandler)
	s, err := open(ctx, config{Data: dir, Listen: defaultListen, Logger: quiet})
	if err != nil {
		return err
	}
	err = use(s.admin())
	return errors.Join(err, s.close(ctx))
}
