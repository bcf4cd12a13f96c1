package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/fixes.md and the golden screens again")

const fixesFile = "../../docs/fixes.md"

// compareFixes wants docs/fixes.md to say what was found, or writes it. Where
// some mistakes were not made, what was found must stand in it.
func compareFixes(t *testing.T, told []*fixed) {
	t.Helper()
	var rows []string
	mended, harmful, all := 0, 0, len(told)
	for _, f := range told {
		if f == nil {
			continue
		}
		if f.check != "" {
			harmful++
			if f.failure == "" {
				mended++
			}
		}
		rows = append(rows, f.row())
	}
	name := filepath.FromSlash(fixesFile)
	if *update && len(rows) == all {
		text := fmt.Sprintf(fixesHead, mended, harmful, all-harmful) + strings.Join(rows, "\n") + "\n"
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	document, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if !strings.Contains(string(document), row+"\n") {
			t.Errorf("%s is out of date (go test ./cmd/mayfly -run TestMistakes -update writes it); it has no\n%s", fixesFile, row)
		}
	}
	if listed := strings.Count(string(document), "\n### "); listed != all {
		t.Errorf("%s lists %d mistakes, there are %d", fixesFile, listed, all)
	}
}

const fixesHead = `# Fixes that work as typed

Written by ` + "`go test ./cmd/mayfly -run TestMistakes -update`" + `, which makes each of these mistakes in a workshop that was right, reads what ` + "`mayfly verify --json`" + ` says first, types the fix into a shell as it stands, and asks the checks of every phase reached again. The test fails when this page is out of date.

**%d of %d** mistakes are named by their cause and mended by the one line that is printed. %d more do no harm, and that is tested too. Commits, ids and addresses are taken out of the texts.

`

// row is a mistake's part of docs/fixes.md.
func (f fixed) row() string {
	text := fmt.Sprintf("### %s\n\nmade in phase %d, %s", f.name, f.at.Number(), f.at.Name)
	switch {
	case f.check == "":
		return text + "; does no harm\n"
	case f.failure != "":
		return text + "; **its fix does not work**\n"
	}
	return text + fmt.Sprintf("; `%s` says\n\n> %s\n\n```sh\n%s\n```\n", f.seen.Name, f.seen.Observed, f.seen.Fix)
}
