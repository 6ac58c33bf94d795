package main

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	math "math/rand/v2"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/session"
	packing "tandem/session/wire"
)

const (
	rushWarms = 10 * time.Second // before it is measured
	rushLasts = time.Minute
	// What people do.
	pointsEvery  = 50 * time.Millisecond // both of them
	changesEvery = 200 * time.Millisecond
	visitsEvery  = 20 * time.Second
)

// TestBenchSessionsScenario33 has many sessions at once on a server that has one
// processor, and measures how long messages take from one person's socket to the
// other's, and what the server needs. The people are in this process: what they
// need is told apart, and how late they are themselves, for that is in the
// times, too. TANDEM_BENCH_PROFILE names a file for a profile of the server.
func TestBenchSessionsScenario33(t *testing.T) {
	many, err := strconv.Atoi(os.Getenv("TANDEM_BENCH_SESSIONS"))
	if err != nil {
		t.Skip("make bench-sessions runs it")
	}
	site := newSoakSite(t)
	t.Setenv("GOMAXPROCS", "1") // for the server; ours is set already
	g := newGauge(t, site)
	r := &rush{began: time.Now(), over: make(chan struct{}), took: map[string][]time.Duration{}}
	for i := range many {
		r.twosomes = append(r.twosomes, g.twosome(r, i))
	}
	for _, c := range r.twosomes {
		c.begin()
	}
	time.Sleep(rushWarms)
	before, ours := g.measure(many), cpuTime()
	began := time.Now()
	r.counts.Store(true)
	if file := os.Getenv("TANDEM_BENCH_PROFILE"); file != "" {
		g.profile(file)
	} else {
		time.Sleep(rushLasts)
	}
	r.counts.Store(false)
	lasted := time.Since(began)
	after, oursAfter := g.measure(many), cpuTime()
	close(r.over)
	r.acting.Wait()
	for _, c := range r.twosomes {
		c.changes()
		patiently(t, "the last change has arrived", func() bool { return c.heard.Load() == c.told.Load() })
		c.leader.ws.SetReadDeadline(time.Now())
		c.follower.ws.SetReadDeadline(time.Now())
	}
	r.listening.Wait()

	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%d sessions for %s; the machine's load is %s", many, lasted.Round(time.Second), load)
	r.report(t)
	share := func(cpu time.Duration) float64 { return 100 * cpu.Seconds() / lasted.Seconds() }
	fmt.Printf("the server: %.0f %% of a processor, %d MB resident at most, %.0f MB of heap, %d goroutines; the people: %.0f %%\n",
		share(after.CPU-before.CPU), g.status("VmHWM")>>20, float64(after.Heap)/(1<<20), after.Goroutines, share(oursAfter-ours))
}

// report prints how long things took.
func (r *rush) report(t *testing.T) {
	t.Helper()
	fmt.Printf("%-28s %8s %7s %7s %7s %7s\n", "ms", "messages", "p50", "p95", "p99", "most")
	for _, what := range []string{pointToVisitor, pointToAgent, changeToAgent, pageLoad, lateness} {
		all := r.took[what]
		if len(all) == 0 {
			t.Fatalf("%s: nothing arrived", what)
		}
		slices.Sort(all)
		fmt.Printf("%-28s %8d", what, len(all))
		for _, of := range []int{50, 95, 99, 100} {
			fmt.Printf(" %7.1f", float64(all[(len(all)-1)*of/100].Microseconds())/1000)
		}
		fmt.Println()
	}
}

// What is measured.
const (
	pointToVisitor = "pointer, agent to visitor"
	pointToAgent   = "pointer, visitor to agent"
	changeToAgent  = "change, visitor to agent"
	pageLoad       = "a page by the proxy"
	lateness       = "(people are late by)"
)

// cpuTime is what this process took of processors so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // of ourselves it works
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cpuProfile is where this process spends its time while a rush is measured.
func cpuProfile() []byte {
	var data bytes.Buffer
	if err := pprof.StartCPUProfile(&data); err != nil {
		panic(err) // only one is made at a time
	}
	time.Sleep(rushLasts)
	pprof.StopCPUProfile()
	return data.Bytes()
}

// rush are sessions at the same time.
type rush struct {
	began             time.Time
	over              chan struct{}
	acting, listening sync.WaitGroup
	counts            atomic.Bool
	twosomes          []*twosome

	mu   sync.Mutex
	took map[string][]time.Duration
}

