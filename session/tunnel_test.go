package session

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// tunnel asks for the agent's tunnel.
func (b *browser) tunnel(session, tunnel, origin string, body []byte) (status int, answer []byte) {
	b.t.Helper()
	address := controlURL + "/api/sessions/" + session + "/agent/socket"
	if tunnel != "" {
		address += "?tunnel=" + url.QueryEscape(tunnel)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	resp, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

func framed(kind int, text string) []byte {
	head := binary.BigEndian.AppendUint32([]byte{byte(kind)}, uint32(len(text)))
	return append(head, text...)
}

// end is what a page has of a tunnel.
type end struct {
	*browser
	session, id string
	frames      []byte // fetched and not looked at
}

// frame is the next one that is not a ping.
func (e *end) frame() (kind int, data []byte) {
	e.t.Helper()
	for kind = websocket.PingMessage; kind == websocket.PingMessage; {
		for len(e.frames) == 0 {
			status, frames := e.tunnel(e.session, e.id, controlURL, nil)
			if status != 200 {
				e.t.Fatalf("waiting: %d %s", status, frames)
			}
			e.frames = frames
		}
		size := frameHead + binary.BigEndian.Uint32(e.frames[1:])
		kind, data, e.frames = int(e.frames[0]), e.frames[frameHead:size], e.frames[size:]
	}
	return kind, data
}

// expect fetches frames until one has a text in it.
func (e *end) expect(text string) {
	e.t.Helper()
	for {
		kind, data := e.frame()
		if kind == websocket.CloseMessage {
			e.t.Fatalf("closed while waiting for %q", text)
		}
		if kind == websocket.BinaryMessage {
			var err error
			if data, err = inflate(data, 64<<20); err != nil {
				e.t.Fatal(err)
			}
		}
		if strings.Contains(string(data), text) {
			return
		}
	}
}

// TestTunnel has an agent take part from where no WebSocket gets through: it is
// theirs alone, and like a socket in all else.
func TestTunnel(t *testing.T) {
	c := newCouple(t, Shared)
	other := c.another()
	refused := func(what string, want int, b *browser, id, origin string, body []byte) {
		t.Helper()
		if status, _ := b.tunnel(c.inv.ID, id, origin, body); status != want {
			t.Errorf("%s: %d, want %d", what, status, want)
		}
	}
	refused("opening it without being let in", 403, c.rig.browser(), "", controlURL, nil)
	refused("opening it from elsewhere", 403, other, "", "https://evil.example", nil)
	refused("opening it from nowhere", 403, other, "", "", nil)
	status, opened := other.tunnel(c.inv.ID, "", controlURL, nil)
	if status != 200 {
		t.Fatalf("opening it: %d", status)
	}
	id := string(opened)
	page := &end{browser: other, session: c.inv.ID, id: id}
	refused("using what another opened", 404, c.browser, id, controlURL, nil)
	refused("using what nobody opened", 404, other, "nothing", controlURL, nil)

	hello := framed(websocket.TextMessage, `{"hello":{"stream":"","received":0}}`)
	refused("bringing a frame that is cut", 400, other, id, controlURL, hello[:len(hello)-1])
	refused("bringing a frame of another kind", 400, other, id, controlURL, framed(websocket.CloseMessage, ""))
	refused("bringing hello", 200, other, id, controlURL, hello)
	page.expect(`"welcome"`)
	page.expect(`"type":"doc"`)
	refused("bringing two messages", 200, other, id, controlURL, append(
		framed(websocket.TextMessage, `[1,0,{"type":"chat","text":"by tunnel"}]`), framed(websocket.TextMessage, `[2,0,`+examples["mark"]+`]`)...))
	if got := c.vis.expectAny("chat"); !strings.Contains(got, "by tunnel") {
		t.Errorf("the visitor is told %s", got)
	}
	c.vis.expectAny("mark")
	page.expect("by tunnel")
	if err := c.session(c.inv).End(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	kind, data := page.frame()
	for kind != websocket.CloseMessage {
		kind, data = page.frame()
	}
	if got := binary.BigEndian.Uint16(data); got != 4403 {
		t.Errorf("closed with %d", got)
	}
}
