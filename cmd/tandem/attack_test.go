package main

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/rewrite"
	"tandem/session"
)

// Attacks by whoever speaks the protocols without our pages: a server is run
// whole, and everything is tried over its one listener.

// battle is a server, the log it writes, and a site that records who asks it.
type battle struct {
	*server
	t    *testing.T
	log  *record
	site *target
}

// record keeps what is written to it.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// newBattle starts a server that logs everything it ever logs, and a site
// that it may open.
func newBattle(t *testing.T) *battle {
	t.Helper()
	return newBattleIn(t, chromiumEngine{})
}

// newBattleIn is newBattle for an engine.
func newBattleIn(t *testing.T, e engine) *battle {
	t.Helper()
	b := &battle{t: t, log: new(record), site: newTarget(t)}
	cfg := config{
		Listen: "127.0.0.1:0", Data: t.TempDir(), Drain: 2 * time.Second,
		Logger: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	e.serve(t, &cfg)
	ctx, cancel := context.WithCancel(context.Background())
	ready, stopped := make(chan *server, 1), make(chan error, 1)
	cfg.Ready = func(s *server) { ready <- s }
	go func() { stopped <- run(ctx, cfg) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("stopping the server: %v", err)
		}
	})
	select {
	case b.server = <-ready:
	case err := <-stopped:
		stopped <- nil
		t.Fatal(err)
	case <-time.After(patience):
		t.Fatal("the server did not start")
	}
	b.allow(b.site.URL)
	return b
}

func (b *battle) allow(origin string) {
	b.t.Helper()
	if err := b.Hub.Origins().Allow(b.t.Context(), origin, true); err != nil {
		b.t.Fatal(err)
	}
}

func (b *battle) invite(url string, mode session.Mode) session.Invitation {
	b.t.Helper()
	invited, err := b.Hub.Create(b.t.Context(), session.Request{URL: url, Mode: mode, AgentName: "Ada", VisitorName: "Vic"})
	if err != nil {
		b.t.Fatal(err)
	}
	return invited
}

func (b *battle) domain() rewrite.Domain {
	return rewrite.Domain{Scheme: b.Control.Scheme, Host: b.Content}
}

// at is the content host's address of a site's URL.
func (b *battle) at(id, site string) string {
	b.t.Helper()
	o, err := rewrite.ParseOrigin(site)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.domain().Site(id, o) + strings.TrimPrefix(site, o.String())
}

// target is a site on loopback. It counts connections, also those over which
// nothing is ever asked, and keeps the requests.
type target struct {
	URL         string
	connections atomic.Int32
	streams     atomic.Int32 // open /stream responses
	answer      atomic.Pointer[http.HandlerFunc]

	mu   sync.Mutex
	seen []*http.Request
}

func newTarget(t *testing.T) *target {
	t.Helper()
	return startTarget(t, (*httptest.Server).Start)
}

// newTarget is newTarget as pages of the server may load from it: with TLS,
// if they come by TLS themselves, or what is blocked could be mixed content.
func (b *battle) newTarget() *target {
	b.t.Helper()
	if b.Control.Scheme == "https" {
		return startTarget(b.t, (*httptest.Server).StartTLS)
	}
	return newTarget(b.t)
}

func startTarget(t *testing.T, start func(*httptest.Server)) *target {
	t.Helper()
	c := &target{}
	server := httptest.NewUnstartedServer(c)
	server.Listener = countingListener{server.Listener, &c.connections}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	start(server)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	c.URL = server.URL
	return c
}

type countingListener struct {
	net.Listener
	n *atomic.Int32
}

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.n.Add(1)
	}
	return conn, err
}

func (c *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.seen = append(c.seen, r.Clone(context.Background()))
	c.mu.Unlock()
	if answer := c.answer.Load(); answer != nil {
		(*answer)(w, r)
		return
	}
	switch r.URL.Path {
	case "/":
		http.SetCookie(w, &http.Cookie{Name: "account", Value: "c4nary-http-only", Path: "/", HttpOnly: true})
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><title>private</title><p>c4nary-of-the-page")
	case "/pixel.png":
		w.Header().Set("Content-Type", "image/png")
		w.Write(pixel)
	case "/stream":
		c.streams.Add(1)
		defer c.streams.Add(-1)
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			io.WriteString(w, "data: tick\n\n")
			if http.NewResponseController(w).Flush() != nil {
				return
			}
			select {
			case <-r.Context().Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	case "/upload":
		c.streams.Add(1)
		defer c.streams.Add(-1)
		io.Copy(io.Discard, r.Body)
	case "/socket":
		echo(w, r)
	default:
		io.WriteString(w, "c4nary-of-the-site")
	}
}

// echo is a site's WebSocket that sends back what it gets.
func echo(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	for {
		kind, text, err := ws.ReadMessage()
		if err != nil || ws.WriteMessage(kind, text) != nil {
			return
		}
	}
}

// on replaces what the site answers.
func (c *target) on(answer http.HandlerFunc) { c.answer.Store(&answer) }

// requests are what reached the site so far.
func (c *target) requests() []*http.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.seen)
}

// pixel is a GIF of one pixel; sites lie about types.
var pixel = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

// client is somebody with a cookie jar who follows no redirect by itself.
type client struct {
	b    *battle
	http *http.Client
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func (b *battle) client() *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	transport := &http.Transport{DialContext: b.dial, TLSClientConfig: anyCertificate}
	b.t.Cleanup(transport.CloseIdleConnections)
	return &client{b, &http.Client{
		Jar: jar, Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, b.dial}
}

// anyCertificate is for servers that were given one for the test.
var anyCertificate = &tls.Config{InsecureSkipVerify: true}

// dial reaches the server by any name.
func (b *battle) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, b.cfg.Listen)
}

type header map[string]string

// navigation is what a browser says when it loads a tab's frame.
var navigation = header{"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-site", "Accept": "text/html"}

// ask sends a request and reads the answer whole.
func (c *client) ask(method, url, body string, h header) (*http.Response, string) {
	c.b.t.Helper()
	req, err := http.NewRequestWithContext(c.b.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		c.b.t.Fatal(err)
	}
	for name, value := range h {
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.b.t.Fatal(err)
	}
	return resp, string(text)
}

