package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
// script, in a frame without an origin, in a worker, and in frames of other
// documents. After a second it runs a script.
func escapePage(t *testing.T, canary, frames, then string) string {
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
		`<link rel=prerender href="%sprerender">`, `<link rel=preload as=font crossorigin href="%spreload-font">`, `<link rel=preload as=image imagesrcset="%simagesrcset 1x" imagesizes=1px>`,
		`<link rel="alternate stylesheet" href="%salternate" title=x>`, `<link rel="apple-touch-icon mask-icon" href="%stouch-icon">`, `<link rel="import" href="%shtml-import">`,
		`<link rel="STYLESHEET prefetch" href="%sboth">`, `<link rel="&#112;reconnect" href="%s">`, `<link href="%s" rel="x&#9;preconnect&#10;y">`, `<script type=" SpeculationRules ">{"prerender":[{"urls":["%sspeculation2"]}]}</script>`,
		`<portal src="%sportal"></portal>`, `<fencedframe src="%sfenced"></fencedframe>`, `<model src="%smodel"></model>`, `<img attributionsrc="%sattribution" src="data:,">`,
		`<video controls><source src="%ssource-media"><track default kind=subtitles src="%[1]strack"></video>`, `<object type="text/html" data="%sobject-html"></object>`, `<object type="application/pdf" data="%sobject-pdf"></object>`,
		`<embed type="application/pdf" src="%sembed-pdf">`, `<embed type="image/svg+xml" src="%sembed-svg">`, `<applet code="%sapplet" archive="%[1]sarchive"></applet>`,
		`<svg><filter id=fe><feImage href="%sfe"/></filter><rect filter="url(#fe)" width=9 height=9 /><image><set attributeName=href to="%[1]sset"/></image><image><animate attributeName="xlink:href" values="%[1]sv1;%[1]sv2" dur=1s /></image></svg>`,
		`<svg><rect width=9 height=9 fill="url(%ssvg-fill#x)" mask="url(%[1]ssvg-mask#x)" filter="url(%[1]ssvg-filter#x)" clip-path="url(%[1]ssvg-clip#x)" marker-end="url(%[1]ssvg-marker#x)" style="cursor:url(%[1]ssvg-cursor),auto"/></svg>`,
		`<svg><foreignObject><img src="%sforeign"><iframe src="%[1]sforeign-frame"></iframe></foreignObject><textPath href="%[1]stextpath#x"/><linearGradient href="%[1]sgradient#x"/><a><animate attributeName=href values="%[1]sanimated"/></a></svg>`,
		`<style>@import url(%simport-url) layer(a) supports(display: block) screen; @\69mport '%[1]simport-escaped'; @import/**/"%[1]simport-comment"; @IMPORT URL( "%[1]simport-upper" );</style>`,
		`<style>i { background: -webkit-image-set(url(%swebkit-set) 1x), image-set("%[1]sset-string" type("image/png")), url( '%[1]squoted' ), URL(%[1]supper-url) } i::before { content: image-set(url("%[1]scontent-set") 1x) / "x" }</style><i>x</i>`,
		`<style>u { --a: url(%svar); background: var(--a), src("%[1]ssrc"), image("%[1]simage-fn"), cross-fade(url(%[1]scross), url(%[1]sfade), 50%%); list-style-image: url(%[1]slist); display: list-item; border-image-source: url(%[1]sborder); shape-outside: url(%[1]sshape); float: left; offset-path: url(%[1]soffset#x); -webkit-mask-image: url(%[1]swebkit-mask); -webkit-box-reflect: below 1px url(%[1]sreflect) }</style><u>x</u>`,
		`<style>@font-face { font-family: g; src: local("no"), url(%sfont2) format("woff2"), url("%[1]sfont3") tech(variations) } @font-face { font-family: h; src: url(%[1]sfont4); unicode-range: U+78 } b { font-family: g, h }</style><b>x</b>`,
		`<style>@media all { @supports (color: red) { @layer z { s { background: url("%snest\65 d") } } } } @container (width > 0px) { s { color: red } } q { & s { background: u\000072l("%[1]snested2") } }</style><q><s>x</s></q>`,
		"<style>em { background: url(\"h\\\ntt\\70 %[1]s\"), u\\72 l('\\68ttp%[1]sescape2') }</style><em>x</em>",
		`<img srcset="data:,x 1x, %ssrcset-late 2x" sizes=1px>`, `<img srcset=",%ssrcset-comma,%[1]ssrcset-comma2 2x">`, `<picture><source media=all type=image/png srcset="%spicture 100w" sizes=9px><img></picture>`, `<img loading=lazy src="%slazy">`,
		`<template shadowrootmode=open><img src="%sshadow"></template>`, `<div><template shadowrootmode=open><style>:host { background: url(%sshadow-style) }</style><img src="%[1]sshadow"></template></div>`,
		`<xmp><img src="%sxmp"></xmp>`, `<noembed><img src="%snoembed"></noembed>`, `<select><option><img src="%sselect"></select>`, `<math><annotation-xml encoding="text/html"><img src="%sannotation"></annotation-xml></math>`,
		`<marquee onstart="new Image().src='%smarquee'">x</marquee>`, `<details open ontoggle="new Image().src='%stoggle'">x</details>`, `<body onpageshow="new Image().src='%spageshow'">`, `<style onload="new Image().src='%sstyle-onload'"></style>`,
		`<meta http-equiv=set-cookie content="a=b">`, `<meta http-equiv=Link content="<%s>; rel=preconnect">`, `<meta property="og:image" content="%sog">`, `<html manifest="%sappcache">`,
	} {
		if strings.Contains(tag, "ttp%") || strings.Contains(tag, "\\70 %") {
			fmt.Fprintf(&markup, tag, strings.TrimPrefix(u, "http")+"spelled")
		} else {
			fmt.Fprintf(&markup, tag, u)
		}
		markup.WriteByte('\n')
	}
	return `<head><title>escapes</title></head><body>` + markup.String() + frames +
		`<iframe src="data:text/html,<img src='` + canary + `/data'>"></iframe>` +
		`<script>` + in("script") + `</script>
<script>
const frame = document.createElement('iframe');
frame.setAttribute('sandbox', 'allow-scripts allow-forms allow-popups allow-top-navigation');
frame.srcdoc = ` + text("<body><script>"+in("sandbox")+"</script>") + `;
document.body.append(frame);
const code = (realm) => ` + text(in("REALM")) + `.replace('REALM', realm);
const attempt = (f) => { try { f(); } catch {} };
attempt(() => new Worker(URL.createObjectURL(new Blob([code('worker')]))));
attempt(() => new Worker(URL.createObjectURL(new Blob([code('module-worker')], {type: 'text/javascript'})), {type: 'module'}));
attempt(() => new Worker('data:text/javascript,' + encodeURIComponent(code('data-worker'))));
attempt(() => new Worker('data:text/javascript;base64,' + btoa(code('base64-worker')), {type: 'module'}));
attempt(() => new SharedWorker(URL.createObjectURL(new Blob([code('shared-worker')]))));
attempt(() => new SharedWorker('data:text/javascript,' + encodeURIComponent(code('shared-data-worker'))));
attempt(() => new Worker(' da\nta:text/javascript,' + encodeURIComponent(code('spelled-data-worker'))));
attempt(() => new SharedWorker(' DATA:text/javascript;base64,' + btoa(code('spelled-shared-data-worker'))));
attempt(() => new Worker(URL.createObjectURL(new Blob(['new Worker(URL.createObjectURL(new Blob([' + JSON.stringify(code('nested-worker')) + '])))']))));
attempt(() => new Worker('/worker.js'));
attempt(() => new Worker('/worker.js?module', {type: 'module'}));
attempt(() => new SharedWorker('/worker.js?shared'));
setTimeout(() => { ` + then + ` }, 1000);
</script>`
}

