package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem/session"
)

// wordpress is a meeting at a WordPress.
type wordpress struct {
	*meeting
	site string
	a, b hand // who does most of it, and the other
}

func meetAtWordPress(t *testing.T, swapped bool) *wordpress {
	t.Helper()
	b := sharedBrowser(t)
	w := &wordpress{meeting: &meeting{t: t, server: startServer(t, t.TempDir())}, site: startApp(t, "wordpress.sh", freePort(t))}
	w.allow(w.site)
	w.invite(w.site+"/wp-login.php", session.Shared)
	w.agent = b.open(t, "agent", w.invited.AgentURL, 1400, 1100)
	w.agent.wait(top, `document.querySelector('[data-tandem=status]')`)
	w.visitor = b.open(t, "visitor", w.invited.VisitorURL, 1280, 900)
	w.a, w.b = hand{w.agent, mirror, 2}, hand{w.visitor, content, 1}
	if swapped {
		w.a, w.b = w.b, w.a
	}
	return w
}

func TestAppWordPress(t *testing.T) {
	onlyApps(t)
	t.Run("together", func(t *testing.T) { useWordPress(t, false) })
	t.Run("the other way round", func(t *testing.T) { useWordPress(t, true) })
}

func useWordPress(t *testing.T, swapped bool) {
	w := meetAtWordPress(t, swapped)
	w.accept()
	w.step("login form")

	t.Log("signing in: one types the name, the visitor the password")
	w.a.click("#user_login")
	w.a.write("editor")
	w.visitor.wait(content, `document.querySelector('#user_login').value === 'editor'`)
	w.visitor.click(content, "#user_pass")
	w.visitor.write("tandem-demo")
	w.agent.wait(mirror, `document.querySelector('#user_pass').value === '••••••••'`)
	w.step("login form filled in")
	w.a.click("#wp-submit")
	w.at("/wp-admin/")
	w.step("dashboard")
	w.another()

	t.Log("one begins a post")
	w.a.click("#menu-posts > a")
	w.at("/wp-admin/edit.php")
	w.step("posts")
	w.timed("from a click to the editor", func() { w.a.click("a.page-title-action") }, w.visitor, w.agent)
	const welcome = ".edit-post-welcome-guide .components-modal__header button"
	w.agent.wait(mirror, fmt.Sprintf(`document.querySelector(%q)`, welcome))
	w.step("welcome guide")
	w.a.click(welcome)
	w.visitor.wait(content, `!document.querySelector('.edit-post-welcome-guide')`)
	w.step("empty post")
	w.timed("the visitor loads all again", func() { w.visitor.call("Page.reload", map[string]any{}, nil) }, w.visitor, w.agent)
	w.timed("the agent loads all again", func() { w.agent.call("Page.reload", map[string]any{}, nil) }, w.agent)
	w.step("empty post, loaded again")

	t.Log("both write")
	w.a.click(".editor-post-title__input")
	w.a.write("Low water\nThe boats lie dry until noon.\n")
	w.paragraphs("The boats lie dry until noon.", "")
	if title := get[string](w.visitor, content, `document.querySelector('.editor-post-title__input').textContent`); title != "Low water" {
		t.Errorf("the title is %q", title)
	}
	w.step("the first paragraph")
	const second = ".block-editor-block-list__layout p:nth-of-type(2)"
	w.b.click(second)
	w.b.write("Nobody minds.")
	w.paragraphs("The boats lie dry until noon.", "Nobody minds.")
	w.step("the second paragraph")
	x, y := w.a.element(".block-editor-block-list__layout p:nth-of-type(1)")
	w.a.w.clickAt(x+200, y) // the middle may lie below the other paragraph's toolbar
	w.a.write(" Then they goo")
	w.a.press("Backspace", 8)
	w.a.write(".")
	w.paragraphs("The boats lie dry until noon. Then they go.", "Nobody minds.")
	w.b.click(second)
	w.b.write(" Or leaves.")
	w.paragraphs("The boats lie dry until noon. Then they go.", "Nobody minds. Or leaves.")
	w.step("paragraphs by turns")

	t.Log("one adds a picture, the visitor chooses the file")
	w.a.click(".edit-post-header-toolbar__inserter-toggle")
	w.a.click(".editor-block-list-item-image")
	const file = ".block-editor-media-placeholder input[type=file]"
	w.visitor.wait(content, fmt.Sprintf(`document.querySelector(%q)`, file))
	w.step("picture block")
	w.visitor.choose(content, file, harbour(t))
	const uploaded = `[...document.querySelectorAll('figure.wp-block-image img')].some(i => /uploads.*harbour/.test(i.src) && i.complete && i.naturalWidth > 0)`
	w.visitor.wait(content, uploaded)
	w.agent.wait(mirror, uploaded)
	w.step("picture uploaded")

	t.Log("one publishes")
	w.a.click(".editor-post-publish-panel__toggle")
	w.agent.wait(mirror, `document.querySelector('.editor-post-publish-panel .editor-post-publish-button')`)
	w.step("asked whether to publish")
	w.a.click(".editor-post-publish-panel .editor-post-publish-button")
	w.visitor.wait(content, `document.querySelector('.post-publish-panel__postpublish-buttons a')`)
	w.step("published")
	if n := w.published("Low water"); n != 1 {
		t.Errorf("WordPress shows %d posts of ours, want 1", n)
	}
	w.a.click(".post-publish-panel__postpublish-buttons a")
	const read = `document.readyState === 'complete' && document.querySelector('h1.wp-block-post-title')?.textContent === 'Low water'`
	w.visitor.wait(content, read)
	w.visitor.wait(content, `document.querySelector('.wp-block-image img').naturalWidth === 640`)
	w.agent.wait(mirror, `document.querySelector('.wp-block-image img')?.naturalWidth === 640`)
	w.step("the post")

	t.Log("one logs out")
	menu := func() {
		w.a.w.moveTo(w.a.w.element(w.a.in, "#wp-admin-bar-my-account > a"))
		w.agent.wait(mirror, `document.querySelector('#wp-admin-bar-my-account').matches('.hover')`)
	}
	menu()
	w.step("the menu")
	menu() // pictures are compared with the pointers elsewhere
	w.a.click("#wp-admin-bar-logout a")
	w.at("/wp-login.php")
	w.step("logged out")
	w.proxied()
}

