// Package state keeps what a server must remember, in NATS JetStream inside
// the process: no port is opened, the client talks through an in-process
// pipe, and every write is on disk before it is acknowledged.
//
// A [Store] owns one directory (a lock keeps a second process out) and hands
// out buckets of keys and values. A [Vault] is a bucket whose values are
// sealed, each under a key of its own kept in a separate file; erasing a value
// destroys that key, so bytes that linger in a store's files or in a backup
// of them can no longer be read.
//
// When the disk is full writes fail, after five seconds each. The store looks
// whether there is room again, and is started anew then; who watches a bucket
// is told of all its keys once more.
package state
