package session

import (
	"sync"
	"time"
)

// slowPage is how long a page may take to answer before followers are told that
// it is on its way: until then they see the one before.
const slowPage = 500 * time.Millisecond

// Awaits notes that the leader's browser asked for the next page of a tab, until
// the returned function is called.
func (s *Session) Awaits() (came func()) {
	slow := time.AfterFunc(slowPage, func() { s.room.loads(1) })
	return sync.OnceFunc(func() {
		if !slow.Stop() {
			s.room.loads(-1)
		}
	})
}

// loads counts the pages that are slow to come.
func (r *room) loads(more int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.slow > 0
	r.slow += more
	if after := r.slow > 0; after != before {
		r.followers(func(st *seat) { r.tell(st, "loading", loadingMessage{after}) })
	}
}
