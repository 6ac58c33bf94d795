package rewrite

import "bytes"

// Most of a page is text, and tags in which nothing is to be done. They are passed
// by one loop that keeps nothing of them. What may concern us, what is not written
// as nearly everything is, and what is not all there, is left to the rest of the
// scanner, which looks at it from its beginning.

// skims reports whether tags may be passed without following what they open.
func (h *document) skims() bool {
	return h.injected && !h.page.XHTML && len(h.foreign) == 0
}

// skim passes text and tags of no concern. It stops at a "<", or before the last text.
func (h *document) skim(pos int) int {
	src := h.in
	for {
		i := bytes.IndexByte(src[pos:], '<')
		if i < 0 {
			return pos
		}
		end := h.skimTag(src, pos+i)
		if end == 0 || end-(pos+i) > h.limit {
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
	if !isLetter(src[start+1]) || ownElements.has(element) {
		return 0
	}
	for i < len(src) {
		switch c := src[i]; {
		case c == '>':
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
		if i+1 < len(src) && src[i] == '=' && src[i+1] == '"' {
			n := bytes.IndexByte(src[i+2:], '"')
			if n < 0 || matters && h.concerns(element, src[name:i], src[i+2:i+2+n]) {
				return 0
			}
			i += n + 3
		} else if matters || i >= len(src) || src[i] == '=' {
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

// concerns reports whether an attribute has to be looked at.
func (h *document) concerns(element, name, value []byte) bool {
	switch attrKind(h.lower(element), name) {
	case "":
		return false
	case AttrURL:
		return !isPlainlyRelative(value)
	}
	return true
}

// ownElements are those whose start tags mean something, to us or to what follows.
var ownElements = func() (names sieve) {
	for name := range set(`html head meta base link script style template iframe title textarea xmp noembed noframes noscript
		plaintext svg math`) {
		names.add(name)
	}
	return names
}()
