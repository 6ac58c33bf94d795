package state

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// A JetStream that once could not write, because the disk was full, never
// writes again. So it is started anew when the disk has room. Nobody writes
// meanwhile; those who watch go on.

// mendEvery is how often the disk is tried.
const mendEvery = 2 * time.Second

// mend begins to mend, unless that has begun.
func (s *Store) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mending || s.closed {
		return
	}
	s.mending = true
	s.log.Error("the data directory cannot be written; it will be tried again: make room on its disk")
	go s.tryMending(s.mended)
}

func (s *Store) tryMending(closed <-chan struct{}) {
	for {
		select {
		case <-closed:
			return
		case <-time.After(mendEvery):
		}
		switch err := s.restart(); {
		case err == nil:
			return
		case errors.Is(err, errNoRoom):
		default:
			s.log.Error("starting the store again", "error", err)
		}
	}
}

var errNoRoom = errors.New("there is no room on the disk")

// restart replaces the server if the disk can be written.
func (s *Store) restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	if !writable(s.dir) {
		return errNoRoom
	}
	s.stop()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := s.start(ctx); err != nil {
		return err
	}
	for _, b := range s.buckets {
		if err := b.open(ctx); err != nil {
			return err
		}
	}
	s.log.Info("the data directory can be written again")
	s.mending = false
	close(s.mended)
	s.mended = make(chan struct{})
	return nil
}

// room is what has to fit on the disk before it is taken to be not full.
const room = 1 << 20

func writable(dir string) bool {
	name := filepath.Join(dir, ".room")
	defer os.Remove(name)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	_, err = f.Write(make([]byte, room))
	return errors.Join(err, f.Sync(), f.Close()) == nil
}

// await waits until the store is mended. It reports false when ctx ends first,
// or the store is closed.
func (s *Store) await(ctx context.Context, mended <-chan struct{}) bool {
	select {
	case <-mended:
	case <-ctx.Done():
		return false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return !s.closed
}
