package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"tandem/session"
)

// Probes: a site looks at itself and at its own server's view of it in many
// small ways, once as it is and once through the proxy, in the same browser.
// What it sees has to be the same. While one is worked on, TANDEM_TEST_PROBES can
// be a regular expression for the names of those to run; "twice" runs all of them
// directly twice.

//go:embed testdata/probes
var probeFiles embed.FS

// differences are what pages can see of the proxy, by engine ("" is every one),
// and why. A probe that is listed and does not differ fails as well, so that
// this is true.
var differences = []struct{ engine, probe, why string }{
	{"", "natives: globals of ours", "rewritten scripts call the global $tandem"},
	{"", "features: permissions", "no camera, microphone, position or notifications while two people look"},
	{"", "service worker: absent", "no service workers, as in a browser without them"},
	{"", "frame: data", "data: documents could not be kept from leaving the session"},
	{"", "document kind: XML", "a follower has no XML viewer, so it is shown as text"},
	{"", "fetch: headers of the response", "headers that the browser acts on are ours"},
	{"", "module: missing", "the message of a failed import is the browser's, and the error's own property"},
	{"", "html: odd markup", "serialised markup has addresses in their usual spelling"},
	{"", "document: selectors", "a part of every proxied address cannot be told from one of the site's"},
	{"", "location: computed of an unknown object", "only members of what may be a window are followed by name"},
	{"", "window: inner size", "our shell's frame takes some of it"},
	{"", "window: focus", "our shell has it until the visitor clicks into the page"},
	{"chromium", "open: without a press", "what a follower does is no press to the browser, so tabs open without one"},
	{"", "target: referrer of a form of a frame in another frame", "what our frame's sandbox keeps a frame from, a document above it does"},
	{"firefox", "open: opener of a frame", "likewise"},
	{"firefox", "window: what it is", "documents of ours are kept apart by origin"},
	{"", "referrer policy: of a sheet's own requests", "the browser's own Referer tells requests apart; a sheet's policy is not remembered"},
	{"", `selector in a style sheet: [href*="--"]`, "a part of every proxied address cannot be told from one of the site's"},
	{"", "fault, more: what started this page", "our shell did"},
	{"chromium", "fault, frames: the address of a program", "a policy of ours names where frames may go, and an error page is shown"},
	{"", "policy: image", "the browser names the script that asked, which is ours"},
	{"firefox", "error: fileName", "an own property of every error"},
	{"firefox", "natives: order of window", "Firefox lists names in the order they were first used in, also by us"},
	{"firefox", "performance: protocol", "hidden by the redirects that bring the visitor's cookie"},
	{"firefox", "cookies: nameless", "the jar keeps RFC 6265bis; Firefox has a name without a value instead"},
	{"firefox", "cookies: of another site", "cookies without SameSite are Lax, as in Chromium"},
}

func TestScenario36And37Probes(t *testing.T) {
	only := os.Getenv("TANDEM_TEST_PROBES")
	inBrowsers(t, func(t *testing.T, e engine) {
		wrong := probe(t, e, only)
		if len(wrong) > 0 {
			// Some wait for what a browser does in its own time; on a busy machine, in
			// vain. What differs because of us differs again.
			t.Logf("once more, for %q", slices.Sorted(maps.Keys(wrong)))
			again := probe(t, e, only)
			maps.DeleteFunc(wrong, func(name, _ string) bool { return again[name] == "" })
		}
		for _, name := range slices.Sorted(maps.Keys(wrong)) {
			t.Errorf("%s %s", name, wrong[name])
		}
	})
}

