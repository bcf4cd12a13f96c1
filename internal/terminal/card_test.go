package terminal

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mayfly-cd/mayfly/internal/text"
)

func TestScale(t *testing.T) {
	for name, test := range map[string]struct {
		seconds  float64
		answered string
	}{
		"week": {4.1, "a week"}, "month": {0.4, "a month"}, "hour": {7200, "an hour"}, "nothing": {0, ""},
		"second": {61, "a second"}, "unsaid": {4.1, "I would rather not say"},
	} {
		for _, width := range []int{80, 60, 40} {
			lines := Scale(Style{}, test.seconds, test.answered, width)
			golden(t, fmt.Sprintf("scale-%s-%d.txt", name, width), lines)
			for _, line := range lines {
				if text.Width(line) > width {
					t.Errorf("%s: %d columns in %d: %s", name, text.Width(line), width, line)
				}
			}
			if painted := Clean(strings.Join(Scale(Style{on: true}, test.seconds, test.answered, width), "\n")); painted != strings.Join(lines, "\n") {
				t.Errorf("%s in colour:\n%s", name, painted)
			}
		}
	}
}

// TestScaleIsInOrder holds that what takes longer stands further to the left, up to the ends.
func TestScaleIsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(0.001, 1e8).Draw(t, "a")
		b := rapid.Float64Range(a, 1e8).Draw(t, "b")
		if x, y := along(a), along(b); x < y || x > 1 || y < 0 {
			t.Fatalf("%v s at %v, %v s at %v", a, x, b, y)
		}
	})
}

func cards() map[string]Card {
	return map[string]Card{
		"whole": {
			Said: "a week", Where: "On this laptop", Seconds: 4.1, Of: 5, Commits: 7, Cold: 31, Warm: 2.4,
			Phases:  []string{"CodeCommit", "CodeBuild", "CodePipeline", "CloudFormation", "Speeding up CodeBuild"},
			Message: "Say hello <everybody> & \"all\"\n\nand more", Date: time.Date(2026, 11, 25, 23, 0, 0, 0, time.UTC),
		},
		"little":  {Seconds: 12, Commits: 1, Cold: 9},
		"unsaid":  {Where: "On this laptop", Seconds: 4.1, Warm: 1},
		"nothing": {},
		"hostile": {
			Said: "a week\x1b[31m", Where: strings.Repeat("very ", 100) + "long", Seconds: 4.1,
			Message: "\u202e]]></text><script>alert(1)</script>\x00\ufffe" + strings.Repeat("日本", 500),
			Phases:  strings.Split(strings.Repeat("a phase of a long name,", 40), ","),
		},
	}
}

func TestCardText(t *testing.T) {
	for name, c := range cards() {
		for _, width := range []int{80, 60, 40} {
			lines := CardText(Style{}, c, width)
			golden(t, fmt.Sprintf("card-%s-%d.txt", name, width), lines)
			if len(lines) > 24 {
				t.Errorf("%s: %d rows", name, len(lines))
			}
			for _, line := range lines {
				if text.Width(line) > width {
					t.Errorf("%s: %d columns in %d: %s", name, text.Width(line), width, line)
				}
			}
		}
	}
}

// TestCardSaysOnlyWhatIsKnown looks for words about what is not.
func TestCardSaysOnlyWhatIsKnown(t *testing.T) {
	for name, words := range map[string][]string{
		"little":  {"You said", "you said", "phases", "warm", "last one", "date", "laptop"},
		"unsaid":  {"You said", "you said", "cold", "went live"},
		"nothing": {"You", "you", "build", "0", "-"},
	} {
		for kind, card := range map[string]string{
			"text": strings.Join(CardText(Style{}, cards()[name], 80), "\n"),
			"svg":  textOf(t, CardSVG(cards()[name])),
		} {
			for _, word := range words {
				if strings.Contains(card, word) {
					t.Errorf("%s %s says %q:\n%s", name, kind, word, card)
				}
			}
		}
	}
}

// textOf reads a picture as XML and returns its words.
func textOf(t *testing.T, svg []byte) string {
	t.Helper()
	var words strings.Builder
	style := false
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return words.String()
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			style = token.Name.Local == "style"
			if name := token.Name.Local; name == "script" || name == "image" || name == "foreignObject" {
				t.Errorf("there is a <%s>", name)
			}
			for _, a := range token.Attr {
				if strings.Contains(a.Value, "://") && a.Name.Local != "xmlns" || strings.HasPrefix(a.Name.Local, "on") {
					t.Errorf("attribute %s=%q", a.Name.Local, a.Value)
				}
			}
		case xml.EndElement:
			style = false
			words.WriteByte('\n')
		case xml.CharData:
			if !style {
				words.Write(token)
			}
		}
	}
}

func TestCardSVG(t *testing.T) {
	for name, c := range cards() {
		svg := CardSVG(c)
		golden(t, "card-"+name+".svg", strings.Split(strings.TrimSuffix(string(svg), "\n"), "\n"))
		if words := textOf(t, svg); strings.ContainsAny(words, "\x1b\u202e\x00") {
			t.Errorf("%s: text from outside acts: %q", name, words)
		}
		for _, needed := range []string{"prefers-color-scheme: dark", `class="ground"`} {
			if !bytes.Contains(svg, []byte(needed)) {
				t.Errorf("%s: no %s", name, needed)
			}
		}
	}
	words := textOf(t, CardSVG(cards()["whole"]))
	for _, want := range []string{"You said a week. On this laptop: 4.1 s.", `Say hello <everybody> & "all"`, "31 s cold, 2.4 s warm", "25 November 2026"} {
		if !strings.Contains(words, want) {
			t.Errorf("no %q in\n%s", want, words)
		}
	}
}
