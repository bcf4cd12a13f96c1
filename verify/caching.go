package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// CacheEnabled asks whether the project keeps a cache.
var CacheEnabled = Check{
	Name: "cache", Asks: "Is the project's cache on?",
	Ask: func(ctx context.Context, s *Scene) Result {
		project, result := s.project(ctx)
		if project == nil {
			return result
		}
		if project.Cache == nil || project.Cache.Type != buildtypes.CacheTypeS3 {
			return wrong("the project's cache is off", "a cache in S3", "mayfly run caching")
		}
		return passed("the cache is kept in s3://%s", aws.ToString(project.Cache.Location))
	},
}

// CacheFilled asks whether a build has left something in the cache.
var CacheFilled = Check{
	Name: "cache-filled", Asks: "Did a build fill the cache?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const expected = "a successful build with the cache on"
		executions, err := s.Executions(ctx)
		if err != nil {
			return cannotTell("codepipeline ListPipelineExecutions", err)
		}
		if c := Compare(executions); c.Filling == nil && c.Warm == nil {
			if len(executions) > 0 && executions[0].Status == types.PipelineExecutionStatusInProgress {
				return notYet("an execution is in progress", expected, usualDeployment)
			}
			return wrong("no build has filled the cache", expected, startAgain)
		}
		return passed("a build has filled it")
	},
}

// Comparison sets three builds side by side: their commands' time with the
// cache off, while it was filled, and warm.
type Comparison struct{ Off, Filling, Warm *Execution }

// Compare picks the newest successful execution of each kind; those that are
// missing are nil. What the cache did before it was off the last time is passed
// over: it says nothing about the cache that is on now.
func Compare(executions []*Execution) (c Comparison) {
	for _, e := range executions {
		if e.Status != types.PipelineExecutionStatusSucceeded || e.BuildID == "" {
			continue
		}
		switch {
		case e.Cache == CacheOff:
			c.Off = e
			return c
		case e.Cache == CacheHit && c.Warm == nil:
			c.Warm = e
		case e.Cache == CacheMiss && c.Filling == nil:
			c.Filling = e
		}
	}
	return c
}

// CachePays asks whether a build has started warm, and reports what that
// brought. A cache that was hit and brought nothing is reported and not held
// against the learner: on AWS one build's machine differs from the next.
var CachePays = Check{
	Name: "cache-pays", Asks: "Did a build start with what an earlier one left?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const expected = "a build with the cache off, one that filled it, and a warm one"
		executions, err := s.Executions(ctx)
		if err != nil {
			return cannotTell("codepipeline ListPipelineExecutions", err)
		}
		c := Compare(executions)
		switch {
		case len(executions) > 0 && executions[0].Status == types.PipelineExecutionStatusInProgress && c.Warm == nil:
			return notYet("an execution is in progress", expected, usualDeployment)
		case c.Filling == nil && c.Warm == nil:
			return wrong("no build has filled the cache", expected, startAgain)
		case c.Warm == nil:
			return wrong("no build has started warm", expected, startAgain)
		}
		return passed("%s", c.sentence())
	},
}

// worthIt is a difference that is more than one build has with the next for no reason.
const worthIt = time.Second

func (c Comparison) sentence() string {
	const unit = 100 * time.Millisecond
	warm := c.Warm.Commands()
	if c.Off == nil && c.Filling == nil {
		return fmt.Sprintf("the build's commands took %s warm", warm.Round(unit)) // of a pipeline that was made anew
	}
	cold, kind := c.Filling, "while filling the cache"
	if c.Off != nil {
		cold, kind = c.Off, "with the cache off"
	}
	before := cold.Commands()
	if warm+worthIt > before || warm == 0 {
		return fmt.Sprintf("the build's commands took %s %s and %s warm: no gain this time; "+
			"machines differ by as much from build to build, so compare several", before.Round(unit), kind, warm.Round(unit))
	}
	return fmt.Sprintf("the build's commands took %s %s and %s warm: %.1f times faster",
		before.Round(unit), kind, warm.Round(unit), float64(before)/float64(warm))
}
