package mirror

import (
	"math"
	"slices"
	"strings"
)

// sheet is what scripts did to a style sheet through the CSSOM. How many rules
// its text has is not known here, so it is kept as what is left of an endless
// row of original rules, with inserted ones between. That is as small as the
// result, however often a page inserts and deletes.
type sheet struct {
	whole bool // text replaces what the element or its address has
	text  string
	parts []part // never empty; the last is the endless rest
	bytes int
	// deleted counts original rules that are gone.
	deleted int
	// edits are what was done within rules, and to all rules since then, as the
	// operands after the sheet.
	edits []ruleEdit
	// latest finds the edits that a later one of the same takes the place of.
	latest   map[string]int
	replaced int
}

// part is either one inserted rule or the original rules [from, to).
type part struct {
	rule     string
	from, to int
	inserted bool
}

func newSheet() *sheet { return &sheet{parts: []part{{to: math.MaxInt}}} }

func (s *sheet) replace(text string) {
	*s = sheet{whole: true, text: text, parts: []part{{to: math.MaxInt}}, bytes: len(text)}
}

// ruleEdit is one change within a sheet: its operands after the sheet, and those of
// them that may have URLs. One that another took the place of is empty.
type ruleEdit struct{ op, text string }

// edit notes what was done to the rule at path; details are its operands after
// the path, and text is that of them which may have URLs.
func (s *sheet) edit(what string, path []int32, nested bool, details, text string) {
	b := appendString(nil, what)
	open, end := ",[", "]"
	if !nested {
		open, end = ",", ""
	}
	for _, index := range path {
		b = appendInt(append(b, open...), int(index))
		open = ","
	}
	b = append(b, end...)
	key := string(b)
	if what == "p" {
		name, _, _ := strings.Cut(strings.TrimLeft(details, ", \t\n\r"), ",")
		key += name
	}
	e := ruleEdit{string(b) + details, strings.Clone(text)}
	s.bytes += e.cost()
	if what == "i" || what == "d" {
		s.latest = nil // other rules have these places now
	} else if i, ok := s.latest[key]; ok {
		s.bytes -= s.edits[i].cost()
		s.edits[i] = ruleEdit{} // a later one counts from its own place, since shorthands may stand between
		s.replaced++
	}
	if s.replaced > 100 && s.replaced > len(s.edits)/2 {
		s.latest, s.replaced = nil, 0
		s.edits = slices.DeleteFunc(s.edits, func(e ruleEdit) bool { return e.op == "" })
	}
	if what != "i" && what != "d" {
		if s.latest == nil {
			s.latest = map[string]int{}
		}
		s.latest[key] = len(s.edits)
	}
	s.edits = append(s.edits, e)
}

func (e ruleEdit) cost() int { return len(e.op) + len(e.text) + 64 }

func (p *part) length() int {
	if p.inserted {
		return 1
	}
	return p.to - p.from
}

// locate finds the part in or before which the rule of that index is.
func (s *sheet) locate(index int) (at, offset int) {
	for at < len(s.parts)-1 && index >= s.parts[at].length() {
		index -= s.parts[at].length()
		at++
	}
	return at, index
}

func (s *sheet) insert(index int, rule string) {
	at, offset := s.locate(index)
	p := part{rule: rule, inserted: true}
	if offset == 0 {
		s.parts = slices.Insert(s.parts, at, p)
	} else {
		left, right := s.parts[at], s.parts[at]
		left.to = left.from + offset
		right.from = left.to
		s.parts = slices.Replace(s.parts, at, at+1, left, p, right)
	}
	s.bytes += len(rule) + 64
}

func (s *sheet) remove(index int) {
	at, offset := s.locate(index)
	p := s.parts[at]
	switch {
	case p.inserted:
		s.parts = slices.Delete(s.parts, at, at+1)
		s.bytes -= len(p.rule) + 64
		s.join(at)
	case p.length() == 1:
		s.parts = slices.Delete(s.parts, at, at+1)
		s.deleted++
	case offset == 0:
		s.parts[at].from++
		s.deleted++
	default:
		s.deleted++
		left, right := p, p
		left.to = p.from + offset
		right.from = left.to + 1
		if right.from == right.to {
			s.parts[at] = left
		} else {
			s.parts = slices.Replace(s.parts, at, at+1, left, right)
			s.bytes += 64
		}
	}
}

// join makes one part of two neighbours that belong together again.
func (s *sheet) join(at int) {
	if at == 0 || at >= len(s.parts) {
		return
	}
	left, right := &s.parts[at-1], s.parts[at]
	if !left.inserted && !right.inserted && left.to == right.from {
		left.to = right.to
		s.parts = slices.Delete(s.parts, at, at+1)
	}
}

// append writes the operations that make a pristine sheet of id like s: first
// the deletions from the end, where they disturb no index before them, then
// the insertions from the start.
func (s *sheet) append(b []byte, id int32) []byte {
	if s.whole {
		b = appendHead(b, 8, id)
		b = append(b, `,"r",`...)
		b = append(appendString(b, s.text), ']')
	}
	gapEnd := math.MaxInt
	for i := len(s.parts) - 1; i >= -1; i-- {
		end := 0
		if i >= 0 {
			if s.parts[i].inserted {
				continue
			}
			end = s.parts[i].to
		}
		for range max(0, gapEnd-end) {
			b = appendHead(b, 8, id)
			b = append(b, `,"d",`...)
			b = append(appendInt(b, end), ']')
		}
		if i >= 0 {
			gapEnd = s.parts[i].from
		}
	}
	index := 0
	for _, p := range s.parts {
		if p.inserted {
			b = appendHead(b, 8, id)
			b = append(b, `,"i",`...)
			b = append(appendInt(b, index), ',')
			b = append(appendString(b, p.rule), ']')
			index++
		} else if p.to != math.MaxInt {
			index += p.length()
		}
	}
	for _, edit := range s.edits {
		if edit.op != "" {
			b = append(append(appendHead(b, 8, id), ','), edit.op...)
			b = append(b, ']')
		}
	}
	return b
}
