package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

// toolbox remembers which tools this machine has.
type toolbox map[string]error

// look says why a tool will not do. It is run, since version managers put
// scripts into PATH for versions that are not installed.
func (b toolbox) look(ctx context.Context, t phases.Tool) error {
	if err, known := b[t.Program]; known {
		return err
	}
	err := examineTool(ctx, t)
	b[t.Program] = err
	return err
}

func (b toolbox) has(ctx context.Context) func(phases.Tool) bool {
	return func(t phases.Tool) bool { return b.look(ctx, t) == nil }
}

func examineTool(ctx context.Context, t phases.Tool) error {
	path, err := exec.LookPath(t.Program)
	if err != nil {
		return fmt.Errorf("%s is not in PATH", t.Program)
	}
	out, err := exec.CommandContext(ctx, path, t.Version...).Output()
	if err != nil {
		return fmt.Errorf("%s does not run: %w", path, err)
	}
	return t.Suits(string(out))
}

// checkToolchain says what a new environment's application needs and this
// machine lacks. In an account builds run elsewhere, and need nothing here.
func checkToolchain(ctx context.Context, e workshop.Environment) error {
	if e.Target != targetLocal {
		return nil
	}
	chosen, err := application(e)
	if err != nil {
		return err
	}
	tools := toolbox{}
	missing := chosen.Missing(tools.has(ctx))
	if len(missing) == 0 {
		return nil
	}
	advice := ""
	if languages, here := phases.SortApplications(tools.has(ctx)); here > 0 {
		advice = "; what the others need is here: --app " + strings.Join(languages[:here], ", --app ")
	}
	return usage("--app %s: %w. %s%s", e.Application, tools.look(ctx, missing[0]), strings.TrimSuffix(missing[0].Install, "."), advice)
}

// toolchains says for each sample application whether it can be built here.
// What lacks is missing if no other can, or if the environment has that one.
func (a *app) toolchains(ctx context.Context) (findings []finding) {
	tools := toolbox{}
	chosen := ""
	if e, _, err := a.environment(); err == nil && e.Target == targetLocal {
		chosen = e.Application
	}
	_, here := phases.SortApplications(tools.has(ctx))
	for _, language := range phases.Applications {
		sample, err := phases.FindApplication(language)
		if err != nil {
			return append(findings, finding{Name: language, State: missing, Detail: err.Error()})
		}
		lacks := sample.Missing(tools.has(ctx))
		f := finding{Name: language, State: good, Detail: "has what --app " + language + " needs"}
		if len(lacks) > 0 {
			f.State, f.Detail, f.Fix = note, "for --app "+language+": "+tools.look(ctx, lacks[0]).Error(), lacks[0].Install
			if here == 0 || language == chosen {
				f.State = missing
			}
		}
		findings = append(findings, f)
	}
	return findings
}
