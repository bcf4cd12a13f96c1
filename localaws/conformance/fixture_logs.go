package conformance

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// group makes a log group.
func (t *T) group() string {
	name := t.name()
	must(t.logs.CreateLogGroup(t.ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}))(t)
	t.cleanupLogs(name)
	return name
}

// cleanupLogs has a log group deleted that others make.
func (t *T) cleanupLogs(group string) {
	t.cleanup("log group "+group, func(t *T) error {
		_, err := t.logs.DeleteLogGroup(t.ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &group})
		return err
	})
}

// stream makes a stream named "s" in a new group, and returns the group.
func (t *T) stream() string {
	group := t.group()
	must(t.logs.CreateLogStream(t.ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: aws.String("s")}))(t)
	return group
}

// write puts lines into the stream "s", a millisecond apart, that end now.
func (t *T) write(group string, lines ...string) {
	last := t.target.Now().UnixMilli()
	events := make([]logstypes.InputLogEvent, 0, len(lines))
	for i, line := range lines {
		events = append(events, logstypes.InputLogEvent{Message: &line, Timestamp: aws.Int64(last - int64(len(lines)-i))})
	}
	must(t.logs.PutLogEvents(t.ctx, &cloudwatchlogs.PutLogEventsInput{LogGroupName: &group, LogStreamName: aws.String("s"), LogEvents: events}))(t)
}
