package session

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// What pages keep in the visitor's browser, localStorage and sessionStorage, moves
// with the visitor to another device. The browser before hands it in when the
// visitor has agreed, and the next takes it, once, before it opens a page. It is
// kept in memory only.

const (
	// maxKeptHost is what one host may bring along, about what browsers let it keep.
	maxKeptHost = 10 << 20
	// MaxStorage bounds what is handed in all in all.
	MaxStorage = 20 << 20
	// carriedTTL is how long the next browser has to come.
	carriedTTL = 5 * time.Minute
)

// carried is what was handed in: by content host, in a form that is the browser's.
type carried struct {
	text  []byte
	until time.Time
}

// hosts lists where the visitor's browser has been let in.
func (s *Session) hosts() []string {
	all := slices.Sorted(maps.Keys(s.keys.all()))
	all = slices.DeleteFunc(all, func(host string) bool { return strings.Contains(host, " ") }) // of WebSockets
	return all[:min(len(all), maxMoved)]
}

// maxMoved is how many hosts a browser is asked for.
const maxMoved = 100

// HandInStorage takes in what the visitor's browser keeps, while another browser
// waits for the visitor to agree. It fails with [ErrNotMoving] otherwise.
func (s *Session) HandInStorage(text []byte) error {
	var byHost map[string]json.RawMessage
	if err := json.Unmarshal(text, &byHost); err != nil {
		return invalidf("not what pages keep: %v", err)
	}
	now := s.hub.now()
	if !s.mayCarry(now) {
		return ErrNotMoving
	}
	known := s.hosts()
	for host, kept := range byHost {
		if !slices.Contains(known, host) || len(kept) > maxKeptHost {
			return invalidf("what %q keeps is too much, or not of this session", cut(host, 100))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.record.State != Active {
		return ErrOver
	}
	s.carried = carried{text, now.Add(carriedTTL)}
	return nil
}

// mayCarry reports whether another browser waits for the visitor's yes.
func (s *Session) mayCarry(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.move.browser != (digest{}) && s.move.open(now) && s.record.State == Active
}

// TakeStorage gives out what was handed in, once; nil when there is nothing.
func (s *Session) TakeStorage() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.carried.text
	s.carried = carried{}
	return text
}

func (s *Session) carries() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.carried.text != nil
}

// dropStorage forgets what nobody came for.
func (s *Session) dropStorage(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.After(s.carried.until) {
		s.carried = carried{}
	}
}
