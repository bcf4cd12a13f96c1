package terminal

import (
	"slices"
	"sync"
	"time"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// Follow shows a watched pipeline: what happens as lines that stay, and below
// them the pipeline as it stands and what runs just now, which change in place.
type Follow struct {
	style Style
	now   func() time.Time

	mu   sync.Mutex // guards what follows
	live *Live
	// state is how the pipeline stands; nil until that is known.
	state *workshop.PipelineState
	// running are the actions that go on, as they were told to have started.
	running []workshop.Happening
	ended   bool
	stop    func()
}

// CanFollow tells whether both streams are a terminal in which lines change in place.
func CanFollow(s *Streams) bool { return s.OutTerminal && s.Redraw() }

// NewFollow shows nothing yet. It draws what runs anew, with its time, until Done.
func NewFollow(s *Streams, now func() time.Time) *Follow {
	f := &Follow{style: s.ErrStyle(), now: now, live: NewLive(s)}
	f.stop = tick(f.passed, f.resumed)
	return f
}

// passed draws the picture again after a while.
func (f *Follow) passed(time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended {
		f.draw()
	}
}

// resumed begins a picture of its own below what the shell has written.
func (f *Follow) resumed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.live.Done()
}

// Happened adds a line, and takes in what runs and what does not any more.
func (f *Follow) Happened(h workshop.Happening) {
	f.mu.Lock()
	defer f.mu.Unlock()
	columns, _ := f.live.Room()
	f.live.Print(happeningLines(f.style, columns, h)...)
	switch h.Event {
	case workshop.ActionStarted, workshop.ApprovalAwaited:
		f.running = append(f.running, h)
	case workshop.ActionSucceeded, workshop.ActionFailed, workshop.ActionAbandoned:
		f.running = slices.DeleteFunc(f.running, func(r workshop.Happening) bool {
			return r.Execution == h.Execution && r.Stage == h.Stage && r.Action == h.Action
		})
	case workshop.ExecutionSucceeded, workshop.ExecutionFailed, workshop.ExecutionSuperseded,
		workshop.ExecutionStopped, workshop.ExecutionCancelled:
		f.running = slices.DeleteFunc(f.running, func(r workshop.Happening) bool { return r.Execution == h.Execution })
	default:
		return
	}
	f.draw()
}

// Say adds a line that is about something else.
func (f *Follow) Say(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.live.Print(line)
}

// Stands takes in how the pipeline stands.
func (f *Follow) Stands(state workshop.PipelineState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = &state
	f.draw()
}

// Done leaves the picture as it stands.
func (f *Follow) Done() {
	f.stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running, f.ended = nil, true
	f.draw()
	f.live.Done()
}

// leastAbove is how many rows of what happened stay in sight above the picture.
const leastAbove = 6

// draw shows the picture, or only what runs where it would fill the screen.
func (f *Follow) draw() {
	columns, rows := f.live.Room()
	var running []string
	for _, h := range f.running {
		running = append(running, text.Cut(f.style.Doubt("…")+" "+runs(h, f.now()), columns))
	}
	var lines []string
	if f.state != nil {
		lines = append([]string{""}, Pipeline(f.style, *f.state, columns)...)
	}
	if len(lines)+len(running) > rows-leastAbove {
		lines = nil
	}
	f.live.Draw(append(lines, running...))
}

// runs says what goes on, since when, and how long it usually takes.
func runs(h workshop.Happening, now time.Time) string {
	said := shortCommit(h) + "  " + what(h)
	if h.Event == workshop.ApprovalAwaited {
		said += " waits for somebody's approval"
	}
	if took := now.Sub(h.Time); took > 0 {
		said += " for " + Seconds(took.Seconds())
	}
	return said + usually(h)
}
