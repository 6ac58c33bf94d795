package proxy

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/rewrite"
	"tandem/session/jar"
)

// respond turns the site's response into the browser's. It runs as goproxy's
// response handler, and writes the header where it is sent from.
func (x *exchange) respond(resp *http.Response) {
	site := resp.Header
	x.siteHeader = site
	browser := x.writer.Header()
	x.learn(site, resp.StatusCode)
	if x.stored != nil && resp.StatusCode == http.StatusNotModified {
		x.refreshed(site)
	}
	changed := x.storeCookies(site)
	x.sent = setType(site)
	kind := x.kind(resp)
	for name, values := range site {
		if x.passes(name) {
			browser[name] = values
		}
	}
	x.mapHeaders(browser, site, resp.StatusCode)
	x.setPolicies(browser, site, kind)
	x.setOwnHeaders(browser)
	laxReferrer(browser, site)
	clearSiteData(browser, site)
	if x.visit.navigate && kind == plain {
		browser.Set("X-Content-Type-Options", "nosniff") // what is not rewritten must not become a document
		if media := strings.ToLower(browser.Get("Content-Type")); strings.HasPrefix(media, "multipart/") || strings.HasPrefix(media, "message/") {
			browser.Set("Content-Type", "application/octet-stream") // nor documents in its parts
		}
	}
	if changed {
		// More, browsers may refuse together with the response; the session
		// tells the page of every change anyway.
		if cookies := encodeURIComponent(x.session.Jar().Header(x.scriptCookies())); len(cookies) <= maxCookieHeader {
			browser.Set("Tandem-Cookie", cookies)
		}
	}
	resp.Header = browser
	x.setCaching(browser, site, resp.StatusCode, kind)
	x.setBody(resp, kind)
}

// maxCookieHeader bounds what a response tells of the jar in its header.
const maxCookieHeader = 64 << 10

// browserHeaders are those that the browser itself may act upon.
var browserHeaders = set(
	"Content-Type", "Content-Language", "Content-Disposition", "Content-Encoding", "Content-Length",
	"Content-Range", "Accept-Ranges", "Cache-Control", "Expires", "Age", "Date", "Last-Modified", "ETag", "Vary", "Pragma",
	"X-Content-Type-Options", "Retry-After", "Allow", "Server-Timing", "Service-Worker-Allowed",
	"Access-Control-Allow-Credentials", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
	"Access-Control-Expose-Headers", "Access-Control-Max-Age", "Cross-Origin-Resource-Policy",
)

// strippedHeaders would act upon us, make the browser contact the real site,
// or describe bytes that we change. What a script fetches keeps every other
// header, because only the script reads them.
var strippedHeaders = set(
	"Set-Cookie", "Set-Cookie2", "Clear-Site-Data", "Strict-Transport-Security", "Public-Key-Pins", "Public-Key-Pins-Report-Only",
	"Expect-Ct", "Alt-Svc", "Nel", "Report-To", "Reporting-Endpoints", "Origin-Agent-Cluster", "Sourcemap", "X-Sourcemap",
	"Content-Security-Policy", "Content-Security-Policy-Report-Only", "X-Content-Security-Policy", "X-Webkit-Csp", "X-Frame-Options",
	"Cross-Origin-Opener-Policy", "Cross-Origin-Opener-Policy-Report-Only", "Cross-Origin-Embedder-Policy",
	"Cross-Origin-Embedder-Policy-Report-Only", "Permissions-Policy", "Permissions-Policy-Report-Only", "Feature-Policy",
	"Document-Policy", "Require-Document-Policy", "Document-Isolation-Policy", "Integrity-Policy", "Integrity-Policy-Report-Only",
	"Referrer-Policy", "Speculation-Rules", "No-Vary-Search", "Supports-Loading-Mode", "Use-As-Dictionary", "Set-Login",
	"Critical-Ch", "Accept-Ch", "Delegate-Ch", "Observe-Browsing-Topics", "Service-Worker-Navigation-Preload",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Private-Network", "Access-Control-Allow-Local-Network", "Timing-Allow-Origin",
	"Location", "Content-Location", "Refresh", "Link", "Www-Authenticate", "X-Robots-Tag", "X-Dns-Prefetch-Control",
	"Content-Md5", "Digest", "Repr-Digest", "Content-Digest", "Trailer", "Activate-Storage-Access",
	"Connection-Allowlist", "Connection-Allowlist-Report-Only", "Allow-Connection-Allowlist-From", "Sec-Session-Registration",
)

