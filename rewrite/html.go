package rewrite

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
)

// Page says how one document is rewritten.
type Page struct {
	Mapper *Mapper // Base is the document's origin; a base element is taken into account

	// Head is put into the document's head before anything of the page, whether
	// or not there are html and head tags. In XHTML it must be well formed and
	// name its own namespace. Documents in srcdoc attributes get it too.
	Head []byte

	// Policies are those the site sent for the document, which come mapped in its
	// response. Nonce is what they have of ours: inline elements that they know by
	// a hash get it, because rewriting may change their text.
	Policies []Policy
	Nonce    string
	// OnPolicy, if set, is told of each policy in a meta element.
	OnPolicy func(p Policy)

	// Script, if set, is told of every script element's text how long it is, which
	// tier it took and, if it is not understood, from which offset on.
	Script func(size, tier, at int)

	// OnIntegrity, if set, is told of each script or link with an integrity
	// attribute, and of what import maps say: the address as it is written, the
	// document's base then, if it has one, and the metadata. The browser does not
	// see them, because it would compare the rewritten body.
	OnIntegrity func(base, url, metadata string)
	// OnFrame, if set, is told of the address of each iframe, likewise.
	OnFrame func(base, url string)

	XHTML bool // the document is XML: XHTML, SVG
	Limit int  // longest tag, script or style sheet in bytes; 0 means 16 MiB

	base string // of the document that has this one in a srcdoc attribute
}

// ErrTooLong is returned when a tag, script or style element exceeds the limit.
// What came before it has been written. The rest is not: passing it on
// unrewritten would hand the page's requests to the browser as they are.
var ErrTooLong = errors.New("tag, script or style sheet exceeds the limit")

const (
	defaultLimit = 16 << 20
	readSize     = 32 << 10
	maxSrcdoc    = 8 // how deep documents in srcdoc attributes are followed; deeper ones are emptied
)

// HTML copies a document from r to w and rewrites it on the way, as it arrives:
// after every read, all complete tokens have been written. Every byte is copied
// as it is but for those of the edits. The charset must be UTF-8 or have a single
// byte per character; see [Charset].
func HTML(w io.Writer, r io.Reader, p *Page) error {
	return rewriteHTML(w, r, p, 0)
}

var buffers = sync.Pool{New: func() any { return new(htmlBuffers) }}

type htmlBuffers struct {
	in, own, tmp []byte
	attrs        []attr
	begun        beginning // of the last URL that was mapped
}

func rewriteHTML(w io.Writer, r io.Reader, p *Page, depth int) error {
	b := buffers.Get().(*htmlBuffers)
	b.begun.forget()
	h := &document{page: p, mapper: *p.Mapper, limit: p.Limit, baseHref: p.base, depth: depth, htmlBuffers: b}
	for _, policy := range p.Policies {
		h.obey(policy)
	}
	if h.limit <= 0 {
		h.limit = defaultLimit
	}
	err := h.copy(w, r)
	if cap(b.in)+cap(b.own)+cap(b.tmp) <= 1<<20 {
		buffers.Put(b)
	}
	return err
}

// textMode says what ends the text at hand (HTML §13.2.5).
type textMode int

const (
	modeData     textMode = iota
	modeRaw               // RCDATA and RAWTEXT: up to the end tag named rawName
	modeScript            // script data, which is rewritten as a whole
	modeStyle             // RAWTEXT, rewritten as a whole
	modeForeign           // svg or XML script and style: markup, rewritten as a whole
	modeComment           // up to "-->"
	modeBogus             // up to ">"
	modeCDATA             // up to "]]>"
	modePI                // XML only: up to "?>"
	modeDoctype           // XML only: up to ">" outside of "[…]"
	modeVerbatim          // to the end: plaintext
)

