package logs

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/service"
	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// at is a time in milliseconds, so many after the start of the test.
func at(ms int64) *int64 { return aws.Int64(start.UnixMilli() + ms) }

func testEnv(tb testing.TB, dir string) service.Env {
	tb.Helper()
	db, err := store.Open(filepath.Join(dir, "state.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return service.Env{
		Account: "123456789012", Region: "eu-west-1", Dir: dir, DB: db,
		Now: func() time.Time { return start }, Log: slog.New(slog.DiscardHandler),
	}
}

// testService has the group /g with the stream s.
func testService(tb testing.TB) *Service {
	tb.Helper()
	s, err := New(testEnv(tb, tb.TempDir()))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	must(tb)(s.CreateLogGroup(tb.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/g")}))
	must2(tb)(s.CreateLogStream(tb.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("/g"), LogStreamName: aws.String("s")}))
	return s
}

func must(tb testing.TB) func(*cloudwatchlogs.CreateLogGroupOutput, error) {
	tb.Helper()
	return func(_ *cloudwatchlogs.CreateLogGroupOutput, err error) { check(tb, err) }
}

func must2(tb testing.TB) func(*cloudwatchlogs.CreateLogStreamOutput, error) {
	tb.Helper()
	return func(_ *cloudwatchlogs.CreateLogStreamOutput, err error) { check(tb, err) }
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// put appends messages to the stream, the n-th at n milliseconds from "from".
func put(tb testing.TB, s *Service, stream string, from int64, messages ...string) *cloudwatchlogs.PutLogEventsOutput {
	tb.Helper()
	in := &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String("/g"), LogStreamName: aws.String(stream)}
	for i, m := range messages {
		in.LogEvents = append(in.LogEvents, types.InputLogEvent{Timestamp: at(from + int64(i)), Message: aws.String(m)})
	}
	out, err := s.PutLogEvents(tb.Context(), in)
	check(tb, err)
	return out
}

func messages(out *cloudwatchlogs.GetLogEventsOutput) (texts []string) {
	for _, event := range out.Events {
		texts = append(texts, *event.Message)
	}
	return texts
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFollowingAStream(t *testing.T) {
	s := testService(t)
	get := func(token *string, head bool) *cloudwatchlogs.GetLogEventsOutput {
		out, err := s.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{
			LogGroupName: aws.String("/g"), LogStreamName: aws.String("s"),
			NextToken: token, StartFromHead: &head, Limit: aws.Int32(2),
		})
		check(t, err)
		return out
	}
	empty := get(nil, true)
	same(t, len(empty.Events), 0)

	put(t, s, "s", 0, "one", "two\nlines", "three")
	page1 := get(empty.NextForwardToken, true)
	same(t, messages(page1), []string{"one", "two\nlines"})
	page2 := get(page1.NextForwardToken, true)
	same(t, messages(page2), []string{"three"})
	end := get(page2.NextForwardToken, true)
	same(t, messages(end), []string(nil))
	same(t, *end.NextForwardToken, *page2.NextForwardToken) // at the end: the same token

	put(t, s, "s", 10, "four")
	same(t, messages(get(end.NextForwardToken, true)), []string{"four"})

	tail := get(nil, false)
	same(t, messages(tail), []string{"three", "four"})
	before := get(tail.NextBackwardToken, false)
	same(t, messages(before), []string{"one", "two\nlines"})
	top := get(before.NextBackwardToken, false)
	same(t, messages(top), []string(nil))
	same(t, *top.NextBackwardToken, *before.NextBackwardToken)
}

func TestLinesAreOrderedByTime(t *testing.T) {
	s := testService(t)
	put(t, s, "s", 10, "late")
	put(t, s, "s", 0, "early")
	out, err := s.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("/g"), LogStreamName: aws.String("s")})
	check(t, err)
	same(t, messages(out), []string{"early", "late"})
	out, err = s.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{
		LogGroupIdentifier: aws.String("arn:aws:logs:eu-west-1:123456789012:log-group:/g"), LogStreamName: aws.String("s"),
		StartTime: at(0), EndTime: at(10),
	})
	check(t, err)
	same(t, messages(out), []string{"early"})
}

func TestRejectedEvents(t *testing.T) {
	s := testService(t)
	day := (24 * time.Hour).Milliseconds()
	out := put(t, s, "s", -15*day, "old")
	same(t, out.RejectedLogEventsInfo.TooOldLogEventEndIndex, aws.Int32(1))
	out = put(t, s, "s", day, "new")
	same(t, out.RejectedLogEventsInfo.TooNewLogEventStartIndex, aws.Int32(0))
	_, err := s.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("/g"), RetentionInDays: aws.Int32(3)})
	check(t, err)
	out = put(t, s, "s", -4*day, "expired")
	same(t, out.RejectedLogEventsInfo.ExpiredLogEventEndIndex, aws.Int32(1))
	got, err := s.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("/g"), LogStreamName: aws.String("s")})
	check(t, err)
	same(t, len(got.Events), 0)
}

