package static

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/gorilla/websocket"
)

// TestScripts runs src/**/*.test.ts in Chromium. Each file is bundled by itself and loaded as the first script of a
// document on a site's content host, where the sync script would be, so that hooks meet a real page.
func TestScripts(t *testing.T) {
	needChromium(t)
	files, err := findTests("src")
	if err != nil {
		t.Fatal(err)
	}
	site := newTestSite(t, files)
	browser := startBrowser(t)
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "src/"), ".test.ts")
		t.Run(name, func(t *testing.T) { runFile(t, browser, site.page(name)) })
	}
}

func findTests(dir string) (files []string, err error) {
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".test.ts") {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

// needChromium fails a test that cannot see what it is about; -short leaves such tests out.
func needChromium(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("browser tests are skipped by -short")
	}
	if chromium() == "" {
		t.Fatal("no Chromium: install it, or name it in CHROMIUM")
	}
}

func chromium() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func flags(profile string) []chromedp.ExecAllocatorOption {
	return []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium()), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE *.localhost , EXCLUDE localhost , EXCLUDE 127.0.0.1"),
	}
}

func startBrowser(t *testing.T) context.Context {
	t.Helper()
	alloc, stop := chromedp.NewExecAllocator(context.Background(), flags(t.TempDir())...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() { cancel(); stop() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// runFile loads one file's page in a tab of its own and runs its tests one after the other.
func runFile(t *testing.T, browser context.Context, url string) {
	ctx, cancel := chromedp.NewContext(browser)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, 3*time.Minute)
	defer stop()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	names, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`Object.keys(tandemTests)`))
	if err != nil {
		t.Fatalf("%s loaded no tests: %v", url, err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			quoted, _ := json.Marshal(name)
			run := fmt.Sprintf(`(async () => { try { await tandemTests[%s](); return '' } catch (e) { return String(e && e.stack || e) } })()`, quoted)
			problem, err := chromedp.Run(ctx, chromedp.Evaluate[string](run, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			if problem != "" {
				t.Error(problem)
			}
		})
	}
}

// testSite stands in for the proxy: content hosts of one session, with the endpoints that hooks use.
type testSite struct {
	host    string            // the content domain
	bundles map[string]string // test files by name
	worker  string

	mu      sync.Mutex
	cookies map[string]string // by name; the jar
	aliases []string
}

const testSession = "abcdefghij27"

func newTestSite(t *testing.T, files []string) *testSite {
	t.Helper()
	s := &testSite{bundles: map[string]string{}}
	for path, text := range bundleTests(t, append(files, "src/worker.ts", "src/testing/frame.ts")) {
		s.bundles[path] = text
	}
	s.worker = s.bundles["worker"]
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s.host = "tandem-pages.localhost:" + port
	return s
}

func bundleTests(t *testing.T, files []string) map[string]string {
	t.Helper()
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	built := api.Build(api.BuildOptions{
		AbsWorkingDir: root, EntryPoints: files, Outdir: "dist", Outbase: "src", Bundle: true,
		Format: api.FormatIIFE, Target: api.ES2022, Charset: api.CharsetUTF8, LogLevel: api.LogLevelSilent,
	})
	for _, problem := range built.Errors {
		t.Fatalf("bundling: %s (%v)", problem.Text, problem.Location)
	}
	all := map[string]string{}
	for _, file := range built.OutputFiles {
		name, _ := filepath.Rel(filepath.Join(root, "dist"), file.Path)
		name = strings.TrimSuffix(strings.TrimSuffix(filepath.ToSlash(name), ".js"), ".test")
		all[name] = string(file.Contents)
	}
	return all
}

// page is the address of the document that a test file runs in.
func (s *testSite) page(name string) string {
	return "http://shop-example--" + testSession + "." + s.host + "/dir/page?test=" + name + "&a=1#frag"
}

func (s *testSite) config(path string) string {
	b, err := json.Marshal(map[string]any{
		"session": testSession, "origin": "https://shop.example", "url": "https://shop.example" + path,
		"content": map[string]string{"scheme": "http", "host": s.host}, "cookies": s.view(), "referrer": "https://start.example/from",
	})
	if err != nil {
		panic(err) // strings only
	}
	return string(b)
}

// reset makes every file start with the same jar.
func (s *testSite) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cookies, s.aliases = map[string]string{"first": "1"}, nil
}

