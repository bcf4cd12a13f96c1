//go:build unix

package terminal

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// program is what this binary does in a terminal that a test has opened.
func program(kind string) {
	switch kind {
	case "signal":
		restore, err := Keys(os.Stdin, func(rune) {}) //nolint:forbidigo // this is main
		if err != nil {
			panic(err)
		}
		defer restore()
	case "panic":
		if _, err := Keys(os.Stdin, func(key rune) { panic("of " + string(key)) }); err != nil { //nolint:forbidigo // this is main
			panic(err)
		}
	}
	_, _ = os.Stdout.WriteString("ready\n") //nolint:forbidigo // this is main
	select {}
}

// mode is how a terminal stands; tests compare it.
func mode(t *testing.T, tty *os.File) unix.Termios {
	t.Helper()
	now, err := termios(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return *now
}

func openTerminal(t *testing.T) (user, tty *os.File) {
	t.Helper()
	user, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = user.Close()
		_ = tty.Close()
	})
	return user, tty
}

func typed(t *testing.T, user *os.File, keys string) {
	t.Helper()
	if _, err := user.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// arrives waits until what was typed is at the terminal's other end, to which
// the kernel carries it in the background.
func arrives() { <-time.After(100 * time.Millisecond) }

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-time.After(time.Millisecond):
		case <-deadline:
			t.Fatalf("%s: it never comes to that", what)
		}
	}
}

