package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"tandem/session"
)

// TestBenchMirrorScenario32And33Goals measures what the mirror alone has to reach.
func TestBenchMirrorScenario32And33Goals(t *testing.T) {
	onlyBench(t)
	site := httptest.NewServer(http.HandlerFunc(benchSite))
	t.Cleanup(site.Close)
	t.Run("memory", func(t *testing.T) { goalMemory(t, withTandem(t, site.URL)) })
	t.Run("idle", func(t *testing.T) { goalIdle(t, site.URL) })
	t.Run("late", func(t *testing.T) { goalLate(t) })
	t.Run("slow", func(t *testing.T) { goalSlow(t) })
}

// mayGrow is how much a heap may be larger after 500 more of the same: what the
// browser compiles meanwhile, and tables that are not yet full.
const mayGrow = 100 // KB

// goalMemory mounts and unmounts 500 frames and 500 shadow trees, after twice
// as many that the browsers have got used to: until then they compile our scripts,
// and tables that hold what is not yet collected grow to their sizes.
func goalMemory(t *testing.T, p *pair) {
	runtime.MemProfileRate = 512
	type sizes struct{ leader, follower, server, nodes, documents float64 }
	measure := func() (s sizes) {
		for _, w := range []*window{p.leader, p.follower} {
			for range 3 {
				w.call("HeapProfiler.collectGarbage", map[string]any{}, nil)
			}
		}
		of := metrics(p.leader)
		s.leader, s.nodes, s.documents = of["JSHeapUsedSize"]/1024, of["Nodes"], of["Documents"]
		s.follower = metrics(p.follower)["JSHeapUsedSize"] / 1024
		s.server = serverHeap() / 1024
		return s
	}
	for _, kind := range []string{"shadow", "frame"} {
		p.open("/bench.html")
		p.unwatched()
		p.cycle(1000, kind)
		before := measure()
		p.cycle(500, kind)
		after := measure()
		t.Logf("500 %ss: the leader's heap grows by %.0f KB (%+.0f nodes, %+.0f documents), the follower's by %.0f KB, the server's by %.0f KB", kind,
			after.leader-before.leader, after.nodes-before.nodes, after.documents-before.documents, after.follower-before.follower, after.server-before.server)
		if max(after.leader-before.leader, after.follower-before.follower, after.server-before.server) > mayGrow {
			t.Errorf("500 %ss leave more than %d KB", kind, mayGrow)
		}
	}
}

// unwatched ends what a browser keeps for whoever debugs it: every request, and
// the document of every style sheet it told of.
func (p *pair) unwatched() {
	for _, w := range []*window{p.leader, p.follower} {
		for _, domain := range []string{"Network", "CSS", "DOM", "Log", "Overlay"} {
			_ = w.try(domain+".disable", map[string]any{}, nil)
		}
	}
}

// serverHeap is what the server's own code holds, without the test around it.
func serverHeap() (bytes float64) {
	runtime.GC()
	runtime.GC() // a profile is of the heap as the last but one left it
	records := make([]runtime.MemProfileRecord, 100_000)
	n, _ := runtime.MemProfile(records, false)
	for _, r := range records[:n] {
		frames := runtime.CallersFrames(r.Stack())
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			if strings.HasPrefix(f.Function, "tandem/proxy.") || strings.HasPrefix(f.Function, "tandem/session") || strings.HasPrefix(f.Function, "tandem/static.") {
				bytes += float64(r.InUseBytes())
				break
			}
		}
	}
	return bytes
}

// cycle mounts and unmounts something n times, a few at a time.
func (p *pair) cycle(n int, kind string) {
	for range n / 50 {
		get[any](p.leader, p.in, fmt.Sprintf("cycle(50, %q)", kind))
	}
	time.Sleep(6 * time.Second) // a round of digests
}

// goalIdle counts what TCP carries to and from the leader of a session at rest.
func goalIdle(t *testing.T, site string) {
	_, l := meetOver(t, site, "/bench.html", 0, 0, 0)
	time.Sleep(10 * time.Second)
	sent, got := l.up.bytes.Load(), l.down.bytes.Load()
	const seconds = 40
	time.Sleep(seconds * time.Second)
	t.Logf("a session at rest: the leader sends %.0f bit/s and gets %.0f bit/s", float64(l.up.bytes.Load()-sent)*8/seconds, float64(l.down.bytes.Load()-got)*8/seconds)
}

