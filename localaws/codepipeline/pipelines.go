package codepipeline

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

// CreatePipeline makes a pipeline and starts its first execution.
func (s *Service) CreatePipeline(ctx context.Context, in *codepipeline.CreatePipelineInput) (*codepipeline.CreatePipelineOutput, error) {
	p := *in.Pipeline
	name := aws.ToString(p.Name)
	if err := s.check(ctx, &p); err != nil {
		return nil, err
	}
	tags, err := addTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	p.Version = aws.Int32(1)

	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.limits(&p); err != nil {
		return nil, err
	}
	if err := s.put(name, p, func(row *pipeline, ok bool) error {
		if ok {
			return &types.PipelineNameInUseException{Message: aws.String("A pipeline with the name '" + name + "' already exists in account '" + s.env.Account + "'")}
		}
		*row = pipeline{Tags: tags, Created: s.env.Now()}
		return nil
	}); err != nil {
		return nil, err
	}
	trigger := types.ExecutionTrigger{TriggerType: types.TriggerTypeCreatePipeline, TriggerDetail: optional(identity.From(ctx).ARN)}
	// A variable without a default has no value yet, and then there is nothing to start.
	if variables, err := pipelineVariables(&p, nil); err == nil {
		if _, err := s.start(p, execution{heading: heading{Trigger: trigger}, Variables: variables}, 0); err != nil {
			return nil, err
		}
	}
	return &codepipeline.CreatePipelineOutput{Pipeline: &p, Tags: in.Tags}, nil
}

// UpdatePipeline replaces the declaration. Executions under way are cancelled:
// "The pipeline's definition was updated before the pipeline execution could be
// completed", says the API of the status Cancelled.
func (s *Service) UpdatePipeline(ctx context.Context, in *codepipeline.UpdatePipelineInput) (*codepipeline.UpdatePipelineOutput, error) {
	p := *in.Pipeline
	name := aws.ToString(p.Name)
	if _, err := s.pipeline(name); err != nil {
		return nil, err
	}
	if err := s.check(ctx, &p); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.limits(&p); err != nil {
		return nil, err
	}
	if err := s.put(name, p, func(row *pipeline, ok bool) error {
		if !ok {
			return s.notFound(name)
		}
		p.Version = aws.Int32(aws.ToInt32(row.Declaration.Version) + 1)
		return nil
	}); err != nil {
		return nil, err
	}
	for _, r := range s.runs {
		if r.pipeline == name {
			r.cancel(errCancelled)
		}
	}
	return &codepipeline.UpdatePipelineOutput{Pipeline: &p}, nil
}

// check validates a declaration and whether its roles may be assumed, which AWS
// tries as well before it takes a pipeline.
func (s *Service) check(ctx context.Context, p *types.PipelineDeclaration) error {
	if err := validate(p, s.env.Region); err != nil {
		return err
	}
	pipelineRole := aws.ToString(p.RoleArn)
	cfg, err := s.assumePipelineRole(ctx, aws.ToString(p.Name), pipelineRole)
	if err != nil {
		return structureError("%s", notAuthorized(pipelineRole))
	}
	for _, role := range actionRoles(p) {
		if _, err := s.assumeActionRole(ctx, cfg, role); err != nil {
			return structureError("%s", notAuthorizedBy(pipelineRole, role))
		}
	}
	return nil
}

// maxPipelines is AWS's default quota of pipelines in a region.
const maxPipelines = 1000

// limits checks the quotas for a pipeline that is to be written. The words are
// the API's; those of the service are not confirmed. The caller holds mu.
func (s *Service) limits(p *types.PipelineDeclaration) error {
	const words = "The number of pipelines associated with the Amazon Web Services account has exceeded the limit allowed for the account."
	name := aws.ToString(p.Name)
	if _, ok := s.watched[name]; !ok && len(polled(p)) > 0 && len(s.watched) >= maxPolled {
		return &types.LimitExceededException{Message: aws.String(words + " The limit of pipelines set to polling for source changes is 300.")}
	}
	if _, ok, err := s.pipelines.Get(name); err != nil || ok {
		return err
	}
	all, err := s.pipelines.Keys("", "", maxPipelines)
	if err == nil && len(all) >= maxPipelines {
		return &types.LimitExceededException{Message: aws.String(words)}
	}
	return err
}

// put writes the declaration with its next version, after prepare has seen the
// row. The caller holds mu.
func (s *Service) put(name string, p types.PipelineDeclaration, prepare func(row *pipeline, ok bool) error) error {
	var written pipeline
	err := s.pipelines.Update(name, func(row *pipeline, ok bool) error {
		if err := prepare(row, ok); err != nil {
			return err
		}
		version := aws.ToInt32(row.Declaration.Version) + 1
		row.Declaration = p
		row.Declaration.Version = aws.Int32(version)
		row.Updated = s.env.Now()
		written = *row
		return nil
	})
	if err != nil {
		return err
	}
	s.keep(&written)
	return s.versions.Put(versionKey(name, *written.Declaration.Version), written.Declaration)
}

