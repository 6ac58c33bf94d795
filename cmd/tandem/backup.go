package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"tandem/session"
	"tandem/session/state"
)

func newBackup(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Save the lists and the audit log in a file",
		Long: `Backup saves what administrators told the server, all of one moment, and the audit
log, while the server goes on. Sessions are left out, so that what ended and was
erased does not come back, and so are keys of certificates. FILE must not exist;
"-" is the standard output.`,
		Example: `  tandem backup tandem-$(date +%F).json
  tandem backup - | gzip > backup.json.gz`,
		Args: one("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				b, err := a.Backup(cmd.Context())
				if err != nil {
					return err
				}
				if args[0] == "-" {
					return json.NewEncoder(cmd.OutOrStdout()).Encode(b)
				}
				return saveBackup(args[0], b)
			})
		},
	}
}

func saveBackup(file string, b session.Backup) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return hinted{fmt.Errorf("%s is there already", file), "a backup replaces no file: choose another name"}
	}
	if err != nil {
		return fmt.Errorf("saving the backup: %w", err)
	}
	if err := errors.Join(json.NewEncoder(f).Encode(b), f.Sync(), f.Close()); err != nil {
		os.Remove(file)
		return fmt.Errorf("saving the backup: %w", err)
	}
	return nil
}

func newRestore(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Make a data directory from a backup",
		Long: `Restore makes the state that a backup holds that of the data directory, which has to
be new or empty. The audit log goes on where the backup's ends.`,
		Example: `  tandem --data /var/lib/tandem restore tandem-2026-11-27.json
  gunzip -c backup.json.gz | tandem --data new restore -`,
		Args: one("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := cmd.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			return restoreFrom(cmd, in, *data)
		},
	}
}

func restoreFrom(cmd *cobra.Command, in io.Reader, data string) error {
	var b session.Backup
	if err := json.NewDecoder(in).Decode(&b); err != nil {
		return hinted{fmt.Errorf("%w: %w", session.ErrBackup, err), `it is the file that "tandem backup" wrote`}
	}
	err := session.Restore(cmd.Context(), data, b, slog.New(slog.DiscardHandler))
	switch {
	case errors.Is(err, session.ErrNotEmpty):
		return hinted{fmt.Errorf("%s: %w", data, err), "name a new directory with --data"}
	case errors.Is(err, session.ErrBackup):
		return hinted{err, "nothing was restored; look for another copy"}
	case errors.Is(err, state.ErrLocked):
		return hinted{err, "a server uses this data directory; name a new one with --data"}
	}
	return err
}
