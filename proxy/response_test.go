package proxy

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tandem/rewrite"
)

// S13: what a site tells a browser to do must not happen to us.
func TestS13SiteHeadersDoNotActOnUs(t *testing.T) {
	hostile := map[string]string{
		"Set-Cookie": "a=b", "Service-Worker-Navigation-Preload": "true", "Strict-Transport-Security": "max-age=1",
		"Alt-Svc": `h3=":443"`, "NEL": "{}", "Reporting-Endpoints": `a="https://x"`, "Report-To": "{}", "SourceMap": "x", "X-SourceMap": "x",
		"Public-Key-Pins": "x", "Expect-CT": "x", "X-Frame-Options": "DENY", "Cross-Origin-Embedder-Policy": "require-corp",
		"Cross-Origin-Opener-Policy": "same-origin", "Speculation-Rules": `"/x"`, "Permissions-Policy": "geolocation=*", "Accept-CH": "x",
		"Use-As-Dictionary": "x", "Tandem-Cookie": "forged=1",
		"Tandem-Problem": "forged", "Access-Control-Allow-Private-Network": "true", "Sec-Session-Registration": "x", "Digest": "x",
	}
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		for name, v := range hostile {
			w.Header().Set(name, v)
		}
		w.Header().Set("Origin-Agent-Cluster", "?0")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Clear-Site-Data", `"*", "cookies", "executionContexts"`)
		if r.URL.Path == "/cookies" {
			w.Header().Set("Clear-Site-Data", `"cookies", "executionContexts"`)
		}
		w.Header().Set("Content-Security-Policy", "script-src https://evil.example; report-to x")
		w.Header().Set("X-Custom", "kept for scripts")
		w.Header().Set("Content-Type", "text/html")
	})
	w := newWorld(t, []string{origin})
	for dest, resp := range map[string]*http.Response{
		"iframe": w.open(w.site(origin) + "/"),
		"empty":  w.get(w.site(origin)+"/", "empty", w.site(origin)),
	} {
		for name := range hostile {
			if v := resp.Header.Get(name); v != "" && !strings.EqualFold(name, "Tandem-Cookie") {
				t.Errorf("%s: browser got %s: %s", dest, name, v)
			}
		}
		if v := resp.Header.Get("Tandem-Cookie"); strings.Contains(v, "forged") {
			t.Errorf("forged Tandem-Cookie %s", v)
		}
		csp := resp.Header["Content-Security-Policy"]
		if len(csp) == 0 || !strings.HasPrefix(csp[0], rewrite.CSP(w.content, "")) || strings.Contains(strings.Join(csp, " "), "evil.example") {
			t.Errorf("%s: policies %q", dest, csp)
		}
		for name, want := range map[string]string{"Origin-Agent-Cluster": "?1", "Referrer-Policy": "strict-origin-when-cross-origin",
			"X-Dns-Prefetch-Control": "off", "X-Robots-Tag": "noindex, nofollow", "Clear-Site-Data": `"cache", "storage"`} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", dest, name, got, want)
			}
		}
		if got := resp.Header.Get("X-Custom") != ""; got != (dest == "empty") {
			t.Errorf("%s: X-Custom passed: %v", dest, got)
		}
	}
	// The cookies that the browser has of a content host are ours.
	if got, ok := w.get(w.site(origin)+"/cookies", "empty", w.site(origin)).Header["Clear-Site-Data"]; ok {
		t.Errorf("cookies of ours are cleared by %q", got)
	}
}

