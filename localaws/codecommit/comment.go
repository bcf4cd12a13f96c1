package codecommit

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// comment is the row of a comment on a pull request.
type comment struct {
	types.Comment
	PullRequestID, RepositoryID string
	// Before, After and Location are where the comment stands; a reply has those of the first one.
	Before, After *string
	Location      *types.Location
}

const maxComment = 10240

func checkContent(content *string) error {
	switch n := len([]rune(aws.ToString(content))); {
	case n == 0:
		return &types.CommentContentRequiredException{Message: aws.String("The comment is empty. You must provide some content for a comment. The content cannot be null.")}
	case n > maxComment:
		return &types.CommentContentSizeLimitExceededException{Message: aws.String("The comment is too large. Comments are limited to 10,240 characters.")}
	}
	return nil
}

// comment returns a comment.
func (s *Service) comment(id *string) (comment, error) {
	c, ok, err := s.comments.Get(aws.ToString(id))
	if err == nil && !ok {
		err = &types.CommentDoesNotExistException{Message: aws.String("No comment exists with the provided ID. Verify that you have used the correct ID, and then try again.")}
	}
	return c, err
}

// commentResource is the ARN of the repository of a comment.
func (s *Service) commentResource(id *string) []string {
	c, err := s.comment(id)
	if err != nil {
		return nil
	}
	return s.pullResource(&c.PullRequestID)
}

// PostCommentForPullRequest comments on a pull request, on a file of it or on a line.
func (s *Service) PostCommentForPullRequest(ctx context.Context, in *codecommit.PostCommentForPullRequestInput) (*codecommit.PostCommentForPullRequestOutput, error) {
	row, err := s.find(in.RepositoryName)
	if err != nil {
		return nil, err
	}
	_, p, err := s.pull(in.PullRequestId)
	if err != nil {
		return nil, err
	}
	if p.RepositoryID != row.ID {
		return nil, p.mergeable(row, nil)
	}
	for _, commit := range []*string{in.BeforeCommitId, in.AfterCommitId} {
		if err := s.requireCommit(ctx, row.ID, aws.ToString(commit)); err != nil {
			return nil, err
		}
	}
	c, err := s.post(ctx, comment{
		PullRequestID: *in.PullRequestId, RepositoryID: row.ID, Before: in.BeforeCommitId, After: in.AfterCommitId, Location: in.Location,
	}, in.Content, in.ClientRequestToken)
	if err != nil {
		return nil, err
	}
	before, after, err := s.blobsAt(ctx, c)
	return &codecommit.PostCommentForPullRequestOutput{
		RepositoryName: in.RepositoryName, PullRequestId: in.PullRequestId, BeforeCommitId: in.BeforeCommitId, AfterCommitId: in.AfterCommitId,
		BeforeBlobId: before, AfterBlobId: after, Location: in.Location, Comment: &c.Comment,
	}, err
}

// PostCommentReply answers a comment.
func (s *Service) PostCommentReply(ctx context.Context, in *codecommit.PostCommentReplyInput) (*codecommit.PostCommentReplyOutput, error) {
	first, err := s.comment(in.InReplyTo)
	if err != nil {
		return nil, err
	}
	first.Comment = types.Comment{InReplyTo: in.InReplyTo}
	c, err := s.post(ctx, first, in.Content, in.ClientRequestToken)
	return &codecommit.PostCommentReplyOutput{Comment: &c.Comment}, err
}

// post stores a new comment.
func (s *Service) post(ctx context.Context, c comment, content, token *string) (comment, error) {
	if err := checkContent(content); err != nil {
		return c, err
	}
	number, err := s.comments.Next()
	if err != nil {
		return c, err
	}
	now := s.env.Now()
	c.CommentId = aws.String(fmt.Sprintf("%016x-%s", number, uuid.New())) // comments list in the order of their ids
	c.Content, c.ClientRequestToken, c.AuthorArn = content, token, aws.String(identity.From(ctx).ARN)
	c.CreationDate, c.LastModifiedDate = &now, &now
	c.CallerReactions, c.ReactionCounts = []string{}, map[string]int32{}
	if err := s.comments.Put(*c.CommentId, c); err != nil {
		return c, err
	}
	return c, s.tellComment(ctx, c, "commentOnPullRequestCreated", "made a comment")
}

