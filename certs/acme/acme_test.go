package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/libdns/libdns"
	"github.com/miekg/dns"
)

const (
	keyName   = "tandem."
	keySecret = "c2VjcmV0IG9mIHRoZSBrZXkgaW4gdGVzdHM="
)

// nameServer is authoritative for example., and takes signed changes.
type nameServer struct {
	addr string

	mu      sync.Mutex
	records map[string][]string // values of TXT records, by name
	ever    map[string]bool     // names that ever had one
}

func startNameServer(t *testing.T) *nameServer {
	t.Helper()
	n := &nameServer{records: map[string][]string{}, ever: map[string]bool{}}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.addr = tcp.Addr().String()
	udp, err := net.ListenPacket("udp", n.addr)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{Listener: tcp}, {PacketConn: udp}} {
		s.Handler, s.TsigSecret = dns.HandlerFunc(n.serve), map[string]string{keyName: keySecret}
		s.MsgAcceptFunc = func(dns.Header) dns.MsgAcceptAction { return dns.MsgAccept } // updates, too
		go s.ActivateAndServe()
		t.Cleanup(func() { s.Shutdown() })
	}
	return n
}

func (n *nameServer) serve(w dns.ResponseWriter, r *dns.Msg) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m := new(dns.Msg).SetReply(r)
	m.Authoritative = true
	switch {
	case r.Opcode == dns.OpcodeUpdate && (r.IsTsig() == nil || w.TsigStatus() != nil):
		m.Rcode = dns.RcodeRefused
	case r.Opcode == dns.OpcodeUpdate:
		for _, rr := range r.Ns {
			n.change(rr)
		}
		m.SetTsig(keyName, dns.HmacSHA256, 300, time.Now().Unix())
	case r.Question[0].Qtype == dns.TypeSOA && r.Question[0].Name == "example.":
		m.Answer = []dns.RR{soa()}
	case r.Question[0].Qtype == dns.TypeTXT && n.records[r.Question[0].Name] != nil:
		for _, value := range n.records[r.Question[0].Name] {
			m.Answer = append(m.Answer, &dns.TXT{Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}, Txt: []string{value}})
		}
	default:
		m.Ns = []dns.RR{soa()}
	}
	w.WriteMsg(m)
}

func soa() dns.RR {
	rr, _ := dns.NewRR("example. 0 IN SOA ns.example. admin.example. 1 1 1 1 1")
	return rr
}

func (n *nameServer) change(rr dns.RR) {
	txt, ok := rr.(*dns.TXT)
	if !ok {
		return
	}
	name := txt.Hdr.Name
	if txt.Hdr.Class == dns.ClassINET {
		n.records[name], n.ever[name] = append(n.records[name], txt.Txt[0]), true
	} else {
		delete(n.records, name)
	}
}

// startAuthority runs Pebble, the ACME server of Let's Encrypt for tests. It
// returns the URL of its directory, what verifies its server, and its root.
func startAuthority(t *testing.T, resolver string) (directory string, server, root *x509.CertPool) {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	authority := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {}})
	front := wfe.New(quiet, store, va.New(quiet, 0, 0, false, resolver, store), authority, []string{"pebble.example"}, false, false, 1, 1)
	s := httptest.NewTLSServer(front.Handler())
	t.Cleanup(s.Close)
	server, root = x509.NewCertPool(), x509.NewCertPool()
	server.AddCert(s.Certificate())
	certificate, err := x509.ParseCertificate(authority.GetRootCert(0).DER)
	if err != nil {
		t.Fatal(err)
	}
	root.AddCert(certificate)
	return s.URL + wfe.DirectoryPath, server, root
}

// Two names, one of them a wildcard, are certified by an authority that looks
// into the DNS; after a restart the same certificates are served.
func TestCertificatesAreObtained(t *testing.T) {
	names := startNameServer(t)
	directory, server, root := startAuthority(t, names.addr)
	provider, err := ParseDNS("rfc2136://"+names.addr+"?key=tandem", keySecret)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "acme")
	var first [2]string
	for run := range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		m := New(Config{
			Dir: dir, Directory: directory, DNS: provider, Resolvers: []string{names.addr}, Roots: server,
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
			if _, err := chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: root, Intermediates: between}); err != nil {
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
	names.mu.Lock()
	defer names.mu.Unlock()
	if len(names.records) > 0 || !names.ever["_acme-challenge.tandem-pages.example."] {
		t.Errorf("records left: %v; ever: %v", names.records, names.ever)
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
	names := startNameServer(t)
	record := []libdns.Record{libdns.RR{Type: "TXT", Name: "_acme-challenge", Data: "value"}}
	for _, u := range []DNSUpdate{{Server: names.addr}, {Server: names.addr, Key: "tandem", Secret: "d3Jvbmc="}} {
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
