package rewrite

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// expectJS checks that in becomes want by way of the parser, and that want is
// JavaScript. In want, § stands for "$tandem.".
func expectJS(t *testing.T, kind ScriptKind, in, want string) {
	t.Helper()
	want = strings.ReplaceAll(want, "§", "$tandem.")
	out, tier := JS([]byte(in), Script{Kind: kind, Mapper: testMapper()})
	if got := unmarked(out); got != want || tier == TierTokens {
		t.Errorf("tier %d\n  in   %s\n  got  %s\n  want %s", tier, in, got, want)
		return
	}
	if back := Unscript(string(out)); back != in {
		t.Errorf("Unscript(%s)\n  got  %s\n  want %s", out, back, in)
	}
	expectSkim(t, in, []byte(in), kind)
	expectSkim(t, in, []byte("(function (a, b) { if (a) { return [b, /[/]x/] } })(1, {c: `${2}`});\n"+in), kind)
	want = string(out)
	switch kind {
	case ScriptFunction:
		want = "async function* f(){" + want + "\n}"
	case ScriptHandler:
		want = "function f(){" + want + "\n}"
	}
	if err := syntaxErrors(want); err != "" && syntaxErrors(in) == "" {
		t.Errorf("esbuild refuses %s: %s", want, err)
	}
}

// unmarked drops the comments that only tell what was written by us.
func unmarked(out []byte) string {
	s := strings.NewReplacer("return"+mark, "return ", "typeof"+mark, "typeof ", mark, "", "/*$.*/", "", markBody, "", markBodyEnd, "", "/*$const*/", "").Replace(string(out))
	return addressMarks.ReplaceAllString(s, "")
}

var addressMarks = regexp.MustCompile(`/\*\$url.*?\*/`)

func syntaxErrors(src string) string {
	r := api.Transform(src, api.TransformOptions{LogLevel: api.LogLevelSilent, Target: api.ESNext})
	if len(r.Errors) == 0 {
		return ""
	}
	return r.Errors[0].Text
}

