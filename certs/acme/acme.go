package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"sync"
	"time"

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
	Roots *x509.CertPool
	// Check is how often it is looked whether something has to be renewed; default 10 minutes.
	Check  time.Duration
	Logger *slog.Logger
}

// DNS changes records of a zone.
type DNS = certmagic.DNSProvider

// Manager keeps certificates. It is safe for concurrent use.
type Manager struct {
	cache  *certmagic.Cache
	config *certmagic.Config
	log    *slog.Logger

	mu       sync.Mutex
	names    []string
	problems map[string]string // why the last try for a name failed
}

// State is what is known of the certificate of a name.
type State struct {
	Name    string    `json:"name"`
	Until   time.Time `json:"until,omitzero"`    // when it ends; zero when there is none yet
	Problem string    `json:"problem,omitempty"` // why the last try to get or renew it failed
}

// New returns a Manager that has no certificates yet: see [Manager.Run].
func New(cfg Config) *Manager {
	m := &Manager{log: cfg.Logger, problems: map[string]string{}}
	quiet := zap.NewNop() // it logs more than we do; what matters comes as events
	m.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   func(certmagic.Certificate) (*certmagic.Config, error) { return m.config, nil },
		RenewCheckInterval: cfg.Check,
		Logger:             quiet,
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
	m.mu.Lock()
	m.names = names
	m.mu.Unlock()
	if err := m.config.ManageAsync(ctx, names); err != nil {
		return fmt.Errorf("loading certificates: %w", err)
	}
	return nil
}

// States returns what is known of each name's certificate.
func (m *Manager) States() []State {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []State
	for _, name := range m.names {
		s := State{Name: name, Problem: m.problems[name]}
		for _, c := range m.cache.AllMatchingCertificates(name) {
			if c.Leaf.NotAfter.After(s.Until) {
				s.Until = c.Leaf.NotAfter
			}
		}
		all = append(all, s)
	}
	return all
}

// Close stops renewing.
func (m *Manager) Close() { m.cache.Stop() }

// GetCertificate is for tls.Config. It fails for a name that has no
// certificate (yet).
func (m *Manager) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return m.config.GetCertificate(hello)
}

// event logs what certmagic does, in our words, and keeps what went wrong.
func (m *Manager) event(_ context.Context, event string, data map[string]any) error {
	name, _ := data["identifier"].(string)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch event {
	case "cert_obtaining":
		m.log.Info("asking for a certificate", "name", name)
	case "cert_obtained":
		delete(m.problems, name)
		m.log.Info("certificate obtained", "name", name)
	case "cert_failed":
		m.problems[name] = fmt.Sprint(data["error"])
		m.log.Error("certificate not obtained", "name", name, "error", data["error"])
	}
	return nil
}
