package static

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// looks are the screens that every page is looked at on. Together they have both directions, both colour schemes and
// the narrowest telephone; with TANDEM_TEST_AXE (make test-axe) it is every combination, in each language.
func looks() map[string]screen {
	if os.Getenv("TANDEM_TEST_AXE") == "" {
		return map[string]screen{
			"wide-light-en": {1440, 900, false, "en"},
			"phone-dark-ar": {360, 740, true, "ar"},
		}
	}
	all := make(map[string]screen)
	for _, language := range []string{"en", "de", "ar"} {
		for scheme, dark := range map[string]bool{"light": false, "dark": true} {
			all["wide-"+scheme+"-"+language] = screen{1440, 900, dark, language}
			all["tablet-"+scheme+"-"+language] = screen{820, 1180, dark, language}
			all["phone-"+scheme+"-"+language] = screen{360, 740, dark, language}
		}
	}
	return all
}

// TestScenario40Looks opens every page of ours in every state on every screen: axe-core finds nothing that keeps
// people out, nothing is wider than the screen, no control covers another one, and each can be pressed by a thumb.
// TANDEM_SHOTS names a directory for pictures.
func TestScenario40Looks(t *testing.T) {
	t.Parallel()
	for name, s := range looks() {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			v := openPage(t, f.control+"/", s)
			l := &looker{f, v, name}
			l.desk()
			l.shell()
			l.console()
			l.overview()
		})
	}
}

type looker struct {
	*fake
	v    *visit
	name string
}

// open goes to a page and looks at it when it is ready.
func (l *looker) open(page, url, ready string) {
	l.v.goTo(url)
	l.look(page, ready)
}

// look looks at what is there when it is ready.
func (l *looker) look(state, ready string) {
	l.v.t.Helper()
	l.v.waitFor("", ready)
	l.v.picture(state + "-" + l.name)
	l.v.accessible(state)
	l.v.fits(state)
}

func (l *looker) desk() {
	session := "/api/sessions/" + fakeSession
	l.open("code", l.control+"/", "document.querySelector('#code-form:not([hidden])')")
	for _, mode := range []string{"shared", "view"} {
		l.answer("GET "+session+"/visitor", 200, l.joined("visitor", "waiting", mode))
		l.open("consent-"+mode, l.control+"/j/"+fakeSession+"?"+mode, "document.querySelector('[data-tandem=accept]')")
	}
	l.answer("GET "+session+"/visitor", 200, l.joined("visitor", "active", "shared"))
	l.open("return", l.control+"/j/"+fakeSession+"?r", "document.querySelector('[data-tandem=accept]:enabled')")
	l.answer("GET "+session+"/visitor", 200, strings.Replace(l.joined("visitor", "waiting", "shared"), `"terms"`, `"check":"42","terms"`, 1))
	l.open("moves-here", l.control+"/j/"+fakeSession+"?m", "document.querySelector('[data-tandem=check]')")
	for _, code := range []string{"link_used", "link_expired", "link_revoked", "session_ended", "not_found", "odd"} {
		l.answer("GET "+session+"/visitor", 403, `{"error":{"code":"`+code+`","message":""}}`)
		l.open(code, l.control+"/j/"+fakeSession+"?"+code, "document.querySelector('.notice')")
	}
	l.open("problem", l.control+"/problem", "document.querySelector('.notice')")
}

