package session

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tandem/session/agents"
	"tandem/session/assets"
	"tandem/session/audit"
	"tandem/session/jar"
	"tandem/session/secret"
	"tandem/session/state"
)

// Errors that callers tell apart.
var (
	ErrNotFound         = errors.New("no such session")
	ErrOver             = errors.New("the session is over")
	ErrOriginNotAllowed = errors.New("the site's origin is not allowed")
	ErrNotMoving        = errors.New("the visitor is not going on with another device")
	ErrTicket           = errors.New("the ticket is unknown, used or out of time")

	errExpired = errors.New("the invitation is out of time")
	errTooLate = errors.New("the session has begun")
	errUnfit   = errors.New("invalid request")
	errTTL     = invalidf("an invitation lasts at most %v", maxTTL)
)

// Config says where a Hub keeps its state and how its pages are reached.
type Config struct {
	// Dir holds the state. One process owns it at a time.
	Dir string
	// Control is the URL of our own pages, such as "https://tandem.example".
	Control string
	// Links returns the base URLs of a session's shell and view hosts.
	Links func(id string) (shell, view string)
	// Provider is where agents can sign in, beside keys and links; nil for nowhere.
	Provider *Provider
	// Audit says how large the files of the audit log get, and how old.
	Audit audit.Limits
	// Logger defaults to slog.Default.
	Logger *slog.Logger
	// Now defaults to time.Now.
	Now func() time.Time
}

const (
	defaultTTL = time.Hour
	maxTTL     = 24 * time.Hour
	// tombstoneTTL is how long a session that is over can still say so.
	tombstoneTTL = 24 * time.Hour
	// idleTTL is how long an active session waits for anybody to come back.
	idleTTL = time.Hour
	// activeTTL bounds a session: consent is not for ever.
	activeTTL  = 12 * time.Hour
	sweepEvery = time.Second
	assetBytes = 64 << 20 // of a session's store
	maxName    = 60       // characters
)

// Hub holds all sessions of a server and the store they are kept in. It is
// safe for concurrent use.
type Hub struct {
	cfg      Config
	log      *slog.Logger
	store    *state.Store
	records  records
	contents *state.Vault
	origins  *Origins
	copies   atomic.Int64 // bytes that copies of files take, or may
	audit    *audit.Log
	agents   *agents.Store
	rules    *PageRules
	api      http.Handler
	provider *relyingParty // nil when there is none
	changes  changes       // of any session

	ctx      context.Context // ends when the store is about to close
	cancel   context.CancelFunc
	drain    context.CancelFunc
	draining context.Context // ends when nobody should wait for news any more
	sockets  sync.WaitGroup
	tunnels  tunnels
	tasks    sync.WaitGroup // the hub's own goroutines, which end with ctx

	joins, guesses, allGuesses *budget
	refusals                   refusals

	mu       sync.RWMutex
	closed   bool
	sessions map[string]*Session
	codes    map[digest]*Session
}

// Open starts a hub with the sessions kept in cfg.Dir. It fails with
// [state.ErrLocked] when another process has it open.
func Open(ctx context.Context, cfg Config) (*Hub, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if originOf(cfg.Control) == "://" || cfg.Links == nil {
		return nil, errors.New("a hub needs the URL of its pages and the links of sessions")
	}
	h := &Hub{
		cfg:        cfg,
		log:        cfg.Logger,
		joins:      &budget{limit: 60, per: time.Minute},
		guesses:    &budget{limit: 5, per: 5 * time.Minute},
		allGuesses: &budget{limit: 120, per: time.Minute},
		sessions:   map[string]*Session{},
		codes:      map[digest]*Session{},
	}
	h.changes.n = uint64(cfg.Now().UnixMilli()) // no number of an earlier run comes again
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.draining, h.drain = context.WithCancel(h.ctx)
	if cfg.Provider != nil {
		if err := cfg.Provider.Check(); err != nil {
			return nil, err
		}
		h.provider = newRelyingParty(*cfg.Provider, cfg.Control)
	}
	h.api = h.routes()
	if err := h.open(ctx); err != nil {
		h.cancel()
		h.closeFiles()
		return nil, fmt.Errorf("opening the sessions: %w", err)
	}
	return h, nil
}

