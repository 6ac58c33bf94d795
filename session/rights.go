package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tandem/session/mirror"
)

// Right is one thing that agents may be let do. The mode comes first: what is
// in acting is nobody's in view mode.
type Right string

const (
	Point    Right = "point"    // show a pointer, marks and selected text
	Draw     Right = "draw"     // over the page
	Scroll   Right = "scroll"   // the visitor's page
	Navigate Right = "navigate" // go to addresses, back and forward
	Tabs     Right = "tabs"     // open, switch and close them
	Click    Right = "click"    // press, drag, and use keys outside fields
	Fill     Right = "fill"     // type and choose in fields
	Upload   Right = "upload"   // hand a file to the page, if the visitor agrees
	Lead     Right = "lead"     // show the visitor a page of their own, if the visitor agrees
)

// Rights is a set of them, in the order of AllRights. nil is not a set: it
// stands for all of them where a session is created.
type Rights []Right

// AllRights is what a session has unless it was created with less.
var AllRights = Rights{Point, Draw, Scroll, Navigate, Tabs, Click, Fill, Upload, Lead}

func (rs Rights) has(r Right) bool { return slices.Contains(rs, r) }

// and returns the rights that are in both, never nil.
func (rs Rights) and(others Rights) Rights {
	both := Rights{}
	for _, r := range AllRights {
		if rs.has(r) && others.has(r) {
			both = append(both, r)
		}
	}
	return both
}

// UnmarshalJSON refuses what is no right: who misspells one would give it.
func (rs *Rights) UnmarshalJSON(text []byte) error {
	var names []string
	if err := json.Unmarshal(text, &names); err != nil || names == nil {
		return err
	}
	set, err := ReadRights(names)
	*rs = set
	return err
}

// ReadRights reads the names of rights.
func ReadRights(names []string) (Rights, error) {
	set := Rights{}
	for _, name := range names {
		if !AllRights.has(Right(name)) {
			return nil, fmt.Errorf("there is no right %q", cut(name, 40))
		}
		set = append(set, Right(name))
	}
	return AllRights.and(set), nil
}

func (rs Rights) String() string {
	names := make([]string, len(rs))
	for i, r := range rs {
		names[i] = string(r)
	}
	return strings.Join(names, " ")
}

// needs says which right an agent needs to send a kind of message; input has
// more to it, see [inputMessage.needs].
var needs = map[string]Right{
	"pointer":  Point,
	"mark":     Point,
	"select":   Point,
	"draw":     Draw,
	"erase":    Draw,
	"scroll":   Scroll,
	"navigate": Navigate,
	"go":       Navigate,
	"activate": Tabs,
	"open":     Tabs,
	"close":    Tabs,
	"offer":    Upload,
	"piece":    Upload,
	"editing":  Fill,
	"show":     Lead,
}

// inputNeeds says which of the rights an agent needs for each kind of input; any
// will do. Keys are judged by where they are pressed.
var inputNeeds = map[string]Rights{
	"click":     {Click},
	"press":     {Click},
	"drag":      {Click},
	"release":   {Click},
	"hover":     {Click},
	"wheel":     {Click, Scroll},
	"media":     {Click},
	"text":      {Fill},
	"edit":      {Fill},
	"select":    {Fill},
	"value":     {Fill},
	"selection": {Fill},
	"focus":     {Click, Fill},
}

// whyNot is why somebody who lacks a right is refused.
func whyNot(lacks Right) (why string) { return "may-not-" + string(lacks) }

// without returns why somebody who has only these rights may not send a kind of
// message, "" when they may.
func (rs Rights) without(name string) (why string) {
	if need, some := needs[name]; some && !rs.has(need) {
		return whyNot(need)
	}
	return ""
}

// withoutFor is without for an input in a document. Keys outside fields operate
// the page, and Enter in a field of one line sends it off, as clicks do; also
// those that come with a text.
func (rs Rights) withoutFor(m *inputMessage, d *mirror.Document) (why string) {
	enough := inputNeeds[m.kind]
	if len(enough) > 0 && !slices.ContainsFunc(enough, rs.has) {
		return whyNot(enough[0])
	}
	if !m.press {
		return ""
	}
	need := Click
	if typing, lines := d.Typing(m.nodes[0]); typing && (lines || !m.enters()) {
		need = Fill
	}
	if rs.has(need) {
		return ""
	}
	return whyNot(need)
}

// enters reports whether a page may take the key for Enter.
func (m *inputMessage) enters() bool {
	return m.key == "Enter" || m.code == "Enter" || m.code == "NumpadEnter"
}

// only returns which one there is of the rights to click and to fill, "" for
// both. A key may go to another element in the leader's page than it was judged
// by here: to what has the focus.
func (rs Rights) only() Right {
	switch {
	case rs.has(Click) == rs.has(Fill):
		return ""
	case rs.has(Click):
		return Click
	}
	return Fill
}
