package terminal

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/verify"
)

func TestSeconds(t *testing.T) {
	for seconds, want := range map[float64]string{
		-1: "-", 0: "-", 0.02: "20 ms", 0.4: "0.4 s", 9.94: "9.9 s", 12.4: "12 s", 119: "119 s", 120: "2 min 00 s", 3725.9: "62 min 05 s",
	} {
		if got := Seconds(seconds); got != want {
			t.Errorf("Seconds(%v) = %q, want %q", seconds, got, want)
		}
	}
}

// TestReceiptIsHonest names what remains, and says that nothing does only then.
func TestReceiptIsHonest(t *testing.T) {
	const clean = "A fresh look finds nothing of this environment."
	item := workshop.Item{Kind: "AWS::S3::Bucket", Name: "b", Why: "it outlived its stack"}
	var out strings.Builder
	Receipt(&out, Style{}, workshop.Receipt{
		Deleted: []workshop.Item{{Kind: "stack", Name: "one"}, {Kind: "stack", Name: "two"}}, Remaining: []workshop.Item{item},
		NotOurs: []workshop.Item{{Kind: "stack", Name: "theirs", Why: "it does not carry this environment's tag"}},
	})
	for _, want := range []string{
		"  gone   2 stack\n", "  still there AWS::S3::Bucket b: it outlived its stack\n",
		"  not ours stack theirs: it does not carry this environment's tag\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), clean) {
		t.Errorf("something remains, and it says: %s", clean)
	}
	out.Reset()
	Receipt(&out, Style{}, workshop.Receipt{OK: true})
	if !strings.Contains(out.String(), clean) {
		t.Errorf("nothing remains, and it says\n%s", out.String())
	}
}

// TestTablesAreClean shows what others have named: nothing of it acts.
func TestTablesAreClean(t *testing.T) {
	const evil = "a\x1b[31m\u202eb"
	item := workshop.Item{Kind: evil, Name: evil, Why: evil, ARN: "arn"}
	check := workshop.CheckStatus{State: verify.Wrong, Observed: evil, Expected: evil, Fix: evil}
	for name, show := range map[string]func(w io.Writer){
		"receipt": func(w io.Writer) {
			Receipt(w, Style{}, workshop.Receipt{Deleted: []workshop.Item{item}, Remaining: []workshop.Item{item}, NotOurs: []workshop.Item{item}})
		},
		"plan": func(w io.Writer) {
			Plan(w, Style{}, &workshop.Plan{
				Stacks: []workshop.Item{item}, Buckets: map[string][]string{"arn": {evil}}, NotOurs: []workshop.Item{item},
			})
		},
		"status": func(w io.Writer) {
			Status(w, Style{}, 80, workshop.Status{
				WorkDir: evil, LiveURL: evil, Next: workshop.Next{Command: evil, Why: evil},
				Phases: []workshop.PhaseStatus{{State: workshop.StateStarted, Checks: []workshop.CheckStatus{check}}},
			}, true)
		},
		"checks": func(w io.Writer) {
			writef(w, "%s", strings.Join(Checks(Style{}, []workshop.CheckStatus{check}, 80), "\n"))
		},
	} {
		var out strings.Builder
		show(&out)
		if strings.ContainsAny(out.String(), "\x1b\u202e") || !strings.Contains(out.String(), "ab") {
			t.Errorf("%s: %q", name, out.String())
		}
	}
}

// TestMarksHaveWords holds the rule that meaning is never carried by colour alone.
func TestMarksHaveWords(t *testing.T) {
	seen := map[string]verify.State{}
	for _, state := range []verify.State{verify.Passed, verify.NotYet, verify.Wrong, verify.CannotTell} {
		mark := Mark(Style{}, state)
		if other, twice := seen[mark]; twice || strings.TrimSpace(mark) == "" {
			t.Errorf("%s looks like %s: %q", state, other, mark)
		}
		seen[mark] = state
		if painted := Mark(Style{on: true}, state); !strings.Contains(painted, mark) || !strings.Contains(painted, "\x1b[") {
			t.Errorf("%s painted is %q", state, painted)
		}
	}
}

// TestNoEscapesWhereNoneAreWanted looks at every way of saying no. Who wants no
// colour may still want lines that change in place.
func TestNoEscapesWhereNoneAreWanted(t *testing.T) {
	for name, test := range map[string]struct {
		environ        []string
		change         func(*Streams)
		colour, redraw bool
	}{
		"terminal":          {nil, nil, true, true},
		"an usual terminal": {[]string{"TERM=xterm-256color"}, nil, true, true},
		"NO_COLOR":          {[]string{"NO_COLOR=1"}, nil, false, true},
		"NO_COLOR, empty":   {[]string{"NO_COLOR="}, nil, true, true},
		"--no-color":        {nil, (*Streams).NoColor, false, true},
		"dumb":              {[]string{"TERM=dumb"}, nil, false, false},
		"--plain":           {nil, (*Streams).Plain, false, false},
	} {
		null, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		s := New(null, null, null, test.environ)
		if s.InTerminal || s.OutTerminal || s.ErrTerminal {
			t.Errorf("%s: %s is taken for a terminal", name, os.DevNull)
		}
		if s.OutStyle().Bold("x") != "x" || s.Redraw() {
			t.Errorf("%s: a file gets escapes", name)
		}
		s.OutTerminal, s.ErrTerminal = true, true
		if test.change != nil {
			test.change(s)
		}
		if got := s.ErrStyle().Good("x") != "x"; got != test.colour || (s.OutStyle().Bad("x") != "x") != test.colour {
			t.Errorf("%s: colour %v, want %v", name, got, test.colour)
		}
		if s.Redraw() != test.redraw {
			t.Errorf("%s: redraw %v, want %v", name, s.Redraw(), test.redraw)
		}
		if s.IsPlain() != (name == "--plain") {
			t.Errorf("%s: plain %v", name, s.IsPlain())
		}
		if columns, rows := s.ErrSize(); columns != 80 || rows != 24 {
			t.Errorf("%s: a file measures %d by %d", name, columns, rows)
		}
		if err := null.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStream writes one object a line and leaves what people read as it is.
func TestStream(t *testing.T) {
	var out bytes.Buffer
	s := NewStream(&out)
	s.Report(workshop.Event{Event: workshop.StepStart, Step: "Build it", Detail: "two\nlines & <more>"})
	s.Report(workshop.Event{Event: workshop.CheckDone, Check: "build", State: verify.Wrong, Fix: "mend it"})
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `two\nlines & <more>`) {
		t.Fatalf("got %q", lines)
	}
	var e workshop.Event
	if err := json.Unmarshal([]byte(lines[1]), &e); err != nil || e.Check != "build" || e.State != verify.Wrong || e.Fix != "mend it" {
		t.Errorf("got %+v, %v", e, err)
	}
	if strings.Contains(lines[0], `"check"`) || strings.Contains(lines[0], `"seconds"`) {
		t.Errorf("what does not apply is there: %s", lines[0])
	}
}
