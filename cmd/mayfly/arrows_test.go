package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const module = "github.com/mayfly-cd/mayfly/"

// arrows are the rules of who may import whom, each with its reason. from and
// to are regular expressions over the paths below the module.
var arrows = []struct{ from, to, reason string }{
	{
		`^(phases|verify|templates|internal/(workshop|cloud|terminal|prompt|git|classroom))\b`, `^localaws\b`,
		"only the command and tests know that there is a local AWS: the workshop must run the same in an account",
	},
	{
		`^localaws\b`, `^(phases|verify|templates|internal|cmd)\b`,
		"the local AWS knows nothing of workshops: it could be published on its own",
	},
	{
		`^internal/cloud\b`, `^(phases|verify|templates|internal/(workshop|terminal|prompt|git)|cmd)\b`,
		"cloud is the ground: everything stands on it",
	},
	{
		`^verify\b`, `^(phases|templates|internal/(workshop|terminal|prompt|git)|cmd)\b`,
		"checks ask AWS and nothing else",
	},
	{
		`^phases\b`, `^(internal/(workshop|terminal|prompt)|cmd)\b`,
		"a lesson is a value: it does not know how it is run",
	},
	{`^templates\b`, `.`, "templates are an embed.FS and nothing else"},
	{
		`^internal/workshop\b`, `^(internal/(terminal|prompt)|cmd)\b`,
		"the engine reports through an interface: it does not know who listens",
	},
	{
		`^internal/(prompt|git|webhook)\b`, `^(internal/(workshop|terminal|cloud)|phases|verify|cmd)\b`,
		"these know their tool and nothing of the workshop",
	},
	{
		`^localaws/(codecommit|codebuild|codepipeline|cloudformation|s3|iam|events|logs|lambda|sns)\b`,
		`^localaws$`, "a service does not know the whole that it is a part of",
	},
}

// services do not import each other: they call each other as AWS's services do, through the API.
var services = regexp.MustCompile(`^localaws/(codecommit|codebuild|codepipeline|cloudformation|s3|iam|events|logs|lambda|sns)\b`)

// only says which packages of others may be imported by one folder alone.
var only = map[string]string{
	"github.com/AlecAivazis/survey/v2": "internal/prompt",
	"github.com/fatih/color":           "internal/terminal",
}

type listed struct {
	ImportPath string
	Imports    []string
}

func imports(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestArrows(t *testing.T) {
	all := imports(t)
	if len(all) < 10 {
		t.Fatalf("only %d packages were found: this test has lost sight of them", len(all))
	}
	for _, p := range all {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			if owner, restricted := only[imported]; restricted && from != owner {
				t.Errorf("%s imports %s: only %s may", from, imported, owner)
			}
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			for _, arrow := range arrows {
				if regexp.MustCompile(arrow.from).MatchString(from) && regexp.MustCompile(arrow.to).MatchString(to) {
					t.Errorf("%s imports %s: %s", from, to, arrow.reason)
				}
			}
			a, b := services.FindString(from), services.FindString(to)
			if a != "" && b != "" && a != b {
				t.Errorf("%s imports %s: services call each other through the API, with a role's keys", from, to)
			}
		}
	}
}

// TestNobodyAsksForTheTarget holds the one difference between a laptop and an
// account in one place: past cloud.Open no code asks which of the two it is.
func TestNobodyAsksForTheTarget(t *testing.T) {
	asks := regexp.MustCompile(`Target\.Name|targetLocal|targetAWS|"local"|Target\.Endpoint`)
	root := filepath.Join("..", "..")
	seen := 0
	for _, folder := range []string{"phases", "verify", "internal/workshop", "internal/walk", "internal/git", "internal/terminal", "internal/cloud"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			seen++
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for i, line := range strings.Split(string(text), "\n") {
				code, _, _ := strings.Cut(line, "//")
				if asks.MatchString(code) {
					t.Errorf("%s:%d asks which AWS it is: %s", path, i+1, strings.TrimSpace(line))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 10 {
		t.Fatalf("only %d files were read", seen)
	}
}
