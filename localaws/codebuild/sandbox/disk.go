package sandbox

import (
	"context"
	"io/fs"
	"path/filepath"
	"time"
)

// diskWatch looks now and then how much a folder holds. A single file is
// capped at once, by the shell's ulimit; many are noticed here.
type diskWatch struct{ done chan struct{} }

const (
	diskInterval = 500 * time.Millisecond
	// diskRest follows for each file that was looked at, which takes some
	// microseconds: so a large tree is not looked at all the time.
	diskRest = 100 * time.Microsecond
)

func watchDisk(ctx context.Context, dir string, limit int64, full func()) *diskWatch {
	w := &diskWatch{done: make(chan struct{})}
	if limit <= 0 {
		close(w.done)
		return w
	}
	go func() {
		defer close(w.done)
		wait := time.NewTimer(diskInterval)
		defer wait.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-wait.C:
				used := sizeOf(ctx, dir, limit)
				if used.Bytes > limit {
					full()
					return
				}
				wait.Reset(diskInterval + diskRest*time.Duration(used.Files))
			}
		}
	}()
	return w
}

func (w *diskWatch) wait() { <-w.done }

// sizeOf adds up the files below dir, and stops once they pass the limit.
func sizeOf(ctx context.Context, dir string, limit int64) (total Usage) {
	// What vanishes while we look is no error: a build is at work there.
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil {
				total.Files++
				total.Bytes += info.Size()
			}
		}
		if total.Bytes > limit || ctx.Err() != nil {
			return fs.SkipAll
		}
		return nil
	})
	return total
}
