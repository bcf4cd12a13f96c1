package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mayfly-cd/mayfly/templates"
)

// The scripts in testdata/script are journeys of learners. What they can use
// beside testscript's own commands:
//
//   - programs, by exec: mayfly itself; and exits CODE PROGRAM ARG..., which
//     succeeds if the program ends with that exit code and passes signals on;
//   - await REGEXP PROGRAM ARG...: runs the program until its output matches;
//   - awaitfile REGEXP FILE: waits until the file matches;
//   - json PATH WANT: looks into the last JSON value on stdout. A path is keys
//     and indices with dots between them; # stands for every element; size for
//     how many there are;
//   - busyport NAME: puts a port on which somebody listens into a variable.
//
// Each script has a home, a state folder and a local AWS of its own, and a
// small application in $WORK/app whose builds take no time.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("builds need a POSIX system")
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), Setup: setup,
		RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"await": await, "awaitfile": awaitFile, "json": assertJSON, "busyport": busyPort,
		},
	})
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"mayfly": func() { os.Exit(Main()) }, //nolint:forbidigo // it stands for main
		"exits":  func() { os.Exit(exits()) }, //nolint:forbidigo // a program of its own
		"hello":  hello,
	})
}

// setup gives a script its home and its application, and ends its local AWSs.
func setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	env.Setenv("HOME", home)
	env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data"))
	env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	env.Setenv("COPY", filepath.Join(home, "mayfly", "default"))
	env.Setenv("STATE", filepath.Join(env.WorkDir, "data", "mayfly", "default"))
	for _, name := range []string{"GOPROXY", "GOSUMDB", "GOTOOLCHAIN", "SSL_CERT_FILE"} {
		if value, ok := os.LookupEnv(name); ok {
			env.Setenv(name, value)
		}
	}
	modules, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		return fmt.Errorf("ask go for its module cache: %w", err)
	}
	env.Setenv("GOMODCACHE", strings.TrimSpace(string(modules)))
	files, err := application_(env.WorkDir)
	if err != nil {
		return err
	}
	files[filepath.Join("home", ".gitconfig")] = []byte("[user]\n\tname = A Learner\n\temail = learner@example.com\n")
	for name, data := range files {
		if err := writeMissing(filepath.Join(env.WorkDir, name), data); err != nil {
			return err
		}
	}
	env.Defer(func() { stopAll(env) })
	return nil
}
