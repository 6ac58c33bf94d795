// Package proxy joins everything: it decides by the Host header what a request
// is for, and brings sites to the leader's browser.
//
// The life of one request of the leader's browser for https://shop.example/cart:
//
//  1. ServeHTTP reads the Host header, shop-example--<session>.CONTENT (router.go).
//     Paths below /.tandem/, however they are spelled, are ours and never forwarded.
//  2. The participant cookie of that host says that the visitor asks. Without it
//     documents and images are sent to fetch one by way of the shell (entry.go).
//     CORS requests are served without the cookie jar, as browsers send them
//     without cookies on the real web, but to sites of inner networks only where
//     the visitor's browser is (allowance.go); for those that shall have them the page's
//     script sees to the cookie first. It gives WebSockets and EventSources, which
//     nobody waits for, a ticket. Only a synchronous XMLHttpRequest with
//     credentials has none the first time.
//  3. Who made the browser ask is read from Origin and Referer, with the redirects
//     that came before, and compared with the target by their real origins: to the
//     browser all content hosts are one site (relations.go). Unknown is cross-site.
//  4. The origin must be allowed, and may not be this server (errors.go).
//  5. The site's request is made: real Host, Origin, Referer and Sec-Fetch-*,
//     cookies from the jar, nothing about the proxy or the visitor (request.go).
//  6. If the browser only revalidates what is stored and fresh, the answer is 304.
//  7. goproxy runs the request through its handlers and our transport (engine.go),
//     whose dialer checks every address after DNS (egress.go). What fails becomes a
//     page that says what happened and still carries the sync script.
//  8. The response's headers are chosen from a list; cookies go into the jar, URLs
//     and origins are mapped, our own policy is added (response.go, policy.go).
//  9. The body is passed on, or rewritten: HTML while it streams; scripts and style
//     sheets whole, up to 16 MiB, beyond which they are refused, because an
//     unrewritten script could leave the session (body.go, decode.go).
//  10. Styles, images, fonts and short media are copied into the session's store
//     under their real URL. Followers read them from the view host (view.go), and
//     never cause a request to a site.
//
// What is no page (a picture, a film, a PDF, text) is shown by a document of ours,
// since the browser's own would have no sync script (files.go). A PDF, also one
// that an embed or object element shows (rewrite/papers.go), stands in
// it and is drawn by pdf.js (static/pdfjs), under a policy that allows nothing else.
//
// What a site keeps in the browser is read and written by a page of ours on its
// host, when the visitor goes on with another device (storage.go).
//
// WebSockets take the same way up to 5 and are then spliced (upgrade.go). What a
// page's own scripts need from us at run time is in endpoint.go.
//
// What it costs is measured beside a tuned httputil.ReverseProxy that rewrites
// nothing (Benchmark; of this process alone, so ratios count). A page of 119 KB
// takes 2.8 to 2.9 times its processor time. Of the 140 µs more, about 75 are the
// scan of the HTML, which passes a tag in some 25 ns and is bound by finding the
// next "<" and quote, one after the other; 13 are that a page is written when its
// length is known, from memory that is no longer in the nearest cache; 15 are the
// rules for the response, its head among them, 13 admission and the site's
// request. The rest is spread over goproxy, contexts and the collector.
//
// Decisions that no specification makes:
//
//   - A document in a frame counts as the tab's main one, for SameSite=Lax and
//     Sec-Fetch-Dest, unless a document's HTML named its URL in an iframe: browsers
//     say "iframe" for both. A frame that a script makes is taken for the tab.
//   - Sec-Fetch-Site and SameSite take the whole chain of redirects into account,
//     as RFC 6265bis has it, although some browsers do not for cookies.
//   - The site's CSP goes along beside ours, in our names (see
//     [rewrite.Policy.Map]); X-Frame-Options becomes frame-ancestors. report-to and
//     the Reporting API are dropped: the browser would report from nowhere, even
//     after the session. COOP and COEP have no meaning in a frame.
//   - Subresource integrity is checked on the body as the site sent it, for what a
//     document demands, in markup, import maps or by script (integrity.go).
//   - Mixed content is judged by the real schemes, where Origin or Referer tells
//     who asks (mixed.go). A page whose policy hides it from us is not protected.
//     upgrade-insecure-requests holds for all documents of the origin that sent it last.
//   - A script reads every header of what it fetches but those the browser or this
//     server would act upon; everything else gets only listed ones.
//   - A response cut short by the site is cut short for the browser.
//   - A form that posts in a new tab is sent by the server, once: for the browser
//     the tab was opened by an address, and loading it again does not post again.
//   - A page that tells its site by which address it is proxied, in a query, is
//     counted as blocked is, and the query goes as it is: a hook is missing.
//
// Not passed on, and why (checklist_test.go goes through the rest):
//
//   - Informational responses: our pages begin with a script of ours, which what
//     Early Hints name must not overtake, and caches would not know whose it is.
//     Link of the response itself is mapped. Trailers: no browser shows them.
//   - Expect: this server asks for bodies itself. Ranges and If-Range of what is
//     rewritten: they are about other bytes. Digests of bodies likewise.
//   - Compression dictionaries: browser and site would have different bytes.
//   - Permissions-Policy and its like: the shell's frame grants nothing that they
//     could take away. Integrity-Policy: what it asks for is checked here.
//   - Speculation rules, NEL, Report-To and Reporting-Endpoints, Alt-Svc, source
//     maps, preconnect: the browser would ask the real host, or for somebody.
//   - NTLM and Negotiate: they authenticate connections, and ours are shared.
//   - An address with a "%" in its path that begins no escape is not served: the
//     HTTP server refuses it. Where a redirect names one, it is mended.
//   - A site can tell by the TLS and HTTP/2 handshakes that no browser asks. They
//     are those of Go; imitating a browser's would be to deceive the site.
package proxy
