package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// runApproval is what makes the approval as it should be.
const runApproval = "mayfly run approval"

// Approval is what an execution asked a person, and the answer.
type Approval struct {
	// Span is from the question to the answer.
	Span
	Status types.ActionExecutionStatus
	// Told is the text that went with the question.
	Told string
	// By is who answered, Comment what they wrote.
	By, Comment string
}

// Waits says whether nobody has answered yet.
func (a *Approval) Waits() bool { return a != nil && a.Status == types.ActionExecutionStatusInProgress }

func newApproval(a types.ActionExecutionDetail, span Span) *Approval {
	approval := &Approval{Span: span, Status: a.Status}
	if a.Input != nil {
		approval.Told = a.Input.ResolvedConfiguration["CustomData"]
	}
	if a.Output != nil && a.Output.ExecutionResult != nil {
		approval.Comment = aws.ToString(a.Output.ExecutionResult.ExternalExecutionSummary)
	}
	if arn := aws.ToString(a.UpdatedBy); a.Status != types.ActionExecutionStatusInProgress && arn != "" {
		approval.By = arn[strings.LastIndexAny(arn, ":/")+1:]
	}
	return approval
}

// answer says who answered and what.
func (a *Approval) answer(verb string) string {
	text := verb
	if a.By != "" {
		text += " by " + a.By
	}
	if a.Comment != "" {
		text += ": " + a.Comment
	}
	return text
}

// Question is an approval that waits for its answer.
type Question struct {
	Stage, Action, Token string
	// Execution is the one that asks; Behind are those that wait until it has left the stage.
	Execution string
	Behind    []string
}

// Holds says whether an execution cannot go on before the question is answered.
func (q *Question) Holds(execution string) bool {
	if q == nil {
		return false
	}
	return q.Execution == execution || slices.Contains(q.Behind, execution)
}

// Question returns the approval that the pipeline waits for; nil where it waits for none.
func (s *Scene) Question(ctx context.Context) (*Question, error) {
	name := s.Names.Pipeline()
	out, err := s.CodePipeline.GetPipelineState(ctx, &codepipeline.GetPipelineStateInput{Name: &name})
	if cloud.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("ask for the state of the pipeline: %w", err)
	}
	for _, stage := range out.StageStates {
		for _, action := range stage.ActionStates {
			latest := action.LatestExecution
			if latest == nil || latest.Token == nil || latest.Status != types.ActionExecutionStatusInProgress || stage.LatestExecution == nil {
				continue
			}
			q := &Question{
				Stage: aws.ToString(stage.StageName), Action: aws.ToString(action.ActionName), Token: *latest.Token,
				Execution: aws.ToString(stage.LatestExecution.PipelineExecutionId),
			}
			for _, inbound := range stage.InboundExecutions {
				q.Behind = append(q.Behind, aws.ToString(inbound.PipelineExecutionId))
			}
			return q, nil
		}
	}
	return nil, nil
}

// ApprovalStage asks whether a person stands between the change set and its execution.
var ApprovalStage = Check{
	Name: "approval-stage", Asks: "Does the pipeline ask a person before it deploys?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const expected = "an approval with a topic, between making the change set and executing it"
		pipeline, result := s.pipeline(ctx)
		if pipeline == nil {
			return result
		}
		action := approvalOf(pipeline)
		if action == nil {
			return wrong("nobody is asked before the change set is executed", expected, runApproval)
		}
		topic := action.Configuration["NotificationArn"]
		if topic == "" {
			return wrong("the approval tells nobody that it waits", expected, runApproval)
		}
		_, err := s.SNS.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &topic})
		if cloud.IsNotFound(err) {
			return wrong("the approval's topic is gone", expected, runApproval)
		}
		if err != nil {
			return cannotTell("sns GetTopicAttributes", err)
		}
		return passed("the pipeline asks by topic %s", topic[strings.LastIndex(topic, ":")+1:])
	},
}

