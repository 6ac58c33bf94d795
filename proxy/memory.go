package proxy

import (
	"context"
	"crypto/rand"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tandem/rewrite"
	"tandem/session"
)

const (
	memoryFor    = time.Minute      // redirects and dances must arrive within
	framesFor    = 10 * time.Minute // a lazy frame may load late
	memoryLimit  = 2048             // entries of each kind per session
	sweepEvery   = 500 * time.Millisecond
	policyLimit  = 128 // policies of sites, which may be long
	integrityMax = 8   // different integrity attributes for one address
	anonymousMax = 64  // requests without a cookie served at a time, per session
)

// memory is what the proxy remembers of one live session. It is lost with the
// process: all of it is either short-lived or learnt again.
type memory struct {
	ctx    context.Context // ends with the session
	cancel context.CancelFunc

	key       string       // what documents without cookies show to our endpoints
	policy    string       // our Content-Security-Policy
	anonymous atomic.Int32 // requests of the anonymous tier under way
	allowance allowance    // bytes of the anonymous tier
	fetching  atomic.Int32 // responses on their way to the store

	mu       sync.Mutex
	networks map[netip.Prefix]bool // where the visitor is
	arrivals recent[arrival]       // redirect targets, by URL
	posts    recent[posted]        // forms that go to new tabs, by URL
	dances   recent[initiator]     // who asked for the document before the dance, by state
	frames   recent[bool]          // URLs that documents named in iframes
	marks    recent[bool]          // what scripts said of frames, and came true
	tops     recent[string]        // origin → site of the tab it was last framed in
	policies recent[string]        // origin → Referrer-Policy of its last document
	hsts     recent[bool]          // host → whether subdomains are included
	misses   recent[bool]          // kinds and origins that were logged as blocked
	upgrades recent[bool]          // origin → whether its last document asked for upgrade-insecure-requests
	csp      recent[string]        // id → a policy of a site's
	handed   recent[handed]        // what documents show of themselves, by URL
	digests  recent[[]string]      // origin and address → integrity that its documents demand
}

func (m *memory) setUpgrade(o rewrite.Origin, upgrade bool, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if upgrade {
		m.upgrades.put(o.String(), true, now, 24*time.Hour)
	} else {
		delete(m.upgrades, o.String())
	}
}

func (m *memory) upgrade(o rewrite.Origin, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.upgrades.get(o.String(), now)
	return ok
}

func (m *memory) addIntegrity(key, metadata string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, _ := m.digests.get(key, now)
	if !slices.Contains(known, metadata) && len(known) < integrityMax {
		m.digests.put(key, append(slices.Clone(known), metadata), now, 24*time.Hour)
	}
}

func (m *memory) integrity(key string, now time.Time) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	metadata, _ := m.digests.get(key, now)
	return metadata
}

func (m *memory) setPolicy(p rewrite.Policy, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.csp) >= policyLimit {
		m.csp.shrink(now, policyLimit/2)
	}
	m.csp.put(p.ID(), p.String(), now, 24*time.Hour)
}

func (m *memory) sitePolicy(id string, now time.Time) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.csp.get(id, now)
}

func (m *memory) rememberArrival(url string, a arrival, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.arrivals.put(url, a, now, memoryFor)
}

// takeArrival returns, once, how a redirect sent the browser to url.
func (m *memory) takeArrival(url string, now time.Time) (arrival, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.arrivals.take(url, now)
}

// posted is what a form holds, for a tab that will be opened at its address.
type posted struct {
	contentType string
	body        []byte
}

// postKey names the form of a page of one origin. Without that, a page could have
// somebody who follows a link of another site post there instead.
func postKey(by rewrite.Origin, to *url.URL) string { return by.String() + " " + arrivalKey(to) }

// rememberPost keeps a form's data. It reports false when there are too many.
func (m *memory) rememberPost(key string, form posted, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.posts.shrink(now, maxPosts)
	if len(m.posts) == maxPosts {
		return false
	}
	m.posts.put(key, form, now, memoryFor)
	return true
}

func (m *memory) takePost(key string, now time.Time) (posted, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.posts.take(key, now)
}

func (m *memory) rememberDance(state string, from initiator, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dances.put(state, from, now, memoryFor)
}

func (m *memory) takeDance(state string, now time.Time) (initiator, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dances.take(state, now)
}

func (m *memory) rememberFrame(url string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frames.put(url, true, now, framesFor)
}

func (m *memory) isFrame(url string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.frames.get(url, now)
	return ok
}

