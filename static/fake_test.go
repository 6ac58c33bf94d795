package static

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const fakeSession = "abcdefghijkl"

// fake stands in for the server behind our pages: the API as its answers are set, a link that speaks the frames,
// a small site that hands its port to the shell, and a renderer that writes down what it is told.
type fake struct {
	t       *testing.T
	addr    string
	control string
	content Content

	mu       sync.Mutex
	answers  map[string]answer // by method and path
	calls    []string          // method, path, body
	ticket   string            // as posted to the shell host
	welcome  map[string]any
	conn     *websocket.Conn
	seq      int
	received int
	got      chan map[string]any // messages of the page, in order
	refuse   bool                // answer no more sockets
	over     bool                // the session has ended
	hellos   []map[string]any
	news     chan struct{} // closed when https://news.example may answer; nil is at once
}

type answer struct {
	status int
	body   string
}

func newFake(t *testing.T) *fake {
	f := &fake{t: t, answers: map[string]answer{}, got: make(chan map[string]any, 1000)}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		if c := f.socket(); c != nil {
			c.Close()
		}
	})
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	f.addr = server.Listener.Addr().String()
	f.control = "http://tandem.localhost:" + port
	f.content = Content{Scheme: "http", Host: "tandem-pages.localhost:" + port}
	return f
}

func (f *fake) data() Data {
	return Data{Session: fakeSession, Control: f.control, Content: f.content, Around: f.control}
}

func (f *fake) answer(call string, status int, body string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[call] = answer{status, body}
}

func (f *fake) joined(role, state, mode string) string {
	return fmt.Sprintf(`{"session":%q,"role":%q,"state":%q,"mode":%q,"rights":["point","draw","scroll","navigate","tabs","click","fill","upload"],"url":"https://shop.example/","origin":"https://shop.example",
		"agent":"Ada","visitor":"Ben","masked":["passwords","cards","codes"],"treated":["mask","private","protect"],"terms":"t3rms","expires_at":"2031-01-02T15:04:05Z"}`,
		fakeSession, role, state, mode)
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	label, _, isContent := strings.Cut(r.Host, ".tandem-pages.localhost")
	switch {
	case strings.HasPrefix(r.URL.Path, Prefix):
		Handler().ServeHTTP(w, r)
	case !isContent:
		f.serveControl(w, r)
	case label == "shell--"+fakeSession:
		f.serveShell(w, r)
	case label == "view--"+fakeSession:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, fakeRenderer)
	default:
		if f.news != nil && strings.HasPrefix(label, "news-example--") {
			select {
			case <-f.news:
			case <-r.Context().Done():
				return
			}
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, fakeSite)
	}
}

// greeted is how many sockets a page of ours has opened and spoken on.
func (f *fake) greeted() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.hellos)
}

func (f *fake) serveControl(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/":
		Page(w, r, "code", f.data())
	case strings.HasPrefix(r.URL.Path, "/j/"):
		Page(w, r, "consent", f.data())
	case r.URL.Path == "/console":
		Page(w, r, "overview", f.data())
	case strings.HasPrefix(r.URL.Path, "/a/"):
		Page(w, r, "console", f.data())
	case r.URL.Path == "/problem":
		WriteProblem(w, r, Problem{Status: 403, Code: "origin_not_allowed", Title: "problem.origin_not_allowed.title", Detail: "problem.origin_not_allowed.detail",
			Words: Words{"origin": "https://bank.example"}, Back: true})
	case strings.HasSuffix(r.URL.Path, "/socket"):
		f.serveSocket(w, r)
	case r.URL.Path == "/healthz":
		w.WriteHeader(204)
	default:
		f.serveAPI(w, r)
	}
}

func (f *fake) serveAPI(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.calls = append(f.calls, r.Method+" "+r.URL.Path+" "+string(body))
	a, ok := f.answers[r.Method+" "+r.URL.Path]
	f.mu.Unlock()
	if !ok {
		a = answer{404, `{"error":{"code":"not_found","message":"There is no such session."}}`}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	io.WriteString(w, a.body)
}

func (f *fake) serveShell(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/.tandem/enter":
		f.mu.Lock()
		f.ticket = r.FormValue("ticket") + " from " + r.Header.Get("Origin")
		f.mu.Unlock()
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case "/.tandem/socket":
		f.serveSocket(w, r)
	default:
		f.mu.Lock()
		over := f.over
		f.mu.Unlock()
		if over {
			WriteProblem(w, r, Problem{Status: 410, Title: "problem.session_ended.title", Detail: "problem.session_ended.detail"})
			return
		}
		Page(w, r, "shell", f.data())
	}
}

