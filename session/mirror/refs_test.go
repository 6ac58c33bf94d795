package mirror

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	base, ok := parseAddress("https://e.org:8443/a/b/c.html?q=1#f")
	if !ok || base.String() != "https://e.org:8443/a/b/c.html?q=1" {
		t.Fatalf("base is %v", base)
	}
	for ref, want := range map[string]string{
		"x.png":                           "https://e.org:8443/a/b/x.png",
		"x.png#f":                         "https://e.org:8443/a/b/x.png",
		"/x":                              "https://e.org:8443/x",
		"../x":                            "https://e.org:8443/a/x",
		"../../../x":                      "https://e.org:8443/x",
		"./x/./y/../z/.":                  "https://e.org:8443/a/b/x/z/",
		"x/..":                            "https://e.org:8443/a/b/",
		"%2e%2E/x":                        "https://e.org:8443/a/x",
		".x/..y/...":                      "https://e.org:8443/a/b/.x/..y/...",
		"?r=2":                            "https://e.org:8443/a/b/c.html?r=2",
		"?":                               "https://e.org:8443/a/b/c.html?",
		"x?a/../b":                        "https://e.org:8443/a/b/x?a/../b",
		"//cdn.org/x":                     "https://cdn.org/x",
		`\\cdn.org\x\y?\z`:                `https://cdn.org/x/y?\z`,
		"///cdn.org/x":                    "https://cdn.org/x",
		"http://CDN.org:80/x":             "http://cdn.org/x",
		"http:/cdn.org/x":                 "http://cdn.org/x",
		"http:cdn.org/x":                  "http://cdn.org/x",
		"https:x":                         "https://e.org:8443/a/b/x",
		"HTTPS:/x.org":                    "https://x.org/",
		"https://cdn.org":                 "https://cdn.org/",
		"https://cdn.org?x":               "https://cdn.org/?x",
		"https://cdn.org./x":              "https://cdn.org/x",
		"https://cdn.org:443/x":           "https://cdn.org/x",
		"https://cdn.org:0081/x":          "https://cdn.org:81/x",
		"https://u:p@cdn.org/x":           "https://cdn.org/x",
		"https://a@b@cdn.org/x":           "https://cdn.org/x",
		"https://bücher.example/ü?ü":      "https://xn--bcher-kva.example/%C3%BC?%C3%BC",
		"https://[::1]:80/x":              "https://[::1]:80/x",
		"https://[::1]/x":                 "https://[::1]/x",
		" \t\n x y \r\n":                  "https://e.org:8443/a/b/x%20y",
		"x\ty\nz":                         "https://e.org:8443/a/b/xyz",
		"h\nttps://cdn.org/x":             "https://cdn.org/x",
		"x\"<>`{}|^[]":                    "https://e.org:8443/a/b/x%22%3C%3E%60%7B%7D|^[]",
		"x?\"<>'`{}|^":                    "https://e.org:8443/a/b/x?%22%3C%3E%27`{}|^",
		"%zz%":                            "https://e.org:8443/a/b/%zz%",
		"a:b":                             "",
		"1a:b":                            "https://e.org:8443/a/b/1a:b",
		":b":                              "https://e.org:8443/a/b/:b",
		"":                                "",
		"  ":                              "",
		"#x":                              "",
		"data:image/png;base64,AA":        "",
		"javascript:x":                    "",
		"https://":                        "",
		"https:///":                       "",
		"//":                              "",
		"https://e.org:99999/":            "",
		"https://e.org:x/":                "",
		"https://a b/":                    "",
		"https://a%41/":                   "",
		"https://\xed\xa0\x80/":           "",
		"\xed\xa0\x80":                    "https://e.org:8443/a/b/%EF%BF%BD",
		"https://e.org/\u0001\u007f":      "https://e.org/%01%7F",
		"//e.org:/x":                      "https://e.org/x",
		"http://e.org/a/%2e%2e/%2E./.%2e": "http://e.org/",
	} {
		got, ok := base.resolve(ref)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("resolve(%q) = %q, %v, want %q", ref, got, ok, want)
		}
	}
	if got, ok := (address{}).resolve("/x"); ok {
		t.Errorf("a relative URL without base is %v", got)
	}
}

