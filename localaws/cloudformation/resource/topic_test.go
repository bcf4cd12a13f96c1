package resource

import (
	"slices"
	"strings"
	"testing"

	topicclient "github.com/aws/aws-sdk-go-v2/service/sns"
)

func TestTopic(t *testing.T) {
	w := newWorld(t)
	client := topicclient.NewFromConfig(w.config)
	x := w.create(t, "AWS::SNS::Topic", "News", `{"DisplayName": "news", "Subscription": [{"Protocol": "email", "Endpoint": "a@example.com"}]}`)
	equal(t, "arn", x.PhysicalID, "arn:aws:sns:eu-west-1:"+testAccount+":stk-News-A1B2C3D4E5F6")
	equal(t, "name", x.Attributes["TopicName"], any("stk-News-A1B2C3D4E5F6"))
	subscriptions := func() string {
		out, err := client.ListSubscriptionsByTopic(t.Context(), &topicclient.ListSubscriptionsByTopicInput{TopicArn: &x.PhysicalID})
		must(t, err)
		var all []string
		for _, s := range out.Subscriptions {
			all = append(all, *s.Endpoint)
		}
		slices.Sort(all)
		return strings.Join(all, ",")
	}
	equal(t, "subscriptions", subscriptions(), "a@example.com")
	x.update(`{"DisplayName": "other", "Subscription": [{"Protocol": "email", "Endpoint": "a@example.com"}], "Tags": [{"Key": "a", "Value": "b"}]}`)
	out, err := client.GetTopicAttributes(t.Context(), &topicclient.GetTopicAttributesInput{TopicArn: &x.PhysicalID})
	must(t, err)
	equal(t, "display name", out.Attributes["DisplayName"], "other")
	equal(t, "taken", w.fail(t, "AWS::SNS::Topic", "Again", `{"TopicName": "stk-News-A1B2C3D4E5F6"}`), "stk-News-A1B2C3D4E5F6 already exists")
	equal(t, "fifo", w.fail(t, "AWS::SNS::Topic", "Fifo", `{"FifoTopic": true}`), "The property FifoTopic is not served by this AWS")

	policy := w.create(t, "AWS::SNS::TopicPolicy", "Policy", `{"Topics": ["`+x.PhysicalID+`"], "PolicyDocument": {"Version": "2012-10-17",
		"Statement": {"Sid": "ours", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": "`+x.PhysicalID+`"}}}`)
	out, err = client.GetTopicAttributes(t.Context(), &topicclient.GetTopicAttributesInput{TopicArn: &x.PhysicalID})
	must(t, err)
	equal(t, "policy", strings.Contains(out.Attributes["Policy"], `"ours"`), true)
	policy.remove()

	given := `{"TopicArn": "` + x.PhysicalID + `", "Protocol": "email", "Endpoint": "b@example.com"`
	mail := w.create(t, "AWS::SNS::Subscription", "Mail", given+`}`)
	equal(t, "subscription", strings.HasPrefix(mail.PhysicalID, x.PhysicalID+":"), true)
	equal(t, "subscriptions", subscriptions(), "a@example.com,b@example.com")
	refused := w.fail(t, "AWS::SNS::Subscription", "Filter", given+`, "FilterPolicy": {"a": ["b"]}}`)
	equal(t, "what SNS refuses: "+refused, strings.Contains(refused, "Subscription already exists with different attributes"), true)
	mail.remove()
	x.remove()
}
