package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"github.com/klauspost/compress/flate"

	"tandem/session/wire"
)

// closure is why a connection is closed: a code of RFC 6455's private range,
// or 1001, and a word for whoever debugs the browser's side.
type closure struct {
	code int
	text string
}

func (c closure) Error() string { return fmt.Sprintf("closed with %d: %s", c.code, c.text) }

var (
	closeGoing      = closure{websocket.CloseGoingAway, "server is going away"}            // come back soon
	closeNotText    = closure{websocket.CloseInvalidFramePayloadData, "text is not UTF-8"} // RFC 6455 §8.1
	closeProtocol   = closure{4400, "protocol error"}
	closeNotAllowed = closure{4401, "not allowed"}
	closeEnded      = closure{4403, "session is over"}
	closeFull       = closure{4406, "too many people are here"}
	closeTooSlow    = closure{4408, "too slow"}
	closeReplaced   = closure{4409, "replaced by a newer connection"}
	closeMoved      = closure{4410, "moved to another device"}
	closeTooLarge   = closure{4413, "frame is too large"}
)

const (
	pingEvery    = 20 * time.Second
	measureAfter = time.Second     // a browser that has just come is busy
	beatEvery    = 3 * time.Second // how often the leader's page has to show that it lives
	deadAfter    = time.Minute
	ackTimeout   = 30 * time.Second // for what was sent to be acknowledged
	ackDelay     = 40 * time.Millisecond
	helloTimeout = 10 * time.Second
	writeTimeout = 10 * time.Second
	writeRate    = 32 << 10               // bytes per second that every peer must manage beyond writeTimeout
	flushTimeout = 500 * time.Millisecond // for the last words
	closeTimeout = time.Second            // for the peer to close its side
	deflateFrom  = 1024                   // bytes from which an unpacked frame is worth deflating
	deflateLevel = 5
)

// sizes says how large a role's frames may be.
type sizes struct {
	wire     int64 // as it arrives
	inflated int64
	rate     float64 // bytes per second, inflated, in the long run
}

var frameSizes = map[Role]sizes{
	Visitor: {wire: 16 << 20, inflated: maxOps + 1<<20, rate: 8 << 20},
	Agent:   {wire: 512 << 10, inflated: 512 << 10, rate: 1 << 20},
}

// conn is one participant's WebSocket: two goroutines between the socket and
// the room. The link in the room does the rest.
type conn struct {
	// Set by serve, then read-only.
	ws   *websocket.Conn
	room *room
	role Role
	guest
	seat *seat // set by room.attach
	size sizes

	wake   chan struct{} // holds a token when the writer has something to look at
	closed chan struct{} // closed by shut
	gone   chan struct{} // closed when the reader has returned
	once   sync.Once
	reason closure // set before closed is
	flush  bool    // send what waits before closing

	// Set by greet; nil when the peer does not pack its frames.
	packer   *wire.Packer   // then owned by writeLoop
	unpacker *wire.Unpacker // then owned by readLoop

	// Owned by readLoop.
	pace bucket

	// Guarded by room.mu.
	cursor   uint64    // the last message this socket carried
	progress time.Time // when the peer last acknowledged something
}

// writeBuffers are shared by all connections, most of which write little.
var writeBuffers sync.Pool

const bufferSize = 4 << 10

// upgrade turns a request into a WebSocket if it comes from a page of origin.
// Otherwise it has answered the request.
func upgrade(w http.ResponseWriter, r *http.Request, origin string) (*websocket.Conn, error) {
	u := websocket.Upgrader{
		HandshakeTimeout: helloTimeout,
		ReadBufferSize:   bufferSize,
		WriteBufferSize:  bufferSize,
		WriteBufferPool:  &writeBuffers,
		// One exact value: no header, "null" and other ports are refused, which
		// a browser cannot be made to send for a page of ours.
		CheckOrigin: func(r *http.Request) bool {
			got := r.Header.Values("Origin")
			return len(got) == 1 && got[0] == origin
		},
	}
	return u.Upgrade(w, r, nil)
}

// originOf returns the origin of a base URL of ours.
func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// serve runs the connection until it ends. It returns only after its writer
// has returned.
func serve(ws *websocket.Conn, room *room, role Role, g guest) {
	size := frameSizes[role]
	c := &conn{
		ws: ws, room: room, role: role, guest: g, size: size,
		wake:   make(chan struct{}, 1),
		closed: make(chan struct{}),
		gone:   make(chan struct{}),
		pace:   bucket{rate: size.rate, burst: 3 * float64(size.inflated)},
	}
	defer ws.Close()
	// Larger frames are read up to here and answered with our own code; only
	// absurd ones meet the library's limit and its code.
	ws.SetReadLimit(4 * size.wire)
	if err := c.greet(); err != nil {
		c.shut(closureFor(err), false)
		c.sayGoodbye()
		linger(ws)
		return
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.writeLoop()
	}()
	err := c.readLoop()
	close(c.gone)
	c.shut(closureFor(err), false)
	<-written
	room.detach(c)
}

