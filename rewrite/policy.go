package rewrite

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"slices"
	"strings"
	"unicode"
)

// Policy is one Content-Security-Policy of a site (CSP3 §2.2).
type Policy struct {
	text       string
	directives []directive // the first of each name; others have no effect
}

type directive struct {
	name   string // lower case
	values []string
}

const (
	maxPolicies   = 32
	maxPolicyText = 32 << 10 // of all policies together: mapped, they have to fit into browsers' limits
)

// ParsePolicies reads the values of a response's policy headers, each of which
// may hold several (CSP3 §2.2.2). ok is false if there is more than browsers
// would be given; what is beyond is left out then.
func ParsePolicies(lines []string) (policies []Policy, ok bool) {
	size := 0
	for _, line := range lines {
		for text := range strings.SplitSeq(line, ",") {
			p := ParsePolicy(text)
			if len(p.directives) == 0 {
				continue
			}
			if size += len(p.text); len(policies) == maxPolicies || size > maxPolicyText {
				return policies, false
			}
			policies = append(policies, p)
		}
	}
	return policies, true
}

// ParsePolicy reads one policy (CSP3 §2.2.1). What is not ASCII is no part of it.
func ParsePolicy(text string) Policy {
	p := Policy{text: strings.Trim(text, " \t\r\n\f")}
	for part := range strings.SplitSeq(p.text, ";") {
		words := strings.FieldsFunc(part, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\f' || r == '\r' })
		if len(words) == 0 || !isASCII(part) {
			continue
		}
		name := strings.ToLower(words[0])
		if p.directive(name) == nil {
			// No source has controls, and no header may.
			values := slices.DeleteFunc(words[1:], func(v string) bool { return strings.ContainsFunc(v, unicode.IsControl) })
			p.directives = append(p.directives, directive{name, values})
		}
	}
	return p
}

// String returns the policy as the site wrote it.
func (p *Policy) String() string { return p.text }

// ID names a policy where a whole one is too long: in the fragment of the
// addresses that violations of the mapped one are reported to.
func (p *Policy) ID() string {
	sum := sha256.Sum256([]byte(p.text))
	return base32Lower.EncodeToString(sum[:10])
}

// PolicyID returns the ID of the policy whose mapped form is given, "" if there is none.
func PolicyID(mapped string) string {
	for {
		_, rest, ok := strings.Cut(mapped, policyMark)
		if !ok {
			return ""
		}
		if len(rest) >= 16 && isBase32(rest[:16]) {
			return rest[:16]
		}
		mapped = rest
	}
}

func (p *Policy) directive(name string) *directive {
	for i := range p.directives {
		if p.directives[i].name == name {
			return &p.directives[i]
		}
	}
	return nil
}

// Has reports whether the policy has a directive of that name.
func (p *Policy) Has(name string) bool { return p.directive(name) != nil }

// effective returns the first of the named directives that there is: a
// directive, and those which stand in for it (CSP3 §6.8.3).
func (p *Policy) effective(names ...string) *directive {
	for _, name := range names {
		if d := p.directive(name); d != nil {
			return d
		}
	}
	return nil
}

// policyMark begins the name in a mapped policy by which it is known again; see [Policy.ID].
const policyMark = "tandem-"

// Map returns the policy in our names: it allows of what the proxy serves what
// the policy allows of the web, and what the injected script needs.
//
//   - Sources of one host stand for its content host. Those of many (wildcards in
//     names and ports) become all content hosts, for which our own policy speaks.
//   - The shell is a source of everything that is fetched: a first request to a
//     host is sent there for its cookie, and policies look at redirects, too.
//   - Our script is allowed by nonce, or by its address where the list has an
//     'unsafe-inline' that would lose its meaning beside a nonce.
//   - Reports go through the proxy to where the site wants them. report-to does
//     not: the browser delivers these from nowhere, even after the session.
//   - upgrade-insecure-requests and block-all-mixed-content are about real
//     schemes, which the browser does not see; the proxy does that.
//   - sandbox without allow-scripts gets it, for our script, while a second policy
//     forbids all others.
//
// meta leaves out what has no meaning in a meta element.
func (p *Policy) Map(m *Mapper, nonce string, meta bool) string {
	w := policyWriter{mapper: m, nonce: nonce, home: m.Domain.Site(m.Session, m.Base)}
	for i := range p.directives {
		w.directive(&p.directives[i], meta)
	}
	if types := p.directive("trusted-types"); types != nil {
		w.types(types.values, p.Has("require-trusted-types-for"))
	}
	if fallback := p.directive("default-src"); fallback != nil {
		if !p.Has("script-src") && !p.Has("script-src-elem") {
			w.sources("script-src", fallback.values)
		}
		if !p.Has("connect-src") {
			w.sources("connect-src", fallback.values)
		}
	}
	if w.b.Len() == 0 {
		return ""
	}
	w.report(p, meta)
	if w.noScript {
		w.b.WriteString(", script-src " + w.nonceSource())
	}
	return w.b.String()
}

// Framing returns what the policy says of who may frame the document, in our
// names, and "" if it does not: for responses that are no page of the site's.
func (p *Policy) Framing(m *Mapper) string {
	d := p.directive("frame-ancestors")
	if d == nil {
		return ""
	}
	w := policyWriter{mapper: m, home: m.Domain.Site(m.Session, m.Base)}
	w.sources(d.name, d.values)
	return w.b.String()
}

type policyWriter struct {
	mapper   *Mapper
	nonce    string
	home     string // the document's content host
	noScript bool
	b        strings.Builder
}

func (w *policyWriter) begin(name string) {
	if w.b.Len() > 0 {
		w.b.WriteString("; ")
	}
	w.b.WriteString(name)
}

func (w *policyWriter) word(s string) {
	w.b.WriteByte(' ')
	w.b.WriteString(s)
}

func (w *policyWriter) nonceSource() string { return "'nonce-" + w.nonce + "'" }

func (w *policyWriter) directive(d *directive, meta bool) {
	switch d.name {
	case "child-src", "connect-src", "default-src", "fenced-frame-src", "font-src", "frame-src", "img-src", "manifest-src", "media-src",
		"object-src", "prefetch-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem", "style-src-attr",
		"worker-src", "form-action", "base-uri":
		w.sources(d.name, d.values)
	case "frame-ancestors":
		if !meta {
			w.sources(d.name, d.values)
		}
	case "sandbox":
		if !meta {
			w.sandbox(d.values)
		}
	case "require-trusted-types-for":
		w.begin(d.name)
		for _, v := range d.values {
			w.word(v)
		}
	}
}

// types lists the names of a site's trusted type policies and those of ours: by
// "tandem" our script hands on what a page's own has made, "tandem-default" is
// the page's default policy where "default" is ours (see [DemandTypes]).
func (w *policyWriter) types(names []string, demanded bool) {
	w.begin("trusted-types")
	for _, v := range names {
		if !strings.EqualFold(v, "'none'") {
			w.word(v)
		}
	}
	w.word("tandem")
	if slices.Contains(names, "default") {
		w.word("tandem-default")
	} else if !demanded {
		w.word("default")
	}
}

func (w *policyWriter) sandbox(tokens []string) {
	w.begin("sandbox")
	scripts := false
	for _, t := range tokens {
		scripts = scripts || strings.EqualFold(t, "allow-scripts")
		w.word(t)
	}
	if !scripts {
		w.word("allow-scripts")
		w.noScript = true
	}
}

// report says where violations go, and by which name the policy is known again.
func (w *policyWriter) report(p *Policy, meta bool) {
	mark := policyMark + p.ID()
	d := p.directive("report-uri")
	if meta || d == nil || len(d.values) == 0 {
		w.begin("report-to")
		w.word(mark) // an endpoint that does not exist
		return
	}
	w.begin("report-uri")
	for _, v := range d.values {
		v, _, _ = strings.Cut(v, "#")
		w.word(w.mapper.Map(v) + "#" + mark)
	}
}

// sources writes a directive that lists sources.
func (w *policyWriter) sources(name string, values []string) {
	w.begin(name)
	start := w.b.Len()
	for _, v := range values {
		w.source(v)
	}
	isolated := isIsolated(values)
	switch name {
	case "script-src", "script-src-elem":
		if isolated || !containsFold(values, "'unsafe-inline'") {
			w.word(w.nonceSource())
		} else {
			w.word(w.home + "/.tandem/sync.js")
		}
	case "default-src", "style-src", "style-src-elem":
		if isolated {
			w.word(w.nonceSource()) // for style sheets known by hashes
		}
	case "connect-src":
		w.word(w.home + "/.tandem/")
		w.word("blob:") // scripts of workers are read, to put ours in front
	}
	switch name {
	case "base-uri", "script-src-attr", "style-src-attr":
	case "frame-ancestors":
		w.word(w.mapper.Domain.Shell(w.mapper.Session))
	default:
		w.word(w.mapper.Domain.Shell(w.mapper.Session) + "/.tandem/hop")
	}
	if w.b.Len() == start {
		w.word("'none'")
	}
}

// isIsolated reports whether a list has a source beside which 'unsafe-inline'
// means nothing (CSP3 §6.7.3.2).
func isIsolated(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool {
		v = strings.ToLower(v)
		return v == "'strict-dynamic'" || strings.HasPrefix(v, "'nonce-") || isHashSource(v)
	})
}

