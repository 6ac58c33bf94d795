package proxy

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"

	"tandem/rewrite"
	"tandem/static"
)

// kind says what is done to a body.
type kind int

const (
	plain      kind = iota // passed on byte for byte, as the site encoded it
	page                   // HTML, rewritten as it streams
	xmlPage                // XHTML, SVG
	textPage               // text, put into HTML as a browser does, so that followers see it
	mediaPage              // a picture or film, likewise
	filePage               // a PDF
	stylesheet             // the rest is read whole, then rewritten
	script                 // classic or module: the browser does not say, import and export do
	module
	worker
	manifest
	playlist
)

func (k kind) document() bool {
	return k == page || k == xmlPage || k == textPage || k == mediaPage || k == filePage
}

const (
	// rewriterVersion is part of validators: raise it when rewriting changes
	// what browsers may have kept.
	rewriterVersion = "2"
	// sourceMax bounds what is read whole. A larger script or style sheet is
	// refused: passed on as it is, it could leave the session.
	sourceMax = 16 << 20
	// documentMax bounds a document as it is decoded.
	documentMax      = 64 << 20
	scriptCacheBytes = 64 << 20
	copyBuffer       = 32 << 10
	compressAbove    = 1 << 10
)

var (
	errTooLarge = errors.New("body is larger than we rewrite")
	errCoding   = errors.New("unknown content coding")
)

// kind decides from what the site sent and what the browser wants it for; a
// file name never counts.
func (x *exchange) kind(resp *http.Response) kind {
	if !hasBody(x.in.Method, resp.StatusCode) || resp.StatusCode == http.StatusPartialContent && !x.visit.navigate {
		return plain
	}
	media := x.sent.media
	dest := x.in.Header.Get("Sec-Fetch-Dest")
	switch dest {
	case "empty", "image", "font", "track", "xslt":
		return plain // what a script reads is mapped where it uses it
	case "script":
		return script
	case "audioworklet", "paintworklet":
		return module
	case "worker", "sharedworker":
		return worker
	case "style":
		return stylesheet
	case "manifest":
		return manifest
	case "audio", "video":
		if isPlaylist(media) {
			return playlist
		}
		return plain
	}
	if isAttachment(resp.Header) {
		return plain
	}
	if x.visit.navigate {
		if kind := fileKind(dest, media, resp.Header); kind != plain {
			return kind
		}
		return documentKind(media)
	}
	return untoldKind(media)
}

// contentType is what a Content-Type says; zero when there is none.
type contentType struct {
	media   string // lower case
	charset string // "" when it names none
}

// setType leaves one Content-Type, the one browsers go by: the last valid of
// all lines and of their parts (Fetch §3.7, "extract a MIME type"). A site
// could otherwise show them a document where we see an image.
func setType(h http.Header) contentType {
	parts := strings.Split(strings.Join(h["Content-Type"], ","), ",")
	for _, part := range slices.Backward(parts) {
		media, params, err := mime.ParseMediaType(part)
		if !strings.Contains(media, "/") || media == "*/*" {
			continue
		}
		if err != nil {
			part = media // the parameters are what is wrong
		}
		h.Set("Content-Type", strings.TrimSpace(part))
		return contentType{media, params["charset"]}
	}
	h.Del("Content-Type")
	return contentType{}
}

// documentKind is for what a frame shows. Without a type we sniff (see peek).
// XML that is neither XHTML nor SVG becomes text: what elements of theirs in it
// may do is theirs, but there is no place for a script of ours.
func documentKind(media string) kind {
	switch media {
	case "text/html", "":
		return page
	case "application/xhtml+xml", "image/svg+xml":
		return xmlPage
	case "application/json", "application/xml":
		return textPage
	}
	if isJavaScript(media) || strings.HasSuffix(media, "+xml") || strings.HasSuffix(media, "+json") || strings.HasPrefix(media, "text/") && !savedText[media] {
		return textPage
	}
	return plain
}

// savedText are the kinds of text that browsers save instead of showing them.
var savedText = set(
	"text/calendar", "text/x-calendar", "text/vcalendar", "text/x-vcalendar", "text/vcard", "text/x-vcard", "text/directory", "text/ldif",
	"text/qif", "text/x-qif", "text/csv", "text/x-csv", "text/comma-separated-values", "text/tab-separated-values", "text/tsv", "text/rtf", "text/ofx",
)