// escapeFrames are frames of at most n documents from a place in their order on,
// and the place behind the last of them; 0 when there are no more.
func escapeFrames(from, n int) (frames string, next int) {
	paths := slices.Sorted(maps.Keys(escapeDocuments))[from:]
	if n < len(paths) {
		paths, next = paths[:n], from+n
	}
	for _, path := range paths {
		frames += "<iframe src=\"/" + path + "\"></iframe>\n"
	}
	return frames, next
}

// escapeDocuments are what frames of the page show, by path: what is said in
// headers, in XML, and by navigating. § stands for the other server's address.
var escapeDocuments = map[string]struct {
	header http.Header
	body   string
}{
	"refresh":       {http.Header{"Refresh": {"0;url=§refresh-header"}}, "x"},
	"refresh-odd":   {http.Header{"Refresh": {"0, URL = '§refresh-odd'"}}, "x"},
	"links":         {http.Header{"Link": {"<§link-style>; rel=stylesheet", "<§link-preload>; rel=preload; as=image, <§link-prefetch>; rel=prefetch", "<§link>; rel=preconnect, <§link>; rel=dns-prefetch", "<§link-module>; rel=modulepreload"}}, "x"},
	"reports":       {http.Header{"Content-Security-Policy": {"img-src 'none'; report-uri §report-uri; report-to r"}, "Content-Security-Policy-Report-Only": {"script-src 'none'; report-uri §report-only"}, "Nel": {`{"report_to":"r","max_age":60,"success_fraction":1}`}, "Report-To": {`{"group":"r","max_age":60,"endpoints":[{"url":"§report-to"}]}`}, "Reporting-Endpoints": {`r="§endpoint", default="§endpoint-default"`}, "Document-Policy": {"document-write=?0;report-to=r"}}, "<img src=x><script>document.write('x')</script>"},
	"hints":         {http.Header{"Speculation-Rules": {`"§speculation-rules"`}, "Alt-Svc": {`h2="` + "HOST" + `"; ma=60`}, "Sourcemap": {"§sourcemap"}, "X-Dns-Prefetch-Control": {"on"}, "Attribution-Reporting-Register-Source": {`{"destination":"§"}`}}, "<a href=§>x</a><script>1\n//# sourceMappingURL=§sourcemap2\n</script>"},
	"meta-refresh":  {nil, `<meta http-equiv="Refresh" content="0; URL='§meta-refresh'">`},
	"meta-refresh2": {nil, `<META HTTP-EQUIV=&#114;efresh CONTENT=0;§meta-refresh2>`},
	"meta-refresh3": {nil, `<script>document.write('<me'); document.write('ta http-equiv=refresh content="0;url=§'); document.write('meta-refresh3">')</script>`},
	"meta-refresh4": {nil, `<script>const m = document.createElement('meta'); m.content = '0;url=§meta-refresh4'; m.httpEquiv = 'refresh'; document.head.append(m)</script>`},
	"meta-refresh5": {nil, `<script>document.head.insertAdjacentHTML('beforeend', '<meta http-equiv=refresh content="0;url=§meta-refresh5">')</script>`},
	"frames":        {nil, `<frameset cols="*,*"><frame src="§frameset"><frame src="//HOST/frameset2"></frameset>`},
	"base":          {nil, `<base href="§"><img src="base-img"><script src="base-script"></script><link rel=stylesheet href=base-style><script>fetch('base-fetch', {mode: 'no-cors'}); location = 'base-location'</script>`},
	"late-base":     {nil, `<script>const b = document.createElement('base'); document.head.append(b); b.href = '§'; document.body.innerHTML = '<img src=late-base-img><form action=late-base-form></form>'; document.forms[0].submit()</script>`},
	"area":          {nil, `<map name=m><area href="§area" shape=default></map><img usemap=#m src=data:,><script>document.querySelector('area').click()</script>`},
	"dialog":        {nil, `<dialog open><form method=dialog action="§dialog"><button formmethod=get formaction="§dialog-action">x</button></form></dialog><script>document.querySelector('button').click()</script>`},
	"submitter":     {nil, `<form id=f></form><input type=submit form=f formaction="§submitter"><script>f.requestSubmit(document.querySelector('input'))</script>`},
	"multipart":     {nil, `<form method=post enctype=multipart/form-data action="§multipart"><input type=hidden name=a value=b></form><script>HTMLFormElement.prototype.submit.call(document.forms[0])</script>`},
	"mathml":        {nil, `<math href="§mathml"><mi>x</mi></math><script>document.querySelector('math').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))</script>`},
	"ctrl":          {nil, `<a href="§ctrl">x</a><script>document.querySelector('a').dispatchEvent(new MouseEvent('click', {ctrlKey: true, bubbles: true, cancelable: true}))</script>`},
	"aux":           {nil, `<a href="§aux">x</a><script>document.querySelector('a').dispatchEvent(new MouseEvent('auxclick', {button: 1, bubbles: true, cancelable: true}))</script>`},
	"named":         {nil, `<a href="§named" target=some-name rel=opener>x</a><script>document.querySelector('a').click(); open('§named2', 'some-name'); open('§named3', '', 'noopener');</script>`},
	"open-write":    {nil, `<script>document.open(); document.write('<img src="§open-write"><script>location = "§open-write-location"<\/script>'); document.close()</script>`},
	"open-three":    {nil, `<script>document.open('§open-three', '_blank', '')</script>`},
	"other-write":   {nil, `<iframe></iframe><script>const d = frames[0].document; d.open(); d.write('<img src="§other-write"><script>self["loc" + "ation"] = "§other-location"<\/script>'); d.close()</script>`},
	"navigation":    {nil, `<script>navigation.navigate('§navigation-replace', {history: 'replace'})</script>`},
	"history":       {nil, `<script>try { history.pushState(0, '', '§history') } catch {} history.replaceState(0, '', '/\\HOST/history'); history.go(0)</script>`},
	"schemes":       {nil, `<script>for (const u of ['mailto:a@b', 'tel:1', 'intent://HOST/#Intent;scheme=http;end', 'view-source:§view-source', 'filesystem:§', 'ftp://HOST/', 'ws://HOST/', 'feed:§feed', 'jar:§!/']) try { location = u } catch {}</script>`},
	"data-frames":   {nil, `<iframe src="data:text/html,<script>location='§data-location'</script>"></iframe><object data="data:text/html,<img src=§data-object>"></object><embed src="data:text/html,<img src=§data-embed>"><iframe src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='§data-svg'/></svg>"></iframe>`},
	"style.css":     {http.Header{"Content-Type": {"text/css"}}, `@import "§css-document"; body { background: url(§css-document2) }`},
	"linked-style":  {nil, `<link rel=stylesheet href="/style.css"><body>x`},
	"moved":         {nil, `<img src="/moved-image"><script src="/moved-script"></script><iframe src="/moved-frame"></iframe><script>fetch('/moved-fetch', {mode: 'no-cors'}); navigator.sendBeacon('/moved-beacon'); new EventSource('/moved-events')</script>`},
	"xhtml":         {http.Header{"Content-Type": {"application/xhtml+xml"}}, `<?xml-stylesheet href="§xhtml-style" type="text/css"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><img src="§xhtml"/><script>location = "§xhtml-location"</script></body></html>`},
	"xhtml-entity":  {http.Header{"Content-Type": {"application/xhtml+xml"}}, `<!DOCTYPE html [<!ENTITY e SYSTEM "§entity"><!ENTITY u "§entity2">]><html xmlns="http://www.w3.org/1999/xhtml"><body>&e;<img src="&u;"/></body></html>`},
	"xsl":           {http.Header{"Content-Type": {"text/xml"}}, `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="§xsl"?><x/>`},
	"xsl-own":       {http.Header{"Content-Type": {"application/xhtml+xml"}}, `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="/sheet.xsl"?><html xmlns="http://www.w3.org/1999/xhtml"><body>x</body></html>`},
	"sheet.xsl":     {http.Header{"Content-Type": {"text/xsl"}}, `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns="http://www.w3.org/1999/xhtml"><xsl:import href="§xsl-import"/><xsl:template match="/"><html><body><img src="§xsl-image"/><script>fetch("§xsl-fetch", {mode: "no-cors"}); self["loc" + "ation"] = "§xsl-location"</script></body></html></xsl:template></xsl:stylesheet>`},
	"svg":           {http.Header{"Content-Type": {"image/svg+xml"}}, `<?xml-stylesheet href="§svg-sheet"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image href="§svg-image"/><use xlink:href="§svg-use#x"/><style>@import "§svg-style";</style><script href="§svg-script"/><script>location = "§svg-location"</script></svg>`},
	"manifest.json": {http.Header{"Content-Type": {"application/manifest+json"}}, `{"start_url":"§start","icons":[{"src":"§manifest-icon","sizes":"any"}]}`},
	"with-manifest": {nil, `<link rel=manifest href="/manifest.json">x`},
	"attachment":    {http.Header{"Content-Disposition": {"attachment; filename=x.html"}}, `<img src="§attachment">`},
	"mixed-replace": {http.Header{"Content-Type": {"multipart/x-mixed-replace; boundary=b"}}, "--b\r\nContent-Type: text/html\r\n\r\n<img src=§mixed>\r\n--b--"},
	"mhtml":         {http.Header{"Content-Type": {"multipart/related; boundary=b"}}, "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<img src=§mhtml>\r\n--b--"},
	"utf-7":         {http.Header{"Content-Type": {"text/html; charset=utf-7"}}, `+ADw-img src=§utf-7+AD4-`},
	"utf-16":        {http.Header{"Content-Type": {"text/html; charset=utf-16le"}}, "UTF16"},
	"iso-2022":      {http.Header{"Content-Type": {"text/html; charset=iso-2022-jp"}}, "\x1b$B\"<\x1b(B<img src=\"§iso-2022\">"},
	"unknown":       {http.Header{"Content-Type": {"x"}}, `<!doctype html><img src="§unknown">`},
	"worker.js":     {http.Header{"Content-Type": {"text/javascript"}}, "WORKER"},
}

