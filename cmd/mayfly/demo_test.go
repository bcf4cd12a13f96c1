//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// The demonstration's home. Its path is as long as the one that is shown in its
// place, so that no line folds elsewhere.
const (
	demoShownHome = "/home/you"
	demoHomes     = "/tmp/%04x"
)

// How long the person of the demonstration looks at what there is to read.
const (
	glance = 400 * time.Millisecond
	look   = 1000 * time.Millisecond
	read   = 2200 * time.Millisecond
	// study is for what the demonstration is about.
	study = 3500 * time.Millisecond
)

// TestDemo records the demonstration of the README into the folder that
// MAYFLY_DEMO names: somebody who walks through all phases, makes a change of
// their own, measures it, and takes everything down. What is recorded is what
// mayfly, git and the shell write; only the pauses are the recorder's.
func TestDemo(t *testing.T) {
	folder := os.Getenv("MAYFLY_DEMO")
	if folder == "" {
		t.Skip("make demo records it")
	}
	home := demoHome(t)
	d := &demonstrator{recording: newRecording()}
	cmd := exec.CommandContext(t.Context(), "sh")
	cmd.Dir = home
	d.person = sitBefore(t, demoColumns, demoRows, cmd, demoEnviron(t, home), d.recording.hears)
	d.play()
	if err := d.recording.save(folder, home); err != nil {
		t.Fatal(err)
	}
}

// demoHome makes a home that a short path leads to.
func demoHome(t *testing.T) string {
	t.Helper()
	home := fmt.Sprintf(demoHomes, rand.IntN(1<<16))
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	if err := makeFile(filepath.Join(home, ".gitconfig"), []byte("[user]\n\tname = You\n\temail = you@example.com\n")); err != nil {
		t.Fatal(err)
	}
	return home
}

// demoEnviron is a learner's environment, with colours and a plain prompt.
func demoEnviron(t *testing.T, home string) []string {
	t.Helper()
	environ := slices.DeleteFunc(learnerEnviron(t, home, filepath.Join(home, ".local", "share")), func(variable string) bool {
		return variable == "NO_COLOR=1" || variable == "LC_ALL=C"
	})
	environ = append(environ, "LC_ALL=C.UTF-8", "PS1=$ ")
	stopsAfter(t, environ)
	return environ
}

// demonstrator is a person whose session is recorded.
type demonstrator struct {
	*person
	recording *recording
}

// play is what the demonstration shows.
func (d *demonstrator) play() {
	d.t.Helper()
	d.command("mayfly", look)
	d.reply("How long does it take", "week", study)
	d.goesOn("Where should AWS run?", look)
	d.reply("Where should AWS run?", "", look)
	d.reply("Which sample application?", "python", look)
	d.reply("Where should your working copy go?", "", look)
	d.goesOn("What next?", look)
	for range 4 {
		d.reply("What next?", "n", read)
		d.goesOn("What next?", glance)
	}
	d.reply("What next?", "n", read)
	d.goesOn("What next?", look)
	d.reply("What next?", "q", look)

	d.command("cd mayfly/default", glance)
	d.command(`echo 'TEXT = "Hello from you"' > greeting.py`, glance)
	d.command(`git commit -am "Say who greets"`, glance)
	d.command("git push", glance)
	d.command("mayfly watch --until-idle", glance)
	d.command("mayfly lead-time", study)
	d.command("mayfly", study)
	d.goesOn("What next?", look)
	d.reply("What next?", "x", study)
	d.goesOn("Take everything down?", look)
	d.reply("Take everything down?", "d", look)
	d.reply("Type the environment's name, default", "default", look)
	d.reply("Everything is gone.", "q", study)
	d.prompted()
}

// command types a command behind the shell's prompt, after the person has read
// what the one before it wrote.
func (d *demonstrator) command(line string, after time.Duration) {
	d.t.Helper()
	d.prompted()
	d.recording.pause(after)
	d.writes(line + enter)
}

// prompted waits for the shell's prompt.
func (d *demonstrator) prompted() {
	d.t.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(10 * time.Millisecond) { //nolint:forbidigo // a terminal tells nobody when it has come to rest
		lines, cursor := d.lines()
		if lines[cursor.Y] == "$" && cursor.X == len("$ ") {
			return
		}
	}
	d.t.Fatalf("the shell does not come back; the screen:\n%s", d.sees())
}

// reply answers a question that begins so, after the person has read the screen.
func (d *demonstrator) reply(question, keys string, after time.Duration) {
	d.t.Helper()
	d.expects(question)
	d.recording.pause(after)
	d.writes(keys)
	d.recording.pause(keyPause * 4)
	d.types(enter)
}

// goesOn reads on, and has each step done, until a question comes that begins so.
func (d *demonstrator) goesOn(question string, after time.Duration) {
	d.t.Helper()
	habits := with(readers, map[string]string{"How do you want to do it?": "d" + enter, "Before we go on": enter})
	d.untilBy(func(keys string) {
		d.recording.pause(after)
		d.writes(keys)
	}, question, habits)
}

// keyPause is how long a person takes from key to key, more or less.
const keyPause = 45 * time.Millisecond

// writes types keys as a person does.
func (d *demonstrator) writes(keys string) {
	d.t.Helper()
	for i, key := range keys {
		d.types(string(key))
		d.recording.pause(keyPause + time.Duration(i*7%5-2)*9*time.Millisecond)
	}
}
