package proxy

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"tandem/rewrite"
	"tandem/static"
)

// encode packs b by a chain of codings, in the order they are applied.
func encode(t testing.TB, b []byte, codings ...string) []byte {
	t.Helper()
	for _, coding := range codings {
		var out bytes.Buffer
		var w io.WriteCloser
		switch coding {
		case "gzip":
			w = gzip.NewWriter(&out)
		case "deflate":
			w = zlib.NewWriter(&out)
		case "raw":
			w, _ = flate.NewWriter(&out, 5)
		case "br":
			w = brotli.NewWriter(&out)
		case "zstd":
			w, _ = zstd.NewWriter(&out)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		w.Close()
		b = out.Bytes()
	}
	return b
}

func TestDecode(t *testing.T) {
	text := []byte(strings.Repeat("hello ", 1000))
	for _, c := range []struct {
		codings []string
		header  string
	}{
		{nil, ""}, {nil, "identity"}, {[]string{"gzip"}, "gzip"}, {[]string{"gzip"}, "X-GZIP"}, {[]string{"deflate"}, "deflate"}, {[]string{"raw"}, "deflate"},
		{[]string{"br"}, "br"}, {[]string{"zstd"}, "zstd"}, {[]string{"gzip", "br"}, "gzip, br"},
	} {
		r, err := decode(bytes.NewReader(encode(t, text, c.codings...)), []string{c.header}, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: got %d bytes, %v", c.header, len(got), err)
		}
	}
	for _, header := range []string{"dcb", "gzip, gzip, gzip", "compress"} {
		if _, err := decode(strings.NewReader(""), []string{header}, 1<<20); !errors.Is(err, errCoding) {
			t.Errorf("%s: got %v", header, err)
		}
	}
	r, _ := decode(strings.NewReader("plain text"), []string{"gzip"}, 1<<20)
	if _, err := io.ReadAll(r); err == nil {
		t.Error("a lying coding was accepted")
	}
}

// S44: what unpacks to far more than it is gets cut.
func TestS44DecompressionBombs(t *testing.T) {
	zeros := make([]byte, 96<<20)
	for _, coding := range []string{"gzip", "br", "zstd"} {
		packed := encode(t, zeros, coding)
		r, err := decode(bytes.NewReader(packed), []string{coding}, documentMax)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, r)
		if err == nil || n > 16<<20 {
			t.Errorf("%s: %d bytes of %d let through %d, %v", coding, len(packed), len(zeros), n, err)
		}
	}
}

func TestS44DecodersAreBounded(t *testing.T) {
	var wide bytes.Buffer
	enc, err := zstd.NewWriter(&wide, zstd.WithWindowSize(2*zstdWindow))
	if err != nil {
		t.Fatal(err)
	}
	enc.Write([]byte("hello"))
	enc.Flush() // so that its frame tells of the window, and not of a length
	enc.Write([]byte("hello"))
	enc.Close()
	for name, c := range map[string]struct {
		body   []byte
		coding string
		want   error
	}{
		"longer than it may be":   {make([]byte, 101), "", errTooLarge},
		"codings upon each other": {encode(t, encode(t, encode(t, nil, "gzip"), "gzip"), "gzip"), "gzip, gzip, gzip", errCoding},
		"a window of megabytes":   {wide.Bytes(), "zstd", zstd.ErrWindowSizeExceeded},
	} {
		r, err := decode(bytes.NewReader(c.body), []string{c.coding}, 100)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("x"), "gzip")
	f.Add(encode(f, []byte("hello"), "br"), "br")
	f.Add(encode(f, []byte("hello"), "zstd"), "zstd")
	f.Add(encode(f, []byte("hello"), "raw"), "deflate")
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		r, err := decode(bytes.NewReader(body), []string{header}, 1<<20)
		if err != nil {
			return
		}
		if n, _ := io.Copy(io.Discard, r); n > 1<<20 {
			t.Errorf("%d bytes let through", n)
		}
	})
}

