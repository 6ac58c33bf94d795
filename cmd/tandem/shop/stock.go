package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// ticker knows how many lamps are left and tells everyone who listens.
type ticker struct {
	mu        sync.Mutex
	n         int
	stock     map[string]int
	listeners map[chan stockEvent]struct{}
}

type stockEvent struct {
	N    int    `json:"n"`
	Slug string `json:"slug"`
	Name string `json:"name"`
	Left int    `json:"left"`
}

func newTicker() *ticker {
	t := &ticker{stock: make(map[string]int), listeners: make(map[chan stockEvent]struct{})}
	for i, p := range catalog {
		t.stock[p.Slug] = 7 + i*5%11
	}
	return t
}

func (t *ticker) left(slug string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stock[slug]
}

// sell takes from the stock, which is refilled before it runs out.
func (t *ticker) sell(l line) {
	if l.Custom() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stock[l.Slug] -= l.Quantity
	if t.stock[l.Slug] < 1 {
		t.stock[l.Slug] += 24
	}
	t.n++
	e := stockEvent{t.n, l.Slug, l.Name(), t.stock[l.Slug]}
	for c := range t.listeners {
		select {
		case c <- e:
		default: // a listener this slow learns of the next sale
		}
	}
}

func (t *ticker) listen() chan stockEvent {
	c := make(chan stockEvent, 8)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.listeners[c] = struct{}{}
	return c
}

func (t *ticker) leave(c chan stockEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.listeners, c)
}

// tick is how often the ticker shows another lamp when nothing is sold.
const tick = 5 * time.Second

// stockEvents streams what is left, lamp after lamp, and every sale at once.
func (s *Shop) stockEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	send := func(kind string, e stockEvent) bool {
		data, err := json.Marshal(e)
		if err == nil {
			_, err = fmt.Fprintf(w, "event: %s\nid: %d\ndata: %s\n\n", kind, e.N, data)
		}
		return err == nil && http.NewResponseController(w).Flush() == nil
	}
	fmt.Fprint(w, "retry: 3000\n\n")
	sales := s.stock.listen()
	defer s.stock.leave(sales)
	beat := time.NewTicker(tick)
	defer beat.Stop()
	for i := 0; ; i++ {
		p := catalog[i%len(catalog)]
		if !send("stock", stockEvent{0, p.Slug, p.Name, s.stock.left(p.Slug)}) {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case e := <-sales:
			if !send("sale", e) {
				return
			}
		case <-beat.C:
		}
	}
}
