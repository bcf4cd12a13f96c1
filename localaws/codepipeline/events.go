package codepipeline

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The events of CodePipeline, as
// docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
// describes them and as people have recorded them.

func (s *Service) emitPipeline(r *run, state string) {
	detail, e := s.detail(r, state)
	if e.Trigger.TriggerType != "" && state == "STARTED" {
		detail["execution-trigger"] = map[string]string{
			"trigger-type": string(e.Trigger.TriggerType), "trigger-detail": aws.ToString(e.Trigger.TriggerDetail),
		}
	}
	s.emit(r, "CodePipeline Pipeline Execution State Change", detail)
}

func (s *Service) emitStage(r *run, stage, state string) {
	detail, _ := s.detail(r, state)
	detail["stage"] = stage
	s.emit(r, "CodePipeline Stage Execution State Change", detail)
}

func (s *Service) emitAction(r *run, id, state string) {
	detail, e := s.detail(r, state)
	a := e.actionByID(id)
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
	if state != "STARTED" {
		outcome := map[string]string{}
		put := func(key, value string) {
			if value != "" {
				outcome[key] = value
			}
		}
		put("external-execution-url", a.ExternalURL)
		put("external-execution-summary", a.Summary)
		put("external-execution-id", a.ExternalID)
		if a.Error != nil {
			put("error-code", aws.ToString(a.Error.Code))
		}
		detail["execution-result"] = outcome
	}
	s.emit(r, "CodePipeline Action Execution State Change", detail)
}

func (s *Service) detail(r *run, state string) (map[string]any, *execution) {
	e, _, err := s.executions.Get(r.key)
	if err != nil {
		s.env.Log.Error("read pipeline execution", "execution", r.id, "error", err)
	}
	return map[string]any{
		"pipeline": r.pipeline, "execution-id": r.id, "state": state,
		"version": aws.ToInt32(r.declaration.Version), "start-time": e.Started.UTC().Format("2006-01-02T15:04:05.000Z"),
		"pipeline-execution-attempt": e.attempt(),
	}, &e
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
