package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"testing"

	cdptarget "github.com/chromedp/cdproto/target"
)

// company is a network that is left by way of an HTTP proxy only, which lets no
// WebSocket through, and what stands in for one when it is open. All names are on loopback.
type company struct {
	open  atomic.Bool
	pass  httputil.ReverseProxy
	proxy string
}

func newCompany(t *testing.T) *company {
	c := &company{pass: httputil.ReverseProxy{
		Rewrite:       func(*httputil.ProxyRequest) {}, // a proxy is told where to
		Transport:     &http.Transport{DialContext: dialLoopback},
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0), // browsers leave in the middle
	}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	c.proxy = server.URL
	return c
}

func dialLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

// behind puts a browser context into the company.
func (c *company) behind(p *cdptarget.CreateBrowserContextParams) {
	p.ProxyServer, p.ProxyBypassList = c.proxy, "<-loopback>"
}

func (c *company) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Browsers ask a proxy for WebSockets with CONNECT.
	if r.Method == http.MethodConnect || strings.HasSuffix(r.URL.Path, "/socket") && !c.open.Load() {
		http.Error(w, "blocked by the rules of the company", http.StatusForbidden)
		return
	}
	c.pass.ServeHTTP(w, r)
}

// withoutThirdParties has a window keep no cookies of third parties, and sees
// that it doesn't.
func (w *window) withoutThirdParties() {
	w.t.Helper()
	w.call("Network.setCookieControls", map[string]any{
		"enableThirdPartyCookieRestriction": true, "disableThirdPartyCookieMetadata": true, "disableThirdPartyCookieHeuristics": true,
	}, nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page(w, `<script>
			document.cookie = 'kept=yes; SameSite=None; Secure';
			document.title = 'ready';
			if (self === top) document.write('<iframe src="' + location.href.replace('first', 'third') + '"></iframe>');
		</script>`)
	}))
	defer server.Close()
	w.navigate(strings.Replace(server.URL, "127.0.0.1", "first.localhost", 1))
	third := within("//third.")
	w.wait(third, `document.title.startsWith('ready')`)
	if own, its := get[string](w, top, `document.cookie`), get[string](w, third, `document.cookie`); own != "kept=yes" || its != "" {
		w.t.Fatalf("a site keeps %q, and a third party in it %q", own, its)
	}
}
