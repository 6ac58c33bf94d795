package rewrite

import "strings"

// Refresh maps the URL in the value of a Refresh header or of a meta refresh
// (HTML §4.2.5.3, shared declarative refresh steps). What browsers ignore stays.
func Refresh(m *Mapper, v string) string {
	start, end := refreshURL(v)
	return v[:start] + m.Map(v[start:end]) + v[end:]
}

// refreshURL returns where the URL lies; an empty span if there is none.
func refreshURL(v string) (start, end int) {
	none := len(v)
	i := skipSpace(v, 0)
	digits := i
	for i < len(v) && (v[i] >= '0' && v[i] <= '9' || v[i] == '.') {
		i++
	}
	if i == digits || i < len(v) && v[i] != ';' && v[i] != ',' && !isSpace(v[i]) {
		return none, none
	}
	i = skipSpace(v, i)
	if i < len(v) && (v[i] == ';' || v[i] == ',') {
		i = skipSpace(v, i+1)
	}
	if len(v)-i >= 3 && strings.EqualFold(v[i:i+3], "url") {
		if j := skipSpace(v, i+3); j < len(v) && v[j] == '=' {
			i = skipSpace(v, j+1)
		} else {
			return i, len(v)
		}
	}
	if i < len(v) && (v[i] == '"' || v[i] == '\'') {
		if n := strings.IndexByte(v[i+1:], v[i]); n >= 0 {
			return i + 1, i + 1 + n
		}
		return i + 1, len(v)
	}
	return i, len(v)
}

func skipSpace(v string, i int) int {
	for i < len(v) && isSpace(v[i]) {
		i++
	}
	return i
}
