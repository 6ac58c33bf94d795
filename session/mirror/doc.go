// Package mirror keeps the server's copy of a document which a leader's
// browser mirrors, and checks every operation on it.
package mirror
