package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/publicsuffix"

	"tandem/certs"
	"tandem/certs/acme"
	"tandem/proxy"
	"tandem/session"
	"tandem/session/audit"
	"tandem/session/state"
)

const (
	defaultListen  = "127.0.0.1:7070"
	defaultControl = "tandem.localhost"
	defaultContent = "tandem-pages.localhost"
)

// A config says how to run a server.
type config struct {
	Listen        string // address; port 0 picks a free one
	ControlURL    string // where our own pages are; default defaultControl at the port of Listen
	ContentDomain string // below it the sites are shown; default defaultContent at the port of Listen
	AllowSameSite bool   // run even if the two are the same site
	Data          string // directory of the state
	TLSCert       string // PEM files; both or none
	TLSKey        string
	ACME          acmeFlags // in place of the files
	Fronts        []string  // addresses and networks of reverse proxies that say where requests come from
	Audit         auditFlags
	Provider      *session.Provider // where agents may sign in; nil for nowhere
	Drain         time.Duration     // how long open requests may take at the end; default 10 s
	Logger        *slog.Logger
	Ready         func(*server) // called once the server answers, if not nil
}

// A server is everything that runs behind one address.
type server struct {
	Hub     *session.Hub
	Control *url.URL
	Content string // domain, with port

	cfg   config
	log   *slog.Logger
	proxy *proxy.Proxy
	certs certificates // nil: plain HTTP
}

// certificates are what the server shows browsers.
type certificates interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// auditFlags say what becomes of the audit log's files.
type auditFlags struct {
	Megabytes int // of a file
	Days      int // for which entries are kept; 0 for ever
}

func (f auditFlags) limits() audit.Limits {
	return audit.Limits{Size: int64(f.Megabytes) << 20, Keep: time.Duration(f.Days) * 24 * time.Hour}
}

func (f auditFlags) String() string {
	if f.Days == 0 {
		return fmt.Sprintf("files of %d MB, kept for ever", f.Megabytes)
	}
	return fmt.Sprintf("files of %d MB, kept for %d days", f.Megabytes, f.Days)
}

func (f *auditFlags) add(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.Megabytes, "audit-size", 32, "megabytes after which the audit log goes on in a new file")
	cmd.Flags().IntVar(&f.Days, "audit-keep", 0, "days for which entries of the audit log are kept, or up to a month longer; 0 for ever")
}

func (f auditFlags) check() error {
	if f.Megabytes < 0 || f.Days < 0 || f.Days > 100*366 {
		return hinted{errors.New("the audit log has no such size or age"), `"tandem serve --help" says what --audit-size and --audit-keep take`}
	}
	return nil
}

// acmeFlags say how to get certificates by ACME.
type acmeFlags struct {
	DNS       string // see acme.ParseDNS; "" for not at all
	Email     string
	Directory string
	Resolvers []string
	Roots     *x509.CertPool // verify the authority's server; nil for the system's
	Check     time.Duration  // see acme.Config
}

// acmeSecret is the environment's variable with the secret of the DNS key.
const acmeSecret = "TANDEM_ACME_DNS_SECRET"

func newServe(data *string) *cobra.Command {
	var cfg config
	var logs logFlags
	var provider providerFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Serve runs the server until it is told to stop (SIGINT or SIGTERM); it then ends
its streams and lets open requests finish. Sessions, their cookies and their
invitations are in the data directory, so a restarted server knows them.

Our own pages are at --control-url. The sites people look at are shown under
names below --content-domain: every one of them has to resolve to this server
(one wildcard record), and with TLS one wildcard certificate has to cover them.
Without --tls-cert the server can get certificates itself, from Let's Encrypt or
another authority with ACME: it then has to change records of the DNS, by asking
a name server (rfc2136://ns.example?key=NAME, the key's secret in the variable
` + acmeSecret + `) or by a program of yours (exec:PROGRAM, called
with add or remove, the name of a TXT record and its value).

The two must be different sites, because what runs below the content domain is
not to be trusted. Without either flag both are names below .localhost, which
browsers find on this machine.

With --oidc-issuer agents can sign in to the console at an OpenID Connect
provider. Register there the redirect address CONTROL-URL/api/sign-in/callback.
Who signs in must be an agent (see "tandem agents add --email"), or be in a
group named with --oidc-role.`,
		Example: `  tandem serve
  tandem serve --listen :443 --control-url https://tandem.example \
    --content-domain tandem-pages.example --tls-cert chain.pem --tls-key key.pem
  tandem serve --listen :443 --control-url https://tandem.example \
    --content-domain tandem-pages.example --acme-dns 'rfc2136://ns.example?key=tandem'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Data = *data
			cfg.Logger = logs.logger(cmd.ErrOrStderr(), slog.LevelInfo)
			var err error
			if cfg.Provider, err = provider.provider(); err != nil {
				return err
			}
			if err := cfg.Audit.check(); err != nil {
				return err
			}
			return run(cmd.Context(), cfg)
		},
	}
	cfg.add(cmd)
	cmd.Flags().DurationVar(&cfg.Drain, "drain", 10*time.Second, "how long open requests may take when the server stops")
	cfg.Audit.add(cmd)
	provider.add(cmd)
	logs.add(cmd)
	return cmd
}

