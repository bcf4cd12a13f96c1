package codecommit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// pull is the row of a pull request; its key is its number.
type pull struct {
	types.PullRequest
	RepositoryID string
	Events       []types.PullRequestEvent
	// Approvals and Overriders are those of a revision, by its id.
	Approvals  map[string][]types.Approval
	Overriders map[string]string
}

// target is where the pull request leads; it has exactly one.
func (p *pull) target() *types.PullRequestTarget { return &p.PullRequestTargets[0] }

func pullKey(number uint64) string { return fmt.Sprintf("%016d", number) }

// pullKeyOf takes it from a key of the table of open ones.
func pullKeyOf(open string) string { return open[strings.LastIndex(open, "/")+1:] }

// pull returns a pull request.
func (s *Service) pull(id *string) (key string, p pull, err error) {
	number, err := strconv.ParseUint(aws.ToString(id), 10, 64)
	if err != nil {
		return "", p, &types.InvalidPullRequestIdException{Message: aws.String("The pull request ID is not valid. Make sure that you have provided the full ID and that the pull request is in the specified repository, and then try again.")}
	}
	key = pullKey(number)
	p, ok, err := s.pulls.Get(key)
	if err == nil && !ok {
		err = errNoPull()
	}
	return key, p, err
}

func errNoPull() error {
	return &types.PullRequestDoesNotExistException{Message: aws.String("The pull request ID could not be found. Make sure that you have specified the correct repository name and pull request ID, and then try again.")}
}

// pullResource is the ARN of the repository of a pull request; nothing where there is none.
func (s *Service) pullResource(id *string) []string {
	_, p, err := s.pull(id)
	if err != nil {
		return nil
	}
	return []string{s.arn(aws.ToString(p.target().RepositoryName))}
}

// pullDestination is the reference that the pull request would change.
func (s *Service) pullDestination(id *string) []string {
	_, p, err := s.pull(id)
	if err != nil {
		return nil
	}
	return []string{aws.ToString(p.target().DestinationReference)}
}

// changePull changes an open pull request and emits what happened. happened
// returns the name of the event on the bus and what it tells besides.
func (s *Service) changePull(ctx context.Context, id *string, change func(p *pull) (occurrence, error)) (pull, error) {
	key, _, err := s.pull(id)
	if err != nil {
		return pull{}, err
	}
	var after pull
	var what occurrence
	err = s.pulls.Update(key, func(p *pull, ok bool) error {
		if !ok {
			return errNoPull()
		}
		var err error
		if what, err = change(p); err != nil {
			return err
		}
		p.LastActivityDate = aws.Time(s.env.Now())
		after = *p
		return nil
	})
	if err != nil {
		return pull{}, err
	}
	if after.PullRequestStatus == types.PullRequestStatusEnumClosed {
		if err := s.open.Delete(after.RepositoryID + "/" + key); err != nil {
			return after, err
		}
	}
	return after, s.tellPull(ctx, &after, what)
}

// happen adds an event to those that DescribePullRequestEvents lists.
func (s *Service) happen(p *pull, actor string, e types.PullRequestEvent) {
	e.PullRequestId, e.ActorArn, e.EventDate = p.PullRequestId, &actor, aws.Time(s.env.Now())
	p.Events = append(p.Events, e)
}

// closePull closes a pull request.
func (s *Service) closePull(p *pull, actor string) {
	p.PullRequestStatus = types.PullRequestStatusEnumClosed
	s.happen(p, actor, types.PullRequestEvent{
		PullRequestEventType:                  types.PullRequestEventTypePullRequestStatusChanged,
		PullRequestStatusChangedEventMetadata: &types.PullRequestStatusChangedEventMetadata{PullRequestStatus: types.PullRequestStatusEnumClosed},
	})
}

func errClosed() error {
	return &types.PullRequestAlreadyClosedException{Message: aws.String("The pull request status cannot be updated because it is already closed.")}
}

// follow lets the open pull requests of a repository know of the references
// that have changed: a new tip of the source is a new revision, and a branch
// that has gone closes them (user guide, "Close a pull request").
func (s *Service) follow(ctx context.Context, id string, by push, now refs) error {
	keys, err := s.open.Keys(id+"/", "", 0)
	if err != nil {
		return err
	}
	ctx = identity.With(ctx, identity.Principal{ARN: by.Caller})
	for _, key := range keys {
		p, ok, err := s.pulls.Get(pullKeyOf(key))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		source, destination := aws.ToString(p.target().SourceReference), aws.ToString(p.target().DestinationReference)
		switch {
		case now[source] == "" || now[destination] == "":
			_, err = s.changePull(ctx, p.PullRequestId, func(p *pull) (occurrence, error) {
				s.closePull(p, by.Caller)
				return closed, nil
			})
		case now[source] != aws.ToString(p.target().SourceCommit):
			err = s.revise(ctx, id, p.PullRequestId, now[source], now[destination])
		case now[destination] != aws.ToString(p.target().DestinationCommit):
			err = s.pulls.Update(pullKeyOf(key), func(p *pull, _ bool) error {
				p.target().DestinationCommit = aws.String(now[destination])
				return nil
			})
		}
		if err != nil {
			return fmt.Errorf("pull request %s: %w", aws.ToString(p.PullRequestId), err)
		}
	}
	return nil
}

// revise gives a pull request another tip of its source.
func (s *Service) revise(ctx context.Context, repositoryID string, id *string, source, destination string) error {
	base, err := s.mergeBase(ctx, repositoryID, source, destination)
	if err != nil {
		return err
	}
	_, err = s.changePull(ctx, id, func(p *pull) (occurrence, error) {
		t := p.target()
		before := t.SourceCommit
		t.SourceCommit, t.DestinationCommit, t.MergeBase = &source, &destination, &base
		p.RevisionId = aws.String(newRevision())
		s.happen(p, identity.From(ctx).ARN, types.PullRequestEvent{
			PullRequestEventType: types.PullRequestEventTypePullRequestSourceReferenceUpdated,
			PullRequestSourceReferenceUpdatedEventMetadata: &types.PullRequestSourceReferenceUpdatedEventMetadata{
				RepositoryName: t.RepositoryName, BeforeCommitId: before, AfterCommitId: &source, MergeBase: &base,
			},
		})
		return revised, nil
	})
	return err
}

// newRevision makes a revision's id: 64 hexadecimal digits, as AWS's are.
func newRevision() string {
	return strings.ReplaceAll(uuid.New()+uuid.New(), "-", "")
}

// forgetPulls forgets the pull requests of a repository that is deleted.
func (s *Service) forgetPulls(id string) error {
	return s.eachPull(id, func(key string) error {
		return errors.Join(s.pulls.Delete(key), s.open.Delete(id+"/"+key))
	})
}

// renamePulls lets the pull requests of a repository know its new name.
func (s *Service) renamePulls(id, name string) error {
	return s.eachPull(id, func(key string) error {
		return s.pulls.Update(key, func(p *pull, _ bool) error {
			p.target().RepositoryName = &name
			return nil
		})
	})
}

func (s *Service) eachPull(id string, do func(key string) error) error {
	rows, err := s.pulls.List("", "", 0)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Value.RepositoryID != id {
			continue
		}
		if err := do(row.Key); err != nil {
			return err
		}
	}
	return nil
}