func TestJS(t *testing.T) {
	for _, tt := range [][2]string{
		// free names
		{"location", "§location"},
		{"location.href = 'x'", "§location.href = 'x'"},
		{"location = 'x'", "§location = 'x'"},
		{"x = location, y = top", "x = §location, y = §top"},
		{"typeof location", "typeof §location"},
		{"if (top !== self) top.location = self.location", "if (§top !== self) §o(§top).location = §o(self).location"},
		{"loc\\u0061tion.href; t\\u{6f}p", "§loc\\u0061tion.href; §t\\u{6f}p"},
		{"({location, top})", "({location:§location, top:§top})"},
		{"({location} = x)", "({location:§location} = §o(x))"},
		{"({location = 1} = x)", "({location:§location = 1} = §o(x))"},
		{"[location] = x; [a = top] = x", "[§location] = x; [a = §top] = x"},
		{"for (location of x) ;", "for (§location of x) ;"},
		{"location++; ++location; delete location", "§location++; ++§location; delete §location"},
		{"`${location}${`${top}`}`", "`${§location}${`${§top}`}`"},
		{"f(location)(top)", "f(§location)(§top)"},
		{"new location.X(top)", "new §location.X(§top)"},
		// not uses
		{"({location: 1, top() {}, get location() {}, 'top': 2})", ""},
		{"class A { location = 1; static top() {} get eval() {} #top }", ""},
		{"top: for (;;) { break top; continue top }", ""},
		{"location: 1", ""},
		{"x = 'location'; y = /location/; z = `top` // location\n/* top */", ""},
		{"x = a / location / b", "x = a / §location / b"},
		{"stop; desktop.topic; $top; location_", ""},
		{"export {location}; let location", ""},
		// bound names
		{"function f(location) { return location + top }", "function f(location) { return location + §top }"},
		{"function f() { location; var location }", ""},
		{"function f() { if (x) { var top } top }", ""},
		{"function f() { { let top } top }", "function f() { { let top } §top }"},
		{"{ let location; location } location", "{ let location; location } §location"},
		{"{ function top() {} top }", ""},
		{"function f() { { function top() {} } top }", ""},
		{"(function location() { location })", ""},
		{"(class top { m() { top } }); top", "(class top { m() { top } }); §top"},
		{"try {} catch (location) { location } location", "try {} catch (location) { location } §location"},
		{"try {} catch ({top: [location]}) { location; top }", "try {} catch ({top: [location]}) { location; §top }"},
		{"try {} catch ({location: l, a: {top}}) { l }", "try {} catch ({location: l, a: {top}}) {l=§v(l);top=§v(top); l }"},
		// patterns in patterns, in loops and catches
		{"const {a: {location: l}} = w", "let {a: {location: l}} = w,{}=[l=§v(l)]"},
		{"const {location: l, a: {location: m}} = w, x = m.b", "let {location: l, a: {location: m}} = §o(w),{}=[m=§v(m)], x = m.b"},
		{"function f() { var [{top: t = 1}] = x.top; let {a: [{'location': l}]} = y }", "function f() { var [{top: t = 1}] = §o(x).top,{}=[t=§v(t)]; let {a: [{'location': l}]} = y,{}=[l=§v(l)] }"},
		{"var {a: {location}} = w", ""},
		{"for (const {location: l} of w) l", "for (let {location: l} of w) {l=§v(l);l}"},
		{"for (const {top} of w) { const top = 1 } top", "for (let {top} of w) {top=§v(top);{ const top = 1 }} §top"},
		{"for (let {top} of w) if (top) f(top); else g\nx", "for (let {top} of w) {top=§v(top);if (top) f(top); else g}\nx"},
		{"async () => { for await (const [{top}] of w); }", "async () => { for await (let [{top}] of w){top=§v(top);;} }"},
		{"for (const {a: {top: t}} = w; t;) t", "for (let {a: {top: t}} = w,{}=[t=§v(t)]; t;) t"},
		{"for ({top: t} of w) t; for ({top} of w) top", "for ({top: t} of w) {t=§v(t);t;} for ({top:§top} of w) §top"},
		{"[f({top: t}).x, a[{top: t}].x, new f({top: t}).x, f?.({top: t}), `${{top: t}}`.x] = w", ""},
		{"async ({top: t}) => t; async ({top: t}).x", "async ({top: t}) => (t=§v(t),t); async ({top: t}).x"},
		{"for (const {a: {b}} of w) f(b, top)", "for (const {a: {b}} of w) f(b, §top)"},
		{"f({a: {location: l}} = w)", "f(§f({a: {location: l}} = w,l=§v(l)))"},
		{"[{location: l}] = w; [{a: {top: t}} = b] = w", "§f([{location: l}] = w,l=§v(l)); §f([{a: {top: t}} = b] = w,t=§v(t))"},
		{"({a: {top: t}} = w) => t; ([{top: t} = w]) => t", "({a: {top: t}} = w) => (t=§v(t),t); ([{top: t} = §o(w)]) => (t=§v(t),t)"},
		{"for ([{a: {top: t}} = b] of w) t", "for ([{a: {top: t}} = b] of w) {t=§v(t);t}"},
		{"export const {a: {top: t}} = w", "export let {a: {top: t}} = w,{}=[t=§v(t)]"},
		{"x = {a: {top: t}}; const {a: b} = {top: t}", ""},
		// copies of a window
		{"({...window}); f({a, ...self, ...{}}); ({ ... document })", "({...§o(window)}); f({a, ...§o(self), ...{}}); ({ ... §o(document) })"},
		{"({...this}); ({...top})", "({...§o(this)}); ({...§o(§top)})"},
		{"({...window.a, ...self || b, ...(window)}); f(...window); [...self]; function g(self) { ({...self, ...this}) }", ""},
		{"({...window} = x); ({...self}) => self; ({...self} = x)", ""},
		{"for (let top = 0; top < 1; top++) top; top", "for (let top = 0; top < 1; top++) top; §top"},
		{"for (const location of x) location", ""},
		{"switch (top) { case 1: let top; top }", "switch (§top) { case 1: let top; top }"},
		{"function f({location: l, ...top}, [eval = location]) { top; eval(l) }", "function f({location: l, ...top}, [eval = §location]) {l=§v(l); top; eval(l) }"},
		{"location => location.x", ""},
		{"(location) => location.x", ""},
		{"(a, location = top) => location", "(a, location = §top) => location"},
		{"({location}) => location; location", "({location}) => (location=§v(location),location); §location"},
		{"({a: [location = top.x]}, ...top) => location", "({a: [location = top.x]}, ...top) => location"},
		{"({[location]: a}) => a", "({[§location]: a}) => a"},
		{"async location => location", ""},
		{"async (location) => { location }", ""},
		{"async (location)", "async (§location)"},
		{"(location, top)", "(§location, §top)"},
		{"f((location) => 1, location)", "f((location) => 1, §location)"},
		{"x ? (location) => location : location", "x ? (location) => location : §location"},
		{"x ? (location) : top", "x ? (§location) : §top"},
		{"import location, {top as eval} from 'x'; location; eval(top)", "import location, {top as eval} from 'x'; location; eval(§top)"},
		{"import * as top from './x'; top", ""},
		{"class A { static { var top; top } } top", "class A { static { var top; top } } §top"},
		{"({ m(location) { location }, async *top(top) { top } })", ""},
		{"let f = function (top) { return () => top }", ""},
		// the window's own variables
		{"var location = '/x'; location", "var location = §url('/x'); §location"},
		{"var top = 1; top", "var top = 1; §top"},
		{"if (x) { var a = 1, location = y }", "if (x) { var a = 1, location = §url(y) }"},
		{"var location = 1; export {}", ""},
		// members
		{"window.location", "§o(window).location"},
		{"window.location.href = x", "§o(window).location.href = x"},
		{"window . location", "§o(window) . location"},
		{"w['location']; w[\"top\"]; w['loc']; w[location]", "§o(w)['location']; §o(w)[\"top\"]; w['loc']; w[§location]"},
		{"a.b(c)[d].top.location", "§o(§o(a.b(c)[d]).top).location"},
		{"(a, b).location", "§o((a, b)).location"},
		{"this.location; super.location", "§o(this).location; super.location"},
		{"return_(a).top; typeof(a).top", "§o(return_(a)).top; typeof §o((a)).top"},
		{"a?.location; a?.b.location; a?.['top']; a?.b['top']", "§o(a)?.location; §o(a?.b)?.location; §o(a)?.['top']; §o(a?.b)?.['top']"},
		{"(a?.b).location", "§o((a?.b)).location"},
		{"f?.(top).location", "§o(f?.(§top))?.location"},
		{"parent.postMessage(x, '*')", "§o(parent).postMessage(x, '*')"},
		{"frames[0].eval('1')", "§o(frames[0]).eval('1')"},
		{"new a.location.B(); new a.top; new (a.top)()", "new (§o(a).location.B)(); new (§o(a).top); new (§o(a).top)()"},
		{"new A().location; new A(b.top); new A", "§o(new A()).location; new A(§o(b).top); new A"},
		{"new new A().location()", "new (§o(new A()).location)()"},
		{"a.location = 1; a.top++; delete a.top; [a.top] = x", "§o(a).location = 1; §o(a).top++; delete §o(a).top; [§o(a).top] = x"},
		{"for (a.top in x) ;", "for (§o(a).top in x) ;"},
		{"x`a`.top; `a`.top; 'a'.top; [].top; /a/.top; 1..top", "§o(x`a`).top; `a`.top; 'a'.top; [].top; /a/.top; 1..top"},
		{"function(){}.top"[:0] + "(function(){}).top", "§o((function(){})).top"},
		{"a.#location; a.loc", ""},
		{"await_.top; a\n.top", "§o(await_).top; §o(a)\n.top"},
		{"async () => (await a).top + await b.top", "async () => §o((await a)).top + await §o(b).top"},
		{"function* f() { yield a.top; yield* b.top; yield\n(a).top }", "function* f() { yield §o(a).top; yield* §o(b).top; yield\n§o((a)).top }"},
		{"function f() { return(a).top }", "function f() { return §o((a)).top }"},
		{"@a.top.b class C { @x.top(y) m() {} }", "@(§o(a).top.b) class C { @(§o(x).top(y)) m() {} }"},
		{"@(a.top) class C {}", "@((§o(a).top)) class C {}"},
		{"class A extends b.top {}", "class A extends §o(b).top {}"},
		// destructuring
		{"const {location, document} = window", "const {location, document} = §o(window)"},
		{"var {a} = window", ""},
		{"let {top: t} = w, {b} = w", "let {top: t} = §o(w), {b} = w"},
		{"const {'location': l} = w", "const {'location': l} = §o(w)"},
		{"function f({location} = window) {}", "function f({location} = §o(window)) {location=§v(location);}"},
		{"({location} = window) => location", "({location} = §o(window)) => (location=§v(location),location)"},
		// parameters that take location or top out of a window
		{"({location: l}, {top: {a}}, {'top': t = 1}) => { l }", "({location: l}, {top: {a}}, {'top': t = 1}) => {l=§v(l);t=§v(t); l }"},
		{"async ({a: [{top}]}) => top.x", "async ({a: [{top}]}) => (top=§v(top),top.x)"},
		{"(a = {top: b}, {[{top}]: c}) => 1", "(a = {top: b}, {[{top:§top}]: c}) => 1"},
		{"({ m({location}) {}, set x({top: y}) {} }); class A { constructor({location: l}) {} }", "({ m({location}) {location=§v(location);}, set x({top: y}) {y=§v(y);} }); class A { constructor({location: l}) {l=§v(l);} }"},
		{"function f(a = () => { const {top} = w }) {}", "function f(a = () => { const {top} = §o(w) }) {}"},
		{"f({top: a}, {location}); (a, b) => 1", "f({top: a}, {location:§location}); (a, b) => 1"},
		{"function f({eval: e, postMessage: p, a, top: x.y}) {}"[:0] + "({location} ) => a.top", "({location} ) => (location=§v(location),§o(a).top)"},
		// members by computed names
		{"window[k]; document[k].b; globalThis[`location`]; self['loc' + 'ation']", "§o(window)[k]; §o(document)[k].b; §o(globalThis)[`location`]; §o(self)['loc' + 'ation']"},
		{"window['a']; document[0]; frames[1]; a[k]; a.window[k]; window", ""},
		{"window[k] = 1; delete self[k]; typeof top[k]; k in window; frames[i]++", "§o(window)[k] = 1; delete §o(self)[k]; typeof §o(§top)[k]; k in window; §o(frames)[i]++"},
		{"window[k](a); window[k]?.(a); window?.[k](a); self[k](a); top[k](a)", "§c(window)[k](a); §c(window)[k]?.(a); §c(window)?.[k](a); §c(self)[k](a); §c(§top)[k](a)"},
		{"new window[k](a); new self[k]", "new (§o(window)[k])(a); new §o(self)[k]"},
		{"this[k]; () => this[k]; function f() { this[k] } class A { a = this[k]; static { this[k] } m() { this[k] } }", "§o(this)[k]; () => §o(this)[k]; function f() { this[k] } class A { a = this[k]; static { this[k] } m() { this[k] } }"},
		{"function f(self, top, parent) { self[k]; top[k]; parent[k] } self[k]", "function f(self, top, parent) { self[k]; top[k]; parent[k] } §o(self)[k]"},
		{"function f(window) { window[k] }", "function f(window) { §o(window)[k] }"},
		{"window[top]; window[window[k]]", "§o(window)[§top]; §o(window)[§o(window)[k]]"},
		// eval
		{"eval(x)", "eval(§js(x))"},
		{"eval()", ""},
		{"eval( /* c */ x, y )", "eval(§js( /* c */ x, y ))"},
		{"eval(...a)", "eval(§js(...a))"},
		{"(0, eval)(x)", "(0, §eval)(x)"},
		{"eval?.(x)", "§eval?.(x)"},
		{"var e = eval", "var e = §eval"},
		{"function f(eval) { eval(x) }", ""},
		{"eval(eval(top))", "eval(§js(eval(§js(§top))))"},
		// import
		{"import(x)", "import(§url(x))"},
		{"import(x, {with: {type: 'json'}})", "import(§url(x), {with: {type: 'json'}})"},
		{"import('./x.js'); import('lodash')", ""},
		{"import('https://cdn.example/x.js')", "import(§url('https://cdn.example/x.js'))"},
		{"import('./' + x).then(y)", "import(§url('./' + x)).then(y)"},
		{"import(a.top)", "import(§url(§o(a).top))"},
		{"import.meta.url", "§meta(import.meta).url"},
		{"new URL('x', import.meta.url)", "new URL('x', §meta(import.meta).url)"},
		{"import.defer(x); import.source(y)", "import.defer(§url(x)); import.source(§url(y))"},
		{"import 'https://cdn.example/x.js'", "import '" + cdn + "/x.js'"},
		{"import a, {b as c, default as d} from \"//cdn.example/x\" with {type: 'json'}", "import a, {b as c, default as d} from \"" + strings.TrimPrefix(cdn, "http:") + "/x\" with {type: 'json'}"},
		{"import defer * as ns from './x'; import from from 'top'; import source s from 'x'", ""},
		{"export * from 'https://cdn.example/x.js'; export * as top from 'y'; export {a as b} from 'z'", "export * from '" + cdn + "/x.js'; export * as top from 'y'; export {a as b} from 'z'"},
		{"export default location", "export default §location"},
		{"export default function () { top }", "export default function () { §top }"},
		{"export default async () => top", "export default async () => §top"},
		{"export const top = 1; top", ""},
		{"await import(x); const y = await top", "await import(§url(x)); const y = await §top"},
		// syntax that parsers stumble over
		{"if (a) function f() {} else top", "if (a) function f() {} else §top"},
		{"x = 010 + 08.5 + 0x1f.top", "x = 010 + 08.5 + 0x1f.top"},
		{"var await = 1; await + top", "var await = 1; await + §top"},
		{"var yield_, let_, async, of, get, set, as, from; async = top; let = 1; of.top", "var yield_, let_, async, of, get, set, as, from; async = §top; let = 1; §o(of).top"},
		{"({b} = {b: 1}) => {}; top", "({b} = {b: 1}) => {}; §top"},
		{"a = b\n++top", "a = b\n++§top"},
		{"a => {}\n/top/g", ""},
		{"x = {}\n/top/g", "x = {}\n/§top/g"},
		{"a.in\n/top/g", "a.in\n/§top/g"},
		{"return_\n{}\n/top/.x", ""},
		{"case_: { } /top/.x", ""},
		{"switch (a) { case 1: {} /top/.x }", ""},
		{"(a) / top / 2; if (a) /top/.x", "(a) / §top / 2; if (a) /top/.x"},
		{"a++ / top; +{} / top", "a++ / §top; +{} / §top"},
		{"x = function () {} / top", "x = function () {} / §top"},
		{"`a${{}}b` / top; `${a}`/top/1", "`a${{}}b` / §top; `${a}`/§top/1"},
		{"x = y ? z : /[/\\]]top/.w", ""},
		{"a\n?.1:top; a ?.5 : top", "a\n?.1:§top; a ?.5 : §top"},
		{"<!-- top\ntop\n--> top", "<!-- top\n§top\n--> top"},
		{"#!top\ntop", "#!top\n§top"},
		{"using x = top; await using y = z", "using x = §top; await using y = z"},
		{"for (using x of top) ;", "for (using x of §top) ;"},
		{"for await (const x of top) ;", "for await (const x of §top) ;"},
		{"for (var i = 0, n = top; ;) ;", "for (var i = 0, n = §top; ;) ;"},
		{"for (async of => 1; ;) top", "for (async of => 1; ;) §top"},
		{"for (let in top) ;", "for (let in §top) ;"},
		{"do top; while (top) top", "do §top; while (§top) §top"},
		{"if (top) ; else if (top) ; else top", "if (§top) ; else if (§top) ; else §top"},
		{"label: { break label } top", "label: { break label } §top"},
		{"class A { static async *[top]() {} static = 1; get; set; async; static static; accessor x = top; 'a' = top; 1 = 2 }", "class A { static async *[§top]() {} static = 1; get; set; async; static static; accessor x = §top; 'a' = §top; 1 = 2 }"},
		{"({get, set, async, get a() {}, set a(b) {}, async b() {}, *c() {}, async *d() {}, get: 1, async: top})", "({get, set, async, get a() {}, set a(b) {}, async b() {}, *c() {}, async *d() {}, get: 1, async: §top})"},
		{"a ??= top; a ||= top; a **= top; a >>>= top", "a ??= §top; a ||= §top; a **= §top; a >>>= §top"},
		{"a < b > top; a >>> top; a <= top", "a < b > §top; a >>> §top; a <= §top"},
		{"#x in top", "#x in §top"},
		{"x = async function* () { yield await top }", "x = async function* () { yield await §top }"},
		{"x = async\nfunction f() { top }", "x = async\nfunction f() { §top }"},
		{"ünïcode = top; \u00a0\ufefftop", "ünïcode = §top; \u00a0\ufeff§top"},
		{"'use strict'; top", "'use strict'; §top"},
		{"x = a\u2028top", "x = a\u2028§top"},
		{"new.target; function f() { new.target.top }", "new.target; function f() { §o(new.target).top }"},
		{"throw top", "throw §top"},
		{"debugger; top", "debugger; §top"},
		{"try { top } catch { top } finally { top }", "try { §top } catch { §top } finally { §top }"},
		{"a?.[top]?.(top)", "a?.[§top]?.(§top)"},
		{"({}).top", "§o(({})).top"},
		{"a = b ? c : d ? e : top", "a = b ? c : d ? e : §top"},
		{"a ? b : c => top; a ? b : c = top", "a ? b : c => §top; a ? b : c = §top"},
		{"with (a) { location; top = 1; b.top; eval(x) } location", "with (a) { §v(location); top = 1; §o(b).top; eval(§js(x)) } §location"},
		{"with (a) { location = b, c; location += d; self[k] }", "with (a) { location = §w(location,b), c; location += d; self[k] }"},
		// all the places of a name
		{"for (location.href of x); for (var location of x); for ([location] of x);", "for (§location.href of x); for (var location of x); for ([§location] of x);"},
		{"[location] = x; ({a: location} = x); [...location] = x; ({...location} = x); ({a: location = 1} = x)", "[§location] = x; ({a: §location} = x); [...§location] = x; ({...§location} = x); ({a: §location = 1} = x)"},
		{"location ??= x; location += x; location &&= x; delete location; void location; typeof top", "§location ??= x; §location += x; §location &&= x; delete §location; void §location; typeof §top"},
		{"export {x as location, top as 'y'}; let x, top", ""},
		{"import {location as l, default as top, 'eval' as e} from 'x'; l; top", ""},
		{"class A { #location = 1; static #top; get location() { return this.#location } set top(x) {} static async *eval() {} }", ""},
		{"location: for (;;) { continue location } top: { break top }", ""},
		{"location`x`; a.location`x`; tag`${location}`", "§location`x`; §o(a).location`x`; tag`${§location}`"},
		{"a?.location?.assign(x); a?.b?.[c].top?.(); a?.().location", "§o(a)?.location?.assign(x); §o(a?.b?.[c])?.top?.(); §o(a?.())?.location"},
		{"class A extends B { m() { super.location; super['top']; super.top() } }", ""},
		{"() => { import.meta.url }; function f() { if (new.target) location }", "() => { §meta(import.meta).url }; function f() { if (new.target) §location }"},
		{"x = /[\\p{L}--[a-z]]top/v.test(top); 1_000.top; 0b1_0; 1n", "x = /[\\p{L}--[a-z]]top/v.test(§top); 1_000.top; 0b1_0; 1n"},
		{"{ using location = x; location } await using top = y", ""},
		{"import defer * as location from './x'; import source top from './y'; import {a} from './z' with {type: 'json'}; location; top", ""},
		{"import(x, {with: {a: top}}); import.defer('./' + y)", "import(§url(x), {with: {a: §top}}); import.defer(§url('./' + y))"},
		{"class A { accessor location = top; static accessor top; accessor; accessor\nx }", "class A { accessor location = §top; static accessor top; accessor; accessor\nx }"},
		{"function f(arguments) { arguments.top } var eval", "function f(arguments) { §o(arguments).top } var eval"},
		{"async(location); of(top); get[top]; let\n(top); yield_[top]; await(top)", "async(§location); of(§top); get[§top]; let\n(§top); yield_[§top]; await(§top)"},
		{"var yield = 1; yield / top / 2; var let_; let = top", "var yield = 1; yield / §top / 2; var let_; let = §top"},
		{"function f() { if (a) function location() {} location }", ""},
		{"'\\08\\7'; 07.top; 09.5.top; top", "'\\08\\7'; §o(07).top; 09.5.top; §top"[:0] + "'\\08\\7'; 07.top; 09.5.top; §top"},
		{"\\u{6c}ocation.href; a.l\\u006fcation; ({t\\u006fp}); v\\u0061r = 1", "§\\u{6c}ocation.href; §o(a).l\\u006fcation; ({top:§t\\u006fp}); v\\u0061r = 1"},
		{"\ufefflocation\u2028top\u2029location", "\ufeff§location\u2028§top\u2029§location"},
		{"import x from './x'; await (a).top; await [top][0]; await /top/.a", "import x from './x'; await §o((a)).top; await [§top][0]; await /top/.a"},
		{"await (a).top; export {}", "await §o((a)).top; export {}"},
		{"await (a).top", "§o(await (a)).top"},
	} {
		want := tt[1]
		if want == "" {
			want = tt[0]
		}
		expectJS(t, ScriptClassic, tt[0], want)
	}
}

