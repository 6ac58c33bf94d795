package mirror

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestSplice(t *testing.T) {
	t.Parallel()
	const high, low = "\xed\xa0\xbd", "\xed\xb8\x80" // of 😀
	for _, tt := range []struct {
		s         string
		from, del int
		ins, want string
		ok        bool
	}{
		{"abc", 0, 0, "", "abc", true},
		{"abc", 1, 1, "XY", "aXYc", true},
		{"abc", 3, 0, "d", "abcd", true},
		{"abc", 0, 3, "", "", true},
		{"abc", 4, 0, "", "", false},
		{"abc", 2, 2, "", "", false},
		{"", 0, 0, "x", "x", true},
		{"äöü", 1, 1, "o", "äoü", true},
		{"a😀b", 1, 2, "", "ab", true},
		{"a😀b", 3, 1, "c", "a😀c", true},
		{"a😀b", 2, 0, "-", "a" + high + "-" + low + "b", true},
		{"a" + high + "-" + low + "b", 2, 1, "", "a😀b", true},
		{high, 1, 0, low, "😀", true},
		{low, 0, 0, high, "😀", true},
		{low + high, 1, 0, "", low + high, true},
		{"😀", 1, 1, low, "😀", true},
		{"😀", 0, 3, "", "", false},
	} {
		got, ok := splice(tt.s, tt.from, tt.del, tt.ins)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("splice(%q, %d, %d, %q) = %q, %v, want %q, %v", tt.s, tt.from, tt.del, tt.ins, got, ok, tt.want, tt.ok)
		}
	}
}

// FuzzSplice compares with splicing UTF-16.
func FuzzSplice(f *testing.F) {
	f.Add("größer 😀!", 3, 2, "x😀")
	f.Fuzz(func(t *testing.T, s string, from, del int, ins string) {
		s, ins = strings.ToValidUTF8(s, "?"), strings.ToValidUTF8(ins, "?")
		if from < 0 || del < 0 {
			t.Skip()
		}
		units := utf16.Encode([]rune(s))
		got, ok := splice(s, from, del, ins)
		if want := from <= len(units) && del <= len(units)-from; ok != want {
			t.Fatalf("splice(%q, %d, %d) = %v, want %v", s, from, del, ok, want)
		}
		if !ok {
			return
		}
		spliced := append(append(append([]uint16(nil), units[:from]...), utf16.Encode([]rune(ins))...), units[from+del:]...)
		want := string(utf16.Decode(spliced))
		if decoded := decodedString(t, appendString(nil, got)); decoded != want {
			t.Errorf("splice(%q, %d, %d, %q) = %q, want %q", s, from, del, ins, decoded, want)
		}
	})
}

// decodedString reads JSON the way encoding/json does, with U+FFFD for lone
// surrogates.
func decodedString(tb testing.TB, b []byte) string {
	tb.Helper()
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		tb.Fatalf("%s: %v", b, err)
	}
	return s
}

// FuzzStrings compares reading and writing of strings with encoding/json.
func FuzzStrings(f *testing.F) {
	for _, s := range []string{`""`, `"a\"\\\/\b\f\n\r\t"`, `"\u00e4\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d\u0041"`, "\"\x00\"", `"\u12"`, `"\x"`, `"ä😀"`, `"`, `"\`, `"\ud83d\u`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !bytes.HasPrefix(b, []byte{'"'}) || string(b) != strings.ToValidUTF8(string(b), "") {
			t.Skip()
		}
		sc := scanner{s: string(b)}
		got := sc.str()
		if ok, want := sc.err == nil && sc.i == len(b), json.Valid(b) && b[len(b)-1] == '"'; ok != want {
			t.Fatalf("%q: read %v, want %v", b, ok, want)
		}
		if sc.err != nil || sc.i != len(b) {
			return
		}
		if got, want := decodedString(t, appendString(nil, got)), decodedString(t, b); got != want {
			t.Errorf("%s: got %q, want %q", b, got, want)
		}
		again := scanner{s: string(appendString(nil, got))}
		if twice := again.str(); twice != got {
			t.Errorf("%s: %q written and read is %q", b, got, twice)
		}
	})
}
