package main

import (
	"slices"
	"testing"
)

func TestAppSwaggerUI(t *testing.T) {
	application{
		name: "swagger-ui", path: "/", ready: `document.querySelectorAll('.opblock').length === 3`,
		use: func(p *people) {
			p.step("all operations")

			p.Log("all cats are asked for")
			p.a.click("#operations-pets-list .opblock-summary-control")
			p.b.sees("#operations-pets-list .btn", "Try it out")
			p.step("expanded")
			p.b.click("#operations-pets-list .try-out__btn")
			p.b.pick("#operations-pets-list tr[data-param-name=kind] select", "cat")
			p.a.click("#operations-pets-list .execute")
			p.b.sees("#operations-pets-list .live-responses-table .microlight", "Runa")
			p.a.sees("#operations-pets-list .live-responses-table .microlight", "Runa")
			p.rest()
			p.step("cats")
			p.once("GET /api/pets?kind=cat")

			p.Log("who is not known may not add one")
			p.b.click("#operations-pets-add .opblock-summary-control")
			p.b.click("#operations-pets-add .try-out__btn")
			p.a.sees("#operations-pets-add .execute", "Execute")
			p.a.click("#operations-pets-add .execute")
			p.a.sees("#operations-pets-add .live-responses-table tbody .response-col_status", "401")
			p.b.sees("#operations-pets-add .live-responses-table tbody .response-col_status", "401")
			p.step("not known")

			p.Log("authorized in the dialog")
			p.b.click(".auth-wrapper .authorize")
			p.both(`document.querySelector('.dialog-ux .modal-ux input')`)
			p.step("dialog")
			p.b.click(".dialog-ux input")
			p.b.write("let-me-in")
			p.a.wait(`document.querySelector('.dialog-ux input').value === 'let-me-in'`)
			p.a.click(".dialog-ux .btn.authorize")
			p.both(`document.querySelector('.dialog-ux .auth-btn-wrapper .btn')?.textContent === 'Logout'`)
			p.step("authorized")
			p.b.click(".dialog-ux .btn-done")
			p.a.gone(".dialog-ux")

			p.Log("one is added, its name written by both")
			const body = "#operations-pets-add textarea"
			p.a.clear(body)
			p.a.write(`{"name": "Nils", `)
			p.b.wait(`document.querySelector(` + quote(body) + `).value.endsWith('", ')`)
			p.b.click(body)
			p.b.press("End", 35)
			p.b.write(`"kind": "dog"}`)
			p.a.wait(`document.querySelector(` + quote(body) + `).value === '{"name": "Nils", "kind": "dog"}'`)
			p.a.click("#operations-pets-add .execute")
			p.a.sees("#operations-pets-add .live-responses-table tbody .response-col_status", "201")
			p.b.sees("#operations-pets-add .live-responses-table tbody .response-col_status", "201")
			p.rest()
			p.step("added")
			pets := getJSON[[]struct{ Name string }](p, p.site+"/api/pets")
			if len(pets) != 3 || pets[2].Name != "Nils" {
				p.Errorf("the register has %v", pets)
			}
		},
	}.run(t)
}

// once checks that an application's log has an entry exactly once.
func (p *people) once(entry string) {
	p.Helper()
	log := getJSON[[]string](p, p.site+"/log")
	if n := len(slices.DeleteFunc(slices.Clone(log), func(line string) bool { return line != entry })); n != 1 {
		p.Errorf("the log has %q %d times, want once: %q", entry, n, log)
	}
}