func TestJSKinds(t *testing.T) {
	expectJS(t, ScriptModule, "var location = 1; location", "var location = 1; location")
	expectJS(t, ScriptModule, "await (x).top", "await §o((x)).top")
	expectJS(t, ScriptModule, "x\n<!--top", "x\n<!--§top")
	expectJS(t, ScriptEval, "location; location = 1; top.x; ({location})", "§v(location); location = §w(location,1); §v(top).x; ({location:§v(location)})")
	expectJS(t, ScriptEval, "(function (top) { top })(location)", "(function (top) { top })(§v(location))")
	expectJS(t, ScriptFunction, "return location", "return §location")
	expectJS(t, ScriptFunction, "var location = 1; return location", "var location = 1; return location")
	expectJS(t, ScriptFunction, "return await x.top + (yield top)", "return await §o(x).top + (yield §top)")
	expectJS(t, ScriptHandler, "if (a) return top; location = 1; location += 2", "if (a) return §v(top); §location = 1; §location += 2")
	expectJS(t, ScriptHandler, "var top; top", "var top; top")
}

// TestSourceMap checks that comments that name a source map lose their meaning,
// in scripts that are not parsed too.
func TestSourceMap(t *testing.T) {
	for _, tt := range [][2]string{
		{"a\n//# sourceMappingURL=a.js.map\n", "a\n//$# sourceMappingURL=a.js.map\n"},
		{"a;//# sourceMappingURL=a.js.map", "a;//$# sourceMappingURL=a.js.map"},
		{"a\n/*# sourceMappingURL=a.js.map */", "a\n/*$# sourceMappingURL=a.js.map */"},
		{"a\n//# sourceMappingURL=a.js.map\n//# sourceURL=b\r\n\n", "a\n//$# sourceMappingURL=a.js.map\n//# sourceURL=b\r\n\n"},
		{"top\n//# sourceMappingURL=a", "$tandem.top\n//$# sourceMappingURL=a"},
		{"a = '//# sourceMappingURL=a'", ""},
		{"a = `\n//# sourceMappingURL=a\n`", ""},
		{"//# sourceMappingURL=a\nb", ""},
	} {
		want := tt[1]
		if want == "" {
			want = tt[0]
		}
		if got, _ := JS([]byte(tt[0]), Script{}); string(got) != want || Unscript(string(got)) != tt[0] {
			t.Errorf("JS(%q) = %q, want %q", tt[0], got, want)
		}
	}
}

