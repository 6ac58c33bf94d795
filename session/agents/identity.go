package agents

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tandem/session/secret"
)

// Identity is what a sign-in provider says about somebody.
type Identity struct {
	Subject  string
	Email    string // "" unless the provider has verified it
	FullName string
	Role     Role // that their groups give; "" for none
}

// Identify returns the agent that somebody is: the one with that subject, or
// the one with that e-mail address and no subject. Who is neither, and has a
// role by a group, becomes an agent; for these the provider goes on to decide.
// It fails with [ErrNotFound] and [ErrDisabled].
func (s *Store) Identify(ctx context.Context, who Identity) (Agent, error) {
	r, ok := s.known(who)
	switch {
	case ok && r.Disabled:
		return Agent{}, fmt.Errorf("%w: %s", ErrDisabled, r.Name)
	case ok && !r.Provided:
		return r.agent(), nil
	case who.Role == "" || who.Subject == "":
		return Agent{}, ErrNotFound
	case ok && r.Role != who.Role:
		return r.agent(), s.SetRole(ctx, r.Name, who.Role)
	case ok:
		return r.agent(), nil
	}
	return s.provide(ctx, who)
}

// known returns the agent that somebody is, disabled or not.
func (s *Store) known(who Identity) (record, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	email := strings.ToLower(who.Email)
	found, ok := record{}, false
	for _, r := range s.all {
		if who.Subject != "" && r.Subject == who.Subject {
			return r.clone(), true
		}
		if email != "" && r.Subject == "" && r.Email == email {
			found, ok = r.clone(), true
		}
	}
	return found, ok
}

// provide adds an agent for somebody the provider vouches for, under the first
// free name that resembles theirs.
func (s *Store) provide(ctx context.Context, who Identity) (Agent, error) {
	local, _, _ := strings.Cut(who.Email, "@")
	name := nameLike(local)
	for {
		a, err := s.Add(ctx, Agent{Name: name, FullName: who.FullName, Role: who.Role, Email: who.Email, Subject: who.Subject, Provided: true})
		if !errors.Is(err, ErrExists) {
			return a, err
		}
		name = fmt.Sprintf("%.24s-%x", nameLike(local), secret.Bytes(3))
	}
}

func nameLike(text string) string {
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(text))
	if name = strings.Trim(name[:min(len(name), 30)], "-"); name == "" {
		return "agent"
	}
	return name
}
