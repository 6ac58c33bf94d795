package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tandem/cmd/tandem/shop"
	"tandem/session"
)

// A demonstration is what the command "demo" prints.
type demonstration struct {
	session.Invitation
	Control string `json:"control_url"`
	Shop    string `json:"shop_url"`
	Pay     string `json:"pay_url"`
}

func newDemo() *cobra.Command {
	var cfg config
	var shopAddress string
	var asJSON bool
	var logs logFlags
	var flags invitationFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try it: a server, a shop and a session on this machine",
		Long: `Demo runs a server and a small demonstration shop on this machine, creates a
session, and prints its two links. It needs no network, no certificate and no
configuration, and leaves nothing behind when you press Ctrl-C.`,
		Example: "  tandem demo\n  tandem demo --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Logger = logs.logger(cmd.ErrOrStderr(), slog.LevelWarn)
			if !cmd.Flags().Changed("listen") {
				cfg.Listen = freeAddress(cfg.Listen)
			}
			if !cmd.Flags().Changed("shop") {
				shopAddress = freeAddress(shopAddress)
			}
			return demo(cmd.Context(), cfg, shopAddress, &flags, func(d demonstration) error {
				if asJSON {
					return printJSON(cmd, d)
				}
				printDemonstration(cmd, d)
				return nil
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&cfg.Listen, "listen", defaultListen, "where to listen; if the default is taken, any free port")
	f.StringVar(&shopAddress, "shop", "127.0.0.1:7080", "where the shop listens; if the default is taken, any free port")
	flags.add(cmd)
	flags.agent, flags.visitor, flags.ttl = "Ada", "Ben", 24*time.Hour
	for name, text := range map[string]string{"agent-name": flags.agent, "visitor-name": flags.visitor, "ttl": "24h"} {
		f.Lookup(name).DefValue = text
	}
	addJSON(cmd, &asJSON)
	logs.add(cmd)
	return cmd
}

// freeAddress returns address, or the same with port 0 when it is taken.
func freeAddress(address string) string {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return "127.0.0.1:0"
	}
	if err == nil {
		listener.Close()
	}
	return address
}

// demo runs everything until ctx ends and tells show what to open.
func demo(ctx context.Context, cfg config, shopAddress string, flags *invitationFlags, show func(demonstration) error) (err error) {
	if cfg.Data, err = os.MkdirTemp("", "tandem-demo"); err != nil {
		return fmt.Errorf("making the demo's data directory: %w", err)
	}
	defer os.RemoveAll(cfg.Data)
	site, err := shop.Start(ctx, shopAddress)
	if err != nil {
		return listenError(shopAddress, err)
	}
	defer site.Close()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cfg.Ready = func(s *server) {
		d, err := meet(ctx, s, site, flags)
		if err == nil {
			err = show(d)
		}
		if err != nil {
			cancel(err)
		}
	}
	if err := run(ctx, cfg); err != nil {
		return err
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// meet allows the shop's two origins and creates the session.
func meet(ctx context.Context, s *server, site *shop.Shop, flags *invitationFlags) (d demonstration, err error) {
	for _, origin := range []string{site.URL(), site.PayURL()} {
		if err := s.Hub.Origins().Allow(ctx, origin, true); err != nil {
			return d, err
		}
	}
	req, err := flags.request(site.URL() + "/")
	if err != nil {
		return d, err
	}
	d = demonstration{Control: s.Control.String(), Shop: site.URL(), Pay: site.PayURL()}
	d.Invitation, err = s.Hub.Create(ctx, req)
	return d, err
}

func printDemonstration(cmd *cobra.Command, d demonstration) {
	fmt.Fprintf(cmd.OutOrStdout(), `Two people, one shop. Open each link in a browser window of its own:

  Visitor  %s
  Agent    %s

Accept as the visitor, and both see the same page; either of you can click and type.
Instead of the link, the visitor can, for 15 minutes, open %s and type %s.

The shop's demo account is ida@example.com, password lamplight, card 4242 4242 4242 4242.
It notes every order, login and message once: %s/log

Press Ctrl-C to end.
`, d.VisitorURL, d.AgentURL, d.Control, spoken(d.Code), d.Shop)
}
