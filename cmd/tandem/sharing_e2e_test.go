package main

import (
	"strings"
	"testing"
	"time"

	"tandem/session"
)

// TestScenario31Sharing has the visitor decide, while the session goes on, what the agent
// may do and see: scenarios 31 and, for the panic key, what a visitor does who
// suddenly has something on the screen that is nobody's business.
func TestScenario31Sharing(t *testing.T) {
	m := startMeeting(t, session.View)
	m.accept()
	m.sameTree("home")

	t.Log("the agent asks, and the visitor says no, then yes")
	m.agent.click(top, `[data-tandem=ask]`)
	m.visitor.wait(top, `document.querySelector('[data-tandem=deny]:not(:disabled)') && document.querySelector('#question').innerText.includes('Ada asks')`)
	m.visitor.click(top, `[data-tandem=deny]`)
	m.expectText(m.agent, "Vic would rather not now.")
	m.agent.wait(top, `document.querySelector('[data-tandem=ask]:not(:disabled)')`)
	m.agent.click(top, `[data-tandem=ask]`)
	m.visitor.wait(top, `document.querySelector('[data-tandem=allow]:not(:disabled)')`)
	m.visitor.click(top, `[data-tandem=allow]`)
	m.agent.wait(top, `document.querySelector('[data-tandem=mode]').dataset.mode === 'shared' && !document.querySelector('[data-tandem=back]').disabled`)
	m.visitor.wait(top, `document.querySelector('[data-tandem=mode]').dataset.mode === 'shared' && document.querySelector('#question').hidden`)
	m.agent.click(mirror, `nav a[href="/build"]`)
	m.visitor.wait(content, `location.pathname === '/build' && document.readyState === 'complete'`)
	m.sameTree("build")

	t.Log("the visitor takes it back")
	m.visitor.click(top, `[data-tandem=mode]`)
	m.visitor.click(top, `[data-tandem=restrict]`)
	began := time.Now()
	m.agent.wait(top, `document.querySelector('[data-tandem=mode]').dataset.mode === 'view' && document.querySelector('[data-tandem=back]').disabled`)
	t.Logf("the agent's page followed after %v at most", time.Since(began))
	m.agent.click(mirror, `a.brand`)
	m.visitor.press("Escape", 27) // closes what the mode was changed in

	t.Log("Esc twice in the page pauses: nothing of it is sent any more")
	m.visitor.click(content, `h1`)
	m.visitor.press("Escape", 27)
	m.visitor.press("Escape", 27)
	m.expectText(m.agent, "Vic has paused sharing")
	m.visitor.wait(top, `document.body.classList.contains('paused') && !document.body.classList.contains('sharing')`)
	get[any](m.visitor, content, `document.querySelector('h1').textContent = document.title = 'Nobody must see this'`)
	get[any](m.visitor, content, `history.pushState({}, '', '/nobody-must-see-this')`)
	m.agent.moveTo(m.agent.element(top, `[data-tandem=status]`))
	// What follows goes the same way and arrives later: had the above been sent, it would be here.
	was := m.visitor.bytesSent()
	get[any](m.visitor, content, `new Promise((done) => setTimeout(done, 400))`)
	for name, text := range map[string]string{
		"mirror":  get[string](m.agent, mirror, `document.documentElement.outerHTML`),
		"console": get[string](m.agent, top, `document.title + document.querySelector('[data-tandem=address]').value + document.body.innerText`),
	} {
		if strings.Contains(strings.ToLower(strings.ReplaceAll(text, "-", " ")), "nobody must see this") {
			t.Errorf("the agent's %s has what came after the pause", name)
		}
	}
	if sent := m.visitor.bytesSent() - was; sent > 200 {
		t.Errorf("%d bytes were sent while sharing was paused", sent)
	}

	t.Log("a reload stays paused")
	get[any](m.visitor, content, `history.replaceState({}, '', '/build')`)
	m.visitor.navigate(get[string](m.visitor, top, `location.href`))
	m.visitor.wait(content, `document.readyState === 'complete' && document.querySelector('h1')`)
	m.visitor.wait(top, `document.body.classList.contains('paused')`)
	m.agent.wait(top, `document.querySelector('.veil').innerText.includes('paused')`)

	t.Log("and what is there now is shown when it goes on")
	m.visitor.click(top, `[data-tandem=pause]`)
	m.agent.wait(top, `!document.querySelector('.veil')`)
	m.visitor.wait(top, `document.body.classList.contains('sharing')`)
	m.sameTree("after the pause")
	m.agent.moveTo(m.agent.element(mirror, `h1`))
	m.visitor.pointsAt("Ada", content, `h1`)
}

// bytesSent is what the window has sent over its WebSockets.
func (w *window) bytesSent() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}
