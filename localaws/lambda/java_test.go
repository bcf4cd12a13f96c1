package lambda_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
)

// classes compiles testdata/java, whose handlers bring AWS's interfaces along as real packages do.
func classes(t *testing.T) []file {
	t.Helper()
	if _, err := exec.LookPath("javac"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("this test needs a JDK: %v", err)
		}
		t.Skip("there is no JDK on this machine")
	}
	var sources []string
	root := filepath.Join("testdata", "java")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			sources = append(sources, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "javac", append([]string{"--release", "17", "-d", dir}, sources...)...).CombinedOutput(); err != nil {
		t.Fatalf("javac: %v\n%s", err, out)
	}
	var files []file
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		files = append(files, file{path, 0o644, data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestJava(t *testing.T) {
	code := pack(t, classes(t)...)
	c := start(t)
	c.create(t, func(in *awslambda.CreateFunctionInput) {
		in.Runtime, in.Handler, in.Timeout = types.RuntimeJava17, aws.String("example.Hello"), aws.Int32(20)
		in.Code = &types.FunctionCode{ZipFile: code}
	})
	out := c.invoke(t, `{"number": 7, "size": "LARGE", "items": [{"name": "\u00e4", "price": 1.5}, {"name": "b"}], "unknown": [{}, null]}`)
	want := map[string]any{
		"first": "ä ü \"LARGE\"\n", "left": true, "order": map[string]any{
			"number": 7.0, "size": "LARGE", "items": []any{map[string]any{"name": "ä", "price": 1.5}, map[string]any{"name": "b", "price": 0.0}},
		},
	}
	if diff := cmp.Diff(want, decode[map[string]any](t, out.Payload)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if text := c.logs.await(t, "/aws/lambda/f", "REPORT"); !strings.Contains(text, "logged by f\n") || !strings.Contains(text, "printed\n") {
		t.Errorf("the log:\n%s", text)
	}
	out = c.invoke(t, `{"number":-1}`)
	failed := decode[struct {
		ErrorType, ErrorMessage string
		StackTrace              []string
		Cause                   failure
	}](t, out.Payload)
	if aws.ToString(out.FunctionError) != "Unhandled" || failed.ErrorType != "java.lang.IllegalStateException" || failed.ErrorMessage != "no luck" ||
		failed.Cause.ErrorType != "java.io.IOException" || !strings.HasPrefix(failed.StackTrace[0], "example.Hello.handleRequest(Hello.java:") {
		t.Errorf("got %s", out.Payload)
	}
	for _, test := range []struct{ handler, event, want string }{
		{"example.Hello::stream", `{"a":1}`, `[{"a":1}]`},
		{"example.Gone", `{}`, `"errorMessage":"Class not found: example.Gone","errorType":"java.lang.ClassNotFoundException"`},
	} {
		if _, err := c.UpdateFunctionConfiguration(t.Context(), &awslambda.UpdateFunctionConfigurationInput{
			FunctionName: aws.String("f"), Handler: &test.handler,
		}); err != nil {
			t.Fatal(err)
		}
		c.settled(t, "f")
		if out := c.invoke(t, test.event); !strings.Contains(string(out.Payload), test.want) {
			t.Errorf("%s: got %s", test.handler, out.Payload)
		}
	}
	_, err := c.UpdateFunctionConfiguration(t.Context(), &awslambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), Runtime: types.RuntimeJava8,
	})
	wantError(t, err, "InvalidParameterValueException", "The runtime java8 is not supported by this local Lambda.")
}
