package s3

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
)

func TestNewBucketSettings(t *testing.T) {
	w, ctx, name := newBucket(t, ""), t.Context(), aws.String("bucket")
	if out := must(w.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: name}))(t); out.Status != "" {
		t.Errorf("versioning %q", out.Status)
	}
	own := must(w.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: name}))(t)
	if got := own.OwnershipControls.Rules[0].ObjectOwnership; got != types.ObjectOwnershipBucketOwnerEnforced {
		t.Errorf("ownership %q", got)
	}
	block := must(w.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: name}))(t).PublicAccessBlockConfiguration
	if !*block.BlockPublicAcls || !*block.BlockPublicPolicy || !*block.IgnorePublicAcls || !*block.RestrictPublicBuckets {
		t.Error("public access is not blocked")
	}
	enc := must(w.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: name}))(t)
	if got := enc.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm; got != encrypted {
		t.Errorf("encryption %q", got)
	}
	acl := must(w.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: name}))(t)
	if len(acl.Grants) != 1 || acl.Grants[0].Permission != types.PermissionFullControl || *acl.Grants[0].Grantee.ID != *acl.Owner.ID {
		t.Errorf("ACL %+v", acl.Grants)
	}
	_, err := w.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: name})
	wantError(t, err, "NoSuchBucketPolicy", "The bucket policy does not exist")
	_, err = w.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: name})
	wantError(t, err, "NoSuchTagSet", "The TagSet does not exist")
	_, err = w.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: name})
	wantError(t, err, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")
}

func TestSettingsRemoved(t *testing.T) {
	w, ctx, name := newBucket(t, ""), t.Context(), aws.String("bucket")
	must(w.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: name}))(t)
	_, err := w.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: name})
	wantError(t, err, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
	must(w.DeleteBucketOwnershipControls(ctx, &s3.DeleteBucketOwnershipControlsInput{Bucket: name}))(t)
	_, err = w.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: name})
	wantError(t, err, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
	must(w.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: name}))(t)
	must(w.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: name}))(t)
}

func TestEncryptionByKMSIsRefused(t *testing.T) {
	w, ctx, name := newBucket(t, ""), t.Context(), aws.String("bucket")
	_, err := w.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{
		Bucket: name, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms},
		}}},
	})
	wantError(t, err, "NotImplemented", "A header you provided implies functionality that is not implemented.")
	_, err = w.PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: aws.String("k"), ServerSideEncryption: types.ServerSideEncryptionAwsKms})
	wantError(t, err, "NotImplemented", "not implemented")
}

