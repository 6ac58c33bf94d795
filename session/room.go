package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tandem/session/audit"
	"tandem/session/mirror"
	"tandem/session/secret"
	"tandem/session/wire"
)

// room is where the participants of a session meet while the server runs: who
// is connected, what the leader shows, and what is on its way between them.
// Everything in it is guarded by mu, links included, so what somebody is told
// on arrival and what follows fit together.
type room struct {
	s *Session

	mu     sync.Mutex
	over   bool
	seats  []*seat // the visitor's, the agent's, then those of more agents
	docs   map[number]*document
	kept   int      // bytes of all trees
	budget int      // what they may take
	order  []number // keys of docs, oldest first: parents before their frames
	tabs   []Tab
	view   []byte // the leader's last view message
	slow   int    // pages that the leader waits for
	number uint64 // of the last input handed to the leader
	asked  map[uint64]asked
	// transfers are files of agents on their way, by the same numbers as inputs.
	transfers map[uint64]*transfer
	drawn     []drawnMessage // what does not fade
	said      []saidMessage
	lines     uint64               // of the conversation, also those no longer kept
	known     map[audit.Entry]bool // what need not be recorded again
	showing   *Session             // what an agent shows, see showing.go; nil when nobody does
	shower    shower

	dialogs map[number]dialogMessage // that are open, by document
	copy    *Copy                    // of the last that was saved, for a while

	deflating  sync.Mutex // never held while another lock is taken
	deflations []*deflation
}

// seat is a participant's place: it stays when the connection goes.
type seat struct {
	person Person
	who    string // names who has the seat, "" before the first came
	link   *link
	conn   *conn     // nil while away
	since  time.Time // when the connection came or went
	rates  map[string]*bucket
	inputs uint64 // the next input must have at least this number
	behind bool   // came while sharing was paused, and was not told what is shown
}

// asked is an input that the leader has not yet answered.
type asked struct {
	seat   *seat
	stream string // of the asker's link; another one knows nothing of it
	n      uint64 // the asker's number
}

// document is a document at the leader.
type document struct {
	docMessage
	tree    *mirror.Document
	kept    int  // bytes of the tree
	broken  bool // waits for a snapshot
	resyncs bucket
	mends   bucket
	mended  map[int]int // how often elements were asked for of late
	mending time.Time
	tired   bool // followers know that it may not be right
}

const (
	maxDocs = 256
	// maxKept bounds the memory of a session's trees: far more than a page and
	// its frames take, far less than each document may for itself.
	maxKept = 128 << 20
	maxTabs = 64
	// maxAsked bounds what an agent may have under way.
	maxAsked = 1000
	// maxWaiting is how many bytes may wait for the leader before its
	// followers are told that it does not answer.
	maxWaiting = 256 << 10
	// patience is how long a lost leader is still sent what it is asked to
	// do: a click performed a minute later surprises everybody.
	patience = 10 * time.Second
	// resumeWindow is how long a lost connection may be resumed.
	resumeWindow = time.Minute
)

// colors tell people apart, also the colour-blind (after Okabe and Ito,
// darkened until white text on them has a contrast of 4.5).
var colors = map[Role]string{Visitor: "#0069a8", Agent: "#c04f00"}

// moreColors are those of the second agent and further ones.
var moreColors = [maxAgents - 1]string{"#007a5a", "#a5508a", "#6b5b00"}

// maxAgents is how many people may follow at once, each in a browser of their
// own that was let in by the agent's link.
const maxAgents = 4

func newRoom(s *Session, rec record, now time.Time) *room {
	names, colors := map[Role]string{Visitor: rec.VisitorName, Agent: rec.AgentName}, colors
	if rec.In != "" {
		colors = map[Role]string{Visitor: colors[Agent], Agent: colors[Visitor]}
	}
	r := &room{
		s:         s,
		docs:      map[number]*document{},
		budget:    maxKept,
		asked:     map[uint64]asked{},
		known:     map[audit.Entry]bool{},
		dialogs:   map[number]dialogMessage{},
		transfers: map[uint64]*transfer{},
		// Numbers grow over restarts, so that a leader who counts is not
		// confused by ours.
		number: uint64(now.UnixMilli()),
	}
	for _, role := range []Role{Visitor, Agent} {
		r.seats = append(r.seats, newSeat(Person{ID: string(role), Role: role, Name: names[role], Color: colors[role]}, now))
	}
	return r
}

