package rewrite

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
)

const (
	head = "<script>HEAD</script>"
	cdn  = "http://cdn-example--abcdefghij27.pages.localhost:7070"
	shop = "http://shop-example--abcdefghij27.pages.localhost:7070"
)

func rewritten(t testing.TB, r io.Reader, p Page) string {
	t.Helper()
	if p.Mapper == nil {
		p.Mapper = testMapper()
	}
	if p.Head == nil {
		p.Head = []byte(head)
	}
	var out bytes.Buffer
	if err := HTML(&out, r, &p); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// expectHTML checks that in becomes want, however in is cut into pieces. In want,
// ^ stands for the injected head, @ for the content host of cdn.example.
func expectHTML(t *testing.T, in, want string) { t.Helper(); expectPage(t, in, want, Page{}) }

func expectXML(t *testing.T, in, want string) { t.Helper(); expectPage(t, in, want, Page{XHTML: true}) }

func expectPage(t *testing.T, in, want string, p Page) {
	t.Helper()
	want = strings.NewReplacer("^", head, "@", strings.TrimPrefix(cdn, "http:")).Replace(want)
	if got := rewritten(t, strings.NewReader(in), p); got != want {
		t.Errorf("\n  in   %q\n  got  %q\n  want %q", in, got, want)
		return
	}
	if got := rewritten(t, iotest.OneByteReader(strings.NewReader(in)), p); got != want {
		t.Errorf("byte by byte\n  in   %q\n  got  %q\n  want %q", in, got, want)
	}
	for i := range in {
		r := io.MultiReader(strings.NewReader(in[:i]), strings.NewReader(in[i:]))
		if got := rewritten(t, r, p); got != want {
			t.Errorf("cut at %d\n  in   %q\n  got  %q\n  want %q", i, in, got, want)
			return
		}
	}
}

func TestHTMLInjection(t *testing.T) {
	expectHTML(t, "", "^")
	expectHTML(t, "hello", "^hello")
	expectHTML(t, "<html><head><title>x</title></head></html>", "<html><head>^<title>x</title></head></html>")
	expectHTML(t, "<!DOCTYPE html>\n<html lang=de>\n<HEAD profile=x >\n", "<!DOCTYPE html>\n<html lang=de>\n<HEAD profile=x >^\n")
	expectHTML(t, "\xEF\xBB\xBF <!-- <head> --><!doctype html>\n<p>", "\xEF\xBB\xBF <!-- <head> --><!doctype html>\n^<p>")
	expectHTML(t, "<!--><script>1</script>", "<!-->^<script>1</script>")
	expectHTML(t, "<!--->x", "<!--->^x")
	expectHTML(t, "<!---->x", "<!---->^x")
	expectHTML(t, "<!--->-->x", "<!--->^-->x")
	expectHTML(t, "<!-- --!>x", "<!-- --!>^x")
	expectHTML(t, "<!--!>x-->y", "<!--!>x-->^y")
	expectHTML(t, "<!- a -> b", "<!- a ->^ b"[:8]+" ^b")
	expectHTML(t, "<!>x", "<!>^x")
	expectHTML(t, "<?xml version='1.0'?><html>", "<?xml version='1.0'?><html>^")
	expectHTML(t, "</><html></p><body>", "</><html></p>^<body>")
	expectHTML(t, "<html></head><p>", "<html>^</head><p>")
	expectHTML(t, "<frameset><frame src=a></frameset>", "^<frameset><frame src=a></frameset>")
	expectHTML(t, "<svg><head></svg>", "^<svg><head></svg>")
	expectHTML(t, "<template><head></template>", "^<template><head></template>")
	expectHTML(t, " < b", " ^< b")
	expectHTML(t, "<header>", "^<header>")
	expectHTML(t, "<html", "^<html")
	expectHTML(t, "<!-- open", "<!-- open^")
	expectHTML(t, "<!doctype html", "<!doctype html^")
}

func TestHTMLAttributes(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`<a href="https://cdn.example/x?a=1&amp;b=2#c">`, `<a href="http:@/x?a=1&amp;b=2#c">`},
		{`<A HREF='https://cdn.example/'>`, `<A HREF='http:@/'>`},
		{`<a href=https://cdn.example/x>`, `<a href=http:@/x>`},
		{`<a href = https://cdn.example/ >`, `<a href = http:@/ >`},
		{`<a href=//cdn.example/x/>`, `<a href=@/x/>`},
		{`<img/src="//cdn.example/x"/>`, `<img/src="@/x"/>`},
		{`<a href="https:&#47;&#x2f;cdn.example&sol;x?a&copy=1">`, `<a href="http:@/x?a&amp;copy=1">`},
		{`<a href="https&colon;//cdn.example/&quot;">`, `<a href="http:@/&quot;">`},
		{`<a href=https&colon;//cdn.example/x>`, `<a href="http:@/x">`},
		{`<a href='&#104;ttps://cdn.example/&#39;'>`, `<a href='http:@/&#39;'>`},
		{`<a href="https://cdn.example/x"><a href='https://cdn.example/y&amp;z'><img src=https://cdn.example/><a href="https://cdn.example.evil/">`,
			`<a href="http:@/x"><a href='http:@/y&amp;z'><img src=http:@/><a href="http://cdn-example-evil--abcdefghij27.pages.localhost:7070/">`},
		{`<a href="https://cdn.example\x/y"><a href="https://cdn.example\x/y"><a href="https://cdn.example\">`, `<a href="http:@\x/y"><a href="http:@\x/y"><a href="http:@\">`},
		{`<table background="//cdn.example/" title=x><strong onclick=top.x id="a">`, `<table background="@/" title=x><strong onclick="$tandem.v(top/*$*/).x" id="a">`},
		{`<a title="https://cdn.example/" data-href="https://cdn.example/" href="/x">`, ``},
		{`<p href="https://cdn.example/">`, ``},
		{`<a href>`, ``},
		{`<a href=>`, ``},
		{`<a =href="https://cdn.example/">`, ``},
		{`<a href="mailto:x"><a href="data:text/html,https://cdn.example/">`, ``},
		{`<a ping="/a https://cdn.example/p  //cdn.example/q">`, `<a ping="/a http:@/p  @/q">`},
		{`<img srcset="https://cdn.example/a,b.png 1x, /c.png 2x,https://cdn.example/d.png,">`, `<img srcset="http:@/a,b.png 1x, /c.png 2x,http:@/d.png,">`},
		{`<img srcset="a.png (1,x) , //cdn.example/b 100w 50h">`, `<img srcset="a.png (1,x) , @/b 100w 50h">`},
		{`<link rel=preload as=image imagesrcset="//cdn.example/a 1x">`, `<link rel=preload as=image imagesrcset="@/a 1x">`},
		{`<video poster=//cdn.example/p src=//cdn.example/v></video>`, `<video poster=@/p src=@/v></video>`},
		{`<form action="https://cdn.example"><button formaction="//cdn.example">`, `<form action="http:@"><button formaction="@">`},
		{`<script src="https://cdn.example/a.js" integrity="sha384-x" crossorigin></script>`, `<script src="http:@/a.js" data-tandem-integrity="sha384-x" crossorigin></script>`},
		{`<link rel=stylesheet href=//cdn.example/a.css INTEGRITY=x>`, `<link rel=stylesheet href=@/a.css data-tandem-INTEGRITY=x>`},
		{`<link rel="preconnect" href="https://cdn.example">`, `<link rel="tandem-preconnect" href="http:@">`},
		{`<link rel="DNS-Prefetch stylesheet" href=/x>`, `<link rel="tandem-DNS-Prefetch stylesheet" href=/x>`},
		{`<link rel=canonical href="https://cdn.example/">`, ``},
		{`<meta content="img-src 'none'" http-equiv=content&#45;security-policy>`,
			`<meta content="img-src http://shell--abcdefghij27.pages.localhost:7070/.tandem/hop; report-to tandem-x5urvtxronqebals" http-equiv=content&#45;security-policy>`},
		{`<meta http-equiv="Content-Security-Policy-Report-Only" content="default-src 'none'">`, ``}, // has no effect
		{`<meta content="0; URL='https://cdn.example/'" http-equiv=Refresh>`, `<meta content="0; URL='http:@/'" http-equiv=Refresh>`},
		{`<meta name=refresh content="0;url=https://cdn.example/">`, ``},
		{`<meta http-equiv=X-UA-Compatible content=IE=edge>`, ``},
		{`<iframe csp="x" credentialless allow="camera https://cdn.example; mic 'src'"></iframe>`, `<iframe data-tandem-csp="x" data-tandem-credentialless allow="camera http:@; mic 'src'"></iframe>`},
		{`<p style="background: url(https://cdn.example/a.png)">`, `<p style="background: url(http:@/a.png)">`},
		{`<p style='background: url(&quot;//cdn.example/a.png&quot;)'>`, `<p style='background: url("@/a.png")'>`},
		{`<p style="background:url(&quot;//cdn.example/&quot;)">`, `<p style="background:url(&quot;@/&quot;)">`},
		{`<p onclick="location.href='x'" one="1">`, `<p onclick="$tandem.v(location/*$*/).href='x'" one="1">`},
		{`<p onclick="alert(&quot;x&quot;)" onfocus=top.x>`, `<p onclick="alert(&quot;x&quot;)" onfocus="$tandem.v(top/*$*/).x">`},
		{`<a href="javascript:location='a%20b'">`, `<a href="javascript:$tandem.html($tandem.location='a b'/*$*/)">`},
		{`<a href=" Java&#10;Script:void(0)">`, ``},
		{`<svg><use xlink:href="//cdn.example/i.svg#a"/><image href="//cdn.example/i"/></svg>`, `<svg><use xlink:href="@/i.svg#a"/><image href="@/i"/></svg>`},
		{`<svg fill="url(//cdn.example/i#a)"><lineargradient href=//cdn.example/x></svg>`, `<svg fill="url(@/i#a)"><lineargradient href=@/x></svg>`},
		{`<iframe srcdoc="<p>&lt;a href=&quot;//cdn.example/&quot;&gt;"></iframe>`, `<iframe srcdoc="^<p><a href=&quot;@/&quot;>"></iframe>`},
		{`<iframe srcdoc></iframe>`, `<iframe srcdoc="^"></iframe>`},
		{`<a target=_top href=x>`, ``},
		{`<p a=">" b = ">"><a href="//cdn.example/">`, `<p a=">" b = ">"><a href="@/">`},
		{`<p a b/c=d"e f='>' "g=">" h/><a href="//cdn.example/">`, `<p a b/c=d"e f='>' "g=">" h/><a href="@/">`},
		{`<p a==">"><a href="//cdn.example/">`, `<p a==">"><a href="@/">`},
		{`<P CLASS="x" STYLE="c:url(//cdn.example/)"><SCRIPT>top.x</SCRIPT>`, `<P CLASS="x" STYLE="c:url(@/)"><SCRIPT>$tandem.top.x</SCRIPT>`},
		{`<p class="x" ONCLICK="top.x"><p class="x" onclick>`, `<p class="x" ONCLICK="$tandem.v(top/*$*/).x"><p class="x" onclick>`},
		{`</a href="//cdn.example/">`, ``},
		{`<a href="//cdn.example/`, ``},
	} {
		if tt.want == "" {
			tt.want = tt.in
		}
		expectHTML(t, "<head>"+tt.in, "<head>^"+tt.want)
	}
}