func TestPutBucketPolicy(t *testing.T) {
	const ok = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}}`
	public := strings.Replace(strings.Replace(ok, "Deny", "Allow", 1), `,"Condition":{"Bool":{"aws:SecureTransport":"false"}}`, "", 1)
	for _, tt := range []struct{ name, policy, code, words string }{
		{"fine", ok, "", ""},
		{"not JSON", "nonsense", "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'"},
		{"broken JSON", `{"Statement":`, "MalformedPolicy", "This policy contains invalid Json"},
		{"no statement", `{"Version":"2012-10-17"}`, "MalformedPolicy", "Missing required field Statement"},
		{"no principal", strings.Replace(ok, `"Principal":"*",`, "", 1), "MalformedPolicy", "Missing required field Principal"},
		{"effect", strings.Replace(ok, "Deny", "Perhaps", 1), "MalformedPolicy", "Invalid effect: Perhaps"},
		{"another bucket", strings.ReplaceAll(ok, ":::bucket", ":::other"), "MalformedPolicy", "Policy has invalid resource"},
		{"too long", `{"Id":"` + strings.Repeat("x", maxPolicySize) + `"}`, "MalformedPolicy", "20480"},
		{"no statements", `{"Version":"2012-10-17","Statement":[]}`, "MalformedPolicy", "Could not parse the policy: Statement is empty!"},
		{"version", strings.Replace(ok, "2012-10-17", "2012-10-18", 1), "MalformedPolicy", "The policy must contain a valid version string"},
		{"field", strings.Replace(ok, `"Resource"`, `"Resources"`, 1), "MalformedPolicy", "Unknown field Resources"},
		{"principal", strings.Replace(ok, `"Principal":"*"`, `"Principal":{"AWS":"ann"}`, 1), "MalformedPolicy", "Invalid principal in policy"},
		{"action", strings.Replace(ok, "s3:*", "s3:PutBucket", 1), "MalformedPolicy", "Policy has invalid action"},
		{"another service's action", strings.Replace(ok, "s3:*", "ec2:*", 1), "MalformedPolicy", "Policy has invalid action"},
		{"action on objects only", strings.Replace(strings.Replace(ok, "s3:*", "s3:GetObject", 1), `,"arn:aws:s3:::bucket/*"`, "", 1), "MalformedPolicy", "Action does not apply to any resource(s) in statement"},
		{"action on buckets only", strings.Replace(strings.Replace(ok, "s3:*", "s3:ListBucket", 1), `"arn:aws:s3:::bucket",`, "", 1), "MalformedPolicy", "Action does not apply to any resource(s) in statement"},
		{"action on no bucket", strings.Replace(ok, "s3:*", "s3:ListAllMyBuckets", 1), "MalformedPolicy", "Action does not apply to any resource(s) in statement"},
		{"operator", strings.Replace(ok, `"Bool"`, `"Boolean"`, 1), "MalformedPolicy", "Invalid policy syntax."},
		{"bucket and objects in one", strings.Replace(ok, `["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"]`, `"arn:aws:s3:::bucket*"`, 1), "", ""},
		{"everybody from one network", strings.Replace(public, `"Effect":"Allow"`, `"Effect":"Allow","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, 1), "", ""},
		{"everybody from anywhere", strings.Replace(public, `"Effect":"Allow"`, `"Effect":"Allow","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, 1), "AccessDenied", "BlockPublicPolicy"},
		{"everybody over TLS", strings.Replace(public, `"Effect":"Allow"`, `"Effect":"Allow","Condition":{"Bool":{"aws:SecureTransport":"true"}}`, 1), "AccessDenied", "BlockPublicPolicy"},
		{"public", public, "AccessDenied", "public policies are prevented by the BlockPublicPolicy setting"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, ctx, name := newBucket(t, ""), t.Context(), aws.String("bucket")
			_, err := w.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: name, Policy: &tt.policy})
			if tt.code != "" {
				wantError(t, err, tt.code, tt.words)
				return
			}
			if got := must(w.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: name}))(t); *got.Policy != tt.policy {
				t.Errorf("policy came back as %s", *got.Policy)
			}
			if st := must(w.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: name}))(t); *st.PolicyStatus.IsPublic {
				t.Error("policy is called public")
			}
			must(w.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: name}))(t)
		})
	}
}

func TestBucketTagging(t *testing.T) {
	w, ctx, name := newBucket(t, ""), t.Context(), aws.String("bucket")
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	set := func(tags ...types.Tag) *s3.PutBucketTaggingInput {
		return &s3.PutBucketTaggingInput{Bucket: name, Tagging: &types.Tagging{TagSet: tags}}
	}
	must(w.PutBucketTagging(ctx, set(tag("a", "1"))))(t)
	if got := must(w.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: name}))(t).TagSet; len(got) != 1 || *got[0].Value != "1" {
		t.Errorf("tags %+v", got)
	}
	_, err := w.PutBucketTagging(ctx, set(tag("a", "1"), tag("a", "2")))
	wantError(t, err, "InvalidTag", "Cannot provide multiple Tags with the same key")
	_, err = w.PutBucketTagging(ctx, set(tag("", "1")))
	wantError(t, err, "InvalidTag", "The TagKey you have provided is invalid")
	_, err = w.PutBucketTagging(ctx, set(tag("a", strings.Repeat("x", 257))))
	wantError(t, err, "InvalidTag", "The TagValue you have provided is invalid")
	_, err = w.PutBucketTagging(ctx, set(tag("aws:cloudformation:stack-name", "s")))
	wantError(t, err, "InvalidTag", "System tags cannot be added/updated by requester")
	byService := identity.With(ctx, identity.Principal{Service: "cloudformation.amazonaws.com"})
	must(w.PutBucketTagging(byService, set(tag("aws:cloudformation:stack-name", "s"))))(t)
}

func TestLifecycle(t *testing.T) {
	w, ctx, name := newBucket(t, ""), t.Context(), aws.String("bucket")
	rule := types.LifecycleRule{
		Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
		NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(30)},
	}
	put := func(rules ...types.LifecycleRule) error {
		_, err := w.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
			Bucket: name, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules},
		})
		return err
	}
	if err := put(rule); err != nil {
		t.Fatal(err)
	}
	got := must(w.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: name}))(t).Rules
	if len(got) != 1 || *got[0].NoncurrentVersionExpiration.NoncurrentDays != 30 || aws.ToString(got[0].ID) == "" {
		t.Errorf("rules %+v", got)
	}
	wantError(t, put(), "MalformedXML", "The XML you provided")
	wantError(t, put(types.LifecycleRule{Status: types.ExpirationStatusEnabled}), "InvalidRequest", "At least one action needs to be specified in a rule.")
	rule.ID = aws.String("same")
	wantError(t, put(rule, rule), "InvalidArgument", "Rule ID must be unique")
	must(w.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: name}))(t)
}

func TestNotificationsBecomeEvents(t *testing.T) {
	w, ctx, name := newBucket(t, types.BucketVersioningStatusEnabled), t.Context(), aws.String("bucket")
	w.put(t, "before", "x")
	must(w.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
		Bucket: name, NotificationConfiguration: &types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}},
	}))(t)
	if out := must(w.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: name}))(t); out.EventBridgeConfiguration == nil {
		t.Error("the flag is not kept")
	}
	id := w.put(t, "k", "x")
	w.remove1(t, "k", "")
	w.remove1(t, "k", id)
	want := "Object Created k PutObject|Object Deleted k DeleteObject Delete Marker Created|Object Deleted k DeleteObject Permanently Deleted"
	if got := strings.Join(w.bus.seen, "|"); got != want {
		t.Errorf("events %s", got)
	}
	_, err := w.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
		Bucket: name, NotificationConfiguration: &types.NotificationConfiguration{
			QueueConfigurations: []types.QueueConfiguration{{QueueArn: aws.String("arn:aws:sqs:us-east-1:1:q"), Events: []types.Event{"s3:ObjectCreated:*"}}},
		},
	})
	wantError(t, err, "InvalidArgument", "Unable to validate the following destination configurations")
}
