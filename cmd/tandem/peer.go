package main

import (
	"context"
	"net"
	"os/user"
	"strconv"

	"tandem/session/audit"
)

// asPeer makes what is asked for on a connection of the control socket an act
// of the user at its other end.
func asPeer(ctx context.Context, conn net.Conn) context.Context {
	who := "admin"
	if uid, ok := peerID(conn); ok {
		who = adminName(uid)
	}
	return audit.As(ctx, who)
}

// adminName is what a user of this machine is called in the audit log.
func adminName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return "admin:" + u.Username
	}
	return "admin:" + id
}
