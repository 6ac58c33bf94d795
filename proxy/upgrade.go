package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"tandem/rewrite"
)

// A WebSocket of a page is spliced: after the handshake neither side's frames
// are looked at, and when one side ends both connections are closed.

func isWebSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && hasToken(r.Header["Connection"], "upgrade") && hasToken(r.Header["Upgrade"], "websocket")
}

func hasToken(lines []string, token string) bool {
	for _, line := range lines {
		for one := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(one), token) {
				return true
			}
		}
	}
	return false
}

// serveUpgrade connects a page's WebSocket with the site's.
func (p *Proxy) serveUpgrade(w http.ResponseWriter, r *http.Request, host rewrite.Host) {
	x := p.admit(w, r, host)
	if x == nil {
		return
	}
	defer x.done()
	if x.origin.Scheme == "http" && x.memory.strictTransport(hostname(x.origin.Host), p.now()) {
		x.target.Scheme = "https"
	}
	x.prepare()
	x.out.Header.Set("Connection", "Upgrade")
	x.out.Header.Set("Upgrade", "websocket")
	x.out.Header.Del("Accept-Encoding")

	ctx, cancel := context.WithTimeout(r.Context(), headerTimeout)
	defer cancel()
	defer context.AfterFunc(x.memory.ctx, cancel)()
	site, resp, err := x.handshake(ctx)
	if err != nil {
		problem := problemOf(err, x.origin)
		p.log.Info("site's WebSocket failed", append(x.attrs(), "problem", problem.Code, "cause", cause(err))...)
		title, _ := problem.English()
		http.Error(w, title, problem.Status)
		return
	}
	defer site.Close()
	x.storeCookies(resp.Header)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		x.refuseUpgrade(w, resp)
		return
	}
	x.splice(w, site, resp)
}

// siteConn is a connection after its handshake, with what was read ahead.
type siteConn struct {
	net.Conn
	r *bufio.Reader
}

func (c siteConn) Read(p []byte) (int, error) { return c.r.Read(p) }

// handshake sends the request on a connection of its own.
func (x *exchange) handshake(ctx context.Context) (net.Conn, *http.Response, error) {
	conn, err := x.p.dialSite(ctx, x.target.Scheme, hostname(x.target.Host), x.target.Port())
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := x.out.Write(conn); err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("sending handshake: %w", err)
	}
	limited := &io.LimitedReader{R: conn, N: maxHeaderBytes}
	r := bufio.NewReader(limited)
	resp, err := http.ReadResponse(r, x.out)
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("reading handshake: %w", err)
	}
	limited.N = 1<<63 - 1
	return siteConn{conn, r}, resp, nil
}

// dialSite opens a connection for HTTP/1.1 to a site, checked like all others.
func (p *Proxy) dialSite(ctx context.Context, scheme, host, port string) (net.Conn, error) {
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	address := net.JoinHostPort(host, port)
	if scheme == "https" {
		return p.egress.dialTLS(ctx, "tcp", address, "http/1.1") // WebSockets over HTTP/2 are another protocol
	}
	return p.egress.dial(ctx, "tcp", address)
}

// refuseUpgrade passes on that the site did not want a WebSocket. A script
// sees neither status nor body.
func (x *exchange) refuseUpgrade(w http.ResponseWriter, resp *http.Response) {
	resp.Body.Close()
	status := resp.StatusCode
	if status < 400 {
		status = http.StatusBadGateway
	}
	http.Error(w, "the site refused the WebSocket", status)
}

// handshakeHeaders is what the browser needs of the site's answer (RFC 6455 §4.2.2).
var handshakeHeaders = []string{"Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"}

// splice answers the browser and copies until one side ends, or the session.
func (x *exchange) splice(w http.ResponseWriter, site net.Conn, resp *http.Response) {
	browser, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		x.p.log.Error("WebSocket not possible on this connection", append(x.attrs(), "cause", err)...)
		http.Error(w, "WebSockets need HTTP/1.1", http.StatusHTTPVersionNotSupported)
		return
	}
	defer browser.Close()
	browser.SetDeadline(time.Time{})
	site.SetDeadline(time.Time{})
	answer := "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	for _, name := range handshakeHeaders {
		for _, v := range resp.Header[http.CanonicalHeaderKey(name)] {
			answer += name + ": " + v + "\r\n"
		}
	}
	if _, err := io.WriteString(browser, answer+"\r\n"); err != nil {
		return
	}
	end := sync.OnceFunc(func() {
		browser.Close()
		site.Close()
	})
	defer context.AfterFunc(x.memory.ctx, end)()
	defer x.p.engine.track(x, end)()
	sent := make(chan struct{})
	go func() { // ends when end closes either connection
		defer close(sent)
		defer end()
		copySocket(site, x.meter(buffered.Reader))
	}()
	copySocket(browser, x.meter(site))
	end()
	<-sent
}

// copySocket copies one direction of a socket; that it ended is all that matters.
func copySocket(dst io.Writer, src io.Reader) {
	buf := buffers.Get().(*[copyBuffer]byte)
	defer buffers.Put(buf)
	for {
		n, err := src.Read(buf[:])
		if _, werr := dst.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}