func TestHTMLBase(t *testing.T) {
	expectHTML(t, `<base href="http://cdn.example/a/"><base href="https://x.example/"><img src="//cdn.example/x"><img src="http:x">`,
		`^<base href="http://0h-cdn-example--abcdefghij27.pages.localhost:7070/a/"><base href="http://x-example--abcdefghij27.pages.localhost:7070/">`+
			`<img src="//0h-cdn-example--abcdefghij27.pages.localhost:7070/x"><img src="x">`)
}

func TestHTMLRawText(t *testing.T) {
	const link = `<a href="//cdn.example/">`
	const done = `<a href="@/">`
	for _, name := range []string{"title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "style", "script"} {
		expectHTML(t, "<head><"+name+">"+link+"</x></"+name+"x></"+strings.ToUpper(name)+"\n>"+link,
			"<head>^<"+name+">"+link+"</x></"+name+"x></"+strings.ToUpper(name)+"\n>"+done)
		expectHTML(t, "<head><"+name+"/>"+link, "<head>^<"+name+"/>"+link)
	}
	expectHTML(t, "<plaintext></plaintext>"+link, "^<plaintext></plaintext>"+link)
	expectHTML(t, "<!-- "+link+" -->"+link, "<!-- "+link+" -->^"+done)
	expectHTML(t, "<p><![CDATA[>"+link+"]]>", "^<p><![CDATA[>"+done+"]]>")
	expectHTML(t, "<p><? > "+link, "^<p><? > "+done)
	expectHTML(t, "<p></ > "+link, "^<p></ > "+done)
	expectHTML(t, `<p title="<script>">`+link, `^<p title="<script>">`+done)
	expectHTML(t, "<script><!-- <script> </script> "+link+" --></script>"+link, "^<script><!-- <script> </script> "+link+" --></script>"+done)
	expectHTML(t, "<script><!--> <script> </script>"+link, "^<script><!--> <script> </script>"+done)
	expectHTML(t, "<script><!-- <script>--> </script>"+link, "^<script><!-- <script>--> </script>"+done)
	expectHTML(t, "<script><!-- </script>"+link, "^<script><!-- </script>"+done)
	expectHTML(t, "<style>a{b:url(//cdn.example/)}</style><style>c{d:url(//cdn.example/)}", "^<style>a{b:url(@/)}</style><style>c{d:url(@/)}")
	expectHTML(t, "<style type=text/less>a{b:url(//cdn.example/)}</style>", "^<style type=text/less>a{b:url(//cdn.example/)}</style>")
}