// fileKind is for what browsers show by documents of their own (see files.go).
// An embed or object element shows a picture by itself; a document that it gets
// it shows whatever its type attribute says.
func fileKind(dest, media string, h http.Header) kind {
	family, _, _ := strings.Cut(media, "/")
	framed := dest == "document" || dest == "iframe" || dest == "frame"
	switch {
	case media == "image/svg+xml":
		return plain
	case family == "image", family == "video", family == "audio":
		if framed {
			return mediaPage
		}
	case media == "application/pdf" && contentLength(h) <= pdfMax:
		if framed || dest == "embed" || dest == "object" {
			return filePage
		}
	}
	return plain
}

// untoldKind is for browsers that do not say what they want.
func untoldKind(media string) kind {
	switch {
	case media == "text/css":
		return stylesheet
	case isJavaScript(media):
		return script
	case media == "application/manifest+json":
		return manifest
	case isPlaylist(media):
		return playlist
	}
	return plain
}

// isJavaScript is the list of MIME Sniffing §4.6.
func isJavaScript(media string) bool {
	switch media {
	case "text/javascript", "application/javascript", "application/ecmascript", "application/x-ecmascript",
		"application/x-javascript", "text/ecmascript", "text/jscript", "text/livescript", "text/x-ecmascript", "text/x-javascript":
		return true
	}
	return strings.HasPrefix(media, "text/javascript1.")
}

func isPlaylist(media string) bool {
	switch media {
	case "application/vnd.apple.mpegurl", "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl", "application/dash+xml":
		return true
	}
	return false
}

func isAttachment(h http.Header) bool {
	v := h.Get("Content-Disposition")
	if v == "" {
		return false
	}
	disposition, _, _ := mime.ParseMediaType(v)
	return disposition == "attachment"
}

func hasBody(method string, status int) bool {
	return method != http.MethodHead && status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// body is a response's body. goproxy gets one before the response handler has
// decided how it is written, and copies it by WriteTo.
type body struct {
	src   io.ReadCloser
	write func(w io.Writer) error
	begin func() // called first; may be nil
	err   error  // of the copy, after WriteTo; a response it cuts short must not look complete
}

func newBody(src io.ReadCloser) *body {
	b := &body{src: src}
	b.write = func(w io.Writer) error {
		return streamed(w, func(w io.Writer) error { return relay(w, b.src) })
	}
	return b
}

// WriteTo writes the body once.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	counted := &counter{w: w}
	if b.begin != nil {
		b.begin()
	}
	b.err = b.write(counted)
	return counted.n, b.err
}

// Read is there to make an io.Reader; io.Copy prefers WriteTo.
func (b *body) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (b *body) Close() error { return b.src.Close() }

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) Flush() { flush(c.w) }

func (c *counter) setLength(n int) {
	if w, ok := c.w.(*writer); ok {
		w.setLength(n)
	}
}

var buffers = sync.Pool{New: func() any { return new([copyBuffer]byte) }}

