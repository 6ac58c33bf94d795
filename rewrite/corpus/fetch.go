package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	minSize = 4 << 10
	maxSize = 8 << 20
	batch   = 12 // packages for one npm
)

// fetch brings the packages into dir by way of npm, as it is configured, and
// returns the names of the files picked from them, which are below dir/files.
func fetch(ctx context.Context, dir string) (names []string, err error) {
	list, err := files.ReadFile("packages.txt")
	if err != nil {
		return nil, err
	}
	packed := filepath.Join(dir, "packed")
	if err := os.MkdirAll(packed, 0o755); err != nil {
		return nil, err
	}
	packages := strings.Fields(string(list))
	var missing []string
	for _, p := range packages {
		if _, err := os.Stat(tarball(packed, p)); err != nil {
			missing = append(missing, p)
		}
	}
	for some := range slices.Chunk(missing, batch) {
		fmt.Fprintln(os.Stderr, "fetching", strings.Join(some, " "))
		npm := exec.CommandContext(ctx, "npm", append([]string{"pack", "--silent", "--ignore-scripts", "--pack-destination", packed}, some...)...)
		npm.Stderr = os.Stderr
		if err := npm.Run(); err != nil {
			return nil, fmt.Errorf("npm pack: %w", err)
		}
	}
	for _, p := range packages {
		picked, err := unpack(tarball(packed, p), filepath.Join(dir, "files"), p)
		if err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", p, err)
		}
		names = append(names, picked...)
	}
	return names, nil
}

// tarball is the file that npm pack makes of a package.
func tarball(dir, name string) string {
	name = strings.ReplaceAll(strings.TrimPrefix(name, "@"), "/", "-")
	at := strings.LastIndexByte(name, '@')
	return filepath.Join(dir, name[:at]+"-"+name[at+1:]+".tgz")
}

// unpack writes a package's largest minified files, its largest other one and two
// of middling size.
func unpack(from, dir, name string) (picked []string, err error) {
	var minified, others []*tar.Header
	err = each(from, func(h *tar.Header, _ io.Reader) error {
		if !isScript(h) {
			return nil
		}
		if strings.Contains(h.Name, ".min.") {
			minified = append(minified, h)
		} else {
			others = append(others, h)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	bySize := func(a, b *tar.Header) int { return int(b.Size - a.Size) }
	slices.SortStableFunc(minified, bySize)
	slices.SortStableFunc(others, bySize)
	wanted := make(map[string]bool)
	for _, h := range minified[:min(2, len(minified))] {
		wanted[h.Name] = true
	}
	for _, i := range []int{0, len(others) / 4, len(others) / 2} {
		if i < len(others) {
			wanted[others[i].Name] = true
		}
	}
	err = each(from, func(h *tar.Header, r io.Reader) error {
		if !wanted[h.Name] {
			return nil
		}
		_, inside, _ := strings.Cut(h.Name, "/")
		file := filepath.ToSlash(filepath.Join(name, inside))
		picked = append(picked, file)
		path := filepath.Join(dir, file)
		if at, err := os.Stat(path); err == nil && at.Size() == h.Size {
			return nil
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, text, 0o644)
	})
	return picked, err
}

func isScript(h *tar.Header) bool {
	ext := filepath.Ext(h.Name)
	return h.Typeflag == tar.TypeReg && (ext == ".js" || ext == ".mjs") && h.Size >= minSize && h.Size <= maxSize &&
		filepath.IsLocal(h.Name) && !strings.Contains(h.Name, "/test") && !strings.Contains(h.Name, "/locale")
}

// each calls f for every entry of a compressed archive.
func each(name string, f func(*tar.Header, io.Reader) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(h, r); err != nil {
			return err
		}
	}
}
