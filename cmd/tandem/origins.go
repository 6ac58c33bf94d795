package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem/proxy"
	"tandem/session"
)

func newOrigins(data *string) *cobra.Command {
	return group(&cobra.Command{
		Use:   "origins",
		Short: "Say which sites may be opened",
		Long: `Only origins on this list can be opened through the server; at first it is empty.
An entry is an origin such as https://shop.example, or a pattern: the entry
https://*.shop.example stands for every name below shop.example (not for
shop.example itself), https://* for every site. Scheme and port always have to
match. Of several entries that match, the most particular one decides alone.

Names that resolve to a private or loopback address are refused unless their
own entry says --private. A running server takes changes over at once, and ends
what they no longer allow; an entry that is not valid changes nothing.`,
		Example: `  tandem origins allow https://shop.example
  tandem origins allow --private http://intranet.example:8080
  tandem origins block https://admin.shop.example --redirect https://shop.example/
  tandem origins test https://shop.example/cart`,
	}, newOriginsAllow(data), newOriginsBlock(data), newOriginsRemove(data), newOriginsList(data), newOriginsTest(data))
}

// pattern cuts a page's address down to what an entry is made of.
func pattern(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	authority, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + authority
}

// isPrivate reports whether an origin names a private address without a look
// at DNS: such an entry is of no use unless it is --private.
func isPrivate(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return isLocalhost(u.Hostname())
	}
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}

func newOriginsAllow(data *string) *cobra.Command {
	var rule session.Rule
	var only, authorities string
	cmd := &cobra.Command{
		Use:   "allow URL...",
		Short: "Allow origins, or every origin that fits a pattern",
		Long: `Allow adds entries, or replaces those with the same origin or pattern.

A blocked path is refused with all below it, however it is spelled; "*" stands
for one segment. What --only refuses, and blocked paths, keep honest pages
apart: a page that is allowed can still load from elsewhere what it likes to.`,
		Example: `  tandem origins allow https://shop.example https://cdn.example
  tandem origins allow 'https://*.shop.example'
  tandem origins allow --private http://localhost:8080
  tandem origins allow https://shop.example --block-path /admin --redirect https://shop.example/
  tandem origins allow https://cdn.example --only resource
  tandem origins allow https://intranet.example --private --ca company-ca.pem`,
		Args: some("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rule.Only = session.Use(only)
			if authorities != "" {
				pem, err := os.ReadFile(authorities)
				if err != nil {
					return hinted{fmt.Errorf("reading the authority's certificate: %w", err), "--ca names a PEM file"}
				}
				rule.CA = string(pem)
			}
			return putRules(cmd, *data, rule, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&rule.Private, "private", false, "let these names resolve to private or loopback addresses")
	f.StringArrayVar(&rule.BlockPaths, "block-path", nil, "path to refuse with all below it, such as /admin; can be repeated")
	f.StringVar(&only, "only", "", `allow them as a "page" of a tab only, or as a "resource" that pages load, frames too`)
	f.StringVar(&rule.Redirect, "redirect", "", "where a tab is led instead of to a page that is refused")
	f.StringVar(&authorities, "ca", "", "PEM file with authorities to trust for these origins, beside the system's")
	return cmd
}

func newOriginsBlock(data *string) *cobra.Command {
	rule := session.Rule{Block: true}
	cmd := &cobra.Command{
		Use:   "block URL...",
		Short: "Refuse origins that a wider pattern would allow",
		Long: `Block adds entries that refuse an origin or pattern, for use beside a wider one
that allows it. What is on no entry is refused anyway.`,
		Example: `  tandem origins block https://admin.shop.example
  tandem origins block 'https://*.old.example' --redirect https://shop.example/`,
		Args: some("URL"),
		RunE: func(cmd *cobra.Command, args []string) error { return putRules(cmd, *data, rule, args) },
	}
	cmd.Flags().StringVar(&rule.Redirect, "redirect", "", "where a tab is led instead")
	return cmd
}

func putRules(cmd *cobra.Command, data string, rule session.Rule, addresses []string) error {
	return withAdmin(cmd.Context(), data, func(a admin) error {
		for _, address := range addresses {
			rule.Pattern = pattern(address)
			if err := a.Put(cmd.Context(), rule); err != nil {
				return hinted{err, "an entry is an origin such as https://shop.example, or a pattern such as https://*.shop.example; the list is as it was"}
			}
			if !rule.Private && !rule.Block && isPrivate(rule.Pattern) {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s is at a private address, so it stays closed until it is allowed with --private, too.\n", rule.Pattern)
			}
		}
		return nil
	})
}

func newOriginsRemove(data *string) *cobra.Command {
	return &cobra.Command{
		Use:     "remove URL",
		Short:   "Take an entry off the list",
		Example: "  tandem origins remove https://shop.example",
		Args:    one("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				err := a.Remove(cmd.Context(), pattern(args[0]))
				if errors.Is(err, session.ErrNotFound) {
					return coded{hinted{fmt.Errorf("%s is not on the list", pattern(args[0])), `see it with "tandem origins list"`}, exitNotFound}
				}
				return err
			})
		},
	}
}

