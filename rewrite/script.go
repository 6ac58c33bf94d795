package rewrite

import (
	"bytes"
	"html"
	"slices"
	"strings"
)

// contentKind is what a script or style element holds.
type contentKind int

const (
	contentData contentKind = iota // anything the browser does not run
	contentScript
	contentImportMap
	contentCSS
)

// classify decides by the element's attributes what its text will be taken for
// (HTML §4.12.1.1, prepare the script element).
func (h *document) classify(element string) {
	h.content = contentData
	if element == "style" {
		if t := strings.TrimSpace(h.value("type")); t == "" || strings.EqualFold(t, "text/css") {
			h.content = contentCSS
		}
		return
	}
	if h.has("src") || h.has("href") && h.mode == modeForeign || h.has("xlink:href") {
		return // its text is never run
	}
	kind := strings.ToLower(strings.Trim(h.value("type"), "\t\n\f\r "))
	if kind == "" && !h.has("type") {
		if language := h.value("language"); language != "" {
			kind = "text/" + strings.ToLower(language)
		}
	}
	switch {
	case kind == "" || scriptTypes[kind]:
		h.content, h.script = contentScript, ScriptClassic
	case kind == "module":
		h.content, h.script = contentScript, ScriptModule
	case kind == "importmap":
		h.content = contentImportMap
	}
}

// scriptTypes are the JavaScript MIME types (MIME Sniffing §4.6).
var scriptTypes = set(`application/ecmascript application/javascript application/x-ecmascript application/x-javascript
	text/ecmascript text/javascript text/javascript1.0 text/javascript1.1 text/javascript1.2 text/javascript1.3
	text/javascript1.4 text/javascript1.5 text/jscript text/livescript text/x-ecmascript text/x-javascript`)

// judge finds out whether the policies allow the script or style element whose
// start tag was read by its hash only. It reports false if its text, which is
// what they have the hash of, is not all there yet.
func (h *document) judge() bool {
	t := &h.tag
	h.vouched = false
	name := string(t.name)
	foreign := h.page.XHTML
	if foreign {
		name = string(localName(t.name))
	} else if n := len(h.foreign); n > 0 {
		foreign = h.foreign[n-1].foreign && !h.foreign[n-1].point
	}
	lists := h.vouching.scripts
	if name == "style" {
		lists = h.vouching.styles
	} else if name != "script" {
		return true
	}
	if foreign && t.selfClosing || h.has("nonce") && h.page.XHTML {
		return true
	}
	var end int
	var found bool
	switch {
	case foreign:
		end, found = foreignTextEnd(h.in, t.end)
	case name == "script":
		end, found = scriptEnd(h.in, t.end)
	default:
		end, found = indexEndTag(h.in, t.end, t.name)
	}
	if !found {
		return h.eof
	}
	text := h.in[t.end:end]
	if foreign {
		text = decodeForeignText(text)
	}
	h.vouched = byHash(lists, &digests{text: newlines.Replace(string(text))}, h.value("nonce"))
	return true
}

// newlines does to text what the parser does before there is a text to hash.
var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\ufffd")

// rewriteText rewrites the content of the script or style element at hand.
func (h *document) rewriteText(pos, end int) {
	if h.content == contentData {
		return
	}
	text := h.in[pos:end]
	if h.mode == modeForeign {
		text = decodeForeignText(text)
	}
	var out []byte
	changed := false
	switch h.content {
	case contentCSS:
		h.tmp, changed = appendCSS(h.tmp[:0], text, h.mapper.AppendMap)
		out = h.tmp
	case contentScript:
		out, _ = JS(text, Script{Kind: h.script, Mapper: &h.mapper, Report: h.reporter(len(text))})
		changed = !bytes.Equal(out, text)
	case contentImportMap:
		out, changed = ImportMap(text, &h.mapper, h.demand)
	}
	if !changed {
		return
	}
	if h.mode == modeForeign {
		out = encodeForeignText(h.in[pos:end], out)
	}
	h.replace(pos, end, out)
}

var textEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// scriptEnd finds the end tag of a script whose text begins at from. Inside
// "<!--", a "<script>" hides the next end tag (HTML §13.2.5.15 to 31).
func scriptEnd(src []byte, from int) (int, bool) {
	escaped, double := false, false
	for i := from; i < len(src); i++ {
		if escaped && src[i] == '-' {
			if bytes.HasPrefix(src[i:], []byte("-->")) {
				escaped, double = false, false
				i += 2
			}
			continue
		}
		if src[i] != '<' {
			if !escaped {
				n := bytes.IndexByte(src[i:], '<')
				if n < 0 {
					return 0, false
				}
				i += n - 1
			}
			continue
		}
		rest := src[i+1:]
		switch {
		case !escaped && bytes.HasPrefix(rest, []byte("!--")):
			escaped = true
			i += 1 // the dashes may be those of "-->" too
		case !double && isScriptTag(rest, "/script"):
			return i, true
		case double && isScriptTag(rest, "/script"):
			double = false
		case escaped && !double && isScriptTag(rest, "script"):
			double = true
		}
	}
	return 0, false
}

