package rewrite

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tdewolff/parse/v2"
	tdcss "github.com/tdewolff/parse/v2/css"
)

func TestCSS(t *testing.T) {
	m := testMapper()
	for _, tt := range [][2]string{
		{`a{b:url(https://cdn.example/x.png)}`, `a{b:url(http:§/x.png)}`},
		{`a{b:url( "//cdn.example/x" ), URL('//cdn.example/y')}`, `a{b:url( "§/x" ), URL('§/y')}`},
		{`a{b:url(//cdn.example/a\)b)}`, `a{b:url(§/a\)b)}`},
		{`a{b:u\72l(//cdn.example/)} a{b:\55 rl("//cdn.example/")}`, `a{b:u\72l(§/)} a{b:\55 rl("§/")}`},
		{`a{b:url("https\3a //cdn.example/\"")}`, `a{b:url("http:§/\"")}`},
		{"a{b:url('https://cdn\\\n.example/')}", "a{b:url('http:§/')}"},
		{`@import "//cdn.example/a.css" layer(x) supports(display: grid);`, `@import "§/a.css" layer(x) supports(display: grid);`},
		{`@IMPORT/**/url(//cdn.example/a);@\69mport '//cdn.example/b'`, `@IMPORT/**/url(§/a);@\69mport '§/b'`},
		{`@font-face{src:local("//cdn.example/"),url(//cdn.example/f.woff2) format("woff2")}`, `@font-face{src:local("//cdn.example/"),url(§/f.woff2) format("woff2")}`},
		{`a{b:image-set("//cdn.example/a" 1x, url(//cdn.example/b) 2x type("//cdn.example/c"), "x" 3x)}`, `a{b:image-set("§/a" 1x, url(§/b) 2x type("//cdn.example/c"), "x" 3x)}`},
		{`a{b:-webkit-image-set(url("//cdn.example/a") 1x); c:src("//cdn.example/d")}`, `a{b:-webkit-image-set(url("§/a") 1x); c:src("§/d")}`},
		{"a{b:url(//cdn.example/a\\\n);c:url(//cdn.example/b)}", "a{b:url(//cdn.example/a\\\n);c:url(§/b)}"},
		{`:root{--x:url(//cdn.example/x)}`, `:root{--x:url(§/x)}`},
		{`@charset "utf-8";@layer a;a{b:url(//cdn.example/)}`, `@charset "utf-8";@layer a;a{b:url(§/)}`},
		{`@property --x{syntax:"<url>";inherits:false;initial-value:url(//cdn.example/)}`, `@property --x{syntax:"<url>";inherits:false;initial-value:url(§/)}`},
		{`a{b:cross-fade(url(//cdn.example/a), url("//cdn.example/b") 50%);c:image("//cdn.example/c", red)}`, `a{b:cross-fade(url(§/a), url("§/b") 50%);c:image("§/c", red)}`},
		{`@document url(//cdn.example/){a{b:paint(url(//cdn.example/x))}}@view-transition{navigation:auto}`, `@document url(§/){a{b:paint(url(§/x))}}@view-transition{navigation:auto}`},
		// not URLs
		{`a{b:attr(data-url type(<url>));c:local("//cdn.example/")}@charset "//cdn.example/";`, ``},
		{`@namespace url(http://www.w3.org/1999/xhtml);@namespace svg "http://www.w3.org/2000/svg";a{b:url(//cdn.example/)}`,
			`@namespace url(http://www.w3.org/1999/xhtml);@namespace svg "http://www.w3.org/2000/svg";a{b:url(§/)}`},
		{`a[x]{content:"url(//cdn.example/)"}`, ``},
		// selectors
		{`a[href="//cdn.example/x"]{b:c}`, `a:is([href="//cdn.example/x"],[href="§/x"]){b:c}`},
		{`a:not([ xlink|href ^= '//cdn.example' i ])b{}`, `a:not(:is([ xlink|href ^= '//cdn.example' i ],[ xlink|href ^= '§' i ]))b{}`},
		{`[href*="cdn.example"]{} [href*="cdn-a.example/x"]`, `:is([href*="cdn.example"],[href*="cdn-example"]){} :is([href*="cdn-a.example/x"],[href*="` + strings.TrimPrefix(testMapper().Map("//cdn-a.example/x"), "//") + `"])`},
		{`[href*="example."]{}`, `:is([href*="example."],[href*="example-"]){}`},
		{`[href="\2f/cdn.example/\"']{}`, ``},
		{`[href="\2f/cdn.example/\""]{}`, `:is([href="\2f/cdn.example/\""],[href="§/\""]){}`},
		{`[href*=".pdf"]{} [href$="cdn.example"] [href*="a..b"] [href*=cdn] [class*="a b.c"] [href^="http"] [a=b] [c`, ``},
		{`a{grid-area:[x] 1 / [y];--b:[} [href="//cdn.example`, ``},
		{`/* url(//cdn.example/) */ a{b:c}`, ``},
		{`a{b:my-url(//cdn.example/);c:#url(//cdn.example/);d:1url(//cdn.example/)}`, ``},
		{`a{b:url(data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E);c:url(/x//y)}`, ``},
		{`a{b:url(//cdn.example/ x);c:url(//cdn.example/"x);d:url(/y)}`, ``},
		// broken off
		{`a{b:url(//cdn.example/`, `a{b:url(§/`},
		{`a{b:url("//cdn.example/`, `a{b:url("§/`},
		{"a{b:url(\"//cdn.example/x\ny)} c{d:url(//cdn.example/)}", "a{b:url(\"§/x\ny)} c{d:url(§/)}"},
		{`a{b:url(`, ``},
		{`a{b:url(//cdn.example/\`, `a{b:url(§/`},
		{`@import`, ``},
	} {
		want := strings.ReplaceAll(tt[1], "§", strings.TrimPrefix(cdn, "http:"))
		if tt[1] == "" {
			want = tt[0]
		}
		got := CSS([]byte("x"), []byte(tt[0]), m.AppendMap)
		if string(got) != "x"+want {
			t.Errorf("\n  in   %s\n  got  %s\n  want %s", tt[0], got[1:], want)
		}
	}
}

func FuzzCSS(f *testing.F) {
	for _, s := range []string{`a{b:url(//c.d/\)e)}`, `@import "//a.b";`, `u\72l(//a.b)`, `image-set("//a.b" 1x)`, `/**/@namespace "x";`, "\\"} {
		f.Add(s)
	}
	m := testMapper()
	f.Fuzz(func(t *testing.T, in string) {
		if got := CSS(nil, []byte(in), func(dst, url []byte) []byte { return append(dst, url...) }); string(got) != in {
			t.Fatalf("nothing mapped, but %q became %q", in, got)
		}
		once := CSS(nil, []byte(in), m.AppendMap)
		if twice := CSS(nil, once, m.AppendMap); !bytes.Equal(once, twice) {
			t.Fatalf("%q: once %q, twice %q", in, once, twice)
		}
	})
}

// FuzzCSSTokens holds the scanner against a whole tokenizer: both see the same
// unquoted and quoted url() tokens.
func FuzzCSSTokens(f *testing.F) {
	f.Add(`a{b:url(//c.d/e)} c[d="url(x)"]{e:url( "y" )}`)
	f.Fuzz(func(t *testing.T, in string) {
		if strings.ContainsAny(in, "\\\x00@") || strings.Contains(in, "src") || strings.Contains(in, "image") {
			return
		}
		var want int
		lexer := tdcss.NewLexer(parse.NewInputString(in + "//"))
		for {
			tt, text := lexer.Next()
			if tt == tdcss.ErrorToken {
				break
			}
			if tt == tdcss.URLToken && text[len(text)-1] == ')' {
				want++
			}
		}
		got := 0
		CSS(nil, []byte(in+"//"), func(dst, url []byte) []byte { got++; return append(dst, url...) })
		if got < want {
			t.Fatalf("%q: %d URLs, the tokenizer sees %d", in, got, want)
		}
	})
}

// A mapURL may want relative URLs too: followers' style sheets lead to the store.
func TestCSSSourceMap(t *testing.T) {
	for _, tt := range [][2]string{
		{"a{}\n/*# sourceMappingURL=a.css.map */", "a{}\n/*$# sourceMappingURL=a.css.map */"},
		{"a{b:'/*# sourceMappingURL=a */'}/* # sourceMappingURL=b */", "a{b:'/*# sourceMappingURL=a */'}/* # sourceMappingURL=b */"},
	} {
		if got := string(CSS(nil, []byte(tt[0]), testMapper().AppendMap)); got != tt[1] {
			t.Errorf("CSS(%q) = %q, want %q", tt[0], got, tt[1])
		}
	}
}

func TestCSSMapsRelative(t *testing.T) {
	got := string(CSS(nil, []byte(`@font-face{src:url(/fonts/a.woff2)}`), func(dst, url []byte) []byte {
		return append(append(dst, "/store"...), url...)
	}))
	if want := `@font-face{src:url(/store/fonts/a.woff2)}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
