package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// WebKitGTK, driven by WebDriver (https://www.w3.org/TR/webdriver2/). It stands
// in for Safari.

// webkit starts a browser for each window, on a display of its own that nobody
// sees: a driver has one session at a time, a session has its cookies and
// storage for itself, and a window behind another is not painted.
type webkit struct{ driver, browser, names string }

// webkitEngine returns WebKitGTK. Its tests take long and run when asked for.
func webkitEngine(t testing.TB) engine {
	t.Helper()
	if os.Getenv("TANDEM_TEST_WEBKIT") == "" {
		t.Skip("tests in WebKitGTK are run by make test-webkit")
	}
	driver, err := exec.LookPath("WebKitWebDriver")
	found, _ := filepath.Glob("/usr/lib/*/webkit2gtk-4.*/MiniBrowser")
	if _, xvfb := exec.LookPath("Xvfb"); err != nil || len(found) == 0 || xvfb != nil {
		t.Skip("no WebKitGTK found; install it (apt-get install webkit2gtk-driver libwebkit2gtk-4.1-0 xvfb)")
	}
	return webkit{driver, found[len(found)-1], allNames(t)}
}

// serve gives a server names and TLS as it has them on the web. Below .localhost
// each host is a site of its own for WebKitGTK, whose libsoup finds no public
// suffix there, and cookies of one are a third party's in the other.
func (webkit) serve(t testing.TB, cfg *config) {
	port := freePort(t)
	cfg.Listen = "127.0.0.1:" + port
	cfg.ControlURL, cfg.ContentDomain = "https://tandem.example.org:"+port, "tandem-pages.example.com:"+port
	certify(t, cfg, "tandem.example.org", "tandem-pages.example.com")
}

// allNames starts a SOCKS server (RFC 1928) for which every name is this machine,
// and returns its address.
func allNames(t testing.TB) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go connectByName(conn)
		}
	}()
	return "socks5://" + ln.Addr().String()
}

// connectByName serves one client.
func connectByName(client net.Conn) {
	defer client.Close()
	port, err := portWanted(client)
	if err != nil {
		return
	}
	server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return
	}
	defer server.Close()
	if _, err := client.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}); err != nil {
		return
	}
	go func() {
		defer client.Close()
		_, _ = io.Copy(client, server)
	}()
	_, _ = io.Copy(server, client)
}

// portWanted reads what a client asks for, and needs no authentication for it.
func portWanted(client net.Conn) (port int, err error) {
	read := func(n byte) []byte {
		b := make([]byte, n)
		if err == nil {
			_, err = io.ReadFull(client, b)
		}
		return b
	}
	read(read(2)[1]) // ways to authenticate
	if err == nil {
		_, err = client.Write([]byte{5, 0})
	}
	switch kind := read(4)[3]; kind {
	case 1:
		read(net.IPv4len)
	case 3:
		read(read(1)[0])
	case 4:
		read(net.IPv6len)
	}
	return int(binary.BigEndian.Uint16(read(2))), err
}

// display starts an X server and returns its name.
func (webkit) display(t testing.TB) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd, stop, err := leashed("Xvfb", "-displayfd", "3", "-screen", "0", "1600x1200x24", "-nolisten", "tcp")
	t.Cleanup(stop)
	cmd.ExtraFiles = []*os.File{w}
	err = errors.Join(err, cmd.Start())
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb names no display: %v", err)
	}
	return ":" + strings.TrimSpace(line)
}

func (webkit) name() string { return "webkit" }

func (e webkit) open(t testing.TB, name, url string, width, height int) webpage {
	t.Helper()
	w := &webkitWindow{t: t, name: name, base: e.start(t)}
	var session struct {
		SessionID string `json:"sessionId"`
	}
	w.call("POST", "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"unhandledPromptBehavior":  "dismiss",
		"pageLoadStrategy":         "none", // or commands wait for pages that never end loading
		"acceptInsecureCerts":      true,
		"webkitgtk:browserOptions": map[string]any{"binary": e.browser, "args": []string{"--automation", "--proxy=" + e.names}},
	}}}, &session)
	w.base += "/session/" + session.SessionID
	t.Cleanup(func() {
		if t.Failed() {
			save(t, name, func() (image.Image, error) { return w.picture(nil) })
		}
		if err := w.try("DELETE", "", nil, nil); err != nil {
			t.Error(err)
		}
	})
	w.call("POST", "/timeouts", map[string]any{"script": patience.Milliseconds(), "pageLoad": patience.Milliseconds()}, nil)
	w.resize(width, height)
	w.navigate(url)
	return w
}

