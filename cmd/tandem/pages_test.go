package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/session"
)

// pageTest is one page of apps/pages, with what two people do there.
type pageTest struct {
	name   string  // the page's, and its address
	pixels float64 // how much has to look the same; 0 is 99.9 %
	unlike bool    // what is hidden from the agent is all over the tree
	use    func(p *people)
}

// pageTests are pages built as sites are today, with the libraries that they
// use. Of the other pages that a mirror should be tried on, TestScenario22And23And24Operations has
// those that need no library, TestRandom shuffles, TestScenario14ShopTogether pays,
// TestScenario27Outages loses the network, and editors have a test of their own.
var pageTests = []pageTest{
	{name: "article"},
	{name: "react-form", use: useReactForm},
	{name: "vue-zone", use: useVueZone},
	{name: "checkout", use: useCheckout},
	{name: "styled"},
	{name: "components"},
	{name: "declared"},
	{name: "frames"},
	{name: "grid"},
	{name: "sort", use: useSort},
	{name: "controls"},
	{name: "layers"},
	{name: "hover", use: useHover},
	{name: "canvases", pixels: 0.99}, // pictures of them lose a little
	{name: "motion"},
	{name: "masks", pixels: 0.98, unlike: true, use: useMasks},
	{name: "router"},
	{name: "sizes", use: useSizes},
}

// TestPages lets two people use each page, and compares trees, fields, a sample
// of styles, and pixels after every step: live, and when the agent comes late.
func TestPages(t *testing.T) {
	if os.Getenv("TANDEM_TEST_PAGES") == "" {
		t.Skip("TANDEM_TEST_PAGES=1 installs libraries from npm and takes minutes")
	}
	site := startApp(t, "npm.sh", "pages", freePort(t))
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	m.allow(site)
	m.invite(site+"/start", session.Shared)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	m.accept()
	for _, page := range pageTests {
		if only := os.Getenv("TANDEM_TEST_PAGE"); only != "" && !slices.Contains(strings.Split(only, ","), page.name) {
			continue
		}
		t.Run(page.name, func(t *testing.T) {
			here := *m
			here.t, m.visitor.t, m.agent.t = t, t, t
			here.page(t, site, page)
		})
	}
}

func (m *meeting) page(t *testing.T, site string, page pageTest) {
	if err := m.visitor.eval(content, "void (location.href = "+quote("/"+page.name)+")", nil); err != nil {
		m.t.Fatal(err)
	}
	m.visitor.wait(content, fmt.Sprintf("location.pathname === %q && globalThis.steps && document.readyState === 'complete'", "/"+page.name))
	same := func(step string) { m.t.Helper(); m.sameAll(page, step) }
	same("at first")
	if page.use != nil {
		page.use(&people{T: t, site: site, a: hand{m.visitor, content, 1}, b: hand{m.agent, mirror, 2}, rest: m.rest, step: same})
	}
	for i, name := range get[[]string](m.visitor, content, "steps.map((step) => step.name)") {
		if err := m.visitor.eval(content, fmt.Sprintf("Promise.resolve(steps[%d].run()).then(() => 0)", i), nil); err != nil {
			m.t.Fatalf("%s: %v", name, err)
		}
		same(name)
	}
	m.agent.navigate(m.invited.AgentURL)
	m.agent.wait(mirror, `document.body && document.body.children.length > 0`)
	same("joined late")
	m.noErrors()
}

// closedHosts are those whose shadow trees only the mirror can be asked about.
const closedHosts = "x-shut, x-late, #shut, p > span"

