package proxy

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"tandem/rewrite"
	"tandem/session"
)

// Subresource integrity is checked here, on the body as the site sent it,
// because the browser gets another. What a document demands of an address is
// remembered for the requests that its origin makes; if it demands several
// things of one address, each of them will do.

var errIntegrity = errors.New("body is not what the page's integrity attribute says")

func integrityKey(by rewrite.Origin, u *url.URL) string { return by.String() + " " + pageURL(u) }

// learnIntegrity takes in an integrity attribute of the document.
func (x *exchange) learnIntegrity(base, address, metadata string) {
	if u, err := x.resolve(base, address); err == nil {
		x.memory.addIntegrity(integrityKey(x.origin, u), metadata, x.p.now())
	}
}

// maxDemand bounds an address and what is demanded of it.
const maxDemand = 16 << 10

// integrityAPI takes in what a script demands: an address of the site's, and
// integrity metadata. Only pages of the very host may, for what others demand
// would do as well.
func (p *Proxy) integrityAPI(w http.ResponseWriter, r *http.Request, s *session.Session, host rewrite.Host) {
	origin, text, ok := p.ownWord(w, r, host)
	if !ok {
		return
	}
	address, metadata, _ := strings.Cut(string(text), "\n")
	u, err := url.Parse(address)
	if err != nil || !u.IsAbs() || metadata == "" {
		http.Error(w, "no demand", http.StatusBadRequest)
		return
	}
	p.memories.of(s).addIntegrity(integrityKey(origin, u), metadata, p.now())
	writeText(w, "")
}

// resolve returns the real address that a document's HTML names.
func (x *exchange) resolve(base, address string) (*url.URL, error) {
	from := x.target
	if base != "" {
		u, err := x.target.Parse(x.mapper.Unmap(base))
		if err != nil {
			return nil, err
		}
		from = u
	}
	return from.Parse(x.mapper.Unmap(address))
}

// demanded is what the page that asks demands of a script or style sheet.
func (x *exchange) demanded() []string {
	switch x.in.Header.Get("Sec-Fetch-Dest") {
	case "script", "style":
		return x.memory.integrity(integrityKey(x.visit.from.origin, x.target), x.p.now())
	}
	return nil
}

// intact reports whether a script or style sheet is what the page demands. One
// of another origin has to be asked for by CORS, or the digest could tell what
// the page may not read (SRI §3.3.2).
func (x *exchange) intact(body []byte, status int) bool {
	demanded := x.demanded()
	if len(demanded) == 0 || status != http.StatusOK {
		return true
	}
	if x.in.Header.Get("Sec-Fetch-Mode") == "no-cors" && x.visit.from.origin != x.origin {
		return false
	}
	for _, metadata := range demanded {
		if rewrite.Integrity(metadata, body) {
			return true
		}
	}
	return false
}