// document is one run over one document. Bytes of in before copied are in out
// already, perhaps edited; those from copied on are copied when it is known that
// they stay.
type document struct {
	page   *Page
	mapper Mapper
	limit  int
	depth  int // of srcdoc

	*htmlBuffers
	out    []byte // own, or lent by the writer
	copied int
	eof    bool
	failed bool // something was longer than limit
	seen   int  // how long an incomplete token was when it was looked at
	tries  int  // how often it was
	wait   int  // how long it must be to be looked at again

	started  bool // past the byte order mark
	injected bool
	based    bool // past the first base href
	baseHref string
	rooted   bool // XML: past the root's start tag
	subset   int  // XML: depth of "[" in the doctype

	policies []Policy // the response's, and of meta elements so far
	vouching vouching
	hashed   bool // some policy has hashes
	vouched  bool // the element at hand is allowed by its hash

	mode    textMode
	rawName []byte
	script  ScriptKind
	content contentKind

	report     func(tier, at int) // made once
	scriptSize int

	foreign foreignStack
	tag     tag
}

// tag is the tag being looked at; positions are in document.in.
type tag struct {
	start, end  int
	name        []byte // lower case; in document.in, too, if it is written so
	lower       []byte // else here
	selfClosing bool
}

// attr is where an attribute lies; without a value, value and valueEnd are nameEnd.
type attr struct {
	name, nameEnd   int
	value, valueEnd int // inside the quotes
	quote           byte
}

