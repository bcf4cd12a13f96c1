package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/internal/prompt"
	"github.com/mayfly-cd/mayfly/internal/terminal"
	"github.com/mayfly-cd/mayfly/internal/workshop"
	"github.com/mayfly-cd/mayfly/phases"
	"github.com/mayfly-cd/mayfly/verify"
)

func TestExitCode(t *testing.T) {
	_, unknown := phases.Find("none")
	check := func(state verify.State) error { return &workshop.CheckError{Result: verify.Result{State: state}} }
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"done":              {nil, exitDone},
		"failed":            {errors.New("x"), exitFailed},
		"usage":             {usage("x"), exitUsage},
		"unknown phase":     {unknown, exitUsage},
		"requirement":       {&workshop.RequirementError{Phase: phases.CodeBuild}, exitUsage},
		"wrong":             {check(verify.Wrong), exitWrong},
		"not yet":           {check(verify.NotYet), exitFailed},
		"cannot tell":       {check(verify.CannotTell), exitNotAllowed},
		"another account":   {&workshop.WrongAccountError{}, exitNotAllowed},
		"denied":            {&smithy.GenericAPIError{Code: "AccessDeniedException"}, exitNotAllowed},
		"expired":           {&smithy.GenericAPIError{Code: "ExpiredToken"}, exitNotAllowed},
		"another --account": {&accountError{}, exitNotAllowed},
		"no credentials": {fmt.Errorf("get identity: failed to refresh cached credentials, no EC2 IMDS role found: %w",
			&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}), exitNotAllowed},
		"no such profile": {config.SharedConfigProfileNotExistError{Profile: "none"}, exitNotAllowed},
		"unreachable":     {&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, exitFailed},
		"no region":       {cloud.ErrNoRegion, exitUsage},
		"busy":            {&workshop.BusyError{}, exitFailed},
		"Ctrl-C":          {context.Canceled, exitInterrupted},
		"at a question":   {prompt.ErrInterrupted, exitInterrupted},
	} {
		if got := exitCode(test.err); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
		if test.err == nil {
			continue
		}
		if got := exitCode(fmt.Errorf("above: %w", errors.Join(test.err, errors.New("beside")))); got != test.want {
			t.Errorf("%s, wrapped: %d, want %d", name, got, test.want)
		}
	}
}

