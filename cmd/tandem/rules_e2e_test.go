package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"tandem/session"
)

// Rules that browsers keep by what a site says: each page below is opened as it
// is and in a session, and what came of it has to be the same.

// ruled is a site whose pages note in self.results what they could do.
type ruled struct {
	site, other *target

	mu    sync.Mutex
	heard []string // requests that count: method, path, and what the page cannot see
}

type rulePage struct {
	header header
	html   string
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// scriptOf is a script that rewriting changes.
const scriptOf = "self.loaded = location.pathname"

// inlineOf is an inline script that rewriting changes.
const inlineOf = `self.results.byHash = location.pathname`

var rulePages = map[string]rulePage{
	// Nothing is allowed but scripts with the page's nonce.
	"/strict": {header{"Content-Security-Policy": "default-src 'none'; script-src 'nonce-x'; report-uri /report"}, `
<p id=p>strict</p><script nonce=x>RESULTS</script><script>self.results.bad = 'ran'</script>
<script nonce=x>results.nonce = [document.currentScript.nonce, location.pathname, document.querySelectorAll('script').length]</script>
<p onclick="results.handler = 'ran'" id=h></p><img src="/pixel.png" onerror="results.attr = 'ran'">
<script nonce=x>
h.click();
try { eval('1'); results.eval = 'ran' } catch (e) { results.eval = e.name }
try { results.fn = new Function('return location.href')() } catch (e) { results.fn = e.name }
const frame = document.body.appendChild(document.createElement('iframe'));
results.frame = frame.contentWindow.location.href;
wait(fetch('/x').then(r => 'got', e => e.name).then(v => results.fetch = v));
wait(new Promise(done => { const i = new Image; i.onload = i.onerror = e => done(results.image = e.type); i.src = '/pixel.png' }));
wait(new Promise(done => { const l = document.createElement('link'); l.rel = 'stylesheet'; l.onload = l.onerror = e => done(results.sheet = e.type); l.href = 'OTHER/s.css'; document.head.append(l) }));
wait(new Promise(done => { const s = document.createElement('script'); s.onload = s.onerror = e => done(results.script = e.type); s.src = '/s.js'; document.head.append(s) }));
</script>`},
	// Hosts, hashes, inline style, and several policies.
	"/hosts": {header{"Content-Security-Policy": "script-src 'self' OTHER HASH 'nonce-x'; img-src OTHER/pixel.png; connect-src OTHER; style-src 'unsafe-inline', font-src 'none'"}, `
<script nonce=x>RESULTS</script><script>INLINE</script><script>results.other = 'ran'</script>
<style>p { color: rgb(1, 2, 3); background: url(OTHER/pixel.png) }</style><p id=p style="top: 1px">hosts</p>
<script nonce=x>
results.style = [getComputedStyle(p).color, p.style.top];
const load = (name, url, tag = 'img', to = 'src') => wait(new Promise(done => {
  const e = document.createElement(tag); e.onload = e.onerror = ev => done(results[name] = ev.type); e[to] = url; document.head.append(e) }));
load('imgOther', 'OTHER/pixel.png'); load('imgOtherPath', 'OTHER/pixel2.png'); load('imgSelf', '/pixel.png');
load('scriptSelf', '/s.js', 'script'); load('scriptOther', 'OTHER/s.js', 'script'); load('scriptThird', 'THIRD/s.js', 'script');
wait(fetch('OTHER/cors').then(r => r.status, e => e.name).then(v => results.fetchOther = v));
wait(fetch('/x').then(r => r.status, e => e.name).then(v => results.fetchSelf = v));
wait(import('/m.js').then(m => results.module = m.ok, e => results.module = e.name));
</script>`},
	// 'strict-dynamic': what an allowed script loads is allowed.
	"/dynamic": {header{"Content-Security-Policy": "script-src 'nonce-x' 'strict-dynamic' 'unsafe-eval'; base-uri 'none'; form-action 'none'"}, `
<script nonce=x>RESULTS</script><base href="OTHER/"><script src="/s.js"></script>
<body><script nonce=x>
results.base = document.baseURI.split('/').pop(); results.eval = eval('location.pathname');
wait(new Promise(done => { const s = document.createElement('script'); s.onload = s.onerror = e => done(results.script = e.type); s.src = 'OTHER/s.js'; document.head.append(s) }));
const form = document.body.appendChild(document.createElement('form')); form.action = '/x'; addEventListener('load', () => form.submit());
</script>`},
	// A policy in a meta element, and one that a script adds.
	"/meta": {header{}, `
<script>RESULTS</script><meta http-equiv="Content-Security-Policy" content="img-src OTHER; script-src 'self' 'unsafe-inline'">
<script>
results.content = document.querySelector('meta').content;
const load = (name, url, tag = 'img', to = 'src') => wait(new Promise(done => {
  const e = document.createElement(tag); e.onload = e.onerror = ev => done(results[name] = ev.type); e[to] = url; document.head.append(e) }));
load('imgOther', 'OTHER/pixel.png'); load('imgSelf', '/pixel.png');
try { eval('1'); results.eval = 'ran' } catch (e) { results.eval = e.name }
const meta = document.createElement('meta'); meta.httpEquiv = 'Content-Security-Policy'; meta.content = "connect-src OTHER";
document.head.append(meta);
results.added = [meta.content, meta.outerHTML.includes('tandem')];
wait(fetch('OTHER/cors').then(r => r.status, e => e.name).then(v => results.fetchOther = v));
wait(fetch('/x').then(r => r.status, e => e.name).then(v => results.fetchSelf = v));
</script>`},
	// Policies are inherited by srcdoc and by workers made of blobs; a worker has its own.
	"/inherit": {header{"Content-Security-Policy": "default-src 'self' 'nonce-x' blob:; connect-src 'self'"}, `
<script nonce=x>RESULTS; self.told = {}; addEventListener('message', e => told[e.data[0]]?.(results[e.data[0]] = e.data[1]))</script>
<body><script nonce=x>
const tell = name => wait(new Promise(done => told[name] = done));
tell('srcdoc'); tell('blob'); tell('worker');
const frame = document.createElement('iframe');
frame.srcdoc = "<script>parent.postMessage(['srcdoc', 'bad'], '*')</" + "script><script nonce=x>parent.postMessage(['srcdoc', location.href], '*')</" + "script>";
document.body.append(frame);
const source = name => "fetch('/x').then(r => r.status, e => e.name).then(a => fetch('OTHER/cors').then(r => r.status, e => e.name).then(b => postMessage(['" + name + "', a + ' ' + b])))";
const relay = w => w.onmessage = e => postMessage(e.data, '*');
relay(new Worker(URL.createObjectURL(new Blob([source('blob').replace("'/x'", "'SELF/x'")]))));
relay(new Worker('/worker.js'));
</script>`},
	// Subresource integrity, of scripts that rewriting changes and of style sheets.
	"/integrity": {header{}, `
<script>RESULTS; const note = (name, e) => wait(Promise.resolve(results[name] = e.type))</script>
<script src="/s.js?1" integrity="sha256-x INTEGRITY" onload="note('good', event)" onerror="note('good', event)"></script>
<script src="/s.js?2" integrity="sha256-x" onload="note('bad', event)" onerror="note('bad', event)"></script>
<script src="OTHER/s.js?3" integrity="INTEGRITY" onload="note('opaque', event)" onerror="note('opaque', event)"></script>
<script src="/s.js?4" integrity="md5-x" onload="note('unknown', event)" onerror="note('unknown', event)"></script>
<link rel=stylesheet href="/s.css" integrity="sha384-x" onload="note('sheet', event)" onerror="note('sheet', event)">
<script>results.read = [...document.querySelectorAll('script[src], link[rel=stylesheet]')].map(e => e.integrity)</script>`},
	// Only told about.
	"/reported": {header{"Content-Security-Policy-Report-Only": "img-src 'none'; report-uri /report"}, `
<script>RESULTS</script><script>
wait(new Promise(done => { const i = new Image; i.onload = i.onerror = e => done(results.image = e.type); i.src = '/pixel.png' }));
</script>`},
	// No scripts at all.
	"/sandbox": {header{"Content-Security-Policy": "sandbox"}, `<p id=p>sandboxed</p><script>p.textContent = 'ran'</script>`},
}

// resultsScript is in every page: what it notes, and the violations of policies.
const resultsScript = `self.results = {violations: []}; self.waits = []; self.wait = p => waits.push(p);
addEventListener('securitypolicyviolation', e => e.blockedURI.endsWith('favicon.ico') || e.blockedURI === 'data' || results.violations.push(
  [e.effectiveDirective, e.violatedDirective, e.blockedURI, e.documentURI, e.disposition, e.originalPolicy.replace(/report-uri.*/, ''), e.sample].join(' ')));
addEventListener('load', () => Promise.all(waits).then(() => setTimeout(() => { results.violations.sort(); self.ready = JSON.stringify(results) }, 50)));`

func newRuled(t *testing.T) *ruled {
	r := &ruled{site: newTarget(t), other: newTarget(t)}
	r.site.on(r.serve)
	r.other.on(r.serve)
	return r
}

func (r *ruled) text(s string) string {
	return strings.NewReplacer("RESULTS", resultsScript, "OTHER", r.other.URL, "SELF", r.site.URL, "THIRD", strings.Replace(r.other.URL, "127.0.0.1", "localhost", 1),
		"INLINE", inlineOf, "INTEGRITY", strings.Trim(hashOf(scriptOf), "'"), "HASH", hashOf(inlineOf)).Replace(s)
}

func (r *ruled) serve(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if p, ok := rulePages[req.URL.Path]; ok {
		for name, value := range p.header {
			w.Header().Set(name, r.text(value))
		}
		page(w, "<head><title>rules</title><link rel=icon href=data:,>"+r.text(p.html))
		return
	}
	switch req.URL.Path {
	case "/s.js":
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, scriptOf)
	case "/s.css":
		w.Header().Set("Content-Type", "text/css")
		io.WriteString(w, "p { color: red }")
	case "/m.js":
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, "export const ok = new URL(import.meta.url).pathname")
	case "/worker.js":
		w.Header().Set("Content-Type", "text/javascript")
		w.Header().Set("Content-Security-Policy", r.text("connect-src OTHER"))
		io.WriteString(w, r.text("fetch('/x').then(r => r.status, e => e.name).then(a => fetch('OTHER/cors').then(r => r.status, e => e.name).then(b => postMessage(['worker', a + ' ' + b])))"))
	case "/cors":
		w.Header().Set("Access-Control-Allow-Origin", "*")
	case "/pixel.png", "/pixel2.png":
		w.Header().Set("Content-Type", "image/gif")
		w.Write(pixel)
	case "/report":
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.heard = append(r.heard, string(body))
	}
}

