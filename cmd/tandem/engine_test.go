package main

import (
	"errors"
	"image"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/session"
)

// engine is a browser that pages are looked at in. What has to hold in every
// browser is tested through it; what needs more of one is tested in Chromium.
type engine interface {
	name() string

	// serve prepares a server for the engine.
	serve(testing.TB, *config)

	// open opens a page in a window with cookies and storage of its own, which
	// is closed when the test ends.
	open(t testing.TB, name, url string, width, height int) webpage
}

// webpage is one window of an engine. A frame is found by its address and depth
// each time, so that it may be replaced meanwhile; engines that do not tell the
// names of frames leave them empty.
type webpage interface {
	navigate(url string)

	// eval evaluates an expression in a frame, awaiting promises, and decodes its
	// value, which has to be JSON.
	eval(in frame, expression string, result any) error

	// wait polls until an expression is true in a frame.
	wait(in frame, expression string)

	// click presses the main button on an element, as a hand would.
	click(in frame, selector string)

	// write types a text into what has the focus, key by key.
	write(text string)

	// picture is a screenshot of the window, or of a part of it.
	picture(clip *rect) (image.Image, error)
}

var _ webpage = (*window)(nil)

// chromiumEngine is the Chromium that all tests of the package share.
type chromiumEngine struct{ *browser }

func (chromiumEngine) name() string { return "chromium" }

func (chromiumEngine) serve(testing.TB, *config) {}

func (c chromiumEngine) open(t testing.TB, name, url string, width, height int) webpage {
	t.Helper()
	return c.browser.open(t, name, url, width, height)
}

// inBrowsers runs a test in every browser that is here. Firefox may be missing;
// the test then says so and is skipped.
func inBrowsers(t *testing.T, test func(*testing.T, engine)) {
	t.Run("chromium", func(t *testing.T) { test(t, chromiumEngine{sharedBrowser(t)}) })
	t.Run("firefox", func(t *testing.T) { test(t, sharedFirefox(t)) })
}

// inEveryBrowser runs a test in WebKitGTK as well, when make test-webkit asks
// for it.
func inEveryBrowser(t *testing.T, test func(*testing.T, engine)) {
	inBrowsers(t, test)
	t.Run("webkit", func(t *testing.T) { test(t, webkitEngine(t)) })
}

// polls evaluates a condition until it holds. What the last failure was is said.
func polls(eval func(result any) error) error {
	deadline := time.Now().Add(patience)
	for {
		var value bool
		err := eval(&value)
		if err == nil && value {
			return nil
		}
		if time.Now().After(deadline) {
			if err == nil {
				err = errors.New("still false after " + patience.String())
			}
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestEngines(t *testing.T) {
	inEveryBrowser(t, testEngine)
}

func testEngine(t *testing.T, e engine) {
	site := newTarget(t)
	site.on(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/inner" {
			page(w, `<input onclick="self.trusted = event.isTrusted" onchange="self.said = value">`)
			return
		}
		page(w, `<button onclick="self.trusted = event.isTrusted">x</button><br><iframe src="/inner"></iframe>`)
	})
	first, second := e.open(t, "first", site.URL+"/", 900, 700), e.open(t, "second", site.URL+"/", 900, 700)
	inner := within("/inner")
	first.wait(top, `document.readyState === 'complete' && document.visibilityState === 'visible' && innerWidth === 900`)
	first.click(top, "button")
	first.wait(top, `self.trusted`)
	first.click(inner, "input")
	first.wait(inner, `self.trusted`)
	first.write("Zoë\n")
	first.wait(inner, `self.said === 'Zoë'`)
	if err := first.eval(top, `document.cookie = 'a=b'`, nil); err != nil {
		t.Error(err)
	}
	second.wait(top, `document.readyState === 'complete' && document.cookie === '' && document.visibilityState === 'visible'`)
	var said struct{ Of []string }
	if err := first.eval(inner, `Promise.resolve({of: [said]})`, &said); err != nil || len(said.Of) != 1 || said.Of[0] != "Zoë" {
		t.Errorf("a promise became %v, %v", said, err)
	}
	if err := first.eval(top, `Promise.reject(new Error('was refused'))`, nil); err == nil || !strings.Contains(err.Error(), "was refused") {
		t.Errorf("a rejection became %v", err)
	}
	if shot, err := first.picture(&rect{0, 0, 300, 200}); err != nil || shot.Bounds().Dx() != 300 || shot.Bounds().Dy() != 200 {
		t.Errorf("no picture: %v", err)
	}
}

// In every engine a page gets its cookies, knows its address, and is seen by
// the agent, and so is a PDF.
func TestEnginesShareAPage(t *testing.T) {
	inEveryBrowser(t, func(t *testing.T, e engine) {
		b := newBattleIn(t, e)
		b.site.on(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/inner" {
				page(w, "<title>inner</title><p>inner</p>")
				return
			}
			if r.URL.Path == "/paper.pdf" {
				w.Header().Set("Content-Type", "application/pdf")
				w.Write(paper(r.FormValue("title"), 1, "https://elsewhere.localhost/"))
				return
			}
			http.SetCookie(w, &http.Cookie{Name: "basket", Value: "1"})
			page(w, `<title>shop</title><iframe src="/inner"></iframe><iframe src="/paper.pdf?title=Framed"></iframe>
				<embed type="application/pdf" src="/paper.pdf?title=Embedded"><object data="/paper.pdf?title=Object"></object><script>self.said = [location.href, document.cookie, origin]</script>`)
		})
		invited := b.invite(b.site.URL+"/", session.Shared)
		agent := b.client()
		agent.join(invited.ID, invited.AgentURL)
		a := agent.wire(b.agentSocket(invited.ID))
		visitor := b.visitIn(e, invited)
		a.sees("inner")
		a.sees("Framed, page 1", "Embedded, page 1", "Object, page 1")
		var said []string
		if err := visitor.eval(content, "self.said", &said); err != nil || !slices.Equal(said, []string{b.site.URL + "/", "basket=1", b.site.URL}) {
			t.Errorf("the page saw %q, %v", said, err)
		}
	})
}
