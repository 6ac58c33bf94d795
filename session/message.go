package session

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind says how one kind of message from a participant is read and how much of
// it is taken. Who may send it is said by rights.
type kind struct {
	new   func() message
	bytes int     // of the message's JSON
	rate  float64 // per second, in the long run
	burst float64 // at once
}

// message is a decoded message. check bounds its fields and cuts texts that
// are only shown. What is passed on is encoded anew from the fields, so
// nothing unknown travels.
type message interface{ check() error }

const (
	maxOps  = 16 << 20
	maxBlob = 8 << 20
	maxURL  = 64 << 10
	maxText = 2000 // characters of what people read
	maxN    = 1<<53 - 1
)

// kinds are all messages a participant may send. The rates are far above what
// our own pages do; they bound what a page that speaks in their place can do.
var kinds = map[string]kind{
	"doc":        {func() message { return new(docMessage) }, 2 * maxURL, 50, 300},
	"ops":        {func() message { return new(opsMessage) }, maxOps, 500, 2000},
	"gone":       {func() message { return new(goneMessage) }, 1 << 10, 100, 600},
	"tab":        {func() message { return new(Tab) }, 4 * maxURL, 20, 100},
	"tab-closed": {func() message { return new(tabMessage) }, 1 << 10, 20, 100},
	"open":       {func() message { return new(openMessage) }, maxURL + 1<<10, 1, 5},
	"close":      {func() message { return new(tabMessage) }, 1 << 10, 5, 20},
	"activate":   {func() message { return new(tabMessage) }, 1 << 10, 20, 100},
	"view":       {func() message { return new(viewMessage) }, 8 << 10, 30, 100},
	"pointer":    {func() message { return new(pointMessage) }, 1 << 10, 60, 120},
	"mark":       {func() message { return new(markMessage) }, 1 << 10, 30, 60},
	"select":     {func() message { return new(selectMessage) }, 1 << 10, 30, 60},
	"editing":    {func() message { return new(editingMessage) }, 1 << 10, 5, 20},
	"draw":       {func() message { return new(drawMessage) }, 32 << 10, 20, 60},
	"erase":      {func() message { return new(eraseMessage) }, 1 << 10, 2, 10},
	"chat":       {func() message { return new(chatMessage) }, 16 << 10, 2, 10},
	"typing":     {func() message { return new(typingMessage) }, 1 << 10, 2, 10},
	"beat":       {func() message { return new(beatMessage) }, 1 << 10, 2, 10},
	"done":       {func() message { return new(doneMessage) }, 16 << 10, 200, 1000},
	"blob":       {func() message { return new(blobMessage) }, maxBlob*4/3 + 1<<10, 30, 100},
	"dialog":     {func() message { return new(dialogMessage) }, 64 << 10, 5, 20},
	"answered":   {func() message { return new(answeredMessage) }, 1 << 10, 5, 20},
	"download":   {func() message { return new(downloadMessage) }, 4 << 10, 4, 20},
	"pass":       {func() message { return new(passMessage) }, 1 << 10, 2, 10},
	"notice":     {func() message { return new(noticeMessage) }, 16 << 10, 5, 20},
	"input":      {func() message { return new(inputMessage) }, 256 << 10, 100, 300},
	"offer":      {func() message { return new(offerMessage) }, 16 << 10, 1, 10},
	"piece":      {func() message { return new(pieceMessage) }, maxPiece*4/3 + 1<<10, 100, 200},
	"want":       {func() message { return new(wantMessage) }, 16 << 10, 2, 10},
	"take":       {func() message { return new(takeMessage) }, 1 << 10, 2, 20},
	"got":        {func() message { return new(gotMessage) }, 1 << 10, 100, 400},
	"placed":     {func() message { return new(placedMessage) }, 16 << 10, 2, 20},
	"copied":     {func() message { return new(copiedMessage) }, 6*maxCopied + 1<<10, 2, 10},
	"scroll":     {func() message { return new(scrollMessage) }, 1 << 10, 60, 120},
	"navigate":   {func() message { return new(navigateMessage) }, maxURL + 1<<10, 2, 10},
	"go":         {func() message { return new(goMessage) }, 1 << 10, 5, 20},
	"resync":     {func() message { return new(resyncMessage) }, 1 << 10, 2, 30},
	"mode":       {func() message { return new(modeMessage) }, 1 << 10, 2, 20},
	"ask":        {func() message { return new(askMessage) }, 1 << 10, 0.2, 3},
	"deny":       {func() message { return new(denyMessage) }, 1 << 10, 2, 20},
	"move":       {func() message { return new(moveMessage) }, 1 << 10, 0.2, 5},
	"hand-over":  {func() message { return new(handOverMessage) }, 1 << 10, 0.2, 5},
	"end":        {func() message { return new(endMessage) }, 1 << 10, 1, 5},
	"show":       {func() message { return new(showMessage) }, maxURL + 1<<10, 0.2, 3},
	"unshow":     {func() message { return new(unshowMessage) }, 1 << 10, 2, 20},
	"watch":      {func() message { return new(watchMessage) }, 1 << 10, 2, 20},
}