// reports are the violations the site was told about since the last call.
func (r *ruled) reports(t *testing.T, n int) (got []string) {
	t.Helper()
	if polls(func(ok any) error {
		got = r.distinct(t)
		*ok.(*bool) = len(got) >= n
		return nil
	}) != nil {
		t.Errorf("reports of violations: %q, want %d", got, n)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = nil
	return got
}

func (r *ruled) distinct(t *testing.T) (got []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, text := range r.heard {
		var report map[string]map[string]any
		if err := json.Unmarshal([]byte(text), &report); err != nil {
			t.Errorf("report %q: %v", text, err)
		}
		body := report["csp-report"]
		policy, _, _ := strings.Cut(fmt.Sprint(body["original-policy"]), "report-uri") // Firefox resolves its addresses
		blocked := fmt.Sprint(body["blocked-uri"])
		if !strings.HasSuffix(blocked, "favicon.ico") && blocked != "data" {
			got = append(got, fmt.Sprint(body["document-uri"], " ", blocked, " ", body["effective-directive"], " ", policy))
		}
	}
	slices.Sort(got)
	return slices.Compact(got)
}

func TestScenario35RulesOfSitesAreKept(t *testing.T) {
	inBrowsers(t, func(t *testing.T, e engine) {
		r, b := newRuled(t), newBattle(t)
		b.allow(r.site.URL)
		b.allow(r.other.URL)
		invited := b.invite(r.site.URL+"/strict", session.Shared)
		direct := e.open(t, "direct", r.site.URL+"/strict", 900, 700)
		proxied := e.open(t, "proxied", invited.VisitorURL, 900, 700)
		proxied.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
		proxied.click(top, "[data-tandem=accept]")
		for _, path := range []string{"/strict", "/hosts", "/dynamic", "/meta", "/inherit", "/integrity", "/reported"} {
			t.Run(path[1:], func(t *testing.T) {
				at := `location.pathname === ` + quote(path) + ` && self.ready`
				if path != "/strict" {
					direct.navigate(r.site.URL + path)
				}
				direct.wait(top, at)
				var want, got any
				var text string
				direct.eval(top, `self.ready`, &text)
				json.Unmarshal([]byte(text), &want)
				told := []string(nil)
				if path == "/strict" || path == "/reported" {
					told = r.reports(t, map[string]int{"/strict": 7, "/reported": 1}[path])
				}
				if path != "/strict" {
					proxied.eval(content, `void (location.href = `+quote(path)+`)`, nil)
				}
				proxied.wait(content, at)
				proxied.eval(content, `self.ready`, &text)
				json.Unmarshal([]byte(text), &got)
				wantText, _ := json.MarshalIndent(want, "", " ")
				gotText, _ := json.MarshalIndent(got, "", " ")
				if string(gotText) != string(wantText) {
					t.Errorf("direct:\n%s\nproxied:\n%s", wantText, gotText)
				}
				if told != nil {
					if again := r.reports(t, len(told)); !slices.Equal(again, told) {
						t.Errorf("reports\n direct %q\nproxied %q", told, again)
					}
				}
			})
		}
		t.Run("sandbox", func(t *testing.T) {
			proxied.eval(content, `void (location.href = '/sandbox')`, nil)
			agent := e.open(t, "agent", invited.AgentURL, 900, 700)
			agent.wait(mirror, `document.getElementById('p')?.textContent === 'sandboxed'`)
		})
	})
}

// TestFramesLeadTheTab: what a payment page in a frame does to the page around it.
func TestFramesLeadTheTab(t *testing.T) {
	inBrowsers(t, func(t *testing.T, e engine) {
		shop, bank := newTarget(t), newTarget(t)
		var mu sync.Mutex
		var posted []string
		shop.on(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			posted = append(posted, r.Method+" "+r.URL.Path+" "+string(body)+" "+r.Header.Get("Sec-Fetch-Dest"))
			mu.Unlock()
			page(w, `<p>`+r.URL.Path+`</p><iframe src="`+bank.URL+`/pay"></iframe>`)
		})
		bank.on(func(w http.ResponseWriter, r *http.Request) {
			page(w, `<form method=post target=_top action="`+shop.URL+`/paid?x"><input type=hidden name=card value="1 2"><button>pay</button></form>
				<a href="`+shop.URL+`/parent" target=_parent>back</a><p onclick="top.location.replace('`+shop.URL+`/replaced')">away</p><i onclick="top.location = '`+shop.URL+`/unasked'"></i>
				<iframe sandbox="allow-scripts" srcdoc="<p onclick=&quot;top.location = '`+shop.URL+`/escaped'&quot;>no</p>"></iframe>`)
		})
		b := newBattle(t)
		b.allow(shop.URL)
		b.allow(bank.URL)
		w := e.open(t, "visitor", b.invite(shop.URL+"/cart", session.Shared).VisitorURL, 900, 700)
		w.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
		w.click(top, "[data-tandem=accept]")
		pay := within("/pay")
		at := func(path string) {
			t.Helper()
			w.wait(content, `location.pathname === `+quote(path)+` && document.readyState === 'complete'`)
		}
		at("/cart")
		w.wait(pay, `document.readyState === 'complete'`)
		w.eval(pay, `document.querySelector('i').click()`, nil) // without a press of somebody no browser lets it
		w.click(pay, "button")
		at("/paid")
		w.click(pay, "a")
		at("/parent")
		w.wait(pay, `document.readyState === 'complete'`)
		w.eval(within("srcdoc"), `document.querySelector('p').click()`, nil) // its sandbox forbids it
		w.click(pay, "p")
		at("/replaced")
		mu.Lock()
		defer mu.Unlock()
		if want := []string{"GET /cart  document", "POST /paid card=1+2 document", "GET /parent  document", "GET /replaced  document"}; !slices.Equal(posted, want) {
			t.Errorf("the shop was asked %q, want %q", posted, want)
		}
	})
}

