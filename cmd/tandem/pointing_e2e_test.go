package main

import (
	"fmt"
	"math"
	"testing"
	"time"

	"tandem/session"
)

// marks returns where the window's overlay has something of a kind: "frame" and
// "text" are rectangles, "stroke" what was drawn.
func (w *window) marks(kind string) (found []rect) {
	w.t.Helper()
	w.walkDOM(func(n domNode) {
		switch {
		case n.LocalName == "rect" && n.class() == kind, kind == "stroke" && n.LocalName == "path" && n.class() == "under":
			if at, ok := w.quadOf(n.BackendID); ok {
				found = append(found, at)
			}
		}
	})
	return found
}

// marked waits until the overlay has exactly one mark of a kind, around or over an element.
func (w *window) marked(kind string, in frame, selector string) {
	w.t.Helper()
	var got []rect
	var x, y float64
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		x, y = w.element(in, selector)
		if got = w.marks(kind); len(got) == 1 && math.Abs(got[0].X+got[0].Width/2-x) <= 3 && math.Abs(got[0].Y+got[0].Height/2-y) <= 3 {
			return
		}
	}
	w.t.Errorf("%s: marks of %s are %v, want one in the middle of %s, %.0f,%.0f", w.name, kind, got, selector, x, y)
}

// markedNothing waits until the overlay has no mark of a kind.
func (w *window) markedNothing(kind string) {
	w.t.Helper()
	var got []rect
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got = w.marks(kind); len(got) == 0 {
			return
		}
	}
	w.t.Errorf("%s: still has marks of %s: %v", w.name, kind, got)
}

// ctrlClick clicks with the control key down.
func (w *window) ctrlClick(in frame, selector string) {
	w.t.Helper()
	x, y := w.element(in, selector)
	w.moveTo(x, y)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		w.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1, "modifiers": 2}, nil)
	}
}

// drag moves the pointer with the button down.
func (w *window) dragTo(x1, y1, x2, y2 float64) {
	w.t.Helper()
	event := func(kind string, x, y float64) {
		w.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}, nil)
	}
	event("mousePressed", x1, y1)
	for i := 1.0; i <= 10; i++ {
		event("mouseMoved", x1+(x2-x1)*i/10, y1+(y2-y1)*i/10)
	}
	event("mouseReleased", x2, y2)
}

// wiggles waits until an element of a frame moves.
func (w *window) wiggles(in frame, selector string) {
	w.t.Helper()
	w.wait(in, fmt.Sprintf(`document.getAnimations().some((a) => a.effect.target === document.querySelector(%s) && a.effect.getKeyframes().some((f) => 'translate' in f))`, quote(selector)))
}

