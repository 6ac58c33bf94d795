package main

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem/session"
	"tandem/session/audit"
)

func newSessions(data *string) *cobra.Command {
	return group(&cobra.Command{
		Use:     "sessions",
		Aliases: []string{"session"},
		Short:   "Create, list, show and end sessions",
		Long: `A session is one meeting of a visitor and an agent on a site. What they see is
never kept. The cookies of a session are sealed under a key of its own, which is
destroyed when it ends; for a day more its id, state and times are known.`,
		Example: `  tandem sessions create https://shop.example/ --agent-name Ada
  tandem sessions list
  tandem sessions end abcdefgh2345`,
	}, newSessionCreate(data), newSessionList(data), newSessionShow(data), newSessionInvite(data), newSessionRevoke(data), newSessionLetIn(data), newSessionLetOut(data), newSessionEnd(data), newSessionExport(data), newSessionErase(data))
}

// invitation flags are shared by the commands that create sessions.
type invitationFlags struct {
	mode, agent, visitor string
	rights               []string
	ttl                  time.Duration
	uses                 int
}

func (f *invitationFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.mode, "mode", "shared", `what the agent may do: "shared" (navigate, click, type) or "view" (scroll and point)`)
	cmd.Flags().StringSliceVar(&f.rights, "rights", nil, "of what the mode allows, only these: "+rightNames()+"; the visitor can take more away")
	cmd.Flags().StringVar(&f.agent, "agent-name", "", "the name the visitor sees")
	cmd.Flags().StringVar(&f.visitor, "visitor-name", "", "the name the agent sees")
	cmd.Flags().DurationVar(&f.ttl, "ttl", time.Hour, "how long the visitor may take to accept, at most 24h")
	cmd.Flags().IntVar(&f.uses, "uses", 1, "in how many browsers the visitor may open the invitation, at most 5")
}

func (f *invitationFlags) request(address string) (session.Request, error) {
	mode := session.Mode(f.mode)
	if mode != session.Shared && mode != session.View {
		return session.Request{}, hinted{fmt.Errorf("there is no mode %q", f.mode), "modes are shared and view"}
	}
	var rights session.Rights // nil for all
	if f.rights != nil {
		var err error
		if rights, err = session.ReadRights(f.rights); err != nil {
			return session.Request{}, hinted{err, "rights are " + rightNames()}
		}
	}
	return session.Request{URL: address, Mode: mode, Rights: rights, AgentName: f.agent, VisitorName: f.visitor, TTL: f.ttl, Uses: f.uses}, nil
}

