package rewrite

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Origin is an origin of the real web in canonical form: lower case, punycode,
// without default port or trailing dot. Two Origins made by this package are the
// same origin exactly when they are ==. The zero Origin is no origin.
type Origin struct {
	Scheme string // "http" or "https"; ws and wss are folded into them
	Host   string // host, with ":port" unless it is the scheme's default
}

// String returns the origin as browsers serialise it, "https://shop.example".
func (o Origin) String() string {
	if o == (Origin{}) {
		return "null"
	}
	return o.Scheme + "://" + o.Host
}

// ErrOrigin is returned for what has no http, https, ws or wss origin.
var ErrOrigin = errors.New("not an http(s) or ws(s) URL with a valid host")

// ParseOrigin returns the origin of an absolute URL, or of an origin, the way a
// browser's URL parser reads it (WHATWG URL §4.4): "HTTPS:\\Shop.Example.:443/x"
// is https://shop.example.
func ParseOrigin(url string) (Origin, error) {
	t, ok := locate([]byte(url), "")
	if !ok || t.scheme == "" {
		return Origin{}, ErrOrigin
	}
	return t.origin("")
}

// Domain is where content hosts live: the scheme, and the name (with port) below
// which every host is one label.
type Domain struct {
	Scheme string // "http" or "https"
	Host   string // "tandem-pages.localhost:7070"
}

// Kind says what a content host serves.
type Kind int

const (
	Site  Kind = iota // a rewritten site
	Shell             // the visitor's shell
	View              // the follower's renderer
)

// Host is what a content host's name says.
type Host struct {
	Kind    Kind
	Session string
	Origin  Origin // of a Site, unless Token is set
	Token   string // of a Site whose origin did not fit a label; only the session knows which it is
}

const (
	sessionLen = 12 // fixed, so that hyphens of the origin cannot be taken for the separator
	maxLabel   = 63 // RFC 1035 §2.3.4
	maxEncoded = maxLabel - len("--") - sessionLen
	tokenMark  = "0t-"
)

// Site returns the URL, without path, that stands for o in a session.
// Where o's label is a token, the caller makes it known to the session.
func (d Domain) Site(session string, o Origin) string {
	b := append(make([]byte, 0, 128), d.Scheme...)
	b = append(b, "://"...)
	b, _ = d.appendSite(b, session, o)
	return string(b)
}

// Shell returns the URL, without path, of the session's shell.
func (d Domain) Shell(session string) string {
	return d.Scheme + "://shell--" + session + "." + d.Host
}

// View returns the URL, without path, of the session's renderer.
func (d Domain) View(session string) string {
	return d.Scheme + "://view--" + session + "." + d.Host
}

func (d Domain) appendSite(dst []byte, session string, o Origin) (_ []byte, token bool) {
	dst, token = appendLabel(dst, o)
	dst = append(dst, "--"...)
	dst = append(dst, session...)
	dst = append(dst, '.')
	return append(dst, d.Host...), token
}

// Parse reads a Host header. It accepts only names that Site, Shell and View
// produce, so that one origin has one host.
func (d Domain) Parse(host string) (Host, bool) {
	host = strings.ToLower(host)
	host = strings.TrimSuffix(host, ":"+defaultPort(d.Scheme))
	label, ok := strings.CutSuffix(host, "."+d.Host)
	if !ok || len(label) > maxLabel || len(label) < sessionLen+3 || strings.IndexByte(label, '.') >= 0 {
		return Host{}, false
	}
	enc, session := label[:len(label)-sessionLen], label[len(label)-sessionLen:]
	enc, ok = strings.CutSuffix(enc, "--")
	if !ok || !isSession(session) {
		return Host{}, false
	}
	h := Host{Session: session}
	switch {
	case enc == "shell":
		h.Kind = Shell
	case enc == "view":
		h.Kind = View
	case strings.HasPrefix(enc, tokenMark):
		h.Token = enc
		return h, isToken(enc)
	default:
		h.Origin, ok = decode(enc)
	}
	return h, ok
}

func isSession(s string) bool {
	return len(s) == sessionLen && isBase32(s)
}

func isToken(s string) bool {
	return len(s) == len(tokenMark)+16 && isBase32(s[len(tokenMark):])
}