// approvalOf finds the approval that comes after a change set was made and
// before it is executed; nil where there is none.
func approvalOf(pipeline *types.PipelineDeclaration) *types.ActionDeclaration {
	for _, stage := range pipeline.Stages {
		order := map[string]int32{}
		for _, action := range stage.Actions {
			order[action.Configuration["ActionMode"]] = aws.ToInt32(action.RunOrder)
		}
		made, prepared := order["CHANGE_SET_REPLACE"]
		executed, deploys := order["CHANGE_SET_EXECUTE"]
		for i, action := range stage.Actions {
			at := aws.ToInt32(action.RunOrder)
			if prepared && deploys && action.ActionTypeId.Category == types.ActionCategoryApproval && made < at && at < executed {
				return &stage.Actions[i]
			}
		}
	}
	return nil
}

// Asked asks whether somebody was asked about the newest commit, and was told
// which commit it is and whose.
var Asked = Check{
	Name: "asked", Asks: "Was somebody asked about the newest commit, and told whose it is?",
	Ask: func(ctx context.Context, s *Scene) Result {
		e, result := s.askedExecution(ctx)
		if e == nil {
			return result
		}
		expected := fmt.Sprintf("a message with commit %.7s and its author", e.Commit)
		if !strings.Contains(e.Approval.Told, e.Commit) || e.Author == "" || !strings.Contains(e.Approval.Told, e.Author) {
			return wrong(fmt.Sprintf("the approver of %.7s was told %.80q", e.Commit, e.Approval.Told), expected, runApproval)
		}
		return passed("somebody was asked about %.7s by %s", e.Commit, e.Author)
	},
}

// Approved asks whether a person let the newest commit through, and it is live.
var Approved = Check{
	Name: "approved", Asks: "Did a person approve the newest commit, and is it live?",
	Ask: func(ctx context.Context, s *Scene) Result {
		e, result := s.askedExecution(ctx)
		if e == nil {
			return result
		}
		expected := fmt.Sprintf("commit %.7s, approved by a person", e.Commit)
		const again = "git commit --allow-empty -m 'Ask again' && git push origin main"
		switch e.Approval.Status {
		case types.ActionExecutionStatusInProgress:
			return wrong(fmt.Sprintf("the execution of %.7s waits for approval", e.Commit), expected, "mayfly approve")
		case types.ActionExecutionStatusSucceeded:
			if live := Live.Ask(ctx, s); live.State != Passed {
				return live
			}
			return passed("%.7s was %s, after %s", e.Commit, e.Approval.answer("approved"), e.Approval.Length().Round(100*time.Millisecond))
		case types.ActionExecutionStatusFailed:
			return wrong(fmt.Sprintf("%.7s was %s", e.Commit, e.Approval.answer("rejected")), expected, again)
		case types.ActionExecutionStatusAbandoned:
		}
		return wrong(fmt.Sprintf("the execution of %.7s was stopped before anybody answered", e.Commit), expected, again)
	},
}

// askedExecution is the newest execution of the newest commit, where that has
// asked somebody; else the result says why it has not.
func (s *Scene) askedExecution(ctx context.Context) (*Execution, Result) {
	head, result := s.head(ctx)
	if head == "" {
		return nil, result
	}
	executions, err := s.Executions(ctx)
	if err != nil {
		return nil, cannotTell("codepipeline ListPipelineExecutions", err)
	}
	newest := slices.IndexFunc(executions, func(e *Execution) bool { return e.Commit == head })
	switch {
	case newest < 0:
	case executions[newest].Approval != nil:
		return executions[newest], Result{}
	case executions[newest].Status == types.PipelineExecutionStatusSucceeded:
		return nil, wrong(fmt.Sprintf("commit %.7s went to production and nobody was asked", head),
			"somebody was asked about the newest commit: change the greeting and push", startAgain)
	}
	return nil, s.judgeHead(ctx, executions, head)
}
