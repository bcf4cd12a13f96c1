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
)

// found is an event of one of several streams, as FilterLogEvents orders them.
type found struct {
	record
	stream string
	id     uint64 // the stream's
}

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
	events, err := s.search(in, matches)
	if err != nil {
		return nil, err
	}
	descending := in.StartFromHead != nil && !*in.StartFromHead
	if descending && aws.ToInt64(in.StartTime) < year2024 {
		return nil, errParameter("startFromHead can be false only when startTime is on or after Jan 1, 2024 00:00:00 UTC.")
	}
	if in.NextToken != nil {
		after, err := parseCursor(*in.NextToken)
		if err != nil {
			return nil, err
		}
		descending = after.Descending
		events = slices.DeleteFunc(events, func(f found) bool { return f.cursor(descending).compare(after) <= 0 })
	}
	slices.SortFunc(events, func(a, b found) int { return a.cursor(descending).compare(b.cursor(descending)) })
	limit := int(aws.ToInt32(in.Limit))
	if limit == 0 {
		limit = answerEvents
	}
	out := &cloudwatchlogs.FilterLogEventsOutput{Events: []types.FilteredLogEvent{}, SearchedLogStreams: []types.SearchedLogStream{}}
	size := 0
	for _, f := range events {
		if size += len(f.message) + eventBytes; len(out.Events) > 0 && (len(out.Events) == limit || size > answerBytes) {
			break
		}
		out.Events = append(out.Events, types.FilteredLogEvent{
			Timestamp: &f.timestamp, IngestionTime: &f.ingested, Message: &f.message, LogStreamName: &f.stream,
			EventId: aws.String(fmt.Sprintf("%020d%016d%020d", f.timestamp, f.id, f.seq)),
		})
	}
	if n := len(out.Events); n < len(events) {
		out.NextToken = aws.String(events[n-1].cursor(descending).token())
	}
	return out, nil
}

// search returns the matching events of the streams asked for, in no order.
func (s *Service) search(in *cloudwatchlogs.FilterLogEventsInput, matches func(string) bool) ([]found, error) {
	if len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != nil {
		return nil, errParameter("Cannot specify both logStreamNames and logStreamNamePrefix.")
	}
	group, owner, err := s.find(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	rows, err := s.streams.List(streamKey(group, in.LogStreamNamePrefix), "", 0)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	var events []found
	for _, row := range rows {
		name := strings.TrimPrefix(row.Key, group+":")
		known[name] = true
		if len(in.LogStreamNames) > 0 && !slices.Contains(in.LogStreamNames, name) {
			continue
		}
		records, err := s.read(row.Value, owner)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			// Unlike GetLogEvents, the end is included (API reference, FilterLogEvents).
			if (in.StartTime == nil || r.timestamp >= *in.StartTime) && (in.EndTime == nil || r.timestamp <= *in.EndTime) && matches(r.message) {
				events = append(events, found{record: r, stream: name, id: row.Value.ID})
			}
		}
	}
	for _, name := range in.LogStreamNames {
		if !known[name] {
			return nil, errNoStream()
		}
	}
	return events, nil
}

func (c cursor) token() string {
	data, _ := json.Marshal(c) // four numbers always marshal
	return base64.RawURLEncoding.EncodeToString(data)
}

func parseCursor(token string) (c cursor, err error) {
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(data, &c) != nil {
		return c, errToken()
	}
	return c, nil
}
