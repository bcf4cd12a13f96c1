package phases

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/templates"
)

// typicalPlace is an environment whose names are as long as most.
func typicalPlace(t *testing.T) Place {
	t.Helper()
	application, err := FindApplication("go")
	if err != nil {
		t.Fatal(err)
	}
	return NewPlace(cloud.Names{Environment: "default", ID: "abcdef"}, "/home/learner/mayfly/default", map[string]string{
		cloud.TagEnvironment: "abcdef", cloud.TagOwner: "learner", cloud.TagExpires: "2026-12-09",
	}, application)
}

// wantedSections are the sections of a phase's lesson, in their order.
func wantedSections(p *Phase) []string {
	want := []string{SectionIdea, SectionPredict}
	if p.Number() > 1 {
		want = append([]string{SectionRecall}, want...)
	}
	for _, s := range p.Steps {
		want = append(want, s.Title)
	}
	return append(want, SectionObserve, SectionExplain, SectionBreak, SectionAWS, SectionQuestions, SectionReading)
}

// TestLessons lints every lesson.
func TestLessons(t *testing.T) {
	at := typicalPlace(t)
	for _, p := range Every() {
		lesson := readLesson(t, p.Name, at)
		lintSections(t, p.Name, lesson, wantedSections(p))
		for i := range p.Steps {
			if _, err := p.Commands(at, &p.Steps[i]); err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
		}
	}
	// What is broken must stand before all is gone.
	lintSections(t, "teardown", readLesson(t, "teardown", at), []string{
		SectionRecall, SectionIdea, SectionPredict, SectionBreak, SectionReceipt, SectionExplain, SectionAWS, SectionQuestions, SectionReading,
	})
	readLesson(t, "welcome", at)
}

// set and used find a shell's variables: AWS's and the machine's are in capitals.
var (
	set  = regexp.MustCompile(`(?m)^([a-z]+)=`)
	used = regexp.MustCompile(`\$\{?([a-z]+)`)
)

// TestSectionsStandByThemselves: whoever lets mayfly do a step, or comes back
// in a new shell, has none of what an earlier section's commands have left in
// the shell or in the scratch folder.
func TestSectionsStandByThemselves(t *testing.T) {
	at := typicalPlace(t)
	lessons := []string{"teardown"}
	for _, p := range Every() {
		lessons = append(lessons, p.Name)
	}
	for _, lesson := range lessons {
		for _, s := range readLesson(t, lesson, at).Sections {
			var typed strings.Builder
			for _, b := range Blocks(s.Text) {
				typed.WriteString(strings.Join(b.Commands, "\n") + "\n")
			}
			known := map[string]bool{}
			for _, name := range set.FindAllStringSubmatch(typed.String(), -1) {
				known[name[1]] = true
			}
			for _, name := range used.FindAllStringSubmatch(typed.String(), -1) {
				if !known[name[1]] {
					t.Errorf("%s, %s: $%s is set in another section", lesson, s.Title, name[1])
				}
			}
			if folder := at.Scratch(); strings.Contains(typed.String(), folder) && !strings.Contains(typed.String(), "mkdir -p "+folder) {
				t.Errorf("%s, %s: %s may not be there yet", lesson, s.Title, folder)
			}
		}
	}
}

// readLesson lints what a lesson's text must be, whatever its sections.
func readLesson(t *testing.T, folder string, at Place) Lesson {
	t.Helper()
	lesson, err := ReadLesson(folder, at)
	if err != nil {
		t.Fatal(err)
	}
	if lesson.Title == "" || len(lesson.Sections) == 0 {
		t.Errorf("%s wants a title and sections", folder)
	}
	source, err := fs.ReadFile(templates.FS, folder+"/lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(source); strings.Contains(text, "—") || strings.Contains(text, "http://") {
		t.Errorf("%s: a lesson has no em dashes, and links are https", folder)
	}
	const widest = 79
	fenced := false
	for line := range strings.Lines(string(source)) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		free := fenced || strings.Contains(line, "https://") || strings.Contains(line, "{{")
		if width := len([]rune(line)) - 1; width > widest && !free {
			t.Errorf("%s: %d columns: %s", folder, width, line)
		}
	}
	for _, s := range append([]Section{{Title: lesson.Title, Text: lesson.Opening}}, lesson.Sections...) {
		lintText(t, folder+", "+s.Title, s.Text)
	}
	return lesson
}