// TestScenario07And08Pointing has both point things out, in view mode, without any of it
// happening in the page: scenarios 7 and 8.
func TestScenario07And08Pointing(t *testing.T) {
	m := startMeeting(t, session.View)
	m.accept()
	m.sameTree("home")
	const link, heading = `.hero a.button`, `.hero h1`

	t.Log("a click is a ring at the visitor")
	get[any](m.visitor, top, `(() => {
		const { prototype } = customElements.get('tandem-cursors'), { ring } = prototype;
		globalThis.rings = [];
		prototype.ring = function (x, y) { const box = this.getBoundingClientRect(); rings.push([box.x + x, box.y + y]); ring.call(this, x, y); };
	})()`)
	m.agent.click(mirror, link)
	m.visitor.wait(top, `rings.length`)
	ring, x, y := get[[][2]float64](m.visitor, top, `rings`), 0.0, 0.0
	if x, y = m.visitor.element(content, link); len(ring) != 1 || math.Hypot(ring[0][0]-x, ring[0][1]-y) > 3 {
		t.Errorf("rings at %v, want one at %.0f,%.0f", ring, x, y)
	}

	t.Log("Ctrl and a click make an element wiggle on the other's screen")
	m.agent.ctrlClick(mirror, link)
	m.visitor.wiggles(content, link)
	m.visitor.ctrlClick(content, heading)
	m.agent.wiggles(mirror, heading)

	t.Log("a frame around an element, from both sides")
	m.agent.click(top, `[data-tandem=tools]`)
	m.agent.wait(renderer, `document.querySelector('tandem-marks').hasAttribute('framing')`)
	m.agent.click(mirror, link)
	m.visitor.marked("frame", content, link)
	m.agent.marked("frame", mirror, link)
	get[any](m.visitor, content, `scrollTo({top: 120, behavior: 'instant'})`)
	m.visitor.marked("frame", content, link)
	m.agent.marked("frame", mirror, link)
	get[any](m.visitor, content, `scrollTo({top: 0, behavior: 'instant'})`)
	m.scrolled()
	m.agent.click(mirror, link) // takes it away
	m.visitor.markedNothing("frame")
	m.visitor.click(top, `[data-tandem=tools]`)
	get[any](m.visitor, content, `new Promise((done) => setTimeout(done, 300))`) // the page has been told by then
	m.visitor.click(content, link)
	m.agent.marked("frame", mirror, link)
	m.visitor.click(top, `.palette [data-tool=erase]`)
	m.agent.markedNothing("frame")
	m.visitor.click(top, `.palette [data-tool=close]`)

	t.Log("a stroke that stays is there for who comes later, and goes when it is erased")
	m.agent.click(top, `.palette [data-tool=fade]`)
	m.agent.click(top, `.palette [data-tool=ink]`)
	m.agent.wait(renderer, `document.querySelector('tandem-marks').hasAttribute('drawing')`)
	x, y = m.agent.element(mirror, heading)
	m.agent.dragTo(x-60, y, x+60, y+30)
	drawn := func(w *window, in frame) {
		t.Helper()
		wantX, wantY := w.element(in, heading)
		w.waitMarks(func(strokes []rect) bool {
			left, right := math.Inf(1), math.Inf(-1)
			for _, s := range strokes {
				left, right = min(left, s.X), max(right, s.X+s.Width)
			}
			return len(strokes) > 0 && math.Abs((left+right)/2-wantX) < 12 && math.Abs(strokes[0].Y-wantY) < 40
		})
	}
	drawn(m.visitor, content)
	drawn(m.agent, mirror)
	m.agent.navigate(get[string](m.agent, top, `location.href`))
	m.agent.wait(mirror, `document.querySelector('.hero h1')`)
	drawn(m.agent, mirror)
	m.visitor.click(top, `[data-tandem=tools]`)
	m.visitor.click(top, `.palette [data-tool=erase]`)
	m.visitor.click(top, `.palette [data-tool=close]`)
	m.agent.markedNothing("stroke")
	m.visitor.markedNothing("stroke")

	t.Log("selected text is shown")
	x, y = m.agent.element(mirror, `.hero p`)
	for clicks := 1; clicks <= 2; clicks++ {
		for _, kind := range []string{"mousePressed", "mouseReleased"} {
			m.agent.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": clicks}, nil)
		}
	}
	m.agent.wait(mirror, `getSelection().toString().trim().length > 1`)
	m.visitor.waitText(1)
	get[any](m.visitor, content, `getSelection().selectAllChildren(document.querySelector('.hero h1'))`)
	m.agent.waitText(1)
	get[any](m.visitor, content, `getSelection().removeAllRanges()`)
	m.agent.markedNothing("text")

	if path := get[string](m.visitor, content, `location.pathname`); path != "/" {
		t.Errorf("the visitor's page went to %s", path)
	}
}

func (w *window) waitMarks(ok func([]rect) bool) {
	w.t.Helper()
	var got []rect
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got = w.marks("stroke"); ok(got) {
			return
		}
	}
	w.t.Errorf("%s: strokes are %v", w.name, got)
}

func (w *window) waitText(least int) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if len(w.marks("text")) >= least {
			return
		}
	}
	w.t.Errorf("%s: no selected text is shown", w.name)
}

// TestTalking has both write to each other beside the page, while sharing is
// paused, too; who comes back reads what was said.
func TestTalking(t *testing.T) {
	m := startMeeting(t, session.View)
	m.accept()
	m.sameTree("home")
	m.agent.click(top, `[data-tandem=chat]`)
	m.agent.wait(top, `document.activeElement.matches('.chat textarea')`)
	m.agent.write("Do you see the lamp?\n")
	m.agent.wait(top, `document.querySelector('.chat .own .said').innerText === 'Do you see the lamp?'`)
	m.expectText(m.visitor, "Ada: Do you see the lamp?")
	m.visitor.wait(top, `document.querySelector('[data-tandem=chat]').getAttribute('aria-label') === 'Chat, 1 unread'`)
	const place = `document.querySelector('[data-tandem=chat]').getBoundingClientRect().x`
	before := get[float64](m.agent, top, place)
	m.visitor.click(top, `[data-tandem=pause]`)
	m.expectText(m.agent, "Vic has paused sharing")
	if after := get[float64](m.agent, top, place); after != before {
		t.Errorf("what the agent's bar says moves its buttons from %v to %v", before, after)
	}
	m.visitor.click(top, `[data-tandem=chat]`)
	m.visitor.wait(top, `document.activeElement.matches('.chat textarea')`)
	m.visitor.write("Yes <b>I</b> do.\n")
	m.agent.wait(top, `[...document.querySelectorAll('.chat .said')].map((e) => e.textContent).join('|') === 'Do you see the lamp?|Yes <b>I</b> do.'`)
	m.agent.navigate(get[string](m.agent, top, `location.href`))
	m.agent.wait(top, `document.querySelectorAll('.chat .said').length === 2 && document.querySelector('[data-tandem=chat]').getAttribute('aria-label') === 'Chat'`)
}
