package main

import (
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tandem/session"
	"tandem/session/agents"
)

// keep leaves a picture in the directory TANDEM_SHOTS names, for eyes.
func (w *window) keep(name string) {
	w.t.Helper()
	dir := os.Getenv("TANDEM_SHOTS")
	if dir == "" {
		return
	}
	picture, err := w.picture(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, picture); err != nil {
		w.t.Fatal(err)
	}
}

// fill types a text into a field of a page of ours.
func (w *window) fill(selector, text string) {
	w.t.Helper()
	w.clear(top, selector)
	w.write(text)
}

// TestScenario01And03And30Console is an agent's day: scenarios 1 to 3, 28 and 30. They sign in by a link,
// invite, see what becomes of each invitation, take one back, follow, alone and with a colleague,
// in one session and in three, and are locked out.
func TestScenario01And03And30Console(t *testing.T) {
	b := newBattle(t)
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		page(w, `<title>`+r.URL.Path+`</title><p>c4nary-of-the-page <input id=field>`)
	})
	key := b.agent("ada", agents.Member)
	bob := b.agent("bob", agents.Member)
	link, _, err := b.Hub.SignInLink(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	browser := sharedBrowser(t)
	signIn := browser.open(t, "entrance", b.Control.String()+"/console", 1100, 900)
	signIn.wait(top, `document.querySelector('#key')`)
	signIn.keep("console-sign-in")
	signIn.fill("#key", "tandem_00000000_nothing")
	signIn.press("Enter", 13)
	signIn.wait(top, `/opens nothing/.test(document.body.innerText)`)

	ada := browser.open(t, "ada", link, 1100, 1000)
	ada.wait(top, `document.querySelector('[data-tandem=sign-in]')`)
	ada.keep("console-link")
	ada.click(top, `[data-tandem=sign-in]`)
	ada.wait(top, `document.querySelector('[data-tandem=me]')?.textContent === 'ada' && !location.hash`)

	// S39: a visitor's name is text, wherever it is shown.
	const name = `<img src=x onerror="document.title='owned'">`
	invite := func(visitor string) string {
		t.Helper()
		const shown = `document.querySelector('[data-tandem=visitor-link]')?.value`
		before := get[string](ada, top, shown+" ?? ''")
		ada.fill("#address", b.site.URL+"/")
		ada.fill("#visitor", visitor)
		ada.click(top, `[data-tandem=create]`)
		ada.wait(top, shown+" && "+shown+" !== "+quote(before))
		// The list has it, and the card is the new one's.
		ada.wait(top, `document.querySelector('[data-tandem=fresh] a')?.href.endsWith(document.querySelector('[data-session]')?.dataset.session)`)
		return get[string](ada, top, shown)
	}
	newest := func(invitation string) {
		t.Helper()
		ada.wait(top, `document.querySelector('[data-session]').dataset.invitation === `+quote(invitation))
	}
	first := invite(name)
	newest("sent")
	if got := get[string](ada, top, `document.querySelector('[data-session] strong').textContent`); got != name {
		t.Errorf("the visitor is called %q", got)
	}
	visitor := browser.open(t, "visitor", first, 900, 800)
	visitor.wait(top, `document.querySelector('[data-tandem=accept]')`)
	visitor.keep("consent")
	newest("opened")
	ada.click(top, `[data-session]:first-child [data-tandem=revoke]`)
	visitor.wait(top, `/taken back/.test(document.body.innerText)`)
	newest("revoked")

	ada.click(top, `[data-session]:first-child [data-tandem=invite]`)
	newest("sent")
	ada.wait(top, `document.querySelector('[data-tandem=visitor-link]').value !== `+quote(first))
	again := get[string](ada, top, `document.querySelector('[data-tandem=visitor-link]').value`)
	visitor.navigate(again)
	newest("opened")
	visitor.click(top, `[data-tandem=decline]`)
	newest("declined")

	// One that ran out of time is made again, for the same visitor.
	late, err := b.Hub.Create(t.Context(), session.Request{URL: b.site.URL + "/", Agent: "ada", VisitorName: "Lea", TTL: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	expired := `[data-session="` + late.ID + `"]`
	ada.wait(top, `document.querySelector('`+expired+`[data-state=expired]')`)
	ada.click(top, expired+` [data-tandem=invite]`)
	ada.wait(top, `(row => row.dataset.session !== `+quote(late.ID)+` && row.dataset.invitation === 'sent' && /Lea/.test(row.textContent)
		&& document.querySelector('[data-tandem=visitor-link]').value.includes('/j/' + row.dataset.session))(document.querySelector('[data-session]'))`)
	get[any](ada, top, `document.querySelector('`+expired+`').pressing = true`)
	visitor.navigate(get[string](ada, top, `document.querySelector('[data-tandem=visitor-link]').value`))
	newest("opened")
	if !get[bool](ada, top, `document.querySelector('`+expired+`').pressing === true`) {
		t.Error("a row in which nothing changed was made anew: a press in it is lost")
	}

	// What an agent will not need, they leave out; the visitor reads what is left.
	ada.click(top, `form.grid summary`)
	ada.wait(top, `document.querySelector('form.grid details').open`)
	ada.click(top, `[data-right=draw]`)
	ada.wait(top, `!document.querySelector('[data-right=draw]').checked`)
	second := invite("Vic")
	id := get[string](ada, top, `document.querySelector('[data-session]').dataset.session`)
	follower := browser.open(t, "follower", b.Control.String()+"/a/"+id, 1100, 800)
	follower.wait(top, `document.querySelector('a[href*="/console?to="]')`) // not signed in
	ada.keep("console-sessions")
	ada.navigate(b.Control.String() + "/a/" + id)
	ada.wait(top, `/has not opened the invitation yet/.test(document.body.innerText)`)
	visitor.navigate(second)
	ada.wait(top, `/is reading it/.test(document.body.innerText)`)
	ada.keep("waiting-room")
	if got := get[string](visitor, top, `document.querySelector('[data-tandem=rights] ul').innerText`); strings.Contains(got, "Draw") || !strings.Contains(got, "Type in fields") {
		t.Errorf("the visitor reads that the agent may %q", got)
	}
	visitor.click(top, `[data-tandem=accept]`)
	ada.wait(mirror, `/c4nary-of-the-page/.test(document.body.innerText)`)
	s, _ := b.Hub.Session(id)
	if got := summaryOf(b, id); got.Consent == nil || len(got.Consent.Words) != 64 || got.Invitation != session.Accepted || got.OpenedAt.IsZero() {
		t.Errorf("listed as %+v", got)
	}

	// A colleague comes in when ada lets them; the visitor is told (scenario 30).
	desk := browser.open(t, "ada's other window", b.Control.String()+"/console", 1100, 1000)
	desk.wait(top, `document.querySelector('#key')`)
	desk.fill("#key", key)
	desk.press("Enter", 13)
	row := `[data-session="` + id + `"]`
	desk.wait(top, `document.querySelector('`+row+` [data-tandem=let-in]')`)
	desk.click(top, row+" [data-tandem=let-in]")
	desk.wait(top, `document.activeElement.id === 'colleague'`)
	desk.write("eve")
	desk.press("Enter", 13)
	desk.wait(top, `/no agent of that name/.test(document.querySelector('[data-tandem=colleague]').innerText)`)
	desk.fill("#colleague", "bob")
	desk.press("Enter", 13)
	desk.wait(top, `document.querySelector('`+row+` [data-tandem=let-out-bob]')`)
	desk.keep("console-colleague")
	follower.navigate(b.Control.String() + "/console")
	follower.wait(top, `document.querySelector('#key')`)
	follower.fill("#key", bob)
	follower.press("Enter", 13)
	follower.wait(top, `document.querySelector('`+row+` [data-tandem=open]') && !document.querySelector('`+row+` [data-tandem=end]')`)
	follower.navigate(b.Control.String() + "/a/" + id)
	follower.wait(mirror, `/c4nary-of-the-page/.test(document.body.innerText)`)
	visitor.wait(top, `/bob/.test(document.querySelector('#people').textContent)`)
	if !get[bool](follower, top, `document.querySelector('[data-tandem=leave]') && !document.querySelector('[data-tandem=end]')`) {
		t.Error("a colleague is offered to end the session")
	}
	threeAtOnce(b, couple{visitor, ada, "/"}, desk)
	desk.click(top, row+" [data-tandem=let-out-bob]")
	desk.wait(top, `!document.querySelector('`+row+` [data-tandem=let-out-bob]')`)
	visitor.wait(top, `![...document.querySelectorAll('#people .person:not(.offline)')].some(p => /bob/.test(p.textContent))`)

	if err := b.Hub.Agents().Disable(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	ada.wait(top, `/has ended/.test(document.body.innerText)`)
	visitor.wait(top, `/has ended/.test(document.body.innerText)`)
	if s.State() != session.Ended {
		t.Errorf("the session is %s", s.State())
	}
	ada.navigate(b.Control.String() + "/console")
	ada.wait(top, `document.querySelector('#key')`)
	if got := get[string](ada, top, `document.title`); strings.Contains(got, "owned") {
		t.Error("a name was run")
	}
}

// couple is two people in one session, and where it begins.
type couple struct {
	visitor, agent *window
	path           string
}

// threeAtOnce has an agent, who is with one visitor and a colleague, meet two more in two
// more windows of the same browser: nothing of one session gets into another.
func threeAtOnce(b *battle, first couple, desk *window) {
	b.t.Helper()
	all := []couple{first}
	for _, path := range []string{"/two", "/three"} {
		inv, err := b.Hub.Create(b.t.Context(), session.Request{URL: b.site.URL + path, Agent: "ada"})
		if err != nil {
			b.t.Fatal(err)
		}
		visitor := sharedBrowser(b.t).open(b.t, "visitor of "+path, inv.VisitorURL, 900, 800)
		agent := watch(b.t, "ada at "+path, first.agent.ctx, 1100, 800, func(*chromedp.Context) {})
		agent.navigate(b.Control.String() + "/a/" + inv.ID)
		visitor.click(top, `[data-tandem=accept]`)
		all = append(all, couple{visitor, agent, path})
	}
	for _, c := range all {
		c.agent.wait(mirror, `document.title === `+quote(c.path))
		c.agent.wait(top, `document.querySelector('[data-tandem=status]').textContent === 'Live' && document.querySelectorAll('.person .quality').length > 1`)
		c.agent.click(top, `[data-tandem=chat]`)
		c.agent.wait(top, `document.activeElement.matches('.chat textarea')`)
		c.agent.write("at " + c.path + "\n")
		c.visitor.wait(top, `document.querySelector('.line')`)
	}
	desk.wait(top, `[...document.querySelectorAll('[data-state=active] .badge')].filter(badge => badge.textContent === 'Together now').length === 3`)
	desk.keep("console-three")

	all[1].agent.click(top, `[data-tandem=end]`)
	all[1].visitor.wait(top, `/has ended/.test(document.body.innerText)`)
	for i, c := range []couple{all[0], all[2]} {
		c.agent.click(mirror, `#field`)
		c.visitor.wait(content, `document.activeElement.id === 'field'`)
		c.agent.write(c.path)
		c.visitor.wait(content, `document.querySelector('#field').value === `+quote(c.path))
		if said := get[string](c.visitor, top, `[...document.querySelectorAll('.said')].map(line => line.textContent).join()`); said != "at "+c.path {
			b.t.Errorf("the visitor of %s was told %q", c.path, said)
		}
		who := get[[]string](c.visitor, top, `[...document.querySelectorAll('#people .person:not(.offline) .name')].map(name => name.textContent)`)
		if len(who) != 3-i || slices.Contains(who, "bob") != (i == 0) {
			b.t.Errorf("with the visitor of %s are %q", c.path, who)
		}
	}
	if field := get[string](first.visitor, content, `document.querySelector('#field').value`); field != "/" {
		b.t.Errorf("the first visitor's field has %q", field)
	}
}

func summaryOf(b *battle, id string) session.Summary {
	for _, s := range b.Hub.Sessions() {
		if s.ID == id {
			return s
		}
	}
	return session.Summary{}
}

// TestS31ConsentCannotBeFramed has a page of another site show the consent page
// in a frame, to lay something over it, in Firefox; TestS31ConsentIsMeant does in
// Chromium.
func TestS31ConsentCannotBeFramed(t *testing.T) {
	b := newBattle(t)
	invited := b.invite(b.site.URL+"/", session.Shared)
	evil := newTarget(t)
	evil.on(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/own" {
			page(w, `<p data-tandem>own`)
			return
		}
		page(w, `<iframe src="/own"></iframe><iframe src="`+invited.VisitorURL+`"></iframe><script>onload = () => { document.title = 'loaded' }</script>`)
	})
	w := sharedFirefox(t).open(t, "visitor", evil.URL+"/", 900, 800)
	w.wait(top, `document.title === 'loaded'`)
	ours := func(n int) (there bool) {
		seen := 0
		err := w.eval(func(_ frameInfo, depth int) bool {
			if depth == 0 {
				seen = 0
			}
			seen += depth
			return seen == n && depth == 1
		}, `!!document.querySelector('[data-tandem]')`, &there)
		return err == nil && there
	}
	if !ours(1) {
		t.Fatal("not even a page of its own is shown in a frame")
	}
	if ours(2) {
		t.Error("the consent page is shown in a frame")
	}
}

// TestS31ConsentIsMeant tries to have the visitor's browser agree without the
// visitor: in a frame, by script, by a press that began elsewhere, too early, or
// with a key held down. Then it agrees by keyboard.
func TestS31ConsentIsMeant(t *testing.T) {
	b := newBattle(t)
	invited := b.invite(b.site.URL+"/", session.Shared)
	evil := newTarget(t)
	evil.on(func(w http.ResponseWriter, r *http.Request) {
		page(w, `<iframe src="`+b.Control.String()+`/j/`+invited.ID+`" onload="document.title = 'loaded'"></iframe>`)
	})
	w := sharedBrowser(t).open(t, "visitor", evil.URL+"/", 900, 800)
	w.wait(top, `document.title === 'loaded'`)
	inside, _, err := w.find(func(_ frameInfo, depth int) bool { return depth == 1 })
	if err != nil || !strings.HasPrefix(inside.URL, "chrome-error:") {
		t.Errorf("in a frame the consent page is %q (%v)", inside.URL, err)
	}
	resp, _ := b.client().ask(http.MethodGet, b.Control.String()+"/j/"+invited.ID, "", nil)
	if resp.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" {
		t.Error("who opened the page has a hand on it")
	}

	w.navigate(invited.VisitorURL)
	x, y := w.element(top, "[data-tandem=accept]")
	press := func(kinds ...string) {
		t.Helper()
		for _, kind := range kinds {
			w.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}, nil)
		}
	}
	const again = `document.querySelector('.invitation [data-tandem=status]').textContent.includes('once more')`
	refused := func(how string) {
		t.Helper()
		if err := w.waits(top, again); err != nil {
			t.Fatalf("%s: nobody was asked to press once more: %v", how, err)
		}
		get[string](w, top, `document.querySelector('.invitation [data-tandem=status]').textContent = ''`)
		if s, _ := b.Hub.Session(invited.ID); s.State() != session.Waiting {
			t.Fatalf("%s: the session is %s", how, s.State())
		}
	}
	// attention has the window lose and get the focus, as when another closes.
	const attention = `dispatchEvent(new Event('blur')), dispatchEvent(new Event('focus'))`
	const later = `new Promise(done => setTimeout(done, 800))`

	get[any](w, top, `document.querySelector('[data-tandem=accept]').click()`)
	get[any](w, top, attention)
	press("mousePressed", "mouseReleased")
	refused("a press right after the window got the focus")

	get[any](w, top, `(document.activeElement.blur(), `+attention+`, `+later+`)`)
	press("mousePressed", "mouseReleased")
	refused("a press of a mouse that never moved in the page")

	get[any](w, top, attention)
	press("mouseMoved", "mousePressed")
	get[any](w, top, later)
	press("mouseReleased")
	refused("a press that began before the page could be read")

	key := func(kind string, repeat bool) {
		t.Helper()
		params := map[string]any{"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "autoRepeat": repeat}
		if kind == "keyDown" {
			params["text"] = "\r"
		}
		w.call("Input.dispatchKeyEvent", params, nil)
	}
	get[any](w, top, attention+`, document.querySelector('[data-tandem=accept]').focus()`)
	key("keyDown", false)
	key("keyUp", false)
	refused("Enter right after the window got the focus")
	get[any](w, top, later)
	for range 3 {
		key("keyDown", true)
	}
	key("keyUp", false)
	get[any](w, top, later)
	if s, _ := b.Hub.Session(invited.ID); s.State() != session.Waiting {
		t.Fatalf("by a key held down the session is %s", s.State())
	}

	key("keyDown", false)
	key("keyUp", false)
	w.wait(content, `/c4nary-of-the-page/.test(document.body.innerText)`)
	if got := summaryOf(b, invited.ID); got.Consent == nil || len(got.Consent.Words) != 64 {
		t.Errorf("recorded %+v", got.Consent)
	}
}