// probe runs all probes directly and through the proxy, and returns what is wrong.
func probe(t *testing.T, e engine, only string) (wrong map[string]string) {
	t.Helper()
	s := newProbeSite(t, only)
	direct := s.run(t, "direct", func() { e.open(t, "direct", s.here+"/", 1280, 900) })
	if only == "twice" {
		return compare(e.name(), true, direct, s.run(t, "direct again", func() { e.open(t, "direct again", s.here+"/", 1280, 900) }))
	}
	proxied := s.run(t, "proxied", func() {
		m := &meeting{t: t, server: startServer(t, t.TempDir())}
		m.allow(s.here, s.near, s.other)
		for _, far := range []string{"fetch", "request", "xhr", "login"} { // hosts that nothing else is asked of
			m.allow(strings.Replace(s.near, "near", far, 1))
		}
		m.invite(s.here+"/", session.Shared)
		w := e.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
		w.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
		w.click(top, "[data-tandem=accept]")
	})
	t.Logf("%d probes", len(direct))
	return compare(e.name(), only == "", direct, proxied)
}

// compare tells of every probe whose results differ, but for the known ones; and
// if all were run, of known ones that are none.
func compare(engine string, all bool, direct, proxied map[string]string) (wrong map[string]string) {
	wrong = map[string]string{}
	known := map[string]bool{}
	for _, d := range differences {
		known[d.probe] = known[d.probe] || d.engine == "" || d.engine == engine
	}
	for _, name := range slices.Sorted(maps.Keys(direct)) {
		want, got := direct[name], proxied[name]
		if _, ran := proxied[name]; !ran {
			got = "did not run"
		}
		switch {
		case strings.HasSuffix(want, "throws did not end"):
			wrong[name] = "does not end, and shows nothing"
		case want == got && known[name]:
			wrong[name] = "no longer differs"
		case want != got && !known[name]:
			from := 0
			for from < len(want) && from < len(got) && want[from] == got[from] {
				from++
			}
			from = max(0, from-80)
			wrong[name] = fmt.Sprintf("\n direct:  %.700q\n proxied: %.700q", want[min(from, len(want)):], got[min(from, len(got)):])
		}
	}
	for name := range known {
		if _, ran := direct[name]; !ran && all {
			wrong[name] = "is no probe"
		}
	}
	return wrong
}

// probeSite is a site on three origins: two of one site, and another.
type probeSite struct {
	here, near, other string
	files             *strings.Replacer

	mu      sync.Mutex
	seen    map[string][]map[string]any // requests by their k
	pages   map[string]map[string]any   // requests for documents
	results map[string]string
	took    []time.Duration // each page
	began   time.Time
	done    chan struct{}
}

func newProbeSite(t *testing.T, only string) *probeSite {
	t.Helper()
	if only == "twice" {
		only = ""
	}
	s := &probeSite{}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	s.here, s.near, s.other = "http://probe.localhost:"+port, "http://near.probe.localhost:"+port, "http://other.localhost:"+port
	sri, err := probeFiles.ReadFile("testdata/probes/file/sri.js")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(sri)
	s.files = strings.NewReplacer("$ONLY", strconv.Quote(only), "$HERE", s.here, "$NEAR", s.near, "$OTHERHOST", "other.localhost:"+port, "$OTHER", s.other,
		"$HOST", "probe.localhost:"+port, "$PORT", port, "$SRI", base64.StdEncoding.EncodeToString(sum[:]))
	return s
}

