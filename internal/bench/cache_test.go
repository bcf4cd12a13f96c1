package bench

import (
	"fmt"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/phases"
)

// cacheRuns is how often each workshop is walked.
const cacheRuns = 3

// BenchmarkCache says what the cache brings to each sample application: how
// long the build's commands take with the cache off, while it is filled, and warm.
func BenchmarkCache(b *testing.B) {
	for _, language := range phases.Applications {
		b.Run(language, func(b *testing.B) {
			what := "build commands of the application in " + language + ": cache off, filling, warm"
			if language == phases.Applications[0] && !full() {
				record(b, row{what, notAsked, "", "", ""})
				b.Skip(notAsked)
			}
			if application, err := phases.FindApplication(language); err != nil {
				b.Fatal(err)
			} else if missing := application.Missing(inPath); len(missing) > 0 {
				record(b, row{what, notHere, "", "", ""})
				b.Skipf("%s is not in PATH", missing[0].Program)
			}
			w := newWorld(b)
			took := map[string][]time.Duration{}
			for i := range cacheRuns {
				env := fmt.Sprintf("run-%d", i)
				out, err := w.try("run", "--json", "--app", language, "--env", env)
				if err != nil {
					b.Fatal(err)
				}
				for _, t := range lastLine(b, out).LeadTimes {
					took[t.Cache] = append(took[t.Cache], seconds(t.Seconds["commands"]))
				}
				w.run("teardown", "--yes", "--json", "--env", env)
			}
			off, warm := took["off"], took["hit"]
			if len(warm) != cacheRuns || len(took["miss"]) != cacheRuns {
				b.Fatalf("%d runs have brought %d fillings and %d warm builds", cacheRuns, len(took["miss"]), len(warm))
			}
			ratio := fmt.Sprintf("%.1f times; off %s to %s", median(off).Seconds()/median(warm).Seconds(), round(slices.Min(off)), round(slices.Max(off)))
			record(b, row{what, fmt.Sprintf("%s, %s, %s", round(median(off)), round(median(took["miss"])), round(median(warm))), "", ratio, ""})
		})
	}
}

func inPath(t phases.Tool) bool {
	_, err := exec.LookPath(t.Program)
	return err == nil
}
