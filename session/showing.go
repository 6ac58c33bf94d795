package session

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tandem/session/audit"
)

// A showing is a session inside another, in which an agent leads and the visitor
// follows: the same code with the roles swapped. Its Visitor is the agent who
// shows and its Agent is the visitor of the session around it; what is said of
// them here, in the audit log and to people is said by who they are there.

// watching is what the one who follows a showing may do.
var watching = Rights{Point, Draw, Scroll}

// outside are the kinds of message that have no place in a showing: people talk
// in the session around it, and it stays in the browser where it began.
var outside = map[string]bool{"chat": true, "typing": true, "ask": true, "move": true, "hand-over": true}

// showingTTL is how long the visitor is asked.
const showingTTL = time.Minute

// shower is the agent who shows.
type shower struct {
	person string      // their id
	still  func() bool // whether they may be in the session around; nil means while that lasts
}

// meeting is the session that people know: the one around, for a showing.
func (r record) meeting() string {
	if r.In != "" {
		return r.In
	}
	return r.ID
}

// entry is what the audit log says of an act of a role's.
func (r record) entry(by Role, act string) audit.Entry {
	if r.In == "" {
		return audit.Entry{Who: string(by), Act: "session." + act, Session: r.ID}
	}
	switch by {
	case Visitor:
		by = Agent
	case Agent:
		by = Visitor
	}
	return audit.Entry{Who: string(by), Act: "showing." + act, Session: r.In}
}

// begin makes a showing of a page and asks the visitor. It says why not.
func (s *Session) begin(st *seat, url string) (why string) {
	s.saving.Lock() // while a showing begins nothing is paused or taken away
	defer s.saving.Unlock()
	now := s.current()
	if why := mayNot(Agent, "show", now); why != "" {
		return why
	}
	s.room.mu.Lock()
	busy, c, by, who := s.room.showing != nil, st.conn, st.person, st.who
	s.room.mu.Unlock()
	switch {
	case busy:
		return whyShowing
	case c == nil:
		return whyAway // nobody is there to be told
	}
	t, err := s.hub.createShowing(record{
		ID: newID(), In: s.id, Leader: who, State: Waiting, URL: url,
		VisitorName: by.Name, AgentName: now.VisitorName,
		Offered: watching, decision: decision{Mode: View, Rights: watching},
		Created: s.hub.now(), Expires: s.hub.now().Add(showingTTL),
	})
	if err != nil {
		s.log.Error("beginning to show", "error", err)
		return whyUnsaved
	}
	if !s.room.shows(t, shower{by.ID, c.still}) {
		s.over(t, Ended, "server")
		return whyOver
	}
	return ""
}

func (h *Hub) createShowing(rec record) (*Session, error) {
	if err := h.contents.Create(rec.ID); err != nil {
		return nil, err
	}
	t, err := h.newSession(rec)
	if err == nil {
		entry := rec.entry(Visitor, "ask")
		entry.What = siteOf(rec.URL)
		err = h.audit.Do(h.ctx, entry, func() error { return h.records.put(h.ctx, rec) })
	}
	if err != nil {
		return nil, fmt.Errorf("creating a showing: %w", err)
	}
	h.add(t)
	return t, nil
}

// watch is the visitor's answer, and their later word that they have seen enough.
func (s *Session) watch(yes bool) {
	t := s.showing()
	switch {
	case t == nil:
	case !yes && t.State() == Waiting:
		s.over(t, Declined, string(Agent))
	case !yes:
		s.over(t, Ended, string(Agent))
	default:
		s.agree(t)
	}
}

func (s *Session) agree(t *Session) {
	s.saving.Lock()
	defer s.saving.Unlock()
	entry := t.current().entry(Agent, "watch")
	entry.What = siteOf(t.StartURL())
	err := t.update(s.hub.ctx, entry, func(rec *record) error {
		switch {
		case rec.State == Active:
			return errUnchanged
		case rec.State.Over():
			return ErrOver
		}
		rec.State, rec.Accepted = Active, s.hub.now()
		return nil
	})
	if err != nil {
		s.log.Error("agreeing to watch", "error", err)
		return
	}
	s.room.tellShowing(t)
}

