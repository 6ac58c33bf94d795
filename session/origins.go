package session

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/idna"

	"tandem/session/audit"
	"tandem/session/state"
)

// Rule says what may be opened of the origins that its pattern matches.
type Rule struct {
	// Pattern is an origin such as "https://shop.example", or one whose host
	// begins with "*." (every name below it, not the name itself), or is "*"
	// (every name). Scheme and port always have to match.
	Pattern string `json:"pattern"`
	// Block refuses what a less particular rule would allow.
	Block bool `json:"block,omitempty"`
	// Private lets the one name of Pattern resolve to a private or loopback
	// address.
	Private bool `json:"private"`
	// Only limits what the origins may be opened for; "" is for everything.
	Only Use `json:"only,omitempty"`
	// BlockPaths are paths that are refused, each with all below it. "*" stands
	// for one segment.
	BlockPaths []string `json:"block_paths,omitempty"`
	// Redirect is the address that a tab is led to when the rule refuses a
	// page, "" for our page that says so.
	Redirect string `json:"redirect,omitempty"`
	// CA holds PEM certificates of authorities that are trusted for these
	// origins beside the system's.
	CA string `json:"ca,omitempty"`
}

// Use is what a request is for.
type Use string

const (
	Page     Use = "page"     // what a tab shows
	Resource Use = "resource" // what pages load, frames too
)

// check brings a rule to its one spelling, or refuses it.
func (r *Rule) check() (err error) {
	if r.Pattern, err = canonicalOrigin(r.Pattern, true); err != nil {
		return err
	}
	if r.Private && strings.Contains(r.Pattern, "*") {
		return errors.New("a private rule must name one host, not a pattern")
	}
	if r.Only != "" && r.Only != Page && r.Only != Resource {
		return fmt.Errorf("%q is neither %q nor %q", r.Only, Page, Resource)
	}
	if r.Block && (r.Private || r.Only != "" || r.CA != "" || len(r.BlockPaths) > 0) {
		return errors.New("a rule that blocks an origin can only say where its pages lead")
	}
	for _, path := range r.BlockPaths {
		if !strings.HasPrefix(path, "/") || len(path) > 1000 {
			return fmt.Errorf("%q is not a path, which begins with a slash", path)
		}
	}
	if r.Redirect != "" {
		if err := checkAddress(r.Redirect); err != nil {
			return fmt.Errorf("%q is not an http or https URL", r.Redirect)
		}
	}
	if r.CA != "" {
		return checkAuthorities(r.CA, r.Pattern)
	}
	return nil
}

// checkAuthorities refuses what is no list of authorities' certificates.
func checkAuthorities(text, pattern string) error {
	if !strings.HasPrefix(pattern, "https:") {
		return errors.New("only https has certificates")
	}
	rest, count := []byte(text), 0
	for block := (*pem.Block)(nil); ; count++ {
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return errors.New("the PEM file holds something else than certificates")
		}
		if !certificate.IsCA {
			return fmt.Errorf("the certificate of %q is not an authority's", certificate.Subject)
		}
	}
	if count == 0 {
		return errors.New("there is no certificate in the PEM file")
	}
	return nil
}

// Origins is the list of rules that say which sites may be opened. Nothing is
// allowed at first. It is safe for concurrent use, and follows changes that
// others make in the store.
type Origins struct {
	bucket *state.Bucket
	audit  *audit.Log
	log    *slog.Logger

	mu      sync.RWMutex
	rules   map[string]Rule // by pattern
	changed func()
}

// openOrigins reads the list and returns a function that follows it.
func openOrigins(ctx context.Context, store *state.Store, acts *audit.Log, log *slog.Logger) (*Origins, func(context.Context), error) {
	bucket, err := store.Bucket(ctx, "origins")
	if err != nil {
		return nil, nil, err
	}
	o := &Origins{bucket: bucket, audit: acts, log: log, rules: map[string]Rule{}, changed: func() {}}
	all, err := bucket.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	for key, value := range all {
		o.stored(state.Change{Key: key, Value: value})
	}
	follow := func(ctx context.Context) {
		err := bucket.Watch(ctx, o.stored, func() {})
		if err != nil {
			log.Error("following the list of origins", "error", err)
		}
	}
	return o, follow, nil
}

// OnChange has fn called after each change of the list. fn must not wait.
func (o *Origins) OnChange(fn func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changed = fn
}

// stored takes over what is in the store; what is no valid rule leaves the one
// before in force.
func (o *Origins) stored(c state.Change) {
	pattern, err := base64.RawURLEncoding.DecodeString(c.Key)
	if err != nil {
		o.log.Error("reading an origin rule", "error", err)
		return
	}
	if c.Value == nil {
		o.set(string(pattern), nil)
		return
	}
	var rule Rule
	if err = json.Unmarshal(c.Value, &rule); err == nil {
		err = rule.check()
	}
	if err != nil || rule.Pattern != string(pattern) {
		o.log.Error("reading an origin rule", "error", err)
		return
	}
	o.set(rule.Pattern, &rule)
}

// set puts a rule in force, or with nil takes it away. It reports whether there
// was one.
func (o *Origins) set(pattern string, rule *Rule) (found bool) {
	o.mu.Lock()
	before, found := o.rules[pattern]
	if rule == nil {
		delete(o.rules, pattern)
	} else {
		o.rules[pattern] = *rule
	}
	same := found && rule != nil && reflect.DeepEqual(before, *rule) || !found && rule == nil
	changed := o.changed
	o.mu.Unlock()
	if !same {
		changed()
	}
	return found
}

