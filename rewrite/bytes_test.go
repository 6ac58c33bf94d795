package rewrite

import (
	"bytes"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestEverySplit cuts every golden document in two at every place.
func TestEverySplit(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		in := a.Files[0]
		if !strings.HasSuffix(in.Name, "html") {
			continue
		}
		p := Page{XHTML: in.Name == "in.xhtml"}
		want := rewritten(t, bytes.NewReader(in.Data), p)
		for i := range in.Data {
			if got := rewritten(t, io.MultiReader(bytes.NewReader(in.Data[:i]), bytes.NewReader(in.Data[i:])), p); got != want {
				t.Fatalf("%s cut at %d: %s", file, i, got)
			}
		}
	}
}

// TestOwnDocumentIsKept checks that a document which names no other origin gets our
// script and is otherwise the same to the byte, whatever its charset.
func TestOwnDocumentIsKept(t *testing.T) {
	before, after := "\ufeff<!DOCTYPE  html SYSTEM 'about:legacy-compat'><!-- https://cdn.example/ --><HTML  lang=de\r\n><hEad\t>", `
<meta charset = windows-1252><title>Tee & <b>T\xfcten\xa0\xff</title><base href=''><LINK rel=stylesheet href=/a.css?b&amp;c >
<style media = all>@import url( "b.css" ); a::before { content: "https://cdn.example/"; background: url(c.png) }</style>
<script type=module async>const t\xfcr = 'https://cdn.example/' + stop; /* top */ export default t\xfcr // location
</script><script>var a = "<!-- <script> <\/script> -->", location_ = {desktop: 1}</script>
<body onload = 'go( 1 )' style = "color:red;;"><a href = "../x?y=https://cdn.example/" title='"' TITLE=2 =odd / >x</a
><img src=a.png srcset = "a.png 1x,b,c.png 2x"><a href="mailto:a@b.example">&copy&nbsp;&#x41;\x00</a><p/>
<svg viewBox="0 0 1 1"><use href=#a /><![CDATA[ <a href=https://cdn.example/> ]]></svg><textarea>
<a href="https://cdn.example/"></textarea><plaintext></p><a href=//cdn.example`
	src := before + after
	if got, want := rewritten(t, strings.NewReader(src), Page{}), before+head+after; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestS45LongDocumentsTakeNoMoreMemory compares what is allocated for a document with
// that for one five times as long.
func TestS45LongDocumentsTakeNoMoreMemory(t *testing.T) {
	row := `<li class=item><a href="https://cdn.example/product/17?ref=list">A cup</a> for tea <script>a = b</script></li>` + "\n"
	allocated := func(size int) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		src := &repeated{row: row, left: size / len(row)}
		if err := HTML(io.Discard, src, &Page{Mapper: testMapper(), Head: []byte(head)}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	var short, long uint64
	for range 5 { // a collection may take a pooled buffer away
		allocated(1 << 20)
		if short, long = allocated(1<<20), allocated(5<<20); long <= short+64<<10 {
			return
		}
	}
	t.Errorf("1 MB takes %d bytes, 5 MB take %d", short, long)
}

// repeated reads a row so many times.
type repeated struct {
	row  string
	rest string
	left int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.left == 0 {
			return 0, io.EOF
		}
		r.left--
		r.rest = r.row
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func FuzzPlaylist(f *testing.F) {
	f.Add("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"https://cdn.example/k\"\nhttps://cdn.example/a.ts\n")
	f.Add("<MPD><BaseURL>https://cdn.example/</BaseURL><SegmentTemplate media=\"//cdn.example/$Number$.m4s\"/></MPD>")
	f.Fuzz(func(t *testing.T, in string) {
		m := testMapper()
		out := Playlist([]byte(in), m)
		if again := Playlist(bytes.Clone(out), m); !bytes.Equal(again, out) {
			t.Errorf("%q became %q, and then %q", in, out, again)
		}
	})
}

func FuzzCharset(f *testing.F) {
	f.Add("text/html; charset=utf-8", []byte("<meta charset=shift_jis>"))
	f.Add("", []byte("\xfe\xff<meta http-equiv=content-type content='text/html; charset=big5'>"))
	f.Fuzz(func(t *testing.T, contentType string, start []byte) {
		if name, _ := Charset(contentType, start); name == "" {
			t.Errorf("no name for %q and %q", contentType, start)
		}
	})
}

func FuzzLocation(f *testing.F) {
	f.Add("https://cdn.example/a?b#c")
	f.Fuzz(func(t *testing.T, in string) {
		m := testMapper()
		if out := Location(m, in); Location(m, out) != out {
			t.Errorf("%q became %q, and then %q", in, out, Location(m, out))
		}
	})
}

// TestS45HostileDocuments has documents whose shape is the attack: they are
// written as they came, but for what is ours, in memory that does not grow with
// them. What has no end is cut at a limit, and is then an error.
func TestS45HostileDocuments(t *testing.T) {
	const size = 2 << 20
	for _, c := range []struct{ name, before, row string }{
		{"elements in elements", "<body>", "<div>"},
		{"a comment without end", "<body><!--", "comment "},
		{"attributes without end", "<body><p ", "a=b "},
		{"an attribute without end, but with what ends others", `<body><p title="`, "value > "},
		{"an attribute without end", `<body><p title="`, "value "},
		{"a tag without end", "<body><", "name"},
		{"a script without end", "<body><script>", "a = b;\n"},
		{"a style without end", "<body><style>", "p { margin: 0 }\n"},
		{"a title without end", "<title>", "name "},
		{"character references", "<body>", "&amp&#0;&notit;"},
		{"ends without beginnings", "<body>", "</p></b>"},
		{"tables in tables", "<body>", "<table><tr><td>"},
		{"foreign content in foreign content", "<body>", "<svg><foreignObject><math>"},
		{"templates in templates", "<body>", "<template>"},
		{"NULs", "<body>", "\x00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			out := &counting{}
			src := io.MultiReader(strings.NewReader(c.before), &repeated{row: c.row, left: size / len(c.row)})
			err := HTML(out, src, &Page{Mapper: testMapper(), Head: []byte(head)})
			runtime.ReadMemStats(&after)
			if err == nil && out.n < size-len(c.row) {
				t.Errorf("only %d bytes came out, and no error", out.n)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 8*size {
				t.Errorf("%d MB were allocated for %d", used>>20, size>>20)
			}
			t.Logf("%d KB out, %d KB allocated, %v", out.n>>10, (after.TotalAlloc-before.TotalAlloc)>>10, err)
		})
	}
}

type counting struct{ n int }

func (c *counting) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }
