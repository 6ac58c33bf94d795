package session

import (
	"fmt"
	"net/url"
	"strings"
)

// Pages are the addresses a rule is for: "*" for all, or an origin pattern as
// in [Rule], alone or with a path in which "*" stands for anything.
type Pages string

const (
	maxPages = 500 // bytes
	maxStars = 8
)

// parsePages brings a pattern to its one spelling.
func parsePages(raw string) (Pages, error) {
	if raw = strings.TrimSpace(raw); raw == "*" {
		return "*", nil
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return "", fmt.Errorf("%q is neither a page's address nor a pattern such as https://shop.example/account/*", raw)
	}
	authority, path, hasPath := strings.Cut(rest, "/")
	origin, err := canonicalOrigin(scheme+"://"+authority, true)
	if err != nil {
		return "", err
	}
	if !hasPath {
		path = "*"
	}
	if strings.Trim(path, pathBytes) != "" {
		return "", fmt.Errorf("the path in %q has what no path has; leave ? and # away, and write other letters as %%C3%%A9", raw)
	}
	if len(raw) > maxPages || strings.Count(path, "*") > maxStars {
		return "", fmt.Errorf("%q is too long a pattern", raw)
	}
	return Pages(origin + "/" + path), nil
}

// pathBytes are those that browsers leave as they are in a path.
const pathBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/%"

// Match reports whether a page is one of them. Paths are compared as they are
// and decoded, without regard to case: a site may take all of these for the
// same (twin: static/src/pages.ts).
func (p Pages) Match(address string) bool {
	if p == "*" {
		return true
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	origin, err := canonicalOrigin(u.Scheme+"://"+u.Host, false)
	if err != nil {
		return false
	}
	scheme, rest, _ := strings.Cut(string(p), "://")
	authority, glob, _ := strings.Cut(rest, "/")
	if !matchOrigin(scheme+"://"+authority, origin) {
		return false
	}
	raw, decoded := strings.TrimPrefix(u.EscapedPath(), "/"), strings.TrimPrefix(u.Path, "/")
	return matchGlob(strings.ToLower(glob), strings.ToLower(raw)) || matchGlob(strings.ToLower(glob), strings.ToLower(decoded))
}

// MatchSite reports whether some page of an address's origin is one of them.
func (p Pages) MatchSite(address string) bool {
	if p == "*" {
		return true
	}
	origin, err := canonicalOrigin(address, false)
	if err != nil {
		return false
	}
	scheme, rest, _ := strings.Cut(string(p), "://")
	authority, _, _ := strings.Cut(rest, "/")
	return matchOrigin(scheme+"://"+authority, origin)
}

// matchOrigin compares two in their one spelling, in which no label is empty.
func matchOrigin(pattern, origin string) bool {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == origin
	}
	// A star stands for whole labels: "://*" for all of them, "://*.x" for some.
	if !strings.HasPrefix(origin, before) {
		return false
	}
	name, ok := strings.CutSuffix(origin[len(before):], after)
	_, port := splitPort(name)
	return ok && port == ""
}

// matchGlob takes time in proportion to the product of the lengths at most.
func matchGlob(glob, s string) bool {
	star, from := -1, 0
	g, i := 0, 0
	for i < len(s) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, from = g, i
			g++
		case g < len(glob) && glob[g] == s[i]:
			g++
			i++
		case star >= 0:
			from++
			g, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(glob[g:], "*") == ""
}
