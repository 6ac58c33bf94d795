// Package acmetest gives tests what certificates by ACME need: an authority,
// which is Pebble, the one that Let's Encrypt tests clients with, and a name
// server that takes signed changes. Both run in the test's own process.
package acmetest

import (
	"crypto/x509"
	"io"
	"log"
	"maps"
	"net"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
)

// The key that may change records.
const (
	Key    = "tandem"
	Secret = "c2VjcmV0IG9mIHRoZSBrZXkgaW4gdGVzdHM="
)

// DNS is authoritative for example., and takes signed changes.
type DNS struct {
	Addr string

	mu      sync.Mutex
	records map[string][]string // values of TXT records, by name
	ever    map[string]bool     // names that ever had one
}

// StartDNS runs a name server until the test ends.
func StartDNS(t testing.TB) *DNS {
	t.Helper()
	n := &DNS{records: map[string][]string{}, ever: map[string]bool{}}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.Addr = tcp.Addr().String()
	udp, err := net.ListenPacket("udp", n.Addr)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{Listener: tcp}, {PacketConn: udp}} {
		s.Handler, s.TsigSecret = dns.HandlerFunc(n.serve), map[string]string{dns.Fqdn(Key): Secret}
		s.MsgAcceptFunc = func(dns.Header) dns.MsgAcceptAction { return dns.MsgAccept } // updates, too
		go s.ActivateAndServe()
		t.Cleanup(func() { s.Shutdown() })
	}
	return n
}

// Records returns the names that have a TXT record, and those that ever had one.
func (n *DNS) Records() (now, ever []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.records)), slices.Sorted(maps.Keys(n.ever))
}

func (n *DNS) serve(w dns.ResponseWriter, r *dns.Msg) {
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
		m.SetTsig(dns.Fqdn(Key), dns.HmacSHA256, 300, time.Now().Unix())
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

func (n *DNS) change(rr dns.RR) {
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

// An Authority gives certificates to who controls the DNS.
type Authority struct {
	Directory string         // its URL
	Server    *x509.CertPool // verifies its own server
	Root      *x509.CertPool // verifies what it gives
}

// StartAuthority runs one until the test ends, which looks at the DNS through
// resolver. Its certificates live for lifetime, by default long.
func StartAuthority(t testing.TB, resolver string, lifetime time.Duration) Authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	profile := ca.Profile{ValidityPeriod: uint64(lifetime / time.Second)}
	authority := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": profile})
	front := wfe.New(quiet, store, va.New(quiet, 0, 0, false, resolver, store), authority, []string{"pebble.example"}, false, false, 1, 1)
	s := httptest.NewTLSServer(front.Handler())
	t.Cleanup(s.Close)
	root, err := x509.ParseCertificate(authority.GetRootCert(0).DER)
	if err != nil {
		t.Fatal(err)
	}
	a := Authority{s.URL + wfe.DirectoryPath, x509.NewCertPool(), x509.NewCertPool()}
	a.Server.AddCert(s.Certificate())
	a.Root.AddCert(root)
	return a
}
