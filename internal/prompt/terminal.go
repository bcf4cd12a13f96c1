package prompt

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/core"
	surveyterminal "github.com/AlecAivazis/survey/v2/terminal"
	"golang.org/x/term"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/tty"
)

// Terminal asks in a terminal.
type Terminal struct {
	In  surveyterminal.FileReader
	Out surveyterminal.FileWriter
	// NoColor asks without colour.
	NoColor bool
	// Stop ends every question when it is closed, as Ctrl-C does. A Ctrl-C that
	// is typed before a question listens is a signal, and comes this way.
	Stop <-chan struct{}
}

var _ Prompter = Terminal{}

// Confirm implements Prompter.
func (t Terminal) Confirm(question string) (yes bool, err error) {
	err = t.ask(&survey.Confirm{Message: t.wrapped(question, len(" (y/N) "))}, &yes, nil)
	return yes && err == nil, err
}

// Type implements Prompter.
func (t Terminal) Type(question, want string) (bool, error) {
	var answer string
	err := t.ask(&survey.Input{Message: t.wrapped(question, len(want))}, &answer, nil)
	return tidy(answer) == want && err == nil, err
}

// Choose implements Prompter. A letter leaves only its own choice, and Enter takes it.
func (t Terminal) Choose(question string, choices []Choice) (string, error) {
	options := make([]string, len(choices))
	for i, c := range choices {
		options[i] = text.Cut(text.Pad(c.Key, keyColumns(choices))+" "+oneLine(c.Label), t.width()-3)
	}
	var at int
	message, how := t.wrapped(question, 0), howToChoose
	for _, behind := range append(slices.Clone(options), how) {
		if text.Width(message)+text.Width(behind)+len("?  ") >= t.width() {
			message += "\n " // what comes behind the question gets a line of its own
			break
		}
	}
	if len(how)+len("  ") >= t.width() {
		how = ""
	}
	err := t.ask(&survey.Select{
		Message: message, Help: how, Options: options, PageSize: len(options),
		Filter: func(typed, _ string, i int) bool {
			typed = strings.ToLower(strings.TrimSpace(typed))
			if _, whole := find(choices, typed); whole {
				return strings.EqualFold(choices[i].Key, typed)
			}
			return strings.HasPrefix(strings.ToLower(choices[i].Key), typed)
		},
	}, &at, nil)
	if err != nil {
		return "", err
	}
	return choices[at].Key, nil
}

// Text implements Prompter.
func (t Terminal) Text(question, preset string, check func(string) error) (string, error) {
	var answer string
	err := t.ask(&survey.Input{Message: t.wrapped(question, presetColumns(preset)), Default: oneLine(preset)}, &answer, func(answer string) error {
		return judge(answer, check)
	})
	if err != nil {
		return "", err
	}
	return tidy(answer), nil
}

// presetColumns is how wide a preset is, in the brackets and the spaces around it.
func presetColumns(preset string) int {
	if preset = oneLine(preset); preset != "" {
		return text.Width(preset) + len(" () ")
	}
	return 0
}

// width is how many columns the terminal has, 80 where it does not say.
func (t Terminal) width() int {
	if columns, _, err := term.GetSize(int(t.Out.Fd())); err == nil && columns > 0 {
		return columns
	}
	return 80
}

// wrapped is a question broken between its words. suffix is how many columns
// come behind it, in a line of their own where they are too many.
func (t Terminal) wrapped(question string, suffix int) string {
	columns := t.width() - len("? ") - 1
	if suffix < columns/2 {
		return strings.Join(text.Wrap(oneLine(question), columns-suffix), "\n  ")
	}
	lines := text.Wrap(oneLine(question), columns)
	if text.Width(lines[len(lines)-1])+suffix+roomToType > columns {
		lines = append(lines, "") // survey puts a space before what comes behind
	}
	return strings.Join(lines, "\n  ")
}

// The templates are survey's, with our words. That of a choice says how to
// choose, then what is typed, and where that is no choice.
const (
	howToChoose   = "  [letter or arrows, then Enter]"
	errorTemplate = `{{color .Icon.Format }}{{ .Icon.Text }} {{ .Error.Error }}{{color "reset"}}
`
)

const selectTemplate = `
{{- define "option"}}
    {{- if eq .SelectedIndex .CurrentIndex }}{{color .Config.Icons.SelectFocus.Format }}{{ .Config.Icons.SelectFocus.Text }} {{else}}{{color "default"}}  {{end}}
    {{- .CurrentOpt.Value}}
    {{- color "reset"}}
{{end}}
{{- color .Config.Icons.Question.Format }}{{ .Config.Icons.Question.Text }} {{color "reset"}}
{{- color "default+hb"}}{{ .Message }}{{color "reset"}}
{{- if .ShowAnswer}} {{color "cyan"}}{{.Answer}}{{color "reset"}}{{"\n"}}
{{- else}}{{color "cyan"}}{{if .FilterMessage}}{{ .FilterMessage }}{{else}}{{ .Help }}{{end}}{{color "reset"}}{{"\n"}}
  {{- range $ix, $option := .PageEntries}}
    {{- template "option" $.IterateOption $ix $option}}
  {{- else}}  There is no such choice: Backspace brings the others back.{{"\n"}}
  {{- end}}
{{- end}}`

// ask puts a question. What was typed before it, and what is left of a paste
// behind the answer, is dropped.
func (t Terminal) ask(p survey.Prompt, answer any, check func(string) error) (err error) {
	if stopped(t.Stop) {
		return ErrInterrupted
	}
	survey.SelectQuestionTemplate, survey.ErrorTemplate = selectTemplate, errorTemplate //nolint:reassign // survey has no other way
	core.DisableColor = t.NoColor
	tty.DropInput(t.In.Fd())
	in := t.In
	var typed *keyboard
	if reader, readerErr := tty.NewReader(t.In.Fd()); readerErr == nil {
		typed = &keyboard{in: reader, fd: t.In.Fd()}
		in = typed
		defer reader.Close()
		defer stopWith(reader, t.Stop)()
	}
	err = survey.AskOne(p, answer, survey.WithStdio(in, t.Out, t.Out), survey.WithValidator(func(value any) error {
		words, ok := value.(string)
		if !ok || check == nil {
			return nil
		}
		wrong := errTooLong
		if typed == nil || !typed.tooMuch() {
			wrong = check(tidy(words))
		}
		if wrong != nil {
			return errors.New(t.wrapped(sentence(wrong), 0))
		}
		return nil
	}))
	tty.DropInput(t.In.Fd())
	if errors.Is(err, surveyterminal.InterruptErr) || errors.Is(err, io.EOF) {
		_, _ = io.WriteString(t.Out, "\r\n") // the question stands in a line that nobody ended
		return ErrInterrupted
	}
	if err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	return nil
}
