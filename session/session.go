package session

import (
	"context"
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

	"tandem/session/assets"
	"tandem/session/audit"
	"tandem/session/jar"
	"tandem/session/secret"
)

// State is where a session is in its life. It begins as Waiting, may become
// Active, and the other three are final.
type State string

const (
	Waiting  State = "waiting"  // for the visitor's consent
	Active   State = "active"   // both may be in
	Declined State = "declined" // the visitor said no
	Expired  State = "expired"  // nobody accepted in time
	Ended    State = "ended"
)

// Over reports whether s is final.
func (s State) Over() bool { return s != Waiting && s != Active }

// Mode says what the agent may do.
type Mode string

const (
	Shared Mode = "shared" // navigate, click, type
	View   Mode = "view"   // scroll and point only
)

// Role is what a participant is in a session.
type Role string

const (
	Visitor Role = "visitor" // leads: the visitor's browser runs the site
	Agent   Role = "agent"   // follows
)

// when says when a role may send a kind of message.
type when int

const (
	never   when = iota
	shared       // while active and not paused, in shared mode
	live         // while active and not paused
	active       // while active
	waiting      // also before the visitor accepted
)

// rights says who may do what over a socket, and when; needs, which [Right] an
// agent needs for it besides. (Who may consent
// is decided by cookies of the control host: see API.)
var rights = map[string]map[Role]when{
	// The leader tells what its browser shows.
	"doc":        {Visitor: active},
	"ops":        {Visitor: active},
	"gone":       {Visitor: active},
	"tab":        {Visitor: active},
	"tab-closed": {Visitor: active},
	"view":       {Visitor: active},
	"blob":       {Visitor: active},
	"dialog":     {Visitor: active},
	"answered":   {Visitor: active},
	"download":   {Visitor: active},
	"notice":     {Visitor: active},
	"done":       {Visitor: active},
	"beat":       {Visitor: active},
	// A follower asks for something to be done there.
	"input":    {Agent: shared},
	"navigate": {Agent: shared},
	"go":       {Agent: shared},
	"activate": {Visitor: active, Agent: shared},
	"open":     {Agent: shared},
	"close":    {Agent: shared},
	// Its files come when the visitor takes them; what the page wants or copied for it comes back.
	"offer":  {Agent: shared},
	"piece":  {Agent: shared},
	"want":   {Visitor: active},
	"take":   {Visitor: active},
	"got":    {Visitor: active},
	"placed": {Visitor: active},
	"copied": {Visitor: active},
	// What the visitor saves is theirs, unless they pass a copy on.
	"pass": {Visitor: live},
	// Both point, whatever the mode; the leader's own scrolling is in its ops.
	"scroll":  {Agent: live},
	"resync":  {Agent: active},
	"pointer": {Visitor: active, Agent: live},
	"mark":    {Visitor: active, Agent: live},
	"select":  {Visitor: active, Agent: live},
	"draw":    {Visitor: active, Agent: live},
	"editing": {Visitor: active, Agent: shared},
	"erase":   {Visitor: active, Agent: live},
	// And talk.
	"chat":   {Visitor: active, Agent: active},
	"typing": {Visitor: active, Agent: active},
	// The visitor decides what the agent may do, and the agent may ask for more.
	"mode": {Visitor: active},
	"deny": {Visitor: active},
	"ask":  {Agent: live},
	// Both may leave.
	"end": {Visitor: active, Agent: waiting},
	// The agent may show a page of their own, see showing.go, and the visitor watch it.
	"show":   {Agent: live},
	"unshow": {Agent: active},
	"watch":  {Visitor: active},
	// The visitor may go on with another device.
	"move":      {Visitor: active},
	"hand-over": {Visitor: active},
}

// Why a message is refused. Pages say it in the words of their readers.
const (
	whyOver      = "over"
	whyWaiting   = "waiting"
	whyLookOnly  = "look-only"
	whyPaused    = "paused"
	whyProtected = "protected"
	whyUnsaved   = "unsaved"
	whyNotYours  = "not-yours"
	whyUnclear   = "unclear"
	whyTooFast   = "too-fast"
	whyFrames    = "frames"
	whyTabs      = "tabs"
	whySite      = "site"
	whyAway      = "away"
	whySilent    = "silent"
	whyNotNow    = "not-now"   // the visitor would rather not
	whyRestarted = "restarted" // the visitor's browser
	whyNoTab     = "no-tab"
	whyLastTab   = "last-tab"
	whyGone      = "gone"
	whyMasked    = "masked"
	whyShowing   = "showing"
)

