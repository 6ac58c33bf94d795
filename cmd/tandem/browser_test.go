package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	cdptarget "github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for something a person would see happen,
// and answering how long a browser may take to answer a command, on a machine
// that has much else to do.
const (
	patience  = 30 * time.Second
	answering = 2 * patience
)

// browser is one Chromium shared by all tests of the package; every window of
// it has a browser context (cookies, storage) of its own.
type browser struct{ ctx context.Context }

var shared struct {
	once sync.Once
	b    *browser
	stop func()
	err  error
}

func sharedBrowser(t testing.TB) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("browser tests are skipped by -short")
	}
	shared.once.Do(func() {
		path := chromium()
		if path == "" {
			shared.err = fmt.Errorf("no Chromium found; install it (apt-get install chromium), or name it in CHROMIUM")
			return
		}
		dir, err := os.MkdirTemp("", "tandem-chromium")
		if err != nil {
			shared.err = err
			return
		}
		// Site isolation is off so that one protocol session reaches every frame;
		// what isolation changes is tested where it matters (static).
		alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(),
			chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.NoSandbox, chromedp.Headless, chromedp.DisableGPU,
			chromedp.NoFirstRun,
			chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
			chromedp.Flag("disable-sync", true), chromedp.Flag("disable-features", "SitePerProcess,IsolateOrigins,OriginKeyedProcessesByDefault"),
			chromedp.Flag("disable-site-isolation-trials", true), chromedp.Flag("disable-backgrounding-occluded-windows", true),
			chromedp.Flag("disable-renderer-backgrounding", true), chromedp.Flag("disable-background-timer-throttling", true),
			chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("disable-dev-shm-usage", true),
			chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE *.localhost , EXCLUDE localhost , EXCLUDE 127.0.0.1"),
		)
		ctx, stop := chromedp.NewContext(alloc)
		shared.err = chromedp.Do(ctx)
		shared.b = &browser{ctx}
		shared.stop = func() { stop(); stopAlloc(); os.RemoveAll(dir) }
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.b
}

func chromium() string {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path
	}
	for _, path := range []string{"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// window is one page in a browser context of its own.
type window struct {
	t    testing.TB
	name string
	ctx  context.Context

	mu        sync.Mutex
	contexts  map[string]runtime.ExecutionContextID // frame → its page's realm
	console   []string
	requests  []string
	onChooser func(*cdppage.EventFileChooserOpened)
	sent      int // bytes sent over WebSockets, with their frames' headers
}

func (b *browser) open(t testing.TB, name, url string, width, height int, options ...chromedp.CreateBrowserContextOption) *window {
	t.Helper()
	w := watch(t, name, b.ctx, width, height, chromedp.WithNewBrowserContext(options...))
	w.navigate(url)
	return w
}

// opens is the window that opens at an address when something is done in this one.
func (w *window) opens(name, part string, width, height int, do func()) *window {
	w.t.Helper()
	do()
	var id cdptarget.ID
	title, rests := "", 0
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var all struct {
			TargetInfos []struct {
				TargetID cdptarget.ID `json:"targetId"`
				Type     string       `json:"type"`
				URL      string       `json:"url"`
				Title    string       `json:"title"`
			} `json:"targetInfos"`
		}
		w.call("Target.getTargets", map[string]any{}, &all)
		for _, info := range all.TargetInfos {
			if id == "" && info.Type == "page" && strings.Contains(info.URL, part) {
				id = info.TargetID
			}
			if info.TargetID != id {
				continue
			}
			// chromedp must not take up a page whose tree changes meanwhile, so it is to rest a while.
			if rests++; info.URL+info.Title != title {
				title, rests = info.URL+info.Title, 0
			}
			if rests < 10 {
				continue
			}
			opened := watch(w.t, name, w.ctx, width, height, chromedp.WithTargetID(id))
			opened.call("Runtime.disable", map[string]any{}, nil) // tells of the realms that were there before
			opened.call("Runtime.enable", map[string]any{}, nil)
			return opened
		}
	}
	w.t.Fatalf("%s: no window opened at %s", w.name, part)
	return nil
}