// What leaves a page by other ways than links brings along what it would: a form
// that posts in a new tab its data, the first WebSocket or EventSource to a host
// its cookies.
func TestPagesReachTabsAndSockets(t *testing.T) {
	inBrowsers(t, func(t *testing.T, e engine) {
		shop := newTarget(t)
		_, port, _ := strings.Cut(strings.TrimPrefix(shop.URL, "http://"), ":")
		www, live, feed := "http://www.shop.localhost:"+port, "http://live.shop.localhost:"+port, "http://feed.shop.localhost:"+port
		var posted sync.Map // what a form held, by path
		shop.on(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/socket":
				upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
				conn, err := upgrader.Upgrade(w, r, nil)
				if err != nil {
					return
				}
				defer conn.Close()
				_ = conn.WriteMessage(websocket.TextMessage, []byte(r.RequestURI+" "+r.Header.Get("Origin")+" "+r.Header.Get("Cookie")))
				_, _, _ = conn.ReadMessage()
			case "/events":
				w.Header().Set("Content-Type", "text/event-stream")
				w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
				w.Header().Set("Access-Control-Allow-Credentials", "true")
				fmt.Fprintf(w, "retry: 10\ndata: %s %s\n\n", r.RequestURI, r.Header.Get("Cookie"))
			case "/plain", "/files", "/text":
				text, _ := io.ReadAll(r.Body)
				kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
				said := strings.ReplaceAll(strings.ReplaceAll(string(text), "--"+params["boundary"], "--B"), "\r\n", "|")
				posted.Store(r.URL.Path, strings.Join([]string{r.Method, kind, said, r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Dest"), r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Cookie")}, " "))
				page(w, "<title>"+r.URL.Path+"</title>")
			default:
				http.SetCookie(w, &http.Cookie{Name: "basket", Value: "1", Domain: "shop.localhost"})
				page(w, `<title>shop</title><form method=post target=_blank action="`+live+`/plain"><input name=a value="ü&amp;b"><button name=by value=hand>1</button></form>
					<form method=post target=_blank action="/text" enctype=text/plain><input name=a value=b></form>
					<form method=post target=_blank action="/files" enctype=multipart/form-data><input name=f type=file></form>
					<script>const s = new WebSocket('ws`+strings.TrimPrefix(live, "http")+`/socket?a=b'); self.at = s.url; s.onmessage = (e) => { self.heard = e.data };
					const f = new EventSource('`+feed+`/events?a=b', {withCredentials: true}), told = []; f.onmessage = (e) => { if (told.push(e.data) === 2) { f.close(); setTimeout(() => { self.told = told.concat(f.url, performance.getEntries().some((e) => e.name.includes('ticket'))) }, 100) } };
					const list = new DataTransfer(); list.items.add(new File(['of the file'], 'x.txt', {type: 'text/plain'})); document.forms[2].f.files = list.files;
					self.send = (i) => document.forms[i].requestSubmit()</script>`)
			}
		})
		b := newBattle(t)
		b.allow(www)
		b.allow(live)
		b.allow(feed)
		w := b.visitIn(e, b.invite(www+"/", session.Shared))
		w.wait(content, "self.heard")
		var said []string
		if err := w.eval(content, "[self.heard, self.at]", &said); err != nil || !slices.Equal(said, []string{"/socket?a=b " + www + " basket=1", "ws" + strings.TrimPrefix(live, "http") + "/socket?a=b"}) {
			t.Errorf("the WebSocket said %q, %v", said, err)
		}
		w.wait(content, "self.told")
		if err := w.eval(content, "self.told.map(String)", &said); err != nil || !slices.Equal(said, []string{"/events?a=b basket=1", "/events?a=b basket=1", feed + "/events?a=b", "false"}) {
			t.Errorf("the EventSource said %q, %v", said, err)
		}
		page := within("www-shop-localhost")
		w.click(page, "button")
		if err := w.eval(page, "self.send(1), self.send(2)", nil); err != nil {
			t.Error(err)
		}
		for path, want := range map[string]string{
			"/plain": "POST application/x-www-form-urlencoded a=%C3%BC%26b&by=hand " + www + " document same-site basket=1",
			"/text":  "POST text/plain a=b| " + www + " document same-origin basket=1",
			"/files": `POST multipart/form-data --B|Content-Disposition: form-data; name="f"; filename="x.txt"|Content-Type: text/plain||of the file|--B--| ` + www + " document same-origin basket=1",
		} {
			patiently(t, path+" is posted", func() bool { return has(&posted, path) })
			if got, _ := posted.Load(path); got != want {
				t.Errorf("%s was sent\n %q, want\n %q", path, got, want)
			}
		}
	})
}
