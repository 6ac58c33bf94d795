package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestAppEtherpad(t *testing.T) {
	// The text is in a frame of a frame.
	line := func(n int, text string) string {
		return fmt.Sprintf(`document.querySelector('iframe[name=ace_outer]')?.contentDocument?.querySelector('iframe[name=ace_inner]')
			?.contentDocument?.querySelector('#innerdocbody > div:nth-child(%d)')?.textContent === %s`, n, quote(text))
	}
	application{
		name: "etherpad", path: "/p/tandem", ready: line(1, "A pad for two.") + ` && !document.querySelector('#editorloadingbox')?.checkVisibility()`,
		use: func(p *people) {
			p.step("the pad")
			inner := p.deeper(2)

			p.Log("both write, by turns")
			inner.a.click("#innerdocbody > div:nth-child(2)")
			inner.a.write("One of us")
			p.both(line(2, "One of us"))
			inner.b.click("#innerdocbody > div:nth-child(2)")
			inner.b.press("End", 35)
			inner.b.write(", the other")
			p.both(line(2, "One of us, the other"))
			inner.a.click("#innerdocbody > div:nth-child(2)")
			inner.a.press("End", 35)
			inner.a.press("Enter", 13)
			inner.a.write("- and both")
			p.both(line(3, "- and both"))
			p.step("written")

			p.Log("bold, by the toolbar")
			p.b.click("li[data-key=bold] button")
			inner.b.write("!")
			p.step("bold")
			p.a.click("li[data-key=settings] button")
			p.b.wait(`document.querySelector('#settings').classList.contains('popup-show')`)
			p.step("settings")
			patiently(p, "the server has it once", func() bool {
				got := pad(p)
				return strings.Contains(got, "One of us, the other") && strings.Count(got, "both") == 1
			})
		},
	}.run(t)
}

// pad is a pad's text, as the server exports it.
func pad(p *people) string {
	res, err := http.Get(strings.Replace(p.site, "etherpad.localhost", "127.0.0.1", 1) + "/p/tandem/export/txt")
	if err != nil {
		p.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.Fatal(err)
	}
	return string(text)
}
