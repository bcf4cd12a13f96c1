package phases

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func sample(t *testing.T, language string) (*Application, map[string][]byte) {
	t.Helper()
	a, err := FindApplication(language)
	if err != nil {
		t.Fatal(err)
	}
	files, err := a.Files()
	if err != nil {
		t.Fatal(err)
	}
	return a, files
}

func TestMaterialIsThere(t *testing.T) {
	for _, p := range All {
		if len(template(p.Name)) == 0 {
			t.Errorf("%s has an empty template", p.Name)
		}
	}
	of := map[string][]string{
		"go":     {"go.mod", "go.sum", "main.go", "greeting/page.html"},
		"python": {"requirements.txt", "hello.py", "page.html", "test_hello.py"},
		"node":   {"package.json", "package-lock.json", "hello.mjs", "page.html", "hello.test.mjs"},
	}
	for _, language := range Applications {
		a, files := sample(t, language)
		want := append([]string{".gitignore", ".gitattributes", "template.yaml", a.GreetingFile()}, of[language]...)
		for _, name := range want {
			if len(files[name]) == 0 {
				t.Errorf("the application in %s has no %s", language, name)
			}
		}
		if strings.Count(string(files[a.GreetingFile()]), `"`) != 2 {
			t.Errorf("%s has more in quotes than the greeting, which the lessons' sed would change too", a.GreetingFile())
		}
		for name := range files {
			if strings.HasPrefix(name, buildspecs) || strings.HasSuffix(name, ".txt") && name != "requirements.txt" {
				t.Errorf("the application in %s has %s", language, name)
			}
		}
		if len(a.Toolchain()) == 0 {
			t.Errorf("the application in %s says not what it needs", language)
		}
	}
}

// TestApplicationsAreDeployedAlike holds the templates together: they differ in
// what runs the function, and in nothing else.
func TestApplicationsAreDeployedAlike(t *testing.T) {
	_, files := sample(t, "go")
	want := strings.Split(string(files["template.yaml"]), "\n")
	for _, language := range Applications {
		_, files := sample(t, language)
		got := strings.Split(string(files["template.yaml"]), "\n")
		if len(got) != len(want) {
			t.Errorf("the template of %s has %d lines, that of go %d", language, len(got), len(want))
			continue
		}
		for i, line := range got {
			key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
			if line != want[i] && key != "Runtime" && key != "Handler" {
				t.Errorf("line %d of the template of %s is\n%s\nwant\n%s", i+1, language, line, want[i])
			}
		}
	}
}

// buildspec is what is compared of a buildspec.
type buildspec struct {
	Env struct {
		Exported []string `yaml:"exported-variables"`
	} `yaml:"env"`
	Phases map[string]struct {
		Runtimes map[string]string `yaml:"runtime-versions"`
		Commands []string          `yaml:"commands"`
	} `yaml:"phases"`
	Artifacts map[string]any `yaml:"artifacts"`
	Cache     struct {
		Paths []string `yaml:"paths"`
	} `yaml:"cache"`
}

// TestApplicationsAreBuiltAlike holds the buildspecs together: all languages
// leave the same stamp and the same kind of artifact, and each phase adds to
// the one before and takes nothing away.
func TestApplicationsAreBuiltAlike(t *testing.T) {
	runtimes := map[string]map[string]string{ // what aws/codebuild/standard:8.0 offers
		"go": {"golang": "latest"}, "python": {"python": "3.13"}, "node": {"nodejs": "24"},
	}
	for _, p := range All[1:] {
		want := readBuildspec(t, "go", p.Name)
		for _, language := range Applications {
			got := readBuildspec(t, language, p.Name)
			if diff := cmp.Diff(runtimes[language], got.Phases["install"].Runtimes); diff != "" {
				t.Errorf("%s, %s: runtimes, -want +got:\n%s", language, p.Name, diff)
			}
			if diff := cmp.Diff([]any{want.Artifacts, want.Env}, []any{got.Artifacts, got.Env}); diff != "" {
				t.Errorf("%s, %s: artifacts and variables, -go +%s:\n%s", language, p.Name, language, diff)
			}
			packing, gotPacking := want.Phases["post_build"].Commands, got.Phases["post_build"].Commands
			if len(gotPacking) < len(packing) || !slices.Equal(gotPacking[:len(packing)], packing) {
				t.Errorf("%s, %s: post_build is %q, and should begin with %q", language, p.Name, gotPacking, packing)
			}
			if cached := len(got.Cache.Paths) > 0; cached != (p == Caching) {
				t.Errorf("%s, %s: it keeps %q", language, p.Name, got.Cache.Paths)
			}
			if first := readBuildspec(t, language, "codebuild"); !slices.Equal(first.Phases["build"].Commands, got.Phases["build"].Commands) {
				t.Errorf("%s, %s: it is built otherwise than in phase 2", language, p.Name)
			}
		}
	}
}

func readBuildspec(t *testing.T, language, phase string) (b buildspec) {
	t.Helper()
	a, _ := sample(t, language)
	if err := yaml.Unmarshal(a.Buildspec(phase), &b); err != nil || len(b.Phases["build"].Commands) == 0 {
		t.Fatalf("%s, %s: %v, %+v", language, phase, err, b)
	}
	return b
}