// serveEscape answers for escapeDocuments; aim is the other server.
func serveEscape(t *testing.T, w http.ResponseWriter, r *http.Request, aim string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if at, ok := strings.CutPrefix(path, "moved-"); ok {
		http.Redirect(w, r, aim+"/moved-"+at, http.StatusFound)
		return
	}
	doc, ok := escapeDocuments[path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	u := aim + "/" + path + "-"
	fill := strings.NewReplacer("§", u, "HOST", aim[strings.Index(aim, "//")+2:])
	if path == "links" {
		w.Header().Set("Link", "<"+u+"early-hint>; rel=preload; as=style, <"+u+">; rel=preconnect")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	for name, values := range doc.header {
		w.Header().Del(name)
		for _, v := range values {
			w.Header().Add(name, fill.Replace(v))
		}
	}
	switch path {
	case "worker.js":
		source, err := os.ReadFile("testdata/escapes.js")
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, "const U = %q;\n%s", aim+"/served-worker"+r.URL.RawQuery+"-", source)
	case "utf-16":
		for _, c := range `<img src="` + u + `utf-16">` {
			w.Write([]byte{byte(c), 0})
		}
	default:
		io.WriteString(w, fill.Replace(doc.body))
	}
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

func TestContainS18Escapes(t *testing.T) {
	inEveryBrowser(t, func(t *testing.T, e engine) {
		b := newBattleIn(t, e)
		// The site is there twice, and each aims at a server of its own: a beacon of the
		// ordinary page outlives it, and may be redirected when the shared page is there.
		canary, control, ordinary := b.newTarget(), b.newTarget(), newTarget(t)
		few := 0 // frames at once, if all are too many
		if e.name() == "webkit" {
			// It has six connections to a host. When as many frames wait for the page to
			// look at what came, and the page for an answer to its script, it hangs.
			few = 4
		}
		var tried sync.Map // what pages aimed at
		tries := func(aim string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				tell := "fetch('/tried', {method: 'POST'})"
				switch r.URL.Path {
				case "/":
					if few == 0 {
						frames, _ := escapeFrames(0, len(escapeDocuments))
						page(w, escapePage(t, aim, frames, tell))
					} else {
						page(w, escapePage(t, aim, "", "location = '/frames?from=0'"))
					}
				case "/frames":
					from, _ := strconv.Atoi(r.FormValue("from"))
					frames, next := escapeFrames(from, few)
					if next > 0 {
						tell = fmt.Sprintf("location = '/frames?from=%d'", next)
					}
					page(w, frames+"<script>setTimeout(() => { "+tell+" }, 1000)</script>")
				case "/tried":
					tried.Store(aim, true)
				default:
					serveEscape(t, w, r, aim)
				}
			}
		}
		ordinary.on(tries(control.URL))
		b.site.on(tries(canary.URL))
		// Without the proxy the ways work: else the test would prove nothing.
		direct := e.open(t, "direct", ordinary.URL+"/", 1280, 900)
		patiently(t, "an ordinary page has tried everything", func() bool { return has(&tried, control.URL) && len(control.asked()) > 100 })
		direct.navigate("about:blank")

		visitor := b.visitIn(e, b.invite(b.site.URL+"/", session.Shared))
		patiently(t, "the shared page has tried everything, and what browsers send last", func() bool {
			return has(&tried, canary.URL) && slices.ContainsFunc(b.site.requests(), func(r *http.Request) bool { return r.URL.Path == "/moved-beacon" })
		})
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
		t.Logf("%d ways work without the proxy; here the policy caught", len(control.asked()))
		for line := range strings.SplitSeq(b.log.String(), "\n") {
			if _, what, ok := strings.Cut(line, " msg=blocked "); ok && strings.Contains(what, canary.URL) && !strings.Contains(what, "not allowed") {
				t.Log(what)
			}
		}
	})
}

// stun counts what arrives by UDP, as WebRTC would send it.
func stun(t *testing.T) (address string, n *atomic.Int32) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	n = new(atomic.Int32)
	go func() {
		buf := make([]byte, 1500)
		for {
			if _, _, err := conn.ReadFrom(buf); err != nil {
				return
			}
			n.Add(1)
		}
	}()
	return conn.LocalAddr().String(), n
}

