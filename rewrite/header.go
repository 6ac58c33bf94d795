package rewrite

import "strings"

// Location maps the value of a Location or Content-Location header. A relative
// one stays, for the browser resolves it on the content host.
func Location(m *Mapper, v string) string { return m.Map(v) }

// Link maps the addresses in the value of a Link header (RFC 8288 §3). Links
// that only have the browser open connections are left out, as are digests of
// bodies that may be rewritten. What is not a list of links is dropped whole.
func Link(m *Mapper, v string) string {
	var out []string
	for {
		v = strings.TrimLeft(v, " \t,")
		if v == "" {
			return strings.Join(out, ", ")
		}
		target, rest, ok := strings.Cut(v, ">")
		if !ok || !strings.HasPrefix(target, "<") {
			return strings.Join(out, ", ")
		}
		params, rest := linkParams(rest)
		v = rest
		if isHint(params) {
			continue
		}
		link := "<" + m.Map(target[1:]) + ">"
		for _, p := range params {
			if text, ok := linkParam(m, p); ok {
				link += "; " + text
			}
		}
		out = append(out, link)
	}
}

// linkParams splits off the parameters of one link.
func linkParams(v string) (params []string, rest string) {
	start, quoted := 0, false
	add := func(end int) {
		if p := strings.Trim(v[start:end], " \t"); p != "" {
			params = append(params, p)
		}
		start = end + 1
	}
	for i := 0; i < len(v); i++ {
		switch {
		case quoted && v[i] == '\\':
			i++
		case v[i] == '"':
			quoted = !quoted
		case quoted:
		case v[i] == ';':
			add(i)
		case v[i] == ',':
			add(i)
			return params, v[i+1:]
		}
	}
	add(len(v))
	return params, ""
}

func cutParam(p string) (name, value string) {
	name, value, _ = strings.Cut(p, "=")
	return strings.ToLower(strings.TrimSpace(name)), strings.Trim(strings.TrimSpace(value), `"`)
}

func isHint(params []string) bool {
	for _, p := range params {
		if name, value := cutParam(p); name == "rel" {
			for _, rel := range strings.Fields(strings.ToLower(value)) {
				if rel == "preconnect" || rel == "dns-prefetch" {
					return true
				}
			}
		}
	}
	return false
}

func linkParam(m *Mapper, p string) (string, bool) {
	switch name, value := cutParam(p); name {
	case "integrity":
		return "", false
	case "imagesrcset":
		mapped, _ := appendSrcset(nil, []byte(value), m.appendMap)
		return `imagesrcset="` + string(mapped) + `"`, true
	}
	return p, true
}
