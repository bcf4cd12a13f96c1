// Package wiretest proves the wire: it sends random values of every served
// operation through AWS's own clients, and wants the same values on both ends.
package wiretest

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
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
)

// clients makes the SDK's client of a service, whose methods are found by name.
var clients = map[string]func(aws.Config) any{
	"cloudformation": func(c aws.Config) any { return cloudformation.NewFromConfig(c) },
	"codebuild":      func(c aws.Config) any { return codebuild.NewFromConfig(c) },
	"codecommit":     func(c aws.Config) any { return codecommit.NewFromConfig(c) },
	"codepipeline":   func(c aws.Config) any { return codepipeline.NewFromConfig(c) },
	"events":         func(c aws.Config) any { return eventbridge.NewFromConfig(c) },
	"iam":            func(c aws.Config) any { return iam.NewFromConfig(c) },
	"lambda":         func(c aws.Config) any { return lambda.NewFromConfig(c) },
	"logs":           func(c aws.Config) any { return cloudwatchlogs.NewFromConfig(c) },
	"s3":             func(c aws.Config) any { return s3.NewFromConfig(c) },
	"sns":            func(c aws.Config) any { return sns.NewFromConfig(c) },
	"sts":            func(c aws.Config) any { return sts.NewFromConfig(c) },
}

// NewClient returns the SDK's client of the service.
func NewClient(service string, cfg aws.Config) any { return clients[service](cfg) }

// Services are the names of all services that there are clients for.
func Services() []string { return slices.Sorted(maps.Keys(clients)) }
