package proxy

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// S27: a spelling of a reserved path is ours or the site's, never a reserved path at the site.
func TestS27ReservedPathsNeverReachASite(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.URL.Path)
		mu.Unlock()
	})
	w := newWorld(t, []string{origin})
	w.open(w.site(origin) + "/")
	for _, path := range []string{
		"/.tandem/x", "/.tandem/", "/.tandem", "//.tandem/x", "/./.tandem/x", "/a/../.tandem/x", "/%2etandem/x", "/%2e%74andem/x", "/.tandem%2fx",
		"/.tandem%2Fx", "/a%2f..%2f.tandem/x", "/.tandem//x", "/.tandem/../.tandem/x", "/%5c.tandem/x", "/.tandem%5cx", "/a/%2e%2e/.tandem/x",
		"/.tandem/a/../b", "/.tandem/%2e%2e/.tandem/y", "/.TANDEM/x", "/.tandem;a=b/x", "/.tandem%252fx", "/x/.tandem/y", "/.tandemx",
	} {
		r := w.request("GET", w.site(origin), nil, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin")
		r.URL.Opaque = "//" + r.URL.Host + path
		w.do(r)
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"/", "/.TANDEM/x", "/.tandem;a=b/x", "/.tandem%2fx", "/x/.tandem/y", "/.tandemx"}; !slices.Equal(seen, want) {
		t.Errorf("the site was asked for %q, want %q", seen, want)
	}
}

// S43: strangers learn nothing about which sessions there are.
func TestS43StrangersGetTheSameAnswer(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {})
	w := newWorld(t, []string{origin})
	stranger := w.newClient("")
	stranger.Transport = w.client.Transport
	answers := map[string]bool{}
	for _, id := range []string{w.id, "aaaaaaaaaaaa"} {
		for _, url := range []string{w.content.Shell(id) + "/", w.content.Shell(id) + "/.tandem/hop?to=x", w.content.Shell(id) + "/.tandem/socket"} {
			r := w.request("GET", url, nil, "Sec-Fetch-Dest", "iframe", "Accept", "text/html")
			resp, err := stranger.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			resp.Header.Del("Date")
			answers[resp.Status+string(body)] = true
		}
	}
	if len(answers) != 1 {
		t.Errorf("got %d different answers", len(answers))
	}
	r := w.request("GET", w.site(origin)+"/", nil, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors")
	resp, err := stranger.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("anonymous tier: %s", resp.Status)
	}
}

func TestTopLevelContentGoesToTheShell(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) { t.Error("site was asked") })
	w := newWorld(t, []string{origin})
	resp := w.do(w.request("GET", w.site(origin)+"/a?b=c", nil, "Sec-Fetch-Dest", "document", "Sec-Fetch-Mode", "navigate"))
	if got, want := resp.Header.Get("Location"), w.content.Shell(w.id)+"/?open="+url.QueryEscape(w.site(origin)+"/a?b=c"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// S17: a site's service worker would outlive every decision of ours.
func TestS17ServiceWorkersAreRefused(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) { t.Error("site was asked") })
	w := newWorld(t, []string{origin})
	resp := w.do(w.request("GET", w.site(origin)+"/sw.js", nil, "Service-Worker", "script"))
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("got %s", resp.Status)
	}
}

// S30: a ticket for this host is worth nothing in a browser that did not ask for it.
func TestS30TicketNeedsTheBrowserThatAsked(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {})
	w := newWorld(t, []string{origin})
	site, _ := url.Parse(w.site(origin))
	planted := w.site(origin) + "/.tandem/enter?" + url.Values{"t": {w.session.Ticket(site.Host)}, "to": {"/"}, "state": {"attacker"}}.Encode()
	resp := w.do(w.request("GET", planted, nil, "Sec-Fetch-Dest", "iframe"))
	if resp.StatusCode != http.StatusForbidden || resp.Header.Get("Set-Cookie") != "" {
		t.Errorf("got %s, cookie %q", resp.Status, resp.Header.Get("Set-Cookie"))
	}
	// Nor in one that asks for itself at the time.
	resp = w.do(w.request("GET", planted, nil, "Sec-Fetch-Dest", "iframe", "Cookie", stateCookie+"=mine"))
	if resp.StatusCode != http.StatusTemporaryRedirect || resp.Header.Get("Set-Cookie") != "" {
		t.Errorf("with a state of its own: got %s, cookie %q", resp.Status, resp.Header.Get("Set-Cookie"))
	}
}

func TestShellEntryNeedsControlOrigin(t *testing.T) {
	w := newWorld(t, []string{upstream(t, func(http.ResponseWriter, *http.Request) {})})
	shell, _ := url.Parse(w.content.Shell(w.id))
	for _, from := range []string{"", "null", w.content.Shell(w.id), "https://evil.example"} {
		r := w.request("POST", w.content.Shell(w.id)+"/.tandem/enter", strings.NewReader("ticket="+w.session.Ticket(shell.Host)), "Content-Type", "application/x-www-form-urlencoded")
		if from != "" {
			r.Header.Set("Origin", from)
		}
		if resp := w.do(r); resp.StatusCode != http.StatusForbidden {
			t.Errorf("Origin %q: got %s", from, resp.Status)
		}
	}
}

