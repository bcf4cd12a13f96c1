package localaws_test

import (
	"archive/zip"
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/mayfly-cd/mayfly/localaws"
)

// listener is a function that logs the events it is called with.
const listener = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while answer=$(curl -sSf -i "$api/next"); do
  id=$(printf '%s\n' "$answer" | tr -d '\r' | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  printf 'heard %s\n' "$(printf '%s\n' "$answer" | tail -n 1)"
  curl -sSf -o /dev/null --data-binary '{}' "$api/$id/response"
done
`

// TestTargetsWithoutRole has a rule call a function and a topic as they are
// mostly called: in EventBridge's own name, which their policies allow.
func TestTargetsWithoutRole(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatalf("this test needs curl: %v", err)
	}
	var made decisions
	w, server := newWorld(t, localaws.Options{Decided: made.add})
	ctx := t.Context()
	bus, topics, logs := eventbridge.NewFromConfig(w.cfg), sns.NewFromConfig(w.cfg), cloudwatchlogs.NewFromConfig(w.cfg)

	rule := must(bus.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: aws.String("deployed"), EventPattern: aws.String(`{"source":["mayfly.test"]}`),
	}))(t).RuleArn
	function := w.function("listener", listener)
	must(w.lambda.AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName: aws.String(function), StatementId: aws.String("rule"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("events.amazonaws.com"), SourceArn: rule,
	}))(t)
	topic := *must(topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("news")}))(t).TopicArn
	must(topics.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
		TopicArn: aws.String(topic), AttributeName: aws.String("Policy"), AttributeValue: aws.String(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sns:Publish","Resource":"` + topic + `"}]}`),
	}))(t)
	put := must(bus.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("deployed"), Targets: []ebtypes.Target{
		{Id: aws.String("function"), Arn: aws.String(function)},
		{Id: aws.String("topic"), Arn: aws.String(topic), InputPath: aws.String("$.detail.say")},
	}}))(t)
	if put.FailedEntryCount != 0 {
		t.Fatalf("targets: %+v", put.FailedEntries)
	}
	sent := must(bus.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
		Source: aws.String("mayfly.test"), DetailType: aws.String("Test"), Detail: aws.String(`{"say":"hello"}`),
	}}}))(t)

	var message string
	eventually(t, "the topic gets the event", func() bool {
		for _, m := range must(localaws.ReadInbox(ctx, w.url, region, server.Credentials(), time.Now()))(t) { //nolint:forbidigo // signatures are by the clock
			if m.TopicARN == topic {
				message = m.Body
			}
		}
		return message != ""
	})
	if message != `"hello"` {
		t.Errorf("the topic got %s", message)
	}
	id := *sent.Entries[0].EventId
	var line string
	eventually(t, "the function gets the event", func() bool {
		out, err := logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/listener")})
		if err != nil && code(err) != "ResourceNotFoundException" { // its first call makes its log
			t.Fatal(err)
		}
		if err == nil {
			for _, event := range out.Events {
				if strings.HasPrefix(*event.Message, "heard ") {
					line = *event.Message
				}
			}
		}
		return line != ""
	})
	for _, part := range []string{`"id":"` + id + `"`, `"source":"mayfly.test"`, `"detail":{"say":"hello"}`} {
		if !strings.Contains(line, part) {
			t.Errorf("the function got no %s: %s", part, line)
		}
	}
	for _, action := range []string{"lambda:InvokeFunction", "sns:Publish"} {
		if got := made.last(t, action); got.Principal != "events.amazonaws.com" || !got.Allowed {
			t.Errorf("EventBridge's call of %s: %+v", action, got)
		}
	}

	// A function whose policy does not name EventBridge is not called.
	silent := w.function("silent", listener)
	must(bus.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("deployed"), Targets: []ebtypes.Target{
		{Id: aws.String("function"), Arn: aws.String(silent)},
	}}))(t)
	must(bus.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
		Source: aws.String("mayfly.test"), DetailType: aws.String("Test"), Detail: aws.String(`{"say":"hello"}`),
	}}}))(t)
	eventually(t, "the call of the silent function is denied", func() bool {
		got := made.last(t, "lambda:InvokeFunction")
		return got.Resources[0] == silent && !got.Allowed
	})
}

// function makes a function of a program that speaks the runtime's API.
func (w *world) function(name, bootstrap string) (arn string) {
	w.t.Helper()
	var zipped bytes.Buffer
	archive := zip.NewWriter(&zipped)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Store}
	header.SetMode(0o755)
	file := must(archive.CreateHeader(header))(w.t)
	must(file.Write([]byte(bootstrap)))(w.t)
	if err := archive.Close(); err != nil {
		w.t.Fatal(err)
	}
	out := must(w.lambda.CreateFunction(w.t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String(name), Role: aws.String(w.role(name+"-role", "logs:*")), Handler: aws.String("bootstrap"),
		Runtime: lambdatypes.RuntimeProvidedal2023, Code: &lambdatypes.FunctionCode{ZipFile: zipped.Bytes()},
	}))(w.t)
	err := lambda.NewFunctionActiveV2Waiter(w.lambda, func(o *lambda.FunctionActiveV2WaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 100*time.Millisecond
	}).Wait(w.t.Context(), &lambda.GetFunctionInput{FunctionName: aws.String(name)}, patience)
	if err != nil {
		w.t.Fatal(err)
	}
	return *out.FunctionArn
}