// now is a time that goes along with messages, in µs.
func (r *rush) now() int64 { return time.Since(r.began).Microseconds() }

// arrived notes how long something took.
func (r *rush) arrived(what string, sent int64) {
	if took := time.Duration(r.now()-sent) * time.Microsecond; r.counts.Load() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.took[what] = append(r.took[what], took)
	}
}

// paced does something again and again until all is over, in no step with others.
func (r *rush) paced(every time.Duration, do func()) {
	r.acting.Go(func() {
		start := r.now() + math.Int64N(every.Microseconds())
		for n := 0; ; n++ {
			due := start + int64(n)*every.Microseconds()
			select {
			case <-r.over:
				return
			case <-time.After(time.Duration(due-r.now()) * time.Microsecond):
			}
			r.arrived(lateness, due)
			do()
		}
	})
}

// twosome are the two people of a session.
type twosome struct {
	*rush
	gauge       *gauge
	id          string
	browser     *client // the visitor's
	leader      *caller
	follower    *caller
	told, heard atomic.Int64 // when the last change was sent

	mu   sync.Mutex
	doc  int // the page that is shown
	card int // the node that was inserted last
}

// twosome has two people meet.
func (g *gauge) twosome(r *rush, n int) *twosome {
	g.t.Helper()
	var invited session.Invitation
	told := g.mustCLI("session", "create", g.site.URL+"/", "--agent-name", "Ada", "--json")
	if err := json.Unmarshal([]byte(told), &invited); err != nil {
		g.t.Fatal(err)
	}
	home := fmt.Sprintf("127.0.%d.%d", 1+n/200, 1+n%200) // an address may join so often
	c := &twosome{rush: r, gauge: g, id: invited.ID, browser: g.clientFrom(home)}
	c.browser.enter(invited)
	agent := g.clientFrom(home)
	agent.join(invited.ID, invited.AgentURL)
	c.leader = c.browser.call(g.shellSocket, c.id)
	c.follower = agent.call(g.agentSocket, c.id)
	return c
}

// begin has them do what people do in a session that is active.
func (c *twosome) begin() {
	c.listening.Go(func() { c.listen(c.leader, c.leads) })
	c.listening.Go(func() { c.listen(c.follower, c.follows) })
	c.shows()
	c.paced(pointsEvery, func() { c.points(c.leader) })
	c.paced(pointsEvery, func() { c.points(c.follower) })
	c.paced(changesEvery, c.changes)
	c.paced(visitsEvery, c.visits)
}

// shows tells of a new page.
func (c *twosome) shows() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.doc > 0 {
		c.leader.say(fmt.Sprintf(`{"type":"gone","doc":%d}`, c.doc))
	}
	c.doc++
	c.card = 0
	at := c.gauge.site.URL + "/page"
	c.leader.say(fmt.Sprintf(`{"type":"tab","tab":1,"url":%q,"title":"a page"}`, at))
	c.leader.say(fmt.Sprintf(`{"type":"doc","doc":%d,"tab":1,"url":%q}`, c.doc, at))
	var body strings.Builder
	for n := range 300 {
		fmt.Fprintf(&body, `,["p",["class","x"],"a text of some length, %d"]`, n)
	}
	c.leader.say(fmt.Sprintf(`{"type":"ops","doc":%d,"ops":[[0,1,"standards",["html",0,["head",0],["body",0%s]]]]}`, c.doc, body.String()))
}

// changes tells that a class is another, and a card another: five nodes.
func (c *twosome) changes() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var gone string
	if c.card > 0 {
		gone = fmt.Sprintf(`,[1,%d]`, c.card)
	}
	c.card = max(c.card, 1000) + 5
	now := c.now()
	c.told.Store(now)
	c.leader.say(fmt.Sprintf(`{"type":"ops","doc":%d,"ops":[[4,3,"class","c%d"],[2,3,0,%d,["div",["class","card"],["h3",0,"A card"],["p",["title",%q],"of a few elements"]]]%s]}`,
		c.doc, c.card, c.card, mark+strconv.FormatInt(now, 10), gone))
}

const mark = "sent at "

// points moves a pointer; that it has no node leaves room for the time.
func (c *twosome) points(who *caller) {
	now := c.now()
	who.tell(fmt.Sprintf(`{"type":"pointer","doc":0,"node":0,"fx":0,"fy":0,"x":%d,"y":%d}`, now/1000, now%1000))
}

