package session

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"tandem/session/audit"
	"tandem/session/secret"
)

// Status is what became of the visitor's invitation, as the agent is told.
type Status string

const (
	Sent      Status = "sent"
	Opened    Status = "opened" // the visitor's browser shows it
	Accepted  Status = "accepted"
	Refused   Status = "declined"
	Late      Status = "expired"
	Withdrawn Status = "revoked" // by the agent; there may be another
)

const (
	// maxUses is how many browsers an invitation may be opened in at most.
	maxUses = 5
	// maxWithdrawn is how many invitations and browsers are remembered to be told
	// that they were taken back.
	maxWithdrawn = 16
)

// invitation is what became of the visitor's invitation.
func (r record) invitation() Status {
	switch {
	case !r.Accepted.IsZero():
		return Accepted
	case r.State == Declined:
		return Refused
	case r.State == Expired:
		return Late
	case r.State == Ended || r.Visitor.Secret == digest{}:
		return Withdrawn
	case len(r.Visitor.Browsers) > 0:
		return Opened
	}
	return Sent
}

// withdraw takes the invitation back: its link, its code, and the browsers that
// opened it.
func (r *record) withdraw() {
	gone := append(r.Withdrawn, r.Visitor.Browsers...)
	if r.Visitor.Secret != (digest{}) {
		gone = append(gone, r.Visitor.Secret)
	}
	r.Withdrawn = gone[max(0, len(gone)-maxWithdrawn):]
	r.Visitor, r.Code, r.CodeExpires, r.Opened = credential{}, digest{}, time.Time{}, time.Time{}
}

func (r record) withdrew(shown string) bool {
	return slices.ContainsFunc(r.Withdrawn, func(d digest) bool { return d.Is(shown) })
}

// Revoke takes the visitor's invitation back. The session goes on waiting: there
// may be a new one. It fails with [ErrOver], or when the visitor has accepted.
func (s *Session) Revoke(ctx context.Context) error {
	err := s.reinvite(ctx, "session.revoke", func(r *record) { r.withdraw() })
	if err == nil {
		s.log.Info("invitation revoked")
	}
	return err
}

// Invite makes a new invitation for the visitor. Earlier ones work no longer.
func (s *Session) Invite(ctx context.Context, ttl time.Duration) (Invitation, error) {
	if ttl == 0 {
		ttl = defaultTTL
	}
	if ttl < 0 || ttl > maxTTL {
		return Invitation{}, errTTL
	}
	visitor, code, now := secret.New(), newCode(), s.hub.now()
	err := s.reinvite(ctx, "session.invite", func(r *record) {
		r.withdraw()
		r.Visitor.Secret, r.Code = secret.DigestOf(visitor), secret.DigestOf(code)
		r.Expires, r.CodeExpires = now.Add(ttl), now.Add(min(codeTTL, ttl))
	})
	if err != nil {
		return Invitation{}, err
	}
	s.log.Info("invited again")
	control := strings.TrimSuffix(s.hub.cfg.Control, "/")
	return Invitation{
		ID:         s.id,
		VisitorURL: control + "/j/" + s.id + "#" + visitor,
		AgentURL:   control + "/a/" + s.id,
		Code:       code,
		ExpiresAt:  now.Add(ttl),
	}, nil
}

// InviteAgain makes a new invitation for the visitor of a session, see
// [Session.Invite]; for one whose invitation ran out, in a new session that is
// like it.
func (h *Hub) InviteAgain(ctx context.Context, id string, ttl time.Duration) (Invitation, error) {
	s, ok := h.Session(id)
	if !ok {
		return Invitation{}, ErrNotFound
	}
	r := s.current()
	if r.State != Expired || r.In != "" {
		return s.Invite(ctx, ttl)
	}
	return h.Create(ctx, Request{
		URL: r.URL, Mode: r.Mode, Rights: r.Offered, Uses: r.Uses, TTL: ttl,
		Agent: r.Owner, AgentName: r.AgentName, VisitorName: r.VisitorName, colleagues: r.Colleagues,
	})
}

// reinvite changes the invitation of a session that still waits.
func (s *Session) reinvite(ctx context.Context, act string, change func(*record)) error {
	s.hub.forgetCode(s)
	err := s.update(ctx, audit.Entry{Act: act}, func(r *record) error {
		switch {
		case r.In != "":
			return ErrNotFound // nobody is invited to a showing
		case r.State == Active:
			return errTooLate
		case r.State.Over():
			return ErrOver
		}
		change(r)
		return nil
	})
	s.hub.learnCode(s)
	s.invitationChanged()
	return err
}

// invitationChanged tells those who wait for the visitor. What ends the waiting
// they are told as the session's state.
func (s *Session) invitationChanged() {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	s.room.followers(s.room.tellInvitation)
}

func (r *room) tellInvitation(st *seat) {
	if now := r.s.current(); now.State == Waiting {
		r.tell(st, "invitation", invitationMessage{now.invitation(), now.Expires.UnixMilli()})
	}
}

// Consent is what a visitor agreed to, and when.
type Consent struct {
	At time.Time `json:"at"`
	// Terms is a digest of what was agreed: who, where, what they may do, and
	// what stays hidden.
	Terms string `json:"terms"`
	// Words is a digest of the text that the visitor read, SHA-256 in hexadecimal.
	Words string `json:"words"`
	// Language is the one it was in, "und" when the page did not say.
	Language language.Tag `json:"language"`
}

// acceptance is what the consent page says when its button is pressed.
type acceptance struct {
	Terms string `json:"terms"` // as the page was told
	Words string `json:"words"` // that it showed
	// Language is the one of the words, "und" when the page did not say.
	Language language.Tag `json:"language"`
}

// maxWords is more than any consent page says.
const maxWords = 16 << 10

// termsOf names what a person is asked to agree to.
func termsOf(j joined) string {
	j.State, j.ExpiresAt, j.Terms = "", "", ""
	return hexDigest(string(encode("terms", j)))
}

func hexDigest(text string) string { return fmt.Sprintf("%x", secret.DigestOf(text)) }

// accept records the visitor's consent and lets both in. Accepting an active
// session again is no error.
func (s *Session) accept(r *http.Request, said acceptance) error {
	now := s.hub.now()
	agreed := audit.Entry{Who: string(Visitor), Act: "session.accept", What: "the words " + hexDigest(said.Words) + " in " + said.Language.String()}
	err := s.update(r.Context(), agreed, func(rec *record) error {
		switch {
		case rec.State == Active:
			return errUnchanged
		case rec.State.Over():
			return ErrOver
		case now.After(rec.Expires):
			return errExpired
		case !s.shows(r, Visitor, *rec):
			return errRevoked // while this was under way
		case said.Terms != termsOf(s.describe(Visitor, *rec)):
			return errTermsChanged
		case strings.TrimSpace(said.Words) == "" || len(said.Words) > maxWords:
			return errBadRequest
		}
		rec.State, rec.Accepted = Active, now
		rec.Consent = &Consent{At: now, Terms: said.Terms, Words: hexDigest(said.Words), Language: said.Language}
		return nil
	})
	if err == nil {
		s.log.Info("accepted", "words", hexDigest(said.Words))
		s.room.stateChanged()
	}
	return err
}
