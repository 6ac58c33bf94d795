package session

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/session/secret"
)

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := newID()
		if !validID(id) || seen[id] {
			t.Fatalf("%q is no new id", id)
		}
		seen[id] = true
	}
	for _, bad := range []string{"", "abcdefghijk", "abcdefghijkl2", "ABCDEFGHIJKL", "abcdefghijk1", "abcdefghij--"} {
		if validID(bad) {
			t.Errorf("%q counts as an id", bad)
		}
	}
}

func TestCodes(t *testing.T) {
	code := newCode()
	if len(code) != codeLen || readCode(code) != code {
		t.Fatalf("%q is read as %q", code, readCode(code))
	}
	for _, test := range []struct{ typed, want string }{
		{"abcd2345", "ABCD2345"},
		{" abcd-2345 ", "ABCD2345"},
		{"oil00000", "01100000"},
		{"ABCD234", ""},
		{"ABCD23456", ""},
		{"ABCDU345", ""},
		{"ABCD234ß", ""},
		{"", ""},
		{strings.Repeat("-", 100), ""},
	} {
		if got := readCode(test.typed); got != test.want {
			t.Errorf("readCode(%q) = %q, want %q", test.typed, got, test.want)
		}
	}
}

func TestDigestOfNothingOpensNothing(t *testing.T) {
	if (digest{}).Is("") || (digest{}).Is("x") {
		t.Error("a digest never set opens")
	}
	if d := secret.DigestOf("x"); !d.Is("x") || d.Is("y") || d.Is("") {
		t.Error("a digest opens to the wrong secret")
	}
}

func TestS29TicketsAreForAHostAndATime(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, test := range []struct {
		name string
		host string
		at   time.Duration
		want bool
	}{
		{"right", "shell.example:7070", time.Second, true},
		{"host in capitals", "SHELL.example:7070", time.Second, true},
		{"other host", "site.example:7070", time.Second, false},
		{"other port", "shell.example", time.Second, false},
		{"late", "shell.example:7070", ticketTTL + time.Second, false},
	} {
		var k keyring
		secret := k.mint("shell.example:7070", now)
		cookie, ok := k.redeem(secret, test.host, now.Add(test.at))
		if ok != test.want || ok != k.has("shell.example:7070", cookie) {
			t.Errorf("%s: redeemed %v, want %v", test.name, ok, test.want)
		}
		if _, again := k.redeem(secret, "shell.example:7070", now); again {
			t.Errorf("%s: the ticket could be used again", test.name)
		}
	}
}

func TestS29TicketIsUsedOnce(t *testing.T) {
	var k keyring
	now := time.Now()
	for range 50 {
		secret := k.mint("h", now)
		var used atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, ok := k.redeem(secret, "h", now); ok {
					used.Add(1)
				}
			})
		}
		all.Wait()
		if used.Load() != 1 {
			t.Fatalf("used %d times", used.Load())
		}
	}
}

func TestKeyringBounds(t *testing.T) {
	var k keyring
	now := time.Now()
	for range maxTickets {
		if k.mint("h", now) == "" {
			t.Fatal("no ticket")
		}
	}
	if k.mint("h", now) != "" {
		t.Error("tickets without end")
	}
	later := now.Add(ticketTTL + time.Second)
	var cookies []string
	for range cookiesPerHost + 1 {
		cookie, ok := k.redeem(k.mint("h", later), "h", later)
		if !ok {
			t.Fatal("no place after the old tickets went out of time")
		}
		cookies = append(cookies, cookie)
	}
	if k.has("h", cookies[0]) || !k.has("h", cookies[1]) || k.has("g", cookies[1]) || k.has("h", "") {
		t.Error("the wrong cookies open")
	}
	k.close()
	if k.has("h", cookies[1]) || k.mint("h", later) != "" {
		t.Error("a closed ring opens")
	}
}

func TestBudget(t *testing.T) {
	b := budget{limit: 5, per: 5 * time.Minute}
	now := time.Unix(1_700_000_000, 0)
	takes := func(key string, at time.Time) (n int) {
		for b.take(key, at) {
			n++
		}
		return n
	}
	if got := takes("a", now); got != 5 {
		t.Errorf("%d tries at once, want 5", got)
	}
	if got := takes("b", now); got != 5 {
		t.Errorf("%d tries from another address, want 5", got)
	}
	b.refund("b")
	if got := takes("b", now); got != 1 {
		t.Errorf("%d tries after a refund, want 1", got)
	}
	if got := takes("a", now.Add(2*time.Minute)); got != 2 {
		t.Errorf("%d tries after two minutes, want 2", got)
	}
	if got := takes("a", now.Add(time.Hour)); got != 5 {
		t.Errorf("%d tries after an hour, want 5", got)
	}
}

func TestClientKey(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"192.0.2.7:1234", "192.0.2.7"},
		{"[::ffff:192.0.2.7]:1234", "192.0.2.7"},
		{"[2001:db8:1:2:3:4:5:6]:1234", "2001:db8:1:2::/64"},
		{"[fe80::1%eth0]:1234", "fe80::/64"},
		{"@", "@"},
	} {
		if got := clientKey(test.in); got != test.want {
			t.Errorf("clientKey(%q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestAliasesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a aliases
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), aliasWait)
		defer cancel()
		go func() {
			time.Sleep(300 * time.Millisecond)
			a.add("other", "https://other.example")
			a.add("token", "https://a.example")
			a.add("token", "https://b.example")
		}()
		origin, ok := a.wait(ctx, "token")
		if origin != "https://a.example" || !ok || time.Since(start) != 300*time.Millisecond {
			t.Errorf("got %q, %v after %v", origin, ok, time.Since(start))
		}
		if _, ok := a.wait(ctx, "never"); ok || time.Since(start) != aliasWait {
			t.Errorf("an unknown token: %v after %v", ok, time.Since(start))
		}
	})
}
