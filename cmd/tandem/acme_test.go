package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"tandem/certs/acme/acmetest"
)

// TestServingByACME has a server get its certificates from a real authority: not
// while the name server refuses its key, which the doctor tells, and then for
// both its names, one of them a wildcard; it shows them to browsers, and renews
// them while it runs.
func TestServingByACME(t *testing.T) {
	names := acmetest.StartDNS(t)
	authority := acmetest.StartAuthority(t, names.Addr, 8*time.Second)
	cfg := config{
		Listen: "127.0.0.1:0", ControlURL: "https://tandem.example", ContentDomain: "tandem-pages.example", Data: shortDir(t),
		ACME: acmeFlags{
			DNS: "rfc2136://" + names.Addr + "?key=" + acmetest.Key, Directory: authority.Directory,
			Resolvers: []string{names.Addr}, Roots: authority.Server, Check: 500 * time.Millisecond,
		},
		Logger: slog.New(slog.DiscardHandler),
	}
	listen := ""
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, listen)
	}
	// await asks the doctor until they find what is wanted of the wildcard.
	await := func(want health) map[string]finding {
		t.Helper()
		for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
			d := newDoctoring(config{Data: cfg.Data})
			d.dial, d.roots = dial, authority.Root
			d.lookup = func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
			}
			found := findings(d.examine(t.Context()))
			if found["certificate"].Health == want {
				return found
			}
			if time.Now().After(deadline) {
				t.Fatalf("the doctor finds %+v", found["certificate"])
			}
		}
	}

	t.Setenv(acmeSecret, "d3Jvbmc=")
	s, stop := launchAs(t, cfg)
	listen = s.cfg.Listen
	found := await(ill)
	expect(t, found["certificate"], ill, "none could be got for *.tandem-pages.example")
	expect(t, found["certificate"], ill, "REFUSED")
	expect(t, found["entrance"], ill, "cannot be reached")
	if want := "the server has no certificate"; found["entrance"].Fix[:len(want)] != want {
		t.Errorf("the doctor advises: %s", found["entrance"].Fix)
	}
	stop()

	t.Setenv(acmeSecret, acmetest.Secret)
	s, stop = launchAs(t, cfg)
	listen = s.cfg.Listen
	expect(t, await(well)["certificate"], well, "is for *.tandem-pages.example")
	for _, name := range []string{"tandem.example", "shop-example--s.tandem-pages.example"} {
		first := shown(t, listen, name, authority.Root, nil)
		shown(t, listen, name, authority.Root, first)
	}
	stop()
}

// shown waits for a certificate for name, another one than last. It has to be the
// authority's, though it may have ended by now: they live for seconds.
func shown(t *testing.T, listen, name string, roots *x509.CertPool, last *x509.Certificate) *x509.Certificate {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		conn, err := tls.Dial("tcp", listen, &tls.Config{ServerName: name, InsecureSkipVerify: true}) // verified below
		if err == nil {
			chain := conn.ConnectionState().PeerCertificates
			conn.Close()
			between := x509.NewCertPool()
			for _, c := range chain[1:] {
				between.AddCert(c)
			}
			if _, err := chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: between, CurrentTime: chain[0].NotBefore}); err != nil {
				t.Fatal(err)
			}
			if !chain[0].Equal(last) {
				return chain[0]
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no other certificate for %s; %v", name, err)
		}
	}
}
