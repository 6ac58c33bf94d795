package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
	there, named := declaredTests(t), namedTests(t, "../../SECURITY.md")
	for name := range named {
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
	}
	numbered := regexp.MustCompile(`^Test(Contain|Fault)?S\d\d`)
	for name := range there {
		if numbered.MatchString(name) && named[name] == nil {
			t.Errorf("%s is not in SECURITY.md", name)
		}
	}
}

// TestScenarioPage holds SCENARIOS.md to the tests that it names: each scenario
// has some, and those with its number in their names are among them.
func TestScenarioPage(t *testing.T) {
	there, named := declaredTests(t), namedTests(t, "../../SCENARIOS.md")
	shown := map[string]bool{}
	row := regexp.MustCompile(`^\| (\d+) \|`)
	for name, lines := range named {
		if !there[name] {
			t.Errorf("there is no %s", name)
		}
		for _, line := range lines {
			if number := row.FindStringSubmatch(line); number != nil {
				shown[number[1]] = true
			}
		}
	}
	for n := 1; n <= 40; n++ {
		if !shown[strconv.Itoa(n)] {
			t.Errorf("scenario %d is shown by no test", n)
		}
	}
	numbers := regexp.MustCompile(`Scenario\d\d(And\d\d)*`)
	for name := range there {
		for number := range strings.SplitSeq(strings.TrimPrefix(numbers.FindString(name), "Scenario"), "And") {
			line := "| " + strings.TrimPrefix(number, "0") + " |"
			if number != "" && !slices.ContainsFunc(named[name], func(l string) bool { return strings.HasPrefix(l, line) }) {
				t.Errorf("%s is not in the line of scenario %s", name, number)
			}
		}
	}
}

// declaredTests are the names of all tests there are.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
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
	return there
}

// namedTests are the tests that a document names, each with the lines it is in.
func namedTests(t *testing.T, path string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		for _, name := range regexp.MustCompile(`\bTest\w+`).FindAllString(line, -1) {
			named[name] = append(named[name], line)
		}
	}
	return named
}