func TestHTMLForeign(t *testing.T) {
	const link = `<a href="//cdn.example/">`
	const done = `<a href="@/">`
	for in, want := range map[string]string{
		"<svg><style>" + link + "</style>":                     "<svg><style>" + done + "</style>",
		"<svg><title>" + link + "</title></svg><title>" + link: "<svg><title>" + done + "</title></svg><title>" + link,
		"<svg><![CDATA[" + link + "]]>" + link:                 "<svg><![CDATA[" + link + "]]>" + done,
		"<svg></svg><![CDATA[>" + link:                         "<svg></svg><![CDATA[>" + done,
		"<svg/><style>" + link:                                 "<svg/><style>" + link,
		"<svg><script/>" + link:                                "<svg><script/>" + done,
		"<svg><p><style>" + link:                               "<svg><p><style>" + link,
		"<svg><foreignObject><style>" + link + "</style></foreignObject><style>" + link: "<svg><foreignObject><style>" + link + "</style></foreignObject><style>" + done,
		"<svg><foreignObject><div></svg><style>" + link:                                 "<svg><foreignObject><div></svg><style>" + link,
		"<svg><desc></svg><style>" + link:                                               "<svg><desc></svg><style>" + link,
		"<div><svg><g></div><style>" + link:                                             "<div><svg><g></div><style>" + link,
		"<math><mi><style>" + link + "</style></mi><style>" + link:                      "<math><mi><style>" + link + "</style></mi><style>" + done,
		"<svg><font><style>" + link:                                                     "<svg><font><style>" + done,
		"<svg><font color=x><style>" + link:                                             "<svg><font color=x><style>" + link,
		"<svg><style>a{b:url(&quot;//cdn.example/&quot;)}</style>":                      "<svg><style>a{b:url(\"@/\")}</style>",
		"<svg><style><![CDATA[a>b{c:url(//cdn.example/)}]]></style>":                    "<svg><style><![CDATA[a>b{c:url(@/)}]]></style>",
		"<svg><style>&amp;<![CDATA[a>b{c:url(//cdn.example/)}]]></style>":               "<svg><style>&amp;a&gt;b{c:url(@/)}</style>",
		"<svg><style> <![CDATA[a>b{]]>c:url(//cdn.example/)}</style>":                   "<svg><style> a&gt;b{c:url(@/)}</style>",
		"<svg><script><![CDATA[x=[[location]]]]><![CDATA[>1]]></script>":                "<svg><script>x=[[$tandem.location]]&gt;1</script>",
		"<svg><script>location&#46;x</script>":                                          "<svg><script>$tandem.location.x</script>",
	} {
		expectHTML(t, "<head>"+in, "<head>^"+want)
	}
}