func (f *fake) serveSocket(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	refuse := f.refuse
	f.mu.Unlock()
	if refuse {
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	conn, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	var hello struct {
		Hello struct {
			Stream   string
			Received int
		}
	}
	if conn.ReadJSON(&hello) != nil {
		return
	}
	f.mu.Lock()
	f.conn = conn
	f.hellos = append(f.hellos, map[string]any{"stream": hello.Hello.Stream, "received": hello.Hello.Received})
	resumed := hello.Hello.Stream == "s1" && hello.Hello.Received <= f.seq
	if !resumed {
		f.seq, f.received = 0, 0
	}
	state := map[string]any{"stream": "s1", "received": f.received, "resumed": resumed}
	for k, v := range f.welcome {
		state[k] = v
	}
	conn.WriteJSON(map[string]any{"welcome": state})
	f.mu.Unlock()
	f.readAll(conn)
}

func (f *fake) readAll(conn *websocket.Conn) {
	for {
		kind, text, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.BinaryMessage {
			text, _ = io.ReadAll(flate.NewReader(bytes.NewReader(text)))
		}
		var frame []json.RawMessage
		if err := json.Unmarshal(text, &frame); err != nil || len(frame) < 2 {
			f.t.Errorf("frame %q: %v", text, err)
			return
		}
		var seq int
		json.Unmarshal(frame[0], &seq)
		if len(frame) < 3 {
			continue
		}
		f.mu.Lock()
		duplicate := seq > 0 && seq <= f.received
		if seq > 0 && seq > f.received+1 {
			f.t.Errorf("got message %d after %d", seq, f.received)
		}
		f.received = max(f.received, seq)
		conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "[0,%d]", f.received))
		f.mu.Unlock()
		if duplicate {
			continue
		}
		var m map[string]any
		if err := json.Unmarshal(frame[2], &m); err != nil {
			f.t.Errorf("message %q: %v", frame[2], err)
			return
		}
		m["binary"] = kind == websocket.BinaryMessage
		f.got <- m
	}
}

func (f *fake) socket() *websocket.Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conn
}

// send sends a message to the page.
func (f *fake) send(message string) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	if err := f.conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "[%d,%d,%s]", f.seq, f.received, message)); err != nil {
		f.t.Fatal(err)
	}
}

// deflated sends a message in a binary frame.
func (f *fake) deflated(message string) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestSpeed)
	fmt.Fprintf(w, "[%d,%d,%s]", f.seq, f.received, message)
	w.Close()
	if err := f.conn.WriteMessage(websocket.BinaryMessage, out.Bytes()); err != nil {
		f.t.Fatal(err)
	}
}

// want returns the next message of a kind; others before it are dropped.
func (f *fake) want(kind string) map[string]any {
	f.t.Helper()
	late := time.After(patience)
	for {
		select {
		case m := <-f.got:
			if m["type"] == kind {
				return m
			}
		case <-late:
			f.t.Fatalf("the page sent no %q", kind)
		}
	}
}

// fakeSite is a page with the part of the sync script that talks to the shell.
const fakeSite = `<!doctype html><title>Shop</title>
<style>body{font:16px system-ui;margin:0;background:#fff;color:#222}header{background:#0b3d2e;color:#fff;padding:18px 32px;font-size:22px}
main{padding:24px 32px;display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:16px}
article{border:1px solid #ddd;border-radius:8px;padding:16px}article i{display:block;height:90px;background:#e8efe9;border-radius:6px;margin-bottom:10px}</style>
<header>Fern &amp; Field</header><main id=main></main>
<script>
for (const n of ['Trowel','Watering can','Seed mix','Gloves','Pruner','Twine','Clay pot','Dibber']) {
  const a = document.createElement('article'); a.append(document.createElement('i'), n); main.append(a);
}
const site = location.hostname.startsWith('news') ? 'https://news.example' : 'https://shop.example';
window.told = [];
const {port1, port2} = new MessageChannel();
window.port = port1;
port1.onmessage = ({data}) => {
  told.push(data);
  if (data.type === 'start') {
    document.documentElement.dataset.doc = data.doc;
    port1.postMessage({type:'ops', ops: '[[0,1,"standards",["html",0,["body",0,"hi"]]]]'});
    port1.postMessage({type:'page', url: site + location.pathname + location.search, title: document.title, icon: ''});
    port1.postMessage({type:'hidden', hidden: [{x:20, y:90, width:280, height:60}, {x:20, y:170, width:200, height:24}], shown: [], whole: false});
    port1.postMessage({type:'view', width: innerWidth, height: innerHeight, dpr: 1});
  }
  if (data.type === 'start' && location.hash === '#thief') for (const m of [{type:'open', id:'w2', name:'help', features:''}, {type:'close', id:'w1'}]) port1.postMessage(m);
  if (data.type === 'snapshot') port1.postMessage({type:'ops', ops: JSON.stringify([[0,1,'standards',['html',0,'x'.repeat(3000)]]])});
  if (data.type === 'locate') port1.postMessage({type:'located', id: data.id, x: 100 + 50*data.fx, y: 120 + 10*data.fy});
  if (data.type === 'input') port1.postMessage({type:'done', n: data.n, ok: true});
};
top.postMessage({tandem:'hello', url: site + location.pathname, main: parent === top}, '*', [port2]);
</script>`

// fakeRenderer keeps what the console tells it.
const fakeRenderer = `<!doctype html><title>Renderer</title><style>body{margin:0;font:16px system-ui;background:#fff;color:#222}header{background:#0b3d2e;color:#fff;padding:18px 32px;font-size:22px}</style>
<header>Fern &amp; Field</header><p style="padding:0 32px">The visitor’s page</p>
<script>
window.told = [];
addEventListener('message', ({data, ports, origin}) => {
  if (data.tandem !== 'connect') return;
  window.key = data.key;
  window.port = ports[0];
  ports[0].onmessage = e => told.push(e.data);
});
</script>`
