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

	"tandem/session"
)

// hands is a webpage that is used with all of a mouse and a keyboard.
type hands interface {
	webpage

	// pressButton presses a button of the mouse on an element a number of times: 0 is
	// the main one, 1 the middle one, 2 that for menus.
	pressButton(in frame, selector string, button, times int)

	// hover moves the mouse onto an element.
	hover(in frame, selector string)

	// roll turns the wheel over an element.
	roll(in frame, selector string, dy float64)

	// carry drags an element to the right, with the main button down.
	carry(in frame, selector string, dx float64)

	// chord presses a key by its name in the DOM, with Control+ before it if held.
	chord(keys string)
}

var (
	_ hands = (*window)(nil)
	_ hands = (*firefoxWindow)(nil)
)

func (w *window) pressButton(in frame, selector string, button, times int) {
	w.t.Helper()
	x, y := w.element(in, selector)
	w.moveTo(x, y)
	for n := 1; n <= times; n++ {
		for _, kind := range []string{"mousePressed", "mouseReleased"} {
			w.mouse(kind, x, y, map[string]any{"button": []string{"left", "middle", "right"}[button], "clickCount": n})
		}
	}
}

func (w *window) hover(in frame, selector string) {
	w.t.Helper()
	x, y := w.element(in, selector)
	w.moveTo(x-1, y)
	w.moveTo(x, y)
}

func (w *window) roll(in frame, selector string, dy float64) {
	w.t.Helper()
	w.wheel(in, selector, dy)
}

func (w *window) carry(in frame, selector string, dx float64) {
	w.t.Helper()
	x, y := w.element(in, selector)
	w.moveTo(x, y)
	w.dragTo(x, y, x+dx, y)
}

// on performs actions of a device of WebDriver's over an element; those without
// an origin get the element's middle for one.
func (w *firefoxWindow) on(in frame, selector, device string, actions ...map[string]any) {
	w.t.Helper()
	if err := polls(func(result any) error {
		*result.(*bool) = true
		context, origin, err := w.over(in, selector)
		if err != nil {
			return err
		}
		for _, action := range actions {
			if _, moves := action["x"]; moves {
				action["origin"] = origin
			}
		}
		return w.try("input.performActions", map[string]any{"context": context, "actions": []any{map[string]any{"type": device, "id": device, "actions": actions}}}, nil)
	}); err != nil {
		w.t.Fatalf("%s: %s over %s: %v", w.name, device, selector, err)
	}
}

func mouseTo(dx float64) map[string]any {
	return map[string]any{"type": "pointerMove", "x": int(dx), "y": 0}
}

func (w *firefoxWindow) pressButton(in frame, selector string, button, times int) {
	w.t.Helper()
	actions := []map[string]any{mouseTo(0)}
	for range times {
		actions = append(actions, map[string]any{"type": "pointerDown", "button": button}, map[string]any{"type": "pointerUp", "button": button})
	}
	w.on(in, selector, "pointer", actions...)
}

func (w *firefoxWindow) hover(in frame, selector string) {
	w.t.Helper()
	w.on(in, selector, "pointer", mouseTo(-1), mouseTo(0))
}

func (w *firefoxWindow) roll(in frame, selector string, dy float64) {
	w.t.Helper()
	w.on(in, selector, "wheel", map[string]any{"type": "scroll", "x": 0, "y": 0, "deltaX": 0, "deltaY": int(dy)})
}

func (w *firefoxWindow) carry(in frame, selector string, dx float64) {
	w.t.Helper()
	actions := []map[string]any{mouseTo(0), {"type": "pointerDown", "button": 0}}
	for i := 1.0; i <= 10; i++ {
		actions = append(actions, mouseTo(dx*i/10))
	}
	w.on(in, selector, "pointer", append(actions, map[string]any{"type": "pointerUp", "button": 0})...)
}

// webdriverKeys are WebDriver's names of keys.
var webdriverKeys = map[string]string{
	"Control": "\uE009", "Enter": "\uE006", "Tab": "\uE004", "Escape": "\uE00C", "Backspace": "\uE003", " ": " ",
	"ArrowLeft": "\uE012", "ArrowUp": "\uE013", "ArrowRight": "\uE014", "ArrowDown": "\uE015", "Home": "\uE011", "End": "\uE010",
}

func (w *firefoxWindow) chord(keys string) {
	w.t.Helper()
	held := strings.Split(keys, "+")
	var text []string
	for _, key := range held {
		if named, ok := webdriverKeys[key]; ok {
			key = named
		}
		text = append(text, key)
	}
	w.keys(text...)
}

// keys holds keys down, one after the other, and lets them go, the last one first.
func (w *firefoxWindow) keys(held ...string) {
	w.t.Helper()
	context := w.context
	if w.pressed != nil {
		if found, err := w.find(w.pressed); err == nil {
			context = found
		}
	}
	var actions, up []any
	for _, key := range held {
		actions = append(actions, map[string]any{"type": "keyDown", "value": key})
		up = append([]any{map[string]any{"type": "keyUp", "value": key}}, up...)
	}
	w.call("input.performActions", map[string]any{"context": context, "actions": []any{map[string]any{"type": "key", "id": "keys", "actions": append(actions, up...)}}}, nil)
}

