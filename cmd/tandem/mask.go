package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tandem/proxy"
	"tandem/session"
)

// A treatments is a group of commands for rules of some treatments.
type treatments struct {
	data *string
	name string
	all  []session.Treatment
	// flags are treatments other than the first, by the flag that asks for them.
	flags map[string]*bool
	types bool // --agent-may-type
}

func newMask(data *string) *cobra.Command {
	m := func() *treatments {
		return &treatments{data: data, name: "mask", all: []session.Treatment{session.Mask, session.Block, session.Private, session.Allow},
			flags: map[string]*bool{"block": new(bool), "private": new(bool), "allow": new(bool)}}
	}
	return group(&cobra.Command{
		Use:   "mask",
		Short: "Say what of a page agents never see",
		Long: `What is masked stays in the visitor's browser: agents get placeholders of one
length for texts and values, and grey boxes for pictures. Password, card and
one-time-code fields always are. A site masks by itself what has the attribute
data-tandem-mask, or data-tandem-block for a grey box; rules here do it for
sites that cannot be changed.

PAGES is an address, in which the host may begin with "*." and the path may
have "*" for anything, or * for every page. SELECTOR is CSS. With --private all
texts, values and pictures of the pages are masked, but what a rule with
--allow or the attribute data-tandem-allow shows. A running server takes
changes over at once, also in pages that are open.`,
		Example: `  tandem mask add 'https://shop.example/account/*' '.iban' '#balance'
  tandem mask add --private https://bank.example
  tandem mask test https://shop.example/account/`,
	},
		m().newAdd("Mask elements", `  tandem mask add 'https://shop.example/account/*' '.iban' '#balance'
  tandem mask add --block https://shop.example 'img.passport'
  tandem mask add --agent-may-type https://shop.example '#customer-number'
  tandem mask add --private https://bank.example
  tandem mask add --allow https://bank.example 'nav, h1, button'`),
		m().newRemove(`  tandem mask remove 'https://shop.example/account/*' '.iban'
  tandem mask remove --private https://bank.example`),
		m().newList(), m().newTest("Tell what would be masked in a page", "  tandem mask test https://shop.example/account/"))
}

func newProtect(data *string) *cobra.Command {
	p := func() *treatments {
		return &treatments{data: data, name: "protect", all: []session.Treatment{session.Protect}}
	}
	return group(&cobra.Command{
		Use:   "protect",
		Short: "Say what of a page agents see but cannot use",
		Long: `What is protected only the visitor can use: no click or key of an agent reaches
it, neither directly nor by way of a label, or Enter in a form that it submits.
A site protects what has the attribute data-tandem-protect; rules here do it for
sites that cannot be changed. PAGES and SELECTOR are as in "tandem mask".`,
		Example: `  tandem protect add https://shop.example 'button[type=submit]'
  tandem protect test https://shop.example/checkout`,
	},
		p().newAdd("Protect elements", `  tandem protect add https://shop.example 'button[type=submit]'`),
		p().newRemove(`  tandem protect remove https://shop.example 'button[type=submit]'`),
		p().newList(), p().newTest("Tell what would be protected in a page", "  tandem protect test https://shop.example/checkout"))
}

func (t *treatments) newAdd(short, example string) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "add PAGES SELECTOR...",
		Short:   short,
		Example: example,
		Args:    some("PAGES"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.each(cmd, args, func(a admin, rule session.PageRule) error { return a.AddPageRule(cmd.Context(), rule) })
		},
	}
	t.addFlags(cmd)
	if t.flags != nil {
		cmd.Flags().BoolVar(&t.types, "agent-may-type", false, "let agents fill in what they cannot read")
	}
	return cmd
}

func (t *treatments) newRemove(example string) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "remove PAGES SELECTOR...",
		Short:   "Take rules off the list",
		Example: example,
		Args:    some("PAGES"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.each(cmd, args, func(a admin, rule session.PageRule) error {
				err := a.RemovePageRule(cmd.Context(), rule)
				if errors.Is(err, session.ErrNotFound) {
					return hinted{fmt.Errorf("there is no such rule for %s", rule.Pages), fmt.Sprintf("see all with \"tandem %s list\"", t.name)}
				}
				return err
			})
		},
	}
	t.addFlags(cmd)
	return cmd
}