func isBase32(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Token returns the name that stands for an origin in a label when its own does
// not fit, does not round-trip, or has characters that labels may not have.
func Token(o Origin) string {
	sum := sha256.Sum256([]byte(o.String()))
	return tokenMark + base32Lower.EncodeToString(sum[:10])
}

// Label returns the part of a content host's label that stands for o, and whether
// it is a token, which means nothing to those who were not told.
func (o Origin) Label() (label string, token bool) {
	b, token := appendLabel(make([]byte, 0, maxLabel), o)
	return string(b), token
}

func appendLabel(dst []byte, o Origin) (_ []byte, token bool) {
	start := len(dst)
	dst, ok := appendEncoded(dst, o)
	if ok && len(dst)-start <= maxEncoded {
		return dst, false
	}
	return append(dst[:start], Token(o)...), true
}

// appendEncoded appends the readable form of o. It reports false when that form
// could be read back as another origin.
func appendEncoded(dst []byte, o Origin) ([]byte, bool) {
	name, port := splitPort(o.Host)
	if strings.HasPrefix(name, "[") {
		ip, err := netip.ParseAddr(name[1 : len(name)-1])
		if err != nil {
			return dst, false
		}
		raw := ip.As16()
		return hex.AppendEncode(appendFlags(dst, o.Scheme, "6", port), raw[:]), true
	}
	if !isPlain(o.Scheme, name, port) {
		dst = appendFlags(dst, o.Scheme, "", port)
	}
	return appendBody(dst, name)
}

func isPlain(scheme, name, port string) bool {
	return scheme == "https" && port == "" && strings.IndexByte(name, '.') > 0 &&
		name[0] != '0' && name[0] != '-' && name[len(name)-1] != '-' && !strings.HasPrefix(name, "xn--")
}

func appendFlags(dst []byte, scheme, family, port string) []byte {
	flag := byte('h')
	if scheme == "https" {
		flag = 's'
	}
	dst = append(dst, '0', flag)
	dst = append(dst, family...)
	if port != "" {
		dst = append(dst, 'p')
		dst = append(dst, port...)
	}
	return append(dst, '-')
}

// appendBody writes "." as "-" and "-" as "--". Read from the left that is
// unique, but for a dot followed by a hyphen or a dot.
func appendBody[T string | []byte](dst []byte, name T) ([]byte, bool) {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			dst = append(dst, c)
		case c == '-':
			dst = append(dst, "--"...)
		case c == '.':
			if i+1 == len(name) || name[i+1] == '-' || name[i+1] == '.' {
				return dst, false
			}
			dst = append(dst, '-')
		default:
			return dst, false
		}
	}
	return dst, true
}

// decode undoes appendEncoded. What it accepts encodes to the same label again.
func decode(enc string) (Origin, bool) {
	o := Origin{Scheme: "https"}
	name, port := enc, ""
	if enc[0] == '0' {
		flags, body, ok := strings.Cut(enc[1:], "-")
		if !ok || flags == "" {
			return Origin{}, false
		}
		if flags[0] == 'h' {
			o.Scheme = "http"
		}
		family, p, _ := strings.Cut(flags[1:], "p")
		name, port = body, p
		if family == "6" {
			if name, ok = decodeIPv6(body); !ok {
				return Origin{}, false
			}
		} else {
			name = decodeBody(body)
		}
	} else {
		name = decodeBody(enc)
	}
	o.Host = name
	if port != "" {
		o.Host += ":" + port
	}
	if !isSimpleName(name) || port != "" && !isPort(port, o.Scheme) {
		canonical, err := ParseOrigin(o.String())
		if err != nil || canonical != o {
			return Origin{}, false
		}
	}
	var label [maxLabel]byte
	again, ok := appendEncoded(label[:0], o)
	return o, ok && string(again) == enc
}

// isPort reports whether port is written as in an origin of that scheme.
func isPort(port, scheme string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == port && port != defaultPort(scheme)
}

func decodeBody(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '-':
			b = append(b, s[i])
		case i+1 < len(s) && s[i+1] == '-':
			b = append(b, '-')
			i++
		default:
			b = append(b, '.')
		}
	}
	return string(b)
}

func decodeIPv6(s string) (string, bool) {
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != 16 {
		return "", false
	}
	return "[" + formatIPv6([16]byte(raw)) + "]", true
}

// Mapper maps the URLs of one document or response between the site's and the
// proxy's. It is safe for concurrent use if Alias and Aliased are.
type Mapper struct {
	Domain  Domain
	Session string
	Base    Origin // of the document: decides what "//host" and "https:path" mean

	// Alias, if set, is told of every origin that was mapped to a token.
	Alias func(token string, o Origin)
	// Aliased, if set, knows the origins of tokens. Without it their URLs stay as they are.
	Aliased func(token string) (Origin, bool)
}

