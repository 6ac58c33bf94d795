package proxy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// Benchmark compares what the whole proxy costs with a tuned reverse proxy that
// rewrites nothing: processor time of this process, which runs both in turns,
// for the same body. Site and browsers are in another process. Eight browsers
// ask at a time; with one, waking up would be most of the time.
func Benchmark(b *testing.B) {
	for _, bm := range []struct {
		name, contentType string
		body              []byte
		headers           []string
	}{
		{"page", "text/html; charset=utf-8", benchPage(), []string{"Sec-Fetch-Dest: iframe", "Sec-Fetch-Mode: navigate", "Accept: text/html"}},
		{"links", "text/html; charset=utf-8", linkPage(), []string{"Sec-Fetch-Dest: iframe", "Sec-Fetch-Mode: navigate", "Accept: text/html"}},
		{"image", "image/jpeg", bytes.Repeat([]byte("\xff\xd8\xff\xe0 not really one "), 50_000/20), []string{"Sec-Fetch-Dest: image", "Sec-Fetch-Mode: no-cors"}},
		{"script", "text/javascript", benchScript(), []string{"Sec-Fetch-Dest: script", "Sec-Fetch-Mode: no-cors"}},
		{"data", "application/json", bytes.Repeat([]byte(`{"a":1}`), 100), []string{"Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors"}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			versus(b, bm.contentType, bm.body, bm.headers)
		})
	}
}

const (
	browsers     = 8
	perBrowser   = 25
	perIteration = browsers * perBrowser
)

func versus(b *testing.B, contentType string, body []byte, headers []string) {
	peer := newBenchPeer(b, contentType, body)
	w := newWorld(b, []string{peer.origin})
	w.open(w.site(peer.origin) + "/")
	target := mustURL(peer.origin)
	anchor := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:  &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true},
		BufferPool: new(freeBuffers),
	})
	b.Cleanup(anchor.Close)

	site := mustURL(w.site(peer.origin))
	headers = append(headers, "Sec-Fetch-Site: same-origin", "Referer: "+site.String()+"/", "Accept-Encoding: identity", "User-Agent: Mozilla/5.0",
		"Accept-Language: en", "Cookie: "+cookiesFor(w, site.String()))
	ours := fetches{Addr: w.addr, Head: "GET /it HTTP/1.1\r\nHost: " + site.Host + "\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"}
	theirs := ours
	theirs.Addr = anchor.Listener.Addr().String()
	peer.fetch(b, ours) // fills caches
	peer.fetch(b, theirs)
	var a, z time.Duration
	for b.Loop() {
		start := cpu()
		peer.fetch(b, ours)
		middle := cpu()
		peer.fetch(b, theirs)
		a, z = a+middle-start, z+cpu()-middle
	}
	n := float64(b.N) * perIteration
	b.ReportMetric(float64(a)/float64(z), "times-the-cpu")
	b.ReportMetric(float64(a.Microseconds())/n, "our-us/fetch")
	b.ReportMetric(float64(z.Microseconds())/n, "their-us/fetch")
	b.ReportMetric(0, "ns/op")
}

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	const processClock = 2 // CLOCK_PROCESS_CPUTIME_ID
	var t syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, processClock, uintptr(unsafe.Pointer(&t)), 0)
	return time.Duration(t.Nano())
}

func cookiesFor(w *world, address string) string {
	var pairs []string
	for _, c := range w.client.Jar.Cookies(mustURL(address)) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// benchPage has as much of everything as the front page of a company that HTML
// rewriters are often measured with: in 119 KB about 1100 tags, 2000 attributes,
// 350 URLs, 50 of them absolute, 27 small scripts, and a lot of white space.
func benchPage() []byte {
	const gap = "\n\n\n\n      \n\n\n\n"
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n  <head>\n    <meta charset=\"UTF-8\">\n    <title>Shop &amp; more</title>\n")
	for i := range 23 {
		fmt.Fprintf(&b, "    <link rel=\"alternate\" hreflang=\"l%d\" href=\"https://shop.example/l%d/\">%s    <meta property=\"og:p%d\" content=\"Everything about cups, number %d\">\n", i, i, gap, i, i)
	}
	b.WriteString("  </head>\n  <body class=\"home\">\n")
	for i := range 27 {
		fmt.Fprintf(&b, `    <section class="section section-%[1]d" id="part-%[1]d">
      <div class="container wide"><div class="row"><div class="column"><div class="column__inside">
        <h2 class="heading heading--large">Part %[1]d of the whole catalogue</h2>
        <script type="text/javascript" nonce="n%[1]d">window.parts = window.parts || []; window.parts.push(%[1]d);</script>
        <noscript><img height="1" width="1" src="/pixel?part=%[1]d"></noscript>
`, i)
		for j := range 8 {
			fmt.Fprintf(&b, `            <a class="link link--big" href="/products/%[1]d/%[2]d?ref=list" data-tracking-category="navigation" data-tracking-action="click" data-tracking-label="product-%[1]d-%[2]d">
                <span class="link__text link__text--%[2]d">
                    Cup number %[1]d.%[2]d, which is good for tea%[4]s
                </span>
            </a>%[3]s`, i, j, gap, strings.Repeat(", coffee", (7*i+13*j)%14))
		}
		fmt.Fprintf(&b, `        <ul class="list">
          <li class="card"><div class="card__body"><img class="card__image" src="https://img.example/%[1]d.jpg" alt="A cup"></div><p>%[2]s</p></li>
          <li class="card"><div class="card__body"><a href="/more/%[1]d"><img class="card__image" src="/img/%[1]d.jpg" alt="A cup"></a></div><p>%[2]s</p></li>
          <li class="card"><a href="/yet/more/%[1]d"><div class="card__body"></div></a><p>%[2]s</p></li>
        </ul>
      </div></div></div></div>
    </section>%[3]s`, i, strings.Repeat("Further text about this part, as pages have it, with nothing to rewrite in it. ", 1+i%2), gap)
	}
	b.WriteString("  </body>\n</html>\n")
	return b.Bytes()
}