func TestScriptReport(t *testing.T) {
	for in, want := range map[string][2]int{"a": {TierNone, 0}, "top": {TierParsed, 0}, "top; a b": {TierTokens, 7}} {
		var got [2]int
		JS([]byte(in), Script{Report: func(tier, at int) { got = [2]int{tier, at} }})
		if got != want {
			t.Errorf("%q: got %v, want %v", in, got, want)
		}
	}
}

func TestJSUntouched(t *testing.T) {
	for _, in := range []string{"", "var a = b", "stop.desktop", "alert(1)", "function f(location) {}"} {
		src := []byte(in)
		out, _ := JS(src, Script{})
		if !bytes.Equal(out, src) || len(src) > 0 && &out[0] != &src[0] {
			t.Errorf("JS(%q) = %q, want the same slice", in, out)
		}
	}
}

// What rewriters of scripts are known to break: each is parsed, keeps its meaning,
// and comes back.
func TestJSThatOthersBreak(t *testing.T) {
	for _, c := range []struct {
		kind ScriptKind
		in   string
	}{
		{ScriptClassic, "#!/usr/bin/env x\nlocation.href"},
		{ScriptClassic, "let frames = 1, parent = 2, self = 3; location = frames"},
		{ScriptClassic, "class A { location = 1; static top = 2; #a = location; static { top.x } get location() { return #a in this } static async *top() {} }"},
		{ScriptClassic, "a = b?.location?.[top.x]?.(location) ?? (c ||= top.d)"},
		{ScriptClassic, "x = class extends (location, Object) { constructor() { super.location; super.top = location } }"},
		{ScriptClassic, "a: { b: for (;;) { if (location) continue b; break a } }"},
		{ScriptClassic, "if (location) function f() {} else ; var n = 0777 + .5.toFixed() + 0b1 + 1_0n"},
		{ScriptClassic, "var await = location, yield_, async = top; async\n(location)"},
		{ScriptClassic, "for (var async of [location]); for (async of => {};;) { break }"},
		{ScriptClassic, "a = location\n/top/g.exec(b)"},
		{ScriptClassic, "if (a) /location[/]top/u.test(b); c = d++ / top.e / 2; ({}) / top.f"},
		{ScriptClassic, "x = `${`${location}` + {top: `}`}.top}`; tag`a${top}b`"},
		{ScriptClassic, "do location.x; while (0) top.y"},
		{ScriptClassic, "callback({\"location\": 1, \"top\": [2]})"},
		{ScriptClassic, "a = {location, top, get location() {}, set top(x) {}, async location() {}, *top() {}, [location]: top, location: 1, 'top': 2}"},
		{ScriptClassic, "((location) => { location.x; { let top; top.y } })(top)"},
		{ScriptClassic, "function f({location = top, ...rest}, [top] = []) { return location + top }"},
		{ScriptClassic, "try { location } catch { top } try { a } catch ({location}) { location.x }"},
		{ScriptClassic, "(async () => { for await (const top of location.x) await top; })()"},
		{ScriptClassic, "function* g() { yield location; yield* top.x; yield /top/ }"},
		{ScriptClassic, "new location.a.b(top); new (top.f())(location); delete location.x; typeof top; void location"},
		{ScriptClassic, "window.\\u006cocation = \\u{74}op.x"},
		{ScriptClassic, "<!-- x\nlocation.x\n--> y\ntop.z"},
		{ScriptClassic, "a = /[\\p{L}--[a-z]]/v.test(location.x), b = /(?<top>a)\\k<top>/.exec(top.y)"},
		{ScriptModule, "import a, {location as b, default as c} from './x.js'; export {b as location, c as top}; export * as top from './y.js'; location.x"},
		{ScriptModule, "import d from './x.json' with {type: 'json'}; export default class extends top.X {}; await location.x"},
	} {
		out, tier := JS([]byte(c.in), Script{Kind: c.kind, Mapper: testMapper()})
		if tier != TierParsed || Unscript(string(out)) != c.in {
			t.Errorf("tier %d, %s became\n%s, and that\n%s", tier, c.in, out, Unscript(string(out)))
		}
	}
}

