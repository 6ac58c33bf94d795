package session

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"tandem/session/secret"
)

// A tunnel stands in for a WebSocket where a network lets none through. It is
// one, of this server to itself; the page has the other end by requests: one
// that brings frames, and one that waits for some. So nothing behind it differs.
//
// A frame is its opcode of RFC 6455, four bytes with its length, and what is in it.
type tunnel struct {
	room *Session // whose requests may use it
	role Role
	who  string

	ws   *websocket.Conn // the page's end
	down chan []byte     // frames for the page; closed when the socket is
	ping atomic.Pointer[string]
	idle *time.Timer // closes it when no request waits
	gone chan struct{}
	once sync.Once

	writing sync.Mutex
}

const (
	frameHead   = 5
	batchBytes  = 1 << 20 // of frames in one request or answer, or one frame
	tunnelWait  = 20 * time.Second
	tunnelGone  = 10 * time.Second // without a request that waits
	tunnelParam = "tunnel"
)

var errNoTunnel = errors.New("there is no such tunnel")

// tunnels are those of a hub, by a secret of the page that opened one.
type tunnels struct {
	mu  sync.Mutex
	all map[string]*tunnel
}

func (ts *tunnels) add(t *tunnel) (id string) {
	id = secret.New()
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.all == nil {
		ts.all = make(map[string]*tunnel)
	}
	ts.all[id] = t
	t.idle = time.AfterFunc(tunnelGone, func() { ts.drop(id) })
	return id
}

func (ts *tunnels) get(id string, s *Session, role Role, who string) (*tunnel, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.all[id]
	if t == nil || t.room != s || t.role != role || t.who != who {
		return nil, errNoTunnel
	}
	return t, nil
}

func (ts *tunnels) drop(id string) {
	ts.mu.Lock()
	t := ts.all[id]
	delete(ts.all, id)
	ts.mu.Unlock()
	if t != nil {
		t.close()
	}
}

func (ts *tunnels) closeAll() {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for _, t := range ts.all {
		t.close()
	}
	clear(ts.all)
}

// tunnelled is socket for a page that asks by requests.
func (h *Hub) tunnelled(w http.ResponseWriter, r *http.Request, s *Session, role Role, base string, g guest, present bool) {
	w.Header().Set("Cache-Control", "no-store")
	if got := r.Header.Values("Origin"); len(got) != 1 || got[0] != originOf(base) || !present || s == nil {
		fail(w, errForbidden)
		return
	}
	id := r.URL.Query().Get(tunnelParam)
	if id == "" {
		t, err := h.openTunnel(s, role, base, g)
		if err != nil {
			h.fail(w, err)
			return
		}
		io.WriteString(w, h.tunnels.add(t))
		return
	}
	t, err := h.tunnels.get(id, s, role, g.who)
	if err != nil {
		fail(w, errNothing)
		return
	}
	if r.ContentLength != 0 {
		if t.bring(http.MaxBytesReader(w, r.Body, frameSizes[role].wire+batchBytes)) != nil {
			fail(w, errBadRequest)
		}
		return
	}
	frames, ok := t.wait(r.Context(), h.draining)
	if !ok {
		h.tunnels.drop(id)
		fail(w, errNothing)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(frames)
}

// openTunnel has a socket opened over a pipe.
func (h *Hub) openTunnel(s *Session, role Role, base string, g guest) (*tunnel, error) {
	ours, theirs := net.Pipe()
	go h.acceptPiped(ours, s, role, base, g)
	dialer := websocket.Dialer{
		NetDial:          func(string, string) (net.Conn, error) { return theirs, nil },
		HandshakeTimeout: helloTimeout,
		ReadBufferSize:   bufferSize,
		WriteBufferSize:  bufferSize,
	}
	ws, _, err := dialer.Dial("ws://tunnel/", http.Header{"Origin": {originOf(base)}})
	if err != nil {
		theirs.Close()
		return nil, errGoing
	}
	t := &tunnel{room: s, role: role, who: g.who, ws: ws, down: make(chan []byte, 16), gone: make(chan struct{})}
	ws.SetPingHandler(t.pinged)
	go t.readLoop()
	return t, nil
}

// acceptPiped is what a server of HTTP does with a connection.
func (h *Hub) acceptPiped(conn net.Conn, s *Session, role Role, base string, g guest) {
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(helloTimeout))
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	h.socket(&piped{refusal{header: http.Header{}}, conn}, r, s, role, base, g, true)
}