// takeMark reports whether a mark is new.
func (m *memory) takeMark(mark string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, used := m.marks.get(mark, now)
	m.marks.put(mark, true, now, framesFor)
	return !used
}

func (m *memory) setTop(o rewrite.Origin, site string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tops.put(o.String(), site, now, 24*time.Hour)
}

func (m *memory) top(o rewrite.Origin, now time.Time) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tops.get(o.String(), now)
}

func (m *memory) setReferrerPolicy(o rewrite.Origin, policy string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.policies.put(o.String(), policy, now, 24*time.Hour)
}

func (m *memory) referrerPolicy(o rewrite.Origin, now time.Time) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	policy, _ := m.policies.get(o.String(), now)
	return policy
}

func (m *memory) setStrictTransport(host string, subdomains bool, keep time.Duration, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hsts.put(host, subdomains, now, keep)
}

// strictTransport reports whether host, or a domain around it that includes
// its subdomains, asked for https (RFC 6797 §8.2).
func (m *memory) strictTransport(host string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.hsts.get(host, now); ok {
		return true
	}
	for {
		_, parent, ok := strings.Cut(host, ".")
		if !ok {
			return false
		}
		if subdomains, ok := m.hsts.get(parent, now); ok && subdomains {
			return true
		}
		host = parent
	}
}

// arrival is how a redirect sent the browser to a URL.
type arrival struct {
	from   initiator
	passed []rewrite.Origin // the origins that redirected, oldest first
	frame  bool             // it is a frame's
	policy string           // the Referrer-Policy of the last that said one
}

// recent is a map whose entries end, and which does not outgrow memoryLimit.
type recent[V any] map[string]dated[V]

type dated[V any] struct {
	value V
	until time.Time
}

func (r *recent[V]) put(key string, v V, now time.Time, keep time.Duration) {
	if *r == nil {
		*r = make(recent[V])
	}
	if len(*r) >= memoryLimit {
		r.shrink(now, memoryLimit/2)
	}
	(*r)[key] = dated[V]{v, now.Add(keep)}
}

// shrink drops what has ended and, when that is not enough, any others: losing
// an entry only makes a later decision stricter.
func (r *recent[V]) shrink(now time.Time, most int) {
	for key, e := range *r {
		if !now.Before(e.until) {
			delete(*r, key)
		}
	}
	for key := range *r {
		if len(*r) <= most {
			return
		}
		delete(*r, key)
	}
}

func (r recent[V]) get(key string, now time.Time) (v V, ok bool) {
	e, ok := r[key]
	if !ok || !now.Before(e.until) {
		return v, false
	}
	return e.value, true
}

func (r recent[V]) take(key string, now time.Time) (V, bool) {
	v, ok := r.get(key, now)
	delete(r, key)
	return v, ok
}

// memories holds the memory of each live session and drops it, ending the
// session's streams, soon after the session has ended.
type memories struct {
	content rewrite.Domain
	now     func() time.Time
	stop    context.CancelFunc
	done    chan struct{} // closed when sweepLoop has returned
	ctx     context.Context

	mu   sync.Mutex
	byID map[string]remembered
}

type remembered struct {
	*memory
	session *session.Session
}

func newMemories(content rewrite.Domain, now func() time.Time) *memories {
	ctx, stop := context.WithCancel(context.Background())
	ms := &memories{content: content, now: now, ctx: ctx, stop: stop, done: make(chan struct{}), byID: make(map[string]remembered)}
	go ms.sweepLoop()
	return ms
}

// of returns the memory of s, a live session.
func (ms *memories) of(s *session.Session) *memory {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if m, ok := ms.byID[s.ID()]; ok {
		return m.memory
	}
	m := &memory{key: rand.Text()}
	m.policy = rewrite.CSP(ms.content, "/.tandem/report?key="+m.key)
	m.ctx, m.cancel = context.WithCancel(ms.ctx)
	ms.byID[s.ID()] = remembered{m, s}
	return m
}

func (ms *memories) sweepLoop() {
	defer close(ms.done)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ms.ctx.Done():
			return
		case <-tick.C:
			ms.sweep()
		}
	}
}

func (ms *memories) sweep() {
	ms.mu.Lock()
	defer ms.mu.Unlock()
	for id, m := range ms.byID {
		if m.session.State() != session.Active {
			m.cancel()
			delete(ms.byID, id)
		}
	}
}

// close ends all streams and waits for the sweeper.
func (ms *memories) close() {
	ms.stop()
	<-ms.done
}
