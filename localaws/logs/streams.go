package logs

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

// stream is a log stream's row. Its lines are the first Size bytes of its
// file; what stands behind them was not acknowledged, and is overwritten.
type stream struct {
	ID          uint64
	Created     int64
	First, Last *int64 // timestamps of the earliest and the latest event
	Ingested    *int64
	Size        int64
	Stored      int64 // as AWS counts: the messages and 26 bytes for each
}

func (r stream) file() string { return strconv.FormatUint(r.ID, 10) + ".log" }

func streamKey(group string, name *string) string { return group + ":" + aws.ToString(name) }

// CreateLogStream makes an empty stream.
func (s *Service) CreateLogStream(_ context.Context, in *cloudwatchlogs.CreateLogStreamInput) (*cloudwatchlogs.CreateLogStreamOutput, error) {
	s.mu.Lock() // so that the group cannot go meanwhile
	defer s.mu.Unlock()
	group, _, err := s.find(in.LogGroupName, nil)
	if err != nil {
		return nil, err
	}
	id, err := s.streams.Next()
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.CreateLogStreamOutput{}, s.streams.Update(streamKey(group, in.LogStreamName), func(row *stream, exists bool) error {
		if exists {
			return &types.ResourceAlreadyExistsException{Message: aws.String("The specified log stream already exists")}
		}
		*row = stream{ID: id, Created: s.now()}
		return nil
	})
}

// DeleteLogStream removes the stream with its lines.
func (s *Service) DeleteLogStream(_ context.Context, in *cloudwatchlogs.DeleteLogStreamInput) (*cloudwatchlogs.DeleteLogStreamOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, row, _, err := s.findStream(in.LogGroupName, nil, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.DeleteLogStreamOutput{}, s.removeStream(key, row)
}

func (s *Service) findStream(group, identifier, name *string) (key string, row stream, owner group, err error) {
	groupKey, owner, err := s.find(group, identifier)
	if err != nil {
		return "", stream{}, owner, err
	}
	key = streamKey(groupKey, name)
	row, ok, err := s.streams.Get(key)
	if err == nil && !ok {
		err = errNoStream()
	}
	return key, row, owner, err
}

// DescribeLogStreams lists a group's streams, by name or by their last event.
func (s *Service) DescribeLogStreams(_ context.Context, in *cloudwatchlogs.DescribeLogStreamsInput) (*cloudwatchlogs.DescribeLogStreamsOutput, error) {
	group, _, err := s.find(in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	byTime := in.OrderBy == types.OrderByLastEventTime
	if byTime && in.LogStreamNamePrefix != nil {
		return nil, errParameter("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	rows, err := s.streams.List(streamKey(group, in.LogStreamNamePrefix), "", 0)
	if err != nil {
		return nil, err
	}
	if byTime {
		slices.SortStableFunc(rows, func(a, b store.Row[stream]) int {
			return cmp.Compare(aws.ToInt64(a.Value.Last), aws.ToInt64(b.Value.Last))
		})
	}
	if aws.ToBool(in.Descending) {
		slices.Reverse(rows)
	}
	if in.NextToken != nil {
		at := slices.IndexFunc(rows, func(r store.Row[stream]) bool { return r.Key == streamKey(group, in.NextToken) })
		if at < 0 {
			return nil, errToken()
		}
		rows = rows[at+1:]
	}
	limit := int(aws.ToInt32(in.Limit))
	if limit == 0 {
		limit = describeLimit
	}
	out := &cloudwatchlogs.DescribeLogStreamsOutput{LogStreams: []types.LogStream{}}
	for _, row := range rows[:min(limit, len(rows))] {
		out.LogStreams = append(out.LogStreams, s.describeStream(group, row.Key[len(group)+1:], row.Value))
	}
	if len(rows) > limit {
		out.NextToken = out.LogStreams[limit-1].LogStreamName
	}
	return out, nil
}

func (s *Service) describeStream(group, name string, row stream) types.LogStream {
	return types.LogStream{
		LogStreamName: &name, Arn: aws.String(s.groupARN(group) + ":log-stream:" + name),
		CreationTime: &row.Created, FirstEventTimestamp: row.First, LastEventTimestamp: row.Last,
		LastIngestionTime: row.Ingested,
		// AWS has reported 0 for every stream since 2019 (API reference, LogStream).
		StoredBytes:         aws.Int64(0), //nolint:staticcheck // deprecated, but clients get it still
		UploadSequenceToken: aws.String(sequenceToken(row)),
	}
}
