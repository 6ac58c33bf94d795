package rewrite

import (
	"strings"
	"testing"
)

func TestIntegrity(t *testing.T) {
	const body = "alert(1)"
	good := func(algorithm string) string { return algorithm + "-" + digest(algorithm, []byte(body)) }
	for _, tt := range []struct {
		metadata string
		want     bool
	}{
		{"", true}, {"md5-x sha1-y nonsense", true}, {good("sha256"), true}, {strings.ToUpper("sha384") + good("sha384")[6:], true},
		{good("sha512") + "?ct=text/javascript", true}, {"sha256-x", false}, {"sha256-x " + good("sha256"), true},
		{good("sha256") + " sha512-x", false}, {"sha256-x " + good("sha384"), true}, {"sha256-", false},
		{"sha256-" + strings.NewReplacer("+", "-", "/", "_").Replace(digest("sha256", []byte(body))), true},
	} {
		if got := Integrity(tt.metadata, []byte(body)); got != tt.want {
			t.Errorf("%q: %v, want %v", tt.metadata, got, tt.want)
		}
	}
	var told []string
	rewritten(t, strings.NewReader(`<script src=" /a.js" integrity="sha256-a"></script><link rel=stylesheet href=//cdn.example/b integrity=sha384-b><script integrity=x></script>
		<base href="/c/"><script src=d integrity=sha256-d></script><script type=importmap>{"imports": {"a": "/a"}, "integrity": {"./e": "sha256-e"}}</script>
		<iframe srcdoc="<script src=f integrity=sha256-f></script>"></iframe>`),
		Page{OnIntegrity: func(base, url, metadata string) { told = append(told, base+" "+url+" "+metadata) }})
	if got := strings.Join(told, ", "); got != " /a.js sha256-a,  //cdn.example/b sha384-b, /c/ d sha256-d, /c/ ./e sha256-e, /c/ f sha256-f" {
		t.Errorf("told %s", got)
	}
}
