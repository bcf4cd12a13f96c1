// Package logs is CloudWatch Logs: groups and streams as rows, the lines of
// each stream as one file that is only ever appended to.
//
// Filter patterns are served as far as terms and phrases go; the other kinds
// (JSON, space-delimited, regular expressions) are refused by name.
package logs

import (
	"fmt"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Service is CloudWatch Logs. It is safe for concurrent use.
type Service struct {
	env     service.Env
	files   *os.Root
	groups  *store.Table[group]
	streams *store.Table[stream] // by group name, a colon, and stream name
	mu      sync.Mutex           // serializes everything that writes
}

// New returns the service over its stored state.
func New(env service.Env) (*Service, error) {
	files, err := os.OpenRoot(env.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the logs: %w", err)
	}
	groups, err := store.NewTable[group](env.DB, "logs/groups")
	if err != nil {
		return nil, err
	}
	streams, err := store.NewTable[stream](env.DB, "logs/streams")
	if err != nil {
		return nil, err
	}
	return &Service{env: env, files: files, groups: groups, streams: streams}, nil
}

// Close releases the folder of the logs.
func (s *Service) Close() error { return s.files.Close() }

// Operations lists what is served.
func (s *Service) Operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("CreateLogGroup", "logs:CreateLogGroup", func(in *cloudwatchlogs.CreateLogGroupInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.CreateLogGroup),
		wire.Op("DeleteLogGroup", "logs:DeleteLogGroup", func(in *cloudwatchlogs.DeleteLogGroupInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.DeleteLogGroup),
		wire.Op("DescribeLogGroups", "logs:DescribeLogGroups", func(*cloudwatchlogs.DescribeLogGroupsInput) []string {
			return s.groupResource(nil, nil)
		}, s.DescribeLogGroups),
		wire.Op("PutRetentionPolicy", "logs:PutRetentionPolicy", func(in *cloudwatchlogs.PutRetentionPolicyInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.PutRetentionPolicy),
		wire.Op("DeleteRetentionPolicy", "logs:DeleteRetentionPolicy", func(in *cloudwatchlogs.DeleteRetentionPolicyInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.DeleteRetentionPolicy),
		wire.Op("CreateLogStream", "logs:CreateLogStream", func(in *cloudwatchlogs.CreateLogStreamInput) []string {
			return s.streamResource(in.LogGroupName, nil, in.LogStreamName)
		}, s.CreateLogStream),
		wire.Op("DeleteLogStream", "logs:DeleteLogStream", func(in *cloudwatchlogs.DeleteLogStreamInput) []string {
			return s.streamResource(in.LogGroupName, nil, in.LogStreamName)
		}, s.DeleteLogStream),
		wire.Op("DescribeLogStreams", "logs:DescribeLogStreams", func(in *cloudwatchlogs.DescribeLogStreamsInput) []string {
			return s.groupResource(in.LogGroupName, in.LogGroupIdentifier)
		}, s.DescribeLogStreams),
		wire.Op("PutLogEvents", "logs:PutLogEvents", func(in *cloudwatchlogs.PutLogEventsInput) []string {
			return s.streamResource(in.LogGroupName, nil, in.LogStreamName)
		}, s.PutLogEvents),
		wire.Op("GetLogEvents", "logs:GetLogEvents", func(in *cloudwatchlogs.GetLogEventsInput) []string {
			return s.streamResource(in.LogGroupName, in.LogGroupIdentifier, in.LogStreamName)
		}, s.GetLogEvents),
		wire.Op("FilterLogEvents", "logs:FilterLogEvents", func(in *cloudwatchlogs.FilterLogEventsInput) []string {
			return s.groupResource(in.LogGroupName, in.LogGroupIdentifier)
		}, s.FilterLogEvents),
		wire.Op("TagResource", "logs:TagResource", func(in *cloudwatchlogs.TagResourceInput) []string {
			return []string{aws.ToString(in.ResourceArn)}
		}, s.TagResource),
		wire.Op("UntagResource", "logs:UntagResource", func(in *cloudwatchlogs.UntagResourceInput) []string {
			return []string{aws.ToString(in.ResourceArn)}
		}, s.UntagResource),
		wire.Op("ListTagsForResource", "logs:ListTagsForResource", func(in *cloudwatchlogs.ListTagsForResourceInput) []string {
			return []string{aws.ToString(in.ResourceArn)}
		}, s.ListTagsForResource),
		wire.Op("TagLogGroup", "logs:TagLogGroup", func(in *cloudwatchlogs.TagLogGroupInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.TagLogGroup),
		wire.Op("UntagLogGroup", "logs:UntagLogGroup", func(in *cloudwatchlogs.UntagLogGroupInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.UntagLogGroup),
		wire.Op("ListTagsLogGroup", "logs:ListTagsLogGroup", func(in *cloudwatchlogs.ListTagsLogGroupInput) []string {
			return s.groupResource(in.LogGroupName, nil)
		}, s.ListTagsLogGroup),
	}
}

// groupResource and streamResource name what an action is on as AWS's own
// denials do: a group is "log-group:NAME:log-stream:", so that a policy's
// usual "log-group:NAME:*" covers group and streams alike.
func (s *Service) groupResource(name, identifier *string) []string {
	return s.streamResource(name, identifier, nil)
}

func (s *Service) streamResource(name, identifier, stream *string) []string {
	return []string{s.groupARN(groupName(name, identifier)) + ":log-stream:" + aws.ToString(stream)}
}

func (s *Service) groupARN(name string) string { return s.env.ARN("logs", "log-group:"+name) }

func (s *Service) now() int64 { return s.env.Now().UnixMilli() }

func errNoGroup() error {
	return &types.ResourceNotFoundException{Message: aws.String("The specified log group does not exist.")}
}

func errNoStream() error {
	return &types.ResourceNotFoundException{Message: aws.String("The specified log stream does not exist.")}
}

func errParameter(format string, args ...any) error {
	return &types.InvalidParameterException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func errToken() error { return errParameter("The specified nextToken is invalid.") }
