package main

import (
	"net"
	"syscall"
)

// peerID asks the kernel which user is at the other end of a Unix socket.
func peerID(conn net.Conn) (uid int, ok bool) {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, false
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return 0, false
	}
	var peer *syscall.Ucred
	controlled := raw.Control(func(fd uintptr) {
		peer, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if controlled != nil || err != nil {
		return 0, false
	}
	return int(peer.Uid), true
}
