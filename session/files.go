package session

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"
)

// An agent's file on its way to the visitor's page. The agent offers files by
// name and size, the visitor is asked, and what they accept goes through here in
// pieces. Nothing of it is kept: a piece is passed on, and the next few are
// taken when the visitor's browser has said that it has them.
const (
	maxFiles = 10
	maxFile  = 10 << 20 // bytes
	maxPiece = 128 << 10
	// maxUnder is how much of a file may be under way to the visitor.
	maxUnder = 4 * maxPiece
	// maxFileName is how long the name of a file may be, in characters.
	maxFileName = 200
)

const (
	whyNoOffer = "no-offer"
	whyOneFile = "one-file"
)

// transfer is an offer of an agent's, and how far it has come.
type transfer struct {
	seat   *seat
	stream string // of the agent's link; another one knows nothing of it
	n      uint64 // the agent's number
	left   []int  // bytes still to come, of each file that is not complete
	taken  bool   // by the visitor
	under  int    // bytes that the visitor's browser has not confirmed
}

// fileMessage is a file before it comes.
type fileMessage struct {
	Name string `json:"name"`
	Size int    `json:"size"`
	MIME string `json:"mime"`
}

// offerMessage offers files to a page: to a control that asked for them, by the
// number it asked with, or dropped on a node.
type offerMessage struct {
	N     uint64        `json:"n"`
	Doc   number        `json:"doc"`
	Want  number        `json:"want,omitempty"`
	Node  number        `json:"node"`
	FX    float64       `json:"fx"`
	FY    float64       `json:"fy"`
	Files []fileMessage `json:"files"`
}

