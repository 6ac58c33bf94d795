package proxy

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Faults between us and a site. Each ends as its row says, costs nobody else
// anything, and leaves nothing behind.

// toxic is a bad line to a site.
type toxic struct {
	*toxiproxy.Proxy
	origin string // the site by way of the line
}

func newToxic(t *testing.T, origin string) toxic {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	line := toxiproxy.NewProxy(server, "line", "127.0.0.1:0", strings.TrimPrefix(origin, "http://"))
	if err := line.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(line.Stop)
	return toxic{line, "http://" + line.Listen}
}

// suffers makes the line bad, as {"type", "attributes"} says, until the test ends.
func (l toxic) suffers(t *testing.T, from string) {
	t.Helper()
	made, err := l.Toxics.AddToxicJson(strings.NewReader(from))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Toxics.RemoveToxic(context.Background(), made.Name); err != nil {
			t.Error(err)
		}
	})
}

// outcome is how a request ended: "whole", "cut", "none", or a problem's status
// and code.
func (w *world) outcome(r *http.Request) (string, string) {
	resp, err := w.client.Do(r)
	if err != nil {
		return "none", ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch problem := resp.Header.Get("Tandem-Problem"); {
	case problem != "":
		return fmt.Sprintf("%d %s", resp.StatusCode, problem), string(text)
	case err != nil:
		return "cut", string(text)
	}
	return "whole", string(text)
}

func TestFaultsOfTheLine(t *testing.T) {
	const end = "<p>the end</p>"
	page := "<!doctype html><title>t</title>" + strings.Repeat("<p>one of many lines</p>", 200) + end
	var posts atomic.Int32
	site := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, page)
	})
	healthy := upstream(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "well") })
	line := newToxic(t, site)
	w := newWorld(t, []string{healthy, line.origin})
	w.proxy.engine.transport.ResponseHeaderTimeout = time.Second // of 120
	w.open(w.site(line.origin) + "/")
	w.proxy.engine.transport.CloseIdleConnections()
	base := ours()
	ask := func(method string) *http.Request {
		return w.request(method, w.site(line.origin)+"/", nil, "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate",
			"Sec-Fetch-Site", "same-origin", "Accept", "text/html", "Origin", w.site(line.origin), "Referer", w.site(line.origin)+"/")
	}
	for _, c := range []struct{ name, toxic, want string }{
		{"slow to answer", `{"type":"latency","attributes":{"latency":300,"jitter":100}}`, "whole"},
		{"one byte at a time", `{"type":"slicer","attributes":{"average_size":1,"delay":1}}`, "whole"},
		{"narrow", `{"type":"bandwidth","attributes":{"rate":10}}`, "whole"},
		{"closed late", `{"type":"slow_close","attributes":{"delay":300}}`, "whole"},
		{"reset at once", `{"type":"reset_peer","attributes":{"timeout":0}}`, "502 unreachable"},
		{"says nothing", `{"type":"timeout","attributes":{"timeout":0}}`, "504 timeout"},
		{"ends in the header", `{"type":"limit_data","attributes":{"bytes":40}}`, "502 unreachable"},
		{"ends in the body", `{"type":"limit_data","attributes":{"bytes":2000}}`, "cut"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.proxy.engine.transport.CloseIdleConnections()
			line.suffers(t, c.toxic)
			others := make(chan string)
			go func() {
				got, text := w.outcome(w.request("GET", w.site(healthy)+"/", nil, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin"))
				others <- got + " " + text
			}()
			got, text := w.outcome(ask("GET"))
			if got != c.want || strings.Contains(text, end) != (c.want == "whole") {
				t.Errorf("%s with %d bytes, want %s", got, len(text), c.want)
			}
			if other := <-others; other != "whole well" {
				t.Errorf("another site meanwhile: %s", other)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		w.proxy.engine.transport.CloseIdleConnections()
		line.Stop()
		defer line.Start()
		if got, _ := w.outcome(ask("GET")); got != "502 refused" {
			t.Errorf("got %s", got)
		}
	})
	// What may have been done is not done again by us: the visitor is asked.
	t.Run("a form is sent once", func(t *testing.T) {
		if got, _ := w.outcome(ask("POST")); got != "whole" || posts.Load() != 1 {
			t.Fatalf("%s, sent %d times", got, posts.Load())
		}
		line.suffers(t, `{"type":"limit_data","attributes":{"bytes":0}}`) // the connection is open already
		if got, _ := w.outcome(ask("POST")); got != "502 unreachable" || posts.Load() != 2 {
			t.Errorf("%s, sent %d times", got, posts.Load())
		}
	})
	t.Run("comes and goes", func(t *testing.T) {
		ended := map[string]int{}
		for i := range 20 {
			if i%2 == 1 {
				time.AfterFunc(time.Duration(i)*time.Millisecond/4, line.Stop)
			}
			got, _ := w.outcome(ask("GET"))
			ended[got]++
			line.Stop()
			if err := line.Start(); err != nil {
				t.Fatal(err)
			}
		}
		for how := range ended {
			if how != "whole" && how != "cut" && how != "502 unreachable" && how != "502 refused" {
				t.Errorf("%d times %s", ended[how], how)
			}
		}
		if ended["whole"] < 10 {
			t.Errorf("only %v of 20, although half were not disturbed", ended)
		}
	})
	line.Stop()
	w.client.CloseIdleConnections()
	w.proxy.engine.transport.CloseIdleConnections()
	until(t, func() bool { return ours() <= base })
}

// ours is how many goroutines run code of this module.
func ours() (n int) {
	stacks := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, "\ttandem/") || strings.Contains(stack, "\ntandem/") {
			n++
		}
	}
	return n
}

