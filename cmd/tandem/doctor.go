package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/spf13/cobra"

	"tandem/certs"
	"tandem/certs/acme"
	"tandem/proxy"
	"tandem/session/audit"
)

// A finding is what the doctor says of one thing.
type finding struct {
	Check  string `json:"check"`
	Health health `json:"health"`
	Found  string `json:"found"`
	Fix    string `json:"fix,omitempty"`
}

type health string

const (
	well   health = "ok"
	unwell health = "warning"
	ill    health = "failed"
)

func newDoctor(data *string) *cobra.Command {
	var cfg config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out why it does not work",
		Long: `Doctor looks at what a server needs: two domains that are not one site, their DNS,
the certificate, the clock, the way in, WebSockets, and the way out to the sites.
Each failure comes with what to do about it; the exit code is then 5.

It looks at the server that runs on the data directory, or, before the first start,
at what the flags say, which are those of "tandem serve".`,
		Example: `  tandem doctor
  tandem doctor --control-url https://tandem.example --content-domain tandem-pages.example \
    --listen :443 --tls-cert chain.pem --tls-key key.pem`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg.Data = *data
			d := newDoctoring(cfg)
			return printFindings(cmd, d.examine(cmd.Context()), asJSON)
		},
	}
	cfg.add(cmd)
	addJSON(cmd, &asJSON)
	return cmd
}

func printFindings(cmd *cobra.Command, list []finding, asJSON bool) error {
	failed := 0
	for _, f := range list {
		if f.Health == ill {
			failed++
		}
	}
	if asJSON {
		if err := printJSON(cmd, list); err != nil {
			return err
		}
	} else {
		for _, f := range list {
			fmt.Fprintf(cmd.OutOrStdout(), "%-8s %-12s %s\n", f.Health, f.Check, plain(f.Found))
			if f.Fix != "" {
				fmt.Fprintf(cmd.OutOrStdout(), "%-8s %-12s -> %s\n", "", "", plain(f.Fix))
			}
		}
	}
	if failed > 0 {
		return coded{hinted{fmt.Errorf("%d of %d checks failed", failed, len(list)), "mend the first one first; others may follow from it"}, exitProblem}
	}
	return nil
}

// doctoring is one examination. The functions are the outside world.
type doctoring struct {
	cfg     config
	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	roots   *x509.CertPool // nil: the system's
	now     func() time.Time
	control *url.URL
	content string // domain, with port
	running bool
	got     []acme.State // by the running server
	list    []finding
}

func newDoctoring(cfg config) *doctoring {
	return &doctoring{
		cfg: cfg,
		lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
		dial: dialAsBrowsers,
		now:  time.Now,
	}
}