// callers are realms that a page can make scripts run in, by name: CALL stands
// for the script, HTML for a document with it. Each is a page's body.
var callers = map[string]string{
	"page":                     `<script>CALL</script>`,
	"framed":                   `<iframe src="/page"></iframe>`,
	"sandboxed":                `<iframe src="/page" sandbox="allow-scripts"></iframe>`,
	"srcdoc":                   `<iframe srcdoc="ATTR"></iframe>`,
	"srcdoc-sandboxed":         `<iframe sandbox="allow-scripts" srcdoc="ATTR"></iframe>`,
	"srcdoc-script":            `<script>const f = document.createElement('iframe'); f.srcdoc = HTML; document.body.append(f)</script>`,
	"srcdoc-nested":            `<script>const f = document.createElement('iframe'); f.srcdoc = '<iframe srcdoc="' + HTML.replace(/&/g, '&amp;').replace(/"/g, '&quot;') + '">'; document.body.append(f)</script>`,
	"blank":                    `<script>document.body.append(document.createElement('iframe')); frames[0].eval(TEXT)</script>`,
	"blank-html":               `<script>document.body.innerHTML = '<iframe></iframe>'; frames[0].Function(TEXT)()</script>`,
	"blank-index":              `<iframe></iframe><script>self[0].setTimeout(TEXT)</script>`,
	"blank-named":              `<iframe name=n></iframe><script>n.eval(TEXT)</script>`,
	"blank-window":             `<iframe id=f></iframe><script>new (f.contentWindow.RTCPeerConnection ?? Object)(CONFIG).createOffer({offerToReceiveAudio: true}).then(function (o) { this.setLocalDescription(o) })</script>`,
	"blank-constructor":        `<iframe id=f></iframe><script>f.contentDocument.defaultView.Object.constructor(TEXT)()</script>`,
	"blank-write":              `<iframe id=f></iframe><script>f.contentDocument.write(HTML)</script>`,
	"blank-append":             `<iframe id=f></iframe><script>const s = document.createElement('script'); s.textContent = TEXT; f.contentDocument.body.append(s)</script>`,
	"blank-handler":            `<iframe id=f></iframe><script>f.contentDocument.body.setAttribute('onclick', TEXT); f.contentDocument.body.click()</script>`,
	"blank-sandboxed":          `<iframe id=f sandbox="allow-scripts allow-same-origin"></iframe><script>f.contentWindow.eval(TEXT)</script>`,
	"blank-reopened":           `<iframe id=f></iframe><script>f.contentWindow; f.contentDocument.open(); f.contentDocument.write(HTML); f.contentDocument.close()</script>`,
	"blank-again":              `<iframe id=f></iframe><script>f.contentWindow; f.remove(); document.body.append(f); frames[0].eval(TEXT)</script>`,
	"blank-reloaded":           `<iframe id=f></iframe><script>f.contentWindow.location.reload(); setTimeout(() => frames[0].eval(TEXT), 300)</script>`,
	"blank-object":             `<object data="about:blank"></object><script>setTimeout(() => frames[0].eval(TEXT), 300)</script>`,
	"blank-shadow":             `<div id=d></div><script>d.attachShadow({mode: 'closed'}).innerHTML = '<iframe></iframe>'; frames[0].eval(TEXT)</script>`,
	"blank-fragment":           `<script>document.body.append(document.createRange().createContextualFragment('<iframe></iframe>')); frames[0].eval(TEXT)</script>`,
	"blank-template":           `<template id=t><iframe></iframe></template><script>document.body.append(t.content.cloneNode(true)); frames[0].eval(TEXT)</script>`,
	"blank-parser":             `<script>document.write('<iframe></iframe>'); frames[0].eval(TEXT)</script>`,
	"blank-load":               `<iframe onload="frames[0].eval(TEXT)"></iframe>`,
	"blank-load-capture":       `<script>addEventListener('load', () => { frames[0] && frames[0].eval(TEXT) }, true); document.body.append(document.createElement('iframe'))</script>`,
	"blank-observed":           `<script>new MutationObserver(() => frames[0] && frames[0].eval(TEXT)).observe(document, {subtree: true, childList: true}); document.body.append(document.createElement('iframe'))</script>`,
	"blank-custom":             `<script>customElements.define('x-y', class extends HTMLElement { connectedCallback() { this.ownerDocument.defaultView.frames[0]?.eval(TEXT) } }); document.body.append(document.createElement('iframe'), document.createElement('x-y'))</script>`,
	"blank-custom-html":        `<script>customElements.define('x-y', class extends HTMLElement { connectedCallback() { frames[0]?.eval(TEXT) } }); document.body.innerHTML = '<iframe></iframe><x-y></x-y>'</script>`,
	"blank-nested":             `<iframe id=f></iframe><script>f.contentDocument.body.innerHTML = '<iframe></iframe>'; frames[0][0].eval(TEXT)</script>`,
	"blank-moved":              `<iframe id=f></iframe><script>document.body.moveBefore?.(f, null); f.contentWindow.eval(TEXT)</script>`,
	"about-srcdoc":             `<iframe src="about:srcdoc"></iframe><script>setTimeout(() => frames[0].eval(TEXT), 300)</script>`,
	"error-page":               `<iframe src="http://127.0.0.1:1/"></iframe><iframe src="/nothing" id=f></iframe><script>setTimeout(() => { for (let i = 0; i < frames.length; i++) try { frames[i].eval(TEXT) } catch {} }, 500)</script>`,
	"image-frame":              `<iframe src="/pixel.gif" id=f></iframe><script>setTimeout(() => { f.contentWindow.eval(TEXT) }, 500)</script>`,
	"style-frame":              `<iframe src="/x.css" id=f></iframe><script>setTimeout(() => { f.contentWindow.eval(TEXT) }, 500)</script>`,
	"no-content":               `<iframe src="/204" id=f></iframe><script>setTimeout(() => { f.contentWindow.eval(TEXT) }, 500)</script>`,
	"early":                    `<iframe src="/page-slow" id=f></iframe><script>f.contentWindow.eval(TEXT)</script>`,
	"early-fresh":              `<script>const f = document.createElement('iframe'); f.src = '/page-slow'; document.body.append(f); f.contentWindow.eval(TEXT)</script>`,
	"early-index":              `<iframe src="/page-slow"></iframe><script>frames[0].eval(TEXT)</script>`,
	"early-name":               `<iframe src="/page-slow" name=n></iframe><script>n.eval(TEXT)</script>`,
	"early-added":              `<script>const f = document.createElement('iframe'); f.src = '/page-slow'; document.body.append(f); frames[0].eval(TEXT)</script>`,
	"early-added-name":         `<script>const f = document.createElement('iframe'); f.src = '/page-slow'; f.name = 'n'; document.body.append(f); n.eval(TEXT)</script>`,
	"early-child":              `<script>const f = document.createElement('iframe'); f.src = '/page-slow'; f.name = 'n'; document.body.appendChild(f); n.eval(TEXT)</script>`,
	"early-before":             `<p id=p><script>const f = document.createElement('iframe'); f.src = '/page-slow'; f.name = 'n'; p.before(f); n.eval(TEXT)</script>`,
	"early-range":              `<script>const f = document.createElement('iframe'); f.src = '/page-slow'; f.name = 'n'; const r = document.createRange(); r.selectNode(document.body.firstChild); r.insertNode(f); n.eval(TEXT)</script>`,
	"early-adjacent":           `<script>const f = document.createElement('iframe'); f.src = '/page-slow'; f.name = 'n'; document.body.insertAdjacentElement('beforeend', f); n.eval(TEXT)</script>`,
	"early-other-realm":        `<iframe></iframe><script>const f = document.createElement('iframe'); f.src = '/page-slow'; f.name = 'n'; frames[0].Element.prototype.append.call(document.body, f); n.eval(TEXT)</script>`,
	"early-other-inner":        `<iframe></iframe><div id=d></div><script>frames[0].Reflect.getOwnPropertyDescriptor(frames[0].Element.prototype, 'innerHTML').set.call(d, '<iframe src=/page-slow name=n></iframe>'); n.eval(TEXT)</script>`,
	"early-other-range":        `<iframe></iframe><script>const f = document.createElement('iframe'); f.src = '/page-slow'; f.name = 'n'; const r = document.createRange(); r.selectNode(document.body.firstChild); frames[0].Range.prototype.insertNode.call(r, f); n.eval(TEXT)</script>`,
	"early-in-other":           `<iframe></iframe><script>const f = document.createElement('iframe'); f.src = '/page-slow'; f.name = 'n'; Element.prototype.append.call(frames[0].document.body, f); frames[0].n.eval(TEXT)</script>`,
	"early-polled":             `<iframe src="/x.css"></iframe><script>setTimeout(() => { frames[0].location = '/page-late' }, 300); const c = new MessageChannel(), poll = () => { try { frames[0].eval(TEXT) } catch {} c.port2.postMessage(0) }; c.port1.onmessage = poll; poll(); setTimeout(() => c.port1.close(), 1000)</script>`,
	"early-inner":              `<div id=d></div><script>d.innerHTML = '<iframe src=/page-slow name=n></iframe>'; n.eval(TEXT)</script>`,
	"data":                     `<iframe src="data:text/html;base64,BASE64"></iframe><object data="data:text/html;base64,BASE64"></object><embed src="data:text/html;base64,BASE64">`,
	"data-xml":                 `<iframe src="data:application/xhtml+xml,<html xmlns='http://www.w3.org/1999/xhtml'><script>CALLXML</script></html>"></iframe>`,
	"blob":                     `<script>const f = document.createElement('iframe'); f.src = URL.createObjectURL(new Blob([HTML], {type: 'text/html'})); document.body.append(f)</script>`,
	"blob-sandboxed":           `<script>const f = document.createElement('iframe'); f.sandbox = 'allow-scripts'; f.src = URL.createObjectURL(new Blob([HTML], {type: 'text/html'})); document.body.append(f)</script>`,
	"blob-untyped":             `<script>const f = document.createElement('iframe'); f.src = URL.createObjectURL(new Blob(['<!doctype html>' + HTML])); document.body.append(f)</script>`,
	"blob-xhtml":               `<script>const f = document.createElement('iframe'); f.src = URL.createObjectURL(new Blob([XHTML], {type: 'application/xhtml+xml'})); document.body.append(f)</script>`,
	"blob-xml":                 `<script>const f = document.createElement('iframe'); f.src = URL.createObjectURL(new Blob([XHTML], {type: 'text/xml'})); document.body.append(f)</script>`,
	"blob-svg":                 `<script>const f = document.createElement('object'); f.type = 'image/svg+xml'; f.data = URL.createObjectURL(new Blob(['<svg xmlns="http://www.w3.org/2000/svg"><script><![CDATA[' + TEXT + ']]></scr' + 'ipt></svg>'], {type: 'image/svg+xml'})); document.body.append(f)</script>`,
	"blob-location":            `<iframe id=f></iframe><script>f.contentWindow.location = URL.createObjectURL(new Blob([HTML], {type: 'text/html'}))</script>`,
	"blob-link":                `<iframe name=n></iframe><a target=n>x</a><script>const a = document.querySelector('a'); a.href = URL.createObjectURL(new Blob([HTML], {type: 'text/html'})); a.click()</script>`,
	"blob-form":                `<iframe name=n></iframe><form target=n></form><script>document.forms[0].action = URL.createObjectURL(new Blob([HTML], {type: 'text/html'})); document.forms[0].submit()</script>`,
	"blob-self":                `<script>location = URL.createObjectURL(new Blob([HTML], {type: 'text/html'}))</script>`,
	"blob-worker":              `<script>new Worker(URL.createObjectURL(new Blob(['postMessage(URL.createObjectURL(new Blob([' + JSON.stringify(HTML) + '], {type: "text/html"})))']))).onmessage = (e) => { const f = document.createElement('iframe'); f.src = e.data; document.body.append(f) }</script>`,
	"blob-file":                `<script>const f = document.createElement('iframe'); f.src = URL.createObjectURL(new File([HTML], 'x.html', {type: 'TEXT/HTML; charset=utf-8'})); document.body.append(f)</script>`,
	"blob-response":            `<script>new Response(HTML, {headers: {'Content-Type': 'text/html'}}).blob().then((b) => { const f = document.createElement('iframe'); f.src = URL.createObjectURL(b); document.body.append(f) })</script>`,
	"blob-clean":               `<iframe id=f></iframe><script>const o = document.createElement('iframe'); o.src = f.contentWindow.URL.createObjectURL(new f.contentWindow.Blob([HTML], {type: 'text/html'})); document.body.append(o)</script>`,
	"javascript":               `<iframe src="javascript:&quot;ATTR2&quot;"></iframe>`,
	"javascript-script":        `<script>const f = document.createElement('iframe'); f.src = 'javascript:' + JSON.stringify(HTML); document.body.append(f)</script>`,
	"javascript-encoded":       `<script>const f = document.createElement('iframe'); f.src = 'java\nscript:' + encodeURIComponent('(() => ' + JSON.stringify(HTML) + ')()'); document.body.append(f)</script>`,
	"javascript-loc":           `<iframe id=f></iframe><script>f.contentWindow.location = 'javascript:' + JSON.stringify(HTML)</script>`,
	"javascript-link":          `<iframe name=n></iframe><a target=n>x</a><script>const a = document.querySelector('a'); a.href = 'javascript:' + JSON.stringify(HTML); a.click()</script>`,
	"javascript-computed":      `<iframe id=f></iframe><script>f.contentWindow['loc' + 'ation']['hr' + 'ef'] = 'javascript:' + JSON.stringify(HTML)</script>`,
	"javascript-computed-self": `<script>const w = [self][0]; w['loc' + 'ation']['hr' + 'ef'] = 'javascript:' + JSON.stringify(HTML)</script>`,
	"javascript-forged":        `<iframe id=f></iframe><script>Object.defineProperty(f.contentWindow, '$tandem', {value: {html: (v) => v, v: () => HTML}}); f.contentWindow['loc' + 'ation']['hr' + 'ef'] = 'javascript:' + JSON.stringify(HTML)</script>`,
	"javascript-forged-self":   `<script>Object.defineProperty(self, '$tandem', {value: {html: (v) => v, v: () => HTML}}); const w = [self][0]; w['loc' + 'ation']['hr' + 'ef'] = 'javascript:if (1) ' + JSON.stringify(HTML)</script>`,
	"javascript-forged-frame":  `<iframe id=f></iframe><script>Object.defineProperty(f.contentWindow, '$tandem', {value: {html: (v) => v, v: () => HTML}}); f.src = 'javascript:' + JSON.stringify(HTML)</script>`,
	"javascript-huge":          `<iframe id=f></iframe><script>f.contentWindow['loc' + 'ation']['hr' + 'ef'] = 'javascript:' + JSON.stringify(HTML + ' '.repeat(5 << 20))</script>`,
	"javascript-open":          `<iframe name=n></iframe><script>open('javascript:' + JSON.stringify(HTML), 'n')</script>`,
	"javascript-object":        `<object id=o></object><script>o.data = 'javascript:' + JSON.stringify(HTML)</script>`,
	"javascript-self":          `<script>location = 'javascript:' + JSON.stringify(HTML)</script>`,
	"javascript-refresh":       `<iframe srcdoc="<meta http-equiv=refresh content='0;url=javascript:alert(1)'>"></iframe>`,
	"open-write":               `<script>document.open(); document.write(HTML); document.close()</script>`,
	"xml":                      `<iframe src="/xml"></iframe>`,
	"types":                    `<iframe src="/types"></iframe>`,
	"lines":                    `<iframe src="/lines"></iframe>`,
	"odd":                      `<iframe src="/odd"></iframe>`,
	"part":                     `<iframe src="/part"></iframe>`,
	"parts":                    `<iframe src="/parts"></iframe>`,
	"xsl":                      `<iframe src="/xsl"></iframe>`,
	"frameset":                 `<script>document.write('<frameset><frame src="about:blank"></frameset>'); setTimeout(() => frames[0].eval(TEXT), 300)</script>`,
	"popup":                    `<script>const w = open(''); setTimeout(() => w.eval(TEXT), 300)</script>`,
	"worker":                   `<script>new Worker(URL.createObjectURL(new Blob([TEXT])))</script>`,
	"audio-worklet":            `<script>new OfflineAudioContext(1, 1, 8000).audioWorklet.addModule(URL.createObjectURL(new Blob([TEXT], {type: 'text/javascript'})))</script>`,
	"undo":                     `<iframe id=f></iframe><script>f.contentWindow; const s = f.contentDocument.createElement('script'); s.src = '/.tandem/sync.js'; f.contentDocument.head.append(s); setTimeout(() => f.contentWindow.eval(TEXT), 500)</script>`,
	"undo-leave":               `<iframe id=f></iframe><script>try { f.contentWindow.$tandem.leave() } catch {} f.contentWindow.eval(TEXT)</script>`,
	"polluted":                 `<script>Object.prototype.get = () => 1; document.body.append(document.createElement('iframe')); frames[0].eval(TEXT)</script>`,
	"polluted-value":           `<script>Object.prototype.value = 1; Object.prototype.signal = 1; document.body.append(document.createElement('iframe')); frames[0].eval(TEXT)</script>`,
	"polluted-options":         `<script>Object.prototype.attributeFilter = 1; document.body.append(document.createElement('iframe')); frames[0].eval(TEXT)</script>`,
	"polluted-array":           `<script>Object.defineProperty(Array.prototype, '0', {set() { throw 1 }, get() { throw 1 }, configurable: true}); document.body.append(document.createElement('iframe')); frames[0].eval(TEXT)</script>`,
	"prototype":                `<script>const F = RTCPeerConnection; for (const C of [F.prototype.constructor, Object.getPrototypeOf(F), F.bind(), class extends F {}]) try { const p = Reflect.construct(F, [CONFIG], C); p.createDataChannel('x'); F.prototype.createOffer.call(p).then((o) => F.prototype.setLocalDescription.call(p, o)) } catch {}</script>`,
}

