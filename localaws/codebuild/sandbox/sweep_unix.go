//go:build unix && !linux

package sandbox

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// marked returns the processes whose environment has the marker of the box, and
// their descendants. macOS hides the environment of its own programs, such as
// /bin/sleep, from ps: those are found as descendants while their parents live.
func marked(id string) (pids []int) {
	out, err := exec.Command("ps", "-A", "-E", "-ww", "-o", "pid=,ppid=,command=").Output() //nolint:noctx // ends by itself
	if err != nil {
		return nil
	}
	children := map[int][]int{}
	var queue []int
	for line := range strings.SplitSeq(string(out), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		pid, pidErr := strconv.Atoi(fields[0])
		parent, parentErr := strconv.Atoi(fields[1])
		if pidErr != nil || parentErr != nil || pid == os.Getpid() {
			continue
		}
		children[parent] = append(children[parent], pid)
		if strings.Contains(line+" ", " "+Marker+"="+id+" ") {
			queue = append(queue, pid)
		}
	}
	seen := map[int]bool{}
	for len(queue) > 0 {
		pid := queue[0]
		queue = queue[1:]
		if !seen[pid] {
			seen[pid] = true
			pids = append(pids, pid)
			queue = append(queue, children[pid]...)
		}
	}
	return pids
}