func newSeat(p Person, now time.Time) *seat {
	return &seat{person: p, link: newLink(""), since: now, rates: map[string]*bucket{}}
}

// seatFor returns the seat of somebody who comes: the one that browser has, or
// a free one, or for another agent a new one. It is nil when there are too many.
func (r *room) seatFor(role Role, g guest, now time.Time) *seat {
	if role == Visitor {
		return r.seat(Visitor)
	}
	named := r.s.current().AgentName
	var free *seat
	count, taken := 0, map[string]bool{}
	for _, st := range r.seats {
		switch {
		case st.person.Role != Agent:
			continue
		case st.who == g.who:
			return st
		case free == nil && (st.who == "" || st.conn == nil && st.link.stream == ""):
			free = st
		}
		count++
		taken[st.person.Color] = true
	}
	if free == nil && count < maxAgents {
		for i, color := range moreColors {
			if !taken[color] {
				free = newSeat(Person{
					ID: fmt.Sprintf("agent-%d", i+2), Role: Agent, Name: fmt.Sprintf("%s (%d)", named, i+2), Color: color,
				}, now)
				r.seats = append(r.seats, free)
				break
			}
		}
	}
	if free != nil {
		if free.who = g.who; g.name != "" {
			free.person.Name = g.name
		}
	}
	return free
}

func (r *room) seat(role Role) *seat {
	i := slices.IndexFunc(r.seats, func(s *seat) bool { return s.person.Role == role })
	return r.seats[i]
}

func (r *room) people() []Person {
	list := make([]Person, len(r.seats))
	for i, s := range r.seats {
		list[i] = s.person
	}
	return list
}

// attach seats a connection and returns its welcome. It takes the place of an
// older connection. When the stream cannot be resumed both sides start again.
func (r *room) attach(c *conn, h helloMessage) (welcomeMessage, error) {
	now := r.s.hub.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return welcomeMessage{}, closeEnded
	}
	if c.still != nil && !c.still() {
		return welcomeMessage{}, closeNotAllowed
	}
	st := r.seatFor(c.role, c.guest, now)
	if st == nil {
		return welcomeMessage{}, closeFull
	}
	c.seat = st
	if st.conn != nil {
		st.conn.shut(closeReplaced, false)
	}
	resumed := h.Stream != "" && st.link.resume(h.Stream, h.Received)
	if !resumed {
		r.restart(st, secret.New())
		h.Received = 0
	}
	st.conn, st.since, st.person.Online = c, now, true
	c.cursor, c.progress = h.Received, now
	for _, other := range r.seats {
		if other != st {
			r.tellPeople(other)
		}
	}
	r.s.hub.changes.bump()
	return r.welcome(st, resumed, h.Packed), nil
}

func (r *room) welcome(st *seat, resumed, packed bool) welcomeMessage {
	rec := r.s.current()
	w := welcomeMessage{
		Stream:   st.link.stream,
		Received: st.link.tell(),
		Resumed:  resumed,
		You:      st.person,
		People:   r.people(),
		Mode:     rec.Mode,
		Paused:   rec.Paused,
		Rights:   rec.Rights,
		Offered:  rec.Offered,
		State:    rec.State,
		Session:  r.s.id,
		Packed:   packed,
		Said:     r.lines,
	}
	switch st.person.Role {
	case Visitor:
		w.URL, w.Tabs = rec.URL, r.tabsNow()
		w.Rules = r.s.hub.rules.List()
		w.Showing, w.Carried = rec.In != "", r.s.carries()
	case Agent:
		w.Key = r.s.key
		_, w.View = r.s.hub.cfg.Links(r.s.id)
	}
	return w
}

// restart gives a seat a new stream. A leader that starts again will tell anew
// what it shows; a follower is told all there is.
func (r *room) restart(st *seat, stream string) {
	st.link, st.inputs = newLink(stream), 0
	switch st.person.Role {
	case Visitor:
		for _, id := range slices.Clone(r.order) {
			r.dropDocument(id)
		}
		r.abandon(whyRestarted)
		r.withdrawAll(whyRestarted, func(*transfer) bool { return true })
		r.tellSaid(st)
		r.tellOfShowing(st)
	case Agent:
		r.withdrawAll("", func(t *transfer) bool { return t.seat == st })
		r.tellAll(st)
	}
}

// abandon answers every input that the leader was asked for in its place.
func (r *room) abandon(why string) {
	for n, a := range r.asked {
		delete(r.asked, n)
		if a.seat.link.stream == a.stream {
			r.push(a.seat, item{doc: noDoc, text: encode("refused", refusedMessage{&a.n, "input", why})})
		}
	}
}