func (l *looker) shell() {
	l.welcome = visitorWelcome("shared")
	l.open("shell", l.data().Shell()+"/", "document.querySelector('.sharing iframe') && document.querySelector('.address .rest').textContent")
	l.v.waitFor("shop-example--", "port")
	page := func(js string) { ask[bool](l.v, "shop-example--", js+", true") }
	page("port.postMessage({type:'hidden', hidden:[{x:20,y:40,width:300,height:60}], shown:[], whole:false})")
	l.look("shell-veils", "!document.querySelector('[data-tandem=veils]').hidden")
	l.v.click("[data-tandem=mode]")
	l.look("shell-about", "document.querySelector('#about:popover-open')")
	l.v.click("[data-tandem=mode]")
	l.v.waitFor("", "!document.querySelector('#about:popover-open')")
	l.v.click("[data-tandem=tools]")
	l.look("shell-tools", "!document.querySelector('.palette').hidden")
	l.v.click("[data-tool=close]")
	l.send(`{"type":"chat","n":1,"from":"a","at":1700000000000,"text":"Do you see the second one?"}`)
	l.look("shell-unread", "!document.querySelector('.count').hidden")
	l.v.click("[data-tandem=chat]")
	l.send(`{"type":"chat","n":2,"from":"v","at":1700000060000,"text":"Yes, https://shop.example/a/very/long/address/that/goes/on/and/on/and/on"}`)
	l.send(`{"type":"typing","from":"a","on":true}`)
	l.look("shell-chat", "document.querySelectorAll('.line').length === 2 && document.querySelector('.writes').textContent")
	l.v.click(".chat header button")
	l.send(`{"type":"offer","from":"a","n":1,"doc":1,"node":1,"fx":0,"fy":0,"files":[{"name":"photo.png","size":6800,"mime":"image/png"}]}`)
	l.look("shell-offer", "document.querySelector('[data-tandem=refuse]:enabled')")
	l.v.click("[data-tandem=refuse]")
	page("port.postMessage({type:'wish', id:1, kind:'copy', text:'ABCD-1234'})")
	l.look("shell-wish", "document.querySelector('[data-tandem=refuse-wish]:enabled')")
	l.v.click("[data-tandem=refuse-wish]")
	l.send(`{"type":"moving","url":"https://app.example.net/j/abcdefghijkl#secret","size":21,"path":"M0 0h7v7h-7zM14 0h7v7h-7zM0 14h7v7h-7z"}`)
	l.look("shell-moving", "document.querySelector('.moving svg')")
	l.send(`{"type":"move-asks","check":"42","hosts":["shop.example","account.shop.example"]}`)
	l.look("shell-move-asks", "document.querySelector('[data-tandem=hand-over]:enabled')")
	l.v.click(".moving .button:not(.primary)")
	page("port.postMessage({type:'open', id:'w1', url:'https://news.example/help', name:'help', features:''})")
	l.look("shell-tabs", "document.querySelectorAll('[role=tab]').length === 2")
	l.send(`{"type":"mode","mode":"view","paused":false}`)
	l.send(`{"type":"ask","from":"a"}`)
	l.look("shell-asked", "document.querySelector('[data-tandem=deny]:enabled')")
	l.v.click("[data-tandem=deny]")
	l.sockets(false)
	l.look("shell-blocked", "document.querySelector('.veil')")
	l.sockets(true)
	l.v.waitFor("", "!document.querySelector('.veil')")
	l.v.click("[data-tandem=pause]")
	l.look("shell-paused", "document.body.classList.contains('paused')")
	l.v.click("[data-tandem=end]")
	l.look("shell-ended", "document.querySelector('.notice a[data-tandem=address]')")
}

// sockets has a proxy on the way let no WebSocket through, or let them again.
func (l *looker) sockets(pass bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = !pass
	if !pass {
		l.conn.Close()
	}
}

func (l *looker) console() {
	session := "/api/sessions/" + fakeSession
	l.answer("GET "+session+"/agent", 200, l.joined("agent", "waiting", "shared"))
	l.answer("POST "+session+"/agent/invitation", 200, `{"id":"abcdefghijkl","visitor_url":"https://app.example.net/j/abcdefghijkl#s3cret","agent_url":"https://app.example.net/a/abcdefghijkl","code":"ABCDEFGH","expires_at":"2031-01-02T15:04:05Z"}`)
	l.welcome = agentWelcome("shared", "waiting")
	l.open("waiting", l.control+"/a/"+fakeSession, "document.querySelector('.waiting [data-tandem=invite]')")
	l.v.click("[data-tandem=invite]")
	l.look("waiting-invited", "document.querySelector('[data-tandem=code]')")
	l.sockets(false)
	l.look("waiting-blocked", "document.querySelector('.blocked strong')")
	l.sockets(true)
	l.v.waitFor("", "!document.querySelector('.blocked strong')")
	l.answer("POST /api/join", 200, l.joined("agent", "active", "shared"))
	l.welcome = agentWelcome("shared", "active")
	l.open("console-empty", l.control+"/a/"+fakeSession+"?x#s3cret", "document.querySelector('iframe')")
	l.send(fakeTabs)
	l.look("console", "document.querySelector('input.address').value")
	l.send(`{"type":"want","to":"a","doc":5,"want":1}`)
	l.send(`{"type":"notice","what":"left-out","about":"bank.example"}`)
	l.send(`{"type":"refused","n":3,"what":"input","why":"may-not-click"}`)
	l.look("console-toasts", "document.querySelectorAll('tandem-toasts p').length === 3")
	l.v.click("[data-tandem=tools]")
	l.look("console-tools", "!document.querySelector('.palette').hidden")
	l.v.click("[data-tool=close]")
	l.v.click("[data-tandem=chat]")
	l.send(`{"type":"chat","n":1,"from":"v","at":1700000000000,"text":"Which one?"}`)
	l.look("console-chat", "document.querySelector('.line')")
	l.v.click(".chat header button")
	l.send(`{"type":"dialog","doc":5,"kind":"confirm","text":"Remove this item?"}`)
	l.look("console-dialog", "document.querySelector('[data-tandem=dialog]')")
	l.send(`{"type":"answered","doc":5,"ok":true}`)
	l.send(`{"type":"tabs","tabs":[{"tab":1,"url":"https://shop.example/cart?step=1","title":"Your cart","active":true},{"tab":2,"url":"https://news.example/help","title":"A page with a rather long title that does not fit"}]}`)
	l.send(`{"type":"mode","mode":"view","paused":false}`)
	l.look("console-view", "document.querySelectorAll('[role=tab]').length === 2 && !document.querySelector('[data-tandem=ask]').hidden")
	l.send(`{"type":"leader","online":false,"since":null}`)
	l.look("console-away", "document.querySelector('.veil')")
	l.send(`{"type":"ended","by":"visitor","reason":"visitor"}`)
	l.look("console-ended", "document.querySelector('.notice.good')")
}

