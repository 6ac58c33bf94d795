package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Firefox, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/),
// which it speaks itself.

// firefox is one Firefox shared by all tests of the package; every window of it
// has a user context (cookies, storage) of its own.
type firefox struct {
	conn *websocket.Conn

	mu      sync.Mutex
	last    int
	pending map[int]chan bidiMessage
	people  map[string]*firefoxWindow // by user context
	windows map[string]*firefoxWindow // by browsing context, those of frames and pop-ups, too
	gone    error                     // why nothing is answered any more
}

type bidiMessage struct {
	ID      int             `json:"id"`
	Type    string          `json:"type"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

var sharedGecko struct {
	once sync.Once
	f    *firefox
	stop func()
	err  error
}

// errNoFirefox is why tests that need Firefox are skipped.
var errNoFirefox = errors.New("no Firefox found; install it (apt-get install firefox-esr), or name it in FIREFOX")

func sharedFirefox(t testing.TB) engine {
	t.Helper()
	if testing.Short() {
		t.Skip("browser tests are skipped by -short")
	}
	sharedGecko.once.Do(func() { sharedGecko.f, sharedGecko.stop, sharedGecko.err = startFirefox() })
	if errors.Is(sharedGecko.err, errNoFirefox) {
		t.Skip(sharedGecko.err)
	} else if sharedGecko.err != nil {
		t.Fatal(sharedGecko.err)
	}
	return sharedGecko.f
}

func firefoxPath() string {
	for _, name := range []string{os.Getenv("FIREFOX"), "firefox-esr", "firefox"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// firefoxPrefs keep Firefox from asking anybody for anything by itself, and
// from treating windows that nobody sees differently.
const firefoxPrefs = `
user_pref("app.update.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("app.normandy.enabled", false);
user_pref("app.shield.optoutstudies.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.contentblocking.report.lockwise.enabled", false);
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.newtabpage.activity-stream.feeds.system.topsites", false);
user_pref("browser.newtabpage.activity-stream.feeds.system.topstories", false);
user_pref("browser.newtabpage.activity-stream.showSponsored", false);
user_pref("browser.ping-centre.telemetry", false);
user_pref("browser.region.network.url", "");
user_pref("browser.region.update.enabled", false);
user_pref("browser.safebrowsing.blockedURIs.enabled", false);
user_pref("browser.safebrowsing.downloads.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.safebrowsing.update.enabled", false);
user_pref("browser.search.update", false);
user_pref("browser.sessionstore.resume_from_crash", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage", "about:blank");
user_pref("browser.startup.page", 0);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.tabs.warnOnClose", false);
user_pref("browser.translations.enable", false);
user_pref("browser.urlbar.suggest.searches", false);
user_pref("browser.urlbar.quicksuggest.enabled", false);
user_pref("captivedetect.canonicalURL", "");
user_pref("datareporting.healthreport.uploadEnabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("dom.disable_open_during_load", false);
user_pref("dom.min_background_timeout_value", 4);
user_pref("dom.push.connection.enabled", false);
user_pref("dom.timeout.enable_budget_timer_throttling", false);
user_pref("extensions.blocklist.enabled", false);
user_pref("extensions.getAddons.cache.enabled", false);
user_pref("extensions.systemAddon.update.enabled", false);
user_pref("extensions.update.enabled", false);
user_pref("focusmanager.testmode", true);
user_pref("geo.provider.network.url", "");
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("media.peerconnection.ice.loopback", true);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.dns.disablePrefetch", true);
user_pref("network.predictor.enabled", false);
user_pref("network.prefetch-next", false);
user_pref("network.http.speculative-parallel-limit", 0);
user_pref("network.trr.mode", 5);
user_pref("security.OCSP.enabled", 0);
user_pref("security.certerrors.mitm.priming.enabled", false);
user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");
user_pref("signon.autofillForms", false);
user_pref("toolkit.startup.max_resumed_crashes", -1);
user_pref("toolkit.telemetry.enabled", false);
user_pref("toolkit.telemetry.server", "");
user_pref("toolkit.telemetry.unified", false);
user_pref("trailhead.firstrun.didSeeAboutWelcome", true);
`

// startFirefox starts Firefox with a profile of its own.
func startFirefox() (f *firefox, stop func(), err error) {
	path := firefoxPath()
	if path == "" {
		return nil, nil, errNoFirefox
	}
	dir, err := os.MkdirTemp("", "tandem-firefox")
	if err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(firefoxPrefs), 0o600); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	cmd, end, err := leashed(path, "--headless", "--no-remote", "--profile", dir, "--remote-debugging-port", "0", "about:blank")
	stop = func() {
		end()
		os.RemoveAll(dir)
	}
	cmd.Env = append(os.Environ(), "HOME="+dir, "MOZ_CRASHREPORTER_DISABLE=1", "MOZ_DATA_REPORTING=0")
	said, pipeErr := cmd.StderrPipe()
	if err = errors.Join(err, pipeErr); err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	address := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(said); lines.Scan(); {
			if _, url, ok := strings.Cut(lines.Text(), "WebDriver BiDi listening on "); ok {
				address <- strings.TrimSpace(url)
			}
		}
	}()
	select {
	case url := <-address:
		f, err = dialFirefox(url + "/session")
	case <-time.After(answering):
		err = errors.New("Firefox did not start")
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return f, stop, nil
}

func dialFirefox(url string) (*firefox, error) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		return nil, fmt.Errorf("connecting to Firefox: %w", err)
	}
	f := &firefox{conn: conn, pending: map[int]chan bidiMessage{}, people: map[string]*firefoxWindow{}, windows: map[string]*firefoxWindow{}}
	go f.read()
	return f, errors.Join(
		f.call("session.new", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{"unhandledPromptBehavior": map[string]any{"default": "ignore"}}}}, nil),
		f.call("session.subscribe", map[string]any{"events": []string{"browsingContext.contextCreated", "log.entryAdded", "network.beforeRequestSent", "network.fetchError"}}, nil))
}

// read hands out what Firefox says until the connection ends.
func (f *firefox) read() {
	for {
		var m bidiMessage
		if err := f.conn.ReadJSON(&m); err != nil {
			f.mu.Lock()
			f.gone = fmt.Errorf("Firefox is gone: %w", err)
			for id, answer := range f.pending {
				close(answer)
				delete(f.pending, id)
			}
			f.mu.Unlock()
			return
		}
		if m.Type == "event" {
			f.observe(m)
			continue
		}
		f.mu.Lock()
		if answer := f.pending[m.ID]; answer != nil {
			answer <- m
			delete(f.pending, m.ID)
		}
		f.mu.Unlock()
	}
}

// observe notes what pages do with the window they are in.
func (f *firefox) observe(m bidiMessage) {
	var e struct {
		Context     string `json:"context"`
		UserContext string `json:"userContext"`
		Level       string `json:"level"`
		Text        string `json:"text"`
		ErrorText   string `json:"errorText"`
		Source      struct {
			Context string `json:"context"`
		} `json:"source"`
		Request struct {
			URL string `json:"url"`
		} `json:"request"`
	}
	if json.Unmarshal(m.Params, &e) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if m.Method == "browsingContext.contextCreated" {
		f.windows[e.Context] = f.people[e.UserContext]
		return
	}
	w := f.windows[e.Context+e.Source.Context]
	if w == nil { // a closed one, or a worker
		return
	}
	switch m.Method {
	case "log.entryAdded":
		w.console = append(w.console, e.Level+" "+e.Text)
	case "network.beforeRequestSent":
		w.requests = append(w.requests, e.Request.URL)
	case "network.fetchError":
		w.console = append(w.console, "failed: "+e.ErrorText+" "+e.Request.URL)
	}
}

// call sends a command and decodes its result.
func (f *firefox) call(method string, params map[string]any, result any) error {
	answer := make(chan bidiMessage, 1)
	f.mu.Lock()
	f.last++
	id := f.last
	err := f.gone
	if err == nil {
		f.pending[id] = answer
		err = f.conn.WriteJSON(map[string]any{"id": id, "method": method, "params": params})
	}
	f.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case m, ok := <-answer:
		switch {
		case !ok:
			return fmt.Errorf("%s: Firefox is gone", method)
		case m.Type == "error":
			return fmt.Errorf("%s: %s: %s", method, m.Error, m.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-time.After(answering):
		return fmt.Errorf("%s: no answer in %v", method, answering)
	}
}

func (*firefox) name() string { return "firefox" }

func (*firefox) serve(testing.TB, *config) {}

func (f *firefox) open(t testing.TB, name, url string, width, height int) webpage {
	t.Helper()
	var person struct {
		UserContext string `json:"userContext"`
	}
	if err := f.call("browser.createUserContext", map[string]any{}, &person); err != nil {
		t.Fatal(err)
	}
	w := &firefoxWindow{firefox: f, t: t, name: name}
	f.mu.Lock()
	f.people[person.UserContext] = w
	f.mu.Unlock()
	t.Cleanup(func() {
		if t.Failed() {
			w.report()
		}
		// Its windows go with it.
		if err := f.call("browser.removeUserContext", map[string]any{"userContext": person.UserContext}, nil); err != nil {
			t.Error(err)
		}
		f.forget(person.UserContext)
	})
	var created struct {
		Context string `json:"context"`
	}
	// A tab of a window shown already would be one that nobody sees.
	w.call("browsingContext.create", map[string]any{"type": "window", "userContext": person.UserContext}, &created)
	w.context = created.Context
	w.call("browsingContext.setViewport", map[string]any{"context": w.context, "viewport": map[string]any{"width": width, "height": height}}, nil)
	w.navigate(url)
	return w
}

func (f *firefox) forget(userContext string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	gone := f.people[userContext]
	delete(f.people, userContext)
	maps.DeleteFunc(f.windows, func(_ string, w *firefoxWindow) bool { return w == gone })
}

// firefoxWindow is one window of Firefox, in a user context of its own.
type firefoxWindow struct {
	*firefox
	t       testing.TB
	name    string
	context string
	pressed frame // the last click went there, and with it the keyboard

	// Guarded by firefox.mu.
	console  []string
	requests []string
}

// report leaves a picture and the console of a failed test's window.
func (w *firefoxWindow) report() {
	save(w.t, w.name, func() (image.Image, error) { return w.picture(nil) })
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t.Logf("%s: console:\n%s", w.name, strings.Join(w.console[max(0, len(w.console)-20):], "\n"))
}

func (w *firefoxWindow) call(method string, params map[string]any, result any) {
	w.t.Helper()
	if err := w.try(method, params, result); err != nil {
		w.t.Fatalf("%s: %v", w.name, err)
	}
}

func (w *firefoxWindow) try(method string, params map[string]any, result any) error {
	return w.firefox.call(method, params, result)
}

func (w *firefoxWindow) navigate(url string) {
	w.t.Helper()
	w.call("browsingContext.navigate", map[string]any{"context": w.context, "url": url, "wait": "none"}, nil)
}

// find returns the browsing context of the last frame that fits, the newest
// where one is being replaced.
func (w *firefoxWindow) find(want frame) (string, error) {
	type context struct {
		Context  string    `json:"context"`
		URL      string    `json:"url"`
		Children []context `json:"children"`
	}
	var tree struct {
		Contexts []context `json:"contexts"`
	}
	if err := w.try("browsingContext.getTree", map[string]any{"root": w.context}, &tree); err != nil {
		return "", err
	}
	found := ""
	var walk func(in []context, depth int)
	walk = func(in []context, depth int) {
		for _, c := range in {
			if want(frameInfo{ID: c.Context, URL: c.URL}, depth) {
				found = c.Context
			}
			walk(c.Children, depth+1)
		}
	}
	walk(tree.Contexts, 0)
	if found == "" {
		return "", errors.New("no such frame")
	}
	return found, nil
}

// eval evaluates an expression in a frame. A realm that went away before the
// expression got there is looked up once more.
func (w *firefoxWindow) eval(in frame, expression string, result any) error {
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := w.evalOnce(in, expression, result)
		if err == nil || !strings.Contains(err.Error(), "no such frame:") || time.Now().After(end) {
			return err
		}
	}
}

func (w *firefoxWindow) evalOnce(in frame, expression string, result any) error {
	value, err := w.evaluate(in, "(async () => JSON.stringify(await (async () => ("+expression+"\n))()))()")
	if err != nil {
		return err
	}
	if result == nil || value.Type == "undefined" {
		return nil
	}
	return json.Unmarshal([]byte(value.Value), result)
}

// bidiValue is a script.RemoteValue that is a string or a node.
type bidiValue struct {
	Type     string
	Value    string
	SharedID string
}

func (v *bidiValue) UnmarshalJSON(data []byte) error {
	var raw struct {
		Type     string          `json:"type"`
		Value    json.RawMessage `json:"value"`
		SharedID string          `json:"sharedId"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*v = bidiValue{Type: raw.Type, SharedID: raw.SharedID}
	if raw.Type != "string" {
		return nil
	}
	return json.Unmarshal(raw.Value, &v.Value)
}

func (w *firefoxWindow) evaluate(in frame, expression string) (bidiValue, error) {
	context, err := w.find(in)
	if err != nil {
		return bidiValue{}, err
	}
	var res struct {
		Result           bidiValue `json:"result"`
		ExceptionDetails *struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	err = w.try("script.evaluate", map[string]any{"expression": expression, "target": map[string]any{"context": context}, "awaitPromise": true}, &res)
	if err == nil && res.ExceptionDetails != nil {
		err = errors.New(res.ExceptionDetails.Text)
	}
	return res.Result, err
}

func (w *firefoxWindow) wait(in frame, expression string) {
	w.t.Helper()
	if err := polls(func(result any) error { return w.eval(in, "!!("+expression+")", result) }); err != nil {
		w.t.Fatalf("%s: waiting for %.300q: %v", w.name, expression, err)
	}
}

func (w *firefoxWindow) click(in frame, selector string) {
	w.t.Helper()
	if err := polls(func(result any) error {
		*result.(*bool) = true
		return w.clickOnce(in, selector)
	}); err != nil {
		w.t.Fatalf("%s: clicking %s: %v", w.name, selector, err)
	}
}

func (w *firefoxWindow) clickOnce(in frame, selector string) error {
	context, origin, err := w.over(in, selector)
	if err != nil {
		return err
	}
	return w.try("input.performActions", map[string]any{"context": context, "actions": []any{map[string]any{
		"type": "pointer", "id": "hand", "parameters": map[string]any{"pointerType": "mouse"}, "actions": []any{
			map[string]any{"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
			map[string]any{"type": "pointerDown", "button": 0}, map[string]any{"type": "pointerUp", "button": 0},
		}}}}, nil)
}

// over is where actions begin that are to happen over an element: its context,
// which keys go to from now on, and the element as their origin.
func (w *firefoxWindow) over(in frame, selector string) (context string, origin map[string]any, err error) {
	element, err := w.evaluate(in, "(() => { const e = document.querySelector("+quote(selector)+"); e?.scrollIntoView({block: 'nearest', behavior: 'instant'}); return e; })()")
	if err != nil {
		return "", nil, err
	}
	if element.SharedID == "" {
		return "", nil, errors.New("not there")
	}
	if context, err = w.find(in); err != nil {
		return "", nil, err
	}
	w.pressed = in
	return context, map[string]any{"type": "element", "element": map[string]any{"sharedId": element.SharedID}}, nil
}

// write presses the keys in the frame that was clicked last: keys do not find
// their way into another process from the window's own.
func (w *firefoxWindow) write(text string) {
	w.t.Helper()
	context := w.context
	if w.pressed != nil {
		if found, err := w.find(w.pressed); err == nil {
			context = found
		}
	}
	var actions []any
	for _, r := range strings.ReplaceAll(text, "\n", "\uE006") { // WebDriver's name of Enter
		actions = append(actions, map[string]any{"type": "keyDown", "value": string(r)}, map[string]any{"type": "keyUp", "value": string(r)})
	}
	w.call("input.performActions", map[string]any{"context": context, "actions": []any{map[string]any{"type": "key", "id": "keys", "actions": actions}}}, nil)
}

func (w *firefoxWindow) picture(clip *rect) (image.Image, error) {
	params := map[string]any{"context": w.context}
	if clip != nil {
		params["clip"] = map[string]any{"type": "box", "x": clip.X, "y": clip.Y, "width": clip.Width, "height": clip.Height}
	}
	var res struct {
		Data string `json:"data"`
	}
	if err := w.try("browsingContext.captureScreenshot", params, &res); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(res.Data)
	if err != nil {
		return nil, err
	}
	return png.Decode(bytes.NewReader(data))
}
