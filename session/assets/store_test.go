package assets

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

func put(tb testing.TB, s *Store, url string, size int) {
	tb.Helper()
	if !s.Put(url, "image/png", bytes.Repeat([]byte{'x'}, size), nil, now) {
		tb.Fatalf("%s was not stored", url)
	}
}

func TestGetNeedsBoth(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	put(t, s, "https://e.org/a.png#top", 10)
	s.Refer("https://e.org/b.png")
	for _, url := range []string{"https://e.org/a.png", "https://e.org/b.png", "https://e.org/c.png"} {
		if _, ok := s.Get(url); ok {
			t.Errorf("%s was given out", url)
		}
	}
	if a, ok := s.Peek("https://e.org/a.png"); !ok || len(a.Body) != 10 {
		t.Error("the proxy can't see its own asset")
	}
	s.Refer("https://e.org/a.png#other")
	a, ok := s.Get("https://e.org/a.png")
	if !ok || a.URL != "https://e.org/a.png" || a.ContentType != "image/png" || !a.Stored.Equal(now) || len(a.ETag) != 18 {
		t.Errorf("got %+v, %v", a, ok)
	}
	put(t, s, "https://e.org/b.png", 10)
	if b, ok := s.Get("https://e.org/b.png"); !ok || b.ETag != a.ETag {
		t.Error("the same bytes should have the same validator")
	}
	put(t, s, "https://e.org/a.png", 11)
	if b, _ := s.Get("https://e.org/a.png"); len(b.Body) != 11 || b.ETag == a.ETag {
		t.Error("a newer response should replace the older")
	}
	s.Clear()
	put(t, s, "https://e.org/a.png", 10)
	if _, ok := s.Get("https://e.org/a.png"); ok || s.size != s.used.Front().Value.(*entry).size {
		t.Error("Clear left something")
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	for contentType, want := range map[string]bool{
		"image/png": true, "IMAGE/svg+xml; charset=utf-8": true, "text/css;charset=x": true, "font/woff2": true,
		"application/font-woff": true, "application/x-font-ttf": true, "video/mp4": true, "audio/ogg": true, "application/ogg": true,
		"application/vnd.ms-fontobject": true,
		"text/html":                     false, "application/json": false, "text/javascript": false, "application/pdf": false, "text/plain": false,
		"application/octet-stream": false, "": false, "image": false, "application/xhtml+xml": false, "text/css/x": false,
	} {
		if got := s.Put("https://e.org/", contentType, nil, nil, now); got != want {
			t.Errorf("%q: stored = %v, want %v", contentType, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := New(100_000)
	if s.Put("https://e.org/", "image/png", make([]byte, 25_000), nil, now) {
		t.Error("stored more than a quarter of the store")
	}
	if s.Put("https://e.org/?"+strings.Repeat("x", maxURL), "image/png", nil, nil, now) {
		t.Error("stored an endless URL")
	}
	if s.Put("https://e.org/", "image/png", nil, http.Header{"X": {strings.Repeat("x", 30_000)}}, now) {
		t.Error("stored an endless header")
	}
	s.Refer("https://e.org/0")
	for i := range 50 {
		put(t, s, fmt.Sprintf("https://e.org/%d", i), 10_000)
		if _, ok := s.Get("https://e.org/0"); !ok {
			t.Fatalf("the asset in use went after %d others", i)
		}
		if s.size > s.limit {
			t.Fatalf("%d bytes kept, the limit is %d", s.size, s.limit)
		}
	}
	if _, ok := s.Peek("https://e.org/1"); ok {
		t.Error("the asset not in use stayed")
	}
	if _, ok := s.Peek("https://e.org/49"); !ok {
		t.Error("the newest asset went")
	}
	var sum int64
	for el := s.used.Front(); el != nil; el = el.Next() {
		sum += el.Value.(*entry).size
	}
	if sum != s.size || s.used.Len() != len(s.entries) {
		t.Errorf("%d bytes in %d entries, counted %d in %d", sum, s.used.Len(), s.size, len(s.entries))
	}
}

func TestReferencesAreBounded(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	put(t, s, "https://e.org/used", 1)
	put(t, s, "https://e.org/unused", 1)
	s.Refer("https://e.org/used")
	s.Refer("https://e.org/unused")
	for i := range 3 * maxReferred {
		s.Refer(fmt.Sprintf("https://e.org/%d", i))
		if i%1000 == 0 {
			s.Get("https://e.org/used")
		}
		if n := len(s.referred.young) + len(s.referred.old); n > maxReferred {
			t.Fatalf("%d references kept", n)
		}
	}
	if _, ok := s.Get("https://e.org/used"); !ok {
		t.Error("the reference in use went")
	}
	if _, ok := s.Get("https://e.org/unused"); ok {
		t.Error("the oldest reference stayed")
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	put(t, s, "https://cdn.e.org/z", 3)
	s.Redirect("https://e.org/a", "https://e.org/b#x")
	s.Redirect("https://e.org/b", "https://cdn.e.org/z")
	s.Redirect("https://e.org/loop", "https://e.org/pool")
	s.Redirect("https://e.org/pool", "https://e.org/loop")
	s.Redirect("https://e.org/self", "https://e.org/self")
	if _, ok := s.Get("https://e.org/a"); ok {
		t.Error("given out without a reference")
	}
	for _, url := range []string{"https://e.org/a", "https://e.org/loop", "https://e.org/self"} {
		s.Refer(url)
	}
	if a, ok := s.Get("https://e.org/a"); !ok || a.URL != "https://cdn.e.org/z" {
		t.Errorf("got %v, %v", a.URL, ok)
	}
	if _, ok := s.Get("https://cdn.e.org/z"); ok {
		t.Error("the reference to the redirect let its target be asked for")
	}
	if _, ok := s.Get("https://e.org/loop"); ok {
		t.Error("a loop led somewhere")
	}
	if _, ok := s.Peek("https://e.org/a"); ok {
		t.Error("Peek followed a redirect")
	}
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	if !s.PutBlob("id1", "image/webp", []byte("x"), now) || s.PutBlob("id2", "text/html", []byte("x"), now) {
		t.Error("only the picture should have been stored")
	}
	if a, ok := s.Blob("id1"); !ok || a.URL != "id1" {
		t.Errorf("got %+v, %v", a, ok)
	}
	if _, ok := s.Blob("id2"); ok {
		t.Error("a blob from nowhere")
	}
	s.Refer("blob:id1")
	put(t, s, "https://e.org/blob:id1", 1)
	if _, ok := s.Blob("https://e.org/blob:id1"); ok {
		t.Error("an asset came as a blob")
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"https://e.org/a", "https://e.org/a#b", "https://e.org/%61"},
		{"https://e.org/a|b^c'd", "https://e.org/a%7Cb%5Ec%27d", "https://e.org/a%7cb%5ec%27d"},
		{"https://e.org/ü x", "https://e.org/%C3%BC%20x", "https://e.org/%c3%bc%20x"},
		{"https://e.org/f(1)!*.png?u=[2]", "https://e.org/f%281%29%21%2A.png?u=%5B2%5D"},
		{"https://e.org/%zz", "https://e.org/%zz"},
		{"https://[::1]:8080/a", "https://[::1]:8080/%61"},
	} {
		for _, url := range same[1:] {
			if got, want := key(url), key(same[0]); got != want {
				t.Errorf("key(%q) = %q, but key(%q) = %q", url, got, same[0], want)
			}
		}
	}
	for _, differ := range [][2]string{
		{"https://e.org/a%2Fb", "https://e.org/a/b"},
		{"https://e.org/?a%2Bb", "https://e.org/?a+b"},
		{"https://e.org/?a=b%26c", "https://e.org/?a=b&c"},
		{"https://e.org/a%3Fb", "https://e.org/a?b"},
		{"https://e.org/a", "http://e.org/a"},
		{"https://e.org/a", "https://e.org/A"},
		{"https://e.org/%2541", "https://e.org/%41"},
		{"https://e.org/a?", "https://e.org/a"},
	} {
		if key(differ[0]) == key(differ[1]) {
			t.Errorf("%q and %q have the same key", differ[0], differ[1])
		}
	}
}

// FuzzKey checks that net/url's way of writing a URL never changes its key and
// that a key is its own key.
func FuzzKey(f *testing.F) {
	f.Add("/a|b/%7e/%2f", "x=1&y='2'")
	f.Fuzz(func(t *testing.T, path, query string) {
		raw := "https://e.org/" + path + "?" + query
		if got := key(key(raw)); got != key(raw) {
			t.Errorf("key of key(%q) is %q, not %q", raw, got, key(raw))
		}
		u, err := url.Parse(raw)
		if err != nil || strings.Contains(path, "%") { // where net/url has to rewrite a path it may lose escapes
			return
		}
		if got := key(u.String()); got != key(raw) {
			t.Errorf("%q: key %q, as net/url writes it %q", raw, key(raw), got)
		}
	})
}

func TestExpires(t *testing.T) {
	t.Parallel()
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, tt := range []struct {
		header http.Header
		want   time.Duration // 0: not fresh
	}{
		{nil, 0},
		{http.Header{"Cache-Control": {"max-age=60"}}, time.Minute},
		{http.Header{"Cache-Control": {"public, Max-Age=\"60\", immutable"}}, time.Minute},
		{http.Header{"Cache-Control": {"public", "max-age=60, max-age=90"}}, time.Minute},
		{http.Header{"Cache-Control": {"s-maxage=60"}}, 0},
		{http.Header{"Cache-Control": {"max-age=60, no-cache"}}, 0},
		{http.Header{"Cache-Control": {"max-age=60, No-Store"}}, 0},
		{http.Header{"Cache-Control": {"max-age=0"}, "Expires": {date(time.Hour)}}, 0},
		{http.Header{"Cache-Control": {"max-age=-1"}}, 0},
		{http.Header{"Cache-Control": {"max-age=soon"}}, 0},
		{http.Header{"Cache-Control": {"max-age=99999999999"}}, 0},
		{http.Header{"Cache-Control": {"max-age=2000000000"}}, maxFresh},
		{http.Header{"Cache-Control": {"max-age=60"}, "Age": {"20"}}, 40 * time.Second},
		{http.Header{"Cache-Control": {"max-age=60"}, "Age": {"60"}}, 0},
		{http.Header{"Cache-Control": {"max-age=60"}, "Date": {date(-15 * time.Second)}}, 45 * time.Second},
		{http.Header{"Cache-Control": {"max-age=60"}, "Date": {date(time.Hour)}}, time.Minute},
		{http.Header{"Cache-Control": {"max-age=60"}, "Vary": {"*"}}, 0},
		{http.Header{"Cache-Control": {"max-age=60"}, "Vary": {"Accept"}}, time.Minute},
		{http.Header{"Expires": {date(time.Hour)}}, time.Hour},
		{http.Header{"Expires": {date(time.Hour)}, "Date": {date(30 * time.Minute)}}, 30 * time.Minute},
		{http.Header{"Expires": {date(-time.Hour)}}, 0},
		{http.Header{"Expires": {"0"}}, 0},
	} {
		want := time.Time{}
		if tt.want > 0 {
			want = now.Add(tt.want)
		}
		if got := expires(tt.header, now); !got.Equal(want) {
			t.Errorf("%v: got %v, want %v", tt.header, got, want)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := New(1 << 16)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 2000 {
				url := fmt.Sprintf("https://e.org/%d", i%50)
				s.Put(url, "image/png", make([]byte, i), nil, now)
				s.Refer(url)
				s.Redirect(url+"r", url)
				s.Get(url)
				s.Peek(url)
				s.PutBlob(url, "image/png", nil, now)
				s.Blob(url)
				if i%500 == 0 {
					s.Clear()
				}
			}
		})
	}
	wg.Wait()
	if s.size < 0 || s.size > s.limit {
		t.Errorf("size %d", s.size)
	}
}
