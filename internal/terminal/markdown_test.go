package terminal

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// fits tells whether a line keeps to a width, or is one of those that may not be broken.
func fits(line string, width int) bool {
	return text.Width(line) <= width || isCode(line) || len(strings.Fields(Clean(line))) <= 2
}

func TestMarkdown(t *testing.T) {
	source, err := os.ReadFile("testdata/lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{80, 60, 40} {
		lines := Markdown(Style{}, string(source), width)
		golden(t, fmt.Sprintf("lesson-%d.txt", width), lines)
		for _, line := range lines {
			if !fits(line, width) {
				t.Errorf("%d columns in %d: %s", text.Width(line), width, line)
			}
			if strings.ContainsAny(line, "\x1b\u202e") {
				t.Errorf("it acts: %q", line)
			}
		}
	}
	painted := Markdown(Style{on: true}, string(source), 80)
	golden(t, "lesson-colour.txt", painted)
	for _, line := range painted {
		// A line that is shown alone, or scrolled away from, leaves no paint behind.
		if open := strings.Count(line, "\x1b[") % 2; open != 0 {
			t.Errorf("paint runs over the line's end: %q", line)
		}
	}
}

func TestMarkdownInline(t *testing.T) {
	for source, want := range map[string]string{
		"**bold** and *stressed*":                    "bold and stressed",
		"`code` in `a b`":                            "`code` in `a b`",
		"snake_case_stays and 2 * 3 * 4":             "snake_case_stays and 2 * 3 * 4",
		"[words](https://example.com)":               "words (https://example.com)",
		"[https://example.com](https://example.com)": "https://example.com",
		"<https://example.com>":                      "https://example.com",
		"see[words](https://example.com), please":    "seewords (https://example.com), please",
		"[a section](#there)":                        "a section",
		"**Note**: `x`.":                             "Note: `x`.",
		"a\nb":                                       "a b",
		"a  \nb":                                     "a\nb",
		"&lt;tag&gt; &amp; \\*":                      "<tag> & *",
		"esc &#27;[31mred &#x202e;turned":            "esc [31mred turned",
		"text <b>in</b> HTML<!-- and a remark -->":   "text in HTML",
		"<!-- a remark -->":                          "",
		"![a picture](p.png)":                        "a picture (p.png)",
		"`` a`b ``":                                  "`a`b`",
		"":                                           "",
	} {
		if got := strings.Join(Markdown(Style{}, source, 80), "\n"); got != want {
			t.Errorf("%q: %q, want %q", source, got, want)
		}
	}
}

// TestMarkdownOfAnything neither panics nor lets anything act.
// TestMarkdownKeepsCommandsWhole breaks a command only where no line can hold it.
func TestMarkdownKeepsCommandsWhole(t *testing.T) {
	const source = "In a terminal that has run (`eval \"$(mayfly local env)\"`), type on."
	for width, want := range map[int]string{
		80: "In a terminal that has run (`eval \"$(mayfly local env)\"`), type on.",
		50: "In a terminal that has run\n(`eval \"$(mayfly local env)\"`), type on.",
		32: "In a terminal that has run\n(`eval \"$(mayfly local env)\"`),\ntype on.",
		20: "In a terminal that\nhas run (`eval\n\"$(mayfly local\nenv)\"`), type on.",
	} {
		if got := strings.Join(Markdown(Style{}, source, width), "\n"); got != want {
			t.Errorf("%d columns:\n%s\nwant\n%s", width, got, want)
		}
		painted := strings.Join(Markdown(Style{on: true}, source, width), "\n")
		if got := Clean(strings.ReplaceAll(painted, "\n", "|")); strings.Count(got, "|") > strings.Count(want, "\n") {
			t.Errorf("%d columns, painted: %s", width, got)
		}
	}
}

