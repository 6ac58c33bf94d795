package main

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"fmt"
	"image"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"tandem/proxy"
	"tandem/session"
)

// secretsPage is a site full of secrets. Each begins with c4nary, and what is
// hidden is named by where it is.
const secretsPage = `<title>Account 5501 c4nary@title.example</title>
<style>
.styled::after { content: "c4nary1style" } :root { --said: "c4nary2style" }
.told { content: attr(data-told) } body { font: 16px sans-serif }
</style>
<body><h1>Your account</h1>
<p id=balance title="c4nary-attr-title" aria-label="c4nary-attr-aria" data-x="c4nary-attr-data" style="--x: 'c4nary-attr-style'; background: url(/c4nary-attr-url.png)">Balance <b>c4nary-text</b></p>
<div class=secret><img src="/c4nary-image.png" alt="c4nary-alt" width=40 height=30><a href="/c4nary-link?c4nary=1">c4nary-link-text</a>
 <input value="c4nary-value" placeholder="c4nary-placeholder"><select><option>c4nary-option</select><textarea>c4nary-textarea</textarea>
 <button title="c4nary-button" formaction="/c4nary-formaction">c4nary-button-text</button><canvas id=drawn width=60 height=20></canvas>
 <svg viewBox="0 0 9 9" width=30 height=30><title>c4nary-svg</title><text>c4nary-svg-text</text></svg><input type=checkbox checked value="c4nary-checkbox">
 <video poster="/c4nary-poster.png" width=20 height=20></video><object data="/c4nary-object.png" width=9 height=9>c4nary-object-text</object>
 <iframe srcdoc="<p title=c4nary-frame-title>c4nary-frame <input value=c4nary-frame-value>" width=60 height=20></iframe><iframe src="/inner?c4nary-inner" width=60 height=20></iframe>
 <template>c4nary-template</template><details><summary>c4nary-summary</summary>c4nary-details</details></div>
<div data-tandem-mask id=marked>c4nary-marked</div>
<div data-tandem-block id=blocked style="width:80px;height:30px">c4nary-blocked <img src="/c4nary-blocked.png"></div>
<x-card id=card></x-card><div id=host></div><div id=later></div><section id=moving>moving <i>along</i></section><p id=switched>switched</p>
<form action="/got"><input name=user id=user><input type=password name=pw id=pw value="c4nary-preset"><input id=otp autocomplete=one-time-code><input name=found type=hidden value="c4nary-hidden"><button id=send>Send</button></form>
<div id=copy contenteditable></div><output id=echo></output><a id=echolink href="#">link</a><p id=done></p>
<script>
document.cookie = 'c=c4nary-cookie'; localStorage.c = 'c4nary-storage'; console.log('c4nary-console'); fetch('/fetched', {method: 'POST', body: 'c4nary-body'}).then(r => r.text());
customElements.define('x-card', class extends HTMLElement { connectedCallback() { this.attachShadow({mode: 'open'}).innerHTML = '<p class=secret>c4nary-custom <slot></slot></p><input class=secret value=c4nary-custom-value>'; } });
host.attachShadow({mode: 'closed'}).innerHTML = '<p class=secret title=c4nary-closed-title>c4nary-closed</p>';
drawn.getContext('2d').fillText('c4nary-canvas', 0, 10);
pw.oninput = () => { copy.textContent = 'Typed: ' + pw.value; echo.value = pw.value; document.title = 'Hello ' + pw.value; echolink.href = '/x?v=' + encodeURIComponent(pw.value);
  echo.title = 'You wrote ' + pw.value; history.replaceState(null, '', '#' + pw.value);
  const s = document.createElement('style'); s.textContent = '#echo::after { content: "' + pw.value + '" }'; document.head.append(s);
  const i = new Image(); i.src = 'data:image/svg+xml,' + encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg"><text>' + pw.value + '</text></svg>'); echo.append(i);
  const j = new Image(); j.src = 'data:image/svg+xml;base64,' + btoa('<svg xmlns="http://www.w3.org/2000/svg"><text>' + pw.value + '</text></svg>'); echo.append(j);
  const c = document.createElement('canvas'); c.getContext('2d').fillText(pw.value, 0, 9); echo.append(c);
  user.setCustomValidity('Not ' + pw.value); };
</script>`

