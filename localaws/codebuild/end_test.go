package codebuild

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
	"github.com/mayfly-cd/mayfly/localaws/internal/uuid"
)

// forever leaves a process in a session of its own, says that it is ready, and never ends.
const forever = head + `phases:
  build:
    commands:
      - (setsid sleep 1000 || sleep 1000) >/dev/null 2>&1 &
      - echo ready; sleep 1000
`

func TestStopBuild(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(forever)
	id := w.begin()
	<-w.ready
	began := w.surroundings.Now()
	stopped, err := w.StopBuild(t.Context(), &codebuild.StopBuildInput{Id: &id})
	if err != nil || stopped.Build.BuildStatus != types.StatusTypeStopped || !stopped.Build.BuildComplete {
		t.Fatal(stopped, err)
	}
	b := w.finish(id)
	if took := w.surroundings.Now().Sub(began); took > time.Second {
		t.Errorf("stopping took %s", took)
	}
	want := join(upToBuild, []string{"BUILD STOPPED : ", "COMPLETED"})
	if diff := cmp.Diff(want, phases(b)); diff != "" || b.BuildStatus != types.StatusTypeStopped {
		t.Errorf("%s, phases (-want +got):\n%s", b.BuildStatus, diff)
	}
	if n := sandbox.Sweep(strings.TrimPrefix(id, "p:")); n != 0 {
		t.Errorf("%d processes were left", n)
	}
	if text := w.text(id); !strings.Contains(text, "Container removed: ") {
		t.Errorf("the log does not end:\n%s", text)
	}
	again, err := w.StopBuild(t.Context(), &codebuild.StopBuildInput{Id: &id})
	if err != nil || again.Build.BuildStatus != types.StatusTypeStopped {
		t.Errorf("a second stop: %v, %v", again, err)
	}
}

func TestTimeout(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head + "phases: {build: {commands: [sleep 1000]}}")
	w.minute = 100 * time.Millisecond
	b := w.run(func(in *codebuild.StartBuildInput) { in.TimeoutInMinutesOverride = aws.Int32(5) })
	want := join(upToBuild, []string{"BUILD TIMED_OUT BUILD_TIMED_OUT: Build has timed out. ", "COMPLETED"})
	if diff := cmp.Diff(want, phases(b)); diff != "" || b.BuildStatus != types.StatusTypeTimedOut {
		t.Errorf("%s, phases (-want +got):\n%s", b.BuildStatus, diff)
	}
}

func TestOutputCap(t *testing.T) {
	w := newWorld(t, Host{MaxOutput: 50_000})
	w.create(head + "phases: {build: {commands: [yes]}}")
	b := w.run()
	want := join(upToBuild, []string{"BUILD FAILED CLIENT_ERROR: the build printed more than it may", "COMPLETED"})
	if diff := cmp.Diff(want, phases(b)); diff != "" || b.BuildStatus != types.StatusTypeFailed {
		t.Errorf("%s, phases (-want +got):\n%s", b.BuildStatus, diff)
	}
}

func TestDiskCap(t *testing.T) {
	w := newWorld(t, Host{MaxDisk: 1 << 20})
	w.create(head + "phases: {build: {commands: ['i=0; while :; do i=$((i+1)); head -c 100000 /dev/zero >f$i; done']}}")
	b := w.run()
	want := join(upToBuild, []string{"BUILD FAILED CLIENT_ERROR: the build filled more of the disk than it may", "COMPLETED"})
	if diff := cmp.Diff(want, phases(b)); diff != "" || b.BuildStatus != types.StatusTypeFailed {
		t.Errorf("%s, phases (-want +got):\n%s", b.BuildStatus, diff)
	}
}

