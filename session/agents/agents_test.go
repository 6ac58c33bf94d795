package agents

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/session/audit"
	"tandem/session/state"
)

// desk is a store whose clock the test moves, and which counts what it was told.
type desk struct {
	*Store
	t       *testing.T
	dir     string
	at      time.Time
	changes int
	close   func()
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, dir: t.TempDir(), at: time.Unix(1_700_000_000, 0)}
	d.open()
	t.Cleanup(func() { d.close() })
	return d
}

func (d *desk) open() {
	d.t.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := state.Open(d.t.Context(), d.dir, log)
	if err != nil {
		d.t.Fatal(err)
	}
	record, err := audit.Open(d.dir, audit.Limits{}, func() time.Time { return d.at }, log)
	if err != nil {
		d.t.Fatal(err)
	}
	d.close = func() {
		store.Close()
		record.Close()
	}
	bucket, err := store.Bucket(d.t.Context(), "agents")
	if err != nil {
		d.t.Fatal(err)
	}
	d.Store, err = Open(d.t.Context(), bucket, record, log, func() time.Time { return d.at }, func() { d.changes++ })
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) add(name string, role Role) {
	d.t.Helper()
	if _, err := d.Add(d.t.Context(), Agent{Name: name, Role: role, Email: name + "@Shop.example"}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) key(name string, scopes ...Scope) (string, Key) {
	d.t.Helper()
	key, made, err := d.NewKey(d.t.Context(), name, scopes, 24*time.Hour)
	if err != nil {
		d.t.Fatal(err)
	}
	return key, made
}

func (d *desk) link(name string) string {
	d.t.Helper()
	secret, _, err := d.NewLink(d.t.Context(), name)
	if err != nil {
		d.t.Fatal(err)
	}
	return secret
}

func TestNamesAndRolesAreChecked(t *testing.T) {
	d := newDesk(t)
	for _, a := range []Agent{
		{}, {Name: "Ada"}, {Name: "a b"}, {Name: "-a"}, {Name: "a/b"}, {Name: "a.b"}, {Name: strings.Repeat("a", 33)},
		{Name: "ada", Role: "boss"}, {Name: "ada", FullName: strings.Repeat("a", 300)},
	} {
		if _, err := d.Add(t.Context(), a); !errors.Is(err, ErrInvalid) {
			t.Errorf("adding %+v: %v", a, err)
		}
	}
	d.add("ada", "")
	if a, ok := d.Get("ada"); !ok || a.Role != Member || a.FullName != "ada" || a.Email != "ada@shop.example" {
		t.Errorf("got %+v", a)
	}
	if _, err := d.Add(t.Context(), Agent{Name: "ada"}); !errors.Is(err, ErrExists) {
		t.Errorf("adding twice: %v", err)
	}
}

func TestKeys(t *testing.T) {
	d := newDesk(t)
	d.add("ada", Admin)
	key, made := d.key("ada", CreateSessions, ReadAudit)
	if !strings.HasPrefix(key, KeyPrefix+made.ID+"_") || len(key) < 36 {
		t.Errorf("a key looks like %q", key)
	}
	check := func(what, key string, want ...Scope) {
		t.Helper()
		a, scopes, ok := d.ByKey(t.Context(), key)
		if ok != (len(want) > 0) || ok && (a.Name != "ada" || !slices.Equal(scopes, want)) {
			t.Errorf("%s: %v, %+v, %v", what, ok, a, scopes)
		}
	}
	check("the key", key, CreateSessions, ReadAudit)
	check("no key", "")
	check("its public part", KeyPrefix+made.ID)
	check("its ID", made.ID)
	check("a part of it", key[:len(key)-1])
	if a, _ := d.Get("ada"); !a.Keys[0].Used.Equal(d.at) {
		t.Errorf("last used %v", a.Keys[0].Used)
	}
	if err := d.SetRole(t.Context(), "ada", Member); err != nil {
		t.Fatal(err)
	}
	check("with a lesser role", key, CreateSessions)
	if _, _, err := d.NewKey(t.Context(), "ada", []Scope{ReadAudit}, time.Hour); !errors.Is(err, ErrInvalid) {
		t.Errorf("a key that may more than its agent: %v", err)
	}
	d.close()
	d.open()
	check("after a restart", key, CreateSessions)
	d.at = d.at.Add(24 * time.Hour)
	check("after its time", key)

	second, made := d.key("ada")
	check("another", second, CreateSessions, ReadSessions, EndSessions)
	if err := d.RevokeKey(t.Context(), "ada", made.ID); err != nil {
		t.Fatal(err)
	}
	check("revoked", second)
	if err := d.RevokeKey(t.Context(), "ada", made.ID); !errors.Is(err, ErrNoKey) {
		t.Errorf("revoking twice: %v", err)
	}
}

func TestLinksSignInOnce(t *testing.T) {
	d := newDesk(t)
	d.add("ada", Member)
	old := d.link("ada")
	link := d.link("ada")
	if _, _, err := d.SignInByLink(t.Context(), old); !errors.Is(err, ErrRefused) {
		t.Errorf("an older link: %v", err)
	}
	a, cookie, err := d.SignInByLink(t.Context(), link)
	if err != nil || a.Name != "ada" {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, _, err := d.SignInByLink(t.Context(), link); !errors.Is(err, ErrRefused) {
		t.Errorf("the link again: %v", err)
	}
	late := d.link("ada")
	d.at = d.at.Add(LinkTTL)
	if _, _, err := d.SignInByLink(t.Context(), late); !errors.Is(err, ErrRefused) {
		t.Errorf("a link out of time: %v", err)
	}
	d.close()
	d.open()
	if a, scopes, ok := d.ByCookie(cookie); !ok || a.Name != "ada" || len(scopes) != 3 {
		t.Errorf("signed in after a restart: %v %+v %v", ok, a, scopes)
	}
	d.at = d.at.Add(SignInTTL)
	if _, _, ok := d.ByCookie(cookie); ok {
		t.Error("signed in for ever")
	}
	for _, nothing := range []string{"", link, "x"} {
		if _, _, ok := d.ByCookie(nothing); ok {
			t.Errorf("%q is a cookie", nothing)
		}
	}
}

// TestASignInByKeyIsNoMoreThanTheKey: it may do as much, and lasts as long.
func TestASignInByKeyIsNoMoreThanTheKey(t *testing.T) {
	d := newDesk(t)
	d.add("ada", Supervisor)
	key, made := d.key("ada", ReadSessions)
	_, cookie, err := d.SignInByKey(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, scopes, ok := d.ByCookie(cookie); !ok || !slices.Equal(scopes, []Scope{ReadSessions}) {
		t.Errorf("may %v", scopes)
	}
	if err := d.RevokeKey(t.Context(), "ada", made.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := d.ByCookie(cookie); ok {
		t.Error("the sign-in outlives the key")
	}
	if _, _, err := d.SignInByKey(t.Context(), key); !errors.Is(err, ErrRefused) {
		t.Errorf("signing in with a revoked key: %v", err)
	}
}

func TestDisablingHoldsAtOnce(t *testing.T) {
	d := newDesk(t)
	d.add("ada", Member)
	d.add("sam", Supervisor)
	key, _ := d.key("ada")
	_, cookie, err := d.SignIn(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	link := d.link("ada")
	gone := func(what string) {
		t.Helper()
		if _, _, ok := d.ByKey(t.Context(), key); ok {
			t.Errorf("%s: the key works", what)
		}
		if _, _, ok := d.ByCookie(cookie); ok {
			t.Errorf("%s: still signed in", what)
		}
		if _, _, err := d.SignInByLink(t.Context(), link); err == nil {
			t.Errorf("%s: the link works", what)
		}
	}
	// Even when the store fails.
	failing, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Disable(failing, "ada"); err == nil {
		t.Error("nobody was told that it could not be recorded")
	}
	gone("disabled")
	if d.changes != 1 {
		t.Errorf("told of %d changes", d.changes)
	}
	for what, err := range map[string]error{
		"signing in": second(d.SignIn(t.Context(), "ada")),
		"a new key":  second(d.NewKey(t.Context(), "ada", nil, time.Hour)),
	} {
		if err == nil {
			t.Errorf("%s while disabled", what)
		}
	}
	if err := d.Enable(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := d.ByKey(t.Context(), key); !ok {
		t.Error("the key does not come back")
	}
	if _, _, ok := d.ByCookie(cookie); ok {
		t.Error("the sign-in comes back")
	}
	if err := d.Remove(t.Context(), "ada"); err != nil {
		t.Fatal(err)
	}
	gone("removed")
	d.close()
	d.open()
	gone("removed, after a restart")
	if list := d.List(); len(list) != 1 || list[0].Name != "sam" {
		t.Errorf("left are %+v", list)
	}
}

func second[A, B any](_ A, _ B, err error) error { return err }

func contents(t *testing.T, dir string) (all string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all += string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOnlyDigestsAreKept(t *testing.T) {
	d := newDesk(t)
	d.add("ada", Member)
	key, _ := d.key("ada")
	link := d.link("ada")
	_, cookie, err := d.SignIn(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	d.close()
	stored := contents(t, d.dir)
	d.open()
	if !strings.Contains(stored, "ada@shop.example") {
		t.Fatal("the test does not see what is stored")
	}
	for name, secret := range map[string]string{"key": key, "link": link, "cookie": cookie} {
		if strings.Contains(stored, secret) || strings.Contains(stored, secret[len(secret)-22:]) {
			t.Errorf("the store holds the %s", name)
		}
	}
}