// Map returns the proxied URL of a site's URL. Only scheme and authority change,
// every other byte stays; user and password, which browsers refuse in
// subresources, are left out. What needs no mapping is returned as it is:
// relative URLs, other schemes, URLs without a valid host and URLs already mapped.
func (m *Mapper) Map(url string) string {
	if !mayHaveAuthority(url) {
		return url
	}
	b, changed := m.appendMap(make([]byte, 0, len(url)+64), []byte(url))
	if !changed {
		return url
	}
	return string(b)
}

// AppendMap appends the mapped url to dst. It does not allocate for relative
// URLs, nor, if dst has room, for those whose host is plain lower case.
func (m *Mapper) AppendMap(dst, url []byte) []byte {
	dst, _ = m.appendMap(dst, url)
	return dst
}

func (m *Mapper) appendMap(dst, url []byte) (_ []byte, changed bool) {
	if !mayHaveAuthority(url) {
		return append(dst, url...), false
	}
	if isBlob(url) {
		return m.appendMap(append(dst, blob...), url[len(blob):])
	}
	t, ok := locate(url, m.Base.Scheme)
	if !ok {
		return append(dst, url...), false
	}
	if t.bare {
		return appendRelative(append(dst, url[:t.start]...), url[t.path:]), true
	}
	start := len(dst)
	dst = append(dst, url[:t.start]...)
	if t.scheme != "" {
		dst = append(dst, socketScheme(t.scheme, m.Domain.Scheme)...)
		dst = append(dst, ':')
	}
	dst = append(dst, "//"...)
	dst, ok = m.appendHost(dst, &t)
	if !ok {
		return append(dst[:start], url...), false
	}
	return append(dst, url[t.end:]...), true
}

// appendRelative appends what follows the scheme in "https:path", which is
// relative to the document whatever the scheme it is proxied by.
func appendRelative(dst, rest []byte) []byte {
	i := bytes.IndexAny(rest, ":/\\?#")
	if i >= 0 && rest[i] == ':' || len(rest) > 0 && rest[0] <= ' ' {
		dst = append(dst, "./"...) // or a scheme would begin there, or white space be trimmed
	}
	return append(dst, rest...)
}

// appendHost appends the content host for a located URL, or reports false if
// its host is not valid or is a content host already.
func (m *Mapper) appendHost(dst []byte, t *target) ([]byte, bool) {
	if n := len(t.auth) - len(m.Domain.Host); n > 0 && t.auth[n-1] == '.' && string(t.auth[n:]) == m.Domain.Host {
		return dst, false
	}
	start := len(dst)
	if t.httpScheme(m.Base.Scheme) == "https" && isSimpleName(t.auth) {
		var ok bool
		if dst, ok = appendBody(dst, t.auth); ok && len(dst)-start <= maxEncoded {
			dst = append(dst, "--"...)
			dst = append(dst, m.Session...)
			dst = append(dst, '.')
			return append(dst, m.Domain.Host...), true
		}
		dst = dst[:start]
	}
	o, err := t.origin(m.Base.Scheme)
	if err != nil || m.isMapped(o) {
		return dst, false
	}
	dst, token := m.Domain.appendSite(dst, m.Session, o)
	if token && m.Alias != nil {
		m.Alias(Token(o), o)
	}
	return dst, true
}

func (m *Mapper) isMapped(o Origin) bool {
	return o.Scheme == m.Domain.Scheme && strings.HasSuffix(o.Host, "."+m.Domain.Host)
}

// isSimpleName reports whether an authority is the plain name of an https host
// with nothing to normalise: no port, user, upper case, punycode or number.
func isSimpleName[T string | []byte](auth T) bool {
	if len(auth) == 0 || auth[0] == '0' || auth[0] == '-' || auth[0] == '.' {
		return false
	}
	lastDot := 0
	for i := range len(auth) {
		switch c := auth[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == '.':
			lastDot = i
		case c == '-':
			if i+1 == len(auth) || auth[i+1] == '-' {
				return false // perhaps xn--
			}
		default:
			return false
		}
	}
	if lastDot == 0 || lastDot+1 == len(auth) {
		return false
	}
	c := auth[lastDot+1]
	return c >= 'a' && c <= 'z'
}

// Unmap returns the site's URL of a proxied URL of this session. Everything else
// is returned as it is.
func (m *Mapper) Unmap(url string) string {
	if !mayHaveAuthority(url) {
		return url
	}
	if isBlob(url) {
		return blob + m.Unmap(url[len(blob):])
	}
	t, ok := locate([]byte(url), m.Domain.Scheme)
	if !ok || t.bare {
		return url
	}
	if t.httpScheme(m.Domain.Scheme) != m.Domain.Scheme {
		return url
	}
	o, ok := m.unmapHost(string(t.auth))
	if !ok {
		return url
	}
	scheme := o.Scheme + ":"
	switch {
	case t.scheme == "" && o.Scheme == m.Base.Scheme:
		scheme = ""
	case t.scheme != "":
		scheme = socketScheme(t.scheme, o.Scheme) + ":"
	}
	return url[:t.start] + scheme + "//" + o.Host + url[t.end:]
}

