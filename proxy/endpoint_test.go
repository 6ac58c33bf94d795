package proxy

import (
	"net/http"
	"strings"
	"testing"

	"tandem/rewrite"
)

func (w *world) proxyOrigin(s string) rewrite.Origin {
	o, err := rewrite.ParseOrigin(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) cookieAPI(site, path string, write ...string) *http.Response {
	method, body := "GET", ""
	if len(write) > 0 {
		method, body = "POST", write[0]
	}
	return w.do(w.request(method, site+"/.tandem/cookie?path="+path, strings.NewReader(body), "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors"))
}

func TestCookieAPI(t *testing.T) {
	var sent string
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("Cookie")
		w.Header().Add("Set-Cookie", "open=1; Path=/")
		w.Header().Add("Set-Cookie", "hidden=2; Path=/; HttpOnly")
	})
	w := newWorld(t, []string{origin})
	site := w.site(origin)
	w.open(site + "/")
	if got := readAll(t, w.cookieAPI(site, "/")); got != "open=1" {
		t.Errorf("got %q", got) // S51: without the HttpOnly one
	}
	if got := readAll(t, w.cookieAPI(site, "/", "mine=3; path=/")); !strings.Contains(got, "mine=3") {
		t.Errorf("after a write: %q", got)
	}
	if got := readAll(t, w.cookieAPI(site, "/", "hidden=forged")); strings.Contains(got, "hidden") {
		t.Errorf("script wrote an HttpOnly cookie: %q", got)
	}
	w.open(site + "/")
	for _, want := range []string{"open=1", "hidden=2", "mine=3"} {
		if !strings.Contains(sent, want) {
			t.Errorf("site got %q without %s", sent, want)
		}
	}
	for name, headers := range map[string][]string{
		"another page": {"Sec-Fetch-Site", "same-site", "Origin", w.site("https://evil.example")},
		"no metadata":  {"Origin", w.site("https://evil.example")},
		"nothing":      {},
	} {
		r := w.request("POST", site+"/.tandem/cookie?path=/", strings.NewReader("evil=1"), headers...)
		if resp := w.do(r); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: got %s", name, resp.Status)
		}
	}
}

func TestScriptAPI(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{origin})
	site := w.site(origin)
	w.open(site + "/")
	src := "location.href = 'x'"
	want, _ := rewrite.JS([]byte(src), rewrite.Script{Kind: rewrite.ScriptEval})
	if got := readAll(t, w.do(w.request("POST", site+"/.tandem/js?kind=eval", strings.NewReader(src)))); got != string(want) {
		t.Errorf("got %s, want %s", got, want)
	}
	for url, want := range map[string]int{"/.tandem/js?kind=x": 400, "/.tandem/js": 400, "/.tandem/nothing": 404} {
		if resp := w.do(w.request("POST", site+url, strings.NewReader(src))); resp.StatusCode != want {
			t.Errorf("%s: got %s", url, resp.Status)
		}
	}
	large := strings.NewReader(strings.Repeat("x", maxScriptText+1))
	if resp := w.do(w.request("POST", site+"/.tandem/js?kind=script", large)); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: got %s", resp.Status)
	}
}

func TestAliasesAreLearnt(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{origin})
	site := w.site(origin)
	w.open(site + "/")
	long := "https://" + strings.Repeat("very-long-name.", 6) + "example"
	if resp := w.open(w.site(long) + "/"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("unknown token: got %s", resp.Status)
	}
	w.do(w.request("POST", site+"/.tandem/alias", strings.NewReader(long)))
	resp := w.open(w.site(long) + "/")
	if body := readAll(t, resp); resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "tandem origins allow "+long) {
		t.Errorf("known token: got %s %s", resp.Status, body)
	}
	allowed := "https://" + strings.Repeat("another-long-name.", 5) + "example"
	if err := w.hub.Origins().Allow(t.Context(), allowed, false); err != nil {
		t.Fatal(err)
	}
	o, ok := w.proxy.originOf(rewrite.Host{Kind: rewrite.Site, Session: w.id, Token: rewrite.Token(w.proxyOrigin(allowed))})
	if !ok || o.String() != allowed {
		t.Errorf("allowed origin's token: got %v", o)
	}
}

func TestPolicyReportsAreCountedWithoutPaths(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{origin})
	report := func(body string) int {
		return w.do(w.request("POST", w.site(origin)+"/.tandem/report", strings.NewReader(body), "Content-Type", "application/csp-report")).StatusCode
	}
	for range 2 {
		report(`{"csp-report":{"blocked-uri":"https://tracker.example/secret-path?x","effective-directive":"img-src"}}`)
	}
	report(`{"csp-report":{"blocked-uri":"x","effective-directive":"forged <b>"}}`)
	if got := report("nonsense"); got != http.StatusBadRequest {
		t.Errorf("nonsense: got %d", got)
	}
	got := w.hub.Sessions()[0].Blocked
	if got["img-src"] != 2 || got["other"] != 1 || len(got) != 2 {
		t.Errorf("counted %v", got)
	}
	if log := w.log.String(); strings.Contains(log, "secret-path") || !strings.Contains(log, "tracker.example") {
		t.Errorf("log: %s", log)
	}
}

func TestCheck(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<img src="https://cdn.example/a"><img srcset="//img.example/b 2x, /c 1x"><a href="https://elsewhere.example">x</a><script src="/x.js"></script>`))
	})
	w := newWorld(t, []string{origin})
	if err := w.hub.Origins().Allow(t.Context(), "https://cdn.example", false); err != nil {
		t.Fatal(err)
	}
	got := w.proxy.Check(t.Context(), origin+"/")
	if got.Status != 200 || got.Rule != origin || !got.Private || got.Problem != "" || got.Connected == "" {
		t.Errorf("got %+v", got)
	}
	if len(got.Others) != 2 || got.Others[0] != (Other{"http://img.example", false}) || got.Others[1] != (Other{"https://cdn.example", true}) {
		t.Errorf("others: %+v", got.Others)
	}
	for url, want := range map[string]string{"https://never.example/": "No rule", "ftp://x": "not a web address", "https://": "not a web address"} {
		if got := w.proxy.Check(t.Context(), url); !strings.Contains(got.Problem, want) {
			t.Errorf("%s: got %q", url, got.Problem)
		}
	}
	for url, want := range map[string]string{
		"https://never.example/":  "tandem origins allow https://never.example",
		"http://10.0.0.7/":        "tandem origins allow --private http://10.0.0.7",
		"http://wiki.localhost:1": "tandem origins allow --private http://wiki.localhost:1",
	} {
		if got := w.proxy.Check(t.Context(), url); got.Hint != want {
			t.Errorf("%s: hint %q, want %q", url, got.Hint, want)
		}
	}
}
