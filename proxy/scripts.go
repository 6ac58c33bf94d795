package proxy

import (
	"bytes"
	"crypto/sha256"
	"sync"

	"tandem/rewrite"
)

// scriptCache keeps rewritten scripts by their content, for all sessions.
// Those in which a session's host was written are kept for that session.
type scriptCache struct {
	mu    sync.Mutex
	limit int
	bytes int
	items map[scriptKey]*scriptItem
	// order is a ring of the items by last use, through the sentinel.
	order scriptItem
}

type scriptKey struct {
	sum     [sha256.Size]byte
	kind    rewrite.ScriptKind
	session string // "" for scripts that are the same in all
}

type scriptItem struct {
	key        scriptKey
	out        []byte // nil: the source is right as it is
	prev, next *scriptItem
}

func newScriptCache(limit int) *scriptCache {
	c := &scriptCache{limit: limit, items: make(map[scriptKey]*scriptItem)}
	c.order.prev, c.order.next = &c.order, &c.order
	return c
}

// rewrite returns src rewritten. Callers must not change the result.
func (c *scriptCache) rewrite(src []byte, as rewrite.ScriptKind, m *rewrite.Mapper) []byte {
	key := scriptKey{sum: sha256.Sum256(src), kind: as}
	own := key
	own.session = m.Session
	for _, k := range []scriptKey{key, own} {
		if out, ok := c.get(k); ok {
			if out == nil {
				return src
			}
			return out
		}
	}
	out, _ := rewrite.JS(src, rewrite.Script{Kind: as, Mapper: m})
	if id := []byte(m.Session); bytes.Count(out, id) != bytes.Count(src, id) {
		key = own
	}
	kept := out
	if bytes.Equal(out, src) {
		kept = nil
	}
	c.put(key, kept)
	return out
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
