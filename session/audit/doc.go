// Package audit keeps the record of who did what: append-only, without content,
// each entry chained to the one before.
//
// An entry is a line of JSON. Its last member, chain, is the SHA-256 of the
// chain of the line before and of the line up to that member; so whoever
// changes, removes or moves an entry has to write all later ones anew.
// [Verify] names the first that does not fit. Whoever wants to see that later
// ones were not written anew or cut off notes number and chain of the newest
// entry elsewhere, from time to time.
//
// What gives somebody more than they had is recorded before it is done
// ([Log.Do]): an entry with the result "begun", and then one that says how it
// went. An entry that stays begun was interrupted. What takes something away
// is done first, and recorded then ([Log.Add]): it must not depend on a disk.
//
// Entries name people by their role or their account, sessions by their public
// id, and sites by their origin. Nothing that was seen or typed in a session
// belongs here, no address, no secret.
package audit
