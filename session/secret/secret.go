// Package secret makes the random values that open something, and the digests
// that are all we keep of them.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// Len is how long a secret is: base64 of 16 bytes.
const Len = 22

// New returns a random handle of 128 bits. A plain hash of it is enough to
// store, because there is nothing to guess.
func New() string { return base64.RawURLEncoding.EncodeToString(Bytes(16)) }

// Bytes returns n random bytes.
func Bytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: it stops the program instead
	return b
}

// Digest is what is kept of a secret, so that who reads the store gains no entry.
type Digest [sha256.Size]byte

// DigestOf returns the digest of a secret.
func DigestOf(secret string) Digest { return sha256.Sum256([]byte(secret)) }

// Is reports in constant time whether d is of secret. A digest never set is of
// no secret.
func (d Digest) Is(secret string) bool {
	other := DigestOf(secret)
	return subtle.ConstantTimeCompare(d[:], other[:]) == 1 && d != Digest{}
}

// MarshalText writes the digest as base64.
func (d Digest) MarshalText() ([]byte, error) {
	return base64.RawStdEncoding.AppendEncode(nil, d[:]), nil
}

// UnmarshalText reads what MarshalText wrote.
func (d *Digest) UnmarshalText(text []byte) error {
	b, err := base64.RawStdEncoding.DecodeString(string(text))
	copy(d[:], b)
	return err
}
