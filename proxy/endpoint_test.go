package proxy

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

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
	token := rewrite.Token(w.proxyOrigin(long))
	if got := readAll(t, w.do(w.request("POST", site+"/.tandem/alias?token="+token, nil))); got != long {
		t.Errorf("asked for %s: got %q", token, got)
	}
	if resp := w.do(w.request("POST", site+"/.tandem/alias?token=0t-aaaaaaaaaaaaaaaa", nil)); resp.StatusCode != http.StatusNotFound {
		t.Errorf("asked for a token nobody made: got %s", resp.Status)
	}
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

func TestPolicyReportsAreCountedAndLoggedOnce(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{origin})
	w.open(w.site(origin) + "/")
	report := func(body string) int {
		return w.do(w.request("POST", w.site(origin)+"/.tandem/report", strings.NewReader(body), "Content-Type", "application/csp-report")).StatusCode
	}
	for i := range 2 {
		report(fmt.Sprintf(`{"csp-report":{"document-uri":"%s/a?secret","blocked-uri":"https://tracker.example/img/c4nary-x/lib-3.7.1.min.js?secret=%d","effective-directive":"img-src","line-number":7}}`, w.site(origin), i))
	}
	report(`{"csp-report":{"blocked-uri":"x","effective-directive":"forged <b>"}}`)
	if got := report("nonsense"); got != http.StatusBadRequest {
		t.Errorf("nonsense: got %d", got)
	}
	got := w.hub.Sessions()[0].Blocked
	if got["img-src"] != 2 || got["other"] != 1 || len(got) != 2 {
		t.Errorf("counted %v", got)
	}
	log := w.log.String()
	if strings.Contains(log, "secret") || strings.Contains(log, "c4nary") || strings.Count(log, "tracker.example") != 1 {
		t.Errorf("log: %s", log)
	}
	if want := "kind=img-src origin=https://tracker.example page=" + origin + " at=/a path=/img/…/lib-3.7.1.min.js line=7"; !strings.Contains(log, want) {
		t.Errorf("log lacks %s: %s", want, log)
	}
	for i := range 2 * maxMisses {
		report(fmt.Sprintf(`{"csp-report":{"blocked-uri":"https://%d.forged.example/","effective-directive":"img-src"}}`, i))
	}
	if n := strings.Count(w.log.String(), "forged.example"); n == 0 || n >= maxMisses {
		t.Errorf("%d lines for forged reports", n)
	}
}

// TestS49SlowRulesAreTold: the page was hidden for them; whoever wrote them reads why in the log.
func TestS49SlowRulesAreTold(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{origin})
	w.open(w.site(origin) + "/")
	body := fmt.Sprintf(`{"csp-report":{"document-uri":"%s/account?secret","effective-directive":"slow-rules"}}`, w.site(origin))
	w.do(w.request("POST", w.site(origin)+"/.tandem/report", strings.NewReader(body)))
	if got := w.hub.Sessions()[0].Blocked; got["slow-rules"] != 1 {
		t.Errorf("counted %v", got)
	}
	if log := w.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "take too long") || !strings.Contains(log, "at=/account") || strings.Contains(log, "secret") {
		t.Errorf("log: %s", log)
	}
}

// Who knows a session's id, and nothing else, must not count, register or have
// anything rewritten; documents without an origin have the key.
func TestEndpointsAreForPagesOfTheSession(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{origin})
	resp := w.open(w.site(origin) + "/")
	_, key, _ := strings.Cut(resp.Header.Get("Content-Security-Policy"), "/.tandem/report?key=")
	key, _, _ = strings.Cut(key, ",")
	long := "https://" + strings.Repeat("very-long-name.", 6) + "example"
	stranger := &http.Client{Transport: w.client.Transport}
	for name, body := range map[string]string{"report": `{"csp-report":{}}`, "alias": long, "js": "location"} {
		for query, want := range map[string]bool{"?kind=eval": false, "?kind=eval&key=": false, "?kind=eval&key=guessed": false, "?kind=eval&key=" + key: true} {
			resp, err := stranger.Do(w.request("POST", w.site(origin)+"/.tandem/"+name+query, strings.NewReader(body)))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := resp.StatusCode < 300; got != want {
				t.Errorf("%s%s: got %s", name, query, resp.Status)
			}
		}
	}
}

func TestWhatIsNotAllowedIsCounted(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{origin})
	site, cdn := w.site(origin), w.site("https://cdn.example")
	w.open(cdn + "/") // for its cookie; counts as well
	for range 3 {
		w.get(cdn+"/lib.js?v=secret", "script", site)
	}
	w.get(cdn+"/data", "empty", site, "Origin", site)
	w.get(cdn+"/odd", "<forged>", site)
	got := w.hub.Sessions()[0].Blocked
	want := map[string]int{"not allowed: iframe": 1, "not allowed: script": 3, "not allowed: empty": 1, "not allowed: other": 1}
	if !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
	log := w.log.String()
	if strings.Contains(log, "secret") || strings.Count(log, "not allowed: script") != 1 || !strings.Contains(log, `kind="not allowed: script" origin=https://cdn.example page=`+origin) {
		t.Errorf("log: %s", log)
	}
}

func TestAllowance(t *testing.T) {
	now := time.Unix(1e9, 0)
	var a allowance
	if err := a.take(allowanceBytes, now); err != nil {
		t.Error("not full at first")
	}
	if a.left(now) {
		t.Error("something is left")
	}
	now = now.Add(time.Second)
	if !a.left(now) || a.take(allowanceRefill+1, now) != nil || a.left(now) {
		t.Error("a second does not refill a second's worth")
	}
	now = now.Add(1000 * time.Hour)
	if a.take(allowanceBytes, now) != nil || a.left(now) {
		t.Error("more than full")
	}
}

func TestRequestsWithoutCookieHaveAnAllowance(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Write(make([]byte, 1<<20))
	})
	now := time.Now() // stands still, so that nothing comes back
	w := newWorld(t, []string{origin}, func(c *Config) { c.Now = func() time.Time { return now } })
	site := w.site(origin)
	w.open(site + "/")
	stranger := &http.Client{Transport: w.client.Transport}
	ask := func(c *http.Client) (status int, n int64, err error) {
		resp, err := c.Do(w.request("GET", site+"/", nil, "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-site", "Origin", w.site("https://other.example")))
		if err != nil {
			return 0, 0, err
		}
		defer resp.Body.Close()
		n, err = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode, n, err
	}
	if status, n, err := ask(stranger); status != http.StatusOK || n != 1<<20 || err != nil {
		t.Fatalf("at first: %d, %d bytes, %v", status, n, err)
	}
	if err := w.proxy.memories.of(w.session).allowance.take(allowanceBytes-1<<20-1<<19, now); err != nil {
		t.Fatal(err)
	}
	if _, n, err := ask(stranger); n >= 1<<20 || err == nil {
		t.Errorf("at the end of the allowance: %d bytes, %v", n, err)
	}
	if status, _, _ := ask(stranger); status != http.StatusTooManyRequests {
		t.Errorf("beyond it: %d", status)
	}
	if status, n, err := ask(w.client); status != http.StatusOK || n != 1<<20 || err != nil {
		t.Errorf("the visitor: %d, %d bytes, %v", status, n, err)
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
