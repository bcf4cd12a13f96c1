package conformance

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codecommit"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Target is an AWS that assumptions are run against.
type Target struct {
	// Config makes every client.
	Config aws.Config
	// Account is the account that may be used.
	Account string
	// Patience bounds every wait, and Pause lies between two looks.
	Patience, Pause time.Duration
	// Spread is how long IAM takes until all of AWS knows what is new.
	Spread time.Duration
	// Now is the clock.
	Now func() time.Time
	// Disturbed is another AWS in which something goes wrong on purpose, and its
	// end. There is none where the target is an account.
	Disturbed func(fault string) (cfg aws.Config, end func() error, err error)
}

// T is what an assumption is run with: clients, names and a record of what did
// not hold. It is used in the manner of a testing.T.
type T struct {
	ctx    context.Context // as a testing.T has one
	target Target
	*record

	// prefix begins the name of everything that this assumption makes.
	prefix string

	cloudformation *cloudformation.Client
	codebuild      *codebuild.Client
	codecommit     *codecommit.Client
	codepipeline   *codepipeline.Client
	events         *eventbridge.Client
	iam            *iam.Client
	lambda         *lambda.Client
	logs           *cloudwatchlogs.Client
	s3             *s3.Client
	sns            *sns.Client
	sts            *sts.Client
}

// record is what one run of an assumption finds and has to tidy up.
type record struct {
	mu       sync.Mutex // guards failures
	failures []string
	cleanups []func(*T)
	count    int
}

func newT(ctx context.Context, target Target, r *record) *T {
	t := &T{ctx: ctx, target: target, record: r, prefix: "mayfly-" + strings.ToLower(rand.Text()[:8])}
	t.dial(target.Config)
	return t
}

func (t *T) dial(cfg aws.Config) {
	t.cloudformation, t.codebuild = cloudformation.NewFromConfig(cfg), codebuild.NewFromConfig(cfg)
	t.codecommit, t.codepipeline = codecommit.NewFromConfig(cfg), codepipeline.NewFromConfig(cfg)
	t.events, t.iam, t.lambda = eventbridge.NewFromConfig(cfg), iam.NewFromConfig(cfg), lambda.NewFromConfig(cfg)
	t.logs, t.s3 = cloudwatchlogs.NewFromConfig(cfg), s3.NewFromConfig(cfg)
	t.sns, t.sts = sns.NewFromConfig(cfg), sts.NewFromConfig(cfg)
}

// as is the same run with the clients of somebody else.
func (t *T) as(credentials aws.CredentialsProvider) *T {
	other := *t
	other.target.Config = t.target.Config.Copy()
	other.target.Config.Credentials = credentials
	other.dial(other.target.Config)
	return &other
}

// disturbed is the same run against an AWS with a fault.
func (t *T) disturbed(fault string) *T {
	other := *t
	cfg, end, err := t.target.Disturbed(fault)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.cleanup("the disturbed AWS", func(*T) error { return end() })
	other.target.Config = cfg
	other.dial(cfg)
	return &other
}

// Errorf says that something does not hold, and goes on.
func (t *T) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures = append(t.failures, caller()+fmt.Sprintf(format, args...))
}

// caller is the line of the assumption that is being run.
func caller() string {
	for skip := 2; ; skip++ {
		_, file, line, ok := runtime.Caller(skip)
		if !ok {
			return ""
		}
		if name := filepath.Base(file); name != "t.go" {
			return fmt.Sprintf("%s:%d: ", name, line)
		}
	}
}

// Fatalf says that something does not hold, and ends the run.
func (t *T) Fatalf(format string, args ...any) {
	t.mu.Lock()
	t.failures = append(t.failures, caller()+fmt.Sprintf(format, args...))
	t.mu.Unlock()
	runtime.Goexit()
}

// cleanup has something undone when the run ends; the last comes first. That it
// is gone already is as good.
func (t *T) cleanup(what string, undo func(*T) error) {
	t.cleanups = append(t.cleanups, func(t *T) {
		if err := undo(t); err != nil && !gone(err) {
			t.Errorf("leave nothing behind: %s: %v", what, err)
		}
	})
}

// name is a new name that begins with the run's prefix.
func (t *T) name() string {
	t.count++
	return fmt.Sprintf("%s-%d", t.prefix, t.count)
}

// region is where the target is.
func (t *T) region() string { return t.target.Config.Region }

// arn is the ARN of a resource in the target's account and region.
func (t *T) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + t.region() + ":" + t.target.Account + ":" + resource
}

// eventually asks until the answer is yes.
func (t *T) eventually(what string, ask func() bool) {
	late := time.NewTimer(t.target.Patience)
	defer late.Stop()
	for !ask() {
		select {
		case <-t.ctx.Done():
			t.Fatalf("waited in vain: %s: %v", what, t.ctx.Err())
		case <-late.C:
			t.Fatalf("waited %s in vain: %s", t.target.Patience, what)
		case <-time.After(t.target.Pause):
		}
	}
}

// spread waits until all of AWS knows what is new in IAM.
func (t *T) spread() {
	select {
	case <-t.ctx.Done():
	case <-time.After(t.target.Spread):
	}
}

// settled repeats a call for as long as IAM has not yet spread what was just
// made: a new role that cannot be assumed, a new key that nobody knows.
func settled[O any](t *T, call func() (O, error)) O {
	var out O
	t.eventually("new credentials and roles are known", func() bool {
		var err error
		out, err = call()
		if err == nil {
			return true
		}
		text := strings.ToLower(err.Error())
		for _, fresh := range []string{"assume", "accessdenied", "invalidclienttokenid", "unrecognizedclient", "invalidaccesskeyid", "security token", "403"} {
			if strings.Contains(text, fresh) {
				return false
			}
		}
		t.Fatalf("%v", err)
		return false
	})
	return out
}

// must is a value whose making may not fail.
func must[O any](out O, err error) func(*T) O {
	return func(t *T) O {
		if err != nil {
			t.Fatalf("%v", err)
		}
		return out
	}
}

// code is the code of an API's error.
func code(err error) string {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		return failure.ErrorCode()
	}
	return ""
}

// message is the text of an API's error.
func message(err error) string {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		return failure.ErrorMessage()
	}
	return ""
}

// status is the HTTP status of an API's error.
func status(err error) int {
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return response.HTTPStatusCode()
	}
	return 0
}

// gone says that an error means that the thing is not there.
func gone(err error) bool {
	text := code(err) + " " + message(err)
	return slices.ContainsFunc([]string{"NotFound", "NoSuch", "DoesNotExist", "does not exist", "not found"}, func(word string) bool {
		return strings.Contains(text, word)
	})
}

// wantError wants an error of that code whose message contains each of the words.
func (t *T) wantError(err error, want string, words ...string) {
	if err == nil {
		t.Errorf("no error, want %s", want)
		return
	}
	if got := code(err); got != want {
		t.Errorf("the error is %q, want %q: %v", got, want, err)
	}
	for _, word := range words {
		if got := message(err); !strings.Contains(got, word) {
			t.Errorf("the message is %q, want %q in it", got, word)
		}
	}
}

// equal wants two values to be the same.
func equal[V comparable](t *T, what string, got, want V) {
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// str is what an optional string says.
func str(s *string) string { return aws.ToString(s) }
