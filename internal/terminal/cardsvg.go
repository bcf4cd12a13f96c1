package terminal

import (
	"bytes"
	"encoding/xml"
	"fmt"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// The measures of the picture.
const (
	svgWidth  = 800
	svgMargin = 48
	// A line of facts has room for so many characters of its font.
	svgFactColumns     = 60
	svgHeadlineColumns = 48
)

// svgHead brings its own ground, light or dark as its reader has it, and no font.
const svgHead = `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" role="img" aria-labelledby="t">
<title id="t">%[3]s</title>
<style>
.ground { fill: #ffffff; stroke: #8c959f }
text { font-family: system-ui, sans-serif; font-size: 17px; fill: #1f2328 }
.head { font-size: 27px; font-weight: 600 }
.name { fill: #59636e }
.small { font-size: 14px; fill: #59636e }
.axis { stroke: #59636e; stroke-width: 2 }
.said { fill: #9a6700 }
.here { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117; stroke: #6e7681 }
text { fill: #e6edf3 }
.name, .small { fill: #9198a1 }
.axis { stroke: #9198a1 }
.said { fill: #d29922 }
.here { fill: #3fb950 }
}
</style>
<rect class="ground" x="1" y="1" width="%[4]d" height="%[5]d" rx="16"/>
`

// CardSVG draws the card as a picture that needs nothing from elsewhere.
func CardSVG(c Card) []byte {
	var body bytes.Buffer
	y := 74
	if headline := c.headline(); headline != "" {
		fmt.Fprintf(&body, "<text class=\"head\" x=\"%d\" y=\"%d\">%s</text>\n", svgMargin, y, escaped(text.Cut(headline, svgHeadlineColumns)))
		y += 46
	}
	if c.Seconds > 0 {
		y = svgScale(&body, c, y)
	}
	for _, fact := range c.facts() {
		fmt.Fprintf(&body, "<text class=\"name\" x=\"%d\" y=\"%d\">%s</text><text x=\"%d\" y=\"%d\">%s</text>\n",
			svgMargin, y, escaped(fact[0]), svgMargin+130, y, escaped(text.Cut(fact[1], svgFactColumns)))
		y += 30
	}
	y += 6
	fmt.Fprintf(&body, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"end\">mayfly</text>\n</svg>\n", svgWidth-svgMargin, y)
	height := y + 30
	title := c.headline()
	if title == "" {
		title = "mayfly"
	}
	var all bytes.Buffer
	fmt.Fprintf(&all, svgHead, svgWidth, height, escaped(title), svgWidth-2, height-2)
	all.Write(body.Bytes())
	return all.Bytes()
}

// svgScale draws the scale and returns where it goes on below.
func svgScale(w *bytes.Buffer, c Card, y int) int {
	at := func(seconds float64) int { return svgMargin + 24 + int(along(seconds)*(svgWidth-2*svgMargin-48)) }
	y += 24
	fmt.Fprintf(w, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", at(spans[0].seconds), y, at(1), y)
	for _, s := range spans {
		x := at(s.seconds)
		fmt.Fprintf(w, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", x, y-6, x, y+6)
		fmt.Fprintf(w, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x, y+26, s.name)
	}
	point := func(class, words string, seconds float64, up int) {
		x := at(seconds)
		anchor := "middle"
		switch {
		case x > svgWidth-svgMargin-100:
			anchor = "end"
		case x < svgMargin+100:
			anchor = "start"
		}
		fmt.Fprintf(w, "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"7\"/>", class, x, y)
		fmt.Fprintf(w, "<text class=\"%s\" x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", class, x, y+up, anchor, escaped(words))
	}
	if s, ok := said(c.Said); ok {
		point("said", "you said: "+firstLine(c.Said), s.seconds, -16)
	}
	point("here", "you are here: "+Seconds(c.Seconds), c.Seconds, 50)
	return y + 92
}

// escaped is a text within XML.
func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}
