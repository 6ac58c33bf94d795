// Package rewrite maps what a site sends so that a browser asks the proxy for
// everything in it.
package rewrite
