package lambda_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mayfly-cd/mayfly/localaws/internal/identity"
	"github.com/mayfly-cd/mayfly/localaws/internal/policy"
	"github.com/mayfly-cd/mayfly/localaws/internal/sigv4"
)

// asked returns what IAM is asked by a call.
func (c *cloud) asked(t *testing.T, call func() error) map[string]policy.Access {
	t.Helper()
	c.mu.Lock()
	c.needs = nil
	c.mu.Unlock()
	if err := call(); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]policy.Access{}
	for _, need := range c.needs {
		all[need.Action] = need
	}
	return all
}

func want(t *testing.T, got map[string]policy.Access, action, resource string, keys policy.Context) {
	t.Helper()
	need, ok := got[action]
	if !ok || !slices.Equal(need.Resources, []string{resource}) {
		t.Errorf("%s is asked for as %+v", action, need)
	}
	own := maps.Clone(need.Keys)
	delete(own, "aws:useragent") // of every request
	if diff := cmp.Diff(keys, own, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("keys of %s, -want +got:\n%s", action, diff)
	}
}

func TestWhatIAMIsAsked(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	got := c.asked(t, func() error {
		_, err := c.CreateFunction(ctx, &awslambda.CreateFunctionInput{
			FunctionName: aws.String("f"), Role: aws.String(role), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("x"),
			Code: &types.FunctionCode{ZipFile: program(t, "")}, Tags: map[string]string{"team": "blue"},
		})
		return err
	})
	tags := policy.Context(nil).RequestTags(map[string]string{"team": "blue"})
	want(t, got, "lambda:CreateFunction", arnOfF, tags)
	want(t, got, "lambda:TagResource", arnOfF, tags)
	want(t, got, "iam:PassRole", role, policy.Keys("iam:PassedToService", "lambda.amazonaws.com"))
	c.settled(t, "f")

	got = c.asked(t, func() error {
		_, err := c.UpdateFunctionConfiguration(ctx, &awslambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Timeout: aws.Int32(5)})
		return err
	})
	c.settled(t, "f")
	if _, ok := got["iam:PassRole"]; ok || len(got) != 1 {
		t.Errorf("a change without a role asks for %v", got)
	}
	got = c.asked(t, func() error {
		_, err := c.AddPermission(ctx, &awslambda.AddPermissionInput{
			FunctionName: aws.String("f"), StatementId: aws.String("all"), Action: aws.String("lambda:InvokeFunctionUrl"),
			Principal: aws.String("*"), FunctionUrlAuthType: types.FunctionUrlAuthTypeNone,
		})
		return err
	})
	keys := policy.Keys("lambda:Principal", "*", "lambda:FunctionUrlAuthType", "NONE")
	want(t, got, "lambda:AddPermission", arnOfF, keys)
	got = c.asked(t, func() error {
		_, err := c.RemovePermission(ctx, &awslambda.RemovePermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("all")})
		return err
	})
	want(t, got, "lambda:RemovePermission", arnOfF, keys)
	got = c.asked(t, func() error {
		_, err := c.CreateFunctionUrlConfig(ctx, &awslambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("f"), AuthType: types.FunctionUrlAuthTypeAwsIam})
		return err
	})
	keys = policy.Keys("lambda:FunctionUrlAuthType", "AWS_IAM", "lambda:FunctionArn", arnOfF)
	want(t, got, "lambda:CreateFunctionUrlConfig", arnOfF, keys)
	got = c.asked(t, func() error {
		_, err := c.GetFunctionUrlConfig(ctx, &awslambda.GetFunctionUrlConfigInput{FunctionName: aws.String("f")})
		return err
	})
	want(t, got, "lambda:GetFunctionUrlConfig", arnOfF, keys)
}

