package workshop

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func TestLedgerSurvivesACrash(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(dir, noon)
	if entries, err := l.Entries(); err != nil || len(entries) != 0 {
		t.Fatalf("an empty ledger has %v, %v", entries, err)
	}
	want := []Entry{
		{Time: noon(), Kind: "stack", Name: "one", Environment: "abc234"},
		{Time: noon(), Kind: "stack", Name: "one", ARN: "arn:one", Environment: "abc234"},
	}
	for _, e := range want {
		if err := l.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.OpenFile(filepath.Join(dir, "ledger.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"kind":"stack","na`); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := openLedger(dir, noon).Entries()
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	// What is added after the crash is not swallowed by the line that was cut short.
	third := Entry{Time: noon(), Kind: "stack", Name: "two", Environment: "abc234"}
	if err := l.Add(third); err != nil {
		t.Fatal(err)
	}
	got, err = l.Entries()
	if err != nil || !slices.Equal(got, append(want, third)) {
		t.Errorf("after the crash: got %v, %v", got, err)
	}
}

func TestLockNamesItsHolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	release, err := Lock(dir, "mayfly run")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Lock(dir, "mayfly teardown")
	busy, ok := errors.AsType[*BusyError](err)
	if !ok || !strings.HasSuffix(busy.Holder, ", mayfly run") {
		t.Fatalf("got %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	release, err = Lock(dir, "mayfly teardown")
	if err != nil {
		t.Fatalf("after the release: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
}

func TestEnvironmentIsKept(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "default")
	if _, ok, err := LoadEnvironment(dir); ok || err != nil {
		t.Fatalf("nothing kept: %v %v", ok, err)
	}
	want := Environment{
		Name: "default", ID: "abc234", Target: "local", Account: "000000000000", Region: "us-east-1",
		WorkDir: "/w", ApplicationDir: "/a", Owner: "me", Created: noon(),
	}
	if err := want.Save(dir); err != nil {
		t.Fatal(err)
	}
	want.Version = environmentVersion
	if got, ok, err := LoadEnvironment(dir); err != nil || !ok || got != want {
		t.Errorf("got %+v %v %v", got, ok, err)
	}
	if tags := want.Tags(); tags["mayfly:environment"] != "abc234" || tags["mayfly:expires"] != "2026-12-07" {
		t.Errorf("tags %v", tags)
	}
	for name, content := range map[string]string{"newer": `{"version":2,"id":"x"}`, "broken": `{"version":`, "other": `{}`} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name, environmentFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := LoadEnvironment(filepath.Join(root, "newer")); err == nil || !strings.Contains(err.Error(), "newer mayfly (format 2") {
		t.Errorf("a newer format: %v", err)
	}
	if _, _, err := LoadEnvironment(filepath.Join(root, "broken")); err == nil || !strings.Contains(err.Error(), environmentFile) {
		t.Errorf("a broken file: %v", err)
	}
}

func TestWriteFileLeavesNothingHalf(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	for _, content := range []string{"one", "two"} {
		if err := writeFile(name, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != content {
			t.Errorf("got %q, %v", got, err)
		}
	}
	// The place is taken by a folder with something in it, which no rename replaces.
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "inner"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(taken, []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestProgressMayBeDeleted(t *testing.T) {
	dir := t.TempDir()
	p, err := loadProgress(dir)
	if err != nil || p.Pushed == nil {
		t.Fatalf("got %v, %v", p, err)
	}
	p.Pushed["c1"] = noon()
	if err := p.save(dir); err != nil {
		t.Fatal(err)
	}
	if p, err = loadProgress(dir); err != nil || !p.Pushed["c1"].Equal(noon()) {
		t.Errorf("got %v, %v", p, err)
	}
	w := &Workshop{dir: dir}
	for range 2 { // twice is no error
		if err := w.ForgetProgress(); err != nil {
			t.Fatal(err)
		}
	}
	if p, err = loadProgress(dir); err != nil || len(p.Pushed) != 0 {
		t.Errorf("got %v, %v", p, err)
	}
}

// TestProgressOfTwo has two processes remember at once: neither loses what the other keeps.
func TestProgressOfTwo(t *testing.T) {
	dir := t.TempDir()
	const each = 25
	var all sync.WaitGroup
	for _, name := range []string{"one", "two"} {
		all.Go(func() {
			w := &Workshop{dir: dir, now: noon}
			for i := range each {
				if err := w.remember(func(p *progress) { p.Read[name+strconv.Itoa(i)] = true }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if p, err := loadProgress(dir); err != nil || len(p.Read) != 2*each {
		t.Errorf("%d are kept of %d, %v", len(p.Read), 2*each, err)
	}
}
