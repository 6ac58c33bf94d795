package proxy

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tandem/rewrite"
	"tandem/session"
)

const (
	maxCookieLine = 8 << 10
	maxScriptText = 4 << 20
	maxOrigin     = 512
	maxDialog     = 16 << 10
	maxPost       = 2 << 20 // of a form for a new tab,
	maxPosts      = 8       // of which a session has so many
)

// serveEndpoint answers for what our own scripts ask on a site's host.
func (p *Proxy) serveEndpoint(w http.ResponseWriter, r *http.Request, host rewrite.Host, name string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	s, ok := p.live(host.Session)
	if !ok {
		neutral(w, r)
		return
	}
	if name == "cookie" && (r.Method == http.MethodGet || r.Method == http.MethodPost) {
		p.cookieAPI(w, r, s, host)
		return
	}
	if name == "storage" && r.Method == http.MethodGet {
		p.storagePage(w, r, s, host)
		return
	}
	if name == "entered" && r.Method == http.MethodPost {
		p.entered(w, r, s, host)
		return
	}
	// Documents without an origin of their own, such as sandboxed ones, have
	// no cookies here. What they need reveals nothing.
	w.Header().Set("Access-Control-Allow-Origin", "*")
	switch {
	case r.Method != http.MethodPost:
		notFound(w, r)
	case !p.fromPage(r, s):
		neutral(w, r)
	case name == "js":
		p.scriptAPI(w, r, s, host)
	case name == "alias":
		p.aliasAPI(w, r, s, host)
	case name == "ticket":
		p.ticketAPI(w, r, s, host)
	case name == "opens":
		p.opensAPI(w, r, s, host)
	case name == "integrity":
		p.integrityAPI(w, r, s, host)
	case name == "report":
		p.reportAPI(w, r, s)
	case name == "dialog":
		p.dialogAPI(w, r, s)
	case name == "policy":
		p.policyAPI(w, r, s, host)
	default:
		notFound(w, r)
	}
}

// entered sees to it that the browser has the visitor's cookie for this host:
// scripts ask before they make the first CORS request that shall have cookies,
// which could not be sent for it.
func (p *Proxy) entered(w http.ResponseWriter, r *http.Request, s *session.Session, host rewrite.Host) {
	switch {
	case p.knows(r, s):
		w.WriteHeader(http.StatusNoContent)
	case wantsCookie(r):
		p.dance(w, r, host)
	default:
		neutral(w, r)
	}
}

// ownWord reads what a page of this very host tells us, and whose origin it has.
// Others are answered here.
func (p *Proxy) ownWord(w http.ResponseWriter, r *http.Request, host rewrite.Host) (origin rewrite.Origin, text []byte, ok bool) {
	origin, ok = p.originOf(host)
	if !ok || !p.ownPage(r) {
		notFound(w, r)
		return origin, nil, false
	}
	text, ok = readText(w, r, maxDemand)
	return origin, text, ok
}

// opensAPI learns what a page of this very host has the shell open in a tab: the
// browser's request will not say whose wish it was, nor what a form holds.
func (p *Proxy) opensAPI(w http.ResponseWriter, r *http.Request, s *session.Session, host rewrite.Host) {
	if to := r.URL.Query().Get("form"); to != "" {
		p.keepForm(w, r, s, host, to)
		return
	}
	origin, text, ok := p.ownWord(w, r, host)
	if !ok {
		return
	}
	u, err := url.Parse(string(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		http.Error(w, "not an address", http.StatusBadRequest)
		return
	}
	p.memories.of(s).rememberArrival(arrivalKey(u), arrival{from: initiator{origin: origin}}, p.now())
	writeText(w, "")
}

// keepForm takes in the data of a form that will be submitted in a new tab.
func (p *Proxy) keepForm(w http.ResponseWriter, r *http.Request, s *session.Session, host rewrite.Host, to string) {
	u, err := url.Parse(to)
	by, ok := p.originOf(host)
	if !ok || !p.ownPage(r) || err != nil {
		notFound(w, r)
		return
	}
	body, ok := readText(w, r, maxPost)
	if !ok {
		return
	}
	if !p.memories.of(s).rememberPost(postKey(by, u), posted{r.Header.Get("Content-Type"), body}, p.now()) {
		http.Error(w, "too many forms", http.StatusTooManyRequests)
		return
	}
	writeText(w, "")
}

// ticketAPI gives a page a ticket for a socket to another host of the session,
// which the visitor's browser does not enter otherwise (see socketTicket).
func (p *Proxy) ticketAPI(w http.ResponseWriter, r *http.Request, s *session.Session, host rewrite.Host) {
	_, text, ok := p.ownWord(w, r, host)
	if !ok {
		return
	}
	to, ok := p.content.Parse(string(text))
	if !ok || to.Kind != rewrite.Site || to.Session != s.ID() || !p.knows(r, s) {
		notFound(w, r)
		return
	}
	writeText(w, s.Ticket(socketKey(strings.ToLower(string(text)), p.content.Scheme+"://"+hostKey(r))))
}

// fromPage reports whether a page of the session sent r: it has the visitor's
// cookie or, where documents have no cookies, the key that every document of
// the session is told. Strangers who know the session's id have neither.
func (p *Proxy) fromPage(r *http.Request, s *session.Session) bool {
	return p.knows(r, s) || equal(p.memories.of(s).key, r.URL.Query().Get("key"))
}

// cookieAPI is document.cookie of a page of this host, and of no other: the
// jar would take what any page of the session says.
func (p *Proxy) cookieAPI(w http.ResponseWriter, r *http.Request, s *session.Session, host rewrite.Host) {
	if !p.knows(r, s) || !p.ownPage(r) {
		neutral(w, r)
		return
	}
	origin, ok := p.originOf(host)
	if !ok {
		notFound(w, r)
		return
	}
	path := r.URL.Query().Get("path")
	if !strings.HasPrefix(path, "/") {
		path = "/"
	}
	ctx := documentCookies(p.memories.of(s), &url.URL{Scheme: origin.Scheme, Host: origin.Host, Path: path}, origin, p.now())
	if r.Method == http.MethodPost {
		line, ok := readText(w, r, maxCookieLine)
		if !ok {
			return
		}
		if s.Jar().SetFromScript(ctx, string(line)) {
			s.CookiesChanged()
		}
	}
	writeText(w, s.Jar().Header(ctx))
}

// ownPage reports whether a page of the very host that r goes to sent it.
func (p *Proxy) ownPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	by := r.Header.Get("Origin")
	if by == "" {
		by = r.Header.Get("Referer")
	}
	u, err := url.Parse(by)
	return err == nil && u.Scheme == p.content.Scheme && strings.EqualFold(u.Host, r.Host)
}

