package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"tandem/session"
)

// hostileHost is a page that uses the natives of a clean frame against the hosts
// it is shown under.
const hostileHost = `<title>host</title><body><script>(async () => {
const out = {}, blank = document.createElement('iframe'); document.body.append(blank);
const clean = blank.contentWindow, content = 'CONTENT'.replace(/:.*/, '');
const native = (type, name) => Object.getOwnPropertyDescriptor(clean[type].prototype, name);
const cookie = (line) => native('Document', 'cookie').set.call(document, line);
const asked = async (url) => { try { return await (await fetch(url, {credentials: 'include'})).text(); } catch (e) { return 'failed: ' + e; } };
cookie('evil=1; path=/; domain=' + content);
cookie('account=stolen; path=/; domain=' + content);
out.cookies = await asked('/cookies');
out.cookiesOther = await asked('OTHER/cookies');
const other = document.createElement('iframe'); other.src = 'OTHER/domain';
await new Promise((done) => { other.onload = done; document.body.append(other); });
try { native('Document', 'domain').set.call(document, content); } catch (e) {}
try { document.domain = content; } catch (e) {}
try { out.domain = native('HTMLIFrameElement', 'contentDocument').get.call(other) ? 'readable' : 'refused'; } catch (e) { out.domain = 'refused'; }
const refused = (promise) => Promise.race([promise.then(() => 'granted', () => 'refused'), new Promise((done) => setTimeout(done, 3000, 'asked'))]);
const call = (run) => { try { return refused(Promise.resolve(run())); } catch (e) { return 'refused'; } };
for (const [where, n] of [['', navigator], [' of a clean frame', clean.navigator]]) {
  out['position' + where] = await call(() => new Promise((yes, no) => n.geolocation.getCurrentPosition(yes, no)));
  out['camera' + where] = await call(() => n.mediaDevices.getUserMedia({video: true}));
  out['screen' + where] = await call(() => n.mediaDevices.getDisplayMedia());
  out['passkey' + where] = await call(() => n.credentials.create({publicKey: {challenge: new Uint8Array(16), rp: {name: 'x'}, user: {id: new Uint8Array(8), name: 'x', displayName: 'x'}, pubKeyCredParams: [{type: 'public-key', alg: -7}]}}));
  out['midi' + where] = await call(() => n.requestMIDIAccess());
  out['usb' + where] = await call(() => n.usb.requestDevice({filters: []}));
}
out.notifications = await call(async () => { if (await clean.Notification.requestPermission() !== 'granted') throw 0; });
for (let i = 0; i < 700; i++) cookie('c' + i + '=' + 'x'.repeat(40) + '; path=/');
await fetch('/results', {method: 'POST', body: JSON.stringify(out)});
location.href = '/after';
})().catch((e) => fetch('/results', {method: 'POST', body: JSON.stringify({failed: String(e)})}))</script>`

// TestHostileHost has a page turn on what belongs to its host, or to the domain
// of all content hosts: cookies, document.domain, powerful features.
func TestHostileHost(t *testing.T) {
	b := newBattle(t)
	other := newTarget(t)
	at := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	b.allow(at)
	var results atomic.Pointer[string]
	answer := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/results":
			text, _ := io.ReadAll(r.Body)
			s := string(text)
			results.CompareAndSwap(nil, &s)
		case "/cookies":
			w.Header().Set("Access-Control-Allow-Origin", b.site.URL)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			io.WriteString(w, r.Header.Get("Cookie"))
		case "/domain":
			page(w, `<script>try { document.domain = '`+b.Content+`'.replace(/:.*/, '') } catch (e) {}</script>`)
		case "/after":
			page(w, `<title>after</title><p>still here`)
		default:
			http.SetCookie(w, &http.Cookie{Name: "account", Value: "mine", Path: "/"})
			page(w, strings.NewReplacer("CONTENT", b.Content, "OTHER", at).Replace(hostileHost))
		}
	}
	b.site.on(answer)
	other.on(answer)
	visitor := b.visit(b.invite(b.site.URL+"/", session.Shared))
	patiently(t, "the page has tried everything", func() bool { return results.Load() != nil })
	var out map[string]string
	if err := json.Unmarshal([]byte(*results.Load()), &out); err != nil || len(out) != 16 {
		t.Fatalf("the page did not try everything: %s", *results.Load())
	}
	t.Run("S14 cookies for all content hosts reach no site", func(t *testing.T) {
		if !strings.Contains(out["cookies"], "account=mine") {
			t.Errorf("the site got %q", out["cookies"])
		}
		for _, got := range []string{out["cookies"], out["cookiesOther"]} {
			if strings.Contains(got, "evil") || strings.Contains(got, "stolen") {
				t.Errorf("a site got %q", got)
			}
		}
	})
	t.Run("S15 a page that fills the browser's cookies loses nobody", func(t *testing.T) {
		visitor.wait(content, `document.title === 'after'`)
	})
	t.Run("S16 hosts stay apart by document.domain", func(t *testing.T) {
		if out["domain"] != "refused" {
			t.Errorf("a frame of another site is %s", out["domain"])
		}
	})
	t.Run("S24 powerful features are refused without asking", func(t *testing.T) {
		for what, got := range out {
			if !strings.HasPrefix(what, "cookies") && got != "refused" {
				t.Errorf("%s: %s", what, got)
			}
		}
	})
}
