package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tandem/session/audit"
)

// Who follows the log sees each entry once, whatever files it is in.
func TestTheAuditLogIsFollowedOverItsFiles(t *testing.T) {
	dir := t.TempDir()
	log, err := audit.Open(dir, audit.Limits{Size: 1}, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var out bytes.Buffer
	p := &entryPrinter{data: dir, out: &out, json: true}
	defer p.close()
	for _, count := range []int{1, 0, 3, 1} {
		for range count {
			if err := log.Add(t.Context(), audit.Entry{Act: "server.start"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.printNew(0); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, fmt.Sprintf(`{"n":%d,`, i+1)) {
			t.Errorf("line %d is %s", i+1, line)
		}
	}
	if len(lines) != 9 { // each but the first is the second of its file
		t.Errorf("%d lines", len(lines))
	}
}
