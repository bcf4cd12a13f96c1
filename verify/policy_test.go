package verify

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"go.yaml.in/yaml/v3"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

const wantedPolicy = `
Version: "2012-10-17"
Statement:
  - Sid: Read
    Effect: Allow
    Action: [s3:GetObject, s3:PutObject]
    Resource: !Sub ${Artifacts.Arn}/*
  - Sid: Hand
    Effect: Allow
    Action: iam:PassRole
    Resource: {"Fn::GetAtt": [Role, Arn]}
    Condition: {StringEquals: {iam:PassedToService: lambda.amazonaws.com}, Bool: {aws:SecureTransport: false}}
  - Sid: Any
    Effect: Deny
    Action: "*"
    Resource: [!Ref RepositoryName, !Select [0, [a, b]]]
`

func TestComparePolicies(t *testing.T) {
	m := &made{
		of: &cloud.Cloud{Account: "111122223333", Region: "eu-west-1", Caller: "arn:aws:iam::111122223333:user/a"},
		stack: &types.Stack{Parameters: []types.Parameter{
			{ParameterKey: aws.String("RepositoryName"), ParameterValue: aws.String("mine")},
		}},
		resources: map[string]types.StackResourceSummary{
			"Artifacts": {ResourceType: aws.String("AWS::S3::Bucket"), PhysicalResourceId: aws.String("bucket")},
			"Role":      {ResourceType: aws.String("AWS::IAM::Role"), PhysicalResourceId: aws.String("worker")},
		},
	}
	var want yaml.Node
	if err := yaml.Unmarshal([]byte(wantedPolicy), &want); err != nil {
		t.Fatal(err)
	}
	const (
		read = `{"Sid":"Read","Effect":"Allow","Action":["s3:PutObject","s3:GetObject"],"Resource":["arn:aws:s3:::bucket/*"]}`
		hand = `{"Sid":"Hand","Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/worker",` +
			`"Condition":{"Bool":{"aws:SecureTransport":"false"},"StringEquals":{"iam:PassedToService":["lambda.amazonaws.com"]}}}`
		deny = `{"Sid":"Any","Effect":"Deny","Action":"*","Resource":["whatever","mine"]}`
	)
	for have, says := range map[string]string{
		read + "," + hand + "," + deny: "",
		deny + "," + hand + "," + read: "",
		hand + "," + deny:              "lacks the statement Read (s3:GetObject, s3:PutObject)",
		read + "," + hand + "," + deny + `,{"Effect":"Allow","Action":"*","Resource":"*"}`:                                                 "has a statement more than its template: Allow * ()",
		hand + "," + deny + `,{"Sid":"Read","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}`:                  "lacks s3:PutObject in its statement Read",
		hand + "," + deny + `,{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::other/*"}`:  "has another Resource in its statement Read",
		hand + "," + deny + `,{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"NotResource":"arn:aws:s3:::other"}`: "has a NotResource in its statement Read, which its template has not",
		read + "," + deny + `,{"Sid":"Hand","Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/worker"}`:  "lacks the Condition of its statement Hand",
		read + "," + deny + `,{"Sid":"Hand","Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::111122223333:role/worker",
			"Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"},"Bool":{"aws:SecureTransport":"false"}}}`: "has another Condition in its statement Hand",
		read + "," + hand + `,{"Sid":"Any","Effect":"Deny","Action":"*","Resource":["whatever","other"]}`: "has another Resource in its statement Any",
		read + "," + hand + `,{"Sid":"Any","Effect":"Deny","Action":"*","Resource":"mine"}`:               "has another Resource in its statement Any",
	} {
		if got := comparePolicies(m.resolve(want.Content[0]), `{"Statement":[`+have+`]}`); got != says {
			t.Errorf("of %s\nit says %q, want %q", have, got, says)
		}
	}
}
