package codepipeline

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

func TestApproval(t *testing.T) {
	answer := func(b *bench, token string, status types.ApprovalStatus) error {
		_, err := b.s.PutApprovalResult(b.ctx(), &codepipeline.PutApprovalResultInput{
			PipelineName: aws.String("p"), StageName: aws.String("Deploy"), ActionName: aws.String("Approve"), Token: aws.String(token),
			Result: &types.ApprovalResult{Status: status, Summary: aws.String("looks fine")},
		})
		synctest.Wait()
		return err
	}
	begin := func(b *bench) string {
		b.create(declare(func(p *types.PipelineDeclaration) {
			a := approval("Approve")
			a.TimeoutInMinutes = aws.Int32(5)
			p.Stages[2] = stage("Deploy", a)
		}))
		b.end("Source", "Build")
		return *b.state().StageStates[2].ActionStates[0].LatestExecution.Token
	}
	t.Run("approved", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			token := begin(b)
			wantError(t, answer(b, uuid.New(), types.ApprovalStatusApproved),
				"InvalidApprovalTokenException: The approval request already received a response or has expired.")
			if err := answer(b, token, types.ApprovalStatusApproved); err != nil {
				t.Fatal(err)
			}
			want(t, "status", b.status(), []string{"Succeeded"})
			got := b.state().StageStates[2].ActionStates[0].LatestExecution
			want(t, "answer", []string{*got.Summary, *got.LastUpdatedBy}, []string{"looks fine", "arn:aws:iam::123456789012:user/ann"})
			want(t, "no token any more", got.Token, (*string)(nil))
			wantError(t, answer(b, token, types.ApprovalStatusRejected),
				"ApprovalAlreadyCompletedException: The approval action has already been approved or rejected.")
			want(t, "status", b.status(), []string{"Succeeded"})
			out, err := b.s.ListActionExecutions(b.ctx(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p")})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "approved by", *out.ActionExecutionDetails[0].UpdatedBy, "arn:aws:iam::123456789012:user/ann")
		})
	})
	t.Run("rejected", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			if err := answer(b, begin(b), types.ApprovalStatusRejected); err != nil {
				t.Fatal(err)
			}
			want(t, "status", b.status(), []string{"Failed"})
			want(t, "summary", *b.state().StageStates[2].ActionStates[0].LatestExecution.Summary, "looks fine")
		})
	})
	t.Run("nobody answers", func(t *testing.T) {
		inBubble(t, func(b *bench) {
			token := begin(b)
			pass(5 * time.Minute)
			wantError(t, answer(b, token, types.ApprovalStatusApproved),
				"InvalidApprovalTokenException: The approval request already received a response or has expired.")
			want(t, "status", b.status(), []string{"Failed"})
			want(t, "error", *b.state().StageStates[2].ActionStates[0].LatestExecution.ErrorDetails.Message,
				"The approval action was not completed within 5m0s")
		})
	})
}

// TestApprovalMessage holds the message against
// docs.aws.amazon.com/codepipeline/latest/userguide/approvals-json-format.html.
func TestApprovalMessage(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit, builds: done(buildtypes.StatusTypeSucceeded)}
		f.builds[1].ExportedEnvironmentVariables = []buildtypes.ExportedEnvironmentVariable{{Name: aws.String("COVERAGE"), Value: aws.String("93%")}}
		b.real(f)
		b.create(askingPipeline())
		settle()
		if len(f.messages) != 1 {
			t.Fatalf("messages %v", f.messages)
		}
		topic, rest, _ := strings.Cut(f.messages[0], " ")
		subject, message, _ := strings.Cut(rest, " {")
		want(t, "topic", topic, "arn:aws:sns:us-east-1:123456789012:topic")
		want(t, "subject", subject, "APPROVAL NEEDED: AWS CodePipeline p for action Approve")
		var got map[string]any
		if err := json.Unmarshal([]byte("{"+message), &got); err != nil {
			t.Fatal(err)
		}
		token := *b.state().StageStates[2].ActionStates[0].LatestExecution.Token
		link := "https://us-east-1.console.aws.amazon.com/codesuite/codepipeline/pipelines/p/view?region=us-east-1"
		approval := got["approval"].(map[string]any)
		if expires, err := time.Parse("2006-01-02T15:04Z", approval["expires"].(string)); err != nil || expires.Sub(b.env.Now()) > approvalTimeout {
			t.Errorf("expires %v: %v", approval["expires"], err)
		}
		delete(approval, "expires")
		want(t, "message", got, map[string]any{
			"region": "us-east-1", "consoleLink": link,
			"approval": map[string]any{
				"pipelineName": "p", "stageName": "Deploy", "actionName": "Approve", "token": token,
				"externalEntityLink": "https://example.com/" + b.first(), "approvalReviewLink": link + "#/Deploy/Approve/approve/" + token,
				"customData": "Say hello, 93% of " + commit,
			},
		})
	})
}

