package codecommit

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// occurrence is what happens to a pull request, as its event on the bus tells it.
type occurrence struct {
	event string
	words string // of the notification's body, after the caller; %s is the pull request's id
	more  map[string]any
}

// What happens to pull requests, in the words of AWS's user guide, "Monitoring
// CodeCommit events in Amazon EventBridge and Amazon CloudWatch Events".
var (
	created = occurrence{event: "pullRequestCreated"}
	revised = occurrence{event: "pullRequestSourceBranchUpdated"}
	closed  = occurrence{event: "pullRequestStatusChanged"}
	merged  = occurrence{event: "pullRequestMergeStatusUpdated"}
)

// eventDate is the form of dates in these events.
const eventDate = "Mon Jan 02 15:04:05 MST 2006"

// tellPull puts what happened on the bus; an occurrence without a name is told nobody.
func (s *Service) tellPull(ctx context.Context, p *pull, what occurrence) error {
	if what.event == "" {
		return nil
	}
	t := p.target()
	caller, repository, id := identity.From(ctx).ARN, aws.ToString(t.RepositoryName), aws.ToString(p.PullRequestId)
	detail := map[string]any{
		"event": what.event, "author": p.AuthorArn, "callerUserArn": caller, "pullRequestId": id, "title": p.Title,
		"creationDate": p.CreationDate.UTC().Format(eventDate), "lastModifiedDate": p.LastActivityDate.UTC().Format(eventDate),
		"sourceReference": t.SourceReference, "sourceCommit": t.SourceCommit, "destinationReference": t.DestinationReference, "destinationCommit": t.DestinationCommit,
		"isMerged": "False", "pullRequestStatus": "Open", "repositoryNames": []string{repository}, "revisionId": p.RevisionId,
	}
	if p.Description != nil {
		detail["description"] = p.Description
	}
	if p.PullRequestStatus == types.PullRequestStatusEnumClosed {
		detail["pullRequestStatus"] = "Closed"
	}
	if t.MergeMetadata.IsMerged {
		detail["isMerged"], detail["mergeOption"] = "True", t.MergeMetadata.MergeOption
	}
	maps.Copy(detail, what.more)
	detail["notificationBody"] = fmt.Sprintf("A pull request event occurred in the following AWS CodeCommit repository: %s. %s For more information, go to the AWS CodeCommit console %s",
		repository, s.words(p, what, caller), s.console(repository, "pull-requests/"+id))
	return s.env.Bus.Publish(ctx, "aws.codecommit", "CodeCommit Pull Request State Change", []string{s.arn(repository)}, detail)
}

// words are the part of a notification that tells what happened.
func (s *Service) words(p *pull, what occurrence, caller string) string {
	id := aws.ToString(p.PullRequestId)
	switch what.event {
	case created.event:
		return fmt.Sprintf("User: %s. Event: Created. The pull request was created with the following information: Pull Request ID as %s and title as %s.", caller, id, aws.ToString(p.Title))
	case revised.event:
		return fmt.Sprintf("User: %s. Event: Updated.  The user updated the following pull request: %s. The pull request was updated with one or more commits to the source branch: %s.",
			caller, id, strings.TrimPrefix(aws.ToString(p.target().SourceReference), heads))
	case closed.event:
		return fmt.Sprintf("%s updated the following PullRequest %s. The pull request status has been updated. The status is closed.", caller, id)
	case merged.event:
		return fmt.Sprintf("%s updated the following PullRequest %s. The pull request merge status has been updated. The status is merged.", caller, id)
	default:
		return fmt.Sprintf("User: %s. Event: Updated. Pull request name: %s. %s", caller, id, what.words)
	}
}

func (s *Service) console(repository, where string) string {
	return fmt.Sprintf("https://%[1]s.console.aws.amazon.com/codesuite/codecommit/repositories/%[2]s/%[3]s?region=%[1]s", s.env.Region, repository, where)
}
