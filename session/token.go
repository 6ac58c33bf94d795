package session

import (
	"encoding/base32"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/session/secret"
)

// Spoken codes have 40 bits: see codeTTL. All other secrets have 128.
type digest = secret.Digest

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// idLen is the length of a session's public name: 60 bits, short enough for a
// host label to hold an origin beside it.
const idLen = 12

func newID() string { return lowerBase32.EncodeToString(secret.Bytes(8))[:idLen] }

func validID(id string) bool {
	return len(id) == idLen && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// codeTTL is how long a spoken code works. With the budgets below an attacker
// with any number of addresses has some 1,800 tries in that time: a chance of
// one in 600,000 to hit one of 1,000 codes alive.
const (
	codeTTL = 15 * time.Minute
	codeLen = 8
)

// codeAlphabet is Crockford's: what is easily misheard or misread for a digit
// (I, L, O) is read as that digit, and U is absent.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func newCode() string {
	return base32.NewEncoding(codeAlphabet).EncodeToString(secret.Bytes(5))
}

// readCode turns what a person typed into the code as it was made, "" when it
// cannot be one.
func readCode(typed string) string {
	if len(typed) > 4*codeLen {
		return ""
	}
	code := strings.Map(func(c rune) rune {
		switch c {
		case ' ', '-', '.':
			return -1
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		}
		return c
	}, strings.ToUpper(typed))
	if len(code) != codeLen || strings.Trim(code, codeAlphabet) != "" {
		return ""
	}
	return code
}

// keyring holds what opens a session's hosts: tickets, which live seconds and
// are used once, and the cookies they were exchanged for. It keeps digests
// only. It is safe for concurrent use.
type keyring struct {
	mu      sync.RWMutex
	closed  bool
	tickets map[digest]ticket
	cookies map[string][]digest // by host, newest last
}

type ticket struct {
	host  string
	until time.Time
}

const (
	ticketTTL      = 30 * time.Second
	maxTickets     = 1024
	maxHosts       = 1024
	cookiesPerHost = 4 // frames of one page may all be sent for a cookie at once
)

// mint returns a ticket for host, or "" when there are too many.
func (k *keyring) mint(host string, now time.Time) string {
	ticketSecret := secret.New()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.tickets) >= maxTickets {
		for d, t := range k.tickets {
			if now.After(t.until) {
				delete(k.tickets, d)
			}
		}
	}
	if k.closed || len(k.tickets) >= maxTickets {
		return ""
	}
	if k.tickets == nil {
		k.tickets = map[digest]ticket{}
	}
	k.tickets[secret.DigestOf(ticketSecret)] = ticket{foldHost(host), now.Add(ticketTTL)}
	return ticketSecret
}

// redeem exchanges a ticket for a cookie of host. A ticket presented at the
// wrong host is used up too: it was stolen or mislaid.
func (k *keyring) redeem(presented, host string, now time.Time) (cookie string, ok bool) {
	d, host := secret.DigestOf(presented), foldHost(host)
	k.mu.Lock()
	defer k.mu.Unlock()
	t, found := k.tickets[d]
	delete(k.tickets, d)
	if !found || k.closed || t.host != host || now.After(t.until) {
		return "", false
	}
	if k.cookies == nil {
		k.cookies = map[string][]digest{}
	}
	if _, known := k.cookies[host]; !known && len(k.cookies) >= maxHosts {
		return "", false
	}
	cookie = secret.New()
	held := append(k.cookies[host], secret.DigestOf(cookie))
	k.cookies[host] = held[max(0, len(held)-cookiesPerHost):]
	return cookie, true
}

// has reports whether cookie was given out for host.
func (k *keyring) has(host, cookie string) bool {
	if len(cookie) != secret.Len {
		return false
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	found := false
	for _, d := range k.cookies[foldHost(host)] {
		found = d.Is(cookie) || found
	}
	return found && !k.closed
}

// of returns the digests of the cookies given out for host.
func (k *keyring) of(host string) []digest {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Clone(k.cookies[host])
}

// all returns the digests of the cookies given out.
func (k *keyring) all() map[string][]digest {
	k.mu.RLock()
	defer k.mu.RUnlock()
	all := make(map[string][]digest, len(k.cookies))
	for host, held := range k.cookies {
		all[host] = slices.Clone(held)
	}
	return all
}

// revoke makes everything that was given out worthless.
func (k *keyring) revoke() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tickets, k.cookies = nil, nil
}

// close makes everything on the ring worthless for good.
func (k *keyring) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed, k.tickets, k.cookies = true, nil, nil
}

func foldHost(host string) string { return strings.ToLower(host) }

// budget limits how often something may be done under one key: limit at once,
// refilled over per. It is safe for concurrent use.
type budget struct {
	limit int
	per   time.Duration

	mu    sync.Mutex
	spent map[string]spending
}

type spending struct {
	amount float64
	at     time.Time
}

// maxBudgetKeys bounds a budget's memory. When that many addresses are being
// counted at once, someone owns a network and further strangers wait.
const maxBudgetKeys = 100_000

// take spends one and reports whether there was one to spend.
func (b *budget) take(key string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, known := b.spent[key]
	if !known && len(b.spent) >= maxBudgetKeys {
		b.forgetLocked(now)
		if len(b.spent) >= maxBudgetKeys {
			return false
		}
	}
	s = b.decayed(s, now)
	if s.amount+1 > float64(b.limit) {
		return false
	}
	if b.spent == nil {
		b.spent = map[string]spending{}
	}
	s.amount++
	b.spent[key] = s
	return true
}

// refund gives back one that was taken for nothing.
func (b *budget) refund(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, ok := b.spent[key]; ok {
		s.amount = max(0, s.amount-1)
		b.spent[key] = s
	}
}

func (b *budget) decayed(s spending, now time.Time) spending {
	refilled := float64(b.limit) * now.Sub(s.at).Seconds() / b.per.Seconds()
	return spending{max(0, s.amount-refilled), now}
}

func (b *budget) forgetLocked(now time.Time) {
	for key, s := range b.spent {
		if b.decayed(s, now).amount == 0 {
			delete(b.spent, key)
		}
	}
}

// clientKey names who is at the other end for a budget: an IPv4 address or an
// IPv6 network of the size one customer gets. Headers that claim another
// address are not believed.
func clientKey(remoteAddr string) string {
	ap, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return remoteAddr // a Unix socket, or a test
	}
	addr := ap.Addr().Unmap()
	if addr.Is6() {
		p, _ := addr.WithZone("").Prefix(64)
		return p.String()
	}
	return addr.String()
}
