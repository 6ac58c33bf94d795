package session

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tandem/session/agents"
	"tandem/session/audit"
)

// maxColleagues is more than have a seat at once.
const maxColleagues = 8

// manages reports whether an agent decides about the session: whoever it belongs
// to, and who sees all. Colleagues only take part.
func (s *Session) manages(a agents.Agent) bool {
	rec := s.current()
	return rec.In == "" && (a.Role.SeesAll() || rec.Owner != "" && rec.Owner == a.Name)
}

// belongsTo reports whether an agent may see the session at all.
func (s *Session) belongsTo(a agents.Agent) bool {
	return s.manages(a) || slices.Contains(s.current().Colleagues, a.Name)
}

// LetIn lets another agent follow the session that belongs to one. The visitor
// is told when they come.
func (s *Session) LetIn(ctx context.Context, name string) error {
	if a, ok := s.hub.agents.Get(name); !ok || a.Disabled {
		return fmt.Errorf("%w: %s", agents.ErrNotFound, name)
	}
	return s.update(ctx, audit.Entry{Act: "session.let-in", What: name}, func(r *record) error {
		switch {
		case r.State.Over():
			return ErrOver
		case r.Owner == "":
			return invalidf("the session is no agent's: its link lets in whoever has it")
		case r.Owner == name || slices.Contains(r.Colleagues, name):
			return errUnchanged
		case len(r.Colleagues) >= maxColleagues:
			return invalidf("%d colleagues are let in already", maxColleagues)
		}
		r.Colleagues = append(r.Colleagues, name)
		return nil
	})
}

// LetOut takes that back, and disconnects them, at once.
func (s *Session) LetOut(ctx context.Context, name string) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	rec := s.current().clone()
	i := slices.Index(rec.Colleagues, name)
	if i < 0 || rec.State.Over() {
		return nil
	}
	rec.Colleagues = slices.Delete(rec.Colleagues, i, i+1)
	s.mu.Lock()
	s.record.Colleagues = rec.Colleagues
	s.mu.Unlock()
	s.recheck()
	s.hub.changes.bump()
	entry := audit.Entry{Act: "session.let-out", What: name, Session: s.id}
	if err := errors.Join(s.hub.records.put(ctx, rec), s.hub.audit.Add(ctx, entry)); err != nil {
		return fmt.Errorf("recording a session: %w", err)
	}
	return nil
}