func isHashSource(v string) bool {
	return strings.HasPrefix(v, "'sha256-") || strings.HasPrefix(v, "'sha384-") || strings.HasPrefix(v, "'sha512-")
}

// source writes what a source expression stands for (CSP3 §2.3.1).
func (w *policyWriter) source(v string) {
	m := w.mapper
	lower := strings.ToLower(v)
	switch {
	case lower == "'none'":
	case lower == "'self'":
		w.word(v)
		if m.Base.Scheme == "http" && isDefaultPort(m.Base) {
			w.word(m.Domain.Site(m.Session, Origin{"https", m.Base.Host})) // 'self' covers the secure one
		}
	case strings.HasPrefix(lower, "'"), lower == "*":
		w.word(v)
	case lower == "https:", lower == "http:":
		w.word(m.Domain.Scheme + ":")
	case lower == "wss:", lower == "ws:":
		w.word(socketScheme("wss", m.Domain.Scheme) + ":")
	case strings.HasSuffix(lower, ":"):
		w.word(v)
	default:
		w.host(v)
	}
}

func isDefaultPort(o Origin) bool {
	_, port := splitPort(o.Host)
	return port == ""
}

// host writes what a host source stands for. What is none is left out, as
// browsers ignore it.
func (w *policyWriter) host(v string) {
	scheme, rest, ok := strings.Cut(v, "://")
	if !ok {
		scheme, rest = "", v
	}
	scheme = strings.ToLower(scheme)
	switch scheme {
	case "", "http", "https", "ws", "wss":
	default:
		return
	}
	host, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	d := w.mapper.Domain
	prefix := ""
	if scheme != "" {
		prefix = socketScheme(scheme, d.Scheme) + "://"
	}
	if strings.Contains(host, "*") {
		w.word(prefix + "*." + d.Host)
		return
	}
	real := httpScheme(scheme)
	if scheme == "" {
		real = w.mapper.Base.Scheme
	}
	o, err := ParseOrigin(real + "://" + host)
	if err != nil || strings.ContainsAny(v, "',;@?#\\") {
		return
	}
	w.one(prefix, o, path)
	if o.Scheme == "http" && isDefaultPort(o) {
		w.one(prefix, Origin{"https", o.Host}, path) // http: covers https:
	}
}

