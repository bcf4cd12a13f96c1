package iam_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

const allowEverything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

func allow(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`
}

// trusting is a trust policy for a principal of the account, with conditions.
func trusting(principal, actions, conditions string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":` + actions +
		`,"Condition":{` + conditions + `}}]}`
}

func TestAssumeRole(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	ctx := t.Context()
	ann := w.user(t, dial, "ann", allow("sts:*", "*"))
	bob := w.user(t, dial, "bob", "")
	byAccount := w.role(t, "account", trusting(account, `"sts:AssumeRole"`, ``))
	byName := w.role(t, "name", trusting("arn:aws:iam::123456789012:user/bob", `"sts:AssumeRole"`, ``))
	outside := w.role(t, "outside", trusting(account, `"sts:AssumeRole"`, `"StringEquals":{"sts:ExternalId":"xx"}`))
	tagged := w.role(t, "tagged", trusting(account, `["sts:AssumeRole","sts:TagSession"]`, `"StringEquals":{"aws:RequestTag/team":"red"}`))
	named := w.role(t, "named", trusting(account, `["sts:AssumeRole","sts:SetSourceIdentity"]`,
		`"StringEquals":{"sts:RoleSessionName":"${aws:username}"},"StringLike":{"sts:SourceIdentity":"a*"}`))
	const bobARN = "arn:aws:iam::123456789012:user/bob"
	denied := func(who, action, role string) string {
		return "User: " + who + " is not authorized to perform: " + action + " on resource: " + role
	}
	red := []ststypes.Tag{{Key: aws.String("team"), Value: aws.String("red")}}
	for name, test := range map[string]struct {
		who     clients
		in      sts.AssumeRoleInput
		code    string
		message string
	}{
		"the account is trusted":   {who: ann, in: sts.AssumeRoleInput{RoleArn: byAccount.Arn}},
		"and the user may not":     {bob, sts.AssumeRoleInput{RoleArn: byAccount.Arn}, "AccessDenied", denied(bobARN, "sts:AssumeRole", *byAccount.Arn)},
		"the user is trusted":      {who: bob, in: sts.AssumeRoleInput{RoleArn: byName.Arn}},
		"another user is":          {ann, sts.AssumeRoleInput{RoleArn: byName.Arn}, "AccessDenied", denied(annARN, "sts:AssumeRole", *byName.Arn)},
		"external id":              {who: ann, in: sts.AssumeRoleInput{RoleArn: outside.Arn, ExternalId: aws.String("xx")}},
		"wrong external id":        {ann, sts.AssumeRoleInput{RoleArn: outside.Arn, ExternalId: aws.String("yy")}, "AccessDenied", denied(annARN, "sts:AssumeRole", *outside.Arn)},
		"no external id":           {ann, sts.AssumeRoleInput{RoleArn: outside.Arn}, "AccessDenied", denied(annARN, "sts:AssumeRole", *outside.Arn)},
		"tags":                     {who: ann, in: sts.AssumeRoleInput{RoleArn: tagged.Arn, Tags: red}},
		"no tags":                  {ann, sts.AssumeRoleInput{RoleArn: tagged.Arn}, "AccessDenied", denied(annARN, "sts:AssumeRole", *tagged.Arn)},
		"tags are not trusted":     {ann, sts.AssumeRoleInput{RoleArn: byAccount.Arn, Tags: red}, "AccessDenied", denied(annARN, "sts:TagSession", *byAccount.Arn)},
		"session name, identity":   {who: ann, in: sts.AssumeRoleInput{RoleArn: named.Arn, RoleSessionName: aws.String("ann"), SourceIdentity: aws.String("ann")}},
		"another session name":     {ann, sts.AssumeRoleInput{RoleArn: named.Arn, SourceIdentity: aws.String("ann")}, "AccessDenied", denied(annARN, "sts:AssumeRole", *named.Arn)},
		"identity is not trusted":  {ann, sts.AssumeRoleInput{RoleArn: byAccount.Arn, SourceIdentity: aws.String("ann")}, "AccessDenied", denied(annARN, "sts:SetSourceIdentity", *byAccount.Arn)},
		"no such role":             {ann, sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/none")}, "AccessDenied", denied(annARN, "sts:AssumeRole", "arn:aws:iam::123456789012:role/none")},
		"no ARN":                   {ann, sts.AssumeRoleInput{RoleArn: aws.String("nothing-valid-in-here")}, "ValidationError", "nothing-valid-in-here is invalid"},
		"no partition":             {ann, sts.AssumeRoleInput{RoleArn: aws.String("arn::b:::xxxxxxxxxxxxx")}, "ValidationError", "arn::b:::xxxxxxxxxxxxx is invalid"},
		"with a code":              {ann, sts.AssumeRoleInput{RoleArn: byAccount.Arn, SerialNumber: aws.String("arn:aws:iam::123456789012:mfa/ann"), TokenCode: aws.String("123456")}, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. "},
		"root":                     {dial(root.AccessKeyID, root.SecretAccessKey, ""), sts.AssumeRoleInput{RoleArn: byAccount.Arn}, "AccessDenied", "Roles may not be assumed by root accounts."},
		"too long":                 {ann, sts.AssumeRoleInput{RoleArn: byAccount.Arn, DurationSeconds: aws.Int32(7200)}, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"malformed session policy": {ann, sts.AssumeRoleInput{RoleArn: byAccount.Arn, Policy: aws.String("{}")}, "MalformedPolicyDocument", "Syntax errors in policy."},
		"no such session policy":   {ann, sts.AssumeRoleInput{RoleArn: byAccount.Arn, PolicyArns: []ststypes.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::123456789012:policy/none")}}}, "ValidationError", "Policy arn:aws:iam::123456789012:policy/none does not exist or is not attachable."},
		"transitive without a tag": {ann, sts.AssumeRoleInput{RoleArn: tagged.Arn, Tags: red, TransitiveTagKeys: []string{"x"}}, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags."},
	} {
		t.Run(name, func(t *testing.T) {
			if test.in.RoleSessionName == nil {
				test.in.RoleSessionName = aws.String("in")
			}
			out, err := test.who.sts.AssumeRole(ctx, &test.in)
			if test.code != "" {
				wantError(t, err, test.code, test.message)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			arn := "arn:aws:sts::123456789012:assumed-role/" + strings.TrimPrefix(*test.in.RoleArn, "arn:aws:iam::123456789012:role/") + "/" + *test.in.RoleSessionName
			id := must(session(dial, out.Credentials).sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))(t)
			if *id.Arn != arn || *out.AssumedRoleUser.Arn != arn || !out.Credentials.Expiration.Equal(w.now.Truncate(time.Second).Add(time.Hour)) {
				t.Errorf("session %s until %s", *id.Arn, out.Credentials.Expiration)
			}
			if (out.PackedPolicySize != nil) != (test.in.Tags != nil) { //nolint:staticcheck // AWS still answers it
				t.Errorf("packed size %v", out.PackedPolicySize) //nolint:staticcheck // as above
			}
		})
	}
}

// TestChain hands session tags and the source identity from one role to the next.
func TestChain(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	ctx := t.Context()
	ann := w.user(t, dial, "ann", allowEverything)
	const actions = `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
	first, second := w.role(t, "first", trusting(account, actions, "")), w.role(t, "second", trusting(account, actions, ""))
	for _, role := range []*types.Role{first, second} {
		must(w.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: role.RoleName, PolicyName: aws.String("p"), PolicyDocument: aws.String(allowEverything)}))(t)
	}
	must(w.TagRole(ctx, &awsiam.TagRoleInput{RoleName: second.RoleName, Tags: []types.Tag{{Key: aws.String("Team"), Value: aws.String("none")}, {Key: aws.String("own"), Value: aws.String("1")}}}))(t)
	one := must(ann.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: first.Arn, RoleSessionName: aws.String("one"), SourceIdentity: aws.String("ann"), TransitiveTagKeys: []string{"team"},
		Tags: []ststypes.Tag{{Key: aws.String("team"), Value: aws.String("red")}, {Key: aws.String("desk"), Value: aws.String("7")}},
	}))(t)
	chained := session(dial, one.Credentials)
	two := must(chained.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: second.Arn, RoleSessionName: aws.String("two")}))(t)
	if aws.ToString(two.SourceIdentity) != "ann" {
		t.Errorf("source identity %v", two.SourceIdentity)
	}
	key, _ := w.Key(*two.Credentials.AccessKeyId)
	for condition, want := range map[string]policy.Decision{
		`"aws:PrincipalTag/team":"red"`: policy.Allowed,
		`"aws:PrincipalTag/own":"1"`:    policy.Allowed,
		`"aws:PrincipalTag/desk":"7"`:   policy.ImplicitDeny,
		`"aws:SourceIdentity":"ann"`:    policy.Allowed,
	} {
		must(w.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: second.RoleName, PolicyName: aws.String("p"), PolicyDocument: aws.String(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{` + condition + `}}}]}`)}))(t)
		if got := must(w.Decide(key.Principal, policy.Access{Action: "sns:Publish"}))(t); got.Decision != want {
			t.Errorf("%s: %v", condition, got.Decision)
		}
	}
	_, err := chained.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: second.Arn, RoleSessionName: aws.String("two"), DurationSeconds: aws.Int32(7200)})
	wantError(t, err, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	_, err = chained.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: second.Arn, RoleSessionName: aws.String("two"), Tags: []ststypes.Tag{{Key: aws.String("Team"), Value: aws.String("blue")}},
	})
	wantError(t, err, "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
}

