// Package oidctest has agents sign in at a real OpenID Connect provider: the
// example server of zitadel/oidc, a certified implementation, started by the
// test. It is a module of its own so that what the provider needs is no
// dependency of Tandem's. Dex would bring databases and the clients of a dozen
// other services; this brings 17 small modules.
package oidctest
