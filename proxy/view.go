package proxy

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tandem/rewrite"
	"tandem/session"
	"tandem/session/assets"
	"tandem/static"
)

const (
	assetPrefix = "/.tandem/a/"
	// The mirror is often ahead of the leader's own request for an image.
	assetGrace    = 1500 * time.Millisecond // nothing is on its way
	assetPatience = 8 * time.Second         // something is
	assetPoll     = 30 * time.Millisecond
)

// serveView answers for a follower's renderer: two pages of ours that are the
// same for everybody, and what the store holds.
func (p *Proxy) serveView(w http.ResponseWriter, r *http.Request, host rewrite.Host) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	switch path := r.URL.Path; {
	case path == "/":
		static.Page(w, r, "view", p.pageData(host.Session))
	case path == "/.tandem/mirror":
		data := p.pageData(host.Session)
		data.Quirks = r.URL.Query().Get("mode") == "quirks"
		static.Page(w, r, "mirror", data)
	case strings.HasPrefix(path, static.Prefix):
		p.static.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.EscapedPath(), assetPrefix):
		p.serveAsset(w, r, host)
	default:
		notFound(w, r)
	}
}

// serveAsset serves /.tandem/a/<key>/<scheme>/<authority>/<path>, so that
// relative URLs in style sheets lead to assets as well. It never asks a site.
func (p *Proxy) serveAsset(w http.ResponseWriter, r *http.Request, host rewrite.Host) {
	key, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), assetPrefix), "/")
	s, ok := p.live(host.Session)
	if !ok || !s.AssetKey(key) {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	var asset assets.Asset
	if id, isBlob := strings.CutPrefix(rest, "blob/"); isBlob {
		asset, ok = s.Assets().Blob(id)
	} else if u, err := assetURL(rest, r.URL); err == nil {
		asset, ok = p.awaitAsset(r, s, u)
	} else {
		ok = false
	}
	if !ok || !isPassive(asset.ContentType) {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	p.writeAsset(w, r, s, key, asset)
}

// assetURL turns "https/host/path" back into the site's URL.
func assetURL(rest string, r *url.URL) (*url.URL, error) {
	scheme, rest, _ := strings.Cut(rest, "/")
	authority, path, _ := strings.Cut(rest, "/")
	authority, err := url.PathUnescape(authority)
	if err != nil || scheme != "http" && scheme != "https" {
		return nil, url.InvalidHostError(authority)
	}
	o, err := rewrite.ParseOrigin(scheme + "://" + authority)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(o.String() + "/" + path)
	if err != nil {
		return nil, err
	}
	u.RawQuery, u.ForceQuery = r.RawQuery, r.ForceQuery
	return u, nil
}

// awaitAsset gives what is on its way to the leader a little time.
func (p *Proxy) awaitAsset(r *http.Request, s *session.Session, u *url.URL) (assets.Asset, bool) {
	store, m, key := s.Assets(), p.memories.of(s), pageURL(u)
	started := time.Now()
	poll := time.NewTicker(assetPoll)
	defer poll.Stop()
	for {
		if a, ok := store.Get(key); ok {
			return a, true
		}
		waited := time.Since(started)
		if waited > assetPatience || waited > assetGrace && m.fetching.Load() == 0 {
			return assets.Asset{}, false
		}
		select {
		case <-r.Context().Done():
			return assets.Asset{}, false
		case <-m.ctx.Done():
			return assets.Asset{}, false
		case <-poll.C:
		}
	}
}

// isPassive reports whether a type can do nothing by itself. SVG can, but not
// under the policy it gets.
func isPassive(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch family, _, _ := strings.Cut(media, "/"); family {
	case "image", "font", "audio", "video":
		return true
	}
	return media == "text/css" || media == "application/ogg" || media == "application/vnd.ms-fontobject" ||
		strings.HasPrefix(media, "application/font-") || strings.HasPrefix(media, "application/x-font-")
}

func (p *Proxy) writeAsset(w http.ResponseWriter, r *http.Request, s *session.Session, key string, a assets.Asset) {
	h := w.Header()
	h.Set("Content-Type", a.ContentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", a.ETag)
	content := a.Body
	if strings.HasPrefix(a.ContentType, "text/css") {
		content = p.assetSheet(s, key, a)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// assetSheet leads the URLs of a style sheet to the store, and allows them.
func (p *Proxy) assetSheet(s *session.Session, key string, a assets.Asset) []byte {
	base, err := url.Parse(a.URL)
	if err != nil {
		return nil
	}
	out := make([]byte, 0, len(a.Body)+len(a.Body)/8)
	return rewrite.CSS(out, a.Body, func(dst, ref []byte) []byte {
		u, err := base.Parse(strings.TrimSpace(string(ref)))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || len(ref) > 0 && ref[0] == '#' {
			return append(dst, ref...) // data: and fragments; the policy stops all others
		}
		o, err := rewrite.ParseOrigin(u.String())
		if err != nil {
			return append(dst, ref...)
		}
		u.Scheme, u.Host = o.Scheme, o.Host
		s.Assets().Refer(pageURL(u))
		return append(dst, assetPath(key, u)...)
	})
}

// assetPath is where a follower finds the asset of u.
func assetPath(key string, u *url.URL) string {
	p := assetPrefix + key + "/" + u.Scheme + "/" + u.Host + "/" + strings.TrimPrefix(u.EscapedPath(), "/")
	if u.RawQuery != "" || u.ForceQuery {
		p += "?" + u.RawQuery
	}
	if u.Fragment != "" {
		p += "#" + u.EscapedFragment()
	}
	return p
}
