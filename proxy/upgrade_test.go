package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func (w *world) dialSocket(site string, headers http.Header) (*websocket.Conn, *http.Response, error) {
	dialer := websocket.Dialer{Jar: w.client.Jar, NetDialContext: w.client.Transport.(*http.Transport).DialContext,
		Subprotocols: []string{"chat"}, HandshakeTimeout: 5 * time.Second}
	return dialer.Dial("ws"+strings.TrimPrefix(site, "http")+"/chat?room=1", headers)
}

func TestWebSocketIsSpliced(t *testing.T) {
	var got http.Header
	ended := make(chan struct{})
	upgrader := websocket.Upgrader{Subprotocols: []string{"chat"}, CheckOrigin: func(*http.Request) bool { return true }}
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/chat" {
			http.SetCookie(w, &http.Cookie{Name: "login", Value: "1"})
			return
		}
		got = r.Header.Clone()
		conn, err := upgrader.Upgrade(w, r, http.Header{"Set-Cookie": {"socket=2"}, "X-Secret": {"1"}})
		if err != nil {
			t.Error(err)
			return
		}
		defer close(ended)
		defer conn.Close()
		for {
			kind, message, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if string(message) == "bye" {
				return
			}
			conn.WriteMessage(kind, append([]byte("echo "), message...))
		}
	})
	w := newWorld(t, []string{origin})
	site := w.site(origin)
	w.open(site + "/")
	conn, resp, err := w.dialSocket(site, http.Header{"Origin": {site}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for name, want := range map[string]string{"Origin": origin, "Cookie": "login=1", "Sec-Websocket-Protocol": "chat"} {
		if v := got.Get(name); v != want {
			t.Errorf("site got %s %q, want %q", name, v, want)
		}
	}
	if resp.Header.Get("Set-Cookie") != "" || resp.Header.Get("X-Secret") != "" {
		t.Errorf("browser got %v", resp.Header)
	}
	if conn.Subprotocol() != "chat" {
		t.Errorf("subprotocol %q", conn.Subprotocol())
	}
	conn.WriteMessage(websocket.TextMessage, []byte("hello"))
	if _, message, err := conn.ReadMessage(); err != nil || string(message) != "echo hello" {
		t.Errorf("got %q, %v", message, err)
	}
	// goproxy would leave the browser's side open.
	conn.WriteMessage(websocket.TextMessage, []byte("bye"))
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, _, err := conn.ReadMessage(); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("the site left, the browser sees %v", err)
	}
	<-ended
	w.get(site+"/", "empty", site)
	if c := readAll(t, w.cookieAPI(site, "/")); !strings.Contains(c, "socket=2") {
		t.Errorf("cookie of the handshake is missing in %q", c)
	}
}

func TestWebSocketEndsWithBrowserAndSession(t *testing.T) {
	left := make(chan struct{}, 2)
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			conn.ReadMessage()
			conn.Close()
			left <- struct{}{}
		}
	})
	w := newWorld(t, []string{origin})
	gone := func(what string) {
		t.Helper()
		select {
		case <-left:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the site's side stays open", what)
		}
	}
	site := w.site(origin)
	conn, _, err := w.dialSocket(site, http.Header{"Origin": {site}})
	if err != nil {
		t.Fatal(err)
	}
	conn.NetConn().Close()
	gone("browser left")
	conn, _, err = w.dialSocket(site, http.Header{"Origin": {site}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := w.hub.End(t.Context(), w.id, "test"); err != nil {
		t.Fatal(err)
	}
	gone("session ended")
}

func TestWebSocketRefusals(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	w := newWorld(t, []string{origin})
	site := w.site(origin)
	for _, c := range []struct {
		name, url, origin string
		want              int
	}{
		{"site says no", site, site, http.StatusTeapot},
		{"not allowed", w.site("https://other.example"), site, http.StatusForbidden},
		{"inner address", w.site("http://127.0.0.1:9"), site, http.StatusForbidden},
		{"other session's page", site, w.content.Site("aaaaaaaaaaaa", w.proxyOrigin(origin)), http.StatusForbidden},
		{"control", site, w.control, http.StatusForbidden},
	} {
		_, resp, err := w.dialSocket(c.url, http.Header{"Origin": {c.origin}})
		if err == nil || resp == nil || resp.StatusCode != c.want {
			t.Errorf("%s: got %v %v, want %d", c.name, resp, err, c.want)
		}
		if resp != nil {
			io.Copy(io.Discard, resp.Body)
		}
	}
}