func TestOversizedScriptIsRefused(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Write(bytes.Repeat([]byte("/*x*/"), sourceMax/5+10))
	})
	w := newWorld(t, []string{origin})
	w.open(w.site(origin) + "/")
	resp := w.get(w.site(origin)+"/a.js", "script", w.site(origin))
	if got := resp.Header.Get("Tandem-Problem"); got != "too_large" || resp.StatusCode != http.StatusBadGateway {
		t.Errorf("got %s %s", resp.Status, got)
	}
}

// Forms and queries are sent in the encoding of their document, so it is kept.
func TestDocumentsKeepTheirEncoding(t *testing.T) {
	const text = "<title>表示</title><p>ソ\\" // two bytes of which look like back slashes
	for _, c := range []struct {
		header, meta, want string
		encoding           encoding.Encoding
	}{
		{"text/html", "", "utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
		{"text/html; charset=utf-8", "", "utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)}, // the mark counts
		{"text/html; charset=Shift_JIS", "", "Shift_JIS", japanese.ShiftJIS},
		{"text/html", "<meta charset=iso-2022-jp>", "iso-2022-jp", japanese.ISO2022JP},
		{"text/html", `<meta http-equiv=content-type content="text/html; charset=gbk">`, "gbk", simplifiedchinese.GBK},
	} {
		source, err := c.encoding.NewEncoder().String(c.meta + text)
		if err != nil {
			t.Fatal(err)
		}
		origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", c.header)
			io.WriteString(w, source)
		})
		w := newWorld(t, []string{origin})
		resp := w.open(w.site(origin) + "/")
		_, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
		body, err := c.encoding.NewDecoder().String(readAll(t, resp))
		if err != nil || !strings.EqualFold(params["charset"], c.want) || !strings.HasSuffix(body, text) || !strings.Contains(body, "sync.js") {
			t.Errorf("%s %s: got %v %q, %v", c.header, c.meta, params, body, err)
		}
	}
}

func TestCharsetIsNotGuessed(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<form accept-charset=utf-8>\xfc")
	})
	w := newWorld(t, []string{origin})
	if got := w.open(w.site(origin) + "/").Header.Get("Content-Type"); got != "text/html" {
		t.Errorf("got %s", got)
	}
}

// A page that the site sent as a whole has a length, and one that breaks off does
// not look complete.
func TestLengthOfPage(t *testing.T) {
	const page = "<!doctype html><p>all of it</p>"
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/cut" {
			w.Header().Set("Content-Length", "1000")
		}
		io.WriteString(w, page)
	})
	w := newWorld(t, []string{origin})
	resp := w.open(w.site(origin) + "/")
	if body := readAll(t, resp); resp.ContentLength != int64(len(body)) || !strings.HasSuffix(body, page[len("<!doctype html>"):]) {
		t.Errorf("length %d of %q", resp.ContentLength, body)
	}
	r := w.request("GET", w.site(origin)+"/cut", nil, "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-origin", "Referer", w.site(origin)+"/")
	if resp, err := w.client.Do(r); err == nil {
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("%d %q looks complete", resp.StatusCode, body)
		}
	}
}

