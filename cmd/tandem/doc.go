// Command tandem runs a server through which a visitor and an agent browse a
// real website together, and administers it.
//
// Two ways lead to a server's state. A running server owns its data directory
// and answers on a socket in it, DIR/tandem.sock, which only its user can open
// (admin.go). Where no server runs, the commands that need none open the
// directory themselves. Both are an [admin], so that a command does not care.
package main
