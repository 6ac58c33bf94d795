package session

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/session/audit"
	"tandem/session/wire"
)

// receive handles one frame of a participant. Its errors close the connection;
// a message that is not acceptable is only refused, because what a page says
// reaches us through the visitor's shell and must not cut its connection.
func (r *room) receive(c *conn, f wire.Frame) error {
	var name string
	var m message
	var invalid error
	if f.Text != nil {
		name, m, invalid = decode(f.Text) // outside the lock: it may be large
	}
	after, err := r.take(c, f, name, m, invalid)
	if after != nil {
		after()
	}
	return err
}

// mayBeLost are the kinds of message that need no number: the next one says it
// all again.
var mayBeLost = map[string]bool{"pointer": true, "scroll": true, "beat": true}

// take is receive under the lock. What it returns is to be done without it.
func (r *room) take(c *conn, f wire.Frame, name string, m message, invalid error) (after func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := c.seat
	if st.conn != c || r.over {
		return nil, nil // being closed
	}
	before := st.link.acked
	if err := st.link.acknowledge(f.Ack); err != nil {
		return nil, err
	}
	if st.link.acked > before {
		c.progress = r.s.hub.now()
		c.signal() // there may be room to send more
	}
	if f.Text == nil {
		return nil, nil
	}
	if f.Seq == 0 && !mayBeLost[name] {
		return nil, errProtocol
	}
	news, err := st.link.receive(f.Seq)
	if err != nil {
		return nil, err
	}
	if st.link.owes() {
		c.signal()
	}
	if !news {
		return nil, nil
	}
	return r.route(st, name, m, invalid), nil
}

// route does what a message asks for, or refuses it.
func (r *room) route(st *seat, name string, m message, invalid error) (after func()) {
	now := r.s.hub.now()
	in, _ := m.(*inputMessage)
	if in != nil {
		// A page that starts again may repeat itself: each input counts once.
		if in.N < st.inputs {
			return nil
		}
		st.inputs = in.N + 1
	}
	why := ""
	switch {
	case errors.Is(invalid, errUnknownKind):
		why = whyNotYours
	case invalid != nil:
		why = whyUnclear
	default:
		why = mayNot(st.person.Role, name, r.s.current())
	}
	if why == "" && !st.rate(name).take(1, now) {
		why = whyTooFast
		if o, ok := m.(*opsMessage); ok && r.docs[o.Doc] != nil {
			r.breakDocument(r.docs[o.Doc], false, false) // a change is missing now
		}
	}
	if why == "" {
		after, why = r.perform(st, m, name, now)
	}
	if why != "" {
		r.s.log.Debug("refused", "role", st.person.Role, "kind", name, "why", why, "error", invalid)
		r.refuse(st, in, name, why)
		if why == whyNotYours {
			after = r.forged(st, name)
		}
	}
	return after
}

// forged records that somebody sent what is not theirs to send, once for each
// kind: no page of ours does, and who does may go on for ever.
func (r *room) forged(st *seat, name string) (after func()) {
	entry := r.s.current().entry(st.person.Role, "send")
	entry.What, entry.Result = name, audit.Refused
	if r.known[entry] {
		return nil
	}
	r.known[entry] = true
	return func() { r.s.audit(r.s.hub.ctx, entry) }
}

func (st *seat) rate(name string) *bucket {
	b := st.rates[name]
	if b == nil {
		k := kinds[name]
		b = &bucket{rate: k.rate, burst: k.burst}
		st.rates[name] = b
	}
	return b
}

// refuse answers a message that was not acted on. Pointers and hovering are
// too many and matter too little for that.
func (r *room) refuse(st *seat, in *inputMessage, name, why string) {
	switch {
	case name == "pointer", in != nil && in.kind == "hover":
	case in != nil:
		r.push(st, item{doc: noDoc, text: encode("refused", refusedMessage{&in.N, name, why})})
	default:
		r.push(st, item{key: "refused " + name, doc: noDoc, text: encode("refused", refusedMessage{nil, name, why})})
	}
}

