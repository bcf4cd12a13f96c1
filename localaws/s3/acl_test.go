package s3

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// TestRestrictPublicBuckets lets everybody in, and then only the account's own and AWS's services.
func TestRestrictPublicBuckets(t *testing.T) {
	const text = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}}`
	w, ctx, name := newBucket(t, ""), t.Context(), aws.String("bucket")
	block := func(policies, restrict bool) {
		t.Helper()
		must(w.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: name, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
			BlockPublicPolicy: &policies, RestrictPublicBuckets: &restrict,
		}}))(t)
	}
	block(false, false)
	must(w.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: name, Policy: aws.String(text)}))(t)
	for _, restricted := range []bool{false, true, false} {
		block(false, restricted)
		doc, err := policy.Parse(w.PolicyOf("arn:aws:s3:::bucket/k"), policy.Resource)
		if err != nil {
			t.Fatal(err)
		}
		for account, service := range map[string]string{account: "false", "": "false", "999999999999": "false", "000000000000": "true"} {
			allowed := policy.AllowsAnyone(doc, policy.Request{
				Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/k",
				Context: policy.Keys("aws:PrincipalAccount", account, "aws:PrincipalIsAWSService", service),
			})
			if want := !restricted || account == "123456789012" || service == "true"; allowed != want {
				t.Errorf("restricted %v: account %q, service %s: allowed %v", restricted, account, service, allowed)
			}
		}
	}
	must(w.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: name}))(t)
	if got := w.PolicyOf("arn:aws:s3:::bucket"); got != "" {
		t.Errorf("a deleted policy is still %q", got)
	}
}

// TestACLs holds what ACLs may say: nothing where the owner is enforced, and
// otherwise nothing public where that is blocked.
func TestACLs(t *testing.T) {
	w, ctx, name, key := newBucket(t, ""), t.Context(), aws.String("bucket"), aws.String("k")
	w.put(t, "k", "")
	object := func(acl types.ObjectCannedACL) error {
		_, err := w.PutObjectAcl(ctx, &s3.PutObjectAclInput{Bucket: name, Key: key, ACL: acl})
		return err
	}
	bucketACL := func(acl types.BucketCannedACL) error {
		_, err := w.PutBucketAcl(ctx, &s3.PutBucketAclInput{Bucket: name, ACL: acl})
		return err
	}
	wantError(t, object("private"), "AccessControlListNotSupported", "The bucket does not allow ACLs")
	wantError(t, bucketACL("private"), "AccessControlListNotSupported", "The bucket does not allow ACLs")
	must(w.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: name, OwnershipControls: &types.OwnershipControls{
		Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipObjectWriter}},
	}}))(t)
	wantError(t, object("public-read"), "AccessDenied", "public ACLs are prevented by the BlockPublicAcls setting")
	wantError(t, bucketACL("authenticated-read"), "AccessDenied", "public ACLs are prevented by the BlockPublicAcls setting")
	_, err := w.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: key, ACL: "public-read"})
	wantError(t, err, "AccessDenied", "public ACLs are prevented")
	wantError(t, object(""), "MissingSecurityHeader", "missing a required header")
	for _, err := range []error{object("private"), bucketACL("private")} {
		if err != nil {
			t.Error(err)
		}
	}
	must(w.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: name}))(t)
	wantError(t, object("public-read"), "NotImplemented", "not implemented")
	_, err = w.PutObjectAcl(ctx, &s3.PutObjectAclInput{Bucket: name, Key: aws.String("none"), ACL: "private"})
	wantError(t, err, "NoSuchKey", "")
	if got := must(w.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: name, Key: key}))(t); len(got.Grants) != 1 || got.Grants[0].Permission != types.PermissionFullControl {
		t.Errorf("ACL %+v", got)
	}
}

// TestUnsetSettings reads what can only be read.
func TestUnsetSettings(t *testing.T) {
	w, ctx, name := newBucket(t, ""), t.Context(), aws.String("bucket")
	_, err := w.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: name})
	wantError(t, err, "NoSuchCORSConfiguration", "does not exist")
	_, err = w.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: name})
	wantError(t, err, "NoSuchWebsiteConfiguration", "website")
	_, err = w.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: name})
	wantError(t, err, "ReplicationConfigurationNotFoundError", "not found")
	_, err = w.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: name})
	wantError(t, err, "ObjectLockConfigurationNotFoundError", "Object Lock")
	_, err = w.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: name, Key: name})
	wantError(t, err, "InvalidRequest", "Bucket is missing Object Lock Configuration")
	_, err = w.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: aws.String("missing")})
	wantError(t, err, "NoSuchBucket", "")
	if got := must(w.GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: name}))(t); got.Payer != types.PayerBucketOwner {
		t.Errorf("payer %s", got.Payer)
	}
}
