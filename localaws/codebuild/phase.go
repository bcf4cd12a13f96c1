package codebuild

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/buildspec"
	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// runPhase runs the commands of a phase until one fails, and then those under
// finally, which run in any case.
func (r *run) runPhase(ctx context.Context, phase buildspec.Phase) error {
	err := r.runCommands(ctx, phase.Commands)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if finallyErr := r.runCommands(ctx, phase.Finally); err == nil {
		err = finallyErr
	}
	if err != nil {
		r.env["CODEBUILD_BUILD_SUCCEEDING"] = "0"
	}
	r.export()
	return err
}

func (r *run) runCommands(ctx context.Context, commands []string) error {
	for _, text := range commands {
		if err := r.refreshKeys(ctx); err != nil {
			return err
		}
		shown := strings.TrimRight(text, "\n")
		r.log.container("Running command %s", shown)
		result, err := r.box.Run(ctx, r.command(text))
		if err != nil {
			return err
		}
		r.env, r.dir = result.Env, result.Dir
		if result.Status != 0 {
			r.log.container("Command did not exit successfully %s exit status %d", shown, result.Status)
			return fail(codeCommand, "Error while executing command: %s. Reason: exit status %d", shown, result.Status)
		}
	}
	return nil
}

// command makes a command of a text, in the surroundings that the last one left.
func (r *run) command(text string) sandbox.Command {
	return sandbox.Command{Shell: r.spec.Env.Shell, Text: text, Env: r.env, Dir: r.dir}
}

// export records the variables that a pipeline may use, as they are now.
func (r *run) export() {
	r.row.ExportedEnvironmentVariables = []types.ExportedEnvironmentVariable{}
	for _, name := range r.spec.Env.Exported {
		if value, ok := r.env[name]; ok {
			r.row.ExportedEnvironmentVariables = append(r.row.ExportedEnvironmentVariables,
				types.ExportedEnvironmentVariable{Name: aws.String(name), Value: aws.String(value)})
		}
	}
}
