package proxy

import (
	"errors"
	"io"
	"sync"
	"testing"
)

// sent is what arrived at the other end, and in how many writes.
type sent struct {
	mu     sync.Mutex
	text   string
	writes int
	err    error
}

func (s *sent) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += string(p)
	s.writes++
	return len(p), s.err
}

func (s *sent) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text
}

func TestStream(t *testing.T) {
	out := new(sent)
	err := streamed(out, func(w io.Writer) error {
		io.WriteString(w, "a")
		flush(w)
		if out.String() != "a" {
			t.Errorf("the first has to wait: %q arrived", out)
		}
		for range 1000 {
			io.WriteString(w, "b")
			flush(w)
		}
		eventually(t, "what came last arrives, though nothing comes behind it", func() bool { return len(out.String()) == 1001 })
		io.WriteString(w, "c")
		return nil
	})
	if err != nil || len(out.text) != 1002 || out.writes > 500 {
		t.Errorf("%d bytes in %d writes, %v", len(out.text), out.writes, err)
	}
	out = &sent{err: errors.New("gone")}
	if err := streamed(out, func(w io.Writer) error { io.WriteString(w, "a"); return nil }); err == nil {
		t.Error("a failure at the end is not told")
	}
}
