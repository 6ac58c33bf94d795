package proxy

import (
	"bufio"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// goproxy does not flush bodies of unknown length: the first event must be
// with the browser while the site is still silent.
func TestFirstBytesFlowWhileTheSiteStalls(t *testing.T) {
	for name, c := range map[string]struct{ contentType, dest, first string }{
		"events": {"text/event-stream", "empty", "data: 1\n\n"},
		"ndjson": {"application/x-ndjson", "empty", "{}\n"},
		"html":   {"text/html; charset=utf-8", "iframe", "<!doctype html><p>first</p>"},
	} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				io.WriteString(w, c.first)
				w.(http.Flusher).Flush()
				<-release
				io.WriteString(w, "last")
			})
			w := newWorld(t, []string{origin})
			var resp *http.Response
			if c.dest == "iframe" {
				resp = w.open(w.site(origin) + "/")
			} else {
				resp = w.get(w.site(origin)+"/", c.dest, w.site(origin))
			}
			got := make([]byte, 0, 1024)
			buf := make([]byte, 256)
			for !strings.Contains(string(got), "first</p>") && !strings.Contains(string(got), strings.TrimSpace(c.first)) {
				n, err := resp.Body.Read(buf) // hangs if nothing flows: release is below
				got = append(got, buf[:n]...)
				if err != nil {
					t.Fatalf("got %q, then %v", got, err)
				}
			}
			close(release)
			if rest := readAll(t, resp); !strings.HasSuffix(rest, "last") {
				t.Errorf("rest is %q", rest)
			}
		})
	}
}

// An event source opens when the header is there, before any event.
func TestHeaderFlowsBeforeTheFirstByte(t *testing.T) {
	release := make(chan struct{})
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		<-release
	})
	w := newWorld(t, []string{origin})
	resp := w.get(w.site(origin)+"/", "empty", w.site(origin)) // returns with the header
	close(release)
	if resp.StatusCode != http.StatusOK {
		t.Errorf("got %s", resp.Status)
	}
}

// goproxy would end a broken body as if it were complete.
func TestTruncatedResponseStaysTruncated(t *testing.T) {
	for _, contentType := range []string{"text/html", "application/json", "image/png"} {
		origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			conn, buf, _ := w.(http.Hijacker).Hijack()
			fmt.Fprintf(buf, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", contentType)
			buf.Flush()
			conn.Close()
		})
		w := newWorld(t, []string{origin})
		dest := map[string]string{"text/html": "iframe", "application/json": "empty", "image/png": "image"}[contentType]
		var resp *http.Response
		if dest == "iframe" {
			resp = w.open(w.site(origin) + "/")
		} else {
			w.open(w.site(origin) + "/warm")
			resp = w.get(w.site(origin)+"/x", dest, w.site(origin))
		}
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("%s: a cut response looked complete", contentType)
		}
		if _, ok := w.session.Assets().Peek(origin + "/x"); ok {
			t.Errorf("%s: half a body was stored", contentType)
		}
	}
}

// goproxy turns errors into a 500 with the raw text.
func TestSiteErrorsBecomePages(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	secure := httptest.NewTLSServer(nil)
	defer secure.Close()
	secure.Config.ErrorLog = nil
	garbage, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer garbage.Close()
	go func() {
		for {
			c, err := garbage.Accept()
			if err != nil {
				return
			}
			bufio.NewReader(c).ReadString('\n')
			io.WriteString(c, "not http at all <script>secret-canary</script>\r\n\r\n")
			c.Close()
		}
	}()
	for name, c := range map[string]struct {
		origin, code string
		status       int
	}{
		"refused":     {closed.URL, "refused", 502},
		"certificate": {secure.URL, "certificate_invalid", 502},
		"tls to http": {strings.Replace("http://"+garbage.Addr().String(), "http:", "https:", 1), "tls_failed", 502},
		"garbage":     {"http://" + garbage.Addr().String(), "unreachable", 502},
		"no such":     {"http://nothing-here.invalid", "dns_failed", 502},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, []string{c.origin})
			resp := w.open(w.site(c.origin) + "/")
			body := readAll(t, resp)
			if got := resp.Header.Get("Tandem-Problem"); got != c.code || resp.StatusCode != c.status {
				t.Errorf("got %s %s, want %d %s", resp.Status, got, c.status, c.code)
			}
			if !strings.Contains(body, "/.tandem/sync.js") || strings.Contains(body, "canary") || strings.Contains(w.log.String(), "canary") {
				t.Errorf("page or log: %s", body)
			}
		})
	}
}

func TestS07CertificatesAreVerified(t *testing.T) {
	var reached bool
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached = true; fmt.Fprint(w, r.Proto) }))
	defer site.Close()
	w := newWorld(t, []string{site.URL})
	if resp := w.open(w.site(site.URL) + "/"); resp.StatusCode != http.StatusBadGateway || reached {
		t.Errorf("got %s, site reached %v", resp.Status, reached)
	}
	roots := x509.NewCertPool()
	roots.AddCert(site.Certificate())
	w = newWorld(t, []string{site.URL}, func(c *Config) { c.RootCAs = roots })
	if resp := w.open(w.site(site.URL) + "/"); resp.StatusCode != http.StatusOK {
		t.Errorf("with its root: %s", resp.Status)
	}
}