// meetOver starts a session whose leader is at the end of a line.
func meetOver(t *testing.T, site, path string, up, down float64, delay time.Duration) (*pair, *line) {
	l := startLine(t, up, down, delay)
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	m.allow(site)
	m.invite(site+path, session.Shared)
	m.agent = b.open(t, "follower", m.invited.AgentURL, 1400, 1100)
	m.visitor = b.open(t, "leader", m.invited.VisitorURL, 1280, 900, l.through)
	m.accept()
	return pairOf(t, m), l
}

// goalLate has somebody join when a large page has been there for long.
func goalLate(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(largeSite))
	defer site.Close()
	p, _ := meetOver(t, site.URL, "/large.html", 0, 0, 0)
	p.follower.wait(p.at, `document.getElementById('last')`)
	for range 3 {
		begun := time.Now()
		p.follower.call("Page.reload", map[string]any{}, nil)
		p.follower.waitQuick(p.at, complete)
		t.Logf("a follower who joins late sees all of a page of %d KB after %d ms", len(largePage)>>10, time.Since(begun).Milliseconds())
	}
}

// complete is true in a mirror that shows all of the large page.
const complete = `document.getElementById('last') && getComputedStyle(document.getElementById('last')).color === 'rgb(0, 0, 255)' && [...document.images].every((i) => i.naturalWidth > 0)`

// waitQuick is wait for what is timed.
func (w *window) waitQuick(in frame, expression string) {
	w.t.Helper()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var ok bool
		if w.evalOnce(in, "!!("+expression+")", &ok) == nil && ok {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("%s: never: %s", w.name, expression)
		}
	}
}

// goalSlow has the leader at the end of a slow line.
func goalSlow(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(largeSite))
	defer site.Close()
	source, err := os.ReadFile("testdata/mirror/bench.js")
	if err != nil {
		t.Fatal(err)
	}
	_, watch, _ := strings.Cut(string(source), "function whenComplete(")
	watch, _, _ = strings.Cut(watch, "\n\n")
	const kbit = 1000.0 / 8
	for range 3 {
		p, l := meetOver(t, site.URL, "/", 750*kbit, 6000*kbit, 40*time.Millisecond)
		get[any](p.follower, p.show, fmt.Sprintf("(function whenComplete(%s)(() => %s); 0", watch, p.shown))
		sent := l.up.bytes.Load()
		p.goTo("/large.html")
		p.leader.waitQuick(p.in, `document.readyState === 'complete' && document.getElementById('last')`)
		at := get[struct{ Began, Parsed, Complete float64 }](p.leader, p.in, `(({domInteractive, loadEventEnd}) => ({Began: performance.timeOrigin, Parsed: performance.timeOrigin + domInteractive, Complete: performance.timeOrigin + loadEventEnd}))(performance.getEntriesByType('navigation')[0])`)
		p.follower.waitQuick(p.show, "globalThis.completeAt")
		seen := get[float64](p.follower, p.show, "completeAt")
		t.Logf("over 750 kbit/s and 40 ms: %d KB of HTML (%d KB by gzip), parsed after %.1f s, complete after %.1f s, at the follower %.1f s later; %d KB went up", len(largePage)>>10, len(zip(largePage))>>10,
			(at.Parsed-at.Began)/1000, (at.Complete-at.Began)/1000, (seen-at.Complete)/1000, (l.up.bytes.Load()-sent)>>10)
	}
}

func zip(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

// largeSite serves a page of 2 MB with style sheets and pictures.
func largeSite(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/large.html":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(zip(largePage))
	case r.URL.Path == "/large.css":
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, "body{font:14px/1.5 Georgia;margin:0 auto;max-width:800px}.lead{font-size:18px}img{float:right;width:120px;height:80px}#last{color:blue}", strings.Repeat("\n.unused a:hover{color:red}", 2000))
	case strings.HasPrefix(r.URL.Path, "/pictures/"):
		w.Header().Set("Content-Type", "image/svg+xml")
		fmt.Fprint(w, square("#"+filepath.Base(r.URL.Path)), "<!--", strings.Repeat(r.URL.Path, 200), "-->")
	default:
		benchSite(w, r)
	}
}

