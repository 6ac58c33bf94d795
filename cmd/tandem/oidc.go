package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tandem/session"
	"tandem/session/agents"
)

// providerFlags say at which OpenID Connect provider agents can sign in.
type providerFlags struct {
	session.Provider
	secretFile string
	roles      []string
}

func (p *providerFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.Issuer, "oidc-issuer", "", "OpenID Connect provider at which agents can sign in, such as https://id.shop.example")
	f.StringVar(&p.ClientID, "oidc-client-id", "", "what the provider knows this server by")
	f.StringVar(&p.secretFile, "oidc-client-secret-file", "", "file with the client's secret")
	f.StringVar(&p.Name, "oidc-name", "", "the provider's name on the button (default its host)")
	f.StringSliceVar(&p.Scopes, "oidc-scope", nil, "scope to ask for beside openid, email and profile")
	f.StringVar(&p.Claim, "oidc-claim", "groups", "claim that lists somebody's groups")
	f.StringArrayVar(&p.roles, "oidc-role", nil, "GROUP=ROLE: let those in the group in, with that role; may be given several times")
}

// provider returns what the flags describe, nil when there is no issuer.
func (p *providerFlags) provider() (*session.Provider, error) {
	if p.Issuer == "" {
		if p.ClientID != "" || p.secretFile != "" || len(p.roles) > 0 {
			return nil, hinted{errors.New("there is no OpenID Connect provider"), "name it with --oidc-issuer"}
		}
		return nil, nil
	}
	if p.secretFile != "" {
		text, err := os.ReadFile(p.secretFile)
		if err != nil {
			return nil, hinted{fmt.Errorf("reading the client's secret: %w", err), "--oidc-client-secret-file names a file that holds nothing else"}
		}
		p.ClientSecret = strings.TrimSpace(string(text))
	}
	for _, rule := range p.roles {
		// A group may be a name with "=" in it, as LDAP's are.
		i := strings.LastIndexByte(rule, '=')
		if i < 0 {
			return nil, hinted{fmt.Errorf("%q does not give a group a role", rule), "for example: --oidc-role helpdesk=agent"}
		}
		p.Roles = append(p.Roles, session.GroupRole{Group: rule[:i], Role: agents.Role(rule[i+1:])})
	}
	if err := p.Check(); err != nil {
		return nil, hinted{err, `see "tandem serve --help"`}
	}
	if u, err := url.Parse(p.Issuer); p.Name == "" && err == nil {
		p.Name = u.Host
	}
	return &p.Provider, nil
}