// across is a session of two people with different browsers.
type across struct {
	*testing.T
	visitor, agent hands
}

// noted waits until the visitor's page has noted something.
func (a *across) noted(what string) {
	a.Helper()
	if polls(func(result any) error { return a.visitor.eval(content, `log.includes(`+quote(what)+`)`, result) }) != nil {
		var log []string
		_ = a.visitor.eval(content, `log`, &log)
		a.Errorf("the page has not noted %q, but %q", what, log)
	}
}

// value waits until a control has a value on both sides.
func (a *across) value(id, want string) {
	a.Helper()
	for _, side := range []struct {
		who webpage
		in  frame
	}{{a.visitor, content}, {a.agent, mirror}} {
		js := `document.getElementById(` + quote(id) + `).value`
		if polls(func(result any) error { return side.who.eval(side.in, js+` === `+quote(want), result) }) != nil {
			var got string
			_ = side.who.eval(side.in, js, &got)
			a.Errorf("%s is %q, want %q", id, got, want)
		}
	}
}

// TestFirefoxHands has the agent use what a page may have, with Firefox on
// one side and Chromium on the other; make test-firefox asks for it. An
// agent with Firefox gives no files here: the choice that opens there is one of
// the browser's windows, which these tests do not answer.
func TestFirefoxHands(t *testing.T) {
	if os.Getenv("TANDEM_TEST_FIREFOX") == "" {
		t.Skip("run by make test-firefox")
	}
	chromium, firefox := chromiumEngine{sharedBrowser(t)}, sharedFirefox(t)
	for _, test := range []struct {
		name           string
		visitor, agent engine
	}{
		{"the visitor has Firefox", firefox, chromium},
		{"the agent has Firefox", chromium, firefox},
	} {
		t.Run(test.name, func(t *testing.T) { handsAcross(t, test.visitor, test.agent) })
	}
}

