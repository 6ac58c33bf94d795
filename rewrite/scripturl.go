package rewrite

import "bytes"

// urlScript rewrites the source of a javascript: URL. If its value is a string
// the browser makes a document of it (HTML §7.4.2.3.2), which would begin
// without our script. So the value passes through $tandem.html, which puts it
// there; where a value cannot be wrapped, because the source is not a mere
// expression, there is none.
func urlScript(src []byte, s Script) ([]byte, int) {
	s.Kind = ScriptClassic
	if hasNoValue(src) {
		return JS(src, s)
	}
	body := bytes.TrimRight(src, "; \t\r\n")
	end := src[len(body):]
	if inner, ok := wrappedValue(body); ok && isExpression(inner, s) {
		body = inner // it went into the page, and comes back when a window goes there
	}
	if !isExpression(body, s) {
		out, _ := JS(src, s)
		return append(bytes.Clone(out), "\n;$tandem.v(/*$*/)"...), TierParsed
	}
	out, _ := JS(body, s)
	wrapped := append([]byte("$tandem.html("), out...)
	if bytes.Contains(body, []byte("//")) || bytes.Contains(body, []byte("--")) {
		wrapped = append(wrapped, '\n') // may end in a comment
	}
	wrapped = append(wrapped, "/*$*/)"...)
	return append(wrapped, end...), TierParsed
}

// wrappedValue returns the expression that urlScript has put into $tandem.html.
func wrappedValue(body []byte) ([]byte, bool) {
	inner, ok := bytes.CutPrefix(body, []byte("$tandem.html("))
	if !ok {
		return nil, false
	}
	inner, ok = bytes.CutSuffix(inner, []byte("/*$*/)"))
	return bytes.TrimSuffix(inner, []byte("\n")), ok
}

// hasNoValue knows the sources that nearly all javascript: URLs have.
func hasNoValue(src []byte) bool {
	switch string(bytes.TrimRight(bytes.TrimSpace(src), "; ")) {
	case "", "void(0)", "void (0)", "void 0", "void(null)", "false", "true", "undefined", "null", "0", "//", "''", `""`:
		return true
	}
	return false
}

// statements are the words that expressions do not begin with; the last mean
// another thing between brackets.
var statements = set(`break const continue debugger do export for if import return switch throw try var while with
	async class function let`)

// isExpression reports whether src is one expression and stays the same one
// between brackets. Some that are, it takes for statements.
func isExpression(src []byte, s Script) bool {
	start := bytes.TrimLeft(src, " \t\r\n")
	n := 0
	for n < len(start) && isNamePart(start[n]) {
		n++
	}
	if n == 0 && (bytes.HasPrefix(start, []byte("{")) || bytes.HasPrefix(start, []byte("/")) || bytes.HasPrefix(start, []byte("<!"))) {
		return false
	}
	if statements[string(start[:n])] || severalStatements(src) {
		return false
	}
	_, _, ok := parseJS(src, s, mode{})
	return ok
}

// severalStatements looks for what parts them, outside of strings.
func severalStatements(src []byte) bool {
	var quote byte
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == ';' || c == '\n':
			return true
		}
	}
	return false
}
