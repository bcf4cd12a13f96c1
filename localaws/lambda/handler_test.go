package lambda_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const pythonSource = `
import logging
logging.getLogger().setLevel("INFO")

def handler(event, context):
    if event.get("fail"):
        raise ValueError("no luck")
    print("printed")
    logging.info("logged")
    return {"got": event, "name": context.function_name, "left": context.get_remaining_time_in_millis() > 0}

def odd(event, context):
    return object()
`

const nodeSource = `
export const handler = async (event, context) => {
  if (event.fail) throw new TypeError("no luck");
  console.log("printed");
  return { got: event, name: context.functionName, left: context.getRemainingTimeInMillis() > 0 };
};
export const callback = (event, context, done) => setImmediate(() => done(null, "called back"));
export const nothing = async () => {};
`

const commonSource = `exports.handler = async (event) => ({ common: event.n });`

func TestHandlers(t *testing.T) {
	for _, test := range []struct {
		name, program, handler string
		runtime                types.Runtime
		source                 file
		event, payload         string
		kind, message          string
		log                    string
	}{
		{
			name: "python", program: "python3", runtime: types.RuntimePython313, handler: "app.handler", source: file{"app.py", 0o644, []byte(pythonSource)},
			event: `{"n":1}`, payload: `{"got": {"n": 1}, "name": "f", "left": true}`, log: "printed\n[INFO]\t",
		},
		{
			name: "python raises", program: "python3", runtime: types.RuntimePython313, handler: "app.handler", source: file{"app.py", 0o644, []byte(pythonSource)},
			event: `{"fail":1}`, kind: "ValueError", message: "^no luck$", log: "[ERROR] ValueError: no luck\nTraceback (most recent call last):\n",
		},
		{
			name: "python import", program: "python3", runtime: types.RuntimePython313, handler: "gone.handler", source: file{"app.py", 0o644, []byte(pythonSource)},
			event: `{}`, kind: "Runtime.ImportModuleError", message: "^Unable to import module 'gone': No module named 'gone'$",
		},
		{
			name: "python handler", program: "python3", runtime: types.RuntimePython313, handler: "app.gone", source: file{"app.py", 0o644, []byte(pythonSource)},
			event: `{}`, kind: "Runtime.HandlerNotFound", message: "^Handler 'gone' missing on module 'app'$",
		},
		{
			name: "python marshal", program: "python3", runtime: types.RuntimePython313, handler: "app.odd", source: file{"app.py", 0o644, []byte(pythonSource)},
			event: `{}`, kind: "Runtime.MarshalError", message: "^Unable to marshal response: Object of type object is not JSON serializable$",
		},
		{
			name: "node", program: "node", runtime: types.RuntimeNodejs22x, handler: "index.handler", source: file{"index.mjs", 0o644, []byte(nodeSource)},
			event: `{"n":1}`, payload: `{"got":{"n":1},"name":"f","left":true}`, log: "INFO\tprinted\n",
		},
		{
			name: "node callback", program: "node", runtime: types.RuntimeNodejs22x, handler: "index.callback", source: file{"index.mjs", 0o644, []byte(nodeSource)},
			event: `{}`, payload: `"called back"`,
		},
		{
			name: "node nothing", program: "node", runtime: types.RuntimeNodejs22x, handler: "index.nothing", source: file{"index.mjs", 0o644, []byte(nodeSource)},
			event: `{}`, payload: `null`,
		},
		{
			name: "node CommonJS", program: "node", runtime: types.RuntimeNodejs22x, handler: "src/index.handler", source: file{"src/index.js", 0o644, []byte(commonSource)},
			event: `{"n":2}`, payload: `{"common":2}`,
		},
		{
			name: "node throws", program: "node", runtime: types.RuntimeNodejs22x, handler: "index.handler", source: file{"index.mjs", 0o644, []byte(nodeSource)},
			event: `{"fail":1}`, kind: "TypeError", message: "^no luck$",
		},
		{
			name: "node import", program: "node", runtime: types.RuntimeNodejs22x, handler: "gone.handler", source: file{"index.mjs", 0o644, []byte(nodeSource)},
			event: `{}`, kind: "Runtime.ImportModuleError", message: "^Error: Cannot find module 'gone'$",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := exec.LookPath(test.program); err != nil {
				t.Skipf("%s is not on this machine", test.program)
			}
			c := start(t)
			c.create(t, func(in *awslambda.CreateFunctionInput) {
				in.Runtime, in.Handler = test.runtime, aws.String(test.handler)
				in.Code = &types.FunctionCode{ZipFile: pack(t, test.source)}
				in.Timeout = aws.Int32(20)
			})
			out := c.invoke(t, test.event)
			if test.kind == "" {
				if out.FunctionError != nil || string(out.Payload) != test.payload {
					t.Errorf("got %s, want %s", out.Payload, test.payload)
				}
			} else if got := decode[failure](t, out.Payload); got.ErrorType != test.kind || !regexp.MustCompile(test.message).MatchString(got.ErrorMessage) {
				t.Errorf("got %s", out.Payload)
			}
			if test.log != "" {
				text := c.logs.await(t, "/aws/lambda/f", "REPORT")
				if !strings.Contains(text, test.log) {
					t.Errorf("the log does not contain %q:\n%s", test.log, text)
				}
			}
		})
	}
}

func TestGoLibrary(t *testing.T) {
	data, err := compile("hello")
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	c := start(t)
	c.create(t, func(in *awslambda.CreateFunctionInput) {
		in.Code = &types.FunctionCode{ZipFile: pack(t, file{"bootstrap", 0o755, data})}
	})
	url := c.public(t, nil)
	if status, _, body := get(t, "GET", url, "", nil); status != 200 || body != "hello from "+arnOfF+":live" {
		t.Errorf("got %d %s", status, body)
	}
	for path, want := range map[string]failure{"/error": {"errorString", "no luck"}, "/panic": {"string", "oh no"}} {
		out := c.invoke(t, `{"rawPath":"`+path+`"}`)
		if got := decode[failure](t, out.Payload); got != want || out.FunctionError == nil {
			t.Errorf("%s: got %s", path, out.Payload)
		}
		if status, _, body := get(t, "GET", url+path[1:], "", nil); status != 502 || body != "Internal Server Error" {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
}
