package codecommit

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// pullsPage is how many pull requests, events or comments come at once (not confirmed).
const pullsPage = 100

// CreatePullRequest asks for one branch to be merged into another.
func (s *Service) CreatePullRequest(ctx context.Context, in *codecommit.CreatePullRequestInput) (*codecommit.CreatePullRequestOutput, error) {
	switch {
	case len(in.Targets) == 0:
		return nil, &types.TargetsRequiredException{Message: aws.String("An array of target objects is required. It cannot be empty or null.")}
	case len(in.Targets) > 1:
		return nil, &types.MultipleRepositoriesInPullRequestException{Message: aws.String("You cannot include more than one repository in a pull request. Make sure you have specified only one repository name in your request, and then try again.")}
	}
	row, err := s.find(in.Targets[0].RepositoryName)
	if err != nil {
		return nil, err
	}
	t, err := s.pullTarget(ctx, row, in.Targets[0])
	if err != nil {
		return nil, err
	}
	p := pull{RepositoryID: row.ID, PullRequest: types.PullRequest{
		Title: in.Title, Description: in.Description, ClientRequestToken: in.ClientRequestToken, PullRequestTargets: []types.PullRequestTarget{*t},
	}}
	if known, err := s.sameRequest(&p); known != nil || err != nil {
		return &codecommit.CreatePullRequestOutput{PullRequest: known}, err
	}
	number, err := s.pulls.Next()
	if err != nil {
		return nil, err
	}
	now, caller := s.env.Now(), identity.From(ctx).ARN
	p.PullRequestId, p.AuthorArn, p.RevisionId = aws.String(strconv.FormatUint(number, 10)), &caller, aws.String(newRevision())
	p.CreationDate, p.LastActivityDate, p.PullRequestStatus = &now, &now, types.PullRequestStatusEnumOpen
	p.ApprovalRules = []types.ApprovalRule{}
	s.happen(&p, caller, types.PullRequestEvent{
		PullRequestEventType: types.PullRequestEventTypePullRequestCreated,
		PullRequestCreatedEventMetadata: &types.PullRequestCreatedEventMetadata{
			RepositoryName: t.RepositoryName, SourceCommitId: t.SourceCommit, DestinationCommitId: t.DestinationCommit, MergeBase: t.MergeBase,
		},
	})
	if err := s.pulls.Put(pullKey(number), p); err != nil {
		return nil, err
	}
	if err := s.open.Put(row.ID+"/"+pullKey(number), struct{}{}); err != nil {
		return nil, err
	}
	return &codecommit.CreatePullRequestOutput{PullRequest: &p.PullRequest}, s.tellPull(ctx, &p, created)
}

// pullTarget finds the branches of a new pull request.
func (s *Service) pullTarget(ctx context.Context, row repository, in types.Target) (*types.PullRequestTarget, error) {
	full := func(name string) string { return heads + strings.TrimPrefix(name, heads) }
	source, destination := full(aws.ToString(in.SourceReference)), full(cmp.Or(aws.ToString(in.DestinationReference), row.DefaultBranch))
	refs, _, err := s.refs.Get(row.ID)
	if err != nil {
		return nil, err
	}
	for _, ref := range []string{source, destination} {
		if refs[ref] == "" {
			return nil, &types.ReferenceDoesNotExistException{Message: aws.String("The specified reference does not exist: " + ref)}
		}
	}
	if source == destination {
		return nil, &types.SourceAndDestinationAreSameException{Message: aws.String("The source branch and destination branch for the pull request are the same. You must specify different branches for the source and destination.")}
	}
	base, err := s.mergeBase(ctx, row.ID, refs[source], refs[destination])
	return &types.PullRequestTarget{
		RepositoryName: in.RepositoryName, SourceReference: &source, DestinationReference: &destination, MergeBase: &base,
		SourceCommit: aws.String(refs[source]), DestinationCommit: aws.String(refs[destination]), MergeMetadata: &types.MergeMetadata{},
	}, err
}

// sameRequest finds the pull request that was made with the same token.
func (s *Service) sameRequest(p *pull) (*types.PullRequest, error) {
	if aws.ToString(p.ClientRequestToken) == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	rows, err := s.pulls.List("", "", 0)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		known := row.Value
		if aws.ToString(known.ClientRequestToken) != *p.ClientRequestToken {
			continue
		}
		if aws.ToString(known.Title) != aws.ToString(p.Title) || aws.ToString(known.Description) != aws.ToString(p.Description) || known.RepositoryID != p.RepositoryID {
			return nil, &types.IdempotencyParameterMismatchException{Message: aws.String("The client request token is not valid. Either the token is not in a valid format, or the token has been used in a previous request and cannot be reused.")}
		}
		return &known.PullRequest, nil
	}
	return nil, nil //nolint:nilnil // there is none
}

