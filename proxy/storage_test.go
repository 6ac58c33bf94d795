package proxy

import (
	"net/http"
	"strings"
	"testing"
)

// S33: what pages keep is handed in and taken by the shell, and by no site's page,
// whose requests bring the shell's cookie along.
func TestS33WhatPagesKeepIsForTheShell(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Type", "text/html") })
	w := newWorld(t, []string{origin})
	shell, site := w.content.Shell(w.id), w.site(origin)
	ask := func(client *http.Client, method, from string) int {
		t.Helper()
		r := w.request(method, shell+"/.tandem/storage", strings.NewReader("{}"))
		if from != "" {
			r.Header.Set("Origin", from)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for _, method := range []string{"PUT", "POST"} {
		for _, from := range []string{"", "null", site, w.control, strings.Replace(shell, "http:", "https:", 1)} {
			if got := ask(w.client, method, from); got < 400 {
				t.Errorf("%s from %q: %d", method, from, got)
			}
		}
		if got := ask(w.newClient(w.addr), method, shell); got < 400 {
			t.Errorf("%s by a stranger: %d", method, got)
		}
	}
	if put, take := ask(w.client, "PUT", shell), ask(w.client, "POST", shell); put != http.StatusConflict || take != http.StatusNoContent {
		t.Errorf("with nothing to move the shell gets %d and %d", put, take)
	}
}

// TestStoragePage reads and writes what a site keeps, in a frame of the shell only.
func TestStoragePage(t *testing.T) {
	origin := upstream(t, func(w http.ResponseWriter, r *http.Request) { t.Error("the site was asked for ", r.URL) })
	w := newWorld(t, []string{origin})
	page := w.site(origin) + "/.tandem/storage"
	if resp := w.do(w.request("GET", page, nil, "Sec-Fetch-Dest", "iframe")); resp.StatusCode != http.StatusTemporaryRedirect {
		t.Errorf("before the host has a cookie: %s", resp.Status)
	}
	resp := w.open(page)
	if policy := resp.Header.Get("Content-Security-Policy"); resp.StatusCode != http.StatusOK || !strings.Contains(policy, "frame-ancestors "+w.content.Shell(w.id)) {
		t.Errorf("%s with %q", resp.Status, policy)
	}
}
