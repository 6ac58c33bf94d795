package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
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