// follow is ask for a document, through redirects.
func (c *client) follow(url string) (*http.Response, string) {
	c.b.t.Helper()
	for range 10 {
		resp, text := c.ask(http.MethodGet, url, "", navigation)
		to, err := resp.Location()
		if err != nil {
			return resp, text
		}
		url = to.String()
	}
	c.b.t.Fatal("too many redirects")
	return nil, ""
}

func secretOf(link string) string { _, secret, _ := strings.Cut(link, "#"); return secret }

func (c *client) join(id, link string) {
	c.b.t.Helper()
	body, _ := json.Marshal(map[string]string{"session": id, "secret": secretOf(link)})
	resp, text := c.api(http.MethodPost, "/api/join", string(body))
	if resp.StatusCode != http.StatusOK {
		c.b.t.Fatalf("joining: %s", text)
	}
}

func (c *client) api(method, path, body string) (*http.Response, string) {
	c.b.t.Helper()
	return c.ask(method, c.b.Control.String()+path, body, header{"Content-Type": "application/json", "Origin": c.b.Control.String()})
}

// agreement is what the consent page sends when its button is pressed.
func (c *client) agreement(id string) string {
	c.b.t.Helper()
	_, text := c.api(http.MethodGet, "/api/sessions/"+id+"/visitor", "")
	var asked struct{ Terms string }
	if err := json.Unmarshal([]byte(text), &asked); err != nil || asked.Terms == "" {
		c.b.t.Fatalf("reading the invitation: %s", text)
	}
	return fmt.Sprintf(`{"terms":%q,"words":"Ada invites you"}`, asked.Terms)
}

// enter is what the visitor's browser does from the link to the shell.
func (c *client) enter(invited session.Invitation) {
	c.b.t.Helper()
	c.join(invited.ID, invited.VisitorURL)
	_, text := c.api(http.MethodPost, "/api/sessions/"+invited.ID+"/visitor/accept", c.agreement(invited.ID))
	var way struct{ Enter, Ticket string }
	if err := json.Unmarshal([]byte(text), &way); err != nil || way.Ticket == "" {
		c.b.t.Fatalf("accepting: %s", text)
	}
	resp, text := c.ask(http.MethodPost, way.Enter, url.Values{"ticket": {way.Ticket}}.Encode(),
		header{"Content-Type": "application/x-www-form-urlencoded", "Origin": c.b.Control.String()})
	if resp.StatusCode != http.StatusSeeOther {
		c.b.t.Fatalf("entering: %d %s", resp.StatusCode, text)
	}
}

// meet starts a session in which both are.
func (b *battle) meet(mode session.Mode) (invited session.Invitation, visitor, agent *client) {
	b.t.Helper()
	invited = b.invite(b.site.URL+"/", mode)
	visitor, agent = b.client(), b.client()
	visitor.enter(invited)
	agent.join(invited.ID, invited.AgentURL)
	return invited, visitor, agent
}

// wire is a participant's WebSocket, spoken by hand.
type wire struct {
	b        *battle
	ws       *websocket.Conn
	sent     int
	received int
	texts    []string // every frame that came, inflated
	Welcome  struct{ Key, View string }
}

func (b *battle) shellSocket(id string) (address, origin string) {
	shell := b.domain().Shell(id)
	return "ws" + strings.TrimPrefix(shell, "http") + "/.tandem/socket", shell
}

func (b *battle) agentSocket(id string) (address, origin string) {
	control := b.Control.String()
	return "ws" + strings.TrimPrefix(control, "http") + "/api/sessions/" + id + "/agent/socket", control
}

// open tries to open a socket with the client's cookies.
func (c *client) open(address, origin string) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{NetDialContext: c.dial, TLSClientConfig: anyCertificate, Jar: c.http.Jar, HandshakeTimeout: patience}
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	return dialer.DialContext(c.b.t.Context(), address, h)
}

func (c *client) wire(address, origin string) *wire {
	c.b.t.Helper()
	ws, _, err := c.open(address, origin)
	if err != nil {
		c.b.t.Fatal(err)
	}
	c.b.t.Cleanup(func() { ws.Close() })
	w := &wire{b: c.b, ws: ws}
	w.write(`{"hello":{"stream":"","received":0}}`)
	var first struct {
		Welcome json.RawMessage `json:"welcome"`
	}
	text, err := w.read(patience)
	if err != nil || json.Unmarshal(text, &first) != nil || json.Unmarshal(first.Welcome, &w.Welcome) != nil {
		c.b.t.Fatalf("no welcome: %s (%v)", text, err)
	}
	return w
}

func (w *wire) write(text string) {
	w.b.t.Helper()
	if err := w.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		w.b.t.Fatal(err)
	}
}

// say sends a message.
func (w *wire) say(text string) {
	w.b.t.Helper()
	w.sent++
	w.write(fmt.Sprintf("[%d,%d,%s]", w.sent, w.received, text))
}

func (w *wire) read(within time.Duration) ([]byte, error) {
	w.ws.SetReadDeadline(time.Now().Add(within))
	kind, text, err := w.ws.ReadMessage()
	if err != nil {
		return nil, err
	}
	if kind == websocket.BinaryMessage {
		if text, err = io.ReadAll(flate.NewReader(bytes.NewReader(text))); err != nil {
			return nil, err
		}
	}
	w.texts = append(w.texts, string(text))
	return text, nil
}

// message returns the next message and its type.
func (w *wire) message() (kind, text string) {
	w.b.t.Helper()
	for {
		frame, err := w.read(patience)
		if err != nil {
			w.b.t.Fatalf("reading the socket: %v", err)
		}
		var parts []json.RawMessage
		var seq int
		if json.Unmarshal(frame, &parts) != nil || len(parts) < 3 || json.Unmarshal(parts[0], &seq) != nil {
			continue // an acknowledgement
		}
		w.received = max(w.received, seq)
		var head struct{ Type string }
		if err := json.Unmarshal(parts[2], &head); err != nil {
			w.b.t.Fatal(err)
		}
		return head.Type, string(parts[2])
	}
}

// expect reads until a message of that type comes, and returns all until then.
func (w *wire) expect(want string) (all []string) {
	w.b.t.Helper()
	for {
		kind, text := w.message()
		all = append(all, text)
		if kind == want {
			return all
		}
	}
}

