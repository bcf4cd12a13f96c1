package conformance

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	cctypes "github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

const (
	ccAPI   = "https://docs.aws.amazon.com/codecommit/latest/APIReference/API_"
	ccGuide = "https://docs.aws.amazon.com/codecommit/latest/userguide/"
)

var codecommitAssumptions = []Assumption{
	{Number: 1, Title: "CodeCommit: metadata has ARN, id, account and both clone URLs", Source: ccAPI + "RepositoryMetadata.html", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		got := must(t.codecommit.GetRepository(t.ctx, &codecommit.GetRepositoryInput{RepositoryName: &name}))(t).RepositoryMetadata
		equal(t, "Arn", str(got.Arn), t.arn("codecommit", name))
		equal(t, "accountId", str(got.AccountId), t.target.Account)
		if str(got.RepositoryId) == "" || got.CreationDate == nil || got.LastModifiedDate == nil {
			t.Errorf("the metadata is incomplete: %+v", got)
		}
		if !strings.HasSuffix(str(got.CloneUrlHttp), "/v1/repos/"+name) || !strings.HasPrefix(str(got.CloneUrlSsh), "ssh://") {
			t.Errorf("the clone URLs are %s and %s", str(got.CloneUrlHttp), str(got.CloneUrlSsh))
		}
	}},
	{Number: 2, Title: "CodeCommit: a name is given once", Source: "botocore model: CreateRepository, RepositoryNameExistsException", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		_, err := t.codecommit.CreateRepository(t.ctx, &codecommit.CreateRepositoryInput{RepositoryName: &name})
		t.wantError(err, "RepositoryNameExistsException", name)
	}},
	{Number: 3, Title: "CodeCommit: names may not end in .git", Source: ccAPI + "CreateRepository.html", Confirmed: true, Run: func(t *T) {
		_, err := t.codecommit.CreateRepository(t.ctx, &codecommit.CreateRepositoryInput{RepositoryName: aws.String(t.name() + ".git")})
		t.wantError(err, "InvalidRepositoryNameException")
	}},
	{Number: 4, Title: "CodeCommit: names consist of letters, digits, periods, underscores and dashes", Source: "botocore model: RepositoryName, pattern [\\w\\.-]+", Confirmed: true, Run: func(t *T) {
		_, err := t.codecommit.CreateRepository(t.ctx, &codecommit.CreateRepositoryInput{RepositoryName: aws.String(t.name() + "!")})
		t.wantError(err, "InvalidRepositoryNameException")
	}},
	{Number: 5, Title: "CodeCommit: a repository that is not there has an error of its own", Source: "botocore model: GetRepository, RepositoryDoesNotExistException", Confirmed: true, Run: func(t *T) {
		name := t.name()
		_, err := t.codecommit.GetRepository(t.ctx, &codecommit.GetRepositoryInput{RepositoryName: &name})
		t.wantError(err, "RepositoryDoesNotExistException", name)
	}},
	{Number: 6, Title: "CodeCommit: deleting what is not there succeeds without a repositoryId", Source: ccAPI + "DeleteRepository.html", Confirmed: true, Run: func(t *T) {
		out := must(t.codecommit.DeleteRepository(t.ctx, &codecommit.DeleteRepositoryInput{RepositoryName: aws.String(t.name())}))(t)
		if out.RepositoryId != nil {
			t.Errorf("repositoryId is %s, want none", *out.RepositoryId)
		}
	}},
	{Number: 7, Title: "CodeCommit: deleting answers the repository's id", Source: ccAPI + "DeleteRepository.html", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		before := must(t.codecommit.GetRepository(t.ctx, &codecommit.GetRepositoryInput{RepositoryName: &name}))(t)
		out := must(t.codecommit.DeleteRepository(t.ctx, &codecommit.DeleteRepositoryInput{RepositoryName: &name}))(t)
		equal(t, "repositoryId", str(out.RepositoryId), str(before.RepositoryMetadata.RepositoryId))
	}},
	{Number: 8, Title: "CodeCommit: an empty repository has no default branch", Source: ccGuide + "how-to-change-branch.html", Run: func(t *T) {
		equal(t, "defaultBranch", t.defaultBranch(t.repository()), "")
	}},
	{Number: 9, Title: "CodeCommit: the first branch becomes the default branch", Source: ccGuide + "how-to-change-branch.html", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		t.put(name, "README.md", "hello", "")
		equal(t, "defaultBranch", t.defaultBranch(name), "main")
	}},
	{Number: 10, Title: "CodeCommit: the default branch cannot be deleted", Source: "botocore model: DeleteBranch, DefaultBranchCannotBeDeletedException", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		t.put(name, "README.md", "hello", "")
		_, err := t.codecommit.DeleteBranch(t.ctx, &codecommit.DeleteBranchInput{RepositoryName: &name, BranchName: aws.String("main")})
		t.wantError(err, "DefaultBranchCannotBeDeletedException")
	}},
	{Number: 11, Title: "CodeCommit: deleting a branch that is not there succeeds", Source: ccAPI + "DeleteBranch.html", Run: func(t *T) {
		name := t.repository()
		t.put(name, "README.md", "hello", "")
		out := must(t.codecommit.DeleteBranch(t.ctx, &codecommit.DeleteBranchInput{RepositoryName: &name, BranchName: aws.String("other")}))(t)
		if out.DeletedBranch != nil {
			t.Errorf("deletedBranch is %+v, want none", out.DeletedBranch)
		}
	}},
	{Number: 12, Title: "CodeCommit: a branch that is not there has an error of its own", Source: "botocore model: GetBranch, BranchDoesNotExistException", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		_, err := t.codecommit.GetBranch(t.ctx, &codecommit.GetBranchInput{RepositoryName: &name, BranchName: aws.String("other")})
		t.wantError(err, "BranchDoesNotExistException")
	}},
	{Number: 13, Title: "CodeCommit: GetCommit of an unknown id says CommitIdDoesNotExistException", Source: "botocore model: GetCommit", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		_, err := t.codecommit.GetCommit(t.ctx, &codecommit.GetCommitInput{RepositoryName: &name, CommitId: aws.String(strings.Repeat("1", 40))})
		t.wantError(err, "CommitIdDoesNotExistException")
	}},
	{Number: 14, Title: "CodeCommit: GetFile at an unknown commit says CommitDoesNotExistException", Source: "botocore model: GetFile", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		t.put(name, "README.md", "hello", "")
		_, err := t.codecommit.GetFile(t.ctx, &codecommit.GetFileInput{RepositoryName: &name, CommitSpecifier: aws.String(strings.Repeat("1", 40)), FilePath: aws.String("README.md")})
		t.wantError(err, "CommitDoesNotExistException")
	}},
	{Number: 15, Title: "CodeCommit: GetFile of a path that is not there says FileDoesNotExistException", Source: "botocore model: GetFile", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		t.put(name, "README.md", "hello", "")
		_, err := t.codecommit.GetFile(t.ctx, &codecommit.GetFileInput{RepositoryName: &name, FilePath: aws.String("other")})
		t.wantError(err, "FileDoesNotExistException")
	}},
	{Number: 16, Title: "CodeCommit: GetFile without a commit reads the default branch", Source: ccAPI + "GetFile.html", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		commit := t.put(name, "README.md", "hello", "")
		out := must(t.codecommit.GetFile(t.ctx, &codecommit.GetFileInput{RepositoryName: &name, FilePath: aws.String("README.md")}))(t)
		equal(t, "commitId", str(out.CommitId), commit)
		equal(t, "fileContent", string(out.FileContent), "hello")
		equal(t, "fileMode", out.FileMode, cctypes.FileModeTypeEnumNormal)
		equal(t, "fileSize", out.FileSize, 5)
	}},
	{Number: 17, Title: "CodeCommit: PutFile on a branch with commits needs the parent commit", Source: "botocore model: PutFile, ParentCommitIdRequiredException", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		t.put(name, "README.md", "hello", "")
		_, err := t.codecommit.PutFile(t.ctx, &codecommit.PutFileInput{
			RepositoryName: &name, BranchName: aws.String("main"), FilePath: aws.String("other"), FileContent: []byte("x"),
		})
		t.wantError(err, "ParentCommitIdRequiredException")
	}},
	{Number: 18, Title: "CodeCommit: PutFile refuses a parent that is no longer the tip", Source: "botocore model: PutFile, ParentCommitIdOutdatedException", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		first := t.put(name, "README.md", "hello", "")
		t.put(name, "README.md", "hello again", first)
		_, err := t.codecommit.PutFile(t.ctx, &codecommit.PutFileInput{
			RepositoryName: &name, BranchName: aws.String("main"), FilePath: aws.String("other"), FileContent: []byte("x"), ParentCommitId: &first,
		})
		t.wantError(err, "ParentCommitIdOutdatedException")
	}},
	{Number: 19, Title: "CodeCommit: PutFile of what is there already says SameFileContentException", Source: "botocore model: PutFile, SameFileContentException", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		first := t.put(name, "README.md", "hello", "")
		_, err := t.codecommit.PutFile(t.ctx, &codecommit.PutFileInput{
			RepositoryName: &name, BranchName: aws.String("main"), FilePath: aws.String("README.md"), FileContent: []byte("hello"), ParentCommitId: &first,
		})
		t.wantError(err, "SameFileContentException")
	}},
	{Number: 20, Title: "CodeCommit: CreateCommit that changes nothing says NoChangeException", Source: "botocore model: CreateCommit, NoChangeException", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		first := t.put(name, "README.md", "hello", "")
		_, err := t.codecommit.CreateCommit(t.ctx, &codecommit.CreateCommitInput{
			RepositoryName: &name, BranchName: aws.String("main"), ParentCommitId: &first,
			PutFiles: []cctypes.PutFileEntry{{FilePath: aws.String("README.md"), FileContent: []byte("hello")}},
		})
		t.wantError(err, "NoChangeException")
	}},
	{Number: 21, Title: "CodeCommit: CreateCommit answers what was added, updated and deleted", Source: ccAPI + "CreateCommit.html", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		first := t.put(name, "old", "x", "")
		out := must(t.codecommit.CreateCommit(t.ctx, &codecommit.CreateCommitInput{
			RepositoryName: &name, BranchName: aws.String("main"), ParentCommitId: &first,
			PutFiles:    []cctypes.PutFileEntry{{FilePath: aws.String("new"), FileContent: []byte("hello")}},
			DeleteFiles: []cctypes.DeleteFileEntry{{FilePath: aws.String("old")}},
		}))(t)
		if len(out.FilesAdded) != 1 || len(out.FilesDeleted) != 1 || len(out.FilesUpdated) != 0 || str(out.FilesAdded[0].AbsolutePath) != "new" {
			t.Errorf("added %+v, updated %+v, deleted %+v", out.FilesAdded, out.FilesUpdated, out.FilesDeleted)
		}
	}},
	{Number: 22, Title: "CodeCommit: a commit has its parents, tree, author and message", Source: ccAPI + "Commit.html", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		first := t.put(name, "README.md", "hello", "")
		second := t.put(name, "README.md", "hello again", first)
		got := must(t.codecommit.GetCommit(t.ctx, &codecommit.GetCommitInput{RepositoryName: &name, CommitId: &second}))(t).Commit
		if len(got.Parents) != 1 || got.Parents[0] != first || str(got.TreeId) == "" || got.Author == nil || !strings.HasPrefix(str(got.Message), "put README.md") {
			t.Errorf("the commit is %+v", got)
		}
	}},
	{Number: 23, Title: "CodeCommit: BatchGetRepositories lists what it does not find", Source: ccAPI + "BatchGetRepositories.html", Confirmed: true, Run: func(t *T) {
		name, missing := t.repository(), t.name()
		out := must(t.codecommit.BatchGetRepositories(t.ctx, &codecommit.BatchGetRepositoriesInput{RepositoryNames: []string{name, missing}}))(t)
		if len(out.Repositories) != 1 || len(out.RepositoriesNotFound) != 1 || out.RepositoriesNotFound[0] != missing {
			t.Errorf("found %d, not found %v", len(out.Repositories), out.RepositoriesNotFound)
		}
	}},
	{Number: 24, Title: "CodeCommit: a branch is made at a commit that exists", Source: "botocore model: CreateBranch, CommitDoesNotExistException", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		t.put(name, "README.md", "hello", "")
		_, err := t.codecommit.CreateBranch(t.ctx, &codecommit.CreateBranchInput{RepositoryName: &name, BranchName: aws.String("next"), CommitId: aws.String(strings.Repeat("1", 40))})
		t.wantError(err, "CommitDoesNotExistException")
	}},
	{Number: 25, Title: "CodeCommit: GetDifferences says A, M or D for each file", Source: ccAPI + "Difference.html", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		first := t.put(name, "README.md", "hello", "")
		second := t.put(name, "other", "x", t.put(name, "README.md", "hello again", first))
		out := must(t.codecommit.GetDifferences(t.ctx, &codecommit.GetDifferencesInput{RepositoryName: &name, BeforeCommitSpecifier: &first, AfterCommitSpecifier: &second}))(t)
		kinds := map[string]cctypes.ChangeTypeEnum{}
		for _, d := range out.Differences {
			kinds[str(d.AfterBlob.Path)] = d.ChangeType
		}
		if len(kinds) != 2 || kinds["README.md"] != cctypes.ChangeTypeEnumModified || kinds["other"] != cctypes.ChangeTypeEnumAdded {
			t.Errorf("the differences are %v", kinds)
		}
	}},
	{Number: 26, Title: "CodeCommit: the default branch can only be one that exists", Source: "botocore model: UpdateDefaultBranch, BranchDoesNotExistException", Confirmed: true, Run: func(t *T) {
		name := t.repository()
		t.put(name, "README.md", "hello", "")
		_, err := t.codecommit.UpdateDefaultBranch(t.ctx, &codecommit.UpdateDefaultBranchInput{RepositoryName: &name, DefaultBranchName: aws.String("other")})
		t.wantError(err, "BranchDoesNotExistException")
	}},
}
