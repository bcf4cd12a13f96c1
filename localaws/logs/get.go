package logs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// One answer holds at most so many events and bytes (API reference, GetLogEvents).
const (
	answerEvents = 10000
	answerBytes  = 1 << 20
)

// position is a place between the events of a stream: behind the event of that
// timestamp and number. The zero position is before the first.
type position struct{ timestamp, seq int64 }

func (r record) position() position { return position{r.timestamp, r.seq} }

func (p position) compare(q position) int {
	return cmp.Or(cmp.Compare(p.timestamp, q.timestamp), cmp.Compare(p.seq, q.seq))
}

// token writes a position as AWS writes its tokens: a direction and 56 digits.
func (p position) token(direction string) string {
	return fmt.Sprintf("%s/%020d%036d", direction, p.timestamp, p.seq)
}

func parseToken(token string) (forward bool, p position, err error) {
	if len(token) != 58 || token[1] != '/' || token[0] != 'f' && token[0] != 'b' {
		return false, position{}, errToken()
	}
	timestamp, err1 := strconv.ParseInt(token[2:22], 10, 64)
	seq, err2 := strconv.ParseInt(token[22:], 10, 64)
	if err1 != nil || err2 != nil {
		return false, position{}, errToken()
	}
	return token[0] == 'f', position{timestamp, seq}, nil
}

// GetLogEvents returns a page of a stream's events. At either end of the
// stream it answers the token that it was given, which serves to wait for more.
func (s *Service) GetLogEvents(_ context.Context, in *cloudwatchlogs.GetLogEventsInput) (*cloudwatchlogs.GetLogEventsOutput, error) {
	_, row, owner, err := s.findStream(in.LogGroupName, in.LogGroupIdentifier, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	records, err := s.read(row, owner)
	if err != nil {
		return nil, err
	}
	records = slices.DeleteFunc(records, func(r record) bool {
		return in.StartTime != nil && r.timestamp < *in.StartTime || in.EndTime != nil && r.timestamp >= *in.EndTime
	})
	forward, at := aws.ToBool(in.StartFromHead), position{}
	if in.NextToken != nil {
		if forward, at, err = parseToken(*in.NextToken); err != nil {
			return nil, err
		}
		split, found := slices.BinarySearchFunc(records, at, func(r record, p position) int { return r.position().compare(p) })
		switch {
		case !forward:
			records = records[:split]
		case found:
			records = records[split+1:]
		default:
			records = records[split:]
		}
	}
	records = page(records, int(aws.ToInt32(in.Limit)), forward)

	first, last := at, at
	if len(records) > 0 {
		first, last = records[0].position(), records[len(records)-1].position()
	}
	out := &cloudwatchlogs.GetLogEventsOutput{
		Events:            []types.OutputLogEvent{},
		NextForwardToken:  aws.String(last.token("f")),
		NextBackwardToken: aws.String(first.token("b")),
	}
	for _, r := range records {
		out.Events = append(out.Events, types.OutputLogEvent{Timestamp: &r.timestamp, IngestionTime: &r.ingested, Message: &r.message})
	}
	return out, nil
}

// page returns as many of the records as one answer holds, from the start or from the end.
func page(records []record, limit int, fromStart bool) []record {
	if limit == 0 {
		limit = answerEvents
	}
	size, n := 0, 0
	for n < min(limit, len(records)) {
		next := records[n]
		if !fromStart {
			next = records[len(records)-1-n]
		}
		if size += len(next.message) + eventBytes; size > answerBytes && n > 0 {
			break
		}
		n++
	}
	if fromStart {
		return records[:n]
	}
	return records[len(records)-n:]
}
