package codepipeline

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// What IAM is asked is that of
// docs.aws.amazon.com/service-authorization/latest/reference/list_awscodepipeline.html:
// pipelines are <name>, stages <name>/<stage>, actions <name>/<stage>/<action>.

// passedRoles is what must be allowed to whoever gives a pipeline its roles.
// Of the roles of actions only those of this account can be passed; that they
// are asked for is not confirmed.
func (s *Service) passedRoles(p *types.PipelineDeclaration) []policy.Access {
	if p == nil {
		return nil
	}
	needs := policy.PassRole(p.RoleArn, principal, "")
	for _, role := range actionRoles(p) {
		if role != aws.ToString(p.RoleArn) && strings.Contains(role, ":"+s.env.Account+":role/") {
			needs = slices.Concat(needs, policy.PassRole(&role, principal, ""))
		}
	}
	return needs
}

func requestTags(tags []types.Tag) policy.Context {
	m := make(map[string]string, len(tags))
	for _, tag := range tags {
		m[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return policy.Context(nil).RequestTags(m)
}

// TagsOf returns the tags of a pipeline, which are also those of its stages and
// actions; nil where it has none.
func (s *Service) TagsOf(arn string) map[string]string {
	rest, ok := strings.CutPrefix(arn, s.arn(""))
	if !ok {
		return nil
	}
	name, _, _ := strings.Cut(rest, "/")
	row, _, err := s.pipelines.Get(name)
	if err != nil {
		s.env.Log.Error("read tags", "pipeline", name, "error", err)
	}
	return row.Tags
}

// actionTypeARN is the ARN of an action type.
func (s *Service) actionTypeARN(id *types.ActionTypeId) string {
	return s.arn(strings.Join([]string{
		"actiontype:" + string(id.Owner), string(id.Category), aws.ToString(id.Provider), aws.ToString(id.Version),
	}, "/"))
}