// sees reads until a message holds a text.
func (w *wire) sees(texts ...string) {
	w.b.t.Helper()
	for len(texts) > 0 {
		_, got := w.message()
		texts = slices.DeleteFunc(texts, func(text string) bool { return strings.Contains(got, text) })
	}
}

// ended reports how the socket ended, within a time.
func (w *wire) ended(within time.Duration) (code int, err error) {
	deadline := time.Now().Add(within)
	for {
		if _, err := w.read(time.Until(deadline)); err != nil {
			var closed *websocket.CloseError
			if errors.As(err, &closed) {
				return closed.Code, nil
			}
			return 0, err
		}
	}
}

const smallPage = `[[0,1,"standards",["html",0,["body",0,["a",["href","/x"],"Go"],["input",["type","password"]]]]]]`

// show makes the visitor tell of a page as document 1 of tab 1.
func (w *wire) show(url, ops string) {
	w.b.t.Helper()
	w.say(fmt.Sprintf(`{"type":"tab","tab":1,"url":%q,"title":"Shop"}`, url))
	w.say(fmt.Sprintf(`{"type":"doc","doc":1,"tab":1,"url":%q}`, url))
	w.say(`{"type":"ops","doc":1,"ops":` + ops + `}`)
}

func TestS36ViewModeIsRefusedByTheServer(t *testing.T) {
	b := newBattle(t)
	invited, visitor, agent := b.meet(session.View)
	v, a := visitor.wire(b.shellSocket(invited.ID)), agent.wire(b.agentSocket(invited.ID))
	v.show(b.site.URL+"/", smallPage)
	a.sees(`[[0,`)

	acts := []string{
		`{"type":"input","n":1,"doc":1,"input":{"kind":"click","node":4,"fx":0.5,"fy":0.5,"button":0,"detail":1,"mods":0}}`,
		`{"type":"input","n":2,"doc":1,"input":{"kind":"key","node":4,"key":"Enter","code":"Enter","mods":0}}`,
		`{"type":"input","n":3,"doc":1,"input":{"kind":"text","node":6,"edit":[0,0,"x"]}}`,
		`{"type":"input","n":4,"doc":1,"input":{"kind":"value","node":6,"value":"x"}}`,
		`{"type":"input","n":5,"doc":1,"input":{"kind":"focus","node":4}}`,
		`{"type":"navigate","tab":1,"url":"` + b.site.URL + `/other"}`,
		`{"type":"go","tab":1,"action":"back"}`,
		`{"type":"go","tab":1,"action":"reload"}`,
		`{"type":"activate","tab":1}`,
		// Nor may it speak for the leader.
		`{"type":"ops","doc":1,"ops":[[5,5,"forged"]]}`,
		`{"type":"doc","doc":2,"tab":1,"url":"` + b.site.URL + `/"}`,
		`{"type":"gone","doc":1}`,
		`{"type":"tab","tab":2,"url":"` + b.site.URL + `/","title":"forged"}`,
		`{"type":"tab-closed","tab":1}`,
		`{"type":"blob","id":"x","mime":"image/png","data":"AAAA"}`,
		`{"type":"done","n":1,"ok":true}`,
		`{"type":"dialog","doc":1,"kind":"alert","text":"forged"}`,
		`{"type":"notice","what":"print"}`,
		// Nor for the server.
		`{"type":"mode","mode":"shared"}`, `{"type":"grant-control"}`, `{"type":"unmask","node":6}`, `{"type":"people","people":[]}`,
	}
	for _, act := range acts {
		a.say(act)
		a.expect("refused")
	}
	a.say(`{"type":"mark","doc":1,"node":4,"fx":0.5,"fy":0.5,"x":10,"y":10}`)
	reached := v.expect("mark")
	for _, text := range reached[:len(reached)-1] {
		var head struct{ Type string }
		if json.Unmarshal([]byte(text), &head); !slices.Contains([]string{"people", "leader", "cookies"}, head.Type) {
			t.Errorf("a view-only agent's message reached the visitor: %s", text)
		}
	}
}

func TestS36AgentNavigatesOnlyToAllowedSites(t *testing.T) {
	b := newBattle(t)
	addresses := []string{
		"javascript:alert(1)", "data:text/html,x", "blob:" + b.site.URL + "/1", "about:blank", "file:///etc/passwd", "view-source:" + b.site.URL,
		"http://127.0.0.1:1/", "http://169.254.169.254/", "//evil.example/", "http:evil.example", "http://[::1", "\x00http://x", "",
		b.Control.String() + "/", b.site.URL + "@evil.example/", "http://evil.example#" + b.site.URL, "ws" + strings.TrimPrefix(b.site.URL, "http"),
	}
	// More in one session would be refused for coming too fast.
	for few := range slices.Chunk(addresses, 9) {
		invited, visitor, agent := b.meet(session.Shared)
		v, a := visitor.wire(b.shellSocket(invited.ID)), agent.wire(b.agentSocket(invited.ID))
		v.show(b.site.URL+"/", smallPage)
		a.sees(`[[0,`)
		for _, to := range append(few, b.domain().Shell(invited.ID)+"/") {
			text, _ := json.Marshal(map[string]any{"type": "navigate", "tab": 1, "url": to})
			a.say(string(text))
			if got := a.expect("refused"); strings.Contains(got[len(got)-1], "too-fast") {
				t.Errorf("%q was not judged: %s", to, got)
			}
		}
		a.say(`{"type":"mark","doc":1,"node":4,"fx":0,"fy":0,"x":1,"y":1}`)
		for _, text := range v.expect("mark") {
			if strings.Contains(text, `"navigate"`) {
				t.Errorf("reached the visitor: %s", text)
			}
		}
	}
}

