package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tandem/session"
)

// Attacks by what runs in the browsers: a hostile site at the visitor, and
// what a hostile site can make the agent's browser show.

// visit opens the visitor's link in Chromium and accepts.
func (b *battle) visit(invited session.Invitation) *window {
	b.t.Helper()
	w := sharedBrowser(b.t).open(b.t, "visitor", invited.VisitorURL, 1280, 900)
	w.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	w.click(top, "[data-tandem=accept]")
	w.wait(content, `document.readyState !== 'loading'`)
	return w
}

func page(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	io.WriteString(w, "<!doctype html>"+body)
}

// What a page spells in ways that no rewriting finds is left to the policy. It
// stops the request; the browser may have connected already by then.
func TestS18HostilePageIsStoppedByThePolicy(t *testing.T) {
	b := newBattle(t)
	canary := newTarget(t)
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		u := canary.URL + "/"
		switch r.URL.Path {
		case "/":
			page(w, `<body><iframe src="/frame"></iframe><iframe src="/frame" sandbox="allow-scripts allow-forms allow-popups allow-top-navigation"></iframe>
<iframe src="javascript:'<img src=`+u+`javascript><script>fetch(&quot;`+u+`javascript-fetch&quot;, {mode: &quot;no-cors&quot;})</script>'"></iframe>
<script>const blob = document.createElement('iframe'); blob.sandbox = 'allow-scripts'; blob.src = URL.createObjectURL(new Blob(['<img src=`+u+`blob><script>fetch("`+u+`blob-fetch", {mode: "no-cors"}); location = "`+u+`blob-location"<\/script>'], {type: 'text/html'})); document.body.append(blob);
setTimeout(() => fetch('/tried'), 500)</script>`)
		case "/frame":
			page(w, `<script>self['loc' + 'ation'] = '`+u+`computed'</script>`)
		}
	})
	b.visit(b.invite(b.site.URL+"/", session.Shared))
	patiently(t, "the page has tried everything", func() bool { return slices.Contains(b.site.asked(), "tried") })
	time.Sleep(time.Second)
	if asked := canary.asked(); len(asked) > 0 {
		t.Errorf("the visitor's browser asked for %q", asked)
	}
}

func TestS10HostilePageDoesNotPassForAPerson(t *testing.T) {
	inBrowsers(t, testS10HostilePageDoesNotPassForAPerson)
}

func testS10HostilePageDoesNotPassForAPerson(t *testing.T, e engine) {
	b := newBattle(t)
	bank := newTarget(t)
	at := strings.Replace(bank.URL, "127.0.0.1", "localhost", 1)
	b.allow(at)
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			return
		}
		page(w, `<script>open('`+at+`/opened'); const tab = open('/blank'); setTimeout(() => { tab.location = '`+at+`/sent' }, 300)</script>`)
	})
	b.visitIn(e, b.invite(b.site.URL+"/", session.Shared))
	patiently(t, "both windows are at the other site", func() bool {
		return slices.Contains(bank.asked(), "opened") && slices.Contains(bank.asked(), "sent")
	})
	for _, r := range bank.requests() {
		if got := r.Header.Get("Sec-Fetch-Site"); got != "cross-site" {
			t.Errorf("%s was asked for with Sec-Fetch-Site: %s", r.URL.Path, got)
		}
	}
}