func TestReferrerPolicy(t *testing.T) {
	var policy string
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Referrer-Policy", policy) })
	w := newWorld(t, []string{origin})
	for in, want := range map[string]string{"": "strict-origin-when-cross-origin", "no-referrer": "strict-origin-when-cross-origin", "unsafe-url": "unsafe-url",
		"origin, nonsense, No-Referrer-When-Downgrade": "no-referrer-when-downgrade", "unsafe-url, origin": "strict-origin-when-cross-origin"} {
		policy = in
		if got := w.open(w.site(origin) + "/").Header.Get("Referrer-Policy"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Documents without an origin are strangers to the browser. They get what
// everybody gets, and nothing that took the jar.
func TestResourcesAreForTheSession(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {})
	w := newWorld(t, []string{origin})
	page := w.site(origin)
	w.open(page + "/")
	if got := w.get(page+"/x.png", "image", page).Header.Get("Cross-Origin-Resource-Policy"); got != "same-site" {
		t.Errorf("with the jar: %q", got)
	}
	w.client.Jar = nil
	resp := w.get(page+"/x.png", "image", "", "Sec-Fetch-Site", "cross-site", "Origin", "null")
	if got, ok := resp.Header["Cross-Origin-Resource-Policy"]; ok || resp.StatusCode != http.StatusOK {
		t.Errorf("without: %s %q", resp.Status, got)
	}
}

// S11: CORS answers are mapped, never reflected.
func TestS11AllowedOriginsAreMappedExactly(t *testing.T) {
	var allow []string
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) { w.Header()["Access-Control-Allow-Origin"] = allow })
	w := newWorld(t, []string{origin})
	page := w.site("https://page.example")
	for _, c := range []struct {
		allow []string
		want  string
	}{
		{nil, ""}, {[]string{"*"}, "*"}, {[]string{"null"}, "null"},
		{[]string{"https://page.example"}, page}, {[]string{"https://other.example"}, w.site("https://other.example")},
		{[]string{"https://page.example/"}, ""}, {[]string{"https://page.example, https://b.example"}, ""},
		{[]string{"https://page.example", "https://b.example"}, ""}, {[]string{"page.example"}, ""},
	} {
		allow = c.allow
		resp := w.get(w.site(origin)+"/", "empty", page, "Origin", page)
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != c.want {
			t.Errorf("%q: got %q, want %q", c.allow, got, c.want)
		}
	}
}

func TestFrameAncestorsKeepTheirMeaning(t *testing.T) {
	var xfo, csp, contentType string
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Frame-Options", xfo)
		w.Header().Set("Content-Security-Policy", csp)
		w.Header().Set("Content-Type", contentType)
		io.WriteString(w, "x")
	})
	w := newWorld(t, []string{origin})
	shell := "frame-ancestors " + w.content.Shell(w.id)
	for _, contentType = range []string{"text/html", "application/json", "image/png"} {
		for _, c := range []struct{ xfo, csp, want string }{
			{"", "", ""}, {"DENY", "", shell}, {"sameorigin", "", shell + " 'self'"}, {"nonsense", "", ""},
			{"DENY", "frame-ancestors 'none'", shell}, {"DENY", "img-src 'self'", shell},
			{"DENY", "frame-ancestors https://a.example", "frame-ancestors " + w.site("https://a.example") + " " + w.content.Shell(w.id)},
			{"", "frame-ancestors https://*.a.example", "frame-ancestors http://*." + w.content.Host + " " + w.content.Shell(w.id)},
		} {
			xfo, csp = c.xfo, c.csp
			var found string
			for _, policy := range w.open(w.site(origin) + "/").Header["Content-Security-Policy"][1:] {
				policy, _, _ = strings.Cut(policy, ";")
				if strings.HasPrefix(policy, "frame-ancestors") {
					found = policy
				}
			}
			if found != c.want {
				t.Errorf("%s %q %q: got %q, want %q", contentType, c.xfo, c.csp, found, c.want)
			}
		}
	}
}

