package lambda

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// clients speak the Runtime API for handlers that are not programs themselves.
//
//go:embed client
var clients embed.FS

func (s *Service) writeClients() error {
	for _, name := range []string{"bootstrap.py", "bootstrap.mjs", "Bootstrap.java"} {
		text, err := fs.ReadFile(clients, "client/"+name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(s.clientDir(), name), text, 0o400); err != nil {
			return fmt.Errorf("prepare lambda: %w", err)
		}
	}
	return nil
}

// interpreters remembers where interpreters are.
type interpreters struct {
	mu    sync.Mutex // guards paths
	paths map[string]string
}

// A language is how one family of runtimes is run.
type language struct {
	name       string   // for people
	programs   []string // in the order in which they are looked for
	executable []string // arguments that make the program print its own path: version managers put scripts before it
	client     string
	arguments  []string
	// java is the least version of a JDK that runs it; 0 is another language.
	java int
}

// languageOf returns the language of nodejs22.x and the like, of python3.13 and the like.
func languageOf(rt types.Runtime) (language, bool) {
	name := string(rt)
	switch {
	case strings.HasPrefix(name, "python3."):
		return language{
			name: "Python", programs: []string{name, "python3", "python"}, client: "bootstrap.py", arguments: []string{"-u"},
			executable: []string{"-c", "import sys; assert sys.version_info >= (3, 8); print(sys.executable)"},
		}, true
	case strings.HasPrefix(name, "nodejs") && strings.HasSuffix(name, ".x"):
		return language{
			name: "Node.js", programs: []string{"node"}, client: "bootstrap.mjs",
			executable: []string{"-p", "process.execPath"},
		}, true
	case javaVersions[rt] > 0:
		return language{
			name: "a JDK, version " + strconv.Itoa(javaVersions[rt]) + " or later", programs: []string{"java"}, client: "Bootstrap.java",
			executable: []string{"-XshowSettings:properties", "-version"}, java: javaVersions[rt],
		}, true
	}
	return language{}, false
}

// checkRuntime refuses a runtime that does not run here.
func (s *Service) checkRuntime(ctx context.Context, rt types.Runtime) error {
	if isProvided(rt) {
		return nil
	}
	l, ok := languageOf(rt)
	if !ok {
		return invalid("The runtime " + string(rt) + " is not supported by this local Lambda. Supported are provided.al2023, provided.al2, nodejs*.x, python3.* and java8.al2 to java25.")
	}
	if _, err := s.interpreter(ctx, l); err != nil {
		return invalid("The runtime " + string(rt) + " needs " + l.name + " on this machine: " + err.Error())
	}
	return nil
}

// interpreted is the command that runs the client of a language.
func (s *Service) interpreted(ctx context.Context, rt types.Runtime, task string) (path string, args []string, err error) {
	l, ok := languageOf(rt)
	if !ok {
		return "", nil, errors.New("unknown runtime " + string(rt))
	}
	if path, err = s.interpreter(ctx, l); err != nil {
		return "", nil, err
	}
	if l.java > 0 {
		return path, append([]string{path}, s.javaArguments(l, task)...), nil
	}
	args = append([]string{path}, l.arguments...)
	return path, append(args, filepath.Join(s.clientDir(), l.client)), nil
}

// interpreter finds the interpreter itself, behind the scripts of version managers.
func (s *Service) interpreter(ctx context.Context, l language) (string, error) {
	s.found.mu.Lock()
	defer s.found.mu.Unlock()
	if path, ok := s.found.paths[l.key()]; ok {
		return path, nil
	}
	for _, program := range l.programs {
		for _, dir := range s.programDirs(l) {
			path, err := exec.LookPath(filepath.Join(dir, program))
			if err != nil || !filepath.IsAbs(path) {
				continue
			}
			cmd := exec.CommandContext(ctx, path, l.executable...)
			cmd.Env = s.host.Environ
			out, err := l.output(cmd)
			if itself := l.itself(string(out)); err == nil && filepath.IsAbs(itself) {
				if err := s.prepare(ctx, l, itself); err != nil {
					return "", err
				}
				if s.found.paths == nil {
					s.found.paths = map[string]string{}
				}
				s.found.paths[l.key()] = itself
				return itself, nil
			}
		}
	}
	if l.java > 0 {
		return "", errors.New("none was found in JAVA_HOME or PATH")
	}
	return "", errors.New("no " + strings.Join(l.programs, " or ") + " was found in PATH")
}

func lookup(environ []string, name string) string {
	for _, entry := range environ {
		if key, value, _ := strings.Cut(entry, "="); key == name || runtime.GOOS == "windows" && strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}
