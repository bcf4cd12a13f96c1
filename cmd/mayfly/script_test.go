package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mayfly-cd/mayfly/templates"
)

// TestScripts plays the scripts in testdata/script, which are learners'
// journeys. What they can use beside testscript's own commands:
//
//   - by exec, mayfly itself, and exits CODE PROGRAM ARG..., which succeeds if
//     the program ends with that exit code; signals reach the program;
//   - by exec too, fetch ACCEPT: what the live URL of the status on stdin answers;
//   - await REGEXP PROGRAM ARG...: runs the program until its output matches;
//   - awaitfile REGEXP FILE: waits until a file matches;
//   - json PATH WANT: looks into the last JSON value on stdout. A path is keys
//     and indices with dots between them; * stands for every element, and size
//     for how many there are;
//   - takeport NAME: takes a port and puts its number into a variable;
//   - receiver NAME FILE [STATUS...]: receives what is sent to a webhook, puts
//     its address into a variable and a line for each request into a file. The
//     first requests are answered with the statuses, the others with 200.
//
// Each script has a home, a state folder and a local AWS of its own, and in
// $WORK/app an application whose builds take no time.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("builds need a POSIX system")
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), Setup: setup,
		RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"await": await, "awaitfile": awaitFile, "json": assertJSON, "takeport": takePort,
			"receiver": receiver,
		},
	})
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"mayfly": func() { os.Exit(Main()) },  //nolint:forbidigo // it stands for main
		"exits":  func() { os.Exit(exits()) }, //nolint:forbidigo // it is a program
		"fetch":  fetch,
	})
}

// setup gives a script its home and its application.
func setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	for name, value := range map[string]string{
		"HOME": home, "XDG_DATA_HOME": filepath.Join(env.WorkDir, "data"), "GIT_CONFIG_NOSYSTEM": "1",
		// For the scripts: the working copy and the state of the default environment.
		"COPY": filepath.Join(home, "mayfly", "default"), "STATE": filepath.Join(env.WorkDir, "data", "mayfly", "default"),
	} {
		env.Setenv(name, value)
	}
	for _, name := range []string{"GOPROXY", "GOSUMDB", "GOTOOLCHAIN", "GORACE", "SSL_CERT_FILE"} {
		if value, ok := os.LookupEnv(name); ok {
			env.Setenv(name, value)
		}
	}
	for _, name := range []string{"GOMODCACHE", "GOCACHE"} { // builds do not see the latter
		dir, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return fmt.Errorf("ask go for its caches: %w", err)
		}
		env.Setenv(name, strings.TrimSpace(string(dir)))
	}
	env.Defer(func() { stopAll(env) })
	if err := makeFile(filepath.Join(home, ".gitconfig"), []byte("[user]\n\tname = A Learner\n\temail = learner@example.com\n")); err != nil {
		return err
	}
	return makeApplication(filepath.Join(env.WorkDir, "app"))
}

// makeApplication puts the application of the rehearsal into a folder. It is
// deployed by the same template as the sample application; its function is mayfly itself.
func makeApplication(dir string) error {
	program, err := exec.LookPath("mayfly")
	if err != nil {
		return err
	}
	template, err := templates.FS.ReadFile("app/go/template.yaml")
	if err != nil {
		return err
	}
	if err := makeFile(filepath.Join(dir, "template.yaml"), template); err != nil {
		return err
	}
	files := os.DirFS(filepath.Join("..", "..", "templates", "rehearsal"))
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(string(data), "PROGRAM", program)
		return makeFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text))
	})
}

// makeFile writes a file unless the script has brought its own.
func makeFile(name string, data []byte) error {
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o600)
}

// stopAll ends every local AWS that a script has left running.
func stopAll(env *testscript.Env) {
	left, _ := filepath.Glob(filepath.Join(env.WorkDir, "data", "mayfly", "*", "endpoint.json"))
	for _, file := range left {
		stop := exec.Command("mayfly", "local", "stop", "--env", filepath.Base(filepath.Dir(file)))
		stop.Env = env.Vars
		if out, err := stop.CombinedOutput(); err != nil {
			env.T().Log(fmt.Sprintf("mayfly local stop: %v\n%s", err, out))
		}
	}
}
