package iam_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
)

// result is what the tests want of an EvaluationResult.
type result struct {
	On, Decision string
	Matched      []string // policy line:column-line:column
	Missing      []string
	Boundary     string            // what the boundary says, where there is one
	Resources    map[string]string // the decisions on the resources
}

func flat(results []types.EvaluationResult) map[string]result {
	all := map[string]result{}
	for _, r := range results {
		one := result{On: *r.EvalResourceName, Decision: string(r.EvalDecision), Missing: r.MissingContextValues}
		for _, s := range r.MatchedStatements {
			one.Matched = append(one.Matched, fmt.Sprintf("%s %d:%d-%d:%d", *s.SourcePolicyId,
				s.StartPosition.Line, s.StartPosition.Column, s.EndPosition.Line, s.EndPosition.Column))
		}
		if r.PermissionsBoundaryDecisionDetail != nil {
			one.Boundary = strconv.FormatBool(r.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary)
		}
		for _, resource := range r.ResourceSpecificResults {
			if one.Resources == nil {
				one.Resources = map[string]string{}
			}
			one.Resources[*resource.EvalResourceName] = string(resource.EvalResourceDecision)
		}
		all[*r.EvalActionName] = one
	}
	return all
}

func same(t *testing.T, got, want map[string]result) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Transformer("none", func(s []string) []string {
		if len(s) == 0 {
			return nil
		}
		return s
	})); diff != "" {
		t.Error(diff)
	}
}

// TestSimulateCustomPolicy starts with the example of the AWS CLI's help.
func TestSimulateCustomPolicy(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	client := dial(root.AccessKeyID, root.SecretAccessKey, "").iam
	const after = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}`
	at := func(time string) []types.ContextEntry {
		return []types.ContextEntry{{ContextKeyName: aws.String("aws:CurrentTime"), ContextKeyValues: []string{time}, ContextKeyType: types.ContextKeyTypeEnumDate}}
	}
	simulate := func(in *awsiam.SimulateCustomPolicyInput) map[string]result {
		t.Helper()
		return flat(must(client.SimulateCustomPolicy(t.Context(), in))(t).EvaluationResults)
	}
	in := &awsiam.SimulateCustomPolicyInput{PolicyInputList: []string{after}, ActionNames: []string{"dynamodb:CreateBackup"}, ContextEntries: at("2019-04-25T11:00:00Z")}
	same(t, simulate(in), map[string]result{"dynamodb:CreateBackup": {On: "*", Decision: "allowed", Matched: []string{"PolicyInputList.1 1:38-1:167"}}})
	in.ContextEntries = at("2014-04-25T11:00:00Z")
	same(t, simulate(in), map[string]result{"dynamodb:CreateBackup": {On: "*", Decision: "implicitDeny"}})
	in.ContextEntries = nil
	same(t, simulate(in), map[string]result{"dynamodb:CreateBackup": {On: "*", Decision: "implicitDeny", Missing: []string{"aws:CurrentTime"}}})

	w.user(t, dial, "ann", "")
	in = &awsiam.SimulateCustomPolicyInput{
		PolicyInputList:                    []string{allow("s3:*", "*"), "{\n \"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Effect\":\"Deny\",\"Action\":\"s3:Put*\",\"Resource\":\"arn:aws:s3:::b/secret\"}\n ]\n}"},
		ActionNames:                        []string{"s3:PutObject", "s3:GetObject", "sns:Publish"},
		ResourceArns:                       []string{"arn:aws:s3:::b/x", "arn:aws:s3:::b/secret"},
		CallerArn:                          aws.String(annARN),
		ResourcePolicy:                     aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + annARN + `"},"Action":"sns:*","Resource":"arn:aws:s3:::b/x"}}`),
		PermissionsBoundaryPolicyInputList: []string{allow("s3:P*", "*")},
	}
	same(t, simulate(in), map[string]result{
		"s3:PutObject": {
			On: "*", Decision: "explicitDeny", Matched: []string{"PolicyInputList.2 3:16-4:74"}, Boundary: "true",
			Resources: map[string]string{"arn:aws:s3:::b/x": "allowed", "arn:aws:s3:::b/secret": "explicitDeny"},
		},
		"s3:GetObject": {
			On: "*", Decision: "implicitDeny", Boundary: "false",
			Resources: map[string]string{"arn:aws:s3:::b/x": "implicitDeny", "arn:aws:s3:::b/secret": "implicitDeny"},
		},
		"sns:Publish": {
			On: "*", Decision: "implicitDeny", Boundary: "false",
			Resources: map[string]string{"arn:aws:s3:::b/x": "allowed", "arn:aws:s3:::b/secret": "implicitDeny"},
		},
	})
	for name, change := range map[string]func(in *awsiam.SimulateCustomPolicyInput){
		"Invalid action name: s3:*":                                  func(in *awsiam.SimulateCustomPolicyInput) { in.ActionNames = []string{"s3:*"} },
		"Invalid policy PolicyInputList.1: Syntax errors in policy.": func(in *awsiam.SimulateCustomPolicyInput) { in.PolicyInputList = []string{"{}"} },
		"CallerArn is required when a ResourcePolicy is given.":      func(in *awsiam.SimulateCustomPolicyInput) { in.CallerArn = nil },
		"ResourceHandlingOption EC2-VPC-InstanceStore is not supported here.": func(in *awsiam.SimulateCustomPolicyInput) {
			in.ResourceHandlingOption = aws.String("EC2-VPC-InstanceStore")
		},
		"Invalid Entity Arn: " + *in.CallerArn + "x does not clearly define entity type and name.": func(in *awsiam.SimulateCustomPolicyInput) { in.CallerArn = aws.String(annARN + "x") },
	} {
		bad := *in
		change(&bad)
		_, err := client.SimulateCustomPolicy(t.Context(), &bad)
		wantError(t, err, "InvalidInput", name)
	}
}

