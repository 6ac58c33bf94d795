package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"tandem/rewrite"
	"tandem/session"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("internal/poll.runtime_pollWait"),                          // idle connections of closed test servers
		goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run")) // left behind when its line is cut
}

// world is a proxy on loopback with one active session whose visitor has
// entered, and a browser-like client.
type world struct {
	t       testing.TB
	hub     *session.Hub
	proxy   *Proxy
	content rewrite.Domain
	control string
	id      string
	agent   string // the agent's link
	session *session.Session
	addr    string       // where the proxy listens
	client  *http.Client // the visitor's; follows no redirects
	log     *lockedBuffer
}

type option func(*Config)

func newWorld(t testing.TB, allow []string, options ...option) *world {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	w := &world{t: t, content: rewrite.Domain{Scheme: "http", Host: "tandem-pages.localhost:" + port}, control: "http://tandem.localhost:" + port}
	w.log = new(lockedBuffer)
	logger := slog.New(slog.NewTextHandler(w.log, nil))
	w.hub, err = session.Open(context.Background(), session.Config{
		Dir: t.TempDir(), Control: w.control, Logger: logger,
		Links: func(id string) (string, string) { return w.content.Shell(id), w.content.View(id) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range allow {
		if err := w.hub.Origins().Allow(context.Background(), o, true); err != nil {
			t.Fatal(err)
		}
	}
	control, _ := url.Parse(w.control)
	cfg := Config{Hub: w.hub, Control: control, Content: w.content, Logger: logger}
	for _, o := range options {
		o(&cfg)
	}
	if w.proxy, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: w.proxy}
	go server.Serve(ln)
	w.addr = ln.Addr().String()
	w.client = w.newClient(w.addr)
	t.Cleanup(func() {
		w.client.CloseIdleConnections()
		w.proxy.Close()
		server.Close()
		w.hub.Close(context.Background())
		if t.Failed() {
			t.Log(w.log.String())
		}
	})
	if len(allow) > 0 {
		w.enter(allow[0])
	}
	return w
}

func (w *world) newClient(addr string) *http.Client {
	cookies, _ := cookiejar.New(nil)
	return &http.Client{
		Jar:           cookies,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableCompression: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, addr)
			},
		},
	}
}

// enter does what the visitor does: join, accept, enter the shell.
func (w *world) enter(start string) {
	w.t.Helper()
	invitation, err := w.hub.Create(context.Background(), session.Request{URL: start + "/"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.id, w.agent = invitation.ID, invitation.AgentURL
	w.session, _ = w.hub.Session(w.id)
	var entry struct{ Enter, Ticket string }
	var asked struct{ Terms string }
	w.api("/api/join", map[string]string{"code": invitation.Code}, &asked)
	w.api("/api/sessions/"+w.id+"/visitor/accept", map[string]string{"terms": asked.Terms, "words": "Ada invites you"}, &entry)
	r := w.request("POST", entry.Enter, strings.NewReader(url.Values{"ticket": {entry.Ticket}}.Encode()))
	r.Header.Set("Origin", w.control)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if resp := w.do(r); resp.StatusCode != http.StatusSeeOther {
		w.t.Fatalf("entering the shell: %s", resp.Status)
	}
}

func (w *world) api(path string, in, out any) {
	w.t.Helper()
	body, _ := json.Marshal(in)
	r := w.request("POST", w.control+path, bytes.NewReader(body))
	r.Header.Set("Origin", w.control)
	r.Header.Set("Content-Type", "application/json")
	resp := w.do(r)
	text := readAll(w.t, resp)
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s %s", path, resp.Status, text)
	}
	if out != nil {
		if err := json.Unmarshal([]byte(text), out); err != nil {
			w.t.Fatal(err)
		}
	}
}

// site returns the content host's base URL for an origin.
func (w *world) site(origin string) string {
	w.t.Helper()
	o, err := rewrite.ParseOrigin(origin)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.content.Site(w.id, o)
}

func (w *world) request(method, url string, body io.Reader, headers ...string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequest(method, url, body)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (w *world) do(r *http.Request) *http.Response {
	w.t.Helper()
	resp, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// open requests url as the tab's frame does, and follows redirects.
func (w *world) open(url string, headers ...string) *http.Response {
	w.t.Helper()
	for range 10 {
		r := w.request("GET", url, nil, "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-site",
			"Accept", "text/html", "Referer", w.content.Shell(w.id)+"/")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		resp := w.do(r)
		if resp.StatusCode < 300 || resp.StatusCode > 399 || resp.StatusCode == http.StatusNotModified {
			return resp
		}
		to, err := resp.Location()
		if err != nil {
			w.t.Fatal(err)
		}
		url = to.String()
	}
	w.t.Fatalf("%s: too many redirects", url)
	return nil
}

// get requests url as a subresource of a page at from.
func (w *world) get(url, dest, from string, headers ...string) *http.Response {
	w.t.Helper()
	mode, site := "no-cors", "same-site"
	switch dest {
	case "font", "empty":
		mode = "cors"
	}
	if strings.HasPrefix(url, from) {
		site = "same-origin"
	}
	r := w.request("GET", url, nil, "Sec-Fetch-Dest", dest, "Sec-Fetch-Mode", mode, "Sec-Fetch-Site", site, "Referer", from+"/")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(r)
}

func readAll(t testing.TB, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("reading body: %v", err)
	}
	return string(body)
}

// upstream starts a site on loopback and returns its origin.
func upstream(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// lockedBuffer is a log that is written and read at once.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 5 s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// agentKey joins as the agent and returns the key of its assets.
func agentKey(w *world) string {
	w.t.Helper()
	link := mustURL(w.agent)
	secret := link.Fragment
	w.api("/api/join", map[string]string{"session": w.id, "secret": secret}, nil)
	dialer := websocket.Dialer{Jar: w.client.Jar, NetDialContext: w.client.Transport.(*http.Transport).DialContext}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(w.control, "http")+"/api/sessions/"+w.id+"/agent/socket", http.Header{"Origin": {w.control}})
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"hello":{"stream":"","received":0}}`)); err != nil {
		w.t.Fatal(err)
	}
	var answer struct{ Welcome struct{ Key string } }
	if err := conn.ReadJSON(&answer); err != nil || answer.Welcome.Key == "" {
		w.t.Fatalf("no welcome: %v", err)
	}
	return answer.Welcome.Key
}
