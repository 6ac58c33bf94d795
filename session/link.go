package session

import (
	"bytes"
	"errors"
	"strconv"

	"tandem/session/wire"
)

const (
	windowBytes  = 4 << 20   // numbered and not yet acknowledged
	backlogBytes = 1 << 20   // waiting to be sent, above which documents are sent afresh
	queueBytes   = 4 << 20   // waiting to be sent, above which the peer is too slow
	itemOverhead = 64        // what an item costs beside its text
	maxSeq       = 1<<53 - 1 // numbers are JavaScript's
)

var (
	errProtocol = errors.New("frames do not follow the protocol")
	errTooSlow  = errors.New("the peer does not keep up")
)

// item is a message on its way to a participant.
type item struct {
	key   string // when set, it takes the place of an unsent item with the same key
	doc   int    // the document it is about, or noDoc
	fresh bool   // says all of doc as it is when sent; text is made then
	lossy bool   // needs no number: it may get lost
	text  []byte // JSON
}

const noDoc = -1

func (i *item) size() int { return len(i.text) + len(i.key) + itemOverhead }

// link is our end of the ordered stream to one participant. It outlives the
// sockets that carry it: what was sent is kept until acknowledged, what is not
// yet sent waits in a queue that stays small. A queue that grows loses what it
// says about documents and says instead, once, how each is when its turn comes.
//
// A link knows no socket, clock or lock; the room that owns it guards it.
type link struct {
	stream string // names this stream; another name is another numbering

	// Receiving.
	received uint64 // all up to this arrived
	told     uint64 // the last of them we acknowledged

	// Sending: ring holds what is numbered acked+1 … sent.
	sent, acked uint64
	ring        [][]byte
	ringBytes   int

	queue  []*item
	queued int // bytes
	keyed  map[string]*item
	fresh  map[int]*item
}

func newLink(stream string) *link {
	return &link{stream: stream, keyed: map[string]*item{}, fresh: map[int]*item{}}
}

// push queues a message. It fails with errTooSlow when even short news has
// piled up: the stream cannot be continued then.
func (l *link) push(it item) error {
	if it.key != "" {
		if old := l.keyed[it.key]; old != nil {
			l.queued += it.size() - old.size()
			*old = it
			return nil
		}
	}
	if it.doc != noDoc && l.fresh[it.doc] != nil {
		return nil // what will be said of the document includes this
	}
	l.append(&it)
	if l.queued > backlogBytes {
		l.collapse()
	}
	if l.queued > queueBytes {
		return errTooSlow
	}
	return nil
}

func (l *link) append(it *item) {
	l.queue = append(l.queue, it)
	l.queued += it.size()
	if it.key != "" {
		l.keyed[it.key] = it
	}
	if it.fresh {
		l.fresh[it.doc] = it
	}
}

// forget drops what waits to be said about a document.
func (l *link) forget(doc int) {
	old := l.queue
	l.clearQueue()
	for _, it := range old {
		if it.doc != doc {
			l.append(it)
		}
	}
}

// collapse replaces what waits to be said about each document by one item,
// where the first of them stood, that says all of it.
func (l *link) collapse() {
	old := l.queue
	l.clearQueue()
	for _, it := range old {
		switch {
		case it.doc == noDoc:
			l.append(it)
		case l.fresh[it.doc] == nil:
			l.append(&item{doc: it.doc, fresh: true})
		}
	}
}

func (l *link) clearQueue() {
	l.queue, l.queued = nil, 0
	clear(l.keyed)
	clear(l.fresh)
}

// next returns the message that follows number cursor on the wire, with its
// number, 0 for a lossy one. It gives nothing while the window is full.
// render makes the text of a fresh item; nil when there is nothing to say.
func (l *link) next(cursor uint64, render func(doc int) []byte) (seq uint64, text []byte, ok bool) {
	cursor = max(cursor, l.acked) // a peer may claim more than this socket carried
	if cursor < l.sent {
		return cursor + 1, l.ring[cursor-l.acked], true
	}
	for len(l.queue) > 0 {
		it := l.queue[0]
		if !it.lossy && l.ringBytes >= windowBytes {
			return 0, nil, false
		}
		l.pop()
		if it.lossy {
			return 0, it.text, true
		}
		text := it.text
		if it.fresh {
			text = render(it.doc)
		}
		if text == nil {
			continue
		}
		l.sent++
		l.ring = append(l.ring, text)
		l.ringBytes += len(text)
		return l.sent, text, true
	}
	return 0, nil, false
}

func (l *link) pop() {
	it := l.queue[0]
	l.queue[0] = nil
	l.queue = l.queue[1:]
	l.queued -= it.size()
	if it.key != "" {
		delete(l.keyed, it.key)
	}
	if it.fresh {
		delete(l.fresh, it.doc)
	}
}

// acknowledge takes the peer's word for what arrived there.
func (l *link) acknowledge(seq uint64) error {
	if seq > l.sent {
		return errProtocol
	}
	for l.acked < seq {
		l.ringBytes -= len(l.ring[0])
		l.ring[0] = nil
		l.ring = l.ring[1:]
		l.acked++
	}
	return nil
}

// receive reports whether the message of that number is news. A gap is an
// error: the peer left something out.
func (l *link) receive(seq uint64) (news bool, err error) {
	switch {
	case seq == 0:
		return true, nil
	case seq <= l.received:
		l.told = min(l.told, seq-1) // our acknowledgement was lost: say it again
		return false, nil
	case seq > l.received+1:
		return false, errProtocol
	}
	l.received = seq
	return true, nil
}

// tell returns the acknowledgement to send; what it covers needs no other.
func (l *link) tell() uint64 {
	l.told = l.received
	return l.received
}

// owes reports whether something received is not yet acknowledged.
func (l *link) owes() bool { return l.told < l.received }

// resume reports whether a peer that has everything up to received can go on
// with this stream on a new socket.
func (l *link) resume(stream string, received uint64) bool {
	if stream != l.stream || received < l.acked || received > l.sent {
		return false
	}
	return l.acknowledge(received) == nil
}

// appendFrame appends the frame as [seq,ack,text], or [0,ack] without a text.
func appendFrame(dst []byte, f wire.Frame) []byte {
	dst = append(dst, '[')
	dst = strconv.AppendUint(dst, f.Seq, 10)
	dst = append(dst, ',')
	dst = strconv.AppendUint(dst, f.Ack, 10)
	if f.Text != nil {
		dst = append(dst, ',')
		dst = append(dst, f.Text...)
	}
	return append(dst, ']')
}

// splitFrame is the inverse of appendFrame. It does not look into the text,
// which its decoder will refuse unless it is exactly one JSON value.
func splitFrame(frame []byte) (f wire.Frame, err error) {
	rest, ok := bytes.CutPrefix(frame, []byte{'['})
	rest, ok2 := bytes.CutSuffix(rest, []byte{']'})
	if !ok || !ok2 {
		return f, errProtocol
	}
	first, rest, ok := bytes.Cut(rest, []byte{','})
	second, text, more := bytes.Cut(rest, []byte{','})
	seq, err1 := parseSeq(first)
	ack, err2 := parseSeq(second)
	if !ok || err1 != nil || err2 != nil || more == (len(text) == 0) || !more && seq != 0 {
		return f, errProtocol
	}
	return wire.Frame{Seq: seq, Ack: ack, Text: text}, nil
}

func parseSeq(digits []byte) (uint64, error) {
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || n > maxSeq {
		return 0, errProtocol
	}
	return n, nil
}
