package events

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// schedule says when a rule fires: at a rate, or at the times of a cron expression, in UTC.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
type schedule struct {
	every time.Duration // 0 for cron

	minutes, hours, months, years field
	days                          []dayOf // one of these has to hold
}

// field are the values that one part of a cron expression allows.
type field []bool

func (f field) has(value int) bool { return value >= 0 && value < len(f) && f[value] }

// dayOf is a condition on a day.
type dayOf func(day time.Time) bool

func errSchedule() error { return errValidation("Parameter ScheduleExpression is not valid.") }

// parseSchedule reads rate(5 minutes) or cron(0 10 * * ? *).
func parseSchedule(text string) (*schedule, error) {
	if body, ok := between(text, "rate("); ok {
		return parseRate(body)
	}
	if body, ok := between(text, "cron("); ok {
		return parseCron(body)
	}
	return nil, errSchedule()
}

func between(text, before string) (string, bool) {
	body, starts := strings.CutPrefix(text, before)
	body, ends := strings.CutSuffix(body, ")")
	return body, starts && ends
}

func parseRate(body string) (*schedule, error) {
	parts := strings.Fields(body)
	if len(parts) != 2 {
		return nil, errSchedule()
	}
	n, err := strconv.Atoi(parts[0])
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	unit, plural := strings.CutSuffix(parts[1], "s")
	if err != nil || n < 1 || n > 1<<20 || units[unit] == 0 || plural != (n > 1) {
		return nil, errSchedule()
	}
	return &schedule{every: time.Duration(n) * units[unit]}, nil
}

var (
	monthNames = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

const (
	firstYear = 1970
	lastYear  = 2199
)

func parseCron(body string) (*schedule, error) {
	parts := strings.Fields(strings.ToUpper(body))
	// Either the day of the month or that of the week is "?".
	if len(parts) != 6 || (parts[2] == "?") == (parts[4] == "?") {
		return nil, errSchedule()
	}
	s := &schedule{}
	var ok [5]bool
	s.minutes, ok[0] = parseField(parts[0], 0, 59, nil)
	s.hours, ok[1] = parseField(parts[1], 0, 23, nil)
	s.months, ok[2] = parseField(parts[3], 1, 12, monthNames)
	s.years, ok[3] = parseField(parts[5], firstYear, lastYear, nil)
	parse, list := parseDayOfMonth, parts[2]
	if list == "?" {
		parse, list = parseDayOfWeek, parts[4]
	}
	ok[4] = true
	for item := range strings.SplitSeq(list, ",") {
		day, known := parse(item)
		s.days, ok[4] = append(s.days, day), ok[4] && known
	}
	if ok != [5]bool{true, true, true, true, true} {
		return nil, errSchedule()
	}
	return s, nil
}

// parseField reads a list of *, values, ranges and steps.
func parseField(text string, low, high int, names []string) (field, bool) {
	allowed := make(field, high+1)
	for item := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(stepText)
			if err != nil || n < 1 {
				return nil, false
			}
			step = n
		}
		from, to := low, high
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			var ok bool
			if from, ok = number(first, low, high, names); !ok {
				return nil, false
			}
			if to = from; ranged {
				if to, ok = number(last, low, high, names); !ok || to < from {
					return nil, false
				}
			} else if stepped {
				to = high
			}
		}
		for value := from; value <= to; value += step {
			allowed[value] = true
		}
	}
	return allowed, true
}

func number(text string, low, high int, names []string) (int, bool) {
	if i := slices.Index(names, text); i >= 0 {
		return i + low, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= low && n <= high
}

// parseDayOfMonth reads an item such as 15, 1-5, L (the last) or 3W (the weekday nearest to the third).
func parseDayOfMonth(text string) (dayOf, bool) {
	if text == "L" {
		return func(day time.Time) bool { return day.Day() == lastOf(day) }, true
	}
	if near, ok := strings.CutSuffix(text, "W"); ok {
		n, ok := number(near, 1, 31, nil)
		return func(day time.Time) bool { return day.Day() == nearestWeekday(day, n) }, ok
	}
	allowed, ok := parseField(text, 1, 31, nil)
	return func(day time.Time) bool { return allowed.has(day.Day()) }, ok
}

// parseDayOfWeek reads an item such as MON-FRI, 2 (Monday), L (Saturday), 6L
// (the last Friday of the month) or 3#2 (its second Tuesday).
func parseDayOfWeek(text string) (dayOf, bool) {
	if weekday, which, ok := strings.Cut(text, "#"); ok {
		d, ok1 := number(weekday, 1, 7, dayNames)
		n, ok2 := number(which, 1, 5, nil)
		return func(day time.Time) bool { return int(day.Weekday())+1 == d && (day.Day()+6)/7 == n }, ok1 && ok2
	}
	if weekday, ok := strings.CutSuffix(text, "L"); ok && weekday != "" {
		d, ok := number(weekday, 1, 7, dayNames)
		return func(day time.Time) bool { return int(day.Weekday())+1 == d && day.Day()+7 > lastOf(day) }, ok
	}
	if text == "L" {
		text = "7"
	}
	allowed, ok := parseField(text, 1, 7, dayNames)
	return func(day time.Time) bool { return allowed.has(int(day.Weekday()) + 1) }, ok
}

func lastOf(day time.Time) int {
	return time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// nearestWeekday is the day of the month, Monday to Friday, that is nearest to n within the month.
func nearestWeekday(month time.Time, n int) int {
	last := lastOf(month)
	if n > last {
		return 0
	}
	switch at := time.Date(month.Year(), month.Month(), n, 0, 0, 0, 0, time.UTC); {
	case at.Weekday() == time.Saturday && n > 1:
		return n - 1
	case at.Weekday() == time.Saturday:
		return n + 2
	case at.Weekday() == time.Sunday && n < last:
		return n + 1
	case at.Weekday() == time.Sunday:
		return n - 2
	}
	return n
}

// next is when the schedule fires first after a time; never is the zero time.
// A rate counts from since.
func (s *schedule) next(since, after time.Time) time.Time {
	if s.every > 0 {
		passed := max(0, after.Sub(since))
		return since.Add(passed - passed%s.every + s.every)
	}
	at := after.UTC().Truncate(time.Minute).Add(time.Minute)
	for at.Year() <= lastYear {
		day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
		switch {
		case !s.years.has(at.Year()):
			at = time.Date(at.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
		case !s.months.has(int(at.Month())):
			at = time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		case !slices.ContainsFunc(s.days, func(holds dayOf) bool { return holds(day) }):
			at = day.AddDate(0, 0, 1)
		case !s.hours.has(at.Hour()):
			at = at.Truncate(time.Hour).Add(time.Hour)
		case !s.minutes.has(at.Minute()):
			at = at.Add(time.Minute)
		default:
			return at
		}
	}
	return time.Time{}
}
