package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tandem/session/wire"
)

func nothing(number) []byte { return nil }

func text(s string) item { return item{doc: noDoc, text: []byte(s)} }

func TestLinkNumbersAndResends(t *testing.T) {
	l := newLink("s")
	for _, s := range []string{`"a"`, `"b"`, `"c"`} {
		if err := l.push(text(s)); err != nil {
			t.Fatal(err)
		}
	}
	expectNext(t, l, 0, 1, `"a"`)
	expectNext(t, l, 1, 2, `"b"`)
	if !l.resume("s", 1) {
		t.Fatal("cannot resume after 1")
	}
	expectNext(t, l, 1, 2, `"b"`) // once more, on another socket
	expectNext(t, l, 2, 3, `"c"`)
	expectNext(t, l, 3, 0, "")
	if err := l.acknowledge(3); err != nil || l.ringBytes != 0 || len(l.ring) != 0 {
		t.Errorf("after all is acknowledged: %v, %d bytes in %d frames", err, l.ringBytes, len(l.ring))
	}
	if err := l.acknowledge(4); !errors.Is(err, errProtocol) {
		t.Errorf("acknowledging what was never sent: %v", err)
	}
}

func expectNext(t *testing.T, l *link, cursor, wantSeq uint64, wantText string) {
	t.Helper()
	seq, text, ok := l.next(cursor, nothing)
	if seq != wantSeq || string(text) != wantText || ok != (wantText != "") {
		t.Errorf("next(%d) = %d, %s, %v, want %d, %s", cursor, seq, text, ok, wantSeq, wantText)
	}
}

func TestLinkReceives(t *testing.T) {
	l := newLink("s")
	for _, test := range []struct {
		seq  uint64
		news bool
		err  error
	}{
		{1, true, nil}, {2, true, nil}, {2, false, nil}, {1, false, nil},
		{0, true, nil}, {4, false, errProtocol}, {3, true, nil},
	} {
		if news, err := l.receive(test.seq); news != test.news || err != test.err {
			t.Errorf("receive(%d) = %v, %v, want %v, %v", test.seq, news, err, test.news, test.err)
		}
	}
	if !l.owes() || l.tell() != 3 || l.owes() {
		t.Error("three messages are not acknowledged once")
	}
	if l.receive(3); !l.owes() {
		t.Error("a message that came again, because our word was lost, is not acknowledged again")
	}
}

func TestLinkResume(t *testing.T) {
	l := newLink("s")
	for range 3 {
		l.push(text("1"))
	}
	for cursor := range uint64(3) {
		l.next(cursor, nothing)
	}
	l.acknowledge(1)
	for _, test := range []struct {
		stream   string
		received uint64
		want     bool
	}{
		{"other", 1, false}, {"", 0, false}, {"s", 0, false}, {"s", 4, false}, {"s", 2, true}, {"s", 1, false}, {"s", 3, true},
	} {
		if got := l.resume(test.stream, test.received); got != test.want {
			t.Errorf("resume(%q, %d) = %v, want %v", test.stream, test.received, got, test.want)
		}
	}
}

func TestLinkSurvivesFalseAcknowledgement(t *testing.T) {
	l := newLink("s")
	for range 3 {
		l.push(text("1"))
	}
	for cursor := range uint64(3) {
		l.next(cursor, nothing)
	}
	if !l.resume("s", 0) {
		t.Fatal("cannot resume")
	}
	// The peer now claims what this socket has not yet carried.
	if err := l.acknowledge(2); err != nil {
		t.Fatal(err)
	}
	expectNext(t, l, 0, 3, "1")
}

func TestLinkKeepsTheNewest(t *testing.T) {
	l := newLink("s")
	l.push(item{key: "tabs", doc: noDoc, text: []byte("1")})
	l.push(text("2"))
	l.push(item{key: "tabs", doc: noDoc, text: []byte("3")})
	l.push(item{key: "pointer", doc: noDoc, lossy: true, text: []byte("4")})
	l.push(item{key: "pointer", doc: noDoc, lossy: true, text: []byte("5")})
	expectNext(t, l, 0, 1, "3")
	expectNext(t, l, 1, 2, "2")
	expectNext(t, l, 2, 0, "5")
	l.push(item{key: "tabs", doc: noDoc, text: []byte("6")})
	expectNext(t, l, 2, 3, "6")
	if l.queued != 0 || len(l.keyed) != 0 {
		t.Errorf("an empty queue counts %d bytes and %d keys", l.queued, len(l.keyed))
	}
}

func TestLinkWindow(t *testing.T) {
	l := newLink("s")
	big := strings.Repeat("x", windowBytes/2)
	var cursor uint64
	for range 2 {
		l.push(text(big))
		cursor, _, _ = l.next(cursor, nothing)
	}
	l.push(text("1"))
	if _, _, ok := l.next(cursor, nothing); ok {
		t.Error("sends on although nothing is acknowledged")
	}
	l.acknowledge(1)
	expectNext(t, l, cursor, 3, "1")
}

func TestLinkTooSlow(t *testing.T) {
	l := newLink("s")
	big := text(strings.Repeat("x", 64<<10))
	for i := 0; ; i++ {
		if err := l.push(big); err != nil {
			if !errors.Is(err, errTooSlow) || i*len(big.text) < queueBytes/2 {
				t.Errorf("gave up after %d messages: %v", i, err)
			}
			return
		}
		if l.queued > queueBytes {
			t.Fatal("queues without end")
		}
	}
}

// pipe carries frames between two links until it breaks.
type pipe struct {
	from, to *link
	cursor   uint64
	wire     [][]byte
	render   func(number) []byte
	deliver  func(text []byte)
}

