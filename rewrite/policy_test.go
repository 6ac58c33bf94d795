package rewrite

import (
	"strings"
	"testing"
)

func TestPolicyMap(t *testing.T) {
	https := Mapper{Domain: Domain{"https", "pages.example"}, Session: "abcdefghij27", Base: Origin{"https", "shop.example"}}
	http := https
	http.Base = Origin{"http", "shop.example"}
	port := https
	port.Base = Origin{"http", "shop.example:8080"}
	// In want, @host is a content host, ^ the home, and & what every list of sources gets.
	in := func(m *Mapper, s string) string {
		s = strings.ReplaceAll(s, "^", m.Domain.Site(m.Session, m.Base))
		s = strings.ReplaceAll(s, "&", m.Domain.Shell(m.Session)+"/.tandem/hop")
		s = strings.ReplaceAll(s, "#shell", m.Domain.Shell(m.Session))
		return strings.ReplaceAll(s, "@", "--abcdefghij27.pages.example")
	}
	for _, tt := range []struct {
		m        *Mapper
		in, want string
	}{
		{&https, "", ""},
		{&https, ";; ;", ""},
		{&https, "upgrade-insecure-requests; block-all-mixed-content; nonsense x", ""},
		{&https, "img-src 'none'", "img-src &"},
		{&https, "IMG-SRC 'SELF' https://cdn.example; img-src *", "img-src 'SELF' https://cdn-example@ &"},
		{&https, "img-src cdn.example/a/b.png http://cdn.example:80/ cdn.example:8443",
			"img-src cdn-example@/a/b.png https://0h-cdn-example@/ https://cdn-example@/ 0sp8443-cdn-example@ &"},
		{&http, "img-src 'self' cdn.example", "img-src 'self' https://shop-example@ 0h-cdn-example@ cdn-example@ &"},
		{&port, "img-src 'self' localhost:80", "img-src 'self' 0h-localhost@ 0s-localhost@ &"},
		{&https, "img-src *.cdn.example https://cdn.example:* * data: blob: https: http: mediastream:",
			"img-src *.pages.example https://*.pages.example * data: blob: https: https: mediastream: &"},
		{&https, "img-src https://[bad cdn.example?x 'nonsense https://user@cdn.example ftp://cdn.example \u00e4.example", ""},
		{&https, "img-src https://[bad cdn.example?x 'nonsense https://user@cdn.example ftp://cdn.example", "img-src 'nonsense &"},
		{&https, "connect-src wss://push.example ws://push.example wss:", "connect-src wss://push-example@ wss://0h-push-example@ wss://push-example@ wss: ^/.tandem/ blob: &"},
		{&https, "default-src 'none'", "default-src &; script-src 'nonce-N' &; connect-src ^/.tandem/ blob: &"},
		{&https, "default-src 'self'; script-src 'unsafe-inline'; connect-src 'none'",
			"default-src 'self' &; script-src 'unsafe-inline' ^/.tandem/sync.js &; connect-src ^/.tandem/ blob: &"},
		{&https, "script-src 'nonce-abc' 'strict-dynamic' 'unsafe-inline' 'unsafe-eval'", "script-src 'nonce-abc' 'strict-dynamic' 'unsafe-inline' 'unsafe-eval' 'nonce-N' &"},
		{&https, "default-src 'sha256-x='", "default-src 'sha256-x=' 'nonce-N' &; script-src 'sha256-x=' 'nonce-N' &; connect-src 'sha256-x=' ^/.tandem/ blob: &"},
		{&https, "style-src 'unsafe-inline'; style-src-attr 'none'; script-src-attr 'none'", "style-src 'unsafe-inline' &; style-src-attr 'none'; script-src-attr 'none'"},
		{&https, "base-uri 'none'; form-action 'self'; frame-ancestors 'none'", "base-uri 'none'; form-action 'self' &; frame-ancestors #shell"},
		{&https, "sandbox allow-scripts allow-forms", "sandbox allow-scripts allow-forms"},
		{&https, "sandbox", "sandbox allow-scripts; MARK, script-src 'nonce-N'"},
		{&https, "require-trusted-types-for 'script'; trusted-types one two 'allow-duplicates'", "require-trusted-types-for 'script'; trusted-types one two 'allow-duplicates' tandem"},
		{&https, "require-trusted-types-for 'script'; trusted-types default", "require-trusted-types-for 'script'; trusted-types default tandem tandem-default"},
		{&https, "trusted-types 'none'", "trusted-types tandem default"},
		{&https, "img-src 'self'; report-uri /r https://csp.example/r?a#b; report-to x",
			"img-src 'self' &; report-uri /r#MARK https://csp-example@/r?a#MARK"},
	} {
		p := ParsePolicy(tt.in)
		mark := "tandem-" + p.ID()
		want := in(tt.m, tt.want)
		switch {
		case strings.Contains(want, "#MARK"):
			want = strings.ReplaceAll(want, "MARK", mark)
		case strings.Contains(want, "MARK"):
			want = strings.ReplaceAll(want, "MARK", "report-to "+mark)
		case want != "":
			want += "; report-to " + mark
		}
		got := p.Map(tt.m, "N", false)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", tt.in, got, want)
		}
		if got != "" && PolicyID(got) != p.ID() {
			t.Errorf("%s: id %q of the mapped policy, want %q", tt.in, PolicyID(got), p.ID())
		}
	}
	p := ParsePolicy("sandbox; frame-ancestors 'none'; report-uri /r; img-src 'self'")
	if got, want := p.Map(&https, "N", true), in(&https, "img-src 'self' &; report-to tandem-")+p.ID(); got != want {
		t.Errorf("meta:\n got %s\nwant %s", got, want)
	}
}