var (
	errUnknownKind = errors.New("unknown kind of message")
	errInvalid     = errors.New("message is not valid")
	errTooLarge    = errors.New("message is too large")
)

// decode reads a message of a participant. name is its type, and m what was
// read of it, as far as that went, also when there is an error.
func decode(text []byte) (name string, m message, err error) {
	if name, err = kindOf(text); err != nil {
		return "", nil, err
	}
	k, ok := kinds[name]
	switch {
	case !ok:
		return "", nil, errUnknownKind
	case len(text) > k.bytes:
		return name, nil, errTooLarge
	}
	m = k.new()
	if err := json.Unmarshal(text, m); err != nil {
		return name, nil, fmt.Errorf("%w: %w", errInvalid, err)
	}
	if err := m.check(); err != nil {
		return name, m, fmt.Errorf("%w: %w", errInvalid, err)
	}
	return name, m, nil
}

// kindOf returns the kind that a message says it is. Our pages say it first, so
// that most texts, which may be large, need be read only once.
func kindOf(text []byte) (string, error) {
	if rest, ok := bytes.CutPrefix(text, []byte(`{"type":"`)); ok {
		if name, _, ok := bytes.Cut(rest, []byte(`"`)); ok && kinds[string(name)].new != nil {
			return string(name), nil
		}
	}
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return "", fmt.Errorf("%w: %w", errInvalid, err)
	}
	return head.Type, nil
}

// number is an id or a count: an integer that JavaScript holds exactly.
type number = int

func checkNumbers(ns ...number) error {
	for _, n := range ns {
		if n < 0 || n > maxN {
			return errors.New("number out of range")
		}
	}
	return nil
}

// maxMarks is how many marks may be put on a character: more than any language
// has, and few enough to stay near it.
const maxMarks = 8

// cut shortens a text that people read and removes what could rearrange, hide
// or cover text around it.
func cut(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) > limit {
		s = string([]rune(s)[:limit-1]) + "…"
	}
	marks := 0
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case marks > maxMarks:
			return -1
		case r < ' ', r >= 0x7f && r < 0xa0, // control characters
			r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, // direction overrides
			r == 0x061c, r == 0x200e, r == 0x200f, r == 0x2028, r == 0x2029,
			r == 0x200b, r >= 0x2060 && r <= 0x2064, r >= 0x206a && r <= 0x206f, r >= 0xfff9 && r <= 0xfffb, r == 0xfeff: // nothing is seen of them
			return -1
		}
		return r
	}, s)
}

// checkAddress accepts the address of a page of a real site.
func checkAddress(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || len(raw) > maxURL || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("not the address of a page")
	}
	return nil
}

// checkDocumentAddress accepts besides what frames without a site have:
// about:blank, about:srcdoc, blob: and data:.
func checkDocumentAddress(raw string) error {
	scheme, _, _ := strings.Cut(raw, ":")
	switch strings.ToLower(scheme) {
	case "", "about", "blob", "data":
		if len(raw) > maxURL {
			return errors.New("address is too long")
		}
		return nil
	}
	return checkAddress(raw)
}

