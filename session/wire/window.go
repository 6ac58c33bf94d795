package wire

import (
	"encoding/binary"
	"slices"
)

const (
	reach    = 1<<14 - 1 // how far back a match may be: a varint of two bytes
	minMatch = 3
	hashed   = 4 // bytes that are looked up
	hashBits = 12
	longest  = 32 // matches that are compared at a place

	// maxReferred is the longest text that is not deflated: a browser counts
	// UTF-16 units, of which one may be three bytes.
	maxReferred = 3 * DeflateFrom
)

// window is the end of what was said. Both ends hold the same.
type window struct {
	buf  []byte
	past int // bytes said before buf
}

// append adds text, which may be of any length.
func (w *window) append(text []byte) {
	if w.buf == nil {
		w.buf = make([]byte, 0, 2*reach+maxReferred)
	}
	if skip := len(text) - reach; skip > 0 {
		w.past += len(w.buf) + skip
		w.buf, text = w.buf[:0], text[skip:]
	}
	if over := len(w.buf) + len(text) - cap(w.buf); over > 0 {
		w.forget(len(w.buf) - reach)
	}
	w.buf = append(w.buf, text...)
}

// forget drops the first n bytes.
func (w *window) forget(n int) {
	if n > 0 {
		w.buf = w.buf[:copy(w.buf, w.buf[n:])]
		w.past += n
	}
}

// chains finds earlier places in a window that begin like a later one.
type chains struct {
	head [1 << hashBits]int32 // the last place of a hash, counted from 1
	prev [reach + 1]uint16    // how far before a place the one before it is; 0 when there is none
	next int                  // the first place that is not entered
}

// maxPlace is far below what int32 holds.
const maxPlace = 1 << 30

// renew forgets all places before they become too large for int32.
func (c *chains) renew(w *window) {
	if w.past > maxPlace {
		w.past, c.next = 0, 0
		clear(c.head[:])
	}
}

// enter enters the places before end.
func (c *chains) enter(w *window, end int) {
	end = min(end, w.past+len(w.buf)-hashed+1)
	for at := max(c.next, w.past); at < end; at++ {
		h := hash(w.buf[at-w.past:])
		back := at + 1 - int(c.head[h])
		if c.head[h] == 0 || back > reach {
			back = 0
		}
		c.prev[at&reach] = uint16(back)
		c.head[h] = int32(at + 1)
	}
	c.next = max(c.next, end)
}

func hash(b []byte) uint32 { return binary.LittleEndian.Uint32(b) * 2654435761 >> (32 - hashBits) }

// find returns the longest match for what is at a place, which ends with the
// window; last is the distance that costs least to say.
func (c *chains) find(w *window, at, last int) (length, distance int) {
	here := w.buf[at-w.past:]
	if last > 0 {
		length, distance = w.match(at, last), last
	}
	if len(here) < hashed {
		return length, distance
	}
	for place, n := int(c.head[hash(here)])-1, 0; place >= w.past && at-place <= reach && n < longest; n++ {
		if m := w.match(at, at-place); m > length+1 || m > length && distance != last {
			length, distance = m, at-place
		}
		back := int(c.prev[place&reach])
		if back == 0 {
			break
		}
		place -= back
	}
	return length, distance
}

// match counts the bytes that are alike at a place and before it.
func (w *window) match(at, distance int) (n int) {
	at -= w.past
	if distance > at {
		return 0
	}
	for at+n < len(w.buf) && w.buf[at+n] == w.buf[at+n-distance] {
		n++
	}
	return n
}

func (p *Packer) remember(text []byte) {
	p.chains.renew(&p.window)
	p.window.append(text)
	p.chains.enter(&p.window, p.window.past+len(p.window.buf))
}

// refer appends text as references. It is shorter than DeflateFrom.
func (p *Packer) refer(b, text []byte) []byte {
	w := &p.window
	p.chains.renew(w)
	w.append(text)
	end := w.past + len(w.buf)
	at := end - len(text)
	literals, last := at, 0
	for at < end {
		p.chains.enter(w, at)
		length, distance := p.chains.find(w, at, last)
		if length < minMatch || length == minMatch && distance > 127 {
			at++
			continue
		}
		b = w.token(b, literals, at, length)
		if distance == last {
			b = append(b, 0)
		} else {
			b = binary.AppendUvarint(b, uint64(distance))
		}
		last = distance
		at += length
		literals = at
	}
	p.chains.enter(w, end)
	if literals < end || len(text) == 0 {
		b = w.token(b, literals, end, 0)
	}
	return b
}

const (
	manyLiterals = 7
	longMatch    = 31
	longFrom     = longMatch + minMatch - 1
)

// token appends literals and the length of the match after them, 0 for none.
func (w *window) token(b []byte, from, to, length int) []byte {
	literals := to - from
	code := 0
	if length > 0 {
		code = min(length-minMatch+1, longMatch)
	}
	b = append(b, byte(min(literals, manyLiterals)<<5|code))
	if literals >= manyLiterals {
		b = binary.AppendUvarint(b, uint64(literals-manyLiterals))
	}
	b = append(b, w.buf[from-w.past:to-w.past]...)
	if code == longMatch {
		b = binary.AppendUvarint(b, uint64(length-longFrom))
	}
	return b
}

// resolve is the inverse of refer. After an error the window is useless.
func (w *window) resolve(r *reader, limit int64) ([]byte, error) {
	w.append(nil)
	if cap(w.buf)-len(w.buf) < maxReferred {
		w.forget(len(w.buf) - reach)
	}
	start, last := len(w.buf), uint64(0)
	limit = min(limit, maxReferred)
	for len(r.b) > 0 {
		token := r.byte()
		literals, code := uint64(token>>5), uint64(token&longMatch)
		if literals == manyLiterals {
			literals += r.uvarint()
		}
		text := r.take(literals)
		length := uint64(0)
		if code > 0 {
			length = code + minMatch - 1
		}
		if code == longMatch {
			length += r.uvarint()
		}
		if code > 0 {
			if d := r.uvarint(); d > 0 {
				last = d
			}
		}
		if r.bad || code > 0 && (last == 0 || last > reach || last > uint64(len(w.buf)+len(text))) {
			return nil, ErrFormat
		}
		if literals > uint64(limit) || length > uint64(limit) || int64(len(w.buf)-start)+int64(literals+length) > limit {
			return nil, ErrTooLarge
		}
		w.buf = append(w.buf, text...)
		for range length {
			w.buf = append(w.buf, w.buf[len(w.buf)-int(last)])
		}
	}
	return slices.Clone(w.buf[start:]), nil
}
