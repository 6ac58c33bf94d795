package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// checkEvery is how often at most the files are looked at.
const checkEvery = time.Second

// Files serves a certificate from two PEM files and reloads it when they
// change. It is safe for concurrent use.
type Files struct {
	certFile, keyFile string
	logger            *slog.Logger

	mu          sync.Mutex
	certificate *tls.Certificate
	stamp       stamp
	checked     time.Time
}

// stamp tells one state of the two files from another.
type stamp struct {
	certTime, keyTime time.Time
	certSize, keySize int64
}

// Load reads a certificate chain and its key. Failures of later reloads go to
// logger, once per change of the files, and the certificate loaded last stays
// in use: one file is replaced before the other.
func Load(certFile, keyFile string, logger *slog.Logger) (*Files, error) {
	f := &Files{certFile: certFile, keyFile: keyFile, logger: logger}
	var err error
	if f.stamp, err = f.look(); err != nil {
		return nil, err
	}
	if f.certificate, err = f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// GetCertificate is for tls.Config. It never fails.
func (f *Files) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.current(time.Now()), nil
}

func (f *Files) current(now time.Time) *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.checked) < checkEvery && !now.Before(f.checked) {
		return f.certificate
	}
	f.checked = now
	stamp, err := f.look()
	if err == nil && stamp == f.stamp {
		return f.certificate
	}
	var fresh *tls.Certificate
	if err == nil {
		fresh, err = f.read()
	}
	if err != nil {
		if stamp != f.stamp {
			f.logger.Warn("the changed certificate can't be used; the old one stays", "error", err)
		}
		f.stamp = stamp
		return f.certificate
	}
	f.stamp, f.certificate = stamp, fresh
	f.logger.Info("certificate reloaded", "expires", fresh.Leaf.NotAfter)
	return f.certificate
}

// Save writes a certificate with its chain, and its key, each file in one step,
// so that a server which reloads them reads no half.
func Save(c *tls.Certificate, certFile, keyFile string) error {
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return fmt.Errorf("saving a certificate: %w", err)
	}
	var chain []byte
	for _, der := range c.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	err = replace(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600)
	if err == nil {
		err = replace(certFile, chain, 0o644)
	}
	if err != nil {
		return fmt.Errorf("saving a certificate: %w", err)
	}
	return nil
}

func replace(file string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// look returns the zero stamp if a file is missing.
func (f *Files) look() (stamp, error) {
	cert, err := os.Stat(f.certFile)
	if err != nil {
		return stamp{}, fmt.Errorf("looking for the certificate: %w", err)
	}
	key, err := os.Stat(f.keyFile)
	if err != nil {
		return stamp{}, fmt.Errorf("looking for the certificate's key: %w", err)
	}
	return stamp{cert.ModTime(), key.ModTime(), cert.Size(), key.Size()}, nil
}

func (f *Files) read() (*tls.Certificate, error) { return Read(f.certFile, f.keyFile) }

// Read reads a certificate with its chain, and its key.
func Read(certFile, keyFile string) (*tls.Certificate, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("reading certificate %s: %w", certFile, err)
	}
	return &cert, nil
}
