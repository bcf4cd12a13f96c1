package codecommit

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

var app = new("app")

// edited makes three commits by the API: the first in an empty repository.
func edited(t *testing.T, w *world) (first, second, third string) {
	t.Helper()
	ctx := identity.With(t.Context(), identity.Principal{ARN: caller})
	put, err := w.PutFile(ctx, &codecommit.PutFileInput{
		RepositoryName: app, BranchName: new("main"), FilePath: new("a/b.txt"), FileContent: []byte("one\n"), CommitMessage: new("start"),
	})
	check(t, err)
	created, err := w.CreateCommit(ctx, &codecommit.CreateCommitInput{
		RepositoryName: app, BranchName: new("main"), ParentCommitId: put.CommitId, AuthorName: new("Bo <b>"), Email: new("bo@example.com"),
		PutFiles: []types.PutFileEntry{
			{FilePath: new("run.sh"), FileContent: []byte("#!/bin/sh\n"), FileMode: types.FileModeTypeEnumExecutable},
			{FilePath: new("moved.txt"), SourceFile: &types.SourceFileSpecifier{FilePath: new("a/b.txt"), IsMove: true}},
		},
		KeepEmptyFolders: true,
	})
	check(t, err)
	same(t, len(created.FilesAdded), 2)
	same(t, *created.FilesDeleted[0].AbsolutePath, "a/b.txt")
	deleted, err := w.DeleteFile(ctx, &codecommit.DeleteFileInput{
		RepositoryName: app, BranchName: new("main"), FilePath: new("run.sh"), ParentCommitId: created.CommitId,
	})
	check(t, err)
	return *put.CommitId, *created.CommitId, *deleted.CommitId
}

func TestCommitsByAPI(t *testing.T) {
	w := newWorld(t)
	first, second, third := edited(t, w)
	same(t, w.bus.take(), []string{"referenceCreated refs/heads/main", "referenceUpdated refs/heads/main", "referenceUpdated refs/heads/main"})

	clone := filepath.Join(t.TempDir(), "clone")
	must(t, "", "clone", "--quiet", w.remote("app"), clone)
	same(t, must(t, clone, "fsck", "--strict", "--no-progress"), "")
	same(t, must(t, clone, "ls-files"), "a/.gitkeep\nmoved.txt")
	same(t, must(t, clone, "log", "--format=%H %an <%ae> %s"), strings.Join([]string{
		third + " ann <> Deleted run.sh", second + " Bo b <bo@example.com> Changed by CreateCommit", first + " ann <> start",
	}, "\n"))

	commits, err := w.BatchGetCommits(t.Context(), &codecommit.BatchGetCommitsInput{RepositoryName: app, CommitIds: []string{second, strings.Repeat("1", 40)}})
	check(t, err)
	same(t, *commits.Commits[0].Message, "Changed by CreateCommit\n")
	same(t, commits.Commits[0].Parents, []string{first})
	same(t, *commits.Commits[0].Author.Name, "Bo b")
	same(t, *commits.Errors[0].ErrorCode, "CommitIdDoesNotExistException")

	file, err := w.GetFile(t.Context(), &codecommit.GetFileInput{RepositoryName: app, FilePath: new("run.sh"), CommitSpecifier: &second})
	check(t, err)
	same(t, []any{string(file.FileContent), file.FileMode, file.FileSize}, []any{"#!/bin/sh\n", types.FileModeTypeEnumExecutable, int64(10)})
	blob, err := w.GetBlob(t.Context(), &codecommit.GetBlobInput{RepositoryName: app, BlobId: file.BlobId})
	check(t, err)
	same(t, string(blob.Content), "#!/bin/sh\n")
	folder, err := w.GetFolder(t.Context(), &codecommit.GetFolderInput{RepositoryName: app, FolderPath: new("/")})
	check(t, err)
	same(t, []string{*folder.SubFolders[0].AbsolutePath, *folder.Files[0].AbsolutePath, *folder.CommitId}, []string{"a", "moved.txt", third})
	folder, err = w.GetFolder(t.Context(), &codecommit.GetFolderInput{RepositoryName: app, FolderPath: new("a")})
	check(t, err)
	same(t, []string{*folder.Files[0].AbsolutePath, *folder.Files[0].RelativePath}, []string{"a/.gitkeep", ".gitkeep"})
}

