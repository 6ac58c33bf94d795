package main

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/certs"
	"tandem/session"
)

// findings returns what the doctor says, by check.
func findings(list []finding) map[string]finding {
	all := map[string]finding{}
	for _, f := range list {
		all[f.Check] = f
	}
	return all
}

func pool(ca *certs.CA) *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	return roots
}

// expect checks one finding: its health, part of its text, and that what is not
// well has a fix.
func expect(t *testing.T, got finding, want health, part string) {
	t.Helper()
	if got.Health != want || !strings.Contains(got.Found, part) || (want != well) != (got.Fix != "") {
		t.Errorf("got %+v, want %s with %q", got, want, part)
	}
}

// TestScenario38DoctorBeforeTheFirstStart breaks a set-up that is well in one way at a time.
func TestScenario38DoctorBeforeTheFirstStart(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	ca, err := certs.OpenCA(filepath.Join(dir, "ca"), []string{"tandem.test", "tandem-pages.test"}, now)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(file string, at time.Time, names ...string) (chain, key string) {
		leaf, err := ca.Issue(names, at)
		if err == nil {
			err = certs.Save(leaf, filepath.Join(dir, file+".pem"), filepath.Join(dir, file+"-key.pem"))
		}
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, file+".pem"), filepath.Join(dir, file+"-key.pem")
	}
	chain, key := issue("good", now, "tandem.test", "*.tandem-pages.test")
	narrow, narrowKey := issue("narrow", now, "tandem.test", "tandem-pages.test")
	old, oldKey := issue("old", now.Add(-100*24*time.Hour), "tandem.test", "*.tandem-pages.test")
	ending, endingKey := issue("ending", now.Add(-85*24*time.Hour), "tandem.test", "*.tandem-pages.test")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(dir, "file")
	open := filepath.Join(dir, "open")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Mkdir(open, 0o755), os.Chmod(open, 0o755)); err != nil {
		t.Fatal(err)
	}
	here := []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	known := func(names map[string][]netip.Addr) func(context.Context, string) ([]netip.Addr, error) {
		return func(_ context.Context, host string) ([]netip.Addr, error) {
			if _, parent, _ := strings.Cut(host, "."); strings.HasPrefix(host, "doctor-") {
				host = "*." + parent
			}
			if a := names[host]; a != nil {
				return a, nil
			}
			return nil, &net.DNSError{IsNotFound: true}
		}
	}
	for name, c := range map[string]struct {
		spoil func(*doctoring)
		check string
		want  health
		part  string
	}{
		"all is well":       {func(*doctoring) {}, "certificate", well, "*.tandem-pages.test"},
		"well: dns":         {func(*doctoring) {}, "wildcard", well, "192.0.2.1"},
		"well: names":       {func(*doctoring) {}, "names", well, "different sites"},
		"one site":          {func(d *doctoring) { d.cfg.ContentDomain = "pages.tandem.test" }, "names", ill, "same site"},
		"one site, allowed": {func(d *doctoring) { d.cfg.ContentDomain, d.cfg.AllowSameSite = "pages.tandem.test", true }, "names", unwell, "one site"},
		"public suffix":     {func(d *doctoring) { d.cfg.ContentDomain = "co.uk" }, "names", ill, "public suffix"},
		"no TLS":            {func(d *doctoring) { d.cfg.ControlURL, d.cfg.TLSCert, d.cfg.TLSKey = "http://tandem.test", "", "" }, "names", ill, "without TLS"},
		"no record":         {func(d *doctoring) { d.lookup = known(nil) }, "dns", ill, "tandem.test does not resolve"},
		"no wildcard record": {func(d *doctoring) {
			d.lookup = known(map[string][]netip.Addr{"tandem.test": here, "tandem-pages.test": here})
		}, "wildcard", ill, "names below tandem-pages.test do not resolve"},
		"elsewhere": {func(d *doctoring) {
			d.lookup = known(map[string][]netip.Addr{"tandem.test": here, "*.tandem-pages.test": {netip.MustParseAddr("192.0.2.2")}})
		}, "wildcard", unwell, "another address"},
		"no wildcard certificate": {func(d *doctoring) { d.cfg.TLSCert, d.cfg.TLSKey = narrow, narrowKey }, "certificate", ill, "is not for *.tandem-pages.test"},
		"certificate ended":       {func(d *doctoring) { d.cfg.TLSCert, d.cfg.TLSKey = old, oldKey }, "certificate", ill, "ended on"},
		"certificate ends":        {func(d *doctoring) { d.cfg.TLSCert, d.cfg.TLSKey = ending, endingKey }, "certificate", unwell, "ends in 5 days"},
		"another's key":           {func(d *doctoring) { d.cfg.TLSKey = oldKey }, "certificate", ill, "private key does not match"},
		"no file":                 {func(d *doctoring) { d.cfg.TLSCert = "missing.pem" }, "certificate", ill, "missing.pem"},
		"untrusted":               {func(d *doctoring) { d.roots = nil }, "certificate", unwell, "does not trust"},
		"no certificate":          {func(d *doctoring) { d.cfg.TLSCert, d.cfg.TLSKey = "", "" }, "certificate", unwell, "none is given"},
		"clock of long ago":       {func(d *doctoring) { d.now = func() time.Time { return time.Unix(0, 0) } }, "clock", ill, "1970-01-01"},
		"clock before":            {func(d *doctoring) { d.now = func() time.Time { return now.Add(-48 * time.Hour) } }, "certificate", ill, "begins on"},
		"port taken":              {func(d *doctoring) { d.cfg.Listen = taken.Addr().String() }, "listen", ill, "cannot listen"},
		"no directory":            {func(d *doctoring) { d.cfg.Data = file }, "data", ill, "no directory"},
		"open directory":          {func(d *doctoring) { d.cfg.Data = open }, "data", unwell, "read by other users"},
		"new directory":           {func(d *doctoring) { d.cfg.Data = filepath.Join(dir, "new") }, "data", well, "will be made"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoctoring(config{Data: dir, Listen: "127.0.0.1:0", ControlURL: "https://tandem.test", ContentDomain: "tandem-pages.test", TLSCert: chain, TLSKey: key})
			d.roots = pool(ca)
			d.lookup = known(map[string][]netip.Addr{"tandem.test": here, "*.tandem-pages.test": here})
			c.spoil(d)
			expect(t, findings(d.examine(t.Context()))[c.check], c.want, c.part)
		})
	}
}

