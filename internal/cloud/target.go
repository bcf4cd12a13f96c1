// Package cloud is the way to AWS, whichever AWS it is: it turns a target into
// the SDK's clients, and holds what everyone does with them (deploy a stack
// and wait, empty a bucket, sign for git). It is the only place where clients
// are made. Past [Open] nothing asks which target it is.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// Target says where AWS is. It is the only difference between a laptop and an account.
type Target struct {
	// Name is "local" or "aws".
	Name string
	// Region is used where it is set; else the SDK's own default chain decides.
	Region string
	// Profile is a profile of the AWS configuration files; empty means the default chain.
	Profile string
	// Endpoint is the URL of a local AWS; empty means AWS itself.
	Endpoint string
	// Credentials are the keys for the endpoint; nil means the SDK's default chain.
	Credentials aws.CredentialsProvider
}

// Cloud is an AWS with somebody signed in: its clients, and who and where that is.
type Cloud struct {
	Target Target
	// Account and Region are what STS and the configuration answered.
	Account, Region string
	// Caller is the ARN of whoever is signed in.
	Caller string

	CodeCommit     *codecommit.Client
	CodeBuild      *codebuild.Client
	CodePipeline   *codepipeline.Client
	CloudFormation *cloudformation.Client
	Logs           *cloudwatchlogs.Client
	Events         *eventbridge.Client
	IAM            *iam.Client
	Lambda         *lambda.Client
	S3             *s3.Client
	SNS            *sns.Client

	credentials aws.CredentialsProvider
	now         func() time.Time
}

// ErrNoRegion is returned by Open when neither the target nor the configuration names a region.
var ErrNoRegion = errors.New("no region: give --region, or set AWS_REGION")

// Open signs in and asks AWS who that is. It fails where there are no
// credentials or no region, or AWS cannot be reached.
func Open(ctx context.Context, target Target, now func() time.Time) (*Cloud, error) {
	cfg, err := Configure(ctx, target)
	if err != nil {
		return nil, err
	}
	if cfg.Region == "" {
		return nil, ErrNoRegion
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("ask AWS who is signed in: %w", err)
	}
	return &Cloud{
		Target: target, Account: aws.ToString(who.Account), Region: cfg.Region, Caller: aws.ToString(who.Arn),
		CodeCommit: codecommit.NewFromConfig(cfg), CodeBuild: codebuild.NewFromConfig(cfg),
		CodePipeline: codepipeline.NewFromConfig(cfg), CloudFormation: cloudformation.NewFromConfig(cfg),
		Logs: cloudwatchlogs.NewFromConfig(cfg), Events: eventbridge.NewFromConfig(cfg),
		IAM: iam.NewFromConfig(cfg), Lambda: lambda.NewFromConfig(cfg), S3: s3.NewFromConfig(cfg),
		SNS:         sns.NewFromConfig(cfg),
		credentials: cfg.Credentials, now: now,
	}, nil
}

// Configure returns the SDK's configuration for the target and asks nobody anything.
func Configure(ctx context.Context, target Target) (aws.Config, error) {
	var options []func(*config.LoadOptions) error
	if target.Region != "" {
		options = append(options, config.WithRegion(target.Region))
	}
	if target.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(target.Profile))
	}
	if target.Endpoint != "" {
		// A local AWS takes nothing from the person's own configuration.
		return aws.Config{
			Region: target.Region, BaseEndpoint: aws.String(target.Endpoint), Credentials: target.Credentials,
			HTTPClient: plainBodies{awshttp.NewBuildableClient()}, RetryMode: aws.RetryModeStandard,
		}, nil
	}
	options = append(options, config.WithHTTPClient(awshttp.NewBuildableClient()), config.WithRetryMaxAttempts(8),
		config.WithLogger(logging.Nop{})) // what matters of its log is in its errors
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	cfg.HTTPClient = plainBodies{cfg.HTTPClient}
	return cfg, nil
}

// plainBodies hides from the transport what the SDK's request bodies can do
// beyond being read. Without it smithy-go (v1.28.8, internal/io/safe.go) now and
// then cuts its own connection when request and answer are over 4 KiB and the
// answer comes fast, and then calls again what had its effect already.
type plainBodies struct{ client aws.HTTPClient }

// Do implements aws.HTTPClient.
func (c plainBodies) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.client.Do(r)
}

// Now is the time by this machine's clock.
func (c *Cloud) Now() time.Time { return c.now() }

// Credentials returns the keys that are in use now.
func (c *Cloud) Credentials(ctx context.Context) (aws.Credentials, error) {
	keys, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("find AWS credentials: %w", err)
	}
	return keys, nil
}

// Partition is the first part of the caller's ARN after "arn:": "aws" nearly everywhere.
func (c *Cloud) Partition() string {
	if parts := strings.SplitN(c.Caller, ":", 3); len(parts) == 3 {
		return parts[1]
	}
	return "aws"
}
