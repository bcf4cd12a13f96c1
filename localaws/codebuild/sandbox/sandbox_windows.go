package sandbox

import (
	"context"
	"errors"
)

// Supported says whether builds can run on this system.
func Supported() error {
	return errors.New("builds need a POSIX system: run this inside WSL2 (wsl --install), where everything works")
}

// Sweep finds nothing, since nothing was started.
func Sweep(string) int { return 0 }

// driver is never started here.
type driver struct{ layers []string }

func startDriver(*Box) (*driver, error) { return nil, Supported() }

func (*driver) run(context.Context) (int, error) { return 0, errGone }

func (*driver) close() {}

// Questions is never called here: there is no box.
func (*Box) Questions(string, func(string) string) error { return Supported() }