func TestReadCredentialRequest(t *testing.T) {
	got, err := readCredentialRequest(strings.NewReader("protocol=http\nhost=127.0.0.1:4000\npath=v1/repos/r\nwwwauth[]=Basic realm=\"x\"\n\nhost=evil\n"))
	if err != nil || got.String() != "http://127.0.0.1:4000/v1/repos/r" {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"", "protocol=http\nhost=h\n"} {
		if got, err := readCredentialRequest(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "credential.useHttpPath") {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// TestCheckHost gives the credentials of an AWS to nobody but it.
func TestCheckHost(t *testing.T) {
	local := cloud.Target{Endpoint: "http://127.0.0.1:4000"}
	for _, test := range []struct {
		asked  string
		target cloud.Target
		ok     bool
	}{
		{"http://127.0.0.1:4000/v1/repos/r", local, true},
		{"https://127.0.0.1:4000/v1/repos/r", local, false},
		{"http://127.0.0.1:4001/v1/repos/r", local, false},
		{"http://localhost:4000/v1/repos/r", local, false},
		{"https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/r", cloud.Target{}, true},
		{"https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/r", cloud.Target{}, false},
		{"http://git-codecommit.eu-central-1.amazonaws.com/v1/repos/r", cloud.Target{}, false},
		{"https://git-codecommit.eu-central-1.amazonaws.com.evil.example/v1/repos/r", cloud.Target{}, false},
	} {
		asked, err := url.Parse(test.asked)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkHost(asked, test.target, "eu-central-1"); (err == nil) != test.ok {
			t.Errorf("%s, endpoint %q: %v", test.asked, test.target.Endpoint, err)
		}
	}
}

func TestFolders(t *testing.T) {
	drive := ""
	if runtime.GOOS == "windows" {
		drive = "C:" // no path is absolute without one
	}
	for name, test := range map[string]struct {
		environ []string
		want    string
	}{
		"XDG_DATA_HOME":          {[]string{"HOME=/h", "XDG_DATA_HOME=/x"}, "/x/mayfly"},
		"XDG_DATA_HOME empty":    {[]string{"HOME=/h", "XDG_DATA_HOME="}, "/h/.local/share/mayfly"},
		"XDG_DATA_HOME relative": {[]string{"HOME=/h", "XDG_DATA_HOME=x"}, "/h/.local/share/mayfly"},
		"HOME":                   {[]string{"HOME=/h", "HOMEX=/no"}, "/h/.local/share/mayfly"},
		"USERPROFILE":            {[]string{"USERPROFILE=/u"}, "/u/.local/share/mayfly"},
	} {
		a := &app{}
		for _, v := range test.environ {
			a.environ = append(a.environ, strings.Replace(v, "=/", "="+drive+"/", 1))
		}
		if got, err := a.root(); err != nil || filepath.ToSlash(got) != drive+test.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := (&app{}).root(); err == nil || !strings.Contains(err.Error(), "HOME is not set") {
		t.Errorf("no home: %v", err)
	}
}

// TestBuildVariables puts this machine's module cache before the proxies, where there is one.
func TestBuildVariables(t *testing.T) {
	home := t.TempDir()
	download := filepath.Join(home, "go", "pkg", "mod", "cache", "download")
	if got := (&app{environ: []string{"HOME=" + home}}).buildVariables(); len(got) != 0 {
		t.Errorf("no cache: %v", got)
	}
	if err := os.MkdirAll(download, 0o700); err != nil {
		t.Fatal(err)
	}
	from := "file://" + filepath.ToSlash(download)
	proxies := (&app{environ: []string{"HOME=/none"}}).defaultProxies()
	if proxies == "" {
		t.Error("go has no default for GOPROXY")
	}
	for name, test := range map[string]struct {
		environ []string
		want    string
	}{
		"HOME":       {[]string{"HOME=" + home}, from + "," + proxies},
		"GOPROXY":    {[]string{"HOME=" + home, "GOPROXY=off"}, from + ",off"},
		"GOPATH":     {[]string{"HOME=/none", "GOPATH=" + filepath.Join(home, "go") + string(filepath.ListSeparator) + "/b"}, from + "," + proxies},
		"GOMODCACHE": {[]string{"HOME=/none", "GOMODCACHE=" + filepath.Join(home, "go", "pkg", "mod")}, from + "," + proxies},
	} {
		want := map[string]string{"GOPROXY": test.want}
		if got := (&app{environ: test.environ}).buildVariables(); !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// TestKeptProgram copies a program as `go run` leaves it, once, and anew when it has changed.
func TestKeptProgram(t *testing.T) {
	dir := t.TempDir()
	program, kept := filepath.Join(dir, "program"), filepath.Join(dir, "state", "bin", "program")
	if err := os.WriteFile(program, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if same(program, kept) {
		t.Error("it is kept before it is copied")
	}
	for _, content := range []string{"one", "another"} {
		if err := os.WriteFile(program, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := copyFile(program, kept); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(kept)
		if err != nil || string(got) != content {
			t.Errorf("kept %q, %v", got, err)
		}
		if info, err := os.Stat(kept); err != nil || info.Mode().Perm()&0o100 == 0 {
			t.Errorf("the copy cannot be executed: %v, %v", info, err)
		}
		if !same(program, kept) {
			t.Error("the copy is not taken for one")
		}
	}
	if err := copyFile(filepath.Join(dir, "none"), kept); err == nil {
		t.Error("a program that is not there was copied")
	}
	entries, err := os.ReadDir(filepath.Dir(kept))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestShellQuote(t *testing.T) {
	for text, want := range map[string]string{"": "''", "/a b": "'/a b'", "it's": `'it'\''s'`, "$HOME": "'$HOME'"} {
		if got := shellQuote(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestFindPhases(t *testing.T) {
	if got, err := findPhases(nil); err != nil || !slices.Equal(got, phases.All) {
		t.Errorf("none named: %v, %v", got, err)
	}
	if got, err := findPhases([]string{"deploy", "1"}); err != nil || !slices.Equal(got, []*phases.Phase{phases.CloudFormation, phases.CodeCommit}) {
		t.Errorf("two named: %v, %v", got, err)
	}
	if _, err := findPhases([]string{"1", "7"}); err == nil {
		t.Error("phase 7 was found")
	}
}

// TestBeside keeps what others wrote in its column, and from doing more than be seen.
func TestBeside(t *testing.T) {
	a := &app{streams: &terminal.Streams{Out: io.Discard}}
	if got, want := a.beside(3, "red \x1b[31mX\x1b[0m\nsecond"), "red X\n   second"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestALostAnswerFails where the disk is full.
func TestALostAnswerFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no device that is always full: ", err)
	}
	defer full.Close()
	out := &answerFile{File: full}
	terminal.JSON(out, map[string]bool{"ok": true})
	if !errors.Is(out.lost, syscall.ENOSPC) {
		t.Errorf("got %v, want no space left", out.lost)
	}
}