// add has a command take what says how the server is reached.
func (cfg *config) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&cfg.Listen, "listen", defaultListen, "address to listen on; port 0 picks a free one")
	f.StringVar(&cfg.ControlURL, "control-url", "", "URL of our own pages (default http://"+defaultControl+", at the port of --listen)")
	f.StringVar(&cfg.ContentDomain, "content-domain", "", "domain below which sites are shown (default "+defaultContent+", at the port of --listen)")
	f.BoolVar(&cfg.AllowSameSite, "allow-same-site", false, "run even if control URL and content domain are the same site: sites can then disturb our own pages")
	f.StringVar(&cfg.TLSCert, "tls-cert", "", "PEM file with the certificate chain; read again when it changes")
	f.StringVar(&cfg.TLSKey, "tls-key", "", "PEM file with the certificate's key")
	f.StringVar(&cfg.ACME.DNS, "acme-dns", "", "get certificates by ACME, changing the DNS with exec:PROGRAM or rfc2136://SERVER?key=NAME")
	f.StringSliceVar(&cfg.Fronts, "trusted-proxies", nil, "addresses or networks of reverse proxies, whose X-Forwarded-For says where a request comes from")
	f.StringVar(&cfg.ACME.Email, "acme-email", "", "address the authority may write to")
	f.StringVar(&cfg.ACME.Directory, "acme-directory", "", "URL of the authority's ACME directory (default Let's Encrypt's)")
	f.StringSliceVar(&cfg.ACME.Resolvers, "acme-resolver", nil, "name server, HOST:PORT, to look at the DNS with as the authority sees it (default the system's)")
}

// settings are what a server runs with.
type settings struct {
	Data    string       `json:"data"`
	Listen  string       `json:"listen"`
	Control string       `json:"control_url"`
	Content string       `json:"content_domain"`
	TLSCert string       `json:"tls_cert,omitempty"`
	TLSKey  string       `json:"tls_key,omitempty"` // the file
	ACMEDNS string       `json:"acme_dns,omitempty"`
	ACME    []acme.State `json:"acme,omitempty"`
	Fronts  []string     `json:"trusted_proxies,omitempty"`
	Drain   string       `json:"drain"`
	Audit   string       `json:"audit"` // size and age of its files
	Version string       `json:"version"`
}

func (s *server) settings() settings {
	var got []acme.State
	if m, ok := s.certs.(*acme.Manager); ok {
		got = m.States()
	}
	return settings{
		Data: s.cfg.Data, Listen: s.cfg.Listen, Control: s.Control.String(), Content: s.Content,
		TLSCert: s.cfg.TLSCert, TLSKey: s.cfg.TLSKey, ACMEDNS: s.cfg.ACME.DNS, ACME: got, Fronts: s.cfg.Fronts,
		Drain: s.cfg.Drain.String(), Audit: s.cfg.Audit.String(), Version: thisBuild().String(),
	}
}

// run serves until ctx ends, and then until what is open has finished.
func run(ctx context.Context, cfg config) error {
	if _, _, err := names(cfg); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return listenError(cfg.Listen, err)
	}
	defer listener.Close()
	cfg.Listen = listener.Addr().String()
	s, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	control, err := listenAdmin(cfg.Data)
	if err != nil {
		return errors.Join(err, s.close(context.WithoutCancel(ctx)))
	}
	return s.serve(ctx, listener, control)
}

func listenError(address string, err error) error {
	return hinted{fmt.Errorf("listening on %s: %w", address, err), "choose another address with --listen; port 0 picks a free one"}
}

