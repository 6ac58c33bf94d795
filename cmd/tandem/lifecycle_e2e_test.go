package main

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/shop"
	"tandem/session"
)

// domNode is a node as the protocol has it, shadow roots of ours included.
type domNode struct {
	LocalName   string    `json:"localName"`
	NodeValue   string    `json:"nodeValue"`
	Attributes  []string  `json:"attributes"`
	BackendID   int       `json:"backendNodeId"`
	Children    []domNode `json:"children"`
	ShadowRoots []domNode `json:"shadowRoots"`
	Content     *domNode  `json:"contentDocument"`
}

func (n domNode) class() string {
	for i := 0; i+1 < len(n.Attributes); i += 2 {
		if n.Attributes[i] == "class" {
			return n.Attributes[i+1]
		}
	}
	return ""
}

func (n domNode) text() string {
	s := n.NodeValue
	for _, child := range n.Children {
		s += child.text()
	}
	return s
}

// walkDOM visits every node of the window, those of frames and shadow roots too.
func (w *window) walkDOM(visit func(domNode)) {
	var res struct {
		Root domNode `json:"root"`
	}
	if w.try("DOM.getDocument", map[string]any{"depth": -1, "pierce": true}, &res) != nil {
		return
	}
	var walk func(n domNode)
	walk = func(n domNode) {
		visit(n)
		for _, next := range append(append([]domNode{}, n.Children...), n.ShadowRoots...) {
			walk(next)
		}
		if n.Content != nil {
			walk(*n.Content)
		}
	}
	walk(res.Root)
}

// quadOf returns where a node is in the window.
func (w *window) quadOf(node int) (r rect, ok bool) {
	var quads struct {
		Quads [][]float64 `json:"quads"`
	}
	if node == 0 || w.try("DOM.getContentQuads", map[string]any{"backendNodeId": node}, &quads) != nil || len(quads.Quads) == 0 {
		return rect{}, false
	}
	q := quads.Quads[0]
	return rect{q[0], q[1], q[4] - q[0], q[5] - q[1]}, true
}

// cursor returns where the tip of somebody's arrow is in the window.
func (w *window) cursor(of string, _ frame) (x, y float64, ok bool) {
	w.t.Helper()
	var arrow int
	w.walkDOM(func(n domNode) {
		if strings.HasPrefix(n.class(), "cursor") && n.text() == of {
			arrow = n.Children[0].BackendID
		}
	})
	at, ok := w.quadOf(arrow)
	return at.X, at.Y, ok
}

// pointsAt waits until somebody's arrow is over the middle of an element.
func (w *window) pointsAt(of string, in frame, selector string) {
	w.t.Helper()
	var x, y, wantX, wantY float64
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		wantX, wantY = w.element(in, selector)
		var ok bool
		if x, y, ok = w.cursor(of, in); ok && math.Hypot(x-wantX, y-wantY) <= 3 {
			return
		}
	}
	w.t.Errorf("%s: %s's arrow is at %.0f,%.0f, want %.0f,%.0f over %s", w.name, of, x, y, wantX, wantY, selector)
}

// scrolled waits until both see the same part of the page and it stays there.
func (m *meeting) scrolled() {
	m.t.Helper()
	var before [2]float64
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		now := [2]float64{get[float64](m.visitor, content, `scrollY`), get[float64](m.agent, mirror, `scrollY`)}
		if now == before && math.Abs(now[0]-now[1]) <= 1 {
			return
		}
		before = now
	}
	m.t.Error("the two never came to rest at the same place")
}

func (m *meeting) expectText(w *window, part string) {
	m.t.Helper()
	w.wait(top, `document.body.innerText.includes(`+quote(part)+`)`)
}

