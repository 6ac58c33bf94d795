package proxy

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"tandem/rewrite"
	"tandem/session"
)

// anyContent is the source expression for all content hosts. The session in
// the name is checked by the server; a wildcard can only stand for a label.
func anyContent(d rewrite.Domain) string { return d.Scheme + "://*." + d.Host }

// setPolicies sends the site's policies, mapped, for what they have a meaning
// for: pages and workers. Of other documents only who may frame them counts.
func (x *exchange) setPolicies(h, site http.Header, kind kind) {
	if !x.visit.navigate && kind != worker {
		return
	}
	whole := kind == page || kind == xmlPage || kind == worker
	enforced := x.parsePolicies(site["Content-Security-Policy"])
	if whole {
		x.nonce = rand.Text()
		x.policies = enforced
		x.addPolicies(h, "Content-Security-Policy", enforced)
		x.addPolicies(h, "Content-Security-Policy-Report-Only", x.parsePolicies(site["Content-Security-Policy-Report-Only"]))
	}
	framing := false
	upgrade := false
	for _, p := range enforced {
		upgrade = upgrade || p.Has("upgrade-insecure-requests")
		policy := p.Framing(x.mapper)
		framing = framing || policy != ""
		if policy != "" && !whole {
			h.Add("Content-Security-Policy", policy)
		}
	}
	if !framing {
		if policy := x.frameOptions(site); policy != "" {
			h.Add("Content-Security-Policy", policy)
		}
	}
	if x.visit.navigate {
		x.memory.setUpgrade(x.origin, upgrade, x.p.now())
	}
}

func (x *exchange) parsePolicies(lines []string) []rewrite.Policy {
	policies, ok := rewrite.ParsePolicies(lines)
	if !ok {
		x.p.log.Warn("site's policy too long, the rest is left out", x.attrs()...)
	}
	return policies
}

func (x *exchange) addPolicies(h http.Header, name string, policies []rewrite.Policy) {
	for i := range policies {
		if mapped := policies[i].Map(x.mapper, x.nonce, false); mapped != "" {
			h.Add(name, mapped)
			x.memory.setPolicy(policies[i], x.p.now())
		}
	}
}

// frameOptions says in our names who may frame the site's document by its
// X-Frame-Options, which count where no frame-ancestors is (HTML §7.6). Our
// shell always may. It returns "" when the site does not care.
func (x *exchange) frameOptions(site http.Header) string {
	shell := "frame-ancestors " + x.p.content.Shell(x.session.ID())
	switch strings.ToLower(textproto.TrimString(site.Get("X-Frame-Options"))) {
	case "deny":
		return shell
	case "sameorigin":
		return shell + " 'self'"
	}
	return ""
}

// demandsTypes reports whether our policy demands trusted types. Firefox alone
// lets a default policy see javascript: URLs, and Chromium has an allowlist of
// connections. Where the site's own policy demands them, its rules are asked.
func (x *exchange) demandsTypes() bool {
	return strings.Contains(x.in.UserAgent(), "Firefox/") &&
		!slices.ContainsFunc(x.policies, func(p rewrite.Policy) bool { return p.Has("require-trusted-types-for") })
}

// learnMeta takes in a policy that a page has in a meta element.
func (x *exchange) learnMeta(p rewrite.Policy) {
	x.memory.setPolicy(p, x.p.now())
	if p.Has("upgrade-insecure-requests") {
		x.memory.setUpgrade(x.origin, true, x.p.now())
	}
}

// policyAPI maps a policy that a page's script puts into a meta element, and
// says what the site's own text of a mapped one was.
func (p *Proxy) policyAPI(w http.ResponseWriter, r *http.Request, s *session.Session, host rewrite.Host) {
	m := p.memories.of(s)
	if id := r.URL.Query().Get("id"); id != "" {
		text, ok := m.sitePolicy(id, p.now())
		if !ok {
			notFound(w, r)
			return
		}
		writeText(w, text)
		return
	}
	origin, ok := p.originOf(host)
	if !ok {
		notFound(w, r)
		return
	}
	text, ok := readText(w, r, maxReport)
	if !ok {
		return
	}
	policy := rewrite.ParsePolicy(string(text))
	m.setPolicy(policy, p.now())
	writeText(w, policy.Map(p.mapper(s, origin), r.URL.Query().Get("nonce"), true))
}

// isReport reports whether the browser sends a violation of a site's policy.
func isReport(r *http.Request) bool {
	if r.Method != http.MethodPost {
		return false
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return media == "application/csp-report"
}

// mapReport puts the site's addresses and its own policy into a report about
// it (CSP3 §5.3). It reports false if it is none.
func (x *exchange) mapReport() bool {
	text, err := io.ReadAll(io.LimitReader(x.in.Body, maxReport+1))
	var report map[string]map[string]any
	if err != nil || len(text) > maxReport || json.Unmarshal(text, &report) != nil {
		return false
	}
	body := report["csp-report"]
	for name, v := range body {
		if s, ok := v.(string); ok {
			body[name] = x.mapper.Unmap(s)
		}
	}
	if s, ok := body["original-policy"].(string); ok {
		body["original-policy"], _ = x.memory.sitePolicy(rewrite.PolicyID(s), x.p.now())
	}
	text, err = json.Marshal(report)
	if err != nil {
		return false
	}
	x.out.Body, x.out.ContentLength = io.NopCloser(strings.NewReader(string(text))), int64(len(text))
	x.out.Header.Del("Content-Length")
	return true
}