func isScriptTag(rest []byte, name string) bool {
	return len(rest) > len(name) && isTagEnd(rest[len(name)]) && equalFold(rest[:len(name)], name)
}

// reporter passes on what became of a script of so many bytes, the one at hand.
func (h *document) reporter(size int) func(tier, at int) {
	h.scriptSize = size
	if h.report == nil && h.page.Script != nil {
		h.report = func(tier, at int) { h.page.Script(h.scriptSize, tier, at) }
	}
	return h.report
}

// foreignTextEnd finds the end tag of a script or style element whose content is
// markup: text, CDATA sections and comments. Any other tag ends it as well.
func foreignTextEnd(src []byte, from int) (int, bool) {
	for i := from; ; {
		n := bytes.IndexByte(src[i:], '<')
		if n < 0 {
			return 0, false
		}
		i += n
		rest := src[i:]
		closer := ""
		switch {
		case len(rest) < len("<![CDATA["):
			if len(rest) < 2 || rest[1] == '!' {
				return 0, false
			}
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			closer = "]]>"
		case bytes.HasPrefix(rest, []byte("<!--")):
			closer = "-->"
		}
		if closer == "" && (isLetter(rest[1]) || rest[1] == '/') {
			return i, true
		}
		n = bytes.Index(rest, []byte(closer))
		if n < 0 {
			return 0, false
		}
		i += n + max(len(closer), 1)
	}
}

// decodeForeignText returns the text that markup stands for.
func decodeForeignText(s []byte) []byte {
	var out []byte
	for {
		i := bytes.Index(s, []byte("<!"))
		if i < 0 {
			return append(out, html.UnescapeString(string(s))...)
		}
		out = append(out, html.UnescapeString(string(s[:i]))...)
		s = s[i:]
		if text, ok := bytes.CutPrefix(s, []byte("<![CDATA[")); ok {
			text, s, _ = bytes.Cut(text, []byte("]]>"))
			out = append(out, text...)
		} else {
			_, s, _ = bytes.Cut(s, []byte("-->"))
		}
	}
}

// encodeForeignText returns markup for a text that src stood for, before it was
// rewritten. One CDATA section with mere text around it stays one.
func encodeForeignText(src, text []byte) []byte {
	before, section, _ := bytes.Cut(src, []byte("<![CDATA["))
	_, after, ok := bytes.Cut(section, []byte("]]>"))
	if ok && !bytes.ContainsAny(before, "&<") && !bytes.ContainsAny(after, "&<") &&
		len(text) >= len(before)+len(after) && bytes.HasPrefix(text, before) && bytes.HasSuffix(text, after) {
		inner := text[len(before) : len(text)-len(after)]
		if !bytes.Contains(inner, []byte("]]>")) {
			return slices.Concat(before, []byte("<![CDATA["), inner, []byte("]]>"), after)
		}
	}
	return []byte(textEscaper.Replace(string(text)))
}

// isScriptURL reports whether a URL is of the javascript scheme.
func isScriptURL(v []byte) bool {
	_, ok := cutScriptScheme(v)
	return ok
}

func cutScriptScheme(v []byte) (source []byte, ok bool) {
	const scheme = "javascript:"
	i := 0
	for i < len(v) && v[i] <= ' ' {
		i++
	}
	n := 0
	for ; i < len(v) && n < len(scheme); i++ {
		switch c := v[i]; {
		case isStripped(c):
		case c == scheme[n] || isLetter(c) && c|0x20 == scheme[n]:
			n++
		default:
			return nil, false
		}
	}
	return v[i:], n == len(scheme)
}

// rewriteScriptURL rewrites the source in a javascript: URL. The browser strips
// line ends from it and decodes its percent signs before it runs it.
func rewriteScriptURL(v []byte, m *Mapper) ([]byte, bool) {
	source, _ := cutScriptScheme(v)
	text := percentDecode(string(strip(bytes.TrimRight(source, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f "))))
	out, _ := JS([]byte(text), Script{Kind: ScriptURL, Mapper: m})
	if string(out) == text {
		return v, false
	}
	url := []byte("javascript:")
	for _, c := range out {
		if c == '%' || c < ' ' {
			url = append(url, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		} else {
			url = append(url, c)
		}
	}
	return url, true
}
