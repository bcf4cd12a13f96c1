package terminal

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// board is what goes on just now: tasks, in the groups that they belong to,
// and the last lines of a build's log.
type board struct {
	groups []*group
	// doing is what the workshop says that it does, since when.
	doing string
	since time.Time
	now   time.Time
	log   []string
	// lineCount is how many lines the log had.
	lineCount int
	// unfolded says that the log is shown, keys that a key can change that.
	unfolded, keys bool
}

// group is a stack, a build or a pipeline. It is a task of its own name.
type group struct {
	task
	tasks []*task
}

// What of a log is kept, and of that what is shown.
const (
	logKept  = 200
	logShown = 8
)

func (b *board) empty() bool { return len(b.groups) == 0 && b.doing == "" }

// reset forgets everything but whether the log is shown.
func (b *board) reset() { *b = board{unfolded: b.unfolded, keys: b.keys} }

// passed moves the clock on.
func (b *board) passed(d time.Duration) { b.now = b.now.Add(d) }

func (b *board) at(moment time.Time) {
	if moment.After(b.now) {
		b.now = moment
	}
}

func (b *board) work(e workshop.Event) {
	b.at(e.Time)
	b.doing, b.since = Clean(e.Detail), e.Time
}

// repeats tells whether a sentence says no more than a task does: it names
// the task, and how it stands.
func (b *board) repeats(sentence string) bool {
	for _, g := range b.groups {
		for _, t := range append([]*task{&g.task}, g.tasks...) {
			name := t.name[strings.LastIndex(t.name, " ")+1:]
			if strings.Contains(sentence, name) && (t.state() == stateRunning || strings.Contains(sentence, t.status)) {
				return true
			}
		}
	}
	return false
}

// task takes a change in. It returns the task and whether it changed.
func (b *board) task(e workshop.Event) (*task, bool) {
	b.at(e.Time)
	b.doing = ""
	of, name := Clean(e.Of), Clean(e.Task)
	var g *group
	for _, known := range b.groups {
		if known.name == of {
			g = known
		}
	}
	if g == nil {
		g = &group{task: task{name: of, began: e.Time}}
		b.groups = append(b.groups, g)
	}
	t := &g.task
	if name != of {
		t = g.find(name, e.Time)
	}
	return t, t.change(e)
}

func (g *group) find(name string, now time.Time) *task {
	for _, t := range g.tasks {
		if t.name == name {
			return t
		}
	}
	t := &task{name: name, of: g.name, began: now}
	g.tasks = append(g.tasks, t)
	return t
}

func (b *board) logged(line string) {
	b.lineCount++
	b.log = append(b.log, Clean(line))
	if len(b.log) > logKept {
		b.log = b.log[len(b.log)-logKept:]
	}
}

// lines draws the board. Where it has more tasks than rows, those that are
// done are counted instead.
func (b *board) lines(style Style, columns, rows int) []string {
	foot := b.foot(style, columns, rows)
	left := rows - len(foot)
	total := 0
	for _, g := range b.groups {
		total += 1 + len(g.tasks)
	}
	var lines []string
	hidden := 0
	if total > left {
		left-- // for the line that counts them
	}
	for _, g := range b.groups {
		lines = append(lines, "    "+g.line(style, columns-4, b.now))
		for _, t := range g.tasks {
			if total-hidden > left && t.state() == stateGood {
				hidden++
				continue
			}
			lines = append(lines, "      "+t.line(style, columns-6, b.now))
		}
	}
	if hidden > 0 {
		lines = append([]string{"    " + style.Faint(fmt.Sprintf("✓ %d more are done", hidden))}, lines...)
	}
	return append(lines, foot...)
}

// foot is what stands below the tasks: what is being done, and the log.
func (b *board) foot(style Style, columns, rows int) []string {
	var lines []string
	if b.doing != "" {
		took := ""
		if seconds := b.now.Sub(b.since).Seconds(); seconds > 0 {
			took = " " + Seconds(seconds)
		}
		lines = append(lines, "    "+style.Faint(text.Cut(b.doing, columns-4-len(took))+took))
	}
	if b.lineCount == 0 {
		return lines
	}
	hint := fmt.Sprintf("the build's log has %d lines", b.lineCount)
	if b.keys {
		hint = fmt.Sprintf("press l to show the build's log, %d lines", b.lineCount)
		if b.unfolded {
			hint = "press l to hide the build's log"
		}
	}
	if b.unfolded {
		shown := min(logShown, max(rows/3, 1), len(b.log))
		lines = append(lines, logLines(style, b.log[len(b.log)-shown:], columns)...)
	}
	if b.keys {
		lines = append(lines, "    "+style.Faint(hint))
	}
	return lines
}

// containerStamp is what CodeBuild puts before its own lines; the times stand above.
var containerStamp = regexp.MustCompile(`^\[Container\] [0-9/]+ [0-9:.]+ `)

func logLines(style Style, log []string, columns int) []string {
	lines := make([]string, len(log))
	for i, line := range log {
		lines[i] = "    " + style.Faint(text.Cut("│ "+containerStamp.ReplaceAllString(line, ""), columns-4))
	}
	return lines
}

// last is what stays of the board: a build that went well becomes one sentence,
// one that failed leaves the end of its log.
func (b *board) last(style Style, columns int) []string {
	var lines []string
	for _, g := range b.groups {
		if g.isBuild() && g.state() != stateBad {
			indent := "    "
			for _, line := range text.Wrap(g.sentence(style)+g.phases(), columns-6) {
				lines = append(lines, indent+line)
				indent = "      "
			}
			continue
		}
		lines = append(lines, "    "+g.line(style, columns-4, b.now))
		for _, t := range g.tasks {
			for _, line := range t.lines(style, columns-6, b.now) {
				lines = append(lines, "      "+line)
			}
		}
		if g.isBuild() {
			lines = append(lines, logLines(style, b.log[max(len(b.log)-logShown, 0):], columns)...)
		}
	}
	return lines
}

func (g *group) isBuild() bool { return strings.HasPrefix(g.name, "build ") }

// phases names what a build spent its time on.
func (g *group) phases() string {
	var parts []string
	for _, t := range g.tasks {
		if t.seconds >= noticeable {
			parts = append(parts, t.name+" "+Seconds(t.seconds))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}
