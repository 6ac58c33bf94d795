package main

import "testing"

func TestAppReactAdmin(t *testing.T) {
	application{
		name: "react-admin", path: "/", ready: `document.querySelector('input[name=username]')`,
		use: func(p *people) {
			rows := func(first string) string {
				return `document.querySelector('tbody tr .column-name')?.textContent === ` + quote(first)
			}
			p.step("sign in")
			p.a.click("[name=username]")
			p.a.write("ida")
			p.b.wait(`document.querySelector('[name=username]').value === 'ida'`)
			p.visitor().click("[name=password]")
			p.visitor().write("blossom")
			p.b.click("button[type=submit]")
			p.both(rows("Gravenstein 1"))
			p.step("trees")
			p.once("login ida")

			p.Log("sorted, paged, filtered")
			p.a.click("th.column-name .MuiTableSortLabel-root")
			p.both(rows("Boskoop 1"))
			p.b.click("[aria-label='Go to page 3']")
			p.both(rows("Jonagold 1"))
			p.step("third page by name")
			p.a.click("input[name=q]")
			p.a.write("topaz")
			p.both(rows("Topaz 1") + ` && document.querySelectorAll('tbody tr').length === 5`)
			p.step("searched")
			p.b.clear("input[name=q]")
			p.b.press("Backspace", 8)
			p.both(rows("Boskoop 1"))
			p.b.click(".MuiSelect-select[role=combobox]")
			p.a.sees("[role=listbox] [role=option]", "Cox")
			p.step("list of kinds")
			p.a.click("[role=option][data-value=Cox]")
			p.both(rows("Cox 1"))
			p.step("one kind")

			p.Log("edited, with a date picked, and saved")
			p.b.click("tbody tr:nth-of-type(2) .column-name")
			p.both(`document.querySelector('input[name=name]')?.value === 'Cox 2'`)
			p.step("form")
			p.a.clear("input[name=name]")
			p.a.write("Cox Orange")
			p.b.click("button[aria-label^='Choose date']")
			p.both(`document.querySelectorAll('[role=gridcell]').length > 27`)
			p.step("date picker")
			p.a.click("button[role=gridcell][data-timestamp]")
			p.both(`!document.querySelector('[role=gridcell]')`)
			p.b.click("button[type=submit]")
			p.a.sees(".MuiSnackbarContent-message", "updated")
			p.b.sees("td.column-name", "Cox Orange")
			p.once("save 11 Cox Orange")

			p.Log("in the dark")
			p.b.click("[aria-label='Toggle light/dark mode']")
			p.both(`getComputedStyle(document.body).colorScheme.includes('dark') || getComputedStyle(document.body).backgroundColor !== 'rgb(250, 250, 251)'`)
			p.both(`!document.querySelector('.MuiSnackbarContent-message')`)
			p.step("dark")
		},
	}.run(t)
}

// visitor is who may type what agents must not see.
func (p *people) visitor() hand {
	if p.b.depth < p.a.depth {
		return p.b
	}
	return p.a
}
