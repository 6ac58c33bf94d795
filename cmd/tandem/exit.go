package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// The exit codes of all commands: see newExitCodes.
const (
	exitFailed   = 1
	exitUsage    = 2
	exitNotFound = 3
	exitNoServer = 4
	exitProblem  = 5
)

// A coded error ends the program with a code of its own.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

// exitCode is the one for an error of a command that began, or never did.
func exitCode(err error, began bool) int {
	var c coded
	switch {
	case errors.As(err, &c):
		return c.code
	case !began:
		return exitUsage
	}
	return exitFailed
}

// noServer says that a command needs a running server.
func noServer(data string) error {
	return coded{hinted{fmt.Errorf("no server runs on %s", data), `start one with "tandem serve", or name its directory with --data`}, exitNoServer}
}

// noSession says that there is none of that id.
func noSession(id string) error {
	return coded{hinted{fmt.Errorf("there is no session %s", id), `see them with "tandem sessions list"`}, exitNotFound}
}

// newExitCodes is a page of the help.
func newExitCodes() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `All commands end with one of these codes:

  0  it was done
  1  it failed; the message says why, and the line after it what to do
  2  the command line was not understood; nothing was done
  3  what it names does not exist: a session, an agent, an entry of a list
  4  no server runs on the data directory, and the command needs one
  5  it looked for problems and found some: origins test, audit verify, doctor`,
		Example: "  tandem sessions show abcdefgh2345 --json || echo $?",
	}
	cmd.SetUsageTemplate("")
	return cmd
}
