package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var domains = []string{"control.example", "pages.example"}

func openCA(tb testing.TB, dir string, domains ...string) *CA {
	tb.Helper()
	ca, err := OpenCA(dir, domains, time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	return ca
}

func TestS55AuthorityIsForItsDomains(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ca")
	ca := openCA(t, dir, domains...)
	again := openCA(t, dir, "pages.example")
	if !again.Certificate().Equal(ca.Certificate()) {
		t.Error("a second opening made another authority")
	}
	for name, want := range map[string]os.FileMode{".": 0o700, caKeyFile: 0o600, caFile: 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
	if ca.File() != filepath.Join(dir, caFile) {
		t.Errorf("File() = %s", ca.File())
	}
	public, err := os.ReadFile(ca.File())
	if err != nil || bytes.Contains(public, []byte("PRIVATE")) {
		t.Error("the public file holds the key", err)
	}

	cert, err := again.Issue([]string{"*.pages.example", "pages.example", "control.example"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	for name, want := range map[string]bool{
		"shop--s.pages.example": true, "pages.example": true, "control.example": true,
		"a.b.pages.example": false, "x.control.example": false, "evil.example": false,
	} {
		_, err := cert.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots})
		if got := err == nil; got != want {
			t.Errorf("%s verifies: %v, want %v (%v)", name, got, want, err)
		}
	}
}

// TestS55AStolenKeySignsForNobodyElse signs for other names with the authority's own key, as a thief
// would: browsers must refuse the outcome.
func TestS55AStolenKeySignsForNobodyElse(t *testing.T) {
	t.Parallel()
	ca := openCA(t, t.TempDir(), domains...)
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	for _, tt := range []struct {
		template x509.Certificate
		host     string
	}{
		{x509.Certificate{DNSNames: []string{"bank.example"}}, "bank.example"},
		{x509.Certificate{DNSNames: []string{"notpages.example"}}, "notpages.example"},
		{x509.Certificate{DNSNames: []string{"example"}}, "example"},
		{x509.Certificate{IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1)}}, "192.0.2.1"},
		{x509.Certificate{IPAddresses: []net.IP{net.ParseIP("2001:db8::1")}}, "2001:db8::1"},
	} {
		template := tt.template
		template.SerialNumber, template.Subject = big.NewInt(1), pkix.Name{CommonName: "x"}
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		der, err := x509.CreateCertificate(rand.Reader, &template, ca.Certificate(), ca.key.Public(), ca.key)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		var invalid x509.CertificateInvalidError
		if _, err := leaf.Verify(x509.VerifyOptions{DNSName: tt.host, Roots: roots}); !errors.As(err, &invalid) || invalid.Reason != x509.CANotAuthorizedForThisName {
			t.Errorf("%s: %v, want a violated name constraint", tt.host, err)
		}
	}
}

func TestAuthorityRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := openCA(t, dir, domains...)
	for _, name := range []string{"bank.example", "*.example", "notpages.example", "", "*."} {
		if _, err := ca.Issue([]string{"pages.example", name}, time.Now()); !errors.Is(err, ErrDomains) {
			t.Errorf("issued for %q: %v", name, err)
		}
	}
	if _, err := OpenCA(dir, []string{"other.example"}, time.Now()); !errors.Is(err, ErrDomains) {
		t.Errorf("opened for another domain: %v", err)
	}
	if _, err := OpenCA(dir, domains, time.Now().Add(caLife+time.Hour)); !errors.Is(err, ErrExpired) {
		t.Errorf("opened after its time: %v", err)
	}
	late := ca.Certificate().NotAfter.Add(-time.Hour)
	if cert, err := ca.Issue(domains, late); err != nil || cert.Leaf.NotAfter.After(ca.Certificate().NotAfter) {
		t.Errorf("a certificate outlives its authority (%v)", err)
	}
	for _, none := range [][]string{nil, {""}} {
		if _, err := OpenCA(t.TempDir(), none, time.Now()); err == nil {
			t.Errorf("made an authority for %q", none)
		}
	}
	if err := os.Chmod(filepath.Join(dir, caKeyFile), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCA(dir, domains, time.Now()); !errors.Is(err, ErrExposed) {
		t.Errorf("opened with a key that others can read: %v", err)
	}
}