// dialAsBrowsers finds names below .localhost on this machine.
func dialAsBrowsers(ctx context.Context, network, address string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && isLocalhost(host) {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// doctorPatience is how long each step may take.
const doctorPatience = 10 * time.Second

func (d *doctoring) add(check string, h health, found, fix string) {
	d.list = append(d.list, finding{check, h, found, fix})
}

func (d *doctoring) examine(ctx context.Context) []finding {
	server, running := dialAdmin(d.cfg.Data)
	d.running = running
	if running {
		s, err := server.Settings(ctx)
		if err != nil {
			d.add("server", ill, "the running server does not answer on its socket: "+err.Error(), "restart it; both have to be the same version")
			return d.list
		}
		d.cfg.Listen, d.cfg.ControlURL, d.cfg.ContentDomain = s.Listen, s.Control, s.Content
		d.cfg.TLSCert, d.cfg.TLSKey, d.cfg.ACME.DNS = s.TLSCert, s.TLSKey, s.ACMEDNS
		d.got = s.ACME
		d.cfg.AllowSameSite = true // it runs; a finding says so
		d.add("server", well, "one runs on "+d.cfg.Data+" and listens on "+s.Listen, "")
	} else {
		d.add("server", unwell, "none runs on "+d.cfg.Data, `what needs one is left out; start it with "tandem serve", or name its directory with --data`)
	}
	d.examineData()
	if !d.examineNames() {
		return d.list
	}
	d.examineDNS(ctx)
	d.examineCertificate()
	d.examineClock()
	if running {
		d.examineEntrance(ctx)
	} else {
		d.examineListen()
	}
	d.examineEgress(ctx, server)
	return d.list
}

// examineData asks whether state can be kept, and by whom it can be read.
func (d *doctoring) examineData() {
	info, err := os.Stat(d.cfg.Data)
	if errors.Is(err, os.ErrNotExist) {
		d.add("data", well, d.cfg.Data+" will be made at the first start", "")
		return
	}
	if err != nil || !info.IsDir() {
		d.add("data", ill, d.cfg.Data+" is no directory that can be read", "choose another with --data")
		return
	}
	probe, err := os.CreateTemp(d.cfg.Data, ".doctor-*")
	if err != nil {
		d.add("data", ill, "nothing can be written to "+d.cfg.Data+": "+err.Error(), "give it to the user that runs the server, on a disk that is not full")
		return
	}
	probe.Close()
	os.Remove(probe.Name())
	if info.Mode().Perm()&0o077 != 0 {
		d.add("data", unwell, d.cfg.Data+" can be read by other users", "chmod 700 "+d.cfg.Data)
		return
	}
	d.add("data", well, d.cfg.Data+" can be written, by its owner only", "")
}

func (d *doctoring) examineNames() bool {
	var err error
	if d.control, d.content, err = names(d.cfg); err != nil {
		d.add("names", ill, err.Error(), hintFor(err))
		return false
	}
	switch {
	case sameSite(d.control.Hostname(), hostOf(d.content)):
		d.add("names", unwell, "control URL and content domain are one site: sites can set cookies on our own pages",
			"choose names that are registered apart, such as tandem.example and tandem-pages.example")
	case d.control.Scheme == "http" && !isLocalhost(d.control.Hostname()):
		d.add("names", ill, "without TLS browsers switch much of the web off, and the network can read along", "begin --control-url with https")
	default:
		d.add("names", well, d.control.Hostname()+" and *."+hostOf(d.content)+" are different sites", "")
	}
	return true
}

func (d *doctoring) examineDNS(ctx context.Context) {
	if isLocalhost(d.control.Hostname()) {
		d.add("dns", well, "browsers find names below .localhost on this machine; others cannot come", "")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, doctorPatience)
	defer cancel()
	control, err := d.lookup(ctx, d.control.Hostname())
	if err != nil || len(control) == 0 {
		d.add("dns", ill, d.control.Hostname()+" does not resolve", "add an A (or AAAA) record for it, to this server's address")
	} else {
		d.add("dns", well, fmt.Sprintf("%s is at %v", d.control.Hostname(), control), "")
	}
	// A name that nobody can have asked for, so no cache and no single record answers.
	probe := "doctor-" + strings.ToLower(rand.Text()[:12]) + "." + hostOf(d.content)
	content, err := d.lookup(ctx, probe)
	switch {
	case err != nil || len(content) == 0:
		d.add("wildcard", ill, "names below "+hostOf(d.content)+" do not resolve", "add an A (or AAAA) record for *."+hostOf(d.content)+", to this server's address")
	case !overlap(control, content):
		d.add("wildcard", unwell, fmt.Sprintf("*.%s is at %v, another address than %s", hostOf(d.content), content, d.control.Hostname()),
			"unless both lead to this server, let both records have its address")
	default:
		d.add("wildcard", well, fmt.Sprintf("*.%s is at %v", hostOf(d.content), content), "")
	}
}

func overlap(a, b []netip.Addr) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Unmap() == y.Unmap() {
				return true
			}
		}
	}
	return false
}

// examineCertificate looks at the files; what browsers are shown is looked at
// by examineEntrance.
func (d *doctoring) examineCertificate() {
	switch {
	case d.cfg.ACME.DNS != "":
		d.examineACME()
		return
	case d.cfg.TLSCert == "" && d.control.Scheme == "https":
		d.add("certificate", unwell, "none is given: something in front of the server has to end TLS", `give it --tls-cert and --tls-key, or --acme-dns, unless there is a reverse proxy`)
		return
	case d.cfg.TLSCert == "":
		d.add("certificate", well, "none is needed on this machine", "")
		return
	}
	leaf, err := certs.Read(d.cfg.TLSCert, d.cfg.TLSKey)
	if err != nil {
		d.add("certificate", ill, err.Error(), "--tls-cert and --tls-key name two PEM files that belong together and can be read by this user")
		return
	}
	between := x509.NewCertPool()
	for _, der := range leaf.Certificate[1:] {
		if c, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(c)
		}
	}
	d.judge("certificate", leaf.Leaf, between)
}