// patiently waits for a browser that has much to do.
func patiently(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestS19HostilePageGainsNothingByForging(t *testing.T) {
	inBrowsers(t, testS19HostilePageGainsNothingByForging)
}

func testS19HostilePageGainsNothingByForging(t *testing.T, e engine) {
	b := newBattle(t)
	var results atomic.Pointer[string]
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/results" {
			text, _ := io.ReadAll(r.Body)
			s := string(text)
			results.Store(&s)
			return
		}
		page(w, `<title>forger</title><body><script>(async () => {
const blank = document.createElement('iframe'); document.body.append(blank);
const shell = location.origin; // what it really is, the frame of a content host can find out
const real = performance.getEntriesByType('navigation')[0].name, host = new URL(real).host;
const [, sid, rest] = /--([a-z2-7]{12})\.(.*)$/.exec(host) ?? /--([a-z2-7]{12})\.(.*)$/.exec(`+"`--SID.CONTENT`"+`);
const home = 'http://shell--' + sid + '.' + rest, out = {};
const top1 = blank.contentWindow['to' + 'p'];
for (let i = 0; i < 300; i++) for (const message of [
  {tandem: 'hello', url: 'https://bank.example/', main: true}, {tandem: 'connect', key: 'x'}, {type: 'end'}, {type: 'accept'}, {type: 'mode', mode: 'shared'},
  {tandem: 'frame', doc: i}, '[1,0,{"type":"end"}]', {type: 'navigate', tab: 1, url: 'http://evil.example/'}, null, {__proto__: {tandem: 'hello'}},
]) { const c = new MessageChannel(); try { top1.postMessage(message, '*', i % 2 ? [c.port2] : []); c.port1.postMessage({type: 'close'}); c.port1.postMessage({type: 'end'}); } catch (e) {} }
const socket = (make, url) => new Promise((done) => { try { const s = make(url); s.onopen = () => done('open'); s.onerror = () => done('refused'); } catch (e) { done('refused'); } });
out.socket = await socket((u) => new WebSocket(u), home.replace('http', 'ws') + '/.tandem/socket');
out.blankSocket = await socket((u) => new blank.contentWindow.WebSocket(u), home.replace('http', 'ws') + '/.tandem/socket');
const read = async (url, options) => { try { const r = await fetch(url, {credentials: 'include', ...options}); return r.type + r.status; } catch (e) { return 'refused'; } };
out.shell = await read(home + '/');
out.control = await read('CONTROL/api/sessions/' + sid + '/visitor/enter', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'});
out.enter = await read(home + '/.tandem/enter', {method: 'POST', body: new URLSearchParams({ticket: 'x'})});
const framed = (src) => new Promise((done) => { const f = document.createElement('iframe'); f.onload = () => { try { done(f.contentDocument ? 'blank' : 'refused'); } catch (e) { done('refused'); } }; f.src = src; document.body.append(f); setTimeout(() => done('refused'), 1000); });
out.framedShell = await framed(home + '/');
try { top1.location = 'http://evil.example/'; } catch (e) {}
try { out.read = top1.document ? 'readable' : 'refused'; } catch (e) { out.read = 'refused'; }
try { await navigator.serviceWorker.register('/sw.js'); out.worker = 'registered'; } catch (e) { out.worker = 'refused'; }
try { const S = blank.contentWindow.navigator.serviceWorker; await S.register.call(S, '/sw.js'); out.blankWorker = 'registered'; } catch (e) { out.blankWorker = 'refused'; }
fetch('/results', {method: 'POST', body: JSON.stringify(out)});
})().catch((e) => fetch('/results', {method: 'POST', body: JSON.stringify({failed: String(e)})}))</script>`)
	})
	// The page knows the names it is shown under; tell it, to save it the trouble.
	invited := b.invite(b.site.URL+"/", session.View)
	answer := *b.site.answer.Load()
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		answer(&replacing{w, strings.NewReplacer("SID", invited.ID, "CONTENT", b.Content, "CONTROL", b.Control.String())}, r)
	})
	agent := b.client()
	agent.join(invited.ID, invited.AgentURL)
	a := agent.wire(b.agentSocket(invited.ID))
	visitor := b.visitIn(e, invited)
	patiently(t, "the page has tried everything", func() bool { return results.Load() != nil })
	var out map[string]string
	if err := json.Unmarshal([]byte(*results.Load()), &out); err != nil || len(out) != 9 {
		t.Fatalf("the page did not try everything: %s", *results.Load())
	}
	for what, got := range out {
		if got != "refused" {
			t.Errorf("%s: %s", what, got)
		}
	}
	s, _ := b.Hub.Session(invited.ID)
	if s.State() != session.Active || s.Mode() != session.View {
		t.Errorf("the session is %s, %s", s.State(), s.Mode())
	}
	var shows []string
	if err := visitor.eval(top, "[location.href, document.querySelector('[data-tandem=address]').textContent]", &shows); err != nil {
		t.Fatal(err)
	}
	if shows[0] != b.domain().Shell(invited.ID)+"/" || !strings.Contains(shows[1], "127.0.0.1") {
		t.Errorf("the shell is at %s and shows %q as the address", shows[0], shows[1])
	}
	a.say(`{"type":"navigate","tab":1,"url":"` + b.site.URL + `/"}`)
	a.expect("refused")
	for _, text := range a.texts {
		if strings.Contains(text, "bank.example") || strings.Contains(text, "evil.example") && strings.Contains(text, `"tabs"`) {
			t.Errorf("the agent was told %.300s", text)
		}
	}
}