func (h *document) copy(w io.Writer, r io.Reader) error {
	h.in = h.in[:0]
	for {
		readErr := h.read(r)
		if readErr != nil && readErr != io.EOF {
			return readErr
		}
		own := h.borrow(w)
		pos, err := h.scan()
		h.flushTo(pos)
		if own {
			h.own = h.out
		}
		if len(h.out) > 0 {
			if _, err := w.Write(h.out); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if h.eof {
			return nil
		}
		if pos > 0 {
			h.in = h.in[:copy(h.in, h.in[pos:])]
		}
		h.copied = 0
	}
}

// borrow makes out the buffer of w, as that of a [bufio.Writer], if it has one
// with room for what is in; else own.
func (h *document) borrow(w io.Writer) (own bool) {
	if lender, ok := w.(interface{ AvailableBuffer() []byte }); ok {
		h.out = lender.AvailableBuffer()
		if cap(h.out) > len(h.in)+len(h.in)/8 {
			return false
		}
	}
	h.out = h.own[:0]
	return true
}

// read adds what one Read gives to in.
func (h *document) read(r io.Reader) error {
	if cap(h.in)-len(h.in) < readSize {
		h.in = append(make([]byte, 0, 2*cap(h.in)+2*readSize), h.in...)
	}
	for range 100 {
		n, err := r.Read(h.in[len(h.in):cap(h.in)])
		h.in = h.in[:len(h.in)+n]
		if err == io.EOF {
			h.eof = true
		}
		if n > 0 || err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

func (h *document) flushTo(pos int) {
	if pos > h.copied {
		h.out = append(h.out, h.in[h.copied:pos]...)
		h.copied = pos
	}
}

// replace makes text stand for in[start:end]. Edits come in ascending order.
func (h *document) replace(start, end int, text []byte) {
	h.flushTo(start)
	h.out = append(h.out, text...)
	h.copied = end
}

func (h *document) inject(pos int) {
	h.replace(pos, pos, h.page.Head)
	h.injected = true
}

// scan goes over all complete tokens in the buffer and returns the position of
// the first byte it has to see again.
func (h *document) scan() (int, error) {
	pos, ok := 0, true
	if !h.started {
		if pos, ok = h.skipMark(); !ok {
			return 0, nil
		}
	}
	if h.endless() {
		return 0, nil
	}
	for ok && pos < len(h.in) {
		var next int
		next, ok = h.next(pos)
		if next < pos {
			panic("rewrite: scanner went backwards")
		}
		pos = next
	}
	if h.failed || len(h.in)-pos > h.limit {
		return pos, ErrTooLong
	}
	if !h.eof {
		h.stopped(pos)
		return pos, nil
	}
	if !h.injected && !h.page.XHTML {
		h.inject(pos)
	}
	return len(h.in), nil
}

// maxTries is how often a token that does not end is looked at for every ">"
// in it.
const maxTries = 16

// stopped notes that what is at pos is not complete.
func (h *document) stopped(pos int) {
	if pos > 0 {
		h.tries = 0
	}
	h.tries++
	h.seen = len(h.in) - pos
	h.wait = 0
	if h.tries > maxTries {
		h.wait = h.seen + h.seen/4
	}
}

// endless reports whether the token that was not complete before cannot be so
// now either: all but the shortest end in ">". Looking at a long one for every
// few bytes that arrive would take quadratic time.
func (h *document) endless() bool {
	if h.eof || len(h.in) > h.limit {
		return false
	}
	if len(h.in) < h.wait {
		return true
	}
	if h.seen < 64 || bytes.IndexByte(h.in[h.seen:], '>') >= 0 {
		return false
	}
	h.seen = len(h.in)
	return true
}

// skipMark passes the byte order mark, before which nothing may be injected.
func (h *document) skipMark() (pos int, ok bool) {
	mark := []byte("\xEF\xBB\xBF")
	if len(h.in) < len(mark) && !h.eof && bytes.HasPrefix(mark, h.in) {
		return 0, false
	}
	h.started = true
	if bytes.HasPrefix(h.in, mark) {
		return len(mark), true
	}
	return 0, true
}

// next passes one token, or the part of one that is in the buffer, and returns
// where to go on. ok is false if more input is needed to go on.
func (h *document) next(pos int) (_ int, ok bool) {
	switch h.mode {
	case modeRaw:
		return h.rawText(pos)
	case modeScript, modeStyle, modeForeign:
		return h.wholeText(pos)
	case modeComment:
		return h.comment(pos)
	case modeBogus:
		return h.upTo(pos, ">")
	case modeCDATA:
		return h.upTo(pos, "]]>")
	case modePI:
		return h.upTo(pos, "?>")
	case modeDoctype:
		return h.doctype(pos)
	case modeVerbatim:
		return len(h.in), true
	}
	return h.data(pos)
}

// data passes text and tags up to where something else begins.
func (h *document) data(pos int) (_ int, ok bool) {
	for h.mode == modeData && pos < len(h.in) {
		if h.skims() {
			pos = h.skim(pos)
		}
		i := bytes.IndexByte(h.in[pos:], '<')
		if i < 0 {
			h.text(pos, len(h.in))
			return len(h.in), true
		}
		h.text(pos, pos+i)
		if pos, ok = h.markup(pos + i); !ok {
			return pos, false
		}
	}
	return pos, true
}

// text looks at character data: what is not white space opens the body.
func (h *document) text(pos, end int) {
	if !h.injected && !h.page.XHTML {
		h.findText(pos, end)
	}
}

func (h *document) findText(pos, end int) {
	for i := pos; i < end; i++ {
		if !isSpace(h.in[i]) {
			h.inject(i)
			return
		}
	}
}

// markup passes what begins with the "<" at pos.
func (h *document) markup(pos int) (int, bool) {
	rest := h.in[pos:]
	if len(rest) < 2 {
		return pos, false
	}
	switch c := rest[1]; {
	case isLetter(c), h.page.XHTML && (c == '_' || c >= 0x80):
		return h.startTag(pos)
	case c == '/':
		return h.slash(pos)
	case c == '!':
		return h.declaration(pos)
	case c == '?':
		if h.page.XHTML {
			return h.instruction(pos)
		}
		h.mode = modeBogus
		return pos + 2, true
	}
	h.text(pos, pos+1)
	return pos + 1, true
}

// instruction passes a processing instruction. A style sheet's address is
// mapped; one that is XSL is made inert, for the document it makes has no script
// of ours in it (xml-stylesheet §3).
func (h *document) instruction(pos int) (int, bool) {
	const sheet = "<?xml-stylesheet"
	rest := h.in[pos:]
	if len(rest) <= len(sheet) && !h.eof && bytes.HasPrefix([]byte(sheet), rest[:min(len(rest), len(sheet))]) {
		return pos, false
	}
	end := bytes.Index(rest, []byte("?>"))
	if !bytes.HasPrefix(rest, []byte(sheet)) || end < 0 && h.eof {
		h.mode = modePI
		return pos + 2, true
	}
	if end < 0 {
		return pos, false
	}
	if mayBeXSL(rest[len(sheet):end]) {
		h.replace(pos+len("<?"), pos+len("<?xml"), []byte("tandem"))
	} else if from, to, ok := pseudoAttribute(rest[:end], "href"); ok {
		if v, changed := h.mapper.appendMap(nil, unescapeAttr(rest[from:to])); changed {
			h.replace(pos+from, pos+to, h.appendEscaped(nil, v, rest[from-1]))
		}
	}
	return pos + end + len("?>"), true
}

// mayBeXSL reports whether one of the types of XSL could stand in the data of an
// xml-stylesheet instruction, however it is taken apart.
func mayBeXSL(data []byte) bool {
	data = bytes.ToLower(data)
	return bytes.Contains(data, []byte("xsl")) || bytes.Contains(data, []byte("xml")) || bytes.Contains(data, []byte("&#"))
}

// pseudoAttribute returns where the value of a pseudo-attribute lies.
func pseudoAttribute(pi []byte, name string) (from, to int, ok bool) {
	for i := 0; ; {
		n := bytes.Index(pi[i:], []byte(name))
		if n < 0 {
			return 0, 0, false
		}
		i += n
		named := isSpace(pi[i-1])
		i += len(name)
		at := i + len(pi[i:]) - len(bytes.TrimLeft(pi[i:], " \t\r\n"))
		if !named || at >= len(pi) || pi[at] != '=' {
			continue
		}
		at++
		at += len(pi[at:]) - len(bytes.TrimLeft(pi[at:], " \t\r\n"))
		if at >= len(pi) || pi[at] != '"' && pi[at] != '\'' {
			continue
		}
		if n := bytes.IndexByte(pi[at+1:], pi[at]); n >= 0 {
			return at + 1, at + 1 + n, true
		}
		return 0, 0, false
	}
}

func (h *document) slash(pos int) (int, bool) {
	rest := h.in[pos:]
	switch {
	case len(rest) < 3:
		return pos, false
	case isLetter(rest[2]), h.page.XHTML && (rest[2] == '_' || rest[2] >= 0x80):
		return h.endTag(pos)
	case rest[2] == '>':
		return pos + 3, true
	}
	h.mode = modeBogus
	return pos + 2, true
}

func (h *document) declaration(pos int) (int, bool) {
	rest := h.in[pos:]
	const cdata = "<![CDATA["
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		return h.commentStart(pos)
	case h.page.XHTML || h.foreign.inForeign():
		if len(rest) < len(cdata) && bytes.HasPrefix([]byte(cdata), rest) {
			return pos, false
		}
		if bytes.HasPrefix(rest, []byte(cdata)) {
			h.mode = modeCDATA
			return pos + len(cdata), true
		}
	}
	if len(rest) < 4 {
		return pos, false
	}
	h.mode = modeBogus
	if h.page.XHTML {
		h.mode, h.subset = modeDoctype, 0
	}
	return pos + 2, true
}

// commentStart deals with "<!-->" and "<!--->", which are whole comments.
func (h *document) commentStart(pos int) (int, bool) {
	h.mode = modeComment
	i := pos + len("<!--")
	if h.page.XHTML {
		return i, true
	}
	rest := h.in[i:]
	if len(rest) < 2 && !(len(rest) == 1 && rest[0] == '>') {
		if !h.eof {
			h.mode = modeData
			return pos, false
		}
		return i, true
	}
	switch {
	case rest[0] == '>':
		h.mode = modeData
		return i + 1, true
	case rest[0] == '-' && rest[1] == '>':
		h.mode = modeData
		return i + 2, true
	}
	return i, true
}

// comment passes a comment up to its end, or as far as it is there.
func (h *document) comment(pos int) (int, bool) {
	for i := pos; ; {
		n := bytes.IndexByte(h.in[i:], '>')
		if n < 0 {
			break
		}
		i += n
		if endsComment(h.in[pos:i]) && (!h.page.XHTML || h.in[i-1] == '-') {
			h.mode = modeData
			return i + 1, true
		}
		i++
	}
	return h.keep(pos, 3)
}

func endsComment(s []byte) bool {
	return bytes.HasSuffix(s, []byte("--")) || bytes.HasSuffix(s, []byte("--!"))
}

func (h *document) upTo(pos int, end string) (int, bool) {
	i := bytes.Index(h.in[pos:], []byte(end))
	if i < 0 {
		return h.keep(pos, len(end)-1)
	}
	h.mode = modeData
	return pos + i + len(end), true
}

// keep passes the rest of the buffer but n bytes, which may begin what ends the
// token. At the end of the document nothing does.
func (h *document) keep(pos, n int) (int, bool) {
	if h.eof {
		return len(h.in), true
	}
	return max(pos, len(h.in)-n), false
}

func (h *document) doctype(pos int) (int, bool) {
	for i := pos; i < len(h.in); i++ {
		switch h.in[i] {
		case '[':
			h.subset++
		case ']':
			h.subset--
		case '>':
			if h.subset <= 0 {
				h.mode = modeData
				return i + 1, true
			}
		}
	}
	return len(h.in), true
}

// rawText passes text up to the end tag of the element it is in.
func (h *document) rawText(pos int) (int, bool) {
	i, found := indexEndTag(h.in, pos, h.rawName)
	if found {
		h.mode = modeData
		return i, true
	}
	return h.keep(pos, len(h.in)-i)
}

// indexEndTag finds the end tag "</name" in src[from:]. If there is none, it
// returns where one might begin that is cut off.
func indexEndTag(src []byte, from int, name []byte) (_ int, found bool) {
	for i := from; ; {
		n := bytes.IndexByte(src[i:], '<')
		if n < 0 {
			return len(src), false
		}
		i += n
		tail := i + 2 + len(name)
		if tail >= len(src) {
			if i+1 >= len(src) || src[i+1] == '/' && equalFold(src[i+2:min(tail, len(src))], name) {
				return i, false
			}
		} else if src[i+1] == '/' && isTagEnd(src[tail]) && equalFold(src[i+2:tail], name) {
			return i, true
		}
		i++
	}
}

// equalFold reports whether s is a beginning of the lower-case name.
func equalFold[T string | []byte](s []byte, name T) bool {
	for i, c := range s {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// wholeText passes the content of a script or style element once all of it is there.
func (h *document) wholeText(pos int) (int, bool) {
	var end int
	var found bool
	switch h.mode {
	case modeScript:
		end, found = scriptEnd(h.in, pos)
	case modeStyle:
		end, found = indexEndTag(h.in, pos, h.rawName)
	case modeForeign:
		end, found = foreignTextEnd(h.in, pos)
	}
	switch {
	case found:
	case !h.eof:
		return pos, false
	case h.mode == modeStyle:
		end = len(h.in) // applies even so; a script that is cut off does not run
	default:
		return len(h.in), true
	}
	if end-pos > h.limit {
		h.failed = true
		return pos, false
	}
	if end > pos {
		h.rewriteText(pos, end)
	}
	h.mode = modeData
	return end, true
}

// startTag passes the start tag at pos.
func (h *document) startTag(pos int) (int, bool) {
	if !h.parseTag(pos, pos+1) || h.hashed && !h.judge() {
		return pos, false
	}
	t := &h.tag
	if h.page.XHTML {
		h.injectXML()
		h.attributes()
		h.enter(true)
		h.flushTo(t.end)
		h.injectAfterRoot()
		return t.end, true
	}
	if !h.injected && string(t.name) != "html" && string(t.name) != "head" {
		h.inject(pos)
	}
	foreign := false
	if len(h.foreign) > 0 || isForeignRoot(t.name) {
		foreign = h.foreign.start(t.name, t.selfClosing, h.hasFontAttr)
	}
	h.attributes()
	h.enter(foreign)
	if !h.injected && string(t.name) == "head" {
		h.inject(t.end)
	} else if string(t.name) == "template" && !foreign && h.declaresClosed() {
		h.replace(t.end, t.end, []byte(rootMark))
	}
	return t.end, true
}

// rootMark goes first into a closed shadow root that markup declares, which no
// script can reach from outside. As soon as it is there, the element tells our
// script in which root it is, and takes itself away. Where no root comes of the
// template, that happens when its content is used.
const rootMark = "<tandem-root></tandem-root>"

// declaresClosed reports whether the template at hand becomes a closed shadow root.
func (h *document) declaresClosed() bool {
	return strings.EqualFold(h.value("shadowrootmode"), "closed")
}

// endTag passes the end tag at pos. Before the head, these four open it and the
// others mean nothing.
func (h *document) endTag(pos int) (int, bool) {
	if !h.parseTag(pos, pos+2) {
		return pos, false
	}
	t := &h.tag
	if h.page.XHTML {
		if h.rooted && !h.injected {
			h.inject(pos)
		}
		return t.end, true
	}
	if !h.injected {
		switch string(t.name) {
		case "head", "body", "html", "br":
			h.inject(pos)
		}
	}
	h.foreign.end(t.name)
	return t.end, true
}

// injectXML puts the head before a first child of the root that is not a head.
func (h *document) injectXML() {
	if h.injected || !h.rooted || string(localName(h.tag.name)) == "head" {
		return
	}
	h.inject(h.tag.start)
}

// injectAfterRoot puts the head behind the tag of a head, or of a root that can
// have none, such as svg.
func (h *document) injectAfterRoot() {
	t := &h.tag
	name := localName(t.name)
	root := !h.rooted
	h.rooted = true
	if h.injected || root && string(name) == "html" {
		return
	}
	if !t.selfClosing {
		h.inject(t.end)
		return
	}
	h.out = h.out[:len(h.out)-2] // "/>"
	h.out = append(h.out, '>')
	h.inject(t.end)
	h.out = append(h.out, "</"...)
	h.out = append(h.out, h.in[t.start+1:t.start+1+len(t.name)]...)
	h.out = append(h.out, '>')
}

func localName(name []byte) []byte {
	return name[bytes.IndexByte(name, ':')+1:]
}

// parseTag reads the tag whose name is at name (HTML §13.2.5.8 to 40). It reports
// false if the tag is not complete. Attributes that cannot matter are passed over.
func (h *document) parseTag(start, name int) bool {
	src := h.in
	i := endOfTagName(src, name)
	t := &h.tag
	t.start, t.name = start, h.lower(src[name:i])
	all := h.needsAll()
	h.attrs = h.attrs[:0]
	for {
		slash := false
		for i < len(src) && (src[i] == '/' || isSpace(src[i])) {
			slash = src[i] == '/'
			i++
		}
		if i >= len(src) {
			return false
		}
		if src[i] == '>' {
			t.end, t.selfClosing = i+1, slash
			h.failed = t.end-start > h.limit
			return !h.failed
		}
		name := i
		for i++; i < len(src) && !endsAttrName[src[i]]; {
			i++
		}
		matters := all || mayMatter(src[name:i])
		if i+1 < len(src) && src[i] == '=' && src[i+1] == '"' { // as nearly all are
			n := bytes.IndexByte(src[i+2:], '"')
			if n < 0 {
				return false
			}
			if matters {
				h.attrs = append(h.attrs, attr{name, i, i + 2, i + 2 + n, '"'})
			}
			i += n + 3
			continue
		}
		a := attr{name: name, nameEnd: i}
		if i = a.parseValue(src, i); i < 0 {
			return false
		}
		if matters {
			h.attrs = append(h.attrs, a)
		}
	}
}

// endOfTagName returns where the name of a tag at src[i:] ends.
func endOfTagName(src []byte, i int) int {
	for i < len(src) && !endsTagName[src[i]] {
		i++
	}
	return i
}

var (
	endsTagName  = [256]bool{'>': true, '/': true, ' ': true, '\n': true, '\t': true, '\r': true, '\f': true}
	endsAttrName = [256]bool{'=': true, '>': true, '/': true, ' ': true, '\n': true, '\t': true, '\r': true, '\f': true}
)

// needsAll reports whether attributes of the tag are looked up by their names,
// and not only each for itself.
func (h *document) needsAll() bool {
	switch string(h.tag.name) {
	case "meta", "base", "link", "script", "style", "template":
		return true
	}
	return h.hashed || h.page.XHTML || len(h.foreign) > 0
}

// lower returns a name in lower case, as it mostly is.
func (h *document) lower(name []byte) []byte {
	for _, c := range name {
		if c-'A' < 26 {
			h.tag.lower = lowerInto(h.tag.lower[:0], name)
			return h.tag.lower
		}
	}
	return name
}

// parseValue reads what follows the name that ends at i and returns where it ends,
// or -1 if it does not.
func (a *attr) parseValue(src []byte, i int) int {
	a.value, a.valueEnd = i, i
	for i < len(src) && isSpace(src[i]) {
		i++
	}
	if i >= len(src) || src[i] != '=' {
		return i
	}
	for i++; i < len(src) && isSpace(src[i]); {
		i++
	}
	if i >= len(src) {
		return -1
	}
	if c := src[i]; c == '"' || c == '\'' {
		n := bytes.IndexByte(src[i+1:], c)
		if n < 0 {
			return -1
		}
		a.quote, a.value, a.valueEnd = c, i+1, i+1+n
		return a.valueEnd + 1
	}
	if src[i] == '>' {
		return i // "missing attribute value"
	}
	a.value = i
	for i < len(src) && src[i] != '>' && !isSpace(src[i]) {
		i++
	}
	a.valueEnd = i
	return i
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isSpace(c byte) bool {
	return c <= ' ' && (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f')
}

func isTagEnd(c byte) bool { return endsTagName[c] }

// enter sets the mode for the content of the element whose start tag was read.
func (h *document) enter(foreign bool) {
	t := &h.tag
	name := t.name
	if foreign {
		if h.page.XHTML {
			name = localName(name)
		}
		if t.selfClosing {
			return
		}
		switch string(name) {
		case "script", "style":
			h.enterText(modeForeign, t.name)
			h.classify(string(name))
		}
		return
	}
	switch string(name) {
	case "script":
		h.enterText(modeScript, name)
		h.classify("script")
	case "style":
		h.enterText(modeStyle, name)
		h.classify("style")
	case "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript":
		h.enterText(modeRaw, name)
	case "plaintext":
		h.mode = modeVerbatim
	}
}

func (h *document) enterText(mode textMode, name []byte) {
	h.mode = mode
	h.rawName = append(h.rawName[:0], name...)
}

// hasFontAttr reports whether a font tag is one of those that end foreign content.
func (h *document) hasFontAttr() bool {
	for _, a := range h.attrs {
		switch string(bytes.ToLower(h.in[a.name:a.nameEnd])) {
		case "color", "face", "size":
			return true
		}
	}
	return false
}
