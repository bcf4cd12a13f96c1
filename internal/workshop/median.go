package workshop

import (
	"math"
	"slices"

	"github.com/mayfly-cd/mayfly/verify"
)

// Medians are the medians of the lead times that succeeded, part by part. One
// that would be of nothing is nil.
type Medians struct {
	Cached   *Median `json:"cached,omitempty"`
	Uncached *Median `json:"uncached,omitempty"`
	Overall  *Median `json:"overall,omitempty"`
}

// Median is the median of so many lead times; that of a part is of those that have it.
type Median struct {
	Executions int         `json:"executions"`
	Seconds    LeadSeconds `json:"seconds"`
}

// MediansOf finds the medians of the executions that succeeded: of those whose
// build started with what an earlier one left, of the others, and of all.
func MediansOf(times []LeadTime) Medians {
	var all, cached, uncached []LeadSeconds
	for _, t := range times {
		if !t.Succeeded() {
			continue
		}
		all = append(all, t.Seconds)
		if t.Cache == verify.CacheHit {
			cached = append(cached, t.Seconds)
		} else {
			uncached = append(uncached, t.Seconds)
		}
	}
	return Medians{Cached: medianOf(cached), Uncached: medianOf(uncached), Overall: medianOf(all)}
}

func medianOf(all []LeadSeconds) *Median {
	if len(all) == 0 {
		return nil
	}
	part := func(of func(LeadSeconds) float64) float64 {
		var values []float64
		for _, s := range all {
			if seconds := of(s); seconds > 0 {
				values = append(values, seconds)
			}
		}
		return median(values)
	}
	return &Median{Executions: len(all), Seconds: LeadSeconds{
		Total:    part(func(s LeadSeconds) float64 { return s.Total }),
		Waited:   part(func(s LeadSeconds) float64 { return s.Waited }),
		Noticed:  part(func(s LeadSeconds) float64 { return s.Noticed }),
		Source:   part(func(s LeadSeconds) float64 { return s.Source }),
		Build:    part(func(s LeadSeconds) float64 { return s.Build }),
		Commands: part(func(s LeadSeconds) float64 { return s.Commands }),
		Approval: part(func(s LeadSeconds) float64 { return s.Approval }),
		Deploy:   part(func(s LeadSeconds) float64 { return s.Deploy }),
	}}
}

// median is the middle of the values, or what lies between the middle two, to
// the microsecond; 0 of none.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	const unit = 1e6
	return math.Round((sorted[(n-1)/2]+sorted[n/2])/2*unit) / unit
}
