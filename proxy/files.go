package proxy

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
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

// setFilePage makes the response a document that shows a file.
func (x *exchange) setFilePage(resp *http.Response, kind kind) error {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	x.textType = media
	content, err := x.readFile(resp)
	if err != nil && !errors.Is(err, errTooLarge) {
		return err
	}
	whole := err == nil
	name := fileName(resp.Header, x.target.Path)
	if kind == filePage && !whole {
		return err
	}
	var show string
	if kind == filePage {
		show = filePageBody(name, media, content)
	} else {
		show = x.mediaPageBody(media)
		if whole {
			x.hand(resp, content)
		}
	}
	resp.Header.Set("Content-Type", "text/html; charset=utf-8")
	x.writeAs(resp, func(w io.Writer) error {
		_, err := io.WriteString(w, "<!doctype html><html><head>"+string(x.head(kind))+"<title>"+html.EscapeString(name)+"</title></head>"+show+"</html>")
		return err
	})
	return nil
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

// filePageBody offers a file for which browsers have a viewer that neither runs
// in the frames of a session nor can be followed.
func filePageBody(name, media string, content []byte) string {
	_, kind, _ := strings.Cut(media, "/")
	return `<body style="margin:0;height:100vh;display:grid;place-items:center;background:#eceef1;color:#1d2025;font:16px/1.5 system-ui,sans-serif">` +
		`<main style="padding:28px 36px;border-radius:12px;background:#fff;text-align:center;box-shadow:0 1px 6px rgb(0 0 0/.15)">` +
		`<p style="margin:0;font-weight:600;overflow-wrap:anywhere">` + html.EscapeString(name) + `</p>` +
		`<p style="margin:4px 0 16px;color:#5a6270">` + html.EscapeString(strings.ToUpper(kind)) + `, ` + size(len(content)) + `</p>` +
		`<a style="color:#0b57d0" download="` + html.EscapeString(name) + `" href="data:` + html.EscapeString(media) + `;base64,` +
		base64.StdEncoding.EncodeToString(content) + `">Save the file</a>` +
		`<p style="margin:16px 0 0;font-size:14px;color:#5a6270">The visitor can save and open it. Whoever follows sees this page, not what is in the file.</p></main></body>`
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
	x.session.Download(fileName(resp.Header, x.target.Path), bytes)
}

func size(bytes int) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d KB", (bytes+1023)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
}

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
