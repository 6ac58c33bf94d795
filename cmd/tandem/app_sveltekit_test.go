package main

import "testing"

func TestAppSvelteKit(t *testing.T) {
	application{
		name: "sveltekit", path: "/", ready: `document.querySelector('h1[data-ready]') && document.querySelector('#late')`,
		use: func(p *people) {
			p.step("teas")

			p.Log("a list that is sorted and searched in the page")
			p.a.click("[type=checkbox]")
			p.b.wait(`document.querySelector('li').textContent.includes('Rooibos')`)
			p.step("cheapest first")
			p.b.click("[aria-label=Find]")
			p.b.write("se")
			p.a.wait(`document.querySelectorAll('li').length === 1`)
			p.step("found")

			p.Log("client routing, and a form action that fails, then redirects")
			p.marked(true)
			p.a.click("li a")
			p.b.sees("h1", "Sencha")
			p.b.click("form button")
			p.a.sees(".problem", "One pack")
			p.step("refused")
			p.b.clear("[name=packs]")
			p.b.write("3")
			p.a.sees("p", "27.00")
			p.a.click("[name=note]")
			p.a.write("Ida")
			p.b.wait(`document.querySelector('[name=note]').value === 'Ida'`)
			p.b.click("form button")
			p.both(`document.querySelector('li')?.textContent === '3 × sencha, for Ida'`)
			p.a.sees("nav a", "Basket (1)")
			p.step("basket")
			p.once("3 sencha for Ida")
			p.a.click(`nav a[href="/"]`)
			p.b.sees("#late", "Fresh")
			p.step("back at the teas")
			p.marked(false)
		},
	}.run(t)
}
