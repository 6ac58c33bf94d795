package jar

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
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
	// SameSite is how the request came about. For a script it is how its
	// document did: one that a tab navigated to is at home wherever the link
	// was, so only CrossSite keeps cookies from it.
	SameSite Relation
	// HTTP tells Header to include HttpOnly cookies: true for the Cookie
	// header of a request, false for what a script may see.
	HTTP bool
	Now  time.Time
}

// How many cookies are kept (RFC 6265bis §6.1 asks for at least 50 and 3000), and
// how many bytes of them: more than 200 KiB no server takes in a request, and
// all of them are written to disk when one changes.
const (
	maxPerDomain   = 180
	maxPerJar      = 3000
	maxDomainBytes = 256 << 10
	maxJarBytes    = 2 << 20
	maxPath        = 4096 // bytes; only a default path can be longer than an attribute
)

// laxUnsafeAge is how long a cookie without SameSite goes with cross-site
// POST navigations (RFC 6265bis §5.7.3.1, "Lax-Allowing-Unsafe").
const laxUnsafeAge = 2 * time.Minute

type sameSite uint8

const (
	sameSiteDefault sameSite = iota
	sameSiteNone
	sameSiteLax
	sameSiteStrict
)

// key identifies a cookie (RFC 6265bis §5.7 step 23).
type key struct {
	name, domain, path, partition string
	hostOnly                      bool
}

type cookie struct {
	key
	value    string
	secure   bool
	httpOnly bool
	sameSite sameSite
	expires  time.Time // zero: with the session
	created  time.Time
	used     time.Time
	order    uint64 // of creation, where times are equal
}

func (c *cookie) size() int {
	return len(c.name) + len(c.value) + len(c.domain) + len(c.path) + len(c.partition)
}

func (c *cookie) expired(now time.Time) bool {
	return !c.expires.IsZero() && !c.expires.After(now)
}

// Jar holds one session's cookies. The zero value is an empty jar ready for
// use. It is safe for concurrent use.
type Jar struct {
	mu    sync.Mutex
	sites map[string]map[key]*cookie // by registrable domain; no empty ones
	total int
	bytes int
	order uint64
}

// SetCookies stores the cookies of a response, one Set-Cookie value per line,
// and reports whether the jar changed. Lines that break a rule are ignored.
func (j *Jar) SetCookies(ctx Context, lines []string) (changed bool) {
	ctx.HTTP = true
	for _, line := range lines {
		changed = j.set(ctx, line) || changed
	}
	return changed
}

// SetFromScript stores what a script assigned to document.cookie and reports
// whether the jar changed. It can neither make nor touch an HttpOnly cookie.
func (j *Jar) SetFromScript(ctx Context, line string) bool {
	ctx.HTTP = false
	return j.set(ctx, line)
}

// set is the storage model of RFC 6265bis §5.7.
func (j *Jar) set(ctx Context, line string) bool {
	d, ok := parse(line, ctx.Now)
	if !ok {
		return false
	}
	c, ok := d.cookie(ctx)
	if !ok {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	site := registrable(c.domain)
	if !c.secure && !isSecure(ctx.URL) && j.shadowsSecureLocked(site, c, ctx.Now) {
		return false
	}
	old := j.sites[site][c.key]
	if old != nil && old.expired(ctx.Now) {
		j.deleteLocked(site, old)
		old = nil
	}
	if old != nil && old.httpOnly && !ctx.HTTP {
		return false
	}
	if c.expired(ctx.Now) {
		if old != nil {
			j.deleteLocked(site, old)
		}
		return old != nil
	}
	if old == nil {
		j.insertLocked(site, c, ctx.Now)
		return true
	}
	c.created, c.order = old.created, old.order
	j.sites[site][c.key] = c
	j.bytes += c.size() - old.size()
	j.shrinkLocked(site, ctx.Now)
	return c.value != old.value || c.secure != old.secure || c.httpOnly != old.httpOnly ||
		c.sameSite != old.sameSite || !c.expires.Equal(old.expires)
}

// cookie judges all that can be judged without the jar's other cookies.
func (d *directive) cookie(ctx Context) (*cookie, bool) {
	host := hostOf(ctx.URL)
	if schemeOf(ctx.URL) == "" || host == "" || !isASCII(d.domain) {
		return nil, false
	}
	domain := d.domain
	if domain != "" {
		if !domainMatch(host, domain) {
			return nil, false
		}
		if !isAddress(domain) && isPublicSuffix(domain) {
			if domain != host {
				return nil, false
			}
			domain = ""
		}
	}
	c := &cookie{
		key:      key{name: d.name, domain: domain, path: d.path, hostOnly: domain == ""},
		value:    d.value,
		secure:   d.secure,
		httpOnly: d.httpOnly,
		sameSite: d.sameSite,
		expires:  d.expires,
		created:  ctx.Now,
		used:     ctx.Now,
	}
	if c.hostOnly {
		c.domain = host
	}
	if c.path == "" {
		c.path = defaultPath(ctx.URL)
	}
	if d.partitioned {
		c.partition = ctx.SiteForCookies
	}
	switch {
	case len(c.path) > maxPath,
		c.secure && !isSecure(ctx.URL),
		c.httpOnly && !ctx.HTTP,
		c.sameSite != sameSiteNone && ctx.SameSite == CrossSite,
		c.sameSite == sameSiteNone && !c.secure,
		d.partitioned && !c.secure,
		!d.prefixesKept(c.hostOnly, d.path == "/"):
		return nil, false
	}
	return c, true
}

// shadowsSecureLocked reports whether c, set over an insecure connection,
// would stand before or replace a secure cookie (RFC 6265bis §5.7 step 16).
func (j *Jar) shadowsSecureLocked(site string, c *cookie, now time.Time) bool {
	for _, old := range j.sites[site] {
		if old.secure && old.name == c.name && !old.expired(now) && pathMatch(c.path, old.path) &&
			(domainMatch(c.domain, old.domain) || domainMatch(old.domain, c.domain)) {
			return true
		}
	}
	return false
}

func (j *Jar) insertLocked(site string, c *cookie, now time.Time) {
	cookies := j.sites[site]
	if cookies == nil {
		cookies = make(map[key]*cookie)
		if j.sites == nil {
			j.sites = make(map[string]map[key]*cookie)
		}
		j.sites[site] = cookies
	}
	j.order++
	c.order = j.order
	cookies[c.key] = c
	j.total++
	j.bytes += c.size()
	j.shrinkLocked(site, now)
}

// shrinkLocked keeps the limits after site got a cookie.
func (j *Jar) shrinkLocked(site string, now time.Time) {
	for len(j.sites[site]) > maxPerDomain || j.bytesLocked(site) > maxDomainBytes {
		j.evictLocked(site, now)
	}
	for j.total > maxPerJar {
		j.evictLocked(j.greediestLocked(site, func(site string) int { return len(j.sites[site]) }), now)
	}
	for j.bytes > maxJarBytes {
		j.evictLocked(j.greediestLocked(site, j.bytesLocked), now)
	}
}

func (j *Jar) bytesLocked(site string) (n int) {
	for _, c := range j.sites[site] {
		n += c.size()
	}
	return n
}

func (j *Jar) deleteLocked(site string, c *cookie) {
	delete(j.sites[site], c.key)
	j.total--
	j.bytes -= c.size()
	if len(j.sites[site]) == 0 {
		delete(j.sites, site)
	}
}

// evictLocked removes site's expired cookies or else one of the others
// (RFC 6265bis §5.7, the end): without Secure first, then by last use.
func (j *Jar) evictLocked(site string, now time.Time) {
	var victim *cookie
	before := j.total
	for _, c := range j.sites[site] {
		if c.expired(now) {
			j.deleteLocked(site, c)
		} else if victim == nil || compareEviction(c, victim) < 0 {
			victim = c
		}
	}
	if j.total == before {
		j.deleteLocked(site, victim)
	}
}

func compareEviction(a, b *cookie) int {
	if a.secure != b.secure {
		if b.secure {
			return -1
		}
		return 1
	}
	return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.order, b.order))
}

