package proxy

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/session"
)

func (w *world) put(rule session.Rule) {
	w.t.Helper()
	if err := w.hub.Origins().Put(context.Background(), rule); err != nil {
		w.t.Fatal(err)
	}
}

func TestRulesForPathsAndUses(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "the site's "+r.URL.Path) })
	other := upstream(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "the other") })
	w := newWorld(t, []string{origin, other})
	w.put(session.Rule{Pattern: origin, Private: true, BlockPaths: []string{"/admin"}, Redirect: other + "/sorry"})
	if got := readAll(t, w.open(w.site(origin)+"/x")); !strings.Contains(got, "the site's /x") {
		t.Errorf("a page that is allowed: %s", got)
	}
	if resp := w.open(w.site(origin) + "/%61dmin/x"); resp.Request.URL.String() != w.site(other)+"/sorry" || !strings.Contains(readAll(t, resp), "the other") {
		t.Errorf("a blocked page leads to %s", resp.Request.URL)
	}
	if resp := w.get(w.site(origin)+"/admin", "script", w.site(origin)); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a blocked script: %s", resp.Status)
	}
	w.put(session.Rule{Pattern: origin, Private: true, Only: session.Resource})
	if resp := w.open(w.site(origin) + "/x"); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a page of a resource's origin: %s", resp.Status)
	}
	if resp := w.get(w.site(origin)+"/x.js", "script", w.site(other)); resp.StatusCode != http.StatusOK {
		t.Errorf("a script: %s", resp.Status)
	}
}

// A rule that is taken away ends what it allowed: requests that come and
// streams that are open.
func TestRulesHoldAtOnce(t *testing.T) {
	gone := make(chan string, 2)
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if isWebSocket(r) {
			upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
			if ws, err := upgrader.Upgrade(w, r, nil); err == nil {
				ws.ReadMessage()
				ws.Close()
				gone <- "socket"
			}
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		gone <- "stream"
	})
	w := newWorld(t, []string{origin})
	w.open(w.site(origin) + "/.tandem/none") // for the cookie
	stream := w.get(w.site(origin)+"/events", "empty", w.site(origin))
	if line, err := bufio.NewReader(stream.Body).ReadString('\n'); err != nil || line != "data: 1\n" {
		t.Fatalf("the stream begins with %q, %v", line, err)
	}
	dialer := websocket.Dialer{NetDialContext: w.client.Transport.(*http.Transport).DialContext}
	ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(w.site(origin), "http")+"/socket", http.Header{"Origin": {w.site(origin)}})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	w.put(session.Rule{Pattern: origin, Block: true})
	for range 2 {
		select {
		case <-gone:
		case <-time.After(10 * time.Second):
			t.Fatal("a stream went on")
		}
	}
	if resp := w.get(w.site(origin)+"/", "empty", w.site(origin)); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a new request: %s", resp.Status)
	}
}

// S07: whatever is wrong with a site's certificate, the visitor is told, and the
// site is sent nothing.
func TestS07BadCertificatesAreRefused(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	good := func() *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	}
	for name, c := range map[string]struct {
		spoil     func(*x509.Certificate)
		version   uint16 // the newest the site speaks; 0 for all
		untrusted bool
		want      string
	}{
		"well":        {func(*x509.Certificate) {}, 0, false, ""},
		"expired":     {func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }, 0, false, "certificate_invalid"},
		"not yet":     {func(c *x509.Certificate) { c.NotBefore = now.Add(30 * time.Minute) }, 0, false, "certificate_invalid"},
		"self-signed": {func(*x509.Certificate) {}, 0, true, "certificate_invalid"},
		"wrong name":  {func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.example"} }, 0, false, "certificate_invalid"},
		"SHA-1":       {func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }, 0, true, "certificate_invalid"},
		"TLS 1.1":     {func(*x509.Certificate) {}, tls.VersionTLS11, false, "tls_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			template := good()
			c.spoil(template)
			der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
			if err != nil {
				t.Fatal(err)
			}
			reached := false
			site := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
			site.Config.ErrorLog = log.New(io.Discard, "", 0)
			site.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS10, MaxVersion: c.version}
			site.StartTLS()
			defer site.Close()
			roots := x509.NewCertPool()
			if certificate, err := x509.ParseCertificate(der); err == nil && !c.untrusted {
				roots.AddCert(certificate)
			}
			w := newWorld(t, []string{site.URL}, func(cfg *Config) { cfg.RootCAs = roots })
			resp := w.open(w.site(site.URL) + "/")
			if got := resp.Header.Get("Tandem-Problem"); got != c.want || reached != (c.want == "") {
				t.Errorf("got %s %q, the site was asked: %v; want %q", resp.Status, got, reached, c.want)
			}
		})
	}
}

// S07: an authority of the administrator's is trusted for its rule's origins
// only, and only while the rule says so.
func TestS07AuthoritiesOfARule(t *testing.T) {
	site := func() (*httptest.Server, string) {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
		s.EnableHTTP2 = true
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	}
	trusted, authority := site()
	other, _ := site() // with the same certificate
	w := newWorld(t, []string{trusted.URL, other.URL})
	expect := func(when, origin string, want int) {
		t.Helper()
		if resp := w.open(w.site(origin) + "/"); resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", when, resp.Status, want)
		}
	}
	expect("without the authority", trusted.URL, http.StatusBadGateway)
	w.put(session.Rule{Pattern: trusted.URL, Private: true, CA: authority})
	expect("with it", trusted.URL, http.StatusOK)
	if got := readAll(t, w.get(w.site(trusted.URL)+"/", "empty", w.site(trusted.URL))); got != "HTTP/2.0" {
		t.Errorf("asked by %s", got)
	}
	expect("another origin", other.URL, http.StatusBadGateway)
	w.put(session.Rule{Pattern: trusted.URL, Private: true})
	expect("when it is taken away", trusted.URL, http.StatusBadGateway)
}
