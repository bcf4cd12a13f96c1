package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

func TestGroup(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	ctx := t.Context()
	client := dial(root.AccessKeyID, root.SecretAccessKey, "").iam
	w.user(t, dial, "ann", "")
	ann := identity.Principal{ARN: annARN, Account: account}
	name := aws.String("Devs")
	group := must(client.CreateGroup(ctx, &awsiam.CreateGroupInput{GroupName: name, Path: aws.String("/team/")}))(t).Group
	if *group.Arn != "arn:aws:iam::123456789012:group/team/Devs" || !strings.HasPrefix(*group.GroupId, "AGPA") {
		t.Errorf("group %+v", group)
	}
	_, err := client.CreateGroup(ctx, &awsiam.CreateGroupInput{GroupName: aws.String("devs")})
	wantError(t, err, "EntityAlreadyExists", "Group with name devs already exists.")
	may := func(action string) bool {
		return must(w.Decide(ann, policy.Access{Action: action}))(t).Decision == policy.Allowed
	}
	must(client.PutGroupPolicy(ctx, &awsiam.PutGroupPolicyInput{GroupName: name, PolicyName: aws.String("logs"), PolicyDocument: aws.String(allowLogs)}))(t)
	s3 := aws.String("arn:aws:iam::aws:policy/AmazonS3FullAccess")
	must(client.AttachGroupPolicy(ctx, &awsiam.AttachGroupPolicyInput{GroupName: name, PolicyArn: s3}))(t)
	if may("logs:GetLogEvents") || may("s3:PutObject") {
		t.Error("a user who is not in the group has its permissions")
	}
	for range 2 { // the second time it changes nothing
		must(client.AddUserToGroup(ctx, &awsiam.AddUserToGroupInput{GroupName: name, UserName: aws.String("ann")}))(t)
	}
	w.reopen(t)
	if !may("logs:GetLogEvents") || !may("s3:PutObject") || may("sns:Publish") {
		t.Error("a user in the group has not its permissions")
	}
	got := must(w.GetGroup(ctx, &awsiam.GetGroupInput{GroupName: name}))(t)
	if len(got.Users) != 1 || *got.Users[0].UserName != "ann" || *got.Group.GroupName != "Devs" {
		t.Errorf("GetGroup %+v", got)
	}
	of := must(w.ListGroupsForUser(ctx, &awsiam.ListGroupsForUserInput{UserName: aws.String("ann")}))(t).Groups
	if len(of) != 1 || *of[0].GroupName != "Devs" {
		t.Errorf("groups of ann %+v", of)
	}
	uses := must(w.ListEntitiesForPolicy(ctx, &awsiam.ListEntitiesForPolicyInput{PolicyArn: s3}))(t)
	if len(uses.PolicyGroups) != 1 || *uses.PolicyGroups[0].GroupName != "Devs" || len(uses.PolicyRoles)+len(uses.PolicyUsers) != 0 {
		t.Errorf("users of the policy %+v", uses)
	}
	_, err = w.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: aws.String("ann")})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	_, err = w.DeleteGroup(ctx, &awsiam.DeleteGroupInput{GroupName: name})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	must(w.RemoveUserFromGroup(ctx, &awsiam.RemoveUserFromGroupInput{GroupName: name, UserName: aws.String("ann")}))(t)
	_, err = w.RemoveUserFromGroup(ctx, &awsiam.RemoveUserFromGroupInput{GroupName: name, UserName: aws.String("ann")})
	wantError(t, err, "NoSuchEntity", "User ann is not in group Devs.")
	if may("logs:GetLogEvents") {
		t.Error("a user who left the group has its permissions")
	}
	_, err = w.DeleteGroup(ctx, &awsiam.DeleteGroupInput{GroupName: name})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	must(w.DetachGroupPolicy(ctx, &awsiam.DetachGroupPolicyInput{GroupName: name, PolicyArn: s3}))(t)
	must(w.DeleteGroupPolicy(ctx, &awsiam.DeleteGroupPolicyInput{GroupName: name, PolicyName: aws.String("logs")}))(t)
	must(w.DeleteGroup(ctx, &awsiam.DeleteGroupInput{GroupName: name}))(t)
	_, err = w.GetGroup(ctx, &awsiam.GetGroupInput{GroupName: name})
	wantError(t, err, "NoSuchEntity", "The group with name Devs cannot be found.")
}

