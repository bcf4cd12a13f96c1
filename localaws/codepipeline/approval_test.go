package codepipeline

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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
			wantError(t, answer(b, token, types.ApprovalStatusApproved),
				"InvalidApprovalTokenException: The approval request already received a response or has expired.")
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
			begin(b)
			pass(5 * time.Minute)
			want(t, "status", b.status(), []string{"Failed"})
			want(t, "error", *b.state().StageStates[2].ActionStates[0].LatestExecution.ErrorDetails.Message,
				"The approval action was not completed within 5m0s")
		})
	})
}
