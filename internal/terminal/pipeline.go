package terminal

import (
	"fmt"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
)

// box is one thing in the drawing: what stands in it, and what below it.
type box struct {
	title         string
	inside, below []string
	// link is drawn between the box before and this one.
	link string
}

// What links two boxes; all are as wide.
const (
	linkOpen   = " -> "
	linkLocked = " -x "
	linkNone   = "    "
)

// The narrowest box that is still drawn beside others.
const narrowestBox = 13

// Pipeline draws the pipeline as it stands, or what there is before there is
// one, in at most width columns: the stages side by side, or one below the
// other where they do not fit.
func Pipeline(style Style, state workshop.PipelineState, width int) []string {
	if len(state.Stages) == 0 {
		return beforePipeline(style, state, width)
	}
	boxes := make([]box, len(state.Stages))
	inner := innerColumns(len(boxes), width)
	for i, stage := range state.Stages {
		boxes[i] = stageBox(style, stage, inner)
		if i == 0 {
			boxes[i].link = ""
		}
	}
	return draw(style, boxes, width)
}

func beforePipeline(style Style, state workshop.PipelineState, width int) []string {
	there := style.Good("✓") + " there"
	missing := style.Faint("· not yet")
	repository, project := box{title: "Repository", inside: []string{missing}}, box{title: "Project", inside: []string{missing}, link: linkNone}
	if state.Repository {
		repository.inside = []string{there}
	}
	if state.Project {
		project.inside = []string{there}
	}
	pipeline := box{title: "Pipeline", inside: []string{missing}, link: linkNone}
	return draw(style, []box{repository, project, pipeline}, width)
}

// innerColumns is the room within each of so many boxes; that of the whole
// width where they cannot stand side by side.
func innerColumns(boxes, width int) int {
	if outer := (width - (boxes-1)*len(linkOpen)) / max(boxes, 1); outer >= narrowestBox {
		return min(outer, 26) - 4
	}
	return max(width-4, 8)
}

func stageBox(style Style, stage workshop.StageState, columns int) box {
	b := box{title: Clean(stage.Name), link: linkOpen}
	if stage.Status == "" {
		b.inside = append(b.inside, style.Faint("· not yet"))
	} else {
		t := task{status: stage.Status}
		b.inside = append(b.inside, t.sign(style)+" "+Clean(stage.Status))
		if stage.Commit != "" {
			message, _, _ := strings.Cut(Clean(stage.Message), "\n")
			b.inside = append(b.inside, strings.TrimRight(fmt.Sprintf("%.7s %s", Clean(stage.Commit), message), " "))
		}
	}
	if stage.Locked {
		b.link = linkLocked
		b.inside = append(b.inside, style.Doubt("locked")+strings.TrimRight(": "+Clean(stage.Reason), ": "))
	}
	if stage.Waiting > 0 {
		b.inside = append(b.inside, style.Doubt(fmt.Sprintf("%d waiting", stage.Waiting)))
	}
	for _, a := range stage.Actions {
		b.below = append(b.below, actionLines(style, a, columns)...)
	}
	return b
}

// actionLines are an action's sign and name, and how it stands: beside it
// where there is room, else below.
func actionLines(style Style, a workshop.ActionState, columns int) []string {
	if a.Status == "" {
		return []string{text.Cut(style.Faint("· "+Clean(a.Name)), columns)}
	}
	t := task{status: a.Status}
	words := Clean(a.Status)
	if a.Approval {
		words = "(waiting for approval)"
	}
	if !a.Since.IsZero() {
		words += " " + a.Since.Local().Format("15:04:05")
	}
	line := t.sign(style) + " " + Clean(a.Name)
	if text.Width(line)+1+text.Width(words) <= columns {
		return []string{line + " " + words}
	}
	lines := []string{text.Cut(line, columns)}
	for _, more := range text.Wrap(words, columns) { // it may reach below the box's edge
		lines = append(lines, "  "+more)
	}
	return lines
}

func draw(style Style, boxes []box, width int) []string {
	inner := innerColumns(len(boxes), width)
	if len(boxes)*(inner+4)+(len(boxes)-1)*len(linkOpen) > width {
		return drawDown(style, boxes, width)
	}
	height, depth := 1, 0
	for _, b := range boxes {
		height, depth = max(height, len(b.inside)), max(depth, len(b.below))
	}
	rows := make([]strings.Builder, height+2+depth)
	for i, b := range boxes {
		for y := range rows {
			link := linkNone
			var part string
			switch {
			case y == 0:
				part = top(style, b.title, inner)
			case y <= height:
				if y == 1 {
					link = b.link
				}
				part = side(nth(b.inside, y-1), inner)
			case y == height+1:
				part = bottom(inner)
			default:
				part = "  " + text.Pad(nth(b.below, y-height-2), inner+len("  "))
			}
			if i > 0 {
				rows[y].WriteString(link)
			}
			rows[y].WriteString(part)
		}
	}
	lines := make([]string, len(rows))
	for y := range rows {
		lines[y] = strings.TrimRight(rows[y].String(), " ")
	}
	return lines
}

// drawDown draws the boxes one below the other, without their frames.
func drawDown(style Style, boxes []box, width int) []string {
	var lines []string
	for _, b := range boxes {
		switch b.link {
		case linkOpen:
			lines = append(lines, "  |")
		case linkLocked:
			lines = append(lines, "  x")
		}
		title := text.Cut(style.Bold(b.title)+": "+nth(b.inside, 0), width)
		lines = append(lines, title)
		for _, line := range b.inside[min(len(b.inside), 1):] {
			lines = append(lines, text.Cut("    "+line, width))
		}
		for _, line := range b.below {
			lines = append(lines, "  "+line)
		}
	}
	return lines
}

func top(style Style, title string, inner int) string {
	title = text.Cut(title, inner-1)
	return "┌ " + style.Bold(title) + " " + strings.Repeat("─", inner-text.Width(title)) + "┐"
}

func side(line string, inner int) string {
	return "│ " + text.Pad(text.Cut(line, inner), inner) + " │"
}

func bottom(inner int) string { return "└" + strings.Repeat("─", inner+2) + "┘" }

func nth(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return ""
}
