package sandbox

import (
	"syscall"
	"testing"
)

// WithoutNamespaces makes the boxes of a test those of a machine without namespaces.
func WithoutNamespaces(t *testing.T) {
	t.Helper()
	before := namespaces
	namespaces = func() syscall.SysProcAttr { return syscall.SysProcAttr{} }
	t.Cleanup(func() { namespaces = before })
}
