package phases

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	texttemplate "text/template"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/templates"
)

// Lesson is the text of a phase: Markdown, with the names of one environment
// filled in, so that every command in it can be typed as it stands.
//
// A lesson.md begins with a title and what comes before the first heading of
// the second level; then come sections. Those that a lesson has, in this
// order, are: Recall (not in the first), The one idea, Predict, one section
// for each step, named as the step is, Observe, Explain, Break it, On AWS,
// Questions, Further reading.
type Lesson struct {
	// Title is the heading of the first level.
	Title string
	// Opening is what stands before the first section.
	Opening string
	// Sections are in the order of the text.
	Sections []Section
}

// Section is a heading of the second level and what stands below it.
type Section struct{ Title, Text string }

// The sections of a lesson that are not steps.
const (
	SectionRecall    = "Recall"
	SectionIdea      = "The one idea"
	SectionPredict   = "Predict"
	SectionObserve   = "Observe"
	SectionExplain   = "Explain"
	SectionBreak     = "Break it"
	SectionAWS       = "On AWS"
	SectionQuestions = "Questions"
	SectionReading   = "Further reading"
	// SectionReceipt is the one step of the lesson of teardown.
	SectionReceipt = "Take it all down"
)

// Place is what a lesson's commands name: one environment.
type Place struct {
	cloud.Names
	// Mayfly is the command that reaches the environment: "mayfly", or with its --env.
	Mayfly string
	// WorkDir is the learner's working copy.
	WorkDir string
	// Tags are what every stack carries.
	Tags map[string]string
	// GreetingFile is the file of the working copy that holds the greeting.
	GreetingFile string
}

// NewPlace describes an environment to its lessons.
func NewPlace(n cloud.Names, workdir string, tags map[string]string, application *Application) Place {
	return Place{Names: n, Mayfly: Typed(n.Environment, "mayfly"), WorkDir: workdir, Tags: tags, GreetingFile: application.GreetingFile()}
}

// Checkout is the working copy as a shell takes it.
func (p Place) Checkout() string { return ShellWord(p.WorkDir) }

// Scratch is a folder beside the working copy for what does not belong into the repository.
func (p Place) Scratch() string { return ShellWord(p.WorkDir + "-templates") }

// StackTags are the tags as `aws cloudformation deploy --tags` takes them.
func (p Place) StackTags() string {
	var pairs []string
	for key, value := range p.Tags {
		pairs = append(pairs, ShellWord(key+"="+value))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, " ")
}

// ReadLesson returns the lesson of a folder in templates/, with its commands for one environment.
func ReadLesson(folder string, at Place) (Lesson, error) {
	source, err := fs.ReadFile(templates.FS, folder+"/lesson.md")
	if err != nil {
		return Lesson{}, fmt.Errorf("read the lesson: %w", err)
	}
	text, err := texttemplate.New(folder).Option("missingkey=error").Parse(string(source))
	if err != nil {
		return Lesson{}, fmt.Errorf("read the lesson: %w", err)
	}
	var filled bytes.Buffer
	if err := text.Execute(&filled, at); err != nil {
		return Lesson{}, fmt.Errorf("fill in the lesson: %w", err)
	}
	return parseLesson(filled.String()), nil
}

// Lesson is the phase's lesson for one environment.
func (p *Phase) Lesson(at Place) (Lesson, error) { return ReadLesson(p.Name, at) }

func parseLesson(text string) Lesson {
	var l Lesson
	var part strings.Builder
	end := func() {
		body := strings.TrimSpace(part.String())
		if n := len(l.Sections); n > 0 {
			l.Sections[n-1].Text = body
		} else {
			l.Opening = body
		}
		part.Reset()
	}
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		title, isTitle := strings.CutPrefix(line, "# ")
		heading, isHeading := strings.CutPrefix(line, "## ")
		switch {
		case isTitle && !fenced && l.Title == "":
			l.Title = strings.TrimSpace(title)
		case isHeading && !fenced:
			end()
			l.Sections = append(l.Sections, Section{Title: strings.TrimSpace(heading)})
		default:
			part.WriteString(line)
		}
	}
	end()
	return l
}

// Section returns the text of a section; "" where there is none.
func (l Lesson) Section(title string) string {
	for _, s := range l.Sections {
		if s.Title == title {
			return s.Text
		}
	}
	return ""
}

// Commands are the lines to type that do a step: those of its section of the lesson.
func (p *Phase) Commands(at Place, step *Step) ([]string, error) {
	lesson, err := p.Lesson(at)
	if err != nil {
		return nil, err
	}
	var commands []string
	for _, b := range Blocks(lesson.Section(step.Title)) {
		commands = append(commands, b.Commands...)
	}
	if len(commands) == 0 {
		return nil, fmt.Errorf("the lesson of %s has no commands for %q", p.Name, step.Title)
	}
	return commands, nil
}

// Block is a block of commands in a lesson and, where the lesson shows it,
// what they answer.
type Block struct {
	// Commands are the lines of a ```sh block; one that ends in a backslash, or
	// within single quotes, is one command with the next.
	Commands []string
	// Fails says that the last command is meant to fail: the block begins with "```sh fails".
	Fails bool
	// Output is the ```output block that follows: a line "..." stands for any
	// lines, and "<word>" within a line for anything there.
	Output string
}

// Blocks finds the blocks of commands in a text.
func Blocks(text string) []Block {
	var blocks []Block
	kind := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if fence, ok := strings.CutPrefix(line, "```"); ok {
			if kind == "" {
				kind = strings.TrimSpace(fence)
				if kind == "" {
					kind = "text"
				}
				if kind == "sh" || kind == "sh fails" {
					blocks = append(blocks, Block{Fails: kind == "sh fails"})
					kind = "sh"
				}
			} else {
				kind = ""
			}
			continue
		}
		n := len(blocks) - 1
		switch kind {
		case "sh":
			b := &blocks[n]
			if last := len(b.Commands) - 1; last >= 0 && unfinished(b.Commands[last]) {
				b.Commands[last] += "\n" + line
			} else if strings.TrimSpace(line) != "" {
				b.Commands = append(b.Commands, line)
			}
		case "output":
			if n >= 0 {
				blocks[n].Output += line + "\n"
			}
		}
	}
	return blocks
}

// unfinished tells whether a command goes on in the next line.
func unfinished(command string) bool {
	return strings.HasSuffix(command, "\\") || strings.Count(command, "'")%2 == 1
}
