package main

import (
	"context"
	"errors"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

// The exit codes, which scripts may rely on.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitWrong       = 3
	exitNotAllowed  = 4
	exitInterrupted = 130
)

const exitCodesHelp = `Exit codes:
  0    done
  1    failed
  2    wrong usage
  3    a check came out wrong
  4    no permission, no credentials, the wrong account, or a check that
       cannot tell
  130  interrupted
`

// exitCode maps an error to the exit code. It is the only place that does.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, prompt.ErrInterrupted) || errors.Is(err, errFollowed) {
		return exitInterrupted
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	if errors.Is(err, cloud.ErrNoRegion) {
		return exitUsage
	}
	if _, ok := errors.AsType[*phases.UnknownError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*workshop.RequirementError](err); ok {
		return exitUsage
	}
	if failed, ok := errors.AsType[*workshop.CheckError](err); ok {
		switch failed.Result.State {
		case verify.CannotTell:
			return exitNotAllowed
		case verify.NotYet:
			return exitFailed
		case verify.Passed, verify.Wrong:
		}
		return exitWrong
	}
	if _, ok := errors.AsType[*workshop.WrongAccountError](err); ok {
		return exitNotAllowed
	}
	if _, ok := errors.AsType[*accountError](err); ok {
		return exitNotAllowed
	}
	switch cloud.TroubleOf(err) {
	case cloud.Denied, cloud.Credentials:
		return exitNotAllowed
	case cloud.NotFound, cloud.Throttled, cloud.Unreachable, cloud.Other:
	}
	return exitFailed
}
