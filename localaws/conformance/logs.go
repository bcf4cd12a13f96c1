package conformance

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

const (
	logsAPI     = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_"
	logsGroups  = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/logs/test_logs_groups.snapshot.json, "
	logsStreams = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/logs/test_logs_streams.snapshot.json, "
	logsEvents  = "recorded from AWS in LocalStack's snapshot tests: tests/aws/services/logs/test_logs_events.snapshot.json, "
)

var logsAssumptions = []Assumption{
	{Number: 701, Title: "Logs: a group's name is given once", Source: logsGroups + "test_create_log_group_duplicate_error", Confirmed: true, Run: func(t *T) {
		group := t.group()
		_, err := t.logs.CreateLogGroup(t.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &group})
		t.wantError(err, "ResourceAlreadyExistsException", "The specified log group already exists")
	}},
	{Number: 702, Title: "Logs: a stream's name is given once in a group", Source: logsStreams + "test_create_log_stream_duplicate_error", Confirmed: true, Run: func(t *T) {
		group := t.stream()
		_, err := t.logs.CreateLogStream(t.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: aws.String("s")})
		t.wantError(err, "ResourceAlreadyExistsException", "The specified log stream already exists")
	}},
	{Number: 703, Title: "Logs: a group has two ARNs, with and without an asterisk", Source: logsGroups + "test_describe_log_groups_with_prefix", Confirmed: true, Run: func(t *T) {
		group := t.group()
		got := must(t.logs.DescribeLogGroups(t.ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &group}))(t).LogGroups[0]
		equal(t, "arn", str(got.Arn), t.arn("logs", "log-group:"+group+":*"))
		equal(t, "logGroupArn", str(got.LogGroupArn), t.arn("logs", "log-group:"+group))
		equal(t, "logGroupClass", got.LogGroupClass, logstypes.LogGroupClassStandard)
		if got.RetentionInDays != nil {
			t.Errorf("retentionInDays is %d, want none", *got.RetentionInDays)
		}
	}},
	{Number: 704, Title: "Logs: a prefix and a pattern exclude each other", Source: logsGroups + "test_describe_log_groups_prefix_and_pattern_error", Confirmed: true, Run: func(t *T) {
		_, err := t.logs.DescribeLogGroups(t.ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("a"), LogGroupNamePattern: aws.String("a")})
		t.wantError(err, "InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}},
	{Number: 705, Title: "Logs: writing to a stream that is not there says so", Source: logsEvents + "test_put_log_events_to_invalid_stream", Confirmed: true, Run: func(t *T) {
		group := t.group()
		_, err := t.logs.PutLogEvents(t.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: aws.String("s"), LogEvents: []logstypes.InputLogEvent{{Message: aws.String("x"), Timestamp: aws.Int64(t.target.Now().UnixMilli())}}})
		t.wantError(err, "ResourceNotFoundException", "The specified log stream does not exist.")
	}},
	{Number: 706, Title: "Logs: a group that is not there says so", Source: logsEvents + "test_resource_does_not_exist", Confirmed: true, Run: func(t *T) {
		_, err := t.logs.GetLogEvents(t.ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String(t.name()), LogStreamName: aws.String("s")})
		t.wantError(err, "ResourceNotFoundException", "The specified log group does not exist.")
	}},
	{Number: 707, Title: "Logs: events of one request are in the order of their time", Source: logsEvents + "test_put_log_events_wrong_order", Confirmed: true, Run: func(t *T) {
		group, now := t.stream(), t.target.Now().UnixMilli()
		_, err := t.logs.PutLogEvents(t.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: aws.String("s"), LogEvents: []logstypes.InputLogEvent{
			{Message: aws.String("late"), Timestamp: &now}, {Message: aws.String("early"), Timestamp: aws.Int64(now - 1000)},
		}})
		t.wantError(err, "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
	}},
	{Number: 708, Title: "Logs: events too old are not kept, and the answer says so", Source: logsEvents + "test_put_log_events_too_old", Confirmed: true, Run: func(t *T) {
		group, old := t.stream(), t.target.Now().AddDate(0, 0, -15).UnixMilli()
		out := must(t.logs.PutLogEvents(t.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: aws.String("s"), LogEvents: []logstypes.InputLogEvent{{Message: aws.String("x"), Timestamp: &old}}}))(t)
		if out.RejectedLogEventsInfo == nil || aws.ToInt32(out.RejectedLogEventsInfo.TooOldLogEventEndIndex) != 1 {
			t.Errorf("rejectedLogEventsInfo is %+v", out.RejectedLogEventsInfo)
		}
	}},
	{Number: 709, Title: "Logs: a token that is none is refused", Source: logsEvents + "test_get_log_events_invalid_token", Confirmed: true, Run: func(t *T) {
		group := t.stream()
		_, err := t.logs.GetLogEvents(t.ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: aws.String("s"), NextToken: aws.String("invalid")})
		t.wantError(err, "InvalidParameterException", "The specified nextToken is invalid.")
	}},
	{Number: 710, Title: "Logs: a limit is at most 10000", Source: logsEvents + "test_get_log_events_limit_validation", Confirmed: true, Run: func(t *T) {
		group := t.stream()
		_, err := t.logs.GetLogEvents(t.ctx, &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: aws.String("s"), Limit: aws.Int32(10001)})
		t.wantError(err, "InvalidParameterException", "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000")
	}},
	{Number: 711, Title: "Logs: at its end, a stream gives the same forward token again", Source: logsAPI + "GetLogEvents.html", Confirmed: true, Run: func(t *T) {
		group := t.stream()
		t.write(group, "one", "two")
		input := &cloudwatchlogs.GetLogEventsInput{LogGroupName: &group, LogStreamName: aws.String("s"), StartFromHead: aws.Bool(true)}
		t.eventually("the events are there", func() bool { return len(must(t.logs.GetLogEvents(t.ctx, input))(t).Events) == 2 })
		out := must(t.logs.GetLogEvents(t.ctx, input))(t)
		if !strings.HasPrefix(str(out.NextForwardToken), "f/") || !strings.HasPrefix(str(out.NextBackwardToken), "b/") {
			t.Errorf("the tokens are %s and %s", str(out.NextForwardToken), str(out.NextBackwardToken))
		}
		input.NextToken = out.NextForwardToken
		end := must(t.logs.GetLogEvents(t.ctx, input))(t)
		equal(t, "the token", str(end.NextForwardToken), str(out.NextForwardToken))
		equal(t, "the number of events", len(end.Events), 0)
	}},
	{Number: 712, Title: "Logs: a filter of words finds the events that have all of them", Source: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html", Run: func(t *T) {
		group := t.stream()
		t.write(group, "ERROR in the kitchen", "all is well", "ERROR in the cellar")
		t.eventually("the events are found", func() bool {
			out := must(t.logs.FilterLogEvents(t.ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, FilterPattern: aws.String("ERROR cellar")}))(t)
			return len(out.Events) == 1 && str(out.Events[0].Message) == "ERROR in the cellar"
		})
	}},
	{Number: 713, Title: "Logs: retention is one of AWS's numbers of days", Source: "botocore model: RetentionInDays", Confirmed: true, Run: func(t *T) {
		group := t.group()
		must(t.logs.PutRetentionPolicy(t.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: aws.Int32(14)}))(t)
		_, err := t.logs.PutRetentionPolicy(t.ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: aws.Int32(15)})
		t.wantError(err, "InvalidParameterException")
	}},
	{Number: 714, Title: "Logs: tags of a group are read by both of its APIs", Source: logsGroups + "test_tag_resource_api", Confirmed: true, Run: func(t *T) {
		group := t.group()
		must(t.logs.TagResource(t.ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: aws.String(t.arn("logs", "log-group:"+group)), Tags: map[string]string{"a": "b"}}))(t)
		out := must(t.logs.ListTagsForResource(t.ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String(t.arn("logs", "log-group:"+group))}))(t)
		equal(t, "the tag", out.Tags["a"], "b")
		old := must(t.logs.ListTagsLogGroup(t.ctx, &cloudwatchlogs.ListTagsLogGroupInput{LogGroupName: &group}))(t) //nolint:staticcheck // it is the older one that is asked
		equal(t, "the tag", old.Tags["a"], "b")
	}},
}
