package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/mayfly-cd/mayfly/internal/cloud"
	"github.com/mayfly-cd/mayfly/templates"
)

// built are the programs that are measured, made once.
var built struct {
	once sync.Once // guards what follows
	dir  string
	err  error
}

// programs builds mayfly as a release is built, and the small function.
func programs(b *testing.B) (mayfly, hello string) {
	b.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "mayfly-bench-"); built.err != nil { //nolint:usetesting // it outlives the first benchmark
			return
		}
		for name, pkg := range map[string]string{"mayfly": "../../cmd/mayfly", "hello": "./testdata/hello"} {
			cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(built.dir, name), pkg)
			cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := cmd.CombinedOutput(); err != nil {
				built.err = fmt.Errorf("build %s: %w\n%s", name, err, out)
				return
			}
		}
	})
	if built.err != nil {
		b.Fatal(built.err)
	}
	return filepath.Join(built.dir, "mayfly"), filepath.Join(built.dir, "hello")
}

// world is a home with mayfly in it, and nothing else.
type world struct {
	b      *testing.B
	mayfly string
	home   string
	env    []string
}

func newWorld(b *testing.B) *world {
	b.Helper()
	mayfly, _ := programs(b)
	home := b.TempDir()
	w := &world{b: b, mayfly: mayfly, home: home}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "MAYFLY_") && !strings.HasPrefix(name, "XDG_") {
			w.env = append(w.env, v)
		}
	}
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		b.Fatal(err)
	}
	w.env = append(w.env, "HOME="+home, "XDG_DATA_HOME="+filepath.Join(home, "data"), "GOMODCACHE="+strings.TrimSpace(string(cache)))
	b.Cleanup(w.stop)
	return w
}

// stop ends the local AWSes that a benchmark left in the background when it failed.
func (w *world) stop() {
	left, _ := filepath.Glob(filepath.Join(w.home, "data", "mayfly", "*", "endpoint.json")) // the pattern is good
	for _, file := range left {
		cmd := exec.Command(w.mayfly, "local", "stop", "--env", filepath.Base(filepath.Dir(file)))
		cmd.Env = w.env
		if out, err := cmd.CombinedOutput(); err != nil {
			w.b.Logf("%v: %s", err, out)
		}
	}
}

func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.b.Context(), w.mayfly, args...)
	cmd.Dir, cmd.Env = w.home, w.env
	return cmd
}

// run runs mayfly to its end and returns what it answered.
func (w *world) run(args ...string) []byte {
	w.b.Helper()
	out, err := w.try(args...)
	if err != nil {
		w.b.Fatal(err)
	}
	return out
}

func (w *world) try(args ...string) ([]byte, error) {
	cmd := w.command(args...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("mayfly %s: %w\n%s\n%s", strings.Join(args, " "), err, said.Bytes(), tail(out.Bytes()))
	}
	return out.Bytes(), nil
}

func tail(b []byte) []byte { return b[max(0, len(b)-2000):] }

// endpoint is how a local AWS is reached, as mayfly writes it.
type endpoint struct {
	URL             string `json:"url"`
	Region          string `json:"region"`
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	PID             int    `json:"pid"`
}

func (e endpoint) target() cloud.Target {
	return cloud.Target{
		Name: "local", Endpoint: e.URL, Region: e.Region,
		Credentials: credentials.NewStaticCredentialsProvider(e.AccessKeyID, e.SecretAccessKey, ""),
	}
}

// local is the local AWS of the environment, which runs in the background.
func (w *world) local() endpoint {
	w.b.Helper()
	data, err := os.ReadFile(filepath.Join(w.home, "data", "mayfly", "default", "endpoint.json"))
	if err != nil {
		w.b.Fatal(err)
	}
	var at endpoint
	if err := json.Unmarshal(data, &at); err != nil {
		w.b.Fatal(err)
	}
	return at
}

// cloud opens the environment's AWS.
func (w *world) cloud() *cloud.Cloud {
	w.b.Helper()
	c, err := cloud.Open(w.b.Context(), w.local().target(), time.Now) //nolint:forbidigo // a benchmark's clock is the clock
	if err != nil {
		w.b.Fatal(err)
	}
	return c
}

// application writes the small application: a shell script builds it, and its
// function is compiled already.
func (w *world) application() string {
	w.b.Helper()
	_, hello := programs(w.b)
	dir := filepath.Join(w.home, "application")
	template, err := fs.ReadFile(templates.FS, "app/go/template.yaml")
	if err != nil {
		w.b.Fatal(err)
	}
	files := map[string][]byte{
		"template.yaml": template,
		"greeting.json": []byte("\"Hello\"\n"),
		"bootstrap":     []byte("#!/bin/sh\nexec '" + hello + "'\n"),
	}
	const start, end = "version: 0.2\nphases:\n  build:\n    commands:\n", "artifacts:\n  base-directory: out\n  files: ['**/*']\n"
	const pack = "      - mkdir out && cp bootstrap greeting.json out/ && chmod +x out/bootstrap\n" +
		"      - case \"$(uname -m)\" in arm64|aarch64) a=arm64 ;; *) a=x86_64 ;; esac; printf '{\"commit\":\"%s\",\"execution\":\"%s\",\"architecture\":\"%s\"}' \"$CODEBUILD_RESOLVED_SOURCE_VERSION\" \"$EXECUTION_ID\" $a > out/stamp.json\n"
	const deploy = "      - cp template.yaml deploy.json out/\n"
	const cache = "  install:\n    commands:\n      - if [ -f ~/.cache/b/f ]; then export CACHE=hit; else export CACHE=miss; fi; mkdir -p ~/.cache/b; touch ~/.cache/b/f\n"
	for phase, text := range map[string]string{
		"codebuild":      "version: 0.2\nphases:\n  build:\n    commands:\n      - test -s greeting.json\n",
		"codepipeline":   start + pack + end,
		"cloudformation": start + pack + deploy + end,
		"caching": strings.Replace(start, "phases:\n", "env:\n  exported-variables: [CACHE]\nphases:\n"+cache, 1) + pack + deploy + end +
			"cache:\n  paths: ['/root/.cache/b/**/*']\n",
	} {
		files["buildspecs/"+phase+".yml"] = []byte(text)
	}
	for name, data := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			w.b.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o755); err != nil {
			w.b.Fatal(err)
		}
	}
	return dir
}

// sample runs something several times and returns how long each took.
func sample(n int, run func() time.Duration) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = run()
	}
	return all
}

func clock(run func()) time.Duration {
	began := time.Now() //nolint:forbidigo // a benchmark's clock is the clock
	run()
	return time.Since(began)
}
