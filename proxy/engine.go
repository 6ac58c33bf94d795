package proxy

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/elazarl/goproxy"
)

const (
	headerTimeout   = 120 * time.Second // a site may take long, as long polls do
	writeTimeout    = 60 * time.Second  // a browser that takes nothing for so long is gone
	maxHeaderBytes  = 1 << 20
	connectTimeout  = 10 * time.Second
	handshakeLimit  = 10 * time.Second
	idleConnections = 512
)

// engine sends requests to sites through goproxy. This file is the only one
// that names it.
type engine struct {
	proxy     *Proxy
	goproxy   *goproxy.ProxyHttpServer
	transport *http.Transport

	mu   sync.Mutex
	open map[*exchange]context.CancelFunc
}

// newTransport returns the one transport to sites: no proxy of the
// environment, certificates verified, addresses checked by g at each dial.
func newTransport(g *egress) *http.Transport {
	return &http.Transport{
		Proxy:       nil,
		DialContext: g.dial,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return g.dialTLS(ctx, network, address, "h2", "http/1.1")
		},
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // bodies are decoded where they are rewritten
		MaxIdleConns:           4 * idleConnections,
		MaxIdleConnsPerHost:    idleConnections,
		IdleConnTimeout:        90 * time.Second,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ReadBufferSize:         32 << 10,
		WriteBufferSize:        16 << 10,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
	}
}

func newEngine(p *Proxy, tr *http.Transport) *engine {
	e := &engine{proxy: p, transport: tr, open: map[*exchange]context.CancelFunc{}}
	g := goproxy.NewProxyHttpServer()
	g.Tr = tr
	g.ConnectDial = func(string, string) (net.Conn, error) { return nil, errNoTunnel }
	g.ConnectDialWithReq = func(*http.Request, string, string) (net.Conn, error) { return nil, errNoTunnel }
	g.OnRequest().HandleConnect(goproxy.AlwaysReject)
	g.NonproxyHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "bad request", http.StatusBadRequest)
	})
	g.KeepAcceptEncoding = true
	g.KeepDestinationHeaders = true
	g.Logger = engineLog{p}
	g.OnRequest().DoFunc(e.onRequest)
	g.OnResponse().DoFunc(e.onResponse)
	e.goproxy = g
	return e
}

var errNoTunnel = errors.New("tunnels are not offered")

// engineLog receives goproxy's warnings, which may quote addresses: only that
// there was one is kept.
type engineLog struct{ p *Proxy }

func (l engineLog) Printf(string, ...any) { l.p.log.Debug("goproxy warned") }

func (e *engine) close() { e.transport.CloseIdleConnections() }

// track has what x is about end when the list of origins no longer allows it.
// The caller calls forget when it has ended by itself.
func (e *engine) track(x *exchange, cancel context.CancelFunc) (forget func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open[x] = cancel
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.open, x)
	}
}

// rulesChanged gives up connections that were made by other rules.
func (e *engine) rulesChanged() {
	e.transport.CloseIdleConnections()
	e.mu.Lock()
	defer e.mu.Unlock()
	for x, cancel := range e.open {
		if x.verdict().Refusal != "" {
			cancel()
		}
	}
}

type exchangeKey struct{}

