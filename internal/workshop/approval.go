package workshop

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/verify"
)

// Question is what a person is asked: an execution that waits for approval.
type Question struct {
	*verify.Question
	// Subject is the execution, with its commit and what the pipeline found out about it.
	Subject *verify.Execution
}

// NothingWaitsError says that there is nothing to approve; Newest is the newest
// execution, nil where there has been none.
type NothingWaitsError struct{ Newest *verify.Execution }

func (e *NothingWaitsError) Error() string {
	if e.Newest == nil {
		return "nothing waits for approval: there has been no execution"
	}
	return fmt.Sprintf("nothing waits for approval: the newest execution, of commit %.7s, is %s", e.Newest.Commit, e.Newest.Status)
}

// Question returns what waits for approval, or a *NothingWaitsError.
func (w *Workshop) Question(ctx context.Context) (*Question, error) {
	executions, err := w.scene.Executions(ctx)
	if err != nil {
		return nil, err
	}
	q, err := w.scene.Question(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range executions {
		if q != nil && e.ID == q.Execution {
			return &Question{q, e}, nil
		}
	}
	if len(executions) == 0 {
		return nil, &NothingWaitsError{}
	}
	return nil, &NothingWaitsError{Newest: executions[0]}
}

// Answer approves or rejects. Of what was approved it awaits the end.
func (w *Workshop) Answer(ctx context.Context, q *Question, approve bool, comment string) error {
	name := w.scene.Names.Pipeline()
	status := types.ApprovalStatusRejected
	if approve {
		status = types.ApprovalStatusApproved
	}
	if approve && w.live.Before == "" {
		w.live.Before = w.lookAtLive(ctx)
	}
	_, err := w.scene.CodePipeline.PutApprovalResult(ctx, &codepipeline.PutApprovalResultInput{
		PipelineName: &name, StageName: &q.Stage, ActionName: &q.Action, Token: &q.Token,
		Result: &types.ApprovalResult{Status: status, Summary: &comment},
	})
	if isAnswered(err) {
		return fmt.Errorf("somebody has answered for %.7s before: %w", q.Subject.Commit, err)
	}
	if err != nil {
		return fmt.Errorf("answer for %.7s: %w", q.Subject.Commit, err)
	}
	w.working("%s %.7s", status, q.Subject.Commit)
	err = cloud.Poll(ctx, func(ctx context.Context) (bool, error) {
		now, err := w.scene.Question(ctx)
		return err == nil && (now == nil || now.Token != q.Token), ignoreThrottle(err)
	})
	if err != nil || !approve {
		return err
	}
	return w.Await(ctx, q.Subject.Commit)
}

func isAnswered(err error) bool {
	if _, ok := errors.AsType[*types.ApprovalAlreadyCompletedException](err); ok {
		return true
	}
	_, ok := errors.AsType[*types.InvalidApprovalTokenException](err)
	return ok
}

// Decide implements phases.Bench.
func (w *Workshop) Decide(ctx context.Context, approve bool, comment string) error {
	q, err := w.Question(ctx)
	if err != nil {
		return err
	}
	return w.Answer(ctx, q, approve, comment)
}
