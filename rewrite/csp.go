package rewrite

import "fmt"

// CSP returns the policy of every response of a content host, besides whatever
// becomes of the site's own. It lets a document reach nothing but content hosts:
// an address that rewriting missed is blocked and reported, never fetched. It is
// a net, and no wall between sessions; inside the content domain, and in what
// script a page runs, it forbids nothing.
//
// default-src stands in for all fetch directives but those for documents, which
// must not be data: because no script of ours runs in such; the others have no
// stand-in and are written out. Browsers post what was blocked to report.
func CSP(d Domain, report string) string {
	hosts, sockets := d.hosts()
	return "default-src " + hosts + " " + sockets +
		" data: blob: 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval'" +
		"; frame-src " + hosts + " blob:" +
		"; object-src " + hosts + " blob:" +
		"; form-action " + hosts +
		"; base-uri " + hosts +
		"; frame-ancestors " + hosts + // the shell is one of them
		"; report-uri " + report
}

// DemandTypes is added to [CSP] for browsers that ask the default policy of
// Trusted Types before they run a javascript: URL. Such an address can be set in
// ways that no rewriting sees, and what it makes of the window would begin without
// our script, which is that policy.
const DemandTypes = "; require-trusted-types-for 'script'"

// ConnectionAllowlist says the same as [CSP] to browsers that know it
// (Chromium, https://wicg.github.io/connection-allowlists): what no CSP holds,
// WebRTC and connections made in advance, is stopped there as well, in realms
// that our hooks did not reach. Where redirects lead is for the server to say.
func ConnectionAllowlist(d Domain) string {
	hosts, sockets := d.hosts()
	return fmt.Sprintf("(%q %q);redirects=allow;webrtc=block", hosts+"/*", sockets+"/*")
}

// hosts are the sources that stand for all content hosts.
func (d Domain) hosts() (pages, sockets string) {
	socket := "ws"
	if d.Scheme == "https" {
		socket = "wss"
	}
	return d.Scheme + "://*." + d.Host, socket + "://*." + d.Host
}