// A site's own policy goes along in our names, and what it reports goes back in the site's.
func TestSitePolicies(t *testing.T) {
	const policy = "default-src 'none'; script-src 'nonce-p'; report-uri /violated"
	var report string
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/violated" {
			b, _ := io.ReadAll(r.Body)
			report = string(b)
			return
		}
		w.Header().Set("Content-Security-Policy", policy+", img-src 'self'")
		w.Header().Set("Content-Security-Policy-Report-Only", "style-src 'self'")
		w.Header().Set("Content-Type", map[string]string{"/w": "text/javascript", "/i": "image/png"}[r.URL.Path])
		if r.URL.Path == "/" {
			w.Header().Set("Content-Type", "text/html")
		}
		io.WriteString(w, "<p>")
	})
	w := newWorld(t, []string{origin})
	home := w.site(origin)
	resp := w.open(home + "/")
	body := readAll(t, resp)
	_, nonce, _ := strings.Cut(body, `<script nonce="`)
	nonce, _, _ = strings.Cut(nonce, `"`)
	csp := resp.Header["Content-Security-Policy"]
	if len(csp) != 3 || nonce == "" || !strings.Contains(csp[1], "script-src 'nonce-p' 'nonce-"+nonce+"' ") || !strings.HasPrefix(csp[2], "img-src 'self'") {
		t.Errorf("nonce %q, policies %q", nonce, csp)
	}
	if got := resp.Header["Content-Security-Policy-Report-Only"]; len(got) != 1 || !strings.HasPrefix(got[0], "style-src 'self'") {
		t.Errorf("report only: %q", got)
	}
	if resp2 := w.open(home + "/"); resp2.Header["Content-Security-Policy"][1] == csp[1] {
		t.Error("a nonce was used twice")
	}
	if got := w.get(home+"/w", "worker", home).Header["Content-Security-Policy"]; len(got) != 3 || !strings.Contains(got[1], "connect-src "+home+"/.tandem/") {
		t.Errorf("worker's policies: %q", got)
	}
	if got := w.get(home+"/i", "image", home).Header["Content-Security-Policy"]; len(got) != 1 {
		t.Errorf("image's policies: %q", got)
	}
	mapped, _ := json.Marshal(map[string]any{"csp-report": map[string]any{
		"document-uri": home + "/", "blocked-uri": w.site("https://cdn.example") + "/x", "original-policy": csp[1], "status-code": 200}})
	w.do(w.request("POST", home+"/violated", bytes.NewReader(mapped), "Content-Type", "application/csp-report", "Sec-Fetch-Dest", "report",
		"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "same-origin"))
	want := `{"csp-report":{"blocked-uri":"https://cdn.example/x","document-uri":"` + origin + `/","original-policy":"` + policy + `","status-code":200}}`
	if report != want {
		t.Errorf("report\n got %s\nwant %s", report, want)
	}
	id := rewrite.PolicyID(csp[1])
	if got := readAll(t, w.do(w.request("POST", home+"/.tandem/policy?id="+id, nil))); got != policy {
		t.Errorf("the site's policy: %q", got)
	}
	got := readAll(t, w.do(w.request("POST", home+"/.tandem/policy?nonce=N", strings.NewReader("script-src 'nonce-q'"))))
	if !strings.HasPrefix(got, "script-src 'nonce-q' 'nonce-N' ") {
		t.Errorf("a script's policy: %q", got)
	}
}

// S03: a redirect goes back to the browser; where it leads is judged there.
func TestS03RedirectsAreMappedAndNotFollowed(t *testing.T) {
	var location string
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Location"] = []string{location}
		w.WriteHeader(http.StatusFound)
	})
	w := newWorld(t, []string{origin})
	w.open(w.site("https://other.example") + "/") // not asked, but forbidden
	for in, want := range map[string]string{
		"/next": "/next", "https://other.example/x?a=b#c": w.site("https://other.example") + "/x?a=b#c",
		"//other.example/x":   "//" + strings.TrimPrefix(w.site("http://other.example"), "http://") + "/x",
		"javascript:alert(1)": "", "data:text/html,x": "", "http://169.254.169.254/latest": w.site("http://169.254.169.254") + "/latest",
	} {
		location = in
		resp := w.get(w.site(origin)+"/", "empty", w.site(origin))
		if got := resp.Header.Get("Location"); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
	if resp := w.open(w.site("http://169.254.169.254") + "/latest"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("metadata address: %s", resp.Status) // S03
	}
}

func TestS08StrictTransportUpgrades(t *testing.T) {
	m := &memory{}
	now := time.Now()
	m.setStrictTransport("a.example", true, time.Hour, now)
	m.setStrictTransport("b.example", false, time.Hour, now)
	m.setStrictTransport("c.example", false, 0, now)
	for host, want := range map[string]bool{"a.example": true, "x.y.a.example": true, "b.example": true, "x.b.example": false, "c.example": false, "example": false} {
		if got := m.strictTransport(host, now); got != want {
			t.Errorf("%s: got %v", host, got)
		}
	}
}

func TestValidators(t *testing.T) {
	for _, c := range []struct{ etag, modified string }{{`"abc"`, ""}, {`W/"a/b+c=="`, ""}, {"", "Mon, 02 Jan 2006 15:04:05 GMT"}} {
		etag, since := untag(tag(c.etag, c.modified))
		if etag != c.etag || since != c.modified {
			t.Errorf("got %q %q, want %q %q", etag, since, c.etag, c.modified)
		}
	}
	for in, want := range map[string]string{`"site"`: `"site"`, `W/"tde0-YWJj"`: "", `"tds-x"`: "", etagMark + `!!"`: ""} {
		if etag, since := untag(in); etag != want || since != "" {
			t.Errorf("%s: got %q %q, want %q", in, etag, since, want)
		}
	}
}