// timed tells how long an act takes until the agent sees the whole editor, in
// windows that show it anew, and what that made the visitor's browser send.
func (w *wordpress) timed(what string, act func(), anew ...*window) {
	w.t.Helper()
	const editor = `!window.before && document.querySelector('.editor-post-title__input') && document.querySelector('.edit-post-sidebar')`
	page := map[*window]frame{w.visitor: content, w.agent: mirror}
	for _, window := range anew {
		get[bool](window, page[window], "window.before = true")
	}
	sent, began := w.visitor.bytes(), time.Now()
	act()
	w.visitor.wait(content, editor)
	loaded := time.Since(began)
	w.agent.wait(mirror, editor)
	w.sameTree(what)
	w.t.Logf("%s: %.1f s (visitor's own page %.1f s), %d KiB sent by the visitor", what, time.Since(began).Seconds(), loaded.Seconds(), (w.visitor.bytes()-sent)>>10)
}

// another measures a second session, which begins in the editor because it has
// the cookies of the first.
func (w *wordpress) another() {
	w.t.Helper()
	first, _ := w.server.Hub.Session(w.invited.ID)
	cookies, err := first.Jar().MarshalBinary()
	if err != nil {
		w.t.Fatal(err)
	}
	second := &wordpress{meeting: &meeting{t: w.t, server: w.server}, site: w.site}
	second.invite(w.site+"/wp-admin/post-new.php", session.Shared)
	s, _ := w.server.Hub.Session(second.invited.ID)
	if err := s.Jar().UnmarshalBinary(cookies); err != nil {
		w.t.Fatal(err)
	}
	b := sharedBrowser(w.t)
	second.agent = b.open(w.t, "second agent", second.invited.AgentURL, 1400, 1100)
	second.visitor = b.open(w.t, "second visitor", second.invited.VisitorURL, 1280, 900)
	second.visitor.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	second.timed("from accept to the editor", func() { second.visitor.click(top, "[data-tandem=accept]") })
	second.proxied()
	if err := w.server.Hub.End(w.t.Context(), second.invited.ID, "visitor"); err != nil {
		w.t.Fatal(err)
	}
	for _, window := range []*window{second.visitor, second.agent} {
		window.navigate("about:blank")
	}
}

// published counts the posts WordPress itself shows under a title.
func (w *wordpress) published(title string) (n int) {
	w.t.Helper()
	type post struct{ Title struct{ Rendered string } }
	posts := getJSON[[]post](w.t, w.site+"/index.php?rest_route=/wp/v2/posts")
	for _, post := range posts {
		if post.Title.Rendered == title {
			n++
		}
	}
	return n
}

// harbour is a picture to upload.
func harbour(t *testing.T) (path string) {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 640, 400))
	for y := range 400 {
		for x := range 640 {
			c := color.RGBA{uint8(150 + y/4), uint8(190 + x/16), 235, 255}
			if y > 240+8*int(math.Sin(float64(x)/30)) {
				c = color.RGBA{uint8(20 + x/20), uint8(80 + y/8), 120, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	path = filepath.Join(t.TempDir(), "harbour.png")
	f, err := os.Create(path)
	if err == nil {
		err = errors.Join(png.Encode(f, img), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// paragraphs waits until both see these paragraphs in the editor.
func (w *wordpress) paragraphs(texts ...string) {
	w.t.Helper()
	want, _ := json.Marshal(texts)
	js := fmt.Sprintf(`JSON.stringify([...document.querySelectorAll('.editor-styles-wrapper p[data-type="core/paragraph"]')]
		.map(p => p.textContent.replaceAll('\ufeff', ''))) === JSON.stringify(%s)`, want)
	w.visitor.wait(content, js)
	w.agent.wait(mirror, js)
}
