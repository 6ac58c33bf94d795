package rewrite

import (
	"strings"
	"testing"
)

// at has @ in want stand for the content host of cdn.example, without its scheme.
func at(want string) string {
	return strings.ReplaceAll(want, "@", strings.TrimPrefix(cdn, "http:"))
}

func TestRefresh(t *testing.T) {
	m := testMapper()
	for _, tt := range [][2]string{
		{"0; url=https://cdn.example/", "0; url=http:@/"},
		{"5;URL = 'https://cdn.example/' junk", "5;URL = 'http:@/' junk"},
		{" 1.5 , \"//cdn.example/x", " 1.5 , \"@/x"},
		{"0 //cdn.example/", "0 @/"},
		{"0;//cdn.example/", "0;@/"},
		{"0; url //cdn.example/", ""},
		{".; url=//cdn.example/", ".; url=@/"},
		{"; url=//cdn.example/", ""},
		{"x; url=//cdn.example/", ""},
		{"5", ""}, {"", ""}, {"0;", ""}, {"0; url=", ""}, {"0; url=/x", ""},
	} {
		want := at(tt[1])
		if want == "" {
			want = tt[0]
		}
		if got := Refresh(m, tt[0]); got != want {
			t.Errorf("Refresh(%q) = %q, want %q", tt[0], got, want)
		}
	}
}

func TestLink(t *testing.T) {
	m := testMapper()
	for _, tt := range [][2]string{
		{"<https://cdn.example/a.css>; rel=preload; as=style", "<http:@/a.css>; rel=preload; as=style"},
		{"</a,b>;rel=\"next\", <//cdn.example/x> ; rel=prefetch", "</a,b>; rel=\"next\", <@/x>; rel=prefetch"},
		{"<https://cdn.example>; rel=preconnect, </x>; rel=\"Stylesheet\"", "</x>; rel=\"Stylesheet\""},
		{"<https://cdn.example>; rel=\"dns-prefetch preconnect\"", ""},
		{"</x>; rel=modulepreload; Integrity=\"sha-x\"; crossorigin", "</x>; rel=modulepreload; crossorigin"},
		{"</x>; title=\"a, b; \\\"c\\\"\"; rel=icon, </y>; rel=next", "</x>; title=\"a, b; \\\"c\\\"\"; rel=icon, </y>; rel=next"},
		{"</x>; rel=preload; imagesrcset=\"//cdn.example/a 1x, /b 2x\"", "</x>; rel=preload; imagesrcset=\"@/a 1x, /b 2x\""},
		{"nonsense", ""}, {">", ""}, {"", ""}, {"<x", ""}, {",,", ""},
	} {
		if got := Link(m, tt[0]); got != at(tt[1]) {
			t.Errorf("Link(%q) = %q, want %q", tt[0], got, at(tt[1]))
		}
	}
}

func TestLocation(t *testing.T) {
	m := testMapper()
	for in, want := range map[string]string{
		"https://cdn.example/x y\xe9": "http:@/x y\xe9", "/x": "/x", "//cdn.example": "@", "\\\\cdn.example\\x": "@\\x", "?q": "?q", "mailto:a": "mailto:a",
	} {
		if got := Location(m, in); got != at(want) {
			t.Errorf("Location(%q) = %q, want %q", in, got, at(want))
		}
	}
}

func TestCSP(t *testing.T) {
	got := CSP(Domain{"https", "pages.example"}, "/.tandem/report")
	for _, directive := range strings.Split(got, "; ") {
		for _, source := range strings.Fields(directive)[1:] {
			switch source {
			case "https://*.pages.example", "wss://*.pages.example", "data:", "blob:", "'unsafe-inline'", "'unsafe-eval'", "'wasm-unsafe-eval'", "/.tandem/report":
			default:
				t.Errorf("source %q lets something out", source)
			}
		}
	}
	for _, name := range []string{"default-src ", "form-action ", "base-uri ", "frame-ancestors ", "report-uri "} {
		if !strings.Contains(got, name) {
			t.Errorf("no %s", name)
		}
	}
}