// run lets the pages look at themselves, and returns what they saw.
func (s *probeSite) run(t *testing.T, what string, open func()) map[string]string {
	t.Helper()
	s.mu.Lock()
	s.seen, s.pages, s.results, s.done = map[string][]map[string]any{}, map[string]map[string]any{}, map[string]string{}, make(chan struct{})
	s.took, s.began = nil, time.Now()
	done := s.done
	s.mu.Unlock()
	open()
	ended := "reached"
	select {
	case <-done:
	case <-time.After(4 * patience):
		ended = "not reached by the pages that are " + what
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results["the end"] = ended
	t.Logf("%s: %d probes, pages ready after %v", what, len(s.results), s.took)
	return s.results
}

func (s *probeSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, h := r.URL.Query(), w.Header()
	for _, line := range q["h"] {
		name, value, _ := strings.Cut(line, ":")
		h.Add(name, strings.TrimSpace(value))
	}
	h.Set("Cache-Control", "no-store")
	if q.Has("cors") {
		h.Set("Access-Control-Allow-Origin", q.Get("cors"))
		for name, value := range map[string]string{"Credentials": q.Get("credentials"), "Methods": q.Get("methods"), "Headers": q.Get("headers")} {
			if value != "" {
				h.Set("Access-Control-Allow-"+name, value)
			}
		}
		if q.Has("expose") {
			h.Set("Access-Control-Expose-Headers", q.Get("expose"))
		}
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	request := requestSeen(r, string(body))
	if k := q.Get("k"); k != "" {
		s.mu.Lock()
		s.seen[k] = append(s.seen[k], request)
		s.mu.Unlock()
	}
	switch {
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case path.Base(r.URL.Path) == "echo":
		sendJSON(w, request["headers"])
	case r.URL.Path == "/seen":
		s.mu.Lock()
		defer s.mu.Unlock()
		sendJSON(w, append([]map[string]any{}, s.seen[q.Get("key")]...))
	case r.URL.Path == "/page-request":
		s.mu.Lock()
		defer s.mu.Unlock()
		sendJSON(w, s.pages[q.Get("page")])
	case r.URL.Path == "/results":
		s.take(body)
	case r.URL.Path == "/redirect":
		to, status := q.Get("to"), http.StatusFound
		if q.Has("loop") {
			to = r.RequestURI
		}
		if n, err := strconv.Atoi(q.Get("status")); err == nil {
			status = n
		}
		h.Set("Location", to)
		w.WriteHeader(status)
	case r.URL.Path == "/serve":
		serveProbe(w, q)
	case r.URL.Path == "/png":
		h.Set("Content-Type", "image/png")
		_ = png.Encode(w, image.NewGray(image.Rect(0, 0, 2, 2)))
	case r.URL.Path == "/bytes":
		h.Set("Content-Type", "video/webm")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("0123456789"))
	case r.URL.Path == "/font":
		h.Set("Content-Type", "font/woff2")
		io.WriteString(w, "not a font")
	case r.URL.Path == "/slow":
		<-r.Context().Done()
	case r.URL.Path == "/events":
		h.Set("Content-Type", "text/event-stream")
		io.WriteString(w, "id: 7\ndata: d\n\nevent: named\ndata: n\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case r.URL.Path == "/socket":
		s.socket(w, r)
	default:
		s.file(w, r, request)
	}
}

// requestSeen is a request as the site's server saw it, without what is not the
// same twice and, unless all is asked for, what is the same in all of them.
func requestSeen(r *http.Request, body string) map[string]any {
	headers := map[string]string{}
	for name, values := range r.Header {
		headers[name] = strings.Join(values, " + ")
	}
	delete(headers, "Connection")
	delete(headers, "Content-Length")
	delete(headers, "Sec-Fetch-Storage-Access") // depends on what this browser does with cookies of third parties
	if !r.URL.Query().Has("all") {
		maps.DeleteFunc(headers, func(name, _ string) bool {
			return slices.Contains([]string{"User-Agent", "Accept-Language", "Accept-Encoding", "Priority"}, name) || strings.HasPrefix(name, "Sec-Ch-Ua")
		})
	}
	if _, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && params["boundary"] != "" {
		headers["Content-Type"] = strings.ReplaceAll(headers["Content-Type"], params["boundary"], "BOUNDARY")
		body = strings.ReplaceAll(body, params["boundary"], "BOUNDARY")
	}
	return map[string]any{"method": r.Method, "url": r.Host + r.RequestURI, "headers": headers, "body": body}
}

func sendJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// take keeps what a page saw.
func (s *probeSite) take(body []byte) {
	var page struct {
		Results map[string]string
		Last    bool
	}
	err := json.Unmarshal(body, &page)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		page.Results = map[string]string{"results": err.Error()}
	}
	maps.Copy(s.results, page.Results)
	s.took = append(s.took, time.Since(s.began).Round(100*time.Millisecond))
	if page.Last {
		close(s.done)
	}
}

// serveProbe answers as the query says.
func serveProbe(w http.ResponseWriter, q map[string][]string) {
	get := func(name, otherwise string) string {
		if v := q[name]; len(v) > 0 {
			return v[0]
		}
		return otherwise
	}
	if kind := get("type", "text/plain; charset=utf-8"); kind != "" {
		w.Header().Set("Content-Type", kind)
	} else {
		w.Header()["Content-Type"] = nil
	}
	status, err := strconv.Atoi(get("status", "200"))
	if err != nil {
		status = http.StatusBadRequest
	}
	w.WriteHeader(status)
	io.WriteString(w, get("body", ""))
}

// socket answers what it is sent with who asked.
func (s *probeSite) socket(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }, Subprotocols: []string{"p2"}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		kind, _, err := conn.ReadMessage()
		if err != nil {
			return
		}
		_ = conn.WriteMessage(kind, []byte(strings.Join([]string{r.Host, r.RequestURI, r.Header.Get("Origin"), r.Header.Get("Cookie"), r.Header.Get("Sec-WebSocket-Protocol"), r.Header.Get("Sec-Fetch-Site")}, " ")))
	}
}

