package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// Pipeline asks whether the pipeline is there.
var Pipeline = Check{
	Name: "pipeline", Asks: "Is there a pipeline from source to build?",
	Ask: func(ctx context.Context, s *Scene) Result {
		pipeline, result := s.pipeline(ctx)
		if pipeline == nil {
			return result
		}
		if len(pipeline.Stages) < 2 || pipeline.Stages[0].Name == nil {
			return wrong("the pipeline has fewer than two stages", "a Source and a Build stage", "mayfly run codepipeline")
		}
		if pipeline.Stages[0].Actions[0].Configuration["PollForSourceChanges"] != "false" {
			return wrong("the pipeline polls the repository once a minute", "PollForSourceChanges: \"false\", and a rule instead",
				"mayfly run codepipeline")
		}
		return passed("the pipeline has %d stages and does not poll", len(pipeline.Stages))
	},
}

func (s *Scene) pipeline(ctx context.Context) (*types.PipelineDeclaration, Result) {
	name := s.Names.Pipeline()
	out, err := s.CodePipeline.GetPipeline(ctx, &codepipeline.GetPipelineInput{Name: &name})
	if cloud.IsNotFound(err) {
		return nil, wrong("there is no pipeline "+name, "a pipeline", "mayfly run codepipeline")
	}
	if err != nil {
		return nil, cannotTell("codepipeline GetPipeline", err)
	}
	return out.Pipeline, Result{}
}

// PushRule asks whether a push starts the pipeline.
var PushRule = Check{
	Name: "push-rule", Asks: "Does an event start the pipeline?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const expected = "an enabled EventBridge rule whose target is the pipeline"
		const fix = "mayfly run codepipeline"
		name := s.Names.Pipeline()
		arn := fmt.Sprintf("arn:%s:codepipeline:%s:%s:%s", s.Partition(), s.Region, s.Account, name)
		rules, err := s.Events.ListRuleNamesByTarget(ctx, &eventbridge.ListRuleNamesByTargetInput{TargetArn: &arn})
		if err != nil {
			return cannotTell("events ListRuleNamesByTarget", err)
		}
		disabled := ""
		for _, rule := range rules.RuleNames {
			out, err := s.Events.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &rule})
			if err != nil {
				return cannotTell("events DescribeRule", err)
			}
			if out.State == "ENABLED" {
				return passed("rule %s starts it", rule)
			}
			disabled = rule
		}
		if disabled != "" {
			return wrong("rule "+disabled+" is disabled", expected, "aws events enable-rule --name "+disabled)
		}
		return wrong("no rule starts the pipeline", expected, fix)
	},
}

// PushStarts asks whether the newest commit went through the pipeline, started by its push.
var PushStarts = Check{
	Name: "push-starts", Asks: "Did the push of the newest commit start an execution, and did that succeed?",
	Ask: func(ctx context.Context, s *Scene) Result {
		head, result := s.head(ctx)
		if head == "" {
			return result
		}
		if pipeline, result := s.pipeline(ctx); pipeline == nil {
			return result
		}
		return s.headExecution(ctx, head)
	},
}

// headExecution judges the newest execution of a commit.
func (s *Scene) headExecution(ctx context.Context, commit string) Result {
	executions, err := s.Executions(ctx)
	if err != nil {
		return cannotTell("codepipeline ListPipelineExecutions", err)
	}
	return s.judgeHead(executions, commit)
}

func (s *Scene) judgeHead(executions []*Execution, commit string) Result {
	expected := fmt.Sprintf("an execution of commit %.7s, started by the push, that succeeded", commit)
	for _, e := range executions { // the newest first
		if e.Commit != commit {
			continue
		}
		switch e.Status {
		case types.PipelineExecutionStatusSucceeded:
			if !e.ByEvent {
				return wrong(fmt.Sprintf("commit %.7s was built because %s", commit, e.Trigger), expected,
					"git commit --allow-empty -m 'start by push' && git push origin main")
			}
			return passed("the push of %.7s started an execution, which took %s", commit, e.Total().Round(100*time.Millisecond))
		case types.PipelineExecutionStatusInProgress, types.PipelineExecutionStatusStopping:
			if asks := heldBy(executions, e); asks != "" {
				return Result{State: NotYet, Observed: asks, Expected: expected, Fix: "mayfly approve"}
			}
			return notYet(fmt.Sprintf("the execution of %.7s is in progress", commit), expected, usualDeployment)
		case types.PipelineExecutionStatusFailed, types.PipelineExecutionStatusCancelled,
			types.PipelineExecutionStatusStopped, types.PipelineExecutionStatusSuperseded:
		}
		observed := fmt.Sprintf("the execution of %.7s is %s", commit, e.Status)
		if e.Failure != "" {
			observed += ": " + e.Failure
		}
		return wrong(observed, expected, "Mend the cause, commit, and `git push origin main`.")
	}
	return wrong(fmt.Sprintf("no execution has commit %.7s, the head of main", commit), expected,
		"git commit --allow-empty -m 'start by push' && git push origin main")
}

// heldBy says which approval an execution waits for, its own or that of one
// before it; "" where it goes on by itself.
func heldBy(executions []*Execution, e *Execution) string {
	if e.Approval.Waits() {
		return fmt.Sprintf("the execution of %.7s waits for approval", e.Commit)
	}
	for _, other := range executions {
		if other.Approval.Waits() && e.Build.Length() > 0 && e.Deploy.From.IsZero() {
			return fmt.Sprintf("the execution of %.7s waits until that of %.7s is approved or rejected", e.Commit, other.Commit)
		}
	}
	return ""
}
