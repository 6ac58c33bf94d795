package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"tandem/rewrite"
)

// writeAttributes keeps the browser's table of attributes equal to the server's.
func writeAttributes(root string) error {
	return writeChanged(filepath.Join(root, "src", "attrs.ts"), attributes())
}

func attributes() []byte {
	var out bytes.Buffer
	out.WriteString("// Code generated from rewrite.Attrs by bundle; DO NOT EDIT.\n\n")
	out.WriteString("/** What the value of an attribute is. */\n")
	fmt.Fprintf(&out, "export type AttributeKind = %s;\n\n", strings.Join(kinds(), " | "))
	out.WriteString("/** By attribute, then by element; `*` stands for every element. */\n")
	out.WriteString("export const attributes: Record<string, Record<string, AttributeKind>> = {\n")
	for _, name := range names() {
		fmt.Fprintf(&out, "  '%s': { %s },\n", name, strings.Join(elements(name), ", "))
	}
	out.WriteString("};\n")
	return out.Bytes()
}

func kinds() []string {
	var list []string
	for _, a := range rewrite.Attrs {
		if kind := fmt.Sprintf("'%s'", a.Kind); !slices.Contains(list, kind) {
			list = append(list, kind)
		}
	}
	return list
}

func names() []string {
	var list []string
	for _, a := range rewrite.Attrs {
		if !slices.Contains(list, a.Name) {
			list = append(list, a.Name)
		}
	}
	return list
}

func elements(name string) []string {
	var list []string
	for _, a := range rewrite.Attrs {
		if a.Name != name {
			continue
		}
		if a.Elements == nil {
			list = append(list, fmt.Sprintf("'*': '%s'", a.Kind))
		}
		for _, element := range a.Elements {
			list = append(list, fmt.Sprintf("'%s': '%s'", element, a.Kind))
		}
	}
	return list
}
