package lambda

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func newStarter() *starter {
	st := &starter{jobs: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(st.done)
		runtime.LockOSThread()
		for job := range st.jobs {
			job()
		}
	}()
	return st
}

// contain puts the process into a group of its own, which dies with this process.
func contain(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func killGroup(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL) // it fails where the group is gone, as it should be
}

// killMarked ends every process whose environment has a variable that starts so:
// those that left their group, and those that outlived a service that was killed.
func killMarked(start string) {
	proc, err := os.Open("/proc")
	if err != nil {
		return
	}
	names, err := proc.Readdirnames(-1)
	if errors.Join(err, proc.Close()) != nil {
		return
	}
	wanted := append([]byte{0}, start...)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == os.Getpid() {
			continue // not a process, or this one
		}
		if bytes.Contains(append([]byte{0}, environOf(name)...), wanted) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
		}
	}
}

// environOf reads the environment of a process. In the midst of an exec it is
// empty for a moment, as it is for good in what has no program: the kernel's
// own threads and processes that have ended.
func environOf(pid string) []byte {
	for range 5 {
		environ, err := os.ReadFile("/proc/" + pid + "/environ")
		if err != nil || len(environ) > 0 {
			return environ
		}
		if _, err := os.Readlink("/proc/" + pid + "/exe"); err != nil {
			return nil
		}
		<-time.After(time.Millisecond)
	}
	return nil
}

// peakMemory returns the most memory that the process had, in MB.
func peakMemory(pid int) (int, bool) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, false
	}
	_, rest, found := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, false
	}
	kilobytes, err := strconv.Atoi(fields[0])
	return (kilobytes + 1023) / 1024, err == nil
}
