package main

import (
	"context"
	"errors"
)

const welcome = `mayfly: continuous delivery on AWS, by doing it

How long does it take for a commit to reach production where you work?
A month, a week, a day, an hour, a minute? Five phases bring it down, and
mayfly measures it. It all runs on this laptop: no account, no Docker, no bill.
The first run compiles for some minutes.

`

// start is mayfly with no arguments: where you are, and what to type next.
func (a *app) start(ctx context.Context) error {
	e, dir, err := a.environment()
	if errors.Is(err, errNoEnvironment) {
		style := a.streams.OutStyle()
		a.answer("%s", welcome)
		a.answer("Next: %s\n      does all five phases and checks each step; `mayfly run codecommit` does the first\n",
			style.Command("mayfly run"))
		return nil
	}
	if err != nil {
		return err
	}
	return a.showStatus(ctx, e, dir)
}
