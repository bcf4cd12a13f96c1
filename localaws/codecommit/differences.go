package codecommit

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

const (
	emptyTree       = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
	differencesPage = 400 // (API reference, GetDifferences)
)

// GetDifferences lists the files that differ between two commits. Without a
// commit before, all files of the one after are added ones.
func (s *Service) GetDifferences(ctx context.Context, in *codecommit.GetDifferencesInput) (*codecommit.GetDifferencesOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	before, beforePath, err := s.side(ctx, row, in.BeforeCommitSpecifier, in.BeforePath)
	if err != nil {
		return nil, err
	}
	after, afterPath, err := s.side(ctx, row, in.AfterCommitSpecifier, in.AfterPath)
	if err != nil {
		return nil, err
	}
	out, err := s.run(ctx, row.ID, nil, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after)
	if err != nil {
		return nil, err
	}
	start, size := 0, differencesPage
	if in.NextToken != nil {
		if start, err = strconv.Atoi(*in.NextToken); err != nil || start < 0 {
			return nil, errToken()
		}
	}
	if in.MaxResults != nil {
		if size = int(*in.MaxResults); size < 1 {
			return nil, &types.InvalidMaxResultsException{Message: aws.String("The specified number of maximum results is not valid.")}
		}
	}
	all := parseDifferences(string(out), beforePath, afterPath)
	result := &codecommit.GetDifferencesOutput{Differences: []types.Difference{}}
	if start < len(all) {
		result.Differences = all[start:min(start+size, len(all))]
	}
	if start+size < len(all) {
		result.NextToken = aws.String(strconv.Itoa(start + size))
	}
	return result, nil
}

// side resolves one side of a comparison and checks that its path is there.
func (s *Service) side(ctx context.Context, row repository, specifier, given *string) (treeish, p string, err error) {
	if specifier == nil {
		return emptyTree, "", nil
	}
	if p, err = cleanPath(aws.ToString(given)); err != nil {
		return "", "", err
	}
	commit, err := s.resolve(ctx, row, specifier)
	if err != nil || p == "" {
		return commit, p, err
	}
	found, err := s.objects(ctx, row.ID, false, commit+":"+p)
	if err == nil && found[0].id == "" {
		err = &types.PathDoesNotExistException{Message: aws.String("The specified path does not exist: " + p)}
	}
	return commit, p, err
}

// parseDifferences reads what git diff-tree --raw -z prints:
// ":100644 100755 <before> <after> M", a zero byte, and the path.
func parseDifferences(out, beforePath, afterPath string) []types.Difference {
	var all []types.Difference
	fields := strings.Split(out, "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		meta, p := strings.Fields(strings.TrimPrefix(fields[i], ":")), fields[i+1]
		if len(meta) != 5 {
			continue
		}
		var d types.Difference
		if meta[2] != zero && under(p, beforePath) {
			d.BeforeBlob = &types.BlobMetadata{BlobId: &meta[2], Path: &p, Mode: &meta[0]}
		}
		if meta[3] != zero && under(p, afterPath) {
			d.AfterBlob = &types.BlobMetadata{BlobId: &meta[3], Path: &p, Mode: &meta[1]}
		}
		switch {
		case d.BeforeBlob == nil && d.AfterBlob == nil:
			continue
		case d.BeforeBlob == nil:
			d.ChangeType = types.ChangeTypeEnumAdded
		case d.AfterBlob == nil:
			d.ChangeType = types.ChangeTypeEnumDeleted
		default:
			d.ChangeType = types.ChangeTypeEnumModified
		}
		all = append(all, d)
	}
	return all
}

// under says whether p is the folder, or in it.
func under(p, folder string) bool {
	return folder == "" || p == folder || strings.HasPrefix(p, folder+"/")
}
