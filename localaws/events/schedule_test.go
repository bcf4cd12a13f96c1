package events

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/internal/store"
)

func TestScheduleTimes(t *testing.T) {
	const form = "2006-01-02 15:04"
	since := time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC) // a Monday
	for _, test := range []struct {
		expression string
		want       []string
	}{
		{"rate(1 minute)", []string{"2026-11-23 12:01", "2026-11-23 12:02"}},
		{"rate(5 hours)", []string{"2026-11-23 17:00", "2026-11-23 22:00"}},
		{"cron(0 10 * * ? *)", []string{"2026-11-24 10:00", "2026-11-25 10:00"}},
		{"cron(15 12 * * ? *)", []string{"2026-11-23 12:15"}},
		{"cron(0 18 ? * MON-FRI *)", []string{"2026-11-23 18:00", "2026-11-24 18:00", "2026-11-25 18:00", "2026-11-26 18:00", "2026-11-27 18:00", "2026-11-30 18:00"}},
		{"cron(0 8 1 * ? *)", []string{"2026-12-01 08:00", "2027-01-01 08:00"}},
		{"cron(0/10 * ? * MON-FRI *)", []string{"2026-11-23 12:10", "2026-11-23 12:20"}},
		{"cron(0/5 8-17 ? * MON-FRI *)", []string{"2026-11-23 12:05"}},
		{"cron(0 0 L * ? *)", []string{"2026-11-30 00:00", "2026-12-31 00:00"}},
		{"cron(0 0 ? * 6L *)", []string{"2026-11-27 00:00", "2026-12-25 00:00"}},
		{"cron(0 0 ? * L *)", []string{"2026-11-28 00:00"}},
		{"cron(0 0 ? * 3#2 *)", []string{"2026-12-08 00:00"}},
		{"cron(0 9 5W * ? *)", []string{"2026-12-04 09:00", "2027-01-05 09:00"}},
		{"cron(0 9 1W AUG ? *)", []string{"2027-08-02 09:00"}},
		{"cron(0 9 31W * ? 2027)", []string{"2027-01-29 09:00", "2027-03-31 09:00"}},
		{"cron(0 0 29 2 ? *)", []string{"2028-02-29 00:00", "2032-02-29 00:00"}},
		{"cron(0,30 12 ? * 2,SUN 2026-2027)", []string{"2026-11-23 12:30", "2026-11-29 12:00", "2026-11-29 12:30"}},
		{"cron(0 0 30 2 ? *)", nil},
		{"cron(0 0 * * ? 2025)", nil},
	} {
		when, err := parseSchedule(test.expression)
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		after := since
		for _, want := range test.want {
			after = when.next(since, after)
			if got := after.Format(form); got != want {
				t.Errorf("%s: %s, want %s", test.expression, got, want)
			}
		}
		if test.want == nil && !when.next(since, since).IsZero() {
			t.Errorf("%s fires at %v", test.expression, when.next(since, since))
		}
	}
}

func TestBadSchedules(t *testing.T) {
	for _, expression := range []string{
		"", "rate", "rate()", "rate(1)", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(5 seconds)", "rate(-1 minute)",
		"cron(* * * * * *)", "cron(* * ? * ? *)", "cron(0 10 * * ?)", "cron(60 10 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 0 * ? *)",
		"cron(0 0 * 13 ? *)", "cron(0 0 ? * 8 *)", "cron(0 0 ? * MON#6 *)", "cron(0 0 * * ? 1969)", "cron(0 0 * * ? 2200)", "cron(5-1 0 * * ? *)",
		"cron(0/0 0 * * ? *)", "cron(0 0 32W * ? *)", "at(2026-01-01T00:00:00)", "every day",
	} {
		if _, err := parseSchedule(expression); err == nil {
			t.Errorf("%s is accepted", expression)
		}
	}
}

// TestScheduleFires has a pipeline started every minute, by the clock of the service.
func TestScheduleFires(t *testing.T) {
	f := newTargets()
	db, err := store.Open(filepath.Join(t.TempDir(), "state.db"))
	check(t, err)
	var passed atomic.Int64
	env := testEnv(db, f)
	start := env.Now()
	env.Now = func() time.Time { return start.Add(time.Duration(passed.Load())) }
	s, err := New(env)
	check(t, err)
	t.Cleanup(func() {
		check(t, s.Close())
		check(t, db.Close())
	})
	check(t, s.Resume())
	_, err = s.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: new("often"), ScheduleExpression: new("rate(1 minute)")})
	check(t, err)
	_, err = s.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: new("often"), Targets: []types.Target{
		{Id: new("f"), Arn: new("arn:aws:lambda:eu-west-1:123456789012:function:hello")},
	}})
	check(t, err)
	advance := func(by time.Duration) {
		passed.Add(int64(by))
		s.reschedule() // as the timer would
	}
	for _, at := range []string{"2026-11-23T12:01:00Z", "2026-11-23T12:02:00Z"} {
		advance(time.Minute)
		got := (<-f.calls).body
		delete(got, "id")
		want := map[string]any{
			"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "account": "123456789012", "region": "eu-west-1",
			"time": at, "resources": []any{"arn:aws:events:eu-west-1:123456789012:rule/often"}, "detail": map[string]any{},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	described, err := s.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: new("often")})
	check(t, err)
	if described.EventPattern != nil || *described.ScheduleExpression != "rate(1 minute)" {
		t.Errorf("described as %+v", described)
	}
	_, err = s.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: new("often")})
	check(t, err)
	// An hour in which it was disabled; from the moment it is enabled a minute counts anew.
	passed.Add(int64(time.Hour))
	_, err = s.EnableRule(t.Context(), &eventbridge.EnableRuleInput{Name: new("often")})
	check(t, err)
	advance(time.Minute)
	if got := (<-f.calls).body["time"]; got != "2026-11-23T13:03:00Z" {
		t.Errorf("fired for %v", got)
	}
	check(t, s.Close())
	if len(f.calls) > 0 {
		t.Errorf("fired again: %v", <-f.calls)
	}
}

func FuzzSchedule(f *testing.F) {
	f.Add("rate(5 minutes)")
	f.Add("cron(0/10 8-17 ? JAN,MAR MON#2,6L 2026/3)")
	f.Add("cron(0 0 L,15W * ? *)")
	since := time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expression string) {
		when, err := parseSchedule(expression)
		if err != nil {
			return
		}
		if next := when.next(since, since); !next.IsZero() && !next.After(since) {
			t.Errorf("%s fires at %v, which has passed", expression, next)
		}
	})
}

func FuzzTransformer(f *testing.F) {
	f.Add(`{"a": <v>, "b": "<v> <aws.events.rule-name>"}`, "$.detail.a")
	f.Add(`"<v>\"<w>"`, `$['detail']["x"][0]`)
	f.Add("<aws.events.event.json>", "$")
	event := []byte(`{"source":"s","detail":{"a":{"b":"\"<v>\""},"x":[1]},"resources":[]}`)
	f.Fuzz(func(t *testing.T, template, path string) {
		s := &Service{env: testEnv(nil, nil)}
		target := types.Target{Id: new("t"), Arn: new(pipeline), RoleArn: new(role), InputTransformer: &types.InputTransformer{
			InputTemplate: &template, InputPathsMap: map[string]string{"v": path},
		}}
		if s.checkTarget(target) != nil {
			return
		}
		if _, err := s.payload(target, "rule", event); err != nil {
			t.Errorf("accepted, but %v", err)
		}
	})
}
