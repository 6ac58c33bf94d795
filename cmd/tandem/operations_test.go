package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/rewrite"
	"tandem/session"
)

// operationPages are the pages of testdata/operations; each section of one
// tries one thing that a page or a person does.
var operationPages = []string{"tree", "controls", "sheets", "components", "motion", "states", "media", "frames", "document"}

// wantPixels is how much of a page has to look the same. What a plug-in or an
// object shows has a label in its place.
var wantPixels = map[string]float64{
	"tree": 0.9995, "controls": 0.999, "sheets": 0.9995, "components": 0.9995, "motion": 0.9995, "states": 0.9995, "media": 0.9995, "frames": 0.99, "document": 0.9995,
}

// operationFiles are what the pages load.
var operationFiles = map[string]struct{ kind, text string }{
	"/red.svg":          {"image/svg+xml", square("red")},
	"/blue.svg":         {"image/svg+xml", square("blue")},
	"/green.svg":        {"image/svg+xml", square("lime")},
	"/deeper/green.svg": {"image/svg+xml", square("green")},
	"/dark.css":         {"text/css", "@media (prefers-color-scheme: dark) { #linked b { color: red } } @media (prefers-color-scheme: light) { #linked b { color: blue } }"},
	"/linked.css":       {"text/css", "#link-disabled b { color: red }"},
	"/off.css":          {"text/css", "#link-enabled b { color: red }"},
	"/imported.css":     {"text/css", "#import-inserted b { color: red }"},
	"/frame.html":       {"text/html", "<!doctype html><p style='margin:0;color:green'>a frame"},
	"/frame2.html":      {"text/html", "<p style='margin:0;color:blue'>another"},
	"/nest.html":        {"text/html", "<!doctype html><body style='margin:0'><iframe src='/frame.html' width=100 height=30>"},
	"/form.html":        {"text/html", "<!doctype html><input value=first>"},
	"/long.html":        {"text/html", "<!doctype html><p style='height:900px'>long"},
	"/file.pdf":         {"application/pdf", "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>"},
	"/photo.png":        {"image/png", photo()},
	"/notes.txt":        {"text/plain", "a <note>"},
	"/tone.wav":         {"audio/wav", silence(4)},
}

func square(color string) string {
	return `<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><rect width="30" height="20" fill="` + color + `"/></svg>`
}

// photo is a picture of 64 by 48 pixels.
func photo() string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 48))); err != nil {
		panic(err)
	}
	return b.String()
}

// silence is a sound file of some seconds, 8 bits at 8 kHz.
func silence(seconds int) string {
	var b bytes.Buffer
	n := uint32(seconds * 8000)
	b.WriteString("RIFF")
	_ = binary.Write(&b, binary.LittleEndian, 36+n)
	b.WriteString("WAVEfmt ")
	_ = binary.Write(&b, binary.LittleEndian, struct {
		size           uint32
		format, ch     uint16
		rate, bytes    uint32
		align, perUnit uint16
	}{16, 1, 1, 8000, 8000, 1, 8})
	b.WriteString("data")
	_ = binary.Write(&b, binary.LittleEndian, n)
	b.Write(bytes.Repeat([]byte{128}, int(n)))
	return b.String()
}

func serveOperations(w http.ResponseWriter, r *http.Request) {
	if f, ok := operationFiles[r.URL.Path]; ok {
		w.Header().Set("Content-Type", f.kind)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(f.text))
		return
	}
	if r.URL.Path == "/font.woff2" {
		http.ServeFile(w, r, "shop/assets/cdn/fonts/fraunces.woff2")
		return
	}
	if r.URL.Path == "/" {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><title>start</title><p>start")
		return
	}
	http.ServeFile(w, r, filepath.Join("testdata/operations", filepath.Clean(r.URL.Path)))
}

// operation is what a page tells of one of its sections.
type operation struct {
	Name, Probe string
	Hand        [][]string
	Settle      int
}

// evaluator is a side's browser.
type evaluator interface {
	eval(in frame, expression string, result any) error
}

// probes asks a side what can be seen of operations, by their names.
func probes(w evaluator, in frame, ops []operation) (map[string]string, error) {
	list, err := json.Marshal(ops)
	if err != nil {
		return nil, err
	}
	seen := map[string]string{}
	err = w.eval(in, fmt.Sprintf(`Object.fromEntries(%s.map(({Name, Probe}) => {
		const root = document.getElementById(Name);
		const $ = (s) => root.querySelector(s);
		const css = (e, name, pseudo) => { e = typeof e === 'string' ? $(e) : e; return e ? getComputedStyle(e, pseudo)[name] : 'nothing'; };
		try { return [Name, JSON.stringify((0, eval)('(' + Probe + ')')($, css, root)) ?? 'undefined']; } catch (e) { return [Name, 'threw ' + e]; }
	}))`, list), &seen)
	return seen, err
}

