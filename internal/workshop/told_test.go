package workshop

import (
	"slices"
	"testing"
	"time"
)

type recorder []string

func (r *recorder) Report(e Event) { *r = append(*r, e.Event+" "+e.Detail) }

// TestWorkingIsToldOnce lets those who poll say the same as often as they like.
func TestWorkingIsToldOnce(t *testing.T) {
	var told recorder
	w := &Workshop{reporter: &told, now: func() time.Time { return noon() }}
	for range 3 {
		w.working("build %d is in BUILD", 1)
	}
	w.report(Event{Event: MachineGone, Detail: "gone"})
	w.working("build %d is in BUILD", 1)
	want := recorder{"progress build 1 is in BUILD", "build.gone gone", "progress build 1 is in BUILD"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
