package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEventsAreDocumented holds docs/cli.md to every event that a stream may
// have: scripts are written by it.
func TestEventsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	event := regexp.MustCompile(`(?m)^\s[A-Z]\w+ += "([a-z]+(?:\.[a-z]+)?)"$`)
	for name, least := range map[string]int{"event.go": 14, "happening.go": 16} {
		source, err := os.ReadFile(filepath.Join("..", "..", "internal", "workshop", name))
		if err != nil {
			t.Fatal(err)
		}
		found := event.FindAllStringSubmatch(string(source), -1)
		if len(found) < least {
			t.Errorf("%s has %d events, and should have %d at least", name, len(found), least)
		}
		for _, match := range found {
			if !strings.Contains(string(doc), "`"+match[1]+"`") {
				t.Errorf("docs/cli.md says nothing of the event %s", match[1])
			}
		}
	}
}
