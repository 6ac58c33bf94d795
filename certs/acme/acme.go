package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// Config says how to get certificates, and where to keep them.
type Config struct {
	Dir   string // where account and certificates are kept
	Email string // told to the authority; may be ""
	// Directory is the URL of the authority's ACME directory; default Let's Encrypt.
	Directory string
	DNS       DNS
	// Resolvers, "host:port", look at the DNS; default the system's.
	Resolvers []string
	// Roots verify the authority's own server; nil means the system's.
	Roots  *x509.CertPool
	Logger *slog.Logger
}

// DNS changes records of a zone.
type DNS = certmagic.DNSProvider

// Manager keeps certificates. It is safe for concurrent use.
type Manager struct {
	cache  *certmagic.Cache
	config *certmagic.Config
	log    *slog.Logger
}

// New returns a Manager that has no certificates yet: see [Manager.Run].
func New(cfg Config) *Manager {
	m := &Manager{log: cfg.Logger}
	quiet := zap.NewNop() // it logs more than we do; what matters comes as events
	m.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return m.config, nil },
		Logger:           quiet,
	})
	m.config = certmagic.New(m.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: cfg.Dir},
		OnEvent: m.event,
		Logger:  quiet,
	})
	directory := cfg.Directory
	if directory == "" {
		directory = certmagic.LetsEncryptProductionCA
	}
	m.config.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(m.config, certmagic.ACMEIssuer{
		CA:                      directory,
		TestCA:                  directory, // else failures are tried at Let's Encrypt's
		Email:                   cfg.Email,
		Agreed:                  true,
		DisableHTTPChallenge:    true,
		DisableTLSALPNChallenge: true,
		DNS01Solver:             &certmagic.DNS01Solver{DNSManager: certmagic.DNSManager{DNSProvider: cfg.DNS, Resolvers: cfg.Resolvers, Logger: quiet}},
		TrustedRoots:            cfg.Roots,
		Logger:                  quiet,
	})}
	return m
}

// Run loads the certificates of names, one each and wildcards too, gets those
// that are missing, and renews them until ctx ends. It returns at once; failures are logged, and tried again.
func (m *Manager) Run(ctx context.Context, names []string) error {
	if err := m.config.ManageAsync(ctx, names); err != nil {
		return fmt.Errorf("loading certificates: %w", err)
	}
	return nil
}

// Close stops renewing.
func (m *Manager) Close() { m.cache.Stop() }

// GetCertificate is for tls.Config. It fails for a name that has no
// certificate (yet).
func (m *Manager) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return m.config.GetCertificate(hello)
}

// event logs what certmagic does, in our words.
func (m *Manager) event(_ context.Context, event string, data map[string]any) error {
	name := data["identifier"]
	switch event {
	case "cert_obtaining":
		m.log.Info("asking for a certificate", "name", name)
	case "cert_obtained":
		m.log.Info("certificate obtained", "name", name)
	case "cert_failed":
		m.log.Error("certificate not obtained", "name", name, "error", data["error"])
	}
	return nil
}
