package workshop

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
)

// logEvents is what a log is read with.
type logEvents interface {
	GetLogEvents(ctx context.Context, in *cloudwatchlogs.GetLogEventsInput, o ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error)
}

// logTail reads a build's log from where it was read to.
type logTail struct {
	logs logEvents
	next *string
	// denied says that it may not be read, which will not change.
	denied bool
}

// pagesAtOnce bounds how much of a log is read at a time; a page has up to
// 1 MB or 10,000 lines. The rest is read the next time.
const pagesAtOnce = 3

// read returns the lines that are new. There are none where the log is not
// there yet, or CloudWatch Logs asks for fewer calls.
func (l *logTail) read(ctx context.Context, at *buildtypes.LogsLocation) []string {
	if l.denied || at == nil || at.GroupName == nil || at.StreamName == nil {
		return nil
	}
	var lines []string
	for range pagesAtOnce {
		out, err := l.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
			LogGroupName: at.GroupName, LogStreamName: at.StreamName, StartFromHead: aws.Bool(true), NextToken: l.next,
		})
		if err != nil {
			l.denied = cloud.TroubleOf(err) == cloud.Denied
			return lines
		}
		for _, e := range out.Events {
			for line := range strings.Lines(aws.ToString(e.Message)) {
				lines = append(lines, strings.TrimRight(line, "\r\n"))
			}
		}
		// At the end of what there is the token is the one that was given.
		atEnd := aws.ToString(out.NextForwardToken) == aws.ToString(l.next)
		l.next = out.NextForwardToken
		if atEnd || len(out.Events) == 0 {
			break
		}
	}
	return lines
}
