package logs

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// The limits of one PutLogEvents (API reference, PutLogEvents).
const (
	batchBytes = 1 << 20
	eventBytes = 26 // counted for every event on top of its message
	batchSpan  = 24 * time.Hour
	tooNew     = 2 * time.Hour
	tooOld     = 14 * 24 * time.Hour
)

// PutLogEvents appends events to a stream. Once it returns they survive a kill
// of the process. Sequence tokens are accepted and ignored, as on AWS since 2023.
func (s *Service) PutLogEvents(_ context.Context, in *cloudwatchlogs.PutLogEventsInput) (*cloudwatchlogs.PutLogEventsOutput, error) {
	if err := checkBatch(in.LogEvents); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, row, owner, err := s.findStream(in.LogGroupName, nil, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	now := s.now()
	events, rejected := s.acceptable(in.LogEvents, now, owner)
	if len(events) > 0 {
		before, place := row.Stored, momentOf(key, row)
		if err := s.write(&row, events, now); err != nil {
			return nil, err
		}
		if err := s.streams.Put(key, row); err != nil {
			return nil, err
		}
		s.recency.remove(*in.LogGroupName, place)
		s.recency.add(*in.LogGroupName, momentOf(key, row))
		if err := s.addStored(*in.LogGroupName, row.Stored-before); err != nil {
			return nil, err
		}
	}
	return &cloudwatchlogs.PutLogEventsOutput{
		NextSequenceToken: aws.String(sequenceToken(row)), RejectedLogEventsInfo: rejected,
	}, nil
}

func checkBatch(events []types.InputLogEvent) error {
	size := 0
	for i, event := range events {
		size += len(*event.Message) + eventBytes
		if i > 0 && *event.Timestamp < *events[i-1].Timestamp {
			return errParameter("Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	if size > batchBytes {
		return errParameter("Upload too large: %d bytes exceeds limit of %d", size, batchBytes)
	}
	if *events[len(events)-1].Timestamp-*events[0].Timestamp > batchSpan.Milliseconds() {
		return errParameter("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

// acceptable cuts off the events that are too old, expired or too new: events
// are in chronological order, so those stand at the ends.
func (s *Service) acceptable(events []types.InputLogEvent, now int64, owner group) ([]types.InputLogEvent, *types.RejectedLogEventsInfo) {
	var rejected types.RejectedLogEventsInfo
	oldest, expired := now-tooOld.Milliseconds(), expiry(owner, now)
	first, last := 0, len(events)
	for i, event := range events {
		at, index := *event.Timestamp, int32(i)
		switch {
		case at < expired:
			rejected.ExpiredLogEventEndIndex = aws.Int32(index + 1)
			first = i + 1
		case at < oldest:
			rejected.TooOldLogEventEndIndex = aws.Int32(index + 1)
			first = i + 1
		case at > now+tooNew.Milliseconds() && last == len(events):
			rejected.TooNewLogEventStartIndex = aws.Int32(index)
			last = i
		}
	}
	if first == 0 && last == len(events) {
		return events, nil
	}
	return events[first:max(first, last)], &rejected
}

// expiry is the time before which the group's events count as gone.
func expiry(owner group, now int64) int64 {
	if owner.Retention == nil {
		return 0
	}
	return now - int64(*owner.Retention)*24*time.Hour.Milliseconds()
}

// write appends the events to the stream's file and accounts for them in the row.
func (s *Service) write(row *stream, events []types.InputLogEvent, now int64) error {
	file, err := s.files.OpenFile(row.file(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	data := encode(events, now)
	if _, err := file.WriteAt(data, row.Size); err != nil {
		_ = file.Close() // the write's error is the one to report
		return fmt.Errorf("write the log: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("write the log: %w", err)
	}
	row.Size += int64(len(data))
	row.Ingested = &now
	for _, event := range events {
		row.Stored += int64(len(*event.Message) + eventBytes)
	}
	first, last := *events[0].Timestamp, *events[len(events)-1].Timestamp
	if row.First == nil || first < *row.First {
		row.First = &first
	}
	if row.Last == nil || last > *row.Last {
		row.Last = &last
	}
	return nil
}

// sequenceToken has the form of AWS's: 56 digits.
func sequenceToken(row stream) string {
	return fmt.Sprintf("49%018d%036d", row.ID, row.Size)
}
