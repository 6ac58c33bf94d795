//go:build linux

package rewrite

import (
	"bytes"
	"io"
	"math"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/tdewolff/parse/v2"
	tdcss "github.com/tdewolff/parse/v2/css"
	"golang.org/x/net/html"
)

// cpu is the processor time of this thread so far: other processes and the
// collector do not count.
func cpu() time.Duration {
	const threadClock = 3 // CLOCK_THREAD_CPUTIME_ID
	var t syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, threadClock, uintptr(unsafe.Pointer(&t)), 0)
	return time.Duration(t.Nano())
}

// versus runs both in turns and reports how many times faster ours is. It is that
// ratio that means something: the machine's mood is in both.
func versus(b *testing.B, size int, ours, theirs func()) {
	b.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var a, z time.Duration
	for b.Loop() {
		start := cpu()
		ours()
		middle := cpu()
		theirs()
		a, z = a+middle-start, z+cpu()-middle
	}
	b.ReportMetric(float64(z)/float64(a), "times-faster")
	b.ReportMetric(float64(size)*float64(b.N)/1e6/a.Seconds(), "our-MB/s")
}

// golden returns the input of a golden file, n times over.
func golden(b *testing.B, name string, n int) []byte {
	b.Helper()
	a, err := txtar.ParseFile("testdata/" + name)
	if err != nil {
		b.Fatal(err)
	}
	return bytes.Repeat(a.Files[0].Data, n)
}

// BenchmarkHTML is against the usual tokenizer mapping the same attributes, and
// neither scripts nor styles.
func BenchmarkHTML(b *testing.B) {
	row := []byte(`<li class="item card" id=i17 data-price="12"><a class="name" href="/product/17?ref=list" title="A cup">Cup</a> <p>Good for tea, and for nothing else.</p>
<img class="pic lazy" loading=lazy src="https://img.example/17.jpg" srcset="https://img.example/17@2.jpg 2x" alt="" width=80 height=80></li>` + "\n")
	src := append([]byte("<!doctype html><html><head><title>x</title></head><body>"), bytes.Repeat(row, 1000)...)
	m := testMapper()
	page := &Page{Mapper: m, Head: []byte(head)}
	versus(b, len(src),
		func() { HTML(io.Discard, bytes.NewReader(src), page) },
		func() { tokenizerHTML(io.Discard, bytes.NewReader(src), m) })
}

func tokenizerHTML(w io.Writer, r io.Reader, m *Mapper) {
	z := html.NewTokenizer(r)
	var out []byte
	for {
		tt := z.Next()
		if tt == html.ErrorToken {
			break
		}
		raw := append([]byte(nil), z.Raw()...)
		if tt != html.StartTagToken && tt != html.SelfClosingTagToken {
			out = append(out, raw...)
			continue
		}
		name, more := z.TagName()
		changed := false
		tag := append([]byte("<"), name...)
		for more {
			var key, value []byte
			key, value, more = z.TagAttr()
			switch attrKind(name, key) {
			case AttrURL:
				value, changed = m.AppendMap(nil, value), true
			case AttrSrcset:
				value, changed = []byte(string(value)), true
				value, _ = appendSrcset(nil, value, m.appendMap)
			}
			tag = append(append(append(tag, ' '), key...), `="`...)
			tag = append(append(tag, html.EscapeString(string(value))...), '"')
		}
		if changed {
			out = append(append(out, tag...), '>')
		} else {
			out = append(out, raw...)
		}
	}
	w.Write(out)
}

func BenchmarkCSS(b *testing.B) {
	src := bytes.Repeat([]byte(`.card:hover > .title, .card a[href^="https:"] { margin: 0 auto; color: rgba(0, 0, 0, .5); font: 12px/1.5 "A B", serif }
.icon { background: #fff url(../img/icon.svg) no-repeat; width: calc(100% - 2px) } /* an icon */
`), 1000)
	src = append(src, "a{b:url(https://cdn.example/x)}"...)
	m := testMapper()
	var dst []byte
	versus(b, len(src),
		func() { dst = CSS(dst[:0], src, m.AppendMap) },
		func() {
			for lexer := tdcss.NewLexer(parse.NewInputBytes(src[:len(src):len(src)])); ; {
				if tt, _ := lexer.Next(); tt == tdcss.ErrorToken {
					return
				}
			}
		})
}

// BenchmarkJS is against a lexer that only has to tell division from regular
// expressions; over the corpus if there is one.
func BenchmarkJS(b *testing.B) {
	files := corpus(b)
	if len(files) == 0 {
		files = []source{{"script.txtar", golden(b, "script.txtar", 100)}}
	}
	size := 0
	for _, f := range files {
		size += len(f.text)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	ours, theirs := make([]time.Duration, len(files)), make([]time.Duration, len(files))
	var total time.Duration
	var allocs uint64
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for b.Loop() {
		for i, f := range files {
			n := max(1, 100_000/len(f.text)) // the first time fetches code and text into caches
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := cpu()
			for range n {
				JS(f.text, Script{})
			}
			spent := (cpu() - start) / time.Duration(n)
			runtime.ReadMemStats(&after)
			allocs += (after.Mallocs - before.Mallocs) / uint64(n)
			start = cpu()
			for range n {
				driveLexer(f.text, nil)
			}
			theirs[i] += (cpu() - start) / time.Duration(n)
			ours[i] += spent
			total += spent
		}
	}
	logs := 0.0
	for i := range files {
		logs += math.Log(float64(theirs[i]) / float64(ours[i]))
	}
	b.ReportMetric(math.Exp(logs/float64(len(files))), "x-lexer")
	b.ReportMetric(float64(size)*float64(b.N)/1e6/total.Seconds(), "our-MB/s")
	b.ReportMetric(float64(allocs)/float64(b.N*len(files)), "our-allocs/file")
}

func BenchmarkJSPrefilter(b *testing.B) {
	src := bytes.Repeat([]byte("function stop(a){return a.desktop+allocation(a)}\n"), 5000)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		JS(src, Script{})
	}
}
