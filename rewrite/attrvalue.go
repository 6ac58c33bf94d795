package rewrite

import (
	"bytes"
	"html"
	"strings"
)

// attributes rewrites the attributes of the start tag that was read.
func (h *document) attributes() {
	if len(h.attrs) == 0 && !h.vouched {
		return
	}
	t := &h.tag
	name := t.name
	if h.page.XHTML {
		name = localName(name)
	}
	if h.vouched {
		// Of two attributes of a name, the first counts.
		h.vouched = false
		at := t.start + len("<") + len(t.name)
		h.replace(at, at, []byte(` nonce="`+h.page.Nonce+`"`))
	}
	switch string(name) {
	case "meta":
		h.meta()
	case "base":
		h.baseAttrs()
	case "link":
		h.link()
	case "script":
		h.scriptAttrs()
	case "iframe":
		h.iframe()
	default:
		for i := range h.attrs {
			h.attribute(name, &h.attrs[i])
		}
	}
}

// iframe tells of the address of a frame.
func (h *document) iframe() {
	for i := range h.attrs {
		h.attribute([]byte("iframe"), &h.attrs[i])
	}
	if src := strings.TrimSpace(h.value("src")); src != "" && h.page.OnFrame != nil {
		h.page.OnFrame(h.baseHref, src)
	}
}

func (h *document) attribute(element []byte, a *attr) {
	switch attrKind(element, h.in[a.name:a.nameEnd]) {
	case attrHandler:
		h.handler(a)
	case AttrURL:
		h.url(a)
	case AttrURLs:
		h.edit(a, h.mapWords)
	case AttrSrcset:
		h.edit(a, h.mapSrcset)
	case AttrStyle:
		h.edit(a, h.mapStyle)
	case AttrDocument:
		h.edit(a, h.mapDocument)
	case AttrPaper:
		h.edit(a, h.mapPaper)
	case AttrType:
		h.edit(a, hidePaperType)
	case AttrAside:
		h.setAside(a)
	}
}

// meta deals with the pragmas (HTML §4.2.5.3).
func (h *document) meta() {
	pragma := strings.ToLower(strings.TrimSpace(h.value("http-equiv")))
	for i := range h.attrs {
		a := &h.attrs[i]
		switch {
		case h.isNamed(a, "http-equiv"):
			if pragma == "x-dns-prefetch-control" {
				h.setAside(a)
			}
		case h.isNamed(a, "content") && pragma == "content-security-policy":
			h.edit(a, h.mapPolicy)
		case h.isNamed(a, "content") && pragma == "refresh":
			h.edit(a, func(v []byte) ([]byte, bool) {
				out := Refresh(&h.mapper, string(v))
				return []byte(out), out != string(v)
			})
		default:
			h.attribute([]byte("meta"), a)
		}
	}
}

// mapPolicy maps a policy in a meta element, which holds from here on.
func (h *document) mapPolicy(v []byte) ([]byte, bool) {
	p := ParsePolicy(string(v))
	h.obey(p)
	if h.page.OnPolicy != nil {
		h.page.OnPolicy(p)
	}
	return []byte(p.Map(&h.mapper, h.page.Nonce, true)), true
}

func (h *document) obey(p Policy) {
	if len(h.policies) < maxPolicies {
		h.policies = append(h.policies, p)
		h.vouching.add(&p)
		h.hashed = h.vouching.hashes()
	}
}

// baseAttrs remembers what the first base element with an address says about "//host".
func (h *document) baseAttrs() {
	for i := range h.attrs {
		h.attribute([]byte("base"), &h.attrs[i])
	}
	if h.based {
		return
	}
	for i := range h.attrs {
		if !h.isNamed(&h.attrs[i], "href") {
			continue
		}
		h.based, h.baseHref = true, strings.TrimSpace(h.value("href"))
		if o, err := ParseOrigin(h.baseHref); err == nil {
			h.mapper.Base = o
		}
		return
	}
}

// link makes connection hints inert: they would have the browser talk to hosts
// itself. The address of a canonical link is a name, never fetched.
func (h *document) link() {
	h.integrity("href")
	canonical := bytes.EqualFold(bytes.TrimSpace(h.valueBytes("rel")), []byte("canonical"))
	for i := range h.attrs {
		a := &h.attrs[i]
		switch {
		case h.isNamed(a, "rel"):
			h.edit(a, inertHints)
		case canonical && h.isNamed(a, "href"):
		default:
			h.attribute([]byte("link"), a)
		}
	}
}

// inertHints renames preconnect and dns-prefetch in a list of link types.
func inertHints(rel []byte) ([]byte, bool) {
	var out []byte
	copied, at := 0, 0
	forWords(rel, func(sep, word []byte) {
		at += len(sep)
		if bytes.EqualFold(word, []byte("preconnect")) || bytes.EqualFold(word, []byte("dns-prefetch")) {
			out = append(append(out, rel[copied:at]...), "tandem-"...)
			copied = at
		}
		at += len(word)
	})
	if out == nil {
		return rel, false
	}
	return append(out, rel[copied:]...), true
}