// turnAway closes a socket that was never let in, saying why in a way that a
// page can see: it cannot see the status of a refused upgrade.
func turnAway(ws *websocket.Conn, why closure) {
	defer ws.Close()
	c := &conn{ws: ws, reason: why}
	c.sayGoodbye()
	linger(ws)
}

// linger reads until the peer has closed its side too. Closing with something
// unread would reset the connection, and the peer might not see our reason.
func linger(ws *websocket.Conn) {
	ws.SetReadDeadline(time.Now().Add(closeTimeout))
	for {
		if _, _, err := ws.NextReader(); err != nil {
			return
		}
	}
}

// closureFor says how to close after an error.
func closureFor(err error) closure {
	var c closure
	switch {
	case errors.As(err, &c):
		return c
	case errors.Is(err, errProtocol):
		return closeProtocol
	case errors.Is(err, errTooLarge), errors.Is(err, websocket.ErrReadLimit):
		return closeTooLarge
	}
	return closure{websocket.CloseNormalClosure, ""} // the peer went, or seems to
}

// greet exchanges hello and welcome.
func (c *conn) greet() error {
	c.ws.SetReadDeadline(time.Now().Add(helloTimeout))
	text, binary, err := c.read()
	if err != nil {
		return err
	}
	if binary {
		return errProtocol
	}
	var first struct {
		Hello *helloMessage `json:"hello"`
	}
	if err := json.Unmarshal(text, &first); err != nil || first.Hello == nil || first.Hello.Received > maxSeq {
		return errProtocol
	}
	w, err := c.room.attach(c, *first.Hello)
	if err != nil {
		return err
	}
	answer, err := json.Marshal(map[string]welcomeMessage{"welcome": w})
	if err != nil {
		panic(err) // our own fields
	}
	if err := c.write(answer); err != nil {
		c.room.detach(c)
		return err
	}
	if w.Packed {
		sent := uint64(0)
		if w.Resumed {
			sent = first.Hello.Received
		}
		c.packer, c.unpacker = wire.NewPacker(sent, w.Received), wire.NewUnpacker(w.Received, sent)
	}
	return nil
}

func (c *conn) readLoop() error {
	c.alive("")
	c.ws.SetPongHandler(c.ponged)
	for {
		frame, err := c.readFrame()
		if err != nil {
			return err
		}
		if !utf8.Valid(frame.Text) {
			return closeNotText
		}
		c.alive("")
		if err := c.room.receive(c, frame); err != nil {
			return err
		}
		if !c.paced(len(frame.Text) + itemOverhead) {
			return nil
		}
	}
}

// alive puts off the moment at which the peer counts as dead.
func (c *conn) alive(string) error {
	return c.ws.SetReadDeadline(time.Now().Add(deadAfter))
}

// ponged measures the way to the peer and back, by the time that the ping took
// along. A peer that changes it makes itself look slow.
func (c *conn) ponged(sent string) error {
	if ns, err := strconv.ParseInt(sent, 10, 64); err == nil {
		if way := time.Since(time.Unix(0, ns)); way >= 0 && way < deadAfter {
			c.room.delayed(c, way)
		}
	}
	return c.alive(sent)
}

func (c *conn) ping() error {
	now := time.Now()
	return c.ws.WriteControl(websocket.PingMessage, strconv.AppendInt(nil, now.UnixNano(), 10), now.Add(writeTimeout))
}

// paced holds the reader back when the peer sends more than it may for long;
// the network then holds back the peer. It is false when the connection closes
// meanwhile.
func (c *conn) paced(n int) bool {
	wait := c.pace.delay(float64(n), time.Now())
	if wait == 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.closed:
		return false
	}
}

// readFrame returns the next frame.
func (c *conn) readFrame() (wire.Frame, error) {
	data, binary, err := c.read()
	switch {
	case err != nil:
		return wire.Frame{}, err
	case !binary:
		return splitFrame(data)
	case c.unpacker == nil:
		if data, err = inflate(data, c.size.inflated); err != nil {
			return wire.Frame{}, err
		}
		return splitFrame(data)
	}
	frame, err := c.unpacker.Unpack(data, c.size.inflated, inflate)
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		err = errTooLarge
	case errors.Is(err, wire.ErrFormat), err == nil && max(frame.Seq, frame.Ack) > maxSeq:
		err = errProtocol
	}
	return frame, err
}

