package conformance

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
)

const (
	snsAPI      = "https://docs.aws.amazon.com/sns/latest/api/API_"
	snsRecorded = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/sns/test_sns.snapshot.json, "
)

// topic makes a topic and returns its ARN.
func (t *T) topic() string {
	arn := str(must(t.sns.CreateTopic(t.ctx, &sns.CreateTopicInput{Name: aws.String(t.name())}))(t).TopicArn)
	t.cleanup("topic "+arn, func(t *T) error {
		_, err := t.sns.DeleteTopic(t.ctx, &sns.DeleteTopicInput{TopicArn: &arn})
		return err
	})
	return arn
}

var snsAssumptions = []Assumption{
	{Number: 741, Title: "SNS: making a topic again answers the same ARN", Source: snsRecorded + "test_create_duplicate_topic_check_idempotency", Confirmed: true, Run: func(t *T) {
		arn := t.topic()
		again := must(t.sns.CreateTopic(t.ctx, &sns.CreateTopicInput{Name: aws.String(t.prefix + "-1")}))(t)
		equal(t, "TopicArn", str(again.TopicArn), arn)
		equal(t, "TopicArn", arn, t.arn("sns", t.prefix+"-1"))
	}},
	{Number: 742, Title: "SNS: a topic that is not there says NotFound", Source: snsRecorded + "test_create_topic_test_arn", Confirmed: true, Run: func(t *T) {
		_, err := t.sns.GetTopicAttributes(t.ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(t.arn("sns", t.name()))})
		t.wantError(err, "NotFound", "Topic does not exist")
		equal(t, "the status", status(err), http.StatusNotFound)
	}},
	{Number: 743, Title: "SNS: a topic's ARN that is none is refused", Source: snsRecorded + "test_create_topic_with_attributes", Confirmed: true, Run: func(t *T) {
		_, err := t.sns.GetTopicAttributes(t.ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String("nothing")})
		t.wantError(err, "InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1")
	}},
	{Number: 744, Title: "SNS: a topic has a policy for its owner", Source: snsRecorded + "test_create_topic_test_arn", Confirmed: true, Run: func(t *T) {
		arn := t.topic()
		got := must(t.sns.GetTopicAttributes(t.ctx, &sns.GetTopicAttributesInput{TopicArn: &arn}))(t).Attributes
		equal(t, "Owner", got["Owner"], t.target.Account)
		equal(t, "SubscriptionsConfirmed", got["SubscriptionsConfirmed"], "0")
		var policy struct {
			ID        string `json:"Id"`
			Statement []struct{ Sid, Resource string }
		}
		if err := json.Unmarshal([]byte(got["Policy"]), &policy); err != nil || policy.ID != "__default_policy_ID" || len(policy.Statement) != 1 || policy.Statement[0].Resource != arn {
			t.Errorf("the policy is %s", got["Policy"])
		}
	}},
	{Number: 745, Title: "SNS: a topic is not made again with other tags", Source: snsRecorded + "test_create_duplicate_topic_with_more_tags", Confirmed: true, Run: func(t *T) {
		t.topic()
		_, err := t.sns.CreateTopic(t.ctx, &sns.CreateTopicInput{Name: aws.String(t.prefix + "-1"), Tags: []snstypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		t.wantError(err, "InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags")
	}},
	{Number: 746, Title: "SNS: publishing answers a message's id", Source: snsAPI + "Publish.html", Confirmed: true, Run: func(t *T) {
		arn := t.topic()
		out := must(t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: &arn, Message: aws.String("hello")}))(t)
		if len(str(out.MessageId)) != 36 {
			t.Errorf("MessageId is %q", str(out.MessageId))
		}
	}},
	{Number: 747, Title: "SNS: publishing to a topic that is not there says NotFound", Source: snsRecorded + "test_unknown_topic_publish", Confirmed: true, Run: func(t *T) {
		_, err := t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: aws.String(t.arn("sns", t.name())), Message: aws.String("hello")})
		t.wantError(err, "NotFound", "Topic does not exist")
	}},
	{Number: 748, Title: "SNS: a message is not empty", Source: snsAPI + "Publish.html", Run: func(t *T) {
		arn := t.topic()
		_, err := t.sns.Publish(t.ctx, &sns.PublishInput{TopicArn: &arn, Message: aws.String("")})
		t.wantError(err, "InvalidParameter", "Empty message")
	}},
	{Number: 749, Title: "SNS: an e-mail address must confirm its subscription", Source: snsAPI + "Subscribe.html", Confirmed: true, Run: func(t *T) {
		arn := t.topic()
		out := must(t.sns.Subscribe(t.ctx, &sns.SubscribeInput{TopicArn: &arn, Protocol: aws.String("email"), Endpoint: aws.String("nobody@example.com")}))(t)
		equal(t, "SubscriptionArn", strings.ToLower(str(out.SubscriptionArn)), "pending confirmation")
		listed := must(t.sns.ListSubscriptionsByTopic(t.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &arn}))(t).Subscriptions
		if len(listed) != 1 || str(listed[0].SubscriptionArn) != "PendingConfirmation" {
			t.Errorf("the subscriptions are %+v", listed)
		}
	}},
	{Number: 750, Title: "SNS: deleting a topic that is not there succeeds", Source: snsAPI + "DeleteTopic.html", Confirmed: true, Run: func(t *T) {
		must(t.sns.DeleteTopic(t.ctx, &sns.DeleteTopicInput{TopicArn: aws.String(t.arn("sns", t.name()))}))(t)
	}},
	{Number: 751, Title: "SNS: a protocol that is none is refused", Source: snsAPI + "Subscribe.html", Run: func(t *T) {
		arn := t.topic()
		_, err := t.sns.Subscribe(t.ctx, &sns.SubscribeInput{TopicArn: &arn, Protocol: aws.String("pigeon"), Endpoint: aws.String("loft")})
		t.wantError(err, "InvalidParameter", "does not support this protocol string: pigeon")
	}},
}
