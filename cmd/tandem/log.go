package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// logFlags choose what is logged, and how.
type logFlags struct{ json, debug bool }

func (l *logFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&l.json, "log-json", false, "log JSON instead of text")
	cmd.Flags().BoolVar(&l.debug, "log-debug", false, "log details, too")
}

func (l *logFlags) logger(w io.Writer, level slog.Level) *slog.Logger {
	if l.debug {
		level = slog.LevelDebug
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	if l.json {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// redact is the last place that every line of the log passes. Nothing should
// log an address with its path, or a secret; errors of other packages may quote
// some all the same. Of addresses the origin stays.
func redact(_ []string, a slog.Attr) slog.Attr {
	if kind := a.Value.Kind(); kind != slog.KindString && kind != slog.KindAny {
		return a
	}
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(redactText(v))
	case error:
		a.Value = slog.StringValue(redactText(v.Error()))
	case fmt.Stringer:
		a.Value = slog.StringValue(redactText(v.String()))
	}
	return a
}

var (
	addresses = regexp.MustCompile(`(?i)\b(https?|wss?)://[^\s"'<>]+`)
	words     = regexp.MustCompile(`[A-Za-z0-9_-]+`)
)

func redactText(text string) string {
	text = addresses.ReplaceAllStringFunc(text, originOnly)
	return words.ReplaceAllStringFunc(text, func(word string) string {
		if isHandle(word) {
			return "…"
		}
		return word
	})
}

// isHandle reports whether a word looks like a secret of ours: 16 or 32 random
// bytes in base64 for URLs.
func isHandle(word string) bool {
	return (len(word) == 22 || len(word) == 43) && word != strings.ToLower(word) && word != strings.ToUpper(word)
}

func originOnly(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(an address)"
	}
	origin := u.Scheme + "://" + u.Host
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		origin += "/…"
	}
	return origin
}
