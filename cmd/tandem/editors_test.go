package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"tandem/session"
)

// keys a test presses by name, with the numbers that Windows has for them.
var keyNumbers = map[string]int{
	"Backspace": 8, "Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "PageUp": 33, "PageDown": 34, "End": 35, "Home": 36,
	"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46,
}

// chord presses keys together, such as "Control+Shift+ArrowLeft".
func (w *window) chord(keys string) {
	w.t.Helper()
	mods := 0
	rest := keys
	for prefix, bit := range map[string]int{"Alt+": 1, "Control+": 2, "Shift+": 8} {
		if strings.Contains(keys, prefix) {
			mods |= bit
			rest = strings.Replace(rest, prefix, "", 1)
		}
	}
	code, number := rest, keyNumbers[rest]
	if len(rest) == 1 && number == 0 {
		code, number = "Key"+strings.ToUpper(rest), int(strings.ToUpper(rest)[0])
	}
	event := map[string]any{"type": "rawKeyDown", "key": rest, "code": code, "windowsVirtualKeyCode": number, "modifiers": mods}
	if rest == "Enter" {
		event["type"], event["text"] = "keyDown", "\r"
	}
	w.call("Input.dispatchKeyEvent", event, nil)
	event["type"] = "keyUp"
	delete(event, "text")
	w.call("Input.dispatchKeyEvent", event, nil)
}

// What is done in an editor: "click SELECTOR", "double SELECTOR",
// "write TEXT", "paste", or keys pressed together. After each line the models
// are compared, as far as the line before has come.
const (
	forms = `
click #name
write ada lovelace
ArrowLeft ArrowLeft ArrowLeft
write X
Backspace
Home
write DR 
Control+a
write grace
click #phone
write 123456789
Backspace
write 0
Home ArrowRight Delete
click #note
write first line
Enter
write second lime
Backspace Backspace
write ne
ArrowUp End
write !
Control+Shift+ArrowLeft Shift+ArrowLeft
write LINE
Control+Backspace
paste
Control+z
Control+Home
write top 
click #agree
Tab Tab ArrowUp
write 7
click #agree
click #agree
`
	plainText = `
write hello brave world
ArrowLeft ArrowLeft
write x
Backspace Delete
Home
write oh 
End Enter
write second
Enter
write third
ArrowUp End
write !
Control+ArrowLeft
write the 
Shift+End
write last
Control+Backspace
paste
Control+a
write anew
Enter
paste
Control+Home
write top 
Control+End Backspace
Control+z
`
	richText = plainText + `
Control+a
Control+b
ArrowRight
write  bold
Home
Control+b
write plain
`
	pastes = `
write before 
paste
write  after
Control+a
paste
`
)

// formed is a text with a form, as a person copies it from another page.
const formed = `<p>one <b>bold</b> and <i>slanted</i></p><ul><li>first</li><li><a href="https://elsewhere.example/x?a=1">second</a></li></ul><p>end</p>`

// editors are the pages of apps/editors, with what is clicked first and what is done then.
var editors = []struct{ name, first, steps string }{
	{"plain", "#text", richText},
	{"plain", "", forms},
	{"react", "", forms},
	{"vue", "", forms},
	{"svelte", "", forms},
	{"angular", "", forms},
	{"prosemirror", ".ProseMirror", richText},
	{"codemirror", ".cm-content", plainText},
	{"lexical", "[contenteditable]", richText},
	{"slate", "[contenteditable]", richText},
	{"quill", ".ql-editor", richText},
	{"monaco", ".view-lines", plainText},
	{"ace", ".ace_content", plainText},
	{"tinymce", "", richText},
}

// TestEditors types the same into frameworks' forms and editors from npm, once
// directly and once as the agent, and compares what each makes of it.
func TestEditors(t *testing.T) {
	if os.Getenv("TANDEM_TEST_EDITORS") == "" {
		t.Skip("TANDEM_TEST_EDITORS=1 runs the tests with editors from npm")
	}
	site := startApp(t, "npm.sh", "editors", freePort(t))
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	m.allow(site)
	m.invite(site+"/?plain", session.Shared)
	direct := b.open(t, "direct", site+"/?plain", 1280, 840)
	direct.copies("pasted text")
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	m.accept()
	for _, e := range editors {
		if only := os.Getenv("TANDEM_TEST_PAGE"); only != "" && only != e.name {
			continue
		}
		t.Run(e.name, func(t *testing.T) { m.edit(t, direct, site+"/?"+e.name, e.first, e.steps) })
		if e.steps == richText {
			t.Run(e.name+" with form", func(t *testing.T) {
				direct.t = t
				direct.copiesHTML(formed, "one bold and slanted\nfirst\nsecond\nend")
				m.edit(t, direct, site+"/?"+e.name, e.first, pastes)
				direct.copies("pasted text")
			})
		}
	}
}

