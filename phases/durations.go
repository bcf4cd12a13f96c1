package phases

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// Durations are how long the steps take. Those on the local AWS are measured,
// by the test that types the lessons; those on AWS are estimates.
type Durations struct {
	Local struct {
		// Measured is the day, On says on what.
		Measured, On string
		// Seconds are by phase and by the title of the step.
		Seconds map[string]map[string]float64
	}
	AWS struct {
		// Estimated is the day, On says from what. The minutes stand with each [Step].
		Estimated, On string
	}
}

// MeasuredDurations reads the committed table, templates/durations.json.
var MeasuredDurations = sync.OnceValue(func() (d Durations) {
	if err := json.Unmarshal(material("durations.json"), &d); err != nil {
		panic(fmt.Sprintf("templates/durations.json: %v", err)) // a test reads it
	}
	return d
})

// Usual is how long a step takes: typed on the local AWS, without what the
// application's own builds take, and on AWS.
func (p *Phase) Usual(step *Step) (local, onAWS time.Duration) {
	seconds := MeasuredDurations().Local.Seconds[p.Name][step.Title]
	return time.Duration(seconds * float64(time.Second)), time.Duration(step.Minutes) * time.Minute
}
