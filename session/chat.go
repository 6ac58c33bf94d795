package session

import "time"

// maxSaid is how many lines of the conversation are kept, in memory, for those
// who come later. They go with the session.
const maxSaid = 200

// say takes a line of the conversation to everybody, whoever said it included:
// so all have the same order.
func (r *room) say(from *seat, m chatMessage, now time.Time) {
	r.lines++
	line := saidMessage{r.lines, from.person.ID, now.UnixMilli(), m.Text}
	r.said = append(r.said, line)
	r.said = r.said[max(0, len(r.said)-maxSaid):]
	for _, st := range r.seats {
		r.push(st, item{doc: noDoc, text: encode("chat", line)})
	}
}

// tellSaid tells somebody who comes what was said.
func (r *room) tellSaid(st *seat) {
	for _, line := range r.said {
		r.push(st, item{doc: noDoc, text: encode("chat", line)})
	}
}
