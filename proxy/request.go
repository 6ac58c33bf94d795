package proxy

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"tandem/rewrite"
	"tandem/session"
	"tandem/session/assets"
	"tandem/session/jar"
)

// exchange is one request of the leader's browser and its answer.
type exchange struct {
	p       *Proxy
	session *session.Session
	memory  *memory
	host    rewrite.Host
	origin  rewrite.Origin
	mapper  *rewrite.Mapper
	target  *url.URL // the address at the real site
	leader  bool     // the request has the visitor's cookie, so the jar is used
	visit   visit
	jar     jar.Context

	in       *http.Request // as the browser sent it
	out      *http.Request // as the site gets it
	referrer string        // what document.referrer shall be
	stored   *assets.Asset // what the browser asks to revalidate, if we have it

	writer     *writer     // to the browser; set by the engine, like body
	body       *body       // of the response
	siteHeader http.Header // of the response, as the site sent it
	sent       contentType // of the response
	textType   string      // what document.contentType shall be, where text is shown as HTML

	policies []rewrite.Policy // the site's, of the page or worker that is sent
	nonce    string           // ours in them
}

// serveRequest answers a request for the site itself.
func (p *Proxy) serveRequest(w http.ResponseWriter, r *http.Request, host rewrite.Host) {
	x := p.admit(w, r, host)
	if x == nil {
		return
	}
	defer x.done()
	if location, ok := x.upgraded(); ok {
		redirect(w, http.StatusTemporaryRedirect, location)
		return
	}
	x.takePost()
	x.prepare()
	if isReport(r) && !x.mapReport() {
		http.Error(w, "not a report", http.StatusBadRequest)
		return
	}
	if x.takesHanded(w) {
		return
	}
	if x.fresh() {
		x.notModified(w)
		return
	}
	p.engine.serve(w, x)
}

// takePost makes the request for a new tab that of the form which opened it:
// browsers cannot be told to open one of ours with a body.
func (x *exchange) takePost() {
	if !x.visit.main || x.in.Method != http.MethodGet {
		return
	}
	form, ok := x.memory.takePost(postKey(x.visit.from.origin, x.target), x.p.now())
	if !ok {
		return
	}
	r := x.in.Clone(x.in.Context())
	r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(bytes.NewReader(form.body)), int64(len(form.body))
	r.Header.Set("Content-Type", form.contentType)
	r.Header.Set("Origin", "null") // whose it is, the arrival says
	for _, name := range []string{"If-None-Match", "If-Modified-Since"} {
		r.Header.Del(name)
	}
	x.in = r
}

// admit decides who asks and whether the site may be asked. It returns nil
// when it has answered already.
func (p *Proxy) admit(w http.ResponseWriter, r *http.Request, host rewrite.Host) *exchange {
	s, leader := p.visitor(r, host)
	if !leader && wantsCookie(r) {
		p.dance(w, r, host)
		return nil
	}
	switch {
	case s == nil || !leader && s.State() != session.Active:
		neutral(w, r)
		return nil
	case s.State() != session.Active:
		p.sessionOver(w, r, s)
		return nil
	}
	x := &exchange{p: p, session: s, memory: p.memories.of(s), host: host, leader: leader, in: r}
	if !leader && (x.memory.anonymous.Add(1) > anonymousMax || !x.memory.allowance.left(p.now())) {
		x.done()
		http.Error(w, "too many requests without a cookie", http.StatusTooManyRequests)
		return nil
	}
	if !x.locate() {
		x.done()
		notFound(w, r)
		return nil
	}
	x.visit = p.relate(r, x.memory, host, x.target, x.origin)
	if x.visit.foreign || !leader && x.verdict().Rule.Private && !x.memory.visitorIsNear(r) {
		x.done()
		neutral(w, r)
		return nil
	}
	if !x.secure() {
		x.done()
		blockMixed(w)
		return nil
	}
	verdict := x.verdict()
	if to, ok := x.ledElsewhere(verdict); ok {
		x.done()
		redirect(w, http.StatusSeeOther, to)
		return nil
	}
	if problem, ok := x.refusal(verdict); ok {
		x.done()
		x.writeProblem(w, problem)
		return nil
	}
	return x
}

