package logs

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// found is an event of one of several streams, as FilterLogEvents orders them.
type found struct {
	record
	stream string
	id     uint64 // the stream's
}

func (f found) text() string { return f.message }

func (f found) cursor(descending bool) cursor {
	return cursor{f.timestamp, f.ingested, f.id, f.seq, descending}
}

// cursor is a place in the answer of FilterLogEvents, and the direction of reading.
type cursor struct {
	Timestamp, Ingested int64
	Stream              uint64
	Seq                 int64
	Descending          bool
}

func (c cursor) compare(d cursor) int {
	if c.Descending {
		c, d = d, c
	}
	return cmp.Or(cmp.Compare(c.Timestamp, d.Timestamp), cmp.Compare(c.Ingested, d.Ingested),
		cmp.Compare(c.Stream, d.Stream), cmp.Compare(c.Seq, d.Seq))
}

// year2024 is the earliest start of a search backwards (API reference, FilterLogEvents).
const year2024 = 1704067200000

// FilterLogEvents returns the events of a group's streams which match, in the
// order of their timestamps or, with startFromHead false, the other way round.
func (s *Service) FilterLogEvents(_ context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	matches, err := parsePattern(aws.ToString(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	descending, after := in.StartFromHead != nil && !*in.StartFromHead, (*cursor)(nil)
	if descending && aws.ToInt64(in.StartTime) < year2024 {
		return nil, errParameter("startFromHead can be false only when startTime is on or after Jan 1, 2024 00:00:00 UTC.")
	}
	if in.NextToken != nil {
		if after, err = parseCursor(*in.NextToken); err != nil {
			return nil, err
		}
		descending = after.Descending
	}
	fits := newPage(aws.ToInt32(in.Limit), func(a, b found) int { return a.cursor(descending).compare(b.cursor(descending)) }, found.text)
	err = s.search(in, func(f found) {
		if matches(f.message) && (after == nil || f.cursor(descending).compare(*after) > 0) {
			fits.add(f)
		}
	})
	if err != nil {
		return nil, err
	}
	events, more := fits.events()
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}, SearchedLogStreams: []types.SearchedLogStream{}}
	for _, f := range events {
		out.Events = append(out.Events, types.FilteredLogEvent{
			Timestamp: &f.timestamp, IngestionTime: &f.ingested, Message: &f.message, LogStreamName: &f.stream,
			EventId: aws.String(fmt.Sprintf("%020d%016d%020d", f.timestamp, f.id, f.seq)),
		})
	}
	if more {
		out.NextToken = aws.String(events[len(events)-1].cursor(descending).token())
	}
	return out, nil
}

// search visits the events of the streams and of the time asked for, in no order.
func (s *Service) search(in *cloudwatchlogs.FilterLogEventsInput, visit func(found)) error {
	if len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != nil {
		return errParameter("Cannot specify both logStreamNames and logStreamNamePrefix.")
	}
	group, owner, err := s.find(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return err
	}
	rows, err := s.streamsOf(group, in)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if outside(row.Value, in) {
			continue
		}
		name := strings.TrimPrefix(row.Key, group+":")
		err := s.scan(row.Value, owner, func(p position) bool {
			// Unlike GetLogEvents, the end is included (API reference, FilterLogEvents).
			return (in.StartTime == nil || p.timestamp >= *in.StartTime) && (in.EndTime == nil || p.timestamp <= *in.EndTime)
		}, func(r record) { visit(found{record: r, stream: name, id: row.Value.ID}) })
		if err != nil {
			return err
		}
	}
	return nil
}

// streamsOf returns the streams that are named, or else those that start with the prefix.
func (s *Service) streamsOf(group string, in *cloudwatchlogs.FilterLogEventsInput) ([]store.Row[stream], error) {
	if len(in.LogStreamNames) == 0 {
		return s.streams.List(streamKey(group, in.LogStreamNamePrefix), "", 0)
	}
	var rows []store.Row[stream]
	for _, name := range slices.Compact(slices.Sorted(slices.Values(in.LogStreamNames))) {
		key := streamKey(group, &name)
		row, ok, err := s.streams.Get(key)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, errNoStream()
		}
		rows = append(rows, store.Row[stream]{Key: key, Value: row})
	}
	return rows, nil
}

// outside says whether all of a stream's events are outside the time asked for.
func outside(row stream, in *cloudwatchlogs.FilterLogEventsInput) bool {
	return row.Last == nil || in.StartTime != nil && *row.Last < *in.StartTime || in.EndTime != nil && *row.First > *in.EndTime
}

func (c cursor) token() string {
	data, _ := json.Marshal(c) // four numbers always marshal
	return base64.RawURLEncoding.EncodeToString(data)
}

func parseCursor(token string) (*cursor, error) {
	var c cursor
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(data, &c) != nil {
		return nil, errToken()
	}
	return &c, nil
}
