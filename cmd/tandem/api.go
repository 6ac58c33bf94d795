package main

import "github.com/spf13/cobra"

// newAPI is a page of the help.
func newAPI() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "api",
		Short: "The API for other programs",
		Long: `Programs invite visitors and follow what becomes of them over HTTPS, below
/api/v1 of the control URL. Each request carries a key of an agent
("tandem agents token NAME"): Authorization: Bearer tandem_…. Bodies and answers
are JSON; times are RFC 3339.

  GET    /me                        who the key is, and its scopes
  POST   /sessions                  {"url","mode","rights","visitor_name","minutes","uses","agent"}
                                    answers {"id","visitor_url","agent_url","code","expires_at"}
  GET    /sessions                  {"version","sessions":[…]}; ?state= and ?agent= choose
  GET    /sessions?since=VERSION    the same, once something has changed, or after 25 s
  GET    /sessions/ID               one; "invitation" is sent, opened, accepted,
                                    declined, expired or revoked
  DELETE /sessions/ID               ends it
  POST   /sessions/ID/invitation    {"minutes"}: a new link and code, in place of the old
                                    (for one that expired, in a new session like it)
  DELETE /sessions/ID/invitation    takes the invitation back
  PUT    /sessions/ID/agents/NAME   {}: lets a colleague follow; DELETE takes that back
  GET    /audit                     {"entries":[…],"more"}, for supervisors and admins;
                                    ?since= a number or a time, ?session=, ?limit= (100)
  GET    /agents                    {"agents":[…]}, for admins, as all that follows
  POST   /agents                    {"name","full_name","role","email","subject"}
  PATCH  /agents/NAME               {"role","disabled"}
  DELETE /agents/NAME
  POST   /agents/NAME/keys          {"days","scopes"}: answers {"key",…}, only then
  DELETE /agents/NAME/keys/ID

An entry of the audit log has the form it has on disk, and "chain" is the SHA-256 of
the chain before, as 32 bytes, and of the entry up to that member; without ?session=
"jq -c .entries[]" of all pages makes a file for "tandem audit verify FILE". For the
next page give the number of the last entry to ?since=.

Of what "mode" (shared or view) allows, "rights" names what agents may do, as --rights
of "tandem sessions create" does: all, if it is left out.

An agent sees sessions of their own, a supervisor those of all. What went wrong
is told in one form, with a status from 400: {"error":{"code","message"}}. Codes
stay as they are; messages are for people. 429 comes with Retry-After.`,
		Example: `  curl -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \
    -d '{"url":"https://shop.example/"}' https://tandem.example/api/v1/sessions`,
	}
	cmd.Long += "\n\n" + cmd.Example // which the template that goes would show
	cmd.SetUsageTemplate("")
	return cmd
}
