package proxy

import (
	"errors"
	"io"
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
