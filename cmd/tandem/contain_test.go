package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/session"
)

// What a hostile page can make a browser ask other servers for, in every
// browser: nothing.

// visitIn opens the visitor's link in an engine and accepts.
func (b *battle) visitIn(e engine, invited session.Invitation) webpage {
	b.t.Helper()
	w := e.open(b.t, "visitor", invited.VisitorURL, 1280, 900)
	w.wait(top, `document.querySelector('[data-tandem=accept]:not(:disabled)')`)
	w.click(top, "[data-tandem=accept]")
	w.wait(content, `document.readyState !== 'loading'`)
	return w
}

// escapePage is a document that tries everything: in its own markup, in its
// script, in a frame without an origin, and in a worker.
func escapePage(t *testing.T, canary string) string {
	t.Helper()
	source, err := os.ReadFile("testdata/escapes.js")
	if err != nil {
		t.Fatal(err)
	}
	in := func(realm string) string { return "const U = " + quote(canary+"/"+realm+"-") + ";\n" + string(source) }
	text := func(s string) string { return strings.ReplaceAll(quote(s), "</", `<\/`) }
	u := canary + "/markup-"
	var markup strings.Builder
	for _, tag := range []string{
		`<link rel="stylesheet" href="%sstylesheet">`, `<link rel="preload" as="script" href="%spreload">`, `<link rel="modulepreload" href="%smodulepreload">`,
		`<link rel="prefetch" href="%sprefetch">`, `<link rel="preconnect" href="%s">`, `<link rel="dns-prefetch" href="%s">`, `<link rel="icon" href="%sicon">`,
		`<link rel="dns-prefetch preconnect" href="%s">`, `<LINK REL=PRECONNECT HREF='%s'>`, `<link rel=manifest href=%smanifest>`,
		`<script src="%sscript"></script>`, `<script type="module">import "%smodule"</script>`, `<script async type=module src="%smodule-src"></script>`,
		`<style>@import "%simport"; @font-face { font-family: f; src: url(%[1]sfont) } body { font-family: f; background: u\72l(%[1]sescaped) }</style>`,
		`<style>p { background: image-set("%simage-set" 1x) } p::after { content: url('%[1]scontent') } p { cursor: url(%[1]scursor), auto; mask: url(%[1]smask) }</style>`,
		`<p style="background: url(&quot;%sstyle&quot;)">x</p>`, `<img src="%simg">`, `<img srcset="%ssrcset 1x, %[1]ssrcset2 2x">`,
		`<picture><source srcset="%ssource"><img></picture>`, `<iframe src="%sframe"></iframe>`, `<object data="%sobject"></object>`, `<embed src="%sembed">`,
		`<video src="%svideo" poster="%[1]sposter" preload=auto></video>`, `<audio src="%saudio" preload=auto></audio>`, `<input type=image src="%sinput">`,
		`<table background="%stable"><tr><td>x</table>`, `<svg><image href="%ssvg"/><image xlink:href="%[1]ssvg-xlink"/><use href="%[1]suse#x"/></svg>`,
		`<svg><script href="%ssvg-script"></script><style>@import "%[1]ssvg-import";</style></svg>`, `<math><mtext><img src="%smath"></mtext></math>`,
		`<iframe srcdoc="&lt;img src='%ssrcdoc'>&lt;meta http-equiv=refresh content='0;url=%[1]ssrcdoc-refresh'>"></iframe>`,
		`<iframe sandbox="allow-scripts" srcdoc="&lt;script>fetch('%ssandboxed',{mode:'no-cors'});new Image().src='%[1]ssandboxed-img'&lt;/script>"></iframe>`,
		`<noscript><img src="%snoscript"></noscript>`, `<template><img src="%stemplate"></template>`, `<img src=x onerror="new Image().src='%sonerror'">`,
		`<img/src="%sslash">`, "<img\nsrc\n=\n'%snewline'>", `<IMG SRC=%supper>`, `<img src="&#104;ttp%s">`, `<body background="%sbody">`, "<img src=\"ht\ttp%[1]s\">",
		`<textarea><img src="%srcdata"></textarea>`, `<!--><img src="%scomment">-->`, `<script>/*</script><img src="%safter-script">*/</script>`,
		`<svg><style><img src="%smutated"></style></svg>`, `<frameset><frame src="%sframeset"></frameset>`, `<bgsound src="%sbgsound">`,
		`<script type="speculationrules">{"prefetch":[{"source":"list","urls":["%sspeculation"]}]}</script>`,
	} {
		if strings.Contains(tag, "ht\ttp%[1]s") || strings.Contains(tag, "&#104;ttp") {
			fmt.Fprintf(&markup, tag, strings.TrimPrefix(u, "http")+"spelled")
		} else {
			fmt.Fprintf(&markup, tag, u)
		}
		markup.WriteByte('\n')
	}
	return `<head><title>escapes</title></head><body>` + markup.String() +
		`<iframe src="data:text/html,<img src='` + canary + `/data'>"></iframe>` +
		`<script>` + in("script") + `</script>
<script>
const frame = document.createElement('iframe');
frame.setAttribute('sandbox', 'allow-scripts allow-forms allow-popups allow-top-navigation');
frame.srcdoc = ` + text("<body><script>"+in("sandbox")+"</script>") + `;
document.body.append(frame);
new Worker(URL.createObjectURL(new Blob([` + text(in("worker")) + `])));
setTimeout(() => fetch('/tried', {method: 'POST', body: U}), 1000);
</script>`
}

// asked lists what reached a site, by path.
func (c *target) asked() (paths []string) {
	for _, r := range c.requests() {
		paths = append(paths, strings.TrimPrefix(r.URL.Path, "/"))
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

func has(m *sync.Map, key string) bool {
	_, ok := m.Load(key)
	return ok
}

func TestContainEscapes(t *testing.T) {
	inEveryBrowser(t, func(t *testing.T, e engine) {
		b := newBattle(t)
		canary, control := newTarget(t), newTarget(t)
		aim := control
		var tried sync.Map // what pages aimed at
		b.site.on(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/":
				page(w, escapePage(t, aim.URL))
			case "/tried":
				at, _ := io.ReadAll(r.Body)
				tried.Store(strings.TrimSuffix(string(at), "/script-"), true)
			default:
				http.NotFound(w, r)
			}
		})
		// Without the proxy the ways work: else the test would prove nothing.
		direct := e.open(t, "direct", b.site.URL+"/", 1280, 900)
		patiently(t, "an ordinary page has tried everything", func() bool { return has(&tried, control.URL) && len(control.asked()) > 100 })
		direct.navigate("about:blank")

		aim = canary
		visitor := b.visitIn(e, b.invite(b.site.URL+"/", session.Shared))
		patiently(t, "the shared page has tried everything", func() bool { return has(&tried, canary.URL) })
		time.Sleep(time.Second)
		if asked := canary.asked(); len(asked) > 0 {
			t.Errorf("the visitor's browser asked for %q", asked)
		}
		if n := canary.connections.Load(); n != 0 {
			t.Errorf("the visitor's browser connected %d times", n)
		}
		var at string
		if err := visitor.eval(top, "location.pathname", &at); err != nil || at != "/" {
			t.Errorf("the shell was led to %s, %v", at, err)
		}
		t.Logf("%d ways work without the proxy", len(control.asked()))
		if path := os.Getenv("TANDEM_TEST_LOG"); path != "" {
			t.Log(control.asked())
		}
	})
}