// replacing fills in what a page must know.
type replacing struct {
	http.ResponseWriter
	with *strings.Replacer
}

func (r *replacing) Write(p []byte) (int, error) {
	_, err := r.with.WriteString(r.ResponseWriter, string(p))
	return len(p), err
}

func (r *replacing) WriteString(s string) (int, error) { return r.Write([]byte(s)) }

func TestS38MirrorIsInertWhateverTheVisitorSends(t *testing.T) {
	inBrowsers(t, testS38MirrorIsInertWhateverTheVisitorSends)
}

func testS38MirrorIsInertWhateverTheVisitorSends(t *testing.T, e engine) {
	b := newBattle(t)
	canary := newTarget(t)
	u := canary.URL + "/x"
	invited := b.invite(b.site.URL+"/", session.Shared)
	visitor := b.client()
	visitor.enter(invited)
	v := visitor.wire(b.shellSocket(invited.ID))
	agent := e.open(t, "agent", invited.AgentURL, 1280, 900)
	agent.wait(top, `document.querySelector('[data-tandem=tab]')`)

	// One after the other, because the server takes a document as a whole or not at all.
	pwn := "top.pwned=1;parent.pwned=1;fetch('" + u + "')"
	nodes := []string{
		`["script",0,"PWN"]`, `["script",["src","U"]]`, `["script",["type","module"],"PWN"]`, `["svg:svg",0,["svg:script",0,"PWN"]]`, `["svg:svg",["onload","PWN"]]`,
		`["svg:svg",0,["svg:script",["href","U","xlink:href","U"]]]`, `["img",["src","U","onerror","PWN"]]`, `["img",["srcset","U 1x"]]`, `["iframe",["src","U"]]`,
		`["iframe",["src","javascript:PWN"]]`, `["iframe",["srcdoc","<script>PWN</script><img src=U>"]]`, `["object",["data","U"]]`, `["embed",["src","U"]]`,
		`["meta",["http-equiv","refresh","content","0;url=U"]]`, `["base",["href","U"]]`, `["link",["rel","stylesheet","href","U"]]`, `["link",["rel","preload","as","image","href","U"]]`,
		`["link",["rel","preconnect","href","U"]]`, `["link",["rel","dns-prefetch","href","U"]]`, `["link",["rel","prefetch","href","U"]]`, `["link",["rel","import","href","U"]]`, `["style",0,"@import 'U'; body{background:url(U)} @font-face{font-family:x;src:url(U)} *{font-family:x;cursor:url(U),auto}"]`,
		`["style",0,"@import \"U\"; input[value^=a]{background:url(\"U\")} p{background:u\\72l(U);mask:image-set('U' 1x)}"]`, `["p",["style","background:url(U);list-style:url('U')"],"x"]`,
		`["p",["style","--x:url(U);background:var(--x);border-image:image-set(\"U\" 1x)"],"x"]`, `["a",["href","javascript:PWN","id","a"],"click me"]`, `["a",["href","U","ping","U","target","_top"],"out"]`,
		`["form",["action","U","method","post"],["button",["formaction","javascript:PWN","autofocus",""],"go"]]`, `["input",["type","image","src","U"]]`, `["input",["autofocus","","onfocus","PWN"]]`,
		`["video",["src","U","poster","U","autoplay",""]]`, `["audio",["src","U"]]`, `["track",["src","U"]]`, `["details",["open","","ontoggle","PWN"],"x"]`,
		`["svg:svg",0,["svg:image",["href","U","xlink:href","U"]],["svg:use",["href","U#x"]],["svg:foreignObject",0,["iframe",["src","U"]]]]`,
		`["svg:svg",0,["svg:a",["href","javascript:PWN"],["svg:text",0,"x"]],["svg:animate",["attributeName","href","values","javascript:PWN","onbegin","PWN"]],["svg:set",["attributeName","href","to","U"]]]`,
		`["svg:svg",0,["svg:image",0,["svg:set",["attributeName","href","to","U"]],["svg:animate",["attributeName","xlink:href","values","U;U"]]],["svg:rect",["fill","url(U)","filter","url(U#f)","style","mask:url(U)"]],["svg:style",0,"@import 'U';"]]`,
		`["svg:svg",0,["svg:filter",0,["svg:feImage",["href","U"]]],["svg:handler",["type","text/javascript"],"PWN"]]`, `["math:math",["href","javascript:PWN"],["math:mi",["xlink:href","U"],"x"]]`,
		`["body",["onload","PWN","background","U"]]`, `["table",["background","U"]]`, `["marquee",["onstart","PWN"]]`, `["portal",["src","U"]]`, `["frameset",["onload","PWN"],["frame",["src","U"]]]`,
		`["template",0,["script",0,"PWN"]]`, `["div",0,[0,"#","open",["script",0,"PWN"],["img",["src","U","onerror","PWN"]],["style",0,":host{background:url(U)}"]]]`, `["noscript",0,["img",["src","U"]]]`,
		`["applet",["code","U"]]`, `["keygen",0]`, `["x-y",["is","z","onclick","PWN"]]`, `["img",["SRC","U"]]`, `["img",["src ","U"]]`, `["img",["\u0000src","U"]]`, `["p",["a\"><script>PWN</script>","x"]]`,
	}
	replace := strings.NewReplacer("PWN", pwn, "U", u)
	v.say(fmt.Sprintf(`{"type":"tab","tab":1,"url":%q,"title":"<img src=x onerror=top.pwned=1>"}`, b.site.URL+"/"))
	for i, node := range nodes {
		marker := fmt.Sprint("shown-", i)
		if i > 0 {
			v.say(fmt.Sprintf(`{"type":"gone","doc":%d}`, i))
		}
		v.say(fmt.Sprintf(`{"type":"doc","doc":%d,"tab":1,"url":%q}`, i+1, b.site.URL+"/"))
		v.say(fmt.Sprintf(`{"type":"ops","doc":%d,"ops":[[0,1,"standards",["html",0,["head",0],["body",0,["p",["id","%s"],"x"]]]]]}`, i+1, marker))
		// The body is node 3 of html, head, body.
		v.say(fmt.Sprintf(`{"type":"ops","doc":%d,"ops":[[2,3,0,1000,%s]]}`, i+1, replace.Replace(node)))
		if i%9 == 8 || i == len(nodes)-1 {
			agent.wait(mirror, `document.getElementById('`+marker+`')`)
			time.Sleep(150 * time.Millisecond)
			_ = agent.eval(mirror, `document.querySelectorAll('a, button, summary').forEach((e) => e.click())`, nil)
		}
	}
	// A frame's document shows neither that of another frame, nor what it is in.
	v.say(fmt.Sprintf(`{"type":"gone","doc":%d}`, len(nodes)))
	for _, doc := range []string{`{"type":"doc","doc":900,"tab":1`, `{"type":"doc","doc":901,"tab":1,"parent":[900,4]`, `{"type":"doc","doc":902,"tab":1,"parent":[900,5]`} {
		v.say(doc + `,"url":"` + b.site.URL + `/"}`)
	}
	v.say(`{"type":"ops","doc":900,"ops":[[0,1,"standards",["html",0,["head",0],["body",0,["iframe",["id","one"]],["iframe",["id","two"]]]]],[11,4,901],[11,5,902]]}`)
	v.say(`{"type":"ops","doc":901,"ops":[[0,1,"standards",["html",0,["head",0],["body",0,["p",["id","inner"],"inner"]]]]]}`)
	agent.wait(mirror, `document.getElementById('one').contentDocument.getElementById('inner')`)
	v.say(`{"type":"ops","doc":902,"ops":[[0,1,"standards",["html",0,["head",0],["body",0,["iframe",0],["iframe",0],["p",["id","thief"],"x"]]]],[11,4,901],[11,5,902]]}`)
	agent.wait(mirror, `document.getElementById('two').contentDocument.getElementById('thief')`)
	agent.wait(mirror, `document.getElementById('one').contentDocument.getElementById('inner')`)
	v.say(`{"type":"dialog","doc":1,"kind":"alert","text":"<script>top.pwned=1</script>"}`)
	time.Sleep(700 * time.Millisecond)
	if n := canary.connections.Load(); n != 0 {
		t.Errorf("the agent's browser connected %d times, for %q", n, canary.asked())
	}
	for _, in := range []frame{top, renderer, mirror} {
		var pwned bool
		if err := agent.eval(in, "'pwned' in self", &pwned); err != nil || pwned {
			t.Errorf("a script ran in the agent's browser (%v)", err)
		}
	}
	for _, url := range requestsOf(agent) {
		if !strings.HasPrefix(url, b.Control.String()+"/") && !strings.HasPrefix(url, b.domain().View(invited.ID)+"/") && !strings.HasPrefix(url, "data:") && url != "about:blank" {
			t.Errorf("the agent's browser asked for %s", url)
		}
	}
}

