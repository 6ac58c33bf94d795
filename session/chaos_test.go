package session

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tandem/session/mirror"
)

// another lets another agent in, in a browser of their own.
func (c *couple) another() *browser {
	c.t.Helper()
	b := c.rig.browser()
	if a := b.join(c.inv.ID, c.inv.AgentURL); a.status != 200 {
		c.t.Fatalf("another agent joins: %+v", a)
	}
	return b
}

// TestScenario30SeveralFollowers has four agents follow, each with a name, a colour and
// a pointer of their own, and a fifth one turned away.
func TestScenario30SeveralFollowers(t *testing.T) {
	c := newCouple(t, Shared)
	agents, browsers := []*peer{c.ag}, []*browser{c.browser}
	seen := map[string]bool{c.ag.welcome.You.ID: true, c.ag.welcome.You.Color: true, c.ag.welcome.You.Name: true}
	for len(agents) < maxAgents {
		b := c.another()
		p := b.connectAgent(c.inv.ID, nil)
		if doc := p.expect("doc"); !strings.Contains(doc, `"html"`) {
			t.Errorf("who comes late is told %s", doc)
		}
		for _, mark := range []string{p.welcome.You.ID, p.welcome.You.Color, p.welcome.You.Name} {
			if seen[mark] {
				t.Errorf("two agents have %q", mark)
			}
			seen[mark] = true
		}
		agents, browsers = append(agents, p), append(browsers, b)
	}
	tooMany := c.another()
	ws, _, err := tooMany.agentSocket(c.inv.ID, controlURL)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, ws: ws}
	p.write(`{"hello":{"stream":"","received":0}}`)
	p.expectClose(4406)

	agents[2].send(examples["mark"])
	for i, p := range append([]*peer{c.vis}, agents...) {
		if i == 3 {
			continue
		}
		if text := p.expect("mark"); !strings.Contains(text, `"from":"`+agents[2].welcome.You.ID+`"`) {
			t.Errorf("a mark comes as %s", text)
		}
	}
	// Each browser has its own seat: a second window takes the place of the first.
	again := browsers[1].connectAgent(c.inv.ID, nil)
	if again.welcome.You.ID != agents[1].welcome.You.ID {
		t.Errorf("the second window is %s, the first was %s", again.welcome.You.ID, agents[1].welcome.You.ID)
	}
	agents[1].expectClose(4409)
	// Who left for good makes room.
	agents[3].drop()
	room := c.session(c.inv).room
	until(t, "the server knows", func() bool {
		room.mu.Lock()
		defer room.mu.Unlock()
		return !room.seats[4].person.Online
	})
	c.clock.add(resumeWindow + time.Second)
	c.hub.sweep()
	if p := tooMany.connectAgent(c.inv.ID, nil); p.welcome.You.Color != agents[3].welcome.You.Color {
		t.Errorf("the place of who left has %s", p.welcome.You.Color)
	}
}

// TestStalledFollowerCostsOnlyItself has one of two agents read nothing while
// much happens.
func TestStalledFollowerCostsOnlyItself(t *testing.T) {
	c := newCouple(t, Shared)
	stalled := c.another().connectAgent(c.inv.ID, nil)
	room := c.session(c.inv).room
	noise := strings.Repeat("0123456789abcdef", 4096)
	for i := range 100 {
		if i%10 == 0 {
			c.clock.add(time.Second)
		}
		c.vis.send(fmt.Sprintf(`{"type":"ops","doc":1,"ops":[[4,3,"title","%d %s"]]}`, i, scramble(noise, i)))
		if text := c.ag.expect("ops"); !strings.Contains(text, fmt.Sprintf(`"%d `, i)) {
			t.Fatalf("the other agent got %.60s for change %d", text, i)
		}
		c.ag.write(fmt.Sprintf("[0,%d]", c.ag.received))
		room.mu.Lock()
		if queued := room.seats[2].link.queued; queued > backlogBytes+(128<<10) {
			t.Errorf("%d bytes wait for who reads nothing", queued)
		}
		if kept := room.seats[2].link.ringBytes; kept > windowBytes+(128<<10) {
			t.Errorf("%d bytes are kept for who acknowledges nothing", kept)
		}
		room.mu.Unlock()
	}
	for last := ""; !strings.Contains(last, `"99 `); {
		_, text := stalled.next()
		last = string(text)
		stalled.write(fmt.Sprintf("[0,%d]", stalled.received))
	}
}

