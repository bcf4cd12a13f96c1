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

// position is a place between the events of a stream: behind the event of that
// timestamp and number. The zero position is before the first.
type position struct{ timestamp, seq int64 }

func (r record) position() position { return position{r.timestamp, r.seq} }

func (r record) text() string { return r.message }

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
	forward, at := aws.ToBool(in.StartFromHead), position{}
	if in.NextToken != nil {
		if forward, at, err = parseToken(*in.NextToken); err != nil {
			return nil, err
		}
	}
	records, err := s.around(row, owner, in, forward, at)
	if err != nil {
		return nil, err
	}
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

// around returns a page of records: behind a position or before it, in the
// order of their timestamps. Without a token it is behind the start, or before the end.
func (s *Service) around(row stream, owner group, in *cloudwatchlogs.GetLogEventsInput, forward bool, at position) ([]record, error) {
	sign := 1 // of the order in which the page fills
	if !forward {
		sign = -1
	}
	fits := newPage(aws.ToInt32(in.Limit), func(a, b record) int { return sign * a.position().compare(b.position()) }, record.text)
	wanted := func(p position) bool {
		return (in.StartTime == nil || p.timestamp >= *in.StartTime) && (in.EndTime == nil || p.timestamp < *in.EndTime) &&
			(in.NextToken == nil || sign*p.compare(at) > 0)
	}
	err := s.scan(row, owner, wanted, fits.add)
	records, _ := fits.events()
	if !forward {
		slices.Reverse(records)
	}
	return records, err
}