func TestMarkdownOfAnything(t *testing.T) {
	pieces := []string{"# a", "\n\n", "- x", "1. y", "> q", "```sh\n", "```\n", "    code", "| a | b |\n|---|---|\n| c | d |", "**", "_", "`", "[l](u)", "<b>", "\x1b[31m", "\u202e", "日本語 ", "word ", "&#27;"}
	rapid.Check(t, func(t *rapid.T) {
		source := strings.Join(rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringN(0, 5, -1))).Draw(t, "source"), "")
		for _, line := range Markdown(Style{}, source, rapid.IntRange(1, 90).Draw(t, "width")) {
			if Clean(line) != line || strings.Contains(line, "\n") {
				t.Fatalf("%q gives %q", source, line)
			}
		}
	})
}

func TestScreens(t *testing.T) {
	code := []string{"    one", "    two", "    three"}
	for name, test := range map[string]struct {
		lines []string
		rows  int
		want  [][]string
	}{
		"one screen":                {[]string{"a", "", "b"}, 3, [][]string{{"a", "", "b"}}},
		"between paragraphs":        {[]string{"a", "a", "", "b", "b"}, 4, [][]string{{"a", "a"}, {"b", "b"}}},
		"no empty line at a start":  {[]string{"a", "", "", "b"}, 1, [][]string{{"a"}, {"b"}}},
		"a long paragraph":          {[]string{"a", "b", "c", "d", "e"}, 2, [][]string{{"a", "b"}, {"c", "d"}, {"e"}}},
		"a heading with its text":   {[]string{"x", "", "== h ==", "a", "a"}, 4, [][]string{{"x"}, {"== h ==", "a", "a"}}},
		"code stays whole":          {slices.Concat([]string{"x", "y", ""}, code), 5, [][]string{{"x", "y"}, code}},
		"what announces it":         {slices.Concat([]string{"x", "", "type:", ""}, code), 6, [][]string{{"x"}, slices.Concat([]string{"type:", ""}, code)}},
		"code below a long heading": {slices.Concat([]string{"h", "a", "b"}, code), 4, [][]string{{"h", "a", "b"}, code}},
		"code longer than a screen": {slices.Concat(code, code), 4, [][]string{{code[0], code[1], code[2], code[0]}, {code[1], code[2]}}},
		"lines that wrap":           {[]string{strings.Repeat("a", 41), "b", "c"}, 4, [][]string{{strings.Repeat("a", 41), "b"}, {"c"}}},
		"as wide as the terminal":   {[]string{strings.Repeat("a", 20), "b", "c"}, 3, [][]string{{strings.Repeat("a", 20), "b", "c"}}},
		"a line of many rows":       {[]string{strings.Repeat("a", 200), "b"}, 4, [][]string{{strings.Repeat("a", 200)}, {"b"}}},
		"nothing":                   {nil, 5, nil},
		"no rows":                   {[]string{"a", "b"}, 0, [][]string{{"a"}, {"b"}}},
	} {
		got := Screens(test.lines, 20, test.rows, test.rows)
		if !slices.EqualFunc(got, test.want, slices.Equal[[]string]) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// TestScreensLoseNothing pages anything: every line is there, in order, and no page is too long.
func TestScreensLoseNothing(t *testing.T) {
	line := rapid.SampledFrom([]string{"", "text", "announced:", "    code", "== h =="})
	rapid.Check(t, func(t *rapid.T) {
		lines, rows := rapid.SliceOf(line).Draw(t, "lines"), rapid.IntRange(1, 9).Draw(t, "rows")
		first := rapid.IntRange(0, rows).Draw(t, "first")
		full := func(lines []string) []string {
			return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return l == "" })
		}
		screens := Screens(lines, 20, first, rows)
		if got := full(slices.Concat(screens...)); !slices.Equal(got, full(lines)) {
			t.Fatalf("got %q", screens)
		}
		for i, screen := range screens {
			if len(screen) > rows || i == 0 && len(screen) > max(first, 1) || len(screen) == 0 || screen[0] == "" || screen[len(screen)-1] == "" {
				t.Fatalf("screen %q of %d rows", screen, rows)
			}
		}
	})
}
