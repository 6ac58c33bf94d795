package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	math "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/session"
)

// A server in a process of its own is used for half an hour by people who come
// and go in every way, and what it needs is measured. make soak runs it.

const (
	soakEvery = 15 * time.Second // between measurements
	soakPace  = 5 * time.Second  // between sessions that begin
	soakStay  = 40 * time.Second // how long people are together, about
)

// measured is tandem, and says what it uses for every line it is told.
func measured() {
	os.Args = os.Args[1:]
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			if profile := pprof.Lookup(lines.Text()); profile != nil {
				var text bytes.Buffer
				profile.WriteTo(&text, 1)
				json.NewEncoder(os.Stdout).Encode(text.String())
				continue
			}
			if lines.Text() == "cpu" {
				json.NewEncoder(os.Stdout).Encode(cpuProfile())
				continue
			}
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			json.NewEncoder(os.Stdout).Encode(usage{Heap: int(m.HeapAlloc), Goroutines: runtime.NumGoroutine(), CPU: cpuTime()})
		}
	}()
	main()
}

// usage is what a server uses.
type usage struct {
	At         time.Duration
	Heap       int // bytes in use after a collection
	RSS        int
	Goroutines int
	CPU        time.Duration // so far
	Files      int           // descriptors
	Disk       int           // bytes in the data directory
	Sessions   int           // that began so far
}

// gauge asks a measured server.
type gauge struct {
	*process
	say   io.Writer
	hear  *json.Decoder
	began time.Time
}

// newGauge starts a measured server.
func newGauge(t *testing.T, site string) *gauge {
	p := newProcess(t)
	p.wrap, p.args = []string{"measured"}, nil
	p.site = &target{URL: site}
	in, say := io.Pipe()
	hear, out := io.Pipe()
	p.stdin, p.stdout = in, out
	t.Cleanup(func() { in.Close(); out.Close() })
	p.start()
	p.mustCLI("origins", "allow", "--private", site)
	return &gauge{p, say, json.NewDecoder(hear), time.Now()}
}

func (g *gauge) ask(what string, answer any) {
	g.t.Helper()
	if _, err := fmt.Fprintln(g.say, what); err != nil {
		g.t.Fatal(err)
	}
	if err := g.hear.Decode(answer); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gauge) measure(sessions int) usage {
	g.t.Helper()
	var u usage
	g.ask("measure", &u)
	u.At, u.Sessions = time.Since(g.began), sessions
	u.RSS = g.status("VmRSS")
	files, err := os.ReadDir(g.proc("fd"))
	if err != nil {
		g.t.Fatal(err)
	}
	u.Files = len(files)
	filepath.WalkDir(g.data, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				u.Disk += int(info.Size())
			}
		}
		return nil // what goes while we look is not counted
	})
	return u
}

func (g *gauge) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", g.cmd.Process.Pid, name) }

// status is a figure in bytes that the kernel keeps of the server.
func (g *gauge) status(name string) (bytes int) {
	g.t.Helper()
	status, err := os.ReadFile(g.proc("status"))
	if err != nil {
		g.t.Skip("this needs /proc")
	}
	_, after, _ := strings.Cut(string(status), name+":")
	if _, err := fmt.Sscanf(after, "%d kB", &bytes); err != nil {
		g.t.Fatal(err)
	}
	return bytes << 10
}

const soakHead = "   time  sessions   heap MB    RSS MB  goroutines  files   disk KB"

func (u usage) String() string {
	return fmt.Sprintf("%7s %9d %9.1f %9.1f %11d %6d %9d",
		u.At.Round(time.Second), u.Sessions, float64(u.Heap)/(1<<20), float64(u.RSS)/(1<<20), u.Goroutines, u.Files, u.Disk>>10)
}