// linkPage is the worst of pages: little but tags and URLs.
func linkPage() []byte {
	var b bytes.Buffer
	b.WriteString("<!doctype html><html><head><title>Shop</title></head><body><ul>\n")
	for i := 0; b.Len() < 119_000; i++ {
		fmt.Fprintf(&b, `<li class="item card" data-price="%d"><a class="name" href="/product/%d?ref=list">Cup %d</a> <p>Good for tea, and for nothing else.</p><img loading=lazy src="https://img.example/%d.jpg" alt="" width=80></li>`+"\n", i, i, i, i)
	}
	return b.Bytes()
}

func benchScript() []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < 130_000; i++ {
		fmt.Fprintf(&b, "function f%d(a, b) { if (a > b) { return location.href + a } return a / b * %d }\n", i, i)
	}
	return b.Bytes()
}

// freeBuffers is what a tuned reverse proxy copies with.
type freeBuffers struct{ pool sync.Pool }

func (p *freeBuffers) Get() []byte {
	if b, ok := p.pool.Get().(*[32 << 10]byte); ok {
		return b[:]
	}
	return make([]byte, 32<<10)
}

func (p *freeBuffers) Put(b []byte) { p.pool.Put((*[32 << 10]byte)(b)) }

// benchPeer is the other process: the site and its visitors.
type benchPeer struct {
	origin   string
	orders   *json.Encoder
	outcomes *json.Decoder
}

// fetches is an order to the other process: perBrowser times from each browser.
type fetches struct{ Addr, Head string }

const benchPeerType, benchPeerBody = "TANDEM_BENCH_TYPE", "TANDEM_BENCH_BODY"

func newBenchPeer(b *testing.B, contentType string, body []byte) *benchPeer {
	file := b.TempDir() + "/body"
	if err := os.WriteFile(file, body, 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), benchPeerType+"="+contentType, benchPeerBody+"="+file)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close() // it ends
		cmd.Wait()
	})
	p := &benchPeer{orders: json.NewEncoder(in), outcomes: json.NewDecoder(out)}
	if err := p.outcomes.Decode(&p.origin); err != nil {
		b.Fatal(err)
	}
	return p
}

func (p *benchPeer) fetch(b *testing.B, f fetches) {
	b.Helper()
	var failure string
	if err := errors.Join(p.orders.Encode(f), p.outcomes.Decode(&failure)); err != nil || failure != "" {
		b.Fatal(failure, err)
	}
}

// The other process is this program as well.
func init() {
	if os.Getenv(benchPeerBody) != "" {
		runBenchPeer()
		os.Exit(0)
	}
}

// runBenchPeer serves the site and fetches as it is told, until its input ends.
func runBenchPeer() {
	body, err := os.ReadFile(os.Getenv(benchPeerBody))
	if err != nil {
		panic(err)
	}
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", os.Getenv(benchPeerType))
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Write(body)
	}))
	outcomes := json.NewEncoder(os.Stdout)
	outcomes.Encode(origin.URL)
	orders := json.NewDecoder(os.Stdin)
	for {
		var f fetches
		if orders.Decode(&f) != nil {
			return
		}
		failures := make(chan error)
		for range browsers {
			go func() { failures <- f.run(len(body)) }()
		}
		failure := ""
		for range browsers {
			if err := <-failures; err != nil {
				failure = err.Error()
			}
		}
		outcomes.Encode(failure)
	}
}

func (f *fetches) run(atLeast int) error {
	conn, err := net.Dial("tcp", f.Addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	for range perBrowser {
		if _, err := io.WriteString(conn, f.Head); err != nil {
			return err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || n < int64(atLeast) {
			return fmt.Errorf("%s, %d bytes: %v", resp.Status, n, err)
		}
	}
	return nil
}
