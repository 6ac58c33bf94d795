package main

import "testing"

func TestAppNext(t *testing.T) {
	application{
		name: "next", path: "/", ready: `document.querySelector('form[data-ready]') && document.querySelector('#count') && document.querySelector('img')?.naturalWidth && document.fonts.status === 'loaded'`,
		use: func(p *people) {
			p.step("notes")

			p.Log("a form that a server action refuses, then takes")
			p.a.click("[name=title]")
			p.a.write("no")
			p.b.wait(`document.querySelector('[name=title]').value === 'no'`)
			p.b.click("form button")
			p.a.sees(".error", "three letters")
			p.step("refused")
			p.a.clear("[name=title]")
			p.a.write("Springs")
			p.b.click("[name=text]")
			p.b.write("Every fortnight.")
			p.a.sees("output", "16 of 200")
			p.a.click("form button")
			p.b.sees("li a", "Springs")
			p.both(`document.querySelector('#count')?.textContent.includes('2')`)
			p.rest()
			p.step("added")
			p.once("add Springs")

			p.Log("client routing, state, back and forward")
			p.marked(true)
			p.b.click(`nav a[href="/about"]`)
			p.a.sees("h1", "About")
			p.b.click("button#count")
			p.a.click("button#count")
			p.b.sees("button#count", "2 times")
			p.step("about")
			p.b.click("#next")
			p.a.sees("code", "two")
			p.marked(false)
			p.step("part two")
			p.a.click(`nav a[href="/"]`)
			p.b.click(`li:last-child a`)
			p.a.sees("h1", "Springs")
			p.step("note")

			p.Log("a redirect of a server action")
			p.b.click("article button")
			p.a.sees("h1", "Notes")
			p.both(`document.querySelectorAll('li').length === 1 && document.querySelector('#count')`)
			p.step("removed")
			p.once("remove 2")
		},
	}.run(t)
}
