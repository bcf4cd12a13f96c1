package codecommit

import (
	"cmp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

func (s *Service) mergeOperations() []wire.Operation {
	into := func(given, destination *string) policy.Context {
		return references(aws.String(cmp.Or(aws.ToString(given), aws.ToString(destination))))
	}
	pulled := func(id *string) policy.Context { return referencesOf(s.pullDestination(id)...) }
	return []wire.Operation{
		wire.Op("MergeBranchesByFastForward", "codecommit:MergeBranchesByFastForward", func(in *codecommit.MergeBranchesByFastForwardInput) []string { return s.resource(in.RepositoryName) }, s.MergeBranchesByFastForward,
			wire.Keys(func(in *codecommit.MergeBranchesByFastForwardInput) policy.Context {
				return into(in.TargetBranch, in.DestinationCommitSpecifier)
			})),
		wire.Op("MergeBranchesBySquash", "codecommit:MergeBranchesBySquash", func(in *codecommit.MergeBranchesBySquashInput) []string { return s.resource(in.RepositoryName) }, s.MergeBranchesBySquash,
			wire.Keys(func(in *codecommit.MergeBranchesBySquashInput) policy.Context {
				return into(in.TargetBranch, in.DestinationCommitSpecifier)
			})),
		wire.Op("MergeBranchesByThreeWay", "codecommit:MergeBranchesByThreeWay", func(in *codecommit.MergeBranchesByThreeWayInput) []string { return s.resource(in.RepositoryName) }, s.MergeBranchesByThreeWay,
			wire.Keys(func(in *codecommit.MergeBranchesByThreeWayInput) policy.Context {
				return into(in.TargetBranch, in.DestinationCommitSpecifier)
			})),
		wire.Op("MergePullRequestByFastForward", "codecommit:MergePullRequestByFastForward", func(in *codecommit.MergePullRequestByFastForwardInput) []string { return s.resource(in.RepositoryName) }, s.MergePullRequestByFastForward,
			wire.Keys(func(in *codecommit.MergePullRequestByFastForwardInput) policy.Context {
				return pulled(in.PullRequestId)
			})),
		wire.Op("MergePullRequestBySquash", "codecommit:MergePullRequestBySquash", func(in *codecommit.MergePullRequestBySquashInput) []string { return s.resource(in.RepositoryName) }, s.MergePullRequestBySquash,
			wire.Keys(func(in *codecommit.MergePullRequestBySquashInput) policy.Context { return pulled(in.PullRequestId) })),
		wire.Op("MergePullRequestByThreeWay", "codecommit:MergePullRequestByThreeWay", func(in *codecommit.MergePullRequestByThreeWayInput) []string { return s.resource(in.RepositoryName) }, s.MergePullRequestByThreeWay,
			wire.Keys(func(in *codecommit.MergePullRequestByThreeWayInput) policy.Context { return pulled(in.PullRequestId) })),
		wire.Op("GetMergeOptions", "codecommit:GetMergeOptions", func(in *codecommit.GetMergeOptionsInput) []string { return s.resource(in.RepositoryName) }, s.GetMergeOptions),
		wire.Op("GetMergeConflicts", "codecommit:GetMergeConflicts", func(in *codecommit.GetMergeConflictsInput) []string { return s.resource(in.RepositoryName) }, s.GetMergeConflicts),
	}
}

func (s *Service) pullOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreatePullRequest", "codecommit:CreatePullRequest", func(in *codecommit.CreatePullRequestInput) (arns []string) {
			for _, target := range in.Targets {
				arns = append(arns, s.arn(aws.ToString(target.RepositoryName)))
			}
			return arns
		}, s.CreatePullRequest),
		wire.Op("GetPullRequest", "codecommit:GetPullRequest", func(in *codecommit.GetPullRequestInput) []string { return s.pullResource(in.PullRequestId) }, s.GetPullRequest),
		wire.Op("ListPullRequests", "codecommit:ListPullRequests", func(in *codecommit.ListPullRequestsInput) []string { return s.resource(in.RepositoryName) }, s.ListPullRequests),
		wire.Op("DescribePullRequestEvents", "codecommit:DescribePullRequestEvents", func(in *codecommit.DescribePullRequestEventsInput) []string { return s.pullResource(in.PullRequestId) }, s.DescribePullRequestEvents),
		wire.Op("UpdatePullRequestTitle", "codecommit:UpdatePullRequestTitle", func(in *codecommit.UpdatePullRequestTitleInput) []string { return s.pullResource(in.PullRequestId) }, s.UpdatePullRequestTitle),
		wire.Op("UpdatePullRequestDescription", "codecommit:UpdatePullRequestDescription", func(in *codecommit.UpdatePullRequestDescriptionInput) []string {
			return s.pullResource(in.PullRequestId)
		}, s.UpdatePullRequestDescription),
		wire.Op("UpdatePullRequestStatus", "codecommit:UpdatePullRequestStatus", func(in *codecommit.UpdatePullRequestStatusInput) []string { return s.pullResource(in.PullRequestId) }, s.UpdatePullRequestStatus),
		wire.Op("PostCommentForPullRequest", "codecommit:PostCommentForPullRequest", func(in *codecommit.PostCommentForPullRequestInput) []string { return s.resource(in.RepositoryName) }, s.PostCommentForPullRequest),
		wire.Op("GetCommentsForPullRequest", "codecommit:GetCommentsForPullRequest", func(in *codecommit.GetCommentsForPullRequestInput) []string { return s.pullResource(in.PullRequestId) }, s.GetCommentsForPullRequest),
		wire.Op("PostCommentReply", "codecommit:PostCommentReply", func(in *codecommit.PostCommentReplyInput) []string { return s.commentResource(in.InReplyTo) }, s.PostCommentReply),
		wire.Op("GetComment", "codecommit:GetComment", func(in *codecommit.GetCommentInput) []string { return s.commentResource(in.CommentId) }, s.GetComment),
		wire.Op("UpdateComment", "codecommit:UpdateComment", func(in *codecommit.UpdateCommentInput) []string { return s.commentResource(in.CommentId) }, s.UpdateComment),
		wire.Op("DeleteCommentContent", "codecommit:DeleteCommentContent", func(in *codecommit.DeleteCommentContentInput) []string { return s.commentResource(in.CommentId) }, s.DeleteCommentContent),
	}
}