// passes reports whether a response header reaches the browser unchanged.
func (x *exchange) passes(name string) bool {
	if browserHeaders[name] {
		return true
	}
	return x.in.Header.Get("Sec-Fetch-Dest") == "empty" && !strippedHeaders[name] && !slices.Contains(hopHeaders, name) &&
		!strings.HasPrefix(name, "Tandem-") && !strings.HasPrefix(name, "Sec-") && !strings.HasPrefix(name, "Attribution-Reporting-")
}

// mapHeaders writes the headers that carry URLs or origins, in our names.
func (x *exchange) mapHeaders(h, site http.Header, status int) {
	if v := site.Get("Location"); v != "" {
		x.setLocation(h, v, status)
	}
	if v := site.Get("Content-Location"); v != "" {
		h.Set("Content-Location", rewrite.Location(x.mapper, v))
	}
	if v := site.Get("Refresh"); v != "" {
		h.Set("Refresh", rewrite.Refresh(x.mapper, v))
	}
	for _, v := range site["Link"] {
		if v = rewrite.Link(x.mapper, v); v != "" {
			h.Add("Link", v)
		}
	}
	x.mapOrigins(h, site)
	for _, v := range site["Www-Authenticate"] {
		// NTLM and Negotiate authenticate connections, and ours are shared.
		if scheme, _, _ := strings.Cut(v, " "); !strings.EqualFold(scheme, "ntlm") && !strings.EqualFold(scheme, "negotiate") {
			h.Add("Www-Authenticate", v)
		}
	}
	if site.Get("Cross-Origin-Resource-Policy") == "same-site" && x.visit.site == crossSite {
		// To the browser every content host is of the same site.
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
	}
	if h.Get("Cross-Origin-Resource-Policy") == "" && x.leader {
		// What comes without the jar is for everybody: documents without an origin,
		// which are strangers to the browser, have no other.
		h.Set("Cross-Origin-Resource-Policy", "same-site")
	}
}

// setLocation maps a redirect. Only http and https targets are passed on: a
// browser would refuse others or leave the session.
func (x *exchange) setLocation(h http.Header, v string, status int) {
	to, err := x.target.Parse(strings.TrimSpace(v))
	if err != nil {
		v = escapeStray(v)
		to, err = x.target.Parse(strings.TrimSpace(v))
	}
	if err != nil || to.Scheme != "http" && to.Scheme != "https" {
		x.p.log.Info("redirect to another scheme refused", x.attrs()...)
		return
	}
	h.Set("Location", rewrite.Location(x.mapper, v))
	if status < 300 || status > 399 {
		return
	}
	x.rememberRedirect(to)
	for _, metadata := range x.demanded() {
		x.memory.addIntegrity(integrityKey(x.visit.from.origin, to), metadata, x.p.now())
	}
	if !x.visit.navigate && x.in.Method == http.MethodGet {
		x.session.Assets().Redirect(pageURL(x.target), pageURL(to))
	}
}

