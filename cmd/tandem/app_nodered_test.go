package main

import (
	"fmt"
	"testing"
)

func TestAppNodeRED(t *testing.T) {
	const nodes = ".red-ui-flow-node-group"
	count := func(n int) string { return fmt.Sprintf(`document.querySelectorAll(%q).length === %d`, nodes, n) }
	application{
		name: "node-red", path: "/",
		ready: `document.querySelector('.red-ui-palette-node[data-palette-type=function]')?.checkVisibility() && !document.querySelector('#red-ui-loading-progress')?.checkVisibility()`,
		use: func(p *people) {
			p.step("empty flow")

			p.Log("two nodes out of the palette, each by somebody else, and a wire")
			p.a.drag(".red-ui-palette-node[data-palette-type=inject]", 250, 60)
			p.both(count(1))
			p.step("inject")
			p.b.drag(".red-ui-palette-node[data-palette-type=debug]", 600, 60)
			p.both(count(2))
			p.step("inject and debug")
			p.b.dragOnto(".red-ui-flow-port-output .red-ui-flow-port", ".red-ui-flow-port-input .red-ui-flow-port")
			p.both(`document.querySelectorAll('.red-ui-flow-link-line').length === 1`)
			p.step("wired")

			p.Log("a node is given a name")
			p.b.doubleClick(nodes + " .red-ui-flow-node")
			p.both(`document.querySelector('#node-input-name')?.checkVisibility()`)
			p.step("node opened")
			p.b.click("#node-input-name")
			p.b.write("every morning")
			p.a.wait(`document.querySelector('#node-input-name').value === 'every morning'`)
			p.a.click("#node-dialog-ok")
			p.b.gone(".red-ui-tray")
			p.b.sees(".red-ui-flow-node-label", "every morning")
			p.step("node named")

			p.Log("deployed, and tried out")
			p.b.click("#red-ui-header-button-deploy")
			p.a.sees(".red-ui-notification", "Successfully deployed")
			p.b.gone("#red-ui-sidebar-shade, #red-ui-header-shade")
			if n := deployed(p, "every morning"); n != 1 {
				p.Errorf("%d nodes of that name are deployed, want 1", n)
			}
			p.b.click("#red-ui-tab-debug-link-button")
			p.both(`document.querySelector('.red-ui-debug-content')?.checkVisibility()`)
			for i, who := range []hand{p.a, p.b} {
				who.click(".red-ui-flow-node-button-button")
				p.both(fmt.Sprintf(`document.querySelectorAll('.red-ui-debug-msg').length === %d`, i+1))
			}
			p.both(`!document.querySelector('.red-ui-notification')?.checkVisibility()`)
			p.step("messages")

			p.Log("a function, written in the editor by both")
			p.a.drag(".red-ui-palette-node[data-palette-type=function]", 400, 200)
			p.both(count(3))
			p.a.doubleClick(nodes + ":has(.red-ui-flow-node-icon[*|href*=function]) .red-ui-flow-node")
			const lines = "#node-input-func-editor .view-line"
			p.both(fmt.Sprintf(`document.querySelector(%q)?.checkVisibility()`, lines))
			p.step("editor")
			p.b.click(lines)
			p.b.write("// forty-two")
			p.a.sees(lines, "forty-two")
			p.a.press("Enter", 13)
			p.a.write("six")
			p.b.sees(lines, "six")
			p.step("written")
		},
	}.run(t)
}

// deployed counts the nodes of a name that the server runs.
func deployed(p *people, name string) (n int) {
	for _, node := range getJSON[[]struct{ Name string }](p, p.site+"/flows") {
		if node.Name == name {
			n++
		}
	}
	return n
}
