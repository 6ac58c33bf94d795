package jar

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Site returns the schemeful site of u, such as "https://example.com", or ""
// when it has none.
func Site(u *url.URL) string {
	scheme, host := schemeOf(u), hostOf(u)
	if scheme == "" || host == "" {
		return ""
	}
	return scheme + "://" + registrable(host)
}

// SameSite reports whether a and b are of one schemeful site.
func SameSite(a, b *url.URL) bool {
	site := Site(a)
	return site != "" && site == Site(b)
}

// schemeOf returns "http" or "https", also for WebSockets, else "".
func schemeOf(u *url.URL) string {
	if u == nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "ws":
		return "http"
	case "https", "wss":
		return "https"
	}
	return ""
}

// hostOf returns the canonical host of u (RFC 6265bis §5.1.2): lower-case,
// punycode, no port, no trailing dot; "" if it has none.
func hostOf(u *url.URL) string {
	if u == nil {
		return ""
	}
	return canonical(u.Hostname())
}

func canonical(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String()
	}
	if isASCII(host) {
		return host
	}
	host, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return ""
	}
	return host
}

// isSecure reports whether a connection to u counts as secure: https, or one
// that does not leave the machine (RFC 6265bis §5.8.3, Secure Contexts §3.1).
func isSecure(u *url.URL) bool {
	if schemeOf(u) == "https" {
		return true
	}
	host := hostOf(u)
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// registrable returns the registrable domain of a canonical host, or the host
// itself if it is an address or a public suffix.
func registrable(host string) string {
	if isAddress(host) {
		return host
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return domain
}

func isPublicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// domainMatch is RFC 6265bis §5.1.3.
func domainMatch(host, domain string) bool {
	if host == domain {
		return true
	}
	return domain != "" && strings.HasSuffix(host, domain) &&
		host[len(host)-len(domain)-1] == '.' && !isAddress(host)
}

// pathMatch is RFC 6265bis §5.1.4.
func pathMatch(request, cookie string) bool {
	if !strings.HasPrefix(request, cookie) {
		return false
	}
	return len(request) == len(cookie) || strings.HasSuffix(cookie, "/") || request[len(cookie)] == '/'
}

// pathOf returns the path of u as it is sent, never empty.
func pathOf(u *url.URL) string {
	if path := u.EscapedPath(); strings.HasPrefix(path, "/") {
		return path
	}
	return "/"
}

// defaultPath is RFC 6265bis §5.1.4: the directory of u, without its slash.
func defaultPath(u *url.URL) string {
	path := pathOf(u)
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
