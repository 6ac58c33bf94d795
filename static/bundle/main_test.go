package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDistIsAFreshBuild(t *testing.T) {
	t.Parallel()
	root := staticRoot(t)
	built, err := build(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(built.OutputFiles) == 0 {
		t.Fatal("nothing was built")
	}
	for _, file := range built.OutputFiles {
		got, err := os.ReadFile(file.Path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, file.Contents) {
			t.Errorf("%s differs from a fresh build: run go run ./static/bundle", filepath.Base(file.Path))
		}
	}
}

func TestAttributesAreTheServers(t *testing.T) {
	t.Parallel()
	got, err := os.ReadFile(filepath.Join(staticRoot(t), "src", "attrs.ts"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, attributes()) {
		t.Error("attrs.ts differs from rewrite.Attrs: run go run ./static/bundle")
	}
}

func TestWordsAreTheCatalogues(t *testing.T) {
	t.Parallel()
	root := staticRoot(t)
	english, err := readWords(filepath.Join(root, "words", "en.json"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := wordScripts(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) < 3 {
		t.Errorf("there are words in %d languages", len(want))
	}
	want["../src/ui/messages.ts"] = messageTypes(english)
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(root, "dist", name)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s differs from static/words (%v): run go run ./static/bundle", name, err)
		}
	}
}

// layers lists, per part of src, the parts it may import. A part is a directory or a file of src. Entries may
// import everything, and everything may import what is listed under "".
var layers = map[string]string{
	"natives":    "",
	"unscript":   "natives",
	"trusted":    "natives",
	"patch":      "natives unscript",
	"sha256":     "natives",
	"attrs":      "",
	"config":     "natives",
	"url":        "natives config punycode sha256",
	"punycode":   "natives",
	"css":        "natives",
	"html":       "natives attrs",
	"realm":      "natives patch config url",
	"reflection": "natives patch realm",
	"script":     "natives realm",
	"ancestors":  "natives realm performed",
	"framemarks": "natives realm sha256",
	"selectors":  "natives css",
	"performed":  "natives",
	"papers":     "natives",
	"inline":     "natives realm",
	"runtime":    "natives patch realm url script trusted reflection ancestors framemarks inline",
	"hooks":      "natives patch realm url config attrs html css script runtime trusted unscript ancestors selectors performed framemarks papers inline",
	"install":    "natives patch realm config url script runtime hooks ancestors inline",
	"ui":         "protocol",
}

func TestImportsPointDownwards(t *testing.T) {
	t.Parallel()
	built, err := build(staticRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	var meta struct {
		Inputs map[string]struct {
			Imports []struct{ Path string }
		}
	}
	if err := json.Unmarshal([]byte(built.Metafile), &meta); err != nil {
		t.Fatal(err)
	}
	for from, input := range meta.Inputs {
		allowed, ruled := layers[part(from)]
		for _, to := range input.Imports {
			if ruled && part(to.Path) != part(from) && !contains(allowed, part(to.Path)) {
				t.Errorf("%s imports %s; it may import %q only", from, to.Path, allowed)
			}
		}
	}
}

func contains(list, word string) bool {
	for _, w := range strings.Fields(list) {
		if w == word {
			return true
		}
	}
	return false
}

// part is "hooks" for src/hooks/fetch.ts and "url" for src/url.ts.
func part(path string) string {
	path = strings.TrimPrefix(filepath.ToSlash(path), "src/")
	dir, _, nested := strings.Cut(path, "/")
	if nested {
		return dir
	}
	return strings.TrimSuffix(path, filepath.Ext(path))
}

func staticRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}
