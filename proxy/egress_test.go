package proxy

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"

	"tandem/session"
)

type fixedRules []session.Rule

func (f fixedRules) List() []session.Rule { return f }

func (f fixedRules) Allowed(string) (session.Rule, bool) { return session.Rule{}, false }

// S01: every spelling of an inner address is refused before a packet leaves.
func TestS01InnerAddressesAreNotDialled(t *testing.T) {
	var reached atomic.Int32
	canary, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer canary.Close()
	go func() {
		for {
			c, err := canary.Accept()
			if err != nil {
				return
			}
			reached.Add(1)
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(canary.Addr().String())
	g := newEgress(fixedRules{{Pattern: "http://other.example", Private: true}, {Pattern: "https://*"}}, nil)
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0",
		"localhost", "a.b.localhost", "LOCALHOST", "localhost.", "::1", "::", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1",
		"64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a00:1::1", "fe80::1%lo", "::1%lo",
		"10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "fd00:ec2::254", "192.0.0.192", "100.100.100.200",
		"224.0.0.1", "255.255.255.255", "ff02::1", "fc00::1", "198.18.0.1", "240.0.0.1", "2001::1", "::ffff:169.254.169.254",
	} {
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		conn, err := g.dial(ctx, "tcp", net.JoinHostPort(host, port))
		cancel()
		if err == nil {
			conn.Close()
			t.Errorf("%s was dialled", host)
			continue
		}
		var refused *addressError
		var dns *net.DNSError
		if !errors.As(err, &refused) && !errors.As(err, &dns) {
			t.Errorf("%s: got %v, want refusal or no such name", host, err)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("canary was reached %d times", n)
	}
}

func TestClassify(t *testing.T) {
	for addr, want := range map[string]addressClass{
		"1.1.1.1": publicAddress, "2606:4700::1111": publicAddress, "64:ff9b::101:101": publicAddress, "2002:101:101::": publicAddress,
		"10.1.2.3": privateAddress, "127.9.9.9": privateAddress, "::1": privateAddress, "fd12::1": privateAddress, "::ffff:10.0.0.1": privateAddress,
		"100.127.255.255": privateAddress, "100.128.0.0": publicAddress, "172.32.0.1": publicAddress,
		"169.254.169.254": barredAddress, "64:ff9b::a9fe:a9fe": barredAddress, "64:ff9b::a00:1": barredAddress, "::a00:1": barredAddress,
		"fe80::1": barredAddress, "ff02::1": barredAddress, "168.63.129.16": barredAddress, "fd00:ec2::254": barredAddress,
	} {
		if got := classify(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: got %d, want %d", addr, got, want)
		}
	}
}

func TestPrivateRuleIsForOneHostAndPort(t *testing.T) {
	g := newEgress(fixedRules{{Pattern: "http://intra.example:8080", Private: true}, {Pattern: "https://erp.example", Private: true}, {Pattern: "https://*.wide.example", Private: true}}, nil)
	for _, c := range []struct {
		host, port string
		want       bool
	}{
		{"intra.example", "8080", true}, {"intra.example", "80", false}, {"x.intra.example", "8080", false},
		{"erp.example", "443", true}, {"erp.example", "80", false}, {"a.wide.example", "443", false}, {"*.wide.example", "443", false},
	} {
		if got := g.allowsPrivate(c.host, c.port); got != c.want {
			t.Errorf("%s:%s: got %v, want %v", c.host, c.port, got, c.want)
		}
	}
	if err := g.check("tcp4", "169.254.169.254:80", true); err == nil {
		t.Error("a private rule opened a metadata address")
	}
	if err := g.check("tcp4", "10.0.0.1:80", true); err != nil {
		t.Errorf("private rule: %v", err)
	}
}

// S02: a name that was public when it was looked up is private when it is
// dialled.
func TestS02RebindingIsRefused(t *testing.T) {
	canary, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reached := make(chan struct{}, 1)
	go func() {
		if c, err := canary.Accept(); err == nil {
			reached <- struct{}{}
			c.Close()
		}
	}()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	names := &dns.Server{PacketConn: udp, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, r *dns.Msg) {
		m := new(dns.Msg).SetReply(r)
		if r.Question[0].Qtype == dns.TypeA {
			address := net.IPv4(127, 0, 0, 1)
			if asked.Add(1) == 1 {
				address = net.IPv4(93, 184, 215, 14)
			}
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: address}}
		}
		w.WriteMsg(m)
	})}
	go names.ActivateAndServe()
	defer names.Shutdown()
	g := newEgress(fixedRules{{Pattern: "https://*"}}, nil)
	g.resolver.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", udp.LocalAddr().String())
	}
	first, err := g.resolver.LookupHost(t.Context(), "rebind.example.")
	if err != nil || len(first) != 1 || classify(netip.MustParseAddr(first[0])) != publicAddress {
		t.Fatalf("looked up %v, %v", first, err)
	}
	_, port, _ := net.SplitHostPort(canary.Addr().String())
	conn, err := g.dial(t.Context(), "tcp", net.JoinHostPort("rebind.example.", port))
	if refused := new(addressError); !errors.As(err, &refused) {
		t.Errorf("dialled: %v, %v", conn, err)
	}
	canary.Close()
	select {
	case <-reached:
		t.Error("the canary was reached")
	default:
	}
	// What is checked is what is dialled: there is no second look-up to lie to.
	before := asked.Load()
	g.rules = fixedRules{{Pattern: "http://rebind.example:" + port, Private: true}}
	if _, err := g.dial(t.Context(), "tcp", net.JoinHostPort("rebind.example", port)); err == nil || errors.As(err, new(*addressError)) {
		t.Errorf("dialling what a rule allows, where nobody listens any more: %v", err)
	}
	if n := asked.Load() - before; n != 1 {
		t.Errorf("looked up %d times for one dial", n)
	}
}

// S06: a name of ours may lead to a proxy in front of us; then no address tells.
func TestS06OwnNamesAreNotDialled(t *testing.T) {
	g := newEgress(fixedRules{}, nil)
	g.ownNames = []string{"tandem.example", "pages.example"}
	for name, own := range map[string]bool{
		"tandem.example": true, "TANDEM.example.": true, "x.tandem.example": true, "shop--aaaaaaaaaaaa.pages.example": true,
		"nottandem.example": false, "example": false, "tandem.example.org": false,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nothing is looked up
		if _, err := g.dial(ctx, "tcp", net.JoinHostPort(name, "443")); errors.Is(err, errLoop) != own {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// S02: the decision is made on the address of this very dial.
func TestS02EachDialIsChecked(t *testing.T) {
	g := newEgress(fixedRules{}, nil)
	for address, refused := range map[string]bool{"1.1.1.1:443": false, "127.0.0.1:443": true} {
		if err := g.check("tcp4", address, false); (err != nil) != refused {
			t.Errorf("%s: got %v", address, err)
		}
	}
}