// mayNot returns why a participant may not send a kind of message, "" when it
// may.
func mayNot(role Role, name string, now record) string {
	switch r := rights[name][role]; {
	case now.State.Over():
		return whyOver
	case r == never, now.In != "" && outside[name]:
		return whyNotYours
	case r < waiting && now.State == Waiting:
		return whyWaiting
	case r < active && now.Paused && role != Visitor:
		return whyPaused
	case r == shared && now.Mode != Shared:
		return whyLookOnly
	case role != Visitor:
		return now.Rights.without(name)
	}
	return ""
}

// Session is one meeting of a visitor and an agent. It is safe for concurrent
// use. A session that is over stays a day, without content, so that late
// comers can be told.
type Session struct {
	hub    *Hub
	id     string
	log    *slog.Logger
	jar    *jar.Jar
	assets *assets.Store
	key    string // opens the asset store
	code   digest // of the spoken code that the hub knows; guarded by its mu
	keys   keyring
	names  aliases
	room   *room

	saving  sync.Mutex  // held while the store is written; taken before mu
	unsaved atomic.Bool // the last write of the content failed

	mu      sync.Mutex // never held while another lock is taken
	record  record
	move    moving
	carried carried
	blocked map[string]int
	timer   *time.Timer // writes the content; nil when nothing waits
}

// ID returns the session's public name. It is no secret.
func (s *Session) ID() string { return s.id }

// State returns where the session is in its life.
func (s *Session) State() State { return s.current().State }

// Mode returns what the agent may do.
func (s *Session) Mode() Mode { return s.current().Mode }

// Paused reports whether the visitor shows nothing at the moment.
func (s *Session) Paused() bool { return s.current().Paused }

// StartURL returns the address the session began with, "" once it is over.
func (s *Session) StartURL() string { return s.current().URL }

// EndReason returns a sentence about how the session ended, "" before.
func (s *Session) EndReason() string { return s.current().EndReason }

// Jar returns the session's cookies; an empty jar once it is over.
func (s *Session) Jar() *jar.Jar { return s.jar }

// Assets returns what followers may load; an empty store once it is over.
func (s *Session) Assets() *assets.Store { return s.assets }

// AssetKey reports whether key, from a URL on the view host, is this session's.
func (s *Session) AssetKey(key string) bool {
	return secret.DigestOf(s.key).Is(key) && s.State() == Active
}

// Ticket returns a secret that can be exchanged within 30 seconds, once, for
// the cookie of host (as in a Host header). It is "" when the session is not
// active or too many tickets are out.
func (s *Session) Ticket(host string) string {
	if s.State() != Active {
		return ""
	}
	return s.keys.mint(host, s.hub.now())
}

// Redeem exchanges a ticket for the value of the visitor's cookie on host. It
// fails with [ErrTicket] or [ErrOver].
func (s *Session) Redeem(ticket, host string) (cookie string, err error) {
	if s.State() != Active {
		return "", ErrOver
	}
	cookie, ok := s.keys.redeem(ticket, host, s.hub.now())
	if !ok {
		return "", ErrTicket
	}
	s.saved()
	return cookie, nil
}

// Visitor reports whether cookie is one that host was given, and the session
// is still going on.
func (s *Session) Visitor(host, cookie string) bool { return s.keys.has(host, cookie) }

// Left reports whether cookie was one of the shell's when the session ended. It
// opens nothing: who has it may be told that it is over.
func (s *Session) Left(host, cookie string) bool {
	found := false
	for _, d := range s.current().Left {
		found = d.Is(cookie) || found
	}
	return found && foldHost(host) == s.shellHost()
}

func (s *Session) shellHost() string {
	shell, _ := s.hub.cfg.Links(s.id)
	_, host, _ := strings.Cut(shell, "://")
	return foldHost(host)
}

// CookiesChanged tells the session that its jar changed. When it returns the jar
// is on disk, together with the changes of others meanwhile, so that a browser
// never knows more than a server which lost its power; pages are told.
func (s *Session) CookiesChanged() {
	s.saved()
	s.room.tellVisitor("cookies")
}

// Dialog tells followers of a dialog that a document shows the visitor, as the
// visitor's shell would if it could.
func (s *Session) Dialog(doc int, kind, text string) {
	m := &dialogMessage{doc, kind, text}
	err := m.check()
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	if !s.Paused() {
		s.room.route(s.room.seat(Visitor), "dialog", m, err)
	}
}

