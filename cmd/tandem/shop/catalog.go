package shop

import (
	"fmt"
	"slices"
	"strings"
)

// A Product is one lamp of the catalogue.
type Product struct {
	Slug     string
	Name     string
	Kind     string // a key of kinds
	Tagline  string
	Text     string
	Price    int // in cents
	Was      int // price before a reduction, or 0
	Design   Design
	Finishes []string // the first is the one in the picture
	Sizes    []string
}

// A Kind is a category, in the order of the navigation.
type Kind struct{ ID, Name, Text string }

var kinds = []Kind{
	{"table", "Table", "For shelves, sideboards and the far end of the sofa."},
	{"desk", "Desk", "Light exactly where the work is."},
	{"floor", "Floor", "A quiet companion for the reading chair."},
	{"pendant", "Pendant", "Above the table, where everyone meets."},
	{"wall", "Wall", "A warm edge for halls and bedsides."},
	{"portable", "Portable", "Charged by day, out in the garden by night."},
}

func kindOf(id string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.ID == id })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

var (
	smallLarge = []string{"Small", "Large"}
	threeSizes = []string{"Small", "Medium", "Large"}
	oneSize    = []string{"One size"}
)

var catalog = []Product{
	{Slug: "alma", Name: "Alma", Kind: "table", Tagline: "Mushroom lamp in hand-thrown ceramic", Price: 18900,
		Text:   "Alma began as a lid without a pot. The wide dome keeps the bulb out of sight and lays a soft ring of light on the table; the glaze comes out of the kiln a little different every time.",
		Design: Design{Form: "mushroom", Finish: "clay", Shade: "clay", Scene: "linen", Glow: 80}, Finishes: []string{"clay", "chalk", "sage"}, Sizes: smallLarge},
	{Slug: "nils", Name: "Nils", Kind: "desk", Tagline: "Balanced arm, stays where you leave it", Price: 24900,
		Text:   "Two springs and a counterweight, tuned so that one finger is enough. The shade turns all the way round and the switch is where your hand already is.",
		Design: Design{Form: "desk", Finish: "soot", Shade: "soot", Scene: "sage", Glow: 85}, Finishes: []string{"soot", "brass", "sage"}, Sizes: oneSize},
	{Slug: "ebba", Name: "Ebba", Kind: "pendant", Tagline: "Spun steel over the dinner table", Price: 32900, Was: 38900,
		Text:   "A generous bowl of light, spun from one sheet of steel and painted matt outside, warm white inside. Hang it low: sixty centimetres above the table is where conversations happen.",
		Design: Design{Form: "pendant", Finish: "brass", Shade: "dusk", Scene: "clay", Glow: 90}, Finishes: []string{"dusk", "clay", "chalk"}, Sizes: threeSizes},
	{Slug: "otto", Name: "Otto", Kind: "floor", Tagline: "Slender stem, linen drum shade", Price: 41900,
		Text:   "Otto stands behind the chair and looks over your shoulder without getting in the way. The shade is sewn from unbleached linen, and the foot is heavy enough for cats.",
		Design: Design{Form: "floor", Finish: "brass", Shade: "chalk", Scene: "dusk", Glow: 90}, Finishes: []string{"brass", "soot"}, Sizes: oneSize},
	{Slug: "luna", Name: "Luna", Kind: "table", Tagline: "Mouth-blown opal globe", Price: 21900,
		Text:   "Three layers of glass, the middle one white as milk. Dimmed right down Luna is a night light; turned up it reads small print.",
		Design: Design{Form: "globe", Finish: "brass", Shade: "glass", Scene: "night", Glow: 100}, Finishes: []string{"brass", "soot", "chalk"}, Sizes: smallLarge},
	{Slug: "tove", Name: "Tove", Kind: "portable", Tagline: "Rechargeable lantern, 30 hours", Price: 12900,
		Text:   "A handle, a switch and a month of evenings. Tove charges over USB-C, shrugs off rain and remembers how bright you like it.",
		Design: Design{Form: "lantern", Finish: "sage", Shade: "glass", Scene: "clay", Glow: 90}, Finishes: []string{"sage", "soot", "clay"}, Sizes: oneSize},
	{Slug: "sol", Name: "Sol", Kind: "wall", Tagline: "A small eclipse for the hall", Price: 16900,
		Text:   "Light leaves behind the disc and washes over the wall, so there is nothing to dazzle you on the way to the kitchen at night.",
		Design: Design{Form: "sconce", Finish: "brass", Shade: "butter", Scene: "linen", Glow: 85}, Finishes: []string{"brass", "soot"}, Sizes: smallLarge},
	{Slug: "vera", Name: "Vera", Kind: "table", Tagline: "Pleated shade on a glazed vase", Price: 19900,
		Text:   "Sixteen folds, pressed by hand over a wooden form that is older than the company. Vera is the lamp people ask about.",
		Design: Design{Form: "pleat", Finish: "sage", Shade: "butter", Scene: "snow", Glow: 80}, Finishes: []string{"sage", "clay", "dusk"}, Sizes: smallLarge},
	{Slug: "arne", Name: "Arne", Kind: "desk", Tagline: "The brass reader", Price: 27900,
		Text:   "Solid brass that darkens where you touch it. In ten years it will be better than today.",
		Design: Design{Form: "desk", Finish: "brass", Shade: "brass", Scene: "dusk", Glow: 90}, Finishes: []string{"brass", "soot"}, Sizes: oneSize},
	{Slug: "moa", Name: "Moa", Kind: "pendant", Tagline: "Small pendant, best in threes", Price: 14900,
		Text:   "Hang one over the worktop or three in a row at different heights. The cord is two metres of woven cotton.",
		Design: Design{Form: "pendant", Finish: "soot", Shade: "sage", Scene: "linen", Height: 118, Glow: 90}, Finishes: []string{"sage", "clay", "soot"}, Sizes: smallLarge},
	{Slug: "ivar", Name: "Ivar", Kind: "floor", Tagline: "Oak stem, pools of warm light", Price: 45900,
		Text:   "Turned from a single length of Danish oak and oiled three times. The shade lifts off for cleaning without tools.",
		Design: Design{Form: "floor", Finish: "oak", Shade: "butter", Scene: "sage", Height: 108, Glow: 85}, Finishes: []string{"oak", "soot"}, Sizes: oneSize},
	{Slug: "siri", Name: "Siri", Kind: "portable", Tagline: "Table light without a table plug", Price: 9900, Was: 11900,
		Text:   "The little one. Put it on the windowsill, carry it up the stairs, leave it by the bed.",
		Design: Design{Form: "mushroom", Finish: "chalk", Shade: "butter", Scene: "dusk", Height: 70, Glow: 95}, Finishes: []string{"chalk", "clay", "sage"}, Sizes: oneSize},
}