func TestScenario06And09And10And33ViewOnly(t *testing.T) {
	m := startMeeting(t, session.View)
	m.accept()
	m.same("home")

	t.Log("each sees the other's arrow over the same element, scrolled or not")
	m.agent.moveTo(m.agent.element(mirror, `.hero h1`))
	m.visitor.pointsAt("Ada", content, `.hero h1`)
	m.visitor.moveTo(m.visitor.element(content, `a.brand`))
	m.agent.pointsAt("Vic", mirror, `a.brand`)

	t.Log("a pointer that moves 30 times a second takes less than 30 kbit/s, and two who rest next to nothing")
	const second = 30_000 / 8 // bytes
	before := m.agent.bytesSent()
	for i := range 30 {
		m.agent.moveTo(300+10*float64(i), 400)
	}
	m.agent.moveTo(m.agent.element(mirror, `.hero h1`))
	m.visitor.pointsAt("Ada", content, `.hero h1`)
	moving := m.agent.bytesSent() - before
	if moving == 0 || moving > second {
		t.Errorf("30 moves took %d bytes", moving)
	}
	before = m.agent.bytesSent() + m.visitor.bytesSent()
	get[any](m.visitor, content, `new Promise((done) => setTimeout(done, 2000))`)
	resting := m.agent.bytesSent() + m.visitor.bytesSent() - before
	if resting > 2*2*2000/8 {
		t.Errorf("in two seconds of rest the two sent %d bytes", resting)
	}
	t.Logf("%d bytes for 31 moves, %d in two seconds of rest", moving, resting)

	t.Log("scrolling is shared both ways")
	m.agent.wheel(mirror, `.hero h1`, 500)
	m.visitor.wait(content, `scrollY >= 400`)
	m.scrolled()
	m.agent.moveTo(m.agent.element(mirror, `.rooms h3`))
	m.visitor.pointsAt("Ada", content, `.rooms h3`)
	was := get[float64](m.visitor, content, `scrollY`)
	m.visitor.wheel(content, `.rooms h3`, -300)
	m.visitor.wait(content, fmt.Sprintf(`scrollY < %f - 200`, was))
	m.agent.wait(mirror, fmt.Sprintf(`scrollY < %f - 200`, was))

	t.Log("who has zoomed in by pinching is seen to")
	m.visitor.call("Emulation.setPageScaleFactor", map[string]any{"pageScaleFactor": 2}, nil)
	m.agent.wait(renderer, `(() => { const box = document.querySelector('.lens:not([hidden])')?.getBoundingClientRect(); return box && box.width < innerWidth * 0.7; })()`)
	m.visitor.call("Emulation.setPageScaleFactor", map[string]any{"pageScaleFactor": 1}, nil)
	m.agent.wait(renderer, `document.querySelector('.lens').hidden`)

	t.Log("the agent looks around alone for a while, and comes back")
	m.agent.click(top, `[data-tandem=follow]`)
	m.agent.wait(top, `document.querySelector('[data-tandem=follow]').ariaPressed === 'false'`)
	was = get[float64](m.visitor, content, `scrollY`)
	m.agent.wheel(mirror, `.rooms h3`, 300)
	m.agent.wait(mirror, fmt.Sprintf(`scrollY > %f + 200`, was))
	alone := get[float64](m.agent, mirror, `scrollY`)
	m.visitor.wheel(content, `.rooms h3`, -100)
	m.visitor.wait(content, fmt.Sprintf(`scrollY < %f - 50`, was))
	get[any](m.agent, top, `new Promise((done) => setTimeout(done, 500))`)
	if now := get[float64](m.agent, mirror, `scrollY`); now != alone {
		t.Errorf("the agent, alone at %f, was taken to %f", alone, now)
	}
	m.agent.click(top, `[data-tandem=follow]`)
	m.scrolled()

	t.Log("an agent who may only look changes nothing")
	before = len(m.shop.Log())
	m.agent.click(mirror, `nav a[href="/build"]`)
	m.agent.click(mirror, `.find input[name=q]`)
	m.agent.write("x")
	m.agent.moveTo(m.agent.element(mirror, `.hero h1`))
	m.visitor.pointsAt("Ada", content, `.hero h1`) // so all of it has arrived
	if path := get[string](m.visitor, content, `location.pathname + document.querySelector('.find input').value`); path != "/" {
		t.Errorf("the visitor's page went to %q", path)
	}
	if after := len(m.shop.Log()); after != before {
		t.Errorf("the shop's log grew from %d to %d", before, after)
	}
	if get[bool](m.agent, top, `[...document.querySelectorAll('[data-tandem=back], [data-tandem=address]')].some((e) => !e.disabled && !e.readOnly && e.getClientRects().length)`) {
		t.Error("the bar offers what the agent may not do")
	}
}

