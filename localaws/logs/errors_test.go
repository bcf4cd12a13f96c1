package logs

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"
)

// filterClient makes the service a client for the SDK's paginator.
type filterClient struct{ *Service }

func (c filterClient) FilterLogEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	return c.Service.FilterLogEvents(ctx, in)
}

func TestErrors(t *testing.T) {
	s := testService(t)
	group, stream, nothing := aws.String("/g"), aws.String("s"), aws.String("nothing")
	event := func(ms int64, message string) types.InputLogEvent {
		return types.InputLogEvent{Timestamp: at(ms), Message: &message}
	}
	put := func(events ...types.InputLogEvent) error {
		_, err := s.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: events})
		return err
	}
	filter := func(pattern string) error {
		_, err := s.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, FilterPattern: &pattern})
		return err
	}
	for _, test := range []struct {
		name, code, message string
		call                func() error
	}{
		{"group exists", "ResourceAlreadyExistsException", "The specified log group already exists", func() error {
			_, err := s.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: group})
			return err
		}},
		{"stream exists", "ResourceAlreadyExistsException", "The specified log stream already exists", func() error {
			_, err := s.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream})
			return err
		}},
		{"stream of no group", "ResourceNotFoundException", "The specified log group does not exist.", func() error {
			_, err := s.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: nothing, LogStreamName: stream})
			return err
		}},
		{"delete no group", "ResourceNotFoundException", "The specified log group does not exist.", func() error {
			_, err := s.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: nothing})
			return err
		}},
		{"no stream", "ResourceNotFoundException", "The specified log stream does not exist.", func() error {
			_, err := s.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: nothing})
			return err
		}},
		{"no such stream to filter", "ResourceNotFoundException", "The specified log stream does not exist.", func() error {
			_, err := s.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group, LogStreamNames: []string{"nothing"}})
			return err
		}},
		{"bad token", "InvalidParameterException", "The specified nextToken is invalid.", func() error {
			_, err := s.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: stream, NextToken: nothing})
			return err
		}},
		{"order", "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.", func() error {
			return put(event(1, "b"), event(0, "a"))
		}},
		{"span", "InvalidParameterException", "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.", func() error {
			return put(event(-100_000_000, "b"), event(0, "a"))
		}},
		{"size", "InvalidParameterException", "Upload too large: 1048602 bytes exceeds limit of 1048576", func() error {
			return put(event(0, strings.Repeat("x", 1<<20)))
		}},
		{"prefix with time", "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix.", func() error {
			_, err := s.DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{
				LogGroupName: group, OrderBy: types.OrderByLastEventTime, LogStreamNamePrefix: stream,
			})
			return err
		}},
		{"json pattern", "InvalidParameterException", "Invalid filter pattern: JSON filter patterns are not served by this AWS.", func() error {
			return filter("{ $.x = 1 }")
		}},
		{"fields pattern", "InvalidParameterException", "Invalid filter pattern: space-delimited filter patterns are not served by this AWS.", func() error {
			return filter("[ip, user]")
		}},
		{"regular expression", "InvalidParameterException", "Invalid filter pattern: regular expressions are not served by this AWS.", func() error {
			return filter("%A-Z%")
		}},
		{"unclosed phrase", "InvalidParameterException", "Invalid filter pattern", func() error { return filter(`"abc`) }},
		{"unquoted", "InvalidParameterException", "Invalid character(s) in term 'a:b'", func() error { return filter("a:b") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.call()
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != test.code || api.ErrorMessage() != test.message {
				t.Errorf("got %v, want %s: %s", err, test.code, test.message)
			}
		})
	}
}
