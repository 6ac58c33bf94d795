package session

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"rsc.io/qr"

	"tandem/session/audit"
	"tandem/session/secret"
)

// moving is the visitor's wish to go on in another browser: by a link for one
// browser, which is let in when the visitor says so in the first. Both show the
// same number until then, so that nobody else's browser is let in by mistake. It
// is kept in memory only, guarded by Session.mu.
type moving struct {
	link    digest
	until   time.Time
	browser digest // of the one that showed the link; zero before
}

// moveTTL is how long the link is good, and the question.
const moveTTL = 2 * time.Minute

func (m moving) open(now time.Time) bool { return m.link != digest{} && now.Before(m.until) }

// check is the number that both browsers show.
func (m moving) check() string {
	return fmt.Sprintf("%04d", (int(m.browser[0])<<16|int(m.browser[1])<<8|int(m.browser[2]))%10000)
}

// offerMove makes a link for another browser of the visitor's and tells the
// visitor. A link that was offered before is worthless then.
func (s *Session) offerMove() {
	link := secret.New()
	s.mu.Lock()
	s.move = moving{link: secret.DigestOf(link), until: s.hub.now().Add(moveTTL)}
	s.mu.Unlock()
	address := strings.TrimSuffix(s.hub.cfg.Control, "/") + "/j/" + s.id + "#" + link
	size, path := drawCode(address)
	s.room.toldVisitor("moving", movingMessage{address, size, path})
}

// drawCode draws a QR code as the path of an SVG: a square for each dark run.
func drawCode(text string) (size int, path string) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return 0, "" // too long for a code; the link is shown, too
	}
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	return code.Size, b.String()
}

// offersMove reports whether a secret is that of the link to another browser.
func (s *Session) offersMove(link string) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.move.link.Is(link) && s.move.open(s.hub.now()) && s.record.State == Active
}

// admitMove gives the browser that shows the link first a cookie, which is good
// for nothing until the visitor agrees.
func (s *Session) admitMove(r *http.Request) (cookie string, err error) {
	cookie = secret.New()
	s.mu.Lock()
	if s.move.browser != (digest{}) {
		s.mu.Unlock()
		s.audit(r.Context(), audit.Entry{Who: "somebody", Act: "session.join", What: "the link to another device, in a second browser", Result: audit.Refused})
		return "", errLinkUsed
	}
	s.move.browser = secret.DigestOf(cookie)
	check := s.move.check()
	s.mu.Unlock()
	s.room.toldVisitor("move-asks", moveAsksMessage{check, s.hosts()})
	return cookie, nil
}

// moveCheck returns the number for a browser that waits with that cookie, "" for
// any other.
func (s *Session) moveCheck(cookie string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.move.browser == (digest{}) || !s.move.browser.Is(cookie) {
		return ""
	}
	return s.move.check()
}

// awaitsMove reports whether a request comes from a browser that waits for the
// visitor to agree.
func (s *Session) awaitsMove(r *http.Request) bool {
	s.mu.Lock()
	m := s.move
	s.mu.Unlock()
	if m.browser == (digest{}) || !m.open(s.hub.now()) {
		return false
	}
	for _, c := range r.CookiesNamed(s.hub.cookieName(Visitor, s.id)) {
		if m.browser.Is(c.Value) {
			return true
		}
	}
	return false
}

// handOver is the visitor's answer. With a yes the other browser is the
// visitor's, and this one is let in no more: neither on the control host nor on
// any host of the session.
func (s *Session) handOver(yes bool) {
	s.mu.Lock()
	m := s.move
	s.move = moving{}
	s.mu.Unlock()
	if !yes || m.browser == (digest{}) || !m.open(s.hub.now()) {
		s.TakeStorage()
		return
	}
	err := s.update(s.hub.ctx, audit.Entry{Who: string(Visitor), Act: "session.move"}, func(rec *record) error {
		if rec.State != Active {
			return errUnchanged
		}
		rec.Visitor.Browsers = []digest{m.browser}
		return nil
	})
	if err != nil {
		s.log.Error("moving to another device", "error", err)
		return
	}
	s.keys.revoke()
	s.stopShowing()
	s.saveSoon()
	s.room.leaderMoved()
}

// leaderMoved disconnects the leader's browser, which cannot go on with its
// stream.
func (r *room) leaderMoved() {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := r.seat(Visitor)
	if v.conn != nil {
		v.conn.shut(closeMoved, false)
	}
	r.release(v)
}

func (r *room) toldVisitor(name string, m any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.push(r.seat(Visitor), item{key: name, doc: noDoc, text: encode(name, m)})
}
