//go:build unix

package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
)

// Supported says whether builds can run on this system.
func Supported() error { return nil }

// program is what the driver's shell runs: a command for each line on
// descriptor 3. After each it prints a line of its own, which starts with a
// zero byte and a secret token: the output before it is whole then.
const program = `
umask 022
%s
while IFS= read -r localaws_next <&3; do
	(
		exec 3<&-
		. "$1/env"
		exec "$localaws_shell" "$1/script"
	) </dev/null
	printf '\0%%s %%d\n' "$2" "$?"
done
`

// driver is the process from which all of a box's commands descend. One
// process for the whole build, since what a command leaves in the background
// must live on until the build ends, and must die then.
type driver struct {
	box    *Box
	cmd    *exec.Cmd
	token  []byte
	next   *os.File // starts the next command
	output *os.File
	layers []string
	whole  bool // the kernel kills what is left when the driver dies

	status chan int
	exited chan struct{}
	read   chan struct{}
	once   sync.Once
}

func startDriver(b *Box) (*driver, error) {
	d := &driver{
		box: b, token: []byte(rand.Text()), status: make(chan int, 1),
		exited: make(chan struct{}), read: make(chan struct{}),
	}
	commands, next, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open a pipe to the build: %w", err)
	}
	defer func() { _ = commands.Close() }()
	output, printed, err := os.Pipe()
	if err != nil {
		_ = next.Close()
		return nil, fmt.Errorf("open a pipe to the build: %w", err)
	}
	defer func() { _ = printed.Close() }()
	d.next, d.output = next, output

	limit := ""
	if b.options.MaxDisk > 0 {
		limit = "ulimit -f " + strconv.FormatInt(b.options.MaxDisk/512+1, 10) // in units of 512 bytes
	}
	d.cmd = exec.Command("/bin/sh", "-c", fmt.Sprintf(program, prepare+"\n"+limit), "sh", b.control(""), string(d.token)) //nolint:noctx // not CommandContext: the box kills more than this process
	d.cmd.Dir = b.Source()
	d.cmd.Env = []string{Marker + "=" + b.options.ID, "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}
	d.cmd.Stdout, d.cmd.Stderr = printed, printed
	d.cmd.ExtraFiles = []*os.File{commands}

	started := make(chan error)
	go d.live(started)
	if err := <-started; err != nil {
		_, _ = next.Close(), output.Close()
		return nil, fmt.Errorf("start a shell for the build: %w", err)
	}
	go d.lines()
	go func() {
		<-b.ctx.Done()
		d.kill()
	}()
	return d, nil
}

// live starts the driver and waits for it. The thread is never given back: it
// may be restricted, and the driver is to die with it.
func (d *driver) live(started chan<- error) {
	runtime.LockOSThread()
	d.layers, d.whole = isolate(d.cmd, d.box)
	err := d.cmd.Start()
	started <- err
	if err == nil {
		_ = d.cmd.Wait() // its status says nothing: the commands' do
		close(d.exited)
	}
}

// run starts the next command and waits for its status.
func (d *driver) run(ctx context.Context) (int, error) {
	if _, err := d.next.WriteString("\n"); err != nil {
		return 0, errGone
	}
	select {
	case status := <-d.status:
		return status, nil
	case <-ctx.Done():
		d.box.fail(context.Cause(ctx))
		<-d.exited
		return 0, context.Cause(ctx)
	case <-d.exited:
		return 0, errGone
	}
}

// kill kills the driver and everything that descends from it. It returns when they are gone.
func (d *driver) kill() {
	d.once.Do(func() {
		killGroup(d.cmd.Process.Pid)
		if !d.whole {
			Sweep(d.box.options.ID)
		}
		<-d.exited
		if !d.whole {
			Sweep(d.box.options.ID)
		}
	})
}

func (d *driver) close() {
	d.kill()
	_ = d.next.Close()
	_ = d.output.Close()
	<-d.read
}

// maxLine is the longest line that is kept in one piece.
const maxLine = 32 << 10

// lines reads the output and takes the statuses out of it.
func (d *driver) lines() {
	defer close(d.read)
	var pending []byte
	var total int64
	chunk := make([]byte, 64<<10)
	for {
		n, err := d.output.Read(chunk)
		total += int64(n)
		if limit := d.box.options.MaxOutput; limit > 0 && total > limit {
			d.box.fail(ErrOutput)
			return
		}
		pending = d.split(append(pending, chunk[:n]...))
		if err != nil {
			if len(pending) > 0 {
				d.box.options.Line(pending)
			}
			return // the pipe is closed: the box is
		}
	}
}

// split hands on whole lines and returns the rest.
func (d *driver) split(text []byte) []byte {
	for {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			break
		}
		d.line(text[:end])
		text = text[end+1:]
	}
	// A line without an end is cut, but never within a status.
	// What may be the beginning of a secret stays until its end has come.
	for longest := d.box.options.LongestMask; len(text) > maxLine+longest && bytes.IndexByte(text[maxLine-64:], 0) < 0; {
		if d.box.options.Mask != nil {
			text = d.box.options.Mask(text)
		}
		cut := min(maxLine, len(text))
		d.box.options.Line(text[:cut])
		text = text[cut:]
	}
	return bytes.Clone(text)
}

// line hands on one line, or sends the status that it tells.
func (d *driver) line(text []byte) {
	before, after, found := bytes.Cut(text, append([]byte{0}, d.token...))
	if !found {
		d.box.options.Line(text)
		return
	}
	if len(before) > 0 {
		d.box.options.Line(before)
	}
	status, err := strconv.Atoi(string(bytes.TrimSpace(after)))
	if err != nil {
		status = 255
	}
	d.status <- status
}
