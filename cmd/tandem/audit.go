package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
what administrators changed: no content, no secrets, and no addresses but those
of clients that were refused. It is only ever added to, and each entry is chained
to the one before. Older entries are in files beside it, to which the chain goes
on; they are kept as "tandem serve --audit-keep" says.

What gives somebody more than they had is recorded before it is done ("begun"),
and its result after; an entry that stays begun was interrupted.`,
		Example: `  tandem audit tail -f
  tandem audit verify`,
	}, newAuditTail(data), newAuditVerify(data))
}

func openAudit(data string, after int64) (*audit.Reader, error) {
	r, err := audit.OpenReader(data, after)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hinted{fmt.Errorf("there is no audit log in %s", data), "name the server's data directory with --data"}
	}
	return r, err
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
			p := &entryPrinter{data: *data, out: cmd.OutOrStdout(), json: asJSON}
			defer p.close()
			if err := p.printNew(count); err != nil || !follow {
				return err
			}
			return p.follow(cmd.Context())
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
	data string
	out  io.Writer
	json bool
	log  *audit.Reader // nil before it is opened
	last int64         // entry that was printed
}

func (p *entryPrinter) close() {
	if p.log != nil {
		p.log.Close()
	}
}

// printNew prints the entries since it was last called, the last count of them,
// or all for 0.
func (p *entryPrinter) printNew(count int) error {
	// Files are looked at again from where they were read to, until the log goes
	// on in another.
	if p.log == nil || !p.log.Fresh(p.data) {
		p.close()
		var err error
		if p.log, err = openAudit(p.data, p.last); err != nil {
			return err
		}
	}
	list, err := p.read(count)
	if err != nil {
		return err
	}
	return p.print(list)
}

func (p *entryPrinter) read(count int) (list []audit.Entry, err error) {
	err = p.log.Entries(func(e audit.Entry) error {
		if e.N <= p.last {
			return nil
		}
		p.last = e.N
		if list = append(list, e); count > 0 && len(list) > count {
			list = list[1:]
		}
		return nil
	})
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

func (p *entryPrinter) follow(ctx context.Context) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := p.printNew(0); err != nil {
			return err
		}
	}
}

func newAuditVerify(data *string) *cobra.Command {
	var noted string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Check that no entry was changed, removed or moved",
		Long: `Verify reads the whole log, in all its files, and names the first entry that is
not as it was written. It prints number and chain of the newest entry. Keep them
elsewhere, and give them to --noted later: whoever can write the files could write
them all anew, or cut the end off, and only the note tells. That the oldest entries
were removed in time the log says itself.

With FILE, or "-" for the standard input, it checks that copy of a log, such as
one that was read by the API ("tandem help api").`,
		Example: `  tandem audit verify
  tandem audit verify --noted 42:` + strings.Repeat("8f", 32),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			note, err := parseNote(noted)
			if err != nil {
				return err
			}
			log, err := openCopy(cmd, *data, args)
			if err != nil {
				return err
			}
			defer log.Close()
			whole, err := audit.Verify(log, note)
			if err != nil {
				return coded{hinted{fmt.Errorf("the audit log is not as it was written: %w", err),
					"compare the file with a copy of it; what comes before that entry is as it was written"}, exitProblem}
			}
			if asJSON {
				return printJSON(cmd, whole)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d entries, all as they were written. The newest: %d:%s\n", whole.Count(), whole.N, whole.Chain)
			if whole.First > 1 {
				fmt.Fprintf(cmd.OutOrStdout(), "Those before entry %d were removed, as the log says.\n", whole.First)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&noted, "noted", "", "number and chain of an entry, as verify printed them once")
	addJSON(cmd, &asJSON)
	return cmd
}

// openCopy opens the file that is named, or the log of the data directory.
func openCopy(cmd *cobra.Command, data string, args []string) (io.ReadCloser, error) {
	switch {
	case len(args) == 0:
		return openAudit(data, 0)
	case args[0] == "-":
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	return os.Open(args[0])
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