// relay copies src to w and flushes before each read, for it may take long.
func relay(w io.Writer, src io.Reader) error {
	buf := buffers.Get().(*[copyBuffer]byte)
	defer buffers.Put(buf)
	for {
		n, err := src.Read(buf[:])
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			flush(w)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func flush(w io.Writer) {
	if f, ok := w.(interface{ Flush() }); ok {
		f.Flush()
	}
}

// setBody makes the response's body what kind wants, and its headers true.
func (x *exchange) setBody(resp *http.Response, kind kind) {
	if kind == plain {
		if x.visit.navigate {
			saveLargePDF(resp.Header, x.target.Path)
		}
		x.announceFile(resp)
	}
	var err error
	switch {
	case kind == mediaPage:
		err = x.setMediaPage(resp)
	case kind == filePage:
		err = x.setPDFPage(resp)
	case kind.document():
		err = x.setPage(resp, kind)
	case kind != plain:
		err = x.setSource(resp, kind)
	case x.collects(resp):
		x.collect(resp)
	}
	if err != nil {
		x.fail(resp, err)
	}
}

// setPage lets a document stream through the HTML rewriter.
func (x *exchange) setPage(resp *http.Response, kind kind) error {
	var sink io.Writer // where flushBefore pushes what is pending
	src := &flushBefore{src: x.body.src, flush: func() {
		if sink != nil {
			flush(sink)
		}
	}}
	decoded, err := decode(src, resp.Header["Content-Encoding"], documentMax)
	if err != nil {
		return err
	}
	named := resp.Header.Get("Content-Type")
	peeker := peekers.Get().(*bufio.Reader)
	peeker.Reset(decoded)
	decoded = peeker
	first, err := peek(peeker, named)
	if err != nil {
		return fmt.Errorf("decoding: %w", err)
	}
	if named == "" && !strings.HasPrefix(http.DetectContentType(first), "text/html") {
		x.writeAs(resp, func(w io.Writer) error { sink = w; return relay(w, decoded) })
		return nil
	}
	decoded, came := x.transcode(resp.Header, decoded, first)
	if kind == textPage {
		if came != nil {
			x.sent.charset = "utf-8"
		}
		x.setTextPage(resp, func(w io.Writer) { sink = w }, decoded)
		return nil
	}
	p := &rewrite.Page{
		Mapper: x.mapper, Head: x.head(kind), XHTML: kind == xmlPage,
		Policies: x.policies, Nonce: x.nonce, OnPolicy: x.learnMeta, OnIntegrity: x.learnIntegrity, OnFrame: x.learnFrame,
		Script: func(size, tier, at int) { x.p.logScript(x.session, x.origin, "inline", size, tier, at) },
	}
	x.writeAs(resp, func(w io.Writer) error {
		sink = w
		defer peekers.Put(peeker)
		return encodeTo(w, came, func(w io.Writer) error {
			return rewrite.HTML(w, decoded, p)
		})
	})
	return nil
}

// setTextPage shows text as browsers do (HTML §7.5.3), with the sync script.
func (x *exchange) setTextPage(resp *http.Response, flushTo func(io.Writer), text io.Reader) {
	x.textType = x.sent.media
	charset := x.sent.charset
	if x.textType != "text/plain" || charset == "" {
		charset = "utf-8"
	}
	resp.Header.Set("Content-Type", "text/html; charset="+charset)
	x.writeAs(resp, func(w io.Writer) error {
		flushTo(w)
		const body = `</head><body><pre style="word-wrap: break-word; white-space: pre-wrap;">`
		if _, err := io.WriteString(w, "<!doctype html><html><head>"+string(x.head(textPage))+body); err != nil {
			return err
		}
		return relay(&escaper{w}, text)
	})
}

// escaper writes text as HTML.
type escaper struct{ io.Writer }

var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", "\x00", "\ufffd")

func (e *escaper) Write(p []byte) (int, error) {
	if _, err := escapes.WriteString(e.Writer, string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (e *escaper) Flush() { flush(e.Writer) }

// peekMax is how far browsers look for a meta element that names the charset.
const peekMax = 1024

// peek returns the first bytes that arrive, enough to know the charset, without
// taking them from r. Waiting for them lets a broken coding become a page that
// says so.
func peek(r *bufio.Reader, contentType string) (first []byte, err error) {
	named := strings.Contains(strings.ToLower(contentType), "charset")
	want := 1
	for err == nil && len(first) < want {
		_, err = r.Peek(want)
		first, _ = r.Peek(r.Buffered())
		if want = len(first); !named && want < peekMax && !bytes.Contains(first, []byte("charset")) {
			want++
		}
	}
	if len(first) > 0 || err == io.EOF {
		return first, nil // a failure comes again behind them
	}
	return nil, err
}

// peekers are what documents are read through; beyond their first bytes, which
// are looked at before, nothing is copied into them.
var peekers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4*peekMax) }}

// declaration is a meta element that may name the charset. Browsers look for it
// in the first kilobyte only, which our head fills.
var declaration = regexp.MustCompile(`(?i)<meta\s[^>]*charset`)

// transcode makes encodings that cannot be spliced UTF-8 and returns them, or
// nil. All others stay. The header then names what the site's browser would
// have found in the document; what it would have guessed is left to it.
func (x *exchange) transcode(h http.Header, r io.Reader, first []byte) (io.Reader, encoding.Encoding) {
	if strings.EqualFold(x.sent.charset, "utf-8") && !isUTF16(first) {
		return r, nil // as nearly all are
	}
	name, splice := rewrite.Charset(h.Get("Content-Type"), first)
	var came encoding.Encoding
	if !splice {
		if came, _ = charset.Lookup(name); came != nil {
			r = transform.NewReader(r, came.NewDecoder())
			x.sent.charset = ""
		}
	}
	if x.sent.charset == "" && (!splice || declaration.Match(first)) {
		x.sent.charset = name
		h.Set("Content-Type", cmp.Or(x.sent.media, "text/html")+"; charset="+name)
	}
	return r, came
}

// isUTF16 reports whether a document begins with a mark that counts for more than
// what its header names.
func isUTF16(first []byte) bool {
	return bytes.HasPrefix(first, []byte("\xfe\xff")) || bytes.HasPrefix(first, []byte("\xff\xfe"))
}

// encodeTo lets a document be written in the encoding it came in, which is also
// that of the forms and queries it sends.
func encodeTo(w io.Writer, e encoding.Encoding, write func(io.Writer) error) error {
	if e == nil {
		return write(w)
	}
	encoder := transform.NewWriter(w, encoding.HTMLEscapeUnsupported(e.NewEncoder()))
	return errors.Join(write(encoder), encoder.Close())
}

// writeAs sets how the rewritten body is written, compressed if that is worth it.
func (x *exchange) writeAs(resp *http.Response, write func(io.Writer) error) {
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength = -1
	if !x.compresses() {
		x.body.write = func(w io.Writer) error { return streamed(w, write) }
		return
	}
	resp.Header.Set("Content-Encoding", "gzip")
	addVary(resp.Header, "Accept-Encoding")
	x.body.write = func(w io.Writer) error {
		z := zippers.Get().(*gzip.Writer)
		defer zippers.Put(z)
		z.Reset(w)
		if err := streamed(&flushZip{z: z, w: w}, write); err != nil {
			return err
		}
		return z.Close()
	}
}

// compresses reports whether rewritten bodies are compressed for the browser:
// not on loopback, where it costs more than it saves.
func (x *exchange) compresses() bool {
	return x.p.compress && accepts(x.in.Header.Get("Accept-Encoding"), "gzip")
}

var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return z
}}

