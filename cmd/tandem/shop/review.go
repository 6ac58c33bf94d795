package shop

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif" // formats a customer's photo may have
	_ "image/jpeg"
	_ "image/png"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type review struct {
	Name, Text string
	Stars      int
	Day        string
	Photo      string // id, or ""
}

type photo struct {
	contentType string
	data        []byte
}

const (
	maxPhoto   = 4 << 20
	maxReviews = 50 // per lamp
)

func firstReviews() map[string][]review {
	return map[string][]review{
		"alma": {
			{Name: "Maren", Stars: 5, Day: "4 October", Text: "The ring of light on the table is exactly like in the picture. We moved the whole sofa for it."},
			{Name: "Joost", Stars: 4, Day: "21 September", Text: "Lovely glaze. The cable could be half a metre longer."},
		},
		"nils": {{Name: "Priya", Stars: 5, Day: "12 October", Text: "It really does stay where you leave it."}},
		"ebba": {{Name: "Familie Holm", Stars: 5, Day: "30 August", Text: "Hung low, as advised. Dinner takes an hour longer now."}},
		"luna": {{Name: "Tomáš", Stars: 5, Day: "2 November", Text: "Night light and reading light in one. Arrived in a box inside a box inside a box."}},
	}
}

func (s *Shop) addReview(w http.ResponseWriter, r *http.Request) {
	p, ok := productBySlug(r.PathValue("slug"))
	if !ok {
		s.fail(w, r, http.StatusNotFound, "Not on this shelf", "We do not make a lamp by that name.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxPhoto+64<<10)
	if err := r.ParseMultipartForm(maxPhoto); err != nil {
		s.fail(w, r, http.StatusRequestEntityTooLarge, "That photo is too large", "Please choose one of at most 4 MB.")
		return
	}
	stars, _ := strconv.Atoi(r.FormValue("stars"))
	rev := review{Name: strings.TrimSpace(r.FormValue("name")), Text: strings.TrimSpace(r.FormValue("text")), Stars: min(max(stars, 1), 5), Day: time.Now().Format("2 January")}
	if rev.Name == "" || rev.Text == "" || len(rev.Name) > 60 || len(rev.Text) > 2000 {
		s.fail(w, r, http.StatusUnprocessableEntity, "Something is missing", "A review needs a name and a few words.")
		return
	}
	id, err := s.receivePhoto(r)
	if err != nil {
		s.fail(w, r, http.StatusUnsupportedMediaType, "That photo could not be read", "Please choose a JPEG, PNG or GIF picture.")
		return
	}
	rev.Photo = id
	s.mu.Lock()
	list := append([]review{rev}, s.reviews[p.Slug]...)
	s.reviews[p.Slug] = list[:min(len(list), maxReviews)]
	s.mu.Unlock()
	s.log.add("review", rev.Name, fmt.Sprintf("%s, %d stars, photo %t", p.Slug, rev.Stars, id != ""))
	http.Redirect(w, r, "/lamp/"+p.Slug+"#reviews", http.StatusSeeOther)
}

// receivePhoto keeps the uploaded picture, if there is one.
func (s *Shop) receivePhoto(r *http.Request) (id string, err error) {
	file, header, err := r.FormFile("photo")
	if err != nil || header.Size == 0 {
		return "", nil
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return "", fmt.Errorf("reading an uploaded photo: %w", err)
	}
	return s.keepPhoto(data)
}

// keepPhoto stores data if it begins like a picture.
func (s *Shop) keepPhoto(data []byte) (id string, err error) {
	_, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("reading a photo: %w", err)
	}
	id = newID()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.photos.put(id, photo{"image/" + format, data})
	return id, nil
}

func (s *Shop) photo(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	p, ok := s.photos.get(r.PathValue("id"))
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "private, max-age=3600")
	tagged(w, r, p.contentType, p.data)
}
