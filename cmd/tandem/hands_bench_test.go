package main

import (
	"os"
	"slices"
	"testing"
	"time"
)

// TestBenchHands measures the way of an agent's key: from its press in the
// agent's browser until the character is on the visitor's screen, and until the
// agent sees what the visitor's page made of it.
func TestBenchHands(t *testing.T) {
	if os.Getenv("TANDEM_BENCH_HANDS") == "" {
		t.Skip("TANDEM_BENCH_HANDS=1 runs the benchmark")
	}
	m := meetAtHands(t)
	// The mirror runs no scripts: the page around it listens.
	get[any](m.agent, renderer, `(() => {
		window.pressed = [];
		window.answered = [];
		const mirror = document.querySelector('iframe[name=tandem-mirror]').contentDocument;
		const now = () => performance.timeOrigin + performance.now();
		mirror.addEventListener('keydown', () => pressed.push(now()), true);
		new MutationObserver(() => {
			const n = Number(mirror.getElementById('answer').textContent);
			requestAnimationFrame(() => setTimeout(() => (answered[n] ??= now())));
		}).observe(mirror.getElementById('answer'), { subtree: true, childList: true, characterData: true });
	})()`)
	m.agent.click(mirror, "#timed")
	m.agent.wait(mirror, `document.activeElement.id === 'timed'`)
	const keys = 200
	pace := time.NewTicker(97 * time.Millisecond) // in no step with frames
	defer pace.Stop()
	for range keys {
		<-pace.C
		m.agent.write("a")
	}
	m.agent.wait(mirror, `document.getElementById('answer').textContent === '200'`)
	m.agent.wait(renderer, `answered[200]`)
	m.visitor.wait(content, `painted[200]`)
	pressed := get[[]float64](m.agent, renderer, `pressed`)
	answered := get[[]float64](m.agent, renderer, `answered.slice(1)`)
	painted := get[[]float64](m.visitor, content, `painted.slice(1)`)
	tell := func(what string, times []float64) {
		var delays []float64
		for i, at := range times {
			if i < len(pressed) && at > 0 {
				delays = append(delays, at-pressed[i])
			}
		}
		slices.Sort(delays)
		t.Logf("%s: median %.0f ms, 95 of 100 within %.0f ms (%d keys)", what, delays[len(delays)/2], delays[len(delays)*95/100], len(delays))
	}
	tell("from the agent's key to the visitor's screen", painted)
	tell("and back to the agent's screen", answered)
}

// TestSlowPage types 200 characters at 15 a second into a page that takes 100 ms
// for each.
func TestSlowPage(t *testing.T) {
	if os.Getenv("TANDEM_TEST_EDITORS") == "" {
		t.Skip("TANDEM_TEST_EDITORS=1 runs the longer tests of typing")
	}
	meetAtHands(t).slowly(200)
}