// TestScenario27Silent lets the visitor's page stand still: nothing old may pass for live.
func TestScenario27Silent(t *testing.T) {
	m := startMeeting(t, session.Shared)
	m.accept()
	m.same("home")
	status := func(want string) string {
		return fmt.Sprintf(`document.querySelector('[data-tandem=status]').textContent === %q`, want)
	}
	live := `!document.querySelector('.veil') && ` + status("Live")
	m.agent.wait(top, live)
	beats := `performance.now() > (window.tandemBegan ??= performance.now()) + 3500`
	m.agent.wait(top, beats) // the first sign of life has come
	m.visitor.call("Page.enable", nil, nil)
	if err := m.visitor.eval(content, `void setTimeout(() => alert('one moment'), 50)`, nil); err != nil {
		t.Fatal(err)
	}
	m.agent.wait(top, `/one moment/.test(document.body.innerText) && `+status("Vic is asked"))
	m.visitor.call("Page.handleJavaScriptDialog", map[string]any{"accept": true}, nil)
	m.agent.wait(top, live)
	t.Log("a page that does not answer is not called live")
	if err := m.visitor.eval(content, `void setTimeout(() => { for (const end = performance.now() + 4000; performance.now() < end;); }, 50)`, nil); err != nil {
		t.Fatal(err)
	}
	if err := m.agent.eval(top, `const now = Date.now; Date.now = () => now() + 20_000; 0`, nil); err != nil {
		t.Fatal(err)
	}
	m.agent.wait(top, `/does not answer/.test(document.querySelector('.veil.banner')?.innerText) && `+status("Not live"))
	t.Log("when it goes on, it is again")
	m.agent.wait(top, live)
	m.same("home")
}

func TestScenario02And03Decline(t *testing.T) {
	m := startMeeting(t, session.Shared)
	m.visitor.wait(top, `document.querySelector('[data-tandem=decline]:not(:disabled)')`)
	text := get[string](m.visitor, top, `document.body.innerText`)
	for _, part := range []string{"Ada", m.shop.URL()[len("http://"):], "assword", "ecord", "Colleagues of Ada"} {
		if !strings.Contains(text, part) {
			t.Errorf("the consent page does not mention %q:\n%s", part, text)
		}
	}
	if get[bool](m.agent, top, `document.querySelector('iframe') !== null`) {
		t.Error("the agent is shown something before the visitor accepts")
	}
	m.visitor.click(top, `[data-tandem=decline]`)
	m.expectText(m.agent, "declined")
	if s, _ := m.server.Hub.Session(m.invited.ID); s.State() != session.Declined {
		t.Errorf("state %s", s.State())
	}
	again := sharedBrowser(t).open(t, "again", m.invited.VisitorURL, 900, 700)
	again.wait(top, `document.querySelector('h1') && !document.querySelector('[data-tandem=accept]')`)
}

