package proxy

import (
	"bytes"
	"encoding/base64"
	"errors"
	"html"
	"html/template"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"tandem/session"
	"tandem/static"
)

// Browsers show a picture, a film or a PDF that a frame goes to by documents of
// their own, where no script of ours runs: followers would see nothing. So a
// document of ours shows what is at the address.

// handedFor is how long a document's bytes wait to be asked for by the element
// that shows them.
const handedFor = time.Minute

// handed is a body that came for a document and is shown by an element in it.
// The site is asked once.
type handed struct {
	contentType string
	body        []byte
}

// pdfMax bounds a PDF that is shown. A larger one is saved.
const pdfMax = 32 << 20

// setMediaPage makes the response a document that shows a picture or film.
func (x *exchange) setMediaPage(resp *http.Response) error {
	media := x.sent.media
	x.textType = media
	content, err := x.readFile(resp)
	if err != nil && !errors.Is(err, errTooLarge) {
		return err
	}
	if err == nil {
		x.hand(resp, content)
	}
	name := fileName(resp.Header, x.target.Path)
	resp.Header.Set("Content-Type", "text/html; charset=utf-8")
	x.writeAs(resp, func(w io.Writer) error {
		_, err := io.WriteString(w, "<!doctype html><html><head>"+string(x.head(mediaPage))+"<title>"+html.EscapeString(name)+"</title></head>"+x.mediaPageBody(media)+"</html>")
		return err
	})
	return nil
}

// setPDFPage makes the response a document of ours with the file in it, which
// our viewer shows. What it needs is all that its policy allows: the file is
// hostile, and has the origin of its site.
func (x *exchange) setPDFPage(resp *http.Response) error {
	content, err := decode(x.body.src, resp.Header["Content-Encoding"], pdfMax)
	if err != nil {
		return err
	}
	x.textType = "application/pdf"
	name := fileName(resp.Header, x.target.Path)
	ours := x.p.content.Site(x.session.ID(), x.origin) + "/.tandem/"
	resp.Header.Add("Content-Security-Policy", "default-src 'none'; script-src "+ours+" 'wasm-unsafe-eval'; worker-src "+ours+"; connect-src "+ours+
		"; img-src data: blob:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'")
	resp.Header.Set("Content-Type", "text/html; charset=utf-8")
	before, after := static.PDF(name, static.LanguageOf(x.in), template.HTML(x.head(filePage)))
	x.writeAs(resp, func(w io.Writer) error {
		if _, err := w.Write(before); err != nil {
			return err
		}
		encoder := base64.NewEncoder(base64.StdEncoding, w)
		if err := relay(encoder, content); err != nil && !errors.Is(err, errTooLarge) {
			return err
		} else if err != nil {
			return nil // without its end the viewer says that it is too large
		}
		if err := encoder.Close(); err != nil {
			return err
		}
		_, err := w.Write(after)
		return err
	})
	return nil
}

// saveLargePDF has the browser save what no document of ours can show.
func saveLargePDF(h http.Header, urlPath string) {
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if media == "application/pdf" && contentLength(h) > pdfMax {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(h, urlPath)}))
	}
}

// readFile reads a body, or fails with errTooLarge.
func (x *exchange) readFile(resp *http.Response) ([]byte, error) {
	if contentLength(resp.Header) > storedBytesMax {
		return nil, errTooLarge
	}
	src, err := decode(x.body.src, resp.Header["Content-Encoding"], storedBytesMax)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(src, storedBytesMax+1))
	if len(content) > storedBytesMax {
		return nil, errTooLarge
	}
	return content, err
}

// hand keeps a body for the element that will ask for it, and for followers.
func (x *exchange) hand(resp *http.Response, content []byte) {
	contentType := resp.Header.Get("Content-Type")
	address := pageURL(x.target)
	x.session.Assets().Put(address, contentType, content, make(http.Header), x.p.now())
	x.memory.hand(address, handed{contentType, content}, x.p.now())
}

// takesHanded answers with what came for the document around the element.
func (x *exchange) takesHanded(w http.ResponseWriter) bool {
	switch x.in.Header.Get("Sec-Fetch-Dest") {
	case "image", "video", "audio":
	default:
		return false
	}
	if x.in.Method != http.MethodGet || x.visit.site != sameOrigin {
		return false
	}
	file, ok := x.memory.takeHanded(pageURL(x.target), x.p.now())
	if !ok {
		return false
	}
	x.setOwnHeaders(w.Header())
	w.Header().Set("Content-Type", file.contentType)
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, x.in, "", time.Time{}, bytes.NewReader(file.body))
	return true
}

func (m *memory) hand(address string, file handed, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.handed) // one at a time: they are large
	m.handed.put(address, file, now, handedFor)
}

func (m *memory) takeHanded(address string, now time.Time) (handed, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	file, ok := m.handed.get(address, now)
	if ok && strings.HasPrefix(file.contentType, "image/") {
		delete(m.handed, address) // media are asked for in several parts
	}
	return file, ok
}

// mediaPageBody looks as browsers' own.
func (x *exchange) mediaPageBody(media string) string {
	src := html.EscapeString(x.mapper.Map(pageURL(x.target)))
	const body = `<body style="margin:0;height:100vh;display:flex;background-color:#0e0e0e">`
	switch family, _, _ := strings.Cut(media, "/"); family {
	case "video", "audio":
		return body + `<` + family + ` controls autoplay style="margin:auto;max-width:100%;max-height:100%" src="` + src + `"></` + family + `></body>`
	}
	return body + `<img alt="" style="margin:auto;max-width:100%;max-height:100vh;object-fit:contain;background-color:#e6e6e6" src="` + src + `"></body>`
}

// announceFile tells both people of a response that the browser saves instead of
// showing it.
func (x *exchange) announceFile(resp *http.Response) {
	switch x.in.Header.Get("Sec-Fetch-Dest") {
	case "document", "iframe", "frame":
	default:
		return
	}
	if !x.visit.navigate || !hasBody(x.in.Method, resp.StatusCode) {
		return
	}
	bytes := 0
	if resp.Header.Get("Content-Encoding") == "" {
		bytes = int(max(0, contentLength(resp.Header)))
	}
	name := fileName(resp.Header, x.target.Path)
	x.session.Download(name, bytes)
	if file := x.session.Copy(name, bytes); file != nil {
		x.copyTo(file, resp.Header["Content-Encoding"])
	}
}

// copyTo keeps a copy of what passes, which the visitor may pass on.
func (x *exchange) copyTo(file *session.Copy, codings []string) {
	src := x.body.src
	x.body.src = &closing{src, file.Drop}
	x.body.write = func(w io.Writer) error {
		err := streamed(w, func(w io.Writer) error { return relay(&copier{w, file}, src) })
		if err == nil {
			file.Done(func(body []byte, limit int64) ([]byte, error) {
				decoded, err := decode(bytes.NewReader(body), codings, limit)
				if err != nil {
					return nil, err
				}
				return io.ReadAll(decoded)
			})
		}
		return err
	}
}

// copier writes to a browser and to a copy, which never fails.
type copier struct{ w, copy io.Writer }

func (c *copier) Write(p []byte) (int, error) {
	c.copy.Write(p)
	return c.w.Write(p)
}

func (c *copier) Flush() { flush(c.w) }

// fileName is what a browser would call a file that it saves.
func fileName(h http.Header, urlPath string) string {
	_, params, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	name := path.Base("/" + strings.ReplaceAll(params["filename"], `\`, "/"))
	if name == "/" {
		name = path.Base("/" + urlPath)
	}
	if name == "/" {
		return "file"
	}
	return name
}
