package events

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// maxWait is how long the schedules sleep at most: the clock may have moved on
// without the timer, as it does while a machine sleeps.
const maxWait = time.Minute

// keepTime fires the rules with schedules, from a time until the service
// closes. What was due while nothing ran, is not made up for; what was due more
// than once, fires once.
func (s *Service) keepTime(after time.Time) {
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	for {
		timer.Stop()
		if next := s.nextFiring(after); !next.IsZero() {
			timer.Reset(min(maxWait, max(0, next.Sub(s.env.Now()))))
		}
		select {
		case <-s.stop.Done():
			return
		case <-s.rescheduled:
		case <-timer.C:
		}
		now := s.env.Now()
		s.fire(after, now)
		after = now
	}
}

// scheduled calls visit with the rules that have a schedule and are enabled.
func (s *Service) scheduled(visit func(name string, row *rule, when *schedule)) {
	rows, err := s.rules.List("", "", 0)
	if err != nil {
		s.env.Log.Error("read the rules with schedules", "error", err)
		return
	}
	for i := range rows {
		row := &rows[i].Value
		if row.Schedule == "" || row.State == types.RuleStateDisabled {
			continue
		}
		when, err := parseSchedule(row.Schedule)
		if err != nil {
			s.env.Log.Error("read a schedule", "rule", rows[i].Key, "error", err)
			continue
		}
		visit(rows[i].Key, row, when)
	}
}

// nextFiring is when the first rule fires after a time; the zero time is never.
func (s *Service) nextFiring(after time.Time) (first time.Time) {
	s.scheduled(func(_ string, row *rule, when *schedule) {
		if next := when.next(row.Since, after); !next.IsZero() && (first.IsZero() || next.Before(first)) {
			first = next
		}
	})
	return first
}

// fire sends the event of each rule that was due after one time and until another.
func (s *Service) fire(after, until time.Time) {
	s.scheduled(func(name string, row *rule, when *schedule) {
		due := when.next(row.Since, after)
		if due.IsZero() || due.After(until) || len(row.Targets) == 0 {
			return
		}
		data, err := marshal(event{
			Version: "0", ID: uuid.New(), DetailType: "Scheduled Event", Source: "aws.events", Account: s.env.Account,
			Time: due.UTC().Format("2006-01-02T15:04:05Z"), Region: s.env.Region,
			Resources: []string{s.ruleARN(name)}, Detail: json.RawMessage("{}"),
		})
		if err == nil {
			err = s.enqueue(name, delivery{Event: data, Targets: row.Targets})
		}
		if err != nil {
			s.env.Log.Error("fire a schedule", "rule", name, "error", err)
		}
	})
}

// reschedule makes the schedules look again at the rules.
func (s *Service) reschedule() {
	select {
	case s.rescheduled <- struct{}{}:
	default: // they will look already
	}
}