type docMessage struct {
	Doc    number   `json:"doc"`
	Tab    number   `json:"tab"`
	Parent []number `json:"parent,omitempty"` // document and node of the frame
	URL    string   `json:"url"`
}

func (m *docMessage) check() error {
	if len(m.Parent) != 0 && len(m.Parent) != 2 {
		return errors.New("parent is a document and a node")
	}
	return errors.Join(checkNumbers(m.Doc, m.Tab), checkNumbers(m.Parent...), checkDocumentAddress(m.URL))
}

// opsMessage carries changes of a document; the mirror judges them.
type opsMessage struct {
	Doc number          `json:"doc"`
	Ops json.RawMessage `json:"ops"`
}

func (m *opsMessage) check() error {
	if len(m.Ops) == 0 || m.Ops[0] != '[' {
		return errors.New("ops are a list")
	}
	return checkNumbers(m.Doc)
}

type goneMessage struct {
	Doc number `json:"doc"`
}

func (m *goneMessage) check() error { return checkNumbers(m.Doc) }

// resyncMessage asks for a document again, for one element of it, for the rules
// of a sheet, or for pictures of a film.
type resyncMessage struct {
	Doc   number `json:"doc"`
	Node  number `json:"node,omitempty"`
	Deep  bool   `json:"deep,omitempty"`  // something in it differs: digests may tell what
	Sheet number `json:"sheet,omitempty"` // as operations name it, negative if it belongs to no element
	Film  bool   `json:"film,omitempty"`  // the element is a film that followers cannot load
}

func (m *resyncMessage) check() error { return checkNumbers(m.Doc, m.Node, max(m.Sheet, -m.Sheet)) }

// Tab is a tab of the visitor's shell and the page it shows.
type Tab struct {
	Tab    number `json:"tab"`
	URL    string `json:"url"`
	Title  string `json:"title"`
	Icon   string `json:"icon,omitempty"`
	Active bool   `json:"active"`
	// Loading says that the tab is on its way to a page, or that is not complete.
	Loading bool `json:"loading,omitempty"`
}

func (m *Tab) check() error {
	m.Title = cut(m.Title, 500)
	if checkAddress(m.Icon) != nil {
		m.Icon = "" // an ornament, not worth refusing a tab for
	}
	m.Active = false // said by activate
	return errors.Join(checkNumbers(m.Tab), checkDocumentAddress(m.URL))
}

type tabMessage struct {
	Tab number `json:"tab"`
}

func (m *tabMessage) check() error { return checkNumbers(m.Tab) }

// openMessage asks for a tab that shows a page.
type openMessage struct {
	URL string `json:"url"`
}

func (m *openMessage) check() error { return checkAddress(m.URL) }

// viewMessage says how large the leader's viewport is, what the browser answers
// to media queries ("feature:value") and, when that is not all, which part the
// visitor sees: left, top, width and height.
type viewMessage struct {
	Tab    *number   `json:"tab,omitempty"`
	Width  float64   `json:"width"`
	Height float64   `json:"height"`
	DPR    float64   `json:"dpr"`
	Media  []string  `json:"media,omitempty"`
	Seen   []float64 `json:"seen,omitempty"`
}

var mediaAnswer = regexp.MustCompile(`^[a-z-]{1,40}:[a-z0-9.-]{1,40}$`)

func (m *viewMessage) check() error {
	if m.Tab != nil && checkNumbers(*m.Tab) != nil || !between(0, 32767, m.Width, m.Height) || !between(0.05, 16, m.DPR) {
		return errors.New("not the size of a viewport")
	}
	if len(m.Seen) != 0 && (len(m.Seen) != 4 || !between(0, 32767, m.Seen...)) {
		return errors.New("not a part of a viewport")
	}
	if len(m.Media) > 100 || slices.ContainsFunc(m.Media, func(a string) bool { return !mediaAnswer.MatchString(a) }) {
		return errors.New("not answers to media queries")
	}
	return nil
}

func between(low, high float64, vs ...float64) bool {
	for _, v := range vs {
		if !(v >= low && v <= high) {
			return false
		}
	}
	return true
}

// maxPixels bounds coordinates; browsers cannot scroll further.
const maxPixels = 1 << 26