func TestPolicyOf(t *testing.T) {
	c := start(t)
	c.create(t)
	ctx := t.Context()
	if _, err := c.PublishVersion(ctx, &awslambda.PublishVersionInput{FunctionName: aws.String("f")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddPermission(ctx, &awslambda.AddPermissionInput{
		FunctionName: aws.String("f"), Qualifier: aws.String("1"), StatementId: aws.String("rule"),
		Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("events.amazonaws.com"),
	}); err != nil {
		t.Fatal(err)
	}
	for _, arn := range []string{arnOfF, arnOfF + ":2", arnOfF + ":$LATEST", arnOfF + "x", "arn:aws:lambda:eu-central-1:123456789012:layer:x"} {
		if got := c.service.PolicyOf(arn); got != "" {
			t.Errorf("%s has the policy %s", arn, got)
		}
	}
	if got := c.service.PolicyOf(arnOfF + ":1"); !strings.Contains(got, `"Resource":"`+arnOfF+`:1"`) || !strings.Contains(got, "events.amazonaws.com") {
		t.Errorf("the version has the policy %s", got)
	}
}

// TestSignedURL calls a URL with AWS_IAM as the account's own key, as one that
// IAM does not allow, with a key that nobody has, and unsigned.
func TestSignedURL(t *testing.T) {
	c := start(t)
	c.create(t)
	made, err := c.CreateFunctionUrlConfig(t.Context(), &awslambda.CreateFunctionUrlConfigInput{
		FunctionName: aws.String("f"), AuthType: types.FunctionUrlAuthTypeAwsIam,
	})
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"do":"echo"}`
	call := func(keys aws.Credentials, service, sent string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, *made.FunctionUrl+"path?q=1", strings.NewReader(sent))
		if err != nil {
			t.Fatal(err)
		}
		if keys.AccessKeyID != "" {
			err := v4.NewSigner().SignHTTP(t.Context(), keys, r, sigv4.HexSHA256([]byte(body)), service, region, time.Now()) //nolint:forbidigo // the clock of the service under test
			if err != nil {
				t.Fatal(err)
			}
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	root := aws.Credentials{AccessKeyID: "AKIAROOT", SecretAccessKey: "secret"}
	if status, text := call(root, "lambda", body); status != http.StatusOK || !strings.Contains(text, `"userArn":"arn:aws:iam::123456789012:root"`) {
		t.Errorf("signed: %d %s", status, text)
	}
	got := c.asked(t, func() error { call(root, "lambda", body); return nil })
	keys := policy.Keys("lambda:FunctionUrlAuthType", "AWS_IAM", "lambda:InvokedViaFunctionUrl", "true", "lambda:FunctionArn", arnOfF)
	want(t, got, "lambda:InvokeFunctionUrl", arnOfF, keys)
	want(t, got, "lambda:InvokeFunction", arnOfF, keys)

	for _, test := range []struct {
		name                string
		keys                aws.Credentials
		service, sent, want string
	}{
		{"unsigned", aws.Credentials{}, "lambda", body, `{"Message":"Forbidden"}`},
		{"another service", root, "s3", body, "The request signature we calculated does not match"},
		{"another body", root, "lambda", "{}", "The request signature we calculated does not match"},
		{"another secret", aws.Credentials{AccessKeyID: "AKIAROOT", SecretAccessKey: "guess"}, "lambda", body, "The request signature we calculated"},
		{"unknown key", aws.Credentials{AccessKeyID: "AKIAOTHER", SecretAccessKey: "secret"}, "lambda", body, "The security token included in the request is invalid."},
	} {
		if status, text := call(test.keys, test.service, test.sent); status != http.StatusForbidden || !strings.Contains(text, test.want) {
			t.Errorf("%s: %d %s", test.name, status, text)
		}
	}
	c.mu.Lock()
	c.deny = true
	c.mu.Unlock()
	if status, text := call(root, "lambda", body); status != http.StatusForbidden || text != `{"Message":"Forbidden"}` {
		t.Errorf("denied: %d %s", status, text)
	}
}

// authorize stands for IAM: it records what it is asked.
func (c *cloud) authorize(_ context.Context, _ identity.Principal, needs ...policy.Access) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.needs = append(c.needs, needs...)
	if c.deny {
		return &smithy.GenericAPIError{Code: "AccessDenied", Message: "User is not authorized"}
	}
	return nil
}
