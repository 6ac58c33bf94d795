package proxy

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Requests without the visitor's cookie are served because browsers send CORS
// requests and WebSockets to other origins without cookies; but anybody who
// knows the session's id could send the same. So a session has an allowance of
// bytes for them, in both directions: enough for video by CORS at 16 Mbit/s for
// as long as it lasts, and for much more at a time.
const (
	allowanceBytes  = 256 << 20
	allowanceRefill = 2 << 20 // per second
)

// What is on the web anybody can ask for without us. A site of an inner network
// is different: for those the request has to come from the network, of the size
// that one organization has, where the visitor's browser is. Through a reverse proxy
// that is none of [Fronts] they come from nobody knows where.
const (
	networkIPv4 = 24
	networkIPv6 = 48
	networksMax = 64
)

// networkOf returns the network of an address; the zero one for what is none.
func networkOf(remoteAddr string) netip.Prefix {
	at, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return netip.Prefix{} // a Unix socket
	}
	addr, bits := at.Addr().Unmap().WithZone(""), networkIPv4
	if addr.Is6() {
		bits = networkIPv6
	}
	network, _ := addr.Prefix(bits)
	return network
}

// visitorAt notes from where the visitor's cookie came.
func (m *memory) visitorAt(r *http.Request) {
	network := networkOf(r.RemoteAddr)
	if wayUnknown(r) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.networks == nil || len(m.networks) >= networksMax {
		m.networks = map[netip.Prefix]bool{}
	}
	m.networks[network] = true
}

// visitorIsNear reports whether the visitor's cookie came from there, too.
func (m *memory) visitorIsNear(r *http.Request) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.networks[networkOf(r.RemoteAddr)] && !wayUnknown(r)
}

var errAllowance = errors.New("too many bytes without a cookie")

// allowance is a bucket of bytes, full at first. It may be taken from by
// several requests at once, and by the last of them below nothing.
type allowance struct {
	mu    sync.Mutex
	spent int64
	since time.Time // when spent was true
}

// left reports whether there is anything to take.
func (a *allowance) left(now time.Time) bool { return a.take(0, now) == nil }

func (a *allowance) take(n int, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if back := int64(now.Sub(a.since).Seconds() * allowanceRefill); back > 0 {
		a.spent, a.since = max(0, a.spent-back), now
	}
	if a.spent >= allowanceBytes {
		return errAllowance
	}
	a.spent += int64(n)
	return nil
}

// metered takes what is copied through it from an allowance and fails when
// there is none.
type metered struct {
	io.Reader
	take func(n int) error
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	if taken := m.take(n); taken != nil {
		return 0, taken
	}
	return n, err
}

// meter puts r on the session's allowance unless the request has the cookie.
func (x *exchange) meter(r io.Reader) io.Reader {
	if x.leader {
		return r
	}
	return metered{r, func(n int) error { return x.memory.allowance.take(n, x.p.now()) }}
}

// meteredBody is a request's body on the allowance.
type meteredBody struct {
	io.Reader
	io.Closer
}