// perform does what a person does before a page's script does its part.
func (w *window) perform(in frame, op operation, i int) error {
	acted := false
	act := func() error {
		acted = true
		return w.eval(in, fmt.Sprintf(`Promise.resolve(operations[%d].act()).then(() => 0)`, i), nil)
	}
	for _, step := range op.Hand {
		switch step[0] {
		case "act":
			if err := act(); err != nil {
				return err
			}
		case "move":
			w.moveTo(w.element(in, step[1]))
		case "click":
			w.click(in, step[1])
		case "down", "up":
			x, y := w.element(in, step[1])
			w.moveTo(x, y)
			kind := map[string]string{"down": "mousePressed", "up": "mouseReleased"}[step[0]]
			w.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}, nil)
		case "press":
			w.press(step[1], map[string]int{"Tab": 9, "Enter": 13}[step[1]])
		case "write":
			w.write(step[1])
		}
	}
	if acted {
		return nil
	}
	return act()
}

// TestScenario22And23And24Operations tries every operation of testdata/operations at the visitor
// and asks on both sides what came of it, at once and again when the agent has
// joined anew.
func TestScenario22And23And24Operations(t *testing.T) {
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	site := httptest.NewServer(http.HandlerFunc(serveOperations))
	t.Cleanup(site.Close)
	m.allow(site.URL)
	m.invite(site.URL+"/", session.Shared)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	m.accept()
	right, all := 0, 0
	for _, page := range operationPages {
		if only := os.Getenv("TANDEM_TEST_PAGE"); only != "" && only != page {
			continue
		}
		n, bad := m.operations(page)
		all += n
		right += n - bad
	}
	t.Logf("%d of %d operations right", right, all)
	m.agentAskedOnlyUs()
}

// agentAskedOnlyUs checks that the agent's browser asked our own hosts, and
// neither the site nor a host that stands for it.
func (m *meeting) agentAskedOnlyUs() {
	m.t.Helper()
	domain := rewrite.Domain{Scheme: m.server.Control.Scheme, Host: m.server.Content}
	m.agent.mu.Lock()
	defer m.agent.mu.Unlock()
	for _, url := range m.agent.requests {
		if !slices.ContainsFunc([]string{m.server.Control.String() + "/", domain.View(m.invited.ID) + "/", "data:", "blob:"}, func(ours string) bool { return strings.HasPrefix(url, ours) }) {
			m.t.Errorf("the agent's browser asked for %s", url)
		}
	}
}

// operations tries those of one page and returns their number and what is wrong.
func (m *meeting) operations(page string) (n, wrong int) {
	m.t.Helper()
	path := "/" + page + ".html"
	if err := m.visitor.eval(content, "void (location.href = "+quote(path)+")", nil); err != nil {
		m.t.Fatal(err)
	}
	m.at(path)
	ops := get[[]operation](m.visitor, content, `operations.map((o) => ({Name: o.name, Probe: o.probe, Hand: o.hand, Settle: o.settle}))`)
	m.agent.moveTo(2, 2)
	m.prefer(page == "media")
	bad := map[string]bool{}
	note := func(when string, op operation, want, got string) {
		bad[op.Name] = true
		m.t.Errorf("%s: %s, %s: the visitor sees %.300s, the agent %.300s", page, op.Name, when, want, got)
	}
	for i, op := range ops {
		if err := m.visitor.perform(content, op, i); err != nil {
			bad[op.Name] = true
			m.t.Errorf("%s: %s: %v", page, op.Name, err)
			continue
		}
		if want, got, ok := agree(m.visitor, m.agent, ops[i:i+1]); !ok {
			note("live", op, want[op.Name], got[op.Name])
		}
	}
	m.compare(page, "live")
	m.agent.navigate(m.invited.AgentURL)
	m.agent.wait(mirror, `document.body && document.body.children.length > 0`)
	late := ops
	if page == "document" {
		late = ops[2:] // the others are gone
	}
	want, got, _ := agree(m.visitor, m.agent, late)
	for _, op := range late {
		if want[op.Name] != got[op.Name] && !bad[op.Name] {
			note("joined late", op, want[op.Name], got[op.Name])
		}
	}
	m.compare(page, "joined late")
	return len(ops), len(bad)
}

// prefer lets the visitor's browser answer media queries otherwise than the
// agent's, as a telephone at night does.
func (m *meeting) prefer(other bool) {
	var features []map[string]string
	if other {
		for _, f := range []string{"prefers-color-scheme dark", "prefers-reduced-motion reduce", "prefers-contrast more", "color-gamut rec2020"} {
			name, value, _ := strings.Cut(f, " ")
			features = append(features, map[string]string{"name": name, "value": value})
		}
	}
	m.visitor.call("Emulation.setEmulatedMedia", map[string]any{"features": features}, nil)
	m.visitor.call("Emulation.setTouchEmulationEnabled", map[string]any{"enabled": other}, nil)
}

