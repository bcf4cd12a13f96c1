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
)

const maxPolicySize = 20 << 10

// statement is what S3 itself checks of a policy's statement; IAM does the rest.
type statement struct {
	Effect       string
	Principal    json.RawMessage
	NotPrincipal json.RawMessage
	Action       json.RawMessage
	NotAction    json.RawMessage
	Resource     oneOrMore
	NotResource  oneOrMore
	Condition    map[string]json.RawMessage
}

// oneOrMore is a string or a list of them.
type oneOrMore []string

// UnmarshalJSON takes both forms.
func (l *oneOrMore) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = oneOrMore{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
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
	statements, err := parsePolicy(b.Policy, b.Name)
	if err != nil {
		return nil, err
	}
	return &s3.GetBucketPolicyStatusOutput{PolicyStatus: &types.PolicyStatus{
		IsPublic: aws.Bool(slices.ContainsFunc(statements, statement.public)),
	}}, nil
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
	statements, err := parsePolicy(*in.Policy, *in.Bucket)
	if err != nil {
		if _, missing := s.bucket(in.Bucket, in.ExpectedBucketOwner); missing != nil {
			return nil, missing
		}
		return nil, err
	}
	err = s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		if b.Block != nil && aws.ToBool(b.Block.BlockPublicPolicy) && slices.ContainsFunc(statements, statement.public) {
			return fail("AccessDenied", "User: "+identity.From(ctx).ARN+
				" is not authorized to perform: s3:PutBucketPolicy on resource: \""+bucketARN(b.Name)+
				"\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.")
		}
		b.Policy = *in.Policy
		return nil
	})
	return &s3.PutBucketPolicyOutput{}, err
}

// DeleteBucketPolicy removes the policy; that there is none is no error.
func (s *Service) DeleteBucketPolicy(_ context.Context, in *s3.DeleteBucketPolicyInput) (*s3.DeleteBucketPolicyOutput, error) {
	err := s.configure(in.Bucket, in.ExpectedBucketOwner, func(b *bucket) error {
		b.Policy = ""
		return nil
	})
	return &s3.DeleteBucketPolicyOutput{}, err
}

// parsePolicy reads a policy and holds the rules that S3 answers MalformedPolicy to.
func parsePolicy(text, bucket string) ([]statement, error) {
	malformed := func(message string) ([]statement, error) { return nil, fail("MalformedPolicy", message) }
	if len(text) > maxPolicySize {
		return malformed("Policies must not exceed 20480 bytes in length")
	}
	if !strings.HasPrefix(text, "{") || !json.Valid([]byte(text)) {
		return malformed("Policies must be valid JSON and the first byte must be '{'")
	}
	var doc struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return malformed("This policy contains invalid Json")
	}
	if doc.Statement == nil {
		return malformed("Missing required field Statement")
	}
	var statements []statement
	if doc.Statement[0] == '{' { // one, without its list
		doc.Statement = slices.Concat([]byte("["), doc.Statement, []byte("]"))
	}
	if err := json.Unmarshal(doc.Statement, &statements); err != nil {
		return malformed("Policy has invalid statement")
	}
	for _, st := range statements {
		switch {
		case st.Effect == "":
			return malformed("Missing required field Effect")
		case st.Effect != "Allow" && st.Effect != "Deny":
			return malformed("Invalid effect: " + st.Effect)
		case st.Principal == nil && st.NotPrincipal == nil:
			return malformed("Missing required field Principal")
		case st.Action == nil && st.NotAction == nil:
			return malformed("Missing required field Action")
		case st.Resource == nil && st.NotResource == nil:
			return malformed("Missing required field Resource")
		}
		for _, r := range slices.Concat(st.Resource, st.NotResource) {
			if r != bucketARN(bucket) && !strings.HasPrefix(r, bucketARN(bucket)+"/") {
				return malformed("Policy has invalid resource")
			}
		}
	}
	return statements, nil
}

// public says whether the statement lets everybody in: everybody is allowed, and no condition narrows it.
func (st statement) public() bool {
	if st.Effect != "Allow" || len(st.Condition) > 0 {
		return false
	}
	var text string
	if json.Unmarshal(st.Principal, &text) == nil {
		return text == "*"
	}
	var by map[string]oneOrMore
	return json.Unmarshal(st.Principal, &by) == nil && slices.Contains(by["AWS"], "*")
}
