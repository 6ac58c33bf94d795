package rewrite

import (
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

// vectors is testdata/urls.json, which the TypeScript twin is tested with too.
type vectors struct {
	Domain struct {
		Scheme string `json:"scheme"`
		Host   string `json:"host"`
	} `json:"domain"`
	Session string `json:"session"`
	Origins []struct {
		Origin string `json:"origin"`
		Label  string `json:"label"`
	} `json:"origins"`
	Map   []vector `json:"map"`
	Unmap []vector `json:"unmap"`
}

type vector struct {
	Base string `json:"base"`
	In   string `json:"in"`
	Out  string `json:"out"`
}

func readVectors(t testing.TB) (v vectors, m *Mapper) {
	t.Helper()
	b, err := os.ReadFile("testdata/urls.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	tokens := map[string]Origin{}
	for _, o := range v.Origins {
		if p, err := ParseOrigin(o.Origin); err == nil {
			tokens[Token(p)] = p
		}
	}
	return v, &Mapper{
		Domain:  Domain{v.Domain.Scheme, v.Domain.Host},
		Session: v.Session,
		Aliased: func(token string) (Origin, bool) { o, ok := tokens[token]; return o, ok },
	}
}

func TestVectorOrigins(t *testing.T) {
	v, m := readVectors(t)
	for _, tt := range v.Origins {
		o, err := ParseOrigin(tt.Origin)
		if err != nil || o.String() != tt.Origin {
			t.Errorf("ParseOrigin(%q) = %v, %v", tt.Origin, o, err)
		}
		site := m.Domain.Site(v.Session, o)
		if want := v.Domain.Scheme + "://" + tt.Label + "." + v.Domain.Host; site != want {
			t.Errorf("Site(%q) = %q, want %q", tt.Origin, site, want)
		}
		h, ok := m.Domain.Parse(tt.Label + "." + v.Domain.Host)
		if !ok || h.Kind != Site || h.Session != v.Session {
			t.Fatalf("Parse(%q) = %+v, %v", tt.Label, h, ok)
		}
		if h.Token != "" {
			h.Origin, _ = m.Aliased(h.Token)
		}
		if h.Origin != o {
			t.Errorf("Parse(%q).Origin = %v, want %v", tt.Label, h.Origin, o)
		}
		if len(tt.Label) > maxLabel {
			t.Errorf("label %q has %d bytes", tt.Label, len(tt.Label))
		}
	}
}

func TestVectorMap(t *testing.T) {
	v, m := readVectors(t)
	for _, tt := range v.Map {
		m := *m
		m.Base, _ = ParseOrigin(tt.Base)
		got := m.Map(tt.In)
		if got != tt.Out {
			t.Errorf("Map(%q) = %q, want %q", tt.In, got, tt.Out)
		}
		if b := m.AppendMap([]byte("x"), []byte(tt.In)); string(b) != "x"+tt.Out {
			t.Errorf("AppendMap(%q) = %q, want %q", tt.In, b[1:], tt.Out)
		}
		if again := m.Map(got); again != got {
			t.Errorf("Map(Map(%q)) = %q, want %q", tt.In, again, got)
		}
	}
}

func TestVectorUnmap(t *testing.T) {
	v, m := readVectors(t)
	for _, tt := range v.Unmap {
		m := *m
		m.Base, _ = ParseOrigin(tt.Base)
		if got := m.Unmap(tt.In); got != tt.Out {
			t.Errorf("Unmap(%q) = %q, want %q", tt.In, got, tt.Out)
		}
	}
}

func TestParseOrigin(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"https://shop.example", "https://shop.example"},
		{" HTTPS:\\\\Shop.Example.:443/x", "https://shop.example"},
		{"wss://shop.example/socket", "https://shop.example"},
		{"http:shop.example", "http://shop.example"},
		{"http://u:p@h.example:080/", "http://h.example"},
		{"http://2130706433/", "http://127.0.0.1"},
		{"http://0x7f.1/", "http://127.0.0.1"},
		{"http://[::FFFF:127.0.0.1]:80", "http://[::ffff:7f00:1]"},
		{"https://ｓｈｏｐ。example", "https://shop.example"},
		{"https://b%C3%BCcher.example", "https://xn--bcher-kva.example"},
		{"https://a_b.example", "https://a_b.example"},
		{"ftp://shop.example", ""},
		{"//shop.example", ""},
		{"shop.example", ""},
		{"https://", ""},
		{"https://a b/", ""},
		{"https://a..b/", ""},
		{"https://h:99999/", ""},
		{"https://h:+80/", ""},
		{"https://1.2.3.4.5/", ""},
		{"https://256.1.1.1/", ""},
		{"https://a.0x/", ""},
		{"https://[::1", ""},
		{"https://[fe80::1%25eth0]/", ""},
		{"https://evil%00.example/", ""},
		{"https://xn--a/", ""},
		{"null", ""},
	} {
		o, err := ParseOrigin(tt.in)
		if (err != nil) != (tt.want == "") || err == nil && o.String() != tt.want {
			t.Errorf("ParseOrigin(%q) = %v, %v, want %q", tt.in, o, err, tt.want)
		}
	}
}