var scriptKinds = map[string]rewrite.ScriptKind{
	"script": rewrite.ScriptClassic, "module": rewrite.ScriptModule, "eval": rewrite.ScriptEval,
	"function": rewrite.ScriptFunction, "handler": rewrite.ScriptHandler, "url": rewrite.ScriptURL,
}

// scriptAPI rewrites source text that a page made at run time.
func (p *Proxy) scriptAPI(w http.ResponseWriter, r *http.Request, s *session.Session, host rewrite.Host) {
	name := r.URL.Query().Get("kind")
	kind, ok := scriptKinds[name]
	if !ok && name != "importmap" {
		http.Error(w, "unknown kind", http.StatusBadRequest)
		return
	}
	m := p.memories.of(s)
	if !p.knows(r, s) {
		defer m.anonymous.Add(-1)
		if m.anonymous.Add(1) > anonymousMax {
			http.Error(w, "too many requests", http.StatusTooManyRequests)
			return
		}
	}
	origin, ok := p.originOf(host)
	if !ok {
		notFound(w, r)
		return
	}
	src, ok := readText(w, r, maxScriptText)
	if !ok {
		return
	}
	if name == "importmap" {
		out, _ := rewrite.ImportMap(src, p.mapper(s, origin), nil)
		writeText(w, string(out))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(p.scripts.rewrite(src, kind, p.mapper(s, origin), func(tier, at int) {
		p.logScript(s, origin, "run time", len(src), tier, at)
	}))
}

// dialogAPI tells followers what the visitor is asked. The page's thread stands
// still until the answer, and with it the shell that would pass this on.
func (p *Proxy) dialogAPI(w http.ResponseWriter, r *http.Request, s *session.Session) {
	q := r.URL.Query()
	doc, err := strconv.Atoi(q.Get("doc"))
	text, ok := readText(w, r, maxDialog)
	if !ok {
		return
	}
	if err == nil {
		s.Dialog(doc, q.Get("kind"), string(text))
	}
	w.WriteHeader(http.StatusNoContent)
}

// aliasAPI learns an origin whose name did not fit into a label. The token is
// a hash of it, so nobody can claim another's. Asked with a token, it answers
// with the origin, for pages that did not make it themselves.
func (p *Proxy) aliasAPI(w http.ResponseWriter, r *http.Request, s *session.Session, host rewrite.Host) {
	if token := r.URL.Query().Get("token"); token != "" {
		o, ok := p.originOf(rewrite.Host{Kind: rewrite.Site, Session: host.Session, Token: token})
		if !ok {
			notFound(w, r)
			return
		}
		writeText(w, o.String())
		return
	}
	text, ok := readText(w, r, maxOrigin)
	if !ok {
		return
	}
	o, err := rewrite.ParseOrigin(string(text))
	if err != nil {
		http.Error(w, "not an origin", http.StatusBadRequest)
		return
	}
	s.Alias(rewrite.Token(o), o.String())
	w.WriteHeader(http.StatusNoContent)
}

// readText reads a small body, or answers that it is too large.
func readText(w http.ResponseWriter, r *http.Request, max int64) ([]byte, bool) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, max))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return nil, false
	}
	return text, true
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, text)
}