func ruleKey(pattern string) string { return base64.RawURLEncoding.EncodeToString([]byte(pattern)) }

// Allow adds a rule without further conditions: see [Origins.Put].
func (o *Origins) Allow(ctx context.Context, pattern string, private bool) error {
	return o.Put(ctx, Rule{Pattern: pattern, Private: private})
}

// Put adds a rule, or replaces the one with its pattern. A rule that is not
// valid is refused, and nothing changes. The rule is in force and on disk when
// Put returns nil.
func (o *Origins) Put(ctx context.Context, rule Rule) error {
	if err := rule.check(); err != nil {
		return err
	}
	value, err := json.Marshal(rule)
	if err != nil {
		return err
	}
	entry := audit.Entry{Act: "origins.allow", What: rule.String()}
	if rule.Block {
		entry.Act = "origins.block"
	}
	if err := o.audit.Do(ctx, entry, func() error { return o.bucket.Put(ctx, ruleKey(rule.Pattern), value) }); err != nil {
		return err
	}
	o.set(rule.Pattern, &rule)
	return nil
}

// String is the rule in one line.
func (r Rule) String() string {
	words := []string{r.Pattern}
	if r.Private {
		words = append(words, "private")
	}
	if r.Only != "" {
		words = append(words, "only "+string(r.Only)+"s")
	}
	if len(r.BlockPaths) > 0 {
		words = append(words, "but "+strings.Join(r.BlockPaths, " "))
	}
	if r.Redirect != "" {
		words = append(words, "else "+r.Redirect)
	}
	if r.CA != "" {
		words = append(words, "own authority")
	}
	return strings.Join(words, ", ")
}

// Remove takes a rule away; it fails with [ErrNotFound] when there is none.
func (o *Origins) Remove(ctx context.Context, pattern string) error {
	pattern, err := canonicalOrigin(pattern, true)
	if err != nil {
		return err
	}
	if !o.set(pattern, nil) { // in force at once, whatever the store says
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

// Allowed returns the most particular rule for an origin or the origin of a
// URL, and whether it allows anything there; ws and wss count as http and https.
func (o *Origins) Allowed(origin string) (Rule, bool) {
	origin, err := canonicalOrigin(origin, false)
	if err != nil {
		return Rule{}, false
	}
	rule, ok := o.match(origin)
	return rule, ok && !rule.Block
}

// match returns the most particular rule for a canonical origin.
func (o *Origins) match(origin string) (Rule, bool) {
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

// Verdict is what the list says of one URL.
type Verdict struct {
	Rule     Rule   // the one that decides; zero when none fits
	Refusal  string // why the URL may not be opened, for people; "" when it may
	Redirect string // where a tab goes instead, "" when nowhere
}

// Decide says whether a URL may be opened for a use.
func (o *Origins) Decide(address string, use Use) Verdict {
	v := o.decide(address, use)
	if v.Refusal != "" && use == Page && v.Rule.Redirect != "" && o.decide(v.Rule.Redirect, Page).Refusal == "" {
		v.Redirect = v.Rule.Redirect
	}
	return v
}

func (o *Origins) decide(address string, use Use) (v Verdict) {
	origin, err := canonicalOrigin(address, false)
	if err != nil {
		return Verdict{Refusal: "This is not a web address."}
	}
	rule, ok := o.match(origin)
	v.Rule = rule
	switch {
	case !ok:
		v.Refusal = "No rule allows it."
	case rule.Block:
		v.Refusal = "The rule blocks it."
	case rule.Only == Page && use == Resource:
		v.Refusal = "It may be opened as a page only."
	case rule.Only == Resource && use == Page:
		v.Refusal = "It may not be opened as a page, only be loaded by others."
	case len(rule.BlockPaths) > 0:
		if u, err := url.Parse(strings.TrimSpace(address)); err != nil || rule.blocks(u.EscapedPath()) {
			v.Refusal = "Its path is blocked."
		}
	}
	return v
}

// blocks reports whether an escaped path is one that the rule refuses, or below
// one. Sites differ in how they read a path, so every reading counts.
func (r Rule) blocks(escaped string) bool {
	asItIs, cleaned := readings(escaped)
	return slices.ContainsFunc(r.BlockPaths, func(blocked string) bool {
		_, block := readings(blocked)
		return isBelow(asItIs, block) || isBelow(cleaned, block)
	})
}

// readings returns the segments of a path, unescaped as often as it can be, in
// lower case and without parameters: with its dots as they are, and resolved.
func readings(escaped string) (asItIs, cleaned []string) {
	text := escaped
	for range 4 {
		next, err := url.PathUnescape(text)
		if err != nil || next == text {
			break
		}
		text = next
	}
	text = strings.ToLower(strings.ReplaceAll(text, `\`, "/"))
	for segment := range strings.SplitSeq(text, "/") {
		segment, _, _ = strings.Cut(segment, ";")
		switch segment {
		case "", ".":
			continue
		case "..":
			cleaned = cleaned[:max(0, len(cleaned)-1)]
		default:
			cleaned = append(cleaned, segment)
		}
		asItIs = append(asItIs, segment)
	}
	return asItIs, cleaned
}

// isBelow reports whether a path begins with the segments of another.
func isBelow(path, top []string) bool {
	if len(path) < len(top) {
		return false
	}
	for i, segment := range top {
		if segment != "*" && segment != path[i] {
			return false
		}
	}
	return true
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
