package session

import (
	"context"
	"net/http"

	"tandem/session/assets"
	"tandem/session/jar"
)

// State is where a session is in its life.
type State string

const (
	Waiting  State = "waiting"  // for the visitor's consent
	Active   State = "active"   // both may be in
	Declined State = "declined" // the visitor said no
	Expired  State = "expired"  // nobody accepted in time
	Ended    State = "ended"
)

// Mode says what the agent may do.
type Mode string

const (
	Shared Mode = "shared" // navigate, click, type
	View   Mode = "view"   // scroll and point only
)

// Session is one meeting of a visitor and an agent.
type Session struct{}

func (s *Session) ID() string        { return "" }
func (s *Session) State() State      { return "" }
func (s *Session) Mode() Mode        { return "" }
func (s *Session) StartURL() string  { return "" }
func (s *Session) EndReason() string { return "" }

func (s *Session) Socket() http.Handler                                  { return nil }
func (s *Session) Ticket(host string) string                             { return "" }
func (s *Session) Redeem(ticket, host string) (cookie string, err error) { return "", nil }
func (s *Session) Visitor(host, cookie string) bool                      { return false }

func (s *Session) Jar() *jar.Jar            { return nil }
func (s *Session) Assets() *assets.Store    { return nil }
func (s *Session) AssetKey(key string) bool { return false }

func (s *Session) Alias(token, origin string) {}
func (s *Session) Aliased(ctx context.Context, token string) (origin string, ok bool) {
	return "", false
}

func (s *Session) Blocked(kind string) {}
func (s *Session) CookiesChanged()     {}
