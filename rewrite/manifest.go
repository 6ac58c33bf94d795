package rewrite

import (
	"bytes"
	"encoding/json"
)

// Manifest maps the absolute URLs of a web app manifest. What is not JSON comes
// back as far as it could be read, the rest as it is.
func Manifest(src []byte, m *Mapper) []byte {
	out, _ := mapJSON(src, func(key, value string) string {
		switch key {
		case "start_url", "scope", "src", "url", "action":
			return m.Map(value)
		}
		return value
	}, nil)
	return out
}

// ImportMap maps every address in an import map. Its integrity section becomes
// inert, since the modules' bodies may be rewritten; demand, if it is not nil, is
// told what it says.
func ImportMap(src []byte, m *Mapper, demand func(url, metadata string)) (_ []byte, changed bool) {
	var says struct{ Integrity map[string]string }
	if demand != nil && bytes.Contains(src, []byte("integrity")) && json.Unmarshal(src, &says) == nil {
		for url, metadata := range says.Integrity {
			demand(url, metadata)
		}
	}
	return mapJSON(src,
		func(_, value string) string { return m.Map(value) },
		func(key string) string {
			if key == "integrity" {
				return "tandem-integrity"
			}
			return m.Map(key)
		})
}

// mapJSON rewrites the strings of a JSON text in place: values, which are given
// with the key they or the array around them stand under, and keys.
func mapJSON(src []byte, value func(key, value string) string, key func(key string) string) (_ []byte, changed bool) {
	var out []byte
	copied, under := 0, ""
	for i := 0; i < len(src); i++ {
		if src[i] != '"' {
			continue
		}
		end := jsonStringEnd(src, i)
		var text string
		if json.Unmarshal(src[i:end], &text) != nil {
			break
		}
		mapped := text
		if isKey(src, end) {
			under = text
			if key != nil {
				mapped = key(text)
			}
		} else {
			mapped = value(under, text)
		}
		if mapped != text {
			out = append(append(out, src[copied:i]...), jsonString(mapped)...)
			copied, changed = end, true
		}
		i = end - 1
	}
	if !changed {
		return src, false
	}
	return append(out, src[copied:]...), true
}

func jsonStringEnd(src []byte, i int) int {
	for i++; i < len(src); i++ {
		switch src[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return len(src)
}

func isKey(src []byte, i int) bool {
	rest := bytes.TrimLeft(src[i:], " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}

// jsonString quotes s. It escapes "<", as the text may stand in a script element.
func jsonString(s string) []byte {
	b, _ := json.Marshal(s) // a string always can be
	return b
}
