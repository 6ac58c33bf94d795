package assets

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxFresh bounds what a site may say about its freshness.
const maxFresh = 365 * 24 * time.Hour

// expires returns until when a response that arrived now is fresh, as a
// private cache reckons (RFC 9111 §4.2). The zero time means that it is not,
// or that only a guess would say so.
func expires(h http.Header, now time.Time) time.Time {
	var lifetime time.Duration
	known := false
	for _, line := range h.Values("Cache-Control") {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
			switch strings.ToLower(name) {
			case "no-store", "no-cache":
				return time.Time{}
			case "max-age":
				if known {
					continue // the first counts
				}
				seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
				if err != nil {
					return time.Time{}
				}
				lifetime, known = time.Duration(seconds)*time.Second, true
			}
		}
	}
	if strings.TrimSpace(h.Get("Vary")) == "*" {
		return time.Time{}
	}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		date = now
	}
	if !known {
		until, err := http.ParseTime(h.Get("Expires"))
		if err != nil {
			return time.Time{}
		}
		lifetime = until.Sub(date)
	}
	age := max(0, now.Sub(date))
	if seconds, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil {
		age = max(age, time.Duration(seconds)*time.Second)
	}
	if left := min(lifetime, maxFresh) - age; left > 0 {
		return now.Add(left)
	}
	return time.Time{}
}