func productBySlug(slug string) (*Product, bool) {
	for i := range catalog {
		if catalog[i].Slug == slug {
			return &catalog[i], true
		}
	}
	return nil, false
}

// A Query is what the search page asks for. Zero values ask for everything.
type Query struct {
	Text string
	Kind string
	Max  int // price in whole euros
	Sort string
}

func (q Query) find() []Product {
	words := strings.Fields(strings.ToLower(q.Text))
	var found []Product
	for _, p := range catalog {
		if q.Kind != "" && p.Kind != q.Kind || q.Max > 0 && p.Price > q.Max*100 {
			continue
		}
		text := strings.ToLower(strings.Join([]string{p.Name, p.Kind, p.Tagline, p.Text, strings.Join(p.Finishes, " ")}, " "))
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			found = append(found, p)
		}
	}
	switch q.Sort {
	case "price":
		slices.SortStableFunc(found, func(a, b Product) int { return a.Price - b.Price })
	case "name":
		slices.SortStableFunc(found, func(a, b Product) int { return strings.Compare(a.Name, b.Name) })
	}
	return found
}

// money formats cents: "€189", "€189.50".
func money(cents int) string {
	if cents%100 == 0 {
		return fmt.Sprintf("€%d", cents/100)
	}
	return fmt.Sprintf("€%d.%02d", cents/100, cents%100)
}

// details are the same for every lamp.
var details = [][2]string{
	{"Light source", "E27, 6 W LED included, 2700 K"},
	{"Dimmable", "Yes, to one per cent"},
	{"Cable", "2.0 m woven cotton, with switch"},
	{"Made in", "Aarhus, Denmark"},
	{"Guarantee", "Ten years, and spare parts for ever"},
}
