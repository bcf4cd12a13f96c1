package codepipeline

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"
)

// door is the entry of a stage: one execution is inside, others wait before it.
// The rules are those of
// docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html:
// a stage is locked while it processes an execution; of those that wait, a
// newer one supersedes an older one in the mode SUPERSEDED, and all wait their
// turn in the mode QUEUED. Service.mu guards it.
type door struct {
	closed  bool // the inbound transition is disabled
	inside  *run
	waiting []*run
}

// arrive puts an execution before the door and returns those that give way to a newer one.
func (d *door) arrive(r *run) (superseded []*run) {
	d.waiting = append(d.waiting, r)
	if r.mode != types.ExecutionModeSuperseded {
		return nil
	}
	newest := slices.MaxFunc(d.waiting, func(a, b *run) int { return cmp.Compare(a.number, b.number) })
	for _, w := range d.waiting {
		if w != newest {
			superseded = append(superseded, w)
		}
	}
	d.waiting = []*run{newest}
	return superseded
}

// admit lets the next one in, where the stage is free and the door is open.
func (d *door) admit() {
	if d.closed || d.inside != nil || len(d.waiting) == 0 {
		return
	}
	d.inside, d.waiting = d.waiting[0], d.waiting[1:]
	d.inside.ticket <- struct{}{}
}

// leave takes an execution away, from inside or from before the door.
func (d *door) leave(r *run) {
	d.waiting = slices.DeleteFunc(d.waiting, func(w *run) bool { return w == r })
	if d.inside == r {
		d.inside = nil
	}
	d.admit()
}

// door returns the entry of a stage. The caller holds mu.
func (s *Service) door(pipeline, stage string) (*door, error) {
	key := pipeline + "/" + stage
	if d, ok := s.doors[key]; ok {
		return d, nil
	}
	row, _, err := s.pipelines.Get(pipeline)
	if err != nil {
		return nil, err
	}
	d := &door{closed: row.Transitions[stage].Disabled}
	s.doors[key] = d
	return d, nil
}

// enter waits until the execution may enter the stage. The error says why it
// never will.
func (s *Service) enter(r *run, stage string) error {
	if err := r.halted(); err != nil {
		return err
	}
	if r.mode == types.ExecutionModeParallel {
		return nil
	}
	s.mu.Lock()
	d, err := s.door(r.pipeline, stage)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	switch {
	case d.inside == r: // as a retry is
		r.ticket <- struct{}{}
	case slices.Contains(d.waiting, r): // since before a restart
	default:
		for _, old := range d.arrive(r) {
			old.cancel(errSuperseded)
		}
		d.admit()
	}
	s.mu.Unlock()

	select {
	case <-r.ticket:
		return nil
	case <-r.stopping:
		err = errStopped
	case <-r.ctx.Done():
		err = r.halted()
	}
	s.leave(r, stage)
	return err
}

// leave frees the stage for the next execution.
func (s *Service) leave(r *run, stage string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.doors[r.pipeline+"/"+stage]; ok {
		d.leave(r)
	}
}
