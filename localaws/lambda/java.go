package lambda

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// javaVersions are the JDKs that the runtimes of Java need at least. The client
// needs an HTTP client, which no JDK before 11 has.
var javaVersions = map[types.Runtime]int{
	types.RuntimeJava8al2: 11, types.RuntimeJava11: 11, types.RuntimeJava17: 17, types.RuntimeJava21: 21, types.RuntimeJava25: 25,
}

// key is by what the program of a language is remembered.
func (l language) key() string { return l.programs[0] + strconv.Itoa(l.java) }

// programDirs are where the programs of a language are looked for.
func (s *Service) programDirs(l language) []string {
	dirs := filepath.SplitList(lookup(s.host.Environ, "PATH"))
	if home := lookup(s.host.Environ, "JAVA_HOME"); l.java > 0 && home != "" {
		dirs = append([]string{filepath.Join(home, "bin")}, dirs...)
	}
	return dirs
}

// output runs the command that tells where a program is. Java tells it on standard error.
func (l language) output(cmd *exec.Cmd) ([]byte, error) {
	if l.java > 0 {
		return cmd.CombinedOutput()
	}
	return cmd.Output()
}

// itself reads where the program is; empty is one that does not do.
func (l language) itself(output string) string {
	if l.java == 0 {
		return strings.TrimSpace(output)
	}
	properties := map[string]string{}
	for line := range strings.Lines(output) {
		if name, value, ok := strings.Cut(line, " = "); ok {
			properties[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	version, err := strconv.Atoi(properties["java.specification.version"])
	if err != nil || version < l.java {
		return ""
	}
	programs := filepath.Join(properties["java.home"], "bin")
	if _, err := exec.LookPath(filepath.Join(programs, "javac")); err != nil {
		return "" // without a compiler there is no client
	}
	path, err := exec.LookPath(filepath.Join(programs, "java"))
	if err != nil {
		return ""
	}
	return path
}

// classDir holds the client compiled by the JDK that runs it.
func (s *Service) classDir(l language) string { return filepath.Join(s.clientDir(), l.key()) }

// prepare does what an interpreter needs before its first use: Java's client is compiled.
func (s *Service) prepare(ctx context.Context, l language, path string) error {
	if l.java == 0 {
		return nil
	}
	compiler := filepath.Join(filepath.Dir(path), "javac")
	cmd := exec.CommandContext(ctx, compiler, "-nowarn", "-encoding", "UTF-8", "-d", s.classDir(l), filepath.Join(s.clientDir(), l.client))
	cmd.Env = s.host.Environ
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile the runtime's client: %w: %s", err, out)
	}
	return nil
}

// javaArguments start a JVM quickly on a package: its classes, and the archives in lib.
func (s *Service) javaArguments(l language, task string) []string {
	path := []string{s.classDir(l), task, filepath.Join(task, "lib", "*")}
	return []string{
		"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", strings.Join(path, string(os.PathListSeparator)), "Bootstrap",
	}
}