func TestHTMLScripts(t *testing.T) {
	for in, want := range map[string]string{
		"<script>location.href</script>":                                                                                "<script>$tandem.location.href</script>",
		"<script type=''>location.href</script>":                                                                        "<script type=''>$tandem.location.href</script>",
		"<script type=' Text/JavaScript '>top.x</script>":                                                               "<script type=' Text/JavaScript '>$tandem.top.x</script>",
		"<script language=JavaScript1.2>top.x</script>":                                                                 "<script language=JavaScript1.2>$tandem.top.x</script>",
		"<script type=module>import 'https://cdn.example/x.js'</script>":                                                "<script type=module>import /*$url'https://cdn.example/x.js'*/'http:@/x.js'</script>",
		"<script type=text/template>location.href</script>":                                                             "",
		"<script type=application/json>{\"location\":1}</script>":                                                       "",
		"<script src=a.js>location.href</script>":                                                                       "",
		"<script type=speculationrules>{}</script>":                                                                     "<script type=\"tandem/speculationrules\">{}</script>",
		`<script type=importmap>{"imports":{"a":"https://cdn.example/a.js","b/":"/b/"}}</script>`:                       `<script type=importmap>{"imports":{"a":"http:@/a.js","b/":"/b/"}}</script>`,
		`<script type="importmap">{"scopes":{"https:\/\/cdn.example\/":{"a":"./a"}},"integrity":{"/x":"sha"}}</script>`: `<script type="importmap">{"scopes":{"http:@/":{"a":"./a"}},"tandem-integrity":{"/x":"sha"}}</script>`,
		"<script>location.href":                                                                                         "",
	} {
		if want == "" {
			want = in
		}
		expectHTML(t, "<head>"+in, "<head>^"+want)
	}
}

