package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem/session/agents"
)

// agentsAdmin is what the commands can do with agents.
type agentsAdmin interface {
	Agents(ctx context.Context) ([]agents.Agent, error)
	AddAgent(ctx context.Context, a agents.Agent) (agents.Agent, error)
	ChangeAgent(ctx context.Context, name string, change agentChange) error
	RemoveAgent(ctx context.Context, name string) error
	NewKey(ctx context.Context, name string, wanted keyRequest) (newKey, error)
	RevokeKey(ctx context.Context, name, id string) error
	SignInLink(ctx context.Context, name string) (signInLink, error)
}

// agentChange holds what shall be different.
type agentChange struct {
	Role     *agents.Role `json:"role,omitempty"`
	Disabled *bool        `json:"disabled,omitempty"`
}

type keyRequest struct {
	Scopes []agents.Scope `json:"scopes"`
	Days   int            `json:"days"`
}

type newKey struct {
	Secret string `json:"key"`
	agents.Key
}

type signInLink struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (l local) Agents(context.Context) ([]agents.Agent, error) { return l.hub.Agents().List(), nil }

func (l local) AddAgent(ctx context.Context, a agents.Agent) (agents.Agent, error) {
	return l.hub.Agents().Add(ctx, a)
}

func (l local) ChangeAgent(ctx context.Context, name string, change agentChange) (err error) {
	if change.Role != nil {
		err = l.hub.Agents().SetRole(ctx, name, *change.Role)
	}
	switch {
	case err != nil || change.Disabled == nil:
		return err
	case *change.Disabled:
		return l.hub.Agents().Disable(ctx, name)
	}
	return l.hub.Agents().Enable(ctx, name)
}

func (l local) RemoveAgent(ctx context.Context, name string) error {
	return l.hub.Agents().Remove(ctx, name)
}

func (l local) NewKey(ctx context.Context, name string, wanted keyRequest) (made newKey, err error) {
	days := time.Duration(min(wanted.Days, 1<<20)) * 24 * time.Hour
	made.Secret, made.Key, err = l.hub.Agents().NewKey(ctx, name, wanted.Scopes, days)
	return made, err
}

func (l local) RevokeKey(ctx context.Context, name, id string) error {
	return l.hub.Agents().RevokeKey(ctx, name, id)
}

func (l local) SignInLink(ctx context.Context, name string) (signInLink, error) {
	address, expires, err := l.hub.SignInLink(ctx, name)
	return signInLink{address, expires}, err
}

// handleAgents answers for a on the socket:
//
//	GET, POST     /agents              all; one to add
//	PATCH, DELETE /agents/{name}       {"role","disabled"}
//	POST          /agents/{name}/keys  {"scopes","days"}
//	DELETE        /agents/{name}/keys/{key}
//	POST          /agents/{name}/link
func handleAgents(handle func(string, func(*http.Request) (any, error)), a agentsAdmin) {
	handle("GET /agents", func(r *http.Request) (any, error) { return a.Agents(r.Context()) })
	handle("POST /agents", func(r *http.Request) (any, error) {
		wanted, err := decode[agents.Agent](r.Body)
		if err != nil {
			return nil, err
		}
		return a.AddAgent(r.Context(), wanted)
	})
	handle("PATCH /agents/{name}", func(r *http.Request) (any, error) {
		change, err := decode[agentChange](r.Body)
		if err != nil {
			return nil, err
		}
		return nil, a.ChangeAgent(r.Context(), r.PathValue("name"), change)
	})
	handle("DELETE /agents/{name}", func(r *http.Request) (any, error) {
		return nil, a.RemoveAgent(r.Context(), r.PathValue("name"))
	})
	handle("POST /agents/{name}/keys", func(r *http.Request) (any, error) {
		wanted, err := decode[keyRequest](r.Body)
		if err != nil {
			return nil, err
		}
		return a.NewKey(r.Context(), r.PathValue("name"), wanted)
	})
	handle("DELETE /agents/{name}/keys/{key}", func(r *http.Request) (any, error) {
		return nil, a.RevokeKey(r.Context(), r.PathValue("name"), r.PathValue("key"))
	})
	handle("POST /agents/{name}/link", func(r *http.Request) (any, error) { return a.SignInLink(r.Context(), r.PathValue("name")) })
}

func (r remote) Agents(ctx context.Context) (list []agents.Agent, err error) {
	return list, r.call(ctx, "GET", "/agents", nil, &list)
}

func (r remote) AddAgent(ctx context.Context, a agents.Agent) (added agents.Agent, err error) {
	return added, r.call(ctx, "POST", "/agents", a, &added)
}

