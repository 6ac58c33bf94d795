package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What the README tells people to type is what the program takes.
func TestReadmeCommands(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	commands := fenced(string(readme))
	for _, line := range commands {
		words := strings.Fields(line)
		switch strings.TrimPrefix(words[0], "./bin/") {
		case "tandem":
			checkCommand(t, line, words[1:])
		case "make":
			for _, target := range words[1:] {
				if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(makefile) {
					t.Errorf("%s: there is no target %s", line, target)
				}
			}
		}
	}
	if len(commands) == 0 {
		t.Error("the README has no commands")
	}
}

// fenced returns the command lines of a document's code blocks, whole and
// without remarks.
func fenced(document string) (commands []string) {
	for i, block := range strings.Split(document, "\n```") {
		if i%2 == 0 {
			continue
		}
		_, block, _ = strings.Cut(block, "\n") // the language
		for line := range strings.Lines(strings.ReplaceAll(block, "\\\n", " ")) {
			line, _, _ = strings.Cut(line, "  #")
			if line = strings.TrimSpace(line); line != "" {
				commands = append(commands, line)
			}
		}
	}
	return commands
}

func checkCommand(t *testing.T, line string, args []string) {
	cmd, rest, err := newRoot().Find(args)
	if err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	if err := cmd.ParseFlags(rest); err != nil {
		t.Errorf("%s: %v", line, err)
		return
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		t.Errorf("%s: %v", line, err)
	}
}

// TestSecurityPage holds SECURITY.md to the tests that it names.
func TestSecurityPage(t *testing.T) {
	page, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range declared.FindAllSubmatch(text, -1) {
			there[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, name := range regexp.MustCompile(`\bTest\w+`).FindAllString(string(page), -1) {
		named[name] = true
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
	}
	numbered := regexp.MustCompile(`^Test(Contain|Fault)?S\d\d`)
	for name := range there {
		if numbered.MatchString(name) && !named[name] {
			t.Errorf("%s is not in SECURITY.md", name)
		}
	}
}