func (h *Hub) open(ctx context.Context) (err error) {
	if h.store, err = state.Open(ctx, h.cfg.Dir, h.log); err != nil {
		return err
	}
	if h.audit, err = audit.Open(h.cfg.Dir, h.cfg.Audit, h.now, h.log); err != nil {
		return err
	}
	if h.records.bucket, err = h.store.Bucket(ctx, "sessions"); err != nil {
		return err
	}
	if h.contents, err = h.store.Vault(ctx, "contents"); err != nil {
		return err
	}
	h.records.vault = h.contents
	origins, follow, err := openOrigins(ctx, h.store, h.audit, h.log)
	if err != nil {
		return err
	}
	h.origins = origins
	known, err := h.store.Bucket(ctx, "agents")
	if err != nil {
		return err
	}
	if h.agents, err = agents.Open(ctx, known, h.audit, h.log, h.now, h.agentsChanged); err != nil {
		return err
	}
	rules, followRules, err := openPageRules(ctx, h.store, h.audit, h.log, h.rulesChanged)
	if err != nil {
		return err
	}
	h.rules = rules
	if err := h.load(ctx); err != nil {
		return err
	}
	h.tasks.Go(func() { follow(h.ctx) })
	h.tasks.Go(func() { followRules(h.ctx) })
	h.tasks.Go(h.sweepLoop)
	return nil
}

// load brings back the sessions of an earlier run. One that cannot be read is
// reported and left out.
func (h *Hub) load(ctx context.Context) error {
	all, err := h.records.bucket.All(ctx)
	if err != nil {
		return err
	}
	for id, sealed := range all {
		rec, err := h.records.open(id, sealed)
		if err != nil {
			// Its key is gone: it ended, and that was interrupted, or the store
			// is an older copy.
			h.log.Warn("a session's record cannot be opened, so it is over", "session", id, "error", err)
			if err := errors.Join(h.records.bucket.Purge(ctx, id), h.contents.Erase(ctx, id)); err != nil {
				return err
			}
			continue
		}
		s, err := h.newSession(rec)
		if err == nil && !rec.State.Over() {
			err = s.load(ctx)
		}
		if err != nil {
			h.log.Error("reading a session's content", "session", id, "error", err)
		}
		h.add(s)
	}
	return h.endStranded(ctx)
}

// newSession makes the session of a record. With an error the session is
// usable, but followers cannot load assets.
func (h *Hub) newSession(rec record) (*Session, error) {
	s := &Session{
		hub:     h,
		id:      rec.ID,
		log:     h.log.With("session", rec.ID),
		jar:     new(jar.Jar),
		assets:  assets.New(assetBytes),
		key:     secret.New(),
		record:  rec,
		blocked: map[string]int{},
	}
	if rec.Offered == nil { // recorded before there were rights to choose from
		s.record.Offered, s.record.Rights = AllRights, AllRights
	}
	s.room = newRoom(s, rec, h.now())
	if rec.State.Over() {
		s.keys.close()
		s.room.over = true
		return s, nil
	}
	// Derived, so that a follower's addresses stay the same over a restart.
	key, err := h.contents.Derive(rec.ID, "assets", 16)
	if err == nil {
		s.key = base64.RawURLEncoding.EncodeToString(key)
	}
	return s, err
}

func (h *Hub) add(s *Session) {
	h.mu.Lock()
	h.sessions[s.id] = s
	h.mu.Unlock()
	h.learnCode(s)
	h.changes.bump()
}

// learnCode lets the code of a session's record be typed.
func (h *Hub) learnCode(s *Session) {
	r := s.current()
	if r.State.Over() || r.Code == (digest{}) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.code = r.Code
	h.codes[s.code] = s
}

func (h *Hub) now() time.Time { return h.cfg.Now() }

// Request says what session to create.
type Request struct {
	URL         string        // where it starts; its origin must be allowed
	Mode        Mode          // default Shared
	Agent       string        // whose session it is; "" when it is whoever's has the agent's link
	AgentName   string        // default the agent's full name, or "Agent"
	Rights      Rights        // what agents may ever be let do; default AllRights
	VisitorName string        // default "Visitor"
	TTL         time.Duration // of the invitation; default 1 h, at most 24 h
	Uses        int           // browsers the invitation may be opened in; default 1, at most 5

	colleagues []string
}

// Invitation is what the two people are given. It is told once: only digests
// of the secrets in it are kept.
type Invitation struct {
	ID         string    `json:"id"`
	VisitorURL string    `json:"visitor_url"`
	AgentURL   string    `json:"agent_url"`
	Code       string    `json:"code"` // does what VisitorURL does, for 15 minutes
	ExpiresAt  time.Time `json:"expires_at"`
}

