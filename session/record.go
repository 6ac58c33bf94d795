package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/session/audit"
	"tandem/session/state"
)

// record is what must never be lost of a session once told to anybody: who was
// invited, who consented, how it ended. It is written before it takes effect,
// except an end, which takes effect first. It holds digests, no secrets.
type record struct {
	decision
	ID          string     `json:"id"`
	State       State      `json:"state"`
	Offered     Rights     `json:"offered"` // what the visitor may leave of it is in decision
	URL         string     `json:"url,omitempty"`
	AgentName   string     `json:"agent_name,omitempty"`
	VisitorName string     `json:"visitor_name,omitempty"`
	Created     time.Time  `json:"created"`
	Expires     time.Time  `json:"expires"` // of the invitation
	Accepted    time.Time  `json:"accepted,omitzero"`
	Over        time.Time  `json:"over,omitzero"`
	EndedBy     string     `json:"ended_by,omitempty"`
	EndReason   string     `json:"end_reason,omitempty"`
	Visitor     credential `json:"visitor"`
	Agent       credential `json:"agent"`
	Code        digest     `json:"code"`
	CodeExpires time.Time  `json:"code_expires"`
	Owner       string     `json:"owner,omitempty"`      // the agent whose session it is; "" when whoever has the link is
	Colleagues  []string   `json:"colleagues,omitempty"` // agents who were let in besides
	Uses        int        `json:"uses,omitempty"`       // browsers that may open the invitation
	Opened      time.Time  `json:"opened,omitzero"`      // the invitation, by the visitor
	Consent     *Consent   `json:"consent,omitempty"`    // of the visitor
	Withdrawn   []digest   `json:"withdrawn,omitempty"`  // secrets and browsers of earlier invitations
	In          string     `json:"in,omitempty"`         // of a showing: the session around it
	Leader      string     `json:"leader,omitempty"`     // of a showing: who leads, as that session's [guest]
	Left        []digest   `json:"left,omitempty"`       // cookies of the shell that were out at the end
}

// credential is how a person gets in: by the secret of a link, and after that
// by the cookie of a browser which showed the secret once.
type credential struct {
	Secret   digest   `json:"secret"`
	Browsers []digest `json:"browsers,omitempty"` // newest last
	Attempt  digest   `json:"attempt"`            // of the page whose browser is newest, the visitor's only
}

func (c credential) holds(cookie string) bool {
	found := false
	for _, d := range c.Browsers {
		found = d.Is(cookie) || found
	}
	return found
}

// maxAgentBrowsers is how many devices an agent may have at hand; the oldest
// has to show the link again.
const maxAgentBrowsers = 8

func (r *record) credential(role Role) *credential {
	if role == Visitor {
		return &r.Visitor
	}
	return &r.Agent
}

// tombstone is what stays of a record: enough to tell somebody who holds a
// link that it is over.
func (r record) tombstone(to State, by, reason string, now time.Time) record {
	r.State, r.Over, r.EndedBy, r.EndReason = to, now, by, reason
	r.Code = digest{}
	r.Leader = ""
	if to != Expired || r.In != "" { // else it can be invited to again
		r.URL, r.AgentName, r.VisitorName = "", "", ""
	}
	return r
}

func (r record) clone() record {
	r.Visitor.Browsers = slices.Clone(r.Visitor.Browsers)
	r.Agent.Browsers = slices.Clone(r.Agent.Browsers)
	r.Withdrawn = slices.Clone(r.Withdrawn)
	r.Colleagues = slices.Clone(r.Colleagues)
	return r
}

// content is what a session collected. It is written soon after a change,
// sealed, and erased at the end.
type content struct {
	Jar     []byte              `json:"jar"`
	Tabs    []Tab               `json:"tabs"`
	Aliases map[string]string   `json:"aliases"`
	Cookies map[string][]digest `json:"cookies"` // the visitor's, by content host
}

