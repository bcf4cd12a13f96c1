package codepipeline

import (
	"regexp"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

func TestHistoryIsPagedNewestFirst(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		ids := []string{b.first()}
		b.end("Source", "Build", "Deploy")
		for range 4 {
			ids = append(ids, b.start())
			b.end("Source", "Build", "Deploy")
		}
		var got []string
		in := &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p"), MaxResults: aws.Int32(2)}
		for pages := 1; ; pages++ {
			out, err := b.s.ListPipelineExecutions(b.ctx(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range out.PipelineExecutionSummaries {
				got = append(got, *e.PipelineExecutionId)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				want(t, "pages", pages, 3)
				break
			}
		}
		want(t, "order", got, []string{ids[4], ids[3], ids[2], ids[1], ids[0]})

		actions := &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p"), MaxResults: aws.Int32(4)}
		var names []string
		for {
			out, err := b.s.ListActionExecutions(b.ctx(), actions)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range out.ActionExecutionDetails {
				names = append(names, *a.ActionName)
			}
			if actions.NextToken = out.NextToken; actions.NextToken == nil {
				break
			}
		}
		want(t, "actions", len(names), 15)
		want(t, "newest first", names[:4], []string{"Deploy", "Build", "Source", "Deploy"})

		one, err := b.s.ListActionExecutions(b.ctx(), &codepipeline.ListActionExecutionsInput{
			PipelineName: aws.String("p"), Filter: &types.ActionExecutionFilter{PipelineExecutionId: aws.String(ids[1])},
		})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "of one execution", len(one.ActionExecutionDetails), 3)
	})
}

func TestFilters(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		b.end("Source", "Build")
		b.fail("Deploy", "no")
		b.retry("Deploy", types.StageRetryModeFailedActions)
		b.end("Deploy")
		b.start()
		b.end("Source")
		b.fail("Build", "no")
		succeeded := func(stage string) int {
			out, err := b.s.ListPipelineExecutions(b.ctx(), &codepipeline.ListPipelineExecutionsInput{
				PipelineName: aws.String("p"), Filter: &types.PipelineExecutionFilter{SucceededInStage: &types.SucceededInStageFilter{StageName: aws.String(stage)}},
			})
			if err != nil {
				t.Fatal(err)
			}
			return len(out.PipelineExecutionSummaries)
		}
		want(t, "in the stages", []int{succeeded("Source"), succeeded("Build"), succeeded("Deploy"), succeeded("Nowhere")}, []int{2, 1, 1, 0})
		actions := func(filter types.ActionExecutionFilter) (int, error) {
			out, err := b.s.ListActionExecutions(b.ctx(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p"), Filter: &filter})
			if err != nil {
				return 0, err
			}
			return len(out.ActionExecutionDetails), nil
		}
		id := aws.String(b.first())
		for span, wanted := range map[types.StartTimeRange]int{types.StartTimeRangeLatest: 3, types.StartTimeRangeAll: 4} {
			n, err := actions(types.ActionExecutionFilter{LatestInPipelineExecution: &types.LatestInPipelineExecutionFilter{PipelineExecutionId: id, StartTimeRange: span}})
			if err != nil {
				t.Fatal(err)
			}
			want(t, string(span), n, wanted)
		}
		_, err := actions(types.ActionExecutionFilter{PipelineExecutionId: aws.String("x")})
		wantError(t, err, "PipelineExecutionNotFoundException: Pipeline 'p' does not have an execution with ID 'x'")
		_, err = actions(types.ActionExecutionFilter{PipelineExecutionId: id, LatestInPipelineExecution: &types.LatestInPipelineExecutionFilter{PipelineExecutionId: id}})
		wantError(t, err, "ValidationException: Only one of pipelineExecutionId and latestInPipelineExecution can be given")
		rules, err := b.s.ListRuleExecutions(b.ctx(), &codepipeline.ListRuleExecutionsInput{PipelineName: aws.String("p"), Filter: &types.RuleExecutionFilter{PipelineExecutionId: id}})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "rules", len(rules.RuleExecutionDetails), 0)

		p := declare()
		if _, err := b.s.UpdatePipeline(b.ctx(), &codepipeline.UpdatePipelineInput{Pipeline: &p}); err != nil {
			t.Fatal(err)
		}
		want(t, "of the current version", succeeded("Source"), 0)
	})
}

