package session

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"tandem/session/audit"
)

// refusals are wrong guesses and refused sign-ins on their way to the audit log.
// The first of an address is recorded at once; how many more came, when
// refusalWindow is over. So a flood is seen, and takes few lines. They are safe
// for concurrent use.
type refusals struct {
	mu   sync.Mutex
	seen map[refused]*counted
}

// refused is what somebody may not do.
type refused struct {
	act    string
	client string // see clientKey
}

type counted struct {
	since time.Time
	more  int // beyond the first
}

const (
	refusalWindow = 10 * time.Minute
	// maxRefused is how many addresses are told apart in one window.
	maxRefused = 50
	elsewhere  = "other addresses"
)

// add counts a refusal, and returns what is to be recorded now, if anything.
func (c *refusals) add(what refused, now time.Time) (e audit.Entry, due bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.seen[what]; !known && len(c.seen) >= maxRefused {
		what.client = elsewhere
	}
	if run, known := c.seen[what]; known {
		run.more++
		return e, false
	}
	if c.seen == nil {
		c.seen = map[refused]*counted{}
	}
	c.seen[what] = &counted{since: now}
	return what.entry(what.client), true
}

// over returns what is to be recorded of windows that began before then.
func (c *refusals) over(then time.Time) (list []audit.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for what, run := range c.seen {
		if run.since.After(then) {
			continue
		}
		delete(c.seen, what)
		if run.more > 0 {
			list = append(list, what.entry(fmt.Sprintf("%s, %d more times", what.client, run.more)))
		}
	}
	return list
}

func (r refused) entry(what string) audit.Entry {
	return audit.Entry{Who: "somebody", Act: r.act, What: what, Result: audit.Refused}
}

// refused notes that a stranger's request was refused.
func (h *Hub) refused(r *http.Request, act string) {
	if e, due := h.refusals.add(refused{act, clientKey(r.RemoteAddr)}, h.now()); due {
		h.record(r.Context(), e)
	}
}

// recordRefusals records what was counted in windows that began before then.
func (h *Hub) recordRefusals(then time.Time) {
	for _, e := range h.refusals.over(then) {
		h.record(h.ctx, e)
	}
}

// record is for what was refused: nobody waits for its being recorded.
func (h *Hub) record(ctx context.Context, e audit.Entry) {
	if err := h.audit.Add(ctx, e); err != nil {
		h.log.Error("recording an act", "act", e.Act, "error", err)
	}
}