func newOriginsList(data *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Print the list",
		Example: "  tandem origins list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				rules, err := a.Rules(cmd.Context())
				if err != nil {
					return err
				}
				return printRules(cmd, rules, asJSON)
			})
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func printRules(cmd *cobra.Command, rules []session.Rule, asJSON bool) error {
	if asJSON {
		if rules == nil {
			rules = []session.Rule{}
		}
		return printJSON(cmd, rules)
	}
	if len(rules) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), `No site may be opened yet. Allow one with "tandem origins allow URL".`)
		return nil
	}
	rows := [][]string{{"ORIGIN", "ADDRESSES", "BUT"}}
	for _, r := range rules {
		addresses := "public"
		switch {
		case r.Block:
			addresses = "none"
		case r.Private:
			addresses = "public and private"
		}
		rows = append(rows, []string{r.Pattern, addresses, strings.Join(conditions(r), ", ")})
	}
	return printTable(cmd, rows)
}

func conditions(r session.Rule) (list []string) {
	if r.Only != "" {
		list = append(list, "only as "+string(r.Only))
	}
	if len(r.BlockPaths) > 0 {
		list = append(list, "not "+strings.Join(r.BlockPaths, " "))
	}
	if r.Redirect != "" {
		list = append(list, "instead "+r.Redirect)
	}
	if r.CA != "" {
		list = append(list, "own authority")
	}
	return list
}

func newOriginsTest(data *string) *cobra.Command {
	var asJSON, dry bool
	cmd := &cobra.Command{
		Use:   "test URL",
		Short: "Tell whether a page can be opened, and why not",
		Long: `Test says what would become of a URL, as a page of a tab and as what a page loads,
and which entry decides. Then it asks the server to fetch it as it would for a
visitor: does its name resolve to an address that may be used, is its certificate
valid, and what does it answer? With --dry-run the site is not asked. The exit
code is 0 only if all is well.`,
		Example: `  tandem origins test https://shop.example/
  tandem origins test --dry-run https://shop.example/admin/users`,
		Args: one("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAdmin(cmd.Context(), *data, func(a admin) error {
				report, err := a.Test(cmd.Context(), args[0], dry)
				if err != nil {
					return err
				}
				return printReport(cmd, report, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "do not ask the site")
	addJSON(cmd, &asJSON)
	return cmd
}

// printReport prints what the check found; a problem is the command's error.
func printReport(cmd *cobra.Command, r proxy.Report, asJSON bool) error {
	if asJSON {
		if err := printJSON(cmd, r); err != nil {
			return err
		}
	} else if err := printTable(cmd, reportRows(r)); err != nil {
		return err
	}
	if r.Problem != "" {
		return coded{hinted{fmt.Errorf("%s cannot be opened: %s", r.URL, r.Problem), r.Hint}, exitProblem}
	}
	if !asJSON {
		printMissing(cmd, r)
	}
	return nil
}

// printMissing tells how to allow what a page uses besides its own origin.
func printMissing(cmd *cobra.Command, r proxy.Report) {
	var public, private string
	for _, other := range r.Others {
		switch {
		case other.Allowed:
		case isPrivate(other.Origin):
			private += " " + other.Origin
		default:
			public += " " + other.Origin
		}
	}
	if public+private == "" {
		return
	}
	fmt.Fprint(cmd.ErrOrStderr(), "\nThe page also uses what is not allowed, and what comes from there will be missing. To allow it:\n\n")
	if public != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "  tandem origins allow%s\n", public)
	}
	if private != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "  tandem origins allow --private%s\n", private)
	}
}

func verdict(u proxy.Use) string {
	switch {
	case u.Allowed:
		return "allowed"
	case u.Redirect != "":
		return "led to " + u.Redirect + ": " + u.Refusal
	}
	return "refused: " + u.Refusal
}

func reportRows(r proxy.Report) [][]string {
	var rows [][]string
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	add("origin", r.Origin)
	add("decided by", r.Rule)
	add("as a page", verdict(r.Page))
	add("as a resource", verdict(r.Resource))
	add("addresses", strings.Join(r.Addresses, ", "))
	add("connected to", r.Connected)
	if r.TLS != nil {
		add("certificate", fmt.Sprintf("%s, until %s (%s, %s)", r.TLS.Issuer, r.TLS.NotAfter.Format(time.DateOnly), r.TLS.Version, r.TLS.Protocol))
	}
	if r.Status != 0 {
		add("answer", strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status))+" "+r.Type))
	}
	add("redirects to", r.Location)
	for _, other := range r.Others {
		verdict := " (allowed)"
		if !other.Allowed {
			verdict = " (not allowed)"
		}
		add("also uses", other.Origin+verdict)
	}
	return rows
}
