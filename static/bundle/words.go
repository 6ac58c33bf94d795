package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// catalogue is one language's words by their keys: a text, or texts by plural category (CLDR).
type catalogue map[string]json.RawMessage

// serversOnly begins the keys of what no script says.
const serversOnly = "problem."

// writeWords keeps what the type checker knows of the words, and what pages load of them, equal to the catalogues.
func writeWords(root string) error {
	english, err := readWords(filepath.Join(root, "words", "en.json"))
	if err != nil {
		return err
	}
	if err := writeChanged(filepath.Join(root, "src", "ui", "messages.ts"), messageTypes(english)); err != nil {
		return err
	}
	scripts, err := wordScripts(root)
	for name, script := range scripts {
		if err := writeChanged(filepath.Join(root, "dist", name), script); err != nil {
			return err
		}
	}
	return err
}

func readWords(path string) (catalogue, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var words catalogue
	if err := json.Unmarshal(text, &words); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	maps.DeleteFunc(words, func(key string, _ json.RawMessage) bool { return strings.HasPrefix(key, serversOnly) })
	return words, nil
}

var placeholder = regexp.MustCompile(`\{([a-z]+)\}`)

// messageTypes tells the type checker the keys, and what has to be put into each text.
func messageTypes(english catalogue) []byte {
	var out bytes.Buffer
	out.WriteString("// Code generated from words/en.json by bundle; DO NOT EDIT.\n\n")
	out.WriteString("/** Every text by its key, with the names of what is put into it. */\n")
	out.WriteString("export interface Messages {\n")
	for _, key := range slices.Sorted(maps.Keys(english)) {
		var names []string
		for _, found := range placeholder.FindAllStringSubmatch(string(english[key]), -1) {
			if name := "'" + found[1] + "'"; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if names == nil {
			names = []string{"never"}
		}
		fmt.Fprintf(&out, "  '%s': %s;\n", key, strings.Join(names, " | "))
	}
	out.WriteString("}\n")
	return out.Bytes()
}

// wordScripts are the scripts that pages load before their own: words-de.js for German.
func wordScripts(root string) (map[string][]byte, error) {
	paths, err := filepath.Glob(filepath.Join(root, "words", "*.json"))
	if err != nil {
		return nil, err
	}
	scripts := make(map[string][]byte)
	for _, path := range paths {
		words, err := readWords(path)
		if err != nil {
			return nil, err
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(words); err != nil {
			return nil, err
		}
		language := strings.TrimSuffix(filepath.Base(path), ".json")
		scripts["words-"+language+".js"] = fmt.Appendf(nil, "tandemWords=%s;\n", bytes.TrimSpace(text.Bytes()))
	}
	return scripts, nil
}
