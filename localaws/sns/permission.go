package sns

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// policyActions are those that a topic's policy may hold; as on AWS, sns:* is not one of them:
// https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
var policyActions = []string{
	"AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic", "ListTagsForResource",
	"Publish", "PutDataProtectionPolicy", "Receive", "RemovePermission", "SetTopicAttributes", "Subscribe",
}

func outOfScope(action string) bool {
	return !slices.ContainsFunc(policyActions, func(known string) bool { return strings.EqualFold(known, action) })
}

func errScope() error { return invalid("Policy statement action out of service scope!") }

// checkPolicy refuses a policy that could not be decided by.
func checkPolicy(text string) error {
	doc, err := policy.Parse(text, policy.Resource)
	if err != nil {
		return invalid("Policy Error: %v", err)
	}
	for _, st := range doc.Statements {
		for _, action := range slices.Concat(st.Action, st.NotAction) {
			service, name, _ := strings.Cut(action, ":")
			if !strings.EqualFold(service, "sns") || outOfScope(name) {
				return errScope()
			}
		}
	}
	return nil
}

// policyDocument is a policy whose statements stay as they are written.
type policyDocument struct {
	Version    string            `json:"Version,omitempty"`
	ID         string            `json:"Id,omitempty"`
	Statements []json.RawMessage `json:"Statement"`
}

// changePolicy changes the statements of a topic's policy, be it set or the default one.
func (s *Service) changePolicy(arn *string, change func(doc *policyDocument) error) error {
	return s.change(arn, noTopic(), func(t *topic) error {
		text := t.Attributes["Policy"]
		if text == "" {
			text = s.defaultPolicy(s.topicARN(t.Name))
		}
		var doc policyDocument
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			// A policy may have its one statement without a list around it.
			var single struct{ Statement json.RawMessage }
			if err := json.Unmarshal([]byte(text), &single); err != nil {
				return err
			}
			doc.Statements = []json.RawMessage{single.Statement}
		}
		if err := change(&doc); err != nil {
			return err
		}
		data, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		if t.Attributes == nil {
			t.Attributes = map[string]string{}
		}
		t.Attributes["Policy"] = string(data)
		return nil
	})
}

func sidOf(statement json.RawMessage) string {
	var st struct{ Sid string }
	_ = json.Unmarshal(statement, &st) // the policy has passed the grammar
	return st.Sid
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// AddPermission adds a statement to a topic's policy. The words of its errors are those that moto has recorded.
func (s *Service) AddPermission(_ context.Context, in *sns.AddPermissionInput) (*sns.AddPermissionOutput, error) {
	if len(in.AWSAccountId) == 0 || len(in.ActionName) == 0 {
		return nil, invalid("AWSAccountId and ActionName must not be empty")
	}
	var principals, actions []string
	for _, id := range in.AWSAccountId {
		if !accountID.MatchString(id) {
			return nil, invalid("AWSAccountId")
		}
		principals = append(principals, "arn:aws:iam::"+id+":root")
	}
	for _, name := range in.ActionName {
		if outOfScope(name) {
			return nil, errScope()
		}
		actions = append(actions, "SNS:"+name)
	}
	statement, err := json.Marshal(struct {
		Sid, Effect string
		Principal   map[string]any
		Action      any
		Resource    string
	}{aws.ToString(in.Label), "Allow", map[string]any{"AWS": oneOrAll(principals)}, oneOrAll(actions), aws.ToString(in.TopicArn)})
	if err != nil {
		return nil, err
	}
	return &sns.AddPermissionOutput{}, s.changePolicy(in.TopicArn, func(doc *policyDocument) error {
		if slices.ContainsFunc(doc.Statements, func(st json.RawMessage) bool { return sidOf(st) == *in.Label }) {
			return invalid("Statement already exists")
		}
		doc.Statements = append(doc.Statements, statement)
		return nil
	})
}

func oneOrAll(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// RemovePermission removes a statement from a topic's policy; that there is none is no error.
func (s *Service) RemovePermission(_ context.Context, in *sns.RemovePermissionInput) (*sns.RemovePermissionOutput, error) {
	return &sns.RemovePermissionOutput{}, s.changePolicy(in.TopicArn, func(doc *policyDocument) error {
		doc.Statements = slices.DeleteFunc(doc.Statements, func(st json.RawMessage) bool { return sidOf(st) == *in.Label })
		return nil
	})
}