// escapeStray makes an address of one that browsers understand and [url.Parse]
// does not: a "%" in it begins no escape, or white space stands in it.
func escapeStray(v string) string {
	var b strings.Builder
	for i := range len(v) {
		switch c := v[i]; {
		case c == '\t':
		case c == '%' && (i+2 >= len(v) || !isHex(v[i+1]) || !isHex(v[i+2])):
			b.WriteString("%25")
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

// rememberRedirect keeps who began the chain, for the request that follows.
func (x *exchange) rememberRedirect(to *url.URL) {
	if len(x.visit.passed) >= maxRedirects {
		return
	}
	x.memory.rememberArrival(arrivalKey(to), arrival{
		from: x.visit.from, passed: append(slices.Clone(x.visit.passed), x.origin), frame: x.visit.navigate && !x.visit.main,
		policy: cmp.Or(referrerPolicy(x.siteHeader["Referrer-Policy"]), x.visit.policy),
	}, x.p.now())
}

// mapOrigins maps the origins that CORS and Timing-Allow-Origin name. One that
// the site does not name is never allowed by us.
func (x *exchange) mapOrigins(h, site http.Header) {
	if v := site["Access-Control-Allow-Origin"]; len(v) == 1 {
		if allowed := x.mapOrigin(v[0]); allowed != "" {
			h.Set("Access-Control-Allow-Origin", allowed)
			if allowed != "*" {
				addVary(h, "Origin")
			}
		}
	}
	for _, v := range site["Timing-Allow-Origin"] {
		for one := range strings.SplitSeq(v, ",") {
			if one = x.mapOrigin(textproto.TrimString(one)); one != "" {
				h.Add("Timing-Allow-Origin", one)
			}
		}
	}
}

func (x *exchange) mapOrigin(v string) string {
	if v == "*" || v == "null" {
		return v
	}
	o, err := rewrite.ParseOrigin(v)
	if err != nil || o.String() != strings.ToLower(v) {
		return "" // not a serialised origin; browsers compare whole strings
	}
	return x.mapper.Map(v)
}

func addVary(h http.Header, name string) {
	for _, v := range h["Vary"] {
		for one := range strings.SplitSeq(v, ",") {
			if one = textproto.TrimString(one); one == "*" || strings.EqualFold(one, name) {
				return
			}
		}
	}
	h.Add("Vary", name)
}

// setOwnHeaders says what holds for every response of a content host. Our
// policy is the net under the rewriting.
func (x *exchange) setOwnHeaders(h http.Header) {
	policy := x.memory.policy
	if x.demandsTypes() {
		policy += rewrite.DemandTypes
	}
	h["Content-Security-Policy"] = append([]string{policy}, h["Content-Security-Policy"]...)
	maps.Copy(h, x.p.common)
}

// commonHeaders are the same for all responses; their values are never changed in place.
func commonHeaders(d rewrite.Domain) http.Header {
	return http.Header{
		"Connection-Allowlist":   {rewrite.ConnectionAllowlist(d)},
		"Origin-Agent-Cluster":   {"?1"}, // document.domain must not join hosts
		"Referrer-Policy":        {"strict-origin-when-cross-origin"},
		"X-Robots-Tag":           {"noindex, nofollow"},
		"X-Dns-Prefetch-Control": {"off"},
	}
}

// laxReferrer lets the browser say more than ours would, if the site says so;
// what says less is done by refererHeader.
func laxReferrer(h, site http.Header) {
	if policy := referrerPolicy(site["Referrer-Policy"]); policy == "unsafe-url" || policy == "no-referrer-when-downgrade" {
		h.Set("Referrer-Policy", policy)
	}
}

// clearSiteData passes on what is about the storage and caches of an origin,
// which content hosts have one each of. Cookies are in the jar (learn); the
// browser's own are ours.
func clearSiteData(h, site http.Header) {
	var kept []string
	for part := range strings.SplitSeq(strings.Join(site["Clear-Site-Data"], ","), ",") {
		switch part = textproto.TrimString(part); part {
		case `"*"`:
			kept = append(kept, `"cache"`, `"storage"`)
		case `"cache"`, `"storage"`:
			kept = append(kept, part)
		}
	}
	if kept != nil {
		h.Set("Clear-Site-Data", strings.Join(kept, ", "))
	}
}

// learn keeps what the site's response says about later requests.
func (x *exchange) learn(site http.Header, status int) {
	if v := site.Get("Strict-Transport-Security"); v != "" && x.target.Scheme == "https" {
		x.learnStrictTransport(v)
	}
	if x.visit.navigate && status < 300 {
		x.memory.setReferrerPolicy(x.origin, referrerPolicy(site["Referrer-Policy"]), x.p.now())
	}
	if v := site.Get("Clear-Site-Data"); x.leader && (strings.Contains(v, `"cookies"`) || strings.Contains(v, `"*"`)) {
		x.session.Jar().Clear(hostname(x.origin.Host))
		x.session.CookiesChanged()
	}
}

// maxStrictTransport bounds what is remembered; sessions are short.
const maxStrictTransport = 7 * 24 * time.Hour

func (x *exchange) learnStrictTransport(v string) {
	var keep time.Duration
	var subdomains bool
	for part := range strings.SplitSeq(v, ";") {
		name, value, _ := strings.Cut(textproto.TrimString(part), "=")
		switch {
		case strings.EqualFold(name, "max-age"):
			seconds, err := strconv.ParseUint(strings.Trim(value, `" `), 10, 31)
			if err != nil {
				return
			}
			keep = min(time.Duration(seconds)*time.Second, maxStrictTransport)
		case strings.EqualFold(name, "includeSubDomains"):
			subdomains = true
		}
	}
	x.memory.setStrictTransport(hostname(x.origin.Host), subdomains, keep, x.p.now())
}

// referrerPolicy returns the last policy that we know (Referrer Policy §11.1).
func referrerPolicy(lines []string) (policy string) {
	for _, line := range lines {
		for one := range strings.SplitSeq(line, ",") {
			switch one = strings.ToLower(textproto.TrimString(one)); one {
			case "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin",
				"origin-when-cross-origin", "strict-origin-when-cross-origin", "unsafe-url":
				policy = one
			}
		}
	}
	return policy
}

// storeCookies puts Set-Cookie into the jar and reports whether what the
// page's script may see has changed.
func (x *exchange) storeCookies(site http.Header) (visible bool) {
	lines := site["Set-Cookie"]
	if !x.leader || len(lines) == 0 {
		return false
	}
	before := x.session.Jar().Header(x.scriptCookies())
	ctx := x.jar
	ctx.Now = x.p.now()
	if !x.session.Jar().SetCookies(ctx, lines) {
		return false
	}
	x.session.CookiesChanged()
	return before != x.session.Jar().Header(x.scriptCookies())
}

// scriptCookies is how the script of a document at the target sees the jar.
func (x *exchange) scriptCookies() jar.Context {
	return documentCookies(x.memory, x.target, x.origin, x.p.now())
}

// encodeURIComponent escapes as the function of that name does, well enough
// for decodeURIComponent to undo it.
func encodeURIComponent(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// Validators. What we store for followers, or rewrite, has an ETag of ours:
//
//	"tds-<random>"          a stored response; the store knows which
//	W/"tde<v>-<site's>"     a rewritten script, by the site's ETag (base64url)
//	W/"tdm<v>-<site's>"     the same by the site's Last-Modified
//
// <v> changes when rewriting does, so that no browser keeps an old rewrite.
const (
	storedMark     = `"tds-`
	etagMark       = `W/"tde` + rewriterVersion + "-"
	modifiedMark   = `W/"tdm` + rewriterVersion + "-"
	versionHeader  = "Tandem-Version" // in the store: the ETag the browser has
	storedBytesMax = 8 << 20
)

// tag makes a validator for a rewritten body out of the site's.
func tag(etag, modified string) string {
	switch {
	case etag != "":
		return etagMark + base64.RawURLEncoding.EncodeToString([]byte(etag)) + `"`
	case modified != "":
		return modifiedMark + base64.RawURLEncoding.EncodeToString([]byte(modified)) + `"`
	}
	return ""
}

// untag gives the site's validators back, or passes on one that is not ours. A
// tag of another version is nothing.
func untag(match string) (etag, since string) {
	for mark, to := range map[string]*string{etagMark: &etag, modifiedMark: &since} {
		inner, ok := strings.CutPrefix(match, mark)
		if !ok {
			continue
		}
		value, err := base64.RawURLEncoding.DecodeString(strings.TrimSuffix(inner, `"`))
		if err == nil && !strings.ContainsAny(string(value), "\r\n\x00") {
			*to = string(value)
		}
		return etag, since
	}
	if strings.HasPrefix(match, `W/"td`) || strings.Contains(match, storedMark) {
		return "", ""
	}
	return match, ""
}

// setCaching decides what the browser may keep. Nothing is public: every host
// belongs to one session.
func (x *exchange) setCaching(h, site http.Header, status int, kind kind) {
	switch {
	case status == http.StatusNotModified && x.stored != nil:
		h.Set("ETag", x.stored.Header.Get(versionHeader))
		dropValidators(h)
		h.Set("Cache-Control", "private, no-cache")
	case kind.document():
		modified := h.Get("Last-Modified") // for document.lastModified; setConditions drops what it leads to
		dropValidators(h)
		if modified != "" {
			h.Set("Last-Modified", modified)
		}
		h.Del("ETag")
		h.Del("Accept-Ranges")
		h.Set("Cache-Control", "private, no-cache")
	case x.stores(status, h, kind):
		dropValidators(h)
		h.Set("ETag", storedMark+rand.Text()[:16]+`"`)
		h.Set("Cache-Control", "private, no-cache")
	default:
		h.Set("Cache-Control", privately(site))
		if kind != plain || status == http.StatusNotModified && rewritable(x.in) {
			v := tag(site.Get("ETag"), site.Get("Last-Modified"))
			h.Del("ETag")
			h.Del("Last-Modified")
			if v != "" {
				h.Set("ETag", v)
			}
		}
	}
	if kind != plain {
		h.Set("Accept-Ranges", "none")
	}
}

func dropValidators(h http.Header) {
	for _, name := range []string{"Last-Modified", "Expires", "Age", "Pragma"} {
		h.Del(name)
	}
}

// privately makes the site's Cache-Control hold for this browser only. A
// response that varies by cookie is checked each time: the browser has none.
func privately(site http.Header) string {
	directives := []string{"private"}
	for _, line := range site["Cache-Control"] {
		for one := range strings.SplitSeq(line, ",") {
			one = textproto.TrimString(one)
			switch name, _, _ := strings.Cut(strings.ToLower(one), "="); name {
			case "", "public", "private", "s-maxage", "proxy-revalidate", "no-transform":
			default:
				directives = append(directives, one)
			}
		}
	}
	if strings.Contains(strings.ToLower(strings.Join(site["Vary"], ",")), "cookie") && !slices.Contains(directives, "no-cache") {
		directives = append(directives, "no-cache")
	}
	return strings.Join(directives, ", ")
}

// stores reports whether the response goes into the store for followers.
func (x *exchange) stores(status int, h http.Header, kind kind) bool {
	return x.in.Method == http.MethodGet && x.in.Header.Get("Range") == "" && status == http.StatusOK && (kind == plain || kind == stylesheet) &&
		storable(x.sent.media, x.in.Header.Get("Sec-Fetch-Dest")) && contentLength(h) <= storedBytesMax
}

// storable reports whether followers may need a response of that type.
func storable(media, dest string) bool {
	family, _, _ := strings.Cut(media, "/")
	switch family {
	case "image", "font", "audio", "video":
		return dest != "document" && dest != "iframe"
	}
	switch media {
	case "text/css", "application/vnd.ms-fontobject", "application/font-woff", "application/font-woff2", "application/font-sfnt",
		"application/x-font-ttf", "application/x-font-otf", "application/x-font-woff", "application/ogg":
		return dest != "empty" || media != "text/css"
	case "", "application/octet-stream", "binary/octet-stream", "text/plain":
		return dest == "font" || dest == "image" || dest == "video" || dest == "audio"
	}
	return false
}

// contentLength returns the declared length, 0 when there is none.
func contentLength(h http.Header) int64 {
	n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