func (m *Mapper) unmapHost(host string) (Origin, bool) {
	h, ok := m.Domain.Parse(host)
	if !ok || h.Kind != Site || h.Session != m.Session {
		return Origin{}, false
	}
	if h.Token == "" {
		return h.Origin, true
	}
	if m.Aliased == nil {
		return Origin{}, false
	}
	return m.Aliased(h.Token)
}

// mayHaveAuthority decides from the first bytes, which suffice for nearly every
// URL of a real page, whether url could name a host.
func mayHaveAuthority[T string | []byte](url T) bool {
	i := 0
	for i < len(url) && url[i] <= ' ' {
		i++
	}
	if i+1 >= len(url) {
		return false
	}
	next := url[i+1]
	switch url[i] {
	case '/', '\\':
		return startsAuthority(next)
	case 'h', 'H':
		return next|0x20 == 't' || isStripped(next)
	case 'w', 'W':
		return next|0x20 == 's' || isStripped(next)
	}
	return isBlob(url)
}

// startsAuthority reports whether an authority may follow a slash and c.
func startsAuthority(c byte) bool { return c == '/' || c == '\\' || isStripped(c) }

// blob begins an object URL, which names the origin that made it.
const blob = "blob:"

// isBlob reports whether url is an object URL, as browsers write them.
func isBlob[T string | []byte](url T) bool {
	for _, start := range []string{blob + "http://", blob + "https://"} {
		if len(url) > len(start) && string(url[:len(start)]) == start {
			return true
		}
	}
	return false
}

// isStripped reports whether the URL parser drops c wherever it stands.
func isStripped(c byte) bool { return c == '\t' || c == '\n' || c == '\r' }

// target is where scheme and authority lie in a URL.
type target struct {
	scheme string // http, https, ws, wss; "" if the URL begins with "//"
	bare   bool   // "https:path", relative because the base has the same scheme
	start  int    // of the scheme, after white space
	path   int    // behind the scheme's colon
	end    int    // of the authority
	auth   []byte // without what the parser strips
}

// locate finds the authority in url as the WHATWG URL parser does for special
// schemes, for which a backslash is a slash and further slashes are skipped.
// It reports false if url is relative, or of another scheme.
func locate(url []byte, base string) (t target, ok bool) {
	end := len(url)
	for end > 0 && url[end-1] <= ' ' {
		end--
	}
	i := 0
	for i < end && url[i] <= ' ' {
		i++
	}
	t.start = i
	if i < end && url[i] != '/' && url[i] != '\\' {
		if t.scheme, i = scheme(url[:end], i); t.scheme == "" {
			return t, false
		}
		t.path = i
	}
	slashes := 0
	for ; i < end; i++ {
		if c := url[i]; c == '/' || c == '\\' {
			slashes++
		} else if !isStripped(c) {
			break
		}
	}
	if slashes < 2 && (t.scheme == "" || t.scheme == base) {
		t.bare = t.scheme != ""
		return t, t.bare
	}
	clean := true
	for t.end = i; t.end < end && !endsAuthority(url[t.end]); t.end++ {
		clean = clean && !isStripped(url[t.end])
	}
	t.auth = url[i:t.end]
	if !clean {
		t.auth = strip(t.auth)
	}
	return t, true
}

func endsAuthority(c byte) bool { return c == '/' || c == '\\' || c == '?' || c == '#' }

// scheme reads one of our four schemes at url[i:] and returns the index behind
// its colon.
func scheme(url []byte, i int) (string, int) {
	var name [5]byte
	n := 0
	for ; i < len(url); i++ {
		c := url[i]
		switch {
		case isStripped(c):
		case c == ':':
			switch string(name[:n]) {
			case "http":
				return "http", i + 1
			case "https":
				return "https", i + 1
			case "ws":
				return "ws", i + 1
			case "wss":
				return "wss", i + 1
			}
			return "", 0
		case n < len(name) && c|0x20 >= 'a' && c|0x20 <= 'z':
			name[n] = c | 0x20
			n++
		default:
			return "", 0
		}
	}
	return "", 0
}

func strip(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if !isStripped(c) {
			out = append(out, c)
		}
	}
	return out
}

// socketScheme gives the http scheme to, as ws or wss if from is one of these.
func socketScheme(from, to string) string {
	if from[0] != 'w' {
		return to
	}
	if to == "https" {
		return "wss"
	}
	return "ws"
}