func TestXMLStyleSheets(t *testing.T) {
	const rest = `<html><head>^</head></html>`
	for in, want := range map[string]string{
		`<?xml-stylesheet href="https://cdn.example/a.css?b&amp;c" type="text/css"?>`:            `<?xml-stylesheet href="http:@/a.css?b&amp;c" type="text/css"?>`,
		"<?xml-stylesheet\ntype = 'text/css' title='href=\"x\"' href = 'https://cdn.example/'?>": "<?xml-stylesheet\ntype = 'text/css' title='href=\"x\"' href = 'http:@/'?>",
		`<?xml-stylesheet href="/own.css"?>`:                                                     `<?xml-stylesheet href="/own.css"?>`,
		`<?xml-stylesheet href="/x" type="text/xsl"?>`:                                           `<?tandem-stylesheet href="/x" type="text/xsl"?>`,
		`<?xml-stylesheet href="/x" a=" type='text/css'" type="Application/XML"?>`:               `<?tandem-stylesheet href="/x" a=" type='text/css'" type="Application/XML"?>`,
		`<?xml-stylesheet href="/x" type="text/&#120;sl"?>`:                                      `<?tandem-stylesheet href="/x" type="text/&#120;sl"?>`,
		`<?xml version="1.0"?><?php href="https://cdn.example/"?>`:                               `<?xml version="1.0"?><?php href="https://cdn.example/"?>`,
	} {
		expectXML(t, in+strings.ReplaceAll(rest, "^", ""), want+rest)
	}
	expectXML(t, `<?xml-stylesheet type="text/xsl" href="x"`, `<?xml-stylesheet type="text/xsl" href="x"`)
	expectXML(t, `<?xml-style`, `<?xml-style`)
}

