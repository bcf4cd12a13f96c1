package codepipeline

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// roleAPI is how the pipeline's role assumes an action's role.
type roleAPI interface {
	AssumeRole(ctx context.Context, in *sts.AssumeRoleInput, opts ...func(*sts.Options)) (*sts.AssumeRoleOutput, error)
}

// assume opens the session for which an action works, and names its role: the
// pipeline's role, or the action's own, which the pipeline's role assumes.
func (s *Service) assume(ctx context.Context, p *types.PipelineDeclaration, a *types.ActionDeclaration) (aws.Config, string, error) {
	role, own := aws.ToString(p.RoleArn), aws.ToString(a.RoleArn)
	cfg, err := s.assumePipelineRole(ctx, aws.ToString(p.Name), role)
	if err != nil {
		return aws.Config{}, "", failed(codePermission, "%s", notAuthorized(role))
	}
	if own == "" {
		return cfg, role, nil
	}
	if cfg, err = s.assumeActionRole(ctx, cfg, own); err != nil {
		return aws.Config{}, "", failed(codePermission, "%s", notAuthorizedBy(role, own))
	}
	return cfg, own, nil
}

func (s *Service) assumePipelineRole(ctx context.Context, pipeline, role string) (aws.Config, error) {
	return s.env.Roles.Assume(ctx, service.Session{
		RoleARN: role, Name: s.sessionName(), Service: principal, SourceARN: s.arn(pipeline),
	})
}

// assumeActionRole opens a session of an action's own role with the keys of the pipeline's.
func (s *Service) assumeActionRole(ctx context.Context, cfg aws.Config, own string) (aws.Config, error) {
	out, err := s.clients.sts(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String(own), RoleSessionName: aws.String(s.sessionName()),
	})
	if err != nil {
		return aws.Config{}, err
	}
	cfg = cfg.Copy()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{
			AccessKeyID: aws.ToString(out.Credentials.AccessKeyId), SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
			SessionToken: aws.ToString(out.Credentials.SessionToken),
		}, nil
	})
	return cfg, nil
}

// actionRoles lists the roles of a pipeline's actions, each once.
func actionRoles(p *types.PipelineDeclaration) []string {
	var roles []string
	for _, st := range p.Stages {
		for _, a := range st.Actions {
			if role := aws.ToString(a.RoleArn); role != "" && !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
	}
	return roles
}

// sessionName is the time in milliseconds, as AWS names these sessions
// (arn:aws:sts::...:assumed-role/<role>/1564844186052).
func (s *Service) sessionName() string { return strconv.FormatInt(s.env.Now().UnixMilli(), 10) }

// notAuthorized is what AWS says when it cannot assume a pipeline's role, at
// CreatePipeline as well as in an action.
func notAuthorized(role string) string {
	return "CodePipeline is not authorized to perform AssumeRole on role " + role
}

// notAuthorizedBy is what AWS says when a pipeline's role cannot assume an
// action's: "arn:aws:iam::...:role/service-role/AWSCodePipelineServiceRole is
// not authorized to perform AssumeRole on role arn:..." (InvalidStructureException
// of UpdatePipeline, quoted in many issues about pipelines across accounts).
func notAuthorizedBy(role, own string) string {
	return role + " is not authorized to perform AssumeRole on role " + own
}