// steps are what pages do with secrets while somebody looks on.
var secretSteps = []string{
	`pw.type = 'text'; pw.setAttribute('value', pw.value); pw.title = pw.value; 0`,
	`later.innerHTML = '<div class=secret>c4nary-later<b title=c4nary-later-title>c4nary-later-inner</b></div>'; 0`,
	`document.querySelector('.secret').append(moving); moving.textContent = 'c4nary-moved'; 0`,
	`later.firstChild.textContent = 'c4nary-text-changed'; 0`,
	`switched.className = 'secret'; switched.textContent = 'c4nary-switched'; switched.title = 'c4nary-switched-title'; 0`,
	`switched.className = ''; switched.append('c4nary-sticky'); document.body.append(switched.firstChild); 0`,
	`marked.removeAttribute('data-tandem-mask'); marked.textContent = 'c4nary-unmarked'; document.body.append(marked.firstChild); 0`,
	`blocked.firstChild.data = 'c4nary-blocked-changed'; blocked.append('c4nary-blocked-more'); 0`,
	`host.append('light'); card.append('light'); card.shadowRoot.querySelector('p').append('c4nary-shadow-more'); 0`,
	`balance.querySelector('b').firstChild.data = 'c4nary-balance-changed'; balance.setAttribute('aria-label', 'c4nary-aria-changed'); 0`,
	`getSelection().selectAllChildren(balance); 0`,
	`{ const s = document.createElement('style'); s.textContent = '.secret::before { content: "c4nary3style" }'; document.head.append(s); s.sheet.insertRule('.secret::after { content: "c4nary4style" }'); 0 }`,
	`{ const s = new CSSStyleSheet(); s.replaceSync('#balance::after { content: "c4nary5style" }'); document.adoptedStyleSheets = [s]; 0 }`,
	`document.querySelector('.secret iframe').contentDocument.body.append('c4nary-frame-more'); 0`,
	`document.querySelector('.secret input').value = 'c4nary-set-value'; document.querySelector('.secret textarea').value = 'c4nary-set-area'; 0`,
	`{ const c = document.querySelector('#drawn').cloneNode(); document.querySelector('.secret').append(c); c.getContext('2d').fillText('c4nary', 0, 9); 0 }`,
	`{ const u = URL.createObjectURL(new Blob(['<svg xmlns="http://www.w3.org/2000/svg"><text>c4nary-blob</text></svg>'], {type: 'image/svg+xml'})); document.querySelector('.secret').append(Object.assign(new Image(), {src: u})); 0 }`,
	`{ const a = document.createElement('a'); a.href = '/saved?for=' + encodeURIComponent(pw.value); document.body.append(a); a.click(); a.remove(); 0 }`,
	`navigator.clipboard?.writeText('c4nary-clipboard').catch(() => 0); 0`,
}

// hidden finds secrets in what a follower has, also where they are encoded.
func foundSecrets(text string) (found []string) {
	at := regexp.MustCompile(`.{0,40}c4nary.{0,40}`)
	found = at.FindAllString(text, -1)
	for _, code := range regexp.MustCompile(`[A-Za-z0-9+/]{16,}`).FindAllString(text, -1) {
		code = code[:len(code)/4*4]
		if plain, err := base64.StdEncoding.DecodeString(code); err == nil && bytes.Contains(plain, []byte("c4nary")) {
			found = append(found, "base64: "+code)
		}
	}
	if plain, err := url.QueryUnescape(text); err == nil && plain != text {
		found = append(found, at.FindAllString(plain, -1)...)
	}
	return found
}

