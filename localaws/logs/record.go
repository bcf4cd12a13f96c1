package logs

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// record is one event of a stream: a line "timestamp ingested length message"
// of its file. The message may hold newlines; the length says where it ends.
type record struct {
	timestamp, ingested int64
	seq                 int64 // place in the file, from 1
	message             string
}

func encode(events []types.InputLogEvent, now int64) []byte {
	var data []byte
	for _, event := range events {
		data = strconv.AppendInt(data, *event.Timestamp, 10)
		data = append(data, ' ')
		data = strconv.AppendInt(data, now, 10)
		data = append(data, ' ')
		data = strconv.AppendInt(data, int64(len(*event.Message)), 10)
		data = append(data, ' ')
		data = append(data, *event.Message...)
		data = append(data, '\n')
	}
	return data
}

func decode(data []byte) ([]record, error) {
	var records []record
	for len(data) > 0 {
		var numbers [3]int64
		for i := range numbers {
			number, rest, ok := bytes.Cut(data, []byte{' '})
			n, err := strconv.ParseInt(string(number), 10, 64)
			if !ok || err != nil {
				return nil, fmt.Errorf("the log is damaged at event %d", len(records)+1)
			}
			numbers[i], data = n, rest
		}
		size := numbers[2]
		if size < 0 || size >= int64(len(data)) {
			return nil, fmt.Errorf("the log is damaged at event %d", len(records)+1)
		}
		records = append(records, record{
			timestamp: numbers[0], ingested: numbers[1], seq: int64(len(records) + 1), message: string(data[:size]),
		})
		data = data[size+1:]
	}
	return records, nil
}

// read returns the stream's events in the order of their timestamps, less
// those that have expired.
func (s *Service) read(row stream, owner group) ([]record, error) {
	if row.Size == 0 {
		return nil, nil
	}
	file, err := s.files.Open(row.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoStream() // deleted since the row was read
	}
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	data := make([]byte, row.Size)
	_, err = io.ReadFull(file, data)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	records, err := decode(data)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(records, func(a, b record) int { return cmp.Compare(a.timestamp, b.timestamp) })
	if expired := expiry(owner, s.now()); expired > 0 {
		records = slices.DeleteFunc(records, func(r record) bool { return r.timestamp < expired })
	}
	return records, nil
}