// forget drops what a seat holds: of a session that is over it would be kept for
// a day.
func (st *seat) forget() { st.link, st.rates = newLink(""), map[string]*bucket{} }

// detach takes note that a connection is gone, unless another took its place.
func (r *room) detach(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := c.seat
	if st.conn != c {
		return
	}
	st.conn, st.since, st.person.Online, st.person.Delay = nil, r.s.hub.now(), false, 0
	r.s.hub.changes.bump()
	if r.over {
		st.forget()
		return
	}
	for _, other := range r.seats {
		if other != st {
			r.tellPeople(other)
		}
	}
}

// delayed takes note of how long the way to a browser and back takes. It is
// rounded, so that what hardly changes is not told.
func (r *room) delayed(c *conn, way time.Duration) {
	const fine, coarse = 10 * time.Millisecond, 50 * time.Millisecond
	rounded := max(fine, way.Round(fine))
	if way > 100*time.Millisecond {
		rounded = way.Round(coarse)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	st := c.seat
	if st.conn != c || st.person.Delay == int(rounded.Milliseconds()) {
		return
	}
	st.person.Delay = int(rounded.Milliseconds())
	for _, each := range r.seats {
		r.tell(each, "people", peopleMessage{r.people()})
	}
}

// push puts a message on its way to a seat. Who does not keep up loses the
// stream, and starts again if still there.
func (r *room) push(st *seat, it item) {
	if st.link.stream == "" || it.lossy && st.conn == nil {
		return // nobody who could miss it
	}
	if err := st.link.push(it); err != nil {
		r.release(st)
		if st.conn != nil {
			st.conn.shut(closeTooSlow, false)
		}
		return
	}
	if st.conn != nil {
		st.conn.signal()
	}
}

// release gives up a seat's stream: who comes back starts again.
func (r *room) release(st *seat) {
	st.link = newLink("")
	r.withdrawAll(whyAway, func(t *transfer) bool { return st.person.Role == Visitor || t.seat == st })
	if st.person.Role == Visitor {
		r.abandon(whyAway)
	}
}

// tell is push for messages of which only the last matters.
func (r *room) tell(st *seat, name string, m any) {
	r.push(st, item{key: name, doc: noDoc, text: encode(name, m)})
}

// followers calls fn for every seat but the leader's.
func (r *room) followers(fn func(*seat)) {
	for _, st := range r.seats {
		if st.person.Role != Visitor {
			fn(st)
		}
	}
}

// tellAll tells a follower everything about the present.
func (r *room) tellAll(st *seat) {
	r.tellPeople(st)
	r.tell(st, "state", stateMessage{r.s.State()})
	r.tellInvitation(st)
	if st.behind = r.s.Paused(); !st.behind {
		r.tellShown(st)
	}
	r.tellSaid(st)
	r.tellOfShowing(st)
}

// tellShown tells a follower all that is to be seen now.
func (r *room) tellShown(st *seat) {
	r.tell(st, "tabs", tabsMessage{r.tabsNow()})
	if r.slow > 0 {
		r.tell(st, "loading", loadingMessage{true})
	}
	if r.view != nil {
		r.push(st, item{key: "view", doc: noDoc, text: r.view})
	}
	for _, id := range r.order {
		r.push(st, item{doc: id, fresh: true})
	}
	for _, m := range r.dialogs {
		r.push(st, item{doc: noDoc, text: encode("dialog", m)})
	}
	r.tellDrawn(st)
}

func (r *room) tellPeople(st *seat) {
	r.tell(st, "people", peopleMessage{r.people()})
	if st.person.Role != Visitor {
		v := r.seat(Visitor)
		r.tell(st, "leader", leaderMessage{v.person.Online, v.since.UnixMilli()})
	}
}

// tabsNow is never nil: pages expect a list.
func (r *room) tabsNow() []Tab { return append([]Tab{}, r.tabs...) }

func (r *room) tellTabs() {
	r.followers(func(st *seat) { r.tell(st, "tabs", tabsMessage{r.tabsNow()}) })
	r.s.saveSoon()
}

// tellVisitor sends the visitor a message without fields.
func (r *room) tellVisitor(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(r.seat(Visitor), name, struct{}{})
}

// modeChanged tells everybody what the agent may do now, the visitor too: it is
// the answer to what they decided.
func (r *room) modeChanged() {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.s.current()
	if now.Mode != Shared || now.Paused || !now.Rights.has(Upload) {
		r.withdrawAll(whyNoOffer, func(*transfer) bool { return true })
	}
	for _, st := range r.seats {
		r.tell(st, "mode", modeMessage(now.decision))
		if st.behind && !now.Paused {
			st.behind = false
			r.tellShown(st)
		}
	}
}

// rulesChanged tells the visitor's browser how pages are treated from now on.
func (r *room) rulesChanged() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	r.tell(r.seat(Visitor), "rules", rulesMessage{r.s.hub.rules.List()})
}