func (t *treatments) addFlags(cmd *cobra.Command) {
	if t.flags == nil {
		return
	}
	cmd.Flags().BoolVar(t.flags["block"], "block", false, "a grey box instead of each element")
	cmd.Flags().BoolVar(t.flags["private"], "private", false, "all of the pages, without a selector")
	cmd.Flags().BoolVar(t.flags["allow"], "allow", false, "shown although the pages are private")
	cmd.MarkFlagsMutuallyExclusive("block", "private", "allow")
}

// each calls use with a rule for each selector.
func (t *treatments) each(cmd *cobra.Command, args []string, use func(admin, session.PageRule) error) error {
	rule := session.PageRule{Treatment: t.all[0], Pages: session.Pages(args[0]), AgentMayType: t.types}
	for name, on := range t.flags {
		if *on {
			rule.Treatment = session.Treatment(name)
		}
	}
	selectors := args[1:]
	if rule.Treatment == session.Private {
		selectors = append(selectors, "") // which must be the only one
	}
	if len(selectors) == 0 {
		return hinted{fmt.Errorf("%s takes a SELECTOR behind PAGES", cmd.CommandPath()), firstExample(cmd)}
	}
	return withAdmin(cmd.Context(), *t.data, func(a admin) error {
		for _, selector := range selectors {
			rule.Selector = selector
			if err := use(a, rule); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *treatments) newList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "Print the rules",
		Example: fmt.Sprintf("  tandem %s list --json", t.name),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAdmin(cmd.Context(), *t.data, func(a admin) error {
				rules, err := t.rules(cmd.Context(), a)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd, rules)
				}
				if len(rules) == 0 {
					fmt.Fprintf(cmd.ErrOrStderr(), "There is no rule yet. Add one with \"tandem %s add PAGES SELECTOR\".\n", t.name)
					return nil
				}
				rows := [][]string{{"PAGES", "TREATMENT", "SELECTOR"}}
				for _, r := range rules {
					rows = append(rows, []string{string(r.Pages), treatmentOf(r), r.Selector})
				}
				return printTable(cmd, rows)
			})
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

// rules returns those of the group, never nil.
func (t *treatments) rules(ctx context.Context, a admin) ([]session.PageRule, error) {
	all, err := a.PageRules(ctx)
	return append([]session.PageRule{}, slices.DeleteFunc(all, func(r session.PageRule) bool { return !slices.Contains(t.all, r.Treatment) })...), err
}

func treatmentOf(r session.PageRule) string {
	if r.AgentMayType {
		return string(r.Treatment) + ", agents may type"
	}
	return string(r.Treatment)
}

func (t *treatments) newTest(short, example string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test URL",
		Short: short,
		Long: short + `.

The server fetches the page as it would for a visitor, but signed in nowhere,
and tries the rules on its HTML. What scripts add later is treated in the
visitor's browser, and not known here.`,
		Example: example,
		Args:    one("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAdmin(cmd.Context(), *t.data, func(a admin) error {
				found, err := a.Preview(cmd.Context(), args[0])
				if errors.Is(err, session.ErrOriginNotAllowed) {
					return hinted{err, "tandem origins allow " + pattern(args[0])}
				} else if err != nil {
					return err
				}
				found.Rules = slices.DeleteFunc(found.Rules, func(r proxy.Treatment) bool { return !slices.Contains(t.all, r.Treatment) })
				if asJSON {
					return printJSON(cmd, found)
				}
				return t.printPreview(cmd, found)
			})
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func (t *treatments) printPreview(cmd *cobra.Command, found proxy.Preview) error {
	rows := [][]string{{"BY", "TREATMENT", "SELECTOR", "FOUND"}}
	for _, r := range found.Rules {
		var what string
		switch {
		case r.Treatment == session.Private:
			what = "the whole page"
		case r.Unknown:
			what = "only a browser can tell"
		case r.Count > 0:
			what = fmt.Sprintf("%d: %s", r.Count, strings.Join(r.Elements, " "))
		case r.By == "rule":
			what = "nothing in the HTML"
		default:
			continue
		}
		rows = append(rows, []string{r.By, treatmentOf(r.PageRule), r.Selector, what})
	}
	if len(rows) == 1 {
		fmt.Fprintln(cmd.ErrOrStderr(), "Nothing in the page's HTML. Scripts may add what is not known here.")
		return nil
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "In the page's HTML; scripts may add more.")
	return printTable(cmd, rows)
}
