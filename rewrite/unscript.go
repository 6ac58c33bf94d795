package rewrite

import (
	"strings"
)

// Unscript returns the source text that [JS] made src of, or of a part of it
// such as a function. It only has to drop what was added. Text that held
// "$tandem" or a comment that begins with "/*$" before may come out changed. Its
// twin is static/src/unscript.ts; testdata/unscript.json holds them equal.
func Unscript(src string) string {
	var out strings.Builder
	for {
		i := strings.IndexByte(src, '$')
		if i < 0 {
			break
		}
		text, rest := src[:i], src[i:]
		if inComment := strings.HasSuffix(text, "/*"); strings.HasPrefix(rest, "$tandem.") {
			rest = rest[len("$tandem."):]
			for _, call := range []string{"o(", "v(", "js(", "url(", "meta(", "html(", "c(", "f(", "w(location,"} {
				if after, ok := strings.CutPrefix(rest, call); ok {
					rest = after
					break
				}
			}
		} else if after, ok := strings.CutPrefix(rest, "$*/"); ok && inComment {
			text, rest = unmark(text[:len(text)-2], after)
		} else if after, ok := strings.CutPrefix(rest, "$.*/?"); ok && inComment {
			text, rest = text[:len(text)-2], after
		} else if after, ok := strings.CutPrefix(rest, "$const*/"); ok && inComment {
			text, rest = strings.TrimSuffix(text[:len(text)-2], "let")+"const", after
		} else if after, ok := strings.CutPrefix(rest, "$=*/"); ok && inComment {
			text = text[:len(text)-2]
			_, rest, _ = strings.Cut(after, markBodyEnd)
		} else if after, ok := strings.CutPrefix(rest, "$url"); ok && inComment {
			original, mapped, _ := strings.Cut(after, "*/")
			text, rest = text[:len(text)-2]+original, afterString(mapped)
		} else if strings.HasPrefix(rest, "$# sourceMappingURL=") && (inComment || strings.HasSuffix(text, "//")) {
			rest = rest[1:]
		} else {
			text, rest = text+"$", rest[1:]
		}
		out.WriteString(text)
		src = rest
	}
	out.WriteString(src)
	return out.String()
}

// unmark drops what a mark between before and after announces.
func unmark(before, after string) (string, string) {
	for _, ours := range []string{")", "?.", "(", "}"} {
		if rest, ok := strings.CutPrefix(after, ours); ok {
			return before, rest
		}
	}
	rest, ok := strings.CutPrefix(after, ":")
	if !ok {
		return before, after
	}
	for _, name := range []string{"location", "top", "eval"} {
		if key, ok := strings.CutSuffix(before, name); ok {
			return key, rest
		}
	}
	return before, rest
}

// afterString returns what follows the string literal that s begins with.
func afterString(s string) string {
	if s == "" {
		return ""
	}
	_, rest, _ := strings.Cut(s[1:], s[:1])
	return rest
}
