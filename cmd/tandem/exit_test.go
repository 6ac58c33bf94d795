package main

import (
	"io"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	data := shortDir(t)
	for line, want := range map[string]int{
		"version":                               0,
		"serve --listen nowhere":                exitFailed,
		"nonsense":                              exitUsage,
		"sessions show":                         exitUsage,
		"sessions list --nonsense":              exitUsage,
		"sessions show abcdefgh2345":            exitNotFound,
		"sessions erase abcdefgh2345":           exitNotFound,
		"origins remove https://shop.example":   exitNotFound,
		"sessions create https://shop.example/": exitNoServer,
		"origins test https://shop.example/":    exitProblem,
	} {
		args := append([]string{"--data", data}, strings.Fields(line)...)
		if got := execute(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard); got != want {
			t.Errorf("%s: exit code %d, want %d", line, got, want)
		}
	}
}

// S39: what others wrote is letters in a terminal, nothing more.
func TestS39TerminalsGetLetters(t *testing.T) {
	for in, want := range map[string]string{
		"Ada\tBen":                         "Ada\tBen",
		"\x1b]0;title\x07Ada\x1b[31m":      "]0;titleAda[31m",
		"Ada\u202etxt.exe\u2066\n\r\u009b": "Adatxt.exe",
		"Jürgen 王\xff":                     "Jürgen 王?",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
