package main

import (
	"strings"

	"github.com/spf13/cobra"
)

func newConfig(data *string) *cobra.Command {
	return group(&cobra.Command{
		Use:     "config",
		Short:   "Show what the running server runs with",
		Example: "  tandem config print --json",
	}, newConfigPrint(data))
}

func newConfigPrint(data *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "print",
		Short:   "Print the settings of the running server; no secrets are among them",
		Example: "  tandem config print\n  tandem config print --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			server, ok := dialAdmin(*data)
			if !ok {
				return noServer(*data)
			}
			s, err := server.Settings(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, s)
			}
			return printTable(cmd, [][]string{
				{"--data", s.Data}, {"--listen", s.Listen}, {"--control-url", s.Control}, {"--content-domain", s.Content},
				{"--tls-cert", orDash(s.TLSCert)}, {"--tls-key", orDash(s.TLSKey)}, {"--acme-dns", orDash(s.ACMEDNS)},
				{"--trusted-proxies", orDash(strings.Join(s.Fronts, ","))},
				{"--drain", s.Drain}, {"audit log", s.Audit}, {"version", s.Version},
			})
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}