// secretRules are what an operator hides of secretsPage.
var secretRules = []session.PageRule{
	{Treatment: session.Mask, Pages: "*", Selector: "#balance, body .secret, p.secret, input.secret"},
	{Treatment: session.Mask, Pages: "*", Selector: "title"},
}

// spill shows secretsPage to an agent in a browser of the test's and tells all
// that the agent got.
func spill(t *testing.T, b *battle) (told []string) {
	t.Helper()
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			page(w, secretsPage)
		case "/inner":
			page(w, `<body>c4nary-inner-text <script>history.replaceState(null, '', '/c4nary-inner-path'); document.title = 'c4nary-inner-title'</script>`)
		case "/got":
			page(w, `<title>Got `+r.FormValue("pw")+`</title><body>You sent `+r.FormValue("pw")+` <p id=done>and-came-home</p>`)
		case "/saved":
			w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "for " + r.FormValue("for") + ".txt"}))
			io.WriteString(w, "c4nary-saved")
		case "/fetched":
			io.WriteString(w, "c4nary-fetched")
		default:
			w.Header().Set("Content-Type", "image/svg+xml")
			io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>c4nary-picture</text></svg>`)
		}
	})
	invited := b.invite(b.site.URL+"/", session.Shared)
	agent := b.client()
	agent.join(invited.ID, invited.AgentURL)
	a := agent.wire(b.agentSocket(invited.ID))
	visitor := b.visit(invited)
	a.sees("Your account")
	visitor.click(content, "#pw")
	visitor.write("c4nary-typed")
	visitor.click(content, "#otp")
	visitor.write("c4nary-code")
	for i, step := range append(secretSteps, "0") {
		if err := visitor.eval(content, fmt.Sprintf("done.textContent = 'step %d.'; %s", i, step), nil); err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		a.sees(fmt.Sprintf("step %d.", i))
	}
	if !strings.Contains(strings.Join(a.texts, ""), `{"type":"download"`) {
		a.expect("download")
	}
	other := b.client()
	other.join(invited.ID, invited.AgentURL)
	late := other.wire(b.agentSocket(invited.ID))
	late.sees(fmt.Sprintf("step %d.", len(secretSteps)))
	told = append(told, late.texts...)
	if err := visitor.eval(content, `user.setCustomValidity(''); 0`, nil); err != nil {
		t.Fatal(err)
	}
	visitor.click(content, "#send")
	a.sees("and-came-home")
	told = append(told, a.texts...)
	// What the agent could ask for: all addresses it was told, and those that it may guess.
	key, view := a.Welcome.Key, b.domain().View(invited.ID)
	site := strings.Replace(b.site.URL, "://", "/", 1)
	var mu sync.Mutex
	var asking sync.WaitGroup // what the store has not it waits for
	for _, path := range []string{"", "inner?c4nary-inner", "c4nary-image.png", "c4nary-poster.png", "c4nary-object.png", "c4nary-blocked.png", "c4nary-attr-url.png", "fetched", "got"} {
		asking.Go(func() {
			response, kept := agent.ask("GET", view+"/.tandem/a/"+key+"/"+site+"/"+path, "", nil)
			_, body := agent.ask("GET", b.at(invited.ID, b.site.URL+"/"+path), "", nil)
			mu.Lock()
			defer mu.Unlock()
			told = append(told, body)
			if response.StatusCode == http.StatusOK {
				told = append(told, path+": "+kept)
			}
		})
	}
	asking.Wait()
	return told
}

// TestS35NoSecretReachesAFollower looks for secrets in every byte that a
// follower gets, or could ask for, in the log and on the disk; and finds them
// when nothing is hidden but what always is.
func TestS35NoSecretReachesAFollower(t *testing.T) {
	b := newBattle(t)
	for _, rule := range secretRules {
		if err := b.Hub.PageRules().Add(t.Context(), rule); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range spill(t, b) {
		for _, found := range foundSecrets(text) {
			t.Errorf("the agent could have %s", found)
		}
	}
	t.Run("S52", func(t *testing.T) {
		for _, found := range foundSecrets(b.log.String()) {
			t.Errorf("the log holds %s", found)
		}
		for _, found := range onDisk(t, b.cfg.Data) {
			t.Errorf("the disk holds %s", found)
		}
	})
	t.Run("without rules", func(t *testing.T) {
		for _, rule := range secretRules {
			if err := b.Hub.PageRules().Remove(t.Context(), rule); err != nil {
				t.Fatal(err)
			}
		}
		all := strings.Join(spill(t, b), "\n")
		for _, shown := range []string{"c4nary-text", "c4nary-attr-title", "c4nary-image", "c4nary-later-inner", "c4nary-closed", "c4nary1style", "c4nary-frame-more", "c4nary-inner-text"} {
			if !strings.Contains(all, shown) {
				t.Errorf("nothing is seen of %s, so the test would not see it either", shown)
			}
		}
		for _, kept := range []string{"c4nary-typed", "c4nary-preset", "c4nary-code", "c4nary-marked", "c4nary-blocked", "c4nary-hidden"} {
			if strings.Contains(all, kept) {
				t.Errorf("without rules the agent got %s", kept)
			}
		}
	})
}

// onDisk finds secrets in a data directory, also in what is packed there.
func onDisk(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if plain, _ := io.ReadAll(flate.NewReader(bytes.NewReader(data))); bytes.Contains(append(slices.Clip(data), plain...), []byte("c4nary")) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

const accountPage = `<title>Account</title><style>body { font: 16px sans-serif; margin: 24px } .card { padding: 12px; border: 1px solid #999; width: 300px }</style>
<body><nav><a href="#here">Overview</a></nav><h1>Account</h1><div class=card>IBAN <b class=iban>DE89 3704</b> <img class=photo src="/photo.svg" width=60 height=40></div>
<p>Number <input id=number> Password <input id=password type=password value="swordfish"></p><p id=later></p>
<form onsubmit="event.preventDefault(); document.title += ' paid'"><input id=amount><button class=pay>Pay</button></form>
<button id=free onclick="this.textContent += ' pressed'">Free</button>`

// TestScenario17And18MaskRulesHoldAtOnce changes the rules while two people look at a page:
// what agents see and may do, and what the visitor is shown of that (the
// scenarios 16 to 18).
func TestScenario17And18MaskRulesHoldAtOnce(t *testing.T) {
	b := newTarget(t)
	b.on(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/photo.svg" {
			w.Header().Set("Content-Type", "image/svg+xml")
			io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><rect width="60" height="40" fill="red"/></svg>`)
			return
		}
		page(w, accountPage)
	})
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	m.allow(b.URL)
	rules := m.server.Hub.PageRules()
	add := func(rule session.PageRule) {
		t.Helper()
		rule.Pages = session.Pages(b.URL)
		if err := rules.Add(t.Context(), rule); err != nil {
			t.Fatal(err)
		}
	}
	add(session.PageRule{Treatment: session.Protect, Selector: "form .pay"})
	m.invite(b.URL+"/account", session.Shared)
	m.agent = sharedBrowser(t).open(t, "agent", m.invited.AgentURL, 1200, 900)
	m.visitor = sharedBrowser(t).open(t, "visitor", m.invited.VisitorURL, 1200, 900)
	m.visitor.wait(top, `document.body.innerText.includes('only you can use')`)
	m.accept()
	m.agent.wait(mirror, `document.querySelector('.iban')?.textContent === 'DE89 3704'`)

	add(session.PageRule{Treatment: session.Mask, Selector: ".card"})
	m.agent.wait(mirror, `document.querySelector('.iban')?.textContent === '••••••••'`)
	m.agent.wait(mirror, `!document.querySelector('.photo').hasAttribute('src') && document.querySelector('.photo').offsetWidth === 60`)
	m.visitor.wait(top, `!document.querySelector('[data-tandem=veils]').hidden`)
	m.agent.moveTo(m.agent.element(mirror, ".iban"))
	m.agent.wait(top, `document.querySelector('tandem-toasts').innerText.includes('Hidden from you')`)
	m.agent.click(mirror, ".iban")
	m.agent.wait(top, `document.querySelector('tandem-toasts').innerText.includes('hidden from you')`)

	// Later, and without a word to anybody: what the rules select then is hidden when it comes.
	if err := m.visitor.eval(content, `document.querySelector('#later').innerHTML = '<i class=card>new</i> shown'; 0`, nil); err != nil {
		t.Fatal(err)
	}
	m.agent.wait(mirror, `document.querySelector('#later').textContent === '•••••••• shown'`)

	// An agent may write where the rule says so, and reads nothing there.
	add(session.PageRule{Treatment: session.Mask, Selector: "#number", AgentMayType: true})
	m.agent.wait(mirror, `document.querySelector('#number').matches('[data-tandem-masked~=type]')`)
	m.agent.click(mirror, "#number")
	m.agent.write("4711")
	m.visitor.wait(content, `document.querySelector('#number').value === '4711'`)
	m.agent.click(mirror, "#password")
	m.agent.write("x")
	m.agent.click(mirror, "#free")
	m.visitor.wait(content, `document.querySelector('#free').textContent === 'Free pressed'`)
	m.agent.wait(mirror, `document.querySelector('#number').value === '••••••••'`)
	if got := get[string](m.visitor, content, `document.querySelector('#password').value`); got != "swordfish" {
		t.Errorf("the agent typed in the password field: %q", got)
	}

	// What is protected is seen and not used, neither by a click nor by Enter.
	m.agent.click(mirror, ".pay")
	m.agent.wait(top, `document.querySelector('tandem-toasts').innerText.includes('keeps this for')`)
	m.agent.click(mirror, "#amount")
	m.agent.write("5")
	m.visitor.wait(content, `document.querySelector('#amount').value === '5'`)
	m.agent.press("Enter", 13)
	m.agent.click(mirror, "#free")
	m.visitor.wait(content, `document.querySelector('#free').textContent === 'Free pressed pressed'`)
	if got := get[string](m.visitor, content, `document.title`); got != "Account" {
		t.Errorf("the agent paid: %q", got)
	}
	keepLooks(t, m, "masks")

	// What "mask test" tells of the page.
	found, err := m.server.proxy.Preview(t.Context(), b.URL+"/account")
	if err != nil {
		t.Fatal(err)
	}
	for selector, want := range map[string]string{".card": "div.card", "#number": "input#number", "form .pay": "button.pay", `input[type="password" i]`: "input#password"} {
		i := slices.IndexFunc(found.Rules, func(r proxy.Treatment) bool { return r.Selector == selector })
		if i < 0 || found.Rules[i].Count != 1 || !slices.Equal(found.Rules[i].Elements, []string{want}) {
			t.Errorf("the preview of %s: %v", selector, found.Rules)
		}
	}

	// Private pages show what is allowed, and nothing else.
	add(session.PageRule{Treatment: session.Allow, Selector: "nav"})
	add(session.PageRule{Treatment: session.Private})
	m.agent.wait(mirror, `document.querySelector('h1')?.textContent === '••••••••' && document.querySelector('nav a').textContent === 'Overview'`)
	m.agent.wait(top, `!document.body.innerText.includes('/account')`)
	keepLooks(t, m, "private")
	m.noErrors()
}

// keepLooks leaves pictures of both windows, for people who want to see them.
func keepLooks(t *testing.T, m *meeting, name string) {
	if os.Getenv("TANDEM_TEST_LOOKS") == "" {
		return
	}
	for _, w := range []*window{m.visitor, m.agent} {
		save(t, name+" "+w.name, func() (image.Image, error) { return w.picture(nil) })
	}
}