// TestSoak has the server's needs level off: they do not grow from the second
// fifth of the time to the last, and all is given back when everybody has gone.
func TestSoak(t *testing.T) {
	minutes, err := strconv.ParseFloat(os.Getenv("TANDEM_TEST_SOAK"), 64)
	if err != nil {
		t.Skip("make soak runs it")
	}
	site := newSoakSite(t)
	g := newGauge(t, site)
	fmt.Println(soakHead)
	report := func(u usage) usage { fmt.Println(u); return u }

	crowd := &crowd{battle: g.battle, process: g.process}
	for kind := range soakStories { // what the first of its kind sets up stays
		crowd.begin(t, kind, 2*time.Second)
	}
	crowd.wait()
	base := report(g.settled(crowd.begun(), usage{Goroutines: 60, Files: 20, Heap: 1 << 30}))

	stop := time.Now().Add(time.Duration(minutes * float64(time.Minute)))
	crowd.all.Go(func() {
		for i := 0; time.Now().Before(stop) && !t.Failed(); i++ {
			crowd.begin(t, i%len(soakStories), time.Duration((0.5+math.Float64())*float64(min(soakStay, time.Until(stop)))))
			time.Sleep(soakPace)
		}
	})
	crowd.all.Go(func() {
		for time.Until(stop) > time.Minute && !t.Failed() {
			crowd.browsers(t)
			time.Sleep(time.Minute)
		}
	})
	var all []usage
	for time.Now().Before(stop) && !t.Failed() {
		time.Sleep(min(soakEvery, time.Until(stop)))
		all = append(all, report(g.measure(crowd.begun())))
	}
	crowd.wait()
	over := crowd.begun() - base.Sessions
	most := usage{Goroutines: base.Goroutines + 5, Files: base.Files + 5, Heap: base.Heap + 1<<20 + 4<<10*over}
	last := report(g.settled(crowd.begun(), most))
	if last.Goroutines > most.Goroutines || last.Files > most.Files {
		var stacks string
		g.ask("goroutine", &stacks)
		t.Errorf("everybody has gone, and there are %d goroutines and %d descriptors more\n%s", last.Goroutines-base.Goroutines, last.Files-base.Files, stacks)
	}
	if last.Heap > most.Heap {
		t.Errorf("everybody has gone, and %d bytes more are in use after %d sessions", last.Heap-base.Heap, over)
	}
	g.mustCLI("audit", "verify")
	if t.Failed() || len(all) < 10 {
		return
	}
	level := func(what string, of func(usage) int, spare int) {
		t.Helper()
		fifth := len(all) / 5
		before, after := medianOf(all[fifth:2*fifth], of), medianOf(all[4*fifth:], of)
		fmt.Printf("%s: %d in the second fifth, %d in the last, %d at the beginning, %d at the end\n", what, before, after, of(base), of(last))
		if after > before+before/10+spare {
			t.Errorf("%s grew from %d to %d", what, before, after)
		}
	}
	// The store holds what it wrote last in memory, up to 8 MB of each of its files.
	level("heap", func(u usage) int { return u.Heap }, 8<<20)
	level("resident memory", func(u usage) int { return u.RSS }, 16<<20)
	level("goroutines", func(u usage) int { return u.Goroutines }, 20)
	level("descriptors", func(u usage) int { return u.Files }, 20)
	level("disk", func(u usage) int { return u.Disk }, 8<<20+6<<10*over) // the store tidies up at some MB; the audit log, and for a day that they were
}

// settled measures when no more is left than may be, or after a while: the store
// forgets what it wrote last when it has been left alone.
func (g *gauge) settled(sessions int, most usage) usage {
	g.t.Helper()
	u := g.measure(sessions)
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); u = g.measure(sessions) {
		if u.Goroutines <= most.Goroutines && u.Files <= most.Files && u.Heap <= most.Heap {
			break
		}
		time.Sleep(5 * time.Second)
	}
	return u
}

func medianOf(of []usage, by func(usage) int) int {
	var all []int
	for _, u := range of {
		all = append(all, by(u))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// press has the agent press the link until the visitor's browser has followed it.
func (s *story) press(agent, visitor *window) {
	s.t.Helper()
	const there = `!!document.querySelector('h1')`
	for end := time.Now().Add(patience); time.Now().Before(end); {
		agent.click(mirror, "a")
		for pressed := time.Now(); time.Since(pressed) < 5*time.Second; time.Sleep(100 * time.Millisecond) {
			var followed bool
			if visitor.eval(content, there, &followed) == nil && followed {
				return
			}
		}
		fmt.Println("a press came to nothing")
	}
	s.t.Fatal("the agent's presses come to nothing")
}

// newSoakSite is a site of everything that a proxy treats in a way of its own.
func newSoakSite(t *testing.T) string {
	script := "addEventListener('load', () => { const at = location.href; document.title = at.length; });\n" + strings.Repeat("function f(a) { return a.location; }\n", 1000)
	style := strings.Repeat(".a { background: url(/image?1) } @media print { .b { color: red } }\n", 500)
	image := append(slices.Clone(pixel), make([]byte, 100<<10)...)
	rows := strings.Repeat(`<tr><td><a href="/page?1">one</a><td><img src="/image?2" alt="">two<td style="background: url(/image?3)">three`+"\n", 20_000)
	mux := http.NewServeMux()
	html := func(w http.ResponseWriter, body string) {
		http.SetCookie(w, &http.Cookie{Name: fmt.Sprint("crumb", math.IntN(50)), Value: fmt.Sprint(math.Int64()), Path: "/", MaxAge: 3600})
		page(w, `<title>soak</title><link rel=stylesheet href="/style"><script src="/script"></script><body>`+body)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		html(w, `<p>c4nary-of-the-page <a href="/page">to a page</a><form><input><input type=password></form>`)
	})
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		html(w, `<h1>a page</h1><a href="/">back</a><img src="/image?4" alt="">`)
	})
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { html(w, "<table>"+rows+"</table>") })
	mux.HandleFunc("/go", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, fmt.Sprint("/page?", math.Int()), http.StatusFound)
	})
	kinds := map[string]struct {
		mime string
		body []byte
	}{"/script": {"text/javascript", []byte(script)}, "/style": {"text/css", []byte(style)}, "/image": {"image/gif", image}}
	for path, kind := range kinds {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind.mime)
			w.Write(kind.body)
		})
	}
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			io.WriteString(w, "data: tick\n\n")
			http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(time.Second):
			}
		}
	})
	mux.HandleFunc("/socket", echo)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// crowd are people who come and go.
