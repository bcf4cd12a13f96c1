package main

import (
	"context"
	"errors"

	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// work opens the environment for a verb that changes something, does it while
// nobody else may, and shows how it goes. do calls settle before it says
// something itself, which then stands below what was shown.
func (a *app) work(ctx context.Context, verb string, do func(w *workshop.Workshop, settle func()) error) (err error) {
	e, dir, err := a.environment()
	if err != nil {
		return err
	}
	release, err := workshop.Lock(dir, "mayfly "+verb)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	reporter, settle := a.reporter()
	defer settle()
	w, err := a.open(ctx, e, dir, a.background, reporter)
	if err != nil {
		return err
	}
	return do(w, settle)
}

// look opens the environment for a verb that only looks.
func (a *app) look(ctx context.Context, do func(w *workshop.Workshop) error) error {
	e, dir, err := a.environment()
	if err != nil {
		return err
	}
	w, err := a.open(ctx, e, dir, a.background, quiet{})
	if err != nil {
		return err
	}
	return do(w)
}
