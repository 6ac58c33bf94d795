package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tandem/session"
)

// TestWhatFollowersCannotLoad shows a film too large to be kept, by pictures;
// pictures that the leader's screen chose and not the follower's; and, while the
// next page is slow, a word that it is on its way.
func TestWhatFollowersCannotLoad(t *testing.T) {
	var film []byte
	come := make(chan struct{})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/film.webm":
			w.Header().Set("Content-Type", "video/webm")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(film))
		case "/film.html":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<!doctype html><link rel=stylesheet href=/set.css><p id=set></p><p id=inline style='background-image:image-set("/green.svg" 1x, "/deeper/green.svg" 2x)'>x</p><video muted autoplay loop width=160 src=/film.webm></video>`)
		case "/set.css":
			w.Header().Set("Content-Type", "text/css")
			io.WriteString(w, `#set { width: 30px; height: 20px; background-image: image-set("/red.svg" 1x, "/blue.svg" 2x) }`)
		case "/slow.html":
			select {
			case <-come:
			case <-r.Context().Done():
			}
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<!doctype html><title>at last</title><p>at last`)
		default:
			serveOperations(w, r)
		}
	}))
	t.Cleanup(site.Close)
	b := sharedBrowser(t)
	m := &meeting{t: t, server: startServer(t, t.TempDir())}
	m.allow(site.URL)
	m.invite(site.URL+"/", session.View)
	m.agent = b.open(t, "agent", m.invited.AgentURL, 1400, 1100)
	m.agent.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 1400, "height": 1100, "deviceScaleFactor": 2, "mobile": false}, nil)
	m.visitor = b.open(t, "visitor", m.invited.VisitorURL, 1280, 900)
	m.accept()
	film = padded(t, get[string](m.visitor, content, recordFilm), 9<<20)

	goTo := func(path string) {
		t.Helper()
		if err := m.visitor.eval(content, "void (location.href = "+quote(path)+")", nil); err != nil {
			t.Fatal(err)
		}
	}
	goTo("/film.html")
	m.agent.wait(mirror, `document.querySelector('video')?.poster.startsWith('data:image/jpeg')`)
	poster := get[string](m.agent, mirror, `document.querySelector('video').poster`)
	color := get[[]int](m.agent, top, fmt.Sprintf(`(async () => {
		const image = new Image(); image.src = %s; await image.decode();
		const context = document.createElement('canvas').getContext('2d'); context.drawImage(image, 0, 0);
		return [...context.getImageData(8, 8, 1, 1).data].slice(0, 3); })()`, quote(poster)))
	if color[1] < 200 || color[0] > 60 || color[2] > 60 {
		t.Errorf("of a green film the follower sees %v", color)
	}
	for id, want := range map[string]string{"set": "/red.svg", "inline": "/green.svg"} {
		m.agent.wait(mirror, fmt.Sprintf(`((image) => image.startsWith('url(') && image.endsWith(%s))(getComputedStyle(document.getElementById(%q)).backgroundImage)`, quote(want+`")`), id))
	}

	const status = `document.querySelector('[data-tandem=status]').textContent`
	goTo("/slow.html")
	m.agent.wait(top, status+` === 'Loading…'`)
	close(come)
	m.agent.wait(mirror, `document.title === 'at last'`)
	m.agent.wait(top, status+` === 'Live'`)
}

// recordFilm makes a short green film.
const recordFilm = `(async () => {
	const canvas = document.createElement('canvas'), context = canvas.getContext('2d');
	[canvas.width, canvas.height] = [160, 120];
	const recorder = new MediaRecorder(canvas.captureStream(20), {mimeType: 'video/webm;codecs=vp8'}), parts = [];
	recorder.ondataavailable = (event) => parts.push(event.data);
	recorder.start();
	for (let i = 0; i < 15; i++) {
		context.fillStyle = i % 2 ? '#00ff00' : '#00fe00';
		context.fillRect(0, 0, 160, 120);
		await new Promise((done) => setTimeout(done, 60));
	}
	await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
	const reader = new FileReader();
	await new Promise((done) => { reader.onload = done; reader.readAsDataURL(new Blob(parts)); });
	return reader.result.split(',')[1];
})()`

// padded makes a WebM file at least so large, by an element that means nothing.
func padded(t *testing.T, encoded string, size int) []byte {
	t.Helper()
	film, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(film) < 1000 {
		t.Fatalf("a film of %d bytes: %v", len(film), err)
	}
	film = append(film, 0xEC) // Void, whose size follows in 8 bytes
	film = binary.BigEndian.AppendUint64(film, 1<<56|uint64(size))
	return append(film, make([]byte, size)...)
}