var fences = []string{"```sh", "```sh fails", "```output", "```text"}

// lintText looks at the lines of a section.
func lintText(t *testing.T, where, text string) {
	t.Helper()
	const widest = 100
	if strings.Contains(text, "{{") || strings.Contains(text, "<no value>") {
		t.Errorf("%s: a placeholder is left", where)
	}
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "```") {
			switch {
			case fence != "" && line != "```":
				t.Errorf("%s: %q within %q", where, line, fence)
			case fence == "" && !slices.Contains(fences, line):
				t.Errorf("%s: unknown fence %q", where, line)
			case fence != "":
				line = ""
			}
			fence = line
			continue
		}
		if width := len([]rune(line)); width > widest && !strings.Contains(line, "https://") {
			t.Errorf("%s: %d columns: %s", where, width, line)
		}
		if strings.HasPrefix(fence, "```sh") && strings.HasPrefix(strings.TrimSpace(line), "#") {
			t.Errorf("%s: zsh does not take comments that are typed: %s", where, line)
		}
	}
	if fence != "" {
		t.Errorf("%s: %q has no end", where, fence)
	}
}

func lintSections(t *testing.T, folder string, lesson Lesson, want []string) {
	t.Helper()
	var have []string
	for _, s := range lesson.Sections {
		have = append(have, s.Title)
		if s.Text == "" {
			t.Errorf("%s: %s is empty", folder, s.Title)
		}
	}
	if !slices.Equal(have, want) {
		t.Errorf("%s has the sections\n%q\nand should have\n%q", folder, have, want)
	}
	if slices.Contains(want, SectionRecall) {
		lintQuestions(t, folder+", "+SectionRecall, lesson.Section(SectionRecall), 1)
	}
	if len(Blocks(lesson.Section(SectionBreak))) < 2 {
		t.Errorf("%s: what is broken is mended, in blocks of its own", folder)
	}
	const three = 3
	lintQuestions(t, folder+", "+SectionQuestions, lesson.Section(SectionQuestions), three)
	if n := strings.Count(lesson.Section(SectionReading), "https://"); n < 2 {
		t.Errorf("%s: %s has %d links", folder, SectionReading, n)
	}
}

// lintQuestions looks for so many questions, each with an answer.
func lintQuestions(t *testing.T, where, text string, want int) {
	t.Helper()
	questions := QuestionsAndAnswers(text)
	if len(questions) != want {
		t.Errorf("%s has %d questions, not %d", where, len(questions), want)
	}
	const shortest = 20
	for _, q := range questions {
		if !strings.HasSuffix(q.Question, "?") || len(q.Answer) < shortest {
			t.Errorf("%s: %q is answered %q", where, q.Question, q.Answer)
		}
	}
}

func TestBlocks(t *testing.T) {
	blocks := Blocks("Text.\n```sh\none \\\n  two\nthree '{\n  four}'\n```\n```output\n...\n```\n```text\nfive\n```\n```sh fails\nsix\n```\n")
	if len(blocks) != 2 || !slices.Equal(blocks[0].Commands, []string{"one \\\n  two", "three '{\n  four}'"}) ||
		blocks[0].Output != "...\n" || blocks[0].Fails || !blocks[1].Fails || blocks[1].Output != "" {
		t.Errorf("got %+v", blocks)
	}
}

func TestPlacesAreQuoted(t *testing.T) {
	at := typicalPlace(t)
	if got := at.StackTags(); got != "mayfly:environment=abcdef mayfly:expires=2026-12-09 mayfly:owner=learner" {
		t.Errorf("tags are %s", got)
	}
	at.WorkDir, at.Tags = "/home/a learner's", map[string]string{"k": "a b$c"}
	if got, want := at.Checkout(), `'/home/a learner'\''s'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := at.StackTags(), `'k=a b$c'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