func TestS34AgentHoldsNoCredentialForContent(t *testing.T) {
	b := newBattle(t)
	invited, visitor, agent := b.meet(session.Shared)
	if _, text := visitor.follow(b.at(invited.ID, b.site.URL+"/")); !strings.Contains(text, "c4nary-of-the-page") {
		t.Fatalf("the visitor does not get the page: %.200s", text)
	}
	a := agent.wire(b.agentSocket(invited.ID))
	before := len(b.site.requests())

	content, shell := b.at(invited.ID, b.site.URL), b.domain().Shell(invited.ID)
	mine := agent.http.Jar.Cookies(b.Control)
	if len(mine) != 1 {
		t.Fatalf("the agent has %d cookies", len(mine))
	}
	stranger := b.client()
	name := "tandem" // the participant cookie of content hosts, without https
	for _, credential := range []string{mine[0].Value, a.Welcome.Key, secretOf(invited.AgentURL), invited.ID, invited.Code} {
		cookie := name + "=" + credential + "; " + mine[0].Name + "=" + credential
		for _, path := range []string{"/", "/pixel.png", "/.tandem/cookie?path=/", "/.tandem/enter?t=" + credential + "&to=/", "/%2e/", "/x.js", "//"} {
			for _, method := range []string{"GET", "POST", "PROPFIND"} {
				for _, h := range []header{
					{}, navigation,
					{"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-site"},
					{"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Site": "same-origin", "Authorization": "Bearer " + credential},
					{"Range": "bytes=0-3", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": b.Control.Host},
					{"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Origin": content},
				} {
					h := header{"Cookie": cookie, "X-Tandem": credential}.with(h)
					resp, text := stranger.ask(method, content+path, "", h)
					if strings.Contains(text, "c4nary-http-only") || resp.StatusCode == http.StatusOK && strings.HasPrefix(path, "/.tandem/") {
						t.Errorf("%s %s with %.4s… %v: %d %.100s", method, path, credential, h, resp.StatusCode, text)
					}
				}
			}
		}
		for _, path := range []string{"/", "/.tandem/hop?to=" + url.QueryEscape(content+"/") + "&state=x", "/.tandem/socket"} {
			if resp, _ := stranger.ask("GET", shell+path, "", header{"Cookie": cookie}); resp.StatusCode != http.StatusForbidden {
				t.Errorf("the shell's %s answers %d", path, resp.StatusCode)
			}
		}
	}
	// Requests without credentials are served as the open web would: without the jar.
	for _, r := range b.site.requests()[before:] {
		if r.Header.Get("Cookie") != "" {
			t.Errorf("the site got the session's cookies for the agent: %s %s", r.Method, r.URL)
		}
	}
	for _, path := range []string{"", "/accept", "/decline", "/enter"} {
		if resp, text := agent.api(http.MethodPost, "/api/sessions/"+invited.ID+"/visitor"+path, "{}"); resp.StatusCode < 400 {
			t.Errorf("the agent may %s for the visitor: %s", path, text)
		}
	}
	if resp, _ := agent.api(http.MethodGet, "/api/sessions/"+invited.ID+"/visitor", ""); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("the agent reads the visitor's side: %d", resp.StatusCode)
	}
	if ws, _, err := agent.open(b.shellSocket(invited.ID)); err == nil {
		ws.Close()
		t.Error("the agent opened the visitor's socket")
	}
	// The key of the store opens nothing that the mirror does not show.
	view := b.domain().View(invited.ID) + "/.tandem/a/" + a.Welcome.Key + "/" + strings.Replace(b.site.URL, "://", "/", 1)
	for _, path := range []string{"/", "/pixel.png"} {
		if resp, text := agent.ask("GET", view+path, "", nil); resp.StatusCode != http.StatusNotFound {
			t.Errorf("the store has %s: %d %.100s", path, resp.StatusCode, text)
		}
	}
}

func (h header) with(more header) header {
	for name, value := range more {
		h[name] = value
	}
	return h
}

func TestS32SocketsOpenOnlyForOurOwnPages(t *testing.T) {
	b := newBattle(t)
	invited, visitor, agent := b.meet(session.Shared)
	other := b.invite(b.site.URL+"/", session.Shared)
	try := func(c *client, address, right string) {
		t.Helper()
		port := ":" + b.Control.Port()
		for _, origin := range []string{
			"", "null", b.at(invited.ID, b.site.URL), b.domain().View(invited.ID), b.domain().Shell(other.ID), right + ".evil.example",
			strings.ToUpper(right), strings.TrimSuffix(right, port) + ":1", strings.TrimSuffix(right, port), right + "/", "https" + strings.TrimPrefix(right, "http"),
			right + " " + right, "http://evil.example", "file://",
		} {
			ws, resp, err := c.open(address, origin)
			if err == nil {
				ws.Close()
				t.Errorf("a page of %q opened %s", origin, address)
			} else if resp == nil || resp.StatusCode != http.StatusForbidden {
				t.Errorf("%q: %v", origin, err)
			}
		}
		ws, _, err := c.open(address, right)
		if err != nil {
			t.Fatalf("its own page cannot open %s: %v", address, err)
		}
		ws.Close()
	}
	address, origin := b.shellSocket(invited.ID)
	try(visitor, address, origin)
	address, origin = b.agentSocket(invited.ID)
	try(agent, address, origin)
}

func TestS29TicketsAreBoundAndUsedOnce(t *testing.T) {
	b := newBattle(t)
	invited, visitor, _ := b.meet(session.Shared)
	ticket := func() string {
		t.Helper()
		_, text := visitor.api(http.MethodPost, "/api/sessions/"+invited.ID+"/visitor/enter", "{}")
		var way struct{ Ticket string }
		if json.Unmarshal([]byte(text), &way); way.Ticket == "" {
			t.Fatalf("no ticket: %s", text)
		}
		return way.Ticket
	}
	post := func(c *client, host, ticket, origin string) int {
		t.Helper()
		h := header{"Content-Type": "application/x-www-form-urlencoded"}
		if origin != "" {
			h["Origin"] = origin
		}
		resp, _ := c.ask(http.MethodPost, host+"/.tandem/enter", "ticket="+url.QueryEscape(ticket), h)
		return resp.StatusCode
	}
	shell := b.domain().Shell(invited.ID)
	for _, origin := range []string{"", "null", shell, b.at(invited.ID, b.site.URL), "http://evil.example", b.Control.String() + ".evil.example"} {
		if status := post(b.client(), shell, ticket(), origin); status != http.StatusForbidden {
			t.Errorf("a page of %q plants a ticket: %d", origin, status)
		}
	}
	other := b.invite(b.site.URL+"/", session.Shared)
	second := b.client()
	second.enter(other)
	stolen := ticket()
	if status := post(b.client(), b.domain().Shell(other.ID), stolen, b.Control.String()); status != http.StatusForbidden {
		t.Errorf("a ticket opens another session: %d", status)
	}
	stolen = ticket()
	if resp, _ := b.client().ask(http.MethodGet, b.at(invited.ID, b.site.URL)+"/.tandem/enter?t="+stolen+"&to=/&state=s", "", header{"Cookie": "tandem-state=s"}); resp.Header.Get("Set-Cookie") != "" {
		t.Error("a ticket for the shell opens a content host")
	}
	if resp, _ := b.client().ask(http.MethodGet, shell+"/.tandem/enter?ticket="+ticket(), "", header{"Origin": b.Control.String()}); resp.Header.Get("Set-Cookie") != "" {
		t.Error("a ticket in an address opens the shell")
	}
	mine := ticket()
	var opened atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		c := b.client()
		all.Go(func() {
			if post(c, shell, mine, b.Control.String()) == http.StatusSeeOther {
				opened.Add(1)
			}
		})
	}
	all.Wait()
	if n := opened.Load(); n != 1 {
		t.Errorf("one ticket opened the shell %d times", n)
	}
}

