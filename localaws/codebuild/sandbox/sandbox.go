// Package sandbox runs commands of a build on the host, so that nothing leaks
// into them and nothing of them survives.
//
// A [Box] is a folder with a fresh home, source and temporary directory, and
// one process that starts the commands. Everything that descends from it dies
// with the box: what went into the background, what called setsid, and what is
// left when the program that made the box was itself killed (see [Sweep]).
//
// Goals: the environment is exactly what the caller gives; output and disk are
// capped; the layers that hold are told, not assumed. Non-goal: holding a
// hostile program that looks for a hole. It runs as the user who runs us.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Marker is the variable by which the processes of a box are found. Its value is the box's ID.
const Marker = "LOCALAWS_BUILD"

// The reasons for which a box kills what runs in it, apart from its context.
var (
	ErrOutput = errors.New("the build printed more than it may")
	ErrDisk   = errors.New("the build filled more of the disk than it may")
	errGone   = errors.New("the process that runs the build's commands is gone")
)

// Options describe a box.
type Options struct {
	// ID is unique and holds letters, digits and dashes.
	ID string
	// Dir is the box's folder, which Open makes.
	Dir string
	// Line is called with each line of output, in order, without its newline.
	// A very long line comes in parts.
	Line func(line []byte)
	// Mask, where it is given, takes the secrets out of a line before it is
	// parted. None of them is longer than LongestMask.
	Mask        func(line []byte) []byte
	LongestMask int
	// MaxOutput and MaxDisk are in bytes; 0 means no limit.
	MaxOutput, MaxDisk int64
	// Readable are folders outside the system's own that commands need, such as
	// toolchains and a module cache. They matter where the kernel has Landlock.
	Readable []string
}

// Box is a place for the commands of one build. Its commands run one after another.
type Box struct {
	options Options
	layers  []string
	driver  *driver
	disk    *diskWatch

	answering sync.WaitGroup // the goroutines of [Box.Questions]

	fail context.CancelCauseFunc // kills everything
	ctx  context.Context         //nolint:containedctx // the life of the processes is the box's
	once sync.Once
	used Usage
}

// Usage is what a folder holds.
type Usage struct {
	Files int
	Bytes int64
}

// Open makes the box and starts its process. When ctx ends, everything in the
// box is killed at once.
func Open(ctx context.Context, o Options) (*Box, error) {
	if err := Supported(); err != nil {
		return nil, err
	}
	b := &Box{options: o}
	for _, dir := range []string{b.Home(), b.Temp(), b.Source(), b.control("bin")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the build's folder: %w", err)
		}
	}
	ctx, b.fail = context.WithCancelCause(ctx)
	b.ctx = ctx
	var err error
	if b.driver, err = startDriver(b); err != nil {
		b.fail(err)
		_, removeErr := Remove(o.Dir)
		return nil, errors.Join(err, removeErr)
	}
	b.layers = b.driver.layers
	b.disk = watchDisk(ctx, o.Dir, o.MaxDisk, func() { b.fail(ErrDisk) })
	return b, nil
}

// Home is the fresh home directory.
func (b *Box) Home() string { return filepath.Join(b.options.Dir, "home") }

// Temp is the directory for temporary files, inside the home.
func (b *Box) Temp() string { return filepath.Join(b.options.Dir, "home", ".tmp") }

// Source is the folder for the build's source, which starts empty.
func (b *Box) Source() string { return filepath.Join(b.options.Dir, "src") }

// Secondary makes and returns the folder of a further source.
func (b *Box) Secondary(id string) (string, error) {
	if !filepath.IsLocal(id) || strings.ContainsRune(id, os.PathSeparator) {
		return "", fmt.Errorf("%q cannot be the name of a folder", id)
	}
	dir := filepath.Join(b.options.Dir, "secondary", id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of source %s: %w", id, err)
	}
	return dir, nil
}

// Dir is the box's own folder.
func (b *Box) Dir() string { return b.options.Dir }

// Bin is a folder for small helpers, to be put into PATH.
func (b *Box) Bin() string { return b.control("bin") }

// Layers names what holds the processes of this box, for people.
func (b *Box) Layers() []string { return b.layers }

func (b *Box) control(name string) string { return filepath.Join(b.options.Dir, "control", name) }

// Close kills everything in the box, and removes its folder. It tells what
// was in home and source at the end.
func (b *Box) Close() (Usage, error) {
	var err error
	b.once.Do(func() {
		b.fail(context.Canceled)
		b.driver.close()
		b.answering.Wait()
		b.disk.wait()
		b.used, err = Remove(b.options.Dir, b.Home(), b.Source(), filepath.Join(b.options.Dir, "secondary"))
	})
	return b.used, err
}
