package codecommit

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

const maxEntries = 100 // files in one CreateCommit (user guide, "Quotas in AWS CodeCommit")

// PutFile commits one file to a branch; in an empty repository it makes the branch.
func (s *Service) PutFile(ctx context.Context, in *codecommit.PutFileInput) (*codecommit.PutFileOutput, error) {
	e, err := s.beginEdit(ctx, in.RepositoryName, in.BranchName, in.ParentCommitId)
	if err != nil {
		return nil, err
	}
	p, err := requirePath(*in.FilePath)
	if err != nil {
		return nil, err
	}
	file, err := e.put(ctx, p, in.FileContent, in.FileMode)
	if err != nil {
		return nil, err
	}
	old, existed := e.before[p]
	if existed && old == file {
		return nil, &types.SameFileContentException{Message: aws.String("The file was not added or updated because the content of the file is exactly the same as the content of that file in the repository and branch that you specified.")}
	}
	tree, err := e.writeTree(ctx)
	if err != nil {
		return nil, err
	}
	verb := "Added "
	if existed {
		verb = "Edited "
	}
	commit, err := e.commit(ctx, tree, author{in.Name, in.Email, in.CommitMessage}, verb+p)
	return &codecommit.PutFileOutput{CommitId: &commit, BlobId: &file.id, TreeId: &tree}, err
}

// DeleteFile commits the removal of one file.
func (s *Service) DeleteFile(ctx context.Context, in *codecommit.DeleteFileInput) (*codecommit.DeleteFileOutput, error) {
	e, err := s.beginEdit(ctx, in.RepositoryName, in.BranchName, in.ParentCommitId)
	if err != nil {
		return nil, err
	}
	p, err := requirePath(*in.FilePath)
	if err != nil {
		return nil, err
	}
	old, err := e.remove(ctx, p, in.KeepEmptyFolders)
	if err != nil {
		return nil, err
	}
	tree, err := e.writeTree(ctx)
	if err != nil {
		return nil, err
	}
	commit, err := e.commit(ctx, tree, author{in.Name, in.Email, in.CommitMessage}, "Deleted "+p)
	return &codecommit.DeleteFileOutput{CommitId: &commit, BlobId: &old.id, TreeId: &tree, FilePath: &p}, err
}

// CreateCommit commits several changes to a branch at once.
func (s *Service) CreateCommit(ctx context.Context, in *codecommit.CreateCommitInput) (*codecommit.CreateCommitOutput, error) {
	switch n := len(in.PutFiles) + len(in.DeleteFiles) + len(in.SetFileModes); {
	case n == 0:
		return nil, &types.FileEntryRequiredException{Message: aws.String("The commit cannot be created because no files have been specified as added, updated, or changed (PutFile or DeleteFile) for the commit.")}
	case n > maxEntries:
		return nil, &types.MaximumFileEntriesExceededException{Message: aws.String("The number of specified files to change as part of this commit exceeds the maximum number of files that can be changed in a single commit. Consider using a Git client for these changes.")}
	}
	e, err := s.beginEdit(ctx, in.RepositoryName, in.BranchName, in.ParentCommitId)
	if err != nil {
		return nil, err
	}
	out := &codecommit.CreateCommitOutput{FilesAdded: []types.FileMetadata{}, FilesUpdated: []types.FileMetadata{}, FilesDeleted: []types.FileMetadata{}}
	if err := e.apply(ctx, in, out); err != nil {
		return nil, err
	}
	tree, err := e.writeTree(ctx)
	if err != nil {
		return nil, err
	}
	if tree == e.tree {
		return nil, &types.NoChangeException{Message: aws.String("The commit cannot be created because no changes will be made to the repository as a result of this commit. A commit must contain at least one change.")}
	}
	commit, err := e.commit(ctx, tree, author{in.AuthorName, in.Email, in.CommitMessage}, "Changed by CreateCommit")
	out.CommitId, out.TreeId = &commit, &tree
	return out, err
}

// apply makes the changes of a CreateCommit, each path at most once.
func (e *edit) apply(ctx context.Context, in *codecommit.CreateCommitInput, out *codecommit.CreateCommitOutput) error {
	seen := map[string]bool{}
	once := func(given *string) (string, error) {
		p, err := requirePath(aws.ToString(given))
		if err == nil && seen[p] {
			err = &types.SamePathRequestException{Message: aws.String("The commit cannot be created because one or more changes in this commit duplicate actions in the same file path: " + p)}
		}
		seen[p] = true
		return p, err
	}
	for _, del := range in.DeleteFiles {
		p, err := once(del.FilePath)
		if err != nil {
			return err
		}
		old, err := e.remove(ctx, p, in.KeepEmptyFolders)
		if err != nil {
			return err
		}
		out.FilesDeleted = append(out.FilesDeleted, metadata(old))
	}
	for _, put := range in.PutFiles {
		p, err := once(put.FilePath)
		if err != nil {
			return err
		}
		if err := e.putEntry(ctx, p, put, in.KeepEmptyFolders, out); err != nil {
			return err
		}
	}
	for _, set := range in.SetFileModes {
		p, err := once(set.FilePath)
		if err != nil {
			return err
		}
		old, ok := e.files[p]
		if !ok {
			return errNoFile(p)
		}
		e.files[p] = entry{gitMode(set.FileMode), old.id, p}
		out.FilesUpdated = append(out.FilesUpdated, metadata(e.files[p]))
	}
	return nil
}

// putEntry adds or updates a file by its content, or as a copy of another one, which a move removes.
func (e *edit) putEntry(ctx context.Context, p string, put types.PutFileEntry, keep bool, out *codecommit.CreateCommitOutput) error {
	content, mode := put.FileContent, put.FileMode
	switch {
	case put.SourceFile != nil && content != nil:
		return &types.FileContentAndSourceFileSpecifiedException{Message: aws.String("The commit cannot be created because both a source file and file content have been specified for the same file. You cannot provide both. Either specify a source file, or provide the file content directly.")}
	case put.SourceFile == nil && content == nil:
		return &types.SourceFileOrContentRequiredException{Message: aws.String("The commit cannot be created because no source files or file content have been specified for the commit.")}
	case put.SourceFile != nil:
		from, err := requirePath(aws.ToString(put.SourceFile.FilePath))
		if err != nil {
			return err
		}
		source, ok := e.before[from]
		if !ok || source.mode == modeSubmodule {
			return errNoFile(from)
		}
		if content, err = e.s.blob(ctx, e.row.ID, source.id); err != nil {
			return err
		}
		if mode == "" {
			mode = fileMode(source.mode)
		}
		if put.SourceFile.IsMove {
			old, err := e.remove(ctx, from, keep)
			if err != nil {
				return err
			}
			out.FilesDeleted = append(out.FilesDeleted, metadata(old))
		}
	}
	_, existed := e.before[p]
	file, err := e.put(ctx, p, content, mode)
	if err != nil {
		return err
	}
	if existed {
		out.FilesUpdated = append(out.FilesUpdated, metadata(file))
	} else {
		out.FilesAdded = append(out.FilesAdded, metadata(file))
	}
	return nil
}

func metadata(e entry) types.FileMetadata {
	return types.FileMetadata{AbsolutePath: &e.path, BlobId: &e.id, FileMode: fileMode(e.mode)}
}
