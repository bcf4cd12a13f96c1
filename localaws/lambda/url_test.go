package lambda_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// public gives the alias "live" of f a URL that everybody may call.
func (c *cloud) public(t *testing.T, cors *types.Cors) string {
	t.Helper()
	ctx, f, live := t.Context(), aws.String("f"), aws.String("live")
	if _, err := c.PublishVersion(ctx, &awslambda.PublishVersionInput{FunctionName: f}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateAlias(ctx, &awslambda.CreateAliasInput{FunctionName: f, Name: live, FunctionVersion: aws.String("1")}); err != nil {
		t.Fatal(err)
	}
	out, err := c.CreateFunctionUrlConfig(ctx, &awslambda.CreateFunctionUrlConfigInput{FunctionName: f, Qualifier: live, AuthType: types.FunctionUrlAuthTypeNone, Cors: cors})
	if err != nil {
		t.Fatal(err)
	}
	status, _, body := get(t, "GET", *out.FunctionUrl, "", nil)
	if status != http.StatusForbidden || body != `{"Message":"Forbidden"}` {
		t.Errorf("without a permission: %d %s", status, body)
	}
	c.permit(t, "url", "lambda:InvokeFunctionUrl")
	if status, _, _ := get(t, "GET", *out.FunctionUrl, "", nil); status != http.StatusForbidden {
		t.Errorf("with half of the permissions: %d", status)
	}
	c.permit(t, "function", "lambda:InvokeFunction")
	return *out.FunctionUrl
}

func (c *cloud) permit(t *testing.T, id, action string) {
	t.Helper()
	in := &awslambda.AddPermissionInput{
		FunctionName: aws.String("f"), Qualifier: aws.String("live"), StatementId: aws.String(id), Action: aws.String(action), Principal: aws.String("*"),
	}
	if action == "lambda:InvokeFunctionUrl" {
		in.FunctionUrlAuthType = types.FunctionUrlAuthTypeNone
	} else {
		in.InvokedViaFunctionUrl = aws.Bool(true)
	}
	if _, err := c.AddPermission(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, method, url, body string, header http.Header) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		request.Header = header
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

func TestURLRequest(t *testing.T) {
	c := start(t)
	c.create(t)
	url := c.public(t, nil)
	if !strings.HasPrefix(url, c.url+"/lambda-url/") || !strings.HasSuffix(url, "/") {
		t.Errorf("URL %s", url)
	}
	status, header, body := get(t, "POST", url+"a%20path/x?q=1&q=2&r=", `{"x":1}`, http.Header{
		"Content-Type": {"application/json"}, "Cookie": {"one=1; two=2"}, "X-Many": {"a", "b"}, "User-Agent": {"test"},
	})
	if status != http.StatusOK || header.Get("Content-Type") != "application/json" || header.Get("X-Amzn-Requestid") == "" {
		t.Errorf("status %d, headers %v", status, header)
	}
	seen := decode[events.LambdaFunctionURLRequest](t, []byte(body))
	id := strings.Split(strings.TrimPrefix(url, c.url), "/")[2]
	h := seen.RequestContext.HTTP
	if seen.Version != "2.0" || seen.RawPath != "/a%20path/x" || seen.RawQueryString != "q=1&q=2&r=" || seen.Body != `{"x":1}` || seen.IsBase64Encoded ||
		seen.QueryStringParameters["q"] != "1,2" || strings.Join(seen.Cookies, "|") != "one=1|two=2" || seen.Headers["x-many"] != "a,b" ||
		seen.Headers["cookie"] != "" || seen.RequestContext.APIID != id || h.Method != http.MethodPost || h.SourceIP != "127.0.0.1" || h.UserAgent != "test" ||
		h.Path != "/a%20path/x" || h.Protocol != "HTTP/1.1" {
		t.Errorf("the function saw %s", body)
	}
	_, _, body = get(t, "PUT", url, "\xff\x00", http.Header{"Content-Type": {"image/png"}})
	seen = decode[events.LambdaFunctionURLRequest](t, []byte(body))
	if raw, err := base64.StdEncoding.DecodeString(seen.Body); err != nil || string(raw) != "\xff\x00" || !seen.IsBase64Encoded || seen.RawPath != "/" {
		t.Errorf("the function saw %s", body)
	}
}

func TestURLResponse(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("the function of this test is a script that needs curl")
	}
	c := start(t)
	// The URL's event is not under our control, so a script answers: the query says what.
	script := `#!/bin/sh
set -e
base="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
  event=$(curl -s -D "$TMPDIR/head" "$base/next")
  id=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: *//p' "$TMPDIR/head" | tr -d '\r')
  answer=$(printf %s "$event" | sed -n 's/.*"rawPath":"\/\([^"]*\)".*/\1/p' | base64 -d)
  case $answer in
    error) curl -s -d '{"errorType":"E","errorMessage":"m"}' "$base/$id/error" >/dev/null ;;
    *) curl -s --data-binary "$answer" "$base/$id/response" >/dev/null ;;
  esac
done
`
	c.create(t, func(in *awslambda.CreateFunctionInput) {
		in.Code = &types.FunctionCode{ZipFile: pack(t, file{"bootstrap", 0o755, []byte(script)})}
	})
	url := c.public(t, nil)
	for _, test := range []struct {
		name, result string
		status       int
		header, body string
	}{
		{"structured", `{"statusCode":201,"headers":{"Content-Type":"text/plain","X-A":"b"},"body":"made","cookies":["a=1; Secure","b=2"]}`, 201, "text/plain", "made"},
		{"base64", `{"statusCode":200,"headers":{"content-type":"image/png"},"isBase64Encoded":true,"body":"/wA="}`, 200, "image/png", "\xff\x00"},
		{"object", `{"message":"hello"}`, 200, "application/json", `{"message":"hello"}`},
		{"string", `"hello"`, 200, "application/json", `"hello"`},
		{"bad status", `{"statusCode":9,"body":"x"}`, 502, "application/json", "Internal Server Error"},
		{"not JSON", `hello`, 502, "application/json", "Internal Server Error"},
		{"function error", `error`, 502, "application/json", "Internal Server Error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, header, body := get(t, "GET", url+base64.StdEncoding.EncodeToString([]byte(test.result)), "", nil)
			if status != test.status || header.Get("Content-Type") != test.header || body != test.body {
				t.Errorf("got %d %s %q", status, header.Get("Content-Type"), body)
			}
			if test.status == 502 && header.Get("X-Amzn-Errortype") != "InternalServerErrorException" {
				t.Errorf("error type %q", header.Get("X-Amzn-Errortype"))
			}
			if test.name == "structured" && (len(header.Values("Set-Cookie")) != 2 || header.Get("X-A") != "b") {
				t.Errorf("headers %v", header)
			}
		})
	}
}

