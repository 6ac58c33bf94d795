package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tandem/session/audit"
)

func newAudit(data *string) *cobra.Command {
	return group(&cobra.Command{
		Use:   "audit",
		Short: "Read and check the log of who did what",
		Long: `The file ` + audit.FileName + ` in the data directory says who did what in which session, and
what administrators changed: no content, no addresses, no secrets. It is only
ever added to, and each entry is chained to the one before.

What gives somebody more than they had is recorded before it is done ("begun"),
and its result after; an entry that stays begun was interrupted.`,
		Example: `  tandem audit tail -f
  tandem audit verify`,
	}, newAuditTail(data), newAuditVerify(data))
}

func openAudit(data string) (*os.File, error) {
	f, err := os.Open(filepath.Join(data, audit.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hinted{fmt.Errorf("there is no audit log in %s", data), "name the server's data directory with --data"}
	}
	return f, err
}

func newAuditTail(data *string) *cobra.Command {
	var count int
	var follow, asJSON bool
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Print the newest entries",
		Example: `  tandem audit tail
  tandem audit tail -f
  tandem audit tail -n 0 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := openAudit(*data)
			if err != nil {
				return err
			}
			defer f.Close()
			p := &entryPrinter{out: cmd.OutOrStdout(), json: asJSON}
			if err := p.printLast(f, count); err != nil || !follow {
				return err
			}
			return p.follow(cmd.Context(), f)
		},
	}
	f := cmd.Flags()
	f.IntVarP(&count, "lines", "n", 20, "how many entries; 0 for all")
	f.BoolVarP(&follow, "follow", "f", false, "wait for new ones until you press Ctrl-C")
	f.BoolVar(&asJSON, "json", false, "print JSON, an object a line")
	return cmd
}

// entryPrinter prints entries in columns, or as JSON.
type entryPrinter struct {
	out  io.Writer
	json bool
	at   int64 // where in the file the next entry begins
}

func (p *entryPrinter) printLast(f *os.File, count int) error {
	list, err := p.read(f, count)
	if err != nil {
		return err
	}
	return p.print(list)
}

// read returns the entries since it was last called, the last count of them,
// or all for 0.
func (p *entryPrinter) read(f *os.File, count int) (list []audit.Entry, err error) {
	more := io.NewSectionReader(f, p.at, 1<<62)
	n, err := audit.Read(more, func(e audit.Entry) error {
		if list = append(list, e); count > 0 && len(list) > count {
			list = list[1:]
		}
		return nil
	})
	p.at += n
	if broken := new(audit.BrokenError); errors.As(err, &broken) {
		return list, hinted{err, `"tandem audit verify" names what is wrong with the log`}
	}
	return list, err
}

func (p *entryPrinter) print(list []audit.Entry) error {
	if p.json {
		e := json.NewEncoder(p.out)
		e.SetEscapeHTML(false)
		for _, entry := range list {
			if err := e.Encode(entry); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, e := range list {
		result := string(e.Result)
		if e.Of > 0 {
			result += " (" + strconv.FormatInt(e.Of, 10) + ")"
		}
		fmt.Fprintln(w, plain(strings.Join([]string{strconv.FormatInt(e.N, 10), e.Time.Local().Format(time.DateTime), e.Who, e.Act,
			orDash(e.Session), orDash(e.What), result}, "\t")))
	}
	return w.Flush()
}

// followEvery is how often the file is looked at.
const followEvery = 200 * time.Millisecond

func (p *entryPrinter) follow(ctx context.Context, f *os.File) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		list, err := p.read(f, 0)
		if err == nil {
			err = p.print(list)
		}
		if err != nil {
			return err
		}
	}
}

func newAuditVerify(data *string) *cobra.Command {
	var noted string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that no entry was changed, removed or moved",
		Long: `Verify reads the whole log and names the first entry that is not as it was
written. It prints number and chain of the newest entry. Keep them elsewhere, and
give them to --noted later: whoever can write the file could write it all anew,
or cut its end off, and only the note tells.`,
		Example: `  tandem audit verify
  tandem audit verify --noted 42:` + strings.Repeat("8f", 32),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			note, err := parseNote(noted)
			if err != nil {
				return err
			}
			f, err := openAudit(*data)
			if err != nil {
				return err
			}
			defer f.Close()
			head, err := audit.Verify(f, note)
			if err != nil {
				return coded{hinted{fmt.Errorf("the audit log is not as it was written: %w", err),
					"compare the file with a copy of it; what comes before that entry is as it was written"}, exitProblem}
			}
			if asJSON {
				return printJSON(cmd, head)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d entries, all as they were written. The newest: %d:%s\n", head.N, head.N, head.Chain)
			return nil
		},
	}
	cmd.Flags().StringVar(&noted, "noted", "", "number and chain of an entry, as verify printed them once")
	addJSON(cmd, &asJSON)
	return cmd
}

func parseNote(noted string) (head audit.Head, err error) {
	if noted == "" {
		return head, nil
	}
	number, chain, _ := strings.Cut(noted, ":")
	head.Chain = chain
	if head.N, err = strconv.ParseInt(number, 10, 64); err != nil || head.N < 1 || len(chain) != 64 {
		return head, hinted{fmt.Errorf("%q is not number and chain of an entry", noted), `it is what "tandem audit verify" prints at the end`}
	}
	return head, nil
}
