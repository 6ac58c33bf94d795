package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evanw/esbuild/pkg/api"

	"tandem/cmd/tandem/shop"
	"tandem/session"
)

// meeting is a visitor and an agent in one session on a server of the test's own.
type meeting struct {
	t       testing.TB
	server  *server
	shop    *shop.Shop
	invited session.Invitation
	visitor *window
	agent   *window
}

// startServer runs a whole server for the length of a test.
func startServer(t testing.TB, data string) *server {
	t.Helper()
	s, _ := launch(t, data, "127.0.0.1:0")
	return s
}

// launch runs a server until the test ends or the function it returns is called.
func launch(t testing.TB, data, listen string) (*server, func()) {
	t.Helper()
	return launchAs(t, config{Listen: listen, Data: data})
}

func launchAs(t testing.TB, cfg config) (*server, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, stopped := make(chan *server, 1), make(chan error, 1)
	level := slog.LevelWarn
	if os.Getenv("TANDEM_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	cfg.Drain = 2 * time.Second
	cfg.Ready = func(s *server) { ready <- s }
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	}
	go func() { stopped <- run(ctx, cfg) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Errorf("stopping the server: %v", err)
		}
	})
	t.Cleanup(stop)
	select {
	case s := <-ready:
		return s, stop
	case err := <-stopped:
		stopped <- nil
		t.Fatal(err)
	case <-time.After(patience):
		t.Fatal("the server did not start")
	}
	return nil, nil
}

// startMeeting starts a server and a shop, invites both people and opens their links.
func startMeeting(t testing.TB, mode session.Mode) *meeting {
	t.Helper()
	m := prepareMeeting(t, mode)
	m.visitor = sharedBrowser(t).open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	return m
}

// prepareMeeting is startMeeting with the visitor still to come.
func prepareMeeting(t testing.TB, mode session.Mode) *meeting {
	t.Helper()
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	var err error
	if m.shop, err = shop.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	m.allow(m.shop.URL(), m.shop.PayURL())
	m.invite(m.shop.URL()+"/", mode)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.agent.wait(top, `document.querySelector('[data-tandem=status]')`)
	return m
}