// stateChanged tells followers about the session's new state.
func (r *room) stateChanged() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.followers(func(st *seat) { r.tell(st, "state", stateMessage{r.s.State()}) })
}

// next returns the next frame for a connection, nil when there is none now.
func (r *room) next(c *conn) *wire.Frame {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := c.seat
	if st.conn != c {
		return nil
	}
	seq, text, ok := st.link.next(c.cursor, r.describe)
	if !ok {
		return nil
	}
	if seq > 0 {
		if seq == st.link.acked+1 {
			c.progress = r.s.hub.now() // nothing was out until now
		}
		c.cursor = seq
	}
	return &wire.Frame{Seq: seq, Ack: st.link.tell(), Text: text}
}

// acknowledgement returns a frame that only acknowledges, nil when none is due.
func (r *room) acknowledgement(c *conn) *wire.Frame {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := c.seat
	if st.conn != c || !st.link.owes() {
		return nil
	}
	return &wire.Frame{Ack: st.link.tell()}
}

// deflated returns a long text deflated. What several followers are told is
// deflated once: the last few texts are known for a second.
func (r *room) deflated(text []byte) ([]byte, error) {
	r.deflating.Lock()
	var d *deflation
	for _, known := range r.deflations {
		if len(known.text) == len(text) && &known.text[0] == &text[0] {
			d = known
		}
	}
	if d == nil {
		d = &deflation{text: text}
		r.deflations = append(r.deflations, d)
		r.deflations = r.deflations[max(0, len(r.deflations)-maxDeflations):]
	}
	r.deflating.Unlock()
	d.once.Do(func() { d.small, d.err = deflate(text) })
	return d.small, d.err
}

// deflation is a text, known by where it is kept, and what it came to.
type deflation struct {
	text  []byte
	once  sync.Once
	small []byte
	err   error
}

const maxDeflations = 4

// beat asks the leader for a sign of life, which goes to all followers. Our
// asking sets the pace: the browser slows the timers of hidden pages down, but
// not what arrives.
func (r *room) beat(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	followed := slices.ContainsFunc(r.seats, func(st *seat) bool { return st.person.Role != Visitor && st.conn != nil })
	if c.role == Visitor && c.seat.conn == c && followed && r.s.State() == Active {
		r.push(c.seat, item{key: "beat", doc: noDoc, lossy: true, text: encode("beat", struct{}{})})
	}
}

func (r *room) owes(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := c.seat
	return st.conn == c && st.link.owes()
}

// stalled reports whether a connection left what it was sent unacknowledged
// for too long.
func (r *room) stalled(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := c.seat
	return st.conn == c && c.cursor > st.link.acked && r.s.hub.now().Sub(c.progress) > ackTimeout
}

// describe returns all that is known of a document, nil when it is gone.
func (r *room) describe(id number) []byte {
	d := r.docs[id]
	if d == nil {
		return nil
	}
	return encodeDoc(d.docMessage, d.tree.Snapshot())
}

// openDocument takes note of a document that the leader began to show, or of
// where one is that it told of before.
func (r *room) openDocument(m docMessage) (why string) {
	d := r.docs[m.Doc]
	if d == nil {
		if len(r.docs) >= maxDocs {
			return whyFrames
		}
		d = &document{tree: r.newTree(m.URL), resyncs: bucket{rate: 0.2, burst: 5}, mends: bucket{rate: 1, burst: 20}, mended: map[int]int{}}
		r.docs[m.Doc] = d
		r.order = append(r.order, m.Doc)
	}
	d.docMessage = m
	d.tree.SetURL(m.URL)
	r.followers(func(st *seat) { r.push(st, item{doc: m.Doc, fresh: true}) })
	return ""
}

func (r *room) newTree(url string) *mirror.Document {
	tree := mirror.NewDocument(mirror.Limits{}, r.s.assets.Refer)
	tree.SetURL(url)
	return tree
}

