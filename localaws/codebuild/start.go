package codebuild

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	smithy "github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// build is a row of the table of builds: what AWS tells of it, and what else is
// needed to run it, and to run it again.
type build struct {
	types.Build
	// Order is the build's key in the order of all builds.
	Order string
	// Outputs are the settings of the artifacts; the first is the primary one.
	Outputs []types.ProjectArtifacts
	// LogsConfig is the project's or the override.
	LogsConfig *types.LogsConfig
	// Piped is set where a pipeline started the build.
	Piped   bool
	CacheID string
	// Request is what started it, without its token.
	Request codebuild.StartBuildInput
}

// token remembers a StartBuild by its idempotency token.
type token struct {
	BuildID, Request string
	At               time.Time
}

// tokenLife is how long AWS keeps idempotency tokens.
const tokenLife = 5 * time.Minute

// StartBuild starts a build and returns at once.
func (s *Service) StartBuild(ctx context.Context, in *codebuild.StartBuildInput) (*codebuild.StartBuildOutput, error) {
	started, err := s.startOnce(ctx, in, nil)
	if err != nil {
		return nil, err
	}
	return &codebuild.StartBuildOutput{Build: started}, nil
}

// startOnce starts a build, unless one was started with the same token. auto is
// what an automatic retry knows of those before.
func (s *Service) startOnce(ctx context.Context, in *codebuild.StartBuildInput, auto *types.AutoRetryConfig) (*types.Build, error) {
	name := projectName(aws.ToString(in.ProjectName))
	if _, err := s.project(name); err != nil {
		return nil, err
	}
	key, request := "", ""
	if t := aws.ToString(in.IdempotencyToken); t != "" {
		key, request = name+"/"+t, fingerprint(in)
		earlier, ok, err := s.tokens.Get(key)
		switch {
		case err != nil:
			return nil, err
		case ok && s.env.Now().Sub(earlier.At) < tokenLife && earlier.Request != request:
			return nil, invalid("The idempotency token was used before with other parameters: parameter mismatch")
		case ok && s.env.Now().Sub(earlier.At) < tokenLife:
			row, err := s.build(earlier.BuildID)
			return &row.Build, err
		}
	}
	row, err := s.start(ctx, name, in, auto)
	if err != nil {
		return nil, err
	}
	if key != "" {
		err = s.tokens.Put(key, token{BuildID: aws.ToString(row.Id), Request: request, At: s.env.Now()})
	}
	return &row.Build, err
}

// RetryBuild starts a build once more with the parameters that it had.
func (s *Service) RetryBuild(ctx context.Context, in *codebuild.RetryBuildInput) (*codebuild.RetryBuildOutput, error) {
	if aws.ToString(in.Id) == "" {
		return nil, invalid("Invalid build ID provided")
	}
	old, err := s.build(buildID(aws.ToString(in.Id)))
	if err != nil {
		return nil, err
	}
	auto := s.automatic(ctx, aws.ToString(old.Id))
	if old.Piped {
		return nil, invalid("Builds that CodePipeline started are retried by CodePipeline")
	}
	request := old.Request
	request.IdempotencyToken = in.IdempotencyToken
	if old.ResolvedSourceVersion != nil && old.Source.Type == types.SourceTypeCodecommit {
		request.SourceVersion = old.ResolvedSourceVersion
	}
	out, err := s.startOnce(ctx, &request, auto)
	if err != nil {
		return nil, err
	}
	return &codebuild.RetryBuildOutput{Build: out}, nil
}

