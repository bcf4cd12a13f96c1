package codepipeline

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// DisableStageTransition keeps executions from entering a stage, or from
// leaving it for the next one.
func (s *Service) DisableStageTransition(ctx context.Context, in *codepipeline.DisableStageTransitionInput) (*codepipeline.DisableStageTransitionOutput, error) {
	err := s.setTransition(aws.ToString(in.PipelineName), aws.ToString(in.StageName), in.TransitionType, transition{
		Disabled: true, Reason: aws.ToString(in.Reason), ChangedAt: s.env.Now(), ChangedBy: identity.From(ctx).ARN,
	})
	return &codepipeline.DisableStageTransitionOutput{}, err
}

// EnableStageTransition lets the execution that waits enter.
func (s *Service) EnableStageTransition(ctx context.Context, in *codepipeline.EnableStageTransitionInput) (*codepipeline.EnableStageTransitionOutput, error) {
	err := s.setTransition(aws.ToString(in.PipelineName), aws.ToString(in.StageName), in.TransitionType, transition{
		ChangedAt: s.env.Now(), ChangedBy: identity.From(ctx).ARN,
	})
	return &codepipeline.EnableStageTransitionOutput{}, err
}

func (s *Service) setTransition(name, stage string, kind types.StageTransitionType, t transition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.pipelines.Update(name, func(row *pipeline, ok bool) error {
		if !ok {
			return s.notFound(name)
		}
		i, err := stageIndex(&row.Declaration, stage)
		if err != nil {
			return err
		}
		if kind == types.StageTransitionTypeOutbound {
			if i++; i == len(row.Declaration.Stages) {
				return validationError("Stage %s is the last stage of pipeline %s and has no outbound transition", stage, name)
			}
			stage = aws.ToString(row.Declaration.Stages[i].Name)
		}
		if row.Transitions == nil {
			row.Transitions = map[string]transition{}
		}
		row.Transitions[stage] = t
		return nil
	})
	if err != nil {
		return err
	}
	d, err := s.door(name, stage)
	if err != nil {
		return err
	}
	d.closed = t.Disabled
	d.admit()
	return nil
}
