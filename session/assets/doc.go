// Package assets keeps the styles, images, fonts and media which a session's
// leader received, so that followers see the same bytes without a request to
// the site.
//
// The proxy calls [Store.Put] with every complete response of a passive type,
// the mirror calls [Store.Refer] with every URL that its tree names, and a
// follower's request is answered by [Store.Get], which needs both: what the
// leader loaded but no visible state names stays hidden, and what nobody
// loaded is a miss, never a fetch. Whoever serves a style sheet refers to what
// it names in turn.
//
// Everything is bounded and in memory: bytes by use, references by age. URLs
// are compared in one spelling, because those in a page's text, those that a
// browser asks for and those that net/url writes differ in what they escape.
package assets
