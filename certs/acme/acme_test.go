package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libdns/libdns"

	"tandem/certs/acme/acmetest"
)

// Two names, one of them a wildcard, are certified by an authority that looks
// into the DNS; after a restart the same certificates are served.
func TestCertificatesAreObtained(t *testing.T) {
	names := acmetest.StartDNS(t)
	authority := acmetest.StartAuthority(t, names.Addr, 0)
	provider, err := ParseDNS("rfc2136://"+names.Addr+"?key=tandem", acmetest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "acme")
	var first [2]string
	for run := range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		m := New(Config{
			Dir: dir, Directory: authority.Directory, DNS: provider, Resolvers: []string{names.Addr}, Roots: authority.Server,
			Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		})
		if err := m.Run(ctx, []string{"tandem.example", "*.tandem-pages.example"}); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"tandem.example", "shop--s.tandem-pages.example"} {
			chain := awaitCertificate(t, m, name)
			between := x509.NewCertPool()
			for _, c := range chain[1:] {
				between.AddCert(c)
			}
			if _, err := chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: authority.Root, Intermediates: between}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			serial := chain[0].SerialNumber.String()
			if run == 0 {
				first[i] = serial
			} else if serial != first[i] {
				t.Errorf("%s: another certificate after a restart", name)
			}
		}
		if _, err := serves(m, "other.example"); err == nil {
			t.Error("a certificate for another name")
		}
		m.Close()
		cancel()
	}
	if left, ever := names.Records(); len(left) > 0 || !slices.Contains(ever, "_acme-challenge.tandem-pages.example.") {
		t.Errorf("records left: %v; ever: %v", left, ever)
	}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if info, _ := d.Info(); err == nil && strings.HasSuffix(path, ".key") && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
}

// serves shakes hands with m as a browser does that asks for name, and returns
// the chain.
func serves(m *Manager, name string) ([]*x509.Certificate, error) {
	client, server := net.Pipe()
	defer client.Close()
	go func() {
		defer server.Close()
		tls.Server(server, &tls.Config{GetCertificate: m.GetCertificate}).Handshake()
	}()
	conn := tls.Client(client, &tls.Config{ServerName: name, InsecureSkipVerify: true}) // the caller verifies
	if err := conn.Handshake(); err != nil {
		return nil, err
	}
	return conn.ConnectionState().PeerCertificates, nil
}

func awaitCertificate(t *testing.T, m *Manager, name string) []*x509.Certificate {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if chain, err := serves(m, name); err == nil {
			return chain
		}
	}
	t.Fatalf("no certificate for %s", name)
	return nil
}

func TestChangesNeedTheKey(t *testing.T) {
	names := acmetest.StartDNS(t)
	record := []libdns.Record{libdns.RR{Type: "TXT", Name: "_acme-challenge", Data: "value"}}
	for _, u := range []DNSUpdate{{Server: names.Addr}, {Server: names.Addr, Key: "tandem", Secret: "d3Jvbmc="}} {
		if _, err := u.AppendRecords(t.Context(), "example.", record); err == nil {
			t.Errorf("%+v: taken", u)
		}
	}
}

func TestHookIsRun(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "hook")
	script := "#!/bin/sh\necho \"$@\" >>" + dir + "/calls\n[ \"$1\" = add ] || { echo the reason; exit 1; }\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	hook, err := ParseDNS("exec:"+program, "")
	if err != nil {
		t.Fatal(err)
	}
	record := []libdns.Record{libdns.RR{Type: "TXT", Name: "_acme-challenge.pages", Data: "value"}}
	if _, err := hook.AppendRecords(t.Context(), "tandem.example.", record); err != nil {
		t.Error(err)
	}
	if _, err := hook.DeleteRecords(t.Context(), "tandem.example.", record); err == nil || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("a program that fails: %v", err)
	}
	calls, _ := os.ReadFile(dir + "/calls")
	if want := "add _acme-challenge.pages.tandem.example value\nremove _acme-challenge.pages.tandem.example value\n"; string(calls) != want {
		t.Errorf("run with %q, want %q", calls, want)
	}
}

func TestParseDNS(t *testing.T) {
	for _, c := range []struct{ text, secret string }{{"exec:", ""}, {"cloudflare", ""}, {"rfc2136://", ""}, {"rfc2136://ns.example?key=k", ""}, {"rfc2136://ns.example", "s"}} {
		if p, err := ParseDNS(c.text, c.secret); err == nil {
			t.Errorf("%q is taken for %+v", c.text, p)
		}
	}
	if p, err := ParseDNS("rfc2136://ns.example", ""); err != nil || p.(DNSUpdate).Server != "ns.example:53" {
		t.Errorf("%+v, %v", p, err)
	}
}
