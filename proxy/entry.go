package proxy

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"tandem/rewrite"
	"tandem/session"
	"tandem/static"
)

// How the visitor's browser gets the cookie of a content host. Each host has
// its own, so that a page can neither read nor toss another host's:
//
//	content host, no cookie ── 307 ─► shell /.tandem/hop?to=…&state=…   (the shell's cookie is checked)
//	   ▲                                    │ 307
//	   └── 307 ── /.tandem/enter?t=…&to=…&state=…  (ticket and state are checked, the cookie is set)
//
// state is also in a cookie of the content host, so that a ticket of somebody
// else's session cannot be planted in this browser.

const (
	participantCookie = "tandem"
	stateCookie       = "tandem-state"
	stateSeconds      = 60
	maxForm           = 4 << 10
)

// cookieName adds the prefix that keeps scripts and other hosts from writing
// the cookie (RFC 6265bis §4.1.3), where the browser accepts it: over https.
// Browsers that do not know __Host-Http- read it as __Host-.
func (p *Proxy) cookieName(name string) string {
	if p.content.Scheme == "https" {
		return "__Host-Http-" + name
	}
	return name
}

func (p *Proxy) setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: p.cookieName(name), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: p.content.Scheme == "https",
	})
}

// maxCookies is how many cookies of that name are looked at. It is more than
// browsers keep for one site, so that a page cannot hide the right one.
const maxCookies = 1000

// knows reports whether r has a participant cookie of s for its host. Any
// cookie with that name may be the one: a sibling host can add others.
func (p *Proxy) knows(r *http.Request, s *session.Session) bool {
	found := r.CookiesNamed(p.cookieName(participantCookie))
	for _, c := range found[:min(len(found), maxCookies)] {
		switch {
		case s.Visitor(hostKey(r), c.Value):
			p.memories.of(s).visitorAt(r)
			return true
		case s.Left(hostKey(r), c.Value):
			return true
		}
	}
	return false
}

// hostKey is the name that tickets and cookies are bound to.
func hostKey(r *http.Request) string { return strings.ToLower(r.Host) }