func TestDifferences(t *testing.T) {
	w := newWorld(t)
	first, second, _ := edited(t, w)
	for _, test := range []struct {
		before, after, beforePath *string
		want                      string
	}{
		{&first, new("main"), nil, "A a/.gitkeep D a/b.txt A moved.txt"},
		{nil, &second, nil, "A a/.gitkeep A moved.txt A run.sh"},
		{&second, new("refs/heads/main"), nil, "D run.sh"},
		{&first, &first, nil, ""},
	} {
		var got []string
		in := &codecommit.GetDifferencesInput{RepositoryName: app, BeforeCommitSpecifier: test.before, AfterCommitSpecifier: test.after, MaxResults: new(int32(1))}
		for {
			out, err := w.GetDifferences(t.Context(), in)
			check(t, err)
			for _, d := range out.Differences {
				blob := d.AfterBlob
				if blob == nil {
					blob = d.BeforeBlob
				}
				got = append(got, string(d.ChangeType)+" "+*blob.Path)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		same(t, strings.Join(got, " "), test.want)
	}
}

func TestBranches(t *testing.T) {
	w := newWorld(t)
	first, _, third := edited(t, w)
	w.bus.take()
	_, err := w.CreateBranch(t.Context(), &codecommit.CreateBranchInput{RepositoryName: app, BranchName: new("old"), CommitId: &first})
	check(t, err)
	_, err = w.UpdateDefaultBranch(t.Context(), &codecommit.UpdateDefaultBranchInput{RepositoryName: app, DefaultBranchName: new("old")})
	check(t, err)
	list, err := w.ListBranches(t.Context(), &codecommit.ListBranchesInput{RepositoryName: app})
	check(t, err)
	same(t, list.Branches, []string{"main", "old"})
	for _, want := range []*types.BranchInfo{{BranchName: new("main"), CommitId: &third}, nil} { // the second time it is gone
		deleted, err := w.DeleteBranch(t.Context(), &codecommit.DeleteBranchInput{RepositoryName: app, BranchName: new("main")})
		check(t, err)
		same(t, deleted.DeletedBranch == nil, want == nil)
	}
	same(t, w.bus.take(), []string{"referenceCreated refs/heads/old", "referenceDeleted refs/heads/main"})
	clone := filepath.Join(t.TempDir(), "clone")
	must(t, "", "clone", "--quiet", w.remote("app"), clone)
	same(t, must(t, clone, "branch", "--show-current"), "old")
}

func TestRepositories(t *testing.T) {
	w := newWorld(t)
	_, err := w.UpdateRepositoryName(t.Context(), &codecommit.UpdateRepositoryNameInput{OldName: app, NewName: new("renamed")})
	check(t, err)
	dir := checkout(t)
	must(t, dir, "push", "--quiet", w.remote("renamed"), "main")
	_, err = w.UpdateRepositoryDescription(t.Context(), &codecommit.UpdateRepositoryDescriptionInput{RepositoryName: new("renamed"), RepositoryDescription: new("x")})
	check(t, err)
	_, err = w.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: new("z"), Tags: map[string]string{"a": "1", "b": "2"}})
	check(t, err)
	batch, err := w.BatchGetRepositories(t.Context(), &codecommit.BatchGetRepositoriesInput{RepositoryNames: []string{"renamed", "app"}})
	check(t, err)
	same(t, batch.RepositoriesNotFound, []string{"app"})
	same(t, *batch.Repositories[0].CloneUrlHttp, w.url+"/v1/repos/renamed")
	same(t, *batch.Repositories[0].RepositoryDescription, "x")
	list, err := w.ListRepositories(t.Context(), &codecommit.ListRepositoriesInput{SortBy: types.SortByEnumModifiedDate, Order: types.OrderEnumDescending})
	check(t, err)
	same(t, *list.Repositories[0].RepositoryName, "z")

	arn := new("arn:aws:codecommit:eu-west-1:123456789012:z")
	_, err = w.TagResource(t.Context(), &codecommit.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"c": "3"}})
	check(t, err)
	_, err = w.UntagResource(t.Context(), &codecommit.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}})
	check(t, err)
	tags, err := w.ListTagsForResource(t.Context(), &codecommit.ListTagsForResourceInput{ResourceArn: arn})
	check(t, err)
	same(t, tags.Tags, map[string]string{"b": "2", "c": "3"})

	for _, name := range []string{"renamed", "z", "z"} {
		_, err = w.DeleteRepository(t.Context(), &codecommit.DeleteRepositoryInput{RepositoryName: &name})
		check(t, err)
	}
	left, err := filepath.Glob(filepath.Join(w.env.Dir, "*"))
	check(t, err)
	same(t, len(left), 0)
}