// requestsOf are the addresses that a window has asked for.
func requestsOf(w webpage) []string {
	switch w := w.(type) {
	case *window:
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Clone(w.requests)
	case *firefoxWindow:
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Clone(w.requests)
	}
	panic("an engine that does not tell what it asks for")
}

func TestScenario16MaskedValuesNeverLeaveTheVisitorsBrowser(t *testing.T) {
	b := newBattle(t)
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		page(w, `<title>sign in</title><body><form>
<input name=user><input name=secret id=p type=password><input id=card autocomplete="section-x billing cc-number"><input id=code autocomplete=one-time-code>
<input id=new autocomplete=new-password><textarea id=area autocomplete=cc-name></textarea><select id=month autocomplete=cc-exp-month><option>c4nary-option-a<option>c4nary-option-b</select>
<input id=preset type=password value=c4nary-preset></form><div id=host></div><output id=note></output>
<script>
const root = host.attachShadow({mode: 'closed'}); root.innerHTML = '<input type=password id=inner>'; self.inner = root.firstChild;
p.oninput = () => { p.setAttribute('value', p.value); p.title = 'now ' + p.value; p.dataset.value = p.value; p.setAttribute('aria-valuetext', p.value); p.placeholder = p.value; p.setCustomValidity('not ' + p.value); };
</script>`)
	})
	invited := b.invite(b.site.URL+"/", session.Shared)
	agent := b.client()
	agent.join(invited.ID, invited.AgentURL)
	a := agent.wire(b.agentSocket(invited.ID))
	visitor := b.visit(invited)
	a.sees("sign in")
	visitor.click(content, "#p")
	visitor.write("c4nary-typed")
	for _, field := range []string{"#card", "#code", "#new", "#area"} {
		visitor.click(content, field)
		visitor.write("c4nary" + field[1:])
	}
	for _, step := range []string{
		`p.type = 'text'`, `p.value = 'c4nary-set'; p.dispatchEvent(new Event('input'))`, `p.type = 'password'; p.type = 'text'; p.removeAttribute('type')`,
		`inner.value = 'c4nary-inner'; inner.type = 'text'; inner.dispatchEvent(new Event('input', {bubbles: true}))`,
		`month.selectedIndex = 1; month.dispatchEvent(new Event('change', {bubbles: true}))`,
		`p.setSelectionRange(2, 5)`, `document.forms[0].append(p)`, `p.form.reset()`, `p.value = 'c4nary-again'`,
		// A show-password switch of the other kind: another field takes its place.
		`{ const t = document.createElement('input'); t.type = 'text'; t.name = p.name; t.value = p.value; p.replaceWith(t); t.focus(); }`,
		`card.type = 'tel'; card.setAttribute('value', card.value)`, `document.body.append(document.querySelector('#new').cloneNode(true))`,
		`{ const c = document.querySelector('#preset').cloneNode(true); c.type = 'text'; document.body.append(c); }`,
	} {
		if err := visitor.eval(content, step+"; 0", nil); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		time.Sleep(60 * time.Millisecond)
	}
	visitor.click(content, "[name=user]")
	visitor.write("plain-text-of-the-visitor")
	a.sees("plain-text-of-the-visitor")
	// A second look at all of it, as a late agent gets it.
	late := agent.wire(b.agentSocket(invited.ID))
	late.sees("plain-text-of-the-visitor")
	for _, text := range append(a.texts, late.texts...) {
		for rest := text; ; {
			at := strings.Index(rest, "c4nary")
			if at < 0 {
				break
			}
			// The texts of a list are on the page; what is chosen is not told.
			if !strings.HasPrefix(rest[at:], "c4nary-option") {
				t.Errorf("the agent was told %.200s", rest[max(0, at-100):])
			}
			rest = rest[at+6:]
		}
	}
	if strings.Contains(b.log.String(), "c4nary") {
		t.Error("the log holds a masked value")
	}
}
