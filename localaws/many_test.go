package localaws_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	cptypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws"
)

// TestOnePushStartsFiftyPipelines has fifty pipelines wait for one push. All of
// them finish, each with a build of its own, and never do more builds run at a
// time than may.
func TestOnePushStartsFiftyPipelines(t *testing.T) {
	const pipelines, limit = 50, 3
	w, _ := newWorld(t, localaws.Options{Builds: limit})
	role := w.role("all", "*")
	must(w.codecommit.CreateRepository(t.Context(), &codecommit.CreateRepositoryInput{RepositoryName: aws.String("app")}))(t)
	must(w.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("artifacts"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	}))(t)
	must(w.codebuild.CreateProject(t.Context(), &codebuild.CreateProjectInput{
		Name: aws.String("build"), ServiceRole: aws.String(role), Artifacts: &cbtypes.ProjectArtifacts{Type: cbtypes.ArtifactsTypeCodepipeline},
		Source: &cbtypes.ProjectSource{Type: cbtypes.SourceTypeCodepipeline, Buildspec: aws.String(`{"version":"0.2","phases":{"build":{"commands":["true"]}}}`)},
		Environment: &cbtypes.ProjectEnvironment{
			Type: cbtypes.EnvironmentTypeLinuxContainer, ComputeType: cbtypes.ComputeTypeBuildGeneral1Small, Image: aws.String("aws/codebuild/standard:8.0"),
		},
	}))(t)
	for i := range pipelines {
		w.buildOnPush(fmt.Sprintf("line%02d", i), role)
	}
	git := newCheckout(t)
	git.write("README.md", "hello")
	commit := git.commit("one for all")
	git.push(w, "app")

	for i := range pipelines {
		name := fmt.Sprintf("line%02d", i)
		var mine *cptypes.PipelineExecutionSummary
		eventually(t, name+" runs for the push", func() bool {
			for _, e := range w.executions(name) {
				if e.Trigger.TriggerType == cptypes.TriggerTypeCloudWatchEvent && e.Status != cptypes.PipelineExecutionStatusInProgress {
					mine = &e
				}
			}
			return mine != nil
		})
		if mine.Status != cptypes.PipelineExecutionStatusSucceeded {
			w.awaitExecution(name, *mine.PipelineExecutionId, cptypes.PipelineExecutionStatusSucceeded) // it says why
		}
		if got := *mine.SourceRevisions[0].RevisionId; got != commit {
			t.Errorf("%s ran for %s, want %s", name, got, commit)
		}
	}
	if builds, most := w.builds("build"); builds != pipelines || most > limit {
		t.Errorf("%d builds ran, %d of them at a time; want %d and at most %d", builds, most, pipelines, limit)
	}
}

// buildOnPush makes a pipeline that a push to main of "app" starts.
func (w *world) buildOnPush(name, role string) {
	t := w.t
	t.Helper()
	action := func(stage, category, provider string, configuration map[string]string, in, out []string) cptypes.StageDeclaration {
		a := cptypes.ActionDeclaration{
			Name: aws.String(stage), Configuration: configuration,
			ActionTypeId: &cptypes.ActionTypeId{
				Category: cptypes.ActionCategory(category), Owner: cptypes.ActionOwnerAws, Provider: aws.String(provider), Version: aws.String("1"),
			},
		}
		for _, artifact := range in {
			a.InputArtifacts = append(a.InputArtifacts, cptypes.InputArtifact{Name: aws.String(artifact)})
		}
		for _, artifact := range out {
			a.OutputArtifacts = append(a.OutputArtifacts, cptypes.OutputArtifact{Name: aws.String(artifact)})
		}
		return cptypes.StageDeclaration{Name: aws.String(stage), Actions: []cptypes.ActionDeclaration{a}}
	}
	must(w.codepipeline.CreatePipeline(t.Context(), &codepipeline.CreatePipelineInput{Pipeline: &cptypes.PipelineDeclaration{
		Name: aws.String(name), RoleArn: aws.String(role), PipelineType: cptypes.PipelineTypeV2,
		ArtifactStore: &cptypes.ArtifactStore{Type: cptypes.ArtifactStoreTypeS3, Location: aws.String("artifacts")},
		Stages: []cptypes.StageDeclaration{
			action("Source", "Source", "CodeCommit", map[string]string{
				"RepositoryName": "app", "BranchName": "main", "PollForSourceChanges": "false",
			}, nil, []string{"Code"}),
			action("Build", "Build", "CodeBuild", map[string]string{"ProjectName": "build"}, []string{"Code"}, nil),
		},
	}}))(t)
	bus := eventbridge.NewFromConfig(w.cfg)
	pattern, err := json.Marshal(map[string]any{
		"source": []string{"aws.codecommit"}, "detail": map[string]any{"referenceName": []string{"main"}, "repositoryName": []string{"app"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	must(bus.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String(name), EventPattern: aws.String(string(pattern))}))(t)
	put := must(bus.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String(name), Targets: []ebtypes.Target{{
		Id: aws.String("pipeline"), Arn: aws.String("arn:aws:codepipeline:" + region + ":" + account + ":" + name), RoleArn: aws.String(role),
	}}}))(t)
	if put.FailedEntryCount != 0 {
		t.Fatalf("targets: %+v", put.FailedEntries)
	}
}

// builds says how many builds of a project succeeded, and how many ran at a time at most.
func (w *world) builds(project string) (succeeded, most int) {
	t := w.t
	t.Helper()
	ids := must(w.codebuild.ListBuildsForProject(t.Context(), &codebuild.ListBuildsForProjectInput{ProjectName: aws.String(project)}))(t).Ids
	out := must(w.codebuild.BatchGetBuilds(t.Context(), &codebuild.BatchGetBuildsInput{Ids: ids}))(t)
	var starts []time.Time
	ends := map[time.Time][]time.Time{}
	for _, b := range out.Builds {
		if b.BuildStatus == cbtypes.StatusTypeSucceeded {
			succeeded++
		}
		for _, p := range b.Phases {
			if p.PhaseType == cbtypes.BuildPhaseTypeProvisioning {
				starts = append(starts, *p.StartTime)
				ends[*p.StartTime] = append(ends[*p.StartTime], *b.EndTime)
			}
		}
	}
	for _, at := range starts {
		running := 0
		for from, until := range ends {
			for _, end := range until {
				if !from.After(at) && end.After(at) {
					running++
				}
			}
		}
		most = max(most, running)
	}
	return succeeded, most
}
