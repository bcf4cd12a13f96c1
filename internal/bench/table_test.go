package bench

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// row is a line of the table.
type row struct {
	what, figure, target, ratio, verdict string
}

var table struct {
	mu   sync.Mutex // guards rows
	rows []row
}

func record(b *testing.B, r row) {
	b.Helper()
	table.mu.Lock()
	defer table.mu.Unlock()
	table.rows = append(table.rows, r)
}

const (
	met      = "met"
	notHere  = "not on this machine"
	notAsked = "not measured: MAYFLY_BENCH_FULL=1 does"
)

// within records a figure that is to stay under a limit.
func within(b *testing.B, what string, figure, limit time.Duration, ratio string) {
	b.Helper()
	verdict := met
	if figure >= limit {
		verdict = "missed by " + round(figure-limit)
	}
	b.ReportMetric(figure.Seconds()*1000, "ms")
	record(b, row{what, round(figure), "under " + limit.String(), ratio, verdict})
}

// faster records how many times faster a thing is than its peer.
func faster(b *testing.B, what string, figure, peer time.Duration, least float64, name string) {
	b.Helper()
	times := peer.Seconds() / figure.Seconds()
	verdict := met
	if times < least {
		verdict = "missed"
	}
	record(b, row{
		what, fmt.Sprintf("%s, %s %s", round(figure), name, round(peer)), fmt.Sprintf("at least %.0f times faster", least),
		fmt.Sprintf("%.1f times", times), verdict,
	})
}

func round(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Clone(all)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// spread tells the quickest and the slowest, which say how noisy the machine was.
func spread(all []time.Duration) string {
	return fmt.Sprintf("%d runs, %s to %s", len(all), round(slices.Min(all)), round(slices.Max(all)))
}

func printTable(out io.Writer) {
	table.mu.Lock()
	defer table.mu.Unlock()
	if len(table.rows) == 0 {
		return
	}
	columns := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	head := row{"what", "figure", "target", "compared", "verdict"}
	for _, r := range append([]row{head}, table.rows...) {
		_, _ = fmt.Fprintln(columns, strings.Join([]string{r.what, r.figure, r.target, r.ratio, r.verdict}, "\t"))
	}
	_ = columns.Flush()
}

func TestMain(m *testing.M) {
	code := m.Run()
	printTable(os.Stdout) //nolint:forbidigo // a table at the end, for whoever runs the benchmarks
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code) //nolint:forbidigo // this is main
}

func full() bool { return os.Getenv("MAYFLY_BENCH_FULL") != "" }