func TestS33RequestsForgedByOtherSites(t *testing.T) {
	b := newBattle(t)
	invited, visitor, agent := b.meet(session.Shared)
	waiting := b.invite(b.site.URL+"/", session.Shared)
	visitor.join(waiting.ID, waiting.VisitorURL)
	accept := b.Control.String() + "/api/sessions/" + waiting.ID + "/visitor/accept"
	content := b.at(invited.ID, b.site.URL)
	for _, h := range []header{
		{"Origin": content, "Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
		{"Origin": "http://evil.example", "Content-Type": "application/json"},
		{"Origin": "null", "Content-Type": "application/json"},
		{"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
		{"Sec-Fetch-Site": "same-site", "Content-Type": "application/json"},
		{"Origin": b.Control.String(), "Content-Type": "text/plain"},
		{"Origin": b.Control.String(), "Content-Type": "application/x-www-form-urlencoded"},
		{"Origin": b.Control.String()},
	} {
		if resp, text := visitor.ask(http.MethodPost, accept, "{}", h); resp.StatusCode < 400 {
			t.Errorf("%v accepts in the visitor's name: %s", h, text)
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		if resp, _ := visitor.ask(method, accept, "", header{"Origin": b.Control.String(), "Content-Type": "application/json"}); resp.StatusCode < 400 {
			t.Errorf("%s accepts: %d", method, resp.StatusCode)
		}
	}
	if resp, _ := agent.ask("GET", b.Control.String()+"/api/sessions/"+invited.ID+"/agent", "", header{"Origin": content}); resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("other sites may read the API")
	}
	if s, _ := b.Hub.Session(waiting.ID); s.State() != session.Waiting {
		t.Errorf("the session is %s", s.State())
	}
}

func TestS37NothingLivesOnAfterTheEnd(t *testing.T) {
	b := newBattle(t)
	invited, visitor, agent := b.meet(session.Shared)
	v, a := visitor.wire(b.shellSocket(invited.ID)), agent.wire(b.agentSocket(invited.ID))
	visitor.follow(b.at(invited.ID, b.site.URL+"/"))
	content := b.at(invited.ID, b.site.URL)
	image := header{"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin"}
	visitor.ask("GET", content+"/pixel.png", "", image)
	v.show(b.site.URL+"/", `[[0,1,"standards",["html",0,["body",0,["img",["src","/pixel.png"]]]]]]`)
	a.sees(`[[0,`)
	asset := b.domain().View(invited.ID) + "/.tandem/a/" + a.Welcome.Key + "/" + strings.Replace(b.site.URL, "://", "/", 1) + "/pixel.png"
	if resp, _ := agent.ask("GET", asset, "", nil); resp.StatusCode != http.StatusOK {
		t.Fatalf("the agent does not get the image: %d", resp.StatusCode)
	}
	// A download, a stream of the open tier, and a socket of the page's.
	streamed := make(chan error, 3)
	for _, h := range []header{image, {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Origin": content}} {
		go func() {
			req, _ := http.NewRequestWithContext(t.Context(), "GET", content+"/stream", nil)
			for name, value := range h {
				req.Header.Set(name, value)
			}
			resp, err := visitor.http.Do(req)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			streamed <- err
		}()
	}
	// And an upload that is never complete.
	body, upload := io.Pipe()
	defer upload.Close()
	go func() {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", content+"/upload", body)
		for name, value := range (header{"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin", "Origin": content}) {
			req.Header.Set(name, value)
		}
		resp, err := visitor.http.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		streamed <- err
	}()
	if _, err := io.WriteString(upload, "the beginning"); err != nil {
		t.Fatal(err)
	}
	page, _, err := visitor.open("ws"+strings.TrimPrefix(content, "http")+"/socket", content)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	eventually(t, "all streams flow", func() bool { return b.site.streams.Load() == 3 })

	ended := time.Now()
	a.say(`{"type":"end"}`)
	for _, w := range []*wire{v, a} {
		if code, err := w.ended(time.Second); code != 4403 {
			t.Errorf("a socket ended with %d (%v)", code, err)
		}
	}
	for _, try := range []struct {
		who  *client
		url  string
		want []int
	}{
		{agent, asset, []int{404, 410}},
		{visitor, content + "/", []int{307}}, // to the shell, for a cookie
		{visitor, content + "/.tandem/cookie?path=/", []int{403, 410}},
		{visitor, b.domain().Shell(invited.ID) + "/", []int{410}},
		{agent, b.Control.String() + "/api/sessions/" + invited.ID + "/agent", []int{410}},
		{visitor, b.Control.String() + "/api/sessions/" + invited.ID + "/visitor", []int{410}},
	} {
		if resp, text := try.who.ask("GET", try.url, "", navigation); !slices.Contains(try.want, resp.StatusCode) {
			t.Errorf("%s still answers %d %.80s", try.url, resp.StatusCode, text)
		}
	}
	for range 3 {
		select {
		case <-streamed:
		case <-time.After(time.Second - time.Since(ended)):
			t.Error("a stream outlived the session")
		}
	}
	page.SetReadDeadline(ended.Add(time.Second))
	var timeout net.Error
	if _, _, err := page.ReadMessage(); err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the page's socket outlived the session")
	}
	eventually(t, "the site's streams end", func() bool { return b.site.streams.Load() == 0 })
	for _, open := range []func() (*websocket.Conn, *http.Response, error){
		func() (*websocket.Conn, *http.Response, error) { return visitor.open(b.shellSocket(invited.ID)) },
		func() (*websocket.Conn, *http.Response, error) {
			return visitor.open("ws"+strings.TrimPrefix(content, "http")+"/socket", content)
		},
	} {
		if ws, _, err := open(); err == nil {
			ws.Close()
			t.Error("a socket opens after the end")
		}
	}
	for _, link := range []string{invited.VisitorURL, invited.AgentURL} {
		body, _ := json.Marshal(map[string]string{"session": invited.ID, "secret": secretOf(link)})
		if resp, text := b.client().api(http.MethodPost, "/api/join", string(body)); resp.StatusCode < 400 {
			t.Errorf("a link still works: %s", text)
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestS23CookiesOfOneSessionNeverReachAnother(t *testing.T) {
	b := newBattle(t)
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		if who := r.URL.Query().Get("who"); who != "" {
			http.SetCookie(w, &http.Cookie{Name: "account", Value: who, Path: "/", HttpOnly: true})
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<p>")
	})
	// One browser in two sessions, as somebody has who helps at home and at work.
	browser := b.client()
	first, second := b.invite(b.site.URL+"/", session.Shared), b.invite(b.site.URL+"/", session.Shared)
	browser.enter(first)
	browser.enter(second)
	one, two := b.at(first.ID, b.site.URL), b.at(second.ID, b.site.URL)
	browser.follow(one + "/?who=one")
	browser.follow(two + "/?who=two")

	check := func(what, want string) {
		t.Helper()
		all := b.site.requests()
		if got := all[len(all)-1].Header.Get("Cookie"); got != want {
			t.Errorf("%s: the site got %q, want %q", what, got, want)
		}
	}
	browser.follow(one + "/home")
	check("first session", "account=one")
	browser.follow(two + "/home")
	check("second session", "account=two")

	// Cookies that a page of the first plants for all of the content domain.
	u, _ := url.Parse(two)
	var planted []*http.Cookie
	for i := range 40 {
		planted = append(planted, &http.Cookie{Name: "tandem", Value: fmt.Sprintf("%022d", i), Domain: u.Hostname(), Path: "/deep/" + strings.Repeat("x/", i)})
	}
	planted = append(planted, &http.Cookie{Name: "account", Value: "planted", Path: "/deep"}, &http.Cookie{Name: "tandem-state", Value: "planted", Path: "/deep"})
	browser.http.Jar.SetCookies(u, planted)
	resp, _ := browser.follow(two + "/deep/" + strings.Repeat("x/", 40))
	if resp.StatusCode != http.StatusOK {
		t.Errorf("planted cookies lock the visitor out: %d", resp.StatusCode)
	}
	check("planted cookies", "account=two")

	// Pages of one session ask hosts of the other.
	before := len(b.site.requests())
	for _, h := range []header{
		{"Origin": one, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "empty"},
		{"Origin": one, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe"},
		{"Referer": one + "/", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "image"},
		{"Origin": b.domain().Shell(first.ID), "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "empty"},
		{"Origin": b.domain().View(second.ID), "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "empty"},
	} {
		for _, method := range []string{"GET", "POST", "PUT"} {
			if resp, text := browser.ask(method, two+"/steal", "", h); resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s %v: %d %.80s", method, h, resp.StatusCode, text)
			}
		}
		if resp, text := browser.ask("GET", two+"/.tandem/cookie?path=/", "", h); resp.StatusCode != http.StatusForbidden {
			t.Errorf("script-visible cookies for %v: %d %.80s", h, resp.StatusCode, text)
		}
	}
	if ws, _, err := browser.open("ws"+strings.TrimPrefix(two, "http")+"/socket", one); err == nil {
		ws.Close()
		t.Error("a socket between sessions")
	}
	if n := len(b.site.requests()) - before; n != 0 {
		t.Errorf("%d requests reached the site", n)
	}
	// A cookie of the first session's host is worth nothing at the second's.
	mine := browser.http.Jar.Cookies(mustParse(t, one))
	for _, c := range mine {
		if resp, _ := b.client().ask("GET", two+"/", "", header{"Cookie": c.Name + "=" + c.Value}.with(navigation)); resp.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("cookie %s of one session answers %d in the other", c.Name, resp.StatusCode)
		}
	}
}

// TestS10AFormIsItsPages has a page leave a form for an address of another site,
// to which people then go by themselves.
func TestS10AFormIsItsPages(t *testing.T) {
	b := newBattle(t)
	bank := newTarget(t)
	bankURL := strings.Replace(bank.URL, "127.0.0.1", "localhost", 1)
	b.allow(bankURL)
	invited, visitor, _ := b.meet(session.Shared)
	evil, there, shell := b.at(invited.ID, b.site.URL), b.at(invited.ID, bankURL), b.domain().Shell(invited.ID)
	visitor.follow(evil + "/")
	visitor.follow(there + "/")
	for from, h := range map[string]header{
		"a person":   {"Referer": shell + "/"},
		"the bank":   {"Referer": there + "/", "Sec-Fetch-Site": "same-origin"},
		"a stranger": {},
	} {
		resp, text := visitor.ask(http.MethodPost, evil+"/.tandem/opens?form="+url.QueryEscape(bankURL+"/transfer"), "to=evil",
			header{"Content-Type": "application/x-www-form-urlencoded", "Origin": evil, "Sec-Fetch-Site": "same-origin"})
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("leaving a form: %d %s", resp.StatusCode, text)
		}
		visitor.ask(http.MethodGet, there+"/transfer", "", header{}.with(navigation).with(h))
		all := bank.requests()
		if last := all[len(all)-1]; last.Method != http.MethodGet || last.URL.Path != "/transfer" {
			t.Errorf("asked for by %s, the bank got %s %s as of %q, with the cookies %q", from, last.Method, last.URL, last.Header.Get("Origin"), last.Header.Get("Cookie"))
		}
	}
}

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestS01InnerAddressesByContentHost(t *testing.T) {
	b := newBattle(t)
	canary := newTarget(t)
	port := mustParse(t, canary.URL).Port()
	for _, all := range []string{"http://*:" + port, "https://*:" + port} { // so that only the guard is left
		if err := b.Hub.Origins().Allow(t.Context(), all, false); err != nil {
			t.Fatal(err)
		}
	}
	invited, visitor, _ := b.meet(session.Shared)
	for _, host := range []string{
		"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "localhost", "canary.localhost", "localhost.",
	} {
		origin, err := rewrite.ParseOrigin("http://" + host + ":" + port)
		if err != nil {
			continue // not a name we ever make a host of
		}
		resp, text := visitor.follow(b.domain().Site(invited.ID, origin) + "/")
		if resp.StatusCode < 400 || strings.Contains(text, "c4nary-of-the-page") {
			t.Errorf("%s: %d %.100s", host, resp.StatusCode, text)
		}
	}
	if n := canary.connections.Load(); n != 0 {
		t.Errorf("%d connections to an inner address", n)
	}
}

func TestS03RedirectsToInnerAddressesAreNotFollowed(t *testing.T) {
	b := newBattle(t)
	canary := newTarget(t)
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Refresh", "0;url="+canary.URL)
		w.Header().Set("Link", "<"+canary.URL+"/x>; rel=preload, <"+canary.URL+">; rel=preconnect, <"+canary.URL+">; rel=dns-prefetch")
		w.Header().Set("Reporting-Endpoints", `a="`+canary.URL+`/report"`)
		w.Header().Set("Location", canary.URL+"/secret")
		w.WriteHeader(http.StatusFound)
	})
	invited, visitor, _ := b.meet(session.Shared)
	resp, _ := visitor.follow(b.at(invited.ID, b.site.URL+"/go"))
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("the redirect's target answers %d", resp.StatusCode)
	}
	resp, _ = visitor.ask("GET", b.at(invited.ID, b.site.URL+"/go"), "", navigation)
	for name, values := range resp.Header {
		if strings.Contains(strings.Join(values, " "), canary.URL) {
			t.Errorf("%s names the site itself: %s", name, values)
		}
	}
	if n := canary.connections.Load(); n != 0 {
		t.Errorf("%d connections to a site that was not allowed", n)
	}
}

// TestS43StrangersReachNoInnerSite asks for a site of an inner network as pages
// ask across origins, without a cookie, from where the visitor is and from
// elsewhere.
func TestS43StrangersReachNoInnerSite(t *testing.T) {
	b := newBattle(t)
	invited, visitor, _ := b.meet(session.Shared)
	address, page := b.at(invited.ID, b.site.URL+"/pixel.png"), b.at(invited.ID, b.site.URL)
	visitor.follow(page + "/")
	across := header{"Origin": page, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
	if resp, text := b.client().ask("GET", address, "", maps.Clone(across)); resp.StatusCode != http.StatusOK {
		t.Fatalf("the visitor's pages cannot load across origins: %d %s", resp.StatusCode, text)
	}
	before := len(b.site.requests())
	stranger := b.clientFrom("127.9.9.9")
	for _, method := range []string{"GET", "POST", "PUT", "OPTIONS"} {
		for _, h := range []header{across, {"Origin": "null", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "script"}} {
			if resp, text := stranger.ask(method, address, "", maps.Clone(h)); resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s by a stranger: %d %.80s", method, resp.StatusCode, text)
			}
		}
	}
	if ws, _, err := stranger.open("ws"+strings.TrimPrefix(page, "http")+"/socket", page); err == nil {
		ws.Close()
		t.Error("a stranger opened a socket")
	}
	if n := len(b.site.requests()) - before; n != 0 {
		t.Errorf("%d requests of a stranger reached the site", n)
	}
}

// TestS43StrangersReachNoInnerSiteThroughAProxy is the same behind a reverse
// proxy: one that is named, and one whose word nobody takes.
func TestS43StrangersReachNoInnerSiteThroughAProxy(t *testing.T) {
	b := newBattleIn(t, behind{chromiumEngine{}, []string{"127.0.0.1", "10.0.0.0/8"}})
	invited := b.invite(b.site.URL+"/", session.Shared)
	visitor := b.clientVia("198.51.100.7")
	visitor.enter(invited)
	address, page := b.at(invited.ID, b.site.URL+"/pixel.png"), b.at(invited.ID, b.site.URL)
	if resp, text := visitor.follow(page + "/"); resp.StatusCode != http.StatusOK {
		t.Fatalf("the visitor does not get the page: %d %s", resp.StatusCode, text)
	}
	across := header{"Origin": page, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
	for via, want := range map[string]int{
		"198.51.100.7": 200, "198.51.100.9": 200, "203.0.113.9, 198.51.100.7": 200, "198.51.100.7, 10.1.2.3": 200, "198.51.100.7,127.0.0.1": 200,
		"203.0.113.9": 403, "198.51.100.7, 203.0.113.9": 403, "198.51.100.7, unknown": 403, "": 403, "10.1.2.3": 403, "198.51.100.7:80": 403,
	} {
		if resp, _ := b.clientVia(via).ask("GET", address, "", maps.Clone(across)); resp.StatusCode != want {
			t.Errorf("from %q: %d, want %d", via, resp.StatusCode, want)
		}
	}

	b = newBattle(t)
	invited, visitor = b.invite(b.site.URL+"/", session.Shared), b.clientVia("198.51.100.7")
	visitor.enter(invited)
	visitor.follow(b.at(invited.ID, b.site.URL) + "/")
	if resp, _ := visitor.ask("GET", b.at(invited.ID, b.site.URL+"/pixel.png"), "", header{"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin"}); resp.StatusCode != http.StatusOK {
		t.Errorf("the visitor's own requests: %d", resp.StatusCode)
	}
	for _, via := range []string{"198.51.100.7", "127.0.0.1"} {
		if resp, _ := b.clientVia(via).ask("GET", b.at(invited.ID, b.site.URL+"/pixel.png"), "", maps.Clone(across)); resp.StatusCode != http.StatusForbidden {
			t.Errorf("by a proxy that nobody named, from %q: %d", via, resp.StatusCode)
		}
	}
}

// behind is an engine whose server is behind reverse proxies.
type behind struct {
	engine
	fronts []string
}

func (e behind) serve(_ testing.TB, cfg *config) { cfg.Fronts = e.fronts }

// clientVia is a client whose requests come through a reverse proxy that says
// they are from there.
func (b *battle) clientVia(forwarded string) *client {
	c := b.client()
	c.http.Transport = via{c.http.Transport, forwarded}
	return c
}

type via struct {
	http.RoundTripper
	forwarded string
}

func (v via) RoundTrip(r *http.Request) (*http.Response, error) {
	if v.forwarded != "" {
		r = r.Clone(r.Context())
		r.Header.Set("X-Forwarded-For", v.forwarded)
	}
	return v.RoundTripper.RoundTrip(r)
}

// clientFrom is a client at another address.
func (b *battle) clientFrom(address string) *client {
	b.t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, b.cfg.Listen)
	}
	conn, err := dial(b.t.Context(), "tcp", "")
	if err != nil {
		b.t.Skipf("this machine has not all of 127.0.0.0/8: %v", err)
	}
	conn.Close()
	c := b.client()
	c.dial = dial
	c.http.Transport.(*http.Transport).DialContext = dial
	return c
}

