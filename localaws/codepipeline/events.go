package codepipeline

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// The events of CodePipeline, as
// docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
// shows them and as people have recorded them: numbers are written as 1.0.

func (s *Service) emitPipeline(r *run, state string) {
	e := s.current(r)
	detail := describe(r, e, state, e.Started)
	switch {
	case state == "STARTED" && e.Trigger.TriggerType != "":
		detail["execution-trigger"] = map[string]string{
			"trigger-type": string(e.Trigger.TriggerType), "trigger-detail": aws.ToString(e.Trigger.TriggerDetail),
		}
	case state == "STOPPING" && e.StopReason != "":
		detail["stop-execution-comments"] = e.StopReason
	}
	s.emit(r, "CodePipeline Pipeline Execution State Change", detail)
}

func (s *Service) emitStage(r *run, stage, state string) {
	e := s.current(r)
	detail := describe(r, e, state, e.Started)
	detail["stage"] = stage
	if st := e.stage(stage); st != nil && st.LastRetry != "" {
		// "The stage-last-retry-attempt-time field will be present in all the
		// subsequent stage events after a stage has been retried."
		detail["stage-last-retry-attempt-time"] = inMillis(st.Retried)
	}
	s.emit(r, "CodePipeline Stage Execution State Change", detail)
}

// emitStopping tells of an execution that ends with its actions under way. The
// caller holds mu: nothing may be said of its end before.
func (s *Service) emitStopping(r *run) {
	s.emitPipeline(r, "STOPPING")
	for _, st := range s.current(r).Stages {
		if st.Status == types.StageExecutionStatusStopping {
			s.emitStage(r, st.Name, "STOPPING")
		}
	}
}

func (s *Service) emitAction(r *run, id, state string) {
	e := s.current(r)
	a := e.actionByID(id)
	detail := describe(r, e, state, a.Started)
	detail["stage"], detail["action"], detail["action-execution-id"], detail["region"] = a.Stage, a.Name, id, s.env.Region
	detail["type"] = map[string]string{
		"owner": string(a.Type.Owner), "provider": aws.ToString(a.Type.Provider),
		"category": string(a.Type.Category), "version": aws.ToString(a.Type.Version),
	}
	if len(a.Inputs) > 0 {
		detail["input-artifacts"] = eventArtifacts(a.Inputs)
	}
	if len(a.Outputs) > 0 {
		detail["output-artifacts"] = eventArtifacts(a.Outputs)
	}
	if state == "SUCCEEDED" || state == "FAILED" {
		if result := eventResult(a); len(result) > 0 {
			detail["execution-result"] = result
		}
	}
	s.emit(r, "CodePipeline Action Execution State Change", detail)
}

// eventResult is the execution-result of an action that has ended.
func eventResult(a *actionRun) map[string]string {
	result := map[string]string{}
	put := func(key, value string) {
		if value != "" {
			result[key] = value
		}
	}
	put("external-execution-url", a.ExternalURL)
	put("external-execution-summary", a.Summary)
	put("external-execution-id", a.ExternalID)
	if a.Error != nil {
		put("error-code", aws.ToString(a.Error.Code))
	}
	return result
}

// describe is what the details of all events have.
func describe(r *run, e *execution, state string, started time.Time) map[string]any {
	return map[string]any{
		"pipeline": r.pipeline, "execution-id": r.id, "state": state, "start-time": inMillis(started),
		"version": decimal(int(aws.ToInt32(r.declaration.Version))), "pipeline-execution-attempt": decimal(e.attempt()),
	}
}

func inMillis(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// decimal writes a number as CodePipeline's events do.
func decimal(n int) json.Number { return json.Number(strconv.Itoa(n) + ".0") }

// current reads the row of an execution under way.
func (s *Service) current(r *run) *execution {
	e, _, err := s.executions.Get(r.key)
	if err != nil {
		s.env.Log.Error("read pipeline execution", "execution", r.id, "error", err)
	}
	return &e
}

func (s *Service) emit(r *run, detailType string, detail map[string]any) {
	// An event tells what happened, also of an execution that was cancelled.
	ctx := context.WithoutCancel(r.ctx)
	if err := s.env.Bus.Publish(ctx, "aws.codepipeline", detailType, []string{s.arn(r.pipeline)}, detail); err != nil {
		s.env.Log.Error("publish event", "type", detailType, "pipeline", r.pipeline, "error", err)
	}
}

func eventArtifacts(all []artifact) []any {
	out := make([]any, 0, len(all))
	for _, a := range all {
		out = append(out, map[string]any{"name": a.Name, "s3location": map[string]string{"bucket": a.Bucket, "key": a.Key}})
	}
	return out
}
