package agents

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/session/secret"
)

// Key is what may be told about a key.
type Key struct {
	ID      string    `json:"id"` // public: it opens nothing
	Scopes  []Scope   `json:"scopes"`
	Created time.Time `json:"created_at"`
	Expires time.Time `json:"expires_at"`
	Used    time.Time `json:"used_at,omitzero"` // to the minute
}

type keySecret struct {
	Digest secret.Digest `json:"digest"`
}

type link struct {
	Digest  secret.Digest `json:"digest"`
	Expires time.Time     `json:"expires"`
}

// signIn is a browser that is signed in.
type signIn struct {
	Digest  secret.Digest `json:"digest"`
	Expires time.Time     `json:"expires"`
	Key     string        `json:"key,omitempty"` // that it signed in with, and can do no more than
}

const (
	// KeyPrefix begins every key, so that people and scanners of repositories
	// know one when they see it.
	KeyPrefix = "tandem_"
	// MaxKeyTTL is how long a key may work.
	MaxKeyTTL = 366 * 24 * time.Hour
	// LinkTTL is how long a sign-in link may be used.
	LinkTTL = 15 * time.Minute
	// SignInTTL is how long a browser stays signed in.
	SignInTTL = 12 * time.Hour

	maxKeys    = 20
	maxSignIns = 8 // the oldest browser has to sign in again
	usedEvery  = time.Minute
)

// NewKey makes a key for an agent and returns it, which is the only time it is
// told. Without scopes it may do all that the role may.
func (s *Store) NewKey(ctx context.Context, name string, scopes []Scope, ttl time.Duration) (key string, made Key, err error) {
	if ttl <= 0 || ttl > MaxKeyTTL {
		return "", Key{}, invalidf("a key works for at least a moment and at most %d days", MaxKeyTTL/24/time.Hour)
	}
	err = s.more(ctx, name, "key", func(r *record) error {
		if r.Disabled {
			return fmt.Errorf("%w: %s", ErrDisabled, name)
		}
		if len(r.Keys) >= maxKeys {
			return invalidf("%s has %d keys already: revoke one first", name, maxKeys)
		}
		if len(scopes) == 0 {
			scopes = r.Role.Scopes()
		}
		for _, scope := range scopes {
			if !slices.Contains(r.Role.Scopes(), scope) {
				return invalidf("an agent with the role %s has no scope %q: there are %s", r.Role, scope, joinScopes(r.Role.Scopes()))
			}
		}
		made = Key{ID: newKeyID(), Scopes: scopes, Created: s.now(), Expires: s.now().Add(ttl)}
		key = KeyPrefix + made.ID + "_" + secret.New()
		r.Keys, r.Secrets = append(r.Keys, made), append(r.Secrets, keySecret{secret.DigestOf(key)})
		return nil
	})
	return key, made, err
}

func newKeyID() string { return fmt.Sprintf("%x", secret.Bytes(4)) }

func joinScopes(scopes []Scope) string {
	var list []string
	for _, scope := range scopes {
		list = append(list, string(scope))
	}
	return strings.Join(list, ", ")
}

// RevokeKey makes a key worthless, and signs out who signed in with it.
func (s *Store) RevokeKey(ctx context.Context, name, id string) error {
	return s.less(ctx, name, "revoke-key", func(r *record) error {
		i := slices.IndexFunc(r.Keys, func(k Key) bool { return k.ID == id })
		if i < 0 {
			return fmt.Errorf("%w: %s", ErrNoKey, id)
		}
		r.Keys, r.Secrets = slices.Delete(r.Keys, i, i+1), slices.Delete(r.Secrets, i, i+1)
		r.SignIns = slices.DeleteFunc(r.SignIns, func(in signIn) bool { return in.Key == id })
		return nil
	})
}

// ByKey returns whose a key is, and what it may do.
func (s *Store) ByKey(ctx context.Context, key string) (Agent, []Scope, bool) {
	r, i, ok := s.find(func(r record) int {
		return slices.IndexFunc(r.Secrets, func(k keySecret) bool { return k.Digest.Is(key) })
	})
	if !ok || !s.now().Before(r.Keys[i].Expires) {
		return Agent{}, nil, false
	}
	if s.now().Sub(r.Keys[i].Used) > usedEvery {
		s.used(ctx, r.Name, r.Keys[i].ID)
	}
	return r.agent(), r.scopes(r.Keys[i].ID), true
}

// scopes is what a key may do, or with "" who has shown otherwise who they are:
// never more than the role.
func (r record) scopes(key string) []Scope {
	all := r.Role.Scopes()
	if key == "" {
		return all
	}
	i := slices.IndexFunc(r.Keys, func(k Key) bool { return k.ID == key })
	return slices.DeleteFunc(all, func(scope Scope) bool { return i < 0 || !slices.Contains(r.Keys[i].Scopes, scope) })
}