// TestScenario01And02And34FarVisitor comes with a code, in a private window that keeps
// no cookies of third parties, from a company whose proxy lets no WebSocket through, and at first nothing in its place.
func TestScenario01And02And34FarVisitor(t *testing.T) {
	m := prepareMeeting(t, session.Shared)
	office := newCompany(t)
	visitor := sharedBrowser(t).open(t, "caller", "about:blank", 900, 700, office.behind)
	m.visitor = visitor
	visitor.withoutThirdParties()
	visitor.navigate(m.server.Control.String() + "/")
	visitor.click(top, "input")
	visitor.write(strings.ToLower(m.invited.Code))
	visitor.press("Enter", 13)
	visitor.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	visitor.click(top, "[data-tandem=accept]")
	visitor.wait(top, `/keeps back what sharing needs/.test(document.querySelector('.veil')?.innerText)`)
	visitor.keep("blocked")
	if m.server.Hub.Sessions()[0].VisitorOnline {
		t.Error("nothing was blocked")
	}
	office.open.Store(true)
	visitor.wait(top, `document.body.classList.contains('sharing') && !document.querySelector('.veil')`)
	m.agent.wait(mirror, `document.title.includes('Filament')`)
	m.visitor.wait(content, `document.readyState === 'complete'`)
	m.same("behind the proxy")
	m.agent.click(mirror, `nav a[href="/build"]`)
	m.at("/build")
	m.same("behind the proxy, the next page")
	if n := visitor.bytesSent(); n > 0 {
		t.Errorf("%d bytes went over a WebSocket", n)
	}

	t.Log("the link is used up with the code")
	other := sharedBrowser(t).open(t, "other", m.invited.VisitorURL, 900, 700)
	other.wait(top, `/used/i.test(document.body.innerText) && !document.querySelector('[data-tandem=accept]')`)
}

// TestScenario04And05End ends a session in each of the three ways there are.
func TestScenario04And05End(t *testing.T) {
	for name, end := range map[string]func(m *meeting){
		"visitor": func(m *meeting) { m.visitor.click(top, `[data-tandem=end]`) },
		"agent": func(m *meeting) {
			m.agent.click(top, `[data-tandem=end]`)
			if m.agent.eval(top, `document.querySelector('dialog[open] button.stop, dialog[open] .danger').click()`, nil) == nil {
				m.t.Log("the agent was asked to confirm")
			}
		},
		"command": func(m *meeting) {
			if err := m.server.Hub.End(m.t.Context(), m.invited.ID, "admin"); err != nil {
				m.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := startMeeting(t, session.Shared)
			m.accept()
			m.same("home")
			m.agent.wait(mirror, `document.querySelector('.hero img').currentSrc`)
			asset := get[string](m.agent, mirror, `document.querySelector('.hero img').currentSrc`)
			m.framed()
			page := get[string](m.visitor, content, `performance.getEntriesByType('navigation')[0].name`)

			began := time.Now()
			end(m)
			m.visitor.wait(top, `!document.querySelector('iframe') && /ended|stopped/i.test(document.body.innerText)`)
			m.agent.wait(top, `!document.querySelector('iframe') && /ended|stopped/i.test(document.body.innerText)`)
			t.Logf("ended for both after %v", time.Since(began).Round(time.Millisecond))
			if shows := get[bool](m.visitor, top, `!!document.querySelector('a[href^=`+quote(m.shop.URL())+`]')`); !shows {
				t.Error("the visitor is offered no way to go on at the site itself")
			}
			for _, url := range []string{asset, page} {
				if status := statusOf(t, m.server, url); status < 400 {
					t.Errorf("%s still answers %d", url, status)
				}
			}
			again := sharedBrowser(t).open(t, "again", m.invited.AgentURL, 900, 700)
			again.wait(top, `/ended|over/i.test(document.body.innerText)`)
		})
	}
}

// framed checks that the visitor's page is framed in the agent's colour, beside a
// button that ends it, and that nothing of ours lies over it but what passes.
func (m *meeting) framed() {
	m.t.Helper()
	if !strings.Contains(get[string](m.visitor, top, `document.body.innerText`), "Ada") {
		m.t.Error("the visitor is not told who sees the page")
	}
	if end := get[bool](m.visitor, top, `document.querySelector('[data-tandem=end]').checkVisibility()`); !end {
		m.t.Error("the visitor has no button to end it")
	}
	if width := get[float64](m.visitor, top, `Math.min(...['Top', 'Right', 'Bottom', 'Left'].map((side) => parseFloat(getComputedStyle(document.querySelector('#stage'))['border' + side + 'Width'])))`); width < 1 {
		m.t.Errorf("the frame is %v px wide", width)
	}
	if covers := get[[]string](m.visitor, top, `(() => {
		const page = document.querySelector('[data-tandem=tab]'), box = page.getBoundingClientRect(), covers = [];
		for (let x = box.left + 3; x < box.right; x += 40) for (let y = box.top + 3; y < box.bottom; y += 40) {
			const there = document.elementFromPoint(x, y);
			if (there !== page && !there.closest('tandem-toasts')) covers.push(there.outerHTML.slice(0, 80));
		}
		return covers;
	})()`); len(covers) > 0 {
		m.t.Errorf("over the page lies %q", covers)
	}
}

