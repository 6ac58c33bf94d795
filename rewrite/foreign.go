package rewrite

import "bytes"

// foreignStack follows svg and math, in which scripts, styles and titles are
// markup and CDATA exists, as far as a tree builder's rules can be followed
// without a tree (HTML §13.2.6.5). It is empty outside of them.
type foreignStack []openElement

type openElement struct {
	name    string
	foreign bool // in the SVG or MathML namespace
	point   bool // foreign, but its content is HTML: an integration point
}

// maxForeign bounds the stack; what is nested deeper is not followed.
const maxForeign = 1024

// inForeign reports whether the current node is foreign, so that CDATA is allowed.
func (s foreignStack) inForeign() bool {
	return len(s) > 0 && s[len(s)-1].foreign
}

func isForeignRoot(name []byte) bool { return string(name) == "svg" || string(name) == "math" }

// start follows a start tag and reports whether its element is foreign.
func (s *foreignStack) start(name []byte, selfClosing bool, fontAttr func() bool) bool {
	root := isForeignRoot(name)
	if len(*s) == 0 && !root {
		return false
	}
	if !s.inForeign() || (*s)[len(*s)-1].point {
		if root {
			s.push(openElement{name: string(name), foreign: true}, selfClosing)
		} else {
			s.push(openElement{name: string(name)}, voidElements[string(name)])
		}
		return root
	}
	if breakouts[string(name)] || string(name) == "font" && fontAttr() {
		s.breakOut()
		if len(*s) > 0 {
			s.push(openElement{name: string(name)}, voidElements[string(name)])
		}
		return false
	}
	s.push(openElement{name: string(name), foreign: true, point: integrationPoints[string(name)]}, selfClosing)
	return true
}

func (s *foreignStack) push(e openElement, empty bool) {
	if !empty && len(*s) < maxForeign {
		*s = append(*s, e)
	}
}

// breakOut pops foreign elements up to an integration point or HTML.
func (s *foreignStack) breakOut() {
	for s.inForeign() && !(*s)[len(*s)-1].point {
		*s = (*s)[:len(*s)-1]
	}
}

// end follows an end tag.
func (s *foreignStack) end(name []byte) {
	if len(*s) == 0 {
		return
	}
	top := (*s)[len(*s)-1]
	if top.foreign && (string(name) == "p" || string(name) == "br") {
		s.breakOut()
		return
	}
	html := !top.foreign
	for i := len(*s) - 1; i >= 0; i-- {
		e := (*s)[i]
		if html && e.point {
			return // a special element: HTML's rules do not look beyond it
		}
		html = html || !e.foreign
		if e.name == string(name) && e.foreign != html {
			*s = (*s)[:i]
			return
		}
	}
	if breakouts[string(name)] || outerElements[string(name)] {
		*s = (*s)[:0] // closes an element around the svg
	}
}

func set(names string) map[string]bool {
	m := map[string]bool{}
	for _, name := range bytes.Fields([]byte(names)) {
		m[string(name)] = true
	}
	return m
}

var (
	voidElements      = set("area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr")
	integrationPoints = set("foreignobject desc title mi mo mn ms mtext annotation-xml")

	// breakouts end foreign content (HTML §13.2.6.5).
	breakouts = set(`b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li
		listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var`)

	// outerElements are others that often stand around an svg that was not closed.
	outerElements = set(`a article aside button details dialog fieldset figure footer form header html label legend main
		nav section select summary tbody td template tfoot th thead tr`)
)