func TestContainWebRTC(t *testing.T) {
	inEveryBrowser(t, func(t *testing.T, e engine) {
		control := newBattleIn(t, e)
		var webRTC bool
		if err := e.open(t, "asked", control.site.URL+"/pixel.png", 400, 300).eval(top, "'RTCPeerConnection' in self", &webRTC); err != nil {
			t.Fatal(err)
		}
		if !webRTC {
			t.Skip("this browser has no WebRTC")
		}
		// Without the proxy most of them send: else the test would prove nothing.
		could := callAll(control, patience, len(callers)/2, func(start string) { e.open(t, "direct", start, 1280, 900) })
		if len(could) < len(callers)/2 {
			t.Errorf("only %q", could)
		}
		b := newBattleIn(t, e)
		did := callAll(b, 5*time.Second, len(callers), func(start string) { b.visitIn(e, b.invite(start, session.Shared)) })
		if len(did) > 0 {
			t.Errorf("packets left the visitor's browser by WebRTC from %q", did)
		}
	})
}

// callAll shows the page with all callers and returns the names of those that
// sent: when they are enough, or when the time to settle is over.
func callAll(b *battle, settle time.Duration, enough int, show func(start string)) (sent []string) {
	b.t.Helper()
	names := slices.Sorted(maps.Keys(callers))
	sinks := map[string]*atomic.Int32{}
	addresses := map[string]string{}
	for _, name := range names {
		addresses[name], sinks[name] = stun(b.t)
	}
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("name")
		if name == "" {
			if by, err := url.Parse(r.Referer()); err == nil {
				name = by.Query().Get("name")
			}
		}
		serveCaller(w, r, name, addresses[name])
	})
	show(b.site.URL + "/")
	patiently(b.t, "every caller is shown", func() bool {
		shown := map[string]bool{}
		for _, r := range b.site.requests() {
			if r.URL.Path == "/caller" {
				shown[r.URL.Query().Get("name")] = true
			}
		}
		return len(shown) == len(callers)
	})
	for end := time.Now().Add(settle); ; time.Sleep(100 * time.Millisecond) {
		sent = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return sinks[name].Load() == 0 })
		if len(sent) >= enough || time.Now().After(end) {
			return sent
		}
	}
}

