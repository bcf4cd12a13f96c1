package codebuild

import (
	"context"
	"strings"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// runtimes are the names that runtime-versions may have, and how this machine
// tells which version it has.
var runtimes = map[string]string{
	"golang": "go version",
	"nodejs": "node --version",
	"python": "python3 --version",
	"ruby":   "ruby --version",
	"java":   "java -version 2>&1 | head -n 1",
	"php":    "php --version | head -n 1",
	"dotnet": "dotnet --version",
}

// selectRuntimes looks for the toolchains that the buildspec asks for. Which
// version there is, is up to the machine: the log says which it is.
func (r *run) selectRuntimes(ctx context.Context) error {
	for _, wanted := range r.spec.Phases[0].Runtimes {
		tell, known := runtimes[wanted.Name]
		if !known {
			return fail(codeYAML, "Unknown runtime named '%s'", wanted.Name)
		}
		program, _, _ := strings.Cut(tell, " ")
		version, status, err := r.box.Capture(ctx, sandbox.Command{
			Shell: "sh", Text: "command -v " + program + " >/dev/null || exit 127\n" + tell, Env: r.env, Dir: r.dir,
		})
		if err != nil {
			return err
		}
		if status != 0 || version == "" {
			return fail(codeYAML, "the buildspec asks for the runtime %s %s, and this machine has no `%s` in its PATH",
				wanted.Name, wanted.Value, program)
		}
		r.log.container("Selecting '%s' runtime: the buildspec asks for version '%s', this machine has '%s', which is used",
			wanted.Name, wanted.Value, version)
	}
	return nil
}
