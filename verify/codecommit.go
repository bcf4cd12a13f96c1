package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

const mainBranch = "main"

// Repository asks whether the CodeCommit repository is there.
var Repository = Check{
	Name: "repository", Asks: "Is there a repository, made by CloudFormation?",
	Ask: func(ctx context.Context, s *Scene) Result {
		name := s.Names.Repository()
		const fix = "mayfly run codecommit"
		_, err := s.CodeCommit.GetRepository(ctx, &codecommit.GetRepositoryInput{RepositoryName: &name})
		if cloud.IsNotFound(err) {
			return s.because(ctx, wrong("there is no repository "+name, "a CodeCommit repository", fix), s.Names.RepositoryStack())
		}
		if err != nil {
			return cannotTell("codecommit GetRepository", err)
		}
		if r := s.stackTrouble(ctx, s.Names.RepositoryStack(), fix); r.State == Wrong {
			return r
		}
		// A change that was rolled back has left it as it was.
		return stackComplete(ctx, s, s.Names.RepositoryStack(), "repository "+name, fix, "UPDATE_ROLLBACK_COMPLETE")
	},
}

// MainBranch asks whether something was pushed to main.
var MainBranch = Check{
	Name: "main", Asks: "Was a commit pushed to the branch main?",
	Ask: func(ctx context.Context, s *Scene) Result {
		head, result := s.head(ctx)
		if head == "" {
			return result
		}
		return passed("main is at commit %.7s", head)
	},
}

// ApplicationPushed asks whether the sample application is in the repository.
var ApplicationPushed = hasFile("application", "Is the sample application in the repository?", "template.yaml",
	"mayfly run codecommit")

func hasFile(name, asks, file, fix string) Check {
	return Check{Name: name, Asks: asks, Ask: func(ctx context.Context, s *Scene) Result {
		_, result := s.file(ctx, file, fix)
		if result.State != Passed {
			return result
		}
		return passed("main has %s", file)
	}}
}

// file reads a file at the head of main; the result is Passed where it was found.
func (s *Scene) file(ctx context.Context, file, fix string) ([]byte, Result) {
	name := s.Names.Repository()
	out, err := s.CodeCommit.GetFile(ctx, &codecommit.GetFileInput{
		RepositoryName: &name, FilePath: &file, CommitSpecifier: aws.String("refs/heads/" + mainBranch),
	})
	if err == nil {
		return out.FileContent, passed("main has %s", file)
	}
	if head, result := s.head(ctx); head == "" {
		return nil, result
	}
	if cloud.IsNotFound(err) {
		fix := s.thenBuild(ctx, s.bringBack(ctx, file, fix, func([]byte) bool { return true }))
		return nil, wrong("main has no "+file, file+" at the top of the repository", fix)
	}
	return nil, cannotTell("codecommit GetFile", err)
}

// head is the commit that main is at; where there is none the result says why.
func (s *Scene) head(ctx context.Context) (string, Result) {
	name := s.Names.Repository()
	const expected = "a commit on main"
	out, err := s.CodeCommit.GetBranch(ctx, &codecommit.GetBranchInput{
		RepositoryName: &name, BranchName: aws.String(mainBranch),
	})
	if err == nil {
		return aws.ToString(out.Branch.CommitId), Result{}
	}
	if !cloud.IsNotFound(err) {
		return "", cannotTell("codecommit GetBranch", err)
	}
	branches, err := s.CodeCommit.ListBranches(ctx, &codecommit.ListBranchesInput{RepositoryName: &name})
	if cloud.IsNotFound(err) {
		return "", wrong("there is no repository "+name, expected, "mayfly run codecommit")
	}
	if err != nil {
		return "", cannotTell("codecommit ListBranches", err)
	}
	switch {
	case len(branches.Branches) == 0:
		return "", wrong("nothing has been pushed yet", expected, "git push origin main")
	case slices.Contains(branches.Branches, "master"):
		return "", wrong("the branch master was pushed; the workshop builds main", expected,
			"git branch -m master main && git push -u origin main")
	default:
		return "", wrong(fmt.Sprintf("the branch %s was pushed; the workshop builds main", branches.Branches[0]), expected,
			fmt.Sprintf("git push origin %s:main", branches.Branches[0]))
	}
}
