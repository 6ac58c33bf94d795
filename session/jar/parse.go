package jar

import (
	"strings"
	"time"
)

// Limits of RFC 6265bis §5.6 and §5.5.
const (
	maxPair      = 4096 // bytes of name and value together
	maxAttribute = 1024 // bytes of an attribute's value
	maxAge       = 400 * 24 * time.Hour
)

// directive is a Set-Cookie line taken apart, before anything is judged.
type directive struct {
	name, value string
	domain      string // lower-case, without a leading dot; "" = host-only
	path        string // "" = default path
	expires     time.Time
	secure      bool
	httpOnly    bool
	partitioned bool
	sameSite    sameSite
}

// parse reads a Set-Cookie line (RFC 6265bis §5.6). ok is false when the line
// must be ignored as a whole.
func parse(line string, now time.Time) (d directive, ok bool) {
	if hasControl(line) {
		return d, false
	}
	pair, attributes, _ := strings.Cut(line, ";")
	name, value, found := strings.Cut(pair, "=")
	if !found {
		name, value = "", pair
	}
	d.name, d.value = trim(name), trim(value)
	if len(d.name)+len(d.value) > maxPair || d.name == "" && d.value == "" {
		return d, false
	}
	var aged bool
	for attributes != "" {
		var attribute string
		attribute, attributes, _ = strings.Cut(attributes, ";")
		key, value, _ := strings.Cut(attribute, "=")
		key, value = strings.ToLower(trim(key)), trim(value)
		if len(value) > maxAttribute {
			continue
		}
		switch key {
		case "expires":
			if t, ok := parseDate(value); ok && !aged {
				d.expires = latest(t, now)
			}
		case "max-age":
			if t, ok := parseMaxAge(value, now); ok {
				d.expires, aged = t, true
			}
		case "domain":
			d.domain = strings.ToLower(strings.TrimPrefix(value, "."))
		case "path":
			d.path = ""
			if strings.HasPrefix(value, "/") {
				d.path = value
			}
		case "secure":
			d.secure = true
		case "httponly":
			d.httpOnly = true
		case "partitioned":
			d.partitioned = true
		case "samesite":
			d.sameSite = parseSameSite(value)
		}
	}
	return d, true
}

// parseMaxAge reads a number of seconds (RFC 6265bis §5.6.2). Numbers too
// large for an int64 are as good as the longest age there is.
func parseMaxAge(s string, now time.Time) (time.Time, bool) {
	number, negative := strings.CutPrefix(s, "-")
	if number == "" || strings.Trim(number, "0123456789") != "" {
		return time.Time{}, false
	}
	number = strings.TrimLeft(number, "0")
	switch {
	case number == "" || negative: // zero or less
		return time.Unix(0, 0).UTC(), true
	case len(number) > 9:
		return now.Add(maxAge), true
	}
	seconds, _, _ := digits(number, 1, 9)
	return latest(now.Add(time.Duration(seconds)*time.Second), now), true
}

func parseSameSite(s string) sameSite {
	switch strings.ToLower(s) {
	case "none":
		return sameSiteNone
	case "lax":
		return sameSiteLax
	case "strict":
		return sameSiteStrict
	}
	return sameSiteDefault
}

// latest caps an expiry time at 400 days from now.
func latest(t, now time.Time) time.Time {
	if limit := now.Add(maxAge); t.After(limit) {
		return limit
	}
	return t
}

// prefixesKept reports whether the promise in a cookie's name, if it makes
// one, is true (RFC 6265bis §5.7 steps 20 to 22). rootPath says that the line
// named the path "/" itself.
func (d *directive) prefixesKept(hostOnly, rootPath bool) bool {
	if d.name == "" {
		for _, prefix := range []string{"__secure-", "__host-", "__http-"} {
			if hasPrefixFold(d.value, prefix) {
				return false
			}
		}
		return true
	}
	host := hasPrefixFold(d.name, "__host-")
	http := hasPrefixFold(d.name, "__http-") || hasPrefixFold(d.name, "__host-http-")
	switch {
	case (host || http || hasPrefixFold(d.name, "__secure-")) && !d.secure:
		return false
	case http && !d.httpOnly:
		return false
	}
	return !host || hostOnly && rootPath
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// hasControl reports whether s has a control character other than tab.
func hasControl(s string) bool {
	for i := range len(s) {
		if b := s[i]; b < 0x20 && b != '\t' || b == 0x7f {
			return true
		}
	}
	return false
}

func trim(s string) string { return strings.Trim(s, " \t") }
