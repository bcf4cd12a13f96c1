package cloud

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func TestAlike(t *testing.T) {
	for _, test := range []struct {
		want, have string
		alike      bool
	}{
		{`{"Action":["a","b"],"Resource":"*"}`, `{"Resource":["*"],"Action":["b","a"]}`, true},
		{`[{"Sid":"1","Action":["a"]},{"Sid":"2"}]`, `[{"Sid":"2"},{"Sid":"1","Action":"a"}]`, true},
		{`{"Bool":{"aws:SecureTransport":false}}`, `{"Bool":{"aws:SecureTransport":"false"}}`, true},
		{`null`, `[]`, true},
		{`{"Action":"a"}`, `{"Action":"a","Condition":{}}`, false},
		{`{"Action":"a","Condition":{}}`, `{"Action":"a"}`, false},
		{`["a","a"]`, `["a","b"]`, false},
		{`["a"]`, `["a","b"]`, false},
		{`{"a":"b"}`, `"b"`, false},
	} {
		var want, have any
		if err := json.Unmarshal([]byte(test.want), &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(test.have), &have); err != nil {
			t.Fatal(err)
		}
		if got := Alike(want, have); got != test.alike {
			t.Errorf("Alike(%s, %s) is %v", test.want, test.have, got)
		}
	}
	if !Alike(map[string]any{"Resource": Unknown{}}, map[string]any{"Resource": []any{"a", "b"}}) {
		t.Error("what is unknown is to be like anything")
	}
}

// TestOwnPolicies leaves a role's policies alone that its stack gives it by resources of their own.
func TestOwnPolicies(t *testing.T) {
	own := OwnPolicies([]types.StackResourceSummary{
		{ResourceType: aws.String("AWS::IAM::ManagedPolicy"), PhysicalResourceId: aws.String("arn:own")},
		{ResourceType: aws.String("AWS::IAM::Policy"), PhysicalResourceId: aws.String("inline")},
	})
	if !own.Inline {
		t.Error("it has a policy within a role")
	}
	if left := own.without([]any{"arn:own", "arn:else"}, nil); len(left) != 1 || left[0] != "arn:else" {
		t.Errorf("left are %v", left)
	}
	if left := own.without([]any{"arn:own"}, []any{"arn:own"}); len(left) != 1 {
		t.Errorf("the template names it: left are %v", left)
	}
}
