//go:build unix

package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/hinshun/vt10x"
)

// What the film measures, in pixels, and in time.
const (
	filmCell, filmLine = 8.4, 18
	filmMargin         = 14
	filmBar            = 28
	filmWidth          = int(demoColumns*filmCell) + 2*filmMargin
	filmHeight         = demoRows*filmLine + 2*filmMargin + filmBar
	// filmFrame is how long a frame is seen at least; what changes faster is not seen.
	filmFrame = 100 * time.Millisecond
	// filmEnd is how long the last one stays.
	filmEnd = 6 * time.Second
)

// How a screen's cells say that they are bold, and italic, which stands for
// faint: vt10x does not export its attributes.
const cellBold, cellItalic = 1 << 2, 1 << 4

const filmHead = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" xml:space="preserve">
<title>mayfly in a terminal: from the first question to the receipt of the teardown</title>
<style>
svg{--back:#fbfbf9;--edge:#d4d4ce;--fore:#24292f;--dim:#646c76;--red:#b3261e;--green:#17692f;--yellow:#855c00;--blue:#0a53b5;--violet:#7b3ab0;--cyan:#0b6272}
@media(prefers-color-scheme:dark){svg{--back:#14181d;--edge:#353c45;--fore:#d7dce2;--dim:#8b949e;--red:#ff8178;--green:#6bd284;--yellow:#e2b84a;--blue:#79b8ff;--violet:#d2a8ff;--cyan:#5fd0e0}}
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:var(--fore);white-space:pre}
.w{fill:var(--back);stroke:var(--edge)}.o{fill:var(--edge)}.c{fill:var(--fore);opacity:.55}
.b{font-weight:bold}.f{fill:var(--dim)}.r{fill:var(--red)}.g{fill:var(--green)}.y{fill:var(--yellow)}.u{fill:var(--blue)}.v{fill:var(--violet)}.n{fill:var(--cyan)}
.film{transform:translateX(-%dpx);animation:film %.1fs steps(1,end) infinite}
@keyframes film{`

// frame is a screen of the film.
type frame struct {
	at    time.Duration
	lines [demoRows]string // as SVG
	// x and y are where the cursor is; x is -1 where it is hidden.
	x, y int
}

// demoFilm draws a recording as a picture that moves: its frames are beside
// each other behind a window, and each line is drawn once.
func demoFilm(events []castEvent) []byte {
	frames := demoFrames(events)
	end := frames[len(frames)-1].at + filmEnd
	var keys, defs, body bytes.Buffer
	lines := map[string]string{"": ""}
	for i, f := range frames {
		fmt.Fprintf(&keys, "%.3f%%{transform:translateX(-%dpx)}\n", 100*f.at.Seconds()/end.Seconds(), i*filmWidth)
		fmt.Fprintf(&body, "<g transform=\"translate(%d)\">", i*filmWidth)
		for y, line := range f.lines {
			id, known := lines[line]
			if !known {
				id = fmt.Sprintf("l%d", len(lines))
				lines[line] = id
				fmt.Fprintf(&defs, "<g id=\"%s\">%s</g>\n", id, line)
			}
			if id != "" {
				fmt.Fprintf(&body, "<use href=\"#%s\" y=\"%d\"/>", id, y*filmLine)
			}
		}
		if f.x >= 0 {
			fmt.Fprintf(&body, "<use href=\"#cur\" x=\"%s\" y=\"%d\"/>", pixels(f.x), f.y*filmLine)
		}
		body.WriteString("</g>\n")
	}
	var b bytes.Buffer
	last := (len(frames) - 1) * filmWidth
	fmt.Fprintf(&b, filmHead, filmWidth, filmHeight, last, end.Seconds())
	b.Write(keys.Bytes())
	b.WriteString("}\n@media(prefers-reduced-motion:reduce){.film{animation:none}}\n</style>\n<defs>\n")
	fmt.Fprintf(&b, "<rect id=\"cur\" class=\"c\" width=\"%s\" height=\"%d\"/>\n", pixels(1), filmLine)
	b.Write(defs.Bytes())
	fmt.Fprintf(&b, "</defs>\n<rect class=\"w\" x=\".5\" y=\".5\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n", filmWidth-1, filmHeight-1)
	for i := range 3 {
		fmt.Fprintf(&b, "<circle class=\"o\" cx=\"%d\" cy=\"%d\" r=\"5\"/>", filmMargin+8+i*18, filmBar/2+4)
	}
	fmt.Fprintf(&b, "\n<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"><g class=\"film\">\n",
		filmMargin, filmBar+filmMargin/2, filmWidth-2*filmMargin, demoRows*filmLine)
	b.Write(body.Bytes())
	b.WriteString("</g></svg>\n</svg>\n")
	return b.Bytes()
}

// demoFrames plays a recording on a screen, and takes a picture of it before
// each pause, where it has changed.
func demoFrames(events []castEvent) []frame {
	screen := vt10x.New(vt10x.WithSize(demoColumns, demoRows))
	var frames []frame
	shown := time.Duration(0) // when what the screen shows came
	for i, e := range events {
		_, _ = screen.Write(faintAsItalic(e.data)) // a screen takes everything
		if i+1 < len(events) && events[i+1].at-shown < filmFrame {
			continue
		}
		next := pictureOf(screen)
		next.at = shown
		if i+1 < len(events) {
			shown = events[i+1].at
		}
		if n := len(frames); n == 0 || frames[n-1].lines != next.lines || frames[n-1].x != next.x || frames[n-1].y != next.y {
			frames = append(frames, next)
		}
	}
	frames[0].at = 0
	return frames
}

// pictureOf is what a screen shows now.
func pictureOf(screen vt10x.Terminal) frame {
	screen.Lock()
	defer screen.Unlock()
	f := frame{x: -1}
	if screen.CursorVisible() {
		cursor := screen.Cursor()
		f.x, f.y = cursor.X, cursor.Y
	}
	for y := range f.lines {
		f.lines[y] = svgLine(screen, y)
	}
	return f
}

// svgLine draws a line, in parts of one look each; "" is an empty one. Each
// part has its length, so that columns stand below each other in any font.
func svgLine(screen vt10x.Terminal, y int) string {
	var b strings.Builder
	part, look, from := strings.Builder{}, "", 0
	flush := func() {
		words := part.String()
		part.Reset()
		trimmed := strings.TrimRight(words, " ")
		columns := len([]rune(trimmed))
		if columns == 0 {
			return
		}
		class := ""
		if look != "" {
			class = fmt.Sprintf(" class=%q", look)
		}
		length := ""
		if columns > 1 {
			length = fmt.Sprintf(" textLength=%q", pixels(columns))
		}
		fmt.Fprintf(&b, "<text x=%q y=\"14\"%s%s>", pixels(from), length, class)
		_ = xml.EscapeText(&b, []byte(trimmed)) // a builder takes everything
		b.WriteString("</text>")
	}
	for x := range demoColumns {
		cell := screen.Cell(x, y)
		if cell.Char == 0 {
			cell.Char = ' '
		}
		now := lookOf(cell)
		if part.Len() == 0 {
			if cell.Char == ' ' {
				continue
			}
			look, from = now, x
		} else if now != look && cell.Char != ' ' || strings.HasSuffix(part.String(), "  ") && cell.Char != ' ' {
			flush()
			look, from = now, x
		}
		part.WriteRune(cell.Char)
	}
	flush()
	return b.String()
}

// lookOf is how a cell looks, as classes of the picture.
func lookOf(cell vt10x.Glyph) string {
	class := ""
	if cell.FG < 16 {
		class = [8]string{"f", "r", "g", "y", "u", "v", "n", ""}[cell.FG%8]
	}
	if cell.Mode&cellItalic != 0 && class == "" {
		class = "f"
	}
	if cell.Mode&cellBold != 0 {
		class = strings.TrimSpace(class + " b")
	}
	return class
}

// pixels is the width of some columns.
func pixels(columns int) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(columns)*filmCell), ".0")
}