func (x *exchange) done() {
	if !x.leader {
		x.memory.anonymous.Add(-1)
	}
}

// wantsCookie reports whether a request without the participant cookie is sent
// to fetch one: documents, and what browsers request with cookies across
// origins and follow redirects for. CORS requests, WebSockets and reports are
// served without the jar instead, as the real web serves them without cookies.
func wantsCookie(r *http.Request) bool {
	if isNavigation(r) {
		return true
	}
	if isWebSocket(r) || isReport(r) {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Mode") {
	case "no-cors":
		// fetch sends no cookies to other origins unless it is told to, and would
		// not come back from the dance. Beacons and pings, which post, do.
		// What has no origin, in a sandbox say, is cross-site to browsers and has none.
		return r.Header.Get("Sec-Fetch-Site") != "cross-site" && (r.Header.Get("Sec-Fetch-Dest") != "empty" || r.Method != http.MethodGet)
	case "":
		return r.Header.Get("Origin") == "" && r.Method != http.MethodOptions
	}
	return false
}

// locate finds the real origin and address.
func (x *exchange) locate() bool {
	origin := x.host.Origin
	if x.host.Token != "" {
		ctx, cancel := context.WithTimeout(x.in.Context(), aliasWait)
		defer cancel()
		var ok bool
		if origin, ok = x.p.aliased(ctx, x.session, x.host.Token); !ok {
			return false
		}
	}
	x.origin = origin
	x.mapper = x.p.mapper(x.session, origin)
	u := *x.in.URL
	u.Scheme, u.Host, u.User = origin.Scheme, origin.Host, nil
	keepPath(&u, x.in.RequestURI)
	rewrite.SpellPaper(&u)
	x.target = &u
	return true
}