// Download tells the visitor of a file that their browser is about to save. Their
// shell tells the others: it alone knows what of its name is hidden.
func (s *Session) Download(name string, bytes int) {
	m := &downloadMessage{name, bytes}
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	visitor := s.room.seat(Visitor)
	if m.check() == nil && mayNot(Visitor, "download", s.current()) == "" && visitor.rate("download").take(1, s.hub.now()) {
		s.room.push(visitor, item{doc: noDoc, text: encode("download", m)})
	}
}

// Alias registers which origin the token of a host label stands for. The first
// registration stays.
func (s *Session) Alias(token, origin string) {
	if s.names.add(token, origin) {
		s.saveSoon()
	}
}

// aliasWait is how long Aliased waits: a page registers a token at the moment
// it uses it first.
const aliasWait = time.Second

// Aliased returns the origin that token stands for, waiting up to a second for
// it to be registered.
func (s *Session) Aliased(ctx context.Context, token string) (origin string, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, aliasWait)
	defer cancel()
	return s.names.wait(ctx, token)
}

// maxBlockedKinds bounds the counter's memory: kinds come from reports that a
// page may forge.
const maxBlockedKinds = 64

// Blocked counts something that the visitor's browser was kept from: by our
// content policy, or because its origin is not allowed.
func (s *Session) Blocked(kind string) {
	kind = cut(kind, 40)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.blocked[kind]; !known && len(s.blocked) >= maxBlockedKinds {
		kind = "other"
	}
	s.blocked[kind]++
}

// Socket returns the handler of the visitor's socket, on the shell host.
func (s *Session) Socket() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shell, _ := s.hub.cfg.Links(s.id)
		s.hub.socket(w, r, s, Visitor, shell, guest{}, s.visitorPresent(r))
	})
}

// maxCookies is how many cookies of a request are looked at.
const maxCookies = 1000

// visitorPresent looks for the visitor's cookie by its value: only a value
// given out for this very host counts, so names need no trust.
func (s *Session) visitorPresent(r *http.Request) bool {
	for i, c := range r.Cookies() {
		if i < maxCookies && s.Visitor(r.Host, c.Value) {
			return true
		}
	}
	return false
}

// decision is what the visitor lets the agent do.
type decision struct {
	Mode   Mode   `json:"mode"`
	Paused bool   `json:"paused,omitempty"`
	Rights Rights `json:"rights,omitzero"` // of those that the session offers
}

func (d decision) same(other decision) bool {
	return d.Mode == other.Mode && d.Paused == other.Paused && slices.Equal(d.Rights, other.Rights)
}

// and is what both of two decisions allow.
func (d decision) and(other decision) decision {
	both := decision{Shared, d.Paused || other.Paused, d.Rights.and(other.Rights)}
	if d.Mode == View || other.Mode == View {
		both.Mode = View
	}
	return both
}

// share is how the visitor says what the agent may do from now on. What it takes
// away is gone at once, also when that then can't be recorded, which is the
// error; what it gives holds when it is recorded.
func (s *Session) share(ctx context.Context, next decision) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	rec := s.current().clone()
	next.Rights = rec.Offered.and(next.Rights)
	if rec.In != "" {
		next.Mode = View
	}
	before := rec.decision
	less := before.and(next)
	if less.same(next) || !less.same(before) {
		s.shares(less)
	}
	if rec.State.Over() || before.same(next) {
		return nil
	}
	rec.decision = next
	put := func() error { return s.hub.records.put(ctx, rec) }
	entry := rec.sharing(before, next)
	var err error
	if less.same(next) {
		err = errors.Join(put(), s.hub.audit.Add(ctx, entry))
	} else {
		err = s.hub.audit.Do(ctx, entry, put)
	}
	if err != nil {
		return fmt.Errorf("recording what is shared: %w", err)
	}
	if !less.same(next) {
		s.shares(next)
	}
	s.log.Info("sharing changed", "mode", next.Mode, "paused", next.Paused, "rights", next.Rights)
	return nil
}

// sharing is what the audit log says of a change of what is shared.
func (r record) sharing(before, next decision) audit.Entry {
	act, what := "mode", string(next.Mode)
	switch {
	case !slices.Equal(next.Rights, before.Rights):
		act, what = "rights", next.Rights.String()
	case next.Paused && !before.Paused:
		act = "pause"
	case before.Paused && !next.Paused:
		act = "resume"
	}
	entry := r.entry(Visitor, act)
	entry.What = what
	return entry
}

// audit records what was done or refused. Who can't be told of an error finds
// it in the log.
func (s *Session) audit(ctx context.Context, e audit.Entry) {
	e.Session = s.current().meeting()
	if err := s.hub.audit.Add(ctx, e); err != nil {
		s.log.Error("recording an act", "act", e.Act, "error", err)
	}
}