func TestSimulatePrincipalPolicy(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	ctx := t.Context()
	client := dial(root.AccessKeyID, root.SecretAccessKey, "").iam
	w.user(t, dial, "ann", allow("codecommit:ListRepositories", "*"))
	must(w.CreateGroup(ctx, &awsiam.CreateGroupInput{GroupName: aws.String("readers")}))(t)
	must(w.AddUserToGroup(ctx, &awsiam.AddUserToGroupInput{GroupName: aws.String("readers"), UserName: aws.String("ann")}))(t)
	must(w.AttachGroupPolicy(ctx, &awsiam.AttachGroupPolicyInput{GroupName: aws.String("readers"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")}))(t)
	must(w.PutGroupPolicy(ctx, &awsiam.PutGroupPolicyInput{GroupName: aws.String("readers"), PolicyName: aws.String("home"), PolicyDocument: aws.String(allow("sns:*", "arn:aws:sns:*:*:${aws:username}"))}))(t)
	actions := []string{"codecommit:ListRepositories", "s3:GetObject", "iam:ListUsers"}
	in := &awsiam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(annARN), ActionNames: actions}
	missing := []string{"aws:username"}
	same(t, flat(must(client.SimulatePrincipalPolicy(ctx, in))(t).EvaluationResults), map[string]result{
		"codecommit:ListRepositories": {On: "*", Decision: "allowed", Matched: []string{"own 1:38-1:110"}, Missing: missing},
		"s3:GetObject":                {On: "*", Decision: "allowed", Matched: []string{"AmazonS3ReadOnlyAccess 3:19-14:10"}, Missing: missing},
		"iam:ListUsers":               {On: "*", Decision: "implicitDeny", Missing: missing},
	})
	keys := must(client.GetContextKeysForPrincipalPolicy(ctx, &awsiam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: aws.String(annARN)}))(t)
	if !slices.Equal(keys.ContextKeyNames, missing) {
		t.Errorf("context keys %v", keys.ContextKeyNames)
	}
	custom := must(client.GetContextKeysForCustomPolicy(ctx, &awsiam.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}}`,
	}}))(t)
	if !slices.Equal(custom.ContextKeyNames, []string{"aws:username", "aws:CurrentTime"}) {
		t.Errorf("context keys %v", custom.ContextKeyNames)
	}

	// Page by page, and as the role and the group.
	var got []string
	pages := awsiam.NewSimulatePrincipalPolicyPaginator(client, in, func(o *awsiam.SimulatePrincipalPolicyPaginatorOptions) { o.Limit = 2 })
	for pages.HasMorePages() {
		for _, r := range must(pages.NextPage(ctx))(t).EvaluationResults {
			got = append(got, *r.EvalActionName)
		}
	}
	if !slices.Equal(got, actions) {
		t.Errorf("by pages %v", got)
	}
	boundary := must(w.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("limit"), PolicyDocument: aws.String(allow("s3:*", "*"))}))(t).Policy.Arn
	role := w.role(t, "r", trustsAll)
	must(w.PutRolePermissionsBoundary(ctx, &awsiam.PutRolePermissionsBoundaryInput{RoleName: role.RoleName, PermissionsBoundary: boundary}))(t)
	must(w.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String("all"), PolicyDocument: aws.String(allowEverything)}))(t)
	same(t, flat(must(client.SimulatePrincipalPolicy(ctx, &awsiam.SimulatePrincipalPolicyInput{PolicySourceArn: role.Arn, ActionNames: actions[1:]}))(t).EvaluationResults), map[string]result{
		"s3:GetObject":  {On: "*", Decision: "allowed", Matched: []string{"all 1:38-1:84", "limit 1:38-1:87"}, Boundary: "true"},
		"iam:ListUsers": {On: "*", Decision: "implicitDeny", Boundary: "false"},
	})
	group := must(client.SimulatePrincipalPolicy(ctx, &awsiam.SimulatePrincipalPolicyInput{
		PolicySourceArn: aws.String("arn:aws:iam::123456789012:group/readers"), ActionNames: []string{"s3:GetObject"}, PolicyInputList: []string{allow("iam:*", "*")},
	}))(t)
	if r := group.EvaluationResults[0]; r.EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
		t.Errorf("as the group: %+v", r)
	}
	for arn, want := range map[string][2]string{
		annARN + "x": {"NoSuchEntity", "The user with name annx cannot be found."},
		"arn:aws:sts::123456789012:assumed-role/r/s":     {"InvalidInput", "Invalid Entity Arn: arn:aws:sts::123456789012:assumed-role/r/s does not clearly define entity type and name."},
		"arn:aws:iam::123456789012:instance-profile/any": {"InvalidInput", "Invalid Entity Arn: arn:aws:iam::123456789012:instance-profile/any does not clearly define entity type and name."},
	} {
		_, err := client.SimulatePrincipalPolicy(ctx, &awsiam.SimulatePrincipalPolicyInput{PolicySourceArn: &arn, ActionNames: actions})
		wantError(t, err, want[0], want[1])
	}
}
