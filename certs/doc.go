// Package certs loads and reloads the server's certificate and keeps a local
// certificate authority for development.
package certs
