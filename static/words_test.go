package static

import (
	"fmt"
	"io/fs"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
)

// plurals are the categories that a language has (CLDR 47, plurals.xml).
var plurals = map[language.Tag][]string{
	language.English: {"one", "other"},
	language.German:  {"one", "other"},
	language.Arabic:  {"few", "many", "one", "other", "two", "zero"},
}

var placeholders = regexp.MustCompile(`\{[^}]*\}`)

// TestWordsAreInEveryLanguage finds texts that a language lacks or has alone, into which something else is put, or
// whose plurals are not those of the language.
func TestWordsAreInEveryLanguage(t *testing.T) {
	t.Parallel()
	english := catalogues()[0]
	for _, l := range catalogues() {
		for key := range english.words {
			if l.words[key] == nil {
				t.Errorf("%s lacks %s", l.tag, key)
			}
		}
		for key, text := range l.words {
			if _, plural := text.(map[string]any); plural {
				if got := slices.Sorted(maps.Keys(text.(map[string]any))); !slices.Equal(got, plurals[l.tag]) {
					t.Errorf("%s: %s has the plurals %q, want %q", l.tag, key, got, plurals[l.tag])
				}
			}
			if got, want := putIn(text), putIn(english.words[key]); got != want {
				t.Errorf("%s: into %s is put %s, in English %s", l.tag, key, got, want)
			}
			for _, form := range forms(text) {
				if strings.TrimSpace(form) == "" || strings.ContainsAny(placeholders.ReplaceAllString(form, ""), "{}<>&") {
					t.Errorf("%s: %s is %q", l.tag, key, form)
				}
			}
		}
	}
}

// putIn names what is put into a text. A plural may leave out the number where the words say it.
func putIn(text any) string {
	names := make(map[string]bool)
	for _, form := range forms(text) {
		for _, name := range placeholders.FindAllString(form, -1) {
			names[name] = true
		}
	}
	return fmt.Sprint(slices.Sorted(maps.Keys(names)))
}

func forms(text any) []string {
	switch text := text.(type) {
	case string:
		return []string{text}
	case map[string]any:
		var all []string
		for _, form := range text {
			all = append(all, fmt.Sprint(form))
		}
		return all
	}
	return nil
}

// TestWordsAreUsed finds texts that nobody says. A key is written out, or composed of a beginning and something
// that is one of few: `right.${right}.given`.
func TestWordsAreUsed(t *testing.T) {
	t.Parallel()
	var said []*regexp.Regexp
	for _, root := range []string{"src", "pages", "../proxy", "../session"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path == filepath.Join("src", "ui", "messages.ts") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, literal := range literals.FindAllString(string(text), -1) {
				said = append(said, asKeys(literal[1:len(literal)-1]))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for key := range catalogues()[0].words {
		if !slices.ContainsFunc(said, func(keys *regexp.Regexp) bool { return keys.MatchString(key) }) {
			t.Errorf("nobody says %s", key)
		}
	}
}

var (
	literals = regexp.MustCompile("'[a-z][\\w.-]*'|\"[a-z][\\w.-]*\"|`[a-z]+\\.(?:[\\w.-]|\\$\\{[^`]*?\\})*`")
	composed = regexp.MustCompile(`\$\{.*?\}`)
)

// asKeys matches the keys that a literal of TypeScript or Go can be.
func asKeys(literal string) *regexp.Regexp {
	parts := composed.Split(literal, -1)
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile(`^` + strings.Join(parts, `[\w-]+`) + `$`)
}

func TestLanguageIsTheReaders(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"":                           "en ltr",
		"en-GB,en;q=0.9":             "en ltr",
		"de-AT,de;q=0.9,en;q=0.8":    "de ltr",
		"fr-CH, ar;q=0.9, en;q=0.8":  "ar rtl",
		"ja":                         "en ltr",
		"de;q=0, ar":                 "ar rtl",
		"<script>,;;q=9":             "en ltr",
		strings.Repeat("de-x,", 500): "en ltr",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", accept)
		l := LanguageOf(r)
		if got := l.Tag() + " " + l.Direction(); got != want {
			t.Errorf("%.40q: %s, want %s", accept, got, want)
		}
		w := httptest.NewRecorder()
		Page(w, r, "code", example)
		head := fmt.Sprintf(`<html lang="%s" dir="%s">`, l.Tag(), l.Direction())
		if !strings.Contains(w.Body.String(), head) || !strings.Contains(w.Body.String(), l.Say("code.title", nil)) {
			t.Errorf("%.40q: the page is %.200s", accept, w.Body)
		}
	}
}