func TestTextIsShownAsPage(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"a":"</pre><script>alert(1)</script>&"}`)
	})
	w := newWorld(t, []string{origin})
	resp := w.open(w.site(origin) + "/")
	body := readAll(t, resp)
	if !strings.Contains(body, "sync.js") || !strings.HasSuffix(body, `{"a":"&lt;/pre>&lt;script>alert(1)&lt;/script>&amp;"}`) || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("got %s %s", resp.Header.Get("Content-Type"), body)
	}
}

// A picture that a tab goes to is asked for once, and shown by a document of ours.
func TestFileIsShownAsPage(t *testing.T) {
	asked := 0
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
		w.Header().Set("Content-Type", "image/png")
		io.WriteString(w, "PNG bytes")
	})
	w := newWorld(t, []string{origin})
	at := w.site(origin) + "/a.png"
	resp := w.open(at)
	body := readAll(t, resp)
	if !strings.Contains(body, "sync.js") || !strings.Contains(body, `src="`+at+`"`) || strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("got %v %s", resp.Header, body)
	}
	if resp := w.get(at, "image", at); readAll(t, resp) != "PNG bytes" || resp.Header.Get("Content-Type") != "image/png" || asked != 1 {
		t.Errorf("got %v, asked %d times", resp.Header, asked)
	}
	if a, ok := w.session.Assets().Peek(origin + "/a.png"); !ok || string(a.Body) != "PNG bytes" {
		t.Errorf("followers have %q", a.Body)
	}
	readAll(t, w.get(at, "image", at))
	if asked != 2 {
		t.Errorf("what was handed over once is asked for anew: %d", asked)
	}
}

// A PDF comes in a document of ours, where nothing but our viewer may run.
func TestPDFIsShownAsPage(t *testing.T) {
	const length = 50 << 10
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Disposition", `inline; filename="<b>.pdf"`)
		if r.URL.Path == "/large.pdf" {
			w.Header().Set("Content-Length", strconv.Itoa(pdfMax+1))
		}
		for range length / 4 {
			io.WriteString(w, "%PDF")
		}
		if r.URL.Path == "/endless.pdf" {
			io.Copy(w, io.LimitReader(zeros{}, pdfMax))
		}
	})
	w := newWorld(t, []string{origin})
	resp := w.open(w.site(origin) + "/a.pdf")
	body := readAll(t, resp)
	file := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("%PDF"), length/4))
	if !strings.Contains(body, `<script id="file" type="application/pdf">`+file+`</script>`) || !strings.Contains(body, `id="whole"`) || !strings.Contains(body, `data-name="&lt;b&gt;.pdf"`) {
		t.Errorf("got %.2000s", body)
	}
	policies := strings.Join(resp.Header["Content-Security-Policy"], "\n")
	for _, want := range []string{
		"\ndefault-src 'none'; script-src " + w.site(origin) + "/.tandem/ 'wasm-unsafe-eval'; worker-src " + w.site(origin) + "/.tandem/; connect-src " + w.site(origin) + "/.tandem/;",
		"\nframe-ancestors ",
	} {
		if !strings.Contains("\n"+policies, want) {
			t.Errorf("the policies are\n%s\nwithout %q", policies, want)
		}
	}
	if resp := w.open(w.site(origin) + "/large.pdf"); resp.Header.Get("Content-Disposition") != `attachment; filename="<b>.pdf"` {
		t.Errorf("a large one comes as %v", resp.Header)
	}
	if body := readAll(t, w.open(w.site(origin)+"/endless.pdf")); len(body) > 2*pdfMax || strings.Contains(body, `id="whole"`) {
		t.Errorf("one that turns out to be large comes with %d bytes", len(body))
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestKindOfBody(t *testing.T) {
	for _, c := range []struct {
		dest, mode, contentType, disposition string
		status                               int
		want                                 kind
	}{
		{"iframe", "navigate", "text/html", "", 200, page}, {"iframe", "navigate", "", "", 200, page}, {"iframe", "navigate", "text/html", "", 404, page},
		{"iframe", "navigate", "application/xhtml+xml", "", 200, xmlPage}, {"iframe", "navigate", "application/pdf", "", 200, filePage}, {"object", "navigate", "application/pdf", "", 200, filePage}, {"embed", "navigate", "application/pdf", "", 200, filePage}, {"object", "navigate", "image/png", "", 200, plain},
		{"iframe", "navigate", "image/png", "", 200, mediaPage}, {"document", "navigate", "video/mp4", "", 200, mediaPage}, {"iframe", "navigate", "image/svg+xml", "", 200, xmlPage}, {"iframe", "navigate", "application/zip", "", 200, plain},
		{"iframe", "navigate", "text/css", "", 200, textPage}, {"iframe", "navigate", "application/javascript", "", 200, textPage}, {"iframe", "navigate", "text/markdown", "", 200, textPage}, {"iframe", "navigate", "text/csv", "", 200, plain},
		{"iframe", "navigate", "text/html", "attachment; filename=x", 200, plain}, {"iframe", "navigate", "text/html", "", 304, plain}, {"iframe", "navigate", "text/html", "", 206, page},
		{"iframe", "navigate", "text/xml", "", 200, textPage}, {"iframe", "navigate", "application/rss+xml", "", 200, textPage}, {"iframe", "navigate", "image/png;x, text/html", "", 200, page},
		{"empty", "cors", "text/html", "", 200, plain}, {"empty", "cors", "text/javascript", "", 200, plain},
		{"script", "no-cors", "text/plain", "", 200, script}, {"script", "cors", "text/javascript", "", 200, script}, {"audioworklet", "cors", "text/javascript", "", 200, module}, {"iframe", "navigate", "text/plain", "", 200, textPage}, {"worker", "same-origin", "text/javascript", "", 200, worker},
		{"style", "no-cors", "text/css", "", 200, stylesheet}, {"image", "no-cors", "text/html", "", 200, plain}, {"manifest", "cors", "application/json", "", 200, manifest},
		{"video", "no-cors", "application/vnd.apple.mpegurl", "", 200, playlist}, {"video", "no-cors", "video/mp4", "", 206, plain},
		{"", "", "text/javascript; charset=utf-8", "", 200, script}, {"", "", "text/css", "", 200, stylesheet}, {"", "", "image/png", "", 200, plain},
	} {
		in := &http.Request{Method: "GET", Header: http.Header{}}
		in.Header.Set("Sec-Fetch-Dest", c.dest)
		in.Header.Set("Sec-Fetch-Mode", c.mode)
		x := &exchange{in: in, visit: visit{navigate: c.mode == "navigate"}}
		resp := &http.Response{StatusCode: c.status, Header: http.Header{"Content-Type": {c.contentType}, "Content-Disposition": {c.disposition}}}
		x.sent = setType(resp.Header)
		if got := x.kind(resp); got != c.want {
			t.Errorf("%+v: got %d", c, got)
		}
	}
}

// Leader and followers see the same bytes by one request at the site.
func TestStoredResponses(t *testing.T) {
	var asked, revalidated atomic.Int32
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/logo.png":
			asked.Add(1)
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("ETag", `"v1"`)
			w.Header().Set("Cache-Control", "public, max-age=60")
			w.Write([]byte("PNG bytes"))
		case "/always.png":
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("ETag", `"v1"`)
			if r.Header.Get("If-None-Match") == `"v1"` {
				revalidated.Add(1)
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Write([]byte("PNG bytes"))
		case "/style.css":
			w.Header().Set("Content-Type", "text/css")
			w.Write([]byte(`a{background:url(/logo.png)}b{background:url(https://cdn.example/b.png)}c{background:url("img/c.png")}`))
		case "/moved.png":
			http.Redirect(w, r, "/logo.png", http.StatusFound)
		}
	})
	w := newWorld(t, []string{origin})
	site := w.site(origin)
	w.open(site + "/")
	resp := w.get(site+"/logo.png", "image", site)
	readAll(t, resp)
	w.awaitStored(origin + "/logo.png")
	etag := resp.Header.Get("ETag")
	if resp.Header.Get("Cache-Control") != "private, no-cache" || !strings.HasPrefix(etag, storedMark) {
		t.Errorf("got %v", resp.Header)
	}
	if resp = w.get(site+"/logo.png", "image", site, "If-None-Match", etag); resp.StatusCode != http.StatusNotModified || asked.Load() != 1 {
		t.Errorf("fresh: %s after %d requests", resp.Status, asked.Load())
	}
	if resp = w.get(site+"/logo.png", "image", site, "If-None-Match", `"tds-unknown"`); resp.StatusCode != http.StatusOK || asked.Load() != 2 {
		t.Errorf("unknown version: %s after %d requests", resp.Status, asked.Load())
	}
	readAll(t, resp)

	resp = w.get(site+"/always.png", "image", site)
	readAll(t, resp)
	w.awaitStored(origin + "/always.png")
	if resp = w.get(site+"/always.png", "image", site, "If-None-Match", resp.Header.Get("ETag")); resp.StatusCode != http.StatusNotModified || revalidated.Load() != 1 {
		t.Errorf("stale: %s, site asked %d times", resp.Status, revalidated.Load())
	}

	style := readAll(t, w.get(site+"/style.css", "style", site))
	if want := w.site("https://cdn.example") + "/b.png"; !strings.Contains(style, want) {
		t.Errorf("leader's style sheet %s misses %s", style, want)
	}
	w.get(site+"/moved.png", "image", site)

	w.checkFollowers(origin, &asked)
}

