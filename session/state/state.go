package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// startTimeout bounds how long recovering the files of an earlier run may take.
const startTimeout = 30 * time.Second

// MaxValue is the size of the largest value, in bytes. JetStream's files hold no
// message of 32 MiB.
const MaxValue = 24 << 20

// ErrNotFound is returned for a key that has no value.
var ErrNotFound = errors.New("no such key")

// Store is an embedded JetStream server and the connection to it. It is safe
// for concurrent use.
type Store struct {
	dir  string
	log  *slog.Logger
	lock *os.File

	mu      sync.RWMutex // guards what mending replaces
	srv     *server.Server
	conn    *nats.Conn
	js      jetstream.JetStream
	buckets []*Bucket
	mended  chan struct{} // closed and made anew when there are others
	mending bool
	closed  bool
}

// Open starts the store kept in dir, creating the directory when it does not
// exist. It fails with [ErrLocked] when another process has it open.
func Open(ctx context.Context, dir string, log *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating data directory: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, log: log, lock: lock, mended: make(chan struct{})}
	if err := s.start(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	srv, err := server.NewServer(&server.Options{
		ServerName:             "tandem",
		DontListen:             true,
		JetStream:              true,
		StoreDir:               filepath.Join(s.dir, "store"),
		MaxPayload:             MaxValue + 4<<10, // and what NATS and a seal add
		SyncAlways:             true,             // an acknowledged write survives power loss
		NoSigs:                 true,             // signals belong to the program, not to a library
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return fmt.Errorf("configuring the store: %w", err)
	}
	srv.SetLoggerV2(logger{s.log}, false, false, false)
	s.srv = srv
	srv.Start()
	if !srv.ReadyForConnections(startTimeout) {
		return errors.New("starting the store: not ready in time")
	}
	s.conn, err = nats.Connect("", nats.InProcessServer(srv), nats.Name("tandem"), nats.MaxReconnects(-1))
	if err != nil {
		return fmt.Errorf("connecting to the store: %w", err)
	}
	s.js, err = jetstream.New(s.conn)
	if err != nil {
		return fmt.Errorf("connecting to the store: %w", err)
	}
	_, err = s.js.AccountInfo(ctx)
	if err != nil {
		return fmt.Errorf("asking the store for its state: %w", err)
	}
	return nil
}

// Close stops the server after everything acknowledged is on disk, and
// releases the directory. The buckets fail from then on.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.mended)
	s.stop()
	s.lock.Close()
}

func (s *Store) stop() {
	if s.conn != nil {
		s.conn.Close()
	}
	if s.srv != nil {
		s.srv.Shutdown()
		s.srv.WaitForShutdown()
	}
}

// Bucket opens the bucket of that name, creating it when it does not exist.
// It keeps one value per key.
func (s *Store) Bucket(ctx context.Context, name string) (*Bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := &Bucket{store: s, name: name}
	if err := b.open(ctx); err != nil {
		return nil, err
	}
	s.buckets = append(s.buckets, b)
	return b, nil
}

// Dump returns the values of all buckets but those named.
func (s *Store) Dump(ctx context.Context, but ...string) (map[string]map[string][]byte, error) {
	names := s.js.KeyValueStoreNames(ctx)
	all := map[string]map[string][]byte{}
	for name := range names.Name() {
		name = strings.TrimPrefix(name, "KV_")
		if slices.Contains(but, name) {
			continue
		}
		b, err := s.Bucket(ctx, name)
		if err != nil {
			return nil, err
		}
		if all[name], err = b.All(ctx); err != nil {
			return nil, err
		}
	}
	if err := names.Error(); err != nil {
		return nil, fmt.Errorf("listing the buckets: %w", err)
	}
	return all, nil
}

