package rewrite

import "io"

// Page says how a document is rewritten.
type Page struct {
	Mapper *Mapper
	Head   []byte // put first in the document's head, before any script of the page
	XHTML  bool   // the document is XML
	Limit  int    // longest tag, script or style sheet in bytes; 0 means 16 MiB
}

// HTML copies a document from r to w.
func HTML(w io.Writer, r io.Reader, p *Page) error {
	_, err := io.Copy(w, r)
	return err
}
