package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/session/audit"
	"tandem/session/state"
)

// Errors that callers tell apart.
var (
	ErrNotFound = errors.New("no such agent")
	ErrNoKey    = errors.New("no such key")
	ErrExists   = errors.New("there is an agent of that name already")
	ErrDisabled = errors.New("the agent is disabled")
	ErrRefused  = errors.New("this key or link opens nothing")
	// ErrInvalid is what an error is that says what was wrong with the request.
	ErrInvalid = errors.New("invalid request")
)

// invalid is an error about what somebody asked for, in words for them.
type invalid string

func (e invalid) Error() string        { return string(e) }
func (e invalid) Is(target error) bool { return target == ErrInvalid }

func invalidf(format string, args ...any) error { return invalid(fmt.Sprintf(format, args...)) }

// Role says what somebody may do, and to whose sessions.
type Role string

const (
	Member     Role = "agent"      // their own sessions
	Supervisor Role = "supervisor" // everybody's, and what was done
	Admin      Role = "admin"      // and the agents
)

// Scope is one thing that a key may do.
type Scope string

const (
	CreateSessions Scope = "sessions:create"
	ReadSessions   Scope = "sessions:read"
	EndSessions    Scope = "sessions:end" // and take invitations back
	ReadAudit      Scope = "audit:read"
	ManageAgents   Scope = "agents:manage"
)

// Scopes returns all that a role may do; none for a role that there is not.
func (r Role) Scopes() []Scope {
	switch r {
	case Member:
		return []Scope{CreateSessions, ReadSessions, EndSessions}
	case Supervisor:
		return []Scope{CreateSessions, ReadSessions, EndSessions, ReadAudit}
	case Admin:
		return []Scope{CreateSessions, ReadSessions, EndSessions, ReadAudit, ManageAgents}
	}
	return nil
}

// SeesAll reports whether the role extends to sessions of others.
func (r Role) SeesAll() bool { return r == Supervisor || r == Admin }

// Agent is what may be told about somebody.
type Agent struct {
	Name     string    `json:"name"`      // unique, for commands and addresses
	FullName string    `json:"full_name"` // as visitors see it
	Role     Role      `json:"role"`
	Email    string    `json:"email,omitempty"`    // verified by the sign-in provider
	Subject  string    `json:"subject,omitempty"`  // what the provider calls them
	Provided bool      `json:"provided,omitempty"` // let in by a group of the provider's, which decides on the role
	Disabled bool      `json:"disabled,omitempty"`
	Created  time.Time `json:"created_at"`
	Keys     []Key     `json:"keys"`
}

// record is an agent as stored.
type record struct {
	Agent
	Secrets []keySecret `json:"secrets,omitempty"` // of Keys, in their order
	Link    link        `json:"link"`
	SignIns []signIn    `json:"sign_ins,omitempty"` // newest last
}

func (r record) clone() record {
	r.Keys, r.Secrets, r.SignIns = slices.Clone(r.Keys), slices.Clone(r.Secrets), slices.Clone(r.SignIns)
	return r
}

// agent is what may be told of a record.
func (r record) agent() Agent {
	a := r.Agent
	a.Keys = append([]Key{}, r.Keys...)
	return a
}

// Store holds all agents. It is safe for concurrent use.
type Store struct {
	bucket *state.Bucket
	audit  *audit.Log
	log    *slog.Logger
	now    func() time.Time

	changes sync.Mutex // held while something is written; taken before mu
	changed func()

	mu  sync.RWMutex
	all map[string]record
}

// Open reads the agents of a bucket. changed is called after everything that
// may have taken something from somebody.
func Open(ctx context.Context, bucket *state.Bucket, history *audit.Log, log *slog.Logger, now func() time.Time, changed func()) (*Store, error) {
	s := &Store{bucket: bucket, audit: history, log: log, now: now, changed: changed, all: map[string]record{}}
	stored, err := bucket.All(ctx)
	if err != nil {
		return nil, err
	}
	for name, value := range stored {
		var r record
		if err := json.Unmarshal(value, &r); err != nil || r.Name != name || len(r.Keys) != len(r.Secrets) {
			log.Error("reading an agent", "name", name, "error", err)
			continue
		}
		s.all[name] = r
	}
	return s, nil
}

