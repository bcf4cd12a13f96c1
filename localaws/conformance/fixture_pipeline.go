package conformance

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	cptypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// line is a pipeline with what it needs: a repository with one commit, a
// bucket and a role. Its first stage is Source, and the others are given.
type line struct {
	t                              *T
	name, repository, bucket, role string
	commit                         string
}

// approval is a stage Gate that waits for a person.
func approval() cptypes.StageDeclaration {
	return stage("Gate", cptypes.ActionDeclaration{
		Name:         aws.String("Approve"),
		ActionTypeId: actionType(cptypes.ActionCategoryApproval, "Manual"),
	})
}

func stage(name string, actions ...cptypes.ActionDeclaration) cptypes.StageDeclaration {
	return cptypes.StageDeclaration{Name: &name, Actions: actions}
}

func actionType(category cptypes.ActionCategory, provider string) *cptypes.ActionTypeId {
	return &cptypes.ActionTypeId{Category: category, Owner: cptypes.ActionOwnerAws, Provider: &provider, Version: aws.String("1")}
}

// building is a stage Build of a project.
func building(project string) cptypes.StageDeclaration {
	return stage("Build", cptypes.ActionDeclaration{
		Name: aws.String("Build"), ActionTypeId: actionType(cptypes.ActionCategoryBuild, "CodeBuild"), Namespace: aws.String("BuildVariables"),
		Configuration: map[string]string{"ProjectName": project}, InputArtifacts: []cptypes.InputArtifact{{Name: aws.String("SourceArtifact")}},
		OutputArtifacts: []cptypes.OutputArtifact{{Name: aws.String("BuildArtifact")}},
	})
}

// declare is the declaration of a pipeline, whose resources it makes.
func (t *T) declare(stages ...cptypes.StageDeclaration) (*line, *cptypes.PipelineDeclaration) {
	l := &line{t: t, name: t.name(), repository: t.repository(), bucket: t.bucket()}
	l.commit = t.put(l.repository, "README.md", "hello", "")
	l.role = t.role(trustService("codepipeline.amazonaws.com"), allow("s3:*", "codecommit:*", "codebuild:*", "sns:*", "lambda:*", "cloudformation:*", "iam:PassRole"))
	source := stage("Source", cptypes.ActionDeclaration{
		Name: aws.String("Source"), ActionTypeId: actionType(cptypes.ActionCategorySource, "CodeCommit"), Namespace: aws.String("SourceVariables"),
		Configuration:   map[string]string{"RepositoryName": l.repository, "BranchName": "main", "PollForSourceChanges": "false"},
		OutputArtifacts: []cptypes.OutputArtifact{{Name: aws.String("SourceArtifact")}},
	})
	return l, &cptypes.PipelineDeclaration{
		Name: &l.name, RoleArn: &l.role, PipelineType: cptypes.PipelineTypeV2, Stages: append([]cptypes.StageDeclaration{source}, stages...),
		ArtifactStore: &cptypes.ArtifactStore{Type: cptypes.ArtifactStoreTypeS3, Location: &l.bucket},
	}
}

// line makes a pipeline.
func (t *T) line(stages ...cptypes.StageDeclaration) *line {
	l, declaration := t.declare(stages...)
	l.create(declaration)
	return l
}

func (l *line) create(declaration *cptypes.PipelineDeclaration) {
	settled(l.t, func() (*codepipeline.CreatePipelineOutput, error) {
		return l.t.codepipeline.CreatePipeline(l.t.ctx, &codepipeline.CreatePipelineInput{Pipeline: declaration})
	})
	l.t.cleanup("pipeline "+l.name, func(t *T) error {
		_, err := t.codepipeline.DeletePipeline(t.ctx, &codepipeline.DeletePipelineInput{Name: &l.name})
		return err
	})
}

func (l *line) start() string {
	return str(must(l.t.codepipeline.StartPipelineExecution(l.t.ctx, &codepipeline.StartPipelineExecutionInput{Name: &l.name}))(l.t).PipelineExecutionId)
}

func (l *line) state() *codepipeline.GetPipelineStateOutput {
	return must(l.t.codepipeline.GetPipelineState(l.t.ctx, &codepipeline.GetPipelineStateInput{Name: &l.name}))(l.t)
}

func (l *line) stage(name string) cptypes.StageState {
	stages := l.state().StageStates
	i := slices.IndexFunc(stages, func(s cptypes.StageState) bool { return str(s.StageName) == name })
	if i < 0 {
		l.t.Fatalf("there is no stage %s", name)
	}
	return stages[i]
}

// action is the latest execution of the first action of a stage; never nil.
func (l *line) action(stage string) *cptypes.ActionExecution {
	if latest := l.stage(stage).ActionStates[0].LatestExecution; latest != nil {
		return latest
	}
	return &cptypes.ActionExecution{}
}

// token waits until the gate waits for somebody.
func (l *line) token() string {
	var token string
	l.t.eventually("the gate asks", func() bool {
		token = str(l.action("Gate").Token)
		return token != ""
	})
	return token
}

func (l *line) answer(token string, status cptypes.ApprovalStatus) error {
	_, err := l.t.codepipeline.PutApprovalResult(l.t.ctx, &codepipeline.PutApprovalResultInput{
		PipelineName: &l.name, StageName: aws.String("Gate"), ActionName: aws.String("Approve"), Token: &token,
		Result: &cptypes.ApprovalResult{Status: status, Summary: aws.String("because")},
	})
	return err
}

// executions are the pipeline's executions, the newest first.
func (l *line) executions() []cptypes.PipelineExecutionSummary {
	return must(l.t.codepipeline.ListPipelineExecutions(l.t.ctx, &codepipeline.ListPipelineExecutionsInput{PipelineName: &l.name}))(l.t).PipelineExecutionSummaries
}

func (l *line) execution(id string) *cptypes.PipelineExecution {
	return must(l.t.codepipeline.GetPipelineExecution(l.t.ctx, &codepipeline.GetPipelineExecutionInput{PipelineName: &l.name, PipelineExecutionId: &id}))(l.t).PipelineExecution
}

// becomes waits until an execution has a status.
func (l *line) becomes(id string, want cptypes.PipelineExecutionStatus) {
	l.t.eventually("the execution is "+string(want), func() bool { return l.execution(id).Status == want })
}

// first is the execution that the pipeline's creation started.
func (l *line) first() string {
	var list []cptypes.PipelineExecutionSummary
	l.t.eventually("an execution begins", func() bool {
		list = l.executions()
		return len(list) > 0
	})
	return str(list[len(list)-1].PipelineExecutionId)
}

// actions are the action executions of the pipeline, the newest first.
func (l *line) actions() []cptypes.ActionExecutionDetail {
	return must(l.t.codepipeline.ListActionExecutions(l.t.ctx, &codepipeline.ListActionExecutionsInput{PipelineName: &l.name}))(l.t).ActionExecutionDetails
}

// artifact is the key of the output artifact of a stage's action.
func (l *line) artifact(stage string) string {
	for _, action := range l.actions() {
		if str(action.StageName) == stage && action.Output != nil && len(action.Output.OutputArtifacts) == 1 {
			return str(action.Output.OutputArtifacts[0].S3location.Key)
		}
	}
	l.t.Fatalf("the stage %s has no artifact", stage)
	return ""
}
