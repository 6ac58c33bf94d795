package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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

	"tandem/session/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that tests move by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// rig is a hub behind a real listener that stands for all its hosts.
type rig struct {
	t     *testing.T
	dir   string
	clock *clock
	logs  *bytes.Buffer // guarded by logMu
	logMu sync.Mutex

	hub *Hub
	srv *httptest.Server
}

const (
	controlURL = "http://control.test"
	startURL   = "https://shop.example/start"
)

func shellURL(id string) string { return "http://shell--" + id + ".pages.test" }

func newRig(t *testing.T) *rig {
	r := &rig{t: t, dir: t.TempDir(), clock: &clock{at: time.Unix(1_700_000_000, 0)}, logs: new(bytes.Buffer)}
	r.start()
	if err := r.hub.Origins().Allow(t.Context(), "https://shop.example", false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.stop)
	return r
}

func (r *rig) Write(p []byte) (int, error) {
	r.logMu.Lock()
	defer r.logMu.Unlock()
	return r.logs.Write(p)
}

func (r *rig) start() {
	r.t.Helper()
	hub, err := Open(r.t.Context(), Config{
		Dir:     r.dir,
		Control: controlURL,
		Links: func(id string) (shell, view string) {
			return shellURL(id), "http://view--" + id + ".pages.test"
		},
		Logger: slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:    r.clock.now,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.hub = hub
	r.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if id, ok := strings.CutPrefix(req.Host, "shell--"); ok {
			s, _ := hub.Session(id[:idLen])
			if req.URL.Path == "/.tandem/shown" {
				s.Shown().ServeHTTP(w, req)
				return
			}
			s.Socket().ServeHTTP(w, req)
			return
		}
		hub.API().ServeHTTP(w, req)
	}))
}

func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := r.hub.Close(ctx); err != nil {
		r.t.Errorf("closing: %v", err)
	}
	r.srv.Close()
}

func (r *rig) restart() {
	r.stop()
	r.start()
}

func (r *rig) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, r.srv.Listener.Addr().String())
}

func (r *rig) create(mode Mode) Invitation {
	r.t.Helper()
	inv, err := r.hub.Create(r.t.Context(), Request{URL: startURL, Mode: mode, AgentName: "Ada", VisitorName: "Vera"})
	if err != nil {
		r.t.Fatal(err)
	}
	return inv
}

func (r *rig) session(inv Invitation) *Session {
	r.t.Helper()
	s, ok := r.hub.Session(inv.ID)
	if !ok {
		r.t.Fatal("the session is not known")
	}
	return s
}

// browser is somebody's browser on our control host.
type browser struct {
	*rig
	http.Client
}

func (r *rig) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	transport := &http.Transport{DialContext: r.dial}
	r.t.Cleanup(transport.CloseIdleConnections)
	return &browser{r, http.Client{Jar: jar, Transport: transport}}
}

// answer is a reply of the API.
type answer struct {
	status int
	joined
	entrance
	Error apiError `json:"error"`
}

func (b *browser) do(method, path, body string, header ...string) answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, controlURL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Origin", controlURL)
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	resp, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{status: resp.StatusCode}
	json.Unmarshal(text, &a) // what is not JSON is judged by its status
	return a
}

func (b *browser) post(path, body string) answer { b.t.Helper(); return b.do("POST", path, body) }

func secretOf(link string) string {
	_, secret, _ := strings.Cut(link, "#")
	return secret
}

func (b *browser) join(id, link string) answer {
	b.t.Helper()
	return b.post("/api/join", fmt.Sprintf(`{"session":%q,"secret":%q}`, id, secretOf(link)))
}

// accept is what the consent page does when its button is pressed.
func (b *browser) accept(id string) answer {
	b.t.Helper()
	terms := b.do("GET", "/api/sessions/"+id+"/visitor", "").Terms
	return b.post("/api/sessions/"+id+"/visitor/accept", fmt.Sprintf(`{"terms":%q,"words":"Ada invites you","language":"en"}`, terms))
}