func TestXHTML(t *testing.T) {
	expectXML(t, "<?xml version='1.0'?><?x <a>?>\n<!DOCTYPE html [<!ENTITY a '>'>]><html><head><title/></head></html>",
		"<?xml version='1.0'?><?x <a>?>\n<!DOCTYPE html [<!ENTITY a '>'>]><html><head>^<title/></head></html>")
	expectXML(t, "<html><head/><body/></html>", "<html><head>^</head><body/></html>")
	expectXML(t, "<html><body><style>a{}</style></body></html>", "<html>^<body><style>a{}</style></body></html>")
	expectXML(t, "<svg><g/></svg>", "<svg>^<g/></svg>")
	expectXML(t, "<svg/>", "<svg>^</svg>")
	expectXML(t, "<h:html><h:head><h:a href='//cdn.example/&lt;'/></h:head></h:html>", "<h:html><h:head>^<h:a href='@/&lt;'/></h:head></h:html>")
	expectXML(t, "<html><head><script>//<![CDATA[\nif (a&&b<c) location.x\n//]]></script><title><a href='//cdn.example/'/></title></head></html>",
		"<html><head>^<script>//<![CDATA[\nif (a&&b<c) $tandem.location.x\n//]]></script><title><a href='@/'/></title></head></html>")
	expectXML(t, "<html><head><![CDATA[<a href='//cdn.example/'>]]><!-- --!> <a href='//cdn.example/'> --></head></html>",
		"<html><head>^<![CDATA[<a href='//cdn.example/'>]]><!-- --!> <a href='//cdn.example/'> --></head></html>")
}

func TestHTMLLimit(t *testing.T) {
	p := Page{Mapper: testMapper(), Limit: 100}
	long := strings.Repeat("x", 200)
	for _, in := range []string{"<p a='" + long, "<p a='" + long + "'>y", "<script>" + long, "<style>" + long + "</style>y"} {
		for _, r := range []io.Reader{strings.NewReader("abc" + in), iotest.OneByteReader(strings.NewReader("abc" + in))} {
			var out bytes.Buffer
			if err := HTML(&out, r, &p); !errors.Is(err, ErrTooLong) {
				t.Errorf("%.10q: error %v, want ErrTooLong", in, err)
			}
			if got := out.String(); !strings.HasPrefix(got, "abc") || strings.Contains(got, "xx") {
				t.Errorf("%.10q: wrote %q, want what came before and nothing of it", in, got)
			}
		}
	}
	for _, in := range []string{"<!--" + long, long, "<title>" + long, "<svg><![CDATA[" + long} {
		var out bytes.Buffer
		if err := HTML(&out, iotest.OneByteReader(strings.NewReader(in)), &p); err != nil || out.String() != in {
			t.Errorf("%.10q: wrote %q, %v", in, out.String(), err)
		}
	}
}

func TestHTMLSrcdocDepth(t *testing.T) {
	in := "end"
	for range 3 * maxSrcdoc {
		in = "<iframe srcdoc=\"" + strings.NewReplacer("&", "&amp;", `"`, "&quot;").Replace(in) + "\"></iframe>"
		if len(in) > 1<<20 {
			break
		}
	}
	if got := rewritten(t, strings.NewReader(in), Page{}); strings.Contains(got, "end") {
		t.Error("a document nested too deep was kept")
	}
}

