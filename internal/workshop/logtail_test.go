package workshop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	buildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/smithy-go"
)

// fakeLog is a log of which each call gives a page of two events; at its end
// it gives the token that it was given, as AWS does.
type fakeLog struct {
	messages []string
	err      error
	asked    int
}

func (l *fakeLog) GetLogEvents(_ context.Context, in *cloudwatchlogs.GetLogEventsInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error) {
	l.asked++
	if l.err != nil {
		return nil, l.err
	}
	from := 0
	if in.NextToken != nil {
		if _, err := fmt.Sscan(*in.NextToken, &from); err != nil {
			return nil, err
		}
	} else if !aws.ToBool(in.StartFromHead) {
		return nil, errors.New("it does not start from the head")
	}
	to := min(from+2, len(l.messages))
	out := &cloudwatchlogs.GetLogEventsOutput{NextForwardToken: aws.String(strconv.Itoa(to))}
	for _, message := range l.messages[from:to] {
		out.Events = append(out.Events, types.OutputLogEvent{Message: &message})
	}
	return out, nil
}

func location() *buildtypes.LogsLocation {
	return &buildtypes.LogsLocation{GroupName: aws.String("group"), StreamName: aws.String("stream")}
}

// TestLogTail reads each line once, in bounded pages, through all that may come in between.
func TestLogTail(t *testing.T) {
	log := &fakeLog{messages: []string{"one\n", "two\r\nthree\n", "four"}}
	tail := logTail{logs: log}
	var lines []string
	read := func() { lines = append(lines, tail.read(t.Context(), location())...) }

	if got := tail.read(t.Context(), &buildtypes.LogsLocation{}); got != nil || log.asked != 0 {
		t.Errorf("before there is a log: %q, %d calls", got, log.asked)
	}
	for _, code := range []string{"ResourceNotFoundException", "ThrottlingException"} {
		log.err = &smithy.GenericAPIError{Code: code}
		read()
	}
	log.err = nil
	read()
	read()
	log.messages = append(log.messages, "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
	asked := log.asked
	read()
	if n := log.asked - asked; n > pagesAtOnce {
		t.Errorf("%d calls at once", n)
	}
	read()
	want := []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q", lines)
	}

	log.err = &smithy.GenericAPIError{Code: "AccessDeniedException"}
	read()
	asked, log.err = log.asked, nil
	log.messages = append(log.messages, "secret")
	read()
	if log.asked != asked || len(lines) != len(want) {
		t.Errorf("denied, and asked again: %q", lines)
	}
}
