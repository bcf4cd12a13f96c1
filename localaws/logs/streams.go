package logs

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
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
	key := streamKey(group, in.LogStreamName)
	err = s.streams.Update(key, func(row *stream, exists bool) error {
		if exists {
			return &types.ResourceAlreadyExistsException{Message: aws.String("The specified log stream already exists")}
		}
		*row = stream{ID: id, Created: s.now()}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.recency.add(group, moment{key: key})
	return &cloudwatchlogs.CreateLogStreamOutput{}, nil
}

// DeleteLogStream removes the stream with its lines.
func (s *Service) DeleteLogStream(_ context.Context, in *cloudwatchlogs.DeleteLogStreamInput) (*cloudwatchlogs.DeleteLogStreamOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, row, _, err := s.findStream(in.LogGroupName, nil, in.LogStreamName)
	if err != nil {
		return nil, err
	}
	if err := s.dropStream(key, row); err != nil {
		return nil, err
	}
	s.recency.remove(*in.LogGroupName, momentOf(key, row))
	return &cloudwatchlogs.DeleteLogStreamOutput{}, s.addStored(*in.LogGroupName, -row.Stored)
}

// addStored accounts for what came to a group, or went.
func (s *Service) addStored(name string, bytes int64) error {
	return s.updateGroup(name, func(row *group) error {
		row.Stored += bytes
		return nil
	})
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
	limit := int(aws.ToInt32(in.Limit))
	if limit == 0 {
		limit = describeLimit
	}
	page := s.byName
	if byTime {
		page = func(group string, _, token *string, descending bool, limit int) ([]string, *string, error) {
			return s.byLastEvent(group, token, descending, limit)
		}
	}
	keys, next, err := page(group, in.LogStreamNamePrefix, in.NextToken, aws.ToBool(in.Descending), limit)
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeLogStreamsOutput{LogStreams: []types.LogStream{}, NextToken: next}
	for _, key := range keys {
		row, ok, err := s.streams.Get(key)
		if err != nil {
			return nil, err
		}
		if ok { // or it was deleted a moment ago
			out.LogStreams = append(out.LogStreams, s.describeStream(group, key[len(group)+1:], row))
		}
	}
	return out, nil
}

// byName returns so many keys of the group's streams that start with the
// prefix, and the token of the next page, which is the last name.
func (s *Service) byName(group string, prefix, token *string, descending bool, limit int) (keys []string, next *string, err error) {
	after := ""
	if token != nil {
		after = streamKey(group, token)
	}
	if descending {
		if keys, err = s.streams.Keys(streamKey(group, prefix), "", 0); err != nil {
			return nil, nil, err
		}
		slices.Reverse(keys)
		i := 0
		if token != nil {
			i = slices.IndexFunc(keys, func(key string) bool { return key < after })
		}
		keys = keys[min(uint(i), uint(len(keys))):]
	} else if keys, err = s.streams.Keys(streamKey(group, prefix), after, limit+1); err != nil {
		return nil, nil, err
	}
	if len(keys) > limit {
		keys, next = keys[:limit], aws.String(keys[limit-1][len(group)+1:])
	}
	return keys, next, nil
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
