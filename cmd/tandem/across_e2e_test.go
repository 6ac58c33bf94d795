package main

import (
	"testing"

	"tandem/cmd/tandem/shop"
	"tandem/session"
)

// TestAcrossBrowsers has the two people use different browsers, and then both
// Firefox. What Chromium does on both sides is TestScenario14ShopTogether's.
func TestAcrossBrowsers(t *testing.T) {
	chromium, firefox := chromiumEngine{sharedBrowser(t)}, sharedFirefox(t)
	for _, test := range []struct {
		name           string
		visitor, agent engine
	}{
		{"the visitor has Firefox", firefox, chromium},
		{"the agent has Firefox", chromium, firefox},
		{"both have Firefox", firefox, firefox},
	} {
		t.Run(test.name, func(t *testing.T) { acrossBrowsers(t, test.visitor, test.agent) })
	}
}

func acrossBrowsers(t *testing.T, visits, helps engine) {
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	var err error
	if m.shop, err = shop.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	m.allow(m.shop.URL(), m.shop.PayURL())
	m.invite(m.shop.URL()+"/", session.Shared)
	agent := helps.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	visitor := visits.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	visitor.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	visitor.click(top, "[data-tandem=accept]")
	same := func(step string) {
		t.Helper()
		sameTree(t, step, visitor, agent)
	}
	at := func(path string) {
		t.Helper()
		visitor.wait(content, "location.pathname === "+quote(path)+" && document.readyState === 'complete'")
		agent.wait(mirror, "document.body && document.body.children.length")
		same(path)
		agent.wait(top, `new URL(document.querySelector('[data-tandem=address]').value).pathname === `+quote(path))
	}
	at("/")

	agent.click(mirror, `.hero a.button`)
	at("/lamps")
	visitor.click(content, `nav a[href="/lamps/table"]`)
	at("/lamps/table")
	agent.click(mirror, `.find input[name=q]`)
	agent.write("brass")
	visitor.wait(content, `document.querySelector('.find input[name=q]').value === 'brass'`)
	agent.wait(mirror, `document.querySelector('.find input[name=q]').value === 'brass'`)
	agent.write("\n")
	visitor.wait(content, `location.search.includes('q=brass') && document.readyState === 'complete'`)
	same("search")
	agent.click(top, "[data-tandem=back]")
	at("/lamps/table")
	visitor.click(content, `a[href*="/lamp/alma"]`)
	at("/lamp/alma")
	agent.click(mirror, `.swatches label:nth-of-type(2)`)
	visitor.wait(content, `document.querySelectorAll('[name=finish]')[1].checked`)
	same("chosen")
	visitor.click(content, `#buy button`)
	at("/cart")
	m.once("cart")

	visitor.click(content, `nav a[href="/build"]`)
	at("/build")
	agent.click(mirror, `#evening`)
	visitor.wait(content, `document.querySelector('#evening').checked`)
	agent.click(mirror, `#review-build`)
	agent.wait(mirror, `document.querySelector('#check').open`)
	same("dialog")
	agent.click(mirror, `#check button[value=yes]`)
	agent.wait(mirror, `!document.querySelector('#check').open`)

	visitor.click(content, `a.basket`)
	at("/cart")
	agent.click(mirror, `a[href="/checkout"]`)
	at("/login")
	agent.click(mirror, `[name=email]`)
	agent.write("ida@example.com")
	visitor.click(content, `[name=password]`)
	visitor.write("lamplight")
	agent.wait(mirror, `document.querySelector('[name=password]').value === '••••••••'`)
	agent.click(mirror, `main form button`)
	at("/checkout")
	pay, mirroredPay := within("pay-localhost"), frame(func(_ frameInfo, depth int) bool { return depth == 3 })
	agent.wait(mirroredPay, `document.querySelector('[name=number]')`)
	visitor.wait(content, `(document.querySelector('#payment').scrollIntoView({block: 'center', behavior: 'instant'}), true)`)
	visitor.click(pay, `[name=number]`)
	visitor.write("4242424242424242")
	agent.wait(mirroredPay, `document.querySelector('[name=number]').value === '••••••••'`)
	same("paying")

	visitor.click(top, "[data-tandem=end]")
	agent.wait(top, `document.body.innerText.includes('ended')`)
}
