package main

import "testing"

func TestAppElementPlus(t *testing.T) {
	application{
		name: "element-plus", path: "/", ready: `document.querySelector('input[name=user]')`,
		use: func(p *people) {
			rows := func(first string) string {
				return `document.querySelector('.el-table__body tr td:nth-child(2)')?.textContent.trim() === ` + quote(first)
			}
			p.step("sign in")
			p.b.click("[type=submit]")
			p.both(`document.querySelectorAll('.el-form-item__error').length === 2`)
			p.rest()
			p.step("nothing filled in")
			p.a.click("[name=user]")
			p.a.write("ida")
			p.b.wait(`document.querySelector('[name=user]').value === 'ida'`)
			p.visitor().click("[name=password]")
			p.visitor().write("tide")
			p.b.click("[type=submit]")
			p.both(rows("Ada A."))
			p.step("bookings")
			p.once("login ida")

			p.Log("sorted, paged, filtered")
			p.a.click("th:nth-child(3) .ascending")
			p.b.click(".el-pager li:nth-child(3)")
			p.both(`document.querySelector('.el-pager .is-active')?.textContent === '3'`)
			p.step("third page by seats")
			p.b.click(".find input")
			p.b.write("cleo")
			p.both(rows("Cleo A.") + ` || ` + rows("Cleo C."))
			p.step("found")

			p.Log("a booking is changed in the dialog")
			p.a.click(".el-table__body tr:nth-child(2) .edit")
			p.both(`document.querySelector('.el-dialog .name input')?.value.startsWith('Cleo')`)
			p.step("dialog")
			p.b.clear(".el-dialog .name input")
			p.b.write("Cleo Q.")
			p.a.wait(`document.querySelector('.el-dialog .name input').value === 'Cleo Q.'`)
			p.a.drag(".seats .el-slider__button-wrapper", 120, 0)
			p.b.drag(".seats .el-slider__button-wrapper", -60, 0)
			p.step("seats by the slider")
			p.a.click(".el-dialog .el-date-editor input")
			p.both(`document.querySelector('.el-date-table td.available')?.checkVisibility()`)
			p.step("date picker")
			p.b.click(".el-date-table tr:nth-child(4) td:nth-child(3)")
			p.both(`!document.querySelector('.el-date-table')?.checkVisibility()`)
			p.a.click(".state .el-select__wrapper")
			p.both(`document.querySelector('.el-select-dropdown__item')?.checkVisibility()`)
			p.step("states")
			p.b.click(".el-select-dropdown__item:nth-child(2)")
			p.both(`!document.querySelector('.el-select-dropdown__item')?.checkVisibility()`)
			day := p.visitor().value(".el-dialog .el-date-editor input")
			p.a.click(".save")
			p.b.sees(".el-notification", "Cleo Q.")
			p.both(`!document.querySelector('.el-notification') && !document.querySelector('.el-dialog')?.checkVisibility()`)
			p.step("saved")
			p.saved("Cleo Q. " + day)

			p.Log("in the dark")
			p.b.click(".dark-switch")
			p.both(`document.documentElement.classList.contains('dark')`)
			p.step("dark")
		},
	}.run(t)
}

// saved checks that something was saved once, under whatever number.
func (p *people) saved(what string) {
	p.Helper()
	n := 0
	log := getJSON[[]string](p, p.site+"/log")
	for _, line := range log {
		if len(line) > len(what) && line[:5] == "save " && line[len(line)-len(what):] == what {
			n++
		}
	}
	if n != 1 {
		p.Errorf("saved %q %d times, want once: %q", what, n, log)
	}
}
