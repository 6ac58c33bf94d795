package session

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The same cases are tried in TypeScript.
func TestPagesMatch(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/pages.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases [][3]any
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		pages, err := parsePages(c[0].(string))
		if err != nil {
			t.Errorf("%s: %v", c[0], err)
			continue
		}
		if got := pages.Match(c[1].(string)); got != c[2] {
			t.Errorf("%s matches %s: got %v, want %v", c[0], c[1], got, c[2])
		}
	}
}

func TestPagesRefused(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "shop.example", "ftp://shop.example", "https://", "https://user@shop.example", "https://shop.example/a?b", "https://shop.example/a#b",
		"https://shop.example/a b", "https://sh*p.example/", "https://shop.example/\x00", "https://shop.example/" + strings.Repeat("*a", 9),
		"https://shop.example/" + strings.Repeat("a", 500), "javascript:alert(1)",
	} {
		if pages, err := parsePages(raw); err == nil {
			t.Errorf("%q was accepted as %q", raw, pages)
		}
	}
}

var goodSelectors = []string{
	"#balance", ".iban", "td.amount, td.iban", "main > ul li:nth-child(2n+1) a[href^='/x']", "[data-secret]", `input[name="a b" i]`,
	"section:has(> .secret) p", ":not(.a, .b)", "p:is(.a, .b:not(.c))", "*", "button[type=submit]", "#\\31 23", "x-card", "p:nth-child(odd)",
	"p:nth-of-type(-n+3)", "a ~ b + c", ".größe", "form:has([type=password])", ".a\\:b", "#-x", "#--x",
}

var badSelectors = []string{
	"", " ", ",", "a,", "a,,b", "a >", "> a", "a > > b", ".", "#", "#1", "a b >", "[", "[a", "[a=", "[a=1]", "[a='x]", "a::before", "a:hover(", "a:foo",
	"a:contains(x)", "a{}", "a;b", "@import", "a)", "a(", "a/*", "<a>", ":not()", ":has(:has(a))", "a:has(b):has(c)", ":not(:not(:not(a)))",
	"p:nth-child(x)", "p:nth-child(2n+)", "p:nth-child(", "\\", "a\n{", "a\x00", "&", "a|b", ":host", "::slotted(a)", "#-", "#-1",
	":is(:has(a))", strings.Repeat("a ", 17), strings.Repeat("a", 301), ":is(" + strings.Repeat("a,", 20) + "a)", "a || b", "[a='x' q]",
}

// TestS49SelectorsAreBounded accepts what people write, and refuses what a
// browser would not read or would match for long.
func TestS49SelectorsAreBounded(t *testing.T) {
	t.Parallel()
	for _, s := range goodSelectors {
		if err := checkSelector(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range badSelectors {
		if err := checkSelector(s); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
}

func FuzzSelector(f *testing.F) {
	for _, s := range append(goodSelectors, badSelectors...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if checkSelector(s) == nil && (strings.ContainsAny(s, "{};@<") && !strings.ContainsAny(s, `"'\`)) {
			t.Errorf("%q was accepted", s)
		}
	})
}

func TestPageRules(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rules := r.hub.PageRules()
	add := func(rule PageRule) {
		t.Helper()
		if err := rules.Add(t.Context(), rule); err != nil {
			t.Fatal(err)
		}
	}
	add(PageRule{Treatment: Mask, Pages: "https://Shop.example:443/account/*", Selector: ".iban"})
	add(PageRule{Treatment: Mask, Pages: "https://shop.example/account/*", Selector: ".iban", AgentMayType: true})
	add(PageRule{Treatment: Private, Pages: "https://bank.example"})
	if got := rules.For("https://shop.example/account/1"); len(got) != 1 || !got[0].AgentMayType {
		t.Errorf("the account has %v", got)
	}
	if got := rules.For("https://shop.example/"); len(got) != 0 {
		t.Errorf("the shop has %v", got)
	}
	for _, bad := range []PageRule{
		{Treatment: Mask, Pages: "*", Selector: "a:contains(x)"}, {Treatment: Private, Pages: "*", Selector: "a"}, {Treatment: "none", Pages: "*", Selector: "a"},
		{Treatment: Block, Pages: "*", Selector: "a", AgentMayType: true}, {Treatment: Mask, Pages: "shop", Selector: "a"},
	} {
		if err := rules.Add(t.Context(), bad); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
	if err := rules.Remove(t.Context(), PageRule{Treatment: Mask, Pages: "https://shop.example/account/*", Selector: ".iban"}); err != nil {
		t.Error(err)
	}
	if err := rules.Remove(t.Context(), PageRule{Treatment: Mask, Pages: "https://shop.example/account/*", Selector: ".iban"}); err == nil {
		t.Error("a rule could be removed twice")
	}
	if got := rules.List(); len(got) != 1 || got[0].Pages != "https://bank.example/*" {
		t.Errorf("what is left is %v", got)
	}
}