// used takes note that a key is in use. It is no act of anybody's.
func (s *Store) used(ctx context.Context, name, id string) {
	s.changes.Lock()
	defer s.changes.Unlock()
	r, err := s.prepare(name, func(r *record) error {
		if i := slices.IndexFunc(r.Keys, func(k Key) bool { return k.ID == id }); i >= 0 {
			r.Keys[i].Used = s.now()
		}
		return nil
	})
	if err == nil {
		s.set(r)
		err = s.put(ctx, r)
	}
	if err != nil {
		s.log.Error("noting the use of a key", "agent", name, "error", err)
	}
}

// NewLink returns the secret of a link that signs the agent in, once. An older
// one works no longer.
func (s *Store) NewLink(ctx context.Context, name string) (linkSecret string, expires time.Time, err error) {
	linkSecret, expires = secret.New(), s.now().Add(LinkTTL)
	err = s.more(ctx, name, "link", func(r *record) error {
		if r.Disabled {
			return fmt.Errorf("%w: %s", ErrDisabled, name)
		}
		r.Link = link{secret.DigestOf(linkSecret), expires}
		return nil
	})
	return linkSecret, expires, err
}

// SignInByLink exchanges a link's secret for the value of a console cookie.
func (s *Store) SignInByLink(ctx context.Context, linkSecret string) (Agent, string, error) {
	r, _, ok := s.find(func(r record) int { return found(r.Link.Digest.Is(linkSecret)) })
	if !ok {
		return Agent{}, "", ErrRefused
	}
	return s.signIn(ctx, r.Name, func(r *record) error {
		if !r.Link.Digest.Is(linkSecret) || !s.now().Before(r.Link.Expires) {
			return ErrRefused // used meanwhile, or too late
		}
		r.Link = link{}
		return nil
	})
}

// SignInByKey does the same for who has a key. It ends with the key and may do
// what the key may.
func (s *Store) SignInByKey(ctx context.Context, key string) (Agent, string, error) {
	a, _, ok := s.ByKey(ctx, key)
	if !ok {
		return Agent{}, "", ErrRefused
	}
	return s.signIn(ctx, a.Name, func(r *record) error {
		i := slices.IndexFunc(r.Secrets, func(k keySecret) bool { return k.Digest.Is(key) })
		if i < 0 {
			return ErrRefused
		}
		in := &r.SignIns[len(r.SignIns)-1]
		in.Key = r.Keys[i].ID
		if until := r.Keys[i].Expires; until.Before(in.Expires) {
			in.Expires = until
		}
		return nil
	})
}

// SignIn does the same for who has shown otherwise who they are.
func (s *Store) SignIn(ctx context.Context, name string) (Agent, string, error) {
	return s.signIn(ctx, name, func(*record) error { return nil })
}

// signIn signs a browser in, unless check refuses, which sees the new sign-in
// as the last and may change it.
func (s *Store) signIn(ctx context.Context, name string, check func(*record) error) (a Agent, cookie string, err error) {
	cookie = secret.New()
	err = s.more(ctx, name, "sign-in", func(r *record) error {
		if r.Disabled {
			return ErrRefused
		}
		all := append(r.SignIns, signIn{Digest: secret.DigestOf(cookie), Expires: s.now().Add(SignInTTL)})
		r.SignIns = all[max(0, len(all)-maxSignIns):]
		a = r.agent()
		return check(r)
	})
	if err != nil {
		return Agent{}, "", err
	}
	s.log.Info("signed in", "agent", name)
	return a, cookie, nil
}

// ByCookie returns who is signed in with a cookie of that value, and what they
// may do.
func (s *Store) ByCookie(cookie string) (Agent, []Scope, bool) {
	r, i, ok := s.find(func(r record) int { return signedIn(r, cookie) })
	if !ok || !s.now().Before(r.SignIns[i].Expires) {
		return Agent{}, nil, false
	}
	return r.agent(), r.scopes(r.SignIns[i].Key), true
}

func signedIn(r record, cookie string) int {
	return slices.IndexFunc(r.SignIns, func(in signIn) bool { return in.Digest.Is(cookie) })
}

// SignOut makes a cookie worthless. One that is already is no error.
func (s *Store) SignOut(ctx context.Context, cookie string) error {
	r, _, ok := s.find(func(r record) int { return signedIn(r, cookie) })
	if !ok {
		return nil
	}
	return s.less(ctx, r.Name, "sign-out", func(r *record) error {
		r.SignIns = slices.DeleteFunc(r.SignIns, func(in signIn) bool { return in.Digest.Is(cookie) })
		return nil
	})
}

// find returns the enabled agent that has something, and where.
func (s *Store) find(where func(record) int) (record, int, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, r := range s.all {
		if i := where(r); i >= 0 && !r.Disabled {
			return r.clone(), i, true
		}
	}
	return record{}, 0, false
}

// found is an index for what is or is not there.
func found(there bool) int {
	if there {
		return 0
	}
	return -1
}