func (m *meeting) allow(urls ...string) {
	m.t.Helper()
	for _, url := range urls {
		if err := m.server.Hub.Origins().Allow(m.t.Context(), url, true); err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *meeting) invite(url string, mode session.Mode) {
	m.t.Helper()
	var err error
	m.invited, err = m.server.Hub.Create(m.t.Context(), session.Request{URL: url, Mode: mode, AgentName: "Ada", VisitorName: "Vic"})
	if err != nil {
		m.t.Fatal(err)
	}
}

// accept consents as the visitor and waits until both see the page.
func (m *meeting) accept() {
	m.t.Helper()
	m.visitor.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	m.visitor.click(top, "[data-tandem=accept]")
	m.visitor.wait(content, `document.readyState === 'complete'`)
	m.agent.wait(mirror, `document.body && document.body.children.length > 0`)
}

// Read late: the test binary also runs as the program, in other directories.
var digestScript = sync.OnceValue(func() string {
	source, err := os.ReadFile("../../static/src/testing/digest.ts")
	if err != nil {
		panic(err)
	}
	result := api.Transform(string(source), api.TransformOptions{Loader: api.LoaderTS, Format: api.FormatIIFE, GlobalName: "tandemTest"})
	if len(result.Errors) > 0 {
		panic(result.Errors[0].Text)
	}
	return string(result.Code)
})

const digestCall = `(() => { %s; return tandemTest.digest(document, {frames: false, closed: (host) => host.localName === 'swatch-picker'}); })()`

// same checks that the mirror shows the visitor's page: first the trees, then the pixels.
func (m *meeting) same(step string) {
	m.t.Helper()
	m.sameTree(step)
	m.samePixels(step, 0.995)
}

func (m *meeting) sameTree(step string) {
	m.t.Helper()
	sameTree(m.t, step, m.visitor, m.agent)
}

// sameTree waits until the mirror has the tree of the visitor's page.
func sameTree(t testing.TB, step string, visitor, agent webpage) {
	t.Helper()
	js := fmt.Sprintf(digestCall, digestScript())
	var led, followed string
	deadline := time.Now().Add(patience)
	for {
		errV, errA := visitor.eval(content, js, &led), agent.eval(mirror, js, &followed)
		if errV == nil && errA == nil && led == followed {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: the mirror differs (%v, %v):\n%s", step, errV, errA, firstDifference(led, followed))
		}
		time.Sleep(100 * time.Millisecond)
	}
	// Until it has its styles, the page before it is in front, and gets what is pressed.
	agent.wait(renderer, `(() => {
		const shown = document.querySelector('iframe[name=tandem-mirror]');
		return shown && [...document.querySelectorAll('iframe')].every((frame) => frame === shown || frame.dataset.tab !== shown.dataset.tab);
	})()`)
}

// noErrors reports what scripts failed with in either window, the site's pages
// included: a failure of ours must never show there.
func (m *meeting) noErrors() {
	m.t.Helper()
	m.noErrorsIn(m.visitor, m.agent)
}

func (m *meeting) noErrorsIn(windows ...*window) {
	m.t.Helper()
	for _, w := range windows {
		w.mu.Lock()
		for _, line := range w.console {
			if strings.HasPrefix(line, "uncaught") {
				m.t.Errorf("%s: %s", w.name, line)
			}
		}
		w.mu.Unlock()
	}
}

// rest takes the focus out of both windows, where each person has it elsewhere.
func (m *meeting) rest() {
	m.t.Helper()
	for w, in := range map[*window]frame{m.visitor: content, m.agent: mirror} {
		get[any](w, in, `document.activeElement?.blur()`)
	}
}

// samePixels compares what both windows show of the page, until it agrees in
// at least the given share of pixels.
func (m *meeting) samePixels(step string, want float64) {
	m.t.Helper()
	// What lies under a resting pointer looks different to whom it belongs.
	m.visitor.moveTo(2, 2)
	m.agent.moveTo(2, 2)
	var share float64
	var err error
	for range 20 {
		if share, err = m.pixels(); err == nil && share >= want {
			m.t.Logf("%s: %.3f %% of pixels agree", step, 100*share)
			return
		}
		time.Sleep(250 * time.Millisecond)
	}
	m.t.Errorf("%s: %.3f %% of pixels agree, want %.1f %% (%v)", step, 100*share, 100*want, err)
	m.keep(step)
}

// keep leaves both pictures of a step that differed.
func (m *meeting) keep(step string) {
	save(m.t, step+" visitor", func() (image.Image, error) { return m.visitor.shot(`[data-tandem=tab]`, top) })
	save(m.t, step+" agent", func() (image.Image, error) { return m.agent.shot(`iframe[name=tandem-mirror]`, renderer) })
}

func (m *meeting) pixels() (float64, error) {
	v, err := m.visitor.shot(`[data-tandem=tab]`, top)
	if err != nil {
		return 0, err
	}
	a, err := m.agent.shot(`iframe[name=tandem-mirror]`, renderer)
	if err != nil {
		return 0, err
	}
	return agreement(v, a), nil
}

// shot pictures the box of an element without the pointers people see over it,
// and without what they are told there for a while.
func (w *window) shot(selector string, in frame) (image.Image, error) {
	show := func(as string) {
		for _, of := range []frame{top, in} {
			_ = w.eval(of, `for (const e of document.querySelectorAll('tandem-cursors, tandem-veils, tandem-toasts')) e.style.visibility = `+quote(as)+`; 0`, nil)
		}
	}
	show("hidden")
	defer show("")
	_, id, err := w.find(in)
	if err != nil {
		return nil, err
	}
	var object struct {
		Result struct {
			ObjectID string `json:"objectId"`
		} `json:"result"`
	}
	if err := w.try("Runtime.evaluate", map[string]any{"expression": fmt.Sprintf(`[...document.querySelectorAll(%s)].filter(e => e.getClientRects().length && getComputedStyle(e).visibility === 'visible').at(-1)`, quote(selector)), "contextId": id}, &object); err != nil {
		return nil, err
	}
	if object.Result.ObjectID == "" {
		return nil, fmt.Errorf("%s: nothing to picture", w.name)
	}
	var res struct {
		Quads [][]float64 `json:"quads"`
	}
	if err := w.try("DOM.getContentQuads", map[string]any{"objectId": object.Result.ObjectID}, &res); err != nil || len(res.Quads) == 0 {
		return nil, fmt.Errorf("%s: not shown (%v)", w.name, err)
	}
	q := res.Quads[0]
	return w.picture(&rect{q[0], q[1], q[2] - q[0], q[5] - q[1]})
}

// agreement is the share of pixels whose colours are the same to the eye.
func agreement(a, b image.Image) float64 {
	size := a.Bounds().Intersect(b.Bounds())
	all := max(a.Bounds().Dx()*a.Bounds().Dy(), b.Bounds().Dx()*b.Bounds().Dy())
	if all == 0 {
		return 0
	}
	same := 0
	left, right := drawn(a, size), drawn(b, size)
	for row := range size.Dy() {
		l, r := left.Pix[row*left.Stride:][:left.Stride], right.Pix[row*right.Stride:][:right.Stride]
		if bytes.Equal(l, r) {
			same += size.Dx()
			continue
		}
		for at := 0; at < len(l); at += 4 {
			if near(l[at], r[at]) && near(l[at+1], r[at+1]) && near(l[at+2], r[at+2]) {
				same++
			}
		}
	}
	return float64(same) / float64(all)
}

// drawn is a part of an image as bytes, four a pixel.
func drawn(of image.Image, size image.Rectangle) *image.RGBA {
	to := image.NewRGBA(size)
	draw.Draw(to, size, of, size.Min, draw.Src)
	return to
}

// near allows for the rounding of anti-aliasing, 3 of 255.
func near(a, b byte) bool {
	d := int(a) - int(b)
	return d <= 3 && d >= -3
}

func firstDifference(a, b string) string {
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	from := max(0, start-200)
	return fmt.Sprintf("visitor: …%s…\nagent:   …%s…", a[from:min(len(a), start+300)], b[from:min(len(b), start+300)])
}

// logged counts the entries of one kind in the shop's log: what reached the
// shop, however many people clicked.
func (m *meeting) logged(kind string) (n int) {
	for _, entry := range m.shop.Log() {
		if entry.Kind == kind {
			n++
		}
	}
	return n
}

// once checks that something reached the shop exactly once so far.
func (m *meeting) once(kind string) { m.t.Helper(); m.times(kind, 1) }

func (m *meeting) times(kind string, want int) {
	m.t.Helper()
	if got := m.logged(kind); got != want {
		m.t.Errorf("the shop's log has %d entries %q, want %d", got, kind, want)
	}
}

// address goes to a URL by the agent's address field.
func (m *meeting) address(url string) {
	m.t.Helper()
	m.agent.clear(top, "[data-tandem=address]")
	m.agent.write(url + "\n")
}

// at waits until the visitor's page is at a path and the agent sees that page.
func (m *meeting) at(path string) {
	m.t.Helper()
	m.visitor.wait(content, "location.pathname === "+quote(path)+" && document.readyState === 'complete'")
	title := get[string](m.visitor, content, "document.title")
	m.agent.wait(mirror, "document.title === "+quote(title))
}

func TestScenario14ShopTogether(t *testing.T) {
	m := startMeeting(t, session.Shared)
	defer m.noErrors()
	m.accept()
	m.same("home")

	t.Log("the agent follows a link")
	m.agent.click(mirror, `.hero a.button`)
	m.at("/lamps")
	m.same("lamps")

	t.Log("a page that has another address than it was loaded from")
	get[any](m.visitor, content, `(() => {
		history.pushState(null, '', '/a/b/c');
		const copy = new Image();
		copy.id = 'copy';
		copy.src = '../../assets/icon.svg';
		document.body.append(copy);
	})()`)
	m.visitor.wait(content, `document.querySelector('#copy').naturalWidth > 0`)
	m.agent.wait(mirror, `document.querySelector('#copy')?.naturalWidth > 0`)
	get[any](m.visitor, content, `document.querySelector('#copy').remove(), history.back()`)
	m.visitor.wait(content, `location.pathname === '/lamps'`)

	t.Log("the visitor follows another")
	m.visitor.click(content, `nav a[href="/lamps/table"]`)
	m.at("/lamps/table")
	m.same("table lamps")

	t.Log("the agent searches")
	m.agent.click(mirror, `.find input[name=q]`)
	m.agent.write("brass")
	m.visitor.wait(content, `document.querySelector('.find input[name=q]').value === 'brass'`)
	m.agent.wait(mirror, `document.querySelector('.find input[name=q]').value === 'brass'`)
	m.agent.press("Enter", 13)
	m.visitor.wait(content, `location.search.includes('q=brass')`)
	m.same("search")

	t.Log("back and forward by the agent")
	m.agent.click(top, "[data-tandem=back]")
	m.at("/lamps/table")
	m.agent.click(top, "[data-tandem=forward]")
	m.visitor.wait(content, `location.search.includes('q=brass')`)
	m.address(m.shop.URL() + "/lamp/alma")
	m.at("/lamp/alma")
	m.same("product")

	t.Log("both fill in the form, the agent sends it")
	m.agent.click(mirror, `.swatches label:nth-of-type(2)`)
	m.visitor.wait(content, `document.querySelectorAll('[name=finish]')[1].checked`)
	m.visitor.clear(content, `[name=quantity]`)
	m.visitor.write("2")
	m.agent.wait(mirror, `document.querySelector('[name=quantity]').value === '2'`)
	m.same("product chosen")
	m.agent.click(mirror, `#buy button`)
	m.at("/cart")
	m.same("cart")
	m.once("cart")

	t.Log("signing in: the agent types the address, the visitor the password")
	m.agent.click(mirror, `a.tool[href="/account"]`)
	m.at("/login")
	m.agent.click(mirror, `[name=email]`)
	m.agent.write("ida@example.com")
	m.visitor.click(content, `[name=password]`)
	m.visitor.write("lamplight")
	m.agent.wait(mirror, `document.querySelector('[name=password]').value === '••••••••'`)
	m.rest()
	m.same("login")
	m.agent.click(mirror, `main form button`)
	m.at("/account")
	m.same("account")
	m.once("login")
	m.agentKeepsNothing()
	if cookies := get[string](m.visitor, content, "document.cookie"); cookies == "" {
		t.Error("document.cookie is empty, although the basket has a cookie scripts may read")
	}

	t.Log("checkout")
	m.visitor.click(content, `a.basket`)
	m.at("/cart")
	m.agent.click(mirror, `a[href="/checkout"]`)
	m.at("/checkout")
	m.same("checkout")
	m.checkOut()

	t.Log("the chat")
	m.agent.click(mirror, `#chat-open`)
	m.agent.wait(mirror, `!document.querySelector('#chat-panel').hidden && /online|here/i.test(document.querySelector('#chat-status').textContent)`)
	m.agent.click(mirror, `#chat-text`)
	m.agent.write("Is Alma in stock?\n")
	m.agent.wait(mirror, `document.querySelectorAll('#chat-log li').length >= 3`)
	m.same("chat")
	m.once("message")
	m.agent.click(mirror, `#chat-close`)

	t.Log("a pop-up is a tab for both, and speaks to its opener")
	m.visitor.click(content, `#help`)
	m.agent.wait(mirror, `document.querySelector('#use-code')`)
	m.agent.wait(top, `document.querySelectorAll('[role=tab]').length === 2`)
	m.agent.click(mirror, `#use-code`)
	m.agent.wait(mirror, `document.querySelector('#use-code').textContent === 'It is in your basket'`)
	m.visitor.click(top, `[role=tab][aria-selected=true] ~ button, [aria-selected=true] [aria-label^="Close"]`)
	m.agent.wait(mirror, `!document.querySelector('#use-code')`)
	m.visitor.wait(content, `document.cookie.includes('coupon=WARM10')`)

	t.Log("shadow trees, canvas and dialog")
	m.visitor.click(content, `nav a[href="/build"]`)
	m.at("/build")
	m.same("builder")
	m.agent.click(mirror, `#sign`)
	m.agent.click(mirror, `#evening`)
	m.visitor.wait(content, `document.querySelector('#evening').checked`)
	m.same("builder signed")
	m.agent.click(mirror, `#review-build`)
	m.agent.wait(mirror, `document.querySelector('#check').open`)
	m.same("dialog")
	m.agent.click(mirror, `#check button[value=yes]`)
	m.agent.wait(mirror, `!document.querySelector('#check').open`)

	t.Log("a photo is uploaded")
	m.upload()
}

// agentKeepsNothing checks that the agent's browser has no cookie but the one of
// our own pages, and no storage where the site is shown.
func (m *meeting) agentKeepsNothing() {
	m.t.Helper()
	var kept struct {
		Cookies []struct{ Name, Domain string } `json:"cookies"`
	}
	m.agent.call("Storage.getCookies", map[string]any{}, &kept) // of this browser context
	for _, cookie := range kept.Cookies {
		if cookie.Domain != m.server.Control.Hostname() {
			m.t.Errorf("the agent's browser has a cookie %s of %s", cookie.Name, cookie.Domain)
		}
	}
	for _, in := range []frame{mirror, renderer} {
		if stored := get[int](m.agent, in, `(() => { try { return localStorage.length + sessionStorage.length } catch { return 0 } })()`); stored > 0 {
			m.t.Errorf("the agent's browser stores %d things where the site is shown", stored)
		}
	}
}

func (m *meeting) upload() {
	m.t.Helper()
	m.address(m.shop.URL() + "/lamp/vera")
	m.at("/lamp/vera")
	path := filepath.Join(m.t.TempDir(), "photo.png")
	photo := image.NewRGBA(image.Rect(0, 0, 60, 40))
	for i := range photo.Pix {
		photo.Pix[i] = byte(i*7) | 0x80
	}
	f, err := os.Create(path)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := errors.Join(png.Encode(f, photo), f.Close()); err != nil {
		m.t.Fatal(err)
	}
	m.visitor.choose(content, `#photo`, path)
	m.agent.wait(mirror, `!document.querySelector('#photo-preview').hidden`)
	m.agent.click(mirror, `#review [name=name]`)
	m.agent.write("Ida")
	m.visitor.click(content, `#review [name=text]`)
	m.visitor.write("Warm light.")
	m.visitor.wait(content, `document.querySelector('#review [name=name]').value === 'Ida'`)
	m.rest()
	m.same("review written")
	m.agent.click(mirror, `#review .button`)
	m.agent.wait(mirror, `document.querySelector('.reviews img[alt="Photo by the customer"]')?.naturalWidth === 60`)
	m.rest()
	m.same("review")
	m.once("review")
}

// checkOut fills in the form and the payment frame, and pays.
func (m *meeting) checkOut() {
	m.t.Helper()
	pay, mirroredPay := within("pay-localhost"), frame(func(_ frameInfo, depth int) bool { return depth == 3 })
	m.agent.wait(mirroredPay, `document.querySelector('input[name=number]')`)
	m.agent.clear(mirror, `[name=name]`)
	m.agent.write("Ida Lund")
	m.visitor.clear(content, `[name=street]`)
	m.visitor.write("Klostergade 3")
	m.agent.clear(mirror, `[name=city]`)
	m.agent.write("Aarhus")
	m.agent.click(mirror, `[name=speed][value=evening]`)
	m.visitor.wait(content, `document.querySelector('[name=speed][value=evening]').checked && document.querySelector('[name=city]').value === 'Aarhus'`)
	m.agent.click(mirror, `#wrap`)
	m.agent.wait(mirror, `!document.querySelector('#note-box').hidden`)
	m.agent.click(mirror, `#note`)
	m.agent.write("For a dark winter.\nIda")
	m.visitor.wait(content, `document.querySelector('#note').innerText.trim() === 'For a dark winter.\n\nIda' || document.querySelector('#note').innerText.trim() === 'For a dark winter.\nIda'`)
	m.rest()
	m.same("checkout filled in")

	m.visitor.element(content, `#payment`) // into view
	m.visitor.click(pay, `[name=number]`)
	m.visitor.write("4242424242424242")
	m.visitor.click(pay, `[name=holder]`)
	m.visitor.write("Ida Lund")
	m.visitor.click(pay, `[name=expiry]`)
	m.visitor.write("12/30")
	m.visitor.click(pay, `[name=code]`)
	m.visitor.write("123")
	for _, name := range []string{"number", "holder", "expiry", "code"} {
		m.agent.wait(mirroredPay, "document.querySelector('[name="+name+"]').value === '••••••••'")
	}
	m.agent.click(mirror, `#place`)
	m.visitor.wait(content, `location.pathname.startsWith('/order/') && document.readyState === 'complete'`)
	m.agent.wait(mirror, `document.querySelector('#order-id')`)
	m.same("order")
	m.once("order")
	m.once("payment")
}
