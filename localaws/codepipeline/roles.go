package codepipeline

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// roleAPI is how the pipeline's role assumes an action's role.
type roleAPI interface {
	AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, opts ...func(*sts.Options)) (*sts.AssumeRoleOutput, error)
}

// assume opens the session for which an action works: the pipeline's role, or
// the action's own role, which the pipeline's role assumes.
func (s *Service) assume(j *job) (aws.Config, string, error) {
	role := aws.ToString(j.run.declaration.RoleArn)
	cfg, err := s.assumePipelineRole(j.run.ctx, j.run.pipeline, role)
	if err != nil {
		return aws.Config{}, "", failed(codePermission, "%s", notAuthorized(role))
	}
	own := aws.ToString(j.declaration.RoleArn)
	if own == "" {
		return cfg, role, nil
	}
	out, err := s.clients.sts(cfg).AssumeRole(j.run.ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String(own), RoleSessionName: aws.String(s.sessionName()),
	})
	if err != nil {
		return aws.Config{}, "", failed(codePermission, "%s", notAuthorized(own))
	}
	cfg = cfg.Copy()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{
			AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
			SessionToken: aws.ToString(out.Credentials.SessionToken),
		}, nil
	})
	return cfg, own, nil
}

func (s *Service) assumePipelineRole(ctx context.Context, pipeline, role string) (aws.Config, error) {
	return s.env.Roles.Assume(ctx, service.Session{
		RoleARN: role, Name: s.sessionName(), Service: principal, SourceARN: s.arn(pipeline),
	})
}

// sessionName is the time in milliseconds, as AWS names these sessions
// (arn:aws:sts::...:assumed-role/<role>/1564844186052).
func (s *Service) sessionName() string { return strconv.FormatInt(s.env.Now().UnixMilli(), 10) }

// notAuthorized is what AWS says when a pipeline cannot assume a role, at
// CreatePipeline as well as in an action.
func notAuthorized(role string) string {
	return "CodePipeline is not authorized to perform AssumeRole on role " + role
}
