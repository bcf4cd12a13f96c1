package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// ApplicationStack asks whether the stack that the Deploy stage makes is up,
// and all that it made is still there.
var ApplicationStack = Check{
	Name: "application-stack", Asks: "Is the application in production?",
	Ask: func(ctx context.Context, s *Scene) Result {
		const fix = "mayfly run cloudformation"
		name := s.Names.ApplicationStack()
		r := stackComplete(ctx, s, name, "the application's stack", fix)
		if r.State != Passed {
			return r
		}
		resources, err := s.StackResources(ctx, name)
		if err != nil {
			return cannotTell("cloudformation ListStackResources", err)
		}
		const expected = "the application as its stack made it"
		for _, resource := range resources {
			kind, id := aws.ToString(resource.ResourceType), aws.ToString(resource.PhysicalResourceId)
			there, known, err := s.Exists(ctx, kind, id)
			if err != nil {
				return cannotTell("look for "+aws.ToString(resource.LogicalResourceId), err)
			}
			if known && !there {
				return drifted(fmt.Sprintf("%s (%s) of stack %s was deleted", aws.ToString(resource.LogicalResourceId), kind, name), expected, fix)
			}
		}
		if alias := find(resources, "AWS::Lambda::Alias"); alias != "" {
			if changed := s.changedAlias(ctx, resources, alias); changed.State == Wrong {
				return changed
			}
		}
		return r
	},
}

// find is the physical id of the newest resource of a type, or "".
func find(resources []types.StackResourceSummary, kind string) string {
	i := slices.IndexFunc(resources, func(r types.StackResourceSummary) bool { return aws.ToString(r.ResourceType) == kind })
	if i < 0 {
		return ""
	}
	return aws.ToString(resources[i].PhysicalResourceId)
}

// changedAlias says whether an alias points at another version than the stack
// published, or nobody may call its URL any more.
func (s *Scene) changedAlias(ctx context.Context, resources []types.StackResourceSummary, arn string) Result {
	at := strings.LastIndex(arn, ":")
	function, name := arn[:at], arn[at+1:]
	alias, err := s.Lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &function, Name: &name})
	if err != nil {
		return cannotTell("lambda GetAlias", err)
	}
	published := find(resources, "AWS::Lambda::Version")
	published = published[strings.LastIndex(published, ":")+1:]
	if now := aws.ToString(alias.FunctionVersion); published != "" && now != published {
		return wrong(fmt.Sprintf("alias %s points at version %s; the stack published version %s", name, now, published),
			"the alias at the version that was deployed last", startAgain)
	}
	permission := find(resources, "AWS::Lambda::Permission")
	if permission == "" {
		return Result{}
	}
	out, err := s.Lambda.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &function, Qualifier: &name})
	if err != nil && !cloud.IsNotFound(err) {
		return cannotTell("lambda GetPolicy", err)
	}
	if err != nil || !strings.Contains(aws.ToString(out.Policy), permission) {
		return drifted("the permission to call the function's URL was removed: it answers 403",
			"everybody may call the URL", "mayfly run cloudformation")
	}
	return Result{}
}