func TestURLCors(t *testing.T) {
	c := start(t)
	c.create(t)
	url := c.public(t, &types.Cors{AllowOrigins: []string{"https://example.com"}, AllowMethods: []string{"GET"}, AllowHeaders: []string{"x-a"}, MaxAge: aws.Int32(60)})
	_, header, _ := get(t, "OPTIONS", url, "", http.Header{"Origin": {"https://example.com"}, "Access-Control-Request-Method": {"GET"}})
	if header.Get("Access-Control-Allow-Origin") != "https://example.com" || header.Get("Access-Control-Allow-Methods") != "GET" ||
		header.Get("Access-Control-Allow-Headers") != "x-a" || header.Get("Access-Control-Max-Age") != "60" {
		t.Errorf("preflight: %v", header)
	}
	_, header, _ = get(t, "GET", url, "", http.Header{"Origin": {"https://evil.example"}})
	if got := header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("another origin was answered %q", got)
	}
}

func TestURLConfig(t *testing.T) {
	c, ctx, f := start(t), t.Context(), aws.String("f")
	c.create(t)
	_, err := c.GetFunctionUrlConfig(ctx, &awslambda.GetFunctionUrlConfigInput{FunctionName: f})
	wantError(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
	made, err := c.CreateFunctionUrlConfig(ctx, &awslambda.CreateFunctionUrlConfigInput{FunctionName: f, AuthType: types.FunctionUrlAuthTypeAwsIam})
	if err != nil {
		t.Fatal(err)
	}
	if status, _, _ := get(t, "GET", *made.FunctionUrl, "", nil); status != http.StatusForbidden {
		t.Errorf("AWS_IAM let an unsigned request in: %d", status)
	}
	_, err = c.CreateFunctionUrlConfig(ctx, &awslambda.CreateFunctionUrlConfigInput{FunctionName: f, AuthType: types.FunctionUrlAuthTypeNone})
	wantError(t, err, "ResourceConflictException", "FunctionUrlConfig exists for this Lambda function")
	updated, err := c.UpdateFunctionUrlConfig(ctx, &awslambda.UpdateFunctionUrlConfigInput{FunctionName: f, AuthType: types.FunctionUrlAuthTypeNone})
	if err != nil || *updated.FunctionUrl != *made.FunctionUrl || updated.AuthType != types.FunctionUrlAuthTypeNone {
		t.Errorf("update: %v, %+v", err, updated)
	}
	list, err := c.ListFunctionUrlConfigs(ctx, &awslambda.ListFunctionUrlConfigsInput{FunctionName: f})
	if err != nil || len(list.FunctionUrlConfigs) != 1 {
		t.Errorf("list: %v, %+v", err, list)
	}
	if _, err := c.DeleteFunctionUrlConfig(ctx, &awslambda.DeleteFunctionUrlConfigInput{FunctionName: f}); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := get(t, "GET", *made.FunctionUrl, "", nil); status != http.StatusNotFound {
		t.Errorf("the deleted URL answers %d", status)
	}
	_, err = c.CreateFunctionUrlConfig(ctx, &awslambda.CreateFunctionUrlConfigInput{FunctionName: f, AuthType: types.FunctionUrlAuthTypeNone, InvokeMode: types.InvokeModeResponseStream})
	wantError(t, err, "InvalidParameterValueException", "InvokeMode RESPONSE_STREAM is not supported")
}