func (r remote) ChangeAgent(ctx context.Context, name string, change agentChange) error {
	return r.call(ctx, "PATCH", "/agents/"+url.PathEscape(name), change, nil)
}

func (r remote) RemoveAgent(ctx context.Context, name string) error {
	return r.call(ctx, "DELETE", "/agents/"+url.PathEscape(name), nil, nil)
}

func (r remote) NewKey(ctx context.Context, name string, wanted keyRequest) (made newKey, err error) {
	return made, r.call(ctx, "POST", "/agents/"+url.PathEscape(name)+"/keys", wanted, &made)
}

func (r remote) RevokeKey(ctx context.Context, name, id string) error {
	return r.call(ctx, "DELETE", "/agents/"+url.PathEscape(name)+"/keys/"+url.PathEscape(id), nil, nil)
}

func (r remote) SignInLink(ctx context.Context, name string) (made signInLink, err error) {
	return made, r.call(ctx, "POST", "/agents/"+url.PathEscape(name)+"/link", nil, &made)
}

func newAgents(data *string) *cobra.Command {
	return group(&cobra.Command{
		Use:   "agents",
		Short: "Say who may help, and with which keys",
		Long: `An agent is somebody who helps, under a name of their own. They sign in to the
console (at /console of the control URL) and invite visitors there, or do it
through the API with a key. Roles:

  agent       creates sessions, and sees their own
  supervisor  sees and joins everybody's
  admin       also manages agents and reads the audit log

A server without agents works as well: "tandem share" and "tandem session
create" then print links that need no sign-in.`,
		Example: `  tandem agents add ada --full-name "Ada Ames"
  tandem agents link ada
  tandem agents token ada --scope sessions:create
  tandem agents disable ada`,
	}, newAgentsAdd(data), newAgentsList(data), newAgentsLink(data), newAgentsToken(data), newAgentsRole(data),
		newAgentsSwitch(data, "disable"), newAgentsSwitch(data, "enable"), newAgentsRemove(data))
}

// unknownAgent adds where the names are.
func unknownAgent(err error) error {
	if errors.Is(err, agents.ErrNotFound) {
		return coded{hinted{err, `see them with "tandem agents list"`}, exitNotFound}
	}
	return err
}