// watch makes a window of a page that is there or is to be.
func watch(t testing.TB, name string, parent context.Context, width, height int, which chromedp.ContextOption) *window {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, which)
	t.Cleanup(cancel)
	w := &window{t: t, name: name, ctx: ctx, contexts: map[string]runtime.ExecutionContextID{}}
	if err := chromedp.Listen(ctx, w.observe); err != nil {
		t.Fatal(err)
	}
	w.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	// A window nobody sees is not focused; both people of a test are at theirs.
	w.call("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true}, nil)
	w.call("Network.enable", map[string]any{}, nil)
	t.Cleanup(func() {
		if t.Failed() {
			w.report()
		}
	})
	return w
}

func (w *window) observe(ev any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExecutionContextCreated:
		var aux struct {
			IsDefault bool   `json:"isDefault"`
			FrameID   string `json:"frameId"`
		}
		if json.Unmarshal(ev.Context.AuxData, &aux) == nil && aux.IsDefault {
			w.contexts[aux.FrameID] = ev.Context.ID
		}
	case *network.EventRequestWillBeSent:
		w.requests = append(w.requests, ev.Request.URL)
	case *network.EventResponseReceived:
		if ev.Response.Status >= 400 {
			w.console = append(w.console, fmt.Sprintf("status %d: %s", ev.Response.Status, ev.Response.URL))
		}
	case *network.EventLoadingFailed:
		w.console = append(w.console, fmt.Sprintf("failed %s: %s %s", ev.Type, ev.ErrorText, ev.BlockedReason))
	case *network.EventWebSocketFrameReceived:
		w.frame("<", ev.Response)
	case *network.EventWebSocketFrameSent:
		if ev.Response != nil {
			w.sent += onTheWire(ev.Response)
		}
		w.frame(">", ev.Response)
	case *cdppage.EventFileChooserOpened:
		if w.onChooser != nil {
			w.onChooser(ev)
		}
	case *runtime.EventConsoleAPICalled:
		line := string(ev.Type)
		for _, arg := range ev.Args {
			line += " " + string(arg.Value) + arg.Description
		}
		w.console = append(w.console, line)
	case *runtime.EventExceptionThrown:
		line := "uncaught " + ev.ExceptionDetails.Text
		if ex := ev.ExceptionDetails.Exception; ex != nil {
			line += " " + ex.Description
		}
		w.console = append(w.console, line)
	}
}

// frame notes what went over a WebSocket, where somebody wants to read along.
func (w *window) frame(direction string, frame *network.WebSocketFrame) {
	if os.Getenv("TANDEM_TEST_LOG") == "" || frame == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "%s %s %.300s\n", w.name, direction, frame.PayloadData)
}

// onTheWire is how many bytes a frame from a browser is.
func onTheWire(frame *network.WebSocketFrame) int {
	size := len(frame.PayloadData)
	const head, mask = 2, 4
	switch {
	case size < 126:
		return head + mask + size
	case size < 1<<16:
		return head + 2 + mask + size
	}
	return head + 8 + mask + size
}

// report leaves a picture and the console of a failed test's window.
func (w *window) report() {
	save(w.t, w.name, func() (image.Image, error) { return w.picture(nil) })
	w.mu.Lock()
	defer w.mu.Unlock()
	from := max(0, len(w.console)-20)
	w.t.Logf("%s: console:\n%s", w.name, strings.Join(w.console[from:], "\n"))
}

// save keeps a picture for whoever looks into a failure.
func save(t testing.TB, name string, take func() (image.Image, error)) {
	shot, err := take()
	if err != nil {
		t.Logf("no picture of %s: %v", name, err)
		return
	}
	dir := filepath.Join(os.TempDir(), "tandem-failures")
	_ = os.MkdirAll(dir, 0o755)
	path := filepath.Join(dir, strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()+"-"+name)+".png")
	f, err := os.Create(path)
	if err != nil {
		return
	}
	defer f.Close()
	if png.Encode(f, shot) == nil {
		t.Logf("picture of %s: %s", name, path)
	}
}

func (w *window) call(method string, params, result any) {
	w.t.Helper()
	if err := w.try(method, params, result); err != nil {
		w.t.Fatalf("%s: %s: %v", w.name, method, err)
	}
}

func (w *window) try(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(w.ctx, answering)
	defer cancel()
	return chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		return t.Call(ctx, method, params, result)
	}))
}

func (w *window) navigate(url string) {
	w.t.Helper()
	w.call("Page.navigate", map[string]any{"url": url}, nil)
}

// frame says which frame of a window a step means.
type frame func(f frameInfo, depth int) bool