// TestTokens shows what the sessions of GetSessionToken and GetFederationToken may do.
func TestTokens(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	ctx := t.Context()
	ann := w.user(t, dial, "ann", allowEverything)
	role := w.role(t, "r", trusting(account, `"sts:AssumeRole"`, ""))
	for name, from := range map[string]clients{"user": ann, "root": dial(root.AccessKeyID, root.SecretAccessKey, "")} {
		t.Run(name, func(t *testing.T) {
			token := must(from.sts.GetSessionToken(ctx, &sts.GetSessionTokenInput{}))(t).Credentials
			lifetime := map[string]time.Duration{"user": 12 * time.Hour, "root": time.Hour}[name]
			if !token.Expiration.Equal(w.now.Truncate(time.Second).Add(lifetime)) {
				t.Errorf("expires %s", token.Expiration)
			}
			with := session(dial, token)
			must(with.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))(t)
			_, err := with.iam.ListUsers(ctx, &awsiam.ListUsersInput{})
			wantError(t, err, "InvalidClientTokenId", "The security token included in the request is invalid")
			_, err = with.sts.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: token.AccessKeyId})
			wantError(t, err, "InvalidClientTokenId", "The security token included in the request is invalid")
			_, err = with.sts.GetSessionToken(ctx, &sts.GetSessionTokenInput{})
			wantError(t, err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
			_, err = with.sts.GetFederationToken(ctx, &sts.GetFederationTokenInput{Name: aws.String("bob")})
			wantError(t, err, "AccessDenied", "Cannot call GetFederationToken with session credentials")
			if name == "user" {
				must(with.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role.Arn, RoleSessionName: aws.String("in")}))(t)
			}
			key, _ := w.Key(*token.AccessKeyId)
			if got := must(w.Decide(key.Principal, policy.Access{Action: "s3:ListAllMyBuckets"}))(t); got.Decision != policy.Allowed {
				t.Errorf("S3 with a token: %+v", got)
			}
		})
	}
	_, err := ann.sts.GetSessionToken(ctx, &sts.GetSessionTokenInput{SerialNumber: aws.String("GAHT12345678"), TokenCode: aws.String("123456")})
	wantError(t, err, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")

	out := must(ann.sts.GetFederationToken(ctx, &sts.GetFederationTokenInput{Name: aws.String("bob"), Policy: aws.String(allow("s3:Get*", "*"))}))(t)
	if *out.FederatedUser.Arn != "arn:aws:sts::123456789012:federated-user/bob" || *out.FederatedUser.FederatedUserId != "123456789012:bob" {
		t.Errorf("federated user %+v", out.FederatedUser)
	}
	key, _ := w.Key(*out.Credentials.AccessKeyId)
	for action, want := range map[string]policy.Decision{
		"s3:GetObject": policy.Allowed, "s3:PutObject": policy.ImplicitDeny, "iam:ListUsers": policy.ExplicitDeny, "sts:AssumeRole": policy.ExplicitDeny,
	} {
		if got := must(w.Decide(key.Principal, policy.Access{Action: action}))(t); got.Decision != want {
			t.Errorf("%s: %+v", action, got)
		}
	}
	bare := must(ann.sts.GetFederationToken(ctx, &sts.GetFederationTokenInput{Name: aws.String("bob")}))(t)
	key, _ = w.Key(*bare.Credentials.AccessKeyId)
	if got := must(w.Decide(key.Principal, policy.Access{Action: "s3:GetObject"}))(t); got.Decision != policy.ImplicitDeny || got.In != "session policy" {
		t.Errorf("a federated user without a policy: %+v", got)
	}
	info := must(ann.sts.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: bare.Credentials.AccessKeyId}))(t)
	if *info.Account != account {
		t.Errorf("the key belongs to %s", *info.Account)
	}
	_, err = ann.sts.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIANOBODYNOBODYNOBO")})
	wantError(t, err, "ValidationError", "Invalid Access Key ID: AKIANOBODYNOBODYNOBO")
}

