package proxy

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"tandem/rewrite"
	"tandem/session/jar"
)

// relation is a value of Sec-Fetch-Site (Fetch Metadata §2.1), worked out from
// the real origins: to the browser all content hosts are of one site.
type relation string

const (
	byUser     relation = "none"
	sameOrigin relation = "same-origin"
	sameSite   relation = "same-site"
	crossSite  relation = "cross-site"
)

// worse returns the relation of a request that has both.
func worse(a, b relation) relation {
	rank := map[relation]int{byUser: 0, sameOrigin: 1, sameSite: 2, crossSite: 3}
	if rank[a] >= rank[b] {
		return a
	}
	return b
}

// initiator is who made the browser ask. The zero initiator is unknown, which
// counts as another site.
type initiator struct {
	user   bool           // a person, through our shell
	origin rewrite.Origin // else a page of this origin
}

func (i initiator) unknown() bool { return i == initiator{} }

// visit is how a request came to its target.
type visit struct {
	from     initiator
	site     relation         // worst over all redirects
	navigate bool             // it asks for a document
	main     bool             // which will be the tab's main one
	passed   []rewrite.Origin // origins that redirected here
	policy   string           // for the Referer, where a redirect said one
	foreign  bool             // asked by a page of another session, or of our own other hosts
}

// maxRedirects is how many redirects are remembered; browsers give up at 20.
const maxRedirects = 20

// relate finds out how r came to target.
func (p *Proxy) relate(r *http.Request, m *memory, h rewrite.Host, target *url.URL, to rewrite.Origin) visit {
	v := visit{navigate: isNavigation(r)}
	var referrer initiator
	v.from, referrer, v.foreign = p.initiator(r, h, to)
	now := p.now()
	frame := false
	if a, ok := m.takeArrival(arrivalKey(target), now); ok && continues(a, v.from, referrer) {
		v.from, v.passed, v.policy, frame = a.from, a.passed, a.policy, a.frame
	} else if v.from.origin == to && r.Header.Get("Sec-Fetch-Site") == "same-site" {
		// The browser came over another content host, by a redirect we forgot.
		v.from = initiator{}
	}
	v.site = chainRelation(v.from, v.passed, to)
	switch dest := r.Header.Get("Sec-Fetch-Dest"); dest {
	case "", "document", "iframe":
		v.main = v.navigate && !frame && !m.isFrame(pageURL(target), now) && !m.isMarked(r, now)
	}
	return v
}

// continues reports whether a request whose headers show from and referrer may
// be the one that was redirected: browsers keep the Referer over redirects but
// turn Origin into "null" (Fetch §4.4).
func continues(a arrival, from, referrer initiator) bool {
	if !from.unknown() {
		return from == a.from
	}
	return referrer.unknown() || referrer == a.from
}

// initiator reads from the request's headers who made it. referrer is what
// Referer says, which alone is trusted only when there is no Origin.
func (p *Proxy) initiator(r *http.Request, h rewrite.Host, to rewrite.Origin) (from, referrer initiator, foreign bool) {
	referrer, foreign = p.initiatorFrom(r, r.Header.Get("Referer"), h)
	fetchSite := r.Header.Get("Sec-Fetch-Site")
	switch origin := r.Header.Get("Origin"); {
	case origin == "null":
		// An opaque origin, a redirect, or a page that hides itself.
	case origin != "":
		from, foreign = p.initiatorFrom(r, origin, h)
	case fetchSite == "cross-site":
		// To the browser only opaque origins and strangers are another site.
	default:
		from = referrer
	}
	if from.unknown() && fetchSite == "same-origin" {
		from = initiator{origin: to}
	}
	return from, referrer, foreign
}