type crowd struct {
	*battle
	process *process
	all     sync.WaitGroup

	mu sync.Mutex
	n  int
}

func (c *crowd) begun() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *crowd) wait() { c.all.Wait() }

// begin has two people meet, and be together for a time.
func (c *crowd) begin(t *testing.T, kind int, stay time.Duration) {
	c.all.Go(func() {
		t.Run(soakStories[kind].name, func(t *testing.T) {
			ttl := time.Hour
			if kind == soakExpired {
				ttl = time.Second
			}
			s := c.story(t, ttl)
			s.until = time.Now().Add(stay)
			soakStories[kind].tell(s)
		})
	})
}

// story invites to a session.
func (c *crowd) story(t *testing.T, ttl time.Duration) *story {
	t.Helper()
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	p := *c.process
	p.battle = &battle{t: t, server: c.server, log: c.log, site: c.site}
	s := &story{battle: p.battle, process: &p}
	told := p.mustCLI("session", "create", c.site.URL+"/", "--agent-name", "Ada", "--ttl", ttl.String(), "--json")
	if err := json.Unmarshal([]byte(told), &s.invited); err != nil {
		t.Fatal(err)
	}
	s.witness = s.client()
	s.witness.join(s.invited.ID, s.invited.AgentURL)
	return s
}

// browsers has two people meet in real ones.
func (c *crowd) browsers(t *testing.T) {
	t.Run("browsers", func(t *testing.T) {
		s := c.story(t, time.Hour)
		visitor := s.visit(s.invited)
		agent := sharedBrowser(t).open(t, "agent", s.invited.AgentURL, 1280, 900)
		for range 10 {
			agent.wait(mirror, `document.querySelector('a') && !document.querySelector('h1')`)
			agent.wait(renderer, `document.querySelectorAll('iframe').length === 1`) // the page before is not in front of it
			s.press(agent, visitor)
			agent.wait(mirror, `document.querySelector('h1')`)
			visitor.click(content, "a")
			visitor.wait(content, `!document.querySelector('h1')`)
		}
		s.process.mustCLI("session", "end", s.invited.ID)
		s.isOver()
	})
}

// story is one session.
type story struct {
	*battle
	process *process
	until   time.Time
	invited session.Invitation

	witness *client // an agent who only asks whether it is over
	visitor *client
	leader  *peer
	agents  []*peer
	away    []*peer // those who left, and may come back
}

// soakStories are the ways in which sessions go.
var soakStories = []struct {
	name string
	tell func(*story)
}{
	soakExpired: {"expired", func(s *story) { s.isOver() }},
	{"declined", func(s *story) {
		v := s.client()
		v.join(s.invited.ID, s.invited.VisitorURL)
		v.api(http.MethodPost, "/api/sessions/"+s.invited.ID+"/visitor/decline", "{}")
		s.isOver()
	}},
	{"the visitor ends it", func(s *story) { s.meet(); s.together(); s.leader.say(`{"type":"end"}`); s.isOver() }},
	{"an agent ends it", func(s *story) { s.meet(); s.together(); s.agents[0].say(`{"type":"end"}`); s.isOver() }},
	{"the operator ends it", func(s *story) {
		s.meet()
		s.together()
		s.process.mustCLI("session", "end", s.invited.ID)
		s.isOver()
	}},
	{"everybody leaves", func(s *story) {
		s.meet()
		s.together()
		for _, p := range append(s.agents, s.leader) {
			p.ws.Close()
		}
		time.Sleep(5 * time.Second)
		s.process.mustCLI("session", "end", s.invited.ID)
		s.isOver()
	}},
}