func TestErrors(t *testing.T) {
	w := newWorld(t)
	first, _, third := edited(t, w)
	none := new(strings.Repeat("1", 40))
	put := func(in codecommit.PutFileInput) error {
		in.RepositoryName = app
		if in.BranchName == nil {
			in.BranchName = new("main")
		}
		_, err := w.PutFile(t.Context(), &in)
		return err
	}
	commit := func(in codecommit.CreateCommitInput) error {
		in.RepositoryName, in.BranchName, in.ParentCommitId = app, new("main"), &third
		_, err := w.CreateCommit(t.Context(), &in)
		return err
	}
	file := func(path string) error {
		_, err := w.GetFile(t.Context(), &codecommit.GetFileInput{RepositoryName: app, FilePath: &path})
		return err
	}
	x := []byte("x")
	for _, test := range []struct {
		code, words string
		call        func() error
	}{
		{"RepositoryNameExistsException", "Repository named app already exists", func() error {
			_, err := w.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: app})
			return err
		}},
		{"RepositoryDoesNotExistException", "none does not exist", func() error {
			_, err := w.GetRepository(t.Context(), &codecommit.GetRepositoryInput{RepositoryName: new("none")})
			return err
		}},
		{"RepositoryNameRequiredException", "A repository name is required", func() error {
			_, err := w.GetBranch(t.Context(), &codecommit.GetBranchInput{})
			return err
		}},
		{"BranchNameRequiredException", "A branch name is required", func() error {
			_, err := w.GetBranch(t.Context(), &codecommit.GetBranchInput{RepositoryName: app})
			return err
		}},
		{"BranchDoesNotExistException", "none", func() error {
			_, err := w.GetBranch(t.Context(), &codecommit.GetBranchInput{RepositoryName: app, BranchName: new("none")})
			return err
		}},
		{"BranchNameExistsException", "main", func() error {
			_, err := w.CreateBranch(t.Context(), &codecommit.CreateBranchInput{RepositoryName: app, BranchName: new("main"), CommitId: &first})
			return err
		}},
		{"InvalidBranchNameException", "a..b", func() error {
			_, err := w.CreateBranch(t.Context(), &codecommit.CreateBranchInput{RepositoryName: app, BranchName: new("a..b"), CommitId: &first})
			return err
		}},
		{"CommitDoesNotExistException", *none, func() error {
			_, err := w.CreateBranch(t.Context(), &codecommit.CreateBranchInput{RepositoryName: app, BranchName: new("x"), CommitId: none})
			return err
		}},
		{"DefaultBranchCannotBeDeletedException", "is the default branch", func() error {
			_, err := w.DeleteBranch(t.Context(), &codecommit.DeleteBranchInput{RepositoryName: app, BranchName: new("main")})
			return err
		}},
		{"CommitIdDoesNotExistException", *none, func() error {
			_, err := w.GetCommit(t.Context(), &codecommit.GetCommitInput{RepositoryName: app, CommitId: none})
			return err
		}},
		{"InvalidCommitIdException", "--help", func() error {
			_, err := w.GetCommit(t.Context(), &codecommit.GetCommitInput{RepositoryName: app, CommitId: new("--help")})
			return err
		}},
		{"CommitDoesNotExistException", "--output=x", func() error {
			_, err := w.GetFile(t.Context(), &codecommit.GetFileInput{RepositoryName: app, FilePath: new("a"), CommitSpecifier: new("--output=x")})
			return err
		}},
		{"FileDoesNotExistException", "none.txt", func() error { return file("none.txt") }},
		{"FileDoesNotExistException", "moved.txt/x", func() error { return file("moved.txt/x") }},
		{"FileDoesNotExistException", "a", func() error { return file("a") }},
		{"InvalidPathException", "a/../b", func() error { return file("a/../b") }},
		{"InvalidPathException", ".git/config", func() error { return file(".git/config") }},
		{"InvalidPathException", "a\nb", func() error { return file("a\nb") }},
		{"FolderDoesNotExistException", "none", func() error {
			_, err := w.GetFolder(t.Context(), &codecommit.GetFolderInput{RepositoryName: app, FolderPath: new("none")})
			return err
		}},
		{"BlobIdDoesNotExistException", "does not exist", func() error {
			_, err := w.GetBlob(t.Context(), &codecommit.GetBlobInput{RepositoryName: app, BlobId: &first})
			return err
		}},
		{"PathDoesNotExistException", "none", func() error {
			_, err := w.GetDifferences(t.Context(), &codecommit.GetDifferencesInput{RepositoryName: app, AfterCommitSpecifier: &first, AfterPath: new("none")})
			return err
		}},
		{"ParentCommitIdRequiredException", "parent commit ID is required", func() error { return put(codecommit.PutFileInput{FilePath: new("x"), FileContent: x}) }},
		{"ParentCommitIdOutdatedException", "not the current tip", func() error {
			return put(codecommit.PutFileInput{FilePath: new("x"), FileContent: x, ParentCommitId: &first})
		}},
		{"ParentCommitDoesNotExistException", "does not exist", func() error {
			return put(codecommit.PutFileInput{FilePath: new("x"), FileContent: x, ParentCommitId: none})
		}},
		{"InvalidParentCommitIdException", "not valid", func() error {
			return put(codecommit.PutFileInput{FilePath: new("x"), FileContent: x, ParentCommitId: new("x")})
		}},
		{"BranchDoesNotExistException", "other", func() error {
			return put(codecommit.PutFileInput{FilePath: new("x"), FileContent: x, BranchName: new("other"), ParentCommitId: &third})
		}},
		{"SameFileContentException", "exactly the same", func() error {
			return put(codecommit.PutFileInput{FilePath: new("moved.txt"), FileContent: []byte("one\n"), ParentCommitId: &third})
		}},
		{"DirectoryNameConflictsWithFileNameException", "moved.txt", func() error {
			return put(codecommit.PutFileInput{FilePath: new("moved.txt/x"), FileContent: x, ParentCommitId: &third})
		}},
		{"FileNameConflictsWithDirectoryNameException", "a", func() error {
			return put(codecommit.PutFileInput{FilePath: new("a"), FileContent: x, ParentCommitId: &third})
		}},
		{"FileContentSizeLimitExceededException", "6 MB", func() error {
			return put(codecommit.PutFileInput{FilePath: new("big"), FileContent: make([]byte, maxFile+1), ParentCommitId: &third})
		}},
		{"NoChangeException", "no changes", func() error {
			return commit(codecommit.CreateCommitInput{PutFiles: []types.PutFileEntry{{FilePath: new("moved.txt"), FileContent: []byte("one\n")}}})
		}},
		{"FileEntryRequiredException", "no files", func() error { return commit(codecommit.CreateCommitInput{}) }},
		{"SamePathRequestException", "moved.txt", func() error {
			return commit(codecommit.CreateCommitInput{
				PutFiles:    []types.PutFileEntry{{FilePath: new("moved.txt"), FileContent: x}},
				DeleteFiles: []types.DeleteFileEntry{{FilePath: new("moved.txt")}},
			})
		}},
		{"FileDoesNotExistException", "none", func() error {
			return commit(codecommit.CreateCommitInput{DeleteFiles: []types.DeleteFileEntry{{FilePath: new("none")}}})
		}},
		{"InvalidResourceArnException", "not valid", func() error {
			_, err := w.ListTagsForResource(t.Context(), &codecommit.ListTagsForResourceInput{ResourceArn: new("arn:x")})
			return err
		}},
	} {
		t.Run(test.code, func(t *testing.T) { wantError(t, test.call(), test.code, test.words) })
	}
	for _, name := range []string{"app.git", ".", "..", "a/b", "../app", "a b", "-\x00", strings.Repeat("x", 101), "", "é"} {
		_, err := w.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: &name})
		wantError(t, err, "InvalidRepositoryNameException", "The repository name is not valid.")
	}
}
