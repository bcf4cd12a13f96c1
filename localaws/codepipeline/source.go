package codepipeline

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	committypes "github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// commitAPI is what is needed of CodeCommit.
type commitAPI interface {
	GetBranch(ctx context.Context, in *codecommit.GetBranchInput, opts ...func(*codecommit.Options)) (*codecommit.GetBranchOutput, error)
	GetCommit(ctx context.Context, in *codecommit.GetCommitInput, opts ...func(*codecommit.Options)) (*codecommit.GetCommitOutput, error)
}

// runCodeCommit puts the files of a commit into the artifact bucket: of the
// revision that the execution was started with, or of the branch's newest one.
func (s *Service) runCodeCommit(ctx context.Context, j *job) (result, error) {
	repository, branch := j.configuration["RepositoryName"], j.configuration["BranchName"]
	api := s.clients.codecommit(j.cfg)
	var id string
	if j.override != nil {
		id = aws.ToString(j.override.RevisionValue)
	} else {
		var err error
		if id, err = branchHead(ctx, api, repository, branch); err != nil {
			return result{}, err
		}
		s.saw(j.run.pipeline, j.action, id)
	}
	found, err := api.GetCommit(ctx, &codecommit.GetCommitInput{RepositoryName: aws.String(repository), CommitId: aws.String(id)})
	if err != nil {
		return result{}, sourceFailure(repository, branch, err)
	}
	commit := found.Commit
	message := strings.TrimRight(aws.ToString(commit.Message), "\n")
	j.report(func(a *actionRun) { a.ExternalID, a.Summary = id, clip(message) })

	if err := s.upload(ctx, j.cfg, j.outputs[0], func(w io.Writer) error {
		caller := s.asRole(ctx, j)
		if err := s.env.Permit(caller, archiveAccess(s.env.ARN("codecommit", repository))...); err != nil {
			return sourceFailure(repository, branch, err)
		}
		if err := s.source.Archive(caller, repository, id, w); err != nil {
			return sourceFailure(repository, branch, err)
		}
		return nil
	}); err != nil {
		return result{}, err
	}
	return result{
		summary: message,
		variables: map[string]string{
			"CommitId": id, "CommitMessage": message, "BranchName": branch, "RepositoryName": repository,
			"AuthorDate": gitDate(commit.Author), "CommitterDate": gitDate(commit.Committer),
		},
		revision: &revision{
			id: id, summary: message, created: gitTime(commit.Committer),
			url: s.console("codesuite/codecommit/repositories/" + repository + "/commit/" + id),
		},
	}, nil
}

// branchHead returns the newest commit of a branch.
func branchHead(ctx context.Context, api commitAPI, repository, branch string) (string, error) {
	out, err := api.GetBranch(ctx, &codecommit.GetBranchInput{RepositoryName: aws.String(repository), BranchName: aws.String(branch)})
	if err != nil {
		return "", sourceFailure(repository, branch, err)
	}
	return aws.ToString(out.Branch.CommitId), nil
}

// sourceFailure words what went wrong with a repository. The words of a
// missing permission are AWS's; the service's own error says the rest.
func sourceFailure(repository, branch string, err error) error {
	if _, ok := errors.AsType[*failure](err); ok {
		return err
	}
	switch {
	case hasCode(err, "BranchDoesNotExistException"):
		return failed(codeConfiguration, "The action failed because no branch named %s was found in the selected AWS CodeCommit repository %s. "+
			"Make sure you are using the correct branch name, and then try again. Error: null", branch, repository)
	case denied(err):
		return failed(codePermission, "The service role or action role doesn’t have the permissions required to access the AWS CodeCommit repository named %s. "+
			"Update the IAM role permissions, and then try again. Error: %s", repository, apiMessage(err))
	}
	return failedCall(codeConfiguration, err)
}

// archiveAccess is what AWS needs to have an archive of a commit made: to start
// it, and to ask whether it is done
// (docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html;
// CancelUploadArchive, which it names too, is not called here).
func archiveAccess(repository string) []policy.Access {
	return []policy.Access{
		{Action: "codecommit:UploadArchive", Resources: []string{repository}},
		{Action: "codecommit:GetUploadArchiveStatus", Resources: []string{repository}},
	}
}

// asRole returns a context in which the role itself calls: UploadArchive has
// no wire form, so the session's identity must be carried by hand.
func (s *Service) asRole(ctx context.Context, j *job) context.Context {
	credentials, _ := j.cfg.Credentials.Retrieve(ctx) // only names the session
	role := j.principal[strings.LastIndex(j.principal, "/")+1:]
	return identity.With(ctx, identity.Principal{
		ARN:     "arn:aws:sts::" + s.env.Account + ":assumed-role/" + role + "/" + s.sessionName(),
		Account: s.env.Account, AccessKeyID: credentials.AccessKeyID, RoleARN: j.principal,
		Service: principal, SourceARN: s.arn(j.run.pipeline),
	})
}

// gitDate turns git's "1484167798 -0800" into the form of the variables
// AuthorDate and CommitterDate: "The date when the commit was authored, in
// timestamp format".
func gitDate(who *committypes.UserInfo) string {
	if t := gitTime(who); t != nil {
		return t.UTC().Format(time.RFC3339)
	}
	return ""
}

func gitTime(who *committypes.UserInfo) *time.Time {
	if who == nil {
		return nil
	}
	seconds, _, _ := strings.Cut(aws.ToString(who.Date), " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return nil
	}
	t := time.Unix(n, 0)
	return &t
}
