package workshop

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/verify"
)

// noticeWithin is how long a push may take to start an execution.
const noticeWithin = time.Minute

// settleWithin bounds the wait for an execution, a build or a check.
const settleWithin = 30 * time.Minute

func (w *Workshop) awaitBuild(ctx context.Context, id string) error {
	var build *buildtypes.Build
	follow := w.followBuild(id)
	err := cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
		var err error
		if build, err = w.scene.FindBuild(ctx, id); err != nil {
			return false, ignoreThrottle(err)
		}
		follow.look(ctx, build)
		w.working("build %s is in %s", shortID(id), aws.ToString(build.CurrentPhase))
		return build.BuildStatus != buildtypes.StatusTypeInProgress, nil
	})
	if err != nil {
		return fmt.Errorf("wait for build %s: %w", shortID(id), err)
	}
	w.machineGone(ctx, build)
	if build.BuildStatus != buildtypes.StatusTypeSucceeded {
		return fmt.Errorf("build %s is %s: %s", shortID(id), build.BuildStatus, verify.BuildFailure(build))
	}
	return nil
}

func ignoreThrottle(err error) error {
	if cloud.TroubleOf(err) == cloud.Throttled {
		return nil // says nothing about what is waited for
	}
	return err
}

// Await waits for the end of the pipeline's execution of a commit.
func (w *Workshop) Await(ctx context.Context, commit string) error {
	name := w.scene.Names.Pipeline()
	started := w.now()
	var found types.PipelineExecutionSummary
	follow := w.followExecution()
	held := false
	err := cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
		out, err := w.scene.CodePipeline.ListPipelineExecutions(ctx, &codepipeline.ListPipelineExecutionsInput{
			PipelineName: &name, MaxResults: aws.Int32(20),
		})
		if err != nil {
			return false, ignoreThrottle(err)
		}
		var ok bool
		if found, ok = executionOf(out.PipelineExecutionSummaries, commit); !ok {
			if w.now().Sub(started) > noticeWithin {
				return false, fmt.Errorf("the push of %.7s started no execution within %s", commit, noticeWithin)
			}
			return false, nil
		}
		where, mayWait := follow.look(ctx, found)
		w.working("%s", where)
		if mayWait && found.Status == types.PipelineExecutionStatusInProgress {
			q, err := w.scene.Question(ctx)
			if err != nil {
				return false, ignoreThrottle(err)
			}
			held = q.Holds(aws.ToString(found.PipelineExecutionId))
		}
		return held || found.Status != types.PipelineExecutionStatusInProgress &&
			found.Status != types.PipelineExecutionStatusStopping, nil
	})
	if err != nil {
		return fmt.Errorf("wait for the pipeline: %w", err)
	}
	if held {
		w.working("%.7s waits for approval", commit)
		return nil
	}
	return w.executionEnded(ctx, aws.ToString(found.PipelineExecutionId))
}

// executionOf finds the newest execution of a commit.
func executionOf(summaries []types.PipelineExecutionSummary, commit string) (types.PipelineExecutionSummary, bool) {
	for _, summary := range summaries {
		if len(summary.SourceRevisions) > 0 && aws.ToString(summary.SourceRevisions[0].RevisionId) == commit {
			return summary, true
		}
	}
	return types.PipelineExecutionSummary{}, false
}

func (w *Workshop) executionEnded(ctx context.Context, id string) error {
	executions, err := w.scene.Executions(ctx)
	if err != nil {
		return err
	}
	for _, e := range executions {
		if e.ID != id {
			continue
		}
		if e.BuildID != "" {
			if build, err := w.scene.FindBuild(ctx, e.BuildID); err == nil {
				w.machineGone(ctx, build)
			}
		}
		if e.Status != types.PipelineExecutionStatusSucceeded {
			return fmt.Errorf("the execution of %.7s is %s: %s", e.Commit, e.Status, e.Failure)
		}
		if e.Deploy.Length() > 0 {
			w.live.After = w.lookAtLive(ctx)
		}
		return nil
	}
	return fmt.Errorf("execution %s is not listed", id)
}

// machineGone tells the mayfly line: how long the build's machine lived, and
// where its log says so, what went with it.
func (w *Workshop) machineGone(ctx context.Context, build *buildtypes.Build) {
	text := fmt.Sprintf("This machine lived %.1f s.", verify.BuildDuration(build).Seconds())
	if taken := w.lastWords(ctx, build); taken != "" {
		text += " " + taken
	}
	w.report(Event{Event: MachineGone, Detail: text, Seconds: verify.BuildDuration(build).Seconds()})
}

// lastWords reads what the log's end says of the files that went with the
// machine. AWS's own containers leave without a word.
func (w *Workshop) lastWords(ctx context.Context, build *buildtypes.Build) string {
	if build.Logs == nil || build.Logs.GroupName == nil {
		return ""
	}
	out, err := w.scene.Logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: build.Logs.GroupName, LogStreamName: build.Logs.StreamName, Limit: aws.Int32(5),
	})
	if err != nil {
		return ""
	}
	for _, e := range out.Events {
		_, last, ok := strings.Cut(aws.ToString(e.Message), "Container removed: ")
		if !ok {
			continue
		}
		var files, bytes int64
		if _, err := fmt.Sscanf(last, "%d files, %d bytes", &files, &bytes); err == nil {
			size := fmt.Sprintf("%d MB", bytes/1e6)
			if bytes < 1e6 {
				size = fmt.Sprintf("%d kB", bytes/1e3)
			}
			return fmt.Sprintf("It took %d files and %s with it.", files, size)
		}
	}
	return ""
}
