package codebuild

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/buildspec"
	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// run is a build in progress. Its fields belong to the goroutine of all.
type run struct {
	s      *Service
	row    build
	uuid   string
	ctx    context.Context //nolint:containedctx // the build's life
	cancel context.CancelCauseFunc

	cfg     aws.Config
	log     *logWriter
	box     *sandbox.Box
	spec    *buildspec.Spec
	slot    bool              // whether it holds one of the service's slots
	started time.Time         // when the box was made
	env     map[string]string // of the next command
	dir     string            // of the next command
	keys    map[string]string // the role's keys as they were last given
	cache   cacheState
	secrets secrets
	outcome types.StatusType // of the build so far
	retries *int32           // how often the buildspec wants a build tried again that failed as this one did
	done    chan struct{}    // closed when the build has ended
}

func newRun(s *Service, row build) *run {
	_, uuid, _ := strings.Cut(aws.ToString(row.Id), ":")
	r := &run{s: s, row: row, uuid: uuid, outcome: types.StatusTypeSucceeded, done: make(chan struct{})}
	r.row.Phases = slices.Clone(row.Phases) // the first answer to StartBuild has its own
	r.ctx, r.cancel = context.WithCancelCause(s.ctx)
	return r
}

// all runs the build from its first phase to its last.
func (r *run) all() {
	defer r.cancel(nil)
	defer r.complete()
	r.publishState()
	r.publishPhase(r.row.Phases[0])
	if !r.phase(types.BuildPhaseTypeQueued, r.queue) {
		return
	}
	limit := time.Duration(cmp.Or(aws.ToInt32(r.row.TimeoutInMinutes), defaultTimeout)) * r.s.minute
	timer := time.AfterFunc(limit, func() { r.cancel(errTimedOut) })
	defer timer.Stop()
	if !r.phase(types.BuildPhaseTypeProvisioning, r.provision) {
		return
	}
	if r.phase(types.BuildPhaseTypeDownloadSource, r.download) && r.commands() {
		r.phase(types.BuildPhaseTypeUploadArtifacts, r.upload)
	}
	if r.ctx.Err() == nil {
		r.phase(types.BuildPhaseTypeFinalizing, r.finalize)
	}
}

// commands runs the buildspec's phases, and says whether the artifacts follow:
// they do after a failed BUILD and POST_BUILD, but not after a failed INSTALL
// or PRE_BUILD ("Build phase transitions" in AWS's guide).
func (r *run) commands() (artifacts bool) {
	types := [4]types.BuildPhaseType{
		types.BuildPhaseTypeInstall, types.BuildPhaseTypePreBuild, types.BuildPhaseTypeBuild, types.BuildPhaseTypePostBuild,
	}
	for i, name := range types {
		phase := r.spec.Phases[i]
		if r.phase(name, func(ctx context.Context) error { return r.runPhase(ctx, phase) }) {
			continue
		}
		switch {
		case r.ctx.Err() != nil, phase.OnFailure == buildspec.Abort:
			return false
		case phase.OnFailure == buildspec.Retry && r.wantsRetry(phase):
			return false
		case phase.OnFailure != buildspec.Continue && i < 2:
			return false
		}
	}
	return true
}

// phase runs one phase, records it, and says whether it succeeded.
func (r *run) phase(name types.BuildPhaseType, do func(context.Context) error) bool {
	r.begin(name)
	err := do(r.ctx)
	if r.ctx.Err() != nil {
		err = context.Cause(r.ctx) // what else failed, failed because of it
	} else if err != nil && ending(err) {
		r.cancel(err)
	}
	status, why := verdict(err)
	r.end(status, why)
	return status == types.StatusTypeSucceeded
}

// begin enters a phase. The first two were recorded when the build was accepted.
func (r *run) begin(name types.BuildPhaseType) {
	if name == types.BuildPhaseTypeQueued {
		return
	}
	r.row.CurrentPhase = aws.String(string(name))
	now := r.s.env.Now()
	r.row.Phases = append(r.row.Phases, types.BuildPhase{PhaseType: name, StartTime: &now})
	r.save()
	switch name { //nolint:exhaustive // the others are not the container's
	case types.BuildPhaseTypeInstall, types.BuildPhaseTypePreBuild, types.BuildPhaseTypeBuild, types.BuildPhaseTypePostBuild:
		r.log.container("Entering phase %s", name)
	}
}

// end leaves a phase.
func (r *run) end(status types.StatusType, why *failure) {
	if status != types.StatusTypeSucceeded && r.outcome == types.StatusTypeSucceeded {
		r.outcome = status
	}
	phase := &r.row.Phases[len(r.row.Phases)-1]
	now := r.s.env.Now()
	phase.EndTime, phase.PhaseStatus = &now, status
	phase.DurationInSeconds = aws.Int64(int64(now.Sub(*phase.StartTime).Seconds()))
	if r.box != nil || why.code != "" { // a build without a container has nothing to say of a phase that went well
		phase.Contexts = []types.PhaseContext{{StatusCode: aws.String(why.code), Message: aws.String(r.secrets.maskText(why.message))}}
	}
	if r.box != nil {
		r.log.container("Phase complete: %s State: %s", phase.PhaseType, status)
		r.log.container("Phase context status code: %s Message: %s", why.code, why.message)
	}
	r.save()
	r.publishPhase(*phase)
}

// complete ends the build: the box goes, the log is written to its end, and then
// the status is set.
func (r *run) complete() {
	r.remove()
	r.log.close()
	if r.slot {
		<-r.s.slots
	}
	now := r.s.env.Now()
	r.row.Phases = append(r.row.Phases, types.BuildPhase{PhaseType: types.BuildPhaseTypeCompleted, StartTime: &now})
	r.row.CurrentPhase = aws.String(string(types.BuildPhaseTypeCompleted))
	r.row.BuildStatus, r.row.BuildComplete, r.row.EndTime = r.outcome, true, &now
	r.save()
	r.publishState()
}

// remove removes the box, and tells what went with it.
func (r *run) remove() {
	if r.box == nil {
		return
	}
	used, err := r.box.Close()
	if err != nil {
		r.s.env.Log.Error("codebuild: remove a build's folder", "build", aws.ToString(r.row.Id), "error", err)
	}
	lived := r.s.env.Now().Sub(r.started)
	r.log.container("Container removed: %d files, %d bytes, lived %.1fs", used.Files, used.Bytes, lived.Seconds())
	r.box = nil
}

// save records the build as it is.
func (r *run) save() {
	if err := r.s.builds.Put(aws.ToString(r.row.Id), r.row); err != nil {
		r.s.env.Log.Error("codebuild: record a build", "build", aws.ToString(r.row.Id), "error", err)
	}
	if r.row.BuildComplete {
		r.s.shelf.take(aws.ToString(r.row.Id))
	}
}
