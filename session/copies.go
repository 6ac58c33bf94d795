package session

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
	"sync"
	"time"

	"tandem/session/audit"
)

// A copy of a file that the visitor saves, for those who follow: made while the
// file passes, as nothing is asked of a site twice, and handed over only if the
// visitor says so while they are told of the file. It is in memory, the last one
// of a session, and few in all sessions.
const (
	maxCopy   = 25 << 20    // bytes of one,
	maxCopies = 4 * maxCopy // and of all on the server
	// copyFor is how long it waits for the visitor's word, and then to be fetched.
	copyFor = 2 * time.Minute
)

const whyNoCopy = "There is no copy of this file any more."

// Copy is the copy of a file.
type Copy struct {
	room *room
	name string
	free func() // gives its room on the server back

	body bytes.Buffer // maxCopy+1 bytes are too many

	// Guarded by the room's lock.
	n      uint64 // the visitor's number for it, 0 until it is complete
	passed bool
	had    map[string]bool // who has fetched it
	timer  *time.Timer
}

type (
	// copyMessage tells the visitor of a file that can be passed on.
	copyMessage struct {
		N     uint64 `json:"n"`
		Name  string `json:"name"`
		Bytes int    `json:"bytes"`
	}
	// passMessage is the visitor's word.
	passMessage struct {
		N uint64 `json:"n"`
	}
)

func (*passMessage) check() error { return nil }

// Copy begins a copy of a file of so many bytes, 0 if that is not known. It
// returns nil when there is nobody to give it to, or no room.
func (s *Session) Copy(name string, size int) *Copy {
	r, h := s.room, s.hub
	followed := false
	r.mu.Lock()
	r.followers(func(st *seat) { followed = followed || st.conn != nil })
	followed = followed && !r.over && !s.Paused()
	r.mu.Unlock()
	if !followed || size > maxCopy {
		return nil
	}
	if h.copies.Add(maxCopy) > maxCopies {
		h.copies.Add(-maxCopy)
		return nil
	}
	return &Copy{room: r, name: cut(name, maxFileName), free: sync.OnceFunc(func() { h.copies.Add(-maxCopy) })}
}

// Write takes what passes; it never fails.
func (c *Copy) Write(p []byte) (int, error) {
	c.body.Write(p[:min(len(p), maxCopy+1-c.body.Len())])
	return len(p), nil
}

// Done says that the whole file has passed, and how its bytes are read where it
// came encoded.
func (c *Copy) Done(decode func(body []byte, limit int64) ([]byte, error)) {
	body, err := decode(c.body.Bytes(), maxCopy)
	r := c.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || len(body) > maxCopy || r.over || r.s.Paused() {
		c.free()
		return
	}
	c.body = *bytes.NewBuffer(body)
	r.dropCopy(r.copy)
	r.number++
	c.n, r.copy = r.number, c
	c.timer = time.AfterFunc(copyFor, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.dropCopy(c)
	})
	r.push(r.seat(Visitor), item{key: "copy", doc: noDoc, text: encode("copy", copyMessage{c.n, c.name, len(body)})})
}

// Drop gives up a copy of what did not pass whole.
func (c *Copy) Drop() {
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	if c.room.copy != c {
		c.free()
	}
}

// dropCopy forgets a copy.
func (r *room) dropCopy(c *Copy) {
	if c == nil || r.copy != c {
		return
	}
	r.copy = nil
	c.timer.Stop()
	c.free()
}

// passOn hands the copy over, once it is recorded that the visitor did.
func (r *room) passOn(m passMessage) (after func(), why string) {
	if r.copy == nil || r.copy.n != m.N || r.copy.passed {
		return nil, whyNoCopy
	}
	return func() {
		entry := audit.Entry{Who: string(Visitor), Act: "session.pass", Session: r.s.current().meeting(), What: "a copy of a saved file"}
		err := r.s.hub.audit.Do(r.s.hub.ctx, entry, func() error { r.passed(m.N); return nil })
		if err != nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.refuse(r.seat(Visitor), nil, "pass", whyUnsaved)
		}
	}, ""
}

func (r *room) passed(n uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.copy
	if c == nil || c.n != n || c.passed {
		return
	}
	c.passed, c.had = true, map[string]bool{}
	c.timer.Reset(copyFor)
	r.toFollowers("passed", copyMessage{c.n, c.name, c.body.Len()})
}

// fetchCopy returns what was passed on, once to each who follows.
func (r *room) fetchCopy(who string, n uint64) (c *Copy, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c = r.copy
	if c == nil || c.n != n || !c.passed || c.had[who] || r.s.Paused() {
		return nil, false
	}
	c.had[who] = true
	return c, true
}

// followerFetches sends a copy that the visitor has passed on. A browser must
// not take it for anything of ours.
func (h *Hub) followerFetches(w http.ResponseWriter, r *http.Request) {
	s, _, err := h.followerAsks(r)
	if err != nil {
		h.fail(w, err)
		return
	}
	g, _ := s.follower(r)
	n, _ := strconv.ParseUint(r.PathValue("n"), 10, 64)
	c, ok := s.room.fetchCopy(g.who, n)
	if !ok {
		fail(w, errNothing)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": c.name}))
	w.Header().Set("Content-Length", strconv.Itoa(c.body.Len()))
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	w.Write(c.body.Bytes())
}
