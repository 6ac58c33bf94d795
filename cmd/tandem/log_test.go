package main

import (
	"bytes"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
)

// S52: what should not have been logged loses what is secret about it on the way.
func TestS52TheLogIsRedactedInOnePlace(t *testing.T) {
	const secret = "q7Rk2mVd0Xw9_bN-4sTzLA"
	address := &url.URL{Scheme: "https", User: url.UserPassword("ida", "CANARY"), Host: "shop.example", Path: "/CANARY", RawQuery: "CANARY"}
	for _, flags := range []logFlags{{}, {json: true}, {debug: true}} {
		var out bytes.Buffer
		log := flags.logger(&out, slog.LevelInfo)
		log.Info("serving", "text", "see https://shop.example:8443/CANARY?CANARY#CANARY and wss://ida:CANARY@shop.example", "session", "abcdefgh2345", "count", 7)
		log.With("link", "https://tandem.example/j/abcdefgh2345#"+secret).WithGroup("g").Warn("failed", "error", errors.New("cookie "+secret+": bad"), "address", address, "token", secret)
		text := out.String()
		if strings.Contains(text, "CANARY") || strings.Contains(text, secret) {
			t.Errorf("%+v: %s", flags, text)
		}
		for _, kept := range []string{"https://shop.example:8443/…", "abcdefgh2345", "7", "serving", "cookie …: bad", "https://tandem.example/…", "WARN"} {
			if !strings.Contains(text, kept) {
				t.Errorf("%+v: %q is gone from %s", flags, kept, text)
			}
		}
	}
}