// start starts a driver and returns its address.
func (e webkit) start(t testing.TB) (base string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	ln.Close()
	home := t.TempDir()
	cmd, stop, err := leashed(e.driver, "--host=127.0.0.1", "--port="+port)
	t.Cleanup(stop)
	cmd.Env = append(os.Environ(), "DISPLAY="+e.display(t), "HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_CACHE_HOME="+home, "XDG_DATA_HOME="+home,
		"GDK_BACKEND=x11", "DBUS_SESSION_BUS_ADDRESS=disabled:", "NO_AT_BRIDGE=1", "LIBGL_ALWAYS_SOFTWARE=1", "WEBKIT_DISABLE_DMABUF_RENDERER=1")
	if err := errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	base = "http://127.0.0.1:" + port
	patiently(t, "WebKitWebDriver listens", func() bool {
		resp, err := http.Get(base + "/status")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
	return base
}

// webkitWindow is one window of WebKitGTK, in a browser of its own. Which frame
// commands go to is a state of its session, so one command must end before the
// next begins.
type webkitWindow struct {
	t    testing.TB
	name string
	base string

	mu sync.Mutex
}

func (w *webkitWindow) call(method, path string, params, result any) {
	w.t.Helper()
	if err := w.try(method, path, params, result); err != nil {
		w.t.Fatalf("%s: %v", w.name, err)
	}
}

func (w *webkitWindow) try(method, path string, params, result any) error {
	var body io.Reader
	if method == "POST" {
		if params == nil {
			params = map[string]any{}
		}
		text, err := json.Marshal(params)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, w.base+path, body)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 2 * patience}
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		var problem struct{ Error, Message string }
		_ = json.Unmarshal(answer.Value, &problem)
		return fmt.Errorf("%s: %s: %s", path, problem.Error, problem.Message)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, result)
}

// resize makes the page that large: what is around it is not known before.
func (w *webkitWindow) resize(width, height int) {
	w.t.Helper()
	set := func(width, height int) {
		w.call("POST", "/window/rect", map[string]any{"x": 0, "y": 0, "width": width, "height": height}, nil)
	}
	set(width, height)
	var inner [2]int
	if err := w.eval(top, "[innerWidth, innerHeight]", &inner); err != nil {
		w.t.Fatal(err)
	}
	set(2*width-inner[0], 2*height-inner[1])
}

func (w *webkitWindow) navigate(url string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.call("POST", "/frame", map[string]any{"id": nil}, nil)
	// By script, because the command waits for the page.
	w.call("POST", "/execute/sync", map[string]any{"script": "setTimeout((u) => { location.href = u }, 0, arguments[0])", "args": []any{url}}, nil)
}

// enter makes the last frame that fits the one that commands go to. Frames
// within one that fits are not looked at: there may be hundreds.
func (w *webkitWindow) enter(want frame) error {
	var found []int
	ok := false
	var walk func(path []int) error // location, unlike document.URL, tells where a document is really from
	walk = func(path []int) error {
		if err := w.enterPath(path); err != nil {
			return err
		}
		var here struct {
			URL    string
			Frames int
		}
		err := w.try("POST", "/execute/sync", map[string]any{"script": "return {url: location.href, frames: window.length}", "args": []any{}}, &here)
		if err != nil {
			return err
		}
		if want(frameInfo{URL: here.URL}, len(path)) {
			found, ok = append([]int{}, path...), true
			return nil
		}
		for i := range here.Frames {
			if err := walk(append(path, i)); err != nil && !gone(err) {
				return err
			}
		}
		return nil
	}
	if err := walk(nil); err != nil {
		return err
	}
	if !ok {
		return errors.New("no such frame")
	}
	return w.enterPath(found)
}

