package verify

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"
)

// Fixes are commands that a shell takes as they stand. Those of git are typed
// in the working copy, and none of them loses work: what was pushed stays in
// history, and git refuses where it would write over what is not committed.

// startAgain makes a commit that changes nothing, whose push starts the pipeline.
const startAgain = "git commit --allow-empty -m 'Start again' && git push origin main"

// mostBack is how many commits are looked back at most.
const mostBack = 50

// short is a commit as commands name it.
func short(commit string) string { return commit[:min(len(commit), 10)] }

// goBack is the command that makes main again what it was at an earlier commit
// that was good; "" where it is that already, or nothing was good.
func (s *Scene) goBack(ctx context.Context, head, good string) string {
	if good == "" || good == head {
		return ""
	}
	was, err := s.commit(ctx, good)
	if err != nil {
		return ""
	}
	plain := true // each commit since then has one parent, and changes something
	at := head
	for n := 0; at != good && plain && n < mostBack; n++ {
		c, err := s.commit(ctx, at)
		if err != nil {
			return ""
		}
		if at == head && aws.ToString(c.TreeId) == aws.ToString(was.TreeId) {
			return ""
		}
		plain = len(c.Parents) == 1
		if plain {
			parent, err := s.commit(ctx, c.Parents[0])
			plain = err == nil && aws.ToString(parent.TreeId) != aws.ToString(c.TreeId)
			at = c.Parents[0]
		}
	}
	if plain && at == good {
		return fmt.Sprintf("git revert --no-edit %s..HEAD && git push origin main", short(good))
	}
	// A revert of a merge wants to be told more: the files are taken as they were.
	return fmt.Sprintf("git read-tree -m -u HEAD %[1]s && git commit -m 'Go back to %[1]s' && git push origin main", short(good))
}

func (s *Scene) commit(ctx context.Context, id string) (*types.Commit, error) {
	name := s.Names.Repository()
	out, err := s.CodeCommit.GetCommit(ctx, &codecommit.GetCommitInput{RepositoryName: &name, CommitId: &id})
	if err != nil {
		return nil, err
	}
	return out.Commit, nil
}

// bringBack is the command that takes a file from the newest commit of main in
// which it was good; otherwise the fallback.
func (s *Scene) bringBack(ctx context.Context, file, fallback string, good func(data []byte) bool) string {
	at, err := s.Head(ctx)
	if err != nil {
		return fallback
	}
	name := s.Names.Repository()
	for n := 0; at != "" && n < mostBack; n++ {
		out, err := s.CodeCommit.GetFile(ctx, &codecommit.GetFileInput{RepositoryName: &name, FilePath: &file, CommitSpecifier: &at})
		if err == nil && good(out.FileContent) {
			return fmt.Sprintf("git checkout %s -- %s && git commit -m 'Bring back %[2]s' && git push origin main", short(at), file)
		}
		c, err := s.commit(ctx, at)
		if err != nil || len(c.Parents) == 0 {
			break
		}
		at = c.Parents[0]
	}
	return fallback
}
