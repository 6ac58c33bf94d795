package proxy

import (
	"io"
	"sync"
	"time"
)

const (
	// patience is how long what was written may wait for what comes next.
	patience = time.Millisecond
	// streamBuffer is how much may wait: most pages as a whole.
	streamBuffer = 128 << 10
)

// stream writes a response's body as it comes: what was written waits for more as
// long as there is more of it, and is sent when none comes for a moment. One that
// has been quiet is not made to wait.
type stream struct {
	mu      sync.Mutex
	w       io.Writer
	buf     *[streamBuffer]byte // nil while nothing waits
	n       int                 // of buf, not written yet
	lent    bool                // what is behind n
	begun   bool                // something was passed on
	pending bool
	sent    time.Time // when it was last flushed, or began
	timer   *time.Timer
	waiting bool // for timer
	err     error
}

var streamBuffers = sync.Pool{New: func() any { return new([streamBuffer]byte) }}

// streamed lets write write to w as a stream.
func streamed(w io.Writer, write func(io.Writer) error) error {
	s := &stream{w: w, sent: time.Now()}
	err := write(s)
	if err == nil {
		s.measure()
	}
	if ended := s.end(); err == nil {
		err = ended
	}
	return err
}

// measure tells how long the body is when all of it still waits.
func (s *stream) measure() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w, ok := s.w.(interface{ setLength(n int) }); ok && s.n > 0 && !s.begun {
		w.setLength(s.n)
	}
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = true
	if s.n+len(p) > streamBuffer {
		s.pass()
	}
	if s.err != nil {
		return 0, s.err
	}
	if len(p) >= streamBuffer {
		s.begun = true
		_, s.err = s.w.Write(p)
		return len(p), s.err
	}
	s.n += copy(s.free(), p) // a lent one is mostly there already
	s.lent = false
	return len(p), nil
}

// AvailableBuffer lends what is free of the buffer, to be appended to and then
// written, like that of a [bufio.Writer].
func (s *stream) AvailableBuffer() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lent = true
	return s.free()[:0]
}

func (s *stream) free() []byte {
	if s.buf == nil {
		s.buf = streamBuffers.Get().(*[streamBuffer]byte)
	}
	return s.buf[s.n:]
}

// pass writes what waits.
func (s *stream) pass() {
	if s.n > 0 {
		s.begun = true
		if s.err == nil {
			_, s.err = s.w.Write(s.buf[:s.n])
		}
		s.n = 0
	}
	if s.buf != nil && !s.lent {
		streamBuffers.Put(s.buf)
		s.buf = nil
	}
}

// Flush says that it is not known when more will be written.
func (s *stream) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.pending || s.waiting:
	case time.Since(s.sent) >= patience:
		s.send()
	case s.timer == nil:
		s.waiting, s.timer = true, time.AfterFunc(patience, s.elapsed)
	default:
		s.waiting = true
		s.timer.Reset(patience)
	}
}

func (s *stream) send() {
	s.pass()
	flush(s.w)
	s.pending, s.sent = false, time.Now()
}

func (s *stream) elapsed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting { // else the stream has ended
		s.waiting = false
		s.send()
	}
}

func (s *stream) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer != nil {
		s.timer.Stop()
	}
	s.waiting, s.lent = false, false
	s.pass()
	return s.err
}