// over ends a showing in the name of a role of its own, or of the server.
func (s *Session) over(t *Session, to State, by string) {
	if err := t.finish(s.hub.ctx, to, by, ending{"shown", "It is no longer shown."}); err != nil {
		t.log.Error("ending a showing", "error", err)
	}
}

// stopShowing ends what is shown, for it is not to go on.
func (s *Session) stopShowing() {
	if t := s.showing(); t != nil {
		s.over(t, Ended, "server")
	}
}

// showing returns the showing that is asked for or goes on, nil for none.
func (s *Session) showing() *Session {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	return s.room.showing
}

// leads reports whether a request comes from the agent who shows, by what lets
// them into the session around. Nobody is let in before the visitor agreed.
func (s *Session) leads(r *http.Request, rec record) bool {
	around, ok := s.hub.Session(rec.In)
	if !ok || rec.State != Active {
		return false
	}
	g, ok := around.follower(r)
	return ok && g.who == rec.Leader
}

// Shown returns the handler of the socket by which the visitor follows what an
// agent shows, on the shell host.
func (s *Session) Shown() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shell, _ := s.hub.cfg.Links(s.id)
		present := func() bool { return s.visitorPresent(r) }
		t := s.showing()
		watched := t != nil && t.State() == Active && present()
		s.hub.socket(w, r, t, Agent, shell, guest{who: string(Visitor), still: present}, watched)
	})
}

// Around returns the id of the session that this one is shown in, "" for none.
func (s *Session) Around() string { return s.current().In }

// shows takes note of a showing and tells everybody, unless it is all over.
func (r *room) shows(t *Session, by shower) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || r.s.State().Over() {
		return false
	}
	r.showing, r.shower = t, by
	for _, st := range r.seats {
		r.tellOfShowing(st)
	}
	return true
}

// tellShowing tells everybody how it is with a showing, and forgets it when it
// is over.
func (r *room) tellShowing(t *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.showing != t {
		return
	}
	for _, st := range r.seats {
		r.tellOfShowing(st)
	}
	if t.State().Over() {
		r.showing = nil
	}
}

func (r *room) tellOfShowing(st *seat) {
	if t := r.showing; t != nil {
		now := t.current()
		r.tell(st, "showing", showingMessage{t.id, r.shower.person, siteOf(now.URL), now.State})
	}
}

// recheck puts out who may not be here any more, and ends the showing of an agent
// who may not, or has left it or the session around.
func (s *Session) recheck() {
	s.room.recheck()
	t := s.showing()
	if t == nil {
		return
	}
	now, rec := s.hub.now(), t.current()
	s.room.mu.Lock()
	still := s.room.shower.still
	here := slices.ContainsFunc(s.room.seats, func(st *seat) bool {
		return st.who == rec.Leader && (st.conn != nil || now.Sub(st.since) <= resumeWindow)
	})
	s.room.mu.Unlock()
	if still != nil && !still() || !here || rec.State == Active && t.room.unled(now) > resumeWindow && now.Sub(rec.Accepted) > resumeWindow {
		s.over(t, Ended, "server")
	}
}

// unled returns for how long the leader is away, 0 while they are there.
func (r *room) unled(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if v := r.seat(Visitor); v.conn == nil {
		return now.Sub(v.since)
	}
	return 0
}

// endStranded ends the showings of an earlier run of the server.
func (h *Hub) endStranded(ctx context.Context) error {
	for _, s := range h.all() {
		if s.Around() != "" {
			if err := s.finish(ctx, Ended, "server", ending{"shown", "It is no longer shown."}); err != nil {
				return err
			}
		}
	}
	return nil
}
