package shop

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
)

type nonceKey struct{}

// nonce is the request's Content-Security-Policy nonce.
func nonce(r *http.Request) string { n, _ := r.Context().Value(nonceKey{}).(string); return n }

// guarded adds the security headers of a careful site and refuses forms sent
// by another one.
func guarded(own, policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if origin := r.Header.Get("Origin"); origin != "" && origin != own || r.Header.Get("Sec-Fetch-Site") == "cross-site" {
				http.Error(w, "This form was sent by another site.", http.StatusForbidden)
				return
			}
		}
		n := newID()
		h := w.Header()
		h.Set("Content-Security-Policy", strings.ReplaceAll(policy, "NONCE", "'nonce-"+n+"'"))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), nonceKey{}, n)))
	})
}

// compressed gzips text for those who accept it.
func compressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") || r.Header.Get("Range") != "" || r.Header.Get("Upgrade") != "" {
			next.ServeHTTP(w, r)
			return
		}
		z := &gzipWriter{ResponseWriter: w}
		defer z.close()
		next.ServeHTTP(z, r)
	})
}

// gzipWriter decides at the first header or byte whether to compress.
type gzipWriter struct {
	http.ResponseWriter
	decided bool
	gz      *gzip.Writer // nil: not compressing
}

func (z *gzipWriter) WriteHeader(status int) {
	if !z.decided {
		z.decided = true
		h := z.Header()
		kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
		text := strings.HasPrefix(kind, "text/") && kind != "text/event-stream" || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "svg+xml")
		if text && (status == http.StatusOK || status >= 400) {
			h.Set("Content-Encoding", "gzip")
			h.Del("Content-Length")
			z.gz = gzip.NewWriter(z.ResponseWriter)
		}
	}
	z.ResponseWriter.WriteHeader(status)
}

func (z *gzipWriter) Write(b []byte) (int, error) {
	if !z.decided {
		z.WriteHeader(http.StatusOK)
	}
	if z.gz != nil {
		return z.gz.Write(b)
	}
	return z.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController flush event streams.
func (z *gzipWriter) Unwrap() http.ResponseWriter { return z.ResponseWriter }

func (z *gzipWriter) close() {
	if z.gz != nil {
		z.gz.Close()
	}
}

// tagged answers 304 when the client already has these bytes, else sends them.
func tagged(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(body))[:20] + `"`
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Write(body)
}
