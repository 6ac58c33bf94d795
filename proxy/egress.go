package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"tandem/rewrite"
	"tandem/session"
)

// egress dials sites. Every address is checked after it was resolved, when the
// socket is about to connect, so that no spelling and no DNS answer gets
// around it. It is safe for concurrent use.
type egress struct {
	rules    rules
	resolver *net.Resolver
	tls      *tls.Config // for sites without authorities of their own
	own      sync.Map    // netip.AddrPort of our listeners
	ownNames []string    // our domains: what is below them leads back here, maybe by way of others
}

// rules is the part of session.Origins that the dialer asks.
type rules interface {
	List() []session.Rule
	Allowed(origin string) (session.Rule, bool)
}

// newEgress returns an egress that verifies certificates by roots, nil for the
// system's.
func newEgress(r rules, roots *x509.CertPool) *egress {
	return &egress{
		rules: r,
		// Go's own resolver never takes "127.1" or "0x7f000001" for an address.
		resolver: &net.Resolver{PreferGo: true},
		tls:      &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}
}

var errLoop = errors.New("the address is this server's own")

// addressError says that a dial was refused because of the resolved address.
type addressError struct {
	addr    netip.Addr
	private bool // a rule with Private would allow it
}

func (e *addressError) Error() string {
	return fmt.Sprintf("address %s is not public", e.addr)
}

// dial connects to host:port. Private addresses are dialled only for a host
// that a rule allows them to by its exact name and port.
func (g *egress) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if g.isOwnName(host) {
		return nil, errLoop
	}
	private := g.allowsPrivate(host, port)
	d := &net.Dialer{
		Timeout:   connectTimeout,
		KeepAlive: 30 * time.Second,
		Resolver:  g.resolver,
		ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
			return g.check(network, address, private)
		},
	}
	if !isLoopbackName(host) {
		return d.DialContext(ctx, network, address)
	}
	// Names below localhost never go to DNS (RFC 6761 §6.3).
	conn, err := d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	if refused := new(addressError); err == nil || errors.As(err, &refused) || errors.Is(err, errLoop) {
		return conn, err
	}
	if conn, err6 := d.DialContext(ctx, network, net.JoinHostPort("::1", port)); err6 == nil {
		return conn, nil
	}
	return nil, err
}

// dialTLS is dial, and the handshake for one of protocols.
func (g *egress) dialTLS(ctx context.Context, network, address string, protocols ...string) (net.Conn, error) {
	config, err := g.tlsFor(address)
	if err != nil {
		return nil, err
	}
	config.NextProtos = protocols
	conn, err := g.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	secure := tls.Client(conn, config)
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// tlsFor returns how to verify a site: with the authorities of its rule, too.
func (g *egress) tlsFor(address string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	config := g.tls.Clone()
	config.ServerName = host
	rule, ok := g.rules.Allowed("https://" + address)
	if !ok || rule.CA == "" {
		return config, nil
	}
	if config.RootCAs == nil {
		if config.RootCAs, err = x509.SystemCertPool(); err != nil {
			return nil, fmt.Errorf("reading the system's authorities: %w", err)
		}
	} else {
		config.RootCAs = config.RootCAs.Clone()
	}
	config.RootCAs.AppendCertsFromPEM([]byte(rule.CA))
	return config, nil
}

// allowsPrivate reports whether a rule names exactly this host and port, by
// http or https, and lets it be private.
func (g *egress) allowsPrivate(host, port string) bool {
	for _, rule := range g.rules.List() {
		if !rule.Private || strings.Contains(rule.Pattern, "*") {
			continue
		}
		o, err := rewrite.ParseOrigin(rule.Pattern)
		if err != nil {
			continue
		}
		u := originURL(o)
		rulePort := u.Port()
		if rulePort == "" {
			rulePort = map[string]string{"http": "80", "https": "443"}[o.Scheme]
		}
		if u.Hostname() == host && rulePort == port {
			return true
		}
	}
	return false
}

// check decides about one resolved address.
func (g *egress) check(network, address string, private bool) error {
	if !strings.HasPrefix(network, "tcp") {
		return fmt.Errorf("network %s is not dialled", network)
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("unexpected address: %w", err)
	}
	class := classify(at.Addr())
	switch {
	case class == publicAddress, class == privateAddress && private:
	default:
		return &addressError{at.Addr(), class == privateAddress}
	}
	if g.isOwn(at) {
		return errLoop
	}
	return nil
}

// listensOn learns from a request where we listen.
func (g *egress) listensOn(ctx context.Context) {
	if addr, ok := ctx.Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		at := addr.AddrPort()
		at = netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
		if _, known := g.own.Load(at); !known {
			g.own.Store(at, true)
		}
	}
}

func (g *egress) isOwnName(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return slices.ContainsFunc(g.ownNames, func(own string) bool { return host == own || strings.HasSuffix(host, "."+own) })
}

func (g *egress) isOwn(at netip.AddrPort) bool {
	_, own := g.own.Load(netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port()))
	return own
}

type addressClass int

const (
	publicAddress  addressClass = iota
	privateAddress              // somebody's own network; a rule may allow it
	barredAddress               // never a site
)

// privateNets may be allowed by name.
var privateNets = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
	"127.0.0.0/8", "::1/128", // loopback
	"100.64.0.0/10", // RFC 6598, carrier NAT
	"fc00::/7",      // RFC 4193
	"198.18.0.0/15", // RFC 2544
)

// barredNets hold no site, or the metadata of a cloud machine.
var barredNets = prefixes(
	"0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "192.88.99.0/24",
	"224.0.0.0/4", "240.0.0.0/4",
	"::/128", "fe80::/10", "fec0::/10", "ff00::/8", "100::/64", "2001::/32", "2001:db8::/32", "3fff::/20", "5f00::/16",
	"64:ff9b:1::/48",                                                                  // local NAT64: leads anywhere
	"100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128", "fd20:ce::254/128", // metadata
)

// embeddings are IPv6 networks whose addresses stand for an IPv4 address, and
// where in them it is.
var embeddings = []struct {
	net netip.Prefix
	at  int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12}, // RFC 6052
	{netip.MustParsePrefix("2002::/16"), 2},     // 6to4
	{netip.MustParsePrefix("::/96"), 12},        // IPv4-compatible
}

func prefixes(list ...string) []netip.Prefix {
	nets := make([]netip.Prefix, len(list))
	for i, s := range list {
		nets[i] = netip.MustParsePrefix(s)
	}
	return nets
}

func classify(a netip.Addr) addressClass {
	if a.Zone() != "" {
		return barredAddress
	}
	a = a.Unmap()
	if within(a, barredNets) {
		return barredAddress
	}
	if within(a, privateNets) {
		return privateAddress
	}
	for _, e := range embeddings {
		if e.net.Contains(a) {
			raw := a.As16()
			if classify(netip.AddrFrom4([4]byte(raw[e.at:e.at+4]))) != publicAddress {
				return barredAddress
			}
		}
	}
	return publicAddress
}

func within(a netip.Addr, nets []netip.Prefix) bool {
	for _, n := range nets {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
