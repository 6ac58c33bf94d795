package assets

import (
	"container/list"
	"crypto/sha256"
	"fmt"
	"hash/maphash"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	maxItem      = 32 << 20 // bytes of one asset, and never more than a quarter of the store
	maxURL       = 32 << 10
	maxRedirects = 10     // followed by Get
	maxReferred  = 65_536 // URLs
	overhead     = 512    // what an entry costs beside its bytes
)

// Asset is one stored response. Body and Header are shared: read them only.
type Asset struct {
	URL         string // as put, without fragment; a blob's id
	ContentType string
	Body        []byte
	Header      http.Header // as put
	ETag        string      // our own strong validator, quoted: a hash of Body
	Stored      time.Time   // when put
	Expires     time.Time   // until when it is fresh (RFC 9111); zero: ask the site
}

// Store is safe for concurrent use.
type Store struct {
	limit int64

	mu       sync.Mutex
	size     int64
	entries  map[string]*list.Element // of *entry, by key
	used     list.List                // of *entry, the last used in front
	referred generations
}

// entry is an asset or, with target, a redirect.
type entry struct {
	key    string
	target string
	asset  Asset
	size   int64
}

// New returns a store that keeps at most limit bytes.
func New(limit int64) *Store {
	return &Store{limit: limit, entries: make(map[string]*list.Element)}
}

// Put stores a complete 200 response and reports whether it did: not when it
// is too large or not a style, image, font or medium. The store keeps body and
// header; of the header it reads what says how long the response is fresh.
func (s *Store) Put(url, contentType string, body []byte, header http.Header, now time.Time) bool {
	url, _, _ = strings.Cut(url, "#")
	return s.put(key(url), Asset{URL: url, ContentType: contentType, Body: body, Header: header,
		Stored: now, Expires: expires(header, now)})
}

// PutBlob stores bytes which the leader's browser made under an id and
// reports whether it did. Blobs need no Refer.
func (s *Store) PutBlob(id, contentType string, body []byte, now time.Time) bool {
	return s.put(blobKey(id), Asset{URL: id, ContentType: contentType, Body: body, Stored: now})
}

// seed makes ETags, which nobody compares across processes.
var seed = maphash.MakeSeed()

func (s *Store) put(key string, a Asset) bool {
	size := int64(len(a.Body)+len(a.ContentType)+2*len(key)+overhead) + headerSize(a.Header)
	if len(key) > maxURL || size > min(maxItem, s.limit/4) || !isPassive(a.ContentType) {
		return false
	}
	a.ETag = fmt.Sprintf(`"%016x"`, maphash.Bytes(seed, a.Body))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addLocked(&entry{key: key, asset: a, size: size})
	return true
}

// Redirect remembers that from answered with a redirect to to.
func (s *Store) Redirect(from, to string) {
	e := &entry{key: key(from), target: key(to)}
	e.size = int64(len(e.key) + len(e.target) + overhead)
	if len(e.key) > maxURL || len(e.target) > maxURL || e.size > s.limit/4 || e.key == e.target {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addLocked(e)
}

func (s *Store) addLocked(e *entry) {
	if old, ok := s.entries[e.key]; ok {
		s.removeLocked(old)
	}
	s.entries[e.key] = s.used.PushFront(e)
	s.size += e.size
	for s.size > s.limit {
		s.removeLocked(s.used.Back())
	}
}

func (s *Store) removeLocked(el *list.Element) {
	e := s.used.Remove(el).(*entry)
	delete(s.entries, e.key)
	s.size -= e.size
}

// Get returns the asset of url, following redirects, if url was referred to.
func (s *Store) Get(url string) (Asset, bool) {
	key := key(url)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.referred.has(key) {
		return Asset{}, false
	}
	return s.useLocked(key)
}

// Blob returns the blob of id.
func (s *Store) Blob(id string) (Asset, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.useLocked(blobKey(id))
}

func (s *Store) useLocked(key string) (Asset, bool) {
	for range maxRedirects + 1 {
		el, ok := s.entries[key]
		if !ok {
			break
		}
		s.used.MoveToFront(el)
		e := el.Value.(*entry)
		if e.target == "" {
			return e.asset, true
		}
		key = e.target
	}
	return Asset{}, false
}

// Peek is Get for the proxy itself: it asks for no reference, follows no
// redirect and does not count as use.
func (s *Store) Peek(url string) (Asset, bool) {
	key := key(url)
	s.mu.Lock()
	defer s.mu.Unlock()
	el, ok := s.entries[key]
	if !ok || el.Value.(*entry).target != "" {
		return Asset{}, false
	}
	return el.Value.(*entry).asset, true
}

// Refer allows followers to Get url from now on.
func (s *Store) Refer(url string) {
	key := key(url)
	if len(key) > maxURL {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.referred.add(key)
}

// Clear forgets everything.
func (s *Store) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size, s.referred = 0, generations{}
	s.used.Init()
	clear(s.entries)
}

// generations is a bounded set of strings that forgets those not used for
// longest, roughly: when the young half is full it becomes the old one.
type generations struct{ young, old map[digest]struct{} }

// digest stands for a string, so that the set's memory does not depend on it.
type digest [16]byte

func digestOf(s string) digest {
	sum := sha256.Sum256([]byte(s))
	return digest(sum[:16])
}

func (g *generations) add(s string) { g.addDigest(digestOf(s)) }

func (g *generations) addDigest(d digest) {
	if len(g.young) >= maxReferred/2 {
		g.old, g.young = g.young, nil
	}
	if g.young == nil {
		g.young = make(map[digest]struct{})
	}
	g.young[d] = struct{}{}
}

func (g *generations) has(s string) bool {
	d := digestOf(s)
	if _, ok := g.young[d]; ok {
		return true
	}
	_, ok := g.old[d]
	if ok {
		g.addDigest(d)
	}
	return ok
}

// isPassive reports whether a type can do nothing by itself, or like SVG
// nothing under the policy of the host that serves it.
func isPassive(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch family, subtype, _ := strings.Cut(media, "/"); family {
	case "image", "font", "audio", "video":
		return subtype != ""
	}
	switch media {
	case "text/css", "application/ogg", "application/vnd.ms-fontobject":
		return true
	}
	return strings.HasPrefix(media, "application/font-") || strings.HasPrefix(media, "application/x-font-")
}

func headerSize(h http.Header) int64 {
	var n int
	for name, values := range h {
		n += len(name)
		for _, v := range values {
			n += len(v)
		}
	}
	return int64(n)
}
