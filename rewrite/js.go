package rewrite

import (
	"bytes"
	"slices"
)

// ScriptKind says how a source text will be run.
type ScriptKind int

const (
	ScriptClassic  ScriptKind = iota // a classic script or indirect eval; import and export make it a module
	ScriptModule                     // a module
	ScriptEval                       // direct eval: names may be bound around it
	ScriptFunction                   // a function body, or a whole function
	ScriptHandler                    // an on… attribute
	ScriptURL                        // the source of a javascript: URL
)

// Script says how a source text is rewritten.
type Script struct {
	Kind   ScriptKind
	Mapper *Mapper // for the addresses of static imports; nil leaves them as they are

	// Report, if set, is told what was done with the script: its tier and, of
	// those that are not understood, the offset from which on.
	Report func(tier, at int)
}

// What JS did with a source text.
const (
	TierNone   = 0 // nothing in it could concern us, it was not even parsed
	TierParsed = 1 // parsed, and every name resolved
	TierTokens = 2 // not understood by the parser: plain uses only, checked when they run
)

// JS rewrites a script so that it sees the site's location and top window, and
// so that text it evaluates or imports passes through the proxy. out is src
// itself when there was nothing to do. See the package comment for what becomes
// of what.
func JS(src []byte, s Script) (out []byte, tier int) {
	if s.Kind == ScriptURL {
		return urlScript(src, s)
	}
	edits, tier, at := scriptEdits(src, s)
	if s.Report != nil {
		s.Report(tier, at)
	}
	if at := sourceMap(src); at >= 0 {
		edits = append(edits, edit{start: at, end: at, kind: editText, text: markMap})
	}
	return applyEdits(src, edits), tier
}

func scriptEdits(src []byte, s Script) (edits []edit, tier, at int) {
	if !mayConcern(src) {
		return nil, TierNone, 0
	}
	edits, at, ok := parseJS(src, s, mode{})
	if !ok && s.Kind == ScriptFunction {
		edits, at, ok = parseJS(src, s, mode{async: true, generator: true})
	}
	if ok {
		return edits, TierParsed, 0
	}
	return tokenEdits(src), TierTokens, at
}

// sourceMap returns where to put markMap so that the comment which names a
// script's source map, for development tools to fetch, loses its meaning; -1 if
// there is none. Such comments are at the end (ECMA-426 §11.1.2).
func sourceMap(src []byte) int {
	const most = 8 // lines with other comments behind it
	end := len(src)
	for range most {
		for end > 0 && isSpace(src[end-1]) {
			end--
		}
		begin := bytes.LastIndexByte(src[:end], '\n') + 1
		line := src[begin:end]
		if i := lastIndex(line, []byte("# sourceMappingURL=")); i >= 2 {
			opens := string(line[i-2 : i])
			if (opens == "//" || opens == "/*") && !bytes.ContainsAny(line[i:], "\"'`") { // or it might be in a string
				return begin + i
			}
		}
		if begin == 0 || !bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("//")) {
			return -1
		}
		end = begin
	}
	return -1
}

// lastIndex is [bytes.LastIndex] for what is rarely there, which [bytes.Index]
// finds out much faster.
func lastIndex(s, sep []byte) int {
	if !bytes.Contains(s, sep) {
		return -1
	}
	return bytes.LastIndex(s, sep)
}

// mayConcern reports whether one of our names, or an escape that might hide one,
// stands in src. What is a string or comment it does not know.
func mayConcern(src []byte) bool {
	for pos := 0; pos < len(src); {
		c := src[pos]
		if !isPart[c] {
			pos++
			if c == '\\' && pos < len(src) && src[pos] == 'u' {
				return true
			}
			continue
		}
		start := pos
		for pos++; pos < len(src) && isPart[src[pos]]; pos++ {
		}
		if wordSieve[c]>>(pos-start)&1 == 0 {
			continue
		}
		switch skimWords[wordOf(src[start:pos])].hot {
		case hotAlways:
			return true
		case hotIndexed, hotVariable, hotThis:
			if indexFollows(src[pos:]) || endsSpread(src[pos:]) && spreads(src[:start]) {
				return true
			}
		}
	}
	return false
}

// spreads reports whether src ends in "...", or in a comment.
func spreads(src []byte) bool {
	src = bytes.TrimRight(src, " \t\n\r\v\f")
	return bytes.HasSuffix(src, []byte("...")) || bytes.HasSuffix(src, []byte("*/"))
}

func isNamePart(c byte) bool {
	class := jsClass[c]
	return class == className || class == classDigit
}

func parseJS(src []byte, s Script, m mode) (edits []edit, at int, ok bool) {
	p := &parser{lexer: lexer{src: src}, script: s, mode: m}
	ok = p.try()
	if p.variable { // it matters now where the names are bound
		p = &parser{lexer: lexer{src: src}, script: s, mode: m}
		p.indexed = true
		ok = p.try()
	}
	if p.awaits && !p.module && (p.imports || !ok) && s.Kind == ScriptClassic { // perhaps a module after all
		again := &parser{lexer: lexer{src: src, module: true}, script: s}
		again.indexed = p.indexed
		if again.try() && (again.imports || !ok) {
			return again.edits, 0, true
		}
	}
	return p.edits, p.start, ok
}