// keepPath has an address keep the escapes of its path as the browser wrote
// them: for a path that has other bytes than RFC 3986 allows, as Firefox sends
// them, net/url would make up all escapes anew, and %2F become a slash.
func keepPath(u *url.URL, requested string) {
	raw, _, _ := strings.Cut(requested, "?")
	if u.EscapedPath() == raw || !strings.HasPrefix(raw, "/") {
		return
	}
	var b strings.Builder
	for i := range len(raw) {
		switch c := raw[i]; {
		case c > ' ' && c < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", rune(c)):
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	u.RawPath = b.String()
}

// mapper maps URLs of documents of base.
func (p *Proxy) mapper(s *session.Session, base rewrite.Origin) *rewrite.Mapper {
	return &rewrite.Mapper{
		Domain: p.content, Session: s.ID(), Base: base,
		Alias: func(token string, o rewrite.Origin) { s.Alias(token, o.String()) },
		Aliased: func(token string) (rewrite.Origin, bool) {
			return p.originOf(rewrite.Host{Kind: rewrite.Site, Session: s.ID(), Token: token})
		},
	}
}

// upgraded returns the https address of a site that asked for https always
// (RFC 6797 §8.3), for this session.
func (x *exchange) upgraded() (string, bool) {
	if x.origin.Scheme != "http" || !x.memory.strictTransport(hostname(x.origin.Host), x.p.now()) {
		return "", false
	}
	https := *x.target
	https.Scheme = "https"
	if https.Port() == "80" {
		https.Host = https.Hostname()
	}
	x.rememberRedirect(&https)
	return x.mapper.Map(https.String()), true
}

// ledElsewhere returns where the list of origins leads a tab to instead.
func (x *exchange) ledElsewhere(v session.Verdict) (string, bool) {
	if !x.visit.main || v.Redirect == "" {
		return "", false
	}
	u, err := url.Parse(v.Redirect)
	if err != nil || u.Host == "" {
		return "", false
	}
	x.rememberRedirect(u)
	return x.mapper.Map(u.String()), true
}

// prepare makes the site's request out of the browser's.
func (x *exchange) prepare() {
	r := x.in
	out := r.WithContext(r.Context())
	out.Header = forwarded(r.Header)
	out.URL, out.Host, out.RequestURI = x.target, x.origin.Host, ""
	out.Close, out.TransferEncoding, out.Trailer = false, nil, nil
	if r.ContentLength == 0 {
		out.Body = http.NoBody // else the transport would send chunks
	} else if !x.leader {
		out.Body = meteredBody{x.meter(r.Body), r.Body}
	}
	x.out = out
	x.setRelations(out.Header)
	x.setCookies(out.Header)
	x.setConditions(out.Header)
	x.setAcceptEncoding(out.Header)
	if strings.Contains(x.target.RawQuery, hostname(x.p.content.Host)) {
		x.session.Blocked(leakedAddress)
	}
}

// leakedAddress is what is counted when a page tells its site, in a query, by
// which address it is proxied: a hook is missing somewhere.
const leakedAddress = "proxied address told"

// hopHeaders are for one connection only (RFC 9110 §7.6.1), beside those that
// Connection names.
var hopHeaders = []string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"Proxy-Authenticate", "Proxy-Authorization", "Proxy-Authentication-Info",
}

func stripHops(h http.Header) {
	stripNamed(h, h["Connection"])
	for _, name := range hopHeaders {
		delete(h, name)
	}
}

// stripNamed removes what Connection, of which these are the values, names.
func stripNamed(h http.Header, connection []string) {
	for _, line := range connection {
		for name := range strings.SplitSeq(line, ",") {
			if name = textproto.TrimString(name); name != "" {
				h.Del(name)
			}
		}
	}
}

// forwarded returns the headers of a request that are the site's business. The
// values are the request's own.
func forwarded(in http.Header) http.Header {
	out := make(http.Header, len(in))
	for name, values := range in {
		if forwardable(name) {
			out[name] = values
		}
	}
	stripNamed(out, in["Connection"])
	return out
}

// ownHeaders are made anew, or are about the visitor's browser and this proxy.
var ownHeaders = set(
	"Cookie", "Cookie2", "Host", "Origin", "Referer", "Accept-Encoding", "Expect",
	"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "True-Client-Ip", "Client-Ip",
	"Available-Dictionary", "Dictionary-Id", "Service-Worker", "Service-Worker-Navigation-Preload",
	"Sec-Browsing-Topics", "Sec-Ad-Auction-Fetch", "Sec-Shared-Storage-Writable",
	"Access-Control-Request-Private-Network", "Access-Control-Request-Local-Network", "Ping-From", "Ping-To",
)

// forwardable reports whether a request header is the site's business. An
// underscore makes some servers take a header for another.
func forwardable(name string) bool {
	switch {
	case ownHeaders[name], slices.Contains(hopHeaders, name), strings.Contains(name, "_"):
		return false
	case strings.HasPrefix(name, "X-Forwarded-"), strings.HasPrefix(name, "Sec-Fetch-"),
		strings.HasPrefix(name, "Attribution-Reporting-"), strings.HasPrefix(name, "Tandem-"),
		strings.HasPrefix(name, "Proxy-"), strings.HasPrefix(name, "Cf-"):
		return false
	}
	return true
}

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, name := range names {
		m[http.CanonicalHeaderKey(name)] = true
	}
	return m
}

// setRelations tells the site who asks, as the browser would have.
func (x *exchange) setRelations(h http.Header) {
	if origin := x.in.Header.Get("Origin"); origin != "" {
		if v := x.originHeader(origin); v != "" {
			h.Set("Origin", v)
		}
	}
	if referrer := x.refererHeader(); referrer != "" {
		h.Set("Referer", referrer)
		x.referrer = referrer
	}
	for _, name := range []string{"Ping-From", "Ping-To"} {
		if v := x.in.Header.Get(name); v != "" {
			h.Set(name, x.mapper.Unmap(v))
		}
	}
	x.setFetchMetadata(h)
}

// originHeader returns the site's spelling of Origin; "" for none, which is
// what a person's own requests have.
func (x *exchange) originHeader(origin string) string {
	from := x.visit.from
	switch {
	case from.user:
		return ""
	case from.unknown():
		return "null"
	case origin != "null":
		return from.origin.String()
	}
	// A redirect, perhaps only of our dance, hid it. The browser itself would
	// have sent the initiator unless another origin redirected.
	for _, o := range x.visit.passed {
		if o != from.origin {
			return "null"
		}
	}
	return from.origin.String()
}

