package policy

import (
	"encoding/base64"
	"net/netip"
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
	compare  func(have string, want pattern) bool
	negated  bool
	ifExists bool
	forAll   bool
	forAny   bool
	null     bool
}

// comparisons are the condition operators without their "Not" forms.
var comparisons = map[string]func(have string, want pattern) bool{
	"StringEquals":             func(have string, want pattern) bool { return have == want.text() },
	"StringEqualsIgnoreCase":   func(have string, want pattern) bool { return strings.EqualFold(have, want.text()) },
	"StringLike":               func(have string, want pattern) bool { return want.matches(have) },
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
	"Bool":                     func(have string, want pattern) bool { return strings.EqualFold(have, want.text()) },
	"BinaryEquals":             binaryEquals,
	"IpAddress":                inNetwork,
	// ArnEquals and ArnLike behave the same, says IAM's documentation.
	"ArnEquals": func(have string, want pattern) bool { return want.matchesARN(have) },
	"ArnLike":   func(have string, want pattern) bool { return want.matchesARN(have) },
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

// holds reports whether the condition is met, and whether it could be decided at all.
func (c *Condition) holds(variables bool, values Context) (met, known bool) {
	op, known := parseOperator(c.Operator)
	if !known {
		return false, false
	}
	have := values.get(c.Key)
	if op.null {
		for _, value := range c.Values {
			if strings.EqualFold(value, "true") == (len(have) == 0) {
				return true, true
			}
		}
		return false, true
	}
	if len(have) == 0 {
		return op.ifExists || op.forAll || op.negated && !op.forAny, true
	}
	wants := make([]pattern, 0, len(c.Values))
	for _, value := range c.Values {
		if want, ok := compile(value, variables, values); ok {
			wants = append(wants, want)
		}
	}
	test := func(value string) bool {
		for _, want := range wants {
			if op.compare(value, want) {
				return !op.negated
			}
		}
		return op.negated
	}
	for _, value := range have {
		if met = test(value); met != op.forAll {
			// One that fails settles ForAllValues; one that holds settles the others.
			return met, true
		}
	}
	return op.forAll, true
}

func numeric(compare func(a, b float64) bool) func(string, pattern) bool {
	return func(have string, want pattern) bool {
		a, errA := strconv.ParseFloat(have, 64)
		b, errB := strconv.ParseFloat(want.text(), 64)
		return errA == nil && errB == nil && compare(a, b)
	}
}

func date(compare func(a, b time.Time) bool) func(string, pattern) bool {
	return func(have string, want pattern) bool {
		a, okA := parseDate(have)
		b, okB := parseDate(want.text())
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

func binaryEquals(have string, want pattern) bool {
	a, errA := base64.StdEncoding.DecodeString(have)
	b, errB := base64.StdEncoding.DecodeString(want.text())
	return errA == nil && errB == nil && string(a) == string(b)
}

func inNetwork(have string, want pattern) bool {
	address, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if network, err := netip.ParsePrefix(want.text()); err == nil {
		return network.Contains(address)
	}
	other, err := netip.ParseAddr(want.text())
	return err == nil && other == address
}
