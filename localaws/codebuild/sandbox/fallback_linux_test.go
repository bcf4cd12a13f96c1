package sandbox_test

import (
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// TestFallback: without a namespace, the marker finds what called setsid.
func TestFallback(t *testing.T) {
	sandbox.WithoutNamespaces(t)
	if !installed("setsid") {
		t.Skip("this machine has no setsid")
	}
	box, _ := open(t, sandbox.Options{})
	if slices.Contains(box.Layers(), "PID namespace") {
		t.Fatalf("layers %v", box.Layers())
	}
	fifo := filepath.Join(box.Source(), "alive")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	text := "setsid sh -c 'echo $$ >alive; exec sleep 1000' >/dev/null 2>&1 & cat alive >/dev/null"
	if result, err := box.Run(t.Context(), command(box, text)); err != nil || result.Status != 0 {
		t.Fatal(result, err)
	}
	if _, err := box.Close(); err != nil {
		t.Fatal(err)
	}
	if n := sandbox.Sweep("TestFallback"); n != 0 {
		t.Errorf("%d processes outlived the box", n)
	}
}
