package terminal

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// LeadTimesCSV writes the executions as RFC 4180 has it, with a header, times
// as RFC 3339 and everything else that is measured in seconds. A cell is empty
// where something was not reached or is not known.
func LeadTimesCSV(w io.Writer, times []workshop.LeadTime) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	rows := [][]string{{
		"execution", "commit", "message", "status", "cache", "started", "ended",
		"total", "waited", "noticed", "source", "build", "commands", "approval", "deploy",
	}}
	for _, t := range times {
		row := []string{
			cell(t.Execution), cell(t.Commit), cell(t.Message), cell(t.Status), cell(string(t.Cache)), moment(t.Started), moment(t.Ended),
		}
		s := t.Seconds
		for _, seconds := range []float64{s.Total, s.Waited, s.Noticed, s.Source, s.Build, s.Commands, s.Approval, s.Deploy} {
			row = append(row, number(seconds))
		}
		rows = append(rows, row)
	}
	return out.WriteAll(rows)
}

// cell makes a text safe to be opened in a spreadsheet, which would compute
// one that begins as a formula does: https://owasp.org/www-community/attacks/CSV_Injection
func cell(s string) string {
	s = Clean(s)
	if s != "" && strings.ContainsRune("=+-@\t\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func number(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	return strconv.FormatFloat(seconds, 'f', -1, 64)
}
