package static

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

var example = Data{
	Session: "abcdefghijkl", Control: "https://app.example.net", Around: "https://app.example.net",
	Content: Content{Scheme: "https", Host: "pages.example.org"},
}

func TestAssetsAreKeptForEverUnderTheirHashOnly(t *testing.T) {
	t.Parallel()
	_, hash := Script("shell")
	for _, tt := range []struct {
		method, path string
		header       map[string]string
		status       int
		cache        string
	}{
		{"GET", "shell.js?v=" + hash, nil, 200, "public, max-age=31536000, immutable"},
		{"HEAD", "shell.js?v=" + hash, nil, 200, "public, max-age=31536000, immutable"},
		{"GET", "shell.js?v=other", nil, 200, "no-cache"},
		{"GET", "shell.js", nil, 200, "no-cache"},
		{"GET", "shell.js", map[string]string{"If-None-Match": `"` + hash + `"`}, 304, "no-cache"},
		{"POST", "shell.js", nil, 405, ""},
		{"GET", "", nil, 404, ""},
		{"GET", "../static.go", nil, 404, ""},
		{"GET", "nothing.js", nil, 404, ""},
	} {
		r := httptest.NewRequest(tt.method, Prefix+tt.path, nil)
		for name, value := range tt.header {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		Handler().ServeHTTP(w, r)
		if w.Code != tt.status || tt.cache != "" && w.Header().Get("Cache-Control") != tt.cache {
			t.Errorf("%s %s: %d, Cache-Control %q; want %d, %q", tt.method, tt.path, w.Code, w.Header().Get("Cache-Control"), tt.status, tt.cache)
		}
		if w.Code == 200 && w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("%s %s: type %q", tt.method, tt.path, w.Header().Get("Content-Type"))
		}
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	for page, want := range map[string][]string{
		"code":     {"script-src 'self'", "frame-ancestors 'none'", "form-action 'none'", "connect-src 'self'", "trusted-types 'none'"},
		"overview": {"script-src 'self'", "frame-ancestors 'none'", "form-action 'none'", "connect-src 'self'", "trusted-types 'none'"},
		"consent":  {"frame-ancestors 'none'", "form-action https://shell--abcdefghijkl.pages.example.org", "base-uri 'none'"},
		"console":  {"frame-src https://view--abcdefghijkl.pages.example.org", "connect-src 'self' wss://app.example.net", "frame-ancestors 'none'"},
		"shell": {"frame-src https://*.pages.example.org blob:", "connect-src 'self' wss://shell--abcdefghijkl.pages.example.org",
			"frame-ancestors 'none'"},
		"view":    {"frame-ancestors https://app.example.net", "frame-src 'self'", "script-src 'self'"},
		"storage": {"frame-ancestors https://shell--abcdefghijkl.pages.example.org", "script-src 'self'", "form-action 'none'"},
		"mirror":  {"script-src 'none'", "connect-src 'none'", "frame-src 'none'", "form-action 'none'", "frame-ancestors 'self' https://app.example.net"},
	} {
		w := httptest.NewRecorder()
		Page(w, httptest.NewRequest("GET", "/", nil), page, example)
		got := "; " + w.Header().Get("Content-Security-Policy") + ";"
		for _, directive := range append(want, "default-src 'none'", "base-uri 'none'") {
			if !strings.Contains(got, "; "+directive+";") {
				t.Errorf("%s: policy lacks %q: %s", page, directive, got)
			}
		}
		if scripts, _, _ := strings.Cut(strings.SplitAfter(got, "script-src ")[1], ";"); strings.Contains(scripts, "unsafe") {
			t.Errorf("%s allows %s", page, scripts)
		}
		if cache := w.Header().Get("Cache-Control"); cache != "no-store" {
			t.Errorf("%s: Cache-Control %q", page, cache)
		}
		if strings.Contains(w.Body.String(), "onclick") || strings.Contains(w.Body.String(), "<script>") {
			t.Errorf("%s has an inline script", page)
		}
	}
}

// The ticket is taken from CONTROL only, and browsers name it only under this policy.
func TestConsentSendsItsOrigin(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Page(w, httptest.NewRequest("GET", "/", nil), "consent", example)
	if got := w.Header().Get("Referrer-Policy"); got != "strict-origin" {
		t.Errorf("Referrer-Policy %q", got)
	}
}

func TestMirrorHasTheDoctypeOfItsMode(t *testing.T) {
	t.Parallel()
	for quirks, want := range map[bool]string{
		false: "<!doctype html><html><head></head><body></body></html>",
		true:  "<html><head></head><body></body></html>",
	} {
		w := httptest.NewRecorder()
		Page(w, httptest.NewRequest("GET", "/", nil), "mirror", Data{Quirks: quirks})
		if got := strings.TrimSpace(w.Body.String()); got != want {
			t.Errorf("quirks %v: %q, want %q", quirks, got, want)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	problem := Problem{
		Status: 502, Code: "unreachable", Title: "problem.unreachable.title", Detail: "problem.later",
		Words: Words{"host": "<b>shop</b>"}, Framer: "https://shell--abcdefghijkl.pages.example.org",
	}
	write := func(header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/", nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		WriteProblem(w, r, problem)
		return w
	}
	page := write("Sec-Fetch-Dest", "iframe")
	body := page.Body.String()
	if page.Code != 502 || page.Header().Get("Tandem-Problem") != "unreachable" {
		t.Errorf("status %d, code %q", page.Code, page.Header().Get("Tandem-Problem"))
	}
	if strings.Contains(body, "<b>") || !strings.Contains(body, "&lt;b&gt;shop&lt;/b&gt; cannot be reached") {
		t.Errorf("text became markup:\n%s", body)
	}
	if got := page.Header().Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors "+problem.Framer) || strings.Contains(got, "unsafe") {
		t.Errorf("policy %s", got)
	}
	for _, header := range [][]string{{"Sec-Fetch-Dest", "script"}, {"Sec-Fetch-Dest", "empty", "Accept", "text/html"}, {"Accept", "*/*"}} {
		plain := write(header...)
		if got := plain.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
			t.Errorf("%v: %s", header, got)
		}
		if got := plain.Body.String(); got != "<b>shop</b> cannot be reached. Try again in a moment.\n" {
			t.Errorf("%v: %q", header, got)
		}
	}
	if got := write("Accept", "text/html,*/*").Header().Get("Content-Type"); !strings.HasPrefix(got, "text/html") {
		t.Errorf("an old browser's document request got %s", got)
	}
	problem.Status = 0
	if got := write().Code; got != http.StatusInternalServerError {
		t.Errorf("no status: %d", got)
	}
}
