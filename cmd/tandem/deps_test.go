package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// module is the prefix of our own packages.
const module = "tandem/"

// imports says which of our top directories may import
// which others, beside what is below themselves. Tests count as well, except
// those of cmd, which try the whole program.
var imports = map[string][]string{
	"cmd":           {"proxy", "session", "certs"},
	"proxy":         {"rewrite", "session", "static"},
	"rewrite":       nil,
	"session":       nil,
	"static":        nil,
	"static/bundle": {"rewrite"}, // makes the TypeScript twins of its tables
	"certs":         nil,
}

// TestImports keeps the packages in their layers.
func TestImports(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		from, ok := strings.CutPrefix(p.ImportPath, module)
		if !ok {
			continue
		}
		layer := layerOf(from)
		allowed, known := imports[layer]
		if !known {
			t.Errorf("%s is in no layer", p.ImportPath)
		}
		seen[layer] = true
		all := p.Imports
		if layer != "cmd" {
			all = slices.Concat(p.Imports, p.TestImports, p.XTestImports)
		}
		for _, path := range all {
			to, ours := strings.CutPrefix(path, module)
			if ours && layerOf(to) != layer && !slices.Contains(allowed, layerOf(to)) {
				t.Errorf("%s must not import %s", p.ImportPath, path)
			}
		}
	}
	for layer := range imports {
		if !seen[layer] {
			t.Errorf("no package in %s", layer)
		}
	}
}

// layerOf returns the key of imports that a path below the module belongs to.
func layerOf(path string) string {
	if path == "static/bundle" || strings.HasPrefix(path, "static/bundle/") {
		return "static/bundle"
	}
	top, _, _ := strings.Cut(path, "/")
	return top
}

// S04: what asks sites goes by the one transport; the standard library's own
// would follow HTTP_PROXY past the guard.
func TestS04NoOtherTransport(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`\bhttp\.(DefaultTransport|DefaultClient|Get|Head|Post|PostForm|ProxyFromEnvironment)\b|websocket\.DefaultDialer|\bhttp\.Client\{(Timeout[^}]*)?\}|new\(http\.Client\)|var \w+ http\.Client\b`)
	looked := 0
	for _, dir := range []string{"proxy", "rewrite", "session", "static", "certs", "cmd"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, d fs.DirEntry, err error) error {
			if d != nil && d.Name() == "node_modules" {
				return fs.SkipDir
			}
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if found := forbidden.Find(text); found != nil {
				t.Errorf("%s uses %s", path, found)
			}
			looked++
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if looked < 100 {
		t.Errorf("looked at %d files only", looked)
	}
}
