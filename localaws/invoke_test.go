package localaws_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	cptypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws"
)

// jobOf is what is read here of the event that a pipeline invokes a function with.
type jobOf struct {
	Job struct {
		ID   string
		Data struct {
			InputArtifacts []struct {
				Location struct {
					S3Location struct{ BucketName, ObjectKey string }
				}
			}
			ArtifactCredentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }
		}
	} `json:"CodePipeline.job"`
}

// TestPipelineInvokesAFunction has an action wait for what a function says of
// its job, and holds that the keys of the job reach its artifacts alone.
func TestPipelineInvokesAFunction(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatalf("this test needs curl: %v", err)
	}
	w, _ := newWorld(t, localaws.Options{})
	ctx := t.Context()
	must(w.codecommit.CreateRepository(ctx, &codecommit.CreateRepositoryInput{RepositoryName: aws.String("app")}))(t)
	git := newCheckout(t)
	git.write("README.md", "hello")
	git.commit("first")
	git.push(w, "app")
	must(w.s3.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket: aws.String("artifacts"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	}))(t)
	must(w.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("artifacts"), Key: aws.String("private"), Body: strings.NewReader("secret")}))(t)
	w.function("worker", listener)
	w.invokeOnPush("line", w.role("all", "*"))

	var event jobOf
	eventually(t, "the function is called", func() bool {
		out, err := cloudwatchlogs.NewFromConfig(w.cfg).FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/worker")})
		if err != nil {
			return false // its first call makes its log
		}
		for _, e := range out.Events {
			if text, ok := strings.CutPrefix(*e.Message, "heard "); ok {
				return json.Unmarshal([]byte(text), &event) == nil
			}
		}
		return false
	})
	keys, at := event.Job.Data.ArtifactCredentials, event.Job.Data.InputArtifacts[0].Location.S3Location
	worker := dial(t, w.url, aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken})
	artifact := must(worker.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &at.BucketName, Key: &at.ObjectKey}))(t)
	if data := must(io.ReadAll(artifact.Body))(t); !strings.HasPrefix(string(data), "PK") {
		t.Errorf("the artifact is no zip: %q", data[:min(len(data), 20)])
	}
	_, err := worker.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &at.BucketName, Key: aws.String("private")})
	denied(t, err)
	_, err = worker.codecommit.ListRepositories(ctx, &codecommit.ListRepositoriesInput{})
	if got := denied(t, err); !strings.Contains(got, "no session policy allows") {
		t.Errorf("what the job's keys may not: %s", got)
	}

	execution := *w.executions("line")[0].PipelineExecutionId
	if got := w.execution("line", execution); got != cptypes.PipelineExecutionStatusInProgress {
		t.Errorf("before the function has answered: %s", got)
	}
	must(w.codepipeline.PutJobSuccessResult(ctx, &codepipeline.PutJobSuccessResultInput{JobId: aws.String(event.Job.ID)}))(t)
	w.awaitExecution("line", execution, cptypes.PipelineExecutionStatusSucceeded)
}

// invokeOnPush makes a pipeline that hands the source to the function "worker".
func (w *world) invokeOnPush(name, role string) {
	t := w.t
	t.Helper()
	id := func(category cptypes.ActionCategory, provider string) *cptypes.ActionTypeId {
		return &cptypes.ActionTypeId{Category: category, Owner: cptypes.ActionOwnerAws, Provider: aws.String(provider), Version: aws.String("1")}
	}
	must(w.codepipeline.CreatePipeline(t.Context(), &codepipeline.CreatePipelineInput{Pipeline: &cptypes.PipelineDeclaration{
		Name: aws.String(name), RoleArn: aws.String(role), PipelineType: cptypes.PipelineTypeV2,
		ArtifactStore: &cptypes.ArtifactStore{Type: cptypes.ArtifactStoreTypeS3, Location: aws.String("artifacts")},
		Stages: []cptypes.StageDeclaration{
			{Name: aws.String("Source"), Actions: []cptypes.ActionDeclaration{{
				Name: aws.String("Source"), ActionTypeId: id(cptypes.ActionCategorySource, "CodeCommit"),
				Configuration:   map[string]string{"RepositoryName": "app", "BranchName": "main", "PollForSourceChanges": "false"},
				OutputArtifacts: []cptypes.OutputArtifact{{Name: aws.String("Code")}},
			}}},
			{Name: aws.String("Invoke"), Actions: []cptypes.ActionDeclaration{{
				Name: aws.String("Invoke"), ActionTypeId: id(cptypes.ActionCategoryInvoke, "Lambda"),
				Configuration:  map[string]string{"FunctionName": "worker"},
				InputArtifacts: []cptypes.InputArtifact{{Name: aws.String("Code")}},
			}}},
		},
	}}))(t)
}
