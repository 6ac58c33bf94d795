package proxy

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tandem/rewrite"
	"tandem/session/jar"
)

func origin(t *testing.T, s string) rewrite.Origin {
	t.Helper()
	o, err := rewrite.ParseOrigin(s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// S10: relations come from the real origins, whatever the browser says.
func TestS10RelationsAndCookies(t *testing.T) {
	const id = "abcdefghijkl"
	content := rewrite.Domain{Scheme: "http", Host: "tandem-pages.localhost:7070"}
	control, _ := url.Parse("http://tandem.localhost:7070")
	p := &Proxy{content: content, control: control, now: time.Now}
	bank := origin(t, "https://bank.example")
	host := rewrite.Host{Kind: rewrite.Site, Session: id, Origin: bank}
	site := func(o string) string { return content.Site(id, origin(t, o)) }
	type h = map[string]string
	for _, c := range []struct {
		name    string
		method  string
		header  h
		before  *arrival
		want    relation
		cookies jar.Relation
		foreign bool
	}{
		{"own page", "GET", h{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "image", "Referer": site("https://bank.example") + "/x"}, nil, sameOrigin, jar.Same, false},
		{"own page without referrer", "GET", h{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}, nil, sameOrigin, jar.Same, false},
		{"subdomain", "GET", h{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "image", "Referer": site("https://www.bank.example") + "/"}, nil, sameSite, jar.Same, false},
		{"other scheme", "GET", h{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "image", "Referer": site("http://bank.example") + "/"}, nil, crossSite, jar.CrossSite, false},
		{"hostile page posts", "POST", h{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "empty", "Origin": site("https://evil.example")}, nil, crossSite, jar.CrossSite, false},
		{"hostile form", "POST", h{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate", "Origin": site("https://evil.example")}, nil, crossSite, jar.CrossSitePostNav, false},
		{"link from elsewhere", "GET", h{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate", "Referer": site("https://news.example") + "/"}, nil, crossSite, jar.CrossSiteLaxNav, false},
		{"no referrer", "GET", h{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"}, nil, crossSite, jar.CrossSiteLaxNav, false},
		{"opaque origin", "POST", h{"Sec-Fetch-Site": "cross-site", "Origin": "null", "Referer": site("https://bank.example") + "/"}, nil, crossSite, jar.CrossSite, false},
		{"opaque origin navigates", "GET", h{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate", "Referer": site("https://bank.example") + "/"}, nil, crossSite, jar.CrossSiteLaxNav, false},
		{"shell", "GET", h{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate", "Referer": content.Shell(id) + "/"}, nil, byUser, jar.Same, false},
		{"other session", "POST", h{"Origin": content.Site("zzzzzzzzzzzz", bank)}, nil, crossSite, jar.CrossSite, true},
		{"control", "POST", h{"Origin": "http://tandem.localhost:7070"}, nil, crossSite, jar.CrossSite, true},
		{"view host", "GET", h{"Referer": content.View(id) + "/", "Sec-Fetch-Dest": "image"}, nil, crossSite, jar.CrossSite, true},
		{"look-alike", "POST", h{"Origin": "http://bank-example--abcdefghijkl.tandem-pages.localhost:7070.evil"}, nil, crossSite, jar.CrossSite, false},
		{"over another site and back", "GET", h{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate", "Referer": site("https://bank.example") + "/"},
			&arrival{from: initiator{origin: bank}, passed: []rewrite.Origin{origin(t, "https://evil.example")}}, crossSite, jar.CrossSiteLaxNav, false},
		{"over another site, forgotten", "GET", h{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "image", "Referer": site("https://bank.example") + "/"}, nil, crossSite, jar.CrossSite, false},
		{"post after the dance", "POST", h{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate", "Origin": "null", "Referer": site("https://bank.example") + "/"},
			&arrival{from: initiator{origin: bank}}, sameOrigin, jar.Same, false},
		{"somebody else's redirect", "POST", h{"Sec-Fetch-Site": "same-site", "Origin": site("https://evil.example")},
			&arrival{from: initiator{user: true}}, crossSite, jar.CrossSite, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &memory{}
			target, _ := url.Parse("https://bank.example/pay?x=1")
			if c.before != nil {
				m.rememberArrival(arrivalKey(target), *c.before, time.Now())
			}
			r := &http.Request{Method: c.method, Header: make(http.Header), URL: target}
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			v := p.relate(r, m, host, target, bank)
			if v.site != c.want || v.foreign != c.foreign {
				t.Errorf("got %s foreign %v, want %s foreign %v", v.site, v.foreign, c.want, c.foreign)
			}
			if got := v.cookies(m, c.method, target, bank, time.Now()).SameSite; got != c.cookies {
				t.Errorf("cookies: got %d, want %d", got, c.cookies)
			}
		})
	}
}

func TestArrivalKeyIsTheSameForAllSpellings(t *testing.T) {
	want := "https://a.example/b c|d?q=ü'"
	for _, s := range []string{"https://a.example/b%20c%7Cd?q=%C3%BC%27", "https://A.example/x/../b%20c|d?q=ü'", "https://a.example/./b c|d?q=ü%27"} {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := arrivalKey(u); got != want {
			t.Errorf("%s: got %s, want %s", s, got, want)
		}
	}
}

func TestFrameThatScriptsMarkIsNotTheTab(t *testing.T) {
	m := &memory{}
	r := httptest.NewRequest("GET", "http://pay-example--abcdefghijkl.t.localhost:7070/frame?a=1&b=%20", nil)
	sum := sha256.Sum256([]byte("pay-example--abcdefghijkl.t.localhost:7070/frame?a=1&b=%20"))
	mark := hex.EncodeToString(sum[:8])
	r.Header.Set("Cookie", "a=b; "+frameCookie+"="+mark+"00000001.00."+mark+"00000002")
	r.RequestURI = "/frame?a=1&b=%20"
	for i, want := range []bool{true, true, false} {
		if got := m.isMarked(r, time.Now()); got != want {
			t.Errorf("request %d: %v", i, got)
		}
	}
	r.RequestURI = "/other"
	if m.isMarked(r, time.Now()) {
		t.Error("another address is marked")
	}
}

func TestFrameNamedInHTMLIsNotTheTab(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, r.Header.Get("Sec-Fetch-Dest")+`<iframe src="/one?a=1&amp;b=2"></iframe><base href="/below/"><iframe src=two></iframe>`)
	})
	w := newWorld(t, []string{origin})
	page := w.site(origin)
	readAll(t, w.open(page+"/"))
	for path, want := range map[string]string{"/one?a=1&b=2": ">iframe<", "/below/two": ">iframe<", "/two": ">document<"} {
		if text := readAll(t, w.open(page+path)); !strings.Contains(text, want) {
			t.Errorf("%s: no %q in %s", path, want, text)
		}
	}
}

// TestOpenedTabsKnowWhoOpenedThem: the shell asks for what a page opens, without
// a Referer, and so as a stranger.
func TestOpenedTabsKnowWhoOpenedThem(t *testing.T) {
	var site, cookie string
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		site, cookie = r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Cookie")
		w.Header().Set("Set-Cookie", "strict=1; SameSite=Strict")
	})
	w := newWorld(t, []string{origin})
	page := w.site(origin)
	w.open(page + "/")
	tab := func() {
		w.get(page+"/tab", "iframe", page, "Referer", "", "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate")
	}
	tell := func(fetchSite string) int {
		r := w.request("POST", page+"/.tandem/opens", strings.NewReader(origin+"/tab"))
		r.Header.Set("Sec-Fetch-Site", fetchSite)
		return w.do(r).StatusCode
	}
	if tab(); site != "cross-site" || cookie != "" {
		t.Errorf("not told of: %s, cookies %q", site, cookie)
	}
	if code := tell("same-site"); code != http.StatusNotFound {
		t.Errorf("told by another host: %d", code)
	}
	if tab(); site != "cross-site" {
		t.Errorf("told by another host: %s", site)
	}
	if code := tell("same-origin"); code != http.StatusOK {
		t.Errorf("told: %d", code)
	}
	if tab(); site != "same-origin" || cookie != "strict=1" {
		t.Errorf("told of: %s, cookies %q", site, cookie)
	}
}
