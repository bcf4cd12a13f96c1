package sns

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// decide says what a topic's policy decides on a service's Publish.
func decide(t *testing.T, s *Service, caller policy.Caller, keys policy.Context) bool {
	t.Helper()
	doc := must(policy.Parse(s.PolicyOf(topicARN), policy.Resource))(t)
	request := policy.Request{Action: "sns:Publish", Resource: topicARN, Caller: caller, Context: keys}
	return policy.Evaluate(request, policy.Policies{Resource: doc}).Decision == policy.Allowed
}

func TestPolicyOf(t *testing.T) {
	s, c := serve(t)
	bus := policy.Caller{Service: "events.amazonaws.com", Account: "123456789012"}
	user := policy.Caller{ARN: "arn:aws:iam::123456789012:user/ann", Account: "123456789012"}
	keys := policy.Keys("aws:SourceAccount", "123456789012")
	if decide(t, s, bus, keys) || decide(t, s, user, policy.Context{}) {
		t.Error("the default policy lets in whom AWS's does not")
	}
	set := func(value string) error {
		_, err := c.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{
			TopicArn: aws.String(topicARN), AttributeName: aws.String("Policy"), AttributeValue: &value,
		})
		return err
	}
	statement := `{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"` + topicARN + `"`
	if err := set(`{"Version":"2012-10-17","Statement":[` + statement + `}]}`); err != nil {
		t.Fatal(err)
	}
	if !decide(t, s, bus, keys) || decide(t, s, user, policy.Context{}) {
		t.Error("the policy that was set does not decide")
	}
	for document, words := range map[string]string{
		`nonsense`: "Policy Error: Syntax errors in policy.",
		`{"Statement":[` + statement + `,"Condition":{"StringIsLike":{"aws:SourceArn":"x"}}}]}`: "Policy Error: Syntax errors in policy.",
		strings.Replace(`{"Statement":`+statement+`}}`, "sns:Publish", "sns:*", 1):              "Policy statement action out of service scope!",
		strings.Replace(`{"Statement":`+statement+`}}`, "sns:Publish", "s3:PutObject", 1):       "Policy statement action out of service scope!",
	} {
		wantError(t, set(document), "InvalidParameter", words)
	}
	if err := set(""); err != nil || !strings.Contains(s.PolicyOf(topicARN), "__default_statement_ID") {
		t.Errorf("after the reset (%v) the policy is %s", err, s.PolicyOf(topicARN))
	}
	if got := s.PolicyOf(topicARN + "-none"); got != "" {
		t.Errorf("a topic that is not there has the policy %s", got)
	}
	if got := s.TagsOf(topicARN); got["a"] != "1" {
		t.Errorf("tags %v", got)
	}
}

func TestPermissions(t *testing.T) {
	s, c := serve(t)
	add := func(label, account, action string) error {
		_, err := c.AddPermission(t.Context(), &sns.AddPermissionInput{
			TopicArn: aws.String(topicARN), Label: &label, AWSAccountId: []string{account}, ActionName: []string{action},
		})
		return err
	}
	if err := add("other", "999999999999", "Publish"); err != nil {
		t.Fatal(err)
	}
	other := policy.Caller{ARN: "arn:aws:iam::999999999999:root", Account: "999999999999"}
	if !decide(t, s, other, policy.Context{}) {
		t.Errorf("the permission does not count: %s", s.PolicyOf(topicARN))
	}
	wantError(t, add("other", "999999999999", "Publish"), "InvalidParameter", "Invalid parameter: Statement already exists")
	wantError(t, add("more", "999999999999", "Fly"), "InvalidParameter", "Policy statement action out of service scope!")
	must(c.RemovePermission(t.Context(), &sns.RemovePermissionInput{TopicArn: aws.String(topicARN), Label: aws.String("other")}))(t)
	if decide(t, s, other, policy.Context{}) || !strings.Contains(s.PolicyOf(topicARN), "__default_statement_ID") {
		t.Errorf("after the removal the policy is %s", s.PolicyOf(topicARN))
	}
	_, err := c.RemovePermission(t.Context(), &sns.RemovePermissionInput{TopicArn: aws.String(topicARN + "-none"), Label: aws.String("x")})
	wantError(t, err, "NotFound", "Topic does not exist")
}

func TestPublishBatch(t *testing.T) {
	s, c := serve(t)
	entry := func(id, message string) types.PublishBatchRequestEntry {
		return types.PublishBatchRequestEntry{Id: &id, Message: &message}
	}
	batch := func(entries ...types.PublishBatchRequestEntry) (*sns.PublishBatchOutput, error) {
		return c.PublishBatch(t.Context(), &sns.PublishBatchInput{TopicArn: aws.String(topicARN), PublishBatchRequestEntries: entries})
	}
	out := must(batch(entry("a", "one"), entry("b", ""), entry("c", "three")))(t)
	if len(out.Successful) != 2 || len(out.Failed) != 1 || *out.Failed[0].Id != "b" || *out.Failed[0].Code != "InvalidParameter" || !out.Failed[0].SenderFault {
		t.Errorf("got %+v", out)
	}
	if inbox := must(s.Inbox())(t); len(inbox) != 2 || inbox[1].Body != "three" || inbox[1].ID != *out.Successful[1].MessageId {
		t.Errorf("the inbox holds %+v", inbox)
	}
	_, err := batch(entry("a", "x"), entry("a", "y"))
	wantError(t, err, "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
	_, err = batch(make11(entry)...)
	wantError(t, err, "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	_, err = batch(entry("a", strings.Repeat("x", maxMessage)), entry("b", "x"))
	wantError(t, err, "BatchRequestTooLong", "more than the limit")
}

func make11(entry func(id, message string) types.PublishBatchRequestEntry) (entries []types.PublishBatchRequestEntry) {
	for i := range maxBatch + 1 {
		entries = append(entries, entry(string(rune('a'+i)), "x"))
	}
	return entries
}

func TestBadAttributes(t *testing.T) {
	_, c := serve(t)
	for _, test := range []struct{ kind, value, words string }{
		{"Colour", "red", "The message attribute 'x' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."},
		{"String", "", "must contain non-empty message attribute value for message attribute type 'String'."},
		{"Number", "two", "Could not cast message attribute 'x' value to number."},
	} {
		_, err := c.Publish(t.Context(), &sns.PublishInput{
			TopicArn: aws.String(topicARN), Message: aws.String("m"),
			MessageAttributes: map[string]types.MessageAttributeValue{"x": {DataType: &test.kind, StringValue: &test.value}},
		})
		wantError(t, err, "ParameterValueInvalid", test.words)
	}
}