func (w *policyWriter) one(prefix string, o Origin, path string) {
	_, host, _ := strings.Cut(w.mapper.Map(o.String()), "://")
	w.word(prefix + host + path)
}

func httpScheme(scheme string) string {
	switch scheme {
	case "ws":
		return "http"
	case "wss":
		return "https"
	}
	return scheme
}

// vouching is how the policies of a document judge inline elements.
type vouching struct {
	scripts, styles [][]string // the source lists of each policy that has a say
	handlers        [][]string
}

func (v *vouching) add(p *Policy) {
	for _, to := range []struct {
		lists *[][]string
		names []string
	}{
		{&v.scripts, []string{"script-src-elem", "script-src", "default-src"}},
		{&v.styles, []string{"style-src-elem", "style-src", "default-src"}},
		{&v.handlers, []string{"script-src-attr", "script-src", "default-src"}},
	} {
		if d := p.effective(to.names...); d != nil {
			*to.lists = append(*to.lists, d.values)
		}
	}
}

// hashes reports whether any list has hashes, so that texts are worth hashing.
func (v *vouching) hashes() bool {
	for _, lists := range [][][]string{v.scripts, v.styles, v.handlers} {
		for _, list := range lists {
			if slices.ContainsFunc(list, func(s string) bool { return isHashSource(strings.ToLower(s)) }) {
				return true
			}
		}
	}
	return false
}

