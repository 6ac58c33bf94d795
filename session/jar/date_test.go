package jar

import (
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Sun, 06 Nov 1994 08:49:37 GMT":          "1994-11-06T08:49:37Z",
		"Sunday, 06-Nov-94 08:49:37 GMT":         "1994-11-06T08:49:37Z",
		"Sun Nov  6 08:49:37 1994":               "1994-11-06T08:49:37Z",
		"08:49:37 6 1994 nov":                    "1994-11-06T08:49:37Z",
		"6 nov 94 8:9:7":                         "1994-11-06T08:09:07Z",
		"06-NOVember-1994 08:49:37.123":          "1994-11-06T08:49:37Z",
		"Thu, 01-Jan-70 00:00:00":                "1970-01-01T00:00:00Z",
		"01 Jan 69 00:00:00":                     "2069-01-01T00:00:00Z",
		"01 Jan 00 00:00:00":                     "2000-01-01T00:00:00Z",
		"01 Jan 1601 00:00:00":                   "1601-01-01T00:00:00Z",
		"29 Feb 2024 23:59:59":                   "2024-02-29T23:59:59Z",
		"1st 2nd jan 2030 00:00:00":              "2030-01-01T00:00:00Z",
		"10 Feb 2030x 00:00:00":                  "2030-02-10T00:00:00Z",
		"10;Feb@2030[00:00:00]":                  "2030-02-10T00:00:00Z",
		"Mon, 10-Dec-2007 17:02:24 GMT+0100":     "2007-12-10T17:02:24Z",
		"Wed, 09 Nov 2007 24:00:00 GMT":          "",
		"09 Nov 2007 00:60:00":                   "",
		"09 Nov 2007 00:00:60":                   "",
		"30 Feb 2030 00:00:00":                   "",
		"29 Feb 2023 00:00:00":                   "",
		"31 Nov 2030 00:00:00":                   "",
		"0 Jan 2030 00:00:00":                    "",
		"32 Jan 2030 00:00:00":                   "",
		"01 Jan 1600 00:00:00":                   "",
		"01 Jan 100 00:00:00":                    "",
		"01 Jan 20300 00:00:00":                  "",
		"01 Jän 2030 00:00:00":                   "",
		"01 Jan 2030":                            "",
		"01 Jan 00:00:00":                        "",
		"Jan 2030 00:00:00":                      "",
		"01 2030 00:00:00":                       "",
		"01 Jan 2030 000:00:00":                  "",
		"01 Jan 2030 00:00":                      "",
		"2030-01-01T00:00:00Z":                   "",
		"":                                       "",
		"12 12 12 12:12:12":                      "",
		"Tue, 18 Oct 2011 07:05:03\xa0GMT":       "2011-10-18T07:05:03Z",
		"Sat, 15-Apr-17 21:01:22 GMT, whatever":  "2017-04-15T21:01:22Z",
		"Thu, 19-Apr-2007 16:00:00 01 Jan 2099 ": "2007-04-19T16:00:00Z",
	} {
		got, ok := parseDate(in)
		if ok != (want != "") || ok && got.Format(time.RFC3339) != want {
			t.Errorf("parseDate(%q) = %v, %v, want %q", in, got, ok, want)
		}
	}
}

// FuzzParseDate checks that every date the standard library writes is read
// back, whatever stands behind it.
func FuzzParseDate(f *testing.F) {
	f.Add(int64(784111777), "GMT")
	f.Add(int64(0), "\xff:9 jan")
	f.Fuzz(func(t *testing.T, seconds int64, tail string) {
		parseDate(tail)
		want := time.Unix(seconds%(1<<37), 0).UTC()
		if want.Year() < 1601 || want.Year() > 9999 {
			t.Skip()
		}
		for _, layout := range []string{time.RFC1123, time.ANSIC} {
			got, ok := parseDate(want.Format(layout) + " " + tail)
			if !ok || !got.Equal(want) {
				t.Errorf("%s: got %v, %v", want.Format(layout), got, ok)
			}
		}
	})
}
