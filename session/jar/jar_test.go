package jar

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/publicsuffix"
)

var start = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

func parseURL(tb testing.TB, s string) *url.URL {
	tb.Helper()
	u, err := url.Parse(s)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// at is a first-party HTTP context.
func at(tb testing.TB, address string) Context {
	u := parseURL(tb, address)
	return Context{URL: u, SiteForCookies: Site(u), SameSite: Same, HTTP: true, Now: start}
}

func script(ctx Context) Context { ctx.HTTP = false; return ctx }

func relation(ctx Context, r Relation) Context { ctx.SameSite = r; return ctx }

func later(ctx Context, d time.Duration) Context { ctx.Now = ctx.Now.Add(d); return ctx }

// TestRules sets lines at one address and reads at another. The groups are
// the categories of the http-state working group's tests.
func TestRules(t *testing.T) {
	t.Parallel()
	const home = "http://home.example.org/cookies/parser"
	long := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name  string
		from  string // default home
		lines []string
		to    string // default from
		want  string
	}{
		// Name and value.
		{"pair", "", []string{"foo=bar"}, "", "foo=bar"},
		{"two lines", "", []string{"foo=bar", "baz=qux"}, "", "foo=bar; baz=qux"},
		{"only the first pair", "", []string{"foo=bar; baz=qux"}, "", "foo=bar"},
		{"space around", "", []string{" \t foo \t=\t bar \t; Path=/"}, "", "foo=bar"},
		{"space inside", "", []string{"a b=c d"}, "", "a b=c d"},
		{"equals signs in value", "", []string{"foo=a=b==c"}, "", "foo=a=b==c"},
		{"quotes are kept", "", []string{`foo="b ar"`}, "", `foo="b ar"`},
		{"quotes do not protect semicolons", "", []string{`foo="b;ar"`}, "", `foo="b`},
		{"comma is a character", "", []string{"foo=bar, baz=qux"}, "", "foo=bar, baz=qux"},
		{"empty value", "", []string{"foo="}, "", "foo="},
		{"name only is a value", "", []string{"foo"}, "", "foo"},
		{"empty name", "", []string{"=bar"}, "", "bar"},
		{"nameless replaces nameless", "", []string{"=bar", "qux"}, "", "qux"},
		{"nothing", "", []string{""}, "", ""},
		{"only equals", "", []string{"="}, "", ""},
		{"only semicolon", "", []string{";"}, "", ""},
		{"attributes only", "", []string{"; Path=/; Secure"}, "", ""},
		{"names differ by case", "", []string{"foo=1", "FOO=2"}, "", "foo=1; FOO=2"},
		{"replaced in place", "", []string{"a=1", "b=2", "a=3"}, "", "a=3; b=2"},
		{"bytes above ASCII", "", []string{"Frühling=Straße"}, "", "Frühling=Straße"},
		{"not UTF-8", "", []string{"a=\xff\xfe"}, "", "a=\xff\xfe"},
		{"dollar names", "", []string{"$Version=1"}, "", "$Version=1"},
		{"attribute names as cookie names", "", []string{"path=/x"}, "", "path=/x"},

		// Control characters.
		{"tab inside", "", []string{"a=b\tc"}, "", "a=b\tc"},
		{"NUL", "", []string{"a=b\x00c"}, "", ""},
		{"line feed", "", []string{"a=b\nc=d"}, "", ""},
		{"carriage return", "", []string{"a=b\rc"}, "", ""},
		{"unit separator", "", []string{"a\x1f=b"}, "", ""},
		{"delete", "", []string{"a=b\x7f"}, "", ""},
		{"control in an attribute", "", []string{"a=b; x=\x01"}, "", ""},

		// Sizes.
		{"4096 bytes", "", []string{"n=" + long(4095)}, "", "n=" + long(4095)},
		{"4097 bytes", "", []string{"n=" + long(4096)}, "", ""},
		{"4097 bytes of value alone", "", []string{long(4097)}, "", ""},
		{"path of 1024 bytes", "", []string{"a=b; Path=/" + long(1023)}, "http://home.example.org/" + long(1023), "a=b"},
		{"path of 1025 bytes is ignored", "", []string{"a=b; Path=/" + long(1024)}, "", "a=b"},
		{"domain of 1025 bytes is ignored", "", []string{"a=b; Domain=" + long(1025)}, "", "a=b"},
		{"unknown attribute of any size", "", []string{"a=b; x=" + long(9000)}, "", "a=b"},

		// Attributes in general.
		{"unknown ignored", "", []string{"a=b; Foo; Bar=qux;;;"}, "", "a=b"},
		{"attribute names in any case", "http://home.example.org/x/y", []string{"a=b; pATH=/"}, "http://home.example.org/", "a=b"},
		{"space around attributes", "", []string{"a=b ;\t Path \t=\t /cookies\t"}, "", "a=b"},
		{"secure with a value", "https://s.example.org/", []string{"a=b; Secure=false"}, "http://s.example.org/", ""},
		{"a longer word is not Secure", "", []string{"a=b; SecureX"}, "", "a=b"},

		// Path.
		{"default path is the directory", "http://e.org/a/b", []string{"a=b"}, "http://e.org/a/c", "a=b"},
		{"default path not above", "http://e.org/a/b", []string{"a=b"}, "http://e.org/c", ""},
		{"default path of a directory", "http://e.org/a/", []string{"a=b"}, "http://e.org/a", "a=b"},
		{"default path of the root", "http://e.org/a", []string{"a=b"}, "http://e.org/zzz", "a=b"},
		{"default path of no path", "http://e.org", []string{"a=b"}, "http://e.org/x/y", "a=b"},
		{"default path ignores the query", "http://e.org/a?/b/c", []string{"a=b"}, "http://e.org/x", "a=b"},
		{"whole segments only", "http://e.org/", []string{"a=b; Path=/foo"}, "http://e.org/foobar", ""},
		{"path matches itself", "http://e.org/", []string{"a=b; Path=/foo"}, "http://e.org/foo", "a=b"},
		{"path matches below", "http://e.org/", []string{"a=b; Path=/foo"}, "http://e.org/foo/bar", "a=b"},
		{"trailing slash needs a slash", "http://e.org/", []string{"a=b; Path=/foo/"}, "http://e.org/foo", ""},
		{"trailing slash matches below", "http://e.org/", []string{"a=b; Path=/foo/"}, "http://e.org/foo/x", "a=b"},
		{"paths have case", "http://e.org/", []string{"a=b; Path=/Foo"}, "http://e.org/foo", ""},
		{"relative path means default", "http://e.org/a/b", []string{"a=b; Path=x"}, "http://e.org/a/", "a=b"},
		{"empty path means default", "http://e.org/a/b", []string{"a=b; Path="}, "http://e.org/", ""},
		{"quoted path means default", "http://e.org/a/b", []string{`a=b; Path="/"`}, "http://e.org/", ""},
		{"last path wins", "http://e.org/a/b", []string{"a=b; Path=/a; Path=/"}, "http://e.org/", "a=b"},
		{"last path wins, even empty", "http://e.org/a/b", []string{"a=b; Path=/; Path="}, "http://e.org/", ""},
		{"path elsewhere is allowed", "http://e.org/a/b", []string{"a=b; Path=/zzz"}, "http://e.org/zzz", "a=b"},
		{"escapes are not decoded", "http://e.org/", []string{"a=b; Path=/%41"}, "http://e.org/A", ""},
		{"escapes match themselves", "http://e.org/", []string{"a=b; Path=/%41"}, "http://e.org/%41", "a=b"},
		{"path ends at the query", "http://e.org/", []string{"a=b; Path=/foo"}, "http://e.org/foo?x", "a=b"},

		// Domain.
		{"host-only not below", "http://e.org/", []string{"a=b"}, "http://www.e.org/", ""},
		{"host-only not above", "http://www.e.org/", []string{"a=b"}, "http://e.org/", ""},
		{"domain covers below", "http://e.org/", []string{"a=b; Domain=e.org"}, "http://x.y.e.org/", "a=b"},
		{"domain covers itself", "http://e.org/", []string{"a=b; Domain=e.org"}, "", "a=b"},
		{"domain from below", "http://www.e.org/", []string{"a=b; Domain=e.org"}, "http://shop.e.org/", "a=b"},
		{"leading dot", "http://www.e.org/", []string{"a=b; Domain=.e.org"}, "http://e.org/", "a=b"},
		{"two leading dots", "http://www.e.org/", []string{"a=b; Domain=..e.org"}, "", ""},
		{"trailing dot", "http://www.e.org/", []string{"a=b; Domain=e.org."}, "", ""},
		{"trailing dot of the host is folded", "http://www.e.org./", []string{"a=b; Domain=e.org"}, "http://e.org/", "a=b"},
		{"domain in any case", "http://www.e.org/", []string{"a=b; Domain=E.oRg"}, "http://e.org/", "a=b"},
		{"host in any case", "http://WWW.E.org/", []string{"a=b"}, "http://www.e.org/", "a=b"},
		{"sibling", "http://a.e.org/", []string{"a=b; Domain=b.e.org"}, "http://b.e.org/", ""},
		{"child", "http://e.org/", []string{"a=b; Domain=www.e.org"}, "http://www.e.org/", ""},
		{"stranger", "http://e.org/", []string{"a=b; Domain=e.net"}, "http://e.net/", ""},
		{"suffix without dot", "http://notexample.org/", []string{"a=b; Domain=example.org"}, "http://example.org/", ""},
		{"empty domain is host-only", "http://www.e.org/", []string{"a=b; Domain="}, "http://x.www.e.org/", ""},
		{"empty domain is kept", "http://www.e.org/", []string{"a=b; Domain="}, "", "a=b"},
		{"last domain wins", "http://www.e.org/", []string{"a=b; Domain=evil.net; Domain=e.org"}, "http://e.org/", "a=b"},
		{"last domain wins, even wrong", "http://www.e.org/", []string{"a=b; Domain=e.org; Domain=evil.net"}, "", ""},
		{"last domain wins, even empty", "http://www.e.org/", []string{"a=b; Domain=evil.net; Domain="}, "", "a=b"},
		{"domain with a port", "http://e.org:8080/", []string{"a=b; Domain=e.org:8080"}, "", ""},
		{"ports do not matter", "http://e.org:8080/", []string{"a=b"}, "http://e.org:9090/", "a=b"},
		{"domain not ASCII", "http://bücher.example/", []string{"a=b; Domain=bücher.example"}, "", ""},
		{"domain in punycode", "http://bücher.example/", []string{"a=b; Domain=xn--bcher-kva.example"}, "http://x.xn--bcher-kva.example/", "a=b"},
		{"public suffix", "http://www.e.org/", []string{"a=b; Domain=org"}, "http://www.e.org/", ""},
		{"long public suffix", "http://www.e.co.uk/", []string{"a=b; Domain=co.uk"}, "http://other.co.uk/", ""},
		{"private public suffix", "http://me.github.io/", []string{"a=b; Domain=github.io"}, "http://you.github.io/", ""},
		{"public suffix naming itself is host-only", "http://github.io/", []string{"a=b; Domain=github.io"}, "http://you.github.io/", ""},
		{"public suffix naming itself is kept", "http://github.io/", []string{"a=b; Domain=github.io"}, "", "a=b"},
		{"exception of a wildcard suffix", "http://a.www.ck/", []string{"a=b; Domain=www.ck"}, "http://b.www.ck/", "a=b"},
		{"unknown top level", "http://a.b.internal/", []string{"a=b; Domain=internal"}, "http://a.b.internal/", ""},
		{"below unknown top level", "http://a.b.internal/", []string{"a=b; Domain=b.internal"}, "http://c.b.internal/", "a=b"},
		{"localhost", "http://localhost:8080/", []string{"a=b; Domain=localhost"}, "", "a=b"},
		{"below localhost", "http://a.localhost/", []string{"a=b; Domain=localhost"}, "http://b.localhost/", ""},
		{"address", "http://127.0.0.1/", []string{"a=b"}, "", "a=b"},
		{"address as domain", "http://127.0.0.1/", []string{"a=b; Domain=127.0.0.1"}, "", "a=b"},
		{"part of an address", "http://127.0.0.1/", []string{"a=b; Domain=0.0.1"}, "", ""},
		{"IPv6", "http://[::1]:80/", []string{"a=b"}, "http://[0:0:0:0:0:0:0:1]/", "a=b"},
		{"IPv6 is another host", "http://[::1]/", []string{"a=b"}, "http://[::2]/", ""},
		{"host-only and domain cookies live side by side", "http://e.org/", []string{"a=1", "a=2; Domain=e.org"}, "", "a=1; a=2"},
		{"file URLs have no cookies", "file:///x", []string{"a=b"}, "", ""},

		// Expiry.
		{"Max-Age", "", []string{"a=b; Max-Age=10"}, "", "a=b"},
		{"Max-Age zero", "", []string{"a=b; Max-Age=0"}, "", ""},
		{"Max-Age negative", "", []string{"a=b; Max-Age=-1"}, "", ""},
		{"Max-Age huge", "", []string{"a=b; Max-Age=99999999999999999999"}, "", "a=b"},
		{"Max-Age hugely negative", "", []string{"a=b; Max-Age=-99999999999999999999"}, "", ""},
		{"Max-Age not a number", "", []string{"a=b; Max-Age=0x"}, "", "a=b"},
		{"Max-Age with plus", "", []string{"a=b; Max-Age=+0"}, "", "a=b"},
		{"Max-Age minus only", "", []string{"a=b; Max-Age=-"}, "", "a=b"},
		{"Max-Age empty", "", []string{"a=b; Max-Age="}, "", "a=b"},
		{"Max-Age quoted", "", []string{`a=b; Max-Age="0"`}, "", "a=b"},
		{"Expires past", "", []string{"a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "", ""},
		{"Expires future", "", []string{"a=b; Expires=Thu, 01 Jan 2099 00:00:00 GMT"}, "", "a=b"},
		{"Expires nonsense", "", []string{"a=b; Expires=yesterday"}, "", "a=b"},
		{"Max-Age over later Expires", "", []string{"a=b; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "", "a=b"},
		{"Max-Age over earlier Expires", "", []string{"a=b; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Max-Age=0"}, "", ""},
		{"wrong Max-Age leaves Expires", "", []string{"a=b; Max-Age=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "", ""},
		{"last Max-Age wins", "", []string{"a=b; Max-Age=0; Max-Age=10"}, "", "a=b"},
		{"expiry deletes", "", []string{"a=b", "c=d", "a=; Max-Age=0"}, "", "c=d"},
		{"expiry deletes only the same path", "http://e.org/x/", []string{"a=b; Path=/", "a=; Path=/x; Max-Age=0"}, "", "a=b"},
		{"expiry deletes only the same domain", "http://e.org/", []string{"a=b; Domain=e.org", "a=; Max-Age=0"}, "", "a=b"},

		// Secure.
		{"secure", "https://e.org/", []string{"a=b; Secure"}, "", "a=b"},
		{"secure stays off http", "https://e.org/", []string{"a=b; Secure"}, "http://e.org/", ""},
		{"secure from http", "http://e.org/", []string{"a=b; Secure"}, "https://e.org/", ""},
		{"secure over wss", "https://e.org/", []string{"a=b; Secure"}, "wss://e.org/", "a=b"},
		{"secure not over ws", "https://e.org/", []string{"a=b; Secure"}, "ws://e.org/", ""},
		{"secure on localhost", "http://localhost:3000/", []string{"a=b; Secure"}, "", "a=b"},
		{"secure below localhost", "http://shop.localhost:3000/", []string{"a=b; Secure"}, "", "a=b"},
		{"secure on loopback", "http://127.0.0.1/", []string{"a=b; Secure"}, "", "a=b"},
		{"secure not on a lookalike", "http://localhost.evil.org/", []string{"a=b; Secure"}, "", ""},
		{"insecure to https", "http://e.org/", []string{"a=b"}, "https://e.org/", "a=b"},

		// Prefixes.
		{"__Secure-", "https://e.org/", []string{"__Secure-a=b; Secure"}, "", "__Secure-a=b"},
		{"__Secure- without", "https://e.org/", []string{"__Secure-a=b"}, "", ""},
		{"__Secure- in any case without", "https://e.org/", []string{"__sEcUrE-a=b"}, "", ""},
		{"__Secure- with domain", "https://www.e.org/", []string{"__Secure-a=b; Secure; Domain=e.org"}, "", "__Secure-a=b"},
		{"__Host-", "https://e.org/", []string{"__Host-a=b; Secure; Path=/"}, "", "__Host-a=b"},
		{"__Host- without Secure", "https://e.org/", []string{"__Host-a=b; Path=/"}, "", ""},
		{"__Host- with domain", "https://e.org/", []string{"__Host-a=b; Secure; Path=/; Domain=e.org"}, "", ""},
		{"__Host- with empty domain", "https://e.org/", []string{"__Host-a=b; Secure; Path=/; Domain="}, "", "__Host-a=b"},
		{"__Host- without path", "https://e.org/", []string{"__Host-a=b; Secure"}, "", ""},
		{"__Host- with another path", "https://e.org/x/", []string{"__Host-a=b; Secure; Path=/x"}, "", ""},
		{"__Host- in any case", "https://e.org/", []string{"__hOST-a=b; Path=/"}, "", ""},
		{"__Host- hidden in a nameless value", "https://e.org/", []string{"=__Host-a=b; Secure; Path=/"}, "", ""},
		{"__Host- hidden in a bare value", "https://e.org/", []string{"__Host-a; Secure; Path=/"}, "", ""},
		{"__Secure- hidden in a nameless value", "https://e.org/", []string{"=__secure-a=b; Secure"}, "", ""},
		{"__Http-", "https://e.org/", []string{"__Http-a=b; Secure; HttpOnly"}, "", "__Http-a=b"},
		{"__Http- without HttpOnly", "https://e.org/", []string{"__Http-a=b; Secure"}, "", ""},
		{"__Host-Http-", "https://e.org/", []string{"__Host-Http-a=b; Secure; HttpOnly; Path=/"}, "", "__Host-Http-a=b"},
		{"__Host-Http- without HttpOnly", "https://e.org/", []string{"__Host-Http-a=b; Secure; Path=/"}, "", ""},

		// Secure cookies are left alone by http.
		{"http cannot replace", "http://e.org/", []string{"a=evil"}, "https://e.org/", ""},

		// SameSite attribute.
		{"None needs Secure", "https://e.org/", []string{"a=b; SameSite=None"}, "", ""},
		{"None with Secure", "https://e.org/", []string{"a=b; SameSite=None; Secure"}, "", "a=b"},
		{"Partitioned needs Secure", "https://e.org/", []string{"a=b; Partitioned"}, "", ""},
		{"Partitioned", "https://e.org/", []string{"a=b; Secure; Partitioned"}, "", "a=b"},

		// Order.
		{"longest path first", "http://e.org/a/b/c", []string{"x=1; Path=/", "y=2; Path=/a/b", "z=3; Path=/a"}, "", "y=2; z=3; x=1"},
		{"age is kept when replaced", "http://e.org/", []string{"a=1", "b=2", "a=3"}, "", "a=3; b=2"},
		{"age is lost when deleted", "http://e.org/", []string{"a=1", "b=2", "a=; Max-Age=0", "a=3"}, "", "b=2; a=3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			from := at(t, orElse(tt.from, home))
			to := at(t, orElse(tt.to, orElse(tt.from, home)))
			var j Jar
			if tt.name == "http cannot replace" {
				j.SetCookies(at(t, "https://e.org/"), []string{"a=good; Secure; Max-Age=1"})
				to = later(to, time.Second)
			}
			j.SetCookies(from, tt.lines)
			if got := j.Header(to); got != tt.want {
				t.Errorf("Header(%s) = %q, want %q", to.URL, got, tt.want)
			}
		})
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	var j Jar
	ctx := at(t, "https://e.org/")
	j.SetCookies(ctx, []string{"a=1; Max-Age=10", "b=2", "c=3; Expires=Fri, 01 Jan 2099 00:00:00 GMT"})
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{
		{9 * time.Second, "a=1; b=2; c=3"},
		{10 * time.Second, "b=2; c=3"},
		{maxAge - 1, "b=2; c=3"},
		{maxAge, "b=2"}, // nothing lives longer than 400 days
	} {
		if got := j.Header(later(ctx, tt.after)); got != tt.want {
			t.Errorf("after %v: got %q, want %q", tt.after, got, tt.want)
		}
	}
}

func TestSameSiteSending(t *testing.T) {
	t.Parallel()
	ctx := at(t, "https://e.org/")
	var j Jar
	j.SetCookies(ctx, []string{"d=1", "l=1; SameSite=Lax", "s=1; SameSite=sTRICT", "n=1; SameSite=None; Secure", "u=1; SameSite=Unknown"})
	for _, tt := range []struct {
		relation Relation
		http     bool
		after    time.Duration
		want     string
	}{
		{Same, true, time.Hour, "d=1; l=1; s=1; n=1; u=1"},
		{CrossSiteLaxNav, true, time.Hour, "d=1; l=1; n=1; u=1"},
		{CrossSitePostNav, true, 2 * time.Minute, "d=1; n=1; u=1"},
		{CrossSitePostNav, true, 2*time.Minute + 1, "n=1"},
		{CrossSite, true, 0, "n=1"},
		{Same, false, time.Hour, "d=1; l=1; s=1; n=1; u=1"},
		{CrossSiteLaxNav, false, time.Hour, "d=1; l=1; s=1; n=1; u=1"},
		{CrossSitePostNav, false, time.Hour, "d=1; l=1; s=1; n=1; u=1"},
		{CrossSite, false, 0, "n=1"},
	} {
		ask := later(relation(ctx, tt.relation), tt.after)
		ask.HTTP = tt.http
		if got := j.Header(ask); got != tt.want {
			t.Errorf("relation %d, HTTP %v, after %v: got %q, want %q", tt.relation, tt.http, tt.after, got, tt.want)
		}
	}
}

func TestSameSiteSetting(t *testing.T) {
	t.Parallel()
	lines := []string{"d=1", "l=1; SameSite=Lax", "s=1; SameSite=Strict", "n=1; SameSite=None; Secure"}
	for _, tt := range []struct {
		relation Relation
		want     string
	}{
		{Same, "d=1; l=1; s=1; n=1"},
		{CrossSiteLaxNav, "d=1; l=1; s=1; n=1"},
		{CrossSitePostNav, "d=1; l=1; s=1; n=1"},
		{CrossSite, "n=1"},
	} {
		ctx := at(t, "https://e.org/")
		var j, k Jar
		j.SetCookies(relation(ctx, tt.relation), lines)
		for _, line := range lines {
			k.SetFromScript(relation(ctx, tt.relation), line)
		}
		if got := j.Header(ctx); got != tt.want {
			t.Errorf("relation %d by HTTP: got %q, want %q", tt.relation, got, tt.want)
		}
		if got := k.Header(ctx); got != tt.want {
			t.Errorf("relation %d by script: got %q, want %q", tt.relation, got, tt.want)
		}
	}
}

func TestS51ScriptsAndHTTPOnly(t *testing.T) {
	t.Parallel()
	var j Jar
	ctx := at(t, "https://e.org/")
	j.SetCookies(ctx, []string{"secret=canary; HttpOnly", "open=1"})
	if got, want := j.Header(script(ctx)), "open=1"; got != want {
		t.Errorf("script sees %q, want %q", got, want)
	}
	for _, line := range []string{"secret=mine", "secret=mine; HttpOnly", "secret=; Max-Age=0", "other=1; HttpOnly"} {
		if j.SetFromScript(ctx, line) {
			t.Errorf("script could set %q", line)
		}
	}
	if got, want := j.Header(ctx), "secret=canary; open=1"; got != want {
		t.Errorf("after scripts: got %q, want %q", got, want)
	}
	if !j.SetFromScript(ctx, "open=2") || !j.SetFromScript(ctx, "open=; Max-Age=0") {
		t.Error("script could not change its own cookie")
	}
	if !j.SetCookies(ctx, []string{"secret=; Max-Age=0"}) {
		t.Error("the site could not delete its own cookie")
	}
	if got := j.Header(ctx); got != "" {
		t.Errorf("jar should be empty, has %q", got)
	}
}

func TestLeaveSecureAlone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, secureAt, secureLine, plainAt, plainLine string
		kept                                           bool // is the plain cookie?
	}{
		{"same", "https://e.org/", "a=1; Secure", "http://e.org/", "a=2", false},
		{"other name", "https://e.org/", "a=1; Secure", "http://e.org/", "b=2", true},
		{"path below", "https://e.org/", "a=1; Secure; Path=/login", "http://e.org/login/en", "a=2", false},
		{"path above", "https://e.org/", "a=1; Secure; Path=/login", "http://e.org/", "a=2; Path=/", true},
		{"domain above", "https://www.e.org/", "a=1; Secure", "http://www.e.org/", "a=2; Domain=e.org", false},
		{"domain below", "https://e.org/", "a=1; Secure; Domain=e.org", "http://www.e.org/", "a=2", false},
		{"sibling", "https://a.e.org/", "a=1; Secure", "http://b.e.org/", "a=2", true},
		{"not secure", "https://e.org/", "a=1", "http://e.org/", "a=2", true},
		{"from https", "https://e.org/", "a=1; Secure", "https://e.org/", "a=2", true},
		{"deletion", "https://e.org/", "a=1; Secure", "http://e.org/", "a=; Max-Age=0", false},
	} {
		var j Jar
		j.SetCookies(at(t, tt.secureAt), []string{tt.secureLine})
		if got := j.SetCookies(at(t, tt.plainAt), []string{tt.plainLine}); got != tt.kept {
			t.Errorf("%s: changed = %v, want %v", tt.name, got, tt.kept)
		}
	}
}

func TestPartitions(t *testing.T) {
	t.Parallel()
	var j Jar
	inside := func(top string) Context {
		ctx := at(t, "https://pay.example/")
		ctx.SiteForCookies, ctx.SameSite = top, CrossSite
		return ctx
	}
	a, b := inside("https://a.example"), inside("https://b.example")
	j.SetCookies(a, []string{"p=1; Secure; SameSite=None; Partitioned"})
	j.SetCookies(b, []string{"p=2; Secure; SameSite=None; Partitioned", "q=3; Secure; SameSite=None"})
	if got, want := j.Header(a), "p=1; q=3"; got != want {
		t.Errorf("inside a: got %q, want %q", got, want)
	}
	if got, want := j.Header(b), "p=2; q=3"; got != want {
		t.Errorf("inside b: got %q, want %q", got, want)
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	var j Jar
	ctx := at(t, "https://e.org/")
	for _, tt := range []struct {
		line string
		want bool
	}{
		{"a=1", true}, {"a=1", false}, {"a=2", true}, {"a=2; Secure", true}, {"a=2; Secure; HttpOnly", true},
		{"a=2; Secure; HttpOnly; Max-Age=9", true}, {"a=2; Secure; HttpOnly; Max-Age=9", false},
		{"b=; Max-Age=0", false}, {"a=; Max-Age=0", true}, {"a=; Max-Age=0", false}, {"", false},
	} {
		if got := j.SetCookies(ctx, []string{tt.line}); got != tt.want {
			t.Errorf("%q: changed = %v, want %v", tt.line, got, tt.want)
		}
	}
}

func TestEvictionWithinDomain(t *testing.T) {
	t.Parallel()
	var j Jar
	ctx := at(t, "https://e.org/")
	j.SetCookies(ctx, []string{"keep=1; Secure", "short=1; Max-Age=5"})
	for i := range 100_000 {
		j.SetCookies(ctx, []string{fmt.Sprintf("c%d=x; Domain=e.org", i)})
	}
	if j.total != maxPerDomain || len(j.sites["e.org"]) != maxPerDomain {
		t.Errorf("kept %d, want %d", j.total, maxPerDomain)
	}
	got := j.Header(ctx)
	if !strings.HasPrefix(got, "keep=1; ") || !strings.HasSuffix(got, "; c99999=x") {
		t.Errorf("the secure and the newest cookie should have stayed: %.40s…", got)
	}

	// Expired ones go before all others, and the least used before the rest.
	j.Clear("")
	j.SetCookies(ctx, []string{"brief=1; Secure; Max-Age=5"})
	for i := range maxPerDomain - 1 {
		j.SetCookies(ctx, []string{fmt.Sprintf("c%d=x; Path=/%d", i, i)})
	}
	used := at(t, "https://e.org/0")
	j.Header(later(used, time.Second))
	j.SetCookies(later(ctx, 6*time.Second), []string{"new=1"})
	if n := len(j.sites["e.org"]); n != maxPerDomain || j.sites["e.org"][key{name: "brief", domain: "e.org", path: "/", hostOnly: true}] != nil {
		t.Errorf("kept %d with the expired one, want %d without", n, maxPerDomain)
	}
	j.SetCookies(later(ctx, 7*time.Second), []string{"newer=1"})
	if got := j.Header(later(used, 7*time.Second)); !strings.Contains(got, "c0=x") {
		t.Errorf("the used cookie is gone: %q", got)
	}
	if got := j.Header(later(at(t, "https://e.org/1"), 7*time.Second)); strings.Contains(got, "c1=x") {
		t.Errorf("the least used cookie is still there: %q", got)
	}
}

// A bomb of cookies costs the domain that throws it some of its own.
func TestS50EvictionByBytes(t *testing.T) {
	t.Parallel()
	var j Jar
	victim := at(t, "https://bank.example/")
	j.SetCookies(victim, []string{"session=1"})
	big := strings.Repeat("x", 4000)
	for site := range 20 {
		ctx := later(at(t, fmt.Sprintf("https://evil%d.org/", site)), time.Minute)
		for i := range 150 {
			j.SetCookies(ctx, []string{fmt.Sprintf("c%d=x", i)})
			j.SetCookies(ctx, []string{fmt.Sprintf("c%d=%s", i, big)}) // by growing, too
		}
		if got := j.Header(ctx); len(got) > maxDomainBytes || !strings.HasSuffix(got, "c149="+big) {
			t.Fatalf("%d bytes of evil%d.org, the last is %.10s", len(got), site, got[strings.LastIndexByte(got, ' ')+1:])
		}
	}
	counted, total := 0, 0
	for site, cookies := range j.sites {
		counted += j.bytesLocked(site)
		total += len(cookies)
	}
	if counted > maxJarBytes || counted != j.bytes || total != j.total {
		t.Errorf("%d bytes in %d cookies, counted %d in %d", counted, total, j.bytes, j.total)
	}
	if got := j.Header(victim); got != "session=1" {
		t.Errorf("victim has %q", got)
	}
}

func TestS50EvictionLeavesOtherDomainsAlone(t *testing.T) {
	t.Parallel()
	var j Jar
	victim := at(t, "https://bank.example/")
	j.SetCookies(victim, []string{"session=1"})
	for site := range 40 {
		ctx := later(at(t, fmt.Sprintf("https://www.evil%d.org/", site)), time.Minute)
		for i := range 200 {
			j.SetCookies(ctx, []string{fmt.Sprintf("c%d=x", i)})
		}
	}
	if j.total != maxPerJar {
		t.Errorf("kept %d, want %d", j.total, maxPerJar)
	}
	if got, want := j.Header(victim), "session=1"; got != want {
		t.Errorf("victim has %q, want %q", got, want)
	}
	total := 0
	for _, cookies := range j.sites {
		total += len(cookies)
	}
	if total != j.total {
		t.Errorf("counted %d, there are %d", j.total, total)
	}
}

func TestClear(t *testing.T) {
	t.Parallel()
	var j Jar
	a, b, six := at(t, "https://www.a.org/"), at(t, "https://b.org/"), at(t, "https://[::1]/")
	for _, ctx := range []Context{a, b, six} {
		j.SetCookies(ctx, []string{"x=1"})
	}
	j.Clear("shop.A.org:443")
	if got := j.Header(a) + j.Header(b) + j.Header(six); got != "x=1x=1" {
		t.Errorf("got %q", got)
	}
	j.Clear("::1")
	if got := j.Header(six); got != "" {
		t.Errorf("got %q", got)
	}
	j.Clear("")
	if got := j.Header(b); got != "" || j.total != 0 {
		t.Errorf("got %q, %d left", got, j.total)
	}
}

func TestSite(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://www.example.co.uk:8443/x": "https://example.co.uk",
		"wss://a.b.example.com/":           "https://example.com",
		"ws://me.github.io/":               "http://me.github.io",
		"http://github.io/":                "http://github.io",
		"http://127.0.0.1:80/":             "http://127.0.0.1",
		"http://[::1]/":                    "http://::1",
		"http://a.localhost/":              "http://a.localhost",
		"https://BÜCHER.example./":         "https://xn--bcher-kva.example",
		"data:text/html,x":                 "",
		"about:blank":                      "",
	} {
		if got := Site(parseURL(t, in)); got != want {
			t.Errorf("Site(%s) = %q, want %q", in, got, want)
		}
	}
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"https://a.e.org/", "https://b.e.org:99/", true},
		{"http://a.e.org/", "https://a.e.org/", false},
		{"https://a.github.io/", "https://b.github.io/", false},
		{"https://e.org/", "wss://e.org/", true},
		{"about:blank", "about:blank", false},
	} {
		if got := SameSite(parseURL(t, tt.a), parseURL(t, tt.b)); got != tt.want {
			t.Errorf("SameSite(%s, %s) = %v", tt.a, tt.b, got)
		}
	}
	if Site(nil) != "" || new(Jar).Header(Context{}) != "" || new(Jar).SetCookies(Context{}, []string{"a=b"}) {
		t.Error("a context without URL should have no cookies")
	}
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	var j, k Jar
	ctx := at(t, "https://www.e.org/a/b")
	j.SetCookies(ctx, []string{"a=1; Max-Age=100", "b=\xff; Domain=e.org; Path=/", "h=3; HttpOnly; Secure; SameSite=None",
		"bare", "p=1; Secure; Partitioned; SameSite=Strict"})
	data, err := j.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if err := k.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	for _, ctx := range []Context{ctx, script(ctx), relation(ctx, CrossSite), later(ctx, 101*time.Second)} {
		if got, want := k.Header(ctx), j.Header(ctx); got != want || got == "" {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	j.SetCookies(ctx, []string{"new=1"})
	k.SetCookies(ctx, []string{"new=1"})
	if got, want := k.Header(ctx), j.Header(ctx); got != want {
		t.Errorf("after restoring, new cookies sort as %q, want %q", got, want)
	}
	for _, bad := range []string{"", "{}", `{"version":2}`, `{"version":1,"cookies":[{}]}`,
		`{"version":1,"cookies":[{"domain":"e.org","path":"Lw==","value":"AA=="}]}`} {
		before := k.Header(ctx)
		if err := k.UnmarshalBinary([]byte(bad)); err == nil {
			t.Errorf("%q accepted", bad)
		}
		if k.Header(ctx) != before {
			t.Errorf("%q changed the jar", bad)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	var j Jar
	ctx := at(t, "https://e.org/")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := range 200 {
				j.SetCookies(ctx, []string{fmt.Sprintf("c%d=%d", i, n)})
				j.SetFromScript(ctx, "s=1")
				j.Header(ctx)
				if data, err := j.MarshalBinary(); err != nil || j.UnmarshalBinary(data) != nil {
					t.Error("marshalling failed")
				}
			}
		})
	}
	wg.Wait()
}

// TestLikeNetHTTP compares with the standard library's jar on random traffic
// where both mean the same: all requests first-party, no prefixes, names and
// values plain, a host-only and a domain cookie never alike in the rest.
func TestLikeNetHTTP(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	var compared int
	for range 300 {
		theirs, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
		if err != nil {
			t.Fatal(err)
		}
		var ours Jar
		address := func() *url.URL {
			return parseURL(t, "https://"+pick("e.org", "www.e.org", "a.www.e.org", "other.net", "x.co.uk", "me.github.io", "10.0.0.1")+
				pick("", "/", "/a", "/a/", "/a/b", "/ab", "/a/b/c?q"))
		}
		for range 40 {
			u := address()
			ctx := Context{URL: u, SameSite: Same, HTTP: true, Now: time.Now()}
			// The name tells whether Domain is given, so that they never meet.
			domain := pick("", "; Domain=e.org", "; domain=.www.e.org", "; Domain=co.uk", "; Domain=github.io", "; Domain=x.co.uk")
			line := pick("a", "b", "c") + fmt.Sprint(len(domain)) + "=" + pick("1", "2", "x=y", "") + domain +
				pick("", "; Path=/", "; Path=/a", "; Path=/a/", "; path=nonsense") +
				pick("", "", "; Max-Age=0", "; Max-Age=1000", "; Expires=Mon, 02 Jan 2006 15:04:05 GMT") +
				pick("", "; Secure", "; HttpOnly")
			ours.SetCookies(ctx, []string{line})
			theirs.SetCookies(u, (&http.Response{Header: http.Header{"Set-Cookie": {line}}}).Cookies())
			u = address()
			var list []string
			for _, c := range theirs.Cookies(u) {
				list = append(list, c.String())
			}
			ctx.URL = u
			if got, want := ours.Header(ctx), strings.Join(list, "; "); got != want {
				t.Fatalf("at %s after %q:\n got %q\nwant %q", u, line, got, want)
			}
			compared += len(list)
		}
	}
	if compared < 1000 {
		t.Errorf("only %d cookies compared", compared)
	}
}

// FuzzUnmarshal reads jars that somebody else may have written.
func FuzzUnmarshal(f *testing.F) {
	var j Jar
	u := &url.URL{Scheme: "https", Host: "www.example.org", Path: "/"}
	ctx := Context{URL: u, SiteForCookies: Site(u), SameSite: Same, HTTP: true, Now: start}
	j.SetCookies(ctx, []string{"a=b; Max-Age=5", "__Host-x=1; Secure; Path=/"})
	data, err := j.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var j Jar
		if err := j.UnmarshalBinary(data); err != nil {
			return
		}
		if header := j.Header(ctx); hasControl(header) {
			t.Errorf("header %q", header)
		}
		if _, err := j.MarshalBinary(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzJar(f *testing.F) {
	f.Add("https://www.example.org/a/b", "a=b; Domain=example.org; Path=/; Max-Age=5; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "__Host-x=1; Secure; Path=/")
	f.Add("http://localhost", "=;", "x; SameSite=None")
	f.Fuzz(func(t *testing.T, address, line, other string) {
		u, err := url.Parse(address)
		if err != nil {
			t.Skip()
		}
		ctx := Context{URL: u, SiteForCookies: Site(u), SameSite: Same, HTTP: true, Now: start}
		var j Jar
		j.SetCookies(ctx, []string{line, other})
		j.SetFromScript(ctx, other)
		header := j.Header(ctx)
		if hasControl(header) {
			t.Errorf("header %q", header)
		}
		for _, c := range j.sortedLocked() {
			if c.domain == "" || !domainMatch(hostOf(u), c.domain) || !c.plausible() {
				t.Errorf("%q made %+v", line, c)
			}
		}
		data, err := j.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var k Jar
		if err := k.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		if got := k.Header(ctx); got != header {
			t.Errorf("restored %q, want %q", got, header)
		}
	})
}