// copies puts a text into the clipboard, as a person does.
func (w *window) copies(text string) {
	w.t.Helper()
	get[any](w, top, `void document.body.prepend(Object.assign(document.createElement('textarea'), {id: 'copied'}))`)
	w.click(top, "#copied")
	w.write(text)
	w.chord("Control+a")
	w.chord("Control+c")
}

const (
	// model is what an editor has, where spaces may be of either kind: browsers keep a line's last one as they like.
	model = `window.model().replaceAll('\u00a0', ' ').replaceAll('&nbsp;', ' ')`
	// heard is whether an editor knows where the caret is, which Slate is told of ten times a second.
	heard = `window.heard?.() ?? true`
)

func (m *meeting) edit(t *testing.T, direct *window, url, first, steps string) {
	const ready = `window.model`
	open := func(w *window, in frame) {
		w.wait(in, `void (delete window.model, location.href = `+quote(url)+`) || true`)
		w.wait(in, `location.href.endsWith(`+quote(url[strings.LastIndex(url, "?"):])+`) && window.model`)
	}
	direct.t, m.visitor.t, m.agent.t, m.t = t, t, t, t
	direct.navigate(url)
	direct.wait(top, ready)
	open(m.visitor, content)
	m.sameTree("at first")
	in, mirrored := top, mirror
	if strings.HasSuffix(url, "?tinymce") { // which edits in a frame
		in = func(_ frameInfo, depth int) bool { return depth == 1 }
		mirrored = func(_ frameInfo, depth int) bool { return depth == 3 }
		first = "body"
	}
	hands := []hand{{w: direct, in: in}, {w: m.agent, in: mirrored}}
	if first != "" {
		for _, h := range hands {
			h.click(first)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(steps), "\n") {
		hands[0].does(line, func() { direct.wait(top, heard) })
		hands[1].does(line, func() { m.caretsMeet(); m.visitor.wait(content, heard) })
		want := get[string](direct, top, model)
		if !m.comesTo(want) || !m.caretsMeet() {
			t.Fatalf("after %q the model is\n%s, want\n%s", line, get[string](m.visitor, content, model), want)
		}
	}
}

// comesTo waits until the model at the visitor is as it should be.
func (m *meeting) comesTo(want string) bool {
	for end := time.Now().Add(patience / 6); ; time.Sleep(20 * time.Millisecond) {
		var got string
		if m.visitor.eval(content, model, &got) == nil && got == want {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// caretsMeet waits until both sides have the caret of a field at one place, or
// the same selected in an editor: a page may have moved it.
func (m *meeting) caretsMeet() bool {
	const caret = `(() => { const e = document.activeElement; return e?.id && 'value' in e ? [e.id, e.value, e.selectionStart, e.selectionEnd].join() : e?.isContentEditable ? getSelection().toString() : ''; })()`
	for end := time.Now().Add(patience / 6); ; time.Sleep(20 * time.Millisecond) {
		var led, followed string
		if m.visitor.eval(content, caret, &led) == nil && m.agent.eval(mirror, caret, &followed) == nil && led == followed {
			return true
		}
		if time.Now().After(end) {
			m.t.Logf("the visitor's caret is at %s, the agent's at %s", led, followed)
			return false
		}
	}
}

// does what a line of the above says, each part when the editor is ready for it.
func (h hand) does(line string, ready func()) {
	h.w.t.Helper()
	ready()
	what, rest, _ := strings.Cut(line, " ")
	switch what {
	case "click":
		h.click(rest)
	case "double":
		h.doubleClick(rest)
	case "write":
		h.write(rest)
	case "paste":
		h.w.chord("Control+v")
	default:
		for _, keys := range strings.Fields(line) {
			h.w.chord(keys)
			// No hand is faster than the screen, and some editors hear of a caret that moved with its next frame only.
			get[any](h.w, top, `new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))`)
			ready()
		}
	}
}