// Create makes a session that waits for its visitor. It fails with
// [ErrOriginNotAllowed] when the URL may not be opened.
func (h *Hub) Create(ctx context.Context, req Request) (Invitation, error) {
	if req.Agent != "" {
		a, ok := h.agents.Get(req.Agent)
		if !ok || a.Disabled {
			return Invitation{}, fmt.Errorf("%w: %s", agents.ErrNotFound, req.Agent)
		}
		req.AgentName = cmp.Or(req.AgentName, a.FullName)
	}
	if err := req.check(); err != nil {
		return Invitation{}, err
	}
	if v := h.origins.Decide(req.URL, Page); v.Refusal != "" && v.Redirect == "" {
		return Invitation{}, fmt.Errorf("%w: %s", ErrOriginNotAllowed, siteOf(req.URL))
	}
	now := h.now()
	visitor, agent, code := secret.New(), credential{}, newCode()
	control := strings.TrimSuffix(h.cfg.Control, "/")
	id := newID()
	agentURL := control + "/a/" + id
	if req.Agent == "" {
		link := secret.New()
		agent.Secret, agentURL = secret.DigestOf(link), agentURL+"#"+link
	}
	rec := record{
		ID:          id,
		State:       Waiting,
		Offered:     req.Rights,
		decision:    decision{Mode: req.Mode, Rights: req.Rights},
		URL:         req.URL,
		AgentName:   req.AgentName,
		VisitorName: req.VisitorName,
		Created:     now,
		Expires:     now.Add(req.TTL),
		Visitor:     credential{Secret: secret.DigestOf(visitor)},
		Agent:       agent,
		Owner:       req.Agent,
		Colleagues:  req.colleagues,
		Uses:        req.Uses,
		Code:        secret.DigestOf(code),
		CodeExpires: now.Add(min(codeTTL, req.TTL)),
	}
	if err := h.contents.Create(rec.ID); err != nil {
		return Invitation{}, fmt.Errorf("creating a session: %w", err)
	}
	s, err := h.newSession(rec)
	if err == nil {
		entry := audit.Entry{Act: "session.create", Session: rec.ID, What: string(rec.Mode) + " " + siteOf(rec.URL)}
		err = h.audit.Do(ctx, entry, func() error { return h.records.put(ctx, rec) })
	}
	if err != nil {
		return Invitation{}, errors.Join(fmt.Errorf("creating a session: %w", err), h.contents.Erase(ctx, rec.ID))
	}
	h.add(s)
	s.log.Info("created", "mode", rec.Mode)
	return Invitation{
		ID:         rec.ID,
		VisitorURL: control + "/j/" + rec.ID + "#" + visitor,
		AgentURL:   agentURL,
		Code:       code,
		ExpiresAt:  rec.Expires,
	}, nil
}

// invalid is an error about what somebody asked for, in words for them.
type invalid string

func (e invalid) Error() string        { return string(e) }
func (e invalid) Is(target error) bool { return target == errUnfit }

func invalidf(format string, args ...any) error { return invalid(fmt.Sprintf(format, args...)) }

func (r *Request) check() error {
	if r.Mode == "" {
		r.Mode = Shared
	}
	if r.Mode != Shared && r.Mode != View {
		return invalidf("mode %q is neither %q nor %q", r.Mode, Shared, View)
	}
	if r.Rights == nil {
		r.Rights = AllRights
	}
	if r.TTL == 0 {
		r.TTL = defaultTTL
	}
	if r.TTL < 0 || r.TTL > maxTTL {
		return errTTL
	}
	if r.Uses == 0 {
		r.Uses = 1
	}
	if r.Uses < 0 || r.Uses > maxUses {
		return invalidf("an invitation can be opened in at most %d browsers", maxUses)
	}
	r.AgentName = nameOr(r.AgentName, "Agent")
	r.VisitorName = nameOr(r.VisitorName, "Visitor")
	if err := checkAddress(r.URL); err != nil {
		return invalidf("%q is not an http or https URL", r.URL)
	}
	return nil
}

func nameOr(name, otherwise string) string {
	if name = strings.TrimSpace(cut(name, maxName)); name == "" {
		return otherwise
	}
	return name
}

// siteOf names a URL's origin for people, "" when it has none.
func siteOf(url string) string {
	origin, err := canonicalOrigin(url, false)
	if err != nil {
		return ""
	}
	return origin
}

// Session returns the session of that id, also one that ended in the last day.
func (h *Hub) Session(id string) (*Session, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	s, ok := h.sessions[id]
	return s, ok
}