// greediestLocked returns the site that has most; preferred among equals.
func (j *Jar) greediestLocked(preferred string, has func(site string) int) string {
	most, count := preferred, has(preferred)
	for site := range j.sites {
		if n := has(site); n > count || n == count && most != preferred && site < most {
			most, count = site, n
		}
	}
	return most
}

// Header returns the cookies for ctx as a Cookie header's value, or with
// ctx.HTTP false as document.cookie shows them; "" when there are none.
// The longest path comes first, then the oldest cookie (RFC 6265bis §5.8.3).
func (j *Jar) Header(ctx Context) string {
	host := hostOf(ctx.URL)
	if schemeOf(ctx.URL) == "" || host == "" {
		return ""
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []*cookie
	secure, path := isSecure(ctx.URL), pathOf(ctx.URL)
	for _, c := range j.sites[registrable(host)] {
		if (c.domain == host || !c.hostOnly && domainMatch(host, c.domain)) && pathMatch(path, c.path) &&
			(secure || !c.secure) && (ctx.HTTP || !c.httpOnly) && !c.expired(ctx.Now) &&
			(c.partition == "" || c.partition == ctx.SiteForCookies) && c.goesWith(ctx) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *cookie) int {
		return cmp.Or(cmp.Compare(len(b.path), len(a.path)), a.created.Compare(b.created), cmp.Compare(a.order, b.order))
	})
	var b strings.Builder
	for i, c := range found {
		c.used = ctx.Now
		if i > 0 {
			b.WriteString("; ")
		}
		if c.name != "" {
			b.WriteString(c.name)
			b.WriteByte('=')
		}
		b.WriteString(c.value)
	}
	return b.String()
}

// goesWith judges SameSite.
func (c *cookie) goesWith(ctx Context) bool {
	if c.sameSite == sameSiteNone || ctx.SameSite == Same {
		return true
	}
	if !ctx.HTTP {
		return ctx.SameSite != CrossSite
	}
	switch ctx.SameSite {
	case CrossSiteLaxNav:
		return c.sameSite != sameSiteStrict
	case CrossSitePostNav:
		return c.sameSite == sameSiteDefault && ctx.Now.Sub(c.created) <= laxUnsafeAge
	}
	return false
}

// Clear removes the cookies of host's registrable domain, as
// Clear-Site-Data: "cookies" demands; all cookies when host is "". host may carry a port.
func (j *Jar) Clear(host string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if host == "" {
		j.sites, j.total, j.bytes = nil, 0, 0
		return
	}
	if !isAddress(host) {
		host = (&url.URL{Host: host}).Hostname()
	}
	site := registrable(canonical(host))
	j.total -= len(j.sites[site])
	j.bytes -= j.bytesLocked(site)
	delete(j.sites, site)
}

// sortedLocked returns all cookies in the order of their creation.
func (j *Jar) sortedLocked() []*cookie {
	var all []*cookie
	for _, cookies := range j.sites {
		all = slices.AppendSeq(all, maps.Values(cookies))
	}
	slices.SortFunc(all, func(a, b *cookie) int { return cmp.Compare(a.order, b.order) })
	return all
}
