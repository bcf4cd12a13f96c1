package codepipeline

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
)

const commit = "0123456789012345678901234567890123456789"

func done(status buildtypes.StatusType) []buildtypes.Build {
	return []buildtypes.Build{{BuildStatus: buildtypes.StatusTypeInProgress}, {BuildStatus: status, BuildComplete: true}}
}

// doneAtOnce is a build that has succeeded whenever somebody asks.
func doneAtOnce() []buildtypes.Build {
	return []buildtypes.Build{{BuildStatus: buildtypes.StatusTypeSucceeded, BuildComplete: true}}
}

// twoStages is a pipeline that ends with the build.
func twoStages(change ...func(p *types.PipelineDeclaration)) types.PipelineDeclaration {
	p := declare(change...)
	p.Stages = p.Stages[:2]
	return p
}

// settle waits until all polls are over.
func settle() { pass(10 * time.Second) }

// pass lets time go by, of the bubble's own clock, and all that is due be done.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // in a bubble this is the event: the clock jumps
	synctest.Wait()
}

func TestSourceAndBuild(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit, builds: done(buildtypes.StatusTypeSucceeded)}
		f.builds[1].ExportedEnvironmentVariables = []buildtypes.ExportedEnvironmentVariable{{Name: aws.String("AUTHOR"), Value: aws.String("ann")}}
		b.real(f)
		b.create(twoStages(func(p *types.PipelineDeclaration) {
			a := &p.Stages[1].Actions[0]
			a.Namespace = aws.String("Built")
			a.Configuration["EnvironmentVariables"] = `[{"name":"COMMIT","value":"#{SourceVariables.CommitId}"},` +
				`{"name":"EXECUTION","value":"#{codepipeline.PipelineExecutionId}","type":"PLAINTEXT"}]`
		}))
		settle()
		want(t, "status", b.status(), []string{"Succeeded"})

		src := b.state().StageStates[0].ActionStates[0]
		want(t, "source", []string{*src.CurrentRevision.RevisionId, *src.LatestExecution.Summary, *src.LatestExecution.ExternalExecutionId},
			[]string{commit, "Say hello", commit})
		details, err := b.s.ListActionExecutions(b.ctx(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p")})
		if err != nil {
			t.Fatal(err)
		}
		built, sourced := details.ActionExecutionDetails[0], details.ActionExecutionDetails[1]
		want(t, "variables", sourced.Output.OutputVariables, map[string]string{
			"CommitId": commit, "CommitMessage": "Say hello", "BranchName": "main", "RepositoryName": "repo",
			"AuthorDate": "2017-01-11T20:49:58Z", "CommitterDate": "2017-01-11T20:49:58Z",
		})
		want(t, "exported", built.Output.OutputVariables, map[string]string{"AUTHOR": "ann"})

		key := *sourced.Output.OutputArtifacts[0].S3location.Key
		if !strings.HasSuffix(key, ".zip") || f.objects[key] == nil {
			t.Errorf("no source object at %s", key)
		}
		want(t, "input", *f.started.SourceVersion, "arn:aws:s3:::bucket/"+key)
		want(t, "output", *f.started.ArtifactsOverride.Path, *built.Output.OutputArtifacts[0].S3location.Key)
		var variables []string
		for _, v := range f.started.EnvironmentVariablesOverride {
			variables = append(variables, *v.Name+"="+*v.Value)
		}
		want(t, "environment", variables, []string{"COMMIT=" + commit, "EXECUTION=" + b.first(), resolvedRevision + "=" + commit})
		want(t, "build", *built.Output.ExecutionResult.ExternalExecutionId, "project:1234")
	})
}

func TestPinnedRevision(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: "newest", builds: done(buildtypes.StatusTypeSucceeded)}
		b.real(f)
		b.create(twoStages())
		settle()
		in := &codepipeline.StartPipelineExecutionInput{Name: aws.String("p"), SourceRevisions: []types.SourceRevisionOverride{{
			ActionName: aws.String("Source"), RevisionType: types.SourceRevisionTypeCommitId, RevisionValue: aws.String(commit),
		}}}
		if _, err := b.s.StartPipelineExecution(b.ctx(), in); err != nil {
			t.Fatal(err)
		}
		settle()
		out, err := b.s.ListPipelineExecutions(b.ctx(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p")})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "revision", *out.PipelineExecutionSummaries[0].SourceRevisions[0].RevisionId, commit)
		in.SourceRevisions[0].ActionName = aws.String("Sauce")
		_, err = b.s.StartPipelineExecution(b.ctx(), in)
		wantError(t, err, "ValidationException: Source action Sauce does not exist in pipeline p")
		in.SourceRevisions[0].ActionName, in.SourceRevisions[0].RevisionType = aws.String("Source"), types.SourceRevisionTypeS3ObjectKey
		_, err = b.s.StartPipelineExecution(b.ctx(), in)
		wantError(t, err, "ValidationException: Source revision type S3_OBJECT_KEY is not valid for action Source. It takes COMMIT_ID")
	})
}

