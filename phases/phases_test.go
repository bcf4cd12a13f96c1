package phases

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strings"
	"testing"

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
				if spec.Names[0].Name == "All" {
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
			t.Errorf("phase %s is not listed: add it to All in phase.go:\n\tvar All = []*Phase{..., %s}", name, name)
		}
	}
}

// TestDeclarations lints what every phase declares.
func TestDeclarations(t *testing.T) {
	words := map[string]string{}
	for _, p := range All {
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
		if p.Title == "" || p.Tagline == "" || len(p.Steps) == 0 {
			t.Errorf("%s wants a title, a tagline and steps", p.Name)
		}
		for _, r := range p.Requires {
			if r.Number() >= p.Number() {
				t.Errorf("%s requires %s, which does not come before it", p.Name, r.Name)
			}
		}
		var checks []string
		for _, s := range p.Steps {
			if s.Title == "" || s.Why == "" || s.Do == nil || s.Minutes <= 0 {
				t.Errorf("%s: step %q wants a title, a why, a Do and minutes", p.Name, s.Title)
			}
			if len(s.Checks) == 0 || len(s.Hints) == 0 || slices.Contains(s.Hints, "") {
				t.Errorf("%s: step %q wants checks and hints", p.Name, s.Title)
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
	} {
		if got, err := Find(word); err != nil || got != want {
			t.Errorf("Find(%q) = %v, %v", word, got, err)
		}
	}
	for word, nearest := range map[string]string{"codebild": "codebuild", "cach": "caching", "6": "", "pipline": "codepipeline"} {
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

func TestMaterialIsThere(t *testing.T) {
	application, err := FindApplication("go")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range All {
		if len(template(p.Name)) == 0 {
			t.Errorf("%s has an empty template", p.Name)
		}
		if p != CodeCommit && len(application.Buildspec(p.Name)) == 0 {
			t.Errorf("%s has an empty buildspec", p.Name)
		}
	}
	files, err := application.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"go.mod", "go.sum", ".gitignore", ".gitattributes", "main.go", "greeting/greeting.go", "template.yaml"} {
		if len(files[want]) == 0 {
			t.Errorf("the application has no %s; it has %v", want, len(files))
		}
	}
}

func TestGreet(t *testing.T) {
	application, err := FindApplication("go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := application.Files()
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) ([]byte, error) {
		if data, ok := files[name]; ok {
			return data, nil
		}
		return nil, fs.ErrNotExist
	}
	name, changed, err := application.Greet(read, `Say "hi"`)
	if err != nil || !strings.Contains(string(changed), `const Text = "Say \"hi\""`) {
		t.Errorf("Greet: %s %v\n%s", name, err, changed)
	}
	if _, _, err := application.Greet(func(string) ([]byte, error) { return nil, fs.ErrNotExist }, "x"); err == nil {
		t.Error("a missing greeting is no error")
	}
}

func TestFindApplicationNamesWhatThereIs(t *testing.T) {
	if _, err := FindApplication("cobol"); err == nil || !strings.Contains(err.Error(), "go") {
		t.Errorf("got %v", err)
	}
}
