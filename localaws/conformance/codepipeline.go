package conformance

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	cptypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

const (
	cpAPI   = "https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_"
	cpGuide = "https://docs.aws.amazon.com/codepipeline/latest/userguide/"
)

// inPipeline has a project take its source from a pipeline, and give it its artifacts.
func inPipeline(in *codebuild.CreateProjectInput) {
	in.Source = &cbtypes.ProjectSource{Type: cbtypes.SourceTypeCodepipeline, Buildspec: in.Source.Buildspec}
	in.Artifacts = &cbtypes.ProjectArtifacts{Type: cbtypes.ArtifactsTypeCodepipeline}
}

var codepipelineAssumptions = []Assumption{
	{Number: 201, Title: "CodePipeline: making a pipeline starts an execution", Source: cpAPI + "CreatePipeline.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		equal(t, "TriggerType", l.execution(l.first()).Trigger.TriggerType, cptypes.TriggerTypeCreatePipeline)
	}},
	{Number: 202, Title: "CodePipeline: a pipeline has at least two stages", Source: cpGuide + "reference-pipeline-structure.html", Confirmed: true, Run: func(t *T) {
		_, declaration := t.declare()
		_, err := t.codepipeline.CreatePipeline(t.ctx, &codepipeline.CreatePipelineInput{Pipeline: declaration})
		t.wantError(err, "InvalidStructureException", "2 stages")
	}},
	{Number: 203, Title: "CodePipeline: sources stand in the first stage alone", Source: cpGuide + "reference-pipeline-structure.html", Confirmed: true, Run: func(t *T) {
		_, declaration := t.declare(approval())
		declaration.Stages[0], declaration.Stages[1] = declaration.Stages[1], declaration.Stages[0]
		_, err := t.codepipeline.CreatePipeline(t.ctx, &codepipeline.CreatePipelineInput{Pipeline: declaration})
		if code(err) != "InvalidActionDeclarationException" && code(err) != "InvalidStageDeclarationException" && code(err) != "InvalidStructureException" {
			t.Errorf("the error is %v", err)
		}
	}},
	{Number: 204, Title: "CodePipeline: a pipeline's name is given once", Source: "botocore model: CreatePipeline, PipelineNameInUseException", Confirmed: true, Run: func(t *T) {
		l, declaration := t.declare(approval())
		l.create(declaration)
		_, err := t.codepipeline.CreatePipeline(t.ctx, &codepipeline.CreatePipelineInput{Pipeline: declaration})
		t.wantError(err, "PipelineNameInUseException", l.name)
	}},
	{Number: 205, Title: "CodePipeline: a pipeline that is not there says so", Source: "botocore model: GetPipeline, PipelineNotFoundException", Confirmed: true, Run: func(t *T) {
		name := t.name()
		_, err := t.codepipeline.GetPipeline(t.ctx, &codepipeline.GetPipelineInput{Name: &name})
		t.wantError(err, "PipelineNotFoundException", name)
	}},
	{Number: 206, Title: "CodePipeline: deleting a pipeline that is not there succeeds", Source: cpAPI + "DeletePipeline.html", Run: func(t *T) {
		must(t.codepipeline.DeletePipeline(t.ctx, &codepipeline.DeletePipelineInput{Name: aws.String(t.name())}))(t)
	}},
	{Number: 207, Title: "CodePipeline: every change of a pipeline is a version, from 1", Source: cpAPI + "UpdatePipeline.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		got := must(t.codepipeline.GetPipeline(t.ctx, &codepipeline.GetPipelineInput{Name: &l.name}))(t)
		equal(t, "Version", aws.ToInt32(got.Pipeline.Version), 1)
		equal(t, "PipelineArn", str(got.Metadata.PipelineArn), t.arn("codepipeline", l.name))
		updated := must(t.codepipeline.UpdatePipeline(t.ctx, &codepipeline.UpdatePipelineInput{Pipeline: got.Pipeline}))(t)
		equal(t, "Version", aws.ToInt32(updated.Pipeline.Version), 2)
	}},
	{Number: 208, Title: "CodePipeline: PollForSourceChanges is kept as it was given, and no default is filled in", Source: cpGuide + "action-reference-CodeCommit.html", Run: func(t *T) {
		l, declaration := t.declare(approval())
		delete(declaration.Stages[0].Actions[0].Configuration, "PollForSourceChanges")
		l.create(declaration)
		got := must(t.codepipeline.GetPipeline(t.ctx, &codepipeline.GetPipelineInput{Name: &l.name}))(t)
		if value, ok := got.Pipeline.Stages[0].Actions[0].Configuration["PollForSourceChanges"]; ok {
			t.Errorf("PollForSourceChanges is %s", value)
		}
	}},
	{Number: 209, Title: "CodePipeline: a source's artifact is pipeline, artifact and a random name, and ends in .zip", Source: cpGuide + "welcome-introducing-artifacts.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		l.token()
		want := "^" + regexp.QuoteMeta(l.name[:min(20, len(l.name))]) + `/SourceArti/[A-Za-z0-9]{7}\.zip$`
		if key := l.artifact("Source"); !regexp.MustCompile(want).MatchString(key) {
			t.Errorf("the key is %s", key)
		}
	}},
	{Number: 210, Title: "CodePipeline: a build's artifact has no .zip at its end", Source: cpGuide + "welcome-introducing-artifacts.html", Confirmed: true, Run: func(t *T) {
		l := t.line(building(t.project(spec("echo hello > out.txt")+"artifacts: {files: [out.txt]}\n", inPipeline)))
		l.becomes(l.first(), cptypes.PipelineExecutionStatusSucceeded)
		want := "^" + regexp.QuoteMeta(l.name[:min(20, len(l.name))]) + `/BuildArtif/[A-Za-z0-9]{7}$`
		if key := l.artifact("Build"); !regexp.MustCompile(want).MatchString(key) {
			t.Errorf("the key is %s", key)
		}
	}},
	{Number: 211, Title: "CodePipeline: a build is told the artifact, the pipeline and the commit", Source: cpGuide + "action-reference-CodeBuild.html", Confirmed: true, Run: func(t *T) {
		project := t.project(spec("echo hello > out.txt")+"artifacts: {files: [out.txt]}\n", inPipeline)
		l := t.line(building(project))
		l.becomes(l.first(), cptypes.PipelineExecutionStatusSucceeded)
		ids := must(t.codebuild.ListBuildsForProject(t.ctx, &codebuild.ListBuildsForProjectInput{ProjectName: &project}))(t).Ids
		build := t.lookBuild(ids[0])
		equal(t, "Initiator", str(build.Initiator), "codepipeline/"+l.name)
		equal(t, "SourceVersion", str(build.SourceVersion), "arn:aws:s3:::"+l.bucket+"/"+l.artifact("Source"))
		equal(t, "ResolvedSourceVersion", str(build.ResolvedSourceVersion), l.commit)
		equal(t, "Source.Type", build.Source.Type, cbtypes.SourceTypeCodepipeline)
	}},
	{Number: 212, Title: "CodePipeline: a source's variables are the commit's", Source: cpGuide + "reference-variables.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		l.token()
		for _, action := range l.actions() {
			if str(action.StageName) == "Source" {
				got := action.Output.OutputVariables
				equal(t, "CommitId", got["CommitId"], l.commit)
				equal(t, "BranchName", got["BranchName"], "main")
				equal(t, "RepositoryName", got["RepositoryName"], l.repository)
				equal(t, "CommitMessage", strings.TrimSpace(got["CommitMessage"]), "put README.md")
				if got["AuthorDate"] == "" || got["CommitterDate"] == "" {
					t.Errorf("the variables are %v", got)
				}
			}
		}
	}},
	{Number: 213, Title: "CodePipeline: an approval has a token, and with it the execution goes on", Source: cpGuide + "approvals-approve-or-reject.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		token := l.token()
		equal(t, "Status", l.action("Gate").Status, cptypes.ActionExecutionStatusInProgress)
		must(0, l.answer(token, cptypes.ApprovalStatusApproved))(t)
		l.becomes(l.first(), cptypes.PipelineExecutionStatusSucceeded)
		equal(t, "Summary", str(l.action("Gate").Summary), "because")
	}},
	{Number: 214, Title: "CodePipeline: what is rejected fails", Source: cpGuide + "approvals-approve-or-reject.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		must(0, l.answer(l.token(), cptypes.ApprovalStatusRejected))(t)
		l.becomes(l.first(), cptypes.PipelineExecutionStatusFailed)
		equal(t, "Status", l.action("Gate").Status, cptypes.ActionExecutionStatusFailed)
	}},
	{Number: 215, Title: "CodePipeline: an approval is given once", Source: "botocore model: PutApprovalResult, ApprovalAlreadyCompletedException", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		token := l.token()
		must(0, l.answer(token, cptypes.ApprovalStatusApproved))(t)
		t.wantError(l.answer(token, cptypes.ApprovalStatusApproved), "ApprovalAlreadyCompletedException")
	}},
	{Number: 216, Title: "CodePipeline: a token that is another's is invalid", Source: "botocore model: PutApprovalResult, InvalidApprovalTokenException", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		l.token()
		t.wantError(l.answer("11111111-1111-1111-1111-111111111111", cptypes.ApprovalStatusApproved), "InvalidApprovalTokenException")
	}},
	{Number: 217, Title: "CodePipeline: a stage is locked, and a newer execution supersedes the one that waits", Source: cpGuide + "concepts-how-it-works.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		first := l.first()
		l.token()
		second := l.start()
		t.eventually("the second waits", func() bool { return l.waits("Gate", second) })
		third := l.start()
		l.becomes(second, cptypes.PipelineExecutionStatusSuperseded)
		t.eventually("the third waits", func() bool { return l.waits("Gate", third) })
		equal(t, "the first", l.execution(first).Status, cptypes.PipelineExecutionStatusInProgress)
	}},
	{Number: 218, Title: "CodePipeline: a failed stage is retried in the same execution", Source: cpAPI + "RetryStageExecution.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		before := l.token()
		must(0, l.answer(before, cptypes.ApprovalStatusRejected))(t)
		first := l.first()
		l.becomes(first, cptypes.PipelineExecutionStatusFailed)
		out := must(l.retry(first, "Gate"))(t)
		equal(t, "PipelineExecutionId", str(out.PipelineExecutionId), first)
		t.eventually("the gate asks again", func() bool { token := str(l.action("Gate").Token); return token != "" && token != before })
		must(0, l.answer(l.token(), cptypes.ApprovalStatusApproved))(t)
		l.becomes(first, cptypes.PipelineExecutionStatusSucceeded)
	}},
	{Number: 219, Title: "CodePipeline: a stage that has not failed is not retried", Source: "botocore model: RetryStageExecution, StageNotRetryableException", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		l.token()
		_, err := l.retry(l.first(), "Source")
		t.wantError(err, "StageNotRetryableException")
	}},
	{Number: 220, Title: "CodePipeline: an execution that another has overtaken in the stage is not retried", Source: "botocore model: RetryStageExecution, NotLatestPipelineExecutionException", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		token, first := l.token(), l.first()
		must(0, l.answer(token, cptypes.ApprovalStatusRejected))(t)
		l.becomes(first, cptypes.PipelineExecutionStatusFailed)
		l.start()
		t.eventually("the second is in the stage", func() bool { next := str(l.action("Gate").Token); return next != "" && next != token })
		_, err := l.retry(first, "Gate")
		t.wantError(err, "NotLatestPipelineExecutionException")
	}},
	{Number: 221, Title: "CodePipeline: an execution that is abandoned is stopped at once", Source: cpAPI + "StopPipelineExecution.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		l.token()
		first := l.first()
		must(l.stop(first))(t)
		l.becomes(first, cptypes.PipelineExecutionStatusStopped)
		equal(t, "Status", l.action("Gate").Status, cptypes.ActionExecutionStatusAbandoned)
	}},
	{Number: 222, Title: "CodePipeline: an execution that has ended cannot be stopped", Source: "botocore model: StopPipelineExecution, PipelineExecutionNotStoppableException", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		must(0, l.answer(l.token(), cptypes.ApprovalStatusApproved))(t)
		first := l.first()
		l.becomes(first, cptypes.PipelineExecutionStatusSucceeded)
		_, err := l.stop(first)
		t.wantError(err, "PipelineExecutionNotStoppableException")
	}},
	{Number: 223, Title: "CodePipeline: nothing passes a transition that is disabled, until it is enabled", Source: cpGuide + "transitions.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		l.token()
		disable := &codepipeline.DisableStageTransitionInput{PipelineName: &l.name, StageName: aws.String("Gate"), TransitionType: cptypes.StageTransitionTypeInbound, Reason: aws.String("holidays")}
		must(t.codepipeline.DisableStageTransition(t.ctx, disable))(t)
		got := l.stage("Gate").InboundTransitionState
		equal(t, "Enabled", got.Enabled, false)
		equal(t, "DisabledReason", str(got.DisabledReason), "holidays")
		must(0, l.answer(l.token(), cptypes.ApprovalStatusApproved))(t)
		l.becomes(l.first(), cptypes.PipelineExecutionStatusSucceeded)
		second := l.start()
		t.eventually("the second waits", func() bool { return l.waits("Gate", second) })
		must(t.codepipeline.EnableStageTransition(t.ctx, &codepipeline.EnableStageTransitionInput{PipelineName: &l.name, StageName: aws.String("Gate"), TransitionType: cptypes.StageTransitionTypeInbound}))(t)
		must(0, l.answer(l.token(), cptypes.ApprovalStatusApproved))(t)
		l.becomes(second, cptypes.PipelineExecutionStatusSucceeded)
	}},
	{Number: 224, Title: "CodePipeline: a stage that is not there has no transition", Source: "botocore model: DisableStageTransition, StageNotFoundException", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		_, err := t.codepipeline.DisableStageTransition(t.ctx, &codepipeline.DisableStageTransitionInput{PipelineName: &l.name, StageName: aws.String("Nowhere"), TransitionType: cptypes.StageTransitionTypeInbound, Reason: aws.String("x")})
		t.wantError(err, "StageNotFoundException")
	}},
	{Number: 225, Title: "CodePipeline: an execution that is not there says so", Source: "botocore model: GetPipelineExecution, PipelineExecutionNotFoundException", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		_, err := t.codepipeline.GetPipelineExecution(t.ctx, &codepipeline.GetPipelineExecutionInput{PipelineName: &l.name, PipelineExecutionId: aws.String("11111111-1111-1111-1111-111111111111")})
		t.wantError(err, "PipelineExecutionNotFoundException")
	}},
	{Number: 226, Title: "CodePipeline: a failed build fails its action, which links to the build", Source: "https://github.com/aws-samples/aws-saas-factory-ref-solution-serverless-saas/issues/3, which quotes CodePipeline", Confirmed: true, Run: func(t *T) {
		l := t.line(building(t.project(spec("exit 1"), inPipeline)))
		l.becomes(l.first(), cptypes.PipelineExecutionStatusFailed)
		got := l.action("Build")
		equal(t, "Status", got.Status, cptypes.ActionExecutionStatusFailed)
		if got.ErrorDetails == nil || str(got.ErrorDetails.Code) != "JobFailed" || !strings.HasPrefix(str(got.ErrorDetails.Message), "Build terminated with state: FAILED") {
			t.Errorf("the error is %+v", got.ErrorDetails)
		}
		if str(got.ExternalExecutionId) == "" || str(got.ExternalExecutionUrl) == "" {
			t.Errorf("the action has no link: %+v", got)
		}
	}},
	{Number: 227, Title: "CodePipeline: a branch that is not there fails the source", Source: cpGuide + "troubleshooting.html", Run: func(t *T) {
		l, declaration := t.declare(approval())
		declaration.Stages[0].Actions[0].Configuration["BranchName"] = "nowhere"
		l.create(declaration)
		l.becomes(l.first(), cptypes.PipelineExecutionStatusFailed)
		if got := l.action("Source").ErrorDetails; got == nil || !strings.Contains(str(got.Message), "nowhere") {
			t.Errorf("the error is %+v", got)
		}
	}},
	{Number: 228, Title: "CodePipeline: an execution is told on the bus, with these members", Source: cpGuide + "detect-state-changes-cloudwatch-events.html", Confirmed: true, Run: func(t *T) {
		l, declaration := t.declare(approval())
		rule := t.rule(`{"source":["aws.codepipeline"],"detail-type":["CodePipeline Pipeline Execution State Change"],"detail":{"pipeline":["` + l.name + `"],"state":["STARTED"]}}`)
		function := t.listener(rule)
		t.target1(rule, ebtypes.Target{Arn: aws.String(t.arn("lambda", "function:"+function)), InputTransformer: &ebtypes.InputTransformer{
			InputPathsMap: map[string]string{"id": "$.detail.execution-id", "state": "$.detail.state", "resource": "$.resources[0]"},
			InputTemplate: aws.String(`{"say": <id>, "state": <state>, "resource": <resource>}`),
		}})
		l.create(declaration)
		t.heard(function, `{"say": "`+l.first()+`", "state": "STARTED", "resource": "`+t.arn("codepipeline", l.name)+`"}`)
	}},
	{Number: 229, Title: "CodePipeline: a rule starts a pipeline at the commit that it is told", Source: cpGuide + "pipelines-trigger-source-overrides-eventbridge.html", Confirmed: true, Run: func(t *T) {
		l := t.line(approval())
		l.token()
		role := t.role(trustService("events.amazonaws.com"), allow("codepipeline:StartPipelineExecution"))
		rule := t.rule(`{"source":["aws.codecommit"],"resources":["` + t.arn("codecommit", l.repository) + `"],"detail":{"referenceName":["main"]}}`)
		t.target1(rule, ebtypes.Target{Arn: aws.String(t.arn("codepipeline", l.name)), RoleArn: &role, InputTransformer: &ebtypes.InputTransformer{
			InputPathsMap: map[string]string{"commit": "$.detail.commitId"},
			InputTemplate: aws.String(`{"sourceRevisions":[{"actionName":"Source","revisionType":"COMMIT_ID","revisionValue":<commit>}]}`),
		}})
		commit := t.put(l.repository, "README.md", "hello again", l.commit)
		t.eventually("the rule starts an execution of the commit", func() bool {
			list := l.executions()
			return len(list) == 2 && len(list[0].SourceRevisions) == 1 && str(list[0].SourceRevisions[0].RevisionId) == commit
		})
		equal(t, "TriggerType", l.executions()[0].Trigger.TriggerType, cptypes.TriggerTypeCloudWatchEvent)
		equal(t, "TriggerDetail", str(l.executions()[0].Trigger.TriggerDetail), t.arn("events", "rule/"+rule))
	}},
}

// waits says whether an execution stands before a stage.
func (l *line) waits(stage, id string) bool {
	state := l.stage(stage)
	inbound := state.InboundExecutions
	if state.InboundExecution != nil {
		inbound = append(inbound, *state.InboundExecution)
	}
	for _, execution := range inbound {
		if str(execution.PipelineExecutionId) == id {
			return true
		}
	}
	return false
}

func (l *line) retry(id, stage string) (*codepipeline.RetryStageExecutionOutput, error) {
	return l.t.codepipeline.RetryStageExecution(l.t.ctx, &codepipeline.RetryStageExecutionInput{
		PipelineName: &l.name, PipelineExecutionId: &id, StageName: &stage, RetryMode: cptypes.StageRetryModeFailedActions,
	})
}

// stop abandons an execution.
func (l *line) stop(id string) (*codepipeline.StopPipelineExecutionOutput, error) {
	return l.t.codepipeline.StopPipelineExecution(l.t.ctx, &codepipeline.StopPipelineExecutionInput{PipelineName: &l.name, PipelineExecutionId: &id, Abandon: true})
}