func TestBadTokensAndNames(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		_, err := b.s.ListPipelineExecutions(b.ctx(), &codepipeline.ListPipelineExecutionsInput{PipelineName: aws.String("p"), NextToken: aws.String("?")})
		wantError(t, err, "InvalidNextTokenException: The next token was specified in an invalid format.")
		_, err = b.s.ListActionExecutions(b.ctx(), &codepipeline.ListActionExecutionsInput{PipelineName: aws.String("p"), NextToken: encodeToken("x")})
		wantError(t, err, "InvalidNextTokenException: The next token was specified in an invalid format.")
		_, err = b.s.GetPipelineExecution(b.ctx(), &codepipeline.GetPipelineExecutionInput{PipelineName: aws.String("p"), PipelineExecutionId: aws.String("x")})
		wantError(t, err, "PipelineExecutionNotFoundException: Pipeline 'p' does not have an execution with ID 'x'")
		_, err = b.s.GetPipelineState(b.ctx(), &codepipeline.GetPipelineStateInput{Name: aws.String("q")})
		wantError(t, err, "PipelineNotFoundException: Account '123456789012' does not have a pipeline with name 'q'")
		p := declare()
		_, err = b.s.CreatePipeline(b.ctx(), &codepipeline.CreatePipelineInput{Pipeline: &p})
		wantError(t, err, "PipelineNameInUseException: A pipeline with the name 'p' already exists in account '123456789012'")
		_, err = b.s.ListTagsForResource(b.ctx(), &codepipeline.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:s3:::p")})
		wantError(t, err, "InvalidArnException: The specified resource ARN is invalid: arn:aws:s3:::p")
		_, err = b.s.DisableStageTransition(b.ctx(), &codepipeline.DisableStageTransitionInput{
			PipelineName: aws.String("p"), StageName: aws.String("Deploy"), TransitionType: types.StageTransitionTypeOutbound, Reason: aws.String("x"),
		})
		wantError(t, err, "ValidationException: Stage Deploy is the last stage of pipeline p and has no outbound transition")
	})
}

func TestClientRequestToken(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		in := &codepipeline.StartPipelineExecutionInput{Name: aws.String("p"), ClientRequestToken: aws.String("once")}
		first, err := b.s.StartPipelineExecution(b.ctx(), in)
		if err != nil {
			t.Fatal(err)
		}
		second, err := b.s.StartPipelineExecution(b.ctx(), in)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "same execution", *second.PipelineExecutionId, *first.PipelineExecutionId)
		synctest.Wait()
		want(t, "executions", len(b.status()), 2)
	})
}

func TestTags(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.create(declare())
		arn := aws.String("arn:aws:codepipeline:us-east-1:123456789012:p")
		if _, err := b.s.TagResource(b.ctx(), &codepipeline.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{
			{Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("a"), Value: aws.String("1")},
		}}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.s.UntagResource(b.ctx(), &codepipeline.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"b"}}); err != nil {
			t.Fatal(err)
		}
		out, err := b.s.ListTagsForResource(b.ctx(), &codepipeline.ListTagsForResourceInput{ResourceArn: arn})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "tags", len(out.Tags), 1)
		want(t, "tag", *out.Tags[0].Key+"="+*out.Tags[0].Value, "a=1")
	})
}

func TestArtifactKey(t *testing.T) {
	for _, test := range []struct {
		pipeline, artifact string
		source             bool
		want               string
	}{
		{"Pipe", "SourceArtifact", true, `^Pipe/SourceArti/[0-9A-Za-z]{7}\.zip$`},
		{"Pipe", "Build", false, `^Pipe/Build/[0-9A-Za-z]{7}$`},
		{"a-pipeline-of-a-very-long-name", "Build", false, `^a-pipeline-of-a-very/Build/[0-9A-Za-z]{7}$`},
	} {
		if got := artifactKey(test.pipeline, test.artifact, test.source); !regexp.MustCompile(test.want).MatchString(got) {
			t.Errorf("artifactKey(%q, %q) = %q, want %s", test.pipeline, test.artifact, got, test.want)
		}
	}
}

func TestListActionTypes(t *testing.T) {
	inBubble(t, func(b *bench) {
		out, err := b.s.ListActionTypes(b.ctx(), &codepipeline.ListActionTypesInput{})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "types", len(out.ActionTypes), len(b.s.builtin()))
		for _, a := range out.ActionTypes {
			if key := typeKey(a.Id.Category, *a.Id.Provider); b.s.builtin()[key] == nil {
				t.Errorf("nobody runs %s", key)
			}
		}
		out, err = b.s.ListActionTypes(b.ctx(), &codepipeline.ListActionTypesInput{ActionOwnerFilter: types.ActionOwnerCustom})
		if err != nil || len(out.ActionTypes) != 0 {
			t.Errorf("custom actions: %v, %v", out, err)
		}
	})
}
