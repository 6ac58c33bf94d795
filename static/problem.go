package static

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

// Problem is something that went wrong, for the person in front of the browser.
type Problem struct {
	Status int    // HTTP status; 0 means 500
	Code   string // for scripts and tests, such as "origin_not_allowed"; becomes the header Tandem-Problem
	Title  string // key of what happened, a short sentence without a full stop
	Detail string // key of what it means and what to do now, one to three sentences
	Words  Words  // what is put into both
	Back   bool   // offer to go back to the page before

	// Head goes first into the page's head. On content hosts it is the sync script, so that the others in the
	// session see the problem too. It must be made by us.
	Head template.HTML
	// Framer is the origin that may show the page in a frame: the shell's on a content host, otherwise empty.
	Framer string
}

// English is what happened, without a full stop, and what to do now, for developers and at the command line.
func (p Problem) English() (title, detail string) {
	english := catalogues()[0]
	return english.Say(p.Title, p.Words), english.Say(p.Detail, p.Words)
}

// WriteProblem answers r with p: a page in the reader's language when a browser asked for a document, one line of
// English otherwise, which a developer may read. The page stands alone (style sheet included), because it may be all that a misconfigured host can serve.
func WriteProblem(w http.ResponseWriter, r *http.Request, p Problem) {
	if p.Status == 0 {
		p.Status = http.StatusInternalServerError
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Referrer-Policy", "no-referrer")
	if p.Code != "" {
		h.Set("Tandem-Problem", p.Code)
	}
	if !wantsPage(r) {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(p.Status)
		title, detail := p.English()
		fmt.Fprintf(w, "%s. %s\n", title, detail)
		return
	}
	var body bytes.Buffer
	if err := pages().ExecuteTemplate(&body, "problem.html", Data{Problem: p, Language: LanguageOf(r)}); err != nil {
		panic(fmt.Sprintf("static: page %q: %v", "problem", err))
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", problemPolicy(p))
	w.WriteHeader(p.Status)
	w.Write(body.Bytes())
}

// wantsPage reports whether the answer to r will be shown to a person.
func wantsPage(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "document", "iframe", "frame", "embed", "object":
		return true
	case "":
		return strings.Contains(r.Header.Get("Accept"), "text/html")
	}
	return false
}

func problemPolicy(p Problem) string {
	style, err := sheet("tandem.css")
	if err != nil {
		panic(err) // a broken build
	}
	framer := "'none'"
	if p.Framer != "" {
		framer = p.Framer
	}
	return join("default-src 'none'", "script-src 'self'", "connect-src 'self'", "img-src data:",
		"style-src "+hashOf(string(style)), "form-action 'none'", "base-uri 'none'", "frame-ancestors "+framer)
}
