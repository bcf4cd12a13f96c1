package s3

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
)

// unreadable stands for a policy that cannot be read: IAM denies by what it cannot parse.
const unreadable = "unreadable"

// PolicyOf returns the policy of the bucket that the ARN is of, or that the
// ARN's object is in; empty where there is none. Tags of a bucket do not count
// in policies until PutBucketAbac says so, which is not served:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html
func (s *Service) PolicyOf(arn string) string {
	resource, ok := strings.CutPrefix(arn, bucketARN(""))
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(resource, "/")
	b, err := s.buckets.get(name)
	switch {
	case err != nil:
		s.env.Log.Error("S3 could not read a bucket's policy", "bucket", name, "error", err)
		return unreadable
	case b == nil:
		return ""
	case b.Restricted != "" && b.Block != nil && aws.ToBool(b.Block.RestrictPublicBuckets):
		return b.Restricted
	}
	return b.Policy
}

// GetBucketPolicy returns the policy's text as it was put.
func (s *Service) GetBucketPolicy(_ context.Context, in *s3.GetBucketPolicyInput) (*s3.GetBucketPolicyOutput, error) {
	b, err := s.bucketWithPolicy(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	return &s3.GetBucketPolicyOutput{Policy: &b.Policy}, nil
}

// GetBucketPolicyStatus says whether the policy lets everybody in.
func (s *Service) GetBucketPolicyStatus(_ context.Context, in *s3.GetBucketPolicyStatusInput) (*s3.GetBucketPolicyStatusOutput, error) {
	b, err := s.bucketWithPolicy(in.Bucket, in.ExpectedBucketOwner)
	if err != nil {
		return nil, err
	}
	doc, err := parsePolicy(b.Policy, b.Name)
	if err != nil {
		return nil, err
	}
	return &s3.GetBucketPolicyStatusOutput{PolicyStatus: &types.PolicyStatus{IsPublic: aws.Bool(public(doc))}}, nil
}

func (s *Service) bucketWithPolicy(name, expectedOwner *string) (*bucket, error) {
	b, err := s.bucket(name, expectedOwner)
	if err == nil && b.Policy == "" {
		err = fail("NoSuchBucketPolicy", "The bucket policy does not exist")
	}
	return b, err
}

// PutBucketPolicy sets the policy, unless it is public and the bucket blocks public policies.
func (s *Service) PutBucketPolicy(ctx context.Context, in *s3.PutBucketPolicyInput) (*s3.PutBucketPolicyOutput, error) {
	if _, err := s.bucket(in.Bucket, in.ExpectedBucketOwner); err != nil {
		return nil, err
	}
	doc, err := parsePolicy(*in.Policy, *in.Bucket)
	if err == nil {
		err = s.checkPrincipals(doc)
	}
	if err != nil {
		return nil, err
	}
	err = s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		if b.Block != nil && aws.ToBool(b.Block.BlockPublicPolicy) && public(doc) {
			return fail("AccessDenied", "User: "+identity.From(ctx).ARN+
				" is not authorized to perform: s3:PutBucketPolicy on resource: \""+bucketARN(b.Name)+
				"\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.")
		}
		b.Policy, b.Restricted = *in.Policy, ""
		if public(doc) {
			b.Restricted = s.restrict(*in.Policy, b.Name)
		}
		return nil
	})
	return &s3.PutBucketPolicyOutput{}, err
}

// checkPrincipals refuses a policy for somebody of this account who is not there.
func (s *Service) checkPrincipals(doc *policy.Document) error {
	if s.env.MayBeThere == nil {
		return nil
	}
	for i := range doc.Statements {
		for _, principals := range []*policy.Principals{doc.Statements[i].Principal, doc.Statements[i].NotPrincipal} {
			if principals != nil && slices.ContainsFunc(principals.AWS, func(name string) bool { return !s.env.MayBeThere(name) }) {
				return malformedPolicy("Invalid principal in policy")
			}
		}
	}
	return nil
}

// DeleteBucketPolicy removes the policy; that there is none is no error.
func (s *Service) DeleteBucketPolicy(_ context.Context, in *s3.DeleteBucketPolicyInput) (*s3.DeleteBucketPolicyOutput, error) {
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Policy, b.Restricted = "", ""
		return nil
	})
	return &s3.DeleteBucketPolicyOutput{}, err
}

// restrict adds to a policy what RestrictPublicBuckets amounts to: only the
// account's own principals and AWS services get in.
func (s *Service) restrict(text, bucket string) string {
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return unreadable // it was read a moment ago
	}
	statements, ok := doc["Statement"].([]any)
	if !ok {
		statements = []any{doc["Statement"]}
	}
	doc["Statement"] = append(statements, map[string]any{
		"Effect": policy.Deny, "Principal": "*", "Action": "s3:*", "Resource": []string{bucketARN(bucket), bucketARN(bucket) + "/*"},
		"Condition": map[string]any{
			"StringNotEquals": map[string]string{"aws:PrincipalAccount": s.env.Account},
			"Bool":            map[string]string{"aws:PrincipalIsAWSService": "false"},
		},
	})
	restricted, err := json.Marshal(doc)
	if err != nil {
		return unreadable // strings, lists and maps always marshal
	}
	return string(restricted)
}

// public says whether the policy lets everybody in.
func public(doc *policy.Document) bool { return slices.ContainsFunc(doc.Statements, publicStatement) }

// publicStatement says whether a statement lets everybody in: it allows
// everybody, and no condition narrows it down to fixed values of the keys that
// "The meaning of public" in the S3 user guide lists.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
func publicStatement(st policy.Statement) bool {
	if st.Effect != policy.Allow || st.Principal != nil && !slices.Contains(st.Principal.AWS, "*") {
		return false
	}
	return !slices.ContainsFunc(st.Conditions, narrows)
}

// narrowing are those keys, in lower case.
var narrowing = []string{
	"aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
	"aws:userid", "aws:principalorgid", "aws:principalarn", "aws:principalaccount", "aws:principalorgpaths",
	"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
}

// narrows says whether a condition compares one of those keys with fixed values.
func narrows(c policy.Condition) bool {
	operator := c.Operator[strings.IndexByte(c.Operator, ':')+1:]
	if strings.Contains(operator, "Not") || operator == "Null" || strings.HasSuffix(operator, "IfExists") || strings.HasPrefix(c.Operator, "ForAllValues:") {
		return false
	}
	return slices.Contains(narrowing, strings.ToLower(c.Key)) && !slices.ContainsFunc(c.Values, func(value string) bool {
		return strings.Contains(value, "${") || strings.HasSuffix(value, "/0") || strings.Trim(value, "*:") == ""
	})
}
