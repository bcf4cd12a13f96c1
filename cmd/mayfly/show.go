package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/git"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

// showOptions are the flags of `mayfly show`.
type showOptions struct {
	template, buildspec, configuration bool
	into                               string
}

// lessonsBeside are the lessons that belong to no phase.
var lessonsBeside = []string{"welcome", "teardown"}

func (a *app) showCommand() *cobra.Command {
	var o showOptions
	c := &cobra.Command{
		Use: "show PHASE", Short: "Show a phase's lesson, its template or its buildspec",
		Long: "Show prints a lesson, with the names of your environment in its commands. With a flag it\n" +
			"prints a file that the lesson needs. `mayfly show app --into DIR` writes the sample\n" +
			"application into a folder, and never over a file that is there.",
		ValidArgsFunction: completePhases,
		Args:              phaseArguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, _, err := a.environment()
			if errors.Is(err, errNoEnvironment) {
				e, _, err = a.environmentToRun(cmd.Context())
				e.ID = "id" // it has none yet
			}
			if err != nil {
				return err
			}
			return a.show(e, args[0], o)
		},
	}
	c.Flags().BoolVar(&o.template, "template", false, "print the phase's CloudFormation template")
	c.Flags().BoolVar(&o.buildspec, "buildspec", false, "print the phase's buildspec.yml")
	c.Flags().BoolVar(&o.configuration, "configuration", false, "print deploy.json, which tags the application's stack")
	c.Flags().StringVar(&o.into, "into", "", "with app: the folder to write the sample application into")
	c.MarkFlagsMutuallyExclusive("template", "buildspec", "configuration", "into")
	return c
}

func (a *app) show(e workshop.Environment, what string, o showOptions) error {
	sample, err := application(e)
	if err != nil {
		return err
	}
	if what == "app" || o.into != "" {
		if what != "app" || o.into == "" {
			return usage("it is `mayfly show app --into DIR`")
		}
		written, err := writeApplication(sample, o.into)
		if err == nil && a.flags.json {
			terminal.JSON(a.streams.Out, map[string]any{"into": absolute(o.into), "files": written})
		}
		return err
	}
	if o.template || o.buildspec || o.configuration {
		phase, err := phases.Find(what)
		if err != nil {
			return err
		}
		file, err := materialOf(e, sample, phase, o)
		switch {
		case err != nil:
			return err
		case a.flags.json:
			terminal.JSON(a.streams.Out, map[string]string{"phase": phase.Name, "file": string(file)})
		default:
			a.answer("%s", file)
		}
		return nil
	}
	folder := what
	if !slices.Contains(lessonsBeside, what) {
		phase, err := phases.Find(what)
		if err != nil {
			return err
		}
		folder = phase.Name
	}
	lesson, err := phases.ReadLesson(folder, phases.NewPlace(e.Names(), e.WorkDir, e.Tags(), sample))
	if err != nil {
		return err
	}
	if a.flags.json {
		terminal.JSON(a.streams.Out, lessonJSON(folder, lesson))
		return nil
	}
	a.showLesson(lesson)
	return nil
}

// materialOf is the file of a phase that the flags name.
func materialOf(e workshop.Environment, sample *phases.Application, phase *phases.Phase, o showOptions) ([]byte, error) {
	switch {
	case o.template:
		return phase.Template(), nil
	case o.configuration:
		file, err := phase.Configuration(e.Tags())
		if err != nil {
			err = &usageError{err}
		}
		return file, err
	case phase == phases.CodeCommit:
		return nil, usage("phase %s builds nothing yet", phase.Name)
	case phase.IsBonus():
		return nil, usage("phase %s leaves buildspec.yml as it is", phase.Name)
	}
	return sample.Buildspec(phase.Name), nil
}

// lessonJSON is a lesson as --json shows it.
func lessonJSON(name string, l phases.Lesson) map[string]any {
	sections := []map[string]string{}
	for _, s := range l.Sections {
		sections = append(sections, map[string]string{"title": s.Title, "text": s.Text})
	}
	return map[string]any{"lesson": name, "title": l.Title, "opening": l.Opening, "sections": sections}
}

func (a *app) showLesson(l phases.Lesson) {
	a.answer("# %s\n", l.Title)
	if l.Opening != "" {
		a.answer("\n%s\n", l.Opening)
	}
	for _, s := range l.Sections {
		a.answer("\n## %s\n\n%s\n", s.Title, s.Text)
	}
}

// writeApplication writes the application's files into a folder, leaves alone
// what is there, and returns what was written.
func writeApplication(sample *phases.Application, dir string) (written []string, err error) {
	files, err := sample.Files()
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(files, func(name string, _ []byte) bool {
		_, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name)))
		return err == nil
	})
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("write the sample application: %w", err)
	}
	written = slices.AppendSeq(make([]string, 0, len(files)), maps.Keys(files))
	slices.Sort(written)
	return written, (&git.Checkout{Dir: dir}).Write(files)
}