// pointMessage is a place in a page: a pointer there, or a mark.
type pointMessage struct {
	Doc  number  `json:"doc"`
	Node number  `json:"node"`
	FX   float64 `json:"fx"`
	FY   float64 `json:"fy"`
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
}

func (m *pointMessage) check() error {
	m.Node = max(m.Node, 0) // no node: the document
	if !between(-maxPixels, maxPixels, m.FX, m.FY, m.X, m.Y) {
		return errors.New("not a place")
	}
	return checkNumbers(m.Doc, m.Node)
}

// markMessage shows an element to the others: where it was clicked or, by its
// kind, that it wiggles or has a frame.
type markMessage struct {
	pointMessage
	Kind string `json:"kind,omitempty"`
}

func (m *markMessage) check() error {
	if !slices.Contains([]string{"", "wiggle", "frame"}, m.Kind) {
		return errors.New("unknown kind of mark")
	}
	return m.pointMessage.check()
}

// selectMessage says which text somebody has selected.
type selectMessage struct {
	Doc number   `json:"doc"`
	Sel []number `json:"sel,omitempty"` // anchor node, offset, focus node, offset
}

func (m *selectMessage) check() error {
	if len(m.Sel) != 0 && len(m.Sel) != 4 {
		return errors.New("not a selection")
	}
	return errors.Join(checkNumbers(m.Doc), checkNumbers(m.Sel...))
}

// editingMessage says in which field somebody types.
type editingMessage struct {
	Doc  number `json:"doc"`
	Node number `json:"node"`
}

func (m *editingMessage) check() error { return checkNumbers(m.Doc, m.Node) }

// drawMessage is a stroke over a page.
type drawMessage struct {
	Doc    number    `json:"doc"`
	Kind   string    `json:"kind"`
	Points []float64 `json:"points"` // x and y in turn, CSS px from the page's top left
	Fade   bool      `json:"fade"`   // goes away by itself
}

// maxPoints is for some seconds of drawing: longer strokes are sent in parts.
const maxPoints = 1000

func (m *drawMessage) check() error {
	switch {
	case !slices.Contains([]string{"ink", "box", "arrow"}, m.Kind):
		return errors.New("unknown kind of stroke")
	case len(m.Points) < 4, len(m.Points)%2 != 0, len(m.Points) > 2*maxPoints, m.Kind != "ink" && len(m.Points) != 4,
		!between(-maxPixels, maxPixels, m.Points...):
		return errors.New("not a stroke")
	}
	return checkNumbers(m.Doc)
}

// eraseMessage takes away all that was drawn or has a frame.
type eraseMessage struct{}

func (*eraseMessage) check() error { return nil }

// chatMessage is a line of the conversation.
type chatMessage struct {
	Text string `json:"text"`
}

func (m *chatMessage) check() error {
	if m.Text = strings.TrimSpace(cut(m.Text, maxText)); m.Text == "" {
		return errors.New("nothing was said")
	}
	return nil
}

// typingMessage says that somebody writes a line, or no longer does.
type typingMessage struct {
	On bool `json:"on"`
}

func (*typingMessage) check() error { return nil }

// doneMessage says what came of an input. Sel is where the selection of who sent
// it is now in what is edited.
type doneMessage struct {
	N   uint64   `json:"n"`
	OK  bool     `json:"ok"`
	Why string   `json:"why,omitempty"`
	Sel []number `json:"sel,omitempty"`
}

func (m *doneMessage) check() error {
	m.Why = cut(m.Why, maxText)
	if len(m.Sel) != 0 && len(m.Sel) != 4 {
		return errors.New("not a selection")
	}
	return checkNumbers(m.Sel...)
}

// beatMessage says that the leader's page lives, and whether it can be seen.
type beatMessage struct {
	Hidden bool `json:"hidden,omitempty"`
}

func (*beatMessage) check() error { return nil }

type blobMessage struct {
	ID   string `json:"id"`
	MIME string `json:"mime"`
	Data string `json:"data"`

	body []byte
}