func TestFilter(t *testing.T) {
	s := testService(t)
	check2 := must2(t)
	check2(s.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("/g"), LogStreamName: aws.String("t")}))
	put(t, s, "s", 0, "INFO start", "ERROR: no such file", "ERROR exit 1")
	put(t, s, "t", 1, "WARN slow", "exit 0")
	for _, test := range []struct {
		pattern string
		want    []string
	}{
		{"", []string{"INFO start", "ERROR: no such file", "WARN slow", "ERROR exit 1", "exit 0"}},
		{"ERROR", []string{"ERROR: no such file", "ERROR exit 1"}},
		{`"ERROR:"`, []string{"ERROR: no such file"}},
		{`"such file" ERROR`, []string{"ERROR: no such file"}},
		{"exit -ERROR", []string{"exit 0"}},
		{"?INFO ?WARN", []string{"INFO start", "WARN slow"}},
		{"?INFO exit", []string{"ERROR exit 1", "exit 0"}},
		{"error", nil},
	} {
		t.Run(test.pattern, func(t *testing.T) {
			var got []string
			in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/g"), FilterPattern: &test.pattern, Limit: aws.Int32(2)}
			pages := cloudwatchlogs.NewFilterLogEventsPaginator(filterClient{s}, in)
			for pages.HasMorePages() {
				out, err := pages.NextPage(t.Context())
				check(t, err)
				for _, event := range out.Events {
					got = append(got, *event.Message)
				}
			}
			same(t, got, test.want)
		})
	}
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	env := testEnv(t, dir)
	s, err := New(env)
	check(t, err)
	must(t)(s.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/g")}))
	must2(t)(s.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("/g"), LogStreamName: aws.String("s")}))
	put(t, s, "s", 0, "kept")
	// A write that was torn by a kill leaves bytes that no row accounts for.
	file, err := s.files.OpenFile("1.log", 1|1024, 0) // write, append
	check(t, err)
	_, err = file.WriteString("17637")
	check(t, err)
	check(t, file.Close())
	check(t, s.Close())

	s, err = New(env)
	check(t, err)
	put(t, s, "s", 1, "after")
	out, err := s.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String("/g"), LogStreamName: aws.String("s")})
	check(t, err)
	same(t, messages(out), []string{"kept", "after"})
	check(t, s.Close())
}

func TestDescribe(t *testing.T) {
	s := testService(t)
	for i := range 3 {
		name := fmt.Sprintf("s%d", i)
		must2(t)(s.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: aws.String("/g"), LogStreamName: &name}))
		put(t, s, name, int64(10-i), "x")
	}
	var names []string
	in := &cloudwatchlogs.DescribeLogStreamsInput{
		LogGroupName: aws.String("/g"), OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true), Limit: aws.Int32(3),
	}
	for {
		out, err := s.DescribeLogStreams(t.Context(), in)
		check(t, err)
		for _, stream := range out.LogStreams {
			names = append(names, *stream.LogStreamName)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	same(t, names, []string{"s0", "s1", "s2", "s"})

	out, err := s.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/")})
	check(t, err)
	same(t, *out.LogGroups[0].Arn, "arn:aws:logs:eu-west-1:123456789012:log-group:/g:*")
	same(t, *out.LogGroups[0].LogGroupArn, "arn:aws:logs:eu-west-1:123456789012:log-group:/g")
	same(t, *out.LogGroups[0].StoredBytes, int64(3*27))

	_, err = s.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/g")})
	check(t, err)
	entries, err := filepath.Glob(filepath.Join(s.env.Dir, "*.log"))
	check(t, err)
	same(t, len(entries), 0)
}

func TestTags(t *testing.T) {
	s := testService(t)
	arn := aws.String("arn:aws:logs:eu-west-1:123456789012:log-group:/g")
	_, err := s.TagResource(t.Context(), &cloudwatchlogs.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "1", "b": "2"}})
	check(t, err)
	_, err = s.UntagResource(t.Context(), &cloudwatchlogs.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"b"}})
	check(t, err)
	out, err := s.ListTagsForResource(t.Context(), &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: arn})
	check(t, err)
	same(t, out.Tags, map[string]string{"a": "1"})
}
