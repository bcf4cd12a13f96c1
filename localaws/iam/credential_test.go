package iam_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

func TestServiceSpecificCredential(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	ctx := t.Context()
	ann := w.user(t, dial, "ann", allow("iam:*ServiceSpecificCredential*", "arn:aws:iam::*:user/${aws:username}")).iam
	service := aws.String("codecommit.amazonaws.com")
	first := must(ann.CreateServiceSpecificCredential(ctx, &awsiam.CreateServiceSpecificCredentialInput{UserName: aws.String("ann"), ServiceName: service}))(t).ServiceSpecificCredential
	second := must(ann.CreateServiceSpecificCredential(ctx, &awsiam.CreateServiceSpecificCredentialInput{UserName: aws.String("ann"), ServiceName: service}))(t).ServiceSpecificCredential
	if *first.ServiceUserName != "ann-at-123456789012" || *second.ServiceUserName != "ann+1-at-123456789012" || len(*first.ServicePassword) != 44 {
		t.Errorf("got %s and %s", *first.ServiceUserName, *second.ServiceUserName)
	}
	_, err := ann.CreateServiceSpecificCredential(ctx, &awsiam.CreateServiceSpecificCredentialInput{UserName: aws.String("ann"), ServiceName: service})
	wantError(t, err, "LimitExceeded", "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2")
	_, err = ann.CreateServiceSpecificCredential(ctx, &awsiam.CreateServiceSpecificCredentialInput{UserName: aws.String("ann"), ServiceName: aws.String("s3.amazonaws.com")})
	wantError(t, err, "NoSuchEntity", "No such service s3.amazonaws.com is supported for Service Specific Credentials")
	good := func(c *types.ServiceSpecificCredential, password string) bool {
		key, ok := w.GitCredential(*c.ServiceUserName, password)
		if ok && (key.Principal.ARN != annARN || key.Principal.AccessKeyID != *c.ServiceSpecificCredentialId || key.SecretAccessKey != "") {
			t.Errorf("key %+v", key)
		}
		return ok
	}
	w.reopen(t)
	if !good(first, *first.ServicePassword) || !good(second, *second.ServicePassword) {
		t.Error("the credentials are refused after a restart")
	}
	if good(first, *second.ServicePassword) || good(first, "") {
		t.Error("a wrong password is taken")
	}
	if _, ok := w.GitCredential("nobody-at-123456789012", *first.ServicePassword); ok {
		t.Error("nobody is somebody")
	}
	id := first.ServiceSpecificCredentialId
	must(w.UpdateServiceSpecificCredential(ctx, &awsiam.UpdateServiceSpecificCredentialInput{UserName: aws.String("ann"), ServiceSpecificCredentialId: id, Status: types.StatusTypeInactive}))(t)
	if good(first, *first.ServicePassword) {
		t.Error("an inactive credential is taken")
	}
	must(w.UpdateServiceSpecificCredential(ctx, &awsiam.UpdateServiceSpecificCredentialInput{UserName: aws.String("ann"), ServiceSpecificCredentialId: id, Status: types.StatusTypeActive}))(t)
	reset := must(w.ResetServiceSpecificCredential(ctx, &awsiam.ResetServiceSpecificCredentialInput{UserName: aws.String("ann"), ServiceSpecificCredentialId: id}))(t).ServiceSpecificCredential
	if good(first, *first.ServicePassword) || !good(reset, *reset.ServicePassword) {
		t.Error("the password is not the new one")
	}
	list := must(w.ListServiceSpecificCredentials(ctx, &awsiam.ListServiceSpecificCredentialsInput{UserName: aws.String("ann"), ServiceName: service}))(t).ServiceSpecificCredentials
	if len(list) != 2 {
		t.Errorf("listed %+v", list)
	}
	for _, key := range must(w.ListAccessKeys(ctx, &awsiam.ListAccessKeysInput{UserName: aws.String("ann")}))(t).AccessKeyMetadata {
		must(w.DeleteAccessKey(ctx, &awsiam.DeleteAccessKeyInput{UserName: aws.String("ann"), AccessKeyId: key.AccessKeyId}))(t)
	}
	_, err = w.DeleteUser(ctx, &awsiam.DeleteUserInput{UserName: aws.String("ann")})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must remove referenced objects first.")
	must(w.DeleteServiceSpecificCredential(ctx, &awsiam.DeleteServiceSpecificCredentialInput{UserName: aws.String("ann"), ServiceSpecificCredentialId: id}))(t)
	if good(reset, *reset.ServicePassword) {
		t.Error("a deleted credential is taken")
	}
	_, err = w.DeleteServiceSpecificCredential(ctx, &awsiam.DeleteServiceSpecificCredentialInput{UserName: aws.String("ann"), ServiceSpecificCredentialId: id})
	wantError(t, err, "NoSuchEntity", "No such credential "+*id+" exists")
}

func TestAccessKeyLastUsed(t *testing.T) {
	w := open(t)
	dial := w.serve(t)
	ctx := t.Context()
	ann := w.user(t, dial, "ann", allow("iam:ListAccessKeys", "*"))
	key := must(w.ListAccessKeys(ctx, &awsiam.ListAccessKeysInput{UserName: aws.String("ann")}))(t).AccessKeyMetadata[0].AccessKeyId
	last := func() *types.AccessKeyLastUsed {
		out := must(w.GetAccessKeyLastUsed(ctx, &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: key}))(t)
		if *out.UserName != "ann" {
			t.Errorf("the key of %s", *out.UserName)
		}
		return out.AccessKeyLastUsed
	}
	if got := last(); got.LastUsedDate != nil || *got.ServiceName != "N/A" || *got.Region != "N/A" {
		t.Errorf("before the first use %+v", got)
	}
	must(ann.iam.ListAccessKeys(ctx, &awsiam.ListAccessKeysInput{}))(t)
	w.reopen(t)
	_, err := w.GetAccessKeyLastUsed(identity.With(ctx, root.Principal), &awsiam.GetAccessKeyLastUsedInput{AccessKeyId: aws.String("AKIANOBODYNOBODYNOBO")})
	wantError(t, err, "AccessDenied", "User: "+root.Principal.ARN+" is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key AKIANOBODYNOBODYNOBO")
	if got := last(); !got.LastUsedDate.Equal(w.now.Truncate(time.Second)) || *got.ServiceName != "iam" || *got.Region != "eu-central-1" {
		t.Errorf("after it %+v", got)
	}
}