// serveCaller answers for the page with all callers, for each of them, and for
// what they show in frames.
func serveCaller(w http.ResponseWriter, r *http.Request, name, address string) {
	call := `const p = new RTCPeerConnection({iceServers: [{urls: 'stun:` + address + `'}]}); p.createDataChannel('x'); p.createOffer().then(function (o) { return p.setLocalDescription(o) })`
	html := "<!doctype html><script>" + call + "</script>"
	xhtml := `<html xmlns="http://www.w3.org/1999/xhtml"><head/><body><script>` + call + `</script></body></html>`
	text := func(s string) string { return strings.ReplaceAll(quote(s), "</", `<\/`) }
	say := func(contentType, body string) {
		w.Header().Set("Content-Type", contentType)
		io.WriteString(w, body)
	}
	switch r.URL.Path {
	case "/":
		var frames strings.Builder
		for _, name := range slices.Sorted(maps.Keys(callers)) {
			fmt.Fprintf(&frames, `<iframe src="/caller?name=%s" width=9 height=9></iframe>`, name)
		}
		page(w, frames.String())
	case "/caller":
		page(w, "<body>"+strings.NewReplacer("CALLXML", call, "CALL", call, "CONFIG", "{iceServers: [{urls: 'stun:"+address+"'}]}", "BASE64", base64.StdEncoding.EncodeToString([]byte(html)),
			"ATTR2", strings.NewReplacer("&", "&amp;", `"`, `\&quot;`, "</", "<\\/").Replace(html), "ATTR", strings.NewReplacer("&", "&amp;", `"`, "&quot;").Replace(html),
			"XHTML", text(xhtml), "HTML", text(html), "TEXT", strings.ReplaceAll(text(call), `"`, "`")).Replace(callers[name]))
	case "/page":
		say("text/html", html)
	case "/page-slow":
		time.Sleep(300 * time.Millisecond)
		say("text/html", html)
	case "/page-late":
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html>")
		w.(http.Flusher).Flush()
		time.Sleep(300 * time.Millisecond)
		io.WriteString(w, html)
	case "/xml":
		say("text/xml", xhtml)
	case "/types":
		say("image/png;x, text/html", html)
	case "/lines":
		w.Header()["Content-Type"] = []string{"image/png", "text/html"}
		io.WriteString(w, html)
	case "/odd":
		say("unknown/unknown", html)
	case "/part":
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(html)-1, len(html)))
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, html)
	case "/parts":
		say("multipart/x-mixed-replace; boundary=b", "--b\r\nContent-Type: text/html\r\n\r\n"+html+"\r\n--b--")
	case "/xsl":
		say("application/xhtml+xml", `<?xml-stylesheet type="text/xsl" href="/sheet.xsl?name=`+name+`"?><html xmlns="http://www.w3.org/1999/xhtml"/>`)
	case "/sheet.xsl":
		say("text/xsl", `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">`+xhtml+`</xsl:template></xsl:stylesheet>`)
	case "/pixel.gif":
		w.Header().Set("Content-Type", "image/gif")
		w.Write(pixel)
	case "/x.css":
		say("text/css", "p { color: red }")
	case "/204":
		w.WriteHeader(http.StatusNoContent)
	default:
		http.NotFound(w, r)
	}
}

