package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tandem/certs"
)

// certsDir is where the local authority is, in a data directory.
const certsDir = "certs"

func newCerts(data *string) *cobra.Command {
	return group(&cobra.Command{
		Use:   "certs",
		Short: "Make a certificate to try https with, and look at certificates",
		Long: `A server that others use needs a certificate that their browsers trust: give
"tandem serve" one in files, or have it get one with --acme-dns. To try https on
your own machines, "certs create" makes an authority and a certificate. That
authority can sign for the server's two domains only, whoever gets its key.

A running server takes a new certificate over when its files change.`,
		Example: `  tandem certs create --control-url https://tandem.test --content-domain tandem-pages.test
  tandem certs show`,
	}, newCertsCreate(data), newCertsShow(data))
}

func newCertsCreate(data *string) *cobra.Command {
	var cfg config
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a local authority and a certificate for the server",
		Long: `Create makes an authority in the data directory, if there is none, and has it sign
a certificate for 90 days; called again, it renews that. It prints how to serve
with it and how to have browsers trust it. Never share ca-key.pem.`,
		Example: `  tandem certs create --control-url https://tandem.test --content-domain tandem-pages.test`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cfg.ControlURL == "" && cfg.ContentDomain == "" {
				cfg.ControlURL, cfg.ContentDomain = "https://"+defaultControl, defaultContent
			}
			control, content, err := names(cfg)
			if err != nil {
				return err
			}
			return createCertificate(cmd, filepath.Join(*data, certsDir), control, hostOf(content))
		},
	}
	f := cmd.Flags()
	f.StringVar(&cfg.ControlURL, "control-url", "", "URL of our own pages, as for serve (default https://"+defaultControl+")")
	f.StringVar(&cfg.ContentDomain, "content-domain", "", "domain below which sites are shown (default "+defaultContent+")")
	f.BoolVar(&cfg.AllowSameSite, "allow-same-site", false, "even if the two are the same site")
	return cmd
}

func createCertificate(cmd *cobra.Command, dir string, control *url.URL, content string) error {
	now := time.Now()
	ca, err := certs.OpenCA(dir, []string{control.Hostname(), content}, now)
	switch {
	case errors.Is(err, certs.ErrDomains), errors.Is(err, certs.ErrExpired):
		return hinted{err, "move that directory away, and have browsers trust the new authority"}
	case errors.Is(err, certs.ErrExposed):
		return hinted{err, "somebody else may have it: move that directory away, and take the authority out of browsers"}
	case err != nil:
		return err
	}
	leaf, err := ca.Issue([]string{control.Hostname(), content, "*." + content}, now)
	if err != nil {
		return err
	}
	chain, key := filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	if err := certs.Save(leaf, chain, key); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), `Authority    %s, for %s and %s only, until %s
Certificate  %s, until %s

Serve with it:

  tandem serve --control-url %s --content-domain %s \
    --tls-cert %s --tls-key %s

%s`, ca.File(), control.Hostname(), content, ca.Certificate().NotAfter.Format(time.DateOnly), chain, leaf.Leaf.NotAfter.Format(time.DateOnly),
		control, content, chain, key, trustHint(ca.File()))
	return nil
}

// trustHint says how browsers come to trust an authority.
func trustHint(file string) string {
	return fmt.Sprintf(`On each machine with a browser that shall trust it (Firefox: settings, certificates, import):

  Debian, Ubuntu  sudo cp %[1]s /usr/local/share/ca-certificates/tandem.crt && sudo update-ca-certificates
  Chrome on Linux certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n tandem -i %[1]s
  macOS           sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain %[1]s
  Windows         certutil -addstore -f ROOT %[1]s
`, file)
}

// A certificateInfo is what "certs show" tells of one.
type certificateInfo struct {
	File        string    `json:"file"`
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	Names       []string  `json:"names,omitempty"`
	OnlyFor     []string  `json:"only_for,omitempty"` // domains an authority is limited to
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Fingerprint string    `json:"sha256"`
}

func newCertsShow(data *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show [FILE...]",
		Short: "Show what is in certificates",
		Long:  `Show tells names, issuer and dates of the certificates in PEM files; without one, of those that "certs create" made.`,
		Example: `  tandem certs show
  tandem certs show /etc/tandem/chain.pem --json`,
		RunE: func(cmd *cobra.Command, files []string) error {
			if len(files) == 0 {
				dir := filepath.Join(*data, certsDir)
				files = []string{filepath.Join(dir, "ca.pem"), filepath.Join(dir, "chain.pem")}
			}
			var list []certificateInfo
			for _, file := range files {
				found, err := readCertificates(file)
				if err != nil {
					return err
				}
				list = append(list, found...)
			}
			if asJSON {
				return printJSON(cmd, list)
			}
			return printCertificates(cmd, list)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func readCertificates(file string) (list []certificateInfo, err error) {
	rest, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, coded{hinted{err, `make one with "tandem certs create", or name a PEM file`}, exitNotFound}
	}
	if err != nil {
		return nil, err
	}
	for block := (*pem.Block)(nil); ; {
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			continue // a key, say
		}
		list = append(list, certificateInfo{
			File: file, Subject: c.Subject.String(), Issuer: c.Issuer.String(), Names: c.DNSNames, OnlyFor: c.PermittedDNSDomains,
			NotBefore: c.NotBefore, NotAfter: c.NotAfter, Fingerprint: fmt.Sprintf("%X", sha256.Sum256(c.Raw)),
		})
	}
	if len(list) == 0 {
		return nil, hinted{fmt.Errorf("there is no certificate in %s", file), "it has to be a PEM file"}
	}
	return list, nil
}

func printCertificates(cmd *cobra.Command, list []certificateInfo) error {
	var rows [][]string
	for i, c := range list {
		if i > 0 {
			rows = append(rows, []string{""})
		}
		rows = append(rows, []string{"file", c.File}, []string{"subject", c.Subject}, []string{"issuer", c.Issuer})
		if len(c.Names) > 0 {
			rows = append(rows, []string{"names", strings.Join(c.Names, ", ")})
		}
		if len(c.OnlyFor) > 0 {
			rows = append(rows, []string{"only for", strings.Join(c.OnlyFor, ", ")})
		}
		rows = append(rows, []string{"valid", c.NotBefore.Format(time.DateOnly) + " to " + c.NotAfter.Format(time.DateOnly)}, []string{"SHA-256", c.Fingerprint})
	}
	return printTable(cmd, rows)
}