// visits loads a page and what is in it, and shows it.
func (c *twosome) visits() {
	b := c.gauge
	began := c.now()
	c.browser.follow(b.at(c.id, b.site.URL+"/page?"+strconv.Itoa(math.Int())))
	c.arrived(pageLoad, began)
	for dest, path := range map[string]string{"script": "/script", "style": "/style", "image": "/image?" + strconv.Itoa(math.IntN(50))} {
		c.browser.ask("GET", b.at(c.id, b.site.URL+path), "", header{"Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-origin"})
	}
	c.shows()
}

// news is what a message says, as far as it is measured.
type news struct {
	Type string
	X, Y int64
}

func (c *twosome) leads(n news, _ []byte) {
	switch n.Type {
	case "pointer":
		c.arrived(pointToVisitor, n.X*1000+n.Y)
	case "beat":
		c.leader.tell(`{"type":"beat"}`)
	}
}

func (c *twosome) follows(n news, text []byte) {
	switch n.Type {
	case "pointer":
		c.arrived(pointToAgent, n.X*1000+n.Y)
	case "ops":
		if _, after, ok := bytes.Cut(text, []byte(mark)); ok {
			digits, _, _ := bytes.Cut(after, []byte(`"`))
			sent, _ := strconv.ParseInt(string(digits), 10, 64)
			c.heard.Store(sent)
			c.arrived(changeToAgent, sent)
		}
	}
}

// listen reads until nothing more comes when all is over.
func (c *twosome) listen(who *caller, hears func(news, []byte)) {
	for {
		text, err := who.next()
		if err != nil {
			select {
			case <-c.over:
			default:
				c.gauge.t.Errorf("a connection ended: %v", err)
			}
			return
		}
		var n news
		if text != nil && json.Unmarshal(text, &n) == nil {
			hears(n, text)
		}
	}
}

// caller is a WebSocket that packs its frames, as our pages' do. Its next message
// acknowledges what came.
type caller struct {
	ws     *websocket.Conn
	unpack *packing.Unpacker

	mu             sync.Mutex
	pack           *packing.Packer
	sent, received uint64
}

// call opens a socket.
func (c *client) call(at func(string) (address, origin string), id string) *caller {
	c.b.t.Helper()
	ws, _, err := c.open(at(id))
	if err != nil {
		c.b.t.Fatal(err)
	}
	c.b.t.Cleanup(func() { ws.Close() })
	var first struct{ Welcome struct{ Packed bool } }
	ws.WriteJSON(map[string]any{"hello": map[string]any{"stream": "", "received": 0, "packed": true}})
	if err := ws.ReadJSON(&first); err != nil || !first.Welcome.Packed {
		c.b.t.Fatalf("no packed frames: %+v %v", first, err)
	}
	return &caller{ws: ws, unpack: packing.NewUnpacker(0, 0), pack: packing.NewPacker(0, 0)}
}

// say sends a message.
func (c *caller) say(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
	c.write(packing.Frame{Seq: c.sent, Ack: c.received, Text: []byte(text)})
}

// tell sends a message that may get lost.
func (c *caller) tell(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.write(packing.Frame{Ack: c.received, Text: []byte(text)})
}

// write sends a frame; that the connection is gone is seen by who reads.
func (c *caller) write(f packing.Frame) {
	if frame, err := c.pack.Pack(f, deflated); err == nil {
		c.ws.WriteMessage(websocket.BinaryMessage, frame)
	}
}

// next returns the next message, nil for a mere acknowledgement.
func (c *caller) next() ([]byte, error) {
	_, frame, err := c.ws.ReadMessage()
	if err != nil {
		return nil, err
	}
	f, err := c.unpack.Unpack(frame, 1<<20, inflated)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.received = max(c.received, f.Seq)
	return f.Text, err
}

func deflated(text []byte) ([]byte, error) {
	var small bytes.Buffer
	w, _ := flate.NewWriter(&small, flate.BestSpeed)
	w.Write(text)
	err := w.Close()
	return small.Bytes(), err
}

func inflated(small []byte, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(small)), limit))
}

// profile has the server write down where it spends its time.
func (g *gauge) profile(file string) {
	g.t.Helper()
	var data []byte
	g.ask("cpu", &data)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		g.t.Fatal(err)
	}
}