// meet brings a session to where both could connect, and returns the browsers
// and the visitor's cookie on the shell host.
func (r *rig) meet(inv Invitation) (visitor, agent *browser, cookie string) {
	r.t.Helper()
	visitor, agent = r.browser(), r.browser()
	if a := agent.join(inv.ID, inv.AgentURL); a.status != 200 || a.Role != Agent {
		r.t.Fatalf("the agent joins: %+v", a)
	}
	if a := visitor.join(inv.ID, inv.VisitorURL); a.status != 200 || a.Role != Visitor {
		r.t.Fatalf("the visitor joins: %+v", a)
	}
	a := visitor.accept(inv.ID)
	if a.status != 200 {
		r.t.Fatalf("the visitor accepts: %+v", a)
	}
	u, err := url.Parse(a.Enter)
	if err != nil {
		r.t.Fatal(err)
	}
	cookie, err = r.session(inv).Redeem(a.Ticket, u.Host)
	if err != nil {
		r.t.Fatal(err)
	}
	return visitor, agent, cookie
}

// peer is a page at the other end of a socket.
type peer struct {
	t        *testing.T
	ws       *websocket.Conn
	stream   string
	received uint64
	sent     uint64
	welcome  welcomeMessage
	packer   *wire.Packer // nil when the peer does not pack
	unpacker *wire.Unpacker
}

func (r *rig) open(rawURL, origin string, header http.Header) (*websocket.Conn, *http.Response, error) {
	if origin != "" {
		header.Set("Origin", origin)
	}
	d := websocket.Dialer{NetDialContext: r.dial}
	ws, resp, err := d.DialContext(r.t.Context(), rawURL, header)
	if err == nil {
		r.t.Cleanup(func() { ws.Close() })
	}
	return ws, resp, err
}

func (r *rig) visitorSocket(id, cookie, origin string) (*websocket.Conn, *http.Response, error) {
	return r.open("ws"+strings.TrimPrefix(shellURL(id), "http")+"/.tandem/socket", origin,
		http.Header{"Cookie": {"decoy=1; participant=" + cookie}})
}

func (b *browser) agentSocket(id, origin string) (*websocket.Conn, *http.Response, error) {
	u, err := url.Parse(controlURL)
	if err != nil {
		b.t.Fatal(err)
	}
	header := http.Header{}
	for _, c := range b.Jar.Cookies(u) {
		header.Add("Cookie", c.String())
	}
	return b.open("ws"+strings.TrimPrefix(controlURL, "http")+"/api/sessions/"+id+"/agent/socket", origin, header)
}

func (r *rig) connectVisitor(id, cookie string, resume *peer) *peer {
	r.t.Helper()
	ws, _, err := r.visitorSocket(id, cookie, shellURL(id))
	return greet(r.t, ws, err, resume)
}

func (b *browser) connectAgent(id string, resume *peer) *peer {
	b.t.Helper()
	ws, _, err := b.agentSocket(id, controlURL)
	return greet(b.t, ws, err, resume)
}

// greet says hello and reads the welcome; with resume it goes on where that
// peer was.
func greet(t *testing.T, ws *websocket.Conn, err error, resume *peer) *peer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return greetAs(t, ws, resume, false)
}

// greetAs is greet by a peer that packs its frames, or not.
func greetAs(t *testing.T, ws *websocket.Conn, resume *peer, packed bool) *peer {
	t.Helper()
	p := &peer{t: t, ws: ws}
	if resume != nil {
		p.stream, p.received, p.sent = resume.stream, resume.received, resume.sent
	}
	p.write(fmt.Sprintf(`{"hello":{"stream":%q,"received":%d,"packed":%v}}`, p.stream, p.received, packed))
	var first struct{ Welcome *welcomeMessage }
	if err := json.Unmarshal(p.frame(), &first); err != nil || first.Welcome == nil {
		t.Fatalf("no welcome: %v", err)
	}
	p.welcome = *first.Welcome
	if !p.welcome.Resumed {
		p.received, p.sent = 0, 0
	}
	p.stream = p.welcome.Stream
	if p.welcome.Packed {
		p.packer, p.unpacker = wire.NewPacker(p.welcome.Received, p.received), wire.NewUnpacker(p.received, p.welcome.Received)
	}
	return p
}