func TestSitesAreAskedByHTTP2(t *testing.T) {
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }))
	site.EnableHTTP2 = true
	site.StartTLS()
	defer site.Close()
	roots := x509.NewCertPool()
	roots.AddCert(site.Certificate())
	w := newWorld(t, []string{site.URL}, func(c *Config) { c.RootCAs = roots })
	if got := readAll(t, w.get(w.site(site.URL)+"/", "empty", w.site(site.URL))); got != "HTTP/2.0" {
		t.Errorf("got %s", got)
	}
}

// S04: goproxy's own transport and dialer would follow the environment.
func TestS04EnvironmentProxiesAreIgnored(t *testing.T) {
	if os.Getenv("TANDEM_TEST_PROXY") == "" {
		t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
		t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	}
	e := newEngine(&Proxy{}, newTransport(newEgress(fixedRules{}, nil)))
	if e.goproxy.Tr != e.transport || e.transport.Proxy != nil || newEgress(fixedRules{}, nil).tls.InsecureSkipVerify {
		t.Error("goproxy does not use our transport as it is")
	}
	if _, err := e.goproxy.ConnectDial("tcp", "127.0.0.1:1"); err != errNoTunnel {
		t.Errorf("ConnectDial: %v", err)
	}
}

func TestTunnelsAndTraceAreNotOffered(t *testing.T) {
	origin := upstream(t, func(http.ResponseWriter, *http.Request) { t.Error("site was asked") })
	w := newWorld(t, []string{origin})
	for _, method := range []string{"TRACE", "CONNECT"} {
		r := w.request(method, w.site(origin)+"/", nil, "Origin", w.site(origin), "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty")
		resp, err := w.client.Do(r)
		if err == nil && resp.StatusCode < 400 {
			t.Errorf("%s: %s", method, resp.Status)
		}
		if err == nil {
			resp.Body.Close()
		}
	}
}

// goproxy lets hop-by-hop headers through in both directions.
func TestS09HopHeadersStayOnTheirHop(t *testing.T) {
	var got http.Header
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		for _, name := range []string{"Keep-Alive", "Proxy-Authenticate", "X-Hop", "Upgrade"} {
			w.Header().Set(name, "1")
		}
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Kept", "1")
	})
	w := newWorld(t, []string{origin})
	r := w.request("GET", w.site(origin)+"/", nil, "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin",
		"Connection", "X-Secret, Te", "X-Secret", "1", "Te", "trailers", "Keep-Alive", "5", "Proxy-Authorization", "x", "X-Mine", "1")
	resp := w.do(r)
	for _, name := range []string{"X-Secret", "Te", "Keep-Alive", "Proxy-Authorization", "Connection", "X-Hop"} {
		if v := got.Get(name); v != "" {
			t.Errorf("site got %s: %s", name, v)
		}
	}
	for _, name := range []string{"Keep-Alive", "Proxy-Authenticate", "X-Hop", "Upgrade"} {
		if v := resp.Header.Get(name); v != "" {
			t.Errorf("browser got %s: %s", name, v)
		}
	}
	if got.Get("X-Mine") != "1" || resp.Header.Get("X-Kept") != "1" {
		t.Error("end-to-end headers are missing")
	}
}

// A panic in a rule must not end the process, which goproxy does not prevent.
func TestPanicCostsOneResponse(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") })
	w := newWorld(t, []string{origin})
	w.open(w.site(origin) + "/")
	scripts := w.proxy.scripts
	w.proxy.scripts = nil
	resp := w.get(w.site(origin)+"/a.js", "script", w.site(origin))
	if resp.StatusCode != http.StatusBadGateway {
		t.Errorf("got %s", resp.Status)
	}
	w.proxy.scripts = scripts
	if resp := w.get(w.site(origin)+"/a.js", "script", w.site(origin)); resp.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %s", resp.Status)
	}
}

func TestStreamsEndWithTheSession(t *testing.T) {
	gone := make(chan struct{})
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(gone)
	})
	w := newWorld(t, []string{origin})
	w.get(w.site(origin)+"/", "empty", w.site(origin))
	if err := w.hub.End(t.Context(), w.id, "test"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(3 * time.Second):
		t.Error("stream outlives its session")
	}
}

// S09: one request of the browser is one request at the site.
func TestS09RequestsAreNotSmuggled(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/smuggled" || r.Header.Get("X_forwarded_for") != "" {
			t.Errorf("site got %s %v", r.URL, r.Header)
		}
	})
	w := newWorld(t, []string{origin})
	u, _ := url.Parse(w.site(origin))
	control, _ := url.Parse(w.control)
	for _, raw := range []string{
		"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\nSec-Fetch-Mode: cors\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\nContent-Length: 40\r\nSec-Fetch-Mode: cors\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: %s\r\nX: a\r\n Transfer-Encoding: chunked\r\nSec-Fetch-Mode: cors\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: %s\r\nX_Forwarded_For: 1\r\nSec-Fetch-Mode: cors\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", "127.0.0.1:"+control.Port())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, raw, u.Host)
		conn.SetDeadline(time.Now().Add(time.Second))
		bufio.NewReader(conn).ReadString('\n')
		conn.Close()
	}
}
