//go:build unix

package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mayfly-cd/mayfly/internal/text"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
)

const enter = "\r"

// readers go on reading, and predict nothing.
var readers = map[string]string{
	"Enter goes on": enter, "Your guess": enter, "The template of this phase": enter, "What this phase's template adds": enter,
}

// with adds habits to others.
func with(habits map[string]string, more map[string]string) map[string]string {
	all := map[string]string{}
	for _, m := range []map[string]string{habits, more} {
		maps.Copy(all, m)
	}
	return all
}

// home makes a learner's home, and the variables that lead there.
func home(t *testing.T) (dir string, environ []string) {
	t.Helper()
	dir = t.TempDir()
	if err := makeFile(filepath.Join(dir, ".gitconfig"), []byte("[user]\n\tname = A Learner\n\temail = learner@example.com\n")); err != nil {
		t.Fatal(err)
	}
	environ = learnerEnviron(t, dir, filepath.Join(dir, "data"))
	stopsAfter(t, environ)
	return dir, environ
}

// stopsAfter ends the local AWS after the test.
func stopsAfter(t *testing.T, environ []string) {
	t.Helper()
	t.Cleanup(func() {
		stop := exec.Command("mayfly", "local", "stop")
		stop.Env = environ
		_ = stop.Run() // it may have ended with a teardown
	})
}

// TestPersonLetsMayflyDoIt walks through all phases in a terminal, from the
// first question to the teardown, and has each step done. The screens at the
// end of the phases are kept under testdata/screens.
func TestPersonLetsMayflyDoIt(t *testing.T) {
	t.Parallel()
	dir, environ := home(t)
	p := sit(t, 80, 24, environ)
	p.answers("How long does it take", "week"+enter)
	p.until("Where should AWS run?", readers)
	p.types(enter)
	p.answers("Which sample application?", "python"+enter)
	p.answers("Where should your working copy go?", enter)
	for _, phase := range phases.All {
		p.until("What next?", with(readers, map[string]string{"How do you want to do it?": "d" + enter}))
		e, _, err := workshop.LoadEnvironment(filepath.Join(dir, "data", "mayfly", "default"))
		if err != nil {
			t.Fatal(err)
		}
		p.knows(e)
		p.golden(fmt.Sprintf("phase-%d", phase.Number()), "What you have now")
		if phase.Number() == 1 {
			// Quitting loses nothing, and coming back asks nothing again.
			p.types("q" + enter)
			if code := p.leaves(); code != exitDone {
				t.Fatalf("quitting ends with %d", code)
			}
			p = sit(t, 80, 24, environ)
			continue
		}
		p.types("n" + enter)
	}
	p.expects("Enter goes on")
	p.golden("end", "All five phases are done")
	p.until("What next?", readers)
	p.types("a" + enter)
	p.until("What next?", with(readers, map[string]string{"How do you want to do it?": "d" + enter}))
	p.golden("phase-6", "What you have now")
	p.types("n" + enter)
	p.until("What next?", readers)
	p.types("x" + enter)
	p.until("Take everything down?", readers)
	p.types("d" + enter)
	p.answers("Type the environment's name, default", "default"+enter)
	p.expects("Everything is gone.")
	p.golden("receipt", "Receipt\n")
	if !strings.Contains(p.sees(), "DELETE_COMPLETE") || strings.Contains(p.sees(), "DELETE_IN_PROGRESS") {
		t.Errorf("the deletions are not followed to their end:\n%s", p.sees())
	}
	p.types("e" + enter)
	p.until("Everything is gone.", readers)
	p.types("q" + enter)
	if code := p.leaves(); code != exitDone {
		t.Fatalf("the teardown ends with %d; the screen:\n%s", code, p.sees())
	}
	if _, err := os.Stat(endpointFile(filepath.Join(dir, "data", "mayfly", "default"))); err == nil {
		t.Error("the local AWS still runs")
	}

	// Whoever comes back begins anew, in the folder that is still there.
	p = sit(t, 80, 24, environ)
	p.expects("Enter goes on")
	p.shows("Phase 1 of 5")
	p.until("What next?", with(readers, map[string]string{
		"How do you want to do it?": "d" + enter, "What about the working copy?": "d" + enter,
	}))
	p.types("q" + enter)
	if code := p.leaves(); code != exitDone || strings.Contains(p.text(), "does not hold any more") {
		t.Errorf("the second time ends with %d; the screen:\n%s", code, p.sees())
	}
}