func TestJSTokens(t *testing.T) {
	for _, tt := range [][2]string{
		{")) location.href; x = top.y", ")) §v(location).href; x = §v(top).y"},
		{")) a.b.location = window.top", ")) §o(a.b).location = §o(window).top"},
		{")) {location: 1}; function f(location) {}; new a.location", ")) {location: 1}; function f(location) {}; new a.location"},
		{")) x = /location.x/ / top.y; if (a) /top.x/.b; `${top.x}`", ")) x = /location.x/ / §v(top).y; if (a) /top.x/.b; `${§v(top).x}`"},
		{")) 'unterminated\nlocation.x", ")) 'unterminated\nlocation.x"},
	} {
		out, tier := JS([]byte(tt[0]), Script{})
		if want := strings.ReplaceAll(tt[1], "§", "$tandem."); unmarked(out) != want || tier != TierTokens || Unscript(string(out)) != tt[0] {
			t.Errorf("tier %d\n  in   %s\n  got  %s\n  want %s", tier, tt[0], out, want)
		}
	}
}

func TestS45JSDepth(t *testing.T) {
	for _, deep := range []string{"(", "[", "{", "a(", "!", "`${", "a?b:", "()=>", "function f(){", "if(a)", "x="} {
		src := []byte("top;" + strings.Repeat(deep, 200_000))
		JS(src, Script{}) // must return
	}
	long := "top;" + strings.Repeat("if(a)b;else ", 20_000) + "c;x=" + strings.Repeat("a+", 20_000) + "b," + strings.Repeat("c.d(),", 20_000) + "e"
	if _, tier := JS([]byte(long), Script{}); tier != TierParsed {
		t.Errorf("a long but shallow script has tier %d", tier)
	}
}

