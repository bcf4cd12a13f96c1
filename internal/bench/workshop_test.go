package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/verify"
)

// summary is the last line of a run.
type summary struct {
	OK        bool   `json:"ok"`
	Detail    string `json:"detail"`
	LeadTimes []struct {
		Cache   string             `json:"cache"`
		Seconds map[string]float64 `json:"seconds"`
		Phases  []struct {
			Name    string  `json:"name"`
			Seconds float64 `json:"seconds"`
		} `json:"phases"`
	} `json:"leadTimes"`
	Live struct {
		URL string `json:"url"`
	} `json:"live"`
}

func lastLine(b *testing.B, out []byte) (s summary) {
	b.Helper()
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &s); err != nil {
		b.Fatal(err)
	}
	if !s.OK {
		b.Fatalf("the run failed: %s", s.Detail)
	}
	return s
}

// BenchmarkWorkshop walks the whole workshop with the small application:
// what is not the learner's own commands is the product's.
func BenchmarkWorkshop(b *testing.B) {
	w := newWorld(b)
	application := w.application()
	for b.Loop() {
		w.workshop("small application", "--app-dir", application)
	}
}

// BenchmarkFullWorkshop is the same with the sample application.
func BenchmarkFullWorkshop(b *testing.B) {
	if !full() {
		const what = ", sample application"
		record(b, row{"git push -> live, less the build's commands" + what, notAsked, "under 500ms", "", ""})
		record(b, row{"whole workshop and teardown, beyond the build commands" + what, notAsked, "under 10s", "", ""})
		record(b, row{"build of the sample application, cached against not", notAsked, "at least 10 times faster", "", ""})
		record(b, row{"memory of localaws, idle after the workshop" + what, notAsked, "under 60 MB", "", ""})
		b.Skip(notAsked)
	}
	w := newWorld(b)
	for b.Loop() {
		s := w.workshop("sample application")
		w.leadTimes(s)
	}
}

// workshop runs the five phases and the teardown, and records what they cost
// beyond the commands, and the memory of the local AWS between the two.
func (w *world) workshop(name string, arguments ...string) (s summary) {
	b := w.b
	b.Helper()
	took := clock(func() { s = lastLine(b, w.run(append([]string{"run", "--json"}, arguments...)...)) })
	commands, builds := w.commands()
	w.memory(name)
	if len(arguments) > 0 {
		w.stateOfPipeline()
		w.pushes(s.Live.URL)
	}
	took += clock(func() { w.run("teardown", "--yes", "--json") })
	within(b, "whole workshop and teardown, beyond the build commands, "+name, took-commands, 10*time.Second,
		fmt.Sprintf("%s, less %s of commands in %d builds", round(took), round(commands), builds))
	return s
}

// commands is how long the commands of all builds ran; where two builds ran at
// a time, that time counts once.
func (w *world) commands() (total time.Duration, builds int) {
	b := w.b
	b.Helper()
	c := w.cloud()
	list, err := c.CodeBuild.ListBuilds(b.Context(), &codebuild.ListBuildsInput{})
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.CodeBuild.BatchGetBuilds(b.Context(), &codebuild.BatchGetBuildsInput{Ids: list.Ids})
	if err != nil {
		b.Fatal(err)
	}
	var spans []verify.Span
	for _, build := range out.Builds {
		spans = append(spans, commandPhases(build)...)
	}
	slices.SortFunc(spans, func(a, b verify.Span) int { return a.From.Compare(b.From) })
	var end time.Time
	for _, s := range spans {
		if s.From.Before(end) {
			s.From = end
		}
		if s.To.After(s.From) {
			total += s.Length()
			end = s.To
		}
	}
	return total, len(out.Builds)
}

func commandPhases(build types.Build) (spans []verify.Span) {
	for _, p := range build.Phases {
		switch p.PhaseType {
		case types.BuildPhaseTypeInstall, types.BuildPhaseTypePreBuild, types.BuildPhaseTypeBuild, types.BuildPhaseTypePostBuild:
			spans = append(spans, verify.Span{From: aws.ToTime(p.StartTime), To: aws.ToTime(p.EndTime)})
		default:
		}
	}
	return spans
}

// restWithin is how long the local AWS may take to come to rest after a run.
const restWithin = 8 * time.Second

// memory records the resident memory of the local AWS once it is idle.
func (w *world) memory(name string) {
	b := w.b
	b.Helper()
	what := "memory of localaws, idle after the workshop, " + name
	memoryWithin(b, what, w.local().PID, 60)
}