type frameInfo struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	URL  string `json:"url"`
}

type frameTree struct {
	Frame    frameInfo   `json:"frame"`
	Children []frameTree `json:"childFrames"`
}

var (
	// top is the window's own page.
	top frame = func(_ frameInfo, depth int) bool { return depth == 0 }
	// mirror is what a follower sees.
	mirror frame = func(f frameInfo, depth int) bool { return depth == 2 && strings.Contains(f.URL, "/.tandem/mirror?") }
	// renderer is the page of ours around the mirror.
	renderer frame = func(f frameInfo, depth int) bool { return depth == 1 && strings.Contains(f.URL, "//view--") }
	// content is the site as the visitor has it.
	content frame = func(f frameInfo, depth int) bool { return depth == 1 && strings.Contains(f.URL, "--") }
)

// within is a frame by a part of its address.
func within(part string) frame {
	return func(f frameInfo, depth int) bool { return depth > 0 && strings.Contains(f.URL, part) }
}

// find returns the last frame that fits, the newest where one is being replaced.
func (w *window) find(want frame) (frameInfo, runtime.ExecutionContextID, error) {
	var res struct {
		FrameTree frameTree `json:"frameTree"`
	}
	if err := w.try("Page.getFrameTree", map[string]any{}, &res); err != nil {
		return frameInfo{}, 0, err
	}
	var found frameInfo
	var walk func(tree frameTree, depth int)
	walk = func(tree frameTree, depth int) {
		if want(tree.Frame, depth) {
			found = tree.Frame
		}
		for _, child := range tree.Children {
			walk(child, depth+1)
		}
	}
	walk(res.FrameTree, 0)
	if found.ID == "" {
		return found, 0, fmt.Errorf("no such frame")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	id, ok := w.contexts[found.ID]
	if !ok {
		return found, 0, fmt.Errorf("frame has no realm yet")
	}
	return found, id, nil
}

// eval evaluates an expression in a frame, awaiting promises, and decodes its value.
// A realm that went away before the expression got there is looked up once more.
func (w *window) eval(in frame, expression string, result any) error {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := w.evalOnce(in, expression, result)
		if err == nil || !strings.Contains(err.Error(), "Cannot find context with specified id") || time.Now().After(end) {
			return err
		}
	}
}

func (w *window) evalOnce(in frame, expression string, result any) error {
	_, id, err := w.find(in)
	if err != nil {
		return err
	}
	var res struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		ExceptionDetails *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	err = w.try("Runtime.evaluate", map[string]any{
		"expression": expression, "contextId": id, "returnByValue": true, "awaitPromise": true,
	}, &res)
	if err != nil {
		return err
	}
	if res.ExceptionDetails != nil {
		return fmt.Errorf("%s %s", res.ExceptionDetails.Text, res.ExceptionDetails.Exception.Description)
	}
	if result == nil || len(res.Result.Value) == 0 {
		return nil
	}
	return json.Unmarshal(res.Result.Value, result)
}

// get is eval for a value that must be there.
func get[T any](w *window, in frame, expression string) T {
	w.t.Helper()
	var value T
	if err := w.eval(in, expression, &value); err != nil {
		w.t.Fatalf("%s: evaluating %.200q: %v", w.name, expression, err)
	}
	return value
}

// wait polls until an expression is true in a frame.
func (w *window) wait(in frame, expression string) {
	w.t.Helper()
	if err := w.waits(in, expression); err != nil {
		w.t.Fatalf("%s: waiting for %.300q: %v", w.name, expression, err)
	}
}

func (w *window) waits(in frame, expression string) error {
	return polls(func(result any) error { return w.eval(in, "!!("+expression+")", result) })
}

// settles is how long element waits for what moves to stand still.
const settles = time.Second

// element waits for an element of a frame that stands still, as a hand would, and
// returns the middle of its visible part, in the window's coordinates.
func (w *window) element(in frame, selector string) (x, y float64) {
	w.t.Helper()
	js := fmt.Sprintf(`(() => { const e = document.querySelector(%s); if (!e) return null;
		const r = e.getBoundingClientRect();
		if (r.width && (r.bottom > innerHeight || r.top < 0)) e.scrollIntoView({block: 'center', behavior: 'instant'});
		return e; })()`, quote(selector))
	began := time.Now()
	var lastX, lastY float64
	for seen := false; ; time.Sleep(20 * time.Millisecond) {
		x, y, err := w.quad(in, js)
		switch {
		case err != nil && time.Since(began) > patience:
			w.t.Fatalf("%s: no element %s to point at: %v", w.name, selector, err)
		case err == nil && seen && (math.Hypot(x-lastX, y-lastY) < 1 || time.Since(began) > settles):
			return x, y
		}
		seen, lastX, lastY = err == nil, x, y
	}
}