// TestHalfCreated checks that a lost certificate is an error, not a reason to
// make another authority over the key that browsers may trust.
func TestHalfCreated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := openCA(t, dir, domains...)
	if err := os.Remove(ca.File()); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCA(dir, domains, time.Now()); !errors.Is(err, os.ErrExist) {
		t.Errorf("got %v, want that the key exists", err)
	}
}

func writePair(tb testing.TB, dir string, cert *tls.Certificate, stamp time.Time) (certFile, keyFile string) {
	tb.Helper()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	var chain []byte
	for _, der := range cert.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		tb.Fatal(err)
	}
	write(tb, certFile, chain, stamp)
	write(tb, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), stamp)
	return certFile, keyFile
}

func write(tb testing.TB, path string, data []byte, stamp time.Time) {
	tb.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Chtimes(path, stamp, stamp); err != nil {
		tb.Fatal(err)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	ca := openCA(t, t.TempDir(), domains...)
	issue := func(name string) *tls.Certificate {
		cert, err := ca.Issue([]string{name}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	var log bytes.Buffer
	dir, start := t.TempDir(), time.Now().Add(-time.Hour)
	certFile, keyFile := writePair(t, dir, issue("a.pages.example"), start)
	f, err := Load(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	name := func(after time.Duration) string { return f.current(start.Add(after)).Leaf.DNSNames[0] }
	if got := name(0); got != "a.pages.example" {
		t.Fatalf("serves %s", got)
	}

	writePair(t, dir, issue("b.pages.example"), start.Add(time.Minute))
	if got := name(checkEvery / 2); got != "a.pages.example" {
		t.Errorf("looked again too early: %s", got)
	}
	if got := name(checkEvery); got != "b.pages.example" {
		t.Errorf("after a change serves %s", got)
	}

	// Half a change: the certificate is new, the key is not.
	key, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	writePair(t, dir, issue("c.pages.example"), start.Add(2*time.Minute))
	fresh, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	write(t, keyFile, key, start.Add(time.Minute))
	for i := range 3 {
		if got := name(time.Duration(2+i) * checkEvery); got != "b.pages.example" {
			t.Errorf("with files that do not match serves %s", got)
		}
	}
	if n := strings.Count(log.String(), "can't be used"); n != 1 {
		t.Errorf("warned %d times, want once:\n%s", n, &log)
	}
	write(t, keyFile, fresh, start.Add(3*time.Minute))
	if got := name(6 * checkEvery); got != "c.pages.example" {
		t.Errorf("after the whole change serves %s", got)
	}

	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	if got := name(8 * checkEvery); got != "c.pages.example" {
		t.Errorf("without the file serves %s", got)
	}
	writePair(t, dir, issue("d.pages.example"), start.Add(3*time.Minute))
	if got := name(10 * checkEvery); got != "d.pages.example" {
		t.Errorf("with the file back serves %s", got)
	}
	if strings.Contains(log.String(), "PRIVATE") {
		t.Error("the log holds a key")
	}
}

func TestLoadFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	logger := slog.New(slog.DiscardHandler)
	if _, err := Load(filepath.Join(dir, "none"), filepath.Join(dir, "none"), logger); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	ca := openCA(t, t.TempDir(), domains...)
	cert, err := ca.Issue(domains, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := writePair(t, dir, cert, time.Now())
	write(t, keyFile, []byte("nonsense"), time.Now())
	if _, err := Load(certFile, keyFile, logger); err == nil {
		t.Error("loaded nonsense")
	}
}

// TestServe lets a server of net/http use both parts while its files change.
func TestServe(t *testing.T) {
	t.Parallel()
	ca := openCA(t, t.TempDir(), domains...)
	dir := t.TempDir()
	cert, err := ca.Issue([]string{"*.pages.example"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := writePair(t, dir, cert, time.Now())
	f, err := Load(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) }))
	server.TLS = &tls.Config{GetCertificate: f.GetCertificate}
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			conn, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "shop--s.pages.example"})
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close()
		})
	}
	wg.Wait()
}