// send puts one frame on the wire.
func (p *pipe) send() {
	if seq, text, ok := p.from.next(p.cursor, p.render); ok {
		if seq > 0 {
			p.cursor = seq
		}
		p.wire = append(p.wire, appendFrame(nil, wire.Frame{Seq: seq, Ack: p.from.tell(), Text: text}))
	} else if p.from.owes() {
		p.wire = append(p.wire, appendFrame(nil, wire.Frame{Ack: p.from.tell()}))
	}
}

// arrive takes one frame off the wire.
func (p *pipe) arrive(t *testing.T) {
	if len(p.wire) == 0 {
		return
	}
	f, err := splitFrame(p.wire[0])
	p.wire = p.wire[1:]
	if err == nil {
		err = p.to.acknowledge(f.Ack)
	}
	if err != nil {
		t.Fatal(err)
	}
	if f.Text == nil {
		return
	}
	news, err := p.to.receive(f.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if news {
		p.deliver(f.Text)
	}
}

// reconnect loses what is on the wire and resumes.
func reconnect(t *testing.T, a, b *pipe) {
	a.wire, b.wire = nil, nil
	if !a.from.resume("s", a.to.received) || !b.from.resume("s", b.to.received) {
		t.Fatal("cannot resume")
	}
	a.cursor, b.cursor = a.to.received, b.to.received
}

// TestLinkDeliversOnceInOrder pushes numbered messages both ways through a
// connection that breaks again and again.
func TestLinkDeliversOnceInOrder(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		a, b := newLink("s"), newLink("s")
		var got [2]int
		count := func(side int) func([]byte) {
			return func(text []byte) {
				if want := fmt.Sprint(got[side] + 1); string(text) != want {
					t.Fatalf("seed %d: got message %s, want %s", seed, text, want)
				}
				got[side]++
			}
		}
		ab := &pipe{from: a, to: b, render: nothing, deliver: count(1)}
		ba := &pipe{from: b, to: a, render: nothing, deliver: count(0)}
		var pushed [2]int
		step := func(kinds int) {
			switch rng.IntN(kinds) {
			case 0:
				ab.send()
			case 1:
				ba.send()
			case 2:
				ab.arrive(t)
			case 3:
				ba.arrive(t)
			case 4:
				if rng.IntN(8) == 0 {
					reconnect(t, ab, ba)
				}
			case 5:
				pushed[0]++
				a.push(text(fmt.Sprint(pushed[0])))
			case 6:
				pushed[1]++
				b.push(text(fmt.Sprint(pushed[1])))
			}
		}
		for range 400 {
			step(7)
		}
		for range 20_000 {
			step(4) // let it settle
		}
		if got[1] != pushed[0] || got[0] != pushed[1] {
			t.Fatalf("seed %d: delivered %v, pushed %v", seed, got, pushed)
		}
		if len(a.ring)+len(b.ring) != 0 {
			t.Fatalf("seed %d: %d messages are not acknowledged", seed, len(a.ring)+len(b.ring))
		}
	}
}

// TestLinkFollowerCatchesUp models documents as counters: ops add one, a
// description says the value. However often the queue collapses, the follower
// sees each value once at most, in order, and the last one in the end.
func TestLinkFollowerCatchesUp(t *testing.T) {
	type change struct {
		Doc   number
		Fresh bool
		Gone  bool
		Value int
	}
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 2))
		l, back := newLink("s"), newLink("s")
		leader, follower := map[number]int{}, map[number]int{}
		pad := strings.Repeat("x", 20_000)
		p := &pipe{from: l, to: back, render: func(doc number) []byte {
			v, ok := leader[doc]
			if !ok {
				return nil
			}
			text, _ := json.Marshal(change{Doc: doc, Fresh: true, Value: v})
			return text
		}}
		p.deliver = func(text []byte) {
			var c change
			if err := json.Unmarshal(bytes.TrimRight(text, "x"), &c); err != nil {
				t.Fatal(err)
			}
			switch old, known := follower[c.Doc]; {
			case c.Gone:
				delete(follower, c.Doc)
			case !c.Fresh && (!known || c.Value != old+1):
				t.Fatalf("seed %d: document %d went from %d (%v) to %d", seed, c.Doc, old, known, c.Value)
			default:
				follower[c.Doc] = c.Value
			}
		}
		acks := &pipe{from: back, to: l, render: nothing, deliver: func([]byte) {}}
		change1 := func() {
			doc := number(rng.IntN(3))
			v, ok := leader[doc]
			switch {
			case !ok:
				leader[doc] = 0
				l.push(item{doc: doc, fresh: true})
			case rng.IntN(40) == 0:
				delete(leader, doc)
				l.forget(doc)
				text, _ := json.Marshal(change{Doc: doc, Gone: true})
				l.push(item{doc: noDoc, text: text})
			default:
				leader[doc] = v + 1
				text, _ := json.Marshal(change{Doc: doc, Value: v + 1})
				l.push(item{doc: doc, text: append(text, pad...)})
			}
			if l.queued > backlogBytes+(64<<10) {
				t.Fatalf("seed %d: %d bytes wait", seed, l.queued)
			}
		}
		for range 600 {
			change1()
			switch rng.IntN(10) {
			case 0, 1:
				p.send()
			case 2, 3:
				p.arrive(t)
			case 4:
				acks.send()
				acks.arrive(t)
			case 5:
				if rng.IntN(10) == 0 {
					reconnect(t, p, acks)
				}
			}
		}
		for range 2000 {
			p.send()
			p.arrive(t)
			acks.send()
			acks.arrive(t)
		}
		if fmt.Sprint(leader) != fmt.Sprint(follower) {
			t.Fatalf("seed %d: the leader has %v, the follower %v", seed, leader, follower)
		}
	}
}
