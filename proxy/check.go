package proxy

import (
	"context"
	"crypto/tls"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"

	"tandem/rewrite"
	"tandem/session"
)

// Report is what Check found out about a site, in the order it was tried.
type Report struct {
	URL       string    `json:"url"`
	Origin    string    `json:"origin"`
	Rule      string    `json:"rule,omitempty"` // the pattern that decides; "" when none does
	Private   bool      `json:"private,omitempty"`
	Page      Use       `json:"page"`     // opened in a tab
	Resource  Use       `json:"resource"` // loaded by a page
	Addresses []string  `json:"addresses,omitempty"`
	Connected string    `json:"connected,omitempty"` // the address that answered
	TLS       *TLS      `json:"tls,omitempty"`
	Status    int       `json:"status,omitempty"`
	Location  string    `json:"location,omitempty"` // where it redirects to
	Type      string    `json:"type,omitempty"`
	Date      time.Time `json:"date,omitzero"`    // by the site's clock
	Others    []Other   `json:"others,omitempty"` // what else the page loads from
	// Problem says what is wrong, and Hint what to do; both are "" when nothing is.
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// Use is what the list of origins says of the URL in one of its uses.
type Use struct {
	Allowed  bool   `json:"allowed"`
	Refusal  string `json:"refusal,omitempty"`
	Redirect string `json:"redirect,omitempty"` // where a tab goes instead
}

// TLS is what the site's certificate says.
type TLS struct {
	Version  string    `json:"version"`
	Issuer   string    `json:"issuer"`
	NotAfter time.Time `json:"not_after"`
	Protocol string    `json:"protocol"` // "h2", "http/1.1"
}

// Other is another origin that a page uses.
type Other struct {
	Origin  string `json:"origin"`
	Allowed bool   `json:"allowed"`
}

const (
	checkTimeout = 20 * time.Second
	checkBytes   = 4 << 20
	maxOthers    = 100
)

// Foretell says what the list of origins makes of a URL. It asks nobody.
func (p *Proxy) Foretell(address string) Report {
	r, _, _ := p.foretell(address)
	return r
}

// Check tries to open a site as a session would and reports each step. It
// asks the site once, without cookies. Only the page's HTML is looked at: what
// its scripts load is not known.
func (p *Proxy) Check(ctx context.Context, address string) Report {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	r, u, origin := p.foretell(address)
	if r.Problem == "" && p.resolve(ctx, &r, u.Hostname()) {
		p.fetch(ctx, &r, u, origin)
	}
	return r
}

func (p *Proxy) foretell(address string) (r Report, u *url.URL, origin rewrite.Origin) {
	r.URL = address
	u, err := url.Parse(address)
	origin, originErr := rewrite.ParseOrigin(address)
	if err != nil || originErr != nil || u.Scheme != "http" && u.Scheme != "https" {
		return r.because("This is not a web address.", "Give a whole one, such as https://shop.example/."), nil, origin
	}
	u.Host, u.Fragment = origin.Host, ""
	r.Origin = origin.String()
	origins := p.hub.Origins()
	asPage := origins.Decide(u.String(), session.Page)
	r.Rule, r.Private = asPage.Rule.Pattern, asPage.Rule.Private
	r.Page, r.Resource = useOf(asPage), useOf(origins.Decide(u.String(), session.Resource))
	switch {
	case r.Page.Allowed || r.Resource.Allowed:
	case r.Rule != "":
		r = r.because(asPage.Refusal, `"tandem origins list" shows the rule `+r.Rule+".")
	default:
		flag := ""
		if plainlyPrivate(u.Hostname()) {
			flag = "--private "
		}
		r = r.because("No rule allows it.", "tandem origins allow "+flag+r.Origin)
	}
	return r, u, origin
}

func useOf(v session.Verdict) Use {
	return Use{Allowed: v.Refusal == "", Refusal: v.Refusal, Redirect: v.Redirect}
}

// plainlyPrivate reports whether a host needs a rule for private addresses, as
// far as can be told without asking for its name.
func plainlyPrivate(host string) bool {
	a, err := netip.ParseAddr(host)
	return isLoopbackName(host) || err == nil && classify(a) == privateAddress
}

func (r Report) because(problem, hint string) Report {
	r.Problem, r.Hint = problem, hint
	return r
}

func (p *Proxy) resolve(ctx context.Context, r *Report, host string) bool {
	if isLoopbackName(host) {
		r.Addresses = []string{"127.0.0.1", "::1"}
		return true
	}
	if net.ParseIP(host) != nil {
		r.Addresses = []string{host}
		return true
	}
	addresses, err := p.egress.resolver.LookupHost(ctx, host)
	if err != nil {
		*r = r.because("Its name does not resolve.", "Check the spelling, and the DNS of this server.")
		return false
	}
	r.Addresses = addresses
	return true
}

func (p *Proxy) fetch(ctx context.Context, r *Report, u *url.URL, origin rewrite.Origin) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) { r.Connected = c.Conn.RemoteAddr().String() },
	})
	req, err := checkRequest(ctx, u)
	if err != nil {
		*r = r.because("This is not a web address.", "")
		return
	}
	resp, err := p.engine.transport.RoundTrip(req)
	if err != nil {
		title, detail := problemOf(err, origin).English()
		*r = r.because(title+".", detail)
		return
	}
	defer resp.Body.Close()
	r.Status, r.Type = resp.StatusCode, resp.Header.Get("Content-Type")
	if s := resp.TLS; s != nil && len(s.PeerCertificates) > 0 {
		leaf := s.PeerCertificates[0]
		r.TLS = &TLS{Version: tls.VersionName(s.Version), Issuer: leaf.Issuer.String(), NotAfter: leaf.NotAfter, Protocol: resp.Proto}
	}
	r.Date, _ = http.ParseTime(resp.Header.Get("Date")) // zero when it has none
	found := map[rewrite.Origin]bool{}
	if to, err := u.Parse(resp.Header.Get("Location")); err == nil && resp.Header.Get("Location") != "" {
		r.Location = to.String()
		note(found, to)
	}
	media, _, _ := mime.ParseMediaType(r.Type)
	if documentKind(media) == page {
		if body, err := decode(resp.Body, resp.Header["Content-Encoding"], checkBytes); err == nil {
			collectOrigins(found, body, u)
		}
	}
	r.Others = p.others(found, origin)
	if slices.ContainsFunc(r.Others, func(o Other) bool { return !o.Allowed }) {
		r.Hint = "The page uses origins that are not allowed. What comes from them will be missing."
	}
}