// sameAll compares all that can be seen of a page on both sides.
func (m *meeting) sameAll(page pageTest, step string) {
	m.t.Helper()
	m.visitor.moveTo(2, 2)
	m.agent.moveTo(2, 2)
	want := page.pixels
	if want == 0 {
		want = 0.999
	}
	tree := fmt.Sprintf(`(() => { %s; return tandemTest.digest(document, {frames: false, closed: (host) => host.matches(%q)}); })()`, digestScript(), closedHosts)
	compared := map[string]string{"trees": tree, "styles": sampledStyles}
	if page.unlike {
		delete(compared, "trees")
	}
	for what, js := range compared {
		var visitor, agent string
		for end := time.Now().Add(patience / 2); ; time.Sleep(50 * time.Millisecond) {
			errV, errA := m.visitor.eval(content, js, &visitor), m.agent.eval(mirror, js, &agent)
			if errV == nil && errA == nil && visitor == agent {
				break
			}
			if time.Now().After(end) {
				m.t.Errorf("%s: the %s differ (%v, %v):\n%.1500s", step, what, errV, errA, firstDifference(visitor, agent))
				break
			}
		}
	}
	var share float64
	var err error
	for range 20 {
		if share, err = m.pixels(); err == nil && share >= want {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	m.t.Errorf("%s: %.3f %% of pixels agree, want %.1f %% (%v)", step, 100*share, 100*want, err)
	m.keep(step)
}

// sampledStyles tells where up to 300 elements are, and how they look.
const sampledStyles = `(() => {
	const all = [...document.querySelectorAll('body *:not(script, style, noscript, option, optgroup, datalist, template, source)')], every = Math.ceil(all.length / 300);
	return all.filter((_, i) => i % every === 0).map((e) => {
		const s = getComputedStyle(e), box = e.getBoundingClientRect();
		return [e.localName + '#' + e.id, ...[box.x, box.y, box.width, box.height].map(Math.round),
			...['color', 'backgroundColor', 'display', 'visibility', 'opacity', 'transform', 'fontSize', 'fontWeight', 'borderTopWidth', 'outlineStyle', 'zIndex', 'direction'].map((name) => s[name])].join(' ');
	}).join('\n');
})()`

func useReactForm(p *people) {
	p.a.click("#name")
	p.a.w.write("vic")
	p.both(`document.querySelector('#name').value === 'VIC'`)
	p.step("the visitor has typed")
	p.b.click("#phone")
	p.b.w.write("123456789x")
	p.both(`document.querySelector('#phone').value === '123 456 789'`)
	p.b.click("#news")
	p.both(`document.querySelector('#news').checked && !document.querySelector('#send').disabled`)
	p.b.click("#note")
	p.b.w.write("a note that is too long for it")
	p.both(`document.querySelector('#note').value === 'a note that is too l'`)
	p.rest()
	p.step("the agent has typed")
	p.b.click("#send")
	p.both(`document.querySelector('#sent').textContent.includes('"phone":"123 456 789"')`)
	p.a.click("#reset")
	p.both(`document.querySelector('#name').value === '' && document.querySelector('#send').disabled`)
	p.rest()
	p.step("reset")
}

func useVueZone(p *people) {
	p.b.click("#text")
	p.b.w.write("regal")
	p.both(`document.querySelector('#echo').textContent === 'lager'`)
	p.rest()
	p.step("the agent has typed")
	x, y := p.a.element("#help")
	p.a.w.moveTo(x, y)
	p.both(`document.querySelector('[role=tooltip]') !== null`)
	p.a.w.moveTo(2, 2)
	p.both(`document.querySelector('[role=tooltip]') === null`)
	p.step("the tip is gone")
	before := get[int](p.a.w, content, "tasks")
	time.Sleep(2 * time.Second) // nothing happens, and goes on not to happen
	if now := get[int](p.a.w, content, "tasks"); now != before {
		p.Errorf("%d tasks in a page at rest", now-before)
	}
}

func useCheckout(p *people) {
	for i, h := range []hand{p.b, p.a, p.b} {
		h.click("#pay")
		p.both(fmt.Sprintf(`document.querySelector('#done').textContent === 'paid %d'`, i+1))
	}
	type order struct{ Token, Nonce string }
	orders := getJSON[[]order](p, p.site+"/paid")
	seen := map[string]bool{}
	for _, o := range orders {
		seen[o.Nonce] = true
		if o.Token != orders[0].Token {
			p.Error("the page ran twice")
		}
	}
	if len(orders) != 3 || len(seen) != 3 {
		p.Errorf("three presses made %d orders", len(orders))
	}
}

func useSort(p *people) {
	const list = `[...document.querySelectorAll('#list li')].map((e) => e.id).join()`
	for _, h := range []hand{p.a, p.b} {
		before := get[string](p.a.w, content, list)
		h.dragOnto("#list li:first-child", "#list li:nth-child(4)")
		p.a.wait(fmt.Sprintf(`![%q, ''].includes(document.querySelector('#order').textContent)`, before))
		order := get[string](p.a.w, content, list)
		p.both(fmt.Sprintf(`document.querySelector('#order').textContent === %q`, order))
		p.step("sorted by " + h.w.name)
	}
}

func useHover(p *people) {
	x, y := p.a.element("#file")
	p.a.w.moveTo(x, y)
	p.both(`document.querySelector('#more').checkVisibility()`)
	p.a.w.moveTo(p.a.element("#more"))
	p.both(`document.querySelector('#more li').checkVisibility()`)
	p.a.w.moveTo(2, 2)
	p.both(`!document.querySelector('#more').checkVisibility()`)
	p.a.click("#inside")
	p.both(`getComputedStyle(document.querySelector('label')).backgroundColor === 'rgb(255, 255, 204)'`)
	p.rest()
}

func useMasks(p *people) {
	p.Cleanup(func() {
		if html := get[string](p.b.w, mirror, `document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((e) => e.value).join()`); strings.Contains(html, "canary") {
			p.Errorf("the agent sees %s", html)
		}
	})
}

func useSizes(p *people) {
	size := func(width, height int, mobile bool) {
		p.a.w.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}, nil)
		p.both(fmt.Sprintf("innerWidth <= %d", width))
	}
	size(390, 760, false)
	p.step("a narrow window")
	for _, target := range []string{"#rtl", "#zoomed"} {
		p.b.w.moveTo(p.b.element(target))
		p.a.w.pointsAt("Ada", content, target)
	}
	size(1280, 900, false)
	p.both("innerWidth > 1000")
}