func FuzzJS(f *testing.F) {
	for _, s := range []string{
		"location.href=top", "({location}=window)", "(a,{top}=b)=>c", "`${a}${`b`}`", "a?.b.top", "eval(x);import(y)", "class A{static{}}",
		"for(let a of b)c", "x=/a/g", "async(a)=>b", "\\u0061", "import a from'b'", "@a class{}", "<!--", "function*f(){yield/a/}", "a\n++b",
	} {
		f.Add(s, 0)
		f.Add("top;"+s, 1)
	}
	f.Fuzz(func(t *testing.T, in string, kind int) {
		s := Script{Kind: ScriptKind(uint(kind) % 5), Mapper: testMapper()}
		out, tier := JS([]byte(in), s)
		if tier == TierNone && string(out) != in && !strings.Contains(in, "# sourceMappingURL=") {
			t.Fatalf("%q changed without being parsed: %q", in, out)
		}
		expectSkim(t, in, []byte(in), s.Kind)
		if !strings.Contains(in, "$") && Unscript(string(out)) != in {
			t.Fatalf("%q became %q, which becomes %q", in, out, Unscript(string(out)))
		}
		if len(in) > 2000 || bytes.Equal(out, []byte(in)) || tier != TierParsed {
			return
		}
		if syntaxErrors(in) == "" && syntaxErrors(string(out)) != "" {
			t.Fatalf("kind %d: %q became %q: %s", s.Kind, in, out, syntaxErrors(string(out)))
		}
	})
}
