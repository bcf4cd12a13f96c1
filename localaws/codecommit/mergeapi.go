package codecommit

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

// target is the branch that a merge moves: the one given, or the destination.
func (s *Service) target(row repository, destination, given *string) (string, error) {
	name := aws.ToString(given)
	if name == "" {
		name = aws.ToString(destination)
	}
	name = strings.TrimPrefix(name, heads)
	refs, _, err := s.refs.Get(row.ID)
	if err != nil {
		return "", err
	}
	if _, branch := refs[heads+name]; branch {
		return name, nil
	}
	if given == nil {
		return "", &types.InvalidTargetBranchException{Message: aws.String("The specified target branch is not valid.")}
	}
	return "", errNoBranch(name)
}

// mergeBranches is what the three operations that merge branches have in common.
func (s *Service) mergeBranches(ctx context.Context, option types.MergeOptionTypeEnum, in codecommit.MergeBranchesByThreeWayInput) (commit, tree *string, err error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, nil, err
	}
	branch, err := s.target(row, in.DestinationCommitSpecifier, in.TargetBranch)
	if err != nil {
		return nil, nil, err
	}
	m, err := s.newMerger(ctx, row, in.SourceCommitSpecifier, in.DestinationCommitSpecifier)
	if err != nil {
		return nil, nil, err
	}
	if err := m.choose(in.ConflictDetailLevel, in.ConflictResolutionStrategy, in.ConflictResolution); err != nil {
		return nil, nil, err
	}
	id, treeID, err := m.into(ctx, *in.RepositoryName, branch, option, author{in.AuthorName, in.Email, in.CommitMessage})
	return &id, &treeID, err
}

// MergeBranchesByFastForward moves a branch to a commit that it leads to.
func (s *Service) MergeBranchesByFastForward(ctx context.Context, in *codecommit.MergeBranchesByFastForwardInput) (*codecommit.MergeBranchesByFastForwardOutput, error) {
	commit, tree, err := s.mergeBranches(ctx, types.MergeOptionTypeEnumFastForwardMerge, codecommit.MergeBranchesByThreeWayInput{
		RepositoryName: in.RepositoryName, SourceCommitSpecifier: in.SourceCommitSpecifier,
		DestinationCommitSpecifier: in.DestinationCommitSpecifier, TargetBranch: in.TargetBranch,
	})
	return &codecommit.MergeBranchesByFastForwardOutput{CommitId: commit, TreeId: tree}, err
}

// MergeBranchesBySquash merges with a commit that does not know the source.
func (s *Service) MergeBranchesBySquash(ctx context.Context, in *codecommit.MergeBranchesBySquashInput) (*codecommit.MergeBranchesBySquashOutput, error) {
	commit, tree, err := s.mergeBranches(ctx, types.MergeOptionTypeEnumSquashMerge, codecommit.MergeBranchesByThreeWayInput{
		RepositoryName: in.RepositoryName, SourceCommitSpecifier: in.SourceCommitSpecifier,
		DestinationCommitSpecifier: in.DestinationCommitSpecifier, TargetBranch: in.TargetBranch,
		AuthorName: in.AuthorName, Email: in.Email, CommitMessage: in.CommitMessage,
		ConflictDetailLevel: in.ConflictDetailLevel, ConflictResolutionStrategy: in.ConflictResolutionStrategy, ConflictResolution: in.ConflictResolution,
	})
	return &codecommit.MergeBranchesBySquashOutput{CommitId: commit, TreeId: tree}, err
}

// MergeBranchesByThreeWay merges with a commit that has both sides as its parents.
func (s *Service) MergeBranchesByThreeWay(ctx context.Context, in *codecommit.MergeBranchesByThreeWayInput) (*codecommit.MergeBranchesByThreeWayOutput, error) {
	commit, tree, err := s.mergeBranches(ctx, types.MergeOptionTypeEnumThreeWayMerge, *in)
	return &codecommit.MergeBranchesByThreeWayOutput{CommitId: commit, TreeId: tree}, err
}

// GetMergeOptions lists the ways in which two branches can be merged without conflicts.
func (s *Service) GetMergeOptions(ctx context.Context, in *codecommit.GetMergeOptionsInput) (*codecommit.GetMergeOptionsOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	m, err := s.newMerger(ctx, row, in.SourceCommitSpecifier, in.DestinationCommitSpecifier)
	if err != nil {
		return nil, err
	}
	if err := m.choose(in.ConflictDetailLevel, in.ConflictResolutionStrategy, nil); err != nil {
		return nil, err
	}
	if err := m.merge(ctx); err != nil {
		return nil, err
	}
	out := &codecommit.GetMergeOptionsOutput{
		BaseCommitId: &m.base, SourceCommitId: &m.source, DestinationCommitId: &m.destination, MergeOptions: []types.MergeOptionTypeEnum{},
	}
	if m.base == m.destination {
		out.MergeOptions = append(out.MergeOptions, types.MergeOptionTypeEnumFastForwardMerge)
	}
	if len(m.conflicts) == 0 {
		out.MergeOptions = append(out.MergeOptions, types.MergeOptionTypeEnumSquashMerge, types.MergeOptionTypeEnumThreeWayMerge)
	}
	return out, nil
}