// examineACME says what became of the certificates that the running server gets
// itself, or, before the first start, whether it will know how.
func (d *doctoring) examineACME() {
	if !d.running {
		if _, err := acme.ParseDNS(d.cfg.ACME.DNS, os.Getenv(acmeSecret)); err != nil {
			d.add("certificate", ill, err.Error(), `"tandem serve --help" says what --acme-dns takes`)
			return
		}
		d.add("certificate", well, "will be got by ACME at the first start", "")
		return
	}
	for _, s := range d.got {
		fix := "let --acme-dns be able to set the TXT record _acme-challenge." + strings.TrimPrefix(s.Name, "*.") + ", and the authority be reached; the server tries again by itself, and at once when it is restarted"
		switch now := d.now(); {
		case s.Until.IsZero() && s.Problem == "":
			d.add("certificate", unwell, "one for "+s.Name+" is being asked for", "look again in a minute")
		case s.Until.Before(now) && s.Problem == "":
			d.add("certificate", ill, "the one for "+s.Name+" ended on "+s.Until.Format(time.DateOnly), "restart the server, which then asks for another at once")
		case s.Until.Before(now):
			d.add("certificate", ill, "none could be got for "+s.Name+": "+s.Problem, fix)
		case s.Problem != "":
			d.add("certificate", unwell, "the one for "+s.Name+", until "+s.Until.Format(time.DateOnly)+", could not be renewed: "+s.Problem, fix)
		default:
			d.add("certificate", well, "is for "+s.Name+", until "+s.Until.Format(time.DateOnly)+", got by ACME", "")
		}
	}
}

// judge says what browsers think of a certificate.
func (d *doctoring) judge(check string, leaf *x509.Certificate, between *x509.CertPool) {
	for _, name := range []string{d.control.Hostname(), "doctor." + hostOf(d.content)} {
		if err := leaf.VerifyHostname(name); err != nil && check == "certificate" {
			wanted := strings.Replace(name, "doctor.", "*.", 1)
			d.add(check, ill, "the certificate is not for "+wanted+", but for "+strings.Join(leaf.DNSNames, ", "),
				"get one for "+d.control.Hostname()+" and *."+hostOf(d.content)+"; a wildcard needs the DNS challenge")
			return
		}
	}
	now := d.now()
	switch {
	case now.After(leaf.NotAfter):
		d.add(check, ill, "the certificate ended on "+leaf.NotAfter.Format(time.DateOnly), "renew it; a running server reloads the files")
		return
	case now.Before(leaf.NotBefore):
		d.add(check, ill, "the certificate begins on "+leaf.NotBefore.Format(time.DateTime)+", and here it is "+now.Format(time.DateTime), "set the clock")
		return
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: d.roots, Intermediates: between, CurrentTime: now}); err != nil {
		d.add(check, unwell, "this machine does not trust the certificate: "+err.Error(),
			"if the authority is a public one, the file has to hold its whole chain; if it is your own, every browser has to trust it")
		return
	}
	if left := leaf.NotAfter.Sub(now); left < 14*24*time.Hour {
		d.add(check, unwell, fmt.Sprintf("the certificate ends in %.0f days", left.Hours()/24), "renew it; a running server reloads the files")
		return
	}
	d.add(check, well, "is for "+strings.Join(leaf.DNSNames, ", ")+", until "+leaf.NotAfter.Format(time.DateOnly), "")
}

// built is before every moment in which this program can run.
var built = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

// maxSkew is how wrong a clock may be before invitations and certificates suffer.
const maxSkew = time.Minute

func (d *doctoring) examineClock() {
	if now := d.now(); now.Before(built) {
		d.add("clock", ill, "it says "+now.Format(time.DateOnly)+", which is before this program was made", "set it, and keep it right by NTP")
	}
}

// compareClock compares our clock with another's, as an answer told it.
func (d *doctoring) compareClock(whose string, date time.Time) {
	skew := d.now().Sub(date)
	if skew.Abs() > maxSkew {
		d.add("clock", ill, fmt.Sprintf("it differs by %v from that of %s", skew.Round(time.Second), whose), "set it, and keep it right by NTP")
		return
	}
	d.add("clock", well, "agrees with that of "+whose, "")
}

func (d *doctoring) examineListen() {
	listener, err := net.Listen("tcp", d.cfg.Listen)
	if err != nil {
		d.add("listen", ill, "cannot listen on "+d.cfg.Listen+": "+err.Error(), "stop what uses the port, choose another with --listen, or, below 1024, give the program the right to")
		return
	}
	listener.Close()
	d.add("listen", well, d.cfg.Listen+" is free", "")
}

