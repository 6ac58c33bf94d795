package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/idna"

	"tandem/session/audit"
	"tandem/session/state"
)

// Rule allows the origins that its pattern matches.
type Rule struct {
	// Pattern is an origin such as "https://shop.example", or one whose host
	// begins with "*." (every name below it, not the name itself), or is "*"
	// (every name). Scheme and port always have to match.
	Pattern string `json:"pattern"`
	// Private lets the one name of Pattern resolve to a private or loopback
	// address.
	Private bool `json:"private"`
}

// Origins is the list of rules that say which sites may be opened. Nothing is
// allowed at first. It is safe for concurrent use, and follows changes that
// others make in the store.
type Origins struct {
	bucket *state.Bucket
	audit  *audit.Log

	mu    sync.RWMutex
	rules map[string]Rule // by pattern
}

// openOrigins reads the list and returns a function that follows it.
func openOrigins(ctx context.Context, store *state.Store, acts *audit.Log, log *slog.Logger) (*Origins, func(context.Context), error) {
	bucket, err := store.Bucket(ctx, "origins")
	if err != nil {
		return nil, nil, err
	}
	o := &Origins{bucket: bucket, audit: acts, rules: map[string]Rule{}}
	all, err := bucket.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	for key, value := range all {
		o.changed(state.Change{Key: key, Value: value}, log)
	}
	follow := func(ctx context.Context) {
		err := bucket.Watch(ctx, func(c state.Change) { o.changed(c, log) }, func() {})
		if err != nil {
			log.Error("following the list of origins", "error", err)
		}
	}
	return o, follow, nil
}

func (o *Origins) changed(c state.Change, log *slog.Logger) {
	pattern, err := base64.RawURLEncoding.DecodeString(c.Key)
	if err != nil {
		log.Error("reading an origin rule", "error", err)
		return
	}
	if c.Value == nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.rules, string(pattern))
		return
	}
	var rule Rule
	if err := json.Unmarshal(c.Value, &rule); err != nil || rule.Pattern != string(pattern) {
		log.Error("reading an origin rule", "error", err)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rules[rule.Pattern] = rule
}

func ruleKey(pattern string) string { return base64.RawURLEncoding.EncodeToString([]byte(pattern)) }

// Allow adds a rule, or changes its Private. A private rule must name one
// host. The rule is in force and on disk when Allow returns nil.
func (o *Origins) Allow(ctx context.Context, pattern string, private bool) error {
	pattern, err := canonicalOrigin(pattern, true)
	if err != nil {
		return err
	}
	if private && strings.Contains(pattern, "*") {
		return errors.New("a private rule must name one host, not a pattern")
	}
	rule := Rule{Pattern: pattern, Private: private}
	value, err := json.Marshal(rule)
	if err != nil {
		return err
	}
	entry := audit.Entry{Act: "origins.allow", What: pattern}
	if private {
		entry.What += " private"
	}
	if err := o.audit.Do(ctx, entry, func() error { return o.bucket.Put(ctx, ruleKey(pattern), value) }); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rules[pattern] = rule
	return nil
}

// Remove takes a rule away; it fails with [ErrNotFound] when there is none.
func (o *Origins) Remove(ctx context.Context, pattern string) error {
	pattern, err := canonicalOrigin(pattern, true)
	if err != nil {
		return err
	}
	o.mu.Lock()
	_, found := o.rules[pattern]
	delete(o.rules, pattern) // in force at once, whatever the store says
	o.mu.Unlock()
	if !found {
		return fmt.Errorf("rule %s: %w", pattern, ErrNotFound)
	}
	return errors.Join(o.bucket.Delete(ctx, ruleKey(pattern)), o.audit.Add(ctx, audit.Entry{Act: "origins.remove", What: pattern}))
}

// List returns the rules in order of their patterns.
func (o *Origins) List() []Rule {
	o.mu.RLock()
	defer o.mu.RUnlock()
	list := make([]Rule, 0, len(o.rules))
	for _, r := range o.rules {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Rule) int { return strings.Compare(a.Pattern, b.Pattern) })
	return list
}

// Allowed returns the most particular rule that allows an origin or the
// origin of a URL; ws and wss count as http and https.
func (o *Origins) Allowed(origin string) (Rule, bool) {
	origin, err := canonicalOrigin(origin, false)
	if err != nil {
		return Rule{}, false
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	if r, ok := o.rules[origin]; ok {
		return r, true
	}
	scheme, host, _ := strings.Cut(origin, "://")
	name, port := splitPort(host)
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		name = "" // an address has no parent names, but "*" covers it
	}
	for {
		_, parent, more := strings.Cut(name, ".")
		pattern := scheme + "://*." + parent + port
		if !more {
			pattern = scheme + "://*" + port
		}
		if r, ok := o.rules[pattern]; ok {
			return r, true
		}
		if !more {
			return Rule{}, false
		}
		name = parent
	}
}

// splitPort splits "host:port" before the colon; port may be "".
func splitPort(host string) (name, port string) {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i], host[i:]
	}
	return host, ""
}

// canonicalOrigin returns the one spelling of a URL's origin: lower case,
// Punycode, no default port, no trailing dot. With pattern it accepts "*" as
// the first label and nothing behind the origin.
func canonicalOrigin(raw string, pattern bool) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.User != nil {
		return "", fmt.Errorf("%q is not an origin such as https://shop.example", raw)
	}
	if pattern && (strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "") {
		return "", fmt.Errorf("%q has more than scheme, host and port", raw)
	}
	scheme := u.Scheme
	switch scheme {
	case "ws":
		scheme = "http"
	case "wss":
		scheme = "https"
	case "http", "https":
	default:
		return "", fmt.Errorf("%q is neither http nor https", raw)
	}
	host, err := canonicalHost(u.Hostname(), pattern)
	if err != nil {
		return "", fmt.Errorf("%q: %w", raw, err)
	}
	port, err := canonicalPort(u.Port(), scheme)
	if err != nil {
		return "", fmt.Errorf("%q: %w", raw, err)
	}
	return scheme + "://" + host + port, nil
}

// hostProfile maps and checks names as browsers look them up (UTS 46), but
// leaves underscores, which exist in real names.
var hostProfile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule())

func canonicalHost(host string, pattern bool) (string, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" {
			return "", errors.New("addresses with a zone cannot be opened")
		}
		if addr.Is6() {
			return "[" + addr.String() + "]", nil
		}
		return addr.String(), nil
	}
	star, name := "", host
	if pattern && host == "*" {
		return host, nil
	}
	if pattern && strings.HasPrefix(host, "*.") {
		star, name = "*.", host[2:]
	}
	name, err := hostProfile.ToASCII(name)
	if err != nil {
		return "", errors.New("the host name is not valid")
	}
	name = strings.TrimSuffix(name, ".")
	if again, err := hostProfile.ToASCII(name); err != nil || again != name {
		return "", errors.New("the host name is not valid") // no spelling of it is the one
	}
	if name == "" || len(name) > 253 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" ||
		strings.HasPrefix(name, ".") || strings.Contains(name, "..") {
		return "", errors.New("the host name is not valid")
	}
	return star + name, nil
}

func canonicalPort(port, scheme string) (string, error) {
	if port == "" {
		return "", nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", errors.New("the port is not valid")
	}
	if scheme == "http" && n == 80 || scheme == "https" && n == 443 {
		return "", nil
	}
	return net.JoinHostPort("", strconv.FormatUint(n, 10)), nil
}