// perform does what an acceptable message asks for, or says why not. after is
// to be done without the lock.
func (r *room) perform(st *seat, m message, name string, now time.Time) (after func(), why string) {
	switch m := m.(type) {
	case *docMessage:
		return nil, r.openDocument(*m)
	case *opsMessage:
		r.changeDocument(*m)
	case *goneMessage:
		r.dropDocument(m.Doc)
	case *Tab:
		return nil, r.setTab(*m)
	case *tabMessage:
		switch {
		case name == "tab-closed":
			r.closeTab(m.Tab)
		case st.person.Role == Visitor:
			r.activateTab(m.Tab)
		case name == "close" && len(r.tabs) < 2:
			return nil, whyLastTab
		default:
			return nil, r.askLeader(name, m.Tab, m, now)
		}
	case *openMessage:
		return nil, r.askForTab(st, *m, now)
	case *viewMessage:
		r.view = encode("view", m)
		r.followers(func(st *seat) { r.push(st, item{key: "view", doc: noDoc, text: r.view}) })
	case *pointMessage:
		it := item{key: "pointer " + st.person.ID, doc: noDoc, lossy: true, text: encode(name, pointedMessage{st.person.ID, *m})}
		r.others(st, func(other *seat) { r.push(other, it) })
	case *markMessage:
		it := item{doc: noDoc, text: encode(name, markedMessage{st.person.ID, *m})}
		r.others(st, func(other *seat) { r.push(other, it) })
	case *selectMessage:
		r.selected(st, *m)
	case *editingMessage:
		it := item{key: "editing " + st.person.ID, doc: noDoc, text: encode(name, editorMessage{st.person.ID, *m})}
		r.others(st, func(other *seat) { r.push(other, it) })
	case *drawMessage:
		return nil, r.draw(st, *m)
	case *eraseMessage:
		r.erase(st)
	case *chatMessage:
		r.say(st, *m, now)
	case *typingMessage:
		it := item{key: "typing " + st.person.ID, doc: noDoc, text: encode(name, wroteMessage{st.person.ID, *m})}
		r.others(st, func(other *seat) { r.push(other, it) })
	case *beatMessage:
		text := encode(name, m)
		r.followers(func(st *seat) { r.push(st, item{key: name, doc: noDoc, lossy: true, text: text}) })
	case *doneMessage:
		r.answered(*m)
	case *blobMessage:
		if !r.s.assets.PutBlob(m.ID, m.MIME, m.body, now) {
			r.s.log.Debug("left out a blob", "type", m.MIME, "bytes", len(m.body))
		}
	case *dialogMessage:
		r.dialog(*m)
	case *answeredMessage:
		r.dialogAnswered(*m)
	case *downloadMessage:
		r.download(*m)
	case *passMessage:
		return r.passOn(*m)
	case *noticeMessage:
		text := encode(name, m)
		r.followers(func(st *seat) { r.push(st, item{doc: noDoc, text: text}) })
	case *inputMessage:
		return nil, r.ask(st, m, now)
	case *offerMessage:
		return nil, r.offer(st, *m, now)
	case *pieceMessage:
		return nil, r.pass(st, *m)
	case *wantMessage:
		r.tellOne(m.To, name, m)
	case *takeMessage:
		r.taken(*m)
	case *gotMessage:
		r.got(*m)
	case *placedMessage:
		r.placed(*m)
	case *copiedMessage:
		r.tellOne(m.To, name, m)
	case *scrollMessage:
		r.push(r.seat(Visitor), item{
			key:  fmt.Sprint("scroll ", m.Doc, " ", m.Node),
			doc:  noDoc,
			text: encode("scroll", scrolledMessage{st.person.ID, *m}),
		})
	case *resyncMessage:
		r.tellAgain(st, *m)
	case *navigateMessage:
		if v := r.s.hub.origins.Decide(m.URL, Page); v.Refusal != "" && v.Redirect == "" {
			return nil, whySite
		}
		return nil, r.askLeader("navigate", m.Tab, navigatedMessage{st.person.ID, *m}, now)
	case *goMessage:
		return nil, r.askLeader("go", m.Tab, m, now)
	case *modeMessage:
		return func() { r.decide(st, *m) }, ""
	case *askMessage:
		return nil, r.askForMore(st, now)
	case *denyMessage:
		r.deny()
	case *moveMessage:
		return r.s.offerMove, ""
	case *handOverMessage:
		return func() { r.s.handOver(m.Yes) }, ""
	case *showMessage:
		if v := r.s.hub.origins.Decide(m.URL, Page); v.Refusal != "" && v.Redirect == "" {
			return nil, whySite
		}
		if r.showing != nil {
			return nil, whyShowing
		}
		if why := r.unreachable(now); why != "" {
			return nil, why
		}
		return func() {
			if why := r.s.begin(st, m.URL); why != "" {
				r.refuseNow(st, name, why)
			}
		}, ""
	case *unshowMessage:
		t := r.showing
		switch {
		case t == nil:
			return nil, ""
		case t.current().Leader != st.who:
			return nil, whyNotYours
		}
		return func() { r.s.over(t, Ended, string(Visitor)) }, ""
	case *watchMessage:
		return func() { r.s.watch(m.Yes) }, ""
	case *endMessage:
		if st.conn == nil || !st.conn.decides() {
			return nil, whyNotYours
		}
		by := string(st.person.Role)
		return func() { r.s.endLogged(by) }, ""
	}
	return nil, ""
}

// unreachable says why the leader cannot be asked for anything now, "" when it
// can.
func (r *room) unreachable(now time.Time) (why string) {
	v := r.seat(Visitor)
	if v.link.stream == "" || v.conn == nil && now.Sub(v.since) > patience {
		return whyAway
	}
	if v.link.queued > maxWaiting {
		return whySilent
	}
	return ""
}

