// Package wire packs the frames of a link into few bytes. A frame that
// toggles a class is some ten bytes long and one that moves a pointer four,
// because both ends remember what was said before.
//
// The browser's own compression cannot do this for us: permessage-deflate
// (RFC 7692) helps with small messages only when the server keeps a compressor
// of a megabyte for each connection, the WebSocket library has no context
// takeover at all, and CompressionStream cannot flush after a message. So both
// ends keep the last 16 KiB of what was said and refer to it. That costs some
// 130 KiB for each direction of a connection.
//
// # Format
//
// The first byte says how the rest is coded, in its two lowest bits, and what
// comes before that:
//
//	0  references into what was said, see below
//	1  the text, deflated by itself (RFC 1951, no header): worth it for long
//	   texts, and the same for all who get it
//	2  a pointer, see below
//	3  nothing
//	4  flag: the frame's number is one more than the last one's
//	8  flag: a varint follows, by which the acknowledgement has grown
//	16 flag: a varint follows, the frame's number
//
// Frames without a number may get lost before they are packed. Varints are
// those of protocol buffers: seven bits a byte, the lowest first.
//
// References: each token is a byte with the number of literals (three bits, 7
// if there are more) and a code for the length of a match (five bits). After it
// come a varint of the literals beyond 7, the literals, a varint of the
// length beyond 33 if the code is 31, and, unless the code is 0, the match's
// distance as a varint. Codes 1 to 30 are lengths from 3. The distance 0 is that
// of the match before.
//
// Pointers: of the message {"type":"pointer"} there is only what changed.
// Flags say that the document (32), who points (64) and the node (128) are the
// same as in the last pointer; otherwise follow, in this order, the document as
// a varint, who points as a length and text, and the node as a varint. Then
// fractions of the node's box, 12 bits each in three bytes. Without a node (0)
// there are coordinates instead, as two zigzag varints; beside a node they are
// not sent.
//
// What is unpacked is JSON again and has to be judged as such.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
)

// ErrFormat says that a frame is not of the format.
var ErrFormat = errors.New("wire: not a packed frame")

// ErrTooLarge says that a frame unpacks to more than it may.
var ErrTooLarge = errors.New("wire: frame is too large")

// DeflateFrom is the length from which a text is deflated by itself.
const DeflateFrom = 4 << 10

// Frame is one frame of a link.
type Frame struct {
	Seq  uint64 // 0 for what may get lost
	Ack  uint64
	Text []byte // JSON, or nil when the frame only acknowledges
}

const (
	byReference = iota
	byDeflate
	byPointer
	nothing

	codings    = 3
	numbered   = 4
	acks       = 8
	explicit   = 16
	sameDoc    = 32
	samePerson = 64
	sameNode   = 128
)

// ends is what both ends of a direction remember beside the texts.
type ends struct {
	seq, ack uint64
	pointer  pointer
}

// Packer packs the frames of one direction of one socket, in order. It is not
// safe for concurrent use.
type Packer struct {
	ends
	window window
	chains *chains
}

// NewPacker returns a packer for frames that follow number seq, to a peer that
// knows the acknowledgement ack.
func NewPacker(seq, ack uint64) *Packer {
	return &Packer{ends: ends{seq: seq, ack: ack}, chains: new(chains)}
}

// Pack returns the packed frame. deflate is called with a long text.
func (p *Packer) Pack(f Frame, deflate func([]byte) ([]byte, error)) ([]byte, error) {
	b := make([]byte, 1, 16)
	if f.Ack > p.ack {
		b[0] |= acks
		b = binary.AppendUvarint(b, f.Ack-p.ack)
		p.ack = f.Ack
	}
	switch {
	case f.Seq == 0:
	case f.Seq == p.seq+1:
		b[0] |= numbered
		p.seq = f.Seq
	default:
		b[0] |= explicit
		b = binary.AppendUvarint(b, f.Seq)
		p.seq = f.Seq
	}
	if f.Text == nil {
		b[0] |= nothing
		return b, nil
	}
	if point, ok := readPointer(f.Text); ok && f.Seq == 0 {
		b[0] |= byPointer | p.pointer.same(point)
		b = point.append(b, b[0])
		p.pointer = point
		return b, nil
	}
	if len(f.Text) < DeflateFrom {
		return p.refer(b, f.Text), nil
	}
	small, err := deflate(f.Text)
	if err != nil {
		return nil, err
	}
	p.remember(f.Text)
	b[0] |= byDeflate
	return append(b, small...), nil
}

// Unpacker undoes a Packer. It is not safe for concurrent use.
type Unpacker struct {
	ends
	window window
}

// NewUnpacker returns the counterpart of NewPacker(seq, ack).
func NewUnpacker(seq, ack uint64) *Unpacker { return &Unpacker{ends: ends{seq: seq, ack: ack}} }

