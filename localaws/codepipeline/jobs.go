package codepipeline

import (
	"cmp"
	"context"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// maxVariables is AWS's limit of an action's output variables, in bytes
// (docs.aws.amazon.com/codepipeline/latest/userguide/limits.html).
const maxVariables = 122880

var variableName = regexp.MustCompile(`^[A-Za-z0-9@\-_]+$`)

// PutJobSuccessResult is a function's word that its job is done, or that it is
// to be called again later.
func (s *Service) PutJobSuccessResult(_ context.Context, in *codepipeline.PutJobSuccessResultInput) (*codepipeline.PutJobSuccessResultOutput, error) {
	var size int
	for name, value := range in.OutputVariables {
		if !variableName.MatchString(name) {
			return nil, validationError("Output variable name %s must match [A-Za-z0-9@\\-_]+", name)
		}
		size += len(name) + len(value)
	}
	if size > maxVariables {
		return nil, &types.OutputVariablesSizeExceededException{Message: aws.String("Exceeded the total size limit for all variables in the pipeline.")}
	}
	answer := reply{
		res: result{variables: in.OutputVariables}, again: in.ContinuationToken != nil, token: aws.ToString(in.ContinuationToken),
		note: func(*actionRun) {},
	}
	if rev := in.CurrentRevision; rev != nil {
		answer.res.revision = &revision{id: aws.ToString(rev.Revision), summary: aws.ToString(rev.RevisionSummary), created: rev.Created}
	}
	if d := in.ExecutionDetails; d != nil {
		answer.res.summary = aws.ToString(d.Summary)
		answer.note = func(a *actionRun) {
			a.Summary, a.Percent = clip(aws.ToString(d.Summary)), d.PercentComplete
			a.ExternalID = cmp.Or(aws.ToString(d.ExternalExecutionId), a.ExternalID)
		}
	}
	return &codepipeline.PutJobSuccessResultOutput{}, s.answer(in.JobId, answer)
}

// PutJobFailureResult is a function's word that its job failed.
func (s *Service) PutJobFailureResult(_ context.Context, in *codepipeline.PutJobFailureResultInput) (*codepipeline.PutJobFailureResultOutput, error) {
	d := in.FailureDetails
	err := s.answer(in.JobId, reply{
		err:  failed(string(d.Type), "%s", aws.ToString(d.Message)),
		note: func(a *actionRun) { a.ExternalID = cmp.Or(aws.ToString(d.ExternalExecutionId), a.ExternalID) },
	})
	return &codepipeline.PutJobFailureResultOutput{}, err
}

// answer hands a function's word to the action that waits for it.
func (s *Service) answer(id *string, answer reply) error {
	inv, err := s.waiting(aws.ToString(id))
	if err != nil {
		return err
	}
	select {
	case inv.answers <- answer:
		return nil
	default: // it has one that was not yet read
		return &types.InvalidJobStateException{Message: aws.String("The job state was specified in an invalid format.")}
	}
}

// waiting returns the job of that id; the errors have the words of the API's reference.
func (s *Service) waiting(id string) (*invocation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	inv, ok := s.jobs[id]
	switch {
	case !ok:
		return nil, &types.JobNotFoundException{Message: aws.String("The job was specified in an invalid format or cannot be found.")}
	case inv == nil:
		return nil, &types.InvalidJobStateException{Message: aws.String("The job state was specified in an invalid format.")}
	}
	return inv, nil
}

// GetJobDetails describes a job that a function works on.
func (s *Service) GetJobDetails(_ context.Context, in *codepipeline.GetJobDetailsInput) (*codepipeline.GetJobDetailsOutput, error) {
	inv, err := s.waiting(aws.ToString(in.JobId))
	if err != nil {
		return nil, &types.JobNotFoundException{Message: aws.String("The job was specified in an invalid format or cannot be found.")}
	}
	s.mu.Lock()
	token := inv.token
	s.mu.Unlock()
	j := inv.job
	return &codepipeline.GetJobDetailsOutput{JobDetails: &types.JobDetails{
		Id: aws.String(inv.id), AccountId: aws.String(s.env.Account),
		Data: &types.JobData{
			ActionTypeId: j.declaration.ActionTypeId, ActionConfiguration: &types.ActionConfiguration{Configuration: j.configuration},
			PipelineContext: &types.PipelineContext{
				PipelineName: aws.String(j.run.pipeline), PipelineArn: aws.String(s.arn(j.run.pipeline)), PipelineExecutionId: aws.String(j.run.id),
				Stage:  &types.StageContext{Name: aws.String(j.stage)},
				Action: &types.ActionContext{Name: aws.String(j.action), ActionExecutionId: aws.String(j.id)},
			},
			InputArtifacts: jobDetails(j.inputs), OutputArtifacts: jobDetails(j.outputs),
			ArtifactCredentials: &types.AWSSessionCredentials{
				AccessKeyId: aws.String(inv.keys.AccessKeyID), SecretAccessKey: aws.String(inv.keys.SecretAccessKey), SessionToken: aws.String(inv.keys.SessionToken),
			},
			ContinuationToken: optional(token),
		},
	}}, nil
}

func jobDetails(all []artifact) []types.Artifact {
	out := make([]types.Artifact, 0, len(all))
	for _, a := range all {
		out = append(out, types.Artifact{
			Name: aws.String(a.Name), Revision: optional(a.Revision),
			Location: &types.ArtifactLocation{
				Type:       types.ArtifactLocationTypeS3,
				S3Location: &types.S3ArtifactLocation{BucketName: aws.String(a.Bucket), ObjectKey: aws.String(a.Key)},
			},
		})
	}
	return out
}

// PollForJobs hands out the jobs of custom actions, of which there are none. "If
// the action type contains AWS or ThirdParty in the owner field, the PollForJobs
// action returns an error", says the API's reference.
func (s *Service) PollForJobs(_ context.Context, in *codepipeline.PollForJobsInput) (*codepipeline.PollForJobsOutput, error) {
	if in.ActionTypeId.Owner != types.ActionOwnerCustom {
		return nil, validationError("PollForJobs is valid only for action types with Custom in the owner field, not %s", in.ActionTypeId.Owner)
	}
	return nil, noActionType()
}

// GetActionType describes an action type of another provider, of which there are none.
func (s *Service) GetActionType(context.Context, *codepipeline.GetActionTypeInput) (*codepipeline.GetActionTypeOutput, error) {
	return nil, noActionType()
}

func noActionType() error {
	return &types.ActionTypeNotFoundException{Message: aws.String("The specified action type cannot be found.")}
}
