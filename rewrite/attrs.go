package rewrite

import "slices"

// AttrKind says what an attribute's value holds.
type AttrKind string

const (
	AttrURL      AttrKind = "url"      // one URL
	AttrURLs     AttrKind = "urls"     // URLs and other words, parted by white space or semicolons
	AttrSrcset   AttrKind = "srcset"   // image candidates (HTML §4.8.4.2.2)
	AttrStyle    AttrKind = "style"    // CSS, or a CSS value that may hold url()
	AttrDocument AttrKind = "document" // an HTML document
	AttrPaper    AttrKind = "paper"    // one URL, of what may be a PDF
	AttrType     AttrKind = "type"     // which may be that of a PDF
	AttrAside    AttrKind = "aside"    // renamed to data-tandem-…, so that it has no effect
	attrHandler  AttrKind = "handler"  // script
	attrPragma   AttrKind = "pragma"   // makes other attributes of a meta element mean something
)

// Attr is an attribute the rewriter deals with. Attributes whose name begins
// with "on" are script wherever they stand, and not listed.
type Attr struct {
	Name     string
	Kind     AttrKind
	Elements []string // lower case; none means every element
}

// Attrs is the whole list. The browser side has it generated from here. What
// meta, base and link mean depends on several attributes and is decided in code.
//
// Identifiers that look like URLs are left alone: xmlns, itemid, itemtype,
// property, data-*.
var Attrs = []Attr{
	{"href", AttrURL, []string{
		"a", "area", "link", "base",
		"use", "image", "feimage", "pattern", "lineargradient", "radialgradient", "textpath",
		"mpath", "filter", "script", "animate", "set", "animatemotion", "animatetransform", "discard", "cursor", "tref",
		"mi", "mo", "mn", "ms", "mtext", "mrow", "math", "svg",
	}},
	{"xlink:href", AttrURL, nil},
	{"src", AttrURL, []string{"img", "script", "iframe", "frame", "input", "source", "track", "video", "audio", "portal", "fencedframe", "model", "bgsound"}},
	{"srcset", AttrSrcset, []string{"img", "source"}},
	{"imagesrcset", AttrSrcset, []string{"link"}},
	{"poster", AttrURL, []string{"video"}},
	{"action", AttrURL, []string{"form"}},
	{"formaction", AttrURL, []string{"button", "input"}},
	{"src", AttrPaper, []string{"embed"}},
	{"data", AttrPaper, []string{"object"}},
	{"type", AttrType, []string{"embed", "object"}},
	{"codebase", AttrURL, []string{"object"}},
	{"background", AttrURL, []string{"body", "table", "thead", "tbody", "tfoot", "tr", "td", "th"}},
	{"cite", AttrURL, []string{"blockquote", "q", "ins", "del"}},
	{"longdesc", AttrURL, []string{"img", "iframe", "frame"}},
	{"lowsrc", AttrURL, []string{"img"}},
	{"manifest", AttrURL, []string{"html"}},
	{"ping", AttrURLs, []string{"a", "area"}},
	{"attributionsrc", AttrURLs, []string{"a", "area", "img", "script"}},
	{"allow", AttrURLs, []string{"iframe"}},
	{"to", AttrURL, []string{"set", "animate"}},
	{"from", AttrURL, []string{"animate"}},
	{"by", AttrURL, []string{"animate"}},
	{"values", AttrURLs, []string{"animate"}},
	{"style", AttrStyle, nil},
	{"fill", AttrStyle, nil},
	{"stroke", AttrStyle, nil},
	{"filter", AttrStyle, nil},
	{"mask", AttrStyle, nil},
	{"clip-path", AttrStyle, nil},
	{"cursor", AttrStyle, nil},
	{"marker-start", AttrStyle, nil},
	{"marker-mid", AttrStyle, nil},
	{"marker-end", AttrStyle, nil},
	{"srcdoc", AttrDocument, []string{"iframe"}},
	{"csp", AttrAside, []string{"iframe"}},
	{"credentialless", AttrAside, []string{"iframe"}},
	{"integrity", AttrAside, []string{"script", "link"}}, // the body may be rewritten
}

// attrsByLetter is Attrs, and one more, by the first letter of their names.
// attrSieve turns away class, id, alt and most others before they are compared.
var attrsByLetter, attrSieve = indexAttrs()

func indexAttrs() (index [256][]*Attr, names sieve) {
	all := append(slices.Clone(Attrs), Attr{"http-equiv", attrPragma, []string{"meta"}})
	for i := range all {
		a := &all[i]
		names.add(a.Name)
		for _, c := range []byte{a.Name[0], a.Name[0] - 'a' + 'A'} {
			index[c] = append(index[c], a)
		}
	}
	return index, names
}

// sieve has, by first letter, a bit for each length of the names that were added.
// It turns away most other names without looking at them.
type sieve [256]uint32

func (s *sieve) add(name string) {
	bit := uint32(1) << len(name)
	s[name[0]] |= bit
	s[name[0]-'a'+'A'] |= bit
}

// has reports whether name may be one that was added.
func (s *sieve) has(name []byte) bool {
	return len(name) < 32 && s[name[0]]>>(len(name)&31)&1 != 0
}

// mayMatter reports whether an attribute of that name might be rewritten in some
// element.
func mayMatter(name []byte) bool { return attrSieve.has(name) || isHandler(name) }

// isHandler reports whether an attribute is an event handler.
func isHandler(name []byte) bool {
	return len(name) > 2 && name[0]|0x20 == 'o' && name[1]|0x20 == 'n'
}

// attrKind returns what the attribute of an element holds, or "".
func attrKind(element, name []byte) AttrKind {
	if isHandler(name) {
		return attrHandler
	}
	if !attrSieve.has(name) {
		return ""
	}
	for _, a := range attrsByLetter[name[0]] {
		if len(a.Name) == len(name) && equalFold(name, a.Name) && a.of(element) {
			return a.Kind
		}
	}
	return ""
}

func (a *Attr) of(element []byte) bool {
	for _, e := range a.Elements {
		if e == string(element) {
			return true
		}
	}
	return a.Elements == nil
}

func lowerInto(dst, name []byte) []byte {
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}
