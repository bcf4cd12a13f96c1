package cloudformation

import "testing"

// FuzzStackPolicy holds stack policies to two promises: none panics, and one
// that is taken answers for every action.
func FuzzStackPolicy(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"Statement": {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}}`,
		policyOn("Update:Replace", "LogicalResourceId/A*b*"),
		`{"Statement": [{"Effect": "Deny", "NotAction": ["Update:Delete"], "Principal": "*", "NotResource": ["*"], "Condition": {"StringLike": {"ResourceType": "AWS::*"}}}]}`,
	} {
		f.Add(seed, "LogicalId")
	}
	f.Fuzz(func(t *testing.T, text, id string) {
		policy, err := parsePolicy(text)
		if err != nil {
			wantError(t, err, "ValidationError", "Error validating stack policy: Invalid stack policy")
			return
		}
		for _, action := range []string{toModify, toReplace, toRemove} {
			policy.denial(action, id, "AWS::S3::Bucket")
		}
	})
}
