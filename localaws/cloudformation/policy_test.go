package cloudformation

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func policyOn(action, resource string) string {
	return `{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
		{"Effect": "Deny", "Action": "` + action + `", "Principal": "*", "Resource": "` + resource + `"}]}`
}

func (f *fixture) setPolicy(policy string) {
	f.t.Helper()
	if _, err := f.SetStackPolicy(f.t.Context(), &cloudformation.SetStackPolicyInput{StackName: aws.String("one"), StackPolicyBody: &policy}); err != nil {
		f.t.Fatal(err)
	}
}

func TestStackPolicyProtects(t *testing.T) {
	for name, test := range map[string]struct {
		policy, body string
		change       func(*cloudformation.UpdateStackInput)
		reason       string
	}{
		"replacement": {
			policyOn("Update:Replace", "LogicalResourceId/A"), fixedPair, fixed("y"),
			"A UPDATE_FAILED Action denied by stack policy: Statement [#2] does not allow [Update:Replace] for resource [LogicalResourceId/A];",
		},
		"deletion": {
			policyOn("Update:Delete", "*"), `Resources: {A: {Type: Test::A::Thing, Properties: {Fixed: x}}}`, nil,
			"B UPDATE_FAILED Action denied by stack policy: Statement [#2] does not allow [Update:Delete] for resource [LogicalResourceId/B];",
		},
		"modification": {
			policyOn("Update:Modify", "LogicalResourceId/B*"), fixedPair, fixed("y"),
			"B UPDATE_FAILED Action denied by stack policy: Statement [#2] does not allow [Update:Modify] for resource [LogicalResourceId/B];",
		},
		"nothing allowed": {
			`{"Statement": {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*",
				"Condition": {"StringLike": {"ResourceType": ["AWS::*"]}}}}`, fixedPair, fixed("y"),
			"A UPDATE_FAILED Action not allowed by stack policy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.create("one", fixedPair)
			f.setPolicy(test.policy)
			change := test.change
			if change == nil {
				change = func(*cloudformation.UpdateStackInput) {}
			}
			f.want(f.update("one", test.body, change), types.StackStatusUpdateRollbackComplete, "")
			if !slices.Contains(f.story("one"), test.reason) {
				t.Errorf("no %q in\n%s", test.reason, strings.Join(f.story("one"), "\n"))
			}
			if f.count() != 2 {
				t.Errorf("the world is %v", f.things)
			}
			lift := func(in *cloudformation.UpdateStackInput) {
				change(in)
				in.StackPolicyDuringUpdateBody = aws.String(`{"Statement": {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}}`)
			}
			f.want(f.update("one", test.body, lift), types.StackStatusUpdateComplete, "")
		})
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"a*", "ab", true}, {"*b", "ab", true}, {"a*c*e", "abcde", true}, {"a*c*e", "abde", false}, {"*", "", true}, {"aa*a", "aa", false},
	} {
		if like(c.pattern, c.value) != c.want {
			t.Errorf("like(%q, %q) is not %v", c.pattern, c.value, c.want)
		}
	}
}

// TestSkippedResource goes on with a failed rollback without the resource that cannot be brought back.
func TestSkippedResource(t *testing.T) {
	f := newFixture(t)
	f.create("one", fixedPair)
	updates := 0
	f.setHook(func(call string) error {
		if call == "update B" {
			if updates++; updates > 0 {
				return errors.New("no")
			}
		}
		return nil
	})
	f.want(f.update("one", fixedPair, fixed("y")), types.StackStatusUpdateRollbackFailed, "The following resource(s) failed to update: [B]. ")
	resume := func(ids ...string) error {
		_, err := f.ContinueUpdateRollback(t.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: aws.String("one"), ResourcesToSkip: ids})
		return err
	}
	wantError(t, resume("A"), "ValidationError", "Resource [A] cannot be skipped. Only resources of the stack that are in the UPDATE_FAILED state can be skipped.")
	if err := resume("B"); err != nil {
		t.Fatal(err)
	}
	f.want(f.settled("one"), types.StackStatusUpdateRollbackComplete, "")
	f.setHook(nil)
	f.want(f.delete("one"), types.StackStatusDeleteComplete, "")
	if f.count() != 0 {
		t.Errorf("left: %v", f.things)
	}
}
