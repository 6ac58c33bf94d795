package proxy

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// collects reports whether a body that is passed on is kept for followers too.
// Media elements ask for a range that is everything.
func (x *exchange) collects(resp *http.Response) bool {
	if resp.StatusCode == http.StatusPartialContent {
		return x.in.Method == http.MethodGet && isWhole(resp.Header.Get("Content-Range")) &&
			storable(x.sent.media, x.in.Header.Get("Sec-Fetch-Dest")) && contentLength(resp.Header) <= storedBytesMax
	}
	return x.stores(resp.StatusCode, resp.Header, plain)
}

// isWhole reports whether a Content-Range is the whole representation.
func isWhole(v string) bool {
	var from, to, size int64
	n, err := fmt.Sscanf(v, "bytes %d-%d/%d", &from, &to, &size)
	return err == nil && n == 3 && from == 0 && to == size-1
}

// collect keeps a copy of what passes and puts it into the store at the end.
func (x *exchange) collect(resp *http.Response) {
	header := resp.Header
	x.memory.fetching.Add(1)
	finish := sync.OnceFunc(func() { x.memory.fetching.Add(-1) })
	copied := new(bytes.Buffer)
	copied.Grow(int(min(contentLength(header), storedBytesMax)))
	src := x.body.src
	x.body.src = &closing{src, finish}
	x.body.write = func(w io.Writer) error {
		err := streamed(w, func(w io.Writer) error { return relay(&tee{w: w, copy: copied, max: storedBytesMax}, src) })
		if err != nil || copied.Len() > storedBytesMax {
			return err
		}
		if stored, err := decodeAll(copied.Bytes(), header["Content-Encoding"]); err == nil {
			x.store(header, stored)
		}
		return nil
	}
}

// closing runs a function when the body is closed.
type closing struct {
	io.ReadCloser
	then func()
}

func (c *closing) Close() error {
	defer c.then()
	return c.ReadCloser.Close()
}

// tee keeps a copy of at most max bytes and marks, by one more, that there were more.
type tee struct {
	w    io.Writer
	copy *bytes.Buffer
	max  int
}

func (t *tee) Write(p []byte) (int, error) {
	if room := t.max + 1 - t.copy.Len(); room > 0 {
		t.copy.Write(p[:min(len(p), room)])
	}
	return t.w.Write(p)
}

func (t *tee) Flush() { flush(t.w) }

// store puts a complete, decoded body into the session's store.
func (x *exchange) store(h http.Header, content []byte) {
	contentType := h.Get("Content-Type")
	if media := x.sent.media; media == "" || media == "text/plain" || strings.HasSuffix(media, "/octet-stream") {
		contentType = http.DetectContentType(content)
	}
	x.session.Assets().Put(pageURL(x.target), contentType, content, x.kept(h), x.p.now())
}

// kept are the fields we need to answer from the store or to revalidate.
func (x *exchange) kept(browser http.Header) http.Header {
	h := make(http.Header)
	for _, name := range []string{"ETag", "Last-Modified", "Cache-Control", "Expires", "Date", "Age", "Vary", "Access-Control-Allow-Origin"} {
		if v := x.siteHeader[http.CanonicalHeaderKey(name)]; len(v) > 0 {
			h[http.CanonicalHeaderKey(name)] = v
		}
	}
	h.Set(versionHeader, browser.Get("ETag"))
	return h
}

// refreshed renews a stored response after the site's 304 (RFC 9111 §4.3.4).
func (x *exchange) refreshed(site http.Header) {
	a := *x.stored
	h := a.Header.Clone()
	for name, v := range site {
		if _, ok := h[name]; ok || slices.Contains([]string{"Cache-Control", "Expires", "Date", "Age"}, name) {
			h[name] = v
		}
	}
	x.session.Assets().Put(a.URL, a.ContentType, a.Body, h, x.p.now())
}