// examineEntrance comes in as browsers do.
func (d *doctoring) examineEntrance(ctx context.Context) {
	transport := &http.Transport{DialContext: d.dial, TLSClientConfig: &tls.Config{RootCAs: d.roots, Time: d.now}, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Timeout: doctorPatience}
	resp, err := d.get(ctx, client, d.control.String()+"/readyz")
	if err != nil {
		d.add("entrance", ill, d.control.String()+" cannot be reached from here: "+err.Error(), whyUnreachable(err))
		return
	}
	if resp.StatusCode != http.StatusOK {
		d.add("entrance", ill, d.control.String()+" is answered by something else, with "+resp.Status,
			"let "+d.control.Host+" lead to this server; a reverse proxy has to pass the Host header as it came")
		return
	}
	d.add("entrance", well, d.control.String()+" answers", "")

	page := d.control.Scheme + "://doctor." + d.content + "/"
	resp, err = d.get(ctx, client, page)
	switch {
	case err != nil:
		d.add("pages", ill, "names below "+d.content+" cannot be reached from here: "+err.Error(), whyUnreachable(err))
	case resp.Header.Get("Tandem-Problem") == "":
		d.add("pages", ill, "names below "+d.content+" are answered by something else, with "+resp.Status,
			"let *."+d.content+" lead to this server; a reverse proxy has to pass the Host header as it came")
	default:
		d.add("pages", well, "*."+d.content+" answers", "")
	}
	d.examineSocket(ctx, transport.TLSClientConfig)
}

func (d *doctoring) get(ctx context.Context, client *http.Client, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

func whyUnreachable(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var dns *net.DNSError
	var refused *net.OpError
	switch {
	case errors.As(err, &unknown):
		return "browsers that do not trust the certificate's authority cannot come in either: serve the whole chain, or a certificate of a public authority"
	case errors.As(err, &name):
		return "the certificate has to be for that name: get one for the control host and for * of the content domain"
	case errors.As(err, &invalid):
		return "renew the certificate, and look at the clock"
	case errors.As(err, &dns):
		return "add the DNS record; see above"
	case errors.As(err, &refused) && refused.Op == "remote error": // an alert of TLS
		return "the server has no certificate to show for that name; see above"
	}
	return "open the port in firewalls, and let the address lead to this server; some routers do not let their own network come back in, then try from outside"
}

// examineSocket asks for a socket that nobody may have: that we are told so
// shows that sockets pass.
func (d *doctoring) examineSocket(ctx context.Context, config *tls.Config) {
	dialer := websocket.Dialer{NetDialContext: d.dial, TLSClientConfig: config.Clone(), HandshakeTimeout: doctorPatience}
	address := "ws" + strings.TrimPrefix(d.control.String(), "http") + "/api/sessions/doctor/agent/socket"
	ws, resp, err := dialer.DialContext(ctx, address, http.Header{"Origin": {d.control.Scheme + "://" + d.control.Host}})
	if err != nil {
		found := err.Error()
		if resp != nil {
			found = "answered with " + resp.Status
		}
		d.add("websocket", ill, "WebSockets do not come through: "+found,
			"let the reverse proxy pass the headers Upgrade, Connection and Origin, and HTTP/1.1; firewalls that read TLS may have to make an exception")
		return
	}
	defer ws.Close()
	ws.SetReadDeadline(time.Now().Add(doctorPatience))
	var closed *websocket.CloseError
	if _, _, err := ws.ReadMessage(); !errors.As(err, &closed) || closed.Code < 4000 {
		d.add("websocket", ill, fmt.Sprintf("a WebSocket ends before our answer came: %v", err), "look for a proxy that ends WebSockets")
		return
	}
	d.add("websocket", well, "WebSockets come through", "")
}

// withState has look see the lists, of the running server or, before the first
// start, those that are there already.
func (d *doctoring) withState(ctx context.Context, server remote, look func(admin) error) error {
	if d.running {
		return look(server)
	}
	if _, err := os.Stat(filepath.Join(d.cfg.Data, audit.FileName)); err != nil {
		d.add("egress", unwell, "no site may be opened yet", "tandem origins allow https://…")
		return nil
	}
	return withAdmin(ctx, d.cfg.Data, look)
}

// examineEgress opens the first site of the list.
func (d *doctoring) examineEgress(ctx context.Context, server remote) {
	var reports []proxy.Report
	look := func(a admin) error {
		rules, err := a.Rules(ctx)
		if err != nil {
			return err
		}
		for _, r := range rules {
			if !strings.Contains(r.Pattern, "*") && !r.Block && len(reports) == 0 {
				report, err := a.Test(ctx, r.Pattern+"/", false)
				if err != nil {
					return err
				}
				reports = append(reports, report)
			}
		}
		if len(rules) == 0 {
			d.add("egress", unwell, "no site may be opened yet", "tandem origins allow https://…")
		}
		return nil
	}
	if err := d.withState(ctx, server, look); err != nil {
		d.add("egress", ill, err.Error(), "restart the server; while none runs, the data directory must be yours")
	}
	for _, r := range reports {
		if r.Problem != "" {
			d.add("egress", ill, r.Origin+" cannot be opened: "+r.Problem, r.Hint)
			continue
		}
		d.add("egress", well, fmt.Sprintf("%s answers with %d", r.Origin, r.Status), "")
		if !r.Date.IsZero() {
			d.compareClock(r.Origin, r.Date)
		}
	}
}
