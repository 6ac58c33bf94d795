package static

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for something a person would see happen.
const patience = 30 * time.Second

// visit is one page of ours in a Chromium of its own, looked at by a test.
type visit struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	realms map[string]runtime.ExecutionContextID // by frame
	errors []string
}

// screen is what a visit is looked at with.
type screen struct {
	width, height int
	dark          bool
	language      string // what the browser accepts; "" for its own
}

var desktop = screen{width: 1440, height: 900}

// visitors is one Chromium for all pages, each of which has cookies and storage of its own.
var visitors struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if visitors.stop != nil {
		visitors.stop()
	}
	os.Exit(code)
}

func startVisitors() {
	dir, err := os.MkdirTemp("", "tandem-chromium")
	if err != nil {
		visitors.err = err
		return
	}
	// Without site isolation one protocol session reaches every frame.
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), append(flags(dir),
		chromedp.Flag("disable-site-isolation-trials", true),
		chromedp.Flag("disable-features", "SitePerProcess,IsolateOrigins,OriginKeyedProcessesByDefault"))...)
	ctx, cancel := chromedp.NewContext(alloc)
	visitors.ctx, visitors.err = ctx, chromedp.Do(ctx)
	visitors.stop = func() { cancel(); stopAlloc(); os.RemoveAll(dir) }
}

func openPage(t *testing.T, url string, s screen) *visit {
	t.Helper()
	needChromium(t)
	if visitors.once.Do(startVisitors); visitors.err != nil {
		t.Fatal(visitors.err)
	}
	ctx, cancel := chromedp.NewContext(visitors.ctx, chromedp.WithNewBrowserContext())
	v := &visit{t: t, ctx: ctx, realms: map[string]runtime.ExecutionContextID{}}
	t.Cleanup(func() { v.report(); cancel() })
	if err := chromedp.Listen(ctx, v.observe); err != nil {
		t.Fatal(err)
	}
	v.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": s.width, "height": s.height, "deviceScaleFactor": 1, "mobile": false}, nil)
	v.call("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true}, nil)
	scheme := "light"
	if s.dark {
		scheme = "dark"
	}
	v.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]any{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	if s.language != "" {
		v.call("Network.enable", map[string]any{}, nil)
		v.call("Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]any{"Accept-Language": s.language}}, nil)
	}
	v.goTo(url)
	return v
}

func (v *visit) observe(ev any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExecutionContextCreated:
		var aux struct {
			IsDefault bool   `json:"isDefault"`
			FrameID   string `json:"frameId"`
		}
		if json.Unmarshal(ev.Context.AuxData, &aux) == nil && aux.IsDefault {
			v.realms[aux.FrameID] = ev.Context.ID
		}
	case *runtime.EventConsoleAPICalled:
		line := string(ev.Type)
		for _, arg := range ev.Args {
			line += " " + string(arg.Value) + arg.Description
		}
		v.errors = append(v.errors, line)
	case *runtime.EventExceptionThrown:
		line := ev.ExceptionDetails.Text
		if ex := ev.ExceptionDetails.Exception; ex != nil {
			line += " " + ex.Description
		}
		v.errors = append(v.errors, line)
	}
}

func (v *visit) report() {
	if !v.t.Failed() {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.t.Logf("console:\n%s", strings.Join(v.errors, "\n"))
}

func (v *visit) call(method string, params, result any) {
	v.t.Helper()
	if err := v.try(method, params, result); err != nil {
		v.t.Fatalf("%s: %v", method, err)
	}
}

func (v *visit) try(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(v.ctx, patience)
	defer cancel()
	return chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		return t.Call(ctx, method, params, result)
	}))
}

func (v *visit) goTo(url string) {
	v.t.Helper()
	v.call("Page.navigate", map[string]any{"url": url}, nil)
}

type frameNode struct {
	Frame struct {
		ID  string `json:"id"`
		URL string `json:"url"`
	} `json:"frame"`
	Children []frameNode `json:"childFrames"`
}