func TestPoliciesAreBounded(t *testing.T) {
	if got, ok := ParsePolicies([]string{"img-src a, img-src b,,", "img-src c"}); !ok || len(got) != 3 || got[2].String() != "img-src c" {
		t.Errorf("got %v, %v", got, ok)
	}
	if got, ok := ParsePolicies([]string{strings.Repeat("img-src a,", 100)}); ok || len(got) != maxPolicies {
		t.Errorf("%d policies, %v", len(got), ok)
	}
	if got, ok := ParsePolicies([]string{"img-src a, img-src " + strings.Repeat("a", maxPolicyText)}); ok || len(got) != 1 {
		t.Errorf("%d policies, %v", len(got), ok)
	}
}

// An inline element that the policy knows by the digest of its text gets the nonce.
func TestInlineByHash(t *testing.T) {
	const script, style = "location.reload()", "p{background:url(https://cdn.example/)}"
	hash := func(s string) string { return "'sha256-" + digest("sha256", []byte(s)) + "'" }
	list := func(s string) []Policy {
		all, _ := ParsePolicies([]string{s})
		return all
	}
	const out = "$tandem.location.reload()"
	for _, tt := range []struct{ policies, in, want string }{
		{"script-src " + hash(script), "<script>" + script + "</script>", `<script nonce="N">` + out + "</script>"},
		{"default-src 'sha384-" + digest("sha384", []byte(script)) + "'", "<script>" + script + "</script>", `<script nonce="N">` + out + "</script>"},
		{"script-src " + hash("a\nb"), "<script class=x>a\r\nb</script>", `<script nonce="N" class=x>` + "a\r\nb</script>"},
		{"script-src " + hash("other"), "<script>" + script + "</script>", "<script>" + out + "</script>"},
		{"script-src 'unsafe-inline'", "<script>" + script + "</script>", "<script>" + out + "</script>"},
		{"script-src 'nonce-p' " + hash(script), "<script nonce=p>" + script + "</script>", "<script nonce=p>" + out + "</script>"},
		{"script-src " + hash(script) + ", script-src 'self'", "<script>" + script + "</script>", "<script>" + out + "</script>"},
		{"script-src " + hash(script) + ", img-src 'self'", "<script>" + script + "</script>", `<script nonce="N">` + out + "</script>"},
		{"style-src " + hash(style), "<style>" + style + "</style>", `<style nonce="N">p{background:url(http:@/)}</style>`},
		{"script-src " + hash(script), "<svg><script>location.rel&#111;ad()</script></svg>", `<svg><script nonce="N">` + out + "</script></svg>"},
		{"script-src 'unsafe-hashes' " + hash(script), `<p onclick="` + script + `">`, `<p onclick="` + script + `">`},
		{"script-src " + hash(script), `<p onclick="` + script + `">`, `<p onclick="$tandem.v(location/*$*/).reload()">`},
	} {
		expectPage(t, tt.in, "^"+tt.want, Page{Policies: list(tt.policies), Nonce: "N"})
	}
	p := ParsePolicy("script-src " + hash(script))
	meta := `<meta http-equiv=content-security-policy content="` + p.String() + `">`
	var told []Policy
	got := rewritten(t, strings.NewReader("<script>"+script+"</script>"+meta+"<script>"+script+"</script>"),
		Page{Nonce: "N", OnPolicy: func(p Policy) { told = append(told, p) }})
	want := head + "<script>" + out + "</script>" + `<meta http-equiv=content-security-policy content="` + p.Map(testMapper(), "N", true) +
		`"><script nonce="N">` + out + "</script>"
	if got != want || len(told) != 1 || told[0].String() != p.String() {
		t.Errorf("\n got %s\nwant %s\ntold %v", got, want, told)
	}
}

func FuzzPolicy(f *testing.F) {
	for _, s := range []string{"default-src 'none'; script-src 'nonce-x' https://a.example/b", "sandbox", "img-src *.x:* http://[::1]:80/,;", "report-uri //x#y"} {
		f.Add(s)
	}
	m := &Mapper{Domain: Domain{"https", "pages.example"}, Session: "abcdefghij27", Base: Origin{"https", "shop.example"}}
	f.Fuzz(func(t *testing.T, s string) {
		p := ParsePolicy(s)
		mapped := p.Map(m, "N", false)
		if strings.ContainsAny(mapped, "\r\n\x00") {
			t.Errorf("%q breaks the header: %q", s, mapped)
		}
		if !strings.Contains(s, ",") && strings.Count(mapped, ",") > 1 {
			t.Errorf("%q became several policies: %q", s, mapped)
		}
		if mapped != "" && PolicyID(mapped) != p.ID() && !strings.Contains(s, policyMark) {
			t.Errorf("%q: not known again: %q", s, mapped)
		}
	})
}
