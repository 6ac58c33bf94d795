package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/session"
)

// onlyApps skips what installs and runs other people's applications.
func onlyApps(t *testing.T) {
	t.Helper()
	if os.Getenv("TANDEM_TEST_APPS") == "" {
		t.Skip("TANDEM_TEST_APPS=1 runs the tests against applications")
	}
}

// startApp runs a script of apps/ for the length of a test and returns the
// address of what it started.
func startApp(t *testing.T, script string, args ...string) (site string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	cmd := exec.CommandContext(ctx, "apps/"+script, args...)
	cmd.Stderr = os.Stderr
	// The scripts stop their servers themselves, when asked politely.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if site, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			return site
		}
	}
	t.Fatalf("%s %v did not start", script, args)
	return ""
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// application is one that comes from npm.
type application struct {
	name  string // its directory in apps
	path  string // where people begin
	ready string // true in a page that is complete there
	use   func(*people)
}

// people are those at an application: two of them, or one with both hands.
type people struct {
	*testing.T
	site string
	a, b hand
	// step compares what both see.
	step func(name string)
	// rest takes the focus away, where both have one of their own.
	rest func()
}

// hand is somebody at a page: their window, and the frame that shows it.
type hand struct {
	w     *window
	in    frame
	depth int // of that frame
}

func (h hand) click(selector string)      { h.w.t.Helper(); h.w.clickAt(h.element(selector)) }
func (h hand) clear(selector string)      { h.w.t.Helper(); h.w.clear(h.in, selector) }
func (h hand) wait(expression string)     { h.w.t.Helper(); h.w.wait(h.in, expression) }
func (h hand) write(text string)          { h.w.t.Helper(); h.w.write(text) }
func (h hand) press(key string, code int) { h.w.t.Helper(); h.w.press(key, code) }

// element waits until an element stays where it is: applications move theirs,
// and so does the other's scrolling, between a look and a click.
func (h hand) element(selector string) (x, y float64) {
	h.w.t.Helper()
	x, y = h.w.element(h.in, selector)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
		nowX, nowY := h.w.element(h.in, selector)
		if nowX == x && nowY == y {
			return x, y
		}
		x, y = nowX, nowY
	}
	h.w.t.Fatalf("%s: %s never stands still", h.w.name, selector)
	return 0, 0
}

// pick chooses an option of a select, whose list is the browser's and out of a test's reach.
func (h hand) pick(selector, value string) {
	h.w.t.Helper()
	h.wait("document.querySelector(" + quote(selector) + ")")
	get[any](h.w, h.in, fmt.Sprintf(`(() => { const s = document.querySelector(%s); s.focus(); s.value = %s;
		s.dispatchEvent(new Event('input', {bubbles: true})); s.dispatchEvent(new Event('change', {bubbles: true})); })()`, quote(selector), quote(value)))
}

func (h hand) value(selector string) string {
	h.w.t.Helper()
	return get[string](h.w, h.in, "document.querySelector("+quote(selector)+").value")
}

// sees waits until an element with a text is there.
func (h hand) sees(selector, text string) {
	h.w.t.Helper()
	h.wait(fmt.Sprintf(`[...document.querySelectorAll(%s)].some(e => e.checkVisibility() && e.textContent.includes(%s))`, quote(selector), quote(text)))
}

// gone waits until no such element is to be seen.
func (h hand) gone(selector string) {
	h.w.t.Helper()
	h.wait(fmt.Sprintf(`![...document.querySelectorAll(%s)].some(e => e.checkVisibility())`, quote(selector)))
}

// doubleClick presses the main button twice on an element.
func (h hand) doubleClick(selector string) {
	h.w.t.Helper()
	x, y := h.element(selector)
	h.w.clickAt(x, y)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		h.w.mouse(kind, x, y, map[string]any{"button": "left", "clickCount": 2})
	}
}

// drag moves the middle of an element by dx and dy, in the steps of a hand.
func (h hand) drag(selector string, dx, dy float64) {
	h.w.t.Helper()
	x, y := h.element(selector)
	h.dragTo(x, y, x+dx, y+dy)
}

// dragOnto moves the middle of an element to the middle of another.
func (h hand) dragOnto(selector, target string) {
	h.w.t.Helper()
	x, y := h.element(selector)
	tx, ty := h.element(target)
	h.dragTo(x, y, tx, ty)
}

func (h hand) dragTo(x, y, tx, ty float64) {
	h.w.t.Helper()
	h.w.moveTo(x, y)
	h.w.mouse("mousePressed", x, y, map[string]any{"button": "left", "clickCount": 1})
	const steps = 12
	for i := 1.; i <= steps; i++ {
		h.w.mouse("mouseMoved", x+(tx-x)*i/steps, y+(ty-y)*i/steps, map[string]any{"button": "left", "buttons": 1})
		time.Sleep(16 * time.Millisecond)
	}
	h.w.mouse("mouseReleased", tx, ty, map[string]any{"button": "left", "clickCount": 1})
}

func (w *window) mouse(kind string, x, y float64, more map[string]any) {
	w.t.Helper()
	more["type"], more["x"], more["y"] = kind, x, y
	w.call("Input.dispatchMouseEvent", more, nil)
}

// deeper is the same people in the frames so many levels down.
func (p *people) deeper(levels int) *people {
	inner := *p
	for _, h := range []*hand{&inner.a, &inner.b} {
		at := h.depth + levels
		h.depth, h.in = at, func(_ frameInfo, depth int) bool { return depth == at }
	}
	return &inner
}

