package assets

import (
	"net/http"
	"time"
)

// Asset is one stored response. Body and Header are shared: read them only.
type Asset struct {
	URL         string // as put, without fragment
	ContentType string
	Body        []byte
	// Header has the fields of the response that the proxy needs to answer
	// from the store or to revalidate: validators, Cache-Control, Vary, CORS.
	Header  http.Header
	ETag    string    // our own strong validator, quoted: a hash of Body
	Stored  time.Time // when put
	Expires time.Time // until when it is fresh (RFC 9111); zero: ask the site
}

// Store is safe for concurrent use.
type Store struct{}

// New returns a store that keeps at most limit bytes.
func New(limit int64) *Store { panic("soon") }

// Put stores a complete 200 response and reports whether it did: not when it
// is too large or not a style, image, font or medium. The store keeps body.
func (s *Store) Put(url, contentType string, body []byte, header http.Header, now time.Time) bool {
	panic("soon")
}

// Redirect remembers that from answered with a redirect to to.
func (s *Store) Redirect(from, to string) { panic("soon") }

// Get returns the asset of url, following redirects, if url was referred to.
func (s *Store) Get(url string) (Asset, bool) { panic("soon") }

// Peek is Get for the proxy itself: it asks for no reference, follows no
// redirect and does not count as use.
func (s *Store) Peek(url string) (Asset, bool) { panic("soon") }

// Refer allows followers to Get url from now on.
func (s *Store) Refer(url string) { panic("soon") }

// PutBlob stores bytes which the leader's browser made under an id and
// reports whether it did. Blobs need no Refer.
func (s *Store) PutBlob(id, contentType string, body []byte, now time.Time) bool { panic("soon") }

// Blob returns the blob of id.
func (s *Store) Blob(id string) (Asset, bool) { panic("soon") }

// Clear forgets everything.
func (s *Store) Clear() { panic("soon") }
