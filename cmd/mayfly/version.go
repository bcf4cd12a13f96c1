package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/mayfly-cd/mayfly/internal/terminal"
)

// version is set by the linker for a release.
var version = "dev"

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Which mayfly this is", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			revision := ""
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = s.Value
					}
				}
			}
			if a.flags.json {
				terminal.JSON(a.streams.Out, map[string]string{
					"version": version, "revision": revision, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
				})
				return nil
			}
			a.answer("%s\n", versionLine())
			return nil
		},
	}
}

func versionLine() string {
	return fmt.Sprintf("mayfly %s %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
