package codepipeline

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// actor does the work of one type of action. It returns a *failure where the
// action failed for a reason that its user should read.
type actor func(ctx context.Context, j *job) (result, error)

// job is what an actor gets.
type job struct {
	run           *run
	id            string // of the action execution
	stage, action string
	declaration   types.ActionDeclaration
	configuration map[string]string // variables resolved
	inputs        []artifact
	outputs       []artifact
	override      *types.SourceRevisionOverride // of a source action, where its revision was given
	bucket        string
	asked         *actionRun // of an approval that waits since before a restart
	cfg           aws.Config // with the keys of the role for which the action works
	principal     string     // that role
	// report records what is known before the action ends, such as the id of a build.
	report func(func(a *actionRun))
}

// result is what a successful actor hands on.
type result struct {
	summary   string
	variables map[string]string
	revision  *revision // of a source
}

// revision is what a source action found.
type revision struct {
	id, summary, url string
	created          *time.Time
}

// runAction runs one action and records all of it. A nil error means success.
func (s *Service) runAction(r *run, stage string, a types.ActionDeclaration) error {
	j := &job{
		run: r, id: uuid.New(), stage: stage, action: aws.ToString(a.Name), declaration: a,
		bucket: artifactBucket(&r.declaration),
	}
	j.report = func(change func(a *actionRun)) {
		s.change(r, func(e *execution) { change(e.actionByID(j.id)) })
	}
	var unresolved error
	s.change(r, func(e *execution) { unresolved = s.begin(e, j) })
	if j.asked == nil {
		s.emitAction(r, j.id, "STARTED")
	}
	res, err := s.act(j, unresolved)
	state := s.conclude(j, res, err)
	if state != "" {
		s.emitAction(r, j.id, state)
	}
	return err
}

// begin fills the job from the execution and records that the action started.
func (s *Service) begin(e *execution, j *job) error {
	a := j.declaration
	if run := e.action(j.stage, j.action); run != nil && run.Status == types.ActionExecutionStatusInProgress {
		asked := *run
		j.id, j.asked, j.configuration = run.ID, &asked, run.resolved()
		return nil
	}
	for _, in := range a.InputArtifacts {
		name := aws.ToString(in.Name)
		found, ok := e.Artifacts[name]
		if !ok {
			found = artifact{Name: name, Bucket: j.bucket}
		}
		j.inputs = append(j.inputs, found)
	}
	for _, out := range a.OutputArtifacts {
		name := aws.ToString(out.Name)
		j.outputs = append(j.outputs, artifact{
			Name: name, Bucket: j.bucket,
			Key: artifactKey(j.run.pipeline, name, a.ActionTypeId.Category == types.ActionCategorySource),
		})
	}
	for i := range e.Overrides {
		if aws.ToString(e.Overrides[i].ActionName) == j.action && a.ActionTypeId.Category == types.ActionCategorySource {
			j.override = &e.Overrides[i]
		}
	}
	var err error
	j.configuration, err = e.resolve(j.action, a.Configuration)
	resolved := j.configuration
	if maps.Equal(resolved, a.Configuration) {
		resolved = nil
	}
	now := s.env.Now()
	e.Actions = append(e.Actions, actionRun{
		ID: j.id, Stage: j.stage, Name: j.action, Type: *a.ActionTypeId,
		Status: types.ActionExecutionStatusInProgress, Started: now, Updated: now,
		Namespace: aws.ToString(a.Namespace), RoleARN: aws.ToString(a.RoleArn),
		Configuration: maps.Clone(a.Configuration), Resolved: resolved,
		Inputs: j.inputs,
	})
	return err
}

// act assumes the role and lets the actor work.
func (s *Service) act(j *job, unresolved error) (result, error) {
	if unresolved != nil {
		return result{}, unresolved
	}
	if j.asked != nil {
		return s.runApproval(j.run.ctx, j)
	}
	for _, in := range j.inputs {
		if in.Key == "" {
			return result{}, failed(codeConfiguration, "The input artifact %s does not exist: the action that declares it did not produce it", in.Name)
		}
	}
	var err error
	if j.cfg, j.principal, err = s.assume(j.run.ctx, &j.run.declaration, &j.declaration); err != nil {
		return result{}, err
	}
	act, ok := s.actors[typeKey(j.declaration.ActionTypeId.Category, aws.ToString(j.declaration.ActionTypeId.Provider))]
	if !ok {
		return result{}, failed(codeInternal, "no such action type")
	}
	return act(j.run.ctx, j)
}

// conclude records how the action ended and returns the state for its event,
// or "" where nothing may be said any more.
func (s *Service) conclude(j *job, res result, err error) string {
	cause := context.Cause(j.run.ctx)
	if err != nil && (errors.Is(cause, errClosed) || errors.Is(cause, errDeleted)) {
		return ""
	}
	state := "SUCCEEDED"
	s.change(j.run, func(e *execution) {
		a := e.actionByID(j.id)
		a.Updated = s.env.Now()
		switch {
		case err == nil:
			a.Status, a.Outputs, a.Variables = types.ActionExecutionStatusSucceeded, j.outputs, res.variables
			if res.summary != "" {
				a.Summary = clip(res.summary)
			}
			e.handOn(j, res)
		case errors.Is(cause, errCancelled): // the API has no status of that name
			state, a.Status, a.Token = "CANCELED", types.ActionExecutionStatusAbandoned, ""
		case cause != nil:
			state, a.Status, a.Token = "ABANDONED", types.ActionExecutionStatusAbandoned, ""
		default:
			state, a.Status = "FAILED", types.ActionExecutionStatusFailed
			s.recordFailure(a, err)
		}
	})
	return state
}

// handOn gives later actions what this one made.
func (e *execution) handOn(j *job, res result) {
	if e.Artifacts == nil {
		e.Artifacts = map[string]artifact{}
	}
	for _, out := range j.outputs {
		if res.revision != nil {
			out.Revision = res.revision.id
		}
		e.Artifacts[out.Name] = out
	}
	if ns := aws.ToString(j.declaration.Namespace); ns != "" {
		if e.Namespaces == nil {
			e.Namespaces = map[string]map[string]string{}
		}
		e.Namespaces[ns] = res.variables
	}
	if res.revision != nil {
		e.recordRevision(j, res.revision)
	}
}

func (e *execution) recordRevision(j *job, rev *revision) {
	a := e.actionByID(j.id)
	a.RevisionID, a.RevisionURL, a.ExternalURL = rev.id, rev.url, rev.url
	e.Sources = append(dropSource(e.Sources, j.action), types.SourceRevision{
		ActionName: aws.String(j.action), RevisionId: aws.String(rev.id),
		RevisionSummary: optional(rev.summary), RevisionUrl: optional(rev.url),
	})
	for _, out := range j.outputs {
		e.Revisions = append(dropRevision(e.Revisions, out.Name), types.ArtifactRevision{
			Name: aws.String(out.Name), RevisionId: aws.String(rev.id), Created: rev.created,
			RevisionSummary: optional(rev.summary), RevisionUrl: optional(rev.url),
		})
	}
}
