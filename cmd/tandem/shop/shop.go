package shop

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base32"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

//go:embed templates assets
var files embed.FS

// A Shop is a running demonstration site. Its methods are safe for concurrent
// use.
type Shop struct {
	// Set by Start, then read-only.
	url, pay  string // origins
	listener  net.Listener
	server    *http.Server
	served    chan struct{} // closed when the server has returned
	templates map[string]*template.Template
	shop, cdn http.Handler
	stock     *ticker
	chats     *chats
	log       journal

	mu       sync.Mutex
	logins   recent[string]  // session → e-mail address
	intents  recent[*intent] // what may be paid for, by one-time token
	orders   recent[*order]
	photos   recent[photo]
	reviews  map[string][]review // by product
	orderSeq int
}

// Start serves the shop on addr, which should be a loopback address; port 0
// picks a free one. It serves until ctx ends or Close is called.
func Start(ctx context.Context, addr string) (*Shop, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("starting the demo shop: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("starting the demo shop: %w", err)
	}
	s := &Shop{
		url:      "http://shop.localhost:" + port,
		pay:      "http://pay.localhost:" + port,
		listener: listener,
		served:   make(chan struct{}),
		stock:    newTicker(),
		chats:    newChats(),
		logins:   newRecent[string](1000),
		intents:  newRecent[*intent](1000),
		orders:   newRecent[*order](1000),
		photos:   newRecent[photo](60),
		reviews:  firstReviews(),
		orderSeq: 1000,
	}
	if err := s.parseTemplates(); err != nil {
		listener.Close()
		return nil, err
	}
	s.shop, s.cdn = s.shopHandler(), s.payHandler()

	ctx, cancel := context.WithCancel(ctx)
	s.server = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	s.server.RegisterOnShutdown(cancel)
	go s.serve()
	context.AfterFunc(ctx, func() { s.Close() })
	return s, nil
}

func (s *Shop) serve() {
	defer close(s.served)
	_ = s.server.Serve(s.listener) // always http.ErrServerClosed: the listener is ours alone
}

// URL is the shop's origin; PayURL the origin of the payment frame and the CDN.
func (s *Shop) URL() string    { return s.url }
func (s *Shop) PayURL() string { return s.pay }

// Log returns what happened so far, oldest first.
func (s *Shop) Log() []Entry { return s.log.entries() }

// Close stops the shop, giving open requests a second to finish.
func (s *Shop) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.server.Close()
	}
	s.chats.close()
	<-s.served
	return err
}

// ServeHTTP picks the site by the Host header.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch name, _, _ := strings.Cut(r.Host, ":"); name {
	case "shop.localhost":
		s.shop.ServeHTTP(w, r)
	case "pay.localhost":
		s.cdn.ServeHTTP(w, r)
	default:
		http.Error(w, "The demo shop answers at "+s.url, http.StatusMisdirectedRequest)
	}
}

// newID returns 100 random bits as text.
func newID() string {
	b := make([]byte, 13)
	rand.Read(b)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))[:20]
}

// recent is a map that forgets its oldest keys, so that nobody can fill the
// memory.
type recent[V any] struct {
	max  int
	keys []string
	m    map[string]V
}

func newRecent[V any](limit int) recent[V] { return recent[V]{max: limit, m: make(map[string]V)} }

func (c *recent[V]) put(key string, v V) {
	if _, known := c.m[key]; !known {
		c.keys = append(c.keys, key)
	}
	c.m[key] = v
	if len(c.keys) > c.max {
		delete(c.m, c.keys[0])
		c.keys = c.keys[1:]
	}
}

func (c *recent[V]) get(key string) (V, bool) {
	v, ok := c.m[key]
	return v, ok
}

func (c *recent[V]) remove(key string) {
	delete(c.m, key) // the key stays in keys until its turn; put may then list it twice, which only forgets sooner
}