func rightNames() string {
	names := make([]string, len(session.AllRights))
	for i, r := range session.AllRights {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
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
	var owner string
	cmd := &cobra.Command{
		Use:   "create URL",
		Short: "Create a session and print its two links",
		Long: `Create makes a session that begins at URL, whose origin must be allowed, on the
running server. It prints two links: the visitor's, which can be used once, and
the agent's. Instead of opening the link the visitor can, for 15 minutes, type
the code on the server's own page. Both links are secrets.

With --agent the session is that agent's: its link opens where they, or a
supervisor, are signed in, and for nobody else.`,
		Example: `  tandem sessions create https://shop.example/ --agent-name Ada --visitor-name Ben
  tandem sessions create https://shop.example/ --agent ada
  tandem sessions create https://shop.example/ --rights point,scroll,click
  tandem sessions create https://shop.example/ --mode view --json`,
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
				return noServer(*data)
			}
			req.Agent = owner
			inv, err := server.Create(cmd.Context(), req)
			if err != nil {
				return unknownAgent(explain(err, args[0]))
			}
			if asJSON {
				return printJSON(cmd, inv)
			}
			printInvitation(cmd, inv)
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&owner, "agent", "", `whose session it is, a name from "tandem agents list"`)
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
		Example: "  tandem sessions list --json",
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
	rows := [][]string{{"ID", "STATE", "INVITATION", "MODE", "CREATED", "AGENT", "VISITOR", "BLOCKED", "SITE"}}
	for _, s := range list {
		blocked := 0
		for _, n := range s.Blocked {
			blocked += n
		}
		rows = append(rows, []string{s.ID, string(s.State), string(s.Invitation), string(s.Mode), s.CreatedAt.Local().Format("2 Jan 15:04"),
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

// withSession runs use on the session that a command names.
func withSession(cmd *cobra.Command, data, id string, use func(admin, session.Summary) error) error {
	return withAdmin(cmd.Context(), data, func(a admin) error {
		list, err := a.Sessions(cmd.Context())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(s session.Summary) bool { return s.ID == id })
		if i < 0 {
			return noSession(id)
		}
		return use(a, list[i])
	})
}

func newSessionShow(data *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "show ID",
		Short:   "Show what is known of a session",
		Example: "  tandem sessions show abcdefgh2345",
		Args:    one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSession(cmd, *data, args[0], func(_ admin, s session.Summary) error {
				if asJSON {
					return printJSON(cmd, s)
				}
				return printTable(cmd, summaryRows(s))
			})
		},
		ValidArgsFunction: completeSession(data),
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func newSessionInvite(data *string) *cobra.Command {
	var ttl time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "invite ID",
		Short: "Make a new link and code for the visitor",
		Long: `Invite makes a new invitation for a session whose visitor has not accepted yet.
The earlier link and code work no longer, and whoever has opened them is told.
When the time has run out it makes a new session like the old one.`,
		Example: "  tandem sessions invite abcdefgh2345",
		Args:    one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, ok := dialAdmin(*data)
			if !ok {
				return noServer(*data)
			}
			inv, err := server.Invite(cmd.Context(), args[0], ttl)
			switch {
			case errors.Is(err, session.ErrNotFound):
				return noSession(args[0])
			case err != nil:
				return err
			case asJSON:
				return printJSON(cmd, inv)
			}
			if inv.ID != args[0] {
				printInvitation(cmd, inv)
				return nil
			}
			control, _, _ := strings.Cut(inv.VisitorURL, "/j/")
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nFor 15 minutes the visitor can also open %s and type %s.\n", inv.VisitorURL, control, spoken(inv.Code))
			return nil
		},
	}
	cmd.Flags().DurationVar(&ttl, "ttl", time.Hour, "how long the visitor may take to accept, at most 24h")
	addJSON(cmd, &asJSON)
	return cmd
}

func summaryRows(s session.Summary) [][]string {
	var rows [][]string
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	when := func(name string, t time.Time) {
		if !t.IsZero() {
			add(name, t.Local().Format(time.DateTime))
		}
	}
	add("session", s.ID)
	add("state", string(s.State))
	if !s.State.Over() {
		add("agent may", map[session.Mode]string{session.Shared: "click and type", session.View: "look and point"}[s.Mode])
		add("invitation", string(s.Invitation))
		add("site", s.URL)
		add("whose", s.Owner)
		add("agent", person(s.Agent, s.AgentOnline))
		add("visitor", person(s.Visitor, s.VisitorOnline))
	}
	add("let in", strings.Join(s.Colleagues, ", "))
	if s.Paused {
		add("paused", "by the visitor")
	}
	when("created", s.CreatedAt)
	if s.State == session.Waiting {
		when("to be accepted by", s.ExpiresAt)
	}
	when("opened", s.OpenedAt)
	when("accepted", s.AcceptedAt)
	if s.Consent != nil {
		add("words read", s.Consent.Words+" in "+s.Consent.Language.String())
	}
	when("over", s.OverAt)
	add("why", s.EndReason)
	for _, kind := range slices.Sorted(maps.Keys(s.Blocked)) {
		add("blocked", fmt.Sprintf("%s, %d times", kind, s.Blocked[kind]))
	}
	return rows
}

func newSessionRevoke(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "Take the visitor's link and code back",
		Long: `Revoke makes the visitor's invitation worthless at once, before it is accepted;
who has opened it is told. "tandem sessions invite" makes a new one, "tandem
sessions end" ends a session that has begun.`,
		Example: "  tandem sessions revoke abcdefgh2345",
		Args:    one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSession(cmd, *data, args[0], func(a admin, s session.Summary) error { return a.Revoke(cmd.Context(), s.ID) })
		},
		ValidArgsFunction: completeSession(data),
	}
}

