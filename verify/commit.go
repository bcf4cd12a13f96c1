package verify

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

// Commit is what CodeCommit knows of a commit.
type Commit struct {
	ID, Author, Message string
	// Made is the committer's clock, to the second.
	Made  time.Time
	Files []FileChange
}

// FileChange is a file that a commit touches.
type FileChange struct {
	Path string `json:"path"`
	// Change is added, modified or deleted.
	Change string `json:"change"`
	// Added and Removed count lines, where they are known.
	Added   int `json:"added,omitempty"`
	Removed int `json:"removed,omitempty"`
}

// mostFiles bounds what is read of a commit that touches very many files: one page of GetDifferences.
const mostFiles = 100

// Commit asks CodeCommit who made a commit, and which files differ from its
// first parent's. It costs two calls.
func (s *Scene) Commit(ctx context.Context, id string) (*Commit, error) {
	name := s.Names.Repository()
	out, err := s.CodeCommit.GetCommit(ctx, &codecommit.GetCommitInput{RepositoryName: &name, CommitId: &id})
	if err != nil {
		return nil, fmt.Errorf("read commit %.7s: %w", id, err)
	}
	c := &Commit{ID: id, Message: strings.TrimSpace(aws.ToString(out.Commit.Message))}
	if out.Commit.Author != nil {
		c.Author = aws.ToString(out.Commit.Author.Name)
	}
	if out.Commit.Committer != nil {
		c.Made = madeAt(aws.ToString(out.Commit.Committer.Date))
	}
	in := &codecommit.GetDifferencesInput{RepositoryName: &name, AfterCommitSpecifier: &id, MaxResults: aws.Int32(mostFiles)}
	if len(out.Commit.Parents) > 0 {
		in.BeforeCommitSpecifier = &out.Commit.Parents[0]
	}
	differences, err := s.CodeCommit.GetDifferences(ctx, in)
	if err != nil {
		return c, fmt.Errorf("read what commit %.7s changed: %w", id, err)
	}
	for _, d := range differences.Differences {
		c.Files = append(c.Files, fileChange(d))
	}
	return c, nil
}

// madeAt reads CodeCommit's notation of a moment, which is Git's own: the
// seconds since 1970 and the offset from GMT ("1484167798 -0800").
func madeAt(date string) time.Time {
	seconds, _, _ := strings.Cut(date, " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

func fileChange(d types.Difference) FileChange {
	change := FileChange{Change: "modified"}
	switch d.ChangeType {
	case types.ChangeTypeEnumAdded:
		change.Change = "added"
	case types.ChangeTypeEnumDeleted:
		change.Change = "deleted"
	case types.ChangeTypeEnumModified:
	}
	blob := d.AfterBlob
	if blob == nil {
		blob = d.BeforeBlob
	}
	if blob != nil {
		change.Path = aws.ToString(blob.Path)
	}
	return change
}

// Head is the commit that main is at, or "" where there is none.
func (s *Scene) Head(ctx context.Context) (string, error) {
	head, result := s.head(ctx)
	if result.State == CannotTell {
		return "", errors.New(result.Observed)
	}
	return head, nil
}
