package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tandem/session"
)

// A share is what the command "share" was asked for.
type share struct {
	invitationFlags
	address      string
	origin       string
	yes, private bool
	asJSON       bool
}

func newShare(data *string) *cobra.Command {
	var sh share
	var cfg config
	var logs logFlags
	cmd := &cobra.Command{
		Use:   "share URL",
		Short: "Browse a site with somebody, now",
		Long: `Share creates a session that begins at URL and prints the two links. If its
origin is not allowed yet, it asks first, and the answer is remembered (see
"tandem origins list"). If no server runs on the data directory, it runs one
until you press Ctrl-C.`,
		Example: `  tandem share https://shop.example/
  tandem share --private --yes http://localhost:8080/`,
		Args: one("URL"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			sh.address = args[0]
			if sh.origin, err = origin(sh.address); err != nil {
				return err
			}
			if running, ok := dialAdmin(*data); ok {
				return sh.invite(cmd, running)
			}
			if !cmd.Flags().Changed("listen") {
				cfg.Listen = freeAddress(cfg.Listen)
			}
			cfg.Data, cfg.Logger = *data, logs.logger(cmd.ErrOrStderr(), slog.LevelWarn)
			return sh.withServer(cmd, cfg)
		},
	}
	sh.add(cmd)
	f := cmd.Flags()
	f.BoolVarP(&sh.yes, "yes", "y", false, "allow the origin without asking")
	f.BoolVar(&sh.private, "private", false, "let the origin's name resolve to a private or loopback address")
	f.StringVar(&cfg.Listen, "listen", defaultListen, "where to listen if no server runs; if the default is taken, any free port")
	addJSON(cmd, &sh.asJSON)
	logs.add(cmd)
	return cmd
}

// withServer runs a server until the command is interrupted.
func (sh *share) withServer(cmd *cobra.Command, cfg config) error {
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	cfg.Ready = func(s *server) {
		if err := sh.invite(cmd, s.admin()); err != nil {
			cancel(err)
			return
		}
		if !sh.asJSON {
			fmt.Fprintln(cmd.OutOrStdout(), "\nThis server runs until you press Ctrl-C.")
		}
	}
	if err := run(ctx, cfg); err != nil {
		return err
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// invite creates the session. The origin is allowed, after asking, when the
// server says that it is not, or not as private as the command line wants it.
func (sh *share) invite(cmd *cobra.Command, a admin) error {
	req, err := sh.request(sh.address)
	if err != nil {
		return err
	}
	if sh.private || isPrivate(sh.origin) {
		if err := sh.allowPrivate(cmd, a); err != nil {
			return err
		}
	}
	inv, err := a.Create(cmd.Context(), req)
	if errors.Is(err, session.ErrOriginNotAllowed) {
		if err := sh.allow(cmd, a); err != nil {
			return err
		}
		inv, err = a.Create(cmd.Context(), req)
	}
	if err != nil {
		return explain(err, sh.address)
	}
	if sh.asJSON {
		return printJSON(cmd, inv)
	}
	printInvitation(cmd, inv)
	return sh.foretell(cmd, a)
}

// foretell says what the two will miss, while they can still do something about it.
func (sh *share) foretell(cmd *cobra.Command, a admin) error {
	report, err := a.Test(cmd.Context(), sh.address, false)
	if err != nil {
		return err
	}
	if report.Problem != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "\n%s cannot be opened now: %s\n%s\n", sh.origin, report.Problem, report.Hint)
	}
	printMissing(cmd, report)
	return nil
}

func (sh *share) allowPrivate(cmd *cobra.Command, a admin) error {
	rules, err := a.Rules(cmd.Context())
	if err != nil || slices.ContainsFunc(rules, func(r session.Rule) bool { return r.Pattern == sh.origin && r.Private }) {
		return err
	}
	if !sh.private {
		return hinted{fmt.Errorf("%s is at a private address", sh.origin), "if that is meant: tandem share --private " + sh.address}
	}
	return sh.allow(cmd, a)
}

func (sh *share) allow(cmd *cobra.Command, a admin) error {
	what := sh.origin
	if sh.private {
		what += ", also at a private address,"
	}
	if !sh.yes && !ask(cmd, "Allow "+what+" to be opened through this server? [y/N] ") {
		return hinted{errors.New("the site was not allowed, so there is no session"), "answer y, or add --yes"}
	}
	return a.Put(cmd.Context(), session.Rule{Pattern: sh.origin, Private: sh.private})
}

// ask returns true only for a yes; the end of the input, or an interrupt, is a no.
func ask(cmd *cobra.Command, question string) bool {
	fmt.Fprint(cmd.ErrOrStderr(), question)
	replies := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
		replies <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case reply := <-replies:
		return reply == "y" || reply == "yes"
	case <-cmd.Context().Done():
		return false
	}
}