// awaitStored waits for what happens right after the last byte was sent.
func (w *world) awaitStored(url string) {
	w.t.Helper()
	eventually(w.t, url+" is stored", func() bool {
		_, ok := w.session.Assets().Peek(url)
		return ok
	})
}

// checkFollowers checks what the view host gives for the responses above.
func (w *world) checkFollowers(origin string, asked *atomic.Int32) {
	t := w.t
	key := agentKey(w)
	before := asked.Load()
	at := func(path string) string {
		return w.content.View(w.id) + assetPrefix + key + "/" + strings.Replace(origin, "://", "/", 1) + path
	}
	if resp := w.do(w.request("GET", at("/logo.png"), nil)); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an image that no mirror shows: %s", resp.Status)
	}
	for _, path := range []string{"/logo.png", "/moved.png", "/style.css", "/never.png"} {
		w.session.Assets().Refer(origin + path)
	}
	for _, path := range []string{"/logo.png", "/moved.png"} {
		resp := w.do(w.request("GET", at(path), nil))
		if body := readAll(t, resp); body != "PNG bytes" || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox") || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %s %q %v", path, resp.Status, body, resp.Header)
		}
	}
	style := readAll(t, w.do(w.request("GET", at("/style.css"), nil)))
	for _, want := range []string{strings.TrimPrefix(at("/logo.png"), w.content.View(w.id)), assetPrefix + key + "/https/cdn.example/b.png"} {
		if !strings.Contains(style, want) {
			t.Errorf("follower's style sheet %s misses %s", style, want)
		}
	}
	for _, u := range []string{at("/never.png"), strings.Replace(at("/logo.png"), key, "wrong", 1)} {
		if resp := w.do(w.request("GET", u, nil)); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: got %s", u, resp.Status)
		}
	}
	if asked.Load() != before {
		t.Error("a follower caused a request to the site")
	}
}