// askLeader passes on what concerns a tab.
func (r *room) askLeader(name string, tab number, m any, now time.Time) (why string) {
	if !slices.ContainsFunc(r.tabs, func(t Tab) bool { return t.Tab == tab }) {
		return whyNoTab
	}
	if why := r.unreachable(now); why != "" {
		return why
	}
	r.push(r.seat(Visitor), item{doc: noDoc, text: encode(name, m)})
	return ""
}

// askForTab asks the leader for a tab at an address.
func (r *room) askForTab(st *seat, m openMessage, now time.Time) (why string) {
	if _, ok := r.s.hub.origins.Allowed(m.URL); !ok {
		return whySite
	}
	if len(r.tabs) >= maxTabs {
		return whyTabs
	}
	if why := r.unreachable(now); why != "" {
		return why
	}
	r.push(r.seat(Visitor), item{doc: noDoc, text: encode("open", openedMessage{st.person.ID, m})})
	return ""
}

// ask passes an input to the leader under a number of ours, so that answers
// find their way whoever asks and however often they start again.
func (r *room) ask(st *seat, m *inputMessage, now time.Time) (why string) {
	d := r.docs[m.Doc]
	if d == nil || d.broken {
		return whyGone
	}
	rights := r.s.current().Rights
	if why := rights.withoutFor(m, d.tree); why != "" {
		return why
	}
	for i, node := range m.nodes {
		switch {
		case !d.tree.Has(node):
			if i > 0 && m.spots {
				continue
			}
			return whyGone
		case m.kind != "hover" && d.tree.Sealed(node):
			return whyMasked
		case !m.harmless() && d.tree.Protected(node):
			return whyProtected
		}
	}
	if why := r.unreachable(now); why != "" {
		return why
	}
	if len(r.asked) >= maxAsked {
		return whySilent
	}
	r.number++
	r.asked[r.number] = asked{st, st.link.stream, m.N}
	r.push(r.seat(Visitor), item{doc: noDoc, text: encode("input", performMessage{r.number, st.person.ID, m.Doc, m.Input, rights.only()})})
	return ""
}

// decide lets the visitor's decision take effect. It takes the room's lock
// itself, for it waits for the store.
func (r *room) decide(st *seat, m modeMessage) {
	if m.Rights == nil {
		m.Rights = r.s.current().Rights
	}
	err := r.s.share(r.s.hub.ctx, decision(m))
	if err == nil {
		return
	}
	r.s.log.Error("changing what is shared", "error", err)
	r.refuseNow(st, "mode", whyUnsaved)
}

// refuseNow is refuse for what was found out without the lock.
func (r *room) refuseNow(st *seat, name, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse(st, nil, name, why)
}

// askForMore asks the visitor for shared mode in somebody's name.
func (r *room) askForMore(st *seat, now time.Time) (why string) {
	if r.s.Mode() == Shared {
		return ""
	}
	if why := r.unreachable(now); why != "" {
		return why
	}
	r.tell(r.seat(Visitor), "ask", askedMessage{st.person.ID})
	return ""
}

// deny tells followers that the visitor leaves it as it is.
func (r *room) deny() {
	why := whyNotNow
	r.followers(func(st *seat) {
		r.push(st, item{key: "refused ask", doc: noDoc, text: encode("refused", refusedMessage{nil, "ask", why})})
	})
}

// answered tells who asked what came of it.
func (r *room) answered(m doneMessage) {
	a, ok := r.asked[m.N]
	if !ok {
		return
	}
	delete(r.asked, m.N)
	if a.seat.link.stream == a.stream {
		m.N = a.n
		r.push(a.seat, item{doc: noDoc, text: encode("done", m)})
	}
}

// setTab takes note of a tab or of the page it shows now.
func (r *room) setTab(t Tab) (why string) {
	i := slices.IndexFunc(r.tabs, func(old Tab) bool { return old.Tab == t.Tab })
	switch {
	case i >= 0:
		t.Active = r.tabs[i].Active
		r.tabs[i] = t
	case len(r.tabs) >= maxTabs:
		return whyTabs
	default:
		t.Active = len(r.tabs) == 0
		r.tabs = append(r.tabs, t)
	}
	if t.Icon != "" {
		r.s.assets.Refer(t.Icon)
	}
	// history.pushState changes what relative addresses in the document mean.
	for _, d := range r.docs {
		if d.Tab == t.Tab && len(d.Parent) == 0 && d.URL != t.URL {
			d.URL = t.URL
			d.tree.SetURL(t.URL)
		}
	}
	r.tellTabs()
	return ""
}

func (r *room) closeTab(tab number) {
	for _, id := range slices.Clone(r.order) {
		if d := r.docs[id]; d != nil && d.Tab == tab {
			r.dropDocument(id)
		}
	}
	r.tabs = slices.DeleteFunc(r.tabs, func(t Tab) bool { return t.Tab == tab })
	r.tellTabs()
}

func (r *room) activateTab(tab number) {
	for i := range r.tabs {
		r.tabs[i].Active = r.tabs[i].Tab == tab
	}
	r.tellTabs()
}
