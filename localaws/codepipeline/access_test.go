package codepipeline

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

func TestPassedRoles(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := declare(func(p *types.PipelineDeclaration) {
			p.Stages[1].Actions[0].RoleArn = aws.String("arn:aws:iam::123456789012:role/build")
			p.Stages[2].Actions[0].RoleArn = aws.String("arn:aws:iam::210987654321:role/elsewhere")
		})
		var roles []string
		for _, need := range b.s.passedRoles(&p) {
			want(t, "need", []any{need.Action, need.Keys}, []any{"iam:PassRole", policy.Keys("iam:PassedToService", "codepipeline.amazonaws.com")})
			roles = append(roles, need.Resources...)
		}
		want(t, "roles", roles, []string{roleARN, "arn:aws:iam::123456789012:role/build"})
	})
}

func TestTagsOf(t *testing.T) {
	inBubble(t, func(b *bench) {
		p := declare()
		if _, err := b.s.CreatePipeline(b.ctx(), &codepipeline.CreatePipelineInput{
			Pipeline: &p, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}},
		}); err != nil {
			t.Fatal(err)
		}
		for _, resource := range []string{"p", "p/Deploy", "p/Deploy/Approve"} {
			want(t, resource, b.s.TagsOf("arn:aws:codepipeline:us-east-1:123456789012:"+resource), map[string]string{"team": "blue"})
		}
		want(t, "another", b.s.TagsOf("arn:aws:codepipeline:us-east-1:123456789012:q"), map[string]string(nil))
		want(t, "of another service", b.s.TagsOf("arn:aws:s3:::p"), map[string]string(nil))
	})
}

func TestActionsAreNamedAsOperations(t *testing.T) {
	inBubble(t, func(b *bench) {
		var names []string
		for _, op := range b.s.Operations() {
			want(t, "action", op.Action, "codepipeline:"+op.Name)
			names = append(names, op.Name)
		}
		slices.Sort(names)
		want(t, "each once", len(slices.Compact(names)), len(b.s.Operations()))
	})
}
