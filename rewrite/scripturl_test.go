package rewrite

import (
	"bytes"
	"strings"
	"testing"
)

func TestScriptURLsHaveNoDocumentOfTheirOwn(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"void(0)", "void(0)"},
		{" void 0; ", " void 0; "},
		{"", ""},
		{"go()", "$tandem.html(go()/*$*/)"},
		{"go();", "$tandem.html(go()/*$*/);"},
		{"'<p>' + location", "$tandem.html('<p>' + $tandem.location/*$*/)"},
		{"a, b", "$tandem.html(a, b/*$*/)"},
		{"a // b", "$tandem.html(a // b\n/*$*/)"},
		{"void 0, '<p>'", "$tandem.html(void 0, '<p>'/*$*/)"},
		{"var a = 1; '<p>'", "var a = 1; '<p>'\n;$tandem.v(/*$*/)"},
		{"if (a) '<p>'", "if (a) '<p>'\n;$tandem.v(/*$*/)"},
		{"{ '<p>' }", "{ '<p>' }\n;$tandem.v(/*$*/)"},
		{"{}/1),('<p>'/1", "{}/1),('<p>'/1\n;$tandem.v(/*$*/)"},
		{"0),('<p>'", "0),('<p>'\n;$tandem.v(/*$*/)"},
		{"$tandem.html(0),('<p>'/*$*/)", "$tandem.html($tandem.html(0),('<p>'/*$*/)/*$*/)"},
		{"0); ('<p>'", "0); ('<p>'\n;$tandem.v(/*$*/)"},
		{"'<p>' /*", "'<p>' /*\n;$tandem.v(/*$*/)"}, // runs nowhere
	} {
		out, _ := JS([]byte(c.in), Script{Kind: ScriptURL})
		if string(out) != c.want {
			t.Errorf("%q became %q, want %q", c.in, out, c.want)
		}
		if strings.HasPrefix(c.want, "$tandem.html(") {
			if again, _ := JS(out, Script{Kind: ScriptURL}); bytes.Count(again, []byte(".html(")) != strings.Count(c.want, ".html(") {
				t.Errorf("%q became %q the second time", out, again)
			}
		}
	}
}

func TestScriptURLsReadBack(t *testing.T) {
	for _, in := range []string{"go()", "go(location);", "'<p>' + top.x"} {
		out, _ := JS([]byte(in), Script{Kind: ScriptURL})
		if got := Unscript(string(out)); got != in {
			t.Errorf("%q came back from %q as %q", in, out, got)
		}
	}
}
