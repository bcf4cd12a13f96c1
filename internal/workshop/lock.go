package workshop

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// BusyError says that another process works in the environment.
type BusyError struct {
	// Holder says which: its process id and command.
	Holder string
}

func (e *BusyError) Error() string {
	return "another mayfly is at work in this environment: " + e.Holder
}

// Lock takes the environment for this process until release is called, or the
// process ends in whatever way. If another one has it, the error is a *BusyError.
func Lock(dir, command string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	holder := filepath.Join(dir, "lock.holder")
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the state folder: %w", err)
	}
	if !got {
		who, err := os.ReadFile(holder)
		if err != nil {
			who = []byte("an unknown process")
		}
		return nil, &BusyError{Holder: strings.TrimSpace(string(who))}
	}
	who := fmt.Sprintf("process %d, %s", os.Getpid(), command)
	if err := os.WriteFile(holder, []byte(who), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the state folder: %w", err), lock.Unlock())
	}
	return lock.Unlock, nil
}
