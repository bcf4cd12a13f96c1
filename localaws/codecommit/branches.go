package codecommit

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

func errNoBranch(name string) error {
	return &types.BranchDoesNotExistException{Message: aws.String("The specified branch does not exist: " + name)}
}

func (s *Service) checkBranch(ctx context.Context, id, name string) error {
	_, err := s.run(ctx, id, nil, "check-ref-format", heads+name)
	if _, refused := errors.AsType[*gitError](err); refused {
		return &types.InvalidBranchNameException{Message: aws.String("The specified reference name is not valid: " + name)}
	}
	return err
}

// GetBranch returns the commit of a branch.
func (s *Service) GetBranch(_ context.Context, in *codecommit.GetBranchInput) (*codecommit.GetBranchOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if in.BranchName == nil {
		return nil, &types.BranchNameRequiredException{Message: aws.String("A branch name is required, but was not specified.")}
	}
	refs, _, err := s.refs.Get(row.ID)
	if err != nil {
		return nil, err
	}
	commit, ok := refs[heads+*in.BranchName]
	if !ok {
		return nil, errNoBranch(*in.BranchName)
	}
	return &codecommit.GetBranchOutput{Branch: &types.BranchInfo{BranchName: in.BranchName, CommitId: &commit}}, nil
}

// ListBranches lists the names of the branches.
func (s *Service) ListBranches(_ context.Context, in *codecommit.ListBranchesInput) (*codecommit.ListBranchesOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	refs, _, err := s.refs.Get(row.ID)
	if err != nil {
		return nil, err
	}
	out := &codecommit.ListBranchesOutput{Branches: []string{}}
	for ref := range refs {
		if name, ok := strings.CutPrefix(ref, heads); ok && name > aws.ToString(in.NextToken) {
			out.Branches = append(out.Branches, name)
		}
	}
	slices.Sort(out.Branches)
	if len(out.Branches) > listLimit {
		out.Branches = out.Branches[:listLimit]
		out.NextToken = &out.Branches[listLimit-1]
	}
	return out, nil
}

// CreateBranch makes a branch at a commit.
func (s *Service) CreateBranch(ctx context.Context, in *codecommit.CreateBranchInput) (*codecommit.CreateBranchOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if err := s.checkBranch(ctx, row.ID, *in.BranchName); err != nil {
		return nil, err
	}
	if err := s.requireCommit(ctx, row.ID, *in.CommitId); err != nil {
		return nil, err
	}
	publish, err := s.changing(ctx, *in.RepositoryName, row.ID)
	if err != nil {
		return nil, err
	}
	_, err = s.run(ctx, row.ID, nil, "update-ref", heads+*in.BranchName, *in.CommitId, zero)
	if _, refused := errors.AsType[*gitError](err); refused {
		err = &types.BranchNameExistsException{Message: aws.String("The specified branch name already exists: " + *in.BranchName)}
	}
	return &codecommit.CreateBranchOutput{}, first(err, publish())
}

// DeleteBranch removes a branch that is not the default one. One that does not exist is no error.
func (s *Service) DeleteBranch(ctx context.Context, in *codecommit.DeleteBranchInput) (*codecommit.DeleteBranchOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if row.DefaultBranch == *in.BranchName {
		return nil, &types.DefaultBranchCannotBeDeletedException{Message: aws.String("The specified branch is the default branch for the repository, and cannot be deleted. To delete this branch, you must first set another branch as the default branch.")}
	}
	refs, _, err := s.refs.Get(row.ID)
	if err != nil {
		return nil, err
	}
	commit, ok := refs[heads+*in.BranchName]
	if !ok {
		return &codecommit.DeleteBranchOutput{}, nil
	}
	publish, err := s.changing(ctx, *in.RepositoryName, row.ID)
	if err != nil {
		return nil, err
	}
	_, err = s.run(ctx, row.ID, nil, "update-ref", "-d", heads+*in.BranchName)
	return &codecommit.DeleteBranchOutput{DeletedBranch: &types.BranchInfo{BranchName: in.BranchName, CommitId: &commit}}, first(err, publish())
}

// UpdateDefaultBranch makes another branch the default one.
func (s *Service) UpdateDefaultBranch(ctx context.Context, in *codecommit.UpdateDefaultBranchInput) (*codecommit.UpdateDefaultBranchOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	refs, _, err := s.refs.Get(row.ID)
	if err != nil {
		return nil, err
	}
	if _, ok := refs[heads+*in.DefaultBranchName]; !ok {
		return nil, errNoBranch(*in.DefaultBranchName)
	}
	return &codecommit.UpdateDefaultBranchOutput{}, s.setDefault(ctx, *in.RepositoryName, row.ID, *in.DefaultBranchName)
}

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