// flushZip flushes the compressor before what is behind it.
type flushZip struct {
	z     *gzip.Writer
	w     io.Writer
	dirty bool
}

func (f *flushZip) Write(p []byte) (int, error) {
	f.dirty = true
	return f.z.Write(p)
}

func (f *flushZip) Flush() {
	if f.dirty {
		f.dirty = false
		f.z.Flush() // an error stays and meets the next Write
	}
	flush(f.w)
}

// flushBefore calls flush before each read: the reader has used up what came
// before, and may now have to wait.
type flushBefore struct {
	src   io.Reader
	flush func()
}

func (f *flushBefore) Read(p []byte) (int, error) {
	f.flush()
	return f.src.Read(p)
}

// head is the sync script's element, first in every document.
func (x *exchange) head(kind kind) []byte {
	cookies := ""
	if x.leader {
		cookies = x.session.Jar().Header(x.scriptCookies())
	}
	config := x.scriptConfig(cookies)
	if bytes.IndexByte(config, '\'') >= 0 { // JSON escapes the rest itself
		config = bytes.ReplaceAll(config, []byte("'"), []byte("&#39;"))
	}
	b := append(make([]byte, 0, len(config)+256), "<script"...)
	if kind == xmlPage {
		b = append(b, ` xmlns="http://www.w3.org/1999/xhtml"`...)
	}
	if x.nonce != "" {
		b = append(append(append(b, ` nonce="`...), x.nonce...), '"')
	}
	_, hash := static.Script("sync")
	b = append(append(append(b, ` src="/.tandem/sync.js?v=`...), hash...), `" data-tandem='`...)
	return append(append(b, config...), "'></script>"...)
}

