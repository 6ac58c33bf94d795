package rewrite

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestGolden rewrites the file "in.<kind>" of every archive and compares it with
// "out.<kind>". Run with -update to write the latter.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in := a.Files[0]
			kind, ok := strings.CutPrefix(in.Name, "in.")
			if !ok || len(a.Files) > 2 {
				t.Fatal("want the files in.<kind> and out.<kind>")
			}
			got := rewriteAs(t, kind, in.Data)
			if *update {
				a.Files = []txtar.File{in, {Name: "out." + kind, Data: got}}
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(a.Files) != 2 || !bytes.Equal(got, a.Files[1].Data) {
				t.Errorf("output differs from the golden file; run with -update and look at the difference:\n%s", got)
			}
		})
	}
}

func rewriteAs(t *testing.T, kind string, src []byte) []byte {
	m := testMapper()
	switch kind {
	case "html":
		return []byte(rewritten(t, bytes.NewReader(src), Page{}))
	case "xhtml":
		return []byte(rewritten(t, bytes.NewReader(src), Page{XHTML: true}))
	case "css":
		return CSS(nil, src, m.AppendMap)
	case "js", "mjs":
		s := Script{Mapper: m}
		if kind == "mjs" {
			s.Kind = ScriptModule
		}
		out, tier := JS(src, s)
		if tier != TierParsed {
			t.Errorf("tier %d", tier)
		}
		if err := syntaxErrors(string(out)); err != "" {
			t.Error(err)
		}
		return out
	}
	t.Fatalf("no such kind: %s", kind)
	return nil
}