// GetPullRequest describes a pull request.
func (s *Service) GetPullRequest(_ context.Context, in *codecommit.GetPullRequestInput) (*codecommit.GetPullRequestOutput, error) {
	_, p, err := s.pull(in.PullRequestId)
	return &codecommit.GetPullRequestOutput{PullRequest: &p.PullRequest}, err
}

// ListPullRequests lists the ids of a repository's pull requests, the newest first.
func (s *Service) ListPullRequests(_ context.Context, in *codecommit.ListPullRequestsInput) (*codecommit.ListPullRequestsOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	rows, err := s.pulls.List("", "", 0)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, r := range slices.Backward(rows) {
		p := r.Value
		if p.RepositoryID == row.ID && (in.PullRequestStatus == "" || p.PullRequestStatus == in.PullRequestStatus) &&
			(in.AuthorArn == nil || aws.ToString(p.AuthorArn) == *in.AuthorArn) {
			ids = append(ids, aws.ToString(p.PullRequestId))
		}
	}
	part, next, err := pageOf(ids, in.MaxResults, pullsPage, in.NextToken)
	return &codecommit.ListPullRequestsOutput{PullRequestIds: part, NextToken: next}, err
}

// DescribePullRequestEvents lists what happened to a pull request.
func (s *Service) DescribePullRequestEvents(_ context.Context, in *codecommit.DescribePullRequestEventsInput) (*codecommit.DescribePullRequestEventsOutput, error) {
	_, p, err := s.pull(in.PullRequestId)
	if err != nil {
		return nil, err
	}
	events := []types.PullRequestEvent{}
	for _, e := range p.Events {
		if (in.PullRequestEventType == "" || e.PullRequestEventType == in.PullRequestEventType) && (in.ActorArn == nil || aws.ToString(e.ActorArn) == *in.ActorArn) {
			events = append(events, e)
		}
	}
	part, next, err := pageOf(events, in.MaxResults, pullsPage, in.NextToken)
	return &codecommit.DescribePullRequestEventsOutput{PullRequestEvents: part, NextToken: next}, err
}

// UpdatePullRequestTitle changes the title.
func (s *Service) UpdatePullRequestTitle(ctx context.Context, in *codecommit.UpdatePullRequestTitleInput) (*codecommit.UpdatePullRequestTitleOutput, error) {
	p, err := s.changePull(ctx, in.PullRequestId, func(p *pull) (occurrence, error) {
		if p.PullRequestStatus == types.PullRequestStatusEnumClosed {
			return occurrence{}, errClosed()
		}
		p.Title = in.Title
		return occurrence{}, nil
	})
	return &codecommit.UpdatePullRequestTitleOutput{PullRequest: &p.PullRequest}, err
}

// UpdatePullRequestDescription changes the description.
func (s *Service) UpdatePullRequestDescription(ctx context.Context, in *codecommit.UpdatePullRequestDescriptionInput) (*codecommit.UpdatePullRequestDescriptionOutput, error) {
	p, err := s.changePull(ctx, in.PullRequestId, func(p *pull) (occurrence, error) {
		if p.PullRequestStatus == types.PullRequestStatusEnumClosed {
			return occurrence{}, errClosed()
		}
		p.Description = in.Description
		return occurrence{}, nil
	})
	return &codecommit.UpdatePullRequestDescriptionOutput{PullRequest: &p.PullRequest}, err
}

// UpdatePullRequestStatus closes a pull request; none is opened again.
func (s *Service) UpdatePullRequestStatus(ctx context.Context, in *codecommit.UpdatePullRequestStatusInput) (*codecommit.UpdatePullRequestStatusOutput, error) {
	p, err := s.changePull(ctx, in.PullRequestId, func(p *pull) (occurrence, error) {
		switch {
		case in.PullRequestStatus != types.PullRequestStatusEnumClosed:
			return occurrence{}, &types.InvalidPullRequestStatusUpdateException{Message: aws.String("The pull request status update is not valid. The only valid update is from OPEN to CLOSED.")}
		case p.PullRequestStatus == types.PullRequestStatusEnumClosed:
			return occurrence{}, errClosed()
		}
		s.closePull(p, identity.From(ctx).ARN)
		return closed, nil
	})
	return &codecommit.UpdatePullRequestStatusOutput{PullRequest: &p.PullRequest}, err
}
