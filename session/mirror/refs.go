package mirror

import (
	"strings"
	"unicode/utf8"
)

type refKind uint8

const (
	refURL refKind = iota
	refSrcset
	refCSS
)

// ref is text of the document that refers to what a renderer will load.
type ref struct {
	kind refKind
	text string
}

// maxRefs bounds the URLs of one srcset or one piece of CSS.
const maxRefs = 10_000

// reportURLs tells onURL what refs, or after a change of the base everything
// in the document, refer to.
func (d *Document) reportURLs(refs []ref) {
	if d.onURL == nil {
		return
	}
	report := func(r ref) {
		for url := range r.urls {
			if u, ok := d.base.resolve(url); ok {
				d.onURL(u.String())
			}
		}
	}
	if !d.rebase() {
		for _, r := range refs {
			report(r)
		}
		return
	}
	t := d.tree
	for at := range t.below(0) {
		t.refs(at, report)
	}
	for _, c := range t.sheets {
		c.refs(report)
	}
}

// rebase brings base up to date and reports whether it changed.
func (d *Document) rebase() bool {
	if !d.stale {
		return false
	}
	d.stale = false
	before := d.base
	d.base = d.url
	if d.tree.bases == 0 {
		return d.base != before
	}
	for at := range d.tree.below(0) {
		if n := &d.tree.nodes[at]; n.isBase() && n.hasAttr("href") {
			href, _ := n.attr("href")
			if base, ok := d.url.resolve(href); ok {
				d.base = base
			}
			break // only the first counts (HTML §2.4.1)
		}
	}
	return d.base != before
}

// refs yields what one node refers to.
func (t *tree) refs(at int32, yield func(ref)) {
	n := &t.nodes[at]
	switch n.kind {
	case textKind:
		if t.nodes[n.parent].name == "style" && t.nodes[n.parent].kind == elementKind {
			yield(ref{refCSS, n.name})
		}
	case elementKind:
		for _, a := range n.attrs {
			n.attrRefs(a, yield)
		}
	}
	if n.state != nil && n.state.sheet != nil {
		n.state.sheet.refs(yield)
	}
}

func (s *sheet) refs(yield func(ref)) {
	yield(ref{refCSS, s.text})
	for _, p := range s.parts {
		yield(ref{refCSS, p.rule})
	}
	for _, edit := range s.edits {
		yield(ref{refCSS, edit.text})
	}
}

// attrRefs yields what an attribute refers to, as far as a renderer loads it.
// It is called when all attributes of the element are known, or again for
// those that decide about others.
func (n *node) attrRefs(a attr, yield func(ref)) {
	if a.name == "style" {
		if strings.IndexByte(a.value, '(') >= 0 {
			yield(ref{refCSS, a.value})
		}
		return
	}
	if n.ns == nsSVG {
		switch {
		case a.name == "href" || a.name == "xlink:href":
			if n.name != "a" && n.name != "script" { // image, use, feImage, gradients
				yield(ref{refURL, a.value})
			}
		case strings.IndexByte(a.value, '(') >= 0: // fill="url(sprites.svg#a)" and its like
			yield(ref{refCSS, a.value})
		}
		return
	}
	switch a.name {
	case "src":
		switch n.name {
		case "img", "video", "audio", "source", "track":
			yield(ref{refURL, a.value})
		case "input":
			if n.inputType() == "image" {
				yield(ref{refURL, a.value})
			}
		}
	case "srcset":
		if n.name == "img" || n.name == "source" {
			yield(ref{refSrcset, a.value})
		}
	case "poster":
		if n.name == "video" {
			yield(ref{refURL, a.value})
		}
	case "href":
		if n.name == "link" && n.loads() {
			yield(ref{refURL, a.value})
		}
	case "background":
		switch n.name {
		case "body", "table", "thead", "tbody", "tfoot", "tr", "td", "th":
			yield(ref{refURL, a.value})
		}
	case "type", "rel":
		// They decide what src and href mean.
		for _, other := range n.attrs {
			if other.name == "src" && a.name == "type" || other.name == "href" && a.name == "rel" {
				n.attrRefs(other, yield)
			}
		}
	}
}

// loads reports whether a <link> is a style sheet or an icon.
func (n *node) loads() bool {
	rel, _ := n.attr("rel")
	for token := range strings.FieldsSeq(asciiLower(rel)) {
		switch token {
		case "stylesheet", "icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon":
			return true
		}
	}
	return false
}

// urls yields the references in r.
func (r ref) urls(yield func(string) bool) {
	switch r.kind {
	case refURL:
		yield(r.text)
	case refSrcset:
		srcsetURLs(r.text, yield)
	case refCSS:
		cssURLs(r.text, yield)
	}
}

