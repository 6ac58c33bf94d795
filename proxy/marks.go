package proxy

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// frameCookie lists the frames that scripts made or navigated of late: an entry
// is a hash of the address, and something random (static/src/framemarks.ts).
const frameCookie = "tandem-frames"

// isMarked reports whether the cookie says that it is a frame that asks, for the
// first time by that entry.
func (m *memory) isMarked(r *http.Request, now time.Time) bool {
	cookies := r.CookiesNamed(frameCookie)
	if len(cookies) == 0 {
		return false
	}
	sum := sha256.Sum256([]byte(r.Host + r.RequestURI))
	hash := hex.EncodeToString(sum[:8])
	for _, c := range cookies {
		for entry := range strings.SplitSeq(c.Value, ".") {
			if strings.HasPrefix(entry, hash) && m.takeMark(entry, now) {
				return true
			}
		}
	}
	return false
}