func newAgentsAdd(data *string) *cobra.Command {
	var a agents.Agent
	var role string
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add an agent",
		Long: `Add makes an agent. NAME has small letters, digits and dashes. With --email or
--subject they can sign in through the OpenID Connect provider of the server.`,
		Example: `  tandem agents add ada --full-name "Ada Ames" --email ada@shop.example
  tandem agents add sam --role supervisor`,
		Args: one("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.Name, a.Role = args[0], agents.Role(role)
			return withAdmin(cmd.Context(), *data, func(ad admin) error {
				added, err := ad.AddAgent(cmd.Context(), a)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s is added, with the role %s. To let them sign in: tandem agents link %s\n", added.Name, added.Role, added.Name)
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&a.FullName, "full-name", "", "the name visitors see")
	f.StringVar(&role, "role", string(agents.Member), "agent, supervisor or admin")
	f.StringVar(&a.Email, "email", "", "verified address at the OpenID Connect provider")
	f.StringVar(&a.Subject, "subject", "", "what the provider calls them (the claim sub)")
	return cmd
}

func newAgentsList(data *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List agents and their keys",
		Long:    `List shows the agents, and of their keys what is no secret.`,
		Example: "  tandem agents list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				list, err := a.Agents(cmd.Context())
				switch {
				case err != nil:
					return err
				case asJSON:
					return printJSON(cmd, list)
				case len(list) == 0:
					fmt.Fprintln(cmd.ErrOrStderr(), "There are no agents. Add one with: tandem agents add NAME")
					return nil
				}
				return printTable(cmd, agentRows(list))
			})
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func agentRows(list []agents.Agent) [][]string {
	rows := [][]string{{"NAME", "FULL NAME", "ROLE", "STATE", "KEY", "SCOPES", "EXPIRES", "LAST USED"}}
	for _, a := range list {
		state := "enabled"
		if a.Disabled {
			state = "disabled"
		}
		row := []string{a.Name, a.FullName, string(a.Role), state}
		if len(a.Keys) == 0 {
			rows = append(rows, append(row, "-", "-", "-", "-"))
		}
		for _, k := range a.Keys {
			rows = append(rows, append(row, k.ID, strings.Join(scopeNames(k.Scopes), ","), day(k.Expires), day(k.Used)))
			row = []string{"", "", "", ""}
		}
	}
	return rows
}

func scopeNames(scopes []agents.Scope) (list []string) {
	for _, scope := range scopes {
		list = append(list, string(scope))
	}
	return list
}

func day(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Local().Format("2 Jan 2006 15:04")
}

func newAgentsLink(data *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "link NAME",
		Short: "Print a link that signs an agent in, once",
		Long: `Link prints an address of the running server that signs the agent in to the
console. It works once and for 15 minutes; a newer one takes its place. Send it
to nobody else.`,
		Example: "  tandem agents link ada",
		Args:    one("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, ok := dialAdmin(*data)
			if !ok {
				return noServer(*data)
			}
			made, err := server.SignInLink(cmd.Context(), args[0])
			switch {
			case err != nil:
				return unknownAgent(err)
			case asJSON:
				return printJSON(cmd, made)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n\nIt signs %s in, once, until %s.\n", made.URL, args[0], made.ExpiresAt.Local().Format("15:04"))
			return nil
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func newAgentsToken(data *string) *cobra.Command {
	var scopes []string
	var revoke string
	var days int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "token NAME",
		Short: "Make a key for the API, or revoke one",
		Long: `Token makes a key that acts in the agent's name, and prints it: only now, as the
server keeps no more than a digest. A program sends it with each request
("tandem help api"); the agent can sign in to the console with it.

Scopes are sessions:create, sessions:read and sessions:end, for supervisors and
admins audit:read, and for admins agents:manage. Without --scope the key may do
all its agent may. Only with all three that are for sessions does it open one in
the console, to act there.`,
		Example: `  tandem agents token ada --scope sessions:create,sessions:read --days 30
  tandem agents token ada --revoke 8d2f61c0`,
		Args: one("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				if revoke != "" {
					return unknownAgent(a.RevokeKey(cmd.Context(), args[0], revoke))
				}
				wanted := keyRequest{Days: days}
				for _, scope := range scopes {
					wanted.Scopes = append(wanted.Scopes, agents.Scope(scope))
				}
				made, err := a.NewKey(cmd.Context(), args[0], wanted)
				switch {
				case err != nil:
					return unknownAgent(err)
				case asJSON:
					return printJSON(cmd, made)
				}
				fmt.Fprintln(cmd.OutOrStdout(), made.Secret)
				fmt.Fprintf(cmd.ErrOrStderr(), "This is shown only now. It works until %s, for %s.\n", day(made.Expires), strings.Join(scopeNames(made.Scopes), ", "))
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&scopes, "scope", nil, "what the key may do, separated by commas")
	f.IntVar(&days, "days", 90, "how long the key works, at most 366")
	f.StringVar(&revoke, "revoke", "", "make the key of this ID worthless instead")
	addJSON(cmd, &asJSON)
	return cmd
}

func newAgentsRole(data *string) *cobra.Command {
	return &cobra.Command{
		Use:     "role NAME ROLE",
		Short:   "Give an agent another role",
		Long:    `Role changes what an agent may do, at once: agent, supervisor or admin.`,
		Example: "  tandem agents role ada supervisor",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return nil
			}
			return hinted{fmt.Errorf("%s takes a name and a role", cmd.CommandPath()), firstExample(cmd)}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			role := agents.Role(args[1])
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				return unknownAgent(a.ChangeAgent(cmd.Context(), args[0], agentChange{Role: &role}))
			})
		},
	}
}

func newAgentsSwitch(data *string, verb string) *cobra.Command {
	disabled := verb == "disable"
	short, long := "Let a disabled agent sign in again", `Enable lets an agent sign in again. Their keys work again; they have to sign in anew.`
	if disabled {
		short, long = "Lock an agent out, at once", `Disable ends an agent's sessions, invitations and sign-ins at once. Their keys
stay, and work again when they are enabled.`
	}
	return &cobra.Command{
		Use:     verb + " NAME",
		Short:   short,
		Long:    long,
		Example: "  tandem agents " + verb + " ada",
		Args:    one("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				return unknownAgent(a.ChangeAgent(cmd.Context(), args[0], agentChange{Disabled: &disabled}))
			})
		},
	}
}

func newAgentsRemove(data *string) *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Forget an agent",
		Long:    `Remove ends an agent's sessions at once and forgets their name, keys and sign-ins.`,
		Example: "  tandem agents remove ada",
		Args:    one("name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				return unknownAgent(a.RemoveAgent(cmd.Context(), args[0]))
			})
		},
	}
}