var blobID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// check leaves it to the asset store which types may be shown.
func (m *blobMessage) check() (err error) {
	if !blobID.MatchString(m.ID) || len(m.MIME) > 200 {
		return errors.New("not a blob")
	}
	m.body, err = base64.StdEncoding.DecodeString(m.Data)
	m.Data = ""
	return err
}

type dialogMessage struct {
	Doc  number `json:"doc"`
	Kind string `json:"kind"`
	Text string `json:"text"`
}

func (m *dialogMessage) check() error {
	m.Text = cut(m.Text, maxText)
	if len(m.Kind) > 40 || strings.Trim(m.Kind, "abcdefghijklmnopqrstuvwxyz-") != "" {
		return errors.New("unknown kind of dialog")
	}
	return checkNumbers(m.Doc)
}

// answeredMessage says that the dialog of a document was answered, and how where
// there was a choice. What was typed is the visitor's.
type answeredMessage struct {
	Doc number `json:"doc"`
	OK  *bool  `json:"ok,omitempty"`
}

func (m *answeredMessage) check() error { return checkNumbers(m.Doc) }

// downloadMessage says that the visitor saves a file. Nobody else gets it.
type downloadMessage struct {
	Name  string `json:"name"`
	Bytes number `json:"bytes,omitempty"` // 0 where that is not known
}

func (m *downloadMessage) check() error {
	m.Name = cut(m.Name, 200)
	return checkNumbers(m.Bytes)
}

// noticeMessage tells the others of something in the visitor's browser, by a
// name. About is what it is about, a host perhaps.
type noticeMessage struct {
	What  string `json:"what"`
	About string `json:"about,omitempty"`
}

// notices are what a visitor's browser may tell of.
var notices = []string{"print", "fullscreen", "copy", "no-room", "left-out"}

func (m *noticeMessage) check() error {
	m.About = cut(m.About, maxText)
	if !slices.Contains(notices, m.What) {
		return errors.New("no such notice")
	}
	return nil
}

type scrollMessage struct {
	Doc  number  `json:"doc"`
	Node number  `json:"node"`
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
}

func (m *scrollMessage) check() error {
	if !between(-maxPixels, maxPixels, m.X, m.Y) {
		return errors.New("not a scroll position")
	}
	return checkNumbers(m.Doc, m.Node)
}

type navigateMessage struct {
	Tab number `json:"tab"`
	URL string `json:"url"`
}

func (m *navigateMessage) check() error { return errors.Join(checkNumbers(m.Tab), checkAddress(m.URL)) }

type goMessage struct {
	Tab    number `json:"tab"`
	Action string `json:"action"`
}

func (m *goMessage) check() error {
	if !slices.Contains([]string{"back", "forward", "reload", "stop"}, m.Action) {
		return errors.New("unknown action")
	}
	return checkNumbers(m.Tab)
}

// modeMessage says what the agent may do. The visitor decides, and everybody is
// told. A visitor who does not speak of rights leaves them as they are.
type modeMessage struct {
	Mode   Mode   `json:"mode"`
	Paused bool   `json:"paused"`
	Rights Rights `json:"rights,omitzero"`
}

func (m *modeMessage) check() error {
	if m.Mode != Shared && m.Mode != View {
		return errors.New("unknown mode")
	}
	return nil
}

// askMessage asks the visitor for shared mode, denyMessage is a no; a yes is a
// modeMessage.
type (
	askMessage  struct{}
	denyMessage struct{}
)

func (*askMessage) check() error  { return nil }
func (*denyMessage) check() error { return nil }

// moveMessage asks for a link to go on with another device, handOverMessage
// says whether the browser that opened it is the visitor's.
type (
	moveMessage     struct{}
	handOverMessage struct {
		Yes bool `json:"yes"`
	}
)

func (*moveMessage) check() error     { return nil }
func (*handOverMessage) check() error { return nil }

type endMessage struct{}

func (*endMessage) check() error { return nil }

// showMessage asks the visitor to watch a page that the agent leads, unshowMessage
// is the end of it; watchMessage is the visitor's answer, and their end of it.
type (
	showMessage struct {
		URL string `json:"url"`
	}
	unshowMessage struct{}
	watchMessage  struct {
		Yes bool `json:"yes"`
	}
)