// UpdateComment changes the caller's own comment.
func (s *Service) UpdateComment(ctx context.Context, in *codecommit.UpdateCommentInput) (*codecommit.UpdateCommentOutput, error) {
	if err := checkContent(in.Content); err != nil {
		return nil, err
	}
	c, err := s.amend(in.CommentId, func(c *comment) error {
		if aws.ToString(c.AuthorArn) != identity.From(ctx).ARN {
			return &types.CommentNotCreatedByCallerException{Message: aws.String("You cannot modify or delete this comment. Only comment authors can modify or delete their comments.")}
		}
		c.Content = in.Content
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &codecommit.UpdateCommentOutput{Comment: &c.Comment}, s.tellComment(ctx, c, "commentOnPullRequestUpdated", "updated a comment or replied to a comment")
}

// DeleteCommentContent takes a comment's content away; that there was one stays.
func (s *Service) DeleteCommentContent(_ context.Context, in *codecommit.DeleteCommentContentInput) (*codecommit.DeleteCommentContentOutput, error) {
	c, err := s.amend(in.CommentId, func(c *comment) error {
		c.Content, c.Deleted = nil, true
		return nil
	})
	return &codecommit.DeleteCommentContentOutput{Comment: &c.Comment}, err
}

func (s *Service) amend(id *string, change func(c *comment) error) (comment, error) {
	if _, err := s.comment(id); err != nil {
		return comment{}, err
	}
	var after comment
	err := s.comments.Update(*id, func(c *comment, _ bool) error {
		if c.Deleted {
			return &types.CommentDeletedException{Message: aws.String("This comment has already been deleted. You cannot edit or delete a deleted comment.")}
		}
		if err := change(c); err != nil {
			return err
		}
		c.LastModifiedDate = aws.Time(s.env.Now())
		after = *c
		return nil
	})
	return after, err
}

// GetComment returns a comment.
func (s *Service) GetComment(_ context.Context, in *codecommit.GetCommentInput) (*codecommit.GetCommentOutput, error) {
	c, err := s.comment(in.CommentId)
	return &codecommit.GetCommentOutput{Comment: &c.Comment}, err
}

// GetCommentsForPullRequest lists the comments of a pull request, each first one with its replies.
func (s *Service) GetCommentsForPullRequest(ctx context.Context, in *codecommit.GetCommentsForPullRequestInput) (*codecommit.GetCommentsForPullRequestOutput, error) {
	_, p, err := s.pull(in.PullRequestId)
	if err != nil {
		return nil, err
	}
	rows, err := s.comments.List("", "", 0)
	if err != nil {
		return nil, err
	}
	all := []types.CommentsForPullRequest{}
	thread := map[string]int{} // a comment's id to its place in all
	for _, row := range rows {
		c := row.Value
		if c.PullRequestID != *in.PullRequestId || in.BeforeCommitId != nil && *in.BeforeCommitId != *c.Before || in.AfterCommitId != nil && *in.AfterCommitId != *c.After {
			continue
		}
		if at, reply := thread[aws.ToString(c.InReplyTo)]; reply {
			all[at].Comments, thread[row.Key] = append(all[at].Comments, c.Comment), at
			continue
		}
		thread[row.Key] = len(all)
		before, after, err := s.blobsAt(ctx, c)
		if err != nil {
			return nil, err
		}
		all = append(all, types.CommentsForPullRequest{
			RepositoryName: p.target().RepositoryName, PullRequestId: in.PullRequestId, BeforeCommitId: c.Before, AfterCommitId: c.After,
			BeforeBlobId: before, AfterBlobId: after, Location: c.Location, Comments: []types.Comment{c.Comment},
		})
	}
	part, next, err := pageOf(all, in.MaxResults, pullsPage, in.NextToken)
	return &codecommit.GetCommentsForPullRequestOutput{CommentsForPullRequestData: part, NextToken: next}, err
}

// blobsAt finds the file that a comment is on, before and after.
func (s *Service) blobsAt(ctx context.Context, c comment) (before, after *string, err error) {
	if c.Location == nil || aws.ToString(c.Location.FilePath) == "" {
		return nil, nil, nil
	}
	p, err := cleanPath(*c.Location.FilePath)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.objects(ctx, c.RepositoryID, false, *c.Before+":"+p, *c.After+":"+p)
	if err != nil {
		return nil, nil, err
	}
	ids := []*string{nil, nil}
	for i := range found {
		if found[i].kind == "blob" {
			ids[i] = &found[i].id
		}
	}
	return ids[0], ids[1], nil
}

// tellComment puts what happened to a comment on the bus.
func (s *Service) tellComment(ctx context.Context, c comment, event, words string) error {
	_, p, err := s.pull(&c.PullRequestID)
	if err != nil {
		return err
	}
	caller, repository := identity.From(ctx).ARN, aws.ToString(p.target().RepositoryName)
	detail := map[string]any{
		"event": event, "callerUserArn": caller, "commentId": c.CommentId, "pullRequestId": c.PullRequestID,
		"repositoryId": c.RepositoryID, "repositoryName": repository, "beforeCommitId": c.Before, "afterCommitId": c.After,
		"notificationBody": fmt.Sprintf("A comment event occurred in the following AWS CodeCommit repository: %s. The user %s %s. The comment was made on the following Pull Request: %s. For more information, go to the AWS CodeCommit console %s",
			repository, caller, words, c.PullRequestID, s.console(repository, "pull-requests/"+c.PullRequestID+"/activity#"+aws.ToString(c.CommentId))),
	}
	if c.InReplyTo != nil {
		detail["inReplyTo"] = c.InReplyTo
	}
	return s.env.Bus.Publish(ctx, "aws.codecommit", "CodeCommit Comment on Pull Request", []string{s.arn(repository)}, detail)
}
