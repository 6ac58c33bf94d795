package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/session"
)

// onlyBench skips what measures: it takes minutes, wants the machine for itself
// and judges nothing.
func onlyBench(t *testing.T) {
	t.Helper()
	if os.Getenv("TANDEM_BENCH_MIRROR") == "" {
		t.Skip("TANDEM_BENCH_MIRROR=1 measures the mirror")
	}
}

// pair is a leader and a follower joined by one kind of mirror, or by none.
type pair struct {
	*testing.T
	name             string
	leader, follower *window
	in               frame            // the page at the leader
	show             frame            // where a script at the follower can see the mirror
	shown            string           // the mirrored document, there
	at               frame            // the mirror itself
	goTo             func(url string) // as the leader
	wire             func() int       // bytes that the leader sent over its socket
	results          *results
}

// results is the table that comes of the comparison.
type results struct {
	rows  []string
	cells map[[2]string]string
}

// tell notes a result, and says it at once: all of it takes minutes.
func (p *pair) tell(t *testing.T, row, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	t.Logf("%s: %s: %s", p.name, row, text)
	if !slices.Contains(p.results.rows, row) {
		p.results.rows = append(p.results.rows, row)
	}
	p.results.cells[[2]string{row, p.name}] = text
}

// print prints the table as Markdown.
func (r *results) print(names ...string) {
	fmt.Printf("\n| | %s |\n|---|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)))
	for _, row := range r.rows {
		fmt.Printf("| %s |", row)
		for _, name := range names {
			fmt.Printf(" %s |", r.cells[[2]string{row, name}])
		}
		fmt.Println()
	}
}

// benchSite serves the pages of the measurements, and those of the operations.
func benchSite(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/bench.html", "/bench.js":
		http.ServeFile(w, r, filepath.Join("testdata/mirror", r.URL.Path))
	case "/inner.html":
		fmt.Fprint(w, "<!doctype html><style>p{color:blue}</style><p>inside", strings.Repeat("<b>x</b>", 20))
	default:
		serveOperations(w, r)
	}
}

// alone is a leader whom nobody follows and nothing records.
func alone(t *testing.T, site string) *pair {
	w := sharedBrowser(t).open(t, "alone", site+"/", 1280, 900)
	return &pair{T: t, name: "alone", leader: w, in: top, goTo: func(url string) { w.navigate(site + url) }}
}

func withRRWeb(t *testing.T, site http.Handler) (*pair, *rrweb) {
	r := startRRWeb(t, site)
	b := sharedBrowser(t)
	follower := b.open(t, "rrweb follower", r.URL+"/rrweb/follower.html", 1400, 1100)
	leader := b.open(t, "rrweb leader", r.URL+"/", 1280, 900)
	return &pair{
		T: t, name: "rrweb", leader: leader, follower: follower, in: top,
		show: top, shown: `replayer?.iframe.contentDocument`, at: func(_ frameInfo, depth int) bool { return depth == 1 },
		goTo: func(url string) { leader.navigate(r.URL + url) },
		wire: func() int { _, wire := r.sent(); return wire },
	}, r
}

func withTandem(t *testing.T, site string) *pair {
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	m.allow(site)
	m.invite(site+"/", session.Shared)
	m.agent = b.open(t, "tandem follower", m.invited.AgentURL, 1400, 1100)
	m.visitor = b.open(t, "tandem leader", m.invited.VisitorURL, 1280, 900)
	m.accept()
	return pairOf(t, m)
}

func pairOf(t *testing.T, m *meeting) *pair {
	return &pair{
		T: t, name: "Tandem", leader: m.visitor, follower: m.agent, in: content,
		show: renderer, shown: `[...document.querySelectorAll('iframe[name=tandem-mirror]')].at(-1)?.contentDocument`, at: mirror,
		goTo: func(url string) {
			if err := m.visitor.eval(content, "void (location.href = "+quote(url)+")", nil); err != nil {
				t.Fatal(err)
			}
		},
		wire: func() int { m.visitor.mu.Lock(); defer m.visitor.mu.Unlock(); return m.visitor.sent },
	}
}

// open shows a page to both.
func (p *pair) open(path string) {
	p.Helper()
	p.goTo(path)
	p.leader.wait(p.in, fmt.Sprintf(`document.readyState === 'complete' && location.pathname === %s`, quote(path)))
	if p.follower != nil {
		title := get[string](p.leader, p.in, `document.title`)
		p.follower.wait(p.show, fmt.Sprintf(`%s?.title === %s`, p.shown, quote(title)))
	}
	p.settle()
}

// settle waits until the leader has had next to nothing to do for a while.
func (p *pair) settle() {
	p.Helper()
	for quiet, last := 0, 0.0; quiet < 5; time.Sleep(100 * time.Millisecond) {
		if now := p.metrics()["TaskDuration"]; now-last > 0.015 {
			quiet, last = 0, now
		} else {
			quiet, last = quiet+1, now
		}
	}
}

