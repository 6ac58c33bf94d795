package proxy

import (
	"net/http"
	"strings"
	"testing"
)

func TestDocumentIsRewrittenWithSyncScriptFirst(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Add("Set-Cookie", "seen=1; Path=/")
		w.Header().Add("Set-Cookie", "secret=2; HttpOnly")
		w.Write([]byte(`<!doctype html><title>x</title><img src="https://cdn.example/a.png"><a href="/cart">c</a>`))
	})
	w := newWorld(t, []string{origin})
	resp := w.open(w.site(origin) + "/")
	body := readAll(t, resp)
	if resp.StatusCode != http.StatusOK || !strings.Contains(body, "/.tandem/sync.js?v=") {
		t.Fatalf("got %s %s", resp.Status, body)
	}
	if i, j := strings.Index(body, "sync.js"), strings.Index(body, "<title>"); i > j {
		t.Errorf("sync script comes after the page's head: %s", body)
	}
	if want := "http://cdn-example--" + w.id + "." + w.content.Host + "/a.png"; !strings.Contains(body, want) {
		t.Errorf("got %s, want %s in it", body, want)
	}
	if !strings.Contains(body, "seen=1") || strings.Contains(body, "secret") {
		t.Errorf("script-visible cookies wrong in %s", body)
	}
	if got := resp.Header.Get("Tandem-Cookie"); got != "seen%3D1" {
		t.Errorf("got Tandem-Cookie %q", got)
	}
	if len(resp.Header["Set-Cookie"]) != 0 {
		t.Errorf("site's Set-Cookie reached the browser: %v", resp.Header["Set-Cookie"])
	}
}
