package proxy

import (
	"net/http"
	"net/textproto"
	"strings"

	"tandem/rewrite"
)

// anyContent is the source expression for all content hosts. The session in
// the name is checked by the server; a wildcard can only stand for a label.
func anyContent(d rewrite.Domain) string { return d.Scheme + "://*." + d.Host }

// frameAncestors says in our names who may frame the site's document, by its
// own frame-ancestors or, without one, X-Frame-Options (CSP3 §6.4.2.2). Our
// shell always may. It returns "" when the site does not care.
func frameAncestors(site http.Header, m *rewrite.Mapper, d rewrite.Domain) string {
	shell := "frame-ancestors " + d.Shell(m.Session)
	for _, line := range site["Content-Security-Policy"] {
		for policy := range strings.SplitSeq(line, ",") {
			if sources, ok := directive(policy, "frame-ancestors"); ok {
				return shell + mapSources(sources, m, d)
			}
		}
	}
	switch strings.ToLower(textproto.TrimString(site.Get("X-Frame-Options"))) {
	case "deny":
		return shell
	case "sameorigin":
		return shell + " 'self'"
	}
	return ""
}

func directive(policy, name string) (value string, ok bool) {
	for one := range strings.SplitSeq(policy, ";") {
		found, rest, _ := strings.Cut(textproto.TrimString(one), " ")
		if strings.EqualFold(found, name) {
			return rest, true
		}
	}
	return "", false
}

// mapSources maps source expressions. Those that stand for many hosts become
// all content hosts: their names cannot be told apart by a wildcard.
func mapSources(sources string, m *rewrite.Mapper, d rewrite.Domain) string {
	var b strings.Builder
	for _, source := range strings.Fields(sources) {
		b.WriteByte(' ')
		switch lower := strings.ToLower(source); {
		case lower == "'none'":
			return ""
		case lower == "'self'":
			b.WriteString("'self'")
		case strings.Contains(lower, "*"), strings.HasSuffix(lower, ":"):
			b.WriteString(anyContent(d))
		default:
			if !strings.Contains(lower, "://") {
				lower = m.Base.Scheme + "://" + lower
			}
			o, err := rewrite.ParseOrigin(lower)
			if err != nil {
				b.WriteString("'none'")
				continue
			}
			b.WriteString(m.Map(o.String()))
		}
	}
	return strings.ReplaceAll(b.String(), " 'none'", "")
}