func (l *looker) overview() {
	l.answer("GET /api/v1/me", 401, `{"error":{"code":"not_signed_in","message":""}}`)
	l.answer("GET /api/sign-in", 200, `{"provider":"Shop ID"}`)
	l.open("sign-in", l.control+"/console?error=unknown", "document.querySelector('[data-tandem=provider]')")
	l.open("sign-in-link", l.control+"/console?l#s3cret", "document.querySelector('[data-tandem=sign-in]') && !document.querySelector('#key')")
	l.answer("GET /api/v1/me", 200, `{"name":"sam","full_name":"Samantha Ames","role":"supervisor"}`)
	l.answer("GET /api/v1/sessions", 200, fakeSessions)
	l.answer("POST /api/v1/sessions", 200, `{"id":"abcdefghijkl","visitor_url":"https://app.example.net/j/abcdefghijkl#s3cret","agent_url":"https://app.example.net/a/abcdefghijkl","code":"ABCDEFGH","expires_at":"2031-01-02T15:04:05Z"}`)
	l.open("overview", l.control+"/console?z", "document.querySelectorAll('[data-session]').length === 3")
	l.v.click("form.grid summary")
	l.look("overview-rights", "document.querySelector('form.grid details').open")
	l.v.click("#address")
	l.v.typeText("shop.example")
	l.v.click("[data-tandem=create]")
	l.look("overview-invited", "document.querySelector('[data-tandem=code]')")
}

const fakeSessions = `{"version":1,"sessions":[{"id":"abcdefghijkl","state":"waiting","invitation":"opened","mode":"shared","owner":"ada","url":"https://shop.example/",
	"agent":"Ada","visitor":"Benedicta Featherstonehaugh","agent_online":false,"visitor_online":false,"created_at":"2031-01-02T15:04:05Z","expires_at":"2031-01-02T16:04:05Z"},
	{"id":"bbcdefghijkl","state":"active","invitation":"accepted","mode":"view","url":"https://a-shop-with-a-long-name.example/","agent":"Ada","visitor":"Vic",
	"agent_online":true,"visitor_online":true,"created_at":"2031-01-02T15:04:05Z","expires_at":"2031-01-02T16:04:05Z"},
	{"id":"cbcdefghijkl","state":"declined","invitation":"declined","mode":"view","agent_online":false,"visitor_online":false,"created_at":"2031-01-02T15:04:05Z","expires_at":"2031-01-02T16:04:05Z"}]}`

// accessible has axe-core, with all of its rules, look at the page without the frames of sites.
func (v *visit) accessible(state string) {
	v.t.Helper()
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil && os.Getenv("CI") == "" {
		v.t.Skip("axe-core is not there: cd static && npm ci")
	}
	if err != nil {
		v.t.Fatal(err)
	}
	v.waitFor("", "document.getAnimations().every(a => a.playState === 'finished')") // what fades in has no contrast yet
	if !ask[bool](v, "", "'axe' in window") {
		ask[any](v, "", string(axe)+"; void 0")
	}
	found := ask[[]string](v, "", `axe.run(document, { iframes: false, resultTypes: ['violations'] }).then(({ violations }) =>
		violations.flatMap(({ id, help, nodes }) => nodes.map(node => id + ': ' + help + ': ' + node.html.slice(0, 300) + ' ' + node.failureSummary)))`)
	for _, violation := range found {
		v.t.Errorf("%s: %s", state, violation)
	}
}