func TestOriginNotAllowedNamesTheCommand(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{origin})
	resp := w.open(w.site("https://other.example") + "/")
	body := readAll(t, resp)
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "tandem origins allow https://other.example") || !strings.Contains(body, "sync.js") {
		t.Errorf("got %s %s", resp.Status, body)
	}
}

// S06: the server never asks itself.
func TestS06LoopsAreRefused(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{origin})
	self, _ := url.Parse(w.control)
	byAddress := "http://127.0.0.1:" + self.Port()
	if err := w.hub.Origins().Allow(t.Context(), byAddress, true); err != nil {
		t.Fatal(err)
	}
	for _, o := range []string{w.control, byAddress} {
		if err := w.hub.Origins().Allow(t.Context(), o, true); err != nil {
			t.Fatal(err)
		}
		if resp := w.open(w.site(o) + "/"); resp.StatusCode != http.StatusLoopDetected {
			t.Errorf("%s: got %s, want 508", o, resp.Status)
		}
	}
}

func TestSessionEndedPage(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{origin})
	w.open(w.site(origin) + "/")
	if err := w.hub.End(t.Context(), w.id, "test"); err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{w.site(origin) + "/", w.content.Shell(w.id) + "/"} {
		if resp := w.open(u); resp.StatusCode != http.StatusGone {
			t.Errorf("%s: got %s, want 410", u, resp.Status)
		}
	}
}

// A form posted to a host that has no cookie yet arrives whole, and with its
// initiator, although the dance's redirects hide that from the last request.
func TestFormPostSurvivesTheDance(t *testing.T) {
	var got *http.Request
	var body string
	bank := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r.Clone(t.Context()), string(b)
	})
	shop := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{shop, bank})
	w.open(w.site(shop) + "/")
	to, origin := w.site(bank)+"/pay", w.site(shop)
	for range 5 {
		r := w.request("POST", to, strings.NewReader("sum=1"), "Origin", origin, "Referer", w.site(shop)+"/", "Sec-Fetch-Dest", "iframe",
			"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-site", "Content-Type", "application/x-www-form-urlencoded")
		resp := w.do(r)
		if resp.StatusCode != http.StatusTemporaryRedirect {
			break
		}
		next, err := resp.Location()
		if err != nil {
			t.Fatal(err)
		}
		to, origin = next.String(), "null"
	}
	if got == nil || got.Method != "POST" || body != "sum=1" {
		t.Fatalf("got %v %q", got, body)
	}
	for name, want := range map[string]string{"Origin": shop, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "document"} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
}

// A fetch without CORS has no cookies at any host on the way, so that it would
// be lost there; it goes without the jar, as on the real web.
func TestFetchWithoutCORSDoesNotDance(t *testing.T) {
	var got *http.Request
	bank := upstream(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Clone(t.Context()) })
	shop := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{shop, bank})
	w.open(w.site(shop) + "/")
	h := []string{"Referer", w.site(shop) + "/", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "same-site"}
	if resp := w.do(w.request("GET", w.site(bank)+"/count", nil, h...)); resp.StatusCode != http.StatusOK || got == nil {
		t.Errorf("got %s, asked %v", resp.Status, got != nil)
	}
	sandboxed := w.request("GET", w.site(bank)+"/a.png", nil, "Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "cross-site")
	if resp := w.do(sandboxed); resp.StatusCode != http.StatusOK {
		t.Errorf("a picture in a sandbox got %s", resp.Status)
	}
	if resp := w.do(w.request("POST", w.site(bank)+"/beacon", strings.NewReader("x"), h...)); resp.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("a beacon without a cookie got %s", resp.Status)
	}
}

// A page asks a host for many pictures at once, each before the others have
// their cookie. Browsers give a request up after 20 redirects.
func TestDancesJoin(t *testing.T) {
	cdn := upstream(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "image/png") })
	shop := upstream(t, func(http.ResponseWriter, *http.Request) {})
	w := newWorld(t, []string{shop, cdn})
	type picture struct {
		url  string
		hops int
	}
	var pending []*picture
	for round := 0; round < 40; round++ {
		if round < 12 {
			pending = append(pending, &picture{url: w.site(cdn) + "/" + strconv.Itoa(round)})
		}
		for _, p := range slices.Clone(pending) {
			resp := w.get(p.url, "image", w.site(shop))
			if resp.StatusCode == http.StatusTemporaryRedirect {
				next, err := resp.Location()
				if err != nil {
					t.Fatal(err)
				}
				p.url, p.hops = next.String(), p.hops+1
				continue
			}
			if resp.StatusCode != http.StatusOK || p.hops > 20 {
				t.Errorf("%s: %s after %d redirects", p.url, resp.Status, p.hops)
			}
			pending = slices.DeleteFunc(pending, func(other *picture) bool { return other == p })
		}
	}
	if len(pending) > 0 {
		t.Errorf("%d pictures still go round", len(pending))
	}
}
