package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"

	"tandem/rewrite"
	"tandem/session"
)

// Preview is what followers would not see, or could not use, of a page.
type Preview struct {
	URL   string      `json:"url"`
	Rules []Treatment `json:"rules"`
}

// Treatment is a rule and what it is for in a page.
type Treatment struct {
	session.PageRule
	// By is "always", "the page" (its attributes), or "rule".
	By       string   `json:"by"`
	Count    int      `json:"count"`
	Elements []string `json:"elements,omitempty"` // the first of them, such as "input#card.wide"
	// Unknown says that only a browser can tell what it selects.
	Unknown bool `json:"unknown,omitempty"`
}

const (
	previewBytes    = 1 << 20
	previewElements = 20
)

// standing are the rules that hold on every page (twins: static/src/record/mask.ts).
var standing = []Treatment{
	{By: "always", PageRule: session.PageRule{Treatment: session.Mask, Pages: "*", Selector: `input[type="password" i]`}},
	{By: "always", PageRule: session.PageRule{Treatment: session.Mask, Pages: "*", Selector: `[autocomplete*="cc-" i], [autocomplete~="one-time-code" i], [autocomplete*="-password" i]`}},
	{By: "the page", PageRule: session.PageRule{Treatment: session.Mask, Pages: "*", Selector: "[data-tandem-mask]"}},
	{By: "the page", PageRule: session.PageRule{Treatment: session.Block, Pages: "*", Selector: "[data-tandem-block]"}},
	{By: "the page", PageRule: session.PageRule{Treatment: session.Allow, Pages: "*", Selector: "[data-tandem-allow]"}},
	{By: "the page", PageRule: session.PageRule{Treatment: session.Protect, Pages: "*", Selector: "[data-tandem-protect]"}},
}

// Preview fetches a page once, as a session would but without cookies, and
// tells what the rules select in its HTML. What scripts add is not known.
func (p *Proxy) Preview(ctx context.Context, address string) (Preview, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	origin, err := rewrite.ParseOrigin(address)
	u, parseErr := url.Parse(address)
	if err != nil || parseErr != nil || u.Scheme != "http" && u.Scheme != "https" {
		return Preview{}, fmt.Errorf("%q is not a web address", address)
	}
	u.Host, u.Fragment = origin.Host, ""
	if _, ok := p.hub.Origins().Allowed(origin.String()); !ok {
		return Preview{}, fmt.Errorf("%w: %s", session.ErrOriginNotAllowed, origin)
	}
	root, err := p.fetchPage(ctx, u)
	if err != nil {
		return Preview{}, err
	}
	all := append([]Treatment{}, standing...)
	for _, rule := range p.hub.PageRules().For(u.String()) {
		all = append(all, Treatment{PageRule: rule, By: "rule"})
	}
	for i := range all {
		all[i].find(root)
	}
	return Preview{u.String(), all}, nil
}

// fetchPage reads a page's HTML. Only an operator asks for it, and the reader
// stops early: elsewhere nothing of a site's is made a tree.
func (p *Proxy) fetchPage(ctx context.Context, u *url.URL) (*html.Node, error) {
	req, err := checkRequest(ctx, u)
	if err != nil {
		return nil, err
	}
	resp, err := p.engine.transport.RoundTrip(req)
	if err != nil {
		problem := problemOf(err, rewrite.Origin{Scheme: u.Scheme, Host: u.Host})
		title, _ := problem.English()
		return nil, errors.New(title)
	}
	defer resp.Body.Close()
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
		return nil, fmt.Errorf("the page redirects to %s; try that one", to)
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if documentKind(media) != page {
		return nil, fmt.Errorf("the answer, %d %s, is not a page", resp.StatusCode, media)
	}
	body, err := decode(resp.Body, resp.Header["Content-Encoding"], previewBytes)
	if err != nil {
		return nil, err
	}
	root, err := html.Parse(io.LimitReader(body, previewBytes))
	if err != nil {
		return nil, fmt.Errorf("reading the page: %w", err)
	}
	return root, nil
}

func checkRequest(ctx context.Context, u *url.URL) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	req.Header.Set("Accept-Encoding", "gzip, br, zstd")
	req.Header.Set("User-Agent", "Mozilla/5.0 (compatible; tandem test)")
	return req, nil
}

func (t *Treatment) find(root *html.Node) {
	if t.Treatment == session.Private {
		return // it is for the page as a whole
	}
	group, err := cascadia.ParseGroup(t.Selector)
	if err != nil {
		t.Unknown = true
		return
	}
	found := cascadia.QueryAll(root, group)
	t.Count = len(found)
	for _, n := range found[:min(len(found), previewElements)] {
		t.Elements = append(t.Elements, describe(n))
	}
}

// describe names an element without what it shows.
func describe(n *html.Node) string {
	var id, classes, name string
	for _, a := range n.Attr {
		switch a.Key {
		case "id":
			id = "#" + a.Val
		case "class":
			for class := range strings.FieldsSeq(a.Val) {
				classes += "." + class
			}
		case "name":
			name = "[name=" + a.Val + "]"
		}
	}
	text := n.Data + id + classes + name
	return strings.Map(func(r rune) rune { // a site's words must not steer a terminal
		if !unicode.IsGraphic(r) || r == utf8.RuneError {
			return '?'
		}
		return r
	}, text[:min(len(text), 100)])
}