// What no hook sees is stopped by the shell's policy, counted, and told to both.
func TestContainTabThatLeaves(t *testing.T) {
	b := newBattle(t)
	canary := newTarget(t)
	b.site.on(func(w http.ResponseWriter, r *http.Request) { page(w, "<title>shop</title>") })
	invited := b.invite(b.site.URL+"/", session.Shared)
	agent := b.client()
	agent.join(invited.ID, invited.AgentURL)
	a := agent.wire(b.agentSocket(invited.ID))
	visitor := b.visit(invited)
	a.sees("shop")
	if err := visitor.eval(top, "void (document.querySelector('iframe').src = "+quote(canary.URL+"/secret-path")+")", nil); err != nil {
		t.Fatal(err)
	}
	visitor.wait(top, `document.querySelector('tandem-toasts').textContent.includes('wanted to leave the session to `+strings.TrimPrefix(canary.URL, "http://")+`')`)
	a.expect("notice")
	patiently(t, "it is counted", func() bool { return b.Hub.Sessions()[0].Blocked["frame-src"] == 1 })
	if asked := canary.asked(); len(asked) > 0 {
		t.Errorf("the visitor's browser asked for %q", asked)
	}
	if strings.Contains(b.log.String(), "secret-path") {
		t.Error("the log tells the path")
	}
}

// With a press of the visitor's, a frame of another origin may lead its tab, and
// open windows. What no hook sees of that does nothing.
func TestContainFrameThatIsPressed(t *testing.T) {
	inEveryBrowser(t, func(t *testing.T, e engine) {
		b := newBattleIn(t, e)
		canary, other := b.newTarget(), newTarget(t)
		b.allow(other.URL)
		ways := []string{
			`const w = [self][0]; w['t' + 'op']['loc' + 'ation']['hr' + 'ef'] = U + 'top'`,
			`const w = [self][0]; w['par' + 'ent']['loc' + 'ation'].replace(U + 'parent')`,
			`const w = [self][0]; w['t' + 'op'].frames[0]['loc' + 'ation'] = U + 'sibling'`,
			`const a = document.createElement('a'), h = document.createAttribute('href'); h.value = U + 'link'; a.attributes.setNamedItem(h); a.target = '_top'; document.body.append(a); a.dispatchEvent(new MouseEvent('click'))`,
			`open(U + 'window', '_blank', 'noopener')`,
		}
		b.site.on(func(w http.ResponseWriter, r *http.Request) {
			var frames strings.Builder
			for i := range ways {
				fmt.Fprintf(&frames, `<iframe src="%s/press?%d" height=50></iframe>`, other.URL, i)
			}
			page(w, "<title>shop</title>"+frames.String())
		})
		other.on(func(w http.ResponseWriter, r *http.Request) {
			way, err := strconv.Atoi(r.URL.RawQuery)
			if err != nil {
				http.NotFound(w, r)
				return
			}
			page(w, `<button>x</button><script>const U = `+quote(canary.URL+"/")+`; document.querySelector('button').onclick = (e) => { self.pressed = e.isTrusted; `+ways[way]+` }</script>`)
		})
		visitor := b.visitIn(e, b.invite(b.site.URL+"/", session.Shared))
		for i := range ways {
			in := within(fmt.Sprintf("/press?%d", i))
			visitor.click(in, "button")
			if i < 3 { // the others may lead the tab elsewhere within the session
				visitor.wait(in, "self.pressed")
			}
		}
		time.Sleep(time.Second)
		if asked := canary.asked(); len(asked) > 0 || canary.connections.Load() != 0 {
			t.Errorf("the visitor's browser asked for %q, and connected %d times", asked, canary.connections.Load())
		}
		var at string
		if err := visitor.eval(top, "location.pathname", &at); err != nil || at != "/" {
			t.Errorf("the shell was led to %s, %v", at, err)
		}
	})
}

