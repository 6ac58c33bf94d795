package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"tandem/session/audit"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	ctx = audit.As(ctx, adminName(os.Getuid()))
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	began := false
	root.PersistentPreRun = func(*cobra.Command, []string) { began = true }
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	hint := hintFor(err)
	if hint == "" && !began {
		hint = fmt.Sprintf("%q explains it", cmd.CommandPath()+" --help")
	}
	fmt.Fprintln(errOut, "tandem:", err)
	if hint != "" {
		fmt.Fprintln(errOut, "hint:", hint)
	}
	return exitCode(err, began)
}

func newRoot() *cobra.Command {
	var data string
	root := &cobra.Command{
		Use:   "tandem",
		Short: "Browse a real website together",
		Long: `Tandem lets a visitor and an agent browse a real website together. Both open it
through this server; nobody installs anything and the site need not change.

To see it, run "tandem demo" and open the two links it prints.`,
		Example: `  tandem demo
  tandem share https://shop.example
  tandem serve`,
		Version:       thisBuild().String(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetVersionTemplate("tandem {{.Version}}\n")
	root.PersistentFlags().StringVar(&data, "data", defaultData(), "directory that holds the server's state")
	root.AddCommand(newServe(&data), newOrigins(&data), newMask(&data), newProtect(&data), newSessions(&data), newAgents(&data), newShare(&data), newDemo(), newAudit(&data), newCerts(&data), newDoctor(&data), newConfig(&data), newBackup(&data), newRestore(&data), newMan(), newVersion(), newAPI(), newExitCodes())
	return root
}

// group makes cmd a name for others, which it only lists.
func group(cmd *cobra.Command, members ...*cobra.Command) *cobra.Command {
	cmd.Args = cobra.NoArgs
	cmd.DisableFlagsInUseLine = true
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(members...)
	return cmd
}

// one is what a command with a single argument takes.
func one(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return hinted{fmt.Errorf("%s takes one %s, not %d", cmd.CommandPath(), name, len(args)), firstExample(cmd)}
	}
}

// two is what a command with two arguments takes.
func two(first, second string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 2 {
			return nil
		}
		return hinted{fmt.Errorf("%s takes %s and %s, not %d arguments", cmd.CommandPath(), first, second, len(args)), firstExample(cmd)}
	}
}

// some is what a command with one argument or more takes.
func some(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return hinted{fmt.Errorf("%s takes at least one %s", cmd.CommandPath(), name), firstExample(cmd)}
	}
}

func firstExample(cmd *cobra.Command) string {
	example, _, _ := strings.Cut(strings.TrimSpace(cmd.Example), "\n")
	return "for example: " + example
}

// defaultData follows the XDG base directory specification.
func defaultData() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "tandem")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "tandem-data"
	}
	return filepath.Join(home, ".local", "share", "tandem")
}

// A hinted error says what to do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// hintFor returns the sentence to show below an error, "" when there is none.
func hintFor(err error) string {
	var h hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}