func fingerprint(in *codebuild.StartBuildInput) string {
	text, err := json.Marshal(in)
	if err != nil {
		return fmt.Sprint(err) // an input came from JSON and goes back to it
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (s *Service) start(ctx context.Context, name string, in *codebuild.StartBuildInput, auto *types.AutoRetryConfig) (build, error) {
	s.starts.Lock()
	defer s.starts.Unlock()
	request := *in
	request.IdempotencyToken = nil
	revision := ""
	if fromPipeline(ctx) {
		revision = takeRevision(in)
	}
	row := build{Request: request, Piped: fromPipeline(ctx)}
	// The number, the limit and the settings come from one look at the project.
	var settings project
	err := s.projects.Update(name, func(p *project, exists bool) error {
		if !exists {
			return s.noProject(name)
		}
		if err := s.checkLimit(name, p.ConcurrentBuildLimit); err != nil {
			return err
		}
		settings = *p
		if err := compose(&row, p.Project, in); err != nil {
			return err
		}
		row.AutoRetryConfig = auto
		if auto == nil && !row.Piped {
			row.AutoRetryConfig = autoRetry(p.AutoRetryLimit, in.AutoRetryLimitOverride)
		}
		p.Builds++
		row.BuildNumber = aws.Int64(p.Builds)
		return nil
	})
	if err != nil {
		return build{}, err
	}
	if revision != "" {
		row.ResolvedSourceVersion = aws.String(revision)
	}
	row.CacheID = settings.CacheID
	s.christen(ctx, name, &row)
	return row, s.launch(row) //nolint:contextcheck // a build outlives its request
}

// checkLimit holds the project's limit of builds at a time, in AWS's words.
func (s *Service) checkLimit(name string, limit *int32) error {
	if limit == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	active := int32(0)
	for id := range s.running {
		if strings.HasPrefix(id, name+":") {
			active++
		}
	}
	if active >= *limit {
		return &types.AccountLimitExceededException{Message: aws.String(
			fmt.Sprintf("Cannot have more than %d active builds for the project", *limit))}
	}
	return nil
}

// christen gives the build its names and its first state.
func (s *Service) christen(ctx context.Context, name string, row *build) {
	now := s.env.Now()
	id := name + ":" + uuid.New()
	row.Id, row.Arn, row.ProjectName = aws.String(id), aws.String(s.buildARN(id)), aws.String(name)
	row.StartTime, row.BuildStatus = &now, types.StatusTypeInProgress
	row.CurrentPhase = aws.String(string(types.BuildPhaseTypeQueued))
	row.SecondaryArtifacts = []types.BuildArtifacts{}
	row.Initiator = aws.String(initiator(identity.From(ctx)))
	row.ExportedEnvironmentVariables = []types.ExportedEnvironmentVariable{}
	row.Logs = s.logsLocation(row)
	row.Artifacts = expected(row)
	row.Phases = []types.BuildPhase{
		{PhaseType: types.BuildPhaseTypeSubmitted, PhaseStatus: types.StatusTypeSucceeded, StartTime: &now, EndTime: &now, DurationInSeconds: aws.Int64(0)},
		{PhaseType: types.BuildPhaseTypeQueued, StartTime: &now},
	}
}

// launch records the build and runs it in the background.
func (s *Service) launch(row build) error {
	if err := s.ctx.Err(); err != nil {
		return &smithy.GenericAPIError{Code: "ServiceUnavailableException", Message: "this AWS is shutting down", Fault: smithy.FaultServer}
	}
	number, err := s.order.Next()
	if err != nil {
		return err
	}
	id := aws.ToString(row.Id)
	row.Order = fmt.Sprintf("%016x/%s", math.MaxUint64-number, id)
	if err := s.active.Put(id, struct{}{}); err != nil {
		return err
	}
	if err := s.builds.Put(id, row); err != nil {
		return err
	}
	if err := s.order.Put(row.Order, struct{}{}); err != nil {
		return err
	}
	r := newRun(s, row)
	s.mu.Lock()
	s.running[id] = r
	s.mu.Unlock()
	s.wait.Go(func() {
		r.all()
		s.mu.Lock()
		delete(s.running, id)
		s.mu.Unlock()
		if err := s.active.Delete(id); err != nil {
			s.env.Log.Error("codebuild: forget that a build is in progress", "build", id, "error", err)
		}
		close(r.done)
		r.retry()
	})
	return nil
}