const soakExpired = 0

// isOver waits for the session to be over.
func (s *story) isOver() {
	s.t.Helper()
	patiently(s.t, "the session is over", func() bool {
		resp, _ := s.witness.api(http.MethodGet, "/api/sessions/"+s.invited.ID+"/agent", "")
		return resp.StatusCode == http.StatusGone
	})
}

func (s *story) meet() {
	s.visitor = s.client()
	s.visitor.enter(s.invited)
	s.visitor.follow(s.at(s.invited.ID, s.site.URL+"/"))
	s.leader = s.visitor.peer(s.shellSocket, s.invited.ID)
	s.shows(1, 20)
	s.joins()
}

// joins has an agent come.
func (s *story) joins() {
	a := s.client()
	a.join(s.invited.ID, s.invited.AgentURL)
	s.agents = append(s.agents, a.peer(s.agentSocket, s.invited.ID))
}

// shows has the leader tell of a page with so many paragraphs.
func (s *story) shows(doc, paragraphs int) {
	at := s.site.URL + "/page"
	s.leader.say(fmt.Sprintf(`{"type":"tab","tab":1,"url":%q,"title":"soak"}`, at))
	if doc > 1 {
		s.leader.say(fmt.Sprintf(`{"type":"gone","doc":%d}`, doc-1))
	}
	s.leader.say(fmt.Sprintf(`{"type":"doc","doc":%d,"tab":1,"url":%q}`, doc, at))
	body := strings.Repeat(`,["p",["class","x"],"a text of some length"]`, paragraphs)
	s.leader.say(fmt.Sprintf(`{"type":"ops","doc":%d,"ops":[[0,1,"standards",["html",0,["head",0],["body",0,["img",["src","/image?2"]]%s]]]]}`, doc, body))
}

// together is what they do until it is time.
func (s *story) together() {
	for doc := 1; time.Now().Before(s.until) && !s.t.Failed(); time.Sleep(time.Duration(math.IntN(1000)) * time.Millisecond) {
		switch math.IntN(12) {
		case 0:
			s.visitor.follow(s.at(s.invited.ID, s.site.URL+"/big"))
		case 1:
			s.visitor.ask("POST", s.at(s.invited.ID, s.site.URL+"/upload"), strings.Repeat("upload", 100_000),
				header{"Origin": s.at(s.invited.ID, s.site.URL), "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"})
		case 2:
			doc++
			s.shows(doc, 2000)
		case 3:
			s.socket()
		case 4:
			s.stream()
		case 5:
			if math.IntN(2) == 0 {
				s.leader.stream = "" // the page was loaded anew
			}
			s.leader = s.leader.again(s.shellSocket, s.invited.ID)
			if !s.leader.resumed {
				doc = 1
				s.shows(doc, 20)
			}
		case 6:
			switch n := len(s.away); {
			case n > 0:
				s.agents = append(s.agents, s.away[n-1].again(s.agentSocket, s.invited.ID))
				s.away = s.away[:n-1]
			case len(s.agents) < 4:
				s.joins()
			}
		case 7:
			if n := len(s.agents); n > 1 {
				s.agents[n-1].ws.Close()
				s.away = append(s.away, s.agents[n-1])
				s.agents = s.agents[:n-1]
			}
		case 8:
			s.hands(doc)
		case 9:
			piece := base64.StdEncoding.EncodeToString(make([]byte, 100<<10))
			s.leader.say(fmt.Sprintf(`{"type":"blob","id":"b%d","mime":"image/gif","data":%q}`, math.Int(), piece))
		default:
			s.browse()
		}
	}
}

// browse loads a page and what is in it.
func (s *story) browse() {
	for _, path := range []string{"/go", "/page?" + strconv.Itoa(math.Int())} {
		s.visitor.follow(s.at(s.invited.ID, s.site.URL+path))
	}
	for dest, path := range map[string]string{"script": "/script", "style": "/style", "image": "/image?" + strconv.Itoa(math.IntN(50))} {
		s.visitor.ask("GET", s.at(s.invited.ID, s.site.URL+path), "", header{"Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin"})
	}
}

