package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"go.yaml.in/yaml/v3"
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

// CachePaths asks whether the buildspec says what to keep.
var CachePaths = Check{
	Name: "cache-paths", Asks: "Does the buildspec say what to keep?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const fix = "Look for `cache:` in buildspec.yml; `mayfly run caching` adds it."
		data, result := s.file(ctx, "buildspec.yml", fix)
		if result.State != Passed {
			return result
		}
		var spec struct {
			Cache struct {
				Paths []string `yaml:"paths"`
			} `yaml:"cache"`
		}
		if err := yaml.Unmarshal(data, &spec); err != nil {
			return wrong("buildspec.yml is not YAML: "+err.Error(), "a buildspec with cache paths", fix)
		}
		if len(spec.Cache.Paths) == 0 {
			return wrong("buildspec.yml has no cache paths", "cache: and under it paths:", fix)
		}
		return passed("buildspec.yml keeps %d paths", len(spec.Cache.Paths))
	},
}

// BuildspecArtifacts asks whether the build hands anything on.
var BuildspecArtifacts = Check{
	Name: "artifacts", Asks: "Does the build hand on what it made?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const fix = "Look for `artifacts:` in buildspec.yml; `mayfly run codepipeline` adds it."
		data, result := s.file(ctx, "buildspec.yml", fix)
		if result.State != Passed {
			return result
		}
		var spec struct {
			Artifacts struct {
				Files []string `yaml:"files"`
			} `yaml:"artifacts"`
		}
		if err := yaml.Unmarshal(data, &spec); err != nil {
			return wrong("buildspec.yml is not YAML: "+err.Error(), "a buildspec with artifacts", fix)
		}
		if len(spec.Artifacts.Files) == 0 {
			return wrong("buildspec.yml has no artifacts", "artifacts: and under it files:", fix)
		}
		return passed("buildspec.yml hands on %s", spec.Artifacts.Files)
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
			return wrong("no build has filled the cache", expected, "Change the greeting, commit, and `git push origin main`.")
		}
		return passed("a build has filled it")
	},
}

// Comparison sets three builds side by side: their commands' time with the
// cache off, while it was filled, and warm.
type Comparison struct{ Off, Filling, Warm *Execution }

// Compare picks the newest successful execution of each kind; those that are missing are nil.
func Compare(executions []*Execution) (c Comparison) {
	for _, e := range executions {
		if e.Status != types.PipelineExecutionStatusSucceeded || e.BuildID == "" {
			continue
		}
		switch {
		case e.Cache == CacheHit && c.Warm == nil:
			c.Warm = e
		case e.Cache == CacheMiss && c.Filling == nil:
			c.Filling = e
		case e.Cache == CacheOff && c.Off == nil:
			c.Off = e
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
		const fix = "Change the greeting, commit, and `git push origin main`."
		switch {
		case len(executions) > 0 && executions[0].Status == types.PipelineExecutionStatusInProgress && c.Warm == nil:
			return notYet("an execution is in progress", expected, usualDeployment)
		case c.Filling == nil && c.Warm == nil:
			return wrong("no build has filled the cache", expected, fix)
		case c.Warm == nil:
			return wrong("no build has started warm", expected, fix)
		}
		return passed("%s", c.sentence())
	},
}

// worthIt is a difference that is more than one build has with the next for no reason.
const worthIt = time.Second

func (c Comparison) sentence() string {
	const unit = 100 * time.Millisecond
	warm := c.Warm.Commands()
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
