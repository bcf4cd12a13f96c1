package buildspec_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mayfly-cd/mayfly/localaws/codebuild/buildspec"
)

const whole = `
version: 0.2
env:
  shell: bash
  variables: {B: "2", A: 1.10}
  exported-variables: [A]
phases:
  install:
    runtime-versions: {golang: 1.24}
    commands: echo one
  pre_build:
    on-failure: ABORT
    commands: [a, b]
    finally: [c]
  build:
    on-failure: CONTINUE
    commands:
      - |
        for x in 1 2; do
          echo $x
        done
artifacts:
  files: ['**/*']
  name: n-$(date)
  base-directory: out*
  exclude-paths: ['*.tmp']
  discard-paths: yes
  type: zip
  secondary-artifacts:
    two: {files: [b.txt]}
cache:
  key: k
  fallback-keys: [f]
  action: restore
  paths: [/root/.cache/**/*]
`

func TestParse(t *testing.T) {
	got, err := buildspec.Parse([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	want := &buildspec.Spec{
		Env: buildspec.Env{
			Shell: "bash", Exported: []string{"A"},
			Variables: []buildspec.Variable{{Name: "B", Value: "2"}, {Name: "A", Value: "1.10"}},
		},
		Phases: [4]buildspec.Phase{
			{Line: 9, Runtimes: []buildspec.Variable{{Name: "golang", Value: "1.24"}}, Commands: []string{"echo one"}},
			{Line: 12, OnFailure: buildspec.Abort, Commands: []string{"a", "b"}, Finally: []string{"c"}},
			{Line: 16, OnFailure: buildspec.Continue, Commands: []string{"for x in 1 2; do\n  echo $x\ndone\n"}},
		},
		Artifacts: &buildspec.Artifacts{
			Files: buildspec.Files{
				Files: []string{"**/*"}, Name: "n-$(date)", BaseDirectory: "out*",
				Exclude: []string{"*.tmp"}, DiscardPaths: true,
			},
			Secondary: []buildspec.SecondaryArtifact{{Identifier: "two", Files: buildspec.Files{Files: []string{"b.txt"}}}},
		},
		Cache: &buildspec.Cache{
			Paths: []string{"/root/.cache/**/*"}, Key: "k", FallbackKeys: []string{"f"}, Restore: true,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	const head = "version: 0.2\n"
	const phases = "phases: {build: {commands: [true]}}\n"
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "the buildspec is empty: it needs at least version and phases"},
		{"not YAML", "phases: [", "the buildspec is not YAML: line 1: did not find expected node content"},
		{"tab", "version: 0.2\nphases:\n\tbuild:", "the buildspec is not YAML: line 3: found character that cannot start any token"},
		{"two documents", head + phases + "---\n" + head, "the buildspec must be one YAML document"},
		{"a list", "- a", "the buildspec must be a mapping of keys to values, and is a list (line 1)"},
		{"no version", phases, "the buildspec has no version: write version: 0.2 as its first line (line 1)"},
		{"wrong version", "version: 0.3\n" + phases, `the version is "0.3", and must be 0.2 (line 1)`},
		{"old version", "version: 0.1\n" + phases, "version 0.1 is not served here, since each of its commands has a shell of its own: write version: 0.2 (line 1)"},
		{"no phases", head, "the buildspec has no phases, so there is nothing to run (line 1)"},
		{"empty phases", head + "phases:\n", "phases has none of install, pre_build, build, post_build, so there is nothing to run (line 2)"},
		{"unknown key", head + phases + "artefacts: {}", `the buildspec has no key "artefacts": did you mean "artifacts"? (line 3)`},
		{"unknown phase", head + "phases: {pre-build: {}}", `phases has no key "pre-build": did you mean "pre_build"? (line 2)`},
		{"far key", head + "phases: {deployment: {}}", `phases has no key "deployment": it may have build, install, post_build, pre_build (line 2)`},
		{"unknown in phase", head + "phases: {build: {command: [a]}}", `phases.build has no key "command": did you mean "commands"? (line 2)`},
		{"colon in a command", head + "phases:\n  build:\n    commands:\n      - echo a: b", `Expected phases.build.commands[0] to be of string type: found subkeys instead; put a text with ": " in it into quotes (line 5)`},
		{"empty command", head + "phases: {build: {commands: [a, ]}}\nphases: {}", `the buildspec has the key "phases" twice (line 3)`},
		{"null command", head + "phases:\n  build:\n    commands:\n      - a\n      -\n", "phases.build.commands[1] must be a string, and is empty (line 6)"},
		{"runtime elsewhere", head + "phases: {build: {runtime-versions: {golang: 1}}}", "phases.build has runtime-versions, which belong into phases.install (line 2)"},
		{"on-failure", head + "phases: {build: {on-failure: STOP}}", `phases.build.on-failure is "STOP", and must be ABORT, CONTINUE or RETRY (line 2)`},
		{"shell", head + phases + "env: {shell: zsh}", `env.shell is "zsh", and must be sh or bash (line 3)`},
		{"reserved", head + phases + "env: {variables: {CODEBUILD_X: 1}}", `env.variables has "CODEBUILD_X": names that start with CODEBUILD_ are reserved (line 3)`},
		{"name", head + phases + "env: {variables: {a-b: 1}}", `env.variables has "a-b", which is not a name that a shell takes (line 3)`},
		{"exported", head + phases + "env: {exported-variables: [a b]}", `env.exported-variables has "a b", which is not the name of a variable (line 3)`},
		{"no files", head + phases + "artifacts: {name: x}", "artifacts has no files: write files: '**/*' for all of them (line 3)"},
		{"bad glob", head + phases + "artifacts: {files: ['[']}", `artifacts.files has "[", which is not a pattern for paths (line 3)`},
		{"discard", head + phases + "artifacts: {files: [a], discard-paths: maybe}", "artifacts.discard-paths must be yes or no (line 3)"},
		{"action", head + phases + "cache: {action: keep}", `cache.action is "keep", and must be restore or save (line 3)`},
		{"fallbacks", head + phases + "cache: {fallback-keys: [a, b, c, d, e, f]}", "cache.fallback-keys has 6 keys: at most 5 are allowed (line 3)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := buildspec.Parse([]byte(c.text))
			if err == nil {
				t.Fatal("Parse accepts it")
			}
			if err.Error() != c.want {
				t.Errorf("error\n %s\nwant\n %s", err, c.want)
			}
		})
	}
}

func TestUnserved(t *testing.T) {
	got, err := buildspec.Parse([]byte(`version: 0.2
run-as: somebody
batch: {}
proxy: {}
phases:
  build: {run-as: other, commands: [a]}
reports: {r: {files: [x]}}
artifacts: {files: [a], enable-symlinks: yes}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"run-as (line 2)", "batch (line 3)", "proxy (line 4)", "phases.build.run-as (line 6)",
		"reports (line 7)", "artifacts.enable-symlinks (line 8)",
	}
	if diff := cmp.Diff(want, got.Unserved); diff != "" {
		t.Errorf("Unserved (-want +got):\n%s", diff)
	}
}

func TestOnFailure(t *testing.T) {
	for mode, want := range map[string]struct {
		on      buildspec.OnFailure
		retries int
		pattern string
	}{
		"ABORT":    {buildspec.Abort, 0, ""},
		"CONTINUE": {buildspec.Continue, 0, ""},
		"RETRY":    {buildspec.Retry, 3, ""},
		"RETRY-0":  {buildspec.Retry, 0, ""},
		"RETRY-8":  {buildspec.Retry, 8, ""},
		// The examples of AWS's guide.
		"Retry-.*Error: Unable to connect to database.*": {buildspec.Retry, 3, ".*Error: Unable to connect to database.*"},
		"RETRY-invalid+":                   {buildspec.Retry, 3, "invalid+"},
		"Retry-3-.*connection timed out.*": {buildspec.Retry, 3, ".*connection timed out.*"},
		"RETRY-8-invalid+":                 {buildspec.Retry, 8, "invalid+"},
	} {
		spec, err := buildspec.Parse([]byte("version: 0.2\nphases: {build: {commands: [a], on-failure: '" + mode + "'}}"))
		if err != nil {
			t.Errorf("%s: %v", mode, err)
			continue
		}
		phase := spec.Phases[2]
		pattern := ""
		if phase.RetryOn != nil {
			pattern = phase.RetryOn.String()
		}
		if phase.OnFailure != want.on || phase.Retries != want.retries || pattern != want.pattern {
			t.Errorf("%s: %v %d %q, want %v", mode, phase.OnFailure, phase.Retries, pattern, want)
		}
	}
	for _, mode := range []string{"", "abort", "RETRY-101", "RETRYX", "RETRY-[", "STOP"} {
		if _, err := buildspec.Parse([]byte("version: 0.2\nphases: {build: {commands: [a], on-failure: '" + mode + "'}}")); err == nil {
			t.Errorf("%q was read", mode)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("version: 0.2\nphases: &p {build: {commands: [a]}}\ncache: *p")
	f.Add("version: 0.2\nphases: {build: {commands: [[a]]}}")
	f.Add("? [a]\n: b")
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := buildspec.Parse([]byte(text))
		switch {
		case err != nil && err.Error() == "":
			t.Error("an error without words")
		case err == nil && spec.Env.Shell != "sh" && spec.Env.Shell != "bash":
			t.Errorf("shell %q", spec.Env.Shell)
		}
	})
}