// fits holds what can be said of a page's looks without eyes.
func (v *visit) fits(state string) {
	v.t.Helper()
	if over := ask[float64](v, "", "document.documentElement.scrollWidth - innerWidth"); over > 0 {
		v.t.Errorf("%s is %v px too wide", state, over)
	}
	for _, fault := range ask[[]string](v, "", crowded) {
		v.t.Errorf("%s: %s", state, fault)
	}
}

// crowded names controls that cannot be pressed where they are: outside the screen, below others, or smaller than
// WCAG 2.2 asks for (2.5.8). What lies below an open panel is meant to.
const crowded = `(() => {
	const faults = [];
	const panels = '.chat, .about, .palette, .question';
	for (const e of document.querySelectorAll('.bar :is(button, input), .palette button, .chat :is(button, textarea), .question button, tandem-tabs button, .decide button')) {
		const r = e.getBoundingClientRect();
		if (r.width === 0 || e.disabled) continue;
		const name = e.outerHTML.slice(0, 120);
		if (r.left < 0 || r.top < 0 || r.right > innerWidth + .5 || r.bottom > innerHeight + .5) {
			if (!e.closest('tandem-tabs')) faults.push('outside the screen: ' + name);
			continue;
		}
		if (r.width < 24 || r.height < 24) faults.push(r.width + ' by ' + r.height + ' is too small: ' + name);
		const at = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
		if (at && !e.contains(at) && !at.contains(e) && !(at.closest(panels) && at.closest(panels) !== e.closest(panels))) faults.push('covered by ' + at.outerHTML.slice(0, 80) + ': ' + name);
	}
	const address = document.querySelector('.shell .address');
	if (address && address.getBoundingClientRect().width > 0 && address.getBoundingClientRect().width < 60) faults.push('the address has only ' + address.getBoundingClientRect().width + ' px');
	return faults;
})()`

// TestScenario40ByKeyboardAlone accepts, reads how things stand, chats and ends with nothing but keys.
func TestScenario40ByKeyboardAlone(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.answer("POST /api/join", 200, f.joined("visitor", "waiting", "shared"))
	f.answer("POST /api/sessions/"+fakeSession+"/visitor/accept", 200, fmt.Sprintf(`{"enter":"%s/.tandem/enter","ticket":"tkt"}`, f.data().Shell()))
	f.welcome = visitorWelcome("shared")
	v := openPage(t, f.control+"/j/"+fakeSession+"#s3cret", desktop)
	v.waitFor("", "document.querySelector('[data-tandem=accept]') && document.activeElement.matches('h1')")
	v.tabTo("[data-tandem=accept]")
	v.key("Enter", 13)
	v.waitFor("", "document.querySelector('.shell.sharing iframe')")
	v.waitFor("", "document.querySelector('[role=status][data-tandem=status]').textContent === 'Sharing'")

	v.tabTo("[data-tandem=mode]")
	v.key("Enter", 13)
	v.waitFor("", "document.querySelector('#about:popover-open')")
	v.tabTo("[data-tandem=restrict]")
	v.key("Enter", 13)
	if m := f.want("mode"); m["mode"] != "view" {
		t.Errorf("told %v", m)
	}
	v.key("Escape", 27)
	v.waitFor("", "!document.querySelector('#about:popover-open')")

	v.tabTo("[data-tandem=chat]")
	v.key("Enter", 13)
	v.waitFor("", "document.activeElement.matches('.chat textarea')")
	v.typeText("I am here")
	v.key("Enter", 13)
	if m := f.want("chat"); m["text"] != "I am here" {
		t.Errorf("said %v", m)
	}
	v.key("Escape", 27)
	v.waitFor("", "document.activeElement.matches('[data-tandem=chat]')")

	v.tabTo("[data-tandem=end]")
	v.key("Enter", 13)
	f.want("end")
	v.waitFor("", "document.activeElement.matches('h1') && document.body.innerText.includes('Sharing has ended')")
	v.tabTo("a[data-tandem=address]")
}

// tabTo presses Tab until an element has the focus, as people do who have no mouse, and sees that it shows.
func (v *visit) tabTo(selector string) {
	v.t.Helper()
	for range 60 {
		v.key("Tab", 9)
		if ask[bool](v, "", fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			if style := ask[string](v, "", "getComputedStyle(document.activeElement).outlineStyle"); style == "none" {
				v.t.Errorf("%s does not show that it has the focus", selector)
			}
			return
		}
	}
	v.t.Fatalf("Tab never leads to %s; it is at %s", selector, ask[string](v, "", "document.activeElement.outerHTML.slice(0, 200)"))
}
