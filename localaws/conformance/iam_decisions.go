package conformance

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	denials = iamGuide + "troubleshoot_access-denied.html"
	logic   = iamGuide + "reference_policies_evaluation-logic.html"
)

// who is the ARN of the one who is calling.
func (t *T) who() string {
	return str(must(t.sts.GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{}))(t).Arn)
}

func (t *T) createRepository() (name string, err error) {
	name = t.name()
	_, err = t.codecommit.CreateRepository(t.ctx, &codecommit.CreateRepositoryInput{RepositoryName: &name})
	if err == nil {
		t.cleanup("repository "+name, func(t *T) error { return t.deleteRepository(name) })
	}
	return name, err
}

func (t *T) listRepositories() (*codecommit.ListRepositoriesOutput, error) {
	return t.codecommit.ListRepositories(t.ctx, &codecommit.ListRepositoriesInput{})
}

// boundary is the input of a role within a permissions boundary.
func boundary(arn string) iam.CreateRoleInput { return iam.CreateRoleInput{PermissionsBoundary: &arn} }

var decisionAssumptions = []Assumption{
	{Number: 440, Title: "IAM: what nobody allows is denied, and the message says that no identity-based policy allows it", Source: denials, Confirmed: true, Run: func(t *T) {
		user := t.user(allow("codecommit:ListRepositories"))
		settled(user, user.listRepositories)
		name, err := user.createRepository()
		t.wantDenied(err, user.who(), "codecommit:CreateRepository", t.arn("codecommit", name), "because no identity-based policy allows the codecommit:CreateRepository action")
	}},
	{Number: 441, Title: "IAM: an explicit deny wins over every allow, and the message says so", Source: denials, Confirmed: true, Run: func(t *T) {
		user := t.user(document(
			statement{Effect: "Allow", Action: []string{"codecommit:*"}, Resource: []string{"*"}},
			statement{Effect: "Deny", Action: []string{"codecommit:CreateRepository"}, Resource: []string{"*"}},
		))
		settled(user, user.listRepositories)
		name, err := user.createRepository()
		t.wantDenied(err, user.who(), "codecommit:CreateRepository", t.arn("codecommit", name), "with an explicit deny in an identity-based policy")
	}},
	{Number: 442, Title: "IAM: a boundary allows nothing by itself, and limits what is allowed", Source: denials, Confirmed: true, Run: func(t *T) {
		session := t.session(t.roleOf(boundary(t.policy(allow("codecommit:ListRepositories"))), t.trustAccount(), allow("codecommit:*")), "")
		settled(session, session.listRepositories)
		name, err := session.createRepository()
		t.wantDenied(err, session.who(), "codecommit:CreateRepository", t.arn("codecommit", name), "because no permissions boundary allows the codecommit:CreateRepository action")
	}},
	{Number: 443, Title: "IAM: a deny in a boundary is named", Source: "https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns", Confirmed: true, Run: func(t *T) {
		limit := t.policy(document(
			statement{Effect: "Allow", Action: []string{"*"}, Resource: []string{"*"}},
			statement{Effect: "Deny", Action: []string{"codecommit:CreateRepository"}, Resource: []string{"*"}},
		))
		session := t.session(t.roleOf(boundary(limit), t.trustAccount(), allow("codecommit:*")), "")
		settled(session, session.listRepositories)
		name, err := session.createRepository()
		t.wantDenied(err, session.who(), "codecommit:CreateRepository", t.arn("codecommit", name), "with an explicit deny in a permissions boundary: "+limit)
	}},
	{Number: 444, Title: "IAM: a session's policy limits the session", Source: denials, Confirmed: true, Run: func(t *T) {
		session := t.session(t.userRole(allow("codecommit:*")), allow("codecommit:ListRepositories"))
		settled(session, session.listRepositories)
		name, err := session.createRepository()
		t.wantDenied(err, session.who(), "codecommit:CreateRepository", t.arn("codecommit", name), "because no session policy allows the codecommit:CreateRepository action")
	}},
	{Number: 445, Title: "IAM: a role whose trust policy does not name the caller is not assumed", Source: denials, Confirmed: true, Run: func(t *T) {
		role := t.role(trustService("ec2.amazonaws.com"), "")
		user := t.user(allow("sts:AssumeRole"))
		_, err := user.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("now")})
		t.wantDenied(err, user.who(), "sts:AssumeRole", role, "")
	}},
	{Number: 446, Title: "IAM: trust of the account is not permission: its users need sts:AssumeRole", Source: logic, Run: func(t *T) {
		role := t.userRole("")
		user := t.user("")
		_, err := user.sts.AssumeRole(t.ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("now")})
		if got := t.denied(err); !strings.HasPrefix(got, "User: "+user.who()+" is not authorized to perform: sts:AssumeRole on resource: "+role) {
			t.Errorf("the message is %s", got)
		}
	}},
	{Number: 447, Title: "IAM: a role is given to a service only by who may pass it", Source: iamGuide + "id_roles_use_passrole.html", Confirmed: true, Run: func(t *T) {
		role := t.role(trustService("lambda.amazonaws.com"), "")
		user := t.user(allow("lambda:CreateFunction", "codecommit:ListRepositories"))
		settled(user, user.listRepositories)
		_, err := user.lambda.CreateFunction(t.ctx, user.functionInput(t.functionName(), role))
		t.wantDenied(err, user.who(), "iam:PassRole", role, "because no identity-based policy allows the iam:PassRole action")
	}},
	{Number: 448, Title: "IAM: iam:PassedToService says for which service a role may be passed", Source: iamGuide + "reference_policies_iam-condition-keys.html", Confirmed: true, Run: func(t *T) {
		role := t.role(trustService("lambda.amazonaws.com"), "")
		user := t.user(document(
			statement{Effect: "Allow", Action: []string{"lambda:*", "codecommit:ListRepositories"}, Resource: []string{"*"}},
			statement{
				Effect: "Allow", Action: []string{"iam:PassRole"}, Resource: []string{"*"},
				Condition: map[string]any{"StringEquals": map[string]any{"iam:PassedToService": "codebuild.amazonaws.com"}},
			},
		))
		settled(user, user.listRepositories)
		_, err := user.lambda.CreateFunction(t.ctx, user.functionInput(t.functionName(), role))
		t.wantDenied(err, user.who(), "iam:PassRole", role, "because no identity-based policy allows the iam:PassRole action")
	}},
	{Number: 449, Title: "IAM: aws:ResourceTag is the tag of what is touched", Source: iamGuide + "reference_policies_condition-keys.html", Run: func(t *T) {
		tagged := t.name()
		must(t.codecommit.CreateRepository(t.ctx, &codecommit.CreateRepositoryInput{RepositoryName: &tagged, Tags: map[string]string{"team": "blue"}}))(t)
		t.cleanup("repository "+tagged, func(t *T) error { return t.deleteRepository(tagged) })
		plain := t.repository()
		user := t.user(document(statement{
			Effect: "Allow", Action: []string{"codecommit:GetRepository"}, Resource: []string{"*"},
			Condition: map[string]any{"StringEquals": map[string]any{"aws:ResourceTag/team": "blue"}},
		}))
		settled(user, func() (*codecommit.GetRepositoryOutput, error) {
			return user.codecommit.GetRepository(t.ctx, &codecommit.GetRepositoryInput{RepositoryName: &tagged})
		})
		_, err := user.codecommit.GetRepository(t.ctx, &codecommit.GetRepositoryInput{RepositoryName: &plain})
		t.denied(err)
	}},
	{Number: 450, Title: "IAM: aws:RequestTag is the tag that is asked for", Source: iamGuide + "reference_policies_condition-keys.html", Run: func(t *T) {
		user := t.user(document(
			statement{Effect: "Allow", Action: []string{"codecommit:DeleteRepository", "codecommit:TagResource", "codecommit:ListRepositories"}, Resource: []string{"*"}},
			statement{
				Effect: "Allow", Action: []string{"codecommit:CreateRepository"}, Resource: []string{"*"},
				Condition: map[string]any{"StringEquals": map[string]any{"aws:RequestTag/team": "blue"}},
			},
		))
		settled(user, user.listRepositories)
		_, err := user.createRepository()
		t.denied(err)
		name := t.name()
		must(user.codecommit.CreateRepository(t.ctx, &codecommit.CreateRepositoryInput{RepositoryName: &name, Tags: map[string]string{"team": "blue"}}))(t)
		t.cleanup("repository "+name, func(t *T) error { return t.deleteRepository(name) })
	}},
	{Number: 451, Title: "IAM: ${aws:username} in a resource is the caller's name", Source: iamGuide + "reference_policies_variables.html", Run: func(t *T) {
		user := t.user(document(
			statement{Effect: "Allow", Action: []string{"codecommit:CreateRepository"}, Resource: []string{"arn:aws:codecommit:*:*:${aws:username}"}},
			statement{Effect: "Allow", Action: []string{"codecommit:ListRepositories"}, Resource: []string{"*"}},
		))
		settled(user, user.listRepositories)
		_, err := user.createRepository()
		t.denied(err)
		name := nameOf(user.who())
		must(user.codecommit.CreateRepository(t.ctx, &codecommit.CreateRepositoryInput{RepositoryName: &name}))(t)
		t.cleanup("repository "+name, func(t *T) error { return t.deleteRepository(name) })
	}},
	{Number: 452, Title: "IAM: actions are matched without regard to case", Source: iamGuide + "reference_policies_elements_action.html", Confirmed: true, Run: func(t *T) {
		user := t.user(allow("CodeCommit:listREPOSITORIES"))
		settled(user, user.listRepositories)
	}},
	{Number: 453, Title: "IAM: everybody may ask who they are, also where it is denied", Source: "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html", Confirmed: true, Run: func(t *T) {
		user := t.user(document(statement{Effect: "Deny", Action: []string{"*"}, Resource: []string{"*"}}))
		if who := user.who(); !strings.HasSuffix(who, ":user/"+t.prefix+"-1") {
			t.Errorf("the caller is %s", who)
		}
	}},
	{Number: 454, Title: "IAM: a bucket policy gives what no identity's policy gives", Source: logic, Run: func(t *T) {
		bucket, user := t.bucket(), t.user("")
		t.object(bucket, "key", "hello")
		t.bucketPolicy(bucket, statement{Effect: "Allow", Action: []string{"s3:GetObject"}, Resource: []string{"arn:aws:s3:::" + bucket + "/*"}, Principal: map[string]any{"AWS": user.who()}})
		equal(t, "the object", settled(user, func() (string, error) { return user.read(bucket, "key", "") }), "hello")
	}},
	{Number: 455, Title: "IAM: a deny in a bucket policy wins over an identity's allow, and is named", Source: denials, Confirmed: true, Run: func(t *T) {
		bucket, user := t.bucket(), t.user(allow("s3:*"))
		t.object(bucket, "key", "hello")
		settled(user, func() (string, error) { return user.read(bucket, "key", "") })
		t.bucketPolicy(bucket, statement{Effect: "Deny", Action: []string{"s3:GetObject"}, Resource: []string{"arn:aws:s3:::" + bucket + "/*"}, Principal: map[string]any{"AWS": user.who()}})
		t.eventually("the policy is known", func() bool {
			_, err := user.read(bucket, "key", "")
			if err == nil {
				return false
			}
			t.wantDenied(err, user.who(), "s3:GetObject", `"arn:aws:s3:::`+bucket+`/key"`, "with an explicit deny in a resource-based policy")
			return true
		})
	}},
	{Number: 456, Title: "IAM: Lambda's own denials have the code AccessDeniedException", Source: "botocore model: lambda, common errors", Run: func(t *T) {
		user := t.user("")
		name := t.name()
		_, err := user.lambda.GetFunction(t.ctx, &lambda.GetFunctionInput{FunctionName: &name})
		t.wantError(err, "AccessDeniedException")
		t.wantDenied(err, user.who(), "lambda:GetFunction", t.arn("lambda", "function:"+name), "because no identity-based policy allows the lambda:GetFunction action")
	}},
	{Number: 457, Title: "IAM: the query services' denials have the code AccessDenied", Source: denials, Run: func(t *T) {
		user := t.user("")
		_, err := user.iam.ListRoles(t.ctx, &iam.ListRolesInput{})
		t.wantError(err, "AccessDenied")
		t.wantDenied(err, user.who(), "iam:ListRoles", "arn:aws:iam::"+t.target.Account+":role/", "because no identity-based policy allows the iam:ListRoles action")
	}},
}
