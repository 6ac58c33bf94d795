package acme

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/libdns/libdns"
	"github.com/miekg/dns"
)

// ParseDNS reads a provider from a flag:
//
//	exec:/path/to/program
//	rfc2136://server:53?key=NAME&algorithm=hmac-sha256
//
// The key's secret is not for command lines, which others can read.
func ParseDNS(text, secret string) (DNS, error) {
	if program, ok := strings.CutPrefix(text, "exec:"); ok && program != "" {
		return Hook{program}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "rfc2136" || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is neither exec:PROGRAM nor rfc2136://SERVER", text)
	}
	update := DNSUpdate{Server: u.Host, Key: u.Query().Get("key"), Secret: secret, Algorithm: u.Query().Get("algorithm")}
	if u.Port() == "" {
		update.Server = net.JoinHostPort(u.Hostname(), "53")
	}
	if (update.Key == "") != (secret == "") {
		return nil, errors.New("a key's name and its secret belong together")
	}
	return update, nil
}

// DNSUpdate changes records by RFC 2136, signed by a key of RFC 8945 if it has one.
type DNSUpdate struct {
	Server    string // "host:port"
	Key       string // its name
	Secret    string // base64
	Algorithm string // default "hmac-sha256"
}

var _ DNS = DNSUpdate{}

func (u DNSUpdate) AppendRecords(ctx context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	return records, u.update(ctx, zone, records, (*dns.Msg).Insert)
}

func (u DNSUpdate) DeleteRecords(ctx context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	return records, u.update(ctx, zone, records, (*dns.Msg).Remove)
}

func (u DNSUpdate) update(ctx context.Context, zone string, records []libdns.Record, change func(*dns.Msg, []dns.RR)) error {
	m := new(dns.Msg).SetUpdate(dns.Fqdn(zone))
	rrs, err := txtRecords(zone, records)
	if err != nil {
		return err
	}
	change(m, rrs)
	client := &dns.Client{Net: "tcp", Timeout: 15 * time.Second}
	if u.Key != "" {
		algorithm := dns.Fqdn(u.Algorithm)
		if u.Algorithm == "" {
			algorithm = dns.HmacSHA256
		}
		key := dns.CanonicalName(u.Key)
		client.TsigSecret = map[string]string{key: u.Secret}
		m.SetTsig(key, algorithm, 300, time.Now().Unix())
	}
	answer, _, err := client.ExchangeContext(ctx, m, u.Server)
	if err != nil {
		return fmt.Errorf("asking name server %s for a change: %w", u.Server, err)
	}
	if answer.Rcode != dns.RcodeSuccess {
		return fmt.Errorf("name server %s refuses a change of zone %s: %s", u.Server, zone, dns.RcodeToString[answer.Rcode])
	}
	return nil
}

func txtRecords(zone string, records []libdns.Record) (rrs []dns.RR, err error) {
	for _, r := range records {
		rr := r.RR()
		if rr.Type != "TXT" {
			return nil, fmt.Errorf("a record of type %s is not for a challenge", rr.Type)
		}
		rrs = append(rrs, &dns.TXT{
			Hdr: dns.RR_Header{Name: dns.Fqdn(libdns.AbsoluteName(rr.Name, zone)), Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: max(uint32(rr.TTL.Seconds()), 60)},
			Txt: []string{rr.Data},
		})
	}
	return rrs, nil
}

// Hook changes records by a program: PROGRAM add|remove NAME VALUE, where NAME
// is that of a TXT record. It has succeeded when it ends with 0.
type Hook struct{ Program string }

var _ DNS = Hook{}

func (h Hook) AppendRecords(ctx context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	return records, h.run(ctx, "add", zone, records)
}

func (h Hook) DeleteRecords(ctx context.Context, zone string, records []libdns.Record) ([]libdns.Record, error) {
	return records, h.run(ctx, "remove", zone, records)
}

func (h Hook) run(ctx context.Context, act, zone string, records []libdns.Record) error {
	for _, r := range records {
		name := strings.TrimSuffix(libdns.AbsoluteName(r.RR().Name, zone), ".")
		cmd := exec.CommandContext(ctx, h.Program, act, name, r.RR().Data)
		cmd.Env = os.Environ()
		said, err := cmd.CombinedOutput()
		if err != nil {
			said = bytes.TrimSpace(said)
			return fmt.Errorf("%s %s %s: %w: %s", h.Program, act, name, err, said[max(0, len(said)-300):])
		}
	}
	return nil
}