// TestScenario38DoctorOfARunningServer puts things between browsers and the server.
func TestScenario38DoctorOfARunningServer(t *testing.T) {
	data := shortDir(t)
	s, _ := launch(t, data, "127.0.0.1:0")
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		}
		io.WriteString(w, "hello")
	}))
	defer site.Close()
	direct := &url.URL{Scheme: "http", Host: "127.0.0.1:" + s.Control.Port()}
	between := func(h http.Handler) func(context.Context, string, string) (net.Conn, error) {
		proxy := httptest.NewServer(h)
		t.Cleanup(proxy.Close)
		return func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, proxy.Listener.Addr().String())
		}
	}
	rewritten := func(change func(*http.Request)) http.Handler {
		return &httputil.ReverseProxy{ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(direct)
			r.Out.Host = r.In.Host
			change(r.Out)
		}}
	}
	rules := func(list ...session.Rule) {
		for _, old := range s.Hub.Origins().List() {
			s.Hub.Origins().Remove(t.Context(), old.Pattern)
		}
		for _, r := range list {
			if err := s.Hub.Origins().Put(t.Context(), r); err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(*doctoring)
		check string
		want  health
		part  string
	}{
		{"entrance", func(*doctoring) {}, "entrance", well, "answers"},
		{"pages", func(*doctoring) {}, "pages", well, "answers"},
		{"sockets", func(*doctoring) {}, "websocket", well, "come through"},
		{"no list", func(*doctoring) {}, "egress", unwell, "no site may be opened"},
		{"nothing listens", func(d *doctoring) {
			d.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:1")
			}
		}, "entrance", ill, "cannot be reached"},
		{"another server", func(d *doctoring) { d.dial = between(http.NotFoundHandler()) }, "entrance", ill, "something else"},
		{"Host is changed", func(d *doctoring) {
			d.dial = between(rewritten(func(r *http.Request) { r.Host = "tandem.internal" }))
		}, "websocket", ill, "WebSockets do not come through"},
		{"a proxy that passes all", func(d *doctoring) { d.dial = between(rewritten(func(*http.Request) {})) }, "websocket", well, "come through"},
		{"a proxy without sockets", func(d *doctoring) {
			d.dial = between(rewritten(func(r *http.Request) { r.Header.Del("Upgrade"); r.Header.Del("Connection") }))
		}, "websocket", ill, "WebSockets do not come through"},
		{"Origin is taken away", func(d *doctoring) {
			d.dial = between(rewritten(func(r *http.Request) { r.Header.Del("Origin") }))
		}, "websocket", ill, "WebSockets do not come through"},
		{"no way out", func(*doctoring) { rules(session.Rule{Pattern: "http://127.0.0.1:1", Private: true}) }, "egress", ill, "cannot be opened"},
		{"private", func(*doctoring) { rules(session.Rule{Pattern: site.URL}) }, "egress", ill, "is not a public site"},
		{"a way out", func(*doctoring) { rules(session.Rule{Pattern: site.URL, Private: true}) }, "egress", well, "answers with 200"},
		{"clock", func(*doctoring) {}, "clock", ill, "differs by 1h0m"},
	} {
		d := newDoctoring(config{Data: data})
		c.spoil(d)
		t.Run(c.name, func(t *testing.T) { expect(t, findings(d.examine(t.Context()))[c.check], c.want, c.part) })
	}
}
