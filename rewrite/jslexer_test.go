package rewrite

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tdewolff/parse/v2"
	tdjs "github.com/tdewolff/parse/v2/js"
)

// source is a file of the corpus.
type source struct {
	name string
	text []byte
}

// corpus returns the real files that "make corpus" fetches, if TANDEM_CORPUS
// names where they are.
func corpus(tb testing.TB) (files []source) {
	tb.Helper()
	dir := os.Getenv("TANDEM_CORPUS")
	if dir == "" {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".js" && filepath.Ext(path) != ".mjs" {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.HasPrefix(text, []byte("#!")) {
			_, text, _ = bytes.Cut(text, []byte("\n")) // the lexer does not know hashbangs
		}
		name, _ := filepath.Rel(dir, path)
		files = append(files, source{name, slices.Clip(text)})
		return err
	})
	if err != nil || len(files) == 0 {
		tb.Fatalf("TANDEM_CORPUS=%s: %d files, %v", dir, len(files), err)
	}
	return files
}

// driveLexer drives the usual lexer, which cannot tell a division from a regular
// expression, over src: what rewriting is measured against. It returns where it
// took a slash for the beginning of a regular expression.
func driveLexer(src []byte, starts []int) ([]int, error) {
	const block, value, control = 1, 2, 3
	var stack []byte
	var last byte // what the bracket closed last was
	prev, before := tdjs.SemicolonToken, tdjs.SemicolonToken
	lexer := tdjs.NewLexer(parse.NewInputBytes(src[:len(src):len(src)]))
	for pos := 0; ; {
		tt, text := lexer.Next()
		switch tt {
		case tdjs.ErrorToken:
			if pos == len(src) {
				return starts, nil
			}
			return starts, lexer.Err()
		case tdjs.WhitespaceToken, tdjs.LineTerminatorToken, tdjs.CommentToken, tdjs.CommentLineTerminatorToken:
			pos += len(text)
			continue
		case tdjs.DivToken, tdjs.DivEqToken:
			if expressionMayStart(prev, before, last) {
				starts = append(starts, pos)
				tt, text = lexer.RegExp()
			}
		case tdjs.OpenParenToken:
			kind := byte(0)
			if (prev == tdjs.IfToken || prev == tdjs.WhileToken || prev == tdjs.ForToken || prev == tdjs.WithToken) && before != tdjs.DotToken {
				kind = control
			}
			stack = append(stack, kind)
		case tdjs.OpenBraceToken:
			kind := byte(value)
			switch prev {
			case tdjs.CloseParenToken, tdjs.ArrowToken, tdjs.SemicolonToken, tdjs.OpenBraceToken, tdjs.CloseBraceToken,
				tdjs.ElseToken, tdjs.DoToken, tdjs.TryToken, tdjs.FinallyToken, tdjs.ColonToken:
				kind = block
			}
			stack = append(stack, kind)
		case tdjs.CloseParenToken, tdjs.CloseBraceToken:
			if n := len(stack); n > 0 {
				last, stack = stack[n-1], stack[:n-1]
			}
		}
		pos += len(text)
		if tdjs.IsIdentifierName(tt) && (prev == tdjs.DotToken || prev == tdjs.OptChainToken) {
			tt = tdjs.IdentifierToken
		}
		before, prev = prev, tt
	}
}

func expressionMayStart(prev, before tdjs.TokenType, last byte) bool {
	switch prev {
	case tdjs.CloseParenToken:
		return last == 3
	case tdjs.CloseBraceToken:
		return last == 1
	case tdjs.CloseBracketToken, tdjs.StringToken, tdjs.TemplateToken, tdjs.TemplateEndToken, tdjs.RegExpToken,
		tdjs.PrivateIdentifierToken, tdjs.IncrToken, tdjs.DecrToken, tdjs.ThisToken, tdjs.SuperToken, tdjs.NullToken, tdjs.TrueToken, tdjs.FalseToken:
		return false
	}
	return !tdjs.IsNumeric(prev) && !tdjs.IsIdentifier(prev)
}

// regExpStarts returns where the parser, which follows the grammar, meets regular
// expressions.
func regExpStarts(src []byte) (starts []int, tier int) {
	p := &parser{lexer: lexer{src: src}}
	p.skimmed = len(src) // nothing is passed over
	p.onRegExp = func(start int) { starts = append(starts, start) }
	if !p.try() {
		return nil, TierTokens
	}
	return starts, TierParsed
}

// TestRegExps holds the rule that the benchmark's lexer goes by to the grammar:
// a lexer that is wrong about slashes is no measure.
func TestRegExps(t *testing.T) {
	files := append(corpus(t), source{"text", []byte("a = b / c / d; if (a) /b/g; f(a) / 2 / 1; return_ = x => /[/]/; a = {} / 1; `${/a/}` / 2 / 3;\na.if(1) / 2 / 3")})
	found, wrong := 0, 0
	for _, f := range files {
		want, tier := regExpStarts(f.text)
		if tier != TierParsed {
			t.Logf("%s is not parsed", f.name)
			continue
		}
		got, err := driveLexer(f.text, nil)
		found += len(want)
		if err != nil || !slices.Equal(got, want) {
			t.Logf("%s: %v", f.name, err)
			wrong++
		}
	}
	t.Logf("%d regular expressions in %d files", found, len(files))
	if wrong > 0 {
		t.Errorf("the lexer is wrong in %d files", wrong)
	}
}

// expectSkim checks that passing over text of no concern changes no edit.
func expectSkim(t *testing.T, name string, src []byte, kind ScriptKind) {
	t.Helper()
	s := Script{Kind: kind, Mapper: testMapper()}
	whole := &parser{lexer: lexer{src: src}, script: s}
	whole.skimmed = len(src)
	if !whole.try() {
		return // what is wrong in text of no concern goes unnoticed
	}
	p := &parser{lexer: lexer{src: src}, script: s}
	if !p.try() {
		t.Errorf("%s: refused when skimmed", name)
		return
	}
	if got, want := applyEdits(src, p.edits), applyEdits(src, whole.edits); !bytes.Equal(got, want) {
		t.Errorf("%s: skimmed, it becomes\n%s\ninstead of\n%s", name, short(got), short(want))
	}
}

func short(b []byte) []byte { return b[:min(len(b), 1000)] }

func TestSkim(t *testing.T) {
	for _, f := range corpus(t) {
		expectSkim(t, f.name, f.text, ScriptClassic)
	}
}