func (m *offerMessage) check() error {
	if len(m.Files) == 0 || len(m.Files) > maxFiles {
		return errors.New("no files, or too many")
	}
	for i := range m.Files {
		f := &m.Files[i]
		// Files that people choose have no directory in their names: sites may rely on it.
		f.Name = f.Name[strings.LastIndexAny(f.Name, `/\`)+1:]
		if f.Name = cut(f.Name, maxFileName); f.Name == "" || f.Name == "." || f.Name == ".." || f.Size < 0 || f.Size > maxFile || len(f.MIME) > 200 {
			return errors.New("not a file that can be sent")
		}
	}
	m.FX, m.FY = min(max(m.FX, 0), 1), min(max(m.FY, 0), 1)
	if m.N > maxN {
		return errors.New("number out of range")
	}
	return checkNumbers(m.Doc, m.Want, m.Node)
}

// pieceMessage is the next piece of what was offered; the files follow each
// other.
type pieceMessage struct {
	N    uint64 `json:"n"`
	Data string `json:"data"`

	size int
}

func (m *pieceMessage) check() error {
	body, err := base64.StdEncoding.DecodeString(m.Data)
	m.size = len(body)
	if err == nil && (m.size == 0 || m.size > maxPiece) {
		err = errors.New("not a piece of a file")
	}
	return err
}

// wantMessage says that the page asks somebody for files, by what they did.
type wantMessage struct {
	To       string `json:"to"`
	Doc      number `json:"doc"`
	Want     number `json:"want"`
	Accept   string `json:"accept,omitempty"`
	Multiple bool   `json:"multiple,omitempty"`
}

func (m *wantMessage) check() error {
	m.Accept = cut(m.Accept, maxText)
	return checkNumbers(m.Doc, m.Want)
}

// takeMessage is the visitor's answer to an offer, gotMessage says how many
// bytes more have arrived, and placedMessage what the page made of it in the end.
type (
	takeMessage struct {
		N  uint64 `json:"n"`
		OK bool   `json:"ok"`
	}
	gotMessage struct {
		N     uint64 `json:"n"`
		Bytes int    `json:"bytes"`
	}
	placedMessage struct {
		N   uint64 `json:"n"`
		OK  bool   `json:"ok"`
		Why string `json:"why,omitempty"`
	}
	// withdrawnMessage ends an offer for the visitor: the agent has gone, or may
	// not act any more.
	withdrawnMessage struct {
		N uint64 `json:"n"`
	}
	offeredMessage struct {
		From string `json:"from"`
		offerMessage
	}
)

func (*takeMessage) check() error { return nil }
func (m *gotMessage) check() error {
	if m.Bytes < 0 || m.Bytes > maxUnder {
		return errors.New("more than was under way")
	}
	return nil
}
func (m *placedMessage) check() error {
	m.Why = cut(m.Why, maxText)
	return nil
}

// offer asks the visitor about an agent's files.
func (r *room) offer(st *seat, m offerMessage, now time.Time) (why string) {
	d := r.docs[m.Doc]
	switch {
	case d == nil || m.Want == 0 && !d.tree.Has(m.Node):
		return whyGone
	case m.Want == 0 && d.tree.Masked(m.Node):
		return whyMasked
	case m.Want == 0 && d.tree.Protected(m.Node):
		return whyProtected
	}
	for _, t := range r.transfers {
		if t.seat == st && t.stream == st.link.stream {
			return whyOneFile
		}
	}
	if why := r.unreachable(now); why != "" {
		return why
	}
	t := &transfer{seat: st, stream: st.link.stream, n: m.N}
	for _, f := range m.Files {
		t.left = append(t.left, f.Size)
	}
	r.number++
	r.transfers[r.number] = t
	m.N = r.number
	r.push(r.seat(Visitor), item{doc: noDoc, text: encode("offer", offeredMessage{st.person.ID, m})})
	return ""
}

// pass passes the next piece of an agent's files on.
func (r *room) pass(st *seat, m pieceMessage) (why string) {
	for n, t := range r.transfers {
		if t.seat != st || t.stream != st.link.stream || t.n != m.N {
			continue
		}
		for len(t.left) > 0 && t.left[0] == 0 {
			t.left = t.left[1:]
		}
		if !t.taken || len(t.left) == 0 || m.size > t.left[0] || t.under+m.size > maxUnder {
			r.withdraw(n, whyNoOffer)
			return ""
		}
		t.left[0] -= m.size
		t.under += m.size
		m.N = n
		r.push(r.seat(Visitor), item{doc: noDoc, text: encode("piece", m)})
		return ""
	}
	return "" // it was withdrawn while this was under way, which the agent is told
}

// tellOffer tells an agent what the visitor's browser says of an offer.
func (r *room) tellOffer(t *transfer, name string, m any) {
	if t.seat.link.stream == t.stream {
		r.push(t.seat, item{doc: noDoc, text: encode(name, m)})
	}
}

func (r *room) taken(m takeMessage) {
	t := r.transfers[m.N]
	if t == nil || t.taken {
		return
	}
	t.taken = m.OK
	if !m.OK {
		delete(r.transfers, m.N)
	}
	r.tellOffer(t, "take", takeMessage{t.n, m.OK})
}

func (r *room) got(m gotMessage) {
	t := r.transfers[m.N]
	if t == nil || m.Bytes > t.under {
		return
	}
	t.under -= m.Bytes
	r.tellOffer(t, "got", gotMessage{t.n, m.Bytes})
}

func (r *room) placed(m placedMessage) {
	t := r.transfers[m.N]
	if t == nil {
		return
	}
	delete(r.transfers, m.N)
	m.N = t.n
	r.tellOffer(t, "placed", m)
}

// withdraw gives an offer up.
func (r *room) withdraw(n uint64, why string) {
	t := r.transfers[n]
	delete(r.transfers, n)
	r.push(r.seat(Visitor), item{doc: noDoc, text: encode("withdrawn", withdrawnMessage{n})})
	r.tellOffer(t, "placed", placedMessage{t.n, false, why})
}

// withdrawAll gives up the offers for which it holds.
func (r *room) withdrawAll(why string, holds func(*transfer) bool) {
	for n, t := range r.transfers {
		if holds(t) {
			r.withdraw(n, why)
		}
	}
}

// copiedMessage is what the page copied because of what somebody did: it goes to
// them, and not to the visitor's clipboard.
type copiedMessage struct {
	To   string `json:"to"`
	Text string `json:"text"`
}

const maxCopied = 200_000 // bytes

func (m *copiedMessage) check() error {
	if len(m.Text) > maxCopied {
		return errors.New("too much to copy")
	}
	return nil
}

// tellOne sends a follower what is for nobody else.
func (r *room) tellOne(to, name string, m any) {
	r.followers(func(st *seat) {
		if st.person.ID == to {
			r.push(st, item{doc: noDoc, text: encode(name, m)})
		}
	})
}