// realm finds the frame whose address contains part; the page itself for "".
func (v *visit) realm(part string) (runtime.ExecutionContextID, error) {
	var res struct {
		FrameTree frameNode `json:"frameTree"`
	}
	if err := v.try("Page.getFrameTree", map[string]any{}, &res); err != nil {
		return 0, err
	}
	id := res.FrameTree.Frame.ID
	if part != "" {
		id = ""
		for _, child := range res.FrameTree.Children {
			if strings.Contains(child.Frame.URL, part) {
				id = child.Frame.ID
			}
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	realm, ok := v.realms[id]
	if !ok {
		return 0, fmt.Errorf("no frame %q", part)
	}
	return realm, nil
}

func (v *visit) eval(frame, js string, result any) error {
	realm, err := v.realm(frame)
	if err != nil {
		return err
	}
	var res struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		ExceptionDetails *struct {
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	err = v.try("Runtime.evaluate", map[string]any{"expression": js, "contextId": realm, "returnByValue": true, "awaitPromise": true}, &res)
	if err != nil {
		return err
	}
	if res.ExceptionDetails != nil {
		return fmt.Errorf("%s", res.ExceptionDetails.Exception.Description)
	}
	if result == nil || len(res.Result.Value) == 0 {
		return nil
	}
	return json.Unmarshal(res.Result.Value, result)
}

func ask[T any](v *visit, frame, js string) T {
	v.t.Helper()
	var value T
	if err := v.eval(frame, js, &value); err != nil {
		v.t.Fatalf("evaluating %q in %q: %v", js, frame, err)
	}
	return value
}

// waitFor polls until an expression is true.
func (v *visit) waitFor(frame, js string) {
	v.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		var ok bool
		err := v.eval(frame, "!!("+js+")", &ok)
		if ok {
			return
		}
		if time.Now().After(deadline) {
			v.t.Fatalf("never true in %q: %s (%v)\n%s", frame, js, err, ask[string](v, "", "location.href + ' ' + document.documentElement.outerHTML"))
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// click presses the mouse over an element of the page, as a person does.
func (v *visit) click(selector string) {
	v.t.Helper()
	quoted, _ := json.Marshal(selector)
	v.waitFor("", fmt.Sprintf("document.querySelector(%s)?.getBoundingClientRect().width", quoted))
	at := ask[[2]float64](v, "", fmt.Sprintf(`(() => { const e = document.querySelector(%s); e.scrollIntoView({block:'nearest'});
		const r = e.getBoundingClientRect(); return [r.x + r.width/2, r.y + r.height/2]; })()`, quoted))
	for _, kind := range []string{"mouseMoved", "mousePressed", "mouseReleased"} {
		v.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}, nil)
	}
}

func (v *visit) typeText(text string) {
	v.t.Helper()
	v.call("Input.insertText", map[string]any{"text": text}, nil)
}

func (v *visit) key(name string, code int) {
	v.t.Helper()
	for _, kind := range []string{"rawKeyDown", "char", "keyUp"} {
		params := map[string]any{"type": kind, "key": name, "code": name, "windowsVirtualKeyCode": code}
		switch {
		case kind == "char" && name == "Enter":
			params["text"] = "\r"
		case kind == "char":
			continue // the others here write nothing
		}
		v.call("Input.dispatchKeyEvent", params, nil)
	}
}

// picture leaves a screenshot in the directory TANDEM_SHOTS names, for eyes.
func (v *visit) picture(name string) {
	v.t.Helper()
	dir := os.Getenv("TANDEM_SHOTS")
	if dir == "" {
		return
	}
	time.Sleep(250 * time.Millisecond) // for what appears slowly
	var res struct {
		Data string `json:"data"`
	}
	v.call("Page.captureScreenshot", map[string]any{"format": "png"}, &res)
	png, err := base64.StdEncoding.DecodeString(res.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		v.t.Fatal(err)
	}
}
