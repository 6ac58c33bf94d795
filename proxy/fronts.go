package proxy

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Fronts are the addresses of reverse proxies that requests come through, whose
// word on where they come from is taken.
type Fronts []netip.Prefix

// ParseFronts reads addresses and networks.
func ParseFronts(list []string) (fronts Fronts, err error) {
	for _, text := range list {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			addr, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network", text)
			}
			network = netip.PrefixFrom(addr, addr.BitLen())
		}
		fronts = append(fronts, network.Masked())
	}
	return fronts, nil
}

func (f Fronts) has(addr netip.Addr) bool {
	for _, network := range f {
		if network.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

const forwardedFor = "X-Forwarded-For"

// trace sets where a request comes from to what the proxies in front of us say:
// the last address in the list which is none of theirs, because who is there
// may have sent the beginning. The list is left to a request whose way is not
// known, see [wayUnknown].
func (f Fronts) trace(r *http.Request) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !f.has(peer.Addr()) {
		return
	}
	hops := strings.Split(strings.Join(r.Header.Values(forwardedFor), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if !f.has(addr) {
			r.RemoteAddr = net.JoinHostPort(addr.Unmap().String(), "0")
			r.Header.Del(forwardedFor)
			return
		}
	}
	r.Header.Set(forwardedFor, "unknown")
}

// wayUnknown reports whether r came through a proxy that does not say, or may
// not say, from where.
func wayUnknown(r *http.Request) bool { return r.Header.Get(forwardedFor) != "" }
