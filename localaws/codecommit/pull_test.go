package codecommit

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codecommit/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// as is a context of a user.
func as(t *testing.T, name string) context.Context {
	t.Helper()
	return identity.With(t.Context(), identity.Principal{ARN: "arn:aws:iam::123456789012:user/" + name, Account: "123456789012"})
}

// forked pushes main with two files, and side, which changes one of them on top
// of main; both sides go on where diverge says so.
func forked(t *testing.T, w *world, diverge func(dir, branch string)) (dir string) {
	t.Helper()
	dir = checkout(t)
	commitFile(t, dir, "a.txt", "1\n2\n3\n4\n5\n6\n7\n")
	must(t, dir, "branch", "side")
	for _, branch := range []string{"side", "main"} {
		must(t, dir, "checkout", "--quiet", branch)
		diverge(dir, branch)
	}
	must(t, dir, "push", "--quiet", w.remote("app"), "main", "side")
	w.bus.take()
	return dir
}

func onlySide(t *testing.T) func(dir, branch string) {
	t.Helper()
	return func(dir, branch string) {
		if branch == "side" {
			commitFile(t, dir, "b.txt", "b\n")
		}
	}
}

// linesApart changes the two ends of a file, sameLine the same line of it.
func linesApart(t *testing.T) func(dir, branch string) {
	t.Helper()
	return func(dir, branch string) {
		content := map[string]string{"main": "one\n2\n3\n4\n5\n6\n7\n", "side": "1\n2\n3\n4\n5\n6\nseven\n"}[branch]
		commitFile(t, dir, "a.txt", content)
	}
}

func sameLine(t *testing.T) func(dir, branch string) {
	t.Helper()
	return func(dir, branch string) { commitFile(t, dir, "a.txt", "1\n2\n3\n"+branch+"\n5\n6\n7\n") }
}

func TestMergeBranches(t *testing.T) {
	for _, c := range []struct {
		name     string
		diverge  func(*testing.T) func(dir, branch string)
		option   types.MergeOptionTypeEnum
		level    types.ConflictDetailLevelTypeEnum
		strategy types.ConflictResolutionStrategyTypeEnum
		parents  int
		a, code  string // of main's a.txt afterwards
	}{
		{"fast forward", onlySide, "FAST_FORWARD_MERGE", "", "", 1, "1\n2\n3\n4\n5\n6\n7", ""},
		{"squash", onlySide, "SQUASH_MERGE", "", "", 1, "1\n2\n3\n4\n5\n6\n7", ""},
		{"three way", onlySide, "THREE_WAY_MERGE", "", "", 2, "1\n2\n3\n4\n5\n6\n7", ""},
		{"no fast forward", linesApart, "FAST_FORWARD_MERGE", "", "", 0, "", "ManualMergeRequiredException"},
		{"by files", linesApart, "THREE_WAY_MERGE", "", "", 0, "", "ManualMergeRequiredException"},
		{"by lines", linesApart, "THREE_WAY_MERGE", "LINE_LEVEL", "", 2, "one\n2\n3\n4\n5\n6\nseven", ""},
		{"same line", sameLine, "SQUASH_MERGE", "LINE_LEVEL", "", 0, "", "ManualMergeRequiredException"},
		{"same line, the source's", sameLine, "SQUASH_MERGE", "LINE_LEVEL", "ACCEPT_SOURCE", 1, "1\n2\n3\nside\n5\n6\n7", ""},
		{"same file, the destination's", sameLine, "THREE_WAY_MERGE", "", "ACCEPT_DESTINATION", 2, "1\n2\n3\nmain\n5\n6\n7", ""},
		{"automerge", sameLine, "THREE_WAY_MERGE", "", "AUTOMERGE", 0, "", "InvalidConflictResolutionStrategyException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			dir := forked(t, w, c.diverge(t))
			commit, _, err := w.mergeBranches(as(t, "ann"), c.option, codecommit.MergeBranchesByThreeWayInput{
				RepositoryName: new("app"), SourceCommitSpecifier: new("side"), DestinationCommitSpecifier: new("main"),
				ConflictDetailLevel: c.level, ConflictResolutionStrategy: c.strategy,
			})
			if c.code != "" {
				wantError(t, err, c.code, "")
				same(t, w.bus.take(), []string(nil))
				return
			}
			check(t, err)
			must(t, dir, "fetch", "--quiet", w.remote("app"), "main")
			same(t, must(t, dir, "rev-parse", "FETCH_HEAD"), *commit)
			same(t, must(t, dir, "show", "FETCH_HEAD:a.txt"), c.a)
			same(t, len(strings.Fields(must(t, dir, "show", "-s", "--format=%P", "FETCH_HEAD"))), c.parents)
			if e := w.bus.events[0]; e.Option != string(c.option) || e.DestinationCommitID != e.OldCommitID || e.CommitID != *commit || e.SourceCommitID == "" {
				t.Errorf("event %+v", e)
			}
		})
	}
}