func (w *webkitWindow) enterPath(path []int) error {
	if err := w.try("POST", "/frame", map[string]any{"id": nil}, nil); err != nil {
		return err
	}
	for _, i := range path {
		if err := w.try("POST", "/frame", map[string]any{"id": i}, nil); err != nil {
			return err
		}
	}
	return nil
}

// gone reports whether a frame went away, or its document, during a command.
func gone(err error) bool {
	return strings.Contains(err.Error(), "no such frame") || strings.Contains(err.Error(), "no such window") || strings.Contains(err.Error(), "javascript error")
}

func (w *webkitWindow) eval(in frame, expression string, result any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := w.evalOnce(in, expression, result)
		if err == nil || !strings.Contains(err.Error(), "no such frame:") || time.Now().After(end) {
			return err
		}
	}
}

func (w *webkitWindow) evalOnce(in frame, expression string, result any) error {
	if err := w.enter(in); err != nil {
		return err
	}
	var answer struct{ Value, Failed *string }
	err := w.try("POST", "/execute/async", map[string]any{"script": `const done = arguments[0];
(async () => JSON.stringify(await (async () => (` + expression + `
))()))().then((value) => done({value: value ?? null}), (e) => done({failed: String(e)}))`, "args": []any{}}, &answer)
	switch {
	case err != nil:
		return err
	case answer.Failed != nil:
		return errors.New(*answer.Failed)
	case answer.Value == nil || result == nil:
		return nil
	}
	return json.Unmarshal([]byte(*answer.Value), result)
}

func (w *webkitWindow) wait(in frame, expression string) {
	w.t.Helper()
	if err := polls(func(result any) error { return w.eval(in, "!!("+expression+")", result) }); err != nil {
		w.t.Fatalf("%s: waiting for %.300q: %v", w.name, expression, err)
	}
}

func (w *webkitWindow) click(in frame, selector string) {
	w.t.Helper()
	if err := polls(func(result any) error {
		*result.(*bool) = true
		return w.clickOnce(in, selector)
	}); err != nil {
		w.t.Fatalf("%s: clicking %s: %v", w.name, selector, err)
	}
}

func (w *webkitWindow) clickOnce(in frame, selector string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.enter(in); err != nil {
		return err
	}
	element := map[string]string{}
	if err := w.try("POST", "/element", map[string]any{"using": "css selector", "value": selector}, &element); err != nil {
		return err
	}
	move := func(x int) map[string]any { // the command to click moves nothing
		return map[string]any{"type": "pointerMove", "origin": element, "x": x, "y": 0, "duration": 0}
	}
	return w.try("POST", "/actions", map[string]any{"actions": []any{map[string]any{
		"type": "pointer", "id": "mouse", "parameters": map[string]any{"pointerType": "mouse"},
		"actions": []any{move(-1), move(0), map[string]any{"type": "pointerDown", "button": 0}, map[string]any{"type": "pointerUp", "button": 0}},
	}}}, nil)
}

func (w *webkitWindow) write(text string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var actions []any
	for _, r := range strings.ReplaceAll(text, "\n", "\uE006") {
		actions = append(actions, map[string]any{"type": "keyDown", "value": string(r)}, map[string]any{"type": "keyUp", "value": string(r)})
	}
	w.call("POST", "/actions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "keys", "actions": actions}}}, nil)
}

func (w *webkitWindow) picture(clip *rect) (image.Image, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.try("POST", "/frame", map[string]any{"id": nil}, nil); err != nil {
		return nil, err
	}
	var text string
	if err := w.try("GET", "/screenshot", nil, &text); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	shot, err := png.Decode(bytes.NewReader(data))
	if err != nil || clip == nil {
		return shot, err
	}
	part, ok := shot.(interface {
		SubImage(image.Rectangle) image.Image
	})
	if !ok {
		return nil, fmt.Errorf("cannot cut %T", shot)
	}
	return part.SubImage(image.Rect(int(clip.X), int(clip.Y), int(clip.X+clip.Width), int(clip.Y+clip.Height))), nil
}