// agree asks both sides until they agree, or have had their time to.
func agree(visitor, agent evaluator, ops []operation) (want, got map[string]string, ok bool) {
	for end := time.Now().Add(1500 * time.Millisecond); ; time.Sleep(15 * time.Millisecond) {
		var errV, errA error
		want, errV = probes(visitor, content, ops)
		got, errA = probes(agent, mirror, ops)
		if errV == nil && errA == nil {
			ok = true
			for _, op := range ops {
				ok = ok && want[op.Name] == got[op.Name]
			}
		}
		if ok || time.Now().After(end) {
			return want, got, ok
		}
	}
}

// compare compares trees and pixels.
func (m *meeting) compare(page, when string) {
	m.t.Helper()
	when = page + ", " + when
	js := fmt.Sprintf(operationDigest, digestScript())
	var visitor, agent string
	var errV, errA error
	for end := time.Now().Add(1500 * time.Millisecond); ; time.Sleep(50 * time.Millisecond) {
		errV, errA = m.visitor.eval(content, js, &visitor), m.agent.eval(mirror, js, &agent)
		if errV == nil && errA == nil && visitor == agent {
			break
		}
		if time.Now().After(end) {
			m.t.Errorf("%s: the trees differ (%v, %v):\n%s", when, errV, errA, firstDifference(visitor, agent))
			break
		}
	}
	var share float64
	var err error
	for range 8 {
		if share, err = m.pixels(); err == nil && share >= wantPixels[page] {
			m.t.Logf("%s: %.3f %% of pixels agree", when, 100*share)
			return
		}
		time.Sleep(150 * time.Millisecond)
	}
	m.t.Errorf("%s: %.3f %% of pixels agree (%v)", when, 100*share, err)
	m.keep(when)
}

// TestScenario26Files goes to what is no page: followers see it, or what it is.
func TestScenario26Files(t *testing.T) {
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	site := httptest.NewServer(http.HandlerFunc(serveOperations))
	t.Cleanup(site.Close)
	m.allow(site.URL)
	m.invite(site.URL+"/", session.View)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	m.accept()
	m.agent.wait(mirror, `document.body.innerText === 'start'`)
	first := get[string](m.visitor, top, `document.querySelector('[data-tandem=tab]').src`)
	for _, file := range []struct{ path, seen string }{
		{"/photo.png", `document.images[0]?.naturalWidth === 64`},
		{"/file.pdf", `/file\.pdf[^]*cannot be shown/.test(document.body.innerText)`},
		{"/tone.wav", `document.querySelector('audio')?.duration > 3`},
		{"/notes.txt", `document.body.innerText === 'a <note>'`},
		{"", `/cannot be shown here/.test(document.body.innerText)`},
		{"/", `document.body.innerText === 'start'`},
	} {
		to := "http://elsewhere.localhost/" // refused by our policy: the browser shows a page of its own
		if file.path != "" {
			to = strings.TrimSuffix(first, "/") + file.path
		}
		if err := m.visitor.eval(top, "document.querySelector('[data-tandem=tab]').src = "+quote(to), nil); err != nil {
			t.Fatal(err)
		}
		m.agent.wait(mirror, file.seen)
		if file.path == "/photo.png" {
			m.visitor.wait(content, file.seen)
			m.visitor.wait(content, `document.contentType === 'image/png'`)
		}
	}
}

// thorough is how long the tests of the mirror may take: the number of random
// runs beside those that are kept; 0 is what fits into every test run.
func thorough() int {
	n, _ := strconv.Atoi(os.Getenv("TANDEM_TEST_MIRROR"))
	return n
}

// firefoxLacks are operations on what Firefox does not have.
var firefoxLacks = []string{"style-map"}