func TestMergeConflicts(t *testing.T) {
	w := newWorld(t)
	forked(t, w, sameLine(t))
	in := &codecommit.GetMergeConflictsInput{
		RepositoryName: new("app"), SourceCommitSpecifier: new("side"), DestinationCommitSpecifier: new("main"),
		MergeOption: types.MergeOptionTypeEnumThreeWayMerge, ConflictDetailLevel: types.ConflictDetailLevelTypeEnumLineLevel,
	}
	out, err := w.GetMergeConflicts(t.Context(), in)
	check(t, err)
	c := out.ConflictMetadataList[0]
	if out.Mergeable || *c.FilePath != "a.txt" || c.NumberOfConflicts != 1 || !c.ContentConflict || c.FileSizes.Base != 14 || c.FileSizes.Source != 17 ||
		c.MergeOperations.Source != "M" || c.ObjectTypes.Destination != "FILE" || *c.IsBinaryFile.Base || c.FileModeConflict || c.ObjectTypeConflict {
		t.Errorf("conflict %+v", c)
	}
	options, err := w.GetMergeOptions(t.Context(), &codecommit.GetMergeOptionsInput{
		RepositoryName: new("app"), SourceCommitSpecifier: new("side"), DestinationCommitSpecifier: new("main"),
		ConflictResolutionStrategy: types.ConflictResolutionStrategyTypeEnumAcceptSource,
	})
	check(t, err)
	same(t, options.MergeOptions, []types.MergeOptionTypeEnum{"SQUASH_MERGE", "THREE_WAY_MERGE"})
}

// openPull has ann ask for side to be merged.
func openPull(t *testing.T, w *world) *types.PullRequest {
	t.Helper()
	out, err := w.CreatePullRequest(as(t, "ann"), &codecommit.CreatePullRequestInput{
		Title: new("Mine"), ClientRequestToken: new("once"),
		Targets: []types.Target{{RepositoryName: new("app"), SourceReference: new("side")}},
	})
	check(t, err)
	return out.PullRequest
}