func TestAttackLogsHoldNoSecrets(t *testing.T) {
	b := newBattle(t)
	invited, visitor, agent := b.meet(session.Shared)
	visitor.follow(b.at(invited.ID, b.site.URL+"/?q=c4nary-query"))
	visitor.follow(b.at(invited.ID, b.site.URL+"/c4nary-path"))
	visitor.ask("POST", b.at(invited.ID, b.site.URL+"/form"), "c4nary-body", header{"Content-Type": "text/plain", "Authorization": "Basic c4nary-authorization"}.with(navigation))
	visitor.ask("POST", b.at(invited.ID, b.site.URL)+"/.tandem/report", `{"csp-report":{"blocked-uri":"http://evil.example/c4nary-report?x","effective-directive":"c4nary-directive"}}`, nil)
	visitor.follow(b.at(invited.ID, "http://127.0.0.1:1/c4nary-refused?c4nary-query"))
	b.allow("http://127.0.0.1:1")
	visitor.follow(b.at(invited.ID, "http://127.0.0.1:1/c4nary-unreachable?c4nary-query"))
	v, a := visitor.wire(b.shellSocket(invited.ID)), agent.wire(b.agentSocket(invited.ID))
	v.show(b.site.URL+"/c4nary-tab?c4nary-query", `[[0,1,"standards",["html",0,["body",0,"c4nary-text",["input",["type","password","value","c4nary-password"]]]]]]`)
	a.sees(`[[0,`)
	a.say(`{"type":"input","n":1,"doc":1,"input":{"kind":"c4nary-kind","node":4}}`)
	a.say(`{"type":"c4nary-type"}`)
	a.say(`{"type":"input","n":2,"doc":1,"input":{"kind":"text","node":4,"edit":[0,0,"c4nary-typed"]}}`)
	a.expect("refused")
	v.say(`{"type":"ops","doc":1,"ops":[[4,999,"value","c4nary-op"],"c4nary-op"]}`)
	v.say(`{"type":"dialog","doc":1,"kind":"alert","text":"c4nary-dialog"}`)
	a.expect("dialog")
	b.client().api("POST", "/api/join", `{"session":"`+invited.ID+`","secret":"c4nary-secret"}`)
	b.client().api("POST", "/api/join", `{"code":"c4nary-code"}`)
	v.write("c4nary-frame")
	v.ended(patience)

	secrets := []string{"c4nary", secretOf(invited.VisitorURL), secretOf(invited.AgentURL), invited.Code, a.Welcome.Key}
	for _, c := range []*client{visitor, agent} {
		for _, host := range []string{b.Control.String(), b.domain().Shell(invited.ID), b.at(invited.ID, b.site.URL)} {
			for _, cookie := range c.http.Jar.Cookies(mustParse(t, host)) {
				secrets = append(secrets, cookie.Value)
			}
		}
	}
	log := b.log.String()
	if len(secrets) < 9 || !strings.Contains(log, invited.ID) {
		t.Fatalf("the test does not see enough: %d secrets, a log of %d bytes", len(secrets), len(log))
	}
	for _, secret := range secrets {
		if at := strings.Index(log, secret); at >= 0 {
			t.Errorf("the log holds %.8s…: %.300s", secret, log[max(0, at-200):])
		}
	}
}