// TestPersonTypesEverything walks through all phases and types every command of
// every step, in a shell beside the terminal, while mayfly watches. After each
// phase it makes the lesson's mistake and mends it, as the lesson says.
func TestPersonTypesEverything(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes long; TestPersonLetsMayflyDoIt takes the same steps")
	}
	t.Parallel()
	needsAWS(t)
	l := newLearner(t)
	p := sit(t, 80, 24, l.environ)
	l.sees = p.finds
	for _, phase := range phases.Every() {
		lesson, err := phase.Lesson(l.place)
		if err != nil {
			t.Fatal(err)
		}
		if phase.IsBonus() {
			p.until("What next?", readers)
			p.types("a" + enter)
		}
		for _, step := range phase.Steps {
			p.until("How do you want to do it?", readers)
			if seen := p.sees(); !strings.Contains(seen, "type it myself") {
				t.Fatalf("typing is not offered:\n%s", seen)
			}
			p.types("t" + enter)
			l.study(phase.Name, phases.Section{Title: step.Title, Text: lesson.Section(step.Title)})
		}
		p.until("What next?", readers)
		l.study(phase.Name, phases.Section{Title: phases.SectionObserve, Text: lesson.Section(phases.SectionObserve)})
		p.types("b" + enter)
		p.until("How do you want to break it?", readers)
		p.types("m" + enter)
		l.study(phase.Name, phases.Section{Title: phases.SectionBreak, Text: lesson.Section(phases.SectionBreak)})
		l.settle()
		p.types(enter)
	}
	p.until("What next?", readers)
	p.types("q" + enter)
	if code := p.leaves(); code != exitDone {
		t.Errorf("quitting ends with %d", code)
	}
	if out, code := l.shell.run("mayfly verify"); code != 0 {
		t.Errorf("mayfly verify ends with %d:\n%s", code, out)
	}
}

// TestWalkGoesOnWhereItWasLeft quits in the middle of what is read: whoever
// comes back reads it to its end, and then not again.
func TestWalkGoesOnWhereItWasLeft(t *testing.T) {
	_, environ := home(t)
	comesBack := func(leave string, words string) (p *person) {
		t.Helper()
		if p = sit(t, 100, 50, environ); leave == "" {
			return p
		}
		p.answers(leave, "q"+enter)
		p.shows(words)
		if code := p.leaves(); code != exitDone {
			t.Fatalf("quitting ends with %d; the screen:\n%s", code, p.sees())
		}
		return nil
	}
	p := comesBack("", "")
	p.answers("How long does it take", "week"+enter)
	p.answers("Where should AWS run?", enter)
	p.answers("Which sample application?", "python"+enter)
	p.answers("Where should your working copy go?", enter)
	p.answers("Enter goes on", "q"+enter)
	p.leaves()
	comesBack("Enter goes on", "The one idea")
	p = comesBack("", "")
	p.until("How do you want to do it?", readers)
	p.types("q" + enter)
	p.leaves()
	p = comesBack("", "")
	p.until("How do you want to do it?", nil) // at once
	p.types("d" + enter)
	p.until("Enter goes on", map[string]string{"How do you want to do it?": "d" + enter})
	p.shows("CodeCommit, is done. Observe")
	p.types("q" + enter)
	p.leaves()
	comesBack("Enter goes on", "CodeCommit, is done. Observe")
	p = comesBack("", "")
	p.until("What next?", readers)
	p.types("q" + enter)
	p.leaves()
	comesBack("Enter goes on", "Phase 2 of 5")
}

// finds looks for a command in what the walk has shown, as the terminal's
// width broke it, and returns it so.
func (p *person) finds(command string) string {
	p.t.Helper()
	const indent, columns = 4, 80
	lines := text.FoldShell(strings.Split(command, "\n"), columns-1-indent)
	shown := strings.ReplaceAll(p.text(), "\r", "")
	for _, line := range lines {
		if !strings.Contains(shown, "\n"+strings.Repeat(" ", indent)+line+"\n") {
			p.t.Errorf("the walk does not show %q", line)
		}
	}
	return strings.Join(lines, "\n")
}

// TestPersonFindsWhatWasBroken has something broken in secret, has it mended,
// is told the story once, and may have the next thing broken.
func TestPersonFindsWhatWasBroken(t *testing.T) {
	t.Parallel()
	_, environ := small(t, "codecommit", "codebuild")
	p := sit(t, 100, 40, environ)
	p.until("How do you want to do it?", readers)
	p.types("d" + enter)
	p.until("How do you want to do it?", readers)
	for i := range 2 {
		if out, err := command(t, environ, "break", "codebuild", "--way", "project"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		p.types("m" + enter)
		p.answers("More about what?", "b"+enter)
		p.answers("How do you want to do it?", "s"+enter)
		p.until("What now?", readers)
		p.shows("there is no project")
		p.until("How do you want to do it?", with(readers, map[string]string{"What now?": "d" + enter, "What next?": "n" + enter}))
		told := strings.Count(p.text(), "You found it.")
		if told != i+1 {
			t.Errorf("the story was told %d times, want %d; the screen:\n%s", told, i+1, p.sees())
		}
	}
}

func command(t *testing.T, environ []string, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "mayfly", args...)
	cmd.Env = environ
	return cmd.CombinedOutput()
}
