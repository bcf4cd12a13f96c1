package sandbox

import (
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// prepare makes /proc that of the namespace where that can be done; a build
// that looks for itself by its process id would find a stranger otherwise.
const prepare = `mount -t proc proc /proc 2>/dev/null` //nolint:dupword // kind and device have one name

// isolate sets how the driver starts, and restricts the calling thread where
// the kernel offers it. It names the layers that hold, and tells whether the
// kernel kills everything when the driver dies.
func isolate(cmd *exec.Cmd, b *Box) (layers []string, whole bool) {
	attributes := namespaces()
	restricted := restrict(b, attributes.Cloneflags&syscall.CLONE_NEWUSER != 0)
	if restricted {
		attributes.Unshareflags = 0 // a restricted thread may not mount
		layers = append(layers, "Landlock")
	}
	if attributes.Cloneflags&syscall.CLONE_NEWPID != 0 {
		layers, whole = append(layers, "PID namespace"), true
	}
	attributes.Setsid = true
	attributes.Pdeathsig = syscall.SIGKILL // a killed AWS takes its builds with it
	cmd.SysProcAttr = &attributes
	return append(layers, "process group", "marked environment"), whole
}

// namespaces tries once what this user may do, and returns it.
var namespaces = sync.OnceValue(func() syscall.SysProcAttr {
	privileged := syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID, Unshareflags: syscall.CLONE_NEWNS}
	own := syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWPID | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
	}
	for _, attributes := range []syscall.SysProcAttr{privileged, own} {
		trial := exec.Command("/bin/sh", "-c", ":")
		trial.SysProcAttr = &attributes
		if trial.Run() == nil {
			return attributes
		}
	}
	return syscall.SysProcAttr{}
})

// killGroup kills a process and its group.
func killGroup(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}
