package shop

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/gorilla/websocket"
)

// A message is one line of the chat, as it goes over the WebSocket.
type message struct {
	Type string `json:"type"` // message, typing
	ID   int    `json:"id,omitempty"`
	Who  string `json:"who,omitempty"` // you, Liv
	Text string `json:"text,omitempty"`
}

// chats are the conversations, by the visitor's cookie.
type chats struct {
	mu    sync.Mutex
	rooms recent[*room]
}

// A room is one visitor's conversation, in however many tabs it is open.
// Guarded by chats.mu.
type room struct {
	history []message
	sockets map[*websocket.Conn]chan message
}

func newChats() *chats { return &chats{rooms: newRecent[*room](500)} }

const (
	maxHistory = 60
	maxSockets = 8
)

// join adds a socket to the visitor's room and returns what was said so far.
func (c *chats) join(visitor string, ws *websocket.Conn) (*room, chan message, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rm, ok := c.rooms.get(visitor)
	if !ok {
		rm = &room{sockets: make(map[*websocket.Conn]chan message)}
		rm.history = []message{{Type: "message", ID: 1, Who: "Liv", Text: "Hello, I am Liv. Ask me about delivery, returns, bulbs or your order."}}
		c.rooms.put(visitor, rm)
	}
	if len(rm.sockets) == maxSockets {
		return nil, nil, false
	}
	out := make(chan message, maxHistory+16)
	for _, m := range rm.history {
		out <- m
	}
	rm.sockets[ws] = out
	return rm, out, true
}

func (c *chats) leave(rm *room, ws *websocket.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(rm.sockets, ws)
}

// say tells every tab, and remembers real messages.
func (c *chats) say(rm *room, m message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Type == "message" {
		m.ID = rm.history[len(rm.history)-1].ID + 1
		rm.history = append(rm.history, m)
		rm.history = rm.history[max(0, len(rm.history)-maxHistory):]
	}
	for ws, out := range rm.sockets {
		select {
		case out <- m:
		default:
			ws.Close() // too slow: it comes back and gets the history
		}
	}
}

func (c *chats) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rm := range c.rooms.m {
		for ws := range rm.sockets {
			ws.Close() // Shutdown does not know hijacked connections
		}
	}
}

func (s *Shop) chat(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == s.url }}
	header := http.Header{}
	visitor := newID()
	if c, err := r.Cookie("visitor"); err == nil && len(c.Value) == len(visitor) {
		visitor = c.Value
	} else {
		cookie := http.Cookie{Name: "visitor", Value: visitor, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
		header.Set("Set-Cookie", cookie.String())
	}
	ws, err := upgrader.Upgrade(w, r, header)
	if err != nil {
		return // Upgrade has answered
	}
	defer ws.Close()
	rm, out, ok := s.chats.join(visitor, ws)
	if !ok {
		return
	}
	done := make(chan struct{})
	go chatWriter(ws, out, done)
	s.chatReader(ws, rm)
	s.chats.leave(rm, ws)
	close(done)
}

func chatWriter(ws *websocket.Conn, out <-chan message, done <-chan struct{}) {
	for {
		select {
		case m := <-out:
			ws.SetWriteDeadline(time.Now().Add(10 * time.Second))
			if ws.WriteJSON(m) != nil {
				ws.Close()
				return
			}
		case <-done:
			return
		}
	}
}

// chatReader hears what the visitor says; Liv answers a moment later.
func (s *Shop) chatReader(ws *websocket.Conn, rm *room) {
	ws.SetReadLimit(4 << 10)
	for {
		var m message
		if ws.ReadJSON(&m) != nil {
			return
		}
		text := strings.TrimSpace(m.Text)
		if text == "" || len(text) > 1000 {
			continue
		}
		s.log.add("message", "visitor", text)
		s.chats.say(rm, message{Type: "message", Who: "you", Text: text})
		s.chats.say(rm, message{Type: "typing", Who: "Liv"})
		time.AfterFunc(600*time.Millisecond, func() {
			s.chats.say(rm, message{Type: "message", Who: "Liv", Text: reply(text)})
		})
	}
}

var replies = []struct{ words, text string }{
	{"deliver ship arrive when", "Lamps leave Aarhus within two days. Standard delivery is free from €200; express is there the next morning."},
	{"return refund back", "Keep the box and you have sixty days. We collect the lamp from your door and pay for the way back."},
	{"bulb led watt bright", "Every lamp comes with a warm 2700 K bulb. Anything with an E27 base fits, up to 40 watts."},
	{"dim switch", "All of ours dim down to one per cent, on the cable or by touch."},
	{"order invoice", "You will find orders and invoices in your account. Shall we look at it together?"},
	{"discount coupon code price cheap", "Open Help at the top of the page: there is a small present in it."},
	{"hello hi hey", "Good to have you here! What kind of room is it for?"},
	{"thank thanks", "My pleasure. Enjoy the light!"},
}

// reply is Liv's whole mind.
func reply(text string) string {
	said := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, r := range replies {
		for word := range strings.FieldsSeq(r.words) {
			if slices.ContainsFunc(said, func(s string) bool { return s == word || len(word) > 3 && strings.HasPrefix(s, word) }) {
				return r.text
			}
		}
	}
	return "Let me find out. Meanwhile: which room is the lamp for, and do you read there?"
}
