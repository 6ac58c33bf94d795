package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	caFile    = "ca.pem"
	caKeyFile = "ca-key.pem"

	caLife   = 5 * 365 * 24 * time.Hour
	leafLife = 90 * 24 * time.Hour

	// slack is how far the clocks of server and browser may differ.
	slack = time.Hour
)

var (
	// ErrDomains is wrapped when an authority can't sign for a name it is asked for.
	ErrDomains = errors.New("the local authority is for other domains")
	// ErrExpired is wrapped when the authority kept in a directory has expired.
	ErrExpired = errors.New("the local authority has expired")
	// ErrExposed is wrapped when others than its owner can read the authority's key.
	ErrExposed = errors.New("the local authority's key can be read by others")
)

// CA is a local certificate authority for development. It is safe for
// concurrent use.
type CA struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
}

// OpenCA loads the authority kept in dir, or creates one that can sign for
// domains and names below them only.
func OpenCA(dir string, domains []string, now time.Time) (*CA, error) {
	ca, err := loadCA(dir)
	if errors.Is(err, fs.ErrNotExist) {
		ca, err = createCA(dir, domains, now)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the local authority in %s: %w", dir, err)
	}
	if now.After(ca.certificate.NotAfter) {
		return nil, fmt.Errorf("opening the local authority in %s: %w", dir, ErrExpired)
	}
	for _, domain := range domains {
		if !ca.covers(domain) {
			return nil, fmt.Errorf("opening the local authority in %s for %s: %w", dir, domain, ErrDomains)
		}
	}
	return ca, nil
}

// Certificate returns the authority's own certificate.
func (ca *CA) Certificate() *x509.Certificate { return ca.certificate }

// File is the path of the authority's certificate, to be trusted by browsers.
func (ca *CA) File() string { return ca.file }

// Issue signs a certificate for names, such as "*.pages.example", with a key
// of its own. It is valid for 90 days.
func (ca *CA) Issue(names []string, now time.Time) (*tls.Certificate, error) {
	for _, name := range names {
		if !ca.covers(name) {
			return nil, fmt.Errorf("issuing a certificate for %s: %w", name, ErrDomains)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{Organization: []string{"Tandem development"}},
		DNSNames:     names,
		NotBefore:    now.Add(-slack),
		NotAfter:     earlier(now.Add(leafLife), ca.certificate.NotAfter),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, key.Public(), ca.key)
	if err != nil {
		return nil, fmt.Errorf("issuing a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("issuing a certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, ca.certificate.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// covers reports whether the authority's name constraints permit name.
func (ca *CA) covers(name string) bool {
	name = strings.TrimPrefix(name, "*.")
	return slices.ContainsFunc(ca.certificate.PermittedDNSDomains, func(domain string) bool {
		return name == domain || strings.HasSuffix(name, "."+domain)
	})
}

func loadCA(dir string) (*CA, error) {
	keyPath := filepath.Join(dir, caKeyFile)
	info, err := os.Stat(keyPath)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, ErrExposed
	}
	file := filepath.Join(dir, caFile)
	pair, err := tls.LoadX509KeyPair(file, keyPath)
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA || !pair.Leaf.PermittedDNSDomainsCritical || len(pair.Leaf.PermittedDNSDomains) == 0 {
		return nil, errors.New("not an authority made here")
	}
	return &CA{certificate: pair.Leaf, key: key, file: file}, nil
}

// createCA makes a new authority. Its key is written first and never over
// another: of two processes one fails.
func createCA(dir string, domains []string, now time.Time) (*CA, error) {
	if len(domains) == 0 || slices.Contains(domains, "") {
		return nil, errors.New("no domains to limit it to")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := caTemplate(domains, now)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := writeNew(filepath.Join(dir, caKeyFile), "PRIVATE KEY", keyDER, 0o600); err != nil {
		return nil, err
	}
	if err := writeNew(filepath.Join(dir, caFile), "CERTIFICATE", der, 0o644); err != nil {
		return nil, err
	}
	return loadCA(dir)
}

func caTemplate(domains []string, now time.Time) *x509.Certificate {
	host, err := os.Hostname()
	if err != nil {
		host = "this computer"
	}
	return &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "Tandem development on " + host, Organization: []string{"Tandem development"}},
		NotBefore:             now.Add(-slack),
		NotAfter:              now.Add(caLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		// RFC 5280 §4.2.1.10: what has no constraint of its kind is permitted,
		// so addresses have to be excluded.
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         domains,
		ExcludedIPRanges: []*net.IPNet{
			{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)},
			{IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)},
		},
	}
}

func writeNew(path, kind string, der []byte, mode fs.FileMode) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return pem.Encode(f, &pem.Block{Type: kind, Bytes: der})
}

// serial returns a random positive number of 127 bits.
func serial() *big.Int {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	b[0] &= 0x7f
	return new(big.Int).SetBytes(b)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
