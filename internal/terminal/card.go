package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// Card is what a learner takes home. A field that is not known is left zero,
// and the card does not speak of it.
type Card struct {
	// Said is what was guessed in the beginning, such as "a week".
	Said string
	// Where is where it was measured, such as "On this laptop".
	Where string
	// Seconds is the lead time of the last commit.
	Seconds float64
	// Phases are the titles of the phases that are done, Of how many there are.
	Phases []string
	Of     int
	// Commits is how many went live.
	Commits int
	// Cold and Warm are how long a build took without a cache and with one, in seconds.
	Cold, Warm float64
	// Message is the last commit's.
	Message string
	Date    time.Time
}

// headline is "You said a week. On this laptop: 4.1 s.".
func (c Card) headline() string {
	var parts []string
	if c.Said != "" {
		parts = append(parts, "You said "+c.Said+".")
	}
	if c.Seconds > 0 {
		where := c.Where
		if where == "" {
			where = "Measured"
		}
		parts = append(parts, where+": "+Seconds(c.Seconds)+".")
	}
	return firstLine(strings.Join(parts, " "))
}

// facts are the card's other lines: a name and what there is to say.
func (c Card) facts() [][2]string {
	var facts [][2]string
	add := func(name, format string, args ...any) {
		facts = append(facts, [2]string{name, firstLine(fmt.Sprintf(format, args...))})
	}
	if len(c.Phases) > 0 {
		done := strconv.Itoa(len(c.Phases))
		if c.Of > 0 {
			done = fmt.Sprintf("%d of %d", len(c.Phases), c.Of)
		}
		add("phases done", "%s: %s", done, strings.Join(c.Phases, ", "))
	}
	if c.Commits > 0 {
		add("went live", "%s", count(c.Commits, "commit"))
	}
	if c.Message != "" {
		add("the last one", "%s", c.Message)
	}
	switch {
	case c.Cold > 0 && c.Warm > 0:
		add("a build", "%s cold, %s warm", Seconds(c.Cold), Seconds(c.Warm))
	case c.Cold > 0:
		add("a build", "%s, with no cache", Seconds(c.Cold))
	case c.Warm > 0:
		add("a build", "%s, with a warm cache", Seconds(c.Warm))
	}
	if !c.Date.IsZero() {
		add("date", "%s", c.Date.Format("2 January 2006"))
	}
	return facts
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// firstLine is a text's first line, cleaned.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(Clean(s)), "\n")
	return strings.ReplaceAll(line, "\t", " ")
}

// cardColumns is how wide a card is where there is room; cardRows how high it may be.
const (
	cardColumns = 72
	cardRows    = 24
)

// CardText draws the card in at most width columns and 24 rows.
func CardText(style Style, c Card, width int) []string {
	inner := max(min(width, cardColumns)-4, 16)
	var body []string
	for _, line := range text.Wrap(c.headline(), inner) {
		body = append(body, style.Bold(line))
	}
	if c.Seconds > 0 {
		body = append(body, "")
		body = append(body, Scale(style, c.Seconds, c.Said, inner)...)
	}
	const names = len("the last one") + 2
	for i, fact := range c.facts() {
		if i == 0 {
			body = append(body, "")
		}
		for j, line := range text.Wrap(fact[1], max(inner-names, 8)) {
			name := ""
			if j == 0 {
				name = fact[0]
			}
			body = append(body, style.Faint(text.Pad(name, names))+line)
		}
	}
	body = body[:min(len(body), cardRows-2)]
	lines := []string{"┌ " + style.Bold("mayfly") + " " + strings.Repeat("─", inner-len("mayfly")) + "┐"}
	for _, line := range body {
		lines = append(lines, side(line, inner))
	}
	return append(lines, bottom(inner))
}