// conflictsPage is how many files GetMergeConflicts tells of at once, unless it is asked for fewer (not confirmed).
const conflictsPage = 1000

// GetMergeConflicts lists the files that two branches have both changed.
func (s *Service) GetMergeConflicts(ctx context.Context, in *codecommit.GetMergeConflictsInput) (*codecommit.GetMergeConflictsOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	m, err := s.newMerger(ctx, row, in.SourceCommitSpecifier, in.DestinationCommitSpecifier)
	if err != nil {
		return nil, err
	}
	if err := m.choose(in.ConflictDetailLevel, in.ConflictResolutionStrategy, nil); err != nil {
		return nil, err
	}
	out := &codecommit.GetMergeConflictsOutput{
		SourceCommitId: &m.source, DestinationCommitId: &m.destination, BaseCommitId: &m.base, ConflictMetadataList: []types.ConflictMetadata{},
	}
	if in.MergeOption == types.MergeOptionTypeEnumFastForwardMerge {
		out.Mergeable = m.base == m.destination
		return out, nil
	}
	if err := m.merge(ctx); err != nil {
		return nil, err
	}
	out.Mergeable = len(m.conflicts) == 0
	slices.SortFunc(m.conflicts, func(a, b conflict) int { return strings.Compare(a.path, b.path) })
	part, next, err := pageOf(m.conflicts, in.MaxConflictFiles, conflictsPage, in.NextToken)
	if err != nil {
		return nil, err
	}
	out.NextToken = next
	for _, c := range part {
		metadata, err := m.describe(ctx, c)
		if err != nil {
			return nil, err
		}
		out.ConflictMetadataList = append(out.ConflictMetadataList, metadata)
	}
	return out, nil
}

// describe tells what stands against each other in one file.
func (m *merger) describe(ctx context.Context, c conflict) (types.ConflictMetadata, error) {
	d := types.ConflictMetadata{
		FilePath: &c.path, NumberOfConflicts: int32(c.count),
		FileModes: &types.FileModes{}, FileSizes: &types.FileSizes{}, ObjectTypes: &types.ObjectTypes{}, IsBinaryFile: &types.IsBinaryFile{},
		MergeOperations: &types.MergeOperations{Source: changeOf(c.base, c.source), Destination: changeOf(c.base, c.destination)},
	}
	for _, side := range []struct {
		e      entry
		mode   *types.FileModeTypeEnum
		size   *int64
		kind   *types.ObjectTypeEnum
		binary **bool
	}{
		{c.base, &d.FileModes.Base, &d.FileSizes.Base, &d.ObjectTypes.Base, &d.IsBinaryFile.Base},
		{c.source, &d.FileModes.Source, &d.FileSizes.Source, &d.ObjectTypes.Source, &d.IsBinaryFile.Source},
		{c.destination, &d.FileModes.Destination, &d.FileSizes.Destination, &d.ObjectTypes.Destination, &d.IsBinaryFile.Destination},
	} {
		if side.e.id == "" {
			continue
		}
		*side.kind = objectType(side.e.mode)
		if *side.kind == types.ObjectTypeEnumGitLink {
			continue
		}
		content, err := m.s.run(ctx, m.row.ID, nil, "cat-file", "blob", side.e.id)
		if err != nil {
			return d, err
		}
		*side.mode, *side.size = fileMode(side.e.mode), int64(len(content))
		*side.binary = aws.Bool(slices.Contains(content[:min(len(content), sniffed)], 0))
	}
	d.ObjectTypeConflict = d.ObjectTypes.Source != d.ObjectTypes.Destination && c.source.id != "" && c.destination.id != ""
	d.FileModeConflict = !d.ObjectTypeConflict && d.FileModes.Source != d.FileModes.Destination && c.source.id != "" && c.destination.id != ""
	d.ContentConflict = c.source.id != c.destination.id
	return d, nil
}

// sniffed is how much of a file git looks at to tell whether it is a binary one.
const sniffed = 8000

func objectType(mode string) types.ObjectTypeEnum {
	switch mode {
	case modeSubmodule:
		return types.ObjectTypeEnumGitLink
	case modeSymlink:
		return types.ObjectTypeEnumSymbolicLink
	default:
		return types.ObjectTypeEnumFile
	}
}

func changeOf(before, after entry) types.ChangeTypeEnum {
	switch {
	case before.id == "":
		return types.ChangeTypeEnumAdded
	case after.id == "":
		return types.ChangeTypeEnumDeleted
	default:
		return types.ChangeTypeEnumModified
	}
}
