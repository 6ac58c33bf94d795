package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem/certs"
)

// writePEM writes a certificate chain or a key as the server reads it.
func writePEM(t testing.TB, path, kind string, blocks ...[]byte) {
	t.Helper()
	var text []byte
	for _, der := range blocks {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})...)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// certify gives a server a certificate for its two names, by an authority that
// it returns.
func certify(t testing.TB, cfg *config, control, content string) *x509.Certificate {
	t.Helper()
	dir := t.TempDir()
	ca, err := certs.OpenCA(filepath.Join(dir, "ca"), []string{control, content}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Issue([]string{control, "*." + content}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cfg.TLSCert, cfg.TLSKey = filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	writePEM(t, cfg.TLSCert, "CERTIFICATE", leaf.Certificate...)
	writePEM(t, cfg.TLSKey, "PRIVATE KEY", key)
	return ca.Certificate()
}

func TestServingWithTLS(t *testing.T) {
	cfg := config{
		Listen: "127.0.0.1:0", ControlURL: "https://tandem.test", ContentDomain: "tandem-pages.test", Data: filepath.Join(shortDir(t), "d"),
		Logger: slog.New(slog.DiscardHandler),
	}
	authority := certify(t, &cfg, "tandem.test", "tandem-pages.test")

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Listen = listener.Addr().String()
	s, err := open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	control, err := listenAdmin(cfg.Data)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.serve(ctx, listener, control) }()

	roots := x509.NewCertPool()
	roots.AddCert(authority)
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, cfg.Listen)
		},
	}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: 10 * time.Second}
	for _, url := range []string{"https://tandem.test/readyz", "https://tandem.test/"} {
		res, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 {
			t.Errorf("GET %s: %s over %s, want 200 over HTTP/2", url, res.Status, res.Proto)
		}
	}
	transport.CloseIdleConnections()
	stop()
	if err := <-done; err != nil {
		t.Errorf("stopping: %v", err)
	}
}
