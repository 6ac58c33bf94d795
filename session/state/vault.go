package state

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// keyBytes is the length of a value's own key (AES-256).
const keyBytes = 32

// Vault is a bucket whose values are sealed with AES-GCM, each under a random
// key kept in a file of its own beside the store. It is safe for concurrent use.
type Vault struct {
	bucket *Bucket
	dir    string
}

// Vault opens the vault of that name.
func (s *Store) Vault(ctx context.Context, name string) (*Vault, error) {
	b, err := s.Bucket(ctx, name)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(s.dir, "keys")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating key directory: %w", err)
	}
	return &Vault{bucket: b, dir: dir}, nil
}

// Create makes the key for a new value. name must be a plain file name.
func (v *Vault) Create(name string) error {
	key := make([]byte, keyBytes)
	rand.Read(key)
	f, err := os.OpenFile(v.file(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("creating key: %w", err)
	}
	_, err = f.Write(key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing key: %w", err)
	}
	return nil
}

// Derive returns bytes that only the holder of the value's key can know, the
// same for the same purpose as long as the key exists.
func (v *Vault) Derive(name, purpose string, n int) ([]byte, error) {
	key, err := v.key(name)
	if err != nil {
		return nil, err
	}
	return hkdf.Key(sha256.New, key, nil, purpose, n)
}

// Put seals the value and stores it.
func (v *Vault) Put(ctx context.Context, name string, value []byte) error {
	sealed, err := v.Seal(name, name, value)
	if err != nil {
		return err
	}
	return v.bucket.Put(ctx, name, sealed)
}

// Seal seals something under a value's key, to be kept elsewhere. Only Open
// with the same label opens it, as long as the key exists.
func (v *Vault) Seal(name, label string, text []byte) ([]byte, error) {
	aead, err := v.aead(name)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, text, []byte(label)), nil
}

// Open opens what Seal sealed. It fails with [ErrNotFound] when the key is gone.
func (v *Vault) Open(name, label string, sealed []byte) ([]byte, error) {
	aead, err := v.aead(name)
	if err != nil {
		return nil, err
	}
	text, err := aead.Open(nil, nil, sealed, []byte(label))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	return text, nil
}

// Get returns the value, or [ErrNotFound] when there is none or it was erased.
func (v *Vault) Get(ctx context.Context, name string) ([]byte, error) {
	sealed, err := v.bucket.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	return v.Open(name, name, sealed)
}

// Erase destroys the key and then the sealed value. Erasing what does not
// exist is no error.
func (v *Vault) Erase(ctx context.Context, name string) error {
	err := os.Remove(v.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, v.bucket.Purge(ctx, name))
}

// Renew erases a value and makes a new key for the next.
func (v *Vault) Renew(ctx context.Context, name string) error {
	return errors.Join(v.Erase(ctx, name), v.Create(name))
}

func (v *Vault) file(name string) string { return filepath.Join(v.dir, filepath.Base(name)) }

func (v *Vault) key(name string) ([]byte, error) {
	key, err := os.ReadFile(v.file(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNotFound
	case err != nil:
		return nil, fmt.Errorf("reading key: %w", err)
	case len(key) != keyBytes:
		return nil, fmt.Errorf("reading key of %s: %d bytes, want %d", name, len(key), keyBytes)
	}
	return key, nil
}

func (v *Vault) aead(name string) (cipher.AEAD, error) {
	key, err := v.key(name)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
