package proxy

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
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
		time.Sleep(patience)
		io.WriteString(w, "a")
		flush(w)
		if out.String() != "a" {
			t.Errorf("what comes after a pause has to wait: %q arrived", out)
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

// TestStreamLends appends to what the stream lends, while what was written before
// is sent.
func TestStreamLends(t *testing.T) {
	out := new(sent)
	var want strings.Builder
	err := streamed(out, func(w io.Writer) error {
		for i := range 200 {
			lent := w.(*stream).AvailableBuffer()
			flush(w)
			if i%50 == 0 {
				eventually(t, "all before arrives", func() bool { return len(out.String()) == want.Len() })
			}
			piece := strings.Repeat(string(rune('a'+i%26)), 1+7*i)
			want.WriteString(piece)
			w.Write(append(lent, piece...))
		}
		return nil
	})
	if err != nil || out.text != want.String() {
		t.Errorf("%d bytes arrived, not the %d that were written; %v", len(out.text), want.Len(), err)
	}
}