// missed are tags that no hook rewrites, because they are written in two pieces and
// are longer than an unfinished tag is waited for, by the directive of our policy
// that stops what they ask for.
var missed = map[string]string{
	"img-src":         `<img src="%s"`,
	"script-src-elem": `<script src="%s"`,
	"style-src-elem":  `<link rel=stylesheet href="%s"`,
	"media-src":       `<video preload=auto src="%s"`,
	"frame-src":       `<iframe src="%s"`,
	"object-src":      `<embed type="image/svg+xml" src="%s"`,
	"connect-src":     `<link rel=preload as=fetch href="%s"`,
	"base-uri":        `<base href="%s"`,
}

// writeMissed is script that writes such a tag.
func writeMissed(tag, address string) string {
	return fmt.Sprintf("document.write(%s + ' x=' + 'x'.repeat(1 << 16)); document.write('><\\/script></iframe></video>');\n", quote(fmt.Sprintf(tag, address)))
}

// Whatever rewriting and hooks miss is blocked, counted by its kind, and logged
// with what it takes to find it: whose page, which address, and where it can be
// told the line.
func TestContainCountsEveryMiss(t *testing.T) {
	inEveryBrowser(t, func(t *testing.T, e engine) {
		b := newBattleIn(t, e)
		canary := b.newTarget()
		var script strings.Builder
		for kind, tag := range missed {
			script.WriteString(writeMissed(tag, canary.URL+"/of-"+kind))
		}
		b.site.on(func(w http.ResponseWriter, r *http.Request) {
			page(w, `<title>shop</title><body><link rel=stylesheet href="data:text/css,@font-face{font-family:f;src:url(`+canary.URL+`/of-font-src)}p{font-family:f}"><p>x</p><script>`+script.String()+`</script>`)
		})
		b.visitIn(e, b.invite(b.site.URL+"/", session.Shared))
		for _, kind := range append(slices.Sorted(maps.Keys(missed)), "font-src") {
			if kind == "connect-src" && e.name() == "firefox" {
				continue // it preloads nothing for fetch
			}
			patiently(t, kind+" is counted and logged", func() bool {
				return b.Hub.Sessions()[0].Blocked[kind] > 0 && strings.Contains(b.log.String(), " kind="+kind+" ")
			})
			line := ""
			for one := range strings.SplitSeq(b.log.String(), "\n") {
				if strings.Contains(one, " msg=blocked ") && strings.Contains(one, " kind="+kind+" ") {
					line = one
				}
			}
			want := " origin=" + canary.URL + " page=" + b.site.URL + " at=/"
			if kind != "frame-src" && kind != "object-src" { // of documents browsers tell the origin only
				want += " path=/of-" + kind
			}
			if !strings.Contains(line, want) {
				t.Errorf("%s is logged as %q, want %q", kind, line, want)
			}
		}
		if asked := canary.asked(); len(asked) > 0 || canary.connections.Load() != 0 {
			t.Errorf("the visitor's browser asked for %q, and connected %d times", asked, canary.connections.Load())
		}
	})
}

// A form whose address no hook saw goes to the mapped one, with all it sends.
func TestContainFormKeepsItsFiles(t *testing.T) {
	b := newBattle(t)
	other := newTarget(t)
	b.allow(other.URL)
	var got atomic.Pointer[string]
	other.on(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			file, _, err := r.FormFile("f")
			text := []byte(fmt.Sprint(err))
			if err == nil {
				text, _ = io.ReadAll(file)
			}
			said := r.FormValue("a") + " " + string(text)
			got.Store(&said)
		}
		page(w, "<title>arrived</title>")
	})
	b.site.on(func(w http.ResponseWriter, r *http.Request) {
		page(w, `<script>`+writeMissed(`<form method=post enctype=multipart/form-data action="%s"`, other.URL+"/post")+`document.write('<input name=a value=text><input name=f type=file></form>');
const form = document.forms[0], files = new DataTransfer();
files.items.add(new File(['of the file'], 'x.txt'));
form.f.files = files.files;
form.submit()</script>`)
	})
	invited := b.invite(b.site.URL+"/", session.Shared)
	visitor := sharedBrowser(t).open(t, "visitor", invited.VisitorURL, 1280, 900)
	visitor.click(top, "[data-tandem=accept]:not(:disabled)")
	patiently(t, "the form arrives", func() bool { return got.Load() != nil })
	if *got.Load() != "text of the file" {
		t.Errorf("got %q", *got.Load())
	}
	visitor.wait(content, "document.title === 'arrived'")
	if at := get[string](visitor, content, "performance.getEntriesByType('navigation')[0].name"); !strings.HasPrefix(at, other.URL+"/post") {
		t.Errorf("the page is at %s", at)
	}
}

// What a frame is on its way to is left alone until its own script of ours has
// run: Chromium makes an element that is first looked at by another window's
// script an object of that window, where the frame's hooks do not reach.
func TestContainFrameThatTakesItsTime(t *testing.T) {
	inBrowsers(t, func(t *testing.T, e engine) {
		b := newBattle(t)
		b.site.on(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/slow" {
				page(w, `<title>shop</title><iframe src="/slow"></iframe>`)
				return
			}
			io.WriteString(w, "<!doctype html>")
			w.(http.Flusher).Flush()
			time.Sleep(300 * time.Millisecond)
			io.WriteString(w, `<body><p>x</p><script>self.own = [document, document.documentElement, document.head, document.body, document.querySelector('p')]
	.map((node) => node instanceof Node); self.done = true</script>`)
		})
		visitor := b.visitIn(e, b.invite(b.site.URL+"/", session.Shared))
		visitor.wait(within("/slow"), "self.done")
		var own []bool
		if err := visitor.eval(within("/slow"), "self.own", &own); err != nil || slices.Contains(own, false) {
			t.Errorf("nodes of the frame are of its realm: %v, %v", own, err)
		}
	})
}
