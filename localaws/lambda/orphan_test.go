package lambda_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// victimDir tells the test binary that it is the process to be killed.
const victimDir = "LAMBDA_TEST_VICTIM_DIR"

// TestVictim is not a test by itself: TestKilled runs it in a process of its own.
func TestVictim(t *testing.T) {
	dir := os.Getenv(victimDir)
	if dir == "" {
		t.Skip("run by TestKilled")
	}
	c := startIn(t, dir)
	c.create(t)
	child := decode[int](t, c.invoke(t, `{"do":"orphan"}`).Payload)
	parent := decode[int](t, c.invoke(t, `{"do":"pid"}`).Payload)
	if _, err := fmt.Fprintf(os.Stderr, "\n%d %d\n", child, parent); err != nil { //nolint:forbidigo // the only way to the parent
		t.Fatal(err)
	}
	<-t.Context().Done() // until it is killed
}

func TestKilled(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("processes of a killed parent are found on Linux only")
	}
	dir := t.TempDir()
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(), victimDir+"="+dir)
	out, err := victim.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var child, parent int
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n, err := fmt.Sscanf(lines.Text(), "%d %d", &child, &parent); err == nil && n == 2 {
			break
		}
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // it was killed
	if parent == 0 {
		t.Fatal("the victim did not say which processes it started")
	}
	awaitEnd(t, parent) // at once, by the kernel
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", child)); err != nil {
		t.Fatal("the child that left its group should have outlived both")
	}
	startIn(t, dir)
	awaitEnd(t, child) // when the next service starts
}
