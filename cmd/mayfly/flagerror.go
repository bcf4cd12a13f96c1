package main

import (
	"cmp"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// flagTakes says by a flag's type what it takes.
var flagTakes = map[string]string{
	"int":      "it is a whole number",
	"uint64":   "it is a whole number",
	"duration": "it is a time with its unit, such as 10m",
	"bool":     "it is given, or not",
}

// flagError says of a flag that cannot be understood what would be.
func flagError(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		// One dash before a long name is a common slip.
		if near := nearestFlag(cmd, cmp.Or(unknown.GetSpecifiedShortnames(), unknown.GetSpecifiedName())); near != "" {
			return usage("%w; did you mean --%s?", err, near)
		}
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if takes := flagTakes[invalid.GetFlag().Value.Type()]; takes != "" {
			return usage("--%s %q: %s", invalid.GetFlag().Name, invalid.GetValue(), takes)
		}
	}
	return &usageError{err}
}

// nearestFlag is the flag of a command that somebody may have meant, or "".
func nearestFlag(cmd *cobra.Command, name string) string {
	nearest, distance := "", min(3, len(name)) // a word of which little is right is another one
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if d := text.Edits(name, f.Name); d < distance && !f.Hidden {
			nearest, distance = f.Name, d
		}
	})
	return nearest
}