// initiatorFrom maps the content host in a Referer or Origin back. foreign
// reports one of another session, or one of ours that has no business there.
func (p *Proxy) initiatorFrom(r *http.Request, header string, h rewrite.Host) (from initiator, foreign bool) {
	if header == "" {
		return initiator{}, false
	}
	u, err := url.Parse(header)
	if err != nil || u.Scheme != p.content.Scheme {
		return initiator{}, false
	}
	by, ok := h, true // for most, and so told quickly
	if u.Host != r.Host {
		by, ok = p.content.Parse(u.Host)
	}
	switch {
	case !ok:
		return initiator{}, strings.EqualFold(u.Host, p.control.Host)
	case by.Session != h.Session || by.Kind == rewrite.View:
		return initiator{}, true
	case by.Kind == rewrite.Shell:
		return initiator{user: true}, false
	}
	origin, ok := p.originOf(by)
	if !ok {
		return initiator{}, false
	}
	return initiator{origin: origin}, false
}

// chainRelation is the worst relation between the initiator and each origin
// the request went through, the target being last (Fetch Metadata §2.1).
func chainRelation(from initiator, passed []rewrite.Origin, to rewrite.Origin) relation {
	if from.unknown() {
		return crossSite
	}
	if from.user {
		return byUser
	}
	worst := relate(from.origin, to)
	for _, o := range passed {
		worst = worse(worst, relate(from.origin, o))
	}
	return worst
}

// relate compares two origins of the real web.
func relate(a, b rewrite.Origin) relation {
	switch {
	case a == b:
		return sameOrigin
	case jar.SameSite(originURL(a), originURL(b)):
		return sameSite
	}
	return crossSite
}

// cookies returns what the jar must know about the request (RFC 6265bis §5.2).
func (v visit) cookies(m *memory, method string, target *url.URL, to rewrite.Origin, now time.Time) jar.Context {
	ctx := jar.Context{URL: target, HTTP: true, Now: now, SiteForCookies: jar.Site(target)}
	if !v.main && v.from.origin != (rewrite.Origin{}) {
		ctx.SiteForCookies = topSite(m, v.from.origin, now)
	}
	safe := method == http.MethodGet || method == http.MethodHead
	switch {
	case v.site != crossSite:
		ctx.SameSite = jar.Same
	case v.main && safe:
		ctx.SameSite = jar.CrossSiteLaxNav
	case v.main:
		ctx.SameSite = jar.CrossSitePostNav
	default:
		ctx.SameSite = jar.CrossSite
	}
	return ctx
}

// documentCookies returns the context in which the document's script sees
// cookies once it is there: it is its own initiator.
func documentCookies(m *memory, target *url.URL, to rewrite.Origin, now time.Time) jar.Context {
	return jar.Context{URL: target, SiteForCookies: topSite(m, to, now), SameSite: jar.Same, Now: now}
}

// learnFrame notices the address of a frame: a browser asks for it as it does for
// the tab's own document.
func (x *exchange) learnFrame(base, address string) {
	if u, err := x.resolve(base, address); err == nil {
		x.memory.rememberFrame(pageURL(u), x.p.now())
	}
}

// topSite returns the site of the tab in which documents of o are shown.
func topSite(m *memory, o rewrite.Origin, now time.Time) string {
	if site, ok := m.top(o, now); ok {
		return site
	}
	return jar.Site(originURL(o))
}

func originURL(o rewrite.Origin) *url.URL { return &url.URL{Scheme: o.Scheme, Host: o.Host} }

// pageURL is u without fragment and user.
func pageURL(u *url.URL) string {
	c := *u
	c.Fragment, c.RawFragment, c.User = "", "", nil
	return c.String()
}

// arrivalKey is u in a form that is the same for what a Location header says
// and for what the browser then requests: escapes and dots make no difference.
func arrivalKey(u *url.URL) string {
	p := path.Clean("/" + strings.ReplaceAll(unescape(u.EscapedPath()), `\`, "/"))
	return u.Scheme + "://" + strings.ToLower(u.Host) + p + "?" + unescape(u.RawQuery)
}

// unescape undoes what percent-encoding it can and leaves the rest.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				b = append(b, c[0])
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// isNavigation reports whether r asks for a document. Without Fetch Metadata,
// which browsers send to secure hosts only, Accept tells.
func isNavigation(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "document", "iframe", "frame", "object", "embed", "fencedframe":
		return true
	case "":
		return r.Header.Get("Sec-Fetch-Mode") == "navigate" || strings.Contains(r.Header.Get("Accept"), "text/html")
	}
	return r.Header.Get("Sec-Fetch-Mode") == "navigate"
}
