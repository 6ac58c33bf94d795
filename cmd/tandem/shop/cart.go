package shop

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A line is one row of the basket. A lamp from the builder has the slug
// "custom", its design as finish and the id of the engraving as size.
type line struct {
	Slug, Finish, Size string
	Quantity           int
}

func (l line) Key() string { return l.Slug + "." + l.Finish + "." + l.Size }

func (l line) Custom() bool { return l.Slug == "custom" }

func (l line) Name() string {
	if p, ok := productBySlug(l.Slug); ok {
		return p.Name
	}
	return "Your own lamp"
}

func (l line) Price() int {
	if p, ok := productBySlug(l.Slug); ok {
		return p.Price
	}
	return builtPrice
}

func (l line) Total() int { return l.Price() * l.Quantity }

// Variant describes the choice: "clay, Small".
func (l line) Variant() string {
	if l.Custom() {
		d := designFrom(l.Finish)
		return fmt.Sprintf("%s, %s base, %s shade", d.Form, d.Finish, d.Shade)
	}
	return l.Finish + ", " + l.Size
}

// Picture is a path below the CDN.
func (l line) Picture() string {
	if l.Custom() {
		return "/cdn/built.svg?design=" + url.QueryEscape(l.Finish)
	}
	return "/cdn/lamp/" + l.Slug + ".svg?finish=" + url.QueryEscape(l.Finish)
}

func (l line) valid() bool {
	if l.Quantity < 1 || l.Quantity > 20 {
		return false
	}
	if l.Custom() {
		return designFrom(l.Finish).valid() && len(l.Size) <= 20
	}
	p, ok := productBySlug(l.Slug)
	return ok && slices.Contains(p.Finishes, l.Finish) && slices.Contains(p.Sizes, l.Size)
}

// A basket is kept whole in a cookie that scripts may read.
type basket []line

const maxLines = 20

func basketFrom(r *http.Request) basket {
	c, err := r.Cookie("cart")
	if err != nil {
		return nil
	}
	text, err := url.QueryUnescape(c.Value)
	if err != nil {
		return nil
	}
	var b basket
	for row := range strings.SplitSeq(text, "~") {
		part := strings.Split(row, ".")
		if len(part) != 4 || len(b) == maxLines {
			continue
		}
		n, _ := strconv.Atoi(part[3])
		if l := (line{part[0], part[1], part[2], n}); l.valid() {
			b = append(b, l)
		}
	}
	return b
}

func (b basket) save(w http.ResponseWriter) {
	rows := make([]string, len(b))
	for i, l := range b {
		rows[i] = l.Key() + "." + strconv.Itoa(l.Quantity)
	}
	c := &http.Cookie{Name: "cart", Value: url.QueryEscape(strings.Join(rows, "~")), Path: "/", MaxAge: 30 * 24 * 3600, SameSite: http.SameSiteLaxMode}
	if len(b) == 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (b basket) count() (n int) {
	for _, l := range b {
		n += l.Quantity
	}
	return n
}

// add puts l into the basket, together with what is already there of its kind.
func (b basket) add(l line) basket {
	i := slices.IndexFunc(b, func(o line) bool { return o.Key() == l.Key() })
	switch {
	case i >= 0:
		b[i].Quantity = min(b[i].Quantity+l.Quantity, 20)
		return b
	case len(b) == maxLines:
		return b
	}
	return append(b, l)
}

// set changes how many there are; 0 removes the line.
func (b basket) set(key string, quantity int) basket {
	i := slices.IndexFunc(b, func(o line) bool { return o.Key() == key })
	if i < 0 {
		return b
	}
	if quantity <= 0 {
		return slices.Delete(b, i, i+1)
	}
	b[i].Quantity = min(quantity, 20)
	return b
}

// A bill is the basket in numbers.
type bill struct {
	Lines                            []line
	Goods, Discount, Delivery, Total int
	Coupon                           string
}

const coupon = "WARM10"

func billFor(r *http.Request) bill {
	b := bill{Lines: basketFrom(r)}
	for _, l := range b.Lines {
		b.Goods += l.Total()
	}
	if c, err := r.Cookie("coupon"); err == nil && c.Value == coupon {
		b.Coupon = coupon
		b.Discount = b.Goods / 10
	}
	if b.Goods > 0 && b.Goods < 20000 {
		b.Delivery = 900
	}
	b.Total = b.Goods - b.Discount + b.Delivery
	return b
}

func (s *Shop) cart(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "cart", "Your basket", billFor(r))
}

// changeCart adds a lamp, or sets the quantity of a line.
func (s *Shop) changeCart(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.PostFormValue("quantity"))
	if err != nil {
		n = 1
	}
	if r.PostFormValue("remove") != "" {
		n = 0
	}
	b := basketFrom(r)
	if key := r.PostFormValue("line"); key != "" {
		b = b.set(key, n)
		s.log.add("cart", s.user(r), fmt.Sprintf("set %s to %d", key, n))
	} else {
		l := line{r.PostFormValue("lamp"), r.PostFormValue("finish"), r.PostFormValue("size"), n}
		if l.Custom() || !l.valid() {
			s.fail(w, r, http.StatusBadRequest, "That did not fit into the basket", "Please choose a finish, a size and a number up to 20.")
			return
		}
		b = b.add(l)
		s.log.add("cart", s.user(r), fmt.Sprintf("add %d %s", n, l.Key()))
	}
	b.save(w)
	http.Redirect(w, r, "/cart", http.StatusSeeOther)
}