// serve answers x by asking the site. It ends early when the session does.
func (e *engine) serve(w http.ResponseWriter, x *exchange) {
	if x.in.Method == http.MethodConnect || x.in.Method == http.MethodTrace {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	ctx, cancel := context.WithCancel(context.WithValue(x.out.Context(), exchangeKey{}, x))
	defer cancel()
	defer context.AfterFunc(x.memory.ctx, cancel)()
	defer e.track(x, cancel)()
	// The transport comes back when nobody reads the request's body any more, and
	// that waits for the browser.
	defer context.AfterFunc(ctx, func() { http.NewResponseController(w).SetReadDeadline(time.Now()) })()
	x.writer = newWriter(w)
	defer x.writer.finish()
	e.goproxy.ServeHTTP(x.writer, x.out.WithContext(ctx))
	if x.body != nil && x.body.err != nil {
		if ctx.Err() == nil {
			x.p.log.Info("response cut short", append(x.attrs(), "cause", cause(x.body.err))...)
		}
		panic(http.ErrAbortHandler) // so that it does not look complete
	}
}

func (e *engine) onRequest(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
	ctx.UserData = r.Context().Value(exchangeKey{})
	ctx.RoundTripper = goproxy.RoundTripperFunc(e.roundTrip)
	return r, nil
}

// roundTrip never fails: what went wrong becomes a page of ours, because
// goproxy would show the raw error.
func (e *engine) roundTrip(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Response, error) {
	x := ctx.UserData.(*exchange)
	if x.leader && x.visit.main {
		defer x.session.Awaits()()
	}
	resp, err := e.transport.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols {
		resp.Body.Close()
		err = errors.New("site switched protocols unasked")
	}
	if err != nil {
		return x.failure(err), nil
	}
	// A copy, because the transport writes trailers into its own, which
	// browsers have no use for.
	own := *resp
	own.Trailer = nil
	stripHops(own.Header)
	if !x.leader {
		resp.Body = meteredBody{x.meter(resp.Body), resp.Body}
	}
	x.body = newBody(resp.Body)
	if resp.ContentLength < 0 {
		// A stream: its header goes out before the first byte is there.
		x.body.begin = x.writer.Flush
	}
	own.Body = x.body
	return &own, nil
}

// onResponse applies our rules. A panic in a handler costs this response only.
func (e *engine) onResponse(resp *http.Response, ctx *goproxy.ProxyCtx) (safe *http.Response) {
	x := ctx.UserData.(*exchange)
	defer func() {
		if v := recover(); v != nil {
			e.proxy.log.Error("panic in a response rule", append(x.attrs(), "panic", v, "stack", string(debug.Stack()))...)
			clear(x.writer.Header())
			safe = x.failure(errors.New("panic"))
		}
	}()
	if x.body == nil {
		return resp // a page of ours
	}
	x.respond(resp)
	resp.Header = nil // goproxy would copy it, value by value, to where it is already
	return resp
}

// writer is the ResponseWriter goproxy gets. It flushes, can be hijacked, and
// drops browsers that stop reading. It holds the header back until there is
// something to send, as by then the length may be known.
type writer struct {
	http.ResponseWriter
	control  *http.ResponseController
	status   int       // of the header that is held back, or 0
	extended time.Time // when the write deadline was last moved
	dirty    bool
}

var (
	_ http.Flusher  = (*writer)(nil)
	_ http.Hijacker = (*writer)(nil)
)

func newWriter(w http.ResponseWriter) *writer {
	return &writer{ResponseWriter: w, control: http.NewResponseController(w)}
}

func (w *writer) Write(p []byte) (int, error) {
	if now := time.Now(); now.Sub(w.extended) > writeTimeout/10 {
		w.extended = now
		w.control.SetWriteDeadline(now.Add(writeTimeout)) // unsupported only in tests
	}
	w.begin()
	w.dirty = true
	return w.ResponseWriter.Write(p)
}

func (w *writer) WriteHeader(status int) { w.status, w.dirty = status, true }

// begin lets the header go.
func (w *writer) begin() {
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
		w.status = 0
	}
}

// setLength says how long a body is of which nothing was written yet.
func (w *writer) setLength(n int) {
	if w.status != 0 {
		w.Header().Set("Content-Length", strconv.Itoa(n))
	}
}

func (w *writer) Flush() {
	if w.dirty {
		w.begin()
		w.dirty = false
		w.control.Flush() // a failure shows at the next Write
	}
}

func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.control.Hijack() }

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// finish takes the deadline off the connection, which may serve others.
func (w *writer) finish() {
	w.begin()
	if !w.extended.IsZero() {
		w.control.SetWriteDeadline(time.Time{})
	}
}
