package rewrite

import "bytes"

// Most of a page is text, and tags in which nothing is to be done. They are passed
// by one loop that keeps nothing of them but the attributes that may have to be
// rewritten. Elements that mean something, what is not all there, and what is
// oddly written is left to the rest of the scanner, which looks at the tag from
// its beginning.

// skims reports whether tags may be passed without following what they open.
func (h *document) skims() bool {
	return h.injected && !h.page.XHTML && len(h.foreign) == 0
}

// skim passes text and tags. It stops at a "<", or before the last text.
func (h *document) skim(pos int) int {
	src := h.in
	h.attrs = h.attrs[:0]
	for {
		i := bytes.IndexByte(src[pos:], '<')
		if i < 0 {
			return pos
		}
		end := h.skimTag(src, pos+i)
		if end == 0 {
			return pos + i
		}
		pos = end
	}
}

// skimTag returns where the tag that begins at start ends, or 0.
func (h *document) skimTag(src []byte, start int) int {
	i := start + 1
	if i+1 >= len(src) {
		return 0
	}
	if src[i] == '/' {
		return skimEndTag(src, i+1)
	}
	i = endOfTagName(src, i)
	element := src[start+1 : i]
	if !isLetter(src[start+1]) || h.isOwn(element) {
		return 0
	}
	for i < len(src) {
		switch c := src[i]; {
		case c == '>':
			if i-start >= h.limit {
				return 0
			}
			if len(h.attrs) > 0 {
				h.noticed(element)
			}
			return i + 1
		case c == '/' || isSpace(c):
			i++
			continue
		case c == '=':
			return 0
		}
		name := i
		for i++; i < len(src) && !endsAttrName[src[i]]; {
			i++
		}
		matters := mayMatter(src[name:i])
		if i+1 < len(src) && src[i] == '=' && src[i+1] == '"' { // as nearly all are
			n := bytes.IndexByte(src[i+2:], '"')
			if n < 0 || matters && !h.notice(element, attr{name, i, i + 2, i + 2 + n, '"'}) {
				return 0
			}
			i += n + 3
			continue
		}
		a := attr{name: name, nameEnd: i}
		if i = a.parseValue(src, i); i < 0 || matters && !h.notice(element, a) {
			return 0
		}
	}
	return 0
}

func skimEndTag(src []byte, i int) int {
	if !isLetter(src[i]) {
		return 0
	}
	if i = endOfTagName(src, i); i < len(src) && src[i] == '>' {
		return i + 1
	}
	return 0
}

// notice keeps an attribute that has to be looked at. It reports false if the
// tag has to be, as a whole.
func (h *document) notice(element []byte, a attr) bool {
	switch attrKind(h.lower(element), h.in[a.name:a.nameEnd]) {
	case "":
		return true
	case attrPragma:
		return false
	case AttrURL:
		if isPlainlyRelative(h.in[a.value:a.valueEnd]) {
			return true
		}
	}
	h.attrs = append(h.attrs, a)
	return true
}

// noticed rewrites the attributes that were kept.
func (h *document) noticed(element []byte) {
	element = h.lower(element)
	for i := range h.attrs {
		h.attribute(element, &h.attrs[i])
	}
	h.attrs = h.attrs[:0]
}

// isOwn reports whether the start tag of an element means something, to us or to
// what follows. own turns away most others.
func (h *document) isOwn(element []byte) bool {
	return own.has(element) && ownElements[string(h.lower(element))]
}

var (
	ownElements = set(`html head base link script style template iframe title textarea xmp noembed noframes noscript
		plaintext svg math`)
	own = func() (names sieve) {
		for name := range ownElements {
			names.add(name)
		}
		return names
	}()
)