// FuzzResolve compares with net/url where both understand a reference.
func FuzzResolve(f *testing.F) {
	f.Add("a/../b?c#d")
	f.Add("//x.org/%2e/.")
	f.Fuzz(func(t *testing.T, ref string) {
		base, _ := parseAddress("https://e.org/a/b?c")
		got, ok := base.resolve(ref)
		if !ok {
			return
		}
		if again, ok := base.resolve(got.String()); !ok || again != got {
			t.Errorf("%q is %q, which is %q", ref, got, again)
		}
		u, err := url.Parse(got.String())
		if err != nil {
			if !strings.Contains(got.String(), "%") && !strings.Contains(got.String(), "[") {
				t.Errorf("%q is %q, which is no URL: %v", ref, got, err)
			}
			return
		}
		if strings.Trim(ref, "abcdefghijklmnopqrstuvwxyz/.?=") != "" || strings.Contains(ref, "//") {
			return
		}
		theirs, err := url.Parse("https://e.org/a/b?c")
		if err != nil {
			t.Fatal(err)
		}
		if theirs, err = theirs.Parse(ref); err != nil || theirs.String() != u.String() {
			t.Errorf("%q is %q, net/url says %q (%v)", ref, u, theirs, err)
		}
	})
}

func TestCSSURLs(t *testing.T) {
	t.Parallel()
	for css, want := range map[string][]string{
		`a{b:url(x)}`:                     {"x"},
		`a{b:url( "x" )}`:                 {"x"},
		`a{b:URL('x\'y')}`:                {"x'y"},
		`a{b:u\72 l(x)}`:                  {"x"},
		`a{b:\75 RL(x)}`:                  {"x"},
		`a{b:url(x\29 y)}`:                {"x)y"},
		`a{b:url(x y`:                     {"x y"},
		`a{b:url(`:                        {""},
		`a{b:url("x`:                      {"x"},
		`url(a),url(b)`:                   {"a", "b"},
		`my-url(x)`:                       nil,
		`curl(x)`:                         nil,
		`url (x)`:                         nil,
		`/* url(x) */ url(y) /* url(z)`:   {"y"},
		`a{content:"url(x)"}`:             nil,
		`@import "x";@IMPORT 'y' screen;`: {"x", "y"},
		`@import/**/url(x)`:               {"x"},
		`@import "x\`:                     {`x\`},
		`@charset "x";`:                   nil,
		`image-set("a" 1x, url(b) 2x, "c" type("d"))`:       {"a", "b", "c", "d"},
		`-webkit-image-set("a" 1x) "b"`:                     {"a"},
		`@font-face{src:url(a) format("woff2"),local("b")}`: {"a"},
		`src(x)`: {"x"},
		`url(data:image/svg+xml;utf8,<svg\ xmlns=\"x\">)`: {`data:image/svg+xml;utf8,<svg xmlns="x">`},
		"a{b:\"x\ny:url(z)}":                              {"z"},
		`\`:                                               nil,
		`@`:                                               nil,
		`(\`:                                              nil,
		`url(\`:                                           {`\`},
	} {
		var got []string
		cssURLs(css, func(u string) bool { got = append(got, u); return true })
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", css, got, want)
		}
	}
}

func TestSrcset(t *testing.T) {
	t.Parallel()
	for srcset, want := range map[string][]string{
		"a":                              {"a"},
		"a 1x, b 2x":                     {"a", "b"},
		" a 100w ,b 200w":                {"a", "b"},
		"a,b":                            {"a,b"},
		"a, b":                           {"a", "b"},
		"a,, b":                          {"a", "b"},
		"data:image/png;base64,AA 1x, b": {"data:image/png;base64,AA", "b"},
		"a (x, y) 1x, b":                 {"a", "b"},
		",,a":                            {"a"},
		"":                               nil,
		" , ":                            nil,
		"a 1x,":                          {"a"},
	} {
		var got []string
		srcsetURLs(srcset, func(u string) bool { got = append(got, u); return true })
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", srcset, got, want)
		}
	}
}

// FuzzRefs looks for endless loops and panics.
func FuzzRefs(f *testing.F) {
	f.Add(`@import "a";p{b:url(c)}/*`)
	f.Add(`a 1x, b (2x,`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range []refKind{refURL, refSrcset, refCSS} {
			count := 0
			for range (ref{kind, s}).urls {
				count++
			}
			if count > len(s)+1 {
				t.Errorf("%d URLs in %q", count, s)
			}
			for range (ref{kind, s}).urls {
				break
			}
		}
	})
}