// askingPipeline asks with the variables of its source, of its build and of itself.
func askingPipeline() types.PipelineDeclaration {
	return declare(func(p *types.PipelineDeclaration) {
		p.Stages[1].Actions[0].Namespace = aws.String("Built")
		a := approval("Approve")
		a.Configuration = map[string]string{
			"NotificationArn": "arn:aws:sns:us-east-1:123456789012:topic", "ExternalEntityLink": "https://example.com/#{codepipeline.PipelineExecutionId}",
			"CustomData": "#{SourceVariables.CommitMessage}, #{Built.COVERAGE} of #{SourceVariables.CommitId}",
		}
		p.Stages[2] = stage("Deploy", a)
	})
}

func TestApprovalMayNotPublish(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit, builds: done(buildtypes.StatusTypeSucceeded), denied: "Publish"}
		f.builds[1].ExportedEnvironmentVariables = []buildtypes.ExportedEnvironmentVariable{{Name: aws.String("COVERAGE"), Value: aws.String("93%")}}
		b.real(f)
		b.create(askingPipeline())
		settle()
		got := b.state().StageStates[2].ActionStates[0].LatestExecution
		want(t, "error", []string{*got.ErrorDetails.Code, *got.ErrorDetails.Message}, []string{
			"PermissionError", "The provided role does not have sufficient permissions: User: arn is not authorized to perform: SNS:Publish on resource: topic",
		})
		_, e, err := b.s.execution("p", b.first())
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.s.PutApprovalResult(b.ctx(), &codepipeline.PutApprovalResultInput{
			PipelineName: aws.String("p"), StageName: aws.String("Deploy"), ActionName: aws.String("Approve"), Token: aws.String(e.action("Deploy", "Approve").Token),
			Result: &types.ApprovalResult{Status: types.ApprovalStatusApproved, Summary: aws.String("too late")},
		})
		wantError(t, err, "InvalidApprovalTokenException: The approval request already received a response or has expired.")
	})
}

// TestApprovalOutlivesRestart starts the service anew while one execution waits
// for a person and another before the stage.
func TestApprovalOutlivesRestart(t *testing.T) {
	for _, c := range []struct {
		name   string
		decide func(b *bench, token string) error
		want   []string
	}{
		{"approved", func(b *bench, token string) error {
			_, err := b.s.PutApprovalResult(b.ctx(), &codepipeline.PutApprovalResultInput{
				PipelineName: aws.String("p"), StageName: aws.String("Deploy"), ActionName: aws.String("Approve"), Token: aws.String(token),
				Result: &types.ApprovalResult{Status: types.ApprovalStatusApproved, Summary: aws.String("fine")},
			})
			return err
		}, []string{"Succeeded", "InProgress"}},
		{"expired", func(*bench, string) error {
			pass(4 * time.Minute) // of five, one of which had passed before the restart
			return nil
		}, []string{"Failed", "InProgress"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				var token string
				newBench(t, dir, func(b *bench) {
					b.create(declare(func(p *types.PipelineDeclaration) {
						a := approval("Approve")
						a.TimeoutInMinutes = aws.Int32(5)
						p.Stages[2] = stage("Deploy", a)
					}))
					b.end("Source", "Build")
					token = *b.state().StageStates[2].ActionStates[0].LatestExecution.Token
					b.start()
					b.end("Source", "Build")
					pass(time.Minute)
				})
				newBench(t, dir, func(b *bench) {
					synctest.Wait()
					deploy := b.state().StageStates[2]
					want(t, "token", *deploy.ActionStates[0].LatestExecution.Token, token)
					want(t, "executions before the stage", len(deploy.InboundExecutions), 1)
					want(t, "statuses", b.status(), []string{"InProgress", "InProgress"})
					b.mu.Lock()
					want(t, "events of what had begun before", len(b.events), 0)
					b.mu.Unlock()
					if err := c.decide(b, token); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					want(t, "statuses", b.status(), c.want)
					next := b.state().StageStates[2].ActionStates[0].LatestExecution
					if next.Token == nil || *next.Token == token {
						t.Errorf("the next execution asks with token %v", next.Token)
					}
				})
			})
		})
	}
}
