// Package static holds what browsers receive from us: the scripts built from src into dist, the style sheet of
// our own pages, and the pages themselves. pdfjs is pdf.js as npm has it; its README says which.
//
// Everything is embedded in the binary. Scripts and the style sheet are addressed by a hash of their content and
// may be kept for ever; pages are never kept, because every one of them belongs to one session. A page passes
// data to its script in attributes of its root element, so no page needs an inline script, and each page is sent
// with the narrowest Content-Security-Policy that lets it work (policy.go).
//
// What people read is in words, a file for each language, chosen by Accept-Language: Go takes texts from it (words.go)
// and so do the scripts (src/ui/catalogue.ts). The type checker and the tests know of a text that one language lacks,
// that nobody uses, or that something else is put into. To add a language: its file, and its tag in words.go.
//
// The package imports nothing else of this module.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:generate go run ./bundle
//go:embed dist pages/*.html words pdfjs
var files embed.FS

// Prefix is where Handler expects to be mounted. It has to be mounted on CONTROL, on shell hosts and on view hosts.
const Prefix = "/.tandem/static/"

// Content names the domain below which sites, shells and renderers live.
type Content struct {
	Scheme string // "http" or "https"
	Host   string // without the leading dot, with a port when it is not the default: "tandem-pages.localhost:7070"
}

// Data is what a page needs to know. Nothing in it is secret.
type Data struct {
	Session string // the public id; empty on the page that asks for a code
	Control string // origin of CONTROL: "http://tandem.localhost:7070"
	Content Content
	Around  string // "view" and "mirror" only: origin of the page of ours around them
	Quirks  bool   // "mirror" only: serve the document without a doctype
	Problem Problem

	Language Language // of the words on the page; Page sets it
}

// Shell returns the origin of the session's shell host, the visitor's page.
func (d Data) Shell() string { return d.host("shell--" + d.Session) }

// View returns the origin of the session's view host, where the renderer runs.
func (d Data) View() string { return d.host("view--" + d.Session) }

func (d Data) host(label string) string {
	return d.Content.Scheme + "://" + label + "." + d.Content.Host
}

// asset is one file of dist, or of pdf.js.
type asset struct {
	body        []byte
	zipped      func() []byte // gzip; made when somebody wants it
	hash        string
	contentType string
}

// assets reads dist and pdfjs once; the embedded files never change while the process runs.
var assets = sync.OnceValue(func() map[string]asset {
	all := make(map[string]asset)
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(name, "pages/") || strings.HasPrefix(name, "words/") {
			return err
		}
		body, err := files.ReadFile(name)
		sum := sha256.Sum256(body)
		all[strings.TrimPrefix(name, "dist/")] = asset{
			body, sync.OnceValue(func() []byte { return zip(body) }), hex.EncodeToString(sum[:8]), contentType(name),
		}
		return err
	})
	if err != nil {
		panic(err) // they are embedded, so this is a broken build
	}
	return all
})

func zip(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(body) // to memory: it cannot fail
	z.Close()
	return b.Bytes()
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// Handler serves the files of dist and pdfjs below Prefix. A request that names the current hash (?v=) may be cached for
// ever; one that does not is revalidated each time. It is safe for concurrent use.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ours := strings.CutPrefix(r.URL.Path, Prefix)
		file, found := assets()[name]
		if !ours || !found {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", file.contentType)
		h.Set("X-Content-Type-Options", "nosniff")
		// Sandboxed documents have no origin that could be the same. The files are the same for everybody.
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		// What workers may do is said by their script: pdf.js in one asks for files of ours only.
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src "+r.Host+Prefix)
		h.Set("ETag", `"`+file.hash+`"`)
		h.Set("Cache-Control", "no-cache")
		if r.URL.Query().Get("v") == file.hash {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		if r.Header.Get("If-None-Match") == `"`+file.hash+`"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		body := file.body
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			body = file.zipped()
			h.Set("Content-Encoding", "gzip")
		}
		http.ServeContent(w, r, "", noTime, bytes.NewReader(body))
	})
}

// Script returns a built script by the name of its entry ("sync", "worker") and the hash for its address. The
// caller must not change the bytes. It panics when there is no such entry, which only a programmer can cause.
func Script(name string) (body []byte, hash string) {
	file, ok := assets()[name+".js"]
	if !ok {
		panic(fmt.Sprintf("static: no script %q in dist", name))
	}
	return file.body, file.hash
}

// link is the address of a file of dist, for templates.
func link(name string) (string, error) {
	file, ok := assets()[name]
	if !ok {
		return "", fmt.Errorf("no file %q in dist", name)
	}
	return Prefix + name + "?v=" + file.hash, nil
}

// words is the address of the script with the words of a language.
func words(l Language) (string, error) { return link("words-" + l.Tag() + ".js") }

// sheet is a style sheet of ours as text, for pages that must work where Handler is not mounted.
func sheet(name string) (template.CSS, error) {
	file, ok := assets()[name]
	if !ok {
		return "", fmt.Errorf("no file %q in dist", name)
	}
	return template.CSS(file.body), nil
}

// PDF is the page that shows a PDF, in two parts: the file goes between them, in base64. All of it arrived if its end
// is there, too. head is what comes first in the head besides.
func PDF(name string, language Language, head template.HTML) (before, after []byte) {
	var page bytes.Buffer
	if err := pages().ExecuteTemplate(&page, "pdf.html", struct {
		Name     string
		Language Language
		Head     template.HTML
	}{name, language, head}); err != nil {
		panic(fmt.Sprintf("static: page of a PDF: %v", err))
	}
	const begin = `<script id="file" type="application/pdf">`
	at := bytes.Index(page.Bytes(), []byte(begin)) + len(begin)
	return page.Bytes()[:at], page.Bytes()[at:]
}

var pages = sync.OnceValue(func() *template.Template {
	funcs := template.FuncMap{"link": link, "sheet": sheet, "words": words, "prefix": func() string { return Prefix }}
	return template.Must(template.New("").Funcs(funcs).ParseFS(files, "pages/*.html"))
})

// Say returns the text of a key in the page's language, for templates.
func (d Data) Say(key string) string { return d.Language.Say(key, nil) }

// Page answers r with one of our pages and its policy: "code", "consent", "overview", "console", "shell", "view",
// "mirror" or "storage". It panics for any other name. A failure to write means that the browser went away and is not reported.
func Page(w http.ResponseWriter, r *http.Request, name string, data Data) {
	data.Language = LanguageOf(r)
	var body bytes.Buffer
	if err := pages().ExecuteTemplate(&body, name+".html", data); err != nil {
		panic(fmt.Sprintf("static: page %q: %v", name, err))
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	setPolicy(h, name, data)
	w.Write(body.Bytes())
}
