package policy

import (
	"encoding/base64"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Context are the condition keys of a request, in lower case, with their values.
type Context map[string][]string

func (c Context) get(key string) []string { return c[strings.ToLower(key)] }

// Set gives the key its values; none removes nothing and sets nothing.
func (c Context) Set(key string, values ...string) {
	if len(values) > 0 {
		c[strings.ToLower(key)] = values
	}
}

type operator struct {
	compare  func(have string, want *want) bool
	negated  bool
	ifExists bool
	forAll   bool
	forAny   bool
	null     bool
}

// comparisons are the condition operators without their "Not" forms.
var comparisons = map[string]func(have string, want *want) bool{
	"StringEquals":             func(have string, want *want) bool { return have == want.text },
	"StringEqualsIgnoreCase":   func(have string, want *want) bool { return strings.EqualFold(have, want.text) },
	"StringLike":               func(have string, want *want) bool { return want.like.matches(have) },
	"NumericEquals":            numeric(func(a, b float64) bool { return a == b }),
	"NumericLessThan":          numeric(func(a, b float64) bool { return a < b }),
	"NumericLessThanEquals":    numeric(func(a, b float64) bool { return a <= b }),
	"NumericGreaterThan":       numeric(func(a, b float64) bool { return a > b }),
	"NumericGreaterThanEquals": numeric(func(a, b float64) bool { return a >= b }),
	"DateEquals":               date(func(a, b time.Time) bool { return a.Equal(b) }),
	"DateLessThan":             date(func(a, b time.Time) bool { return a.Before(b) }),
	"DateLessThanEquals":       date(func(a, b time.Time) bool { return !a.After(b) }),
	"DateGreaterThan":          date(func(a, b time.Time) bool { return a.After(b) }),
	"DateGreaterThanEquals":    date(func(a, b time.Time) bool { return !a.Before(b) }),
	"Bool":                     func(have string, want *want) bool { return strings.EqualFold(have, want.text) },
	"BinaryEquals":             binaryEquals,
	"IpAddress":                inNetwork,
	// ArnEquals and ArnLike behave the same, says IAM's documentation.
	"ArnEquals": likeARN,
	"ArnLike":   likeARN,
}

// negations name the "Not" forms.
var negations = map[string]string{
	"StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
	"StringNotLike": "StringLike", "NumericNotEquals": "NumericEquals", "DateNotEquals": "DateEquals",
	"NotIpAddress": "IpAddress", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike",
}

func parseOperator(name string) (operator, bool) {
	var op operator
	name, op.forAll = strings.CutPrefix(name, "ForAllValues:")
	if !op.forAll {
		name, op.forAny = strings.CutPrefix(name, "ForAnyValue:")
	}
	if name == "Null" {
		op.null = true
		return op, true
	}
	name, op.ifExists = strings.CutSuffix(name, "IfExists")
	if positive, ok := negations[name]; ok {
		name, op.negated = positive, true
	}
	op.compare = comparisons[name]
	return op, op.compare != nil
}

// holds reports whether the condition is met.
func (c *Condition) holds(values Context) bool {
	op, have := &c.operator, values[c.key]
	if op.null {
		return slices.ContainsFunc(c.Values, func(value string) bool { return strings.EqualFold(value, "true") == (len(have) == 0) })
	}
	if op.forAll {
		// To ForAllValues an empty string is as good as none:
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
		for _, value := range have {
			if value != "" && !c.fits(value, values) {
				return false
			}
		}
		return true
	}
	if len(have) == 0 {
		return op.ifExists || op.negated && !op.forAny
	}
	return slices.ContainsFunc(have, func(value string) bool { return c.fits(value, values) })
}

// fits compares one value of the request with those of the condition, of which
// one must fit, or none for the negated operators.
func (c *Condition) fits(value string, values Context) bool {
	for i := range c.wants {
		want := &c.wants[i]
		if want.dynamic {
			resolved, ok := want.resolve(values)
			if !ok {
				continue
			}
			want = &resolved
		}
		if c.operator.compare(value, want) {
			return !c.operator.negated
		}
	}
	return c.operator.negated
}

func numeric(compare func(a, b float64) bool) func(string, *want) bool {
	return func(have string, want *want) bool {
		a, errA := strconv.ParseFloat(have, 64)
		b, errB := strconv.ParseFloat(want.text, 64)
		return errA == nil && errB == nil && compare(a, b)
	}
}

func date(compare func(a, b time.Time) bool) func(string, *want) bool {
	return func(have string, want *want) bool {
		a, okA := parseDate(have)
		b, okB := parseDate(want.text)
		return okA && okB && compare(a, b)
	}
}

func parseDate(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(seconds, 0), err == nil
}

func likeARN(have string, want *want) bool {
	a := newARN(have)
	return want.matchesARN(&a)
}

func binaryEquals(have string, want *want) bool {
	a, errA := base64.StdEncoding.DecodeString(have)
	b, errB := base64.StdEncoding.DecodeString(want.text)
	return errA == nil && errB == nil && string(a) == string(b)
}

func inNetwork(have string, want *want) bool {
	address, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if network, err := netip.ParsePrefix(want.text); err == nil {
		return network.Contains(address)
	}
	other, err := netip.ParseAddr(want.text)
	return err == nil && other == address
}
