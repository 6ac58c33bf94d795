package main

import "testing"

func TestAppNodeRED(t *testing.T) {
	const workspace = "#red-ui-workspace-chart"
	application{
		name: "node-red", path: "/", ready: `document.querySelector('.red-ui-palette-node[data-palette-type=function]')?.checkVisibility() && !document.querySelector('#red-ui-loading-progress')?.checkVisibility()`,
		use: func(p *people) {
			p.step("empty flow")

			p.Log("two nodes out of the palette, each by somebody else")
			p.a.drag(".red-ui-palette-node[data-palette-type=inject]", 250, 60)
			p.both(`document.querySelectorAll('.red-ui-flow-node-group').length === 1`)
			p.step("inject")
			p.b.drag(".red-ui-palette-node[data-palette-type=debug]", 600, 60)
			p.both(`document.querySelectorAll('.red-ui-flow-node-group').length === 2`)
			p.step("inject and debug")
		},
	}.run(t)
}
