package walk

import (
	"context"
	"errors"
	"strings"

	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/phases"
)

// Answers are what the first questions find out.
type Answers struct {
	// LeadTime is how long a commit takes to reach production where the learner
	// works, such as "a week"; "" where they do not know.
	LeadTime string
	// Account says that it shall run in an AWS account and not on this laptop.
	Account bool
	// Application is the language of the sample application.
	Application string
	// WorkDir is where the working copy goes.
	WorkDir string
}

// Known are the answers that flags have given already; the questions are not asked.
type Known struct {
	Account, Application, WorkDir bool
}

// Application is a sample application that can be chosen.
type Application struct {
	Language string
	// Missing is the program that it needs and this machine lacks; "" where it has all.
	Missing string
}

// scale are the answers to the workshop's question, the slowest first, and how
// they are said again at the end.
var scale = []struct{ key, label, said string }{
	{"month", "A month or more", "a month"},
	{"week", "About a week", "a week"},
	{"day", "About a day", "a day"},
	{"hour", "About an hour", "an hour"},
	{"minute", "Minutes", "a minute"},
	{"unknown", "I do not know", ""},
}

// howLong says what the workshop costs in time and money.
const howLong = "Allow one to two hours, most of it reading and typing. Quit whenever you like: mayfly picks up where you left off. " +
	"On this laptop it costs nothing and needs no account. In an AWS account it costs under $0.25 (November 2026, from a third-party copy of the price list)."

// First asks the first questions. preset holds what is proposed, and what
// known says is settled. applications may take a while: it is asked late.
func First(ctx context.Context, ask prompt.Prompter, screen *Screen, preset Answers, known Known,
	applications func() []Application, usable func(ctx context.Context, workdir string) error,
) (Answers, error) {
	answers := preset
	ask = paced{ask, screen}
	welcome, err := phases.ReadLesson("welcome", phases.Place{Mayfly: "mayfly"})
	if err != nil {
		return answers, err
	}
	screen.Heading(welcome.Title)
	screen.Text(welcome.Opening)
	if answers.LeadTime, err = askLeadTime(ask); err != nil {
		return answers, err
	}
	if err := screen.Pages(join(heading("What it is", welcome.Section("What it is")),
		heading("What you will do", welcome.Section("What you will do")), heading("How a phase goes", welcome.Section("How a phase goes")), howLong), func() error { return more(ask) }); err != nil {
		return answers, err
	}
	if !known.Account {
		where, err := ask.Choose("Where should AWS run?", []prompt.Choice{
			{Key: "laptop", Label: "On this laptop: no account, no Docker, no bill"},
			{Key: "account", Label: "In an AWS account: under $0.25, and not tried yet"},
		})
		if err != nil {
			return answers, err
		}
		answers.Account = where == "account"
	}
	if answers.Account {
		screen.Text("**No account has been tried with this version.** What could be proved without one is in docs/decisions.md. " +
			"mayfly makes resources in the account that your keys belong to, tags each of them, and asks before it makes the first.")
	}
	if !known.Application {
		if answers.Application, err = chooseApplication(ask, screen, applications()); err != nil {
			return answers, err
		}
	}
	if !known.WorkDir {
		answers.WorkDir, err = ask.Text("Where should your working copy go?", preset.WorkDir, func(dir string) error {
			return usable(ctx, dir)
		})
	}
	return answers, err
}

// askLeadTime asks the workshop's question, and returns the answer as it is said.
func askLeadTime(ask prompt.Prompter) (string, error) {
	var choices []prompt.Choice
	for _, s := range scale {
		choices = append(choices, prompt.Choice{Key: s.key, Label: s.label})
	}
	key, err := ask.Choose("How long does it take for a commit to reach production where you work?", choices)
	if err != nil {
		return "", err
	}
	for _, s := range scale {
		if s.key == key {
			return s.said, nil
		}
	}
	return "", nil
}

// chooseApplication asks for one; those whose toolchain is here come first.
func chooseApplication(ask prompt.Prompter, screen *Screen, applications []Application) (string, error) {
	var choices, missing []prompt.Choice
	for _, a := range applications {
		label := "In " + languageName(a.Language)
		if a.Missing != "" {
			missing = append(missing, prompt.Choice{Key: a.Language, Label: label + " (needs " + a.Missing + ", which is not installed)"})
			continue
		}
		choices = append(choices, prompt.Choice{Key: a.Language, Label: label})
	}
	if len(choices) == 0 {
		return "", errors.New("no sample application can be built here: install Go, Python 3 or Node.js, then start again")
	}
	for {
		language, err := ask.Choose("Which sample application?", append(choices, missing...))
		if err != nil {
			return "", err
		}
		for _, a := range applications {
			if a.Language == language && a.Missing == "" {
				return language, nil
			}
			if a.Language == language {
				screen.Say(languageName(language) + " needs " + a.Missing + ", which is not here: install it and start again, or choose another.")
			}
		}
	}
}

func languageName(language string) string {
	switch language {
	case "node":
		return "Node.js"
	default:
		return strings.ToUpper(language[:1]) + language[1:]
	}
}