func TestS26DomainParse(t *testing.T) {
	d := Domain{"http", "pages.localhost:7070"}
	const sid = "abcdefghij27"
	for _, tt := range []struct {
		host string
		kind Kind
		ok   bool
	}{
		{"shell--" + sid + ".pages.localhost:7070", Shell, true},
		{"VIEW--" + sid + ".Pages.localhost:7070", View, true},
		{"a-b--" + sid + ".pages.localhost:7070", Site, true},
		{"a--b--" + sid + ".pages.localhost:7070", 0, false},     // "a-b" has no dot: it is 0s-a--b
		{"0s-a-b--" + sid + ".pages.localhost:7070", 0, false},   // plain a-b
		{"0sp443-a--" + sid + ".pages.localhost:7070", 0, false}, // default port
		{"0hp080-a--" + sid + ".pages.localhost:7070", 0, false},
		{"0x-a--" + sid + ".pages.localhost:7070", 0, false},
		{"0-a--" + sid + ".pages.localhost:7070", 0, false},
		{"127-1--" + sid + ".pages.localhost:7070", 0, false}, // not canonical
		{"0t-abc--" + sid + ".pages.localhost:7070", 0, false},
		{"--" + sid + ".pages.localhost:7070", 0, false},
		{"a-b--" + sid + ".pages.localhost", 0, false},
		{"a-b--ABCDEFGHIJ19.pages.localhost:7070", 0, false},
		{"x.a-b--" + sid + ".pages.localhost:7070", 0, false},
		{"pages.localhost:7070", 0, false},
		{"", 0, false},
	} {
		h, ok := d.Parse(tt.host)
		if ok != tt.ok || ok && h.Kind != tt.kind {
			t.Errorf("Parse(%q) = %+v, %v", tt.host, h, ok)
		}
	}
	secure := Domain{"https", "pages.example"}
	if _, ok := secure.Parse("a-b--" + sid + ".pages.example:443"); !ok {
		t.Error("the default port in a Host header was not accepted")
	}
}

func TestMapTellsAliases(t *testing.T) {
	var told []string
	m := testMapper()
	m.Alias = func(token string, o Origin) { told = append(told, token+" "+o.String()) }
	m.Map("https://under_score.example/x")
	m.Map("https://plain.example/x")
	if want := Token(Origin{"https", "under_score.example"}) + " https://under_score.example"; len(told) != 1 || told[0] != want {
		t.Errorf("Alias was told %q, want only %q", told, want)
	}
}

func testMapper() *Mapper {
	return &Mapper{
		Domain:  Domain{"http", "pages.localhost:7070"},
		Session: "abcdefghij27",
		Base:    Origin{"https", "shop.example"},
	}
}

func TestMapDoesNotAllocate(t *testing.T) {
	m := testMapper()
	dst := make([]byte, 0, 256)
	for _, u := range []string{"/style.css", "a/b?c=d", "#x", "https://cdn.example/a.js", "//cdn.example/a.js"} {
		url := []byte(u)
		if n := testing.AllocsPerRun(100, func() { dst = m.AppendMap(dst[:0], url) }); n != 0 {
			t.Errorf("AppendMap(%q) allocates %v times", u, n)
		}
	}
}

func FuzzURL(f *testing.F) {
	v, _ := readVectors(f)
	for _, tt := range v.Map {
		f.Add(tt.In)
	}
	f.Fuzz(func(t *testing.T, in string) {
		m := testMapper()
		tokens := map[string]Origin{}
		m.Alias = func(token string, o Origin) { tokens[token] = o }
		m.Aliased = func(token string) (Origin, bool) { o, ok := tokens[token]; return o, ok }
		got := m.Map(in)
		if again := m.Map(got); again != got {
			t.Fatalf("Map(%q) = %q, mapped again %q", in, got, again)
		}
		if got == in {
			return
		}
		o, err := ParseOrigin(in)
		if err != nil {
			return // scheme-relative
		}
		if back, err := ParseOrigin(m.Unmap(got)); err == nil && back != o {
			t.Fatalf("%q: Unmap(%q) has origin %v, want %v", in, got, back, o)
		}
		_, host, absolute := strings.Cut(got, "//")
		label, _, _ := strings.Cut(host, ".")
		if absolute && (len(label) > maxLabel || strings.HasPrefix(label, "xn--")) {
			t.Fatalf("Map(%q) has label %q", in, label)
		}
	})
}

func FuzzLabel(f *testing.F) {
	for _, s := range []string{"shop-example", "0hp8080-localhost", "0s-xn----bcher--kva-example", "0h6p81-" + strings.Repeat("0", 32), "a---b"} {
		f.Add(s)
	}
	d := Domain{"https", "pages.example"}
	f.Fuzz(func(t *testing.T, enc string) {
		host := enc + "--abcdefghij27.pages.example"
		h, ok := d.Parse(host)
		if !ok || h.Kind != Site || h.Token != "" {
			return
		}
		if got := d.Site(h.Session, h.Origin); got != "https://"+strings.ToLower(host) {
			t.Fatalf("Parse(%q) = %v, which is %q", host, h.Origin, got)
		}
	})
}

// BenchmarkMap is against parsing and resolving.
func BenchmarkMap(b *testing.B) {
	m := testMapper()
	paths := []string{"/assets/app.css?v=3", "../img/a.png", "https://cdn.example/lib/x.js?v=1", "#top", "product/17"}
	base, _ := url.Parse("https://shop.example/a/b")
	var urls [][]byte
	for _, p := range paths {
		urls = append(urls, []byte(p))
	}
	dst := make([]byte, 0, 256)
	const rounds = 1000
	versus(b, 5*rounds, func() {
		for range rounds {
			for _, u := range urls {
				dst = m.AppendMap(dst[:0], u)
			}
		}
	}, func() {
		for range rounds {
			for _, u := range paths {
				p, err := url.Parse(u)
				if err != nil {
					b.Fatal(err)
				}
				_ = base.ResolveReference(p).String()
			}
		}
	})
}
