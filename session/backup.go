package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tandem/session/audit"
	"tandem/session/state"
)

// Backup is what a server was told by its administrators, and its audit log.
// Sessions are not in it: one that ended must not come back from a copy, and
// those that go on end within hours.
type Backup struct {
	Format  int                          `json:"format"`
	Made    time.Time                    `json:"made"`
	Audit   []byte                       `json:"audit"`   // as it is on disk
	Buckets map[string]map[string][]byte `json:"buckets"` // values by bucket and key
}

// backupFormat is the one that this program writes and reads.
const backupFormat = 1

var (
	// ErrNotEmpty is returned when a backup would be mixed with other state.
	ErrNotEmpty = errors.New("the directory has state in it")
	// ErrBackup is wrapped when something is no backup of ours.
	ErrBackup = errors.New("not a backup that can be restored")
)

// Backup returns the state as it is at one moment.
func (h *Hub) Backup(ctx context.Context) (b Backup, err error) {
	b.Format, b.Made = backupFormat, h.now().UTC()
	// The log comes second: what it tells beyond the buckets was done later.
	if b.Buckets, err = h.store.Dump(ctx, "sessions", "contents"); err != nil {
		return b, err
	}
	if err := h.audit.Add(ctx, audit.Entry{Act: "backup.make"}); err != nil {
		return b, err
	}
	b.Audit, err = h.audit.Contents()
	return b, err
}

// Restore makes the state of a backup that of dir, which must have none.
func Restore(ctx context.Context, dir string, b Backup, log *slog.Logger) (err error) {
	if b.Format != backupFormat {
		return fmt.Errorf("%w: it has format %d, want %d", ErrBackup, b.Format, backupFormat)
	}
	if _, err := audit.Verify(bytes.NewReader(b.Audit), audit.Head{}); err != nil {
		return fmt.Errorf("%w: its audit log: %w", ErrBackup, err)
	}
	store, err := state.Open(ctx, dir, log)
	if err != nil {
		return err
	}
	defer store.Close()
	there, err := store.Dump(ctx)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, audit.FileName)
	if _, err := os.Stat(file); err == nil || len(there) > 0 {
		return ErrNotEmpty
	}
	if err := os.WriteFile(file, b.Audit, 0o600); err != nil {
		return fmt.Errorf("restoring the audit log: %w", err)
	}
	acts, err := audit.Open(dir, audit.Limits{}, time.Now, log)
	if err != nil {
		return err
	}
	defer acts.Close()
	entry := audit.Entry{Act: "backup.restore", What: "of " + b.Made.Format(time.RFC3339)}
	return acts.Do(ctx, entry, func() error { return store.Fill(ctx, b.Buckets) })
}