// statusOf asks the server under test for a URL, whatever its name resolves to
// here, and follows it to the end.
func statusOf(t *testing.T, s *server, url string) int {
	t.Helper()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.cfg.Listen)
		},
	}}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// TestScenario27And28ComeBack: either may reload, leave and return, or come late.
func TestScenario27And28ComeBack(t *testing.T) {
	m := startMeeting(t, session.Shared)
	m.agent.navigate("about:blank") // the visitor comes first
	m.visitor.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	m.visitor.click(top, "[data-tandem=accept]")
	m.visitor.wait(content, `document.readyState === 'complete'`)
	m.visitor.click(content, `nav a[href="/lamps/desk"]`)
	m.visitor.wait(content, `location.pathname === '/lamps/desk'`)

	m.agent.navigate(m.invited.AgentURL)
	m.at("/lamps/desk")
	m.same("late agent")

	t.Log("the agent reloads, and is as before")
	seat := func() string {
		return get[string](m.visitor, top, `getComputedStyle(document.documentElement).getPropertyValue('--agent') + ' ' + document.querySelector('[data-tandem=mode]').dataset.mode`)
	}
	before := seat()
	m.agent.call("Page.reload", map[string]any{}, nil)
	m.agent.wait(mirror, `document.title.includes('Filament')`)
	m.same("agent reloaded")
	if after := seat(); after != before || !strings.HasPrefix(after, "#") {
		t.Errorf("the agent was %q, and is %q", before, after)
	}

	t.Log("the visitor reloads")
	m.visitor.call("Page.reload", map[string]any{}, nil)
	m.visitor.wait(content, `document.readyState === 'complete'`)
	m.at("/lamps/desk")
	m.same("visitor reloaded")

	t.Log("the visitor opens the link once more")
	m.visitor.navigate(m.invited.VisitorURL)
	m.visitor.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	m.visitor.click(top, "[data-tandem=accept]")
	m.at("/lamps/desk")
	m.same("visitor came back")
}

// TestScenario29Restart stops the server under a running session and starts it again.
func TestScenario29Restart(t *testing.T) {
	b := sharedBrowser(t)
	data := t.TempDir()
	site, err := shop.Start(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &meeting{t: t, shop: site}
	var stop func()
	m.server, stop = launch(t, data, "127.0.0.1:0")
	m.allow(site.URL(), site.PayURL())
	m.invite(site.URL()+"/", session.Shared)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	m.accept()
	m.visitor.click(content, `a.tool[href="/account"]`)
	m.at("/login")
	m.visitor.click(content, `[name=email]`)
	m.visitor.write("ida@example.com")
	m.visitor.click(content, `[name=password]`)
	m.visitor.write("lamplight\n")
	m.at("/account")

	stop()
	m.agent.wait(top, `/reconnect|not connected|away/i.test(document.body.innerText)`)
	m.server, _ = launch(t, data, m.server.cfg.Listen)
	began := time.Now()
	m.agent.wait(top, `!/reconnect|not connected|away/i.test(document.body.innerText)`)
	m.visitor.wait(top, `!/reconnect|not connected/i.test(document.querySelector('[data-tandem=status]').innerText)`)
	t.Logf("both back %v after the start", time.Since(began).Round(time.Millisecond))
	m.agent.click(top, `[data-tandem=reload]`)
	m.at("/account") // still logged in: the jar has survived
	m.same("after the restart")
	m.once("login")
}

// TestScenario19And21OtherOrigins leaves the shop for another allowed site, by a redirect, and
// comes back.
func TestScenario19And21OtherOrigins(t *testing.T) {
	m := startMeeting(t, session.Shared)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/go":
			http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes", HttpOnly: true})
			http.Redirect(w, r, "/there?from=shop#part", http.StatusFound)
		default:
			cookie, _ := r.Cookie("seen")
			fmt.Fprintf(w, `<!doctype html><title>Elsewhere</title><h1>Elsewhere</h1><p id=who>%v %s</p><script>
				document.title = location.origin + ' ' + document.referrer</script><a id=home href=%q>home</a>`, cookie, r.Referer(), m.shop.URL()+"/lamps")
		}
	}))
	defer other.Close()
	m.allow(other.URL)
	m.accept()
	m.visitor.wait(content, `document.readyState === 'complete'`)
	get[any](m.visitor, content, `document.body.insertAdjacentHTML('afterbegin', `+quote(`<a id="out" href="`+other.URL+`/go">out</a>`)+`)`)
	m.agent.click(mirror, `#out`)
	want := other.URL + " " + m.shop.URL() + "/"
	m.visitor.wait(content, `document.title === `+quote(want)) // a page sees its own name and its referrer's, not ours
	m.agent.wait(mirror, `document.querySelector('#who')?.textContent === `+quote("seen=yes "+m.shop.URL()+"/"))
	if got := get[string](m.agent, top, `document.querySelector('[data-tandem=address]').value`); got != other.URL+"/there?from=shop#part" {
		t.Errorf("the agent's address field says %q", got)
	}
	m.same("elsewhere")
	m.visitor.click(content, `#home`)
	m.at("/lamps")
	m.same("home again")
	m.routes()
}