func (t *target) httpScheme(base string) string {
	switch t.scheme {
	case "":
		return base
	case "ws":
		return "http"
	case "wss":
		return "https"
	}
	return t.scheme
}

func (t *target) origin(base string) (Origin, error) {
	auth := string(t.auth)
	if i := strings.LastIndexByte(auth, '@'); i >= 0 {
		auth = auth[i+1:]
	}
	o := Origin{Scheme: t.httpScheme(base)}
	name, port := splitPort(auth)
	host, err := canonicalHost(name)
	if err != nil || o.Scheme == "" {
		return Origin{}, ErrOrigin
	}
	o.Host = host
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || port[0] == '+' {
			return Origin{}, ErrOrigin
		}
		if p := strconv.FormatUint(n, 10); p != defaultPort(o.Scheme) {
			o.Host += ":" + p
		}
	}
	return o, nil
}

func splitPort(host string) (name, port string) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.IndexByte(host[i:], ']') >= 0 {
		return host, ""
	}
	return host[:i], host[i+1:]
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

var idnaProfile = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.CheckJoiners(true),
	idna.CheckHyphens(false),
	idna.StrictDomainName(false),
)

// canonicalHost is the host parser (WHATWG URL §3.5), but that a trailing dot is
// folded and empty labels are refused: they would make two names for one host.
func canonicalHost(host string) (string, error) {
	if strings.HasPrefix(host, "[") {
		return canonicalIPv6(host)
	}
	if strings.IndexByte(host, '%') >= 0 {
		host = percentDecode(host)
	}
	host = strings.ToLower(host)
	if !isASCII(host) || strings.Contains(host, "xn--") {
		ascii, err := idnaProfile.ToASCII(host)
		if err != nil {
			return "", ErrOrigin
		}
		host = strings.ToLower(ascii)
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > 253 || host[0] == '.' || host[len(host)-1] == '.' || strings.Contains(host, "..") {
		return "", ErrOrigin
	}
	for i := range len(host) {
		if c := host[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("#/:<>?@[\\]^|%", c) >= 0 {
			return "", ErrOrigin
		}
	}
	if last := host[strings.LastIndexByte(host, '.')+1:]; isNumber(last) {
		return canonicalIPv4(host)
	}
	return host, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func percentDecode(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil && s[i+1] != '+' {
				b = append(b, byte(v))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// isNumber is the "ends in a number" check: such hosts are IPv4 addresses or invalid.
func isNumber(label string) bool {
	if strings.Trim(label, "0123456789") == "" {
		return true
	}
	_, err := ipv4Number(label)
	return err == nil
}

func ipv4Number(s string) (uint64, error) {
	base := 10
	switch {
	case strings.HasPrefix(s, "0x"):
		s, base = s[2:], 16
		if s == "" {
			return 0, nil
		}
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	if s == "" || s[0] == '+' || s[0] == '-' || strings.IndexByte(s, '_') >= 0 {
		return 0, ErrOrigin
	}
	return strconv.ParseUint(s, base, 64)
}

func canonicalIPv4(host string) (string, error) {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is4() {
		return host, nil
	}
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return "", ErrOrigin
	}
	var addr uint64
	for i, p := range parts {
		n, err := ipv4Number(p)
		if err != nil {
			return "", ErrOrigin
		}
		if i < len(parts)-1 {
			if n > 255 {
				return "", ErrOrigin
			}
			addr |= n << (8 * (3 - i))
			continue
		}
		if n >= 1<<(8*(5-len(parts))) {
			return "", ErrOrigin
		}
		addr |= n
	}
	return netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}).String(), nil
}

func canonicalIPv6(host string) (string, error) {
	if len(host) < 2 || host[len(host)-1] != ']' {
		return "", ErrOrigin
	}
	ip, err := netip.ParseAddr(host[1 : len(host)-1])
	if err != nil || !ip.Is6() || ip.Zone() != "" {
		return "", ErrOrigin
	}
	return "[" + formatIPv6(ip.As16()) + "]", nil
}

// formatIPv6 is the IPv6 serializer (WHATWG URL §3.6), which unlike netip has no
// dotted form for mapped addresses.
func formatIPv6(raw [16]byte) string {
	ip := netip.AddrFrom16(raw)
	if !ip.Is4In6() {
		return ip.String()
	}
	return "::ffff:" + strconv.FormatUint(uint64(raw[12])<<8|uint64(raw[13]), 16) +
		":" + strconv.FormatUint(uint64(raw[14])<<8|uint64(raw[15]), 16)
}
