package shop

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

// builtPrice is what a lamp from the builder costs, whatever it looks like.
const builtPrice = 23900

// designFrom reads "mushroom-clay-sage-100-80": form, finish, shade, height,
// brightness. The result may be invalid.
func designFrom(code string) Design {
	part := strings.Split(code, "-")
	if len(part) != 5 {
		return Design{}
	}
	d := Design{Form: part[0], Finish: part[1], Shade: part[2], Scene: "linen"}
	fmt.Sscanf(part[3]+" "+part[4], "%d %d", &d.Height, &d.Glow)
	return d
}

func (s *Shop) build(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusOK, "build", "Build your own lamp", struct{ Price int }{builtPrice})
}

// drawing is the builder's live preview.
func (s *Shop) drawing(w http.ResponseWriter, r *http.Request) {
	d := designFrom(r.URL.Query().Get("design"))
	if r.URL.Query().Get("evening") == "true" {
		d.Scene = "night"
	}
	sendDesign(w, r, d, "Your own lamp")
}

// addBuilt puts the lamp with its engraving, a PNG data URL, into the basket.
func (s *Shop) addBuilt(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	l := line{Slug: "custom", Finish: r.PostFormValue("design"), Size: "plain", Quantity: 1}
	if picture, ok := strings.CutPrefix(r.PostFormValue("engraving"), "data:image/png;base64,"); ok {
		data, err := base64.StdEncoding.DecodeString(picture)
		if err == nil {
			l.Size, err = s.keepPhoto(data)
		}
		if err != nil {
			s.fail(w, r, http.StatusUnprocessableEntity, "The drawing could not be read", "Please draw it once more.")
			return
		}
	}
	if !l.valid() {
		s.fail(w, r, http.StatusUnprocessableEntity, "That lamp cannot be built", "Please choose form, base and shade again.")
		return
	}
	basketFrom(r).add(l).save(w)
	s.log.add("cart", s.user(r), "add 1 "+l.Slug+" "+l.Finish)
	http.Redirect(w, r, "/cart", http.StatusSeeOther)
}