func TestConnectionAllowlist(t *testing.T) {
	want := `("https://*.pages.example/*" "wss://*.pages.example/*");redirects=allow;webrtc=block`
	if got := ConnectionAllowlist(Domain{"https", "pages.example"}); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestManifest(t *testing.T) {
	m := testMapper()
	in := `{ "name":"https:\/\/cdn.example", "start_url": "https:\/\/cdn.example\/", "scope":"/",
	"icons":[{"src":"//cdn.example/i.png","sizes":"1x1"}], "id":"https://cdn.example/" }`
	want := at(`{ "name":"https:\/\/cdn.example", "start_url": "http:@/", "scope":"/",
	"icons":[{"src":"@/i.png","sizes":"1x1"}], "id":"https://cdn.example/" }`)
	if got := Manifest([]byte(in), m); string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, in := range []string{"", "{", `{"src":"https://cdn.example`, `{"src":"\x"}`} {
		if got := Manifest([]byte(in), m); string(got) != in {
			t.Errorf("Manifest(%q) = %q", in, got)
		}
	}
}

func TestPlaylist(t *testing.T) {
	m := testMapper()
	for _, tt := range [][2]string{
		{"#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"https://cdn.example/k\",IV=0x1\r\n#EXT-X-MEDIA:URI=\"a.m3u8\"\nhttps://cdn.example/1.ts\r\n2.ts\n",
			"#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"http:@/k\",IV=0x1\r\n#EXT-X-MEDIA:URI=\"a.m3u8\"\nhttp:@/1.ts\r\n2.ts\n"},
		{`<?xml version="1.0"?><MPD xmlns="https://cdn.example/ns"><BaseURL> https://cdn.example/?a&amp;b</BaseURL><SegmentTemplate media="https://cdn.example/$Number$" initialization='i'/></MPD>`,
			`<?xml version="1.0"?><MPD xmlns="https://cdn.example/ns"><BaseURL> http:@/?a&amp;b</BaseURL><SegmentTemplate media="http:@/$Number$" initialization='i'/></MPD>`},
		{"https://cdn.example/", "https://cdn.example/"},
	} {
		if got := Playlist([]byte(tt[0]), m); string(got) != at(tt[1]) {
			t.Errorf("got  %s\nwant %s", got, at(tt[1]))
		}
	}
}

func TestCharset(t *testing.T) {
	for _, tt := range []struct {
		header, start, name string
		splice              bool
	}{
		{"text/html; charset=iso-8859-1", "<meta charset=utf-8>", "windows-1252", true},
		{"text/html", "<meta charset=koi8-r>", "koi8-r", true},
		{"text/html; charset=utf-8", "\xFF\xFEa\x00", "utf-16le", false},
		{"", "<meta http-equiv=content-type content='text/html; charset=Shift_JIS'>", "shift_jis", false},
		{"text/html", "\u00e4\u00f6", "utf-8", true},
	} {
		if name, splice := Charset(tt.header, []byte(tt.start)); name != tt.name || splice != tt.splice {
			t.Errorf("Charset(%q, %q) = %q, %v, want %q, %v", tt.header, tt.start, name, splice, tt.name, tt.splice)
		}
	}
}

func FuzzSrcset(f *testing.F) {
	f.Add("//a.b/c,d 1x, e (f,g) 2x,,//h.i,")
	m := testMapper()
	f.Fuzz(func(t *testing.T, in string) {
		out, changed := appendSrcset(nil, []byte(in), m.appendMap)
		if !changed && string(out) != in {
			t.Fatalf("unchanged, but %q became %q", in, out)
		}
		if twice, _ := appendSrcset(nil, out, m.appendMap); string(twice) != string(out) {
			t.Fatalf("%q: once %q, twice %q", in, out, twice)
		}
	})
}

func FuzzRefresh(f *testing.F) {
	f.Add("0; url='//a.b' x")
	m := testMapper()
	f.Fuzz(func(t *testing.T, in string) {
		once := Refresh(m, in)
		if twice := Refresh(m, once); twice != once {
			t.Fatalf("%q: once %q, twice %q", in, once, twice)
		}
	})
}

func FuzzLink(f *testing.F) {
	f.Add(`<//a.b>; rel=preload, <c>; title="d, e"; rel="preconnect"`)
	m := testMapper()
	f.Fuzz(func(t *testing.T, in string) {
		once := Link(m, in)
		if twice := Link(m, once); twice != once {
			t.Fatalf("%q: once %q, twice %q", in, once, twice)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add(`{"imports":{"a":"//b.c"},"integrity":{}}`)
	m := testMapper()
	f.Fuzz(func(t *testing.T, in string) {
		once, _ := ImportMap([]byte(in), m, nil)
		if twice, _ := ImportMap(once, m, nil); string(twice) != string(once) {
			t.Fatalf("%q: once %q, twice %q", in, once, twice)
		}
		Manifest([]byte(in), m)
		Playlist([]byte(in), m)
	})
}
