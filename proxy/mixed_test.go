package proxy

import (
	"net/http"
	"testing"

	"tandem/rewrite"
)

func TestS08MixedContent(t *testing.T) {
	origin := func(s string) rewrite.Origin {
		o, err := rewrite.ParseOrigin(s)
		if err != nil && s != "" {
			t.Fatal(err)
		}
		return o
	}
	for _, c := range []struct {
		from, to, dest, mode string
		main, upgrades       bool
		want                 verdict
	}{
		{"https://a.example", "https://b.example", "script", "no-cors", false, true, pass},
		{"https://a.example", "http://b.example", "script", "no-cors", false, false, block},
		{"https://a.example", "http://b.example", "style", "cors", false, false, block},
		{"https://a.example", "http://b.example", "empty", "cors", false, false, block},
		{"https://a.example", "http://b.example", "websocket", "websocket", false, false, block},
		{"https://a.example", "http://b.example", "iframe", "navigate", false, false, block},
		{"https://a.example", "http://b.example", "iframe", "navigate", true, false, pass},
		{"https://a.example", "http://b.example", "image", "no-cors", false, false, upgrade},
		{"https://a.example", "http://b.example:81", "video", "no-cors", false, false, upgrade},
		{"https://a.example", "http://b.example", "image", "cors", false, false, block},
		{"https://a.example", "http://192.0.2.1", "image", "no-cors", false, false, block},
		{"https://a.example", "http://192.0.2.1", "image", "no-cors", false, true, upgrade},
		{"https://a.example", "http://b.example", "script", "no-cors", false, true, upgrade},
		{"http://a.example", "http://b.example", "script", "no-cors", false, true, upgrade},
		{"http://a.example", "http://b.example", "script", "no-cors", false, false, pass},
		{"https://a.example", "http://127.0.0.1:8080", "script", "no-cors", false, true, pass},
		{"https://a.example", "http://b.localhost", "empty", "cors", false, false, pass},
		{"", "http://b.example", "script", "no-cors", false, false, pass},
	} {
		v := visit{from: initiator{origin: origin(c.from)}, main: c.main}
		if got := v.judge(origin(c.to), c.dest, c.mode, c.upgrades); got != c.want {
			t.Errorf("%s → %s %s %s (main %v, upgrades %v): %v, want %v", c.from, c.to, c.dest, c.mode, c.main, c.upgrades, got, c.want)
		}
	}
}

// What is blocked fails in the browser, and what is upgraded is asked for by
// https: of a site that may be opened by http only, it is refused.
func TestS08MixedContentIsEnforced(t *testing.T) {
	w := newWorld(t, []string{"http://plain.example"})
	page := w.site("https://page.example")
	for dest, code := range map[string]string{"script": "blocked", "empty": "blocked", "image": "origin_not_allowed"} {
		resp := w.open(w.site("http://plain.example")+"/x", "Sec-Fetch-Dest", dest, "Sec-Fetch-Mode",
			map[string]string{"script": "no-cors", "empty": "cors", "image": "no-cors"}[dest], "Referer", page+"/", "Origin", map[bool]string{true: page}[dest == "empty"])
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", dest, resp.Status)
		}
		if blocked := resp.Header.Get("Cross-Origin-Resource-Policy") == "same-origin" && resp.Header.Get("Access-Control-Allow-Origin") == ""; blocked != (code == "blocked") {
			t.Errorf("%s: blocked %v", dest, blocked)
		}
	}
}