func (m *showMessage) check() error { return checkAddress(m.URL) }
func (*unshowMessage) check() error { return nil }
func (*watchMessage) check() error  { return nil }

// inputMessage asks for something to be done in the page. Input is replaced by
// what was understood of it.
type inputMessage struct {
	N     uint64          `json:"n"`
	Doc   number          `json:"doc"`
	Input json.RawMessage `json:"input"`

	kind  string
	press bool     // a key is pressed, alone or with a text
	key   string   // what it types
	code  string   // which it is
	nodes []number // all it touches
	spots bool     // that it has at, by which a selection is found whose nodes have gone
}

// inputKinds lists the fields of each kind of input; "?" marks those that may
// be absent.
var inputKinds = map[string]string{
	"click":     "node fx fy button detail mods",
	"press":     "node fx fy mods",
	"drag":      "node dx dy",
	"release":   "node dx dy mods",
	"hover":     "node fx fy",
	"wheel":     "node fx fy dx dy mods",
	"key":       "node key code mods start? end? sel? at?",
	"text":      "node edit base? inputType? key? code? mods?",
	"edit":      "node inputType data? html? sel? at? key? code? mods?",
	"select":    "node options",
	"value":     "node value",
	"media":     "node paused time volume rate",
	"focus":     "node",
	"selection": "node start? end? sel? at?",
}

// harmless reports whether an input only points, as hovering does.
func (m *inputMessage) harmless() bool {
	return m.kind == "hover" || m.kind == "focus" || m.kind == "selection"
}

// inputFields reads one field: what it returns travels on.
var inputFields = map[string]func(json.RawMessage) (any, error){
	"node":      readInt(0, maxN),
	"fx":        readFraction,
	"fy":        readFraction,
	"dx":        readInt(-maxPixels, maxPixels),
	"dy":        readInt(-maxPixels, maxPixels),
	"button":    readInt(0, 4),
	"detail":    readInt(0, 10),
	"mods":      readInt(0, 15),
	"key":       readString(64),
	"code":      readString(64),
	"edit":      readEdit,
	"base":      readInt(0, math.MaxUint32),
	"inputType": readString(64),
	"data":      readNullable(readString(200_000)),
	"html":      readString(200_000),
	"sel":       readNullable(readSelection),
	"at":        readSpots,
	"options":   readOptions,
	"value":     readString(100_000),
	"paused":    readBool,
	"time":      readNumber(0, math.MaxInt32),
	"volume":    readFraction,
	"rate":      readNumber(0.05, 16),
	"start":     readInt(0, math.MaxInt32),
	"end":       readInt(0, math.MaxInt32),
}

func (m *inputMessage) check() error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(m.Input, &raw); err != nil {
		return err
	}
	if err := json.Unmarshal(raw["kind"], &m.kind); err != nil {
		return errors.New("input without kind")
	}
	fields, ok := inputKinds[m.kind]
	if !ok {
		return errors.New("unknown kind of input")
	}
	clean := map[string]any{"kind": m.kind}
	for name := range strings.FieldsSeq(fields) {
		name, optional := strings.CutSuffix(name, "?")
		value, given := raw[name]
		if !given && optional {
			continue
		}
		v, err := inputFields[name](value)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", name, m.kind, err)
		}
		clean[name] = v
	}
	m.nodes = append(m.nodes, clean["node"].(number))
	m.key, m.press = clean["key"].(string)
	m.code, _ = clean["code"].(string)
	if sel, ok := clean["sel"].([]number); ok {
		m.nodes = append(m.nodes, sel[0], sel[2])
	}
	_, m.spots = clean["at"]
	if m.N > maxN {
		return errors.New("number out of range")
	}
	var err error
	m.Input, err = json.Marshal(clean)
	return errors.Join(err, checkNumbers(m.Doc))
}

func readInt(low, high int) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		var n *int
		if err := json.Unmarshal(orNull(raw), &n); err != nil || n == nil || *n < low || *n > high {
			return nil, errors.New("not an integer in range")
		}
		return *n, nil
	}
}