// TestConditionKeysOfRequests decides by the keys that every request has.
func TestConditionKeysOfRequests(t *testing.T) {
	w, ctx := open(t), t.Context()
	user := must(w.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("ann"), Path: aws.String("/team/"), Tags: []types.Tag{{Key: aws.String("Team"), Value: aws.String("red")}}}))(t).User
	p := identity.Principal{ARN: *user.Arn, Account: account, UserID: *user.UserId, AccessKeyID: "AKIAANN"}
	via := p
	via.Via = []string{"cloudformation.amazonaws.com"}
	base := map[string]string{
		"aws:username": "ann", "aws:userid": *user.UserId, "aws:PrincipalArn": *user.Arn, "aws:PrincipalAccount": account,
		"aws:PrincipalType": "User", "aws:PrincipalTag/team": "red", "aws:RequestedRegion": "eu-central-1", "aws:SecureTransport": "true",
		"aws:CurrentTime": "2026-11-23T04:00:00Z", "aws:EpochTime": "1795406400", "aws:PrincipalIsAWSService": "false",
	}
	direct, forwarded := maps.Clone(base), maps.Clone(base)
	direct["aws:SourceIp"], direct["aws:ViaAWSService"] = "127.0.0.1", "false"
	forwarded["aws:CalledViaFirst"], forwarded["aws:ViaAWSService"] = "cloudformation.amazonaws.com", "true"
	for _, test := range []struct {
		who  identity.Principal
		keys map[string]string
	}{{p, direct}, {via, forwarded}} {
		for key, value := range test.keys {
			must(w.PutUserPolicy(ctx, &awsiam.PutUserPolicyInput{UserName: user.UserName, PolicyName: aws.String("p"), PolicyDocument: aws.String(
				`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"` + key + `":"` + value + `"}}}]}`)}))(t)
			if got := must(w.Decide(test.who, policy.Access{Action: "sns:Publish"}))(t); got.Decision != policy.Allowed {
				t.Errorf("%s is not %s", key, value)
			}
		}
	}
}