// srcsetURLs follows the HTML Standard's "parse a srcset attribute".
func srcsetURLs(s string, yield func(string) bool) {
	for range maxRefs {
		s = strings.TrimLeft(s, " \t\n\r\f,")
		if s == "" {
			return
		}
		end := strings.IndexAny(s, " \t\n\r\f")
		if end < 0 {
			end = len(s)
		}
		url := s[:end]
		s = s[end:]
		if bare := strings.TrimRight(url, ","); bare != url {
			url = bare
		} else {
			s = afterDescriptors(s)
		}
		if !yield(url) {
			return
		}
	}
}

// afterDescriptors returns what follows the comma that ends the descriptors
// of a candidate; commas in parentheses do not.
func afterDescriptors(s string) string {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth = max(0, depth-1)
		case ',':
			if depth == 0 {
				return s[i+1:]
			}
		}
	}
	return ""
}

// cssURLs yields the URLs in CSS text: url(), src(), and the strings of
// @import and image-set(). It may yield too much, from a string or a selector
// that looks like it; that only allows what then nobody asks for.
func cssURLs(s string, yield func(string) bool) {
	if !strings.ContainsRune(s, '(') && !strings.ContainsRune(s, '@') {
		return
	}
	sets := 0 // parentheses open since an image-set began
	for i, count := 0, 0; i < len(s) && count < maxRefs; {
		c := s[i]
		switch {
		case c == '/' && strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				return
			}
			i += 2 + end + 2
		case c == '"' || c == '\'':
			text, n := cssString(s[i:])
			if sets > 0 {
				count++
				if !yield(text) {
					return
				}
			}
			i += n
		case c == '(' && sets > 0:
			sets++
			i++
		case c == ')' && sets > 0:
			sets--
			i++
		case isAlpha(c) || c == '@' || c == '\\' || c == '-':
			name, n := cssName(s[i:])
			i += n
			switch strings.ToLower(name) {
			case "url", "src":
				if i < len(s) && s[i] == '(' {
					text, n := cssURL(s[i+1:])
					i += 1 + n
					count++
					if !yield(text) {
						return
					}
				}
			case "image-set", "-webkit-image-set":
				if i < len(s) && s[i] == '(' {
					sets = 1
					i++
				}
			case "@import":
				i += len(s[i:]) - len(strings.TrimLeft(s[i:], " \t\n\r\f"))
				if i < len(s) && (s[i] == '"' || s[i] == '\'') {
					text, n := cssString(s[i:])
					i += n
					count++
					if !yield(text) {
						return
					}
				}
			}
		default:
			i++
		}
	}
}

// cssName reads an identifier or at-keyword, which may have escapes. It reads
// at least one byte.
func cssName(s string) (name string, n int) {
	i := 1
	if s[0] == '\\' {
		i = 0
	}
	escaped := false
	for i < len(s) {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			escaped = true
			_, n := cssEscape(s[i+1:])
			i += 1 + n
		} else if isAlpha(c) || isDigit(c) || c == '-' || c == '_' || c >= utf8.RuneSelf {
			i++
		} else {
			break
		}
	}
	i = max(i, 1)
	if escaped {
		return cssUnescape(s[:i]), i
	}
	return s[:i], i
}

// cssURL reads what follows "url(", up to and with the parenthesis.
func cssURL(s string) (text string, n int) {
	i := len(s) - len(strings.TrimLeft(s, " \t\n\r\f"))
	if i < len(s) && (s[i] == '"' || s[i] == '\'') {
		text, n := cssString(s[i:])
		return text, i + n
	}
	start := i
	for i < len(s) && s[i] != ')' {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		i++
	}
	text = strings.TrimRight(s[start:i], " \t\n\r\f")
	return cssUnescape(text), min(i+1, len(s))
}

// cssString reads a quoted string.
func cssString(s string) (text string, n int) {
	quote := s[0]
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case quote:
			return cssUnescape(s[1:i]), i + 1
		case '\n':
			return cssUnescape(s[1:i]), i
		case '\\':
			i++
		}
	}
	return cssUnescape(s[1:]), len(s)
}

func cssUnescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		text, n := cssEscape(s[i+1:])
		b.WriteString(text)
		i += 1 + n
	}
	return b.String()
}

// cssEscape decodes what follows a backslash (CSS Syntax §4.3.7).
func cssEscape(s string) (text string, n int) {
	var r rune
	for n < len(s) && n < 6 {
		c, ok := hex1(s[n])
		if !ok {
			break
		}
		r = r<<4 | c
		n++
	}
	if n == 0 {
		if s[0] == '\n' {
			return "", 1
		}
		_, size := utf8.DecodeRuneInString(s)
		return s[:size], size
	}
	if n < len(s) && strings.IndexByte(" \t\n\r\f", s[n]) >= 0 {
		n++
	}
	if r == 0 || !utf8.ValidRune(r) {
		r = utf8.RuneError
	}
	return string(r), n
}