func (s *Service) approvalOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreatePullRequestApprovalRule", "codecommit:CreatePullRequestApprovalRule", func(in *codecommit.CreatePullRequestApprovalRuleInput) []string {
			return s.pullResource(in.PullRequestId)
		}, s.CreatePullRequestApprovalRule),
		wire.Op("UpdatePullRequestApprovalRuleContent", "codecommit:UpdatePullRequestApprovalRuleContent", func(in *codecommit.UpdatePullRequestApprovalRuleContentInput) []string {
			return s.pullResource(in.PullRequestId)
		}, s.UpdatePullRequestApprovalRuleContent),
		wire.Op("DeletePullRequestApprovalRule", "codecommit:DeletePullRequestApprovalRule", func(in *codecommit.DeletePullRequestApprovalRuleInput) []string {
			return s.pullResource(in.PullRequestId)
		}, s.DeletePullRequestApprovalRule),
		wire.Op("EvaluatePullRequestApprovalRules", "codecommit:EvaluatePullRequestApprovalRules", func(in *codecommit.EvaluatePullRequestApprovalRulesInput) []string {
			return s.pullResource(in.PullRequestId)
		}, s.EvaluatePullRequestApprovalRules),
		wire.Op("UpdatePullRequestApprovalState", "codecommit:UpdatePullRequestApprovalState", func(in *codecommit.UpdatePullRequestApprovalStateInput) []string {
			return s.pullResource(in.PullRequestId)
		}, s.UpdatePullRequestApprovalState),
		wire.Op("GetPullRequestApprovalStates", "codecommit:GetPullRequestApprovalStates", func(in *codecommit.GetPullRequestApprovalStatesInput) []string {
			return s.pullResource(in.PullRequestId)
		}, s.GetPullRequestApprovalStates),
		wire.Op("OverridePullRequestApprovalRules", "codecommit:OverridePullRequestApprovalRules", func(in *codecommit.OverridePullRequestApprovalRulesInput) []string {
			return s.pullResource(in.PullRequestId)
		}, s.OverridePullRequestApprovalRules),
		wire.Op("GetPullRequestOverrideState", "codecommit:GetPullRequestOverrideState", func(in *codecommit.GetPullRequestOverrideStateInput) []string {
			return s.pullResource(in.PullRequestId)
		}, s.GetPullRequestOverrideState),
	}
}
