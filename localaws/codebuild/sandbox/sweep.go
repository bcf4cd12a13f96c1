//go:build unix

package sandbox

import "syscall"

// sweeps bounds the passes of Sweep: what forks faster than it is killed for
// this long would need a namespace to be held.
const sweeps = 100

// Sweep kills every process that carries the marker of a box, and returns how
// many it found. It is for the time after a restart, when the box itself is gone.
func Sweep(id string) (killed int) {
	for range sweeps {
		pids := marked(id)
		if len(pids) == 0 {
			break
		}
		for _, pid := range pids {
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				killed++
			}
		}
	}
	return killed
}
