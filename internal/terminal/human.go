package terminal

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/verify"
)

// Human tells a person how the workshop goes, on stderr. What goes on just now
// stands in a region that changes in place: each stack's resources, build's
// phases and pipeline's actions, with the time that they take. It stays as it
// was at the end.
type Human struct {
	streams *Streams
	style   Style
	// each says that every detail is told as a line of its own.
	each, verbose bool

	mu    sync.Mutex // guards what follows
	live  *Live
	board board
	// ticking stops the clock that draws the region again; nil while it stands.
	ticking func()
}

var _ workshop.Reporter = (*Human)(nil)

// NewHuman returns a reporter for people. verbose tells every detail as a line of its own.
func NewHuman(s *Streams, verbose bool) *Human {
	return &Human{
		streams: s, style: s.ErrStyle(), verbose: verbose, each: verbose || s.IsPlain(), live: NewLive(s),
	}
}

// Listen takes single keys from a terminal while work goes on: "l" shows the
// build's log and hides it again, where that changes in place; what else is
// typed is handed to other, or dropped where that is nil. It does nothing where
// in is no terminal. The caller calls restore before anything is asked, and at
// the end.
func (h *Human) Listen(in *os.File, other func(key rune)) (restore func()) {
	giveBack, err := Keys(in, func(key rune) {
		if !h.key(key) && other != nil {
			other(key)
		}
	})
	if err != nil {
		return func() {}
	}
	h.mu.Lock()
	h.board.keys = h.inPlace()
	h.mu.Unlock()
	return func() {
		giveBack()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.board.keys = false
	}
}

// key tells whether a key was one of ours.
func (h *Human) key(key rune) bool {
	if key != 'l' && key != 'L' || !h.inPlace() {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.board.unfolded = !h.board.unfolded
	h.draw()
	return true
}

// inPlace tells whether there is a region that changes.
func (h *Human) inPlace() bool { return h.streams.Redraw() && !h.each }

// Report implements workshop.Reporter.
func (h *Human) Report(e workshop.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e.Event {
	case workshop.Working:
		h.working(e)
		return
	case workshop.TaskChanged:
		h.task(e)
		return
	case workshop.LogLine:
		h.log(e)
		return
	}
	h.settle()
	switch e.Event {
	case workshop.PhaseStart:
		h.line("")
		h.say("", h.style.Bold, e.Detail)
	case workshop.StepStart:
		h.say("  ", nil, e.Step)
		h.say("    ", h.style.Faint, e.Detail)
	case workshop.StepAlready:
		h.line("  %s %s", Clean(e.Step), h.style.Faint("(done already)"))
	case workshop.CheckDone:
		h.check(e)
	case workshop.MachineGone, workshop.Healed, workshop.Kept, workshop.Solved:
		h.say("    ", nil, e.Detail)
	case workshop.PhaseDone:
		if e.Seconds > 0 {
			h.line("  %s", h.style.Faint(fmt.Sprintf("%s, %s", e.Detail, Seconds(e.Seconds))))
		}
	case workshop.TeardownStep:
		h.working(e)
	case workshop.TeardownItem:
		h.say("  ", nil, e.Detail)
	}
}

func (h *Human) check(e workshop.Event) {
	h.say("    "+Mark(h.style, e.State)+" ", nil, e.Detail)
	if e.State == verify.Passed {
		return
	}
	if e.Expected != "" {
		h.say("      expected: ", nil, e.Expected)
	}
	if e.Fix != "" { // never broken, so that it can be copied
		h.line("      fix:      %s", h.style.Command(Clean(e.Fix)))
	}
}

// Mark is an answer's sign and word.
func Mark(style Style, state verify.State) string {
	switch state {
	case verify.Passed:
		return style.Good("✓")
	case verify.NotYet:
		return style.Doubt("… not yet:")
	case verify.Wrong:
		return style.Bad("✗ wrong:")
	case verify.CannotTell:
		return style.Doubt("? cannot tell:")
	}
	return string(state)
}

// working tells what goes on, in place or as a line.
func (h *Human) working(e workshop.Event) {
	if h.board.repeats(e.Detail) {
		return
	}
	if h.each {
		h.say("    ", h.style.Faint, e.Detail)
		return
	}
	if h.inPlace() {
		h.board.work(e)
		h.draw()
	}
}

func (h *Human) task(e workshop.Event) {
	t, changed := h.board.task(e)
	switch {
	case h.inPlace():
		h.draw()
	case !changed:
	case h.each || t.worthTelling():
		h.say("    ", nil, t.sentence(h.style))
	}
}

func (h *Human) log(e workshop.Event) {
	h.board.logged(e.Detail)
	switch {
	case h.verbose:
		h.line("    | %s", Clean(e.Detail))
	case h.inPlace() && h.ticking == nil: // else the clock draws it: lines may come by the thousand
		h.draw()
	}
}

// draw shows the region as it is, and starts the clock that keeps it so.
func (h *Human) draw() {
	if h.board.empty() {
		return
	}
	columns, rows := h.live.Room()
	h.live.Draw(h.board.lines(h.style, columns, rows))
	if h.ticking == nil {
		h.ticking = tick(h.passed, h.resumed)
	}
}

// passed draws the region again after a while.
func (h *Human) passed(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ticking != nil {
		h.board.passed(d)
		h.draw()
	}
}

// resumed begins a region of its own below what the shell has written.
func (h *Human) resumed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.live.Done()
}

// settle leaves the region as plain lines: what comes next stands below it.
func (h *Human) settle() {
	if h.ticking != nil {
		h.ticking()
		h.ticking = nil
	}
	if h.inPlace() && !h.board.empty() {
		columns, _ := h.live.Room()
		h.live.Clear()
		h.live.Print(h.board.last(h.style, columns)...)
		h.live.Done()
	}
	h.board.reset()
}

// Done leaves the region as it stands.
func (h *Human) Done() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.settle()
}

func (h *Human) line(format string, args ...any) {
	h.live.Print(fmt.Sprintf(format, args...))
}

// say writes a sentence, broken where the terminal is too narrow for it, with
// its further lines below its first word.
func (h *Human) say(first string, paint func(string) string, sentence string) {
	columns := 0
	if h.streams.ErrTerminal {
		columns, _ = h.live.Room()
	}
	h.live.Print(hanging(first, paint, sentence, columns)...)
}
