package codebuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// logWriter sends the lines of a build's log to CloudWatch Logs, with the
// build's role. A nil logWriter takes lines and drops them.
type logWriter struct {
	now           func() time.Time
	client        *cloudwatchlogs.Client
	group, stream string
	secrets       *secrets

	mu      sync.Mutex // guards what follows
	room    *sync.Cond // signalled when waiting was emptied
	waiting []logtypes.InputLogEvent
	size    int
	err     error // the first that a write met
	sending sync.Mutex
	stop    chan struct{}
	done    sync.WaitGroup
}

const (
	logInterval = 100 * time.Millisecond
	// The limits of PutLogEvents.
	maxBatch, maxBatchBytes, eventOverhead = 10_000, 1 << 20, 26
	// maxWaiting stops a build which prints faster than the log is written.
	maxWaiting = 4 << 20
)

// openLog makes the stream, and the group where there is none. A build without
// CloudWatch logs has a nil logWriter.
func (s *Service) openLog(ctx context.Context, cfg aws.Config, row *build, secrets *secrets) (*logWriter, error) {
	if row.Logs.GroupName == nil {
		return nil, nil //nolint:nilnil // a nil logWriter is one that works
	}
	w := &logWriter{
		now: s.env.Now, client: cloudwatchlogs.NewFromConfig(cfg), stop: make(chan struct{}),
		group: *row.Logs.GroupName, stream: *row.Logs.StreamName, secrets: secrets,
	}
	w.room = sync.NewCond(&w.mu)
	stream := &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &w.group, LogStreamName: &w.stream}
	_, err := w.client.CreateLogStream(ctx, stream)
	if _, missing := errors.AsType[*logtypes.ResourceNotFoundException](err); missing {
		_, err = w.client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &w.group})
		if _, exists := errors.AsType[*logtypes.ResourceAlreadyExistsException](err); exists {
			err = nil // another build was faster
		}
		if err == nil {
			_, err = w.client.CreateLogStream(ctx, stream)
		}
	}
	if _, exists := errors.AsType[*logtypes.ResourceAlreadyExistsException](err); exists {
		err = nil // the answer to a first attempt was lost
	}
	if err != nil {
		return nil, err
	}
	w.done.Go(w.sendAtIntervals)
	return w, nil
}

// container adds a line of the service's own, in the form that AWS's agent gives it.
func (w *logWriter) container(format string, args ...any) {
	if w == nil {
		return
	}
	at := w.now()
	w.add(at, "[Container] "+at.UTC().Format("2006/01/02 15:04:05.000000")+" "+fmt.Sprintf(format, args...)+"\n")
}

// line adds a line of a command's output.
func (w *logWriter) line(text []byte) {
	if w != nil {
		w.add(w.now(), string(bytes.ToValidUTF8(text, []byte("\uFFFD")))+"\n")
	}
}

func (w *logWriter) add(at time.Time, message string) {
	message = w.secrets.maskText(message)
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.size > maxWaiting {
		w.room.Wait()
	}
	w.waiting = append(w.waiting, logtypes.InputLogEvent{Message: &message, Timestamp: aws.Int64(at.UnixMilli())})
	w.size += len(message) + eventOverhead
}

func (w *logWriter) sendAtIntervals() {
	tick := time.NewTicker(logInterval)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			w.flush()
			return
		case <-tick.C:
			w.flush()
		}
	}
}

// flush sends what is waiting. It uses a context of its own: the last lines of
// a build that was stopped are written too.
func (w *logWriter) flush() {
	if w == nil {
		return
	}
	w.sending.Lock()
	defer w.sending.Unlock()
	w.mu.Lock()
	events := w.waiting
	w.waiting, w.size = nil, 0
	w.room.Broadcast()
	w.mu.Unlock()
	for len(events) > 0 {
		n := batch(events)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		_, err := w.client.PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
			LogGroupName: &w.group, LogStreamName: &w.stream, LogEvents: events[:n],
		})
		cancel()
		if err != nil {
			w.mu.Lock()
			w.err = errors.Join(w.err, err)
			w.mu.Unlock()
			return
		}
		events = events[n:]
	}
}

// batch says how many of the events fit into one request.
func batch(events []logtypes.InputLogEvent) int {
	size := 0
	for i, event := range events {
		size += len(*event.Message) + eventOverhead
		if i == maxBatch || size > maxBatchBytes {
			return i
		}
	}
	return len(events)
}

// failed tells what writing the log met.
func (w *logWriter) failed() error {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// close writes what is left, and ends.
func (w *logWriter) close() {
	if w != nil {
		close(w.stop)
		w.done.Wait()
	}
}