// hands has an agent do what agents do.
func (s *story) hands(doc int) {
	a := s.agents[math.IntN(len(s.agents))]
	for i := range 10 {
		a.say(fmt.Sprintf(`{"type":"pointer","doc":%d,"node":4,"fx":0.5,"fy":0.5,"x":%d,"y":10}`, doc, i))
		a.say(fmt.Sprintf(`{"type":"input","n":%d,"doc":%d,"input":{"kind":"click","node":4,"fx":0.5,"fy":0.5,"button":0,"detail":1,"mods":0}}`, a.input(), doc))
		s.leader.say(fmt.Sprintf(`{"type":"ops","doc":%d,"ops":[[4,4,"class","x%d"]]}`, doc, i))
	}
	a.say(`{"type":"chat","text":"a line"}`)
	a.say(fmt.Sprintf(`{"type":"draw","doc":%d,"kind":"ink","points":[1,2,3,4,5,6],"fade":false}`, doc))
}

// socket has the page open a WebSocket to its site.
func (s *story) socket() {
	origin := s.at(s.invited.ID, s.site.URL)
	ws, _, err := s.visitor.open("ws"+strings.TrimPrefix(origin, "http")+"/socket", origin)
	if err != nil {
		s.t.Errorf("the page's socket: %v", err)
		return
	}
	defer ws.Close()
	for range 5 {
		if err := ws.WriteMessage(websocket.TextMessage, []byte("echo")); err != nil {
			s.t.Error(err)
		}
		if _, _, err := ws.ReadMessage(); err != nil {
			s.t.Error(err)
		}
	}
}

// stream reads a little of what never ends, and leaves.
func (s *story) stream() {
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Second)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", s.at(s.invited.ID, s.site.URL+"/stream"), nil)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	if resp, err := s.visitor.http.Do(req); err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
}

// peer is a WebSocket that answers by itself what has to be answered.
type peer struct {
	client  *client
	ws      *websocket.Conn
	stream  string
	resumed bool

	mu             sync.Mutex
	sent, received int
	inputs         int
}

// peer opens a socket.
func (c *client) peer(at func(string) (address, origin string), id string) *peer {
	c.b.t.Helper()
	return (&peer{client: c}).again(at, id)
}

// again opens the socket once more; the stream goes on if the
// server still has it.
func (last *peer) again(at func(string) (address, origin string), id string) *peer {
	c := last.client
	c.b.t.Helper()
	if last.ws != nil {
		last.ws.Close()
	}
	ws, _, err := c.open(at(id))
	if err != nil {
		c.b.t.Fatal(err)
	}
	c.b.t.Cleanup(func() { ws.Close() })
	last.mu.Lock()
	defer last.mu.Unlock()
	p := &peer{client: c, ws: ws, received: last.received, inputs: last.inputs}
	var first struct {
		Welcome struct {
			Stream   string
			Received int
			Resumed  bool
		}
	}
	ws.WriteJSON(map[string]any{"hello": map[string]any{"stream": last.stream, "received": last.received}})
	if err := ws.ReadJSON(&first); err != nil {
		c.b.t.Fatal(err)
	}
	p.stream, p.resumed, p.sent = first.Welcome.Stream, first.Welcome.Resumed, first.Welcome.Received
	if !p.resumed {
		p.received = 0
	}
	go p.listen()
	return p
}

// say sends a message; when the connection is gone, nobody misses it.
func (p *peer) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent++
	p.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "[%d,%d,%s]", p.sent, p.received, text))
}

// input is the number of the next input.
func (p *peer) input() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inputs++
	return p.inputs
}

// listen acknowledges and answers until the connection ends.
func (p *peer) listen() {
	for {
		kind, text, err := p.ws.ReadMessage()
		if err != nil {
			return
		}
		if kind == websocket.BinaryMessage {
			if text, err = io.ReadAll(flate.NewReader(bytes.NewReader(text))); err != nil {
				return
			}
		}
		var parts []json.RawMessage
		var number int
		if json.Unmarshal(text, &parts) != nil || len(parts) < 3 || json.Unmarshal(parts[0], &number) != nil {
			continue // an acknowledgement
		}
		p.mu.Lock()
		p.received = max(p.received, number)
		p.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "[0,%d]", p.received))
		p.mu.Unlock()
		var head struct {
			Type string
			N    int
		}
		if json.Unmarshal(parts[2], &head) != nil {
			return
		}
		switch head.Type {
		case "beat":
			p.say(`{"type":"beat"}`)
		case "input":
			p.say(fmt.Sprintf(`{"type":"done","n":%d,"ok":true}`, head.N))
		}
	}
}
