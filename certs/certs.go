package certs

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"time"
)

// Files serves a certificate from two PEM files and reloads it when they
// change. It is safe for concurrent use.
type Files struct{}

// Load reads a certificate chain and its key. Failures of later reloads go to
// logger, and the certificate loaded last stays in use.
func Load(certFile, keyFile string, logger *slog.Logger) (*Files, error) { panic("soon") }

// GetCertificate is for tls.Config.
func (f *Files) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { panic("soon") }

// CA is a local certificate authority for development.
type CA struct{}

// OpenCA loads the authority kept in dir, or creates one that can sign for
// domains and names below them only.
func OpenCA(dir string, domains []string, now time.Time) (*CA, error) { panic("soon") }

// Certificate returns the authority's own certificate.
func (ca *CA) Certificate() *x509.Certificate { panic("soon") }

// File is the path of the authority's certificate, to be trusted by browsers.
func (ca *CA) File() string { panic("soon") }

// Issue signs a certificate for names, such as "*.pages.example".
func (ca *CA) Issue(names []string, now time.Time) (*tls.Certificate, error) { panic("soon") }
