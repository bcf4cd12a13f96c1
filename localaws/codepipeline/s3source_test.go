package codepipeline

import (
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// fromS3 is a pipeline whose source is an object.
func fromS3(configuration map[string]string) types.PipelineDeclaration {
	return twoStages(func(p *types.PipelineDeclaration) {
		a := &p.Stages[0].Actions[0]
		a.ActionTypeId = typeID(types.ActionCategorySource, "S3")
		a.Configuration = map[string]string{"S3Bucket": "sources", "S3ObjectKey": "app.zip"}
		maps.Copy(a.Configuration, configuration)
	})
}

func TestS3Source(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: "version-1", builds: doneAtOnce()}
		b.real(f)
		f.put("app.zip", "README.md", "hello")
		b.create(fromS3(map[string]string{"PollForSourceChanges": "false"}))
		settle()
		want(t, "status", b.status(), []string{"Succeeded"})
		out, err := b.s.ListActionExecutions(b.ctx(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p")})
		if err != nil {
			t.Fatal(err)
		}
		got := out.ActionExecutionDetails[1].Output
		want(t, "variables", got.OutputVariables, map[string]string{"BucketName": "sources", "ObjectKey": "app.zip", "VersionId": "version-1", "ETag": "etag"})
		want(t, "artifact", f.objects[*got.OutputArtifacts[0].S3location.Key], f.objects["app.zip"])
		rev := b.execution(b.first()).ArtifactRevisions[0]
		want(t, "revision", []string{*rev.RevisionId, *rev.RevisionSummary}, []string{"version-1", "Amazon S3 version id: version-1"})
	})
}

func TestS3SourceIsPolled(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: "version-1", builds: doneAtOnce()}
		b.real(f)
		b.create(fromS3(nil))
		pass(time.Minute)
		want(t, "no object yet", b.status(), []string{"Failed"})
		want(t, "error", *b.state().StageStates[0].ActionStates[0].LatestExecution.ErrorDetails.Message,
			"The specified key app.zip does not exist in the Amazon S3 bucket sources")
		f.put("app.zip", "README.md", "hello")
		pass(time.Minute)
		want(t, "one execution of the first upload", b.status(), []string{"Failed", "Succeeded"})
		f.mu.Lock()
		f.head = "version-2"
		f.mu.Unlock()
		pass(time.Minute)
		want(t, "and one of the second", b.status(), []string{"Failed", "Succeeded", "Succeeded"})
	})
}

func TestS3SourceNeedsVersions(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.real(&fakeAWS{unkept: true})
		b.create(fromS3(nil))
		settle()
		want(t, "error", *b.state().StageStates[0].ActionStates[0].LatestExecution.ErrorDetails.Message,
			"The Amazon S3 bucket sources does not have versioning enabled. Enable versioning on the bucket, and then try again.")
	})
}

func TestS3Overrides(t *testing.T) {
	inBubble(t, func(b *bench) {
		f := &fakeAWS{head: "version-2", builds: doneAtOnce()}
		b.real(f)
		f.put("app.zip", "README.md", "hello")
		f.put("other.zip", "README.md", "hello")
		b.create(fromS3(map[string]string{"PollForSourceChanges": "false", "AllowOverrideForS3ObjectKey": "true"}))
		settle()
		start := func(kind types.SourceRevisionType, value string) (*types.PipelineExecution, error) {
			out, err := b.s.StartPipelineExecution(b.ctx(), &codepipeline.StartPipelineExecutionInput{
				Name:            aws.String("p"),
				SourceRevisions: []types.SourceRevisionOverride{{ActionName: aws.String("Source"), RevisionType: kind, RevisionValue: aws.String(value)}},
			})
			if err != nil {
				return nil, err
			}
			settle()
			return b.execution(*out.PipelineExecutionId), nil
		}
		got, err := start(types.SourceRevisionTypeS3ObjectVersionId, "version-1")
		if err != nil {
			t.Fatal(err)
		}
		want(t, "version", *got.ArtifactRevisions[0].RevisionId, "version-1")
		if got, err = start(types.SourceRevisionTypeS3ObjectKey, "other.zip"); err != nil {
			t.Fatal(err)
		}
		want(t, "newest version of the other key", *got.ArtifactRevisions[0].RevisionId, "version-2")
		_, err = start(types.SourceRevisionTypeCommitId, commit)
		wantError(t, err, "ValidationException: Source revision type COMMIT_ID is not valid for action Source. It takes S3_OBJECT_VERSION_ID")
	})
}
