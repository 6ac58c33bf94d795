package proxy

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"tandem/rewrite"
	"tandem/session"
)

// What the visitor's browser was kept from is counted by kind in the session,
// and logged once for each kind and origin: with what it takes to add a rule or
// to find what rewriting missed, and without queries.

const (
	maxReport   = 64 << 10
	maxMisses   = 100            // of a session are logged; the rest is only counted
	missFor     = 24 * time.Hour // after which the same one is logged again
	maxSegments = 6              // of a path in the log
	maxSegment  = 40
	notAllowed  = "not allowed: "
	unknownKind = "other"
	slowRules   = "slow-rules" // for pages, in the words of static/src/record
)

// miss is something that was blocked.
type miss struct {
	kind   string         // a directive of our policy, or notAllowed and a destination
	page   rewrite.Origin // whose page wanted it; zero if unknown
	at     string         // the page's path, like path
	origin string         // of what was wanted; or what stands in its place
	path   string         // see samplePath; empty where it tells nothing
	line   int            // of the page's source, where the browser says
}

func (p *Proxy) blocked(s *session.Session, m *memory, b miss) {
	s.Blocked(b.kind)
	if !m.firstMiss(b.kind+" "+b.origin, p.now()) {
		return
	}
	attrs := []any{"session", s.ID(), "kind", b.kind, "origin", b.origin}
	if b.page != (rewrite.Origin{}) {
		attrs = append(attrs, "page", b.page.String())
	}
	if b.at != "" {
		attrs = append(attrs, "at", b.at)
	}
	if b.path != "" {
		attrs = append(attrs, "path", b.path)
	}
	if b.line > 0 {
		attrs = append(attrs, "line", b.line)
	}
	if b.kind == slowRules {
		p.log.Warn("a page is hidden, because the rules for it take too long to match: see \"tandem mask list\"", attrs...)
		return
	}
	p.log.Info("blocked", attrs...)
}

// firstMiss reports whether a miss is worth a line of the log. Reports may be
// forged, so there is an end to it.
func (m *memory) firstMiss(key string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.misses.get(key, now); known || len(m.misses) >= maxMisses {
		return false
	}
	m.misses.put(key, true, now, missFor)
	return true
}

// destinations are those of Sec-Fetch-Dest that are worth telling apart.
var destinations = map[string]bool{
	"audio": true, "audioworklet": true, "document": true, "embed": true, "empty": true, "font": true, "frame": true, "iframe": true,
	"image": true, "manifest": true, "object": true, "paintworklet": true, "script": true, "sharedworker": true, "style": true,
	"track": true, "video": true, "worker": true, "xslt": true,
}

// notAllowed counts a request for an origin that is no part of the session. In
// a page it is missing silently.
func (x *exchange) notAllowed() {
	dest := x.in.Header.Get("Sec-Fetch-Dest")
	switch {
	case isWebSocket(x.in):
		dest = "websocket"
	case !destinations[dest]:
		dest = unknownKind
	}
	x.p.blocked(x.session, x.memory, miss{kind: notAllowed + dest, page: x.visit.from.origin, origin: x.origin.String()})
}

// reportAPI counts what our policy caught: each is a URL that rewriting missed,
// or a page that means harm.
func (p *Proxy) reportAPI(w http.ResponseWriter, r *http.Request, s *session.Session) {
	text, ok := readText(w, r, maxReport)
	if !ok {
		return
	}
	var report struct {
		Report struct {
			Document  string `json:"document-uri"`
			Blocked   string `json:"blocked-uri"`
			Directive string `json:"effective-directive"`
			Violated  string `json:"violated-directive"`
			Line      int    `json:"line-number"`
		} `json:"csp-report"`
	}
	if json.Unmarshal(text, &report) != nil {
		http.Error(w, "not a report", http.StatusBadRequest)
		return
	}
	b := miss{kind: report.Report.Directive, origin: "inline", line: report.Report.Line}
	if b.kind == "" {
		b.kind, _, _ = strings.Cut(report.Report.Violated, " ")
	}
	if !directives[b.kind] && b.kind != slowRules {
		b.kind = unknownKind // the report may be forged
	}
	if o, err := rewrite.ParseOrigin(report.Report.Blocked); err == nil {
		b.origin, b.path = o.String(), samplePath(report.Report.Blocked)
	}
	if page, err := url.Parse(report.Report.Document); err == nil {
		if host, ok := p.content.Parse(page.Host); ok && host.Session == s.ID() {
			b.page, _ = p.originOf(host)
			b.at = samplePath(report.Report.Document)
		}
	}
	p.blocked(s, p.memories.of(s), b)
	w.WriteHeader(http.StatusNoContent)
}

// directives are the ones our policy has, and those they are reported as.
var directives = map[string]bool{
	"default-src": true, "script-src": true, "script-src-elem": true, "script-src-attr": true, "style-src": true, "style-src-elem": true,
	"style-src-attr": true, "img-src": true, "font-src": true, "media-src": true, "connect-src": true, "frame-src": true, "child-src": true,
	"worker-src": true, "object-src": true, "manifest-src": true, "prefetch-src": true, "form-action": true, "base-uri": true, "frame-ancestors": true,
}

// sampleSegment is what names of files and folders are made of. Where digits
// stand beside letters, or many of either, it may be somebody's secret.
var sampleSegment = regexp.MustCompile(`^$|^(?:[A-Za-z]{1,20}|[0-9]{1,6})(?:[-._](?:[A-Za-z]{1,20}|[0-9]{1,6}))*$`)

// samplePath returns the beginning of a URL's path, to find what names it in
// the site's source, without what may be secret in it, as all of the query may.
func samplePath(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	segments := strings.SplitN(u.Path, "/", maxSegments+1)
	for i, s := range segments {
		if len(s) > maxSegment || !sampleSegment.MatchString(s) {
			segments[i] = "…"
		}
	}
	return strings.Join(segments, "/")
}
