package codecommit

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Operations lists what is served.
func (s *Service) Operations() []wire.Operation {
	return slices.Concat(s.repositoryOperations(), s.branchOperations(), s.fileOperations(),
		s.mergeOperations(), s.pullOperations(), s.approvalOperations())
}

func (s *Service) repositoryOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateRepository", "codecommit:CreateRepository", func(in *codecommit.CreateRepositoryInput) []string { return s.resource(in.RepositoryName) }, s.CreateRepository,
			wire.Keys(func(in *codecommit.CreateRepositoryInput) policy.Context {
				return policy.Context{}.RequestTags(in.Tags)
			})),
		wire.Op("GetRepository", "codecommit:GetRepository", func(in *codecommit.GetRepositoryInput) []string { return s.resource(in.RepositoryName) }, s.GetRepository),
		wire.Op("BatchGetRepositories", "codecommit:BatchGetRepositories", func(in *codecommit.BatchGetRepositoriesInput) (arns []string) {
			for _, name := range in.RepositoryNames {
				arns = append(arns, s.arn(name))
			}
			return arns
		}, s.BatchGetRepositories),
		wire.Op("ListRepositories", "codecommit:ListRepositories", nil, s.ListRepositories),
		wire.Op("DeleteRepository", "codecommit:DeleteRepository", func(in *codecommit.DeleteRepositoryInput) []string { return s.resource(in.RepositoryName) }, s.DeleteRepository),
		wire.Op("UpdateRepositoryName", "codecommit:UpdateRepositoryName", func(in *codecommit.UpdateRepositoryNameInput) []string { return s.resource(in.OldName) }, s.UpdateRepositoryName),
		wire.Op("UpdateRepositoryDescription", "codecommit:UpdateRepositoryDescription", func(in *codecommit.UpdateRepositoryDescriptionInput) []string { return s.resource(in.RepositoryName) }, s.UpdateRepositoryDescription),
		wire.Op("GetRepositoryTriggers", "codecommit:GetRepositoryTriggers", func(in *codecommit.GetRepositoryTriggersInput) []string { return s.resource(in.RepositoryName) }, s.GetRepositoryTriggers),
		wire.Op("PutRepositoryTriggers", "codecommit:PutRepositoryTriggers", func(in *codecommit.PutRepositoryTriggersInput) []string { return s.resource(in.RepositoryName) }, s.PutRepositoryTriggers),
		wire.Op("TestRepositoryTriggers", "codecommit:TestRepositoryTriggers", func(in *codecommit.TestRepositoryTriggersInput) []string { return s.resource(in.RepositoryName) }, s.TestRepositoryTriggers),
		wire.Op("TagResource", "codecommit:TagResource", func(in *codecommit.TagResourceInput) []string { return []string{*in.ResourceArn} }, s.TagResource,
			wire.Keys(func(in *codecommit.TagResourceInput) policy.Context { return policy.Context{}.RequestTags(in.Tags) })),
		wire.Op("UntagResource", "codecommit:UntagResource", func(in *codecommit.UntagResourceInput) []string { return []string{*in.ResourceArn} }, s.UntagResource,
			wire.Keys(func(in *codecommit.UntagResourceInput) policy.Context { return policy.TagKeys(in.TagKeys) })),
		wire.Op("ListTagsForResource", "codecommit:ListTagsForResource", func(in *codecommit.ListTagsForResourceInput) []string { return []string{*in.ResourceArn} }, s.ListTagsForResource),
	}
}

func (s *Service) branchOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateBranch", "codecommit:CreateBranch", func(in *codecommit.CreateBranchInput) []string { return s.resource(in.RepositoryName) }, s.CreateBranch,
			wire.Keys(func(in *codecommit.CreateBranchInput) policy.Context { return references(in.BranchName) })),
		wire.Op("DeleteBranch", "codecommit:DeleteBranch", func(in *codecommit.DeleteBranchInput) []string { return s.resource(in.RepositoryName) }, s.DeleteBranch,
			wire.Keys(func(in *codecommit.DeleteBranchInput) policy.Context { return references(in.BranchName) })),
		wire.Op("GetBranch", "codecommit:GetBranch", func(in *codecommit.GetBranchInput) []string { return s.resource(in.RepositoryName) }, s.GetBranch),
		wire.Op("ListBranches", "codecommit:ListBranches", func(in *codecommit.ListBranchesInput) []string { return s.resource(in.RepositoryName) }, s.ListBranches),
		wire.Op("UpdateDefaultBranch", "codecommit:UpdateDefaultBranch", func(in *codecommit.UpdateDefaultBranchInput) []string { return s.resource(in.RepositoryName) }, s.UpdateDefaultBranch),
		wire.Op("GetCommit", "codecommit:GetCommit", func(in *codecommit.GetCommitInput) []string { return s.resource(in.RepositoryName) }, s.GetCommit),
		wire.Op("BatchGetCommits", "codecommit:BatchGetCommits", func(in *codecommit.BatchGetCommitsInput) []string { return s.resource(in.RepositoryName) }, s.BatchGetCommits),
		wire.Op("GetDifferences", "codecommit:GetDifferences", func(in *codecommit.GetDifferencesInput) []string { return s.resource(in.RepositoryName) }, s.GetDifferences),
	}
}

func (s *Service) fileOperations() []wire.Operation {
	return []wire.Operation{
		wire.Op("GetFile", "codecommit:GetFile", func(in *codecommit.GetFileInput) []string { return s.resource(in.RepositoryName) }, s.GetFile),
		wire.Op("GetFolder", "codecommit:GetFolder", func(in *codecommit.GetFolderInput) []string { return s.resource(in.RepositoryName) }, s.GetFolder),
		wire.Op("GetBlob", "codecommit:GetBlob", func(in *codecommit.GetBlobInput) []string { return s.resource(in.RepositoryName) }, s.GetBlob),
		wire.Op("PutFile", "codecommit:PutFile", func(in *codecommit.PutFileInput) []string { return s.resource(in.RepositoryName) }, s.PutFile,
			wire.Keys(func(in *codecommit.PutFileInput) policy.Context { return references(in.BranchName) })),
		wire.Op("DeleteFile", "codecommit:DeleteFile", func(in *codecommit.DeleteFileInput) []string { return s.resource(in.RepositoryName) }, s.DeleteFile,
			wire.Keys(func(in *codecommit.DeleteFileInput) policy.Context { return references(in.BranchName) })),
		wire.Op("CreateCommit", "codecommit:CreateCommit", func(in *codecommit.CreateCommitInput) []string { return s.resource(in.RepositoryName) }, s.CreateCommit,
			wire.Keys(func(in *codecommit.CreateCommitInput) policy.Context { return references(in.BranchName) })),
	}
}

// references is the condition key of the actions that change a branch ("Actions,
// resources, and condition keys for AWS CodeCommit" in AWS's service
// authorization reference).
func references(branch *string) policy.Context {
	return referencesOf(heads + strings.TrimPrefix(aws.ToString(branch), heads))
}

func referencesOf(refs ...string) policy.Context {
	c := policy.Context{}
	c.Set("codecommit:References", refs...)
	return c
}

// TagsOf returns the tags of the repository with that ARN.
func (s *Service) TagsOf(arn string) map[string]string {
	name, ok := strings.CutPrefix(arn, s.arn(""))
	if !ok {
		return nil
	}
	row, _, err := s.repositories.Get(name)
	if err != nil {
		s.env.Log.Error("read a repository's tags", "repository", name, "error", err)
	}
	return row.Tags
}
