package proxy

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"tandem/rewrite"
	"tandem/session"
	"tandem/static"
)

// Config says what a Proxy joins and under which names it is reached.
type Config struct {
	Hub     *session.Hub
	Control *url.URL       // our own pages, such as https://tandem.example
	Content rewrite.Domain // below it lie the content hosts; same scheme as Control
	// Logger defaults to slog.Default.
	Logger *slog.Logger
	// Fronts are the reverse proxies before the server.
	Fronts Fronts
	// RootCAs verifies the sites' certificates; nil means the system's roots.
	RootCAs *x509.CertPool
	// Now defaults to time.Now.
	Now func() time.Time
}

// Proxy serves CONTROL and all content hosts. It is safe for concurrent use.
type Proxy struct {
	hub     *session.Hub
	control *url.URL
	content rewrite.Domain
	log     *slog.Logger
	now     func() time.Time
	fronts  Fronts

	egress   *egress
	engine   *engine
	scripts  *scriptCache
	memories *memories

	common   http.Header  // of every response of a content host
	pages    http.Handler // CONTROL's routes
	static   http.Handler
	compress bool // the browser is not on this machine
	closing  atomic.Bool
}

var _ http.Handler = (*Proxy)(nil)

// New returns a Proxy. Close stops what it started.
func New(cfg Config) (*Proxy, error) {
	switch {
	case cfg.Hub == nil || cfg.Control == nil || cfg.Control.Host == "":
		return nil, errors.New("proxy needs a hub and a control URL")
	case cfg.Content.Scheme != cfg.Control.Scheme:
		return nil, fmt.Errorf("control is %s but content is %s: both must have the same scheme", cfg.Control.Scheme, cfg.Content.Scheme)
	case underneath(cfg.Control.Host, cfg.Content.Host):
		return nil, fmt.Errorf("control host %s lies in the content domain %s", cfg.Control.Host, cfg.Content.Host)
	}
	p := &Proxy{
		hub:      cfg.Hub,
		control:  cfg.Control,
		content:  cfg.Content,
		log:      cfg.Logger,
		now:      cfg.Now,
		fronts:   cfg.Fronts,
		scripts:  newScriptCache(scriptCacheBytes),
		static:   static.Handler(),
		common:   commonHeaders(cfg.Content),
		compress: !isLoopbackName(hostname(cfg.Content.Host)),
	}
	if p.log == nil {
		p.log = slog.Default()
	}
	if p.now == nil {
		p.now = time.Now
	}
	p.egress = newEgress(p.hub.Origins(), cfg.RootCAs)
	for _, own := range []string{cfg.Control.Hostname(), hostname(cfg.Content.Host)} {
		if !isLoopbackName(own) { // where others have servers, too; our addresses tell them apart
			p.egress.ownNames = append(p.egress.ownNames, strings.ToLower(own))
		}
	}
	p.engine = newEngine(p, newTransport(p.egress))
	p.hub.Origins().OnChange(p.engine.rulesChanged)
	p.memories = newMemories(p.content, p.now)
	p.pages = p.controlPages()
	return p, nil
}

// Close ends all streams and WebSockets to sites and makes /readyz fail.
// Requests that still arrive are served, but remember nothing.
func (p *Proxy) Close() error {
	p.closing.Store(true)
	p.memories.close()
	p.engine.close()
	return nil
}

// ServeHTTP answers every request for any of our hosts. A panic below it
// costs one request, never the process.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		switch e := recover(); e {
		case nil:
		case http.ErrAbortHandler:
			panic(e) // net/http's way to cut a response short
		default:
			p.log.Error("panic while serving", "host", r.Host, "method", r.Method, "panic", e, "stack", string(debug.Stack()))
			panic(http.ErrAbortHandler)
		}
	}()
	p.egress.listensOn(r.Context())
	p.fronts.trace(r)
	p.route(w, r)
}

// underneath reports whether host (with or without port) is domain or below it.
func underneath(host, domain string) bool {
	host, domain = strings.ToLower(hostname(host)), strings.ToLower(hostname(domain))
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// hostname cuts the port off an authority.
func hostname(authority string) string {
	u := url.URL{Host: authority}
	return u.Hostname()
}

// isLoopbackName reports whether browsers resolve name to loopback themselves
// (RFC 6761 §6.3, WHATWG Secure Contexts).
func isLoopbackName(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}