func TestRangesUploadsAndDownloadsPass(t *testing.T) {
	content := strings.Repeat("0123456789", 100)
	var uploaded string
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == "POST":
			b, _ := io.ReadAll(r.Body)
			uploaded = strconv.FormatInt(r.ContentLength, 10) + ":" + string(b)
		case r.URL.Path == "/video.mp4":
			w.Header().Set("Content-Type", "video/mp4")
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
		default:
			w.Header().Set("Content-Disposition", "attachment; filename=x.html")
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Length", strconv.Itoa(len(content)))
			io.WriteString(w, content)
		}
	})
	w := newWorld(t, []string{origin})
	site := w.site(origin)
	w.open(site + "/")
	resp := w.open(site + "/download")
	if body := readAll(t, resp); body != content || resp.ContentLength != int64(len(content)) {
		t.Errorf("download: %d of %d bytes, length %d", len(body), len(content), resp.ContentLength)
	}
	resp = w.get(site+"/video.mp4", "video", site, "Range", "bytes=10-19")
	if body := readAll(t, resp); body != content[10:20] || resp.StatusCode != http.StatusPartialContent {
		t.Errorf("range: %s %q", resp.Status, body)
	}
	readAll(t, w.get(site+"/video.mp4", "video", site, "Range", "bytes=0-"))
	w.awaitStored(origin + "/video.mp4")
	w.do(w.request("POST", site+"/", strings.NewReader("form data"), "Origin", site, "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Site", "same-origin"))
	if uploaded != "9:form data" {
		t.Errorf("upload arrived as %q", uploaded)
	}
}

