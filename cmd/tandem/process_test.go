package main

import (
	"os/exec"
	"syscall"
)

// leashed makes a command that ends, with all that it started, when stop is
// called, and also when the test is killed: then the pipe that its shell reads
// from is closed. stop may be called of a command that did not start.
func leashed(name string, args ...string) (cmd *exec.Cmd, stop func(), err error) {
	cmd = exec.Command("sh", append([]string{"-c", `"$@" </dev/null & read -r _; kill -KILL 0`, "sh", name}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	hold, err := cmd.StdinPipe()
	return cmd, func() {
		_ = hold.Close()
		_ = cmd.Wait()
	}, err
}