// memoryWithin records the resident memory of a process once it is idle, against a limit in MB.
func memoryWithin(b *testing.B, what string, pid int, limit float64) {
	b.Helper()
	target := fmt.Sprintf("under %.0f MB", limit)
	first, ok := resident(b, pid)
	if !ok {
		record(b, row{what, notHere, target, "needs Linux's /proc", ""})
		return
	}
	least := first
	ctx, cancel := context.WithTimeout(b.Context(), restWithin)
	defer cancel()
	tick := time.NewTicker(time.Second / 4)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			if now, ok := resident(b, pid); ok {
				least = min(least, now)
			}
		}
	}
	verdict := met
	if least >= limit {
		verdict = fmt.Sprintf("missed by %.0f MB", least-limit)
	}
	record(b, row{
		what, fmt.Sprintf("%.0f MB", least), target,
		fmt.Sprintf("%.0f MB at first, then at rest for %s", first, restWithin), verdict,
	})
}

// resident is the resident memory of a process in MB, where the system tells.
func resident(b *testing.B, pid int) (mb float64, ok bool) {
	b.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, false
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	number, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	kibibytes, err := strconv.Atoi(number)
	if err != nil {
		b.Fatal(err)
	}
	return float64(kibibytes) * 1024 / 1e6, true
}

// pushes commits and pushes as a learner does, and records how long each
// commit took to be live after git had said that the push was accepted.
func (w *world) pushes(url string) {
	b := w.b
	b.Helper()
	c := w.cloud()
	scene := verify.Scene{Live: quickClient}
	var rest, typed []time.Duration
	for i := range 7 {
		greeting := fmt.Sprintf("\"Hello %d\"\n", i)
		dir := filepath.Join(w.home, "mayfly", "default")
		if err := os.WriteFile(filepath.Join(dir, "greeting.json"), []byte(greeting), 0o600); err != nil {
			b.Fatal(err)
		}
		w.git(dir, "commit", "-qam", "Hello "+strconv.Itoa(i))
		commit := w.git(dir, "rev-parse", "HEAD")
		push := clock(func() { w.git(dir, "push", "-q", "origin", "main") })
		live := clock(func() {
			err := awaitLive(b.Context(), func(ctx context.Context) bool {
				answer, err := scene.Fetch(ctx, url)
				return err == nil && answer.Commit == commit
			})
			if err != nil {
				b.Fatalf("commit %s is not live: %v", commit, err)
			}
		})
		commands := newestCommands(b, c)
		rest, typed = append(rest, live-commands), append(typed, push+live)
	}
	within(b, "git push accepted -> live, less the build's commands, small application", median(rest), 500*time.Millisecond,
		spread(rest)+"; from typing git push, commands and all: "+round(median(typed)))
}

func awaitLive(ctx context.Context, ask func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for !ask(ctx) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func newestCommands(b *testing.B, c *cloud.Cloud) (total time.Duration) {
	b.Helper()
	list, err := c.CodeBuild.ListBuilds(b.Context(), &codebuild.ListBuildsInput{})
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.CodeBuild.BatchGetBuilds(b.Context(), &codebuild.BatchGetBuildsInput{Ids: list.Ids[:1]})
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range commandPhases(out.Builds[0]) {
		total += s.Length()
	}
	return total
}

func (w *world) git(dir string, arguments ...string) string {
	w.b.Helper()
	cmd := exec.CommandContext(w.b.Context(), "git", arguments...)
	cmd.Dir, cmd.Env = dir, append(w.env, "GIT_TERMINAL_PROMPT=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.b.Fatalf("git %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// leadTimes records what the executions of the sample application took.
func (w *world) leadTimes(s summary) {
	b := w.b
	b.Helper()
	var rest, off, hit []time.Duration
	for _, t := range s.LeadTimes {
		took := seconds(t.Seconds["build"])
		switch t.Cache {
		case "off":
			off = append(off, took)
			if t.Seconds["deploy"] > 0 {
				rest = append(rest, seconds(t.Seconds["total"]-t.Seconds["commands"]))
			}
		case "hit":
			hit = append(hit, took)
			for _, p := range t.Phases {
				if p.Name == "DOWNLOAD_SOURCE" || p.Name == "UPLOAD_ARTIFACTS" {
					record(b, row{"of the cached build, " + p.Name, round(seconds(p.Seconds)), "", "source and cache; artifact and cache", ""})
				}
			}
		}
	}
	if len(rest) == 0 || len(off) == 0 || len(hit) == 0 {
		b.Fatalf("the run has %d deployments, %d builds without a cache and %d with it", len(rest), len(off), len(hit))
	}
	within(b, "git push -> live, less the build's commands, sample application", median(rest), 500*time.Millisecond, spread(rest))
	faster(b, "build of the sample application, cached against not", median(hit), median(off), 10, "without a cache")
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
