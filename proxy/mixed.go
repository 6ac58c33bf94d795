package proxy

import (
	"net/http"
	"net/netip"

	"tandem/rewrite"
)

// Mixed content is what a page that came securely fetches insecurely (Mixed
// Content §4). To the browser all content hosts are equally secure, so it is
// judged here, by the real schemes; where the browser hides who asks, it is not.

type verdict int

const (
	pass    verdict = iota
	upgrade         // asked for by https instead
	block
)

// judge says what becomes of a request of a page at from. upgrades tells that
// the page has upgrade-insecure-requests in its policy.
func (v visit) judge(to rewrite.Origin, dest, mode string, upgrades bool) verdict {
	from := v.from.origin
	switch {
	case to.Scheme != "http" || trustworthy(to) || from == rewrite.Origin{} || v.main:
		return pass
	case upgrades:
		return upgrade
	case from.Scheme != "https":
		return pass
	}
	if mode == "no-cors" && !isAddress(to) {
		switch dest {
		case "image", "audio", "video":
			return upgrade
		}
	}
	return block
}

func isAddress(o rewrite.Origin) bool {
	_, err := netip.ParseAddr(hostname(o.Host))
	return err == nil
}

// secure applies the verdict. It reports false if the request is blocked.
func (x *exchange) secure() bool {
	now := x.p.now()
	if x.memory.strictTransport(hostname(x.origin.Host), now) {
		return true // goes by https anyway
	}
	h := x.in.Header
	switch x.visit.judge(x.origin, h.Get("Sec-Fetch-Dest"), h.Get("Sec-Fetch-Mode"), x.memory.upgrade(x.visit.from.origin, now)) {
	case block:
		x.p.log.Info("mixed content blocked", x.attrs()...)
		return false
	case upgrade:
		x.origin.Scheme, x.target.Scheme = "https", "https"
		x.mapper = x.p.mapper(x.session, x.origin)
		x.visit.site = chainRelation(x.visit.from, x.visit.passed, x.origin)
	}
	return true
}

// blockMixed answers so that the browser fails as it does at a blocked
// request: without CORS headers, and kept from documents of other hosts.
func blockMixed(w http.ResponseWriter) {
	w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "blocked: an insecure request of a secure page", http.StatusForbidden)
}
