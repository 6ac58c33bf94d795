package jar

import (
	"net/url"
	"sync"
	"time"
)

// Relation says how a request came to its site, which decides about its
// SameSite cookies. The zero value is the strictest.
type Relation int

const (
	// CrossSite: some other site made the request. Only SameSite=None
	// cookies go with it, and only those may be set by its response.
	CrossSite Relation = iota
	// CrossSiteLaxNav: another site sent a tab here with a safe method
	// (GET, HEAD). Lax and default cookies go too.
	CrossSiteLaxNav
	// CrossSitePostNav: another site sent a tab here with an unsafe method.
	// Default cookies go if they are younger than two minutes.
	CrossSitePostNav
	// Same: every initiator, frame ancestor and redirect was of this site.
	Same
)

// Context is what must be known about a request, or about the document whose
// script asks, before its cookies can be told.
type Context struct {
	// URL is the address at the real site. ws and wss count as http and https.
	URL *url.URL
	// SiteForCookies is [Site] of the tab's top document; cookies with the
	// Partitioned attribute are kept apart by it. It must be the same value
	// for all requests of one page.
	SiteForCookies string
	SameSite       Relation
	// HTTP tells Header to include HttpOnly cookies: true for the Cookie
	// header of a request, false for what a script may see.
	HTTP bool
	Now  time.Time
}

// Jar holds one session's cookies. The zero value is an empty jar ready for
// use. It is safe for concurrent use.
type Jar struct {
	mu     sync.Mutex
	groups map[string]*group // by registrable domain
	total  int
}

// SetCookies stores the cookies of a response, one Set-Cookie value per line,
// and reports whether the jar changed. Lines that break a rule are ignored.
func (j *Jar) SetCookies(ctx Context, lines []string) (changed bool) { panic("soon") }

// SetFromScript stores what a script assigned to document.cookie and reports
// whether the jar changed. It can neither make nor touch an HttpOnly cookie.
func (j *Jar) SetFromScript(ctx Context, line string) bool { panic("soon") }

// Header returns the cookies for ctx as a Cookie header's value, or with
// ctx.HTTP false as document.cookie shows them; "" when there are none.
func (j *Jar) Header(ctx Context) string { panic("soon") }

// Clear removes the cookies of host's registrable domain, as
// Clear-Site-Data: "cookies" demands; all cookies when host is "".
func (j *Jar) Clear(host string) { panic("soon") }

// MarshalBinary encodes all cookies, also those without an expiry date: they
// live as long as the session, not as long as a process.
func (j *Jar) MarshalBinary() ([]byte, error) { panic("soon") }

// UnmarshalBinary replaces the jar's cookies with those of a MarshalBinary.
func (j *Jar) UnmarshalBinary(data []byte) error { panic("soon") }

// Site returns the schemeful site of u, such as "https://example.com", or ""
// when it has none.
func Site(u *url.URL) string { panic("soon") }

// SameSite reports whether a and b are of one schemeful site.
func SameSite(a, b *url.URL) bool { panic("soon") }

type group struct{}