// records is the bucket of records. Each is sealed under its session's key, as
// names and addresses are in it; what a session that is over leaves, under a new
// one: the store keeps old bytes for long.
type records struct {
	bucket *state.Bucket
	vault  *state.Vault
}

func (b records) put(ctx context.Context, r record) error {
	value, err := json.Marshal(r)
	if err == nil {
		value, err = b.vault.Seal(r.ID, recordLabel+r.ID, value)
	}
	if err != nil {
		return err
	}
	return b.bucket.Put(ctx, r.ID, value)
}

// open reads what put wrote under id.
func (b records) open(id string, sealed []byte) (r record, err error) {
	value, err := b.vault.Open(id, recordLabel+id, sealed)
	if err == nil {
		err = json.Unmarshal(value, &r)
	}
	if err == nil && (r.ID != id || !validID(id)) {
		err = errors.New("it is another session's")
	}
	return r, err
}

const recordLabel = "record of "

// errUnchanged lets a change say that there was nothing to do.
var errUnchanged = errors.New("nothing to change")

// update changes the record, on disk first, and before that in the audit log.
// change may refuse; it sees the record as it is and no other change happens
// meanwhile, but for an end, which wins.
func (s *Session) update(ctx context.Context, entry audit.Entry, change func(*record) error) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	next := s.current().clone()
	switch err := change(&next); {
	case err == errUnchanged:
		return nil
	case err != nil:
		return err
	}
	entry.Session = next.meeting()
	if err := s.hub.audit.Do(ctx, entry, func() error { return s.hub.records.put(ctx, next) }); err != nil {
		return fmt.Errorf("recording a session: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.record.State.Over() {
		return ErrOver
	}
	s.record = next
	s.hub.changes.bump()
	return nil
}

func (s *Session) current() record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.record
}

const (
	// saveDelay is how long changes of the content are collected.
	saveDelay = 80 * time.Millisecond
	// saveAgain is when a save that failed is tried again: a full disk takes a
	// person to mend.
	saveAgain = 2 * time.Second
)

// saveSoon writes the content after a short while, together with whatever
// changes until then.
func (s *Session) saveSoon() { s.saveIn(saveDelay) }

func (s *Session) saveIn(delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil && !s.record.State.Over() && s.hub.ctx.Err() == nil {
		s.timer = time.AfterFunc(delay, s.saveNow)
	}
}

// saveNow writes the content if it has changed. Those who call it while it
// writes wait, and are then served together by one more write.
func (s *Session) saveNow() {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.mu.Lock()
	pending := s.timer != nil
	if pending {
		s.timer.Stop()
		s.timer = nil
	}
	s.mu.Unlock()
	if !pending {
		return
	}
	err := s.save(s.hub.ctx)
	failed := s.unsaved.Swap(err != nil)
	switch {
	case err != nil:
		s.log.Error("saving a session's content", "error", err)
		s.saveIn(saveAgain)
	case failed:
		s.log.Info("a session's content is saved again")
	}
}

// saved writes the content before it returns. While the store fails it does not
// wait for it: the session goes on, and the store is tried again.
func (s *Session) saved() {
	s.saveSoon()
	if !s.unsaved.Load() {
		s.saveNow()
	}
}

func (s *Session) save(ctx context.Context) error {
	cookies, err := s.jar.MarshalBinary()
	if err != nil {
		return err
	}
	value, err := json.Marshal(content{
		Jar:     cookies,
		Tabs:    s.room.tabList(),
		Aliases: s.names.all(),
		Cookies: s.keys.all(),
	})
	if err != nil {
		return err
	}
	return s.hub.contents.Put(ctx, s.id, value)
}

// load reads what save wrote. A session that saved nothing yet has no content.
func (s *Session) load(ctx context.Context) error {
	value, err := s.hub.contents.Get(ctx, s.id)
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var c content
	if err := json.Unmarshal(value, &c); err != nil {
		return err
	}
	s.names.origin, s.keys.cookies, s.room.tabs = c.Aliases, c.Cookies, c.Tabs
	return s.jar.UnmarshalBinary(c.Jar)
}