func (p *peer) write(text string) {
	p.t.Helper()
	if err := p.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// send sends a message; type first, then fields as JSON.
func (p *peer) send(text string) {
	p.t.Helper()
	p.sent++
	if p.packer == nil {
		p.write(fmt.Sprintf("[%d,%d,%s]", p.sent, p.received, text))
		return
	}
	packed, err := p.packer.Pack(wire.Frame{Seq: p.sent, Ack: p.received, Text: []byte(text)}, deflate)
	if err == nil {
		err = p.ws.WriteMessage(websocket.BinaryMessage, packed)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) read() ([]byte, error) {
	p.ws.SetReadDeadline(time.Now().Add(5 * time.Second))
	kind, data, err := p.ws.ReadMessage()
	switch {
	case err != nil || kind == websocket.TextMessage:
		return data, err
	case p.unpacker == nil:
		return inflate(data, 64<<20)
	}
	f, err := p.unpacker.Unpack(data, 64<<20, inflate)
	return appendFrame(nil, f), err
}

func (p *peer) frame() []byte {
	p.t.Helper()
	text, err := p.read()
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// next returns the next message, whatever its kind, with its type.
func (p *peer) next() (kind string, text []byte) {
	p.t.Helper()
	for {
		f, err := splitFrame(p.frame())
		if err != nil {
			p.t.Fatal(err)
		}
		seq, text := f.Seq, f.Text
		if text == nil || seq > 0 && seq <= p.received {
			continue
		}
		if seq > p.received+1 {
			p.t.Fatalf("message %d follows %d", seq, p.received)
		}
		p.received = max(p.received, seq)
		var head struct{ Type string }
		if err := json.Unmarshal(text, &head); err != nil {
			p.t.Fatal(err)
		}
		return head.Type, text
	}
}

// expect reads until a message of that kind comes and returns it. Presence and
// the like may come in between.
func (p *peer) expect(kind string) string {
	p.t.Helper()
	for {
		got, text := p.next()
		if got == kind {
			return string(text)
		}
		switch got {
		case "people", "leader", "tabs", "state", "view", "beat", "invitation":
		default:
			p.t.Fatalf("got %s while waiting for %s", text, kind)
		}
	}
}

// expectText is expect for the whole message.
func (p *peer) expectText(want string) {
	p.t.Helper()
	var head struct{ Type string }
	if err := json.Unmarshal([]byte(want), &head); err != nil {
		p.t.Fatal(err)
	}
	if got := p.expect(head.Type); !sameJSON([]byte(got), []byte(want)) {
		p.t.Fatalf("got %s, want %s", got, want)
	}
}

// expectClose reads until the socket closes and checks the code.
func (p *peer) expectClose(want int) {
	p.t.Helper()
	for {
		_, err := p.read()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, want) {
			p.t.Fatalf("closed with %v, want %d", err, want)
		}
		p.ws.Close()
		return
	}
}

// drop breaks the connection as a failing network does.
func (p *peer) drop() { p.ws.UnderlyingConn().Close() }

// until waits for what another goroutine does.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// snapshot is a page with one link, node 3, its text, 4, and a password field, 5.
const snapshot = `[[0,1,"standards",["html",0,["body",0,["a",["href","/x"],"Go"],["input",["type","password"]]]]]]`

// show makes the visitor show a page as document 1 in tab 1.
func (p *peer) show() {
	p.t.Helper()
	p.send(`{"type":"tab","tab":1,"url":"https://shop.example/start","title":"Shop"}`)
	p.send(`{"type":"doc","doc":1,"tab":1,"url":"https://shop.example/start"}`)
	p.send(`{"type":"ops","doc":1,"ops":` + snapshot + `}`)
}