// digests are those of one text, each worked out when it is asked for.
type digests struct {
	text string
	by   map[string]string
}

func (d *digests) get(algorithm string) string {
	known, ok := d.by[algorithm]
	if !ok {
		if d.by == nil {
			d.by = make(map[string]string)
		}
		known = digest(algorithm, []byte(d.text))
		d.by[algorithm] = known
	}
	return known
}

// byHash reports whether every list allows an inline element of that text and
// nonce (CSP3 §6.7.3.3), and one of them for its hash alone.
func byHash(lists [][]string, d *digests, nonce string) bool {
	hashed := false
	for _, list := range lists {
		switch {
		case nonce != "" && slices.Contains(list, "'nonce-"+nonce+"'"):
		case !isIsolated(list) && containsFold(list, "'unsafe-inline'"):
		case hasHash(list, d):
			hashed = true
		default:
			return false
		}
	}
	return hashed
}

// handlerByHash is byHash for an event handler's text (CSP3 §6.7.3.3, 'unsafe-hashes').
func handlerByHash(lists [][]string, text string) bool {
	d := &digests{text: text}
	for _, list := range lists {
		if !containsFold(list, "'unsafe-hashes'") && hasHash(list, d) {
			return false
		}
	}
	return byHash(lists, d, "")
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(v string) bool { return strings.EqualFold(v, s) })
}

// hasHash reports whether a list has a digest of the text. Both alphabets of
// base64 are accepted (CSP3 §6.7.3.3, step 5).
func hasHash(list []string, d *digests) bool {
	for _, source := range list {
		lower := strings.ToLower(source)
		if !isHashSource(lower) || !strings.HasSuffix(source, "'") || len(source) <= len("'sha256-'") {
			continue
		}
		want := base64Alphabet.Replace(source[len("'sha256-") : len(source)-1])
		if d.get(lower[len("'"):len("'sha256")]) == want {
			return true
		}
	}
	return false
}

var base64Alphabet = strings.NewReplacer("-", "+", "_", "/")

// digest returns the base64 of a digest by the algorithm of that name, "" for
// one that browsers do not know.
func digest(algorithm string, text []byte) string {
	switch algorithm {
	case "sha256":
		sum := sha256.Sum256(text)
		return base64.StdEncoding.EncodeToString(sum[:])
	case "sha384":
		sum := sha512.Sum384(text)
		return base64.StdEncoding.EncodeToString(sum[:])
	case "sha512":
		sum := sha512.Sum512(text)
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return ""
}