// file serves what is in testdata, with the site's addresses filled in.
func (s *probeSite) file(w http.ResponseWriter, r *http.Request, request map[string]any) {
	name, h := strings.TrimPrefix(r.URL.Path, "/"), w.Header()
	switch name {
	case "":
		name = "index.html"
		h.Set("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
	case "second.html":
		h.Set("Content-Security-Policy", s.files.Replace("default-src 'self'; script-src 'self' 'nonce-abc' $HERE; style-src 'nonce-abc'; img-src $HERE; connect-src 'self' $HERE; "+
			"frame-src 'none'; worker-src 'none'; base-uri 'none'; form-action 'self'; report-uri /report?k=report"))
	case "third.html":
		h.Set("Content-Security-Policy", "require-trusted-types-for 'script'; trusted-types probe")
	}
	if page, ok := strings.CutSuffix(name, ".html"); ok && !strings.Contains(name, "/") {
		s.mu.Lock()
		s.pages[strings.Replace(page, "index", "main", 1)] = request
		s.mu.Unlock()
	}
	if text, ok := s.charset(name, h); ok {
		_, _ = w.Write(text)
		return
	}
	text, err := probeFiles.ReadFile("testdata/probes/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	types := map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript", ".css": "text/css", ".xhtml": "application/xhtml+xml", ".svg": "image/svg+xml", ".xml": "application/xml"}
	h.Set("Content-Type", types[path.Ext(name)])
	if name == "fourth.html" {
		h.Set("Content-Type", "text/html")
	}
	io.WriteString(w, s.files.Replace(string(text)))
}

// charset serves one page in several encodings.
func (s *probeSite) charset(name string, h http.Header) ([]byte, bool) {
	kinds := map[string]struct {
		encoding     encoding.Encoding
		header, meta string
	}{
		"file/latin1.html":    {charmap.ISO8859_1, "text/html; charset=iso-8859-1", ""},
		"file/sjis.html":      {japanese.ShiftJIS, "text/html", "<meta charset=shift_jis>"},
		"file/utf16.html":     {unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "text/html", ""},
		"file/nocharset.html": {charmap.Windows1252, "text/html", ""},
		"file/bom.html":       {unicode.UTF8BOM, "text/html", ""},
	}
	kind, ok := kinds[name]
	if !ok {
		return nil, false
	}
	source, err := probeFiles.ReadFile("testdata/probes/charset.html")
	if err != nil {
		return nil, false
	}
	source = bytes.Replace(source, []byte("$META"), []byte(kind.meta), 1)
	text, err := encoding.HTMLEscapeUnsupported(kind.encoding.NewEncoder()).Bytes(source)
	if err != nil {
		return nil, false
	}
	h.Set("Content-Type", kind.header)
	return text, true
}
