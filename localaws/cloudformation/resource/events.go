package resource

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// rule is AWS::Events::Rule. Ref gives its name, with the bus before it where
// that is not the default one.
var rule = Type{
	Name:       "AWS::Events::Rule",
	Attributes: []string{"Arn"},
	Replace:    []string{"EventBusName"},
	Foresee: named("Name", 64, func(r Request, name string) string {
		return ruleResult(r.Properties, name, "").PhysicalID
	}),
	Read: readRule,
	Create: func(ctx context.Context, r Request) (Result, error) {
		name := r.nameFrom("Name", 64)
		client := eventbridge.NewFromConfig(r.Config)
		// PutRule changes a rule that is there already; a stack must not.
		_, err := client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &name, EventBusName: busOf(r.Properties)})
		if err == nil {
			return Result{}, alreadyExists(name)
		}
		if !isGone(err) {
			return Result{}, err
		}
		arn, err := putRule(ctx, client, r, name, ruleTags(r.tags()))
		if err != nil {
			return Result{}, err
		}
		result := ruleResult(r.Properties, name, arn)
		return result, putTargets(ctx, client, r, name)
	},
	Update: func(ctx context.Context, r Request) (Result, error) {
		failed := Result{PhysicalID: r.PhysicalID}
		client := eventbridge.NewFromConfig(r.Config)
		name := ruleName(r.PhysicalID)
		arn, err := putRule(ctx, client, r, name, nil)
		if err != nil {
			return failed, err
		}
		_, gone := diff(targetIDs(r.Old), targetIDs(r.Properties))
		if err := removeTargets(ctx, client, r, name, gone); err != nil {
			return failed, err
		}
		if err := putTargets(ctx, client, r, name); err != nil {
			return failed, err
		}
		if err := retagRule(ctx, client, r, arn); err != nil {
			return failed, err
		}
		return ruleResult(r.Properties, name, arn), nil
	},
	Delete: func(ctx context.Context, r Request) error {
		client := eventbridge.NewFromConfig(r.Config)
		name := ruleName(r.PhysicalID)
		if err := removeTargets(ctx, client, r, name, targetIDs(r.Properties)); unlessGone(err) != nil {
			return err
		}
		_, err := client.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &name, EventBusName: busOf(r.Properties)})
		return unlessGone(err)
	},
}

func busOf(properties map[string]any) *string {
	if bus := text(properties, "EventBusName"); bus != "" {
		return &bus
	}
	return nil
}

func ruleName(physicalID string) string {
	return physicalID[strings.LastIndexByte(physicalID, '|')+1:]
}

func ruleResult(properties map[string]any, name, arn string) Result {
	id := name
	if bus := text(properties, "EventBusName"); bus != "" && bus != "default" {
		id = bus + "|" + name
	}
	return Result{PhysicalID: id, Attributes: map[string]any{"Arn": arn}}
}

func putRule(ctx context.Context, client *eventbridge.Client, r Request, name string, tags []types.Tag) (string, error) {
	in := &eventbridge.PutRuleInput{Tags: tags}
	if err := fill(in, without(r.Properties, "Targets", "Tags", "Name")); err != nil {
		return "", err
	}
	in.Name = &name
	out, err := client.PutRule(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.RuleArn), nil
}

func targetIDs(properties map[string]any) []string {
	var ids []string
	for _, target := range objects(properties, "Targets") {
		ids = append(ids, text(target, "Id"))
	}
	return ids
}

// putTargets sets the targets. The API answers 200 with the failures inside.
func putTargets(ctx context.Context, client *eventbridge.Client, r Request, name string) error {
	if len(objects(r.Properties, "Targets")) == 0 {
		return nil
	}
	in := &eventbridge.PutTargetsInput{Rule: &name, EventBusName: busOf(r.Properties)}
	if err := fill(in, only(r.Properties, "Targets")); err != nil {
		return err
	}
	out, err := client.PutTargets(ctx, in)
	if err != nil {
		return err
	}
	for _, entry := range out.FailedEntries {
		return &Error{Code: "GeneralServiceException", Message: aws.ToString(entry.ErrorMessage)}
	}
	return nil
}

func removeTargets(ctx context.Context, client *eventbridge.Client, r Request, name string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	out, err := client.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &name, Ids: ids, EventBusName: busOf(r.Properties)})
	if err != nil {
		return err
	}
	for _, entry := range out.FailedEntries {
		return &Error{Code: "GeneralServiceException", Message: aws.ToString(entry.ErrorMessage)}
	}
	return nil
}

func ruleTags(tags map[string]string) []types.Tag {
	return tagList(tags, func(key, value *string) types.Tag { return types.Tag{Key: key, Value: value} })
}

func retagRule(ctx context.Context, client *eventbridge.Client, r Request, arn string) error {
	set, remove := r.tagChanges()
	if len(set) > 0 {
		if _, err := client.TagResource(ctx, &eventbridge.TagResourceInput{ResourceARN: &arn, Tags: ruleTags(set)}); err != nil {
			return err
		}
	}
	if len(remove) > 0 {
		if _, err := client.UntagResource(ctx, &eventbridge.UntagResourceInput{ResourceARN: &arn, TagKeys: remove}); err != nil {
			return err
		}
	}
	return nil
}