// TestHTMLStreams checks that what is complete is written before more is read.
func TestHTMLStreams(t *testing.T) {
	in, feed := io.Pipe()
	out, w := io.Pipe()
	go func() { w.CloseWithError(HTML(w, in, &Page{Mapper: testMapper(), Head: []byte(head)})) }()
	send := make(chan string)
	defer close(send)
	go func() {
		for s := range send {
			io.WriteString(feed, s)
		}
		feed.Close()
	}()
	read := bytes.Buffer{}
	buf := make([]byte, 1000)
	for _, step := range []struct{ in, want string }{
		{"<head><p>one <a hr", "<head>" + head + "<p>one "},
		{"ef=x>two</a><script>var", "<a href=x>two</a><script>"},
		{" x</script", ""},
		{">", "var x</script>"},
	} {
		send <- step.in
		for want := read.String() + step.want; read.String() != want; {
			n, err := out.Read(buf)
			if read.Write(buf[:n]); err != nil || !strings.HasPrefix(want, read.String()) {
				t.Fatalf("after %q: got %q, want %q (%v)", step.in, read.String(), want, err)
			}
		}
	}
}

func TestHTMLPassesReadError(t *testing.T) {
	broken := errors.New("connection reset")
	var out bytes.Buffer
	err := HTML(&out, io.MultiReader(strings.NewReader("<p>a"), iotest.ErrReader(broken)), &Page{Mapper: testMapper()})
	if !errors.Is(err, broken) || out.String() != "<p>a" {
		t.Errorf("HTML wrote %q, %v", out.String(), err)
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"<head><title>x</title><script>location</script>", `<a href="https://cdn.example/&amp;">`, "<svg><style><![CDATA[x]]></style>",
		"<!-- --!><!doctype html><p style='a:url(//x.y)'>", "<script><!--<script></script>--></script>", `<img srcset="//a.b 1x, c">`,
		`<iframe srcdoc="<p>">`, "<p><template shadowrootmode=closed><slot>", "<math><mi><p></math>", "<meta http-equiv=refresh content='0;url=//a.b'>",
	} {
		f.Add(s, uint16(3), false)
		f.Add(s, uint16(9), true)
	}
	f.Fuzz(func(t *testing.T, in string, cut uint16, xml bool) {
		p := Page{XHTML: xml}
		whole := rewritten(t, strings.NewReader(in), p)
		i := min(int(cut), len(in))
		if got := rewritten(t, io.MultiReader(strings.NewReader(in[:i]), iotest.HalfReader(strings.NewReader(in[i:]))), p); got != whole {
			t.Fatalf("%q cut at %d\n  got  %q\n  want %q", in, i, got, whole)
		}
		if strings.ContainsAny(in, ":/\\&") || xml {
			return
		}
		if lower := strings.ToLower(in); strings.Contains(lower, "on") || strings.Contains(lower, "script") || strings.Contains(lower, "link") ||
			strings.Contains(lower, "meta") || strings.Contains(lower, "srcdoc") || strings.Contains(lower, "csp") || strings.Contains(lower, "less") || strings.Contains(lower, "shadow") {
			return
		}
		if got := strings.Replace(whole, head, "", 1); got != in {
			t.Fatalf("nothing to map, but\n  in  %q\n  got %q", in, got)
		}
	})
}

