package rewrite

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestUnscript writes, with -update, what static/src/unscript.ts is tested with.
func TestUnscript(t *testing.T) {
	const file = "testdata/unscript.json"
	type vector struct {
		In  string `json:"in"`
		Out string `json:"out"`
	}
	var vectors []vector
	for _, in := range []string{
		"", "$", "/*$", "a$b /* $x */", "$('#top').top", "`${a}$`", "location", "location.href = top", "({location, top, eval})", "({ location } = w)",
		"l\\u006fcation; ({t\\u006fp})", "function f() { return(a).location }", "a?.b.location; a?.b['top']; a?.b . top", "w.top.location['location']",
		"eval( x ); (0, eval)(x); eval(eval)", "import(a); import('https://cdn.example/x.js')", "import a from 'https://cdn.example/a.js'; export * from \"//cdn.example/b.js\"",
		"import.meta.url", "with (a) { location; ({top}) }", "var location = 'x'", ")) location.href; a.top.x",
		"({location}) => location; (async ({top: t}) => t); function f({location: l}, {top}) { top }", "window[k](a); self[k]; new a.top(); new window[k]",
		"with (a) location = b", "@a.top.b class A {}", "const {a: {location}, b} = w, c = 1", "for (const {top} of w) f(top)\nx", "({a: {top: t}} = w)",
		"try {} catch ({location: l}) { l }", "({...window, ...self})",
		"top//# sourceMappingURL=x.map", "a\n//# sourceMappingURL=x.map\n// end\n", "a/*# sourceMappingURL=x*/", "'//# sourceMappingURL=x'",
	} {
		out, _ := JS([]byte(in), Script{Mapper: testMapper()})
		vectors = append(vectors, vector{string(out), in})
	}
	vectors = append(vectors, vector{"/*$url'a", "'a"}, vector{"/*$url'a'*/'b", "'a'"}, vector{"x/*$*/:", "x"}, vector{"$tandem", "$tandem"}, vector{"x/*$const*/ y", "xconst y"})
	if *update {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(vectors); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var kept []vector
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil || len(kept) != len(vectors) {
		t.Fatalf("%s: %d vectors, %v; run with -update", file, len(kept), err)
	}
	for i, v := range vectors {
		if kept[i] != v {
			t.Errorf("%s has %q, the rewriter gives %q", file, kept[i], v)
		}
		if got := Unscript(v.In); got != v.Out {
			t.Errorf("Unscript(%q) = %q, want %q", v.In, got, v.Out)
		}
	}
}

// TestUnscriptCorpus maps every script back.
func TestUnscriptCorpus(t *testing.T) {
	for _, f := range corpus(t) {
		if bytes.Contains(f.text, []byte("/*$")) {
			continue
		}
		out, _ := JS(f.text, Script{Mapper: testMapper()})
		if got := Unscript(string(out)); got != string(f.text) {
			i := 0
			for i < len(got) && i < len(f.text) && got[i] == f.text[i] {
				i++
			}
			t.Errorf("%s: %q instead of %q", f.name, short([]byte(got)[max(0, i-40):]), short(f.text[max(0, i-40):]))
		}
	}
}

func FuzzUnscript(f *testing.F) {
	for _, s := range []string{"$tandem.o(a/*$*/).top", "/*$url'a'*/'b'", "location/*$*/:$tandem.location", "a/*$.*/?.top", "/*$*/$tandem.v("} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Unscript(s)
		if len(out) > len(s) || !strings.Contains(s, "$") && out != s {
			t.Errorf("Unscript(%q) = %q", s, out)
		}
	})
}