func (s *testSite) view() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, name := range []string{"first", "a", "b", "c", "header", "store"} {
		if value, ok := s.cookies[name]; ok {
			list = append(list, name+"="+value)
		}
	}
	return strings.Join(list, "; ")
}

// freeLocation is what the stand-in rewrites: names, not members. The real rewriter knows scopes.
var freeLocation = regexp.MustCompile(`(^|[^.\w$"'])location\b`)

func (s *testSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	switch r.URL.Path {
	case "/dir/page":
		s.reset()
		if r.URL.Query().Get("test") == "trusted" {
			w.Header().Set("Content-Security-Policy", "require-trusted-types-for 'script'")
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html><head><script src="/.tandem/sync.js?test=%s" data-tandem="%s"></script></head>`+
			`<body><a id="link" href="http://cdn-example--%s.%s/x">x</a></body></html>`,
			html.EscapeString(r.URL.Query().Get("test")), html.EscapeString(s.config(r.URL.RequestURI())), testSession, s.host)
	case "/.tandem/sync.js":
		w.Header().Set("Content-Type", "text/javascript")
		test := r.URL.Query().Get("test")
		if test == "" {
			test = "testing/frame" // asked for by a document that a test made
		}
		io.WriteString(w, s.bundles[test])
	case "/.tandem/worker.js":
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, s.worker)
	case "/worker.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, "self.$tandem=%s;\n%s\n;\n%s", s.config("/worker.js"), s.worker, workerSource)
	case "/.tandem/cookie":
		s.setCookie(w, r)
	case "/.tandem/js":
		source, _ := io.ReadAll(r.Body)
		if r.URL.Query().Get("kind") == "url" {
			source = slices.Concat([]byte("$tandem.html("), source, []byte("/*$*/)"))
		}
		if before, after, ok := bytes.Cut(source, []byte("({location}\n) {")); ok {
			fmt.Fprintf(w, "%s({location}\n) {location=$tandem.v(location);%s", before, after)
			return
		}
		text := freeLocation.ReplaceAllString(string(source), "$1$$tandem.location")
		io.WriteString(w, strings.ReplaceAll(text, `from "https://cdn.example/`, `from "http://cdn-example--`+testSession+"."+s.host+"/"))
	case "/module.js":
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, "export const host = %q", strings.Split(r.Host, "--")[0])
	case "/.tandem/alias":
		if r.URL.Query().Get("token") == "0t-aaaaaaaaaaaaaaaa" {
			http.NotFound(w, r)
			return
		} else if r.URL.Query().Has("token") {
			io.WriteString(w, "https://made_elsewhere.example")
			return
		}
		origin, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.aliases = append(s.aliases, string(origin))
		s.mu.Unlock()
	case "/aliases":
		s.mu.Lock()
		defer s.mu.Unlock()
		json.NewEncoder(w).Encode(s.aliases)
	case "/set":
		s.mu.Lock()
		s.cookies["header"] = "yes"
		s.mu.Unlock()
		w.Header().Set("tandem-cookie", strings.ReplaceAll(strings.ReplaceAll(s.view(), "=", "%3D"), "; ", "%3B%20"))
	case "/socket":
		s.echoSocket(w, r)
	case "/redirect":
		http.Redirect(w, r, "http://cdn-example--"+testSession+"."+s.host+"/echo", http.StatusFound)
	case "/events":
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: hello\n\n")
	case "/frame":
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<script>addEventListener('message', e => e.source.postMessage([e.data, location.host], '*'))</script>`)
	default:
		json.NewEncoder(w).Encode(map[string]string{"host": strings.Split(r.Host, "--")[0], "path": r.URL.RequestURI()})
	}
}

const workerSource = `
postMessage([location.href, location.host, location.origin, self.origin]);
fetch('https://cdn.example/data').then(r => r.json().then(j => postMessage([r.url, j])));`

func (s *testSite) setCookie(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		line, _ := io.ReadAll(r.Body)
		name, rest, _ := strings.Cut(string(line), "=")
		value, attributes, _ := strings.Cut(rest, ";")
		s.mu.Lock()
		if strings.Contains(attributes, "1970") {
			delete(s.cookies, name)
		} else if !strings.Contains(strings.ToLower(attributes), "httponly") {
			s.cookies[name] = value
		}
		s.mu.Unlock()
	}
	io.WriteString(w, s.view())
}

func (s *testSite) echoSocket(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage, []byte(strings.Split(r.Host, "--")[0]))
}