// refererHeader returns the site's spelling of Referer. Content hosts get
// strict-origin-when-cross-origin from us, so that it is always there to tell
// relations by; what the page's own policy holds back is held back here.
func (x *exchange) refererHeader() string {
	from, referrer := x.visit.from, x.in.Header.Get("Referer")
	if referrer == "" || from.user || from.unknown() {
		return ""
	}
	real := x.unmap(referrer)
	if real == referrer {
		return ""
	}
	downgrade := strings.HasPrefix(real, "https:") && !trustworthy(x.origin)
	origin := from.origin.String() + "/"
	switch cmp.Or(x.visit.policy, x.memory.referrerPolicy(from.origin, x.p.now())) {
	case "no-referrer":
		return ""
	case "same-origin":
		if from.origin != x.origin {
			return ""
		}
	case "origin":
		return origin
	case "strict-origin":
		if downgrade {
			return ""
		}
		return origin
	case "origin-when-cross-origin":
		if downgrade {
			return origin
		}
	case "unsafe-url":
	default:
		if downgrade {
			return ""
		}
	}
	if x.visit.site == crossSite && strings.Contains(x.in.Header.Get("User-Agent"), "Firefox/") {
		return origin // more it tells no other site, whatever the page's policy
	}
	return real
}

// unmap returns the site's address of a proxied one. Most are of the very host.
func (x *exchange) unmap(address string) string {
	rest, ok := strings.CutPrefix(address, x.p.content.Scheme+"://"+x.in.Host)
	if ok && strings.HasPrefix(rest, "/") && x.host.Origin != (rewrite.Origin{}) {
		return x.host.Origin.String() + rest
	}
	return x.mapper.Unmap(address)
}

// setFetchMetadata recomputes Sec-Fetch-*, which only trustworthy URLs get.
func (x *exchange) setFetchMetadata(h http.Header) {
	if !trustworthy(x.origin) {
		return
	}
	in := x.in.Header
	mode, dest := in.Get("Sec-Fetch-Mode"), in.Get("Sec-Fetch-Dest")
	if mode == "" {
		return
	}
	if x.visit.main {
		dest = "document"
	}
	h.Set("Sec-Fetch-Site", string(x.visit.site))
	h.Set("Sec-Fetch-Mode", mode)
	h.Set("Sec-Fetch-Dest", dest)
	// What our shell opens for people came from a press of theirs.
	if in.Get("Sec-Fetch-User") != "" || x.visit.site == byUser && mode == "navigate" {
		h.Set("Sec-Fetch-User", "?1")
	}
}

// trustworthy is potentially trustworthy (Secure Contexts §3.1).
func trustworthy(o rewrite.Origin) bool {
	name := hostname(o.Host)
	return o.Scheme == "https" || isLoopbackName(name) || name == "::1" || strings.HasPrefix(name, "127.")
}

// setCookies attaches the jar's cookies, of which the anonymous tier has none.
func (x *exchange) setCookies(h http.Header) {
	now := x.p.now()
	if x.visit.navigate {
		top := jar.Site(x.target)
		if !x.visit.main && x.visit.from.origin != (rewrite.Origin{}) {
			top = topSite(x.memory, x.visit.from.origin, now)
		}
		x.memory.setTop(x.origin, top, now)
	}
	x.jar = x.visit.cookies(x.memory, x.in.Method, x.target, x.origin, now)
	if !x.leader {
		return
	}
	if cookies := x.session.Jar().Header(x.jar); cookies != "" {
		h.Set("Cookie", cookies)
	}
}

