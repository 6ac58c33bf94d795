package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/klauspost/compress/flate"
)

// rrwebVersion is what we are compared with. It comes from npm when the
// measurements run, and is no part of the program.
const rrwebVersion = "2.2.2"

// rrweb serves a site's pages with rrweb's recorder in them, and passes what it
// records to a page that replays it.
type rrweb struct {
	*httptest.Server
	dist string

	mu       sync.Mutex
	leader   *websocket.Conn
	follower *websocket.Conn
	raw      int // bytes of JSON from the leader
	wire     int // and as permessage-deflate with context would have sent them
	deflated bytes.Buffer
	deflater *flate.Writer
}

func startRRWeb(t *testing.T, site http.Handler) *rrweb {
	t.Helper()
	r := &rrweb{dist: installRRWeb(t)}
	r.deflater, _ = flate.NewWriter(&r.deflated, flate.DefaultCompression)
	mux := http.NewServeMux()
	mux.HandleFunc("/rrweb/leader", r.lead)
	mux.HandleFunc("/rrweb/follower", r.follow)
	mux.HandleFunc("/rrweb/", r.file)
	mux.Handle("/", r.recorded(site))
	r.Server = httptest.NewServer(mux)
	t.Cleanup(r.Close)
	return r
}

// installRRWeb returns the directory of the package's bundles.
func installRRWeb(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "tandem-bench")
	dist := filepath.Join(dir, "node_modules", "rrweb", "dist")
	err = os.MkdirAll(dir, 0o755)
	if err == nil {
		npm := exec.Command("npm", "install", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error", "rrweb@"+rrwebVersion)
		npm.Stderr = os.Stderr
		err = npm.Run()
	}
	if err != nil {
		t.Fatalf("installing rrweb from npm: %v", err)
	}
	return dist
}

func (r *rrweb) file(w http.ResponseWriter, req *http.Request) {
	name, ok := map[string]string{
		"/rrweb/rrweb.js": filepath.Join(r.dist, "rrweb.umd.min.cjs"), "/rrweb/style.css": filepath.Join(r.dist, "style.min.css"),
		"/rrweb/leader.js": "testdata/mirror/leader.js", "/rrweb/follower.html": "testdata/mirror/follower.html",
	}[req.URL.Path]
	if !ok {
		http.NotFound(w, req)
		return
	}
	if strings.HasSuffix(req.URL.Path, ".js") {
		w.Header().Set("Content-Type", "text/javascript")
	}
	http.ServeFile(w, req, name)
}

// recorded puts the recorder first into every page that is not in a frame,
// whose recorder sees to them.
func (r *rrweb) recorded(site http.Handler) http.Handler {
	const scripts = `<script src="/rrweb/rrweb.js"></script><script src="/rrweb/leader.js"></script>`
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Sec-Fetch-Dest") != "document" {
			site.ServeHTTP(w, req)
			return
		}
		req = req.Clone(req.Context())
		req.Header.Del("If-Modified-Since")
		req.Header.Del("Range")
		page := httptest.NewRecorder()
		site.ServeHTTP(page, req)
		text := page.Body.String()
		at := strings.Index(text, "<head>")
		if at < 0 {
			at = strings.Index(text, ">") // after the doctype
		} else {
			at += len("<head")
		}
		w.Header().Set("Content-Type", page.Header().Get("Content-Type"))
		w.WriteHeader(page.Code)
		w.Write([]byte(text[:at+1] + scripts + text[at+1:]))
	})
}

func (r *rrweb) lead(w http.ResponseWriter, req *http.Request) {
	ws, err := (&websocket.Upgrader{}).Upgrade(w, req, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	r.mu.Lock()
	r.leader = ws
	r.mu.Unlock()
	for {
		_, event, err := ws.ReadMessage()
		if err != nil {
			return
		}
		r.mu.Lock()
		r.raw += len(event)
		r.wire += r.deflate(event)
		if r.follower != nil && r.follower.WriteMessage(websocket.TextMessage, event) != nil {
			r.follower = nil
		}
		r.mu.Unlock()
	}
}

// deflate returns what a message costs on the wire in the best case: deflated
// in the context of all before, with a frame's header.
func (r *rrweb) deflate(event []byte) int {
	r.deflated.Reset()
	_, err := r.deflater.Write(event)
	if err = errors.Join(err, r.deflater.Flush()); err != nil {
		panic(err) // a buffer
	}
	size := r.deflated.Len() - 4 // the end of a flush is left out, RFC 7692
	return size + map[bool]int{true: 6, false: map[bool]int{true: 8, false: 14}[size < 1<<16]}[size < 126]
}

func (r *rrweb) follow(w http.ResponseWriter, req *http.Request) {
	ws, err := (&websocket.Upgrader{}).Upgrade(w, req, nil)
	if err != nil {
		return
	}
	r.mu.Lock()
	r.follower = ws
	if r.leader != nil { // who comes late needs a full snapshot of the leader's
		_ = r.leader.WriteMessage(websocket.TextMessage, []byte("snapshot"))
	}
	r.mu.Unlock()
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			return
		}
	}
}

func (r *rrweb) sent() (raw, wire int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.raw, r.wire
}
