//go:build unix

package bench

import "syscall"

const interrupt = syscall.SIGTERM
