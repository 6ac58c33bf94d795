package session

// dialog tells followers of a dialog at the visitor. Nobody else can answer it:
// the page's thread, and the shell's with it, stands still in the browser until
// the visitor does.
func (r *room) dialog(m dialogMessage) {
	if r.docs[m.Doc] == nil {
		return
	}
	r.dialogs[m.Doc] = m
	r.toFollowers("dialog", m)
}

func (r *room) dialogAnswered(m answeredMessage) {
	if _, open := r.dialogs[m.Doc]; !open {
		return
	}
	delete(r.dialogs, m.Doc)
	r.toFollowers("answered", m)
}

// download tells followers of a file that the visitor saves, unless sharing is
// paused.
func (r *room) download(m downloadMessage) {
	if !r.s.Paused() {
		r.toFollowers("download", m)
	}
}

func (r *room) toFollowers(name string, m any) {
	text := encode(name, m)
	r.followers(func(st *seat) { r.push(st, item{doc: noDoc, text: text}) })
}