// TestAttrs checks that every attribute of the table is mapped in every element
// it has a meaning in, and in no other.
func TestAttrs(t *testing.T) {
	const url = "//cdn.example/x"
	mapped := strings.TrimPrefix(cdn, "http:") + "/x"
	values := map[AttrKind][2]string{
		AttrURL: {url, mapped}, AttrURLs: {"a " + url + "; " + url, "a " + mapped + "; " + mapped}, AttrSrcset: {url + " 2x, /y", mapped + " 2x, /y"},
		AttrStyle: {"url(" + url + ")", "url(" + mapped + ")"}, AttrAside: {"x", "x"},
	}
	for _, a := range Attrs {
		value, known := values[a.Kind]
		if !known {
			continue // documents have tests of their own
		}
		elements := a.Elements
		if elements == nil {
			elements = []string{"p", "rect"}
		}
		for _, e := range elements {
			name := a.Name
			if a.Kind == AttrAside {
				name = "data-tandem-" + a.Name
			}
			expectHTML(t, "<head><"+e+" "+a.Name+"='"+value[0]+"' x>", "<head>^<"+e+" "+name+"='"+value[1]+"' x>")
		}
		if a.Elements != nil && a.Kind != AttrAside {
			in := "<head><x-y " + a.Name + "='" + value[0] + "'>"
			expectHTML(t, in, strings.Replace(in, "<head>", "<head>^", 1))
		}
	}
	for _, in := range []string{"<p itemid='" + url + "' data-src='" + url + "' about='" + url + "'>", "<object classid='" + url + "' archive='" + url + "'>",
		"<param value='" + url + "'>", "<link rel=canonical href='" + url + "'>", "<g xml:base='" + url + "' xmlns:x='" + url + "'>", "<meta property=og:url content='" + url + "'>"} {
		expectHTML(t, "<head>"+in, "<head>^"+in)
	}
}

// TestPapers has PDFs in embed and object elements taken for documents.
func TestPapers(t *testing.T) {
	for in, want := range map[string]string{
		`<embed type='Application/PDF; x' src=a.pdf?b.pdf#c>`: `<embed type='text/html;tandem=Application/PDF; x' src="a.%70df?b.pdf#c">`,
		`<object data="//cdn.example/A.Pdf ">`:                `<object data="` + strings.TrimPrefix(cdn, "http:") + `/A.%50df ">`,
		`<object type=text/html data=/a?b.pdf>`:               `<object type=text/html data=/a?b.pdf>`,
		`<a type=application/pdf href=/a.pdf>`:                `<a type=application/pdf href=/a.pdf>`,
		`<embed src=pdf>`:                                     `<embed src=pdf>`,
	} {
		expectHTML(t, "<head>"+in, "<head>^"+want)
	}
	for in, want := range map[string]string{"/a.%70df": "/a.pdf", "/%7e/A.%50DF": "/%7e/A.PDF", "/a%70df": "/a%70df", "/a.%71df": "/a.%71df", "/x": "/x"} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if SpellPaper(u); u.EscapedPath() != want {
			t.Errorf("%s: got %s", in, u.EscapedPath())
		}
	}
}

// TestClosedRoots marks the closed shadow roots that markup declares.
func TestClosedRoots(t *testing.T) {
	const mark = "<tandem-root></tandem-root>"
	expectHTML(t, `<p><template shadowrootmode=closed>x</template>`, `^<p><template shadowrootmode=closed>`+mark+`x</template>`)
	expectHTML(t, `<p><TEMPLATE a ShadowRootMode='Clos&#101;D' b>`, `^<p><TEMPLATE a ShadowRootMode='Clos&#101;D' b>`+mark)
	for _, same := range []string{
		`<template shadowrootmode=open>x</template>`, `<template shadowrootmode>x</template>`, `<template>x</template>`,
		`<template shadowrootmode=open shadowrootmode=closed>`, `<div shadowrootmode=closed>`, `<svg><template shadowrootmode=closed></svg>`,
		`<!-- <template shadowrootmode=closed> -->`,
	} {
		expectHTML(t, "<p>"+same, "^<p>"+same)
	}
	expectXML(t, `<html xmlns="http://www.w3.org/1999/xhtml"><template shadowrootmode="closed"></template></html>`, `<html xmlns="http://www.w3.org/1999/xhtml">^<template shadowrootmode="closed"></template></html>`)
}
