package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	const processClock = 2 // CLOCK_PROCESS_CPUTIME_ID
	var t syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, processClock, uintptr(unsafe.Pointer(&t)), 0)
	return time.Duration(t.Nano())
}

// BenchmarkPage rewrites a page of 119 KB, against a reverse proxy that rewrites
// nothing. The time of the site and of the browser, which are about what a fetch
// without any proxy takes, is taken off both.
func BenchmarkPage(b *testing.B) {
	var page bytes.Buffer
	page.WriteString("<!doctype html><html><head><title>Shop</title></head><body><ul>\n")
	for i := 0; page.Len() < 119_000; i++ {
		fmt.Fprintf(&page, `<li class="item card" data-price="%d"><a class="name" href="/product/%d?ref=list">Cup %d</a> <p>Good for tea, and for nothing else.</p><img loading=lazy src="https://img.example/%d.jpg" alt="" width=80></li>`+"\n", i, i, i, i)
	}
	body := page.Bytes()
	origin := upstream(b, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	})
	w := newWorld(b, []string{origin})
	w.open(w.site(origin) + "/")
	target := mustURL(origin)
	anchor := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:  &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true},
		BufferPool: new(freeBuffers),
	})
	b.Cleanup(anchor.Close)
	plain := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	spent := func(c *http.Client, r *http.Request, wants string) time.Duration {
		started := cpu()
		resp, err := c.Do(r.Clone(b.Context()))
		if err != nil {
			b.Fatal(err)
		}
		defer resp.Body.Close()
		got, err := io.ReadAll(resp.Body)
		took := cpu() - started
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(got[:2000]), wants) {
			b.Fatal(resp.Status, err)
		}
		return took
	}
	ours := w.request("GET", w.site(origin)+"/", nil, "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-site",
		"Accept", "text/html", "Referer", w.content.Shell(w.id)+"/", "Accept-Encoding", "identity")
	theirs, direct := w.request("GET", anchor.URL, nil), w.request("GET", origin, nil)
	var a, z, d time.Duration
	for b.Loop() {
		a += spent(w.client, ours, "/.tandem/sync.js")
		z += spent(plain, theirs, "Cup 1<")
		d += spent(plain, direct, "Cup 1<")
	}
	b.ReportMetric(float64(a-d)/float64(z-d), "times-the-cpu")
	b.ReportMetric(float64((a-d).Microseconds())/float64(b.N), "our-us")
}

// freeBuffers is what a tuned reverse proxy copies with.
type freeBuffers struct{ free [][]byte }

func (p *freeBuffers) Get() []byte {
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b
	}
	return make([]byte, 32<<10)
}

func (p *freeBuffers) Put(b []byte) { p.free = append(p.free, b) }
