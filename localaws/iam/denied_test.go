package iam_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/mayfly-cd/mayfly/localaws/iam"
	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// TestDenied holds the words of denials that are not those of every service.
func TestDenied(t *testing.T) {
	w, ctx := open(t), t.Context()
	must(w.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("ann")}))(t)
	guard := must(w.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("guard"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}`)}))(t).Policy.Arn
	must(w.AttachUserPolicy(ctx, &awsiam.AttachUserPolicyInput{UserName: aws.String("ann"), PolicyArn: guard}))(t)
	must(w.PutUserPolicy(ctx, &awsiam.PutUserPolicyInput{UserName: aws.String("ann"), PolicyName: aws.String("inline"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"logs:*","Resource":"*"},
		{"Effect":"Allow","Action":"events:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"` + account + `"}}}]}`)}))(t)
	ann := identity.Principal{ARN: annARN, Account: account, AccessKeyID: "AKIAANN"}
	for _, test := range []struct {
		name             string
		who              identity.Principal
		action, resource string
		want             string
	}{
		{"a managed policy denies", ann, "s3:GetObject", "arn:aws:s3:::b/x", "User: " + annARN +
			` is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/x" with an explicit deny in an identity-based policy: ` + *guard},
		{"an inline policy denies", ann, "logs:CreateLogGroup", "*", "User: " + annARN +
			" is not authorized to perform: logs:CreateLogGroup on resource: * with an explicit deny in an identity-based policy"},
		{"SNS", ann, "sns:Publish", "arn:aws:sns:eu-central-1:123456789012:t", "User: " + annARN +
			" is not authorized to perform: SNS:Publish on resource: arn:aws:sns:eu-central-1:123456789012:t because no identity-based policy allows the SNS:Publish action"},
		{"another account's resource", ann, "events:PutEvents", "arn:aws:events:eu-central-1:210987654321:event-bus/b", "User: " + annARN +
			" is not authorized to perform: events:PutEvents on resource: arn:aws:events:eu-central-1:210987654321:event-bus/b because no identity-based policy allows the events:PutEvents action"},
		{"nobody", identity.Principal{}, "s3:GetObject", "arn:aws:s3:::b/x", "Access Denied"},
	} {
		made := must(w.Decide(test.who, policy.Access{Action: test.action, Resources: []string{test.resource}}))(t)
		wantError(t, iam.Denied(test.who, test.action, made), "AccessDenied", test.want)
	}
	made := must(w.Decide(ann, policy.Access{Action: "events:PutEvents", Resources: []string{"arn:aws:events:eu-central-1:123456789012:event-bus/b"}}))(t)
	if made.Decision != policy.Allowed {
		t.Errorf("this account's resource: %+v", made)
	}
}