func (w *window) quad(in frame, js string) (x, y float64, err error) {
	_, id, err := w.find(in)
	if err != nil {
		return 0, 0, err
	}
	var object struct {
		Result struct {
			ObjectID string `json:"objectId"`
		} `json:"result"`
	}
	if err := w.try("Runtime.evaluate", map[string]any{"expression": js, "contextId": id}, &object); err != nil {
		return 0, 0, err
	}
	if object.Result.ObjectID == "" {
		return 0, 0, fmt.Errorf("not there")
	}
	var res struct {
		Quads [][]float64 `json:"quads"`
	}
	if err := w.try("DOM.getContentQuads", map[string]any{"objectId": object.Result.ObjectID}, &res); err != nil {
		return 0, 0, err
	}
	if len(res.Quads) == 0 {
		return 0, 0, fmt.Errorf("not shown")
	}
	q := res.Quads[0]
	return (q[0] + q[2] + q[4] + q[6]) / 4, (q[1] + q[3] + q[5] + q[7]) / 4, nil
}

func (w *window) moveTo(x, y float64) {
	w.t.Helper()
	w.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseMoved", "x": x, "y": y}, nil)
}

// click presses the main button on an element, as a hand would.
func (w *window) click(in frame, selector string) {
	w.t.Helper()
	x, y := w.element(in, selector)
	w.clickAt(x, y)
}

func (w *window) clickAt(x, y float64) {
	w.t.Helper()
	w.moveTo(x, y)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		w.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}, nil)
	}
}

// clear focuses a field and selects what is in it, for the next key to replace.
func (w *window) clear(in frame, selector string) {
	w.t.Helper()
	w.click(in, selector)
	w.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": "a", "code": "KeyA", "modifiers": 2, "commands": []string{"selectAll"}}, nil)
}

// write types a text into what has the focus, key by key.
func (w *window) write(text string) {
	w.t.Helper()
	for _, r := range text {
		if r == '\n' {
			w.press("Enter", 13)
			continue
		}
		key := string(r)
		w.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "text": key, "key": key, "unmodifiedText": key}, nil)
		w.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key}, nil)
	}
}

// press presses a named key.
func (w *window) press(key string, code int) {
	w.t.Helper()
	down := map[string]any{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code}
	if key == "Enter" {
		down["text"] = "\r"
	}
	w.call("Input.dispatchKeyEvent", down, nil)
	w.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}, nil)
}

// wheel scrolls at an element.
func (w *window) wheel(in frame, selector string, dy float64) {
	w.t.Helper()
	x, y := w.element(in, selector)
	w.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": dy}, nil)
}

// choose puts a file into a file control, as the browser's own dialog would.
// The control may be hidden, as those behind a button are.
func (w *window) choose(in frame, selector, path string) {
	w.t.Helper()
	w.wait(in, "document.querySelector("+quote(selector)+")")
	_, id, err := w.find(in)
	if err != nil {
		w.t.Fatal(err)
	}
	var object struct {
		Result struct {
			ObjectID string `json:"objectId"`
		} `json:"result"`
	}
	w.call("Runtime.evaluate", map[string]any{"expression": "document.querySelector(" + quote(selector) + ")", "contextId": id}, &object)
	w.call("DOM.setFileInputFiles", map[string]any{"files": []string{path}, "objectId": object.Result.ObjectID}, nil)
}

type rect struct{ X, Y, Width, Height float64 }

// picture is a screenshot of the window, or of a part of it.
func (w *window) picture(clip *rect) (image.Image, error) {
	params := map[string]any{"format": "png"}
	if clip != nil {
		params["clip"] = map[string]any{"x": clip.X, "y": clip.Y, "width": clip.Width, "height": clip.Height, "scale": 1}
	}
	var res struct {
		Data string `json:"data"`
	}
	if err := w.try("Page.captureScreenshot", params, &res); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(res.Data)
	if err != nil {
		return nil, err
	}
	return png.Decode(bytes.NewReader(data))
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}
