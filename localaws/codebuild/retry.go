package codebuild

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/buildspec"
	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// wantsRetry says whether the phase that has just failed lets the build be
// tried again, and remembers how often. "Retry builds automatically in AWS
// CodeBuild" in AWS's guide excepts CodePipeline. That the pattern is matched
// against the message of the phase's context is not confirmed.
func (r *run) wantsRetry(phase buildspec.Phase) bool {
	contexts := r.row.Phases[len(r.row.Phases)-1].Contexts
	if r.row.Piped || len(contexts) == 0 || !phase.RetryOn.MatchString(aws.ToString(contexts[0].Message)) {
		return false
	}
	r.retries = aws.Int32(int32(phase.Retries))
	return true
}

// retry starts a build that has failed once more, where its project or its
// buildspec asks for that. As on AWS it calls RetryBuild with the project's
// role, which must be allowed to.
func (r *run) retry() {
	auto := types.AutoRetryConfig{}
	if r.row.AutoRetryConfig != nil {
		auto = *r.row.AutoRetryConfig
	}
	limit := max(aws.ToInt32(auto.AutoRetryLimit), aws.ToInt32(r.retries))
	number := aws.ToInt32(auto.AutoRetryNumber) + 1
	if r.outcome != types.StatusTypeFailed || r.row.Piped || number > limit || r.cfg.Credentials == nil || r.s.ctx.Err() != nil {
		return
	}
	id := aws.ToString(r.row.Id)
	r.s.mu.Lock()
	r.s.retrying[id] = types.AutoRetryConfig{AutoRetryLimit: &limit, AutoRetryNumber: &number, PreviousAutoRetry: r.row.Arn}
	r.s.mu.Unlock()
	out, err := codebuild.NewFromConfig(r.cfg).RetryBuild(r.s.ctx, &codebuild.RetryBuildInput{Id: &id})
	r.s.takeRetry(id)
	if err != nil {
		r.s.env.Log.Info("codebuild: a build is not tried again", "build", id, "error", err)
		return
	}
	auto.AutoRetryLimit, auto.AutoRetryNumber = &limit, aws.Int32(number-1)
	auto.NextAutoRetry = out.Build.Arn
	r.row.AutoRetryConfig = &auto
	r.save()
}

// takeRetry returns, once, what the retry of that build is to know.
func (s *Service) takeRetry(id string) *types.AutoRetryConfig {
	s.mu.Lock()
	defer s.mu.Unlock()
	config, ok := s.retrying[id]
	if !ok {
		return nil
	}
	delete(s.retrying, id)
	return &config
}

// automatic is what the retry of a build is to know, where CodeBuild itself retries it.
func (s *Service) automatic(ctx context.Context, id string) *types.AutoRetryConfig {
	if identity.From(ctx).Service != codebuildService {
		return nil
	}
	return s.takeRetry(id)
}

// autoRetry is what the first build of a series knows of its retries; nil where there are to be none.
func autoRetry(project, override *int32) *types.AutoRetryConfig {
	limit := cmp.Or(override, project)
	if aws.ToInt32(limit) <= 0 {
		return nil
	}
	return &types.AutoRetryConfig{AutoRetryLimit: limit, AutoRetryNumber: aws.Int32(0)}
}