// TestQuotas holds IAM to the quotas of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func TestQuotas(t *testing.T) {
	w, ctx := open(t), t.Context()
	w.role(t, "r", trustsAll)
	must(w.CreateUser(ctx, &awsiam.CreateUserInput{UserName: aws.String("u")}))(t)
	must(w.CreateGroup(ctx, &awsiam.CreateGroupInput{GroupName: aws.String("g")}))(t)
	sized := func(n int) *string {
		head, tail := `{"Version":"2012-10-17",  "Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::`, `"}]}`
		return aws.String(head + strings.Repeat("a", n-len(head)-len(tail)+2) + tail) // less the two spaces
	}
	for name, put := range map[string]struct {
		size int
		call func(document *string) error
		want string
	}{
		"role": {10240, func(d *string) error {
			_, err := w.PutRolePolicy(ctx, &awsiam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"), PolicyDocument: d})
			return err
		}, "Maximum policy size of 10240 bytes exceeded for role r"},
		"user": {2048, func(d *string) error {
			_, err := w.PutUserPolicy(ctx, &awsiam.PutUserPolicyInput{UserName: aws.String("u"), PolicyName: aws.String("p"), PolicyDocument: d})
			return err
		}, "Maximum policy size of 2048 bytes exceeded for user u"},
		"group": {5120, func(d *string) error {
			_, err := w.PutGroupPolicy(ctx, &awsiam.PutGroupPolicyInput{GroupName: aws.String("g"), PolicyName: aws.String("p"), PolicyDocument: d})
			return err
		}, "Maximum policy size of 5120 bytes exceeded for group g"},
		"managed": {6144, func(d *string) error {
			_, err := w.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: d})
			return err
		}, "Cannot exceed quota for PolicySize: 6144"},
		"trust": {2048, func(d *string) error {
			head, tail := `{"Version":"2012-10-17",  "Statement":[{"Effect":"Allow","Action":"sts:*","Principal":{"Federated":"`, `"}}]}`
			text := head + strings.Repeat("a", len(*d)-len(head)-len(tail)) + tail
			_, err := w.UpdateAssumeRolePolicy(ctx, &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("r"), PolicyDocument: &text})
			return err
		}, "Cannot exceed quota for ACLSizePerRole: 2048"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := put.call(sized(put.size)); err != nil {
				t.Errorf("at the quota: %v", err)
			}
			wantError(t, put.call(sized(put.size+3)), "LimitExceeded", put.want)
		})
	}
	for i := range 11 {
		arn := must(w.CreatePolicy(ctx, &awsiam.CreatePolicyInput{PolicyName: aws.String(fmt.Sprint("m", i)), PolicyDocument: aws.String(allowLogs)}))(t).Policy.Arn
		group := aws.String(fmt.Sprint("g", i))
		must(w.CreateGroup(ctx, &awsiam.CreateGroupInput{GroupName: group}))(t)
		_, attached := w.AttachGroupPolicy(ctx, &awsiam.AttachGroupPolicyInput{GroupName: aws.String("g"), PolicyArn: arn})
		_, added := w.AddUserToGroup(ctx, &awsiam.AddUserToGroupInput{GroupName: group, UserName: aws.String("u")})
		if i == 10 {
			wantError(t, attached, "LimitExceeded", "Cannot exceed quota for PoliciesPerGroup: 10")
			wantError(t, added, "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10")
		} else if attached != nil || added != nil {
			t.Errorf("%d: %v %v", i, attached, added)
		}
	}
	var tags []types.Tag
	for i := range 51 {
		tags = append(tags, tagsOf(fmt.Sprint("k", i), "v")...)
	}
	_, err := w.TagUser(ctx, &awsiam.TagUserInput{UserName: aws.String("u"), Tags: tags})
	wantError(t, err, "LimitExceeded", "The number of tags has reached the maximum limit.")
	_, err = w.TagUser(ctx, &awsiam.TagUserInput{UserName: aws.String("u"), Tags: tagsOf("a", "1", "A", "2")})
	wantError(t, err, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
}
