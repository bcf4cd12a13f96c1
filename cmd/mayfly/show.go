package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

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
		Args:              cobra.ExactArgs(1),
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
		return writeApplication(sample, o.into)
	}
	at := phases.NewPlace(e.Names(), e.WorkDir, e.Tags(), sample)
	if slices.Contains(lessonsBeside, what) {
		lesson, err := phases.ReadLesson(what, at)
		if err != nil {
			return err
		}
		a.showLesson(lesson)
		return nil
	}
	phase, err := phases.Find(what)
	if err != nil {
		return err
	}
	var file []byte
	switch {
	case o.template:
		file = phase.Template()
	case o.buildspec && phase == phases.CodeCommit:
		return usage("phase %s builds nothing yet", phase.Name)
	case o.buildspec:
		file = sample.Buildspec(phase.Name)
	case o.configuration:
		if file, err = phase.Configuration(e.Tags()); err != nil {
			return &usageError{err}
		}
	default:
		lesson, err := phase.Lesson(at)
		if err != nil {
			return err
		}
		a.showLesson(lesson)
		return nil
	}
	a.answer("%s", file)
	return nil
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

// writeApplication writes the application's files into a folder and leaves alone what is there.
func writeApplication(sample *phases.Application, dir string) error {
	files, err := sample.Files()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return fmt.Errorf("write the sample application: %w", err)
		}
		mode := os.FileMode(0o644)
		if string(files[name][:min(2, len(files[name]))]) == "#!" {
			mode = 0o755
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("write the sample application: %w", err)
		}
		_, err = file.Write(files[name])
		if err := cmp.Or(err, file.Close()); err != nil {
			return fmt.Errorf("write the sample application: %w", err)
		}
	}
	return nil
}