// setConditions keeps Range and If-… only where the answer is passed on as the
// site made it, or translates them to what the site knows.
func (x *exchange) setConditions(h http.Header) {
	if len(x.demanded()) > 0 {
		h.Del("If-None-Match") // what is stored was perhaps not compared with this integrity
		h.Del("If-Modified-Since")
	}
	if rewritable(x.in) {
		h.Del("Range")
		h.Del("If-Range")
		h.Del("If-Match")
		h.Del("If-Unmodified-Since")
		h.Del("If-Modified-Since")
	}
	match := h.Get("If-None-Match")
	if match == "" {
		return
	}
	h.Del("If-None-Match")
	h.Del("If-Modified-Since") // ignored beside If-None-Match (RFC 9110 §13.1.3)
	if strings.Contains(match, storedMark) {
		x.revalidate(h, match)
		return
	}
	etag, since := untag(match)
	if etag != "" {
		h.Set("If-None-Match", etag)
	}
	if since != "" {
		h.Set("If-Modified-Since", since)
	}
}

// revalidate looks up what the browser holds and asks the site by the
// validators that came with it.
func (x *exchange) revalidate(h http.Header, match string) {
	a, ok := x.session.Assets().Peek(pageURL(x.target))
	if !ok || a.Header.Get(versionHeader) != match {
		return
	}
	x.stored = &a
	if v := a.Header.Get("ETag"); v != "" {
		h.Set("If-None-Match", v)
	}
	if v := a.Header.Get("Last-Modified"); v != "" {
		h.Set("If-Modified-Since", v)
	}
}

// fresh reports whether the browser's copy needs no question to the site. A
// CORS answer depends on who asks, so only one that is for all counts.
func (x *exchange) fresh() bool {
	if x.stored == nil || !x.p.now().Before(x.stored.Expires) || isNoCache(x.in.Header) {
		return false
	}
	return x.in.Header.Get("Origin") == "" || x.stored.Header.Get("Access-Control-Allow-Origin") == "*"
}

// isNoCache reports whether a person reloads and wants to have it anew.
func isNoCache(h http.Header) bool {
	return strings.Contains(h.Get("Cache-Control"), "no-cache") || h.Get("Pragma") == "no-cache"
}

func (x *exchange) notModified(w http.ResponseWriter) {
	x.session.Assets().Get(x.stored.URL) // counts as use
	h := w.Header()
	if x.in.Header.Get("Origin") != "" {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Vary", "Origin")
	}
	h.Set("ETag", x.stored.Header.Get(versionHeader))
	h.Set("Cache-Control", "private, no-cache")
	x.setOwnHeaders(h)
	w.WriteHeader(http.StatusNotModified)
}

// setAcceptEncoding offers what the browser and we understand, in the browser's order.
func (x *exchange) setAcceptEncoding(h http.Header) {
	in := x.in.Header.Get("Accept-Encoding")
	if x.in.Header.Get("Range") != "" && h.Get("Range") != "" {
		h.Set("Accept-Encoding", "identity") // ranges of the decoded bytes
		return
	}
	var offer []string
	for part := range strings.SplitSeq(in, ",") {
		name, _, _ := strings.Cut(part, ";")
		coding := strings.ToLower(textproto.TrimString(name))
		if decoders[coding] != nil && accepts(in, coding) && !slices.Contains(offer, coding) {
			offer = append(offer, coding)
		}
	}
	if len(offer) == 0 {
		h.Set("Accept-Encoding", "identity")
		return
	}
	h.Set("Accept-Encoding", strings.Join(offer, ", "))
}

// accepts reports whether an Accept-Encoding header names coding.
func accepts(header, coding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(textproto.TrimString(name), coding) {
			continue
		}
		q := strings.ReplaceAll(textproto.TrimString(params), " ", "")
		return !strings.HasPrefix(q, "q=0") || strings.Trim(q[3:], ".0") != ""
	}
	return false
}

// rewritable reports whether the answer to r may be rewritten, going by what
// the browser wants it for.
func rewritable(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "image", "font", "audio", "video", "track", "empty":
		return false
	}
	return true
}

// attrs names the exchange in logs: the host, never path or query.
func (x *exchange) attrs() []any {
	return []any{
		slog.String("session", x.session.ID()), slog.String("origin", x.origin.String()),
		slog.String("method", x.in.Method), slog.String("dest", x.in.Header.Get("Sec-Fetch-Dest")),
	}
}