// routes has a page change its address and itself, as applications do, while the
// agent points.
func (m *meeting) routes() {
	m.t.Helper()
	m.t.Log("twenty routes of one document")
	m.agent.moveTo(m.agent.element(mirror, `a.brand`))
	get[any](m.visitor, content, `(async () => {
		const show = () => { document.title = document.querySelector('main').innerText = location.pathname + location.hash; };
		addEventListener('popstate', show);
		for (let n = 1; n <= 20; n++) {
			if (n % 3 === 0) location.hash = 'part-' + n;
			else history[n % 3 === 1 ? 'pushState' : 'replaceState']({}, '', '/route/' + n);
			show();
			await new Promise(requestAnimationFrame);
		}
	})()`)
	at := func(route string) {
		m.t.Helper()
		m.visitor.wait(content, `document.title === `+quote(route))
		m.agent.wait(mirror, `document.title === `+quote(route)+` && document.querySelector('main').innerText === `+quote(route))
		m.agent.wait(top, `document.querySelector('[data-tandem=address]').value === `+quote(m.shop.URL()+route))
	}
	at("/route/20")
	m.visitor.pointsAt("Ada", content, `a.brand`)
	m.agent.click(top, `[data-tandem=back]`)
	at("/route/17#part-18")
	m.agent.click(top, `[data-tandem=forward]`)
	at("/route/20")
	m.sameTree("routes")
}

func TestScenario19Problems(t *testing.T) {
	m := startMeeting(t, session.Shared)
	m.accept()

	t.Log("an origin that is not allowed")
	m.visitor.wait(content, `document.readyState === 'complete'`)
	get[any](m.visitor, content, `document.body.insertAdjacentHTML('afterbegin', '<a id="out" href="http://elsewhere.localhost:9/x">out</a>')`)
	m.visitor.click(content, `#out`)
	m.visitor.wait(content, `/elsewhere\.localhost/.test(document.body.innerText) && /allowed/i.test(document.body.innerText)`)
	m.agent.wait(mirror, `/elsewhere\.localhost/.test(document.body.innerText) && /allowed/i.test(document.body.innerText)`)

	t.Log("a site that is down")
	m.allow("http://down.localhost:9")
	m.address("http://down.localhost:9/")
	m.visitor.wait(content, `/down\.localhost/.test(document.body.innerText) && /does\s+not accept connections/i.test(document.body.innerText)`)
	m.agent.wait(mirror, `/down\.localhost/.test(document.body.innerText)`)
	m.samePixels("problem page", 0.995)
}