func (p *Proxy) others(found map[rewrite.Origin]bool, self rewrite.Origin) []Other {
	var list []Other
	for o := range found {
		if o != self {
			_, allowed := p.hub.Origins().Allowed(o.String())
			list = append(list, Other{o.String(), allowed})
		}
	}
	slices.SortFunc(list, func(a, b Other) int { return strings.Compare(a.Origin, b.Origin) })
	return list
}

// loading are the attributes by which elements load at once.
var loading = map[string][]string{
	"script": {"src"}, "img": {"src", "srcset"}, "source": {"src", "srcset"}, "link": {"href"}, "iframe": {"src"}, "video": {"src", "poster"},
	"audio": {"src"}, "track": {"src"}, "embed": {"src"}, "object": {"data"}, "input": {"src"}, "form": {"action"},
}

// collectOrigins notes the origins of what a page loads.
func collectOrigins(found map[rewrite.Origin]bool, r io.Reader, base *url.URL) {
	z := html.NewTokenizer(r)
	z.SetMaxBuf(1 << 20)
	for z.Next() != html.ErrorToken && len(found) < maxOthers {
		token := z.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		for _, a := range token.Attr {
			if !slices.Contains(loading[token.Data], a.Key) {
				continue
			}
			for candidate := range strings.SplitSeq(a.Val, ",") {
				fields := strings.Fields(candidate)
				if a.Key != "srcset" {
					fields = []string{strings.TrimSpace(a.Val)}
				}
				if len(fields) == 0 {
					continue
				}
				if u, err := base.Parse(fields[0]); err == nil {
					note(found, u)
				}
			}
		}
	}
}

func note(found map[rewrite.Origin]bool, u *url.URL) {
	if u.Scheme != "http" && u.Scheme != "https" {
		return
	}
	if o, err := rewrite.ParseOrigin(u.String()); err == nil {
		found[o] = true
	}
}