// Summary is one line of a list of sessions.
type Summary struct {
	ID            string         `json:"id"`
	State         State          `json:"state"`
	Invitation    Status         `json:"invitation"`
	Owner         string         `json:"owner,omitempty"`      // the agent whose session it is
	Colleagues    []string       `json:"colleagues,omitempty"` // agents who were let in
	Mode          Mode           `json:"mode"`
	URL           string         `json:"url,omitempty"`
	Agent         string         `json:"agent,omitempty"`
	Visitor       string         `json:"visitor,omitempty"`
	AgentOnline   bool           `json:"agent_online"`
	VisitorOnline bool           `json:"visitor_online"`
	CreatedAt     time.Time      `json:"created_at"`
	ExpiresAt     time.Time      `json:"expires_at"` // of the invitation
	AcceptedAt    time.Time      `json:"accepted_at,omitzero"`
	OverAt        time.Time      `json:"over_at,omitzero"`
	Paused        bool           `json:"paused,omitempty"`
	OpenedAt      time.Time      `json:"opened_at,omitzero"` // the invitation, by the visitor
	Consent       *Consent       `json:"consent,omitempty"`
	EndReason     string         `json:"end_reason,omitempty"`
	Blocked       map[string]int `json:"blocked,omitempty"` // see Session.Blocked
}

// Sessions lists all sessions, newest first. Showings are part of theirs.
func (h *Hub) Sessions() []Summary {
	list := []Summary{}
	for _, s := range h.all() {
		if s.Around() == "" {
			list = append(list, s.summary())
		}
	}
	slices.SortFunc(list, func(a, b Summary) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return list
}

func (s *Session) summary() Summary {
	agent, visitor := s.room.online(Agent), s.room.online(Visitor)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.record
	return Summary{
		ID: r.ID, State: r.State, Invitation: r.invitation(), Owner: r.Owner, Colleagues: r.Colleagues, Mode: r.Mode, URL: r.URL,
		Agent: r.AgentName, Visitor: r.VisitorName,
		AgentOnline: agent, VisitorOnline: visitor,
		CreatedAt: r.Created, ExpiresAt: r.Expires, AcceptedAt: r.Accepted, OverAt: r.Over, Paused: r.Paused,
		OpenedAt: r.Opened, Consent: r.Consent,
		EndReason: r.EndReason, Blocked: maps.Clone(s.blocked),
	}
}

func (h *Hub) all() []*Session {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Collect(maps.Values(h.sessions))
}

// End ends a session in the name of by, see [Session.End].
func (h *Hub) End(ctx context.Context, id, by string) error {
	s, ok := h.Session(id)
	if !ok {
		return ErrNotFound
	}
	return s.End(ctx, by)
}

// Erase ends a session, if it goes on, and forgets that it was: only the audit
// log still knows its id.
func (h *Hub) Erase(ctx context.Context, id string) error {
	s, ok := h.Session(id)
	if !ok {
		return ErrNotFound
	}
	err := s.End(ctx, "")
	if err != nil {
		return err
	}
	for _, t := range h.all() {
		if t.Around() == id {
			err = errors.Join(err, h.forget(t))
		}
	}
	return errors.Join(err, h.forget(s), h.audit.Add(ctx, audit.Entry{Act: "session.erase", Session: id}))
}

// Agents returns who may sign in.
func (h *Hub) Agents() *agents.Store { return h.agents }

// agentsChanged ends what agents who were disabled had begun, and disconnects
// who may not be there any more.
func (h *Hub) agentsChanged() {
	for _, s := range h.all() {
		r := s.current()
		if owner, ok := h.agents.Get(r.Owner); r.Owner != "" && !r.State.Over() && (!ok || owner.Disabled) {
			if err := s.finish(h.ctx, Ended, "server", ending{"disabled", r.AgentName + " can no longer use this server."}); err != nil {
				s.log.Error("ending", "error", err)
			}
			continue
		}
		s.recheck()
	}
	h.changes.bump()
}

// Origins returns the list of origins that may be opened.
func (h *Hub) Origins() *Origins { return h.origins }

// Audit returns the log of who did what.
func (h *Hub) Audit() *audit.Log { return h.audit }

// PageRules returns the rules that pages are treated by.
func (h *Hub) PageRules() *PageRules { return h.rules }

// rulesChanged tells every visitor what holds now.
func (h *Hub) rulesChanged() {
	for _, s := range h.all() {
		s.room.rulesChanged()
	}
}

// API returns the handler for CONTROL's /api/.
func (h *Hub) API() http.Handler { return h.api }

// socket lets a participant's WebSocket in, if it comes from a page of base
// and the participant is present. It returns when that has ended.
func (h *Hub) socket(w http.ResponseWriter, r *http.Request, s *Session, role Role, base string, g guest, present bool) {
	if r.Method == http.MethodPost {
		h.tunnelled(w, r, s, role, base, g, present)
		return
	}
	if !h.begin() {
		fail(w, errGoing)
		return
	}
	defer h.sockets.Done()
	ws, err := upgrade(w, r, originOf(base))
	if err != nil {
		h.log.Debug("refused a socket", "role", role, "error", err)
		return
	}
	switch {
	case s != nil && s.State().Over():
		turnAway(ws, closeEnded)
	case !present:
		turnAway(ws, closeNotAllowed)
	default:
		serve(ws, s.room, role, g)
	}
}

// Drain ends requests that only wait for news.
func (h *Hub) Drain() { h.drain() }

// begin counts a socket in, unless the hub is closing.
func (h *Hub) begin() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if !h.closed {
		h.sockets.Add(1)
	}
	return !h.closed
}