// GetPipeline returns a pipeline's declaration, of any of its versions.
func (s *Service) GetPipeline(_ context.Context, in *codepipeline.GetPipelineInput) (*codepipeline.GetPipelineOutput, error) {
	row, err := s.pipeline(aws.ToString(in.Name))
	if err != nil {
		return nil, err
	}
	p := row.Declaration
	if in.Version != nil {
		var ok bool
		if p, ok, err = s.versions.Get(versionKey(aws.ToString(in.Name), *in.Version)); err != nil {
			return nil, err
		} else if !ok {
			return nil, &types.PipelineVersionNotFoundException{Message: aws.String("The pipeline version does not exist.")}
		}
	}
	return &codepipeline.GetPipelineOutput{
		Pipeline: &p,
		Metadata: &types.PipelineMetadata{PipelineArn: aws.String(s.arn(aws.ToString(in.Name))), Created: &row.Created, Updated: &row.Updated},
	}, nil
}

// ListPipelines lists the pipelines by name.
func (s *Service) ListPipelines(_ context.Context, in *codepipeline.ListPipelinesInput) (*codepipeline.ListPipelinesOutput, error) {
	after, err := decodeToken(in.NextToken)
	if err != nil {
		return nil, err
	}
	limit := pageSize(in.MaxResults, 1000)
	names, err := s.pipelines.Keys("", after, limit+1)
	if err != nil {
		return nil, err
	}
	out := &codepipeline.ListPipelinesOutput{Pipelines: []types.PipelineSummary{}}
	if len(names) > limit {
		names = names[:limit]
		out.NextToken = encodeToken(names[limit-1])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		if summary, ok := s.summaries[name]; ok { // else it was deleted this moment
			out.Pipelines = append(out.Pipelines, summary)
		}
	}
	return out, nil
}

// load takes into memory what is asked for too often to be decoded each time.
func (s *Service) load() error {
	rows, err := s.pipelines.List("", "", 0)
	for _, row := range rows {
		s.keep(&row.Value)
	}
	return err
}

// keep remembers a pipeline that was written. The caller holds mu.
func (s *Service) keep(row *pipeline) {
	p := &row.Declaration
	s.watch(*p)
	s.summaries[aws.ToString(p.Name)] = types.PipelineSummary{
		Name: p.Name, Version: p.Version, PipelineType: p.PipelineType, ExecutionMode: p.ExecutionMode,
		Created: aws.Time(row.Created), Updated: aws.Time(row.Updated),
	}
}

// DeletePipeline removes a pipeline with its history and ends its executions.
// A pipeline that does not exist is no error.
func (s *Service) DeletePipeline(_ context.Context, in *codepipeline.DeletePipelineInput) (*codepipeline.DeletePipelineOutput, error) {
	name := aws.ToString(in.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.runs {
		if r.pipeline == name {
			r.cancel(errDeleted)
		}
	}
	row, ok, err := s.pipelines.Get(name)
	if err != nil || !ok {
		return &codepipeline.DeletePipelineOutput{}, err
	}
	delete(s.watched, name)
	delete(s.summaries, name)
	for _, st := range row.Declaration.Stages {
		delete(s.doors, name+"/"+aws.ToString(st.Name))
	}
	if err := s.pipelines.Delete(name); err != nil {
		return nil, err
	}
	if err := deleteAll(s.versions, name+"/"); err != nil {
		return nil, err
	}
	if err := deleteAll(s.index, name+"/"); err != nil {
		return nil, err
	}
	return &codepipeline.DeletePipelineOutput{}, deleteAll(s.executions, name+"/")
}

// pipeline returns the row of a pipeline, or AWS's error.
func (s *Service) pipeline(name string) (pipeline, error) {
	row, ok, err := s.pipelines.Get(name)
	if err == nil && !ok {
		err = s.notFound(name)
	}
	return row, err
}

func (s *Service) notFound(name string) error {
	return &types.PipelineNotFoundException{Message: aws.String("Account '" + s.env.Account + "' does not have a pipeline with name '" + name + "'")}
}

// stageIndex returns the place of a stage, or AWS's error.
func stageIndex(p *types.PipelineDeclaration, stage string) (int, error) {
	i := slices.IndexFunc(p.Stages, func(st types.StageDeclaration) bool { return aws.ToString(st.Name) == stage })
	if i < 0 {
		return 0, &types.StageNotFoundException{
			Message: aws.String("Pipeline '" + aws.ToString(p.Name) + "' does not have a stage with name '" + stage + "'"),
		}
	}
	return i, nil
}
