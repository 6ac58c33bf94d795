package static

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// A catalogue is a file of words: a text, or texts by plural category, for each key. English comes first: it is
// what those read whose languages we do not have. The pages' scripts get the same files by way of bundle.
var catalogues = sync.OnceValue(func() []Language {
	var all []Language
	for _, tag := range []language.Tag{language.English, language.German, language.Arabic} {
		text, err := fs.ReadFile(files, path.Join("words", tag.String()+".json"))
		if err != nil {
			panic(err) // the files are embedded, so this is a broken build
		}
		var words map[string]any
		if err := json.Unmarshal(text, &words); err != nil {
			panic(fmt.Sprintf("static: words in %s: %v", tag, err))
		}
		all = append(all, Language{tag: tag, words: words})
	}
	return all
})

var matcher = sync.OnceValue(func() language.Matcher {
	var tags []language.Tag
	for _, l := range catalogues() {
		tags = append(tags, l.tag)
	}
	return language.NewMatcher(tags)
})

// Language is one that our pages are written in.
type Language struct {
	tag   language.Tag
	words map[string]any
}

// LanguageOf returns the language that whoever sent r reads best of those we have, by Accept-Language.
func LanguageOf(r *http.Request) Language {
	_, at := language.MatchStrings(matcher(), r.Header.Get("Accept-Language"))
	return catalogues()[at]
}

// Tag is the language's BCP 47 tag: "en".
func (l Language) Tag() string { return l.tag.String() }

// Direction is "ltr" or "rtl", for the attribute dir.
func (l Language) Direction() string {
	if l.tag == language.Arabic {
		return "rtl"
	}
	return "ltr"
}

// Words are what stands in a text for its placeholders: {host}.
type Words map[string]string

// Say returns the text of a key. It panics when there is none, which only a programmer can cause; a test holds that
// every language has every key.
func (l Language) Say(key string, values Words) string {
	text, ok := l.words[key].(string)
	if !ok {
		panic(fmt.Sprintf("static: no words for %q in %s", key, l.tag))
	}
	for name, value := range values {
		text = strings.ReplaceAll(text, "{"+name+"}", l.isolate(value))
	}
	return text
}

// isolate keeps a name of another script from turning the order of the words around it (UAX 9: FSI, PDI).
func (l Language) isolate(value string) string {
	if l.Direction() == "ltr" {
		return value
	}
	return "\u2068" + value + "\u2069"
}
