package proxy

import (
	"io"
	"sync"
	"time"
)

// patience is how long what was written may wait for what comes next.
const patience = time.Millisecond

// stream writes a response's body as it comes: small writes wait for each other
// as long as there are more of them, and are sent when none comes for a moment.
// One that has been quiet is not made to wait.
type stream struct {
	mu      sync.Mutex
	w       io.Writer
	buf     *[copyBuffer]byte
	n       int // of buf, not written yet
	pending bool
	sent    time.Time // when it was last flushed
	timer   *time.Timer
	waiting bool // for timer
	err     error
}

// streamed lets write write to w as a stream.
func streamed(w io.Writer, write func(io.Writer) error) error {
	s := &stream{w: w, buf: buffers.Get().(*[copyBuffer]byte)}
	err := write(s)
	if ended := s.end(); err == nil {
		err = ended
	}
	return err
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = true
	if s.n+len(p) > len(s.buf) {
		s.pass()
	}
	if s.err != nil {
		return 0, s.err
	}
	if len(p) >= len(s.buf) {
		_, s.err = s.w.Write(p)
	} else {
		s.n += copy(s.buf[s.n:], p)
	}
	return len(p), s.err
}

// pass writes what waits.
func (s *stream) pass() {
	if s.n > 0 && s.err == nil {
		_, s.err = s.w.Write(s.buf[:s.n])
	}
	s.n = 0
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
	s.waiting = false
	s.pass()
	buffers.Put(s.buf)
	s.buf = nil
	return s.err
}