func TestQueue(t *testing.T) {
	w := newWorld(t, Host{Concurrency: 1})
	w.create(forever)
	first := w.begin()
	<-w.ready
	second := w.begin(func(in *codebuild.StartBuildInput) {
		in.BuildspecOverride = aws.String(head + "phases: {build: {commands: ['true']}}")
	})
	third := w.begin()
	if _, err := w.StopBuild(t.Context(), &codebuild.StopBuildInput{Id: &third}); err != nil {
		t.Fatal(err)
	}
	stopped := w.finish(third)
	if got := phases(stopped); got[len(got)-1] != "COMPLETED" || stopped.BuildStatus != types.StatusTypeStopped {
		t.Errorf("the third: %s, %v", stopped.BuildStatus, got)
	}
	row, err := w.build(second)
	if err != nil || row.BuildComplete || len(row.Phases) > 2 {
		t.Errorf("the second does not wait: %v, %v", phases(row.Build), err)
	}
	if _, err := w.StopBuild(t.Context(), &codebuild.StopBuildInput{Id: &first}); err != nil {
		t.Fatal(err)
	}
	w.finish(first)
	if b := w.finish(second); b.BuildStatus != types.StatusTypeSucceeded {
		t.Errorf("the second: %s %v", b.BuildStatus, phases(b))
	}
}

func TestCloseFailsBuilds(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(forever)
	id := w.begin()
	<-w.ready
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b := w.finish(id)
	want := join(upToBuild, []string{"BUILD FAILED CLIENT_ERROR: the local AWS was stopped in the middle of the build", "COMPLETED"})
	if diff := cmp.Diff(want, phases(b)); diff != "" || b.BuildStatus != types.StatusTypeFailed {
		t.Errorf("%s, phases (-want +got):\n%s", b.BuildStatus, diff)
	}
	if _, err := w.StartBuild(t.Context(), &codebuild.StartBuildInput{ProjectName: aws.String("p")}); err == nil {
		t.Error("a closed service starts a build")
	}
}

// TestRecover: a process killed in the middle leaves a row, a folder and a
// process; the next one marks, removes and kills.
func TestRecover(t *testing.T) {
	w := newWorld(t, Host{})
	w.create(head + "phases: {build: {commands: ['true']}}")
	done := w.run()
	row, err := w.build(aws.ToString(done.Id))
	if err != nil {
		t.Fatal(err)
	}
	own := uuid.New()
	id := "p:" + own
	row.Id, row.Order = &id, "ffff"
	row.Phases = row.Phases[:7]
	row.Phases[6].EndTime, row.Phases[6].PhaseStatus, row.EndTime = nil, "", nil
	row.BuildStatus, row.BuildComplete = types.StatusTypeInProgress, false
	if err := errors.Join(w.builds.Put(id, row), w.active.Put(id, struct{}{})); err != nil {
		t.Fatal(err)
	}
	box := filepath.Join(w.folder(), own)
	if err := os.MkdirAll(filepath.Join(box, "home", "mod"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(box, "home", "mod"), 0o500); err != nil {
		t.Fatal(err)
	}
	orphan, err := os.StartProcess("/bin/sleep", []string{"sleep", "1000"}, &os.ProcAttr{Env: []string{sandbox.Marker + "=" + own}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan *os.ProcessState)
	go func() { state, _ := orphan.Wait(); ended <- state }()
	waitForEnvironment(t, orphan.Pid, own)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := New(w.surroundings, Host{})
	if err != nil {
		t.Fatal(err)
	}
	w.Service = again
	if state := <-ended; state.Success() {
		t.Errorf("the orphan ended with %s", state)
	}
	got, err := w.build(id)
	if err != nil {
		t.Fatal(err)
	}
	want := join(upToBuild, []string{"BUILD FAILED CLIENT_ERROR: the local AWS was stopped in the middle of the build", "COMPLETED"})
	if diff := cmp.Diff(want, phases(got.Build)); diff != "" || got.BuildStatus != types.StatusTypeFailed || !got.BuildComplete {
		t.Errorf("%s, phases (-want +got):\n%s", got.BuildStatus, diff)
	}
}

// waitForEnvironment waits until exec has given the process its environment.
func waitForEnvironment(t *testing.T, pid int, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		environ, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
		if err != nil || strings.Contains(string(environ), want) {
			return
		}
	}
	t.Fatal("the process did not start")
}
