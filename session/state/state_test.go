package state

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestBucketSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	b, err := s.Bucket(t.Context(), "things")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"a", "b", "c"} {
		if err := b.Put(t.Context(), k, []byte("value of "+k)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Delete(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	if err := b.Purge(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	s.Close()

	b, err = open(t, dir).Bucket(t.Context(), "things")
	if err != nil {
		t.Fatal(err)
	}
	all, err := b.All(t.Context())
	if err != nil || len(all) != 1 || string(all["a"]) != "value of a" {
		t.Errorf("All() = %q, %v, want only a", all, err)
	}
	if _, err := b.Get(t.Context(), "b"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get of a deleted key: %v, want ErrNotFound", err)
	}
	if v, err := b.Get(t.Context(), "a"); err != nil || string(v) != "value of a" {
		t.Errorf("Get(a) = %q, %v", v, err)
	}
}

// TestPurgedKeysLeaveNothing waits until the store has forgotten that a key was ever there.
func TestPurgedKeysLeaveNothing(t *testing.T) {
	defer func(before time.Duration) { markersLast = before }(markersLast)
	markersLast = time.Second // the shortest there is
	b, err := open(t, t.TempDir()).Bucket(t.Context(), "things")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Put(t.Context(), "a", []byte("value")), b.Purge(t.Context(), "a")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		status, err := b.values().Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if status.Values() == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d entries are left of a purged key", status.Values())
		}
	}
}

func TestWatchTellsWhatIsAndWhatChanges(t *testing.T) {
	b, err := open(t, t.TempDir()).Bucket(t.Context(), "things")
	if err != nil {
		t.Fatal(err)
	}
	b.Put(t.Context(), "old", []byte("1"))
	changes, current := make(chan Change, 8), make(chan bool, 1)
	done := make(chan error, 1)
	ctx := t.Context()
	go func() { done <- b.Watch(ctx, func(c Change) { changes <- c }, func() { current <- true }) }()
	<-current
	b.Put(t.Context(), "new", []byte("2"))
	b.Delete(t.Context(), "old")
	for _, want := range []Change{{"old", []byte("1")}, {"new", []byte("2")}, {"old", nil}} {
		got := <-changes
		if got.Key != want.Key || !bytes.Equal(got.Value, want.Value) {
			t.Errorf("change %q=%q, want %q=%q", got.Key, got.Value, want.Key, want.Value)
		}
	}
}

// TestMending starts the store anew under those who use it: what was kept is
// there, and who watches misses nothing.
func TestMending(t *testing.T) {
	s := open(t, t.TempDir())
	b, err := s.Bucket(t.Context(), "things")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), "a", []byte("1")); err != nil {
		t.Fatal(err)
	}
	changes := make(chan Change, 8)
	told := 0
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Watch(ctx, func(c Change) { changes <- c }, func() { told++ }) }()
	<-changes
	_, mended := b.current()
	s.mend()
	s.mend() // is under way
	<-mended
	if again := <-changes; again.Key != "a" {
		t.Errorf("told of %q", again.Key)
	}
	if err := b.Put(t.Context(), "b", []byte("2")); err != nil {
		t.Fatal(err)
	}
	if next := <-changes; next.Key != "b" || string(next.Value) != "2" {
		t.Errorf("told of %q", next.Key)
	}
	if v, err := b.Get(t.Context(), "a"); err != nil || string(v) != "1" {
		t.Errorf("kept %q, %v", v, err)
	}
	cancel()
	if err := <-done; err != nil || told != 1 {
		t.Errorf("watching ended with %v, and was current %d times", err, told)
	}
	s.mend() // closing does not wait for it
}

func TestLargestValue(t *testing.T) {
	v, err := open(t, t.TempDir()).Vault(t.Context(), "large")
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Create("x"); err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("0123456789abcdef"), MaxValue/16)
	if err := v.Put(t.Context(), "x", want); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Get(t.Context(), "x"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestSecondOwnerIsTurnedAway(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	_, err := Open(t.Context(), dir, slog.New(slog.DiscardHandler))
	if !errors.Is(err, ErrLocked) {
		t.Fatalf("second Open: %v, want ErrLocked", err)
	}
	s.Close()
	open(t, dir)
}

func TestS53VaultErases(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	v, err := s.Vault(t.Context(), "secrets")
	if err != nil {
		t.Fatal(err)
	}
	const canary = "CANARY-8f1b"
	if err := v.Create("x"); err != nil {
		t.Fatal(err)
	}
	if err := v.Put(t.Context(), "x", []byte(canary)); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Get(t.Context(), "x"); err != nil || string(got) != canary {
		t.Fatalf("Get = %q, %v", got, err)
	}
	a, err := v.Derive("x", "one", 16)
	if b, _ := v.Derive("x", "two", 16); err != nil || bytes.Equal(a, b) {
		t.Errorf("derived keys for two purposes are equal (%v)", err)
	}
	if err := v.Erase(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Get(t.Context(), "x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get after Erase: %v, want ErrNotFound", err)
	}
	if _, err := v.Derive("x", "one", 16); !errors.Is(err, ErrNotFound) {
		t.Errorf("Derive after Erase: %v, want ErrNotFound", err)
	}
	if err := v.Erase(t.Context(), "x"); err != nil {
		t.Errorf("second Erase: %v", err)
	}
	s.Close()
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if data, _ := os.ReadFile(path); strings.Contains(string(data), canary) {
				t.Errorf("%s holds the value in the clear", path)
			}
			if info, _ := d.Info(); info.Mode().Perm()&0o077 != 0 && strings.Contains(path, "keys") {
				t.Errorf("%s is readable by others: %v", path, info.Mode())
			}
		}
		return err
	})
}

func TestStartingWarnsOfNothing(t *testing.T) {
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := Open(t.Context(), t.TempDir(), log)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if logged.Len() > 0 {
		t.Errorf("starting says:\n%s", &logged)
	}
}

// S56: the store cannot be reached from outside of the process.
func TestS56TheStoreHasNoPort(t *testing.T) {
	s := open(t, t.TempDir())
	if a, b, c := s.srv.Addr(), s.srv.ClusterAddr(), s.srv.MonitorAddr(); a != nil || b != nil || c != nil {
		t.Errorf("it listens on %v, %v, %v", a, b, c)
	}
}
