package jar

import (
	"strings"
	"time"
)

var months = [...]string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// parseDate reads a cookie date the lax way of RFC 6265bis §5.1.1: the first
// token that looks like a time, a day, a month and a year count, in whatever
// order they come; all else is ignored.
func parseDate(s string) (time.Time, bool) {
	var hour, minute, second, day, month, year int
	var haveTime, haveDay, haveMonth, haveYear bool
	for _, token := range strings.FieldsFunc(s, isDateDelimiter) {
		if !haveTime {
			if h, m, sec, ok := dateTime(token); ok {
				hour, minute, second, haveTime = h, m, sec, true
				continue
			}
		}
		if !haveDay {
			if n, rest, ok := digits(token, 1, 2); ok && notDigit(rest) {
				day, haveDay = n, true
				continue
			}
		}
		if !haveMonth {
			if n, ok := dateMonth(token); ok {
				month, haveMonth = n, true
				continue
			}
		}
		if !haveYear {
			if n, rest, ok := digits(token, 2, 4); ok && notDigit(rest) {
				year, haveYear = n, true
			}
		}
	}
	switch {
	case year >= 70 && year <= 99:
		year += 1900
	case year >= 0 && year <= 69:
		year += 2000
	}
	if !haveTime || !haveDay || !haveMonth || !haveYear ||
		day < 1 || day > 31 || year < 1601 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return t, t.Day() == day // no 30 February
}

// isDateDelimiter tells the delimiter production, rune by rune: bytes of
// 0x80 and above belong to tokens.
func isDateDelimiter(r rune) bool {
	return r == '\t' || r >= 0x20 && r <= 0x2f || r >= 0x3b && r <= 0x40 ||
		r >= 0x5b && r <= 0x60 || r >= 0x7b && r <= 0x7e
}

func dateTime(s string) (hour, minute, second int, ok bool) {
	var n [3]int
	for i := range n {
		if i > 0 {
			if s == "" || s[0] != ':' {
				return 0, 0, 0, false
			}
			s = s[1:]
		}
		if n[i], s, ok = digits(s, 1, 2); !ok {
			return 0, 0, 0, false
		}
	}
	return n[0], n[1], n[2], notDigit(s)
}

func dateMonth(s string) (int, bool) {
	if len(s) < 3 {
		return 0, false
	}
	for i, m := range months {
		if strings.EqualFold(s[:3], m) {
			return i + 1, true
		}
	}
	return 0, false
}

// digits reads at least least and at most most decimal digits from s.
func digits(s string, least, most int) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < most && isDigit(s[i]) {
		n = n*10 + int(s[i]-'0')
		i++
	}
	return n, s[i:], i >= least
}

func notDigit(s string) bool { return s == "" || !isDigit(s[0]) }

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