// copied is what an agent in the chaos has built.
type copied struct {
	*peer
	browser *browser
	packed  bool
	tree    *mirror.Document
	asleep  int // rounds to read nothing
}

func (f *copied) connect(c *couple) {
	ws, _, err := f.browser.agentSocket(c.inv.ID, controlURL)
	if err != nil {
		c.t.Fatal(err)
	}
	f.peer = greetAs(c.t, ws, f.peer, f.packed)
	if !f.welcome.Resumed {
		f.tree = mirror.NewDocument(mirror.Limits{}, nil)
	}
}

// read takes one message. What comes twice or leaves something out does not
// fit the tree.
func (f *copied) readOne() (what string) {
	kind, text := f.next()
	var m struct {
		Doc   int
		Ops   json.RawMessage
		About string
	}
	if err := json.Unmarshal(text, &m); err != nil {
		f.t.Fatal(err)
	}
	if (kind == "doc" || kind == "ops") && m.Doc == 1 && len(m.Ops) > 2 {
		if _, err := f.tree.Apply(m.Ops); err != nil {
			f.t.Fatalf("%s does not fit: %v", text, err)
		}
	}
	return m.About
}

// TestChaos has a leader and three agents whose connections break, stall and
// come back at random. In the end all have the same tree, and every change was
// made once.
func TestChaos(t *testing.T) {
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 5))
		c := newCouple(t, Shared)
		c.ag.ws.Close()
		followers := []*copied{{browser: c.browser, packed: true}, {browser: c.another()}, {browser: c.another(), packed: true}}
		for _, f := range followers {
			f.connect(c)
		}
		var list []int
		next := 100
		var told []string
		change := func() string {
			if len(list) > 3 && rng.IntN(3) == 0 {
				i, j := rng.IntN(len(list)), rng.IntN(len(list)-1)
				id := list[i]
				list = append(list[:i:i], list[i+1:]...)
				if rng.IntN(2) == 0 {
					return fmt.Sprintf(`[1,%d]`, id)
				}
				before := list[j]
				list = append(list[:j:j], append([]int{id}, list[j:]...)...)
				return fmt.Sprintf(`[3,2,%d,%d]`, before, id)
			}
			next++
			list = append(list, next)
			return fmt.Sprintf(`[2,2,0,%d,["p",["class",%q]]]`, next, scramble(strings.Repeat("x", rng.IntN(3000)), next))
		}
		for round := range 150 {
			if round%20 == 0 {
				c.clock.add(time.Second)
			}
			told = append(told, `{"type":"ops","doc":1,"ops":[`+change()+`]}`)
			c.vis.send(told[len(told)-1])
			if rng.IntN(25) == 0 {
				c.vis.drop()
				c.vis = c.connectVisitor(c.inv.ID, c.cookie, c.vis)
				if !c.vis.welcome.Resumed {
					t.Fatalf("seed %d: the visitor's stream does not go on", seed)
				}
				lost := c.vis.sent - c.vis.welcome.Received
				c.vis.sent = c.vis.welcome.Received
				for _, text := range told[len(told)-int(lost):] {
					c.vis.send(text)
				}
			}
			for _, f := range followers {
				switch f.asleep--; {
				case f.asleep > 0:
				case rng.IntN(20) == 0:
					f.drop()
					f.connect(c)
				case rng.IntN(30) == 0:
					f.asleep = 1 + rng.IntN(40)
				}
			}
		}
		c.vis.send(`{"type":"notice","what":"left-out","about":"over"}`)
		room := c.session(c.inv).room
		for i, f := range followers {
			for f.readOne() != "over" {
				f.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "[0,%d]", f.received))
			}
			room.mu.Lock()
			want := string(room.docs[1].tree.Snapshot())
			room.mu.Unlock()
			if got := string(f.tree.Snapshot()); got != want {
				t.Errorf("seed %d: agent %d has another tree than the server", seed, i)
			}
		}
	}
}
