package static

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// noTime makes http.ServeContent leave Last-Modified out: embedded files have no date, they have a hash.
var noTime time.Time

// setPolicy sets the headers that say what a page of ours may do and who may do something with it.
func setPolicy(h http.Header, name string, d Data) {
	h.Set("Content-Security-Policy", policy(name, d))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Origin-Agent-Cluster", "?1")
	switch name {
	case "view", "mirror":
		// Framed by CONTROL, which is another site, or by the shell of a session in which this one is shown.
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Referrer-Policy", "no-referrer")
	case "consent", "shell":
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		// Content hosts know by the shell's Referer that a person opened the page, not another page.
		// The ticket is posted to the shell host, which accepts it from CONTROL only. Under "no-referrer" and
		// "same-origin" browsers send "Origin: null" with that post (Fetch §3.2); the path never leaves either way.
		h.Set("Referrer-Policy", "strict-origin")
	default:
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
	}
}

// policy is the Content-Security-Policy of a page.
func policy(name string, d Data) string {
	switch name {
	case "code", "overview":
		return join(ours, "connect-src 'self'", "form-action 'none'", "frame-ancestors 'none'")
	case "consent":
		return join(ours, "connect-src 'self'", "form-action "+d.Shell(), "frame-ancestors 'none'")
	case "console":
		return join(ours, "connect-src 'self' "+socket(d.Control), "frame-src "+d.View(),
			"form-action 'none'", "frame-ancestors 'none'")
	case "shell":
		// blob: because a page may open a document it made itself in its tab.
		content := d.Content.Scheme + "://*." + d.Content.Host
		return join(ours, "connect-src 'self' "+socket(d.Shell()), "frame-src "+content+" blob:",
			"form-action 'none'", "frame-ancestors 'none'", "report-uri /.tandem/report")
	case "view":
		return join("default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'",
			"img-src 'self' data: blob:", "font-src 'self' data: blob:", "media-src 'self' data: blob:",
			"connect-src 'self'", "frame-src 'self'", "object-src 'none'", "form-action 'none'",
			"base-uri 'none'", "frame-ancestors "+d.Around)
	case "storage":
		return join("default-src 'none'", "script-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors "+d.Shell())
	case "mirror":
		// What makes the mirrored document inert; frames in it are about:blank and inherit this.
		return join("default-src 'none'", "script-src 'none'", "style-src 'self' 'unsafe-inline'",
			"img-src 'self' data: blob:", "font-src 'self' data: blob:", "media-src 'self' data: blob:",
			"connect-src 'none'", "frame-src 'none'", "object-src 'none'", "form-action 'none'",
			// Every ancestor counts: the renderer and the page around it.
			"base-uri 'none'", "frame-ancestors 'self' "+d.Around)
	}
	return "default-src 'none'; frame-ancestors 'none'"
}

// ours is common to the pages people use. They build their contents from text nodes only, which Trusted Types
// enforces where the browser knows them.
var ours = join("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
	"base-uri 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'")

func join(directives ...string) string { return strings.Join(directives, "; ") }

// socket names the WebSocket origin that belongs to an origin: 'self' does not cover it in older Safari.
func socket(origin string) string {
	if rest, ok := strings.CutPrefix(origin, "http"); ok {
		return "ws" + rest
	}
	return origin
}

// hashOf is the source expression that allows one inline style sheet.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
