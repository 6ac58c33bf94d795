package proxy

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"tandem/rewrite"
	"tandem/session"
	"tandem/static"
)

// reservedPrefix belongs to us on every host and is never forwarded.
const reservedPrefix = "/.tandem/"

// route hands r to what its Host header names.
func (p *Proxy) route(w http.ResponseWriter, r *http.Request) {
	if strings.EqualFold(r.Host, p.control.Host) {
		p.pages.ServeHTTP(w, r)
		return
	}
	host, ok := p.content.Parse(r.Host)
	switch {
	case !ok:
		p.elsewhere(w, r)
	case host.Kind == rewrite.Shell:
		p.serveShell(w, r, host)
	case host.Kind == rewrite.View:
		p.serveView(w, r, host)
	default:
		p.serveSite(w, r, host)
	}
}

// elsewhere answers for names that are not ours. Health checks come by address.
func (p *Proxy) elsewhere(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/healthz", "/readyz":
		p.health(w, r)
	default:
		static.WriteProblem(w, r, static.Problem{
			Status: http.StatusMisdirectedRequest, Code: "unknown_host",
			Title: "problem.unknown_host.title", Detail: "problem.unknown_host.detail",
		})
	}
}

func (p *Proxy) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Path == "/readyz" && p.closing.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte("closing\n"))
		return
	}
	w.Write([]byte("ok\n"))
}

// controlPages returns the routes of CONTROL.
func (p *Proxy) controlPages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", p.health)
	mux.HandleFunc("GET /readyz", p.health)
	mux.Handle(static.Prefix, p.static)
	mux.Handle("/api/", p.hub.API())
	mux.HandleFunc("GET /{$}", p.page("code"))
	mux.HandleFunc("GET /j/{session}", p.page("consent"))
	mux.HandleFunc("GET /console", p.page("overview"))
	mux.HandleFunc("GET /a/{session}", p.page("console"))
	mux.HandleFunc("/", notFound)
	return mux
}

// page serves one of our pages. It looks the same for every well-formed
// session id: the page's script learns from the API whether there is one.
func (p *Proxy) page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("session")
		if id != "" && !p.isSessionID(id) {
			notFound(w, r)
			return
		}
		static.Page(w, r, name, p.pageData(id))
	}
}

func (p *Proxy) pageData(session string) static.Data {
	return static.Data{
		Session: session,
		Control: p.control.Scheme + "://" + p.control.Host,
		Content: static.Content{Scheme: p.content.Scheme, Host: p.content.Host},
		Around:  p.around(session),
	}
}

// around returns the origin of the page in which a session is followed: ours on
// CONTROL, or of a showing the shell of the session around it.
func (p *Proxy) around(session string) string {
	if s, ok := p.hub.Session(session); ok && s.Around() != "" {
		return p.content.Shell(s.Around())
	}
	return p.control.Scheme + "://" + p.control.Host
}

// isSessionID reports whether id has the form of one, so that it can stand in
// a host name.
func (p *Proxy) isSessionID(id string) bool {
	h, ok := p.content.Parse("shell--" + id + "." + p.content.Host)
	return ok && h.Session == id
}

func notFound(w http.ResponseWriter, r *http.Request) {
	static.WriteProblem(w, r, static.Problem{
		Status: http.StatusNotFound, Code: "not_found",
		Title: "problem.not_found.title", Detail: "problem.not_found.detail",
	})
}

