package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/hinshun/vt10x"
	"pgregory.net/rapid"

	"github.com/mayfly-cd/mayfly/internal/text"
)

// screen is a terminal that a Live draws on.
type screen struct {
	vt            vt10x.Terminal
	columns, rows int
	written       bytes.Buffer
}

func newScreen(columns, rows int) *screen {
	return &screen{vt: vt10x.New(vt10x.WithSize(columns, rows)), columns: columns, rows: rows}
}

// Write is a tty's: a newline returns to the first column too.
func (s *screen) Write(p []byte) (int, error) {
	s.written.Write(p)
	if _, err := s.vt.Write(bytes.ReplaceAll(bytes.ReplaceAll(p, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *screen) live() *Live {
	return &Live{out: s, redraw: true, size: func() (int, int) { return s.columns, s.rows }}
}

// lines are what the screen shows, without what is empty below.
func (s *screen) lines() []string {
	lines := strings.Split(s.vt.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return trimmedBelow(lines)
}

func trimmedBelow(lines []string) []string {
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func same(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") }

// TestLiveShowsWhatWasDrawn draws anything after anything, and looks at the screen.
func TestLiveShowsWhatWasDrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newScreen(20, 10)
		l := s.live()
		line := rapid.SampledFrom([]string{"one", "two", "three", "a line that is far too wide for it"})
		var above []string
		for i := range rapid.IntRange(1, 12).Draw(t, "drawings") {
			lines := rapid.SliceOfN(line, 0, 7).Draw(t, "lines")
			if len(above) < 2 && rapid.Bool().Draw(t, "print") {
				above = append(above, fmt.Sprint("above ", i))
				l.Print(above[len(above)-1])
			}
			l.Draw(lines)
			want := append([]string{}, above...)
			for _, line := range lines {
				want = append(want, text.Cut(line, 19))
			}
			if got := s.lines(); !same(got, want) {
				t.Fatalf("the screen shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

// TestLiveWritesOnlyWhatChanged counts the bytes.
func TestLiveWritesOnlyWhatChanged(t *testing.T) {
	s := newScreen(80, 24)
	l := s.live()
	lines := make([]string, 20)
	for i := range lines {
		lines[i] = fmt.Sprintf("line %02d %s", i, strings.Repeat("x", 60))
	}
	l.Draw(lines)
	s.written.Reset()
	l.Draw(lines)
	if n := s.written.Len(); n != 0 {
		t.Errorf("nothing changed, and %d bytes were written: %q", n, s.written.String())
	}
	lines[3] = "changed"
	l.Draw(lines)
	if n, most := s.written.Len(), len("\x1b[17A"+"changed"+"\x1b[K\r\n")+16; n > most {
		t.Errorf("one line changed, and %d bytes were written, more than %d: %q", n, most, s.written.String())
	}
	if strings.Contains(s.written.String(), "line") || strings.Contains(s.written.String(), "\x1b[J") {
		t.Errorf("other lines were written: %q", s.written.String())
	}
	if got := s.lines(); !same(got, lines) {
		t.Errorf("the screen shows\n%s", strings.Join(got, "\n"))
	}
}

// TestLiveFits holds it to the terminal less one row and one column, at any size.
func TestLiveFits(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {60, 20}, {40, 10}, {10, 3}, {1, 1}} {
		s := newScreen(size[0], size[1])
		l := s.live()
		var lines []string
		for i := range 40 {
			lines = append(lines, fmt.Sprintf("%d %s", i, strings.Repeat("wide 日本 ", 20)))
		}
		for range 3 {
			l.Draw(lines)
			lines[39] += "!"
		}
		if len(l.shown) > max(size[1]-1, 1) {
			t.Errorf("%v: %d rows", size, len(l.shown))
		}
		for _, line := range l.shown {
			if w := text.Width(line); w > max(size[0]-1, 1) {
				t.Errorf("%v: %d columns: %q", size, w, line)
			}
		}
		if columns, _ := l.Room(); columns > 3 && !strings.HasPrefix(l.shown[len(l.shown)-1], "39") {
			t.Errorf("%v: the last line is %q", size, l.shown[len(l.shown)-1])
		}
	}
}

// TestLiveSurvivesAResize draws whole at the new size, with nothing left of the old.
func TestLiveSurvivesAResize(t *testing.T) {
	s := newScreen(60, 12)
	l := s.live()
	lines := []string{strings.Repeat("a", 50), "two", "three"}
	l.Draw(lines)
	s.columns = 30
	s.vt.Resize(30, 12)
	s.written.Reset()
	l.Draw(lines)
	want := []string{strings.Repeat("a", 28) + "…", "two", "three"}
	if got := s.lines(); !same(got, want) {
		t.Errorf("the screen shows\n%s", strings.Join(got, "\n"))
	}
	// A terminal that became narrower has broken the first line into two.
	if !strings.HasPrefix(s.written.String(), "\x1b[4A\x1b[J") {
		t.Errorf("it wrote %q", s.written.String())
	}
	s.columns = 70
	s.vt.Resize(70, 12)
	l.Print("said")
	l.Draw(lines)
	if got := s.lines(); !same(got, append([]string{"said"}, lines...)) {
		t.Errorf("the screen shows\n%s", strings.Join(got, "\n"))
	}
}

func TestLiveEnds(t *testing.T) {
	s := newScreen(40, 10)
	l := s.live()
	l.Draw([]string{"gone"})
	l.Clear()
	l.Draw([]string{"one", "two"})
	l.Done()
	l.Draw([]string{"three"})
	l.Done()
	l.Print("four")
	if got, want := s.lines(), []string{"one", "two", "three", "four"}; !same(got, want) {
		t.Errorf("the screen shows\n%s", strings.Join(got, "\n"))
	}
}

// TestLiveWithoutRedraw writes plain lines, one for each change.
func TestLiveWithoutRedraw(t *testing.T) {
	var out bytes.Buffer
	for _, s := range []*Streams{
		{Err: &out},
		{Err: &out, ErrTerminal: true, fixed: true},
	} {
		out.Reset()
		l := NewLive(s)
		l.Draw([]string{"one: begun", "two: begun"})
		l.Draw([]string{"one: done", "two: begun"})
		l.Print("said")
		l.Draw([]string{"one: done", "two: begun"})
		l.Clear()
		l.Done()
		if want := "one: begun\ntwo: begun\none: done\nsaid\n"; out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
}
