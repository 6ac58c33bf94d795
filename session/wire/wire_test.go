package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
)

var update = flag.Bool("update", false, "write the golden file")

const golden = "testdata/frames.json"

// example is a frame and what it is packed into, after those before it.
type example struct {
	Seq    uint64 `json:"seq"`
	Ack    uint64 `json:"ack"`
	Text   string `json:"text,omitempty"`
	Packed string `json:"packed"`
}

func deflate(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(text)
	err = errors.Join(err, w.Close()) // writes the rest
	return b.Bytes(), err
}

func inflate(data []byte, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), limit+1))
	if int64(len(text)) > limit {
		err = ErrTooLarge
	}
	return text, err
}

// session is a leader at work.
func session() (frames []Frame) {
	seq, ack := uint64(0), uint64(0)
	say := func(format string, args ...any) {
		seq++
		ack += seq % 2
		frames = append(frames, Frame{Seq: seq, Ack: ack, Text: fmt.Appendf(nil, format, args...)})
	}
	point := func(from string, doc, node int, fx, fy float64, x, y int) {
		frames = append(frames, Frame{Ack: ack, Text: fmt.Appendf(nil,
			`{"type":"pointer","from":%q,"doc":%d,"node":%d,"fx":%v,"fy":%v,"x":%d,"y":%d}`, from, doc, node, fx, fy, x, y)})
	}
	for i := range 4 {
		say(`{"type":"ops","doc":3,"ops":[[4,57,"class","card%s"]]}`, strings.Repeat(" open", i%2))
	}
	for i, name := range []string{"Espresso", "Cortado", "Flat white"} {
		say(`{"type":"ops","doc":3,"ops":[[2,12,0,%d,["div",["class","card"],["h3",0,%q],["p",0,"From %d.50 €"],["button",["class","buy","data-id","%d"],"Add to cart"]]]]}`,
			1200+8*i, name, 3+i, 400+i)
	}
	point("visitor", 3, 57, 0.25, 0.5, 0, 0)
	point("visitor", 3, 57, 0.28, 0.51, 0, 0)
	point("visitor", 3, 1204, 0, 1, 0, 0)
	point("visitor", 3, 0, 0, 0, -40, 900)
	point("ägent", 4, 0, 0, 0, 1, 2)
	frames = append(frames, Frame{Ack: ack + 300})
	ack += 300
	say(`{"type":"notice","text":"%s"}`, strings.Repeat("long ", 30))
	seq += 5
	say(`{"type":"gone","doc":3}`)
	say(`{}`)
	return frames
}

// TestFramesGolden keeps what a session is packed into, for the browser's side
// to compare.
func TestFramesGolden(t *testing.T) {
	p, u := NewPacker(0, 0), NewUnpacker(0, 0)
	var all []example
	for i, f := range session() {
		packed, err := p.Pack(f, deflate)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, example{f.Seq, f.Ack, string(f.Text), hex.EncodeToString(packed)})
		got, err := u.Unpack(packed, 1<<20, inflate)
		if err != nil || got.Seq != f.Seq || got.Ack != f.Ack || !alike(got.Text, f.Text) {
			t.Errorf("frame %d, %d %d %s, is unpacked to %d %d %s, %v", i, f.Seq, f.Ack, f.Text, got.Seq, got.Ack, got.Text, err)
		}
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != string(text)+"\n" {
		t.Errorf("frames are packed otherwise than %s says (%v); -update writes it", golden, err)
	}
}

// alike compares texts as JSON; fractions may differ as the format allows.
func alike(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y map[string]any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	for _, name := range []string{"fx", "fy"} {
		fx, _ := x[name].(float64)
		fy, _ := y[name].(float64)
		if diff := fx - fy; diff > 0.0002 || diff < -0.0002 {
			return false
		}
		delete(x, name)
		delete(y, name)
	}
	return reflect.DeepEqual(x, y)
}

// Bytes before the payload of a WebSocket frame of up to 125 bytes (RFC 6455,
// section 5.2); what a browser sends is masked.
const (
	fromBrowser = 6
	fromServer  = 2
)

// TestSizes asserts how many bytes common changes take on the wire.
func TestSizes(t *testing.T) {
	p := NewPacker(0, 0)
	sizes := map[string]int{}
	for i, f := range session() {
		packed, err := p.Pack(f, deflate)
		if err != nil {
			t.Fatal(err)
		}
		switch i { // the first of a kind has nothing to refer to
		case 3:
			sizes["class toggle"] = len(packed)
		case 6:
			sizes["card insert"] = len(packed)
		case 8:
			sizes["pointer in its node"] = len(packed)
		case 9:
			sizes["pointer to another node"] = len(packed)
		}
	}
	for what, most := range map[string]int{"class toggle": 15, "card insert": 90, "pointer in its node": 12, "pointer to another node": 12} {
		t.Logf("%s: %d bytes from a browser, %d to one", what, fromBrowser+sizes[what], fromServer+sizes[what])
		if got := fromBrowser + sizes[what]; got > most || sizes[what] == 0 {
			t.Errorf("a %s takes %d bytes, want at most %d", what, got, most)
		}
	}
}