func TestPullRequest(t *testing.T) {
	w := newWorld(t)
	dir := forked(t, w, onlySide(t))
	p := openPull(t, w)
	same(t, *openPull(t, w).PullRequestId, *p.PullRequestId)
	same(t, w.bus.others[0]["notificationBody"], any("A pull request event occurred in the following AWS CodeCommit repository: app. User: arn:aws:iam::123456789012:user/ann. Event: Created. "+
		"The pull request was created with the following information: Pull Request ID as 1 and title as Mine. For more information, go to the AWS CodeCommit console "+
		"https://eu-west-1.console.aws.amazon.com/codesuite/codecommit/repositories/app/pull-requests/1?region=eu-west-1"))
	rule := `{"Version": "2018-11-08", "Statements": [{"Type": "Approvers", "NumberOfApprovalsNeeded": 1, "ApprovalPoolMembers": ["CodeCommitApprovers:123456789012:bea", "arn:aws:sts::123456789012:assumed-role/Review/*"]}]}`
	_, err := w.CreatePullRequestApprovalRule(as(t, "ann"), &codecommit.CreatePullRequestApprovalRuleInput{PullRequestId: p.PullRequestId, ApprovalRuleName: new("one"), ApprovalRuleContent: &rule})
	check(t, err)

	approve := func(who string, revision *string) error {
		_, err := w.UpdatePullRequestApprovalState(as(t, who), &codecommit.UpdatePullRequestApprovalStateInput{
			PullRequestId: p.PullRequestId, RevisionId: revision, ApprovalState: types.ApprovalStateApprove,
		})
		return err
	}
	merge := func() error {
		_, err := w.MergePullRequestBySquash(as(t, "bea"), &codecommit.MergePullRequestBySquashInput{PullRequestId: p.PullRequestId, RepositoryName: new("app")})
		return err
	}
	wantError(t, approve("ann", p.RevisionId), "PullRequestCannotBeApprovedByAuthorException", "")
	check(t, approve("cat", p.RevisionId)) // who is not in the pool
	wantError(t, merge(), "PullRequestApprovalRulesNotSatisfiedException", "")
	check(t, approve("bea", p.RevisionId))

	must(t, dir, "checkout", "--quiet", "side")
	commitFile(t, dir, "c.txt", "c\n")
	must(t, dir, "push", "--quiet", w.remote("app"), "side")
	wantError(t, approve("bea", p.RevisionId), "RevisionNotCurrentException", "")
	wantError(t, merge(), "PullRequestApprovalRulesNotSatisfiedException", "") // a new revision was not approved
	got, err := w.GetPullRequest(t.Context(), &codecommit.GetPullRequestInput{PullRequestId: p.PullRequestId})
	check(t, err)
	check(t, approve("bea", got.PullRequest.RevisionId))
	evaluation, err := w.EvaluatePullRequestApprovalRules(t.Context(), &codecommit.EvaluatePullRequestApprovalRulesInput{PullRequestId: p.PullRequestId, RevisionId: got.PullRequest.RevisionId})
	check(t, err)
	same(t, evaluation.Evaluation.ApprovalRulesSatisfied, []string{"one"})
	check(t, merge())
	wantError(t, merge(), "PullRequestAlreadyClosedException", "")

	clone := filepath.Join(t.TempDir(), "clone")
	must(t, "", "clone", "--quiet", w.remote("app"), clone)
	same(t, must(t, clone, "show", "HEAD:c.txt"), "c")
	events, err := w.DescribePullRequestEvents(t.Context(), &codecommit.DescribePullRequestEventsInput{PullRequestId: p.PullRequestId})
	check(t, err)
	var kinds, told []string
	for _, e := range events.PullRequestEvents {
		kinds = append(kinds, strings.TrimPrefix(string(e.PullRequestEventType), "PULL_REQUEST_"))
	}
	same(t, kinds, []string{
		"CREATED", "APPROVAL_RULE_CREATED", "APPROVAL_STATE_CHANGED", "APPROVAL_STATE_CHANGED", "SOURCE_REFERENCE_UPDATED",
		"APPROVAL_STATE_CHANGED", "MERGE_STATE_CHANGED", "STATUS_CHANGED",
	})
	for _, e := range w.bus.others {
		told = append(told, strings.TrimPrefix(e["event"].(string), "pullRequest"))
	}
	same(t, told, []string{"Created", "ApprovalRuleCreated", "ApprovalStateChanged", "ApprovalStateChanged", "SourceBranchUpdated", "ApprovalStateChanged", "MergeStatusUpdated"})
	last := w.bus.others[len(told)-1]
	same(t, []any{last["isMerged"], last["pullRequestStatus"], last["mergeOption"]}, []any{"True", "Closed", "SQUASH_MERGE"})
}

func TestPullRequestsClose(t *testing.T) {
	w := newWorld(t)
	dir := forked(t, w, onlySide(t))
	p := openPull(t, w)
	list := func(status types.PullRequestStatusEnum) []string {
		out, err := w.ListPullRequests(t.Context(), &codecommit.ListPullRequestsInput{RepositoryName: new("app"), PullRequestStatus: status})
		check(t, err)
		return out.PullRequestIds
	}
	same(t, list("OPEN"), []string{"1"})
	must(t, dir, "push", "--quiet", w.remote("app"), ":side")
	same(t, list("OPEN"), []string{})
	same(t, list("CLOSED"), []string{"1"})
	_, err := w.UpdatePullRequestStatus(as(t, "ann"), &codecommit.UpdatePullRequestStatusInput{PullRequestId: p.PullRequestId, PullRequestStatus: "OPEN"})
	wantError(t, err, "InvalidPullRequestStatusUpdateException", "")
	_, err = w.GetPullRequest(t.Context(), &codecommit.GetPullRequestInput{PullRequestId: new("9")})
	wantError(t, err, "PullRequestDoesNotExistException", "")
	_, err = w.GetPullRequest(t.Context(), &codecommit.GetPullRequestInput{PullRequestId: new("x")})
	wantError(t, err, "InvalidPullRequestIdException", "")
}