func handsAcross(t *testing.T, visits, helps engine) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			http.ServeFile(w, r, "testdata/hands/index.html")
		case "/next":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<!doctype html><title>next</title><h1>next</h1>`)
		default:
			serveOperations(w, r)
		}
	}))
	t.Cleanup(site.Close)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	m.allow(site.URL)
	m.invite(site.URL+"/", session.Shared)
	agent := helps.open(t, "agent", m.invited.AgentURL, 1400, 1100).(hands)
	visitor := visits.open(t, "visitor", m.invited.VisitorURL, 1280, 900).(hands)
	visitor.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	visitor.click(top, "[data-tandem=accept]")
	visitor.wait(content, `document.readyState === 'complete' && self.log`)
	agent.wait(mirror, `document.getElementById('leak')`)
	sameTree(t, "at first", visitor, agent)
	for _, step := range []struct {
		name string
		do   func(*across)
	}{
		{"the mouse", (*across).mouse},
		{"text", (*across).text},
		{"keys", (*across).keys},
		{"dates and ranges", (*across).dates},
		{"the chat", (*across).chat},
		{"a dialog", (*across).dialog},
		{"files", (*across).files},
		{"modes", (*across).modes},
	} {
		if only := os.Getenv("TANDEM_TEST_PAGE"); only == "" || only == step.name {
			t.Run(step.name, func(t *testing.T) { step.do(&across{t, visitor, agent}) })
		}
	}
}

func (a *across) mouse() {
	if err := a.visitor.eval(content, `void document.getElementById('button').addEventListener('mouseenter', () => note('hovered'))`, nil); err != nil {
		a.Fatal(err)
	}
	a.agent.hover(mirror, "#ime")
	a.agent.hover(mirror, "#button")
	a.noted("hovered")
	a.agent.pressButton(mirror, "#button", 0, 2)
	a.noted("press 2")
	a.noted("dblclick button 0")
	a.agent.pressButton(mirror, "#button", 1, 1)
	a.noted("auxclick button 1")
	a.agent.pressButton(mirror, "#button", 2, 1)
	a.noted("contextmenu button 2")
	a.agent.pressButton(mirror, "#send", 0, 1)
	a.noted("sent")
	a.agent.carry(mirror, "#slider", 60)
	a.visitor.wait(content, `Math.abs(document.getElementById('slider').dataset.at - 160) < 3`)
	a.agent.roll(mirror, "#scroller", 120)
	a.visitor.wait(content, `document.getElementById('scroller').scrollTop > 100`)
	a.agent.roll(mirror, "#map", 120)
	a.noted("zoomed 120")
}

func (a *across) text() {
	// A controlled field: what it shows is what the page has taken, in capitals.
	if err := a.visitor.eval(content, `void document.getElementById('second').addEventListener('input', (e) => { e.target.value = e.target.value.toUpperCase(); })`, nil); err != nil {
		a.Fatal(err)
	}
	a.agent.click(mirror, "#first")
	a.agent.write("Zoë")
	a.value("first", "Zoë")
	a.agent.click(mirror, "#second")
	a.agent.write("lamp")
	a.value("second", "LAMP")
	a.agent.click(mirror, "#area")
	a.agent.chord("Control+a")
	a.agent.write("one\ntwo")
	a.value("area", "one\ntwo")
	a.agent.click(mirror, "#rich")
	a.agent.chord("Control+a")
	a.agent.write("all new")
	a.visitor.wait(content, `document.getElementById('rich').textContent === 'all new'`)
	a.agent.wait(mirror, `document.getElementById('rich').textContent === 'all new'`)
}

func (a *across) keys() {
	a.agent.click(mirror, "#first")
	a.agent.chord("Backspace")
	a.value("first", "Zo")
	a.agent.chord("Home")
	a.agent.write("A")
	a.value("first", "AZo")
	a.agent.chord("Tab")
	a.visitor.wait(content, `document.activeElement.id === 'second'`)
	a.agent.click(mirror, "#r1")
	a.agent.chord("ArrowRight")
	a.visitor.wait(content, `document.getElementById('r2').checked`)
	a.agent.click(mirror, "#label")
	a.noted("check true")
	a.agent.chord(" ")
	a.noted("check false")
	a.agent.click(mirror, "#open")
	a.agent.wait(mirror, `document.getElementById('dialog').matches(':modal')`)
	a.agent.chord("Escape")
	a.noted("closed ")
	a.agent.click(mirror, "summary")
	a.agent.wait(mirror, `document.getElementById('details').open`)
	a.agent.chord("Enter")
	a.visitor.wait(content, `!document.getElementById('details').open`)
}

func (a *across) dates() {
	for _, field := range []struct{ id, value string }{{"date", "2026-02-03"}, {"color", "#ff8800"}, {"range", "70"}, {"one", "c"}} {
		// Pickers are the browser's, and out of a test's reach.
		if err := a.agent.eval(mirror, fmt.Sprintf(`(() => { const e = document.getElementById(%s); e.focus(); e.value = %s;
			for (const type of ['input', 'change']) e.dispatchEvent(new Event(type, {bubbles: true})); })()`, quote(field.id), quote(field.value)), nil); err != nil {
			a.Fatal(err)
		}
		a.noted("change " + field.id + " " + field.value)
		a.value(field.id, field.value)
	}
}

func (a *across) chat() {
	for _, side := range []struct {
		says, hears webpage
		text        string
	}{{a.agent, a.visitor, "Do you see it?"}, {a.visitor, a.agent, "I do."}} {
		side.says.click(top, `[data-tandem=chat]`)
		side.says.wait(top, `document.activeElement.matches('.chat textarea')`)
		side.says.write(side.text + "\n")
		side.hears.wait(top, `[...document.querySelectorAll('.chat .said')].some((e) => e.textContent === `+quote(side.text)+`)`)
		side.says.click(top, `[data-tandem=chat]`)
	}
}

// dialog answers what the page asks, once, by a press of the visitor's.
func (a *across) dialog() {
	if err := a.visitor.eval(content, `void document.getElementById('button').addEventListener('click', () => note('answered ' + confirm('Delete the lamp?')), {once: true})`, nil); err != nil {
		a.Fatal(err)
	}
	a.agent.click(mirror, "#button")
	a.agent.wait(top, `document.querySelector('[data-tandem=dialog]')?.innerText.includes('Delete the lamp?')`)
	switch w := a.visitor.(type) {
	case *window:
		w.answer(true, "")
	case *firefoxWindow:
		patiently(a, "Firefox takes the answer", func() bool {
			return w.try("browsingContext.handleUserPrompt", map[string]any{"context": w.context, "accept": true}, nil) == nil
		})
	}
	a.agent.wait(top, `!document.querySelector('[data-tandem=dialog]')`)
	a.noted("answered true")
}

// files gives one to a control of the page.
func (a *across) files() {
	chooser, ok := a.agent.(*window)
	if !ok {
		a.Skip("the choice that opens in Firefox is not answered here")
	}
	letter := filepath.Join(a.TempDir(), "letter.txt")
	if err := os.WriteFile(letter, []byte("dear visitor"), 0o600); err != nil {
		a.Fatal(err)
	}
	chooser.chooses(func() { chooser.click(mirror, "#file") }, letter)
	a.visitor.wait(top, `document.querySelector('[data-tandem=take]:not(:disabled)')`)
	a.visitor.click(top, "[data-tandem=take]")
	a.noted("file letter.txt text/plain 12 dear visitor")
}

// modes has the visitor pause with the key for it, and go on.
func (a *across) modes() {
	a.visitor.click(content, "#swipe")
	a.visitor.chord("Escape")
	a.visitor.chord("Escape")
	a.agent.wait(top, `/paused/i.test(document.body.innerText)`)
	a.visitor.click(top, `[data-tandem=pause]`)
	a.agent.wait(top, `!/paused/i.test(document.body.innerText)`)
	a.agent.wait(mirror, `document.getElementById('leak')`)
	if err := a.visitor.eval(content, `void (log.length = 0)`, nil); err != nil {
		a.Fatal(err)
	}
	a.agent.click(mirror, "#button")
	a.noted("press 1")
}