// metrics are the counters of the leader's browser process for this page.
func (p *pair) metrics() map[string]float64 { return metrics(p.leader) }

func metrics(w *window) map[string]float64 {
	w.t.Helper()
	w.call("Performance.enable", map[string]any{"timeDomain": "threadTicks"}, nil) // CPU time, which neighbours do not add to
	var res struct {
		Metrics []struct {
			Name  string  `json:"name"`
			Value float64 `json:"value"`
		} `json:"metrics"`
	}
	w.call("Performance.getMetrics", map[string]any{}, &res)
	all := map[string]float64{}
	for _, m := range res.Metrics {
		all[m.Name] = m.Value
	}
	return all
}

// cost is what something took of the leader's main thread.
type cost struct {
	task, script float64 // seconds
	long         []float64
	bytes        int
}

// spend measures the leader's main thread while an expression runs there and
// until it is quiet again.
func (p *pair) spend(expression string) cost {
	p.Helper()
	before, sent := p.metrics(), 0
	if p.wire != nil {
		sent = p.wire()
	}
	from := get[int](p.leader, p.in, `longTasks.length`)
	get[any](p.leader, p.in, expression)
	p.settle()
	after := p.metrics()
	c := cost{task: after["TaskDuration"] - before["TaskDuration"], script: after["ScriptDuration"] - before["ScriptDuration"]}
	c.long = get[[]float64](p.leader, p.in, fmt.Sprintf(`longTasks.slice(%d).map((entry) => entry.duration)`, from))
	if p.wire != nil {
		c.bytes = p.wire() - sent
	}
	return c
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// TestBenchMirror compares the mirror with rrweb's recorder and replayer, on
// the same pages in the same browser, and prints a table.
func TestBenchMirror(t *testing.T) {
	onlyBench(t)
	site := httptest.NewServer(http.HandlerFunc(benchSite))
	t.Cleanup(site.Close)
	nobody := alone(t, site.URL)
	theirs, _ := withRRWeb(t, http.HandlerFunc(benchSite))
	ours := withTandem(t, site.URL)
	pairs := []*pair{nobody, theirs, ours}
	table := &results{cells: map[[2]string]string{}}
	for _, p := range pairs {
		p.results = table
	}
	t.Run("operations", func(t *testing.T) { benchOperations(t, pairs[1:]) })
	t.Run("rows", func(t *testing.T) { benchRows(t, pairs) })
	t.Run("churn", func(t *testing.T) { benchChurn(t, pairs) })
	t.Run("delay", func(t *testing.T) { benchDelay(t, pairs[1:]) })
	t.Run("wire", func(t *testing.T) { benchWire(t, pairs[1:]) })
	table.print("alone", "rrweb", "Tandem")
}

func benchOperations(t *testing.T, pairs []*pair) {
	for _, p := range pairs {
		var live, late [2]int // right, and all
		for _, page := range operationPages {
			n, wrong := p.operations(page)
			live[0], live[1] = live[0]+n-len(wrong), live[1]+n
			t.Logf("%s: %s: %d of %d right; wrong: %v", p.name, page, n-len(wrong), n, wrong)
			n, wrong = p.joinedLate(page)
			late[0], late[1] = late[0]+n-len(wrong), late[1]+n
			t.Logf("%s: %s, joined late: %d of %d right; wrong: %v", p.name, page, n-len(wrong), n, wrong)
		}
		p.tell(t, "operations right", "%d of %d", live[0], live[1])
		p.tell(t, "operations right, joined late", "%d of %d", late[0], late[1])
	}
}

// joinedLate has the follower come when all of a page's operations are done.
func (p *pair) joinedLate(page string) (n int, wrong []string) {
	p.Helper()
	ops := p.all()
	if page == "document" {
		ops = ops[2:] // what the others did is gone
	}
	p.follower.call("Page.reload", map[string]any{}, nil)
	p.follower.wait(p.show, fmt.Sprintf(`%s?.body?.children.length > 0`, p.shown))
	for _, op := range ops {
		if !p.agree(op) {
			wrong = append(wrong, op.Name)
		}
	}
	return len(ops), wrong
}

// all are the operations of the page that is open.
func (p *pair) all() []operation {
	p.Helper()
	return get[[]operation](p.leader, p.in, `operations.map((o) => ({Name: o.name, Probe: o.probe, Hand: o.hand, Settle: o.settle}))`)
}

// operations tries those of one page.
func (p *pair) operations(page string) (n int, wrong []string) {
	p.Helper()
	p.open("/" + page + ".html")
	ops := p.all()
	for i, op := range ops {
		err := p.leader.perform(p.in, op, i)
		if err != nil || !p.agree(op) {
			wrong = append(wrong, op.Name)
		}
	}
	return len(ops), wrong
}

// agree asks both sides until they agree, or have had their time to.
func (p *pair) agree(op operation) bool {
	for end := time.Now().Add(1500 * time.Millisecond); ; time.Sleep(15 * time.Millisecond) {
		want, errL := probes(p.leader, p.in, []operation{op})
		got, errF := probes(p.follower, p.at, []operation{op})
		if errL == nil && errF == nil && want[op.Name] == got[op.Name] {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

func benchRows(t *testing.T, pairs []*pair) {
	for _, how := range []string{"nodes", "text"} {
		costs := map[string][]cost{}
		for range 5 {
			for _, p := range pairs {
				p.open("/bench.html")
				costs[p.name] = append(costs[p.name], p.spend(fmt.Sprintf("task(() => insertRows(10000, %q))", how)))
				if p.follower != nil {
					p.follower.wait(p.show, fmt.Sprintf(`%s.getElementById('r9999')`, p.shown))
				}
			}
		}
		row := "10 000 x 5 table by " + how
		var base float64
		for _, p := range pairs {
			var task, most []float64
			for _, c := range costs[p.name] {
				task, most = append(task, c.task), append(most, slices.Max(append(c.long, 0)))
			}
			if p.follower == nil {
				base = median(task)
				p.tell(t, row+", CPU", "%.0f ms", 1000*base)
			} else {
				p.tell(t, row+", CPU", "+%.0f ms", 1000*(median(task)-base))
				p.tell(t, row+", sent", "%d KB", costs[p.name][0].bytes>>10)
			}
			p.tell(t, row+", longest task", "%.0f ms", median(most))
		}
	}
}

func benchChurn(t *testing.T, pairs []*pair) {
	rates := map[string][]float64{}
	tasks := map[string][]float64{}
	for range 3 {
		for _, p := range pairs {
			p.open("/bench.html")
			get[any](p.leader, p.in, "fill(10000)")
			p.settle()
			before := p.metrics()["TaskDuration"]
			rate := get[float64](p.leader, p.in, "churn(50, 4000)")
			rates[p.name] = append(rates[p.name], rate)
			tasks[p.name] = append(tasks[p.name], 1000*(p.metrics()["TaskDuration"]-before)/(4*rate))
		}
	}
	for _, p := range pairs {
		p.tell(t, "50 of 10 000 nodes change in each frame", "%.1f frames/s, %.1f ms CPU each", median(rates[p.name]), median(tasks[p.name]))
	}
}

func benchDelay(t *testing.T, pairs []*pair) {
	source, err := os.ReadFile("testdata/mirror/bench.js")
	if err != nil {
		t.Fatal(err)
	}
	_, watch, _ := strings.Cut(string(source), "function watch(")
	watch, _, _ = strings.Cut(watch, "\n\n")
	for _, p := range pairs {
		p.open("/bench.html")
		get[any](p.follower, p.show, fmt.Sprintf("(function watch(%s)(() => %s); 0", watch, p.shown))
		changed := get[map[string]float64](p.leader, p.in, "tick(200, 40)")
		time.Sleep(500 * time.Millisecond)
		seen := get[map[string]float64](p.follower, p.show, "seen")
		var delays []float64
		for n, at := range changed {
			if seen[n] > 0 {
				delays = append(delays, seen[n]-at)
			}
		}
		if len(delays) < len(changed)*9/10 {
			t.Errorf("%s: %d of %d changes were seen", p.name, len(delays), len(changed))
			continue
		}
		slices.Sort(delays)
		p.tell(t, "delay of a change at the follower", "%.0f ms, p95 %.0f ms", delays[len(delays)/2], delays[len(delays)*95/100])
	}
}

// benchWire counts what single changes take on the wire, each by itself.
func benchWire(t *testing.T, pairs []*pair) {
	for _, p := range pairs {
		p.open("/bench.html")
		each := func(n int, act func(i int)) int {
			var sizes []float64
			for i := range n {
				before := p.wire()
				act(i)
				time.Sleep(700 * time.Millisecond) // rrweb gathers half a second of movements
				sizes = append(sizes, float64(p.wire()-before))
			}
			return int(median(sizes))
		}
		x, y := p.leader.element(p.in, "#counter")
		class := each(9, func(int) { get[any](p.leader, p.in, "toggle()") })
		card := each(9, func(int) { get[any](p.leader, p.in, "card()") })
		pointer := each(9, func(i int) { p.leader.moveTo(x+float64(7*i), y+float64(i%3)) })
		p.tell(t, "a class, a card of 4 elements, a pointer's move", "%d, %d, %d B", class, card, pointer)
	}
}