// forWords calls f with each word and what stands before it; the last word may be empty.
func forWords(s []byte, f func(sep, word []byte)) {
	for len(s) > 0 {
		i := 0
		for i < len(s) && isWordBreak(s[i]) {
			i++
		}
		j := i
		for j < len(s) && !isWordBreak(s[j]) {
			j++
		}
		f(s[:i], s[i:j])
		s = s[j:]
	}
}

func isWordBreak(c byte) bool { return isSpace(c) || c == ';' }

func (h *document) scriptAttrs() {
	h.integrity("src")
	for i := range h.attrs {
		a := &h.attrs[i]
		if h.isNamed(a, "type") {
			h.edit(a, inertRules)
			continue
		}
		h.attribute([]byte("script"), a)
	}
}

// inertRules makes speculation rules data: they name addresses for the browser to
// fetch by itself.
func inertRules(scriptType []byte) ([]byte, bool) {
	if !bytes.EqualFold(bytes.TrimSpace(scriptType), []byte("speculationrules")) {
		return scriptType, false
	}
	return []byte("tandem/speculationrules"), true
}

func (h *document) isNamed(a *attr, name string) bool {
	return a.nameEnd-a.name == len(name) && equalFold(h.in[a.name:a.nameEnd], name)
}

// value returns the decoded value of the tag's first attribute of that name.
func (h *document) value(name string) string { return string(h.valueBytes(name)) }

// valueBytes is value, valid as long as the tag is being looked at.
func (h *document) valueBytes(name string) []byte {
	for i := range h.attrs {
		if a := &h.attrs[i]; h.isNamed(a, name) {
			return unescapeAttr(h.in[a.value:a.valueEnd])
		}
	}
	return nil
}

func (h *document) has(name string) bool {
	for i := range h.attrs {
		if h.isNamed(&h.attrs[i], name) {
			return true
		}
	}
	return false
}

// setAside renames an attribute so that it has no effect and can still be read.
func (h *document) setAside(a *attr) {
	h.replace(a.name, a.name, []byte("data-tandem-"))
}

// url maps a URL attribute. In nearly all of them no character reference stands
// in scheme or host, and the value can be mapped as it is written.
func (h *document) url(a *attr) {
	raw := h.in[a.value:a.valueEnd]
	if isPlainlyRelative(raw) {
		return
	}
	if h.begun.of(raw) {
		h.replace(a.value, a.value+len(h.begun.url), h.begun.mapped)
		return
	}
	if amp := bytes.IndexByte(raw, '&'); amp >= 0 && !bytes.ContainsAny(raw[:amp], "?#") {
		h.edit(a, h.mapURL)
		return
	}
	if isScriptURL(raw) {
		h.edit(a, h.mapURL)
		return
	}
	if !mayHaveAuthority(raw) {
		return
	}
	var changed bool
	if h.tmp, changed = h.mapper.appendMap(h.tmp[:0], raw); changed {
		h.replace(a.value, a.valueEnd, h.tmp)
		h.begun.remember(raw, h.tmp)
	}
}

// beginning is how a URL began, up to the slash behind its authority, and how it
// does when it is mapped: many of a page's begin alike.
type beginning struct{ url, mapped []byte }

func (b *beginning) forget() { b.url = b.url[:0] }

func (b *beginning) of(url []byte) bool { return len(b.url) > 0 && bytes.HasPrefix(url, b.url) }

// remember notes the beginning of a URL that is plainly written.
func (b *beginning) remember(url, mapped []byte) {
	if !bytes.HasPrefix(url, []byte("https://")) && !bytes.HasPrefix(url, []byte("http://")) {
		return
	}
	n, m := endOfAuthority(url), endOfAuthority(mapped)
	if n < 0 || m < 0 || !bytes.Equal(url[n:], mapped[m:]) {
		return
	}
	b.url, b.mapped = append(b.url[:0], url[:n]...), append(b.mapped[:0], mapped[:m]...)
}

// endOfAuthority returns the index behind the third slash.
func endOfAuthority(url []byte) int {
	from := bytes.IndexByte(url, ':') + len("://")
	if i := bytes.IndexByte(url[from:], '/'); i >= 0 {
		return from + i + 1
	}
	return -1
}

// isPlainlyRelative knows most of the URLs that need no mapping by their first bytes.
func isPlainlyRelative(raw []byte) bool {
	return len(raw) == 0 || raw[0] == '#' || raw[0] == '?' || len(raw) > 1 && raw[0] == '/' && raw[1] != '&' && !startsAuthority(raw[1])
}

func (h *document) mapURL(v []byte) ([]byte, bool) {
	if isScriptURL(v) {
		return rewriteScriptURL(v, &h.mapper)
	}
	return h.mapper.appendMap(nil, v)
}

