// Package certs loads the server's certificate and reloads it when its files
// change, and keeps a certificate authority for development.
//
// In production a certificate for the content domain's wildcard is supplied
// as two files, by whatever renews them, or package acme gets it. The authority is for trying Tandem
// with https on one's own machine: its certificate is limited by name
// constraints to the domains it was made for, so that who trusts it trusts it
// for nothing else, and its key is a file that only its owner can read. Never
// share that file.
package certs