// dropDocument forgets a document and those in its frames.
func (r *room) dropDocument(id number) {
	if r.docs[id] == nil {
		return
	}
	r.kept -= r.docs[id].kept
	delete(r.docs, id)
	r.undraw(id)
	delete(r.dialogs, id)
	r.order = slices.DeleteFunc(r.order, func(o number) bool { return o == id })
	for _, child := range slices.Clone(r.order) {
		if d := r.docs[child]; d != nil && len(d.Parent) > 0 && d.Parent[0] == id {
			r.dropDocument(child)
		}
	}
	r.followers(func(st *seat) {
		st.link.forget(id)
		r.push(st, item{doc: noDoc, text: encode("gone", goneMessage{id})})
	})
}

// changeDocument applies the leader's ops to our copy and passes on what they
// came to. Ops that do not fit make the copy wait for a snapshot, for which
// the leader is asked.
func (r *room) changeDocument(m opsMessage) {
	d := r.docs[m.Doc]
	if d == nil {
		return // it went with the page it was in, while this was under way
	}
	clean, err := d.tree.Apply(m.Ops)
	if err != nil {
		if !d.broken {
			r.s.log.Warn("a document's changes do not fit", "doc", m.Doc, "error", err)
		}
		r.breakDocument(d, isSnapshot(m.Ops), errors.Is(err, mirror.ErrLimit))
		return
	}
	size := d.tree.Size()
	r.kept += size - d.kept
	d.kept = size
	if r.kept > r.budget {
		d.tree = r.newTree(d.URL)
		r.kept -= d.kept
		d.kept = 0
		r.breakDocument(d, isSnapshot(m.Ops), true)
		return
	}
	d.broken = false
	text := encodeOps(m.Doc, clean)
	r.followers(func(st *seat) { r.push(st, item{doc: m.Doc, text: text}) })
	if isSnapshot(m.Ops) {
		clear(d.mended)
	}
	for _, found := range d.tree.Differing() {
		r.mend(d, found)
	}
}

// mend asks the leader for an element that is not here as it is there, and for
// the whole document when that did not help. Who goes on saying that nothing is
// right is not asked for ever.
func (r *room) mend(d *document, found mirror.Difference) {
	node := found.Element
	now := r.s.hub.now()
	if d.broken || !d.mends.take(1, now) {
		return
	}
	r.s.log.Debug("a document differs", "doc", d.Doc, "node", node)
	if now.Sub(d.mending) > time.Minute {
		clear(d.mended)
	}
	d.mending = now
	if d.mended[node]++; d.mended[node] <= 2 {
		r.push(r.seat(Visitor), item{key: fmt.Sprint("resync ", d.Doc, " ", node), doc: noDoc, text: encode("resync", resyncMessage{Doc: d.Doc, Node: node, Deep: found.Deep && d.mended[node] == 1})})
		return
	}
	if d.resyncs.take(1, now) {
		r.push(r.seat(Visitor), item{key: fmt.Sprint("resync ", d.Doc), doc: noDoc, text: encode("resync", resyncMessage{Doc: d.Doc})})
	} else if !d.tired {
		d.tired = true
		text := encode("notice", noticeMessage{What: "unsafe"})
		r.followers(func(st *seat) { r.push(st, item{doc: noDoc, text: text}) })
	}
}

// askAgain asks the leader for what nobody else has: the rules of a sheet, which
// here is a text, or pictures of a film that is not in the store.
func (r *room) askAgain(m resyncMessage) {
	if d := r.docs[m.Doc]; d != nil && !d.broken && d.mends.take(1, r.s.hub.now()) {
		r.push(r.seat(Visitor), item{key: fmt.Sprint("resync ", m), doc: noDoc, text: encode("resync", m)})
	}
}

// tellAgain tells one follower what it has not got right: an element, or
// digests to find out what in it, or a whole document.
func (r *room) tellAgain(st *seat, m resyncMessage) {
	if m.Sheet != 0 || m.Film {
		r.askAgain(m)
		return
	}
	d := r.docs[m.Doc]
	if d == nil || r.s.Paused() { // when that is over all is told anew
		return
	}
	var ops json.RawMessage
	if m.Deep {
		ops = d.tree.Narrow(m.Node)
	}
	if ops == nil {
		ops = d.tree.Element(m.Node)
	}
	switch {
	case ops != nil:
		r.push(st, item{doc: m.Doc, text: encodeOps(m.Doc, ops)})
	case m.Node == 0: // else it has gone meanwhile, with what was wrong about it
		r.push(st, item{doc: m.Doc, fresh: true})
	}
}

