package terminal

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

func someLeadTimes() []workshop.LeadTime {
	return []workshop.LeadTime{
		{Commit: "1234567890", Status: "Succeeded", Cache: "off", Seconds: workshop.LeadSeconds{Total: 30.2, Noticed: 1.1, Source: 2, Build: 20, Commands: 14, Deploy: 6}},
		{Commit: "2234567890", Status: "Failed", Cache: "off", Seconds: workshop.LeadSeconds{Total: 10, Source: 1, Build: 8, Commands: 8}},
		{Status: "Superseded", Cache: "off", Seconds: workshop.LeadSeconds{Total: 1}},
		{Commit: "4234567890", Status: "Succeeded", Cache: "miss", Seconds: workshop.LeadSeconds{Total: 132.2, Noticed: 0.1, Source: 2, Build: 24, Commands: 21, Approval: 90, Deploy: 6, Waited: 90}},
		{Commit: "5234567890", Status: "Succeeded", Cache: "hit", Seconds: workshop.LeadSeconds{Total: 12.2, Noticed: 0.1, Source: 2, Build: 4, Commands: 1, Deploy: 6, Waited: 12}},
	}
}

// TestLeadTimes draws the table as wide as the screen, and no wider.
func TestLeadTimes(t *testing.T) {
	for _, columns := range []int{80, 60, 40} {
		for _, style := range []Style{{}, {on: true}} {
			var out strings.Builder
			LeadTimes(&out, style, columns, someLeadTimes())
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			for _, line := range lines {
				if width := text.Width(line); width > columns {
					t.Errorf("%d of %d columns: %s", width, columns, line)
				}
			}
			if !style.on {
				golden(t, fmt.Sprintf("leadtimes-%d.txt", columns), lines)
			}
		}
	}
	var out strings.Builder
	LeadTimes(&out, Style{}, 80, nil)
	if out.String() != "No commit has gone through the pipeline yet.\n" {
		t.Errorf("none: %q", out.String())
	}
	out.Reset()
	LeadTimes(&out, Style{}, 80, someLeadTimes()[1:2])
	if !strings.Contains(out.String(), "there is no median") || strings.Contains(out.String(), "\nmedian") {
		t.Errorf("none succeeded:\n%s", out.String())
	}
}

// TestLeadBar shows whatever was reached, keeps to its columns and to the scale.
func TestLeadBar(t *testing.T) {
	for _, test := range []struct {
		name    string
		seconds workshop.LeadSeconds
		longest float64
		want    string
	}{
		{"nothing", workshop.LeadSeconds{}, 0, ""},
		{"the longest", workshop.LeadSeconds{Total: 10, Source: 2, Build: 5, Commands: 5, Deploy: 3}, 10, "░░█████▒▒▒"},
		{"half of it", workshop.LeadSeconds{Total: 5, Source: 1, Build: 4, Commands: 1}, 10, "░▓▓▓█"},
		{"a long wait", workshop.LeadSeconds{Total: 1000, Noticed: 1, Source: 1, Build: 1, Approval: 996, Deploy: 1}, 1000, "·░▓······▒"},
		{"a clock that went back", workshop.LeadSeconds{Total: 1, Build: 1, Commands: 2}, 10, "█"},
	} {
		if got := leadBar(Style{}, test.seconds, test.longest, 10); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestLeadTimesCSV is read back, and holds no formula.
func TestLeadTimesCSV(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7e8, time.FixedZone("", 3600))
	messages := []string{"=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "two\nlines, \"quoted\"", "a\x1b[31mred", "plain"}
	times := make([]workshop.LeadTime, 0, len(messages))
	for _, message := range messages {
		times = append(times, workshop.LeadTime{
			Execution: "e", Commit: "c", Message: message, Status: "Succeeded", Cache: "hit", Started: at, Ended: at.Add(time.Second),
			Seconds: workshop.LeadSeconds{Total: 1.25, Source: 0.5},
		})
	}
	var out strings.Builder
	if err := LeadTimesCSV(&out, times); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "execution,commit,message,status,cache,started,ended,total,waited,") || !strings.HasSuffix(out.String(), "\r\n") {
		t.Errorf("got %q", out.String())
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(rows) != len(messages)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	var got []string
	for _, row := range rows[1:] {
		got = append(got, row[2])
		if row[5] != "2026-02-03T03:05:06.7Z" || row[7] != "1.25" || row[8] != "" || row[10] != "0.5" {
			t.Errorf("row %q", row)
		}
	}
	want := []string{"'=HYPERLINK(\"http://x\")", "'+1", "'-1", "'@SUM(A1)", "two\nlines, \"quoted\"", "ared", "plain"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
