package codebuild

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/sandbox"
)

// recover ends what was in progress when this AWS was killed: processes,
// folders, and the builds themselves, which come back as failed.
func (s *Service) recover() error {
	// A folder without a build's row is as dead as the others.
	leftovers, err := os.ReadDir(s.folder())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, leftover := range leftovers {
		sandbox.Sweep(leftover.Name())
		if _, err := sandbox.Remove(filepath.Join(s.folder(), leftover.Name())); err != nil {
			return err
		}
	}
	ids, err := s.active.Keys("", "", 0)
	if err != nil {
		return err
	}
	for _, id := range ids {
		row, ok, err := s.builds.Get(id)
		if err != nil {
			return err
		}
		if ok && !row.BuildComplete {
			s.interrupt(&row)
			if err := s.builds.Put(id, row); err != nil {
				return err
			}
		}
		if err := s.active.Delete(id); err != nil {
			return err
		}
	}
	return nil
}

// interrupt marks a build as failed in the phase that it was in.
func (s *Service) interrupt(row *build) {
	now := s.env.Now()
	if n := len(row.Phases); n > 0 && row.Phases[n-1].EndTime == nil {
		phase := &row.Phases[n-1]
		phase.EndTime, phase.PhaseStatus = &now, types.StatusTypeFailed
		phase.DurationInSeconds = aws.Int64(int64(now.Sub(*phase.StartTime).Seconds()))
		phase.Contexts = []types.PhaseContext{{
			StatusCode: aws.String(codeClient), Message: aws.String(errInterrupted.Error()),
		}}
	}
	row.Phases = append(row.Phases, types.BuildPhase{PhaseType: types.BuildPhaseTypeCompleted, StartTime: &now})
	row.CurrentPhase = aws.String(string(types.BuildPhaseTypeCompleted))
	row.BuildStatus, row.BuildComplete, row.EndTime = types.StatusTypeFailed, true, &now
}
