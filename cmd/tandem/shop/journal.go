package shop

import (
	"slices"
	"sync"
	"time"
)

// An Entry is one thing that happened in the shop. It never holds a password,
// card number, cookie or token.
type Entry struct {
	N      int       `json:"n"` // 1, 2, 3…
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"` // order, payment, login, login-failed, logout, message, review, cart, coupon
	Who    string    `json:"who,omitempty"`
	Detail string    `json:"detail"`
}

// journal keeps the newest entries.
type journal struct {
	mu   sync.Mutex
	n    int
	list []Entry
}

func (j *journal) add(kind, who, detail string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.n++
	j.list = append(j.list, Entry{N: j.n, At: time.Now().UTC(), Kind: kind, Who: who, Detail: detail})
	if len(j.list) > 5000 {
		j.list = slices.Delete(j.list, 0, 1000)
	}
}

func (j *journal) entries() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.list)
}
