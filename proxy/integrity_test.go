package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestIntegrityIsChecked(t *testing.T) {
	const script = "location.reload()" // which is rewritten
	const digest = "sha256-9gOBGqEQINNDuds+tkXbNzih6klbz+KeCyxEj4KRLeM="
	other := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("ETag", `"x"`)
		io.WriteString(w, script)
	})
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<script src="/good.js" integrity="`+digest+`"></script><script src="bad.js" integrity="sha256-x"></script>
				<script src="/both.js" integrity="sha256-x"></script><script src="/both.js" integrity="`+digest+`"></script>
				<script type="importmap">{"integrity": {"./mapped.js": "sha256-x"}}</script>
				<script src="/moved.js" integrity="sha256-x"></script><script src="`+other+`/good.js" integrity="`+digest+`"></script>
				<base href="/below/"><script src="bad.js" integrity="sha256-x"></script>`)
		case "/moved.js":
			http.Redirect(w, r, "/elsewhere.js", http.StatusFound)
		default:
			w.Header().Set("Content-Type", "text/javascript")
			w.Header().Set("ETag", `"x"`)
			io.WriteString(w, script)
		}
	})
	w := newWorld(t, []string{origin, other})
	page := w.site(origin)
	readAll(t, w.open(page+"/"))
	w.open(w.site(other) + "/")
	demand := func(by, text string, headers ...string) int {
		r := w.request("POST", by+"/.tandem/integrity", strings.NewReader(text))
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return w.do(r).StatusCode
	}
	for text, want := range map[string]int{origin + "/set.js\nsha256-x": 200, "/set.js\nsha256-x": 400, origin + "/free.js": 400} {
		if got := demand(page, text, "Sec-Fetch-Site", "same-origin"); got != want {
			t.Errorf("demand %q: %d, want %d", text, got, want)
		}
	}
	if got := demand(page, origin+"/bad.js\n"+digest, "Sec-Fetch-Site", "same-site"); got != 404 {
		t.Errorf("a demand by another host: %d", got)
	}
	for _, c := range []struct {
		url, mode string
		want      int
	}{
		{page + "/good.js", "no-cors", 200}, {page + "/bad.js", "no-cors", 502}, {page + "/both.js", "no-cors", 200},
		{page + "/moved.js", "no-cors", 302}, {page + "/elsewhere.js", "no-cors", 502}, {page + "/free.js", "no-cors", 200},
		{page + "/mapped.js", "cors", 502}, {page + "/set.js", "no-cors", 502}, {page + "/below/bad.js", "no-cors", 502},
		{w.site(other) + "/good.js", "cors", 200}, {w.site(other) + "/good.js", "no-cors", 502},
	} {
		resp := w.get(c.url, "script", page, "Sec-Fetch-Mode", c.mode)
		if resp.StatusCode != c.want {
			t.Errorf("%s %s: %s, want %d", c.mode, c.url, resp.Status, c.want)
		}
	}
	tag := w.get(page+"/free.js", "script", page).Header.Get("ETag")
	if resp := w.get(page+"/good.js", "script", page, "If-None-Match", tag); resp.StatusCode != 200 {
		t.Errorf("a stored script: %s", resp.Status)
	}
}
