package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsarn "github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	pipelinetypes "github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/service"
)

// invocation is one call of one target.
type invocation struct {
	rule    string
	target  types.Target
	payload []byte
	token   string
}

const (
	principal  = "events.amazonaws.com"
	maxSession = 64
)

// invoke calls the target with the session of its role or, where it has none,
// as the service principal, which the target's own policy must allow.
func (s *Service) invoke(ctx context.Context, i invocation) error {
	arn, err := awsarn.Parse(aws.ToString(i.target.Arn))
	if err != nil {
		return err
	}
	ctx = identity.With(ctx, identity.Principal{Account: s.env.Account, Service: principal, SourceARN: s.ruleARN(i.rule)})
	cfg, err := s.assume(ctx, i.target.RoleArn, i.rule)
	if err != nil {
		return err
	}
	switch arn.Service {
	case "codepipeline":
		return startPipeline(ctx, cfg, arn.Resource, i)
	case "codebuild":
		return startBuild(ctx, cfg, strings.TrimPrefix(arn.Resource, "project/"), i)
	case "lambda":
		_, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{
			FunctionName: i.target.Arn, InvocationType: lambdatypes.InvocationTypeEvent, Payload: i.payload,
		})
		return err
	case "sns":
		_, err := sns.NewFromConfig(cfg).Publish(ctx, &sns.PublishInput{TopicArn: i.target.Arn, Message: aws.String(string(i.payload))})
		return err
	case "logs":
		return s.putLog(ctx, cfg, strings.TrimSuffix(strings.TrimPrefix(arn.Resource, "log-group:"), ":*"), i)
	}
	return errInput("no targets of " + arn.Service)
}

// assume opens a session of a role for a rule or, where there is no role, of the service itself.
func (s *Service) assume(ctx context.Context, role *string, rule string) (aws.Config, error) {
	name := "AWSEvents_" + rule
	return s.env.Roles.Assume(ctx, service.Session{
		RoleARN: aws.ToString(role), Name: name[:min(len(name), maxSession)], Service: principal, SourceARN: s.ruleARN(rule),
	})
}

// errInput is an error that trying again does not mend.
func errInput(message string) error {
	return &smithy.GenericAPIError{Code: "InvalidInput", Message: message, Fault: smithy.FaultClient}
}

// startPipeline starts an execution. Of the payload, the source revisions and
// the variables count (user guide of CodePipeline, "CodeCommit source actions and EventBridge").
func startPipeline(ctx context.Context, cfg aws.Config, name string, i invocation) error {
	var given struct {
		SourceRevisions []pipelinetypes.SourceRevisionOverride
		Variables       []pipelinetypes.PipelineVariable
	}
	if err := json.Unmarshal(i.payload, &given); err != nil {
		return errInput("the input of a pipeline must be a JSON object: " + err.Error())
	}
	_, err := codepipeline.NewFromConfig(cfg).StartPipelineExecution(ctx, &codepipeline.StartPipelineExecutionInput{
		Name: &name, ClientRequestToken: &i.token, SourceRevisions: given.SourceRevisions, Variables: given.Variables,
	})
	return err
}

// startBuild starts a build. The payload may hold parameters of StartBuild.
func startBuild(ctx context.Context, cfg aws.Config, name string, i invocation) error {
	var in codebuild.StartBuildInput
	if err := json.Unmarshal(i.payload, &in); err != nil {
		return errInput("the input of a build project must be a JSON object: " + err.Error())
	}
	in.ProjectName, in.IdempotencyToken = &name, &i.token
	_, err := codebuild.NewFromConfig(cfg).StartBuild(ctx, &in)
	return err
}

// putLog writes the payload as a line of a stream which the rule has for itself.
// A payload {"timestamp", "message"} says both itself.
func (s *Service) putLog(ctx context.Context, cfg aws.Config, group string, i invocation) error {
	line := struct {
		Timestamp int64
		Message   string
	}{}
	if err := json.Unmarshal(i.payload, &line); err != nil || line.Message == "" || line.Timestamp == 0 {
		line.Timestamp, line.Message = s.env.Now().UnixMilli(), string(i.payload)
	}
	client := cloudwatchlogs.NewFromConfig(cfg)
	put := func() error {
		_, err := client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
			LogGroupName: &group, LogStreamName: &i.rule,
			LogEvents: []logtypes.InputLogEvent{{Timestamp: &line.Timestamp, Message: &line.Message}},
		})
		return err
	}
	err := put()
	if _, missing := errors.AsType[*logtypes.ResourceNotFoundException](err); !missing {
		return err
	}
	_, err = client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &i.rule})
	if _, exists := errors.AsType[*logtypes.ResourceAlreadyExistsException](err); err != nil && !exists {
		return fmt.Errorf("create the rule's log stream: %w", err)
	}
	return put()
}
