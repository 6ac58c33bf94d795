// Command bundle builds the browser side: it joins static/src into static/dist with esbuild's Go API, so that no
// Node is needed. Run it in the module's root after every change of src:
//
//	go run ./static/bundle
//
// Every entry becomes one classic script, because the sync script has to run before anything else in a page and
// modules run too late. The output depends on nothing but the sources; a test holds dist equal to a fresh build.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// entries are the scripts a page of ours or of a site loads. One whose source is missing is skipped.
var entries = []string{"sync", "worker", "shell", "console", "overview", "consent", "code", "view", "storage", "problem", "pdf"}

func main() {
	root, err := staticDir()
	if err == nil {
		err = generate(root)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

// staticDir finds the static directory from the module's root or from inside static itself (go generate).
func staticDir() (string, error) {
	for _, dir := range []string{"static", ".", ".."} {
		if _, err := os.Stat(filepath.Join(dir, "src", "natives.ts")); err == nil {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("run me in the root of the module")
}

func generate(root string) error {
	if err := writeAttributes(root); err != nil {
		return fmt.Errorf("writing attrs.ts: %w", err)
	}
	if err := writeWords(root); err != nil {
		return fmt.Errorf("writing words: %w", err)
	}
	built, err := build(root)
	if err != nil {
		return err
	}
	for _, file := range built.OutputFiles {
		if err := writeChanged(file.Path, file.Contents); err != nil {
			return err
		}
	}
	return nil
}

// build bundles every entry in memory. AbsWorkingDir keeps the directory we are run in out of the output.
func build(root string) (api.BuildResult, error) {
	points, err := entryPoints(root)
	if err != nil {
		return api.BuildResult{}, err
	}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     root,
		EntryPoints:       points,
		Outdir:            "dist",
		Outbase:           "src",
		Bundle:            true,
		Format:            api.FormatIIFE,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		MinifyWhitespace:  true, // bytes matter: a page waits for the sync script before its own first one
		MinifySyntax:      true,
		MinifyIdentifiers: true,
		Metafile:          true,
		TsconfigRaw:       `{"compilerOptions":{"strict":true,"verbatimModuleSyntax":true}}`,
		LogLevel:          api.LogLevelSilent,
	})
	for i := range result.OutputFiles {
		if file := &result.OutputFiles[i]; filepath.Base(file.Path) == "worker.js" {
			file.Contents = oneLine(file.Contents)
		}
	}
	return result, messages(result.Errors)
}

// oneLine makes a minified script, in which line ends stand in template literals only, one line. What follows it in a
// worker then has the line numbers its author knows.
func oneLine(script []byte) []byte {
	return bytes.ReplaceAll(bytes.TrimSuffix(script, []byte("\n")), []byte("\n"), []byte(`\n`))
}

func entryPoints(root string) ([]string, error) {
	var points []string
	for _, name := range entries {
		point := filepath.Join("src", name+".ts")
		if _, err := os.Stat(filepath.Join(root, point)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		points = append(points, point)
	}
	sheets, err := filepath.Glob(filepath.Join(root, "src", "*.css"))
	for _, sheet := range sheets {
		points = append(points, filepath.Join("src", filepath.Base(sheet)))
	}
	return points, err
}

func messages(list []api.Message) error {
	if len(list) == 0 {
		return nil
	}
	lines := api.FormatMessages(list, api.FormatMessagesOptions{Kind: api.ErrorMessage})
	return errors.New(strings.TrimSpace(strings.Join(lines, "")))
}

// writeChanged leaves an equal file alone, so that file times say what really changed.
func writeChanged(path string, body []byte) error {
	if old, err := os.ReadFile(path); err == nil && string(old) == string(body) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, body, 0o644)
}
