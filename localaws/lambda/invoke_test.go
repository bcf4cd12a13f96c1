package lambda_test

import (
	"encoding/base64"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

type failure struct{ ErrorType, ErrorMessage string }

func TestInvoke(t *testing.T) {
	c := start(t)
	c.create(t)
	out := c.invoke(t, `{"hello":"world"}`)
	if string(out.Payload) != `{"hello":"world"}` || out.StatusCode != http.StatusOK || *out.ExecutedVersion != "$LATEST" || out.FunctionError != nil {
		t.Errorf("got %s, status %d, version %s, error %v", out.Payload, out.StatusCode, *out.ExecutedVersion, out.FunctionError)
	}
	// The process is warm: it counts its calls.
	if calls := decode[int](t, c.invoke(t, `{"do":"calls"}`).Payload); calls != 2 {
		t.Errorf("the second call met a process that had been called %d times", calls)
	}
	if out := c.invoke(t, ""); string(out.Payload) != "{}" {
		t.Errorf("without a payload the function saw %s", out.Payload)
	}
	headers := decode[http.Header](t, c.invoke(t, `{"do":"headers"}`).Payload)
	if arn := headers.Get("Lambda-Runtime-Invoked-Function-Arn"); arn != arnOfF {
		t.Errorf("invoked ARN %s", arn)
	}
	ms, err := strconv.ParseInt(headers.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
	if left := time.Until(time.UnixMilli(ms)); err != nil || left < time.Second || left > 3*time.Second {
		t.Errorf("the deadline is %v away (%v), want nearly 3 s", left, err)
	}
	if trace := headers.Get("Lambda-Runtime-Trace-Id"); !regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24};`).MatchString(trace) {
		t.Errorf("trace id %q", trace)
	}
	dry := c.invoke(t, "{}", func(in *awslambda.InvokeInput) { in.InvocationType = types.InvocationTypeDryRun })
	if dry.StatusCode != http.StatusNoContent {
		t.Errorf("dry run: status %d", dry.StatusCode)
	}
}

func TestFunctionErrors(t *testing.T) {
	c := start(t)
	c.create(t, func(in *awslambda.CreateFunctionInput) { in.Timeout = aws.Int32(1) })
	for _, test := range []struct{ name, event, kind, message string }{
		{"error", `{"do":"fail","value":"no luck"}`, "MyError", `^no luck$`},
		{"exit 1", `{"do":"exit","value":1}`, "Runtime.ExitError", `^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 1$`},
		{"exit 0", `{"do":"exit","value":0}`, "Runtime.ExitError", `^RequestId: [0-9a-f-]{36} Error: Runtime exited without providing a reason$`},
		{"timeout", `{"do":"sleep","value":60000}`, "Sandbox.Timedout", `^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$`},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := c.invoke(t, test.event)
			got := decode[failure](t, out.Payload)
			if aws.ToString(out.FunctionError) != "Unhandled" || out.StatusCode != http.StatusOK {
				t.Errorf("FunctionError %v, status %d", out.FunctionError, out.StatusCode)
			}
			if got.ErrorType != test.kind || !regexp.MustCompile(test.message).MatchString(got.ErrorMessage) {
				t.Errorf("got %+v", got)
			}
			// Whatever happened, the next call is served.
			if out := c.invoke(t, `{"next":1}`); string(out.Payload) != `{"next":1}` {
				t.Errorf("afterwards: %s", out.Payload)
			}
		})
	}
}

func TestInitErrors(t *testing.T) {
	for _, test := range []struct{ name, variable, kind, message string }{
		{"posted", "FAIL_INIT", "Init", "^bad$"},
		{"exit", "EXIT_INIT", "Runtime.ExitError", `Error: Runtime exited with error: exit status 3$`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := start(t)
			c.create(t, func(in *awslambda.CreateFunctionInput) {
				in.Environment = &types.Environment{Variables: map[string]string{test.variable: "bad"}}
			})
			got := decode[failure](t, c.invoke(t, "{}").Payload)
			if got.ErrorType != test.kind || !regexp.MustCompile(test.message).MatchString(got.ErrorMessage) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestMissingBootstrap(t *testing.T) {
	c := start(t)
	for _, test := range []struct {
		name, message string
		files         []file
	}{
		{"none", `Couldn't find valid bootstrap\(s\): \[/var/task/bootstrap /opt/bootstrap\]`, []file{{"main", 0o755, []byte("x")}}},
		{"not executable", `fork/exec /var/task/bootstrap: permission denied`, []file{{"bootstrap", 0o644, []byte("#!/bin/sh\n")}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if os.Getuid() == 0 && test.name == "not executable" {
				t.Log("root may not execute it either")
			}
			c.create(t, func(in *awslambda.CreateFunctionInput) {
				in.FunctionName = aws.String(strings.ReplaceAll(test.name, " ", "-"))
				in.Code = &types.FunctionCode{ZipFile: pack(t, test.files...)}
			})
			out := c.invoke(t, "{}", func(in *awslambda.InvokeInput) { in.FunctionName = aws.String(strings.ReplaceAll(test.name, " ", "-")) })
			got := decode[failure](t, out.Payload)
			if got.ErrorType != "Runtime.InvalidEntrypoint" || !regexp.MustCompile(test.message).MatchString(got.ErrorMessage) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestLogs(t *testing.T) {
	c := start(t)
	c.create(t)
	out := c.invoke(t, `{"do":"print","value":"first line"}`, func(in *awslambda.InvokeInput) { in.LogType = types.LogTypeTail })
	tail, err := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^START RequestId: [0-9a-f-]{36} Version: \$LATEST\nfirst line\nand no newline\nEND RequestId: [0-9a-f-]{36}\n` +
		`REPORT RequestId: [0-9a-f-]{36}\tDuration: [0-9.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB(\tMax Memory Used: \d+ MB)?\tInit Duration: [0-9.]+ ms\t\n$`)
	if !want.Match(tail) {
		t.Errorf("tail:\n%s", tail)
	}
	text := c.logs.await(t, "/aws/lambda/f", "REPORT")
	if !strings.HasPrefix(text, "INIT_START Runtime Version: provided.al2023\n") || !strings.Contains(text, "first line\nand no newline\nEND") {
		t.Errorf("log:\n%s", text)
	}
	c.invoke(t, `{"do":"exit","value":1}`)
	c.logs.await(t, "/aws/lambda/f", "goodbye\nRequestId: ")
	c.logs.await(t, "/aws/lambda/f", "Runtime exited with error: exit status 1\nRuntime.ExitError\n")
}

func TestEnvironment(t *testing.T) {
	t.Setenv("AWS_PROFILE", "mine")
	t.Setenv("GITHUB_TOKEN", "hush")
	c := start(t)
	c.create(t, func(in *awslambda.CreateFunctionInput) {
		in.Environment = &types.Environment{Variables: map[string]string{"STAGE": "test"}}
	})
	environ := decode[[]string](t, c.invoke(t, `{"do":"environ"}`).Payload)
	for _, want := range []string{
		"STAGE=test", "AWS_REGION=" + region, "AWS_ENDPOINT_URL=" + c.url, "AWS_LAMBDA_FUNCTION_NAME=f", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "AWS_ACCESS_KEY_ID=AKIAROOT", "_HANDLER=bootstrap", "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/f",
		"TZ=:UTC", "PATH=" + os.Getenv("PATH"),
	} {
		if !slices.Contains(environ, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if slices.Contains([]string{"AWS_PROFILE", "GITHUB_TOKEN", "GOPATH", "USER", "SSH_AUTH_SOCK"}, name) || entry == "HOME="+os.Getenv("HOME") {
			t.Errorf("%s reached the function", entry)
		}
	}
	_, err := c.UpdateFunctionConfiguration(t.Context(), &awslambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), Environment: &types.Environment{Variables: map[string]string{"AWS_REGION": "moon"}},
	})
	wantError(t, err, "InvalidParameterValueException", "Reserved keys used in this request: AWS_REGION")
}

func TestEvent(t *testing.T) {
	c := start(t)
	c.create(t)
	out := c.invoke(t, `{"do":"print","value":"from an event"}`, func(in *awslambda.InvokeInput) { in.InvocationType = types.InvocationTypeEvent })
	if out.StatusCode != http.StatusAccepted || len(out.Payload) != 0 {
		t.Errorf("status %d, payload %s", out.StatusCode, out.Payload)
	}
	c.logs.await(t, "/aws/lambda/f", "from an event")
}

func TestEventSurvivesRestart(t *testing.T) {
	c := start(t)
	c.create(t, func(in *awslambda.CreateFunctionInput) { in.Timeout = aws.Int32(60) })
	c.invoke(t, `{"do":"sleep","value":50000}`, func(in *awslambda.InvokeInput) { in.InvocationType = types.InvocationTypeEvent })
	c.logs.await(t, "/aws/lambda/f", "START")
	c.close()
	c.logs.lines = map[string][]string{}
	c.open(t)
	c.logs.await(t, "/aws/lambda/f", "START")
}

func TestConcurrency(t *testing.T) {
	c := start(t)
	c.create(t)
	pids := sync.Map{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			c.invoke(t, `{"do":"sleep","value":300}`)
			pids.Store(string(c.invoke(t, `{"do":"pid"}`).Payload), true)
		})
	}
	wg.Wait()
	if _, err := c.PutFunctionConcurrency(t.Context(), &awslambda.PutFunctionConcurrencyInput{
		FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(0),
	}); err != nil {
		t.Fatal(err)
	}
	_, err := c.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: aws.String("f")})
	wantError(t, err, "TooManyRequestsException", "Rate Exceeded.")
	_, err = c.PutFunctionConcurrency(t.Context(), &awslambda.PutFunctionConcurrencyInput{
		FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(95),
	})
	wantError(t, err, "InvalidParameterValueException", "decreases account's UnreservedConcurrentExecution below its minimum value of [10].")
}

func TestNothingIsLeft(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("processes that leave their group are found on Linux only")
	}
	c := start(t)
	c.create(t)
	child := decode[int](t, c.invoke(t, `{"do":"orphan"}`).Payload)
	parent := decode[int](t, c.invoke(t, `{"do":"pid"}`).Payload)
	c.close()
	for _, pid := range []int{child, parent} {
		awaitEnd(t, pid)
	}
	c.open(t)
	if out := c.invoke(t, `{"again":true}`); string(out.Payload) != `{"again":true}` {
		t.Errorf("after a restart: %s", out.Payload)
	}
}

// awaitEnd waits until a process that was killed is gone; its end takes the kernel a moment.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	limit := time.After(2 * time.Second)
	for {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(status), ") Z ") {
			return
		}
		select {
		case <-time.After(time.Millisecond):
		case <-limit:
			t.Fatalf("process %d is still there: %s", pid, status)
		}
	}
}

func TestBadRequests(t *testing.T) {
	c := start(t)
	c.create(t)
	for _, test := range []struct{ name, function, payload, code, words string }{
		{"missing", "g", "{}", "ResourceNotFoundException", "Function not found: arn:aws:lambda:eu-central-1:123456789012:function:g"},
		{"missing qualifier", "f:7", "{}", "ResourceNotFoundException", "Function not found: " + arnOfF + ":7"},
		{"not JSON", "f", "{", "InvalidRequestContentException", "Could not parse request body into json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: aws.String(test.function), Payload: []byte(test.payload)})
			wantError(t, err, test.code, test.words)
		})
	}
}

// BenchmarkWarmInvoke measures an invocation as a client sees it, and without the client.
func BenchmarkWarmInvoke(b *testing.B) {
	c := start(b)
	c.create(b)
	c.invoke(b, "{}")
	b.Run("client", func(b *testing.B) {
		for b.Loop() {
			c.invoke(b, "{}")
		}
	})
	b.Run("service", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.service.Invoke(b.Context(), &awslambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte("{}")}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
