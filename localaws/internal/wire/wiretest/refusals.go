package wiretest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/mayfly-cd/mayfly/localaws/internal/wire"
)

// Refusals breaks every constraint of every operation, one at a time, by a client
// that validates nothing itself, and wants the request refused before its
// handler, in the code and the words of the service.
func Refusals(t *testing.T, services []wire.Service) {
	t.Helper()
	echo := NewEcho(t, services)
	total := 0
	for _, service := range services {
		client := echo.unguardedClient(service.Name)
		for _, op := range service.Operations {
			t.Run(service.Name+"/"+op.Name, func(t *testing.T) { total += refusals(t, echo, client, service.Name, op) })
		}
	}
	t.Logf("%d constraints were broken", total)
	if total < 1000 {
		t.Errorf("only %d constraints were broken: this test has lost sight of them", total)
	}
}

// unguardedClient is a client that sends what it is given.
func (e *Echo) unguardedClient(service string) any {
	cfg := e.config()
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		_, _ = stack.Initialize.Remove("OperationInputValidation") // operations that validate nothing have none
		return nil
	})
	return NewClient(service, cfg)
}

func refusals(t *testing.T, echo *Echo, client any, service string, op wire.Operation) (count int) {
	t.Helper()
	breaches, err := wire.Breaches(service, op, func() any {
		in, _, err := wire.Sampler{Rand: rand.New(rand.NewPCG(11, 11)), Full: true, Skip: skips[service]}.Sample(service, op) //nolint:gosec // repeatable on purpose
		if err = errors.Join(err, readBodies(in)); err != nil {
			t.Fatal(err)
		}
		fitLength(in)
		return in
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, breach := range breaches {
		echo.Answer(nil, errors.New("the handler was called"))
		_, err := Call(t.Context(), client, op.Name, breach.Input)
		if echo.Received() != nil {
			t.Errorf("%s: %s: the handler was called", breach.Path, breach.Constraint)
			continue
		}
		refused, ok := errors.AsType[smithy.APIError](err)
		if !ok {
			t.Errorf("%s: %s: %v", breach.Path, breach.Constraint, err)
			continue
		}
		if strings.HasPrefix(op.Name, "Head") {
			continue // the answer to a HEAD has no body, so clients know only the status
		}
		if complaint := refusalOf[service](breach, refused); complaint != "" {
			t.Errorf("%s: %s: %s: %q: want %s", breach.Path, breach.Constraint, refused.ErrorCode(), refused.ErrorMessage(), complaint)
		}
	}
	return len(breaches)
}

// refusalOf says what a refusal should have been, by service; empty where it is right.
var refusalOf = map[string]func(breach wire.Breach, refused smithy.APIError) string{
	"cloudformation": framework("ValidationError"),
	"codebuild":      byCodeBuild,
	"codecommit":     byCodeCommit,
	"codepipeline":   framework("ValidationException"),
	"events":         framework("ValidationException"),
	"iam":            byIAM,
	"lambda":         framework("ValidationException"),
	"logs":           framework("InvalidParameterException"),
	"s3":             byS3,
	"sns":            framework("ValidationError"),
	"sts":            framework("ValidationError"),
}

// framework is how the services refuse that leave it to AWS's own framework.
func framework(code string) func(wire.Breach, smithy.APIError) string {
	return func(breach wire.Breach, refused smithy.APIError) string {
		words, message := "at '"+breach.Path+"' failed to satisfy constraint: ", refused.ErrorMessage()
		if refused.ErrorCode() != code || !strings.Contains(message, words) || !strings.Contains(message, breach.Constraint) {
			return code + ": Value ... " + words + breach.Constraint
		}
		return ""
	}
}

// byIAM has words of its own for what does not look like a name or a path.
func byIAM(breach wire.Breach, refused smithy.APIError) string {
	own := breach.Constraint == `Member must satisfy regular expression pattern: [\w+=,.@-]+` ||
		breach.Constraint == `Member must satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)`
	if !own || strings.Contains(refused.ErrorMessage(), "Member must have length") {
		return framework("ValidationError")(breach, refused)
	}
	want := "The specified value for " + breach.Path + " is invalid. It must "
	if refused.ErrorCode() != "ValidationError" || !strings.HasPrefix(refused.ErrorMessage(), want) {
		return "ValidationError: " + want
	}
	return ""
}

// byCodeBuild has one code for everything, and words of its own for its types.
func byCodeBuild(breach wire.Breach, refused smithy.APIError) string {
	types := []string{"source.type", "artifacts.type", "environment.type", "environment.computeType"}
	if slices.Contains(types, breach.Path) && strings.Contains(breach.Constraint, "enum value set") {
		if refused.ErrorCode() != "InvalidInputException" || !strings.HasPrefix(refused.ErrorMessage(), "Invalid ") {
			return "InvalidInputException: Invalid ... provided: ..."
		}
		return ""
	}
	return framework("InvalidInputException")(breach, refused)
}

// byCodeCommit has an exception for each member, and the framework's for what is left.
func byCodeCommit(breach wire.Breach, refused smithy.APIError) string {
	missing := breach.Constraint == "Member must not be null"
	switch code := refused.ErrorCode(); {
	case code == "ValidationException" && withoutException[breach.Path[strings.LastIndexByte(breach.Path, '.')+1:]]:
		return framework(code)(breach, refused)
	case refused.ErrorMessage() == "":
		return "words"
	case missing && !strings.HasSuffix(code, "RequiredException"):
		return "...RequiredException"
	case !missing && code != "EncryptionKeyInvalidIdException" && (!strings.HasPrefix(code, "Invalid") || !strings.HasSuffix(code, "Exception")):
		return "Invalid...Exception"
	}
	return ""
}

// withoutException are members for which some operation of CodeCommit has no
// exception in its model.
var withoutException = map[string]bool{
	"approvalRuleTemplateDescription": true, "description": true, "fileMode": true, "filePath": true, "inReplyTo": true,
	"repositoryNames": true, // of the batch operations, which tell of each in their answer
}

// byS3 knows few codes: most of what stands in a document only makes it malformed.
func byS3(breach wire.Breach, refused smithy.APIError) string {
	want := []string{"InvalidArgument"}
	switch {
	case breach.Path == "createBucketConfiguration.locationConstraint":
		want = []string{"InvalidLocationConstraint"}
	case breach.Path == "storageClass":
		want = []string{"InvalidStorageClass"}
	case strings.Contains(breach.Path, "."):
		want = []string{"MalformedXML"}
	case breach.Constraint == "Member must not be null":
		want = []string{"MissingRequestBodyError", "InvalidRequest"}
	}
	if !slices.Contains(want, refused.ErrorCode()) {
		return strings.Join(want, " or ")
	}
	return ""
}