// marked marks the page's realm, and later checks that it is still that one.
func (p *people) marked(set bool) {
	p.Helper()
	for _, h := range []hand{p.a, p.b} {
		got := get[bool](h.w, h.in, `(() => { const was = window.marked === true; window.marked = true; return was; })()`)
		if !set && !got {
			p.Error("the page was loaded anew")
		}
	}
}

// both waits until both people see something.
func (p *people) both(expression string) {
	p.Helper()
	p.a.wait(expression)
	p.b.wait(expression)
}

// run lets one person use the application directly, and then two people
// through the proxy, each once in either part.
func (a application) run(t *testing.T) {
	onlyApps(t)
	var direct []string
	t.Run("direct", func(t *testing.T) {
		direct = a.directly(t)
	})
	if t.Failed() {
		return
	}
	t.Run("together", func(t *testing.T) { a.together(t, direct, false) })
	t.Run("the other way round", func(t *testing.T) { a.together(t, direct, true) })
}

func (a application) directly(t *testing.T) (troubles []string) {
	site := startApp(t, "npm.sh", a.name, freePort(t))
	w := sharedBrowser(t).open(t, "direct", "about:blank", 1280, 840)
	began := time.Now()
	w.navigate(site + a.path)
	w.wait(top, a.ready)
	t.Logf("from the address to the page: %.1f s", time.Since(began).Seconds())
	me := hand{w, top, 0}
	a.use(&people{T: t, site: site, a: me, b: me, rest: func() {}, step: func(name string) {
		if os.Getenv("TANDEM_TEST_PICTURES") != "" {
			save(t, "direct "+name, func() (image.Image, error) { return w.picture(nil) })
		}
	}})
	return w.troubles(site)
}

func (a application) together(t *testing.T, direct []string, swapped bool) {
	site := startApp(t, "npm.sh", a.name, freePort(t))
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	m.allow(site)
	m.invite(site+a.path, session.Shared)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.agent.wait(top, `document.querySelector('[data-tandem=status]')`)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	m.visitor.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	began := time.Now()
	m.visitor.click(top, "[data-tandem=accept]")
	m.visitor.wait(content, a.ready)
	loaded := time.Since(began)
	m.agent.wait(mirror, a.ready)
	m.sameTree("the first page")
	t.Logf("from accept to the page: %.1f s, to the agent's complete view: %.1f s, %d KiB sent by the visitor",
		loaded.Seconds(), time.Since(began).Seconds(), m.visitor.bytes()>>10)
	visitor, agent := hand{m.visitor, content, 1}, hand{m.agent, mirror, 2}
	p := &people{T: t, site: site, a: visitor, b: agent, step: m.step, rest: m.rest}
	if swapped {
		p.a, p.b = p.b, p.a
	}
	a.use(p)
	for _, line := range m.visitor.troubles(site) {
		if !slices.Contains(direct, line) {
			t.Errorf("only through the proxy: %.300s", line)
		}
	}
	m.proxied()
}

var (
	proxiedOrigin = regexp.MustCompile(`https?://[a-z0-9-]+--[a-z2-7]{12}\.[a-z.-]*localhost:\d+`)
	position      = regexp.MustCompile(`:\d+:\d+`)
)

// troubles are the errors of a page, in words that are the same wherever it is served.
func (w *window) troubles(site string) (lines []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.console {
		kind, _, _ := strings.Cut(line, " ")
		// What a page itself gives up, by leaving or otherwise, is a matter of time.
		if !slices.Contains([]string{"error", "assert", "uncaught", "status", "failed"}, kind) || strings.Contains(line, "ERR_ABORTED") {
			continue
		}
		line, _, _ = strings.Cut(line, "\n")
		if kind == "failed" {
			line, _, _ = strings.Cut(line, ": ") // why is the proxy's to know
		}
		line = proxiedOrigin.ReplaceAllString(line, site)
		lines = append(lines, position.ReplaceAllString(strings.ReplaceAll(line, site, ""), ""))
	}
	return lines
}

// step compares both sides, and keeps pictures for who wants to look.
func (m *meeting) step(name string) {
	m.t.Helper()
	m.sameTree(name)
	m.samePixels(name, 0.999)
	if os.Getenv("TANDEM_TEST_PICTURES") != "" {
		m.keep(name)
	}
}

// proxied checks that neither browser asked anybody but the server.
func (m *meeting) proxied() {
	m.t.Helper()
	for _, window := range []*window{m.visitor, m.agent} {
		window.mu.Lock()
		for _, request := range window.requests {
			if !m.ours(request) {
				m.t.Errorf("%s asked for %.200s", window.name, request)
			}
		}
		m.t.Logf("%s: %d requests, %d KiB sent over WebSockets", window.name, len(window.requests), window.sent>>10)
		window.mu.Unlock()
	}
	for _, s := range m.server.Hub.Sessions() {
		for what, n := range s.Blocked {
			// Applications ask for news at home, where nobody has allowed them to.
			if !strings.HasPrefix(what, "not allowed") {
				m.t.Errorf("the content policy stopped %s %d times", what, n)
			}
		}
	}
}

// ours tells whether a request stays in the browser or goes to the server.
func (m *meeting) ours(request string) bool {
	u, err := url.Parse(request)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "data", "blob", "about":
		return true
	case "http", "ws":
		return u.Host == m.server.Control.Host || strings.HasSuffix(u.Host, "."+m.server.Content)
	}
	return false
}

func (w *window) bytes() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// getJSON fetches something from an application, by none of the browsers.
func getJSON[T any](t testing.TB, address string) (value T) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", u.Port()))
	}}}
	defer client.CloseIdleConnections()
	res, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err == nil {
		err = json.Unmarshal(body, &value)
	}
	if err != nil {
		t.Fatalf("%s: %v", u.Path, err)
	}
	return value
}
