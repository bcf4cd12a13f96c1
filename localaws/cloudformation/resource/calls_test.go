package resource

import (
	"context"
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// handlersJSON are the permissions that AWS's own resource handlers ask for, by
// type and handler: "handlers" in the registry's schemas, as
// pulumi/pulumi-aws-native keeps them under aws-cloudformation-schema. The
// schemas of AWS::Events::Rule, AWS::CodeBuild::Project, AWS::IAM::AccessKey and
// AWS::SNS::Subscription have none. Of those, events:DescribeRule is what
// CloudFormation was refused in
// https://github.com/dancrumb/generator-serverless-policy/issues/15; the rest
// are the calls without which the type cannot be made (not confirmed).
//
//go:embed testdata/handlers.json
var handlersJSON []byte

// beyond are calls that AWS's handlers are not known to make. What fails for the
// want of them must not fail the resource.
var beyond = map[string]string{"AWS::Lambda::Version": "lambda:ListVersionsByFunction"}

// s3Actions are the actions of S3's operations that are not named after them.
var s3Actions = map[string]string{
	"HeadBucket":                         "ListBucket",
	"PutPublicAccessBlock":               "PutBucketPublicAccessBlock",
	"DeletePublicAccessBlock":            "PutBucketPublicAccessBlock",
	"GetPublicAccessBlock":               "GetBucketPublicAccessBlock",
	"PutBucketEncryption":                "PutEncryptionConfiguration",
	"GetBucketEncryption":                "GetEncryptionConfiguration",
	"DeleteBucketEncryption":             "PutEncryptionConfiguration",
	"DeleteBucketLifecycle":              "PutLifecycleConfiguration",
	"DeleteBucketTagging":                "PutBucketTagging",
	"PutBucketNotificationConfiguration": "PutBucketNotification",
	"GetBucketNotificationConfiguration": "GetBucketNotification",
	"PutBucketLifecycleConfiguration":    "PutLifecycleConfiguration",
	"GetBucketLifecycleConfiguration":    "GetLifecycleConfiguration",
	"DeleteBucketOwnershipControls":      "PutBucketOwnershipControls",
}

// calls records the actions behind the API calls of a configuration.
type calls struct {
	mu      sync.Mutex // guards made
	made    []string
	refused string
}

func (c *calls) watch(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("calls",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			action := actionOf(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx))
			c.mu.Lock()
			c.made = append(c.made, action)
			c.mu.Unlock()
			if action == c.refused {
				return middleware.InitializeOutput{}, middleware.Metadata{}, &smithy.GenericAPIError{Code: "AccessDeniedException"}
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
}

func (c *calls) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	made := c.made
	c.made = nil
	return made
}

func actionOf(service, operation string) string {
	switch service {
	case "EventBridge":
		return "events:" + operation
	case "CloudWatch Logs":
		return "logs:" + operation
	case "S3":
		if action := s3Actions[operation]; action != "" {
			return "s3:" + action
		}
	}
	return strings.ToLower(service) + ":" + operation
}

// checkCalls holds what a provider has just called against what AWS's handler
// calls. After a handler has made or changed something, AWS calls its read handler.
func (w *world) checkCalls(t *testing.T, kind, handler string) {
	t.Helper()
	permitted := handlers(t)[kind]
	for _, action := range w.calls.take() {
		if !slices.Contains(permitted[handler], action) && !slices.Contains(permitted["read"], action) && beyond[kind] != action {
			t.Errorf("the %s handler of %s calls %s, which AWS's does not", handler, kind, action)
		}
	}
}

func handlers(t *testing.T) map[string]map[string][]string {
	t.Helper()
	var all map[string]map[string][]string
	must(t, json.Unmarshal(handlersJSON, &all))
	return all
}

func TestEveryTypeHasHandlers(t *testing.T) {
	for name := range schemas() {
		if handlers(t)[name] == nil {
			t.Errorf("no handlers of %s in testdata", name)
		}
	}
}

// TestVersionWithoutListing makes a version with a role that may not list versions.
func TestVersionWithoutListing(t *testing.T) {
	w := newWorld(t)
	role := w.create(t, "AWS::IAM::Role", "Role", `{"AssumeRolePolicyDocument": `+trust+`}`)
	function := w.create(t, "AWS::Lambda::Function", "Hello", `{"Handler": "index.handler", "Runtime": "python3.13",
		"Role": "`+role.Attributes["Arn"].(string)+`", "Code": {"ZipFile": "x = 1\n"}}`)
	w.calls.refused = "lambda:ListVersionsByFunction"
	one := w.create(t, "AWS::Lambda::Version", "One", `{"FunctionName": "`+function.PhysicalID+`"}`)
	equal(t, "version", one.Attributes["Version"], any("1"))
	again := w.request(t, "Two", `{"FunctionName": "`+function.PhysicalID+`"}`)
	again.Taken = func(physicalID string) bool { return physicalID == one.PhysicalID }
	_, err := find(t, "AWS::Lambda::Version").Create(t.Context(), again)
	equal(t, "a stack's version", errorText(err), "A version for this Lambda function exists ( 1 ). Modify the function to create a new version.")
}
