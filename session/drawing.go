package session

import "slices"

// maxDrawn bounds what stays drawn in a session. The oldest goes first.
const maxDrawn = 500

// others calls fn for every seat but one.
func (r *room) others(from *seat, fn func(*seat)) {
	for _, st := range r.seats {
		if st != from {
			fn(st)
		}
	}
}

// draw shows the others a stroke. What does not fade is kept for those who come
// later, as long as its page is there.
func (r *room) draw(from *seat, m drawMessage) (why string) {
	if r.docs[m.Doc] == nil {
		return whyGone
	}
	drawn := drawnMessage{from.person.ID, m}
	if !m.Fade {
		r.drawn = append(r.drawn, drawn)
		r.drawn = r.drawn[max(0, len(r.drawn)-maxDrawn):]
	}
	text := encode("draw", drawn)
	r.others(from, func(st *seat) { r.push(st, item{doc: noDoc, text: text}) })
	return ""
}

// erase takes away all that was drawn, whoever drew it.
func (r *room) erase(from *seat) {
	r.drawn = nil
	text := encode("erase", erasedMessage{from.person.ID})
	r.others(from, func(st *seat) { r.push(st, item{doc: noDoc, text: text}) })
}

// undraw forgets what was drawn on a page that is gone.
func (r *room) undraw(doc number) {
	r.drawn = slices.DeleteFunc(r.drawn, func(d drawnMessage) bool { return d.Doc == doc })
}

// tellDrawn tells somebody who comes what is drawn.
func (r *room) tellDrawn(st *seat) {
	for _, d := range r.drawn {
		r.push(st, item{doc: noDoc, text: encode("draw", d)})
	}
}

// selected shows the others which text somebody selected. What is hidden is not
// even pointed out.
func (r *room) selected(from *seat, m selectMessage) {
	d := r.docs[m.Doc]
	if d == nil || len(m.Sel) == 4 && (d.tree.Masked(m.Sel[0]) || d.tree.Masked(m.Sel[2])) {
		m.Sel = nil
	}
	it := item{key: "select " + from.person.ID, doc: noDoc, text: encode("select", selectedMessage{from.person.ID, m})}
	r.others(from, func(st *seat) { r.push(st, it) })
}
