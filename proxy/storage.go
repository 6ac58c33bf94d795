package proxy

import (
	"errors"
	"io"
	"net/http"

	"tandem/rewrite"
	"tandem/session"
	"tandem/static"
)

// storageAPI takes what pages keep in the visitor's browser from the shell on one
// device, and gives it to the shell on the next.
func (p *Proxy) storageAPI(w http.ResponseWriter, r *http.Request, s *session.Session) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Header.Get("Origin") != p.content.Shell(s.ID()) {
		neutral(w, r) // the shell's cookie comes from sites' pages, too
		return
	}
	switch r.Method {
	case http.MethodPut:
		p.handInStorage(w, r, s)
	case http.MethodPost:
		if text := s.TakeStorage(); text != nil {
			w.Header().Set("Content-Type", "application/json")
			w.Write(text)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	}
}

func (p *Proxy) handInStorage(w http.ResponseWriter, r *http.Request, s *session.Session) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, session.MaxStorage))
	if err != nil {
		http.Error(w, "too much", http.StatusRequestEntityTooLarge)
		return
	}
	switch err := s.HandInStorage(text); {
	case errors.Is(err, session.ErrNotMoving):
		http.Error(w, err.Error(), http.StatusConflict)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// storagePage is a page of ours on a site's host, by which the shell reads and
// writes what the site's pages keep there.
func (p *Proxy) storagePage(w http.ResponseWriter, r *http.Request, s *session.Session, host rewrite.Host) {
	if !p.knows(r, s) {
		p.dance(w, r, host)
		return
	}
	static.Page(w, r, "storage", p.pageData(host.Session))
}
