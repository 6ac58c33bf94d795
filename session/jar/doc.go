// Package jar is the cookie store of a session, after RFC 6265bis.
//
// The cookies of the real sites live here, on the server, and never in a
// browser. The proxy puts [Jar.Header] on requests, gives the Set-Cookie lines
// of responses to [Jar.SetCookies], and shows pages the same cookies, without
// the HttpOnly ones, as document.cookie.
//
// Everything depends on the real addresses: whether a cookie is Secure is
// decided by the scheme of the site's URL, whether it is SameSite by the
// [Relation] which the proxy works out from the real origins. Times are passed
// in.
//
// Choices where the specification leaves one:
//
//   - A registrable domain keeps at most 180 cookies and 256 KiB of them, a jar
//     3000 and 2 MiB. A full domain evicts its own cookies, first those without
//     Secure, then by last use. A full jar takes from the domain that has most, so
//     that a site cannot push out the cookies of one that has fewer.
//   - localhost and names below it are secure, as in browsers.
//   - No cookie lives longer than 400 days. Cookies without an expiry date
//     live as long as the session.
//   - Partitioned is accepted with Secure, as CHIPS has it, keyed by the tab's
//     top site.
//   - Names beginning with __Http- or __Host-Http- must come over HTTP, be
//     Secure and HttpOnly, like their elder siblings __Secure- and __Host-.
package jar
