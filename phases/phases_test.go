package phases

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-cd/mayfly/templates"
)

// TestEveryPhaseIsListed finds a declared phase that is missing from All.
func TestEveryPhaseIsListed(t *testing.T) {
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(info fs.FileInfo) bool { //nolint:staticcheck // one folder, no build tags
		return !strings.HasSuffix(info.Name(), "_test.go")
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared, listed := map[string]bool{}, map[string]bool{}
	for _, file := range packages["phases"].Files {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			switch value := spec.Values[0].(type) {
			case *ast.UnaryExpr:
				if literal, ok := value.X.(*ast.CompositeLit); ok {
					if name, ok := literal.Type.(*ast.Ident); ok && name.Name == "Phase" {
						declared[spec.Names[0].Name] = true
					}
				}
			case *ast.CompositeLit:
				if name := spec.Names[0].Name; name == "All" || name == "Bonus" {
					for _, element := range value.Elts {
						listed[element.(*ast.Ident).Name] = true
					}
				}
			}
			return true
		})
	}
	if len(declared) == 0 {
		t.Fatal("no phase is declared: this test has lost sight of them")
	}
	for name := range declared {
		if !listed[name] {
			t.Errorf("phase %s is not listed: add it to All (or Bonus) in phase.go:\n\tvar All = []*Phase{..., %s}", name, name)
		}
	}
}

// TestDeclarations lints what every phase declares.
func TestDeclarations(t *testing.T) {
	words := map[string]string{}
	for _, p := range Every() {
		for _, word := range append([]string{p.Name}, p.Aliases...) {
			if other := words[word]; other != "" {
				t.Errorf("%s and %s share the word %q", p.Name, other, word)
			}
			words[word] = p.Name
		}
		for _, file := range []string{"lesson.md", "template.yaml"} {
			if _, err := fs.Stat(templates.FS, p.Name+"/"+file); err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
		}
		if p.Title == "" || p.Tagline == "" || p.Missing == "" || p.Undo == nil || len(p.Steps) == 0 {
			t.Errorf("%s wants a title, a tagline, what is missing still, an Undo and steps", p.Name)
		}
		for _, r := range p.Requires {
			if r.Number() >= p.Number() {
				t.Errorf("%s requires %s, which does not come before it", p.Name, r.Name)
			}
		}
		if i := p.Number() - 2; i >= 0 && !slices.Contains(p.Requires, All[min(i, len(All)-1)]) {
			t.Errorf("%s wants to require %s, which comes before it: going back to a phase's start gives main the files of what it requires, and no others",
				p.Name, All[min(i, len(All)-1)].Name)
		}
		var checks []string
		for _, s := range p.Steps {
			if s.Title == "" || s.Why == "" || s.Do == nil || s.Minutes <= 0 {
				t.Errorf("%s: step %q wants a title, a why, a Do and minutes", p.Name, s.Title)
			}
			if len(s.Checks) == 0 || len(s.Hints) == 0 || slices.Contains(s.Hints, "") {
				t.Errorf("%s: step %q wants checks and hints", p.Name, s.Title)
			}
			const three, longest = 3, 200
			if len(s.Hints) != three || !strings.Contains(s.Hints[len(s.Hints)-1], "`") {
				t.Errorf("%s: step %q wants three hints, and the last says what to type", p.Name, s.Title)
			}
			for _, hint := range s.Hints {
				if len(hint) > longest {
					t.Errorf("%s: a hint has %d characters: %s", p.Name, len(hint), hint)
				}
			}
			for _, c := range s.Checks {
				if c.Name == "" || c.Asks == "" || c.Ask == nil {
					t.Errorf("%s: step %q has a check without a name, a question or an asker", p.Name, s.Title)
				}
				checks = append(checks, c.Name)
			}
		}
		slices.Sort(checks)
		if unique := slices.Compact(slices.Clone(checks)); len(unique) != len(checks) {
			t.Errorf("%s: two checks share a name: %v", p.Name, checks)
		}
	}
}

func TestFind(t *testing.T) {
	for word, want := range map[string]*Phase{
		"codecommit": CodeCommit, "1": CodeCommit, "5": Caching, "deploy": CloudFormation, "CODEBUILD": CodeBuild,
		"approval": Approval, "6": Approval, "approve": Approval,
	} {
		if got, err := Find(word); err != nil || got != want {
			t.Errorf("Find(%q) = %v, %v", word, got, err)
		}
	}
	for word, nearest := range map[string]string{"codebild": "codebuild", "cach": "caching", strconv.Itoa(len(Every()) + 1): "", "pipline": "codepipeline", "approvl": "approval"} {
		_, err := Find(word)
		unknown, ok := errors.AsType[*UnknownError](err)
		if !ok {
			t.Fatalf("Find(%q): %v", word, err)
		}
		if !strings.Contains(unknown.Error(), "codecommit") {
			t.Errorf("Find(%q) does not list the phases: %v", word, err)
		}
		if nearest != "" && !strings.Contains(unknown.Error(), "-> "+itoa(nearest)+" "+nearest) {
			t.Errorf("Find(%q) does not point at %s:\n%v", word, nearest, err)
		}
	}
}

func itoa(name string) string {
	p, _ := Find(name)
	return string(rune('0' + p.Number()))
}

// TestABonusIsNoPartOfTheWorkshop: a run without names does five phases.
func TestABonusIsNoPartOfTheWorkshop(t *testing.T) {
	if len(All) != 5 || slices.Contains(All, Approval) || !Approval.IsBonus() || Caching.IsBonus() || Approval.Number() != 6 {
		t.Errorf("All has %d phases, approval is number %d", len(All), Approval.Number())
	}
}

// TestDurationsNameEveryStep holds templates/durations.json against the steps.
func TestDurationsNameEveryStep(t *testing.T) {
	d := MeasuredDurations()
	for _, day := range []string{d.Local.Measured, d.AWS.Estimated} {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			t.Error(err)
		}
	}
	if d.Local.On == "" || d.AWS.On == "" {
		t.Error("durations want to be told on what")
	}
	for _, p := range Every() {
		if have := len(d.Local.Seconds[p.Name]); have != len(p.Steps) {
			t.Errorf("%s has %d durations for %d steps: measure with MAYFLY_MEASURE", p.Name, have, len(p.Steps))
		}
		for i := range p.Steps {
			if local, onAWS := p.Usual(&p.Steps[i]); local <= 0 || onAWS <= 0 {
				t.Errorf("%s: how long does %q take? here %s, on AWS %s", p.Name, p.Steps[i].Title, local, onAWS)
			}
		}
	}
}