// The ticket that makes a WebSocket to another host the visitor's holds once, for
// pages of the origin that asked, and for nothing but WebSockets.
func TestSocketTicket(t *testing.T) {
	b := newBattle(t)
	other := newTarget(t)
	b.allow(other.URL)
	invited, visitor, _ := b.meet(session.View)
	visitor.follow(b.at(invited.ID, other.URL+"/")) // gets a cookie
	page, there := b.at(invited.ID, b.site.URL), b.at(invited.ID, other.URL)
	ticket := func(site string) (status int, text string) {
		resp, text := visitor.ask(http.MethodPost, page+"/.tandem/ticket", strings.TrimPrefix(there, "http://"), header{"Origin": page, "Sec-Fetch-Site": site})
		return resp.StatusCode, text
	}
	visitor.follow(page + "/")
	if status, text := ticket("same-site"); status != http.StatusNotFound {
		t.Errorf("a page of another host was given %d %q", status, text)
	}
	told := func(ticket, origin string) string {
		before := len(other.requests())
		ws, _, err := b.client().open("ws"+strings.TrimPrefix(there, "http")+"/socket?a=b&tandem-ticket="+ticket, origin)
		if err != nil {
			t.Fatal(err)
		}
		ws.Close()
		r := other.requests()[before]
		return r.RequestURI + " " + r.Header.Get("Cookie")
	}
	const alone, known = "/socket?a=b ", "/socket?a=b account=c4nary-http-only"
	_, text := ticket("same-origin")
	if got := told(text, there); got != alone {
		t.Errorf("to a page of the host itself it gave %q", got)
	}
	_, text = ticket("same-origin")
	if first, second := told(text, page), told(text, page); first != known || second != alone {
		t.Errorf("it gave %q, and then %q", first, second)
	}
	_, text = ticket("same-origin")
	resp, _ := b.client().ask(http.MethodGet, there+"/?tandem-ticket="+text, "", header{"Origin": page, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-site"})
	for _, r := range other.requests() {
		if strings.Contains(r.RequestURI, "tandem-ticket") && r.Header.Get("Cookie") != "" {
			t.Errorf("%s, answered with %d, had cookies", r.RequestURI, resp.StatusCode)
		}
	}
}