// mapWords maps every absolute URL among words.
func (h *document) mapWords(v []byte) ([]byte, bool) {
	if !bytes.Contains(v, []byte(":")) && !bytes.Contains(v, []byte("//")) {
		return v, false
	}
	var out []byte
	changed := false
	forWords(v, func(sep, word []byte) {
		var c bool
		out = append(out, sep...)
		out, c = h.mapper.appendMap(out, word)
		changed = changed || c
	})
	return out, changed
}

func (h *document) mapSrcset(v []byte) ([]byte, bool) {
	out, changed := appendSrcset(h.tmp[:0], v, h.mapper.appendMap)
	h.tmp = out
	return out, changed
}

func (h *document) mapStyle(v []byte) ([]byte, bool) {
	return appendCSS(nil, v, h.mapper.AppendMap)
}

// mapDocument rewrites the document in a srcdoc attribute. Its base is the parent's.
func (h *document) mapDocument(v []byte) ([]byte, bool) {
	if h.depth >= maxSrcdoc {
		return nil, true
	}
	var out bytes.Buffer
	page := *h.page
	page.Mapper, page.XHTML, page.Policies, page.base = &h.mapper, false, h.policies, h.baseHref
	if err := rewriteHTML(&out, bytes.NewReader(v), &page, h.depth+1); err != nil {
		return nil, true // too long, and the part that was written stops at no sensible place
	}
	return out.Bytes(), true
}

// handler rewrites an event handler, unless the policies have the hash of its
// text: then rewritten it would not run, and as it is it mostly does what it should.
func (h *document) handler(a *attr) {
	h.edit(a, func(v []byte) ([]byte, bool) {
		if h.hashed && handlerByHash(h.vouching.handlers, string(v)) {
			return v, false
		}
		out, tier := JS(v, Script{Kind: ScriptHandler, Mapper: &h.mapper})
		return out, tier > 0 && !bytes.Equal(out, v)
	})
}

// edit replaces an attribute's value by what f makes of it.
func (h *document) edit(a *attr, f func(value []byte) (_ []byte, changed bool)) {
	raw := h.in[a.value:a.valueEnd]
	out, changed := f(unescapeAttr(raw))
	if !changed {
		return
	}
	quote := a.quote
	if quote == 0 {
		quote = '"'
	}
	h.flushTo(a.value)
	if a.quote == 0 && a.value == a.nameEnd {
		h.out = append(h.out, '=')
	}
	if a.quote == 0 {
		h.out = append(h.out, quote)
	}
	h.out = h.appendEscaped(h.out, out, quote)
	if a.quote == 0 {
		h.out = append(h.out, quote)
	}
	h.copied = a.valueEnd
}

func (h *document) appendEscaped(dst, v []byte, quote byte) []byte {
	if bytes.IndexByte(v, '&') < 0 && bytes.IndexByte(v, quote) < 0 && !h.page.XHTML {
		return append(dst, v...)
	}
	for _, c := range v {
		switch {
		case c == '&':
			dst = append(dst, "&amp;"...)
		case c == quote && c == '"':
			dst = append(dst, "&quot;"...)
		case c == quote:
			dst = append(dst, "&#39;"...)
		case c == '<' && h.page.XHTML:
			dst = append(dst, "&lt;"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// unescapeAttr decodes the character references of an attribute's value. A name
// without semicolon counts only if neither "=" nor an alphanumeric follows
// (HTML §13.2.5.73), else every query with "&copy=1" would be broken.
func unescapeAttr(raw []byte) []byte {
	i := bytes.IndexByte(raw, '&')
	if i < 0 {
		return raw
	}
	out := append(make([]byte, 0, len(raw)), raw[:i]...)
	for i < len(raw) {
		if raw[i] != '&' {
			out = append(out, raw[i])
			i++
			continue
		}
		text, n := reference(raw[i:])
		out = append(out, text...)
		i += n
	}
	return out
}

// reference decodes the reference at the beginning of s and returns its length.
// What is none stands for itself.
func reference(s []byte) (text string, n int) {
	n = 1
	numeric := n < len(s) && s[n] == '#'
	if numeric {
		n++
	}
	for n < len(s) && n < 40 && (isLetter(s[n]) || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	semicolon := n < len(s) && s[n] == ';'
	switch {
	case numeric && semicolon:
		return html.UnescapeString(string(s[:n+1])), n + 1
	case numeric:
		return html.UnescapeString(string(s[:n])), n
	case semicolon:
		text = html.UnescapeString(string(s[:n+1]))
		if text != ";" && strings.HasSuffix(text, ";") {
			return string(s[:n]), n // only a beginning of it is a name
		}
		return text, n + 1
	}
	ref := string(s[:n])
	text = html.UnescapeString(ref)
	if n < len(s) && s[n] == '=' || len([]rune(text)) != 1 {
		return ref, n
	}
	return text, n
}
