package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// What of requests and responses is not about one rule that has its own test,
// line by line.

// echo is a site that tells what it was asked and answers as it is told.
type echo struct {
	mu     sync.Mutex
	asked  *http.Request
	answer http.HandlerFunc
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = r.Clone(r.Context())
	if e.answer != nil {
		e.answer(w, r)
	}
}

func (e *echo) got() *http.Request {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked
}

// will has the site answer so from now on.
func (e *echo) will(answer http.HandlerFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answer = answer
}

func newEcho(t *testing.T) (e *echo, w *world, site string) {
	t.Helper()
	e = new(echo)
	origin := upstream(t, e.ServeHTTP)
	w = newWorld(t, []string{origin})
	site = w.site(origin)
	w.open(site + "/")
	return e, w, site
}

func TestRequestHeaders(t *testing.T) {
	e, w, site := newEcho(t)
	origin := "http://" + e.got().Host
	other := w.site("https://other.example")
	for _, c := range []struct {
		name, dest string
		sent, want map[string]string
	}{
		{"preflight", "empty", map[string]string{"Origin": other, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a"},
			map[string]string{"Origin": "https://other.example", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a", "Cookie": ""}},
		{"ping", "empty", map[string]string{"Ping-From": site + "/a", "Ping-To": other + "/b"},
			map[string]string{"Ping-From": origin + "/a", "Ping-To": "https://other.example/b"}},
		{"passed", "empty", map[string]string{"Authorization": "Basic eA==", "Last-Event-Id": "7", "Priority": "u=1", "Sec-Purpose": "prefetch", "Sec-Ch-Ua": `"x"`, "Sec-Gpc": "1"},
			map[string]string{"Authorization": "Basic eA==", "Last-Event-Id": "7", "Priority": "u=1", "Sec-Purpose": "prefetch", "Sec-Ch-Ua": `"x"`, "Sec-Gpc": "1"}},
		{"dropped", "empty", map[string]string{"Attribution-Reporting-Eligible": "x", "Sec-Browsing-Topics": "x", "Dictionary-Id": "x", "Sec-Fetch-Storage-Access": "x",
			"Access-Control-Request-Private-Network": "true", "X-Forwarded-Host": "x", "Cf-Connecting-Ip": "x", "X_real_ip": "x", "Proxy-X": "x"},
			map[string]string{"Attribution-Reporting-Eligible": "", "Sec-Browsing-Topics": "", "Dictionary-Id": "", "Sec-Fetch-Storage-Access": "",
				"Access-Control-Request-Private-Network": "", "X-Forwarded-Host": "", "Cf-Connecting-Ip": "", "X_real_ip": "", "Proxy-X": ""}},
		{"range of what passes", "video", map[string]string{"Range": "bytes=0-1", "If-Range": `"x"`}, map[string]string{"Range": "bytes=0-1", "If-Range": `"x"`, "Accept-Encoding": "identity"}},
		{"range of what is rewritten", "style", map[string]string{"Range": "bytes=0-1", "If-Range": `"x"`}, map[string]string{"Range": "", "If-Range": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := w.request("GET", site+"/", nil, "Sec-Fetch-Dest", c.dest, "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-site", "Referer", site+"/")
			if c.name == "preflight" {
				r.Method = http.MethodOptions
			}
			for name, v := range c.sent {
				r.Header[textproto.CanonicalMIMEHeaderKey(name)] = []string{v}
			}
			w.do(r)
			for name, want := range c.want {
				if got := e.got().Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

// The path is the site's as the browser wrote it, also where it is no proper one.
func TestPathsKeepTheirEscapes(t *testing.T) {
	e, w, site := newEcho(t)
	for _, c := range []struct{ sent, want string }{
		{"/a%2Fb/%41%2e!*()'[];=@?q=%2F|", "/a%2Fb/%41%2e!*()'[];=@?q=%2F|"},
		{"/a%2Fb|c{d}^`%41?|", "/a%2Fb%7Cc%7Bd%7D%5E%60%41?|"},
		{"/x//%2F\\|", "/x//%2F%5C%7C"},
	} {
		r := w.request("GET", site+"/", nil, "Sec-Fetch-Dest", "image", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "same-origin", "Referer", site+"/")
		r.URL.Opaque, r.URL.RawQuery = c.sent, ""
		w.do(r)
		if got := e.got().RequestURI; got != c.want {
			t.Errorf("%s: %s, want %s", c.sent, got, c.want)
		}
	}
}

// A page that got hold of its proxied address and tells the site is counted.
func TestLeaksAreCounted(t *testing.T) {
	_, w, site := newEcho(t)
	w.get(site+"/?back="+url.QueryEscape(site+"/x"), "image", site)
	w.get(site+"/?back=https://shop.example", "image", site)
	if got := w.hub.Sessions()[0].Blocked[leakedAddress]; got != 1 {
		t.Errorf("counted %d", got)
	}
}

func TestReferer(t *testing.T) {
	w := newWorld(t, []string{"https://secure.example"})
	secure, plain := origin(t, "https://secure.example"), origin(t, "http://plain.example")
	now := w.proxy.now()
	m := w.proxy.memories.of(w.session)
	for _, c := range []struct{ policy, same, other, downgraded string }{
		{"", "/a?b", "/a?b", ""}, // how much of it goes elsewhere, the browser knows
		{"no-referrer", "", "", ""},
		{"same-origin", "/a?b", "", ""},
		{"origin", "/", "/", "/"},
		{"strict-origin", "/", "/", ""},
		{"origin-when-cross-origin", "/a?b", "/a?b", "/"},
		{"no-referrer-when-downgrade", "/a?b", "/a?b", ""},
		{"strict-origin-when-cross-origin", "/a?b", "/a?b", ""},
		{"unsafe-url", "/a?b", "/a?b", "/a?b"},
	} {
		m.setReferrerPolicy(secure, c.policy, now)
		for to, want := range map[string]string{"https://secure.example": c.same, "https://other.example": c.other, plain.String(): c.downgraded} {
			if want != "" {
				want = secure.String() + want
			}
			r := w.request("GET", "/", nil, "Referer", w.site(secure.String())+"/a?b")
			o := origin(t, to)
			x := &exchange{p: w.proxy, memory: m, origin: o, mapper: w.proxy.mapper(w.session, o), in: r, visit: visit{from: initiator{origin: secure}}}
			if got := x.refererHeader(); got != want {
				t.Errorf("%q to %s: %q, want %q", c.policy, to, got, want)
			}
		}
	}
}

func TestResponseHeaders(t *testing.T) {
	e, w, site := newEcho(t)
	other := w.site("https://other.example")
	for _, c := range []struct {
		name   string
		status int
		site   http.Header
		want   http.Header
	}{
		{"redirect", 302, http.Header{"Location": {"https://other.example/a b\xe9?c=50%"}}, http.Header{"Location": {other + "/a b\xe9?c=50%"}}},
		{"redirect with a stray percent", 302, http.Header{"Location": {"//other.example/50%/%zz%41"}}, http.Header{"Location": {strings.TrimPrefix(w.site("http://other.example"), "http:") + "/50%25/%25zz%41"}}},
		{"redirect to data", 302, http.Header{"Location": {"data:text/html,x"}}, http.Header{"Location": nil}},
		{"redirect to a program", 302, http.Header{"Location": {"mailto:x"}}, http.Header{"Location": nil}},
		{"created", 201, http.Header{"Location": {"/new"}, "Content-Location": {"https://other.example/new"}}, http.Header{"Location": {"/new"}, "Content-Location": {other + "/new"}}},
		{"refresh", 200, http.Header{"Refresh": {"5; url='https://other.example/'"}}, http.Header{"Refresh": {"5; url='" + other + "/'"}}},
		{"links", 200, http.Header{"Link": {"<https://other.example/a>; rel=preload; as=script; integrity=sha256-x", "<https://other.example>; rel=preconnect"}},
			http.Header{"Link": {"<" + other + "/a>; rel=preload; as=script"}}},
		{"timing", 200, http.Header{"Timing-Allow-Origin": {"https://other.example, *", "nonsense"}}, http.Header{"Timing-Allow-Origin": {other, "*"}}},
		{"CORS", 200, http.Header{"Access-Control-Allow-Origin": {"https://other.example"}, "Access-Control-Allow-Credentials": {"true"}, "Access-Control-Expose-Headers": {"X-A"}},
			http.Header{"Access-Control-Allow-Origin": {other}, "Access-Control-Allow-Credentials": {"true"}, "Access-Control-Expose-Headers": {"X-A"}, "Vary": {"Origin"}}},
		{"authentication", 401, http.Header{"Www-Authenticate": {`Basic realm="x"`, "Negotiate", "NTLM"}}, http.Header{"Www-Authenticate": {`Basic realm="x"`}}},
		{"what has no place in a frame of ours", 200, http.Header{"Permissions-Policy": {"camera=*"}, "Cross-Origin-Opener-Policy": {"same-origin"}, "Cross-Origin-Embedder-Policy": {"require-corp"},
			"Document-Policy": {"x"}, "Integrity-Policy": {"x"}, "Origin-Trial": {"x"}},
			http.Header{"Permissions-Policy": nil, "Cross-Origin-Opener-Policy": nil, "Cross-Origin-Embedder-Policy": nil, "Document-Policy": nil, "Integrity-Policy": nil, "Origin-Trial": nil}},
		{"what has the browser fetch by itself", 200, http.Header{"Report-To": {"x"}, "Reporting-Endpoints": {`a="https://x"`}, "Nel": {"x"}, "Speculation-Rules": {`"/x"`}, "Alt-Svc": {"x"}, "Sourcemap": {"x"},
			"Use-As-Dictionary": {"x"}, "No-Vary-Search": {"x"}, "Supports-Loading-Mode": {"x"}, "Accept-Ch": {"x"}, "Critical-Ch": {"x"}},
			http.Header{"Report-To": nil, "Reporting-Endpoints": nil, "Nel": nil, "Speculation-Rules": nil, "Alt-Svc": nil, "Sourcemap": nil,
				"Use-As-Dictionary": nil, "No-Vary-Search": nil, "Supports-Loading-Mode": nil, "Accept-Ch": nil, "Critical-Ch": nil}},
		{"what is said of other bytes", 200, http.Header{"Content-Type": {"text/html"}, "Content-Md5": {"x"}, "Digest": {"x"}, "Repr-Digest": {"x"}, "Content-Digest": {"x"}, "Etag": {`"x"`}, "Accept-Ranges": {"bytes"}},
			http.Header{"Content-Md5": nil, "Digest": nil, "Repr-Digest": nil, "Content-Digest": nil, "Etag": nil, "Accept-Ranges": {"none"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.will(func(w http.ResponseWriter, r *http.Request) {
				for name, values := range c.site {
					w.Header()[name] = values
				}
				w.WriteHeader(c.status)
			})
			resp := w.do(w.request("GET", site+"/", nil, "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-site",
				"Accept", "text/html", "Referer", w.content.Shell(w.id)+"/"))
			if resp.StatusCode != c.status {
				t.Errorf("status %d", resp.StatusCode)
			}
			for name, want := range c.want {
				if got := resp.Header[name]; fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

// Clear-Site-Data is about the jar, too.
func TestSiteClearsItsCookies(t *testing.T) {
	e, w, site := newEcho(t)
	for _, c := range []struct{ clears, want string }{{`"storage"`, "a=1"}, {`"cache", "cookies"`, ""}, {`"*"`, ""}} {
		e.will(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Set-Cookie", "a=1") })
		w.open(site + "/")
		e.will(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Clear-Site-Data", c.clears) })
		w.open(site + "/")
		w.open(site + "/")
		if got := e.got().Header.Get("Cookie"); got != c.want {
			t.Errorf("after %s: %q, want %q", c.clears, got, c.want)
		}
	}
}

// A site may have more cookies than a header of a response can tell of.
func TestS50CookieBomb(t *testing.T) {
	e, w, site := newEcho(t)
	e.will(func(w http.ResponseWriter, r *http.Request) {
		for i := range 100 {
			w.Header().Add("Set-Cookie", fmt.Sprintf("c%d=%s", i, strings.Repeat("x", 4000)))
		}
	})
	resp := w.get(site+"/", "empty", site)
	if got := resp.Header.Get("Tandem-Cookie"); resp.StatusCode != http.StatusOK || len(got) > maxCookieHeader {
		t.Errorf("%s, told %d bytes", resp.Status, len(got))
	}
	e.will(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", "text/html") })
	if text := readAll(t, w.open(site+"/")); !strings.Contains(text, "c99=xxx") {
		t.Error("a document does not know its cookies")
	}
	if got := len(e.got().Header.Get("Cookie")); got < 100_000 || got > 300_000 {
		t.Errorf("the site got %d bytes of them", got)
	}
}

// What a site sends before its answer is not passed on, and does not stand in
// for it.
func TestInformationalResponses(t *testing.T) {
	e, w, site := newEcho(t)
	e.will(func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			w.Header().Set("Link", "<https://other.example/a.css>; rel=preload; as=style")
			w.WriteHeader(http.StatusEarlyHints)
		}
		w.Header().Del("Link")
		w.Header().Set("Trailer", "X-After")
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "the answer")
		w.Header().Set("X-After", "1")
	})
	r := w.request("POST", site+"/", strings.NewReader("x"), "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin", "Origin", site, "Expect", "100-continue")
	hints := 0
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			if code != http.StatusContinue {
				hints++
			}
			return nil
		}}))
	resp := w.do(r)
	if text := readAll(t, resp); text != "the answer" || hints > 0 || resp.Header.Get("Link") != "" || len(resp.Trailer) > 0 {
		t.Errorf("got %q, %d hints, %v, trailers %v", text, hints, resp.Header, resp.Trailer)
	}
	if got := e.got().Header.Get("Expect"); got != "" {
		t.Errorf("the site was asked with Expect: %s", got)
	}
}

// Responses without a body say what one would be like, and nothing hangs.
func TestResponsesWithoutBody(t *testing.T) {
	e, w, site := newEcho(t)
	for _, c := range []struct {
		method string
		status int
		dest   string
	}{
		{"HEAD", 200, "empty"}, {"HEAD", 200, "script"}, {"GET", 204, "iframe"}, {"GET", 204, "script"}, {"GET", 205, "empty"}, {"GET", 304, "script"}, {"GET", 304, "image"},
	} {
		e.will(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			w.Header().Set("X-Told", "1")
			if r.Method == "HEAD" {
				w.Header().Set("Content-Length", "1000")
				w.Header().Set("Content-Encoding", "gzip")
			}
			w.WriteHeader(c.status)
		})
		mode := "no-cors"
		if c.dest == "iframe" {
			mode = "navigate"
		}
		resp := w.do(w.request(c.method, site+"/", nil, "Sec-Fetch-Dest", c.dest, "Sec-Fetch-Mode", mode, "Sec-Fetch-Site", "same-origin", "Referer", site+"/", "Accept-Encoding", "gzip"))
		if text := readAll(t, resp); text != "" || resp.StatusCode != c.status {
			t.Errorf("%s %d for %s: %s %q", c.method, c.status, c.dest, resp.Status, text)
		}
		if got := resp.Header.Get("Content-Length"); c.method == "HEAD" && got != "1000" {
			t.Errorf("HEAD for %s: Content-Length %s", c.dest, got)
		}
	}
}

// Bodies that are not what their header says become failures, or are cut as they
// came, and never look complete.
func TestLyingBodies(t *testing.T) {
	e, w, site := newEcho(t)
	script := []byte(strings.Repeat("location.href;\n", 1000))
	packed := encode(t, script, "gzip")
	twice := encode(t, script, "gzip", "br")
	raw := func(header string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nConnection: close\r\n%s\r\n", header)
			conn.Write(body)
			if tcp, ok := conn.(*net.TCPConn); ok {
				tcp.CloseWrite()
			}
			io.Copy(io.Discard, conn)
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		whole  bool
	}{
		{"gzip", raw("Content-Encoding: gzip\r\n", packed), true},
		{"two codings", raw("Content-Encoding: gzip\r\nContent-Encoding: br\r\n", twice), true},
		{"gzip cut off", raw("Content-Encoding: gzip\r\n", packed[:len(packed)/2]), false},
		{"not gzip at all", raw("Content-Encoding: gzip\r\n", script), false},
		{"a coding nobody knows", raw("Content-Encoding: compress\r\n", script), false},
		{"one coding of two", raw("Content-Encoding: gzip, br\r\n", packed), false},
		{"shorter than said", raw("Content-Length: 100000\r\n", script), false},
		{"longer than said", raw("Content-Length: 15\r\n", script), true},
		{"broken chunks", raw("Transfer-Encoding: chunked\r\n", []byte("10\r\nxx\r\nnonsense")), false},
		{"both lengths", raw("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", []byte("f\r\nlocation.href;\n\r\n0\r\n\r\n")), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.will(c.answer)
			r := w.request("GET", site+"/a.js", nil, "Sec-Fetch-Dest", "script", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Site", "same-origin", "Referer", site+"/", "Accept-Encoding", "identity")
			resp, err := w.client.Do(r)
			if err != nil {
				if c.whole {
					t.Error(err)
				}
				return
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if whole := err == nil && resp.StatusCode == http.StatusOK; whole != c.whole || whole && !bytes.HasPrefix(text, []byte("$tandem.location.href;")) {
				t.Errorf("%s, %.40q, %v", resp.Status, text, err)
			}
		})
	}
}

// Lists of addresses that the browser reads itself are mapped.
func TestListsOfAddresses(t *testing.T) {
	e, w, site := newEcho(t)
	other := w.site("https://other.example")
	for _, c := range []struct{ dest, contentType, body, want string }{
		{"manifest", "application/manifest+json", `{"start_url":"https://other.example/"}`, `{"start_url":"` + other + `/"}`},
		{"video", "application/vnd.apple.mpegurl", "#EXTM3U\nhttps://other.example/1.ts\n", "#EXTM3U\n" + other + "/1.ts\n"},
		{"video", "application/dash+xml", "<MPD><BaseURL>https://other.example/</BaseURL></MPD>", "<MPD><BaseURL>" + other + "/</BaseURL></MPD>"},
		{"style", "text/css", "@import 'https://other.example/a.css';", "@import '" + other + "/a.css';"},
		{"empty", "application/vnd.apple.mpegurl", "#EXTM3U\nhttps://other.example/1.ts\n", "#EXTM3U\nhttps://other.example/1.ts\n"}, // a script reads it, as it was written
	} {
		e.will(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", c.contentType)
			io.WriteString(w, c.body)
		})
		if got := readAll(t, w.get(site+"/list", c.dest, site)); got != c.want {
			t.Errorf("%s for %s: %s, want %s", c.contentType, c.dest, got, c.want)
		}
	}
}
