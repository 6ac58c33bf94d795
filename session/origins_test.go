package session

import (
	"errors"
	"fmt"
	"testing"
)

func TestCanonicalOrigin(t *testing.T) {
	for _, test := range []struct {
		in      string
		pattern bool
		want    string // "" when refused
	}{
		{"https://shop.example", false, "https://shop.example"},
		{"https://Shop.Example:443/path?q#f", false, "https://shop.example"},
		{"http://shop.example:80", false, "http://shop.example"},
		{"http://shop.example:443", false, "http://shop.example:443"},
		{"wss://shop.example/socket", false, "https://shop.example"},
		{"https://shop.example.", false, "https://shop.example"},
		{"https://bücher.example", false, "https://xn--bcher-kva.example"},
		{"https://ｂａｎｋ．example", false, "https://bank.example"},
		{"https://a_b.example", false, "https://a_b.example"},
		{"http://localhost:8080", false, "http://localhost:8080"},
		{"http://192.0.2.1", false, "http://192.0.2.1"},
		{"http://[2001:DB8:0::1]:8080", false, "http://[2001:db8::1]:8080"},
		{"http://[fe80::1%25lo]", false, ""},
		{"https://shop.example@evil.example", false, ""},
		{"https://bank.example%00.evil", false, ""},
		{"https://[bank.example]", false, ""},
		{"https://a..example", false, ""},
		{"https://", false, ""},
		{"shop.example", false, ""},
		{"ftp://shop.example", false, ""},
		{"javascript:alert(1)", false, ""},
		{"https://shop.example:0", false, ""},
		{"https://shop.example:99999", false, ""},
		{"https://*.example", false, ""},
		{"https://*.Shop.example", true, "https://*.shop.example"},
		{"https://*", true, "https://*"},
		{"http://*:8080", true, "http://*:8080"},
		{"https://a*.example", true, ""},
		{"https://a.*.example", true, ""},
		{"https://*.", true, ""},
		{"https://shop.example/path", true, ""},
		{"https://shop.example/", true, "https://shop.example"},
	} {
		got, err := canonicalOrigin(test.in, test.pattern)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("canonicalOrigin(%q, %v) = %q, %v, want %q", test.in, test.pattern, got, err, test.want)
		}
		if again, err := canonicalOrigin(got, test.pattern); test.want != "" && (again != got || err != nil) {
			t.Errorf("%q is not canonical: %q, %v", got, again, err)
		}
	}
}

func FuzzCanonicalOrigin(f *testing.F) {
	for _, s := range []string{"https://shop.example:443/", "http://[::1]:8080", "https://*.bücher.example", "wss://a.", "https://a@b"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, in string, pattern bool) {
		got, err := canonicalOrigin(in, pattern)
		if err != nil {
			return
		}
		if again, err := canonicalOrigin(got, pattern); again != got || err != nil {
			t.Errorf("%q: %q is not canonical: %q, %v", in, got, again, err)
		}
	})
}

func TestOriginsAllow(t *testing.T) {
	r := newRig(t)
	o := r.hub.Origins()
	for _, pattern := range []string{"https://*.wide.example", "https://exact.wide.example", "http://*", "https://*.wide.example:8443"} {
		if err := o.Allow(t.Context(), pattern, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Allow(t.Context(), "http://localhost:8080", true); err != nil {
		t.Fatal(err)
	}
	if err := o.Allow(t.Context(), "https://*.inner.example", true); err == nil {
		t.Error("a private pattern was taken")
	}
	for _, test := range []struct{ origin, want string }{
		{"https://SHOP.example/start?q", "https://shop.example"},
		{"wss://shop.example", "https://shop.example"},
		{"https://shop.example:8443", ""},
		{"https://evilshop.example", ""},
		{"https://shop.example.evil", ""},
		{"https://sub.shop.example", ""},
		{"https://wide.example", ""},
		{"https://a.wide.example", "https://*.wide.example"},
		{"https://a.b.wide.example", "https://*.wide.example"},
		{"https://a.wide.example:8443", "https://*.wide.example:8443"},
		{"https://awide.example", ""},
		{"https://exact.wide.example.", "https://exact.wide.example"},
		{"http://anything.example", "http://*"},
		{"http://192.0.2.1", "http://*"},
		{"http://[2001:db8::1]", "http://*"},
		{"http://anything.example:81", ""},
		{"http://localhost:8080", "http://localhost:8080"},
		{"http://*", ""},
		{"null", ""},
	} {
		rule, ok := o.Allowed(test.origin)
		if rule.Pattern != test.want || ok != (test.want != "") {
			t.Errorf("Allowed(%q) = %q, %v, want %q", test.origin, rule.Pattern, ok, test.want)
		}
		if rule.Private != (test.origin == "http://localhost:8080") {
			t.Errorf("%q is private: %v", test.origin, rule.Private)
		}
	}
	if err := o.Remove(t.Context(), "HTTP://*"); err != nil {
		t.Fatal(err)
	}
	if err := o.Remove(t.Context(), "http://*"); !errors.Is(err, ErrNotFound) {
		t.Errorf("removing twice: %v", err)
	}
	want := "[{http://localhost:8080 true} {https://*.wide.example false} {https://*.wide.example:8443 false} {https://exact.wide.example false} {https://shop.example false}]"
	if got := fmt.Sprint(o.List()); got != want {
		t.Errorf("List() = %s, want %s", got, want)
	}
	r.restart()
	if got := fmt.Sprint(r.hub.Origins().List()); got != want {
		t.Errorf("after a restart: %s, want %s", got, want)
	}
}

// TestOriginsFollowTheStore changes the list behind the hub's back.
func TestOriginsFollowTheStore(t *testing.T) {
	r := newRig(t)
	bucket, err := r.hub.store.Bucket(t.Context(), "origins")
	if err != nil {
		t.Fatal(err)
	}
	allowed := func() bool { _, ok := r.hub.Origins().Allowed("https://new.example"); return ok }
	if err := bucket.Put(t.Context(), ruleKey("https://new.example"), []byte(`{"pattern":"https://new.example"}`)); err != nil {
		t.Fatal(err)
	}
	until(t, "the new rule is in force", allowed)
	if err := bucket.Delete(t.Context(), ruleKey("https://new.example")); err != nil {
		t.Fatal(err)
	}
	until(t, "the rule is gone", func() bool { return !allowed() })
}