// Unpack returns the frame that was packed. Its text is at most limit bytes
// long. inflate undoes deflate, up to that limit.
func (u *Unpacker) Unpack(data []byte, limit int64, inflate func([]byte, int64) ([]byte, error)) (f Frame, err error) {
	r := reader{b: data}
	flags := r.byte()
	if flags&acks != 0 {
		u.ack += r.uvarint()
	}
	f.Ack = u.ack
	switch {
	case flags&numbered != 0:
		u.seq++
		f.Seq = u.seq
	case flags&explicit != 0:
		u.seq = r.uvarint()
		f.Seq = u.seq
	}
	if r.bad || flags&numbered != 0 && flags&explicit != 0 {
		return Frame{}, ErrFormat
	}
	switch flags & codings {
	case byReference:
		f.Text, err = u.window.resolve(&r, limit)
	case byDeflate:
		if f.Text, err = inflate(r.b, limit); err == nil {
			u.window.append(f.Text)
		}
	case byPointer:
		if err = u.pointer.read(&r, flags); err == nil {
			f.Text = u.pointer.json()
		}
	case nothing:
		if len(r.b) > 0 {
			err = ErrFormat
		}
	}
	return f, err
}

// pointer is the message that moves somebody's pointer.
type pointer struct {
	doc, node uint64
	from      string
	fx, fy    uint64 // of 4095
	x, y      int64
}

const (
	fraction = 1<<12 - 1
	maxFrom  = 64
	maxInt   = 1<<53 - 1
)

// readPointer reads the message, if it is one that fits the format.
func readPointer(text []byte) (p pointer, ok bool) {
	const head = `{"type":"pointer"`
	if len(text) < len(head) || string(text[:len(head)]) != head {
		return p, false
	}
	var m struct {
		Doc, Node    uint64
		From         string
		FX, FY, X, Y float64
	}
	if json.Unmarshal(text, &m) != nil || m.Doc > maxInt || m.Node > maxInt || len(m.From) > maxFrom ||
		!(m.FX >= 0 && m.FX <= 1 && m.FY >= 0 && m.FY <= 1) || math.Abs(m.X) > 1<<30 || math.Abs(m.Y) > 1<<30 {
		return p, false
	}
	p = pointer{doc: m.Doc, node: m.Node, from: m.From}
	if p.node == 0 {
		p.x, p.y = int64(math.Round(m.X)), int64(math.Round(m.Y))
	} else {
		p.fx, p.fy = uint64(math.Round(m.FX*fraction)), uint64(math.Round(m.FY*fraction))
	}
	return p, true
}

func (p pointer) same(next pointer) (flags byte) {
	if p.doc == next.doc {
		flags |= sameDoc
	}
	if p.from == next.from {
		flags |= samePerson
	}
	if p.node == next.node {
		flags |= sameNode
	}
	return flags
}

func (p pointer) append(b []byte, flags byte) []byte {
	if flags&sameDoc == 0 {
		b = binary.AppendUvarint(b, p.doc)
	}
	if flags&samePerson == 0 {
		b = append(binary.AppendUvarint(b, uint64(len(p.from))), p.from...)
	}
	if flags&sameNode == 0 {
		b = binary.AppendUvarint(b, p.node)
	}
	if p.node == 0 {
		return binary.AppendVarint(binary.AppendVarint(b, p.x), p.y)
	}
	return append(b, byte(p.fx), byte(p.fx>>8|p.fy<<4), byte(p.fy>>4))
}

func (p *pointer) read(r *reader, flags byte) error {
	if flags&sameDoc == 0 {
		p.doc = r.uvarint()
	}
	if flags&samePerson == 0 {
		p.from = string(r.take(min(r.uvarint(), maxFrom+1)))
	}
	if flags&sameNode == 0 {
		p.node = r.uvarint()
	}
	p.fx, p.fy, p.x, p.y = 0, 0, 0, 0
	if p.node == 0 {
		p.x, p.y = r.varint(), r.varint()
	} else if b := r.take(3); !r.bad {
		p.fx = uint64(b[0]) | uint64(b[1]&15)<<8
		p.fy = uint64(b[1]>>4) | uint64(b[2])<<4
	}
	if r.bad || len(r.b) > 0 || p.doc > maxInt || p.node > maxInt || len(p.from) > maxFrom {
		return ErrFormat
	}
	return nil
}

func (p pointer) json() []byte {
	text, err := json.Marshal(struct {
		Type string  `json:"type"`
		From string  `json:"from,omitempty"`
		Doc  uint64  `json:"doc"`
		Node uint64  `json:"node"`
		FX   float64 `json:"fx"`
		FY   float64 `json:"fy"`
		X    int64   `json:"x"`
		Y    int64   `json:"y"`
	}{"pointer", p.from, p.doc, p.node, float64(p.fx) / fraction, float64(p.fy) / fraction, p.x, p.y})
	if err != nil {
		panic(err) // numbers and a string
	}
	return text
}

// reader takes a frame apart. After a mistake it is bad and gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	if b := r.take(1); !r.bad {
		return b[0]
	}
	return 0
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// uvarint reads a number that JavaScript holds exactly.
func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > maxInt {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}