// until waits for something that happens in the background.
func until(t *testing.T, what func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !what(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("did not happen; %d goroutines are ours", ours())
		}
	}
}

// TestFaultsOfTheSite has a site that speaks HTTP as badly as it can.
func TestFaultsOfTheSite(t *testing.T) {
	e, w, site := newEcho(t)
	raw := func(answer string, repeat string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			io.WriteString(conn, answer)
			for repeat != "" {
				if _, err := io.WriteString(conn, repeat); err != nil {
					return
				}
			}
		}
	}
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
	for _, c := range []struct {
		name, answer, repeat, want, body string
	}{
		{"two lengths", ok + "Content-Length: 4\r\nContent-Length: 9\r\n\r\nfour five", "", "502 unreachable", ""},
		{"a negative length", ok + "Content-Length: -4\r\n\r\nfour", "", "502 unreachable", ""},
		{"a header without end", ok + "X: ", strings.Repeat("x", 4096), "502 unreachable", ""},
		{"headers without end", ok, "X: " + strings.Repeat("x", 4096) + "\r\n", "502 unreachable", ""},
		{"information without end", "", "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n", "502 unreachable", ""},
		{"another protocol that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\nhello", "", "502 unreachable", ""},
		{"no status", "HTTP/1.1 OK\r\n\r\n", "", "502 unreachable", ""},
		{"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "", "502 unreachable", ""},
		{"a status that means nothing", "HTTP/1.1 799 What\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nabc", "", "whole", "abc"},
		{"a NUL in a header", ok + "X: a\x00b\r\n\r\n", "", "502 unreachable", ""},
		{"a header that is none", ok + "no colon\r\n\r\n", "", "502 unreachable", ""},
		{"nothing at all", "", "", "502 unreachable", ""},
		{"NULs in the page", ok + "\r\n<p>a\x00b</p>", "", "whole", "<p>a\x00b</p>"},
		{"a page in another encoding than it says", strings.Replace(ok, "text/html", "text/html; charset=utf-16", 1) + "\r\n<p>plain</p>", "", "whole", "<p>plain</p>"},
		{"an encoding that nobody knows", strings.Replace(ok, "text/html", "text/html; charset=klingon", 1) + "\r\n<p>plain</p>", "", "whole", "<p>plain</p>"},
		{"a redirect to nowhere", "HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n", "", "whole", ""},
		{"a redirect to a script", "HTTP/1.1 302 Found\r\nLocation: javascript:alert(1)\r\nContent-Length: 0\r\n\r\n", "", "whole", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.will(raw(c.answer, c.repeat))
			got, text := w.outcome(w.request("GET", site+"/", nil, "Sec-Fetch-Dest", "iframe", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Site", "same-origin", "Accept", "text/html", "Referer", site+"/"))
			if got != c.want || c.want == "whole" && !strings.HasSuffix(text, c.body) {
				t.Errorf("%s %.80q, want %s %q", got, text, c.want, c.body)
			}
		})
	}
}

// TestFaultsOfHTTP2 breaks off streams and connections in the middle.
func TestFaultsOfHTTP2(t *testing.T) {
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/reset":
			panic(http.ErrAbortHandler)
		case "/cut":
			io.WriteString(w, "<p>half")
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "/last":
			w.Header().Set("Connection", "close") // GOAWAY
		}
		io.WriteString(w, "<p>whole</p>")
	}))
	site.EnableHTTP2 = true
	site.StartTLS()
	defer site.Close()
	roots := x509.NewCertPool()
	roots.AddCert(site.Certificate())
	w := newWorld(t, []string{site.URL}, func(c *Config) { c.RootCAs = roots })
	for _, c := range []struct{ path, want string }{
		{"/", "whole"}, {"/reset", "502 unreachable"}, {"/cut", "cut"}, {"/last", "whole"}, {"/", "whole"},
	} {
		got, _ := w.outcome(w.request("GET", w.site(site.URL)+c.path, nil, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin"))
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
}
