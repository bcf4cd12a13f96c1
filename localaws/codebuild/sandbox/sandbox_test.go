//go:build unix

package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// recorder keeps the lines of a box.
type recorder struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (r *recorder) add(line []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, string(line))
}

func (r *recorder) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

func open(t *testing.T, o sandbox.Options) (*sandbox.Box, *recorder) {
	t.Helper()
	out := &recorder{}
	o.ID = strings.NewReplacer("/", "-", "_", "-", "'", "").Replace(t.Name())
	o.Dir = filepath.Join(t.TempDir(), "it's a box")
	o.Line = out.add
	box, err := sandbox.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := box.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(o.Dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there", o.Dir)
		}
	})
	return box, out
}

func command(box *sandbox.Box, text string) sandbox.Command {
	return sandbox.Command{
		Shell: "sh", Text: text, Dir: box.Source(),
		Env: map[string]string{"PATH": os.Getenv("PATH"), "HOME": box.Home(), "TMPDIR": box.Temp()},
	}
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name, text, out string
		status          int
	}{
		{"plain", "echo hello; echo there >&2", "hello\nthere", 0},
		{"no newline", "printf abc", "abc", 0},
		{"status", "exit 7", "", 7},
		{"last status", "false; true", "", 0},
		{"signal", "kill -9 $$", "Killed", 137},
		{"many lines", "if true\nthen\n  echo yes\nfi", "yes", 0},
		{"quotes", `echo "it's" '$HOME' \\`, `it's $HOME \`, 0},
		{"no input", "cat; echo $?", "0", 0},
		{"set -e", "set -e; false; echo no", "", 1},
		{"exec", "exec true", "", 0},
		{"nothing leaks", "env | grep -v -e ^PATH= -e ^HOME= -e ^TMPDIR= -e ^PWD= -e ^LOCALAWS_BUILD= -e ^_= -e ^OLDPWD= -e ^SHLVL=; true", "", 0},
		{"forged status", `printf '\0guess 0\n'; exit 3`, "\x00guess 0", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			box, out := open(t, sandbox.Options{})
			result, err := box.Run(t.Context(), command(box, c.text))
			if err != nil {
				t.Fatal(err)
			}
			if c.name == "signal" {
				c.out = out.String() // the shell's own words for it
			}
			if result.Status != c.status || out.String() != c.out {
				t.Errorf("status %d, output %q; want %d, %q", result.Status, out, c.status, c.out)
			}
		})
	}
}

func TestRunCarriesOver(t *testing.T) {
	for _, shell := range []string{"sh", "bash"} {
		t.Run(shell, func(t *testing.T) {
			box, out := open(t, sandbox.Options{})
			c := command(box, "mkdir d; cd d; export A=\"it's\n two\"; B=lost; unset TMPDIR; alias x=y; exit 4")
			c.Shell = shell
			first, err := box.Run(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if first.Status != 4 || first.Dir != filepath.Join(box.Source(), "d") {
				t.Errorf("status %d in %s", first.Status, first.Dir)
			}
			c.Env, c.Dir, c.Text = first.Env, first.Dir, `echo "$A|$B|${TMPDIR-unset}|$(basename "$PWD")"`
			if _, err := box.Run(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if want := "it's\n two||unset|d"; out.String() != want {
				t.Errorf("second command sees %q, want %q", out, want)
			}
		})
	}
}

func TestRunWithoutShell(t *testing.T) {
	box, _ := open(t, sandbox.Options{})
	c := command(box, ":")
	c.Shell = "nosuchshell"
	_, err := box.Run(t.Context(), c)
	if want := "this machine has no nosuchshell, which the buildspec's env.shell asks for"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestBackgroundLivesUntilClose(t *testing.T) {
	for name, start := range map[string]string{
		"background": "sleep 1000 &",
		"setsid":     "setsid sleep 1000 >/dev/null 2>&1 &",
		"no marker":  "env -i /bin/sleep 1000 >/dev/null 2>&1 &",
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(start, "setsid") && !installed("setsid") {
				t.Skip("this machine has no setsid")
			}
			box, _ := open(t, sandbox.Options{})
			fifo := filepath.Join(box.Source(), "alive")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			// The sleeper holds the FIFO open for writing: its end is the sleeper's end.
			opened := make(chan *os.File)
			go func() {
				f, err := os.Open(fifo)
				if err != nil {
					t.Error(err)
				}
				opened <- f
			}()
			if _, err := box.Run(t.Context(), command(box, "exec 9>alive\n"+start)); err != nil {
				t.Fatal(err)
			}
			alive := <-opened
			defer func() { _ = alive.Close() }()
			second, err := box.Run(t.Context(), command(box, "echo x >alive"))
			if err != nil || second.Status != 0 {
				t.Fatal(second, err)
			}
			if _, err := box.Close(); err != nil {
				t.Fatal(err)
			}
			rest := make([]byte, 10)
			n, _ := alive.Read(rest)
			if n, err := alive.Read(rest[n:]); n != 0 || err == nil {
				t.Error("the process outlived its box")
			}
		})
	}
}

func installed(name string) bool {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

func TestCancelKills(t *testing.T) {
	box, out := open(t, sandbox.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("somebody stopped it")
	c := command(box, "echo ready >ready; sleep 1000")
	if err := syscall.Mkfifo(filepath.Join(box.Source(), "ready"), 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = os.ReadFile(filepath.Join(box.Source(), "ready"))
		cancel(stop)
	}()
	if _, err := box.Run(ctx, c); !errors.Is(err, stop) {
		t.Errorf("error %v, want %v (output %s)", err, stop, out)
	}
	if _, err := box.Run(t.Context(), c); err == nil {
		t.Error("a dead box runs a command")
	}
}

func TestOutputCap(t *testing.T) {
	box, _ := open(t, sandbox.Options{MaxOutput: 100_000})
	if _, err := box.Run(t.Context(), command(box, "yes")); !errors.Is(err, sandbox.ErrOutput) {
		t.Errorf("error %v, want %v", err, sandbox.ErrOutput)
	}
}

func TestDiskCap(t *testing.T) {
	t.Run("many files", func(t *testing.T) {
		box, _ := open(t, sandbox.Options{MaxDisk: 1 << 20})
		many := "i=0; while :; do i=$((i+1)); head -c 100000 /dev/zero >f$i; done"
		if _, err := box.Run(t.Context(), command(box, many)); !errors.Is(err, sandbox.ErrDisk) {
			t.Errorf("error %v, want %v", err, sandbox.ErrDisk)
		}
	})
	t.Run("one file", func(t *testing.T) {
		box, _ := open(t, sandbox.Options{MaxDisk: 1 << 20})
		result, err := box.Run(t.Context(), command(box, "cat /dev/zero >big"))
		if err == nil && result.Status == 0 || err != nil && !errors.Is(err, sandbox.ErrDisk) {
			t.Errorf("status %d, error %v", result.Status, err)
		}
		if info, err := os.Stat(filepath.Join(box.Source(), "big")); err == nil && info.Size() > 2<<20 {
			t.Errorf("the file has %d bytes", info.Size())
		}
	})
}

func TestLongLine(t *testing.T) {
	box, out := open(t, sandbox.Options{})
	if _, err := box.Run(t.Context(), command(box, "head -c 200000 /dev/zero | tr '\\0' x")); err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(out.String(), "\n", ""); got != strings.Repeat("x", 200000) {
		t.Errorf("%d bytes came out", len(got))
	}
}

func TestCapture(t *testing.T) {
	box, out := open(t, sandbox.Options{})
	text, status, err := box.Capture(t.Context(), command(box, "echo a b; echo c >&2; exit 2"))
	if err != nil || text != "a b" || status != 2 || out.String() != "c" {
		t.Errorf("Capture = %q, %d, %v; output %q", text, status, err, out)
	}
}

func TestCloseCounts(t *testing.T) {
	box, _ := open(t, sandbox.Options{})
	if _, err := box.Run(t.Context(), command(box, "mkdir -p ro/x; printf 12345 >ro/x/f; printf 1 >$HOME/g; chmod -R a-w ro")); err != nil {
		t.Fatal(err)
	}
	used, err := box.Close()
	if want := (sandbox.Usage{Files: 2, Bytes: 6}); err != nil || used != want {
		t.Errorf("Close = %v, %v; want %v", used, err, want)
	}
}

func TestSweep(t *testing.T) {
	id := fmt.Sprintf("sweep-%d", os.Getpid())
	p, err := os.StartProcess("/bin/sleep", []string{"sleep", "1000"}, &os.ProcAttr{Env: []string{sandbox.Marker + "=" + id}})
	if err != nil {
		t.Fatal(err)
	}
	if n := sandbox.Sweep(id + "0"); n != 0 {
		t.Errorf("another box's sweep killed %d", n)
	}
	ended := make(chan *os.ProcessState)
	go func() { state, _ := p.Wait(); ended <- state }()
	for sandbox.Sweep(id) == 0 {
		runtime.Gosched() // exec may not have happened yet
	}
	if state := <-ended; state.Success() {
		t.Errorf("ended with %s", state)
	}
}

func BenchmarkRun(b *testing.B) {
	box, err := sandbox.Open(b.Context(), sandbox.Options{ID: "bench", Dir: filepath.Join(b.TempDir(), "box"), Line: func([]byte) {}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _, _ = box.Close() }()
	for b.Loop() {
		if _, err := box.Run(b.Context(), command(box, ":")); err != nil {
			b.Fatal(err)
		}
	}
}