// TestKeys takes keys at once and without an echo, and leaves nothing over.
func TestKeys(t *testing.T) {
	user, tty := openTerminal(t)
	before := mode(t, tty)
	got := make(chan rune, 100)
	restore, err := Keys(tty, func(key rune) { got <- key })
	if err != nil {
		t.Fatal(err)
	}
	during := mode(t, tty)
	if during.Lflag&(unix.ECHO|unix.ICANON) != 0 || during.Lflag&unix.ISIG == 0 {
		t.Errorf("the mode is %x: want no echo, each key, and Ctrl-C a signal", during.Lflag)
	}
	typed(t, user, "l")
	select {
	case key := <-got:
		if key != 'l' {
			t.Errorf("got %q", key)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the key did not come")
	}
	typed(t, user, "k\n")
	select {
	case key := <-got:
		if key != 'k' {
			t.Errorf("got %q", key)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the key that came with an Enter did not come")
	}
	typed(t, user, "\x1b[A") // an arrow is more than one byte: dropped
	typed(t, user, "é")
	arrives()
	restore()
	restore()
	if after := mode(t, tty); after != before {
		t.Errorf("the mode is %+v, was %+v", after, before)
	}
	typed(t, user, "answer\n")
	line := make([]byte, 100)
	n, err := tty.Read(line)
	if err != nil || string(line[:n]) != "answer\n" {
		t.Errorf("the next question reads %q, %v", line[:n], err)
	}
	for len(got) > 0 {
		if key := <-got; strings.ContainsRune("é\x1b", key) {
			t.Errorf("got %q", key)
		}
	}
}

// TestNothingTypedIsLeft types while work runs: the next question must not see it.
func TestNothingTypedIsLeft(t *testing.T) {
	user, tty := openTerminal(t)
	block := make(chan struct{})
	restore, err := Keys(tty, func(rune) { <-block }) // nothing more is read meanwhile
	if err != nil {
		t.Fatal(err)
	}
	typed(t, user, "y")
	typed(t, user, "yes\rrm -rf\r")
	arrives()
	close(block)
	restore()
	typed(t, user, "no\n")
	line := make([]byte, 100)
	n, err := tty.Read(line)
	if err != nil || string(line[:n]) != "no\n" {
		t.Errorf("the next question reads %q, %v", line[:n], err)
	}
	echoed := make([]byte, 1000)
	n, err = user.Read(echoed)
	if err != nil || strings.Contains(string(echoed[:n]), "rm") {
		t.Errorf("echoed %q, %v", echoed[:n], err)
	}
}

func TestKeysNeedATerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if _, err := Keys(null, func(rune) {}); err == nil {
		t.Error("took keys from " + os.DevNull)
	}
	s := newScreen(80, 24)
	h := humanOn(s, false)
	h.Listen(null, nil)() // and a reporter does without
	if h.board.keys {
		t.Error("it offers a key that nobody can press")
	}
}

// TestListen shows and hides a build's log by a key, until it is told to stop.
func TestListen(t *testing.T) {
	user, tty := openTerminal(t)
	before := mode(t, tty)
	h := humanOn(newScreen(80, 24), false)
	restore := h.Listen(tty, nil)
	runtime.GC() // what keeps it listening must be held on to
	told(h, taskEvent("build 1", "BUILD", "IN_PROGRESS", "", 0), workshop.Event{Event: workshop.LogLine, Detail: "a line"})
	state := func() (unfolded, keys bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.board.unfolded, h.board.keys
	}
	if _, keys := state(); !keys {
		t.Error("the key is not offered")
	}
	for _, want := range []bool{true, false} {
		typed(t, user, "l")
		eventually(t, fmt.Sprintf("unfolded %v", want), func() bool {
			unfolded, _ := state()
			return unfolded == want
		})
	}
	restore()
	if _, keys := state(); keys || mode(t, tty) != before {
		t.Error("the terminal was not given back")
	}
	h.Done()
}

// TestRegionAfterAStop lets a shell write into the terminal meanwhile: what
// comes next stands whole below that, and is changed in place there.
func TestRegionAfterAStop(t *testing.T) {
	s := newScreen(60, 24)
	h := humanOn(s, false)
	told(h, taskEvent("stack a", "Topic", "CREATE_COMPLETE", "", 1), taskEvent("stack a", "Role", "CREATE_IN_PROGRESS", "", 0))
	h.mu.Lock()
	if _, err := s.Write([]byte("^Z\n[1]+  Stopped\nsh> fg\nmayfly\n")); err != nil {
		t.Fatal(err)
	}
	h.mu.Unlock()
	if err := syscall.Kill(os.Getpid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		h.mu.Lock()
		defer h.mu.Unlock()
		before, region, _ := strings.Cut(strings.Join(s.lines(), "\n"), "mayfly\n")
		if !strings.Contains(before, "sh> fg") {
			t.Errorf("what the shell wrote is gone:\n%s", before)
		}
		return region
	}
	eventually(t, "the region whole", func() bool {
		return strings.Contains(shown(), "Topic") && strings.Contains(shown(), "Role")
	})
	told(h, taskEvent("stack a", "Role", "CREATE_COMPLETE", "", 1))
	if region := shown(); strings.Count(region, "Role") != 1 || strings.Contains(region, "CREATE_IN_PROGRESS") {
		t.Errorf("the region is\n%s", region)
	}
	h.Done()
}

// TestListenWithoutRedraw takes the keys of others where no line changes in place.
func TestListenWithoutRedraw(t *testing.T) {
	user, tty := openTerminal(t)
	h := humanOn(newScreen(80, 24), true)
	got := make(chan rune, 10)
	restore := h.Listen(tty, func(key rune) { got <- key })
	defer restore()
	for _, want := range "lb" {
		typed(t, user, string(want))
		select {
		case key := <-got:
			if key != want {
				t.Errorf("got %q", key)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%q did not come", want)
		}
	}
	if h.board.keys {
		t.Error("it offers to show a log that is shown already")
	}
}

// TestKeysAndSignals ends a program with the terminal in its hands, by each way
// that runs no deferred function.
func TestKeysAndSignals(t *testing.T) {
	for name, test := range map[string]struct {
		kind string
		end  func(t *testing.T, c *exec.Cmd, user *os.File)
	}{
		"hangup":        {"signal", send(syscall.SIGHUP)},
		"quit":          {"signal", send(syscall.SIGQUIT)},
		"Ctrl-\\":       {"signal", func(t *testing.T, _ *exec.Cmd, user *os.File) { t.Helper(); typed(t, user, "\x1c") }},
		"Ctrl-C, twice": {"signal", interruptTwice},
		"panic":         {"panic", func(t *testing.T, _ *exec.Cmd, user *os.File) { t.Helper(); typed(t, user, "x") }},
	} {
		t.Run(name, func(t *testing.T) {
			user, tty := openTerminal(t)
			before := mode(t, tty)
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), "TERMINAL_TEST="+test.kind)
			c.Stdin, c.Stdout = tty, tty
			c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			ready := make([]byte, 5)
			if _, err := io.ReadFull(user, ready); err != nil || string(ready) != "ready" {
				t.Fatalf("%q, %v", ready, err)
			}
			if now := mode(t, tty); now.Lflag&unix.ECHO != 0 {
				t.Fatal("the program has not taken the terminal")
			}
			test.end(t, c, user)
			if err := c.Wait(); err == nil {
				t.Error("it ended well")
			}
			if after := mode(t, tty); after != before {
				t.Errorf("the mode is %x, was %x", after.Lflag, before.Lflag)
			}
		})
	}
}

func send(s syscall.Signal) func(t *testing.T, c *exec.Cmd, user *os.File) {
	return func(t *testing.T, c *exec.Cmd, _ *os.File) {
		t.Helper()
		if err := c.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
}

// interruptTwice waits until the first Ctrl-C has given the terminal back; the second ends the program.
func interruptTwice(t *testing.T, _ *exec.Cmd, user *os.File) {
	t.Helper()
	typed(t, user, "\x03")
	eventually(t, "the terminal given back", func() bool { return mode(t, user).Lflag&unix.ECHO != 0 })
	arrives() // the signals are given back right after it
	typed(t, user, "\x03")
}