// try parses the source and reports whether it is understood.
func (p *parser) try() (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, isSyntax := r.(syntaxError); !isSyntax {
				panic(r)
			}
			ok = false
		}
	}()
	p.parse()
	return true
}

// edit is a replacement of src[start:end], or text put before start.
type edit struct {
	start, end int
	kind       editKind
	order      int
	text       string
	cover      bool // wrong if the expression around it turns out to be a pattern
}

// editKind sorts edits at the same place: what ends there, what begins there from
// the outside in, and then the text itself.
type editKind int

const (
	editClose editKind = iota
	editOpen
	editText
)

// What is written into a script only adds to it, and can be told from what was
// there: $tandem, and these comments. See [Unscript].
const (
	mark        = "/*$*/"    // before a bracket, colon or dot of ours; or between a word and $tandem
	markDot     = "/*$.*/?"  // makes the dot behind it a "?."
	markAddress = "/*$url"   // the address that stood here, "*/", and the one that does
	closing     = mark + ")" // of a call of ours
	closingBody = mark + "}"
	markConst   = "let/*$const*/" // stands for const
	markBody    = "/*$=*/"        // what is put before a body or behind a value, up to markBodyEnd
	markBodyEnd = "/*=$*/"
	markMap     = "$" // in front of "# sourceMappingURL="
)

func (p *parser) edit(start, end int, text string) {
	p.edits = append(p.edits, edit{start: start, end: end, kind: editText, text: text})
}

func (p *parser) insert(at int, text string) { p.edit(at, at, text) }

// wrap puts src[start:end] into a call. Outer calls are wrapped after inner ones.
func (p *parser) wrap(call string, start, end int) {
	p.edits = append(p.edits,
		edit{start: start, end: start, kind: editOpen, order: -len(p.edits), text: call},
		edit{start: end, end: end, kind: editClose, text: closing})
}

// uncover takes back what was made of expressions that are patterns after all,
// or parameters. The edits from first on are of these.
func (p *parser) uncover(first int) {
	kept := p.edits[:first]
	for _, e := range p.edits[first:] {
		if !e.cover {
			kept = append(kept, e)
		}
	}
	p.edits = kept
}

// resolve edits a use of a name that turned out to be free.
func (p *parser) resolve(r *ref) {
	name := names[r.word]
	if r.member != "" && !r.dynamic && !r.write {
		p.wrap(r.member, r.start, r.end)
	}
	if r.word > wPostMessage {
		return
	}
	if r.word == wEval {
		switch {
		case r.call && len(bytes.TrimSpace(p.src[r.open:r.last])) > 0:
			p.wrap("$tandem.js(", r.open, r.last)
		case r.shorthand && !r.write && !r.dynamic:
			p.insert(r.start, name+mark+":$tandem.")
		case !r.call && !r.write && !r.dynamic && !r.shorthand:
			p.insert(r.start, "$tandem.")
		}
		return
	}
	key := ""
	if r.shorthand {
		key = name + mark + ":"
	}
	// What a handler reads may be a field of the element's form.
	bound := r.dynamic || p.script.Kind == ScriptEval || p.script.Kind == ScriptHandler && !r.write
	if !bound {
		p.insert(r.start, key+"$tandem.")
	} else if !r.write {
		p.wrap(key+"$tandem.v(", r.start, r.end)
	} else if r.word == wLocation && r.last > 0 {
		p.wrap("$tandem.w(location,", r.open, r.last) // it may be a variable
	}
}

var names = map[word]string{wLocation: "location", wTop: "top", wEval: "eval"}

// mapSpecifier maps the address in the string at hand. One with escapes, which
// nobody writes, is left to the policy.
func (p *parser) mapSpecifier() {
	text := p.src[p.start+1 : p.end-1]
	if p.script.Mapper == nil || bytes.IndexByte(text, '\\') >= 0 || bytes.Contains(text, []byte("*/")) {
		return
	}
	if mapped, changed := p.script.Mapper.appendMap(nil, text); changed {
		quote := string(p.src[p.start])
		p.edit(p.start, p.end, markAddress+string(p.src[p.start:p.end])+"*/"+quote+string(mapped)+quote)
	}
}

// applyEdits returns src with the edits made, or src itself if there are none.
func applyEdits(src []byte, edits []edit) []byte {
	if len(edits) == 0 {
		return src
	}
	slices.SortFunc(edits, func(a, b edit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		if a.kind != b.kind {
			return int(a.kind - b.kind)
		}
		return a.order - b.order
	})
	size := len(src)
	for _, e := range edits {
		size += len(e.text) + 1
	}
	out := make([]byte, 0, size)
	copied := 0
	for _, e := range edits {
		out = append(out, src[copied:e.start]...)
		if e.kind == editOpen && len(out) > 0 && isNamePart(out[len(out)-1]) {
			out = append(out, mark...) // return(a).top
		}
		out = append(out, e.text...)
		copied = e.end
	}
	return append(out, src[copied:]...)
}
