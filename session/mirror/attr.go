package mirror

import "strings"

const (
	maxName = 256 // bytes of a tag, attribute or custom element name

	// strangeTag replaces tag names that createElement would not take.
	strangeTag = "tandem-odd"
)

// tagForm takes "div", "svg:rect" or "math:mi" apart. ok is false when the
// name had to be changed: no element of a page is worth losing the document.
func tagForm(tag string) (ns namespace, name string, ok bool) {
	name = tag
	if rest, found := strings.CutPrefix(tag, "svg:"); found {
		ns, name = nsSVG, rest
	} else if rest, found := strings.CutPrefix(tag, "math:"); found {
		ns, name = nsMath, rest
	}
	if !isTagName(name) {
		return ns, strangeTag, false
	}
	if ns == nsHTML && hasUpper(name) {
		return ns, asciiLower(name), false
	}
	return ns, name, true
}

func isTagName(s string) bool {
	if s == "" || len(s) > maxName || !isAlpha(s[0]) && s[0] != '_' {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case isAlpha(c), isDigit(c), c == '-', c == '_', c == '.', c == ':', c >= 0x80:
		default:
			return false
		}
	}
	return true
}

// isAttrName accepts what the HTML parser makes attribute names of, so that a
// renderer can write any of them as markup without anything else coming of it.
func isAttrName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ', c == 0x7f, c == '/', c == '>', c == '=':
			return false
		}
	}
	return true
}

// allowedAttr judges one attribute. It returns the name and value to keep, or
// ok false to drop it.
func (n *node) allowedAttr(name, value string) (string, string, bool) {
	if !isAttrName(name) {
		return "", "", false
	}
	name = n.attrName(name)
	lower := asciiLower(name)
	if strings.HasPrefix(lower, "on") || strings.HasPrefix(lower, "xmlns:on") {
		return "", "", false
	}
	switch lower {
	case "srcdoc", "nonce", "integrity":
		return "", "", false
	case "src", "href", "xlink:href":
		if n.name == "script" {
			return "", "", false
		}
	case "http-equiv":
		if n.name == "meta" && !harmlessEquiv(value) {
			return "", "", false
		}
	}
	if runs(lower, value) {
		return name, "", true
	}
	return name, value, true
}

// attrName is the name as setAttribute would use it.
func (n *node) attrName(name string) string {
	if n.ns == nsHTML {
		return asciiLower(name)
	}
	return name
}

// harmlessEquiv tells the <meta http-equiv> that do nothing in a mirror.
// "refresh" navigates, policies would add to ours.
func harmlessEquiv(value string) bool {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "content-type", "content-language", "x-ua-compatible", "imagetoolbar", "cache-control", "pragma", "expires", "x-dns-prefetch-control":
		return true
	}
	return false
}

// runs reports whether an attribute's value is a URL that runs script, or an
// animation towards one.
func runs(name, value string) bool {
	switch name {
	case "href", "xlink:href", "src", "action", "formaction", "data", "poster", "background", "cite", "longdesc",
		"ping", "codebase", "classid", "manifest", "profile", "dynsrc", "lowsrc", "to", "from", "by":
		return isScriptURL(value)
	case "values":
		for v := range strings.SplitSeq(value, ";") {
			if isScriptURL(v) {
				return true
			}
		}
	}
	return false
}

func isScriptURL(s string) bool {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	if s == "" || s[0]|0x20 != 'j' && s[0]|0x20 != 'v' {
		return false
	}
	s = stripBreaks(s[:min(len(s), 64)])
	return hasPrefixFold(s, "javascript:") || hasPrefixFold(s, "vbscript:")
}

// stripBreaks removes what URL parsers do not see.
func stripBreaks(s string) string {
	if !strings.ContainsAny(s, "\t\n\r") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, s)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func hasUpper(s string) bool {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

// asciiLower lower-cases as HTML does, leaving other alphabets alone.
func asciiLower(s string) string {
	if !hasUpper(s) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