func TestActionFailures(t *testing.T) {
	tests := []struct {
		name          string
		fake          *fakeAWS
		change        func(p *types.PipelineDeclaration)
		stage         int
		code, message string
	}{
		{
			name: "no such branch", fake: &fakeAWS{branch: apiError("BranchDoesNotExistException", "Branch main does not exist")},
			code: "ConfigurationError", message: "The action failed because no branch named main was found in the selected AWS CodeCommit repository repo. " +
				"Make sure you are using the correct branch name, and then try again. Error: null",
		},
		{
			name: "no permission", fake: &fakeAWS{branch: apiError("AccessDeniedException", "User: arn is not authorized to perform: codecommit:GetBranch")},
			code: "PermissionError", message: "The service role or action role doesn’t have the permissions required to access the AWS CodeCommit repository named repo. " +
				"Update the IAM role permissions, and then try again. Error: User: arn is not authorized to perform: codecommit:GetBranch",
		},
		{
			name: "no bucket", fake: &fakeAWS{head: commit, denied: "PutObject"},
			code: "PermissionError", message: "The service role or action role doesn’t have the permissions required to access the Amazon S3 bucket named bucket. " +
				"Update the IAM role permissions, and then try again. Error: Amazon S3:AccessDenied:User is not authorized to perform: s3:PutObject " +
				"(Service: Amazon S3; Status Code: 400; Error Code: AccessDenied; Request ID: null; Proxy: null)",
		},
		{
			name: "no permission to build", fake: &fakeAWS{head: commit, denied: "StartBuild"}, stage: 1,
			code: "PermissionError", message: "Error calling startBuild: User: arn is not authorized to perform: codebuild:StartBuild " +
				"(Service: AWSCodeBuild; Status Code: 400; Error Code: AccessDeniedException; Request ID: null; Proxy: null)",
		},
		{
			name: "build", fake: &fakeAWS{head: commit, builds: done(buildtypes.StatusTypeFailed)}, stage: 1,
			code: "JobFailed", message: "Build terminated with state: FAILED",
		},
		{
			name: "command", stage: 1, fake: &fakeAWS{head: commit, builds: []buildtypes.Build{{
				BuildStatus: buildtypes.StatusTypeFailed, BuildComplete: true,
				Phases: []buildtypes.BuildPhase{
					{PhaseType: buildtypes.BuildPhaseTypeInstall, PhaseStatus: buildtypes.StatusTypeSucceeded, Contexts: []buildtypes.PhaseContext{{}}},
					{PhaseType: buildtypes.BuildPhaseTypeBuild, PhaseStatus: buildtypes.StatusTypeFailed, Contexts: []buildtypes.PhaseContext{{
						StatusCode: aws.String("COMMAND_EXECUTION_ERROR"), Message: aws.String("Error while executing command: exit 1. Reason: exit status 1"),
					}}},
				},
			}}},
			code: "JobFailed", message: "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR, " +
				"Message: Error while executing command: exit 1. Reason: exit status 1",
		},
		{
			name: "unknown variable", fake: &fakeAWS{head: commit}, stage: 1,
			change: func(p *types.PipelineDeclaration) {
				p.Stages[1].Actions[0].Configuration["EnvironmentVariables"] = `[{"name":"A","value":"#{SourceVariables.Author}"}]`
			},
			code: "ConfigurationError", message: "An action in this pipeline failed because one or more variables could not be resolved: Action name=Build. " +
				"This can result when a variable is referenced that does not exist. Validate the pipeline configuration. (#{SourceVariables.Author})",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(b *bench) {
				b.real(test.fake)
				if test.change == nil {
					test.change = func(*types.PipelineDeclaration) {}
				}
				b.create(twoStages(test.change))
				settle()
				want(t, "status", b.status(), []string{"Failed"})
				got := b.state().StageStates[test.stage].ActionStates[0].LatestExecution
				want(t, "error", []string{*got.ErrorDetails.Code, *got.ErrorDetails.Message}, []string{test.code, test.message})
			})
		})
	}
}