// open makes a server that does not listen yet.
func open(ctx context.Context, cfg config) (*server, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.Drain <= 0 {
		cfg.Drain = 10 * time.Second
	}
	s := &server{cfg: cfg, log: cfg.Logger}
	var err error
	if s.Control, s.Content, err = names(cfg); err != nil {
		return nil, err
	}
	if s.certs, err = s.openCertificates(ctx); err != nil {
		return nil, err
	}
	joined := proxy.Config{Control: s.Control, Logger: s.log}
	joined.Content.Scheme, joined.Content.Host = s.Control.Scheme, s.Content
	if joined.Fronts, err = proxy.ParseFronts(cfg.Fronts); err != nil {
		return nil, hinted{err, `--trusted-proxies takes a list such as "127.0.0.1,10.1.0.0/16"`}
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	s.Hub, err = session.Open(ctx, session.Config{
		Dir:     cfg.Data,
		Control: s.Control.String(),
		Links:   func(id string) (shell, view string) { return joined.Content.Shell(id), joined.Content.View(id) },
		Audit:   cfg.Audit.limits(),
		Logger:  s.log,

		Provider: cfg.Provider,
	})
	if err != nil {
		if errors.Is(err, state.ErrLocked) {
			err = hinted{err, "a server uses this data directory; stop it, or choose another directory with --data"}
		}
		return nil, err
	}
	joined.Hub = s.Hub
	if s.proxy, err = proxy.New(joined); err != nil {
		return nil, errors.Join(err, s.Hub.Close(ctx))
	}
	return s, nil
}

// openCertificates returns nil when there are none to show.
func (s *server) openCertificates(ctx context.Context) (certificates, error) {
	cfg := s.cfg
	switch {
	case cfg.ACME.DNS != "":
		dns, err := acme.ParseDNS(cfg.ACME.DNS, os.Getenv(acmeSecret))
		if err != nil {
			return nil, hinted{err, `"tandem serve --help" says what --acme-dns takes`}
		}
		m := acme.New(acme.Config{
			Dir: filepath.Join(cfg.Data, "acme"), Email: cfg.ACME.Email, Directory: cfg.ACME.Directory,
			DNS: dns, Resolvers: cfg.ACME.Resolvers, Roots: cfg.ACME.Roots, Check: cfg.ACME.Check, Logger: s.log,
		})
		context.AfterFunc(ctx, m.Close)
		return m, m.Run(ctx, []string{s.Control.Hostname(), "*." + hostOf(s.Content)})
	case cfg.TLSCert != "" || cfg.TLSKey != "":
		files, err := certs.Load(cfg.TLSCert, cfg.TLSKey, s.log)
		if err != nil {
			return nil, hinted{err, "--tls-cert and --tls-key name two PEM files that belong together"}
		}
		return files, nil
	}
	return nil, nil
}

func (s *server) admin() admin { return local{s.Hub, s.proxy, s.settings} }

// close stops what open started, in a process that never listened.
func (s *server) close(ctx context.Context) error {
	return errors.Join(s.proxy.Close(), s.Hub.Close(ctx))
}

// serve answers on the listeners until ctx ends or one of them fails.
func (s *server) serve(ctx context.Context, listener, control net.Listener) error {
	logger := slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)
	public := &http.Server{
		Handler:           s.proxy,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    256 << 10,
		ErrorLog:          logger,
	}
	var spares spares
	public.ConnState = spares.note
	public.RegisterOnShutdown(spares.close)
	public.RegisterOnShutdown(s.Hub.Drain)
	private := &http.Server{Handler: adminHandler(s.admin()), ReadHeaderTimeout: 10 * time.Second, ErrorLog: logger, ConnContext: asPeer}
	failed := make(chan error, 2)
	go func() { failed <- private.Serve(control) }()
	go func() { failed <- s.servePublic(public, listener) }()
	s.log.Info("serving", "listen", listener.Addr().String(), "control", s.Control.String(), "content", "*."+s.Content, "tls", s.certs != nil)
	s.warn()
	if err := s.Hub.Audit().Add(ctx, audit.Entry{Act: "server.start"}); err != nil {
		return errors.Join(err, s.drain(public, private))
	}
	if s.cfg.Ready != nil {
		s.cfg.Ready(s)
	}
	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	return errors.Join(err, s.drain(public, private))
}

func (s *server) servePublic(public *http.Server, listener net.Listener) error {
	if s.certs == nil {
		return public.Serve(listener)
	}
	public.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certs.GetCertificate}
	return public.ServeTLS(listener, "", "")
}

// drain ends streams first, because Shutdown would wait for them, and the hub
// last, because open requests still use it. Participants come back by
// themselves when a server does.
func (s *server) drain(public, private *http.Server) error {
	s.log.Info("stopping", "drain", s.cfg.Drain.String())
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.Drain)
	defer cancel()
	err := errors.Join(s.proxy.Close(), private.Close(), s.Hub.Audit().Add(ctx, audit.Entry{Act: "server.stop"}))
	if stuck := public.Shutdown(ctx); stuck != nil {
		s.log.Warn("open requests were cut off", "error", stuck)
		err = errors.Join(err, public.Close())
	}
	last, cancelLast := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancelLast()
	return errors.Join(err, s.Hub.Close(last))
}

