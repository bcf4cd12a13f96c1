package lambda

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

const (
	tailBytes   = 4 << 10 // what Invoke's LogType Tail returns
	batchEvents = 10_000  // what PutLogEvents takes
	batchBytes  = 1_000_000
	maxPending  = 4 << 20
	flushWithin = 5 * time.Second
)

// logsAPI is what a log stream needs of CloudWatch Logs.
type logsAPI interface {
	CreateLogGroup(ctx context.Context, in *cloudwatchlogs.CreateLogGroupInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.CreateLogGroupOutput, error)
	CreateLogStream(ctx context.Context, in *cloudwatchlogs.CreateLogStreamInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.CreateLogStreamOutput, error)
	PutLogEvents(ctx context.Context, in *cloudwatchlogs.PutLogEventsInput, opts ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutLogEventsOutput, error)
}

// logStream is the log of one process, written to CloudWatch Logs with the
// permissions of the function's role. What the role may not write is lost, as on AWS.
// The zero logStream writes nowhere.
type logStream struct {
	s             *Service
	api           logsAPI
	group, stream string

	mu      sync.Mutex // guards what follows
	pending []types.InputLogEvent
	size    int
	lost    int
	closed  bool
	tail    []byte
	wake    chan struct{}
}

// openLog starts the log stream of a process.
func (s *Service) openLog(config aws.Config, r *revision, started time.Time) *logStream {
	l := &logStream{
		s: s, api: cloudwatchlogs.NewFromConfig(config), group: *r.Config.LoggingConfig.LogGroup,
		stream: started.UTC().Format("2006/01/02") + "/[" + *r.Config.Version + "]" + token(),
		wake:   make(chan struct{}, 1),
	}
	s.working.Go(l.write)
	return l
}

// begin starts the part of the log that belongs to an invocation.
func (l *logStream) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = l.tail[:0]
}

// end returns the last of that part.
func (l *logStream) end() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]byte(nil), l.tail[max(0, len(l.tail)-tailBytes):]...)
}

// system writes a line of Lambda's own.
func (l *logStream) system(text string) { l.function([]byte(text)) }

// function writes a line of the function.
func (l *logStream) function(line []byte) {
	text := strings.ToValidUTF8(string(line), "\uFFFD") + "\n"
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tail = append(l.tail, text...); len(l.tail) > 2*tailBytes {
		l.tail = append(l.tail[:0], l.tail[len(l.tail)-tailBytes:]...)
	}
	if l.s == nil || l.closed {
		return
	}
	if l.size > maxPending {
		l.lost++
		return
	}
	l.pending = append(l.pending, types.InputLogEvent{Message: aws.String(text), Timestamp: aws.Int64(l.s.env.Now().UnixMilli())})
	l.size += len(text)
	l.signal()
}

func (l *logStream) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// close lets the writer end when it has written what there is.
func (l *logStream) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.s != nil && !l.closed {
		l.closed = true
		l.signal()
	}
}

// write sends what comes until the stream is closed.
func (l *logStream) write() {
	made := false
	for range l.wake {
		for {
			batch, closed := l.take()
			if len(batch) == 0 {
				if closed {
					return
				}
				break
			}
			if err := l.send(batch, &made); err != nil {
				l.s.env.Log.Debug("write a function's log", "group", l.group, "error", err)
			}
		}
	}
}

// take removes one batch from what is pending.
func (l *logStream) take() (batch []types.InputLogEvent, closed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, size := 0, 0
	for n < len(l.pending) && n < batchEvents && size < batchBytes-maxLine {
		size += len(*l.pending[n].Message) + 26 // what CloudWatch Logs counts for an event
		l.size -= len(*l.pending[n].Message)
		n++
	}
	batch, l.pending = l.pending[:n:n], l.pending[n:]
	if l.lost > 0 && len(l.pending) == 0 {
		l.s.env.Log.Warn("a function writes faster than its log takes", "group", l.group, "lost lines", l.lost)
		l.lost = 0
	}
	return batch, l.closed
}

func (l *logStream) send(batch []types.InputLogEvent, made *bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.s.background), flushWithin)
	defer cancel()
	if !*made {
		if err := l.create(ctx); err != nil {
			return err
		}
		*made = true
	}
	put := &cloudwatchlogs.PutLogEventsInput{LogGroupName: &l.group, LogStreamName: &l.stream, LogEvents: batch}
	_, err := l.api.PutLogEvents(ctx, put)
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); gone {
		// The group was deleted under us: AWS makes it anew at the next invocation.
		if err = l.create(ctx); err == nil {
			_, err = l.api.PutLogEvents(ctx, put)
		}
	}
	return err
}

// create makes the stream, and the group where it is missing and the role may make it.
func (l *logStream) create(ctx context.Context) error {
	in := &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &l.group, LogStreamName: &l.stream}
	_, err := l.api.CreateLogStream(ctx, in)
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		if _, err = l.api.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &l.group}); err == nil || exists(err) {
			_, err = l.api.CreateLogStream(ctx, in)
		}
	}
	if exists(err) {
		return nil
	}
	return err
}

func exists(err error) bool {
	_, ok := errors.AsType[*types.ResourceAlreadyExistsException](err)
	return ok
}
