//go:build unix

package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// demoTells are words without which the demonstration would not tell what it is for.
var demoTells = []string{
	"How long does it take", "About a week", "Which sample application?", "Repository", "Pipeline", "git push",
	"mayfly watch --until-idle", "mayfly lead-time", "Hello from you", "You said a week", "A fresh look finds nothing of this environment.",
}

// machine is what must not be seen of the machine that it was recorded on.
var machine = regexp.MustCompile(`/tmp\b|/work\b|/root\b|/private/|/Users/`)

// recorded reads docs/demo.cast.
func recorded(t *testing.T) []castEvent {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "demo.cast"))
	if err != nil {
		t.Fatalf("%v; make demo records it", err)
	}
	events, err := parseCast(data)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// TestDemoCast holds docs/demo.cast against what a player needs, and the README promises.
func TestDemoCast(t *testing.T) {
	events := recorded(t)
	if length := events[len(events)-1].at; length < 45*time.Second || length > 150*time.Second {
		t.Errorf("it lasts %s, want a minute or two", length)
	}
	var all strings.Builder
	for _, e := range events {
		all.Write(e.data)
	}
	if found := machine.FindString(all.String()); found != "" {
		t.Errorf("it shows a path of the machine: %s", found)
	}
	frames := demoFrames(events)
	last := strings.Join(frames[len(frames)-1].lines[:], "\n")
	for _, words := range []string{"Receipt", "A fresh look finds nothing of this environment."} {
		if !strings.Contains(last, words) {
			t.Errorf("it does not end with %q", words)
		}
	}
}

// TestDemoFilm holds docs/demo.svg against what a README may show: XML that
// needs nothing from elsewhere, tells the whole story, and is not heavy.
func TestDemoFilm(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "demo.svg")
	if *update {
		if err := os.WriteFile(file, demoFilm(recorded(t)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; make demo records it", err)
	}
	if !bytes.Equal(data, demoFilm(recorded(t))) {
		t.Error("it is not drawn from docs/demo.cast, or otherwise than now; -update draws it again")
	}
	if len(data) > 400_000 {
		t.Errorf("it has %d bytes, want 400 kB at most", len(data))
	}
	text := filmText(t, data)
	for _, words := range demoTells {
		if !strings.Contains(text, words) {
			t.Errorf("it does not tell %q", words)
		}
	}
	if found := machine.FindString(text); found != "" {
		t.Errorf("it shows a path of the machine: %s", found)
	}
	for _, words := range []string{"prefers-reduced-motion", "prefers-color-scheme:dark"} {
		if !bytes.Contains(data, []byte(words)) {
			t.Errorf("it knows nothing of %s", words)
		}
	}
}

// filmText is the text of a picture, which must need nothing from elsewhere.
func filmText(t *testing.T, data []byte) string {
	t.Helper()
	var text strings.Builder
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			t.Fatalf("it is not well-formed: %v", err)
		}
		switch part := token.(type) {
		case xml.CharData:
			text.Write(part)
			if bytes.Contains(part, []byte("url(")) || bytes.Contains(part, []byte("@import")) {
				t.Errorf("its style asks for something from elsewhere")
			}
		case xml.StartElement:
			switch part.Name.Local {
			case "svg", "title", "style", "defs", "g", "use", "rect", "circle", "text":
			default:
				t.Errorf("it has an element %s", part.Name.Local)
			}
			for _, a := range part.Attr {
				if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") {
					t.Errorf("it refers to %s", a.Value)
				}
			}
		}
	}
}