func (h *Hub) sweepLoop() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
			h.sweep()
		}
	}
}

// sweep does what is due by now.
func (h *Hub) sweep() {
	now := h.now()
	for _, s := range h.all() {
		if err := h.sweepSession(s, now); err != nil {
			s.log.Error("sweeping", "error", err)
		}
	}
	h.recordRefusals(now.Add(-refusalWindow))
	if err := h.audit.Tend(); err != nil {
		h.log.Error("tending the audit log", "error", err)
	}
}

func (h *Hub) sweepSession(s *Session, now time.Time) error {
	s.room.sweep(now)
	s.recheck()
	r := s.current()
	if r.State.Over() || now.After(r.CodeExpires) {
		h.forgetCode(s)
	}
	switch {
	case r.State == Waiting && now.After(r.Expires):
		return s.expire(h.ctx)
	case r.State == Active:
		s.dropStorage(now)
		return s.endWhenIdle(r, now)
	case r.State.Over() && now.Sub(r.Over) > tombstoneTTL:
		return h.forget(s)
	case r.State.Over():
		s.erase() // of what a request that was under way brought back
	}
	return nil
}

// endWhenIdle ends an active session that nobody uses or that lasted too long.
func (s *Session) endWhenIdle(r record, now time.Time) error {
	switch {
	case now.Sub(r.Accepted) > activeTTL:
		return s.finish(s.hub.ctx, Ended, "server", ending{"longest", "The session reached its longest duration."})
	case now.Sub(s.room.lastSeen(now)) > idleTTL && now.Sub(r.Accepted) > idleTTL:
		return s.finish(s.hub.ctx, Ended, "server", ending{"idle", "Nobody was here for an hour."})
	}
	return nil
}

// endLogged is End for callers who have nobody to tell of an error.
func (s *Session) endLogged(by string) {
	if err := s.End(s.hub.ctx, by); err != nil {
		s.log.Error("ending", "error", err)
	}
}

func (h *Hub) forget(s *Session) error {
	h.mu.Lock()
	delete(h.sessions, s.id)
	h.mu.Unlock()
	h.changes.bump()
	h.forgetCode(s)
	return errors.Join(h.records.bucket.Purge(h.ctx, s.id), h.contents.Erase(h.ctx, s.id))
}

// byCode returns the session that a spoken code invites to.
func (h *Hub) byCode(code string) (*Session, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	s, ok := h.codes[secret.DigestOf(code)]
	return s, ok && !h.now().After(s.current().CodeExpires)
}

func (h *Hub) forgetCode(s *Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.codes, s.code)
}

// Close disconnects everybody with code 1001, so that they come back, waits
// for their connections to end, saves what is unsaved and closes the store.
// When ctx ends it stops waiting; the store is closed in any case.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	h.mu.Unlock()
	for _, s := range h.all() {
		s.room.disconnect()
	}
	err := waitFor(ctx, &h.sockets)
	h.tunnels.closeAll()
	for _, s := range h.all() {
		s.saveNow()
	}
	h.cancel()
	h.tasks.Wait()
	h.recordRefusals(h.now())
	return errors.Join(err, h.closeFiles())
}

// closeFiles closes the store last: it has the directory's lock.
func (h *Hub) closeFiles() (err error) {
	if h.audit != nil {
		err = h.audit.Close()
	}
	if h.store != nil {
		h.store.Close()
	}
	return err
}

func waitFor(ctx context.Context, tasks *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tasks.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for connections to end: %w", ctx.Err())
	}
}
