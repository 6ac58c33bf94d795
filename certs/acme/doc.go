// Package acme gets the server's certificates from an authority by ACME
// (RFC 8555) and renews them, with certmagic. One of them is for a wildcard, so
// the only challenge is that of the DNS, and something has to change records
// there: a [DNSUpdate] asks the name server by RFC 2136, as BIND, Knot, PowerDNS
// and others understand, and a [Hook] runs a program, for everybody else.
//
// Account and certificates are kept in a directory that only its owner can read.
package acme