func readFraction(raw json.RawMessage) (any, error) {
	var f *float64
	if err := json.Unmarshal(orNull(raw), &f); err != nil || f == nil {
		return nil, errors.New("not a number")
	}
	return min(max(*f, 0), 1), nil // the edge of a box, after rounding
}

func readNumber(low, high float64) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		var f *float64
		if err := json.Unmarshal(orNull(raw), &f); err != nil || f == nil || !between(low, high, *f) {
			return nil, errors.New("not a number in range")
		}
		return *f, nil
	}
}

func readBool(raw json.RawMessage) (any, error) {
	var b *bool
	if err := json.Unmarshal(orNull(raw), &b); err != nil || b == nil {
		return nil, errors.New("neither true nor false")
	}
	return *b, nil
}

func readString(limit int) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		var s *string
		if err := json.Unmarshal(orNull(raw), &s); err != nil || s == nil || len(*s) > limit {
			return nil, errors.New("not a text of that size")
		}
		return *s, nil
	}
}

// readNullable lets null stand for absence, which it keeps.
func readNullable(read func(json.RawMessage) (any, error)) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		if string(raw) == "null" {
			return nil, nil
		}
		return read(raw)
	}
}

// readEdit reads [start, end, text]: replace that range of a field.
func readEdit(raw json.RawMessage) (any, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(orNull(raw), &parts); err != nil || len(parts) != 3 {
		return nil, errors.New("not an edit")
	}
	start, err1 := readInt(0, math.MaxInt32)(parts[0])
	end, err2 := readInt(0, math.MaxInt32)(parts[1])
	text, err3 := readString(200_000)(parts[2])
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	if start.(int) > end.(int) {
		return nil, errors.New("an edit that ends before it starts")
	}
	return []any{start, end, text}, nil
}

// readSelection reads [anchor node, offset, focus node, offset].
func readSelection(raw json.RawMessage) (any, error) {
	var sel []number
	if err := json.Unmarshal(orNull(raw), &sel); err != nil || len(sel) != 4 || checkNumbers(sel...) != nil {
		return nil, errors.New("not a selection")
	}
	return sel, nil
}

// readSpots reads places by their characters: a line's number, the characters
// before, and the hash of its text; once, or twice for a selection.
func readSpots(raw json.RawMessage) (any, error) {
	var at []uint32
	if err := json.Unmarshal(orNull(raw), &at); err != nil || len(at) != 3 && len(at) != 6 {
		return nil, errors.New("not places in a text")
	}
	return at, nil
}

func readOptions(raw json.RawMessage) (any, error) {
	var options []number
	if err := json.Unmarshal(orNull(raw), &options); err != nil || options == nil || len(options) > 10_000 || checkNumbers(options...) != nil {
		return nil, errors.New("not a list of options")
	}
	return options, nil
}

func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}

// encode makes the JSON of a message: m's fields behind its type. Fields are
// ours or checked, so failing is a fault of the program.
func encode(name string, m any) []byte {
	text, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("encoding %s: %v", name, err))
	}
	head := `{"type":"` + name + `"`
	if len(text) > len("{}") {
		head += ","
	}
	return append([]byte(head), text[1:]...)
}

// encodeOps is encode for what is large and already JSON.
func encodeOps(doc number, ops json.RawMessage) []byte {
	head := fmt.Appendf(make([]byte, 0, len(ops)+48), `{"type":"ops","doc":%d,"ops":`, doc)
	return append(append(head, ops...), '}')
}

// encodeDoc is all that is known of a document.
func encodeDoc(m docMessage, ops json.RawMessage) []byte {
	head := encode("doc", m)
	head = append(head[:len(head)-1], `,"ops":`...)
	return append(append(head, ops...), '}')
}

