package mirror

import (
	"encoding/json"
	"errors"
)

// ErrResync is wrapped by every error of Apply: the leader must send a new
// snapshot, and nothing else is accepted before it.
var ErrResync = errors.New("mirror: needs a new snapshot")

// ErrLimit is wrapped, beside ErrResync, when the document outgrew its limits,
// so that a new snapshot would probably fail as well.
var ErrLimit = errors.New("mirror: document over its limits")

// Limits bounds one document. A zero field means its default.
type Limits struct {
	Message int // bytes of one Apply; default 16 MiB
	Bytes   int // text, attributes and properties kept; default 48 MiB
	Nodes   int // default 200 000
	Depth   int // default 1 024
	Ops     int // operations of one Apply; default 50 000
	Attrs   int // attributes of one element; default 1 000
	Value   int // bytes of one attribute value or property; default 4 MiB
	Sheets  int // constructed style sheets; default 4 096
	Rules   int // CSSOM edits remembered for one sheet; default 50 000
}

// Counts tells what Apply had to correct so far. On a leader running our own
// recorder all stay zero.
type Counts struct {
	Masked  int // values that should have been masked and were not
	Dropped int // attributes, tags, properties and operations not allowed
}

// Document is the server's copy of one mirrored document. It is not safe for
// concurrent use.
type Document struct{}

// NewDocument returns a document that waits for its first snapshot. onURL, if
// not nil, is called during Apply with each absolute http(s) URL, without
// fragment, that a follower's renderer will want from the response store.
func NewDocument(limits Limits, onURL func(absURL string)) *Document { panic("soon") }

// SetURL tells the document's address at the real site, against which
// relative URLs are resolved. Call it before the first Apply and after
// history.pushState.
func (d *Document) SetURL(url string) { panic("soon") }

// Apply validates and performs ops, an array of operations, and returns what
// followers get: ops itself when nothing had to be corrected. On an error,
// which always wraps ErrResync, followers get nothing.
func (d *Document) Apply(ops json.RawMessage) (clean json.RawMessage, err error) { panic("soon") }

// Snapshot returns the operations that rebuild the document as it is now;
// "[]" before the first snapshot.
func (d *Document) Snapshot() json.RawMessage { panic("soon") }

// Has reports whether node id exists; 0, the document, always does.
func (d *Document) Has(id int) bool { panic("soon") }

// Masked reports whether node id, or an element around it, is masked, so that
// nobody but the leader may see or change its value. Unknown nodes are.
func (d *Document) Masked(id int) bool { panic("soon") }

// Counts returns what had to be corrected so far.
func (d *Document) Counts() Counts { panic("soon") }