func TestS12RewrittenScriptsAreSharedUnlessTheyNameTheSession(t *testing.T) {
	c := newScriptCache(1 << 20)
	m := func(id string) *rewrite.Mapper {
		return &rewrite.Mapper{Domain: rewrite.Domain{Scheme: "http", Host: "t.localhost"}, Session: id, Base: rewrite.Origin{Scheme: "https", Host: "a.example"}}
	}
	src := []byte(`import "https://b.example/x.js"; location.href`)
	for _, id := range []string{"aaaaaaaaaaaa", "bbbbbbbbbbbb"} {
		want, _ := rewrite.JS(bytes.Clone(src), rewrite.Script{Kind: rewrite.ScriptModule, Mapper: m(id)})
		for range 2 {
			if got := c.rewrite(src, rewrite.ScriptModule, m(id), nil); !bytes.Equal(got, want) {
				t.Errorf("%s: got %s, want %s", id, got, want)
			}
		}
	}
}

// Many who ask at the same time wait for one of them.
func TestScriptIsRewrittenOnce(t *testing.T) {
	c := newScriptCache(1 << 20)
	m := &rewrite.Mapper{Domain: rewrite.Domain{Scheme: "http", Host: "t.localhost"}, Session: "aaaaaaaaaaaa", Base: rewrite.Origin{Scheme: "https", Host: "a.example"}}
	src := []byte(strings.Repeat("location.href;", 1000))
	var times atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			out := c.rewrite(src, rewrite.ScriptClassic, m, func(int, int) { times.Add(1) })
			if !bytes.HasPrefix(out, []byte("$tandem.location")) {
				t.Errorf("got %.40s", out)
			}
		})
	}
	all.Wait()
	if n := times.Load(); n != 1 {
		t.Errorf("rewritten %d times", n)
	}
}

// The scheme of "//host" is the page's.
func TestScriptsOfTwoSchemesAreKeptApart(t *testing.T) {
	c := newScriptCache(1 << 20)
	m := &rewrite.Mapper{Domain: rewrite.Domain{Scheme: "http", Host: "t.localhost"}, Session: "aaaaaaaaaaaa", Base: rewrite.Origin{Scheme: "https", Host: "a.example"}}
	src := []byte(`import "//b.example/x.js"`)
	over := c.rewrite(src, rewrite.ScriptModule, m, nil)
	m.Base.Scheme = "http"
	if plain := c.rewrite(src, rewrite.ScriptModule, m, nil); bytes.Equal(plain, over) {
		t.Errorf("both %s", plain)
	}
}

// Which script is meant is not told by its hash alone.
func TestScriptCacheComparesScripts(t *testing.T) {
	c := newScriptCache(4096)
	c.put(scriptKey{}, []byte("one"), []byte("rewritten"))
	if out, ok := c.get(scriptKey{}, []byte("two")); ok {
		t.Errorf("got %s for another script of the same hash", out)
	}
}

func TestScriptCacheKeepsItsLimit(t *testing.T) {
	c := newScriptCache(4096)
	for i := range 100 {
		c.put(scriptKey{session: strconv.Itoa(i)}, nil, make([]byte, 500))
		c.get(scriptKey{session: "0"}, nil)
	}
	if c.bytes > c.limit {
		t.Errorf("%d bytes of %d", c.bytes, c.limit)
	}
	if _, ok := c.get(scriptKey{session: "0"}, nil); !ok {
		t.Error("the most used item went first")
	}
	if _, ok := c.get(scriptKey{session: "50"}, nil); ok {
		t.Error("an old item is still there")
	}
}

// Classic and module workers alike begin with our script and its configuration.
func TestWorkerBeginsWithOurs(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, `'use strict'; postMessage(1)`)
	})
	w := newWorld(t, []string{origin})
	w.open(w.site(origin) + "/")
	body := readAll(t, w.get(w.site(origin)+"/w.js", "worker", w.site(origin)))
	ours, _ := static.Script("worker")
	config, script := strings.Index(body, "self.$tandem??={"), strings.Index(body, string(ours))
	if !strings.HasPrefix(body, `"use strict";`) || config < 0 || script < config || strings.LastIndex(body, "postMessage(1)") < script {
		t.Errorf("got %.200s", body)
	}
}
