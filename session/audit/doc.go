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
// A file that has got large or a month old is put aside, as audit-N.log after its
// last entry, and a new one begins with an entry that names that one, so the
// chain goes on; a crash at any moment leaves a log that goes on. When entries
// are not kept for ever, the oldest files are removed. An entry says so first;
// [Verify] takes a log that begins later for whole only if it has such an entry.
//
// What gives somebody more than they had is recorded before it is done
// ([Log.Do]): an entry with the result "begun", and then one that says how it
// went. An entry that stays begun was interrupted. What takes something away
// is done first, and recorded then ([Log.Add]): it must not depend on a disk.
//
// Entries name people by their role or their account, sessions by their public
// id, and sites by their origin. Nothing that was seen or typed in a session
// belongs here, no page's address, no secret. Of strangers who are refused the
// address they came from is in it, for each one a line or two in ten minutes.
package audit
