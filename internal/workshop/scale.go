package workshop

import "time"

// Scale sets a lead time on the scale of the question that the workshop opens
// with: how long does it take for a commit to reach production?
type Scale struct {
	// Seconds is how long it takes now: the median of the cached executions
	// where there are any, else of all that succeeded.
	Seconds float64 `json:"seconds"`
	// Within is the shortest of the answers that it keeps within; "" where it takes longer than all.
	Within string `json:"within"`
	// Answers are the answers to choose from, the longest first.
	Answers []ScaleAnswer `json:"answers"`
}

// ScaleAnswer is an answer, and how long that is.
type ScaleAnswer struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

const day = 24 * time.Hour

// scaleAnswers are those of the talk.
var scaleAnswers = []ScaleAnswer{
	{"month", (30 * day).Seconds()},
	{"week", (7 * day).Seconds()},
	{"day", day.Seconds()},
	{"hour", time.Hour.Seconds()},
	{"minute", time.Minute.Seconds()},
}

// ScaleOf sets the medians on the scale. It is nil where nothing has succeeded.
func ScaleOf(m Medians) *Scale {
	of := m.Cached
	if of == nil {
		of = m.Overall
	}
	if of == nil {
		return nil
	}
	s := &Scale{Seconds: of.Seconds.Total, Answers: scaleAnswers}
	for _, answer := range scaleAnswers {
		if s.Seconds <= answer.Seconds {
			s.Within = answer.Name
		}
	}
	return s
}