// read returns the next frame as it came.
func (c *conn) read() (data []byte, binary bool, err error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, false, err
	}
	data, err = readAtMost(r, c.size.wire)
	return data, kind == websocket.BinaryMessage, err
}

func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = errTooLarge
	}
	return b.Bytes(), err
}

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// inflate undoes deflate (RFC 1951), up to a size.
func inflate(data []byte, limit int64) ([]byte, error) {
	r := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(data), nil); err != nil {
		return nil, err
	}
	text, err := readAtMost(r, limit)
	if err != nil && err != errTooLarge {
		return nil, fmt.Errorf("%w: %w", errProtocol, err)
	}
	return text, err
}

var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, deflateLevel)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

func deflate(text []byte) ([]byte, error) {
	w := deflaters.Get().(*flate.Writer)
	defer deflaters.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	_, err := w.Write(text)
	err = errors.Join(err, w.Close()) // writes the rest
	return b.Bytes(), err
}

// signal makes the writer look for something to send.
func (c *conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// shut closes the connection without waiting for it; the first reason counts.
// With flush the frames that wait are sent before. It may be called with
// room.mu held.
func (c *conn) shut(why closure, flush bool) {
	c.once.Do(func() {
		c.reason, c.flush = why, flush
		close(c.closed)
	})
}

// writeLoop is the only writer of the socket. A write that fails or takes too
// long ends the connection: the library cannot continue after one.
func (c *conn) writeLoop() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	first := time.NewTimer(measureAfter)
	defer first.Stop()
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	ack := time.NewTimer(0)
	defer ack.Stop()
	acking := true
	for {
		if err := c.writeAll(); err != nil {
			c.shut(closeTooSlow, false)
			c.ws.Close() // also ends the reader
			return
		}
		if !acking && c.room.owes(c) {
			ack.Reset(ackDelay)
			acking = true
		}
		var err error
		select {
		case <-c.closed:
			c.sayGoodbye()
			c.part()
			return
		case <-c.wake:
		case <-ack.C:
			acking = false
			if frame := c.room.acknowledgement(c); frame != nil {
				err = c.send(*frame)
			}
		case <-beat.C:
			c.room.beat(c)
		case <-first.C:
			err = c.ping()
		case <-ping.C:
			if c.room.stalled(c) {
				c.shut(closeTooSlow, false)
			}
			err = c.ping()
		}
		if err != nil {
			c.shut(closeTooSlow, false)
			c.ws.Close()
			return
		}
	}
}

// writeAll writes what the room has for us, until told to stop.
func (c *conn) writeAll() error {
	for {
		select {
		case <-c.closed:
			return nil
		default:
		}
		frame := c.room.next(c)
		if frame == nil {
			return nil
		}
		if err := c.send(*frame); err != nil {
			return err
		}
	}
}

// send writes one frame, packed if the peer can unpack it.
func (c *conn) send(f wire.Frame) error {
	if c.packer != nil {
		packed, err := c.packer.Pack(f, c.room.deflated)
		if err != nil {
			return err
		}
		return c.put(websocket.BinaryMessage, packed)
	}
	return c.write(appendFrame(make([]byte, 0, len(f.Text)+32), f))
}

// write sends what is not packed, deflated when that is worth it.
func (c *conn) write(frame []byte) error {
	if len(frame) <= deflateFrom {
		return c.put(websocket.TextMessage, frame)
	}
	small, err := deflate(frame)
	if err != nil {
		return err
	}
	return c.put(websocket.BinaryMessage, small)
}

func (c *conn) put(kind int, frame []byte) error {
	patience := writeTimeout + time.Duration(len(frame))*time.Second/writeRate
	select {
	case <-c.closed: // these are the last words
		patience = flushTimeout
	default:
	}
	c.ws.SetWriteDeadline(time.Now().Add(patience))
	return c.ws.WriteMessage(kind, frame)
}

// part gives the peer a moment to close its side.
func (c *conn) part() {
	timer := time.NewTimer(closeTimeout)
	defer timer.Stop()
	select {
	case <-c.gone:
	case <-timer.C:
		c.ws.Close() // ends the reader
	}
}

// sayGoodbye sends the last words and the close frame.
func (c *conn) sayGoodbye() {
	if c.flush {
		for frame := c.room.next(c); frame != nil; frame = c.room.next(c) {
			if c.send(*frame) != nil {
				break
			}
		}
	}
	body := websocket.FormatCloseMessage(c.reason.code, c.reason.text)
	if c.ws.WriteControl(websocket.CloseMessage, body, time.Now().Add(closeTimeout)) != nil {
		c.ws.Close() // the peer is gone, or closed first
	}
}
