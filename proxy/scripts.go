package proxy

import (
	"bytes"
	"crypto/sha256"
	"sync"

	"tandem/rewrite"
	"tandem/session"
)

// scriptCache keeps rewritten scripts by their content, for all sessions.
// Those in which a session's host was written are kept for that session.
type scriptCache struct {
	mu    sync.Mutex
	limit int
	bytes int
	items map[scriptKey]*scriptItem
	// Those that are being rewritten, by their keys without a session; the
	// channel is closed when it is done.
	underway map[scriptKey]chan struct{}
	// order is a ring of the items by last use, through the sentinel.
	order scriptItem
}

type scriptKey struct {
	sum     [sha256.Size]byte
	kind    rewrite.ScriptKind
	session string // and the scheme that addresses inherit; "" for scripts that are the same in all
}

type scriptItem struct {
	key        scriptKey
	out        []byte // nil: the source is right as it is
	prev, next *scriptItem
}

func newScriptCache(limit int) *scriptCache {
	c := &scriptCache{limit: limit, items: make(map[scriptKey]*scriptItem), underway: make(map[scriptKey]chan struct{})}
	c.order.prev, c.order.next = &c.order, &c.order
	return c
}

// rewrite returns src rewritten, which callers must not change. A script that
// several browsers ask for at the same time is rewritten once. report is told
// what was done with it, if anything was.
func (c *scriptCache) rewrite(src []byte, as rewrite.ScriptKind, m *rewrite.Mapper, report func(tier, at int)) []byte {
	key := scriptKey{sum: sha256.Sum256(src), kind: as}
	own := key
	own.session = m.Session + " " + m.Base.Scheme
	for {
		for _, k := range []scriptKey{key, own} {
			if out, ok := c.get(k); ok {
				if out == nil {
					return src
				}
				return out
			}
		}
		if c.begin(key) {
			break
		}
	}
	defer c.end(key)
	out, _ := rewrite.JS(src, rewrite.Script{Kind: as, Mapper: m, Report: report})
	at := key
	if id := []byte(m.Session); bytes.Count(out, id) != bytes.Count(src, id) {
		at = own
	}
	kept := out
	if bytes.Equal(out, src) {
		kept = nil
	}
	c.put(at, kept)
	return out
}

// begin reports whether the caller is to rewrite the script, and end it. If not,
// somebody else did, and begin has waited for it.
func (c *scriptCache) begin(key scriptKey) bool {
	c.mu.Lock()
	done, busy := c.underway[key]
	if !busy {
		c.underway[key] = make(chan struct{})
	}
	c.mu.Unlock()
	if busy {
		<-done
	}
	return !busy
}

func (c *scriptCache) end(key scriptKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.underway[key])
	delete(c.underway, key)
}

func (c *scriptCache) get(key scriptKey) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	it, ok := c.items[key]
	if !ok {
		return nil, false
	}
	it.unlink()
	c.pushLocked(it)
	return it.out, true
}

func (c *scriptCache) put(key scriptKey, out []byte) {
	const overhead = 256
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[key]; ok || len(out)+overhead > c.limit/4 {
		return
	}
	it := &scriptItem{key: key, out: out}
	c.items[key] = it
	c.pushLocked(it)
	c.bytes += len(out) + overhead
	for c.bytes > c.limit {
		oldest := c.order.prev
		oldest.unlink()
		delete(c.items, oldest.key)
		c.bytes -= len(oldest.out) + overhead
	}
}

func (c *scriptCache) pushLocked(it *scriptItem) {
	it.prev, it.next = &c.order, c.order.next
	it.prev.next, it.next.prev = it, it
}

func (it *scriptItem) unlink() { it.prev.next, it.next.prev = it.next, it.prev }

// logScript notes how a script was rewritten, and counts those that were not
// understood: what no browser runs either, or syntax that is newer than our
// parser. How far it got is enough to find out which, given the script.
func (p *Proxy) logScript(s *session.Session, origin rewrite.Origin, from string, size, tier, at int) {
	attrs := []any{"session", s.ID(), "origin", origin.String(), "from", from, "bytes", size, "tier", tier}
	if tier != rewrite.TierTokens {
		p.log.Debug("script", attrs...)
		return
	}
	s.Blocked("script not understood")
	p.log.Debug("script not understood", append(attrs, "at", at)...)
}