// scriptConfig is what the sync script is told: nothing that the page may not
// know, since it can read it.
func (x *exchange) scriptConfig(cookies string) []byte {
	type content struct {
		Scheme string `json:"scheme"`
		Host   string `json:"host"`
	}
	b, err := json.Marshal(struct {
		Session  string  `json:"session"`
		Origin   string  `json:"origin"`
		URL      string  `json:"url"`
		Content  content `json:"content"`
		Cookies  string  `json:"cookies"`
		Referrer string  `json:"referrer"`
		Key      string  `json:"key"`
		Type     string  `json:"type,omitempty"`
		Nonce    string  `json:"nonce,omitempty"`
		Types    bool    `json:"types,omitempty"`
	}{x.session.ID(), x.origin.String(), x.target.String(), content(x.p.content), cookies, x.referrer, x.memory.key, x.textType, x.nonce, x.demandsTypes()})
	if err != nil {
		panic(err) // strings only
	}
	return b
}

// setSource reads a script, style sheet or the like whole and rewrites it.
func (x *exchange) setSource(resp *http.Response, kind kind) error {
	decoded, err := decode(x.body.src, resp.Header["Content-Encoding"], sourceMax)
	if err != nil {
		return err
	}
	buf := sources.Get().(*bytes.Buffer)
	defer func() {
		if buf.Reset(); buf.Cap() <= sourceKept {
			sources.Put(buf)
		}
	}()
	if _, err := buf.ReadFrom(decoded); err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	src := buf.Bytes()
	if !x.intact(src, resp.StatusCode) {
		return errIntegrity
	}
	if x.stores(resp.StatusCode, resp.Header, kind) {
		x.store(resp.Header, bytes.Clone(src))
	}
	out := x.rewriteSource(src, kind)
	resp.Header.Del("Content-Length")
	x.writeAs(resp, func(w io.Writer) error {
		_, err := w.Write(out)
		return err
	})
	if resp.Header.Get("Content-Encoding") == "" {
		resp.Header.Set("Content-Length", strconv.Itoa(len(out)))
	}
	return nil
}

// sources are what scripts and style sheets are read into. A new buffer for each,
// growing, would cost more than all that is done with them.
var sources = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const sourceKept = 1 << 20

// rewriteSource returns src rewritten, and keeps nothing of src.
func (x *exchange) rewriteSource(src []byte, kind kind) []byte {
	switch kind {
	case stylesheet:
		return rewrite.CSS(make([]byte, 0, len(src)+len(src)/8), src, x.mapper.AppendMap)
	case manifest:
		return rewrite.Manifest(bytes.Clone(src), x.mapper)
	case playlist:
		return rewrite.Playlist(bytes.Clone(src), x.mapper)
	case worker:
		return x.workerScript(src)
	case module:
		return x.rewriteScript(src, rewrite.ScriptModule)
	}
	return x.rewriteScript(src, rewrite.ScriptClassic)
}

func (x *exchange) rewriteScript(src []byte, as rewrite.ScriptKind) []byte {
	return x.p.scripts.rewrite(src, as, x.mapper, func(tier, at int) { x.p.logScript(x.session, x.origin, "file", len(src), tier, at) })
}

// workerScript puts our worker script in front: by its text, which works in
// classic and module workers alike, and before anything of the site runs.
func (x *exchange) workerScript(src []byte) []byte {
	ours, _ := static.Script("worker")
	out := make([]byte, 0, len(ours)+2*len(src))
	if startsStrict(src) {
		out = append(out, `"use strict";`...)
	}
	out = append(out, "self.$tandem??="...) // Firefox says "worker" for what a worker imports, too
	out = append(out, x.scriptConfig("")...)
	out = append(out, ';')
	out = append(out, ours...) // one line, so that the site's line numbers stay
	out = append(out, ';')
	return append(out, x.rewriteScript(src, rewrite.ScriptClassic)...)
}

// startsStrict reports whether a script's first statement is "use strict",
// which must stay the first one.
func startsStrict(src []byte) bool {
	src = bytes.TrimLeft(src, " \t\r\n\ufeff")
	return bytes.HasPrefix(src, []byte(`"use strict"`)) || bytes.HasPrefix(src, []byte(`'use strict'`))
}