func newSessionLetIn(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "let-in ID AGENT",
		Short: "Let another agent follow an agent's session",
		Long: `Let-in makes a session that belongs to one agent open for another, who is signed in.
They take part; inviting and ending stay with whose it is, and with supervisors,
for whom all sessions open. The visitor is told when they come.`,
		Example: "  tandem sessions let-in abcdefgh2345 ben",
		Args:    two("ID", "AGENT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSession(cmd, *data, args[0], func(a admin, s session.Summary) error {
				return unknownAgent(a.LetIn(cmd.Context(), s.ID, args[1]))
			})
		},
		ValidArgsFunction: completeSession(data),
	}
}

func newSessionLetOut(data *string) *cobra.Command {
	return &cobra.Command{
		Use:     "let-out ID AGENT",
		Short:   "Take that back, and disconnect them",
		Example: "  tandem sessions let-out abcdefgh2345 ben",
		Args:    two("ID", "AGENT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSession(cmd, *data, args[0], func(a admin, s session.Summary) error {
				return a.LetOut(cmd.Context(), s.ID, args[1])
			})
		},
		ValidArgsFunction: completeSession(data),
	}
}

func newSessionEnd(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "end ID",
		Short: "End a session for both people",
		Long: `End closes a session at once: its links are dead, its cookies and pages erased.
Ending one that is over changes nothing.`,
		Example: "  tandem sessions end abcdefgh2345",
		Args:    one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSession(cmd, *data, args[0], func(a admin, s session.Summary) error { return a.End(cmd.Context(), s.ID) })
		},
		ValidArgsFunction: completeSession(data),
	}
}

// An export is everything that is kept of a session and may be read.
type export struct {
	Session session.Summary `json:"session"`
	Audit   []audit.Entry   `json:"audit"`
}

func newSessionExport(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "export ID",
		Short: "Print all that is kept of a session, as JSON",
		Long: `Export prints what the server keeps of a session: the people's names, its state
and times, and its entries of the audit log. Cookies are left out, which are as
good as the visitor's password, and gone when the session ends.`,
		Example: "  tandem sessions export abcdefgh2345 > session.json",
		Args:    one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSession(cmd, *data, args[0], func(_ admin, s session.Summary) error {
				f, err := openAudit(*data, 0)
				if err != nil {
					return err
				}
				defer f.Close()
				e := export{Session: s, Audit: []audit.Entry{}}
				if err = f.Entries(func(entry audit.Entry) error {
					if entry.Session == s.ID {
						e.Audit = append(e.Audit, entry)
					}
					return nil
				}); err != nil {
					return err
				}
				return printJSON(cmd, e)
			})
		},
		ValidArgsFunction: completeSession(data),
	}
}

func newSessionErase(data *string) *cobra.Command {
	return &cobra.Command{
		Use:   "erase ID",
		Short: "End a session and forget it now",
		Long: `Erase ends a session, if it goes on, and takes away what would be kept of it for a
day. Its entries in the audit log stay: they have its id, but no names.`,
		Example: "  tandem sessions erase abcdefgh2345",
		Args:    one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withSession(cmd, *data, args[0], func(a admin, s session.Summary) error { return a.Erase(cmd.Context(), s.ID) })
		},
		ValidArgsFunction: completeSession(data),
	}
}

// completeSession offers the shell the sessions there are, by the running server.
func completeSession(data *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) (list []cobra.Completion, _ cobra.ShellCompDirective) {
		server, ok := dialAdmin(*data)
		if !ok || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		all, err := server.Sessions(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		for _, s := range all {
			list = append(list, cobra.CompletionWithDesc(s.ID, plain(string(s.State)+" "+s.Visitor)))
		}
		return list, cobra.ShellCompDirectiveNoFileComp
	}
}
