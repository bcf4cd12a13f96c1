package workshop

import (
	"testing"

	"github.com/mayfly-cd/mayfly/verify"
)

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1}, 5},
		{[]float64{9, 1, 2}, 2},
		{[]float64{0.0850000001, 0.085}, 0.085},
	} {
		if got := median(test.values); got != test.want {
			t.Errorf("median of %v is %v, want %v", test.values, got, test.want)
		}
	}
}

// TestMediansOf counts what succeeded alone, and the cached apart.
func TestMediansOf(t *testing.T) {
	lead := func(status string, cache verify.Cache, total, build float64) LeadTime {
		return LeadTime{Status: status, Cache: cache, Seconds: LeadSeconds{Total: total, Build: build}}
	}
	m := MediansOf([]LeadTime{
		lead("Succeeded", verify.CacheOff, 30, 20), lead("Succeeded", verify.CacheMiss, 40, 10), lead("Failed", verify.CacheOff, 1, 1),
		lead("Superseded", verify.CacheOff, 2, 0), lead("Succeeded", verify.CacheHit, 8, 2),
	})
	for name, test := range map[string]struct {
		got  *Median
		want Median
	}{
		"cached":   {m.Cached, Median{1, LeadSeconds{Total: 8, Build: 2}}},
		"uncached": {m.Uncached, Median{2, LeadSeconds{Total: 35, Build: 15}}},
		"overall":  {m.Overall, Median{3, LeadSeconds{Total: 30, Build: 10}}},
	} {
		if test.got == nil || *test.got != test.want {
			t.Errorf("%s: %+v, want %+v", name, test.got, test.want)
		}
	}
	if m := MediansOf([]LeadTime{lead("Failed", verify.CacheHit, 1, 1)}); m.Overall != nil || m.Cached != nil || m.Uncached != nil {
		t.Errorf("nothing succeeded: %+v", m)
	}
}

// TestMedianOfAPart is of those that have it: a pipeline has its Deploy stage from phase 4 on.
func TestMedianOfAPart(t *testing.T) {
	m := MediansOf([]LeadTime{
		{Status: "Succeeded", Seconds: LeadSeconds{Total: 1}}, {Status: "Succeeded", Seconds: LeadSeconds{Total: 2}},
		{Status: "Succeeded", Seconds: LeadSeconds{Total: 9, Deploy: 4}},
	})
	if m.Overall.Seconds.Total != 2 || m.Overall.Seconds.Deploy != 4 {
		t.Errorf("got %+v", m.Overall)
	}
}

func TestScaleOf(t *testing.T) {
	total := func(seconds float64) *Median { return &Median{1, LeadSeconds{Total: seconds}} }
	for _, test := range []struct {
		medians Medians
		within  string
	}{
		{Medians{Overall: total(4)}, "minute"},
		{Medians{Overall: total(60)}, "minute"},
		{Medians{Overall: total(61)}, "hour"},
		{Medians{Overall: total(61), Cached: total(3)}, "minute"},
		{Medians{Overall: total(86401)}, "week"},
		{Medians{Overall: total(3e6)}, ""},
	} {
		if got := ScaleOf(test.medians); got == nil || got.Within != test.within {
			t.Errorf("%+v: %+v, want within %q", test.medians, got, test.within)
		}
	}
	if got := ScaleOf(Medians{}); got != nil {
		t.Errorf("nothing succeeded: %+v", got)
	}
}
