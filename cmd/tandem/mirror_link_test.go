package main

import (
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cdptarget "github.com/chromedp/cdproto/target"
)

// line is a network between one browser and the servers of a test: a SOCKS
// proxy on loopback that counts bytes and, if told to, lets them through at a
// rate and after a delay.
type line struct {
	net.Listener
	up, down way
}

// cut lets nothing through any more, and says so to nobody; or lets it again.
func (l *line) cut(on bool) {
	for _, w := range []*way{&l.up, &l.down} {
		w.mu.Lock()
		if on {
			w.closed = make(chan struct{})
		} else {
			close(w.closed)
			w.closed = nil
		}
		w.mu.Unlock()
	}
}

// way is one direction of a line, shared by all its connections.
type way struct {
	rate  float64 // bytes per second; 0 is as fast as it goes
	delay time.Duration

	bytes atomic.Int64
	mu    sync.Mutex
	free  time.Time // when the last byte so far will have left
	// closed is closed when what comes goes on; nil while nothing has to wait.
	closed chan struct{}
}

func startLine(t *testing.T, up, down float64, delay time.Duration) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{Listener: listener, up: way{rate: up, delay: delay}, down: way{rate: down, delay: delay}}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go l.connect(c)
		}
	}()
	return l
}

// through makes a browser context that uses the line.
func (l *line) through(p *cdptarget.CreateBrowserContextParams) {
	p.ProxyServer = "socks5://" + l.Addr().String()
	p.ProxyBypassList = "<-loopback>"
}

// connect speaks as much of SOCKS5 (RFC 1928) as browsers do, to loopback only.
func (l *line) connect(c net.Conn) {
	defer c.Close()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil {
		return
	}
	if _, err := io.CopyN(io.Discard, c, int64(head[1])); err != nil {
		return
	}
	c.Write([]byte{5, 0})
	request := make([]byte, 4)
	if _, err := io.ReadFull(c, request); err != nil {
		return
	}
	size := map[byte]int{1: 4, 4: 16}[request[3]]
	if request[3] == 3 {
		if _, err := io.ReadFull(c, head[:1]); err != nil {
			return
		}
		size = int(head[0])
	}
	address := make([]byte, size+2)
	if _, err := io.ReadFull(c, address); err != nil {
		return
	}
	port := int(address[size])<<8 | int(address[size+1])
	host := string(address[:size])
	if request[3] == 3 && !strings.HasSuffix(host, "localhost") && host != "127.0.0.1" {
		return
	}
	server, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return
	}
	defer server.Close()
	c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { defer cancel(); l.up.copy(server, c) }()
	go func() { defer cancel(); l.down.copy(c, server) }()
	<-ctx.Done()
}

// parcel is what arrives at a time.
type parcel struct {
	data []byte
	at   time.Time
}

// copy carries what it reads to the other side, in its time. Little is on the
// way at once, as in a network without large buffers.
func (w *way) copy(to io.Writer, from io.Reader) {
	parcels := make(chan parcel, 64)
	go func() {
		defer close(parcels)
		for {
			data := make([]byte, 1400)
			n, err := from.Read(data)
			if n > 0 {
				w.bytes.Add(int64(n))
				parcels <- parcel{data[:n], w.leave(n)}
			}
			if err != nil {
				return
			}
		}
	}()
	failed := false
	for p := range parcels {
		time.Sleep(time.Until(p.at))
		if !failed {
			_, err := to.Write(p.data)
			failed = err != nil
		}
	}
}

// slack is how late a way may be served without losing what it could carry:
// sleeping is not exact.
const slack = 10 * time.Millisecond

// leave waits until n bytes could be sent, and returns when they arrive.
func (w *way) leave(n int) time.Time {
	w.mu.Lock()
	for w.closed != nil {
		closed := w.closed
		w.mu.Unlock()
		<-closed
		w.mu.Lock()
	}
	now := time.Now()
	if earliest := now.Add(-slack); w.free.Before(earliest) {
		w.free = earliest
	}
	if w.rate > 0 {
		w.free = w.free.Add(time.Duration(float64(n) / w.rate * float64(time.Second)))
	}
	sent := w.free
	w.mu.Unlock()
	time.Sleep(time.Until(sent))
	return sent.Add(w.delay)
}