// spares are connections nothing was asked on yet. Browsers open some ahead of
// need, and Shutdown would wait five seconds for each.
type spares struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func (s *spares) note(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state != http.StateNew {
		delete(s.conns, c)
		return
	}
	if s.conns == nil {
		s.conns = map[net.Conn]struct{}{}
	}
	s.conns[c] = struct{}{}
}

// close lets requests that are under way arrive first.
func (s *spares) close() {
	time.Sleep(300 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// warn tells what will surprise whoever runs the server like this.
func (s *server) warn() {
	host, _, _ := net.SplitHostPort(s.cfg.Listen)
	ip := net.ParseIP(host)
	localNames := isLocalhost(s.Control.Hostname())
	if localNames && (ip == nil || !ip.IsLoopback()) {
		s.log.Warn("others can reach this server, but its links only work on this machine: set --control-url and --content-domain")
	}
	if !localNames && s.Control.Scheme == "http" {
		s.log.Warn("without TLS browsers switch much of the web off, and the network can read along: use https")
	}
	if sameSite(s.Control.Hostname(), hostOf(s.Content)) {
		s.log.Warn("control URL and content domain are the same site: sites can set cookies on our own pages")
	}
}

var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(:[0-9]{1,5})?$`)

// names works out the two names of the server.
func names(cfg config) (control *url.URL, content string, err error) {
	if (cfg.ControlURL == "") != (cfg.ContentDomain == "") {
		return nil, "", hinted{errors.New("a control URL and a content domain belong together"), "set both --control-url and --content-domain, or neither"}
	}
	if (cfg.TLSCert == "") != (cfg.TLSKey == "") {
		return nil, "", hinted{errors.New("a certificate and its key belong together"), "set both --tls-cert and --tls-key, or neither"}
	}
	if cfg.ACME.DNS != "" && (cfg.TLSCert != "" || !strings.HasPrefix(strings.ToLower(cfg.ControlURL), "https://")) {
		return nil, "", hinted{errors.New("certificates by ACME are for names of your own"), "set --control-url with https and --content-domain, and no --tls-cert"}
	}
	if cfg.ControlURL == "" {
		_, port, err := net.SplitHostPort(cfg.Listen)
		if err != nil {
			return nil, "", listenError(cfg.Listen, err)
		}
		scheme := "http"
		if cfg.TLSCert != "" {
			scheme = "https"
		}
		cfg.ControlURL, cfg.ContentDomain = scheme+"://"+net.JoinHostPort(defaultControl, port), net.JoinHostPort(defaultContent, port)
	}
	control, err = url.Parse(strings.TrimSuffix(strings.ToLower(cfg.ControlURL), "/"))
	if err != nil || control.Scheme != "http" && control.Scheme != "https" || control.Host == "" || control.Path != "" || control.RawQuery != "" || control.User != nil {
		return nil, "", hinted{fmt.Errorf("%q is not a control URL", cfg.ControlURL), "it is scheme and host, such as https://tandem.example"}
	}
	if cfg.TLSCert != "" && control.Scheme != "https" {
		return nil, "", hinted{errors.New("there is a certificate, but the control URL begins with http"), "begin --control-url with https"}
	}
	content = strings.TrimPrefix(strings.ToLower(cfg.ContentDomain), "*.")
	if !domainName.MatchString(content) || net.ParseIP(hostOf(content)) != nil {
		return nil, "", hinted{fmt.Errorf("%q is not a content domain", cfg.ContentDomain), "it is a domain name, such as tandem-pages.example"}
	}
	return control, content, separate(control.Hostname(), hostOf(content), cfg.AllowSameSite)
}

// separate refuses names whose pages browsers would not keep apart, and those
// they would keep apart too well: the content hosts share cookies' site.
func separate(control, content string, allowed bool) error {
	if _, err := publicsuffix.EffectiveTLDPlusOne(content); err != nil {
		return hinted{fmt.Errorf("%s is a public suffix: browsers treat the names below it as strangers to each other", content), "put a name of your own before it, such as pages." + content}
	}
	if sameSite(control, content) && !allowed {
		return hinted{fmt.Errorf("the control URL's host %s and the content domain %s are the same site", control, content),
			"choose names that are registered apart, such as tandem.example and tandem-pages.example; to try it anyway: --allow-same-site"}
	}
	return nil
}

// sameSite reports whether browsers take two hosts for one site. Names below
// .localhost are sites of their own, as browsers see them.
func sameSite(a, b string) bool {
	if a == b {
		return true
	}
	siteA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	siteB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	return errA == nil && errB == nil && siteA == siteB
}

func isLocalhost(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// hostOf cuts the port off.
func hostOf(authority string) string { return (&url.URL{Host: authority}).Hostname() }
