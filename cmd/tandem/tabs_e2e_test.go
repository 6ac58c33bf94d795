package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tandem/session"
)

// desk is a site with all that reaches beyond its page: other tabs, a log-in on
// another origin, dialogs, files, and what browsers do only upon a press.
func desk(t *testing.T) (site, login *httptest.Server) {
	page := func(w http.ResponseWriter, title, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>%s</title><style>a, button { display: block; margin: 6px; font-size: 18px }</style><h1>%s</h1><p id=said></p>%s`, title, title, body)
	}
	pdf := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		w.Write(paper(cmp.Or(r.FormValue("title"), "Lamp manual"), 3, "http://"+r.Host+"/third"))
	}
	login = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/paper.pdf" {
			pdf(w, r)
			return
		}
		page(w, "Log in", `<button id=ok onclick="opener.postMessage('signed in', '*'); window.close()">Log in</button>`)
	}))
	t.Cleanup(login.Close)
	slow := make(chan struct{})
	t.Cleanup(func() { close(slow) })
	mux := http.NewServeMux()
	mux.HandleFunc("/report", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		w.Header().Set("Content-Length", "2800")
		w.Header().Set("Content-Disposition", `attachment; filename="report.csv"`)
		fmt.Fprint(w, strings.Repeat("lamp,1\n", 400))
	})
	mux.HandleFunc("/paper.pdf", pdf)
	mux.HandleFunc("/broken.pdf", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		w.Write([]byte("%PDF-1.4\n%%EOF"))
	})
	mux.HandleFunc("/papers", func(w http.ResponseWriter, r *http.Request) {
		page(w, "Papers", strings.ReplaceAll(`<iframe src=/paper.pdf></iframe><iframe src=/broken.pdf></iframe>
<embed type=application/pdf src="/paper.pdf?title=Embedded"><object data="/paper.pdf?title=Object" type=application/pdf><p>No reader</p></object>
<embed src="LOGIN/paper.pdf?title=Foreign">
<script>
const made = Object.assign(document.createElement('embed'), { type: 'application/pdf', src: '/paper.pdf?title=Scripted' });
document.body.append(made);
document.querySelector('#said').textContent = [made.type, made.getAttribute('src'), made.src, document.querySelector('object').data, ...[...document.embeds].map((e) => e.outerHTML)].join(' ');
</script>`, "LOGIN", login.URL))
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		page(w, "Slow", `<p>It comes.</p>`)
		w.(http.Flusher).Flush()
		select {
		case <-slow:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/account", func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if c, err := r.Cookie("who"); err == nil {
			who = c.Value
		}
		if name := r.FormValue("name"); name != "" {
			who = name
			http.SetCookie(w, &http.Cookie{Name: "who", Value: who})
		}
		page(w, "Account of "+who, `<input id=note><input id=password type=password>`)
	})
	mux.HandleFunc("/{name}", func(w http.ResponseWriter, r *http.Request) {
		page(w, r.PathValue("name"), `<p id=kept></p><script>document.querySelector('#kept').textContent = [localStorage.lamp, sessionStorage.cart]</script>`)
	})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		page(w, "Desk", strings.ReplaceAll(`
<a id=blank href=/second target=_blank>In a tab</a>
<a id=plain href=/third>Third</a>
<a id=file href=/report>Report</a>
<a id=pdf href=/paper.pdf>Paper</a>
<a id=away href=http://other.example/>Elsewhere</a>
<button id=popup>Log in</button>
<button id=ask>Delete</button>
<button id=name>Rename</button>
<button id=made>Make a file</button>
<button id=print>Print</button>
<button id=full>Fill the screen</button>
<button id=copy>Copy</button>
<script>
const say = (text) => { document.querySelector('#said').textContent = text; };
const on = (id, run) => document.querySelector('#' + id).addEventListener('click', run);
let popup;
on('popup', () => { popup = open('LOGIN/login', 'login', 'width=400,height=300'); });
addEventListener('message', (event) => say([event.data, event.origin === 'LOGIN', event.source === popup].join(' ')));
on('ask', () => say('answered ' + confirm('Delete the lamp?')));
on('name', () => say('named ' + prompt('Its name?')));
on('made', () => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(['made here']));
  link.download = 'made.txt';
  link.click();
});
on('print', () => print());
addEventListener('beforeprint', () => say('printing'));
on('full', () => document.body.requestFullscreen().then(() => say('filled'), (error) => say('not filled: ' + error.message)));
on('copy', () => navigator.clipboard.writeText('the lamp').then(() => say('copied'), (error) => say('not copied: ' + error.message)));
</script>`, "LOGIN", login.URL))
	})
	site = httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site, login
}

// deskMeeting has both people at the desk.
type deskMeeting struct {
	*meeting
	front frame // the tab that is in front at the visitor
	shown frame // and the mirror of it
	login string
}

func meetAtDesk(t *testing.T) *deskMeeting {
	t.Helper()
	site, login := desk(t)
	m := &deskMeeting{meeting: &meeting{t: t, server: startServer(t, t.TempDir())}, login: login.URL}
	m.allow(site.URL, login.URL)
	m.invite(site.URL+"/", session.Shared)
	b := sharedBrowser(t)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	m.front = m.visitor.inFront(top, `[data-tandem=tab]`)
	m.shown = m.agent.inFront(renderer, `iframe[name=tandem-mirror]`)
	m.accept()
	for _, w := range []*window{m.agent, m.visitor} {
		w.wait(top, `document.querySelector('tandem-toasts')`)
		// What is said only for a while is kept for the test.
		get[any](w, top, `(globalThis.told = [], new MutationObserver((all) => all.forEach((m) => m.addedNodes.forEach((n) => told.push(n.textContent)))).observe(document.querySelector('tandem-toasts'), {childList: true}))`)
	}
	m.ready("/")
	return m
}

// ready waits until both have the page of a path in front, and the mirror takes
// what is pressed.
func (m *deskMeeting) ready(path string) {
	m.t.Helper()
	m.visitor.wait(m.front, "location.pathname === "+quote(path)+" && document.readyState === 'complete'")
	m.agent.wait(top, `new URL(document.querySelector('[data-tandem=address]').value).pathname === `+quote(path))
	heading := get[string](m.visitor, m.front, `document.querySelector('h1')?.textContent ?? ''`)
	m.agent.wait(m.shown, `(document.querySelector('h1')?.textContent ?? '') === `+quote(heading))
	// The strip of tabs comes and goes at both, and the page moves with it.
	for _, w := range []*window{m.visitor, m.agent} {
		w.wait(top, `document.querySelector('tandem-tabs').hidden === (document.querySelectorAll('tandem-tabs [role=tab]').length < 2)`)
	}
	m.agent.wait(m.shown, fmt.Sprintf(`innerHeight === %d`, get[int](m.visitor, m.front, `innerHeight`)))
}

// tabs waits until both windows show so many tabs.
func (m *deskMeeting) tabs(want int) {
	m.t.Helper()
	for _, w := range []*window{m.visitor, m.agent} {
		w.wait(top, fmt.Sprintf(`document.querySelectorAll('tandem-tabs [role=tab]').length === %d`, want))
	}
}

// closesSecond closes the second tab, and waits until both are back at the first.
func (m *deskMeeting) closesSecond(w *window) {
	m.t.Helper()
	w.click(top, "tandem-tabs .item:nth-of-type(2) .dismiss")
	m.tabs(1)
	m.ready("/")
}

// told waits until somebody was told something, if only for a while.
func (m *deskMeeting) told(w *window, text string) {
	m.t.Helper()
	w.wait(top, `told.some((t) => t.includes(`+quote(text)+`))`)
}

func (m *deskMeeting) says(text string) {
	m.t.Helper()
	m.visitor.wait(m.front, `document.querySelector('#said').textContent === `+quote(text))
}

// TestScenario20Tabs has whatever opens windows make tabs of the session, which either
// side opens, switches and closes: scenarios 19 and 20.
func TestScenario20Tabs(t *testing.T) {
	m := meetAtDesk(t)

	t.Log("a link to a tab of its own, pressed by the agent")
	m.agent.click(m.shown, "#blank")
	m.ready("/second")
	m.tabs(2)

	t.Log("the agent goes back to the first tab, the visitor to the second, and the agent sees it")
	m.agent.click(top, "tandem-tabs .item:nth-of-type(1) [role=tab]")
	m.ready("/")
	m.visitor.click(top, "tandem-tabs .item:nth-of-type(2) [role=tab]")
	m.ready("/second")

	t.Log("the agent closes it")
	m.closesSecond(m.agent)

	t.Log("middle clicks of both, and a click with Ctrl of the visitor")
	m.visitor.middleClick(m.front, "#plain")
	m.ready("/third")
	m.closesSecond(m.visitor)
	m.agent.middleClick(m.shown, "#plain")
	m.ready("/third")
	m.closesSecond(m.visitor)
	m.visitor.ctrlClick(m.front, "#plain")
	m.ready("/third")
	m.closesSecond(m.visitor)

	t.Log("a log-in window tells its opener and closes")
	m.agent.click(m.shown, "#popup")
	m.ready("/login")
	m.agent.click(m.shown, "#ok")
	m.tabs(1)
	m.ready("/")
	m.says("signed in true true")

	t.Log("both open tabs of their own, and go to addresses, to the next and back")
	m.agent.click(top, "[data-tandem=new-tab]")
	m.tabs(2)
	m.ready("/")
	m.told(m.visitor, "in a new tab")
	m.visitor.click(top, "[data-tandem=new-tab]")
	m.tabs(3)
	m.ready("/")
	m.visitor.click(top, "[data-tandem=address] .shown")
	m.visitor.write(m.siteURL() + "/third\n")
	m.ready("/third")
	m.visitor.click(top, "[data-tandem=back]")
	m.ready("/")
	m.agent.click(top, "[data-tandem=forward]")
	m.ready("/third")

	t.Log("a page that never ends loading is stopped by either side")
	for _, who := range []*window{m.agent, m.visitor} {
		get[any](m.visitor, m.front, `void (location.href = '/slow')`)
		m.agent.wait(m.shown, `document.querySelector('h1')?.textContent === 'Slow'`)
		m.agent.wait(top, `document.querySelector('[data-tandem=status]').textContent === 'Loading…'`)
		who.click(top, "[data-tandem=stop]")
		for _, w := range []*window{m.agent, m.visitor} {
			w.wait(top, `document.querySelector('[data-tandem=reload]')`)
		}
		m.visitor.wait(m.front, `document.readyState !== 'loading'`)
		get[any](m.visitor, m.front, `void (location.href = '/third')`)
		m.ready("/third")
	}

	t.Log("a link to a site that is not allowed says who must allow it, to both, and leads back")
	m.agent.click(top, "tandem-tabs .item:nth-of-type(2) [role=tab]")
	m.ready("/")
	m.visitor.click(m.front, "#away")
	m.visitor.wait(m.front, `document.body.innerText.includes('other.example')`)
	m.agent.wait(m.shown, `document.body.innerText.includes('other.example')`)
	m.visitor.wait(m.front, `document.querySelector('#back:not([hidden])')`)
	m.visitor.click(m.front, "#back")
	m.ready("/")

	m.showsAPage()

	t.Log("the visitor takes the right to tabs away")
	m.visitor.click(top, "[data-tandem=mode]")
	m.visitor.click(top, "[data-right=tabs]")
	m.told(m.agent, "does not want you to open and close tabs")
	m.agent.wait(top, `document.querySelector('[data-tandem=new-tab]').disabled && !document.querySelector('tandem-tabs .dismiss')`)
	m.noErrors()
}

// showsAPage has the agent show the visitor a page, as somebody of their own: "let
// me show you".
func (m *deskMeeting) showsAPage() {
	m.t.Log("the visitor, signed in, is asked whether to watch, and does")
	get[any](m.visitor, m.front, `void (location.href = '/account?name=vic')`)
	m.ready("/account")
	site := m.siteURL()
	m.agent.click(top, "[data-tandem=show]")
	m.agent.click(top, "[data-tandem=show-address]")
	m.agent.write(site + "/account\n")
	m.visitor.wait(top, `document.querySelector('[data-tandem=watch]:not(:disabled)')`)
	m.visitor.click(top, "[data-tandem=watch]")
	m.agent.wait(top, `document.querySelector('[data-tandem=lead]')`)
	lead := m.agent.opens("leader", "/j/", 1000, 700, func() { m.agent.click(top, "[data-tandem=lead]") })

	m.t.Log("the agent's page has none of the visitor's cookies, and is seen by the visitor")
	own, watched := lead.inFront(top, `[data-tandem=tab]`), m.visitor.inFront(renderer, `iframe[name=tandem-mirror]`)
	lead.wait(own, `document.querySelector('h1')?.textContent === 'Account of nobody'`)
	m.visitor.wait(watched, `document.querySelector('h1')?.textContent === 'Account of nobody'`)
	m.visitor.wait(top, `document.querySelector('[data-tandem=watched]').innerText.includes('Shown by Ada') && document.querySelector('tandem-tabs [aria-selected=true]').textContent.includes('Shown by Ada')`)

	m.t.Log("what the agent types is seen, but for a password")
	lead.click(own, "#password")
	lead.write("swordfish")
	lead.click(own, "#note")
	lead.write("look here")
	m.visitor.wait(watched, `document.querySelector('#note').value === 'look here'`)
	if got := get[string](m.visitor, watched, `document.querySelector('#password').value`); strings.Contains(got, "sword") || len(got) == 0 {
		m.t.Errorf("the visitor sees %q in the agent's password field", got)
	}

	m.t.Log("the visitor draws over it, and writes beside it")
	m.visitor.click(top, "[data-tandem=tools]")
	m.visitor.wait(renderer, `document.querySelector('tandem-marks').hasAttribute('framing')`)
	m.visitor.click(top, ".palette [data-tool=fade]")
	m.visitor.click(top, ".palette [data-tool=ink]")
	m.visitor.wait(renderer, `document.querySelector('tandem-marks').hasAttribute('drawing')`)
	x, y := m.visitor.element(watched, "h1")
	m.visitor.dragTo(x-30, y, x+30, y+20)
	lead.waitMarks(func(strokes []rect) bool { return len(strokes) == 1 })
	m.visitor.click(top, ".palette [data-tool=erase]")
	lead.markedNothing("stroke")
	m.visitor.click(top, ".palette [data-tool=close]")
	m.visitor.click(top, "[data-tandem=chat]")
	m.visitor.wait(top, `document.activeElement.matches('.chat textarea')`)
	m.visitor.write("I see it\n")
	m.agent.wait(top, `document.querySelector('.said')?.textContent === 'I see it'`)
	m.visitor.click(top, ".chat header button")

	m.t.Log("the agent signs in there, and the visitor stays who they were")
	get[any](lead, own, `void (location.href = '/account?name=ada')`)
	m.visitor.wait(watched, `document.querySelector('h1')?.textContent === 'Account of ada'`)
	m.visitor.click(top, "tandem-tabs .item:nth-of-type(1) [role=tab]")
	m.visitor.wait(top, `document.querySelector('[data-tandem=watched]').hidden`)
	get[any](m.visitor, m.front, `void (location.href = '/account')`)
	m.ready("/account")
	m.visitor.wait(m.front, `document.querySelector('h1')?.textContent === 'Account of vic'`)

	m.t.Log("the visitor closes it, and it is over for both")
	m.visitor.click(top, "tandem-tabs .shown .dismiss")
	m.told(m.agent, "You no longer show Vic a page")
	m.expectText(lead, "Sharing has ended")
	m.visitor.wait(top, `!document.querySelector('[data-tandem=watched]')`)
	m.noErrorsIn(lead)
}

// inFront is the frame that an element of another is, whichever that is now.
func (w *window) inFront(outer frame, selector string) frame {
	id := ""
	return func(f frameInfo, depth int) bool {
		if depth == 0 {
			id, _ = w.frameOf(outer, selector)
		}
		return f.ID == id
	}
}

func (w *window) frameOf(outer frame, selector string) (string, error) {
	_, id, err := w.find(outer)
	if err != nil {
		return "", err
	}
	var found struct {
		Result struct {
			ObjectID string `json:"objectId"`
		} `json:"result"`
	}
	if err := w.try("Runtime.evaluate", map[string]any{"expression": fmt.Sprintf(`document.querySelector(%s)`, quote(selector)), "contextId": id}, &found); err != nil {
		return "", err
	}
	var node struct {
		Node struct {
			FrameID string `json:"frameId"`
		} `json:"node"`
	}
	err = w.try("DOM.describeNode", map[string]any{"objectId": found.Result.ObjectID}, &node)
	return node.Node.FrameID, err
}

func (m *deskMeeting) siteURL() string {
	return strings.TrimSuffix(get[string](m.agent, top, `new URL(document.querySelector('[data-tandem=address]').value).origin`), "/")
}

func (w *window) middleClick(in frame, selector string) {
	w.t.Helper()
	x, y := w.element(in, selector)
	w.moveTo(x, y)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		w.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "middle", "clickCount": 1}, nil)
	}
}

// TestScenario25And26And30NeedsTheVisitor has pages ask for what only the visitor can give: answers,
// places to save files, presses. The agent is told: scenarios 25 and 26.
func TestScenario25And26And30NeedsTheVisitor(t *testing.T) {
	m := meetAtDesk(t)
	files := t.TempDir()
	m.visitor.saveTo(files)

	t.Log("dialogs are shown to both, and answered by the visitor")
	for _, test := range []struct {
		press, text, answer, want, told string
		accept                          bool
	}{
		{"#ask", "Delete the lamp?", "", "answered true", "Vic pressed OK.", true},
		{"#ask", "Delete the lamp?", "", "answered false", "Vic pressed Cancel.", false},
		{"#name", "Its name?", "Alma", "named Alma", "Vic pressed OK.", true},
	} {
		m.agent.click(m.shown, test.press)
		m.agent.wait(top, `document.querySelector('[data-tandem=dialog]')?.innerText.includes(`+quote(test.text)+`)`)
		m.expectText(m.agent, "Only Vic can answer")
		m.visitor.answer(test.accept, test.answer)
		m.agent.wait(top, `!document.querySelector('[data-tandem=dialog]')`)
		m.told(m.agent, test.told)
		m.says(test.want)
	}
	if get[bool](m.agent, top, `document.documentElement.innerHTML.includes('Alma') || told.join().includes('Alma')`) {
		t.Error("the agent's console shows what the visitor typed into a dialog")
	}

	t.Log("files are saved by the visitor, and the agent hears of them, and gets a copy of what the visitor passes on")
	copies := t.TempDir()
	m.agent.saveTo(copies)
	for _, file := range []struct{ press, name string }{{"#file", "report.csv"}, {"#made", "made.txt"}} {
		press, name := file.press, file.name
		m.agent.click(m.shown, press)
		m.told(m.visitor, "Saving "+name)
		m.told(m.agent, "Vic saves "+name)
		patiently(t, name+" is saved", func() bool { _, err := os.Stat(filepath.Join(files, name)); return err == nil })
		if name == "report.csv" {
			m.visitor.click(top, "[data-tandem=pass]")
			m.agent.click(top, "[data-tandem=fetch]")
			patiently(t, "the agent has a copy", func() bool {
				got, err := os.ReadFile(filepath.Join(copies, name))
				return err == nil && string(got) == strings.Repeat("lamp,1\n", 400)
			})
		}
	}
	m.told(m.agent, "report.csv (2.8 KB)")
	if got := get[int](m.agent, top, `told.filter((t) => t.includes('saves report.csv')).length`); got != 1 {
		t.Errorf("the agent was told %d times of one file", got)
	}

	t.Log("what takes a press becomes a button of the visitor's shell")
	for _, at := range []struct{ press, want string }{{"#full", "filled"}, {"#copy", "copied"}, {"#print", "printing"}} {
		press, want := at.press, at.want
		m.agent.click(m.shown, press)
		m.visitor.wait(top, `document.querySelector('[data-tandem=grant-wish]:not(:disabled)')`)
		m.told(m.agent, "The visitor is asked whether this page may")
		m.visitor.click(top, "[data-tandem=grant-wish]")
		m.says(want)
		if press == "#full" {
			m.visitor.wait(m.front, `document.fullscreenElement === document.body`)
			m.agent.wait(m.shown, `document.querySelector('[data-tandem-fullscreen]')`)
			get[any](m.visitor, m.front, `document.exitFullscreen()`)
			m.visitor.wait(top, `document.fullscreenElement === null`)
			m.agent.wait(m.shown, `document.querySelector('[data-tandem-fullscreen]') === null`)
		}
	}
	m.agent.click(m.shown, "#copy")
	m.visitor.wait(top, `document.querySelector('[data-tandem=refuse-wish]:not(:disabled)')`)
	m.visitor.click(top, "[data-tandem=refuse-wish]")
	m.says("not copied: The visitor did not allow it.")

	t.Log("a PDF is shown to both, scrolled with, and its links lead on")
	m.visitor.click(m.front, "#pdf")
	page := func(n int) string {
		return fmt.Sprintf(`document.querySelectorAll('.page').length === 3 && document.querySelectorAll('.page')[%d].textContent.includes('Lamp manual, page %d')`, n-1, n)
	}
	// The red square below the text.
	red := `(() => { const box = document.querySelectorAll('.page canvas'), at = box[box.length - 1], probe = document.createElement('canvas').getContext('2d');
		probe.drawImage(at, at.width * 0.2, at.height * 0.8, 1, 1, 0, 0, 1, 1); return probe.getImageData(0, 0, 1, 1).data.join() === '255,0,0,255'; })()`
	for w, in := range map[*window]frame{m.visitor: m.front, m.agent: m.shown} {
		w.wait(in, page(1))
		w.wait(in, red)
	}
	m.agent.wait(top, `new URL(document.querySelector('[data-tandem=address]').value).pathname === '/paper.pdf'`)
	m.agent.wheel(m.shown, ".page", 2450)
	for w, in := range map[*window]frame{m.visitor: m.front, m.agent: m.shown} {
		w.wait(in, page(3))
		w.wait(in, `Math.abs(document.querySelectorAll('.page')[2].getBoundingClientRect().top) < 300`)
	}
	m.agent.click(m.shown, ".page:last-of-type .link")
	m.ready("/third")

	t.Log("so is one in a page; and what is none says so")
	m.agent.clear(top, "[data-tandem=address]")
	m.agent.write(m.siteURL() + "/papers\n")
	m.ready("/papers")
	m.visitor.wait(within("/paper.pdf"), page(1))
	m.agent.wait(m.shown, `document.querySelector('iframe').contentDocument?.querySelector('.page')?.textContent.includes('Lamp manual, page 1')`)
	m.visitor.wait(within("/broken.pdf"), `document.body.innerText.includes('cannot be shown')`)
	for _, title := range []string{"Embedded", "Object", "Foreign", "Scripted"} {
		shown := `document.querySelector('.page')?.textContent.includes('` + title + `, page 1')`
		m.visitor.wait(within("?title="+title), shown)
		m.agent.wait(m.shown, `Array.from(frames).some(({document}) => `+shown+`)`)
	}
	m.says(strings.NewReplacer("SITE", m.siteURL(), "LOGIN", m.login).Replace(`application/pdf /paper.pdf?title=Scripted SITE/paper.pdf?title=Scripted SITE/paper.pdf?title=Object ` +
		`<embed type="application/pdf" src="/paper.pdf?title=Embedded"> <embed src="LOGIN/paper.pdf?title=Foreign"> <embed type="application/pdf" src="/paper.pdf?title=Scripted">`))

	t.Log("who writes is shown before it is said, and who comes is announced")
	m.agent.click(top, "[data-tandem=chat]")
	m.agent.write("Hel")
	m.visitor.wait(top, `document.querySelector('[data-tandem=chat]').title === 'Ada is writing…'`)
	m.agent.write("lo\n")
	m.visitor.wait(top, `document.querySelector('[data-tandem=chat]').title === 'Chat'`)
	second := sharedBrowser(t).open(t, "second agent", m.invited.AgentURL, 800, 600)
	m.told(m.visitor, "Ada (2) is here.")
	m.told(m.agent, "Ada (2) is here.")
	m.together(3)
	second.navigate("about:blank")
	for _, w := range []*window{m.visitor, m.agent} {
		w.wait(top, `/\d+ ms$/.test(document.querySelector('tandem-people .quality')?.textContent ?? '')`)
		m.told(w, "Ada (2) has left.")
	}
	m.together(2)
	m.noErrors()
}

// together waits until both windows show so many people as being here.
func (m *deskMeeting) together(want int) {
	m.t.Helper()
	for _, w := range []*window{m.visitor, m.agent} {
		w.wait(top, fmt.Sprintf(`document.querySelectorAll('tandem-people .person:not(.offline)').length === %d`, want))
	}
}

// answer answers the dialog that is open, as soon as there is one.
func (w *window) answer(accept bool, text string) {
	w.t.Helper()
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = w.try("Page.handleJavaScriptDialog", map[string]any{"accept": accept, "promptText": text}, nil); err == nil {
			return
		}
	}
	w.t.Fatalf("%s: %v", w.name, err)
}

// saveTo has the window's browser save files in a directory.
func (w *window) saveTo(dir string) {
	w.t.Helper()
	w.call("Browser.setDownloadBehavior", map[string]any{
		"behavior": "allow", "downloadPath": dir, "browserContextId": chromedp.FromContext(w.ctx).BrowserContextID,
	}, nil)
}

// goes has the agent go to an address.
func (m *deskMeeting) goes(url, path string) {
	m.t.Helper()
	m.agent.clear(top, "[data-tandem=address]")
	m.agent.write(url + path + "\n")
	m.ready(path)
}

// TestScenario06And27AnotherDevice has the visitor go on with a telephone: signed in as
// before, with the same page and what pages keep, and with nothing left behind that
// works.
func TestScenario06And27AnotherDevice(t *testing.T) {
	m := meetAtDesk(t)
	site := m.siteURL()
	m.goes(m.login, "/login")
	get[any](m.visitor, m.front, `void localStorage.setItem('token', 'CANARY')`)
	m.goes(site, "/third")
	get[any](m.visitor, m.front, `void (localStorage.setItem('lamp', 'lit'), sessionStorage.setItem('cart', '3'))`)
	get[any](m.visitor, m.front, `new Promise((done, fail) => {
		const opening = indexedDB.open('shop', 3);
		opening.onupgradeneeded = () => {
			const lamps = opening.result.createObjectStore('lamps', { keyPath: 'id', autoIncrement: true });
			lamps.createIndex('colour', 'colours', { multiEntry: true });
			lamps.add({ colours: ['red', 'blue'], seen: new Date(5), picture: new Blob(['abc'], { type: 'image/x' }), more: new Map([['k', new Uint8Array([1, 2])]]) });
			opening.result.createObjectStore('notes').put('dim', ['a', 1]);
		};
		opening.onerror = fail;
		opening.onsuccess = () => { opening.result.close(); done(0); };
	})`)
	m.visitor.click(top, "[data-tandem=mode]")
	m.visitor.click(top, "[data-tandem=move]")
	m.visitor.wait(top, `document.querySelector('#moving .code path')?.getAttribute('d').length > 100`)
	link := get[string](m.visitor, top, `document.querySelector('[data-tandem=move-link]').value`)
	phone := sharedBrowser(t).open(t, "phone", link, 360, 740)
	phone.wait(top, `document.querySelector('[data-tandem=check]')`)
	check := get[string](phone, top, `document.querySelector('[data-tandem=check]').textContent`)
	m.visitor.wait(top, `document.querySelector('[data-tandem=hand-over]:not(:disabled)') && document.querySelector('#moving').innerText.includes(`+quote(check)+`)`)
	m.visitor.click(top, "[data-tandem=hand-over]")
	m.expectText(m.visitor, "You go on with your other device")
	phone.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	phone.click(top, "[data-tandem=accept]")
	m.visitor = phone
	m.front = phone.inFront(top, `[data-tandem=tab]`)
	m.ready("/third")
	m.agent.moveTo(m.agent.element(m.shown, "h1"))
	phone.pointsAt("Ada", m.front, "h1")
	phone.wait(m.front, `document.querySelector('#kept').textContent === 'lit,3'`) // as the page's first script found it
	if got, want := get[string](phone, m.front, `(async () => {
		const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = reject; });
		const shop = await done(indexedDB.open('shop'));
		const stores = shop.transaction(['lamps', 'notes'], 'readwrite');
		const [blue] = await done(stores.objectStore('lamps').index('colour').getAll('blue'));
		const note = await done(stores.objectStore('notes').get(['a', 1]));
		const next = await done(stores.objectStore('lamps').add({}));
		return [shop.version, blue.id, blue.seen.getTime(), blue.picture.type, await blue.picture.text(), blue.more.get('k').join('+'), note, next].join();
	})()`), "3,1,5,image/x,abc,1+2,dim,2"; got != want {
		t.Errorf("of the database there is %s, want %s", got, want)
	}
	m.goes(m.login, "/login")
	if got := get[string](phone, m.front, `localStorage.getItem('token')`); got != "CANARY" {
		t.Errorf("of a site that was not open there is %q", got)
	}
	m.goes(site, "/")
	m.noErrors()
}
