package session

import (
	"errors"
	"fmt"
	"sync/atomic"
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
	want := "[http://localhost:8080, private https://*.wide.example https://*.wide.example:8443 https://exact.wide.example https://shop.example]"
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

// S05: whatever the spelling, the origin that is allowed is the one that is
// asked, and no other is.
func TestS05NoSpellingEscapesTheList(t *testing.T) {
	r := newRig(t)
	o := r.hub.Origins()
	for _, rule := range []Rule{
		{Pattern: "https://bank.example"},
		{Pattern: "https://*.wide.example", Redirect: "https://bank.example/sorry"},
		{Pattern: "https://staff.wide.example", Block: true, Redirect: "https://bank.example/"},
		{Pattern: "https://*.staff.wide.example", Block: true, Redirect: "https://staff.wide.example/"},
		{Pattern: "https://shop.test", BlockPaths: []string{"/admin", "/*/secret"}, Redirect: "https://bank.example/"},
		{Pattern: "https://cdn.test", Only: Resource},
		{Pattern: "https://top.test", Only: Page},
		{Pattern: "http://192.0.2.7:8080"},
	} {
		if err := o.Put(t.Context(), rule); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		url            string
		page, resource bool
		redirect       string
	}{
		// Spellings of one that is allowed.
		{"https://bank.example/", true, true, ""},
		{"https://BANK.EXAMPLE/", true, true, ""},
		{"https://bank.example./", true, true, ""},
		{"https://bank.example:443/", true, true, ""},
		{"https://ｂａｎｋ.example/", true, true, ""},
		{"https://bank。example/", true, true, ""},
		{"wss://bank.example/", true, true, ""},
		{"http://192.0.2.7:8080/", true, true, ""},
		// What only looks like it.
		{"http://bank.example/", false, false, ""},
		{"https://bank.example:8443/", false, false, ""},
		{"https://[bank.example]/", false, false, ""},
		{"https://bank.example@evil.test/", false, false, ""},
		{"https://bank.example:x@evil.test/", false, false, ""},
		{"https://evilbank.example/", false, false, ""},
		{"https://bank.example.evil.test/", false, false, ""},
		{"https://bank.example%00.evil.test/", false, false, ""},
		{"https://bank.example%2eevil.test/", false, false, ""},
		{"https://bank.example\\.evil.test/", false, false, ""},
		{"https://bank.example\t.evil.test/", false, false, ""},
		{"https://bаnk.example/", false, false, ""}, // a Cyrillic а
		{"https://bank.example../", false, false, ""},
		{"https://*.bank.example/", false, false, ""},
		{"//bank.example/", false, false, ""},
		{"https:bank.example", false, false, ""},
		{"http://3221225991:8080/", false, false, ""},
		{"http://192.0.2.07:8080/", false, false, ""},
		{"http://[::ffff:192.0.2.7]:8080/", false, false, ""},
		// Patterns end at labels, and the most particular decides.
		{"https://a.wide.example/", true, true, ""},
		{"https://a.b.wide.example/", true, true, ""},
		{"https://wide.example/", false, false, ""},
		{"https://awide.example/", false, false, ""},
		{"https://.wide.example/", false, false, ""},
		{"https://staff.wide.example/", false, false, "https://bank.example/"},
		{"https://STAFF.wide.example./x", false, false, "https://bank.example/"},
		{"https://a.staff.wide.example/", false, false, ""}, // it would lead to what is refused itself
		// Paths, in every reading.
		{"https://shop.test/", true, true, ""},
		{"https://shop.test/administration", true, true, ""},
		{"https://shop.test/a/b/secret", true, true, ""},
		{"https://shop.test/admin", false, false, "https://bank.example/"},
		{"https://shop.test/admin/", false, false, "https://bank.example/"},
		{"https://shop.test/admin?x", false, false, "https://bank.example/"},
		{"https://shop.test/ADMIN/users", false, false, "https://bank.example/"},
		{"https://shop.test//admin", false, false, "https://bank.example/"},
		{"https://shop.test/./admin", false, false, "https://bank.example/"},
		{"https://shop.test/x/../admin", false, false, "https://bank.example/"},
		{"https://shop.test/x/%2e%2E/admin", false, false, "https://bank.example/"},
		{"https://shop.test/%61dmin", false, false, "https://bank.example/"},
		{"https://shop.test/%2561dmin", false, false, "https://bank.example/"},
		{"https://shop.test/x%2f..%2fadmin", false, false, "https://bank.example/"},
		{"https://shop.test/x/..;a=b/admin;jsessionid=1/", false, false, "https://bank.example/"},
		{"https://shop.test/%5cadmin", false, false, "https://bank.example/"},
		{"https://shop.test/admin/../", false, false, "https://bank.example/"},
		{"https://shop.test/a/secret/b", false, false, "https://bank.example/"},
		// Uses.
		{"https://cdn.test/a.js", false, true, ""},
		{"https://top.test/", true, false, ""},
	} {
		page, resource := o.Decide(c.url, Page), o.Decide(c.url, Resource)
		if (page.Refusal == "") != c.page || (resource.Refusal == "") != c.resource || page.Redirect != c.redirect || resource.Redirect != "" {
			t.Errorf("%q: as a page %+v, as a resource %+v", c.url, page, resource)
		}
	}
}

func TestBadRulesAreRefusedAndTheOldOnesStay(t *testing.T) {
	r := newRig(t)
	o := r.hub.Origins()
	good := Rule{Pattern: "https://shop.example", BlockPaths: []string{"/admin"}}
	if err := o.Put(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	var changes atomic.Int32
	o.OnChange(func() { changes.Add(1) })
	for name, rule := range map[string]Rule{
		"path":            {BlockPaths: []string{"admin"}},
		"use":             {Only: "both"},
		"redirect":        {Redirect: "javascript:alert(1)"},
		"authority":       {CA: "no PEM"},
		"blocked, and":    {Block: true, Private: true},
		"authority, http": {Pattern: "http://shop.example", CA: "x"},
	} {
		if rule.Pattern == "" {
			rule.Pattern = good.Pattern
		}
		if err := o.Put(t.Context(), rule); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if err := o.bucket.Put(t.Context(), ruleKey(good.Pattern), []byte(`{"pattern":"https://shop.example","only":"both"}`)); err != nil {
		t.Fatal(err)
	}
	if err := o.bucket.Put(t.Context(), ruleKey("https://later.example"), []byte(`{"pattern":"https://later.example"}`)); err != nil {
		t.Fatal(err)
	}
	until(t, "the list is followed", func() bool { _, ok := o.Allowed("https://later.example"); return ok })
	if rule, _ := o.Allowed("https://shop.example"); fmt.Sprint(rule) != fmt.Sprint(good) {
		t.Errorf("in force is %+v", rule)
	}
	until(t, "a change is told", func() bool { return changes.Load() > 0 })
	if n := changes.Load(); n != 1 {
		t.Errorf("%d changes were told, want the last only", n)
	}
}
