package main

import (
	"encoding/json"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

type policyText struct {
	Version   string
	Statement []map[string]any
}

// withoutStatement takes a statement out of a role's policy.
func withoutStatement(w *mistakeWorld, c *cloud.Cloud, role, policy, sid string) error {
	out, err := c.IAM.GetRolePolicy(w.t.Context(), &iam.GetRolePolicyInput{RoleName: &role, PolicyName: &policy})
	if err != nil {
		return err
	}
	text, err := url.QueryUnescape(aws.ToString(out.PolicyDocument))
	if err != nil {
		return err
	}
	var document policyText
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return err
	}
	document.Statement = slices.DeleteFunc(document.Statement, func(s map[string]any) bool { return s["Sid"] == sid })
	data, err := json.Marshal(document)
	if err != nil {
		return err
	}
	_, err = c.IAM.PutRolePolicy(w.t.Context(), &iam.PutRolePolicyInput{RoleName: &role, PolicyName: &policy, PolicyDocument: aws.String(string(data))})
	return err
}

// sids are the ids of a policy's statements.
func sids(text string) []string {
	var document policyText
	var all []string
	if json.Unmarshal([]byte(text), &document) == nil {
		for _, s := range document.Statement {
			if sid, ok := s["Sid"].(string); ok {
				all = append(all, sid)
			}
		}
	}
	return all
}
