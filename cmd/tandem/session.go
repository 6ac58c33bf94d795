package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem/session"
)

func newSession(data *string) *cobra.Command {
	return group(&cobra.Command{
		Use:   "session",
		Short: "Create, list and end sessions",
		Long:  `A session is one meeting of a visitor and an agent on a site.`,
		Example: `  tandem session create https://shop.example/ --agent-name Ada
  tandem session list
  tandem session end abcdefgh2345`,
	}, newSessionCreate(data), newSessionList(data), newSessionEnd(data))
}

// invitation flags are shared by the commands that create sessions.
type invitationFlags struct {
	mode, agent, visitor string
	ttl                  time.Duration
}

func (f *invitationFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.mode, "mode", "shared", `what the agent may do: "shared" (navigate, click, type) or "view" (scroll and point)`)
	cmd.Flags().StringVar(&f.agent, "agent-name", "", "the name the visitor sees")
	cmd.Flags().StringVar(&f.visitor, "visitor-name", "", "the name the agent sees")
	cmd.Flags().DurationVar(&f.ttl, "ttl", time.Hour, "how long the visitor may take to accept, at most 24h")
}

func (f *invitationFlags) request(address string) (session.Request, error) {
	mode := session.Mode(f.mode)
	if mode != session.Shared && mode != session.View {
		return session.Request{}, hinted{fmt.Errorf("there is no mode %q", f.mode), "modes are shared and view"}
	}
	return session.Request{URL: address, Mode: mode, AgentName: f.agent, VisitorName: f.visitor, TTL: f.ttl}, nil
}

// origin returns the origin of a page's address.
func origin(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", hinted{fmt.Errorf("%q is not the address of a page", address), "it begins with https:// or http://, such as https://shop.example/"}
	}
	return strings.ToLower(u.Scheme + "://" + u.Host), nil
}

// explain adds what to do when a site may not be opened.
func explain(err error, address string) error {
	if !errors.Is(err, session.ErrOriginNotAllowed) {
		return err
	}
	o, parseErr := origin(address)
	if parseErr != nil {
		return err
	}
	hint := "allow it with: tandem origins allow " + o + " (add --private if its address is a private one)"
	if isPrivate(o) {
		hint = "allow it with: tandem origins allow --private " + o
	}
	return hinted{fmt.Errorf("%s may not be opened through this server", o), hint}
}

func newSessionCreate(data *string) *cobra.Command {
	var flags invitationFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "create URL",
		Short: "Create a session and print its two links",
		Long: `Create makes a session that begins at URL, whose origin must be allowed, on the
running server. It prints two links: the visitor's, which can be used once, and
the agent's. Instead of opening the link the visitor can, for 15 minutes, type
the code on the server's own page. Both links are secrets.`,
		Example: `  tandem session create https://shop.example/ --agent-name Ada --visitor-name Ben
  tandem session create https://shop.example/ --mode view --json`,
		Args: one("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := origin(args[0]); err != nil {
				return err
			}
			req, err := flags.request(args[0])
			if err != nil {
				return err
			}
			server, ok := dialAdmin(*data)
			if !ok {
				return hinted{fmt.Errorf("no server runs on %s", *data), `start one with "tandem serve", or use "tandem share URL", which brings its own`}
			}
			inv, err := server.Create(cmd.Context(), req)
			if err != nil {
				return explain(err, args[0])
			}
			if asJSON {
				return printJSON(cmd, inv)
			}
			printInvitation(cmd, inv)
			return nil
		},
	}
	flags.add(cmd)
	addJSON(cmd, &asJSON)
	return cmd
}

func printInvitation(cmd *cobra.Command, inv session.Invitation) {
	control, _, _ := strings.Cut(inv.VisitorURL, "/j/")
	fmt.Fprintf(cmd.OutOrStdout(), `Session %s, to be accepted by %s.

  Visitor  %s
  Agent    %s

For 15 minutes the visitor can also open %s and type %s.
`, inv.ID, inv.ExpiresAt.Local().Format("15:04 on 2 January"), inv.VisitorURL, inv.AgentURL, control, spoken(inv.Code))
}

// spoken is a code in two halves, as people say it.
func spoken(code string) string {
	half := len(code) / 2
	return code[:half] + " " + code[half:]
}

func newSessionList(data *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List sessions, newest first",
		Long: `List shows the sessions of the last day. BLOCKED counts requests that would have
left the browser past the server and were stopped by our content policy.`,
		Example: "  tandem session list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				list, err := a.Sessions(cmd.Context())
				if err != nil {
					return err
				}
				return printSessions(cmd, list, asJSON)
			})
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func printSessions(cmd *cobra.Command, list []session.Summary, asJSON bool) error {
	if asJSON {
		if list == nil {
			list = []session.Summary{}
		}
		return printJSON(cmd, list)
	}
	if len(list) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "There are no sessions.")
		return nil
	}
	rows := [][]string{{"ID", "STATE", "MODE", "CREATED", "AGENT", "VISITOR", "BLOCKED", "SITE"}}
	for _, s := range list {
		blocked := 0
		for _, n := range s.Blocked {
			blocked += n
		}
		rows = append(rows, []string{s.ID, string(s.State), string(s.Mode), s.CreatedAt.Local().Format("2 Jan 15:04"),
			person(s.Agent, s.AgentOnline), person(s.Visitor, s.VisitorOnline), fmt.Sprint(blocked), s.URL})
	}
	return printTable(cmd, rows)
}

func person(name string, online bool) string {
	switch {
	case name == "":
		return "-"
	case online:
		return name + " (here)"
	}
	return name
}

func newSessionEnd(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "end ID",
		Short: "End a session for both people",
		Long: `End closes a session at once: its links are dead, its cookies and pages erased.
Ending one that is over changes nothing.`,
		Example: "  tandem session end abcdefgh2345",
		Args:    one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				err := a.End(cmd.Context(), args[0])
				if errors.Is(err, session.ErrNotFound) {
					return hinted{fmt.Errorf("there is no session %s", args[0]), `see them with "tandem session list"`}
				}
				return err
			})
		},
	}
}
