package resource

import (
	"context"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

func missing(name string) error { return &Error{Code: "NotFound", Message: name + " does not exist"} }

func readProject(ctx context.Context, r Request) (map[string]any, error) {
	out, err := codebuild.NewFromConfig(r.Config).BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: []string{r.PhysicalID}})
	if err != nil {
		return nil, err
	}
	if len(out.Projects) == 0 {
		return nil, missing(r.PhysicalID)
	}
	p := out.Projects[0]
	actual := shaped(without(r.Properties, "Tags", "Visibility"), p)
	if visibility, ok := r.Properties["Visibility"]; ok {
		actual["Visibility"] = visibility
	}
	if r.Properties["Tags"] != nil {
		tags := map[string]string{}
		for _, tag := range p.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		actual["Tags"] = r.ownTags(tags)
	}
	return actual, nil
}

// readPipeline compares the declaration: not the tags, and not what is closed by hand or set for the next update.
func readPipeline(ctx context.Context, r Request) (map[string]any, error) {
	out, err := codepipeline.NewFromConfig(r.Config).GetPipeline(ctx, &codepipeline.GetPipelineInput{Name: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	apart := []string{"Tags", "DisableInboundStageTransitions", "RestartExecutionOnUpdate", "ArtifactStores"}
	actual := shaped(without(r.Properties, apart...), out.Pipeline)
	maps.Copy(actual, only(r.Properties, apart...))
	return actual, nil
}

func readRepository(ctx context.Context, r Request) (map[string]any, error) {
	out, err := codecommit.NewFromConfig(r.Config).GetRepository(ctx, &codecommit.GetRepositoryInput{RepositoryName: aws.String(text(r.Properties, "RepositoryName"))})
	if err != nil {
		return nil, err
	}
	actual := shaped(without(r.Properties, "Tags"), out.RepositoryMetadata)
	if tags, ok := r.Properties["Tags"]; ok {
		actual["Tags"] = tags
	}
	return actual, nil
}

func readRule(ctx context.Context, r Request) (map[string]any, error) {
	client := eventbridge.NewFromConfig(r.Config)
	name := ruleName(r.PhysicalID)
	out, err := client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &name, EventBusName: busOf(r.Properties)})
	if err != nil {
		return nil, err
	}
	actual := shaped(without(r.Properties, "Targets", "Tags"), out)
	if tags, ok := r.Properties["Tags"]; ok {
		actual["Tags"] = tags
	}
	if r.Properties["Targets"] == nil {
		return actual, nil
	}
	targets, err := client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &name, EventBusName: busOf(r.Properties)})
	if err != nil {
		return nil, err
	}
	actual["Targets"] = shaped(only(r.Properties, "Targets"), targets)["Targets"]
	return actual, nil
}

func readLogGroup(ctx context.Context, r Request) (map[string]any, error) {
	client := logs.NewFromConfig(r.Config)
	out, err := client.DescribeLogGroups(ctx, &logs.DescribeLogGroupsInput{LogGroupNamePrefix: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	for _, group := range out.LogGroups {
		if aws.ToString(group.LogGroupName) != r.PhysicalID {
			continue
		}
		actual := shaped(without(r.Properties, "Tags"), group)
		if r.Properties["Tags"] != nil {
			tags, err := client.ListTagsForResource(ctx, &logs.ListTagsForResourceInput{ResourceArn: aws.String(r.arn("logs", "log-group:"+r.PhysicalID))})
			if err != nil {
				return nil, err
			}
			actual["Tags"] = r.ownTags(tags.Tags)
		}
		return actual, nil
	}
	return nil, missing(r.PhysicalID)
}

// readTopic does not compare the tags.
func readTopic(ctx context.Context, r Request) (map[string]any, error) {
	client := sns.NewFromConfig(r.Config)
	out, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	actual := only(r.Properties, "Tags")
	if r.Properties["TopicName"] != nil {
		actual["TopicName"] = r.PhysicalID[strings.LastIndexByte(r.PhysicalID, ':')+1:]
	}
	for _, name := range topicAttributes {
		if value, ok := out.Attributes[name]; ok && r.Properties[name] != nil {
			actual[name] = value
		}
	}
	if r.Properties["Subscription"] == nil {
		return actual, nil
	}
	subscriptions, err := client.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, s := range subscriptions.Subscriptions {
		list = append(list, map[string]any{"Protocol": aws.ToString(s.Protocol), "Endpoint": aws.ToString(s.Endpoint)})
	}
	actual["Subscription"] = list
	return actual, nil
}

func readSubscription(ctx context.Context, r Request) (map[string]any, error) {
	out, err := sns.NewFromConfig(r.Config).GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &r.PhysicalID})
	if err != nil {
		return nil, err
	}
	actual := only(r.Properties, "Region")
	for name, expected := range r.Properties {
		if value, ok := out.Attributes[name]; ok {
			actual[name] = shapeText(expected, value)
		}
	}
	return actual, nil
}
