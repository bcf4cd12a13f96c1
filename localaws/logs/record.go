package logs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// decoder reads the events of a stream's file one at a time.
type decoder struct {
	file *bufio.Reader
	left int64 // bytes that are still to be read
	seq  int64 // of the last event
}

func newDecoder(file io.Reader, size int64) *decoder {
	return &decoder{file: bufio.NewReaderSize(io.LimitReader(file, size), 64<<10), left: size}
}

// next returns the next event, or io.EOF. The messages of those that are not
// wanted are passed over, and empty.
func (d *decoder) next(wanted func(position) bool) (record, error) {
	if d.left == 0 {
		return record{}, io.EOF
	}
	d.seq++
	timestamp, err1 := d.number()
	ingested, err2 := d.number()
	size, err3 := d.number()
	if err1 != nil || err2 != nil || err3 != nil || size < 0 || size >= d.left {
		return record{}, d.damaged()
	}
	d.left -= size + 1
	r := record{timestamp: timestamp, ingested: ingested, seq: d.seq}
	if !wanted(r.position()) {
		if _, err := d.file.Discard(int(size + 1)); err != nil {
			return record{}, d.damaged()
		}
		return r, nil
	}
	message := make([]byte, size+1) // and the newline
	if _, err := io.ReadFull(d.file, message); err != nil || message[size] != '\n' {
		return record{}, d.damaged()
	}
	r.message = string(message[:size])
	return r, nil
}

func (d *decoder) number() (int64, error) {
	text, err := d.file.ReadSlice(' ')
	if err != nil {
		return 0, err
	}
	d.left -= int64(len(text))
	return strconv.ParseInt(string(text[:len(text)-1]), 10, 64)
}

func (d *decoder) damaged() error { return fmt.Errorf("the log is damaged at event %d", d.seq) }

// scan visits the wanted events of the stream in the order in which they came,
// less those that have expired.
func (s *Service) scan(row stream, owner group, wanted func(position) bool, visit func(record)) error {
	if row.Size == 0 {
		return nil
	}
	file, err := s.files.Open(row.file())
	if errors.Is(err, fs.ErrNotExist) {
		return errNoStream() // deleted since the row was read
	}
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	expired := expiry(owner, s.now())
	events := newDecoder(file, row.Size)
	kept := func(p position) bool { return p.timestamp >= expired && wanted(p) }
	for {
		r, err := events.next(kept)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		if kept(r.position()) {
			visit(r)
		}
	}
}