// Messages that only the server sends.
type (
	// Person is a participant as the others see them.
	Person struct {
		ID     string `json:"id"`
		Role   Role   `json:"role"`
		Name   string `json:"name"`
		Color  string `json:"color"`
		Online bool   `json:"online"`
		Delay  int    `json:"delay,omitempty"` // ms to their browser and back; 0 for unknown
	}
	peopleMessage struct {
		People []Person `json:"people"`
	}
	rulesMessage struct {
		Rules []PageRule `json:"rules"`
	}
	stateMessage struct {
		State State `json:"state"`
	}
	// invitationMessage tells who waits for the visitor what became of the invitation.
	invitationMessage struct {
		Status  Status `json:"status"`
		Expires int64  `json:"expires"` // milliseconds since 1970
	}
	tabsMessage struct {
		Tabs []Tab `json:"tabs"`
	}
	loadingMessage struct {
		On bool `json:"on"`
	}
	leaderMessage struct {
		Online bool  `json:"online"`
		Since  int64 `json:"since"` // Unix milliseconds
	}
	refusedMessage struct {
		N    *uint64 `json:"n,omitempty"`
		What string  `json:"what"`
		Why  string  `json:"why"`
	}
	endedMessage struct {
		By     string `json:"by"`
		Reason string `json:"reason"`
	}
	askedMessage struct {
		From string `json:"from"`
	}
	performMessage struct {
		N     uint64          `json:"n"`
		From  string          `json:"from"`
		Doc   number          `json:"doc"`
		Input json.RawMessage `json:"input"`
		// Only is the one right that who asks has, of those to click and to fill.
		Only Right `json:"only,omitempty"`
	}
	pointedMessage struct {
		From string `json:"from"`
		pointMessage
	}
	markedMessage struct {
		From string `json:"from"`
		markMessage
	}
	selectedMessage struct {
		From string `json:"from"`
		selectMessage
	}
	editorMessage struct {
		From string `json:"from"`
		editingMessage
	}
	drawnMessage struct {
		From string `json:"from"`
		drawMessage
	}
	erasedMessage struct {
		From string `json:"from"`
	}
	saidMessage struct {
		N    uint64 `json:"n"` // counts up
		From string `json:"from"`
		At   int64  `json:"at"` // Unix milliseconds
		Text string `json:"text"`
	}
	wroteMessage struct {
		From string `json:"from"`
		typingMessage
	}
	scrolledMessage struct {
		From string `json:"from"`
		scrollMessage
	}
	movingMessage struct {
		URL  string `json:"url"`
		Size int    `json:"size"` // of the code, in modules; 0 for none
		Path string `json:"path"`
	}
	moveAsksMessage struct {
		Check string   `json:"check"`
		Hosts []string `json:"hosts"` // that keep something in the browser
	}
	// showingMessage tells how it is with what an agent shows.
	showingMessage struct {
		Session string `json:"session"` // of its own; its id opens nothing
		By      string `json:"by"`
		Site    string `json:"site"`
		State   State  `json:"state"`
	}
	openedMessage struct {
		From string `json:"from"`
		openMessage
	}
	navigatedMessage struct {
		From string `json:"from"`
		navigateMessage
	}
	welcomeMessage struct {
		Stream   string   `json:"stream"`
		Received uint64   `json:"received"`
		Resumed  bool     `json:"resumed"`
		You      Person   `json:"you"`
		People   []Person `json:"people"`
		Mode     Mode     `json:"mode"`
		Paused   bool     `json:"paused,omitempty"`
		Rights   Rights   `json:"rights,omitzero"`
		Offered  Rights   `json:"offered,omitzero"` // what the visitor may choose Rights from
		State    State    `json:"state"`
		Session  string   `json:"session"`
		URL      string   `json:"url,omitempty"`  // visitor's
		Tabs     []Tab    `json:"tabs,omitempty"` // visitor's
		Key      string   `json:"key,omitempty"`  // agent's
		View     string   `json:"view,omitempty"` // agent's
		Said     uint64   `json:"said,omitempty"` // lines of the conversation until now
		// Rules are the visitor's: how pages are treated.
		Rules []PageRule `json:"rules,omitempty"`
		// Showing says that this is one, and who is welcomed leads it.
		Showing bool `json:"showing,omitempty"`
		// Carried says that what pages kept in the browser before is to be taken.
		Carried bool `json:"carried,omitempty"`
		Packed  bool `json:"packed,omitempty"`
	}
	helloMessage struct {
		Stream   string `json:"stream"`
		Received uint64 `json:"received"`
		Packed   bool   `json:"packed"`
	}
)
