// Package rewrite changes what a site sends so that a browser asks the proxy for
// everything in it, and so that scripts see the site's addresses and not the
// proxy's. It is pure: bytes in, bytes out. It knows no requests, sessions,
// clocks or logs.
//
// # One label per origin
//
// Every origin of the real web has a host of its own below the content [Domain]:
// https://shop.example is shop-example--<session>.<domain>. Relative URLs, the
// same-origin policy, storage and workers thus work by themselves, and only where
// a host is named has anything to be rewritten. The label is
//
//	<origin> "--" <session>       at most 63 bytes; the session has 12
//	shop-example                  https, default port, a dot in the name
//	0hp8080-localhost             flags: h or s for http(s), 6 for IPv6, p and a port
//	0t-<16 letters>               a token, where the name does not fit or not round-trip
//
// with "." written "-" and "-" written "--". It never begins with "xn--", which
// browsers would take for punycode. url.go is the only Go file that knows this;
// its twin in TypeScript is held equal by testdata/urls.json.
//
// # Splicing
//
// No rewriter parses into a tree and prints it again: printing loses layout,
// comments and quirks, and costs ten times as much. Each scans its language just
// closely enough to find the spans that have to change and copies every other
// byte as it is, so that a document without absolute URLs comes out with the
// injected head as its only change. Rewriting twice equals rewriting once for
// all but scripts and documents, which the proxy never sees twice.
//
// URLs keep every byte but scheme and authority, for net/url would normalise, or
// refuse, what browsers accept. Users and passwords in them are dropped. URLs of
// other schemes stay; a URL without a valid host stays, since no browser fetches it.
//
// HTML is rewritten while it streams. Tags, scripts and style sheets are held back
// until they are complete, up to [Page].Limit; text and comments are not. Where the
// meaning of "<" depends on the tree builder, in svg and math, the open elements
// are followed approximately (foreign.go). After frameset and in select, where
// browsers ignore tags, they are not; what is missed there is caught by [CSP].
//
// CSS: url(), @import, image-set() and src() in all spellings. Names of
// namespaces, strings and selectors are not URLs.
//
// # Scripts
//
// In a window only location and top can be neither redefined nor hooked, so uses
// of them are rewritten; so are the texts that eval and import take. Everything
// else a page could learn about the proxy is a matter of hooks at run time. The
// edits refer to one global, $tandem:
//
//	location, top              $tandem.location, $tandem.top        free names only
//	{location}                 {location:$tandem.location}
//	e.location, e["top"]       $tandem.o(e).location, …             also postMessage and eval
//	a?.b.top                   $tandem.o(a?.b)?.top
//	{location} = e             {location} = $tandem.o(e)            declarations and parameters' defaults too
//	({location}) => {          ({location}) => {location=$tandem.v(location);        likewise catch
//	const {a: {top}} = e       let {a: {top}} = e,{}=[top=$tandem.v(top)]            patterns in patterns
//	for (const {top} of e) f() for (let {top} of e) {top=$tandem.v(top);f()}
//	({a: {top: t}} = e)        ($tandem.f({a: {top: t}} = e,t=$tandem.v(t)))         to names but location and top
//	{...window}                {...$tandem.o(window)}                                likewise self, document and so on
//	window[e]                  $tandem.o(window)[e]                 likewise self, document and so on, and this outside functions
//	window[e](a)               $tandem.c(window)[e](a)              called on the window itself
//	new e.location.A           new ($tandem.o(e).location.A)        decorators likewise
//	eval(a)                    eval($tandem.js(a))                  a direct eval stays one
//	eval                       $tandem.eval
//	import(a)                  import($tandem.url(a))               unless a is a relative string
//	import.meta                $tandem.meta(import.meta)
//	import "https://…"         mapped here, like export … from
//	var location = a           var location = $tandem.url(a)        at the top of a classic script
//	javascript:a               javascript:$tandem.html(a)           as its value may become a document
//
// Edits only ever add text, but for const, and what they add can be told from what
// was there: calls end in "/*$*/)", names that a shorthand was given in "/*$*/:",
// and so on (js.go). [Unscript] drops it again, of whole scripts and of functions alike.
//
// $tandem.o returns its argument unless that is a window or document. For these it
// returns what stands in for them, which has to pass on every other property, for
// {location, document} may be taken out of it at once.
//
// Which names are free is decided by a parser that follows scopes but builds no
// tree (jslex.go, jsparse.go, jsexpr.go). A parser and not a scan of tokens, for
// where an expression begins, what a slash means and what a pattern binds depends
// on the grammar; and one of our own, since trees of others lose the positions.
// Text between brackets in which none of the words stands is passed over: it can
// neither use nor bind them (jsskim.go).
// The result is one of
//
//   - [TierNone]: none of the words occurs; not parsed.
//   - [TierParsed]: the above.
//   - [TierTokens]: the parser did not understand the script. Broken scripts, in
//     the main, which no browser runs. Only reads followed by a dot are edited,
//     as $tandem.v(location).x and $tandem.o(a.b).location.
//
// Inside with, in the text of a direct eval, and in handlers, where fields of the
// form are in scope, names may be bound where the parser cannot see; they are read
// as $tandem.v(location), which checks at run time, and location = e, but for
// handlers, is written location = $tandem.w(location,e).
//
// Not rewritten: members by computed names of what is not called like a window or
// document, since every index would have to ask; what is left of a window behind
// {location, ...rest}; other writes than location = e inside with; names location
// and top that a pattern in a pattern assigns to, which may be the window's; and
// import specifiers with escapes.
//
// # What is taken away
//
// Integrity of scripts and style sheets and the integrity section of import maps,
// which are for the bodies as the site sent them, where the proxy checks them;
// csp and credentialless of frames (all renamed to data-tandem-…, for scripts to
// read), preconnect and dns-prefetch links, speculation rules, XSL style sheets of
// documents: what they make would have no script of ours. Comments that name a
// source map lose their meaning.
//
// # What is put in
//
// Besides our head, an element of ours at the start of each closed shadow root
// that markup declares. It takes itself away at once; see html.go.
//
// # What is left alone
//
// Attributes that no browser of today fetches: those of applet, classid and
// archive of object, value of param, profile of head, dynsrc, icon of menuitem,
// and xml:base. Identifiers that look like addresses: xmlns, itemid, itemtype,
// property, data-*; rel=canonical; @namespace. Addresses in JSON, feeds, sitemaps
// and comments, which only scripts read. In selectors, a part of an address that
// is in every proxied one, such as "--".
//
// # Policies
//
// A site's Content-Security-Policy, in headers and meta elements, is mapped
// (policy.go) and protects the page beside our own, with these limits. Sources
// that name many hosts become all content hosts. An inline element that the
// policy knows by the hash of its text gets our nonce, since its text may change;
// one that a script makes at run time does not. A handler known by its hash is
// left as it is, and one of a javascript: URL is blocked if it had to change. A
// form that opens another tab is not held to form-action. A policy that only
// reports what is no trusted type reports nothing in Firefox.
//
// # Documents the server does not see
//
// Those of srcdoc, of object URLs and of javascript: URLs that return a string
// are made to begin with our script by the hooks, or for the latter by what
// rewriting puts around their source (scripturl.go). Where no hook sees that a
// window is sent to such a URL, Firefox asks the default policy of Trusted Types,
// which is ours ([DemandTypes]). Frames of data: URLs stay
// empty: they have an origin of their own, so no script of ours that the page
// cannot see could be put there, and everything would be native in them.
//
// # Charsets
//
// All of this works on bytes and takes everything beyond ASCII for letters. That
// is right for UTF-8 and all single-byte charsets; the others have to be decoded
// first, and encoded again. [Charset] tells.
package rewrite
