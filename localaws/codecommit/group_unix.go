//go:build unix

package codecommit

import (
	"os/exec"
	"syscall"
)

// ownGroup gives the command a process group of its own, which is asked to end
// as a whole: git then removes its lock files and half-received packs.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}
