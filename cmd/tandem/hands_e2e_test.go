package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"

	"tandem/session"
)

// meetAtHands has both people at testdata/hands, in shared mode.
func meetAtHands(t *testing.T) *meeting {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			http.ServeFile(w, r, "testdata/hands/index.html")
		case "/next":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<!doctype html><title>next</title><script>window.log = []; onclick = () => log.push('here')</script><p style="height: 800px">next`)
		default:
			serveOperations(w, r)
		}
	}))
	t.Cleanup(site.Close)
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	m.allow(site.URL)
	m.invite(site.URL+"/", session.Shared)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	m.accept()
	m.sameTree("at first")
	// What the agent is told, for who looks into a failure.
	get[any](m.agent, top, `void (window.told = [], new MutationObserver(() => told.push(document.querySelector('tandem-toasts').innerText)).observe(document.querySelector('tandem-toasts'), {childList: true}))`)
	return m
}

// noted waits until the visitor's page has noted something.
func (m *meeting) noted(what string) {
	m.t.Helper()
	if m.visitor.waits(content, `log.includes(`+quote(what)+`)`) != nil {
		m.t.Errorf("the page has not noted %q, but %q", what, get[[]string](m.visitor, content, `log`))
	}
}

// value waits until a control has a value on both sides.
func (m *meeting) value(id, want string) {
	m.t.Helper()
	for w, in := range map[*window]frame{m.visitor: content, m.agent: mirror} {
		if w.waits(in, `document.getElementById(`+quote(id)+`).value === `+quote(want)) != nil {
			m.t.Errorf("%s has %q in %s, want %q", w.name, get[string](w, in, `document.getElementById(`+quote(id)+`).value`), id, want)
		}
	}
}

// TestScenario11And12And13Hands has the agent use what a page may have, and asks the visitor's page
// what came of it. The steps share one session.
func TestScenario11And12And13Hands(t *testing.T) {
	m := meetAtHands(t)
	defer m.noErrors()
	for _, step := range []struct {
		name string
		do   func(*meeting)
	}{
		{"selects", handsSelect},
		{"dates and the like", handsDates},
		{"numbers, boxes and details", handsControls},
		{"text", handsText},
		{"composed text", handsCompose},
		{"buttons of the mouse", handsMouse},
		{"drag and drop", handsDrag},
		{"sound", handsSound},
		{"a page that is slow", func(m *meeting) { m.slowly(25) }},
		{"files", handsFiles},
		{"the clipboard", handsClipboard},
		{"two at once", handsTogether},
		{"a page that goes", handsLeaving},
		{"fingers", handsTouch},
	} {
		if only := os.Getenv("TANDEM_TEST_PAGE"); only == "" || only == step.name {
			t.Run(step.name, func(t *testing.T) {
				m.t, m.agent.t, m.visitor.t = t, t, t
				defer func() {
					if t.Failed() {
						t.Logf("the agent was told %q", get[[]string](m.agent, top, `told`))
					}
				}()
				step.do(m)
			})
		}
	}
	m.t, m.agent.t, m.visitor.t = t, t, t
}

func handsSelect(m *meeting) {
	m.agent.click(mirror, "#area")
	get[any](m.agent, mirror, `document.getElementById('one').focus()`)
	m.agent.chord("ArrowDown")
	m.agent.chord("ArrowDown")
	m.noted("change one c")
	m.agent.click(mirror, "#many option")
	m.noted("change many a")
	x, y := m.agent.element(mirror, "#many > option")
	m.agent.mouse("mousePressed", x, y, map[string]any{"button": "left", "clickCount": 1, "modifiers": 2})
	m.agent.mouse("mouseReleased", x, y, map[string]any{"button": "left", "clickCount": 1, "modifiers": 2})
	m.noted("change many a+c")
}

func handsDates(m *meeting) {
	for id, keys := range map[string]string{"date": "02032026", "time": "0815PM", "month": "M 2026", "week": "072026", "datetime": "020320260815AM"} {
		// The left end of a field is its first part, whatever the language.
		box := get[map[string]float64](m.agent, mirror, `document.getElementById(`+quote(id)+`).getBoundingClientRect().toJSON()`)
		x, y := m.agent.element(mirror, "#"+id)
		m.agent.clickAt(x-box["width"]/2+12, y)
		if id == "datetime" {
			m.agent.write(keys[:8])
			m.agent.chord("ArrowRight")
			m.agent.write(keys[8:])
			continue
		}
		if id == "month" {
			m.agent.write("Mar")
			m.agent.chord("ArrowRight")
			m.agent.write("2026")
			continue
		}
		m.agent.write(keys)
	}
	for id, want := range map[string]string{"date": "2026-02-03", "time": "20:15", "month": "2026-03", "week": "2026-W07", "datetime": "2026-02-03T08:15"} {
		m.value(id, want)
		m.noted("change " + id + " " + want)
	}
	get[any](m.agent, mirror, `document.getElementById('range').focus()`)
	m.agent.chord("ArrowRight")
	m.noted("change range 51")
	m.value("range", "51")
	// The list of colours is the browser's, and out of a test's reach.
	hand{w: m.agent, in: mirror}.pick("#color", "#ff8800")
	m.noted("change color #ff8800")
}

func handsControls(m *meeting) {
	m.agent.click(mirror, "#number")
	m.agent.chord("ArrowUp")
	m.noted("change number 4")
	m.agent.chord("Control+a")
	m.agent.write("17")
	m.value("number", "17")
	m.agent.click(mirror, "#email")
	m.noted("change number 17")
	m.agent.write("ada@example.com")
	m.value("email", "ada@example.com")
	m.agent.click(mirror, "#list")
	m.noted("change email ada@example.com")
	m.agent.write("Ber")
	m.agent.chord("ArrowDown")
	m.agent.chord("Enter") // of the browser's list, when it has opened
	m.visitor.wait(content, `document.getElementById('list').value.startsWith('Ber')`)
	m.agent.chord("Escape")
	m.agent.click(mirror, "#label")
	m.noted("check true")
	m.agent.click(mirror, "#r1")
	m.agent.chord("ArrowRight")
	m.visitor.wait(content, `document.getElementById('r2').checked`)
	m.agent.wait(mirror, `document.getElementById('r2').checked`)
	m.agent.click(mirror, "summary")
	m.visitor.wait(content, `document.getElementById('details').open`)
	m.agent.click(mirror, "#open")
	m.agent.wait(mirror, `document.getElementById('dialog').matches(':modal')`)
	m.agent.chord("Escape")
	m.noted("closed ")
	m.agent.click(mirror, "#open")
	m.agent.wait(mirror, `document.getElementById('dialog').matches(':modal')`)
	m.agent.click(mirror, "#dialog button")
	m.noted("closed yes")
}

func handsText(m *meeting) {
	double := func(selector string, times int) {
		m.t.Helper()
		x, y := m.agent.element(mirror, selector)
		for n := 1; n <= times; n++ {
			for _, kind := range []string{"mousePressed", "mouseReleased"} {
				m.agent.mouse(kind, x, y, map[string]any{"button": "left", "clickCount": n})
			}
		}
	}
	rich := `document.getElementById('rich').textContent`
	x, y := m.agent.element(mirror, "#rich")
	left := get[float64](m.agent, mirror, `document.getElementById('rich').getBoundingClientRect().width / 2 - 8`)
	for n := 1; n <= 2; n++ {
		for _, kind := range []string{"mousePressed", "mouseReleased"} {
			m.agent.mouse(kind, x-left, y, map[string]any{"button": "left", "clickCount": n})
		}
	}
	m.agent.write("few")
	m.visitor.wait(content, rich+` === 'few words here'`)
	double("#rich", 3)
	m.agent.write("all")
	m.visitor.wait(content, rich+` === 'all'`)
	double("#area", 3)
	m.agent.write("anew")
	m.value("area", "anew")
	m.agent.chord("Control+z")
	m.visitor.wait(content, `document.getElementById('area').value !== 'anew'`)
}

func handsCompose(m *meeting) {
	for _, field := range []string{"ime", "rich"} {
		m.agent.click(mirror, "#"+field)
		m.agent.chord("Control+a")
		for _, text := range []string{"に", "にほ", "にほん"} {
			m.agent.call("Input.imeSetComposition", map[string]any{"text": text, "selectionStart": len(text), "selectionEnd": len(text)}, nil)
		}
		m.agent.call("Input.insertText", map[string]any{"text": "日本"}, nil)
	}
	m.noted("ime 日本")
	m.value("ime", "日本")
	m.visitor.wait(content, `document.getElementById('rich').textContent === '日本'`)
	m.agent.wait(mirror, `document.getElementById('rich').textContent === '日本'`)
}

func handsMouse(m *meeting) {
	x, y := m.agent.element(mirror, "#button")
	press := func(button string, times int) {
		for n := 1; n <= times; n++ {
			for _, kind := range []string{"mousePressed", "mouseReleased"} {
				m.agent.mouse(kind, x, y, map[string]any{"button": button, "clickCount": n})
			}
		}
	}
	press("left", 2)
	m.noted("press 2")
	m.noted("dblclick button 0")
	press("middle", 1)
	m.noted("auxclick button 1")
	press("right", 1)
	m.noted("contextmenu button 2")
	m.agent.wheel(mirror, "#scroller", 120)
	m.visitor.wait(content, `document.getElementById('scroller').scrollTop > 100`)
	m.agent.wheel(mirror, "#map", 120)
	m.noted("zoomed 120")
	m.agent.wait(mirror, `document.getElementById('map').scrollTop === 0`)
}

func handsDrag(m *meeting) {
	h := hand{w: m.agent, in: mirror}
	h.dragOnto("#item", "#target")
	m.noted("dropped moved")
	h.drag("#slider", 60, 0)
	m.visitor.wait(content, `Math.abs(document.getElementById('slider').dataset.at - 160) < 3`)
}

func handsSound(m *meeting) {
	audio := `document.getElementById('audio')`
	m.agent.wait(mirror, audio+`.duration > 3`)
	m.visitor.click(content, "#button") // browsers play sound to people who were there
	x, y := m.agent.element(mirror, "#audio")
	width := get[float64](m.agent, mirror, audio+`.getBoundingClientRect().width`)
	play := func() { m.agent.clickAt(x-width/2+24, y) }
	play()
	m.visitor.wait(content, `!`+audio+`.paused`)
	play()
	m.visitor.wait(content, audio+`.paused`)
	m.agent.clickAt(x+width*0.12, y) // in the middle of the line between the times and the loudspeaker
	m.visitor.wait(content, audio+`.currentTime > 0.8`)
	get[any](m.agent, mirror, `void (`+audio+`.volume = 0.5)`) // whose handle opens by itself
	m.visitor.wait(content, audio+`.volume === 0.5`)
}

// slowly types characters at 15 a second into a page that takes 100 ms for each.
func (m *meeting) slowly(n int) {
	m.t.Helper()
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "%c", 'a'+i%26)
	}
	m.agent.click(mirror, "#slow")
	pace := time.NewTicker(time.Second / 15)
	defer pace.Stop()
	for _, r := range text.String() {
		<-pace.C
		m.agent.write(string(r))
	}
	if echo := get[string](m.agent, mirror, `document.getElementById('slow').value`); echo != text.String() {
		m.t.Errorf("the agent sees %q of what they typed", echo)
	}
	m.value("slow", text.String())
}

// chooses answers the next choice of files that opens in a window.
func (w *window) chooses(open func(), path ...string) {
	w.t.Helper()
	w.call("Page.setInterceptFileChooserDialog", map[string]any{"enabled": true}, nil)
	opened := make(chan int64, 1)
	w.onChooser = func(ev *cdppage.EventFileChooserOpened) { opened <- int64(ev.BackendNodeID) }
	open()
	select {
	case node := <-opened:
		w.call("DOM.setFileInputFiles", map[string]any{"files": path, "backendNodeId": node}, nil)
	case <-time.After(patience):
		w.t.Errorf("%s is asked for no file", w.name)
	}
}

func handsFiles(m *meeting) {
	dir := m.t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			m.t.Fatal(err)
		}
		return path
	}
	letter, second := file("letter.txt", "dear visitor"), file("second.txt", "another")
	large := file("large.bin", strings.Repeat("0123456789abcdef", 40_000))
	answer := func(what string) {
		m.t.Helper()
		m.visitor.wait(top, `document.querySelector('[data-tandem=`+what+`]:not(:disabled)')`)
		m.visitor.click(top, "[data-tandem="+what+"]")
	}

	m.t.Log("a control, and several files")
	m.agent.chooses(func() { m.agent.click(mirror, "#file") }, letter, second)
	m.visitor.wait(top, `/Ada.*files[^]*letter.txt.*12 bytes[^]*second.txt/.test(document.body.innerText)`)
	answer("take")
	m.noted("file letter.txt text/plain 12 dear visitor, second.txt text/plain 7 another")
	m.agent.wait(mirror, `[...document.getElementById('file').files].map((f) => f.name).join() === 'letter.txt,second.txt'`)
	m.expectText(m.agent, "The page has the files.")

	m.t.Log("declined")
	m.agent.chooses(func() { m.agent.click(mirror, "#file") }, second)
	answer("refuse")
	m.expectText(m.agent, "Vic would rather not give it to the page.")

	m.t.Log("a control that is not in the page, for one that is large")
	m.agent.chooses(func() { m.agent.click(mirror, "#pick") }, large)
	answer("take")
	m.noted("picked large.bin application/octet-stream 640000 0123456789ab")
	m.expectText(m.agent, "The page has large.bin.")

	m.t.Log("dropped")
	x, y := m.agent.element(mirror, "#zone")
	for _, kind := range []string{"dragEnter", "dragOver", "drop"} {
		m.agent.call("Input.dispatchDragEvent", map[string]any{"type": kind, "x": x, "y": y,
			"data": map[string]any{"items": []any{}, "files": []string{letter}, "dragOperationsMask": 1}}, nil)
	}
	answer("take")
	m.noted("zone letter.txt text/plain 12 dear visitor")
}

// clipboard is what is in the clipboard, which all windows of a headless browser
// share, by pasting it into a field.
func (w *window) clipboard() string {
	w.t.Helper()
	get[any](w, top, `void document.body.append(Object.assign(document.createElement('textarea'), {id: 'pasted', style: 'position: fixed; left: 0; top: 0; z-index: 99'}))`)
	w.click(top, "#pasted")
	w.chord("Control+v")
	w.wait(top, `document.getElementById('pasted').value`)
	return get[string](w, top, `(() => { const { value } = pasted; pasted.remove(); return value; })()`)
}

// copies puts HTML into the clipboard, as a page of any kind may.
func (w *window) copiesHTML(html, text string) {
	w.t.Helper()
	get[any](w, top, fmt.Sprintf(`void (() => {
		const area = Object.assign(document.createElement('textarea'), {id: 'copied', value: 'x', style: 'position: fixed; left: 0; top: 0; z-index: 99',
			oncopy: (e) => { e.clipboardData.setData('text/html', %s); e.clipboardData.setData('text/plain', %s); e.preventDefault(); area.remove(); }});
		document.body.append(area);
	})()`, quote(html), quote(text)))
	w.click(top, "#copied")
	w.chord("Control+a")
	w.chord("Control+c")
	w.wait(top, `!document.getElementById('copied')`)
}

func handsClipboard(m *meeting) {
	m.t.Log("what the agent pastes keeps its form, and nothing that acts")
	m.agent.copiesHTML(`<b onclick="note('bad')">bold</b><script>note('bad')</script><img src="http://elsewhere.localhost/x.png" onerror="note('bad')">`+
		`<a href="javascript:note('bad')">one</a> <a href="https://elsewhere.localhost/x">two</a><svg onload="note('bad')"></svg>`, "bold one two")
	m.agent.click(mirror, "#rich")
	m.agent.chord("Control+a")
	m.agent.chord("Control+v")
	m.noted(`paste bold one two <b>bold</b><a>one</a> <a href="https://elsewhere.localhost/x">two</a>`)
	m.visitor.wait(content, `document.querySelector('#rich b')?.textContent === 'bold' && document.querySelector('#rich a[href]')?.getAttribute('href') === 'https://elsewhere.localhost/x'`)
	if get[bool](m.visitor, content, `log.includes('bad') || document.querySelector('#rich [onclick], #rich script, #rich svg, #rich [src], #rich [href^=javascript]') !== null`) {
		m.t.Errorf("the visitor's page has %s", get[string](m.visitor, content, `document.querySelector('#rich').innerHTML`))
	}

	m.visitor.click(content, "#area")
	m.visitor.write("the visitor's own")
	m.visitor.chord("Control+a")
	m.visitor.chord("Control+c")
	own := m.agent.clipboard()

	copies := func(button, note, want string) {
		m.t.Helper()
		m.agent.click(mirror, button)
		if note != "" {
			m.noted(note)
		}
		m.agent.wait(top, `document.querySelector('[data-tandem=copy]')`)
		if got := m.agent.clipboard(); got != own {
			m.t.Errorf("%s: the clipboard has %q before anybody wanted it to", button, got)
		}
		m.agent.click(top, "[data-tandem=copy]")
		patiently(m.t, "the clipboard to have "+want, func() bool { return m.agent.clipboard() == want })
		own = want
	}
	copies("#copy", "", "from the page") // the page waits for the visitor, who is asked for their own
	copies("#command", "command true", "by the copy event")
	m.agent.click(mirror, "#steal")
	m.noted("steal NotAllowedError")
	m.visitor.click(content, "#password")
	m.visitor.write("hunter2")
	m.agent.wait(mirror, `document.getElementById('password').value !== ''`)
	m.agent.click(mirror, "#leak")
	m.agent.click(mirror, "#button") // answered after what came of the button before it
	m.sameTree("after the leak")
	if get[bool](m.agent, top, `document.querySelector('[data-tandem=copy]') !== null`) {
		m.t.Error("the agent may copy a text with a password in it")
	}
}

func handsTogether(m *meeting) {
	m.t.Log("in two fields")
	m.visitor.click(content, "#first")
	m.agent.click(mirror, "#second")
	for i := range 10 {
		m.visitor.write(string(rune('a' + i)))
		m.agent.write(string(rune('k' + i)))
	}
	m.value("first", "abcdefghij")
	m.value("second", "klmnopqrst")
	m.visitor.typesWith("Ada")
	m.agent.typesWith("Vic")

	m.t.Log("in one")
	m.visitor.click(content, "#both")
	m.visitor.chord("End")
	m.agent.click(mirror, "#both")
	m.agent.chord("Home")
	for i := range 10 {
		m.visitor.write(string(rune('a' + i)))
		m.agent.write(string(rune('k' + i)))
	}
	m.value("both", "klmnopqrstmiddleabcdefghij")
	for _, w := range []struct {
		w     *window
		in    frame
		caret int
	}{{m.visitor, content, 26}, {m.agent, mirror, 10}} {
		if got := get[int](w.w, w.in, `document.getElementById('both').selectionStart`); got != w.caret {
			m.t.Errorf("%s: the caret is at %d, want %d", w.w.name, got, w.caret)
		}
	}

	m.t.Log("in an editor that makes its text anew")
	m.visitor.click(content, "#pad")
	m.visitor.chord("End")
	m.visitor.write(" of")
	m.padIs("one of")
	m.agent.click(mirror, "#pad")
	m.agent.chord("Home")
	for i := range 3 {
		m.agent.write(string(rune('k' + i)))
		m.padIs("klm"[:i+1] + "one of" + "abc"[:i])
		m.visitor.write(string(rune('a' + i)))
		m.padIs("klm"[:i+1] + "one of" + "abc"[:i+1])
	}

	m.t.Log("in one that never rests, where what an agent sees is gone already")
	get[any](m.visitor, content, `void (window.restless = setInterval(anew, 15))`)
	m.visitor.chord("End")
	for i := range 5 {
		m.visitor.write(string(rune('d' + i)))
		m.agent.chord("Home")
		m.agent.write(string(rune('n' + i)))
	}
	m.agent.write("op")
	m.visitor.write("ij")
	m.padIs("ropqponklmone ofabcdefghij")
	m.agent.wait(mirror, `(() => { const s = getSelection(), r = document.createRange(); r.setStart(document.getElementById('pad'), 0); r.setEnd(s.focusNode, s.focusOffset); return r.toString() === 'rop'; })()`)
	m.agent.chord("ArrowRight")
	m.agent.write("!")
	m.padIs("ropq!ponklmone ofabcdefghij")
	get[any](m.visitor, content, `void clearInterval(restless)`)
}

// padIs waits until the pad has a text on both sides.
func (m *meeting) padIs(text string) {
	m.t.Helper()
	const shown = `document.getElementById('pad').textContent.replaceAll('\u00a0', ' ')`
	for _, h := range []hand{{w: m.visitor, in: content}, {w: m.agent, in: mirror}} {
		if h.w.waits(h.in, shown+` === `+quote(text)) != nil {
			m.t.Fatalf("%s has %q in the pad, want %q", h.w.name, get[string](h.w, h.in, shown), text)
		}
	}
}

// typesWith waits until a window shows where somebody else types.
func (w *window) typesWith(name string) {
	w.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(30 * time.Millisecond) {
		found := false
		w.walkDOM(func(n domNode) { found = found || n.LocalName == "text" && n.text() == name })
		if found {
			return
		}
		if time.Now().After(end) {
			w.t.Errorf("%s is not shown where %s types", w.name, name)
			return
		}
	}
}

// handsLeaving has the agent press while the next page of the visitor's is on its
// way: what they see is gone, and they are told.
func handsLeaving(m *meeting) {
	const next = `document.body.innerText.includes('next')`
	frames := func(n int) {
		m.t.Helper()
		m.agent.wait(renderer, fmt.Sprintf(`document.querySelectorAll('iframe').length === %d`, n))
	}
	goes := func(to string) {
		m.t.Helper()
		m.agent.call("Fetch.enable", map[string]any{"patterns": []any{map[string]any{"urlPattern": "*/.tandem/mirror?*"}}}, nil)
		get[any](m.visitor, content, `void (location.href = `+quote(to)+`)`)
		frames(2)
	}
	arrives := func() {
		m.t.Helper()
		m.agent.call("Fetch.disable", map[string]any{}, nil)
		frames(1)
		m.agent.wait(mirror, next)
	}
	x, y := m.agent.element(mirror, "#button")

	m.t.Log("before the next page shows")
	goes("/next")
	m.agent.clickAt(x, y)
	m.expectText(m.agent, "That part of the page is gone.")
	arrives()
	m.agent.clickAt(x, y)
	m.noted("here")

	m.t.Log("and as it shows")
	goes("/")
	m.agent.moveTo(x, y)
	m.agent.mouse("mousePressed", x, y, map[string]any{"button": "left", "clickCount": 1})
	m.agent.call("Fetch.disable", map[string]any{}, nil)
	frames(1)
	m.agent.mouse("mouseReleased", x, y, map[string]any{"button": "left", "clickCount": 1})
	m.expectText(m.agent, "The page changed under your press.")
	m.sameTree("at the first page again")
}

func handsTouch(m *meeting) {
	m.agent.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 780, "deviceScaleFactor": 2, "mobile": true}, nil)
	m.agent.call("Emulation.setTouchEmulationEnabled", map[string]any{"enabled": true}, nil)
	get[any](m.visitor, content, `void (log.length = 0)`)
	x, y := m.agent.element(mirror, "#button")
	m.agent.call("Input.dispatchTouchEvent", map[string]any{"type": "touchStart", "touchPoints": []any{map[string]any{"x": x, "y": y}}}, nil)
	m.agent.call("Input.dispatchTouchEvent", map[string]any{"type": "touchEnd", "touchPoints": []any{}}, nil)
	m.noted("press 1")

	m.t.Log("the visitor has a touch screen, and the agent a mouse")
	m.agent.call("Emulation.setTouchEmulationEnabled", map[string]any{"enabled": false}, nil)
	m.agent.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 1400, "height": 1100, "deviceScaleFactor": 1, "mobile": false}, nil)
	m.visitor.call("Emulation.setTouchEmulationEnabled", map[string]any{"enabled": true, "maxTouchPoints": 1}, nil)
	m.visitor.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 390, "height": 780, "deviceScaleFactor": 2, "mobile": true}, nil)
	m.visitor.wait(content, `navigator.maxTouchPoints > 0 && matchMedia('(pointer: coarse)').matches`)
	m.agent.wait(mirror, fmt.Sprintf(`innerWidth === %d`, get[int](m.visitor, content, `innerWidth`)))
	get[any](m.visitor, content, `void (log.length = 0)`)
	h := hand{w: m.agent, in: mirror}
	h.drag("#swipe", -60, 0)
	m.noted("swiped -60 0")
	if got := strings.Join(get[[]string](m.visitor, content, `log`), ", "); got != "pointerdown touch, touchstart undefined, swiped -60 0, touchend undefined" {
		m.t.Errorf("a swipe comes as %s", got)
	}
	get[any](m.visitor, content, `void (log.length = 0)`)
	m.agent.click(mirror, "#swipe")
	m.noted("click touch")
	if got := strings.Join(get[[]string](m.visitor, content, `log`), ", "); !strings.HasSuffix(got, "touchend undefined, mousedown undefined, click touch") {
		m.t.Errorf("a tap comes as %s", got)
	}
}