// TestLongSessions packs texts of all lengths, alike and not, for longer than
// the window is.
func TestLongSessions(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 3))
		p, u := NewPacker(7, 0), NewUnpacker(7, 0)
		words := []string{`["div",`, `"class"`, "näh", `]]`, "0", `1`, "abcabcabc", "\x00", `,["p",0,"`}
		for i := range 600 {
			var text []byte
			for range rng.IntN(1 << rng.IntN(10)) {
				text = append(text, words[rng.IntN(len(words))]...)
			}
			f := Frame{Seq: uint64(8 + i), Text: append(text, byte(rng.IntN(256)))}
			packed, err := p.Pack(f, deflate)
			if err != nil {
				t.Fatal(err)
			}
			got, err := u.Unpack(packed, 1<<20, inflate)
			if err != nil || got.Seq != f.Seq || !bytes.Equal(got.Text, f.Text) {
				t.Fatalf("seed %d: frame %d of %d bytes does not come back: %v", seed, i, len(f.Text), err)
			}
			if len(f.Text) < DeflateFrom && len(packed) > len(f.Text)+8 {
				t.Errorf("seed %d: %d bytes are packed into %d", seed, len(f.Text), len(packed))
			}
		}
		if c := cap(p.window.buf); c > 3*reach {
			t.Errorf("the window takes %d bytes", c)
		}
	}
}

func TestWrongFrames(t *testing.T) {
	for name, test := range map[string]struct {
		packed string
		want   error
	}{
		"nothing":               {"", ErrFormat},
		"a number twice":        {"\x14\x05", ErrFormat},
		"no acknowledgement":    {"\x08", ErrFormat},
		"literals missing":      {"\x00\x60ab", ErrFormat},
		"nothing to refer to":   {"\x00\x01\x05", ErrFormat},
		"no last distance":      {"\x00\x21a\x00", ErrFormat},
		"too far":               {"\x00\x21a\x02", ErrFormat},
		"more than may be":      {"\x00\x3fa\xff\xff\x7f\x01", ErrTooLarge},
		"many matches":          {"\x00\x21a\x01" + strings.Repeat("\x1f\xa0\x06\x00", 20), ErrTooLarge},
		"text without coding":   {"\x03abc", ErrFormat},
		"half a pointer":        {"\x02\x01\x00\x05\x00", ErrFormat},
		"more than a pointer":   {"\x02\x01\x00\x05\x00\x00\x00\x00", ErrFormat},
		"a pointer's long name": {"\x02\x01\x41" + strings.Repeat("x", 65) + "\x05\x00\x00\x00", ErrFormat},
		"a number too large":    {"\x10\xff\xff\xff\xff\xff\xff\xff\xff\x7f", ErrFormat},
		"what does not inflate": {"\x05\xff\xff\xff", io.ErrUnexpectedEOF},
	} {
		_, err := NewUnpacker(0, 0).Unpack([]byte(test.packed), 4096, inflate)
		if test.want == io.ErrUnexpectedEOF {
			if err == nil {
				t.Errorf("%s is unpacked", name)
			}
		} else if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// FuzzUnpack has a peer send anything twice: nothing panics or grows, and what
// is unpacked can be packed.
func FuzzUnpack(f *testing.F) {
	p := NewPacker(0, 0)
	for _, frame := range session() {
		packed, _ := p.Pack(frame, deflate)
		f.Add(packed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		u, p, again := NewUnpacker(0, 0), NewPacker(0, 0), NewUnpacker(0, 0)
		for range 2 {
			frame, err := u.Unpack(data, 1<<16, inflate)
			if err != nil {
				return
			}
			if len(frame.Text) > 1<<16 || cap(u.window.buf) > 1<<17 {
				t.Fatal("grows")
			}
			packed, err := p.Pack(frame, deflate)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := again.Unpack(packed, 1<<16, inflate); err != nil || !alike(got.Text, frame.Text) {
				t.Fatalf("%q becomes %q: %v", frame.Text, got.Text, err)
			}
		}
	})
}

func BenchmarkPack(b *testing.B) {
	frames := session()[:7]
	p := NewPacker(0, 0)
	for b.Loop() {
		for _, f := range frames {
			if _, err := p.Pack(f, deflate); err != nil {
				b.Fatal(err)
			}
		}
	}
}