func TestThrottledPollsAreNoFailure(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit, builds: done(buildtypes.StatusTypeSucceeded), throttled: 5}
		b.real(f)
		b.create(twoStages())
		settle()
		want(t, "status", b.status(), []string{"Succeeded"})
		want(t, "throttled", f.throttled, 0)
	})
}

func TestAbandonedBuildIsStopped(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: commit, builds: []buildtypes.Build{{BuildStatus: buildtypes.StatusTypeInProgress}}}
		b.real(f)
		b.create(twoStages())
		if _, err := b.s.StopPipelineExecution(b.ctx(), &codepipeline.StopPipelineExecutionInput{
			PipelineName: aws.String("p"), PipelineExecutionId: aws.String(b.first()), Abandon: true,
		}); err != nil {
			t.Fatal(err)
		}
		want(t, "status", b.status(), []string{"Stopped"})
		want(t, "stopped", f.stopped, []string{"project:1234"})
	})
}

func TestPipelineVariables(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare(func(p *types.PipelineDeclaration) {
			p.Variables = []types.PipelineVariableDeclaration{{Name: aws.String("GREETING"), DefaultValue: aws.String("hello")}, {Name: aws.String("WHO")}}
			p.Stages[1].Actions[0].Configuration["EnvironmentVariables"] = `[{"name":"A","value":"#{variables.GREETING} #{variables.WHO}"}]`
		}))
		want(t, "without a value nothing starts by itself", b.status(), []string(nil))
		in := &codepipeline.StartPipelineExecutionInput{Name: aws.String("p")}
		_, err := b.s.StartPipelineExecution(b.ctx(), in)
		wantError(t, err, "ValidationException: Variable WHO of pipeline p has no default value and was not given one")
		in.Variables = []types.PipelineVariable{{Name: aws.String("WHOM"), Value: aws.String("world")}}
		_, err = b.s.StartPipelineExecution(b.ctx(), in)
		wantError(t, err, "ValidationException: Variable WHOM is not declared in pipeline p")
		in.Variables[0].Name = aws.String("WHO")
		if _, err = b.s.StartPipelineExecution(b.ctx(), in); err != nil {
			t.Fatal(err)
		}
		b.end("Source")
		want(t, "resolved", b.jobs["Build"].configuration["EnvironmentVariables"], `[{"name":"A","value":"hello world"}]`)
		out, err := b.s.GetPipelineExecution(b.ctx(), &codepipeline.GetPipelineExecutionInput{PipelineName: aws.String("p"), PipelineExecutionId: aws.String(b.first())})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "variables", *out.PipelineExecution.Variables[1].ResolvedValue, "world")
	})
}

// roles is STS, which gives away one role.
type roles struct{ allowed string }

func (r roles) AssumeRole(_ context.Context, in *sts.AssumeRoleInput, _ ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	if *in.RoleArn != r.allowed {
		return nil, apiError("AccessDenied", "no")
	}
	return &sts.AssumeRoleOutput{Credentials: &ststypes.Credentials{
		AccessKeyId: aws.String("ASIAROLE"), SecretAccessKey: aws.String("s"), SessionToken: aws.String("t"),
	}}, nil
}

func TestActionRole(t *testing.T) {
	const own = "arn:aws:iam::123456789012:role/action"
	given := &roles{allowed: own}
	message := roleARN + " is not authorized to perform AssumeRole on role " + own
	inBubble(t, func(b *bench) {
		b.s.clients.sts = func(aws.Config) roleAPI { return given }
		p := declare(func(p *types.PipelineDeclaration) { p.Stages[1].Actions[0].RoleArn = aws.String(own) })
		b.create(p)
		b.end("Source")
		keys, err := b.jobs["Build"].cfg.Credentials.Retrieve(b.ctx())
		if err != nil {
			t.Fatal(err)
		}
		want(t, "key", keys.AccessKeyID, "ASIAROLE")
		b.end("Build", "Deploy")

		given.allowed = ""
		b.start()
		b.end("Source")
		got := b.state().StageStates[1].ActionStates[0].LatestExecution
		want(t, "error", []string{*got.ErrorDetails.Code, *got.ErrorDetails.Message}, []string{"PermissionError", message})
		_, err = b.s.UpdatePipeline(b.ctx(), &codepipeline.UpdatePipelineInput{Pipeline: &p})
		wantError(t, err, "InvalidStructureException: "+message)
	})
}