// reserved returns what follows the reserved prefix in a URL's decoded and
// cleaned path, so that no other spelling of it reaches a site.
func reserved(u *url.URL) (rest string, ok bool) {
	clean := path.Clean("/" + strings.ReplaceAll(u.Path, `\`, "/"))
	return strings.CutPrefix(clean+"/", reservedPrefix)
}

// live returns the session if it is under way.
func (p *Proxy) live(id string) (*session.Session, bool) {
	s, ok := p.hub.Session(id)
	return s, ok && s.State() == session.Active
}

// originOf returns the real origin that a content host stands for.
func (p *Proxy) originOf(h rewrite.Host) (rewrite.Origin, bool) {
	if h.Token == "" {
		return h.Origin, h.Origin != rewrite.Origin{}
	}
	s, ok := p.live(h.Session)
	if !ok {
		return rewrite.Origin{}, false
	}
	// A context that is over: what is known, without waiting.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return p.aliased(ctx, s, h.Token)
}

// aliased returns the origin of a token: one of the allowed origins, or one
// that somebody registers before ctx ends.
func (p *Proxy) aliased(ctx context.Context, s *session.Session, token string) (rewrite.Origin, bool) {
	for _, rule := range p.hub.Origins().List() {
		if o, err := rewrite.ParseOrigin(rule.Pattern); err == nil && rewrite.Token(o) == token {
			return o, true
		}
	}
	name, ok := s.Aliased(ctx, token)
	if !ok {
		return rewrite.Origin{}, false
	}
	o, err := rewrite.ParseOrigin(name)
	return o, err == nil && rewrite.Token(o) == token
}

// aliasWait is how long a request may be ahead of its token's registration.
const aliasWait = time.Second

// serveShell answers for the visitor's shell.
func (p *Proxy) serveShell(w http.ResponseWriter, r *http.Request, host rewrite.Host) {
	if strings.HasPrefix(r.URL.Path, static.Prefix) {
		p.static.ServeHTTP(w, r)
		return
	}
	if r.URL.Path == "/.tandem/enter" {
		p.enterShell(w, r, host)
		return
	}
	s, ok := p.hub.Session(host.Session)
	if !ok || !p.knows(r, s) {
		neutral(w, r)
		return
	}
	if s.State() != session.Active {
		p.sessionOver(w, r, s)
		return
	}
	switch r.URL.Path {
	case "/":
		static.Page(w, r, "shell", p.pageData(s.ID()))
	case "/.tandem/hop":
		p.hop(w, r, s)
	case "/.tandem/report":
		p.reportAPI(w, r, s)
	case "/.tandem/storage":
		p.storageAPI(w, r, s)
	case "/.tandem/socket":
		s.Socket().ServeHTTP(w, r)
	case "/.tandem/shown":
		s.Shown().ServeHTTP(w, r)
	default:
		notFound(w, r)
	}
}

// serveSite answers for a site: our own endpoints, or the site itself.
func (p *Proxy) serveSite(w http.ResponseWriter, r *http.Request, host rewrite.Host) {
	rest, ours := reserved(r.URL)
	rest = strings.TrimSuffix(rest, "/")
	switch {
	case strings.ContainsRune(r.URL.Path, 0) || !strings.HasPrefix(r.URL.Path, "/"):
		http.Error(w, "bad request", http.StatusBadRequest)
	case r.Header.Get("Service-Worker") == "script" || r.Header.Get("Sec-Fetch-Dest") == "serviceworker":
		// A worker of the page would see the entry tickets and outlive it.
		http.Error(w, "service workers are not available in a shared session", http.StatusForbidden)
	case ours && p.serveScript(w, r, rest):
	case ours && rest == "enter":
		p.enterSite(w, r, host)
	case r.Header.Get("Sec-Fetch-Dest") == "document":
		p.toShell(w, r, host)
	case ours:
		p.serveEndpoint(w, r, host, rest)
	case isWebSocket(r):
		p.admitSocket(r, host)
		p.serveUpgrade(w, r, host)
	case isEventSource(r):
		p.admitSocket(r, host)
		fallthrough
	default:
		p.serveRequest(w, r, host)
	}
}

// serveScript serves our bundles, which are the same for everybody.
func (p *Proxy) serveScript(w http.ResponseWriter, r *http.Request, rest string) bool {
	switch {
	case rest == "sync.js" || rest == "worker.js":
		r2 := new(http.Request)
		*r2 = *r
		r2.URL = &url.URL{Path: static.Prefix + rest, RawQuery: r.URL.RawQuery}
		p.static.ServeHTTP(w, r2)
	case strings.HasPrefix(rest, "static/"):
		p.static.ServeHTTP(w, r)
	default:
		return false
	}
	return true
}

// toShell shows a content address, opened as a page of its own, in the shell:
// our policies hold only in there.
func (p *Proxy) toShell(w http.ResponseWriter, r *http.Request, host rewrite.Host) {
	to := p.content.Scheme + "://" + r.Host + r.URL.RequestURI()
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", p.content.Shell(host.Session)+"/?open="+url.QueryEscape(to))
	w.WriteHeader(http.StatusSeeOther)
}

// visitor reports whether r carries the participant cookie of its host, and
// returns the session then, whatever its state.
func (p *Proxy) visitor(r *http.Request, host rewrite.Host) (*session.Session, bool) {
	s, ok := p.hub.Session(host.Session)
	return s, ok && p.knows(r, s)
}
