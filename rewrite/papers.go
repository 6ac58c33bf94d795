package rewrite

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
)

// Chromium shows a PDF in an embed or object element by a plug-in, and a sandbox
// has none. What it takes for a document it loads as one, and gets one of ours.
// It goes by the type attribute, and without that by how the address ends. So
// the first is written behind another type, as a parameter, and in the second a
// letter by its number, which to servers is the same address.

const paperType = "text/html;tandem="

// hidePaperType changes the type of a PDF.
func hidePaperType(v []byte) ([]byte, bool) {
	essence, _, _ := bytes.Cut(v, []byte(";"))
	essence = bytes.TrimSpace(essence)
	if !bytes.EqualFold(essence, []byte("application/pdf")) && !bytes.EqualFold(essence, []byte("text/pdf")) {
		return v, false
	}
	return append([]byte(paperType), v...), true
}

// mapPaper maps the address of what an embed or object element shows.
func (h *document) mapPaper(v []byte) ([]byte, bool) {
	mapped, changed := h.mapURL(v)
	end := len(mapped)
	if i := bytes.IndexAny(mapped, "?#"); i >= 0 {
		end = i
	}
	at := len(bytes.TrimRight(mapped[:end], " \t\r\n\f")) - len("pdf")
	if at < 1 || mapped[at-1] != '.' || !equalFold(mapped[at:at+len("pdf")], "pdf") {
		return mapped, changed
	}
	letter := "%70"
	if mapped[at] == 'P' {
		letter = "%50"
	}
	return slices.Concat(mapped[:at], []byte(letter), mapped[at+1:]), true
}

// SpellPaper gives an address that mapPaper changed the letter that it had.
func SpellPaper(u *url.URL) {
	at := len(u.RawPath) - len("%70df")
	if at < 1 || u.RawPath[at-1] != '.' || !strings.EqualFold(u.RawPath[at+len("%70"):], "df") {
		return
	}
	switch letter := u.RawPath[at : at+len("%70")]; letter {
	case "%70", "%50":
		u.RawPath = u.RawPath[:at] + u.Path[len(u.Path)-len("pdf"):]
	}
}
