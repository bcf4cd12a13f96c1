package logs

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// BenchmarkDescribe lists a page of a thousand groups, and of ten thousand streams.
func BenchmarkDescribe(b *testing.B) {
	s := testService(b)
	for i := range 1000 {
		if err := s.groups.Put(fmt.Sprintf("/group/%04d", i), group{Created: int64(i)}); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 10_000 {
		at := int64(i * 7919 % 10_000)
		name := fmt.Sprintf("stream-%05d", i)
		if err := s.streams.Put(streamKey("/g", &name), stream{ID: uint64(i), Created: at, First: &at, Last: &at, Ingested: &at}); err != nil {
			b.Fatal(err)
		}
	}
	group := aws.String("/g")
	for name, call := range map[string]func() error{
		"groups": func() error {
			_, err := s.DescribeLogGroups(b.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/group/05")})
			return err
		},
		"streams": func() error {
			_, err := s.DescribeLogStreams(b.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: group})
			return err
		},
		"the latest streams": func() error {
			_, err := s.DescribeLogStreams(b.Context(), &cloudwatchlogs.DescribeLogStreamsInput{
				LogGroupName: group, OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true),
			})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestLongLogs reads pages of 16 MB of lines, in less memory than they take.
func TestLongLogs(t *testing.T) {
	s := testService(t)
	line, n := strings.Repeat("x", 100_000), 160
	for i := range n / 10 {
		var lines []string
		for j := range 10 {
			lines = append(lines, fmt.Sprintf("%04d %s", 10*i+j, line))
		}
		put(t, s, "s", int64(10*i), lines...)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	peak := uint64(0)
	fits := newPage(0, func(a, b record) int { return a.position().compare(b.position()) }, record.text)
	_, row, owner, err := s.findStream(aws.String("/g"), nil, aws.String("s"))
	check(t, err)
	check(t, s.scan(row, owner, func(position) bool { return true }, func(r record) {
		if fits.add(r); r.seq%16 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			peak = max(peak, after.HeapAlloc)
		}
	}))
	if events, more := fits.events(); len(events) != 10 || !more || !strings.HasPrefix(events[9].message, "0009 ") {
		t.Errorf("a page has %d events, more: %v", len(events), more)
	}
	if grown := int64(peak) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("reading took %d bytes", grown)
	}
	read, token := 0, (*string)(nil)
	for {
		out, err := s.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{
			LogGroupName: aws.String("/g"), LogStreamName: aws.String("s"), StartFromHead: aws.Bool(true), NextToken: token,
		})
		check(t, err)
		for _, event := range out.Events {
			if !strings.HasPrefix(*event.Message, fmt.Sprintf("%04d ", read)) {
				t.Fatalf("event %d is %.10s", read, *event.Message)
			}
			read++
		}
		if token != nil && *token == *out.NextForwardToken {
			break
		}
		token = out.NextForwardToken
	}
	if read != n {
		t.Errorf("read %d events of %d", read, n)
	}
}

// FuzzDecoder reads files that nobody wrote.
func FuzzDecoder(f *testing.F) {
	f.Add("1 2 3 abc\n4 5 0 \n", int64(17))
	f.Add("1 2 999999999999 abc\n", int64(21))
	f.Add("1 2 -1 abc\n", int64(3))
	f.Fuzz(func(t *testing.T, data string, size int64) {
		if size < 0 || size > 1<<20 {
			return
		}
		events := newDecoder(strings.NewReader(data), size)
		read := 0
		for {
			r, err := events.next(func(p position) bool { return p.seq%2 == 0 })
			if err != nil {
				if errors.Is(err, io.EOF) && int64(len(data)) < size {
					t.Errorf("a file of %d bytes passes for one of %d", len(data), size)
				}
				return
			}
			if read += len(r.message); read > len(data) {
				t.Fatalf("%d bytes of messages in %d bytes", read, len(data))
			}
		}
	})
}

// FuzzPattern reads filter patterns that nobody meant, and tries them on messages.
func FuzzPattern(f *testing.F) {
	for _, pattern := range []string{"", "a b", `"a b" -c`, "?a ?b", "{ $.a = 1 }", "[a, b]", "%a%", `"\"`, "-", "?"} {
		f.Add(pattern, "a message")
	}
	f.Fuzz(func(t *testing.T, pattern, message string) {
		matches, err := parsePattern(pattern)
		if err == nil {
			matches(message)
		}
		if err == nil && strings.TrimSpace(pattern) == "" && !matches(message) {
			t.Errorf("an empty pattern does not match %q", message)
		}
	})
}

// FuzzTokens reads tokens that nobody gave out; those that are read come back the same.
func FuzzTokens(f *testing.F) {
	f.Add("f/00000001795420166000000000000000000000000000000000000001")
	f.Add(cursor{Timestamp: 1, Stream: 2, Seq: 3}.token())
	f.Fuzz(func(t *testing.T, token string) {
		if forward, p, err := parseToken(token); err == nil && p.timestamp >= 0 && p.seq >= 0 {
			direction := map[bool]string{true: "f", false: "b"}[forward]
			if _, again, err := parseToken(p.token(direction)); err != nil || again != p {
				t.Errorf("%q becomes %+v, and then %+v", token, p, again)
			}
		}
		if c, err := parseCursor(token); err == nil {
			if again, err := parseCursor(c.token()); err != nil || *again != *c {
				t.Errorf("%q becomes %+v, and then %+v", token, c, again)
			}
		}
	})
}