// isSnapshot reports whether ops begin with the one that replaces all.
func isSnapshot(ops []byte) bool { return bytes.HasPrefix(ops, []byte("[[0,")) }

// breakDocument stops a document until its next snapshot and asks for one:
// once, and again when the snapshot itself did not fit, but not without end
// and not when it would be in vain.
func (r *room) breakDocument(d *document, snapshot, tooLarge bool) {
	first := !d.broken
	d.broken = true
	switch {
	case tooLarge && first:
		text := encode("notice", noticeMessage{What: "too-large"})
		r.followers(func(st *seat) { r.push(st, item{doc: noDoc, text: text}) })
	case !tooLarge && (first || snapshot) && d.resyncs.take(1, r.s.hub.now()):
		r.push(r.seat(Visitor), item{key: fmt.Sprint("resync ", d.Doc), doc: noDoc, text: encode("resync", resyncMessage{Doc: d.Doc})})
	}
}

// sweep gives up streams that nobody came back to.
func (r *room) sweep(now time.Time) {
	r.deflating.Lock()
	r.deflations = nil
	r.deflating.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.seats {
		if st.conn == nil && st.link.stream != "" && now.Sub(st.since) > resumeWindow {
			r.release(st)
		}
	}
	before := len(r.seats)
	r.seats = slices.DeleteFunc(r.seats, func(st *seat) bool {
		return st.person.ID != string(st.person.Role) && st.conn == nil && now.Sub(st.since) > resumeWindow
	})
	if len(r.seats) != before {
		for _, st := range r.seats {
			r.tellPeople(st)
		}
	}
}

// lastSeen returns when somebody was last connected; now while somebody is.
func (r *room) lastSeen(now time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last time.Time
	for _, st := range r.seats {
		if st.conn != nil {
			return now
		}
		if st.since.After(last) {
			last = st.since
		}
	}
	return last
}

func (r *room) online(role Role) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.seats, func(st *seat) bool { return st.person.Role == role && st.person.Online })
}

func (r *room) tabList() []Tab {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tabsNow()
}

// finish tells everybody that it is over, disconnects them and forgets all
// that was shown.
func (r *room) finish(to State, by, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	r.dropCopy(r.copy)
	for _, st := range r.seats {
		if c := st.conn; c != nil {
			// Nothing else matters now, and nothing will be resent: the last
			// words go first and need no number.
			st.link.clearQueue()
			c.cursor = st.link.sent
			if st.person.Role != Visitor {
				r.push(st, item{lossy: true, doc: noDoc, text: encode("state", stateMessage{to})})
			}
			r.push(st, item{lossy: true, doc: noDoc, text: encode("ended", endedMessage{by, reason})})
			c.shut(closeEnded, true)
		} else {
			st.forget()
		}
		st.person.Name = ""
	}
	clear(r.docs)
	clear(r.asked)
	clear(r.transfers)
	clear(r.dialogs)
	clear(r.known)
	r.said, r.drawn = nil, nil
	r.order, r.tabs, r.view, r.kept = nil, nil, nil, 0
}

// recheck disconnects who may not be here any more.
func (r *room) recheck() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.seats {
		if c := st.conn; c != nil && c.still != nil && !c.still() {
			r.release(st)
			c.shut(closeNotAllowed, false)
		}
	}
}

// disconnect closes every connection; their owners come back later.
func (r *room) disconnect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.seats {
		if st.conn != nil {
			st.conn.shut(closeGoing, false)
		}
	}
}

// bucket limits a rate: burst at once, rate per second in the long run.
type bucket struct {
	rate, burst float64
	spent       float64
	at          time.Time
}

// take spends n and reports whether there was that much.
func (b *bucket) take(n float64, now time.Time) bool {
	b.refill(now)
	if b.spent+n > b.burst {
		return false
	}
	b.spent += n
	return true
}

// delay spends n in any case and returns how long to wait until that is paid.
func (b *bucket) delay(n float64, now time.Time) time.Duration {
	b.refill(now)
	b.spent += n
	return time.Duration(max(0, b.spent-b.burst) / b.rate * float64(time.Second))
}

func (b *bucket) refill(now time.Time) {
	if !b.at.IsZero() {
		b.spent = max(0, b.spent-b.rate*now.Sub(b.at).Seconds())
	}
	b.at = now
}
