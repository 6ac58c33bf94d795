package session

import (
	"context"
	"sync"
)

// changes lets requests wait until anything about any session is different. It
// is safe for concurrent use.
type changes struct {
	mu   sync.Mutex
	n    uint64
	next chan struct{} // closed at the next change; nil when nobody waits
}

func (c *changes) bump() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if c.next != nil {
		close(c.next)
		c.next = nil
	}
}

// wait returns the number of the last change once that is not since, or ctx
// has ended.
func (c *changes) wait(ctx context.Context, since uint64) uint64 {
	c.mu.Lock()
	n := c.n
	if n == since && c.next == nil {
		c.next = make(chan struct{})
	}
	next := c.next
	c.mu.Unlock()
	if n != since {
		return n
	}
	select {
	case <-next:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}
