// Package agents knows the people who help: their names, what they may do, and
// what they sign in with.
//
// An agent has a role. An agent creates and sees sessions of their own; a
// supervisor sees those of all, and the audit log; an admin manages agents as
// well.
//
// Three things show who somebody is, all random, all kept as digests only and
// told once: a key, for programs, with scopes and an expiry; a link, for a
// browser, good once and for a quarter of an hour; and the cookie that a
// browser has after it signed in, for half a day. Who is disabled has none of
// them any more: enabling brings back keys, which are somebody's configuration,
// but no link and no sign-in.
//
// What takes something away holds at once, whatever the store says; what gives
// something holds when it is on disk.
package agents