func TestComments(t *testing.T) {
	w := newWorld(t)
	forked(t, w, onlySide(t))
	p := openPull(t, w)
	target := p.PullRequestTargets[0]
	first, err := w.PostCommentForPullRequest(as(t, "bea"), &codecommit.PostCommentForPullRequestInput{
		PullRequestId: p.PullRequestId, RepositoryName: new("app"), BeforeCommitId: target.DestinationCommit, AfterCommitId: target.SourceCommit,
		Content: new("Why?"), Location: &types.Location{FilePath: new("b.txt"), FilePosition: aws.Int64(1), RelativeFileVersion: "AFTER"},
	})
	check(t, err)
	if first.AfterBlobId == nil || first.BeforeBlobId != nil {
		t.Errorf("blobs %v, %v", first.BeforeBlobId, first.AfterBlobId)
	}
	_, err = w.PostCommentReply(as(t, "ann"), &codecommit.PostCommentReplyInput{InReplyTo: first.Comment.CommentId, Content: new("So.")})
	check(t, err)
	_, err = w.UpdateComment(as(t, "ann"), &codecommit.UpdateCommentInput{CommentId: first.Comment.CommentId, Content: new("x")})
	wantError(t, err, "CommentNotCreatedByCallerException", "")
	_, err = w.DeleteCommentContent(as(t, "ann"), &codecommit.DeleteCommentContentInput{CommentId: first.Comment.CommentId})
	check(t, err)
	_, err = w.UpdateComment(as(t, "bea"), &codecommit.UpdateCommentInput{CommentId: first.Comment.CommentId, Content: new("x")})
	wantError(t, err, "CommentDeletedException", "")
	out, err := w.GetCommentsForPullRequest(t.Context(), &codecommit.GetCommentsForPullRequestInput{PullRequestId: p.PullRequestId})
	check(t, err)
	thread := out.CommentsForPullRequestData[0].Comments
	if len(thread) != 2 || !thread[0].Deleted || thread[0].Content != nil || *thread[1].Content != "So." || *thread[1].InReplyTo != *first.Comment.CommentId {
		t.Errorf("comments %+v", thread)
	}
}

func TestApprovalPools(t *testing.T) {
	for _, c := range []struct {
		arn, member string
		want        bool
	}{
		{"arn:aws:iam::1:user/ann", "arn:aws:iam::1:user/ann", true},
		{"arn:aws:iam::1:user/ann", "arn:aws:iam::1:user/an", false},
		{"arn:aws:sts::1:assumed-role/R/ann", "arn:aws:sts::1:assumed-role/R/*", true},
		{"arn:aws:sts::1:assumed-role/R/ann", "CodeCommitApprovers:1:ann", true},
		{"arn:aws:iam::1:user/ann", "CodeCommitApprovers:1:ann", true},
		{"arn:aws:iam::1:user/ann", "CodeCommitApprovers:1:a*", true},
		{"arn:aws:iam::2:user/ann", "CodeCommitApprovers:1:ann", false},
	} {
		if got := isMember(c.arn, c.member); got != c.want {
			t.Errorf("%s in %s: %t", c.arn, c.member, got)
		}
	}
	for _, bad := range []string{"", "{}", `{"Version":"2018-11-08","Statements":[]}`, `{"Version":"2018-11-08","Statements":[{"Type":"Approvers"}]}`, `{"Version":"2012-10-17","Statements":[{"Type":"Approvers","NumberOfApprovalsNeeded":1}]}`} {
		if _, err := parseRule(&bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