// Fill puts what Dump returned into the store.
func (s *Store) Fill(ctx context.Context, all map[string]map[string][]byte) error {
	for name, values := range all {
		b, err := s.Bucket(ctx, name)
		if err != nil {
			return err
		}
		for key, value := range values {
			if err := b.Put(ctx, key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// Bucket is a set of keys with one value each. Keys consist of letters,
// digits and any of "-_=./". It is safe for concurrent use.
type Bucket struct {
	store *Store
	name  string
	kv    jetstream.KeyValue // guarded by the store's mu
}

// markersLast is how long the store remembers that a key was purged: watchers are
// told at once, and who opens the store later does not find the key anyway.
var markersLast = time.Hour

func (b *Bucket) open(ctx context.Context) (err error) {
	b.kv, err = b.store.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket:         b.name,
		History:        1,
		Storage:        jetstream.FileStorage,
		LimitMarkerTTL: markersLast,
	})
	if err != nil {
		return fmt.Errorf("opening bucket %s: %w", b.name, err)
	}
	return nil
}

// current returns the values, and what is closed when they are others.
func (b *Bucket) current() (values jetstream.KeyValue, mended <-chan struct{}) {
	b.store.mu.RLock()
	defer b.store.mu.RUnlock()
	return b.kv, b.store.mended
}

func (b *Bucket) values() jetstream.KeyValue {
	values, _ := b.current()
	return values
}

// Get returns the value of key, or [ErrNotFound].
func (b *Bucket) Get(ctx context.Context, key string) ([]byte, error) {
	e, err := b.values().Get(ctx, key)
	if err != nil {
		return nil, b.wrap(ctx, "reading", key, err)
	}
	return e.Value(), nil
}

// Put sets the value of key. It is on disk when Put returns nil.
func (b *Bucket) Put(ctx context.Context, key string, value []byte) error {
	_, err := b.values().Put(ctx, key, value)
	return b.wrap(ctx, "writing", key, err)
}

// Delete marks key as having no value. Watchers see it go.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	return b.wrap(ctx, "deleting", key, b.values().Delete(ctx, key))
}

// Purge removes key with all that was ever stored under it.
func (b *Bucket) Purge(ctx context.Context, key string) error {
	return b.wrap(ctx, "purging", key, b.values().Purge(ctx, key, jetstream.PurgeTTL(markersLast)))
}

// All returns every key with its value.
func (b *Bucket) All(ctx context.Context) (map[string][]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all := map[string][]byte{}
	err := b.watch(ctx, b.values(), func(c Change) { all[c.Key] = c.Value }, func() { cancel() }, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Change is one key's new value.
type Change struct {
	Key   string
	Value []byte // nil when the key was deleted
}

// Watch calls fn for every key there is and then for every change, in order,
// until ctx ends. It calls current once, between the two. It returns nil when
// ctx ended and an error when the store went away.
func (b *Bucket) Watch(ctx context.Context, fn func(Change), current func()) error {
	for {
		values, mended := b.current()
		err := b.watch(ctx, values, fn, current)
		if !errors.Is(err, nats.ErrConnectionClosed) || !b.store.await(ctx, mended) {
			return err
		}
		current = func() {} // nobody wrote meanwhile, and it was called before
	}
}

func (b *Bucket) watch(ctx context.Context, values jetstream.KeyValue, fn func(Change), current func(), opts ...jetstream.WatchOpt) error {
	w, err := values.WatchAll(ctx, opts...)
	if err != nil {
		return fmt.Errorf("watching bucket %s: %w", b.name, err)
	}
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-w.Updates():
			switch {
			case !ok:
				return fmt.Errorf("watching bucket %s: %w", b.name, nats.ErrConnectionClosed)
			case e == nil: // the client library's mark for "you are up to date"
				current()
				if ctx.Err() != nil {
					return nil
				}
			case e.Operation() == jetstream.KeyValuePut:
				fn(Change{e.Key(), e.Value()})
			default:
				fn(Change{Key: e.Key()})
			}
		}
	}
}

func (b *Bucket) wrap(ctx context.Context, doing, key string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return ErrNotFound
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		b.store.mend() // JetStream does not answer when it could not write
	}
	return fmt.Errorf("%s %s/%s: %w", doing, b.name, key, err)
}

// logger hands the server's own messages to slog; what it calls a notice is
// of interest only to someone looking for a fault.
type logger struct{ log *slog.Logger }

func (l logger) Noticef(format string, v ...any) { l.print(slog.LevelDebug, format, v) }
func (l logger) Fatalf(format string, v ...any)  { l.print(slog.LevelError, format, v) }
func (l logger) Errorf(format string, v ...any)  { l.print(slog.LevelError, format, v) }
func (l logger) Debugf(format string, v ...any)  { l.print(slog.LevelDebug, format, v) }
func (l logger) Tracef(string, ...any)           {}

// Warnf leaves out advice for servers with listeners: values are as large as a
// session is, and come from this process only.
func (l logger) Warnf(format string, v ...any) {
	if !strings.HasPrefix(format, "Maximum payloads over") {
		l.print(slog.LevelWarn, format, v)
	}
}

func (l logger) print(level slog.Level, format string, v []any) {
	l.log.Log(context.Background(), level, "store", "message", fmt.Sprintf(format, v...))
}
