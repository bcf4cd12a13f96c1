//go:build unix && !linux

package sandbox

import (
	"os/exec"
	"syscall"
)

const prepare = `:`

// isolate gives the driver a session and a process group of its own.
func isolate(cmd *exec.Cmd, _ *Box) (layers []string, whole bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return []string{"process group", "marked environment"}, false
}

// killGroup kills a process and its group.
func killGroup(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}