// enterShell redeems the ticket that the consent page posts.
func (p *Proxy) enterShell(w http.ResponseWriter, r *http.Request, host rewrite.Host) {
	if r.Method != http.MethodPost || r.Header.Get("Origin") != p.control.Scheme+"://"+p.control.Host {
		neutral(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	s, ok := p.hub.Session(host.Session)
	if !ok {
		neutral(w, r)
		return
	}
	cookie, err := s.Redeem(r.PostFormValue("ticket"), hostKey(r))
	if err != nil {
		static.WriteProblem(w, r, static.Problem{
			Status: http.StatusForbidden, Code: "ticket_used",
			Title: "problem.ticket_used.title", Detail: "problem.ticket_used.detail", Back: true,
		})
		return
	}
	p.memories.of(s).visitorAt(r)
	p.setCookie(w, participantCookie, cookie, 0)
	redirect(w, http.StatusSeeOther, "/")
}

// dance sends the browser for its cookie. It looks up nothing, so that it
// tells strangers nothing; from is kept because redirects hide it.
func (p *Proxy) dance(w http.ResponseWriter, r *http.Request, host rewrite.Host) {
	// Requests that dance at the same time share a state: with one each, they
	// would overwrite each other's for as long as new ones come.
	state := rand.Text()
	if mine, err := r.Cookie(p.cookieName(stateCookie)); err == nil && len(mine.Value) == len(state) {
		state = mine.Value
	}
	if s, ok := p.live(host.Session); ok {
		if from, _, foreign := p.initiator(r, host, host.Origin); !foreign && !from.unknown() {
			p.memories.of(s).rememberDance(danceKey(state, r.URL.RequestURI()), from, p.now())
		}
	}
	p.setCookie(w, stateCookie, state, stateSeconds)
	to := p.content.Scheme + "://" + r.Host + r.URL.RequestURI()
	redirect(w, http.StatusTemporaryRedirect, p.content.Shell(host.Session)+"/.tandem/hop?"+
		url.Values{"to": {to}, "state": {state}}.Encode())
}

// hop gives a browser that is known in the shell a ticket for a content host.
// The shell itself comes here too, without a state, to open a page.
func (p *Proxy) hop(w http.ResponseWriter, r *http.Request, s *session.Session) {
	query := r.URL.Query()
	to, err := url.Parse(query.Get("to"))
	if err != nil || to.Scheme != p.content.Scheme {
		notFound(w, r)
		return
	}
	host, ok := p.content.Parse(to.Host)
	if !ok || host.Kind != rewrite.Site || host.Session != s.ID() {
		notFound(w, r)
		return
	}
	state := query.Get("state")
	if state == "" {
		redirect(w, http.StatusTemporaryRedirect, to.String())
		return
	}
	base := &url.URL{Scheme: to.Scheme, Host: to.Host, Path: "/.tandem/enter"}
	base.RawQuery = url.Values{
		"t": {s.Ticket(strings.ToLower(to.Host))}, "to": {to.RequestURI()}, "state": {state},
	}.Encode()
	redirect(w, http.StatusTemporaryRedirect, base.String())
}

// socketTicket is the parameter, always the last, by which the first WebSocket or
// EventSource to a host is the visitor's. It could not dance, and scripts do not
// wait for it. The ticket holds for the origin that asked for it: with another,
// whoever got hold of it could speak for any page. An EventSource that comes
// back shows it again, but then has the cookie.
const socketTicket = "tandem-ticket="

func socketKey(host, origin string) string { return host + " " + origin }

// admitSocket takes the ticket out of the address of a WebSocket or EventSource,
// and puts in the cookie that it stands for.
func (p *Proxy) admitSocket(r *http.Request, host rewrite.Host) {
	at := strings.LastIndex(r.URL.RawQuery, socketTicket)
	if at < 0 {
		return
	}
	ticket := r.URL.RawQuery[at+len(socketTicket):]
	r.URL.RawQuery = strings.TrimSuffix(r.URL.RawQuery[:at], "&")
	s, ok := p.live(host.Session)
	if !ok {
		return
	}
	if _, err := s.Redeem(ticket, socketKey(hostKey(r), strings.ToLower(r.Header.Get("Origin")))); err != nil {
		return
	}
	if cookie, err := s.Redeem(s.Ticket(hostKey(r)), hostKey(r)); err == nil {
		r.AddCookie(&http.Cookie{Name: p.cookieName(participantCookie), Value: cookie})
	}
}

func isEventSource(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Accept") == "text/event-stream"
}

// enterSite redeems the ticket of the hop and sends the browser on to where it
// wanted to go.
func (p *Proxy) enterSite(w http.ResponseWriter, r *http.Request, host rewrite.Host) {
	query := r.URL.Query()
	to := query.Get("to")
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) {
		to = "/"
	}
	s, known := p.visitor(r, host)
	if s == nil {
		neutral(w, r)
		return
	}
	state := query.Get("state")
	if !known {
		switch mine, err := r.Cookie(p.cookieName(stateCookie)); {
		case err != nil:
			cookiesBlocked(w, r)
			return
		case !equal(mine.Value, state):
			// Another dance of this host began in between: join that one.
			redirect(w, http.StatusTemporaryRedirect, to)
			return
		}
		cookie, err := s.Redeem(query.Get("t"), hostKey(r))
		if err != nil {
			neutral(w, r)
			return
		}
		p.setCookie(w, participantCookie, cookie, 0)
	}
	p.carry(s, host, state, to)
	redirect(w, http.StatusTemporaryRedirect, to)
}

// danceKey names one request of those that share a state.
func danceKey(state, to string) string { return state + " " + to }

// carry keeps who asked for to, whose Origin the dance has turned into "null".
func (p *Proxy) carry(s *session.Session, host rewrite.Host, state, to string) {
	m := p.memories.of(s)
	from, ok := m.takeDance(danceKey(state, to), p.now())
	if !ok {
		return
	}
	origin, ok := p.originOf(host)
	if !ok {
		return
	}
	if u, err := url.Parse(origin.String() + to); err == nil {
		m.rememberArrival(arrivalKey(u), arrival{from: from}, p.now())
	}
}

func equal(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

func redirect(w http.ResponseWriter, status int, to string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", to)
	w.WriteHeader(status)
}
