package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Errors that callers tell apart.
var (
	ErrNotFound         = errors.New("no such session")
	ErrOver             = errors.New("the session is over")
	ErrOriginNotAllowed = errors.New("origin is not allowed")
	ErrTicket           = errors.New("ticket is unknown, used or out of time")
)

// Config says where a Hub keeps its state and how its pages are reached.
type Config struct {
	// Dir holds the state; one process owns it at a time.
	Dir string
	// Control is the URL of our own pages, such as "https://tandem.example".
	Control string
	// Links returns the base URLs of a session's shell and view hosts.
	Links func(id string) (shell, view string)
	// Logger defaults to slog.Default.
	Logger *slog.Logger
	// Now defaults to time.Now.
	Now func() time.Time
}

// Hub holds all sessions of a server.
type Hub struct{}

// Open starts a hub with the sessions kept in cfg.Dir.
func Open(ctx context.Context, cfg Config) (*Hub, error) { return nil, nil }

// Request says what session to create.
type Request struct {
	URL         string        // where it starts; its origin must be allowed
	Mode        Mode          // default Shared
	AgentName   string        // default "Agent"
	VisitorName string        // default "Visitor"
	TTL         time.Duration // how long the invitation is good; default 1 h, at most 24 h
}

// Invitation is what the two people are given.
type Invitation struct {
	ID         string    `json:"id"`
	VisitorURL string    `json:"visitor_url"`
	AgentURL   string    `json:"agent_url"`
	Code       string    `json:"code"`
	ExpiresAt  time.Time `json:"expires_at"`
}

// Summary is one line of a list of sessions.
type Summary struct {
	ID            string         `json:"id"`
	State         State          `json:"state"`
	Mode          Mode           `json:"mode"`
	URL           string         `json:"url,omitempty"`
	Agent         string         `json:"agent,omitempty"`
	Visitor       string         `json:"visitor,omitempty"`
	AgentOnline   bool           `json:"agent_online"`
	VisitorOnline bool           `json:"visitor_online"`
	CreatedAt     time.Time      `json:"created_at"`
	ExpiresAt     time.Time      `json:"expires_at"`
	EndReason     string         `json:"end_reason,omitempty"`
	Blocked       map[string]int `json:"blocked,omitempty"`
}

// Create makes a session that waits for its visitor.
func (h *Hub) Create(ctx context.Context, req Request) (Invitation, error) {
	return Invitation{}, nil
}

// Session returns the session of that id, also one that ended in the last day.
func (h *Hub) Session(id string) (*Session, bool) { return nil, false }

// Sessions lists all sessions, newest first.
func (h *Hub) Sessions() []Summary { return nil }

// End ends a session in the name of by.
func (h *Hub) End(ctx context.Context, id, by string) error { return nil }

// Origins returns the list of origins that may be opened.
func (h *Hub) Origins() *Origins { return nil }

// API returns the handler for CONTROL's /api/.
func (h *Hub) API() http.Handler { return nil }

// Close disconnects everybody (they will come back) and closes the store.
func (h *Hub) Close(ctx context.Context) error { return nil }
