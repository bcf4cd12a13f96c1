package codecommit

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// mergePull is what the three operations that merge pull requests have in common.
func (s *Service) mergePull(ctx context.Context, option types.MergeOptionTypeEnum, in codecommit.MergePullRequestByThreeWayInput) (*types.PullRequest, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	_, p, err := s.pull(in.PullRequestId)
	if err != nil {
		return nil, err
	}
	if err := p.mergeable(row, in.SourceCommitId); err != nil {
		return nil, err
	}
	t := p.target()
	m, err := s.newMerger(ctx, row, t.SourceReference, t.DestinationReference)
	if err != nil {
		return nil, err
	}
	if err := m.choose(in.ConflictDetailLevel, in.ConflictResolutionStrategy, in.ConflictResolution); err != nil {
		return nil, err
	}
	branch := aws.ToString(t.DestinationReference)[len(heads):]
	commit, _, err := m.into(ctx, *in.RepositoryName, branch, option, author{in.AuthorName, in.Email, in.CommitMessage})
	if err != nil {
		return nil, err
	}
	caller := identity.From(ctx).ARN
	after, err := s.changePull(ctx, in.PullRequestId, func(p *pull) (occurrence, error) {
		t := p.target()
		t.DestinationCommit = &m.destination
		t.MergeMetadata = &types.MergeMetadata{IsMerged: true, MergedBy: &caller, MergeOption: option}
		if option != types.MergeOptionTypeEnumFastForwardMerge {
			t.MergeMetadata.MergeCommitId = &commit
		}
		s.happen(p, caller, types.PullRequestEvent{
			PullRequestEventType: types.PullRequestEventTypePullRequestMergeStateChanged,
			PullRequestMergedStateChangedEventMetadata: &types.PullRequestMergedStateChangedEventMetadata{
				RepositoryName: t.RepositoryName, DestinationReference: t.DestinationReference, MergeMetadata: t.MergeMetadata,
			},
		})
		s.closePull(p, caller)
		return merged, nil
	})
	return &after.PullRequest, err
}

// mergeable says why a pull request cannot be merged as it is.
func (p *pull) mergeable(row repository, sourceCommit *string) error {
	switch {
	case p.RepositoryID != row.ID:
		return &types.RepositoryNotAssociatedWithPullRequestException{Message: aws.String("The repository does not contain any pull requests with that pull request ID. Use GetPullRequest to verify the correct repository name for the pull request ID.")}
	case p.PullRequestStatus == types.PullRequestStatusEnumClosed:
		return errClosed()
	case sourceCommit != nil && *sourceCommit != aws.ToString(p.target().SourceCommit):
		return &types.TipOfSourceReferenceIsDifferentException{Message: aws.String("The tip of the source branch in the destination repository does not match the tip of the source branch specified in your request. The pull request might have been updated. Make sure that you have the latest changes.")}
	case !p.evaluate().Approved:
		return &types.PullRequestApprovalRulesNotSatisfiedException{Message: aws.String("The pull request cannot be merged because one or more approval rules applied to the pull request have conditions that have not been met.")}
	}
	return nil
}

// MergePullRequestByFastForward moves the destination to the source's tip.
func (s *Service) MergePullRequestByFastForward(ctx context.Context, in *codecommit.MergePullRequestByFastForwardInput) (*codecommit.MergePullRequestByFastForwardOutput, error) {
	p, err := s.mergePull(ctx, types.MergeOptionTypeEnumFastForwardMerge, codecommit.MergePullRequestByThreeWayInput{
		PullRequestId: in.PullRequestId, RepositoryName: in.RepositoryName, SourceCommitId: in.SourceCommitId,
	})
	return &codecommit.MergePullRequestByFastForwardOutput{PullRequest: p}, err
}

// MergePullRequestBySquash merges with a commit that does not know the source.
func (s *Service) MergePullRequestBySquash(ctx context.Context, in *codecommit.MergePullRequestBySquashInput) (*codecommit.MergePullRequestBySquashOutput, error) {
	p, err := s.mergePull(ctx, types.MergeOptionTypeEnumSquashMerge, codecommit.MergePullRequestByThreeWayInput{
		PullRequestId: in.PullRequestId, RepositoryName: in.RepositoryName, SourceCommitId: in.SourceCommitId,
		AuthorName: in.AuthorName, Email: in.Email, CommitMessage: in.CommitMessage,
		ConflictDetailLevel: in.ConflictDetailLevel, ConflictResolutionStrategy: in.ConflictResolutionStrategy, ConflictResolution: in.ConflictResolution,
	})
	return &codecommit.MergePullRequestBySquashOutput{PullRequest: p}, err
}

// MergePullRequestByThreeWay merges with a commit that has both sides as its parents.
func (s *Service) MergePullRequestByThreeWay(ctx context.Context, in *codecommit.MergePullRequestByThreeWayInput) (*codecommit.MergePullRequestByThreeWayOutput, error) {
	p, err := s.mergePull(ctx, types.MergeOptionTypeEnumThreeWayMerge, *in)
	return &codecommit.MergePullRequestByThreeWayOutput{PullRequest: p}, err
}
