package rewrite

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
	socket := "ws"
	if d.Scheme == "https" {
		socket = "wss"
	}
	hosts := d.Scheme + "://*." + d.Host
	return "default-src " + hosts + " " + socket + "://*." + d.Host +
		" data: blob: 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval'" +
		"; frame-src " + hosts + " blob:" +
		"; object-src " + hosts + " blob:" +
		"; form-action " + hosts +
		"; base-uri " + hosts +
		"; frame-ancestors " + hosts + // the shell is one of them
		"; report-uri " + report
}
