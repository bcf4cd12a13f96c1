package codecommit

import (
	"context"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

const maxFile = 6 << 20 // (user guide, "Quotas in AWS CodeCommit")

// Modes of git's trees.
const (
	modeNormal     = "100644"
	modeExecutable = "100755"
	modeSymlink    = "120000"
	modeFolder     = "040000"
	modeSubmodule  = "160000"
)

func fileMode(mode string) types.FileModeTypeEnum {
	switch mode {
	case modeExecutable:
		return types.FileModeTypeEnumExecutable
	case modeSymlink:
		return types.FileModeTypeEnumSymlink
	default:
		return types.FileModeTypeEnumNormal
	}
}

func gitMode(mode types.FileModeTypeEnum) string {
	switch mode {
	case types.FileModeTypeEnumExecutable:
		return modeExecutable
	case types.FileModeTypeEnumSymlink:
		return modeSymlink
	case types.FileModeTypeEnumNormal:
		return modeNormal
	default:
		return modeNormal
	}
}

// entry is an entry of one of git's trees.
type entry struct{ mode, id, path string }

// tree lists what a commit, or a folder's tree, holds; recursively, only files and submodules.
func (s *Service) tree(ctx context.Context, id, treeish string, recursive bool) ([]entry, error) {
	args := []string{"ls-tree", "-z", "--full-tree"}
	if recursive {
		args = append(args, "-r")
	}
	out, err := s.run(ctx, id, nil, append(args, treeish)...)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for record := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		meta, name, ok := strings.Cut(record, "\t")
		fields := strings.Fields(meta)
		if ok && len(fields) == 3 {
			entries = append(entries, entry{fields[0], fields[2], name})
		}
	}
	return entries, nil
}

// cleanPath checks a path of the API and returns it without slashes around.
func cleanPath(given string) (string, error) {
	p := strings.Trim(given, "/")
	invalid := strings.ContainsAny(p, "\x00\n") || p != "" && path.Clean(p) != p
	for part := range strings.SplitSeq(p, "/") {
		invalid = invalid || part == "." || part == ".." || strings.EqualFold(part, ".git")
	}
	if invalid {
		return "", &types.InvalidPathException{Message: aws.String("The specified path is not valid: " + given)}
	}
	return p, nil
}

func requirePath(given string) (string, error) {
	p, err := cleanPath(given)
	if err == nil && p == "" {
		err = &types.PathRequiredException{Message: aws.String("The folderPath for a location cannot be null.")}
	}
	return p, err
}

func errNoFile(p string) error {
	return &types.FileDoesNotExistException{Message: aws.String("The specified file does not exist. Verify that you have used the correct file name, full path, and extension: " + p)}
}

// GetFile returns a file of a commit.
func (s *Service) GetFile(ctx context.Context, in *codecommit.GetFileInput) (*codecommit.GetFileOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	p, err := requirePath(*in.FilePath)
	if err != nil {
		return nil, err
	}
	commit, err := s.resolve(ctx, row, in.CommitSpecifier)
	if err != nil {
		return nil, err
	}
	folder, err := s.objects(ctx, row.ID, false, commit+":"+parent(p))
	if err != nil {
		return nil, err
	}
	if folder[0].kind != "tree" {
		return nil, errNoFile(p)
	}
	entries, err := s.tree(ctx, row.ID, folder[0].id, false)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.path == path.Base(p) && e.mode != modeFolder && e.mode != modeSubmodule {
			content, err := s.blob(ctx, row.ID, e.id)
			return &codecommit.GetFileOutput{
				CommitId: &commit, BlobId: &e.id, FilePath: &p, FileMode: fileMode(e.mode),
				FileSize: int64(len(content)), FileContent: content,
			}, err
		}
	}
	return nil, errNoFile(p)
}

func parent(p string) string { return strings.TrimPrefix(path.Dir(p), ".") }

// blob returns the content of a blob, of which the API returns no more than 6 MB.
func (s *Service) blob(ctx context.Context, id, blob string) ([]byte, error) {
	size, err := s.one(ctx, id, nil, "cat-file", "-s", blob)
	if err != nil {
		return nil, err
	}
	if len(size) > len("9999999") || len(size) == len("9999999") && size > "6291456" {
		return nil, &types.FileTooLargeException{Message: aws.String("The specified file exceeds the file size limit for CodeCommit.")}
	}
	return s.run(ctx, id, nil, "cat-file", "blob", blob)
}

// GetBlob returns the content of a blob.
func (s *Service) GetBlob(ctx context.Context, in *codecommit.GetBlobInput) (*codecommit.GetBlobOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	if !objectID.MatchString(*in.BlobId) {
		return nil, &types.InvalidBlobIdException{Message: aws.String("The specified blob is not valid.")}
	}
	found, err := s.objects(ctx, row.ID, false, *in.BlobId)
	if err != nil {
		return nil, err
	}
	if found[0].kind != "blob" {
		return nil, &types.BlobIdDoesNotExistException{Message: aws.String("The specified blob does not exist.")}
	}
	content, err := s.blob(ctx, row.ID, *in.BlobId)
	return &codecommit.GetBlobOutput{Content: content}, err
}

// GetFolder lists a folder of a commit.
func (s *Service) GetFolder(ctx context.Context, in *codecommit.GetFolderInput) (*codecommit.GetFolderOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	p, err := cleanPath(*in.FolderPath)
	if err != nil {
		return nil, err
	}
	commit, err := s.resolve(ctx, row, in.CommitSpecifier)
	if err != nil {
		return nil, err
	}
	folder, err := s.objects(ctx, row.ID, false, commit+":"+p)
	if err != nil {
		return nil, err
	}
	if folder[0].kind != "tree" {
		return nil, &types.FolderDoesNotExistException{Message: aws.String("The specified folder does not exist. Either the folder name is not correct, or you did not enter the full path to the folder: " + p)}
	}
	entries, err := s.tree(ctx, row.ID, folder[0].id, false)
	if err != nil {
		return nil, err
	}
	out := &codecommit.GetFolderOutput{
		CommitId: &commit, FolderPath: &p, TreeId: &folder[0].id,
		SubFolders: []types.Folder{}, Files: []types.File{}, SymbolicLinks: []types.SymbolicLink{}, SubModules: []types.SubModule{},
	}
	for _, e := range entries {
		absolute := path.Join(p, e.path)
		switch e.mode {
		case modeFolder:
			out.SubFolders = append(out.SubFolders, types.Folder{TreeId: &e.id, AbsolutePath: &absolute, RelativePath: &e.path})
		case modeSubmodule:
			out.SubModules = append(out.SubModules, types.SubModule{CommitId: &e.id, AbsolutePath: &absolute, RelativePath: &e.path})
		case modeSymlink:
			out.SymbolicLinks = append(out.SymbolicLinks, types.SymbolicLink{BlobId: &e.id, AbsolutePath: &absolute, RelativePath: &e.path, FileMode: fileMode(e.mode)})
		default:
			out.Files = append(out.Files, types.File{BlobId: &e.id, AbsolutePath: &absolute, RelativePath: &e.path, FileMode: fileMode(e.mode)})
		}
	}
	return out, nil
}
