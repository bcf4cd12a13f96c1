package codepipeline

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Operations lists what the service serves.
func (s *Service) Operations() []wire.Operation {
	named := func(name *string) []string { return []string{s.arn(aws.ToString(name))} }
	staged := func(name, stage *string) []string {
		return []string{s.arn(aws.ToString(name) + "/" + aws.ToString(stage))}
	}
	return []wire.Operation{
		wire.Op("CreatePipeline", "codepipeline:CreatePipeline",
			func(in *codepipeline.CreatePipelineInput) []string { return named(in.Pipeline.Name) }, s.CreatePipeline,
			wire.Keys(func(in *codepipeline.CreatePipelineInput) policy.Context { return requestTags(in.Tags) }),
			wire.Also(func(in *codepipeline.CreatePipelineInput) []policy.Access { return s.passedRoles(in.Pipeline) })),
		wire.Op("GetPipeline", "codepipeline:GetPipeline",
			func(in *codepipeline.GetPipelineInput) []string { return named(in.Name) }, s.GetPipeline),
		wire.Op("UpdatePipeline", "codepipeline:UpdatePipeline",
			func(in *codepipeline.UpdatePipelineInput) []string { return named(in.Pipeline.Name) }, s.UpdatePipeline,
			wire.Also(func(in *codepipeline.UpdatePipelineInput) []policy.Access { return s.passedRoles(in.Pipeline) })),
		wire.Op("DeletePipeline", "codepipeline:DeletePipeline",
			func(in *codepipeline.DeletePipelineInput) []string { return named(in.Name) }, s.DeletePipeline),
		wire.Op("ListPipelines", "codepipeline:ListPipelines", nil, s.ListPipelines),

		wire.Op("StartPipelineExecution", "codepipeline:StartPipelineExecution",
			func(in *codepipeline.StartPipelineExecutionInput) []string { return named(in.Name) }, s.StartPipelineExecution),
		wire.Op("StopPipelineExecution", "codepipeline:StopPipelineExecution",
			func(in *codepipeline.StopPipelineExecutionInput) []string { return named(in.PipelineName) }, s.StopPipelineExecution),
		wire.Op("RetryStageExecution", "codepipeline:RetryStageExecution",
			func(in *codepipeline.RetryStageExecutionInput) []string { return staged(in.PipelineName, in.StageName) }, s.RetryStageExecution),
		wire.Op("RollbackStage", "codepipeline:RollbackStage",
			func(in *codepipeline.RollbackStageInput) []string { return staged(in.PipelineName, in.StageName) }, s.RollbackStage),
		wire.Op("GetPipelineState", "codepipeline:GetPipelineState",
			func(in *codepipeline.GetPipelineStateInput) []string { return named(in.Name) }, s.GetPipelineState),
		wire.Op("GetPipelineExecution", "codepipeline:GetPipelineExecution",
			func(in *codepipeline.GetPipelineExecutionInput) []string { return named(in.PipelineName) }, s.GetPipelineExecution),
		wire.Op("ListPipelineExecutions", "codepipeline:ListPipelineExecutions",
			func(in *codepipeline.ListPipelineExecutionsInput) []string { return named(in.PipelineName) }, s.ListPipelineExecutions),
		wire.Op("ListActionExecutions", "codepipeline:ListActionExecutions",
			func(in *codepipeline.ListActionExecutionsInput) []string { return named(in.PipelineName) }, s.ListActionExecutions),
		wire.Op("ListRuleExecutions", "codepipeline:ListRuleExecutions",
			func(in *codepipeline.ListRuleExecutionsInput) []string { return named(in.PipelineName) }, s.ListRuleExecutions),
		wire.Op("ListActionTypes", "codepipeline:ListActionTypes", nil, s.ListActionTypes),
		wire.Op("GetActionType", "codepipeline:GetActionType", nil, s.GetActionType),

		wire.Op("PollForJobs", "codepipeline:PollForJobs",
			func(in *codepipeline.PollForJobsInput) []string { return []string{s.actionTypeARN(in.ActionTypeId)} }, s.PollForJobs),
		wire.Op("GetJobDetails", "codepipeline:GetJobDetails", nil, s.GetJobDetails),
		wire.Op("PutJobSuccessResult", "codepipeline:PutJobSuccessResult", nil, s.PutJobSuccessResult),
		wire.Op("PutJobFailureResult", "codepipeline:PutJobFailureResult", nil, s.PutJobFailureResult),

		wire.Op("PutApprovalResult", "codepipeline:PutApprovalResult",
			func(in *codepipeline.PutApprovalResultInput) []string {
				return []string{s.arn(aws.ToString(in.PipelineName) + "/" + aws.ToString(in.StageName) + "/" + aws.ToString(in.ActionName))}
			}, s.PutApprovalResult),
		wire.Op("DisableStageTransition", "codepipeline:DisableStageTransition",
			func(in *codepipeline.DisableStageTransitionInput) []string {
				return staged(in.PipelineName, in.StageName)
			}, s.DisableStageTransition),
		wire.Op("EnableStageTransition", "codepipeline:EnableStageTransition",
			func(in *codepipeline.EnableStageTransitionInput) []string {
				return staged(in.PipelineName, in.StageName)
			}, s.EnableStageTransition),

		wire.Op("TagResource", "codepipeline:TagResource",
			func(in *codepipeline.TagResourceInput) []string { return []string{aws.ToString(in.ResourceArn)} }, s.TagResource,
			wire.Keys(func(in *codepipeline.TagResourceInput) policy.Context { return requestTags(in.Tags) })),
		wire.Op("UntagResource", "codepipeline:UntagResource",
			func(in *codepipeline.UntagResourceInput) []string { return []string{aws.ToString(in.ResourceArn)} }, s.UntagResource,
			wire.Keys(func(in *codepipeline.UntagResourceInput) policy.Context { return policy.TagKeys(in.TagKeys) })),
		wire.Op("ListTagsForResource", "codepipeline:ListTagsForResource",
			func(in *codepipeline.ListTagsForResourceInput) []string {
				return []string{aws.ToString(in.ResourceArn)}
			}, s.ListTagsForResource),
	}
}