// largePage is a long read: words as frequent as words are, with the markup and
// the pictures that such pages have. By gzip it is a sixth of its size, as
// articles of news sites and encyclopedias are.
var largePage = func() string {
	random := rand.New(rand.NewPCG(1, 2))
	syllables := strings.Fields("an be co de er fa ge hi in ja ka le mo na or pe qui ra se ti un ve wo xi yo ze tion ing ment ly")
	words := make([]string, 4000)
	for i := range words {
		for range 1 + random.IntN(3) + i/2000 {
			words[i] += syllables[random.IntN(len(syllables))]
		}
	}
	word := func() string { return words[int(math.Exp(random.Float64()*math.Log(float64(len(words)))))-1] }
	text := func(n int) string {
		out := make([]string, n)
		for i := range out {
			out[i] = word()
		}
		return strings.Join(out, " ")
	}
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A long read</title><link rel="stylesheet" href="/large.css"></head><body><main>`)
	const grid = "layout-grid__column layout-grid__column--span-8"
	for i := 0; b.Len() < 2<<20; i++ {
		fmt.Fprintf(&b, `<section class="article-section article-section--standard" id="part-%d" data-component="section"><div class="%s"><h2 class="article-heading article-heading--level-2"><a class="article-heading__anchor" href="#part-%d" aria-label="Link to this section">%s</a></h2></div>`+"\n", i, grid, i, text(5))
		if i < 40 {
			fmt.Fprintf(&b, `<figure class="article-figure article-figure--inline" data-component="image"><div class="%s"><img class="article-figure__image" src="/pictures/%06x" alt="%s" decoding="async"></div><figcaption class="article-figure__caption">%s</figcaption></figure>`+"\n", grid, i*7919%0xffffff, text(3), text(8))
		}
		for range 3 {
			fmt.Fprintf(&b, `<div class="article-block article-block--text" data-component="text-block"><div class="%s"><p class="article-paragraph article-paragraph--standard">%s <a class="inline-link inline-link--standard" href="/articles/%s-%s" data-track="inline-link">%s</a> %s <em>%s</em>.</p></div></div>`+"\n", grid, text(22), word(), word(), text(4), text(18), text(3))
		}
		fmt.Fprintf(&b, `<ul class="article-notes article-notes--standard" data-component="notes"><li class="article-notes__item"><span class="article-notes__text">%s</span></li><li class="article-notes__item"><span class="article-notes__mark">%d</span><span class="article-notes__text">%s</span></li></ul></section>`+"\n", text(6), i, text(5))
	}
	b.WriteString(`<p id="last">The end</p></main></body></html>`)
	return b.String()
}()

// TestBenchMirrorPages compares what the first look at saved pages takes on the
// wire with the size of their HTML. TANDEM_BENCH_PAGES names a directory of them.
func TestBenchMirrorPages(t *testing.T) {
	onlyBench(t)
	files, _ := filepath.Glob(filepath.Join(os.Getenv("TANDEM_BENCH_PAGES"), "*.html"))
	if len(files) == 0 {
		t.Skip("TANDEM_BENCH_PAGES names no directory with saved pages")
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/saved/") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "frame-src 'none'") // what is in frames is no part of the page
			http.ServeFile(w, r, filepath.Join(os.Getenv("TANDEM_BENCH_PAGES"), filepath.Base(r.URL.Path)))
			return
		}
		benchSite(w, r)
	})
	site := httptest.NewServer(handler)
	defer site.Close()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			theirs, _ := withRRWeb(t, handler)
			sent := map[string]int{}
			for _, p := range []*pair{theirs, withTandem(t, site.URL)} {
				before := p.wire()
				p.goTo("/saved/" + name)
				p.leader.waitQuick(p.in, `document.readyState !== 'loading' && location.pathname.startsWith('/saved/')`)
				p.settle()
				sent[p.name] = p.wire() - before
			}
			t.Logf("HTML %d KB, by gzip %.1f KB; Tandem %.1f KB; rrweb %.1f KB", len(text)>>10, float64(len(zip(string(text))))/1024, float64(sent["Tandem"])/1024, float64(sent["rrweb"])/1024)
		})
	}
}