// names fit into addresses, commands and keys of the store as they are.
var names = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$`)

const maxText = 200 // bytes of a full name, an e-mail address, a subject

func (a *Agent) check() error {
	if !names.MatchString(a.Name) {
		return invalidf("%q is not a name for an agent: small letters, digits and dashes, at most 32", a.Name)
	}
	if a.Role == "" {
		a.Role = Member
	}
	if a.Role.Scopes() == nil {
		return invalidf("there is no role %q: roles are %s, %s and %s", a.Role, Member, Supervisor, Admin)
	}
	if a.FullName = strings.TrimSpace(a.FullName); a.FullName == "" {
		a.FullName = a.Name
	}
	a.Email = strings.ToLower(strings.TrimSpace(a.Email))
	if len(a.FullName) > maxText || len(a.Email) > maxText || len(a.Subject) > maxText {
		return invalidf("a name or address has more than %d bytes", maxText)
	}
	return nil
}

// Add makes a new agent. It fails with [ErrExists] when there is one of that name.
func (s *Store) Add(ctx context.Context, a Agent) (Agent, error) {
	if err := a.check(); err != nil {
		return Agent{}, err
	}
	a.Created, a.Disabled, a.Keys = s.now(), false, nil
	s.changes.Lock()
	defer s.changes.Unlock()
	return s.addLocked(ctx, a)
}

func (s *Store) addLocked(ctx context.Context, a Agent) (Agent, error) {
	if _, taken := s.get(a.Name); taken {
		return Agent{}, fmt.Errorf("%w: %s", ErrExists, a.Name)
	}
	r := record{Agent: a}
	entry := audit.Entry{Act: "agents.add", What: a.Name + " " + string(a.Role)}
	if err := s.audit.Do(ctx, entry, func() error { return s.put(ctx, r) }); err != nil {
		return Agent{}, err
	}
	s.set(r)
	s.log.Info("agent added", "agent", a.Name, "role", a.Role)
	return r.agent(), nil
}

// Disable takes everything from an agent that shows who they are.
func (s *Store) Disable(ctx context.Context, name string) error {
	return s.less(ctx, name, "disable", func(r *record) error {
		r.Disabled, r.Link, r.SignIns = true, link{}, nil
		return nil
	})
}

// Enable lets a disabled agent sign in again.
func (s *Store) Enable(ctx context.Context, name string) error {
	return s.more(ctx, name, "enable", func(r *record) error {
		r.Disabled = false
		return nil
	})
}

// SetRole gives an agent another role. Their sign-ins go on with it.
func (s *Store) SetRole(ctx context.Context, name string, role Role) error {
	if role.Scopes() == nil {
		return (&Agent{Name: "x", Role: role}).check()
	}
	return s.less(ctx, name, "role", func(r *record) error {
		r.Role = role
		return nil
	})
}

// Remove forgets an agent, with everything that shows who they are.
func (s *Store) Remove(ctx context.Context, name string) error {
	s.changes.Lock()
	_, found := s.get(name)
	s.mu.Lock()
	delete(s.all, name)
	s.mu.Unlock()
	s.changes.Unlock()
	if !found {
		return fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	s.log.Info("agent removed", "agent", name)
	s.changed()
	return errors.Join(s.bucket.Purge(ctx, name), s.audit.Add(ctx, audit.Entry{Act: "agents.remove", What: name}))
}

// List returns all agents by name.
func (s *Store) List() []Agent {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]Agent, 0, len(s.all))
	for _, r := range s.all {
		list = append(list, r.agent())
	}
	slices.SortFunc(list, func(a, b Agent) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Get returns the agent of that name.
func (s *Store) Get(name string) (Agent, bool) {
	r, ok := s.get(name)
	return r.agent(), ok
}

func (s *Store) get(name string) (record, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, ok := s.all[name]
	return r.clone(), ok
}

func (s *Store) set(r record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[r.Name] = r
}

func (s *Store) put(ctx context.Context, r record) error {
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.bucket.Put(ctx, r.Name, value)
}

// more changes an agent once the change is on disk, and what is begun in the
// audit log.
func (s *Store) more(ctx context.Context, name, act string, change func(*record) error) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	r, err := s.prepare(name, change)
	if err != nil {
		return err
	}
	if err := s.audit.Do(ctx, audit.Entry{Act: "agents." + act, What: name}, func() error { return s.put(ctx, r) }); err != nil {
		return err
	}
	s.set(r)
	return nil
}

// less changes an agent at once, and then on disk and in the audit log.
func (s *Store) less(ctx context.Context, name, act string, change func(*record) error) error {
	s.changes.Lock()
	r, err := s.prepare(name, change)
	if err != nil {
		s.changes.Unlock()
		return err
	}
	s.set(r)
	s.changed()
	defer s.changes.Unlock()
	return errors.Join(s.put(ctx, r), s.audit.Add(ctx, audit.Entry{Act: "agents." + act, What: name}))
}

func (s *Store) prepare(name string, change func(*record) error) (record, error) {
	r, ok := s.get(name)
	if !ok {
		return r, fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	err := change(&r)
	return r, err
}