// TestOperationsFirefox tries what needs no hand, with Firefox as the visitor's
// and the agent's browser.
func TestOperationsFirefox(t *testing.T) {
	b := sharedFirefox(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	site := httptest.NewServer(http.HandlerFunc(serveOperations))
	t.Cleanup(site.Close)
	m.allow(site.URL)
	m.invite(site.URL+"/", session.View)
	agent := b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	visitor := b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	visitor.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	visitor.click(top, "[data-tandem=accept]")
	agent.wait(mirror, `document.body.innerText === 'start'`)
	pages := []string{"sheets", "frames"}
	if thorough() > 0 {
		pages = []string{"tree", "controls", "sheets", "components", "motion", "frames"}
	}
	for _, page := range pages {
		path := "/" + page + ".html"
		if err := visitor.eval(content, "void (location.href = "+quote(path)+")", nil); err != nil {
			t.Fatal(err)
		}
		visitor.wait(content, "location.pathname === "+quote(path)+" && document.readyState === 'complete'")
		var ops []operation
		if err := visitor.eval(content, `operations.map((o) => ({Name: o.name, Probe: o.probe, Hand: o.hand, Settle: o.settle}))`, &ops); err != nil {
			t.Fatal(err)
		}
		right, all := 0, 0
		for i, op := range ops {
			if len(op.Hand) > 0 || slices.Contains(firefoxLacks, op.Name) {
				continue
			}
			all++
			if err := visitor.eval(content, fmt.Sprintf(`Promise.resolve(operations[%d].act()).then(() => 0, (e) => 0)`, i), nil); err != nil {
				t.Errorf("%s: %s: %v", page, op.Name, err)
				continue
			}
			want, got, ok := agree(visitor, agent, ops[i:i+1])
			if !ok {
				t.Errorf("%s: %s: the visitor sees %.300s, the agent %.300s", page, op.Name, want[op.Name], got[op.Name])
				continue
			}
			right++
		}
		t.Logf("%s: %d of %d operations right", page, right, all)
	}
}

// randomSeeds are runs of testdata/operations/random.js that were wrong once,
// and a first one.
var randomSeeds = []uint32{1, 2185385957, 3528704523}

// TestRandom lets the visitor's page do random things to itself and compares
// the trees after each batch.
func TestRandom(t *testing.T) {
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	site := httptest.NewServer(http.HandlerFunc(serveOperations))
	t.Cleanup(site.Close)
	m.allow(site.URL)
	m.invite(site.URL+"/", session.View)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	m.accept()
	seeds, batches := randomSeeds, 21
	if more := thorough(); more > 0 {
		for range more {
			seeds = append(seeds, rand.Uint32())
		}
		batches = 60
	}
	for _, seed := range seeds {
		m.random(seed, batches)
	}
	for _, act := range moves {
		get[any](m.visitor, content, "void (() => {"+act+"})()")
		m.sameTrees(act)
	}
}

// moves put frames into frames that have just been moved themselves, and whose
// documents nobody knows yet.
var moves = []string{
	`window.outer = document.createElement('iframe'); window.inner = document.createElement('iframe'); inner.src = '/form.html'; document.body.append(outer, inner)`,
	`document.body.append(outer); outer.contentDocument.body.append('x', inner)`,
	`document.body.append(inner)`,
	`document.body.append(outer); outer.contentDocument.body.append(inner); outer.contentDocument.body.prepend('y')`,
	`document.body.prepend(outer)`,
	`document.body.append(inner); outer.contentDocument.body.append(inner)`,
	`window.written = document.createElement('iframe'); written.srcdoc = '<p>written'; document.body.append(outer); outer.contentDocument.body.append(written)`,
}

// sameTrees waits until both see the same tree, frames and all; false, and an error,
// when they do not.
func (m *meeting) sameTrees(after string) bool {
	m.t.Helper()
	js := fmt.Sprintf(`(() => { %s; return tandemTest.digest(document, {frames: true}); })()`, digestScript())
	var visitor, agent string
	for end := time.Now().Add(patience / 5); ; time.Sleep(50 * time.Millisecond) {
		errV, errA := m.visitor.eval(content, js, &visitor), m.agent.eval(mirror, js, &agent)
		if errV == nil && errA == nil && visitor == agent {
			return true
		}
		if time.Now().After(end) {
			m.t.Errorf("after %s the trees differ (%v, %v):\n%s", after, errV, errA, firstDifference(visitor, agent))
			return false
		}
	}
}

func (m *meeting) random(seed uint32, batches int) {
	path := fmt.Sprintf("/random.html?%d", seed)
	if err := m.visitor.eval(content, "void (location.href = "+quote(path)+")", nil); err != nil {
		m.t.Fatal(err)
	}
	m.visitor.wait(content, "location.search === '?"+fmt.Sprint(seed)+"' && document.readyState === 'complete'")
	if err := m.visitor.eval(content, fmt.Sprintf("shake(%d)", seed), nil); err != nil {
		m.t.Fatal(err)
	}
	for i := range batches {
		did := get[string](m.visitor, content, "batch()")
		if !m.sameTrees(fmt.Sprintf("batch %d of seed %d, %s,", i, seed, did)) {
			return
		}
	}
}

const operationDigest = `(() => { %s; return tandemTest.digest(document, {frames: false, closed: (host) => /^(?:closed-root|closed-root-changed|declarative-closed.*)$/.test(host.closest('section')?.id)}); })()`