// piped answers on a pipe with a socket or not at all.
type piped struct {
	refusal
	conn net.Conn
}

func (p *piped) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return p.conn, bufio.NewReadWriter(bufio.NewReader(p.conn), bufio.NewWriter(p.conn)), nil
}

func (t *tunnel) close() {
	t.once.Do(func() {
		close(t.gone)
		t.idle.Stop()
		t.ws.Close()
	})
}

// readLoop takes what the server says, as fast as the page fetches it.
func (t *tunnel) readLoop() {
	defer close(t.down)
	for {
		kind, data, err := t.ws.ReadMessage()
		if err != nil {
			t.put(websocket.CloseMessage, closing(err))
			return
		}
		t.put(kind, data)
	}
}

// closing is what a page is told of a socket that closed.
func closing(err error) []byte {
	var why *websocket.CloseError
	if errors.As(err, &why) {
		return websocket.FormatCloseMessage(why.Code, why.Text)
	}
	return nil
}

func (t *tunnel) put(kind int, data []byte) {
	frame := make([]byte, frameHead, frameHead+len(data))
	frame[0] = byte(kind)
	binary.BigEndian.PutUint32(frame[1:], uint32(len(data)))
	select {
	case t.down <- append(frame, data...):
	case <-t.gone:
	}
}

// pinged has the page answer: by its next request, so that the way to it and back
// is measured and not the one through the pipe.
func (t *tunnel) pinged(data string) error {
	t.ping.Store(&data)
	t.put(websocket.PingMessage, nil)
	return nil
}

// wait returns what there is for the page, once there is something or it is time
// to ask again. It is false when nothing comes any more, or nobody waits.
func (t *tunnel) wait(ctx, draining context.Context) (frames []byte, ok bool) {
	t.idle.Stop()
	defer t.idle.Reset(tunnelGone)
	if data := t.ping.Swap(nil); data != nil {
		t.ws.WriteControl(websocket.PongMessage, []byte(*data), time.Now().Add(writeTimeout))
	}
	timer := time.NewTimer(tunnelWait)
	defer timer.Stop()
	select {
	case frames, ok = <-t.down:
		if !ok {
			return nil, false
		}
	case <-timer.C:
		return nil, true
	case <-draining.Done():
		return nil, false
	case <-ctx.Done():
		return nil, false
	}
	for len(frames) < batchBytes {
		select {
		case more, open := <-t.down:
			if !open {
				return frames, true
			}
			frames = append(frames, more...)
		default:
			return frames, true
		}
	}
	return frames, true
}

// bring takes the frames of a page to the server, of one request at a time: what
// others bring meanwhile is not read.
func (t *tunnel) bring(request io.Reader) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	body, err := io.ReadAll(request)
	if err != nil {
		return err
	}
	for len(body) > 0 {
		if len(body) < frameHead {
			return errProtocol
		}
		kind, size := int(body[0]), binary.BigEndian.Uint32(body[1:])
		body = body[frameHead:]
		if kind != websocket.TextMessage && kind != websocket.BinaryMessage || uint64(size) > uint64(len(body)) {
			return errProtocol
		}
		t.ws.SetWriteDeadline(time.Now().Add(deadAfter))
		if err := t.ws.WriteMessage(kind, body[:size]); err != nil {
			return err
		}
		body = body[size:]
	}
	return nil
}
