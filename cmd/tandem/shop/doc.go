// Package shop is the demonstration site: Filament, a small shop for lamps.
//
// It is an ordinary web application that knows nothing of the proxy. One
// listener on loopback answers for two origins, told apart by the Host header:
//
//	http://shop.localhost:PORT  pages, cart, account, checkout, chat, search
//	http://pay.localhost:PORT   the payment frame, and the CDN: pictures,
//	                            fonts, one style sheet and one script
//
// What it does on purpose is what real shops do to a proxy: a strict
// Content-Security-Policy with nonces, subresource integrity, a frame-busting
// script, HttpOnly and SameSite cookies, Origin checks on every POST, one-time
// tokens, a cross-origin frame that speaks postMessage with an exact target,
// WebSocket and event streams, gzip, ETags and ranges, shadow DOM, canvas,
// module scripts, pop-ups and uploads.
//
// Everything lives in memory and is bounded; nothing is sold, sent or charged.
// [Shop.Log] and GET /log list every order, login and message once each, so a
// test can tell whether something happened twice.
package shop