// shares lets a change of what is shared take effect, and tells everybody.
func (s *Session) shares(d decision) {
	s.mu.Lock()
	if !s.record.State.Over() {
		s.record.decision = d
	}
	s.mu.Unlock()
	s.hub.changes.bump()
	s.room.modeChanged()
	if d.Paused || !d.Rights.has(Lead) {
		s.stopShowing()
	}
}

// An ending is why a session is over: a name, by which pages say it in the words
// of their readers, and a sentence for everybody else.
type ending struct{ name, sentence string }

func (s *Session) decline(ctx context.Context) error {
	if s.State() == Active {
		return errTooLate
	}
	return s.finish(ctx, Declined, string(Visitor), ending{"declined", s.current().VisitorName + " declined."})
}

func (s *Session) expire(ctx context.Context) error {
	return s.finish(ctx, Expired, "server", ending{"expired", "Nobody accepted the invitation in time."})
}

// End ends the session in the name of by: a role, or anybody else.
func (s *Session) End(ctx context.Context, by string) error {
	why := ending{"other", "The session was ended by " + cut(by, 60) + "."}
	switch r := s.current(); by {
	case string(Visitor):
		why = ending{"visitor", r.VisitorName + " ended the session."}
	case string(Agent):
		why = ending{"agent", r.AgentName + " ended the session."}
	case "", "admin":
		by, why = "admin", ending{"admin", "The session was ended by an administrator."}
	}
	return s.finish(ctx, Ended, by, why)
}

// endings are what the audit log calls the ways in which a session gets over.
var endings = map[State]string{Declined: "decline", Expired: "expire", Ended: "end"}

// finish makes the session over. Everything takes effect here at once, even
// when the store then fails to record it, which is the error. A session that
// is over already stays as it is.
func (s *Session) finish(ctx context.Context, to State, by string, why ending) error {
	left := s.keys.of(s.shellHost())
	s.mu.Lock()
	if s.record.State.Over() {
		s.mu.Unlock()
		return nil
	}
	entry := s.record.entry(Role(by), endings[to])
	s.record = s.record.tombstone(to, by, why.sentence, s.hub.now())
	s.record.Left = left
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	s.mu.Unlock()

	s.keys.close()
	s.erase() // before anybody is told: what they then try must find nothing
	s.stopShowing()
	s.room.finish(to, by, why.name)
	if around, ok := s.hub.Session(s.Around()); ok {
		around.room.tellShowing(s)
	}
	s.hub.changes.bump()
	s.log.Info("over", "state", to, "by", by)

	s.saving.Lock() // waits for a write under way, so that ours is the last
	defer s.saving.Unlock()
	if by != string(Visitor) && by != string(Agent) && by != "server" {
		entry.Who = "" // whoever asked
	}
	err := errors.Join(s.hub.contents.Renew(ctx, s.id), s.hub.records.put(ctx, s.current()), s.hub.audit.Add(ctx, entry))
	if err != nil {
		return fmt.Errorf("recording the end of a session: %w", err)
	}
	return nil
}

// erase forgets what the session saw.
func (s *Session) erase() {
	s.jar.Clear("")
	s.assets.Clear()
	s.names.clear()
	s.TakeStorage()
}

// aliases are the origins that do not fit into a host label. They are safe for
// concurrent use.
type aliases struct {
	mu     sync.Mutex
	origin map[string]string // by token
	grown  chan struct{}     // closed at the next addition; nil when nobody waits
}

const (
	maxAliases     = 4096
	maxAliasLength = 300
)

func (a *aliases) add(token, origin string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, taken := a.origin[token]; taken || len(a.origin) >= maxAliases || len(token)+len(origin) > maxAliasLength {
		return false
	}
	if a.origin == nil {
		a.origin = map[string]string{}
	}
	a.origin[token] = origin
	if a.grown != nil {
		close(a.grown)
		a.grown = nil
	}
	return true
}

func (a *aliases) wait(ctx context.Context, token string) (string, bool) {
	for {
		a.mu.Lock()
		origin, ok := a.origin[token]
		if !ok && a.grown == nil {
			a.grown = make(chan struct{})
		}
		grown := a.grown
		a.mu.Unlock()
		if ok {
			return origin, true
		}
		select {
		case <-ctx.Done():
			return "", false
		case <-grown:
		}
	}
}

func (a *aliases) all() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.origin)
}

func (a *aliases) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.origin = nil
}
