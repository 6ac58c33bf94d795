package proxy

import (
	"bytes"
	"context"
	"hash/maphash"
	"log/slog"
	"sync"

	"tandem/rewrite"
	"tandem/session"
)

// scriptCache keeps rewritten scripts by their content, for all sessions.
// Those in which a session's host was written are kept for that session. They
// are found by a quick hash and then compared: a cryptographic one would take
// longer than all the rest, and with a lesser one alone a site could plant its
// script in another.
type scriptCache struct {
	seed  maphash.Seed
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
	sum     uint64
	kind    rewrite.ScriptKind
	session string // and the scheme that addresses inherit; "" for scripts that are the same in all
}

type scriptItem struct {
	key        scriptKey
	src, out   []byte // out is src if that is right as it is
	prev, next *scriptItem
}

func newScriptCache(limit int) *scriptCache {
	c := &scriptCache{seed: maphash.MakeSeed(), limit: limit, items: make(map[scriptKey]*scriptItem), underway: make(map[scriptKey]chan struct{})}
	c.order.prev, c.order.next = &c.order, &c.order
	return c
}

// rewrite returns src rewritten, which callers must not change; it does not keep
// src. A script that several browsers ask for at the same time is rewritten once.
// report is told what was done with it, if anything was.
func (c *scriptCache) rewrite(src []byte, as rewrite.ScriptKind, m *rewrite.Mapper, report func(tier, at int)) []byte {
	key := scriptKey{sum: maphash.Bytes(c.seed, src), kind: as}
	own := key
	own.session = m.Session + " " + m.Base.Scheme
	for {
		for _, k := range []scriptKey{key, own} {
			if out, ok := c.get(k, src); ok {
				return out
			}
		}
		if c.begin(key) {
			break
		}
	}
	defer c.end(key)
	src = bytes.Clone(src)
	out, _ := rewrite.JS(src, rewrite.Script{Kind: as, Mapper: m, Report: report})
	at := key
	if id := []byte(m.Session); bytes.Count(out, id) != bytes.Count(src, id) {
		at = own
	}
	if bytes.Equal(out, src) {
		out = src
	}
	c.put(at, src, out)
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

func (c *scriptCache) get(key scriptKey, src []byte) ([]byte, bool) {
	it := c.use(key)
	if it == nil || !bytes.Equal(it.src, src) {
		return nil, false
	}
	return it.out, true
}

func (c *scriptCache) use(key scriptKey) *scriptItem {
	c.mu.Lock()
	defer c.mu.Unlock()
	it := c.items[key]
	if it != nil {
		it.unlink()
		c.pushLocked(it)
	}
	return it
}

func (c *scriptCache) put(key scriptKey, src, out []byte) {
	it := &scriptItem{key: key, src: src, out: out}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.items[key]; ok || it.size() > c.limit/4 {
		return
	}
	c.items[key] = it
	c.pushLocked(it)
	c.bytes += it.size()
	for c.bytes > c.limit {
		oldest := c.order.prev
		oldest.unlink()
		delete(c.items, oldest.key)
		c.bytes -= oldest.size()
	}
}

func (it *scriptItem) size() int {
	const overhead = 256
	if len(it.src) == 0 || len(it.out) > 0 && &it.src[0] == &it.out[0] {
		return len(it.out) + overhead
	}
	return len(it.src) + len(it.out) + overhead
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
	if tier == rewrite.TierTokens {
		s.Blocked("script not understood")
	}
	if p.log.Enabled(context.Background(), slog.LevelDebug) {
		p.log.Debug("script", "session", s.ID(), "origin", origin.String(), "from", from, "bytes", size, "tier", tier, "at", at)
	}
}