// TestArtifactHoldsTheServiceAlone runs the buildspecs' commands twice as a build
// does: no test, no bytecode and no tool goes to production, and the second
// build finds what the first has kept.
func TestArtifactHoldsTheServiceAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("builds need a POSIX system")
	}
	for language, want := range map[string][]string{
		"python": {"deploy.json", "greeting.py", "hello.py", "page.html", "page.py", "stamp.json", "template.yaml"},
		"node":   {"deploy.json", "greeting.mjs", "hello.mjs", "page.html", "page.mjs", "stamp.json", "template.yaml"},
	} {
		t.Run(language, func(t *testing.T) {
			a, files := sample(t, language)
			needs(t, a)
			files["deploy.json"] = []byte("{}")
			spec := readBuildspec(t, language, "caching")
			lines := []string{"set -e"}
			for _, phase := range []string{"install", "build", "post_build"} {
				lines = append(lines, spec.Phases[phase].Commands...)
			}
			script := strings.Join(append(lines, `echo "$CACHE" > "$HOME/cache"`), "\n")
			home := t.TempDir()
			t.Setenv("HOME", home)
			t.Setenv("CODEBUILD_BUILD_SUCCEEDING", "1")
			for _, cache := range []string{"miss", "hit"} {
				dir := t.TempDir()
				for name, data := range files {
					write(t, filepath.Join(dir, name), data)
				}
				command(t, dir, "sh", "-c", script)
				if got, err := os.ReadFile(filepath.Join(home, "cache")); err != nil || string(got) != cache+"\n" {
					t.Errorf("the cache was a %q, want %s; %v", got, cache, err)
				}
				var got []string
				err := fs.WalkDir(os.DirFS(filepath.Join(dir, "out")), ".", func(name string, entry fs.DirEntry, err error) error {
					if err == nil && !entry.IsDir() {
						got = append(got, name)
					}
					return err
				})
				if err != nil || !slices.Equal(got, want) {
					t.Errorf("the artifact is %q, want %q; %v", got, want, err)
				}
			}
		})
	}
}

// TestLockFileNamesThePublicRegistry keeps other addresses out of a learner's repository.
func TestLockFileNamesThePublicRegistry(t *testing.T) {
	_, files := sample(t, "node")
	for line := range strings.Lines(string(files["package-lock.json"])) {
		if _, address, ok := strings.Cut(line, `"resolved": "`); ok && !strings.HasPrefix(address, "https://registry.npmjs.org/") {
			t.Errorf("it is locked to %s", address)
		}
	}
}

func TestBuildspecOfOnesOwn(t *testing.T) {
	a := NewApplication(fstest.MapFS{"buildspecs/codebuild.yml": {Data: []byte("mine")}})
	if got := string(a.Buildspec("codebuild")); got != "mine" {
		t.Errorf("got %q", got)
	}
	if got := string(a.Buildspec("caching")); !strings.Contains(got, "golang") {
		t.Errorf("what is not there is Go's, got %q", got)
	}
	if err := a.Check(); err == nil || !strings.Contains(err.Error(), "has no template.yaml") {
		t.Errorf("Check: %v", err)
	}
}

func TestFindApplicationNamesWhatThereIs(t *testing.T) {
	if _, err := FindApplication("cobol"); err == nil || !strings.Contains(err.Error(), "go, python, node") {
		t.Errorf("got %v", err)
	}
}

func TestSortApplications(t *testing.T) {
	for _, test := range []struct {
		here []string
		want []string
		n    int
	}{
		{[]string{"go", "python3", "node", "npm"}, []string{"go", "python", "node"}, 3},
		{[]string{"python3"}, []string{"python", "go", "node"}, 1},
		{[]string{"node", "python3"}, []string{"python", "go", "node"}, 1}, // npm is missing
		{nil, []string{"go", "python", "node"}, 0},
	} {
		got, n := SortApplications(func(tool Tool) bool { return slices.Contains(test.here, tool.Program) })
		if !slices.Equal(got, test.want) || n != test.n {
			t.Errorf("with %v: %v, %d of them here; want %v, %d", test.here, got, n, test.want, test.n)
		}
	}
}

func TestToolSuits(t *testing.T) {
	for _, test := range []struct {
		tool    Tool
		printed string
		want    string
	}{
		{golang, "go version go1.26.1 linux/amd64\n", ""},
		{golang, "go version go1.9 linux/amd64\n", "go is version 1.9, and 1.24 or newer is needed"},
		{python, "Python 3.11.7\n", ""},
		{python, "Python 3.8.18\n", "python3 is version 3.8, and 3.9 or newer is needed"},
		{node, "v24.1.0\n", ""},
		{node, "v18.20.2\n", "node is version 18.20, and 20.0 or newer is needed"},
		{npm, "no number", "npm does not say which version it is"},
	} {
		got := ""
		if err := test.tool.Suits(test.printed); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q: %q, want %q", test.printed, got, test.want)
		}
	}
}

func noFile(string) ([]byte, error) { return nil, fs.ErrNotExist }
