package session

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"tandem/session/audit"
	"tandem/session/state"
)

// Treatment is what a page rule does with the elements it selects.
type Treatment string

const (
	Mask    Treatment = "mask"    // text, values and pictures stay in the visitor's browser
	Block   Treatment = "block"   // followers get a grey box instead of the element
	Private Treatment = "private" // all is masked but what is allowed
	Allow   Treatment = "allow"   // shown although the pages are private
	Protect Treatment = "protect" // shown, but followers cannot use it
)

// PageRule says how elements of some pages are treated.
type PageRule struct {
	Treatment Treatment `json:"treatment"`
	Pages     Pages     `json:"pages"`
	Selector  string    `json:"selector,omitempty"` // in CSS; none for Private
	// AgentMayType lets followers fill in masked fields that they cannot read.
	AgentMayType bool `json:"agent_may_type,omitempty"`
}

const maxPageRules = 300

// check brings a rule to its one spelling.
func (r PageRule) check() (PageRule, error) {
	pages, err := parsePages(string(r.Pages))
	if err != nil {
		return r, err
	}
	r.Pages = pages
	switch r.Treatment {
	case Private:
		if r.Selector != "" {
			return r, errors.New("pages are private as a whole, without a selector")
		}
	case Mask, Block, Allow, Protect:
		if err := checkSelector(r.Selector); err != nil {
			return r, fmt.Errorf("the selector %q cannot be used: %w", r.Selector, err)
		}
	default:
		return r, fmt.Errorf("there is no treatment %q", r.Treatment)
	}
	if r.AgentMayType && r.Treatment != Mask && r.Treatment != Private {
		return r, errors.New("only what is masked can be typed in unseen")
	}
	return r, nil
}

// String is the rule in words, as the audit log has it.
func (r PageRule) String() string {
	text := string(r.Treatment) + " " + string(r.Pages)
	if r.Selector != "" {
		text += " " + r.Selector
	}
	if r.AgentMayType {
		text += " (agents may type)"
	}
	return text
}

// key is the same for rules that differ only in AgentMayType.
func (r PageRule) key() string {
	sum := sha256.Sum256([]byte(string(r.Treatment) + "\n" + string(r.Pages) + "\n" + r.Selector))
	return hex.EncodeToString(sum[:])
}

// PageRules is the list of rules that pages are treated by. It is safe for
// concurrent use, and follows changes that others make in the store.
type PageRules struct {
	bucket *state.Bucket
	audit  *audit.Log
	// changed is called after each change, without locks.
	changed func()

	mu    sync.RWMutex
	rules map[string]PageRule // by key
}

// openPageRules reads the list and returns a function that follows it. A rule
// that cannot be read is an error: without it something would be shown.
func openPageRules(ctx context.Context, store *state.Store, acts *audit.Log, log *slog.Logger, changed func()) (*PageRules, func(context.Context), error) {
	bucket, err := store.Bucket(ctx, "pagerules")
	if err != nil {
		return nil, nil, err
	}
	p := &PageRules{bucket: bucket, audit: acts, changed: changed, rules: map[string]PageRule{}}
	all, err := bucket.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	for key, value := range all {
		if err := p.take(state.Change{Key: key, Value: value}); err != nil {
			return nil, nil, err
		}
	}
	follow := func(ctx context.Context) {
		err := bucket.Watch(ctx, func(c state.Change) {
			if err := p.take(c); err != nil {
				log.Error("following the rules for pages", "error", err)
			}
			changed()
		}, func() {})
		if err != nil {
			log.Error("following the rules for pages", "error", err)
		}
	}
	return p, follow, nil
}

func (p *PageRules) take(c state.Change) error {
	var rule PageRule
	if c.Value != nil {
		if err := json.Unmarshal(c.Value, &rule); err != nil || rule.key() != c.Key {
			return fmt.Errorf("reading the rule for pages %s: %w", c.Key, cmp.Or(err, errors.New("it has another key")))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Value == nil {
		delete(p.rules, c.Key)
	} else {
		p.rules[c.Key] = rule
	}
	return nil
}

// Add adds a rule, or changes its AgentMayType. It is in force and on disk
// when Add returns nil.
func (p *PageRules) Add(ctx context.Context, rule PageRule) error {
	rule, err := rule.check()
	if err != nil {
		return err
	}
	value, err := json.Marshal(rule)
	if err != nil {
		return err
	}
	p.mu.RLock()
	_, known := p.rules[rule.key()]
	full := len(p.rules) >= maxPageRules
	p.mu.RUnlock()
	if full && !known {
		return fmt.Errorf("there are %d rules for pages, and no room for more", maxPageRules)
	}
	entry := audit.Entry{Act: "rules.add", What: rule.String()}
	if err := p.audit.Do(ctx, entry, func() error { return p.bucket.Put(ctx, rule.key(), value) }); err != nil {
		return err
	}
	p.mu.Lock()
	p.rules[rule.key()] = rule
	p.mu.Unlock()
	p.changed()
	return nil
}

// Remove takes a rule away; it fails with [ErrNotFound] when there is none.
func (p *PageRules) Remove(ctx context.Context, rule PageRule) error {
	rule.AgentMayType = false
	rule, err := rule.check()
	if err != nil {
		return err
	}
	p.mu.RLock()
	_, found := p.rules[rule.key()]
	p.mu.RUnlock()
	if !found {
		return fmt.Errorf("rule for %s: %w", rule.Pages, ErrNotFound)
	}
	// Off the disk first: until then it is in force.
	entry := audit.Entry{Act: "rules.remove", What: rule.String()}
	if err := p.audit.Do(ctx, entry, func() error { return p.bucket.Delete(ctx, rule.key()) }); err != nil {
		return err
	}
	p.mu.Lock()
	delete(p.rules, rule.key())
	p.mu.Unlock()
	p.changed()
	return nil
}

// List returns the rules, those for the same pages together.
func (p *PageRules) List() []PageRule {
	p.mu.RLock()
	defer p.mu.RUnlock()
	list := make([]PageRule, 0, len(p.rules))
	for _, r := range p.rules {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b PageRule) int {
		return cmp.Or(cmp.Compare(a.Pages, b.Pages), cmp.Compare(a.Treatment, b.Treatment), cmp.Compare(a.Selector, b.Selector))
	})
	return list
}

// Treatments returns what is done on the pages of a site, each once, in order.
func (p *PageRules) Treatments(address string) []Treatment {
	found := []Treatment{}
	for _, r := range p.List() {
		if r.Pages.MatchSite(address) {
			found = append(found, r.Treatment)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// For returns the rules for a page.
func (p *PageRules) For(address string) []PageRule {
	return slices.DeleteFunc(p.List(), func(r PageRule) bool { return !r.Pages.Match(address) })
}