func TestS12CacheControlIsPrivate(t *testing.T) {
	for in, want := range map[string]string{
		"": "private", "public, max-age=60, s-maxage=600": "private, max-age=60", "no-store": "private, no-store", "Public,immutable": "private, immutable",
	} {
		if got := privately(http.Header{"Cache-Control": {in}}); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	if got := privately(http.Header{"Cache-Control": {"max-age=9"}, "Vary": {"Accept, Cookie"}}); got != "private, max-age=9, no-cache" {
		t.Errorf("Vary: Cookie: got %s", got)
	}
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60, s-maxage=600")
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
	})
	w := newWorld(t, []string{origin})
	for _, kind := range []string{"text/plain", "text/html", "text/css", "application/json", "image/png"} {
		got := w.get(w.site(origin)+"/?type="+kind, "empty", w.site(origin)).Header.Get("Cache-Control")
		if !strings.HasPrefix(got, "private") || strings.Contains(got, "public") || strings.Contains(got, "s-maxage") {
			t.Errorf("%s: the browser got %s", kind, got)
		}
	}
}

func TestRequestHygiene(t *testing.T) {
	var got *http.Request
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(t.Context())
		http.SetCookie(w, &http.Cookie{Name: "site", Value: "1", HttpOnly: true})
	})
	w := newWorld(t, []string{origin})
	site := w.site(origin)
	w.open(site + "/a?b=c")
	for name, want := range map[string]string{"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-User": "?1", "Referer": "", "Origin": "", "Cookie": "", "Accept-Encoding": "identity"} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("first document: %s is %q, want %q", name, v, want)
		}
	}
	if o, _ := url.Parse(origin); got.Host != o.Host || got.RequestURI != "/a?b=c" {
		t.Errorf("got %s %s", got.Host, got.RequestURI)
	}
	w.client.Jar.SetCookies(mustURL(site), []*http.Cookie{{Name: "page", Value: "own"}})
	r := w.request("POST", site+"/post", strings.NewReader("x=1"), "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin",
		"Origin", site, "Referer", site+"/a?b=c", "X-Forwarded-For", "1.2.3.4", "X-Requested-With", "XMLHttpRequest", "Available-Dictionary", "x", "Via", "x", "Forwarded", "x",
		"Accept-Encoding", "gzip, deflate, br, zstd, dcb", "Sec-Fetch-Storage-Access", "active")
	w.do(r)
	for name, want := range map[string]string{"Origin": origin, "Referer": origin + "/a?b=c", "Sec-Fetch-Site": "same-origin", "Cookie": "site=1", "X-Forwarded-For": "",
		"X-Requested-With": "XMLHttpRequest", "Available-Dictionary": "", "Via": "", "Forwarded": "", "Accept-Encoding": "gzip, deflate, br, zstd", "Sec-Fetch-Storage-Access": ""} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("post: %s is %q, want %q", name, v, want)
		}
	}
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// The anonymous tier: no cookie, no jar, and what the site sets is dropped.
func TestAnonymousTierHasNoJar(t *testing.T) {
	var cookie string
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		cookie = r.Header.Get("Cookie")
		w.Header().Set("Set-Cookie", "n=1")
	})
	w := newWorld(t, []string{origin})
	w.get(w.site(origin)+"/f.woff2", "font", w.site("https://page.example")) // no participant cookie yet
	w.open(w.site(origin) + "/")
	if cookie != "" {
		t.Errorf("the anonymous tier's Set-Cookie went into the jar: %s", cookie)
	}
	w.get(w.site(origin)+"/x", "empty", w.site(origin))
	if cookie != "n=1" {
		t.Errorf("leader's request has %q", cookie)
	}
}

// Some browsers show the parts of a multipart response, which have no script of
// ours; as images, they are what cameras send.
func TestPartsAreNoDocuments(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "Multipart/X-Mixed-Replace; boundary=b")
		io.WriteString(w, "--b\r\nContent-Type: text/html\r\n\r\nx\r\n--b--")
	})
	w := newWorld(t, []string{origin})
	if got := w.open(w.site(origin) + "/").Header.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("a document: %s", got)
	}
	if got := w.get(w.site(origin)+"/", "image", w.site(origin)).Header.Get("Content-Type"); !strings.HasPrefix(got, "Multipart/") {
		t.Errorf("an image: %s", got)
	}
}
